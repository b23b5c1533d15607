//! Which network the parameters of a file are of.

use crate::{
    architecture::Architecture,
    head::{HeadKind, is_of_head},
    network::NetworkSpec,
    weights::{Report, StateDict, WeightsError, layout},
};
use burn::tensor::Device;
use kernels::Algorithm;
use std::collections::BTreeSet;
use words::first_three;

/// A network told by its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Recognised {
    /// Its shape.
    pub spec: NetworkSpec,
    /// Its parameters under canonical names (see [`layout`]), and nothing else.
    pub state: StateDict,
}

/// Parameters that are of no network known here; each is a clause.
#[derive(Debug, thiserror::Error)]
pub enum NotRecognised {
    /// No body has layers of these names.
    #[error(
        "it has the layers of no network known here ({}): nearest is {nearest}, but {difference}; --architecture NAME tells what \
         does not fit another one",
        names()
    )]
    Body {
        /// The architecture with the fewest other names.
        nearest: Architecture,
        /// What is missing and what is there beside.
        difference: String,
    },
    /// The architecture that was named has no such layers.
    #[error("it is no {told}: {difference}")]
    NotTold {
        /// As named.
        told: Architecture,
        /// What is missing and what is there beside.
        difference: String,
    },
    /// There is a body, and nothing behind it that makes logits.
    #[error(
        "it has no head that is known here, neither one linear layer behind the mean (fc.weight and fc.bias) nor fastai's (from \
         head.2 to head.9){}: a single layer of another name takes these when it is renamed",
        beside(.0)
    )]
    Head(Vec<String>),
    /// A tensor has another shape than the layer of that name has.
    #[error("it is no {architecture}, though its names are: {difference}")]
    Shapes {
        /// The architecture by its names.
        architecture: Architecture,
        /// The tensors.
        difference: String,
    },
    /// Two tensors stand for the same parameter.
    #[error(transparent)]
    Weights(#[from] WeightsError),
}

/// The network whose parameters are `state`, in any of the layouts of [`layout`]. `told` is its architecture, if somebody
/// knows it.
///
/// Names alone tell a body, the first tensor its width, and the head the number of classes. Every tensor must then have the
/// shape that the network has, and none may be left over: one more is another network's.
///
/// # Errors
/// See [`NotRecognised`].
pub fn recognise(
    state: StateDict,
    told: Option<Architecture>,
) -> Result<Recognised, NotRecognised> {
    let found = Architecture::ALL.iter().copied();
    let family = told.or_else(|| found.clone().find(|one| layout::has_body(&state, *one)));
    let state = layout::to_canonical(state, family.unwrap_or(Architecture::ResNet34))?;
    let architecture = match told {
        Some(told) => told,
        None => architecture(&state)?,
    };
    let difference = Difference::new(&state, architecture);
    if told.is_some() && !difference.is_none() {
        return Err(NotRecognised::NotTold {
            told: architecture,
            difference: difference.to_string(),
        });
    }
    let spec = spec(&state, architecture)?;
    let expected = spec.blank(Algorithm::Exact, &Device::flex()).shapes();
    match state.check(&expected, |_| false) {
        Ok(report) if report.unexpected.is_empty() => Ok(Recognised { spec, state }),
        Ok(report) => Err(NotRecognised::Head(report.unexpected)),
        Err(WeightsError::DoesNotFit(report)) => Err(unfit(architecture, &report)),
        Err(error) => Err(error.into()),
    }
}

/// The architecture whose body has exactly the names of that in `state`.
fn architecture(state: &StateDict) -> Result<Architecture, NotRecognised> {
    let all = Architecture::ALL.iter().copied();
    let nearest = all
        .map(|one| (one, Difference::new(state, one)))
        .min_by_key(|(_, difference)| difference.len());
    match nearest {
        Some((one, difference)) if difference.is_none() => Ok(one),
        Some((nearest, difference)) => Err(NotRecognised::Body {
            nearest,
            difference: difference.to_string(),
        }),
        None => unreachable!("some architecture is known"),
    }
}

/// Width, head and number of classes.
fn spec(state: &StateDict, architecture: Architecture) -> Result<NetworkSpec, NotRecognised> {
    let rows = |name: &str| {
        // An extent without values may be any number.
        let tensor = state.get(name).filter(|tensor| !tensor.values.is_empty());
        tensor.and_then(|tensor| tensor.shape.first())
    };
    let heads = [
        (HeadKind::Plain, "fc.weight"),
        (HeadKind::Fastai, "head.8.weight"),
    ];
    let head = heads
        .into_iter()
        .find_map(|(kind, name)| Some((kind, *rows(name)?)));
    let (head, classes) = head.ok_or_else(|| {
        let beside = state.names().filter(|name| !is_of_body(name, architecture));
        NotRecognised::Head(beside.map(str::to_owned).collect())
    })?;
    let first = names_of_body(architecture, 1).next().unwrap_or_default();
    Ok(NetworkSpec {
        // A tensor without extents is refused when shapes are compared.
        base_width: rows(&first).copied().unwrap_or(1),
        head,
        ..NetworkSpec::new(architecture, classes)
    })
}

fn unfit(architecture: Architecture, report: &Report) -> NotRecognised {
    let is_of_head_alone =
        report.misshapen.is_empty() && report.missing.iter().all(|name| is_of_head(name));
    if is_of_head_alone {
        return NotRecognised::Head(report.unexpected.clone());
    }
    NotRecognised::Shapes {
        architecture,
        difference: report.to_string(),
    }
}

/// Names of tensors of a body that `state` lacks, and of others that it has.
struct Difference {
    missing: Vec<String>,
    unexpected: Vec<String>,
}

impl Difference {
    fn new(state: &StateDict, architecture: Architecture) -> Self {
        let expected: BTreeSet<String> = names_of_body(architecture, 1).collect();
        // Under torchvision's name there may be a head that is not known here.
        let head = format!("{}.", architecture.as_plan(|plan| plan.family().head));
        let is_of_body = |name: &&str| !is_of_head(name) && !name.starts_with(&head);
        let found = state.names().filter(is_of_body);
        let missing = expected.iter().filter(|name| state.get(name).is_none());
        Self {
            missing: missing.cloned().collect(),
            unexpected: found
                .filter(|name| !expected.contains(*name))
                .map(str::to_owned)
                .collect(),
        }
    }

    fn len(&self) -> usize {
        self.missing.len() + self.unexpected.len()
    }

    fn is_none(&self) -> bool {
        self.len() == 0
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [("missing", &self.missing), ("beside", &self.unexpected)];
        let parts = parts.iter().filter(|(_, names)| !names.is_empty());
        let parts = parts.map(|(word, names)| format!("{word}: {}", first_three(names.iter())));
        f.write_str(&parts.collect::<Vec<_>>().join("; "))
    }
}

/// Names of the body's tensors in torch's order.
fn names_of_body(architecture: Architecture, base_width: usize) -> impl Iterator<Item = String> {
    let spec = NetworkSpec {
        base_width,
        head: HeadKind::Plain,
        ..NetworkSpec::new(architecture, 1)
    };
    let shapes = spec.blank(Algorithm::Exact, &Device::flex()).shapes();
    let names = shapes.into_iter().map(|(name, _)| name);
    names.filter(|name| !is_of_head(name))
}

fn is_of_body(name: &str, architecture: Architecture) -> bool {
    names_of_body(architecture, 1).any(|other| other == name)
}

/// Names of all architectures.
fn names() -> String {
    let names: Vec<&str> = Architecture::ALL.iter().map(|one| one.name()).collect();
    names.join(", ")
}

fn beside(names: &[String]) -> String {
    match names {
        [] => String::new(),
        names => format!("; beside the body it has {}", first_three(names.iter())),
    }
}
