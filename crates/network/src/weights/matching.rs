use super::{StateDict, TensorValues, WeightsError};
use std::fmt;

/// How many names a message lists before it only counts.
const LISTED: usize = 8;

/// How a state dictionary compares with a network. Names are canonical (see [`super::layout`]).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Tensors that the network takes over, in the network's order.
    pub loaded: Vec<String>,
    /// Tensors of the network that the state dictionary lacks.
    pub missing: Vec<String>,
    /// Tensors that both have in different shapes.
    pub misshapen: Vec<Misshapen>,
    /// Tensors that the network has no use for.
    pub unexpected: Vec<String>,
}

/// A tensor of another shape than the network's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misshapen {
    /// Name of the tensor.
    pub name: String,
    /// Shape in the state dictionary.
    pub found: Vec<usize>,
    /// Whether the state dictionary has integers there.
    pub is_integer: bool,
    /// Shape in the network, of f32.
    pub expected: Vec<usize>,
}

impl StateDict {
    /// Compares names and shapes with those of a network.
    ///
    /// Tensors for which `is_optional` holds (the head, when a pretrained body is loaded) may be missing or have
    /// another shape. They are one whole: if one of them does not fit, none is in [`Report::loaded`].
    ///
    /// # Errors
    /// A tensor that is not optional is missing or misshapen, or nothing fits at all.
    pub fn check(
        &self,
        expected: &[(String, Vec<usize>)],
        is_optional: impl Fn(&str) -> bool,
    ) -> Result<Report, WeightsError> {
        let mut report = self.compare(expected);
        if report.loaded.is_empty() && report.misshapen.is_empty() {
            return Err(WeightsError::NothingMatches {
                found: list(self.names()),
                expected: list(expected.iter().map(|(name, _)| name.as_str())),
            });
        }
        let unfit = || {
            report
                .missing
                .iter()
                .chain(report.misshapen.iter().map(|tensor| &tensor.name))
        };
        if unfit().any(|name| !is_optional(name)) {
            return Err(WeightsError::DoesNotFit(Box::new(report)));
        }
        if unfit().next().is_some() {
            report.loaded.retain(|name| !is_optional(name));
        }
        Ok(report)
    }

    fn compare(&self, expected: &[(String, Vec<usize>)]) -> Report {
        let mut report = Report::default();
        for (name, shape) in expected {
            let Some(tensor) = self.get(name) else {
                report.missing.push(name.clone());
                continue;
            };
            let is_integer = matches!(tensor.values, TensorValues::I64(_));
            if tensor.shape == *shape && !is_integer {
                report.loaded.push(name.clone());
            } else {
                let (name, found, expected) = (name.clone(), tensor.shape.clone(), shape.clone());
                report.misshapen.push(Misshapen {
                    name,
                    found,
                    is_integer,
                    expected,
                });
            }
        }
        let is_expected = |name: &str| expected.iter().any(|(expected, _)| expected == name);
        report.unexpected = self
            .names()
            .filter(|name| !is_expected(name))
            .map(str::to_owned)
            .collect();
        report
    }
}

/// One line: how many tensors fit, and the names of the others.
impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} tensors fit", self.loaded.len())?;
        if !self.missing.is_empty() {
            write!(formatter, ", missing: {}", list(&self.missing))?;
        }
        if !self.misshapen.is_empty() {
            write!(formatter, ", of another shape: {}", list(&self.misshapen))?;
        }
        if !self.unexpected.is_empty() {
            write!(formatter, ", unexpected: {}", list(&self.unexpected))?;
        }
        Ok(())
    }
}

impl fmt::Display for Misshapen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            found,
            is_integer,
            expected,
        } = self;
        let kind = if *is_integer { " of integers" } else { "" };
        write!(
            formatter,
            "{name} ({found:?}{kind}, the network has {expected:?})"
        )
    }
}

/// The first few, and how many more there are.
fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    match items.len().checked_sub(LISTED) {
        None | Some(0) => items.join(", "),
        Some(more) => format!("{} and {more} more", items[..LISTED].join(", ")),
    }
}
