//! Batch norms over the pictures of several processes: what they exchange.
//!
//! Each process gives its sums in f64, and all add them up in the order of the ranks, so that every process has the same bits.
//! One that has no picture of a batch gives nothing, but takes part: every exchange is one of all processes.

use std::sync::{Arc, Mutex, PoisonError};

use cpu::batch_norm::{Moments, WideSums};
use processes::{Lost, Processes};

/// The processes whose pictures make up the batches. Clones are the same ones.
#[derive(Debug, Clone)]
pub struct Synchronised {
    processes: Processes,
    /// The first loss: a backward pass cannot end with an error.
    lost: Arc<Mutex<Option<Lost>>>,
}

impl Synchronised {
    /// Batch norms over the pictures of all `processes`.
    pub fn new(processes: Processes) -> Self {
        Self {
            processes,
            lost: Arc::default(),
        }
    }

    /// Whether all exchanges so far have succeeded. After the first that has not, all figures are those of this process alone.
    ///
    /// # Errors
    /// A process is lost.
    pub fn result(&self) -> Result<(), Lost> {
        match &*self.lost.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(lost) => Err(lost.clone()),
            None => Ok(()),
        }
    }

    /// Moments over the rows of all processes; `mine` has a count of 0 where there is no picture.
    pub(crate) fn moments(&self, mine: Moments) -> Moments {
        let channels = mine.mean.len();
        let numbers = match mine.count {
            0.0 => Vec::new(),
            count => [vec![count], mine.mean.clone(), mine.squares.clone()].concat(),
        };
        let Some(parts) = self.exchange(&numbers, channels) else {
            return mine;
        };
        let mut all = Moments::empty(channels);
        for part in parts {
            let (mean, squares) = part[1..].split_at(channels);
            all.join(&Moments {
                count: part[0],
                mean: mean.to_vec(),
                squares: squares.to_vec(),
            });
        }
        all
    }

    /// Sums over the rows of all processes.
    pub(crate) fn sums(&self, mine: &WideSums) -> WideSums {
        let channels = mine.gradient.len();
        let rows = vec![mine.rows as f64];
        let numbers = [rows, mine.gradient.clone(), mine.product.clone()].concat();
        let Some(parts) = self.exchange(&numbers, channels) else {
            return mine.clone();
        };
        let mut all = WideSums::empty(channels);
        for part in parts {
            let (gradient, product) = part[1..].split_at(channels);
            all.add(&WideSums {
                rows: part[0] as usize,
                gradient: gradient.to_vec(),
                product: product.to_vec(),
            });
        }
        all
    }

    /// Takes part in the backward pass of a batch norm without a picture.
    pub fn no_gradient(&self) {
        self.exchange_bytes(Vec::new());
    }

    /// The numbers of every process that has pictures: one, and two for each channel. Nothing after a loss.
    fn exchange(&self, numbers: &[f64], channels: usize) -> Option<Vec<Vec<f64>>> {
        let parts = self.exchange_bytes(bytemuck::cast_slice(numbers).to_vec())?;
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        let parts: Vec<Vec<f64>> = parts
            .map(|part| bytemuck::pod_collect_to_vec(&part))
            .collect();
        if parts.iter().any(|part| part.len() != 1 + 2 * channels) {
            self.lose(Lost("it is at another layer".to_owned()));
            return None;
        }
        Some(parts)
    }

    fn exchange_bytes(&self, mine: Vec<u8>) -> Option<Vec<Vec<u8>>> {
        self.result().ok()?;
        let parts = self.processes.gather_everywhere(mine);
        parts.map_err(|lost| self.lose(lost)).ok()
    }

    fn lose(&self, lost: Lost) {
        let mut first = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(lost);
    }
}
