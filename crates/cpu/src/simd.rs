//! Sixteen-lane vectors of `f32` and the choice, at run time, of the instructions behind them.
//!
//! A kernel is written once over [`Simd`] and runs on AVX-512, on AVX2 with FMA, or on whatever the
//! compiler makes of plain arrays. [`Level::best`] asks the processor; nothing depends on how the
//! program was compiled.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// Lanes of a [`Simd::Vector`].
pub const LANES: usize = 16;

/// Arithmetic on vectors of [`Arithmetic::WIDTH`] numbers.
///
/// A value of an implementing type is the proof that the processor has the instructions.
pub trait Arithmetic: Copy {
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
    /// Lane-wise maximum.
    fn maximum(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// Reads `WIDTH` numbers.
    ///
    /// # Safety
    /// `source` must be valid for reading them.
    unsafe fn load(self, source: *const f32) -> Self::Vector;
    /// Writes `WIDTH` numbers.
    ///
    /// # Safety
    /// `target` must be valid for writing them.
    unsafe fn store(self, target: *mut f32, value: Self::Vector);
}

/// Arithmetic on vectors of [`LANES`] numbers, and what goes beyond arithmetic.
pub trait Simd: Arithmetic {
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
        Level::available()[0]
    }

    /// All that this processor has, the fastest first.
    pub fn available() -> Vec<Level> {
        let mut levels = Vec::with_capacity(3);
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            if avx2 && is_x86_feature_detected!("avx512f") {
                levels.push(Level::Avx512(Avx512(())));
            }
            if avx2 {
                levels.push(Level::Avx2(Avx2(())));
            }
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
            // SAFETY: an `Avx512` exists only where `available` found AVX-512F, AVX2 and FMA.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512(simd) => unsafe { run_avx512(simd, kernel) },
            // SAFETY: an `Avx2` exists only where `available` found AVX2 and FMA.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2(simd) => unsafe { run_avx2(simd, kernel) },
            Level::Portable(simd) => kernel.run(simd),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
fn run_avx512<K: Kernel>(simd: Avx512, kernel: K) -> K::Output {
    kernel.run(simd)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2<K: Kernel>(simd: Avx2, kernel: K) -> K::Output {
    kernel.run(simd)
}

/// Proof that the processor has AVX-512F.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug)]
pub struct Avx512(());

// SAFETY of every block below: `self` proves that the instructions exist; `load` and `store` pass on the caller's promise.
#[cfg(target_arch = "x86_64")]
impl Arithmetic for Avx512 {
    type Vector = __m512;
    const WIDTH: usize = LANES;

    #[inline(always)]
    fn splat(self, value: f32) -> __m512 {
        unsafe { _mm512_set1_ps(value) }
    }
    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_add_ps(a, b) }
    }
    #[inline(always)]
    fn subtract(self, a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_sub_ps(a, b) }
    }
    #[inline(always)]
    fn multiply(self, a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_mul_ps(a, b) }
    }
    #[inline(always)]
    fn multiply_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }
    #[inline(always)]
    fn maximum(self, a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_max_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn load(self, source: *const f32) -> __m512 {
        unsafe { _mm512_loadu_ps(source) }
    }
    #[inline(always)]
    unsafe fn store(self, target: *mut f32, value: __m512) {
        unsafe { _mm512_storeu_ps(target, value) }
    }
}

#[cfg(target_arch = "x86_64")]
impl Simd for Avx512 {
    type Register = Avx512;
    const WIDE: bool = true;

    #[inline(always)]
    fn register(self) -> Avx512 {
        self
    }
    #[inline(always)]
    fn prefetch(self, place: *const f32) {
        unsafe { _mm_prefetch::<_MM_HINT_T0>(place.cast()) }
    }
    #[inline(always)]
    fn transpose(self, r: [__m512; LANES]) -> [__m512; LANES] {
        unsafe { transpose_avx512(r) }
    }
}

/// Four rounds: pairs of lanes, then quarters, then halves.
///
/// # Safety
/// The processor must have AVX-512F.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn transpose_avx512(r: [__m512; LANES]) -> [__m512; LANES] {
    unsafe {
        let mut a = r;
        for i in 0..8 {
            a[2 * i] = _mm512_unpacklo_ps(r[2 * i], r[2 * i + 1]);
            a[2 * i + 1] = _mm512_unpackhi_ps(r[2 * i], r[2 * i + 1]);
        }
        let mut b = a;
        for i in 0..4 {
            for j in 0..2 {
                let (low, high) = (a[4 * i + j], a[4 * i + j + 2]);
                b[4 * i + 2 * j] = _mm512_shuffle_ps(low, high, 0x44);
                b[4 * i + 2 * j + 1] = _mm512_shuffle_ps(low, high, 0xee);
            }
        }
        let mut c = b;
        for i in 0..2 {
            for j in 0..4 {
                let (low, high) = (b[8 * i + j], b[8 * i + j + 4]);
                c[8 * i + j] = _mm512_shuffle_f32x4(low, high, 0x88);
                c[8 * i + j + 4] = _mm512_shuffle_f32x4(low, high, 0xdd);
            }
        }
        let mut d = c;
        for j in 0..8 {
            d[j] = _mm512_shuffle_f32x4(c[j], c[j + 8], 0x88);
            d[j + 8] = _mm512_shuffle_f32x4(c[j], c[j + 8], 0xdd);
        }
        d
    }
}

/// Proof that the processor has AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug)]
pub struct Avx2(());

// SAFETY of every block below: `self` proves that the instructions exist; `load` and `store` pass on the caller's promise.
#[cfg(target_arch = "x86_64")]
impl Arithmetic for Avx2 {
    type Vector = [__m256; 2];
    const WIDTH: usize = LANES;

    #[inline(always)]
    fn splat(self, value: f32) -> [__m256; 2] {
        [self.register().splat(value); 2]
    }
    #[inline(always)]
    fn add(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        let half = self.register();
        [half.add(a[0], b[0]), half.add(a[1], b[1])]
    }
    #[inline(always)]
    fn subtract(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        let half = self.register();
        [half.subtract(a[0], b[0]), half.subtract(a[1], b[1])]
    }
    #[inline(always)]
    fn multiply(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        let half = self.register();
        [half.multiply(a[0], b[0]), half.multiply(a[1], b[1])]
    }
    #[inline(always)]
    fn multiply_add(self, a: [__m256; 2], b: [__m256; 2], c: [__m256; 2]) -> [__m256; 2] {
        let half = self.register();
        [
            half.multiply_add(a[0], b[0], c[0]),
            half.multiply_add(a[1], b[1], c[1]),
        ]
    }
    #[inline(always)]
    fn maximum(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        let half = self.register();
        [half.maximum(a[0], b[0]), half.maximum(a[1], b[1])]
    }
    #[inline(always)]
    unsafe fn load(self, source: *const f32) -> [__m256; 2] {
        let half = self.register();
        unsafe { [half.load(source), half.load(source.add(LANES / 2))] }
    }
    #[inline(always)]
    unsafe fn store(self, target: *mut f32, value: [__m256; 2]) {
        let half = self.register();
        unsafe {
            half.store(target, value[0]);
            half.store(target.add(LANES / 2), value[1]);
        }
    }
}

#[cfg(target_arch = "x86_64")]
impl Simd for Avx2 {
    type Register = Avx2Register;
    const WIDE: bool = false;

    #[inline(always)]
    fn register(self) -> Avx2Register {
        Avx2Register(self)
    }
    #[inline(always)]
    fn prefetch(self, place: *const f32) {
        unsafe { _mm_prefetch::<_MM_HINT_T0>(place.cast()) }
    }
    #[inline(always)]
    fn transpose(self, r: [[__m256; 2]; LANES]) -> [[__m256; 2]; LANES] {
        unsafe { transpose_avx2(r) }
    }
}

/// [`Avx2`] on single registers.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug)]
pub struct Avx2Register(Avx2);

#[cfg(target_arch = "x86_64")]
impl Arithmetic for Avx2Register {
    type Vector = __m256;
    const WIDTH: usize = LANES / 2;

    #[inline(always)]
    fn splat(self, value: f32) -> __m256 {
        unsafe { _mm256_set1_ps(value) }
    }
    #[inline(always)]
    fn add(self, a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_add_ps(a, b) }
    }
    #[inline(always)]
    fn subtract(self, a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_sub_ps(a, b) }
    }
    #[inline(always)]
    fn multiply(self, a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_mul_ps(a, b) }
    }
    #[inline(always)]
    fn multiply_add(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        unsafe { _mm256_fmadd_ps(a, b, c) }
    }
    #[inline(always)]
    fn maximum(self, a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_max_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn load(self, source: *const f32) -> __m256 {
        unsafe { _mm256_loadu_ps(source) }
    }
    #[inline(always)]
    unsafe fn store(self, target: *mut f32, value: __m256) {
        unsafe { _mm256_storeu_ps(target, value) }
    }
}

/// The four quarters, each in three rounds: pairs of lanes, then quarters, then halves.
///
/// # Safety
/// The processor must have AVX2.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn transpose_avx2(r: [[__m256; 2]; LANES]) -> [[__m256; 2]; LANES] {
    let mut transposed = r;
    for row in 0..2 {
        for column in 0..2 {
            let mut quarter = [r[0][0]; LANES / 2];
            for (i, line) in quarter.iter_mut().enumerate() {
                *line = r[row * LANES / 2 + i][column];
            }
            // SAFETY: the caller's promise.
            let quarter = unsafe { transpose_quarter_avx2(quarter) };
            for (i, line) in quarter.into_iter().enumerate() {
                transposed[column * LANES / 2 + i][row] = line;
            }
        }
    }
    transposed
}

/// # Safety
/// The processor must have AVX2.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn transpose_quarter_avx2(r: [__m256; LANES / 2]) -> [__m256; LANES / 2] {
    unsafe {
        let mut a = r;
        for i in 0..4 {
            a[2 * i] = _mm256_unpacklo_ps(r[2 * i], r[2 * i + 1]);
            a[2 * i + 1] = _mm256_unpackhi_ps(r[2 * i], r[2 * i + 1]);
        }
        let mut b = a;
        for i in 0..2 {
            for j in 0..2 {
                let (low, high) = (a[4 * i + j], a[4 * i + j + 2]);
                b[4 * i + 2 * j] = _mm256_shuffle_ps(low, high, 0x44);
                b[4 * i + 2 * j + 1] = _mm256_shuffle_ps(low, high, 0xee);
            }
        }
        let mut c = b;
        for j in 0..4 {
            c[j] = _mm256_permute2f128_ps(b[j], b[j + 4], 0x20);
            c[j + 4] = _mm256_permute2f128_ps(b[j], b[j + 4], 0x31);
        }
        c
    }
}

/// Vectors as arrays, for any processor.
#[derive(Clone, Copy, Debug)]
pub struct Portable;

impl Arithmetic for Portable {
    type Vector = [f32; LANES];
    const WIDTH: usize = LANES;

    #[inline(always)]
    fn splat(self, value: f32) -> [f32; LANES] {
        [value; LANES]
    }
    #[inline(always)]
    fn add(self, a: [f32; LANES], b: [f32; LANES]) -> [f32; LANES] {
        std::array::from_fn(|i| a[i] + b[i])
    }
    #[inline(always)]
    fn subtract(self, a: [f32; LANES], b: [f32; LANES]) -> [f32; LANES] {
        std::array::from_fn(|i| a[i] - b[i])
    }
    #[inline(always)]
    fn multiply(self, a: [f32; LANES], b: [f32; LANES]) -> [f32; LANES] {
        std::array::from_fn(|i| a[i] * b[i])
    }
    #[inline(always)]
    fn multiply_add(self, a: [f32; LANES], b: [f32; LANES], c: [f32; LANES]) -> [f32; LANES] {
        // `f32::mul_add` is a library call on processors without the instruction.
        std::array::from_fn(|i| a[i] * b[i] + c[i])
    }
    #[inline(always)]
    fn maximum(self, a: [f32; LANES], b: [f32; LANES]) -> [f32; LANES] {
        std::array::from_fn(|i| a[i].max(b[i]))
    }
    #[inline(always)]
    unsafe fn load(self, source: *const f32) -> [f32; LANES] {
        // SAFETY: the caller promises that sixteen numbers can be read; an array of `f32` is aligned like `f32`.
        unsafe { source.cast::<[f32; LANES]>().read() }
    }
    #[inline(always)]
    unsafe fn store(self, target: *mut f32, value: [f32; LANES]) {
        // SAFETY: the caller promises that sixteen numbers can be written; an array of `f32` is aligned like `f32`.
        unsafe { target.cast::<[f32; LANES]>().write(value) }
    }
}

impl Simd for Portable {
    type Register = Portable;
    const WIDE: bool = false;

    #[inline(always)]
    fn register(self) -> Portable {
        self
    }
    #[inline(always)]
    fn prefetch(self, _: *const f32) {}
    #[inline(always)]
    fn transpose(self, rows: [[f32; LANES]; LANES]) -> [[f32; LANES]; LANES] {
        transpose_by_memory(self, rows)
    }
}

#[inline(always)]
fn transpose_by_memory<S: Simd>(simd: S, rows: [S::Vector; LANES]) -> [S::Vector; LANES] {
    let mut before = [0.0; LANES * LANES];
    let mut after = [0.0; LANES * LANES];
    for (i, row) in rows.into_iter().enumerate() {
        // SAFETY: row `i` of the 16 x 16 array has sixteen numbers.
        unsafe { simd.store(before.as_mut_ptr().add(i * LANES), row) };
    }
    for i in 0..LANES {
        for j in 0..LANES {
            after[j * LANES + i] = before[i * LANES + j];
        }
    }
    let mut columns = rows;
    for (i, column) in columns.iter_mut().enumerate() {
        // SAFETY: row `i` of the 16 x 16 array has sixteen numbers.
        *column = unsafe { simd.load(after.as_ptr().add(i * LANES)) };
    }
    columns
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
                // SAFETY: a chunk has sixteen numbers.
                *row = unsafe { simd.load(numbers.as_ptr()) };
            }
            let mut transposed = [f32::NAN; LANES * LANES];
            let columns = simd.transpose(rows);
            for (column, target) in columns.into_iter().zip(transposed.chunks_exact_mut(LANES)) {
                // SAFETY: a chunk has sixteen numbers.
                unsafe { simd.store(target.as_mut_ptr(), column) };
            }
            transposed
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
