use super::shared::resolve;
use crate::{
    cli::ConfigArgs,
    data,
    feed::Feed,
    interrupt::Interrupt,
    preview::{AS_THEY_ARE, CELLS, first_pictures, one_by_one, view},
};
use anyhow::{Context, Result};
use pictures::{
    folder::Photographs,
    loader::{Batch, EpochPlan, OnBadImage},
    transform::{Draws, RandAugment},
};
use sheet::{Cell, Sheet};
use std::{path::Path, process::ExitCode, sync::Arc};
use terminal::Terminal;

/// Draws nine training pictures as the network sees them, beside them one picture under nine draws, and beside that nine
/// mixtures if pictures are mixed.
pub fn preview(args: &ConfigArgs, out: &Path, terminal: &Terminal) -> Result<ExitCode> {
    let (_, config) = resolve(args)?;
    data::prepare(&config.data, terminal, &Interrupt::listen(terminal)?)?;
    let feed = Feed::open(config, terminal)?;
    let shown = first_pictures(&feed)?;
    let first = shown
        .first()
        .and_then(|batch| batch.indices.first())
        .context("none of the training pictures can be decoded")?;
    let left = training_pictures(&feed, &shown);
    let right = one_picture(&feed, *first)?;
    let mut sheets = vec![left.render(), right.render()];
    if feed.config.regularisation.mixes() {
        sheets.push(mixed_pictures(feed)?.render());
    }
    sheet::save_png(&sheet::beside(&sheets), out)?;
    terminal.result(&format!("preview: {}", out.display()));
    Ok(ExitCode::SUCCESS)
}

fn training_pictures(feed: &Feed, shown: &[Batch]) -> Sheet {
    let size = feed.config.stages[0].size;
    let mut sheet = Sheet::new(3).title(format!("{CELLS} training pictures at {size} px"));
    for batch in shown {
        let class = &feed.data.classes[batch.labels[0]];
        sheet.push(Cell::picture(view(&batch.pictures, size)).caption(class.replace('_', " ")));
    }
    sheet
}

/// Pictures of the first batch, as they are mixed with one another.
fn mixed_pictures(mut feed: Feed) -> Result<Sheet> {
    feed.config.data.on_bad_image = OnBadImage::Skip;
    feed.config.normalisation = AS_THEY_ARE;
    let mut sheet = Sheet::new(3).title("pictures of the first batch, mixed".to_owned());
    for batch in feed.mixed_batches(0, 0, 0)?.take(1) {
        let batch = batch?;
        let length = 3 * batch.size * batch.size;
        let pictures = batch.pictures.chunks_exact(length).take(CELLS);
        for (place, picture) in pictures.enumerate() {
            let caption = mixture(&batch.targets.shares(place), &feed.data.classes);
            sheet.push(Cell::picture(view(picture, batch.size)).caption(caption));
        }
    }
    Ok(sheet)
}

/// "83 % pug, 17 % beagle"; of two pictures of one class its name.
fn mixture(shares: &[(usize, f64)], classes: &[String]) -> String {
    if let [(one, _), (other, _)] = shares
        && one == other
    {
        return classes[*one].replace('_', " ");
    }
    let part = |(class, share): &(usize, f64)| {
        let name = classes[*class].replace('_', " ");
        format!("{:.0} % {name}", 100.0 * share)
    };
    shares.iter().map(part).collect::<Vec<_>>().join(", ")
}

/// Training picture `index` in as many epochs as there are cells. It is alone in its data set, so it is picture 0 of each.
fn one_picture(feed: &Feed, index: usize) -> Result<Sheet> {
    let file = feed.data.split.train[index];
    let alone = Arc::new(Photographs::new(
        &feed.data.files,
        &[file],
        &feed.data.classes,
        feed.config.data.orientation,
    )?);
    let mut sheet = Sheet::new(3).title(format!("one of them under {CELLS} draws"));
    for epoch in 0..CELLS {
        let plan = EpochPlan {
            order: vec![0],
            ..feed.training_plan(0, epoch)
        };
        let draws = plan.augmentation.draw(&mut plan.seed.generator(0));
        let size = plan.size;
        for batch in one_by_one(alone.clone(), plan)? {
            sheet.push(Cell::picture(view(&batch?.pictures, size)).caption(in_words(&draws)));
        }
    }
    Ok(sheet)
}

/// The transforms that apply, in their order: "mirrored, rotated 12°".
fn in_words(draws: &Draws) -> String {
    // Those whose place a resized crop takes are drawn all the same.
    let is_fastais = draws.resized_crop.is_none();
    let words = [
        draws.resized_crop.map(|_| "cut out".to_owned()),
        draws
            .warp
            .get()
            .filter(|_| is_fastais)
            .map(|_| "warped".to_owned()),
        draws.flip.get().map(|_| "mirrored".to_owned()),
        draws
            .rotate
            .get()
            .filter(|_| is_fastais)
            .map(|degrees| format!("rotated {degrees:.0}°")),
        draws
            .zoom
            .get()
            .filter(|_| is_fastais)
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
    let operations = draws.operations.iter().flat_map(RandAugment::operations);
    let operations = operations.map(|operation| format!("{operation:?}"));
    let erased = draws.erasing.map(|_| "erased".to_owned());
    let words = words.into_iter().flatten().chain(operations).chain(erased);
    let words: Vec<String> = words.collect();
    if words.is_empty() {
        "as it is".to_owned()
    } else {
        words.join(", ")
    }
}
