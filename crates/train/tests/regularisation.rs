//! Losses and mixtures against torch, fastai 1.0.30 and torchvision (`tests/fixtures/regularisation`), and what does not
//! depend on the numbers drawn.

use burn::tensor::{Device, Tensor, TensorData};
use kernels::cross_entropy_of_factors;
use pictures::loader::BatchSeed;
use serde_json::Value;
use std::{fs, path::Path};
use train::{
    batch::{LabelledBatch, Targets},
    regularisation::{Regularisation, cutmix::Cutmix, mixup::Mixup},
};

const SEED: BatchSeed = BatchSeed {
    seed: 1,
    stage: 0,
    iteration: 7,
};

fn golden(file: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/regularisation");
    serde_json::from_slice(&fs::read(folder.join(file)).unwrap()).unwrap()
}

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

/// All numbers of nested lists.
fn flat(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(items) => items.iter().flat_map(flat).collect(),
        number => vec![number.as_f64().unwrap()],
    }
}

fn assert_near(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        let off = (found - expected).abs();
        assert!(
            off <= tolerance,
            "{what}, {place}: {found} instead of {expected}"
        );
    }
}

/// f32 against torch's f64: logits up to 12, each rounded to 2⁻²⁴ of itself, and a few roundings of sums.
const LOSS_TOLERANCE: f64 = 4e-6;

#[test]
fn smoothed_and_weighted_losses_and_their_gradients_are_torchs() {
    let golden = golden("losses.json");
    let device = Device::flex().autodiff();
    let (classes, others): (Vec<usize>, Vec<usize>) =
        (read(&golden["classes"]), read(&golden["others"]));
    for case in golden["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let targets = match case["mixed"].as_bool().unwrap() {
            true => Targets::Mixed {
                first: classes.clone(),
                second: others.clone(),
                share: read(&golden["share"]),
            },
            false => Targets::Classes(classes.clone()),
        };
        let weights: Option<Vec<f64>> = read(&case["weights"]);
        // Off and without weights the plain kernels compute it; here it goes through factors all the same.
        let weights = weights.or(Some(vec![1.0; 4]));
        let regularisation = Regularisation {
            label_smoothing: case["smoothing"].as_f64().unwrap(),
            ..Regularisation::default()
        };
        let targets = regularisation.targets(targets, 4, weights.as_deref());
        let Targets::Factors {
            factors,
            classes: of,
        } = targets
        else {
            panic!("{name}: no factors");
        };
        assert_eq!(of, classes, "{name}");
        let logits: Vec<f32> = read::<Vec<Vec<f32>>>(&golden["logits"]).concat();
        let logits =
            Tensor::<2>::from_data(TensorData::new(logits, [5, 4]), &device).require_grad();
        let factors = Tensor::<2>::from_data(TensorData::new(factors, [5, 4]), &device);
        let loss = cross_entropy_of_factors(logits.clone(), factors);
        let gradients = loss.backward();
        let numbers = |data: TensorData| data.iter::<f64>().collect::<Vec<_>>();
        assert_near(
            name,
            &numbers(loss.into_data()),
            &flat(&case["loss"]),
            LOSS_TOLERANCE,
        );
        let gradient = logits.grad(&gradients).unwrap().into_data();
        assert_near(
            name,
            &numbers(gradient),
            &flat(&case["gradient"]),
            LOSS_TOLERANCE,
        );
    }
}

fn recorded_batch(golden: &Value) -> LabelledBatch {
    LabelledBatch {
        pictures: flat(&golden["pictures"])
            .iter()
            .map(|value| *value as f32)
            .collect(),
        targets: Targets::Classes(read(&golden["classes"])),
        size: read(&golden["size"]),
    }
}

fn as_f64(values: &[f32]) -> Vec<f64> {
    values.iter().map(|value| f64::from(*value)).collect()
}

#[test]
fn mixup_mixes_pictures_as_fastai() {
    let golden = golden("mixtures.json");
    let recorded = &golden["mixup"];
    let mixup = Mixup {
        partners: read(&recorded["partners"]),
        shares: read(&recorded["shares"]),
    };
    let mixed = mixup.apply(recorded_batch(&golden));
    // One rounding of each product and of their sum.
    assert_near(
        "mixup",
        &as_f64(&mixed.pictures),
        &flat(&recorded["pictures"]),
        1.2e-7,
    );
    let Targets::Mixed {
        first,
        second,
        share,
    } = mixed.targets
    else {
        panic!("not mixed");
    };
    let classes: Vec<usize> = read(&golden["classes"]);
    assert_eq!(
        second,
        mixup
            .partners
            .iter()
            .map(|place| classes[*place])
            .collect::<Vec<_>>()
    );
    assert_eq!((first, share), (classes, mixup.shares));
}

#[test]
fn cutmix_pastes_as_torchvision() {
    let golden = golden("mixtures.json");
    for (number, recorded) in golden["cutmix"].as_array().unwrap().iter().enumerate() {
        let kept = recorded["kept"].as_f64().unwrap();
        let cutmix = Cutmix::around(read(&recorded["centre"]), kept, read(&golden["size"]));
        let [left, top, right, bottom]: [usize; 4] = read(&recorded["box"]);
        assert_eq!(
            (cutmix.columns, cutmix.rows),
            ([left, right], [top, bottom]),
            "{number}"
        );
        let mixed = cutmix.apply(recorded_batch(&golden));
        assert_eq!(
            as_f64(&mixed.pictures),
            flat(&recorded["pictures"]),
            "{number}"
        );
        let soft = |picture| {
            let mut target = vec![0.0; 4];
            for (class, share) in mixed.targets.shares(picture) {
                target[class] += share;
            }
            target
        };
        let targets: Vec<f64> = (0..5).flat_map(soft).collect();
        // Shares are f32 on both sides.
        assert_near("targets", &targets, &flat(&recorded["targets"]), 1e-7);
    }
}

fn grey_and_white(count: usize) -> LabelledBatch {
    let value = |place: usize| (place / (3 * 8 * 8)) as f32;
    LabelledBatch {
        pictures: (0..count * 3 * 8 * 8).map(value).collect(),
        targets: Targets::Classes((0..count).collect()),
        size: 8,
    }
}

#[test]
fn what_is_mixed_depends_on_the_place_of_the_batch_alone() {
    for (mixup, cutmix) in [(0.4, 0.0), (0.0, 1.0), (0.4, 1.0)] {
        let regularisation = Regularisation {
            mixup,
            cutmix,
            ..Regularisation::default()
        };
        let mixed = |seed| regularisation.mix(grey_and_white(16), &seed);
        assert_eq!(mixed(SEED), mixed(SEED));
        for other in [
            BatchSeed { seed: 2, ..SEED },
            BatchSeed { stage: 1, ..SEED },
            BatchSeed {
                iteration: 8,
                ..SEED
            },
        ] {
            assert_ne!(mixed(SEED), mixed(other), "{mixup} {cutmix}");
        }
    }
}

#[test]
fn with_both_on_half_of_the_batches_are_mixed_and_half_are_pasted() {
    let regularisation = Regularisation {
        mixup: 0.4,
        cutmix: 1.0,
        ..Regularisation::default()
    };
    let is_pasted = |iteration: &u64| {
        let batch = regularisation.mix(
            grey_and_white(4),
            &BatchSeed {
                iteration: *iteration,
                ..SEED
            },
        );
        // A pasted picture has whole values only.
        batch.pictures.iter().all(|value| value.fract() == 0.0)
    };
    let pasted = (0..400).filter(is_pasted).count();
    // Binomial with n = 400, p = 1/2: mean 200, standard deviation 10; five of them.
    assert!((150..=250).contains(&pasted), "{pasted}");
}

#[test]
fn a_share_is_at_least_a_half_and_has_the_distribution_of_fastais() {
    let regularisation = Regularisation {
        mixup: 0.4,
        ..Regularisation::default()
    };
    let mut shares = Vec::new();
    for iteration in 0..200 {
        let batch = regularisation.mix(grey_and_white(100), &BatchSeed { iteration, ..SEED });
        if let Targets::Mixed { share, .. } = batch.targets {
            shares.extend(share);
        }
    }
    assert!(shares.iter().all(|share| (0.5..=1.0).contains(share)));
    let mean = shares.iter().sum::<f32>() / shares.len() as f32;
    // E max(λ, 1-λ) for Beta(0.4, 0.4), by numpy over 2·10⁷ draws; standard deviation 0.154 / √20000.
    assert!(
        (mean - EXPECTED_SHARE).abs() < 5.0 * 0.154 / 20_000f32.sqrt(),
        "{mean}"
    );
}

/// See above.
const EXPECTED_SHARE: f32 = 0.83974;

#[test]
fn nothing_on_leaves_a_batch_as_it_is() {
    let off = Regularisation::default();
    let batch = off.mix(grey_and_white(3), &SEED);
    assert_eq!(batch, grey_and_white(3));
    assert_eq!(off.targets(batch.targets.clone(), 3, None), batch.targets);
}
