//! 128-bit vectors of Arm with fused multiply-add: four registers each.
//!
//! The compiler takes them for granted on every 64-bit Arm with an operating system, so closures are compiled for them as well,
//! and no function needs `#[target_feature]`.

use std::{
    arch::{aarch64::*, asm, is_aarch64_feature_detected},
    array::from_fn,
};

use super::{
    pairs::{FLUSHED_SPAN, Pairs, add_products_exactly, round_array},
    vector::{Arithmetic, LANES, Simd},
};

/// Registers of a vector.
const QUARTERS: usize = 4;
/// Numbers of a register.
const QUARTER: usize = LANES / QUARTERS;

type Quarters = [float32x4_t; QUARTERS];

/// Proof that the processor has NEON.
#[derive(Clone, Copy, Debug)]
pub struct Neon(());

impl Neon {
    /// The proof, if it is true.
    pub fn detect() -> Option<Neon> {
        is_aarch64_feature_detected!("neon").then_some(Neon(()))
    }
}

// SAFETY of every block below: `self` proves that the instructions exist; `load_from` and `store_to` pass on the caller's
// promise. SAFETY of the implementations: `WIDTH` is the width of the vectors that the instructions read and write, and only
// `detect` makes the proof.
unsafe impl Arithmetic for Neon {
    type Vector = Quarters;
    const WIDTH: usize = LANES;

    #[inline(always)]
    fn splat(self, value: f32) -> Quarters {
        [self.register().splat(value); QUARTERS]
    }
    #[inline(always)]
    fn add(self, a: Quarters, b: Quarters) -> Quarters {
        from_fn(|i| self.register().add(a[i], b[i]))
    }
    #[inline(always)]
    fn subtract(self, a: Quarters, b: Quarters) -> Quarters {
        from_fn(|i| self.register().subtract(a[i], b[i]))
    }
    #[inline(always)]
    fn multiply(self, a: Quarters, b: Quarters) -> Quarters {
        from_fn(|i| self.register().multiply(a[i], b[i]))
    }
    #[inline(always)]
    fn multiply_add(self, a: Quarters, b: Quarters, c: Quarters) -> Quarters {
        from_fn(|i| self.register().multiply_add(a[i], b[i], c[i]))
    }
    #[inline(always)]
    fn relu(self, a: Quarters) -> Quarters {
        a.map(|a| self.register().relu(a))
    }
    #[inline(always)]
    unsafe fn load_from(self, source: *const f32) -> Quarters {
        from_fn(|i| unsafe { self.register().load_from(source.add(i * QUARTER)) })
    }
    #[inline(always)]
    unsafe fn store_to(self, target: *mut f32, value: Quarters) {
        for (i, value) in value.into_iter().enumerate() {
            unsafe { self.register().store_to(target.add(i * QUARTER), value) }
        }
    }
}

unsafe impl Simd for Neon {
    type Register = NeonRegister;
    const WIDE: bool = false;

    #[inline(always)]
    fn register(self) -> NeonRegister {
        NeonRegister(self)
    }
    #[inline(always)]
    fn prefetch(self, place: *const f32) {
        // The intrinsic is not in stable Rust. A prefetch neither reads nor faults.
        unsafe {
            asm!("prfm pldl1keep, [{0}]", in(reg) place, options(nostack, preserves_flags, readonly))
        }
    }
    #[inline(always)]
    fn transpose(self, r: [Quarters; LANES]) -> [Quarters; LANES] {
        let mut transposed = r;
        for row in 0..QUARTERS {
            for column in 0..QUARTERS {
                let block = from_fn(|i| r[row * QUARTER + i][column]);
                // SAFETY: `self` proves that the instructions exist.
                let block = unsafe { transpose_block(block) };
                for (i, line) in block.into_iter().enumerate() {
                    transposed[column * QUARTER + i][row] = line;
                }
            }
        }
        transposed
    }
}

/// [`Neon`] on single registers.
#[derive(Clone, Copy, Debug)]
pub struct NeonRegister(Neon);

unsafe impl Arithmetic for NeonRegister {
    type Vector = float32x4_t;
    const WIDTH: usize = QUARTER;

    #[inline(always)]
    fn splat(self, value: f32) -> float32x4_t {
        unsafe { vdupq_n_f32(value) }
    }
    #[inline(always)]
    fn add(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        unsafe { vaddq_f32(a, b) }
    }
    #[inline(always)]
    fn subtract(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        unsafe { vsubq_f32(a, b) }
    }
    #[inline(always)]
    fn multiply(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        unsafe { vmulq_f32(a, b) }
    }
    #[inline(always)]
    fn multiply_add(self, a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
        unsafe { vfmaq_f32(c, a, b) }
    }
    #[inline(always)]
    fn relu(self, a: float32x4_t) -> float32x4_t {
        // Not the maximum, which may keep a negative zero.
        unsafe { vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(a), vclezq_f32(a))) }
    }
    #[inline(always)]
    unsafe fn load_from(self, source: *const f32) -> float32x4_t {
        unsafe { vld1q_f32(source) }
    }
    #[inline(always)]
    unsafe fn store_to(self, target: *mut f32, value: float32x4_t) {
        unsafe { vst1q_f32(target, value) }
    }
}

/// Two rounds: single numbers, then pairs of them.
///
/// # Safety
/// The processor must have NEON.
#[inline(always)]
unsafe fn transpose_block(r: [float32x4_t; QUARTER]) -> [float32x4_t; QUARTER] {
    unsafe {
        let a = [
            vtrn1q_f32(r[0], r[1]),
            vtrn2q_f32(r[0], r[1]),
            vtrn1q_f32(r[2], r[3]),
            vtrn2q_f32(r[2], r[3]),
        ]
        .map(|a| vreinterpretq_f64_f32(a));
        [
            vtrn1q_f64(a[0], a[2]),
            vtrn1q_f64(a[1], a[3]),
            vtrn2q_f64(a[0], a[2]),
            vtrn2q_f64(a[1], a[3]),
        ]
        .map(|b| vreinterpretq_f32_f64(b))
    }
}

// By widening, not by BFDOT or BFMMLA, whose sums are rounded otherwise: see docs/kernels.md.
unsafe impl Pairs for Neon {
    #[inline(always)]
    fn add_products(self, a: Quarters, b: Quarters, c: Quarters) -> Quarters {
        let mut sums = c;
        // The least distance of a sum from zero.
        let mut least = unsafe { vdupq_n_u32(u32::MAX) };
        for i in 0..QUARTERS {
            unsafe {
                let odd = vfmaq_f32(c[i], odd(a[i]), odd(b[i]));
                sums[i] = vfmaq_f32(odd, even(a[i]), even(b[i]));
                least = vminq_u32(least, vminq_u32(above_zero(odd), above_zero(sums[i])));
            }
        }
        if unsafe { vminvq_u32(least) } <= FLUSHED_SPAN {
            return self.add_products_again(&[a, b, c]);
        }
        sums
    }
    #[inline(always)]
    fn round(self, low: Quarters, high: Quarters) -> Quarters {
        let mut numbers = [0.0; 2 * LANES];
        self.store(&mut numbers[..LANES], low);
        self.store(&mut numbers[LANES..], high);
        self.load(&round_array(&numbers))
    }
}

impl Neon {
    /// Decides on sums that the instruction of AVX512-BF16 may have made zero. Out of line, so that the loop around the others
    /// is short enough to be unrolled and its sums stay in registers.
    #[cold]
    #[inline(never)]
    fn add_products_again(self, operands: &[Quarters; 3]) -> Quarters {
        let mut arrays = [[0.0; LANES]; 3];
        for (array, vector) in arrays.iter_mut().zip(operands) {
            self.store(array, *vector);
        }
        self.load(&add_products_exactly(&arrays[0], &arrays[1], &arrays[2]))
    }
}

/// The odd numbers of pairs.
///
/// # Safety
/// The processor must have NEON, as for the two below.
#[inline(always)]
unsafe fn odd(pairs: float32x4_t) -> float32x4_t {
    unsafe {
        let bits = vandq_u32(vreinterpretq_u32_f32(pairs), vdupq_n_u32(!0xffff));
        vreinterpretq_f32_u32(bits)
    }
}

/// The even numbers of pairs.
#[inline(always)]
unsafe fn even(pairs: float32x4_t) -> float32x4_t {
    unsafe { vreinterpretq_f32_u32(vshlq_n_u32::<16>(vreinterpretq_u32_f32(pairs))) }
}

/// Twice the bits without the sign, less two: at most [`FLUSHED_SPAN`] for what may have been made zero; of zero itself the
/// largest numbers.
#[inline(always)]
unsafe fn above_zero(sums: float32x4_t) -> uint32x4_t {
    unsafe {
        let doubled = vshlq_n_u32::<1>(vreinterpretq_u32_f32(sums));
        vsubq_u32(doubled, vdupq_n_u32(2))
    }
}
