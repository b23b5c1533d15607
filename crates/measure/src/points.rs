use pictures::transform::CropMap;

/// The points of the picture that the pixels of the square show, rows from the top.
pub(crate) fn points(crop: &CropMap) -> impl Iterator<Item = [f64; 2]> {
    let size = crop.size;
    (0..size * size)
        .map(move |index| crop.to_picture([(index % size) as f64, (index / size) as f64]))
}
