use super::TensorValues;
use half::{bf16, f16};

/// Element types that weights are stored in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ElementType {
    F64,
    F32,
    F16,
    BF16,
    I64,
    I32,
    I16,
    I8,
    U32,
    U16,
    U8,
}

impl ElementType {
    /// Little-endian bytes as values: every floating-point type becomes f32, every integer i64. Bytes beyond the last
    /// whole element are ignored.
    pub fn decode(self, bytes: &[u8]) -> TensorValues {
        match self {
            Self::F64 => floats(bytes, |bytes| f64::from_le_bytes(bytes) as f32),
            Self::F32 => floats(bytes, f32::from_le_bytes),
            Self::F16 => floats(bytes, |bytes| f16::from_le_bytes(bytes).to_f32()),
            Self::BF16 => floats(bytes, |bytes| bf16::from_le_bytes(bytes).to_f32()),
            Self::I64 => integers(bytes, i64::from_le_bytes),
            Self::I32 => integers(bytes, |bytes| i32::from_le_bytes(bytes).into()),
            Self::I16 => integers(bytes, |bytes| i16::from_le_bytes(bytes).into()),
            Self::I8 => integers(bytes, |bytes| i8::from_le_bytes(bytes).into()),
            Self::U32 => integers(bytes, |bytes| u32::from_le_bytes(bytes).into()),
            Self::U16 => integers(bytes, |bytes| u16::from_le_bytes(bytes).into()),
            Self::U8 => integers(bytes, |bytes| u8::from_le_bytes(bytes).into()),
        }
    }
}

fn floats<const SIZE: usize>(bytes: &[u8], read: impl Fn([u8; SIZE]) -> f32) -> TensorValues {
    TensorValues::F32(all(bytes, read))
}

fn integers<const SIZE: usize>(bytes: &[u8], read: impl Fn([u8; SIZE]) -> i64) -> TensorValues {
    TensorValues::I64(all(bytes, read))
}

fn all<const SIZE: usize, T>(bytes: &[u8], read: impl Fn([u8; SIZE]) -> T) -> Vec<T> {
    let (elements, _) = bytes.as_chunks();
    elements.iter().map(|element| read(*element)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floating_point_types_become_f32_and_integers_i64() {
        let floats = TensorValues::F32(vec![1.5, -2.0]);
        let bytes = |halves: [u16; 2]| halves.map(u16::to_le_bytes).concat();
        assert_eq!(ElementType::F16.decode(&bytes([0x3e00, 0xc000])), floats);
        assert_eq!(ElementType::BF16.decode(&bytes([0x3fc0, 0xc000])), floats);
        assert_eq!(
            ElementType::F32.decode(&[1.5_f32, -2.0].map(f32::to_le_bytes).concat()),
            floats
        );
        assert_eq!(
            ElementType::F64.decode(&[1.5_f64, -2.0].map(f64::to_le_bytes).concat()),
            floats
        );
        assert_eq!(
            ElementType::I8.decode(&[0xff, 3]),
            TensorValues::I64(vec![-1, 3])
        );
        assert_eq!(
            ElementType::U8.decode(&[0xff, 3]),
            TensorValues::I64(vec![255, 3])
        );
    }
}
