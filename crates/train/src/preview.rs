//! Training pictures as the network sees them.

use crate::feed::Feed;
use anyhow::Result;
use image::{Rgb, RgbImage};
use pictures::loader::{Batch, EpochPlan, Normalisation, OnBadImage, SharedDataset, batches};

/// Three rows of three, as the notebook's `show_batch(rows=3)`.
pub const CELLS: usize = 9;

/// Leaves the values of a picture in 0..1.
pub const AS_THEY_ARE: Normalisation = Normalisation {
    mean: [0.0; 3],
    std: [1.0; 3],
};

/// The first pictures of the first epoch that can be decoded, each as a batch.
///
/// # Errors
/// The pictures cannot be loaded.
pub fn first_pictures(feed: &Feed) -> Result<Vec<Batch>> {
    let batches = one_by_one(feed.data.train.clone(), feed.training_plan(0, 0))?;
    batches.take(CELLS).collect()
}

/// The pictures of `plan` that can be decoded, as values in 0..1 and each a batch.
///
/// # Errors
/// The plan cannot be carried out.
pub fn one_by_one(
    pictures: SharedDataset,
    plan: EpochPlan,
) -> Result<impl Iterator<Item = Result<Batch>>> {
    let plan = EpochPlan {
        batch_size: 1,
        normalisation: AS_THEY_ARE,
        on_bad_image: OnBadImage::Skip,
        ..plan
    };
    let batches = batches(pictures, plan)?;
    Ok(batches
        .filter(|batch| {
            batch
                .as_ref()
                .map_or(true, |batch| !batch.labels.is_empty())
        })
        .map(|batch| Ok(batch?)))
}

/// A picture of three planes of `size` × `size` values in 0..1.
pub fn view(planes: &[f32], size: usize) -> RgbImage {
    let plane = size * size;
    RgbImage::from_fn(size as u32, size as u32, |x, y| {
        let at = y as usize * size + x as usize;
        Rgb([0, 1, 2].map(|channel| (planes[channel * plane + at] * 255.0).round() as u8))
    })
}
