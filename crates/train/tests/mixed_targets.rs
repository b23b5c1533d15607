//! A batch whose pictures are mixtures of two.

use burn::tensor::Device;
use network::{Algorithm, Architecture, NetworkSpec, Trainable};
use train::{
    batch::{LabelledBatch, Targets},
    config::OptimizerConfig,
    learner::Learner,
    optimizer::Adam,
};

fn learner() -> Learner {
    let spec = NetworkSpec {
        base_width: 4,
        ..NetworkSpec::new(Architecture::ResNet18, 3)
    };
    let device = Device::flex();
    let network = spec.init(Algorithm::Exact, 1, &device);
    let optimizer = Adam::new(OptimizerConfig::default());
    Learner::new(network, Trainable::All, optimizer, &device)
}

/// Four different pictures.
fn batch(targets: Targets) -> LabelledBatch {
    let pictures = (0..4 * 3 * 32 * 32).map(|i| (i * 7919 % 1009) as f32 / 1009.0);
    LabelledBatch {
        pictures: pictures.collect(),
        targets,
        size: 32,
    }
}

#[test]
fn a_mixture_of_two_classes_has_their_losses_in_its_shares() {
    let learner = learner();
    let loss = |targets| f64::from(learner.loss(batch(targets)).unwrap());
    let (first, second) = (vec![0, 1, 2, 0], vec![1, 1, 0, 2]);
    let mixed = |share: f32| Targets::Mixed {
        first: first.clone(),
        second: second.clone(),
        share: vec![share; 4],
    };
    let of_first = loss(Targets::Classes(first.clone()));
    let of_second = loss(Targets::Classes(second.clone()));
    assert_eq!(loss(mixed(1.0)), of_first);
    assert_eq!(loss(mixed(0.0)), of_second);
    let quarter = 0.25 * of_first + 0.75 * of_second;
    assert!((loss(mixed(0.25)) - quarter).abs() < 1e-6);
}

#[test]
fn the_class_of_a_mixture_is_that_of_the_greater_share() {
    let targets = Targets::Mixed {
        first: vec![0, 1],
        second: vec![2, 2],
        share: vec![0.75, 0.25],
    };
    assert_eq!([targets.class(0), targets.class(1)], [0, 2]);
    assert_eq!(batch(targets.clone()).first(1).targets.len(), 1);
}
