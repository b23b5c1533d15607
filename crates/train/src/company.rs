//! The other processes of a step: gradients added up over all of them.

use crate::{buckets::Buckets, config::BatchNormKind};
use burn::tensor::{Device, Tensor, TensorData};
use kernels::{GradientListener, Synchronised, is_cpu};
use network::{NamedGradients, Network, Trainable};
use processes::{Lost, Processes};
use std::sync::Arc;

/// The processes that take a step together.
#[derive(Debug)]
pub struct Company {
    /// Those over whose pictures batch norms take their statistics.
    pub synchronised: Option<Synchronised>,
    buckets: Arc<Buckets>,
    /// The same, for the convolutions of a backward pass.
    listener: Arc<dyn GradientListener>,
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
        let buckets = Arc::new(Buckets::of(processes, network, trainable));
        Some(Self {
            synchronised: (kind == BatchNormKind::Synchronised)
                .then(|| Synchronised::new(processes.clone())),
            listener: Arc::clone(&buckets) as Arc<dyn GradientListener>,
            buckets,
        })
    }

    /// Begins a step over `batches` batches. Who must hear of its gradients if they can go as soon as they come: those of one
    /// batch on the CPU. (Those of several are added up first, and a GPU would be waited for.)
    pub fn begin(&self, batches: usize, device: &Device) -> Option<&Arc<dyn GradientListener>> {
        self.buckets.begin();
        (batches == 1 && is_cpu(device)).then_some(&self.listener)
    }

    /// Tells the others early that this process has no picture in the only batch of a step.
    pub fn send_nothing(&self) {
        self.buckets.send_nothing();
    }

    /// Buckets of gradients that have gone before the step's backward pass was over, and all that could: of the step that has
    /// not ended yet.
    pub fn progress(&self) -> (usize, usize) {
        self.buckets.progress()
    }

    /// `loss` and `gradients` added up over all processes, in the order of the ranks; what a process lacks is zero.
    ///
    /// # Errors
    /// A process is lost.
    pub fn sum(
        &self,
        loss: f32,
        gradients: NamedGradients,
        device: &Device,
    ) -> Result<(f32, NamedGradients), Lost> {
        let (loss, summed) = self.buckets.end(loss, gradients)?;
        if let Some(synchronised) = &self.synchronised {
            synchronised.result()?;
        }
        let tensor = |(name, values): (String, Vec<f32>)| {
            let length = values.len();
            let data = TensorData::new(values, [length]);
            (name, Tensor::from_data(data, device))
        };
        Ok((loss, summed.into_iter().map(tensor).collect()))
    }
}
