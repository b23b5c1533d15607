//! What Adam saves, and what it refuses to continue with.

use burn::tensor::Device;
use network::{
    Algorithm, Architecture, NetworkSpec, Parameter, Trainable,
    weights::{NamedTensor, StateDict, TensorValues},
};
use std::path::Path;
use train::{
    batch::LabelledBatch,
    config::OptimizerConfig,
    fit::Fit,
    learner::Learner,
    optimizer::{Adam, OptimizerStateError},
    position::Position,
    schedule::OneCycle,
};

const STEPS: u32 = 3;

/// State after some steps of a frozen stage, and the parameters that it trained.
fn trained() -> (StateDict, Vec<Parameter>) {
    let spec = NetworkSpec {
        base_width: 4,
        ..NetworkSpec::new(Architecture::ResNet18, 3)
    };
    let device = Device::flex();
    let network = spec.init(Algorithm::Fast, 1, &device);
    let mut parameters = network.parameters();
    parameters.retain(|parameter| Trainable::Head.includes(parameter));
    let learner = Learner::new(network, Trainable::Head, new(), &device);
    let rates = vec![1e-3; spec.architecture.groups().len()];
    let cycle = OneCycle::new(STEPS as usize, rates, 0.3, [0.95, 0.85], 25.0);
    let mut fit = Fit::new(learner, cycle, 1, Position::default());
    for _ in 0..STEPS {
        fit.step(LabelledBatch::grey(4, 3, 32)).1.unwrap();
    }
    (fit.learner().optimizer().state(), parameters)
}

fn new() -> Adam {
    Adam::new(OptimizerConfig::default())
}

/// As from a checkpoint whose loss meter has seen `before` batches.
fn resume(
    state: StateDict,
    before: u32,
    trained: &[Parameter],
) -> Result<Adam, OptimizerStateError> {
    let config = OptimizerConfig::default();
    Adam::resume(config, state, before, trained, &Device::flex())
}

fn steps(adam: &Adam) -> TensorValues {
    adam.state().get("step").unwrap().values.clone()
}

#[test]
fn a_saved_state_comes_back_with_its_number_of_steps() {
    let (state, parameters) = trained();
    let bytes = state.to_safetensors(&Default::default()).unwrap();
    let length = bytes.len() as u64;
    let path = Path::new("optimizer.safetensors");
    let read = StateDict::read_safetensors(&mut &bytes[..], length, path, |_| ()).unwrap();
    assert_eq!(read, state);
    let adam = resume(read, 0, &parameters).unwrap();
    assert_eq!(steps(&adam), TensorValues::I64(vec![STEPS.into()]));
    assert_eq!(adam.state(), state);
}

#[test]
fn a_state_of_the_time_before_takes_the_number_of_steps_from_elsewhere() {
    let (mut state, parameters) = trained();
    state.remove("step").unwrap();
    let adam = resume(state, 7, &parameters).unwrap();
    assert_eq!(steps(&adam), TensorValues::I64(vec![7]));
}

#[test]
fn an_optimizer_without_steps_is_a_state_too() {
    let (_, parameters) = trained();
    let adam = resume(new().state(), 0, &parameters).unwrap();
    assert_eq!(steps(&adam), TensorValues::I64(vec![0]));
}

#[test]
fn a_missing_average_is_an_error_that_names_it() {
    for name in ["bn1.weight.exp_avg", "head.4.weight.exp_avg_sq"] {
        let (mut state, parameters) = trained();
        state.remove(name).unwrap();
        let error = resume(state, 0, &parameters).unwrap_err();
        assert_eq!(error, OptimizerStateError::Missing(name.to_owned()));
    }
}

#[test]
fn an_average_of_another_length_is_an_error_that_names_it() {
    let (mut state, parameters) = trained();
    state.insert("bn1.weight.exp_avg", NamedTensor::floats([2], vec![0.0; 2]));
    let error = resume(state, 0, &parameters).unwrap_err().to_string();
    assert!(
        error.starts_with(
            "bn1.weight.exp_avg of the optimizer's state is 2 numbers of f32, expected 4"
        ),
        "{error}"
    );
}

#[test]
fn an_average_of_a_frozen_parameter_is_an_error_that_names_it() {
    let (mut state, parameters) = trained();
    state.insert("conv1.weight.exp_avg", NamedTensor::floats([1], vec![0.0]));
    let error = resume(state, 0, &parameters).unwrap_err();
    assert_eq!(
        error,
        OptimizerStateError::Unknown("conv1.weight.exp_avg".to_owned())
    );
}
