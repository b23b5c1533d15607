//! All files of a set of explanations.

use crate::{
    checks,
    drawn::{DrawnMap, DrawnPicture, draw},
    explanation::{Asking, ExplainedMap, Explanation},
    look::Look,
    npy,
    output::{OutputError, OutputFolder},
    packed::{PackError, png},
    page,
    record::{LookRecord, MapRecord, Origin, PictureRecord, ScoresRecord, TargetRecord},
    result_name, sheets,
};
use rayon::prelude::*;
use std::path::PathBuf;

/// Number of pictures on the sheets and the page; the files have all of them.
const SHOWN: usize = 64;

/// Results on their way to the disk.
#[derive(Debug)]
pub struct Report {
    output: OutputFolder,
    record: ScoresRecord,
    /// For each class the part of the names of its files that says it.
    class_names: Vec<String>,
    /// What stands behind the name of a class whose map it is.
    contrast: String,
    /// How maps are drawn.
    look: Look,
    /// Whether there is a figure without text.
    is_plain: bool,
    shown: Vec<DrawnPicture>,
}

/// A report that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The disk refused.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// A drawing that cannot be packed.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// Numbers that have no form in JSON.
    #[error("cannot write scores.json: {0}")]
    Numbers(#[from] serde_json::Error),
}

impl Report {
    /// An empty report that goes to `output`.
    pub fn new(output: OutputFolder, origin: Origin, classes: Vec<String>, look: Look) -> Self {
        Self {
            output,
            class_names: result_name::of_classes(&classes),
            contrast: String::new(),
            look,
            is_plain: false,
            record: ScoresRecord {
                origin,
                classes,
                rectified: look.rectified,
                look: LookRecord::new(&look),
                target: TargetRecord::default(),
                pictures: Vec::new(),
            },
            shown: Vec::new(),
        }
    }

    /// The same report about maps of what `asking` says, of `layers`.
    pub fn about(mut self, asking: &Asking, layers: &[String]) -> Self {
        self.contrast = asking.contrast(&self.record.classes);
        self.record.target = TargetRecord::new(asking, layers, &self.record.classes);
        self
    }

    /// The same report with a figure without text, if `is_plain` holds.
    pub fn with_plain(mut self, is_plain: bool) -> Self {
        self.is_plain = is_plain;
        self
    }

    /// Writes the maps of some pictures and keeps them for sheets and page. Returns what there is to say about them.
    ///
    /// # Errors
    /// See [`ReportError`].
    pub fn add(&mut self, explanations: &[Explanation]) -> Result<Vec<String>, ReportError> {
        let first = self.record.pictures.len() + 1;
        // To draw and pack a picture takes about as long as the network's answer, which uses all threads.
        let files = explanations
            .par_iter()
            .enumerate()
            .map(|(index, explanation)| self.files(first + index, explanation));
        let files: Vec<PictureFiles> = files.collect::<Result<_, _>>()?;
        let mut said = Vec::new();
        for picture in files {
            for (name, bytes) in &picture.files {
                self.output.write(name, bytes)?;
            }
            said.extend(sentences(&picture.drawn));
            self.record.pictures.push(picture.record);
            if self.shown.len() < SHOWN {
                self.shown.push(picture.drawn);
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
    ///
    /// # Errors
    /// See [`ReportError`].
    pub fn finish(self, title: &str, mut notes: Vec<String>) -> Result<PathBuf, ReportError> {
        let all = self.record.pictures.len();
        if all > SHOWN {
            notes.push(format!(
                "The first {SHOWN} of {all} pictures; the maps of all are beside this page."
            ));
        }
        let (sheets, page) = rayon::join(
            || self.sheets(title),
            || page::explanations(title, &notes, &self.shown, &self.look),
        );
        let page = page?;
        for (name, bytes) in &sheets? {
            self.output.write(name, bytes)?;
        }
        let numbers = serde_json::to_vec_pretty(&self.record)?;
        self.output.write("scores.json", &numbers)?;
        Ok(self.output.finish(&page)?)
    }

    /// Names and contents of the sheet with all methods and of the grid of each.
    fn sheets(&self, title: &str) -> Result<Vec<(String, Vec<u8>)>, PackError> {
        let remark = if self.record.rectified {
            ""
        } else {
            ", without ReLU"
        };
        let (sheet, grids) = rayon::join(
            || png(&sheets::rows(title, &self.shown, self.look.colours)),
            || sheets::grids(&self.shown, remark),
        );
        let mut files = vec![("sheet.png".to_owned(), sheet?)];
        for (method, grid) in grids {
            files.push((format!("grid-{method}.png"), png(&grid)?));
        }
        if self.is_plain {
            files.push(("plain.png".to_owned(), png(&sheets::plain(&self.shown))?));
        }
        Ok(files)
    }

    /// Draws the maps of the picture with this number, counted from 1.
    fn files(&self, number: usize, explanation: &Explanation) -> Result<PictureFiles, PackError> {
        let ScoresRecord { classes, .. } = &self.record;
        let stem = result_name::of_picture(number, &explanation.picture.file.name);
        let (mut files, mut records, mut maps) = (Vec::new(), Vec::new(), Vec::new());
        for map in &explanation.maps {
            let drawn: DrawnMap = draw(explanation, map, &self.look, &self.contrast, classes);
            let name = format!("{stem}.{}", self.suffix(map));
            let (file, overlay) = (format!("maps/{name}.npy"), format!("overlays/{name}.png"));
            let bytes = npy::encode(&map.raw);
            let mut record = MapRecord::new(map, classes, &file, &bytes, &overlay);
            if let Some(spread) = &map.spread {
                let (file, bytes) = (format!("maps/{name}.spread.npy"), npy::encode(spread));
                record = record.with_spread(spread, &file, &bytes);
                files.push((file, bytes));
            }
            for (ending, bytes) in map.check.iter().flat_map(checks::files) {
                files.push((format!("maps/{name}.{ending}"), bytes));
            }
            records.push(record);
            files.push((overlay, png(&drawn.picture)?));
            files.push((file, bytes));
            maps.push(drawn);
        }
        Ok(PictureFiles {
            record: PictureRecord::new(explanation, classes, records),
            drawn: DrawnPicture::new(explanation, maps, classes),
            files,
        })
    }

    /// The end of the names of a map's files: its method, and its class if it is about one.
    fn suffix(&self, map: &ExplainedMap) -> String {
        let method = map.method.name();
        match map.class {
            Some(class) => format!("{method}.{}", self.class_names[class]),
            None => method.to_owned(),
        }
    }
}

/// One picture, ready to be written.
struct PictureFiles {
    /// Names and contents.
    files: Vec<(String, Vec<u8>)>,
    record: PictureRecord,
    drawn: DrawnPicture,
}

/// Lines for a terminal about a picture.
fn sentences(picture: &DrawnPicture) -> Vec<String> {
    let verdict = picture
        .verdict()
        .map_or_else(String::new, |verdict| format!("  ({verdict})"));
    let answer = format!("{}: {}{verdict}", picture.name, picture.answer());
    let maps = picture
        .maps
        .iter()
        .map(|map| format!("    {}: {}", map.title(), map.sentence()));
    [answer].into_iter().chain(maps).collect()
}
