//! Light: its direction and colour, and the shade that it gives to a surface.

use glam::Vec3;
use rand_chacha::ChaCha8Rng;

use crate::random::Draw;

/// Reflectance of a point of a surface.
#[derive(Clone, Copy)]
pub(crate) struct Albedo {
    /// Linear red, green and blue.
    pub colour: Vec3,
    /// Strength of the mirrored highlight.
    pub gloss: f32,
}

/// The light of one picture: one lamp or the sun, and what the surroundings scatter.
pub(crate) struct Light {
    /// Unit vector towards the lamp; x right, y up, z to the viewer.
    pub direction: Vec3,
    /// Linear colour of the lamp.
    pub key: Vec3,
    /// Linear colour of the scattered light.
    pub ambient: Vec3,
}

impl Light {
    /// Draws direction, brightness and colour temperature.
    pub(crate) fn draw(random: &mut ChaCha8Rng) -> Self {
        let azimuth = random.bell(0.0, 0.6);
        let elevation = random.between(0.45, 1.25);
        let direction = Vec3::new(
            azimuth.sin() * elevation.cos(),
            elevation.sin(),
            azimuth.cos() * elevation.cos(),
        );
        let warmth = random.bell(0.0, 0.09);
        let temperature = Vec3::new(1.0 + warmth, 1.0, 1.0 - 1.3 * warmth);
        let brightness = random.bell(1.0, 0.12);
        let contrast = random.between(0.45, 0.85);
        Self {
            direction,
            key: temperature * brightness * contrast,
            ambient: temperature.lerp(Vec3::new(0.95, 1.0, 1.08), 0.5)
                * brightness
                * (1.05 - contrast * 0.75),
        }
    }

    /// The colour that a surface shows; `openness` 0..1 is how much of the surroundings it sees.
    pub(crate) fn shade(&self, albedo: Albedo, normal: Vec3, openness: f32) -> Vec3 {
        // Hair scatters light around its edge, so the lit side reaches beyond the right angle.
        let lit = ((normal.dot(self.direction) + 0.3) / 1.3).max(0.0);
        let from_above = 0.75 + 0.25 * normal.y;
        let half_way = (self.direction + Vec3::Z).normalize();
        let mirror = normal.dot(half_way).max(0.0);
        let highlight = albedo.gloss * (0.5 * mirror.powi(8) + mirror.powi(40));
        let rim = (1.0 - normal.z.max(0.0)).powi(3) * 0.25;
        let scattered = self.ambient * from_above * openness * (1.0 + rim);
        let key = self.key * lit * (0.4 + 0.6 * openness);
        albedo.colour * (scattered + key) + self.key * highlight * openness
    }
}

/// Linear light of an sRGB colour written as 0xRRGGBB, with the exponent 2.2 in place of the standard's two pieces.
pub(crate) fn linear(rgb: u32) -> Vec3 {
    let channel = |shift: u32| (((rgb >> shift) & 0xFF) as f32 / 255.0).powf(2.2);
    Vec3::new(channel(16), channel(8), channel(0))
}
