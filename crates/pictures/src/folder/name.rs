//! Names of picture files.

use std::ffi::OsStr;
use std::path::Path;

/// Extensions of picture files, in lower case and without the dot. Names are compared regardless of case.
pub const PICTURE_EXTENSIONS: [&str; 8] =
    ["bmp", "gif", "jpeg", "jpg", "png", "tif", "tiff", "webp"];

/// Tells whether `path` is named like a picture: one of [`PICTURE_EXTENSIONS`] in any case, and not hidden. Nothing is
/// read; a folder can have such a name too.
pub fn is_picture_name(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str);
    !path.file_name().is_some_and(is_hidden)
        && extension.is_some_and(|extension| {
            PICTURE_EXTENSIONS.contains(&extension.to_lowercase().as_str())
        })
}

/// Tells whether a file or folder of this name is hidden, that is, whether the name begins with a dot. Hidden files
/// are never listed as pictures.
pub fn is_hidden(file_name: &OsStr) -> bool {
    file_name.as_encoded_bytes().starts_with(b".")
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
    fn the_stem_has_neither_folder_nor_extension() {
        assert_eq!(stem("Abyssinian_12.jpg"), "Abyssinian_12");
        assert_eq!(stem("cats/v1.2/a.b.jpg"), "a.b");
        assert_eq!(stem("cats/pug"), "pug");
    }
}
