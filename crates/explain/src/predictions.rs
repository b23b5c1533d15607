//! What a network says of pictures, as rows of a table for people and of a csv file.

use crate::pictures::PictureFile;
use cam::softmax;
use std::io::Write;
use unicode_width::UnicodeWidthStr;
use words::{percent, slashes};

/// Columns of the longest name that the table has room for; a longer one pushes the rest of its row aside.
const NAME_WIDTH: usize = 48;
/// Heading of the names of pictures.
const PICTURE: &str = "picture";
/// Heading of the true classes.
const TRUTH: &str = "true class";

/// Classes and how probable they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Indices of classes with their probabilities, the most probable first; of equal ones the first class.
    pub ranked: Vec<(usize, f64)>,
}

impl Prediction {
    /// The `top` most probable classes by `logits`.
    pub fn new(logits: &[f32], top: usize) -> Self {
        let mut ranked: Vec<(usize, f64)> = softmax(logits).into_iter().enumerate().collect();
        ranked.sort_by(|one, other| other.1.total_cmp(&one.1));
        ranked.truncate(top);
        Self { ranked }
    }

    /// Index of the class that is said.
    pub fn class(&self) -> usize {
        self.ranked.first().map_or(0, |(class, _)| *class)
    }
}

/// A table for people, row by row; its columns are as wide as what will come.
#[derive(Debug)]
pub struct Table<'a> {
    classes: &'a [String],
    name_width: usize,
    /// Width of the column of true classes, unless none is known.
    truth_width: Option<usize>,
}

impl<'a> Table<'a> {
    /// A table of predictions about `files`.
    pub fn new(classes: &'a [String], files: &[PictureFile]) -> Self {
        let names = files.iter().map(|file| file.name.width());
        let truths = files.iter().filter_map(|file| file.true_class);
        let truths = truths.map(|class| classes[class].width());
        Self {
            classes,
            name_width: names
                .filter(|width| *width <= NAME_WIDTH)
                .fold(PICTURE.len(), usize::max),
            truth_width: truths.max().map(|width| width.max(TRUTH.len())),
        }
    }

    /// The names of the columns.
    pub fn heading(&self) -> String {
        self.line(PICTURE, TRUTH, "  ", "said")
    }

    /// The row of a picture: its name, its true class and whether that was said, the classes with their probabilities.
    pub fn row(&self, file: &PictureFile, prediction: &Prediction) -> String {
        let truth = file.true_class.map_or("", |class| &self.classes[class]);
        let mark = match file.true_class {
            Some(class) if class == prediction.class() => "✓ ",
            Some(_) => "✗ ",
            None => "  ",
        };
        let said = prediction.ranked.iter();
        let said =
            said.map(|(class, share)| format!("{} {}", self.classes[*class], percent(*share)));
        self.line(
            &file.name,
            truth,
            mark,
            &said.collect::<Vec<_>>().join(", "),
        )
    }

    fn line(&self, name: &str, truth: &str, mark: &str, said: &str) -> String {
        let name = padded(name, self.name_width);
        match self.truth_width {
            Some(width) => format!("{name}  {}  {mark}{said}", padded(truth, width)),
            None => format!("{name}  {said}"),
        }
    }
}

/// A csv file of predictions: `path`, `true_class`, then `class_1`, `probability_1` and so on.
pub struct CsvFile<'a, W: Write> {
    classes: &'a [String],
    writer: csv::Writer<W>,
}

impl<'a, W: Write> CsvFile<'a, W> {
    /// A file with the heading for the `top` most probable of `classes`.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn new(classes: &'a [String], top: usize, to: W) -> Result<Self, csv::Error> {
        let mut writer = csv::Writer::from_writer(to);
        let ranks =
            (1..=top).flat_map(|rank| [format!("class_{rank}"), format!("probability_{rank}")]);
        let fixed = ["path", "true_class"].map(str::to_owned);
        writer.write_record(fixed.into_iter().chain(ranks))?;
        Ok(Self { classes, writer })
    }

    /// Adds the row of a picture. An empty true class is one that is not known.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn add(&mut self, file: &PictureFile, prediction: &Prediction) -> Result<(), csv::Error> {
        let truth = file.true_class.map_or("", |class| &self.classes[class]);
        let fixed = [slashes(&file.path), truth.to_owned()];
        let ranked = prediction.ranked.iter();
        let said =
            ranked.flat_map(|(class, share)| [self.classes[*class].clone(), share.to_string()]);
        self.writer.write_record(fixed.into_iter().chain(said))
    }

    /// Writes what is not written yet.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(mut self) -> Result<(), csv::Error> {
        Ok(self.writer.flush()?)
    }
}

/// `text` with spaces behind it, as wide as `width` columns of a terminal.
fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn classes() -> Vec<String> {
        ["beagle", "Maine, Coon"].map(str::to_owned).to_vec()
    }

    fn file(name: &str, true_class: Option<usize>) -> PictureFile {
        PictureFile {
            name: name.to_owned(),
            path: PathBuf::from("below").join(name),
            true_class,
        }
    }

    #[test]
    fn of_equal_probabilities_the_first_class_is_said() {
        let prediction = Prediction::new(&[1.0, 2.0, 2.0], 2);
        assert_eq!(prediction.class(), 1);
        assert_eq!(prediction.ranked.len(), 2);
        assert_eq!(prediction.ranked[1].0, 2);
    }

    #[test]
    fn columns_stand_under_each_other_whatever_the_names_and_truths_are_left_out_where_none_is_known()
     {
        let classes = classes();
        let files = [file("猫.jpg", Some(0)), file("rex.jpg", None)];
        let table = Table::new(&classes, &files);
        let prediction = Prediction::new(&[2.0, 0.0], 1);
        let rows = [
            table.heading(),
            table.row(&files[0], &prediction),
            table.row(&files[1], &prediction),
        ];
        assert_eq!(
            rows,
            [
                "picture  true class    said",
                "猫.jpg   beagle      ✓ beagle 88.1 %",
                "rex.jpg                beagle 88.1 %",
            ]
        );
        let unknown = Table::new(&classes, &files[1..]);
        assert_eq!(unknown.heading(), "picture  said");
    }

    #[test]
    fn the_csv_file_quotes_what_it_must_and_leaves_an_unknown_class_empty() {
        let classes = classes();
        let mut bytes = Vec::new();
        let mut csv = CsvFile::new(&classes, 1, &mut bytes).unwrap();
        let prediction = Prediction::new(&[0.0, 0.0], 1);
        csv.add(&file("a.jpg", Some(1)), &prediction).unwrap();
        csv.add(&file("b.jpg", None), &prediction).unwrap();
        csv.finish().unwrap();
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "path,true_class,class_1,probability_1\n\
             below/a.jpg,\"Maine, Coon\",beagle,0.5\n\
             below/b.jpg,,beagle,0.5\n"
        );
    }
}
