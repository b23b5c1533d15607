//! Batch of pictures for the network.

/// Batch of pictures, ready for the network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// N × 3 × size × size normalised values: pictures, planes red, green, blue, rows from the top.
    pub pictures: Vec<f32>,
    /// Class of each of the N pictures.
    pub labels: Vec<usize>,
    /// Index of each of the N pictures in the data set.
    pub indices: Vec<usize>,
    /// Each picture left out.
    ///
    /// N may be 1 or 0 if pictures were left out; such a batch still counts as one of its epoch.
    pub skipped: Vec<Skipped>,
}

/// A picture that a batch leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its index in the data set.
    pub index: usize,
    /// A sentence that names the file and says what is wrong with it.
    pub reason: String,
}
