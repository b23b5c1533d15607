//! A network's answer about a picture, and the maps of where it looked.

use crate::{
    asked::{AskedBatch, AskedPicture},
    cli::ViewArgs,
    network::{NotANumber, SavedNetwork, batch_of},
    pictures::{Picture, normalised},
    smoothing::{Form, forms, mean_and_spread},
};
use cam::{
    Against, Check, Fusion, HeatMap, Method, Score, ShapeError, Target, argmax, fused, softmax,
};
use std::ops::Range;

/// What is asked of every picture.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asking {
    /// The classes.
    pub classes: Classes,
    /// What they are compared with.
    pub against: Against,
    /// What the score of a class is.
    pub score: Score,
    /// Positions of the network's stages whose maps are fused, from the first to the last; none is the last stage alone.
    pub stages: Vec<usize>,
    /// How they are fused.
    pub fusion: Fusion,
    /// Whether maps are the mean of those of eight forms of the picture.
    pub smooth: bool,
}

/// Choice of the classes that a picture is explained for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Classes {
    /// The predicted one, and the true one if it is known and another.
    #[default]
    PredictedAndTrue,
    /// The true one; pictures without one are explained for the predicted one.
    True,
    /// These, by their indices.
    These(Vec<usize>),
}

/// One picture with its maps.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The picture.
    pub picture: Picture,
    /// Probability of each class, in the order of the classes.
    pub probabilities: Vec<f64>,
    /// Index of the most probable class.
    pub predicted: usize,
    /// The maps in the order of the methods; those of one method in the order of the classes asked for.
    pub maps: Vec<ExplainedMap>,
}

/// One map of a picture.
#[derive(Debug, Clone)]
pub struct ExplainedMap {
    /// Method that made it.
    pub method: &'static Method,
    /// The class it is about; `None` for a class-blind map.
    pub class: Option<usize>,
    /// As the method gave it.
    pub raw: HeatMap,
    /// What the method found out about it; of a mean that of the picture as it is.
    pub check: Option<Check>,
    /// Of a mean the standard deviation at each place.
    pub spread: Option<HeatMap>,
}

/// A network's answer that cannot be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The network gave a NaN or an infinity.
    #[error(transparent)]
    NotANumber(#[from] NotANumber),
    /// The network's body has an output without positions.
    #[error("{0}; ask at a larger --size")]
    Shape(#[from] ShapeError),
}

/// Explains some pictures: for those whose frames are equally large, one forward pass through the body together, and for each
/// stage that is asked about one backward pass to it if a method asks for a gradient.
///
/// # Errors
/// See [`ExplainError`].
pub fn explain(
    network: &SavedNetwork,
    pictures: Vec<Picture>,
    asking: &Asking,
    methods: &[&'static Method],
) -> Result<Vec<Explanation>, ExplainError> {
    let mut pictures: Vec<(usize, Picture)> = pictures.into_iter().enumerate().collect();
    pictures.sort_by_key(|(_, picture)| picture.crop.frame);
    let mut explained = Vec::new();
    while let Some((_, first)) = pictures.first() {
        let frame = first.crop.frame;
        let is_alike = |(_, picture): &&(usize, Picture)| picture.crop.frame == frame;
        let alike = pictures.iter().take(batch_of(frame)).take_while(is_alike);
        let (places, batch): (Vec<_>, Vec<_>) = pictures.drain(..alike.count()).unzip();
        let batch = explain_batch(network, batch, frame, asking, methods)?;
        explained.extend(places.into_iter().zip(batch));
    }
    explained.sort_by_key(|(place, _)| *place);
    Ok(explained.into_iter().map(|(_, one)| one).collect())
}

/// Explains pictures whose frames all have this width and height.
fn explain_batch(
    network: &SavedNetwork,
    mut pictures: Vec<Picture>,
    frame: [usize; 2],
    asking: &Asking,
    methods: &[&'static Method],
) -> Result<Vec<Explanation>, ExplainError> {
    let looked = look(network, &pictures, frame, asking, None, methods)?;
    let Looked {
        logits,
        targets,
        mut maps,
    } = looked;
    if asking.smooth {
        let originals: Vec<_> = pictures
            .iter()
            .map(|picture| picture.frame.clone())
            .collect();
        let mut of_forms = vec![maps];
        let forms = forms(frame);
        for form in &forms[1..] {
            for (picture, original) in pictures.iter_mut().zip(&originals) {
                picture.frame = form.of(original, frame);
            }
            of_forms.push(look(network, &pictures, frame, asking, Some(&targets), methods)?.maps);
        }
        for (picture, original) in pictures.iter_mut().zip(originals) {
            picture.frame = original;
        }
        maps = smoothed(of_forms, &forms, frame);
    }
    let explained = pictures.into_iter().zip(logits).zip(maps);
    Ok(explained
        .map(|((picture, logits), maps)| Explanation {
            picture,
            probabilities: softmax(&logits),
            predicted: argmax(&logits),
            maps,
        })
        .collect())
}

/// A network's answers to some pictures: for each its logits, what it was asked about, and the maps.
struct Looked {
    logits: Vec<Vec<f32>>,
    targets: Vec<Vec<Target>>,
    maps: Vec<Vec<ExplainedMap>>,
}

/// Asks about `targets`, or about those that follow from the answers.
fn look(
    network: &SavedNetwork,
    pictures: &[Picture],
    frame: [usize; 2],
    asking: &Asking,
    targets: Option<&[Vec<Target>]>,
    methods: &[&'static Method],
) -> Result<Looked, ExplainError> {
    let frames = normalised(pictures, &network.normalisation());
    let answers = network.look_at(&asking.stages, frames, frame);
    let names = pictures.iter().map(|picture| picture.file.name.as_str());
    answers[0].check(names)?;
    let logits = &answers[0].logits;
    let of_picture =
        |(picture, logits): (&Picture, &Vec<f32>)| asking.targets(logits, picture.file.true_class);
    let targets = targets.map_or_else(
        || pictures.iter().zip(logits).map(of_picture).collect(),
        <[_]>::to_vec,
    );
    let batches = AskedBatch::of_stages(network, &answers, pictures, &targets)?;
    // For each stage all pictures and targets.
    let stages: Vec<Vec<AskedPicture>> = batches
        .iter()
        .map(|batch| batch.asked().collect())
        .collect();
    let mut from = 0;
    let maps = targets
        .iter()
        .map(|targets| {
            let places = from..from + targets.len();
            from = places.end;
            maps(&stages, places, asking.fusion, methods)
        })
        .collect();
    Ok(Looked {
        logits: logits.clone(),
        targets,
        maps,
    })
}

/// For each picture the mean of its maps of all `forms`, of which the first is the picture as it is.
fn smoothed(
    of_forms: Vec<Vec<Vec<ExplainedMap>>>,
    forms: &[Form],
    frame: [usize; 2],
) -> Vec<Vec<ExplainedMap>> {
    let mut smoothed = of_forms[0].clone();
    for (picture, maps) in smoothed.iter_mut().enumerate() {
        for (place, map) in maps.iter_mut().enumerate() {
            let back = |(form, maps): (&Form, &Vec<Vec<ExplainedMap>>)| {
                form.back(&maps[picture][place].raw, frame)
            };
            let back: Vec<HeatMap> = forms.iter().zip(&of_forms).map(back).collect();
            let [mean, spread] = mean_and_spread(&back);
            map.raw = mean;
            map.spread = Some(spread);
        }
    }
    smoothed
}

/// The maps of one picture, whose targets are at `places` of each of the `stages`.
fn maps(
    stages: &[Vec<AskedPicture>],
    places: Range<usize>,
    fusion: Fusion,
    methods: &[&'static Method],
) -> Vec<ExplainedMap> {
    let mut maps = Vec::new();
    for method in methods {
        let is_class_specific = method.is_class_specific();
        let count = if is_class_specific { places.len() } else { 1 };
        for place in places.clone().take(count) {
            let stages = if method.is_of_a_layer() {
                stages
            } else {
                &stages[..1]
            };
            let of_stages = stages.iter().map(|asked| method.checked_map(&asked[place]));
            let (of_stages, checks): (Vec<_>, Vec<_>) = of_stages.unzip();
            maps.push(ExplainedMap {
                method,
                class: is_class_specific.then(|| stages[0][place].target().class),
                raw: fused(&of_stages, fusion),
                check: checks.into_iter().flatten().next(),
                spread: None,
            });
        }
    }
    maps
}

impl Asking {
    /// The targets that were typed, for the predicted and the true class and the last stage.
    pub fn of(arguments: &ViewArgs) -> Self {
        Self {
            against: if arguments.finer {
                Against::Nearest
            } else {
                Against::Nothing
            },
            score: if arguments.softmax {
                Score::Probability
            } else {
                Score::Logit
            },
            fusion: arguments.fuse.map_or_else(Fusion::default, Fusion::from),
            smooth: arguments.smooth,
            ..Self::default()
        }
    }

    /// What stands behind the name of a class whose map it is: ` against beagle`, or nothing.
    pub fn contrast(&self, classes: &[String]) -> String {
        match self.against {
            Against::Nothing => String::new(),
            Against::Class(class) => format!(" against {}", classes[class]),
            Against::Nearest | Against::Settled(_) => " against the nearest".to_owned(),
        }
    }

    /// Sentences for pages about what is not as usual; `layers` are the names of the stages.
    pub fn notes(&self, classes: &[String], layers: &[String]) -> Vec<String> {
        let mut notes = Vec::new();
        match self.against {
            Against::Nothing => {}
            Against::Class(class) => notes.push(format!(
                "Maps explain how far a class is ahead of {}.",
                classes[class]
            )),
            Against::Nearest | Against::Settled(_) => notes.push(
                "Maps explain how far a class is ahead of the three with the nearest logits (Finer-CAM)."
                    .to_owned(),
            ),
        }
        if self.score == Score::Probability {
            notes.push("The score of a class is its probability, not its logit.".to_owned());
        }
        match &self.stages[..] {
            [] => {}
            [_] => notes.push(format!("Maps are those of {}.", layers.join(", "))),
            _ => notes.push(match self.fusion {
                Fusion::Maximum => format!(
                    "Maps are the strongest at each place of those of {}, each scaled to its largest value.",
                    layers.join(", ")
                ),
                Fusion::Product => format!(
                    "Maps are the product of those of {}, each scaled to its smallest and largest value (RefineCAM).",
                    layers.join(", ")
                ),
            }),
        }
        if self.smooth {
            notes.push(
                "Maps are the mean over eight forms of what the network sees: as it is, mirrored, shifted four ways by a 24th of \
                 its short side, 10 % darker and brighter. The .spread.npy files have the standard deviation. Answers are \
                 those to the pictures as they are."
                    .to_owned(),
            );
        }
        notes
    }

    /// What there is to know of some of the `methods` before their maps are looked at: sentences without their full stop.
    pub fn cautions(&self, methods: &[&'static Method]) -> Vec<String> {
        let with_caution = methods.iter().filter_map(|method| {
            let caution = method.caution()?;
            Some(format!("{} {caution}", method.title()))
        });
        let of_no_layer = methods.iter().filter(|method| {
            let is_layer_named = !self.stages.is_empty();
            is_layer_named && !method.is_of_a_layer()
        });
        let of_no_layer = of_no_layer.map(|method| {
            let title = method.title();
            format!("{title} looks at no layer: its map is the same whatever --layer says")
        });
        with_caution.chain(of_no_layer).collect()
    }

    /// What a picture with this answer and this true class is asked about.
    fn targets(&self, logits: &[f32], truth: Option<usize>) -> Vec<Target> {
        let classes = self.classes.of(argmax(logits), truth).into_iter();
        classes
            .map(|class| self.target(class).settled(logits))
            .collect()
    }

    /// The target about `class`.
    pub fn target(&self, class: usize) -> Target {
        Target {
            class,
            against: self.against,
            score: self.score,
        }
    }
}

impl Classes {
    fn of(&self, predicted: usize, truth: Option<usize>) -> Vec<usize> {
        match self {
            Self::These(classes) => classes.clone(),
            Self::True => vec![truth.unwrap_or(predicted)],
            Self::PredictedAndTrue => {
                let truth = truth.filter(|truth| *truth != predicted);
                [predicted].into_iter().chain(truth).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{network::tests::untrained, pictures::PictureFile};
    use cam::method;
    use image::{Rgb, RgbImage};
    use pictures::{
        decode::Turn,
        transform::{CropMap, Draws, Padding, View, apply_to_frame},
    };
    use std::path::Path;

    #[test]
    fn pictures_of_any_shape_are_explained_in_their_order_as_each_alone() {
        let network = untrained();
        let picture = |number: usize, width: u32, height: u32| {
            let pixels = RgbImage::from_fn(width, height, |x, y| {
                Rgb([x, y, x + y].map(|value| (7 * value as usize + 40 * number) as u8))
            });
            let view = View::Whole { stride: 32 };
            let crop = CropMap::of(view, width as usize, height as usize, 32);
            let draws = Draws::validation();
            Picture {
                file: PictureFile::without_class(Path::new(""), &number.to_string()),
                digest: String::new(),
                turned: Turn::NONE,
                upright: Turn::NONE,
                frame: apply_to_frame(&pixels, 32, crop.frame, Padding::Reflection, &draws),
                crop,
                pixels,
            }
        };
        let shapes = [(64, 32), (32, 32), (80, 40), (20, 160), (32, 33), (9, 9)];
        let all: Vec<Picture> = (0..)
            .zip(shapes)
            .map(|(number, (width, height))| picture(number, width, height))
            .collect();
        let methods = [method("grad-cam").unwrap()];
        let asking = Asking::default();
        let together = explain(&network, all.clone(), &asking, &methods).unwrap();
        let cells = together.iter().map(|one| {
            let raw = &one.maps[0].raw;
            [raw.width, raw.height]
        });
        let expected = [[2, 1], [1, 1], [2, 1], [1, 8], [1, 2], [1, 1]];
        assert_eq!(cells.collect::<Vec<_>>(), expected);
        for (one, picture) in together.iter().zip(all) {
            assert_eq!(one.picture.file, picture.file);
            let alone = explain(&network, vec![picture], &asking, &methods).unwrap();
            // How many pictures go together may change the last bit of f32.
            let difference = alone[0].probabilities[0] - one.probabilities[0];
            assert!(difference.abs() < 1e-6, "{difference}");
            let [raw, other] = [&alone[0].maps[0].raw, &one.maps[0].raw];
            let largest = raw
                .values
                .iter()
                .fold(0.0f32, |most, value| most.max(value.abs()));
            for (value, other) in raw.values.iter().zip(&other.values) {
                assert!(
                    (value - other).abs() <= 1e-4 * largest,
                    "{value} and {other}"
                );
            }
        }
    }

    #[test]
    fn the_true_class_is_asked_about_only_where_it_is_not_the_predicted_one() {
        assert_eq!(Classes::PredictedAndTrue.of(2, Some(2)), [2]);
        assert_eq!(Classes::PredictedAndTrue.of(2, Some(0)), [2, 0]);
        assert_eq!(Classes::PredictedAndTrue.of(2, None), [2]);
        assert_eq!(Classes::True.of(2, Some(0)), [0]);
        assert_eq!(Classes::These(vec![1, 0]).of(2, Some(2)), [1, 0]);
    }
}
