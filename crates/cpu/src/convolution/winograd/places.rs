//! Where the transforms read and write.

use std::marker::PhantomData;

use super::transform::{INPUTS, POSITIONS};
use crate::{
    scratch::Shared,
    simd::{Arithmetic, LANES, Simd},
};

/// Where a transform reads its `N` x `N` vectors of sixteen lanes, a register at a time.
pub trait Source {
    /// The lanes from `lane` on of the vector at a row and a column.
    fn get<A: Arithmetic>(
        &self,
        arithmetic: A,
        row: usize,
        column: usize,
        lane: usize,
    ) -> A::Vector;
}

/// Where a transform writes its vectors of sixteen lanes, a register at a time, each once.
pub trait Sink {
    /// Takes the lanes from `lane` on of the vector at a row and a column.
    fn put<A: Arithmetic>(
        &mut self,
        arithmetic: A,
        row: usize,
        column: usize,
        lane: usize,
        value: A::Vector,
    );
}

/// The 36 numbers of a tile at sixteen channels, some distance apart in memory.
pub struct Positions<'a> {
    numbers: Shared<'a>,
    start: usize,
    step: usize,
}

impl<'a> Positions<'a> {
    /// The vectors at `start + position * step`.
    ///
    /// # Safety
    /// While this lives, nobody else may use these numbers.
    ///
    /// # Panics
    /// When the last goes beyond the slice.
    #[inline(always)]
    pub unsafe fn new(numbers: Shared<'a>, start: usize, step: usize) -> Positions<'a> {
        numbers.pointer(start, (POSITIONS - 1) * step + LANES);
        Positions {
            numbers,
            start,
            step,
        }
    }

    #[inline(always)]
    fn pointer(&self, row: usize, column: usize) -> *mut f32 {
        debug_assert!(row < INPUTS && column < INPUTS);
        self.numbers
            .pointer_unchecked(self.start + (row * INPUTS + column) * self.step)
    }
}

impl Source for Positions<'_> {
    #[inline(always)]
    fn get<A: Arithmetic>(
        &self,
        arithmetic: A,
        row: usize,
        column: usize,
        lane: usize,
    ) -> A::Vector {
        // SAFETY: `new` checked the last of the 36 places and had the promise that they are ours; a vector has sixteen lanes.
        unsafe { arithmetic.load(self.pointer(row, column).wrapping_add(lane)) }
    }
}

impl Sink for Positions<'_> {
    #[inline(always)]
    fn put<A: Arithmetic>(
        &mut self,
        arithmetic: A,
        row: usize,
        column: usize,
        lane: usize,
        value: A::Vector,
    ) {
        // SAFETY: as in `get`.
        unsafe { arithmetic.store(self.pointer(row, column).wrapping_add(lane), value) }
    }
}

/// `N` x `N` vectors of sixteen lanes in a place of their own.
pub struct Block<const N: usize>([[[f32; LANES]; N]; N]);

impl<const N: usize> Block<N> {
    /// All lanes zero.
    pub fn zero() -> Block<N> {
        Block([[[0.0; LANES]; N]; N])
    }

    /// The lanes at a row and a column.
    #[inline(always)]
    pub fn lanes(&mut self, row: usize, column: usize) -> &mut [f32; LANES] {
        &mut self.0[row][column]
    }
}

impl<const N: usize> Source for Block<N> {
    #[inline(always)]
    fn get<A: Arithmetic>(
        &self,
        arithmetic: A,
        row: usize,
        column: usize,
        lane: usize,
    ) -> A::Vector {
        let numbers = &self.0[row][column][lane..lane + A::WIDTH];
        // SAFETY: the slice has as many numbers as a register.
        unsafe { arithmetic.load(numbers.as_ptr()) }
    }
}

impl<const N: usize> Sink for Block<N> {
    #[inline(always)]
    fn put<A: Arithmetic>(
        &mut self,
        arithmetic: A,
        row: usize,
        column: usize,
        lane: usize,
        value: A::Vector,
    ) {
        let numbers = &mut self.0[row][column][lane..lane + A::WIDTH];
        // SAFETY: the slice has as many numbers as a register.
        unsafe { arithmetic.store(numbers.as_mut_ptr(), value) }
    }
}

/// A channels-last picture that is read in squares, with zeros outside.
pub struct Picture<'a> {
    numbers: &'a [f32],
    size: (usize, usize),
    zeros: &'a [f32],
}

impl<'a> Picture<'a> {
    /// Pictures of `size` (rows, columns) with as many channels as there are `zeros`.
    pub fn new(numbers: &'a [f32], size: (usize, usize), zeros: &'a [f32]) -> Picture<'a> {
        Picture {
            numbers,
            size,
            zeros,
        }
    }

    /// The `N` x `N` pixels from `(row, column)` on.
    #[inline(always)]
    pub fn square<const N: usize>(&self, image: usize, row: isize, column: isize) -> Square<'a, N> {
        let channels = self.zeros.len();
        let mut pixels = [[self.zeros.as_ptr(); N]; N];
        for (i, line) in pixels.iter_mut().enumerate() {
            let row = row + i as isize;
            if row < 0 || row as usize >= self.size.0 {
                continue;
            }
            let line_start = (image * self.size.0 + row as usize) * self.size.1;
            for (j, pixel) in line.iter_mut().enumerate() {
                let column = column + j as isize;
                if column >= 0 && (column as usize) < self.size.1 {
                    let start = (line_start + column as usize) * channels;
                    *pixel = self.numbers[start..start + channels].as_ptr();
                }
            }
        }
        Square {
            pixels,
            channels,
            channel: 0,
            numbers: PhantomData,
        }
    }
}

/// Some pixels of a [`Picture`], looked at sixteen channels at a time.
pub struct Square<'a, const N: usize> {
    /// Each has `channels` numbers.
    pixels: [[*const f32; N]; N],
    channels: usize,
    channel: usize,
    numbers: PhantomData<&'a [f32]>,
}

impl<const N: usize> Square<'_, N> {
    /// Turns to the sixteen channels from `channel` on.
    ///
    /// # Panics
    /// When there are not as many.
    #[inline(always)]
    pub fn look_at(&mut self, channel: usize) {
        assert!(channel + LANES <= self.channels);
        self.channel = channel;
    }

    /// Asks the memory for what the square `step` pixels to the right will need beyond this one, at the channels looked
    /// at: the processor does not guess so many paths.
    #[inline(always)]
    pub fn prefetch_next<S: Simd>(&self, simd: S, step: usize) {
        for line in &self.pixels {
            for pixel in &line[N.saturating_sub(step)..] {
                simd.prefetch(pixel.wrapping_add(step * self.channels + self.channel));
            }
        }
    }
}

impl<const N: usize> Source for Square<'_, N> {
    #[inline(always)]
    fn get<A: Arithmetic>(
        &self,
        arithmetic: A,
        row: usize,
        column: usize,
        lane: usize,
    ) -> A::Vector {
        // SAFETY: every pixel has `channels` numbers, and `look_at` left sixteen of them from `channel` on.
        unsafe { arithmetic.load(self.pixels[row][column].add(self.channel + lane)) }
    }
}
