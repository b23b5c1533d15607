//! Raw maps as NumPy's files: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>, version 1.0.

use cam::HeatMap;

const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";
/// The values begin at a multiple of this.
const ALIGNMENT: usize = 64;

/// The map as an array of `height` × `width` f32: `numpy.load` reads it.
pub fn encode(map: &HeatMap) -> Vec<u8> {
    let (height, width) = (map.height, map.width);
    let mut header =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({height}, {width}), }}");
    let unpadded = MAGIC.len() + 2 + header.len() + 1;
    let padding = unpadded.next_multiple_of(ALIGNMENT) - unpadded;
    header.extend(std::iter::repeat_n(' ', padding));
    header.push('\n');
    let mut bytes = MAGIC.to_vec();
    // The shape is two numbers: the header is far below the 65535 bytes that its length can say.
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(map.values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

#[cfg(test)]
#[path = "../../../tests/fixtures/npy.rs"]
mod reader;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_back(height in 1usize..40, width in 1usize..40, first in -1e30f32..1e30) {
            let values: Vec<f32> = (0..height * width).map(|i| first + i as f32).collect();
            let map = HeatMap { height, width, values: values.clone() };
            prop_assert_eq!(reader::read(&encode(&map)), ([height, width], values));
        }
    }
}
