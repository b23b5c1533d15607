//! Random values of the transforms of one picture.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::augmentation::Augmentation;
use super::crop::CropPosition;
use super::flip::Flip;
use super::rand_augment::RandAugment;
use super::random_erasing::Erasing;
use super::random_resized_crop::ResizedCrop;
use super::rectangle::Tries;
use super::zoom::Zoom;
use super::{brightness, contrast, crop, flip, rotate, warp, zoom};

/// Random value of one transform, and a flag that says if the transform is applied to this picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawn<T> {
    /// Value, drawn even if it is not used.
    pub value: T,
    /// True if the transform is applied.
    pub applies: bool,
}

impl<T: Copy> Drawn<T> {
    /// Value that is used.
    pub fn applied(value: T) -> Self {
        Self {
            value,
            applies: true,
        }
    }

    /// Value that is not used.
    pub fn left_out(value: T) -> Self {
        Self {
            value,
            applies: false,
        }
    }

    /// The value, if the transform is applied.
    pub fn get(&self) -> Option<T> {
        self.applies.then_some(self.value)
    }
}

/// Random values of all transforms of one picture, in the order of application.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Draws {
    /// The four magnitudes of the symmetric warp.
    pub warp: Drawn<[f64; 4]>,
    /// Mirroring, or one of the eight symmetries.
    pub flip: Drawn<Flip>,
    /// Angle of the rotation in degrees.
    pub rotate: Drawn<f64>,
    /// Factor and place of the zoom.
    pub zoom: Drawn<Zoom>,
    /// Change of brightness: 0.5 is none, its logit is added.
    pub brightness: Drawn<f64>,
    /// Factor of the contrast in logit space: 1 is none.
    pub contrast: Drawn<f64>,
    /// Place of the crop; always applied.
    pub crop: CropPosition,
    /// In place of warp, rotation, zoom and crop.
    pub resized_crop: Option<ResizedCrop>,
    /// Operations behind all these.
    pub operations: Option<RandAugment>,
    /// Rectangle that is erased behind the normalisation, which is not part of [`apply`](super::apply).
    pub erasing: Option<Erasing>,
}

impl Draws {
    /// Draws of the validation transform: nothing but a centred crop.
    pub fn validation() -> Self {
        Self {
            warp: Drawn::left_out([0.0; 4]),
            flip: Drawn::left_out(Flip::default()),
            rotate: Drawn::left_out(0.0),
            zoom: Drawn::left_out(Zoom {
                scale: 1.0,
                row_pct: 0.5,
                col_pct: 0.5,
            }),
            brightness: Drawn::left_out(0.5),
            contrast: Drawn::left_out(1.0),
            crop: CropPosition::CENTRE,
            resized_crop: None,
            operations: None,
            erasing: None,
        }
    }
}

impl Augmentation {
    /// Draws the transforms of one picture.
    ///
    /// The number of random values taken does not depend on the settings, so that changing one of them does not change
    /// what the others draw from the same seed. Expects settings that [`Augmentation::validate`] accepts.
    pub fn draw(&self, random: &mut impl Rng) -> Draws {
        let warp = Drawn::with_chance(warp::draw(self.max_warp, random), self.p_affine, random);
        let symmetry = flip::draw(random);
        let mirrored = chance(0.5, random);
        let flip = match (self.do_flip, self.flip_vert) {
            (true, true) => Drawn::applied(symmetry),
            (true, false) => Drawn {
                value: Flip::LEFT_RIGHT,
                applies: mirrored,
            },
            (false, _) => Drawn::left_out(Flip::default()),
        };
        let rotate =
            Drawn::with_chance(rotate::draw(self.max_rotate, random), self.p_affine, random);
        let zoom = Drawn::with_chance(zoom::draw(self.max_zoom, random), self.p_affine, random);
        let brightness = Drawn::with_chance(
            brightness::draw(self.max_lighting, random),
            self.p_lighting,
            random,
        );
        let contrast = Drawn::with_chance(
            contrast::draw(self.max_lighting, random),
            self.p_lighting,
            random,
        );
        let crop = crop::draw(random);
        // Behind all others, so that these draw the same with and without them; each from a generator of its own.
        let [mut crops, mut operations, mut erased] = generators(random);
        let resized_crop = self.random_resized_crop.map(|scale| ResizedCrop {
            scale,
            tries: Tries::draw(&mut crops),
        });
        let is_erased = chance(self.random_erasing, &mut erased);
        Draws {
            warp: warp.unless(self.max_warp == 0.0),
            flip,
            rotate: rotate.unless(self.max_rotate == 0.0),
            zoom: zoom.unless(self.max_zoom == 1.0),
            brightness: brightness.unless(self.max_lighting == 0.0),
            contrast: contrast.unless(self.max_lighting == 0.0),
            crop,
            resized_crop,
            operations: self
                .rand_augment
                .map(|numbers| RandAugment::draw(numbers, &mut operations)),
            erasing: is_erased.then(|| Erasing(Tries::draw(&mut erased))),
        }
    }
}

/// Three generators, seeded by `random`.
fn generators(random: &mut impl Rng) -> [ChaCha8Rng; 3] {
    [(); 3].map(|()| {
        let mut seed = [0; 32];
        random.fill_bytes(&mut seed);
        ChaCha8Rng::from_seed(seed)
    })
}

impl<T> Drawn<T> {
    /// Value that is used with this probability.
    fn with_chance(value: T, probability: f64, random: &mut impl Rng) -> Self {
        let applies = chance(probability, random);
        Self { value, applies }
    }

    /// This value with the transform left out if it is switched off.
    fn unless(self, switched_off: bool) -> Self {
        Self {
            applies: self.applies && !switched_off,
            ..self
        }
    }
}

/// Draws true with this probability.
fn chance(probability: f64, random: &mut impl Rng) -> bool {
    random.random::<f64>() < probability
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transform::Padding;

    /// Settings that leave only the crop random.
    const NOTHING: Augmentation = Augmentation {
        max_rotate: 0.0,
        max_zoom: 1.0,
        max_lighting: 0.0,
        max_warp: 0.0,
        p_affine: 0.0,
        p_lighting: 0.0,
        do_flip: false,
        flip_vert: false,
        padding: Padding::Reflection,
        random_resized_crop: None,
        rand_augment: None,
        random_erasing: 0.0,
    };

    #[test]
    fn the_same_generator_draws_the_same_values() {
        let draw = |seed| Augmentation::default().draw(&mut ChaCha8Rng::from_seed([seed; 32]));
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn a_knob_does_not_change_what_the_others_draw() {
        let draw =
            |augmentation: Augmentation| augmentation.draw(&mut ChaCha8Rng::from_seed([7; 32]));
        let with = draw(Augmentation::default());
        let without = draw(Augmentation {
            max_warp: 0.0,
            do_flip: false,
            ..Augmentation::default()
        });
        let more = draw(Augmentation {
            random_resized_crop: Some([0.08, 1.0]),
            rand_augment: Some([2, 9]),
            random_erasing: 1.0,
            ..Augmentation::default()
        });
        let erasing = draw(Augmentation {
            random_erasing: 1.0,
            ..Augmentation::default()
        });
        assert_eq!(more.erasing, erasing.erasing);
        assert!(more.erasing.is_some() && more.operations.is_some());
        let plain = Draws {
            resized_crop: None,
            operations: None,
            erasing: None,
            ..more
        };
        assert_eq!(plain, with);
        assert_eq!(with.rotate, without.rotate);
        assert_eq!(with.crop, without.crop);
        assert!(!without.warp.applies && !without.flip.applies);
    }

    #[test]
    fn everything_switched_off_leaves_only_the_crop() {
        assert_eq!(NOTHING.validate(), Ok(()));
        let mut random = ChaCha8Rng::from_seed([3; 32]);
        for _ in 0..100 {
            let draws = Augmentation {
                p_affine: 1.0,
                p_lighting: 1.0,
                ..NOTHING
            }
            .draw(&mut random);
            let applied = [
                draws.warp.applies,
                draws.flip.applies,
                draws.rotate.applies,
                draws.zoom.applies,
            ];
            assert_eq!(applied, [false; 4]);
            assert_eq!(
                [draws.brightness.applies, draws.contrast.applies],
                [false; 2]
            );
        }
    }

    #[test]
    fn flip_vert_draws_all_eight_symmetries_and_applies_them_always() {
        let mut random = ChaCha8Rng::from_seed([5; 32]);
        let augmentation = Augmentation {
            flip_vert: true,
            ..NOTHING
        };
        let with_flip = Augmentation {
            do_flip: true,
            ..augmentation
        };
        let mut seen = [0; 8];
        for _ in 0..800 {
            let flip = with_flip.draw(&mut random).flip.get().unwrap();
            seen[flip.left_right as usize
                + 2 * flip.top_bottom as usize
                + 4 * flip.transpose as usize] += 1;
            assert!(!augmentation.draw(&mut random).flip.applies);
        }
        // Binomial with n = 800, p = 1/8: mean 100, standard deviation 9.4; five of them.
        assert!(
            seen.iter().all(|&count| (53..=147).contains(&count)),
            "{seen:?}"
        );
    }
}
