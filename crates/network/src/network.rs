use crate::{
    architecture::Architecture,
    body::Body,
    follow::Follow,
    head::{Head, HeadKind},
    init::Init,
    place::Place,
};
use burn::{
    module::Module,
    tensor::{DType, Device, FloatDType, Tensor},
};
use kernels::{Algorithm, Precision};
use rand::Rng;
use serde::{Deserialize, Serialize};

/// Everything that fixes the network's shape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSpec {
    /// The body.
    pub architecture: Architecture,
    /// Channels after the first convolution; 64 in torchvision.
    pub base_width: usize,
    /// Number of logits.
    pub classes: usize,
    /// Layers after the feature map.
    pub head: HeadKind,
    /// Shares dropped before the two linear layers of fastai's head.
    pub dropout: [f64; 2],
}

impl NetworkSpec {
    /// torchvision's width and fastai 1's head.
    pub fn new(architecture: Architecture, classes: usize) -> Self {
        Self {
            architecture,
            base_width: 64,
            classes,
            head: HeadKind::Fastai,
            dropout: [0.25, 0.5],
        }
    }

    /// A network with fresh weights, the same for the same `seed` on any device.
    pub fn init(&self, algorithm: Algorithm, seed: u64, device: &Device) -> Network {
        self.build(Init::drawn(seed, algorithm, device))
    }

    /// A network to load a state into: the weights of its convolutions and linear layers are zero.
    pub fn blank(&self, algorithm: Algorithm, device: &Device) -> Network {
        self.build(Init::blank(algorithm, device))
    }

    fn build(&self, mut init: Init) -> Network {
        let channels = self.architecture.feature_channels(self.base_width);
        Network {
            body: Body::new(self.architecture.plan(), self.base_width, &mut init),
            head: Head::new(self.head, channels, self.classes, self.dropout, &mut init),
            architecture: self.architecture,
            precision: Precision::F32,
        }
    }
}

/// A network while it trains.
#[derive(Module, Debug)]
pub struct Network {
    /// Up to the feature map.
    pub body: Body,
    /// Head, from the feature map to the logits.
    pub head: Head,
    #[module(skip)]
    architecture: Architecture,
    #[module(skip)]
    precision: Precision,
}

impl Network {
    /// Its body before it was built.
    pub fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// The same network, whose convolutions multiply in `precision` while it trains on the CPU, forward and in both gradients.
    /// Parameters, maps between layers and all sums stay f32.
    pub fn with_precision(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// Normalised pictures `[N, 3, H, W]` to logits `[N, classes]`, with batch statistics (which move the running ones)
    /// and dropout masks drawn from `rng`. Pictures in half precision, which only GPUs compute in, keep it up to the head.
    pub fn forward_train(&mut self, pictures: Tensor<4>, rng: &mut impl Rng) -> Tensor<2> {
        let place = Place::whole(pictures.dims()[0]);
        self.forward_train_part(pictures, rng, &place)
    }

    /// The same for the pictures of a batch that are at `place` in it, with the dropout masks that they have in the whole.
    pub fn forward_train_part(
        &mut self,
        pictures: Tensor<4>,
        rng: &mut impl Rng,
        place: &Place<'_>,
    ) -> Tensor<2> {
        let features = self.body.forward_train(pictures, place, self.precision);
        let features = match features.dtype() {
            DType::BF16 | DType::F16 => features.cast(FloatDType::F32),
            _ => features,
        };
        self.head.forward_train(features, rng, place)
    }

    /// What [`Self::forward_train_part`] and its backward pass do where a process has no picture of a batch: the same numbers
    /// are drawn from `rng`, and what batch norms exchange is received.
    pub fn follow(&mut self, rng: &mut impl Rng, place: &Place<'_>) {
        self.head.skip_dropout(rng, place.all);
        if let Some(synchronised) = place.synchronised {
            let mut pass = Follow {
                synchronised,
                norms: 0,
            };
            self.body.run(&mut pass, ());
            self.head.follow(&mut pass);
            (0..pass.norms).for_each(|_| synchronised.no_gradient());
        }
    }
}
