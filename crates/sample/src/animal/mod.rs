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
use crate::random::Draw;
use crate::solid::Frame;
use coat::Coat;
use parts::Sculpture;
use pose::Pose;

/// One animal in the units of its trunk, standing on the ground plane through the origin.
pub(crate) struct Animal {
    pub parts: Vec<Part>,
    pub coat: Coat,
    /// Turns the upright world into what the camera, which looks down a little, sees.
    pub camera: Mat3,
    /// Hairs of the muzzle, each as start, bend and end.
    pub whiskers: Vec<[Vec3; 3]>,
}

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
