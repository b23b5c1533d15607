//! Trimaps: a division of the pixels of a picture into pet, background and the border between.

use std::path::Path;

use super::error::AnnotationError;
use super::optional_file::read_if_there;
use crate::decode::{Turn, decode};

/// Region of a pixel. The discriminants are the values in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Region {
    /// The animal.
    Pet = 1,
    /// Certainly not the animal.
    Background = 2,
    /// Strip along the outline, a few pixels wide, that may be either.
    Border = 3,
}

/// Regions of one picture, in the size of the original picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trimap {
    width: u32,
    height: u32,
    /// Of all `width * height` pixels, row after row from the top.
    regions: Vec<Region>,
}

impl Trimap {
    /// Width in pixels, that of the picture.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels, that of the picture.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// This trimap of a stored picture as that of the picture after `turn`.
    pub fn turned(self, turn: Turn) -> Self {
        let last = [self.width, self.height].map(|side| f64::from(side) - 1.0);
        let [width, height] = turn.size([self.width, self.height]);
        let mut regions = self.regions.clone();
        for (index, region) in (0..).zip(&self.regions) {
            let place = [index % self.width, index / self.width].map(f64::from);
            let [x, y] = turn.place(place, last).map(|side| side as usize);
            regions[y * width as usize + x] = *region;
        }
        Self {
            width,
            height,
            regions,
        }
    }

    /// The region at `column` from the left and `row` from the top, both from 0; `None` outside the picture.
    pub fn region(&self, column: u32, row: u32) -> Option<Region> {
        let inside = column < self.width && row < self.height;
        inside.then(|| self.regions[row as usize * self.width as usize + column as usize])
    }
}

/// Reads the trimap `trimaps/STEM.png` in the folder `annotations`; `None` if there is no such file.
///
/// # Errors
/// [`AnnotationError::TrimapPicture`] for a file that cannot be decoded, [`AnnotationError::TrimapValue`] for a pixel
/// that is not 1, 2 or 3.
pub fn read_trimap(annotations: &Path, stem: &str) -> Result<Option<Trimap>, AnnotationError> {
    let path = annotations.join("trimaps").join(format!("{stem}.png"));
    let Some(bytes) = read_if_there(&path)? else {
        return Ok(None);
    };
    let picture = decode(&bytes).map_err(|cause| AnnotationError::TrimapPicture {
        cause: cause.in_file(&path),
    })?;
    let picture = picture.picture;
    let regions = picture
        .enumerate_pixels()
        .map(|(column, row, pixel)| match pixel.0 {
            [1, 1, 1] => Ok(Region::Pet),
            [2, 2, 2] => Ok(Region::Background),
            [3, 3, 3] => Ok(Region::Border),
            [value, ..] => Err(AnnotationError::TrimapValue {
                path: path.clone(),
                column,
                row,
                value,
            }),
        })
        .collect::<Result<_, _>>()?;
    Ok(Some(Trimap {
        width: picture.width(),
        height: picture.height(),
        regions,
    }))
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, Luma, Rgb, RgbImage};

    use super::*;

    /// A folder of annotations with one trimap, `pug_1`, of 3 x 2 pixels with the given values.
    fn annotations_with(values: [u8; 6]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("trimaps")).expect("a new folder");
        let picture = GrayImage::from_fn(3, 2, |x, y| Luma([values[(y * 3 + x) as usize]]));
        picture
            .save(folder.path().join("trimaps/pug_1.png"))
            .expect("a written picture");
        folder
    }

    #[test]
    fn the_values_of_the_file_are_regions_row_by_row() {
        let folder = annotations_with([1, 2, 3, 2, 2, 1]);
        let trimap = read_trimap(folder.path(), "pug_1")
            .expect("a good file")
            .expect("a file");
        assert_eq!((trimap.width(), trimap.height()), (3, 2));
        let values: Vec<u8> = trimap.regions.iter().map(|&region| region as u8).collect();
        assert_eq!(values, [1, 2, 3, 2, 2, 1]);
        assert_eq!(trimap.region(2, 0), Some(Region::Border));
        assert_eq!(trimap.region(2, 1), Some(Region::Pet));
        assert_eq!((trimap.region(3, 0), trimap.region(0, 2)), (None, None));
    }

    #[test]
    fn a_trimap_follows_the_turn_of_its_picture() {
        let folder = annotations_with([1, 2, 3, 2, 2, 1]);
        let trimap = read_trimap(folder.path(), "pug_1").unwrap().unwrap();
        for tag in 1..=8 {
            let turn = Turn::of_tag(tag).unwrap();
            let stored =
                RgbImage::from_fn(3, 2, |x, y| Rgb([trimap.region(x, y).unwrap() as u8; 3]));
            let upright = turn.apply(stored);
            let turned = trimap.clone().turned(turn);
            assert_eq!((turned.width(), turned.height()), upright.dimensions());
            for (x, y, pixel) in upright.enumerate_pixels() {
                assert_eq!(
                    turned.region(x, y).unwrap() as u8,
                    pixel[0],
                    "{tag}: {x}, {y}"
                );
            }
        }
    }

    #[test]
    fn no_file_is_no_trimap() {
        let folder = annotations_with([1; 6]);
        assert_eq!(read_trimap(folder.path(), "pug_2").expect("no error"), None);
    }

    #[test]
    fn another_value_is_an_error_with_its_place() {
        let folder = annotations_with([1, 2, 3, 2, 0, 1]);
        let error = read_trimap(folder.path(), "pug_1").expect_err("0 is no region");
        assert!(
            matches!(
                error,
                AnnotationError::TrimapValue {
                    column: 1,
                    row: 1,
                    value: 0,
                    ..
                }
            ),
            "{error}"
        );
        assert!(error.to_string().contains("pug_1.png"));
    }

    #[test]
    fn a_broken_file_is_an_error_that_names_it() {
        let folder = annotations_with([1; 6]);
        std::fs::write(folder.path().join("trimaps/pug_1.png"), b"no picture")
            .expect("a written file");
        let error = read_trimap(folder.path(), "pug_1").expect_err("no picture");
        assert!(error.to_string().contains("pug_1.png"), "{error}");
    }
}
