//! Adam on the CPU.

use burn::backend::flex::FlexTensor;
use burn::backend::{DType, Element, Flex};

use crate::adam::{AdamOps, AdamStep, step_by_burn};
use cpu::adam::{Factors, Real, step as adam_pass};

impl AdamOps for Flex {
    fn adam(
        parameter: FlexTensor,
        gradient: FlexTensor,
        first_moment: FlexTensor,
        second_moment: FlexTensor,
        step: AdamStep,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let moments = [first_moment, second_moment];
        match parameter.dtype() {
            DType::F32 => in_place::<f32>(parameter, gradient, moments, step),
            DType::F64 => in_place::<f64>(parameter, gradient, moments, step),
            _ => {
                let [first, second] = moments;
                step_by_burn::<Self>(parameter, gradient, first, second, step)
            }
        }
    }
}

/// Changes the tensors that nobody else holds in place, copies of the others.
fn in_place<T: Real + Element + bytemuck::Pod>(
    parameter: FlexTensor,
    gradient: FlexTensor,
    [first, second]: [FlexTensor; 2],
    step: AdamStep,
) -> (FlexTensor, FlexTensor, FlexTensor) {
    let gradient = gradient.to_contiguous();
    let [mut parameter, mut first, mut second] = [parameter, first, second].map(into_contiguous);
    let factors = Factors {
        parameter_decay: T::nearest(step.parameter_decay()),
        gradient_decay: T::nearest(step.gradient_decay()),
        beta1: [step.beta1, 1.0 - step.beta1].map(T::nearest),
        beta2: [step.beta2, 1.0 - step.beta2].map(T::nearest),
        epsilon: T::nearest(step.epsilon),
        learning_rate: T::nearest(step.corrected_learning_rate()),
    };
    adam_pass(
        parameter.storage_mut::<T>(),
        gradient.storage(),
        first.storage_mut(),
        second.storage_mut(),
        factors,
    );
    (parameter, first, second)
}

/// `to_contiguous` without a second holder of the same memory.
fn into_contiguous(tensor: FlexTensor) -> FlexTensor {
    let contiguous = tensor.to_contiguous();
    drop(tensor);
    contiguous
}
