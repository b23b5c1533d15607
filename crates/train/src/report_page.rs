//! The markup of a run's page: one file with everything in it, for a browser without a network, scripts or a wide screen.

use crate::{
    class_table::ClassTable, rows::EpochRow, run_curves::Drawn, validation_page::ValidationSection,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use maud::{Markup, PreEscaped, html};
use words::counted;

/// Colours have a contrast of at least 4.5 to 1 with what lies behind them (WCAG 2.2 AA); wide tables scroll by themselves.
const STYLE: &str = "
:root { color-scheme: light; }
body { font: 16px/1.45 system-ui, sans-serif; color: #222; background: #fff; margin: 1.5rem auto; max-width: 68rem; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; border-top: 1px solid #bbb; padding-top: .8rem; }
h3 { font-size: 1rem; margin: 1rem 0 .3rem; } ul { margin: .3rem 0; padding-left: 1.2rem; }
p { margin: .4rem 0; } .quiet { color: #555; font-size: .9rem; } a { color: #0050a0; }
.wide { overflow-x: auto; } :focus-visible { outline: 2px solid #0050a0; }
table { border-collapse: collapse; overflow-wrap: normal; } caption { text-align: left; color: #555; font-size: .9rem; }
th, td { padding: .2rem .6rem; text-align: right; border-bottom: 1px solid #ccc; white-space: nowrap; font-variant-numeric: tabular-nums; }
.matrix tbody th { font-weight: normal; }
.names th:first-child, .names td:first-child { text-align: left; white-space: normal; overflow-wrap: anywhere; }
.best td { font-weight: 600; background: #eef4fb; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1rem; }
.charts svg { width: 100%; height: auto; display: block; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(6.5rem, 1fr)); gap: .8rem; }
figure { margin: 0; } .pictures img { width: 100%; height: auto; display: block; } figcaption { font-size: .9rem; }
pre { overflow-x: auto; background: #f5f5f5; padding: .6rem; font-size: .85rem; overflow-wrap: normal; }
summary { cursor: pointer; }
@media print { body { margin: 0; max-width: none; font-size: 11pt; } }
";

/// Rows of a table of classes that is open from the beginning.
const FEW_CLASSES: usize = 50;

/// Everything on the page.
pub struct Content<'a> {
    /// The run's name.
    pub name: String,
    /// Epochs of each stage, as configured.
    pub planned: Vec<usize>,
    /// Those that are trained.
    pub epochs: Vec<Epoch>,
    /// What the last of them says of the validation pictures, if that is known.
    pub validation: Option<ValidationSection<'a>>,
    /// Steps so far.
    pub steps: usize,
    /// Charts.
    pub curves: Vec<Drawn>,
    /// Pictures of each class.
    pub classes: &'a ClassTable,
    /// Pictures of each part, in words.
    pub parts: String,
    /// The first training pictures.
    pub preview: &'a [PreviewPicture],
    /// Their size in pixels in training.
    pub preview_size: usize,
    /// The resolved config.
    pub config: String,
    /// Names and versions.
    pub versions: Vec<(&'static str, String)>,
    /// Pages about the run.
    pub evaluations: Vec<Link>,
    /// Files of the run.
    pub files: Vec<Link>,
}

/// An epoch with its time, if that is known.
pub struct Epoch {
    /// Figures.
    pub row: EpochRow,
    /// Seconds of training and validation.
    pub seconds: Option<f64>,
}

/// A file below the run's folder.
pub struct Link {
    /// Path from there.
    pub address: String,
    /// Words to click on.
    pub name: String,
}

/// A training picture.
#[derive(Debug)]
pub struct PreviewPicture {
    /// Its class.
    pub class: String,
    /// The picture as a file.
    pub jpeg: Vec<u8>,
}

/// The page.
pub fn page(content: &Content<'_>) -> String {
    let body = html! {
        (progress(content))
        (validation(content))
        (epochs(&content.epochs))
        (curves(&content.curves))
        (classes(content))
        (preview(content))
        (config(content))
    };
    sheet::page(&format!("Run {}", content.name), STYLE, None, &body)
}

/// How far the run is.
fn progress(content: &Content<'_>) -> Markup {
    let all: usize = content.planned.iter().sum();
    let stages = counted(content.planned.len(), "stage");
    let (done, steps) = (content.epochs.len(), counted(content.steps, "step"));
    html! {
        p { (done) " of " (counted(all, "epoch")) " in " (stages) " trained, " (steps) "." }
        p.quiet { "Drawn anew after each epoch: reload it to see the next one." }
    }
}

/// What the run reached on the validation pictures, and what it gets wrong.
fn validation(content: &Content<'_>) -> Markup {
    let per_cent = |row: &EpochRow| format!("{:.2} %", 100.0 * row.error_rate);
    let place =
        |row: &EpochRow| format!("stage {}, epoch {}, {} px", row.stage, row.epoch, row.size);
    let last = content.epochs.last().map(|epoch| &epoch.row);
    html! {
        h2 { "Validation" }
        @match last {
            None => p { "No epoch has ended yet." },
            Some(row) => p {
                "Error rate after the last epoch: " strong { (per_cent(row)) } " (" (place(row)) ")"
                @if let Some(section) = &content.validation { ": " (section.interval()) }
                "."
            },
        }
        @if let Some(best) = lowest(&content.epochs).map(|best| &content.epochs[best].row) {
            p { "Lowest error rate: " (per_cent(best)) " (" (place(best)) ")." }
        }
        @if !content.evaluations.is_empty() {
            p { "Pages of " code { "explain" } ": " (links(&content.evaluations)) "." }
        }
        @if let Some(section) = &content.validation { (section.html()) }
    }
}

fn epochs(epochs: &[Epoch]) -> Markup {
    let best = lowest(epochs);
    html! {
        h2 { "Epochs" }
        div.wide role="region" aria-label="Table of epochs" tabindex="0" {
            table {
                caption { "The row with the lowest error rate is bold." }
                thead {
                    tr {
                        @for name in ["stage", "epoch", "size, px", "training loss", "validation loss", "error rate, %", "time"] {
                            th scope="col" { (name) }
                        }
                    }
                }
                tbody {
                    @for (place, Epoch { row, seconds }) in epochs.iter().enumerate() {
                        tr.best[best == Some(place)] {
                            td { (row.stage) } td { (row.epoch) } td { (row.size) }
                            td { (format!("{:.4}", row.train_loss)) }
                            td { (format!("{:.4}", row.valid_loss)) }
                            td { (format!("{:.2}", 100.0 * row.error_rate)) }
                            td.time { (seconds.map_or_else(|| "–".to_owned(), time)) }
                        }
                    }
                }
            }
        }
    }
}

fn curves(curves: &[Drawn]) -> Markup {
    html! {
        h2 { "Curves" }
        div.charts {
            @for chart in curves {
                div role="img" aria-label={ "Chart of " (chart.title) " over iterations; the numbers are in iterations.csv and epochs.csv" } {
                    (PreEscaped(&chart.svg))
                }
            }
        }
    }
}

fn classes(content: &Content<'_>) -> Markup {
    let rows = content.classes.rows();
    let has_test = content.classes.has_test();
    let shown = if has_test { 3 } else { 2 };
    let names = ["training", "validation", "test"];
    html! {
        h2 { "Classes" }
        p { (content.parts) "." }
        @for warning in content.classes.warnings() { p { "Warning: " (warning) "." } }
        details open[rows.len() <= FEW_CLASSES] {
            summary { "Pictures of each of " (counted(rows.len(), "class")) }
            div.wide role="region" aria-label="Table of classes" tabindex="0" {
                table.names {
                    thead {
                        tr {
                            th scope="col" { "class" }
                            @for name in &names[..shown] { th scope="col" { (name) } }
                        }
                    }
                    tbody {
                        @for (class, counts) in &rows {
                            tr { td { (class) } @for count in &counts[..shown] { td { (count) } } }
                        }
                    }
                }
            }
        }
    }
}

fn preview(content: &Content<'_>) -> Markup {
    let size = content.preview_size;
    html! {
        h2 { "First training pictures" }
        p.quiet { "As the network saw them in the first epoch, augmented, at " (size) " px." }
        div.pictures {
            @for picture in content.preview {
                figure {
                    img src=(address(&picture.jpeg)) alt={ "Training picture of the class " (picture.class) };
                    figcaption { (picture.class) }
                }
            }
        }
    }
}

fn config(content: &Content<'_>) -> Markup {
    html! {
        h2 { "Config and versions" }
        details {
            summary { "config.toml, with every default filled in" }
            pre tabindex="0" { (content.config) }
        }
        p {
            @for (place, (name, version)) in content.versions.iter().enumerate() {
                @if place > 0 { "; " }
                (name) " " (version)
            }
            "."
        }
        p { "Files beside this page: " (links(&content.files)) "." }
    }
}

fn links(links: &[Link]) -> Markup {
    html! {
        @for (place, link) in links.iter().enumerate() {
            @if place > 0 { ", " }
            a href=(link.address) { (link.name) }
        }
    }
}

/// The place of the first of the epochs with the lowest error rate.
fn lowest(epochs: &[Epoch]) -> Option<usize> {
    let rates = epochs.iter().map(|epoch| epoch.row.error_rate);
    let lowest = rates.enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b));
    lowest.map(|(place, _)| place)
}

fn time(seconds: f64) -> String {
    let seconds = seconds as u64;
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}

/// Address of a picture with all of it inside.
pub fn address(jpeg: &[u8]) -> String {
    format!("data:image/jpeg;base64,{}", BASE64_STANDARD.encode(jpeg))
}
