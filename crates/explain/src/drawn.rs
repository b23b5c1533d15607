//! A map as people see it: colours, and words for those who cannot see them.

use crate::{
    cam::{HeatMap, Method},
    explanation::{ExplainedMap, Explanation},
    overlay::{overlay, seen},
};
use image::RgbImage;
use words::{number, percent};

/// A map over its picture, with words.
#[derive(Debug, Clone)]
pub struct DrawnMap {
    /// How the map was made.
    pub method: &'static dyn Method,
    /// The class it is about, and that class's probability; `None` for a class-blind map.
    pub class: Option<(String, f64)>,
    /// The picture in its own size under the map; without the map where there is no evidence.
    pub picture: RgbImage,
    /// The values of the lowest and the highest colour; `None` where no map is drawn.
    pub scale: Option<[f32; 2]>,
    /// The smallest and the largest value, as drawn or as they are where no map is drawn: `0 to 0.0312`.
    pub range: String,
    /// What a reader who cannot see the picture is told.
    pub alternative: String,
}

impl DrawnMap {
    /// The method, and the class with its probability: `Grad-CAM for pug, 97.3 %`.
    pub fn title(&self) -> String {
        let class = self.class.as_ref();
        let class = class.map_or_else(String::new, |(class, share)| {
            format!(" for {class}, {}", percent(*share))
        });
        format!("{}{class}", self.method.title())
    }

    /// What the map says in a few words, without its method.
    pub fn sentence(&self) -> String {
        match self.scale {
            Some(_) => self.range.clone(),
            None => format!("no positive evidence, the map runs from {}", self.range),
        }
    }
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
    let shown = (!rectify || map.raw.has_positive()).then(|| {
        if rectify {
            map.raw.rectified()
        } else {
            map.raw.clone()
        }
    });
    let pixels = match &shown {
        Some(shown) => overlay(&picture.pixels, shown, &picture.crop),
        None => seen(&picture.pixels, &picture.crop),
    };
    let mut drawn = DrawnMap {
        method: map.method,
        class: map
            .class
            .map(|class| (classes[class].clone(), probabilities[class])),
        picture: pixels,
        scale: shown.as_ref().map(HeatMap::range),
        range: range(shown.as_ref().unwrap_or(&map.raw)),
        alternative: String::new(),
    };
    let (name, title) = (&picture.file.name, drawn.title());
    drawn.alternative = match &shown {
        Some(shown) => format!(
            "{name} under the heat-map of {title}: strongest {}",
            strongest(shown)
        ),
        None => format!("{name} without a heat-map, {title}: {}", drawn.sentence()),
    };
    drawn
}

fn range(map: &HeatMap) -> String {
    let [low, high] = map.range().map(|value| number(value.into()));
    if low == high {
        format!("{low} everywhere")
    } else {
        format!("{low} to {high}")
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
