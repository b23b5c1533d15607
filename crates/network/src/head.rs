use crate::{
    batch_norm::{BatchNorm, MOMENTUM},
    follow::Follow,
    init::Init,
    linear::Linear,
    place::Place,
    row::SummaryRow,
};
use burn::{
    module::Module,
    tensor::{Tensor, TensorData, activation::relu},
};
use kernels::{average_pool, concat_pool};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

/// Units of the hidden layer of fastai's head.
const HIDDEN: usize = 512;
/// Momentum of the normalisation of the logits: fastai's `bn_final`.
const FINAL_MOMENTUM: f64 = 0.01;

/// Kind of the layers that turn the feature map into logits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeadKind {
    /// fastai 1's `create_head` with `bn_final`: concat pool (max, mean), batch norm, dropout, linear, ReLU, batch norm,
    /// dropout, linear, batch norm.
    #[default]
    Fastai,
    /// torchvision's: average pool, linear.
    Plain,
}

/// The layers after the feature map.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant, reason = "a network has one")]
pub enum Head {
    /// See [`HeadKind::Fastai`].
    Fastai(FastaiHead),
    /// See [`HeadKind::Plain`].
    Plain(Linear),
}

/// fastai 1's head; the numbers in the comments are its positions in fastai's `nn.Sequential`.
#[derive(Module, Debug)]
pub struct FastaiHead {
    /// 2
    pub(crate) norm_pooled: BatchNorm,
    /// 4
    pub(crate) linear_hidden: Linear,
    /// 6
    pub(crate) norm_hidden: BatchNorm,
    /// 8
    pub(crate) linear_logits: Linear,
    /// 9
    pub(crate) norm_logits: BatchNorm,
    /// Before the linear layers (3 and 7).
    #[module(skip)]
    pub(crate) dropout: [f64; 2],
}

impl Head {
    pub(crate) fn new(
        kind: HeadKind,
        channels: usize,
        classes: usize,
        dropout: [f64; 2],
        init: &mut Init,
    ) -> Self {
        match kind {
            HeadKind::Plain => Self::Plain(Linear::new(channels, classes, init)),
            HeadKind::Fastai => Self::Fastai(FastaiHead {
                norm_pooled: BatchNorm::new(2 * channels, MOMENTUM, init),
                linear_hidden: Linear::new(2 * channels, HIDDEN, init),
                norm_hidden: BatchNorm::new(HIDDEN, MOMENTUM, init),
                linear_logits: Linear::new(HIDDEN, classes, init),
                norm_logits: BatchNorm::new(classes, FINAL_MOMENTUM, init),
                dropout,
            }),
        }
    }

    /// Feature map `[N, C, h, w]` to logits `[N, classes]`, with batch statistics and dropout masks from `rng`.
    pub fn forward_train(
        &mut self,
        features: Tensor<4>,
        rng: &mut impl Rng,
        place: &Place<'_>,
    ) -> Tensor<2> {
        match self {
            Self::Plain(linear) => linear.forward(average_pool(features)),
            Self::Fastai(head) => head.forward_train(features, rng, place),
        }
    }

    /// Draws from `rng` what a batch of `count` pictures would.
    pub(crate) fn skip_dropout(&self, rng: &mut impl Rng, count: usize) {
        if let Self::Fastai(head) = self {
            let [hidden, pooled] = head.linear_hidden.weight.dims();
            for (columns, probability) in [pooled, hidden].into_iter().zip(head.dropout) {
                dropped(count * columns, probability, rng).for_each(drop);
            }
        }
    }

    /// Takes part in what the batch norms of other processes exchange.
    pub(crate) fn follow(&mut self, pass: &mut Follow<'_>) {
        if let Self::Fastai(head) = self {
            pass.norm(&mut head.norm_pooled);
            pass.norm(&mut head.norm_hidden);
            pass.norm(&mut head.norm_logits);
        }
    }

    /// Its layers as torch and fastai register them; shapes without the batch.
    pub(crate) fn rows(&self) -> Vec<SummaryRow> {
        match self {
            Self::Plain(linear) => {
                let [classes, channels] = linear.weight.dims();
                vec![
                    row("AdaptiveAvgPool2d", &[channels, 1, 1], 0),
                    row("Linear", &[classes], linear.num_params()),
                ]
            }
            Self::Fastai(head) => head.rows(),
        }
    }
}

impl FastaiHead {
    fn forward_train(
        &mut self,
        features: Tensor<4>,
        rng: &mut impl Rng,
        place: &Place<'_>,
    ) -> Tensor<2> {
        let x = self
            .norm_pooled
            .forward_train_2d(concat_pool(features), place);
        let x = dropout(x, self.dropout[0], rng, place);
        let x = relu(self.linear_hidden.forward(x));
        let x = self.norm_hidden.forward_train_2d(x, place);
        let x = dropout(x, self.dropout[1], rng, place);
        self.norm_logits
            .forward_train_2d(self.linear_logits.forward(x), place)
    }

    fn rows(&self) -> Vec<SummaryRow> {
        let [hidden, pooled] = self.linear_hidden.weight.dims();
        let [classes, _] = self.linear_logits.weight.dims();
        let maps = pooled / 2;
        vec![
            row("AdaptiveAvgPool2d", &[maps, 1, 1], 0),
            row("AdaptiveMaxPool2d", &[maps, 1, 1], 0),
            row("Lambda", &[pooled], 0),
            row("BatchNorm1d", &[pooled], self.norm_pooled.trained()),
            row("Dropout", &[pooled], 0),
            row("Linear", &[hidden], self.linear_hidden.num_params()),
            row("ReLU", &[hidden], 0),
            row("BatchNorm1d", &[hidden], self.norm_hidden.trained()),
            row("Dropout", &[hidden], 0),
            row("Linear", &[classes], self.linear_logits.num_params()),
            row("BatchNorm1d", &[classes], self.norm_logits.trained()),
        ]
    }
}

/// Canonical name (see [`crate::weights::layout`]) of the tensor at `path`, which leads through struct fields below the
/// head.
pub fn torch_name(path: &[&str]) -> String {
    let (layer, tensor) = match path {
        ["Plain", tensor] => ("fc", tensor),
        ["Fastai", "norm_pooled", tensor] => ("head.2", tensor),
        ["Fastai", "linear_hidden", tensor] => ("head.4", tensor),
        ["Fastai", "norm_hidden", tensor] => ("head.6", tensor),
        ["Fastai", "linear_logits", tensor] => ("head.8", tensor),
        ["Fastai", "norm_logits", tensor] => ("head.9", tensor),
        other => unreachable!("no tensor {other:?} in a head"),
    };
    format!("{layer}.{tensor}")
}

/// True if `name` (canonical) is that of a tensor of a head.
pub fn is_of_head(name: &str) -> bool {
    matches!(name.split('.').next(), Some("head" | "fc"))
}

fn row(layer: &'static str, shape: &[usize], parameters: usize) -> SummaryRow {
    SummaryRow {
        layer,
        shape: shape.to_vec(),
        parameters,
    }
}

/// Zeroes a share `probability` of the values and scales the others by `1 / (1 - probability)`. Masks are drawn for the whole
/// batch, of which these pictures are a part.
///
/// The mask comes from the host: burn's own generator belongs to the device, cannot be saved and is shared by threads.
fn dropout(x: Tensor<2>, probability: f64, rng: &mut impl Rng, place: &Place<'_>) -> Tensor<2> {
    if probability == 0.0 {
        return x;
    }
    let keep = (1.0 / (1.0 - probability)) as f32;
    let [rows, columns] = x.dims();
    let mut mask: Vec<f32> = dropped(place.all * columns, probability, rng)
        .map(|is_dropped| if is_dropped { 0.0 } else { keep })
        .collect();
    mask.truncate((place.before + rows) * columns);
    mask.drain(..place.before * columns);
    let mask = Tensor::from_data(TensorData::new(mask, x.dims()), &x.device());
    x * mask
}

/// Whether each of `count` values is dropped; nothing is drawn if none can be.
fn dropped(count: usize, probability: f64, rng: &mut impl Rng) -> impl Iterator<Item = bool> {
    let count = if probability == 0.0 { 0 } else { count };
    (0..count).map(move |_| rng.random::<f64>() < probability)
}
