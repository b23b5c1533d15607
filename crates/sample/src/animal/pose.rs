//! Pose of an animal before the camera.

use std::f32::consts::FRAC_PI_2;

use glam::{Mat3, Vec3};
use rand_chacha::ChaCha8Rng;

use crate::random::Draw;

/// Posture of the body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stance {
    Standing,
    Sitting,
    Lying,
}

/// A pose; angles in radians.
pub(super) struct Pose {
    pub stance: Stance,
    /// 0 faces the camera, positive turns to the right of the picture.
    pub body_yaw: f32,
    pub head_rotation: Mat3,
    /// Downward angle of the camera.
    pub camera_pitch: f32,
}

impl Pose {
    /// Draws a pose; a narrow one sits and faces the camera, to leave room for another animal beside it.
    pub(super) fn draw(random: &mut ChaCha8Rng, narrow: bool) -> Self {
        let (stance, body_yaw) = if narrow {
            (Stance::Sitting, random.bell(0.0, 0.3))
        } else {
            match random.between(0.0, 1.0) {
                ..0.45 => (Stance::Sitting, random.bell(0.0, 0.42)),
                ..0.75 => (Stance::Standing, random.sign() * random.between(0.35, 1.35)),
                _ => (Stance::Lying, random.sign() * random.between(0.1, 1.35)),
            }
        };
        // Pets look at the photographer: the head turns most of the way back to the camera.
        let yaw = (body_yaw * random.between(0.1, 0.55) + random.bell(0.0, 0.2)).clamp(-0.85, 0.85);
        let head_rotation = Mat3::from_rotation_y(yaw)
            * Mat3::from_rotation_x(random.bell(0.02, 0.12))
            * Mat3::from_rotation_z(random.bell(0.0, 0.13));
        Self {
            stance,
            body_yaw,
            head_rotation,
            camera_pitch: random.between(0.08, 0.42),
        }
    }

    /// The direction of the animal's back in the body's coordinates.
    pub(super) fn back(&self) -> Vec3 {
        let lean = if self.stance == Stance::Sitting {
            FRAC_PI_2 * 0.6
        } else {
            0.0
        };
        Vec3::new(0.0, lean.cos(), -lean.sin())
    }
}
