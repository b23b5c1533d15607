//! Networks as ONNX files, which runtimes in other languages compute (<https://onnx.ai>).

mod builder;
mod error;
mod proto;
mod write;

pub use builder::{INPUT, OUTPUT};
pub use error::OnnxError;
pub use proto::{
    Attribute, AttributeType, Dimension, Graph, Model, Node, OperatorSet, Property, Shape, Tensor,
    TensorType, Type, ValueInfo,
};
pub use write::{IR_VERSION, OPSET, encode, model};
