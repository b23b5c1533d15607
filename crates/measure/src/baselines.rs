use crate::{
    figures::{energy_share, gaussian, strongest, uniform},
    tally::Tally,
    truth::Truth,
    two_breeds::Sides,
};

/// Two maps that know nothing of the picture, measured as the methods are: one that is the same everywhere, and a centred
/// Gaussian.
#[derive(Debug, Clone)]
pub struct Baselines {
    size: usize,
    level: Vec<f64>,
    centred: Vec<f64>,
    of_level: Tally,
    of_centred: Tally,
}

impl Baselines {
    /// Nothing gathered yet, for squares of `size` × `size` pixels.
    pub fn new(size: usize) -> Self {
        Self {
            size,
            level: uniform(size),
            centred: gaussian(size),
            of_level: Tally::new("uniform"),
            of_centred: Tally::new("centred Gaussian"),
        }
    }

    /// Adds a picture of which `truth` is known.
    pub fn add(&mut self, truth: &Truth) {
        if let Some(inside) = &truth.animal {
            self.of_level
                .energy
                .extend(energy_share(&self.level, inside));
            self.of_centred
                .energy
                .extend(energy_share(&self.centred, inside));
        }
        // A level map has no strongest point: any of them may be.
        self.of_level.pointing.extend(truth.head_share(self.size));
        let on_head = truth.is_on_head(strongest(&self.centred, self.size), self.size);
        self.of_centred.pointing.extend(on_head.map(f64::from));
    }

    /// Adds a picture of two breeds.
    pub fn add_two_breeds(&mut self, sides: &Sides) {
        for (tally, map) in [
            (&mut self.of_level, &self.level),
            (&mut self.of_centred, &self.centred),
        ] {
            let shares = sides.pixels.iter();
            tally.add_shares(shares.filter_map(|side| energy_share(map, side)).collect());
        }
    }

    /// Tallies: of the level map, then of the Gaussian.
    pub fn into_tallies(self) -> [Tally; 2] {
        [self.of_level, self.of_centred]
    }
}
