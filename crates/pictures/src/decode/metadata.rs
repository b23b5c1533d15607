//! What a file says of its orientation: EXIF, and where that says nothing XMP, as Pillow's `exif_transpose` has it.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::ifd;
use super::turn::Turn;

/// EXIF's tag of the orientation.
const ORIENTATION: u16 = 0x0112;

/// The number in XMP, as an attribute or as an element.
static XMP_ORIENTATION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"tiff:Orientation\s*(?:=\s*["']|>)\s*([0-9])"#).expect("a regular expression")
});

/// Blocks of metadata beside the pixels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Metadata {
    /// EXIF, with or without `Exif\0\0` before its TIFF header.
    pub(super) exif: Option<Vec<u8>>,
    /// XMP, a text in XML.
    pub(super) xmp: Option<Vec<u8>>,
}

impl Metadata {
    /// The turn that they ask for: none, if they are absent, broken or without orientation.
    pub(super) fn turn(&self) -> Turn {
        let exif = self.exif.as_deref().and_then(|block| {
            let block = block.strip_prefix(b"Exif\0\0").unwrap_or(block);
            Some(ifd::number(block, ORIENTATION)?.value)
        });
        let tag = exif.or_else(|| {
            let found = XMP_ORIENTATION.captures(self.xmp.as_deref()?)?;
            Some(u32::from(found[1][0] - b'0'))
        });
        let tag = tag.and_then(|tag| u8::try_from(tag).ok());
        tag.and_then(Turn::of_tag).unwrap_or(Turn::NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIX: &[u8] = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x04\0\0\0\x01\0\0\0\x06";

    #[test]
    fn exif_says_the_turn_and_xmp_where_exif_does_not() {
        let xmp = |text: &str| Some(text.as_bytes().to_vec());
        let with_prefix = [b"Exif\0\0", SIX].concat();
        let mut impossible = SIX.to_vec();
        impossible[21] = 9;
        for (exif, xmp, tag) in [
            (Some(SIX.to_vec()), None, 6),
            (Some(with_prefix), xmp("tiff:Orientation=\"3\""), 6),
            (None, xmp("<rdf:Description tiff:Orientation=\"3\"/>"), 3),
            (None, xmp("<tiff:Orientation>8</tiff:Orientation>"), 8),
            (Some(b"broken".to_vec()), xmp("tiff:Orientation = '5'"), 5),
            // A number that is none of the eight is still what EXIF says.
            (Some(impossible), xmp("tiff:Orientation=\"3\""), 1),
            (None, xmp("tiff:Orientation=\"0\""), 1),
            (None, xmp("exif:Orientation=\"3\""), 1),
            (None, None, 1),
        ] {
            let metadata = Metadata { exif, xmp };
            assert_eq!(metadata.turn().tag(), tag, "{metadata:?}");
        }
    }
}
