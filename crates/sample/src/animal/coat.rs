//! Colours and markings. Patterns are solid textures: they are laid through space in the coordinates of the body or
//! the head, so that they run on from one part to the next.

use glam::{Vec2, Vec3};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::markings::Markings;
use super::parts::{Skin, Spot};
use crate::breed::Breed;
use crate::light::{Albedo, linear};
use crate::noise::{Noise, mix, step};
use crate::random::Draw;

/// The colours of one animal.
pub(crate) struct Coat {
    markings: Markings,
    noise: Noise,
    back: Vec3,
    /// Strength and length of visible strands of hair.
    strands: f32,
    shagginess: f32,
    gloss: f32,
    iris: Vec3,
    is_cat: bool,
    nose: Vec3,
    inner_ear: Vec3,
}

impl Coat {
    /// Draws the colours of an animal of `breed` whose back points to `back`.
    pub(super) fn draw(random: &mut ChaCha8Rng, breed: Breed, back: Vec3) -> Self {
        let markings = Markings::draw(random, breed);
        let iris = match breed {
            Breed::Bombay => random.choose(&[0xC98A1E, 0xB8B02C, 0xD07A18]),
            Breed::MaineCoon => random.choose(&[0xA9A03A, 0xC79A3A, 0x7F9A4A]),
            Breed::Siamese => random.choose(&[0x4F8FE0, 0x6FB0F0, 0x3F78D0]),
            Breed::Beagle | Breed::Pug | Breed::Samoyed => {
                random.choose(&[0x5A3418, 0x6E4422, 0x452818])
            }
        };
        let (strands, shagginess, gloss) = match breed {
            Breed::Bombay => (0.22, 0.0, 0.2),
            Breed::MaineCoon => (0.45, 0.8, 0.02),
            Breed::Siamese => (0.14, 0.1, 0.04),
            Breed::Beagle => (0.2, 0.1, 0.05),
            Breed::Pug => (0.18, 0.05, 0.04),
            Breed::Samoyed => (0.3, 1.0, 0.0),
        };
        let pink_nose = breed == Breed::MaineCoon || (breed.is_cat() && random.chance(0.15));
        Self {
            markings,
            noise: Noise::new(random.random()),
            back,
            strands,
            shagginess,
            gloss,
            iris: linear(iris),
            is_cat: breed.is_cat(),
            nose: linear(if pink_nose { 0xA8685C } else { 0x1C1718 }),
            inner_ear: linear(random.choose(&[0xC79A8C, 0xB5877A, 0xA07868])),
        }
    }

    /// Reflectance of a spot of the skin.
    pub(crate) fn albedo(&self, spot: &Spot) -> Albedo {
        match spot.skin {
            Skin::Eye => self.eye(spot.place),
            Skin::EyeRim => Albedo {
                colour: linear(0x17120F),
                gloss: 0.15,
            },
            Skin::Nose => Albedo {
                colour: self.nose,
                gloss: 0.5,
            },
            Skin::Mouth => Albedo {
                colour: linear(0x1E1513),
                gloss: 0.0,
            },
            Skin::Tongue => Albedo {
                colour: linear(0xD0707A),
                gloss: 0.25,
            },
            _ => Albedo {
                colour: self.fur(spot),
                gloss: self.gloss,
            },
        }
    }

    /// An eye seen in its own coordinates: dark edge, iris, pupil and the light's reflection.
    fn eye(&self, place: Vec3) -> Albedo {
        let glint = Vec2::new(place.x + 0.26, place.y - 0.34).length();
        if glint < 0.2 {
            return Albedo {
                colour: Vec3::splat(1.6),
                gloss: 0.0,
            };
        }
        let distance = place.truncate().length();
        let pupil = if self.is_cat {
            Vec2::new(place.x / 0.24, place.y / 0.72).length()
        } else {
            distance / 0.5
        };
        let edge = linear(0x120E0C);
        let iris = self.iris * mix(1.25, 0.6, distance.min(1.0));
        let colour = iris
            .lerp(edge, step(0.88, 1.04, distance))
            .lerp(edge * 0.5, 1.0 - step(0.85, 1.1, pupil));
        Albedo {
            colour,
            gloss: 0.35,
        }
    }

    fn fur(&self, spot: &Spot) -> Vec3 {
        let cloud = self.noise.in_space(spot.place * 5.0 + 40.0);
        let colour = self
            .markings
            .colour(spot, spot.outwards.dot(self.back), cloud);
        let colour = if spot.skin == Skin::EarInside {
            colour.lerp(
                self.inner_ear * (0.35 + 0.65 * luminance(colour).sqrt()),
                0.75,
            )
        } else {
            colour
        };
        colour * self.strand_shade(spot, cloud)
    }

    /// Light and dark hairs: noise drawn out along the direction in which the fur lies, which sways a little.
    fn strand_shade(&self, spot: &Spot, cloud: f32) -> f32 {
        let place = spot.place;
        let sway = 3.0 * cloud;
        let across = match spot.skin {
            Skin::Skull | Skin::EarBack | Skin::EarInside | Skin::Muzzle => {
                let angle = place.x.atan2(place.y + 0.3);
                Vec2::new(
                    angle * 13.0 + sway,
                    place.truncate().length() * 2.5 + place.z,
                )
            }
            _ => Vec2::new((place.x + place.z) * 34.0 + sway, place.y * 8.0 - sway),
        };
        let hair = self.noise.at(across + 11.0) - 0.5;
        let clump = self.noise.at(across * Vec2::new(0.3, 0.6) + 71.0) - 0.5;
        1.0 + self.strands
            * (hair * (1.0 - 0.4 * self.shagginess) + clump * (0.2 + 1.1 * self.shagginess))
    }
}

fn luminance(colour: Vec3) -> f32 {
    colour.dot(Vec3::new(0.2126, 0.7152, 0.0722))
}
