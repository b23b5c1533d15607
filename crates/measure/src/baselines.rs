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
    /// Width and height of the frame that the two maps were made for, the last one's.
    frame: [usize; 2],
    level: Vec<f64>,
    centred: Vec<f64>,
    of_level: Tally,
    of_centred: Tally,
}

impl Default for Baselines {
    /// Nothing gathered yet.
    fn default() -> Self {
        Self {
            frame: [0; 2],
            level: Vec::new(),
            centred: Vec::new(),
            of_level: Tally::new("uniform"),
            of_centred: Tally::new("centred Gaussian"),
        }
    }
}

impl Baselines {
    /// Adds a picture of which `truth` is known.
    pub fn add(&mut self, truth: &Truth) {
        self.fit(truth.frame);
        if let Some(inside) = &truth.animal {
            self.of_level
                .energy
                .extend(energy_share(&self.level, inside));
            self.of_centred
                .energy
                .extend(energy_share(&self.centred, inside));
        }
        // A level map has no strongest point: any of them may be.
        self.of_level.pointing.extend(truth.head_share());
        let on_head = truth.is_on_head(strongest(&self.centred, truth.frame));
        self.of_centred.pointing.extend(on_head.map(f64::from));
    }

    /// Adds a picture of two breeds.
    pub fn add_two_breeds(&mut self, sides: &Sides) {
        self.fit(sides.frame);
        for (tally, map) in [
            (&mut self.of_level, &self.level),
            (&mut self.of_centred, &self.centred),
        ] {
            let shares = sides.pixels.iter();
            tally.add_shares(shares.filter_map(|side| energy_share(map, side)).collect());
        }
    }

    /// Makes the two maps for a frame, unless they are.
    fn fit(&mut self, frame: [usize; 2]) {
        if self.frame != frame {
            self.frame = frame;
            self.level = uniform(frame);
            self.centred = gaussian(frame);
        }
    }

    /// Tallies: of the level map, then of the Gaussian.
    pub fn into_tallies(self) -> [Tally; 2] {
        [self.of_level, self.of_centred]
    }
}
