//! A weight that is arranged once, for a network that only predicts.
//!
//! [`super::forward`] arranges the weight anew at every call, which is right while the weight changes between calls. With a
//! batch of one the arranging takes longer than the product in the layers with many channels.

use std::borrow::Cow;

use super::{
    Algorithm, bf16, check_forward, epilogue::Epilogue, first_layer, gather::Gather, run_direct,
    shape::ConvolutionShape, winograd::Winograd,
};
use crate::{
    scratch::Buffer,
    simd::{Level, PairLevel},
};

/// Numbers of the products; sums, biases and what lies between the layers are `f32` in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// `f32`.
    #[default]
    F32,
    /// bf16, both factors rounded to it. 3x3 convolutions by Winograd's algorithm stay in `f32` up to
    /// 256 channels: they are as fast, and rounded in the transformed domain they would err four times as
    /// much. All processors without AMX give the same bits, with AVX512-BF16 fast (see [`Precision::is_fast`]);
    /// with AMX see [`Precision::adds_in_blocks`].
    Bf16,
}

/// Input channels up to which Winograd's algorithm in `f32` is faster than the direct product in bf16 for a picture of 224
/// pixels.
const LARGEST_WINOGRAD: usize = 256;

impl Precision {
    /// True where the processor multiplies such numbers by itself; else it takes longer than `f32`.
    pub fn is_fast(self) -> bool {
        match self {
            Precision::F32 => true,
            Precision::Bf16 => PairLevel::best().is_native(),
        }
    }

    /// True where the convolutions add in blocks, as AMX does: with other bits than on a processor without it.
    pub fn adds_in_blocks(self, algorithm: Algorithm) -> bool {
        self == Precision::Bf16 && bf16::level(algorithm).is_in_blocks()
    }
}

/// A weight as the product reads it, for pictures of any number and size.
pub struct PackedWeight {
    /// Of one picture as large as the kernel: what does not depend on the pictures counts.
    shape: ConvolutionShape,
    level: AnyLevel,
    arranged: Arranged,
}

/// The instructions of one of both precisions.
#[derive(Clone, Copy, Debug)]
pub(super) enum AnyLevel {
    Single(Level),
    Pairs(PairLevel),
}

impl AnyLevel {
    /// Those for what stays in `f32`.
    fn single(self) -> Level {
        match self {
            AnyLevel::Single(level) => level,
            AnyLevel::Pairs(level) => level.single(),
        }
    }
}

/// What is kept in memory: one of the four, never the weight beside its arrangement.
enum Arranged {
    /// The right matrix of the direct product.
    Panels(Buffer),
    /// The 36 right matrices of Winograd's algorithm, four times the weight's size.
    Transformed(Buffer),
    /// As it came: with many channels the transform is made in the cache, by the task that needs it.
    Plain(Vec<f32>),
    /// The right matrix of the direct product in bf16, half the weight's size.
    Pairs(Buffer),
}

impl PackedWeight {
    /// Arranges `weight`, `[channels_out, channels_in, kernel, kernel]`, without a copy if it is given away and stays as it
    /// came. Batch, height and width of `shape` do not count.
    ///
    /// # Panics
    /// When `weight` does not have the length that `shape` says.
    pub fn new<'a>(
        shape: &ConvolutionShape,
        weight: impl Into<Cow<'a, [f32]>>,
        algorithm: Algorithm,
        precision: Precision,
    ) -> PackedWeight {
        let level = match precision {
            Precision::F32 => AnyLevel::Single(Level::best()),
            Precision::Bf16 => AnyLevel::Pairs(bf16::level(algorithm)),
        };
        PackedWeight::at(level, shape, weight, algorithm)
    }

    /// [`PackedWeight::new`] with these instructions.
    pub(super) fn at<'a>(
        level: AnyLevel,
        shape: &ConvolutionShape,
        weight: impl Into<Cow<'a, [f32]>>,
        algorithm: Algorithm,
    ) -> PackedWeight {
        let weight = weight.into();
        assert_eq!(weight.len(), shape.weight_length(), "numbers of the weight");
        let shape = ConvolutionShape {
            batch: 1,
            height: shape.kernel,
            width: shape.kernel,
            ..*shape
        };
        let wanted = algorithm == Algorithm::Fast
            && match level {
                AnyLevel::Single(_) => true,
                AnyLevel::Pairs(level) => {
                    !level.is_in_blocks() && shape.channels_in <= LARGEST_WINOGRAD
                }
            };
        let arranged = match Winograd::forward(&shape).filter(|_| wanted) {
            Some(winograd) if winograd.few_channels() => {
                let mut transformed = Buffer::new(winograd.transformed_length());
                winograd.transform_weight(level.single(), &weight, transformed.numbers_mut());
                Arranged::Transformed(transformed)
            }
            Some(_) => Arranged::Plain(weight.into_owned()),
            None => Arranged::direct(level, &shape, &weight),
        };
        PackedWeight {
            shape,
            level,
            arranged,
        }
    }

    /// The convolution of `batch` pictures of `height` x `width` pixels. In [`Precision::F32`] it is the same as
    /// [`super::forward`] with the weight and the algorithm that this was made of, to the last bit.
    ///
    /// # Panics
    /// When a slice does not have the length that the sizes say.
    pub fn forward(
        &self,
        pictures: (usize, usize, usize),
        input: &[f32],
        output: &mut [f32],
        epilogue: Epilogue,
    ) {
        let shape = self.shape_for(pictures);
        match self.level {
            AnyLevel::Single(level) => self.forward_at(level, &shape, input, output, epilogue),
            AnyLevel::Pairs(level) => self.forward_pairs_at(level, &shape, input, output, epilogue),
        }
    }

    /// A convolution in bf16, if this is one.
    pub(super) fn forward_pairs_at(
        &self,
        level: PairLevel,
        shape: &ConvolutionShape,
        input: &[f32],
        output: &mut [f32],
        epilogue: Epilogue,
    ) {
        let Arranged::Pairs(panels) = &self.arranged else {
            self.forward_at(level.single(), shape, input, output, epilogue);
            return;
        };
        check_forward(shape, input, output, &epilogue);
        let panels = panels.numbers();
        if first_layer::supports_pairs(level, shape) {
            first_layer::run_pairs(level, shape, input, panels, output, epilogue);
        } else {
            Gather::forward(shape).run_pairs(level, input, panels, output, epilogue);
        }
    }

    /// A convolution in `f32`.
    pub(super) fn forward_at(
        &self,
        level: Level,
        shape: &ConvolutionShape,
        input: &[f32],
        output: &mut [f32],
        epilogue: Epilogue,
    ) {
        check_forward(shape, input, output, &epilogue);
        let winograd = || Winograd::forward(shape).expect("the shape was one of Winograd's");
        match &self.arranged {
            Arranged::Panels(panels) => {
                run_direct(level, shape, input, panels.numbers(), output, epilogue)
            }
            Arranged::Transformed(weight) => {
                winograd().run_few_channels(level, input, weight.numbers(), output, epilogue)
            }
            Arranged::Plain(weight) => winograd().run(level, input, weight, output, epilogue),
            Arranged::Pairs(_) => unreachable!("a weight in bf16 has its own way"),
        }
    }

    /// The sizes of the convolution of `batch` pictures of `height` x `width` pixels.
    pub fn shape_for(&self, (batch, height, width): (usize, usize, usize)) -> ConvolutionShape {
        ConvolutionShape {
            batch,
            height,
            width,
            ..self.shape
        }
    }
}

impl Arranged {
    fn direct(level: AnyLevel, shape: &ConvolutionShape, weight: &[f32]) -> Arranged {
        let gather = Gather::forward(shape);
        match level {
            AnyLevel::Single(level) => {
                let mut panels = Buffer::new(gather.packed_length());
                gather.pack_weight_into(level, weight, panels.numbers_mut());
                Arranged::Panels(panels)
            }
            AnyLevel::Pairs(level) if first_layer::supports_pairs(level, shape) => {
                let mut panels = Buffer::new(first_layer::pairs_length(shape));
                first_layer::pack_pairs(shape, weight, panels.numbers_mut());
                Arranged::Pairs(panels)
            }
            AnyLevel::Pairs(level) => {
                let mut panels = Buffer::new(gather.pairs_length());
                gather.pack_pairs(level, weight, panels.numbers_mut());
                Arranged::Pairs(panels)
            }
        }
    }
}

impl std::fmt::Debug for PackedWeight {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        let kind = match self.arranged {
            Arranged::Panels(_) => "panels",
            Arranged::Transformed(_) => "transformed",
            Arranged::Plain(_) => "plain",
            Arranged::Pairs(_) => "bf16",
        };
        write!(formatter, "PackedWeight({kind}, {:?})", self.shape)
    }
}
