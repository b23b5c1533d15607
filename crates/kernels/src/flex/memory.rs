//! Memory of large tensors, used again from step to step.
//!
//! A fresh large allocation costs one page fault for every 4 KiB, which is more than filling it. All
//! steps of a training need the same sizes, so a buffer that a tensor gives back is kept for the next
//! tensor of its size. When a size is missing, buffers of other sizes are freed first, those given
//! back longest ago before the others: what is kept never adds to what the tensors themselves need at
//! their peak by more than one buffer.

use std::collections::VecDeque;
use std::mem::{MaybeUninit, take};
use std::sync::{Mutex, PoisonError};

use burn::tensor::Bytes;
use burn_std::{AccessError, AccessPolicy, AllocationController, AllocationProperty};

/// Smaller buffers come from the allocator.
const SMALLEST: usize = 1 << 14;

/// Buffers given back, the oldest first.
static KEPT: Mutex<VecDeque<Vec<f32>>> = Mutex::new(VecDeque::new());

/// Values for a new tensor.
pub(super) struct Buffer(Vec<f32>);

impl Buffer {
    /// `length` values of any content.
    pub(super) fn take(length: usize) -> Self {
        if length < SMALLEST {
            return Self(vec![0.0; length]);
        }
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(position) = kept.iter().rposition(|buffer| buffer.len() == length) {
            return Self(kept.remove(position).unwrap_or_default());
        }
        let mut freed = 0;
        let mut old = Vec::new();
        while freed < length {
            let Some(buffer) = kept.pop_front() else {
                break;
            };
            freed += buffer.len();
            old.push(buffer);
        }
        drop(kept);
        drop(old);
        Self(vec![0.0; length])
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

fn give_back(values: Vec<f32>) {
    if values.len() >= SMALLEST {
        KEPT.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_back(values);
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
