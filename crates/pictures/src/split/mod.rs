//! Division of a listing into a training and a validation part.
//!
//! The random split is fastai's `random_split_by_pct` on files in byte order: numpy's `RandomState(seed).permutation`,
//! the first `fraction` of it for validation.

mod error;
mod official;
mod parts;
mod random;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::annotations::read_list;
use crate::folder::LabelledFile;

pub use error::SplitError;
pub use official::official_split;
pub use parts::Split;
pub use random::{random_split, stratified_split};

/// Method of dividing a listing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum SplitMethod {
    /// A random part of all pictures is for validation.
    Random {
        /// Share of the pictures that is for validation, between 0 and 1, both excluded.
        #[serde(default = "default_fraction")]
        fraction: f64,
        /// Seed of the Mersenne Twister, as `numpy.random.seed` takes it.
        #[serde(default = "default_seed")]
        seed: u32,
    },
    /// A random part of each class, the same share of each, is for validation.
    Stratified {
        /// Share of each class that is for validation, between 0 and 1, both excluded.
        #[serde(default = "default_fraction")]
        fraction: f64,
        /// Seed of the Mersenne Twister.
        #[serde(default = "default_seed")]
        seed: u32,
    },
    /// The pictures of the official `trainval.txt` are for training, those of `test.txt` for validation.
    Official,
}

/// Split of the original recipe: a fifth for validation, seed 2.
impl Default for SplitMethod {
    fn default() -> Self {
        Self::Random {
            fraction: default_fraction(),
            seed: default_seed(),
        }
    }
}

fn default_fraction() -> f64 {
    0.2
}

fn default_seed() -> u32 {
    2
}

impl SplitMethod {
    /// Refuses a fraction that no listing can be divided by.
    ///
    /// # Errors
    /// [`SplitError::Fraction`].
    pub fn check(&self) -> Result<(), SplitError> {
        match *self {
            Self::Random { fraction, .. } | Self::Stratified { fraction, .. } => {
                random::check_fraction(fraction)
            }
            Self::Official => Ok(()),
        }
    }

    /// Divides `files`. `annotations` is the folder of the official lists; only [`SplitMethod::Official`] reads it.
    ///
    /// # Errors
    /// One variant of [`SplitError`] for each cause, among them a part without a single picture.
    pub fn split(&self, files: &[LabelledFile], annotations: &Path) -> Result<Split, SplitError> {
        let split = match *self {
            Self::Random { fraction, seed } => random_split(files.len(), fraction, seed)?,
            Self::Stratified { fraction, seed } => {
                let labels: Vec<&str> = files.iter().map(|file| file.label.as_str()).collect();
                stratified_split(&labels, fraction, seed)?
            }
            Self::Official => {
                let trainval = read_list(&annotations.join("trainval.txt"))?;
                let test = read_list(&annotations.join("test.txt"))?;
                official_split(files, &trainval, &test)?
            }
        };
        for (part, indices) in [
            ("to train on", &split.train),
            ("to validate with", &split.valid),
        ] {
            if indices.is_empty() {
                return Err(SplitError::EmptyPart {
                    pictures: files.len(),
                    part,
                });
            }
        }
        Ok(split)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn files(stems: &[&str]) -> Vec<LabelledFile> {
        let file = |stem: &&str| LabelledFile {
            name: format!("{stem}.jpg"),
            path: PathBuf::from(format!("{stem}.jpg")),
            label: stem
                .rsplit_once('_')
                .map_or("", |(label, _)| label)
                .to_owned(),
            part: None,
        };
        stems.iter().map(file).collect()
    }

    /// A folder of annotations with the two official lists.
    fn lists(trainval: &str, test: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("trainval.txt"), trainval).expect("a written file");
        std::fs::write(folder.path().join("test.txt"), test).expect("a written file");
        folder
    }

    #[test]
    fn the_official_split_follows_the_lists_and_not_their_order() {
        let lists = lists(
            "b_2 2 1 2\na_1 1 1 1\n",
            "# comment\na_2 1 1 1\nb_1 2 1 2\nb_9 2 1 2\n",
        );
        let split =
            SplitMethod::Official.split(&files(&["a_1", "a_2", "b_1", "b_2"]), lists.path());
        assert_eq!(
            split.expect("a split"),
            Split {
                train: vec![0, 3],
                valid: vec![1, 2]
            }
        );
    }

    #[test]
    fn a_picture_on_no_list_or_on_both_is_an_error_that_names_it() {
        let once = lists("a_1 1 1 1\n", "a_2 1 1 1\n");
        let error = SplitMethod::Official
            .split(&files(&["a_1", "a_2", "a_3"]), once.path())
            .expect_err("a_3 is new");
        assert!(
            matches!(&error, SplitError::NotListed(name) if name == "a_3.jpg"),
            "{error}"
        );
        let twice = lists("a_1 1 1 1\n", "a_1 1 1 1\n");
        let error = SplitMethod::Official
            .split(&files(&["a_1"]), twice.path())
            .expect_err("a_1 is on both");
        assert!(
            matches!(&error, SplitError::ListedTwice(stem) if stem == "a_1"),
            "{error}"
        );
    }

    #[test]
    fn missing_official_lists_say_how_to_get_them() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let error = SplitMethod::Official
            .split(&files(&["a_1"]), folder.path())
            .expect_err("no lists");
        assert!(
            error.to_string().contains("trainval.txt") && error.to_string().contains("train fetch"),
            "{error}"
        );
    }

    #[test]
    fn an_empty_part_is_an_error() {
        let nowhere = Path::new("");
        let error = SplitMethod::default()
            .split(&files(&["a_1", "a_2", "a_3", "a_4"]), nowhere)
            .expect_err("4 / 5 < 1");
        assert!(
            matches!(
                error,
                SplitError::EmptyPart {
                    pictures: 4,
                    part: "to validate with"
                }
            ),
            "{error}"
        );
        let lists = lists("", "a_1 1 1 1\n");
        let error = SplitMethod::Official
            .split(&files(&["a_1"]), lists.path())
            .expect_err("none to train on");
        assert!(
            matches!(
                error,
                SplitError::EmptyPart {
                    pictures: 1,
                    part: "to train on"
                }
            ),
            "{error}"
        );
    }

    #[test]
    fn the_kind_is_chosen_by_name_and_the_recipes_numbers_are_the_default() {
        let read = serde_json::from_str::<SplitMethod>;
        assert_eq!(
            read(r#"{"kind": "random"}"#).expect("random"),
            SplitMethod::default()
        );
        assert_eq!(
            SplitMethod::default(),
            SplitMethod::Random {
                fraction: 0.2,
                seed: 2
            }
        );
        assert_eq!(
            read(r#"{"kind": "stratified", "fraction": 0.5, "seed": 7}"#).expect("stratified"),
            SplitMethod::Stratified {
                fraction: 0.5,
                seed: 7
            }
        );
        assert_eq!(
            read(r#"{"kind": "official"}"#).expect("official"),
            SplitMethod::Official
        );
        for wrong in [
            r#"{"kind": "other"}"#,
            r#"{"kind": "random", "sede": 3}"#,
            r#"{"kind": "random", "seed": -1}"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
