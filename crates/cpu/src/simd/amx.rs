//! Tiles of AMX: products of bf16 matrices in blocks.
//!
//! The intrinsics are not stable yet, so the instructions stand in blocks of assembly. A thread has eight tiles; their sizes are
//! set by LDTILECFG, which takes some hundred cycles, so once for an operation and not for each product.

use std::{arch::asm, arch::x86_64::*, sync::OnceLock};

use super::{
    LANES,
    pairs::{BLOCK_COLUMNS, BLOCK_ROWS},
};

/// True if the processor has AMX-BF16 and the system lets this process use it.
pub(super) fn is_there() -> bool {
    static IS_THERE: OnceLock<bool> = OnceLock::new();
    *IS_THERE.get_or_init(|| has_instructions() && is_permitted())
}

/// AMX-TILE and AMX-BF16 (CPUID, leaf 7), and a system that saves the tiles of a thread (XCR0).
fn has_instructions() -> bool {
    const TILE_AND_BF16: u32 = 1 << 24 | 1 << 22;
    const OSXSAVE: u32 = 1 << 27;
    const TILES_SAVED: u32 = 0b11 << 17;
    if __cpuid(0).eax < 7 || __cpuid(1).ecx & OSXSAVE == 0 {
        return false;
    }
    let saved: u32;
    // SAFETY: OSXSAVE says that the instruction exists.
    unsafe { asm!("xgetbv", in("ecx") 0, out("eax") saved, out("edx") _, options(nomem, nostack)) };
    let found = __cpuid_count(7, 0).edx;
    found & TILE_AND_BF16 == TILE_AND_BF16 && saved & TILES_SAVED == TILES_SAVED
}

/// Linux wants to be asked once by each process.
#[cfg(target_os = "linux")]
fn is_permitted() -> bool {
    const ARCH_REQ_XCOMP_PERM: libc::c_int = 0x1023;
    const XFEATURE_XTILEDATA: libc::c_ulong = 18;
    // SAFETY: the call changes nothing but the permission.
    unsafe {
        libc::syscall(
            libc::SYS_arch_prctl,
            ARCH_REQ_XCOMP_PERM,
            XFEATURE_XTILEDATA,
        ) == 0
    }
}

#[cfg(not(target_os = "linux"))]
fn is_permitted() -> bool {
    false
}

/// What LDTILECFG reads.
#[repr(C, align(64))]
struct Configuration {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

/// Tiles 0 and 1 are sums, 4 is the left matrix, 5 and 6 are the right one.
static CONFIGURATION: Configuration = {
    let mut configuration = Configuration {
        palette: 1,
        start_row: 0,
        reserved: [0; 14],
        row_bytes: [0; 16],
        rows: [0; 16],
    };
    let (left, right) = (BLOCK_ROWS as u8, LANES as u8);
    let rows = [left, left, 0, 0, left, right, right];
    let mut tile = 0;
    while tile < rows.len() {
        configuration.rows[tile] = rows[tile];
        configuration.row_bytes[tile] = if rows[tile] > 0 { 4 * LANES as u16 } else { 0 };
        tile += 1;
    }
    configuration
};

/// Runs `work` with tiles of these sizes; afterwards there is nothing to save when the thread is interrupted.
///
/// # Safety
/// [`is_there`] must be true.
#[inline(always)]
pub(super) unsafe fn configured<T>(work: impl FnOnce() -> T) -> T {
    /// Also if `work` panics.
    struct Release;
    impl Drop for Release {
        fn drop(&mut self) {
            // SAFETY: the caller's promise.
            unsafe { asm!("tilerelease", options(nomem, nostack)) };
        }
    }
    let configuration = &CONFIGURATION;
    // SAFETY: the caller's promise; the instruction reads 64 bytes.
    unsafe {
        asm!("ldtilecfg [{}]", in(reg) configuration, options(readonly, nostack));
    }
    let _release = Release;
    work()
}

/// [`super::Pairs::multiply_blocks`].
///
/// # Safety
/// As there, and within [`configured`].
#[inline(always)]
pub(super) unsafe fn multiply_blocks(
    blocks: usize,
    left: *const f32,
    right: *const f32,
    sums: *mut f32,
) {
    // SAFETY: the caller's promise: each address is inside of one of the three matrices.
    unsafe {
        asm!(
            "tilezero tmm0",
            "tilezero tmm1",
            "test {blocks}, {blocks}",
            "jz 3f",
            "2:",
            "tileloadd tmm4, [{left} + {left_row}]",
            "tileloadd tmm5, [{right} + {right_row}]",
            "tdpbf16ps tmm0, tmm4, tmm5",
            "tileloadd tmm6, [{right} + {right_row} + {half}]",
            "tdpbf16ps tmm1, tmm4, tmm6",
            "add {left}, {left_block}",
            "add {right}, {right_block}",
            "dec {blocks}",
            "jnz 2b",
            "3:",
            "tilestored [{sums} + {right_row}], tmm0",
            "tilestored [{sums} + {right_row} + {half}], tmm1",
            blocks = inout(reg) blocks => _,
            left = inout(reg) left => _,
            right = inout(reg) right => _,
            sums = in(reg) sums,
            left_row = in(reg) 4 * LANES,
            right_row = in(reg) 4 * BLOCK_COLUMNS,
            left_block = const 4 * BLOCK_ROWS * LANES,
            right_block = const 4 * LANES * BLOCK_COLUMNS,
            half = const 4 * LANES,
            out("tmm0") _, out("tmm1") _, out("tmm4") _, out("tmm5") _, out("tmm6") _,
            options(nostack),
        );
    }
}
