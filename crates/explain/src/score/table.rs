use super::Interval;
use rand::Rng;
use std::fmt::Write;
use words::percent;

/// What counts as lying on the right animal.
const MOSTLY: f64 = 0.8;

/// Values gathered of one method or baseline, one for each picture that has them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// As printed.
    pub title: String,
    /// Shares of the energy inside the animal.
    pub energy: Vec<f64>,
    /// 1 where the strongest point is on the head, else 0; a baseline may have probabilities.
    pub pointing: Vec<f64>,
    /// Shares of the energy on the right one of two animals: the mean over both.
    pub right_animal: Vec<f64>,
    /// The same, map by map.
    pub right_animal_maps: Vec<f64>,
    /// Correlations with the map of a network with a shuffled head.
    pub shuffled: Vec<f64>,
    /// How many maps there were, and how many of them had no positive value.
    pub maps: [usize; 2],
}

/// The scores of several methods and baselines.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq)]
struct Row {
    title: String,
    measures: [(&'static str, Option<Interval>); 4],
    mostly_right: Option<f64>,
    maps: [usize; 2],
}

impl Scores {
    /// With a bootstrap interval for each mean.
    pub fn new(tallies: &[Tally], random: &mut impl Rng) -> Self {
        let mut row = |tally: &Tally| {
            let maps = &tally.right_animal_maps;
            let mostly = maps.iter().filter(|share| **share >= MOSTLY).count();
            Row {
                title: tally.title.clone(),
                measures: [
                    ("energy in the pet", Interval::of(&tally.energy, random)),
                    ("points at the head", Interval::of(&tally.pointing, random)),
                    (
                        "on the right animal",
                        Interval::of(&tally.right_animal, random),
                    ),
                    (
                        "same after shuffling",
                        Interval::of(&tally.shuffled, random),
                    ),
                ],
                mostly_right: (!maps.is_empty()).then(|| mostly as f64 / maps.len() as f64),
                maps: tally.maps,
            }
        };
        Self {
            rows: tallies.iter().map(&mut row).collect(),
        }
    }

    /// Heading and rows for people.
    pub fn cells(&self) -> Vec<Vec<String>> {
        let heading = [
            "method",
            "energy in the pet",
            "points at the head",
            "on the right animal",
            "80 % of it or more",
            "same after shuffling",
            "without evidence",
        ];
        let mut cells = vec![heading.map(str::to_owned).to_vec()];
        for row in &self.rows {
            let [energy, pointing, right, shuffled] = &row.measures;
            let share = |measure: &(_, Option<Interval>)| {
                measure
                    .1
                    .map_or_else(none, |interval| in_percent(&interval))
            };
            let [all, without] = row.maps;
            cells.push(vec![
                row.title.clone(),
                share(energy),
                share(pointing),
                share(right),
                row.mostly_right
                    .map_or_else(none, |share| format!("{} of maps", percent(share))),
                shuffled
                    .1
                    .map_or_else(none, |interval| in_hundredths(&interval)),
                if all == 0 {
                    none()
                } else {
                    format!("{without} of {all}")
                },
            ]);
        }
        cells
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

    /// One line for each mean: `method,measure,mean,low,high,count`.
    pub fn csv(&self) -> String {
        let mut text = "method,measure,mean,low,high,count\n".to_owned();
        for row in &self.rows {
            for (measure, interval) in &row.measures {
                if let Some(Interval {
                    mean,
                    low,
                    high,
                    count,
                }) = interval
                {
                    // Writing to a string cannot fail.
                    let _ = writeln!(text, "{},{measure},{mean},{low},{high},{count}", row.title);
                }
            }
        }
        text
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

fn none() -> String {
    "-".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, generator};

    #[test]
    fn each_mean_has_its_interval_in_every_form() {
        let tally = Tally {
            title: "Grad-CAM".to_owned(),
            energy: vec![0.75; 4],
            right_animal: vec![0.9, 0.7],
            right_animal_maps: vec![1.0, 0.8, 0.9, 0.5],
            maps: [4, 1],
            ..Tally::default()
        };
        let scores = Scores::new(&[tally], &mut generator(1, Purpose::Bootstrap));
        let row = &scores.cells()[1];
        assert_eq!(row[1], "75.0 % [75.0, 75.0]");
        assert_eq!(
            (row[2].as_str(), row[4].as_str(), row[6].as_str()),
            ("-", "75.0 % of maps", "1 of 4")
        );
        assert!(
            scores
                .csv()
                .contains("Grad-CAM,energy in the pet,0.75,0.75,0.75,4\n")
        );
        let text = scores.text();
        assert_eq!(text.len(), 2);
        assert!(text[0].starts_with("method    energy in the pet"));
    }
}
