//! Names of parameters, groups of layers, and the walks over a network that need them.

use crate::{
    ResNet,
    weights::{NamedTensor, StateDict, TensorValues},
};
use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    tensor::{Gradients, Tensor, TensorData},
};
use serde::{Deserialize, Serialize};

/// fastai's three groups of layers, which learn at different rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayerGroup {
    /// `conv1`, `bn1`, `layer1`, `layer2`.
    EarlyBody = 0,
    /// `layer3`, `layer4`.
    LateBody = 1,
    /// Everything after the feature map.
    Head = 2,
}

impl LayerGroup {
    /// Group of a parameter by its name.
    pub fn of(name: &str) -> Self {
        match name.split('.').next().unwrap_or_default() {
            "layer3" | "layer4" => Self::LateBody,
            "head" | "fc" => Self::Head,
            _ => Self::EarlyBody,
        }
    }
}

/// Which parameters a stage trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trainable {
    /// The head, and weight and bias of every batch normalisation of the body: fastai's `freeze` with `train_bn`.
    Head,
    /// Everything.
    All,
}

impl Trainable {
    /// Whether the parameter `name` is trained.
    pub fn includes(self, name: &str) -> bool {
        !is_running(name)
            && match self {
                Self::All => true,
                Self::Head => LayerGroup::of(name) == LayerGroup::Head || is_batch_norm(name),
            }
    }
}

/// A rule that changes one parameter by its gradient; what an optimizer is to [`ResNet::update`].
pub trait ParameterUpdate {
    /// The parameter's new value. Both tensors are plain (no autodiff) and have one shape.
    fn update<const D: usize>(
        &mut self,
        name: &str,
        parameter: Tensor<D>,
        gradient: Tensor<D>,
    ) -> Tensor<D>;
}

impl ResNet {
    /// Makes exactly the parameters of `trainable` ask for gradients (once the network is in training mode).
    pub fn with_trainable(self, trainable: Trainable) -> Self {
        self.map(&mut Walk::new(SetTrainable(trainable)))
    }

    /// Gives every parameter that has a gradient to `rule`, and takes each gradient out as it goes.
    pub fn update(self, gradients: &mut Gradients, rule: &mut impl ParameterUpdate) -> Self {
        self.map(&mut Walk::new(Update { gradients, rule }))
    }

    /// All parameters and running statistics under their names (see [`crate::weights::layout`]), in torch's order.
    pub fn state(&self) -> StateDict {
        let mut walk = Walk::new(Collect(StateDict::new()));
        self.visit(&mut walk);
        walk.inner.0
    }

    /// Takes over every tensor of `state` whose name is known; others stay as they are. The shapes must agree: see
    /// [`StateDict::check`].
    pub fn with_state(self, state: StateDict) -> Self {
        self.map(&mut Walk::new(Replace(state)))
    }

    /// Names and shapes of all parameters and running statistics, in torch's order.
    pub fn shapes(&self) -> Vec<(String, Vec<usize>)> {
        let mut walk = Walk::new(Shapes(Vec::new()));
        self.visit(&mut walk);
        walk.inner.0
    }
}

/// Weight or bias of a batch normalisation.
pub fn is_batch_norm(name: &str) -> bool {
    let Some((layer, _)) = name.rsplit_once('.') else {
        return false;
    };
    let last = layer.rsplit('.').next().unwrap_or_default();
    last.starts_with("bn")
        || layer.ends_with("downsample.1")
        || matches!(layer, "head.2" | "head.6" | "head.9")
}

fn is_running(name: &str) -> bool {
    name.ends_with(".running_mean") || name.ends_with(".running_var")
}

/// Turns the path of struct fields into the parameter's name.
fn name_of(path: &[String]) -> String {
    let parts = path.iter().map(String::as_str).collect::<Vec<_>>();
    match parts.as_slice() {
        ["body", rest @ ..] => rest
            .join(".")
            .replace("downsample.conv.", "downsample.0.")
            .replace("downsample.bn.", "downsample.1."),
        ["head", "Plain", rest @ ..] => format!("fc.{}", rest.join(".")),
        ["head", "Fastai", layer, rest @ ..] => {
            let position = match *layer {
                "norm_pooled" => 2,
                "linear_hidden" => 4,
                "norm_hidden" => 6,
                "linear_logits" => 8,
                _ => 9,
            };
            format!("head.{position}.{}", rest.join("."))
        }
        other => other.join("."),
    }
}

/// Follows the path while burn walks the module tree.
struct Walk<T> {
    path: Vec<String>,
    inner: T,
}

impl<T> Walk<T> {
    fn new(inner: T) -> Self {
        Self {
            path: Vec::new(),
            inner,
        }
    }
}

trait VisitNamed {
    fn visit<const D: usize>(&mut self, name: String, parameter: &Param<Tensor<D>>);
}

trait MapNamed {
    fn map<const D: usize>(
        &mut self,
        name: String,
        parameter: Param<Tensor<D>>,
    ) -> Param<Tensor<D>>;
}

impl<T: VisitNamed> ModuleVisitor for Walk<T> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }
    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        self.inner.visit(name_of(&self.path), parameter);
    }
}

impl<T: MapNamed> ModuleMapper for Walk<T> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }
    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }
    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        self.inner.map(name_of(&self.path), parameter)
    }
}

struct SetTrainable(Trainable);

impl MapNamed for SetTrainable {
    fn map<const D: usize>(&mut self, name: String, p: Param<Tensor<D>>) -> Param<Tensor<D>> {
        p.set_require_grad(self.0.includes(&name))
    }
}

struct Update<'a, R> {
    gradients: &'a mut Gradients,
    rule: &'a mut R,
}

impl<R: ParameterUpdate> MapNamed for Update<'_, R> {
    fn map<const D: usize>(&mut self, name: String, p: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = p.consume();
        let wants_gradient = tensor.is_require_grad();
        let Some(gradient) = tensor.grad_remove(self.gradients) else {
            return Param::from_mapped_value(id, tensor, mapper);
        };
        let new = self.rule.update(&name, tensor.inner(), gradient);
        let new = Tensor::from_inner(new).set_require_grad(wants_gradient);
        Param::from_mapped_value(id, new, mapper)
    }
}

struct Collect(StateDict);

impl VisitNamed for Collect {
    fn visit<const D: usize>(&mut self, name: String, p: &Param<Tensor<D>>) {
        let data = p.val().into_data().convert::<f32>();
        let values = data.iter::<f32>().collect();
        self.0.insert(
            name,
            NamedTensor {
                shape: p.dims().to_vec(),
                values: TensorValues::F32(values),
            },
        );
    }
}

struct Replace(StateDict);

impl MapNamed for Replace {
    fn map<const D: usize>(&mut self, name: String, p: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(NamedTensor {
            shape,
            values: TensorValues::F32(values),
        }) = self.0.remove(&name)
        else {
            return p;
        };
        assert_eq!(
            shape,
            p.dims().to_vec(),
            "shape of {name}: StateDict::check comes first"
        );
        let data = TensorData::new(values, p.dims());
        let (id, old, mapper) = p.consume();
        let new = Tensor::from_data(data, &old.device()).set_require_grad(old.is_require_grad());
        Param::from_mapped_value(id, new, mapper)
    }
}

struct Shapes(Vec<(String, Vec<usize>)>);

impl VisitNamed for Shapes {
    fn visit<const D: usize>(&mut self, name: String, p: &Param<Tensor<D>>) {
        self.0.push((name, p.dims().to_vec()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_stage_trains_the_head_and_every_batch_normalisation() {
        let trained = |name| Trainable::Head.includes(name);
        assert!(trained("bn1.weight") && trained("layer1.0.bn2.bias"));
        assert!(trained("layer2.0.downsample.1.weight") && trained("head.4.weight"));
        assert!(!trained("conv1.weight") && !trained("layer2.0.downsample.0.weight"));
        assert!(!trained("bn1.running_mean") && !Trainable::All.includes("head.9.running_var"));
    }
}
