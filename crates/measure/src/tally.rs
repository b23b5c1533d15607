use crate::{
    figures::{energy_share, rank_correlation, strongest},
    measures::{
        ENERGY, MEASURES, MOSTLY_RIGHT, Measure, POINTING, RIGHT_ANIMAL, SHUFFLED, SHUFFLED_RANKS,
    },
    truth::Truth,
    two_breeds::Sides,
};
use cam::{HeatMap, correlation};
use serde::{Deserialize, Serialize};

/// Share of a map's energy from which on it counts as lying on the right animal.
const MOSTLY: f64 = 0.8;

/// Figures gathered of one method or baseline.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// The method or baseline, as printed.
    pub title: String,
    /// What made its maps.
    pub kind: Kind,
    /// Number of maps.
    pub maps: MapCount,
    values: Vec<Value>,
}

/// One figure of one map.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Value {
    pub(crate) measure: &'static Measure,
    pub(crate) about: About,
    pub(crate) value: f64,
}

/// What a map is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Name of the picture.
    pub picture: String,
    /// Name of the class.
    pub class: String,
}

/// The figures of a tally on their way to another process.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Told {
    maps: [usize; 2],
    /// Name of the measure, what the map is about, the figure.
    values: Vec<(String, About, f64)>,
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

impl About {
    /// The map of `picture` for `class`.
    pub fn new(picture: &str, class: &str) -> Self {
        Self {
            picture: picture.to_owned(),
            class: class.to_owned(),
        }
    }
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

    /// Adds one figure of a map; `None` is one that the map does not have.
    pub fn add(&mut self, measure: &'static Measure, about: &About, value: Option<f64>) {
        self.values.extend(value.map(|value| Value {
            measure,
            about: about.clone(),
            value,
        }));
    }

    /// Adds the map of a picture of which `truth` is known.
    pub fn add_map(&mut self, about: &About, map: &HeatMap, truth: &Truth) {
        let energy = map.rectified().spread(truth.frame);
        let inside = truth.animal.as_ref();
        let share = inside.and_then(|inside| energy_share(&energy, inside));
        self.add(&ENERGY, about, share);
        let on_head = truth.is_on_head(strongest(&energy, truth.frame));
        // A map without evidence points nowhere.
        let on_head = on_head.map(|hit| f64::from(hit && map.has_positive()));
        self.add(&POINTING, about, on_head);
        self.maps.add(map);
    }

    /// Adds the correlations of a map with that of the network with a shuffled head, unless one of them is level.
    pub fn add_shuffled(&mut self, about: &About, map: &HeatMap, shuffled: &HeatMap) {
        let (map, shuffled) = (&map.values, &shuffled.values);
        self.add(&SHUFFLED, about, correlation(map, shuffled));
        self.add(&SHUFFLED_RANKS, about, rank_correlation(map, shuffled));
    }

    /// Adds the maps of one picture of two breeds, each with its class; `None` is a class-blind map, which stands for both.
    /// `names` are those of all classes. Returns class and share on that class's side of each map that has energy.
    pub fn add_two_breeds<'a>(
        &mut self,
        picture: &str,
        names: &[String],
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
                let share = energy_share(&energy, side);
                self.add_right_animal(&About::new(picture, &names[*class]), share);
                shares.extend(share.map(|share| (*class, share)));
            }
        }
        shares
    }

    /// Adds the share of a map on the right animal.
    pub(crate) fn add_right_animal(&mut self, about: &About, share: Option<f64>) {
        self.add(&RIGHT_ANIMAL, about, share);
        let is_mostly = share.map(|share| f64::from(share >= MOSTLY));
        self.add(&MOSTLY_RIGHT, about, is_mostly);
    }

    /// What was gathered, for [`Tally::append`].
    pub fn told(self) -> Told {
        let told = |value: Value| (value.measure.name.to_owned(), value.about, value.value);
        Told {
            maps: [self.maps.all, self.maps.without_evidence],
            values: self.values.into_iter().map(told).collect(),
        }
    }

    /// Adds what another tally has gathered, in its order.
    pub fn append(&mut self, told: Told) {
        self.maps.all += told.maps[0];
        self.maps.without_evidence += told.maps[1];
        for (name, about, value) in told.values {
            let measure = MEASURES.iter().find(|measure| measure.name == name);
            let measure = measure.expect("both processes are this program");
            self.add(measure, &about, Some(value));
        }
    }

    /// Everything gathered, in the order in which it was.
    pub(crate) fn values(&self) -> &[Value] {
        &self.values
    }

    /// The figure of each picture in the order in which they were gathered: the mean over the maps of a picture.
    pub(crate) fn of_pictures(&self, measure: &Measure) -> Vec<(&str, f64)> {
        let of_measure: Vec<&Value> = self
            .values
            .iter()
            .filter(|one| one.measure == measure)
            .collect();
        let pictures = of_measure.chunk_by(|a, b| a.about.picture == b.about.picture);
        pictures
            .map(|values| {
                let sum: f64 = values.iter().map(|one| one.value).sum();
                let picture = values[0].about.picture.as_str();
                (picture, sum / values.len() as f64)
            })
            .collect()
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

    fn values(tally: &Tally, measure: &Measure) -> Vec<f64> {
        let of_measure = tally.values.iter().filter(|one| one.measure == measure);
        of_measure.map(|one| one.value).collect()
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
        for values in [[3.0, 1.0], [-1.0, 1.0], [-1.0, -2.0]] {
            tally.add_map(&About::default(), &map(values), &truth);
        }
        assert_eq!(values(&tally, &ENERGY), [0.75, 0.0]);
        assert_eq!(values(&tally, &POINTING), [1.0, 0.0, 0.0]);
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
            classes: [0, 1],
            pixels: [left(), right],
        };
        let names = ["pug", "beagle"].map(str::to_owned);
        let mut tally = Tally::new("Grad-CAM", Kind::ClassSpecific);
        let (one, other) = (map([4.0, 1.0]), map([1.0, 1.0]));
        let maps = [(&one, Some(0)), (&other, Some(1))];
        let shares = tally.add_two_breeds("a", &names, maps, &sides);
        assert_eq!(shares, [(0, 0.8), (1, 0.5)]);
        assert_eq!(tally.of_pictures(&RIGHT_ANIMAL), [("a", 0.65)]);
        let blind = tally.add_two_breeds("b", &names, [(&one, None)], &sides);
        assert_eq!(blind, [(0, 0.8), (1, 0.2)]);
        assert_eq!(values(&tally, &RIGHT_ANIMAL), [0.8, 0.5, 0.8, 0.2]);
        assert_eq!(tally.of_pictures(&MOSTLY_RIGHT), [("a", 0.5), ("b", 0.5)]);
        assert_eq!(tally.maps.all, 4);
    }
}
