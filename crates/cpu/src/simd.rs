//! Sixteen-lane vectors of `f32` and the choice, at run time, of the instructions behind them.
//!
//! A kernel is written once over [`Simd`] and runs on AVX-512, on AVX2 with FMA, on NEON, or on plain
//! arrays. [`Level::best`] asks the processor; nothing depends on how the
//! program was compiled.

#[cfg(target_arch = "x86_64")]
mod amx;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(test)]
mod pair_tests;
mod pairs;
mod portable;
mod vector;

#[cfg(target_arch = "x86_64")]
use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
use avx512::Avx512;
#[cfg(target_arch = "aarch64")]
use neon::Neon;
use portable::Portable;

pub use pairs::{BLOCK_COLUMNS, BLOCK_ROWS, PairOperation, Pairs, round_pair};
pub use vector::{Arithmetic, LANES, Simd, SimdOperation};

/// The instructions to use.
#[derive(Clone, Copy, Debug)]
pub enum Level {
    /// 512-bit vectors.
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512<false>),
    /// 256-bit vectors with fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    /// 128-bit vectors of 64-bit Arm, with fused multiply-add.
    #[cfg(target_arch = "aarch64")]
    Neon(Neon),
    /// Arrays.
    Portable(Portable<false>),
    /// Arrays that give the same bits as those with fused multiply-add: for bf16, which promises that.
    Fused(Portable<true>),
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
        #[cfg(target_arch = "aarch64")]
        if let Some(simd) = Neon::detect() {
            return Level::Neon(simd);
        }
        Level::Portable(Portable::<false>)
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
        #[cfg(target_arch = "aarch64")]
        levels.extend(Neon::detect().map(Level::Neon));
        levels.push(Level::Portable(Portable::<false>));
        levels
    }

    /// [`Simd::WIDE`].
    pub fn is_wide(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512(_) => Avx512::<false>::WIDE,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2(_) => Avx2::WIDE,
            #[cfg(target_arch = "aarch64")]
            Level::Neon(_) => Neon::WIDE,
            Level::Portable(_) | Level::Fused(_) => Portable::<false>::WIDE,
        }
    }

    /// Runs `kernel` compiled for these instructions.
    #[inline]
    pub fn run<K: SimdOperation>(self, kernel: K) -> K::Output {
        match self {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512(simd) => simd.run(kernel),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2(simd) => simd.run(kernel),
            #[cfg(target_arch = "aarch64")]
            Level::Neon(simd) => kernel.run(simd),
            Level::Portable(simd) => kernel.run(simd),
            Level::Fused(simd) => kernel.run(simd),
        }
    }
}

/// The instructions to use for bf16. All but those in blocks give the same bits, and those in blocks do.
#[derive(Clone, Copy, Debug)]
pub enum PairLevel {
    /// AMX, in blocks.
    #[cfg(target_arch = "x86_64")]
    Amx(Avx512<true, true>),
    /// AVX512-BF16.
    #[cfg(target_arch = "x86_64")]
    Native(Avx512<true>),
    /// Two fused multiply-adds on 512 bits.
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512<false>),
    /// Two fused multiply-adds on 256 bits.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    /// Two fused multiply-adds on 128 bits.
    #[cfg(target_arch = "aarch64")]
    Neon(Neon),
    /// Arrays.
    Portable(Portable<true>),
    /// Arrays, in blocks: what AMX computes, for any processor.
    #[cfg(test)]
    PortableBlocks(Portable<true, true>),
}

impl PairLevel {
    /// The fastest that this processor has.
    pub fn best() -> PairLevel {
        PairLevel::available()
            .next()
            .unwrap_or(PairLevel::Portable(Portable))
    }

    /// The fastest that this processor has, in blocks or not.
    pub fn fastest() -> PairLevel {
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = Avx512::detect_amx() {
            return PairLevel::Amx(simd);
        }
        PairLevel::best()
    }

    /// All that this processor has, those with the same bits together.
    #[cfg(test)]
    pub fn by_bits() -> [Vec<PairLevel>; 2] {
        #[cfg(target_arch = "x86_64")]
        let fast = Avx512::detect_amx().map(PairLevel::Amx);
        #[cfg(not(target_arch = "x86_64"))]
        let fast = None;
        let portable = std::iter::once(PairLevel::PortableBlocks(Portable));
        let in_blocks = portable.chain(fast).collect();
        [PairLevel::available().collect(), in_blocks]
    }

    /// True for those in blocks.
    pub fn is_in_blocks(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            PairLevel::Amx(_) => true,
            #[cfg(test)]
            PairLevel::PortableBlocks(_) => true,
            _ => false,
        }
    }

    /// All that this processor has, the fastest first, without those in blocks.
    pub fn available() -> impl Iterator<Item = PairLevel> {
        #[cfg(target_arch = "x86_64")]
        let fast = [
            Avx512::<true>::detect().map(PairLevel::Native),
            Avx512::<false>::detect().map(PairLevel::Avx512),
            Avx2::detect().map(PairLevel::Avx2),
        ];
        #[cfg(target_arch = "aarch64")]
        let fast = [Neon::detect().map(PairLevel::Neon)];
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        let fast: [Option<PairLevel>; 0] = [];
        let portable = std::iter::once(PairLevel::Portable(Portable));
        fast.into_iter().flatten().chain(portable)
    }

    /// True where the processor multiplies bf16 by itself.
    pub fn is_native(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            PairLevel::Amx(_) | PairLevel::Native(_) => true,
            _ => false,
        }
    }

    /// The level for what stays in `f32`; the same bits at all of them.
    pub fn single(self) -> Level {
        match self {
            #[cfg(target_arch = "x86_64")]
            PairLevel::Amx(simd) => Level::Avx512(simd.without_bf16()),
            #[cfg(target_arch = "x86_64")]
            PairLevel::Native(simd) => Level::Avx512(simd.without_bf16()),
            #[cfg(target_arch = "x86_64")]
            PairLevel::Avx512(simd) => Level::Avx512(simd),
            #[cfg(target_arch = "x86_64")]
            PairLevel::Avx2(simd) => Level::Avx2(simd),
            #[cfg(target_arch = "aarch64")]
            PairLevel::Neon(simd) => Level::Neon(simd),
            PairLevel::Portable(simd) => Level::Fused(simd),
            #[cfg(test)]
            PairLevel::PortableBlocks(_) => Level::Fused(Portable),
        }
    }

    /// Runs `kernel` compiled for these instructions.
    #[inline]
    pub fn run<K: PairOperation>(self, kernel: K) -> K::Output {
        match self {
            #[cfg(target_arch = "x86_64")]
            PairLevel::Amx(simd) => simd.run_pairs(kernel),
            #[cfg(target_arch = "x86_64")]
            PairLevel::Native(simd) => simd.run_pairs(kernel),
            #[cfg(target_arch = "x86_64")]
            PairLevel::Avx512(simd) => simd.run_pairs(kernel),
            #[cfg(target_arch = "x86_64")]
            PairLevel::Avx2(simd) => simd.run_pairs(kernel),
            #[cfg(target_arch = "aarch64")]
            PairLevel::Neon(simd) => kernel.run(simd),
            PairLevel::Portable(simd) => kernel.run(simd),
            #[cfg(test)]
            PairLevel::PortableBlocks(simd) => kernel.run(simd),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers whose transpose is read back.
    struct Transpose<'a>(&'a [f32; LANES * LANES]);

    impl SimdOperation for Transpose<'_> {
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

    impl SimdOperation for Relu {
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
