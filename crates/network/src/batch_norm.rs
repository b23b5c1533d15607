use crate::{init::Init, kind::Kind, place::Place};
use burn::{
    module::{Module, Param},
    tensor::Tensor,
};
use kernels::{
    BatchStatistics, Move, Synchronised, batch_norm_train_over, move_statistics,
    statistics_of_others,
};

/// Share of a new batch in the running statistics (torch's default).
pub const MOMENTUM: f64 = 0.1;

/// Added to the variance before its root (torch's default).
pub const EPSILON: f64 = 1e-5;

/// Batch normalisation (Ioffe, Szegedy 2015) with torch's running statistics.
///
/// Burn's own layer differs in what we promise: it keeps the *biased* variance of the batch, and its running statistics
/// are shared between clones and one update behind in a saved record. Here the update happens at once, in a plain
/// tensor, with the unbiased variance (`torch.nn.BatchNorm2d`).
#[derive(Module, Debug)]
pub struct BatchNorm {
    /// Scale, `[channels]`.
    pub weight: Param<Tensor<1>>,
    /// Shift, `[channels]`.
    pub bias: Param<Tensor<1>>,
    /// `[channels]`; never trained by gradient.
    pub running_mean: Param<Tensor<1>>,
    /// `[channels]`; never trained by gradient.
    pub running_var: Param<Tensor<1>>,
    #[module(skip)]
    momentum: f64,
}

impl BatchNorm {
    /// Name that burn gives to visitors of these layers.
    pub const CONTAINER: &str = "Struct:BatchNorm";

    /// Identity at the start: weight 1, bias 0, mean 0, variance 1. `momentum` is the share of a new batch in the
    /// running statistics.
    pub fn new(channels: usize, momentum: f64, init: &Init) -> Self {
        Self {
            weight: init.ones(channels),
            bias: init.zeros(channels),
            running_mean: init.zeros(channels).set_require_grad(false),
            running_var: init.ones(channels).set_require_grad(false),
            momentum,
        }
    }

    /// Normalises `[N, C, H, W]` by the batch, adds `residual`, applies ReLU if asked, and moves the running statistics.
    pub fn forward_train(
        &mut self,
        x: Tensor<4>,
        residual: Option<Tensor<4>>,
        relu: bool,
        place: &Place<'_>,
    ) -> Tensor<4> {
        let [n, _, h, w] = x.dims();
        let synchronised = place.synchronised;
        let (y, statistics) = batch_norm_train_over(
            x,
            self.weight.val(),
            self.bias.val(),
            EPSILON,
            residual,
            relu,
            synchronised,
        );
        let pictures = synchronised.map_or(n, |_| place.all);
        self.update_running(statistics, pictures * h * w);
        y
    }

    /// The same for `[N, C]`.
    pub fn forward_train_2d(&mut self, x: Tensor<2>, place: &Place<'_>) -> Tensor<2> {
        let [n, c] = x.dims();
        self.forward_train(x.reshape([n, c, 1, 1]), None, false, place)
            .reshape([n, c])
    }

    /// Moves the running statistics by a batch whose pictures other processes have.
    pub fn follow(&mut self, synchronised: &Synchronised) {
        let weight = self.weight.val();
        let plain = plain(weight);
        let (statistics, rows) =
            statistics_of_others(synchronised, plain.dims()[0], &plain.device());
        if rows > 0 {
            self.update_running(statistics, rows);
        }
    }

    /// Scale and shift that normalise by the running statistics: `y = scale · x + shift`, each `[channels]`.
    pub fn affine(&self) -> (Tensor<1>, Tensor<1>) {
        let scale = self.weight.val() / (self.running_var.val() + EPSILON).sqrt();
        let shift = self.bias.val() - self.running_mean.val() * scale.clone();
        (scale, shift)
    }

    /// Role of the tensor in the field `field`.
    pub fn kind(field: &str) -> Kind {
        match field {
            "weight" | "bias" => Kind::Norm,
            "running_mean" | "running_var" => Kind::Statistic,
            other => unreachable!("no tensor `{other}` in a batch normalisation"),
        }
    }

    /// Number of parameters, of which running statistics are none.
    pub fn trained(&self) -> usize {
        self.weight.dims()[0] + self.bias.dims()[0]
    }

    /// Outside any autodiff graph.
    fn update_running(&mut self, batch: BatchStatistics, count: usize) {
        let running = BatchStatistics {
            mean: plain(self.running_mean.val()),
            variance: plain(self.running_var.val()),
        };
        let batch = BatchStatistics {
            mean: plain(batch.mean),
            variance: plain(batch.variance),
        };
        let by = Move {
            momentum: self.momentum,
            count,
        };
        let moved = move_statistics(running, batch, by);
        replace(&mut self.running_mean, moved.mean);
        replace(&mut self.running_var, moved.variance);
    }
}

/// Puts `new`, which is plain, in the place of a statistic, on whose device it comes.
fn replace(statistic: &mut Param<Tensor<1>>, new: Tensor<1>) {
    let new = if statistic.val().is_autodiff() {
        Tensor::from_inner(new)
    } else {
        new
    };
    *statistic = statistic.clone().map(|_| new).set_require_grad(false);
}

fn plain(x: Tensor<1>) -> Tensor<1> {
    if x.is_autodiff() { x.inner() } else { x }
}
