//! The validation pictures on a run's page: what the network gets wrong among them.

use crate::validation_figures::ValidationFigures;
use evaluation::{ConfusionMatrix, Proportion};
use maud::{Markup, html};
use words::{counted, percent};

/// Most classes of a confusion matrix that is shown; a larger one belongs to `explain evaluate`.
const MATRIX_CLASSES: usize = 12;
/// Pairs of classes that are listed.
const PAIRS: usize = 8;
/// Colours of a whole row of right and of wrong answers; black text keeps a contrast of 4.5 to 1 on both.
const RIGHT: [u8; 3] = [150, 190, 235];
const WRONG: [u8; 3] = [250, 170, 110];

/// What the network got wrong after the last epoch.
pub struct ValidationSection<'a> {
    /// Figures.
    pub figures: ValidationFigures,
    /// Names of the classes.
    pub classes: &'a [String],
    /// Wrong pictures, the worst first.
    pub worst: Vec<WorstPicture>,
    /// What to type for more.
    pub command: String,
}

/// A picture of which another class was said.
#[derive(Debug)]
pub struct WorstPicture {
    /// Its name.
    pub name: String,
    /// What is true, what was said, how sure of it.
    pub caption: String,
    /// Address of the picture, with all of it inside.
    pub address: String,
}

impl ValidationSection<'_> {
    /// `94 of 738, 95 % interval (Wilson) 10.5 % to 15.3 %`.
    pub fn interval(&self) -> String {
        let Proportion {
            count,
            of,
            low,
            high,
            ..
        } = self.figures.error_rate;
        let (low, high) = (percent(low), percent(high));
        format!("{count} of {of}, 95 % interval (Wilson) {low} to {high}")
    }

    /// Everything below the error rate.
    pub fn html(&self) -> Markup {
        html! {
            @if let Some(top) = self.figures.top_five {
                p { "Top five: " (percent(top.value)) " have their class among the five most probable." }
            }
            @if self.classes.len() <= MATRIX_CLASSES { (matrix(&self.figures.matrix, self.classes)) }
            (self.confused())
            (self.worst())
            p.quiet {
                "Every validation picture is in " a href="validation.csv" { "validation.csv" } ". Calibration, heat-maps of what is wrong, \
                 suspicious labels: " code { (self.command) }
            }
        }
    }

    fn confused(&self) -> Markup {
        let confused = &self.figures.confused;
        let shown = &confused[..confused.len().min(PAIRS)];
        let more = confused.len() - shown.len();
        html! {
            @if confused.is_empty() { p { "All validation pictures are right." } }
            @else {
                h3 { "Most confused" }
                ul {
                    @for pair in shown {
                        li { (self.classes[pair.truth]) " said to be " (self.classes[pair.said]) ": " (counted(pair.pictures.len(), "picture")) }
                    }
                    @if more > 0 { li.quiet { "and " (counted(more, "other pair")) } }
                }
            }
        }
    }

    fn worst(&self) -> Markup {
        html! {
            @if !self.worst.is_empty() {
                h3 { "Wrong, and most sure of it" }
                div.pictures {
                    @for picture in &self.worst {
                        figure title=(picture.name) {
                            img src=(picture.address) alt={ (picture.name) ": " (picture.caption) };
                            figcaption { (picture.caption) }
                        }
                    }
                }
            }
        }
    }
}

/// The confusion matrix as a table; the darker a cell, the larger its share of the row.
fn matrix(matrix: &ConfusionMatrix, classes: &[String]) -> Markup {
    html! {
        div.wide role="region" aria-label="Confusion matrix" tabindex="0" {
            table.names.matrix {
                caption { "Rows: what is true. Columns: what was said. Blue: right, orange: wrong." }
                thead { tr { th scope="col" { "true class" } @for class in classes { th scope="col" { (class) } } } }
                tbody {
                    @for (truth, row) in matrix.rows().enumerate() {
                        tr {
                            th scope="row" { (classes[truth]) }
                            @for (said, count) in row.iter().enumerate() {
                                td style=[cell(*count, row, truth == said)] { (count) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The background of a cell; none of an empty one.
fn cell(count: usize, row: &[usize], is_right: bool) -> Option<String> {
    let whole = if is_right { RIGHT } else { WRONG };
    let share = count as f64 / row.iter().sum::<usize>().max(1) as f64;
    let mixed = whole.map(|value| 255.0 - share * (255.0 - f64::from(value)));
    let [red, green, blue] = mixed.map(|value| value.round() as u8);
    (count > 0).then(|| format!("background:rgb({red},{green},{blue})"))
}
