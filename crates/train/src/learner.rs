//! One network with its optimizer: a training step, a validation.

use crate::{
    accumulation::Accumulated,
    batch::{BatchPart, LabelledBatch, Targets},
    clipping::clipped,
    company::Company,
    config::{BatchNormKind, Precision},
    loss_scale::LossScale,
    optimizer::Adam,
    readback::Readback,
    schedule::Rates,
};
use burn::{
    module::Module,
    tensor::{Device, Int, Tensor, TensorData},
};
use bytemuck::{Pod, Zeroable};
use kernels::{DeviceFailed, cross_entropy, cross_entropy_mixed, cross_entropy_of_factors, is_cpu};
use network::{InferenceNetwork, NamedGradients, Network, Place, Trainable, weights::StateDict};
use processes::{Lost, Processes};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A network in training.
#[derive(Debug)]
pub struct Learner {
    /// Always there between calls; a step takes it out so that parameters change in place.
    network: Option<Network>,
    optimizer: Adam,
    device: Device,
    precision: Precision,
    loss_scale: Option<LossScale>,
    /// True if the last step was none because its gradients are not finite however small the loss is made.
    has_overflowed: bool,
    trainable: Trainable,
    /// The other processes, if there are any.
    company: Option<Company>,
    /// Buckets of gradients that went to the other processes before the last backward pass was over, and all that could.
    overlap: (usize, usize),
}

/// Means over the validation pictures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Validation {
    /// Cross entropy.
    pub loss: f64,
    /// Share of pictures whose most probable class is not theirs.
    pub error_rate: f64,
}

impl Learner {
    /// Learner of `network` (on the plain `device`), of which `optimizer` trains the part `trainable`.
    pub fn new(network: Network, trainable: Trainable, optimizer: Adam, device: &Device) -> Self {
        Self {
            network: Some(network.with_trainable(trainable).train()),
            optimizer,
            device: device.clone(),
            precision: Precision::F32,
            loss_scale: None,
            has_overflowed: false,
            trainable,
            company: None,
            overlap: (0, 0),
        }
    }

    /// The same learner with its body in `precision`, for which the device must have numbers.
    pub fn with_precision(self, precision: Precision) -> Self {
        let of_convolutions = precision.of_convolutions(&self.device);
        Self {
            network: self
                .network
                .map(|network| network.with_precision(of_convolutions)),
            precision,
            loss_scale: (precision == Precision::F16).then(LossScale::default),
            ..self
        }
    }

    /// Continues a scaling of the loss, if this learner has one.
    pub fn resume_loss_scale(&mut self, before: Option<LossScale>) {
        if let (Some(scale), Some(before)) = (&mut self.loss_scale, before) {
            *scale = before;
        }
    }

    /// The scaling of the loss after the last step, in f16.
    pub fn loss_scale(&self) -> Option<LossScale> {
        self.loss_scale
    }

    /// True if the last step was none because its gradients are not finite however small the loss is made.
    pub fn has_overflowed(&self) -> bool {
        self.has_overflowed
    }

    /// The same learner as one of `processes` that take each step together, with batch norms of that `kind`.
    pub fn among(mut self, processes: &Processes, kind: BatchNormKind) -> Self {
        self.company = Company::of(processes, kind, self.network(), self.trainable);
        self
    }

    /// True if no other process takes part in its steps.
    pub fn is_alone(&self) -> bool {
        self.company.is_none()
    }

    /// Buckets of gradients that were on their way to the other processes before the backward pass of the last step was over,
    /// and all buckets that could be: those of convolutions.
    pub fn overlap(&self) -> (usize, usize) {
        self.overlap
    }

    /// The optimizer as it is.
    pub fn optimizer(&self) -> &Adam {
        &self.optimizer
    }

    /// The network as it is, still in training.
    pub fn network(&self) -> &Network {
        self.network.as_ref().expect("there between calls")
    }

    /// The plain device.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The network on the plain device.
    pub fn into_network(self) -> Network {
        self.network().valid()
    }

    /// Loss of `batch` as the next step would find it, but for dropout's masks. Nothing changes.
    ///
    /// # Errors
    /// The device failed.
    pub fn loss(&self, batch: LabelledBatch) -> Result<f32, DeviceFailed> {
        let (pictures, targets) = self.upload(batch, &self.device);
        let mut network = self.network().valid();
        let logits = network.forward_train(pictures, &mut ChaCha8Rng::seed_from_u64(0));
        let mut losses = self.readback();
        losses.send(loss(logits, &targets, &self.device), ());
        let (_, loss) = losses.wait_for_next().expect("one was sent");
        Ok(loss?[0])
    }

    /// One step: forward in training mode with dropout from `rng`, backward, one update. Returns the loss before the
    /// update, `[1]`, for a [`Readback`].
    ///
    /// On the CPU a loss that is not finite changes no parameter. A GPU is not waited for, but in f16: it may have taken the
    /// step by the time that such a loss is read.
    pub fn step(&mut self, batch: LabelledBatch, rates: &Rates, rng: &mut impl Rng) -> Tensor<1> {
        if self.optimizer.clip_norm().is_some() || self.loss_scale.is_some() {
            return self.step_over(vec![batch], rates, rng);
        }
        let device = self.device.clone().autodiff();
        let (pictures, targets) = self.upload(batch, &device);
        let mut network = self.network.take().expect("there between calls");
        let loss = loss(network.forward_train(pictures, rng), &targets, &device);
        let value = loss.clone().inner();
        if !is_cpu(&self.device) || value.clone().into_scalar::<f32>().is_finite() {
            let mut gradients = loss.backward();
            self.optimizer.begin_step(rates.clone());
            network = network.update(&mut gradients, &mut self.optimizer);
        }
        self.network = Some(network);
        value
    }

    /// One step as [`Self::step`] takes it, over the pictures of all `batches`, of which one or more have pictures: see
    /// `accumulation`. The gradients are clipped if the optimizer asks for it.
    pub fn step_over(
        &mut self,
        batches: Vec<LabelledBatch>,
        rates: &Rates,
        rng: &mut impl Rng,
    ) -> Tensor<1> {
        let device = self.device.clone().autodiff();
        let pictures: usize = batches.iter().map(LabelledBatch::len).sum();
        let mut network = self.network.take().expect("there between calls");
        let mut accumulated = Accumulated::default();
        for batch in batches {
            let share = batch.len() as f64 / pictures as f64;
            let (tensor, targets) = self.upload(batch, &device);
            let loss = loss(network.forward_train(tensor, rng), &targets, &device);
            let value = loss.clone().inner();
            if is_cpu(&self.device) && !value.clone().into_scalar::<f32>().is_finite() {
                self.network = Some(network);
                return value;
            }
            let loss = match &self.loss_scale {
                Some(scale) => loss * scale.factor,
                None => loss,
            };
            let gradients = network.take_gradients(&mut loss.backward());
            accumulated.add(value, gradients, share);
        }
        let (value, mut gradients) = accumulated.mean().expect("there is a batch");
        if let Some(scale) = &mut self.loss_scale {
            let unscaled = scale.unscaled(gradients);
            self.has_overflowed = unscaled.is_err();
            let Ok(Some(unscaled)) = unscaled else {
                self.network = Some(network);
                return value;
            };
            gradients = unscaled;
        }
        if let Some(limit) = self.optimizer.clip_norm() {
            gradients = clipped(gradients, limit);
        }
        self.optimizer.begin_step(rates.clone());
        self.network = Some(network.update_with(gradients, &mut self.optimizer));
        value
    }

    fn upload(&self, batch: LabelledBatch, device: &Device) -> (Tensor<4>, Targets) {
        let (pictures, targets) = upload(batch, device);
        // The maps of the CPU stay f32.
        match self.precision {
            _ if is_cpu(&self.device) => (pictures, targets),
            Precision::F32 => (pictures, targets),
            half => (pictures.cast(half.float_dtype()), targets),
        }
    }

    /// One step over the pictures of all processes, each of which calls this with its part of the same batches: the mean
    /// gradient over all of them, clipped if the optimizer asks for it. Returns the mean loss; if that is not finite, nothing
    /// has changed.
    ///
    /// # Errors
    /// A process is lost.
    pub fn step_parts(
        &mut self,
        parts: Vec<BatchPart>,
        rates: &Rates,
        rng: &mut impl Rng,
    ) -> Result<f32, Lost> {
        let company = self.company.as_ref().expect("one of several processes");
        let all: usize = parts.iter().map(|part| part.all).sum();
        let listener = company.begin(parts.len(), &self.device);
        let mut network = self.network.take().expect("there between calls");
        let (mut sum, mut accumulated) = (0.0, NamedGradients::new());
        for part in parts {
            let place = Place {
                before: part.before,
                all: part.all,
                synchronised: company.synchronised.as_ref(),
                listener,
            };
            if part.batch.is_empty() {
                if listener.is_some() {
                    company.send_nothing();
                }
                network.follow(rng, &place);
                continue;
            }
            let share = part.share * part.all as f64 / all as f64;
            let device = self.device.clone().autodiff();
            let (pictures, targets) = self.upload(part.batch, &device);
            let logits = network.forward_train_part(pictures, rng, &place);
            // Weighted before the backward pass, where synchronised batch norms add up over all processes.
            let loss = loss(logits, &targets, &device) * share;
            sum += loss.clone().inner().into_scalar::<f32>();
            for (name, gradient) in network.take_gradients(&mut loss.backward()) {
                let gradient = match accumulated.remove(&name) {
                    Some(before) => before + gradient,
                    None => gradient,
                };
                accumulated.insert(name, gradient);
            }
        }
        self.overlap = company.progress();
        let (loss, mut gradients) = match company.sum(sum, accumulated, &self.device) {
            Ok(summed) => summed,
            Err(lost) => {
                self.network = Some(network);
                return Err(lost);
            }
        };
        if loss.is_finite() {
            if let Some(limit) = self.optimizer.clip_norm() {
                gradients = clipped(gradients, limit);
            }
            self.optimizer.begin_step(rates.clone());
            network = network.update_with(gradients, &mut self.optimizer);
        }
        self.network = Some(network);
        Ok(loss)
    }

    /// Takes over the tensors of `state`, such as running statistics.
    pub fn replace(&mut self, state: StateDict) {
        let network = self.network.take().expect("there between calls");
        self.network = Some(network.with_state(state));
    }

    /// Losses on their way from the device of the learner.
    pub fn readback<T>(&self) -> Readback<T> {
        Readback::new(&self.device)
    }

    /// Waits until the device has done all that it was given.
    ///
    /// # Errors
    /// It failed.
    pub fn wait(&self) -> Result<(), DeviceFailed> {
        self.device
            .sync()
            .map_err(|error| DeviceFailed::said(&error))
    }
}

/// Loss and error rate over `batches`, each weighted by its pictures, as fastai prints them; nothing if there is no
/// picture in them.
///
/// # Errors
/// The first error among the batches, or the device failed.
pub fn validate<E: From<DeviceFailed>>(
    network: &InferenceNetwork,
    batches: impl Iterator<Item = Result<LabelledBatch, E>>,
    device: &Device,
) -> Result<Option<Validation>, E> {
    let answered = answer_all(network, batches, device, |_| ())?;
    Ok(Validation::of(&answered))
}

/// What a network answered to a batch of validation pictures.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Answered {
    /// Mean loss.
    pub loss: f64,
    /// Pictures whose most probable class is not theirs.
    pub wrong: u64,
    /// Pictures.
    pub pictures: u64,
}

/// The answers to `batches`, one for each that has pictures, of which `note` hears more, in order.
///
/// # Errors
/// The first error among the batches, or the device failed.
pub fn answer_all<E: From<DeviceFailed>>(
    network: &InferenceNetwork,
    batches: impl Iterator<Item = Result<LabelledBatch, E>>,
    device: &Device,
    mut note: impl FnMut(&Answers<'_>),
) -> Result<Vec<Answered>, E> {
    let mut answered = Vec::new();
    let mut take = |targets: &Targets, answer: &[f32]| {
        let answers = Answers::new(targets, answer);
        answered.push(Answered::new(&answers));
        note(&answers);
    };
    let mut answers = Readback::new(device);
    for batch in batches {
        let batch = batch?;
        // All its pictures were left out.
        if batch.is_empty() {
            continue;
        }
        let (tensor, targets) = upload(batch, device);
        answers.send(answer(network.forward(tensor), &targets, device), targets);
        while let Some((targets, answer)) = answers.next_arrived() {
            take(&targets, &answer?);
        }
    }
    while let Some((targets, answer)) = answers.wait_for_next() {
        take(&targets, &answer?);
    }
    Ok(answered)
}

/// The mean loss of N pictures, then their most probable classes, then their logits, `[1 + N + N·C]`, so that all are read at
/// once.
fn answer(logits: Tensor<2>, targets: &Targets, device: &Device) -> Tensor<1> {
    let classes = logits.clone().argmax(1).float().reshape([targets.len()]);
    let all: Tensor<1> = logits.clone().flatten(0, 1);
    Tensor::cat(vec![loss(logits, targets, device), classes, all], 0)
}

/// What a network says of the N pictures of a batch.
#[derive(Debug)]
pub struct Answers<'a> {
    targets: &'a Targets,
    loss: f32,
    said: &'a [f32],
    /// `[N, C]`, row-major.
    pub logits: &'a [f32],
}

impl<'a> Answers<'a> {
    /// Parts of what [`answer`] put together.
    fn new(targets: &'a Targets, answer: &'a [f32]) -> Self {
        let (said, logits) = answer[1..].split_at(targets.len());
        Self {
            targets,
            loss: answer[0],
            said,
            logits,
        }
    }

    /// The true class of each picture and the one that was said.
    pub fn classes(&self) -> impl Iterator<Item = (usize, usize)> {
        let said = self.said.iter().enumerate();
        said.map(|(index, said)| (self.targets.class(index), *said as usize))
    }
}

impl Answered {
    fn new(answers: &Answers<'_>) -> Self {
        let wrong = answers.classes().filter(|(truth, said)| truth != said);
        Self {
            loss: f64::from(answers.loss),
            wrong: wrong.count() as u64,
            pictures: answers.said.len() as u64,
        }
    }
}

impl Validation {
    /// Means over the pictures of `answered`, in this order; nothing if there is none.
    pub fn of(answered: &[Answered]) -> Option<Self> {
        let (mut loss, mut wrong, mut pictures) = (0.0, 0, 0);
        for batch in answered {
            loss += batch.loss * batch.pictures as f64;
            wrong += batch.wrong;
            pictures += batch.pictures;
        }
        let count = pictures as f64;
        (pictures > 0).then(|| Self {
            loss: loss / count,
            error_rate: wrong as f64 / count,
        })
    }
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
        Targets::Factors { factors, .. } => {
            let factors = TensorData::new(factors.clone(), logits.dims());
            cross_entropy_of_factors(logits, Tensor::from_data(factors, device))
        }
    }
}
