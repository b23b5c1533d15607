//! Key layouts: how files name the tensors of one and the same network.
//!
//! The canonical layout, used everywhere in this crate, is torchvision's for the body (`conv1.weight`,
//! `bn1.running_var`, `layer1.0.downsample.1.bias`; `features.0.weight`); the plain head is `fc.weight` and `fc.bias`, as in
//! torchvision's residual networks; fastai's head is `head.2.*`, `head.4.*`, `head.6.*`, `head.8.*`, `head.9.*`, the number
//! being the position in fastai's `nn.Sequential`. `num_batches_tracked`, a counter that torch keeps and never uses with a fixed momentum, is left out.
//!
//! fastai 1 keeps body and head in a `nn.Sequential`, and the body's children in another: in a residual network
//! `0.0.weight` is the first convolution, `0.4` … `0.7` are the four layers, `1.*` is the head (fastai 1.0.30,
//! `vision/learner.py`, `create_body` and `create_cnn`). The family of the body declares the places and torchvision's
//! name of the head.

use super::{NamedTensor, StateDict, TensorValues, WeightsError};
use crate::{architecture::Architecture, family::Family};

/// The tensors of a network of `architecture` renamed from any of the layouts known here: torchvision's, fastai 1's, a
/// sequential body under any prefix (`features.0.weight`, `0.weight`), torchvision's under any prefix
/// (`backbone.conv1.weight`). Tensors beside the network keep their names; one whose name is then that of a tensor of the
/// network is left out.
///
/// # Errors
/// Two tensors of the network get the same name.
pub fn to_canonical(
    state: StateDict,
    architecture: Architecture,
) -> Result<StateDict, WeightsError> {
    let body = BodyLayout::find(&state, family(architecture));
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

/// True if some tensor of `state`, in any layout known here, is one that every body of the family of `architecture` has.
pub(crate) fn has_body(state: &StateDict, architecture: Architecture) -> bool {
    BodyLayout::find(state, family(architecture)).is_some()
}

/// fastai 1's layout, as `learn.model.load_state_dict` takes it: `0.0.weight` … `1.9.running_var`, with a counter
/// `num_batches_tracked` (0) for every batch normalisation.
///
/// # Errors
/// A tensor is neither of the body of `architecture` nor of fastai's head.
pub fn to_fastai(
    canonical: StateDict,
    architecture: Architecture,
) -> Result<StateDict, WeightsError> {
    let family = family(architecture);
    rename_all(canonical, "fastai", |name| {
        let (first, rest) = name.split_once('.')?;
        if first == "head" {
            return Some(format!("1.{rest}"));
        }
        let (place, _) = family.children.iter().find(|(_, child)| *child == first)?;
        Some(format!("0.{place}.{rest}"))
    })
}

/// torchvision's layout, the head under the name that it has there (`fc` or `classifier`): `fc.weight` and `fc.bias` of the
/// plain head, `fc.2.weight` … of fastai's (for a model whose `fc` is that `nn.Sequential`); with counters as in
/// [`to_fastai`].
///
/// # Errors
/// A tensor is neither of the body of `architecture` nor of a head.
pub fn to_torchvision(
    canonical: StateDict,
    architecture: Architecture,
) -> Result<StateDict, WeightsError> {
    let family = family(architecture);
    rename_all(canonical, "torchvision", |name| {
        let (first, rest) = name.split_once('.')?;
        if matches!(first, "head" | "fc") {
            return Some(format!("{}.{rest}", family.head));
        }
        let of_body = family.children.iter().any(|(_, child)| *child == first);
        of_body.then(|| name.to_owned())
    })
}

const COUNTER: &str = "num_batches_tracked";

/// Place of the first layer with parameters in fastai's head, by which that head is known under torchvision's name too.
const FIRST_OF_HEAD: &str = "2.";

fn family(architecture: Architecture) -> &'static Family {
    architecture.as_plan(|plan| plan.family())
}

/// Names of body and head in a file.
struct BodyLayout {
    family: &'static Family,
    naming: Naming,
    prefix: String,
    /// torchvision's name stands for fastai's head.
    has_fastai_head: bool,
}

enum Naming {
    /// `{prefix}layer1.0.conv1.weight`.
    Named,
    /// `{prefix}4.0.conv1.weight`.
    Sequential,
}

impl BodyLayout {
    /// The body that has the first mark which is there, under the shortest name.
    fn find(state: &StateDict, family: &'static Family) -> Option<Self> {
        let mut marks = family.marks.iter();
        marks.find_map(|mark| Self::marked(state, family, *mark))
    }

    fn marked(
        state: &StateDict,
        family: &'static Family,
        (child, rest): (&str, &str),
    ) -> Option<Self> {
        let place = family.children.iter().find(|(_, name)| *name == child);
        let (place, _) = place.expect("a family's mark is in one of its children");
        let ends = [
            (Naming::Named, format!("{child}.{rest}")),
            (Naming::Sequential, format!("{place}.{rest}")),
        ];
        let (naming, prefix) = ends
            .into_iter()
            .filter_map(|(naming, end)| {
                let prefixes = state.names().filter_map(|name| name.strip_suffix(&end));
                let whole = prefixes.filter(|prefix| prefix.is_empty() || prefix.ends_with('.'));
                Some((naming, whole.min_by_key(|prefix| prefix.len())?.to_owned()))
            })
            .min_by_key(|(_, prefix)| prefix.len())?;
        let first_of_head = format!("{prefix}{}.{FIRST_OF_HEAD}", family.head);
        Some(Self {
            family,
            naming,
            has_fastai_head: state.names().any(|name| name.starts_with(&first_of_head)),
            prefix,
        })
    }

    /// The canonical name; `None` if the tensor belongs neither to this body nor to its head.
    fn rename(&self, name: &str) -> Option<String> {
        match self.naming {
            Naming::Named => Some(self.named(name.strip_prefix(&self.prefix)?)),
            Naming::Sequential => self.of_sequence(name),
        }
    }

    fn named(&self, name: &str) -> String {
        let rest = name.strip_prefix(self.family.head);
        match rest.and_then(|rest| rest.strip_prefix('.')) {
            Some(rest) if self.has_fastai_head => format!("head.{rest}"),
            Some(rest @ ("weight" | "bias")) => format!("fc.{rest}"),
            _ => name.to_owned(),
        }
    }

    fn of_sequence(&self, name: &str) -> Option<String> {
        let child = |rest: &str| {
            let (at, rest) = rest.split_once('.')?;
            let mut children = self.family.children.iter();
            let (_, child) = children.find(|(place, _)| *place == at)?;
            Some(format!("{child}.{rest}"))
        };
        // The body is the first of two in a sequence, the head the second.
        let head = || {
            let both = self.prefix.strip_suffix("0.")?;
            let rest = name.strip_prefix(both)?.strip_prefix("1.")?;
            Some(format!("head.{rest}"))
        };
        name.strip_prefix(&self.prefix)
            .and_then(child)
            .or_else(head)
    }
}

/// The tensors under their names in `layout`, with counters.
fn rename_all(
    state: StateDict,
    layout: &'static str,
    rename: impl Fn(&str) -> Option<String>,
) -> Result<StateDict, WeightsError> {
    let mut renamed = StateDict::new();
    for (name, tensor) in state {
        let new_name = rename(&name).ok_or(WeightsError::NoPlaceInLayout { name, layout })?;
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
