//! Skull, ears, eyes and muzzle. In the head's coordinates x goes right, y up and z forward; the unit is its radius.

use glam::{Mat3, Vec3};
use rand_chacha::ChaCha8Rng;

use super::parts::{Sculpture, Skin};
use crate::breed::{Breed, Ears, Eyes, Form, Muzzle};
use crate::random::Draw;

/// Builds the head and returns the animal's whiskers in space.
pub(super) fn build(
    random: &mut ChaCha8Rng,
    sculpture: &mut Sculpture,
    form: &Form,
    breed: Breed,
) -> Vec<[Vec3; 3]> {
    skull(sculpture, form);
    ears(random, sculpture, form);
    eyes(random, sculpture, form.eyes, breed);
    if breed.is_cat() {
        cat_muzzle(sculpture, form.muzzle);
        whiskers(random, sculpture, form.muzzle)
    } else if breed == Breed::Pug {
        flat_muzzle(random, sculpture, form.muzzle);
        Vec::new()
    } else {
        dog_muzzle(random, sculpture, form.muzzle);
        Vec::new()
    }
}

fn skull(sculpture: &mut Sculpture, form: &Form) {
    sculpture.ellipsoid(Vec3::ZERO, Vec3::from(form.skull), Skin::Skull);
    let cheek = form.cheeks;
    for side in [-1.0, 1.0] {
        let out = form.skull[0] * 0.95 - cheek * 0.75;
        let radii = Vec3::new(cheek * (1.0 + form.ruff * 0.2), cheek * 0.95, cheek);
        sculpture.ellipsoid(Vec3::new(side * out, -0.36, 0.3), radii, Skin::Skull);
    }
}

fn ears(random: &mut ChaCha8Rng, sculpture: &mut Sculpture, form: &Form) {
    let [wide, high, _] = form.skull;
    let alert = random.bell(0.0, 0.06);
    for side in [-1.0, 1.0] {
        let twitch = alert + random.bell(0.0, 0.04);
        match form.ears {
            Ears::Upright {
                length,
                width,
                spread,
                lean,
                tuft,
            } => {
                let middle = Vec3::new(side * spread * wide, high * 0.62, 0.02);
                let tip = middle + Vec3::new(side * (lean + twitch), length, -0.05);
                let half = Vec3::new(side * width * 0.5, -width * 0.32, 0.0);
                upright_ear(
                    sculpture,
                    [middle - half, middle + half, tip],
                    tuft * length,
                );
            }
            Ears::Hanging { length, width } => {
                let centre = Vec3::new(
                    side * (wide * 0.98 + twitch * 0.5),
                    0.42 - length * 0.62,
                    0.12,
                );
                let turn = Mat3::from_rotation_z(side * (0.16 + twitch))
                    * Mat3::from_rotation_y(side * 0.5);
                sculpture.limb(
                    (Vec3::new(side * wide * 0.72, 0.5, 0.05), 0.2),
                    (Vec3::new(side * wide * 0.98, 0.22, 0.12), 0.22),
                    Skin::EarBack,
                );
                sculpture.turned_ellipsoid(
                    centre,
                    turn,
                    Vec3::new(0.17, length * 0.66, width),
                    Skin::EarBack,
                );
            }
            Ears::Folded { length, width } => {
                let inner = Vec3::new(side * wide * 0.5, high * 0.86, 0.22);
                let outer = Vec3::new(side * (wide * 0.5 + width * 0.75), high * 0.5, 0.05);
                let tip = Vec3::new(
                    side * (wide * 0.88 + twitch),
                    high * 0.86 - length * 0.95,
                    0.5,
                );
                sculpture.plate([inner, outer, tip], 0.09, Skin::EarBack);
            }
        }
    }
}

fn upright_ear(sculpture: &mut Sculpture, corners: [Vec3; 3], tuft: f32) {
    sculpture.plate(corners, 0.09, Skin::EarBack);
    let heart = (corners[0] + corners[1] + corners[2]) / 3.0;
    let inside = corners.map(|corner| heart + (corner - heart) * 0.7 + Vec3::new(0.0, -0.03, 0.07));
    sculpture.plate(inside, 0.05, Skin::EarInside);
    if tuft > 0.0 {
        let end = corners[2] + (corners[2] - (corners[0] + corners[1]) * 0.5).normalize() * tuft;
        sculpture.limb((corners[2], 0.085), (end, 0.02), Skin::EarBack);
    }
}

fn eyes(random: &mut ChaCha8Rng, sculpture: &mut Sculpture, eyes: Eyes, breed: Breed) {
    let open = random.between(0.78, 1.0);
    let gaze = Mat3::from_rotation_y(random.bell(0.0, 0.12))
        * Mat3::from_rotation_x(random.bell(0.0, 0.08));
    let forward = if breed == Breed::Pug { 0.74 } else { 0.76 };
    for side in [-1.0, 1.0] {
        let centre = Vec3::new(side * eyes.spread, eyes.height, forward);
        let turn = Mat3::from_rotation_y(side * 0.25) * Mat3::from_rotation_z(side * eyes.slant);
        let radii = Vec3::new(1.0, open, 0.8) * eyes.size;
        let behind = centre - Vec3::new(0.0, 0.0, 0.05);
        sculpture.turned_ellipsoid(
            behind,
            turn,
            (radii + 0.03) * Vec3::new(1.1, 1.0, 1.0),
            Skin::EyeRim,
        );
        sculpture.eye(centre, gaze * turn, radii);
    }
}

fn cat_muzzle(sculpture: &mut Sculpture, muzzle: Muzzle) {
    let front = 0.72 + muzzle.length;
    let width = muzzle.width;
    let bridge = Vec3::new(0.0, 0.22, 0.72);
    sculpture.limb(
        (bridge, 0.24),
        (Vec3::new(0.0, -0.2, front - 0.08), muzzle.tip * 0.72),
        Skin::Muzzle,
    );
    for side in [-1.0, 1.0] {
        let pad = Vec3::new(side * width * 0.62, -0.4, front - width * 0.75);
        sculpture.ellipsoid(pad, Vec3::new(width, width * 0.85, width), Skin::Muzzle);
    }
    sculpture.ellipsoid(
        Vec3::new(0.0, -0.6, front - 0.28),
        Vec3::new(0.2, 0.17, 0.2),
        Skin::Muzzle,
    );
    let nose = muzzle.nose;
    sculpture.ellipsoid(
        Vec3::new(0.0, -0.24, front + 0.07),
        Vec3::new(nose, nose * 0.7, nose * 0.7),
        Skin::Nose,
    );
    let lip = Vec3::new(0.0, -0.34, front + 0.03);
    sculpture.limb(
        (lip, 0.02),
        (lip + Vec3::new(0.0, -0.12, -0.02), 0.02),
        Skin::Mouth,
    );
}

fn flat_muzzle(random: &mut ChaCha8Rng, sculpture: &mut Sculpture, muzzle: Muzzle) {
    let front = 0.62 + muzzle.length;
    let width = muzzle.width;
    for side in [-1.0, 1.0] {
        let lip = Vec3::new(side * width * 0.46, -0.42, front - 0.2);
        sculpture.ellipsoid(
            lip,
            Vec3::new(width * 0.72, muzzle.tip * 0.82, 0.36),
            Skin::Muzzle,
        );
    }
    sculpture.ellipsoid(
        Vec3::new(0.0, -0.62, front - 0.24),
        Vec3::new(0.36, 0.2, 0.3),
        Skin::Muzzle,
    );
    let nose = muzzle.nose;
    sculpture.ellipsoid(
        Vec3::new(0.0, -0.2, front + 0.14),
        Vec3::new(nose, nose * 0.7, nose * 0.6),
        Skin::Nose,
    );
    let mouth = Vec3::new(0.0, -0.56, front + 0.12);
    for side in [-1.0, 1.0] {
        sculpture.limb(
            (mouth, 0.025),
            (Vec3::new(side * 0.42, -0.72, front - 0.06), 0.025),
            Skin::Mouth,
        );
    }
    // The roll of skin over the nose is what makes the face a pug's.
    sculpture.limb(
        (Vec3::new(-0.24, 0.02, 0.84), 0.1),
        (Vec3::new(0.24, 0.02, 0.84), 0.1),
        Skin::Muzzle,
    );
    if random.chance(0.3) {
        tongue(sculpture, Vec3::new(0.0, -0.7, front), 0.14);
    }
}

fn dog_muzzle(random: &mut ChaCha8Rng, sculpture: &mut Sculpture, muzzle: Muzzle) {
    let front = 0.6 + muzzle.length;
    let tip = Vec3::new(0.0, -0.34, front);
    sculpture.limb(
        (Vec3::new(0.0, -0.14, 0.45), muzzle.width),
        (tip, muzzle.tip),
        Skin::Muzzle,
    );
    let gape = if random.chance(0.5) {
        random.between(0.08, 0.2)
    } else {
        0.0
    };
    let chin = tip + Vec3::new(0.0, -muzzle.tip * 0.7 - gape, -0.16);
    sculpture.limb(
        (Vec3::new(0.0, -0.45 - gape * 0.4, 0.4), muzzle.width * 0.7),
        (chin, muzzle.tip * 0.6),
        Skin::Muzzle,
    );
    let nose = muzzle.nose;
    let nose_place = tip + Vec3::new(0.0, muzzle.tip * 0.45, muzzle.tip * 0.82);
    sculpture.ellipsoid(
        nose_place,
        Vec3::new(nose, nose * 0.75, nose * 0.75),
        Skin::Nose,
    );
    let lip = tip + Vec3::new(0.0, -muzzle.tip * 0.62, muzzle.tip * 0.76);
    for side in [-1.0, 1.0] {
        let corner = Vec3::new(side * muzzle.width * 0.95, -0.42, 0.72);
        sculpture.limb((lip, 0.035), (corner, 0.035), Skin::Mouth);
    }
    if gape > 0.1 {
        tongue(
            sculpture,
            chin + Vec3::new(0.0, muzzle.tip * 0.45, muzzle.tip * 0.45),
            0.15,
        );
    }
}

fn tongue(sculpture: &mut Sculpture, root: Vec3, width: f32) {
    let tip = root + Vec3::new(0.0, -0.26, 0.12);
    sculpture.limb((root, width * 0.8), (tip, width), Skin::Tongue);
}

fn whiskers(random: &mut ChaCha8Rng, sculpture: &Sculpture, muzzle: Muzzle) -> Vec<[Vec3; 3]> {
    let frame = sculpture.frame();
    let mut hairs = Vec::new();
    for side in [-1.0, 1.0] {
        for row in 0..4 {
            let height = -0.3 - 0.07 * row as f32;
            let root = Vec3::new(side * muzzle.width * 1.1, height, 0.6 + muzzle.length);
            let bend = root
                + Vec3::new(
                    side * 0.6,
                    0.12 - 0.1 * row as f32 + random.bell(0.0, 0.04),
                    0.05,
                );
            let end = root
                + Vec3::new(
                    side * random.between(0.95, 1.35),
                    0.02 - 0.16 * row as f32,
                    -0.15,
                );
            hairs.push([root, bend, end].map(|point| frame.place(point)));
        }
    }
    hairs
}
