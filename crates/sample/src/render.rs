//! Animals on the canvas: the nearest surface under every sample, its light, and four samples averaged per pixel.

use std::cmp::Ordering;

use glam::{Vec2, Vec3};

use crate::animal::{Animal, Part, Spot};
use crate::canvas::Canvas;
use crate::light::{Albedo, Light};
use crate::noise::Noise;
use crate::solid::Hit;

/// Samples per pixel along each side.
const SAMPLES: usize = 2;

/// Side of the squares of samples for which the parts within reach are collected once.
const TILE: usize = 16;

/// Place of the animal's origin in the picture and size of its unit, in pixels.
#[derive(Clone, Copy)]
pub(crate) struct View {
    pub origin: Vec2,
    pub scale: f32,
}

impl View {
    /// Maps the animal's coordinates (y up) to the picture's (y down).
    pub(crate) fn project(&self, point: Vec2) -> Vec2 {
        self.origin + point * Vec2::new(self.scale, -self.scale)
    }

    fn unproject(&self, pixel: Vec2) -> Vec2 {
        (pixel - self.origin) / Vec2::new(self.scale, -self.scale)
    }
}

/// Shares of each pixel that the animal, its head with the ears and the ears alone cover, row by row.
pub(crate) struct Coverage {
    pub width: usize,
    pub height: usize,
    pub animal: Vec<f32>,
    pub head: Vec<f32>,
    pub ears: Vec<f32>,
}

/// Paints `animal` on the canvas and returns its coverage of the pixels.
pub(crate) fn render(
    canvas: &mut Canvas,
    animal: &Animal,
    view: View,
    light: &Light,
    tufts: Noise,
) -> Coverage {
    let samples = Samples::take(canvas, animal, view, tufts);
    let open_sky = samples.blurred_depth((view.scale * 0.09 * SAMPLES as f32) as usize);
    let (width, height) = (canvas.width, canvas.height);
    let mut coverage = Coverage {
        width,
        height,
        animal: vec![0.0; width * height],
        head: vec![0.0; width * height],
        ears: vec![0.0; width * height],
    };
    let weight = 1.0 / (SAMPLES * SAMPLES) as f32;
    for (place, pixel) in canvas.pixels.iter_mut().enumerate() {
        let (mut colour, mut covered) = (Vec3::ZERO, 0.0);
        for sample in samples.of_pixel(place % width, place / width) {
            let Some(surface) = &samples.surfaces[sample] else {
                continue;
            };
            let hidden = (open_sky[sample] - surface.depth).max(0.0) / 0.16;
            colour +=
                light.shade(surface.albedo, surface.normal, 1.0 / (1.0 + 1.6 * hidden)) * weight;
            covered += weight;
            coverage.head[place] += if surface.of_head { weight } else { 0.0 };
            coverage.ears[place] += if surface.of_ears { weight } else { 0.0 };
        }
        coverage.animal[place] = covered;
        *pixel = *pixel * (1.0 - covered) + colour;
    }
    whiskers(canvas, animal, view, light);
    coverage
}

/// The nearest surface under one sample.
struct Surface {
    depth: f32,
    normal: Vec3,
    albedo: Albedo,
    of_head: bool,
    of_ears: bool,
}

struct Samples {
    width: usize,
    height: usize,
    surfaces: Vec<Option<Surface>>,
}

impl Samples {
    fn take(canvas: &Canvas, animal: &Animal, view: View, tufts: Noise) -> Self {
        let (width, height) = (canvas.width * SAMPLES, canvas.height * SAMPLES);
        let mut surfaces: Vec<Option<Surface>> = Vec::new();
        surfaces.resize_with(width * height, || None);
        let point = |column: usize, row: usize| {
            view.unproject((Vec2::new(column as f32, row as f32) + 0.5) / SAMPLES as f32)
        };
        let mut hits = Vec::new();
        let boxes: Vec<(Vec2, Vec2, &Part)> = animal.parts.iter().map(reach).collect();
        for top in (0..height).step_by(TILE) {
            for left in (0..width).step_by(TILE) {
                let (bottom, right) = ((top + TILE).min(height), (left + TILE).min(width));
                // The picture's rows count downwards and the animal's heights upwards.
                let (low, high) = (point(left, bottom), point(right, top));
                let near: Vec<&Part> = boxes
                    .iter()
                    .filter(|(from, to, _)| from.cmple(high).all() && to.cmpge(low).all())
                    .map(|(_, _, part)| *part)
                    .collect();
                if near.is_empty() {
                    continue;
                }
                for row in top..bottom {
                    for column in left..right {
                        surfaces[row * width + column] =
                            surface_at(point(column, row), &near, animal, tufts, &mut hits);
                    }
                }
            }
        }
        Self {
            width,
            height,
            surfaces,
        }
    }

    fn of_pixel(&self, column: usize, row: usize) -> impl Iterator<Item = usize> + use<> {
        let width = self.width;
        (0..SAMPLES * SAMPLES).map(move |sample| {
            (row * SAMPLES + sample / SAMPLES) * width + column * SAMPLES + sample % SAMPLES
        })
    }

    /// The mean depth of the surfaces around each sample: what lies deeper is in a fold.
    fn blurred_depth(&self, radius: usize) -> Vec<f32> {
        let mut sums: Vec<(f32, f32)> = self
            .surfaces
            .iter()
            .map(|surface| surface.as_ref().map_or((0.0, 0.0), |s| (s.depth, 1.0)))
            .collect();
        for row in 0..self.height {
            sum_line(&mut sums, row * self.width, 1, self.width, radius);
        }
        for column in 0..self.width {
            sum_line(&mut sums, column, self.width, self.height, radius);
        }
        sums.iter()
            .map(|(sum, count)| sum / count.max(1.0))
            .collect()
    }
}

fn reach(part: &Part) -> (Vec2, Vec2, &Part) {
    let (low, high) = part.solid.extent();
    let margin = Vec2::splat((high - low).max_element() * part.fluff);
    (low - margin, high + margin, part)
}

/// The topmost of `parts` at a point, melted into those just below it. `hits` is scratch space.
fn surface_at<'part>(
    point: Vec2,
    parts: &[&'part Part],
    animal: &Animal,
    tufts: Noise,
    hits: &mut Vec<(&'part Part, Hit)>,
) -> Option<Surface> {
    hits.clear();
    let mut tuft = None;
    for part in parts {
        let swell = if part.fluff > 0.0 {
            let tuft = *tuft.get_or_insert_with(|| {
                tufts.at(point * 17.0) + 0.7 * tufts.at(point * Vec2::new(44.0, 30.0) + 9.0) - 0.85
            });
            1.0 + part.fluff * tuft * 1.3
        } else {
            1.0
        };
        hits.extend(part.solid.hit(point, swell).map(|hit| (*part, hit)));
    }
    hits.sort_by(|one, other| {
        other
            .1
            .depth
            .partial_cmp(&one.1.depth)
            .unwrap_or(Ordering::Equal)
    });
    let top = hits.first()?.1.depth;
    let mut melted: Option<Surface> = None;
    // From the deepest upwards: each nearer surface covers what is below by as much as it stands out.
    for (part, hit) in hits
        .iter()
        .rev()
        .filter(|(part, hit)| top - hit.depth <= part.blend)
    {
        let place = point.extend(hit.depth);
        let spot = Spot {
            skin: part.skin,
            place: part.frame.locate(place),
            outwards: part.frame.rotation.transpose() * hit.normal,
            along: hit.along,
        };
        let albedo = animal.albedo(part, &spot);
        let surface = Surface {
            depth: hit.depth,
            normal: hit.normal,
            albedo,
            of_head: part.of_head,
            of_ears: part.is_ear(),
        };
        melted = Some(match melted {
            Some(below) => melt(below, surface, part.blend),
            None => surface,
        });
    }
    melted
}

fn melt(below: Surface, above: Surface, blend: f32) -> Surface {
    let share = if blend > 0.0 {
        (0.5 + 0.5 * (above.depth - below.depth) / blend).clamp(0.0, 1.0)
    } else {
        1.0
    };
    let gloss = below.albedo.gloss + (above.albedo.gloss - below.albedo.gloss) * share;
    Surface {
        depth: below.depth + (above.depth - below.depth) * share + blend * share * (1.0 - share),
        normal: below
            .normal
            .lerp(above.normal, share)
            .normalize_or(above.normal),
        albedo: Albedo {
            colour: below.albedo.colour.lerp(above.albedo.colour, share),
            gloss,
        },
        of_head: above.of_head,
        of_ears: above.of_ears,
    }
}

fn whiskers(canvas: &mut Canvas, animal: &Animal, view: View, light: &Light) {
    let colour = (light.key + light.ambient) * 0.8;
    for hair in &animal.whiskers {
        canvas.hair(
            hair.map(|point| view.project(point.truncate())),
            0.5,
            colour,
            0.5,
        );
    }
}

fn sum_line(sums: &mut [(f32, f32)], start: usize, step: usize, count: usize, radius: usize) {
    let line: Vec<(f32, f32)> = (0..count).map(|place| sums[start + place * step]).collect();
    let mut sum = (0.0, 0.0);
    for &(depth, covered) in line.iter().take(radius) {
        sum = (sum.0 + depth, sum.1 + covered);
    }
    for place in 0..count {
        if let Some((depth, covered)) = line.get(place + radius) {
            sum = (sum.0 + depth, sum.1 + covered);
        }
        if place > radius {
            let (depth, covered) = line[place - radius - 1];
            sum = (sum.0 - depth, sum.1 - covered);
        }
        sums[start + place * step] = sum;
    }
}
