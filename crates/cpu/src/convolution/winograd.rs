//! 3x3 convolutions at stride one by Winograd's F(4x4, 3x3): 36 matrix products over tiles of 4x4 outputs.
//!
//! Row of a product: a tile. Column: an output channel. The sum runs over input channels. Two schedules:
//! * few channels: a task takes some tiles through all three steps, their transforms stay in its second-level cache,
//!   and the transformed weight is read by all tasks;
//! * many channels: the tiles are transformed first, then a task takes 32 output channels of all tiles, so that the
//!   transformed weight, four times as large as the weight, is made in the cache, used there and never stored.

mod multiply;
mod places;
mod sizes;
mod tiles;
mod tiling;
mod transform;
mod weight;
pub mod weight_gradient;

use rayon::prelude::*;

use super::epilogue::Epilogue;
use crate::{
    gemm::panel_rows,
    scratch::{Scratch, Shared},
    simd::Level,
};
use multiply::{MultiplyTiles, WinogradWeight};
use tiles::{LeftLayout, TransformInputs};
use weight::{TransformWeight, transformed_length};

pub use tiling::Winograd;

/// Input channels up to which a task keeps all of its tiles' transforms.
const FEW_CHANNELS: usize = 128;
/// Row panels of a task in the schedule for few channels.
const TASK_PANELS: usize = 2;
/// Tasks wanted at least, so that several threads end at about the same time.
const TASKS: usize = 8;
/// Row panels of a round in the schedule for many channels: a task's products take 450 KB.
const ROUND_PANELS: usize = 7;

impl Winograd {
    /// True where the whole transformed weight is made beforehand and read by all tasks.
    pub fn few_channels(&self) -> bool {
        self.channels_in <= FEW_CHANNELS
    }

    /// Computes the convolution with a weight in torch's layout.
    pub fn run(
        &self,
        level: Level,
        source: &[f32],
        weight: &[f32],
        target: &mut [f32],
        epilogue: Epilogue,
    ) {
        if self.few_channels() {
            let mut transformed = Scratch::take(self.transformed_length());
            self.transform_weight(level, weight, &mut transformed);
            self.run_few_channels(level, source, &transformed, target, epilogue);
        } else {
            self.run_many_channels(level, source, weight, target, epilogue);
        }
    }

    /// Numbers of the 36 right matrices.
    pub fn transformed_length(&self) -> usize {
        self.column_panels() * transformed_length(self.channels_in)
    }

    /// The 36 right matrices, for [`Winograd::run_few_channels`]: `[column panel][position][input channel][32]`.
    pub fn transform_weight(&self, level: Level, weight: &[f32], transformed: &mut [f32]) {
        let length = transformed_length(self.channels_in);
        let target = Shared::new(transformed);
        (0..self.column_panels()).into_par_iter().for_each(|panel| {
            let (channels, start) = (0..self.channels_in, panel * length);
            level.run(TransformWeight {
                winograd: self,
                weight,
                panel,
                channels,
                target,
                start,
            });
        });
    }

    /// The schedule for few channels, with a weight from [`Winograd::transform_weight`].
    pub fn run_few_channels(
        &self,
        level: Level,
        source: &[f32],
        weight: &[f32],
        target: &mut [f32],
        epilogue: Epilogue,
    ) {
        let target = Shared::new(target);
        let length = transformed_length(self.channels_in);
        let rows = panel_rows(level.is_wide());
        let panels = self.tiles().div_ceil(rows);
        let task_tiles = (panels / TASKS).clamp(1, TASK_PANELS) * rows;
        (0..self.tiles().div_ceil(task_tiles))
            .into_par_iter()
            .for_each(|task| {
                let tiles = task * task_tiles..self.tiles().min((task + 1) * task_tiles);
                let layout = LeftLayout::new(tiles.len(), self.channels_in, rows);
                let mut left = Scratch::take(layout.length());
                let (shared, part) = (Shared::new(&mut left), tiles.clone());
                level.run(TransformInputs {
                    winograd: self,
                    source,
                    tiles: part,
                    layout,
                    target: shared,
                    panel: 0,
                });
                for (panel, weight) in weight.chunks_exact(length).enumerate() {
                    let (weight, tiles) = (WinogradWeight::Transformed(weight), tiles.clone());
                    level.run(MultiplyTiles {
                        winograd: self,
                        layout,
                        left: &left,
                        tiles,
                        weight,
                        panel,
                        target,
                        epilogue,
                    });
                }
            });
    }

    fn run_many_channels(
        &self,
        level: Level,
        source: &[f32],
        weight: &[f32],
        target: &mut [f32],
        epilogue: Epilogue,
    ) {
        let (target, weight) = (Shared::new(target), WinogradWeight::Plain(weight));
        let rows = panel_rows(level.is_wide());
        let rounds = self.tiles().div_ceil(ROUND_PANELS * rows);
        let round_tiles = self.tiles().div_ceil(rounds);
        let layout = LeftLayout::new(round_tiles, self.channels_in, rows);
        let mut left = Scratch::take(layout.length());
        for first in (0..self.tiles()).step_by(round_tiles) {
            let tiles = first..self.tiles().min(first + round_tiles);
            let shared = Shared::new(&mut left);
            (0..tiles.len().div_ceil(layout.panel_rows))
                .into_par_iter()
                .for_each(|panel| {
                    let start = first + panel * layout.panel_rows;
                    let tiles = start..tiles.end.min(start + layout.panel_rows);
                    level.run(TransformInputs {
                        winograd: self,
                        source,
                        tiles,
                        layout,
                        target: shared,
                        panel,
                    });
                });
            (0..self.column_panels()).into_par_iter().for_each(|panel| {
                let tiles = tiles.clone();
                level.run(MultiplyTiles {
                    winograd: self,
                    layout,
                    left: &left,
                    tiles,
                    weight,
                    panel,
                    target,
                    epilogue,
                });
            });
        }
    }
}
