//! All files of a set of explanations.

use crate::{
    drawn::{DrawnMap, draw},
    explanation::{ExplainedMap, Explanation},
    npy,
    output::{OutputError, OutputFolder},
    overlay::seen,
    page::{self, Entry, reduced},
    record::{MapRecord, Origin, PictureRecord, Record},
    sheets,
};
use image::{ImageFormat, RgbImage};
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

    /// Writes the maps of one picture and keeps it for sheets and page. Returns what there is to say about it.
    pub fn add(&mut self, explanation: &Explanation) -> Result<Vec<String>, OutputError> {
        let stem = self.stem(explanation);
        let mut records = Vec::new();
        let mut drawn_maps = Vec::new();
        for map in &explanation.maps {
            let drawn = draw(
                explanation,
                map,
                self.record.rectified,
                &self.record.classes,
            );
            records.push(self.write_map(&stem, map, &drawn)?);
            drawn_maps.push(drawn);
        }
        let entry = self.entry(explanation, drawn_maps);
        let said = sentences(&entry);
        self.record.pictures.push(PictureRecord::new(
            explanation,
            &self.record.classes,
            records,
        ));
        if self.entries.len() < SHOWN {
            self.entries.push(entry);
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
        self.output
            .write("sheet.png", &png(&sheets::rows(title, &self.entries)))?;
        let remark = if self.record.rectified {
            ""
        } else {
            ", without ReLU"
        };
        for (method, grid) in sheets::grids(&self.entries, remark) {
            self.output
                .write(&format!("grid-{method}.png"), &png(&grid))?;
        }
        // The numbers are plain; no value in them lacks a form in JSON.
        let numbers = serde_json::to_vec_pretty(&self.record).unwrap_or_default();
        self.output.write("scores.json", &numbers)?;
        let all = self.record.pictures.len();
        if all > SHOWN {
            notes.push(format!(
                "The first {SHOWN} of {all} pictures; the maps of all are beside this page."
            ));
        }
        self.output
            .finish(&page::explanations(title, &notes, &self.entries))
    }

    fn write_map(
        &self,
        stem: &str,
        map: &ExplainedMap,
        drawn: &DrawnMap,
    ) -> Result<MapRecord, OutputError> {
        let classes = &self.record.classes;
        let class = map
            .class
            .map_or_else(String::new, |class| format!(".{}", plain(&classes[class])));
        let name = format!("{stem}.{}{class}", map.method.name());
        let (file, overlay) = (format!("maps/{name}.npy"), format!("overlays/{name}.png"));
        let bytes = npy::encode(&map.raw);
        self.output.write(&file, &bytes)?;
        self.output.write(&overlay, &png(&drawn.picture))?;
        Ok(MapRecord::new(map, classes, &file, &bytes, &overlay))
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

    /// The beginning of the names of a picture's files: unique, and safe on any disk.
    fn stem(&self, explanation: &Explanation) -> String {
        let number = self.record.pictures.len() + 1;
        format!("{number:02}-{}", plain(&explanation.picture.file.stem()))
    }
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
