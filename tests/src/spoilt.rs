//! Labels of which some are wrong, for proofs that they are found.

use rand::{RngExt, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use std::{collections::BTreeSet, fs, io, path::Path};

/// A picture of a list: where it is, what its label says, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpoiltLine {
    /// Path below the folder of the list.
    pub path: String,
    /// The class in the list.
    pub label: String,
    /// The class that the picture is of.
    pub class: String,
}

impl SpoiltLine {
    /// Whether the label is wrong.
    pub fn is_spoilt(&self) -> bool {
        self.label != self.class
    }
}

/// Writes `labels.csv` into `folder`, a drawn sample: a line for each picture in `images/`, in byte order, of which the share
/// `share` (rounded to whole pictures) names one of the other classes, each with the same probability. Which ones depends on
/// `seed` alone. The column `class` keeps the truth; the layout `csv` reads `path` and `label`.
///
/// # Errors
/// No pictures named `CLASS_NUMBER.jpg` of at least two classes, a share outside 0 to 1, or a file that cannot be written.
pub fn spoil_labels(folder: &Path, share: f64, seed: u64) -> io::Result<Vec<SpoiltLine>> {
    if !(0.0..=1.0).contains(&share) {
        return Err(io::Error::other(format!("{share} is no share of 0 to 1")));
    }
    let mut lines = true_lines(folder)?;
    let classes: BTreeSet<String> = lines.iter().map(|line| line.class.clone()).collect();
    if classes.len() < 2 {
        let reason = format!("{} holds no two classes", folder.join("images").display());
        return Err(io::Error::other(reason));
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.shuffle(&mut random);
    order.truncate((share * lines.len() as f64).round() as usize);
    for index in order {
        let line = &mut lines[index];
        let others: Vec<&String> = classes
            .iter()
            .filter(|class| **class != line.class)
            .collect();
        line.label = others[random.random_range(0..others.len())].clone();
    }
    fs::write(folder.join("labels.csv"), csv(&lines))?;
    Ok(lines)
}

fn true_lines(folder: &Path) -> io::Result<Vec<SpoiltLine>> {
    let mut lines = Vec::new();
    for entry in fs::read_dir(folder.join("images"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if let Some((class, _)) = name
            .strip_suffix(".jpg")
            .and_then(|stem| stem.rsplit_once('_'))
        {
            lines.push(SpoiltLine {
                path: format!("images/{name}"),
                label: class.to_owned(),
                class: class.to_owned(),
            });
        }
    }
    lines.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(lines)
}

fn csv(lines: &[SpoiltLine]) -> String {
    let heading = "path,label,class\n".to_owned();
    let line = |line: &SpoiltLine| format!("{},{},{}\n", line.path, line.label, line.class);
    heading + &lines.iter().map(line).collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("images")).unwrap();
        for class in ["Persian", "great_dane", "pug"] {
            for number in 1..=20 {
                let name = format!("images/{class}_{number}.jpg");
                fs::write(folder.path().join(name), "").unwrap();
            }
        }
        folder
    }

    #[test]
    fn the_share_of_labels_that_was_asked_for_is_wrong() {
        let folder = folder();
        let lines = spoil_labels(folder.path(), 0.05, 1).unwrap();
        assert_eq!(lines.len(), 60);
        assert_eq!(lines.iter().filter(|line| line.is_spoilt()).count(), 3);
        assert!(lines.iter().any(|line| line.class == "great_dane"));
        let written = fs::read_to_string(folder.path().join("labels.csv")).unwrap();
        assert_eq!(written, csv(&lines));
    }

    #[test]
    fn which_labels_are_wrong_depends_on_the_seed_alone() {
        let (one, other) = (folder(), folder());
        let spoil =
            |folder: &tempfile::TempDir, seed| spoil_labels(folder.path(), 0.2, seed).unwrap();
        assert_eq!(spoil(&one, 1), spoil(&other, 1));
        assert_ne!(spoil(&one, 1), spoil(&one, 2));
    }
}
