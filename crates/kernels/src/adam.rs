//! One step of Adam (Kingma and Ba, 2015) with decoupled weight decay (Loshchilov and Hutter, 2019).

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;

/// The hyper-parameters of one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamStep {
    /// Learning rate.
    pub learning_rate: f64,
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the square root of the uncorrected second moment, as in torch 1.0.
    pub epsilon: f64,
    /// Weight decay; 0 for none.
    pub weight_decay: f64,
    /// True if the decay scales the parameter; otherwise it adds to the gradient.
    pub decoupled: bool,
    /// Number of this step, from 1.
    pub step: usize,
}

/// One Adam step on tensors of one shape on a device without autodiff; f32 or f64.
///
/// Returns the parameter, the first and the second moment after the step. On the CPU a tensor that
/// nobody else holds is changed in place.
pub fn adam_step<const D: usize>(
    parameter: Tensor<D>,
    gradient: Tensor<D>,
    first_moment: Tensor<D>,
    second_moment: Tensor<D>,
    step: &AdamStep,
) -> (Tensor<D>, Tensor<D>, Tensor<D>) {
    let (parameter, first_moment, second_moment) = Dispatch::adam(
        parameter.into_dispatch(),
        gradient.into_dispatch(),
        first_moment.into_dispatch(),
        second_moment.into_dispatch(),
        *step,
    );
    (
        Tensor::from_dispatch(parameter),
        Tensor::from_dispatch(first_moment),
        Tensor::from_dispatch(second_moment),
    )
}

#[backend_extension(Flex, Cube: cfg(feature = "gpu"))]
pub(crate) trait AdamOps: Backend {
    fn adam(
        parameter: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        first_moment: FloatTensor<Self>,
        second_moment: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        step_by_burn::<Self>(parameter, gradient, first_moment, second_moment, step)
    }
}

impl AdamStep {
    /// The learning rate with the corrections of both moments for their start at zero.
    pub(crate) fn corrected_learning_rate(&self) -> f64 {
        let step = self.step as f64;
        self.learning_rate * (1.0 - self.beta2.powf(step)).sqrt() / (1.0 - self.beta1.powf(step))
    }

    /// The factor on the parameter before the step.
    pub(crate) fn parameter_decay(&self) -> f64 {
        if self.decoupled {
            1.0 - self.weight_decay * self.learning_rate
        } else {
            1.0
        }
    }

    /// The share of the parameter that is added to the gradient.
    pub(crate) fn gradient_decay(&self) -> f64 {
        if self.decoupled {
            0.0
        } else {
            self.weight_decay
        }
    }
}

pub(crate) fn step_by_burn<B: Backend>(
    parameter: FloatTensor<B>,
    gradient: FloatTensor<B>,
    first_moment: FloatTensor<B>,
    second_moment: FloatTensor<B>,
    step: AdamStep,
) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
    let scaled = |tensor: FloatTensor<B>, factor: f64| B::float_mul_scalar(tensor, factor.into());
    let gradient = B::float_add(gradient, scaled(parameter.clone(), step.gradient_decay()));
    let first_moment = B::float_add(
        scaled(first_moment, step.beta1),
        scaled(gradient.clone(), 1.0 - step.beta1),
    );
    let square = B::float_mul(gradient.clone(), gradient);
    let second_moment = B::float_add(
        scaled(second_moment, step.beta2),
        scaled(square, 1.0 - step.beta2),
    );
    let root = B::float_add_scalar(B::float_sqrt(second_moment.clone()), step.epsilon.into());
    let change = scaled(
        B::float_div(first_moment.clone(), root),
        step.corrected_learning_rate(),
    );
    let parameter = B::float_sub(scaled(parameter, step.parameter_decay()), change);
    (parameter, first_moment, second_moment)
}
