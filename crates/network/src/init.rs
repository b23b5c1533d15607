use burn::{
    module::Param,
    tensor::{Device, Tensor, TensorData},
};
use kernels::Algorithm;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};

/// Random numbers, arithmetic and device of new layers.
pub struct Init {
    /// `None` leaves drawn weights at zero: for a network whose state is loaded next.
    rng: Option<ChaCha8Rng>,
    pub algorithm: Algorithm,
    pub device: Device,
}

impl Init {
    /// Draws on the host from `seed`, so that the start does not depend on the device.
    pub fn drawn(seed: u64, algorithm: Algorithm, device: &Device) -> Self {
        Self {
            rng: Some(ChaCha8Rng::seed_from_u64(seed)),
            ..Self::blank(algorithm, device)
        }
    }

    /// Zeros where [`Self::drawn`] draws.
    pub fn blank(algorithm: Algorithm, device: &Device) -> Self {
        Self {
            rng: None,
            algorithm,
            device: device.clone(),
        }
    }

    /// Normal with mean 0.
    pub fn normal<const D: usize>(
        &mut self,
        shape: [usize; D],
        deviation: f64,
    ) -> Param<Tensor<D>> {
        let Some(rng) = &mut self.rng else {
            // One zero seen from everywhere: memory that is given back unread takes time to fill all the same.
            return Param::from_tensor(Tensor::<D>::zeros([1; D], &self.device).expand(shape));
        };
        // A deviation computed from layer sizes is finite and positive: the only condition of `Normal::new`.
        let distribution = Normal::new(0.0, deviation).expect("finite deviation");
        let values: Vec<f32> = (0..shape.iter().product())
            .map(|_| distribution.sample(rng) as f32)
            .collect();
        Param::from_tensor(Tensor::from_data(
            TensorData::new(values, shape),
            &self.device,
        ))
    }

    pub fn zeros(&self, length: usize) -> Param<Tensor<1>> {
        Param::from_tensor(Tensor::zeros([length], &self.device))
    }

    pub fn ones(&self, length: usize) -> Param<Tensor<1>> {
        Param::from_tensor(Tensor::ones([length], &self.device))
    }
}
