//! Batch norm in training as few kernels: in terms of burn's operations it would be a dozen forward and two dozen
//! backward, each a pass over memory. Sums are taken in two steps of fixed order, so the same bits come out each time.
//!
//! Maps may be of half precision: they are read and written as they are, and everything between is f32, as the parameters
//! and the statistics are.

use super::elements::{self, Values, argument, empty, units};
use crate::batch_norm::{
    BatchNormGradient, BatchNormGradients, BatchNormOps, BatchNormOutput, Saved, Wanted,
    only_on_the_cpu,
};
use crate::convolution::Residual;
use crate::synchronised::Synchronised;
use burn::backend::{Cube, TensorMetadata, cubecl::dtype_to_storage_type, ops::FloatTensorOps};
use burn::tensor::{DType, Shape};
use burn_cubecl::{
    cubecl::{self, prelude::*},
    kernel::into_contiguous,
};

/// Partial sums of a channel: enough that a large GPU is busy, few enough that one unit adds them up.
const BLOCKS: usize = 512;
/// Fewest values of a partial sum.
const SMALLEST_BLOCK: usize = 16;

/// Type of parameters, statistics and sums.
const COMPUTED: DType = DType::F32;

impl BatchNormOps for Cube {
    fn batch_norm_forward(
        x: Values,
        weight: Values,
        bias: Values,
        epsilon: f64,
        residual: Residual<Self>,
        relu: bool,
        synchronised: Option<Synchronised>,
    ) -> BatchNormOutput<Self> {
        only_on_the_cpu(synchronised.as_ref());
        let shape = x.shape();
        let x = rows(x);
        let mean = mean(&x);
        let variance = variance(&x, &mean);
        let residual = residual.into_option().map(rows);
        let [mean_and, variance_and] = [mean.clone(), variance.clone()];
        let y = normalise(
            &x,
            mean_and,
            variance_and,
            weight,
            bias,
            epsilon,
            residual,
            relu,
        );
        BatchNormOutput {
            y: maps(y, shape),
            mean,
            variance,
        }
    }
}

impl BatchNormGradients for Cube {
    fn batch_norm_gradient(
        saved: Saved<Values>,
        gradient: Values,
        wanted: Wanted,
    ) -> BatchNormGradient<Values> {
        let shape = saved.x.shape();
        let x = rows(saved.x);
        let mut gradient = Slopes {
            values: rows(gradient),
            y: saved.y.map(rows),
        };
        let residual = wanted.residual.then(|| {
            gradient = gradient.behind_relu();
            maps(gradient.values.clone(), shape.clone())
        });
        let statistics = [saved.mean, saved.variance].map(into_contiguous);
        let sums = gradient_sums(&x, &gradient, &statistics, saved.epsilon);
        let input = wanted.x.then(|| {
            let weight = into_contiguous(saved.weight);
            let x = input_gradient(&x, &gradient, &statistics, &weight, &sums, saved.epsilon);
            maps(x, shape)
        });
        let [bias, weight] = sums;
        BatchNormGradient {
            x: input,
            weight,
            bias,
            residual,
        }
    }
}

/// The gradient of the output, `[N H W, C]`.
struct Slopes {
    values: Values,
    /// The output itself if there is a ReLU yet to be passed: whoever reads a value takes zero where `y` is not positive,
    /// which saves writing them down.
    y: Option<Values>,
}

impl Slopes {
    /// The same, written down for those who do not know of the ReLU.
    fn behind_relu(&self) -> Self {
        let values = match &self.y {
            Some(y) => pass_relu(&self.values, y),
            None => self.values.clone(),
        };
        Self { values, y: None }
    }

    /// The output, or what stands in for it where it is not read.
    fn y(&self) -> TensorArg {
        argument(self.y.as_ref().unwrap_or(&self.values))
    }
}

/// `[N, C, H, W]` as `[N H W, C]`, which is how a GPU keeps it in memory.
fn rows(x: Values) -> Values {
    let [batch, channels, height, width] = x.shape().dims();
    let x = into_contiguous(Cube::float_permute(x, &[0, 2, 3, 1]));
    Cube::float_reshape(x, Shape::new([batch * height * width, channels]))
}

/// The way back from [`rows`].
fn maps(x: Values, shape: Shape) -> Values {
    let [batch, channels, height, width] = shape.dims();
    let x = Cube::float_reshape(x, Shape::new([batch, height, width, channels]));
    Cube::float_permute(x, &[0, 3, 1, 2])
}

/// The types of the maps in memory and of all that is computed from them.
fn types(x: &Values) -> [ElemType; 2] {
    [x.dtype, COMPUTED].map(dtype_to_storage_type)
}

fn scalar(value: f64) -> InputScalar {
    elements::scalar(value, COMPUTED)
}

fn mean(x: &Values) -> Values {
    // SAFETY: a unit writes its own element of `sums` if there is one, and reads within its rows of `x`.
    let [sums] = partial_sums(x, |[sums], count, dim, length| unsafe {
        let (client, types, x) = (&x.client, types(x), argument(x));
        add_up::launch_unchecked(client, count, dim, x, argument(sums), length, types);
    });
    total(&sums, share(x))
}

fn variance(x: &Values, mean: &Values) -> Values {
    // SAFETY: as in `mean`; `mean` has an element for each channel.
    let [sums] = partial_sums(x, |[sums], count, dim, length| unsafe {
        let (client, types, x) = (&x.client, types(x), argument(x));
        let (mean, sums) = (argument(mean), argument(sums));
        add_up_squares::launch_unchecked(client, count, dim, x, mean, sums, length, types);
    });
    total(&sums, share(x))
}

/// Sums of the gradient, and of the gradient times the normalised input.
fn gradient_sums(
    x: &Values,
    gradient: &Slopes,
    [mean, variance]: &[Values; 2],
    epsilon: f64,
) -> [Values; 2] {
    // SAFETY: as in `variance`; `gradient` has the shape of `x`.
    let sums = partial_sums(x, |[sum, sum_of_products], count, dim, length| unsafe {
        add_up_gradients::launch_unchecked(
            &x.client,
            count,
            dim,
            argument(x),
            argument(&gradient.values),
            gradient.y(),
            argument(mean),
            argument(variance),
            argument(sum),
            argument(sum_of_products),
            scalar(epsilon),
            length,
            gradient.y.is_some(),
            types(x),
        );
    });
    totals(&sums)
}

/// Sums for each channel over blocks of rows of `x`, `[blocks, C]` each: `launch` starts the kernel that fills them, given the
/// rows of a block.
fn partial_sums<const N: usize>(
    x: &Values,
    launch: impl FnOnce(&[Values; N], CubeCount, CubeDim, usize),
) -> [Values; N] {
    let [rows, channels] = x.shape().dims();
    let length = rows.div_ceil(BLOCKS).max(SMALLEST_BLOCK);
    let blocks = rows.div_ceil(length);
    let sums = [(); N].map(|()| empty(x, Shape::new([blocks, channels]), COMPUTED));
    let (count, dim) = units(x, blocks * channels);
    launch(&sums, count, dim, length);
    sums
}

/// The share of one row in a mean.
fn share(x: &Values) -> f64 {
    1.0 / x.shape()[0] as f64
}

/// Sums of the columns, times `factor`, `[C]`.
fn total(sums: &Values, factor: f64) -> Values {
    let [_, channels] = sums.shape().dims();
    let total = empty(sums, Shape::new([channels]), COMPUTED);
    let (count, dim) = units(sums, channels);
    // SAFETY: a unit writes its own element of `total` if there is one, and reads its column of `sums`.
    unsafe {
        add_blocks::launch_unchecked(
            &sums.client,
            count,
            dim,
            argument(sums),
            argument(&total),
            scalar(factor),
            dtype_to_storage_type(COMPUTED),
        );
    }
    total
}

/// Sums of the columns of both, `[C]` each.
fn totals(sums: &[Values; 2]) -> [Values; 2] {
    let [first, second] = sums;
    let [_, channels] = first.shape().dims();
    let totals = [(); 2].map(|()| empty(first, Shape::new([channels]), COMPUTED));
    let (count, dim) = units(first, channels);
    // SAFETY: as in `total`; both are of one shape.
    unsafe {
        add_blocks_of_both::launch_unchecked(
            &first.client,
            count,
            dim,
            argument(first),
            argument(second),
            argument(&totals[0]),
            argument(&totals[1]),
            dtype_to_storage_type(COMPUTED),
        );
    }
    totals
}

fn normalise(
    x: &Values,
    mean: Values,
    variance: Values,
    weight: Values,
    bias: Values,
    epsilon: f64,
    residual: Option<Values>,
    relu: bool,
) -> Values {
    let y = empty(x, x.shape(), x.dtype);
    let (count, dim) = units(x, x.shape().num_elements());
    let with_residual = residual.is_some();
    // SAFETY: a unit reads and writes its own element if there is one; the vectors have an element for each channel, and
    // what stands in for an absent residual is not read.
    unsafe {
        write_normalised::launch_unchecked(
            &x.client,
            count,
            dim,
            argument(x),
            argument(&mean),
            argument(&variance),
            into_contiguous(weight).into_tensor_arg(),
            into_contiguous(bias).into_tensor_arg(),
            argument(residual.as_ref().unwrap_or(x)),
            argument(&y),
            scalar(epsilon),
            with_residual,
            relu,
            types(x),
        );
    }
    y
}

/// `gradient` where `y` is positive, else zero.
fn pass_relu(gradient: &Values, y: &Values) -> Values {
    let result = empty(y, y.shape(), y.dtype);
    let (count, dim) = units(y, y.shape().num_elements());
    // SAFETY: a unit reads and writes its own element of three tensors of one shape.
    unsafe {
        write_behind_relu::launch_unchecked(
            &y.client,
            count,
            dim,
            argument(gradient),
            argument(y),
            argument(&result),
            dtype_to_storage_type(y.dtype),
        );
    }
    result
}

fn input_gradient(
    x: &Values,
    gradient: &Slopes,
    [mean, variance]: &[Values; 2],
    weight: &Values,
    [sum, sum_of_products]: &[Values; 2],
    epsilon: f64,
) -> Values {
    let result = empty(x, x.shape(), x.dtype);
    let (count, dim) = units(x, x.shape().num_elements());
    // SAFETY: as in `normalise`.
    unsafe {
        write_input_gradient::launch_unchecked(
            &x.client,
            count,
            dim,
            argument(x),
            argument(&gradient.values),
            gradient.y(),
            argument(mean),
            argument(variance),
            argument(weight),
            argument(sum),
            argument(sum_of_products),
            argument(&result),
            scalar(epsilon),
            scalar(share(x)),
            gradient.y.is_some(),
            types(x),
        );
    }
    result
}

/// The rows `first` to `end` of one channel, which a unit adds up.
#[derive(CubeType)]
struct Block {
    channels: usize,
    channel: usize,
    first: usize,
    end: usize,
}

/// The block of this unit, of `length` rows of `x` or what is left of them.
#[cube]
fn block_of<E: Float>(x: &Tensor<E>, length: usize) -> Block {
    let (rows, channels) = (x.shape(0), x.shape(1));
    let first = ABSOLUTE_POS / channels * length;
    Block {
        channels,
        channel: ABSOLUTE_POS % channels,
        first,
        end: clamp_max(first + length, rows),
    }
}

#[cube(launch_unchecked)]
fn add_up<E: Float, F: Float>(
    x: &Tensor<E>,
    sums: &mut Tensor<F>,
    length: usize,
    #[define(E, F)] _types: [ElemType; 2],
) {
    if ABSOLUTE_POS >= sums.len() {
        terminate!();
    }
    let block = block_of::<E>(x, length);
    let mut sum = F::from_int(0);
    for row in block.first..block.end {
        sum += F::cast_from(x[row * block.channels + block.channel]);
    }
    sums[ABSOLUTE_POS] = sum;
}

#[cube(launch_unchecked)]
fn add_up_squares<E: Float, F: Float>(
    x: &Tensor<E>,
    mean: &Tensor<F>,
    sums: &mut Tensor<F>,
    length: usize,
    #[define(E, F)] _types: [ElemType; 2],
) {
    if ABSOLUTE_POS >= sums.len() {
        terminate!();
    }
    let block = block_of::<E>(x, length);
    let centre = mean[block.channel];
    let mut sum = F::from_int(0);
    for row in block.first..block.end {
        let value = F::cast_from(x[row * block.channels + block.channel]) - centre;
        sum += value * value;
    }
    sums[ABSOLUTE_POS] = sum;
}

#[cube(launch_unchecked)]
fn add_up_gradients<E: Float, F: Float>(
    x: &Tensor<E>,
    gradient: &Tensor<E>,
    y: &Tensor<E>,
    mean: &Tensor<F>,
    variance: &Tensor<F>,
    sums: &mut Tensor<F>,
    sums_of_products: &mut Tensor<F>,
    epsilon: InputScalar,
    length: usize,
    #[comptime] relu: bool,
    #[define(E, F)] _types: [ElemType; 2],
) {
    if ABSOLUTE_POS >= sums.len() {
        terminate!();
    }
    let block = block_of::<E>(x, length);
    let centre = mean[block.channel];
    let scale = F::from_int(1) / F::sqrt(variance[block.channel] + epsilon.get::<F>());
    let mut sum = F::from_int(0);
    let mut sum_of_products = F::from_int(0);
    for row in block.first..block.end {
        let place = row * block.channels + block.channel;
        let slope = F::cast_from(slope_at(gradient, y, place, relu));
        sum += slope;
        sum_of_products += slope * (F::cast_from(x[place]) - centre) * scale;
    }
    sums[ABSOLUTE_POS] = sum;
    sums_of_products[ABSOLUTE_POS] = sum_of_products;
}

#[cube(launch_unchecked)]
fn add_blocks<E: Float>(
    sums: &Tensor<E>,
    total: &mut Tensor<E>,
    factor: InputScalar,
    #[define(E)] _dtype: ElemType,
) {
    if ABSOLUTE_POS >= total.len() {
        terminate!();
    }
    let (blocks, channels) = (sums.shape(0), sums.shape(1));
    let mut sum = E::from_int(0);
    for block in 0..blocks {
        sum += sums[block * channels + ABSOLUTE_POS];
    }
    total[ABSOLUTE_POS] = sum * factor.get::<E>();
}

#[cube(launch_unchecked)]
fn add_blocks_of_both<E: Float>(
    first: &Tensor<E>,
    second: &Tensor<E>,
    first_total: &mut Tensor<E>,
    second_total: &mut Tensor<E>,
    #[define(E)] _dtype: ElemType,
) {
    if ABSOLUTE_POS >= first_total.len() {
        terminate!();
    }
    let (blocks, channels) = (first.shape(0), first.shape(1));
    let mut first_sum = E::from_int(0);
    let mut second_sum = E::from_int(0);
    for block in 0..blocks {
        first_sum += first[block * channels + ABSOLUTE_POS];
        second_sum += second[block * channels + ABSOLUTE_POS];
    }
    first_total[ABSOLUTE_POS] = first_sum;
    second_total[ABSOLUTE_POS] = second_sum;
}

/// A value of the gradient in front of the ReLU, if there is one: zero where the output is not positive. A NaN of the output
/// lets it through.
#[cube]
fn slope_at<E: Float>(
    gradient: &Tensor<E>,
    y: &Tensor<E>,
    place: usize,
    #[comptime] relu: bool,
) -> E {
    let mut slope = gradient[place];
    if comptime!(relu) {
        if y[place] <= E::from_int(0) {
            slope = E::from_int(0);
        }
    }
    slope
}

#[cube(launch_unchecked)]
fn write_behind_relu<E: Float>(
    gradient: &Tensor<E>,
    y: &Tensor<E>,
    result: &mut Tensor<E>,
    #[define(E)] _dtype: ElemType,
) {
    if ABSOLUTE_POS >= result.len() {
        terminate!();
    }
    result[ABSOLUTE_POS] = slope_at(gradient, y, ABSOLUTE_POS, true);
}

#[cube(launch_unchecked)]
fn write_normalised<E: Float, F: Float>(
    x: &Tensor<E>,
    mean: &Tensor<F>,
    variance: &Tensor<F>,
    weight: &Tensor<F>,
    bias: &Tensor<F>,
    residual: &Tensor<E>,
    y: &mut Tensor<E>,
    epsilon: InputScalar,
    #[comptime] with_residual: bool,
    #[comptime] relu: bool,
    #[define(E, F)] _types: [ElemType; 2],
) {
    if ABSOLUTE_POS >= y.len() {
        terminate!();
    }
    let channel = ABSOLUTE_POS % x.shape(1);
    let scale = weight[channel] / F::sqrt(variance[channel] + epsilon.get::<F>());
    let mut value = (F::cast_from(x[ABSOLUTE_POS]) - mean[channel]) * scale + bias[channel];
    if comptime!(with_residual) {
        value += F::cast_from(residual[ABSOLUTE_POS]);
    }
    if comptime!(relu) {
        // Not the larger of both, which would hide a NaN.
        if value < F::from_int(0) {
            value = F::from_int(0);
        }
    }
    y[ABSOLUTE_POS] = E::cast_from(value);
}

#[cube(launch_unchecked)]
fn write_input_gradient<E: Float, F: Float>(
    x: &Tensor<E>,
    gradient: &Tensor<E>,
    y: &Tensor<E>,
    mean: &Tensor<F>,
    variance: &Tensor<F>,
    weight: &Tensor<F>,
    sum: &Tensor<F>,
    sum_of_products: &Tensor<F>,
    result: &mut Tensor<E>,
    epsilon: InputScalar,
    share: InputScalar,
    #[comptime] relu: bool,
    #[define(E, F)] _types: [ElemType; 2],
) {
    if ABSOLUTE_POS >= result.len() {
        terminate!();
    }
    let channel = ABSOLUTE_POS % x.shape(1);
    let scale = F::from_int(1) / F::sqrt(variance[channel] + epsilon.get::<F>());
    let normalised = (F::cast_from(x[ABSOLUTE_POS]) - mean[channel]) * scale;
    let constant = (sum[channel] + normalised * sum_of_products[channel]) * share.get::<F>();
    let slope = F::cast_from(slope_at(gradient, y, ABSOLUTE_POS, relu));
    result[ABSOLUTE_POS] = E::cast_from(weight[channel] * scale * (slope - constant));
}
