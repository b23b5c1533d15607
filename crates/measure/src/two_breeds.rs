use crate::points::points;
use pictures::{decode::Turn, transform::CropMap};
use serde::Deserialize;
use std::{fs, io, path::Path, path::PathBuf};
use words::Match;

/// The list of pictures and of what they show.
const TRUTH_FILE: &str = "truth.json";

/// A picture with an animal on each side.
#[derive(Debug, Clone, PartialEq)]
pub struct TwoBreedPicture {
    /// Name of its file in the folder.
    pub file: String,
    /// Indices of the classes to the left and to the right.
    pub classes: [usize; 2],
    /// The column that divides the two, in pixels of the stored picture.
    pub seam: f64,
}

/// Both sides of the seam in the frame that the network saw of a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Sides {
    /// Width and height of the frame, in pixels.
    pub frame: [usize; 2],
    /// Indices of the classes to the left and to the right.
    pub classes: [usize; 2],
    /// Pixels of the frame, rows from the top: whether each is left of the seam, and whether right of it.
    pub pixels: [Vec<Option<bool>>; 2],
}

/// The list of pictures cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TwoBreedsError {
    /// Missing or unreadable.
    #[error("cannot read {}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Error of the system.
        error: io::Error,
    },
    /// A breed that may be several of the network's classes.
    #[error("{}: the breed `{name}` of {file} may be `{}`: write one of them", path.display(), candidates.join("` or `"))]
    Ambiguous {
        /// The list.
        path: PathBuf,
        /// The picture.
        file: String,
        /// The breed as written.
        name: String,
        /// The classes that may be meant.
        candidates: Vec<String>,
    },
    /// Not a list of pictures with `file`, `left`, `right` and `seam_x`.
    #[error("{}: {error}; expected a list of pictures with file, left, right and seam_x", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Fault in it.
        error: serde_json::Error,
    },
}

#[derive(Deserialize)]
struct Listed {
    file: String,
    left: String,
    right: String,
    seam_x: f64,
}

/// The pictures of `folder` that show two of the classes `known`, and how many do not.
///
/// # Errors
/// There is no `truth.json`, or it is something else.
pub fn two_breed_pictures(
    folder: &Path,
    known: &[String],
) -> Result<(Vec<TwoBreedPicture>, usize), TwoBreedsError> {
    let path = folder.join(TRUTH_FILE);
    let unreadable = |error| TwoBreedsError::Unreadable {
        path: path.clone(),
        error,
    };
    let content = |error| TwoBreedsError::Content {
        path: path.clone(),
        error,
    };
    let bytes = fs::read(&path).map_err(unreadable)?;
    let listed: Vec<Listed> = serde_json::from_slice(&bytes).map_err(content)?;
    let all = listed.len();
    let mut pictures = Vec::new();
    for listed in listed {
        let class = |name: &str| match words::find(name, known.iter().map(String::as_str)) {
            Match::One(class) => Ok(Some(class)),
            Match::None => Ok(None),
            Match::Several(classes) => Err(TwoBreedsError::Ambiguous {
                path: path.clone(),
                file: listed.file.clone(),
                name: name.to_owned(),
                candidates: classes.iter().map(|class| known[*class].clone()).collect(),
            }),
        };
        if let (Some(left), Some(right)) = (class(&listed.left)?, class(&listed.right)?) {
            pictures.push(TwoBreedPicture {
                classes: [left, right],
                seam: listed.seam_x,
                file: listed.file,
            });
        }
    }
    let others = all - pictures.len();
    Ok((pictures, others))
}

impl TwoBreedPicture {
    /// Both sides of the seam, through the same crop as the picture, which the network saw after `turned`. Left and right
    /// are those of the stored picture.
    pub fn sides(&self, crop: &CropMap, turned: Turn) -> Sides {
        let back = turned.back();
        let last = crop.picture_size.map(|side| side as f64 - 1.0);
        let is_left: Vec<bool> = points(crop)
            .map(|point| back.place(point, last)[0] + 0.5 < self.seam)
            .collect();
        let side = |left: bool| is_left.iter().map(|is| Some(*is == left)).collect();
        Sides {
            frame: crop.frame,
            classes: self.classes,
            pixels: [side(true), side(false)],
        }
    }
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
        let (pictures, others) = two_breed_pictures(folder.path(), &known()).unwrap();
        assert_eq!((pictures.len(), others), (1, 1));
        assert_eq!((pictures[0].classes, pictures[0].seam), ([1, 0], 40.0));
    }

    #[test]
    fn the_seam_divides_the_square_where_it_divides_the_picture() {
        let folder = folder(r#"[{"file": "a.jpg", "left": "pug", "right": "pug", "seam_x": 96}]"#);
        let (pictures, _) = two_breed_pictures(folder.path(), &known()).unwrap();
        // The square shows columns 32 to 95 … 159 of 192: the seam is its middle.
        let sides = pictures[0].sides(&CropMap::new(192, 128, 64), Turn::NONE);
        let [left, right] = sides.pixels;
        let row = |side: &[Option<bool>]| {
            side[..64]
                .iter()
                .filter(|pixel| **pixel == Some(true))
                .count()
        };
        assert_eq!((row(&left), row(&right)), (32, 32));
    }

    #[test]
    fn the_seam_is_turned_with_its_picture() {
        let folder = folder(r#"[{"file": "a.jpg", "left": "pug", "right": "pug", "seam_x": 64}]"#);
        let (pictures, _) = two_breed_pictures(folder.path(), &known()).unwrap();
        // Stored 192 × 128 and seen 128 × 192: of the square the seam cuts off a quarter above or below.
        for (tag, first, last) in [(6, true, false), (8, false, true), (5, true, false)] {
            let turned = Turn::of_tag(tag).unwrap();
            let sides = pictures[0].sides(&CropMap::new(128, 192, 64), turned);
            let [left, right] = sides.pixels;
            assert_eq!(
                (left[32], left[63 * 64 + 32]),
                (Some(first), Some(last)),
                "{tag}"
            );
            assert_eq!(
                (right[32], right[63 * 64 + 32]),
                (Some(last), Some(first)),
                "{tag}"
            );
            assert_eq!(
                left.iter().filter(|pixel| **pixel == Some(true)).count(),
                64 * 16,
                "{tag}"
            );
        }
    }

    #[test]
    fn a_breed_that_may_be_two_classes_is_an_error_that_names_both() {
        let folder = folder(r#"[{"file": "a.jpg", "left": "PUG", "right": "pug", "seam_x": 40}]"#);
        let known = ["Pug", "pug"].map(str::to_owned);
        let error = two_breed_pictures(folder.path(), &known).unwrap_err();
        let said = error.to_string();
        assert!(
            said.contains("`PUG` of a.jpg may be `Pug` or `pug`"),
            "{said}"
        );
    }

    #[test]
    fn a_list_of_another_kind_is_named() {
        let folder = folder("{}");
        assert!(
            two_breed_pictures(folder.path(), &known())
                .unwrap_err()
                .to_string()
                .contains("truth.json")
        );
    }
}
