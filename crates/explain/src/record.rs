//! `scores.json`: every number of a set of explanations.

use crate::{
    explanation::{Asking, ExplainedMap, Explanation},
    look::{Look, ScaleChoice},
    smoothing::{Form, forms},
};
use cam::{Against, Check, Fusion, HeatMap, Score};
use checkpoint::{Checkpoint, WEIGHTS_FILE};
use files::sha256_hex;
use pictures::{decode::Turn, transform::View};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The network that numbers come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// The checkpoint's folder, as it was opened.
    pub checkpoint: String,
    /// Training iterations behind it.
    pub iterations: u64,
    /// SHA-256 of its weights.
    pub weights_sha256: String,
    /// Side of the square that the network saw, in pixels; of whole pictures, that for which they were resized.
    pub size: usize,
    /// The part of pictures that it saw: `square` or `whole`.
    #[serde(default = "square")]
    pub view: String,
}

/// The whole of `scores.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoresRecord {
    /// The network.
    pub origin: Origin,
    /// Names of the classes, in the order of the logits.
    pub classes: Vec<String>,
    /// True if evidence against a class was left out of the overlays; the maps have it always.
    pub rectified: bool,
    /// How the overlays are drawn.
    #[serde(default)]
    pub look: LookRecord,
    /// What the maps are about, beside their class.
    #[serde(default)]
    pub target: TargetRecord,
    /// One for each picture.
    pub pictures: Vec<PictureRecord>,
}

/// How overlays are drawn.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LookRecord {
    /// Name of the colour map.
    pub colour_map: String,
    /// Whose smallest and largest value have the first and the last colour: the map's `own`, those of its `method` for the
    /// picture, or `shared` by all of the picture.
    pub scale: String,
    /// Share of the map's colour; the rest is the picture's.
    pub alpha: f64,
}

/// What maps are about, beside their class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRecord {
    /// The score of a class: `logit` or `probability`.
    pub score: String,
    /// The class whose score is taken off, or `nearest` for Finer-CAM's three.
    pub against: Option<String>,
    /// The layers whose maps these are, or of which one map was made; none is the last one of the body.
    pub layers: Vec<String>,
    /// How one map was made of those of several layers: `maximum` or `product`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fusion: Option<String>,
}

/// One picture and everything known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PictureRecord {
    /// Its name, which no other picture here has.
    pub name: String,
    /// Its place when it was explained, with `/` between the parts.
    pub path: String,
    /// SHA-256 of its file.
    pub sha256: String,
    /// Its width in pixels.
    pub width: usize,
    /// Its height in pixels.
    pub height: usize,
    /// The map from the pixels of the frame to those of the picture: `picture = offset + scale * frame`, x and y, whole numbers
    /// at the centres of pixels.
    pub crop: CropRecord,
    /// The turn from these pixels to those of the overlays, which are shown upright, as EXIF counts: 1 is none. Only a network
    /// that was trained with `orientation = "ignore"` sees pictures that are not upright.
    #[serde(default = "no_turn")]
    pub shown: u8,
    /// The class that its name or folder says.
    pub true_class: Option<String>,
    /// The most probable class.
    pub predicted_class: String,
    /// Probabilities by class.
    pub probabilities: BTreeMap<String, f64>,
    /// The forms of the picture whose maps' mean the maps are; none without `--smooth`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forms: Vec<String>,
    /// One for each method and class.
    pub maps: Vec<MapRecord>,
}

/// See [`PictureRecord::crop`]. The frame is what the network saw: a square, or the whole picture and what fills it up.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CropRecord {
    /// Width and height of the frame, in pixels; 0 in records that do not say it, whose frames are squares of the origin's size.
    #[serde(default)]
    pub frame: [usize; 2],
    /// Picture pixels per pixel of the frame.
    pub scale: [f64; 2],
    /// The picture's coordinates of the centre of the frame's first pixel.
    pub offset: [f64; 2],
}

/// One raw map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MapRecord {
    /// The method's name.
    pub method: String,
    /// The class, unless the map is the same for all of them.
    pub class: Option<String>,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Smallest raw value.
    pub minimum: f32,
    /// Largest raw value.
    pub maximum: f32,
    /// File with the raw values, beside this one.
    pub file: String,
    /// SHA-256 of that file.
    pub sha256: String,
    /// The picture under the map, beside this one.
    pub overlay: String,
    /// How much the maps differ whose mean this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<SpreadRecord>,
    /// What the method found out about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckRecord>,
}

/// The standard deviation at each place of maps whose mean is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpreadRecord {
    /// Largest value.
    pub maximum: f32,
    /// File with the values, beside this one.
    pub file: String,
    /// SHA-256 of that file.
    pub sha256: String,
}

/// What a method found out about its map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum CheckRecord {
    /// Of integrated gradients.
    Completeness {
        /// Colour of the baseline.
        baseline: String,
        /// Points of the path.
        steps: usize,
        /// What the map adds up to.
        sum: f64,
        /// The target for the picture less that for the baseline.
        gain: f64,
        /// How far the two are apart.
        gap: f64,
    },
    /// Of RISE.
    Convergence {
        /// Number of masks.
        masks: usize,
        /// Their seed.
        seed: u64,
        /// Correlation of the map of every second mask with that of the others.
        halves: f64,
    },
}

/// The view of records that do not say it.
fn square() -> String {
    "square".to_owned()
}

fn no_turn() -> u8 {
    Turn::NONE.tag()
}

impl Origin {
    /// The origin of numbers from `checkpoint` and what `view` shows it of pictures for squares of `size`.
    pub fn new(checkpoint: &Checkpoint, size: usize, view: View) -> Self {
        let manifest = &checkpoint.manifest;
        Self {
            checkpoint: words::slashes(&checkpoint.folder),
            iterations: manifest.iterations,
            weights_sha256: manifest
                .files
                .get(WEIGHTS_FILE)
                .cloned()
                .unwrap_or_default(),
            size,
            view: match view {
                View::Square => square(),
                View::Whole { .. } => "whole".to_owned(),
            },
        }
    }
}

impl LookRecord {
    /// The record of `look`.
    pub fn new(look: &Look) -> Self {
        Self {
            colour_map: look.colours.name().to_owned(),
            scale: match look.scale {
                ScaleChoice::Own => "own",
                ScaleChoice::Method => "method",
                ScaleChoice::Shared => "shared",
            }
            .to_owned(),
            alpha: look.alpha,
        }
    }
}

impl TargetRecord {
    /// The record of what was asked, of `layers`.
    pub fn new(asking: &Asking, layers: &[String], classes: &[String]) -> Self {
        Self {
            score: match asking.score {
                Score::Logit => "logit".to_owned(),
                Score::Probability => "probability".to_owned(),
            },
            against: match asking.against {
                Against::Nothing => None,
                Against::Class(class) => Some(classes[class].clone()),
                Against::Nearest | Against::Settled(_) => Some("nearest".to_owned()),
            },
            layers: layers.to_vec(),
            fusion: (asking.stages.len() > 1).then(|| match asking.fusion {
                Fusion::Maximum => "maximum".to_owned(),
                Fusion::Product => "product".to_owned(),
            }),
        }
    }
}

impl PictureRecord {
    /// The record of `explanation`, with `maps` in the same order.
    pub fn new(explanation: &Explanation, classes: &[String], maps: Vec<MapRecord>) -> Self {
        let Explanation {
            picture,
            probabilities,
            predicted,
            ..
        } = explanation;
        Self {
            name: picture.file.name.clone(),
            path: words::slashes(&picture.file.path),
            sha256: picture.digest.clone(),
            width: picture.pixels.width() as usize,
            height: picture.pixels.height() as usize,
            crop: CropRecord {
                frame: picture.crop.frame,
                scale: picture.crop.scale,
                offset: picture.crop.offset,
            },
            shown: picture.upright.tag(),
            true_class: picture.file.true_class.map(|class| classes[class].clone()),
            predicted_class: classes[*predicted].clone(),
            probabilities: classes
                .iter()
                .cloned()
                .zip(probabilities.iter().copied())
                .collect(),
            forms: match explanation.maps.iter().any(|map| map.spread.is_some()) {
                true => forms(picture.crop.frame)
                    .into_iter()
                    .map(Form::name)
                    .collect(),
                false => Vec::new(),
            },
            maps,
        }
    }
}

impl MapRecord {
    /// The record of `map`, whose bytes are in `file`.
    pub fn new(
        map: &ExplainedMap,
        classes: &[String],
        file: &str,
        bytes: &[u8],
        overlay: &str,
    ) -> Self {
        let HeatMap { height, width, .. } = map.raw;
        let [minimum, maximum] = map.raw.range();
        Self {
            method: map.method.name().to_owned(),
            class: map.class.map(|class| classes[class].clone()),
            height,
            width,
            minimum,
            maximum,
            file: file.to_owned(),
            sha256: sha256_hex(bytes),
            overlay: overlay.to_owned(),
            spread: None,
            check: map.check.as_ref().map(CheckRecord::new),
        }
    }

    /// The same with the `bytes` of the map's spread, which are in `file`.
    pub fn with_spread(self, spread: &HeatMap, file: &str, bytes: &[u8]) -> Self {
        let spread = SpreadRecord {
            maximum: spread.range()[1],
            file: file.to_owned(),
            sha256: sha256_hex(bytes),
        };
        Self {
            spread: Some(spread),
            ..self
        }
    }
}

impl CheckRecord {
    fn new(check: &Check) -> Self {
        match check {
            Check::Completeness { steps, sum, gain } => Self::Completeness {
                baseline: "mean colour of the training pictures".to_owned(),
                steps: *steps,
                sum: *sum,
                gain: *gain,
                gap: check.gap(),
            },
            Check::Convergence {
                seed,
                correlations,
                halves,
            } => Self::Convergence {
                masks: correlations.last().map_or(0, |(count, _)| *count),
                seed: *seed,
                halves: *halves,
            },
        }
    }
}
