//! The mean over the channels, of fastai's lesson "Heatmap".

use crate::{asked::Asked, heat_map::HeatMap};
use std::iter::repeat_n;

/// The class-blind map of fastai's lesson "Heatmap": mean over the channels, `(1/C) Σ_k A_k`.
///
/// It shows where the body found anything at all, whatever the class.
pub fn map(asked: &dyn Asked) -> HeatMap {
    let features = asked.features();
    let [channels, ..] = features.shape();
    features.weighted_sum(repeat_n(1.0 / channels as f64, channels))
}
