//! Decoding of TIFF by the crate `tiff`, block by block: `image` panics on planes and knows no YCbCr.

use std::borrow::Cow;
use std::io::{Cursor, ErrorKind};

use image::RgbImage;
use tiff::decoder::{ChunkType, Decoder, DecodingResult, Limits};
use tiff::tags::{CompressionMethod, PhotometricInterpretation, Tag};
use tiff::{ColorType, TiffError, TiffFormatError, TiffUnsupportedError};

use super::budget;
use super::error::{DecodeError, check_size};
use super::ifd;
use super::turn::Turn;

/// Kinds of colours, as the header numbers them.
const PALETTE: u32 = 3;
const BLACK_IS_ZERO: u8 = 1;

type File<'a> = Decoder<Cursor<&'a [u8]>>;

/// Decodes the first page, in strips, tiles or planes, to RGB; with the turn that its orientation tag asks for.
pub(super) fn decode(bytes: &[u8]) -> Result<(RgbImage, Turn), DecodeError> {
    let bytes = indices_as_grey(bytes);
    let has_palette = matches!(bytes, Cow::Owned(_));
    let mut file = Decoder::new(Cursor::new(bytes.as_ref())).map_err(from_tiff)?;
    let (width, height) = file.dimensions().map_err(from_tiff)?;
    check_size(width, height)?;
    let layout = Layout::of(&mut file, [width, height], has_palette)?;
    let pixels = u64::from(width) * u64::from(height);
    let _share = budget::take(pixels * 3 + layout.block_bytes());
    // No more than a block, twice: as it is read and as it is unpacked.
    let mut limits = Limits::default();
    let block = usize::try_from(layout.block_bytes()).unwrap_or(usize::MAX);
    limits.decoding_buffer_size = block;
    limits.intermediate_buffer_size = block;
    let mut file = file.with_limits(limits);
    let mut picture = RgbImage::new(width, height);
    for row in 0..height.div_ceil(layout.block[1]) {
        for column in 0..width.div_ceil(layout.block[0]) {
            layout.read_block(&mut file, [column, row], &mut picture)?;
        }
    }
    let tag: Option<u8> = file.find_tag_unsigned(Tag::Orientation).unwrap_or_default();
    let turn = tag.and_then(Turn::of_tag).unwrap_or(Turn::NONE);
    Ok((picture, turn))
}

/// A file with a palette as one of grey, since the crate refuses palettes: its values are then the places in it.
fn indices_as_grey(bytes: &[u8]) -> Cow<'_, [u8]> {
    let kind = ifd::number(bytes, Tag::PhotometricInterpretation.to_u16());
    let Some(kind) = kind.filter(|kind| kind.value == PALETTE) else {
        return Cow::Borrowed(bytes);
    };
    let mut copy = bytes.to_vec();
    for byte in &mut copy[kind.place..kind.place + kind.bytes] {
        *byte = if u32::from(*byte) == PALETTE {
            BLACK_IS_ZERO
        } else {
            0
        };
    }
    Cow::Owned(copy)
}

/// The colours of a palette, the high byte of each value.
fn palette(file: &mut File, bits: u8) -> Result<Vec<[u8; 3]>, DecodeError> {
    if bits > 8 {
        return Err(unsupported("a palette of more than 256 colours"));
    }
    let values = file.find_tag_unsigned_vec::<u16>(Tag::ColorMap);
    let values = values.map_err(from_tiff)?.unwrap_or_default();
    let count = 1 << bits;
    if values.len() < 3 * count {
        return Err(broken("its palette is missing or too short"));
    }
    let colour =
        |place: usize| [0, 1, 2].map(|channel| (values[channel * count + place] >> 8) as u8);
    Ok((0..count).map(colour).collect())
}

/// The way in which values are colours.
enum Colours {
    Grey,
    /// A value is a place in these.
    Palette(Vec<[u8; 3]>),
    Rgb,
    Cmyk,
    YCbCr,
}

/// The way in which pixels lie in the file.
struct Layout {
    size: [u32; 2],
    /// Width and height of a strip or tile.
    block: [u32; 2],
    /// Values of a pixel, alpha among them.
    samples: usize,
    /// Bits of a value: 1, 2, 4, 8 or 16.
    bits: u8,
    /// Each value of a pixel has blocks of its own.
    planar: bool,
    colours: Colours,
}

impl Layout {
    fn of(file: &mut File, size: [u32; 2], has_palette: bool) -> Result<Self, DecodeError> {
        let (bits, samples, mut colours) = kind_of(file)?;
        if has_palette {
            colours = Colours::Palette(palette(file, bits)?);
        }
        if !matches!(bits, 1 | 2 | 4 | 8 | 16) {
            return Err(unsupported(&format!("{bits} bits for each value")));
        }
        let planar = number(file, Tag::PlanarConfiguration)? == Some(2) && samples > 1;
        let (width, height) = file.chunk_dimensions();
        if width == 0 || height == 0 {
            return Err(broken("its strips or tiles have no size"));
        }
        // Only a tile can be larger than the picture, and no tile may be larger than any picture.
        let block = match file.get_chunk_type() {
            ChunkType::Strip => [width, height.min(size[1])],
            ChunkType::Tile => [width, height],
        };
        check_size(block[0], block[1])?;
        Ok(Self {
            size,
            block,
            samples,
            bits,
            planar,
            colours,
        })
    }

    /// Values that make a colour.
    fn channels(&self) -> usize {
        match self.colours {
            Colours::Grey | Colours::Palette(_) => 1,
            Colours::Rgb | Colours::YCbCr => 3,
            Colours::Cmyk => 4,
        }
    }

    /// Most bytes that a block takes while it is read and unpacked.
    fn block_bytes(&self) -> u64 {
        let [width, height] = self.block.map(u64::from);
        2 * (width * u64::from(self.bits).div_ceil(8) * self.samples as u64 + 64) * height
    }

    /// Decodes the block at `place` (column and row of blocks) into its part of `picture`.
    fn read_block(
        &self,
        file: &mut File,
        place: [u32; 2],
        picture: &mut RgbImage,
    ) -> Result<(), DecodeError> {
        let across = self.size[0].div_ceil(self.block[0]);
        let down = self.size[1].div_ceil(self.block[1]);
        let first = [place[0] * self.block[0], place[1] * self.block[1]];
        let inside = [0, 1].map(|axis| self.block[axis].min(self.size[axis] - first[axis]));
        let (planes, stride) = if self.planar {
            (self.channels(), 1)
        } else {
            (1, self.samples)
        };
        let mut values = Vec::new();
        for plane in 0..planes as u32 {
            let index = plane * across * down + place[1] * across + place[0];
            let block = file.read_chunk(index).map_err(from_tiff)?;
            values.push(self.bytes(block, inside, stride)?);
        }
        for (index, y) in (0..).zip(first[1]..first[1] + inside[1]) {
            for (offset, x) in (0..).zip(first[0]..first[0] + inside[0]) {
                let pixel = index * inside[0] as usize + offset;
                let value = |channel: usize| match self.planar {
                    true => values[channel][pixel],
                    false => values[0][pixel * stride + channel],
                };
                picture.put_pixel(x, y, image::Rgb(self.colour(value)));
            }
        }
        Ok(())
    }

    /// The values of a block of `inside` pixels, a byte each.
    fn bytes(
        &self,
        block: DecodingResult,
        inside: [u32; 2],
        stride: usize,
    ) -> Result<Vec<u8>, DecodeError> {
        let row = inside[0] as usize * stride;
        let count = row * inside[1] as usize;
        let bytes: Vec<u8> = match (block, self.bits) {
            (DecodingResult::U8(bytes), 8) => bytes,
            (DecodingResult::U16(words), 16) => {
                words.iter().map(|word| (word >> 8) as u8).collect()
            }
            (DecodingResult::U8(packed), bits @ (1 | 2 | 4)) => {
                let rows = packed.chunks((row * usize::from(bits)).div_ceil(8));
                rows.flat_map(|packed| self.unpacked(packed, bits, row))
                    .collect()
            }
            _ => return Err(unsupported("numbers with a sign or a point")),
        };
        if bytes.len() < count {
            return Err(broken("a strip or tile is too short"));
        }
        Ok(bytes)
    }

    /// `count` values of `bits` bits each, spread over 0 to 255 if they are no places in a palette.
    fn unpacked(&self, packed: &[u8], bits: u8, count: usize) -> impl Iterator<Item = u8> {
        let most = (1 << bits) - 1;
        let factor = match self.colours {
            Colours::Palette(_) => 1,
            _ => 255 / most,
        };
        let in_byte = (0..8 / bits).rev().map(move |place| place * bits);
        let values = packed.iter().flat_map(move |byte| {
            in_byte
                .clone()
                .map(move |shift| (byte >> shift & most) * factor)
        });
        values.take(count)
    }

    fn colour(&self, value: impl Fn(usize) -> u8) -> [u8; 3] {
        match &self.colours {
            Colours::Grey => [value(0); 3],
            Colours::Palette(colours) => colours
                .get(usize::from(value(0)))
                .copied()
                .unwrap_or_default(),
            Colours::Rgb => [0, 1, 2].map(value),
            Colours::Cmyk => {
                let light = |ink: u8| 255 - u32::from(ink);
                let black = light(value(3));
                [0, 1, 2].map(|channel| ((light(value(channel)) * black + 127) / 255) as u8)
            }
            Colours::YCbCr => {
                let [y, blue, red] = [0, 1, 2].map(|channel| f32::from(value(channel)));
                let (blue, red) = (blue - 128.0, red - 128.0);
                // JFIF's formula; the conversion keeps to 0..=255.
                [
                    y + 1.402 * red,
                    y - 0.344_136 * blue - 0.714_136 * red,
                    y + 1.772 * blue,
                ]
                .map(|value| (value + 0.5) as u8)
            }
        }
    }
}

/// Bits of a value, values of a pixel, and their meaning. Values that no colour needs are not handed out by the crate.
fn kind_of(file: &mut File) -> Result<(u8, usize, Colours), DecodeError> {
    Ok(match file.colortype().map_err(from_tiff)? {
        ColorType::Gray(bits) => (bits, 1, Colours::Grey),
        ColorType::Multiband {
            bit_depth,
            num_samples: 2,
        } => (bit_depth, 2, Colours::Grey),
        ColorType::RGB(bits) => (bits, 3, Colours::Rgb),
        ColorType::RGBA(bits) => (bits, 4, Colours::Rgb),
        ColorType::CMYK(bits) => (bits, 4, Colours::Cmyk),
        ColorType::CMYKA(bits) => (bits, 5, Colours::Cmyk),
        ColorType::YCbCr(bits) => (bits, 3, ycbcr(file)?),
        ColorType::Lab(_) => return Err(unsupported("colours as CIE L*a*b*")),
        _ => return Err(unsupported("colours that are hardly used")),
    })
}

fn number(file: &mut File, tag: Tag) -> Result<Option<u16>, DecodeError> {
    file.find_tag_unsigned(tag).map_err(from_tiff)
}

/// JPEG inside of TIFF comes as RGB; other YCbCr as it is, if no colour is sampled less.
fn ycbcr(file: &mut File) -> Result<Colours, DecodeError> {
    let compression = file
        .find_tag_unsigned::<u16>(Tag::Compression)
        .map_err(from_tiff)?;
    if compression == Some(CompressionMethod::ModernJPEG.to_u16()) {
        return Ok(Colours::Rgb);
    }
    let sampling = file
        .find_tag_unsigned_vec::<u16>(Tag::ChromaSubsampling)
        .map_err(from_tiff)?;
    match sampling.as_deref() {
        Some([1, 1]) => Ok(Colours::YCbCr),
        _ => Err(unsupported(
            "YCbCr with colours sampled less than the light",
        )),
    }
}

fn from_tiff(error: TiffError) -> DecodeError {
    match error {
        TiffError::UnsupportedError(reason) => unsupported(in_words(&reason)),
        TiffError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            broken("it ends too early")
        }
        TiffError::IoError(_)
        | TiffError::FormatError(TiffFormatError::CompressedDataCorrupt(_)) => {
            broken("its compressed pixels cannot be unpacked")
        }
        TiffError::FormatError(_) | TiffError::UsageError(_) => {
            broken("its header is wrong or incomplete")
        }
        TiffError::LimitsExceeded | TiffError::IntSizeError => {
            broken("its header asks for more than its pixels can need")
        }
    }
}

/// What the crate does not read, in words.
fn in_words(reason: &TiffUnsupportedError) -> &'static str {
    use PhotometricInterpretation::{CIELab, IccLab, ItuLab};
    use TiffUnsupportedError as Reason;
    match reason {
        Reason::UnsupportedCompressionMethod(method) => match method {
            CompressionMethod::Huffman | CompressionMethod::Fax3 => "fax of group 3",
            CompressionMethod::JPEG => "JPEG in the old way of TIFF",
            CompressionMethod::ZSTD => "compressed with Zstandard",
            CompressionMethod::WebP => "compressed with WebP",
            _ => "a compression that is hardly used",
        },
        Reason::UnknownCompressionMethod => "an unknown compression",
        Reason::FloatingPointPredictor(_) | Reason::UnsupportedSampleFormat(_) => {
            "numbers with a sign or a point"
        }
        Reason::InconsistentBitsPerSample(_) => "values of different lengths",
        Reason::UnsupportedBitsPerChannel(_) | Reason::UnsupportedSampleDepth(_) => {
            "values of an unusual length"
        }
        Reason::InterpretationWithBits(kind, _) | Reason::UnsupportedInterpretation(kind)
            if matches!(kind, CIELab | IccLab | ItuLab) =>
        {
            "colours as CIE L*a*b*"
        }
        Reason::ChromaSubsampling => "YCbCr with colours sampled less than the light",
        _ => "colours that are hardly used",
    }
}

fn unsupported(reason: &str) -> DecodeError {
    DecodeError::unsupported("TIFF", reason)
}

fn broken(reason: &'static str) -> DecodeError {
    DecodeError::broken("TIFF", reason)
}
