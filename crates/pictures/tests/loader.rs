//! Promises of the loader: the same batches in the same order, whatever the workers do.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use burn_dataset::{Dataset, DatasetError};
use image::{Rgb, RgbImage};
use pictures::decode::{DecodeError, Orientation};
use pictures::folder::{LabelledPicture, PictureItem};
use pictures::loader::{
    Batch, DecodedCache, EpochPlan, EpochSeed, LoaderError, Normalisation, OnBadImage, Purpose,
    ValidationPicture, batches, batches_in_epoch, batches_in_part, shuffle, validation_square,
};
use pictures::transform::{Augmentation, CropMap, Draws, Padding, View, apply};

/// Normalisation that changes nothing.
const UNCHANGED: Normalisation = Normalisation {
    mean: [0.0; 3],
    std: [1.0; 3],
};

/// Pictures of various sizes, some of them broken; it counts how often it is asked.
struct Drawing {
    length: usize,
    broken: Vec<usize>,
    panics_at: Option<usize>,
    asked: AtomicUsize,
}

impl Drawing {
    fn new(length: usize, broken: &[usize]) -> Arc<Self> {
        Arc::new(Self {
            length,
            broken: broken.to_vec(),
            panics_at: None,
            asked: AtomicUsize::new(0),
        })
    }
}

fn picture(index: usize) -> RgbImage {
    let (width, height) = (40 + 3 * (index as u32 % 7), 50 - 2 * (index as u32 % 5));
    RgbImage::from_fn(width, height, |x, y| {
        Rgb([(x * 5) as u8, (y * 3) as u8, (index * 11) as u8])
    })
}

impl Dataset<PictureItem> for Drawing {
    fn get(&self, index: usize) -> Result<PictureItem, DatasetError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        assert_ne!(Some(index), self.panics_at, "a data set with a defect");
        if self.broken.contains(&index) {
            let path = PathBuf::from(format!("pug_{index}.jpg"));
            return Ok(Err(DecodeError::InFile {
                path,
                cause: Box::new(DecodeError::Empty),
            }));
        }
        Ok(Ok(LabelledPicture {
            picture: picture(index),
            label: index % 3,
        }))
    }

    fn len(&self) -> usize {
        self.length
    }
}

const SEED: EpochSeed = EpochSeed {
    seed: 4,
    stage: 0,
    epoch: 1,
};

fn training_plan(length: usize) -> EpochPlan {
    EpochPlan {
        order: shuffle(length, SEED),
        batch_size: 4,
        first_batch: 0,
        size: 32,
        purpose: Purpose::Training,
        augmentation: Augmentation::default(),
        seed: SEED,
        normalisation: Normalisation::IMAGENET,
        on_bad_image: OnBadImage::Error,
        workers: 2,
        queue: 2,
    }
}

fn all(dataset: &Arc<impl Dataset<PictureItem> + 'static>, plan: EpochPlan) -> Vec<Batch> {
    batches(dataset.clone(), plan)
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

#[test]
fn the_batches_are_the_same_for_1_2_and_5_workers_and_any_queue() {
    let drawing = Drawing::new(23, &[]);
    let expected = all(
        &drawing,
        EpochPlan {
            workers: 1,
            queue: 1,
            ..training_plan(23)
        },
    );
    assert_eq!(expected.len(), 6);
    for (workers, queue) in [(2, 1), (5, 3), (5, 100)] {
        assert!(
            all(
                &drawing,
                EpochPlan {
                    workers,
                    queue,
                    ..training_plan(23)
                }
            ) == expected,
            "{workers} workers"
        );
    }
}

#[test]
fn the_batches_are_the_same_with_a_cache_of_decoded_pictures_for_several_workers() {
    let plan = |workers, epoch| {
        let seed = EpochSeed { epoch, ..SEED };
        EpochPlan {
            order: shuffle(23, seed),
            on_bad_image: OnBadImage::Skip,
            seed,
            workers,
            ..training_plan(23)
        }
    };
    let broken = [3, 11];
    // None, some and all of the pictures, of which each takes about 6 kB.
    for limit in [0, 60_000, usize::MAX] {
        for workers in [1, 2, 5] {
            let drawing = Drawing::new(23, &broken);
            let cache = Arc::new(DecodedCache::new(drawing.clone(), limit));
            for epoch in 0..3 {
                let plan = plan(workers, epoch);
                assert!(
                    all(&cache, plan.clone()) == all(&Drawing::new(23, &broken), plan),
                    "limit {limit}, {workers} workers, epoch {epoch}"
                );
            }
            let asked = drawing.asked.load(Ordering::SeqCst);
            match limit {
                0 => assert_eq!(asked, 3 * 23),
                usize::MAX => assert_eq!(asked, 23 + 2 * broken.len()),
                _ => assert!((23 + 1..3 * 23).contains(&asked), "{asked} pictures read"),
            }
        }
    }
}

/// The two halves of each batch of 4, and of the last of 2; a third process with nothing at all.
#[test]
fn parts_of_batches_are_the_whole_batches_and_nothing_else_is_decoded() {
    let plan = || EpochPlan {
        on_bad_image: OnBadImage::Skip,
        ..training_plan(10)
    };
    let whole = all(&Drawing::new(10, &[3, 7]), plan());
    for workers in [1, 3] {
        let part = |of: fn(usize) -> std::ops::Range<usize>| {
            let drawing = Drawing::new(10, &[3, 7]);
            let plan = EpochPlan { workers, ..plan() };
            let part = batches_in_part(drawing.clone(), plan, of).unwrap();
            let part: Vec<Batch> = part.map(Result::unwrap).collect();
            (part, drawing.asked.load(Ordering::SeqCst))
        };
        let (first, asked_first) = part(|length| 0..length / 2);
        let (second, asked_second) = part(|length| length / 2..length);
        assert_eq!((asked_first, asked_second), (5, 5));
        let joined = first.into_iter().zip(second).map(|(mut first, second)| {
            first.pictures.extend(second.pictures);
            first.labels.extend(second.labels);
            first.indices.extend(second.indices);
            first.skipped.extend(second.skipped);
            first
        });
        assert!(joined.collect::<Vec<_>>() == whole);
        let (nothing, asked) = part(|length| length..length);
        assert_eq!(nothing, vec![Batch::default(); 3]);
        assert_eq!(asked, 0);
    }
}

/// Pictures of each batch.
fn lengths(batches: &[Batch]) -> Vec<usize> {
    batches.iter().map(|batch| batch.labels.len()).collect()
}

#[test]
fn batches_hold_the_pictures_of_the_order_transformed_and_normalised() {
    let plan = training_plan(10);
    let found = all(&Drawing::new(10, &[]), plan.clone());
    let indices: Vec<usize> = found
        .iter()
        .flat_map(|batch| batch.indices.clone())
        .collect();
    assert_eq!(indices, plan.order);
    assert_eq!(lengths(&found), [4, 4, 2]);
    for batch in &found {
        for ((slot, &index), &label) in batch.indices.iter().enumerate().zip(&batch.labels) {
            assert_eq!(label, index % 3);
            let draws = plan
                .augmentation
                .draw(&mut plan.seed.generator(index as u64));
            let square = apply(&picture(index), 32, plan.augmentation.padding, &draws);
            for (position, value) in square.iter().enumerate() {
                let channel = position / (32 * 32);
                let normalised =
                    (value - plan.normalisation.mean[channel]) / plan.normalisation.std[channel];
                assert_eq!(batch.pictures[slot * square.len() + position], normalised);
            }
        }
    }
}

#[test]
fn a_picture_that_comes_twice_in_an_epoch_is_augmented_anew_for_any_number_of_workers() {
    let drawing = Drawing::new(3, &[]);
    let plan = |workers, first_batch| EpochPlan {
        order: vec![1, 0, 1, 2, 1, 1],
        batch_size: 2,
        workers,
        first_batch,
        ..training_plan(3)
    };
    let found = all(&drawing, plan(1, 0));
    assert_eq!(found, all(&drawing, plan(5, 0)));
    assert_eq!(found[1..], all(&drawing, plan(2, 1)));
    let places = found.iter().flat_map(|batch| {
        let pictures = batch.pictures.chunks_exact(3 * 32 * 32);
        pictures.zip(batch.indices.iter().copied())
    });
    let ones: Vec<&[f32]> = places
        .filter(|(_, index)| *index == 1)
        .map(|(picture, _)| picture)
        .collect();
    for (place, one) in ones.iter().enumerate() {
        assert!(!ones[place + 1..].contains(one), "{place}");
    }
}

#[test]
fn validation_takes_the_validation_transform_whatever_the_seed() {
    let plan = EpochPlan {
        purpose: Purpose::Validation,
        normalisation: UNCHANGED,
        ..training_plan(5)
    };
    let drawing = Drawing::new(5, &[]);
    let found = all(&drawing, plan.clone());
    let first = plan.order[0];
    let expected = apply(
        &picture(first),
        32,
        plan.augmentation.padding,
        &Draws::validation(),
    );
    assert!(found[0].pictures[..expected.len()] == expected[..]);
    assert!(
        all(
            &drawing,
            EpochPlan {
                seed: EpochSeed { epoch: 99, ..SEED },
                ..plan
            }
        ) == found
    );
}

#[test]
fn a_last_training_batch_of_one_picture_is_left_out_yet_counted() {
    let drawing = Drawing::new(9, &[]);
    assert_eq!(batches_in_epoch(9, 4), 3);
    assert_eq!(all(&drawing, training_plan(9)).len(), 2);
    let validation = all(
        &drawing,
        EpochPlan {
            purpose: Purpose::Validation,
            ..training_plan(9)
        },
    );
    assert_eq!(lengths(&validation), [4, 4, 1]);
}

#[test]
fn an_epoch_entered_at_batch_k_yields_the_tail_of_the_whole() {
    let drawing = Drawing::new(23, &[]);
    let whole = all(&drawing, training_plan(23));
    for first_batch in 0..=whole.len() + 1 {
        let tail = all(
            &drawing,
            EpochPlan {
                first_batch,
                ..training_plan(23)
            },
        );
        assert!(
            tail == whole[first_batch.min(whole.len())..],
            "from batch {first_batch}"
        );
    }
}

#[test]
fn a_broken_picture_is_an_error_at_its_place_that_names_the_file() {
    let order: Vec<usize> = (0..20).collect();
    for workers in [1, 5] {
        let plan = EpochPlan {
            order: order.clone(),
            workers,
            ..training_plan(20)
        };
        let mut found = batches(Drawing::new(20, &[10, 11]), plan).unwrap();
        assert_eq!(found.next().unwrap().unwrap().indices, [0, 1, 2, 3]);
        assert_eq!(found.next().unwrap().unwrap().indices, [4, 5, 6, 7]);
        let error = found.next().unwrap().unwrap_err();
        assert!(matches!(error, LoaderError::Picture(_)));
        assert!(error.to_string().contains("pug_10.jpg"), "{error}");
        assert!(found.next().is_none());
    }
}

#[test]
fn with_skip_the_batch_lacks_the_broken_picture_and_names_it() {
    let broken = [1, 4, 5, 6, 7];
    let skip = |purpose| EpochPlan {
        order: (0..10).collect(),
        on_bad_image: OnBadImage::Skip,
        purpose,
        ..training_plan(10)
    };
    let found = all(&Drawing::new(10, &broken), skip(Purpose::Training));
    let indices: Vec<_> = found.iter().map(|batch| batch.indices.clone()).collect();
    assert_eq!(indices, [vec![0, 2, 3], vec![], vec![8, 9]]);
    assert_eq!(
        found
            .iter()
            .map(|batch| batch.skipped.len())
            .collect::<Vec<_>>(),
        [1, 4, 0]
    );
    assert!(
        found[0].skipped[0].index == 1 && found[0].skipped[0].reason.contains("pug_1.jpg"),
        "{:?}",
        found[0].skipped
    );
    let whole = all(&Drawing::new(10, &[]), skip(Purpose::Training));
    let length = 3 * 32 * 32;
    assert!(found[0].pictures[..length] == whole[0].pictures[..length]);
    assert!(found[0].pictures[length..] == whole[0].pictures[2 * length..]);
    assert!(found[1].pictures.is_empty());
}

#[test]
fn dropped_midway_the_workers_end_and_have_read_no_further_than_the_queue() {
    let drawing = Drawing::new(1000, &[]);
    let mut found = batches(
        drawing.clone(),
        EpochPlan {
            workers: 5,
            ..training_plan(1000)
        },
    )
    .unwrap();
    for _ in 0..3 {
        found.next().unwrap().unwrap();
    }
    drop(found);
    assert_eq!(
        Arc::strong_count(&drawing),
        1,
        "a worker still holds the data set"
    );
    let asked = drawing.asked.load(Ordering::SeqCst);
    assert!(
        (12..=20).contains(&asked),
        "3 batches taken and 2 in the queue, {asked} pictures read"
    );
}

#[test]
fn a_panicking_worker_is_an_error_and_no_endless_wait() {
    let drawing = Arc::new(Drawing {
        length: 8,
        broken: vec![],
        panics_at: Some(2),
        asked: AtomicUsize::new(0),
    });
    for workers in [1, 3] {
        let plan = EpochPlan {
            order: (0..8).collect(),
            workers,
            ..training_plan(8)
        };
        let last = batches(drawing.clone(), plan).unwrap().last().unwrap();
        assert!(matches!(last, Err(LoaderError::WorkerPanicked)));
    }
}

#[test]
fn an_empty_order_yields_nothing() {
    assert!(all(&Drawing::new(5, &[]), training_plan(0)).is_empty());
}

#[test]
fn a_plan_that_cannot_be_carried_out_is_a_named_error() {
    let error = |plan: EpochPlan| {
        batches(Drawing::new(5, &[]), plan)
            .err()
            .unwrap()
            .to_string()
    };
    assert_eq!(
        error(EpochPlan {
            workers: 0,
            ..training_plan(5)
        }),
        "workers is 0: give at least 1"
    );
    assert_eq!(
        error(EpochPlan {
            batch_size: 0,
            ..training_plan(5)
        }),
        "batch_size is 0: give at least 1"
    );
    assert!(
        error(EpochPlan {
            order: vec![1, 5],
            ..training_plan(5)
        })
        .starts_with("the order names picture 5 of a data set of 5")
    );
    let augmentation = Augmentation {
        max_zoom: 0.0,
        ..Augmentation::default()
    };
    assert!(
        error(EpochPlan {
            augmentation,
            ..training_plan(5)
        })
        .contains("max_zoom")
    );
    let normalisation = Normalisation {
        std: [0.0; 3],
        ..UNCHANGED
    };
    assert!(
        error(EpochPlan {
            normalisation,
            ..training_plan(5)
        })
        .contains("standard deviation")
    );
}

/// A program that asks about single pictures (a heat-map) must show the network what validation showed it.
#[test]
fn a_picture_read_by_itself_is_the_one_of_a_validation_batch() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pug_1.png");
    picture(1).save(&path).unwrap();
    // At 40 the crop reaches beyond the resized picture, so that every kind of padding shows.
    for (size, padding) in [
        (64, Padding::Reflection),
        (40, Padding::Reflection),
        (40, Padding::Zeros),
        (40, Padding::Border),
    ] {
        let mut plan = EpochPlan {
            order: vec![1],
            size,
            purpose: Purpose::Validation,
            ..training_plan(2)
        };
        plan.augmentation.padding = padding;
        let batch = all(&Drawing::new(2, &[]), plan.clone()).remove(0);
        let mut found =
            ValidationPicture::read(&path, size, View::Square, padding, Orientation::Exif).unwrap();
        assert_eq!(found.bytes, fs::read(&path).unwrap());
        assert!(found.pixels == picture(1));
        assert_eq!(found.crop, CropMap::new(43, 48, size));
        assert!(found.frame == validation_square(&picture(1), size, padding));
        plan.normalisation.apply(&mut found.frame);
        assert!(found.frame == batch.pictures, "{size} {padding:?}");
    }
    let squares = [Padding::Reflection, Padding::Zeros, Padding::Border]
        .map(|padding| validation_square(&picture(1), 40, padding));
    assert!(squares[0] != squares[1] && squares[1] != squares[2] && squares[0] != squares[2]);
}

#[test]
fn a_single_picture_that_cannot_be_read_is_an_error_that_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let said = |name: &str| {
        let path = folder.path().join(name);
        let error = ValidationPicture::read(
            &path,
            64,
            View::Square,
            Padding::default(),
            Orientation::Exif,
        )
        .unwrap_err();
        let text = error.to_string();
        assert!(text.contains(name), "{text}");
        text
    };
    assert!(said("none_1.jpg").contains("cannot be read"));
    fs::write(folder.path().join("empty_1.jpg"), b"").unwrap();
    assert!(said("empty_1.jpg").contains("empty"));
}
