//! A saved network that is asked questions.

use crate::random::{Purpose, generator};
use burn::tensor::{Device, Int, Tensor, TensorData};
use cam::{FeatureMap, ReluGradient, ShapeError, Target};
use checkpoint::{Checkpoint, CheckpointError, Manifest};
use kernels::average_pool;
use network::{
    InferenceNetwork, InferenceOptions, is_of_head,
    weights::{NamedTensor, StateDict, TensorValues},
};
use pictures::loader::Normalisation;
use rand::seq::SliceRandom;

/// Pixels that go through the network at once: eight pictures of 224 × 224.
const BATCH_PIXELS: usize = 8 * 224 * 224;
const LARGEST_BATCH: usize = 32;
/// Values that go through what lies behind a stage at once: 16 MiB.
const LARGEST_OUTPUT: usize = 1 << 22;
/// Questions that go back through later stages at once: of each the outputs of all their layers are kept, some 100 MB for a
/// ResNet-50 at 224 pixels. The head alone keeps hardly anything.
const BACK_AT_ONCE: usize = 16;

/// A network from a checkpoint, as it predicts.
#[derive(Debug)]
pub struct SavedNetwork {
    /// The checkpoint's description of itself.
    pub manifest: Manifest,
    network: InferenceNetwork,
    device: Device,
}

/// A network's answer to some pictures, of which one of its stages is asked about.
#[derive(Debug)]
pub struct Answer<'a> {
    network: &'a InferenceNetwork,
    /// Position of the stage.
    stage: usize,
    /// Its output, `[N, C, h, w]`.
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

/// A question for the gradient of a target for one picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// Position of the picture in its batch.
    pub picture: usize,
    /// The target.
    pub target: Target,
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
        options: InferenceOptions,
    ) -> Result<Self, CheckpointError> {
        Self::build(checkpoint, checkpoint.weights()?, device, options)
    }

    /// The same with the weights of each linear layer of the head in random order: what depended on what the head had
    /// learned must change.
    pub fn load_with_shuffled_head(
        checkpoint: &Checkpoint,
        seed: u64,
        device: &Device,
        options: InferenceOptions,
    ) -> Result<Self, CheckpointError> {
        let mut random = generator(seed, Purpose::HeadWeights);
        let shuffled = |(name, mut tensor): (String, NamedTensor)| {
            let is_linear_of_head = is_of_head(&name) && tensor.shape.len() == 2;
            if let (true, TensorValues::F32(values)) = (is_linear_of_head, &mut tensor.values) {
                values.shuffle(&mut random);
            }
            (name, tensor)
        };
        let state = checkpoint.weights()?.into_iter().map(shuffled).collect();
        Self::build(checkpoint, state, device, options)
    }

    /// The same with the layers of `stages` as before any training: weights drawn by `seed`, batch norms that change nothing.
    /// See [`Self::parts`].
    pub fn load_with_random(
        checkpoint: &Checkpoint,
        stages: &[&str],
        seed: u64,
        device: &Device,
        options: InferenceOptions,
    ) -> Result<Self, CheckpointError> {
        let Manifest {
            network, kernels, ..
        } = &checkpoint.manifest;
        let fresh = network.init(*kernels, seed, device);
        let state = fresh.state();
        let mut mixed = checkpoint.weights()?;
        for parameter in fresh.parameters() {
            let is_random = stages.contains(&parameter.stage);
            if let (true, Some(tensor)) = (is_random, state.get(&parameter.name)) {
                mixed.insert(parameter.name, tensor.clone());
            }
        }
        Self::build(checkpoint, mixed, device, options)
    }

    /// Names of the parts that [`Self::load_with_random`] knows, from the head down.
    pub fn parts(&self) -> Vec<&'static str> {
        let blank = self
            .manifest
            .network
            .blank(self.manifest.kernels, &self.device);
        let mut parts: Vec<&'static str> = Vec::new();
        for parameter in blank.parameters() {
            if !parts.contains(&parameter.stage) {
                parts.push(parameter.stage);
            }
        }
        parts.reverse();
        parts
    }

    fn build(
        checkpoint: &Checkpoint,
        state: StateDict,
        device: &Device,
        options: InferenceOptions,
    ) -> Result<Self, CheckpointError> {
        let manifest = checkpoint.manifest.clone();
        let network = manifest.network.load(state, manifest.kernels, device)?;
        let network = network.into_inference(options);
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
    pub fn look(&self, frames: Vec<f32>, size: [usize; 2]) -> Answer<'_> {
        Answer::new(&self.network, self.tensor(frames, size))
    }

    /// The same answer with the outputs of `stages`, positions in [`Self::stages`] from the first to the last.
    pub fn look_at(&self, stages: &[usize], frames: Vec<f32>, size: [usize; 2]) -> Vec<Answer<'_>> {
        Answer::of_stages(&self.network, stages, self.tensor(frames, size))
    }

    /// [`pixel_gradients`] of `target` for normalised frames of this width and height.
    pub fn pixel_gradients(
        &self,
        frames: Vec<f32>,
        size: [usize; 2],
        target: Target,
        relu: ReluGradient,
    ) -> Vec<Vec<f32>> {
        pixel_gradients(&self.network, self.tensor(frames, size), target, relu)
    }

    /// Names of the stages whose output can be asked for, the last of which makes the feature map.
    pub fn stages(&self) -> Vec<&'static str> {
        self.network.body.stages().collect()
    }

    fn tensor(&self, frames: Vec<f32>, [width, height]: [usize; 2]) -> Tensor<4> {
        let count = frames.len() / (3 * width * height);
        let data = TensorData::new(frames, [count, 3, height, width]);
        Tensor::from_data(data, &self.device)
    }
}

impl<'a> Answer<'a> {
    /// The answer to normalised pictures `[N, 3, H, W]` on a plain device: one forward pass.
    pub fn new(network: &'a InferenceNetwork, pictures: Tensor<4>) -> Self {
        let features = network.body.forward(pictures);
        let logits = rows(&network.head.forward(features.clone()));
        Self {
            network,
            stage: network.body.stages().len() - 1,
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

    /// The same answer, once for each of `stages`, positions in the body's from the first to the last: one forward pass, on
    /// the way of which their outputs are kept.
    pub fn of_stages(
        network: &'a InferenceNetwork,
        stages: &[usize],
        pictures: Tensor<4>,
    ) -> Vec<Self> {
        let Some(first) = stages.first() else {
            return vec![Self::new(network, pictures)];
        };
        let mut outputs = vec![network.body.forward_to(*first, pictures)];
        for pair in stages.windows(2) {
            let output = outputs[outputs.len() - 1].clone();
            outputs.push(network.body.between(pair[0], pair[1], output));
        }
        let (last, output) = (stages[stages.len() - 1], outputs[outputs.len() - 1].clone());
        let logits = rows(&network.forward_behind(last, output));
        let answers = stages.iter().zip(outputs);
        let answer = |(stage, features): (&usize, _)| Self {
            network,
            stage: *stage,
            features,
            logits: logits.clone(),
        };
        answers.map(answer).collect()
    }

    /// The stage's output for each picture.
    ///
    /// # Errors
    /// An output without positions.
    pub fn features(&self) -> Result<Vec<FeatureMap>, ShapeError> {
        feature_maps(&self.features)
    }

    /// The mean of each channel of the stage's output over its positions, for each picture: what the picture looks like to
    /// the network, in `C` numbers.
    pub fn pooled(&self) -> Vec<Vec<f32>> {
        rows(&average_pool(self.features.clone()))
    }

    /// The logits of a picture when one channel of the stage's output is 0 everywhere, for each of its channels: a forward pass
    /// through what lies behind the stage for each that is not 0 already; behind the last stage one through what lies behind
    /// the pools, which know channels one by one.
    pub fn logits_without_each_channel(&self, picture: usize) -> Vec<Vec<f32>> {
        let output = self.features.clone().narrow(0, picture, 1);
        let [_, channels, height, width] = output.dims();
        let values = numbers(&output);
        let is_active = |k: &usize| {
            let positions = height * width;
            let channel = &values[k * positions..][..positions];
            channel.iter().any(|value| *value != 0.0)
        };
        let active: Vec<usize> = (0..channels).filter(is_active).collect();
        let mut logits = vec![self.logits[picture].clone(); channels];
        let network = self.network;
        let found = if self.is_last() {
            let pooled = numbers(&network.head.pool(output));
            self.without(&active, &pooled, [channels, 1], |rows| {
                network.head.forward_pooled(rows)
            })
        } else {
            self.without(&active, &values, [channels, height * width], |rows| {
                let count = rows.dims()[0];
                let outputs = rows.reshape([count, channels, height, width]);
                network.forward_behind(self.stage, outputs)
            })
        };
        for (k, found) in active.into_iter().zip(found) {
            logits[k] = found;
        }
        logits
    }

    /// What `forward` says of `values`, `[parts, channels, positions]` as a row, when each of the channels `which` is 0 in all
    /// parts.
    fn without(
        &self,
        which: &[usize],
        values: &[f32],
        [channels, positions]: [usize; 2],
        forward: impl Fn(Tensor<2>) -> Tensor<2>,
    ) -> Vec<Vec<f32>> {
        let without = |k: &usize| {
            let mut row = values.to_vec();
            for part in row.chunks_exact_mut(channels * positions) {
                part[k * positions..][..positions].fill(0.0);
            }
            row
        };
        let at_once = (LARGEST_OUTPUT / values.len()).max(1);
        let answered = which.chunks(at_once).flat_map(|which| {
            let batch: Vec<f32> = which.iter().flat_map(without).collect();
            let data = TensorData::new(batch, [which.len(), values.len()]);
            rows(&forward(Tensor::from_data(data, &self.features.device())))
        });
        answered.collect()
    }

    /// Whether the stage is the one that the head reads.
    fn is_last(&self) -> bool {
        self.stage + 1 == self.network.body.stages().len()
    }

    /// The gradient of each target asked for with respect to its picture's output of the stage: a backward pass through what
    /// lies behind it for all of them together, or for 16 at a time where that is more than the head.
    ///
    /// A picture that is asked about twice is two rows of the batch. No row influences another, so that the sum of all these
    /// targets has all these gradients. A target's slope along the logits is known, and the graph begins at them.
    ///
    /// # Errors
    /// A feature map without positions.
    pub fn gradients(&self, questions: &[Question]) -> Result<Vec<FeatureMap>, ShapeError> {
        let at_once = if self.is_last() {
            questions.len().max(1)
        } else {
            BACK_AT_ONCE
        };
        let mut gradients = Vec::new();
        for questions in questions.chunks(at_once) {
            gradients.extend(self.gradients_together(questions)?);
        }
        Ok(gradients)
    }

    /// One backward pass for at least one question.
    fn gradients_together(&self, questions: &[Question]) -> Result<Vec<FeatureMap>, ShapeError> {
        let device = self.features.device();
        let count = questions.len();
        let pictures = questions.iter().map(|question| question.picture as i64);
        let pictures = TensorData::new(pictures.collect::<Vec<_>>(), [count]);
        let pictures = Tensor::<1, Int>::from_data(pictures, &device);
        let features = Tensor::from_inner(self.features.clone().select(0, pictures)).require_grad();
        let slopes = questions.iter().flat_map(|question| {
            let slope = question.target.slope(&self.logits[question.picture]);
            slope.into_iter().map(|slope| slope as f32)
        });
        let logits = self.network.forward_behind(self.stage, features.clone());
        feature_maps(&gradient_of(&features, logits, slopes.collect()))
    }
}

/// The gradient of `target` for each of some normalised pictures `[N, 3, H, W]` on a plain device with respect to their values: one
/// pass forth and back for all of them. The network keeps what gradients need ([`InferenceOptions::gradients`]).
pub fn pixel_gradients(
    network: &InferenceNetwork,
    pictures: Tensor<4>,
    target: Target,
    relu: ReluGradient,
) -> Vec<Vec<f32>> {
    let pictures = Tensor::from_inner(pictures).require_grad();
    let logits = match relu {
        ReluGradient::Own => network.forward(pictures.clone()),
        ReluGradient::Guided => network.guided().forward(pictures.clone()),
    };
    let slopes = rows(&logits.clone().inner())
        .into_iter()
        .flat_map(|logits| target.slope(&logits));
    let slopes: Vec<f32> = slopes.map(|slope| slope as f32).collect();
    let gradient = gradient_of(&pictures, logits, slopes);
    let [_, channels, height, width] = gradient.dims();
    let values = numbers(&gradient);
    let pictures = values.chunks_exact(channels * height * width);
    pictures.map(<[f32]>::to_vec).collect()
}

/// The gradient of `Σ slope · logit` with respect to `x`, on which the logits depend.
fn gradient_of(x: &Tensor<4>, logits: Tensor<2>, slopes: Vec<f32>) -> Tensor<4> {
    let slopes = TensorData::new(slopes, logits.dims());
    let slopes = Tensor::<2>::from_data(slopes, &x.device());
    let gradients = (logits * slopes).sum().backward();
    // None is left where the logits do not depend on it: a gradient of zeros.
    x.grad(&gradients)
        .unwrap_or_else(|| x.clone().inner().zeros_like())
}

/// The rows of a batch one by one.
fn rows(batch: &Tensor<2>) -> Vec<Vec<f32>> {
    let [_, length] = batch.dims();
    let values = numbers(batch);
    values.chunks_exact(length).map(<[f32]>::to_vec).collect()
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

    #[test]
    fn without_a_channel_the_logits_are_those_behind_an_output_in_which_it_is_zero() {
        let network = untrained();
        let last = network.stages().len() - 1;
        let frames = (0..2 * 3 * 64 * 64).map(|index| (index % 89) as f32 / 40.0 - 1.0);
        for answer in network.look_at(&[last - 1, last], frames.collect(), [64, 64]) {
            let found = answer.logits_without_each_channel(1);
            let [_, channels, height, width] = answer.features.dims();
            assert_eq!(found.len(), channels);
            for k in [0, 5, channels - 1] {
                let mut output = numbers(&answer.features.clone().narrow(0, 1, 1));
                output[k * height * width..][..height * width].fill(0.0);
                let data = TensorData::new(output, [1, channels, height, width]);
                let output = Tensor::from_data(data, &network.device);
                let expected = rows(&network.network.forward_behind(answer.stage, output));
                assert_eq!(found[k], expected[0], "channel {k}");
            }
        }
    }

    #[test]
    fn many_questions_about_an_early_layer_have_the_gradients_of_each_alone() {
        let network = untrained();
        let frames = (0..2 * 3 * 32 * 32).map(|index| (index % 89) as f32 / 40.0 - 1.0);
        let answer = network.look_at(&[1], frames.collect(), [32, 32]).remove(0);
        let question = |number: usize| Question {
            picture: number % 2,
            target: Target::logit(number / 2 % 2),
        };
        let questions: Vec<Question> = (0..BACK_AT_ONCE + 3).map(question).collect();
        let all = answer.gradients(&questions).unwrap();
        assert_eq!(all.len(), questions.len());
        for (question, found) in questions.iter().zip(&all) {
            let alone = answer.gradients(&[*question]).unwrap().remove(0);
            let values = |map: &FeatureMap| map.channels().flatten().copied().collect::<Vec<f32>>();
            let (alone, found) = (values(&alone), values(found));
            let largest = alone
                .iter()
                .fold(0.0f32, |most, value| most.max(value.abs()));
            assert!(largest > 0.0);
            for (alone, found) in alone.iter().zip(&found) {
                assert!(
                    (alone - found).abs() <= 1e-4 * largest,
                    "{found} instead of {alone}"
                );
            }
        }
    }

    /// A network of two classes that has learned nothing.
    pub(crate) fn untrained() -> SavedNetwork {
        untrained_of(Architecture::ResNet18, |state| state)
    }

    /// The same with another body, each kernel of which is its own mirror image: such a network sees a mirrored picture mirrored.
    pub(crate) fn symmetrical(architecture: Architecture) -> SavedNetwork {
        untrained_of(architecture, |state| {
            let mut mean = state.clone();
            for (name, tensor) in state.iter().filter(|(_, tensor)| tensor.shape.len() == 4) {
                let values = tensor.as_floats().unwrap();
                let rows = values.chunks_exact(tensor.shape[3]);
                let mirrored = rows.flat_map(|row| row.iter().rev());
                let pairs = values.iter().zip(mirrored);
                let values = pairs.map(|(value, other)| (value + other) / 2.0).collect();
                mean.insert(name, NamedTensor::floats(tensor.shape.clone(), values));
            }
            mean
        })
    }

    fn untrained_of(
        architecture: Architecture,
        changed: fn(StateDict) -> StateDict,
    ) -> SavedNetwork {
        let spec = NetworkSpec {
            base_width: 4,
            ..NetworkSpec::new(architecture, 2)
        };
        let options = InferenceOptions {
            gradients: true,
            ..InferenceOptions::default()
        };
        let device = Device::flex();
        let network = spec.init(Algorithm::Fast, 1, &device);
        let state = changed(network.state());
        SavedNetwork {
            network: network.with_state(state).for_inference_with(options),
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
                precision: Default::default(),
                config: "test".to_owned(),
                iterations: 0,
                error_rate: None,
                answering_weights: None,
                best: false,
                processes: Vec::new(),
                files: Default::default(),
            },
        }
    }
}
