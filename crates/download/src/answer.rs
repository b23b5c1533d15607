//! Meaning of a server's status and headers for a download.

use ureq::http::header::{CONTENT_LENGTH, CONTENT_RANGE};
use ureq::http::{HeaderMap, HeaderName, StatusCode};

/// Consequence of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The body is the file from its first byte on.
    Whole {
        /// Bytes of the file.
        total: Option<u64>,
    },
    /// The body goes on where the part file ends.
    Rest {
        /// Bytes of the whole file.
        total: Option<u64>,
    },
    /// The server cannot continue there, or claims to continue elsewhere.
    CannotContinue,
    /// There is no file in this answer.
    Refusal,
}

/// Judges an answer to a request for everything from byte `asked_from` on; `known_total` is what an earlier answer
/// said of the whole file. A range is believed only if everything that is said of it agrees: a byte in the wrong place
/// would not show before the digest of the finished file.
pub(crate) fn judge(
    status: StatusCode,
    headers: &HeaderMap,
    asked_from: u64,
    known_total: Option<u64>,
) -> Answer {
    let length =
        text(headers, &CONTENT_LENGTH).and_then(|length| length.trim().parse::<u64>().ok());
    match status {
        StatusCode::OK => Answer::Whole { total: length },
        StatusCode::RANGE_NOT_SATISFIABLE if asked_from > 0 => Answer::CannotContinue,
        StatusCode::PARTIAL_CONTENT if asked_from > 0 => {
            match text(headers, &CONTENT_RANGE).and_then(ContentRange::parse) {
                Some(range) if range.continues(asked_from, length, known_total) => {
                    Answer::Rest { total: range.total }
                }
                _ => Answer::CannotContinue,
            }
        }
        _ => Answer::Refusal,
    }
}

/// `Content-Range: bytes first-last/total` (RFC 9110, section 14.4).
struct ContentRange {
    first: u64,
    last: u64,
    total: Option<u64>,
}

impl ContentRange {
    fn parse(text: &str) -> Option<Self> {
        let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.trim().split_once('-')?;
        let total = match total.trim() {
            "*" => None,
            total => Some(total.parse().ok()?),
        };
        Some(ContentRange {
            first: first.parse().ok()?,
            last: last.parse().ok()?,
            total,
        })
    }

    fn continues(&self, asked_from: u64, length: Option<u64>, known_total: Option<u64>) -> bool {
        self.first == asked_from
            && self.last >= self.first
            && self.total.is_none_or(|total| self.last < total)
            && length.is_none_or(|length| length == (self.last - self.first).saturating_add(1))
            && (self.total.is_none() || known_total.is_none() || self.total == known_total)
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ureq::http::HeaderValue;

    use super::*;

    proptest! {
        #[test]
        fn no_content_range_is_a_panic(range in "\\PC*|bytes [0-9*-]{0,30}/[0-9*]{0,25}", asked_from in 1u64..) {
            let mut headers = HeaderMap::new();
            if let Ok(range) = HeaderValue::from_str(&range) {
                headers.insert(CONTENT_RANGE, range);
            }
            judge(StatusCode::PARTIAL_CONTENT, &headers, asked_from, None);
        }

        #[test]
        fn a_range_is_believed_only_where_it_continues(
            asked_from in 1u64..50, first in 0u64..50, count in 1u64..50, beyond in 0u64..3, length in 0u64..100,
        ) {
            let (last, total) = (first + count - 1, first + count + beyond);
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_RANGE, HeaderValue::from_str(&format!("bytes {first}-{last}/{total}")).unwrap());
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
            let answer = judge(StatusCode::PARTIAL_CONTENT, &headers, asked_from, None);
            let continues = first == asked_from && length == count;
            prop_assert_eq!(answer, if continues { Answer::Rest { total: Some(total) } } else { Answer::CannotContinue });
        }
    }

    #[test]
    fn a_file_that_changed_its_length_is_not_continued() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_RANGE, HeaderValue::from_static("bytes 5-9/10"));
        let judge = |known_total| judge(StatusCode::PARTIAL_CONTENT, &headers, 5, known_total);
        assert_eq!(judge(Some(10)), Answer::Rest { total: Some(10) });
        assert_eq!(judge(Some(11)), Answer::CannotContinue);
    }
}
