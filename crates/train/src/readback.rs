//! Results read back from the device while it works on.

use burn::tensor::{Device, Tensor};
use kernels::{DeviceFailed, is_cpu};
use std::{
    collections::VecDeque,
    fmt::{self, Debug, Formatter},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
};

/// Results that may be on their way from a GPU: enough that it never runs out of work, and few enough that the batches
/// in its queue take little memory.
const ON_THE_WAY: usize = 4;

/// Small tensors on their way from the device, each with what belongs to it, in the order in which they were sent.
///
/// A GPU works through a queue, and whoever reads a result waits until the queue is empty. Here a thread of its own waits,
/// and the caller fills the queue meanwhile. The CPU has no queue: a result is there at once.
pub struct Readback<T> {
    reader: Option<Reader>,
    /// Sent and not taken, the oldest first; the values of those that have arrived.
    sent: VecDeque<(T, Option<Values>)>,
}

type Values = Result<Vec<f32>, DeviceFailed>;

struct Reader {
    tensors: Sender<Tensor<1>>,
    values: Receiver<Values>,
}

impl<T> Readback<T> {
    /// Nothing on its way from `device`.
    pub fn new(device: &Device) -> Self {
        Self {
            reader: (!is_cpu(device)).then(Reader::start),
            sent: VecDeque::new(),
        }
    }

    /// Sends `tensor`, which is not part of a graph, on its way.
    pub fn send(&mut self, tensor: Tensor<1>, belongs: T) {
        let values = match &self.reader {
            None => Some(read(tensor)),
            Some(reader) => {
                // The thread lives as long as this end of the channel.
                let _ = reader.tensors.send(tensor);
                None
            }
        };
        self.sent.push_back((belongs, values));
    }

    /// The oldest result if it has arrived; waits for it if too many are on their way.
    pub fn next_arrived(&mut self) -> Option<(T, Values)> {
        if let Some(reader) = &self.reader {
            let arrived = reader.values.try_iter().collect::<Vec<_>>();
            self.arrived(arrived);
        }
        match self.sent.front()? {
            (_, None) if self.sent.len() <= ON_THE_WAY => None,
            _ => self.wait_for_next(),
        }
    }

    /// The oldest result, waited for; nothing if none is on its way.
    pub fn wait_for_next(&mut self) -> Option<(T, Values)> {
        let (belongs, values) = self.sent.pop_front()?;
        let values = values.unwrap_or_else(|| match &self.reader {
            Some(reader) => reader.values.recv().unwrap_or_else(|_| Err(reader_lost())),
            None => Err(reader_lost()),
        });
        Some((belongs, values))
    }

    fn arrived(&mut self, values: Vec<Values>) {
        let mut waiting = self.sent.iter_mut().filter(|(_, values)| values.is_none());
        for arrived in values {
            if let Some((_, place)) = waiting.next() {
                *place = Some(arrived);
            }
        }
    }
}

impl<T> Debug for Readback<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readback")
            .field("on_the_way", &self.sent.len())
            .finish_non_exhaustive()
    }
}

impl Reader {
    fn start() -> Self {
        let (tensors, wanted) = channel::<Tensor<1>>();
        let (arrived, values) = channel();
        thread::spawn(move || {
            for tensor in wanted {
                if arrived.send(read(tensor)).is_err() {
                    return;
                }
            }
        });
        Self { tensors, values }
    }
}

fn read(tensor: Tensor<1>) -> Values {
    let data = tensor
        .try_into_data_as::<f32>()
        .map_err(|error| DeviceFailed::said(&error))?;
    Ok(data.iter::<f32>().collect())
}

/// The thread that reads ended before its work: burn panicked in it.
fn reader_lost() -> DeviceFailed {
    DeviceFailed::said(&"its driver gave up while a result was read")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: f32, device: &Device) -> Tensor<1> {
        Tensor::from_floats([value, -value], device)
    }

    #[test]
    fn on_the_cpu_a_result_is_there_at_once() {
        let device = Device::flex();
        let mut readback = Readback::new(&device);
        readback.send(number(1.0, &device), "one");
        assert_eq!(readback.next_arrived(), Some(("one", Ok(vec![1.0, -1.0]))));
        assert_eq!(readback.next_arrived(), None);
        assert_eq!(readback.wait_for_next(), None);
    }

    /// Through the thread, as from a GPU.
    #[test]
    fn results_arrive_in_the_order_in_which_they_were_sent() {
        let device = Device::flex();
        let mut readback = Readback {
            reader: Some(Reader::start()),
            sent: VecDeque::new(),
        };
        let mut seen = Vec::new();
        for index in 0..50 {
            readback.send(number(index as f32, &device), index);
            while let Some((index, values)) = readback.next_arrived() {
                seen.push((index, values.unwrap()[0]));
            }
            assert!(readback.sent.len() <= ON_THE_WAY);
        }
        while let Some((index, values)) = readback.wait_for_next() {
            seen.push((index, values.unwrap()[0]));
        }
        let expected: Vec<_> = (0..50).map(|index| (index, index as f32)).collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_reader_that_is_lost_is_an_error() {
        let (tensors, _) = channel();
        let (_, values) = channel();
        let mut readback = Readback {
            reader: Some(Reader { tensors, values }),
            sent: VecDeque::new(),
        };
        readback.send(number(1.0, &Device::flex()), ());
        assert_eq!(readback.wait_for_next(), Some(((), Err(reader_lost()))));
    }
}
