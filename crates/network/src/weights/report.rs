use std::fmt;
use words::first_three;

/// Comparison of a state dictionary with a network. Names are canonical (see [`super::layout`]).
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
    /// True if the state dictionary has integers there.
    pub is_integer: bool,
    /// Shape in the network, of f32.
    pub expected: Vec<usize>,
}

/// One line: how many tensors fit, and the names of the others.
impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} tensors fit", self.loaded.len())?;
        if !self.missing.is_empty() {
            write!(formatter, ", missing: {}", first_three(&self.missing))?;
        }
        if !self.misshapen.is_empty() {
            let names = first_three(&self.misshapen);
            write!(formatter, ", of another shape: {names}")?;
        }
        if !self.unexpected.is_empty() {
            write!(formatter, ", unexpected: {}", first_three(&self.unexpected))?;
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
