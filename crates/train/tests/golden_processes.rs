//! Steps by several processes, which are threads here, beside those of one.

#[path = "helpers/noise.rs"]
mod noise;
#[path = "helpers/on_each.rs"]
mod on_each;
mod twenty_iterations;

use burn::tensor::Device;
use network::{Algorithm, Architecture, Network, NetworkSpec, Trainable, weights::StateDict};
use noise::batch;
use on_each::on_each;
use processes::{Processes, threads};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use train::{
    batch::BatchPart,
    config::{BatchNormKind, OptimizerConfig},
    fit::{Fit, StepError},
    learner::Learner,
    optimizer::Adam,
    position::Position,
    schedule::{OneCycle, Rates},
};
use twenty_iterations::{Trace, compare, golden, part_for, train, train_as};

/// See `golden_training`: f32 runs drift apart by themselves.
const TOLERANCE: f64 = 1e-3;
const BETA1: f64 = 0.9;

#[test]
fn twenty_iterations_of_1_2_and_4_processes_with_synchronised_batch_norms_are_fastais() {
    let golden = golden();
    let alone = train(Algorithm::Exact, &Device::flex());
    for count in [1, 2, 4] {
        let traces = on_each(count, |processes| {
            train_as(&processes, Algorithm::Exact, &Device::flex())
        });
        let bits = |trace: &Trace| -> Vec<u32> {
            trace.losses.iter().map(|loss| loss.to_bits()).collect()
        };
        assert!(traces.iter().all(|trace| bits(trace) == bits(&traces[0])));
        let losses = &traces[0].losses;
        compare(&losses[..13], &golden["f64"]["loss"], TOLERANCE, "loss");
        let differences = losses.iter().zip(&alone.losses);
        let differences: Vec<f32> = differences
            .map(|(ours, theirs)| (ours - theirs).abs() / theirs)
            .collect();
        let largest = |differences: &[f32]| differences.iter().copied().fold(0.0, f32::max);
        println!(
            "{count} processes: the losses of the first 13 iterations are off by {:.1e} at most, those of all 20 by {:.1e}",
            largest(&differences[..13]),
            largest(&differences)
        );
        if count == 1 {
            assert_eq!(largest(&differences), 0.0);
        }
        // The first loss knows nothing of an update yet.
        assert!(differences[0] < 2e-6, "{}", differences[0]);
    }
}

fn network(dropout: [f64; 2]) -> Network {
    let spec = NetworkSpec {
        base_width: 4,
        dropout,
        ..NetworkSpec::new(Architecture::ResNet18, 3)
    };
    spec.init(Algorithm::Exact, 1, &Device::flex())
}

fn optimizer(clip_norm: Option<f64>) -> Adam {
    Adam::new(OptimizerConfig {
        clip_norm,
        ..OptimizerConfig::default()
    })
}

/// What a first step leaves.
struct Step {
    loss: f32,
    gradients: StateDict,
    network: StateDict,
    /// Buckets that went during the backward pass, and all that could.
    overlap: (usize, usize),
}

/// A first step of one of `processes` over its `parts`.
fn step(
    processes: &Processes,
    kind: BatchNormKind,
    (trainable, dropout, clip_norm): (Trainable, [f64; 2], Option<f64>),
    parts: Vec<BatchPart>,
) -> Step {
    let optimizer = optimizer(clip_norm);
    let mut learner = Learner::new(network(dropout), trainable, optimizer, &Device::flex())
        .among(processes, kind);
    let rates = Rates {
        learning_rates: vec![1e-3; 3],
        beta1: BETA1,
    };
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let loss = if learner.is_alone() {
        let batches = parts.into_iter().map(|part| part.batch).collect();
        let loss = learner.step_over(batches, &rates, &mut rng);
        loss.into_scalar::<f32>()
    } else {
        learner.step_parts(parts, &rates, &mut rng).unwrap()
    };
    let mut gradients = learner.optimizer().state();
    gradients.retain(|name| name.ends_with("exp_avg"));
    Step {
        loss,
        gradients,
        network: learner.network().state(),
        overlap: learner.overlap(),
    }
}

/// The largest difference of two states over the largest value of the second.
fn difference(found: &StateDict, expected: &StateDict) -> f64 {
    assert!(found.names().eq(expected.names()));
    let values = |state: &StateDict| -> Vec<f64> {
        let tensors = state.iter().filter_map(|(_, tensor)| tensor.as_floats());
        tensors.flatten().copied().map(f64::from).collect()
    };
    let (found, expected) = (values(found), values(expected));
    let off = found.iter().zip(&expected).map(|(a, b)| (a - b).abs());
    off.fold(0.0, f64::max) / expected.iter().map(|value| value.abs()).fold(0.0, f64::max)
}

const EVERYTHING: (Trainable, [f64; 2], Option<f64>) = (Trainable::All, [0.25, 0.5], Some(0.5));
const FROZEN: (Trainable, [f64; 2], Option<f64>) = (Trainable::Head, [0.0, 0.0], None);

/// Seven pictures on three processes: 2, 2 and 3. Two: none, 1 and 1. With dropout, clipping and accumulation.
#[test]
fn a_step_with_synchronised_batch_norms_is_that_of_one_process_however_the_pictures_are_divided() {
    for settings in [EVERYTHING, FROZEN] {
        for sizes in [vec![7], vec![2], vec![7, 4, 2]] {
            let batches: Vec<_> = sizes
                .iter()
                .map(|count| batch(*count, *count as u64))
                .collect();
            let whole = batches.iter().cloned().map(BatchPart::whole).collect();
            // Batch norms over two pictures magnify every rounding: the variance of a unit may be next to nothing.
            let tolerance = if sizes.contains(&2) { 5e-3 } else { 2e-4 };
            let kind = BatchNormKind::Synchronised;
            let expected = step(&Processes::alone(), kind, settings, whole);
            for count in [2, 3] {
                let steps = on_each(count, |processes| {
                    let parts = batches.iter().map(|batch| part_for(&processes, batch));
                    step(&processes, kind, settings, parts.collect())
                });
                for step in &steps {
                    let off = (step.loss - expected.loss).abs() / expected.loss;
                    assert!(off < 1e-5, "{sizes:?} on {count}: loss {off}");
                    let off = difference(&step.gradients, &expected.gradients);
                    assert!(off < tolerance, "{sizes:?} on {count}: gradients {off}");
                    // Running statistics too.
                    assert_eq!(step.network, steps[0].network);
                }
            }
        }
    }
}

/// With statistics of their own, processes do what one does that accumulates their parts.
#[test]
fn a_step_with_local_batch_norms_is_that_of_one_process_which_accumulates_the_parts() {
    let settings = (Trainable::All, [0.0, 0.0], Some(0.5));
    let whole = batch(7, 1);
    for count in [2, 3] {
        let parts: Vec<_> = threads(count)
            .iter()
            .map(|one| BatchPart::whole(part_for(one, &whole).batch))
            .collect();
        let kind = BatchNormKind::Local;
        let expected = step(&Processes::alone(), kind, settings, parts);
        let steps = on_each(count, |processes| {
            step(
                &processes,
                kind,
                settings,
                vec![part_for(&processes, &whole)],
            )
        });
        for step in steps {
            assert!((step.loss - expected.loss).abs() < 1e-6);
            let off = difference(&step.gradients, &expected.gradients);
            assert!(off < 1e-5, "{count} processes: {off}");
        }
    }
}

/// Not told by the time: a bucket that is counted went before the backward pass returned. Five pictures on two processes, and two
/// on three, of which one has none.
#[test]
fn gradients_are_on_their_way_before_the_backward_pass_is_over() {
    for kind in [BatchNormKind::Local, BatchNormKind::Synchronised] {
        for (count, pictures) in [(2, 5), (3, 2)] {
            let steps = |settings, batches: usize| -> Vec<(usize, usize)> {
                on_each(count, |processes| {
                    let part = part_for(&processes, &batch(pictures, 1));
                    step(&processes, kind, settings, vec![part; batches]).overlap
                })
            };
            for (gone, all) in steps(EVERYTHING, 1) {
                assert!(gone == all && all > 4, "{gone} of {all} buckets");
            }
            // They are added up first.
            for (gone, all) in steps(EVERYTHING, 2) {
                assert!(gone == 0 && all > 4, "{gone} of {all} buckets");
            }
            // No convolution is trained.
            assert_eq!(steps(FROZEN, 1), vec![(0, 0); count]);
        }
    }
}

/// A process without pictures sends and receives as much as the others.
#[test]
fn a_step_sends_two_n_minus_one_nths_of_its_gradients() {
    for (count, pictures) in [(2, 8), (3, 7), (4, 2)] {
        for (trainable, _, _) in [EVERYTHING, FROZEN] {
            let network = network([0.0, 0.0]);
            let parameters = network.parameters().into_iter();
            let trained = parameters.filter(|parameter| trainable.includes(parameter));
            let numbers: usize = trained.map(|p| p.shape.iter().product::<usize>()).sum();
            let sent = on_each(count, |processes| {
                let part = part_for(&processes, &batch(pictures, 1));
                let settings = (trainable, [0.0, 0.0], None);
                step(&processes, BatchNormKind::Local, settings, vec![part]);
                processes.bytes_sent()
            });
            let expected = (2 * (count - 1) * numbers * 4) as f64 / count as f64;
            for sent in sent {
                let off = (sent as f64 - expected).abs() / expected;
                assert!(off < 0.05, "{sent} bytes instead of {expected}");
            }
        }
    }
}

fn fit(processes: &Processes, kind: BatchNormKind) -> Fit<OneCycle> {
    let learner = Learner::new(
        network([0.0, 0.0]),
        Trainable::All,
        optimizer(None),
        &Device::flex(),
    );
    let cycle = OneCycle::new(4, vec![1e-3; 3], 0.3, [0.95, 0.85], 25.0);
    Fit::new(
        learner.among(processes, kind),
        cycle,
        0,
        Position::default(),
    )
}

#[test]
fn a_loss_that_is_not_finite_on_one_rank_stops_all_before_anything_changes() {
    for kind in [BatchNormKind::Local, BatchNormKind::Synchronised] {
        let ends = on_each(3, |processes| {
            let mut fit = fit(&processes, kind);
            let before = fit.learner().optimizer().state();
            let mut part = part_for(&processes, &batch(7, 1));
            if processes.rank() == 1 {
                part.batch.pictures[5] = f32::NAN;
            }
            let (_, result) = fit.step_over_parts(vec![part]);
            assert_eq!(fit.learner().optimizer().state(), before);
            result
        });
        for end in ends {
            let is_loss = matches!(end, Err(StepError::LossNotFinite { iteration: 1, .. }));
            assert!(is_loss, "{end:?}");
        }
    }
}

#[test]
fn a_process_that_ends_within_a_step_is_no_endless_wait() {
    for kind in [BatchNormKind::Local, BatchNormKind::Synchronised] {
        let ends = on_each(3, |processes| {
            if processes.rank() == 2 {
                return None;
            }
            let part = part_for(&processes, &batch(7, 1));
            Some(fit(&processes, kind).step_over_parts(vec![part]).1)
        });
        for end in &ends[..2] {
            let is_lost = matches!(end, Some(Err(StepError::Lost(_))));
            assert!(is_lost, "{end:?}");
        }
    }
}
