//! Symmetric warp: the change of perspective of a camera that is tilted.

use rand::{Rng, RngExt};

use super::matrix::Matrix;

/// Draws the four magnitudes, each uniform in ±`max_warp`.
pub(super) fn draw(max_warp: f64, random: &mut impl Rng) -> [f64; 4] {
    [(); 4].map(|()| max_warp * (2.0 * random.random::<f64>() - 1.0))
}

/// The projective map of the square -1..1 that brings four points moved by `magnitudes` to the square's corners.
///
/// Source: `symmetric_warp` in fastai 1.0.30, which solves eight equations; here the square is mapped to the four
/// points in closed form (Heckbert 1989, "Fundamentals of texture mapping and image warping", section 2.2.3) and the
/// map inverted.
pub(super) fn matrix(magnitudes: [f64; 4]) -> Matrix {
    let [m0, m1, m2, m3] = magnitudes;
    let corners = [
        [-1.0 - m3, -1.0 - m1],
        [1.0 + m3, -1.0 - m0],
        [1.0 + m2, 1.0 + m0],
        [-1.0 - m2, 1.0 + m1],
    ];
    let from_unit_square = unit_square_to_quadrilateral(corners);
    (from_unit_square * Matrix::scale_and_shift([0.5, 0.5], [0.5, 0.5])).projective_inverse()
}

/// Maps (0,0), (1,0), (1,1), (0,1) to the four points in this order.
fn unit_square_to_quadrilateral([p0, p1, p2, p3]: [[f64; 2]; 4]) -> Matrix {
    let difference = |a: [f64; 2], b: [f64; 2]| [a[0] - b[0], a[1] - b[1]];
    let cross = |a: [f64; 2], b: [f64; 2]| a[0] * b[1] - a[1] * b[0];
    let (side1, side2) = (difference(p1, p2), difference(p3, p2));
    let sum = [p0[0] - p1[0] + p2[0] - p3[0], p0[1] - p1[1] + p2[1] - p3[1]];
    let g = cross(sum, side2) / cross(side1, side2);
    let h = cross(side1, sum) / cross(side1, side2);
    let row = |k: usize| [p1[k] - p0[k] + g * p1[k], p3[k] - p0[k] + h * p3[k], p0[k]];
    Matrix([row(0), row(1), [g, h, 1.0]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_moved_points_go_to_the_corners(m in prop::array::uniform4(-0.45f64..0.45)) {
            let map = matrix(m);
            let [m0, m1, m2, m3] = m;
            let pairs = [
                ([-1.0 - m3, -1.0 - m1], [-1.0, -1.0]),
                ([-1.0 - m2, 1.0 + m1], [-1.0, 1.0]),
                ([1.0 + m3, -1.0 - m0], [1.0, -1.0]),
                ([1.0 + m2, 1.0 + m0], [1.0, 1.0]),
            ];
            for ([x, y], expected) in pairs {
                let ([u, v], _) = map.project(x, y);
                // A few roundings of f64, amplified by at most 1 / 0.05 near the steepest warp.
                prop_assert!((u - expected[0]).abs() < 1e-12 && (v - expected[1]).abs() < 1e-12, "{u} {v} {expected:?}");
            }
        }
    }

    #[test]
    fn no_magnitude_is_the_identity() {
        assert_eq!(matrix([0.0; 4]), Matrix::IDENTITY);
    }
}
