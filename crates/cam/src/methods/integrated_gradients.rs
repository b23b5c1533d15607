//! Integrated gradients: what each pixel adds to the target on the way from the mean colour to the picture.

use crate::{
    asked::{Asked, ReluGradient},
    check::Check,
    heat_map::HeatMap,
    quadrature::gauss_legendre,
};

/// Points of the path, as many as Captum takes.
const STEPS: usize = 50;

/// Integrated gradients: `Σ_c (x_c − x'_c) ∫₀¹ ∂S/∂x_c (x' + α (x − x')) dα` for each pixel, summed over its colours c. The baseline x'
/// is the mean colour of the training pictures; the integral is a Gauss-Legendre sum of 50 points, as in Captum.
///
/// Sundararajan, Taly, Yan: *Axiomatic Attribution for Deep Networks*, 2017, arXiv:1703.01365. The map adds up to
/// `S(x) − S(x')`, but for the error of the sum, the completeness gap that comes with it. 50 passes forth and back for a picture.
pub fn map(asked: &dyn Asked) -> (HeatMap, Check) {
    with_steps(asked, STEPS)
}

fn with_steps(asked: &dyn Asked, steps: usize) -> (HeatMap, Check) {
    let [width, height] = asked.frame_size();
    // Normalised, the mean colour is 0: a point of the path is the frame times its place.
    let frame = asked.frame();
    let points = gauss_legendre(steps);
    let mut path = points.iter().map(|(place, _)| {
        let dimmed = frame.iter().map(|value| (place * f64::from(*value)) as f32);
        dimmed.collect()
    });
    let mut values = vec![0.0; width * height];
    let mut weights = points.iter().map(|(_, weight)| weight);
    asked.pixel_gradients(&mut path, ReluGradient::Own, &mut |gradient| {
        let weight = weights.next().copied().unwrap_or_default();
        for (index, (value, slope)) in frame.iter().zip(gradient).enumerate() {
            values[index % (width * height)] += weight * f64::from(*value) * f64::from(*slope);
        }
    });
    let baseline = asked.scores(&mut std::iter::once(vec![0.0; frame.len()]));
    let check = Check::Completeness {
        steps,
        sum: values.iter().sum(),
        gain: f64::from(asked.score()) - f64::from(baseline[0]),
    };
    let values = values.into_iter().map(|value| value as f32).collect();
    let map = HeatMap {
        height,
        width,
        values,
    };
    (map, check)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given::Given;
    use proptest::prelude::*;

    /// `S = x₀ x₁ + x₂²`, of one pixel of three colours.
    fn polynomial() -> Given {
        Given {
            size: [1, 1],
            frame: vec![2.0, 3.0, -1.0],
            of_frame: Some(|x| x[0] * x[1] + x[2] * x[2]),
            frame_gradient: Some(|x| vec![x[1], x[0], 2.0 * x[2]]),
            ..Given::default()
        }
    }

    #[test]
    fn of_a_polynomial_the_map_is_exact_and_nothing_is_missing() {
        let (map, check) = map(&polynomial());
        assert!((map.values[0] - 7.0).abs() < 1e-6, "{:?}", map.values);
        assert!(check.gap() < 1e-5, "{check:?}");
    }

    /// Two pixels behind a ReLU each: the right one is on only near the end of the path.
    fn kinked(frame: Vec<f32>) -> Given {
        Given {
            size: [2, 1],
            frame,
            of_frame: Some(|x| x[0].max(0.0) + (x[1] - 1.0).max(0.0)),
            frame_gradient: Some(|x| {
                let slope = |is_on: bool| f32::from(u8::from(is_on));
                vec![slope(x[0] > 0.0), slope(x[1] > 1.0), 0.0, 0.0, 0.0, 0.0]
            }),
            ..Given::default()
        }
    }

    proptest! {
        #[test]
        fn the_gap_vanishes_with_steps(left in -3.0f32..3.0, right in -3.0f32..3.0) {
            let network = kinked(vec![left, right, 0.5, 0.5, 0.5, 0.5]);
            let gap = |steps| with_steps(&network, steps).1.gap();
            // Of a kink a rule of n points misses no more than about the weight of one point.
            for steps in [4, 16, 64, 256] {
                prop_assert!(gap(steps) <= 2.0 * 3.0 / steps as f64 + 1e-5, "{} at {steps}", gap(steps));
            }
        }
    }

    #[test]
    fn a_picture_of_the_mean_colour_has_nothing_to_explain() {
        let (map, check) = map(&kinked(vec![0.0; 6]));
        assert_eq!((map.values, check.gap()), (vec![0.0, 0.0], 0.0));
    }
}
