//! What a step or a validation takes.

/// Normalised pictures and the indices of their classes.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledBatch {
    /// `[N, 3, size, size]`, row-major.
    pub pictures: Vec<f32>,
    /// Class of each of the N pictures.
    pub labels: Vec<usize>,
    /// Side of a picture in pixels.
    pub size: usize,
}

impl LabelledBatch {
    /// `count` grey pictures of `classes` classes in turn, for measuring a step.
    pub fn grey(count: usize, classes: usize, size: usize) -> Self {
        Self {
            pictures: vec![0.5; count * 3 * size * size],
            labels: (0..count).map(|picture| picture % classes).collect(),
            size,
        }
    }

    /// The first `count` pictures, or all.
    pub fn first(&self, count: usize) -> Self {
        let count = count.min(self.len());
        Self {
            pictures: self.pictures[..count * 3 * self.size * self.size].to_vec(),
            labels: self.labels[..count].to_vec(),
            size: self.size,
        }
    }

    /// Number of pictures.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// True if no picture is left in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
