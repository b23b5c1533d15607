//! Noisy linear imputation: pixels of which nothing is left but their surroundings (Rong et al. 2022, arXiv:2202.00449).
//!
//! Each missing pixel is the weighted mean of its neighbours, missing or not: a linear system whose matrix is symmetric, and
//! positive definite if a pixel is known. It is solved by conjugate gradients with the diagonal as preconditioner; the start is
//! the solution for a frame of half the size, which is found in the same way (cascadic multigrid: Bornemann and Deuflhard 1996).

use rand::{Rng, RngExt};

/// Weights of the neighbours in a row or column, and of the diagonal ones: those of the paper.
const BESIDE: f32 = 1.0 / 6.0;
const DIAGONAL: f32 = 1.0 / 12.0;

/// The iteration ends when no pixel is further from the mean of its neighbours than this, in units of the frame's values.
/// The solution is then off by less than the noise also in the middle of large holes.
const TOLERANCE: f32 = 1e-5;

/// Far more steps than a frame takes.
const MOST_STEPS: usize = 2000;

/// Standard deviation of the noise on imputed pixels, which are too smooth for photographs without: that of the paper.
pub const NOISE: f32 = 0.01;

/// The frame `[C, height, width]` with the pixels of `missing` imputed and Gaussian noise of the standard deviation [`NOISE`]
/// on them. Of a frame with no pixel left it is the noise alone.
pub fn noisily_imputed(
    frame: &[f32],
    size: [usize; 2],
    missing: &[bool],
    random: &mut impl Rng,
) -> Vec<f32> {
    let mut values = imputed(frame, size, missing);
    for plane in values.chunks_exact_mut(missing.len()) {
        for (value, missing) in plane.iter_mut().zip(missing) {
            *value += if *missing {
                NOISE * gaussian(random)
            } else {
                0.0
            };
        }
    }
    values
}

/// The frame `[C, height, width]` with the pixels of `missing` imputed, without noise; 0 if none is left.
pub fn imputed(frame: &[f32], size: [usize; 2], missing: &[bool]) -> Vec<f32> {
    if missing.iter().all(|missing| *missing) {
        return vec![0.0; frame.len()];
    }
    if !missing.contains(&true) {
        return frame.to_vec();
    }
    let (smaller, half_missing) = halved(frame, size, missing);
    let start = imputed(&smaller, half(size), &half_missing);
    let system = System::new(size, missing);
    let planes = frame.chunks_exact(missing.len());
    let starts = start.chunks_exact(half_missing.len());
    planes
        .zip(starts)
        .flat_map(|(plane, start)| system.solved(plane, &doubled(start, size)))
        .collect()
}

/// A draw from the standard normal distribution (Box and Muller 1958).
pub fn gaussian(random: &mut impl Rng) -> f32 {
    let [radius, angle] = [1.0 - random.random::<f64>(), random.random()];
    ((-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()) as f32
}

fn half(size: [usize; 2]) -> [usize; 2] {
    size.map(|side| side.div_ceil(2))
}

/// A frame of half the size: each pixel is the mean of the known ones of four, missing if none of them is known.
fn halved(frame: &[f32], size: [usize; 2], missing: &[bool]) -> (Vec<f32>, Vec<bool>) {
    let [width, height] = size;
    let [half_width, half_height] = half(size);
    let cells = half_width * half_height;
    let cell = |pixel: usize| pixel / width / 2 * half_width + pixel % width / 2;
    let mut counts = vec![0.0f32; cells];
    for pixel in (0..width * height).filter(|pixel| !missing[*pixel]) {
        counts[cell(pixel)] += 1.0;
    }
    let mut values = Vec::new();
    for plane in frame.chunks_exact(missing.len()) {
        let mut sums = vec![0.0; cells];
        for pixel in (0..plane.len()).filter(|pixel| !missing[*pixel]) {
            sums[cell(pixel)] += plane[pixel];
        }
        let means = sums.iter().zip(&counts);
        values.extend(means.map(|(sum, count)| sum / count.max(1.0)));
    }
    (values, counts.iter().map(|count| *count == 0.0).collect())
}

/// A plane of half the size spread bilinearly over `size`.
fn doubled(plane: &[f32], [width, height]: [usize; 2]) -> Vec<f32> {
    let [half_width, half_height] = half([width, height]);
    let around = |place: usize, last: usize| {
        let at = ((place as f32 - 0.5) / 2.0).clamp(0.0, last as f32);
        let first = at as usize;
        (first, (first + 1).min(last), at - first as f32)
    };
    let mut values = Vec::with_capacity(width * height);
    for y in 0..height {
        let (above, below, down) = around(y, half_height - 1);
        for x in 0..width {
            let (left, right, across) = around(x, half_width - 1);
            let in_row = |row: usize| {
                let [left, right] = [left, right].map(|column| plane[row * half_width + column]);
                left + across * (right - left)
            };
            values.push(in_row(above) + down * (in_row(below) - in_row(above)));
        }
    }
    values
}

/// The equations of the missing pixels. Its vectors have a border of one pixel, so that every pixel has eight neighbours; they
/// are 0 on it.
struct System {
    size: [usize; 2],
    /// 1 where a pixel is missing, else 0.
    missing: Vec<f32>,
    /// Sum of the weights of the neighbours inside the frame.
    diagonal: Vec<f32>,
}

impl System {
    fn new(size: [usize; 2], missing: &[bool]) -> Self {
        let missing = missing.iter().map(|missing| f32::from(u8::from(*missing)));
        let inside = bordered((0..size[0] * size[1]).map(|_| 1.0), size);
        let mut diagonal = vec![0.0; inside.len()];
        neighbours(&inside, size, |index, sum| diagonal[index] = sum);
        Self {
            size,
            missing: bordered(missing, size),
            diagonal,
        }
    }

    /// The plane with its missing pixels solved for, beginning at their values in `start`.
    fn solved(&self, plane: &[f32], start: &[f32]) -> Vec<f32> {
        let known = bordered(plane.iter().copied(), self.size);
        let mut x = bordered(start.iter().copied(), self.size);
        for ((x, known), missing) in x.iter_mut().zip(&known).zip(&self.missing) {
            *x = if *missing > 0.0 { *x } else { *known };
        }
        // What a missing pixel lacks to the mean of its neighbours, known ones with their values among them.
        let mut residual = vec![0.0; x.len()];
        neighbours(&x, self.size, |index, sum| {
            residual[index] = self.missing[index] * (sum - self.diagonal[index] * x[index]);
        });
        self.iterate(&mut x, residual);
        let [width, height] = self.size;
        let rows = x.chunks_exact(width + 2).skip(1).take(height);
        rows.flat_map(|row| &row[1..=width]).copied().collect()
    }

    /// Conjugate gradients with the diagonal as preconditioner.
    fn iterate(&self, x: &mut [f32], mut residual: Vec<f32>) {
        let scaled = |residual: &[f32]| -> Vec<f32> {
            let pairs = residual.iter().zip(&self.diagonal);
            pairs
                .map(|(residual, diagonal)| residual / diagonal.max(DIAGONAL))
                .collect()
        };
        let mut z = scaled(&residual);
        let mut direction = z.clone();
        let mut product = dot(&residual, &z);
        let mut applied = vec![0.0; x.len()];
        for _ in 0..MOST_STEPS {
            if z.iter().all(|distance| distance.abs() <= TOLERANCE) {
                break;
            }
            neighbours(&direction, self.size, |index, sum| {
                let own = self.diagonal[index] * direction[index];
                applied[index] = self.missing[index] * (own - sum);
            });
            let step = (product / dot(&direction, &applied)) as f32;
            for (x, direction) in x.iter_mut().zip(&direction) {
                *x += step * direction;
            }
            for (residual, applied) in residual.iter_mut().zip(&applied) {
                *residual -= step * applied;
            }
            z = scaled(&residual);
            let next = dot(&residual, &z);
            let keep = (next / product) as f32;
            product = next;
            for (direction, z) in direction.iter_mut().zip(&z) {
                *direction = z + keep * *direction;
            }
        }
    }
}

/// A plane with a border of zeros around it.
fn bordered(plane: impl Iterator<Item = f32>, [width, height]: [usize; 2]) -> Vec<f32> {
    let mut values = vec![0.0; (width + 2) * (height + 2)];
    for (pixel, value) in plane.enumerate() {
        values[(pixel / width + 1) * (width + 2) + pixel % width + 1] = value;
    }
    values
}

/// Calls `take` for each pixel inside the border with the weighted sum of its neighbours.
fn neighbours(values: &[f32], [width, height]: [usize; 2], mut take: impl FnMut(usize, f32)) {
    let stride = width + 2;
    for row in 1..=height {
        let line = |row: usize| &values[row * stride..][..stride];
        let [above, own, below] = [line(row - 1), line(row), line(row + 1)];
        for x in 1..=width {
            let beside = own[x - 1] + own[x + 1] + above[x] + below[x];
            let diagonal = above[x - 1] + above[x + 1] + below[x - 1] + below[x + 1];
            take(row * stride + x, BESIDE * beside + DIAGONAL * diagonal);
        }
    }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use serde::Deserialize;
    use std::{fs, path::Path};

    #[derive(Deserialize)]
    struct Reference {
        width: usize,
        height: usize,
        frame: Vec<f32>,
        holes: Vec<Hole>,
    }

    #[derive(Deserialize)]
    struct Hole {
        missing: Vec<usize>,
        imputed: Vec<f32>,
    }

    #[test]
    fn missing_pixels_are_those_of_pytorch_grad_cams_sparse_solver() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../tests/fixtures/measure/imputation.json");
        let known: Reference = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        assert!(known.holes.len() >= 3);
        for hole in known.holes {
            let mut missing = vec![false; known.width * known.height];
            hole.missing.iter().for_each(|pixel| missing[*pixel] = true);
            let found = imputed(&known.frame, [known.width, known.height], &missing);
            for (found, expected) in found.iter().zip(&hole.imputed) {
                assert!((found - expected).abs() < 1e-3, "{found} {expected}");
            }
        }
    }

    /// The widest hole that ROAD makes: the solution must be off by less than the noise in its middle too.
    #[test]
    fn the_middle_of_a_large_hole_is_solved_too() {
        let size = [192, 160];
        let [width, height] = size;
        // Any linear function is its own weighted mean of neighbours.
        let plane: Vec<f32> = (0..width * height)
            .map(|pixel| (pixel % width) as f32 / 96.0 - (pixel / width) as f32 / 80.0)
            .collect();
        let is_rim = |pixel: usize| {
            let [x, y] = [pixel % width, pixel / width];
            x < 4 || y < 4 || x >= width - 4 || y >= height - 4
        };
        let missing: Vec<bool> = (0..plane.len()).map(|pixel| !is_rim(pixel)).collect();
        let found = imputed(&plane, size, &missing);
        let error = found
            .iter()
            .zip(&plane)
            .map(|(found, known)| (found - known).abs());
        let error = error.fold(0.0, f32::max);
        assert!(error < NOISE / 2.0, "{error}");
    }

    proptest! {
        #[test]
        fn imputed_pixels_stay_between_the_known_ones_and_those_stay_as_they_are(
            width in 1..20usize, height in 1..20usize, seed in any::<u64>(), share in 0.0..1.0f64
        ) {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            let frame: Vec<f32> = (0..2 * width * height).map(|_| random.random()).collect();
            let missing: Vec<bool> = (0..width * height).map(|_| random.random_bool(share)).collect();
            let found = imputed(&frame, [width, height], &missing);
            if missing.iter().all(|missing| *missing) {
                prop_assert!(found.iter().all(|value| *value == 0.0));
                return Ok(());
            }
            for (plane, found) in frame.chunks_exact(missing.len()).zip(found.chunks_exact(missing.len())) {
                let known = plane.iter().zip(&missing).filter(|(_, missing)| !**missing);
                let (low, high) = known.fold((1.0f32, 0.0f32), |(low, high), (v, _)| (low.min(*v), high.max(*v)));
                for (pixel, value) in found.iter().enumerate() {
                    prop_assert!(missing[pixel] || *value == plane[pixel]);
                    prop_assert!((low - 1e-3..=high + 1e-3).contains(value), "{value} not in {low}..{high}");
                }
            }
        }
    }

    #[test]
    fn noise_is_on_imputed_pixels_alone_and_as_strong_as_said() {
        let frame = vec![0.5; 3 * 40 * 40];
        let missing: Vec<bool> = (0..1600).map(|pixel| pixel % 2 == 0).collect();
        let found = noisily_imputed(
            &frame,
            [40, 40],
            &missing,
            &mut ChaCha8Rng::seed_from_u64(1),
        );
        let (mut sum, mut count) = (0.0, 0.0);
        for (index, value) in found.iter().enumerate() {
            let noise = value - 0.5;
            assert!(missing[index % 1600] || noise == 0.0);
            sum += if missing[index % 1600] {
                noise * noise
            } else {
                0.0
            };
            count += f32::from(u8::from(missing[index % 1600]));
        }
        let deviation = (sum / count).sqrt();
        assert!((deviation / NOISE - 1.0).abs() < 0.05, "{deviation}");
    }
}
