//! The sizes of the parts.

/// Shares of the pictures that are for validation and for a last evaluation, from 0 to 1; the rest trains.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shares {
    /// For validation.
    pub valid: f64,
    /// For a last evaluation.
    pub test: f64,
}

/// A share for validation, and none for a last evaluation.
impl From<f64> for Shares {
    fn from(valid: f64) -> Self {
        Self { valid, test: 0.0 }
    }
}

/// Error of a value that no listing can be divided by.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("split.{key} is {value}: it must be {allowed}")]
pub struct SplitValueError {
    /// Key of the split in a config.
    pub key: &'static str,
    /// Value found, as a config has it.
    pub value: String,
    /// Values allowed, in words.
    pub allowed: String,
}

impl SplitValueError {
    pub(super) fn new(key: &'static str, value: impl ToString, allowed: impl ToString) -> Self {
        Self {
            key,
            value: value.to_string(),
            allowed: allowed.to_string(),
        }
    }
}

impl Shares {
    /// Refuses shares that leave nothing to train on or nothing to validate with.
    pub(super) fn check(self) -> Result<(), SplitValueError> {
        let Self { valid, test } = self;
        if !(valid > 0.0 && valid < 1.0) {
            let allowed = "a number between 0 and 1, both excluded, such as 0.2";
            return Err(SplitValueError::new("fraction", valid, allowed));
        }
        if !(0.0..1.0).contains(&test) {
            let allowed = "a number from 0 (no test part) to below 1, such as 0.1";
            return Err(SplitValueError::new("test_fraction", test, allowed));
        }
        if valid + test >= 1.0 {
            let allowed = format!("below {}, the rest of `fraction`", 1.0 - valid);
            return Err(SplitValueError::new("test_fraction", test, allowed));
        }
        Ok(())
    }
}
