//! An explanation without its picture, as one process hands it to another.

use crate::{
    explanation::{ExplainedMap, Explanation},
    pictures::Picture,
};
use cam::HeatMap;
use serde::{Deserialize, Serialize};

/// What a network said of a picture that every process has.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Mapped {
    probabilities: Vec<f64>,
    predicted: usize,
    maps: Vec<MappedMap>,
}

/// See [`ExplainedMap`]. What a method found out about its map, and the spread of a mean, stay where they were made: no figure
/// is about them.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct MappedMap {
    /// Name of the method.
    method: String,
    class: Option<usize>,
    height: usize,
    width: usize,
    values: Vec<f32>,
}

impl Mapped {
    /// The explanation of `picture`.
    pub fn of(self, picture: Picture) -> Explanation {
        let maps = self.maps.into_iter();
        let maps = maps.filter_map(|map| {
            Some(ExplainedMap {
                method: cam::method(&map.method)?,
                class: map.class,
                raw: HeatMap {
                    height: map.height,
                    width: map.width,
                    values: map.values,
                },
                check: None,
                spread: None,
            })
        });
        Explanation {
            picture,
            probabilities: self.probabilities,
            predicted: self.predicted,
            maps: maps.collect(),
        }
    }
}

impl From<Explanation> for Mapped {
    fn from(explanation: Explanation) -> Self {
        let maps = explanation.maps.into_iter().map(|map| MappedMap {
            method: map.method.name().to_owned(),
            class: map.class,
            height: map.raw.height,
            width: map.raw.width,
            values: map.raw.values,
        });
        Self {
            probabilities: explanation.probabilities,
            predicted: explanation.predicted,
            maps: maps.collect(),
        }
    }
}
