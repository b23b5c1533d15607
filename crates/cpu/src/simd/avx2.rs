//! 256-bit vectors with fused multiply-add: two registers each.

use std::arch::x86_64::*;

use super::{
    pairs::{FLUSHED_SPAN, PairOperation, Pairs, add_products_exactly, round_array},
    vector::{Arithmetic, LANES, Simd, SimdOperation},
};

/// Proof that the processor has AVX2 and FMA.
#[derive(Clone, Copy, Debug)]
pub struct Avx2(());

impl Avx2 {
    /// The proof, if it is true.
    pub fn detect() -> Option<Avx2> {
        let has_all = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        has_all.then_some(Avx2(()))
    }

    /// Runs `kernel` compiled for these instructions.
    #[inline]
    pub fn run<K: SimdOperation>(self, kernel: K) -> K::Output {
        // SAFETY: `self` proves that the processor has them.
        unsafe { run(self, kernel) }
    }

    /// The same for a kernel in bf16.
    #[inline]
    pub fn run_pairs<K: PairOperation>(self, kernel: K) -> K::Output {
        // SAFETY: as above.
        unsafe { run_pairs(self, kernel) }
    }
}

#[target_feature(enable = "avx2,fma")]
fn run<K: SimdOperation>(simd: Avx2, kernel: K) -> K::Output {
    kernel.run(simd)
}

#[target_feature(enable = "avx2,fma")]
fn run_pairs<K: PairOperation>(simd: Avx2, kernel: K) -> K::Output {
    kernel.run(simd)
}

// SAFETY of every block below: `self` proves that the instructions exist; `load_from` and `store_to` pass on the caller's
// promise. SAFETY of the implementations: `WIDTH` is the width of the vectors that the instructions read and write, and only
// `detect` makes the proof.
unsafe impl Arithmetic for Avx2 {
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
    fn relu(self, a: [__m256; 2]) -> [__m256; 2] {
        let half = self.register();
        [half.relu(a[0]), half.relu(a[1])]
    }
    #[inline(always)]
    unsafe fn load_from(self, source: *const f32) -> [__m256; 2] {
        let half = self.register();
        unsafe {
            [
                half.load_from(source),
                half.load_from(source.add(LANES / 2)),
            ]
        }
    }
    #[inline(always)]
    unsafe fn store_to(self, target: *mut f32, value: [__m256; 2]) {
        let half = self.register();
        unsafe {
            half.store_to(target, value[0]);
            half.store_to(target.add(LANES / 2), value[1]);
        }
    }
}

unsafe impl Simd for Avx2 {
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
        unsafe { transpose(r) }
    }
}

/// [`Avx2`] on single registers.
#[derive(Clone, Copy, Debug)]
pub struct Avx2Register(Avx2);

unsafe impl Arithmetic for Avx2Register {
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
    fn relu(self, a: __m256) -> __m256 {
        // Not the maximum, which returns its second operand for a NaN and for two zeros.
        unsafe { _mm256_and_ps(a, _mm256_cmp_ps::<_CMP_NLE_UQ>(a, _mm256_setzero_ps())) }
    }
    #[inline(always)]
    unsafe fn load_from(self, source: *const f32) -> __m256 {
        unsafe { _mm256_loadu_ps(source) }
    }
    #[inline(always)]
    unsafe fn store_to(self, target: *mut f32, value: __m256) {
        unsafe { _mm256_storeu_ps(target, value) }
    }
}

/// The four quarters, each in three rounds: pairs of lanes, then quarters, then halves.
///
/// # Safety
/// The processor must have AVX2.
#[inline(always)]
unsafe fn transpose(r: [[__m256; 2]; LANES]) -> [[__m256; 2]; LANES] {
    let mut transposed = r;
    for row in 0..2 {
        for column in 0..2 {
            let mut quarter = [r[0][0]; LANES / 2];
            for (i, line) in quarter.iter_mut().enumerate() {
                *line = r[row * LANES / 2 + i][column];
            }
            // SAFETY: the caller's promise.
            let quarter = unsafe { transpose_quarter(quarter) };
            for (i, line) in quarter.into_iter().enumerate() {
                transposed[column * LANES / 2 + i][row] = line;
            }
        }
    }
    transposed
}

/// # Safety
/// The processor must have AVX2.
#[inline(always)]
unsafe fn transpose_quarter(r: [__m256; LANES / 2]) -> [__m256; LANES / 2] {
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

unsafe impl Pairs for Avx2 {
    #[inline(always)]
    fn add_products(self, a: [__m256; 2], b: [__m256; 2], c: [__m256; 2]) -> [__m256; 2] {
        unsafe {
            let (low, low_flushed) = self.register().add_pairs(a[0], b[0], c[0]);
            let (high, high_flushed) = self.register().add_pairs(a[1], b[1], c[1]);
            let flushed = _mm256_or_si256(low_flushed, high_flushed);
            if _mm256_testz_si256(flushed, flushed) == 0 {
                let mut arrays = [[0.0; LANES]; 3];
                for (array, vector) in arrays.iter_mut().zip([a, b, c]) {
                    self.store(array, vector);
                }
                return self.load(&add_products_exactly(&arrays[0], &arrays[1], &arrays[2]));
            }
            [low, high]
        }
    }
    #[inline(always)]
    fn round(self, low: [__m256; 2], high: [__m256; 2]) -> [__m256; 2] {
        let mut numbers = [0.0; 2 * LANES];
        self.store(&mut numbers[..LANES], low);
        self.store(&mut numbers[LANES..], high);
        self.load(&round_array(&numbers))
    }
}

impl Avx2Register {
    /// The sums, and all bits set where the instruction of AVX512-BF16 may have made zero of one.
    ///
    /// # Safety
    /// None beyond that `self` exists; the intrinsics are unsafe by themselves.
    #[inline(always)]
    unsafe fn add_pairs(self, a: __m256, b: __m256, c: __m256) -> (__m256, __m256i) {
        unsafe {
            let odd = self.multiply_add(odd(a), odd(b), c);
            let even = self.multiply_add(even(a), even(b), odd);
            (
                even,
                _mm256_or_si256(may_be_flushed(odd), may_be_flushed(even)),
            )
        }
    }
}

/// The odd numbers of pairs.
///
/// # Safety
/// The processor must have AVX2, as for the two below.
#[inline(always)]
unsafe fn odd(pairs: __m256) -> __m256 {
    unsafe {
        let bits = _mm256_and_si256(_mm256_castps_si256(pairs), _mm256_set1_epi32(!0xffff));
        _mm256_castsi256_ps(bits)
    }
}

/// The even numbers of pairs.
#[inline(always)]
unsafe fn even(pairs: __m256) -> __m256 {
    unsafe { _mm256_castsi256_ps(_mm256_slli_epi32::<16>(_mm256_castps_si256(pairs))) }
}

/// All bits of the lanes that are not zero and so small that the instruction may have made them zero.
#[inline(always)]
unsafe fn may_be_flushed(sums: __m256) -> __m256i {
    unsafe {
        // Compared as signed numbers: the smallest of those without a sign becomes the smallest of those with one.
        let doubled = _mm256_slli_epi32::<1>(_mm256_castps_si256(sums));
        let above_zero = _mm256_add_epi32(doubled, _mm256_set1_epi32(i32::MAX - 1));
        let beyond = _mm256_set1_epi32(i32::MIN + FLUSHED_SPAN as i32 + 1);
        _mm256_cmpgt_epi32(beyond, above_zero)
    }
}
