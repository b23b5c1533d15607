//! Pictures whose parts are known, and which were drawn again without each of them (as FunnyBirds has them: Hesse, Schaub-Meyer
//! and Roth 2023, arXiv:2308.06248).

use crate::{figures::rank_correlation, points::points};
use pictures::{decode::decode, transform::CropMap};
use serde::Deserialize;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The list of pictures and of their parts.
const TRUTH_FILE: &str = "truth.json";

/// A picture with its parts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PartsPicture {
    /// Name of its file in the folder.
    pub file: String,
    /// Name of its class.
    pub class: String,
    /// The file with the number of a part for each pixel, as large as the picture.
    mask: String,
    /// The parts.
    pub parts: Vec<PicturePart>,
}

/// A part of a picture.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PicturePart {
    /// Its name.
    pub name: String,
    /// Its number in the mask.
    pub number: u8,
    /// The file of the picture without it.
    pub without: String,
}

/// Pictures with parts cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PartsError {
    /// A file that cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Error of the system.
        error: io::Error,
    },
    /// Not a list of pictures with their parts.
    #[error("{}: {error}; expected a list of pictures with file, class, mask and parts of name, number and without", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Fault in it.
        error: serde_json::Error,
    },
    /// A mask that is none.
    #[error("{}: {fault}; a mask has the number of a part for each pixel of its picture", path.display())]
    Mask {
        /// The file.
        path: PathBuf,
        /// Fault in it.
        fault: String,
    },
}

/// The pictures that the `truth.json` of `folder` lists.
///
/// # Errors
/// It cannot be read, or is another list.
pub fn parts_pictures(folder: &Path) -> Result<Vec<PartsPicture>, PartsError> {
    let path = folder.join(TRUTH_FILE);
    match fs::read(&path) {
        Err(error) => Err(PartsError::Unreadable { path, error }),
        Ok(bytes) => {
            serde_json::from_slice(&bytes).map_err(|error| PartsError::Content { path, error })
        }
    }
}

impl PartsPicture {
    /// The number of the part for each pixel of the frame that the network saw through `crop`, rows from the top; 0 beside the
    /// picture.
    ///
    /// # Errors
    /// The mask cannot be read, or has another size than the picture.
    pub fn mask(&self, folder: &Path, crop: &CropMap) -> Result<Vec<u8>, PartsError> {
        let path = folder.join(&self.mask);
        let bytes = fs::read(&path).map_err(|error| PartsError::Unreadable {
            path: path.clone(),
            error,
        })?;
        let fault = |fault: String| PartsError::Mask {
            path: path.clone(),
            fault,
        };
        let mask = decode(&bytes).map_err(|error| fault(error.to_string()))?;
        let mask = mask.picture;
        let [width, height] = crop.picture_size.map(|side| side as u32);
        if mask.dimensions() != (width, height) {
            let (x, y) = mask.dimensions();
            let sizes = format!("{x} x {y} pixels for a picture of {width} x {height}");
            return Err(fault(sizes));
        }
        let number = |[x, y]: [f64; 2]| {
            let [x, y] = [x.round(), y.round()];
            let is_inside = x >= 0.0 && y >= 0.0 && x < width.into() && y < height.into();
            if is_inside {
                mask.get_pixel(x as u32, y as u32).0[0]
            } else {
                0
            }
        };
        Ok(points(crop).map(number).collect())
    }

    /// Spearman's correlation over the parts of the energy (none below 0) that a map has on each and of what the score loses
    /// without it; `None` of a map that has the same on all.
    pub fn correlation(&self, energy: &[f64], mask: &[u8], drops: &[f64]) -> Option<f64> {
        let on_part = |part: &PicturePart| {
            let pixels = energy.iter().zip(mask);
            let own = pixels.filter(|(_, number)| **number == part.number);
            own.map(|(energy, _)| energy).sum::<f64>() as f32
        };
        let energies: Vec<f32> = self.parts.iter().map(on_part).collect();
        let drops: Vec<f32> = drops.iter().map(|drop| *drop as f32).collect();
        rank_correlation(&energies, &drops)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{GrayImage, Luma};

    const LIST: &str = r#"[{"file": "a.jpg", "class": "pug", "mask": "a.png", "parts": [
        {"name": "head", "number": 1, "without": "b.jpg"},
        {"name": "coat", "number": 3, "without": "c.jpg"},
        {"name": "background", "number": 4, "without": "d.jpg"}]}]"#;

    fn folder(list: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("truth.json"), list).unwrap();
        folder
    }

    #[test]
    fn a_map_that_marks_what_matters_in_its_order_is_perfect_and_one_that_marks_the_opposite_is_not()
     {
        let folder = folder(LIST);
        let picture = parts_pictures(folder.path()).unwrap().remove(0);
        let mask = [1, 3, 4, 4];
        let drops = [5.0, 2.0, -1.0];
        let found = |energy: [f64; 4]| picture.correlation(&energy, &mask, &drops);
        assert!((found([9.0, 3.0, 1.0, 1.0]).unwrap() - 1.0).abs() < 1e-6);
        assert!((found([0.0, 3.0, 2.0, 2.0]).unwrap() + 1.0).abs() < 1e-6);
        assert_eq!(found([2.0, 2.0, 1.0, 1.0]), None);
    }

    #[test]
    fn the_mask_goes_through_the_crop_of_its_picture() {
        let folder = folder(LIST);
        let picture = parts_pictures(folder.path()).unwrap().remove(0);
        let mask = GrayImage::from_fn(128, 64, |x, _| Luma([if x < 64 { 1 } else { 4 }]));
        mask.save(folder.path().join("a.png")).unwrap();
        let found = picture
            .mask(folder.path(), &CropMap::new(128, 64, 64))
            .unwrap();
        assert_eq!(found.iter().filter(|number| **number == 1).count(), 64 * 32);
        assert_eq!((found[0], found[63]), (1, 4));
        let said = picture.mask(folder.path(), &CropMap::new(128, 96, 64));
        let said = said.unwrap_err().to_string();
        assert!(
            said.contains("128 x 64 pixels for a picture of 128 x 96"),
            "{said}"
        );
    }

    #[test]
    fn a_list_of_another_kind_is_named() {
        let said = parts_pictures(folder("{}").path()).unwrap_err().to_string();
        assert!(
            said.contains("truth.json") && said.contains("expected a list"),
            "{said}"
        );
    }
}
