//! One picture: an animal somewhere in a setting, and its annotations.

use glam::Vec2;
use image::{GrayImage, Luma, RgbImage};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::animal::Animal;
use crate::background;
use crate::breed::Breed;
use crate::canvas::Canvas;
use crate::light::Light;
use crate::noise::Noise;
use crate::random::Draw;
use crate::render::{Coverage, View, render};

/// How much of the light a plain background reflects.
const PLAIN: f32 = 0.35;

/// A rectangle of whole pixels; `right` and `bottom` are the first column and row outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PixelBox {
    pub left: u32,
    pub top: u32,
    pub right: u32,
    pub bottom: u32,
}

/// Place of one animal in the picture.
pub(crate) struct Whereabouts {
    /// 1 animal, 2 background, 3 the border between them.
    pub trimap: GrayImage,
    pub animal: PixelBox,
    pub head: PixelBox,
}

/// A drawn picture of one animal.
pub(crate) struct Portrait {
    pub picture: RgbImage,
    pub whereabouts: Whereabouts,
}

/// Draws one animal of `breed` somewhere in a picture; the head is always inside the frame.
pub(crate) fn portrait(random: &mut ChaCha8Rng, breed: Breed) -> Portrait {
    let (picture, coverage) = draw(random, breed, None);
    Portrait {
        picture,
        whereabouts: Whereabouts::of(&coverage),
    }
}

/// Something of a picture that can be left out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PicturePart {
    /// The head with its ears and whiskers, or in a mask what is not ears of it.
    Head = 1,
    /// The ears alone.
    Ears = 2,
    /// Colour and pattern of the body; without them it is grey. In a mask the body.
    Coat = 3,
    /// Everything behind the animal; without it one colour.
    Background = 4,
}

impl PicturePart {
    pub(crate) const ALL: [Self; 4] = [Self::Head, Self::Ears, Self::Coat, Self::Background];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Ears => "ears",
            Self::Coat => "coat",
            Self::Background => "background",
        }
    }
}

/// A picture, where its parts are, and the same picture without each of them.
pub(crate) struct Dissection {
    pub picture: RgbImage,
    /// For each pixel the number of its part.
    pub mask: GrayImage,
    /// In the order of [`PicturePart::ALL`].
    pub without: [RgbImage; 4],
}

/// Draws what [`portrait`] draws, and again without each of its parts: else nothing changes.
pub(crate) fn dissection(random: &ChaCha8Rng, breed: Breed) -> Dissection {
    let draw = |without| draw(&mut random.clone(), breed, without);
    let (picture, coverage) = draw(None);
    Dissection {
        picture,
        mask: parts_of(&coverage),
        without: PicturePart::ALL.map(|part| draw(Some(part)).0),
    }
}

fn draw(
    random: &mut ChaCha8Rng,
    breed: Breed,
    without: Option<PicturePart>,
) -> (RgbImage, Coverage) {
    let mut canvas = canvas_of_some_size(random);
    let light = Light::draw(random);
    let mut animal = Animal::individual(random, breed, false);
    let view = frame_animal(random, &canvas, &animal);
    let horizon = horizon(random, &canvas, view.origin.y);
    background::paint(random, &mut canvas, &light, horizon);
    if without == Some(PicturePart::Background) {
        canvas.paint(|_, _| PLAIN * (light.key + light.ambient));
    }
    background::shadow(&mut canvas, &animal, view, &light);
    match without {
        Some(PicturePart::Head) => animal.lose_head(),
        Some(PicturePart::Ears) => animal.lose_ears(),
        Some(PicturePart::Coat) => animal.has_plain_body = true,
        Some(PicturePart::Background) | None => {}
    }
    let coverage = render(
        &mut canvas,
        &animal,
        view,
        &light,
        Noise::new(random.random()),
    );
    (photograph(random, &mut canvas), coverage)
}

/// The part of each pixel that covers most of it.
fn parts_of(coverage: &Coverage) -> GrayImage {
    GrayImage::from_fn(coverage.width as u32, coverage.height as u32, |x, y| {
        let place = y as usize * coverage.width + x as usize;
        let part = match (
            coverage.animal[place],
            coverage.head[place],
            coverage.ears[place],
        ) {
            (animal, ..) if animal < 0.5 => PicturePart::Background,
            (animal, _, ears) if 2.0 * ears >= animal => PicturePart::Ears,
            (animal, head, _) if 2.0 * head >= animal => PicturePart::Head,
            _ => PicturePart::Coat,
        };
        Luma([part as u8])
    })
}

/// A row for the far end of the ground, so that an animal standing at row `feet` stands on it.
pub(crate) fn horizon(random: &mut ChaCha8Rng, canvas: &Canvas, feet: f32) -> f32 {
    let behind = feet - random.between(0.12, 0.65) * canvas.size();
    behind.clamp(0.05 * canvas.height as f32, 0.92 * canvas.height as f32)
}

/// Develops the picture with the effects of a camera: a slightly soft lens, exposure and noise.
pub(crate) fn photograph(random: &mut ChaCha8Rng, canvas: &mut Canvas) -> RgbImage {
    canvas.soften(random.between(0.0, 0.7));
    let exposure = 2f32.powf(random.bell(0.15, 0.14));
    let grain = random.between(0.0, 0.05);
    canvas.develop(random, exposure, grain)
}

fn canvas_of_some_size(random: &mut ChaCha8Rng) -> Canvas {
    let longer = random.between(200.0, 260.0);
    let shorter = longer * random.choose(&[1.0, 0.8, 0.75, 0.75, 0.667]);
    let (width, height) = if random.chance(0.6) {
        (longer, shorter)
    } else {
        (shorter, longer)
    };
    Canvas::new(width as usize, height as usize)
}

/// Sides of the head over those of the square in the middle of the frame: from an animal across the room to a portrait.
const HEADS: (f32, f32) = (0.28, 0.52);

/// Chooses size and place. The head lies off the middle, as in a picture that is composed: more to the left or right, and rather
/// above, since the body is below it. So a map that points at the middle is wrong more often than right.
fn frame_animal(random: &mut ChaCha8Rng, canvas: &Canvas, animal: &Animal) -> View {
    let (low, high) = animal.extent(true);
    let size = (high - low).max_element();
    let scale = random.between(HEADS.0, HEADS.1) * canvas.size() / size;
    let side = if random.chance(0.5) { 1.0 } else { -1.0 };
    let across = side * random.between(0.5, 1.0);
    let down = random.between(-1.0, 0.3);
    // In the picture y points down, so the head's highest point comes first.
    let x = scale * Vec2::new(low.x, high.x);
    let y = -scale * Vec2::new(high.y, low.y);
    View {
        origin: Vec2::new(
            place(canvas.width as f32, canvas.size(), x, across),
            place(canvas.height as f32, canvas.size(), y, down),
        ),
        scale,
    }
}

/// Place of the origin along a `side` of the frame whose shorter one is `shorter`, so that the head, which reaches over `head`
/// around the origin, lies in the square in the middle: -1 is at its beginning, 1 at its end. A crop to that square keeps it.
fn place(side: f32, shorter: f32, head: Vec2, at: f32) -> f32 {
    let outside = (side - shorter) * 0.5 + 0.04 * shorter;
    let (first, last) = (outside - head.x, side - outside - head.y);
    first + (last - first) * 0.5 * (at + 1.0)
}

impl Whereabouts {
    /// Derives the annotations from the coverage. A pixel that is covered by at least a half counts as covered.
    pub(crate) fn of(coverage: &Coverage) -> Self {
        let (width, height) = (coverage.width, coverage.height);
        let inside: Vec<bool> = coverage.animal.iter().map(|share| *share >= 0.5).collect();
        let mut trimap = GrayImage::from_fn(width as u32, height as u32, |x, y| {
            Luma([2 - u8::from(inside[y as usize * width + x as usize])])
        });
        let reach = (width.min(height) as f32 * 0.011).round().max(1.0) as u32;
        for (place, here) in inside.iter().enumerate() {
            let (x, y) = (place % width, place / width);
            let right = x + 1 < width && inside[place + 1] != *here;
            let below = y + 1 < height && inside[place + width] != *here;
            if right || below {
                stamp_border(&mut trimap, x as u32, y as u32, reach);
            }
        }
        Self {
            trimap,
            animal: PixelBox::around(&coverage.animal, width),
            head: PixelBox::around(&coverage.head, width),
        }
    }
}

/// Marks the disc of this radius around an edge between two pixels as border.
fn stamp_border(trimap: &mut GrayImage, x: u32, y: u32, radius: u32) {
    for row in y.saturating_sub(radius)..(y + radius + 1).min(trimap.height()) {
        for column in x.saturating_sub(radius)..(x + radius + 1).min(trimap.width()) {
            if row.abs_diff(y).pow(2) + column.abs_diff(x).pow(2) <= radius * radius {
                trimap.put_pixel(column, row, Luma([3]));
            }
        }
    }
}

impl PixelBox {
    /// The smallest box around all values of at least a half in rows of `width`; empty at the origin if there are
    /// none.
    fn around(values: &[f32], width: usize) -> Self {
        let covered = values
            .iter()
            .enumerate()
            .filter(|(_, value)| **value >= 0.5);
        let places = covered.map(|(place, _)| ((place % width) as u32, (place / width) as u32));
        places
            .map(|(x, y)| Self {
                left: x,
                top: y,
                right: x + 1,
                bottom: y + 1,
            })
            .reduce(|all, one| Self {
                left: all.left.min(one.left),
                top: all.top.min(one.top),
                right: all.right.max(one.right),
                bottom: all.bottom.max(one.bottom),
            })
            .unwrap_or(Self {
                left: 0,
                top: 0,
                right: 0,
                bottom: 0,
            })
    }
}
