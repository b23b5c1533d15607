//! Single numbers in the first directory of a TIFF file, which is also what an EXIF block is.

/// Bytes of an entry of a directory.
const ENTRY: usize = 12;

/// A number in a directory, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number {
    /// The number.
    pub(super) value: u32,
    /// Place of its bytes in the file.
    pub(super) place: usize,
    /// Number of its bytes: 1, 2 or 4.
    pub(super) bytes: usize,
}

/// The number under `tag` in the first directory of `block`, a TIFF file of either order of bytes. Nothing if it is not
/// there, or is no single whole number: a BYTE, SHORT or LONG, with or without a sign.
pub(super) fn number(block: &[u8], tag: u16) -> Option<Number> {
    let is_little = match block.get(..4)? {
        b"II\x2a\0" => true,
        b"MM\0\x2a" => false,
        _ => return None,
    };
    let read = |place: usize, bytes: usize| {
        let digits = block.get(place..place.checked_add(bytes)?)?.iter();
        let next = |value: u32, digit: &u8| value << 8 | u32::from(*digit);
        Some(match is_little {
            true => digits.rev().fold(0, next),
            false => digits.fold(0, next),
        })
    };
    let directory = read(4, 4)? as usize;
    let entries = read(directory, 2)? as usize;
    let begin = directory.checked_add(2)?;
    let is_tag = |entry: &usize| read(*entry, 2) == Some(u32::from(tag));
    let entry = (0..entries)
        .map(|index| begin + index * ENTRY)
        .find(is_tag)?;
    let (kind, count) = (read(entry + 2, 2)?, read(entry + 4, 4)?);
    let bytes = match kind {
        1 | 6 => 1,
        3 | 8 => 2,
        4 | 9 => 4,
        _ => return None,
    };
    let place = entry + 8;
    let value = read(place, bytes)?;
    (count == 1).then_some(Number {
        value,
        place,
        bytes,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    /// A directory of one entry with the value `bytes`.
    fn block(order: &[u8; 4], entry: [&[u8]; 4]) -> Vec<u8> {
        let (begin, one): (&[u8], &[u8]) = match order {
            b"II\x2a\0" => (&[8, 0, 0, 0], &[1, 0]),
            _ => (&[0, 0, 0, 8], &[0, 1]),
        };
        [&[&order[..], begin, one], &entry[..]].concat().concat()
    }

    #[test]
    fn a_number_of_any_length_is_read_in_either_order() {
        let (little, big) = (b"II\x2a\0", b"MM\0\x2a");
        for (block, number) in [
            (
                block(little, [&[0x12, 1], &[3, 0], &[1, 0, 0, 0], &[6, 0, 0, 0]]),
                Some((6, 2)),
            ),
            (
                block(little, [&[0x12, 1], &[4, 0], &[1, 0, 0, 0], &[6, 0, 0, 0]]),
                Some((6, 4)),
            ),
            (
                block(big, [&[1, 0x12], &[0, 3], &[0, 0, 0, 1], &[0, 6, 0, 0]]),
                Some((6, 2)),
            ),
            (
                block(big, [&[1, 0x12], &[0, 4], &[0, 0, 0, 1], &[0, 0, 0, 6]]),
                Some((6, 4)),
            ),
            (
                block(big, [&[1, 0x12], &[0, 1], &[0, 0, 0, 1], &[6, 0, 0, 0]]),
                Some((6, 1)),
            ),
            // Two numbers, a text, another tag.
            (
                block(big, [&[1, 0x12], &[0, 3], &[0, 0, 0, 2], &[0, 6, 0, 0]]),
                None,
            ),
            (
                block(big, [&[1, 0x12], &[0, 2], &[0, 0, 0, 1], &[6, 0, 0, 0]]),
                None,
            ),
            (
                block(big, [&[1, 0x13], &[0, 3], &[0, 0, 0, 1], &[0, 6, 0, 0]]),
                None,
            ),
        ] {
            let found = super::number(&block, 0x112);
            assert_eq!(found.map(|found| (found.value, found.bytes)), number);
            assert!(found.is_none_or(|found| found.place == 18));
        }
    }

    proptest! {
        #[test]
        fn any_block_is_answered(mut block in prop::collection::vec(any::<u8>(), 0..60), tag in 0u16..4) {
            super::number(&block, tag);
            for start in [b"II\x2a\0", b"MM\0\x2a"] {
                block.splice(..4.min(block.len()), *start);
                super::number(&block, tag);
            }
        }
    }
}
