//! Type of the data sets that the loader reads.

use std::sync::Arc;

use burn_dataset::Dataset;

use crate::folder::PictureItem;

/// Data set that threads can share.
pub type SharedDataset = Arc<dyn Dataset<PictureItem>>;
