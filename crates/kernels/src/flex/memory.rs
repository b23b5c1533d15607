//! Memory of large tensors, used again from step to step.
//!
//! A fresh large allocation costs one page fault for every 4 KiB, which is more than filling it. All
//! steps of a training need the same sizes, so a buffer that a tensor gives back is kept for the next
//! tensor of its size. When a size is missing, buffers of other sizes are freed first, those given
//! back longest ago before the others, until what is kept and what is in use are no more than the
//! tensors have needed at their peak.

use std::collections::VecDeque;
use std::mem::{MaybeUninit, take};
use std::sync::{Mutex, MutexGuard, PoisonError};

use burn::tensor::Bytes;
use burn_std::{AccessError, AccessPolicy, AllocationController, AllocationProperty};

/// Smaller buffers come from the allocator.
const SMALLEST: usize = 1 << 14;

static POOL: Mutex<Pool> = Mutex::new(Pool::new());

/// Values for a new tensor.
pub(super) struct Buffer(Vec<f32>);

impl Buffer {
    /// `length` values of any content.
    pub(super) fn take(length: usize) -> Self {
        if length < SMALLEST {
            return Self(vec![0.0; length]);
        }
        let found = pool().take(length);
        // Freed here, after the pool is open to other threads again.
        Self(found.unwrap_or_else(|_freed| vec![0.0; length]))
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [f32] {
        &mut self.0
    }

    /// As the memory of a tensor, which gives it back when it goes.
    pub(super) fn into_bytes(mut self) -> Bytes {
        let values = take(&mut self.0);
        let length = size_of_val(values.as_slice());
        // SAFETY: all values of the vector are initialised.
        unsafe { Bytes::from_controller(Box::new(Allocation(values)), length) }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        give_back(take(&mut self.0));
    }
}

struct Pool {
    /// Buffers given back, the oldest first.
    kept: VecDeque<Vec<f32>>,
    /// Values of all buffers that are in use.
    in_use: usize,
    /// The most that there ever were in use.
    peak: usize,
}

impl Pool {
    const fn new() -> Self {
        Self {
            kept: VecDeque::new(),
            in_use: 0,
            peak: 0,
        }
    }

    /// The buffer of this length given back last; else buffers to free, the oldest, so that a new one
    /// does not exceed the peak.
    fn take(&mut self, length: usize) -> Result<Vec<f32>, Vec<Vec<f32>>> {
        self.in_use += length;
        self.peak = self.peak.max(self.in_use);
        let position = self.kept.iter().rposition(|buffer| buffer.len() == length);
        if let Some(buffer) = position.and_then(|position| self.kept.remove(position)) {
            return Ok(buffer);
        }
        let mut kept: usize = self.kept.iter().map(Vec::len).sum();
        let mut freed = Vec::new();
        while self.in_use + kept > self.peak {
            let Some(oldest) = self.kept.pop_front() else {
                break;
            };
            kept -= oldest.len();
            freed.push(oldest);
        }
        Err(freed)
    }

    fn give_back(&mut self, values: Vec<f32>) {
        self.in_use = self.in_use.saturating_sub(values.len());
        self.kept.push_back(values);
    }
}

fn pool() -> MutexGuard<'static, Pool> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

fn give_back(values: Vec<f32>) {
    if values.len() >= SMALLEST {
        pool().give_back(values);
    }
}

/// The memory of a tensor.
struct Allocation(Vec<f32>);

impl Drop for Allocation {
    fn drop(&mut self) {
        give_back(take(&mut self.0));
    }
}

impl AllocationController for Allocation {
    fn alloc_align(&self) -> usize {
        align_of::<f32>()
    }

    fn property(&self) -> AllocationProperty {
        AllocationProperty::Other
    }

    unsafe fn memory_mut(
        &mut self,
        _: AccessPolicy,
    ) -> Result<&mut [MaybeUninit<u8>], AccessError> {
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut self.0);
        // SAFETY: the layouts are the same, and the caller writes initialised bytes only.
        Ok(unsafe { &mut *(std::ptr::from_mut(bytes) as *mut [MaybeUninit<u8>]) })
    }

    fn memory(&self, _: AccessPolicy) -> Result<&[MaybeUninit<u8>], AccessError> {
        let bytes: &[u8] = bytemuck::cast_slice(&self.0);
        // SAFETY: the layouts are the same, and initialised bytes may be read as any.
        Ok(unsafe { &*(std::ptr::from_ref(bytes) as *const [MaybeUninit<u8>]) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool_of(lengths: &[usize]) -> Pool {
        let kept: VecDeque<_> = lengths.iter().map(|&length| vec![0.0; length]).collect();
        Pool {
            kept,
            ..Pool::new()
        }
    }

    fn lengths(buffers: impl IntoIterator<Item = Vec<f32>>) -> Vec<usize> {
        buffers.into_iter().map(|buffer| buffer.len()).collect()
    }

    #[test]
    fn a_buffer_of_the_same_length_is_used_again() {
        let mut pool = pool_of(&[3, 5, 3]);
        let last = pool.kept[2].as_ptr();
        assert_eq!(pool.take(3).map(|buffer| buffer.as_ptr()), Ok(last));
        assert_eq!(lengths(pool.kept), [3, 5]);
    }

    #[test]
    fn the_oldest_buffers_of_other_lengths_make_room_below_the_peak() {
        let mut pool = pool_of(&[3, 2, 7, 9]);
        pool.peak = 21;
        assert_eq!(pool.take(4).map_err(lengths), Err(vec![3, 2]));
        assert_eq!(pool.take(1).map_err(lengths), Err(vec![]));
        pool.give_back(vec![0.0; 4]);
        assert_eq!(pool.take(100).map_err(lengths), Err(vec![7, 9, 4]));
        assert_eq!((pool.in_use, pool.peak), (101, 101));
    }

    #[test]
    fn a_tensor_reads_and_writes_its_memory_and_gives_it_back() {
        // A length no other test uses, since the pool is shared.
        let length = SMALLEST + 12_345;
        let mut buffer = Buffer::take(length);
        buffer.as_mut_slice().fill(1.5);
        let address = buffer.as_mut_slice().as_ptr();
        let mut bytes = buffer.into_bytes();
        bytemuck::cast_slice_mut::<u8, f32>(&mut bytes)[7] = 2.5;
        let copy = bytes.clone();
        let read: &[f32] = bytemuck::cast_slice(&copy);
        assert_eq!(read[6..9], [1.5, 2.5, 1.5]);
        drop(bytes);
        assert_eq!(Buffer::take(length).as_mut_slice().as_ptr(), address);
    }
}
