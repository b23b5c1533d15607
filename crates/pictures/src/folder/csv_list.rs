//! Lists of labelled pictures as csv files.

use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Display, Formatter};
use std::path::Path;

use csv::{ErrorKind, ReaderBuilder, StringRecord, Trim};

use unicode_normalization::UnicodeNormalization;
use words::counted;

use crate::part::Part;

/// Columns without which a list says nothing.
const PATH: &str = "path";
const LABEL: &str = "label";
/// A first line with them.
const EXAMPLE: &str = "path,label";
/// What to do about a quotation mark without another.
const LEFT_OPEN: &str = "a quotation mark is left open: close it behind its field, or write it twice where it is part of a field in quotation marks";
/// Column of the part, which may be missing.
const SPLIT: &str = "split";

/// A line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CsvLine {
    /// Number of the line that it begins on, from 1.
    pub(super) number: u64,
    /// Path of the picture, as written.
    pub(super) path: String,
    /// Class.
    pub(super) label: String,
    /// Part, if the list has a column of them.
    pub(super) part: Option<Part>,
}

/// Fault in a list of pictures: a sentence without its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvFault {
    /// Number of the line, from 1; nothing if it is the whole file.
    pub line: Option<u64>,
    /// What is wrong and what to do, as a part of a sentence.
    pub reason: String,
}

impl CsvFault {
    pub(super) fn at(line: u64, reason: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            reason: reason.into(),
        }
    }

    pub(super) fn whole(reason: impl Into<String>) -> Self {
        Self {
            line: None,
            reason: reason.into(),
        }
    }
}

/// `line 7: the label is empty`.
impl Display for CsvFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        f.write_str(&self.reason)
    }
}

/// The lines of a list: UTF-8 with or without a byte order mark, any line ends, fields in quotes where they hold commas.
/// The first line names the columns, in any case and order: `path`, `label`, and `split` if the list divides the pictures
/// (see [`Part::from_word`]); others are ignored. Spaces around a label and a split do not count.
///
/// # Errors
/// The first fault.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<CsvLine>, CsvFault> {
    let (header, records) = records(bytes)?;
    let columns = Columns::of(&header)?;
    let lines = records.iter();
    let lines = lines.map(|(number, record)| columns.line(record, *number));
    let lines = lines.collect::<Result<Vec<_>, _>>()?;
    if lines.is_empty() {
        return Err(CsvFault::whole("it names no picture: add a line for each"));
    }
    Ok(lines)
}

/// The class of each picture that the csv file `path` names, by its path below the folder of the list in Unicode's composed
/// form, whether the picture is there or not.
///
/// # Errors
/// The first fault of the list.
pub fn csv_labels(path: &Path) -> Result<BTreeMap<String, String>, CsvFault> {
    let lines = parse(&read(path, "there is no such list")?)?;
    let named = lines.into_iter().filter_map(|line| {
        let name = below_the_list(&line.path.trim().replace('\\', "/")).ok()?;
        Some((name.nfc().collect(), line.label))
    });
    Ok(named.collect())
}

/// The first line of a csv file, and the others with their numbers.
pub(super) fn records(bytes: &[u8]) -> Result<(StringRecord, Vec<(u64, StringRecord)>), CsvFault> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(CsvFault::whole("it is written in UTF-16: save it as UTF-8"));
    }
    let mut reader = ReaderBuilder::new().trim(Trim::Headers).from_reader(bytes);
    let header = reader.headers().map_err(|error| fault(&error, bytes, 0))?;
    let header = header.clone();
    let mut records = Vec::new();
    let mut counter = LineCounter::new(bytes);
    for record in reader.records() {
        let record = record.map_err(|error| fault(&error, bytes, header.len()))?;
        records.push((counter.number(record.position()), record));
    }
    // A field whose second quotation mark is missing holds the rest of the file, and nothing else tells it.
    let has_lines = |(_, record): &&(u64, StringRecord)| {
        record.iter().any(|field| field.contains(['\r', '\n']))
    };
    let marks = bytes.iter().filter(|byte| **byte == b'"').count();
    match records.last().filter(has_lines) {
        Some((number, _)) if marks % 2 == 1 => Err(CsvFault::at(*number, LEFT_OPEN)),
        _ => Ok((header, records)),
    }
}

/// Positions of the columns.
struct Columns {
    path: usize,
    label: usize,
    split: Option<usize>,
}

impl Columns {
    fn of(header: &StringRecord) -> Result<Self, CsvFault> {
        Ok(Self {
            path: needed(PATH, header, EXAMPLE)?,
            label: needed(LABEL, header, EXAMPLE)?,
            split: position(header, SPLIT)?,
        })
    }

    fn line(&self, record: &StringRecord, number: u64) -> Result<CsvLine, CsvFault> {
        let path = &record[self.path];
        let label = record[self.label].trim();
        for (name, text) in [(PATH, path), (LABEL, label)] {
            if let Some(reason) = fault_of_text(name, text) {
                return Err(CsvFault::at(number, reason));
            }
        }
        let part = self.split.map(|column| part(record[column].trim(), number));
        Ok(CsvLine {
            number,
            path: path.to_owned(),
            label: label.to_owned(),
            part: part.transpose()?,
        })
    }
}

/// What is wrong with the `text` in the column `name`.
pub(super) fn fault_of_text(name: &str, text: &str) -> Option<String> {
    if text.trim().is_empty() {
        Some(format!("the {name} is empty: fill it in"))
    } else if text.contains(char::is_control) {
        Some(format!(
            "the {name} holds a line break or another control character: is a quotation mark left open?"
        ))
    } else {
        None
    }
}

/// Numbers of lines. The reader's own count lags behind at empty lines and at the line ends of Windows.
struct LineCounter<'a> {
    bytes: &'a [u8],
    counted: usize,
    number: u64,
}

impl<'a> LineCounter<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            counted: 0,
            number: 1,
        }
    }

    /// Number of the line on which a record begins; records come in their order.
    fn number(&mut self, position: Option<&csv::Position>) -> u64 {
        let start = position.map_or(0, csv::Position::byte) as usize;
        let is_line_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let ends = self.bytes[start..]
            .iter()
            .take_while(|byte| is_line_end(byte));
        let start = start + ends.count();
        for at in self.counted..start {
            let next = self.bytes.get(at + 1);
            let ends = match self.bytes[at] {
                b'\n' => true,
                b'\r' => next != Some(&b'\n'),
                _ => false,
            };
            self.number += u64::from(ends);
        }
        self.counted = start;
        self.number
    }
}

/// Position of the column `name`, without which there is no list; `example` is a first line.
///
/// # Errors
/// It is not there.
pub(super) fn needed(name: &str, header: &StringRecord, example: &str) -> Result<usize, CsvFault> {
    position(header, name)?.ok_or_else(|| CsvFault::at(1, no_column(name, header, example)))
}

fn position(header: &StringRecord, name: &str) -> Result<Option<usize>, CsvFault> {
    let is_name = |(_, column): &(usize, &str)| column.to_lowercase() == name;
    let mut found = header.iter().enumerate().filter(is_name);
    let first = found.next().map(|(index, _)| index);
    match found.next() {
        Some(_) => Err(CsvFault::at(
            1,
            format!("two columns are called {name}: rename one"),
        )),
        None => Ok(first),
    }
}

fn no_column(name: &str, header: &StringRecord, example: &str) -> String {
    let columns: Vec<&str> = header.iter().filter(|column| !column.is_empty()).collect();
    let hint = match columns[..] {
        [one] if one.contains([';', '\t', '|']) => "separate the columns by commas".to_owned(),
        [] => format!("the first line names the columns, as in {example}"),
        _ => format!("rename or add it, as in {example}"),
    };
    let names = match columns[..] {
        [] => "none".to_owned(),
        _ => columns.join(", "),
    };
    format!("there is no column {name} (the columns are: {names}): {hint}")
}

fn part(word: &str, line: u64) -> Result<Part, CsvFault> {
    Part::from_word(word).ok_or_else(|| {
        let typed = if word.is_empty() { "empty" } else { word };
        let words: Vec<&str> = Part::words().collect();
        CsvFault::at(
            line,
            format!("the split is {typed}: it may be {}", words.join(", ")),
        )
    })
}

fn fault(error: &csv::Error, bytes: &[u8], columns: usize) -> CsvFault {
    let position = error.position();
    let line = position.map(|_| LineCounter::new(bytes).number(position));
    let reason = match error.kind() {
        ErrorKind::UnequalLengths { .. } if position.is_some_and(|at| is_open(bytes, at)) => {
            LEFT_OPEN.to_owned()
        }
        ErrorKind::UnequalLengths { len, .. } => format!(
            "it has {}, but the first line has {columns}: put quotation marks around a field with a comma in it",
            counted(*len as usize, "field")
        ),
        ErrorKind::Utf8 { .. } => "it is not valid UTF-8: save the file as UTF-8".to_owned(),
        _ => "it cannot be read as csv: write it anew".to_owned(),
    };
    CsvFault { line, reason }
}

/// Tells whether the line at `position` has a quotation mark without its other.
fn is_open(bytes: &[u8], position: &csv::Position) -> bool {
    let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let rest = bytes.get(start..).unwrap_or_default();
    let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let blank = rest.iter().take_while(|byte| is_end(byte)).count();
    let line = rest[blank..].iter().take_while(|byte| !is_end(byte));
    line.filter(|byte| **byte == b'"').count() % 2 == 1
}

/// Path with `/` between its parts of a picture that a list names as `written`, below the folder of the list.
///
/// # Errors
/// A path that leads out of the folder, or nowhere.
pub(super) fn below_the_list(written: &str) -> Result<String, String> {
    let bytes = written.as_bytes();
    let has_drive = bytes.len() > 1 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':';
    if written.starts_with(['/', '\\']) || has_drive {
        return Err(format!(
            "the path {written} is absolute: write it relative to the folder of this list"
        ));
    }
    let parts = written
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".");
    let parts: Vec<&str> = parts.collect();
    if parts.contains(&"..") {
        return Err(format!(
            "the path {written} leads out of the folder of this list by `..`: pictures must lie below it"
        ));
    }
    if parts.is_empty() {
        return Err(format!("the path {written} is a folder: name a picture"));
    }
    Ok(parts.join("/"))
}

/// The lines that name one picture twice, by the names that were found for them.
pub(super) fn named_twice(lines: &[CsvLine], names: &[String]) -> Option<CsvFault> {
    let mut seen: HashMap<&str, u64> = HashMap::new();
    lines.iter().zip(names).find_map(|(line, name)| {
        let before = seen.insert(name, line.number)?;
        let reason = format!("{name} is named in line {before} already: remove one of the lines");
        Some(CsvFault::at(line.number, reason))
    })
}

/// Bytes of the list at `path`; what to say if it is `missing`.
pub(super) fn read(path: &Path, missing: &str) -> Result<Vec<u8>, CsvFault> {
    let unread = |error: std::io::Error| {
        CsvFault::whole(match error.kind() {
            std::io::ErrorKind::NotFound => missing.to_owned(),
            _ => format!("it cannot be read: {error}"),
        })
    };
    // A pipe may never end.
    if !std::fs::metadata(path).map_err(unread)?.is_file() {
        return Err(CsvFault::whole(
            "it is no file, but a folder, a device or a pipe: name a file",
        ));
    }
    std::fs::read(path).map_err(unread)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(text: &str) -> Vec<(u64, String, String, Option<Part>)> {
        let lines = parse(text.as_bytes()).unwrap_or_else(|fault| panic!("{fault}: {text:?}"));
        lines
            .into_iter()
            .map(|line| (line.number, line.path, line.label, line.part))
            .collect()
    }

    fn one(
        number: u64,
        path: &str,
        label: &str,
        part: Option<Part>,
    ) -> (u64, String, String, Option<Part>) {
        (number, path.to_owned(), label.to_owned(), part)
    }

    #[test]
    fn lists_as_programs_write_them_are_read() {
        let plain = [one(2, "a/1.jpg", "cat", None)];
        for text in [
            "path,label\na/1.jpg,cat\n",
            "path,label\na/1.jpg,cat",
            "path,label\r\na/1.jpg,cat\r\n",
            "\u{feff}path,label\na/1.jpg,cat\n",
            "\u{feff}\"path\",\"label\"\r\n\"a/1.jpg\",\"cat\"\r\n",
            "Path, LABEL \na/1.jpg, cat \n",
            "label,path\ncat,a/1.jpg\n",
            "id,path,label,note\n7,a/1.jpg,cat,\n",
        ] {
            assert_eq!(lines(text), plain, "{text:?}");
        }
        assert_eq!(
            lines(
                "path,label,split\n\"a, b.jpg\",\"a \"\"cat\"\"\",train\n2.jpg,dog,VAL\n3.jpg,dog,test\n"
            ),
            [
                one(2, "a, b.jpg", "a \"cat\"", Some(Part::Train)),
                one(3, "2.jpg", "dog", Some(Part::Valid)),
                one(4, "3.jpg", "dog", Some(Part::Test)),
            ]
        );
    }

    #[test]
    fn a_line_is_known_by_its_number_behind_empty_lines_and_line_breaks() {
        for text in [
            "path,label\n\n\n1.jpg,\n",
            "path,label\r\n\r\n\r\n1.jpg,\r\n",
            "path,label,note\n0.jpg,cat,\"two\nlines\"\n1.jpg,,\n",
            "path,label,note\r\n0.jpg,cat,\"two\r\nlines\"\r\n1.jpg,,\r\n",
            "path,label\r0.jpg,cat\r0.jpg,cat\r1.jpg,\r",
            "path,label\r\n0.jpg,cat\r\n\r\n1.jpg\r\n",
        ] {
            let fault = parse(text.as_bytes()).expect_err(text);
            assert_eq!(fault.line, Some(4), "{text:?} {fault}");
        }
    }

    #[test]
    fn a_fault_names_its_line_and_what_to_do() {
        for (text, line, parts) in [
            ("", Some(1), vec!["no column path", "none", "path,label"]),
            ("path,label\n", None, vec!["names no picture"]),
            (
                "file,label\n1.jpg,cat\n",
                Some(1),
                vec!["no column path", "file, label"],
            ),
            (
                "path,class,fold\n1.jpg,cat,1\n",
                Some(1),
                vec!["no column label", "path, class, fold"],
            ),
            (
                "path;label\n1.jpg;cat\n",
                Some(1),
                vec!["no column path", "path;label", "commas"],
            ),
            ("path\tlabel\n1.jpg\tcat\n", Some(1), vec!["commas"]),
            (
                "path,label,Label\n1.jpg,cat,dog\n",
                Some(1),
                vec!["two columns", "label"],
            ),
            (
                "path,label\n1.jpg,cat\n2.jpg\n",
                Some(3),
                vec!["1 field,", "2"],
            ),
            (
                "path,label\n1.jpg,cat\na, b.jpg,dog\n",
                Some(3),
                vec!["3 fields", "quotation"],
            ),
            ("path,label\n1.jpg, \n", Some(2), vec!["label is empty"]),
            ("path,label\n,cat\n", Some(2), vec!["path is empty"]),
            (
                "path,label\n1.jpg,\"cat\n2.jpg,dog\n",
                Some(2),
                vec!["left open"],
            ),
            (
                "path,label\n0.jpg,cat\n\"1.jpg,cat\n2.jpg,dog\n",
                Some(3),
                vec!["left open"],
            ),
            (
                "path,label,note\n1.jpg,cat,\"new\n2.jpg,dog,\n3.jpg,dog,\n",
                Some(2),
                vec!["left open"],
            ),
            (
                "path,label\n1.jpg,\"big\ncat\"\n",
                Some(2),
                vec!["label", "line break", "left open"],
            ),
            (
                "path,label,split\n1.jpg,cat,holdout\n",
                Some(2),
                vec!["holdout", "train, training, valid"],
            ),
            (
                "path,label,split\n1.jpg,cat,\n",
                Some(2),
                vec!["split is empty", "valid"],
            ),
        ] {
            let fault = parse(text.as_bytes()).expect_err(text);
            assert_eq!(fault.line, line, "{text:?} {fault}");
            for part in parts {
                assert!(fault.to_string().contains(part), "{part} is not in {fault}");
            }
        }
        let latin = parse(b"path,label\n1.jpg,caf\xe9\n").expect_err("no UTF-8");
        assert!(
            latin.line == Some(2) && latin.reason.contains("UTF-8"),
            "{latin}"
        );
        let wide = parse(b"\xff\xfep\0a\0t\0h\0").expect_err("UTF-16");
        assert!(wide.reason.contains("UTF-16"), "{wide}");
    }

    #[test]
    fn a_path_stays_below_the_list() {
        for (written, path) in [
            ("1.jpg", "1.jpg"),
            ("./a//1.jpg", "a/1.jpg"),
            ("a b/1.jpg", "a b/1.jpg"),
            ("..a/1..jpg", "..a/1..jpg"),
        ] {
            assert_eq!(below_the_list(written).as_deref(), Ok(path));
        }
        for (written, part) in [
            ("../1.jpg", "leads out"),
            ("a/../../1.jpg", "leads out"),
            ("/etc/1.jpg", "absolute"),
            ("C:\\mine\\1.jpg", "absolute"),
            ("\\\\share\\1.jpg", "absolute"),
            ("./", "is a folder"),
        ] {
            let reason = below_the_list(written).expect_err(written);
            assert!(
                reason.contains(part) && reason.contains(written),
                "{reason}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_a_csv_writer_writes_is_read_back(
            rows in prop::collection::vec(("[a-z,\"'; é]{0,9}x", "[A-Z,\" é]{0,9}y", 0usize..3), 1..20),
        ) {
            let parts = [Part::Train, Part::Valid, Part::Test];
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["split", "path", "label"]).expect("a header");
            for (path, label, part) in &rows {
                writer.write_record([&parts[*part].to_string(), path, label]).expect("a line");
            }
            let read = parse(&writer.into_inner().expect("all lines")).expect("a list");
            prop_assert_eq!(read.len(), rows.len());
            for (index, (line, (path, label, part))) in read.iter().zip(&rows).enumerate() {
                prop_assert_eq!(&line.path, path);
                prop_assert_eq!(line.label.as_str(), label.trim());
                prop_assert_eq!((line.part, line.number), (Some(parts[*part]), index as u64 + 2));
            }
        }

        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
            let _ = parse(&[&b"path,label\n"[..], &bytes].concat());
        }

        #[test]
        fn a_path_that_is_taken_has_no_way_out(written in "[a./\\\\:]{0,12}") {
            if let Ok(path) = below_the_list(&written) {
                let parts: Vec<&str> = path.split('/').collect();
                prop_assert!(parts.iter().all(|part| !part.is_empty() && *part != ".." && *part != "."));
            }
        }
    }
}
