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
const WORDS: [(&str, Part); 7] = [
    ("train", Part::Train),
    ("training", Part::Train),
    ("valid", Part::Valid),
    ("val", Part::Valid),
    ("validation", Part::Valid),
    ("test", Part::Test),
    ("testing", Part::Test),
];

impl Part {
    /// The part that `word` stands for, in any case: `train` or `training`; `valid`, `val` or `validation`; `test` or
    /// `testing`.
    pub fn from_word(word: &str) -> Option<Self> {
        let word = word.to_lowercase();
        let known = WORDS.iter().find(|(known, _)| *known == word);
        known.map(|(_, part)| *part)
    }

    /// Every word of [`Part::from_word`].
    pub fn words() -> impl Iterator<Item = &'static str> {
        WORDS.iter().map(|(word, _)| *word)
    }
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
            ("trains", None),
            ("", None),
        ] {
            assert_eq!(Part::from_word(word), part, "{word}");
        }
        for part in [Part::Train, Part::Valid, Part::Test] {
            assert_eq!(Part::from_word(&part.to_string()), Some(part));
        }
    }
}
