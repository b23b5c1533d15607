//! The result of a split.

use serde::{Deserialize, Serialize};

/// Two disjoint parts of a listing, as indices into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Training part, ascending.
    pub train: Vec<usize>,
    /// Validation part in the order of validation: that of the permutation for a random split, class after class for a
    /// stratified one, that of the listing for the official one.
    pub valid: Vec<usize>,
}
