use crate::{
    interval::Interval,
    measures::{Better, Form, MEASURES, Measure, Needs, Table},
    rows::{PictureRow, ScoreRow, csv},
    tally::{Kind, MapCount, Tally},
};
use rand::Rng;
use std::collections::BTreeMap;
use words::percent;

/// Title of the method that others are compared with.
const REFERENCE: &str = "Grad-CAM";
const WITHOUT_EVIDENCE: &str = "without evidence";

/// The scores of several methods and baselines.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    pub(crate) rows: Vec<Row>,
}

/// The scores of one method or baseline.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Row {
    pub(crate) title: String,
    pub(crate) kind: Kind,
    /// By the name of the measure.
    pub(crate) figures: BTreeMap<&'static str, Figure>,
    pub(crate) maps: MapCount,
}

/// One measure of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Figure {
    pub(crate) mean: Interval,
    /// How much better it is than the best baseline, picture by picture; none of baselines, and where nothing is better.
    pub(crate) over_baseline: Option<Interval>,
    /// How much better than Grad-CAM.
    pub(crate) over_grad_cam: Option<Interval>,
}

/// The figure of each picture, by the picture's name.
type OfPictures<'a> = Vec<(&'a str, f64)>;

impl Scores {
    /// Means of the figures gathered, each with a bootstrap interval, and differences. `random` gives the bootstrap of a row's
    /// measure its generator, so that none of them moves another.
    pub fn new<R: Rng>(tallies: &[Tally], random: impl Fn(&str, &str) -> R) -> Self {
        let mut rows: Vec<Row> = tallies.iter().map(Row::new).collect();
        for measure in MEASURES.iter().copied() {
            let all: Vec<OfPictures> = tallies
                .iter()
                .map(|tally| tally.of_pictures(measure))
                .collect();
            let baseline = best_baseline(measure, tallies, &all);
            let grad_cam = tallies.iter().position(|tally| tally.title == REFERENCE);
            for (place, (row, values)) in rows.iter_mut().zip(&all).enumerate() {
                let gain = |other: Option<usize>| {
                    let other = other.filter(|other| *other != place && row.is_method())?;
                    gains(measure, values, &all[other])
                };
                let gains = [gain(baseline), gain(grad_cam)];
                let interval =
                    |values: &[f64]| Interval::of(values, &mut random(&row.title, measure.name));
                let values: Vec<f64> = values.iter().map(|(_, value)| *value).collect();
                if let Some(mean) = interval(&values) {
                    let [over_baseline, over_grad_cam] =
                        gains.map(|gains| gains.and_then(|gains| interval(&gains)));
                    let figure = Figure {
                        mean,
                        over_baseline,
                        over_grad_cam,
                    };
                    row.figures.insert(measure.name, figure);
                }
            }
        }
        Self { rows }
    }

    /// The tables for people, each with its title, the first row of each its heading. A column that nobody has is left out, and
    /// so is a table without columns.
    pub fn tables(&self) -> Vec<(&'static str, Vec<Vec<String>>)> {
        let tables = Table::ALL.map(|table| (table.title(), self.cells(table)));
        let has_columns = |(_, cells): &(_, Vec<Vec<String>>)| cells[0].len() > 1;
        tables.into_iter().filter(has_columns).collect()
    }

    /// A sentence about the measures that nobody has because of what the pictures lack; `None` if there is none.
    pub fn not_available(&self) -> Option<String> {
        let mut lacking: Vec<(Needs, Vec<&str>)> = Vec::new();
        for measure in MEASURES.iter().copied() {
            if measure.needs == Needs::Pictures || self.is_known(measure) {
                continue;
            }
            match lacking
                .iter_mut()
                .find(|(needs, _)| *needs == measure.needs)
            {
                Some((_, names)) => names.push(measure.name),
                None => lacking.push((measure.needs, vec![measure.name])),
            }
        }
        let lacking = lacking
            .iter()
            .map(|(needs, names)| format!("{} ({})", names.join(" and "), needs.missing()));
        let lacking: Vec<String> = lacking.collect();
        (!lacking.is_empty()).then(|| format!("Not available here: {}.", lacking.join(", ")))
    }

    /// How to read the columns that somebody has.
    pub fn remarks(&self) -> Vec<String> {
        let known = MEASURES.iter().filter(|measure| self.is_known(measure));
        let remark = |measure: &&Measure| format!("{}: {}", measure.name, measure.remark);
        let with_remark = known.filter(|measure| !measure.remark.is_empty());
        with_remark
            .map(|measure| capital(&remark(measure)))
            .collect()
    }

    /// The means as a csv file, a line each: `method,measure,mean,low,high,count`; below that of each measure in which one is
    /// better than another the differences, picture by picture.
    ///
    /// # Errors
    /// Those of [`csv()`].
    pub fn csv(&self) -> Result<Vec<u8>, csv::Error> {
        csv(self.rows.iter().flat_map(Row::csv))
    }

    fn is_known(&self, measure: &Measure) -> bool {
        self.rows.iter().any(|row| row.figure(measure).is_some())
    }

    fn cells(&self, table: Table) -> Vec<Vec<String>> {
        let columns: Vec<&Measure> = MEASURES
            .iter()
            .copied()
            .filter(|measure| measure.table == table && self.is_known(measure))
            .collect();
        let counts_maps = table == Table::Places && self.rows.iter().any(|row| row.maps.all > 0);
        let mut heading = vec!["method"];
        heading.extend(columns.iter().map(|measure| measure.heading));
        heading.extend(counts_maps.then_some(WITHOUT_EVIDENCE));
        let mut cells = vec![heading.into_iter().map(str::to_owned).collect()];
        for row in &self.rows {
            let mut line = vec![row.title.clone()];
            line.extend(columns.iter().map(|measure| row.cell(measure)));
            line.extend(counts_maps.then(|| row.without_evidence()));
            cells.push(line);
        }
        cells
    }
}

/// Position of the baseline with the best mean; `None` where nothing is better, or no baseline has the measure.
fn best_baseline(measure: &Measure, tallies: &[Tally], all: &[OfPictures]) -> Option<usize> {
    let sign = measure.better.sign()?;
    let mean = |values: &OfPictures| {
        let sum: f64 = values.iter().map(|(_, value)| value).sum();
        (!values.is_empty()).then(|| sign * sum / values.len() as f64)
    };
    let baselines = tallies.iter().zip(all).enumerate();
    baselines
        .filter(|(_, (tally, _))| tally.kind == Kind::Baseline)
        .filter_map(|(place, (_, values))| Some((place, mean(values)?)))
        .reduce(|best, one| if one.1 > best.1 { one } else { best })
        .map(|(place, _)| place)
}

/// How much better the one is than the other on each picture that both have; `None` where nothing is better.
fn gains(measure: &Measure, one: &OfPictures, other: &OfPictures) -> Option<Vec<f64>> {
    let sign = measure.better.sign()?;
    let known: BTreeMap<&str, f64> = other.iter().copied().collect();
    let gain = |(picture, value): &(&str, f64)| Some(sign * (value - known.get(picture)?));
    Some(one.iter().filter_map(gain).collect())
}

/// Every figure of every picture as a csv file, a line each: `picture,method,class,measure,value`.
///
/// # Errors
/// Those of [`csv()`].
pub fn pictures_csv(tallies: &[Tally]) -> Result<Vec<u8>, csv::Error> {
    csv(tallies.iter().flat_map(|tally| {
        tally.values().iter().map(|one| PictureRow {
            picture: &one.about.picture,
            method: &tally.title,
            class: &one.about.class,
            measure: one.measure.name,
            value: one.value,
        })
    }))
}

impl Better {
    /// 1 where more is better, -1 where less is.
    pub(crate) fn sign(self) -> Option<f64> {
        match self {
            Self::More => Some(1.0),
            Self::Less => Some(-1.0),
            Self::Neither => None,
        }
    }
}

impl Row {
    fn new(tally: &Tally) -> Self {
        Self {
            title: tally.title.clone(),
            kind: tally.kind,
            figures: BTreeMap::new(),
            maps: tally.maps,
        }
    }

    pub(crate) fn is_method(&self) -> bool {
        self.kind != Kind::Baseline
    }

    pub(crate) fn figure(&self, measure: &Measure) -> Option<Figure> {
        self.figures.get(measure.name).copied()
    }

    fn cell(&self, measure: &Measure) -> String {
        let figure = self.figure(measure);
        figure.map_or_else(
            || "-".to_owned(),
            |figure| match measure.form {
                Form::Percent => in_percent(&figure.mean),
                Form::Hundredths => in_hundredths(&figure.mean),
            },
        )
    }

    fn without_evidence(&self) -> String {
        let MapCount {
            all,
            without_evidence,
        } = self.maps;
        if all == 0 {
            return "-".to_owned();
        }
        format!("{without_evidence} of {all}")
    }

    fn csv(&self) -> impl Iterator<Item = ScoreRow<'_>> {
        let of_measure = |measure: &&'static Measure| {
            let name = measure.name;
            self.figure(measure).map(|figure| {
                [
                    (name.to_owned(), Some(figure.mean)),
                    (
                        format!("{name}, better than the best baseline by"),
                        figure.over_baseline,
                    ),
                    (
                        format!("{name}, better than {REFERENCE} by"),
                        figure.over_grad_cam,
                    ),
                ]
            })
        };
        let lines = MEASURES.iter().filter_map(of_measure).flatten();
        lines.filter_map(|(measure, interval)| {
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

/// The sentence with a capital.
fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
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
    use crate::{
        measures::{DELETION, ENERGY, INSERTION, RIGHT_ANIMAL},
        tally::About,
    };
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn random(row: &str, measure: &str) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64((row.len() * measure.len()) as u64)
    }

    fn tally(title: &str, kind: Kind, values: &[(&'static Measure, &[f64])]) -> Tally {
        let mut tally = Tally::new(title, kind);
        for (measure, values) in values {
            for (picture, value) in values.iter().enumerate() {
                let about = About::new(&format!("{picture}.jpg"), "pug");
                tally.add(measure, &about, Some(*value));
            }
        }
        tally
    }

    #[test]
    fn each_mean_has_its_interval_in_every_form() {
        let mut tally = tally("Grad-CAM", Kind::ClassSpecific, &[(&ENERGY, &[0.75; 4])]);
        let shares = [("a", 1.0), ("a", 0.8), ("b", 0.9), ("b", 0.5)];
        for (picture, share) in shares {
            tally.add_right_animal(&About::new(picture, "pug"), Some(share));
        }
        tally.maps = MapCount {
            all: 4,
            without_evidence: 1,
        };
        let scores = Scores::new(&[tally], random);
        let tables = scores.tables();
        // Nobody has anything but places; nobody has points at the head, or grids.
        assert_eq!(tables.len(), 1);
        let (_, cells) = &tables[0];
        assert_eq!(cells[0].len(), 5);
        assert_eq!(cells[1][1], "75.0 % [75.0, 75.0]");
        assert_eq!(cells[1][3..], ["75.0 % [50.0, 100.0]", "1 of 4"]);
        let written = String::from_utf8(scores.csv().unwrap()).unwrap();
        assert!(
            written.starts_with(
                "method,measure,mean,low,high,count\n\
                 Grad-CAM,energy in the pet,0.75,0.75,0.75,4\n"
            ),
            "{written}"
        );
        let text = text(cells);
        assert_eq!(text.len(), 2);
        assert!(text[0].starts_with("method    energy in the pet"));
    }

    #[test]
    fn what_the_pictures_lack_is_said_in_a_sentence_and_what_is_there_is_explained() {
        let scores = Scores::new(
            &[tally("A", Kind::ClassSpecific, &[(&ENERGY, &[0.75; 4])])],
            random,
        );
        let said = scores.not_available().unwrap();
        assert!(
            said.contains("points at the head (no picture has a head box)"),
            "{said}"
        );
        assert!(
            !said.contains("energy in the pet") && !said.contains("deletion"),
            "{said}"
        );
        let remarks = scores.remarks();
        assert_eq!(remarks.len(), 1);
        assert!(
            remarks[0].starts_with("Energy in the pet: the share"),
            "{remarks:?}"
        );
    }

    #[test]
    fn methods_are_compared_with_the_best_baseline_and_with_grad_cam_picture_by_picture() {
        let tally = |title: &str, kind, deletion: [f64; 2], insertion: [f64; 2]| {
            tally(
                title,
                kind,
                &[(&DELETION, &deletion), (&INSERTION, &insertion)],
            )
        };
        let tallies = [
            tally("A", Kind::ClassSpecific, [0.1, 0.5], [0.5, 0.9]),
            tally("Grad-CAM", Kind::ClassSpecific, [0.3, 0.7], [0.5, 0.9]),
            Tally::new("level", Kind::Baseline),
            tally("worst", Kind::Baseline, [0.9, 0.9], [0.1, 0.1]),
            tally("best", Kind::Baseline, [0.2, 0.6], [0.25, 0.65]),
        ];
        let scores = Scores::new(&tallies, random);
        let close = |interval: Option<Interval>, all: f64| {
            let Interval {
                mean, low, high, ..
            } = interval.unwrap();
            [mean, low, high]
                .iter()
                .all(|value| (value - all).abs() < 1e-9)
        };
        let figure = |row: usize, measure| scores.rows[row].figure(measure).unwrap();
        assert!(close(figure(0, &DELETION).over_baseline, 0.1));
        assert!(close(figure(0, &DELETION).over_grad_cam, 0.2));
        assert!(close(figure(0, &INSERTION).over_baseline, 0.25));
        assert!(close(figure(1, &DELETION).over_baseline, -0.1));
        assert_eq!(figure(1, &DELETION).over_grad_cam, None);
        assert_eq!(figure(4, &DELETION).over_baseline, None);
        let written = String::from_utf8(scores.csv().unwrap()).unwrap();
        let line = "\nA,\"deletion, better than Grad-CAM by\",";
        assert!(written.contains(line), "{written}");
    }

    #[test]
    fn another_column_and_another_row_move_no_interval() {
        let values: Vec<f64> = (0..20).map(|index| f64::from(index % 7)).collect();
        let alone = [tally("A", Kind::ClassSpecific, &[(&ENERGY, &values)])];
        let more = [
            tally("B", Kind::ClassSpecific, &[(&ENERGY, &values)]),
            tally(
                "A",
                Kind::ClassSpecific,
                &[(&DELETION, &values), (&ENERGY, &values)],
            ),
        ];
        let energy = |tallies: &[Tally], row: usize| {
            Scores::new(tallies, random).rows[row]
                .figure(&ENERGY)
                .unwrap()
                .mean
        };
        assert_eq!(energy(&alone, 0), energy(&more, 1));
    }

    #[test]
    fn every_value_of_every_picture_is_in_the_csv() {
        let mut one = tally("A", Kind::ClassSpecific, &[(&ENERGY, &[0.5, 0.25])]);
        one.add_right_animal(&About::new("x", "pug"), Some(0.75));
        assert_eq!(one.of_pictures(&RIGHT_ANIMAL), [("x", 0.75)]);
        let written = String::from_utf8(pictures_csv(&[one]).unwrap()).unwrap();
        assert_eq!(
            written,
            "picture,method,class,measure,value\n\
             0.jpg,A,pug,energy in the pet,0.5\n\
             1.jpg,A,pug,energy in the pet,0.25\n\
             x,A,pug,on the right animal,0.75\n\
             x,A,pug,80 % or more on the right animal,0\n"
        );
    }
}
