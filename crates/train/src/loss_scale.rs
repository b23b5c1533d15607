//! Scaling of the loss, without which the small gradients of f16 would be zero (Micikevicius et al. 2018, arXiv:1710.03740),
//! by the rule of torch's `GradScaler`: the loss is multiplied by a power of two and the gradients are divided by it; a step
//! whose gradients overflow is left out and the factor halved; after 2,000 steps without one it is doubled.

use burn::tensor::Tensor;
use network::NamedGradients;
use serde::{Deserialize, Serialize};

/// torch's `init_scale`.
const FIRST_FACTOR: f32 = 65536.0;
/// torch's `growth_interval`.
const STEPS_TO_GROWTH: u32 = 2000;
/// Below it nothing is gained: what overflows then would overflow without a factor.
const SMALLEST_FACTOR: f32 = 1.0;

/// State of the scaling between two steps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossScale {
    /// Factor of the next loss, a power of two.
    pub factor: f32,
    /// Steps since the last overflow or growth.
    pub steps: u32,
    /// Steps of the run that were left out.
    pub left_out: u64,
}

impl Default for LossScale {
    fn default() -> Self {
        Self {
            factor: FIRST_FACTOR,
            steps: 0,
            left_out: 0,
        }
    }
}

/// Gradients overflow whatever the factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overflow;

impl LossScale {
    /// The true values of `gradients`, which are those of a scaled loss; nothing if one of them is not finite, so that the
    /// step is left out. Waits for the device.
    ///
    /// # Errors
    /// One is not finite, and no smaller factor would help.
    pub fn unscaled(
        &mut self,
        gradients: NamedGradients,
    ) -> Result<Option<NamedGradients>, Overflow> {
        if !are_finite(&gradients) {
            if self.factor <= SMALLEST_FACTOR {
                return Err(Overflow);
            }
            self.factor /= 2.0;
            self.steps = 0;
            self.left_out += 1;
            return Ok(None);
        }
        let inverse = 1.0 / self.factor;
        self.steps += 1;
        if self.steps == STEPS_TO_GROWTH {
            self.factor *= 2.0;
            self.steps = 0;
        }
        let true_value = |(name, gradient): (String, Tensor<1>)| (name, gradient * inverse);
        Ok(Some(gradients.into_iter().map(true_value).collect()))
    }
}

fn are_finite(gradients: &NamedGradients) -> bool {
    // Infinity times zero is NaN, and so is every sum with it.
    let zeros = gradients
        .values()
        .map(|gradient| (gradient.clone() * 0.0).sum());
    let zeros: Vec<Tensor<1>> = zeros.collect();
    zeros.is_empty() || Tensor::cat(zeros, 0).sum().into_scalar::<f32>().is_finite()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn gradients(values: [f32; 2]) -> NamedGradients {
        let tensor = Tensor::from_data(values, &Device::flex());
        [("weight".to_owned(), tensor)].into_iter().collect()
    }

    fn read(gradients: NamedGradients) -> Vec<f32> {
        gradients["weight"].to_data().iter::<f32>().collect()
    }

    #[test]
    fn the_true_values_are_exact() {
        let mut scale = LossScale::default();
        let found = scale
            .unscaled(gradients([0.1 * FIRST_FACTOR, -3.0]))
            .unwrap();
        assert_eq!(read(found.unwrap()), [0.1, -3.0 / FIRST_FACTOR]);
    }

    #[test]
    fn an_overflow_leaves_the_step_out_and_halves_the_factor() {
        for value in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
            let mut scale = LossScale {
                steps: 7,
                ..LossScale::default()
            };
            assert!(scale.unscaled(gradients([1.0, value])).unwrap().is_none());
            let (factor, steps, left_out) = (FIRST_FACTOR / 2.0, 0, 1);
            assert_eq!(
                scale,
                LossScale {
                    factor,
                    steps,
                    left_out
                }
            );
        }
    }

    #[test]
    fn an_overflow_without_a_factor_is_an_error() {
        let mut scale = LossScale {
            factor: 1.0,
            ..LossScale::default()
        };
        let result = scale.unscaled(gradients([f32::NAN, 1.0]));
        assert_eq!(result.unwrap_err(), Overflow);
    }

    #[test]
    fn the_factor_doubles_after_two_thousand_steps_in_a_row() {
        let mut scale = LossScale::default();
        for _ in 0..STEPS_TO_GROWTH - 1 {
            scale.unscaled(gradients([1.0, 1.0])).unwrap();
        }
        assert_eq!(scale.factor, FIRST_FACTOR);
        // The gradients of this step still have the factor before.
        let found = scale.unscaled(gradients([FIRST_FACTOR, 0.0])).unwrap();
        assert_eq!(read(found.unwrap()), [1.0, 0.0]);
        assert_eq!((scale.factor, scale.steps), (2.0 * FIRST_FACTOR, 0));
    }
}
