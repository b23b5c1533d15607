//! All files of a set of explanations.

use crate::{
    drawn::{DrawnMap, draw},
    explanation::Explanation,
    npy,
    output::{OutputError, OutputFolder},
    overlay::seen,
    page::{self, Entry, reduced},
    record::{MapRecord, Origin, PictureRecord, Record},
    sheets,
};
use image::{ImageFormat, RgbImage};
use rayon::prelude::*;
use std::{
    io::Cursor,
    path::{Path, PathBuf},
};

/// So many pictures are on the sheets and the page; the files have all of them.
const SHOWN: usize = 64;

/// Results on their way to the disk.
#[derive(Debug)]
pub struct Report {
    output: OutputFolder,
    record: Record,
    entries: Vec<Entry>,
}

impl Report {
    /// Begins the report that will be in the folder `target`.
    pub fn begin(
        target: &Path,
        origin: Origin,
        classes: Vec<String>,
        rectified: bool,
    ) -> Result<Self, OutputError> {
        Ok(Self {
            output: OutputFolder::begin(target)?,
            record: Record {
                origin,
                classes,
                rectified,
                pictures: Vec::new(),
            },
            entries: Vec::new(),
        })
    }

    /// Writes the maps of some pictures and keeps them for sheets and page. Returns what there is to say about them.
    pub fn add(&mut self, explanations: &[Explanation]) -> Result<Vec<String>, OutputError> {
        let first = self.record.pictures.len() + 1;
        // To draw and pack a picture takes about as long as the network's answer, which uses all threads.
        let drawn: Vec<DrawnPicture> = explanations
            .par_iter()
            .enumerate()
            .map(|(index, explanation)| self.draw(first + index, explanation))
            .collect();
        let mut said = Vec::new();
        for picture in drawn {
            for (name, bytes) in &picture.files {
                self.output.write(name, bytes)?;
            }
            said.extend(sentences(&picture.entry));
            self.record.pictures.push(picture.record);
            if self.entries.len() < SHOWN {
                self.entries.push(picture.entry);
            }
        }
        Ok(said)
    }

    /// Number of pictures so far, and how many of those whose class is known were right.
    pub fn tally(&self) -> (usize, usize, usize) {
        let pictures = &self.record.pictures;
        let known = pictures
            .iter()
            .filter(|picture| picture.true_class.is_some());
        let right = known
            .clone()
            .filter(|picture| picture.true_class.as_ref() == Some(&picture.predicted_class));
        (pictures.len(), known.count(), right.count())
    }

    /// Writes sheets, numbers and page, and puts everything in its place. Returns the path of the page.
    pub fn finish(self, title: &str, mut notes: Vec<String>) -> Result<PathBuf, OutputError> {
        let all = self.record.pictures.len();
        if all > SHOWN {
            notes.push(format!(
                "The first {SHOWN} of {all} pictures; the maps of all are beside this page."
            ));
        }
        let (sheets, page) = rayon::join(
            || self.sheets(title),
            || page::explanations(title, &notes, &self.entries),
        );
        for (name, bytes) in &sheets {
            self.output.write(name, bytes)?;
        }
        // The numbers are plain; no value in them lacks a form in JSON.
        let numbers = serde_json::to_vec_pretty(&self.record).unwrap_or_default();
        self.output.write("scores.json", &numbers)?;
        self.output.finish(&page)
    }

    /// Names and contents of the sheet with all methods and of the grid of each.
    fn sheets(&self, title: &str) -> Vec<(String, Vec<u8>)> {
        let remark = if self.record.rectified {
            ""
        } else {
            ", without ReLU"
        };
        let (sheet, grids) = rayon::join(
            || png(&sheets::rows(title, &self.entries)),
            || sheets::grids(&self.entries, remark),
        );
        let grids = grids
            .into_iter()
            .map(|(method, grid)| (format!("grid-{method}.png"), png(&grid)));
        [("sheet.png".to_owned(), sheet)]
            .into_iter()
            .chain(grids)
            .collect()
    }

    /// Draws the maps of the picture with this number, counted from 1.
    fn draw(&self, number: usize, explanation: &Explanation) -> DrawnPicture {
        let Record {
            classes, rectified, ..
        } = &self.record;
        let stem = stem(number, explanation);
        let (mut files, mut records, mut maps) = (Vec::new(), Vec::new(), Vec::new());
        for map in &explanation.maps {
            let drawn = draw(explanation, map, *rectified, classes);
            let class = map
                .class
                .map_or_else(String::new, |class| format!(".{}", plain(&classes[class])));
            let name = format!("{stem}.{}{class}", map.method.name());
            let (file, overlay) = (format!("maps/{name}.npy"), format!("overlays/{name}.png"));
            let bytes = npy::encode(&map.raw);
            records.push(MapRecord::new(map, classes, &file, &bytes, &overlay));
            files.push((overlay, png(&drawn.picture)));
            files.push((file, bytes));
            maps.push(drawn);
        }
        DrawnPicture {
            record: PictureRecord::new(explanation, classes, records),
            entry: self.entry(explanation, maps),
            files,
        }
    }

    fn entry(&self, explanation: &Explanation, mut maps: Vec<DrawnMap>) -> Entry {
        let Explanation {
            picture,
            probabilities,
            ..
        } = explanation;
        let classes = &self.record.classes;
        let mut ranked: Vec<(String, f64)> = classes
            .iter()
            .cloned()
            .zip(probabilities.iter().copied())
            .collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        for map in &mut maps {
            map.picture = reduced(&map.picture);
        }
        Entry {
            name: picture.file.name.clone(),
            picture: reduced(&seen(&picture.pixels, &picture.crop)),
            probabilities: ranked,
            true_class: picture.file.true_class.map(|class| classes[class].clone()),
            maps,
        }
    }
}

/// One picture, ready to be written.
struct DrawnPicture {
    /// Names and contents.
    files: Vec<(String, Vec<u8>)>,
    record: PictureRecord,
    entry: Entry,
}

/// The beginning of the names of a picture's files: unique, and safe on any disk.
fn stem(number: usize, explanation: &Explanation) -> String {
    format!("{number:02}-{}", plain(&explanation.picture.file.stem()))
}

/// What a terminal says about a picture.
fn sentences(entry: &Entry) -> Vec<String> {
    let verdict = entry
        .verdict()
        .map_or_else(String::new, |verdict| format!("  ({verdict})"));
    let answer = format!("{}: {}{verdict}", entry.name, entry.answer());
    let maps = entry
        .maps
        .iter()
        .map(|map| format!("    {}: {}", map.title(), map.sentence()));
    [answer].into_iter().chain(maps).collect()
}

/// `name` in letters, digits, `_`, `-` and `+` only.
fn plain(name: &str) -> String {
    let allowed = |letter: char| letter.is_alphanumeric() || "_-+".contains(letter);
    name.chars()
        .map(|letter| if allowed(letter) { letter } else { '_' })
        .collect()
}

/// Writing to memory cannot fail, and a decoded picture has pixels.
fn png(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let _ = picture.write_to(&mut bytes, ImageFormat::Png);
    bytes.into_inner()
}
