//! Value noise: random numbers on a lattice, smoothly interpolated (K. Perlin, "An image synthesizer", 1985, in its
//! simplest form). Textures of fur, grass, cloth and plaster are sums of it.

use glam::{Vec2, Vec3};

/// A field of noise; fields of different seeds are independent.
#[derive(Clone, Copy)]
pub(crate) struct Noise {
    seed: u32,
}

impl Noise {
    pub(crate) fn new(seed: u32) -> Self {
        Self { seed }
    }

    /// The field in the plane, 0..1, one lattice cell per unit.
    pub(crate) fn at(self, point: Vec2) -> f32 {
        let (x, y) = (cell(point.x), cell(point.y));
        let (u, v) = (ease(point.x - x as f32), ease(point.y - y as f32));
        let row = |y: i32| mix(self.lattice(x, y, 0), self.lattice(x + 1, y, 0), u);
        mix(row(y), row(y + 1), v)
    }

    /// The field in space, 0..1, one lattice cell per unit.
    pub(crate) fn in_space(self, point: Vec3) -> f32 {
        let (x, y, z) = (cell(point.x), cell(point.y), cell(point.z));
        let (u, v, w) = (
            ease(point.x - x as f32),
            ease(point.y - y as f32),
            ease(point.z - z as f32),
        );
        let row = |y: i32, z: i32| mix(self.lattice(x, y, z), self.lattice(x + 1, y, z), u);
        let slice = |z: i32| mix(row(y, z), row(y + 1, z), v);
        mix(slice(z), slice(z + 1), w)
    }

    /// Clouds: `octaves` fields, each twice as fine and half as strong as the one before; 0..1.
    pub(crate) fn clouds(self, point: Vec2, octaves: u32) -> f32 {
        let (mut sum, mut weight, mut total, mut point) = (0.0, 1.0, 0.0, point);
        for octave in 0..octaves {
            sum += weight * Self::new(self.seed.wrapping_add(octave)).at(point);
            total += weight;
            weight *= 0.5;
            point *= 2.03; // Not exactly two, or the lattices of all octaves would show at the same places.
        }
        sum / total
    }

    fn lattice(self, x: i32, y: i32, z: i32) -> f32 {
        let mut bits = self.seed
            ^ (x as u32).wrapping_mul(0x9E37_79B1)
            ^ (y as u32).wrapping_mul(0x85EB_CA77)
            ^ (z as u32).wrapping_mul(0xC2B2_AE3D);
        bits = (bits ^ (bits >> 15)).wrapping_mul(0x2C1B_3C6D);
        bits = (bits ^ (bits >> 12)).wrapping_mul(0x297A_2D39);
        ((bits ^ (bits >> 15)) >> 8) as f32 / (1 << 24) as f32
    }
}

/// Linear interpolation from `low` (at 0) to `high` (at 1).
pub(crate) fn mix(low: f32, high: f32, share: f32) -> f32 {
    low + (high - low) * share
}

/// 0 below `low`, 1 above `high`, smooth between; with `low` above `high` the other way round.
pub(crate) fn step(low: f32, high: f32, value: f32) -> f32 {
    ease(((value - low) / (high - low)).clamp(0.0, 1.0))
}

fn ease(share: f32) -> f32 {
    share * share * (3.0 - 2.0 * share)
}

/// The lattice cell of a coordinate: its floor, without a call of the C library.
fn cell(coordinate: f32) -> i32 {
    let truncated = coordinate as i32;
    truncated - i32::from(coordinate < truncated as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_continuous_and_stays_between_zero_and_one() {
        let noise = Noise::new(3);
        let along = |step: i32| noise.at(Vec2::new(step as f32 * 0.01 - 5.0, 0.3));
        let values: Vec<f32> = (0..1000).map(along).collect();
        assert!(values.iter().all(|value| (0.0..=1.0).contains(value)));
        // Smoothstep's steepest slope is 1.5 per cell.
        assert!(
            values
                .windows(2)
                .all(|pair| (pair[1] - pair[0]).abs() <= 0.0151)
        );
        assert!(values.iter().fold(0.0, |most: f32, value| most.max(*value)) > 0.8);
    }

    #[test]
    fn a_reversed_step_falls() {
        assert_eq!(
            (
                step(1.0, 0.0, 2.0),
                step(1.0, 0.0, -1.0),
                step(0.0, 1.0, 0.5)
            ),
            (0.0, 1.0, 0.5)
        );
    }
}
