//! The work and the working memory, cut into tasks.

use std::ops::Range;

use crate::{
    convolution::{
        shape::Shape,
        winograd::{
            places::Positions,
            sizes::{OUTPUTS, POSITIONS, spread},
        },
    },
    gemm::PANEL_COLUMNS,
    scratch::Shared,
};

/// Channels of a block: the columns of one right panel.
pub const BLOCK: usize = PANEL_COLUMNS;
/// Numbers of one side's transforms up to which all tiles are transformed at once: 10 MB.
const FEW_TILES: usize = 10 << 18;
/// Numbers of one side's transforms in a round, at most: 2 MB of the third-level cache.
const ROUND: usize = 2 << 18;
/// Tiles transformed by one task.
pub const TASK_TILES: usize = 16;
/// Blocks of input and of output channels of a task, where it has all positions: its sums take 590 KB.
const TASK_BLOCKS: usize = 2;

/// How the work is cut.
pub struct Plan {
    /// The convolution.
    pub shape: Shape,
    /// Rows and columns of tiles of a picture.
    pub grid: (usize, usize),
    /// Rounds in which the tiles are worked off.
    pub rounds: usize,
    /// Tiles of a round, at most.
    pub round_tiles: usize,
    /// Layout of the input's transforms.
    pub inputs: Layout,
    /// Layout of the transforms of the output's gradient.
    pub gradients: Layout,
}

/// Where a transform is: `[position][block][tile][32]`.
#[derive(Clone, Copy)]
pub struct Layout {
    /// Numbers from a block to the next.
    pub block_step: usize,
    /// Numbers from a position to the next.
    pub position_step: usize,
}

impl Layout {
    fn new(channels: usize, tiles: usize) -> Layout {
        let block_step = tiles * BLOCK;
        Layout {
            block_step,
            position_step: spread(channels / BLOCK * block_step),
        }
    }

    /// Numbers in all.
    pub fn length(&self) -> usize {
        POSITIONS * self.position_step
    }

    /// The places for sixteen channels of a tile that lies `place` numbers from the start of its block.
    ///
    /// # Safety
    /// While the result lives, nobody else may use these places.
    #[inline(always)]
    pub unsafe fn positions<'a>(
        &self,
        numbers: Shared<'a>,
        channel: usize,
        place: usize,
    ) -> Positions<'a> {
        let start = channel / BLOCK * self.block_step + place + channel % BLOCK;
        // SAFETY: the caller's promise.
        unsafe { Positions::new(numbers, start, self.position_step) }
    }
}

impl Plan {
    /// A plan that depends on the shape alone.
    pub fn new(shape: &Shape) -> Plan {
        let grid = (
            shape.output_height().div_ceil(OUTPUTS),
            shape.output_width().div_ceil(OUTPUTS),
        );
        let tiles = shape.batch * grid.0 * grid.1;
        let per_tile = POSITIONS * shape.channels_in.max(shape.channels_out);
        let rounds = if tiles * per_tile <= FEW_TILES {
            1
        } else {
            (tiles * per_tile).div_ceil(ROUND)
        };
        let round_tiles = tiles.div_ceil(rounds).next_multiple_of(TASK_TILES);
        Plan {
            shape: *shape,
            grid,
            rounds: tiles.div_ceil(round_tiles),
            round_tiles,
            inputs: Layout::new(shape.channels_in, round_tiles),
            gradients: Layout::new(shape.channels_out, round_tiles),
        }
    }

    /// Tiles of a round.
    pub fn round(&self, round: usize) -> Range<usize> {
        let tiles = self.shape.batch * self.grid.0 * self.grid.1;
        round * self.round_tiles..tiles.min((round + 1) * self.round_tiles)
    }

    /// Blocks of input channels.
    pub fn row_blocks(&self) -> usize {
        self.shape.channels_in / BLOCK
    }

    /// Blocks of output channels.
    pub fn column_blocks(&self) -> usize {
        self.shape.channels_out / BLOCK
    }

    /// Tasks, where each has all positions of some blocks.
    pub fn tasks(&self) -> usize {
        self.row_blocks().div_ceil(TASK_BLOCKS) * self.column_blocks().div_ceil(TASK_BLOCKS)
    }

    /// Blocks of input and of output channels of a task.
    pub fn task(&self, task: usize) -> (Range<usize>, Range<usize>) {
        let across = self.column_blocks().div_ceil(TASK_BLOCKS);
        let blocks =
            |task: usize, all: usize| task * TASK_BLOCKS..all.min((task + 1) * TASK_BLOCKS);
        (
            blocks(task / across, self.row_blocks()),
            blocks(task % across, self.column_blocks()),
        )
    }
}

/// Where the sums of some blocks are: `[position][input block][output block][32][32]`.
pub struct SumsLayout {
    /// Blocks of input channels.
    pub rows: Range<usize>,
    /// Blocks of output channels.
    pub columns: Range<usize>,
    /// Numbers from a position to the next.
    pub position_step: usize,
}

impl SumsLayout {
    /// Room for the sums of some blocks.
    pub fn new(rows: Range<usize>, columns: Range<usize>) -> SumsLayout {
        let position_step = spread(rows.len() * columns.len() * BLOCK * BLOCK);
        SumsLayout {
            rows,
            columns,
            position_step,
        }
    }

    /// Numbers in all.
    pub fn length(&self) -> usize {
        POSITIONS * self.position_step
    }

    /// Position of the first sum of a block.
    pub fn start(&self, position: usize, row: usize, column: usize) -> usize {
        let block = (row - self.rows.start) * self.columns.len() + column - self.columns.start;
        position * self.position_step + block * BLOCK * BLOCK
    }
}
