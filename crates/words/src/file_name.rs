//! Names of files that any file system takes: those of Linux, macOS and Windows.

use std::path::{MAIN_SEPARATOR, Path};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Names that Windows keeps for its devices, with any extension and in any case.
const DEVICES: [&str; 7] = ["con", "prn", "aux", "nul", "conin$", "conout$", "clock$"];
/// Names that are devices with a digit behind them.
const PORTS: [&str; 2] = ["com", "lpt"];
/// Characters that Windows or a shell has another use for.
const FORBIDDEN: &str = "<>:\"/\\|?*";

/// `text` as the name of a file or folder, of `longest` bytes at most: what a file system may refuse or change becomes an
/// underscore (control characters, `:` and the like, a dot or space at either end), a device of Windows gets one in front,
/// and letters are in Unicode's composed form (NFC). Two texts may become one name; [`file_key`] tells.
///
/// See <https://learn.microsoft.com/windows/win32/fileio/naming-a-file>.
pub fn file_name(text: &str, longest: usize) -> String {
    let allowed = |letter: char| {
        let plain = letter == ' ' || letter.is_ascii_graphic();
        letter.is_alphanumeric()
            || is_combining_mark(letter)
            || plain && !FORBIDDEN.contains(letter)
    };
    let letters = text.nfc();
    let name: String = letters
        .map(|letter| if allowed(letter) { letter } else { '_' })
        .collect();
    let name: String = name.nfc().collect();
    let name = without_ends(cut(&name, longest));
    if is_device(&name) {
        without_ends(cut(&format!("_{name}"), longest))
    } else {
        name
    }
}

/// What a file system that ignores case and the form of letters takes a name for: names with the same key may be one file.
pub fn file_key(name: &str) -> String {
    let large: String = name.nfkc().flat_map(char::to_uppercase).collect();
    let small: String = large.nfkc().flat_map(char::to_lowercase).collect();
    small.nfkc().collect()
}

/// `path` with `/` between its parts, as it is written into files that other systems read too.
pub fn slashes(path: &Path) -> String {
    with_slashes(&path.to_string_lossy(), MAIN_SEPARATOR)
}

fn with_slashes(path: &str, separator: char) -> String {
    path.replace(separator, "/")
}

/// The longest beginning of `name` of at most `longest` bytes.
fn cut(name: &str, longest: usize) -> &str {
    &name[..name.floor_char_boundary(longest)]
}

/// `name` with an underscore for a dot or space at its end, and for a space or dot, which hides a file, at its beginning.
fn without_ends(name: &str) -> String {
    let is_end = [' ', '.'];
    let begin = name.trim_start_matches(is_end);
    let middle = begin.trim_end_matches(is_end);
    let [before, after] = [name.len() - begin.len(), begin.len() - middle.len()];
    let name = format!("{}{middle}{}", "_".repeat(before), "_".repeat(after));
    if name.is_empty() {
        "_".to_owned()
    } else {
        name
    }
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    let stem = file_key(stem.trim());
    let is_port = |port: &str| {
        let digit = stem.strip_prefix(port).unwrap_or_default();
        digit.len() == 1 && digit.bytes().all(|digit| digit.is_ascii_digit())
    };
    DEVICES.contains(&stem.as_str()) || PORTS.into_iter().any(is_port)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_file_system_refuses_is_replaced_and_the_rest_stays() {
        for (text, name) in [
            ("pets-resnet34", "pets-resnet34"),
            ("my config.v2", "my config.v2"),
            ("Maine_Coon", "Maine_Coon"),
            ("été", "été"),
            ("Cafe\u{301}", "Caf\u{e9}"),
            ("12:30", "12_30"),
            ("a/b\\c", "a_b_c"),
            ("what?*<>|\"", "what______"),
            ("tab\there\0", "tab_here_"),
            ("zero\u{200b}width", "zero_width"),
            ("dot.", "dot_"),
            ("space ", "space_"),
            (".hidden", "_hidden"),
            ("..", "__"),
            ("", "_"),
            ("CON", "_CON"),
            ("aux.jpg", "_aux.jpg"),
            ("nul .txt", "_nul .txt"),
            ("Com1", "_Com1"),
            ("COM\u{b9}", "_COM\u{b9}"),
            ("com10", "com10"),
            ("console", "console"),
        ] {
            assert_eq!(file_name(text, 255), name, "{text:?}");
        }
        assert_eq!(file_name("abc.d", 4), "abc_");
        assert_eq!(file_name("éé", 3), "é");
    }

    #[test]
    fn names_that_a_file_system_may_take_for_one_have_one_key() {
        for (one, other) in [
            ("Cat", "cAT"),
            ("Caf\u{e9}", "Cafe\u{301}"),
            ("straße", "STRASSE"),
            ("K", "\u{212a}"),
            ("ﬁ", "FI"),
        ] {
            assert_eq!(file_key(one), file_key(other), "{one} {other}");
        }
        assert_ne!(file_key("a b"), file_key("a_b"));
    }

    #[test]
    fn paths_are_written_with_slashes_on_every_system() {
        assert_eq!(
            with_slashes(r"..\my pets\images", '\\'),
            "../my pets/images"
        );
        assert_eq!(with_slashes("a\\b/c", '/'), "a\\b/c");
        assert_eq!(slashes(&Path::new("a").join("b")), "a/b");
    }

    proptest! {
        #[test]
        fn any_text_becomes_a_name_that_every_file_system_takes(text in any::<String>(), longest in 8usize..300) {
            let name = file_name(&text, longest);
            prop_assert!(!name.is_empty() && name.len() <= longest.max(1));
            prop_assert!(!name.chars().any(|letter| letter.is_control() || FORBIDDEN.contains(letter)));
            prop_assert!(!name.ends_with(['.', ' ']) && !name.starts_with(['.', ' ']));
            prop_assert!(!is_device(&name));
            prop_assert!(unicode_normalization::is_nfc(&name));
            prop_assert_eq!(file_name(&name, longest), name);
        }
    }
}
