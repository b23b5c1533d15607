//! One network with its optimizer: a training step, a validation.

use crate::{
    batch::{LabelledBatch, Targets},
    optimizer::Adam,
    schedule::Rates,
};
use burn::{
    module::Module,
    tensor::{Device, Int, Tensor, TensorData},
};
use kernels::{cross_entropy, cross_entropy_mixed};
use network::{InferenceNetwork, Network, Trainable};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

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

/// The loss of a step is NaN or infinite.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the loss is {0}")]
pub struct LossNotFinite(pub f32);

impl Learner {
    /// Learner of `network` (on the plain `device`), of which `optimizer` trains the part `trainable`.
    pub fn new(network: Network, trainable: Trainable, optimizer: Adam, device: &Device) -> Self {
        Self {
            network: Some(network.with_trainable(trainable).train()),
            optimizer,
            device: device.clone(),
        }
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

    /// Loss of `batch` as the next step would find it, but for dropout's masks. Nothing changes.
    pub fn loss(&self, batch: LabelledBatch) -> f32 {
        let (pictures, targets) = upload(batch, &self.device);
        let mut network = self.network().valid();
        let logits = network.forward_train(pictures, &mut ChaCha8Rng::seed_from_u64(0));
        loss(logits, &targets, &self.device).into_scalar::<f32>()
    }

    /// One step: forward in training mode with dropout from `rng`, backward, one update. Returns the loss before the
    /// update; a loss that is not finite changes no parameter.
    pub fn step(
        &mut self,
        batch: LabelledBatch,
        rates: &Rates,
        rng: &mut impl Rng,
    ) -> Result<f32, LossNotFinite> {
        let device = self.device.clone().autodiff();
        let (pictures, targets) = upload(batch, &device);
        let mut network = self.network.take().expect("there between calls");
        let loss = loss(network.forward_train(pictures, rng), &targets, &device);
        let value = loss.clone().into_scalar::<f32>();
        if value.is_finite() {
            let mut gradients = loss.backward();
            self.optimizer.begin_step(rates.clone());
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

/// Loss and error rate over `batches`, each weighted by its pictures, as fastai prints them; nothing if there is no
/// picture in them.
///
/// # Errors
/// The first error among the batches.
pub fn validate<E>(
    network: &InferenceNetwork,
    batches: impl Iterator<Item = Result<LabelledBatch, E>>,
    device: &Device,
) -> Result<Option<Validation>, E> {
    let (mut loss_sum, mut wrong, mut count) = (0.0, 0, 0);
    for batch in batches {
        let batch = batch?;
        // All its pictures were left out.
        if batch.is_empty() {
            continue;
        }
        let pictures = batch.len();
        let (tensor, targets) = upload(batch, device);
        let logits = network.forward(tensor);
        let predicted = logits.clone().argmax(1).into_data();
        loss_sum +=
            f64::from(loss(logits, &targets, device).into_scalar::<f32>()) * pictures as f64;
        wrong += predicted
            .iter::<i64>()
            .enumerate()
            .filter(|(index, class)| *class != targets.class(*index) as i64)
            .count();
        count += pictures;
    }
    Ok((count > 0).then(|| Validation {
        loss: loss_sum / count as f64,
        error_rate: wrong as f64 / count as f64,
    }))
}

fn upload(batch: LabelledBatch, device: &Device) -> (Tensor<4>, Targets) {
    let (count, size) = (batch.len(), batch.size);
    let pictures = TensorData::new(batch.pictures, [count, 3, size, size]);
    (Tensor::from_data(pictures, device), batch.targets)
}

/// Mean loss over the pictures of a batch, `[1]`.
fn loss(logits: Tensor<2>, targets: &Targets, device: &Device) -> Tensor<1> {
    let classes = |classes: &[usize]| -> Tensor<1, Int> {
        let classes: Vec<i64> = classes.iter().map(|class| *class as i64).collect();
        let count = classes.len();
        Tensor::from_data(TensorData::new(classes, [count]), device)
    };
    match targets {
        Targets::Classes(all) => cross_entropy(logits, classes(all)),
        Targets::Mixed {
            first,
            second,
            share,
        } => {
            let share = TensorData::new(share.clone(), [share.len()]);
            let share = Tensor::from_data(share, device);
            cross_entropy_mixed(logits, classes(first), classes(second), share)
        }
    }
}
