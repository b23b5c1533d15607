//! Files that people take for pictures, often under another ending, and that no decoder here reads.

/// What is a picture, and what is none.
const CONVERT: &str = "convert it to an ordinary JPEG or PNG";
const FETCH: &str = "fetch the picture itself, or remove the file";

/// Beginnings of files, the place of each, and what people call it.
const KNOWN: [(usize, &[u8], &str); 14] = [
    (4, b"ftypheic", "HEIC"),
    (4, b"ftypheix", "HEIC"),
    (4, b"ftyphevc", "HEIC"),
    (4, b"ftypmif1", "HEIC"),
    (4, b"ftypmsf1", "HEIC"),
    (0, b"\xff\x0a", "JPEG XL"),
    (0, b"\0\0\0\x0cJXL ", "JPEG XL"),
    (0, b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (4, b"ftyp", "a video"),
    (0, b"%PDF", "PDF"),
    (0, b"<svg", "SVG"),
    (0, b"<!DOCTYPE", "a web page"),
    (0, b"<html", "a web page"),
    (0, b"version https://git-lfs", "a pointer of Git LFS"),
];

/// What the file is, if it is one of these, and what to do with it.
pub(super) fn format(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    let begins = |(place, begin, _): &&(usize, &[u8], &str)| {
        bytes
            .get(*place..)
            .is_some_and(|bytes| bytes.starts_with(begin))
    };
    let (_, _, name) = KNOWN.iter().find(begins)?;
    let advice = match *name {
        "a web page" => FETCH,
        "a video" => "take a picture out of it, or remove the file",
        "a pointer of Git LFS" => "`git lfs pull` fetches the file",
        _ => CONVERT,
    };
    Some((name, advice))
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_people_take_for_pictures_is_told_by_name() {
        let format = |bytes| super::format(bytes).map(|(name, _)| name);
        assert_eq!(format(b"\0\0\0\x18ftypheic\0\0"), Some("HEIC"));
        assert_eq!(format(b"\0\0\0\x18ftypmp42\0\0"), Some("a video"));
        assert_eq!(format(b"<!DOCTYPE html><html>"), Some("a web page"));
        assert_eq!(format(b"%PDF-1.7"), Some("PDF"));
        assert_eq!(format(b"GIF89a"), None);
        assert_eq!(format(b""), None);
        let (_, advice) = super::format(b"<html><body>403").unwrap();
        assert!(advice.contains("fetch the picture itself"), "{advice}");
    }
}
