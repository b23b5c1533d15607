//! What a search such as `lr_find` needs: batches and steps at rates of its own, without the folder of a run.

#[path = "helpers/shades.rs"]
mod shades;

use burn::tensor::Device;
use shades::{draw, sets};
use std::{fs, path::Path};
use terminal::{Terminal, Volume};
use train::{
    config::{Config, ConfigSource},
    feed::Feed,
    fit::Fit,
    learner::Learner,
    optimizer::Adam,
    position::Position,
    schedule::{Rates, Schedule},
};

/// Learning rates that grow by the same factor in each iteration (Smith 2017, arXiv:1506.01186).
struct Growing {
    from: f64,
    to: f64,
    iterations: usize,
    groups: usize,
}

impl Schedule for Growing {
    fn iterations(&self) -> usize {
        self.iterations
    }

    fn at(&self, iteration: usize) -> Rates {
        let share = iteration as f64 / (self.iterations - 1) as f64;
        Rates {
            learning_rates: vec![self.from * (self.to / self.from).powf(share); self.groups],
            beta1: 0.9,
        }
    }
}

#[test]
fn learning_rates_are_tried_on_training_batches_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = folder.path().join("pictures");
    draw(&pictures);
    let terminal = Terminal::new(Volume::Quiet);
    let feed = Feed::open(config(&pictures), &terminal).unwrap();
    let device = Device::flex();
    let spec = feed.config.network_spec(feed.data.classes.len());
    let network = spec.init(feed.config.model.kernels, feed.config.seed, &device);
    let optimizer = Adam::new(feed.config.optimizer);
    let learner = Learner::new(network, feed.config.stages[0].train, optimizer, &device);
    let growing = Growing {
        from: 1e-6,
        to: 1e-2,
        iterations: feed.batches_per_epoch(0),
        groups: spec.architecture.groups().len(),
    };
    let mut fit = Fit::new(learner, growing, feed.config.seed, Position::default());
    let mut tried = Vec::new();
    for batch in feed.training_batches(0, 0, 0).unwrap() {
        let (rows, result) = fit.step(batch.unwrap());
        result.unwrap();
        tried.extend(rows.iter().map(|row| row.rates.learning_rates[0]));
    }
    assert_eq!(tried.len(), 4);
    assert_eq!(tried[0], 1e-6);
    assert!((tried[3] - 1e-2).abs() < 1e-12);
    let written: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(written.len(), 1, "nothing but the pictures");
}

fn config(pictures: &Path) -> Config {
    let sets = sets(pictures, 4);
    ConfigSource::open(None).unwrap().resolve(&sets).unwrap()
}
