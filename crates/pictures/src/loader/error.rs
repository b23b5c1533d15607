//! Errors of the loader.

use burn_dataset::DatasetError;

use crate::decode::DecodeError;
use crate::transform::AugmentationError;

/// Why an epoch cannot be started or continued.
#[derive(Debug, thiserror::Error)]
pub enum LoaderError {
    /// A count of the plan that has to be at least 1.
    #[error("{field} is 0: give at least 1")]
    Zero {
        /// Name of the field of [`EpochPlan`](super::EpochPlan).
        field: &'static str,
    },
    /// The order names a picture that does not exist.
    #[error(
        "the order names picture {index} of a data set of {length}: give indices below its length"
    )]
    IndexOutside {
        /// The index in the order.
        index: usize,
        /// Number of pictures in the data set.
        length: usize,
    },
    /// The augmentation has a knob out of range.
    #[error(transparent)]
    Augmentation(#[from] AugmentationError),
    /// A standard deviation that cannot be divided by, or a mean that is no number.
    #[error(
        "normalisation has the mean {mean} and the standard deviation {std}: give numbers, the latter above 0"
    )]
    Normalisation {
        /// Mean of the channel.
        mean: f32,
        /// Standard deviation of the channel.
        std: f32,
    },
    /// A thread could not be started.
    #[error("cannot start a worker thread: {0}; give a smaller number of workers")]
    Thread(#[source] std::io::Error),
    /// A picture cannot be decoded.
    #[error("{0}; or leave such pictures out with on_bad_image = \"skip\"")]
    Picture(#[source] DecodeError),
    /// The data set failed in another way than by a picture.
    #[error("cannot read picture {index} of the data set: {source}")]
    Dataset {
        /// Index of the picture in the data set.
        index: usize,
        /// What the data set says.
        source: DatasetError,
    },
    /// A worker thread ended by a panic.
    #[error(
        "a worker thread of the loader has panicked: this is a defect, please report the message above"
    )]
    WorkerPanicked,
}
