//! The parts of a data set.

use std::fmt::{self, Display, Formatter};

/// Part of a data set that somebody else has divided: the folder that a picture lies in, or the word in its line of a
/// csv file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// For training.
    Train,
    /// For validation.
    Valid,
    /// For a last evaluation: neither trained on nor validated with.
    Test,
}

/// Words for the parts, in small letters; the first word for a part is its name.
const WORDS: [(&str, Part); 10] = [
    ("train", Part::Train),
    ("training", Part::Train),
    ("valid", Part::Valid),
    ("val", Part::Valid),
    ("validation", Part::Valid),
    ("dev", Part::Valid),
    ("eval", Part::Valid),
    ("evaluation", Part::Valid),
    ("test", Part::Test),
    ("testing", Part::Test),
];

/// Words that a name may have beside that of its part: `training_set`, `seg_train`, `val2017`, `test_images`.
const BESIDE: [&str; 16] = [
    "data", "dataset", "files", "folder", "image", "images", "img", "imgs", "part", "photos",
    "pics", "pictures", "samples", "seg", "set", "split",
];

impl Part {
    /// The part that `word` stands for, in any case: `train` or `training`; `valid`, `val`, `validation`, `dev`, `eval` or
    /// `evaluation`; `test` or `testing`. It may stand beside what is no name of a class: `training_set`, `seg_train`,
    /// `TestImages`, `val2017`.
    pub fn from_word(word: &str) -> Option<Self> {
        let lower = word.to_lowercase();
        let words = lower.split(|letter: char| !letter.is_alphabetic());
        let mut part = None;
        for word in words.filter(|word| !word.is_empty() && !BESIDE.contains(word)) {
            if part
                .replace(known(word).or_else(|| joined(word))?)
                .is_some()
            {
                return None;
            }
        }
        part
    }

    /// Every word for a part.
    pub fn words() -> impl Iterator<Item = &'static str> {
        WORDS.iter().map(|(word, _)| *word)
    }
}

fn known(word: &str) -> Option<Part> {
    let found = WORDS.iter().find(|(known, _)| *known == word);
    found.map(|(_, part)| *part)
}

/// The part of `trainset` and `imagetest`.
fn joined(word: &str) -> Option<Part> {
    let without = |beside: &&str| {
        let behind = word.strip_suffix(*beside).and_then(known);
        behind.or_else(|| word.strip_prefix(*beside).and_then(known))
    };
    BESIDE.iter().find_map(without)
}

/// `train`, `valid` or `test`.
impl Display for Part {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Train => "train",
            Self::Valid => "valid",
            Self::Test => "test",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_known_by_its_words_in_any_case_and_by_no_other() {
        for (word, part) in [
            ("train", Some(Part::Train)),
            ("Training", Some(Part::Train)),
            ("VALID", Some(Part::Valid)),
            ("val", Some(Part::Valid)),
            ("Validation", Some(Part::Valid)),
            ("test", Some(Part::Test)),
            ("Testing", Some(Part::Test)),
            ("dev", Some(Part::Valid)),
            ("training_set", Some(Part::Train)),
            ("Test Set", Some(Part::Test)),
            ("seg_train", Some(Part::Train)),
            ("val2017", Some(Part::Valid)),
            ("testImages", Some(Part::Test)),
            ("1-train", Some(Part::Train)),
            ("trainset", Some(Part::Train)),
            ("trains", None),
            ("steam train", None),
            ("train_test", None),
            ("train-dog", None),
            ("test tube", None),
            ("contest", None),
            ("set", None),
            ("2017", None),
            ("", None),
        ] {
            assert_eq!(Part::from_word(word), part, "{word}");
        }
        for part in [Part::Train, Part::Valid, Part::Test] {
            assert_eq!(Part::from_word(&part.to_string()), Some(part));
        }
    }
}
