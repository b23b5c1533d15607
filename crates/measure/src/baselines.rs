use crate::{
    baseline_maps::BaselineMaps,
    figures::{energy_share, strongest},
    tally::{Kind, Tally},
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
    pub fn add(&mut self, baselines: &BaselineMaps, truth: &Truth) {
        for (place, (tally, map)) in self.tallies.iter_mut().zip(&baselines.maps).enumerate() {
            if let Some(inside) = &truth.animal {
                tally.energy.extend(energy_share(map, inside));
            }
            // A level map has no strongest point: any of them may be.
            tally.pointing.extend(if place == UNIFORM {
                truth.head_share()
            } else {
                truth.is_on_head(strongest(map, truth.frame)).map(f64::from)
            });
        }
        // What no network made has no other network: two that have nothing to do with each other are its likeness.
        let [one, other] = &baselines.noise;
        self.tallies[RANDOM].add_shuffled(one, other);
    }

    /// Adds the maps of a picture of two breeds.
    pub fn add_two_breeds(&mut self, baselines: &BaselineMaps, sides: &Sides) {
        for (tally, map) in self.tallies.iter_mut().zip(&baselines.maps) {
            let shares = sides.pixels.iter();
            tally.add_shares(shares.filter_map(|side| energy_share(map, side)).collect());
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
