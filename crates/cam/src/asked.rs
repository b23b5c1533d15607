use crate::feature_map::FeatureMap;

/// A network's answers about one picture and one [`Target`](crate::Target): what a method makes its map of.
///
/// Every answer but the feature map is worked out when it is first asked for, so that a method costs what it asks.
pub trait Asked {
    /// The feature map A, `[C, h, w]`: the output of the layer that is asked about.
    fn features(&self) -> &FeatureMap;

    /// The gradient G = ∂S/∂A of the target, of A's shape: one backward pass through what lies behind the layer.
    fn gradient(&self) -> &FeatureMap;

    /// The target S for the picture as it is.
    fn score(&self) -> f32;

    /// Width and height of the frame that the network was shown, in pixels.
    fn frame_size(&self) -> [usize; 2];

    /// What the network was shown: planes red, green, blue, rows from the top. Normalised, so that 0 is the mean colour of the
    /// training pictures.
    fn frame(&self) -> &[f32];

    /// The target for each of `frames`, altered forms of [`Asked::frame`]: a forward pass each. They are taken a batch at a
    /// time and not kept, so that there may be many.
    fn scores(&self, frames: &mut dyn Iterator<Item = Vec<f32>>) -> Vec<f32>;

    /// The target for [`Asked::features`] with one channel 0 everywhere, for each of its channels: a forward pass through what
    /// lies behind the layer for each that is not 0 already.
    fn scores_without_each_channel(&self) -> Vec<f32>;

    /// The gradient ∂S/∂x of the target for each of `frames`, altered forms of [`Asked::frame`], with respect to their values, in
    /// their order: a pass forth and back through the whole network for each. `take` is given one after the other; none is kept.
    fn pixel_gradients(
        &self,
        frames: &mut dyn Iterator<Item = Vec<f32>>,
        relu: ReluGradient,
        take: &mut dyn FnMut(&[f32]),
    );
}

/// What comes back through the ReLUs on the way to the pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReluGradient {
    /// Their gradient.
    Own,
    /// Only what is positive of it, which makes it guided backpropagation's, no gradient of anything.
    Guided,
}
