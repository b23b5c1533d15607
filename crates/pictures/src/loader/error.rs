//! Errors of the loader.

use burn_dataset::DatasetError;

use crate::decode::DecodeError;
use crate::transform::AugmentationError;

/// Error of starting or continuing an epoch.
#[derive(Debug, thiserror::Error)]
pub enum LoaderError {
    /// A count of the plan is 0.
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
    /// A field of the augmentation is out of range.
    #[error(transparent)]
    Augmentation(#[from] AugmentationError),
    /// A standard deviation is not above 0, or a value is not finite.
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
    /// All training pictures of a class are left out.
    #[error(
        "no training picture of the class {0} can be decoded, and a network cannot learn what it is never shown: repair \
         them, each is named above, or take the class out"
    )]
    LostClass(String),
    /// The data set failed for another reason than a picture that cannot be decoded.
    #[error("cannot read picture {index} of the data set: {source}")]
    Dataset {
        /// Index of the picture in the data set.
        index: usize,
        /// Error of the data set.
        source: DatasetError,
    },
    /// A worker thread ended by a panic.
    #[error(
        "a worker thread of the loader has panicked: this is a defect, please report the message above"
    )]
    WorkerPanicked,
}
