//! The places where pets are photographed: lawn, room, sofa, path, studio and an unsharp somewhere.

use glam::{Vec2, Vec3};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::canvas::Canvas;
use crate::light::linear;
use crate::noise::{Noise, mix, step};
use crate::random::Draw;

/// Colours of walls, cloth and wood; among them every colour that a coat can have.
const CLOTH: [u32; 18] = [
    0x8C3B32, 0xC9B79C, 0xE6E0D4, 0x3F5A7A, 0x6E8B5B, 0x2B2A2D, 0x9C7A52, 0xD9A86C, 0x70655C,
    0xA8B4BE, 0x5C3A28, 0xD8CDB8, 0x4A6B6E, 0xB9848A, 0x44474C, 0xE3D2B4, 0x7A5A8C, 0xC8763A,
];

/// Covers the whole canvas with one setting, ground below the row `horizon`.
pub(super) fn paint(random: &mut ChaCha8Rng, canvas: &mut Canvas, horizon: f32) {
    match random.random_range(0..6) {
        0 => lawn(random, canvas, horizon),
        1 => room(random, canvas, horizon),
        2 => sofa(random, canvas, horizon),
        3 => path(random, canvas, horizon),
        4 => studio(random, canvas),
        _ => unsharp(random, canvas),
    }
}

fn lawn(random: &mut ChaCha8Rng, canvas: &mut Canvas, horizon: f32) {
    let noise = Noise::new(random.random());
    let grass = linear(random.choose(&[0x5E8A3A, 0x78964A, 0x4A7434, 0x93955A, 0x8A7F50]));
    let far = linear(random.choose(&[0x8FB6D9, 0xC9D6DE, 0x4E6B3A, 0x2F4A2A, 0x9BA88F]));
    hedge(random, canvas, horizon, far);
    let size = canvas.size();
    ground(canvas, horizon, |on_ground, near, point| {
        let patch = noise.clouds(on_ground * 1.5, 3);
        let blades =
            noise.at(Vec2::new(point.x * 60.0, point.y * 16.0) / size * mix(1.6, 0.7, near));
        grass * mix(0.55, 1.3, patch) * mix(0.65, 1.35, blades)
    });
}

/// Sky or bushes behind a lawn, full of soft spots of light.
fn hedge(random: &mut ChaCha8Rng, canvas: &mut Canvas, horizon: f32, far: Vec3) {
    let noise = Noise::new(random.random());
    let size = canvas.size();
    canvas.paint(|point, _| {
        let leaves = noise.clouds(point / size * 5.0, 3);
        far * mix(0.5, 1.4, leaves) * mix(1.15, 0.8, (point.y / horizon.max(1.0)).min(1.0))
    });
    for _ in 0..random.random_range(0..14) {
        let centre = Vec2::new(
            random.between(0.0, canvas.width as f32),
            random.between(-0.1, 1.0) * horizon,
        );
        spot(
            canvas,
            centre,
            random.between(0.02, 0.09) * size,
            far * 1.3 + 0.12,
            0.35,
        );
    }
}

fn room(random: &mut ChaCha8Rng, canvas: &mut Canvas, horizon: f32) {
    wall(random, canvas);
    let noise = Noise::new(random.random());
    let floor = linear(random.choose(&CLOTH));
    let kind = random.random_range(0..3);
    let turn = random.between(-0.6, 0.6);
    ground(canvas, horizon, |on_ground, _, point| {
        let on_ground = Vec2::new(on_ground.x + on_ground.y * turn, on_ground.y);
        match kind {
            0 => planks(floor, on_ground, noise),
            1 => tiles(floor, on_ground, noise),
            _ => {
                floor
                    * mix(0.7, 1.25, noise.clouds(point * 0.4, 2))
                    * mix(0.9, 1.1, noise.at(on_ground))
            }
        }
    });
    let board = linear(random.choose(&[0xE8E4DC, 0x5C4030, 0xB8A890]));
    let height = random.between(0.015, 0.05) * canvas.size();
    let width = canvas.width as f32;
    canvas.paint_within(
        Vec2::new(0.0, horizon - height),
        Vec2::new(width, horizon),
        |_, _| board,
    );
}

fn wall(random: &mut ChaCha8Rng, canvas: &mut Canvas) {
    let noise = Noise::new(random.random());
    let colour = linear(random.choose(&CLOTH));
    let other = linear(random.choose(&CLOTH));
    let (size, width) = (canvas.size(), canvas.width as f32);
    let stripes = if random.chance(0.3) {
        random.between(0.3, 0.7)
    } else {
        0.0
    };
    let period = random.between(0.06, 0.2) * size;
    canvas.paint(|point, _| {
        let wave = (point.x / period * std::f32::consts::TAU).sin();
        let plaster = mix(0.88, 1.12, noise.clouds(point / size * 7.0, 3));
        colour.lerp(other, stripes * step(-0.1, 0.1, wave)) * plaster
    });
    if random.chance(0.45) {
        let corner = Vec2::new(
            random.between(-0.1, 0.8) * width,
            random.between(-0.2, 0.15) * size,
        );
        let extent = Vec2::new(random.between(0.2, 0.5), random.between(0.25, 0.5)) * size;
        let glass = linear(random.choose(&[0xE8F0F5, 0x9DB7C9, 0x3A4450, 0xD9C9A0]));
        panel(
            canvas,
            corner,
            extent,
            glass,
            linear(random.choose(&[0xF0EDE6, 0x4A3426, 0x2A2A2A])),
        );
    }
}

/// A window or a picture: a framed rectangle.
fn panel(canvas: &mut Canvas, corner: Vec2, extent: Vec2, glass: Vec3, frame: Vec3) {
    let border = canvas.size() * 0.02;
    canvas.paint_within(corner, corner + extent, |point, _| {
        let inset = (point - corner).min(corner + extent - point).min_element();
        let bar = (point.x - corner.x - extent.x * 0.5).abs();
        if inset < border || bar < border * 0.4 {
            frame
        } else {
            glass * mix(1.1, 0.8, (point.y - corner.y) / extent.y)
        }
    });
}

fn planks(colour: Vec3, on_ground: Vec2, noise: Noise) -> Vec3 {
    let across = on_ground.x * 3.2;
    let plank = across.floor();
    let shade = mix(0.75, 1.2, noise.at(Vec2::new(plank * 7.3, 3.0)));
    let grain = mix(
        0.85,
        1.12,
        noise.at(Vec2::new(across * 9.0, on_ground.y * 1.5 + plank * 5.1)),
    );
    let seam = step(0.0, 0.06, (across - plank).min(1.0 + plank - across));
    colour * shade * grain * mix(0.45, 1.0, seam)
}

fn tiles(colour: Vec3, on_ground: Vec2, noise: Noise) -> Vec3 {
    let place = on_ground * 2.2;
    let tile = place.floor();
    let joint = (place - tile).min(Vec2::ONE + tile - place).min_element();
    colour * mix(0.85, 1.1, noise.at(tile * 3.7)) * mix(0.55, 1.0, step(0.02, 0.06, joint))
}

fn sofa(random: &mut ChaCha8Rng, canvas: &mut Canvas, horizon: f32) {
    wall(random, canvas);
    let noise = Noise::new(random.random());
    let cloth = linear(random.choose(&CLOTH));
    let second = linear(random.choose(&CLOTH));
    let (size, width, height) = (canvas.size(), canvas.width as f32, canvas.height as f32);
    let pattern = random.random_range(0..3);
    let weave = move |point: Vec2| {
        let fabric = mix(0.85, 1.15, noise.at(point * 0.9))
            * mix(0.8, 1.2, noise.clouds(point / size * 4.0, 2));
        let wave = Vec2::new((point.x / size * 24.0).sin(), (point.y / size * 24.0).sin());
        let figure = match pattern {
            0 => 0.0,
            1 => step(0.2, 0.5, wave.x) * 0.7,
            _ => 0.35 * (step(0.2, 0.5, wave.x) + step(0.2, 0.5, wave.y)),
        };
        cloth.lerp(second, figure) * fabric
    };
    let cushions = random.random_range(1..4);
    let top = horizon * random.between(0.05, 0.6);
    for cushion in 0..cushions {
        let span = width / cushions as f32;
        let centre = Vec2::new((cushion as f32 + 0.5) * span, (top + horizon) * 0.5);
        soft_box(
            canvas,
            centre,
            Vec2::new(span * 0.52, (horizon - top) * 0.62),
            weave,
        );
    }
    let seat = Vec2::new(width * 0.5, (horizon + height) * 0.5 + size * 0.1);
    soft_box(
        canvas,
        seat,
        Vec2::new(width * 0.62, (height - horizon) * 0.5 + size * 0.13),
        weave,
    );
}

/// A cushion: a rounded rectangle that darkens towards its seam.
fn soft_box(canvas: &mut Canvas, centre: Vec2, half: Vec2, weave: impl Fn(Vec2) -> Vec3) {
    canvas.paint_within(centre - half, centre + half, |point, below| {
        let place = (point - centre) / half;
        let edge = (place.x.powi(6) + place.y.powi(6)).powf(1.0 / 6.0);
        let bulge = mix(1.08, 0.5, step(0.55, 1.0, edge)) - 0.12 * place.y;
        below.lerp(weave(point) * bulge, step(1.0, 0.97, edge))
    });
}

fn path(random: &mut ChaCha8Rng, canvas: &mut Canvas, horizon: f32) {
    let far = linear(random.choose(&[0x7C6A58, 0x9A9A94, 0x5A6B48, 0xB8C4CC, 0x3C3836]));
    hedge(random, canvas, horizon, far);
    let noise = Noise::new(random.random());
    let stone =
        linear(random.choose(&[0x8E8A84, 0xA89A84, 0x6A625A, 0xC4BAA8, 0xE4E6EA, 0x5A4A3C]));
    ground(canvas, horizon, |on_ground, _, _| {
        let gravel = noise.clouds(on_ground * 9.0, 3);
        stone * mix(0.55, 1.4, gravel) * mix(0.85, 1.15, noise.at(on_ground * 0.8 + 30.0))
    });
}

fn studio(random: &mut ChaCha8Rng, canvas: &mut Canvas) {
    let noise = Noise::new(random.random());
    let colour = linear(random.choose(&CLOTH));
    let second = colour.lerp(linear(random.choose(&CLOTH)), random.between(0.0, 0.6));
    let extent = Vec2::new(canvas.width as f32, canvas.height as f32);
    let heart = Vec2::new(random.between(0.2, 0.8), random.between(0.2, 0.8));
    canvas.paint(|point, _| {
        let place = point / extent;
        let glow = mix(1.15, 0.6, ((place - heart).length() * 1.1).min(1.0));
        colour.lerp(second, place.y) * glow * mix(0.92, 1.08, noise.clouds(place * 6.0, 2))
    });
}

fn unsharp(random: &mut ChaCha8Rng, canvas: &mut Canvas) {
    studio(random, canvas);
    let size = canvas.size();
    for _ in 0..random.random_range(8..26) {
        let colour = linear(random.choose(&CLOTH)) * random.between(0.6, 1.4);
        let centre = Vec2::new(
            random.between(0.0, canvas.width as f32),
            random.between(0.0, canvas.height as f32),
        );
        spot(
            canvas,
            centre,
            random.between(0.05, 0.28) * size,
            colour,
            random.between(0.3, 0.8),
        );
    }
    canvas.blur((0.02 * size) as usize);
}

/// A round spot with a soft edge, as a light out of focus makes.
fn spot(canvas: &mut Canvas, centre: Vec2, radius: f32, colour: Vec3, opacity: f32) {
    let reach = Vec2::splat(radius);
    canvas.paint_within(centre - reach, centre + reach, |point, below| {
        below.lerp(
            colour,
            opacity * step(radius, radius * 0.8, (point - centre).length()),
        )
    });
}

/// Paints the rows below the horizon. `colour` gets the place on the ground in perspective, how near it is (0 at the
/// horizon, 1 at the lower edge) and the pixel.
fn ground(canvas: &mut Canvas, horizon: f32, mut colour: impl FnMut(Vec2, f32, Vec2) -> Vec3) {
    let (width, height) = (canvas.width as f32, canvas.height as f32);
    canvas.paint_within(
        Vec2::new(0.0, horizon),
        Vec2::new(width, height),
        |point, _| {
            let near = (point.y - horizon) / (height - horizon).max(1.0);
            let distance = 1.0 / (near + 0.22);
            let on_ground = Vec2::new(
                (point.x - width * 0.5) / height * distance * 2.0,
                distance * 2.0,
            );
            colour(on_ground, near, point)
        },
    );
}
