//! Cache of decoded pictures in memory.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use burn_dataset::{Dataset, DatasetError};

use super::dataset::SharedDataset;
use crate::folder::{LabelledPicture, PictureItem};

/// Data set that keeps its decoded pictures in memory as they are first read, up to a limit.
///
/// A kept picture is never replaced by another. Every epoch reads every picture once, so each is as likely to be
/// requested next as any other: replacement would cost bookkeeping and save no reading. Items are the same whether
/// they were kept or not. A picture that cannot be decoded is not kept, and read again when it is requested again.
pub struct DecodedCache {
    dataset: SharedDataset,
    kept: Vec<OnceLock<LabelledPicture>>,
    /// Bytes that are still free.
    free: Arc<AtomicUsize>,
}

impl DecodedCache {
    /// Cache of the pictures in `dataset` that keeps at most `limit` bytes, three for each pixel; with 0 it keeps
    /// none.
    pub fn new(dataset: SharedDataset, limit: usize) -> Self {
        Self::within(dataset, Arc::new(AtomicUsize::new(limit)))
    }

    /// Cache of another data set under the same limit: together they keep no more than this one alone could, and
    /// pictures of either are kept in the order in which they are first read.
    pub fn beside(&self, dataset: SharedDataset) -> Self {
        Self::within(dataset, Arc::clone(&self.free))
    }

    fn within(dataset: SharedDataset, free: Arc<AtomicUsize>) -> Self {
        let kept = std::iter::repeat_with(OnceLock::new)
            .take(dataset.len())
            .collect();
        Self {
            dataset,
            kept,
            free,
        }
    }

    fn keep_if_it_fits(&self, index: usize, sample: &LabelledPicture) {
        let bytes = sample.picture.as_raw().len();
        // Taken before the copy is made, so that no two threads fill the same bytes.
        let taken = self
            .free
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |free| {
                free.checked_sub(bytes)
            });
        // A copy has no spare capacity, which a decoder may leave.
        if taken.is_ok() && self.kept[index].set(sample.clone()).is_err() {
            // Another thread has read and kept the same picture meanwhile.
            self.free.fetch_add(bytes, Ordering::Relaxed);
        }
    }
}

impl Dataset<PictureItem> for DecodedCache {
    fn get(&self, index: usize) -> Result<PictureItem, DatasetError> {
        if let Some(sample) = self.kept[index].get() {
            return Ok(Ok(sample.clone()));
        }
        let sample = self.dataset.get(index)?;
        if let Ok(sample) = &sample {
            self.keep_if_it_fits(index, sample);
        }
        Ok(sample)
    }

    fn len(&self) -> usize {
        self.dataset.len()
    }
}

impl fmt::Debug for DecodedCache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DecodedCache")
            .field("pictures", &self.kept.len())
            .field("free", &self.free)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Barrier;

    use image::{Rgb, RgbImage};

    use super::*;
    use crate::decode::DecodeError;

    /// Pictures of 300 bytes and more; it counts how often each is read.
    struct Drawn {
        reads: Vec<AtomicUsize>,
    }

    impl Drawn {
        fn new(length: usize) -> Arc<Self> {
            let reads = std::iter::repeat_with(AtomicUsize::default).take(length);
            Arc::new(Self {
                reads: reads.collect(),
            })
        }

        fn reads(&self) -> Vec<usize> {
            self.reads
                .iter()
                .map(|reads| reads.load(Ordering::SeqCst))
                .collect()
        }
    }

    impl Dataset<PictureItem> for Drawn {
        fn get(&self, index: usize) -> Result<PictureItem, DatasetError> {
            self.reads[index].fetch_add(1, Ordering::SeqCst);
            Ok(Ok(drawn(index)))
        }

        fn len(&self) -> usize {
            self.reads.len()
        }
    }

    fn drawn(index: usize) -> LabelledPicture {
        let width = 10 + index as u32;
        let colour = |x, y| Rgb([x as u8, y as u8, index as u8]);
        LabelledPicture {
            picture: RgbImage::from_fn(width, 10, colour),
            label: index % 3,
        }
    }

    /// Lets go of a picture only when four threads have read it, so that all four try to keep it at once.
    struct ReadByFour {
        dataset: Arc<Drawn>,
        barrier: Barrier,
    }

    impl Dataset<PictureItem> for ReadByFour {
        fn get(&self, index: usize) -> Result<PictureItem, DatasetError> {
            let sample = self.dataset.get(index);
            self.barrier.wait();
            sample
        }

        fn len(&self) -> usize {
            self.dataset.len()
        }
    }

    /// Fails the first time that picture 0 (undecodable) or 1 (out of reach) is read.
    struct FailsAtFirst(Arc<Drawn>);

    impl Dataset<PictureItem> for FailsAtFirst {
        fn get(&self, index: usize) -> Result<PictureItem, DatasetError> {
            let sample = self.0.get(index);
            match (index, self.0.reads()[index]) {
                (0, 1) => Ok(Err(DecodeError::Empty)),
                (1, 1) => Err(DatasetError::new(io::Error::other(
                    "the connection is lost",
                ))),
                _ => sample,
            }
        }

        fn len(&self) -> usize {
            self.0.len()
        }
    }

    fn kept_bytes(cache: &DecodedCache) -> usize {
        let kept = cache.kept.iter().filter_map(OnceLock::get);
        kept.map(|sample| sample.picture.as_raw().capacity()).sum()
    }

    fn read_all(cache: &DecodedCache) -> Vec<LabelledPicture> {
        let samples = (0..cache.len()).map(|index| cache.get(index).unwrap().unwrap());
        samples.collect()
    }

    #[test]
    fn no_more_bytes_than_the_limit_are_kept_while_four_threads_read() {
        for limit in [0, 299, 300, 1000, 5000, usize::MAX] {
            let read_by_four = Arc::new(ReadByFour {
                dataset: Drawn::new(20),
                barrier: Barrier::new(4),
            });
            let cache = DecodedCache::new(read_by_four, limit);
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| (read_all(&cache), read_all(&cache)));
                }
            });
            // Nothing kept is given up, so what holds at the end has held all the time.
            let free = cache.free.load(Ordering::SeqCst);
            assert_eq!(kept_bytes(&cache), limit - free, "limit {limit}");
        }
    }

    #[test]
    fn two_caches_beside_one_another_keep_no_more_than_one_limit() {
        let train = DecodedCache::new(Drawn::new(2), 1000);
        let valid = train.beside(Drawn::new(2));
        read_all(&train);
        read_all(&valid);
        assert_eq!((kept_bytes(&train), kept_bytes(&valid)), (630, 300));
    }

    #[test]
    fn the_samples_are_the_same_whatever_is_kept() {
        let expected: Vec<_> = (0..20).map(drawn).collect();
        for limit in [0, 1000, usize::MAX] {
            let cache = DecodedCache::new(Drawn::new(20), limit);
            assert_eq!(cache.len(), 20);
            for epoch in 0..3 {
                assert!(read_all(&cache) == expected, "limit {limit}, epoch {epoch}");
            }
        }
    }

    #[test]
    fn a_kept_picture_is_read_once_and_any_other_each_time() {
        let dataset = Drawn::new(5);
        let cache = DecodedCache::new(dataset.clone(), 300 + 330);
        for _ in 0..3 {
            read_all(&cache);
        }
        assert_eq!(dataset.reads(), [1, 1, 3, 3, 3]);
    }

    #[test]
    fn a_picture_too_large_for_what_is_left_leaves_it_to_a_smaller_one() {
        let dataset = Drawn::new(5);
        let cache = DecodedCache::new(dataset.clone(), 300);
        for index in [4, 0, 4, 0] {
            cache.get(index).unwrap().unwrap();
        }
        assert_eq!(dataset.reads(), [1, 0, 0, 0, 2]);
    }

    #[test]
    fn an_error_is_passed_on_and_the_picture_read_again_the_next_time() {
        let dataset = Drawn::new(2);
        let cache = DecodedCache::new(Arc::new(FailsAtFirst(dataset.clone())), usize::MAX);
        assert!(matches!(cache.get(0), Ok(Err(DecodeError::Empty))));
        assert_eq!(
            cache.get(1).unwrap_err().to_string(),
            "the connection is lost"
        );
        for _ in 0..2 {
            assert_eq!(read_all(&cache), [drawn(0), drawn(1)]);
        }
        assert_eq!(dataset.reads(), [2, 2]);
    }
}
