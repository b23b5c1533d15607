//! Pictures and maps as people see them: colours, and words for those who cannot see them.

use crate::{
    checks,
    explanation::{ExplainedMap, Explanation},
    look::{Look, ScaleChoice},
    overlay::{Layer, Paint, layer, painted, seen},
};
use cam::{HeatMap, Method, argmax};
use image::{RgbImage, imageops};
use pictures::decode::Turn;
use words::{number, percent};

/// Longer side of the pictures on the page and the sheets, in pixels; the files beside them have them in their own size.
const LONGER_SIDE: u32 = 640;
/// Pixels of a map's layer for each cell, and its longest side: whoever lays it over a picture enlarges it smoothly.
const LAYER_CELL: usize = 16;
const LAYER_SIDE: usize = 256;
/// Classes listed beside a picture.
const LISTED: usize = 3;
/// The end of the range of a level map.
const EVERYWHERE: &str = "everywhere";

/// One picture with its maps, as the page and the sheets show it.
#[derive(Debug, Clone)]
pub struct DrawnPicture {
    /// Name of the picture.
    pub name: String,
    /// Its place when it was explained.
    pub path: String,
    /// The picture, unseen parts marked.
    pub picture: RgbImage,
    /// Classes with their probabilities, the most probable first.
    pub probabilities: Vec<(String, f64)>,
    /// The class that the picture's name or folder says.
    pub true_class: Option<String>,
    /// Its maps.
    pub maps: Vec<DrawnMap>,
}

/// A map over its picture, with words.
#[derive(Debug, Clone)]
pub struct DrawnMap {
    /// Method that made the map.
    pub method: &'static Method,
    /// The class it is about, and that class's probability; `None` for a class-blind map.
    pub class: Option<(String, f64)>,
    /// The picture in its own size under the map; without the map where there is no evidence.
    pub picture: RgbImage,
    /// The map alone; `None` where none is drawn.
    pub layer: Option<Layer>,
    /// The values of the lowest and the highest colour; `None` where no map is drawn.
    pub scale: Option<[f32; 2]>,
    /// The smallest and the largest value, as drawn or as they are where no map is drawn: `0 to 0.0312`.
    pub range: String,
    /// What there is to say of the map's spread, and what the method found out about it.
    pub remark: Option<String>,
    /// Words for a reader who cannot see the picture.
    pub alternative: String,
}

impl DrawnPicture {
    /// The picture of `explanation` with `maps`, all reduced.
    pub fn new(explanation: &Explanation, maps: Vec<DrawnMap>, classes: &[String]) -> Self {
        let Explanation {
            picture,
            probabilities,
            ..
        } = explanation;
        let mut ranked: Vec<(String, f64)> = classes
            .iter()
            .cloned()
            .zip(probabilities.iter().copied())
            .collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        let maps = maps.into_iter().map(|map| DrawnMap {
            picture: reduced(map.picture),
            ..map
        });
        Self {
            name: picture.file.name.clone(),
            path: words::slashes(&picture.file.path),
            picture: reduced(picture.upright.apply(seen(&picture.pixels, &picture.crop))),
            probabilities: ranked,
            true_class: picture.file.true_class.map(|class| classes[class].clone()),
            maps: maps.collect(),
        }
    }

    /// The answer whether the network was right, if that is known.
    pub fn is_right(&self) -> Option<bool> {
        let predicted = self.probabilities.first().map(|(class, _)| class);
        self.true_class
            .as_ref()
            .map(|truth| Some(truth) == predicted)
    }

    /// The probability of the true class, if that is known.
    pub fn true_probability(&self) -> Option<f64> {
        let truth = self.true_class.as_ref()?;
        let found = self.probabilities.iter().find(|(class, _)| class == truth);
        found.map(|(_, share)| *share)
    }

    /// The answer in words: `Bengal 61.0 %, Abyssinian 35.2 %, …`.
    pub fn answer(&self) -> String {
        let listed = self.probabilities.iter().take(LISTED);
        let listed: Vec<String> = listed
            .map(|(class, share)| format!("{class} {}", percent(*share)))
            .collect();
        listed.join(", ")
    }

    /// The verdict on the answer in words, where the truth is known.
    pub fn verdict(&self) -> Option<String> {
        let (predicted, _) = self.probabilities.first()?;
        let truth = self.true_class.as_ref()?;
        Some(match self.is_right()? {
            true => format!("right: it is {truth}"),
            false => format!("wrong: it is {truth}, not {predicted}"),
        })
    }
}

/// Makes a picture small enough for pages and sheets.
fn reduced(picture: RgbImage) -> RgbImage {
    thumbnail(picture, LONGER_SIDE)
}

/// A picture whose longer side has no more than `longer` pixels.
pub fn thumbnail(picture: RgbImage, longer: u32) -> RgbImage {
    let (width, height) = picture.dimensions();
    let factor = f64::from(longer) / f64::from(width.max(height));
    if factor >= 1.0 {
        return picture;
    }
    let side = |length: u32| ((f64::from(length) * factor).round() as u32).max(1);
    imageops::thumbnail(&picture, side(width), side(height))
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

    /// The map's range in a few words, without its method, and what else there is to say.
    pub fn sentence(&self) -> String {
        let range = match self.scale {
            Some(_) => format!("values {}", self.range),
            None if self.range.ends_with(EVERYWHERE) => {
                format!("no positive evidence, the map is {}", self.range)
            }
            None => format!("no positive evidence, the map runs from {}", self.range),
        };
        match &self.remark {
            Some(remark) => format!("{range}; {remark}"),
            None => range,
        }
    }
}

/// Draws `map`, one of those of `explanation`, as `look` says. `contrast` stands behind the name of its class.
pub fn draw(
    explanation: &Explanation,
    map: &ExplainedMap,
    look: &Look,
    contrast: &str,
    classes: &[String],
) -> DrawnMap {
    let Explanation {
        picture,
        probabilities,
        maps,
        ..
    } = explanation;
    let shares_scale = |other: &&ExplainedMap| match look.scale {
        ScaleChoice::Own => false,
        ScaleChoice::Method => other.method == map.method,
        ScaleChoice::Shared => true,
    };
    let others = maps.iter().filter(shares_scale);
    let to_paint = |map: &ExplainedMap| Some(Look::painted(map.method, look.shown(&map.raw)?));
    let others: Vec<HeatMap> = others.filter_map(to_paint).collect();
    let shown = look.shown(&map.raw);
    let to_paint = to_paint(map);
    let paint = to_paint.as_ref().map(|map| Paint {
        colours: look.colours,
        scale: look.scale(map, &others),
        alpha: look.alpha,
    });
    let is_cut = look.scale == ScaleChoice::Own && to_paint != shown;
    let painting = to_paint.as_ref().zip(paint.as_ref());
    let pixels = match painting {
        Some((shown, paint)) => painted(&picture.pixels, shown, &picture.crop, paint),
        None => seen(&picture.pixels, &picture.crop),
    };
    let mut drawn = DrawnMap {
        method: map.method,
        class: map.class.map(|class| {
            (
                format!("{}{contrast}", classes[class]),
                probabilities[class],
            )
        }),
        picture: picture.upright.apply(pixels),
        layer: painting.map(|(shown, paint)| {
            let cells = shown.width.max(shown.height);
            let side = (LAYER_CELL * cells).min(LAYER_SIDE) as u32;
            layer(shown, &picture.crop, paint, picture.upright, side)
        }),
        scale: paint.map(|paint| paint.scale),
        range: range(shown.as_ref().unwrap_or(&map.raw)),
        remark: remark(map, is_cut),
        alternative: String::new(),
    };
    let (name, title) = (&picture.file.name, drawn.title());
    drawn.alternative = match &shown {
        Some(shown) => format!(
            "{name} under the heat-map of {title}: strongest {}",
            strongest(shown, picture.upright)
        ),
        None => format!("{name} without a heat-map, {title}: {}", drawn.sentence()),
    };
    drawn
}

/// See [`DrawnMap::remark`]; of a map that `is_cut` the colours end before its values do.
fn remark(map: &ExplainedMap, is_cut: bool) -> Option<String> {
    let spread = map.spread.as_ref();
    let spread = spread.map(|spread| format!("spread up to {}", number(spread.range()[1].into())));
    let check = map.check.as_ref().map(checks::sentence);
    // Of a mean the check is that of one of its maps.
    let check = check.map(|check| match spread {
        Some(_) => format!("of the picture as it is: {check}"),
        None => check,
    });
    let cut = is_cut.then(|| "its colours end where 99 % of its values do".to_owned());
    let said: Vec<String> = [spread, check, cut].into_iter().flatten().collect();
    (!said.is_empty()).then(|| said.join("; "))
}

fn range(map: &HeatMap) -> String {
    let [low, high] = map.range().map(|value| number(value.into()));
    if low == high {
        format!("{low} {EVERYWHERE}")
    } else {
        format!("{low} to {high}")
    }
}

/// The place of the largest value in the part that the network saw, as it is shown, in words.
fn strongest(map: &HeatMap, shown: Turn) -> String {
    let index = argmax(&map.values);
    let share = |place: usize, cells: usize| (place as f64 + 0.5) / cells as f64;
    let place = [
        share(index % map.width, map.width),
        share(index / map.width, map.height),
    ];
    let [left, top] = shown.place(place, [1.0; 2]).map(percent);
    format!("at {left} from the left and {top} from the top of what the network saw")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_in_words_is_that_of_the_picture_as_it_is_shown() {
        let map = HeatMap {
            height: 2,
            width: 4,
            values: vec![0.0, 0.0, 0.0, 9.0, 0.0, 0.0, 0.0, 0.0],
        };
        let said = |tag| strongest(&map, Turn::of_tag(tag).unwrap());
        assert!(
            said(1).starts_with("at 87.5 % from the left and 25.0 % from the top"),
            "{}",
            said(1)
        );
        // A quarter to the right: what was at the right end lies at the lower one.
        assert!(
            said(6).starts_with("at 75.0 % from the left and 87.5 % from the top"),
            "{}",
            said(6)
        );
    }

    #[test]
    fn large_pictures_are_reduced_and_thin_ones_stay_visible() {
        assert_eq!(reduced(RgbImage::new(1280, 320)).dimensions(), (640, 160));
        assert_eq!(reduced(RgbImage::new(6400, 2)).dimensions(), (640, 1));
        assert_eq!(reduced(RgbImage::new(20, 10)).dimensions(), (20, 10));
    }
}
