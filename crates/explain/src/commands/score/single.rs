//! What is measured on some pictures only, since it asks the network many times for each.

use super::{
    gathered::{Gathered, Scored},
    likeness, removal,
};
use crate::explanation::Classes;
use anyhow::Result;
use std::slice;

/// Measures on `count` of the pictures, drawn by the seed; returns how many that were.
///
/// # Errors
/// Pictures that are not found, a network that gives no numbers.
pub fn measure(scored: &Scored, count: usize, gathered: &mut Gathered) -> Result<usize> {
    let files = scored.drawn(count);
    let bar = scored.terminal.pictures("taking pixels away", files.len());
    let mut measured = 0;
    scored.divided(
        &files,
        gathered,
        |file, gathered| {
            let read = scored
                .opened
                .read_all(slice::from_ref(file), scored.terminal);
            let count = read.len();
            for picture in read {
                let explanation = scored.explained(picture, Classes::True)?;
                removal::measure(scored, &explanation, gathered)?;
                likeness::measure(scored, &explanation, gathered)?;
            }
            Ok(count)
        },
        |count: usize| {
            measured += count;
            bar.advance(1);
        },
    )?;
    Ok(measured)
}
