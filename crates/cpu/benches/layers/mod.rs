//! The convolutions of the ResNets, and what they are given.

use cpu::ConvolutionShape;

/// Each convolution of the network: its number of occurrences, its name, its shape.
pub fn layers(depth: usize, size: usize, batch: usize) -> Vec<(usize, String, ConvolutionShape)> {
    let mut layers: Vec<(usize, String, ConvolutionShape)> = Vec::new();
    let mut add = |count: usize,
                   size: usize,
                   channels_in: usize,
                   channels_out: usize,
                   kernel: usize,
                   stride: usize| {
        let padding = kernel / 2;
        let shape = ConvolutionShape {
            batch,
            height: size,
            width: size,
            channels_in,
            channels_out,
            kernel,
            stride,
            padding,
        };
        let name = format!("{channels_in}->{channels_out} {kernel}x{kernel}/{stride} @{size}");
        match layers.iter_mut().find(|layer| layer.2 == shape) {
            Some(layer) => layer.0 += count,
            None => layers.push((count, name, shape)),
        }
    };
    add(1, size, 3, 64, 7, 2);
    let mut channels = 64;
    for (stage, blocks) in blocks(depth).into_iter().enumerate() {
        let (wide, mut now) = (64 << stage, (size / 4) >> stage.saturating_sub(1));
        for block in 0..blocks {
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            let outputs = if depth < 50 { wide } else { 4 * wide };
            if channels != outputs {
                add(1, now, channels, outputs, 1, stride);
            }
            if depth < 50 {
                add(1, now, channels, wide, 3, stride);
            } else {
                add(1, now, channels, wide, 1, 1);
                add(1, now, wide, wide, 3, stride);
            }
            now = now.div_ceil(stride);
            if depth < 50 {
                add(1, now, wide, wide, 3, 1);
            } else {
                add(1, now, wide, outputs, 1, 1);
            }
            channels = outputs;
        }
    }
    layers
}

/// Numbers between -1 and 1.
pub fn numbers(count: usize) -> Vec<f32> {
    let numbers = (0..count).map(|i| (i * 7919 % 1000) as f32 / 500.0 - 1.0);
    numbers.collect()
}

fn blocks(depth: usize) -> [usize; 4] {
    if depth == 18 { [2; 4] } else { [3, 4, 6, 3] }
}
