use crate::predictions::{Predictions, largest_first};

/// How far below a threshold a probability still reaches it, and by how much another class must be more probable than the
/// label: cleanlab's.
const TOLERANCE: f64 = 1e-6;

/// Which pictures are suspected; both count as in [`confident_joint`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Variant {
    /// The pictures that the confident joint counts off its diagonal; cleanlab's `filter_by="confident_learning"`.
    ConfidentJoint,
    /// Prune by noise rate, cleanlab's default: the joint is scaled to the number of pictures of each label; of the pictures
    /// labelled i, its count (i, j) says how many with the largest `p_j − p_i` are suspected, for each j.
    #[default]
    PruneByNoiseRate,
}

/// A picture whose label is probably wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LabelIssue {
    /// Index of the picture.
    pub picture: usize,
    /// The class that its label names.
    pub label: usize,
    /// The most probable of the other classes.
    pub likely: usize,
    /// Probability of the label: its self-confidence.
    pub label_probability: f64,
    /// Probability of the likely class.
    pub likely_probability: f64,
}

impl LabelIssue {
    /// Normalised margin, `p_label − max p_other`, from −1 (surely wrong) to 0.
    pub fn margin(&self) -> f64 {
        self.label_probability - self.likely_probability
    }
}

/// Labels that are probably wrong, by *confident learning*: those with the smallest normalised margin first, of equal ones the
/// first picture. The true classes of `predictions` are the labels on trial.
///
/// The probabilities must come from a network that was not trained on these labels, or it will have learnt them.
///
/// Source: Northcutt, Jiang, Chuang 2021, arXiv:1911.00068. What is suspected is cleanlab 2's `find_label_issues` with
/// `return_indices_ranked_by="normalized_margin"`: never a picture whose label is the most probable class, nor one that is
/// alone in its label.
pub fn label_issues(predictions: &Predictions, variant: Variant) -> Vec<LabelIssue> {
    let probabilities = probabilities(predictions);
    let mut suspected = match variant {
        Variant::ConfidentJoint => off_diagonal(predictions, &probabilities),
        Variant::PruneByNoiseRate => by_noise_rate(predictions, &probabilities),
    };
    suspected.sort_unstable();
    suspected.dedup();
    let issue = |picture| {
        issue(
            picture,
            predictions.truth()[picture],
            &probabilities[picture],
        )
    };
    let mut issues: Vec<LabelIssue> = suspected.into_iter().filter_map(issue).collect();
    issues.sort_by(|a, b| a.margin().total_cmp(&b.margin()));
    issues
}

/// The confident joint, a row for each label: entry (i, j) counts the pictures labelled i that are confidently of class j.
///
/// A picture is confidently of class j if `p_j ≥ t_j − 1e-6`, where the threshold t_j is the mean of p_j over the pictures
/// labelled j; if that holds for several classes, of the most probable one. (No picture is of a class that no label names.)
/// Entries on the diagonal are at least 1.
pub fn confident_joint(predictions: &Predictions) -> Vec<Vec<usize>> {
    joint(predictions, &probabilities(predictions))
}

fn probabilities(predictions: &Predictions) -> Vec<Vec<f64>> {
    (0..predictions.pictures())
        .map(|picture| predictions.probabilities(picture))
        .collect()
}

fn joint(predictions: &Predictions, probabilities: &[Vec<f64>]) -> Vec<Vec<usize>> {
    let classes = predictions.classes();
    let mut joint = vec![vec![0; classes]; classes];
    for (label, confident) in predictions
        .truth()
        .iter()
        .zip(confident_classes(predictions, probabilities))
    {
        if let Some(class) = confident {
            joint[*label][class] += 1;
        }
    }
    for (class, row) in joint.iter_mut().enumerate() {
        row[class] = row[class].max(1);
    }
    joint
}

/// The class that each picture is confidently of.
fn confident_classes(predictions: &Predictions, probabilities: &[Vec<f64>]) -> Vec<Option<usize>> {
    let thresholds = thresholds(predictions, probabilities);
    let reaches = |class: usize, p: f64| thresholds[class].is_some_and(|t| p >= t - TOLERANCE);
    let confident = |(picture, row): (usize, &Vec<f64>)| {
        let mut classes = (0..row.len()).filter(|class| reaches(*class, row[*class]));
        match (classes.next(), classes.next()) {
            (Some(_), Some(_)) => Some(predictions.said(picture)),
            (only, _) => only,
        }
    };
    probabilities.iter().enumerate().map(confident).collect()
}

/// The mean probability of each class over the pictures labelled so; `None` of a class that no label names.
fn thresholds(predictions: &Predictions, probabilities: &[Vec<f64>]) -> Vec<Option<f64>> {
    let mut sums = vec![(0, 0.0); predictions.classes()];
    for (label, row) in predictions.truth().iter().zip(probabilities) {
        sums[*label].0 += 1;
        sums[*label].1 += row[*label];
    }
    // Never so low that everything reaches it.
    let mean = |(count, sum): (usize, f64)| (sum / count as f64).max(2.0 * TOLERANCE);
    sums.into_iter()
        .map(|sum| (sum.0 > 0).then(|| mean(sum)))
        .collect()
}

fn off_diagonal(predictions: &Predictions, probabilities: &[Vec<f64>]) -> Vec<usize> {
    let confident = confident_classes(predictions, probabilities);
    let labels = predictions.truth().iter().zip(confident).enumerate();
    labels
        .filter(|(_, (label, confident))| confident.is_some_and(|class| class != **label))
        .map(|(picture, _)| picture)
        .collect()
}

fn by_noise_rate(predictions: &Predictions, probabilities: &[Vec<f64>]) -> Vec<usize> {
    let mut labelled = vec![Vec::new(); predictions.classes()];
    for (picture, label) in predictions.truth().iter().enumerate() {
        labelled[*label].push(picture);
    }
    let mut suspected = Vec::new();
    for (label, row) in joint(predictions, probabilities).iter().enumerate() {
        let pictures = &labelled[label];
        if pictures.len() < 2 {
            continue;
        }
        let counts = scaled(row, label, pictures.len());
        for (class, count) in counts.into_iter().enumerate() {
            if class == label {
                continue;
            }
            let margin =
                |picture: usize| probabilities[picture][class] - probabilities[picture][label];
            let mut order = pictures.clone();
            largest_first(&mut order, margin);
            suspected.extend(order.into_iter().take(count));
        }
    }
    suspected
}

/// A row of the joint scaled so that its whole numbers add up to `pictures`, and at least one is on the diagonal.
fn scaled(row: &[usize], label: usize, pictures: usize) -> Vec<usize> {
    let sum: usize = row.iter().sum();
    let share = |count: &usize| *count as f64 / sum as f64 * pictures as f64;
    let mut counts = rounded(&row.iter().map(share).collect::<Vec<f64>>(), pictures);
    if counts[label] == 0 {
        counts = counts.iter().map(|count| count.saturating_sub(1)).collect();
    }
    counts
}

/// Values rounded to whole numbers that add up to `sum`: where rounding each (halves to even) misses it, those that lost or
/// won most are raised or lowered by one. Of equal ones the last is raised, and the first is lowered, as in cleanlab.
fn rounded(values: &[f64], sum: usize) -> Vec<usize> {
    let mut whole: Vec<i64> = values
        .iter()
        .map(|value| value.round_ties_even() as i64)
        .collect();
    let missing = sum as i64 - whole.iter().sum::<i64>();
    let lost = |index: &usize| values[*index] - values[*index].round_ties_even();
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| lost(a).total_cmp(&lost(b)));
    if missing > 0 {
        order.reverse();
    }
    for index in order.into_iter().take(missing.unsigned_abs() as usize) {
        whole[index] += missing.signum();
    }
    whole
        .into_iter()
        .map(|count| count.max(0) as usize)
        .collect()
}

/// The issue of a suspected picture; `None` if its label is the most probable class.
fn issue(picture: usize, label: usize, probabilities: &[f64]) -> Option<LabelIssue> {
    let others = (0..probabilities.len()).filter(|class| *class != label);
    let likely = others.fold(None, |best: Option<usize>, class| match best {
        Some(best) if probabilities[best] >= probabilities[class] => Some(best),
        _ => Some(class),
    })?;
    let issue = LabelIssue {
        picture,
        label,
        likely,
        label_probability: probabilities[label],
        likely_probability: probabilities[likely],
    };
    (issue.margin() < -TOLERANCE).then_some(issue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_keeps_the_sum_as_cleanlab_does() {
        assert_eq!(rounded(&[1.4, 1.4, 1.4, 0.8], 5), [1, 1, 2, 1]);
        assert_eq!(rounded(&[1.6, 1.6, 0.8], 4), [1, 2, 1]);
        assert_eq!(rounded(&[0.5, 2.5, 1.0], 4), [0, 3, 1]);
        assert_eq!(rounded(&[2.3, 1.3, 0.4], 4), [2, 1, 1]);
    }

    #[test]
    fn a_label_that_everything_speaks_against_comes_first() {
        // Classes of four pictures that are well known, and two of the second class labelled as the first.
        let row = |class: usize, logit: f32| {
            let mut row = [0.0; 3];
            row[class] = logit;
            row
        };
        let mut logits: Vec<[f32; 3]> = (0..12).map(|picture| row(picture % 3, 4.0)).collect();
        logits.extend([row(1, 5.0), row(1, 7.0)]);
        let mut truth: Vec<usize> = (0..12).map(|picture| picture % 3).collect();
        truth.extend([0, 0]);
        let predictions = Predictions::new(3, logits.concat(), truth).unwrap();
        for variant in [Variant::ConfidentJoint, Variant::PruneByNoiseRate] {
            let issues = label_issues(&predictions, variant);
            let found: Vec<_> = issues
                .iter()
                .map(|i| (i.picture, i.label, i.likely))
                .collect();
            assert_eq!(found, [(13, 0, 1), (12, 0, 1)], "{variant:?}");
            assert!(issues[0].margin() < issues[1].margin());
        }
    }
}
