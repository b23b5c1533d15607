//! Label smoothing (Szegedy et al. 2016, arXiv:1512.00567), as torch's `CrossEntropyLoss(label_smoothing=ε)`.
//!
//! The target of a picture of class y is no longer all for y: class c has `q_c = (1 - ε)·[c = y] + ε / C` of C classes.
//! Of a mixture of two classes `[c = y]` is the share of c in it.

/// `q` of one picture, of which each of `shares` says a class and its share; the shares sum to one.
pub(super) fn smoothed(shares: &[(usize, f64)], classes: usize, smoothing: f64) -> Vec<f64> {
    let mut target = vec![smoothing / classes as f64; classes];
    for (class, share) in shares {
        target[*class] += (1.0 - smoothing) * share;
    }
    target
}
