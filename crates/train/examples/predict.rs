//! Times predictions of a network with 1000 classes and random weights, for `scripts/bench-engines.sh`:
//!
//! ```sh
//! cargo run -p train --example predict -- resnet50 224 1 20 bf16
//! ```
//!
//! Prints the median milliseconds of a step after the first, the shortest, and the fewest of computing time on all threads
//! together, which neighbours on a shared machine disturb less (0 where the system does not tell).

mod steps;

use burn::tensor::{Device, Tensor, TensorData};
use network::{Algorithm, Architecture, HeadKind, InferenceOptions, NetworkSpec, Precision};
use std::time::Instant;
use steps::{computing_time, noise};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    kernels::use_this_thread();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [architecture, size, batch, steps, precision] = arguments.as_slice() else {
        return Err("use: predict ARCHITECTURE SIZE BATCH STEPS f32|bf16".into());
    };
    let architecture: Architecture = serde_json::from_value(architecture.as_str().into())?;
    let precision = match precision.as_str() {
        "f32" => Precision::F32,
        "bf16" => Precision::Bf16,
        other => return Err(format!("no precision {other}").into()),
    };
    let (size, batch, steps): (usize, usize, usize) =
        (size.parse()?, batch.parse()?, steps.parse()?);
    let spec = NetworkSpec {
        head: HeadKind::Plain,
        ..NetworkSpec::new(architecture, 1000)
    };
    let device = Device::flex();
    let network = spec.init(Algorithm::Fast, 1, &device);
    let predicting = network.for_inference_with(InferenceOptions {
        precision,
        ..InferenceOptions::default()
    });
    drop(network);
    let pictures = noise(batch * 3 * size * size);
    let step = || {
        let data = TensorData::new(pictures.clone(), [batch, 3, size, size]);
        let (started, computed) = (Instant::now(), computing_time());
        let logits = predicting.forward(Tensor::from_data(data, &device));
        let _ = logits.into_data();
        (
            started.elapsed().as_secs_f64() * 1e3,
            computing_time() - computed,
        )
    };
    step();
    let (mut times, mut computed): (Vec<f64>, Vec<f64>) = (0..steps).map(|_| step()).unzip();
    times.sort_by(f64::total_cmp);
    computed.sort_by(f64::total_cmp);
    println!(
        "{:.2} {:.2} {:.2}",
        times[times.len() / 2],
        times[0],
        computed[0]
    );
    Ok(())
}
