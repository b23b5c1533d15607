//! Pictures that are explained, and their way to the network.

use crate::random::{Purpose, generator};
use checkpoint::SplitRecord;
use files::sha256_hex;
use image::RgbImage;
use pictures::{
    decode::{DecodeError, Orientation, Turn},
    folder::{PICTURE_EXTENSIONS, is_picture_name, label_of_file_name, stem},
    loader::{Normalisation, ValidationPicture},
    transform::{CropMap, Padding},
};
use rand::seq::SliceRandom;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A picture file that is to be explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureFile {
    /// Its name as shown to people.
    pub name: String,
    /// Its place.
    pub path: PathBuf,
    /// The class it shows, where its name says one of the network's classes.
    pub true_class: Option<usize>,
}

/// A decoded picture and the part of it that the network sees.
#[derive(Debug, Clone)]
pub struct Picture {
    /// The file it came from.
    pub file: PictureFile,
    /// SHA-256 of the file, in hex.
    pub digest: String,
    /// The pixels in their own size, turned as the network sees them.
    pub pixels: RgbImage,
    /// The turn that the pixels were given after they were read.
    pub turned: Turn,
    /// The turn with which the pixels are shown: it makes them upright.
    pub upright: Turn,
    /// The way from the pixels to the square.
    pub crop: CropMap,
    /// The square that the network sees: planes red, green, blue, in 0..1.
    pub square: Vec<f32>,
}

/// A named file or folder gives no pictures.
#[derive(Debug, thiserror::Error)]
pub enum PicturesError {
    /// Nothing is there.
    #[error("there is no picture or folder {}", .0.display())]
    Missing(PathBuf),
    /// A folder that cannot be listed.
    #[error("cannot list {}: {error}", folder.display())]
    Unreadable {
        /// The folder.
        folder: PathBuf,
        /// Error of the system.
        error: io::Error,
    },
    /// A folder without a picture.
    #[error("there is no picture in {} (looked for .{})", .0.display(), PICTURE_EXTENSIONS.join(", ."))]
    Empty(PathBuf),
}

impl PictureFile {
    fn new(name: String, path: PathBuf, classes: &[String]) -> Self {
        let true_class = class_in_name(&name, classes);
        Self {
            name,
            path,
            true_class,
        }
    }

    /// The file `name` in `folder`, of which no class is known.
    pub fn without_class(folder: &Path, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            path: folder.join(name),
            true_class: None,
        }
    }

    /// Its name without folders and extension: the key to its annotations.
    pub fn stem(&self) -> &str {
        stem(&self.name)
    }

    /// Reads and transforms it as in validation, for squares of `size`, and the `padding` and `orientation` that the network
    /// was trained with.
    ///
    /// # Errors
    /// A file that cannot be read or decoded.
    pub fn read(
        &self,
        size: usize,
        padding: Padding,
        orientation: Orientation,
    ) -> Result<Picture, DecodeError> {
        let ValidationPicture {
            bytes,
            pixels,
            turned,
            upright,
            crop,
            square,
        } = ValidationPicture::read(&self.path, size, padding, orientation)?;
        Ok(Picture {
            file: self.clone(),
            digest: sha256_hex(&bytes),
            crop,
            square,
            pixels,
            turned,
            upright,
        })
    }
}

/// The files named, and those in the folders named (not in folders below them), in byte order of their names.
pub fn named(paths: &[PathBuf], classes: &[String]) -> Result<Vec<PictureFile>, PicturesError> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(pictures_in(path)?);
        } else if path.exists() {
            files.push(path.clone());
        } else {
            return Err(PicturesError::Missing(path.clone()));
        }
    }
    let file_name = |path: &Path| {
        path.file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    Ok(files
        .into_iter()
        .map(|path| PictureFile::new(file_name(&path), path, classes))
        .collect())
}

/// All validation pictures of a run, in the order in which they were validated.
pub fn validation(record: &SplitRecord, classes: &[String]) -> Vec<PictureFile> {
    let file = |name: &String| PictureFile::new(name.clone(), record.folder.join(name), classes);
    record.valid.iter().map(file).collect()
}

/// `count` of `files` drawn by `seed`, or all if there are not so many.
pub fn drawn(mut files: Vec<PictureFile>, count: usize, seed: u64) -> Vec<PictureFile> {
    files.shuffle(&mut generator(seed, Purpose::Pictures));
    files.truncate(count);
    files
}

/// The squares of a batch as the network takes them, normalised, one picture after the other.
pub fn normalised<'a>(
    pictures: impl IntoIterator<Item = &'a Picture>,
    normalisation: &Normalisation,
) -> Vec<f32> {
    let mut values = Vec::new();
    for picture in pictures {
        let begin = values.len();
        values.extend(&picture.square);
        normalisation.apply(&mut values[begin..]);
    }
    values
}

/// The class that the folder or the file name says, if it is one of `classes`.
fn class_in_name(name: &str, classes: &[String]) -> Option<usize> {
    let folder = name.split_once('/').map(|(folder, _)| folder);
    let labels = [folder, label_of_file_name(name)];
    let mut labels = labels.into_iter().flatten();
    labels.find_map(|label| classes.iter().position(|class| class == label))
}

fn pictures_in(folder: &Path) -> Result<Vec<PathBuf>, PicturesError> {
    let unreadable = |error| PicturesError::Unreadable {
        folder: folder.to_owned(),
        error,
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if is_picture_name(&path) && !path.is_dir() {
            found.push(path);
        }
    }
    if found.is_empty() {
        return Err(PicturesError::Empty(folder.to_owned()));
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes() -> Vec<String> {
        ["beagle", "Maine_Coon", "pug"].map(str::to_owned).to_vec()
    }

    #[test]
    fn the_true_class_is_that_of_the_folder_or_the_file_name_if_the_network_knows_it() {
        let class = |name: &str| class_in_name(name, &classes());
        assert_eq!(class("pug_12.jpg"), Some(2));
        assert_eq!(class("beagle/pug_12.jpg"), Some(0));
        assert_eq!(class("Maine_Coon/anything.png"), Some(1));
        assert_eq!(class("holiday/pug_3.jpg"), Some(2));
        assert_eq!(class("pug__Maine_Coon_01.jpg"), None);
        assert_eq!(class("siamese_1.jpg"), None);
    }

    #[test]
    fn a_folder_gives_its_pictures_in_order_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.png", "a.JPG", "notes.txt", ".hidden.png"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir(folder.path().join("below.png")).unwrap();
        let files = named(&[folder.path().to_owned()], &classes()).unwrap();
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["a.JPG", "b.png"]);
    }

    #[test]
    fn a_folder_without_pictures_and_a_path_to_nothing_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let said = |path: PathBuf| named(&[path], &classes()).unwrap_err().to_string();
        assert!(said(folder.path().to_owned()).contains("no picture in"));
        assert!(said(folder.path().join("none.jpg")).contains("none.jpg"));
    }

    #[test]
    fn the_seed_alone_decides_which_pictures_are_drawn() {
        let files: Vec<PictureFile> = (0..50)
            .map(|number| PictureFile::new(format!("pug_{number}.jpg"), PathBuf::new(), &classes()))
            .collect();
        let eight = drawn(files.clone(), 8, 1);
        assert_eq!(eight.len(), 8);
        assert_eq!(eight, drawn(files.clone(), 8, 1));
        assert_ne!(eight, drawn(files.clone(), 8, 2));
        assert_eq!(drawn(files[..3].to_vec(), 8, 1).len(), 3);
    }

    #[test]
    fn a_picture_is_seen_as_the_run_says_and_its_turn_to_upright_is_known() {
        let odd = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/fixtures/odd_table"
        );
        let file = PictureFile::without_class(Path::new(odd), "png_oriented_6.png");
        let read = |orientation| file.read(32, Padding::Zeros, orientation).unwrap();
        let (exif, ignore) = (read(Orientation::Exif), read(Orientation::Ignore));
        assert_eq!((exif.turned.tag(), exif.upright.tag()), (6, 1));
        assert_eq!((ignore.turned.tag(), ignore.upright.tag()), (1, 6));
        assert_eq!(ignore.upright.apply(ignore.pixels.clone()), exif.pixels);
        assert_ne!(ignore.square, exif.square);
    }

    #[test]
    fn a_square_of_a_size_that_does_not_fit_is_padded_as_the_network_was_trained() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pug_1.png");
        RgbImage::from_pixel(60, 60, image::Rgb([200; 3]))
            .save(&path)
            .unwrap();
        let file = PictureFile::new("pug_1.png".to_owned(), path, &classes());
        // 40 is rounded to 32: four pixels on each side lie outside of the picture.
        let corner = |padding| {
            let picture = file.read(40, padding, Orientation::Exif);
            picture.unwrap().square[0]
        };
        assert_eq!(corner(Padding::Zeros), 0.0);
        assert!(corner(Padding::Reflection) > 0.7);
    }
}
