//! Nodes and weights of a graph.

use crate::{
    error::OnnxError,
    proto::{Attribute, AttributeType, Node, Tensor},
};
use network::{GlobalPooling, Graph, Layer, LayerOperation, LinearLayer, weights::NamedTensor};

/// Name of the input: normalised pictures `[batch, 3, height, width]`.
pub const INPUT: &str = "pictures";
/// Name of the output: logits `[batch, classes]`.
pub const OUTPUT: &str = "logits";

/// Nodes in the order of computation, and the weights that they read.
#[derive(Debug, Default)]
pub struct Builder {
    pub nodes: Vec<Node>,
    pub weights: Vec<Tensor>,
}

impl Builder {
    /// Everything that `network` does.
    pub fn of(network: &Graph) -> Result<Self, OnnxError> {
        let mut builder = Self::default();
        let mut outputs: Vec<String> = Vec::new();
        for layer in &network.body {
            let output = builder.layer(layer, &outputs)?;
            outputs.push(output);
        }
        let features = value(&outputs, outputs.len().checked_sub(1));
        let pooled = builder.pooling(network.pooling, features);
        builder.head(&network.head, pooled)?;
        Ok(builder)
    }

    /// A layer of the body; `outputs` are those of the layers before. Returns the name of its own.
    fn layer(&mut self, layer: &Layer, outputs: &[String]) -> Result<String, OnnxError> {
        let (name, x) = (&layer.name, value(outputs, layer.input));
        match &layer.operation {
            LayerOperation::MaxPool {
                size,
                stride,
                padding,
            } => Ok(self.node("MaxPool", name, &[x], windows(*size, *stride, *padding))),
            LayerOperation::Convolution {
                weight,
                bias,
                stride,
                padding,
                residual,
                relu,
            } => {
                let size = weight.shape.last().copied().unwrap_or_default();
                let attributes = windows(size, *stride, *padding);
                let [weight, bias] = self.parameters(name, weight, bias)?;
                let mut y = self.node("Conv", name, &[x, &weight, &bias], attributes);
                if residual.is_some() {
                    let both = [y.as_str(), value(outputs, *residual)];
                    y = self.node("Add", &format!("{name}.sum"), &both, Vec::new());
                }
                if *relu {
                    y = self.node("Relu", &format!("{name}.relu"), &[&y], Vec::new());
                }
                Ok(y)
            }
        }
    }

    /// Feature maps to vectors.
    fn pooling(&mut self, pooling: GlobalPooling, features: &str) -> String {
        let mean = self.node(
            "GlobalAveragePool",
            "head.mean_pool",
            &[features],
            Vec::new(),
        );
        let pooled = match pooling {
            GlobalPooling::Mean => mean,
            GlobalPooling::MaximumAndMean => {
                let maximum = self.node("GlobalMaxPool", "head.max_pool", &[features], Vec::new());
                let both = [maximum.as_str(), mean.as_str()];
                self.node("Concat", "head.both_pools", &both, vec![int("axis", 1)])
            }
        };
        self.node("Flatten", "head.flat", &[&pooled], vec![int("axis", 1)])
    }

    /// Vectors to logits.
    fn head(&mut self, layers: &[LinearLayer], pooled: String) -> Result<(), OnnxError> {
        let mut x = pooled;
        for (at, layer) in layers.iter().enumerate() {
            let name = &layer.name;
            let [weight, bias] = self.parameters(name, &layer.weight, &layer.bias)?;
            // Weights have an output a row.
            let attributes = vec![int("transB", 1)];
            x = self.node("Gemm", name, &[&x, &weight, &bias], attributes);
            if at + 1 < layers.len() {
                x = self.node("Relu", &format!("{name}.relu"), &[&x], Vec::new());
            }
        }
        if let Some(last) = self.nodes.last_mut() {
            last.output = vec![OUTPUT.to_owned()];
        }
        Ok(())
    }

    /// A node whose output has its name, which is returned.
    fn node(
        &mut self,
        operator: &str,
        name: &str,
        inputs: &[&str],
        attribute: Vec<Attribute>,
    ) -> String {
        self.nodes.push(Node {
            input: inputs.iter().map(|&input| input.to_owned()).collect(),
            output: vec![name.to_owned()],
            name: name.to_owned(),
            op_type: operator.to_owned(),
            attribute,
        });
        name.to_owned()
    }

    /// Keeps weight and bias of a layer and returns their names.
    fn parameters(
        &mut self,
        layer: &str,
        weight: &NamedTensor,
        bias: &NamedTensor,
    ) -> Result<[String; 2], OnnxError> {
        let names = [format!("{layer}.weight"), format!("{layer}.bias")];
        for (name, tensor) in names.iter().zip([weight, bias]) {
            self.weights.push(encoded(name, tensor)?);
        }
        Ok(names)
    }
}

/// The name of the output of a layer, or of the pictures.
fn value(outputs: &[String], layer: Option<usize>) -> &str {
    layer.map_or(INPUT, |layer| outputs[layer].as_str())
}

fn encoded(name: &str, tensor: &NamedTensor) -> Result<Tensor, OnnxError> {
    let values = tensor.as_floats().expect("weights are no integers");
    if !values.iter().all(|value| value.is_finite()) {
        return Err(OnnxError::NotFinite {
            tensor: name.to_owned(),
        });
    }
    Ok(Tensor {
        dims: tensor.shape.iter().map(|&extent| extent as i64).collect(),
        data_type: Tensor::FLOAT,
        name: name.to_owned(),
        raw_data: bytemuck::cast_slice(values).to_vec(),
    })
}

fn windows(size: usize, stride: usize, padding: usize) -> Vec<Attribute> {
    vec![
        ints("kernel_shape", &[size; 2]),
        ints("pads", &[padding; 4]),
        ints("strides", &[stride; 2]),
    ]
}

fn int(name: &str, value: i64) -> Attribute {
    Attribute {
        name: name.to_owned(),
        i: Some(value),
        ints: Vec::new(),
        r#type: AttributeType::Int.into(),
    }
}

fn ints(name: &str, values: &[usize]) -> Attribute {
    Attribute {
        name: name.to_owned(),
        i: None,
        ints: values.iter().map(|&value| value as i64).collect(),
        r#type: AttributeType::Ints.into(),
    }
}
