//! matplotlib's drawing of a map over a picture (`tests/fixtures/cam/overlay`).

use cam::HeatMap;
use explain::overlay::overlay;
use pictures::transform::CropMap;
use std::path::Path;

/// Of 255: matplotlib blends in steps of a whole shade, so that the formula agrees with it within 1.2
/// (`tests/fixtures/fastai/README.md`, h), and whole shades within 1.
const TOLERANCE: i32 = 1;

#[test]
fn a_map_is_drawn_over_a_picture_as_matplotlib_does() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/cam/overlay");
    let picture = |name: &str| image::open(folder.join(name)).unwrap().to_rgb8();
    let map: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("map.json")).unwrap()).unwrap();
    let map = HeatMap {
        height: map["rows"].as_u64().unwrap() as usize,
        width: map["cols"].as_u64().unwrap() as usize,
        values: serde_json::from_value(map["values"].clone()).unwrap(),
    };
    let whole = CropMap {
        frame: [88, 88],
        picture_size: [88, 88],
        scale: [1.0, 1.0],
        offset: [0.0, 0.0],
    };
    let drawn = overlay(&picture("picture.png"), &map, &whole);
    let golden = picture("overlay.png");
    assert_eq!(drawn.dimensions(), golden.dimensions());
    for ((column, row, ours), theirs) in drawn.enumerate_pixels().zip(golden.pixels()) {
        for (ours, theirs) in ours.0.iter().zip(theirs.0) {
            let error = (i32::from(*ours) - i32::from(theirs)).abs();
            assert!(
                error <= TOLERANCE,
                "{ours} instead of {theirs} at column {column}, row {row}"
            );
        }
    }
}
