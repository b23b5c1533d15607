//! The gradient for the weight of 3x3 convolutions at stride one by the transpose of Winograd's F(4x4, 3x3).
//!
//! 36 products again, `[input channel, output channel]`, that sum over tiles; inputs and gradients of the outputs are
//! both transformed to `[position][block of 32 channels][tile][32]`. Two schedules:
//! * few tiles: all are transformed, then a task takes some channel blocks through the 36 products and back to the
//!   gradient, so that the sums, four times as large as the weight, are never stored whole;
//! * many tiles: they are worked off in rounds whose transforms stay in the third-level cache; in a round a task takes
//!   one position, so that each transform is read once. The rounds' sums are added in their order, which depends on
//!   the shape alone.

mod blocks;
mod plan;
mod tiles;

use rayon::prelude::*;

use super::sizes::POSITIONS;
use crate::{
    convolution::shape::Shape,
    scratch::{Scratch, Shared},
    simd::Level,
};
use blocks::{BlockGradient, Products, WriteGradient};
use plan::{Plan, SumsLayout, TASK_TILES};
use tiles::TransformTiles;

/// Writes the gradient for the weight. The shape must be one that `Winograd::supports`.
pub fn run(
    level: Level,
    shape: &Shape,
    input: &[f32],
    output_gradient: &[f32],
    weight_gradient: &mut [f32],
) {
    let plan = Plan::new(shape);
    let pictures = Pictures {
        input,
        output_gradient,
    };
    let target = Shared::new(weight_gradient);
    if plan.rounds == 1 {
        run_few_tiles(level, &plan, pictures, target);
    } else {
        run_many_tiles(level, &plan, pictures, target);
    }
}

/// Both sides of the products, before their transforms.
#[derive(Clone, Copy)]
struct Pictures<'a> {
    input: &'a [f32],
    output_gradient: &'a [f32],
}

fn run_few_tiles(level: Level, plan: &Plan, pictures: Pictures, target: Shared) {
    let mut inputs = Scratch::take(plan.inputs.length());
    let mut gradients = Scratch::take(plan.gradients.length());
    transform_round(level, plan, 0, pictures, &mut inputs, &mut gradients);
    (0..plan.tasks()).into_par_iter().for_each(|task| {
        let (rows, columns) = plan.task(task);
        level.run(BlockGradient {
            plan,
            inputs: &inputs,
            gradients: &gradients,
            target,
            rows,
            columns,
        });
    });
}

fn run_many_tiles(level: Level, plan: &Plan, pictures: Pictures, target: Shared) {
    let mut inputs = Scratch::take(plan.inputs.length());
    let mut gradients = Scratch::take(plan.gradients.length());
    let layout = SumsLayout::new(0..plan.row_blocks(), 0..plan.column_blocks());
    let mut sums = Scratch::take(layout.length());
    for round in 0..plan.rounds {
        transform_round(level, plan, round, pictures, &mut inputs, &mut gradients);
        let sums = Shared::new(&mut sums);
        (0..POSITIONS).into_par_iter().for_each(|position| {
            level.run(Products {
                plan,
                round,
                inputs: &inputs,
                gradients: &gradients,
                sums,
                layout: &layout,
                positions: position..position + 1,
            });
        });
    }
    let sums = Shared::new(&mut sums);
    (0..plan.tasks()).into_par_iter().for_each(|task| {
        let (rows, columns) = plan.task(task);
        level.run(WriteGradient {
            plan,
            sums,
            layout: &layout,
            rows,
            columns,
            target,
        });
    });
}

/// Transforms both sides of a round's tiles.
fn transform_round(
    level: Level,
    plan: &Plan,
    round: usize,
    pictures: Pictures,
    inputs: &mut [f32],
    gradients: &mut [f32],
) {
    let tiles = plan.round(round);
    let (inputs, gradients) = (Shared::new(inputs), Shared::new(gradients));
    (0..tiles.len().div_ceil(TASK_TILES))
        .into_par_iter()
        .for_each(|task| {
            let start = tiles.start + task * TASK_TILES;
            let part = start..tiles.end.min(start + TASK_TILES);
            level.run(TransformTiles {
                plan,
                input: pictures.input,
                output_gradient: pictures.output_gradient,
                round: tiles.start,
                tiles: part,
                inputs,
                gradients,
            });
        });
}
