//! One network with its optimizer: a training step, a validation.

use crate::{
    optimizer::{Adam, OptimizerConfig},
    schedule::Rates,
};
use burn::{
    module::Module,
    tensor::{Device, Int, Tensor, TensorData},
};
use kernels::cross_entropy;
use network::{InferenceNetwork, Network, Trainable};
use rand::Rng;

/// Normalised pictures and the indices of their classes.
#[derive(Debug, Clone)]
pub struct LabelledBatch {
    /// `[N, 3, size, size]`, row-major.
    pub pictures: Vec<f32>,
    /// N.
    pub labels: Vec<usize>,
    /// Side of a picture in pixels.
    pub size: usize,
}

/// A network in training.
#[derive(Debug)]
pub struct Learner {
    /// Always there between calls; a step takes it out so that parameters change in place.
    network: Option<Network>,
    optimizer: Adam,
    device: Device,
}

/// Means over the validation pictures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Validation {
    /// Cross entropy.
    pub loss: f64,
    /// Share of pictures whose most probable class is not theirs.
    pub error_rate: f64,
}

/// The loss of a step is not a number or infinite.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the loss is {0}")]
pub struct LossNotFinite(pub f32);

impl Learner {
    /// `network` (on the plain `device`), of which `trainable` is trained by a new optimizer.
    pub fn new(
        network: Network,
        trainable: Trainable,
        optimizer: OptimizerConfig,
        device: &Device,
    ) -> Self {
        Self {
            network: Some(network.with_trainable(trainable).train()),
            optimizer: Adam::new(optimizer),
            device: device.clone(),
        }
    }

    /// Continues with the optimizer as it was.
    pub fn with_optimizer(self, optimizer: Adam) -> Self {
        Self { optimizer, ..self }
    }

    /// The optimizer as it is.
    pub fn optimizer(&self) -> &Adam {
        &self.optimizer
    }

    /// The network as it is, still in training.
    pub fn network(&self) -> &Network {
        self.network.as_ref().expect("there between calls")
    }

    /// The network on the plain device.
    pub fn into_network(self) -> Network {
        self.network().valid()
    }

    /// One step: forward in training mode with dropout from `rng`, backward, one update. Returns the loss before the
    /// update; a loss that is not finite changes no parameter.
    pub fn step(
        &mut self,
        batch: LabelledBatch,
        rates: Rates,
        rng: &mut impl Rng,
    ) -> Result<f32, LossNotFinite> {
        let device = self.device.clone().autodiff();
        let (pictures, labels) = upload(batch, &device);
        let mut network = self.network.take().expect("there between calls");
        let loss = cross_entropy(network.forward_train(pictures, rng), labels);
        let value = loss.clone().into_scalar::<f32>();
        if value.is_finite() {
            let mut gradients = loss.backward();
            self.optimizer.begin_step(rates);
            network = network.update(&mut gradients, &mut self.optimizer);
        }
        self.network = Some(network);
        if value.is_finite() {
            Ok(value)
        } else {
            Err(LossNotFinite(value))
        }
    }
}

/// Loss and error rate over `batches`, each weighted by its pictures, as fastai prints them.
pub fn validate<E>(
    network: &InferenceNetwork,
    batches: impl Iterator<Item = Result<LabelledBatch, E>>,
    device: &Device,
) -> Result<Validation, E> {
    let (mut loss, mut wrong, mut count) = (0.0, 0, 0);
    for batch in batches {
        let batch = batch?;
        let labels = batch.labels.clone();
        let (pictures, targets) = upload(batch, device);
        let logits = network.forward(pictures);
        let predicted = logits.clone().argmax(1).into_data();
        loss +=
            f64::from(cross_entropy(logits, targets).into_scalar::<f32>()) * labels.len() as f64;
        wrong += predicted
            .iter::<i64>()
            .zip(&labels)
            .filter(|(class, label)| *class != **label as i64)
            .count();
        count += labels.len();
    }
    Ok(Validation {
        loss: loss / count as f64,
        error_rate: wrong as f64 / count as f64,
    })
}

fn upload(batch: LabelledBatch, device: &Device) -> (Tensor<4>, Tensor<1, Int>) {
    let (count, size) = (batch.labels.len(), batch.size);
    let pictures = TensorData::new(batch.pictures, [count, 3, size, size]);
    let labels: Vec<i64> = batch.labels.iter().map(|label| *label as i64).collect();
    (
        Tensor::from_data(pictures, device),
        Tensor::from_data(TensorData::new(labels, [count]), device),
    )
}
