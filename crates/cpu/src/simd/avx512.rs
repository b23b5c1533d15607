//! 512-bit vectors: one register each.

use std::{arch::x86_64::*, mem::transmute};

use super::{
    amx,
    pairs::{FLUSHED_SPAN, PairOperation, Pairs, add_products_exactly, round_array},
    vector::{Arithmetic, LANES, Simd, SimdOperation},
};

/// Proof that the processor has AVX-512F, with `BF16` also AVX512-BF16 and AVX-512BW, with `AMX` also AMX-BF16.
#[derive(Clone, Copy, Debug)]
pub struct Avx512<const BF16: bool, const AMX: bool = false>(());

impl<const BF16: bool> Avx512<BF16> {
    /// The proof, if it is true.
    pub fn detect() -> Option<Self> {
        let has_all = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && (!BF16 || is_x86_feature_detected!("avx512bf16"))
            && (!BF16 || is_x86_feature_detected!("avx512bw"));
        has_all.then_some(Avx512(()))
    }
}

impl Avx512<false> {
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

impl Avx512<true> {
    /// Runs `kernel` compiled for these instructions.
    #[inline]
    pub fn run_pairs<K: PairOperation>(self, kernel: K) -> K::Output {
        // SAFETY: `self` proves that the processor has them.
        unsafe { run_native_pairs(self, kernel) }
    }
}

impl Avx512<true, true> {
    /// The proof, if it is true.
    pub fn detect_amx() -> Option<Self> {
        (Avx512::<true>::detect().is_some() && amx::is_there()).then_some(Avx512(()))
    }

    /// Runs `kernel` compiled for these instructions.
    #[inline]
    pub fn run_pairs<K: PairOperation>(self, kernel: K) -> K::Output {
        // SAFETY: `self` proves that the processor has them.
        unsafe { amx::configured(|| run_native_pairs(self, kernel)) }
    }
}

impl<const AMX: bool> Avx512<true, AMX> {
    /// The proof of less.
    pub fn without_bf16(self) -> Avx512<false> {
        Avx512(())
    }
}

#[target_feature(enable = "avx512f,avx2,fma")]
fn run<K: SimdOperation>(simd: Avx512<false>, kernel: K) -> K::Output {
    kernel.run(simd)
}

#[target_feature(enable = "avx512f,avx2,fma")]
fn run_pairs<K: PairOperation>(simd: Avx512<false>, kernel: K) -> K::Output {
    kernel.run(simd)
}

#[target_feature(enable = "avx512f,avx512bw,avx512bf16,avx2,fma")]
fn run_native_pairs<K: PairOperation, const AMX: bool>(
    simd: Avx512<true, AMX>,
    kernel: K,
) -> K::Output {
    kernel.run(simd)
}

// SAFETY of every block below: `self` proves that the instructions exist; `load_from` and `store_to` pass on the caller's
// promise. SAFETY of the implementations: `WIDTH` is the width of the vectors that the instructions read and write, and only
// `detect` makes the proof.
unsafe impl<const BF16: bool, const AMX: bool> Arithmetic for Avx512<BF16, AMX> {
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
    fn relu(self, a: __m512) -> __m512 {
        // Not the maximum, which returns its second operand for a NaN and for two zeros.
        unsafe {
            let kept = _mm512_cmp_ps_mask::<_CMP_NLE_UQ>(a, _mm512_setzero_ps());
            _mm512_maskz_mov_ps(kept, a)
        }
    }
    #[inline(always)]
    unsafe fn load_from(self, source: *const f32) -> __m512 {
        unsafe { _mm512_loadu_ps(source) }
    }
    #[inline(always)]
    unsafe fn store_to(self, target: *mut f32, value: __m512) {
        unsafe { _mm512_storeu_ps(target, value) }
    }
}

unsafe impl<const BF16: bool, const AMX: bool> Simd for Avx512<BF16, AMX> {
    type Register = Self;
    const WIDE: bool = true;

    #[inline(always)]
    fn register(self) -> Self {
        self
    }
    #[inline(always)]
    fn prefetch(self, place: *const f32) {
        unsafe { _mm_prefetch::<_MM_HINT_T0>(place.cast()) }
    }
    #[inline(always)]
    fn transpose(self, r: [__m512; LANES]) -> [__m512; LANES] {
        unsafe { transpose(r) }
    }
}

/// Four rounds: pairs of lanes, then quarters, then halves.
///
/// # Safety
/// The processor must have AVX-512F.
#[inline(always)]
unsafe fn transpose(r: [__m512; LANES]) -> [__m512; LANES] {
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

unsafe impl<const AMX: bool> Pairs for Avx512<true, AMX> {
    const BLOCKS: bool = AMX;

    #[inline(always)]
    unsafe fn multiply_blocks(
        self,
        blocks: usize,
        left: *const f32,
        right: *const f32,
        sums: *mut f32,
    ) {
        assert!(AMX, "the proof of AMX");
        // SAFETY: the caller's promise; `run_pairs` has told the processor the size of the tiles.
        unsafe { amx::multiply_blocks(blocks, left, right, sums) }
    }
    #[inline(always)]
    fn add_products(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY of the transmutations: vectors of the same size, of which any bits are a value.
        unsafe {
            let (a, b) = (
                transmute::<__m512, __m512bh>(a),
                transmute::<__m512, __m512bh>(b),
            );
            _mm512_dpbf16_ps(c, a, b)
        }
    }
    #[inline(always)]
    fn round(self, low: __m512, high: __m512) -> __m512 {
        // SAFETY of the transmutation: as above.
        unsafe { transmute::<__m512bh, __m512>(_mm512_cvtne2ps_pbh(high, low)) }
    }
    #[inline(always)]
    fn round_together(self, even: __m512, odd: __m512) -> __m512 {
        /// Number `i` of the even ones in lane `i`, then number `i` of the odd ones, which are the upper half.
        const TOGETHER: [u32; LANES] = {
            let mut places = [0; LANES];
            let mut i = 0;
            while i < LANES {
                places[i] = i as u32 | ((i + LANES) as u32) << 16;
                i += 1;
            }
            places
        };
        // SAFETY of the transmutations: as above.
        unsafe {
            let apart = transmute::<__m512bh, __m512i>(_mm512_cvtne2ps_pbh(odd, even));
            let places = transmute::<[u32; LANES], __m512i>(TOGETHER);
            _mm512_castsi512_ps(_mm512_permutexvar_epi16(places, apart))
        }
    }
}

unsafe impl Pairs for Avx512<false> {
    #[inline(always)]
    fn add_products(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        unsafe {
            let odd = self.multiply_add(odd(a), odd(b), c);
            let even = self.multiply_add(even(a), even(b), odd);
            if may_be_flushed(odd) | may_be_flushed(even) != 0 {
                let mut arrays = [[0.0; LANES]; 3];
                for (array, vector) in arrays.iter_mut().zip([a, b, c]) {
                    self.store(array, vector);
                }
                return self.load(&add_products_exactly(&arrays[0], &arrays[1], &arrays[2]));
            }
            even
        }
    }
    #[inline(always)]
    fn round(self, low: __m512, high: __m512) -> __m512 {
        let mut numbers = [0.0; 2 * LANES];
        self.store(&mut numbers[..LANES], low);
        self.store(&mut numbers[LANES..], high);
        self.load(&round_array(&numbers))
    }
}

/// The odd numbers of pairs.
///
/// # Safety
/// The processor must have AVX-512F, as for the two below.
#[inline(always)]
unsafe fn odd(pairs: __m512) -> __m512 {
    unsafe {
        let bits = _mm512_and_si512(_mm512_castps_si512(pairs), _mm512_set1_epi32(!0xffff));
        _mm512_castsi512_ps(bits)
    }
}

/// The even numbers of pairs.
#[inline(always)]
unsafe fn even(pairs: __m512) -> __m512 {
    unsafe { _mm512_castsi512_ps(_mm512_slli_epi32::<16>(_mm512_castps_si512(pairs))) }
}

/// Lanes that are not zero and so small that the instruction may have made them zero.
#[inline(always)]
unsafe fn may_be_flushed(sums: __m512) -> __mmask16 {
    unsafe {
        let doubled = _mm512_slli_epi32::<1>(_mm512_castps_si512(sums));
        let above_zero = _mm512_sub_epi32(doubled, _mm512_set1_epi32(2));
        _mm512_cmple_epu32_mask(above_zero, _mm512_set1_epi32(FLUSHED_SPAN as i32))
    }
}
