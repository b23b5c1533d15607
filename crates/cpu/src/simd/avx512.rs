//! 512-bit vectors: one register each.

use std::arch::x86_64::*;

use super::vector::{Arithmetic, Kernel, LANES, Simd};

/// Proof that the processor has AVX-512F.
#[derive(Clone, Copy, Debug)]
pub struct Avx512(());

impl Avx512 {
    /// The proof, if it is true.
    pub fn detect() -> Option<Avx512> {
        let has_all = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma");
        has_all.then_some(Avx512(()))
    }

    /// Runs `kernel` compiled for these instructions.
    #[inline]
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        // SAFETY: `self` proves that the processor has them.
        unsafe { run(self, kernel) }
    }
}

#[target_feature(enable = "avx512f,avx2,fma")]
fn run<K: Kernel>(simd: Avx512, kernel: K) -> K::Output {
    kernel.run(simd)
}

// SAFETY of every block below: `self` proves that the instructions exist; `load_from` and `store_to` pass on the caller's
// promise. SAFETY of the implementations: `WIDTH` is the width of the vectors that the instructions read and write, and only
// `detect` makes the proof.
unsafe impl Arithmetic for Avx512 {
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

unsafe impl Simd for Avx512 {
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
