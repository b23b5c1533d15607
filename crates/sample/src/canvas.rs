//! A picture in linear light while it is being painted, and its development into 8 bits.

use glam::{Vec2, Vec3};
use image::RgbImage;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Linear colours, row by row; positions are in pixels from the upper left corner.
pub(crate) struct Canvas {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<Vec3>,
}

impl Canvas {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            pixels: vec![Vec3::ZERO; width * height],
        }
    }

    /// The shorter side: lengths that should not depend on the picture's size are shares of it.
    pub(crate) fn size(&self) -> f32 {
        self.width.min(self.height) as f32
    }

    /// Gives every pixel the colour that `colour` makes of its centre and its colour so far.
    pub(crate) fn paint(&mut self, mut colour: impl FnMut(Vec2, Vec3) -> Vec3) {
        self.paint_within(
            Vec2::ZERO,
            Vec2::new(self.width as f32, self.height as f32),
            &mut colour,
        );
    }

    /// The same for the pixels of a rectangle, which may reach beyond the canvas.
    pub(crate) fn paint_within(
        &mut self,
        low: Vec2,
        high: Vec2,
        mut colour: impl FnMut(Vec2, Vec3) -> Vec3,
    ) {
        let columns = low.x.max(0.0) as usize..(high.x.ceil().max(0.0) as usize).min(self.width);
        for row in low.y.max(0.0) as usize..(high.y.ceil().max(0.0) as usize).min(self.height) {
            for column in columns.clone() {
                let pixel = &mut self.pixels[row * self.width + column];
                *pixel = colour(Vec2::new(column as f32 + 0.5, row as f32 + 0.5), *pixel);
            }
        }
    }

    /// A soft-edged hair bent at `bend`.
    pub(crate) fn hair(
        &mut self,
        [start, bend, end]: [Vec2; 3],
        width: f32,
        colour: Vec3,
        opacity: f32,
    ) {
        let curve = |t: f32| start.lerp(bend, t).lerp(bend.lerp(end, t), t);
        for piece in 0..8 {
            let (from, to) = (curve(piece as f32 / 8.0), curve((piece + 1) as f32 / 8.0));
            let reach = Vec2::splat(width + 1.0);
            self.paint_within(
                from.min(to) - reach,
                from.max(to) + reach,
                |point, below| {
                    let share = ((point - from).dot(to - from)
                        / (to - from).length_squared().max(1e-6))
                    .clamp(0.0, 1.0);
                    let distance = (point - from.lerp(to, share)).length();
                    below.lerp(
                        colour,
                        opacity * (0.5 + width * 0.5 - distance).clamp(0.0, 1.0),
                    )
                },
            );
        }
    }

    /// Blurs the picture with two passes of a box that is `2 * radius + 1` pixels wide.
    pub(crate) fn blur(&mut self, radius: usize) {
        for _ in 0..2 {
            for row in 0..self.height {
                blur_line(&mut self.pixels, row * self.width, 1, self.width, radius);
            }
            for column in 0..self.width {
                blur_line(&mut self.pixels, column, self.width, self.height, radius);
            }
        }
    }

    /// Softens the picture as a lens out of focus by `share` of a three-pixel binomial does.
    pub(crate) fn soften(&mut self, share: f32) {
        for (step, count, lines, stride) in [
            (1, self.width, self.height, self.width),
            (self.width, self.height, self.width, 1),
        ] {
            for line in 0..lines {
                let start = line * stride;
                let mut before = self.pixels[start];
                for place in 0..count {
                    let here = start + place * step;
                    let after = self.pixels[if place + 1 < count { here + step } else { here }];
                    let now = self.pixels[here];
                    self.pixels[here] = now.lerp((before + now * 2.0 + after) * 0.25, share);
                    before = now;
                }
            }
        }
    }

    /// Develops the picture: exposure, the sensor's noise (`grain`, as a share of full scale) and gamma.
    pub(crate) fn develop(&self, random: &mut ChaCha8Rng, exposure: f32, grain: f32) -> RgbImage {
        RgbImage::from_fn(self.width as u32, self.height as u32, |x, y| {
            let shared = random.random::<f32>() - 0.5;
            let light = self.pixels[y as usize * self.width + x as usize] * exposure;
            image::Rgb(light.to_array().map(|light| {
                // A shoulder instead of clipping keeps detail in white fur.
                let value = (1.1 * light.max(0.0) / (1.0 + 0.15 * light.max(0.0)))
                    .min(1.0)
                    .powf(1.0 / 2.2);
                let noise = grain * (shared + random.random::<f32>() - 0.5);
                ((value + noise) * 255.0 + 0.5).clamp(0.0, 255.0) as u8
            }))
        })
    }
}

fn blur_line(pixels: &mut [Vec3], start: usize, step: usize, count: usize, radius: usize) {
    let line: Vec<Vec3> = (0..count)
        .map(|place| pixels[start + place * step])
        .collect();
    let at = |place: isize| line[place.clamp(0, count as isize - 1) as usize];
    let reach = radius as isize;
    let mut sum: Vec3 = (-reach..=reach).map(at).sum();
    for place in 0..count {
        pixels[start + place * step] = sum / (2 * radius + 1) as f32;
        sum += at(place as isize + reach + 1) - at(place as isize - reach);
    }
}
