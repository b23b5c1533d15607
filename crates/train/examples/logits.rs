//! Logits of a run's network for pictures, as this program computes them, for `scripts/check-onnx.sh`:
//!
//! ```sh
//! cargo run -p train --example logits -- RUN FOLDER COUNT SIZE OUT
//! ```
//!
//! Takes the first COUNT pictures of FOLDER that can be decoded, in the order of their names, as validation sees them at
//! SIZE pixels. Writes `OUT.pictures`, the normalised values `[COUNT, 3, SIZE, SIZE]`, and `OUT.logits`, `[COUNT, classes]`,
//! both as plain f32, and prints the number of pictures.

use burn::tensor::{Device, Tensor, TensorData};
use checkpoint::{Manifest, RUNS_FOLDER, Run};
use pictures::{loader::ValidationPicture, transform::View};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Pictures that go through the network at once.
const BATCH: usize = 8;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    kernels::use_this_thread();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [run, folder, count, size, out] = arguments.as_slice() else {
        return Err("use: logits RUN FOLDER COUNT SIZE OUT".into());
    };
    let (count, size): (usize, usize) = (count.parse()?, size.parse()?);
    let checkpoint = Run::open(Path::new(RUNS_FOLDER), Path::new(run))?
        .latest()?
        .checkpoint;
    let manifest = &checkpoint.manifest;
    let device = Device::flex();
    let spec = &manifest.network;
    let network = spec.load(checkpoint.weights()?, manifest.kernels, &device)?;
    let network = network.for_inference();
    let squares = squares(manifest, Path::new(folder), count, size)?;
    let mut logits: Vec<f32> = Vec::new();
    for batch in squares.chunks(BATCH) {
        let data = TensorData::new(batch.concat(), [batch.len(), 3, size, size]);
        let answer = network.forward(Tensor::from_data(data, &device));
        logits.extend(answer.into_data().iter::<f32>());
    }
    write(&format!("{out}.pictures"), &squares.concat())?;
    write(&format!("{out}.logits"), &logits)?;
    println!("{}", squares.len());
    Ok(())
}

/// The normalised squares of the first pictures of `folder`.
fn squares(
    manifest: &Manifest,
    folder: &Path,
    count: usize,
    size: usize,
) -> Result<Vec<Vec<f32>>, Box<dyn std::error::Error>> {
    let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut paths = entries.collect::<std::io::Result<Vec<PathBuf>>>()?;
    paths.sort();
    let decoded = paths.iter().filter_map(|path| {
        let read = ValidationPicture::read(
            path,
            size,
            View::Square,
            manifest.padding,
            manifest.orientation,
        );
        let picture = read.map_err(|error| eprintln!("left out: {error}")).ok()?;
        let mut square = picture.frame;
        manifest.normalisation.apply(&mut square);
        Some(square)
    });
    Ok(decoded.take(count).collect())
}

fn write(path: &str, values: &[f32]) -> std::io::Result<()> {
    let bytes: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    fs::write(path, bytes)
}
