//! Adam with fastai 1.0.30's weight decay, over a network's named parameters.

use crate::schedule::Rates;
use burn::tensor::{Device, Tensor, TensorData};
use kernels::{AdamStep, adam_step};
use network::{
    Kind, Parameter, ParameterUpdate,
    weights::{NamedTensor, StateDict, TensorValues},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What does not change over a stage.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OptimizerConfig {
    /// Share of a parameter, times the learning rate, that goes in each step.
    pub weight_decay: f64,
    /// Decay the parameter itself (fastai's `true_wd`, Loshchilov and Hutter 2019) or add `weight_decay · parameter` to
    /// its gradient.
    pub decoupled_weight_decay: bool,
    /// Decay weight and bias of batch normalisations too (fastai's `bn_wd`).
    pub decay_batch_norm: bool,
    /// beta1 at the ends of the schedule and at its peak.
    pub momentum: [f64; 2],
    /// Coefficient of the average of squared gradients.
    pub beta2: f64,
    /// Added to the root of the uncorrected average of squared gradients, as torch 1.0 did.
    pub epsilon: f64,
    /// The first learning rate is the highest over this.
    pub div_factor: f64,
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self {
            weight_decay: 0.01,
            decoupled_weight_decay: true,
            decay_batch_norm: true,
            momentum: [0.95, 0.85],
            beta2: 0.99,
            epsilon: 1e-8,
            div_factor: 25.0,
        }
    }
}

/// Adam's state over one stage.
///
/// Burn's own Adam fixes beta1 when it is made and keys its state by random parameter ids; the one-cycle schedule moves
/// beta1 in every iteration, and a checkpoint keys by name.
#[derive(Debug, Clone)]
pub struct Adam {
    config: OptimizerConfig,
    rates: Rates,
    steps: u32,
    /// Averages of gradients and of squared gradients, flat.
    moments: BTreeMap<String, [Tensor<1>; 2]>,
}

const MOMENT_NAMES: [&str; 2] = ["exp_avg", "exp_avg_sq"];

impl Adam {
    /// An optimizer that has made no step.
    pub fn new(config: OptimizerConfig) -> Self {
        Self {
            config,
            rates: Rates {
                learning_rates: Vec::new(),
                beta1: 0.0,
            },
            steps: 0,
            moments: BTreeMap::new(),
        }
    }

    /// Begins a step: call once before the parameters are updated.
    pub fn begin_step(&mut self, rates: Rates) {
        self.rates = rates;
        self.steps += 1;
    }

    /// Both averages of every parameter as `NAME.exp_avg` and `NAME.exp_avg_sq` (torch's words), flat.
    pub fn state(&self) -> StateDict {
        let mut state = StateDict::new();
        for (name, moments) in &self.moments {
            for (tensor, moment) in moments.iter().zip(MOMENT_NAMES) {
                let values = tensor.to_data().iter::<f32>().collect();
                let tensor = NamedTensor {
                    shape: vec![tensor.dims()[0]],
                    values: TensorValues::F32(values),
                };
                state.insert(format!("{name}.{moment}"), tensor);
            }
        }
        state
    }

    /// Continues after `steps` steps with the averages of [`Self::state`].
    pub fn resume(config: OptimizerConfig, steps: u32, state: &StateDict, device: &Device) -> Self {
        let mut adam = Self::new(config);
        adam.steps = steps;
        let read = |name: String| match &state.get(&name)?.values {
            TensorValues::F32(values) => {
                let data = TensorData::new(values.clone(), [values.len()]);
                Some(Tensor::from_data(data, device))
            }
            TensorValues::I64(_) => None,
        };
        for name in state.iter().map(|(name, _)| name) {
            let Some(name) = name.strip_suffix(".exp_avg") else {
                continue;
            };
            let [first, second] = MOMENT_NAMES.map(|moment| read(format!("{name}.{moment}")));
            if let (Some(first), Some(second)) = (first, second) {
                adam.moments.insert(name.to_owned(), [first, second]);
            }
        }
        adam
    }

    /// Steps made so far.
    pub fn steps(&self) -> u32 {
        self.steps
    }

    fn step_for(&self, parameter: &Parameter) -> AdamStep {
        let decays = self.config.decay_batch_norm || parameter.kind != Kind::Norm;
        AdamStep {
            learning_rate: self.rates.learning_rates[parameter.group],
            beta1: self.rates.beta1,
            beta2: self.config.beta2,
            epsilon: self.config.epsilon,
            weight_decay: if decays {
                self.config.weight_decay
            } else {
                0.0
            },
            decoupled: self.config.decoupled_weight_decay,
            step: self.steps as usize,
        }
    }
}

impl ParameterUpdate for Adam {
    fn update<const D: usize>(
        &mut self,
        parameter: &Parameter,
        value: Tensor<D>,
        gradient: Tensor<D>,
    ) -> Tensor<D> {
        let shape = value.dims();
        let count: usize = shape.iter().product();
        let value = value.reshape([count]);
        let gradient = gradient.reshape([count]);
        let [first, second] = self
            .moments
            .remove(&parameter.name)
            .unwrap_or_else(|| [gradient.zeros_like(), gradient.zeros_like()]);
        let step = self.step_for(parameter);
        let (value, first, second) = adam_step(value, gradient, first, second, &step);
        self.moments.insert(parameter.name.clone(), [first, second]);
        value.reshape(shape)
    }
}
