//! The markings of each breed: which colours there are and where on the animal each of them is.

use glam::{Vec2, Vec3};
use rand_chacha::ChaCha8Rng;

use super::parts::{Skin, Spot};
use crate::breed::Breed;
use crate::light::linear;
use crate::noise::{mix, step};
use crate::random::Draw;

/// Pattern of the colours over the animal.
pub(super) enum Markings {
    Plain {
        base: Vec3,
        tint: Vec3,
    },
    Tabby {
        base: Vec3,
        stripe: Vec3,
        white: f32,
    },
    Points {
        base: Vec3,
        point: Vec3,
        mask: f32,
    },
    Saddle {
        saddle: Vec3,
        tan: Vec3,
        white: Vec3,
        blaze: f32,
    },
    Mask {
        base: Vec3,
        mask: Vec3,
    },
}

impl Markings {
    /// The colour at a spot; `upwards` is 1 on the back and −1 on the belly, `cloud` is noise from 0 to 1.
    pub(super) fn colour(&self, spot: &Spot, upwards: f32, cloud: f32) -> Vec3 {
        match self {
            Self::Plain { base, tint } => plain(*base, *tint, spot, cloud),
            Self::Tabby {
                base,
                stripe,
                white,
            } => tabby([*base, *stripe], *white, spot, upwards, cloud),
            Self::Points { base, point, mask } => points(*base, *point, *mask, spot, cloud),
            Self::Saddle {
                saddle,
                tan,
                white,
                blaze,
            } => saddled([*saddle, *tan, *white], *blaze, spot, upwards, cloud),
            Self::Mask { base, mask } => masked(*base, *mask, spot, cloud),
        }
    }

    /// Draws the colours of an animal of `breed`.
    pub(super) fn draw(random: &mut ChaCha8Rng, breed: Breed) -> Self {
        let shade = random.bell(1.0, 0.1);
        let mut pick = |choices: &[u32]| linear(random.choose(choices)) * shade;
        match breed {
            Breed::Bombay => {
                let base = pick(&[0x1D1B1E, 0x1D1B1E, 0x2E2622, 0x34343A, 0x3A2C26]);
                Self::Plain {
                    base,
                    tint: base * Vec3::new(1.5, 1.2, 1.0),
                }
            }
            Breed::MaineCoon => {
                let [base, stripe] = random.choose(&[
                    [0x9C7A52, 0x33251B],
                    [0x8B6B49, 0x2A1F18],
                    [0xC98A50, 0x8A4B20],
                    [0xA9A49B, 0x3C3A3A],
                    [0x7E7062, 0x2A2220],
                ]);
                let white = if random.chance(0.7) { 0.85 } else { 0.3 };
                Self::Tabby {
                    base: linear(base) * shade,
                    stripe: linear(stripe) * shade,
                    white,
                }
            }
            Breed::Siamese => {
                let point = pick(&[0x2E211C, 0x33241D, 0x56392A, 0x4C4A52, 0x8A5030]);
                let base = pick(&[0xE3D2B4, 0xD8C2A0, 0xE6DCCB, 0xC9AE8A]);
                Self::Points {
                    base,
                    point,
                    mask: random.between(0.92, 1.15),
                }
            }
            Breed::Beagle => {
                let saddle = pick(&[0x1F1A19, 0x241D1A, 0x3B2A22, 0xB98A55]);
                let tan = pick(&[0xA9683A, 0x9A5A30, 0xBE8148]);
                let white = pick(&[0xE9E4DA, 0xE2D8C8]);
                Self::Saddle {
                    saddle,
                    tan,
                    white,
                    blaze: random.between(0.12, 0.3),
                }
            }
            Breed::Pug => {
                let base = pick(&[0xCDA878, 0xC0986A, 0xD8BC94, 0xA89C90, 0x7A6A5C]);
                Self::Mask {
                    base,
                    mask: linear(0x1C1716),
                }
            }
            Breed::Samoyed => {
                let base = pick(&[0xECE8E0, 0xE8DFCC, 0xDFCBA6, 0xE4E4E6]);
                Self::Plain {
                    base,
                    tint: base * Vec3::new(0.96, 0.86, 0.7),
                }
            }
        }
    }
}

fn plain(base: Vec3, tint: Vec3, spot: &Spot, cloud: f32) -> Vec3 {
    let tinted = if spot.skin == Skin::EarBack {
        0.6
    } else {
        0.5 * cloud
    };
    base.lerp(tint, tinted)
}

fn points(base: Vec3, point: Vec3, mask: f32, spot: &Spot, cloud: f32) -> Vec3 {
    let ragged = 0.25 * (cloud - 0.5);
    let dark = match spot.skin {
        Skin::Skull | Skin::Muzzle => {
            let from_nose = (spot.place - Vec3::new(0.0, -0.15, 0.95)) * Vec3::new(1.1, 0.85, 0.8);
            1.0 - step(mask * 0.62, mask * 1.05, from_nose.length() + ragged)
        }
        Skin::EarBack | Skin::Paw => 1.0,
        Skin::EarInside => 0.75,
        Skin::Leg => step(0.2, 0.75, spot.along + ragged),
        Skin::Tail => 0.97,
        Skin::Chest => 0.04,
        _ => 0.12 * cloud,
    };
    base.lerp(point, dark)
}

fn masked(base: Vec3, mask: Vec3, spot: &Spot, cloud: f32) -> Vec3 {
    let place = spot.place;
    let dark = match spot.skin {
        Skin::Muzzle => 0.96,
        Skin::EarBack | Skin::EarInside => 0.95,
        Skin::Skull => {
            let eye =
                (Vec2::new(place.x.abs() - 0.46, place.y - 0.06) * Vec2::new(1.0, 1.1)).length();
            let around_eye = 0.75 * step(0.42, 0.24, eye) * step(0.1, 0.4, place.z);
            let lip = step(-0.22, -0.4, place.y)
                * step(0.72, 0.5, place.x.abs())
                * step(0.1, 0.4, place.z);
            let wrinkle = (place.y * 17.0 - (place.x * 3.0).powi(2)).sin();
            let forehead = step(0.5, 0.1, place.x.abs())
                * step(0.22, 0.35, place.y)
                * step(0.85, 0.6, place.y);
            (around_eye + lip + 0.5 * step(0.3, 0.9, wrinkle) * forehead).min(0.95)
        }
        _ => 0.1 * cloud,
    };
    base.lerp(mask, dark) * mix(0.92, 1.08, cloud)
}

fn tabby([base, stripe]: [Vec3; 2], white: f32, spot: &Spot, upwards: f32, cloud: f32) -> Vec3 {
    let place = spot.place;
    let wave = match spot.skin {
        Skin::Skull if place.y > 0.12 => place.x.abs() * 2.0 + 0.25,
        Skin::Skull => place.y * 2.0 + place.x.abs(),
        Skin::Leg | Skin::Paw => spot.along * 3.2,
        Skin::Tail => place.length() * 4.2,
        Skin::Muzzle | Skin::EarBack | Skin::EarInside => 0.5,
        _ => spot.along * 2.8 + place.z * 1.2 + upwards * 0.5,
    };
    let line = (std::f32::consts::TAU * (wave + 0.55 * (cloud - 0.5))).sin();
    let ears = if spot.skin == Skin::EarBack {
        0.55
    } else {
        0.0
    };
    let dark = (step(0.0, 0.65, line) * 0.9 + ears).min(1.0);
    let pale = match spot.skin {
        Skin::Muzzle => step(0.05, -0.35, place.y) * 0.85,
        Skin::Chest => step(-0.1, 0.5, spot.outwards.z) * white,
        Skin::Paw => white,
        _ => 0.0,
    };
    let light = (base * 1.5 + linear(0xE9E2D6)) * 0.5;
    base.lerp(stripe, dark).lerp(light, pale) * mix(0.85, 1.15, cloud)
}

fn saddled(
    [saddle, tan, white]: [Vec3; 3],
    blaze: f32,
    spot: &Spot,
    upwards: f32,
    cloud: f32,
) -> Vec3 {
    let place = spot.place;
    let ragged = 0.5 * (cloud - 0.5);
    let upwards = upwards + ragged;
    match spot.skin {
        Skin::Skull => {
            let stripe = place.x.abs() - blaze * (0.5 + 0.5 * step(0.9, -0.2, place.y));
            tan.lerp(
                white,
                step(0.06, -0.06, stripe + ragged * 0.15) * step(0.0, 0.3, place.z),
            )
        }
        Skin::EarBack | Skin::EarInside => tan * 0.72,
        Skin::Muzzle | Skin::Chest | Skin::Paw => {
            let side = if spot.skin == Skin::Chest {
                step(-0.1, 0.35, upwards)
            } else {
                0.0
            };
            white.lerp(tan, side)
        }
        Skin::Leg => tan.lerp(white, step(0.1, 0.3, spot.along + ragged * 0.4)),
        Skin::Tail => saddle.lerp(white, step(0.55, 0.75, place.y - 0.2)),
        _ => white
            .lerp(tan, step(-0.6, -0.4, upwards))
            .lerp(saddle, step(-0.05, 0.15, upwards)),
    }
}
