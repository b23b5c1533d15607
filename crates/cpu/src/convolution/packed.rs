//! A weight that is arranged once, for a network that only predicts.
//!
//! [`super::forward`] arranges the weight anew at every call, which is right while the weight changes between calls. With a
//! batch of one the arranging takes longer than the product in the layers with many channels.

use super::{
    Algorithm, check_forward, epilogue::Epilogue, gather::Gather, run_direct,
    shape::ConvolutionShape, winograd::Winograd,
};
use crate::{scratch::Buffer, simd::Level};

/// A weight as the product reads it, for pictures of any number and size.
pub struct PackedWeight {
    /// Of one picture as large as the kernel: what does not depend on the pictures counts.
    shape: ConvolutionShape,
    arranged: Arranged,
}

/// What is kept in memory: one of the three, never the weight beside its arrangement.
enum Arranged {
    /// The right matrix of the direct product.
    Panels(Buffer),
    /// The 36 right matrices of Winograd's algorithm, four times the weight's size.
    Transformed(Buffer),
    /// As it came: with many channels the transform is made in the cache, by the task that needs it.
    Plain(Box<[f32]>),
}

impl PackedWeight {
    /// Arranges `weight`, `[channels_out, channels_in, kernel, kernel]`. Batch, height and width of `shape` do not count.
    ///
    /// # Panics
    /// When `weight` does not have the length that `shape` says.
    pub fn new(shape: &ConvolutionShape, weight: &[f32], algorithm: Algorithm) -> PackedWeight {
        PackedWeight::at(Level::best(), shape, weight, algorithm)
    }

    pub(super) fn at(
        level: Level,
        shape: &ConvolutionShape,
        weight: &[f32],
        algorithm: Algorithm,
    ) -> PackedWeight {
        assert_eq!(weight.len(), shape.weight_length(), "numbers of the weight");
        let shape = ConvolutionShape {
            batch: 1,
            height: shape.kernel,
            width: shape.kernel,
            ..*shape
        };
        let winograd = Winograd::forward(&shape).filter(|_| algorithm == Algorithm::Fast);
        let arranged = match winograd {
            Some(winograd) if winograd.few_channels() => {
                let mut transformed = Buffer::new(winograd.transformed_length());
                winograd.transform_weight(level, weight, transformed.numbers_mut());
                Arranged::Transformed(transformed)
            }
            Some(_) => Arranged::Plain(weight.into()),
            None => {
                let gather = Gather::forward(&shape);
                let mut panels = Buffer::new(gather.packed_length());
                gather.pack_weight_into(level, weight, panels.numbers_mut());
                Arranged::Panels(panels)
            }
        };
        PackedWeight { shape, arranged }
    }

    /// The same as [`super::forward`] with the weight and the algorithm that this was made of, to the last bit.
    ///
    /// # Panics
    /// When a slice does not have the length that the sizes say.
    pub fn forward(
        &self,
        (batch, height, width): (usize, usize, usize),
        input: &[f32],
        output: &mut [f32],
        epilogue: Epilogue,
    ) {
        let shape = self.shape_for((batch, height, width));
        self.forward_at(Level::best(), &shape, input, output, epilogue);
    }

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

impl std::fmt::Debug for PackedWeight {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        let kind = match self.arranged {
            Arranged::Panels(_) => "panels",
            Arranged::Transformed(_) => "transformed",
            Arranged::Plain(_) => "plain",
        };
        write!(formatter, "PackedWeight({kind}, {:?})", self.shape)
    }
}
