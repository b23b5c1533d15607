//! Names of picture files, and of what lies beside them.

use std::ffi::OsStr;
use std::path::Path;

/// Extensions of picture files, in lower case and without the dot. Names are compared regardless of case.
pub const PICTURE_EXTENSIONS: [&str; 10] = [
    "bmp", "gif", "jfif", "jpe", "jpeg", "jpg", "png", "tif", "tiff", "webp",
];

/// Folders that systems and programs keep beside pictures, in lower case: thumbnails, what an archive of macOS carries
/// along, wastebaskets.
const SYSTEM_FOLDERS: [&str; 10] = [
    "__macosx",
    "__pycache__",
    "@eadir",
    "@recycle",
    "@tmp",
    "#recycle",
    "#snapshot",
    "$recycle.bin",
    "lost+found",
    "system volume information",
];

/// Files that systems keep beside pictures, in lower case.
const SYSTEM_FILES: [&str; 5] = [
    "thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "picasa.ini",
    "icon\r",
];

/// Tells whether `path` is named like a picture: one of [`PICTURE_EXTENSIONS`] in any case, and not hidden. Nothing is
/// read; a folder can have such a name too.
pub fn is_picture_name(path: &Path) -> bool {
    !path.file_name().is_some_and(is_hidden)
        && extension(path).is_some_and(|extension| PICTURE_EXTENSIONS.contains(&extension.as_str()))
}

/// Tells whether a file or folder of this name is hidden, that is, whether the name begins with a dot. Hidden files
/// are never listed as pictures.
pub fn is_hidden(file_name: &OsStr) -> bool {
    file_name.as_encoded_bytes().starts_with(b".")
}

/// [`PICTURE_EXTENSIONS`] for a message: `.bmp, .gif`.
pub fn picture_extensions() -> String {
    format!(".{}", PICTURE_EXTENSIONS.join(", ."))
}

/// Tells whether a folder of this name is hidden or kept by a system or a program: no pictures are looked for in it.
pub(super) fn is_system_folder(file_name: &OsStr) -> bool {
    is_hidden(file_name) || is_one_of(file_name, &SYSTEM_FOLDERS)
}

/// Tells whether a file of this name is hidden or kept by a system.
pub(super) fn is_system_file(file_name: &OsStr) -> bool {
    is_hidden(file_name) || is_one_of(file_name, &SYSTEM_FILES)
}

/// Extension in lower case and without the dot; nothing if there is none. A number behind the ending of a picture, as
/// downloads get it (`photo.jpg.1`), is no extension of its own.
pub(super) fn extension(path: &Path) -> Option<String> {
    let extension = path.extension()?.to_string_lossy().to_lowercase();
    if !extension.is_empty()
        && extension.bytes().all(|byte| byte.is_ascii_digit())
        && let Some(before) = Path::new(path.file_stem()?).extension()
    {
        let before = before.to_string_lossy().to_lowercase();
        if PICTURE_EXTENSIONS.contains(&before.as_str()) {
            return Some(format!("{before}.{extension}"));
        }
    }
    (!extension.is_empty()).then_some(extension)
}

/// Tells whether an ending is that of a picture with something behind it: `jpg?w=200`, `jpg.1`, `jpeg~`, `jpg:large`.
pub(super) fn is_picture_ending_with_more(ending: &str) -> bool {
    let more = |known: &&str| {
        ending
            .strip_prefix(*known)
            .and_then(|more| more.chars().next())
    };
    let mut behind = PICTURE_EXTENSIONS.iter().filter_map(more);
    behind.any(|letter| !letter.is_alphanumeric())
}

fn is_one_of(file_name: &OsStr, names: &[&str]) -> bool {
    let name = file_name.to_str().map(str::to_lowercase);
    name.is_some_and(|name| names.contains(&name.as_str()))
}

/// File name without folders and extension, e.g. `Abyssinian_12` of `cats/Abyssinian_12.jpg`: the key to the picture's
/// annotations. Folders are separated by `/`, as in [`LabelledFile::name`](super::LabelledFile::name).
pub fn stem(name: &str) -> &str {
    let file_name = name
        .rsplit_once('/')
        .map_or(name, |(_, file_name)| file_name);
    file_name
        .rsplit_once('.')
        .map_or(file_name, |(stem, _)| stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_its_extension_in_any_case() {
        for (name, expected) in [
            ("pug_1.jpg", true),
            ("folder/Pug.JPEG", true),
            ("a.b.WebP", true),
            ("scan.TIF", true),
            ("scan.tiff", true),
            ("saved.jfif", true),
            ("notes.txt", false),
            ("jpg", false),
            ("pug_1.jpg.part", false),
            (".hidden.png", false),
            ("folder/._pug_1.png", false),
            (".cache/pug_1.png", true),
        ] {
            assert_eq!(is_picture_name(Path::new(name)), expected, "{name}");
        }
    }

    #[test]
    fn what_a_download_puts_behind_an_ending_belongs_to_it() {
        for (name, ending, is_picture) in [
            ("photo.jpg.1", "jpg.1", true),
            ("photo.jpg?w=200", "jpg?w=200", true),
            ("photo.JPG!d", "jpg!d", true),
            ("photo.jpeg~", "jpeg~", true),
            ("photo.jpgx", "jpgx", false),
            ("notes.1", "1", false),
            ("notes.txt.1", "1", false),
        ] {
            assert_eq!(
                extension(Path::new(name)).as_deref(),
                Some(ending),
                "{name}"
            );
            assert_eq!(is_picture_ending_with_more(ending), is_picture, "{name}");
        }
    }

    #[test]
    fn what_systems_keep_for_themselves_is_known_in_any_case() {
        for name in [
            "__MACOSX",
            "@eaDir",
            ".ipynb_checkpoints",
            ".thumbnails",
            "$Recycle.Bin",
        ] {
            assert!(is_system_folder(OsStr::new(name)), "{name}");
        }
        for name in ["cat", "@home", "thumbs up", "_MACOSX", "MACOSX"] {
            assert!(!is_system_folder(OsStr::new(name)), "{name}");
        }
        for name in ["Thumbs.db", "desktop.ini", ".DS_Store", "._x.jpg"] {
            assert!(is_system_file(OsStr::new(name)), "{name}");
        }
        for name in ["thumbs.jpg", "notes.db"] {
            assert!(!is_system_file(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn the_stem_has_neither_folder_nor_extension() {
        assert_eq!(stem("Abyssinian_12.jpg"), "Abyssinian_12");
        assert_eq!(stem("cats/v1.2/a.b.jpg"), "a.b");
        assert_eq!(stem("cats/pug"), "pug");
    }
}
