//! Answers for tests of single methods.

use crate::{asked::Asked, feature_map::FeatureMap};

/// A feature map and its gradient, of a picture that is not there.
pub(crate) struct Given {
    features: FeatureMap,
    gradient: FeatureMap,
}

impl Given {
    /// Maps of one row each.
    pub(crate) fn rows(channels: usize, features: &[f32], gradient: &[f32]) -> Self {
        let row = |values: &[f32]| {
            FeatureMap::new(channels, 1, values.len() / channels, values.to_vec()).unwrap()
        };
        Self {
            features: row(features),
            gradient: row(gradient),
        }
    }
}

impl Asked for Given {
    fn features(&self) -> &FeatureMap {
        &self.features
    }

    fn gradient(&self) -> &FeatureMap {
        &self.gradient
    }

    fn score(&self) -> f32 {
        0.0
    }

    fn frame_size(&self) -> [usize; 2] {
        [0; 2]
    }

    fn frame(&self) -> &[f32] {
        &[]
    }

    fn scores(&self, _: &mut dyn Iterator<Item = Vec<f32>>) -> Vec<f32> {
        Vec::new()
    }

    fn scores_behind(&self, _: &mut dyn Iterator<Item = Vec<f32>>) -> Vec<f32> {
        Vec::new()
    }
}
