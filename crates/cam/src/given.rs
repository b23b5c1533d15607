//! Answers for tests of single methods.

use crate::{
    asked::{Asked, ReluGradient},
    feature_map::FeatureMap,
};

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

    fn scores_without_each_channel(&self) -> Vec<f32> {
        Vec::new()
    }

    fn pixel_gradients(
        &self,
        _: &mut dyn Iterator<Item = Vec<f32>>,
        _: ReluGradient,
        _: &mut dyn FnMut(&[f32]),
    ) {
        panic!("a pass back to the pixels")
    }
}

/// A network of pixels without layers: a function and its gradient.
pub(crate) struct Pixels {
    /// Width and height of the frame.
    pub(crate) size: [usize; 2],
    pub(crate) frame: Vec<f32>,
    pub(crate) score: fn(&[f32]) -> f32,
    pub(crate) gradient: fn(&[f32]) -> Vec<f32>,
}

impl Asked for Pixels {
    fn features(&self) -> &FeatureMap {
        panic!("a layer")
    }

    fn gradient(&self) -> &FeatureMap {
        panic!("a backward pass to a layer")
    }

    fn score(&self) -> f32 {
        (self.score)(&self.frame)
    }

    fn frame_size(&self) -> [usize; 2] {
        self.size
    }

    fn frame(&self) -> &[f32] {
        &self.frame
    }

    fn scores(&self, frames: &mut dyn Iterator<Item = Vec<f32>>) -> Vec<f32> {
        frames.map(|frame| (self.score)(&frame)).collect()
    }

    fn scores_without_each_channel(&self) -> Vec<f32> {
        panic!("a pass through the head")
    }

    fn pixel_gradients(
        &self,
        frames: &mut dyn Iterator<Item = Vec<f32>>,
        _: ReluGradient,
        take: &mut dyn FnMut(&[f32]),
    ) {
        frames.for_each(|frame| take(&(self.gradient)(&frame)));
    }
}

/// The layer of the one, the pixels of the other.
pub(crate) struct Both(pub(crate) Given, pub(crate) Pixels);

impl Asked for Both {
    fn features(&self) -> &FeatureMap {
        self.0.features()
    }

    fn gradient(&self) -> &FeatureMap {
        self.0.gradient()
    }

    fn score(&self) -> f32 {
        self.1.score()
    }

    fn frame_size(&self) -> [usize; 2] {
        self.1.frame_size()
    }

    fn frame(&self) -> &[f32] {
        self.1.frame()
    }

    fn scores(&self, frames: &mut dyn Iterator<Item = Vec<f32>>) -> Vec<f32> {
        self.1.scores(frames)
    }

    fn scores_without_each_channel(&self) -> Vec<f32> {
        self.0.scores_without_each_channel()
    }

    fn pixel_gradients(
        &self,
        frames: &mut dyn Iterator<Item = Vec<f32>>,
        relu: ReluGradient,
        take: &mut dyn FnMut(&[f32]),
    ) {
        self.1.pixel_gradients(frames, relu, take);
    }
}
