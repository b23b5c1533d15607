//! The official lists `list.txt`, `trainval.txt` and `test.txt`.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::Path;

use super::error::AnnotationError;

/// Species of a breed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Species {
    /// Written 1 in the lists.
    Cat,
    /// Written 2 in the lists.
    Dog,
}

/// One line of an official list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListEntry {
    /// The picture's file name without `.jpg`, e.g. `Abyssinian_100`.
    pub stem: String,
    /// The stem without its number: the name of the class.
    pub breed: String,
    /// Official number of the class, from 1 to 37. It is not the class index of this project, which counts the sorted
    /// names from 0.
    pub class_number: u32,
    /// Cat or dog.
    pub species: Species,
    /// The official number among the breeds of the species, from 1.
    pub breed_number: u32,
}

/// Entries of one official list, in the order of the file. Empty lines and those that start with `#` are left out.
///
/// # Errors
/// [`AnnotationError::MissingList`], [`AnnotationError::Unreadable`], or [`AnnotationError::BrokenList`] for a line
/// that is not a name and three numbers, a picture listed twice, or a class number that stands for two breeds.
pub fn read_list(path: &Path) -> Result<Vec<ListEntry>, AnnotationError> {
    let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => AnnotationError::MissingList(path.to_path_buf()),
        _ => AnnotationError::Unreadable {
            path: path.to_path_buf(),
            error,
        },
    })?;
    parse_list(&text).map_err(|(line, reason)| AnnotationError::BrokenList {
        path: path.to_path_buf(),
        line,
        reason,
    })
}

fn parse_list(text: &str) -> Result<Vec<ListEntry>, (usize, String)> {
    let mut entries: Vec<ListEntry> = Vec::new();
    let mut line_of_stem = HashMap::new();
    let mut breed_of_class: HashMap<u32, String> = HashMap::new();
    for (line, content) in (1..).zip(text.lines()) {
        if content.trim().is_empty() || content.starts_with('#') {
            continue;
        }
        let entry = parse_line(content).map_err(|reason| (line, reason))?;
        if let Some(earlier) = line_of_stem.insert(entry.stem.clone(), line) {
            return Err((line, format!("{} is already on line {earlier}", entry.stem)));
        }
        let breed = breed_of_class
            .entry(entry.class_number)
            .or_insert_with(|| entry.breed.clone());
        if *breed != entry.breed {
            return Err((
                line,
                format!(
                    "class {} is both {breed} and {}",
                    entry.class_number, entry.breed
                ),
            ));
        }
        entries.push(entry);
    }
    Ok(entries)
}

fn parse_line(content: &str) -> Result<ListEntry, String> {
    let fields: Vec<&str> = content.split_whitespace().collect();
    let &[stem, class_number, species, breed_number] = fields.as_slice() else {
        return Err(format!("{} columns", fields.len()));
    };
    let breed = match stem.rsplit_once('_') {
        Some((breed, number)) if !breed.is_empty() && number.parse::<u32>().is_ok() => breed,
        _ => return Err(format!("the name {stem} has no breed and number")),
    };
    let species = match species {
        "1" => Species::Cat,
        "2" => Species::Dog,
        other => {
            return Err(format!(
                "the species {other} is neither 1 (cat) nor 2 (dog)"
            ));
        }
    };
    let number = |text: &str| text.parse().map_err(|_| format!("{text} is not a number"));
    Ok(ListEntry {
        stem: stem.to_owned(),
        breed: breed.to_owned(),
        class_number: number(class_number)?,
        species,
        breed_number: number(breed_number)?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn comments_and_empty_lines_are_left_out() {
        let text = "#Image CLASS-ID SPECIES BREED ID\n\nAbyssinian_100 1 1 1\r\nyorkshire_terrier_9 37 2 25";
        let entries = parse_list(text).expect("a list in order");
        assert_eq!(entries.len(), 2);
        assert_eq!(
            entries[1],
            ListEntry {
                stem: "yorkshire_terrier_9".to_owned(),
                breed: "yorkshire_terrier".to_owned(),
                class_number: 37,
                species: Species::Dog,
                breed_number: 25,
            }
        );
    }

    #[test]
    fn a_bad_line_is_named_with_what_is_wrong() {
        for (text, line, part) in [
            ("a_1 1 1", 1, "3 columns"),
            ("a_1 1 1 1 1", 1, "5 columns"),
            (
                "a_1 1 1 1\nb 2 1 2",
                2,
                "the name b has no breed and number",
            ),
            ("_1 1 1 1", 1, "the name _1"),
            ("a_x 1 1 1", 1, "the name a_x"),
            ("a_1 1 3 1", 1, "the species 3"),
            ("a_1 one 1 1", 1, "one is not a number"),
            ("a_1 1 1 -1", 1, "-1 is not a number"),
            ("#\na_1 1 1 1\na_1 1 1 1", 3, "a_1 is already on line 2"),
            ("a_1 1 1 1\nb_1 1 1 1", 2, "class 1 is both a and b"),
        ] {
            let (at, reason) = parse_list(text).expect_err(text);
            assert_eq!(at, line, "{text:?}");
            assert!(reason.contains(part), "{text:?}: {reason}");
        }
    }

    #[test]
    fn a_list_that_is_not_there_says_how_to_get_it() {
        let error = read_list(Path::new("nowhere/list.txt")).expect_err("nothing there");
        assert!(matches!(error, AnnotationError::MissingList(_)));
        assert!(
            error.to_string().contains("nowhere/list.txt")
                && error.to_string().contains("train fetch")
        );
    }

    proptest! {
        #[test]
        fn any_text_is_a_list_or_an_error_with_a_line_of_it(text in "([a-b_#]{0,3}[0-9 \n]{0,6}){0,8}") {
            if let Err((line, reason)) = parse_list(&text) {
                prop_assert!(line >= 1 && line <= text.lines().count());
                prop_assert!(!reason.is_empty());
            }
        }

        #[test]
        fn what_is_written_is_read_back(breeds in prop::collection::btree_map("[a-z]{1,5}(_[a-z]{1,3})?", 1u32..200, 1..20)) {
            let text: String = breeds
                .iter()
                .zip(1..)
                .map(|((breed, number), class)| format!("{breed}_{number} {class} 2 {class}\n"))
                .collect();
            let entries = parse_list(&text).expect("a list in order");
            prop_assert_eq!(entries.len(), breeds.len());
            for (entry, (breed, number)) in entries.iter().zip(&breeds) {
                prop_assert_eq!(&entry.breed, breed);
                prop_assert_eq!(&entry.stem, &format!("{breed}_{number}"));
            }
        }
    }
}
