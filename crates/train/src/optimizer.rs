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

/// Settings that do not change over a stage.
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
    /// Highest norm of all gradients together; absent: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f64>,
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
            clip_norm: None,
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

/// torch's words for the two averages.
const MOMENT_NAMES: [&str; 2] = ["exp_avg", "exp_avg_sq"];
/// torch's word for the number of steps.
const STEP_NAME: &str = "step";

/// A saved state that [`Adam`] cannot continue with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptimizerStateError {
    /// A trained parameter has lost one of its averages.
    #[error("the optimizer's state has no {0}: continue from another checkpoint")]
    Missing(String),
    /// A tensor is not of the type or the length that its parameter asks for.
    #[error(
        "{name} of the optimizer's state is {found}, expected {expected}: continue from another checkpoint"
    )]
    Mismatch {
        /// Name of the tensor.
        name: String,
        /// Its type and length.
        found: String,
        /// Type and length that the parameter asks for.
        expected: String,
    },
    /// A tensor belongs to no trained parameter.
    #[error(
        "{0} of the optimizer's state belongs to no trained parameter: continue from another checkpoint"
    )]
    Unknown(String),
}

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

    /// Highest norm that the gradients of a step may have.
    pub fn clip_norm(&self) -> Option<f64> {
        self.config.clip_norm
    }

    /// Begins a step: call once before the parameters are updated.
    pub fn begin_step(&mut self, rates: Rates) {
        self.rates = rates;
        self.steps += 1;
    }

    /// Number of steps as `step`, and both averages of every parameter as `NAME.exp_avg` and `NAME.exp_avg_sq`, flat.
    pub fn state(&self) -> StateDict {
        let mut state = StateDict::new();
        let steps = NamedTensor {
            shape: Vec::new(),
            values: TensorValues::I64(vec![i64::from(self.steps)]),
        };
        state.insert(STEP_NAME, steps);
        for (name, moments) in &self.moments {
            for (tensor, moment) in moments.iter().zip(MOMENT_NAMES) {
                let values = tensor.to_data().iter::<f32>().collect();
                let tensor = NamedTensor::floats([tensor.dims()[0]], values);
                state.insert(format!("{name}.{moment}"), tensor);
            }
        }
        state
    }

    /// Continues with `state`, which [`Self::state`] gave. `trained` are the parameters that have been trained;
    /// `steps_before` is the number of steps for a state of the time when it did not hold its own.
    ///
    /// # Errors
    /// A tensor is missing, is not of its parameter's length, or belongs to no trained parameter.
    pub fn resume(
        config: OptimizerConfig,
        mut state: StateDict,
        steps_before: u32,
        trained: &[Parameter],
        device: &Device,
    ) -> Result<Self, OptimizerStateError> {
        let mut adam = Self::new(config);
        adam.steps = match state.remove(STEP_NAME) {
            Some(tensor) => steps(&tensor)?,
            None => steps_before,
        };
        // Every parameter has its averages from the first step on.
        for parameter in trained.iter().filter(|_| adam.steps > 0) {
            let count = parameter.shape.iter().product();
            let [first, second] = MOMENT_NAMES.map(|moment| {
                take_moment(
                    &mut state,
                    format!("{}.{moment}", parameter.name),
                    count,
                    device,
                )
            });
            adam.moments
                .insert(parameter.name.clone(), [first?, second?]);
        }
        match state.names().next() {
            Some(name) => Err(OptimizerStateError::Unknown(name.to_owned())),
            None => Ok(adam),
        }
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

fn steps(tensor: &NamedTensor) -> Result<u32, OptimizerStateError> {
    let steps = match &tensor.values {
        TensorValues::I64(values) => values.first().copied().unwrap_or(-1),
        TensorValues::F32(_) => -1,
    };
    u32::try_from(steps).map_err(|_| {
        mismatch(
            STEP_NAME,
            &tensor.values,
            "a whole number of steps".to_owned(),
        )
    })
}

fn take_moment(
    state: &mut StateDict,
    name: String,
    count: usize,
    device: &Device,
) -> Result<Tensor<1>, OptimizerStateError> {
    let tensor = state
        .remove(&name)
        .ok_or_else(|| OptimizerStateError::Missing(name.clone()))?;
    match tensor.values {
        TensorValues::F32(values) if values.len() == count => {
            Ok(Tensor::from_data(TensorData::new(values, [count]), device))
        }
        values => Err(mismatch(&name, &values, format!("{count} numbers of f32"))),
    }
}

fn mismatch(name: &str, values: &TensorValues, expected: String) -> OptimizerStateError {
    let kind = match values {
        TensorValues::F32(_) => "f32",
        TensorValues::I64(_) => "i64",
    };
    OptimizerStateError::Mismatch {
        name: name.to_owned(),
        found: format!("{} numbers of {kind}", values.len()),
        expected,
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
