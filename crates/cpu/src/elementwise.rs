//! What is done with each number of whole tensors.

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

/// What comes back through a ReLU whose output is `y`: `gradient` where that is positive, else 0; through a guided ReLU only
/// where `gradient` is positive, too.
pub fn relu_gradient(y: &[f32], gradient: &[f32], is_guided: bool, result: &mut [f32]) {
    assert_eq!(y.len(), gradient.len(), "numbers of the gradient");
    assert_eq!(y.len(), result.len(), "numbers of the result");
    let given = y.par_chunks(PIECE).zip(gradient.par_chunks(PIECE));
    result
        .par_chunks_mut(PIECE)
        .zip(given)
        .for_each(|(result, (y, gradient))| relu_gradient_piece(y, gradient, is_guided, result));
}

vectorised! {
    fn relu_gradient_piece(y: &[f32], gradient: &[f32], is_guided: bool, result: &mut [f32]) {
        for ((result, y), gradient) in result.iter_mut().zip(y).zip(gradient) {
            // As burn's: what is not a number stays so.
            let gradient = if is_guided && *gradient <= 0.0 { 0.0 } else { *gradient };
            *result = if *y <= 0.0 { 0.0 } else { gradient };
        }
    }
}

vectorised! {
    fn add_piece(sum: &mut [f32], addend: &[f32]) {
        for (sum, addend) in sum.iter_mut().zip(addend) {
            *sum += addend;
        }
    }
}
