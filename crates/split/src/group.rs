//! The groups that pictures belong to.

use std::collections::BTreeMap;

use regex::Regex;

use crate::error::SplitError;
use crate::shares::SplitValueError;
use pictures::folder::{LabelledFile, pattern_fault};

/// Example of a pattern.
const EXAMPLE: &str = r"'([^/]+)_\d+\.'";

/// The pictures of each group, as indices into `files`, in byte order of the groups: what the one capture of `pattern`
/// holds where it first matches the name of a picture, which has `/` between folders.
///
/// # Errors
/// A pattern that is no regular expression with one capture; the first picture that it does not match.
pub fn groups(
    files: &[LabelledFile],
    pattern: &str,
) -> Result<BTreeMap<String, Vec<usize>>, SplitError> {
    let regex = compiled(pattern)?;
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, file) in files.iter().enumerate() {
        let group = group_of(&regex, &file.name).ok_or_else(|| SplitError::NoGroup {
            pattern: pattern.to_owned(),
            name: file.name.clone(),
        })?;
        groups.entry(group.to_owned()).or_default().push(index);
    }
    Ok(groups)
}

/// `pattern` as a regular expression with one capture.
pub(super) fn compiled(pattern: &str) -> Result<Regex, SplitValueError> {
    let refused =
        |allowed: String| SplitValueError::new("pattern", format!("'{pattern}'"), allowed);
    let regex = Regex::new(pattern).map_err(|error| {
        refused(format!(
            "a regular expression, such as {EXAMPLE}: this one has a fault ({})",
            pattern_fault(&error)
        ))
    })?;
    match regex.captures_len() - 1 {
        1 => Ok(regex),
        0 => Err(refused(format!(
            "a regular expression whose capture, in parentheses, is the group, such as {EXAMPLE}: this one has no capture"
        ))),
        count => Err(refused(format!(
            "a regular expression with one capture, which is the group: this one has {count}, write all but one as (?:…)"
        ))),
    }
}

/// What the capture holds, if it holds anything.
fn group_of<'a>(regex: &Regex, name: &'a str) -> Option<&'a str> {
    let group = regex.captures(name)?.get(1)?.as_str();
    Some(group).filter(|group| !group.is_empty())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn files(names: &[&str]) -> Vec<LabelledFile> {
        let file = |name: &&str| LabelledFile {
            name: (*name).to_owned(),
            path: PathBuf::from(name),
            label: String::new(),
            part: None,
        };
        names.iter().map(file).collect()
    }

    #[test]
    fn the_capture_is_the_group_wherever_the_picture_lies() {
        let files = files(&["cat/rex_1.jpg", "dog/rex_2.jpg", "dog/tom_3.png"]);
        let found = groups(&files, r"([^/]+)_\d+\.").expect("groups");
        let expected = [("rex", vec![0, 1]), ("tom", vec![2])];
        assert_eq!(
            found,
            expected
                .map(|(name, members)| (name.to_owned(), members))
                .into()
        );
    }

    #[test]
    fn a_picture_without_a_group_is_named_also_if_the_capture_is_empty_or_took_no_part() {
        let files = files(&["rex_1.jpg", "_2.jpg"]);
        for pattern in [r"([^_]+)_", "([a-z]*)_", "(rex)|_2"] {
            let error = groups(&files, pattern).expect_err("no group");
            assert!(
                matches!(&error, SplitError::NoGroup { name, .. } if name == "_2.jpg"),
                "{pattern}: {error}"
            );
        }
    }

    #[test]
    fn a_pattern_that_does_not_compile_or_has_no_capture_or_two_is_one_sentence() {
        for (pattern, expected) in [
            ("(rex", "unclosed group"),
            (r"rex_\d+", "no capture"),
            ("", "no capture"),
            ("(a)(b)", "this one has 2"),
            (r"(\p{Nonsense})", "Unicode property not found"),
            ("(?:(a){1000}){1000}", "size limit"),
            ("(a)\n(", "fault"),
        ] {
            let error = compiled(pattern).expect_err(pattern).to_string();
            assert!(
                error.starts_with("split.pattern is '") && error.contains(expected),
                "{error}"
            );
        }
    }
}
