//! Solid shapes seen along the z axis: for a point of the picture plane, the nearest surface of the shape.
//!
//! The camera is orthographic: x goes right, y up and z towards the viewer, in the animal's own units.

use glam::{Mat3, Vec2, Vec3};

/// A coordinate system placed in space: where its origin is, how it is turned and how large its unit is.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    pub origin: Vec3,
    pub rotation: Mat3,
    pub scale: f32,
}

impl Frame {
    /// Maps a point in the frame's coordinates to space.
    pub(crate) fn place(&self, point: Vec3) -> Vec3 {
        self.origin + self.rotation * (point * self.scale)
    }

    /// Maps a point in space to the frame's coordinates.
    pub(crate) fn locate(&self, point: Vec3) -> Vec3 {
        self.rotation.transpose() * (point - self.origin) / self.scale
    }
}

/// The nearest surface under a point of the picture plane.
#[derive(Clone, Copy)]
pub(crate) struct Hit {
    /// Height above the picture plane; larger is nearer.
    pub depth: f32,
    /// Unit vector away from the solid.
    pub normal: Vec3,
    /// Position along the shape, from 0 (its start) to 1 (its end); 0.5 for an ellipsoid.
    pub along: f32,
}

/// A shape in space.
#[derive(Clone, Copy)]
pub(crate) enum Solid {
    /// The points that `to_unit` maps into the unit ball.
    Ellipsoid {
        centre: Vec3,
        to_unit: Mat3,
        half_extent: Vec2,
    },
    /// A ball swept along a line while its radius changes.
    Limb {
        start: Vec3,
        end: Vec3,
        start_radius: f32,
        end_radius: f32,
    },
    /// A triangle with rounded corners: `corners[2]` is its tip.
    Plate { corners: [Vec3; 3], rounding: f32 },
}

impl Solid {
    /// An ellipsoid with the `radii` along the axes of `rotation`.
    pub(crate) fn ellipsoid(centre: Vec3, rotation: Mat3, radii: Vec3) -> Self {
        let axes = rotation * Mat3::from_diagonal(radii);
        let half_extent = Vec2::new(axes.row(0).length(), axes.row(1).length());
        Self::Ellipsoid {
            centre,
            to_unit: Mat3::from_diagonal(radii.recip()) * rotation.transpose(),
            half_extent,
        }
    }

    /// The lower left and upper right corner of what the shape covers of the picture plane.
    pub(crate) fn extent(&self) -> (Vec2, Vec2) {
        match *self {
            Self::Ellipsoid {
                centre,
                half_extent,
                ..
            } => (
                centre.truncate() - half_extent,
                centre.truncate() + half_extent,
            ),
            Self::Limb {
                start,
                end,
                start_radius,
                end_radius,
            } => {
                let (start, end) = (start.truncate(), end.truncate());
                (
                    (start - start_radius).min(end - end_radius),
                    (start + start_radius).max(end + end_radius),
                )
            }
            Self::Plate {
                corners: [a, b, c],
                rounding,
            } => {
                let (a, b, c) = (a.truncate(), b.truncate(), c.truncate());
                (a.min(b).min(c) - rounding, a.max(b).max(c) + rounding)
            }
        }
    }

    /// A point in the middle of the shape.
    pub(crate) fn centre(&self) -> Vec3 {
        match *self {
            Self::Ellipsoid { centre, .. } => centre,
            Self::Limb { start, end, .. } => (start + end) * 0.5,
            Self::Plate {
                corners: [a, b, c], ..
            } => (a + b + c) / 3.0,
        }
    }

    /// The nearest surface at `point` of the shape swollen by the factor `swell`, if it covers the point.
    pub(crate) fn hit(&self, point: Vec2, swell: f32) -> Option<Hit> {
        match *self {
            Self::Ellipsoid {
                centre, to_unit, ..
            } => hit_ellipsoid(point, centre, to_unit, swell),
            Self::Limb {
                start,
                end,
                start_radius,
                end_radius,
            } => hit_limb(point, start, end, start_radius * swell, end_radius * swell),
            Self::Plate { corners, rounding } => hit_plate(point, corners, rounding, swell),
        }
    }
}

fn hit_ellipsoid(point: Vec2, centre: Vec3, to_unit: Mat3, swell: f32) -> Option<Hit> {
    let start = to_unit * (point - centre.truncate()).extend(0.0);
    let direction = to_unit.z_axis;
    let (a, b) = (direction.length_squared(), start.dot(direction));
    let discriminant = b * b - a * (start.length_squared() - swell * swell);
    if discriminant < 0.0 {
        return None;
    }
    let way = (discriminant.sqrt() - b) / a;
    let normal = (to_unit.transpose() * (start + direction * way)).normalize();
    Some(Hit {
        depth: centre.z + way,
        normal,
        along: 0.5,
    })
}

/// The highest of all balls of the sweep. With the ball's centre at height z₀ + A·t and its radius and distance giving
/// q(t) = r(t)² − d(t)² = αt² + βt + γ, the height A·t + √q is largest where (2αt + β)² = A²·(β² − 4αγ) / (A² − α).
fn hit_limb(
    point: Vec2,
    start: Vec3,
    end: Vec3,
    start_radius: f32,
    end_radius: f32,
) -> Option<Hit> {
    let axis = end - start;
    let (to_start, across) = (start.truncate() - point, axis.truncate());
    let growth = end_radius - start_radius;
    let alpha = growth * growth - across.length_squared();
    let beta = 2.0 * (start_radius * growth - to_start.dot(across));
    let gamma = start_radius * start_radius - to_start.length_squared();
    // Nearly equal terms would leave nothing but rounding errors of the quotient below.
    let alpha = if alpha.abs() < 1e-4 { -1e-4 } else { alpha };
    let square = |along: f32| alpha * along * along + beta * along + gamma;
    let factor = (beta * beta - 4.0 * alpha * gamma) / (axis.z * axis.z - alpha);
    let slope = -axis.z * factor.max(0.0).sqrt();
    let highest = ((slope - beta) / (2.0 * alpha)).clamp(0.0, 1.0);
    // Seen nearly end on (alpha > 0) the height may have no maximum between the ends.
    let candidates = if alpha < 0.0 {
        [highest; 3]
    } else {
        [highest, 0.0, 1.0]
    };
    let covering = candidates.into_iter().filter(|along| square(*along) >= 0.0);
    let height = |along: f32| start.z + axis.z * along + square(along).sqrt();
    let along = covering.max_by(|one, other| height(*one).total_cmp(&height(*other)))?;
    let depth = height(along);
    let centre = start + axis * along;
    let normal = (point.extend(depth) - centre).normalize_or(Vec3::Z);
    Some(Hit {
        depth,
        normal,
        along,
    })
}

fn hit_plate(point: Vec2, corners: [Vec3; 3], rounding: f32, swell: f32) -> Option<Hit> {
    let [a, b, c] = corners;
    let flat = [a.truncate(), b.truncate(), c.truncate()];
    let distance = distance_to_triangle(point, flat);
    let reach = rounding * (1.0 + 4.0 * (swell - 1.0));
    if distance > reach {
        return None;
    }
    let area = (flat[1] - flat[0]).perp_dot(flat[2] - flat[0]);
    let area = if area.abs() < 1e-5 { 1e-5 } else { area };
    let second = ((point - flat[0]).perp_dot(flat[2] - flat[0]) / area).clamp(0.0, 1.0);
    let tip = ((flat[1] - flat[0]).perp_dot(point - flat[0]) / area).clamp(0.0, 1.0);
    let plane = (b - a).cross(c - a).normalize_or(Vec3::Z);
    let plane = if plane.z < 0.0 { -plane } else { plane };
    let outwards = (point - (flat[0] + flat[1] + flat[2]) / 3.0).normalize_or_zero();
    let rim = ((distance + reach) / (2.0 * reach)).clamp(0.0, 1.0);
    Some(Hit {
        depth: a.z + (b.z - a.z) * second + (c.z - a.z) * tip + rounding * (1.0 - rim * rim),
        normal: (plane + (outwards * rim).extend(0.0)).normalize(),
        along: tip,
    })
}

/// Distance of a point to a triangle, negative inside.
fn distance_to_triangle(point: Vec2, corners: [Vec2; 3]) -> f32 {
    let mut nearest = f32::INFINITY;
    let mut inside = [true, true];
    for (from, to) in [(0, 1), (1, 2), (2, 0)] {
        let (edge, way) = (corners[to] - corners[from], point - corners[from]);
        let share = (way.dot(edge) / edge.length_squared().max(1e-12)).clamp(0.0, 1.0);
        nearest = nearest.min((way - edge * share).length());
        let side = edge.perp_dot(way);
        inside = [inside[0] && side >= 0.0, inside[1] && side <= 0.0];
    }
    if inside[0] || inside[1] {
        -nearest
    } else {
        nearest
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn coordinate() -> impl Strategy<Value = f32> {
        -1.0f32..1.0
    }

    fn place() -> impl Strategy<Value = Vec3> {
        (coordinate(), coordinate(), coordinate()).prop_map(Vec3::from)
    }

    proptest! {
        #[test]
        fn a_limb_is_the_highest_of_its_balls(
            start in place(), shift in place(), foreshortening in 0.0f32..1.0,
            radii in (0.1f32..0.6, 0.1f32..0.6), x in coordinate(), y in coordinate(),
        ) {
            let point = Vec2::new(x, y);
            let end = start + shift * Vec3::new(foreshortening, foreshortening, 1.0);
            let limb = Solid::Limb { start, end, start_radius: radii.0, end_radius: radii.1 };
            let balls: Vec<(f32, f32)> = (0..=4000)
                .map(|step| {
                    let along = step as f32 / 4000.0;
                    let centre = start.lerp(end, along);
                    let radius = radii.0 + (radii.1 - radii.0) * along;
                    (radius * radius - (point - centre.truncate()).length_squared(), centre.z)
                })
                .collect();
            let most = balls.iter().fold(f32::NEG_INFINITY, |most, (square, _)| most.max(*square));
            // On the very outline rounding decides whether the point is covered.
            prop_assume!(most.abs() > 1e-3);
            let covering = balls.iter().filter(|(square, _)| *square >= 0.0);
            let highest = covering.map(|(square, z)| z + square.sqrt()).reduce(f32::max);
            let hit = limb.hit(point, 1.0).map(|hit| hit.depth);
            prop_assert_eq!(hit.is_some(), highest.is_some());
            // Near the outline the height is a root: an error of 1e-4 below it (see `hit_limb`) makes 0.01 above.
            let apart = (hit.unwrap_or(0.0) - highest.unwrap_or(0.0)).abs();
            prop_assert!(apart < 0.012, "{hit:?} instead of {highest:?}");
        }

        #[test]
        fn a_hit_of_an_ellipsoid_lies_on_its_surface_and_faces_the_viewer(
            centre in place(), turn in 0.0f32..3.0, radii in (0.1f32..1.0, 0.1f32..1.0, 0.1f32..1.0),
            x in coordinate(), y in coordinate(),
        ) {
            let rotation = Mat3::from_rotation_y(turn) * Mat3::from_rotation_x(0.7);
            let radii = Vec3::from(radii);
            if let Some(hit) = Solid::ellipsoid(centre, rotation, radii).hit(Vec2::new(x, y), 1.0) {
                let within = rotation.transpose() * (Vec3::new(x, y, hit.depth) - centre) / radii;
                // The square root loses half of f32's digits where the surface is seen edge on.
                prop_assert!((within.length() - 1.0).abs() < 5e-3, "{within}");
                prop_assert!(hit.normal.z > -1e-3 && (hit.normal.length() - 1.0).abs() < 1e-5);
            }
        }

        #[test]
        fn nothing_is_hit_outside_the_extent(
            corners in [place(), place(), place()], kind in 0..3, x in coordinate(), y in coordinate(),
        ) {
            let [a, b, c] = corners;
            let solid = match kind {
                0 => Solid::ellipsoid(a, Mat3::from_rotation_z(b.x), c.abs() + 0.05),
                1 => Solid::Limb { start: a, end: b, start_radius: 0.2, end_radius: 0.3 },
                _ => Solid::Plate { corners, rounding: 0.1 },
            };
            let point = Vec2::new(x, y);
            let (low, high) = solid.extent();
            let inside = point.cmpge(low - 1e-4).all() && point.cmple(high + 1e-4).all();
            prop_assert!(inside || solid.hit(point, 1.0).is_none());
        }
    }

    #[test]
    fn a_plate_covers_its_middle_at_the_height_of_its_plane() {
        let corners = [
            Vec3::new(-1.0, 0.0, 0.0),
            Vec3::new(1.0, 0.0, 2.0),
            Vec3::new(0.0, 3.0, 1.0),
        ];
        let hit = Solid::Plate {
            corners,
            rounding: 0.1,
        }
        .hit(Vec2::new(0.0, 1.0), 1.0)
        .unwrap();
        // The plane is at 1 there, and the plate is as thick as its rounding.
        assert!((hit.depth - 1.1).abs() < 1e-5, "{}", hit.depth);
        assert!((hit.along - 1.0 / 3.0).abs() < 1e-5);
    }
}
