//! RandAugment (Cubuk et al. 2020, arXiv:1909.13719) as torchvision's `v2.RandAugment(num_ops=N, magnitude=M)`.
//!
//! N times one of fourteen operations is drawn, each as likely as any other, and done at the strength M of 0 to 30; those
//! that have two directions take either with probability one half. A strength is `M / 30` of the operation's greatest. The
//! square is rounded to bytes first, as torchvision works on bytes; what comes from outside the square is black.

use rand::{Rng, RngExt};

use super::byte_operations as bytes;

/// Most operations for one picture.
pub const MOST_OPERATIONS: usize = 10;
/// Greatest strength.
pub const GREATEST_MAGNITUDE: usize = 30;

/// One of the fourteen operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "torchvision's names")]
pub enum Operation {
    Identity,
    ShearX,
    ShearY,
    TranslateX,
    TranslateY,
    Rotate,
    Brightness,
    Color,
    Contrast,
    Sharpness,
    Posterize,
    Solarize,
    AutoContrast,
    Equalize,
}

/// All of them with torchvision's names.
pub const OPERATIONS: [(Operation, &str); 14] = [
    (Operation::Identity, "Identity"),
    (Operation::ShearX, "ShearX"),
    (Operation::ShearY, "ShearY"),
    (Operation::TranslateX, "TranslateX"),
    (Operation::TranslateY, "TranslateY"),
    (Operation::Rotate, "Rotate"),
    (Operation::Brightness, "Brightness"),
    (Operation::Color, "Color"),
    (Operation::Contrast, "Contrast"),
    (Operation::Sharpness, "Sharpness"),
    (Operation::Posterize, "Posterize"),
    (Operation::Solarize, "Solarize"),
    (Operation::AutoContrast, "AutoContrast"),
    (Operation::Equalize, "Equalize"),
];

/// What was drawn for one picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RandAugment {
    /// Strength, 0 to 30.
    pub magnitude: usize,
    /// Operations in their order, each with whether it goes the other way.
    operations: [(Operation, bool); MOST_OPERATIONS],
    count: usize,
}

impl RandAugment {
    /// These operations at the strength `magnitude`, of at most 30; more than ten are left away.
    pub fn new(magnitude: usize, operations: impl IntoIterator<Item = (Operation, bool)>) -> Self {
        let mut all = [(Operation::Identity, false); MOST_OPERATIONS];
        let mut count = 0;
        for (place, operation) in all.iter_mut().zip(operations) {
            *place = operation;
            count += 1;
        }
        Self {
            magnitude,
            operations: all,
            count,
        }
    }

    pub(super) fn draw([count, magnitude]: [usize; 2], random: &mut impl Rng) -> Self {
        let one = |_| {
            let (operation, _) =
                OPERATIONS[random.random_range(0..OPERATIONS.len() as u32) as usize];
            (operation, random.random::<bool>())
        };
        let drawn: Vec<_> = (0..count.min(MOST_OPERATIONS)).map(one).collect();
        Self::new(magnitude, drawn)
    }

    /// The operations in their order.
    pub fn operations(&self) -> impl Iterator<Item = Operation> {
        self.operations[..self.count]
            .iter()
            .map(|(operation, _)| *operation)
    }

    /// Changes the planes `square` of `size` × `size` values in 0..1.
    pub fn apply(&self, square: &mut [f32], size: usize) {
        let mut planes: Vec<u8> = square
            .iter()
            .map(|value| (value * 255.0).round_ties_even() as u8)
            .collect();
        for (operation, reversed) in &self.operations[..self.count] {
            self.one(*operation, *reversed, &mut planes, size);
        }
        for (value, byte) in square.iter_mut().zip(planes) {
            *value = f32::from(byte) / 255.0;
        }
    }

    fn one(&self, operation: Operation, reversed: bool, planes: &mut Vec<u8>, size: usize) {
        let sign = if reversed { -1.0 } else { 1.0 };
        let strength = |from: f64, to: f64| sign * self.strength(from, to);
        let (shear, factor) = (strength(0.0, 0.3), 1.0 + strength(0.0, 0.9));
        let pixels = strength(0.0, 150.0 / 331.0 * size as f64).trunc();
        let half = size as f64 / 2.0;
        match operation {
            Operation::Identity => {}
            Operation::ShearX => {
                bytes::affine(planes, size, [1.0, shear, shear * half, 0.0, 1.0, 0.0])
            }
            Operation::ShearY => {
                bytes::affine(planes, size, [1.0, 0.0, 0.0, shear, 1.0, shear * half])
            }
            Operation::TranslateX => {
                bytes::affine(planes, size, [1.0, 0.0, -pixels, 0.0, 1.0, 0.0])
            }
            Operation::TranslateY => {
                bytes::affine(planes, size, [1.0, 0.0, 0.0, 0.0, 1.0, -pixels])
            }
            Operation::Rotate => {
                let (sin, cos) = strength(0.0, 30.0).to_radians().sin_cos();
                bytes::affine(planes, size, [cos, -sin, 0.0, sin, cos, 0.0]);
            }
            Operation::Brightness => bytes::brightness(planes, factor),
            Operation::Color => bytes::saturation(planes, factor),
            Operation::Contrast => bytes::contrast(planes, factor),
            Operation::Sharpness => bytes::sharpness(planes, size, factor),
            Operation::Posterize => bytes::posterize(planes, self.bits()),
            Operation::Solarize => {
                bytes::solarize(planes, (255.0 * self.strength(1.0, 0.0)) as f32)
            }
            Operation::AutoContrast => bytes::each_plane(planes, bytes::autocontrast),
            Operation::Equalize => bytes::each_plane(planes, bytes::equalise),
        }
    }

    /// Place of the magnitude between the operation's least and greatest strength, with the roundings of torch's `linspace`.
    fn strength(&self, from: f64, to: f64) -> f64 {
        let step = (to as f32 - from as f32) / GREATEST_MAGNITUDE as f32;
        let (place, rest) = (self.magnitude, GREATEST_MAGNITUDE - self.magnitude);
        let value = if place < GREATEST_MAGNITUDE / 2 {
            f64::from(from as f32) + f64::from(step) * place as f64
        } else {
            f64::from(to as f32) - f64::from(step) * rest as f64
        };
        f64::from(value as f32)
    }

    /// Highest bits that are kept of each value.
    fn bits(&self) -> u32 {
        8 - (self.magnitude as f64 / (GREATEST_MAGNITUDE as f64 / 4.0)).round_ties_even() as u32
    }
}
