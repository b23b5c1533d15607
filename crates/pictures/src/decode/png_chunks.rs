//! Size and metadata in the chunks of a PNG file, which may stand before or behind its pixels.

use std::io::Read;

use flate2::read::ZlibDecoder;

use super::metadata::Metadata;

/// The eight bytes that begin a file.
const SIGNATURE: usize = 8;
/// Most bytes of metadata that are unpacked.
const LARGEST: u64 = 1 << 20;
/// Keywords under which ImageMagick kept EXIF before there was a chunk for it.
const RAW_PROFILES: [&[u8]; 2] = [b"Raw profile type exif", b"Raw profile type APP1"];
/// Keyword of XMP.
const XMP: &[u8] = b"XML:com.adobe.xmp";

/// EXIF and XMP of the PNG file `bytes`, as far as they can be read.
pub(super) fn metadata(bytes: &[u8]) -> Metadata {
    let mut metadata = Metadata::default();
    let mut raw = None;
    for (kind, data) in chunks(bytes) {
        match kind {
            b"eXIf" => _ = metadata.exif.get_or_insert_with(|| data.to_vec()),
            b"tEXt" | b"zTXt" => raw = raw.or_else(|| raw_profile(kind, data)),
            b"iTXt" => metadata.xmp = metadata.xmp.or_else(|| international(data)),
            _ => {}
        }
    }
    metadata.exif = metadata.exif.or(raw);
    metadata
}

/// Kind and content of each chunk, up to the first that is cut short.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    let mut rest = bytes.get(SIGNATURE..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk()?;
        let (kind, after) = after.split_first_chunk()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (data, after) = after.split_at_checked(length)?;
        // A checksum follows.
        rest = after.get(4..).unwrap_or_default();
        Some((kind, data))
    })
}

/// The bytes that a chunk of text holds in hexadecimal digits, behind three lines: an empty one, the kind of the profile and
/// its length.
fn raw_profile(kind: &[u8; 4], data: &[u8]) -> Option<Vec<u8>> {
    let (keyword, text) = split_at_zero(data)?;
    if !RAW_PROFILES.contains(&keyword) {
        return None;
    }
    let text = match kind {
        // The method of compression comes first, of which there is one.
        b"zTXt" => inflated(text.get(1..)?)?,
        _ => text.to_vec(),
    };
    let lines = text.split(|byte| *byte == b'\n').skip(3);
    let digits = lines.flatten().filter(|byte| !byte.is_ascii_whitespace());
    let digit = |byte: &u8| char::from(*byte).to_digit(16).map(|digit| digit as u8);
    let digits: Vec<u8> = digits.map(digit).collect::<Option<_>>()?;
    let pairs = digits.chunks_exact(2);
    Some(pairs.map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// The text of XMP in a chunk of international text.
fn international(data: &[u8]) -> Option<Vec<u8>> {
    let (keyword, rest) = split_at_zero(data)?;
    if keyword != XMP {
        return None;
    }
    let ([is_packed, _method], rest) = rest.split_first_chunk()?;
    let (_language, rest) = split_at_zero(rest)?;
    let (_translated_keyword, text) = split_at_zero(rest)?;
    match is_packed {
        0 => Some(text.to_vec()),
        _ => inflated(text),
    }
}

fn split_at_zero(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = data.iter().position(|byte| *byte == 0)?;
    Some((&data[..end], &data[end + 1..]))
}

fn inflated(data: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut unpacked = ZlibDecoder::new(data).take(LARGEST);
    unpacked.read_to_end(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::ZlibEncoder};
    use proptest::prelude::*;

    use super::*;

    const SIX: &[u8] = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0";

    fn file(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
        let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
        for (kind, data) in chunks {
            file.extend((data.len() as u32).to_be_bytes());
            file.extend(kind.iter());
            file.extend(data);
            file.extend([0; 4]);
        }
        file
    }

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// The text of a profile, as ImageMagick writes it.
    fn profile() -> Vec<u8> {
        let bytes = [b"Exif\0\0", SIX].concat();
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let (one, other) = digits.split_at(30);
        format!("\nexif\n      {}\n{one}\n{other}\n", bytes.len()).into_bytes()
    }

    #[test]
    fn exif_is_found_in_its_chunk_or_in_a_profile_and_xmp_in_international_text() {
        let pixels = || (b"IDAT", vec![1, 2, 3]);
        let keyword = b"Raw profile type exif\0";
        let xmp = b"XML:com.adobe.xmp\0";
        let text = b"tiff:Orientation=\"6\"";
        for chunks in [
            vec![(b"eXIf", SIX.to_vec()), pixels()],
            vec![pixels(), (b"eXIf", SIX.to_vec())],
            vec![(b"tEXt", [&keyword[..], &profile()].concat())],
            vec![(b"zTXt", [&keyword[..], &[0], &packed(&profile())].concat())],
            vec![(b"iTXt", [&xmp[..], &[0, 0, 0, 0], text].concat())],
            vec![(
                b"iTXt",
                [&xmp[..], &[1, 0], b"en\0\0", &packed(text)].concat(),
            )],
        ] {
            assert_eq!(metadata(&file(&chunks)).turn().tag(), 6, "{chunks:?}");
        }
        let other = (b"tEXt", [b"Comment\0".to_vec(), profile()].concat());
        assert_eq!(metadata(&file(&[other])), Metadata::default());
    }

    proptest! {
        #[test]
        fn any_file_is_answered(kind in "eXIf|tEXt|zTXt|iTXt", data in "(Raw profile type exif|XML:com.adobe.xmp)?.{0,20}", end in any::<u8>()) {
            let kind: [u8; 4] = kind.as_bytes().try_into().unwrap();
            let mut file = file(&[(&kind, data.into_bytes())]);
            metadata(&file);
            file.truncate(usize::from(end));
            metadata(&file);
        }
    }
}
