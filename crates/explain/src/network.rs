//! A saved network that is asked questions.

use crate::random::{Purpose, generator};
use burn::tensor::{Device, Int, Tensor, TensorData};
use cam::{FeatureMap, ShapeError};
use checkpoint::{Checkpoint, CheckpointError, Manifest};
use kernels::average_pool;
use network::{
    InferenceHead, InferenceNetwork, Precision, is_of_head,
    weights::{NamedTensor, StateDict},
};
use pictures::loader::Normalisation;
use rand::seq::SliceRandom;

/// Pixels that go through the network at once: eight pictures of 224 × 224.
const BATCH_PIXELS: usize = 8 * 224 * 224;
const LARGEST_BATCH: usize = 32;

/// A network from a checkpoint, as it predicts.
#[derive(Debug)]
pub struct SavedNetwork {
    /// The checkpoint's description of itself.
    pub manifest: Manifest,
    network: InferenceNetwork,
    device: Device,
}

/// A network's answer to some pictures.
#[derive(Debug)]
pub struct Answer<'a> {
    head: &'a InferenceHead,
    /// `[N, C, h, w]`.
    features: Tensor<4>,
    /// Logits of each picture, in the order of the classes.
    pub logits: Vec<Vec<f32>>,
}

/// A network gave a NaN or an infinity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the network's answer for {picture} is not a number: its weights have diverged; take an earlier checkpoint or train \
     with a smaller learning rate"
)]
pub struct NotANumber {
    /// Name of the picture.
    pub picture: String,
}

/// A question for the gradient of one logit of one picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// Position of the picture in its batch.
    pub picture: usize,
    /// Index of the class.
    pub class: usize,
}

/// The number of pictures of `size` go through the network at once.
pub fn batch_size(size: usize) -> usize {
    batch_of([size; 2])
}

/// The number of frames of this width and height go through the network at once.
pub fn batch_of([width, height]: [usize; 2]) -> usize {
    (BATCH_PIXELS / (width * height)).clamp(1, LARGEST_BATCH)
}

impl SavedNetwork {
    /// The network of `checkpoint`, on `device`.
    pub fn load(
        checkpoint: &Checkpoint,
        device: &Device,
        precision: Precision,
    ) -> Result<Self, CheckpointError> {
        Self::build(checkpoint, checkpoint.weights()?, device, precision)
    }

    /// The same with the weights of each linear layer of the head in random order: what depended on what the head had
    /// learned must change.
    pub fn load_with_shuffled_head(
        checkpoint: &Checkpoint,
        seed: u64,
        device: &Device,
        precision: Precision,
    ) -> Result<Self, CheckpointError> {
        let state = checkpoint.weights()?;
        let mut random = generator(seed, Purpose::HeadWeights);
        let mut shuffled = state.clone();
        for (name, tensor) in state.iter() {
            let is_linear_of_head = is_of_head(name) && tensor.shape.len() == 2;
            if let (true, Some(values)) = (is_linear_of_head, tensor.as_floats()) {
                let mut values = values.to_vec();
                values.shuffle(&mut random);
                shuffled.insert(name, NamedTensor::floats(tensor.shape.clone(), values));
            }
        }
        Self::build(checkpoint, shuffled, device, precision)
    }

    fn build(
        checkpoint: &Checkpoint,
        state: StateDict,
        device: &Device,
        precision: Precision,
    ) -> Result<Self, CheckpointError> {
        let manifest = checkpoint.manifest.clone();
        let blank = manifest.network.blank(manifest.kernels, device);
        state.check(&blank.shapes(), |_| false)?;
        let network = blank.with_state(state).for_inference_in(precision);
        Ok(Self {
            manifest,
            network,
            device: device.clone(),
        })
    }

    /// The normalisation that it was trained with.
    pub fn normalisation(&self) -> Normalisation {
        self.manifest.normalisation
    }

    /// The answer to normalised frames of this width and height, `[N, 3, height, width]`, planes red, green, blue.
    pub fn look(&self, frames: Vec<f32>, [width, height]: [usize; 2]) -> Answer<'_> {
        let count = frames.len() / (3 * width * height);
        let data = TensorData::new(frames, [count, 3, height, width]);
        Answer::new(&self.network, Tensor::from_data(data, &self.device))
    }
}

impl<'a> Answer<'a> {
    /// The answer to normalised pictures `[N, 3, H, W]` on a plain device: one forward pass.
    pub fn new(network: &'a InferenceNetwork, pictures: Tensor<4>) -> Self {
        let features = network.body.forward(pictures);
        let logits = network.head.forward(features.clone());
        let classes = logits.dims()[1];
        let logits = numbers(&logits)
            .chunks_exact(classes)
            .map(<[f32]>::to_vec)
            .collect();
        Self {
            head: &network.head,
            features,
            logits,
        }
    }

    /// Checks that every logit is a number; `names` are those of the pictures.
    ///
    /// # Errors
    /// The first picture of which one is not.
    pub fn check<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Result<(), NotANumber> {
        let is_number = |logits: &Vec<f32>| logits.iter().all(|logit| logit.is_finite());
        let mut answered = names.into_iter().zip(&self.logits);
        match answered.find(|(_, logits)| !is_number(logits)) {
            None => Ok(()),
            Some((name, _)) => Err(NotANumber {
                picture: name.to_owned(),
            }),
        }
    }

    /// The body's output for each picture.
    ///
    /// # Errors
    /// An output without positions.
    pub fn features(&self) -> Result<Vec<FeatureMap>, ShapeError> {
        feature_maps(&self.features)
    }

    /// The mean of each channel of the body's output over its positions, for each picture: what the picture looks like to
    /// the network, in `C` numbers.
    pub fn pooled(&self) -> Vec<Vec<f32>> {
        let [_, channels, _, _] = self.features.dims();
        numbers(&average_pool(self.features.clone()))
            .chunks_exact(channels)
            .map(<[f32]>::to_vec)
            .collect()
    }

    /// The gradient of each logit asked for with respect to its picture's feature map, by one backward pass through the head.
    ///
    /// A picture that is asked about twice is two rows of the head's batch. No row influences another, so that the sum of
    /// all these logits has all these gradients.
    ///
    /// # Errors
    /// A feature map without positions.
    pub fn gradients(&self, questions: &[Question]) -> Result<Vec<FeatureMap>, ShapeError> {
        if questions.is_empty() {
            return Ok(Vec::new());
        }
        let device = self.features.device();
        let indices = |of: fn(&Question) -> usize| -> Vec<i64> {
            questions
                .iter()
                .map(|question| of(question) as i64)
                .collect()
        };
        let count = questions.len();
        let pictures = TensorData::new(indices(|question| question.picture), [count]);
        let pictures = Tensor::<1, Int>::from_data(pictures, &device);
        let features = Tensor::from_inner(self.features.clone().select(0, pictures)).require_grad();
        let classes = TensorData::new(indices(|question| question.class), [count, 1]);
        let classes = Tensor::<2, Int>::from_data(classes, &features.device());
        let logits = self.head.forward(features.clone());
        let gradients = logits.gather(1, classes).sum().backward();
        // None is left where the logits do not depend on the features: a gradient of zeros.
        let gradient = features
            .grad(&gradients)
            .unwrap_or_else(|| features.clone().inner().zeros_like());
        feature_maps(&gradient)
    }
}

/// The pictures of a batch one by one.
fn feature_maps(batch: &Tensor<4>) -> Result<Vec<FeatureMap>, ShapeError> {
    let [count, channels, height, width] = batch.dims();
    let values = numbers(batch);
    let length = channels * height * width;
    (0..count)
        .map(|picture| &values[picture * length..][..length])
        .map(|values| FeatureMap::new(channels, height, width, values.to_vec()))
        .collect()
}

fn numbers<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    tensor.to_data().iter::<f32>().collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use network::{Algorithm, Architecture, NetworkSpec};
    use pictures::{decode::Orientation, transform::Padding};

    /// A network of two classes that has learned nothing.
    pub(crate) fn untrained() -> SavedNetwork {
        let spec = NetworkSpec {
            base_width: 4,
            ..NetworkSpec::new(Architecture::ResNet18, 2)
        };
        let device = Device::flex();
        SavedNetwork {
            network: spec.blank(Algorithm::Fast, &device).for_inference(),
            device,
            manifest: Manifest {
                format: Manifest::FORMAT,
                network: spec,
                classes: vec!["beagle".to_owned(), "pug".to_owned()],
                normalisation: Normalisation {
                    mean: [0.5; 3],
                    std: [0.25; 3],
                },
                size: 64,
                padding: Padding::default(),
                orientation: Orientation::default(),
                kernels: Algorithm::Fast,
                config: "test".to_owned(),
                iterations: 0,
                error_rate: None,
                answering_weights: None,
                best: false,
                files: Default::default(),
            },
        }
    }
}
