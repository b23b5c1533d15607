//! The loader's workers wait for no job of rayon.
//!
//! Training makes the main thread part of rayon's global pool. With `RAYON_NUM_THREADS=1` it is the whole pool, and
//! while it waits for the next batch no job of rayon runs: a worker that waited for one would wait for ever, and the
//! main thread for the worker. This file holds one test, since a process has one global pool.

use std::io::{Write, stderr};
use std::process::exit;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use image::{ImageFormat, Rgb, RgbImage};
use pictures::decode::Orientation;
use pictures::folder::{FolderLayout, Photographs, Rules, classes, list_pictures};
use pictures::loader::{
    DecodedCache, EpochPlan, EpochSeed, Normalisation, OnBadImage, Purpose, batches, shuffle,
};
use pictures::transform::Augmentation;

/// An epoch takes a fraction of a second, also where other programs keep the processor busy.
const PATIENCE: Duration = Duration::from_secs(120);

const FORMATS: [ImageFormat; 5] = [
    ImageFormat::Jpeg,
    ImageFormat::Png,
    ImageFormat::Gif,
    ImageFormat::WebP,
    ImageFormat::Bmp,
];

#[test]
fn an_epoch_is_loaded_while_the_only_thread_of_rayon_waits_for_it() {
    rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread()
        .build_global()
        .expect("no other pool in this process");
    assert_rayon_is_stuck();

    let folder = tempfile::tempdir().expect("a temporary folder");
    let breed = folder.path().join("pug");
    std::fs::create_dir(&breed).expect("a new folder");
    for number in 0..20 {
        let format = FORMATS[number % FORMATS.len()];
        let name = format!("{number}.{}", format.extensions_str()[0]);
        picture(number)
            .save_with_format(breed.join(name), format)
            .expect("a written picture");
    }
    let files = list_pictures(folder.path(), &Rules::of(FolderLayout::Folders))
        .expect("a listing")
        .files;
    let names = classes(files.iter().map(|file| file.label.as_str()));
    let indices: Vec<usize> = (0..files.len()).collect();
    let photographs = Photographs::new(&files, &indices, &names, Orientation::Exif)
        .expect("pictures of the classes");
    let dataset = Arc::new(DecodedCache::new(Arc::new(photographs), usize::MAX));

    let (finished, watched) = channel::<()>();
    let watchdog = thread::spawn(move || {
        if watched.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            // Not by `eprintln!`, whose text the test harness keeps to itself.
            let _ = writeln!(
                stderr(),
                "no batch after {PATIENCE:?}: a worker of the loader waits for rayon"
            );
            exit(1);
        }
    });
    for purpose in [Purpose::Training, Purpose::Validation] {
        let loaded: usize = batches(dataset.clone(), plan(purpose, files.len()))
            .expect("a plan that can be carried out")
            .map(|batch| batch.expect("a picture that can be decoded").labels.len())
            .sum();
        assert_eq!(loaded, files.len());
    }
    drop(finished);
    watchdog.join().expect("no panic in the watchdog");
}

/// Without this the test might pass because some other thread runs the jobs.
fn assert_rayon_is_stuck() {
    let (finished, watched) = channel();
    thread::spawn(move || {
        rayon::join(|| (), || ());
        let _ = finished.send(());
    });
    assert_eq!(
        watched.recv_timeout(Duration::from_millis(300)),
        Err(RecvTimeoutError::Timeout),
        "a job of rayon ran although its only thread waits"
    );
}

fn picture(number: usize) -> RgbImage {
    // Large enough that a decoder or transform which splits its work has a reason to.
    RgbImage::from_fn(600, 400, |x, y| {
        Rgb([(x / 3) as u8, (y / 2) as u8, (number * 12) as u8])
    })
}

/// Every transform applies to every picture.
fn plan(purpose: Purpose, pictures: usize) -> EpochPlan {
    let seed = EpochSeed {
        seed: 1,
        stage: 0,
        epoch: 0,
    };
    EpochPlan {
        order: shuffle(pictures, seed),
        batch_size: 4,
        first_batch: 0,
        size: 64,
        purpose,
        augmentation: Augmentation {
            p_affine: 1.0,
            p_lighting: 1.0,
            ..Augmentation::default()
        },
        seed,
        normalisation: Normalisation::IMAGENET,
        on_bad_image: OnBadImage::Error,
        workers: 3,
        queue: 2,
    }
}
