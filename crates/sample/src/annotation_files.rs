//! Files of pictures and annotations, in the formats of the Oxford-IIIT Pets.

use std::path::{Path, PathBuf};

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, GrayImage, ImageFormat, RgbImage};
use serde_json::{Value, json};

use crate::breed::Breed;
use crate::error::SampleError;
use crate::picture::PixelBox;
use crate::two_breeds::AnimalPair;

/// JPEG's quality, 1 to 100.
const QUALITY: u8 = 90;

/// Every fifth picture of a breed is for validation, the others for training.
const VALIDATION_EVERY: usize = 5;

/// Writes `list.txt`, `trainval.txt` and `test.txt`: one line `name class species breed` per picture, all numbers from
/// one; species 1 are cats, 2 dogs, and breeds are numbered within their species.
pub(crate) fn write_lists(
    annotations: &Path,
    breeds: &[Breed],
    pictures_per_breed: usize,
) -> Result<(), SampleError> {
    let mut list = String::from(
        "#Image CLASS-ID SPECIES BREED ID\n\
         #CLASS-ID: all classes from 1\n\
         #SPECIES: 1:Cat 2:Dog\n\
         #BREED ID: from 1 within the species\n\
         #Names of cats begin with a capital letter\n\
         #Names of dogs begin with a small letter\n",
    );
    let (mut training, mut validation) = (String::new(), String::new());
    let mut of_species = [0, 0];
    for (class, breed) in breeds.iter().enumerate() {
        let species = if breed.is_cat() { 1 } else { 2 };
        of_species[species - 1] += 1;
        for number in 1..=pictures_per_breed {
            let line = format!(
                "{} {} {species} {}\n",
                stem(*breed, number),
                class + 1,
                of_species[species - 1]
            );
            list.push_str(&line);
            if number.is_multiple_of(VALIDATION_EVERY) {
                &mut validation
            } else {
                &mut training
            }
            .push_str(&line);
        }
    }
    for (name, text) in [
        ("list.txt", list),
        ("trainval.txt", training),
        ("test.txt", validation),
    ] {
        write(&annotations.join(name), text.as_bytes())?;
    }
    Ok(())
}

/// The name of a picture without its ending.
pub(crate) fn stem(breed: Breed, number: usize) -> String {
    format!("{}_{number}", breed.name())
}

/// The head box as a file in the format of PASCAL VOC: pixels count from one and both corners are inside.
pub(crate) fn write_head_box(
    path: &Path,
    name: &str,
    breed: Breed,
    picture: &RgbImage,
    head: PixelBox,
) -> Result<(), SampleError> {
    let (width, height) = picture.dimensions();
    let species = if breed.is_cat() { "cat" } else { "dog" };
    let [xmin, ymin, xmax, ymax] = corners(head);
    let text = format!(
        "<annotation><folder>sample</folder><filename>{name}.jpg</filename>\
         <source><database>drawn sample</database><annotation>drawn sample</annotation><image>drawn</image></source>\
         <size><width>{width}</width><height>{height}</height><depth>3</depth></size><segmented>0</segmented>\
         <object><name>{species}</name><pose>Unspecified</pose><truncated>0</truncated><occluded>0</occluded>\
         <bndbox><xmin>{xmin}</xmin><ymin>{ymin}</ymin><xmax>{xmax}</xmax><ymax>{ymax}</ymax></bndbox>\
         <difficult>0</difficult></object></annotation>\n"
    );
    write(path, text.as_bytes())
}

/// Entry of one picture in `two_breeds/truth.json`.
pub(crate) fn truth(name: &str, [left, right]: [Breed; 2], pair: &AnimalPair) -> Value {
    let (width, height) = pair.picture.dimensions();
    json!({
        "file": format!("{name}.jpg"),
        "left": left.name(),
        "right": right.name(),
        "seam_x": pair.seam,
        "width": width,
        "height": height,
        "left_box": named_corners(pair.left.animal),
        "right_box": named_corners(pair.right.animal),
        "left_head": named_corners(pair.left.head),
        "right_head": named_corners(pair.right.head),
        "left_trimap": format!("trimaps_left/{name}.png"),
        "right_trimap": format!("trimaps_right/{name}.png"),
    })
}

/// Writes a picture as a JPEG file.
pub(crate) fn write_picture(path: &Path, picture: &RgbImage) -> Result<(), SampleError> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, QUALITY)
        .encode_image(picture)
        .map_err(|source| SampleError::Encode {
            path: path.to_path_buf(),
            source,
        })?;
    write(path, &bytes)
}

/// Writes a trimap as an 8-bit grey PNG file.
pub(crate) fn write_trimap(path: &Path, trimap: &GrayImage) -> Result<(), SampleError> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    DynamicImage::from(trimap.clone())
        .write_to(&mut bytes, ImageFormat::Png)
        .map_err(|source| SampleError::Encode {
            path: path.to_path_buf(),
            source,
        })?;
    write(path, bytes.get_ref())
}

/// Writes a file of the sample.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), SampleError> {
    std::fs::write(path, bytes).map_err(SampleError::at("write", path))
}

/// Makes a folder of the sample, and those above it.
pub(crate) fn create_folder(path: PathBuf) -> Result<PathBuf, SampleError> {
    std::fs::create_dir_all(&path).map_err(SampleError::at("create", &path))?;
    Ok(path)
}

fn corners(area: PixelBox) -> [u32; 4] {
    [area.left + 1, area.top + 1, area.right, area.bottom]
}

fn named_corners(area: PixelBox) -> Value {
    let [xmin, ymin, xmax, ymax] = corners(area);
    json!({ "xmin": xmin, "ymin": ymin, "xmax": xmax, "ymax": ymax })
}
