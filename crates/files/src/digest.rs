//! Digests as people write them.

use std::{
    fmt::Write as _,
    io::{self, Read},
};

use sha2::{Digest, Sha256};

/// Bytes read at a time.
const BUFFER: usize = 1 << 18;

/// SHA-256 (FIPS 180-4) of `bytes`, 64 lower-case hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 (FIPS 180-4) of `bytes`.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// SHA-256 of everything that `reader` still holds, 64 lower-case hexadecimal digits.
///
/// # Errors
/// Those of the reader.
pub fn sha256_of(reader: impl Read) -> io::Result<String> {
    digest_of::<Sha256>(reader)
}

/// SHA-256 of bytes that come one after the other.
#[derive(Debug, Clone, Default)]
pub struct Sha256Sum(Sha256);

impl Sha256Sum {
    /// Adds the next bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all that was added, 64 lower-case hexadecimal digits.
    pub fn finish(self) -> String {
        hex(&self.0.finalize())
    }
}

/// Digest by any hash function of everything that `reader` still holds, in lower-case hexadecimal digits.
///
/// # Errors
/// Those of the reader.
pub fn digest_of<H: Digest>(mut reader: impl Read) -> io::Result<String> {
    let mut hasher = H::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(hex(&hasher.finalize())),
            Ok(count) => hasher.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        // Writing into a `String` has no way to fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4's example, and a million times "a".
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const MILLION: &str = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

    #[test]
    fn digests_are_those_of_the_standard_however_the_bytes_come() {
        assert_eq!(sha256_hex(b"abc"), ABC);
        let mut sum = Sha256Sum::default();
        sum.add(b"a");
        sum.add(b"");
        sum.add(b"bc");
        assert_eq!(sum.finish(), ABC);
        assert_eq!(
            sha256_of(b"a".as_slice().chain(b"bc".as_slice())).unwrap(),
            ABC
        );
        assert_eq!(
            sha256_of(io::repeat(b'a').take(1_000_000)).unwrap(),
            MILLION
        );
    }

    #[test]
    fn a_reader_that_fails_gives_its_error_and_an_interruption_is_none() {
        let mut answers = [
            Err(io::ErrorKind::Interrupted),
            Ok(b"abc".as_slice()),
            Ok(b"".as_slice()),
            Err(io::ErrorKind::TimedOut),
        ]
        .into_iter();
        let mut reader = Answers(&mut answers);
        assert_eq!(sha256_of(&mut reader).unwrap(), ABC);
        let error = sha256_of(&mut reader).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    struct Answers<'a>(&'a mut dyn Iterator<Item = Result<&'static [u8], io::ErrorKind>>);

    impl Read for Answers<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let mut bytes = self.0.next().expect("no more reads")?;
            bytes.read(buffer)
        }
    }
}
