use crate::{
    baseline_maps::BaselineMaps,
    figures::{energy_share, strongest},
    measures::{ENERGY, POINTING},
    tally::{About, Kind, Tally},
    truth::Truth,
    two_breeds::Sides,
};

/// The figures of the maps that know nothing of the network, measured as the methods are.
#[derive(Debug, Clone)]
pub struct Baselines {
    /// In the order of [`BaselineMaps::TITLES`].
    tallies: [Tally; 4],
}

/// Positions among the baselines.
const UNIFORM: usize = 0;
const RANDOM: usize = 2;

impl Default for Baselines {
    /// Nothing gathered yet.
    fn default() -> Self {
        Self {
            tallies: BaselineMaps::TITLES.map(|title| Tally::new(title, Kind::Baseline)),
        }
    }
}

impl Baselines {
    /// Adds the maps of a picture of which `truth` is known.
    pub fn add(&mut self, about: &About, baselines: &BaselineMaps, truth: &Truth) {
        for (place, (tally, map)) in self.tallies.iter_mut().zip(&baselines.maps).enumerate() {
            let inside = truth.animal.as_ref();
            let share = inside.and_then(|inside| energy_share(map, inside));
            tally.add(&ENERGY, about, share);
            // A level map has no strongest point: any of them may be.
            let on_head = if place == UNIFORM {
                truth.head_share()
            } else {
                truth.is_on_head(strongest(map, truth.frame)).map(f64::from)
            };
            tally.add(&POINTING, about, on_head);
        }
    }

    /// Adds how like two random maps are that have nothing to do with each other. What no network made has no other network:
    /// this stands in its place.
    pub fn add_noise(&mut self, about: &About, baselines: &BaselineMaps) {
        let [one, other] = &baselines.noise;
        self.tallies[RANDOM].add_shuffled(about, one, other);
    }

    /// The tally of the random map, whose rows of likeness are those of noise.
    pub fn random_map(&mut self) -> &mut Tally {
        &mut self.tallies[RANDOM]
    }

    /// Adds the maps of a picture of two breeds; `names` are those of all classes.
    pub fn add_two_breeds(
        &mut self,
        picture: &str,
        names: &[String],
        baselines: &BaselineMaps,
        sides: &Sides,
    ) {
        for (tally, map) in self.tallies.iter_mut().zip(&baselines.maps) {
            for (class, side) in sides.classes.iter().zip(&sides.pixels) {
                let about = About::new(picture, &names[*class]);
                tally.add_right_animal(&about, energy_share(map, side));
            }
        }
    }

    /// The tallies, in the order of [`BaselineMaps::TITLES`].
    pub fn tallies_mut(&mut self) -> &mut [Tally] {
        &mut self.tallies
    }

    /// The tallies, in the order of [`BaselineMaps::TITLES`].
    pub fn tallies(&self) -> &[Tally] {
        &self.tallies
    }
}
