//! Sixteen-lane vectors of `f32` and the choice, at run time, of the instructions behind them.
//!
//! A kernel is written once over [`Simd`] and runs on AVX-512, on AVX2 with FMA, or on whatever the
//! compiler makes of plain arrays. [`Level::best`] asks the processor; nothing depends on how the
//! program was compiled.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;

#[cfg(target_arch = "x86_64")]
use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
use avx512::Avx512;
use portable::Portable;

/// Lanes of a vector of [`Simd`].
pub const LANES: usize = 16;

/// Arithmetic on vectors of [`Arithmetic::WIDTH`] numbers.
///
/// A value of an implementing type is the proof that the processor has the instructions.
///
/// # Safety
/// Code that owns memory relies on what an implementation promises:
/// * [`Arithmetic::WIDTH`] is not zero and divides [`LANES`];
/// * [`Arithmetic::load_from`] reads `WIDTH` numbers and [`Arithmetic::store_to`] writes `WIDTH` numbers, from the pointer on and
///   without a demand on its alignment beyond that of `f32`; neither touches anything else;
/// * safe code cannot make a value of the type where the processor has not the instructions.
pub unsafe trait Arithmetic: Copy {
    /// `WIDTH` numbers.
    type Vector: Copy;
    /// Numbers of a vector.
    const WIDTH: usize;

    /// All lanes the same.
    fn splat(self, value: f32) -> Self::Vector;
    /// Lane-wise `a + b`.
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// Lane-wise `a - b`.
    fn subtract(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// Lane-wise `a * b`.
    fn multiply(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// Lane-wise `a * b + c`, rounded once where the processor can.
    fn multiply_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
    /// Lane-wise `a` where it is positive or NaN, else +0.0.
    fn relu(self, a: Self::Vector) -> Self::Vector;
    /// Reads `WIDTH` numbers.
    ///
    /// # Safety
    /// `source` must be valid for reading them.
    unsafe fn load_from(self, source: *const f32) -> Self::Vector;
    /// Writes `WIDTH` numbers.
    ///
    /// # Safety
    /// `target` must be valid for writing them.
    unsafe fn store_to(self, target: *mut f32, value: Self::Vector);

    /// Reads the first `WIDTH` numbers of a slice.
    ///
    /// # Panics
    /// When there are fewer.
    #[inline(always)]
    fn load(self, source: &[f32]) -> Self::Vector {
        let source = &source[..Self::WIDTH];
        // SAFETY: the slice has as many numbers as a vector.
        unsafe { self.load_from(source.as_ptr()) }
    }
    /// Writes the first `WIDTH` numbers of a slice.
    ///
    /// # Panics
    /// When there are fewer.
    #[inline(always)]
    fn store(self, target: &mut [f32], value: Self::Vector) {
        let target = &mut target[..Self::WIDTH];
        // SAFETY: the slice has as many numbers as a vector.
        unsafe { self.store_to(target.as_mut_ptr(), value) }
    }
}

/// Arithmetic on vectors of [`LANES`] numbers, and what goes beyond arithmetic.
///
/// # Safety
/// An implementation promises that its [`Arithmetic::WIDTH`] is [`LANES`].
pub unsafe trait Simd: Arithmetic {
    /// The same on vectors that fill one register, a whole number of which make up a vector of [`LANES`]. For computations
    /// with many vectors at a time, which twice as wide ones would drive out of the registers.
    type Register: Arithmetic;
    /// Whether there are 32 registers that hold a whole vector each.
    const WIDE: bool;

    /// Arithmetic on single registers.
    fn register(self) -> Self::Register;
    /// Asks for the cache line at `place`, which need not be readable.
    fn prefetch(self, place: *const f32);
    /// Rows become columns.
    fn transpose(self, rows: [Self::Vector; LANES]) -> [Self::Vector; LANES];
}

/// A computation written over any [`Simd`].
///
/// It must not use a [`Simd`] value in a closure, not even one passed to `map` or `from_fn`: a closure is compiled
/// for the instructions that every processor has, and each operation in it becomes a call.
pub trait Kernel {
    /// What the computation gives back.
    type Output;
    /// Runs it. Implementations are `#[inline(always)]`, so that they are compiled for the instructions of `S`.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// The instructions to use.
#[derive(Clone, Copy, Debug)]
pub enum Level {
    /// 512-bit vectors.
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
    /// 256-bit vectors with fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    /// Arrays.
    Portable(Portable),
}

impl Level {
    /// The fastest that this processor has.
    pub fn best() -> Level {
        #[cfg(target_arch = "x86_64")]
        {
            if let Some(simd) = Avx512::detect() {
                return Level::Avx512(simd);
            }
            if let Some(simd) = Avx2::detect() {
                return Level::Avx2(simd);
            }
        }
        Level::Portable(Portable)
    }

    /// All that this processor has, the fastest first.
    #[cfg(test)]
    pub fn available() -> Vec<Level> {
        let mut levels = Vec::with_capacity(3);
        #[cfg(target_arch = "x86_64")]
        {
            levels.extend(Avx512::detect().map(Level::Avx512));
            levels.extend(Avx2::detect().map(Level::Avx2));
        }
        levels.push(Level::Portable(Portable));
        levels
    }

    /// [`Simd::WIDE`].
    pub fn is_wide(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512(_) => Avx512::WIDE,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2(_) => Avx2::WIDE,
            Level::Portable(_) => Portable::WIDE,
        }
    }

    /// Runs `kernel` compiled for these instructions.
    #[inline]
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512(simd) => simd.run(kernel),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2(simd) => simd.run(kernel),
            Level::Portable(simd) => kernel.run(simd),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers whose transpose is read back.
    struct Transpose<'a>(&'a [f32; LANES * LANES]);

    impl Kernel for Transpose<'_> {
        type Output = [f32; LANES * LANES];

        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> Self::Output {
            let mut rows = [simd.splat(0.0); LANES];
            for (row, numbers) in rows.iter_mut().zip(self.0.chunks_exact(LANES)) {
                *row = simd.load(numbers);
            }
            let mut transposed = [f32::NAN; LANES * LANES];
            let columns = simd.transpose(rows);
            for (column, target) in columns.into_iter().zip(transposed.chunks_exact_mut(LANES)) {
                simd.store(target, column);
            }
            transposed
        }
    }

    /// Numbers whose positive part is read back, by whole vectors and by registers.
    struct Relu(f32);

    impl Kernel for Relu {
        type Output = [[f32; LANES]; 2];

        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> Self::Output {
            let mut found = [[f32::NAN; LANES]; 2];
            simd.store(&mut found[0], simd.relu(simd.splat(self.0)));
            let register = simd.register();
            for numbers in found[1].chunks_exact_mut(S::Register::WIDTH) {
                register.store(numbers, register.relu(register.splat(self.0)));
            }
            found
        }
    }

    #[test]
    fn the_best_level_is_the_first_of_those_available() {
        let (best, available) = (Level::best(), Level::available());
        assert_eq!(format!("{best:?}"), format!("{:?}", available[0]));
    }

    #[test]
    fn relu_keeps_positive_numbers_and_nan_on_every_level() {
        let tiny = f32::from_bits(1);
        let kept = [1.5, f32::MAX, f32::INFINITY, tiny, f32::NAN, -f32::NAN];
        let cut = [0.0, -0.0, -tiny, -1.5, f32::MIN, f32::NEG_INFINITY];
        let expected = kept
            .map(|x| (x, x))
            .into_iter()
            .chain(cut.map(|x| (x, 0.0f32)));
        for (value, expected) in expected {
            for level in Level::available() {
                let found = level.run(Relu(value)).map(|lanes| lanes.map(f32::to_bits));
                assert_eq!(found, [[expected.to_bits(); LANES]; 2], "{level:?} {value}");
            }
        }
    }

    #[test]
    fn rows_become_columns_on_every_level() {
        let numbers = std::array::from_fn(|i| i as f32);
        let expected = std::array::from_fn(|i| (i % LANES * LANES + i / LANES) as f32);
        for level in Level::available() {
            assert_eq!(level.run(Transpose(&numbers)), expected, "{level:?}");
        }
    }
}
