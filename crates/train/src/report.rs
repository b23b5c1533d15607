//! The page of a run, `report.html` in its folder: drawn anew after each epoch from what the run has on the disk.

use crate::{
    class_table::ClassTable,
    feed::Feed,
    preview::{first_pictures, one_by_one, view},
    report_page::{Content, Epoch, Link, PreviewPicture, address, page},
    rows::{AnswerRow, EpochRow, Row, StepRow, TimingRow, read},
    run_curves,
    validation_figures::ValidationFigures,
    validation_page::{ValidationSection, WorstPicture},
};
use anyhow::{Context, Result};
use checkpoint::{Manifest, Run};
use files::write_atomically;
use image::{RgbImage, codecs::jpeg::JpegEncoder, imageops::thumbnail};
use std::{cell::OnceCell, fs};
use words::{percent, quoted};

/// Name of the page in the run's folder.
pub const REPORT_FILE: &str = "report.html";

/// Largest side in pixels of a picture on the page.
const SHOWN_SIDE: u32 = 256;
const JPEG_QUALITY: u8 = 85;
/// Wrong pictures that are shown.
const WORST: usize = 12;
/// The version of burn that all numbers come from.
const BURN: &str = "0.22.1";

/// What a process keeps between two drawings of a page.
#[derive(Debug, Default)]
pub struct Report {
    /// Pictures that need to be decoded only once.
    preview: OnceCell<Vec<PreviewPicture>>,
}

impl Report {
    /// Writes the page of `run`, which trains with `feed`.
    ///
    /// # Errors
    /// A file of the run cannot be read, or the page cannot be written.
    pub fn draw(&self, feed: &Feed, run: &Run) -> Result<()> {
        let steps: Vec<StepRow> = read(run.folder())?;
        let (config, classes) = (&feed.config, ClassTable::new(&feed.data));
        let groups = config.model.architecture.groups();
        let epochs = epochs(run)?;
        let content = Content {
            name: run.name(),
            planned: config.stages.iter().map(|stage| stage.epochs).collect(),
            curves: run_curves::each(run, groups)?,
            steps: steps.len(),
            validation: validation(feed, run, epochs.last().map(|epoch| &epoch.row))?,
            epochs,
            classes: &classes,
            parts: feed.data.counts(),
            preview: self.preview(feed)?,
            preview_size: config.stages[0].size,
            config: fs::read_to_string(run.config_file())?,
            versions: versions(),
            evaluations: evaluations(run),
            files: files_of(run),
        };
        let path = run.file(REPORT_FILE);
        write_atomically(&path, page(&content).as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// The first training pictures.
    fn preview(&self, feed: &Feed) -> Result<&[PreviewPicture]> {
        if let Some(preview) = self.preview.get() {
            return Ok(preview);
        }
        let size = feed.config.stages[0].size;
        let pictures = first_pictures(feed)?.into_iter().map(|batch| {
            Ok(PreviewPicture {
                class: feed.data.classes[batch.labels[0]].clone(),
                jpeg: jpeg(&view(&batch.pictures, size))?,
            })
        });
        let pictures = pictures.collect::<Result<_>>()?;
        Ok(self.preview.get_or_init(|| pictures))
    }
}

/// The epochs so far. An epoch that was interrupted after its end has two times, of which the last one counts.
fn epochs(run: &Run) -> Result<Vec<Epoch>> {
    let timings: Vec<TimingRow> = read(run.folder())?;
    let rows: Vec<EpochRow> = read(run.folder())?;
    let with_time = |row: EpochRow| {
        let mut times = timings.iter().rev();
        let time = times.find(|time| (time.stage, time.epoch) == (row.stage, row.epoch));
        Epoch {
            row,
            seconds: time.map(|time| time.seconds),
        }
    };
    Ok(rows.into_iter().map(with_time).collect())
}

/// What the network gets wrong among the validation pictures after the epoch `last`, if its answers are there.
fn validation<'a>(
    feed: &'a Feed,
    run: &Run,
    last: Option<&EpochRow>,
) -> Result<Option<ValidationSection<'a>>> {
    let classes = &feed.data.classes;
    let Some(last) = last.filter(|_| run.file(AnswerRow::FILE).is_file()) else {
        return Ok(None);
    };
    let rows: Vec<AnswerRow> = read(run.folder())?;
    let Some(figures) = ValidationFigures::new(&rows, classes, last) else {
        return Ok(None);
    };
    let worst: Vec<&AnswerRow> = figures
        .worst
        .iter()
        .take(WORST)
        .map(|row| &rows[*row])
        .collect();
    let folder = quoted(&run.folder().display().to_string());
    Ok(Some(ValidationSection {
        worst: worst_pictures(&worst, feed, last.stage - 1)?,
        figures,
        classes,
        command: format!("explain evaluate --run {folder}"),
    }))
}

/// The pictures of `rows` as they were validated in `stage` (from 0), but for those that are gone since.
fn worst_pictures(rows: &[&AnswerRow], feed: &Feed, stage: usize) -> Result<Vec<WorstPicture>> {
    let (files, valid) = (&feed.data.files, &feed.data.split.valid);
    let place = |row: &&AnswerRow| {
        let mut places = valid.iter();
        places.position(|file| files[*file].name == row.path)
    };
    let places: Vec<usize> = rows.iter().filter_map(place).collect();
    let plan = feed.validation_plan(stage, places);
    let size = plan.size;
    let pictures = one_by_one(feed.data.valid.clone(), plan)?.map(|picture| {
        let picture = picture?;
        let name = &files[valid[picture.indices[0]]].name;
        let row = rows.iter().find(|row| row.path == *name);
        let caption = row.map_or_else(String::new, |row| {
            // The number and its unit stay on a line.
            let sure = percent(row.probability_of_said).replace(' ', "\u{a0}");
            format!("{}, said {} {sure}", row.true_class, row.said_class)
        });
        Ok(WorstPicture {
            name: name.clone(),
            caption,
            address: address(&jpeg(&view(&picture.pictures, size))?),
        })
    });
    pictures.collect()
}

fn versions() -> Vec<(&'static str, String)> {
    vec![
        ("program", env!("CARGO_PKG_VERSION").to_owned()),
        ("burn", BURN.to_owned()),
        ("format of checkpoints", Manifest::FORMAT.to_string()),
        (
            "built for",
            format!("{}, {}", std::env::consts::OS, std::env::consts::ARCH),
        ),
    ]
}

/// Pages about the run that other programs have left in its folder, by their folders below it.
fn evaluations(run: &Run) -> Vec<Link> {
    let parts = fs::read_dir(run.file("evaluations")).into_iter().flatten();
    let parts = parts.filter_map(|part| part.ok()?.file_name().into_string().ok());
    let mut folders: Vec<String> = parts.map(|part| format!("evaluations/{part}")).collect();
    folders.sort();
    folders.push("explanations".to_owned());
    let pages = folders.into_iter().map(|folder| Link {
        address: format!("{folder}/index.html"),
        name: folder,
    });
    pages
        .filter(|page| run.file(&page.address).is_file())
        .collect()
}

/// Files of the run that a reader may want.
fn files_of(run: &Run) -> Vec<Link> {
    let names = [
        "epochs.csv",
        "iterations.csv",
        "timings.csv",
        "validation.csv",
        "curves.svg",
        "config.toml",
        "split.json",
        "log.txt",
    ];
    let links = names.map(|name| Link {
        name: name.to_owned(),
        address: name.to_owned(),
    });
    let there = links.into_iter();
    there
        .filter(|link| run.file(&link.address).is_file())
        .collect()
}

/// The bytes of a JPEG file of `picture`, made smaller if it is large.
fn jpeg(picture: &RgbImage) -> Result<Vec<u8>> {
    let small = (picture.width() > SHOWN_SIDE).then(|| thumbnail(picture, SHOWN_SIDE, SHOWN_SIDE));
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY)
        .encode_image(small.as_ref().unwrap_or(picture))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_burn_on_the_page_is_that_of_the_workspace() {
        let workspace = include_str!("../../../Cargo.toml");
        assert!(workspace.contains(&format!("burn = {{ version = \"={BURN}\"")));
    }
}
