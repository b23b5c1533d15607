use pictures::transform::CropMap;

/// The points of the picture that the pixels of the frame show, rows from the top.
pub(crate) fn points(crop: &CropMap) -> impl Iterator<Item = [f64; 2]> {
    let [width, height] = crop.frame;
    (0..width * height)
        .map(move |index| crop.to_picture([(index % width) as f64, (index / width) as f64]))
}
