//! How fast pictures are decoded, transformed and loaded: `cargo bench --profile dev -p pictures --bench loader`.
//!
//! Pictures are the first JPEG files by name, in the folder that the variable `PHOTOGRAPHS` names, that measure
//! 500 × 375. Without the variable the data set's folder is taken, and where that is missing, pictures are drawn. First
//! come pictures per CPU-second of one worker, then divan's wall-clock times of the parts.
//!
//! With `-- worker SIZE` only one line, for `scripts/bench-loader.sh`: size, pictures per CPU-second of a worker of the
//! loader, mean length of the files in bytes. With `-- cached SIZE` the same for pictures that were decoded before.

use std::io::Cursor;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use burn_dataset::{Dataset, DatasetError};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};
use pictures::decode::decode;
use pictures::folder::{LabelledPicture, PictureItem};
use pictures::loader::{
    DecodedCache, EpochPlan, EpochSeed, Normalisation, OnBadImage, Purpose, SharedDataset, batches,
};
use pictures::transform::{Augmentation, Workspace};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Number of files.
const COUNT: usize = 32;
/// Number of pictures per round: each file under eight draws.
const TURNS: usize = 8 * COUNT;
const SIZES: [usize; 3] = [128, 224, 352];
const SEED: EpochSeed = EpochSeed {
    seed: 0,
    stage: 0,
    epoch: 0,
};

/// The augmentation of the recipe.
static RECIPE: LazyLock<Augmentation> = LazyLock::new(|| Augmentation {
    max_rotate: 20.0,
    max_zoom: 1.3,
    max_lighting: 0.4,
    max_warp: 0.4,
    p_affine: 0.2,
    p_lighting: 0.2,
    ..Augmentation::default()
});

/// JPEG files of 500 × 375 pixels in memory, and the same decoded.
static FILES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    if let Some(folder) = std::env::var_os("PHOTOGRAPHS") {
        let files = photographs(Path::new(&folder));
        // Drawn pictures in their place would pass for photographs.
        assert_eq!(files.len(), COUNT, "photographs of 500 × 375 in {folder:?}");
        return files;
    }
    let data_set = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../data/oxford-iiit-pet/images"
    );
    let files = photographs(Path::new(data_set));
    if files.len() == COUNT {
        files
    } else {
        (0..COUNT as u64).map(drawn_file).collect()
    }
});
static PICTURES: LazyLock<Vec<RgbImage>> = LazyLock::new(|| {
    FILES
        .iter()
        .map(|bytes| decode(bytes).expect("was decoded before").picture)
        .collect()
});

/// The first JPEG files of `folder`, by name, that measure 500 × 375.
fn photographs(folder: &Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    paths
        .iter()
        .filter_map(|path| std::fs::read(path).ok())
        .filter(|bytes| bytes.starts_with(&[0xff, 0xd8]))
        .filter(|bytes| {
            decode(bytes).is_ok_and(|decoded| decoded.picture.dimensions() == (500, 375))
        })
        .take(COUNT)
        .collect()
}

/// A picture with the detail of a photograph: waves of all lengths, strong ones long, and a little noise.
fn drawn_file(number: u64) -> Vec<u8> {
    let mut random = ChaCha8Rng::from_seed([number as u8; 32]);
    let waves: Vec<[f32; 4]> = (0..24)
        .map(|wave| {
            let pitch = 0.01 * 1.25f32.powi(wave);
            let turn = random.random::<f32>() * std::f32::consts::TAU;
            [
                pitch * turn.cos(),
                pitch * turn.sin(),
                40.0 / (1.0 + wave as f32),
                random.random(),
            ]
        })
        .collect();
    let picture = RgbImage::from_fn(500, 375, |x, y| {
        let grey = |tint: f32| -> f32 {
            waves
                .iter()
                .map(|[u, v, height, phase]| {
                    height * (u * x as f32 + v * y as f32 + phase * tint).sin()
                })
                .sum()
        };
        Rgb([5.0, 6.0, 7.0].map(|tint| (128.0 + grey(tint) + 8.0 * random.random::<f32>()) as u8))
    });
    let mut bytes = Cursor::new(Vec::new());
    JpegEncoder::new_with_quality(&mut bytes, 90)
        .encode_image(&picture)
        .expect("memory takes any picture");
    bytes.into_inner()
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [pictures @ ("worker" | "cached"), size, ..] =
        *words.iter().map(String::as_str).collect::<Vec<_>>()
    {
        let size = size
            .parse()
            .expect("a number of pixels after worker or cached");
        let pictures = if pictures == "cached" {
            cached()
        } else {
            decoding()
        };
        println!(
            "{size} {:.1} {}",
            loader_per_second(pictures, size),
            mean_length()
        );
        return;
    }
    println!(
        "pictures per CPU-second on one thread, JPEGs of {} bytes in the mean",
        mean_length()
    );
    println!("decode: {:.0}", per_second(COUNT, decode_all));
    for size in SIZES {
        println!(
            "transform at {size}: {:.0}",
            per_second(TURNS, || transform_all(size))
        );
        println!(
            "decode, transform and normalise at {size}, a worker of the loader: {:.0}",
            loader_per_second(decoding(), size)
        );
    }
    divan::main();
}

#[divan::bench]
fn decode_a_photograph(bencher: Bencher) {
    let mut files = FILES.iter().cycle();
    bencher
        .counter(ItemsCount::new(1usize))
        .bench_local(|| decode(files.next().expect("an endless cycle")));
}

#[divan::bench(args = SIZES)]
fn transform_a_photograph(bencher: Bencher, size: usize) {
    let mut workspace = Workspace::default();
    let mut square = vec![0.0; 3 * size * size];
    let mut turns = (0..TURNS).cycle();
    bencher.counter(ItemsCount::new(1usize)).bench_local(|| {
        let turn = turns.next().expect("an endless cycle");
        transform_one(turn, size, &mut workspace, &mut square);
    });
}

fn mean_length() -> usize {
    FILES.iter().map(Vec::len).sum::<usize>() / COUNT
}

fn decode_all() {
    for bytes in FILES.iter() {
        black_box(decode(black_box(bytes)).ok());
    }
}

fn transform_all(size: usize) {
    let mut workspace = Workspace::default();
    let mut square = vec![0.0; 3 * size * size];
    for turn in 0..TURNS {
        transform_one(turn, size, &mut workspace, &mut square);
    }
}

fn transform_one(turn: usize, size: usize, workspace: &mut Workspace, square: &mut [f32]) {
    let draws = RECIPE.draw(&mut SEED.generator(turn as u64));
    workspace.apply(
        black_box(&PICTURES[turn % COUNT]),
        size,
        RECIPE.padding,
        &draws,
        black_box(square),
    );
}

/// Items per second of this thread's processor time: the best of several rounds, each over all items.
fn per_second(items: usize, round: impl Fn()) -> f64 {
    round();
    let rounds = (0..7).map(|_| {
        let start = thread_time();
        round();
        thread_time() - start
    });
    items as f64 / rounds.min().unwrap_or_default().as_secs_f64()
}

/// The files as a data set.
struct Files;

impl Dataset<PictureItem> for Files {
    fn get(&self, index: usize) -> Result<PictureItem, DatasetError> {
        Ok(
            decode(&FILES[index % COUNT]).map(|decoded| LabelledPicture {
                picture: decoded.picture,
                label: 0,
            }),
        )
    }

    fn len(&self) -> usize {
        TURNS
    }
}

/// Each picture is decoded when it is asked for.
fn decoding() -> SharedDataset {
    Arc::new(Files)
}

/// All pictures are in memory.
fn cached() -> SharedDataset {
    let cache = DecodedCache::new(decoding(), usize::MAX);
    (0..TURNS).for_each(|index| drop(cache.get(index)));
    Arc::new(cache)
}

/// A data set that notes the processor time of the worker that asks.
struct Timed {
    pictures: SharedDataset,
    times: Mutex<Vec<Duration>>,
}

impl Dataset<PictureItem> for Timed {
    fn get(&self, index: usize) -> Result<PictureItem, DatasetError> {
        self.times
            .lock()
            .expect("no panic while locked")
            .push(thread_time());
        self.pictures.get(index)
    }

    fn len(&self) -> usize {
        self.pictures.len()
    }
}

/// Pictures per second of processor time of the loader's only worker: the best of several epochs.
fn loader_per_second(pictures: SharedDataset, size: usize) -> f64 {
    let epochs = (0..7).map(|_| {
        let timed = Arc::new(Timed {
            pictures: pictures.clone(),
            times: Mutex::new(Vec::new()),
        });
        for batch in batches(timed.clone(), plan(size)).expect("a plan that can be carried out") {
            black_box(batch.expect("every file was decoded before"));
        }
        let times = timed.times.lock().expect("no panic while locked");
        times[TURNS - 1] - times[0]
    });
    (TURNS - 1) as f64 / epochs.min().unwrap_or_default().as_secs_f64()
}

fn plan(size: usize) -> EpochPlan {
    EpochPlan {
        order: (0..TURNS).collect(),
        batch_size: 16,
        first_batch: 0,
        size,
        purpose: Purpose::Training,
        augmentation: *RECIPE,
        seed: SEED,
        normalisation: Normalisation::IMAGENET,
        on_bad_image: OnBadImage::Error,
        workers: 1,
        queue: 2,
    }
}

/// The processor time of this thread: on Linux the kernel's account, elsewhere the time on the clock.
fn thread_time() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let account = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = account.and_then(|account| account.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| START.elapsed(), Duration::from_nanos)
}
