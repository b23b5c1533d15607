//! Things that lie about: balls, boxes, cushions, plants and woolly rugs.

use glam::{Vec2, Vec3};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::canvas::Canvas;
use crate::light::{Light, linear};
use crate::noise::{Noise, mix, step};
use crate::random::Draw;

const PAINT: [u32; 12] = [
    0xC23B2E, 0xE0B23A, 0x2F6FA8, 0x4F8F4A, 0xE8E0D0, 0x262428, 0xA9683A, 0xD8BC94, 0x8A8A8E,
    0x7A4A78, 0x5C4030, 0xE58A3A,
];

/// Paints one thing somewhere on the ground.
pub(super) fn paint(random: &mut ChaCha8Rng, canvas: &mut Canvas, light: &Light, horizon: f32) {
    let size = canvas.size();
    let radius = random.between(0.06, 0.17) * size;
    let height = canvas.height as f32;
    let foot = Vec2::new(
        random.between(0.0, canvas.width as f32),
        random.between(horizon, height).max(horizon + 2.0),
    );
    contact_shadow(canvas, foot, radius);
    match random.random_range(0..5) {
        0 => ball(random, canvas, light, foot, radius),
        1 => parcel(random, canvas, light, foot, radius),
        2 => cushion(random, canvas, foot, radius * 1.3),
        3 => plant(random, canvas, foot, radius * 1.2),
        _ => woolly(random, canvas, light, foot, radius * 1.2),
    }
}

fn contact_shadow(canvas: &mut Canvas, foot: Vec2, radius: f32) {
    let spread = Vec2::new(radius * 1.3, radius * 0.35);
    canvas.paint_within(foot - spread * 2.0, foot + spread * 2.0, |point, colour| {
        colour * (1.0 - 0.5 * (-1.5 * ((point - foot) / spread).length_squared()).exp())
    });
}

fn ball(random: &mut ChaCha8Rng, canvas: &mut Canvas, light: &Light, foot: Vec2, radius: f32) {
    let [one, two] = [(); 2].map(|()| linear(random.choose(&PAINT)));
    let axis = Vec3::new(random.bell(0.0, 0.5), random.bell(0.0, 0.5), 0.6).normalize();
    let centre = foot - Vec2::new(0.0, radius);
    round(canvas, centre, Vec2::splat(radius), |normal| {
        let band = step(0.2, 0.28, normal.dot(axis).abs());
        one.lerp(two, band) * (0.35 + 0.75 * normal.dot(light.direction).max(0.0))
    });
}

fn parcel(random: &mut ChaCha8Rng, canvas: &mut Canvas, light: &Light, foot: Vec2, radius: f32) {
    let colour = linear(random.choose(&PAINT));
    let (wide, high) = (
        radius * random.between(0.8, 1.5),
        radius * random.between(0.8, 1.9),
    );
    let lid = radius * random.between(0.15, 0.4);
    let noise = Noise::new(random.random());
    let front = 0.5 + 0.4 * light.direction.z;
    let low = foot - Vec2::new(wide, high + lid);
    canvas.paint_within(low, foot + Vec2::new(wide, 0.0), |point, _| {
        let face = if point.y < foot.y - high { 1.0 } else { front };
        colour * face * mix(0.9, 1.1, noise.at(point * 0.25))
    });
}

fn cushion(random: &mut ChaCha8Rng, canvas: &mut Canvas, foot: Vec2, radius: f32) {
    let [one, two] = [(); 2].map(|()| linear(random.choose(&PAINT)));
    let half = Vec2::new(radius, radius * random.between(0.6, 0.95));
    let centre = foot - Vec2::new(0.0, half.y);
    let turn = Vec2::from_angle(random.bell(0.0, 0.25));
    let dots = random.chance(0.5);
    let reach = Vec2::splat(half.max_element() * 1.3);
    canvas.paint_within(centre - reach, centre + reach, |point, below| {
        let place = turn.rotate(point - centre) / half;
        let edge = (place.x.powi(4) + place.y.powi(4)).powf(0.25);
        let figure = if dots {
            step(0.6, 0.8, (place.x * 9.0).sin() * (place.y * 9.0).sin())
        } else {
            0.0
        };
        below.lerp(
            one.lerp(two, figure) * mix(1.05, 0.5, step(0.4, 1.0, edge)),
            step(1.0, 0.96, edge),
        )
    });
}

fn plant(random: &mut ChaCha8Rng, canvas: &mut Canvas, foot: Vec2, radius: f32) {
    let pot = linear(random.choose(&PAINT));
    canvas.paint_within(
        foot - Vec2::new(radius * 0.4, radius * 0.7),
        foot + Vec2::new(radius * 0.4, 0.0),
        |point, _| {
            pot * mix(
                1.1,
                0.5,
                ((point.x - foot.x) / radius + 0.4).clamp(0.0, 1.0),
            )
        },
    );
    for _ in 0..random.random_range(5..12) {
        let green = linear(random.choose(&[0x3F6B34, 0x5E8A3A, 0x2F5230, 0x86A04E]))
            * random.between(0.7, 1.2);
        let root = foot - Vec2::new(0.0, radius * 0.65);
        let tip =
            root + Vec2::from_angle(random.bell(-1.57, 0.5)) * radius * random.between(0.8, 1.7);
        let bend = root.lerp(tip, 0.5) + Vec2::new(random.bell(0.0, 0.2) * radius, 0.0);
        canvas.hair([root, bend, tip], radius * 0.16, green, 1.0);
    }
}

/// A sheepskin or a woolly toy: fur alone must not say that there is an animal.
fn woolly(random: &mut ChaCha8Rng, canvas: &mut Canvas, light: &Light, foot: Vec2, radius: f32) {
    let colour = linear(random.choose(&PAINT));
    let noise = Noise::new(random.random());
    let half = Vec2::new(
        radius * random.between(1.0, 1.8),
        radius * random.between(0.4, 1.0),
    );
    round(
        canvas,
        foot - Vec2::new(0.0, half.y * 0.9),
        half,
        |normal| {
            let hair = noise.at(Vec2::new(normal.x * 22.0, normal.y * 9.0));
            colour * mix(0.6, 1.3, hair) * (0.4 + 0.65 * normal.dot(light.direction).max(0.0))
        },
    );
}

/// An ellipse shaded by the normals of the half-ball above it.
fn round(canvas: &mut Canvas, centre: Vec2, half: Vec2, mut shade: impl FnMut(Vec3) -> Vec3) {
    canvas.paint_within(centre - half, centre + half, |point, below| {
        let place = (point - centre) / half;
        let normal = Vec3::new(
            place.x,
            -place.y,
            (1.0 - place.length_squared()).max(0.0).sqrt(),
        );
        below.lerp(shade(normal), step(1.0, 0.95, place.length()))
    });
}
