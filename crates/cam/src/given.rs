//! Answers for tests of single methods.

use crate::{
    asked::{Asked, ReluGradient},
    feature_map::FeatureMap,
};

/// The target for values of a feature map.
type OfFeatures = Box<dyn Fn(&[f32]) -> f32>;
/// Its gradient for the values of a frame.
type FrameGradient = fn(&[f32]) -> Vec<f32>;

/// Answers what it was given, and panics if it is asked for anything else.
#[derive(Default)]
pub(crate) struct Given {
    /// The feature map.
    pub(crate) features: Option<FeatureMap>,
    /// Its gradient.
    pub(crate) gradient: Option<FeatureMap>,
    /// The target for values of the feature map.
    pub(crate) of_features: Option<OfFeatures>,
    /// Width and height of the frame.
    pub(crate) size: [usize; 2],
    /// The frame.
    pub(crate) frame: Vec<f32>,
    /// The target for a frame.
    pub(crate) of_frame: Option<fn(&[f32]) -> f32>,
    /// Its gradient.
    pub(crate) frame_gradient: Option<FrameGradient>,
}

impl Given {
    /// A feature map and its gradient, of one row each.
    pub(crate) fn rows(channels: usize, features: &[f32], gradient: &[f32]) -> Self {
        let row = |values: &[f32]| {
            FeatureMap::new(channels, 1, values.len() / channels, values.to_vec()).unwrap()
        };
        Self {
            features: Some(row(features)),
            gradient: Some(row(gradient)),
            ..Self::default()
        }
    }

    fn of_features(&self, values: &[f32]) -> f32 {
        self.of_features.as_ref().expect("a pass behind the layer")(values)
    }

    fn of_frame(&self, frame: &[f32]) -> f32 {
        self.of_frame.expect("a forward pass")(frame)
    }
}

impl Asked for Given {
    fn features(&self) -> &FeatureMap {
        self.features.as_ref().expect("a layer")
    }

    fn gradient(&self) -> &FeatureMap {
        self.gradient.as_ref().expect("a backward pass to a layer")
    }

    fn score(&self) -> f32 {
        if self.of_frame.is_some() {
            return self.of_frame(&self.frame);
        }
        let values: Vec<f32> = self.features().channels().flatten().copied().collect();
        self.of_features(&values)
    }

    fn frame_size(&self) -> [usize; 2] {
        assert!(!self.frame.is_empty(), "a frame");
        self.size
    }

    fn frame(&self) -> &[f32] {
        assert!(!self.frame.is_empty(), "a frame");
        &self.frame
    }

    fn scores(&self, frames: &mut dyn Iterator<Item = Vec<f32>>) -> Vec<f32> {
        frames.map(|frame| self.of_frame(&frame)).collect()
    }

    fn scores_without_each_channel(&self) -> Vec<f32> {
        let features = self.features();
        let [channels, ..] = features.shape();
        let without = |k: usize| {
            let mut values: Vec<f32> = features.channels().flatten().copied().collect();
            values[k * features.positions()..][..features.positions()].fill(0.0);
            self.of_features(&values)
        };
        (0..channels).map(without).collect()
    }

    fn pixel_gradients(
        &self,
        frames: &mut dyn Iterator<Item = Vec<f32>>,
        _: ReluGradient,
        take: &mut dyn FnMut(&[f32]),
    ) {
        let gradient = self.frame_gradient.expect("a pass back to the pixels");
        frames.for_each(|frame| take(&gradient(&frame)));
    }
}
