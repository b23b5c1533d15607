//! Batches that a step or a validation takes.

use std::ops::Range;

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

/// The pictures that this process has of a batch, with their place in the whole.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchPart {
    /// The pictures; there may be none.
    pub batch: LabelledBatch,
    /// Pictures of the whole before them.
    pub before: usize,
    /// Pictures of the whole.
    pub all: usize,
    /// Share of their mean loss in the mean loss of the whole.
    pub share: f64,
}

impl BatchPart {
    /// A batch that is not divided.
    pub fn whole(batch: LabelledBatch) -> Self {
        Self {
            before: 0,
            all: batch.len(),
            share: 1.0,
            batch,
        }
    }
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

    /// Targets of the pictures at `places`.
    fn at(&self, places: Range<usize>) -> Self {
        match self {
            Self::Classes(classes) => Self::Classes(classes[places].to_vec()),
            Self::Mixed {
                first,
                second,
                share,
            } => Self::Mixed {
                first: first[places.clone()].to_vec(),
                second: second[places.clone()].to_vec(),
                share: share[places].to_vec(),
            },
            Self::Factors { classes, factors } => {
                let columns = factors.len() / classes.len().max(1);
                Self::Factors {
                    classes: classes[places.clone()].to_vec(),
                    factors: factors[places.start * columns..places.end * columns].to_vec(),
                }
            }
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
        self.at(0..count.min(self.len()))
    }

    /// The pictures at `places`.
    pub fn at(&self, places: Range<usize>) -> Self {
        let length = 3 * self.size * self.size;
        Self {
            pictures: self.pictures[places.start * length..places.end * length].to_vec(),
            targets: self.targets.at(places),
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
