use crate::{
    Network,
    batch_norm::BatchNorm,
    body::Body,
    convolution::Convolution,
    head::{FastaiHead, Head},
    linear::{Linear, linear},
    max_pool::MaxPool,
    pass::{Pass, Relu},
};
use burn::{
    module::{Module, Param},
    tensor::{Tensor, activation::relu},
};
use kernels::{
    Algorithm, FoldedConvolution, Precision, average_pool, concat_pool, guided_relu, is_cpu,
    scaled_by,
};

impl Network {
    /// The network as it predicts: running statistics, no dropout, each batch normalisation of the body folded into the
    /// convolution before it. Works for a network in training too, which is left as it is.
    pub fn for_inference(&self) -> InferenceNetwork {
        self.for_inference_with(InferenceOptions::default())
    }

    /// The same as `options` say.
    pub fn for_inference_with(&self, options: InferenceOptions) -> InferenceNetwork {
        self.clone().into_inference(options)
    }

    /// The same of a network that is not needed any more: on the CPU its weights are folded where they lie, so that each is in
    /// memory once.
    pub fn into_inference(self, options: InferenceOptions) -> InferenceNetwork {
        let network = self.valid();
        drop(self);
        InferenceNetwork {
            body: InferenceBody::new(network.body, options),
            head: InferenceHead::new(&network.head),
        }
    }
}

/// How a network predicts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InferenceOptions {
    /// Numbers that convolutions multiply, which only the CPU has the choice of. The folding and the head are in `f32` in any
    /// case.
    pub precision: Precision,
    /// Keeps what gradients through the body need ([`InferenceNetwork::forward`] of tracked pictures,
    /// [`InferenceNetwork::forward_behind`] of an earlier stage than the last): the weights once more.
    pub gradients: bool,
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
    /// Normalised pictures `[N, 3, H, W]` to logits `[N, classes]`. Differentiable in pictures that are tracked, with
    /// [`InferenceOptions::gradients`].
    pub fn forward(&self, pictures: Tensor<4>) -> Tensor<2> {
        self.head.forward(self.body.forward(pictures))
    }

    /// The output of a stage (a position in [`InferenceBody::stages`]) to logits `[N, classes]`. Differentiable in an output
    /// that is tracked, of an earlier stage than the last only with [`InferenceOptions::gradients`]; no picture of a batch
    /// influences another.
    pub fn forward_behind(&self, stage: usize, output: Tensor<4>) -> Tensor<2> {
        let last = self.body.stages.len() - 1;
        self.head.forward(self.body.between(stage, last, output))
    }

    /// The same network, which shares its memory, with guided backpropagation's ReLUs ([`guided_relu`]) on the way back.
    pub fn guided(&self) -> Self {
        let mut guided = self.clone();
        for step in &mut guided.body.steps {
            if let Operation::Convolution { folded, .. } = &mut step.operation {
                *folded = folded.guided();
            }
        }
        if let InferenceHead::Fastai(head) = &mut guided.head {
            head.guided = true;
        }
        guided
    }
}

/// A body of any family as it predicts: its operations in the order in which the body runs them.
#[derive(Debug, Clone)]
pub struct InferenceBody {
    steps: Vec<Step>,
    /// For each value, the step that reads it last; value 0 is the pictures, value `i + 1` the output of step `i`.
    last_readers: Vec<usize>,
    /// Names of the stages, each with the number of the value that is its output.
    stages: Vec<(&'static str, usize)>,
}

impl InferenceBody {
    fn new(mut body: Body, options: InferenceOptions) -> Self {
        let mut folding = Folding {
            steps: Vec::new(),
            stages: Vec::new(),
            options,
        };
        let output = body.run(&mut folding, 0);
        let Folding { steps, stages, .. } = folding;
        assert_eq!(output, steps.len(), "the last layer makes the feature map");
        let mut last_readers = vec![0; steps.len() + 1];
        for (at, step) in steps.iter().enumerate() {
            for value in std::iter::once(step.x).chain(step.residual) {
                last_readers[value] = at;
            }
        }
        Self {
            steps,
            last_readers,
            stages,
        }
    }

    /// Names of the stages whose output can be asked for, from the first to the last, which makes the feature map.
    pub fn stages(&self) -> impl ExactSizeIterator<Item = &'static str> {
        self.stages.iter().map(|(name, _)| *name)
    }

    /// Normalised pictures `[N, 3, H, W]` on a plain device to the feature map `[N, C, h, w]`.
    pub fn forward(&self, pictures: Tensor<4>) -> Tensor<4> {
        self.run(0, self.steps.len(), pictures)
    }

    /// The same to the output of a stage, a position in [`Self::stages`].
    pub fn forward_to(&self, stage: usize, pictures: Tensor<4>) -> Tensor<4> {
        self.run(0, self.stages[stage].1, pictures)
    }

    /// The output of one stage to that of a later one, or of the same. Differentiable in an output that is tracked.
    pub fn between(&self, from: usize, to: usize, output: Tensor<4>) -> Tensor<4> {
        self.run(self.stages[from].1, self.stages[to].1, output)
    }

    /// The value number `from`, on which alone later ones depend, to the value number `to`.
    fn run(&self, from: usize, to: usize, x: Tensor<4>) -> Tensor<4> {
        let mut values = vec![Some(x)];
        for at in from..to {
            let step = &self.steps[at];
            // Memory of a value that nothing else holds can be used again.
            let mut read = |value: usize| {
                let is_last = self.last_readers[value] == at;
                let slot = &mut values[value - from];
                let tensor = if is_last { slot.take() } else { slot.clone() };
                tensor.expect("a value is there until its last reader")
            };
            let residual = step.residual.map(&mut read);
            let x = read(step.x);
            values.push(Some(step.operation.forward(x, residual)));
        }
        let features = values.pop().flatten();
        features.expect("no step reads the output of the last one")
    }
}

/// One operation on values that came before.
#[derive(Debug, Clone)]
struct Step {
    operation: Operation,
    x: usize,
    residual: Option<usize>,
}

#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "a body has few pooling layers")]
enum Operation {
    Convolution {
        folded: FoldedConvolution,
        relu: bool,
    },
    MaxPool(MaxPool),
}

impl Operation {
    fn forward(&self, x: Tensor<4>, residual: Option<Tensor<4>>) -> Tensor<4> {
        match self {
            Self::Convolution { folded, relu } => folded.forward(x, residual, *relu),
            Self::MaxPool(pool) => pool.forward(x),
        }
    }
}

/// The pass that folds. Its values are numbers of values.
struct Folding {
    steps: Vec<Step>,
    stages: Vec<(&'static str, usize)>,
    options: InferenceOptions,
}

impl Folding {
    fn push(&mut self, operation: Operation, x: usize, residual: Option<usize>) -> usize {
        self.steps.push(Step {
            operation,
            x,
            residual,
        });
        self.steps.len()
    }
}

impl Pass for Folding {
    type Value = usize;

    fn convolution(
        &mut self,
        convolution: &mut Convolution,
        norm: &mut BatchNorm,
        x: usize,
        residual: Option<usize>,
        relu: Relu,
    ) -> usize {
        let operation = Operation::Convolution {
            folded: fold(convolution, norm, self.options),
            relu: relu != Relu::Absent,
        };
        self.push(operation, x, residual)
    }

    fn max_pool(&mut self, pool: MaxPool, x: usize) -> usize {
        self.push(Operation::MaxPool(pool), x, None)
    }

    fn stage(&mut self, name: &'static str, output: &usize) {
        self.stages.push((name, *output));
    }
}

/// `norm(convolution(x))` for any `x`, by the running statistics. Takes the weight.
pub(crate) fn fold(
    convolution: &mut Convolution,
    norm: &BatchNorm,
    options: InferenceOptions,
) -> FoldedConvolution {
    let geometry = convolution.geometry();
    let (weight, bias) = folded(convolution.take_weight(), &convolution.bias, norm);
    let InferenceOptions {
        precision,
        gradients,
    } = options;
    FoldedConvolution::new(weight, bias, geometry, precision, gradients)
}

/// Weight `[O, C, K, K]` and bias `[O]` of the convolution that gives what a convolution of these and `norm` behind it give, by
/// the running statistics.
pub(crate) fn folded(
    weight: Tensor<4>,
    bias: &Option<Param<Tensor<1>>>,
    norm: &BatchNorm,
) -> (Tensor<4>, Tensor<1>) {
    let (scale, shift) = norm.affine();
    let bias = match bias {
        Some(bias) => bias.val() * scale.clone() + shift,
        None => shift,
    };
    (scaled_by(weight, scale), bias)
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
        self.forward_pooled(self.pool(features))
    }

    /// Feature map `[N, C, h, w]` to `[N, C]`, or `[N, 2C]` if the head has two pools, one behind the other. A channel that is 0
    /// everywhere is 0 in each of them.
    pub fn pool(&self, features: Tensor<4>) -> Tensor<2> {
        match self {
            Self::Plain(_) => average_pool(features),
            Self::Fastai(_) => concat_pool(features),
        }
    }

    /// What [`Self::pool`] gave, to logits `[N, classes]`.
    pub fn forward_pooled(&self, pooled: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Plain(weights) => weights.apply(pooled),
            Self::Fastai(head) => head.forward(pooled),
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
    /// Whether what comes back through the ReLU is guided.
    guided: bool,
}

impl InferenceFastaiHead {
    fn new(head: &FastaiHead) -> Self {
        Self {
            norm_pooled: Affine::new(&head.norm_pooled),
            linear_hidden: LinearWeights::new(&head.linear_hidden),
            norm_hidden: Affine::new(&head.norm_hidden),
            linear_logits: LinearWeights::new(&head.linear_logits),
            norm_logits: Affine::new(&head.norm_logits),
            guided: false,
        }
    }

    fn forward(&self, pooled: Tensor<2>) -> Tensor<2> {
        let x = self.norm_pooled.apply(pooled);
        let x = self.linear_hidden.apply(x);
        let x = if self.guided { guided_relu(x) } else { relu(x) };
        let x = self.linear_logits.apply(self.norm_hidden.apply(x));
        self.norm_logits.apply(x)
    }
}

/// Weights of a linear layer on the plain device.
#[derive(Debug, Clone)]
pub struct LinearWeights {
    weight: Tensor<2>,
    bias: Tensor<1>,
    /// On the CPU the layer as a convolution of single pixels: its sums have one order, where that of burn's product depends
    /// on the number of rows, so that an answer would depend on the pictures beside it.
    pixels: Option<FoldedConvolution>,
}

impl LinearWeights {
    fn new(layer: &Linear) -> Self {
        let (weight, bias) = (layer.weight.val(), layer.bias.val());
        let pixels = is_cpu(&weight.device()).then(|| as_convolution(&weight, &bias));
        Self {
            weight,
            bias,
            pixels,
        }
    }

    fn apply(&self, x: Tensor<2>) -> Tensor<2> {
        if let Some(pixels) = self.pixels.as_ref().filter(|_| !x.is_autodiff()) {
            let [count, inputs] = x.dims();
            let y = pixels.forward(x.reshape([count, inputs, 1, 1]), None, false);
            return y.flatten(1, 3);
        }
        let (weight, bias) = (beside(&self.weight, &x), beside(&self.bias, &x));
        linear(x, weight, bias)
    }
}

/// A linear layer of `weight` `[outputs, inputs]` and `bias` `[outputs]` for pictures of one pixel.
fn as_convolution(weight: &Tensor<2>, bias: &Tensor<1>) -> FoldedConvolution {
    let [outputs, inputs] = weight.dims();
    let weight = weight.clone().reshape([outputs, inputs, 1, 1]);
    let convolution = kernels::Convolution {
        stride: 1,
        padding: 0,
        algorithm: Algorithm::Exact,
        precision: Precision::F32,
    };
    FoldedConvolution::new(weight, bias.clone(), convolution, Precision::F32, false)
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
