//! Operations on the bytes of a square, three planes red, green, blue: those of torchvision's `transforms.v2.functional` on
//! tensors of `uint8`, which cut off behind the point where they do not say that they round.

/// Reads the square at other places: the pixel (x, y), counted from the middle, takes the nearest one of
/// `(a x + b y + c, d x + e y + f)`, or black outside.
pub(super) fn affine(planes: &mut Vec<u8>, size: usize, [a, b, c, d, e, f]: [f64; 6]) {
    let middle = (size as f64 - 1.0) / 2.0;
    let plane = size * size;
    let mut moved = vec![0; planes.len()];
    let inside = |place: f64| {
        let nearest = (place + middle).round_ties_even();
        (nearest >= 0.0 && nearest < size as f64).then_some(nearest as usize)
    };
    for row in 0..size {
        for column in 0..size {
            let (x, y) = (column as f64 - middle, row as f64 - middle);
            if let (Some(from_x), Some(from_y)) =
                (inside(a * x + b * y + c), inside(d * x + e * y + f))
            {
                for channel in 0..planes.len() / plane {
                    moved[channel * plane + row * size + column] =
                        planes[channel * plane + from_y * size + from_x];
                }
            }
        }
    }
    *planes = moved;
}

/// Each value times `factor`.
pub(super) fn brightness(planes: &mut [u8], factor: f64) {
    for value in planes {
        *value = byte(f32::from(*value) * factor as f32);
    }
}

/// Blended with its grey values: `factor · value + (1 - factor) · grey`.
pub(super) fn saturation(planes: &mut [u8], factor: f64) {
    let grey = grey(planes);
    for plane in planes.chunks_exact_mut(grey.len().max(1)) {
        for (value, grey) in plane.iter_mut().zip(&grey) {
            *value = blend(*value, *grey, factor);
        }
    }
}

/// Blended with the mean of its grey values.
pub(super) fn contrast(planes: &mut [u8], factor: f64) {
    let grey = grey(planes);
    let sum: f64 = grey.iter().copied().map(f64::from).sum();
    let mean = (sum / grey.len().max(1) as f64) as f32;
    for value in planes {
        *value = blend(*value, mean, factor);
    }
}

/// Blended with a blur of the 3 × 3 pixels around, of which the middle has the weight 5; the border stays.
pub(super) fn sharpness(planes: &mut [u8], size: usize, factor: f64) {
    if size <= 2 {
        return;
    }
    for plane in planes.chunks_exact_mut(size * size) {
        let before = plane.to_vec();
        for row in 1..size - 1 {
            for column in 1..size - 1 {
                let at = row * size + column;
                let around = (row - 1..=row + 1).flat_map(|y| {
                    let start = y * size + column - 1;
                    &before[start..start + 3]
                });
                let sum: f32 = around.map(|value| f32::from(*value)).sum();
                let value = f32::from(before[at]);
                let blurred = ((sum + 4.0 * value) / 13.0).round_ties_even();
                plane[at] = byte(fused((1.0 - factor) as f32, blurred - value, value));
            }
        }
    }
}

/// Keeps the `bits` highest bits of each value.
pub(super) fn posterize(planes: &mut [u8], bits: u32) {
    let mask = (0xff00u32 >> bits) as u8;
    for value in planes {
        *value &= mask;
    }
}

/// Inverts the values from `threshold` on.
pub(super) fn solarize(planes: &mut [u8], threshold: f32) {
    for value in planes {
        if f32::from(*value) >= threshold {
            *value = 255 - *value;
        }
    }
}

/// Does `operation` on each of three planes.
pub(super) fn each_plane(planes: &mut [u8], operation: impl Fn(&mut [u8])) {
    let plane = (planes.len() / 3).max(1);
    planes.chunks_exact_mut(plane).for_each(operation);
}

/// Spreads the values of a plane over 0 to 255.
pub(super) fn autocontrast(plane: &mut [u8]) {
    let (Some(least), Some(greatest)) = (plane.iter().copied().min(), plane.iter().copied().max())
    else {
        return;
    };
    if least == greatest {
        return;
    }
    let scale = f32::from(greatest - least) * (1.0 / 255.0);
    for value in plane {
        *value = byte(f32::from(*value - least) / scale);
    }
}

/// Gives each value of a plane about as many pixels as any other: the histogram equalisation of PIL, which torchvision has
/// too.
pub(super) fn equalise(plane: &mut [u8]) {
    let mut counts = [0usize; 256];
    for value in plane.iter() {
        counts[usize::from(*value)] += 1;
    }
    let of_greatest = counts
        .iter()
        .rev()
        .find(|count| **count > 0)
        .copied()
        .unwrap_or(0);
    let step = (plane.len() - of_greatest) / 255;
    if step == 0 {
        return;
    }
    let mut below = step / 2;
    let table = counts.map(|count| {
        let value = (below / step).min(255) as u8;
        below += count;
        value
    });
    for value in plane {
        *value = table[usize::from(*value)];
    }
}

/// Whole grey values of the pixels.
fn grey(planes: &[u8]) -> Vec<f32> {
    let (red, rest) = planes.split_at(planes.len() / 3);
    let (green, blue) = rest.split_at(rest.len() / 2);
    let pixels = red.iter().zip(green).zip(blue);
    pixels
        .map(|((red, green), blue)| {
            let [red, green, blue] = [*red, *green, *blue].map(f32::from);
            fused(0.114, blue, fused(0.587, green, 0.2989 * red)).floor()
        })
        .collect()
}

fn blend(value: u8, other: f32, factor: f64) -> u8 {
    let own = f32::from(value) * factor as f32;
    byte(fused((1.0 - factor) as f32, other, own))
}

/// `a · b + c`, rounded once as a fused instruction does, which torch takes where the processor has it.
fn fused(a: f32, b: f32, c: f32) -> f32 {
    (f64::from(a) * f64::from(b) + f64::from(c)) as f32
}

/// Without what stands behind the point, within 0 and 255.
fn byte(value: f32) -> u8 {
    value as u8
}
