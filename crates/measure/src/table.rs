use crate::{
    interval::Interval,
    rows::{ScoreRow, csv},
    tally::{Kind, MapCount, Tally},
};
use rand::Rng;
use words::percent;

/// Share of a map's energy from which on it counts as lying on the right animal.
const MOSTLY: f64 = 0.8;

pub(crate) const ENERGY: &str = "energy in the pet";
pub(crate) const POINTING: &str = "points at the head";
pub(crate) const RIGHT_ANIMAL: &str = "on the right animal";
const MOSTLY_RIGHT: &str = "80 % of it or more";
const SHUFFLED: &str = "same after shuffling";
const SHUFFLED_RANKS: &str = "in ranks";
const SHUFFLED_RANKS_CSV: &str = "same after shuffling in ranks";
/// Name of a figure.
pub const DELETION: &str = "deletion";
/// Name of a figure.
pub const INSERTION: &str = "insertion";
const DELETION_GAIN: &str = "deletion, better than the best baseline by";
const INSERTION_GAIN: &str = "insertion, better than the best baseline by";
/// Name of a figure.
pub const RUNNER_UP: &str = "same for the runner-up";
/// Name of a figure.
pub const MIRRORED: &str = "same when mirrored";
/// Name of a figure.
pub const SHIFTED: &str = "same when shifted";
/// Name of a figure.
pub const GRID: &str = "grid pointing game";
const WITHOUT_EVIDENCE: &str = "without evidence";

/// The scores of several methods and baselines.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    pub(crate) rows: Vec<Row>,
}

/// The scores of one method or baseline; `None` is what was not measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Row {
    pub(crate) title: String,
    pub(crate) kind: Kind,
    pub(crate) energy: Option<Interval>,
    pub(crate) pointing: Option<Interval>,
    pub(crate) right_animal: Option<Interval>,
    pub(crate) mostly_right: Option<f64>,
    pub(crate) shuffled: Option<Interval>,
    pub(crate) shuffled_ranks: Option<Interval>,
    pub(crate) deletion: Option<Interval>,
    pub(crate) insertion: Option<Interval>,
    /// How much smaller the area is than that of the best baseline, picture by picture; none of baselines.
    pub(crate) deletion_gain: Option<Interval>,
    /// How much larger.
    pub(crate) insertion_gain: Option<Interval>,
    pub(crate) runner_up: Option<Interval>,
    pub(crate) mirrored: Option<Interval>,
    pub(crate) shifted: Option<Interval>,
    pub(crate) grid: Option<Interval>,
    pub(crate) maps: MapCount,
}

impl Scores {
    /// Means of the figures gathered, each with a bootstrap interval.
    pub fn new(tallies: &[Tally], random: &mut impl Rng) -> Self {
        let mut rows: Vec<Row> = tallies
            .iter()
            .map(|tally| Row::new(tally, random))
            .collect();
        let [deletion, insertion] = [
            gains(tallies, |tally| &tally.deletion, -1.0),
            gains(tallies, |tally| &tally.insertion, 1.0),
        ];
        for (row, (deletion, insertion)) in rows.iter_mut().zip(deletion.iter().zip(&insertion)) {
            row.deletion_gain = Interval::of(deletion, random);
            row.insertion_gain = Interval::of(insertion, random);
        }
        Self { rows }
    }

    /// Heading and rows for people: where the maps lie.
    pub fn places(&self) -> Vec<Vec<String>> {
        let names = [
            "method",
            ENERGY,
            POINTING,
            RIGHT_ANIMAL,
            MOSTLY_RIGHT,
            GRID,
            WITHOUT_EVIDENCE,
        ];
        self.cells(&names, Row::places)
    }

    /// Heading and rows for people: what the maps depend on, and whether the network does on what they mark.
    pub fn faithfulness(&self) -> Vec<Vec<String>> {
        let names = [
            "method",
            SHUFFLED,
            SHUFFLED_RANKS,
            DELETION,
            INSERTION,
            RUNNER_UP,
            MIRRORED,
            SHIFTED,
        ];
        self.cells(&names, Row::faithfulness)
    }

    /// A heading, and the title and cells of each row; a column that nobody has is left out.
    fn cells<const N: usize>(
        &self,
        names: &[&str],
        of: fn(&Row) -> [Option<String>; N],
    ) -> Vec<Vec<String>> {
        let heading = names.iter().map(|name| Some((*name).to_owned()));
        let rows = self.rows.iter().map(|row| {
            let title = Some(row.title.clone());
            [title].into_iter().chain(of(row)).collect()
        });
        let all: Vec<Vec<Option<String>>> = [heading.collect()].into_iter().chain(rows).collect();
        let is_known = |column: &usize| all.iter().skip(1).any(|row| row[*column].is_some());
        let columns: Vec<usize> = (0..names.len()).filter(is_known).collect();
        let known = |row: &Vec<Option<String>>| {
            let cells = columns.iter().map(|column| row[*column].clone());
            cells
                .map(|cell| cell.unwrap_or_else(|| "-".to_owned()))
                .collect()
        };
        all.iter().map(known).collect()
    }

    /// The means as a csv file, a line each: `method,measure,mean,low,high,count`.
    ///
    /// # Errors
    /// Those of [`csv()`].
    pub fn csv(&self) -> Result<Vec<u8>, csv::Error> {
        csv(self.rows.iter().flat_map(Row::csv))
    }
}

/// For each tally how much better its values are than those of the best baseline, picture by picture; `sign` is 1 where more is
/// better, else -1. Nothing for baselines, and where pictures are not the same.
fn gains(tallies: &[Tally], of: fn(&Tally) -> &Vec<f64>, sign: f64) -> Vec<Vec<f64>> {
    let total = |tally: &Tally| sign * of(tally).iter().sum::<f64>();
    let is_known = |tally: &&Tally| tally.kind == Kind::Baseline && !of(tally).is_empty();
    let baselines = tallies.iter().filter(is_known);
    let best = baselines.max_by(|a, b| total(a).total_cmp(&total(b)));
    let gain = |tally: &Tally| match best {
        Some(best) if tally.kind != Kind::Baseline && of(best).len() == of(tally).len() => {
            let pairs = of(tally).iter().zip(of(best));
            pairs.map(|(value, known)| sign * (value - known)).collect()
        }
        _ => Vec::new(),
    };
    tallies.iter().map(gain).collect()
}

impl Row {
    fn new(tally: &Tally, random: &mut impl Rng) -> Self {
        let maps = &tally.right_animal_maps;
        let mostly = maps.iter().filter(|share| **share >= MOSTLY).count();
        Self {
            title: tally.title.clone(),
            kind: tally.kind,
            energy: Interval::of(&tally.energy, random),
            pointing: Interval::of(&tally.pointing, random),
            right_animal: Interval::of(&tally.right_animal, random),
            mostly_right: (!maps.is_empty()).then(|| mostly as f64 / maps.len() as f64),
            shuffled: Interval::of(&tally.shuffled, random),
            shuffled_ranks: Interval::of(&tally.shuffled_ranks, random),
            deletion: Interval::of(&tally.deletion, random),
            insertion: Interval::of(&tally.insertion, random),
            deletion_gain: None,
            insertion_gain: None,
            runner_up: Interval::of(&tally.runner_up, random),
            mirrored: Interval::of(&tally.mirrored, random),
            shifted: Interval::of(&tally.shifted, random),
            grid: Interval::of(&tally.grid, random),
            maps: tally.maps,
        }
    }

    fn places(&self) -> [Option<String>; 6] {
        let share = |interval: &Option<Interval>| interval.as_ref().map(in_percent);
        let mostly = self.mostly_right.map(percent);
        let MapCount {
            all,
            without_evidence,
        } = self.maps;
        [
            share(&self.energy),
            share(&self.pointing),
            share(&self.right_animal),
            mostly.map(|share| format!("{share} of maps")),
            share(&self.grid),
            (all > 0).then(|| format!("{without_evidence} of {all}")),
        ]
    }

    fn faithfulness(&self) -> [Option<String>; 7] {
        [
            self.shuffled,
            self.shuffled_ranks,
            self.deletion,
            self.insertion,
            self.runner_up,
            self.mirrored,
            self.shifted,
        ]
        .map(|interval| interval.as_ref().map(in_hundredths))
    }

    fn csv(&self) -> impl Iterator<Item = ScoreRow<'_>> {
        let measures = [
            (ENERGY, self.energy),
            (POINTING, self.pointing),
            (RIGHT_ANIMAL, self.right_animal),
            (SHUFFLED, self.shuffled),
            (SHUFFLED_RANKS_CSV, self.shuffled_ranks),
            (DELETION, self.deletion),
            (INSERTION, self.insertion),
            (DELETION_GAIN, self.deletion_gain),
            (INSERTION_GAIN, self.insertion_gain),
            (RUNNER_UP, self.runner_up),
            (MIRRORED, self.mirrored),
            (SHIFTED, self.shifted),
            (GRID, self.grid),
        ];
        measures.into_iter().filter_map(|(measure, interval)| {
            let Interval {
                mean,
                low,
                high,
                count,
            } = interval?;
            Some(ScoreRow {
                method: &self.title,
                measure,
                mean,
                low,
                high,
                count,
            })
        })
    }
}

/// A table for a terminal; the first row is its heading.
pub fn text(cells: &[Vec<String>]) -> Vec<String> {
    let columns = cells.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let lengths = cells.iter().map(|row| row[column].chars().count());
        lengths.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let pairs = row.iter().zip(&widths);
        let padded = pairs.map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    cells.iter().map(line).collect()
}

fn in_percent(interval: &Interval) -> String {
    let [low, high] = [interval.low, interval.high].map(|share| 100.0 * share);
    format!("{} [{low:.1}, {high:.1}]", percent(interval.mean))
}

/// Rounded before printing, so that there is no `-0.00`.
fn in_hundredths(interval: &Interval) -> String {
    let [mean, low, high] = [interval.mean, interval.low, interval.high]
        .map(|value| (100.0 * value).round() / 100.0 + 0.0);
    format!("{mean:.2} [{low:.2}, {high:.2}]")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn each_mean_has_its_interval_in_every_form() {
        let tally = Tally {
            title: "Grad-CAM".to_owned(),
            energy: vec![0.75; 4],
            right_animal: vec![0.9, 0.7],
            right_animal_maps: vec![1.0, 0.8, 0.9, 0.5],
            maps: MapCount {
                all: 4,
                without_evidence: 1,
            },
            ..Tally::default()
        };
        let scores = Scores::new(&[tally], &mut ChaCha8Rng::seed_from_u64(1));
        let cells = scores.places();
        // Nobody has points at the head, or grids.
        assert_eq!(cells[0].len(), 5);
        assert_eq!(cells[1][1], "75.0 % [75.0, 75.0]");
        assert_eq!(cells[1][3..], ["75.0 % of maps", "1 of 4"]);
        assert_eq!(scores.faithfulness()[1], ["Grad-CAM"]);
        let written = String::from_utf8(scores.csv().unwrap()).unwrap();
        assert!(
            written.starts_with(
                "method,measure,mean,low,high,count\n\
                 Grad-CAM,energy in the pet,0.75,0.75,0.75,4\n"
            ),
            "{written}"
        );
        let text = text(&cells);
        assert_eq!(text.len(), 2);
        assert!(text[0].starts_with("method    energy in the pet"));
    }
    #[test]
    fn deletion_and_insertion_are_compared_with_the_best_baseline_picture_by_picture() {
        let tally = |title: &str, kind, deletion: [f64; 2], insertion: [f64; 2]| Tally {
            deletion: deletion.to_vec(),
            insertion: insertion.to_vec(),
            ..Tally::new(title, kind)
        };
        let tallies = [
            tally("A", Kind::ClassSpecific, [0.1, 0.5], [0.5, 0.9]),
            Tally::new("level", Kind::Baseline),
            tally("worst", Kind::Baseline, [0.9, 0.9], [0.1, 0.1]),
            tally("best", Kind::Baseline, [0.2, 0.6], [0.25, 0.65]),
        ];
        let scores = Scores::new(&tallies, &mut ChaCha8Rng::seed_from_u64(1));
        let close = |interval: Option<Interval>, all: f64| {
            let Interval {
                mean, low, high, ..
            } = interval.unwrap();
            [mean, low, high]
                .iter()
                .all(|value| (value - all).abs() < 1e-9)
        };
        assert!(close(scores.rows[0].deletion_gain, 0.1));
        assert!(close(scores.rows[0].insertion_gain, 0.25));
        assert_eq!(scores.rows[1].deletion_gain, None);
    }
}
