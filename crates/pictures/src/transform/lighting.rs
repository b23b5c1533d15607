//! Brightness and contrast together: one logit and one sigmoid.

use super::brightness;
use super::draw::Draws;
use super::vectorised::{VectorKernel, vectorised};

/// Applies `logit += shift`, `logit *= scale` to values in 0..1.
///
/// Values are first clipped to 1e-7 .. 0.99999988 (the f32 nearest to 1 - 1e-7), as fastai does. Against f64
/// arithmetic the result is off by less than 1e-6, times half the factor of the contrast where that is above 2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Lighting {
    /// Added to each base-2 logit, times `scale`.
    shift: f32,
    /// Factor of each base-2 logit.
    scale: f32,
}

impl Lighting {
    /// The lighting of these draws; `None` when neither brightness nor contrast applies.
    pub(super) fn new(draws: &Draws) -> Option<Self> {
        let (change, contrast) = (draws.brightness.get(), draws.contrast.get());
        if change.is_none() && contrast.is_none() {
            return None;
        }
        let scale = contrast.unwrap_or(1.0);
        let shift = change.map_or(0.0, brightness::logit_shift) * std::f64::consts::LOG2_E;
        Some(Self {
            shift: (scale * shift) as f32,
            scale: scale as f32,
        })
    }

    /// Applies it to every value.
    pub(super) fn apply(self, values: &mut [f32]) {
        vectorised(LightingKernel {
            lighting: self,
            values,
        });
    }
}

struct LightingKernel<'a> {
    lighting: Lighting,
    values: &'a mut [f32],
}

impl VectorKernel for LightingKernel<'_> {
    #[inline(always)]
    fn run(self) {
        let Lighting { shift, scale } = self.lighting;
        for value in self.values {
            let clipped = value.clamp(1e-7, 1.0 - 1e-7);
            let logit = log2(clipped / (1.0 - clipped));
            *value = 1.0 / (1.0 + exp2(-(logit * scale + shift)));
        }
    }
}

/// Base-2 logarithm of a positive normal number, relative error below 2e-7.
///
/// With x = 2^e · m, m in √½..√2 and t = (m-1)/(m+1): ln m = 2 (t + t³/3 + t⁵/5 + …); |t| < 0.172, so the first term
/// left out is below 2e-9 of the sum.
#[inline(always)]
fn log2(x: f32) -> f32 {
    const SQRT_HALF_BITS: u32 = 0x3f35_04f3;
    const ONE_BITS: u32 = 0x3f80_0000;
    let shifted = x.to_bits().wrapping_add(ONE_BITS - SQRT_HALF_BITS);
    let exponent = (shifted >> 23) as i32 - 127;
    let mantissa = f32::from_bits((shifted & 0x007f_ffff) + SQRT_HALF_BITS);
    let t = (mantissa - 1.0) / (mantissa + 1.0);
    let t2 = t * t;
    let series = 1.0 + t2 * (1.0 / 3.0 + t2 * (1.0 / 5.0 + t2 * (1.0 / 7.0 + t2 * (1.0 / 9.0))));
    exponent as f32 + 2.0 * std::f32::consts::LOG2_E * t * series
}

/// 2 to the power of x, with x held within ±126; relative error below 3e-7.
///
/// With x = n + f, |f| ≤ ½: 2^f is the Taylor series of exp(f ln 2) to the sixth power, whose rest is below 1.3e-7.
#[inline(always)]
fn exp2(x: f32) -> f32 {
    /// Adding 1.5 · 2^23 leaves the nearest whole number in the low bits of an f32.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-126.0, 126.0);
    let rounded = x + ROUND;
    let f = (x - (rounded - ROUND)) * std::f32::consts::LN_2;
    let series = 1.0
        + f * (1.0
            + f * (1.0 / 2.0
                + f * (1.0 / 6.0 + f * (1.0 / 24.0 + f * (1.0 / 120.0 + f * (1.0 / 720.0))))));
    let power = f32::from_bits(
        (rounded
            .to_bits()
            .wrapping_sub(ROUND.to_bits())
            .wrapping_add(127))
            << 23,
    );
    series * power
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transform::Drawn;

    #[test]
    fn every_value_is_as_in_f64_arithmetic() {
        let cases = [
            (Some(0.3), None),
            (Some(0.7), Some(1.0 / 0.6)),
            (None, Some(0.6)),
            (Some(0.05), Some(20.0)),
        ];
        for (change, scale) in cases {
            let draws = Draws {
                brightness: change.map_or(Drawn::left_out(0.5), Drawn::applied),
                contrast: scale.map_or(Drawn::left_out(1.0), Drawn::applied),
                ..Draws::validation()
            };
            let values: Vec<f32> = (0..=100_000).map(|i| i as f32 / 100_000.0).collect();
            let mut lit = values.clone();
            Lighting::new(&draws).unwrap().apply(&mut lit);
            for (&before, &after) in values.iter().zip(&lit) {
                let clipped = f64::from(before.clamp(1e-7, 1.0 - 1e-7));
                let shift = change.map_or(0.0, |c: f64| (c / (1.0 - c)).ln());
                let logit = ((clipped / (1.0 - clipped)).ln() + shift) * scale.unwrap_or(1.0);
                let expected = 1.0 / (1.0 + (-logit).exp());
                let bound = 1e-6 * scale.unwrap_or(1.0).max(2.0) / 2.0;
                assert!(
                    (f64::from(after) - expected).abs() < bound,
                    "{before}: {after} instead of {expected}"
                );
            }
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let lighting = Lighting {
            shift: 0.7,
            scale: 1.4,
        };
        let values: Vec<f32> = (0..1000).map(|i| i as f32 / 999.0).collect();
        let (mut vectorised, mut baseline) = (values.clone(), values);
        lighting.apply(&mut vectorised);
        LightingKernel {
            lighting,
            values: &mut baseline,
        }
        .run();
        assert_eq!(vectorised, baseline);
    }

    #[test]
    fn no_lighting_is_none() {
        assert_eq!(Lighting::new(&Draws::validation()), None);
    }
}
