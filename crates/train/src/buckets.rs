//! Gradients on their way to the other processes while the backward pass computes the rest.
//!
//! The gradients of a step are divided into buckets, in an order that depends on the network alone, so that all processes send
//! the same. A bucket goes as soon as all of it has come and those before it have gone. In the first are the convolutions of
//! the body, the last first, as the backward pass comes to them; in the last bucket are all other parameters and the loss,
//! which go when the pass is over.

use kernels::GradientListener;
use network::{NamedGradients, Network, Trainable};
use processes::{BackgroundSums, Lost, Processes};
use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Numbers in a bucket, at least, if the network is large: 4 MB, beside which latency is nothing.
const LARGE: usize = 1 << 20;
/// Buckets that a small network has, about.
const COUNT: usize = 8;

/// Gradients that are added up: each with the name of its parameter, as its numbers.
pub type Sums = Vec<(String, Vec<f32>)>;

/// A parameter in a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Slot {
    name: String,
    length: usize,
}

/// The buckets of a network, and which of them are on their way.
#[derive(Debug)]
pub struct Buckets {
    /// Those that can go during a backward pass.
    early: Vec<Vec<Slot>>,
    /// What goes after it, and the loss before that.
    late: Vec<Slot>,
    /// Names of the weights in `early`, by the numbers of their ids.
    weights: HashMap<u64, String>,
    sums: BackgroundSums,
    step: Mutex<Step>,
}

/// The gradients of a step.
#[derive(Debug, Default)]
struct Step {
    /// How often the forward pass has used a weight.
    uses: HashMap<u64, usize>,
    /// What has come and not gone.
    arrived: HashMap<String, Vec<f32>>,
    /// Early buckets that have gone.
    gone: usize,
}

impl Buckets {
    /// Buckets for the gradients of what is `trainable` of `network`, and a thread that adds them up over `processes`.
    pub fn of(processes: &Processes, network: &Network, trainable: Trainable) -> Self {
        let layers = network.layers_by_id().into_iter();
        let weights = layers.map(|(id, layer)| (id, format!("{layer}.weight")));
        let mut convolutions = Vec::new();
        let mut late = Vec::new();
        for parameter in network.parameters() {
            if !trainable.includes(&parameter) {
                continue;
            }
            // In the body a weight of four dimensions is a convolution's.
            let is_early = parameter.shape.len() == 4 && !parameter.is_of_head();
            let slot = Slot {
                length: parameter.shape.iter().product(),
                name: parameter.name,
            };
            match is_early {
                true => convolutions.push(slot),
                false => late.push(slot),
            }
        }
        convolutions.reverse();
        let weights =
            weights.filter(|(_, name)| convolutions.iter().any(|slot| slot.name == *name));
        Self {
            weights: weights.collect(),
            early: divided(convolutions),
            late,
            sums: BackgroundSums::over(processes),
            step: Mutex::default(),
        }
    }

    /// Forgets what has come: a step begins.
    pub fn begin(&self) {
        *self.step() = Step::default();
    }

    /// Sends all early buckets of a process that has no picture, before it follows the others: they do not wait for it then.
    pub fn send_nothing(&self) {
        self.send_early(&mut self.step(), &mut NamedGradients::new(), true);
    }

    /// `loss` and all gradients of the step, added up over all processes in the order of the ranks: those that have gone, and
    /// for the others `rest`; what a process lacks is zero. In the order of the buckets, each parameter as its numbers.
    ///
    /// # Errors
    /// A process is lost.
    pub fn end(&self, loss: f32, mut rest: NamedGradients) -> Result<(f32, Sums), Lost> {
        let mut step = self.step();
        self.send_early(&mut step, &mut rest, true);
        let late = packed(&self.late, &mut step.arrived, &mut rest);
        self.sums.begin([vec![loss], late].concat());
        drop(step);
        let mut summed = Sums::new();
        let mut result = Ok(0.0);
        // All of them are waited for, whatever becomes of one: the next step begins with none on its way.
        for bucket in &self.early {
            match self.sums.next() {
                Ok(sums) => unpack(bucket, &sums, &mut summed),
                Err(lost) => result = Err(lost),
            }
        }
        match self.sums.next() {
            Ok(sums) => {
                unpack(&self.late, &sums[1..], &mut summed);
                result = result.map(|_| sums[0]);
            }
            Err(lost) => result = Err(lost),
        }
        result.map(|loss| (loss, summed))
    }

    /// Early buckets of this step that have gone so far, and all of them.
    pub fn progress(&self) -> (usize, usize) {
        (self.step().gone, self.early.len())
    }

    /// Sends the buckets whose turn it is as far as they are complete; or all, with `rest` and zeros for what has not come.
    fn send_early(&self, step: &mut Step, rest: &mut NamedGradients, all: bool) {
        while let Some(bucket) = self.early.get(step.gone) {
            let mut slots = bucket.iter();
            if !all && !slots.all(|slot| step.arrived.contains_key(&slot.name)) {
                return;
            }
            self.sums.begin(packed(bucket, &mut step.arrived, rest));
            step.gone += 1;
        }
    }

    fn step(&self) -> MutexGuard<'_, Step> {
        self.step.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GradientListener for Buckets {
    fn used(&self, weight: u64) {
        *self.step().uses.entry(weight).or_default() += 1;
    }

    /// A weight that is used twice is not finished with the first gradient that comes: it goes after the pass.
    fn arrived(&self, weight: u64, gradient: Vec<f32>) {
        let mut step = self.step();
        if let Some(name) = self.weights.get(&weight)
            && step.uses.get(&weight) == Some(&1)
        {
            step.arrived.insert(name.clone(), gradient);
            self.send_early(&mut step, &mut NamedGradients::new(), false);
        }
    }
}

/// `slots` in buckets, in their order.
fn divided(slots: Vec<Slot>) -> Vec<Vec<Slot>> {
    let all: usize = slots.iter().map(|slot| slot.length).sum();
    let enough = LARGE.min(all / COUNT);
    let mut buckets = Vec::new();
    let (mut bucket, mut length) = (Vec::new(), 0);
    for slot in slots {
        length += slot.length;
        bucket.push(slot);
        if length >= enough {
            buckets.push(mem::take(&mut bucket));
            length = 0;
        }
    }
    if !bucket.is_empty() {
        buckets.push(bucket);
    }
    buckets
}

/// The numbers of a bucket: what has `arrived`, else what is in `rest`, else zeros.
fn packed(
    bucket: &[Slot],
    arrived: &mut HashMap<String, Vec<f32>>,
    rest: &mut NamedGradients,
) -> Vec<f32> {
    let mut numbers = Vec::new();
    for Slot { name, length } in bucket {
        if let Some(gradient) = arrived.remove(name) {
            match numbers.is_empty() {
                true => numbers = gradient,
                false => numbers.extend_from_slice(&gradient),
            }
        } else if let Some(gradient) = rest.remove(name) {
            let data = gradient.into_data();
            numbers.extend_from_slice(data.as_slice().expect("gradients are f32"));
        } else {
            numbers.resize(numbers.len() + length, 0.0);
        }
    }
    numbers
}

fn unpack(bucket: &[Slot], mut sums: &[f32], summed: &mut Sums) {
    for Slot { name, length } in bucket {
        let (values, others) = sums.split_at(*length);
        sums = others;
        summed.push((name.clone(), values.to_vec()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, Tensor, TensorData};
    use network::{Algorithm, Architecture, NetworkSpec};
    use processes::threads;
    use std::thread;

    fn network() -> Network {
        let spec = NetworkSpec {
            base_width: 2,
            ..NetworkSpec::new(Architecture::ResNet18, 2)
        };
        spec.blank(Algorithm::Exact, &Device::flex())
    }

    /// Numbers whose sum depends on the order of the ranks.
    fn gradient(rank: usize, length: usize) -> Vec<f32> {
        let value = |place: usize| (place % 7) as f32 + [1e8, 1.0, -1e8][rank];
        (0..length).map(value).collect()
    }

    fn id(buckets: &Buckets, slot: &Slot) -> u64 {
        let mut weights = buckets.weights.iter();
        *weights.find(|(_, name)| **name == slot.name).unwrap().0
    }

    fn hear(buckets: &Buckets, slot: &Slot, rank: usize) {
        buckets.used(id(buckets, slot));
        buckets.arrived(id(buckets, slot), gradient(rank, slot.length));
    }

    /// Rank 0 hears of all weights in the order of the buckets, rank 1 the other way round, rank 2 of none.
    #[test]
    fn sums_have_the_bits_of_one_sum_whatever_came_early() {
        let sums_of = |rank: usize, processes: &Processes| {
            let buckets = Buckets::of(processes, &network(), Trainable::All);
            let mut early: Vec<Slot> = buckets.early.iter().flatten().cloned().collect();
            let slots = [&early[..], &buckets.late].concat();
            let device = Device::flex();
            let tensor = |slot: &Slot| {
                let data = TensorData::new(gradient(rank, slot.length), [slot.length]);
                (slot.name.clone(), Tensor::from_data(data, &device))
            };
            let rest = slots.iter().map(tensor).collect();
            buckets.begin();
            if rank == 1 {
                early.reverse();
            }
            let heard = early.iter().filter(|_| rank < 2);
            heard.for_each(|slot| hear(&buckets, slot, rank));
            let (gone, all) = buckets.progress();
            assert_eq!(gone, if rank < 2 { all } else { 0 });
            let (loss, sums) = buckets.end(rank as f32, rest).unwrap();
            assert_eq!(loss, 3.0);
            for ((name, sum), slot) in sums.iter().zip(&slots) {
                let mut expected = gradient(rank, slot.length);
                processes.sum(&mut expected).unwrap();
                assert_eq!((name, sum), (&slot.name, &expected));
            }
            assert_eq!(sums.len(), slots.len());
        };
        thread::scope(|scope| {
            for (rank, processes) in threads(3).into_iter().enumerate() {
                scope.spawn(move || sums_of(rank, &processes));
            }
        });
    }

    #[test]
    fn a_weight_that_is_used_twice_does_not_go_before_the_pass_is_over() {
        let processes = threads(1).remove(0);
        let buckets = Buckets::of(&processes, &network(), Trainable::All);
        let first = buckets.early[0].clone();
        buckets.begin();
        buckets.used(id(&buckets, &first[0]));
        first.iter().for_each(|slot| hear(&buckets, slot, 0));
        assert_eq!(buckets.progress().0, 0);
        // The next step knows nothing of this.
        buckets.end(0.0, NamedGradients::new()).unwrap();
        buckets.begin();
        first.iter().for_each(|slot| hear(&buckets, slot, 0));
        assert_eq!(buckets.progress().0, 1);
    }
}
