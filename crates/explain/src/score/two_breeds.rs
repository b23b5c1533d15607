use super::truth::points;
use crate::{classes, pictures::PictureFile};
use pictures::transform::CropMap;
use serde::Deserialize;
use std::{fs, io, path::Path, path::PathBuf};

/// The list of pictures and what is on them.
const TRUTH_FILE: &str = "truth.json";

/// A picture with an animal on each side.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The picture.
    pub file: PictureFile,
    /// Indices of the classes to the left and to the right.
    pub classes: [usize; 2],
    /// The column that divides the two, in pixels of the picture.
    pub seam: f64,
}

/// The list of pictures cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PairsError {
    /// Missing or unreadable.
    #[error("cannot read {}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// From the system.
        error: io::Error,
    },
    /// Not a list of pictures with `file`, `left`, `right` and `seam_x`.
    #[error("{}: {error}; expected a list of pictures with file, left, right and seam_x", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What was wrong.
        error: serde_json::Error,
    },
}

#[derive(Deserialize)]
struct Entry {
    file: String,
    left: String,
    right: String,
    seam_x: f64,
}

/// The pictures of `folder` that show two of the network's classes, and how many do not.
pub fn pairs(folder: &Path, known: &[String]) -> Result<(Vec<Pair>, usize), PairsError> {
    let path = folder.join(TRUTH_FILE);
    let unreadable = |error| PairsError::Unreadable {
        path: path.clone(),
        error,
    };
    let bytes = fs::read(&path).map_err(unreadable)?;
    let entries: Vec<Entry> =
        serde_json::from_slice(&bytes).map_err(|error| PairsError::Content {
            path: path.clone(),
            error,
        })?;
    let all = entries.len();
    let pair = |entry: Entry| {
        let class = |name: &str| classes::find(name, known).ok();
        Some(Pair {
            classes: [class(&entry.left)?, class(&entry.right)?],
            seam: entry.seam_x,
            file: PictureFile {
                path: folder.join(&entry.file),
                name: entry.file,
                true_class: None,
            },
        })
    };
    let pairs: Vec<Pair> = entries.into_iter().filter_map(pair).collect();
    let others = all - pairs.len();
    Ok((pairs, others))
}

/// For each pixel of the square whether it is left of the seam, and whether right of it.
pub fn sides(pair: &Pair, crop: &CropMap) -> [Vec<Option<bool>>; 2] {
    let is_left: Vec<bool> = points(crop).map(|[x, _]| x + 0.5 < pair.seam).collect();
    [true, false].map(|side| {
        is_left
            .iter()
            .map(|is_left| Some(*is_left == side))
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<String> {
        ["Maine_Coon", "pug"].map(str::to_owned).to_vec()
    }

    fn folder(truth: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("truth.json"), truth).unwrap();
        folder
    }

    #[test]
    fn pictures_of_other_breeds_are_counted_and_left_out() {
        let folder = folder(
            r#"[{"file": "a.jpg", "left": "pug", "right": "Maine_Coon", "seam_x": 40, "width": 100},
                {"file": "b.jpg", "left": "pug", "right": "beagle", "seam_x": 40}]"#,
        );
        let (pairs, others) = pairs(folder.path(), &known()).unwrap();
        assert_eq!((pairs.len(), others), (1, 1));
        assert_eq!((pairs[0].classes, pairs[0].seam), ([1, 0], 40.0));
    }

    #[test]
    fn the_seam_divides_the_square_where_it_divides_the_picture() {
        let folder = folder(r#"[{"file": "a.jpg", "left": "pug", "right": "pug", "seam_x": 96}]"#);
        let (pairs, _) = pairs(folder.path(), &known()).unwrap();
        // The square shows columns 32 to 95 … 159 of 192: the seam is its middle.
        let [left, right] = sides(&pairs[0], &CropMap::new(192, 128, 64));
        let row = |side: &[Option<bool>]| {
            side[..64]
                .iter()
                .filter(|pixel| **pixel == Some(true))
                .count()
        };
        assert_eq!((row(&left), row(&right)), (32, 32));
    }

    #[test]
    fn a_list_of_another_kind_is_named() {
        let folder = folder("{}");
        assert!(
            pairs(folder.path(), &known())
                .unwrap_err()
                .to_string()
                .contains("truth.json")
        );
    }
}
