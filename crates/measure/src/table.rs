use crate::{
    interval::Interval,
    rows::{ScoreRow, csv},
    tally::{MapCount, Tally},
};
use rand::Rng;
use words::percent;

/// Share of a map's energy from which on it counts as lying on the right animal.
const MOSTLY: f64 = 0.8;

const ENERGY: &str = "energy in the pet";
const POINTING: &str = "points at the head";
const RIGHT_ANIMAL: &str = "on the right animal";
const MOSTLY_RIGHT: &str = "80 % of it or more";
const SHUFFLED: &str = "same after shuffling";
const WITHOUT_EVIDENCE: &str = "without evidence";

/// The scores of several methods and baselines.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    rows: Vec<Row>,
}

/// The scores of one method or baseline; `None` is what was not measured.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    title: String,
    energy: Option<Interval>,
    pointing: Option<Interval>,
    right_animal: Option<Interval>,
    mostly_right: Option<f64>,
    shuffled: Option<Interval>,
    maps: MapCount,
}

impl Scores {
    /// Means of the figures gathered, each with a bootstrap interval.
    pub fn new(tallies: &[Tally], random: &mut impl Rng) -> Self {
        Self {
            rows: tallies
                .iter()
                .map(|tally| Row::new(tally, random))
                .collect(),
        }
    }

    /// Heading and rows for people.
    pub fn cells(&self) -> Vec<Vec<String>> {
        let heading = [
            "method",
            ENERGY,
            POINTING,
            RIGHT_ANIMAL,
            MOSTLY_RIGHT,
            SHUFFLED,
            WITHOUT_EVIDENCE,
        ];
        let heading = heading.map(str::to_owned).to_vec();
        let rows = self.rows.iter().map(Row::cells);
        [heading].into_iter().chain(rows).collect()
    }

    /// The table for a terminal.
    pub fn text(&self) -> Vec<String> {
        let cells = self.cells();
        let columns = cells.first().map_or(0, Vec::len);
        let widths: Vec<usize> = (0..columns)
            .map(|column| {
                cells
                    .iter()
                    .map(|row| row[column].chars().count())
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let line = |row: &Vec<String>| {
            let padded = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell:<width$}"));
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        cells.iter().map(line).collect()
    }

    /// The means as a csv file, a line each: `method,measure,mean,low,high,count`.
    ///
    /// # Errors
    /// Those of [`csv()`].
    pub fn csv(&self) -> Result<Vec<u8>, csv::Error> {
        csv(self.rows.iter().flat_map(Row::csv))
    }
}

impl Row {
    fn new(tally: &Tally, random: &mut impl Rng) -> Self {
        let maps = &tally.right_animal_maps;
        let mostly = maps.iter().filter(|share| **share >= MOSTLY).count();
        Self {
            title: tally.title.clone(),
            energy: Interval::of(&tally.energy, random),
            pointing: Interval::of(&tally.pointing, random),
            right_animal: Interval::of(&tally.right_animal, random),
            mostly_right: (!maps.is_empty()).then(|| mostly as f64 / maps.len() as f64),
            shuffled: Interval::of(&tally.shuffled, random),
            maps: tally.maps,
        }
    }

    fn cells(&self) -> Vec<String> {
        let share = |interval: &Option<Interval>| interval.as_ref().map(in_percent);
        let mostly = self.mostly_right.map(percent);
        let MapCount {
            all,
            without_evidence,
        } = self.maps;
        let cells = [
            share(&self.energy),
            share(&self.pointing),
            share(&self.right_animal),
            mostly.map(|share| format!("{share} of maps")),
            self.shuffled.as_ref().map(in_hundredths),
            (all > 0).then(|| format!("{without_evidence} of {all}")),
        ];
        let cells = cells.map(|cell| cell.unwrap_or_else(|| "-".to_owned()));
        [self.title.clone()].into_iter().chain(cells).collect()
    }

    fn csv(&self) -> impl Iterator<Item = ScoreRow<'_>> {
        let measures = [
            (ENERGY, self.energy),
            (POINTING, self.pointing),
            (RIGHT_ANIMAL, self.right_animal),
            (SHUFFLED, self.shuffled),
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
        let row = &scores.cells()[1];
        assert_eq!(row[1], "75.0 % [75.0, 75.0]");
        assert_eq!(
            (row[2].as_str(), row[4].as_str(), row[6].as_str()),
            ("-", "75.0 % of maps", "1 of 4")
        );
        let written = String::from_utf8(scores.csv().unwrap()).unwrap();
        assert!(
            written.starts_with(
                "method,measure,mean,low,high,count\n\
                 Grad-CAM,energy in the pet,0.75,0.75,0.75,4\n"
            ),
            "{written}"
        );
        let text = scores.text();
        assert_eq!(text.len(), 2);
        assert!(text[0].starts_with("method    energy in the pet"));
    }
}
