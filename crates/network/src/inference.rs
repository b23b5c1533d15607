use crate::{
    Body, Head, ResNet,
    batch_norm::BatchNorm,
    block::Block,
    convolution::Convolution,
    head::FastaiHead,
    linear::{Linear, linear},
};
use burn::{
    module::Module,
    tensor::{Tensor, activation::relu},
};
use kernels::{average_pool, concat_pool, conv2d_folded, max_pool2d};

impl ResNet {
    /// The network as it predicts: running statistics, no dropout, each batch normalisation of the body folded into the
    /// convolution before it. Works for a network in training too, which is left as it is.
    pub fn for_inference(&self) -> InferenceNetwork {
        let network = self.valid();
        InferenceNetwork {
            body: InferenceBody::new(&network.body),
            head: InferenceHead::new(&network.head),
        }
    }
}

/// A network that only predicts.
#[derive(Debug, Clone)]
pub struct InferenceNetwork {
    /// Pictures to feature map.
    pub body: InferenceBody,
    /// Feature map to logits.
    pub head: InferenceHead,
}

impl InferenceNetwork {
    /// Normalised pictures `[N, 3, H, W]` on a plain device to logits `[N, classes]`.
    pub fn forward(&self, pictures: Tensor<4>) -> Tensor<2> {
        self.head.forward(self.body.forward(pictures))
    }
}

/// The body as it predicts.
#[derive(Debug, Clone)]
pub struct InferenceBody {
    stem: FoldedConvolution,
    layers: [Vec<InferenceBlock>; 4],
}

impl InferenceBody {
    fn new(body: &Body) -> Self {
        let layer = |blocks: &[Block]| blocks.iter().map(InferenceBlock::new).collect();
        Self {
            stem: FoldedConvolution::new(&body.conv1, &body.bn1),
            layers: [
                layer(&body.layer1),
                layer(&body.layer2),
                layer(&body.layer3),
                layer(&body.layer4),
            ],
        }
    }

    /// Normalised pictures `[N, 3, H, W]` on a plain device to the feature map `[N, C, ⌈H/32⌉, ⌈W/32⌉]`.
    pub fn forward(&self, pictures: Tensor<4>) -> Tensor<4> {
        let stem = self.stem(pictures);
        self.layers
            .iter()
            .fold(stem, |x, blocks| run_layer(x, blocks))
    }

    /// Outputs after the stem (convolution, batch norm, ReLU, max-pool) and after `layer1` to `layer4`.
    pub fn stages(&self, pictures: Tensor<4>) -> [Tensor<4>; 5] {
        let stem = self.stem(pictures);
        let [layer1, layer2, layer3, layer4] = &self.layers;
        let one = run_layer(stem.clone(), layer1);
        let two = run_layer(one.clone(), layer2);
        let three = run_layer(two.clone(), layer3);
        let four = run_layer(three.clone(), layer4);
        [stem, one, two, three, four]
    }

    fn stem(&self, pictures: Tensor<4>) -> Tensor<4> {
        max_pool2d(self.stem.forward(pictures, None, true))
    }
}

fn run_layer(x: Tensor<4>, blocks: &[InferenceBlock]) -> Tensor<4> {
    blocks.iter().fold(x, |x, block| block.forward(x))
}

/// The head as it predicts.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "a network has one")]
pub enum InferenceHead {
    /// See [`crate::HeadKind::Fastai`].
    Fastai(InferenceFastaiHead),
    /// See [`crate::HeadKind::Plain`].
    Plain(LinearWeights),
}

impl InferenceHead {
    fn new(head: &Head) -> Self {
        match head {
            Head::Plain(linear) => Self::Plain(LinearWeights::new(linear)),
            Head::Fastai(head) => Self::Fastai(InferenceFastaiHead::new(head)),
        }
    }

    /// Feature map `[N, C, h, w]` to logits `[N, classes]`. Differentiable in a feature map that is tracked; no picture
    /// of a batch influences another.
    pub fn forward(&self, features: Tensor<4>) -> Tensor<2> {
        match self {
            Self::Plain(weights) => weights.apply(average_pool(features)),
            Self::Fastai(head) => head.forward(features),
        }
    }
}

/// fastai's head with running statistics.
#[derive(Debug, Clone)]
pub struct InferenceFastaiHead {
    norm_pooled: Affine,
    linear_hidden: LinearWeights,
    norm_hidden: Affine,
    linear_logits: LinearWeights,
    norm_logits: Affine,
}

impl InferenceFastaiHead {
    fn new(head: &FastaiHead) -> Self {
        Self {
            norm_pooled: Affine::new(&head.norm_pooled),
            linear_hidden: LinearWeights::new(&head.linear_hidden),
            norm_hidden: Affine::new(&head.norm_hidden),
            linear_logits: LinearWeights::new(&head.linear_logits),
            norm_logits: Affine::new(&head.norm_logits),
        }
    }

    fn forward(&self, features: Tensor<4>) -> Tensor<2> {
        let x = self.norm_pooled.apply(concat_pool(features));
        let x = relu(self.linear_hidden.apply(x));
        let x = self.linear_logits.apply(self.norm_hidden.apply(x));
        self.norm_logits.apply(x)
    }
}

/// Weights of a linear layer on the plain device.
#[derive(Debug, Clone)]
pub struct LinearWeights {
    weight: Tensor<2>,
    bias: Tensor<1>,
}

impl LinearWeights {
    fn new(layer: &Linear) -> Self {
        Self {
            weight: layer.weight.val(),
            bias: layer.bias.val(),
        }
    }

    fn apply(&self, x: Tensor<2>) -> Tensor<2> {
        let (weight, bias) = (beside(&self.weight, &x), beside(&self.bias, &x));
        linear(x, weight, bias)
    }
}

/// `y = scale · x + shift` per channel.
#[derive(Debug, Clone)]
struct Affine {
    scale: Tensor<1>,
    shift: Tensor<1>,
}

impl Affine {
    fn new(norm: &BatchNorm) -> Self {
        let (scale, shift) = norm.affine();
        Self { scale, shift }
    }

    fn apply(&self, x: Tensor<2>) -> Tensor<2> {
        let (scale, shift) = (beside(&self.scale, &x), beside(&self.shift, &x));
        x * scale.unsqueeze() + shift.unsqueeze()
    }
}

/// `weight` as an untracked tensor of the graph that `x` belongs to, if it belongs to one.
fn beside<const D: usize>(weight: &Tensor<D>, x: &Tensor<2>) -> Tensor<D> {
    if x.is_autodiff() {
        Tensor::from_inner(weight.clone())
    } else {
        weight.clone()
    }
}

#[derive(Debug, Clone)]
struct InferenceBlock {
    convolutions: Vec<FoldedConvolution>,
    downsample: Option<FoldedConvolution>,
}

impl InferenceBlock {
    fn new(block: &Block) -> Self {
        let third = block.conv3.as_ref().zip(block.bn3.as_ref());
        let pairs = [
            Some((&block.conv1, &block.bn1)),
            Some((&block.conv2, &block.bn2)),
            third,
        ];
        let downsample = block.downsample.as_ref();
        Self {
            convolutions: pairs
                .into_iter()
                .flatten()
                .map(|(conv, bn)| FoldedConvolution::new(conv, bn))
                .collect(),
            downsample: downsample.map(|d| FoldedConvolution::new(&d.conv, &d.bn)),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let residual = match &self.downsample {
            Some(downsample) => downsample.forward(x.clone(), None, false),
            None => x.clone(),
        };
        let last = self.convolutions.len() - 1;
        let y = self.convolutions[..last]
            .iter()
            .fold(x, |x, convolution| convolution.forward(x, None, true));
        self.convolutions[last].forward(y, Some(residual), true)
    }
}

/// A convolution that has taken in the batch normalisation behind it.
#[derive(Debug, Clone)]
struct FoldedConvolution {
    weight: Tensor<4>,
    bias: Tensor<1>,
    geometry: kernels::Convolution,
}

impl FoldedConvolution {
    fn new(convolution: &Convolution, norm: &BatchNorm) -> Self {
        let (scale, shift) = norm.affine();
        let channels = scale.dims()[0];
        Self {
            weight: convolution.weight.val() * scale.reshape([channels, 1, 1, 1]),
            bias: shift,
            geometry: convolution.geometry(),
        }
    }

    fn forward(&self, x: Tensor<4>, residual: Option<Tensor<4>>, relu: bool) -> Tensor<4> {
        conv2d_folded(
            x,
            self.weight.clone(),
            self.bias.clone(),
            self.geometry,
            residual,
            relu,
        )
    }
}
