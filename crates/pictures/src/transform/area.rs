//! Reducing a picture by averaging areas, before it is sampled much more coarsely than its pixels lie.

use super::vectorised::{VectorKernel, vectorised};

/// Averages a picture of interleaved RGB bytes down to `reduced` = [height, width]; the means stay in 0..255.
///
/// Output row i is the mean of the rows floor(i·n/o) to ceil((i+1)·n/o), columns alike: adaptive average pooling, as
/// `torch.nn.functional.interpolate(mode="area")`. `size` is [height, width] of the picture, `sums` is scratch.
pub(super) fn average(
    bytes: &[u8],
    size: [usize; 2],
    reduced: [usize; 2],
    sums: &mut Vec<u32>,
    means: &mut Vec<f32>,
) {
    sums.resize(3 * size[1], 0);
    means.resize(3 * reduced[0] * reduced[1], 0.0);
    vectorised(AverageKernel {
        bytes,
        size,
        reduced,
        sums,
        means,
    });
}

struct AverageKernel<'a> {
    bytes: &'a [u8],
    size: [usize; 2],
    reduced: [usize; 2],
    sums: &'a mut [u32],
    means: &'a mut [f32],
}

impl VectorKernel for AverageKernel<'_> {
    #[inline(always)]
    fn run(self) {
        let [height, width] = self.size;
        let [reduced_height, reduced_width] = self.reduced;
        let columns: Vec<_> = (0..reduced_width)
            .map(|column| window(column, width, reduced_width))
            .collect();
        for (row, means) in self.means.chunks_exact_mut(3 * reduced_width).enumerate() {
            let (top, bottom) = window(row, height, reduced_height);
            self.sums.fill(0);
            for line in self.bytes[3 * width * top..3 * width * bottom].chunks_exact(3 * width) {
                for (sum, &byte) in self.sums.iter_mut().zip(line) {
                    *sum += u32::from(byte);
                }
            }
            for (&(left, right), mean) in columns.iter().zip(means.chunks_exact_mut(3)) {
                let weight = 1.0 / ((bottom - top) * (right - left)) as f32;
                let mut total = [0u32; 3];
                for pixel in self.sums[3 * left..3 * right].chunks_exact(3) {
                    total = [0, 1, 2].map(|channel| total[channel] + pixel[channel]);
                }
                mean.copy_from_slice(&total.map(|sum| sum as f32 * weight));
            }
        }
    }
}

/// The inputs that output `i` of `outputs` averages, as start and end.
fn window(i: usize, inputs: usize, outputs: usize) -> (usize, usize) {
    (i * inputs / outputs, ((i + 1) * inputs).div_ceil(outputs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_overlap_where_the_sizes_do_not_divide() {
        let windows: Vec<_> = (0..3).map(|i| window(i, 5, 3)).collect();
        assert_eq!(windows, [(0, 2), (1, 4), (3, 5)]);
    }

    #[test]
    fn each_mean_is_that_of_its_window() {
        let bytes: Vec<u8> = (0..3 * 4 * 5).map(|i| (i * 37 % 256) as u8).collect();
        let (mut sums, mut means) = (Vec::new(), Vec::new());
        average(&bytes, [4, 5], [2, 3], &mut sums, &mut means);
        for (row, column, channel) in [(0, 0, 0), (0, 1, 2), (1, 2, 1), (1, 1, 0)] {
            let ((top, bottom), (left, right)) = (window(row, 4, 2), window(column, 5, 3));
            let values: Vec<f32> = (top..bottom)
                .flat_map(|y| (left..right).map(move |x| (y, x)))
                .map(|(y, x)| f32::from(bytes[3 * (5 * y + x) + channel]))
                .collect();
            let expected = values.iter().sum::<f32>() / values.len() as f32;
            assert!((means[3 * (3 * row + column) + channel] - expected).abs() < 1e-4);
        }
    }
}
