use crate::{
    figures::{correlation, energy_share, rank_correlation, strongest},
    removal::Areas,
    truth::Truth,
    two_breeds::Sides,
};
use cam::HeatMap;

/// Figures gathered of one method or baseline, one for each picture that has them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// The method or baseline, as printed.
    pub title: String,
    /// What made its maps.
    pub kind: Kind,
    /// Shares of the energy inside the animal.
    pub energy: Vec<f64>,
    /// 1 where the strongest point is on the head, else 0; a baseline may have probabilities.
    pub pointing: Vec<f64>,
    /// Shares of the energy on the right one of two animals: the mean over both.
    pub right_animal: Vec<f64>,
    /// The same, map by map.
    pub right_animal_maps: Vec<f64>,
    /// Correlations with the map of a network with a shuffled head.
    pub shuffled: Vec<f64>,
    /// The same of ranks.
    pub shuffled_ranks: Vec<f64>,
    /// Areas under the curve of deletion, one for each picture that all methods and baselines were tried on.
    pub deletion: Vec<f64>,
    /// Areas under that of insertion.
    pub insertion: Vec<f64>,
    /// Correlations of the map for the class said with that for the runner-up.
    pub runner_up: Vec<f64>,
    /// Correlations with the map of the mirrored picture, mirrored back.
    pub mirrored: Vec<f64>,
    /// Correlations with the map of the picture that was shifted by a pixel.
    pub shifted: Vec<f64>,
    /// Shares of the energy on the right one of four pictures, one for each grid: the mean over its four maps.
    pub grid: Vec<f64>,
    /// Number of maps.
    pub maps: MapCount,
}

/// What makes a map.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// A method whose map is about a class.
    #[default]
    ClassSpecific,
    /// A method whose map is the same for all classes.
    ClassBlind,
    /// Something that knows nothing of the network.
    Baseline,
}

/// Number of maps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MapCount {
    /// All of them.
    pub all: usize,
    /// Those of them that have no positive value.
    pub without_evidence: usize,
}

impl Tally {
    /// Nothing gathered yet.
    pub fn new(title: &str, kind: Kind) -> Self {
        Self {
            title: title.to_owned(),
            kind,
            ..Self::default()
        }
    }

    /// Adds the map of a picture of which `truth` is known.
    pub fn add(&mut self, map: &HeatMap, truth: &Truth) {
        let energy = map.rectified().spread(truth.frame);
        let inside = truth.animal.as_ref();
        self.energy
            .extend(inside.and_then(|inside| energy_share(&energy, inside)));
        let on_head = truth.is_on_head(strongest(&energy, truth.frame));
        // A map without evidence points nowhere.
        self.pointing
            .extend(on_head.map(|hit| f64::from(hit && map.has_positive())));
        self.maps.add(map);
    }

    /// Adds the correlations of a map with that of the network with a shuffled head, unless one of them is level.
    pub fn add_shuffled(&mut self, map: &HeatMap, shuffled: &HeatMap) {
        self.shuffled
            .extend(correlation(&map.values, &shuffled.values));
        self.shuffled_ranks
            .extend(rank_correlation(&map.values, &shuffled.values));
    }

    /// Adds the areas of a map.
    pub fn add_areas(&mut self, areas: Areas) {
        self.deletion.push(areas.deletion);
        self.insertion.push(areas.insertion);
    }

    /// Adds the maps of one picture of two breeds, each with its class; `None` is a class-blind map, which stands for both.
    /// Returns class and share on that class's side of each map that has energy.
    pub fn add_two_breeds<'a>(
        &mut self,
        maps: impl IntoIterator<Item = (&'a HeatMap, Option<usize>)>,
        sides: &Sides,
    ) -> Vec<(usize, f64)> {
        let mut shares = Vec::new();
        for (map, about) in maps {
            let energy = map.rectified().spread(sides.frame);
            for (class, side) in sides.classes.iter().zip(&sides.pixels) {
                if about.is_some_and(|about| about != *class) {
                    continue;
                }
                self.maps.add(map);
                shares.extend(energy_share(&energy, side).map(|share| (*class, share)));
            }
        }
        self.add_shares(shares.iter().map(|(_, share)| *share).collect());
        shares
    }

    /// Adds the shares on the right animal of one picture's maps, and their mean.
    pub(crate) fn add_shares(&mut self, shares: Vec<f64>) {
        if !shares.is_empty() {
            self.right_animal
                .push(shares.iter().sum::<f64>() / shares.len() as f64);
        }
        self.right_animal_maps.extend(shares);
    }
}

impl MapCount {
    fn add(&mut self, map: &HeatMap) {
        self.all += 1;
        self.without_evidence += usize::from(!map.has_positive());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(values: [f32; 2]) -> HeatMap {
        HeatMap {
            height: 1,
            width: 2,
            values: values.to_vec(),
        }
    }

    /// The left pixels of a square of two by two.
    fn left() -> Vec<Option<bool>> {
        [true, false, true, false].map(Some).to_vec()
    }

    #[test]
    fn a_map_is_measured_against_animal_and_head() {
        let truth = Truth {
            frame: [2, 2],
            animal: Some(left()),
            misfit: None,
            head: Some([-0.5, -0.5, 0.5, 0.5]),
        };
        let mut tally = Tally::new("Grad-CAM", Kind::ClassSpecific);
        tally.add(&map([3.0, 1.0]), &truth);
        tally.add(&map([-1.0, 1.0]), &truth);
        tally.add(&map([-1.0, -2.0]), &truth);
        assert_eq!(tally.energy, [0.75, 0.0]);
        assert_eq!(tally.pointing, [1.0, 0.0, 0.0]);
        let maps = MapCount {
            all: 3,
            without_evidence: 1,
        };
        assert_eq!(tally.maps, maps);
    }

    #[test]
    fn each_map_of_two_breeds_is_measured_on_its_own_side_and_a_class_blind_one_on_both() {
        let right = left().iter().map(|is_left| is_left.map(|is| !is)).collect();
        let sides = Sides {
            frame: [2, 2],
            classes: [4, 7],
            pixels: [left(), right],
        };
        let mut tally = Tally::new("Grad-CAM", Kind::ClassSpecific);
        let (one, other) = (map([3.0, 1.0]), map([1.0, 1.0]));
        let shares = tally.add_two_breeds([(&one, Some(4)), (&other, Some(7))], &sides);
        assert_eq!(shares, [(4, 0.75), (7, 0.5)]);
        assert_eq!(tally.right_animal, [0.625]);
        let blind = tally.add_two_breeds([(&one, None)], &sides);
        assert_eq!(blind, [(4, 0.75), (7, 0.25)]);
        assert_eq!(tally.right_animal_maps, [0.75, 0.5, 0.75, 0.25]);
        assert_eq!(tally.maps.all, 4);
    }
}
