//! Where the transforms read and write.

use std::marker::PhantomData;

use super::sizes::{INPUTS, POSITIONS};
use crate::{
    scratch::Shared,
    simd::{Arithmetic, LANES, Simd},
};

/// Where a transform reads its `N` x `N` vectors of sixteen lanes, a register at a time.
pub trait Source<const N: usize> {
    /// The lanes from `lane` on of the vector at a row and a column.
    ///
    /// # Panics
    /// When there is no such row or column, or there are fewer lanes than a register has.
    fn get<A: Arithmetic>(
        &self,
        arithmetic: A,
        row: usize,
        column: usize,
        lane: usize,
    ) -> A::Vector;
}

/// Where a transform writes its `N` x `N` vectors of sixteen lanes, a register at a time, each once.
pub trait Sink<const N: usize> {
    /// Takes the lanes from `lane` on of the vector at a row and a column.
    ///
    /// # Panics
    /// When there is no such row or column, or there are fewer lanes than a register has.
    fn put<A: Arithmetic>(
        &mut self,
        arithmetic: A,
        row: usize,
        column: usize,
        lane: usize,
        value: A::Vector,
    );
}

/// The check of [`Source::get`] and [`Sink::put`]. It costs nothing: the transforms are unrolled.
#[inline(always)]
pub fn check_place<const N: usize, A: Arithmetic>(row: usize, column: usize, lane: usize) {
    assert!(row < N && column < N && lane <= LANES - A::WIDTH);
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

    /// The place of as many lanes as a register has, which [`Positions::new`] has found inside.
    #[inline(always)]
    fn pointer<A: Arithmetic>(&self, row: usize, column: usize, lane: usize) -> *mut f32 {
        check_place::<INPUTS, A>(row, column, lane);
        self.numbers
            .pointer_unchecked(self.start + (row * INPUTS + column) * self.step + lane)
    }
}

impl Source<INPUTS> for Positions<'_> {
    #[inline(always)]
    fn get<A: Arithmetic>(
        &self,
        arithmetic: A,
        row: usize,
        column: usize,
        lane: usize,
    ) -> A::Vector {
        // SAFETY: `new` checked the last of the 36 places and had the promise that they are ours; `pointer` checked that this
        // is one of them.
        unsafe { arithmetic.load_from(self.pointer::<A>(row, column, lane)) }
    }
}

impl Sink<INPUTS> for Positions<'_> {
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
        unsafe { arithmetic.store_to(self.pointer::<A>(row, column, lane), value) }
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

impl<const N: usize> Source<N> for Block<N> {
    #[inline(always)]
    fn get<A: Arithmetic>(
        &self,
        arithmetic: A,
        row: usize,
        column: usize,
        lane: usize,
    ) -> A::Vector {
        arithmetic.load(&self.0[row][column][lane..])
    }
}

impl<const N: usize> Sink<N> for Block<N> {
    #[inline(always)]
    fn put<A: Arithmetic>(
        &mut self,
        arithmetic: A,
        row: usize,
        column: usize,
        lane: usize,
        value: A::Vector,
    ) {
        arithmetic.store(&mut self.0[row][column][lane..], value);
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
    ///
    /// # Panics
    /// When there are fewer than sixteen channels.
    pub fn new(numbers: &'a [f32], size: (usize, usize), zeros: &'a [f32]) -> Picture<'a> {
        assert!(zeros.len() >= LANES);
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
    /// Each has `channels` numbers, of which sixteen follow from `channel` on.
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

impl<const N: usize> Source<N> for Square<'_, N> {
    #[inline(always)]
    fn get<A: Arithmetic>(
        &self,
        arithmetic: A,
        row: usize,
        column: usize,
        lane: usize,
    ) -> A::Vector {
        check_place::<N, A>(row, column, lane);
        let pixel = self.pixels[row][column];
        // SAFETY: sixteen numbers of every pixel follow from `channel` on, as `Picture::new` and `look_at` checked, and the
        // lanes are among them.
        unsafe { arithmetic.load_from(pixel.add(self.channel + lane)) }
    }
}
