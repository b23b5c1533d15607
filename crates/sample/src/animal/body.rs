//! Trunk, legs, tail and ruff in each stance. In the body's coordinates z points forward and y up; the
//! ground is at y = 0.

use glam::Vec3;
use rand_chacha::ChaCha8Rng;

use super::parts::{Sculpture, Skin};
use super::pose::{Pose, Stance};
use crate::breed::{Form, Tail};
use crate::random::Draw;

/// Half the length of the trunk without its round ends.
const HALF: f32 = 0.34;

/// Builds everything but the head and returns the place of the head's centre.
pub(super) fn build(
    random: &mut ChaCha8Rng,
    sculpture: &mut Sculpture,
    form: &Form,
    pose: &Pose,
) -> Vec3 {
    let (hip, chest) = match pose.stance {
        Stance::Standing => stand(random, sculpture, form),
        Stance::Sitting => sit(random, sculpture, form),
        Stance::Lying => lie(random, sculpture, form),
    };
    sculpture.limb((hip, form.girth * 0.94), (chest, form.girth), Skin::Trunk);
    tail(random, sculpture, form, pose.stance, hip);
    let head = head_place(form, pose.stance, chest);
    sculpture.limb(
        (chest, form.girth * 0.8),
        (head.lerp(chest, 0.15), form.head * 0.62),
        Skin::Chest,
    );
    if form.ruff > 0.0 {
        ruff(sculpture, form, chest, head);
    }
    head
}

fn head_place(form: &Form, stance: Stance, chest: Vec3) -> Vec3 {
    let reach = form.girth * 0.55 + form.neck;
    let (up, forward) = match stance {
        Stance::Sitting => (reach + form.head * 0.35, 0.1),
        Stance::Standing => (reach * 0.75 + form.head * 0.2, reach * 0.75),
        Stance::Lying => (reach * 0.85 + form.head * 0.2, reach * 0.45),
    };
    chest + Vec3::new(0.0, up, forward)
}

fn stand(random: &mut ChaCha8Rng, sculpture: &mut Sculpture, form: &Form) -> (Vec3, Vec3) {
    let height = form.leg_length + form.girth * 0.75;
    let (hip, chest) = (
        Vec3::new(0.0, height, -HALF),
        Vec3::new(0.0, height + 0.02, HALF),
    );
    for side in [-1.0, 1.0] {
        let across = side * form.girth * 0.58;
        for (root, is_front) in [(chest, true), (hip, false)] {
            let stride = random.bell(0.0, 0.07);
            let shoulder = root + Vec3::new(across, -form.girth * 0.25, 0.0);
            let foot = Vec3::new(across, form.leg_radius * 0.6, root.z + stride);
            let thickness = if is_front { 1.25 } else { 1.7 };
            sculpture.limb(
                (shoulder, form.leg_radius * thickness),
                (foot, form.leg_radius * 0.85),
                Skin::Leg,
            );
            paw(sculpture, form, foot);
        }
    }
    (hip, chest)
}

fn sit(random: &mut ChaCha8Rng, sculpture: &mut Sculpture, form: &Form) -> (Vec3, Vec3) {
    let hip = Vec3::new(0.0, form.girth * 0.95, -0.26);
    let chest = Vec3::new(0.0, form.leg_length + form.girth * 0.85, 0.14);
    for side in [-1.0, 1.0] {
        let across = side * form.girth * 0.5;
        let shoulder = chest + Vec3::new(across, -form.girth * 0.3, form.girth * 0.25);
        let foot = Vec3::new(
            across * 0.95,
            form.leg_radius * 0.6,
            shoulder.z + 0.05 + random.bell(0.0, 0.03),
        );
        sculpture.limb(
            (shoulder, form.leg_radius * 1.25),
            (foot, form.leg_radius * 0.9),
            Skin::Leg,
        );
        paw(sculpture, form, foot);
        let thigh = Vec3::new(side * form.girth * 0.8, form.girth * 0.72, -0.08);
        sculpture.ellipsoid(thigh, Vec3::new(0.55, 0.78, 0.95) * form.girth, Skin::Trunk);
        hind_paw(sculpture, form, side, form.girth * 0.55);
    }
    (hip, chest)
}

fn lie(random: &mut ChaCha8Rng, sculpture: &mut Sculpture, form: &Form) -> (Vec3, Vec3) {
    let hip = Vec3::new(0.0, form.girth * 0.9, -HALF);
    let chest = Vec3::new(0.0, form.girth * 1.05, HALF);
    for side in [-1.0, 1.0] {
        let across = side * form.girth * 0.62;
        let elbow = Vec3::new(across, form.leg_radius * 1.1, chest.z + 0.05);
        let foot = elbow
            + Vec3::new(
                random.bell(0.0, 0.04),
                -form.leg_radius * 0.3,
                form.leg_length * 0.8,
            );
        sculpture.limb(
            (elbow, form.leg_radius * 1.2),
            (foot, form.leg_radius * 0.9),
            Skin::Leg,
        );
        paw(sculpture, form, foot);
        let thigh = Vec3::new(side * form.girth * 0.75, form.girth * 0.7, -HALF + 0.08);
        sculpture.ellipsoid(thigh, Vec3::new(0.5, 0.75, 1.0) * form.girth, Skin::Trunk);
        hind_paw(sculpture, form, side, -HALF + form.girth * 1.1);
    }
    (hip, chest)
}

/// The paw of a folded hind leg, at `z`.
fn hind_paw(sculpture: &mut Sculpture, form: &Form, side: f32, z: f32) {
    let foot = Vec3::new(side * form.girth * 1.05, form.leg_radius * 0.6, z);
    paw(sculpture, form, foot);
}

fn paw(sculpture: &mut Sculpture, form: &Form, foot: Vec3) {
    let radius = form.leg_radius;
    let centre = foot + Vec3::new(0.0, radius * 0.05, radius * 0.5);
    sculpture.ellipsoid(centre, Vec3::new(1.05, 0.7, 1.4) * radius, Skin::Paw);
}

/// Long hair around the neck and down the chest.
fn ruff(sculpture: &mut Sculpture, form: &Form, chest: Vec3, head: Vec3) {
    let size = form.ruff * form.girth;
    let throat = head.lerp(chest, 0.5);
    sculpture.ellipsoid(
        throat,
        Vec3::new(form.head * 1.05, size * 1.3, form.head * 0.95),
        Skin::Chest,
    );
    let bib = chest + Vec3::new(0.0, -size * 0.25, form.girth * 0.45);
    sculpture.ellipsoid(
        bib,
        Vec3::new(size * 1.35, size * 1.7, size * 1.1),
        Skin::Chest,
    );
}

fn tail(
    random: &mut ChaCha8Rng,
    sculpture: &mut Sculpture,
    form: &Form,
    stance: Stance,
    hip: Vec3,
) {
    let root = hip + Vec3::new(0.0, form.girth * 0.35, -form.girth * 0.7);
    let side = random.sign();
    let on_ground = stance != Stance::Standing;
    let (path, radius): (Vec<Vec3>, f32) = match form.tail {
        Tail::Slim | Tail::Plume { over_back: false } if on_ground => {
            (beside_body(form, hip, side), 0.05)
        }
        Tail::Slim | Tail::Plume { over_back: false } => {
            let lift = random.between(-0.1, 0.5);
            let bend = root + Vec3::new(0.0, lift * 0.3, -0.3);
            (
                vec![
                    root,
                    bend,
                    bend + Vec3::new(side * 0.05, 0.12 + lift * 0.55, -0.2),
                ],
                0.05,
            )
        }
        Tail::Plume { over_back: true } => {
            let top = hip + Vec3::new(side * 0.04, form.girth * 1.25, -form.girth * 0.6);
            (
                vec![
                    root,
                    top,
                    top + Vec3::new(side * 0.1, 0.0, form.girth * 0.9),
                ],
                0.07,
            )
        }
        Tail::Curled => {
            let top = root + Vec3::new(side * 0.07, 0.16, 0.0);
            (
                vec![root, top, root + Vec3::new(side * 0.12, 0.04, 0.07)],
                0.055,
            )
        }
        Tail::Flag => {
            let bend = root + Vec3::new(0.0, 0.16, -0.1);
            (
                vec![root, bend, bend + Vec3::new(side * 0.03, 0.22, 0.02)],
                0.042,
            )
        }
    };
    let radius = if matches!(form.tail, Tail::Plume { .. }) {
        form.girth * 0.34
    } else {
        radius
    };
    for pair in path.windows(2) {
        sculpture.limb((pair[0], radius), (pair[1], radius * 0.9), Skin::Tail);
    }
}

/// A tail laid around the haunch on the ground.
fn beside_body(form: &Form, hip: Vec3, side: f32) -> Vec<Vec3> {
    let out = form.girth * 1.45;
    vec![
        Vec3::new(side * form.girth * 0.4, 0.07, hip.z - form.girth * 0.8),
        Vec3::new(side * out, 0.07, hip.z - form.girth * 0.3),
        Vec3::new(side * out * 1.05, 0.06, hip.z + form.girth * 0.9),
        Vec3::new(side * out * 0.75, 0.06, hip.z + form.girth * 1.7),
    ]
}
