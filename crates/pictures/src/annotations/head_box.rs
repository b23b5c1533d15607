//! Head boxes: rectangles around the animal's head.

use std::path::Path;

use super::error::AnnotationError;
use super::optional_file::read_if_there;
use crate::decode::Turn;

/// Rectangle around a head, in pixels of the original picture as the file gives them: `left < right` and
/// `top < bottom`. The width and height of the picture in the file are ignored (they are 0 in some of the official
/// files), so the caller has to check that the box lies inside the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadBox {
    /// `xmin` of the file.
    pub left: u32,
    /// `ymin` of the file.
    pub top: u32,
    /// `xmax` of the file.
    pub right: u32,
    /// `ymax` of the file.
    pub bottom: u32,
}

impl HeadBox {
    /// This box in a stored picture of `size` (width and height in pixels) as the box in the picture after `turn`. Pixels
    /// count from 1, and the last column and row are inside. A box that leaves the picture is cut off at its edge.
    pub fn turned(self, turn: Turn, size: [u32; 2]) -> Self {
        let within = |corner: [u32; 2]| [0, 1].map(|axis| f64::from(corner[axis].min(size[axis])));
        let ends = size.map(|side| f64::from(side) + 1.0);
        let [a, b] = [[self.left, self.top], [self.right, self.bottom]]
            .map(|corner| turn.place(within(corner), ends).map(|place| place as u32));
        Self {
            left: a[0].min(b[0]),
            top: a[1].min(b[1]),
            right: a[0].max(b[0]),
            bottom: a[1].max(b[1]),
        }
    }
}

/// Reads the head box `xmls/STEM.xml` (Pascal VOC) in the folder `annotations`; `None` if there is no such file. The
/// first box of a file with several is taken.
///
/// # Errors
/// [`AnnotationError::BrokenHeadBox`] for anything but XML with a box of positive size.
pub fn read_head_box(annotations: &Path, stem: &str) -> Result<Option<HeadBox>, AnnotationError> {
    let path = annotations.join("xmls").join(format!("{stem}.xml"));
    let Some(bytes) = read_if_there(&path)? else {
        return Ok(None);
    };
    let parsed = String::from_utf8(bytes)
        .map_err(|_| "not UTF-8".to_owned())
        .and_then(|text| parse_head_box(&text));
    parsed
        .map(Some)
        .map_err(|reason| AnnotationError::BrokenHeadBox { path, reason })
}

fn parse_head_box(text: &str) -> Result<HeadBox, String> {
    let document = roxmltree::Document::parse(text).map_err(|error| error.to_string())?;
    let corners = document
        .descendants()
        .find(|node| node.has_tag_name("bndbox"))
        .ok_or("there is no <bndbox>".to_owned())?;
    let head_box = HeadBox {
        left: number_in(corners, "xmin")?,
        top: number_in(corners, "ymin")?,
        right: number_in(corners, "xmax")?,
        bottom: number_in(corners, "ymax")?,
    };
    let HeadBox {
        left,
        top,
        right,
        bottom,
    } = head_box;
    if left >= right || top >= bottom {
        return Err(format!(
            "the box from {left}, {top} to {right}, {bottom} is empty"
        ));
    }
    Ok(head_box)
}

fn number_in(parent: roxmltree::Node, tag: &str) -> Result<u32, String> {
    let text = parent
        .children()
        .find(|node| node.has_tag_name(tag))
        .and_then(|node| node.text())
        .ok_or_else(|| format!("there is no <{tag}> in <{}>", parent.tag_name().name()))?;
    text.trim().parse().map_err(|_| {
        format!(
            "<{tag}> is {}, which is not a number of pixels",
            text.trim()
        )
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn voc([left, top, right, bottom]: [i64; 4]) -> String {
        format!(
            "<annotation><filename>pug_1.jpg</filename><size><width>0</width><height>0</height></size>\
             <object><name>dog</name><bndbox><xmin>{left}</xmin><ymin>{top}</ymin><xmax>{right}</xmax>\
             <ymax>{bottom}</ymax></bndbox></object></annotation>"
        )
    }

    #[test]
    fn the_corners_are_those_of_the_file() {
        let head_box = parse_head_box(&voc([72, 105, 288, 291])).expect("a good file");
        assert_eq!(
            head_box,
            HeadBox {
                left: 72,
                top: 105,
                right: 288,
                bottom: 291
            }
        );
    }

    #[test]
    fn a_box_follows_the_turn_of_its_picture() {
        let stored = parse_head_box(&voc([2, 3, 5, 4])).unwrap();
        let is_inside = |found: HeadBox, [x, y]: [u32; 2]| {
            (found.left..=found.right).contains(&x) && (found.top..=found.bottom).contains(&y)
        };
        for tag in 1..=8 {
            let turn = Turn::of_tag(tag).unwrap();
            let turned = stored.turned(turn, [7, 6]);
            for (x, y) in (1..=7).flat_map(|x| (1..=6).map(move |y| (x, y))) {
                let place = turn.place([f64::from(x) - 1.0, f64::from(y) - 1.0], [6.0, 5.0]);
                let upright = place.map(|side| side as u32 + 1);
                let expected = is_inside(stored, [x, y]);
                assert_eq!(is_inside(turned, upright), expected, "{tag}: {x}, {y}");
            }
        }
    }

    #[test]
    fn what_is_no_box_is_an_error() {
        for (text, part) in [
            (String::new(), "root node"),
            ("<annotation>".to_owned(), "closed"),
            ("<annotation/>".to_owned(), "<bndbox>"),
            (voc([72, 105, 288, 291]).replace("xmax", "other"), "<xmax>"),
            (voc([-1, 105, 288, 291]), "<xmin> is -1"),
            (voc([288, 105, 288, 291]), "empty"),
            (voc([72, 291, 288, 105]), "empty"),
        ] {
            let reason = parse_head_box(&text).expect_err(&text);
            assert!(
                reason.to_lowercase().contains(&part.to_lowercase()),
                "{text}: {reason}"
            );
        }
    }

    #[test]
    fn no_file_is_no_box_and_a_broken_one_is_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("xmls")).expect("a new folder");
        std::fs::write(folder.path().join("xmls/pug_1.xml"), b"<annotation>\xff")
            .expect("a written file");
        assert_eq!(
            read_head_box(folder.path(), "pug_2").expect("no error"),
            None
        );
        let error = read_head_box(folder.path(), "pug_1").expect_err("broken");
        assert!(error.to_string().contains("pug_1.xml"), "{error}");
    }

    proptest! {
        #[test]
        fn a_box_that_is_read_has_a_positive_size(corners in prop::array::uniform4(-2i64..12)) {
            if let Ok(found) = parse_head_box(&voc(corners)) {
                prop_assert!(found.left < found.right);
                prop_assert!(found.top < found.bottom);
                prop_assert_eq!([found.left, found.top, found.right, found.bottom].map(i64::from), corners);
            }
        }

        #[test]
        fn any_text_is_answered(text in "[<>/a-b&;! -]{0,40}") {
            prop_assert!(parse_head_box(&text).is_err());
        }
    }
}
