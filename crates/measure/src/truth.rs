use crate::points::points;
use pictures::{
    annotations::{AnnotationError, HeadBox, Region, read_head_box, read_trimap},
    decode::Turn,
    transform::CropMap,
};
use std::path::Path;

/// The animal's place in the frame that the network saw of one picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    /// Width and height of the frame, in pixels.
    pub frame: [usize; 2],
    /// Pixels of the frame, rows from the top: whether each shows the animal; `None` on the border of the trimap. The whole
    /// is `None` where the picture has no trimap.
    pub animal: Option<Vec<Option<bool>>>,
    /// Width and height of the picture's trimap and of the stored picture, if the two do not fit and the trimap was left out.
    pub misfit: Option<[[u32; 2]; 2]>,
    /// The head box in pixels of the frame, as left, top, right and bottom edge.
    pub head: Option<[f64; 4]>,
}

impl Truth {
    /// The trimap and head box of the picture `stem`, through the same turn and crop as the picture: the network saw it after
    /// `turned`, and `upright` makes what it saw upright. A trimap that fits only the upright picture is one of the upright
    /// picture.
    ///
    /// # Errors
    /// An annotation that is there and cannot be read.
    pub fn read(
        annotations: &Path,
        stem: &str,
        crop: &CropMap,
        turned: Turn,
        upright: Turn,
    ) -> Result<Self, AnnotationError> {
        let seen = crop.picture_size.map(|side| side as u32);
        let stored = turned.back().size(seen);
        let (mut trimap, mut misfit) = (None, None);
        if let Some(found) = read_trimap(annotations, stem)? {
            match [found.width(), found.height()] {
                size if size == stored => trimap = Some(found.turned(turned)),
                size if size == upright.size(seen) => trimap = Some(found.turned(upright.back())),
                size => misfit = Some([size, stored]),
            }
        }
        let animal = trimap.map(|trimap| {
            // What fills the frame up around the picture is nothing of it.
            let region = |point: [f64; 2]| match point.map(f64::round) {
                [x, y] if x >= 0.0 && y >= 0.0 => trimap.region(x as u32, y as u32),
                _ => None,
            };
            let is_animal = |point| match region(point)? {
                Region::Pet => Some(true),
                Region::Background => Some(false),
                Region::Border => None,
            };
            points(crop).map(is_animal).collect()
        });
        let head = read_head_box(annotations, stem)?.map(|head| head.turned(turned, stored));
        Ok(Self {
            frame: crop.frame,
            animal,
            misfit,
            head: head.map(|head| in_frame(head, crop)),
        })
    }

    /// Nothing is known of the frame.
    pub fn unknown(frame: [usize; 2]) -> Self {
        Self {
            frame,
            animal: None,
            misfit: None,
            head: None,
        }
    }

    /// Whether the picture `stem` has a trimap, and whether a head box.
    pub fn is_there(annotations: &Path, stem: &str) -> [bool; 2] {
        [format!("trimaps/{stem}.png"), format!("xmls/{stem}.xml")]
            .map(|file| annotations.join(file).is_file())
    }

    /// The answer whether a point of the frame is on the head; `None` if no head is known, or none was seen.
    pub(crate) fn is_on_head(&self, [x, y]: [f64; 2]) -> Option<bool> {
        let [left, top, right, bottom] = self.head?;
        let [width, height] = self.frame.map(|side| side as f64 - 0.5);
        let is_seen = left < width && top < height && right > -0.5 && bottom > -0.5;
        is_seen.then_some((left..=right).contains(&x) && (top..=bottom).contains(&y))
    }

    /// The head's part of the frame: how often a point anywhere would be on it.
    pub(crate) fn head_share(&self) -> Option<f64> {
        let [left, top, right, bottom] = self.head?;
        let within = |from: f64, to: f64, side: usize| {
            (to.min(side as f64 - 0.5) - from.max(-0.5)).max(0.0) / side as f64
        };
        let [width, height] = self.frame;
        let share = within(left, right, width) * within(top, bottom, height);
        (share > 0.0).then_some(share)
    }
}

/// The edges of the box: pixels count from 1 in it, and its last column and row are inside.
fn in_frame(head: HeadBox, crop: &CropMap) -> [f64; 4] {
    let [left, top] = crop.to_frame([f64::from(head.left) - 1.5, f64::from(head.top) - 1.5]);
    let [right, bottom] =
        crop.to_frame([f64::from(head.right) - 0.5, f64::from(head.bottom) - 0.5]);
    [left, top, right, bottom]
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{GrayImage, Luma};
    use std::fs;

    /// A picture of 200 × 100, of which columns 50 to 149 are seen; the animal fills columns 90 to 109, its border is
    /// one column wide, its head the upper half of it.
    fn annotations() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("trimaps")).unwrap();
        fs::create_dir(folder.path().join("xmls")).unwrap();
        let trimap = GrayImage::from_fn(200, 100, |column, _| {
            Luma([match column {
                90..110 => 1,
                89 | 110 => 3,
                _ => 2,
            }])
        });
        trimap
            .save(folder.path().join("trimaps/pug_1.png"))
            .unwrap();
        let head =
            "<a><bndbox><xmin>91</xmin><ymin>1</ymin><xmax>110</xmax><ymax>50</ymax></bndbox></a>";
        fs::write(folder.path().join("xmls/pug_1.xml"), head).unwrap();
        folder
    }

    #[test]
    fn trimap_and_box_go_through_the_crop_of_the_picture() {
        let folder = annotations();
        let crop = CropMap::new(200, 100, 100);
        // 100 rounds to 96: the square is a little larger than the resized picture, and the factor is 99/95.
        let size = crop.frame[0];
        let truth = Truth::read(folder.path(), "pug_1", &crop, Turn::NONE, Turn::NONE).unwrap();
        let animal = truth.animal.as_ref().unwrap();
        for (index, [x, _]) in points(&crop).enumerate() {
            let expected = match x.round() as i64 {
                90..110 => Some(true),
                89 | 110 => None,
                _ => Some(false),
            };
            let row = index / size;
            // The first and last rows of the square lie outside the picture.
            if (3..size - 3).contains(&row) {
                assert_eq!(animal[index], expected, "column {x} of the picture");
            }
        }
        let on_head = |point: [f64; 2]| truth.is_on_head(crop.to_frame(point));
        assert_eq!(on_head([90.0, 20.0]), Some(true));
        assert_eq!(on_head([109.0, 49.0]), Some(true));
        assert_eq!(on_head([89.0, 20.0]), Some(false));
        assert_eq!(on_head([100.0, 51.0]), Some(false));
        // 20 × 50 pixels of the picture; the square shows about 100 × 100 of them.
        assert!((truth.head_share().unwrap() - 0.1).abs() < 0.01);
    }

    #[test]
    fn the_truth_of_a_turned_picture_is_turned_with_it() {
        let folder = annotations();
        // Stored 200 × 100; upright by a quarter to the right, 100 × 200.
        let turned = Turn::of_tag(6).unwrap();
        let crop = CropMap::new(100, 200, 96);
        let truth = Truth::read(folder.path(), "pug_1", &crop, turned, Turn::NONE).unwrap();
        let animal = truth.animal.unwrap();
        for (index, point) in points(&crop).enumerate() {
            let expected = match point[1].round() as i64 {
                90..110 => Some(true),
                89 | 110 => None,
                _ => Some(false),
            };
            // The first and last columns of the square lie outside the picture.
            if (3..93).contains(&(index % 96)) {
                assert_eq!(animal[index], expected, "{point:?}");
            }
        }
        // The head was above, and lies to the right now.
        let [left, top, right, bottom] = truth.head.unwrap();
        let [x, y] = crop.to_frame([75.0, 99.5]);
        assert!((left..right).contains(&x) && (top..bottom).contains(&y));
        let [x, y] = crop.to_frame([45.0, 99.5]);
        assert!(!(left..right).contains(&x) && (top..bottom).contains(&y));
    }

    #[test]
    fn a_trimap_of_the_upright_picture_is_turned_to_what_the_network_saw_in_either_case() {
        let folder = annotations();
        let file = |stem: &str| folder.path().join(format!("trimaps/{stem}.png"));
        let stored = image::open(file("pug_1")).unwrap().into_rgb8();
        for tag in 5..=8 {
            let turn = Turn::of_tag(tag).unwrap();
            turn.apply(stored.clone()).save(file("up_1")).unwrap();
            for (crop, turned, upright) in [
                (CropMap::new(100, 200, 96), turn, Turn::NONE),
                (CropMap::new(200, 100, 96), Turn::NONE, turn),
            ] {
                let truth = |stem| Truth::read(folder.path(), stem, &crop, turned, upright);
                let animal = truth("up_1").unwrap().animal;
                assert!(animal.is_some(), "{tag}");
                assert_eq!(animal, truth("pug_1").unwrap().animal, "{tag}");
            }
        }
    }

    #[test]
    fn a_trimap_that_fits_neither_way_is_left_out_and_told() {
        let folder = annotations();
        let crop = CropMap::new(200, 99, 96);
        let turn = Turn::of_tag(6).unwrap();
        let truth = Truth::read(folder.path(), "pug_1", &crop, Turn::NONE, turn).unwrap();
        assert_eq!(truth.animal, None);
        assert_eq!(truth.misfit, Some([[200, 100], [200, 99]]));
    }

    #[test]
    fn a_picture_without_annotations_has_no_truth() {
        let folder = annotations();
        let crop = CropMap::new(200, 100, 96);
        let truth = Truth::read(folder.path(), "pug_2", &crop, Turn::NONE, Turn::NONE).unwrap();
        assert_eq!(truth, Truth::unknown([96, 96]));
        assert_eq!(truth.is_on_head([1.0, 1.0]), None);
        let is_there = |stem| Truth::is_there(folder.path(), stem);
        assert_eq!(
            (is_there("pug_1"), is_there("pug_2")),
            ([true; 2], [false; 2])
        );
    }
}
