//! Names that are one to a person or to another file system.

use std::collections::BTreeMap;
use std::fmt::Write;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use words::{file_key, first_three, hides_letters, readable};

use super::labelled_file::LabelledFile;

/// Two classes of the same letters in two forms of Unicode, if there are any: one class that a copy between systems has
/// torn apart.
pub(super) fn torn_class<'a>(classes: impl IntoIterator<Item = &'a str>) -> Option<[String; 2]> {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    classes.into_iter().find_map(|class| {
        let before = seen.insert(class.nfc().collect(), class)?;
        Some([before, class].map(str::to_owned))
    })
}

/// A sentence on classes that differ in nothing but case, spacing, punctuation or a form of Unicode, if there are any.
pub(super) fn similar_classes<'a>(classes: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let keyed = classes.into_iter().map(|class| (letters(class), class));
    let some = alike(keyed)?;
    Some(format!(
        "classes whose names differ only in case, spacing or punctuation: {some}; if they are one class, rename one"
    ))
}

/// A sentence on pictures of one folder whose names are one on file systems that know no case or only one form of Unicode,
/// if there are any.
pub(super) fn colliding_files(files: &[LabelledFile]) -> Option<String> {
    let keyed = files.iter().map(|file| {
        let name = file.name.as_str();
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        let key = format!("{folder}{}", file_key(&name[folder.len()..]));
        (key, name)
    });
    let some = alike(keyed)?;
    Some(format!(
        "pictures whose names differ only in case or a form of Unicode: {some}; a copy on Windows or macOS loses all but one"
    ))
}

/// The first groups of names that have one key, in words.
fn alike<'a>(keyed: impl Iterator<Item = (String, &'a str)>) -> Option<String> {
    let mut groups: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (key, name) in keyed {
        groups.entry(key).or_default().push(name);
    }
    let groups = groups.into_values().filter(|group| group.len() > 1);
    let groups: Vec<String> = groups
        .map(|group| {
            let names: Vec<String> = group.into_iter().map(spelt).collect();
            names.join(" and ")
        })
        .collect();
    (!groups.is_empty()).then(|| first_three(&groups))
}

/// A sentence on classes that hold what nobody sees, if there are any.
pub(super) fn unseen_letters<'a>(classes: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let some: Vec<String> = classes
        .into_iter()
        .filter(|class| hides_letters(class))
        .map(spelt)
        .collect();
    (!some.is_empty()).then(|| {
        format!(
            "names of classes with a space at an end or with a letter that is not seen: {}; rename them if that is not meant",
            first_three(&some)
        )
    })
}

/// `name` as it can be told from others: with what its letters are made of if two forms of Unicode are possible, what is not
/// seen spelt out, in quotes if there is a space at an end.
pub(super) fn spelt(name: &str) -> String {
    let shown = readable(name);
    if name.trim() != name {
        return format!("\"{shown}\"");
    }
    if name.nfc().eq(name.nfd()) {
        return shown;
    }
    let mut text = format!("{shown} (");
    for letter in name.chars() {
        match letter.is_ascii() {
            true => text.push(letter),
            false => _ = write!(text, "{}", letter.escape_unicode()),
        }
    }
    text + ")"
}

/// What is left of `name` without case, spaces and punctuation; all of it if nothing else is there.
fn letters(name: &str) -> String {
    let folded = file_key(name);
    let is_kept = |letter: &char| letter.is_alphanumeric() || is_combining_mark(*letter);
    let kept: String = folded.chars().filter(is_kept).collect();
    if kept.is_empty() { folded } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_forms_of_unicode_are_one_class_torn_apart() {
        let classes = ["caf\u{e9}", "cafe\u{301}", "pug"];
        assert_eq!(
            torn_class(classes),
            Some(["caf\u{e9}".to_owned(), "cafe\u{301}".to_owned()])
        );
        assert_eq!(torn_class(["cat", "Cat", "café", "cafe"]), None);
    }

    #[test]
    fn classes_that_look_alike_are_named_together() {
        for [one, other] in [
            ["Cat", "cat"],
            ["Maine Coon", "Maine_Coon"],
            ["MaineCoon", "Maine-Coon"],
            ["cat", "cat."],
            ["cat", " cat"],
            ["ﬁsh", "fish"],
            ["STRASSE", "strasse"],
            ["STRASSE", "straße"],
        ] {
            let said = similar_classes([one, other, "pug"]).unwrap_or_default();
            assert!(
                said.contains(one) && said.contains(other),
                "{one} {other}: {said}"
            );
            assert!(!said.contains("pug"), "{said}");
        }
        for [one, other] in [
            ["cat", "cats"],
            ["1", "2"],
            ["+", "-"],
            ["café", "cafe"],
            ["กา", "ก่า"],
        ] {
            assert_eq!(similar_classes([one, other]), None, "{one} {other}");
        }
    }

    #[test]
    fn of_forty_pairs_of_classes_three_are_named() {
        let classes: Vec<String> = (100..140)
            .flat_map(|number| [format!("cat{number}"), format!("Cat{number}")])
            .collect();
        let said = similar_classes(classes.iter().map(String::as_str)).expect("a line");
        assert!(
            said.contains("cat100 and Cat100") && said.contains("and 37 more"),
            "{said}"
        );
    }

    #[test]
    fn a_name_of_two_possible_forms_is_spelt_out() {
        assert_eq!(spelt("pug"), "pug");
        assert_eq!(spelt("猫"), "猫");
        assert_eq!(spelt("e\u{301}"), "e\u{301} (e\\u{301})");
        assert_eq!(spelt("cat "), "\"cat \"");
        assert_eq!(spelt("cat\u{200b}"), "cat\\u{200b}");
        let said = unseen_letters(["cat", "cat\u{200b}", " dog"]).expect("a line");
        assert!(said.contains(": cat\\u{200b}, \" dog\";"), "{said}");
        assert_eq!(unseen_letters(["cat", "big dog"]), None);
    }
}
