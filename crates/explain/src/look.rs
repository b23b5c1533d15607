//! How maps are drawn: what of them, in which colours, on which scale.

use crate::colour::ColourMap;
use cam::{HeatMap, Method};
use clap::ValueEnum;

/// Share of the map's colour unless somebody says another: fastai's lesson draws with `alpha=0.6`.
pub const ALPHA: f64 = 0.6;

/// How maps are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// Evidence against a class is left out, as Grad-CAM's paper does.
    pub rectified: bool,
    /// The colours.
    pub colours: ColourMap,
    /// Share of the map's colour; the rest is the picture's.
    pub alpha: f64,
    /// Whether a map has its own scale.
    pub scale: ScaleChoice,
}

/// What the lowest and the highest colour stand for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ScaleChoice {
    /// The smallest and the largest value of each map: each uses all colours.
    #[default]
    Own,
    /// Those of all maps of one method for a picture: equal colours are equal values for every class.
    Method,
    /// Those of all maps of a picture. Methods have no unit in common, so that those with small values look blank.
    Shared,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            rectified: true,
            colours: ColourMap::default(),
            alpha: ALPHA,
            scale: ScaleChoice::default(),
        }
    }
}

impl Look {
    /// With evidence against a class or without, in `colours`, if somebody chose some. Evidence against a class is seen best where
    /// 0 is in the middle of the colours.
    pub fn new(
        rectified: bool,
        colours: Option<ColourMap>,
        scale: ScaleChoice,
        alpha: f64,
    ) -> Self {
        let usual = match rectified {
            true => ColourMap::Magma,
            false => ColourMap::RedBlue,
        };
        Self {
            rectified,
            colours: colours.unwrap_or(usual),
            alpha,
            scale,
        }
    }

    /// What of a map is drawn; `None` if it has no evidence.
    pub fn shown(&self, map: &HeatMap) -> Option<HeatMap> {
        match self.rectified {
            true => map.has_positive().then(|| map.rectified()),
            false => Some(map.clone()),
        }
    }

    /// A map of `method` as it is painted: one of pixels, whose few strongest would leave all others blank, ends where 99 % of its values
    /// do (as Captum's pictures of attributions leave out outliers).
    pub fn painted(method: &Method, shown: HeatMap) -> HeatMap {
        match method.goes_back_to_pixels() {
            true => without_extremes(shown),
            false => shown,
        }
    }

    /// The values of the lowest and the highest colour for `map`, whose scale is also that of the `others`, as they are drawn.
    pub fn scale<'a>(
        &self,
        map: &HeatMap,
        others: impl IntoIterator<Item = &'a HeatMap>,
    ) -> [f32; 2] {
        let wider = |[low, high]: [f32; 2], other: &HeatMap| {
            let [lower, higher] = other.range();
            [low.min(lower), high.max(higher)]
        };
        let [low, high] = others.into_iter().fold(map.range(), wider);
        if self.colours.is_diverging() {
            let end = low.abs().max(high.abs());
            return [-end, end];
        }
        [low, high]
    }

    /// Sentences for pages.
    pub fn notes(&self) -> Vec<String> {
        let [low, high] = self.colours.ends();
        let drawn = if self.rectified {
            "Evidence against a class is left out of what is drawn; the .npy files have it."
        } else {
            "Maps are drawn whole, with evidence against a class."
        };
        let whose = match self.scale {
            ScaleChoice::Own => "of each map",
            ScaleChoice::Method => "of all maps of one method for a picture",
            ScaleChoice::Shared => "of all maps of a picture",
        };
        let colours = if self.colours.is_diverging() {
            format!(
                "0 is in the middle of the colours (white): {high} speaks for the class, {low} against it, and both ends are as far \
                 from 0 as the largest value {whose}."
            )
        } else {
            format!(
                "Colours run from the lowest value {whose} ({low}) to {} ({high}).",
                match self.scale {
                    ScaleChoice::Own => "its highest",
                    _ => "their highest",
                }
            )
        };
        let mut notes = vec![drawn.to_owned(), colours];
        match self.scale {
            ScaleChoice::Own => {}
            ScaleChoice::Method => notes.push(
                "Equal colours of one method are equal values within a picture.".to_owned(),
            ),
            ScaleChoice::Shared => notes.push(
                "Equal colours are equal values within a picture. Values of different methods have no unit in common, so that the \
                 maps of one may look blank beside those of another."
                    .to_owned(),
            ),
        }
        notes
    }
}

/// Share of the values of a map of pixels that lie beyond the ends of its colours.
const EXTREMES: f64 = 0.01;

/// The map with its largest values, either sign, cut to the next smaller ones.
fn without_extremes(mut map: HeatMap) -> HeatMap {
    let mut sizes: Vec<f32> = map.values.iter().map(|value| value.abs()).collect();
    sizes.sort_by(f32::total_cmp);
    let kept = ((1.0 - EXTREMES) * sizes.len() as f64) as usize;
    let end = sizes[kept.min(sizes.len() - 1)];
    // Nearly everything is zero: there is no end but the largest.
    if end > 0.0 {
        map.values
            .iter_mut()
            .for_each(|value| *value = value.clamp(-end, end));
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(values: &[f32]) -> HeatMap {
        HeatMap {
            height: 1,
            width: values.len(),
            values: values.to_vec(),
        }
    }

    #[test]
    fn a_scale_is_that_of_all_maps_that_share_it_and_zero_is_the_middle_of_a_diverging_one() {
        let (weak, strong) = (map(&[-1.0, 2.0]), map(&[0.5, 8.0]));
        let scale = |colours, others: &[HeatMap]| {
            let look = Look {
                rectified: false,
                colours,
                ..Look::default()
            };
            look.scale(&weak, others)
        };
        let strong = std::slice::from_ref(&strong);
        assert_eq!(scale(ColourMap::Magma, &[]), [-1.0, 2.0]);
        assert_eq!(scale(ColourMap::Magma, strong), [-1.0, 8.0]);
        assert_eq!(scale(ColourMap::RedBlue, &[]), [-2.0, 2.0]);
        assert_eq!(scale(ColourMap::RedBlue, strong), [-8.0, 8.0]);
    }

    #[test]
    fn the_strongest_hundredth_of_the_pixels_is_cut_and_a_map_of_zeros_stays() {
        let mut values = vec![0.5; 300];
        values[7] = -40.0;
        values[8] = 90.0;
        let cut = without_extremes(map(&values));
        assert_eq!(cut.range(), [-0.5, 0.5]);
        let mut values = vec![0.0; 300];
        values[8] = 90.0;
        assert_eq!(without_extremes(map(&values)).range(), [0.0, 90.0]);
    }

    #[test]
    fn evidence_against_a_class_has_colours_of_its_own_unless_others_are_chosen() {
        let typed = |no_relu: bool, colours| Look::new(!no_relu, colours, ScaleChoice::Own, ALPHA);
        assert_eq!(typed(false, None), Look::default());
        assert_eq!(typed(true, None).colours, ColourMap::RedBlue);
        let chosen = typed(true, Some(ColourMap::Magma));
        assert_eq!(chosen.colours, ColourMap::Magma);
        assert!(chosen.shown(&map(&[-3.0, -1.0])).is_some());
        assert!(typed(false, None).shown(&map(&[-3.0, -1.0])).is_none());
    }
}
