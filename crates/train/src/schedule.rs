//! Learning rates and momentum over the iterations of a stage.

use std::f64::consts::PI;

/// Rates and momentum of every iteration of a stage.
pub trait Schedule {
    /// Number of iterations.
    fn iterations(&self) -> usize;

    /// Rates of iteration `iteration`, counted from 0.
    fn at(&self, iteration: usize) -> Rates;
}

/// The one-cycle schedule (Smith 2018, arXiv:1803.09820) as fastai 1.0.30's `callbacks/one_cycle.py` runs it.
#[derive(Debug, Clone, PartialEq)]
pub struct OneCycle {
    /// Highest learning rate of each layer group, the head's last.
    pub max_learning_rates: Vec<f64>,
    /// beta1 at the ends and at the peak of the learning rate: fastai's `moms`.
    pub momentum: [f64; 2],
    /// The first learning rate is the highest over this.
    pub div_factor: f64,
    /// Iterations of the rising phase; the falling one begins where it ends.
    pub rising: usize,
    /// Iterations of the falling phase.
    pub falling: usize,
}

/// Rates that the optimizer uses in one iteration.
#[derive(Debug, Clone, PartialEq)]
pub struct Rates {
    /// Learning rate of each layer group, the head's last.
    pub learning_rates: Vec<f64>,
    /// Adam's first coefficient.
    pub beta1: f64,
}

/// The falling phase ends at the first learning rate over this.
const FINAL_DIVISOR: f64 = 1e4;

impl OneCycle {
    /// Schedule for `iterations` iterations, a share `pct_start` of them rising.
    pub fn new(
        iterations: usize,
        max_learning_rates: Vec<f64>,
        pct_start: f64,
        momentum: [f64; 2],
        div_factor: f64,
    ) -> Self {
        let rising = (iterations as f64 * pct_start) as usize;
        Self {
            max_learning_rates,
            momentum,
            div_factor,
            rising,
            falling: iterations - rising,
        }
    }
}

impl Schedule for OneCycle {
    fn iterations(&self) -> usize {
        self.rising + self.falling
    }

    /// A phase of no iterations still lasts one step.
    fn at(&self, iteration: usize) -> Rates {
        let rising = self.rising.max(1);
        let [high, low] = self.momentum;
        let first = |max: f64| max / self.div_factor;
        let each = |rate: &dyn Fn(f64) -> f64| -> Vec<f64> {
            let maxima = self.max_learning_rates.iter();
            maxima.map(|max| rate(*max)).collect()
        };
        if iteration <= rising {
            let t = iteration as f64 / rising as f64;
            Rates {
                learning_rates: each(&|max| cosine(first(max), max, t)),
                beta1: cosine(high, low, t),
            }
        } else {
            let t = (iteration - rising) as f64 / self.falling.max(1) as f64;
            let last = |max: f64| first(max) / FINAL_DIVISOR;
            Rates {
                learning_rates: each(&|max| cosine(max, last(max), t)),
                beta1: cosine(low, high, t),
            }
        }
    }
}

/// The value between `start` (t = 0) and `end` (t = 1) on half a cosine.
fn cosine(start: f64, end: f64, t: f64) -> f64 {
    end + (start - end) / 2.0 * ((PI * t).cos() + 1.0)
}
