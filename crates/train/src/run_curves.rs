//! A picture of a run: loss, learning rates, momentum and error rate over its iterations.

use crate::{
    curves::{BLUE, Chart, GREEN, GREY, ORANGE, Series, chart, narrow_chart},
    rows::{EpochRow, StepRow, read},
};
use checkpoint::Run;
use files::write_atomically;
use network::Group;
use std::io;

/// Name of the picture in the run's folder.
pub const CURVES_FILE: &str = "curves.svg";

/// Draws `curves.svg` from the run's csv files, with a curve of learning rates for each of `groups`.
///
/// # Errors
/// The files cannot be read or written.
pub fn draw(run: &Run, groups: &[Group]) -> io::Result<()> {
    let steps: Vec<StepRow> = read(run.folder())?;
    let epochs: Vec<EpochRow> = read(run.folder())?;
    if steps.is_empty() {
        return Ok(());
    }
    let svg = chart(&charts(&steps, &epochs, groups)).map_err(io::Error::other)?;
    write_atomically(&run.file(CURVES_FILE), svg.as_bytes())
}

/// One of the charts.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    /// Title.
    pub title: String,
    /// The chart, an SVG of its own.
    pub svg: String,
}

/// The charts of [`draw`] one by one, for a narrow page; none before the first step.
///
/// # Errors
/// The files cannot be read.
pub fn each(run: &Run, groups: &[Group]) -> io::Result<Vec<Drawn>> {
    let steps: Vec<StepRow> = read(run.folder())?;
    let epochs: Vec<EpochRow> = read(run.folder())?;
    if steps.is_empty() {
        return Ok(Vec::new());
    }
    let drawn = charts(&steps, &epochs, groups).into_iter().map(|chart| {
        Ok(Drawn {
            svg: narrow_chart(&chart).map_err(io::Error::other)?,
            title: chart.title,
        })
    });
    drawn.collect()
}

fn charts(steps: &[StepRow], epochs: &[EpochRow], groups: &[Group]) -> Vec<Chart> {
    let losses = vec![
        Series::line("batch", over(steps, |step| step.loss.into()), GREY),
        Series::line(
            "training, smoothed",
            over(steps, |step| step.smoothed_loss.into()),
            BLUE,
        ),
        Series::marked(
            "validation",
            at_ends(steps, epochs, |epoch| epoch.valid_loss),
            ORANGE,
        ),
    ];
    let per_cent = at_ends(steps, epochs, |epoch| 100.0 * epoch.error_rate);
    let learning_rates = groups
        .iter()
        .enumerate()
        .rev()
        .zip([BLUE, GREEN, ORANGE].into_iter().cycle())
        .map(|((group, Group { layers, .. }), colour)| {
            let points = over(steps, |step| step.rates.learning_rates[group]);
            Series::line(&layers.replace(" and ", ", "), points, colour)
        })
        .collect();
    let beta1 = over(steps, |step| step.rates.beta1);
    let charts = [
        ("loss", losses),
        (
            "error rate, %",
            vec![Series::marked("validation", per_cent, ORANGE)],
        ),
        ("learning rate", learning_rates),
        ("momentum (beta1)", vec![Series::line("beta1", beta1, BLUE)]),
    ];
    charts
        .into_iter()
        .map(|(title, series)| Chart {
            title: title.to_owned(),
            x_label: "iteration".to_owned(),
            logarithmic: false,
            series,
        })
        .collect()
}

/// A point for each step, over all stages.
fn over(steps: &[StepRow], y: impl Fn(&StepRow) -> f64) -> Vec<(f64, f64)> {
    let numbered = steps.iter().enumerate();
    numbered
        .map(|(index, step)| (index as f64 + 1.0, y(step)))
        .collect()
}

/// A point for each epoch, at its last step.
fn at_ends(
    steps: &[StepRow],
    epochs: &[EpochRow],
    y: impl Fn(&EpochRow) -> f64,
) -> Vec<(f64, f64)> {
    let last_step = |epoch: &EpochRow| {
        steps
            .iter()
            .rposition(|step| (step.stage, step.epoch) == (epoch.stage, epoch.epoch))
    };
    epochs
        .iter()
        .filter_map(|epoch| Some((last_step(epoch)? as f64 + 1.0, y(epoch))))
        .collect()
}
