//! Sums of whole tensors.

use rayon::prelude::*;

use crate::vectorise::vectorised;

/// Elements of one piece of work.
const PIECE: usize = 1 << 15;

/// Adds `addend` to `sum`, element by element.
pub fn add_assign(sum: &mut [f32], addend: &[f32]) {
    assert_eq!(
        sum.len(),
        addend.len(),
        "the addend has the length of the sum"
    );
    sum.par_chunks_mut(PIECE)
        .zip(addend.par_chunks(PIECE))
        .for_each(|(sum, addend)| add_piece(sum, addend));
}

vectorised! {
    fn add_piece(sum: &mut [f32], addend: &[f32]) {
        for (sum, addend) in sum.iter_mut().zip(addend) {
            *sum += addend;
        }
    }
}
