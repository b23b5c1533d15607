//! The page of an evaluation.

use super::{
    charts,
    drawings::{Drawings, DrawnPair, Small},
    figures::Figures,
    suspects::Suspects,
    text,
};
use crate::{
    look::Look,
    packed::PackError,
    page::{Legend, article, document, picture},
};
use maud::{Markup, html};
use words::{counted, number, percent};

/// All there is to show.
pub struct Page<'a> {
    /// Names of the classes, in the order of the logits.
    pub classes: &'a [String],
    /// Sentences below the title.
    pub notes: Vec<String>,
    /// The figures.
    pub figures: &'a Figures,
    /// Pictures that should be looked at.
    pub suspects: &'a Suspects,
    /// Pictures to look at.
    pub drawings: &'a Drawings,
}

impl Page<'_> {
    /// The page, with everything inside.
    ///
    /// # Errors
    /// A picture that no JPEG can hold.
    pub fn html(&self) -> Result<String, PackError> {
        let body = html! {
            (self.summary())
            (self.confusion()?)
            (self.losses()?)
            (self.calibration())
            (self.suspected()?)
            (self.class_table())
        };
        Ok(document("What does it get wrong?", &self.notes, body))
    }

    fn summary(&self) -> Markup {
        let figures = self.figures;
        let means = &figures.macro_means;
        html! {
            table.words {
                tbody {
                    tr { th scope="row" { "Error rate" } td { strong { (text::share(&figures.error_rate)) } } td { "95 % interval (Wilson) " (text::interval(&figures.error_rate)) } }
                    @if let Some(top) = &figures.top_five {
                        tr { th scope="row" { "Top five" } td { (percent(top.value)) } td { "have their class among the five most probable" } }
                    }
                    tr { th scope="row" { "Precision" } td { (percent(means.precision)) } td { "of what was said to be a class is one, mean over classes" } }
                    tr { th scope="row" { "Recall" } td { (percent(means.recall)) } td { "of the pictures of a class was found, mean over classes" } }
                    tr { th scope="row" { "F1" } td { (percent(means.f1)) } td { "their harmonic mean, mean over classes" } }
                    tr { th scope="row" { "Mean loss" } td { (number(figures.calibration.mean_loss)) } td { "cross entropy; Brier score " (number(figures.calibration.brier)) } }
                }
            }
        }
    }

    fn confusion(&self) -> Result<Markup, PackError> {
        let shown = charts::shown_classes(&self.figures.matrix).len();
        let pairs = self.drawings.pairs.iter().map(|pair| self.pair(pair));
        let pairs = pairs.collect::<Result<Vec<Markup>, _>>()?;
        Ok(html! {
            section {
                h2 { "What is taken for what" }
                p.quiet { "Blue: right, orange: wrong; the darker, the larger the share of the row." }
                @if shown < self.classes.len() {
                    p.quiet { "The " (shown) " of " (self.classes.len()) " classes with the most errors; all are in confusion.csv." }
                }
                div.wide { (charts::confusion(&self.figures.matrix, self.classes)) }
                @if pairs.is_empty() { p { "Nothing was taken for anything else." } }
                div.pairs { @for pair in pairs { (pair) } }
            }
        })
    }

    fn pair(&self, pair: &DrawnPair) -> Result<Markup, PackError> {
        let pictures = pair
            .pictures
            .iter()
            .map(small)
            .collect::<Result<Vec<Markup>, _>>()?;
        Ok(html! {
            div {
                h3 { (self.classes[pair.truth]) " said to be " (self.classes[pair.said]) ": " (counted(pair.count, "picture")) }
                div.pictures { @for picture in pictures { (picture) } }
            }
        })
    }

    fn losses(&self) -> Result<Markup, PackError> {
        let legend = Legend::new(Look::default().colours)?;
        let worst = self
            .drawings
            .worst
            .iter()
            .map(|(drawn, loss)| Ok((article(drawn, &legend)?, *loss)));
        let worst = worst.collect::<Result<Vec<_>, PackError>>()?;
        let unsure = self
            .drawings
            .least_sure
            .iter()
            .map(|drawn| article(drawn, &legend));
        let unsure = unsure.collect::<Result<Vec<_>, _>>()?;
        Ok(html! {
            section {
                h2 { "Wrong, and most sure of it" }
                p.quiet { "The largest losses among the wrong ones, with Grad-CAM for the class that was said and for the true one." }
                @if worst.is_empty() { p { "None was wrong." } }
                @for (article, loss) in worst { (article) p.quiet { "loss " (number(loss)) } }
            }
            section {
                h2 { "Right, and least sure of it" }
                @if unsure.is_empty() { p { "None was right." } }
                @for article in unsure { (article) }
            }
        })
    }

    fn calibration(&self) -> Markup {
        let calibration = &self.figures.calibration;
        html! {
            section {
                h2 { "Is it as right as it is sure?" }
                p { "Expected calibration error " strong { (percent(calibration.expected_error)) } " over " (calibration.bins.len())
                    " bins of equal width, the largest of a bin " (percent(calibration.maximum_error)) "." }
                p.quiet { "Temperature: " (text::temperature(self.figures)) "." }
                div.wide { (charts::reliability(calibration)) }
            }
        }
    }

    fn suspected(&self) -> Result<Markup, PackError> {
        let labels = self
            .drawings
            .labels
            .iter()
            .map(small)
            .collect::<Result<Vec<_>, _>>()?;
        let doubles = self
            .drawings
            .duplicates
            .iter()
            .map(|[one, other]| Ok([small(one)?, small(other)?]));
        let doubles = doubles.collect::<Result<Vec<_>, PackError>>()?;
        let said = text::suspects(self.suspects);
        Ok(html! {
            section {
                h2 { "Suspects" }
                p { (said.map_or_else(|| "No label and no pair of pictures looks wrong.".to_owned(), |said| format!("{said}."))) }
                p.quiet {
                    "Labels by confident learning (Northcutt et al. 2021), pruned by noise rate; pairs that are closer than 0.13 of the usual \
                     distance to the nearest picture, by what the network sees. All are in suspects.csv: write keep, delete or the name of \
                     a class into its column action, and give it to training as "
                    code { "data.corrections" } "."
                }
                @if !labels.is_empty() {
                    h3 { "Labels that may be wrong" }
                    div.pictures { @for picture in labels { (picture) } }
                }
                @if !doubles.is_empty() {
                    h3 { "Pictures that may be the same" }
                    @for [one, other] in doubles { div.pictures { (one) (other) } }
                }
            }
        })
    }

    fn class_table(&self) -> Markup {
        let share = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), percent);
        html! {
            section {
                h2 { "Class by class" }
                div.wide { table {
                    thead { tr { @for heading in ["Class", "Pictures", "Said", "Right", "Precision", "Recall", "F1"] { th scope="col" { (heading) } } } }
                    tbody {
                        @for (name, class) in self.classes.iter().zip(&self.figures.classes) {
                            tr {
                                td { (name) } td { (class.pictures) } td { (class.said) } td { (class.right) }
                                td { (share(class.precision())) } td { (share(class.recall())) } td { (share(class.f1())) }
                            }
                        }
                    }
                } }
            }
        }
    }
}

fn small(small: &Small) -> Result<Markup, PackError> {
    let drawn = picture(
        &small.picture,
        &format!("{}, {}", small.name, small.caption),
    )?;
    Ok(html! {
        figure.small { (drawn) figcaption { (small.name) br; span.quiet { (small.caption) } } }
    })
}
