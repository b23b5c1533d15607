//! Maps that another tool made, one for each picture, in a folder.

use crate::{
    npy::{self, NpyError},
    pictures::Picture,
};
use cam::HeatMap;
use pictures::transform::CropMap;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// A folder of maps, and which of them were asked for.
#[derive(Debug)]
pub struct GivenMaps {
    folder: PathBuf,
    /// All its `.npy` files.
    files: BTreeSet<PathBuf>,
    used: BTreeSet<PathBuf>,
    missing: BTreeSet<String>,
    /// Maps that covered the frame, and those that covered whole pictures.
    counts: [usize; 2],
}

/// Maps that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GivenMapsError {
    /// There is no such folder, or it cannot be listed.
    #[error("--maps {}: {error}", folder.display())]
    Folder {
        /// As typed.
        folder: PathBuf,
        /// Error of the system.
        error: std::io::Error,
    },
    /// It has no map.
    #[error("--maps {}: there is no .npy file; it takes one for each picture, named after it: pug_1.npy for pug_1.jpg", .0.display())]
    Empty(PathBuf),
    /// None is named after a picture.
    #[error(
        "--maps {}: none of its {files} .npy files is named after a picture that is measured; the map of {picture} would be {}",
        folder.display(),
        example.display()
    )]
    NoneFits {
        /// As typed.
        folder: PathBuf,
        /// How many there are.
        files: usize,
        /// A picture.
        picture: String,
        /// The map that it would have.
        example: PathBuf,
    },
    /// A file that is no map.
    #[error("cannot read {}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Its fault.
        error: NpyError,
    },
    /// A map that lies nowhere.
    #[error(
        "{} has {} cells, the shape neither of the {} pixels that the network saw of {picture} nor of all its {}: a map covers one \
         of the two, in its proportions",
        path.display(),
        size(map),
        size(seen),
        size(whole)
    )]
    Misfit {
        /// The file.
        path: PathBuf,
        /// Name of the picture.
        picture: String,
        /// Width and height of the map.
        map: [usize; 2],
        /// Width and height of what the network saw.
        seen: [usize; 2],
        /// Width and height of the picture.
        whole: [usize; 2],
    },
}

/// What a map lies over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cover {
    /// What the network saw.
    Frame,
    /// The whole picture.
    Picture,
}

impl GivenMaps {
    /// The maps in and below `folder`.
    ///
    /// # Errors
    /// There are none.
    pub fn open(folder: &Path) -> Result<Self, GivenMapsError> {
        let mut files = BTreeSet::new();
        list(folder, &mut files).map_err(|error| GivenMapsError::Folder {
            folder: folder.to_owned(),
            error,
        })?;
        if files.is_empty() {
            return Err(GivenMapsError::Empty(folder.to_owned()));
        }
        Ok(Self {
            folder: folder.to_owned(),
            files,
            used: BTreeSet::new(),
            missing: BTreeSet::new(),
            counts: [0; 2],
        })
    }

    /// What they are called in tables.
    pub fn title(&self) -> String {
        format!("maps of {}", self.folder.display())
    }

    /// The map of `picture` for `class`, if it has one of its own (`pug_1.Siamese.npy`), or else for whatever class
    /// (`pug_1.npy`). It covers the frame of what the network saw. A picture without one is kept in mind.
    ///
    /// # Errors
    /// The file is no map, or of another shape.
    pub fn of(
        &mut self,
        picture: &Picture,
        class: &str,
    ) -> Result<Option<HeatMap>, GivenMapsError> {
        let found = self.of_class(picture, class)?;
        let found = match found {
            None => self.read(picture, &[String::new()])?,
            found => found,
        };
        if found.is_none() {
            self.missing.insert(picture.file.name.clone());
        }
        Ok(found)
    }

    /// The map of `picture` that is for `class` alone, if there is one.
    ///
    /// # Errors
    /// The file is no map, or of another shape.
    pub fn of_class(
        &mut self,
        picture: &Picture,
        class: &str,
    ) -> Result<Option<HeatMap>, GivenMapsError> {
        let plain = words::file_name(class, 200);
        self.read(picture, &[format!(".{class}"), format!(".{plain}")])
    }

    /// The first map of `picture` whose name has one of these `parts` before its ending.
    fn read(
        &mut self,
        picture: &Picture,
        parts: &[String],
    ) -> Result<Option<HeatMap>, GivenMapsError> {
        let names = parts.iter().flat_map(|part| {
            let name = &picture.file.name;
            let stem = name
                .rsplit_once('.')
                .map_or(name.as_str(), |(stem, _)| stem);
            [format!("{stem}{part}.npy"), format!("{name}{part}.npy")]
        });
        let mut paths = names.map(|name| self.folder.join(name));
        let Some(path) = paths.find(|path| self.files.contains(path)) else {
            return Ok(None);
        };
        drop(paths);
        let map = fs::read(&path)
            .map_err(NpyError::Read)
            .and_then(|bytes| npy::decode(&bytes))
            .map_err(|error| GivenMapsError::File {
                path: path.clone(),
                error,
            })?;
        let cover = cover(&map, &picture.crop).ok_or_else(|| GivenMapsError::Misfit {
            path: path.clone(),
            picture: picture.file.name.clone(),
            map: [map.width, map.height],
            seen: picture.crop.frame,
            whole: picture.crop.picture_size,
        })?;
        if self.used.insert(path) {
            self.counts[usize::from(cover == Cover::Picture)] += 1;
        }
        Ok(Some(match cover {
            Cover::Frame => map,
            Cover::Picture => seen_of(&map, &picture.crop),
        }))
    }

    /// Sentences about what was found, once all pictures have been asked for: what is left out must not be missed, the rest
    /// is news.
    ///
    /// # Errors
    /// No picture has a map.
    pub fn remarks(&self) -> Result<Vec<(bool, String)>, GivenMapsError> {
        if self.used.is_empty() {
            let picture = self.missing.first().cloned().unwrap_or_default();
            let stem = picture
                .rsplit_once('.')
                .map_or(picture.as_str(), |(stem, _)| stem);
            return Err(GivenMapsError::NoneFits {
                folder: self.folder.clone(),
                files: self.files.len(),
                example: self.folder.join(format!("{stem}.npy")),
                picture,
            });
        }
        let [frame, whole] = self.counts;
        let title = self.title();
        let mut remarks = vec![(
            false,
            format!(
                "{title}: {frame} of the shape of what the network saw, which they cover, {whole} of that of their whole picture"
            ),
        )];
        if !self.missing.is_empty() {
            let pictures = words::counted(self.missing.len(), "picture");
            let named = words::first_three(&self.missing);
            remarks.push((true, format!("{title}: none for {pictures}: {named}")));
        }
        let unused: Vec<&PathBuf> = self.files.difference(&self.used).collect();
        if !unused.is_empty() {
            let named = unused
                .iter()
                .filter_map(|path| path.strip_prefix(&self.folder).ok());
            let named = words::first_three(named.map(|path| path.display().to_string()));
            let files = words::counted(unused.len(), "file");
            remarks.push((
                false,
                format!("{title}: {files} named after no picture that is measured: {named}"),
            ));
        }
        Ok(remarks)
    }
}

fn list(folder: &Path, files: &mut BTreeSet<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && !path.is_symlink() {
            list(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "npy") {
            files.insert(path);
        }
    }
    Ok(())
}

/// What a map covers by its shape: exactly that of the frame, or that of the picture but for rounding.
fn cover(map: &HeatMap, crop: &CropMap) -> Option<Cover> {
    let [width, height] = crop.frame;
    if map.width * height == map.height * width {
        return Some(Cover::Frame);
    }
    // The sides over those of the picture, each rounded up or down.
    let sides = [map.width, map.height].map(|side| side as f64);
    let whole = crop.picture_size.map(|side| side as f64);
    let least = ((sides[0] - 1.0) / whole[0]).max((sides[1] - 1.0) / whole[1]);
    let most = ((sides[0] + 1.0) / whole[0]).min((sides[1] + 1.0) / whole[1]);
    (least < most).then_some(Cover::Picture)
}

/// The part that the network saw of a map of a whole picture: a value for each pixel of the frame.
fn seen_of(map: &HeatMap, crop: &CropMap) -> HeatMap {
    let [width, height] = crop.frame;
    let place = |axis: usize, index: usize| {
        let pixel = crop.to_picture([index as f64; 2])[axis];
        (pixel + 0.5) / crop.picture_size[axis] as f64
    };
    let columns: Vec<_> = (0..width).map(|x| map.columns_at(place(0, x))).collect();
    let rows = (0..height).map(|y| map.rows_at(place(1, y)));
    HeatMap {
        height,
        width,
        values: rows
            .flat_map(|row| {
                let value = move |columns: &_| map.between(*columns, row) as f32;
                columns.iter().map(value)
            })
            .collect(),
    }
}

fn size([width, height]: &[usize; 2]) -> String {
    format!("{width} x {height}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pictures::PictureFile;
    use image::RgbImage;
    use pictures::{decode::Turn, transform::View};

    fn picture(name: &str, width: usize, height: usize, view: View) -> Picture {
        Picture {
            file: PictureFile::without_class(Path::new(""), name),
            digest: String::new(),
            pixels: RgbImage::new(1, 1),
            turned: Turn::NONE,
            upright: Turn::NONE,
            crop: CropMap::of(view, width, height, 64),
            frame: Vec::new(),
        }
    }

    fn level(width: usize, height: usize) -> HeatMap {
        HeatMap {
            height,
            width,
            values: vec![1.0; width * height],
        }
    }

    #[test]
    fn a_map_covers_what_the_network_saw_or_the_whole_picture_by_its_shape() {
        let square = picture("a.jpg", 500, 375, View::Square).crop;
        for (size, expected) in [
            ([7, 7], Some(Cover::Frame)),
            ([1, 1], Some(Cover::Frame)),
            ([500, 375], Some(Cover::Picture)),
            // A short side of 224, and the last layer's cells of it.
            ([299, 224], Some(Cover::Picture)),
            ([10, 7], Some(Cover::Picture)),
            ([375, 500], None),
            ([300, 200], None),
        ] {
            assert_eq!(
                cover(&level(size[0], size[1]), &square),
                expected,
                "{size:?}"
            );
        }
        let whole = picture("a.jpg", 500, 375, View::Whole { stride: 32 }).crop;
        assert_eq!(whole.frame, [96, 64]);
        assert_eq!(cover(&level(3, 2), &whole), Some(Cover::Frame));
        assert_eq!(cover(&level(500, 375), &whole), Some(Cover::Picture));
        assert_eq!(cover(&level(7, 7), &whole), None);
    }

    /// A map whose values are the columns of the picture: what the network saw of it has them where it looked.
    #[test]
    fn of_a_map_of_the_whole_picture_the_part_is_taken_that_the_network_saw() {
        let crop = picture("a.jpg", 200, 100, View::Square).crop;
        let map = HeatMap {
            height: 100,
            width: 200,
            values: (0..200 * 100).map(|index| (index % 200) as f32).collect(),
        };
        let seen = seen_of(&map, &crop);
        assert_eq!([seen.width, seen.height], [64, 64]);
        for (index, value) in seen.values.iter().enumerate() {
            let expected = crop.to_picture([(index % 64) as f64; 2])[0];
            assert!(
                (f64::from(*value) - expected).abs() < 1e-3,
                "{value} {expected}"
            );
        }
    }

    #[test]
    fn a_map_is_found_by_its_pictures_name_and_class_and_what_is_missing_or_left_over_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, value: f32| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let map = HeatMap {
                values: vec![value],
                ..level(1, 1)
            };
            fs::write(path, npy::encode(&map)).unwrap();
        };
        write("a.npy", 1.0);
        write("a.pug.npy", 2.0);
        write("pug/b.jpg.npy", 3.0);
        write("spare.npy", 4.0);
        let mut maps = GivenMaps::open(folder.path()).unwrap();
        let mut value = |name: &str, class: &str| {
            let picture = picture(name, 64, 64, View::Square);
            maps.of(&picture, class).unwrap().map(|map| map.values[0])
        };
        assert_eq!(value("a.jpg", "pug"), Some(2.0));
        assert_eq!(value("a.jpg", "beagle"), Some(1.0));
        assert_eq!(value("pug/b.jpg", "pug"), Some(3.0));
        assert_eq!(value("c.jpg", "pug"), None);
        let said = maps.remarks().unwrap();
        assert!(said[1].0 && said[1].1.ends_with("none for 1 picture: c.jpg"));
        assert!(said[2].1.ends_with("spare.npy"), "{}", said[2].1);
        let mut others = GivenMaps::open(folder.path()).unwrap();
        let other = picture("d.jpg", 64, 64, View::Square);
        assert!(others.of(&other, "pug").unwrap().is_none());
        let error = others.remarks().unwrap_err().to_string();
        assert!(error.contains("the map of d.jpg would be"), "{error}");
    }

    #[test]
    fn what_is_no_map_or_lies_nowhere_is_named() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            GivenMaps::open(folder.path()),
            Err(GivenMapsError::Empty(_))
        ));
        fs::write(folder.path().join("a.npy"), "no map").unwrap();
        fs::write(folder.path().join("b.npy"), npy::encode(&level(3, 5))).unwrap();
        let mut maps = GivenMaps::open(folder.path()).unwrap();
        let mut said = |name: &str| {
            let picture = picture(name, 500, 375, View::Square);
            maps.of(&picture, "pug").err().unwrap().to_string()
        };
        assert!(said("a.jpg").contains("a.npy: it is no file of NumPy"));
        let misfit = said("b.jpg");
        assert!(
            misfit.contains("3 x 5 cells")
                && misfit.contains("64 x 64")
                && misfit.contains("500 x 375"),
            "{misfit}"
        );
        let nowhere = GivenMaps::open(&folder.path().join("nowhere")).unwrap_err();
        assert!(nowhere.to_string().contains("nowhere"));
    }
}
