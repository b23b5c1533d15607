//! Photograph-like surroundings. They are drawn without knowing the breed, so they tell nothing about it.

mod props;
mod settings;

use glam::Vec2;
use rand_chacha::ChaCha8Rng;

use crate::animal::Animal;
use crate::canvas::Canvas;
use crate::light::Light;
use crate::random::Draw;
use crate::render::View;

/// Paints a setting whose ground reaches up to the row `horizon`, with things lying about.
pub(crate) fn paint(random: &mut ChaCha8Rng, canvas: &mut Canvas, light: &Light, horizon: f32) {
    settings::paint(random, canvas, horizon);
    for _ in 0..random.choose(&[0, 1, 1, 2, 3]) {
        props::paint(random, canvas, light, horizon);
    }
    let size = canvas.size();
    // A near subject leaves what is behind it out of focus.
    let blur = (random.between(0.0, 0.02) * size) as usize;
    if blur > 0 {
        canvas.blur(blur);
    }
    let brightness = light.key * 0.6 + light.ambient * 0.75;
    let falling = random.between(-0.25, 0.25);
    let width = canvas.width as f32;
    canvas.paint(|point, colour| colour * brightness * (1.0 + falling * (point.x / width - 0.5)));
}

/// Darkens the ground where the animal keeps the light away.
pub(crate) fn shadow(canvas: &mut Canvas, animal: &Animal, view: View, light: &Light) {
    let strength = 0.35 + 0.3 * (light.key.y / (light.key.y + light.ambient.y));
    let slope = light.direction / light.direction.y.max(0.35);
    let blobs: Vec<(Vec2, Vec2, f32)> = animal
        .parts
        .iter()
        .map(|part| {
            let (low, high) = part.solid.extent();
            let radius = (high - low).min_element() * 0.5;
            let centre = animal.camera.transpose() * part.solid.centre();
            let ground = centre - slope * centre.y;
            let ground = animal.camera * ground.with_y(0.0);
            let softness = 0.03 + 0.35 * centre.y.max(0.0);
            let spread = Vec2::new(
                radius + softness,
                (radius + softness) * animal.camera.z_axis.y.abs().max(0.16),
            );
            let density = strength * (radius / (radius + softness)).powf(1.5);
            (
                view.project(ground.truncate()),
                spread * view.scale,
                density,
            )
        })
        .collect();
    for (centre, spread, density) in blobs {
        canvas.paint_within(
            centre - spread * 2.0,
            centre + spread * 2.0,
            |point, colour| {
                let distance = ((point - centre) / spread).length_squared();
                colour * (1.0 - density * (-1.5 * distance).exp())
            },
        );
    }
}
