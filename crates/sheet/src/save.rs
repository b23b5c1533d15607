//! Puts a drawn picture on the disk.

use std::path::{Path, PathBuf};

use image::codecs::png::PngEncoder;
use image::{ImageError, RgbImage};

/// Why a picture could not be saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The path names no file.
    #[error("cannot save a picture as \"{}\": the path has no file name", path.display())]
    NoFileName {
        /// The path as given.
        path: PathBuf,
    },
    /// PNG has no form for a picture without pixels.
    #[error("cannot save {}: the picture is {width} x {height} pixels; give one that has pixels", path.display())]
    NoPixels {
        /// The path as given.
        path: PathBuf,
        /// Width of the picture in pixels.
        width: u32,
        /// Height of the picture in pixels.
        height: u32,
    },
    /// The disk refused.
    #[error("cannot save {}: {source}; check that the folder is there, may be written, and has room", path.display())]
    Write {
        /// The path as given.
        path: PathBuf,
        /// Error of the encoder or the system.
        source: ImageError,
    },
}

/// Saves a picture as PNG, whatever the name's ending. A file that is there is replaced only by a complete one
/// ([`files::write_atomically`]).
///
/// # Errors
/// See [`SaveError`]. The file that was there before is then as it was.
pub fn save_png(picture: &RgbImage, path: &Path) -> Result<(), SaveError> {
    if path.file_name().is_none() {
        return Err(SaveError::NoFileName {
            path: path.to_path_buf(),
        });
    }
    if picture.is_empty() {
        let (width, height) = picture.dimensions();
        return Err(SaveError::NoPixels {
            path: path.to_path_buf(),
            width,
            height,
        });
    }
    files::write_atomically_with(path, |file| {
        picture.write_with_encoder(PngEncoder::new(file))
    })
    .map_err(|source| SaveError::Write {
        path: path.to_path_buf(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use image::Rgb;
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_saved_picture_is_read_back_the_same_and_alone() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("sheet.png");
        let picture = RgbImage::from_fn(7, 5, |x, y| Rgb([x as u8, y as u8, 9]));
        fs::write(&path, "an older file").unwrap();
        save_png(&picture, &path).unwrap();
        assert_eq!(image::open(&path).unwrap().into_rgb8(), picture);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_picture_without_pixels_is_a_named_error_and_the_older_file_stays() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("sheet.png");
        fs::write(&path, "an older file").unwrap();
        let error = save_png(&RgbImage::new(0, 3), &path).unwrap_err();
        assert!(matches!(error, SaveError::NoPixels { .. }), "{error}");
        assert!(error.to_string().contains("0 x 3 pixels"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"an older file");
    }

    #[test]
    fn a_save_that_fails_leaves_nothing_behind() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("sheet.png");
        fs::create_dir(&path).unwrap();
        let error = save_png(&RgbImage::new(1, 1), &path).unwrap_err();
        assert!(matches!(error, SaveError::Write { .. }), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_is_not_there_is_a_named_error() {
        let folder = TempDir::new().unwrap();
        let picture = RgbImage::new(1, 1);
        let error = save_png(&picture, &folder.path().join("none/sheet.png")).unwrap_err();
        assert!(matches!(error, SaveError::Write { .. }), "{error}");
        assert!(error.to_string().contains("sheet.png"), "{error}");
        let error = save_png(&picture, Path::new("..")).unwrap_err();
        assert!(matches!(error, SaveError::NoFileName { .. }), "{error}");
    }
}
