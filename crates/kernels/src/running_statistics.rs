//! The running statistics of a batch norm, by torch's rule.

use crate::batch_norm::BatchStatistics;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;

/// How far a batch moves running statistics.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Move {
    /// Share of the batch in the new statistics.
    pub momentum: f64,
    /// Values of a channel in the batch.
    pub count: usize,
}

/// The `running` statistics moved by those of a `batch`, all on one device without autodiff:
/// `(1 - momentum) · running + momentum · batch`, with the unbiased variance of the batch, as torch's `BatchNorm2d`.
pub fn move_statistics(
    running: BatchStatistics,
    batch: BatchStatistics,
    by: Move,
) -> BatchStatistics {
    let (mean, variance) = Dispatch::move_statistics(
        running.mean.into_dispatch(),
        running.variance.into_dispatch(),
        batch.mean.into_dispatch(),
        batch.variance.into_dispatch(),
        by,
    );
    BatchStatistics {
        mean: Tensor::from_dispatch(mean),
        variance: Tensor::from_dispatch(variance),
    }
}

#[backend_extension(Flex, Cube: cfg(feature = "gpu"))]
pub(crate) trait RunningStatisticsOps: Backend {
    fn move_statistics(
        running_mean: FloatTensor<Self>,
        running_variance: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        by: Move,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let scaled = |tensor, factor: f64| Self::float_mul_scalar(tensor, factor.into());
        let blended = |running, batch| {
            let kept = scaled(running, 1.0 - by.momentum);
            Self::float_add(kept, scaled(batch, by.momentum))
        };
        let unbiased = scaled(variance, by.unbiased());
        (
            blended(running_mean, mean),
            blended(running_variance, unbiased),
        )
    }
}

impl RunningStatisticsOps for Flex {}

impl Move {
    /// The unbiased variance over the biased one.
    pub(crate) fn unbiased(&self) -> f64 {
        let count = self.count as f64;
        count / (count - 1.0).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn statistics(mean: f32, variance: f32) -> BatchStatistics {
        let tensor = |value| Tensor::from_floats([value], &Device::flex());
        BatchStatistics {
            mean: tensor(mean),
            variance: tensor(variance),
        }
    }

    fn moved(count: usize) -> [f32; 2] {
        let by = Move {
            momentum: 0.25,
            count,
        };
        let moved = move_statistics(statistics(4.0, 8.0), statistics(-4.0, 2.0), by);
        [moved.mean, moved.variance].map(|statistic| statistic.into_scalar::<f32>())
    }

    #[test]
    fn the_variance_of_the_batch_is_unbiased() {
        // 0.75 · 8 + 0.25 · 2 · 5 / 4
        assert_eq!(moved(5), [2.0, 6.625]);
    }

    #[test]
    fn one_value_has_its_variance_of_zero_and_no_nan() {
        assert_eq!(moved(1), [2.0, 6.5]);
    }
}
