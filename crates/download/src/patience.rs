use std::time::Duration;

/// The waiting that a bad connection is worth.
pub(crate) struct Patience {
    /// Pauses before each further try without a byte gained in between. The first is short: most connections are back at once.
    pub(crate) pauses: Vec<Duration>,
    /// Silence after which a connection counts as broken.
    pub(crate) silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            pauses: [0, 1, 3, 10, 30].map(Duration::from_secs).to_vec(),
            silence: Duration::from_secs(60),
        }
    }
}
