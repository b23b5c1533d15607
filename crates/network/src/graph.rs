//! The network as it predicts, as a list of layers with plain numbers: for who writes it in another program's format.

use crate::{
    Network,
    batch_norm::{BatchNorm, EPSILON},
    convolution::Convolution,
    head::Head,
    inference::folded,
    linear::Linear,
    max_pool::MaxPool,
    pass::{Pass, Relu},
    weights::NamedTensor,
};
use burn::{
    module::{Module, ParamId},
    tensor::Tensor,
};
use std::collections::HashMap;

/// A network without batch normalisations: each is folded into the convolution or the linear layer beside it. Pictures
/// `[N, 3, H, W]` go through [`Self::body`], then [`Self::pooling`], then [`Self::head`], which gives logits
/// `[N, classes]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    /// Layers in the order of computation; the last one makes the feature map.
    pub body: Vec<Layer>,
    /// What becomes of each feature map.
    pub pooling: GlobalPooling,
    /// Linear layers, with a ReLU between each two.
    pub head: Vec<LinearLayer>,
}

/// A layer of the body.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// torchvision's name (`layer1.0.conv1`); pooling layers, which have none there, are `max_pool1`, `max_pool2`, …
    pub name: String,
    /// The layer whose output it reads; `None` for the pictures.
    pub input: Option<usize>,
    /// What it does.
    pub operation: LayerOperation,
}

/// What a layer of the body does.
#[derive(Debug, Clone, PartialEq)]
pub enum LayerOperation {
    /// A convolution; then the sum with another layer's output; then a ReLU.
    Convolution {
        /// `[channels out, channels in, size, size]`.
        weight: NamedTensor,
        /// `[channels out]`.
        bias: NamedTensor,
        /// Step between windows, in both directions.
        stride: usize,
        /// Zeros on each of the four sides.
        padding: usize,
        /// The layer whose output is added.
        residual: Option<usize>,
        /// Whether a ReLU ends it.
        relu: bool,
    },
    /// The maximum over each window.
    MaxPool {
        /// Side of a window.
        size: usize,
        /// Step between windows, in both directions.
        stride: usize,
        /// Cells on each of the four sides that no window counts.
        padding: usize,
    },
}

/// The step from feature maps `[N, C, h, w]` of any size to a vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GlobalPooling {
    /// The mean of each map: `[N, C]`.
    Mean,
    /// The maximum of each map, then the mean of each: `[N, 2C]`.
    MaximumAndMean,
}

/// `y = weight · x + bias`.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearLayer {
    /// Name in the canonical layout (see [`crate::weights::layout`]): `head.4`, `fc`.
    pub name: String,
    /// `[outputs, inputs]`.
    pub weight: NamedTensor,
    /// `[outputs]`.
    pub bias: NamedTensor,
}

impl Network {
    /// The network as [`Network::for_inference`] computes, as a list. The convolutions have the same bits; the linear
    /// layers of fastai's head take in its three batch normalisations, which rounds them once more.
    pub fn graph(&self) -> Graph {
        let mut network = self.valid();
        let names = network.names_by_id();
        let (pooling, head) = head(&network.head, &names);
        let mut listing = Listing {
            names,
            layers: Vec::new(),
        };
        let output = network.body.run(&mut listing, None);
        let body = listing.layers;
        assert_eq!(
            output.map(|last| last + 1),
            Some(body.len()),
            "the last layer makes the feature map"
        );
        Graph {
            body,
            pooling,
            head,
        }
    }
}

impl Graph {
    /// Every tensor, under the name of its layer.
    pub fn tensors(&self) -> impl Iterator<Item = (&str, &NamedTensor)> {
        let body = self.body.iter().filter_map(|layer| match &layer.operation {
            LayerOperation::Convolution { weight, bias, .. } => Some((&layer.name, [weight, bias])),
            LayerOperation::MaxPool { .. } => None,
        });
        let head = self.head.iter();
        let head = head.map(|layer| (&layer.name, [&layer.weight, &layer.bias]));
        body.chain(head)
            .flat_map(|(name, both)| both.map(|tensor| (name.as_str(), tensor)))
    }
}

/// The pass that lists layers. Its values are the layers that make them, `None` the pictures.
struct Listing {
    /// Names of layers by the ids of their weights.
    names: HashMap<ParamId, String>,
    layers: Vec<Layer>,
}

impl Listing {
    fn push(&mut self, name: String, input: Option<usize>, operation: LayerOperation) -> usize {
        self.layers.push(Layer {
            name,
            input,
            operation,
        });
        self.layers.len() - 1
    }
}

impl Pass for Listing {
    type Value = Option<usize>;

    fn convolution(
        &mut self,
        convolution: &mut Convolution,
        norm: &mut BatchNorm,
        x: Option<usize>,
        residual: Option<Option<usize>>,
        relu: Relu,
    ) -> Option<usize> {
        let (weight, bias) = folded(convolution.weight.val(), &convolution.bias, norm);
        let geometry = convolution.geometry();
        let operation = LayerOperation::Convolution {
            weight: values(&weight),
            bias: values(&bias),
            stride: geometry.stride,
            padding: geometry.padding,
            residual: residual.map(|value| value.expect("no block adds the pictures")),
            relu: relu != Relu::Absent,
        };
        let name = self.names[&convolution.weight.id].clone();
        Some(self.push(name, x, operation))
    }

    fn max_pool(&mut self, pool: MaxPool, x: Option<usize>) -> Option<usize> {
        let is_pool = |layer: &&Layer| matches!(layer.operation, LayerOperation::MaxPool { .. });
        let number = self.layers.iter().filter(is_pool).count() + 1;
        let operation = LayerOperation::MaxPool {
            size: pool.size(),
            stride: 2,
            padding: pool.padding(),
        };
        Some(self.push(format!("max_pool{number}"), x, operation))
    }
}

/// Pooling and linear layers of a head.
fn head(head: &Head, names: &HashMap<ParamId, String>) -> (GlobalPooling, Vec<LinearLayer>) {
    let name = |linear: &Linear| names[&linear.weight.id].clone();
    match head {
        Head::Plain(linear) => {
            let layer = Folded::new(linear).layer(name(linear));
            (GlobalPooling::Mean, vec![layer])
        }
        Head::Fastai(head) => {
            let mut hidden = Folded::new(&head.linear_hidden);
            hidden.take_in_before(&head.norm_pooled);
            let mut logits = Folded::new(&head.linear_logits);
            logits.take_in_before(&head.norm_hidden);
            logits.take_in_behind(&head.norm_logits);
            let layers = [(hidden, &head.linear_hidden), (logits, &head.linear_logits)];
            let layers = layers.map(|(folded, linear)| folded.layer(name(linear)));
            (GlobalPooling::MaximumAndMean, layers.into())
        }
    }
}

/// A linear layer that takes in batch normalisations, in f64: two follow each other without anything between.
struct Folded {
    inputs: usize,
    /// `[outputs, inputs]`.
    weight: Vec<f64>,
    /// `[outputs]`.
    bias: Vec<f64>,
}

impl Folded {
    fn new(linear: &Linear) -> Self {
        let [_, inputs] = linear.weight.dims();
        Self {
            inputs,
            weight: doubles(&linear.weight.val()),
            bias: doubles(&linear.bias.val()),
        }
    }

    /// `weight · (scale · x + shift) + bias`.
    fn take_in_before(&mut self, norm: &BatchNorm) {
        let affine = affine(norm);
        for (row, bias) in self
            .weight
            .chunks_exact_mut(self.inputs)
            .zip(&mut self.bias)
        {
            for (weight, (scale, shift)) in row.iter_mut().zip(&affine) {
                *bias += *weight * shift;
                *weight *= scale;
            }
        }
    }

    /// `scale · (weight · x + bias) + shift`.
    fn take_in_behind(&mut self, norm: &BatchNorm) {
        let rows = self.weight.chunks_exact_mut(self.inputs);
        for ((row, bias), (scale, shift)) in rows.zip(&mut self.bias).zip(affine(norm)) {
            row.iter_mut().for_each(|weight| *weight *= scale);
            *bias = *bias * scale + shift;
        }
    }

    fn layer(self, name: String) -> LinearLayer {
        let outputs = self.bias.len();
        let floats = |values: Vec<f64>| values.into_iter().map(|value| value as f32).collect();
        LinearLayer {
            name,
            weight: NamedTensor::floats([outputs, self.inputs], floats(self.weight)),
            bias: NamedTensor::floats([outputs], floats(self.bias)),
        }
    }
}

/// Scale and shift of each channel, by the running statistics.
fn affine(norm: &BatchNorm) -> Vec<(f64, f64)> {
    let [weight, bias, mean, variance] = [
        &norm.weight,
        &norm.bias,
        &norm.running_mean,
        &norm.running_var,
    ]
    .map(|parameter| doubles(&parameter.val()));
    let channels = weight.into_iter().zip(bias).zip(mean).zip(variance);
    channels
        .map(|(((weight, bias), mean), variance)| {
            let scale = weight / (variance + EPSILON).sqrt();
            (scale, bias - mean * scale)
        })
        .collect()
}

fn values<const D: usize>(tensor: &Tensor<D>) -> NamedTensor {
    let values = tensor.to_data().iter::<f32>().collect();
    NamedTensor::floats(tensor.dims(), values)
}

fn doubles<const D: usize>(tensor: &Tensor<D>) -> Vec<f64> {
    tensor.to_data().iter::<f32>().map(f64::from).collect()
}
