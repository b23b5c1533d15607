//! Choice of the instruction set at run time.

/// Loop that the compiler can vectorise.
pub(crate) trait VectorKernel {
    /// Runs the loop. Implementations are marked `#[inline(always)]`, so that they are compiled for the instruction
    /// set of their caller.
    fn run(self);
}

/// Runs `kernel` compiled for AVX-512 or AVX2 where the processor has it, else for the target's baseline.
///
/// The results are the same bit for bit: Rust neither reorders floating-point sums nor fuses a product with a sum.
pub(crate) fn vectorised(kernel: impl VectorKernel) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::is_x86_feature_detected as has;
        if has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl") {
            // SAFETY: the processor was just asked for the four features that `with_avx512` needs.
            return unsafe { with_avx512(kernel) };
        }
        if has!("avx2") {
            // SAFETY: the processor was just asked for the one feature that `with_avx2` needs.
            return unsafe { with_avx2(kernel) };
        }
    }
    kernel.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn with_avx512(kernel: impl VectorKernel) {
    kernel.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2(kernel: impl VectorKernel) {
    kernel.run();
}
