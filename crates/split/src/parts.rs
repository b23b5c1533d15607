//! The result of a split.

use serde::{Deserialize, Serialize};

/// Disjoint parts of a listing, as indices into it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Training part, ascending.
    pub train: Vec<usize>,
    /// Validation part in the order of validation: that of the permutation for a random split, class after class for
    /// `stratified` and `k-fold`, that of the listing for all others.
    pub valid: Vec<usize>,
    /// Part for a last evaluation, neither trained on nor validated with; empty in a split that makes none. Its order
    /// is that of the validation part.
    #[serde(default)]
    pub test: Vec<usize>,
}
