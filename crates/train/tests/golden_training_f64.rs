//! `tests/fixtures/fastai/09_e2e` in f64, where nothing drifts. A file of its own, because the number type belongs to the device
//! and so to the whole process.

mod twenty_iterations;

use burn::tensor::{Device, DeviceConfig, FloatDType};
use network::Algorithm;
use twenty_iterations::{compare, golden, train};

/// Losses are handed out in f32 (6e-8), and pictures are normalised in f32 here and in f64 there.
const TOLERANCE: f64 = 1e-4;

#[test]
fn all_20_iterations_are_fastais() {
    let f64_everywhere = DeviceConfig::default().float_dtype(FloatDType::F64);
    Device::flex().configure(f64_everywhere).unwrap();
    let golden = golden();
    let trace = train(Algorithm::Exact, &Device::flex());
    compare(&trace.losses, &golden["f64"]["loss"], TOLERANCE, "loss");
    compare(
        &trace.smoothed,
        &golden["f64"]["smooth_loss"],
        TOLERANCE,
        "smoothed loss",
    );
    for (epoch, row) in golden["f64"]["epochs"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
    {
        let number = |key: &str| row[key].as_f64().unwrap();
        let loss = number("valid_loss");
        assert!(
            (trace.valid_losses[epoch] - loss).abs() < TOLERANCE * loss,
            "epoch {epoch}"
        );
        assert!(
            (trace.error_rates[epoch] - number("error_rate")).abs() < 1e-6,
            "epoch {epoch}"
        );
    }
}
