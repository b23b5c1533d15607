//! What happens to an output number before it is written.

use crate::simd::{Arithmetic, LANES, Simd};

/// What happens to each output number before it is written: add bias, add residual, cut at zero, in this order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Epilogue<'a> {
    /// One number per output channel.
    pub bias: Option<&'a [f32]>,
    /// As large as the output, channels-last.
    pub residual: Option<&'a [f32]>,
    /// Negative numbers become zero; NaN stays NaN.
    pub relu: bool,
}

/// `target = epilogue(sums)`; `position` is that of `target` in the whole output, `channel` its first channel.
#[inline(always)]
pub fn finish_row<S: Simd>(
    simd: S,
    epilogue: &Epilogue,
    position: usize,
    channel: usize,
    sums: &[f32],
    target: &mut [f32],
) {
    let whole = target.len() / LANES * LANES;
    for start in (0..whole).step_by(LANES) {
        let sum = simd.load(&sums[start..start + LANES]);
        finish_vector(
            simd,
            epilogue,
            position + start,
            channel + start,
            sum,
            &mut target[start..start + LANES],
        );
    }
    for (i, target) in target.iter_mut().enumerate().skip(whole) {
        let bias = epilogue.bias.map_or(0.0, |bias| bias[channel + i]);
        let residual = epilogue
            .residual
            .map_or(0.0, |residual| residual[position + i]);
        let sum = sums[i] + bias + residual;
        *target = if epilogue.relu { relu(sum) } else { sum };
    }
}

/// [`Arithmetic::relu`] for one number; `f32::max` would make zero of NaN.
#[inline(always)]
fn relu(value: f32) -> f32 {
    if value <= 0.0 { 0.0 } else { value }
}

/// [`finish_row`] for as many channels as a vector has.
#[inline(always)]
pub fn finish_vector<A: Arithmetic>(
    arithmetic: A,
    epilogue: &Epilogue,
    position: usize,
    channel: usize,
    mut sum: A::Vector,
    target: &mut [f32],
) {
    if let Some(bias) = epilogue.bias {
        let bias = &bias[channel..channel + A::WIDTH];
        sum = arithmetic.add(sum, arithmetic.load(bias));
    }
    if let Some(residual) = epilogue.residual {
        let residual = &residual[position..position + A::WIDTH];
        sum = arithmetic.add(sum, arithmetic.load(residual));
    }
    if epilogue.relu {
        sum = arithmetic.relu(sum);
    }
    arithmetic.store(target, sum);
}
