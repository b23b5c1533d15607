//! The six drawn breeds: their names and their proportions. Their colours are in `animal::coat`.

use serde::{Deserialize, Serialize};

/// A drawn breed, named like the breed of the Oxford-IIIT Pets that it caricatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Breed {
    /// A cat of one dark, glossy colour with a round head.
    #[serde(rename = "Bombay")]
    Bombay,
    /// A large, long-haired tabby cat with a ruff and tufts on tall ears.
    #[serde(rename = "Maine_Coon")]
    MaineCoon,
    /// A slender, pale cat with a dark mask, ears, legs and tail, a wedge-shaped head and very large ears.
    #[serde(rename = "Siamese")]
    Siamese,
    /// A dog with hanging ears, a long white muzzle and a saddle.
    Beagle,
    /// A stout dog with a flat, wrinkled, dark face, folded ears and a curled tail.
    Pug,
    /// A pale, fluffy dog with small upright ears, a ruff and a plume of a tail.
    Samoyed,
}

impl Breed {
    /// Every breed, in the byte order of their names, which is the order of their class numbers.
    pub const ALL: [Self; 6] = [
        Self::Bombay,
        Self::MaineCoon,
        Self::Siamese,
        Self::Beagle,
        Self::Pug,
        Self::Samoyed,
    ];

    /// Class name: cats begin with a capital letter, dogs do not, as in the Oxford-IIIT Pets.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bombay => "Bombay",
            Self::MaineCoon => "Maine_Coon",
            Self::Siamese => "Siamese",
            Self::Beagle => "beagle",
            Self::Pug => "pug",
            Self::Samoyed => "samoyed",
        }
    }

    /// Tells whether the breed is one of cats.
    pub(crate) fn is_cat(self) -> bool {
        matches!(self, Self::Bombay | Self::MaineCoon | Self::Siamese)
    }

    /// The proportions of an average animal of the breed.
    pub(crate) fn form(self) -> Form {
        match self {
            Self::Bombay => BOMBAY,
            Self::MaineCoon => MAINE_COON,
            Self::Siamese => SIAMESE,
            Self::Beagle => BEAGLE,
            Self::Pug => PUG,
            Self::Samoyed => SAMOYED,
        }
    }
}

/// Shape of the ears; lengths in head radii.
#[derive(Clone, Copy)]
pub(crate) enum Ears {
    /// Upright triangles: `lean` is how far the tip is farther out than the middle of the base.
    Upright {
        length: f32,
        width: f32,
        spread: f32,
        lean: f32,
        tuft: f32,
    },
    /// Flaps that hang beside the face.
    Hanging { length: f32, width: f32 },
    /// Small triangles folded forward.
    Folded { length: f32, width: f32 },
}

/// Shape of the tail.
#[derive(Clone, Copy)]
pub(crate) enum Tail {
    /// Thin and long.
    Slim,
    /// A thick plume; `over_back` carries it there.
    Plume { over_back: bool },
    /// A small ring on the back.
    Curled,
    /// Short and upright.
    Flag,
}

/// Proportions. Lengths of the body are in trunk lengths, those of the head in head radii.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    pub leg_length: f32,
    pub leg_radius: f32,
    pub girth: f32,
    pub neck: f32,
    pub head: f32,
    /// Depth of the fur's outline, as a share of the radius of what it covers.
    pub fluff: f32,
    /// Size of the collar of long hair; 0 for none.
    pub ruff: f32,
    pub tail: Tail,
    pub ears: Ears,
    pub skull: [f32; 3],
    pub cheeks: f32,
    pub muzzle: Muzzle,
    pub eyes: Eyes,
}

/// The lower half of the face.
#[derive(Clone, Copy)]
pub(crate) struct Muzzle {
    pub length: f32,
    pub width: f32,
    pub tip: f32,
    pub nose: f32,
}

/// Place and size of the eyes.
#[derive(Clone, Copy)]
pub(crate) struct Eyes {
    pub size: f32,
    pub spread: f32,
    pub height: f32,
    /// Turn of the outer corner upwards, in radians.
    pub slant: f32,
}

const BOMBAY: Form = Form {
    leg_length: 0.46,
    leg_radius: 0.082,
    girth: 0.25,
    neck: 0.26,
    head: 0.29,
    fluff: 0.01,
    ruff: 0.0,
    tail: Tail::Slim,
    ears: Ears::Upright {
        length: 0.78,
        width: 0.74,
        spread: 0.56,
        lean: 0.16,
        tuft: 0.0,
    },
    skull: [1.04, 0.92, 0.92],
    cheeks: 0.46,
    muzzle: Muzzle {
        length: 0.16,
        width: 0.27,
        tip: 0.24,
        nose: 0.1,
    },
    eyes: Eyes {
        size: 0.25,
        spread: 0.43,
        height: 0.06,
        slant: 0.15,
    },
};

const MAINE_COON: Form = Form {
    leg_length: 0.46,
    leg_radius: 0.105,
    girth: 0.3,
    neck: 0.24,
    head: 0.28,
    fluff: 0.1,
    ruff: 0.68,
    tail: Tail::Plume { over_back: false },
    ears: Ears::Upright {
        length: 0.92,
        width: 0.62,
        spread: 0.5,
        lean: 0.14,
        tuft: 0.38,
    },
    skull: [0.98, 0.88, 0.92],
    cheeks: 0.52,
    muzzle: Muzzle {
        length: 0.32,
        width: 0.32,
        tip: 0.28,
        nose: 0.11,
    },
    eyes: Eyes {
        size: 0.215,
        spread: 0.42,
        height: 0.06,
        slant: 0.3,
    },
};

const SIAMESE: Form = Form {
    leg_length: 0.58,
    leg_radius: 0.064,
    girth: 0.21,
    neck: 0.34,
    head: 0.265,
    fluff: 0.01,
    ruff: 0.0,
    tail: Tail::Slim,
    ears: Ears::Upright {
        length: 1.12,
        width: 0.88,
        spread: 0.66,
        lean: 0.42,
        tuft: 0.0,
    },
    skull: [0.92, 0.84, 0.92],
    cheeks: 0.3,
    muzzle: Muzzle {
        length: 0.42,
        width: 0.21,
        tip: 0.19,
        nose: 0.095,
    },
    eyes: Eyes {
        size: 0.21,
        spread: 0.4,
        height: 0.04,
        slant: 0.45,
    },
};

const BEAGLE: Form = Form {
    leg_length: 0.46,
    leg_radius: 0.088,
    girth: 0.27,
    neck: 0.28,
    head: 0.275,
    fluff: 0.012,
    ruff: 0.0,
    tail: Tail::Flag,
    ears: Ears::Hanging {
        length: 0.86,
        width: 0.44,
    },
    skull: [0.84, 0.86, 0.9],
    cheeks: 0.3,
    muzzle: Muzzle {
        length: 0.78,
        width: 0.42,
        tip: 0.32,
        nose: 0.17,
    },
    eyes: Eyes {
        size: 0.17,
        spread: 0.37,
        height: 0.14,
        slant: 0.0,
    },
};

const PUG: Form = Form {
    leg_length: 0.36,
    leg_radius: 0.1,
    girth: 0.33,
    neck: 0.18,
    head: 0.34,
    fluff: 0.01,
    ruff: 0.0,
    tail: Tail::Curled,
    ears: Ears::Folded {
        length: 0.62,
        width: 0.55,
    },
    skull: [1.04, 0.9, 0.88],
    cheeks: 0.5,
    muzzle: Muzzle {
        length: 0.22,
        width: 0.5,
        tip: 0.42,
        nose: 0.15,
    },
    eyes: Eyes {
        size: 0.235,
        spread: 0.5,
        height: 0.08,
        slant: -0.1,
    },
};

const SAMOYED: Form = Form {
    leg_length: 0.46,
    leg_radius: 0.115,
    girth: 0.34,
    neck: 0.24,
    head: 0.29,
    fluff: 0.085,
    ruff: 0.62,
    tail: Tail::Plume { over_back: true },
    ears: Ears::Upright {
        length: 0.6,
        width: 0.5,
        spread: 0.52,
        lean: 0.08,
        tuft: 0.0,
    },
    skull: [0.96, 0.86, 0.9],
    cheeks: 0.5,
    muzzle: Muzzle {
        length: 0.66,
        width: 0.36,
        tip: 0.24,
        nose: 0.15,
    },
    eyes: Eyes {
        size: 0.145,
        spread: 0.38,
        height: 0.12,
        slant: 0.25,
    },
};
