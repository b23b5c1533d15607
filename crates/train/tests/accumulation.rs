//! One step over several batches, and the norm of its gradients, as Adam's first average shows them.

#[path = "helpers/noise.rs"]
mod noise;

use burn::tensor::Device;
use network::{Algorithm, Architecture, Network, NetworkSpec, Trainable, weights::StateDict};
use noise::batch;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use train::{
    batch::LabelledBatch,
    config::OptimizerConfig,
    fit::Fit,
    learner::Learner,
    optimizer::Adam,
    position::Position,
    schedule::{OneCycle, Rates},
};

const BETA1: f64 = 0.9;
const RATES: [f64; 3] = [1e-3; 3];

type Gradients = BTreeMap<String, Vec<f64>>;

/// A network without dropout: the masks of a step over several batches are others than those of each alone.
fn network() -> Network {
    let spec = NetworkSpec {
        base_width: 4,
        dropout: [0.0, 0.0],
        ..NetworkSpec::new(Architecture::ResNet18, 3)
    };
    spec.init(Algorithm::Exact, 1, &Device::flex())
}

fn learner(clip_norm: Option<f64>) -> Learner {
    let config = OptimizerConfig {
        clip_norm,
        ..OptimizerConfig::default()
    };
    Learner::new(
        network(),
        Trainable::All,
        Adam::new(config),
        &Device::flex(),
    )
}

fn rates() -> Rates {
    Rates {
        learning_rates: RATES.to_vec(),
        beta1: BETA1,
    }
}

/// The loss of a first step over `batches`, and its gradients.
fn step(batches: Vec<LabelledBatch>, clip_norm: Option<f64>) -> (f32, Gradients, StateDict) {
    let mut learner = learner(clip_norm);
    let mut dropout = ChaCha8Rng::seed_from_u64(0);
    let loss = match <[LabelledBatch; 1]>::try_from(batches) {
        Ok([batch]) => learner.step(batch, &rates(), &mut dropout),
        Err(batches) => learner.step_over(batches, &rates(), &mut dropout),
    };
    let state = learner.optimizer().state();
    let names: Vec<String> = state
        .names()
        .filter_map(|name| Some(name.strip_suffix(".exp_avg")?.to_owned()))
        .collect();
    let gradient = |name: String| {
        let average = state.get(&format!("{name}.exp_avg")).unwrap();
        let values = average.as_floats().unwrap().iter();
        let values = values.map(|value| f64::from(*value) / (1.0 - BETA1));
        (name, values.collect())
    };
    let gradients = names.into_iter().map(gradient).collect();
    (
        loss.into_scalar::<f32>(),
        gradients,
        learner.network().state(),
    )
}

fn norm(gradients: &Gradients) -> f64 {
    let squares = gradients.values().flatten().map(|value| value * value);
    squares.sum::<f64>().sqrt()
}

#[test]
fn a_step_over_batches_has_the_mean_gradient_of_all_their_pictures() {
    let batches = [batch(8, 1), batch(8, 2), batch(3, 3)];
    let (loss, found, _) = step(batches.to_vec(), None);
    let (mut expected, mut expected_loss) = (Gradients::new(), 0.0);
    for batch in batches {
        let share = batch.len() as f64 / 19.0;
        let (loss, gradients, _) = step(vec![batch], None);
        expected_loss += share * f64::from(loss);
        for (name, values) in gradients {
            let sum = expected
                .entry(name)
                .or_insert_with(|| vec![0.0; values.len()]);
            sum.iter_mut()
                .zip(values)
                .for_each(|(sum, value)| *sum += share * value);
        }
    }
    assert!((f64::from(loss) - expected_loss).abs() < 1e-5);
    assert!(found.keys().eq(expected.keys()) && found.len() > 60);
    let mut difference = found.clone();
    for (name, values) in &mut difference {
        let expected = expected[name].iter();
        values
            .iter_mut()
            .zip(expected)
            .for_each(|(value, expected)| *value -= expected);
    }
    let relative = norm(&difference) / norm(&expected);
    assert!(relative < 1e-5, "{relative}");
}

/// The way over named gradients changes no bit of a step over one batch.
#[test]
fn a_step_over_one_batch_is_the_step_of_that_batch() {
    let (loss, gradients, state) = step(vec![batch(8, 1)], None);
    let far = Some(1e9);
    assert!(step(vec![batch(8, 1)], far) == (loss, gradients, state));
}

#[test]
fn the_gradients_of_a_step_have_the_norm_that_they_are_clipped_to() {
    let batches = vec![batch(8, 1), batch(8, 2)];
    let (_, free, _) = step(batches.clone(), None);
    let limit = norm(&free) / 3.0;
    for batches in [batches, vec![batch(8, 1)]] {
        let (_, clipped, _) = step(batches, Some(limit));
        let relative = norm(&clipped) / limit - 1.0;
        assert!(relative.abs() < 1e-4, "{relative}");
    }
}

#[test]
fn batches_too_small_for_a_step_are_no_part_of_one() {
    let fit = || {
        let schedule = OneCycle::new(4, RATES.to_vec(), 0.3, [0.95, 0.85], 25.0);
        Fit::new(learner(None), schedule, 0, Position::default())
    };
    let losses = |batches: Vec<LabelledBatch>| {
        let mut fit = fit();
        let (rows, result) = fit.step_over(batches);
        result.unwrap();
        (rows, *fit.position())
    };
    let with_a_single = losses(vec![batch(8, 1), batch(1, 2), batch(0, 3)]);
    assert_eq!(with_a_single, losses(vec![batch(8, 1)]));
    assert_eq!(with_a_single.1.total_iterations, 1);
    let (rows, position) = losses(vec![batch(1, 2), batch(0, 3)]);
    assert!(rows.is_empty());
    assert_eq!((position.iteration, position.total_iterations), (1, 0));
}
