use super::torch_order;

/// Numbers of one tensor in row-major order.
#[derive(Debug, Clone, PartialEq)]
pub enum TensorValues {
    /// Parameters and running statistics.
    F32(Vec<f32>),
    /// Counters.
    I64(Vec<i64>),
}

impl TensorValues {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::I64(values) => values.len(),
        }
    }

    /// True if there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One tensor of a [`StateDict`], which holds its name.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedTensor {
    /// Extents, outermost first; empty for a single number.
    pub shape: Vec<usize>,
    /// As many values as the shape holds.
    pub values: TensorValues,
}

impl NamedTensor {
    /// A tensor of f32.
    pub fn floats(shape: impl Into<Vec<usize>>, values: Vec<f32>) -> Self {
        Self {
            shape: shape.into(),
            values: TensorValues::F32(values),
        }
    }

    /// The values of a tensor of f32; `None` for integers.
    pub fn as_floats(&self) -> Option<&[f32]> {
        match &self.values {
            TensorValues::F32(values) => Some(values),
            TensorValues::I64(_) => None,
        }
    }
}

/// Tensors by torch name, always in the order in which torch lists a network's tensors: the stem, the layers by
/// number, the head; within a layer weight, bias, running mean, running variance.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StateDict {
    /// Sorted by [`torch_order::compare`], each name once.
    tensors: Vec<(String, NamedTensor)>,
}

impl StateDict {
    /// Without tensors.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of tensors.
    pub fn len(&self) -> usize {
        self.tensors.len()
    }

    /// True if there are no tensors.
    pub fn is_empty(&self) -> bool {
        self.tensors.is_empty()
    }

    /// The tensor called `name`.
    pub fn get(&self, name: &str) -> Option<&NamedTensor> {
        self.position(name).ok().map(|at| &self.tensors[at].1)
    }

    /// Puts a tensor in its place; gives back the one that had the name before.
    pub fn insert(&mut self, name: impl Into<String>, tensor: NamedTensor) -> Option<NamedTensor> {
        let name = name.into();
        match self.position(&name) {
            Ok(at) => Some(std::mem::replace(&mut self.tensors[at].1, tensor)),
            Err(at) => {
                self.tensors.insert(at, (name, tensor));
                None
            }
        }
    }

    /// Takes the tensor called `name` out.
    pub fn remove(&mut self, name: &str) -> Option<NamedTensor> {
        self.position(name).ok().map(|at| self.tensors.remove(at).1)
    }

    /// Keeps the tensors whose name passes `keep`.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.tensors.retain(|(name, _)| keep(name));
    }

    /// Names and tensors in torch's order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &NamedTensor)> {
        self.tensors
            .iter()
            .map(|(name, tensor)| (name.as_str(), tensor))
    }

    /// Names in torch's order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.iter().map(|(name, _)| name)
    }

    /// The name of the first tensor that holds an infinity or a NaN; `None` if all numbers are finite.
    pub fn first_not_finite(&self) -> Option<&str> {
        let is_finite = |tensor: &NamedTensor| match &tensor.values {
            TensorValues::F32(values) => values.iter().all(|value| value.is_finite()),
            TensorValues::I64(_) => true,
        };
        self.iter()
            .find_map(|(name, tensor)| (!is_finite(tensor)).then_some(name))
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.tensors
            .binary_search_by(|(other, _)| torch_order::compare(other, name))
    }
}

impl IntoIterator for StateDict {
    type Item = (String, NamedTensor);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.tensors.into_iter()
    }
}

impl FromIterator<(String, NamedTensor)> for StateDict {
    fn from_iter<I: IntoIterator<Item = (String, NamedTensor)>>(tensors: I) -> Self {
        let mut state = Self::new();
        for (name, tensor) in tensors {
            state.insert(name, tensor);
        }
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: f32) -> NamedTensor {
        NamedTensor::floats([], vec![value])
    }

    #[test]
    fn tensors_are_found_replaced_and_removed_by_name() {
        let mut state = StateDict::new();
        assert_eq!(state.insert("fc.bias", number(1.0)), None);
        assert_eq!(state.insert("conv1.weight", number(2.0)), None);
        assert_eq!(state.insert("fc.bias", number(3.0)), Some(number(1.0)));
        assert_eq!(
            state.names().collect::<Vec<_>>(),
            ["conv1.weight", "fc.bias"]
        );
        assert_eq!(state.get("fc.bias"), Some(&number(3.0)));
        assert_eq!(state.remove("conv1.weight"), Some(number(2.0)));
        assert_eq!(state.get("conv1.weight"), None);
        assert_eq!(state.len(), 1);
    }

    #[test]
    fn the_first_tensor_with_a_number_that_is_not_finite_is_named() {
        let counter = NamedTensor {
            shape: Vec::new(),
            values: TensorValues::I64(vec![i64::MAX]),
        };
        let mut state = StateDict::new();
        state.insert("bn1.num_batches_tracked", counter);
        state.insert("conv1.weight", number(f32::MAX));
        assert_eq!(state.first_not_finite(), None);
        state.insert("fc.bias", number(f32::NEG_INFINITY));
        assert_eq!(state.first_not_finite(), Some("fc.bias"));
        let values = NamedTensor::floats([3], vec![0.0, 1.0, f32::NAN]);
        state.insert("conv1.weight", values);
        assert_eq!(state.first_not_finite(), Some("conv1.weight"));
    }
}
