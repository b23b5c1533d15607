//! Working memory that is used again by the next call, so that the kernels touch no fresh pages.

use std::{
    alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error},
    ops::{Deref, DerefMut},
    ptr::NonNull,
    sync::Mutex,
};

/// Bytes kept for later calls; buffers beyond that go back to the system.
const KEPT_BYTES: usize = 256 << 20;
/// Alignment in bytes: one cache line, and one vector of AVX-512.
const ALIGNMENT: usize = 64;
/// Lengths are rounded up to this many numbers, so that calls of similar shapes share buffers.
const GRANULE: usize = 4096;

static FREE: Mutex<Vec<Buffer>> = Mutex::new(Vec::new());

/// Borrowed working memory: aligned to 64 bytes, filled with arbitrary numbers of earlier calls.
pub struct Scratch {
    buffer: Option<Buffer>,
    length: usize,
}

impl Scratch {
    /// Borrows `length` numbers, of the smallest buffer at hand that has them.
    pub fn take(length: usize) -> Scratch {
        if cfg!(debug_assertions) {
            return Scratch::checked(length);
        }
        let rounded = length.max(1).next_multiple_of(GRANULE);
        let mut free = FREE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let fitting =
            (0..free.len()).filter(|&i| free[i].length >= rounded && free[i].length <= 2 * rounded);
        let smallest = fitting.min_by_key(|&i| free[i].length);
        let found = smallest.map(|i| free.swap_remove(i));
        drop(free);
        Scratch {
            buffer: Some(found.unwrap_or_else(|| Buffer::new(rounded))),
            length,
        }
    }

    /// A fresh buffer of exactly this length, full of NaN: a sanitizer sees an access beyond its end, and a number that is
    /// read before it is written makes the result NaN.
    fn checked(length: usize) -> Scratch {
        let mut buffer = Buffer::new(length.max(1));
        buffer.numbers_mut().fill(f32::NAN);
        Scratch {
            buffer: Some(buffer),
            length,
        }
    }
}

impl Deref for Scratch {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        self.buffer
            .as_ref()
            .map_or(&[], |buffer| &buffer.numbers()[..self.length])
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut [f32] {
        let length = self.length;
        self.buffer
            .as_mut()
            .map_or(&mut [], |buffer| &mut buffer.numbers_mut()[..length])
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some(buffer) = self.buffer.take().filter(|_| !cfg!(debug_assertions)) {
            let mut free = FREE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            free.push(buffer);
            let mut kept: usize = free
                .iter()
                .map(|buffer| buffer.length * size_of::<f32>())
                .sum();
            while kept > KEPT_BYTES {
                kept -= free.remove(0).length * size_of::<f32>();
            }
        }
    }
}

/// Owned memory: aligned to 64 bytes, zero at first.
pub struct Buffer {
    pointer: NonNull<f32>,
    length: usize,
}

// SAFETY: a `Buffer` owns its memory alone, like a `Box<[f32]>`.
unsafe impl Send for Buffer {}
// SAFETY: a shared `Buffer` can only be read.
unsafe impl Sync for Buffer {}

impl Buffer {
    /// `length` zeros.
    pub fn new(length: usize) -> Buffer {
        let layout = Buffer::layout(length);
        assert!(length > 0, "an empty buffer");
        // SAFETY: the layout has a size above zero because `length` is.
        let pointer = unsafe { alloc_zeroed(layout) }.cast::<f32>();
        let Some(pointer) = NonNull::new(pointer) else {
            handle_alloc_error(layout)
        };
        Buffer { pointer, length }
    }

    fn layout(length: usize) -> Layout {
        let numbers = Layout::array::<f32>(length).and_then(|layout| layout.align_to(ALIGNMENT));
        numbers.unwrap_or_else(|_| {
            panic!("a buffer of {length} numbers is larger than the address space")
        })
    }

    /// All numbers.
    pub fn numbers(&self) -> &[f32] {
        // SAFETY: `new` made room for `length` numbers and set them to zero.
        unsafe { std::slice::from_raw_parts(self.pointer.as_ptr(), self.length) }
    }

    /// All numbers, to write.
    pub fn numbers_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `numbers`, and `self` is borrowed alone.
        unsafe { std::slice::from_raw_parts_mut(self.pointer.as_ptr(), self.length) }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: `new` allocated the pointer with this layout.
        unsafe { dealloc(self.pointer.as_ptr().cast(), Buffer::layout(self.length)) }
    }
}

/// A slice of which tasks write parts that do not overlap.
#[derive(Clone, Copy)]
pub struct Shared<'a> {
    pointer: *mut f32,
    length: usize,
    lifetime: std::marker::PhantomData<&'a mut [f32]>,
}

// SAFETY: reading and writing through it is `unsafe` and the caller's promise of `slice_mut`.
unsafe impl Send for Shared<'_> {}
// SAFETY: as above.
unsafe impl Sync for Shared<'_> {}

impl<'a> Shared<'a> {
    /// Shares `numbers` for as long as it is borrowed.
    pub fn new(numbers: &'a mut [f32]) -> Shared<'a> {
        Shared {
            pointer: numbers.as_mut_ptr(),
            length: numbers.len(),
            lifetime: std::marker::PhantomData,
        }
    }

    /// Address of number `start`, from which the caller will use `length` numbers at most.
    ///
    /// # Panics
    /// When the range goes beyond the slice.
    #[inline(always)]
    pub fn pointer(&self, start: usize, length: usize) -> *mut f32 {
        assert!(start <= self.length && length <= self.length - start);
        // SAFETY: the place is inside the slice.
        unsafe { self.pointer.add(start) }
    }

    /// Address of number `start`, which an earlier [`Shared::pointer`] has found inside.
    #[inline(always)]
    pub fn pointer_unchecked(&self, start: usize) -> *mut f32 {
        debug_assert!(start <= self.length);
        self.pointer.wrapping_add(start)
    }

    /// The numbers `start..start + length`.
    ///
    /// # Safety
    /// While the result lives, nobody else may use any of these numbers.
    ///
    /// # Panics
    /// When the range goes beyond the slice.
    #[inline(always)]
    #[allow(
        clippy::mut_from_ref,
        reason = "threads write disjoint parts of one slice"
    )]
    pub unsafe fn slice_mut(&self, start: usize, length: usize) -> &'a mut [f32] {
        // SAFETY: the range is inside the slice, and the caller promises that it is used once.
        unsafe { std::slice::from_raw_parts_mut(self.pointer(start, length), length) }
    }
}
