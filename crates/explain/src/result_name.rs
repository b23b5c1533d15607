//! Names of the files of results: any file system takes them, and no two are one file on any of them.

use std::collections::HashSet;
use words::{file_key, file_name};

/// Longest part of a name that comes from a picture and from a class, in bytes. File systems take names of 255.
const LONGEST_PICTURE: usize = 100;
const LONGEST_CLASS: usize = 60;

/// The beginning of the names of a picture's files, from its `number` and the name it is shown by. The number alone keeps
/// pictures apart; the name is for people.
pub fn of_picture(number: usize, shown: &str) -> String {
    let (folders, name) = shown.rsplit_once('/').unwrap_or(("", shown));
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let whole = if folders.is_empty() {
        stem.to_owned()
    } else {
        format!("{folders}/{stem}")
    };
    format!("{number:02}-{}", plain(&whole, LONGEST_PICTURE))
}

/// For each class the part of a name that says it; no two are the same for a file system that ignores case and the form of
/// letters. A class that can be written as it is keeps its name; of others that come out alike, the later get a number.
pub fn of_classes(classes: &[String]) -> Vec<String> {
    let mut names = vec![None; classes.len()];
    let mut taken = HashSet::new();
    for keeps_its_name in [true, false] {
        for (class, name) in classes.iter().zip(&mut names) {
            let plain = plain(class, LONGEST_CLASS);
            if name.is_none() && (plain == *class) == keeps_its_name {
                *name = Some(first_free(&plain, &mut taken));
            }
        }
    }
    names.into_iter().map(Option::unwrap_or_default).collect()
}

/// `name`, or `name-2`, `name-3`, …: the first that is not taken, which it is then.
fn first_free(name: &str, taken: &mut HashSet<String>) -> String {
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names
        .find(|name| taken.insert(file_key(name)))
        .unwrap_or_default()
}

/// `name` in letters, digits, `_`, `-` and `+`, without a dot, which would look like the end of the name.
fn plain(name: &str, longest: usize) -> String {
    let name = file_name(&name.replace(['.', ' '], "_"), longest);
    let is_other = |letter: char| letter.is_ascii_punctuation() && !"_-+".contains(letter);
    name.replace(is_other, "_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_says_number_folder_and_file() {
        for (number, shown, name) in [
            (1, "pug_1.jpg", "01-pug_1"),
            (7, "cat/1.jpg", "07-cat_1"),
            (123, "a.b/c.d.jpg", "123-a_b_c_d"),
            (2, "aux.jpg", "02-_aux"),
            (3, "12:30 .png", "03-12_30_"),
            (4, ".jpg", "04-_"),
        ] {
            assert_eq!(of_picture(number, shown), name, "{shown}");
        }
        assert!(of_picture(1, &format!("{}.jpg", "é".repeat(125))).len() <= 3 + LONGEST_PICTURE);
    }

    #[test]
    fn classes_that_come_out_alike_get_a_number_and_a_plain_one_keeps_its_name() {
        let names = |classes: &[&str]| {
            of_classes(
                &classes
                    .iter()
                    .map(|class| class.to_string())
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(
            names(&["a b", "a_b", "a:b", "pug"]),
            ["a_b-2", "a_b", "a_b-3", "pug"]
        );
        assert_eq!(names(&["Cat", "cat"]), ["Cat", "cat-2"]);
        assert_eq!(
            names(&["Caf\u{e9}", "Cafe\u{301}"]),
            ["Caf\u{e9}", "Caf\u{e9}-2"]
        );
        assert_eq!(names(&["a_b-2", "a_b", "a b"]), ["a_b-2", "a_b", "a_b-3"]);
    }

    /// Names that people have, and that file systems confuse.
    fn text() -> impl Strategy<Value = String> {
        let odd = [
            "cat",
            "Cat",
            "CAT ",
            "c\u{e1}t",
            "ca\u{301}t",
            "aux",
            "AUX.jpg",
            "a b",
            "a_b",
            "a:b",
            "a-2",
            "a",
            "ß",
            "SS",
            ".",
        ];
        prop_oneof![
            prop::sample::select(odd.to_vec()).prop_map(str::to_owned),
            "[aAéß.: _/-]{0,6}",
            any::<String>(),
            "[a-z\u{e9}]{100,255}",
        ]
    }

    /// What a file system that ignores case and forms, and takes no more than 255 bytes, would see.
    fn seen(name: &str) -> Result<String, TestCaseError> {
        prop_assert!(name.len() <= 255, "{} bytes: {name}", name.len());
        prop_assert_eq!(
            file_name(name, 255),
            name,
            "not a name for every file system"
        );
        Ok(file_key(name))
    }

    proptest! {
        #[test]
        fn no_two_results_are_one_file_on_any_file_system(
            pictures in prop::collection::vec(text(), 1..30),
            classes in prop::collection::btree_set(text(), 1..12),
        ) {
            let classes: Vec<String> = classes.into_iter().collect();
            let class_names = of_classes(&classes);
            prop_assert_eq!(&class_names, &of_classes(&classes));
            let mut files = HashSet::new();
            for (index, picture) in pictures.iter().enumerate() {
                let picture = of_picture(index + 1, picture);
                for class in &class_names {
                    let name = format!("{picture}.grad-cam-plus-plus.{class}.npy");
                    prop_assert!(files.insert(seen(&name)?), "{} is there twice", name);
                }
            }
        }
    }
}
