//! The other processes of a step: gradients added up over all of them.

use crate::config::BatchNormKind;
use burn::tensor::{Device, Tensor, TensorData};
use kernels::Synchronised;
use network::{NamedGradients, Network, Trainable};
use processes::{Lost, Processes};
use std::collections::BTreeMap;

/// The processes that take a step together.
#[derive(Debug)]
pub struct Company {
    processes: Processes,
    /// Those over whose pictures batch norms take their statistics.
    pub synchronised: Option<Synchronised>,
    /// Length of every parameter that is trained, by name.
    trained: BTreeMap<String, usize>,
}

impl Company {
    /// The `processes` that train the part `trainable` of `network`; nothing if there is one.
    pub fn of(
        processes: &Processes,
        kind: BatchNormKind,
        network: &Network,
        trainable: Trainable,
    ) -> Option<Self> {
        if processes.is_alone() {
            return None;
        }
        let parameters = network.parameters().into_iter();
        let trained = parameters.filter(|parameter| trainable.includes(parameter));
        Some(Self {
            processes: processes.clone(),
            synchronised: (kind == BatchNormKind::Synchronised)
                .then(|| Synchronised::new(processes.clone())),
            trained: trained
                .map(|parameter| (parameter.name, parameter.shape.iter().product()))
                .collect(),
        })
    }

    /// `loss` and `gradients` added up over all processes, in the order of the ranks; what a process lacks is zero.
    ///
    /// # Errors
    /// A process is lost.
    pub fn sum(
        &self,
        loss: f32,
        mut gradients: NamedGradients,
        device: &Device,
    ) -> Result<(f32, NamedGradients), Lost> {
        let mut numbers = Vec::with_capacity(1 + self.trained.values().sum::<usize>());
        numbers.push(loss);
        for (name, length) in &self.trained {
            match gradients.remove(name) {
                Some(gradient) => {
                    let data = gradient.into_data();
                    numbers.extend_from_slice(data.as_slice().expect("gradients are f32"));
                }
                None => numbers.resize(numbers.len() + length, 0.0),
            }
        }
        self.processes.sum(&mut numbers)?;
        if let Some(synchronised) = &self.synchronised {
            synchronised.result()?;
        }
        let (loss, mut rest) = (numbers[0], &numbers[1..]);
        let gradient = |(name, length): (&String, &usize)| {
            let (values, others) = rest.split_at(*length);
            rest = others;
            let data = TensorData::new(values.to_vec(), [*length]);
            (name.clone(), Tensor::from_data(data, device))
        };
        Ok((loss, self.trained.iter().map(gradient).collect()))
    }
}
