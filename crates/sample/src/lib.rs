//! The sample: a drawn data set in the layout of the Oxford-IIIT Pets, for training without a download.
//!
//! Its six breeds of cats and dogs differ in head, ears and coat; the backgrounds do not depend on the breed. Each
//! picture is drawn from a seed of its own, so the files are the same for any number of threads.
//!
//! ```text
//! sample.json                               the spec it was drawn from, written last
//! images/<breed>_<number>.jpg
//! annotations/list.txt, trainval.txt, test.txt
//! annotations/trimaps/<breed>_<number>.png  1 animal, 2 background, 3 border
//! annotations/xmls/<breed>_<number>.xml     the head box
//! two_breeds/<left>__<right>_<number>.jpg   two animals in one frame
//! two_breeds/truth.json                     their breeds, boxes and head boxes
//! two_breeds/trimaps_left/, trimaps_right/  one trimap for each of the two
//! parts/<breed>_<number>.jpg                more pictures, for measuring heat-maps alone
//! parts/<breed>_<number>_without_<part>.jpg the same without head, ears, coat or background
//! parts/masks/<breed>_<number>.png          where its parts are, by their numbers
//! parts/truth.json                          breeds, numbers and pictures of the parts
//! ```

mod animal;
mod annotation_files;
mod background;
mod breed;
mod canvas;
mod error;
mod light;
mod noise;
mod picture;
mod random;
mod render;
mod solid;
mod spec;
mod two_breeds;

use std::fs;
use std::path::{Path, PathBuf};

use files::{Lock, PartialFolder};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use breed::Breed;
pub use error::SampleError;
pub use spec::SampleSpec;

use annotation_files::{
    create_folder, stem, truth, write, write_head_box, write_lists, write_picture, write_trimap,
};
use picture::PicturePart;
use random::{PicturePurpose, generator};

/// Version of the drawing. It is raised whenever the same spec is drawn differently, so that samples of an older
/// program are drawn again.
const GENERATOR: u32 = 4;

/// File that is written last and describes the content of the folder.
const RECORD: &str = "sample.json";

/// For so many pictures of a breed there is one more whose parts are known, and at most so many of those.
const PICTURES_PER_PARTS: usize = 20;
const MOST_PARTS: usize = 6;

/// Number of pictures that are drawn between two calls of the progress function.
const CHUNK: usize = 32;

/// Tells whether `folder` holds the whole sample of `spec`, drawn by this version of the generator.
pub fn is_complete(folder: &Path, spec: &SampleSpec) -> bool {
    fs::read(folder.join(RECORD)).is_ok_and(|bytes| {
        serde_json::from_slice::<SampleRecord>(&bytes)
            .is_ok_and(|record| record == SampleRecord::of(spec))
    })
}

/// Draws the sample of `spec` into `folder`, replacing a sample of another spec; does nothing if it is there already.
///
/// `on_progress` gets the number of pictures drawn and of all pictures, first with 0. The sample is drawn in a hidden
/// folder beside `folder` and renamed when complete, so `folder` is either whole or absent after any interruption. A
/// second process that draws the same folder waits for the first. One thread of rayon's current pool draws one picture
/// at a time.
///
/// # Errors
/// A [`SampleError`] if the spec is impossible, a file cannot be written, or `folder` holds something else.
pub fn draw_sample(
    folder: &Path,
    spec: &SampleSpec,
    on_progress: &mut dyn FnMut(usize, usize),
) -> Result<(), SampleError> {
    spec.check()?;
    let folder = std::path::absolute(folder).map_err(SampleError::at("find", folder))?;
    if let Some(parent) = folder.parent() {
        files::create_folders(parent).map_err(SampleError::at("create", parent))?;
    }
    let lock_path = beside(&folder, "lock");
    let _lock = Lock::wait(&lock_path, || ()).map_err(SampleError::at("lock", &lock_path))?;
    if is_complete(&folder, spec) {
        return Ok(());
    }
    if is_foreign(&folder) {
        return Err(SampleError::NotASample { folder });
    }
    let drawing = PartialFolder::begin(&folder).map_err(SampleError::at("create", &folder))?;
    draw_into(drawing.path(), spec, on_progress)?;
    write(
        &drawing.path().join(RECORD),
        format!("{:#}\n", serde_json::json!(SampleRecord::of(spec))).as_bytes(),
    )?;
    drawing.finish().map_err(SampleError::at("finish", &folder))
}

/// Content of `sample.json`.
#[derive(PartialEq, Serialize, Deserialize)]
struct SampleRecord {
    generator: u32,
    spec: SampleSpec,
}

impl SampleRecord {
    fn of(spec: &SampleSpec) -> Self {
        Self {
            generator: GENERATOR,
            spec: spec.clone(),
        }
    }
}

/// A hidden name in the same folder, so that a rename stays on one disk.
fn beside(folder: &Path, what: &str) -> PathBuf {
    let name = folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    folder.with_file_name(format!(".{name}.{what}"))
}

/// Tells whether there is a folder that is neither empty nor a sample.
fn is_foreign(folder: &Path) -> bool {
    let is_sample = folder.join(RECORD).is_file();
    let is_empty = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
    folder.exists() && !is_sample && !is_empty
}

fn draw_into(
    folder: &Path,
    spec: &SampleSpec,
    on_progress: &mut dyn FnMut(usize, usize),
) -> Result<(), SampleError> {
    for part in [
        "images",
        "annotations/trimaps",
        "annotations/xmls",
        "two_breeds/trimaps_left",
        "two_breeds/trimaps_right",
        "parts/masks",
    ] {
        create_folder(folder.join(part))?;
    }
    let singles: Vec<(Breed, usize)> = spec
        .breeds
        .iter()
        .flat_map(|breed| (1..=spec.pictures_per_breed).map(move |number| (*breed, number)))
        .collect();
    let pairs: Vec<usize> = (0..spec.two_breeds_pictures).collect();
    let count = (spec.pictures_per_breed / PICTURES_PER_PARTS).min(MOST_PARTS);
    let apart: Vec<(Breed, usize)> = spec
        .breeds
        .iter()
        .flat_map(|breed| (1..=count).map(move |number| (*breed, number)))
        .collect();
    let mut progress = Progress {
        drawn: 0,
        total: singles.len() + pairs.len() + apart.len(),
        on_progress,
    };
    progress.report();
    progress.draw_all(&singles, |(breed, number)| {
        draw_single(folder, spec.seed, *breed, *number)
    })?;
    let truths = progress.draw_all(&pairs, |number| draw_pair(folder, spec, *number))?;
    write_truths(&folder.join("two_breeds"), truths)?;
    let truths = progress.draw_all(&apart, |(breed, number)| {
        draw_parts(folder, spec.seed, *breed, *number)
    })?;
    write_truths(&folder.join("parts"), truths)?;
    write_lists(
        &folder.join("annotations"),
        &spec.breeds,
        spec.pictures_per_breed,
    )
}

/// How many pictures are drawn.
struct Progress<'a> {
    drawn: usize,
    total: usize,
    on_progress: &'a mut dyn FnMut(usize, usize),
}

impl Progress<'_> {
    /// Draws a picture for each of `items`, some at a time, and gives what `draw` says of them.
    fn draw_all<T: Sync, R: Send>(
        &mut self,
        items: &[T],
        draw: impl Fn(&T) -> Result<R, SampleError> + Sync,
    ) -> Result<Vec<R>, SampleError> {
        let mut all = Vec::new();
        for chunk in items.chunks(CHUNK) {
            all.extend(chunk.par_iter().map(&draw).collect::<Result<Vec<_>, _>>()?);
            self.drawn += chunk.len();
            self.report();
        }
        Ok(all)
    }

    fn report(&mut self) {
        (self.on_progress)(self.drawn, self.total);
    }
}

fn write_truths(folder: &Path, truths: Vec<Value>) -> Result<(), SampleError> {
    let text = format!("{:#}\n", Value::Array(truths));
    write(&folder.join("truth.json"), text.as_bytes())
}

fn draw_single(folder: &Path, seed: u64, breed: Breed, number: usize) -> Result<(), SampleError> {
    // The number of a breed is its place among all breeds, so that a spec with fewer breeds draws the same pictures.
    let mut random = generator(seed, PicturePurpose::Single, breed as u64, number as u64);
    let portrait = picture::portrait(&mut random, breed);
    let name = stem(breed, number);
    let annotations = folder.join("annotations");
    write_picture(
        &folder.join("images").join(format!("{name}.jpg")),
        &portrait.picture,
    )?;
    write_trimap(
        &annotations.join("trimaps").join(format!("{name}.png")),
        &portrait.whereabouts.trimap,
    )?;
    let head_box = annotations.join("xmls").join(format!("{name}.xml"));
    write_head_box(
        &head_box,
        &name,
        breed,
        &portrait.picture,
        portrait.whereabouts.head,
    )
}

fn draw_pair(folder: &Path, spec: &SampleSpec, number: usize) -> Result<Value, SampleError> {
    let mut random = generator(spec.seed, PicturePurpose::TwoBreeds, 0, number as u64);
    let breeds = two_breeds::breeds_of(&spec.breeds, number);
    let pair = two_breeds::pair(&mut random, breeds);
    let name = format!(
        "{}__{}_{:02}",
        breeds[0].name(),
        breeds[1].name(),
        number + 1
    );
    let folder = folder.join("two_breeds");
    write_picture(&folder.join(format!("{name}.jpg")), &pair.picture)?;
    write_trimap(
        &folder.join("trimaps_left").join(format!("{name}.png")),
        &pair.left.trimap,
    )?;
    write_trimap(
        &folder.join("trimaps_right").join(format!("{name}.png")),
        &pair.right.trimap,
    )?;
    Ok(truth(&name, breeds, &pair))
}

/// Draws a picture with its parts known; returns what `truth.json` says of it.
fn draw_parts(folder: &Path, seed: u64, breed: Breed, number: usize) -> Result<Value, SampleError> {
    let random = generator(seed, PicturePurpose::Parts, breed as u64, number as u64);
    let dissection = picture::dissection(&random, breed);
    let name = stem(breed, number);
    let folder = folder.join("parts");
    let mask = format!("masks/{name}.png");
    write_picture(&folder.join(format!("{name}.jpg")), &dissection.picture)?;
    write_trimap(&folder.join(&mask), &dissection.mask)?;
    let mut parts = Vec::new();
    for (part, picture) in PicturePart::ALL.iter().zip(&dissection.without) {
        let without = format!("{name}_without_{}.jpg", part.name());
        write_picture(&folder.join(&without), picture)?;
        parts.push(serde_json::json!({
            "name": part.name(), "number": *part as u8, "without": without,
        }));
    }
    Ok(serde_json::json!({
        "file": format!("{name}.jpg"), "class": breed.name(), "mask": mask, "parts": parts,
    }))
}
