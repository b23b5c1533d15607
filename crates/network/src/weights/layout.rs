//! Key layouts: how files name the tensors of one and the same network.
//!
//! The canonical layout, used everywhere in this crate, is torchvision's for the body (`conv1.weight`,
//! `bn1.running_var`, `layer1.0.downsample.1.bias`) and the plain head (`fc.weight`, `fc.bias`); fastai's head is
//! `head.2.*`, `head.4.*`, `head.6.*`, `head.8.*`, `head.9.*`, the number being the position in fastai's
//! `nn.Sequential`. `num_batches_tracked`, a counter that torch keeps and never uses with a fixed momentum, is left out.
//!
//! fastai 1 keeps body and head in a `nn.Sequential`, and the body's children in another: `0.0.weight` is the first
//! convolution, `0.4` … `0.7` are the four layers, `1.*` is the head (fastai 1.0.30, `vision/learner.py`,
//! `create_body` and `create_cnn`).

use super::{NamedTensor, StateDict, TensorValues, WeightsError};

/// Renames tensors from any of the layouts known here: torchvision's, fastai 1's, a sequential body under any prefix
/// (`features.0.weight`, `0.weight`), torchvision's under any prefix (`backbone.conv1.weight`). Tensors beside the
/// network keep their names; one whose name is then that of a tensor of the network is left out.
///
/// # Errors
/// Two tensors of the network get the same name.
pub fn to_canonical(state: StateDict) -> Result<StateDict, WeightsError> {
    let body = BodyLayout::find(&state);
    let mut canonical = StateDict::new();
    let mut beside = Vec::new();
    for (name, tensor) in state {
        if name.ends_with(COUNTER) {
            continue;
        }
        let Some(renamed) = body.as_ref().and_then(|body| body.rename(&name)) else {
            beside.push((name, tensor));
            continue;
        };
        if canonical.insert(renamed.clone(), tensor).is_some() {
            return Err(WeightsError::NamedTwice { name: renamed });
        }
    }
    for (name, tensor) in beside {
        if canonical.get(&name).is_none() {
            canonical.insert(name, tensor);
        }
    }
    Ok(canonical)
}

/// fastai 1's layout, as `learn.model.load_state_dict` takes it: `0.0.weight` … `1.9.running_var`, with a counter
/// `num_batches_tracked` (0) for every batch normalisation.
///
/// # Errors
/// A tensor is neither of the body nor of fastai's head.
pub fn to_fastai(canonical: StateDict) -> Result<StateDict, WeightsError> {
    rename_all(canonical, |name| {
        let (first, rest) = name.split_once('.')?;
        if first == "head" {
            return Some(format!("1.{rest}"));
        }
        SEQUENTIAL_BODY
            .iter()
            .find(|(_, child)| *child == first)
            .map(|(at, _)| format!("0.{at}.{rest}"))
    })
    .map_err(|name| WeightsError::NoPlaceInLayout {
        name,
        layout: "fastai",
    })
}

/// torchvision's layout, the head under `fc`: `fc.weight` and `fc.bias` of the plain head, `fc.2.weight` … of fastai's
/// (for a model whose `fc` is that `nn.Sequential`); with counters as in [`to_fastai`].
///
/// # Errors
/// A tensor is neither of the body nor of a head.
pub fn to_torchvision(canonical: StateDict) -> Result<StateDict, WeightsError> {
    rename_all(canonical, |name| {
        let (first, rest) = name.split_once('.')?;
        match first {
            "head" => Some(format!("fc.{rest}")),
            "fc" => Some(name.to_owned()),
            _ => SEQUENTIAL_BODY
                .iter()
                .any(|(_, child)| *child == first)
                .then(|| name.to_owned()),
        }
    })
    .map_err(|name| WeightsError::NoPlaceInLayout {
        name,
        layout: "torchvision",
    })
}

const COUNTER: &str = "num_batches_tracked";

/// Places of torchvision's children in a sequential body; 2 is the ReLU, 3 the pooling.
const SEQUENTIAL_BODY: [(&str, &str); 6] = [
    ("0", "conv1"),
    ("1", "bn1"),
    ("4", "layer1"),
    ("5", "layer2"),
    ("6", "layer3"),
    ("7", "layer4"),
];

/// How a file names the body.
enum BodyLayout {
    /// `{prefix}layer1.0.conv1.weight`.
    Named { prefix: String },
    /// `{prefix}4.0.conv1.weight`.
    Sequential { prefix: String },
}

impl BodyLayout {
    /// Every residual network has the first convolution of the first layer; the one of the shortest name counts.
    fn find(state: &StateDict) -> Option<Self> {
        let names = state
            .names()
            .filter_map(|name| name.strip_suffix("0.conv1.weight"));
        let bodies = names.filter_map(|layer| {
            let named = layer.strip_suffix("layer1.").map(|prefix| Self::Named {
                prefix: prefix.to_owned(),
            });
            named.or_else(|| {
                Some(Self::Sequential {
                    prefix: layer.strip_suffix("4.")?.to_owned(),
                })
            })
        });
        let is_whole = |body: &Self| body.prefix().is_empty() || body.prefix().ends_with('.');
        bodies
            .filter(is_whole)
            .min_by_key(|body| body.prefix().len())
    }

    fn prefix(&self) -> &str {
        match self {
            Self::Named { prefix } | Self::Sequential { prefix } => prefix,
        }
    }

    /// The canonical name; `None` if the tensor belongs neither to this body nor to its head.
    fn rename(&self, name: &str) -> Option<String> {
        match self {
            Self::Named { prefix } => {
                let rest = name.strip_prefix(prefix)?;
                let head = rest
                    .strip_prefix("fc.")
                    .filter(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
                Some(head.map_or_else(|| rest.to_owned(), |rest| format!("head.{rest}")))
            }
            Self::Sequential { prefix } => {
                let child = |rest: &str| {
                    let (at, rest) = rest.split_once('.')?;
                    let (_, child) = SEQUENTIAL_BODY.iter().find(|(place, _)| *place == at)?;
                    Some(format!("{child}.{rest}"))
                };
                // The body is the first of two in a sequence, the head the second.
                let head = || {
                    Some(format!(
                        "head.{}",
                        name.strip_prefix(prefix.strip_suffix("0.")?)?
                            .strip_prefix("1.")?
                    ))
                };
                name.strip_prefix(prefix).and_then(child).or_else(head)
            }
        }
    }
}

/// The tensors under other names, with counters; an error is the name that has no other.
fn rename_all(
    state: StateDict,
    rename: impl Fn(&str) -> Option<String>,
) -> Result<StateDict, String> {
    let mut renamed = StateDict::new();
    for (name, tensor) in state {
        let new_name = rename(&name).ok_or(name)?;
        if let Some(layer) = new_name.strip_suffix("running_var") {
            let counter = NamedTensor {
                shape: Vec::new(),
                values: TensorValues::I64(vec![0]),
            };
            renamed.insert(format!("{layer}{COUNTER}"), counter);
        }
        renamed.insert(new_name, tensor);
    }
    Ok(renamed)
}
