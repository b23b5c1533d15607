//! Names of parameters, groups of layers, and the walks over a network that need them.

use crate::{
    architecture::Architecture,
    batch_norm::BatchNorm,
    head,
    kind::Kind,
    network::{Network, NetworkSpec},
    weights::{NamedTensor, StateDict, TensorValues, WeightsError},
};
use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId},
    tensor::{Device, Gradients, Tensor, TensorData},
};
use kernels::{Algorithm, lerp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// A tensor of a network, and what training does with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Name in the canonical layout (see [`crate::weights::layout`]).
    pub name: String,
    /// Extents, outermost first.
    pub shape: Vec<usize>,
    /// Index of its group in [`Architecture::groups`].
    pub group: usize,
    /// Name of its stage: one of [`crate::InferenceBody::stages`], `stem` before them, `head` behind them.
    pub stage: &'static str,
    /// Role in its layer.
    pub kind: Kind,
}

impl Parameter {
    /// True if it lies behind the feature map.
    pub fn is_of_head(&self) -> bool {
        head::is_of_head(&self.name)
    }
}

/// Parameters that a stage trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trainable {
    /// The head, and weight and bias of every batch normalisation of the body: fastai's `freeze` with `train_bn`.
    Head,
    /// Everything.
    All,
}

impl Trainable {
    /// True if `parameter` is trained.
    pub fn includes(self, parameter: &Parameter) -> bool {
        match parameter.kind {
            Kind::Statistic => false,
            Kind::Norm => true,
            Kind::Weight => self == Self::All || parameter.is_of_head(),
        }
    }
}

/// A rule that changes one parameter by its gradient; what an optimizer is to [`Network::update`].
pub trait ParameterUpdate {
    /// New value of a parameter. Both tensors are plain (no autodiff) and have one shape.
    fn update<const D: usize>(
        &mut self,
        parameter: &Parameter,
        value: Tensor<D>,
        gradient: Tensor<D>,
    ) -> Tensor<D>;
}

/// Gradients by the names of their parameters, each as one row.
pub type NamedGradients = BTreeMap<String, Tensor<1>>;

impl NetworkSpec {
    /// The network with the parameters and running statistics `state`.
    ///
    /// # Errors
    /// A tensor is missing or has another shape: see [`StateDict::check`].
    pub fn load(
        &self,
        state: StateDict,
        algorithm: Algorithm,
        device: &Device,
    ) -> Result<Network, WeightsError> {
        let blank = self.blank(algorithm, device);
        state.check(&blank.shapes(), |_| false)?;
        Ok(blank.with_state(state))
    }
}

impl Network {
    /// Makes exactly the parameters of `trainable` ask for gradients (once the network is in training mode).
    pub fn with_trainable(self, trainable: Trainable) -> Self {
        let mut walk = Walk::new(self.architecture(), SetTrainable(trainable));
        self.map(&mut walk)
    }

    /// Gives every parameter that has a gradient to `rule`, and takes each gradient out as it goes.
    pub fn update(self, gradients: &mut Gradients, rule: &mut impl ParameterUpdate) -> Self {
        let mut walk = Walk::new(self.architecture(), Update { gradients, rule });
        self.map(&mut walk)
    }

    /// Takes out the gradients of all parameters that have one, on the plain device.
    pub fn take_gradients(&self, gradients: &mut Gradients) -> NamedGradients {
        let take = Take {
            gradients,
            named: NamedGradients::new(),
        };
        self.walked(take).named
    }

    /// Gives every parameter that has one of `gradients` to `rule`.
    pub fn update_with(self, gradients: NamedGradients, rule: &mut impl ParameterUpdate) -> Self {
        let mut walk = Walk::new(self.architecture(), UpdateWith { gradients, rule });
        self.map(&mut walk)
    }

    /// This network with every parameter and running statistic a `share` of the way to that of `target`, which has the same
    /// shape: `a + share · (b − a)`, computed as torch's `lerp`, so that a share of 1 gives `b` itself. Both are on the plain
    /// device.
    pub fn towards(self, target: &Network, share: f64) -> Self {
        let Flat(targets) = target.walked(Flat(BTreeMap::new()));
        let towards = Towards { targets, share };
        let mut walk = Walk::new(self.architecture(), towards);
        self.map(&mut walk)
    }

    /// All parameters and running statistics under their names (see [`crate::weights::layout`]), in torch's order.
    pub fn state(&self) -> StateDict {
        self.collect(|_| true)
    }

    /// Its running statistics alone, named and ordered as in [`Self::state`].
    pub fn statistics(&self) -> StateDict {
        self.collect(|kind| kind == Kind::Statistic)
    }

    fn collect(&self, is_wanted: fn(Kind) -> bool) -> StateDict {
        let collect = Collect {
            is_wanted,
            state: StateDict::new(),
        };
        self.walked(collect).state
    }

    /// What a walk over this network has gathered in `inner`.
    fn walked<T: VisitNamed>(&self, inner: T) -> T {
        let mut walk = Walk::new(self.architecture(), inner);
        self.visit(&mut walk);
        walk.inner
    }

    /// Takes over every tensor of `state` whose name is known; others stay as they are. The shapes must agree: see
    /// [`StateDict::check`].
    pub fn with_state(self, state: StateDict) -> Self {
        let mut walk = Walk::new(self.architecture(), Replace(state));
        self.map(&mut walk)
    }

    /// All parameters and running statistics, in torch's order.
    pub fn parameters(&self) -> Vec<Parameter> {
        self.walked(List(Vec::new())).0
    }

    /// Names of layers by the numbers of their weights' ids: `layer1.0.conv1` for `layer1.0.conv1.weight`.
    pub fn layers_by_id(&self) -> HashMap<u64, String> {
        let names = self.names_by_id().into_iter();
        names.map(|(id, name)| (id.val(), name)).collect()
    }

    /// The same by the ids.
    pub(crate) fn names_by_id(&self) -> HashMap<ParamId, String> {
        self.walked(NameLayers(HashMap::new())).0
    }

    /// Names and shapes of all parameters and running statistics, in torch's order.
    pub fn shapes(&self) -> Vec<(String, Vec<usize>)> {
        let parameters = self.parameters().into_iter();
        parameters.map(|p| (p.name, p.shape)).collect()
    }
}

/// Follows the path of struct fields while burn walks the module tree.
struct Walk<T> {
    architecture: Architecture,
    path: Vec<String>,
    /// The type that holds each part of the path.
    containers: Vec<String>,
    inner: T,
}

impl<T> Walk<T> {
    fn new(architecture: Architecture, inner: T) -> Self {
        Self {
            architecture,
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

    /// The tensor at the end of the path.
    fn parameter(&self, shape: &[usize]) -> Parameter {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let (name, group, stage) = match path.as_slice() {
            ["body", _family, path @ ..] => self
                .architecture
                .as_plan(|plan| (plan.torch_name(path), plan.group(path), plan.stage(path))),
            ["head", path @ ..] => {
                let last = self.architecture.groups().len() - 1;
                (head::torch_name(path), last, "head")
            }
            other => unreachable!("no tensor {other:?} in a network"),
        };
        let is_norm = self.containers.last().map(String::as_str) == Some(BatchNorm::CONTAINER);
        let kind = match path.last() {
            Some(field) if is_norm => BatchNorm::kind(field),
            _ => Kind::Weight,
        };
        Parameter {
            name,
            shape: shape.to_vec(),
            group,
            stage,
            kind,
        }
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

struct Take<'a> {
    gradients: &'a mut Gradients,
    named: NamedGradients,
}

impl VisitNamed for Take<'_> {
    fn visit<const D: usize>(&mut self, known: Parameter, p: &Param<Tensor<D>>) {
        if let Some(gradient) = p.val().grad_remove(self.gradients) {
            let count: usize = known.shape.iter().product();
            self.named.insert(known.name, gradient.reshape([count]));
        }
    }
}

struct UpdateWith<'a, R> {
    gradients: NamedGradients,
    rule: &'a mut R,
}

impl<R: ParameterUpdate> MapNamed for UpdateWith<'_, R> {
    fn map<const D: usize>(&mut self, known: Parameter, p: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(gradient) = self.gradients.remove(&known.name) else {
            return p;
        };
        let (id, tensor, mapper) = p.consume();
        let wants_gradient = tensor.is_require_grad();
        let gradient = gradient.reshape(tensor.dims());
        let new = self.rule.update(&known, tensor.inner(), gradient);
        let new = Tensor::from_inner(new).set_require_grad(wants_gradient);
        Param::from_mapped_value(id, new, mapper)
    }
}

/// Tensors by name, as one row each.
struct Flat(BTreeMap<String, Tensor<1>>);

impl VisitNamed for Flat {
    fn visit<const D: usize>(&mut self, known: Parameter, p: &Param<Tensor<D>>) {
        let count: usize = known.shape.iter().product();
        self.0.insert(known.name, p.val().reshape([count]));
    }
}

struct Towards {
    targets: BTreeMap<String, Tensor<1>>,
    share: f64,
}

impl MapNamed for Towards {
    fn map<const D: usize>(&mut self, known: Parameter, p: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(target) = self.targets.remove(&known.name) else {
            return p;
        };
        let (id, tensor, mapper) = p.consume();
        let target = target.reshape(tensor.dims());
        Param::from_mapped_value(id, lerp(tensor, target, self.share), mapper)
    }
}

struct Collect {
    is_wanted: fn(Kind) -> bool,
    state: StateDict,
}

impl VisitNamed for Collect {
    fn visit<const D: usize>(&mut self, known: Parameter, p: &Param<Tensor<D>>) {
        if !(self.is_wanted)(known.kind) {
            return;
        }
        let data = p.val().into_data().convert::<f32>();
        let values = data.try_into_vec().expect("the numbers are f32");
        self.state.insert(
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

struct NameLayers(HashMap<ParamId, String>);

impl VisitNamed for NameLayers {
    fn visit<const D: usize>(&mut self, known: Parameter, p: &Param<Tensor<D>>) {
        if let Some(layer) = known.name.strip_suffix(".weight") {
            self.0.insert(p.id, layer.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::init::Init;

    /// burn makes up the names of containers: a release that makes up others must not pass unseen.
    #[test]
    fn a_batch_normalisation_is_known_by_its_type_wherever_it_lies() {
        struct Containers(Vec<String>);
        impl ModuleVisitor for Containers {
            fn enter_module(&mut self, _: &str, container: &str) {
                self.0.push(container.to_owned());
            }
        }
        let init = Init::blank(Algorithm::Exact, &Device::flex());
        let mut seen = Containers(Vec::new());
        BatchNorm::new(1, 0.1, &init).visit(&mut seen);
        assert_eq!(seen.0, [BatchNorm::CONTAINER; 4]);
    }

    #[test]
    fn a_frozen_stage_trains_the_head_and_every_batch_normalisation() {
        let network = blank(Architecture::ResNet18);
        let trained: Vec<String> = network
            .parameters()
            .into_iter()
            .filter(|parameter| Trainable::Head.includes(parameter))
            .map(|parameter| parameter.name)
            .collect();
        let is_trained = |name: &str| trained.iter().any(|trained| trained == name);
        assert!(is_trained("bn1.weight") && is_trained("layer1.0.bn2.bias"));
        assert!(is_trained("layer2.0.downsample.1.weight") && is_trained("head.4.weight"));
        assert!(!is_trained("conv1.weight") && !is_trained("layer2.0.downsample.0.weight"));
        assert!(!is_trained("bn1.running_mean") && !is_trained("head.9.running_var"));
    }

    /// Every tensor has a name of its own and a group that there is, in the order in which a file lists them.
    #[test]
    fn the_parameters_of_every_architecture_are_all_named_and_grouped() {
        for architecture in Architecture::ALL.iter().copied() {
            let network = blank(architecture);
            let parameters = network.parameters();
            let listed: Vec<_> = parameters.iter().map(|p| p.name.clone()).collect();
            let state: Vec<_> = network.state().names().map(str::to_owned).collect();
            assert_eq!(listed, state, "{architecture}");
            let statistics = parameters.iter().filter(|p| p.kind == Kind::Statistic);
            let statistics: Vec<_> = statistics.map(|p| p.name.clone()).collect();
            let state: Vec<_> = network.statistics().names().map(str::to_owned).collect();
            assert_eq!(statistics, state, "{architecture}");
            let groups: Vec<_> = parameters.iter().map(|p| p.group).collect();
            assert!(groups.is_sorted(), "{architecture}");
            let last = architecture.groups().len() - 1;
            for parameter in &parameters {
                assert_eq!(parameter.group == last, parameter.is_of_head());
            }
            assert_eq!(groups.last(), Some(&last));
        }
    }

    fn blank(architecture: Architecture) -> Network {
        let spec = NetworkSpec {
            base_width: 2,
            ..NetworkSpec::new(architecture, 2)
        };
        spec.blank(Algorithm::Exact, &Device::flex())
    }
}
