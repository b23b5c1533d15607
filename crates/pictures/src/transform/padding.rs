//! Values outside the picture.

use serde::{Deserialize, Serialize};

/// Value of a sampling point outside the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Padding {
    /// The picture mirrored about the centres of its outer pixels.
    #[default]
    Reflection,
    /// Black.
    Zeros,
    /// The nearest pixel of the border.
    Border,
}

impl Padding {
    /// Index inside `0..length` that supplies the value at index `i` when a finished picture is padded; `None` is
    /// black.
    ///
    /// The same as numpy's `pad` with modes reflect, constant and edge. `i` is at most `length - 1` away from the
    /// picture.
    pub(super) fn index(self, i: i64, length: i64) -> Option<i64> {
        let last = length - 1;
        match self {
            _ if (0..length).contains(&i) => Some(i),
            Self::Zeros => None,
            Self::Border => Some(i.clamp(0, last)),
            Self::Reflection if i < 0 => Some((-i).min(last)),
            Self::Reflection => Some((2 * last - i).max(0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Configs and checkpoints hold these words.
    #[test]
    fn each_mode_is_one_word_in_configs_and_checkpoints() {
        for (padding, word) in [
            (Padding::Reflection, "\"reflection\""),
            (Padding::Zeros, "\"zeros\""),
            (Padding::Border, "\"border\""),
        ] {
            assert_eq!(serde_json::to_string(&padding).unwrap(), word);
            assert_eq!(serde_json::from_str::<Padding>(word).unwrap(), padding);
        }
        assert!(serde_json::from_str::<Padding>("\"mirror\"").is_err());
    }
}
