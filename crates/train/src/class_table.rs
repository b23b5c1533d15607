//! The table of classes at the start of a run: how many pictures of each are in each part, and what is odd about that.

use crate::data::Data;
use std::cmp::Reverse;
use unicode_width::UnicodeWidthStr;
use words::first_three;

/// Rows of a table that is shown whole; a longer one is shown by its ends.
const WHOLE: usize = 50;
/// Rows of each end of a table that is not shown whole.
const END: usize = 10;
/// Columns of the longest name that is shown whole.
const NAME_WIDTH: usize = 40;
/// Fewer pictures of a class than this are hardly enough to learn it.
const FEW: usize = 5;
/// Largest ratio between the training pictures of two classes that is nothing to speak of.
const BALANCED: usize = 10;

/// Pictures of every class in every part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassTable {
    /// In the order of the logits.
    rows: Vec<ClassRow>,
    /// True if there is a test part.
    has_test: bool,
    /// Class folders without a picture.
    empty: Vec<String>,
}

/// Pictures of one class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct ClassRow {
    class: String,
    train: usize,
    valid: usize,
    test: usize,
}

/// One of the numbers of a row.
type Count = fn(&mut ClassRow) -> &mut usize;

impl ClassRow {
    fn all(&self) -> usize {
        self.train + self.valid + self.test
    }
}

impl ClassTable {
    /// Counts the pictures of `data`.
    pub fn new(data: &Data) -> Self {
        let named = |class: &String| ClassRow {
            class: class.clone(),
            ..ClassRow::default()
        };
        let mut rows: Vec<ClassRow> = data.classes.iter().map(named).collect();
        let split = &data.split;
        let parts: [(&[usize], Count); 3] = [
            (&split.train, |row| &mut row.train),
            (&split.valid, |row| &mut row.valid),
            (&split.test, |row| &mut row.test),
        ];
        for (part, count) in parts {
            for index in part {
                // The classes are sorted, and those of every part are among them.
                let label = &data.files[*index].label;
                if let Ok(place) = data.classes.binary_search(label) {
                    *count(&mut rows[place]) += 1;
                }
            }
        }
        Self {
            rows,
            has_test: !split.test.is_empty(),
            empty: data.empty_classes.clone(),
        }
    }

    /// Heading, a row for each class and one for all.
    pub fn whole(&self) -> String {
        self.drawn(&self.rows.iter().collect::<Vec<_>>(), &[])
    }

    /// As [`ClassTable::whole`]; of many classes only those with the fewest and those with the most training pictures.
    pub fn short(&self) -> String {
        let mut rows: Vec<&ClassRow> = self.rows.iter().collect();
        if rows.len() <= WHOLE {
            return self.drawn(&rows, &[]);
        }
        rows.sort_by_key(|row| row.train);
        let most = rows.split_off(rows.len() - END);
        rows.truncate(END);
        self.drawn(&rows, &most)
    }

    /// True if [`ClassTable::short`] leaves classes out.
    pub fn is_long(&self) -> bool {
        self.rows.len() > WHOLE
    }

    /// Each class, and its training, validation and test pictures.
    pub fn rows(&self) -> Vec<(&str, [usize; 3])> {
        let counts = |row: &ClassRow| [row.train, row.valid, row.test];
        let rows = self.rows.iter();
        rows.map(|row| (row.class.as_str(), counts(row))).collect()
    }

    /// True if there are test pictures.
    pub fn has_test(&self) -> bool {
        self.has_test
    }

    /// What may be a mistake, a line for each kind of it.
    pub fn warnings(&self) -> Vec<String> {
        let kinds = [
            self.few(),
            self.never_validated(),
            self.only_trained(),
            self.unbalanced(),
            self.empty_folders(),
        ];
        kinds.into_iter().flatten().collect()
    }

    /// The rows of `first` and those of `last`, with the number of those between, if there are any, and the sums.
    fn drawn(&self, first: &[&ClassRow], last: &[&ClassRow]) -> String {
        let sum = ClassRow {
            class: format!("all {} classes", self.rows.len()),
            train: self.rows.iter().map(|row| row.train).sum(),
            valid: self.rows.iter().map(|row| row.valid).sum(),
            test: self.rows.iter().map(|row| row.test).sum(),
        };
        let between = self.rows.len() - first.len() - last.len();
        let between = (between > 0).then(|| format!("… {between} more"));
        let rows = || first.iter().chain(last).copied().chain([&sum]);
        let names = rows().map(|row| shown(&row.class).width());
        let width = names.max().unwrap_or(0);
        let line = |name: &str, [train, valid, test]: [&str; 3]| {
            let pad = " ".repeat(width.saturating_sub(name.width()));
            let test = if self.has_test {
                format!("  {test:>7}")
            } else {
                String::new()
            };
            format!("{name}{pad}  {train:>8}  {valid:>10}{test}")
        };
        let row = |row: &&ClassRow| {
            let counts = [row.train, row.valid, row.test].map(|count| count.to_string());
            line(&shown(&row.class), counts.each_ref().map(String::as_str))
        };
        let mut lines = vec![line("class", ["training", "validation", "test"])];
        lines.extend(first.iter().map(row));
        lines.extend(between);
        lines.extend(last.iter().map(row));
        lines.push(row(&&sum));
        lines.join("\n")
    }

    fn few(&self) -> Option<String> {
        let mut few: Vec<&ClassRow> = self.rows.iter().filter(|row| row.all() < FEW).collect();
        few.sort_by_key(|row| row.all());
        let names = few
            .iter()
            .map(|row| format!("{}: {}", shown(&row.class), row.all()));
        Some(match &names.collect::<Vec<_>>()[..] {
            [] => return None,
            [one] => {
                format!("a class has fewer than {FEW} pictures ({one}): add some, or leave it out")
            }
            names => format!(
                "{} classes have fewer than {FEW} pictures ({}): add some, or leave them out",
                names.len(),
                first_three(names)
            ),
        })
    }

    /// Classes that the validation part leaves out, though the test part does not.
    fn never_validated(&self) -> Option<String> {
        let names = self.names(|row| row.valid == 0 && row.test > 0);
        Some(format!(
            "no picture validates {}: error rates do not count it",
            classes(&names)?
        ))
    }

    fn only_trained(&self) -> Option<String> {
        let names = self.names(|row| row.valid + row.test == 0);
        let test = if self.has_test { " or tests" } else { "" };
        let are = if names.len() == 1 { "is" } else { "are" };
        Some(format!(
            "no picture validates{test} {}, which {are} in the training part only: error rates do not count it",
            classes(&names)?
        ))
    }

    fn unbalanced(&self) -> Option<String> {
        let largest = self
            .rows
            .iter()
            .max_by_key(|row| (row.train, Reverse(&row.class)))?;
        let mut small: Vec<&ClassRow> = self
            .rows
            .iter()
            .filter(|row| largest.train > BALANCED * row.train)
            .collect();
        small.sort_by_key(|row| row.train);
        let names: Vec<String> = small
            .iter()
            .map(|row| format!("{}: {}", shown(&row.class), row.train))
            .collect();
        let other = if names.len() == 1 {
            "another class"
        } else {
            "other classes"
        };
        let count = if names.len() > 1 {
            format!("{} ", names.len())
        } else {
            String::new()
        };
        (!names.is_empty()).then(|| {
            format!(
                "{} has more than {BALANCED} times as many training pictures as {count}{other} ({} against {}): the network \
                 will favour it",
                shown(&largest.class),
                largest.train,
                first_three(&names)
            )
        })
    }

    fn empty_folders(&self) -> Option<String> {
        let names: Vec<String> = self.empty.iter().map(|name| shown(name)).collect();
        match &names[..] {
            [] => None,
            [one] => Some(format!(
                "the class folder {one} has no picture: fill it, or remove it"
            )),
            names => Some(format!(
                "{} class folders have no picture ({}): fill them, or remove them",
                names.len(),
                first_three(names)
            )),
        }
    }

    fn names(&self, is_meant: impl Fn(&ClassRow) -> bool) -> Vec<String> {
        let rows = self.rows.iter().filter(|row| is_meant(row));
        rows.map(|row| shown(&row.class)).collect()
    }
}

/// `the class cat`, or `40 classes (cat, dog, pug and 37 more)`; nothing for none.
fn classes(names: &[String]) -> Option<String> {
    match names {
        [] => None,
        [one] => Some(format!("the class {one}")),
        names => Some(format!("{} classes ({})", names.len(), first_three(names))),
    }
}

/// A name in one line, its end cut off if it is long.
fn shown(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if plain.width() <= NAME_WIDTH {
        return plain;
    }
    let mut cut = String::new();
    for character in plain.chars() {
        if format!("{cut}{character}…").width() > NAME_WIDTH {
            break;
        }
        cut.push(character);
    }
    cut + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(&str, usize, usize, usize)]) -> ClassTable {
        let row = |(class, train, valid, test): &(&str, usize, usize, usize)| ClassRow {
            class: (*class).to_owned(),
            train: *train,
            valid: *valid,
            test: *test,
        };
        ClassTable {
            rows: rows.iter().map(row).collect(),
            has_test: rows.iter().any(|row| row.3 > 0),
            empty: Vec::new(),
        }
    }

    /// `count` classes with `train` and `valid` pictures each.
    fn many(count: usize, train: usize, valid: usize) -> ClassTable {
        let names: Vec<String> = (0..count)
            .map(|number| format!("class-{number:04}"))
            .collect();
        let rows: Vec<_> = names
            .iter()
            .map(|name| (name.as_str(), train, valid, 0))
            .collect();
        table(&rows)
    }

    #[test]
    fn columns_stand_under_each_other_whatever_the_names() {
        let long = "x".repeat(200);
        let whole = table(&[
            ("猫", 80, 20, 7),
            ("Maine_Coon", 5, 12_345, 0),
            (&long, 1, 1, 1),
        ])
        .whole();
        let widths: Vec<usize> = whole.lines().map(UnicodeWidthStr::width).collect();
        assert_eq!(whole.lines().count(), 5);
        assert!(widths.iter().all(|width| *width == widths[0]), "{whole}");
        assert!(
            whole.lines().last().unwrap().contains("all 3 classes"),
            "{whole}"
        );
        assert!(!whole.contains(&long), "{whole}");
    }

    #[test]
    fn a_column_of_test_pictures_is_there_if_there_are_any() {
        assert!(!table(&[("cat", 8, 2, 0)]).whole().contains("test"));
        assert!(table(&[("cat", 8, 2, 1)]).whole().contains("test"));
    }

    #[test]
    fn many_classes_are_shown_by_the_fewest_and_the_most_and_all_are_in_the_whole() {
        assert_eq!(many(37, 8, 2).short(), many(37, 8, 2).whole());
        let thousand = many(1000, 8, 2);
        assert_eq!(thousand.short().lines().count(), 1 + 10 + 1 + 10 + 1);
        assert!(
            thousand.short().contains("\n… 980 more\n"),
            "{}",
            thousand.short()
        );
        assert!(thousand.is_long() && !many(37, 8, 2).is_long());
        assert_eq!(thousand.whole().lines().count(), 1002);
    }

    #[test]
    fn the_same_fault_of_forty_classes_is_one_line_with_the_count_and_the_first_three() {
        let warnings = many(40, 3, 1).warnings();
        assert_eq!(
            warnings,
            [
                "40 classes have fewer than 5 pictures (class-0000: 4, class-0001: 4, class-0002: 4 and 37 more): add some, or \
              leave them out"
            ]
        );
        let warnings = many(40, 6, 0).warnings();
        assert_eq!(
            warnings,
            [
                "no picture validates 40 classes (class-0000, class-0001, class-0002 and 37 more), which are in the training part \
              only: error rates do not count it"
            ]
        );
    }

    #[test]
    fn each_kind_of_fault_has_its_line_and_what_is_in_order_has_none() {
        assert!(
            table(&[("cat", 80, 20, 0), ("dog", 8, 2, 0)])
                .warnings()
                .is_empty()
        );
        for (rows, expected) in [
            (
                vec![("cat", 3, 1, 0), ("dog", 8, 2, 0)],
                "a class has fewer than 5 pictures (cat: 4)",
            ),
            (
                vec![("cat", 8, 0, 0), ("dog", 8, 2, 0)],
                "no picture validates the class cat, which is in the training part only",
            ),
            (
                vec![("cat", 8, 0, 1), ("dog", 8, 2, 1)],
                "no picture validates the class cat:",
            ),
            (
                vec![("cat", 8, 0, 0), ("dog", 8, 2, 1)],
                "no picture validates or tests the class cat",
            ),
            (
                vec![("cat", 81, 20, 0), ("dog", 8, 2, 0)],
                "cat has more than 10 times as many training pictures as another class (81 against dog: 8)",
            ),
            (
                vec![("a", 8, 2, 0), ("b", 7, 2, 0), ("cat", 81, 20, 0)],
                "cat has more than 10 times as many training pictures as 2 other classes (81 against b: 7, a: 8)",
            ),
        ] {
            let warnings = table(&rows).warnings();
            assert_eq!(warnings.len(), 1, "{warnings:?}");
            assert!(warnings[0].starts_with(expected), "{warnings:?}");
        }
        let mut with_empty = table(&[("cat", 8, 2, 0)]);
        with_empty.empty = vec!["fox".to_owned()];
        assert_eq!(
            with_empty.warnings(),
            ["the class folder fox has no picture: fill it, or remove it"]
        );
    }
}
