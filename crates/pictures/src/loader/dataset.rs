//! Data sets as the loader takes them.

use std::sync::Arc;

use burn_dataset::Dataset;

use crate::folder::PictureItem;

/// A data set that threads can share.
pub type SharedDataset = Arc<dyn Dataset<PictureItem>>;
