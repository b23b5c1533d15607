//! A network as a model.

use crate::{
    builder::{Builder, INPUT, OUTPUT},
    error::{LARGEST, OnnxError},
    proto::{
        Dimension, Graph, Model, OperatorSet, Property, Shape, Tensor, TensorType, Type, ValueInfo,
    },
};
use prost::Message;
use std::collections::BTreeMap;

/// Version of ONNX's operators that files ask for. The youngest of those used here are of 14.
pub const OPSET: i64 = 17;
/// Version of the format: the one that came with [`OPSET`].
pub const IR_VERSION: i64 = 8;

/// The model of `network` for pictures of any number and size, and with `metadata`.
///
/// # Errors
/// A weight is not finite.
pub fn model(
    network: &network::Graph,
    name: &str,
    metadata: &BTreeMap<String, String>,
) -> Result<Model, OnnxError> {
    let classes = network.head.last().map_or(0, |last| last.bias.shape[0]);
    let Builder { nodes, weights } = Builder::of(network)?;
    let properties = metadata.iter().map(|(key, value)| Property {
        key: key.clone(),
        value: value.clone(),
    });
    Ok(Model {
        ir_version: IR_VERSION,
        producer_name: "train".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        graph: Some(Graph {
            node: nodes,
            name: name.to_owned(),
            initializer: weights,
            input: vec![tensor(
                INPUT,
                [free("batch"), fixed(3), free("height"), free("width")],
            )],
            output: vec![tensor(OUTPUT, [free("batch"), fixed(classes)])],
        }),
        opset_import: vec![OperatorSet {
            domain: String::new(),
            version: OPSET,
        }],
        metadata_props: properties.collect(),
    })
}

/// The bytes of a file: the same for the same model.
///
/// # Errors
/// They are too many.
pub fn encode(model: &Model) -> Result<Vec<u8>, OnnxError> {
    let bytes = model.encoded_len();
    if bytes > LARGEST {
        return Err(OnnxError::TooLarge { bytes });
    }
    Ok(model.encode_to_vec())
}

fn tensor(name: &str, shape: impl Into<Vec<Dimension>>) -> ValueInfo {
    let tensor_type = TensorType {
        elem_type: Tensor::FLOAT,
        shape: Some(Shape { dim: shape.into() }),
    };
    ValueInfo {
        name: name.to_owned(),
        r#type: Some(Type {
            tensor_type: Some(tensor_type),
        }),
    }
}

fn fixed(extent: usize) -> Dimension {
    Dimension {
        dim_value: Some(extent as i64),
        dim_param: None,
    }
}

fn free(name: &str) -> Dimension {
    Dimension {
        dim_value: None,
        dim_param: Some(name.to_owned()),
    }
}
