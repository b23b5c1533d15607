//! Division of a listing into a training part, a validation part and, if asked for, a test part.
//!
//! The random split is fastai's `random_split_by_pct` on files in byte order: numpy's `RandomState(seed).permutation`,
//! the first `fraction` of it for validation.

mod error;
mod examine;
mod given;
mod group;
mod grouped;
mod k_fold;
mod official;
mod parts;
mod random;
mod shares;

use std::path::Path;

use serde::{Deserialize, Serialize};

use pictures::annotations::read_list;
use pictures::folder::LabelledFile;

pub use error::SplitError;
pub use given::given_split;
pub use group::groups;
pub use grouped::grouped_split;
pub use k_fold::k_fold_split;
pub use official::official_split;
pub use parts::Split;
pub use random::{random_split, stratified_split};
pub use shares::{Shares, SplitValueError};

/// Method of dividing a listing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum SplitMethod {
    /// A random part of all pictures is for validation.
    Random {
        /// Share of the pictures that is for validation, between 0 and 1, both excluded.
        #[serde(default = "default_fraction")]
        fraction: f64,
        /// Share of the pictures that is for a last evaluation; 0 is no test part.
        #[serde(default)]
        test_fraction: f64,
        /// Seed of the Mersenne Twister, as `numpy.random.seed` takes it.
        #[serde(default = "default_seed")]
        seed: u32,
    },
    /// A random part of each class, the same share of each, is for validation.
    Stratified {
        /// Share of each class that is for validation, between 0 and 1, both excluded.
        #[serde(default = "default_fraction")]
        fraction: f64,
        /// Share of each class that is for a last evaluation; 0 is no test part.
        #[serde(default)]
        test_fraction: f64,
        /// Seed of the Mersenne Twister.
        #[serde(default = "default_seed")]
        seed: u32,
    },
    /// A random part of the groups is for validation, with nearly the same share of each class: [`grouped_split`].
    Grouped {
        /// Regular expression whose capture is the group of a picture: [`groups`].
        pattern: String,
        /// Share of the pictures that is for validation, between 0 and 1, both excluded.
        #[serde(default = "default_fraction")]
        fraction: f64,
        /// Share of the pictures that is for a last evaluation; 0 is no test part.
        #[serde(default)]
        test_fraction: f64,
        /// Seed of the Mersenne Twister.
        #[serde(default = "default_seed")]
        seed: u32,
    },
    /// One of several equal parts of each class is for validation: [`k_fold_split`].
    KFold {
        /// Number of parts, at least 2.
        #[serde(default = "default_folds")]
        folds: usize,
        /// The one that is for validation, from 0.
        #[serde(default)]
        fold: usize,
        /// Seed of the Mersenne Twister, the same for all folds.
        #[serde(default = "default_seed")]
        seed: u32,
    },
    /// Folders `train/`, `valid/` and, if there, `test/` are the parts.
    Folders {},
    /// The column `split` of a csv file has the parts.
    Csv {},
    /// The pictures of the official `trainval.txt` are for training, those of `test.txt` for validation.
    Official {},
}

/// Split of the original recipe: a fifth for validation, seed 2.
impl Default for SplitMethod {
    fn default() -> Self {
        Self::Random {
            fraction: default_fraction(),
            test_fraction: 0.0,
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

fn default_folds() -> usize {
    5
}

impl SplitMethod {
    /// Name of the method in a config.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Random { .. } => "random",
            Self::Stratified { .. } => "stratified",
            Self::Grouped { .. } => "grouped",
            Self::KFold { .. } => "k-fold",
            Self::Folders {} => "folders",
            Self::Csv {} => "csv",
            Self::Official {} => "official",
        }
    }

    /// Keys beside `kind` of the method that is called `kind` in a config; nothing if there is no such method.
    pub fn keys(kind: &str) -> Option<&'static [&'static str]> {
        match kind {
            "random" | "stratified" => Some(&["fraction", "test_fraction", "seed"]),
            "grouped" => Some(&["pattern", "fraction", "test_fraction", "seed"]),
            "k-fold" => Some(&["folds", "fold", "seed"]),
            "folders" | "csv" | "official" => Some(&[]),
            _ => None,
        }
    }

    /// Refuses values that no listing can be divided by.
    ///
    /// # Errors
    /// The first such value.
    pub fn check(&self) -> Result<(), SplitValueError> {
        match self {
            Self::Random { .. } | Self::Stratified { .. } => self.shares().check(),
            Self::Grouped { pattern, .. } => {
                group::compiled(pattern)?;
                self.shares().check()
            }
            Self::KFold { folds, .. } if *folds < 2 => {
                Err(SplitValueError::new("folds", folds, "at least 2"))
            }
            Self::KFold { folds, fold, .. } if fold >= folds => {
                let allowed = format!("within 0 and {}: the {folds} folds count from 0", folds - 1);
                Err(SplitValueError::new("fold", fold, allowed))
            }
            Self::KFold { .. } | Self::Folders {} | Self::Csv {} | Self::Official {} => Ok(()),
        }
    }

    /// Divides `files`. `annotations` is the folder of the official lists; only [`SplitMethod::Official`] reads it.
    /// [`SplitMethod::Folders`] and [`SplitMethod::Csv`] go by the parts that the files have.
    ///
    /// # Errors
    /// One variant of [`SplitError`] for each cause, among them parts that nothing can be learnt from.
    pub fn split(&self, files: &[LabelledFile], annotations: &Path) -> Result<Split, SplitError> {
        let split = self.draw(files, annotations)?;
        self.examine(&split, files)?;
        Ok(split)
    }

    /// Divides `files` as [`Self::split`] does, into parts of which some may be too little to learn from.
    ///
    /// # Errors
    /// Values that no split can have, or lists that cannot be read.
    pub fn draw(&self, files: &[LabelledFile], annotations: &Path) -> Result<Split, SplitError> {
        self.check()?;
        self.divide(files, annotations)
    }

    /// Refuses a `split` of `files` that nothing can be learnt from.
    ///
    /// # Errors
    /// One variant of [`SplitError`] for each cause.
    pub fn examine(&self, split: &Split, files: &[LabelledFile]) -> Result<(), SplitError> {
        examine::examine(split, files)?;
        if self.shares().test > 0.0 && split.test.is_empty() {
            return Err(SplitError::EmptyTest(files.len()));
        }
        Ok(())
    }

    fn divide(&self, files: &[LabelledFile], annotations: &Path) -> Result<Split, SplitError> {
        let labels: Vec<&str> = files.iter().map(|file| file.label.as_str()).collect();
        let shares = self.shares();
        match self {
            Self::Random { seed, .. } => Ok(random_split(files.len(), shares, *seed)?),
            Self::Stratified { seed, .. } => Ok(stratified_split(&labels, shares, *seed)?),
            Self::Grouped { pattern, seed, .. } => {
                let groups = groups(files, pattern)?.into_values().collect();
                grouped_split(&labels, groups, shares, *seed)
            }
            Self::KFold { folds, .. } if *folds > files.len() => Err(SplitError::TooManyFolds {
                folds: *folds,
                pictures: files.len(),
            }),
            Self::KFold { folds, fold, seed } => Ok(k_fold_split(&labels, *folds, *fold, *seed)),
            Self::Folders {} | Self::Csv {} => given_split(files),
            Self::Official {} => {
                let trainval = read_list(&annotations.join("trainval.txt"))?;
                let test = read_list(&annotations.join("test.txt"))?;
                official_split(files, &trainval, &test)
            }
        }
    }

    /// Shares of a method that has them; of any other, none.
    fn shares(&self) -> Shares {
        let (valid, test) = match *self {
            Self::Random {
                fraction,
                test_fraction,
                ..
            }
            | Self::Stratified {
                fraction,
                test_fraction,
                ..
            }
            | Self::Grouped {
                fraction,
                test_fraction,
                ..
            } => (fraction, test_fraction),
            Self::KFold { .. } | Self::Folders {} | Self::Csv {} | Self::Official {} => (0.0, 0.0),
        };
        Shares { valid, test }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use pictures::part::Part;

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
            SplitMethod::Official {}.split(&files(&["a_1", "a_2", "b_1", "b_2"]), lists.path());
        assert_eq!(
            split.expect("a split"),
            Split {
                train: vec![0, 3],
                valid: vec![1, 2],
                test: Vec::new()
            }
        );
    }

    #[test]
    fn a_picture_on_no_list_or_on_both_is_an_error_that_names_it() {
        let once = lists("a_1 1 1 1\n", "a_2 1 1 1\n");
        let error = SplitMethod::Official {}
            .split(&files(&["a_1", "a_2", "a_3"]), once.path())
            .expect_err("a_3 is new");
        assert!(
            matches!(&error, SplitError::NotListed(name) if name == "a_3.jpg"),
            "{error}"
        );
        let twice = lists("a_1 1 1 1\n", "a_1 1 1 1\n");
        let error = SplitMethod::Official {}
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
        let error = SplitMethod::Official {}
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
                    classes: 1,
                    pictures: 4,
                    part: "to validate with"
                }
            ),
            "{error}"
        );
        let lists = lists("", "a_1 1 1 1\n");
        let error = SplitMethod::Official {}
            .split(&files(&["a_1"]), lists.path())
            .expect_err("none to train on");
        assert!(
            matches!(
                error,
                SplitError::EmptyPart {
                    classes: 1,
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
                test_fraction: 0.0,
                seed: 2
            }
        );
        assert_eq!(
            read(r#"{"kind": "stratified", "fraction": 0.5, "seed": 7}"#).expect("stratified"),
            SplitMethod::Stratified {
                fraction: 0.5,
                test_fraction: 0.0,
                seed: 7
            }
        );
        assert_eq!(
            read(r#"{"kind": "official"}"#).expect("official"),
            SplitMethod::Official {}
        );
        for wrong in [
            r#"{"kind": "other"}"#,
            r#"{"kind": "random", "sede": 3}"#,
            r#"{"kind": "random", "seed": -1}"#,
            r#"{"kind": "k-fold", "fraction": 0.2}"#,
            r#"{"kind": "folders", "seed": 2}"#,
            r#"{"kind": "grouped"}"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    /// One of each method.
    fn methods() -> [SplitMethod; 7] {
        let (fraction, test_fraction, seed) = (0.2, 0.1, 2);
        [
            SplitMethod::Random {
                fraction,
                test_fraction,
                seed,
            },
            SplitMethod::Stratified {
                fraction,
                test_fraction,
                seed,
            },
            SplitMethod::Grouped {
                pattern: "(.)".to_owned(),
                fraction,
                test_fraction,
                seed,
            },
            SplitMethod::KFold {
                folds: 5,
                fold: 0,
                seed,
            },
            SplitMethod::Folders {},
            SplitMethod::Csv {},
            SplitMethod::Official {},
        ]
    }

    #[test]
    fn the_names_and_keys_of_every_method_are_those_of_its_table() {
        for method in methods() {
            let table = serde_json::to_value(&method).expect("a table");
            assert_eq!(table["kind"], method.kind());
            let table = table.as_object().expect("a table");
            let mut keys: Vec<&str> = table.keys().map(String::as_str).collect();
            let mut known = [SplitMethod::keys(method.kind()).expect("keys"), &["kind"]].concat();
            keys.sort_unstable();
            known.sort_unstable();
            assert_eq!(keys, known);
        }
        assert_eq!(SplitMethod::keys("other"), None);
    }

    #[test]
    fn given_parts_are_the_split_and_a_missing_one_is_named() {
        let with_parts = |parts: &[(&str, Option<Part>)]| -> Vec<LabelledFile> {
            let stems: Vec<&str> = parts.iter().map(|(stem, _)| *stem).collect();
            let mut files = files(&stems);
            for (file, (_, part)) in files.iter_mut().zip(parts) {
                file.part = *part;
            }
            files
        };
        let (train, valid, test) = (Some(Part::Train), Some(Part::Valid), Some(Part::Test));
        let all = [
            ("a_1", test),
            ("a_2", train),
            ("a_3", valid),
            ("b_1", train),
            ("b_2", valid),
        ];
        for method in [SplitMethod::Folders {}, SplitMethod::Csv {}] {
            let split = method
                .split(&with_parts(&all), Path::new(""))
                .expect("a split");
            let expected = Split {
                train: vec![1, 3],
                valid: vec![2, 4],
                test: vec![0],
            };
            assert_eq!(split, expected);
        }
        for (parts, expected) in [
            (
                &[("a_1", train), ("b_1", train)][..],
                "no picture is in the valid part",
            ),
            (
                &[("a_1", test), ("b_1", valid)],
                "no picture is in the train part",
            ),
            (&[("a_1", None), ("b_1", None)], "no picture has a part"),
            (
                &[("a_1", train), ("b_1", None)],
                "1 picture (b_1.jpg) has no part",
            ),
            (
                &[
                    ("a_1", train),
                    ("b_1", None),
                    ("b_2", None),
                    ("b_3", None),
                    ("b_4", None),
                ],
                "4 pictures (b_1.jpg, b_2.jpg, b_3.jpg and 1 more) have no part",
            ),
        ] {
            let split = SplitMethod::Csv {}.split(&with_parts(parts), Path::new(""));
            let said = split.expect_err("no split").to_string();
            assert!(said.contains(expected), "{said}");
        }
    }

    #[test]
    fn what_nothing_can_be_learnt_from_is_refused_by_name() {
        let fold = |fold| SplitMethod::KFold {
            folds: 2,
            fold,
            seed: 2,
        };
        let random = SplitMethod::Random {
            fraction: 0.5,
            test_fraction: 0.0,
            seed: 2,
        };
        let little = SplitMethod::Random {
            fraction: 0.2,
            test_fraction: 0.1,
            seed: 2,
        };
        let nine = [
            "a_1", "a_2", "a_3", "a_4", "a_5", "b_1", "b_2", "b_3", "b_4",
        ];
        for (method, stems, expected) in [
            (
                &random,
                &["a_1", "a_2", "a_3", "a_4"][..],
                "all 4 pictures are of one class, a",
            ),
            (&random, &["a_1", "b_1"], "is the only picture to train on"),
            (
                &fold(0),
                &["a_1", "a_2", "a_3", "a_4", "b_1"],
                "the class b has no picture to train on, only 1 picture (b_1.jpg)",
            ),
            (
                &SplitMethod::KFold {
                    folds: 6,
                    fold: 0,
                    seed: 2,
                },
                &["a_1", "a_2", "b_1", "b_2", "b_3"],
                "split.folds is 6, but there are only 5 pictures",
            ),
            (
                &little,
                &nine,
                "split.test_fraction leaves none of 9 pictures",
            ),
        ] {
            let said = method
                .split(&files(stems), Path::new(""))
                .expect_err(expected)
                .to_string();
            assert!(said.contains(expected), "{said}");
        }
    }
}
