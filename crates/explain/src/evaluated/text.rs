//! An evaluation in lines for a terminal.

use super::{figures::Figures, suspects::Suspects};
use evaluation::{Proportion, Temperature};
use unicode_width::UnicodeWidthStr;
use words::{counted, number, percent};

/// Pairs of classes that are listed.
const PAIRS: usize = 5;
/// Classes with the lowest recall that are listed.
const WORST: usize = 3;

/// The figures, one or a few in a line.
pub fn lines(figures: &Figures, classes: &[String]) -> Vec<String> {
    let mut lines = vec![
        format!("error rate   {}", share(&figures.error_rate)),
        format!(
            "             95 % interval {}",
            interval(&figures.error_rate)
        ),
    ];
    if let Some(top) = &figures.top_five {
        lines.push(format!(
            "top five     {} have their class among them",
            percent(top.value)
        ));
    }
    let means = &figures.macro_means;
    lines.push(format!(
        "class means  precision {}, recall {}, F1 {}",
        percent(means.precision),
        percent(means.recall),
        percent(means.f1)
    ));
    if let Some(worst) = worst(figures, classes) {
        lines.push(format!("worst recall {worst}"));
    }
    lines.push(format!(
        "calibration  expected error {} over {} bins, mean loss {}",
        percent(figures.calibration.expected_error),
        figures.calibration.bins.len(),
        number(figures.calibration.mean_loss)
    ));
    lines.push(format!("             {}", temperature(figures)));
    lines.extend(confused(figures, classes));
    lines
}

/// `12.7 % (94 of 738)`.
pub fn share(proportion: &Proportion) -> String {
    format!(
        "{} ({} of {})",
        percent(proportion.value),
        proportion.count,
        proportion.of
    )
}

/// `10.5 % to 15.3 %`.
pub fn interval(proportion: &Proportion) -> String {
    format!(
        "{} to {}",
        percent(proportion.low),
        percent(proportion.high)
    )
}

/// The best temperature in a sentence.
pub fn temperature(figures: &Figures) -> String {
    let fitted = &figures.temperature;
    let on = match fitted.is_from_others {
        true => "found on the validation part",
        false => "found on these same pictures",
    };
    match (fitted.temperature, &fitted.calibration) {
        (Temperature::Minimum(value), Some(with)) => format!(
            "logits divided by {} ({on}) would give: expected error {}, mean loss {}",
            number(value),
            percent(with.expected_error),
            number(with.mean_loss)
        ),
        (Temperature::Minimum(value), None) => format!(
            "the best temperature would be {}, too small to be of use",
            number(value)
        ),
        (Temperature::TowardsZero, _) => {
            "no temperature is best: all were right, so that more confidence always lowers the loss".to_owned()
        }
        (Temperature::TowardsInfinity, _) => {
            "no temperature is best: the network knows nothing of these pictures, so that less confidence always lowers the loss".to_owned()
        }
        (Temperature::Any, _) => "all temperatures are the same: the network says the same of every class".to_owned(),
    }
}

/// What was found suspicious, in a line; `None` if nothing was.
pub fn suspects(suspects: &Suspects) -> Option<String> {
    let labels = suspects.labels.len();
    let pairs = suspects.found_duplicates;
    if labels == 0 && pairs == 0 {
        return None;
    }
    let harmful = match suspects.harmful().count() {
        0 => String::new(),
        count => format!(" ({count} of them in two parts or folds, or with two labels)"),
    };
    Some(format!(
        "{} may be wrong, {} may be the same picture{harmful}",
        counted(labels, "label"),
        counted(pairs, "pair")
    ))
}

/// The classes of which the smallest share was found, unless all were found whole.
fn worst(figures: &Figures, classes: &[String]) -> Option<String> {
    let recalls = figures.classes.iter().enumerate();
    let recalls = recalls.filter_map(|(class, figures)| Some((class, figures.recall()?)));
    let mut imperfect: Vec<(usize, f64)> = recalls.filter(|(_, recall)| *recall < 1.0).collect();
    imperfect.sort_by(|one, other| one.1.total_cmp(&other.1));
    imperfect.truncate(WORST);
    let named = imperfect.iter().map(|(class, recall)| {
        let of = figures.classes[*class].pictures;
        format!("{} {} of {of}", classes[*class], percent(*recall))
    });
    (!imperfect.is_empty()).then(|| named.collect::<Vec<_>>().join(", "))
}

fn confused(figures: &Figures, classes: &[String]) -> Vec<String> {
    let listed = &figures.confused[..figures.confused.len().min(PAIRS)];
    if listed.is_empty() {
        return Vec::new();
    }
    let sentence = |pair: &evaluation::Confused| {
        format!("{} said to be {}", classes[pair.truth], classes[pair.said])
    };
    let width = listed
        .iter()
        .map(|pair| sentence(pair).width())
        .max()
        .unwrap_or(0);
    let rows = listed.iter().map(|pair| {
        let sentence = sentence(pair);
        let pad = " ".repeat(width - sentence.width());
        format!("  {sentence}{pad}  {:>4}", pair.pictures.len())
    });
    let more = figures.confused.len() - listed.len();
    let more = (more > 0).then(|| {
        format!(
            "  and {more} other {}",
            if more == 1 { "pair" } else { "pairs" }
        )
    });
    ["most confused".to_owned()]
        .into_iter()
        .chain(rows)
        .chain(more)
        .collect()
}
