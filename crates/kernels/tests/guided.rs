//! The ReLU of guided backpropagation against its rule.

mod common;

use burn::tensor::{DType, Tensor};
use common::*;
use kernels::guided_relu;

#[test]
fn only_what_is_positive_there_and_back_goes_through() {
    let shape = [1, 1, 2, 3];
    let x = leaf(
        tensor(&[-1.0, -1.0, 0.0, 2.0, 2.0, 2.0], shape, DType::F32),
        true,
    );
    let y = guided_relu(x.clone());
    let direction: Tensor<4> =
        Tensor::from_inner(tensor(&[3.0, -3.0, 3.0, 3.0, -3.0, 0.0], shape, DType::F32));
    let gradients = (y.clone() * direction).sum().backward();
    assert_eq!(read(y), [0.0, 0.0, 0.0, 2.0, 2.0, 2.0]);
    assert_eq!(
        read(x.grad(&gradients).unwrap()),
        [0.0, 0.0, 0.0, 3.0, 0.0, 0.0]
    );
}

/// Two ways that meet again: what comes back by each is added.
#[test]
fn a_value_that_is_read_twice_gets_both_gradients() {
    let shape = [1, 1, 1, 2];
    let x = leaf(tensor(&[1.0, 2.0], shape, DType::F32), true);
    let inner = guided_relu(x.clone() * 2.0);
    let y = guided_relu(inner.clone()) + inner * 3.0;
    let gradients = y.sum().backward();
    assert_eq!(read(x.grad(&gradients).unwrap()), [8.0, 8.0]);
}
