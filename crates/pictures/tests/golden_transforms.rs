//! The transforms against what fastai 1.0.30 computed (`tests/fixtures/fastai`).
//!
//! Tolerances are those stated with the vectors: 3e-4 at most and 2e-6 in the mean, which is the f32 rounding of
//! fastai's own coordinates at hard edges, enlarged by contrast next to black.

use std::path::{Path, PathBuf};

use image::RgbImage;
use pictures::transform::{
    CropMap, CropPosition, Drawn, Draws, Flip, Padding, ResizeGeometry, TtaView, Zoom, apply,
};
use safetensors::SafeTensors;
use serde::Deserialize;

const LARGEST: f64 = 3e-4;
const MEAN: f64 = 2e-6;

#[derive(Deserialize)]
struct Case {
    name: String,
    picture: String,
    size: usize,
    #[serde(default)]
    padding_mode: Padding,
    #[serde(default)]
    params: Parameters,
    resized: [usize; 2],
    d: f64,
    area_downscaled_first_to: Option<[usize; 2]>,
    crop_row: Option<i64>,
    crop_col: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    flip: bool,
    warp: Option<[f64; 4]>,
    rotate_degrees: Option<f64>,
    zoom_scale: Option<f64>,
    zoom_row_pct: f64,
    zoom_col_pct: f64,
    brightness_change: Option<f64>,
    contrast_scale: Option<f64>,
    crop_row_pct: Option<f64>,
    crop_col_pct: Option<f64>,
}

impl Parameters {
    fn draws(&self) -> Draws {
        let mut draws = Draws::validation();
        let zoom = self.zoom_scale.map(|scale| Zoom {
            scale,
            row_pct: self.zoom_row_pct,
            col_pct: self.zoom_col_pct,
        });
        apply_if_given(&mut draws.warp, self.warp);
        apply_if_given(&mut draws.flip, self.flip.then_some(Flip::LEFT_RIGHT));
        apply_if_given(&mut draws.rotate, self.rotate_degrees);
        apply_if_given(&mut draws.zoom, zoom);
        apply_if_given(&mut draws.brightness, self.brightness_change);
        apply_if_given(&mut draws.contrast, self.contrast_scale);
        draws.crop = CropPosition {
            row_pct: self.crop_row_pct.unwrap_or(draws.crop.row_pct),
            col_pct: self.crop_col_pct.unwrap_or(draws.crop.col_pct),
        };
        draws
    }
}

fn apply_if_given<T: Copy>(drawn: &mut Drawn<T>, value: Option<T>) {
    if let Some(value) = value {
        *drawn = Drawn::applied(value);
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/fastai")
}

fn read_json<T: for<'a> Deserialize<'a>>(name: &str) -> T {
    serde_json::from_slice(&std::fs::read(fixtures().join(name)).unwrap()).unwrap()
}

fn read_picture(name: &str) -> RgbImage {
    image::open(fixtures().join(name)).unwrap().into_rgb8()
}

fn read_values(tensors: &SafeTensors<'_>, name: &str) -> Vec<f32> {
    let bytes = tensors.tensor(name).unwrap().data();
    bytes
        .chunks_exact(4)
        .map(|four| f32::from_le_bytes(four.try_into().unwrap()))
        .collect()
}

/// Checks every case that these files hold and returns how many there were.
fn check_cases(cases: &str, expected: &[&str]) -> usize {
    let cases: Vec<Case> = read_json(cases);
    let mut failures = Vec::new();
    let mut checked = 0;
    for file in expected {
        let bytes = std::fs::read(fixtures().join(file)).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        for case in cases
            .iter()
            .filter(|case| tensors.names().contains(&case.name.as_str()))
        {
            let picture = read_picture(&case.picture);
            let values = apply(&picture, case.size, case.padding_mode, &case.params.draws());
            let expected = read_values(&tensors, &case.name);
            assert_eq!(values.len(), expected.len(), "{}", case.name);
            if !is_within_tolerance(&case.name, &values, &expected) {
                failures.push(&case.name);
            }
            checked += 1;
        }
    }
    assert!(failures.is_empty(), "out of tolerance: {failures:?}");
    checked
}

fn is_within_tolerance(name: &str, values: &[f32], expected: &[f32]) -> bool {
    let errors = values
        .iter()
        .zip(expected)
        .map(|(value, expected)| f64::from((value - expected).abs()));
    let (largest, sum) = errors.fold((0.0, 0.0), |(largest, sum): (f64, f64), e| {
        (largest.max(e), sum + e)
    });
    let mean = sum / values.len() as f64;
    println!("{name}: largest error {largest:.2e}, mean {mean:.2e}");
    largest <= LARGEST && mean <= MEAN
}

#[test]
fn every_case_of_the_training_transforms_is_reproduced() {
    let files = [
        "05_transforms/expected_1.safetensors",
        "05_transforms/expected_2.safetensors",
    ];
    assert_eq!(check_cases("05_transforms/cases.json", &files), 26);
}

#[test]
fn every_case_of_the_validation_transform_is_reproduced() {
    assert_eq!(
        check_cases("07_valid/cases.json", &["07_valid/expected.safetensors"]),
        17
    );
}

#[test]
fn every_view_of_test_time_augmentation_is_reproduced() {
    let bytes = std::fs::read(fixtures().join("10_tta/squares.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let mut failures = Vec::new();
    for name in tensors.names() {
        let (picture, view) = name.split_once(".view").unwrap();
        let picture = read_picture(&format!("pictures/{picture}.png"));
        let view = TtaView::ALL[view.parse::<usize>().unwrap()];
        let expected = read_values(&tensors, name);
        let square = view.square(&picture, 32, Padding::Reflection);
        assert_eq!(square.len(), expected.len(), "{name}");
        if !is_within_tolerance(name, &square, &expected) {
            failures.push(name);
        }
    }
    assert_eq!(tensors.len(), 4 * TtaView::ALL.len());
    assert!(failures.is_empty(), "out of tolerance: {failures:?}");
}

#[test]
fn the_resize_of_every_case_is_the_recorded_one() {
    let mut cases: Vec<Case> = read_json("05_transforms/cases.json");
    cases.extend(read_json::<Vec<Case>>("07_valid/cases.json"));
    for case in cases {
        let picture = read_picture(&case.picture);
        let geometry = ResizeGeometry::new(
            picture.height() as usize,
            picture.width() as usize,
            case.size,
        );
        assert_eq!(
            [geometry.resized_height, geometry.resized_width],
            case.resized,
            "{}",
            case.name
        );
        assert_eq!(geometry.reduction, case.d, "{}", case.name);
        if case.area_downscaled_first_to.is_some() {
            assert_eq!(
                geometry.area_size(),
                case.area_downscaled_first_to,
                "{}",
                case.name
            );
        }
    }
}

#[test]
fn the_crop_map_of_every_validation_case_starts_at_the_recorded_row_and_column() {
    for case in read_json::<Vec<Case>>("07_valid/cases.json") {
        let (width, height) = read_picture(&case.picture).dimensions();
        let map = CropMap::new(width as usize, height as usize, case.size);
        let step = |length: u32, resized: usize| f64::from(length - 1) / (resized as f64 - 1.0);
        let expected = [
            step(width, case.resized[1]) * case.crop_col.unwrap() as f64,
            step(height, case.resized[0]) * case.crop_row.unwrap() as f64,
        ];
        assert_eq!(map.to_picture([0.0, 0.0]), expected, "{}", case.name);
    }
}

#[test]
fn all_133_recorded_geometries_are_exact() {
    #[derive(Deserialize)]
    struct Geometries {
        rows: Vec<Row>,
    }
    /// size, H, W, T, h, w, d, area_h, area_w
    type Row = (usize, usize, usize, usize, usize, usize, f64, usize, usize);
    let rows = read_json::<Geometries>("05_transforms/geometry.json").rows;
    assert_eq!(rows.len(), 133);
    for row in rows {
        let (size, height, width, ..) = row;
        let found = ResizeGeometry::new(height, width, size);
        let [area_height, area_width] = found.area_size().unwrap_or([0, 0]);
        let found = (
            size,
            found.height,
            found.width,
            found.target,
            found.resized_height,
            found.resized_width,
            found.reduction,
            area_height,
            area_width,
        );
        assert_eq!(found, row);
    }
}
