//! Two animals of different breeds in one frame, one on each side of a seam that neither touches.

use glam::Vec2;
use image::RgbImage;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::animal::Animal;
use crate::background;
use crate::breed::Breed;
use crate::canvas::Canvas;
use crate::light::Light;
use crate::noise::Noise;
use crate::picture::{Whereabouts, horizon, photograph};
use crate::random::Draw;
use crate::render::{View, render};

/// A drawn picture of two animals.
pub(crate) struct AnimalPair {
    pub picture: RgbImage,
    /// The column that divides the two.
    pub seam: u32,
    pub left: Whereabouts,
    pub right: Whereabouts,
}

/// The breeds of picture `number` (from 0): every pair once before any comes again, with the sides swapped each round.
pub(crate) fn breeds_of(breeds: &[Breed], number: usize) -> [Breed; 2] {
    let pairs: Vec<[Breed; 2]> = (0..breeds.len())
        .flat_map(|one| (one + 1..breeds.len()).map(move |other| [breeds[one], breeds[other]]))
        .collect();
    let [one, other] = pairs[number % pairs.len()];
    if (number % pairs.len() + number / pairs.len()).is_multiple_of(2) {
        [one, other]
    } else {
        [other, one]
    }
}

/// Draws the two breeds, left and right.
pub(crate) fn pair(random: &mut ChaCha8Rng, breeds: [Breed; 2]) -> AnimalPair {
    let height = random.between(170.0, 220.0);
    let mut canvas = Canvas::new(
        (height * random.between(1.15, 1.3)) as usize,
        height as usize,
    );
    let width = canvas.width as f32;
    let seam = (width * random.between(0.47, 0.53)).round();
    let light = Light::draw(random);
    let animals = breeds.map(|breed| Animal::individual(random, breed, true));
    let gap = 0.04 * width;
    let halves = [(gap, seam - gap), (seam + gap, width - gap)];
    let feet = height * random.between(0.95, 1.2);
    let views = [0, 1].map(|side| fit(random, &animals[side], halves[side], feet));
    let horizon = horizon(random, &canvas, views[0].origin.y.min(views[1].origin.y));
    background::paint(random, &mut canvas, &light, horizon);
    for side in [0, 1] {
        background::shadow(&mut canvas, &animals[side], views[side], &light);
    }
    let [left, right] = [0, 1].map(|side| {
        let tufts = Noise::new(random.random());
        Whereabouts::of(&render(
            &mut canvas,
            &animals[side],
            views[side],
            &light,
            tufts,
        ))
    });
    AnimalPair {
        picture: photograph(random, &mut canvas),
        seam: seam as u32,
        left,
        right,
    }
}

/// Fits the whole animal between two columns and above the row `feet`.
fn fit(random: &mut ChaCha8Rng, animal: &Animal, (first, last): (f32, f32), feet: f32) -> View {
    let (low, high) = animal.extent(false);
    let extent = high - low;
    let scale = ((last - first) / extent.x).min(feet * 0.94 / extent.y) * random.between(0.9, 0.98);
    let room = last - first - extent.x * scale;
    let left = first + random.between(0.15, 0.85) * room;
    View {
        origin: Vec2::new(left - low.x * scale, feet + low.y * scale),
        scale,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn thirty_pictures_of_six_breeds_show_every_pair_on_both_sides() {
        let pairs: HashSet<[Breed; 2]> = (0..30)
            .map(|number| breeds_of(&Breed::ALL, number))
            .collect();
        assert_eq!(pairs.len(), 30);
        assert!(pairs.iter().all(|[left, right]| left != right));
    }
}
