//! Sentences about a table of scores, by stated rules (docs/verdict.md says why these).

use crate::{
    measures::{Better, MEASURES, Measure, RANDOM, RANDOM_UNSIGNED, SHUFFLED, SHUFFLED_RANKS},
    table::{Figure, Row, Scores},
    tally::Kind,
};

/// The correlation with the map of a network that lacks what was learnt from which on a map is much the same: the two share a
/// quarter of what varies in them. Noise has 0.
const SAME: f64 = 0.5;

/// Likeness with maps of a network whose head was shuffled.
static OF_HEAD: [&Measure; 2] = [&SHUFFLED, &SHUFFLED_RANKS];
/// Likeness with maps of a network that has learnt nothing.
static OF_RANDOM: [&Measure; 2] = [&RANDOM, &RANDOM_UNSIGNED];

/// Fewer pictures than this are few.
const FEW: usize = 30;

/// Of fewer pictures than this nothing is compared: their bootstrap hardly knows how much they differ.
const TOO_FEW: usize = 8;

/// Means that differ by less are equal: a map that has a half on either side may lack its last bit.
const EQUAL: f64 = 1e-6;

/// What the figures of a run say about its methods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// For people, the most important one first.
    pub sentences: Vec<String>,
    /// The methods with what came out about each, in the order of the table.
    pub methods: Vec<(String, Judgement)>,
}

/// What came out about a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// It depends on what the network has learnt, and is better than every baseline in more figures than it is worse in.
    Use,
    /// Its map is much the same when the head, or the whole network, has learnt nothing.
    Fails,
    /// Its map is the same for every class.
    ClassBlind,
    /// Nothing of that is certain.
    Undecided,
}

impl Judgement {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Use => "use",
            Self::Fails => "fails",
            Self::ClassBlind => "class-blind",
            Self::Undecided => "undecided",
        }
    }
}

/// Of a measure: the best baseline, and the methods that are better or worse than it outside the intervals.
struct Comparison<'a> {
    measure: &'static Measure,
    baseline: &'a Row,
    better: Vec<&'a Row>,
    worse: Vec<&'a Row>,
    /// How many methods have the measure.
    methods: usize,
}

impl Verdict {
    /// What the table says.
    pub fn of(scores: &Scores) -> Self {
        let methods: Vec<&Row> = scores.rows.iter().filter(|row| row.is_method()).collect();
        let comparisons: Vec<Comparison> = MEASURES
            .iter()
            .filter_map(|measure| Comparison::new(measure, &scores.rows))
            .collect();
        let judged: Vec<(&Row, Judgement)> = methods
            .iter()
            .map(|row| (*row, judgement(row, &comparisons)))
            .collect();
        let mut sentences = advice(&judged, &comparisons);
        sentences.extend(dependence(&methods));
        sentences.extend(comparisons.iter().map(Comparison::sentence));
        sentences.extend(caution(&scores.rows));
        let named = |(row, judgement): &(&Row, Judgement)| (row.title.clone(), *judgement);
        Self {
            sentences,
            methods: judged.iter().map(named).collect(),
        }
    }
}

fn judgement(row: &Row, comparisons: &[Comparison]) -> Judgement {
    let wins = wins(row, comparisons);
    let is_worse = |one: &&Comparison| one.worse.contains(&row);
    let losses = comparisons.iter().filter(is_worse).count();
    match depends(row) {
        _ if row.kind == Kind::ClassBlind => Judgement::ClassBlind,
        Some(false) => Judgement::Fails,
        Some(true) if wins > losses => Judgement::Use,
        _ => Judgement::Undecided,
    }
}

/// The number of measures in which it is better than every baseline.
fn wins(row: &Row, comparisons: &[Comparison]) -> usize {
    let is_better = |one: &&Comparison| one.better.contains(&row);
    comparisons.iter().filter(is_better).count()
}

/// The figure of a row if it is one of enough pictures.
fn enough(row: &Row, measure: &Measure) -> Option<Figure> {
    let is_enough = |figure: &Figure| figure.mean.count >= TOO_FEW;
    row.figure(measure).filter(is_enough)
}

/// Whether the map depends on what was learnt; `None` where an interval holds both, or nothing was measured.
fn depends(row: &Row) -> Option<bool> {
    let known = [OF_HEAD, OF_RANDOM].concat();
    let mut known = known
        .iter()
        .filter_map(|measure| enough(row, measure))
        .peekable();
    known.peek()?;
    if is_same(row, &OF_HEAD) || is_same(row, &OF_RANDOM) {
        return Some(false);
    }
    known
        .all(|likeness| likeness.mean.high < SAME)
        .then_some(true)
}

/// Whether the map is much the same in one of these measures.
fn is_same(row: &Row, measures: &[&Measure]) -> bool {
    let mut known = measures.iter().filter_map(|measure| enough(row, measure));
    known.any(|likeness| likeness.mean.low >= SAME)
}

/// Which methods to use, the best first, and which not.
fn advice(judged: &[(&Row, Judgement)], comparisons: &[Comparison]) -> Vec<String> {
    let of = |wanted| -> Vec<&Row> {
        let alike = judged.iter().filter(|(_, found)| *found == wanted);
        alike.map(|(row, _)| *row).collect()
    };
    let mut useful = of(Judgement::Use);
    useful.sort_by(|a, b| {
        let key = |row| (wins(row, comparisons) as f64, total(row));
        key(*b)
            .partial_cmp(&key(*a))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    let mut sentences = vec![if useful.is_empty() {
        "Use with care: no method both depends on what the network has learnt and is better than every baseline in more figures \
         than it is worse in."
            .to_owned()
    } else {
        format!(
            "Use on this run: {}{}. Such a map depends on what the network has learnt, and is better than every baseline in \
             more figures than it is worse in.",
            titles(&useful),
            if useful.len() > 1 {
                " (the best first)"
            } else {
                ""
            }
        )
    }];
    let mut useless = of(Judgement::Fails);
    useless.extend(of(Judgement::ClassBlind));
    if !useless.is_empty() {
        sentences.push(format!(
            "Do not use to explain a class: {}.",
            titles(&useless)
        ));
    }
    let undecided = of(Judgement::Undecided);
    if !undecided.is_empty() {
        sentences.push(format!(
            "Nothing certain was found for {}.",
            titles(&undecided)
        ));
    }
    sentences
}

/// The sum of all means, those of which less is better taken away.
fn total(row: &Row) -> f64 {
    let signed = |measure: &&Measure| {
        let mean = row.figure(measure).map_or(0.0, |figure| figure.mean.mean);
        measure.better.sign().map_or(0.0, |sign| sign * mean)
    };
    MEASURES.iter().map(signed).sum()
}

/// Which methods depend on what was learnt.
fn dependence(methods: &[&Row]) -> Vec<String> {
    let specific = methods.iter().filter(|row| row.kind == Kind::ClassSpecific);
    let (mut yes, mut unclear, mut unknown) = (vec![], vec![], vec![]);
    for row in specific {
        match depends(row) {
            Some(true) => yes.push(*row),
            Some(false) => {}
            None if enough(row, &SHUFFLED).is_some() => unclear.push(*row),
            None => unknown.push(*row),
        }
    }
    let blind = methods.iter().filter(|row| row.kind == Kind::ClassBlind);
    let blind: Vec<&Row> = blind.copied().collect();
    let sentence = |rows: &[&Row], text: &str| {
        (!rows.is_empty()).then(|| format!("{text}: {}.", titles(rows)))
    };
    let is_tried = methods.iter().any(|row| enough(row, &RANDOM).is_some());
    let taken_away = match is_tried {
        true => {
            "Another map with a head of shuffled weights and in a network that has learnt nothing"
        }
        false => "Another map with a head of shuffled weights",
    };
    [
        sentence(&yes, taken_away),
        alike(methods, &OF_HEAD).map(|same| {
            format!(
                "Much the same map with a head of shuffled weights (its likeness): {same}. They show what the body found, \
                 whatever the head makes of it."
            )
        }),
        alike(methods, &OF_RANDOM).map(|same| {
            format!(
                "Much the same map in a network that has learnt nothing (its likeness): {same}. They show the picture, \
                 whatever the network makes of it."
            )
        }),
        sentence(
            &unclear,
            "Neither clearly another map without what was learnt nor clearly the same",
        ),
        sentence(
            &unknown,
            "Not tried on enough pictures with a head of shuffled weights",
        ),
        sentence(&blind, "The same map for every class"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The methods that are much the same in one of these measures, with the largest likeness; `None` if there is none.
fn alike(methods: &[&Row], measures: &[&Measure]) -> Option<String> {
    let alike = methods.iter().filter(|row| is_same(row, measures));
    let said = alike.map(|row| {
        let known = measures.iter().filter_map(|measure| row.figure(measure));
        let largest = known.map(|figure| figure.mean.mean).fold(-1.0, f64::max);
        format!("{} ({largest:.2})", row.title)
    });
    let said: Vec<String> = said.collect();
    (!said.is_empty()).then(|| said.join(", "))
}

impl<'a> Comparison<'a> {
    /// `None` where nothing is better, and where no baseline or no method has the measure.
    fn new(measure: &'static Measure, rows: &'a [Row]) -> Option<Self> {
        let sign = measure.better.sign()?;
        let baselines = rows.iter().filter(|row| !row.is_method());
        let baseline = baselines
            .filter_map(|row| Some((row, sign * enough(row, measure)?.mean.mean)))
            .reduce(|best, one| if one.1 > best.1 { one } else { best })?
            .0;
        let (mut better, mut worse, mut methods) = (Vec::new(), Vec::new(), 0);
        for row in rows.iter().filter(|row| row.is_method()) {
            let gain = enough(row, measure).and_then(|figure| figure.over_baseline);
            let Some(gain) = gain.filter(|gain| gain.count >= TOO_FEW) else {
                continue;
            };
            methods += 1;
            if gain.low > EQUAL {
                better.push(row);
            }
            if gain.high < -EQUAL {
                worse.push(row);
            }
        }
        (methods > 0).then_some(Self {
            measure,
            baseline,
            better,
            worse,
            methods,
        })
    }

    fn sentence(&self) -> String {
        let name = self.measure.name;
        let baseline = &self.baseline.title;
        let better = match &self.better[..] {
            [] => "no method is better than every baseline".to_owned(),
            better => format!("better than every baseline: {}", titles(better)),
        };
        let worse = match &self.worse[..] {
            [] => String::new(),
            worse if worse.len() > 1 && worse.len() == self.methods => "; all are worse".to_owned(),
            worse => format!("; worse: {}", titles(worse)),
        };
        format!("In \"{name}\" (best baseline: {baseline}) {better}{worse}.")
    }
}

/// A sentence if there were few pictures.
fn caution(rows: &[Row]) -> Option<String> {
    let is_used = |measure: &&&Measure| {
        let is_likeness = OF_HEAD.contains(measure) || OF_RANDOM.contains(measure);
        is_likeness || measure.better != Better::Neither
    };
    let counts = rows.iter().filter(|row| row.is_method()).flat_map(|row| {
        let used = MEASURES.iter().filter(is_used);
        used.filter_map(|measure| Some(row.figure(measure)?.mean.count))
    });
    let least = counts.min()?;
    (least < FEW).then(|| {
        format!(
            "Some of this rests on {} only: of fewer than {FEW} the intervals are wide, and other pictures may say something \
             else{}.",
            words::counted(least, "picture"),
            if least < TOO_FEW {
                format!("; figures of fewer than {TOO_FEW} are compared with nothing")
            } else {
                String::new()
            }
        )
    })
}

fn titles(rows: &[&Row]) -> String {
    let titles: Vec<&str> = rows.iter().map(|row| row.title.as_str()).collect();
    titles.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        interval::Interval,
        measures::{DELETION, ENERGY, POINTING},
    };

    fn interval(mean: f64) -> Interval {
        Interval {
            mean,
            low: mean - 0.05,
            high: mean + 0.05,
            count: 100,
        }
    }

    /// A row with one figure more, which is by `gain` better than the best baseline.
    fn with(mut row: Row, measure: &'static Measure, mean: f64, gain: Option<f64>) -> Row {
        let figure = Figure {
            mean: interval(mean),
            over_baseline: gain.map(interval),
            over_grad_cam: None,
        };
        row.figures.insert(measure.name, figure);
        row
    }

    fn empty(title: &str, kind: Kind) -> Row {
        Row {
            title: title.to_owned(),
            kind,
            ..Row::default()
        }
    }

    /// The baseline's energy is 0.6.
    fn method(title: &str, energy: f64, likeness: f64) -> Row {
        let row = empty(title, Kind::ClassSpecific);
        let row = with(row, &ENERGY, energy, Some(energy - 0.6));
        with(row, &SHUFFLED, likeness, None)
    }

    fn baseline(title: &str, energy: f64) -> Row {
        with(empty(title, Kind::Baseline), &ENERGY, energy, None)
    }

    fn verdict(rows: &[Row]) -> Verdict {
        let mut rows = rows.to_vec();
        rows.extend([baseline("uniform", 0.4), baseline("centred Gaussian", 0.6)]);
        Verdict::of(&Scores { rows })
    }

    fn judged(row: Row) -> Judgement {
        verdict(&[row]).methods[0].1
    }

    #[test]
    fn a_method_is_to_be_used_if_it_depends_on_the_head_and_beats_the_best_baseline_outside_the_intervals()
     {
        assert_eq!(judged(method("A", 0.71, 0.0)), Judgement::Use);
        // The interval of the differences to 0.60 holds 0.
        assert_eq!(judged(method("A", 0.64, 0.0)), Judgement::Undecided);
        assert_eq!(judged(method("A", 0.40, 0.0)), Judgement::Undecided);
        let found = verdict(&[method("A", 0.71, 0.0), method("B", 0.9, 0.1)]);
        assert!(
            found.sentences[0].starts_with("Use on this run: B, A (the best first)"),
            "{found:?}"
        );
        let all = found.sentences.join("\n");
        assert!(
            all.contains("(best baseline: centred Gaussian) better than every baseline: A, B."),
            "{all}"
        );
    }

    #[test]
    fn a_map_that_is_much_the_same_with_a_shuffled_head_fails_however_much_lies_on_the_animal() {
        assert_eq!(judged(method("A", 0.99, 0.55)), Judgement::Fails);
        assert_eq!(judged(method("A", 0.99, 0.5)), Judgement::Undecided);
        assert_eq!(judged(method("A", 0.99, 0.44)), Judgement::Use);
        let by_ranks = with(method("A", 0.99, 0.0), &SHUFFLED_RANKS, 0.9, None);
        let found = verdict(&[by_ranks, method("B", 0.99, 0.94)]);
        assert!(
            found
                .methods
                .iter()
                .all(|(_, judgement)| *judgement == Judgement::Fails)
        );
        let all = found.sentences.join("\n");
        assert!(
            all.contains("Do not use to explain a class: A, B.") && all.contains("B (0.94)"),
            "{all}"
        );
        assert!(
            found.sentences[0].starts_with("Use with care: no method"),
            "{all}"
        );
    }

    #[test]
    fn a_map_that_is_much_the_same_in_a_network_that_has_learnt_nothing_fails_with_and_without_sign()
     {
        let row = |measure, likeness| with(method("A", 0.9, 0.0), measure, likeness, None);
        for measure in OF_RANDOM {
            assert_eq!(judged(row(measure, 0.6)), Judgement::Fails);
            assert_eq!(judged(row(measure, 0.5)), Judgement::Undecided);
            assert_eq!(judged(row(measure, 0.4)), Judgement::Use);
        }
        let blind = with(empty("B", Kind::ClassBlind), &RANDOM, 0.8, None);
        let all = verdict(&[row(&RANDOM, 0.0), blind]).sentences.join("\n");
        assert!(
            all.contains("that has learnt nothing (its likeness): B (0.80)."),
            "{all}"
        );
        assert!(
            all.contains("and in a network that has learnt nothing: A."),
            "{all}"
        );
    }

    #[test]
    fn who_is_worse_than_a_baseline_in_as_many_figures_as_better_is_not_recommended() {
        let rows = [
            with(method("A", 0.9, 0.0), &POINTING, 0.3, Some(-0.2)),
            with(baseline("edges", 0.1), &POINTING, 0.5, None),
        ];
        let found = verdict(&rows);
        assert_eq!(found.methods, [("A".to_owned(), Judgement::Undecided)]);
        let all = found.sentences.join("\n");
        assert!(all.contains("\"points at the head\" (best baseline: edges) no method is better than every baseline; worse: A."), "{all}");
    }

    #[test]
    fn of_deletion_less_is_better_and_the_best_baseline_has_the_least() {
        let row = |deletion, gain| {
            let row = with(empty("A", Kind::ClassSpecific), &SHUFFLED, 0.0, None);
            with(row, &DELETION, deletion, Some(gain))
        };
        let known = |title, deletion| with(empty(title, Kind::Baseline), &DELETION, deletion, None);
        let found = |row: Row| verdict(&[row, known("edges", 0.3), known("noise", 0.6)]);
        assert_eq!(found(row(0.27, 0.06)).methods[0].1, Judgement::Use);
        assert_eq!(found(row(0.27, 0.04)).methods[0].1, Judgement::Undecided);
        assert_eq!(found(row(0.40, -0.1)).methods[0].1, Judgement::Undecided);
        let all = found(row(0.27, 0.06)).sentences.join("\n");
        assert!(
            all.contains("\"deletion\" (best baseline: edges) better"),
            "{all}"
        );
    }

    #[test]
    fn a_last_bit_of_difference_is_none() {
        let exactly = |mean| Interval {
            low: mean,
            high: mean,
            ..interval(mean)
        };
        let mut row = method("A", 0.6, 0.0);
        for figure in row.figures.values_mut() {
            figure.over_baseline = Some(exactly(1e-12));
        }
        assert_eq!(judged(row), Judgement::Undecided);
    }

    #[test]
    fn what_was_not_measured_and_what_knows_no_class_is_said() {
        let energy = |row| with(row, &ENERGY, 0.9, Some(0.3));
        let found = verdict(&[
            energy(empty("A", Kind::ClassSpecific)),
            energy(empty("B", Kind::ClassBlind)),
        ]);
        let judgements: Vec<_> = found
            .methods
            .iter()
            .map(|(_, judgement)| *judgement)
            .collect();
        assert_eq!(judgements, [Judgement::Undecided, Judgement::ClassBlind]);
        let all = found.sentences.join("\n");
        assert!(
            all.contains("Not tried on enough pictures with a head of shuffled weights: A."),
            "{all}"
        );
        assert!(all.contains("The same map for every class: B."), "{all}");
        assert!(!all.contains("rests on"), "{all}");
    }

    #[test]
    fn few_pictures_and_no_pictures_are_no_certainty() {
        let of = |count: usize| {
            let mut row = method("A", 0.9, 0.0);
            for figure in row.figures.values_mut() {
                figure.mean.count = count;
                figure
                    .over_baseline
                    .iter_mut()
                    .for_each(|gain| gain.count = count);
            }
            row
        };
        let found = verdict(&[of(12)]);
        assert!(
            found
                .sentences
                .last()
                .unwrap()
                .contains("rests on 12 pictures only"),
            "{found:?}"
        );
        assert_eq!(Verdict::of(&Scores { rows: Vec::new() }).methods, []);
        assert_eq!(judged(of(8)), Judgement::Use);
        assert_eq!(judged(of(7)), Judgement::Undecided);
    }
}
