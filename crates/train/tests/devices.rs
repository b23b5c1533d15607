//! `tests/fixtures/fastai/09_e2e` on every GPU that this build reaches: twenty iterations of fastai's own Learner, ten of
//! them with a frozen body.
#![cfg(feature = "gpu")]

mod twenty_iterations;

use kernels::gpus;
use network::Algorithm;
use twenty_iterations::{compare, golden, train};

/// In f32 fastai's own run differs from its f64 one by 4e-5 until iteration 13.
const SINGLE: f64 = 1e-3;
/// Tensor cores of NVIDIA multiply f32 with a mantissa of ten bits, and every step adds to the distance.
const TENSOR_CORES: f64 = 2e-2;

#[test]
fn the_first_13_losses_are_fastais() {
    let golden = golden();
    for listed in gpus() {
        let trace = train(Algorithm::Fast, &listed.device);
        let expected: Vec<f64> = serde_json::from_value(golden["f64"]["loss"].clone()).unwrap();
        let differences = trace.losses.iter().zip(&expected);
        let differences: Vec<String> = differences
            .map(|(found, expected)| {
                format!("{:.1e}", (f64::from(*found) - expected).abs() / expected)
            })
            .collect();
        println!(
            "{} ({}): {}",
            listed.typed,
            listed.name,
            differences.join(" ")
        );
        let tolerance = if listed.typed.starts_with("cuda") {
            TENSOR_CORES
        } else {
            SINGLE
        };
        compare(
            &trace.losses[..13],
            &golden["f64"]["loss"],
            tolerance,
            "loss",
        );
    }
}
