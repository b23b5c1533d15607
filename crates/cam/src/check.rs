/// What a method found out about its own map on the way.
#[derive(Debug, Clone, PartialEq)]
pub enum Check {
    /// Of integrated gradients: the map should add up to what the target gains from the baseline to the picture.
    Completeness {
        /// Points of the path at which a gradient was taken.
        steps: usize,
        /// What the map adds up to.
        sum: f64,
        /// The target for the picture less the target for the baseline.
        gain: f64,
    },
    /// Of RISE: how far chance decides.
    Convergence {
        /// Seed of the masks.
        seed: u64,
        /// For some numbers of masks the correlation of the map of the first so many with that of all.
        correlations: Vec<(usize, f64)>,
        /// Correlation of the map of every second mask with that of the others.
        halves: f64,
    },
}

impl Check {
    /// The completeness gap: how far the map's sum is off; 0 for other checks.
    pub fn gap(&self) -> f64 {
        match self {
            Self::Completeness { sum, gain, .. } => (sum - gain).abs(),
            Self::Convergence { .. } => 0.0,
        }
    }
}
