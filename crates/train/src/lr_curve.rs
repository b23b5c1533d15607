//! The curve of a search for a learning rate: as SVG with a csv file beside it, and in letters.

use crate::{
    curves::{BLUE, Chart, GREEN, ORANGE, Series, chart},
    lr_find::Tried,
    lr_suggestion::{Suggestion, drawn},
};
use anyhow::{Result, anyhow, bail};
use files::write_atomically;
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process,
};
use words::number;

/// Name of the picture if none is typed.
pub const DEFAULT_FILE: &str = "lr-find.svg";
/// Header of the csv file, by which a file of ours is known.
const HEADER: &str = "learning_rate,loss,smoothed_loss";
/// Beginning of the picture's title, by which a file of ours is known.
const TITLE: &str = "lr-find: ";

/// Width and height of the curve in letters.
const COLUMNS: usize = 64;
const ROWS: usize = 10;

/// Both files that a search writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurveFiles {
    /// The picture.
    pub svg: PathBuf,
    /// The numbers.
    pub csv: PathBuf,
}

impl CurveFiles {
    /// The files that `typed` means: a name that ends in `.svg`, or a folder that is there. Earlier curves may be replaced,
    /// and nothing else.
    ///
    /// # Errors
    /// It is neither, or the files would replace something else.
    pub fn of(typed: &Path) -> Result<Self> {
        let shown = typed.display();
        let svg = match typed.extension() {
            _ if typed.is_dir() => typed.join(DEFAULT_FILE),
            Some(ending) if ending.eq_ignore_ascii_case("svg") => typed.to_owned(),
            _ => bail!("--out {shown}: name a file that ends in .svg, or a folder that is there"),
        };
        let folder = svg.parent().filter(|folder| *folder != Path::new(""));
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            bail!(
                "--out {shown}: there is no folder {}; make it first",
                folder.display()
            );
        }
        check_writable(folder.unwrap_or(Path::new(".")))
            .map_err(|error| anyhow!("--out {shown}: cannot write there: {error}"))?;
        let csv = svg.with_extension("csv");
        for (path, mark) in [(&svg, TITLE), (&csv, HEADER)] {
            if path.exists() && !fs::read_to_string(path).is_ok_and(|text| text.contains(mark)) {
                bail!(
                    "{} exists and is no curve of lr-find; it is left untouched: name another file with --out",
                    path.display()
                );
            }
        }
        Ok(Self { svg, csv })
    }

    /// Writes what was `tried` into both; `what` was searched for.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn write(
        &self,
        what: &str,
        tried: &[Tried],
        suggestion: Option<&Suggestion>,
    ) -> Result<()> {
        let svg = chart(&[picture(what, tried, suggestion)]).map_err(|error| anyhow!(error))?;
        for (path, text) in [(&self.svg, svg), (&self.csv, table(tried))] {
            write_atomically(path, text.as_bytes())
                .map_err(|error| anyhow!("cannot write {}: {error}", path.display()))?;
        }
        Ok(())
    }
}

/// An error if no file can be made in `folder`: better now than behind the search.
fn check_writable(folder: &Path) -> io::Result<()> {
    let probe = folder.join(format!(".partial-lr-find-{}", process::id()));
    File::create_new(&probe)?;
    fs::remove_file(probe)
}

/// A row for each step, numbers in the fewest digits that read back as the same number.
fn table(tried: &[Tried]) -> String {
    let mut text = format!("{HEADER}\n");
    for step in tried {
        let rate = step.learning_rate;
        text += &format!("{rate:e},{},{}\n", step.loss, step.smoothed_loss);
    }
    text
}

fn picture(what: &str, tried: &[Tried], suggestion: Option<&Suggestion>) -> Chart {
    let point = |step: &Tried| (step.learning_rate.log10(), f64::from(step.smoothed_loss));
    let curve = drawn(tried).iter().map(point).collect();
    let mut series = vec![Series::line("smoothed loss", curve, BLUE)];
    if let Some(suggestion) = suggestion {
        let steepest = vec![point(&suggestion.steepest)];
        series.push(Series::marked("steepest descent", steepest, ORANGE));
        let minimum = vec![point(&suggestion.minimum)];
        series.push(Series::marked("minimum", minimum, GREEN));
    }
    Chart {
        title: format!("{TITLE}{what}"),
        x_label: "learning rate".to_owned(),
        logarithmic: true,
        series,
    }
}

/// The drawn part of `tried` in letters, a `*` for each step, with `S` at the steepest and `M` at the least loss; nothing if
/// there are too few steps for a line.
pub fn in_letters(tried: &[Tried], suggestion: Option<&Suggestion>) -> Vec<String> {
    let drawn = drawn(tried);
    let [Some(first), Some(last)] = [drawn.first(), drawn.last()].map(|step| step.copied()) else {
        return Vec::new();
    };
    let losses = || drawn.iter().map(|step| step.smoothed_loss);
    let (low, high) = (
        losses().fold(f32::INFINITY, f32::min),
        losses().fold(0.0, f32::max),
    );
    let mut grid = [[' '; COLUMNS]; ROWS];
    let decades = |rate: f64| (rate / first.learning_rate).log10();
    let width = decades(last.learning_rate).max(f64::MIN_POSITIVE);
    let column = |rate: f64| place(decades(rate) / width, COLUMNS);
    let mut mark = |step: &Tried, letter: char| {
        let height = f64::from(high - step.smoothed_loss) / f64::from(high - low).max(1e-30);
        grid[place(height, ROWS)][column(step.learning_rate)] = letter;
    };
    drawn.iter().for_each(|step| mark(step, '*'));
    if let Some(suggestion) = suggestion {
        mark(&suggestion.minimum, 'M');
        mark(&suggestion.steepest, 'S');
    }
    let mut lines = vec!["smoothed loss".to_owned()];
    for (row, letters) in grid.iter().enumerate() {
        let label = match row {
            0 => number(high.into()),
            _ if row == ROWS - 1 => number(low.into()),
            _ => String::new(),
        };
        let letters: String = letters.iter().collect();
        lines.push(format!("{label:>9} |{letters}").trim_end().to_owned());
    }
    lines.push(format!("{:>9} +{}", "", "-".repeat(COLUMNS)));
    lines.push(axis(&column, first.learning_rate, last.learning_rate));
    lines
}

/// The place of `share`, from 0 to 1, among `count`.
fn place(share: f64, count: usize) -> usize {
    ((share * (count - 1) as f64).round() as usize).min(count - 1)
}

/// The powers of ten from `first` to `last`, below their columns.
fn axis(column: &impl Fn(f64) -> usize, first: f64, last: f64) -> String {
    let mut line = " ".repeat(11);
    let powers = first.log10().ceil() as i32..=last.log10().floor() as i32;
    for power in powers {
        let start = 11 + column(10f64.powi(power));
        // One that would touch its neighbour is left out.
        if start > line.len() || line.trim().is_empty() {
            line += &" ".repeat(start.saturating_sub(line.len()));
            line += &format!("1e{power}");
        }
    }
    line + "  learning rate"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        lr_find::{RangeTest, STEPS},
        lr_suggestion::suggest,
        schedule::Schedule,
    };

    fn valley() -> Vec<Tried> {
        let steps = 0..STEPS;
        let tried = |step| {
            let loss = 1.0 + ((step as f32 - 70.0) / 30.0).powi(2).min(1.0);
            Tried {
                learning_rate: RangeTest { groups: 1 }.at(step).learning_rates[0],
                loss,
                smoothed_loss: loss,
            }
        };
        steps.map(tried).collect()
    }

    #[test]
    fn the_curve_in_letters_goes_from_edge_to_edge_and_has_both_suggestions() {
        let tried = valley();
        let lines = in_letters(&tried, suggest(&tried).ok().as_ref());
        assert_eq!(lines.len(), 1 + ROWS + 2);
        assert!(lines[1].starts_with("     2.00 |****") && lines[1].ends_with('*'));
        assert!(lines[ROWS].contains('M') && lines[ROWS].starts_with("     1.00 |"));
        assert_eq!(lines.iter().filter(|line| line.contains('S')).count(), 1);
        let axis = &lines[1 + ROWS + 1];
        assert!(
            axis.contains("1e-6") && axis.contains("1e0  learning rate"),
            "{axis}"
        );
        assert!(lines.iter().all(|line| line.len() < 100));
    }

    #[test]
    fn curves_of_any_length_can_be_drawn() {
        let tried = valley();
        assert_eq!(in_letters(&[], None), Vec::<String>::new());
        for count in 1..STEPS {
            assert_eq!(in_letters(&tried[..count], None).len(), 1 + ROWS + 2);
            chart(&[picture("stage 1", &tried[..count], None)]).unwrap();
        }
        let flat: Vec<Tried> = tried
            .iter()
            .map(|step| Tried {
                smoothed_loss: 1.0,
                ..*step
            })
            .collect();
        assert_eq!(in_letters(&flat, None).len(), 1 + ROWS + 2);
    }

    #[test]
    fn a_curve_replaces_a_curve_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let files = CurveFiles::of(folder.path()).unwrap();
        assert_eq!(files.svg, path(DEFAULT_FILE));
        let tried = valley();
        files.write("stage 1", &tried, None).unwrap();
        let text = fs::read_to_string(&files.csv).unwrap();
        assert_eq!(text.lines().count(), 1 + STEPS);
        assert_eq!(text.lines().nth(1), Some("1e-7,2,2"));
        assert_eq!(CurveFiles::of(&files.svg).unwrap(), files);
        fs::write(path("labels.csv"), "name,label\n").unwrap();
        fs::write(path("logo.SVG"), "<svg/>").unwrap();
        for (name, said) in [
            ("labels.svg", "labels.csv exists and is no curve"),
            ("logo.SVG", "logo.SVG exists and is no curve"),
            ("curve.png", "ends in .svg"),
            ("nowhere", "ends in .svg"),
            ("nowhere/curve.svg", "there is no folder"),
        ] {
            let error = CurveFiles::of(&path(name)).unwrap_err().to_string();
            assert!(error.contains(said), "{name}: {error}");
        }
        assert_eq!(
            fs::read_to_string(path("labels.csv")).unwrap(),
            "name,label\n"
        );
    }
}
