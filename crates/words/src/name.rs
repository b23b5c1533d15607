use crate::file_name::file_key;
use unicode_normalization::UnicodeNormalization;

/// Similarity below which no name is suggested, from 0 to 1 (Jaro-Winkler).
const SIMILAR: f64 = 0.7;

/// The names that a typed one can stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// No name.
    None,
    /// The name with this index.
    One(usize),
    /// Any of the names with these indices: it is not known which.
    Several(Vec<usize>),
}

/// The name in `known` that `typed` is. The one that is spelt exactly so wins; if there is none, the ones that differ in
/// nothing but large and small letters, the way in which words are kept apart (space, hyphen, underscore, any number of
/// them) and the form in which Unicode writes a letter.
pub fn find<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Match {
    let key = folded(typed);
    let mut alike = Vec::new();
    for (index, name) in known.into_iter().enumerate() {
        if name == typed {
            return Match::One(index);
        }
        if !key.is_empty() && folded(name) == key {
            alike.push(index);
        }
    }
    match alike[..] {
        [] => Match::None,
        [one] => Match::One(one),
        _ => Match::Several(alike),
    }
}

/// Tells whether two names are written with the same letters, whichever form Unicode has for them: `é` may be one
/// character or two, and some file systems change the one into the other.
pub fn same_text(one: &str, other: &str) -> bool {
    one == other || one.nfc().eq(other.nfc())
}

/// `text` as it is, and in both forms that Unicode has for its letters, composed and decomposed.
pub fn forms(text: &str) -> [String; 3] {
    [text.to_owned(), text.nfc().collect(), text.nfd().collect()]
}

/// The name in `known` that `typed` most likely stands for, if any is similar enough (Jaro-Winkler similarity of at
/// least 0.7, letters and words being the same as in [`find`]); the first of equally similar ones.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = folded(typed);
    let mut best = None;
    for name in known {
        let similarity = strsim::jaro_winkler(&typed, &folded(name));
        if similarity >= SIMILAR && best.is_none_or(|(highest, _)| similarity > highest) {
            best = Some((similarity, name));
        }
    }
    best.map(|(_, name)| name)
}

/// `names` separated by commas; of more than two, the first and the number of the others.
pub fn abbreviated(names: &[String]) -> String {
    match names {
        [first, _, _, ..] => format!("{first} and {} others", names.len() - 1),
        few => few.join(", "),
    }
}

/// Small letters in one form of Unicode, words kept apart by one underscore.
fn folded(name: &str) -> String {
    let letters = file_key(name);
    let words = letters.split(is_between_words);
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("_")
}

/// Spaces, underscores, and every hyphen and dash.
fn is_between_words(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '_' | '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_the_name_and_anything_else_finds_none() {
        let known = ["Abyssinian", "Maine_Coon", "pug"];
        assert_eq!(nearest("main-con", known), Some("Maine_Coon"));
        assert_eq!(nearest("zzz", known), None);
        assert_eq!(nearest("pug", [] as [&str; 0]), None);
    }

    #[test]
    fn letters_may_be_large_or_small_and_words_apart() {
        for typed in [
            "Maine_Coon",
            "maine_coon",
            "MAINE COON",
            "maine-coon",
            " Maine  Coon ",
            "maine\u{a0}coon",
            "maine\u{2013}coon",
        ] {
            assert_eq!(find(typed, ["pug", "Maine_Coon"]), Match::One(1), "{typed}");
        }
        assert_eq!(find("pugg", ["pug", "Maine_Coon"]), Match::None);
        assert_eq!(find("mainecoon", ["pug", "Maine_Coon"]), Match::None);
        assert_eq!(find(" ", ["_", "-"]), Match::None);
        assert_eq!(find("-", ["_", "-"]), Match::One(1));
    }

    #[test]
    fn a_letter_is_the_same_in_every_form_of_unicode() {
        let (composed, decomposed) = ("Caf\u{e9}", "Cafe\u{301}");
        assert_eq!(find(decomposed, ["pug", composed]), Match::One(1));
        assert_eq!(find("CAF\u{c9}", ["pug", decomposed]), Match::One(1));
        assert_eq!(find("STRASSE", ["pug", "straße"]), Match::One(1));
        assert!(same_text(composed, decomposed) && !same_text("Cafe", composed));
        assert!(!same_text("cat", "Cat"));
    }

    #[test]
    fn the_exact_name_wins_and_other_names_that_are_alike_are_all_candidates() {
        let known = ["Maine Coon", "maine_coon", "Maine-Coon", "pug"];
        for (index, name) in known.into_iter().enumerate() {
            assert_eq!(find(name, known), Match::One(index), "{name}");
        }
        assert_eq!(find("MAINE COON", known), Match::Several(vec![0, 1, 2]));
        // Both forms of one name are two classes: each is found by its own bytes, and by nothing else.
        let forms = ["Caf\u{e9}", "Cafe\u{301}"];
        assert_eq!(find(forms[1], forms), Match::One(1));
        assert_eq!(find("CAF\u{c9}", forms), Match::Several(vec![0, 1]));
    }

    #[test]
    fn many_names_become_the_first_and_a_number() {
        let names = |count: usize| -> Vec<String> { (1..=count).map(|n| n.to_string()).collect() };
        assert_eq!(abbreviated(&names(2)), "1, 2");
        assert_eq!(abbreviated(&names(3)), "1 and 2 others");
    }
}
