//! Parts of an animal and the tool that collects them.

use glam::{Mat3, Vec3};

use crate::solid::{Frame, Solid};

/// Kind of skin that covers a part; the coat decides its colour.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Skin {
    Trunk,
    Chest,
    Leg,
    Paw,
    Tail,
    Skull,
    Muzzle,
    EarBack,
    EarInside,
    Eye,
    EyeRim,
    Nose,
    Mouth,
    Tongue,
}

/// One solid of an animal.
pub(crate) struct Part {
    pub solid: Solid,
    pub skin: Skin,
    /// The coordinates in which the coat's pattern is laid over the part.
    pub frame: Frame,
    pub of_head: bool,
    /// Difference in height over which the part blends into its neighbours.
    pub blend: f32,
    /// Depth of the furry outline as a share of the part's size.
    pub fluff: f32,
}

impl Part {
    pub(crate) fn is_ear(&self) -> bool {
        matches!(self.skin, Skin::EarBack | Skin::EarInside)
    }
}

/// A point of the skin, in the coordinates that the coat's pattern is laid in.
pub(crate) struct Spot {
    pub skin: Skin,
    pub place: Vec3,
    /// Unit vector away from the animal.
    pub outwards: Vec3,
    /// Position along the part, from its start (0) to its end (1).
    pub along: f32,
}

/// Collects parts in the coordinates of the body and then of the head.
pub(super) struct Sculpture {
    pub parts: Vec<Part>,
    frame: Frame,
    of_head: bool,
    fluff: f32,
}

impl Sculpture {
    pub(super) fn new(body: Frame, fluff: f32) -> Self {
        Self {
            parts: Vec::new(),
            frame: body,
            of_head: false,
            fluff,
        }
    }

    /// Switches to the head: the parts that follow belong to it and are given in its coordinates.
    pub(super) fn enter_head(&mut self, head: Frame) {
        self.frame = head;
        self.of_head = true;
    }

    /// An ellipsoid with its radii along the frame's axes.
    pub(super) fn ellipsoid(&mut self, centre: Vec3, radii: Vec3, skin: Skin) {
        self.turned_ellipsoid(centre, Mat3::IDENTITY, radii, skin);
    }

    /// An ellipsoid turned within the frame.
    pub(super) fn turned_ellipsoid(&mut self, centre: Vec3, turn: Mat3, radii: Vec3, skin: Skin) {
        let Frame {
            rotation, scale, ..
        } = self.frame;
        let solid = Solid::ellipsoid(self.frame.place(centre), rotation * turn, radii * scale);
        self.push(solid, skin, self.frame);
    }

    /// A ball swept from `start` to `end`, with the radius at each.
    pub(super) fn limb(
        &mut self,
        (start, start_radius): (Vec3, f32),
        (end, end_radius): (Vec3, f32),
        skin: Skin,
    ) {
        let Frame { scale, .. } = self.frame;
        let (start, end) = (self.frame.place(start), self.frame.place(end));
        let (start_radius, end_radius) = (start_radius * scale, end_radius * scale);
        self.push(
            Solid::Limb {
                start,
                end,
                start_radius,
                end_radius,
            },
            skin,
            self.frame,
        );
    }

    /// A rounded triangle; the last corner is the tip.
    pub(super) fn plate(&mut self, corners: [Vec3; 3], rounding: f32, skin: Skin) {
        let corners = corners.map(|corner| self.frame.place(corner));
        self.push(
            Solid::Plate {
                corners,
                rounding: rounding * self.frame.scale,
            },
            skin,
            self.frame,
        );
    }

    /// An eyeball with a frame of its own, so that iris and pupil can be painted where it looks.
    pub(super) fn eye(&mut self, centre: Vec3, turn: Mat3, radii: Vec3) {
        let rotation = self.frame.rotation * turn;
        let frame = Frame {
            origin: self.frame.place(centre),
            rotation,
            scale: self.frame.scale * radii.y,
        };
        self.push(
            Solid::ellipsoid(frame.origin, rotation, radii * self.frame.scale),
            Skin::Eye,
            frame,
        );
    }

    /// The coordinates that parts are given in now.
    pub(super) fn frame(&self) -> Frame {
        self.frame
    }

    fn push(&mut self, solid: Solid, skin: Skin, frame: Frame) {
        let scale = self.frame.scale;
        let (blend, fluff) = match skin {
            Skin::Eye | Skin::Nose | Skin::Tongue => (0.0, 0.0),
            Skin::EyeRim | Skin::Mouth => (0.03, 0.0),
            Skin::EarBack | Skin::EarInside => (0.05, self.fluff),
            Skin::Muzzle => (0.12, self.fluff * 0.3),
            Skin::Skull => (0.16, self.fluff),
            Skin::Paw => (0.06, self.fluff * 0.5),
            Skin::Chest => (0.05, self.fluff),
            Skin::Trunk | Skin::Leg | Skin::Tail => (0.1, self.fluff),
        };
        let blend = blend * scale;
        self.parts.push(Part {
            solid,
            skin,
            frame,
            of_head: self.of_head,
            blend,
            fluff,
        });
    }
}
