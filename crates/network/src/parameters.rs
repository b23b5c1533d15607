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

/// A tensor of a network, and what training does with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Name in the canonical layout (see [`crate::weights::layout`]).
    pub name: String,
    /// Extents, outermost first.
    pub shape: Vec<usize>,
    /// Index of its group in [`crate::Architecture::groups`].
    pub group: usize,
    /// Role in its layer.
    pub kind: Kind,
}

/// Role of a tensor in its layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Weight or bias of a convolution or a linear layer.
    Weight,
    /// Weight or bias of a batch normalisation.
    Norm,
    /// Running statistic of a batch normalisation: never trained by gradient.
    Statistic,
}

impl Parameter {
    /// Whether it lies behind the feature map.
    pub fn is_of_head(&self) -> bool {
        is_of_head(&self.name)
    }
}

/// Whether `name` (canonical) is that of a tensor of a head.
pub fn is_of_head(name: &str) -> bool {
    matches!(name.split('.').next(), Some("head" | "fc"))
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
    /// Whether `parameter` is trained.
    pub fn includes(self, parameter: &Parameter) -> bool {
        match parameter.kind {
            Kind::Statistic => false,
            Kind::Norm => true,
            Kind::Weight => self == Self::All || parameter.is_of_head(),
        }
    }
}

/// A rule that changes one parameter by its gradient; what an optimizer is to [`ResNet::update`].
pub trait ParameterUpdate {
    /// New value of a parameter. Both tensors are plain (no autodiff) and have one shape.
    fn update<const D: usize>(
        &mut self,
        parameter: &Parameter,
        value: Tensor<D>,
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

    /// All parameters and running statistics, in torch's order.
    pub fn parameters(&self) -> Vec<Parameter> {
        let mut walk = Walk::new(List(Vec::new()));
        self.visit(&mut walk);
        walk.inner.0
    }

    /// Names and shapes of all parameters and running statistics, in torch's order.
    pub fn shapes(&self) -> Vec<(String, Vec<usize>)> {
        let parameters = self.parameters().into_iter();
        parameters.map(|p| (p.name, p.shape)).collect()
    }
}

fn describe(path: &[String], container: &str, shape: &[usize]) -> Parameter {
    let name = name_of(path);
    let group = match name.split('.').next().unwrap_or_default() {
        "layer3" | "layer4" => 1,
        "head" | "fc" => 2,
        _ => 0,
    };
    let is_statistic = name.ends_with(".running_mean") || name.ends_with(".running_var");
    let kind = match container {
        "Struct:BatchNorm" if is_statistic => Kind::Statistic,
        "Struct:BatchNorm" => Kind::Norm,
        _ => Kind::Weight,
    };
    Parameter {
        name,
        shape: shape.to_vec(),
        group,
        kind,
    }
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
    containers: Vec<String>,
    inner: T,
}

impl<T> Walk<T> {
    fn new(inner: T) -> Self {
        Self {
            path: Vec::new(),
            containers: Vec::new(),
            inner,
        }
    }

    fn enter(&mut self, name: &str, container: &str) {
        self.path.push(name.to_owned());
        self.containers.push(container.to_owned());
    }

    fn exit(&mut self) {
        self.path.pop();
        self.containers.pop();
    }

    fn parameter(&self, shape: &[usize]) -> Parameter {
        let container = self.containers.last().map_or("", String::as_str);
        describe(&self.path, container, shape)
    }
}

trait VisitNamed {
    fn visit<const D: usize>(&mut self, known: Parameter, parameter: &Param<Tensor<D>>);
}

trait MapNamed {
    fn map<const D: usize>(
        &mut self,
        known: Parameter,
        parameter: Param<Tensor<D>>,
    ) -> Param<Tensor<D>>;
}

impl<T: VisitNamed> ModuleVisitor for Walk<T> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.enter(name, container);
    }
    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.exit();
    }
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        self.inner
            .visit(self.parameter(&parameter.dims()), parameter);
    }
}

impl<T: MapNamed> ModuleMapper for Walk<T> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.enter(name, container);
    }
    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.exit();
    }
    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let known = self.parameter(&parameter.dims());
        self.inner.map(known, parameter)
    }
}

struct SetTrainable(Trainable);

impl MapNamed for SetTrainable {
    fn map<const D: usize>(&mut self, known: Parameter, p: Param<Tensor<D>>) -> Param<Tensor<D>> {
        p.set_require_grad(self.0.includes(&known))
    }
}

struct Update<'a, R> {
    gradients: &'a mut Gradients,
    rule: &'a mut R,
}

impl<R: ParameterUpdate> MapNamed for Update<'_, R> {
    fn map<const D: usize>(&mut self, known: Parameter, p: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = p.consume();
        let wants_gradient = tensor.is_require_grad();
        let Some(gradient) = tensor.grad_remove(self.gradients) else {
            return Param::from_mapped_value(id, tensor, mapper);
        };
        let new = self.rule.update(&known, tensor.inner(), gradient);
        let new = Tensor::from_inner(new).set_require_grad(wants_gradient);
        Param::from_mapped_value(id, new, mapper)
    }
}

struct Collect(StateDict);

impl VisitNamed for Collect {
    fn visit<const D: usize>(&mut self, known: Parameter, p: &Param<Tensor<D>>) {
        let data = p.val().into_data().convert::<f32>();
        let values = data.iter::<f32>().collect();
        self.0.insert(
            known.name,
            NamedTensor {
                shape: known.shape,
                values: TensorValues::F32(values),
            },
        );
    }
}

struct Replace(StateDict);

impl MapNamed for Replace {
    fn map<const D: usize>(&mut self, known: Parameter, p: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(NamedTensor {
            shape,
            values: TensorValues::F32(values),
        }) = self.0.remove(&known.name)
        else {
            return p;
        };
        assert_eq!(
            shape, known.shape,
            "shape of {}: StateDict::check comes first",
            known.name
        );
        let data = TensorData::new(values, p.dims());
        let (id, old, mapper) = p.consume();
        let new = Tensor::from_data(data, &old.device()).set_require_grad(old.is_require_grad());
        Param::from_mapped_value(id, new, mapper)
    }
}

struct List(Vec<Parameter>);

impl VisitNamed for List {
    fn visit<const D: usize>(&mut self, known: Parameter, _: &Param<Tensor<D>>) {
        self.0.push(known);
    }
}
