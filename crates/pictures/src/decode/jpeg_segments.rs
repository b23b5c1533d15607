//! The segments of a JPEG file, read as libjpeg-turbo reads them and written anew without what trips a strict decoder.
//!
//! libjpeg-turbo passes over stray bytes before a marker, over segments that it does not know, and over everything
//! after the end of the picture. It tells the colours by JFIF, Adobe's segment and the names of the components, in this
//! order (`default_decompress_parms`, `next_marker` in its sources). `zune-jpeg` refuses the first in its strict mode,
//! which is needed to refuse half pictures, and decides otherwise about the second.

use super::error::DecodeError;
use super::metadata::Metadata;

/// A JPEG file that was read through to its end.
pub(super) struct Segments {
    /// The picture without metadata, ready for a strict decoder.
    pub(super) clean: Vec<u8>,
    /// Width in pixels.
    pub(super) width: u32,
    /// Height in pixels.
    pub(super) height: u32,
    /// Bytes of coefficients that must be kept until the last scan is read: none if there is but one scan.
    pub(super) coefficients: u64,
    /// The first block of EXIF, and of XMP.
    pub(super) metadata: Metadata,
}

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
const DHT: u8 = 0xc4;
const DQT: u8 = 0xdb;
const DRI: u8 = 0xdd;
const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP14: u8 = 0xee;
/// Beginnings of the segments with EXIF and XMP.
const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const RESTARTS: std::ops::RangeInclusive<u8> = 0xd0..=0xd7;

/// What a decoder must know beside the tables and the scans.
#[derive(Default)]
struct Found {
    frame: Option<Frame>,
    has_jfif: bool,
    /// Colour transform of Adobe's segment.
    adobe: Option<u8>,
    has_huffman_tables: bool,
    metadata: Metadata,
    scans: usize,
    /// Components in the first scan.
    first_scan: usize,
    /// Frame, tables and scans as they go into the clean file.
    body: Vec<u8>,
}

/// The frame header.
struct Frame {
    width: u32,
    height: u32,
    progressive: bool,
    components: Vec<Component>,
}

struct Component {
    name: u8,
    horizontal: u8,
    vertical: u8,
}

/// Reads all segments of `bytes`, which begin with the start of a JPEG.
pub(super) fn read(bytes: &[u8]) -> Result<Segments, DecodeError> {
    let mut found = Found::default();
    let mut rest = bytes.get(2..).unwrap_or_default();
    while let Some((marker, after)) = next_marker(rest) {
        rest = match marker {
            EOI => return found.finish(),
            SOI => return Err(broken("a second picture begins inside the first")),
            0x01 | 0xd0..=0xd7 => after,
            _ => {
                let (content, after) = segment(after)?;
                found.take(marker, content)?;
                match marker {
                    SOS => found.take_scan(after),
                    _ => after,
                }
            }
        };
    }
    Err(broken("the end of the picture is missing"))
}

/// The next marker and what follows it, after stray bytes and fill bytes.
fn next_marker(mut bytes: &[u8]) -> Option<(u8, &[u8])> {
    loop {
        let begin = bytes.iter().position(|byte| *byte == 0xff)?;
        let code = begin + bytes[begin..].iter().position(|byte| *byte != 0xff)?;
        let (marker, after) = (bytes[code], &bytes[code + 1..]);
        if marker != 0 {
            return Some((marker, after));
        }
        bytes = after;
    }
}

/// The content of a segment, whose length comes first, and what follows it.
fn segment(bytes: &[u8]) -> Result<(&[u8], &[u8]), DecodeError> {
    let cut = || broken("a header ends too early");
    let (length, _) = bytes.split_first_chunk().ok_or_else(cut)?;
    let length = usize::from(u16::from_be_bytes(*length));
    if length < 2 {
        return Err(broken("a header has an impossible length"));
    }
    let (segment, after) = bytes.split_at_checked(length).ok_or_else(cut)?;
    Ok((&segment[2..], after))
}

impl Found {
    /// Takes what is needed of a segment, and passes over the others.
    fn take(&mut self, marker: u8, content: &[u8]) -> Result<(), DecodeError> {
        match marker {
            DHT => self.has_huffman_tables = true,
            DQT | DRI => {}
            0xc0..=0xcf => self.take_frame(marker, content)?,
            SOS => return self.take_scan_header(content),
            APP0 => self.has_jfif |= content.starts_with(b"JFIF\0"),
            APP1 => self.take_metadata(content),
            APP14 if content.len() >= 12 && content.starts_with(b"Adobe") => {
                self.adobe = Some(content[11]);
            }
            _ => {}
        }
        if matches!(marker, DQT | DRI | DHT) {
            self.write(marker, content);
        }
        Ok(())
    }

    /// Takes the first block of each kind of metadata.
    fn take_metadata(&mut self, content: &[u8]) {
        let Metadata { exif, xmp } = &mut self.metadata;
        for (block, begin) in [(exif, EXIF), (xmp, XMP)] {
            if block.is_none() {
                *block = content.strip_prefix(begin).map(<[u8]>::to_vec);
            }
        }
    }

    fn take_frame(&mut self, marker: u8, content: &[u8]) -> Result<(), DecodeError> {
        match marker {
            0xc0..=0xc2 => {}
            0xc9..=0xcc => return Err(unsupported("arithmetic coding")),
            0xc3 => return Err(unsupported("lossless coding")),
            _ => return Err(unsupported("a kind of coding that is hardly used")),
        }
        if self.frame.is_some() {
            return Err(broken("it has two frame headers"));
        }
        let frame = Frame::read(marker == 0xc2, content)?;
        let mut content = content.to_vec();
        for (number, component) in (1..).zip(0..frame.components.len()) {
            content[6 + 3 * component] = number;
        }
        self.frame = Some(frame);
        self.write(marker, &content);
        Ok(())
    }

    /// Writes a scan header. Components are called 1, 2, 3 and 4, so that their names say nothing about colours.
    fn take_scan_header(&mut self, content: &[u8]) -> Result<(), DecodeError> {
        let frame = self.frame.as_ref();
        let frame = frame.ok_or_else(|| broken("a scan comes before the frame header"))?;
        let count = usize::from(content.first().copied().unwrap_or_default());
        if count == 0 || content.len() != 4 + 2 * count {
            return Err(broken("a scan header has an impossible length"));
        }
        let mut content = content.to_vec();
        for index in 0..count {
            let name = &mut content[1 + 2 * index];
            let position = frame
                .components
                .iter()
                .position(|component| component.name == *name);
            let position =
                position.ok_or_else(|| broken("a scan is about an unknown component"))?;
            *name = position as u8 + 1;
        }
        self.scans += 1;
        if self.scans == 1 {
            self.first_scan = count;
        }
        self.write(SOS, &content);
        Ok(())
    }

    /// Writes the data of a scan and returns what follows: restarts belong to it, any other marker ends it.
    fn take_scan<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let is_end = |pair: &[u8]| {
            pair[0] == 0xff && !matches!(pair[1], 0 | 0xff) && !RESTARTS.contains(&pair[1])
        };
        let end = bytes.windows(2).position(is_end).unwrap_or(bytes.len());
        let (data, after) = bytes.split_at(end);
        self.body.extend_from_slice(data);
        after
    }

    fn write(&mut self, marker: u8, content: &[u8]) {
        write(&mut self.body, marker, content);
    }

    /// The clean file: Adobe's segment first, which is all that `zune-jpeg` goes by. A single scan goes without the end of
    /// the picture, at which `zune-jpeg` would fill up half a picture with grey.
    fn finish(self) -> Result<Segments, DecodeError> {
        let frame = self
            .frame
            .as_ref()
            .ok_or_else(|| broken("it has no frame header"))?;
        if self.scans == 0 {
            return Err(broken("it has no pixels"));
        }
        frame.check_sampling()?;
        if !frame.progressive
            && self.first_scan < frame.components.len()
            && frame
                .components
                .iter()
                .any(|component| component.vertical > 1)
        {
            // `zune-jpeg` makes wrong colours of it.
            return Err(unsupported(
                "colours that are sampled less and in scans of their own",
            ));
        }
        let mut clean = Vec::with_capacity(self.body.len() + 64);
        clean.extend([0xff, SOI]);
        if !self.has_huffman_tables {
            // A frame of a film, for which `zune-jpeg` has the standard's tables at hand.
            write(&mut clean, APP0, b"AVI1\0\0\0\0\0\0\0\0\0\0");
        }
        if let Some(transform) = self.transform(frame) {
            let adobe = [b"Adobe\0\x64\0\0\0\0".as_slice(), &[transform]].concat();
            write(&mut clean, APP14, &adobe);
        }
        clean.extend_from_slice(&self.body);
        if frame.progressive || self.scans > 1 {
            clean.extend([0xff, EOI]);
        }
        Ok(Segments {
            clean,
            width: frame.width,
            height: frame.height,
            coefficients: frame.coefficients(self.scans),
            metadata: self.metadata,
        })
    }

    /// Adobe's name for the colours that libjpeg-turbo would take the components for: 0 for RGB and CMYK as they are,
    /// 1 for YCbCr, 2 for YCCK; `None` for grey.
    fn transform(&self, frame: &Frame) -> Option<u8> {
        let names: Vec<u8> = frame
            .components
            .iter()
            .map(|component| component.name)
            .collect();
        match (names.len(), self.adobe) {
            (3, _) if self.has_jfif => Some(1),
            (3, Some(0)) => Some(0),
            (3, None) if names == *b"RGB" => Some(0),
            (3, _) => Some(1),
            (4, None | Some(0)) => Some(0),
            (4, _) => Some(2),
            _ => None,
        }
    }
}

fn write(into: &mut Vec<u8>, marker: u8, content: &[u8]) {
    // A segment that was read has a length that fits.
    let length = (content.len() + 2) as u16;
    into.extend([0xff, marker]);
    into.extend(length.to_be_bytes());
    into.extend_from_slice(content);
}

impl Frame {
    fn read(progressive: bool, content: &[u8]) -> Result<Self, DecodeError> {
        let ([precision, h1, h0, w1, w0, count], components) = content
            .split_first_chunk()
            .ok_or_else(|| broken("the frame header ends too early"))?;
        if *precision != 8 {
            return Err(unsupported(&format!("{precision} bits for each value")));
        }
        if !matches!(count, 1 | 3 | 4) {
            return Err(unsupported(&format!("{count} components")));
        }
        let components: Vec<Component> = components
            .chunks_exact(3)
            .take(usize::from(*count))
            .map(|fields| Component {
                name: fields[0],
                horizontal: fields[1] >> 4,
                vertical: fields[1] & 15,
            })
            .collect();
        if [*h1, *h0] == [0, 0] || [*w1, *w0] == [0, 0] {
            return Err(broken("it has no pixels"));
        }
        if components.len() != usize::from(*count) {
            return Err(broken("the frame header ends too early"));
        }
        Ok(Self {
            width: u32::from(u16::from_be_bytes([*w1, *w0])),
            height: u32::from(u16::from_be_bytes([*h1, *h0])),
            progressive,
            components,
        })
    }

    /// Refuses what `zune-jpeg` would read as other colours than they are.
    fn check_sampling(&self) -> Result<(), DecodeError> {
        let sides = |component: &Component| [component.horizontal, component.vertical];
        let [first, others @ ..] = self.components.as_slice() else {
            return Ok(());
        };
        let is_odd = |component: &Component| {
            sides(component)
                .iter()
                .any(|side| !matches!(side, 1 | 2 | 4))
        };
        let is_finer = |component: &Component| {
            sides(component)
                .iter()
                .zip(sides(first))
                .any(|(side, light)| *side > light)
        };
        if self.components.iter().any(is_odd) || others.iter().any(is_finer) {
            return Err(unsupported("unusual sampling of the colours"));
        }
        Ok(())
    }

    /// Bytes of the coefficients of all components, two for each.
    fn coefficients(&self, scans: usize) -> u64 {
        if !self.progressive && scans == 1 {
            return 0;
        }
        let most = |side: fn(&Component) -> u8| {
            let sides = self.components.iter().map(side);
            u64::from(sides.max().unwrap_or(1).max(1))
        };
        let full = most(|component| component.horizontal) * most(|component| component.vertical);
        let sampled: u64 = self
            .components
            .iter()
            .map(|component| u64::from(component.horizontal) * u64::from(component.vertical))
            .sum();
        // Rounded up to whole blocks of the coarsest component.
        let padded = |side: u32| u64::from(side).next_multiple_of(32);
        2 * padded(self.width) * padded(self.height) * sampled / full
    }
}

fn unsupported(reason: &str) -> DecodeError {
    DecodeError::unsupported("JPEG", reason)
}

fn broken(reason: &'static str) -> DecodeError {
    DecodeError::broken("JPEG", reason)
}
