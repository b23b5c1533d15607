//! Exponential moving average of the weights (Polyak and Juditsky 1992; Tarvainen and Valpola 2017, arXiv:1703.01780), as
//! timm 1.0's `ModelEmaV3` keeps it.
//!
//! Behind step t of the run, from 1, with the weights w: `a ← a + (1 − d) · (w − a)`, over parameters and running statistics,
//! where `d = 0` at t = 1 and else `decay`, or with the warm-up `min(decay, 1 − (1 + (t − 1) / gamma)^(−power))`. A decay of
//! 0.999 is then reached after 31,600 steps with the default power of 2/3.
//!
//! timm's `min_decay` and `update_after_step` are left at their defaults, 0. Its averages are of the network alone, from the
//! first step on and over all that follows: so here, over all stages.

use network::{Network, weights::StateDict};
use serde::{Deserialize, Serialize};

/// An average of the weights beside them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AveragingConfig {
    /// Share of the average that stays in each step, at most.
    pub decay: f64,
    /// Begin with smaller shares, so that the first weights are soon forgotten.
    pub warmup: bool,
    /// timm's `warmup_gamma`.
    pub warmup_gamma: f64,
    /// timm's `warmup_power`.
    pub warmup_power: f64,
    /// Validate with the averaged weights, and answer with them when the run is asked.
    pub validate: bool,
}

impl Default for AveragingConfig {
    /// The decay of timm's `train.py`, with its warm-up.
    fn default() -> Self {
        Self {
            decay: 0.9998,
            warmup: true,
            warmup_gamma: 1.0,
            warmup_power: 2.0 / 3.0,
            validate: false,
        }
    }
}

impl AveragingConfig {
    /// Share of the average that stays in step `step` of the run, from 1: timm's `get_decay`.
    pub fn decay_at(&self, step: u64) -> f64 {
        let before = step.saturating_sub(1);
        if before == 0 {
            return 0.0;
        }
        if !self.warmup {
            return self.decay;
        }
        let risen = 1.0 - (1.0 + before as f64 / self.warmup_gamma).powf(-self.warmup_power);
        risen.min(self.decay).max(0.0)
    }
}

/// Averaged weights on their way.
#[derive(Debug, Clone)]
pub struct Average {
    config: AveragingConfig,
    /// Always there between calls; a step takes it out so that tensors change in place.
    network: Option<Network>,
}

impl Average {
    /// The average `network`, on the plain device.
    pub fn new(config: AveragingConfig, network: Network) -> Self {
        Self {
            config,
            network: Some(network),
        }
    }

    /// Takes in the weights behind step `step` of the run, from 1; `network` is on the plain device.
    pub fn take_in(&mut self, network: &Network, step: u64) {
        let share = 1.0 - self.config.decay_at(step);
        let average = self.network.take().expect("there between calls");
        self.network = Some(average.towards(network, share));
    }

    /// Takes over the tensors of `state`, such as running statistics.
    pub fn replace(&mut self, state: StateDict) {
        let network = self.network.take().expect("there between calls");
        self.network = Some(network.with_state(state));
    }

    /// The averaged network, on the plain device.
    pub fn network(&self) -> &Network {
        self.network.as_ref().expect("there between calls")
    }

    /// True if validation asks the averaged network.
    pub fn validates(&self) -> bool {
        self.config.validate
    }
}
