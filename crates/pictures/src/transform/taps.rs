//! Linear interpolation along a side: the two pixels next to a position, and their weights.

use super::padding::Padding;

/// For each of several positions along a side, the first of two neighbouring pixels and the weights of both.
#[derive(Default)]
pub(super) struct Taps {
    /// Index of the first of the two pixels; the second follows it.
    pub first: Vec<u32>,
    /// Weight of the first pixel.
    pub near: Vec<f32>,
    /// Weight of the second pixel.
    pub far: Vec<f32>,
}

impl Taps {
    /// Makes room for `count` positions.
    pub(super) fn resize(&mut self, count: usize) {
        self.first.resize(count, 0);
        self.near.resize(count, 0.0);
        self.far.resize(count, 0.0);
    }

    /// Finds the taps of `scale * index + shift` for each of `indices`.
    #[inline(always)]
    pub(super) fn place(
        &mut self,
        indices: &[f64],
        [scale, shift]: [f64; 2],
        length: usize,
        padding: Padding,
        positions: &mut Vec<f64>,
    ) {
        positions.clear();
        positions.extend(indices.iter().map(|index| scale * index + shift));
        self.resize(indices.len());
        self.fill(positions, length, padding);
    }

    /// Finds the taps of `positions`, in pixels of a side of `length` pixels; any number is a position.
    #[inline(always)]
    pub(super) fn fill(&mut self, positions: &[f64], length: usize, padding: Padding) {
        let last = length as f64 - 1.0;
        let turns = if last > 0.0 { 0.5 / last } else { 0.0 };
        match padding {
            Padding::Reflection => self.fill_folded(positions, last, |p| reflected(p, last, turns)),
            Padding::Border => self.fill_folded(positions, last, |p| p.max(0.0).min(last)),
            Padding::Zeros => self.fill_folded(positions, last, |p| p.max(-1.0).min(last + 1.0)),
        }
    }

    /// `fold` brings a position to at most one pixel outside the side.
    #[inline(always)]
    fn fill_folded(&mut self, positions: &[f64], last: f64, fold: impl Fn(f64) -> f64) {
        let largest_first = (last - 1.0).max(0.0);
        let taps = self.first.iter_mut().zip(&mut self.near).zip(&mut self.far);
        for (((first, near), far), &position) in taps.zip(positions) {
            let position = fold(position);
            let index = rounded_down(position).max(0.0).min(largest_first);
            let offset = position - index;
            *first = (index + ROUND).to_bits() as u32;
            *near = (1.0 - offset.abs()).max(0.0) as f32;
            *far = (1.0 - (offset - 1.0).abs()).max(0.0) as f32;
        }
    }
}

/// Added to an f64 of at most 2^51, it leaves the nearest whole number in the low bits. Unlike a conversion to an
/// integer this costs one instruction, for several values at once, on every processor.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// The whole number below `x`; of a whole number itself, or the one before it: its weight is then 0.
#[inline(always)]
fn rounded_down(x: f64) -> f64 {
    (x - 0.5 + ROUND) - ROUND
}

/// The position in 0..=`last` that `position` stands for when the picture is mirrored about the centres of its outer
/// pixels without end; `turns` is 1 / (2 · `last`).
///
/// `max` and `min` take no notice of what is not a number; positions beyond 1e9 are those of a warp near its horizon.
#[inline(always)]
fn reflected(position: f64, last: f64, turns: f64) -> f64 {
    let distance = position.abs().min(1e9);
    let rest = distance - rounded_down(distance * turns) * (2.0 * last);
    (last - (rest - last).abs()).max(0.0).min(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tap(position: f64, length: usize, padding: Padding) -> (u32, f32, f32) {
        let mut taps = Taps::default();
        taps.resize(1);
        taps.fill(&[position], length, padding);
        (taps.first[0], taps.near[0], taps.far[0])
    }

    #[test]
    fn a_position_inside_lies_between_its_neighbours() {
        for padding in [Padding::Reflection, Padding::Zeros, Padding::Border] {
            assert_eq!(tap(2.25, 5, padding), (2, 0.75, 0.25));
            assert_eq!(tap(0.0, 5, padding), (0, 1.0, 0.0));
            assert_eq!(tap(4.0, 5, padding), (3, 0.0, 1.0));
            let (first, near, far) = tap(2.0, 5, padding);
            assert!(
                matches!((first, near, far), (1, 0.0, 1.0) | (2, 1.0, 0.0)),
                "{first} {near} {far}"
            );
        }
    }

    #[test]
    fn a_position_outside_reads_what_the_padding_says() {
        assert_eq!(tap(-1.25, 5, Padding::Reflection), (1, 0.75, 0.25));
        assert_eq!(tap(5.5, 5, Padding::Reflection), (2, 0.5, 0.5));
        assert_eq!(tap(9.25, 5, Padding::Reflection), (1, 0.75, 0.25));
        assert_eq!(tap(-1.25, 5, Padding::Border), (0, 1.0, 0.0));
        assert_eq!(tap(7.0, 5, Padding::Border), (3, 0.0, 1.0));
        assert_eq!(tap(-0.25, 5, Padding::Zeros), (0, 0.75, 0.0));
        assert_eq!(tap(4.75, 5, Padding::Zeros), (3, 0.0, 0.25));
        assert_eq!(tap(-3.0, 5, Padding::Zeros), (0, 0.0, 0.0));
        assert_eq!(tap(5.0, 5, Padding::Zeros), (3, 0.0, 0.0));
    }

    proptest! {
        #[test]
        fn any_number_gives_neighbours_inside_the_picture(position in prop::num::f64::ANY, length in 1usize..5000) {
            for padding in [Padding::Reflection, Padding::Zeros, Padding::Border] {
                let (first, near, far) = tap(position, length, padding);
                prop_assert!(first as usize + 2 <= length.max(2));
                prop_assert!(near >= 0.0 && far >= 0.0 && near + far <= 1.000_001);
                prop_assert!(length > 1 || padding == Padding::Zeros || far == 0.0);
                prop_assert!(padding == Padding::Zeros || (near + far - 1.0).abs() < 1e-6);
            }
        }
    }
}
