//! Batches that a step or a validation takes.

/// Normalised pictures and the indices of their classes.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledBatch {
    /// `[N, 3, size, size]`, row-major.
    pub pictures: Vec<f32>,
    /// Classes of the N pictures.
    pub targets: Targets,
    /// Side of a picture in pixels.
    pub size: usize,
}

/// Indices of the classes that a network should find in N pictures.
#[derive(Debug, Clone, PartialEq)]
pub enum Targets {
    /// One class for each picture.
    Classes(Vec<usize>),
    /// Two classes for each picture, which is a mixture of two (MixUp).
    Mixed {
        /// Class of the one picture.
        first: Vec<usize>,
        /// Class of the other picture.
        second: Vec<usize>,
        /// Share of the first in the mixture, from 0 to 1.
        share: Vec<f32>,
    },
    /// One class for each picture, and a factor for the logarithm of each probability in the loss, whose sum it is: smoothed
    /// labels, weighted classes.
    Factors {
        /// Class of each picture; of a mixture the one with the greater share.
        classes: Vec<usize>,
        /// `[N, C]`, row-major.
        factors: Vec<f32>,
    },
}

impl Targets {
    /// Number of pictures.
    pub fn len(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.len(),
            Self::Mixed { first, .. } => first.len(),
            Self::Factors { classes, .. } => classes.len(),
        }
    }

    /// True if there is no picture.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Class of picture `index`; of a mixture the one with the greater share.
    pub fn class(&self, index: usize) -> usize {
        match self {
            Self::Classes(classes) | Self::Factors { classes, .. } => classes[index],
            Self::Mixed { first, share, .. } if share[index] >= 0.5 => first[index],
            Self::Mixed { second, .. } => second[index],
        }
    }

    /// Classes of picture `index` with their shares, which sum to one.
    pub fn shares(&self, index: usize) -> Vec<(usize, f64)> {
        match self {
            Self::Classes(classes) | Self::Factors { classes, .. } => vec![(classes[index], 1.0)],
            Self::Mixed {
                first,
                second,
                share,
            } => {
                let share = f64::from(share[index]);
                vec![(first[index], share), (second[index], 1.0 - share)]
            }
        }
    }

    /// Targets of the first `count` pictures.
    fn first(&self, count: usize) -> Self {
        match self {
            Self::Classes(classes) => Self::Classes(classes[..count].to_vec()),
            Self::Mixed {
                first,
                second,
                share,
            } => Self::Mixed {
                first: first[..count].to_vec(),
                second: second[..count].to_vec(),
                share: share[..count].to_vec(),
            },
            Self::Factors { classes, factors } => Self::Factors {
                classes: classes[..count].to_vec(),
                factors: factors[..count * factors.len() / classes.len().max(1)].to_vec(),
            },
        }
    }
}

impl LabelledBatch {
    /// `count` grey pictures of `classes` classes in turn, for measuring a step.
    pub fn grey(count: usize, classes: usize, size: usize) -> Self {
        Self {
            pictures: vec![0.5; count * 3 * size * size],
            targets: Targets::Classes((0..count).map(|picture| picture % classes).collect()),
            size,
        }
    }

    /// The first `count` pictures, or all.
    pub fn first(&self, count: usize) -> Self {
        let count = count.min(self.len());
        Self {
            pictures: self.pictures[..count * 3 * self.size * self.size].to_vec(),
            targets: self.targets.first(count),
            size: self.size,
        }
    }

    /// Number of pictures.
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// True if no picture is left in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
