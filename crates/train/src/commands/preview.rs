use super::resolve;
use crate::{
    cli::ConfigArgs,
    config::Config,
    data::{self, Data},
};
use anyhow::{Result, bail};
use burn_dataset::Dataset;
use image::{Rgb, RgbImage};
use pictures::{
    folder::LabelledPicture,
    loader::{EpochSeed, shuffle},
    transform::{Draws, apply},
};
use sheet::{Cell, Sheet};
use std::{path::Path, process::ExitCode};
use terminal::Terminal;

/// Three rows of three, as the notebook's `show_batch(rows=3)`.
const CELLS: usize = 9;

/// Draws nine training pictures as the network sees them, and beside them one picture under nine draws.
pub fn preview(args: &ConfigArgs, out: &Path, terminal: &Terminal) -> Result<ExitCode> {
    let (_, config) = resolve(args)?;
    data::prepare(&config.data, terminal)?;
    let data = Data::open(&config)?;
    let size = config.stages[0].size;
    let batch = first_batch(&config, &data)?;
    let Some((first, _)) = batch.first() else {
        bail!("none of the first pictures can be decoded");
    };
    let mut left = Sheet::new(3).title(format!("{CELLS} training pictures at {size} px"));
    for (picture, draws) in &batch {
        let view = transformed(&picture.picture, size, &config, draws);
        left.push(Cell::picture(view).caption(data.classes[picture.label].replace('_', " ")));
    }
    let mut right = Sheet::new(3).title(format!("one of them under {CELLS} draws"));
    for epoch in 0..CELLS as u64 {
        let seed = EpochSeed {
            seed: config.seed,
            stage: 0,
            epoch,
        };
        let draws = config.augmentation.draw(&mut seed.generator(0));
        let view = transformed(&first.picture, size, &config, &draws);
        right.push(Cell::picture(view).caption(in_words(&draws)));
    }
    let both = sheet::beside(&[left.render(), right.render()]);
    sheet::save_png(&both, out)?;
    terminal.result(&format!("preview: {}", out.display()));
    Ok(ExitCode::SUCCESS)
}

/// The first pictures of the first epoch that can be decoded, with the draws that training would use.
fn first_batch(config: &Config, data: &Data) -> Result<Vec<(LabelledPicture, Draws)>> {
    let seed = EpochSeed {
        seed: config.seed,
        stage: 0,
        epoch: 0,
    };
    let mut batch = Vec::new();
    for index in shuffle(data.train.len(), seed) {
        if let Ok(picture) = data.train.get(index)? {
            let draws = config.augmentation.draw(&mut seed.generator(index as u64));
            batch.push((picture, draws));
        }
        if batch.len() == CELLS {
            break;
        }
    }
    Ok(batch)
}

fn transformed(picture: &RgbImage, size: usize, config: &Config, draws: &Draws) -> RgbImage {
    let planes = apply(picture, size, config.augmentation.padding, draws);
    let plane = size * size;
    RgbImage::from_fn(size as u32, size as u32, |x, y| {
        let at = y as usize * size + x as usize;
        Rgb([0, 1, 2].map(|channel| (planes[channel * plane + at] * 255.0).round() as u8))
    })
}

/// The transforms that apply, in their order: "mirrored, rotated 12°".
fn in_words(draws: &Draws) -> String {
    let words = [
        draws.warp.get().map(|_| "warped".to_owned()),
        draws.flip.get().map(|_| "mirrored".to_owned()),
        draws
            .rotate
            .get()
            .map(|degrees| format!("rotated {degrees:.0}°")),
        draws
            .zoom
            .get()
            .map(|zoom| format!("zoomed {:.2}×", zoom.scale)),
        draws.brightness.get().map(|change| {
            if change > 0.5 {
                "brighter".to_owned()
            } else {
                "darker".to_owned()
            }
        }),
        draws.contrast.get().map(|scale| {
            if scale > 1.0 {
                "more contrast".to_owned()
            } else {
                "less contrast".to_owned()
            }
        }),
    ];
    let words: Vec<String> = words.into_iter().flatten().collect();
    if words.is_empty() {
        "as it is".to_owned()
    } else {
        words.join(", ")
    }
}
