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
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As the format's description says, independent of how it was written.
    fn decode(bytes: &[u8]) -> HeatMap {
        assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
        let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        assert_eq!((10 + length) % 64, 0);
        let header = std::str::from_utf8(&bytes[10..10 + length]).unwrap();
        assert!(header.ends_with('\n'));
        let shape = header
            .split("'shape': (")
            .nth(1)
            .unwrap()
            .split(')')
            .next()
            .unwrap();
        let shape: Vec<usize> = shape
            .split(',')
            .map(|side| side.trim().parse().unwrap())
            .collect();
        assert!(header.contains("'descr': '<f4'") && header.contains("'fortran_order': False"));
        let values = bytes[10 + length..].chunks_exact(4);
        let values = values
            .map(|four| f32::from_le_bytes(four.try_into().unwrap()))
            .collect();
        HeatMap {
            height: shape[0],
            width: shape[1],
            values,
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(height in 1usize..40, width in 1usize..40, first in -1e30f32..1e30) {
            let values = (0..height * width).map(|i| first + i as f32).collect();
            let map = HeatMap { height, width, values };
            prop_assert_eq!(decode(&encode(&map)), map);
        }
    }
}
