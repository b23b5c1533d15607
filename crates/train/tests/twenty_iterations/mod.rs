//! The twenty iterations of `tests/fixtures/fastai/09_e2e` by this crate's own learner.

use burn::tensor::Device;
use kernels::DeviceFailed;
use network::{
    Algorithm, Architecture, Network, NetworkSpec, Trainable,
    weights::{StateDict, layout},
};
use processes::Processes;
use serde_json::Value;
use std::{fs, path::PathBuf};
use train::{
    batch::{BatchPart, LabelledBatch, Targets},
    config::{BatchNormKind, LearningRate, OptimizerConfig},
    fit::Fit,
    learner::{Learner, validate},
    optimizer::Adam,
    position::Position,
    schedule::OneCycle,
};

const BATCH: usize = 8;
const PER_EPOCH: usize = 5;
const SIZE: usize = 64;

/// What one run of the twenty iterations gave.
pub struct Trace {
    pub losses: Vec<f32>,
    pub smoothed: Vec<f32>,
    pub valid_losses: Vec<f64>,
    pub error_rates: Vec<f64>,
}

/// Both fits in the device's number type.
pub fn train(algorithm: Algorithm, device: &Device) -> Trace {
    train_as(&Processes::alone(), algorithm, device)
}

/// The same as one of `processes`, with synchronised batch norms.
pub fn train_as(processes: &Processes, algorithm: Algorithm, device: &Device) -> Trace {
    let batches = batches();
    let mut network = initial(algorithm, device);
    let mut trace = Trace {
        losses: Vec::new(),
        smoothed: Vec::new(),
        valid_losses: Vec::new(),
        error_rates: Vec::new(),
    };
    let stages = [Trainable::Head, Trainable::All].into_iter().zip(cycles());
    for (stage, (trainable, cycle)) in stages.enumerate() {
        let optimizer = Adam::new(OptimizerConfig::default());
        let learner = Learner::new(network, trainable, optimizer, device)
            .among(processes, BatchNormKind::Synchronised);
        let start = Position {
            stage,
            ..Position::default()
        };
        let mut fit = Fit::new(learner, cycle, 0, start);
        for step in 0..2 * PER_EPOCH {
            let batch = part_for(processes, &batches[step % PER_EPOCH]);
            let (mut rows, result) = fit.step_over_parts(vec![batch]);
            result.unwrap();
            let (late, result) = fit.finish_steps();
            result.unwrap();
            rows.extend(late);
            trace.losses.extend(rows.iter().map(|row| row.loss));
            trace
                .smoothed
                .extend(rows.iter().map(|row| row.smoothed_loss));
            if step % PER_EPOCH == PER_EPOCH - 1 {
                let network = fit.learner().network().for_inference();
                let valid = validation().into_iter().map(Ok::<_, DeviceFailed>);
                let result = validate(&network, valid, device).unwrap().unwrap();
                trace.valid_losses.push(result.loss);
                trace.error_rates.push(result.error_rate);
            }
        }
        network = fit.into_learner().into_network();
    }
    trace
}

/// What one of `processes` has of `batch`.
pub fn part_for(processes: &Processes, batch: &LabelledBatch) -> BatchPart {
    let (places, all) = (processes.share(batch.len()), batch.len());
    BatchPart {
        before: places.start,
        all,
        share: places.len() as f64 / all as f64,
        batch: batch.at(places),
    }
}

/// Schedules of both fits: `fit_one_cycle(2, slice(1e-2), pct_start=.8)`, `fit_one_cycle(2, slice(1e-4, 1e-2))`.
pub fn cycles() -> [OneCycle; 2] {
    let cycle = |rate: LearningRate, pct_start| {
        let rates = rate.per_group(Architecture::ResNet34.groups().len());
        OneCycle::new(2 * PER_EPOCH, rates, pct_start, [0.95, 0.85], 25.0)
    };
    [
        cycle(LearningRate::Head(1e-2), 0.8),
        cycle(LearningRate::Range([1e-4, 1e-2]), 0.3),
    ]
}

fn initial(algorithm: Algorithm, device: &Device) -> Network {
    let spec = NetworkSpec {
        base_width: 8,
        dropout: [0.0, 0.0],
        ..NetworkSpec::new(Architecture::ResNet34, 5)
    };
    let network = spec.blank(algorithm, device);
    let state = StateDict::read(&fixtures().join("initial_state.safetensors")).unwrap();
    let state = layout::to_canonical(state, network.architecture()).unwrap();
    state.check(&network.shapes(), |_| false).unwrap();
    network.with_state(state)
}

/// The five batches of eight pictures in file order.
fn batches() -> Vec<LabelledBatch> {
    pictures(0, PER_EPOCH * BATCH)
        .chunks(BATCH)
        .map(join)
        .collect()
}

/// Pictures 0 to 11 in batches of 8 and 4.
fn validation() -> Vec<LabelledBatch> {
    pictures(0, 12).chunks(BATCH).map(join).collect()
}

fn join(pictures: &[(Vec<f32>, usize)]) -> LabelledBatch {
    LabelledBatch {
        pictures: pictures
            .iter()
            .flat_map(|(picture, _)| picture.clone())
            .collect(),
        targets: Targets::Classes(pictures.iter().map(|(_, label)| *label).collect()),
        size: SIZE,
    }
}

/// Normalised planes and labels.
fn pictures(from: usize, to: usize) -> Vec<(Vec<f32>, usize)> {
    let bytes = fs::read(fixtures().join("pictures.safetensors")).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let pixels = file.tensor("pictures_nhwc_u8").unwrap();
    let labels = file.tensor("labels").unwrap();
    let (mean, std) = ([0.485f32, 0.456, 0.406], [0.229f32, 0.224, 0.225]);
    let count = SIZE * SIZE;
    (from..to)
        .map(|i| {
            let pixels = &pixels.data()[i * 3 * count..(i + 1) * 3 * count];
            let planes = (0..3).flat_map(|c| {
                (0..count).map(move |p| (f32::from(pixels[3 * p + c]) / 255.0 - mean[c]) / std[c])
            });
            let label = i64::from_le_bytes(labels.data()[8 * i..8 * i + 8].try_into().unwrap());
            (planes.collect(), label as usize)
        })
        .collect()
}

pub fn compare(ours: &[f32], theirs: &Value, tolerance: f64, what: &str) {
    for (i, ours) in ours.iter().enumerate() {
        let theirs = theirs[i].as_f64().unwrap();
        let error = (f64::from(*ours) - theirs).abs() / theirs;
        assert!(
            error <= tolerance,
            "{what} of iteration {}: {ours} instead of {theirs}",
            i + 1
        );
    }
}

pub fn golden() -> Value {
    serde_json::from_str(&fs::read_to_string(fixtures().join("run.json")).unwrap()).unwrap()
}

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/fastai/09_e2e")
}
