//! The matrix product at the bottom of every convolution: packed panels and the loops over them.
//!
//! Two products are needed. [`multiply_panel`] is for forward and input gradient: the left matrix comes in
//! panels of [`PANEL_ROWS`] rows, whose columns lie in groups of sixteen (`[group][row][16]`), so that packing
//! channels-last pixels copies whole vectors. [`multiply_outer`] is for weight gradients: the sum runs over
//! pixels, and the left matrix is read in place. The right matrix comes in panels of [`PANEL_COLUMNS`]
//! columns (`[k][32]`) in both. Every sum runs in the order of `k` whatever the blocking.

use crate::simd::{BLOCK_COLUMNS, BLOCK_ROWS, LANES, Pairs, Simd};

/// What a lane of the matrices holds; sums are `f32` in any case.
pub trait Lane<S: Simd>: Copy {
    /// Numbers of a lane.
    const NUMBERS: usize;
    /// True where [`multiply_panel`] adds block by block, a group being a block.
    const BLOCKS: bool = false;
    /// A vector made of the next `16 * NUMBERS` numbers of `f32`.
    ///
    /// # Safety
    /// `source` must be valid for reading them.
    unsafe fn load_from(simd: S, source: *const f32) -> S::Vector;
    /// Lane-wise `a * b + c`.
    fn multiply_add(simd: S, a: S::Vector, b: S::Vector, c: S::Vector) -> S::Vector;

    /// The product of grouped panels, from the operands to the sink.
    ///
    /// # Safety
    /// The operands must be valid for `rows` rows and `groups` groups, the sink for `rows` rows.
    #[inline(always)]
    unsafe fn multiply_groups<K: SumSink<S>>(
        simd: S,
        (rows, groups): (usize, usize),
        operands: Operands,
        sink: K,
    ) {
        let walk = GroupedWalk { groups };
        // SAFETY: the caller's promise.
        unsafe { for_register_tiles::<S, Self, GroupedWalk, K>(simd, rows, operands, walk, sink) }
    }
}

/// An `f32`.
#[derive(Clone, Copy)]
pub struct Single;

impl<S: Simd> Lane<S> for Single {
    const NUMBERS: usize = 1;

    #[inline(always)]
    unsafe fn load_from(simd: S, source: *const f32) -> S::Vector {
        // SAFETY: the caller's promise.
        unsafe { simd.load_from(source) }
    }
    #[inline(always)]
    fn multiply_add(simd: S, a: S::Vector, b: S::Vector, c: S::Vector) -> S::Vector {
        simd.multiply_add(a, b, c)
    }
}

/// Two bf16, of neighbouring `k`: below, a `k` is one of these pairs.
#[derive(Clone, Copy)]
pub struct Pair;

impl<S: Pairs> Lane<S> for Pair {
    const NUMBERS: usize = 2;
    const BLOCKS: bool = S::BLOCKS;

    #[inline(always)]
    unsafe fn load_from(simd: S, source: *const f32) -> S::Vector {
        // SAFETY: the caller's promise.
        unsafe { simd.round(simd.load_from(source), simd.load_from(source.add(LANES))) }
    }
    #[inline(always)]
    fn multiply_add(simd: S, a: S::Vector, b: S::Vector, c: S::Vector) -> S::Vector {
        simd.add_products(a, b, c)
    }
    #[inline(always)]
    unsafe fn multiply_groups<K: SumSink<S>>(
        simd: S,
        (rows, groups): (usize, usize),
        operands: Operands,
        sink: K,
    ) {
        if !S::BLOCKS {
            let walk = GroupedWalk { groups };
            // SAFETY: the caller's promise.
            unsafe { for_register_tiles::<S, Pair, _, K>(simd, rows, operands, walk, sink) }
            return;
        }
        let mut sums = [0.0; PANEL_ROWS * PANEL_COLUMNS];
        // SAFETY: the caller's promise; a group is a block, whatever the number of rows.
        unsafe {
            simd.multiply_blocks(groups, operands.left, operands.right, sums.as_mut_ptr());
            for row in 0..rows {
                for column in [0, LANES] {
                    let sums = simd.load(&sums[row * PANEL_COLUMNS + column..]);
                    sink.put(
                        simd,
                        row,
                        column,
                        operands.before.add(simd, row, column, sums),
                    );
                }
            }
        }
    }
}

const _: () = assert!(PANEL_ROWS == BLOCK_ROWS && PANEL_COLUMNS == BLOCK_COLUMNS);

/// Rows of a panel, and of the register tile where registers are wide: 14 x 2 accumulators, two vectors of the right panel
/// and one broadcast fill 31 of AVX-512's 32 registers; and 14 divides the pixel counts of ResNets at 224 pixels.
pub const PANEL_ROWS: usize = 14;
/// Columns of a panel of the right matrix: two vectors.
pub const PANEL_COLUMNS: usize = 2 * LANES;

/// Preferred number of rows of a panel: a multiple of the height of the register tile.
pub const fn panel_rows(wide: bool) -> usize {
    if wide {
        PANEL_ROWS
    } else {
        PANEL_ROWS / NARROW_TILE_ROWS * NARROW_TILE_ROWS
    }
}

/// Rows of the register tile of AVX2: 6 x 2 sums, two registers of the right panel and one broadcast fill 15 of 16 registers. Of
/// NEON: 6 x 4 sums, four registers of the right panel and one factor fill 29 of 32.
const NARROW_TILE_ROWS: usize = 6;
/// Numbers of one group of sixteen columns in a panel of the left matrix.
pub const GROUP: usize = PANEL_ROWS * LANES;

/// `target[row * stride + column] (+)= sum over k of left[row, k] * right[k, column]` for one panel pair.
///
/// * `left`: `groups` groups of `[PANEL_ROWS][16]`, of which the first `rows` rows count.
/// * `right`: `16 * groups` rows of [`PANEL_COLUMNS`].
/// * `accumulate`: adds to the numbers that `target` holds.
///
/// # Panics
/// When a slice is too short.
#[inline(always)]
pub fn multiply_panel<S: Simd, L: Lane<S>>(
    simd: S,
    (rows, groups): (usize, usize),
    left: &[f32],
    right: &[f32],
    target: &mut [f32],
    stride: usize,
    accumulate: bool,
) {
    assert!(target.len() >= (rows - 1) * stride + PANEL_COLUMNS);
    let plain = Plain {
        target: target.as_mut_ptr(),
        stride,
    };
    let before = Before {
        sums: plain.target,
        stride: accumulate.then_some(stride),
    };
    // SAFETY: the assertion covers all rows of the target, which are the sums to add to as well.
    unsafe { multiply_panel_to::<S, L, Plain>(simd, (rows, groups), left, right, before, plain) }
}

/// [`multiply_panel`] whose sums, each added to that in `before` if it is there, go from the registers to `sink`.
///
/// # Panics
/// When `left`, `right` or `before` is too short.
#[inline(always)]
pub fn multiply_panel_into<S: Simd, L: Lane<S>>(
    simd: S,
    (rows, groups): (usize, usize),
    left: &[f32],
    right: &[f32],
    before: Option<&[f32]>,
    sink: impl SumSink<S>,
) {
    assert!(before.is_none_or(|before| before.len() >= rows * PANEL_COLUMNS));
    let before = Before {
        sums: before.map_or(std::ptr::null(), <[f32]>::as_ptr),
        stride: before.map(|_| PANEL_COLUMNS),
    };
    // SAFETY: the assertion covers all rows of `before`.
    unsafe { multiply_panel_to::<S, L, _>(simd, (rows, groups), left, right, before, sink) }
}

/// # Safety
/// `before` must be readable for `rows` rows.
#[inline(always)]
unsafe fn multiply_panel_to<S: Simd, L: Lane<S>, K: SumSink<S>>(
    simd: S,
    (rows, groups): (usize, usize),
    left: &[f32],
    right: &[f32],
    before: Before,
    sink: K,
) {
    assert!((1..=PANEL_ROWS).contains(&rows));
    assert!(left.len() >= groups * GROUP && right.len() >= groups * LANES * PANEL_COLUMNS);
    let operands = Operands {
        left: left.as_ptr(),
        left_row: LANES,
        right: right.as_ptr(),
        before,
    };
    // SAFETY: the assertions above cover every address: group `g < groups`, row `r < rows <= PANEL_ROWS`.
    unsafe { L::multiply_groups(simd, (rows, groups), operands, sink) }
}

/// Takes the sums of a tile, a vector at a time.
pub trait SumSink<S: Simd>: Copy {
    /// Sixteen sums of `row`, from `column` on: 0 or 16.
    ///
    /// # Safety
    /// The rows and columns must be those that the sink has room for.
    unsafe fn put(self, simd: S, row: usize, column: usize, sums: S::Vector);
}

/// Writes the sums as they are.
#[derive(Clone, Copy)]
struct Plain {
    target: *mut f32,
    stride: usize,
}

impl<S: Simd> SumSink<S> for Plain {
    #[inline(always)]
    unsafe fn put(self, simd: S, row: usize, column: usize, sums: S::Vector) {
        // SAFETY: the caller's promise.
        unsafe { simd.store_to(self.target.add(row * self.stride + column), sums) }
    }
}

/// Sums to add to, if there is a stride between their rows.
#[derive(Clone, Copy)]
struct Before {
    sums: *const f32,
    stride: Option<usize>,
}

impl Before {
    /// Sixteen sums with those that were there before.
    ///
    /// # Safety
    /// There must be such a row and column.
    #[inline(always)]
    unsafe fn add<S: Simd>(self, simd: S, row: usize, column: usize, sums: S::Vector) -> S::Vector {
        let before = match self.stride {
            // SAFETY: the caller's promise.
            Some(stride) => unsafe { simd.load_from(self.sums.add(row * stride + column)) },
            None => simd.splat(0.0),
        };
        simd.add(before, sums)
    }
}

/// Positions of the `k` in the left matrix of [`multiply_outer`]: `lines` times `length` values, at
/// `line * line_step + i * step`.
#[derive(Clone, Copy, Debug)]
pub struct StridedWalk {
    /// Lines of the picture.
    pub lines: usize,
    /// Numbers from a line to the next.
    pub line_step: usize,
    /// Pixels of a line.
    pub length: usize,
    /// Numbers from a pixel to the next.
    pub step: usize,
}

/// `target[row * 32 + column] (+)= sum over k of left[position of k + row] * right[k * 32 + column]`.
///
/// * `left`: the numbers of all rows at a pixel lie side by side, the pixels at the positions of `pixels`.
/// * `right`: a row of [`PANEL_COLUMNS`] per pixel.
/// * `accumulate`: adds to the numbers that `target` holds.
///
/// # Panics
/// When a slice is too short.
#[inline(always)]
pub fn multiply_outer<S: Simd, L: Lane<S>>(
    simd: S,
    rows: usize,
    pixels: StridedWalk,
    left: &[f32],
    right: &[f32],
    target: &mut [f32],
    accumulate: bool,
) {
    let StridedWalk {
        lines,
        line_step,
        length,
        step,
    } = pixels;
    assert!((1..=PANEL_ROWS).contains(&rows) && lines > 0 && length > 0);
    assert!(left.len() >= (lines - 1) * line_step + (length - 1) * step + rows);
    assert!(right.len() >= lines * length * PANEL_COLUMNS);
    assert!(target.len() >= rows * PANEL_COLUMNS);
    let operands = Operands {
        left: left.as_ptr(),
        left_row: 1,
        right: right.as_ptr(),
        before: Before {
            sums: target.as_ptr(),
            stride: accumulate.then_some(PANEL_COLUMNS),
        },
    };
    let sink = Plain {
        target: target.as_mut_ptr(),
        stride: PANEL_COLUMNS,
    };
    // SAFETY: the assertions above cover every address: pixel `i < length` of a line below `lines`, row `r < rows`.
    unsafe { for_register_tiles::<S, L, StridedWalk, Plain>(simd, rows, operands, pixels, sink) }
}

/// Positions of the `k` in the left matrix of [`multiply_narrow`]: `lines` times `length` lanes side by side; those of the next
/// row lie `ROW` lanes further.
#[derive(Clone, Copy, Debug)]
pub struct NarrowWalk<const ROW: usize> {
    /// Lines of the picture.
    pub lines: usize,
    /// Lanes from a line to the next.
    pub line_step: usize,
    /// Lanes of a line.
    pub length: usize,
}

/// `target[row * 32 + column] = sum over k of left[position of k + row * ROW] * right[k * 32 + column]`.
///
/// # Panics
/// When a slice is too short.
#[inline(always)]
pub fn multiply_narrow<S: Simd, L: Lane<S>, const ROW: usize>(
    simd: S,
    rows: usize,
    walk: NarrowWalk<ROW>,
    left: &[f32],
    right: &[f32],
    target: &mut [f32],
) {
    let NarrowWalk {
        lines,
        line_step,
        length,
    } = walk;
    assert!((1..=PANEL_ROWS).contains(&rows) && lines > 0 && length > 0);
    assert!(left.len() >= (lines - 1) * line_step + (rows - 1) * ROW + length);
    assert!(right.len() >= lines * length * PANEL_COLUMNS);
    assert!(target.len() >= rows * PANEL_COLUMNS);
    let operands = Operands {
        left: left.as_ptr(),
        left_row: ROW,
        right: right.as_ptr(),
        before: Before {
            sums: std::ptr::null(),
            stride: None,
        },
    };
    let sink = Plain {
        target: target.as_mut_ptr(),
        stride: PANEL_COLUMNS,
    };
    // SAFETY: the assertions above cover every address: number `i < length` of a line below `lines`, row `r < rows`.
    unsafe { for_register_tiles::<S, L, NarrowWalk<ROW>, Plain>(simd, rows, operands, walk, sink) }
}

/// The matrices of a product.
#[derive(Clone, Copy)]
pub struct Operands {
    left: *const f32,
    left_row: usize,
    right: *const f32,
    before: Before,
}

/// The order in which the left matrix is read along `k`.
///
/// A pointer moves by `add` only to an address that is read next. The move after the last `k` would leave the slice, and
/// without any `k` there is no address inside: where such a move can't be avoided it is a `wrapping_add`.
trait LeftWalk: Copy {
    /// # Safety
    /// For all `k` of the walk, `left` must be readable for `R` rows and `right` for `V` vectors.
    unsafe fn sum<S: Simd, L: Lane<S>, const R: usize, const V: usize>(
        self,
        simd: S,
        left: *const f32,
        right: *const f32,
        sums: [[S::Vector; V]; R],
    ) -> [[S::Vector; V]; R];
}

#[derive(Clone, Copy)]
struct GroupedWalk {
    groups: usize,
}

impl LeftWalk for GroupedWalk {
    #[inline(always)]
    unsafe fn sum<S: Simd, L: Lane<S>, const R: usize, const V: usize>(
        self,
        simd: S,
        left: *const f32,
        right: *const f32,
        mut sums: [[S::Vector; V]; R],
    ) -> [[S::Vector; V]; R] {
        for group in 0..self.groups {
            for i in 0..LANES {
                // SAFETY: the caller's promise.
                unsafe {
                    let left = left.add(group * GROUP + i);
                    let right = right.add((group * LANES + i) * PANEL_COLUMNS);
                    sums = step::<S, L, R, V, LANES>(simd, left, right, sums);
                }
            }
        }
        sums
    }
}

impl LeftWalk for StridedWalk {
    #[inline(always)]
    unsafe fn sum<S: Simd, L: Lane<S>, const R: usize, const V: usize>(
        self,
        simd: S,
        left: *const f32,
        mut right: *const f32,
        mut sums: [[S::Vector; V]; R],
    ) -> [[S::Vector; V]; R] {
        for line in 0..self.lines {
            let mut left = left.wrapping_add(line * self.line_step);
            for _ in 0..self.length {
                // SAFETY: the caller's promise.
                sums = unsafe { step::<S, L, R, V, 1>(simd, left, right, sums) };
                left = left.wrapping_add(self.step);
                right = right.wrapping_add(PANEL_COLUMNS);
            }
        }
        sums
    }
}

impl<const ROW: usize> LeftWalk for NarrowWalk<ROW> {
    #[inline(always)]
    unsafe fn sum<S: Simd, L: Lane<S>, const R: usize, const V: usize>(
        self,
        simd: S,
        left: *const f32,
        mut right: *const f32,
        mut sums: [[S::Vector; V]; R],
    ) -> [[S::Vector; V]; R] {
        for line in 0..self.lines {
            for i in 0..self.length {
                // SAFETY: the caller's promise.
                unsafe {
                    let left = left.add(line * self.line_step + i);
                    sums = step::<S, L, R, V, ROW>(simd, left, right, sums);
                }
                right = right.wrapping_add(PANEL_COLUMNS);
            }
        }
        sums
    }
}

/// One value of `k`: every row's number times the `V` vectors of the right matrix.
///
/// # Safety
/// `left` must be readable at `r * ROW` for `r < R`, `right` for `V` vectors.
#[inline(always)]
unsafe fn step<S: Simd, L: Lane<S>, const R: usize, const V: usize, const ROW: usize>(
    simd: S,
    left: *const f32,
    right: *const f32,
    mut sums: [[S::Vector; V]; R],
) -> [[S::Vector; V]; R] {
    // SAFETY: the caller's promise.
    unsafe {
        let mut columns = [simd.splat(0.0); V];
        for (v, column) in columns.iter_mut().enumerate() {
            *column = simd.load_from(right.add(v * LANES));
        }
        for (r, sums) in sums.iter_mut().enumerate() {
            let factor = simd.splat(*left.add(r * ROW));
            for (sum, column) in sums.iter_mut().zip(columns) {
                *sum = L::multiply_add(simd, factor, column, *sum);
            }
        }
    }
    sums
}

/// Cuts the panel into tiles that fit the registers: one of `rows` x 32 where registers are wide, else of up to 6 x 16.
///
/// # Safety
/// The operands must be valid for `rows` rows, [`PANEL_COLUMNS`] columns and all `k` of the walk.
#[inline(always)]
unsafe fn for_register_tiles<S: Simd, L: Lane<S>, W: LeftWalk, K: SumSink<S>>(
    simd: S,
    rows: usize,
    operands: Operands,
    walk: W,
    sink: K,
) {
    // SAFETY: the caller's promise; every tile lies inside the panel.
    unsafe {
        if S::WIDE {
            match rows {
                1 => tile::<S, L, W, K, 1, 2>(simd, operands, walk, sink, (0, 0)),
                2 => tile::<S, L, W, K, 2, 2>(simd, operands, walk, sink, (0, 0)),
                3 => tile::<S, L, W, K, 3, 2>(simd, operands, walk, sink, (0, 0)),
                4 => tile::<S, L, W, K, 4, 2>(simd, operands, walk, sink, (0, 0)),
                5 => tile::<S, L, W, K, 5, 2>(simd, operands, walk, sink, (0, 0)),
                6 => tile::<S, L, W, K, 6, 2>(simd, operands, walk, sink, (0, 0)),
                7 => tile::<S, L, W, K, 7, 2>(simd, operands, walk, sink, (0, 0)),
                8 => tile::<S, L, W, K, 8, 2>(simd, operands, walk, sink, (0, 0)),
                9 => tile::<S, L, W, K, 9, 2>(simd, operands, walk, sink, (0, 0)),
                10 => tile::<S, L, W, K, 10, 2>(simd, operands, walk, sink, (0, 0)),
                11 => tile::<S, L, W, K, 11, 2>(simd, operands, walk, sink, (0, 0)),
                12 => tile::<S, L, W, K, 12, 2>(simd, operands, walk, sink, (0, 0)),
                13 => tile::<S, L, W, K, 13, 2>(simd, operands, walk, sink, (0, 0)),
                _ => tile::<S, L, W, K, 14, 2>(simd, operands, walk, sink, (0, 0)),
            }
        } else {
            let parts = rows.div_ceil(NARROW_TILE_ROWS);
            for half in 0..2 {
                // Tiles of almost the same height: a low one has too few sums to hide the latency of their additions.
                for part in 0..parts {
                    let (row, end) = (part * rows / parts, (part + 1) * rows / parts);
                    let tile_operands = Operands {
                        left: operands.left.wrapping_add(row * operands.left_row),
                        right: operands.right.wrapping_add(half * LANES),
                        ..operands
                    };
                    let place = (row, half * LANES);
                    match end - row {
                        1 => tile::<S, L, W, K, 1, 1>(simd, tile_operands, walk, sink, place),
                        2 => tile::<S, L, W, K, 2, 1>(simd, tile_operands, walk, sink, place),
                        3 => tile::<S, L, W, K, 3, 1>(simd, tile_operands, walk, sink, place),
                        4 => tile::<S, L, W, K, 4, 1>(simd, tile_operands, walk, sink, place),
                        5 => tile::<S, L, W, K, 5, 1>(simd, tile_operands, walk, sink, place),
                        _ => tile::<S, L, W, K, 6, 1>(simd, tile_operands, walk, sink, place),
                    }
                }
            }
        }
    }
}

/// One register tile, with its first row and column in the panel.
///
/// # Safety
/// The operands must be valid for `R` rows, `V` vectors and all `k` of the walk.
#[inline(always)]
unsafe fn tile<S: Simd, L: Lane<S>, W: LeftWalk, K: SumSink<S>, const R: usize, const V: usize>(
    simd: S,
    operands: Operands,
    walk: W,
    sink: K,
    (first_row, first_column): (usize, usize),
) {
    // SAFETY: the caller's promise.
    unsafe {
        let sums = [[simd.splat(0.0); V]; R];
        let sums = walk.sum::<S, L, R, V>(simd, operands.left, operands.right, sums);
        for (r, sums) in sums.into_iter().enumerate() {
            for (v, sum) in sums.into_iter().enumerate() {
                let (row, column) = (first_row + r, first_column + v * LANES);
                let sum = operands.before.add(simd, row, column, sum);
                sink.put(simd, row, column, sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Level, SimdOperation};

    /// Small whole numbers, so that sums are exact in any order; the vector has no room beyond them.
    fn numbers(count: usize, seed: usize) -> Vec<f32> {
        let numbers = (0..count).map(|i| ((i * 31 + seed * 17) % 13) as f32 - 6.0);
        let numbers: Vec<f32> = numbers.collect();
        assert_eq!(numbers.capacity(), count);
        numbers
    }

    /// Numbers from a row to the next.
    const NARROW_ROW: usize = 6;

    /// One of the three products, on slices that are no longer than it needs.
    #[derive(Clone, Copy, Debug)]
    enum Product {
        Panel { groups: usize, stride: usize },
        Outer(StridedWalk),
        NarrowWalk(NarrowWalk<NARROW_ROW>),
    }

    impl Product {
        /// Values of `k`.
        fn summands(self) -> usize {
            match self {
                Product::Panel { groups, .. } => groups * LANES,
                Product::Outer(walk) => walk.lines * walk.length,
                Product::NarrowWalk(walk) => walk.lines * walk.length,
            }
        }

        fn left_length(self, rows: usize) -> usize {
            match self {
                Product::Panel { groups, .. } => groups * GROUP,
                _ => 1 + self.left_position(rows - 1, self.summands() - 1),
            }
        }

        fn left_position(self, row: usize, k: usize) -> usize {
            match self {
                Product::Panel { .. } => k / LANES * GROUP + row * LANES + k % LANES,
                Product::Outer(walk) => {
                    k / walk.length * walk.line_step + k % walk.length * walk.step + row
                }
                Product::NarrowWalk(walk) => {
                    k / walk.length * walk.line_step + k % walk.length + row * NARROW_ROW
                }
            }
        }

        fn stride(self) -> usize {
            match self {
                Product::Panel { stride, .. } => stride,
                _ => PANEL_COLUMNS,
            }
        }

        fn accumulates(self) -> bool {
            !matches!(self, Product::NarrowWalk(_))
        }
    }

    struct Run<'a> {
        product: Product,
        rows: usize,
        left: &'a [f32],
        right: &'a [f32],
        target: &'a mut [f32],
        accumulate: bool,
    }

    impl SimdOperation for Run<'_> {
        type Output = ();

        #[inline(always)]
        fn run<S: Simd>(self, simd: S) {
            let Run {
                product,
                rows,
                left,
                right,
                target,
                accumulate,
            } = self;
            match product {
                Product::Panel { groups, stride } => multiply_panel::<S, Single>(
                    simd,
                    (rows, groups),
                    left,
                    right,
                    target,
                    stride,
                    accumulate,
                ),
                Product::Outer(walk) => {
                    multiply_outer::<S, Single>(simd, rows, walk, left, right, target, accumulate)
                }
                Product::NarrowWalk(walk) => {
                    multiply_narrow::<S, Single, NARROW_ROW>(simd, rows, walk, left, right, target)
                }
            }
        }
    }

    fn check(level: Level, product: Product, rows: usize, accumulate: bool) {
        let summands = product.summands();
        let left = numbers(product.left_length(rows), 1);
        let right = numbers(summands * PANEL_COLUMNS, 2);
        let before = numbers((rows - 1) * product.stride() + PANEL_COLUMNS, 3);
        let mut found = before.clone();
        level.run(Run {
            product,
            rows,
            left: &left,
            right: &right,
            target: &mut found,
            accumulate,
        });
        let mut expected = before;
        for (row, column) in (0..rows).flat_map(|r| (0..PANEL_COLUMNS).map(move |c| (r, c))) {
            let sum = (0..summands)
                .map(|k| left[product.left_position(row, k)] * right[k * PANEL_COLUMNS + column]);
            let target = &mut expected[row * product.stride() + column];
            *target = sum.sum::<f32>() + if accumulate { *target } else { 0.0 };
        }
        assert_eq!(found, expected, "{level:?} {product:?}, {rows} rows");
    }

    /// Also a test of addresses: under Miri a pointer that leaves its slice fails it, under the address sanitizer a number
    /// read beyond the end.
    #[test]
    fn products_on_slices_of_the_least_length_agree_with_the_definition() {
        let products = [
            Product::Panel {
                groups: 0,
                stride: PANEL_COLUMNS,
            },
            Product::Panel {
                groups: 2,
                stride: PANEL_COLUMNS + 3,
            },
            Product::Outer(StridedWalk {
                lines: 2,
                line_step: 50,
                length: 3,
                step: 15,
            }),
            Product::NarrowWalk(NarrowWalk {
                lines: 2,
                line_step: 100,
                length: 5,
            }),
        ];
        // Miri takes ten minutes for all; seven rows are two tiles where registers are narrow.
        let rows = if cfg!(miri) { 7..=7 } else { 1..=PANEL_ROWS };
        for level in Level::available() {
            for (product, rows) in products
                .iter()
                .flat_map(|p| rows.clone().map(move |r| (p, r)))
            {
                check(level, *product, rows, false);
                if product.accumulates() {
                    check(level, *product, rows, true);
                }
            }
        }
    }
}
