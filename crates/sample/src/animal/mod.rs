//! An animal: solids placed in space, each with the kind of skin that covers it, and the coat that colours them.

mod body;
mod coat;
mod head;
mod markings;
mod parts;
mod pose;

use glam::{Mat3, Vec2, Vec3};
use rand_chacha::ChaCha8Rng;

pub(crate) use parts::{Part, Spot};

use crate::breed::{Breed, Form};
use crate::light::Albedo;
use crate::random::Draw;
use crate::solid::Frame;
use coat::Coat;
use parts::Sculpture;
use pose::Pose;

/// One animal in the units of its trunk, standing on the ground plane through the origin.
pub(crate) struct Animal {
    pub parts: Vec<Part>,
    pub coat: Coat,
    /// Rotation from the upright world to the view of the camera, which looks down a little.
    pub camera: Mat3,
    /// Hairs of the muzzle, each as start, bend and end.
    pub whiskers: Vec<[Vec3; 3]>,
    /// True if everything but the head is grey.
    pub has_plain_body: bool,
}

/// A body without a coat's colours.
const PLAIN: Albedo = Albedo {
    colour: Vec3::splat(0.3),
    gloss: 0.0,
};

impl Animal {
    /// Draws an individual of `breed`: its proportions, pose and colours. A narrow animal sits and faces the camera.
    pub(crate) fn individual(random: &mut ChaCha8Rng, breed: Breed, narrow: bool) -> Self {
        let form = vary(random, breed.form());
        let pose = Pose::draw(random, narrow);
        let camera = Mat3::from_rotation_x(pose.camera_pitch);
        let body = Frame {
            origin: Vec3::ZERO,
            rotation: camera * Mat3::from_rotation_y(pose.body_yaw),
            scale: 1.0,
        };
        let mut sculpture = Sculpture::new(body, form.fluff);
        let neck = body::build(random, &mut sculpture, &form, &pose);
        let head = Frame {
            origin: body.place(neck),
            rotation: camera * pose.head_rotation,
            scale: form.head,
        };
        sculpture.enter_head(head);
        let whiskers = head::build(random, &mut sculpture, &form, breed);
        Self {
            parts: sculpture.parts,
            coat: Coat::draw(random, breed, pose.back()),
            camera,
            whiskers,
            has_plain_body: false,
        }
    }

    /// Takes the head off, with ears and whiskers.
    pub(crate) fn lose_head(&mut self) {
        self.parts.retain(|part| !part.of_head);
        self.whiskers.clear();
    }

    /// Takes the ears off.
    pub(crate) fn lose_ears(&mut self) {
        self.parts.retain(|part| !part.is_ear());
    }

    /// The reflectance at a spot of `part`.
    pub(crate) fn albedo(&self, part: &Part, spot: &Spot) -> Albedo {
        match self.has_plain_body && !part.of_head {
            true => PLAIN,
            false => self.coat.albedo(spot),
        }
    }

    /// The lower left and upper right corner of all parts, or of those of the head.
    pub(crate) fn extent(&self, head_only: bool) -> (Vec2, Vec2) {
        self.parts
            .iter()
            .filter(|part| part.of_head || !head_only)
            .map(|part| part.solid.extent())
            .fold((Vec2::INFINITY, Vec2::NEG_INFINITY), |all, one| {
                (all.0.min(one.0), all.1.max(one.1))
            })
    }
}

/// No two animals of a breed are alike: every proportion moves by a few per cent.
fn vary(random: &mut ChaCha8Rng, form: Form) -> Form {
    let mut vary = |value: f32, deviation: f32| value * random.bell(1.0, deviation);
    Form {
        leg_length: vary(form.leg_length, 0.08),
        leg_radius: vary(form.leg_radius, 0.07),
        girth: vary(form.girth, 0.07),
        neck: vary(form.neck, 0.08),
        head: vary(form.head, 0.07),
        fluff: vary(form.fluff, 0.12),
        ruff: vary(form.ruff, 0.12),
        skull: form.skull.map(|radius| vary(radius, 0.035)),
        cheeks: vary(form.cheeks, 0.06),
        ..form
    }
}
