//! Maps as NumPy's files: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.

use cam::HeatMap;
use std::io;

const MAGIC: &[u8] = b"\x93NUMPY";
/// Version 1.0, which ours are written in.
const VERSION: &[u8] = &[1, 0];
/// The values begin at a multiple of this.
const ALIGNMENT: usize = 64;

/// A file that is no map.
#[derive(Debug, thiserror::Error)]
pub enum NpyError {
    /// The system's reason.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// Something else, or cut short.
    #[error("it is no file of NumPy, or cut short: write it with numpy.save")]
    NoArray,
    /// Another element type.
    #[error(
        "its elements are `{0}`: a map has float32 or float64, array.astype(\"float32\") makes them"
    )]
    Elements(String),
    /// Another number of sides, or nothing in it.
    #[error("its shape is ({0}): a map has two sides, rows and columns")]
    Shape(String),
    /// Other than the shape says.
    #[error("it holds {found} bytes of values, {expected} are needed for its shape")]
    Length {
        /// As it is.
        found: usize,
        /// As it should be.
        expected: usize,
    },
    /// NaN, an infinity, or a number beyond f32.
    #[error("it holds a number that is not finite")]
    NotFinite,
}

/// The map as an array of `height` × `width` f32: `numpy.load` reads it.
pub fn encode(map: &HeatMap) -> Vec<u8> {
    let (height, width) = (map.height, map.width);
    let mut header =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({height}, {width}), }}");
    let unpadded = MAGIC.len() + VERSION.len() + 2 + header.len() + 1;
    let padding = unpadded.next_multiple_of(ALIGNMENT) - unpadded;
    header.extend(std::iter::repeat_n(' ', padding));
    header.push('\n');
    let mut bytes = [MAGIC, VERSION].concat();
    // The shape is two numbers: the header is far below the 65535 bytes that its length can say.
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(map.values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

/// The map in the bytes of a file: two sides of float32 or float64, in either order of bytes, rows or columns first.
///
/// # Errors
/// See [`NpyError`].
pub fn decode(bytes: &[u8]) -> Result<HeatMap, NpyError> {
    let (header, values) = parts(bytes).ok_or(NpyError::NoArray)?;
    let elements = element_type(header).ok_or(NpyError::NoArray)?;
    let order = entry(header, "fortran_order").ok_or(NpyError::NoArray)?;
    let [height, width] = shape(header)?;
    let (floats, size) = floats(elements, values)?;
    let count = height.saturating_mul(width);
    let expected = count.saturating_mul(size);
    if expected != values.len() {
        return Err(NpyError::Length {
            found: values.len(),
            expected,
        });
    }
    if !floats.iter().all(|value| value.is_finite()) {
        return Err(NpyError::NotFinite);
    }
    let values = match order.starts_with("True") {
        false => floats,
        true => {
            let at = |index: usize| floats[index % width * height + index / width];
            (0..count).map(at).collect()
        }
    };
    Ok(HeatMap {
        height,
        width,
        values,
    })
}

/// The header's text and the bytes behind it, of versions 1 to 3.
fn parts(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (version, rest) = rest.split_at_checked(2)?;
    let (length, rest) = match version[0] {
        1 => {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_le_bytes(*length)), rest)
        }
        2 | 3 => {
            let (length, rest) = rest.split_first_chunk::<4>()?;
            (u32::from_le_bytes(*length) as usize, rest)
        }
        _ => return None,
    };
    let (header, values) = rest.split_at_checked(length)?;
    Some((std::str::from_utf8(header).ok()?, values))
}

/// What stands behind the key `name`.
fn entry<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let keys = [format!("'{name}':"), format!("\"{name}\":")];
    let found = keys.iter().find_map(|key| header.split_once(key.as_str()));
    found.map(|(_, rest)| rest.trim_start())
}

/// The name of the element type; of records, their fields as they are written.
fn element_type(header: &str) -> Option<&str> {
    let value = entry(header, "descr")?;
    let found = match value.chars().next()? {
        mark @ ('\'' | '"') => value[1..].split_once(mark),
        _ => value.split_once(", 'fortran_order'"),
    };
    found.map(|(name, _)| name)
}

/// Rows and columns.
fn shape(header: &str) -> Result<[usize; 2], NpyError> {
    let value = entry(header, "shape").and_then(|value| value.strip_prefix('('));
    let (text, _) = value
        .and_then(|value| value.split_once(')'))
        .ok_or(NpyError::NoArray)?;
    let sides = text
        .split(',')
        .map(str::trim)
        .filter(|side| !side.is_empty());
    let sides: Result<Vec<usize>, _> = sides.map(str::parse).collect();
    let sides: Option<[usize; 2]> = sides.ok().and_then(|sides| sides.try_into().ok());
    sides
        .filter(|sides| !sides.contains(&0))
        .ok_or_else(|| NpyError::Shape(text.trim().to_owned()))
}

/// Whole elements as f32, and the size of one in bytes.
fn floats(elements: &str, bytes: &[u8]) -> Result<(Vec<f32>, usize), NpyError> {
    fn all<const N: usize>(bytes: &[u8], read: impl Fn([u8; N]) -> f32) -> (Vec<f32>, usize) {
        let (whole, _) = bytes.as_chunks::<N>();
        (whole.iter().map(|element| read(*element)).collect(), N)
    }
    Ok(match elements {
        "<f4" => all(bytes, f32::from_le_bytes),
        ">f4" => all(bytes, f32::from_be_bytes),
        "<f8" => all(bytes, |element| f64::from_le_bytes(element) as f32),
        ">f8" => all(bytes, |element| f64::from_be_bytes(element) as f32),
        other => return Err(NpyError::Elements(other.trim().to_owned())),
    })
}

#[cfg(test)]
#[path = "../../../tests/fixtures/npy.rs"]
mod reader;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(version: u8, header: &str, values: &[u8]) -> Vec<u8> {
        let length = match version {
            1 => (header.len() as u16).to_le_bytes().to_vec(),
            _ => (header.len() as u32).to_le_bytes().to_vec(),
        };
        [MAGIC, &[version, 0], &length, header.as_bytes(), values].concat()
    }

    #[test]
    fn arrays_of_two_sides_are_read_in_each_order_and_element_type_that_numpy_writes() {
        let numbers = [1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0];
        let map = HeatMap {
            height: 2,
            width: 3,
            values: numbers.to_vec(),
        };
        let big = numbers.map(f32::to_be_bytes).concat();
        let header = "{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3), }\n";
        assert_eq!(decode(&file(1, header, &big)).unwrap(), map);
        let columns = [1.0, 4.0, 2.0, 5.0, 3.0, 6.0];
        let columns = columns.map(f64::to_le_bytes).concat();
        let header = "{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }      \n";
        assert_eq!(decode(&file(2, header, &columns)).unwrap(), map);
    }

    #[test]
    fn what_is_no_map_is_said_to_be_what_it_is() {
        let said = |descr: &str, shape: &str, values: &[u8]| {
            let header =
                format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n");
            decode(&file(1, &header, values)).unwrap_err().to_string()
        };
        assert!(said("'<i8'", "(1, 1)", &[0; 8]).contains("`<i8`"));
        assert!(said("[('a', '<f4')]", "(1, 1)", &[0; 4]).contains("astype"));
        assert!(said("'<f4'", "(3,)", &[0; 12]).contains("(3,)"));
        assert!(said("'<f4'", "(1, 2, 3)", &[0; 24]).contains("(1, 2, 3)"));
        assert!(said("'<f4'", "(0, 7)", &[]).contains("(0, 7)"));
        assert!(said("'<f4'", "(2, 2)", &[0; 15]).contains("15 bytes"));
        let huge = format!("({}, {})", usize::MAX, usize::MAX);
        assert!(!said("'<f4'", &huge, &[0; 4]).is_empty());
        assert!(said("'<f4'", "(1, 1)", &f32::NAN.to_le_bytes()).contains("not finite"));
        assert!(said("'<f8'", "(1, 1)", &1e300f64.to_le_bytes()).contains("not finite"));
        let error = decode(b"\x93NUMPY\x01").unwrap_err().to_string();
        assert!(error.contains("numpy.save"), "{error}");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(height in 1usize..40, width in 1usize..40, first in -1e30f32..1e30) {
            let values: Vec<f32> = (0..height * width).map(|i| first + i as f32).collect();
            let map = HeatMap { height, width, values: values.clone() };
            prop_assert_eq!(reader::read(&encode(&map)), ([height, width], values));
            prop_assert_eq!(decode(&encode(&map)).unwrap(), map);
        }

        #[test]
        fn no_file_makes_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..80), header in "\\PC{0,60}", at in 0usize..200) {
            let _ = decode(&bytes);
            let _ = decode(&file(1, &header, &bytes));
            let whole = encode(&HeatMap { height: 2, width: 2, values: vec![1.0; 4] });
            let mut cut = whole[..at.min(whole.len())].to_vec();
            let _ = decode(&cut);
            if let Some(last) = cut.last_mut() {
                *last ^= 0x55;
            }
            let _ = decode(&cut);
        }
    }
}
