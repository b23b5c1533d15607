//! One step of Adam in one pass over the parameter, its gradient and its moments.

use std::ops::{Add, Div, Mul, Sub};

use rayon::prelude::*;

/// Elements of one piece of work.
const PIECE: usize = 1 << 14;

/// The factors of one step, corrections included.
#[derive(Debug, Clone, Copy)]
pub struct Factors<T> {
    /// Factor of the parameter before the step.
    pub parameter_decay: T,
    /// Share of the parameter that is added to the gradient.
    pub gradient_decay: T,
    /// Decay of the first moment, and one minus it.
    pub beta1: [T; 2],
    /// Decay of the second moment, and one minus it.
    pub beta2: [T; 2],
    /// Added to the square root of the second moment.
    pub epsilon: T,
    /// The learning rate with the corrections of both moments.
    pub learning_rate: T,
}

/// f32 or f64.
pub trait Real:
    Copy
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
{
    /// The nearest value of this type.
    fn nearest(value: f64) -> Self;
    /// The square root.
    fn square_root(self) -> Self;
}

impl Real for f32 {
    fn nearest(value: f64) -> Self {
        value as f32
    }
    #[inline(always)]
    fn square_root(self) -> Self {
        self.sqrt()
    }
}

impl Real for f64 {
    fn nearest(value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn square_root(self) -> Self {
        self.sqrt()
    }
}

/// Moves `parameter` and both moments one step along `gradient`; all of one length.
pub fn step<T: Real>(
    parameter: &mut [T],
    gradient: &[T],
    first_moment: &mut [T],
    second_moment: &mut [T],
    factors: Factors<T>,
) {
    let length = parameter.len();
    assert!(
        gradient.len() == length && first_moment.len() == length && second_moment.len() == length,
        "parameter, gradient and moments have one length"
    );
    parameter
        .par_chunks_mut(PIECE)
        .zip(gradient.par_chunks(PIECE))
        .zip(
            first_moment
                .par_chunks_mut(PIECE)
                .zip(second_moment.par_chunks_mut(PIECE)),
        )
        .for_each(|((parameter, gradient), (first, second))| {
            for (((p, &g), m), v) in parameter
                .iter_mut()
                .zip(gradient)
                .zip(first.iter_mut())
                .zip(second.iter_mut())
            {
                let g = g + *p * factors.gradient_decay;
                *m = *m * factors.beta1[0] + g * factors.beta1[1];
                *v = *v * factors.beta2[0] + g * g * factors.beta2[1];
                *p = *p * factors.parameter_decay
                    - *m / (v.square_root() + factors.epsilon) * factors.learning_rate;
            }
        });
}
