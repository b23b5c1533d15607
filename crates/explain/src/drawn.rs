//! A map as people see it: colours, and words for those who cannot see them.

use crate::{
    cam::{HeatMap, Method},
    explanation::{ExplainedMap, Explanation},
    overlay::{overlay, seen},
    words::{number, percent},
};
use image::RgbImage;

/// A map over its picture, with words.
#[derive(Debug, Clone)]
pub struct DrawnMap {
    /// How the map was made.
    pub method: &'static dyn Method,
    /// The method, and the class with its probability: `Grad-CAM for pug, 97.3 %`.
    pub title: String,
    /// The picture in its own size under the map; without the map where there is no evidence.
    pub picture: RgbImage,
    /// The values of the lowest and the highest colour; `None` where no map is drawn.
    pub scale: Option<[f32; 2]>,
    /// The values as a sentence.
    pub values: String,
    /// What a reader who cannot see the picture is told.
    pub alternative: String,
}

/// Draws `map`. Where `rectify` holds, evidence against a class is left out, as Grad-CAM's paper does.
pub fn draw(
    explanation: &Explanation,
    map: &ExplainedMap,
    rectify: bool,
    classes: &[String],
) -> DrawnMap {
    let Explanation {
        picture,
        probabilities,
        ..
    } = explanation;
    let (name, method) = (&picture.file.name, map.method.title());
    let title = match map.class {
        Some(class) => format!(
            "{method} for {}, {}",
            classes[class],
            percent(probabilities[class])
        ),
        None => method.to_owned(),
    };
    let [lowest, highest] = map.raw.range().map(|value| number(value.into()));
    if rectify && !map.raw.has_positive() {
        let of = map
            .class
            .map_or_else(String::new, |class| format!(" for {}", classes[class]));
        let values = format!("no positive evidence{of}: the map runs from {lowest} to {highest}");
        return DrawnMap {
            method: map.method,
            alternative: format!("{name} without a map, {title}: {values}"),
            picture: seen(&picture.pixels, &picture.crop),
            scale: None,
            title,
            values,
        };
    }
    let shown = if rectify {
        map.raw.rectified()
    } else {
        map.raw.clone()
    };
    let scale = shown.range();
    let [low, high] = scale.map(|value| number(value.into()));
    let place = strongest(&shown);
    DrawnMap {
        method: map.method,
        picture: overlay(&picture.pixels, &shown, &picture.crop),
        alternative: format!("{name} under the heat-map of {title}: strongest {place}"),
        values: if low == high {
            format!("{low} everywhere")
        } else {
            format!("{low} to {high}")
        },
        scale: Some(scale),
        title,
    }
}

/// Where the largest value is in the part that the network saw.
fn strongest(map: &HeatMap) -> String {
    let larger = |best: usize, index: usize| {
        if map.values[index] > map.values[best] {
            index
        } else {
            best
        }
    };
    let index = (0..map.values.len()).fold(0, larger);
    let share = |place: usize, cells: usize| percent((place as f64 + 0.5) / cells as f64);
    format!(
        "at {} from the left and {} from the top of what the network saw",
        share(index % map.width, map.width),
        share(index / map.width, map.height)
    )
}
