//! Vectors as traits: the operations that a kernel is written over.

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
