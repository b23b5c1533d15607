//! Pictures that are explained, and their way to the network.

use crate::{
    random::{Purpose, generator},
    shown_name::shown_names,
    truth::{Truths, Unknown},
};
use checkpoint::{SplitRecord, picture_file};
use files::sha256_hex;
use image::RgbImage;
pub use pictures::part::Part;
use pictures::{
    decode::{DecodeError, Orientation, Turn, claimed_pixels},
    folder::{FolderError, Found, LeftOut, PICTURE_EXTENSIONS, find_pictures, stem},
    loader::{Normalisation, ValidationPicture},
    transform::{CropMap, Padding, View},
};
use rand::seq::SliceRandom;
use std::{
    collections::{BTreeMap, HashSet},
    fs,
    path::{Path, PathBuf},
};

/// Pixels of pictures that are kept decoded at a time, at three bytes each.
const BATCH_PIXELS: u64 = 100_000_000;

/// A picture file that is to be explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureFile {
    /// Its name as shown to people: no other picture of the same explanation has it.
    pub name: String,
    /// Its place.
    pub path: PathBuf,
    /// The class it shows, where that is known and one of the network's classes.
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
    /// The way from the pixels to the frame.
    pub crop: CropMap,
    /// The frame that the network sees: planes red, green, blue, in 0..1.
    pub frame: Vec<f32>,
}

/// A named file or folder gives no pictures.
#[derive(Debug, thiserror::Error)]
pub enum PicturesError {
    /// Nothing is there.
    #[error("there is no picture or folder {}", .0.display())]
    Missing(PathBuf),
    /// A link that leads nowhere, or in a circle.
    #[error("{} is a link to {}, where nothing is", link.display(), target.display())]
    DeadLink {
        /// The link.
        link: PathBuf,
        /// What is written in it.
        target: PathBuf,
    },
    /// A folder that cannot be listed.
    #[error(transparent)]
    Unreadable(FolderError),
    /// A folder without a picture.
    #[error(
        "there is no picture in {} (looked for .{}{})",
        folder.display(),
        PICTURE_EXTENSIONS.join(", ."),
        beside(left_out)
    )]
    Empty {
        /// The folder.
        folder: PathBuf,
        /// What is in it.
        left_out: Box<LeftOut>,
    },
}

/// Pictures that were named, with what there is to say about them.
#[derive(Debug)]
pub struct Named {
    /// The pictures.
    pub files: Vec<PictureFile>,
    /// Pictures that were named more than once; each is explained once.
    pub repeated: usize,
    /// The folders that were named, with what was left out of each.
    pub left_out: Vec<(PathBuf, LeftOut)>,
    /// Reasons why classes are not known, each with the number of pictures.
    pub unknown: BTreeMap<Unknown, usize>,
}

impl PictureFile {
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

    /// Reads and transforms it for squares of `size`, of which `view` makes what is shown (a square as in validation), and
    /// the `padding` and `orientation` that the network was trained with.
    ///
    /// # Errors
    /// A file that cannot be read or decoded.
    pub fn read(
        &self,
        size: usize,
        view: View,
        padding: Padding,
        orientation: Orientation,
    ) -> Result<Picture, DecodeError> {
        let seen = ValidationPicture::read(&self.path, size, view, padding, orientation)?;
        Ok(Picture {
            file: self.clone(),
            digest: sha256_hex(&seen.bytes),
            crop: seen.crop,
            frame: seen.frame,
            pixels: seen.pixels,
            turned: seen.turned,
            upright: seen.upright,
        })
    }
}

/// The files named, and those in and below the folders named as training lists them, in byte order of their names.
///
/// # Errors
/// See [`PicturesError`].
pub fn named(paths: &[PathBuf], truths: &Truths) -> Result<Named, PicturesError> {
    let (mut all, mut left_out) = (Vec::new(), Vec::new());
    for typed in paths {
        let path = typed
            .to_str()
            .map(|typed| picture_file(Path::new(""), typed));
        let path = path.unwrap_or_else(|| typed.clone());
        if path.is_dir() {
            let found = pictures_below(&path)?;
            all.extend(found.pictures.into_iter().map(|(_, path)| path));
            left_out.push((path, found.left_out));
        } else if path.exists() {
            all.push(path);
        } else {
            return Err(match fs::read_link(&path) {
                Ok(target) => PicturesError::DeadLink { link: path, target },
                Err(_) => PicturesError::Missing(typed.clone()),
            });
        }
    }
    let mut seen = HashSet::new();
    let count = all.len();
    all.retain(|path| seen.insert(fs::canonicalize(path).unwrap_or_else(|_| path.clone())));
    let repeated = count - all.len();
    let mut unknown = BTreeMap::new();
    let names = shown_names(&all.iter().map(|path| place(path)).collect::<Vec<_>>());
    let files = names.into_iter().zip(all).map(|(name, path)| {
        let class = truths.class_at(&path);
        let true_class = class.map_err(|reason| *unknown.entry(reason).or_default() += 1);
        PictureFile {
            name,
            true_class: true_class.ok(),
            path,
        }
    });
    Ok(Named {
        files: files.collect(),
        repeated,
        left_out,
        unknown,
    })
}

/// All pictures of a `part` of a run whose pictures are in `folder`, in the order of the run's split: that in which they
/// were validated.
pub fn of_part(
    record: &SplitRecord,
    part: Part,
    folder: &Path,
    truths: &Truths,
) -> Vec<PictureFile> {
    let file = |name: &String| PictureFile {
        path: picture_file(folder, name),
        true_class: truths.class_in_run(name).ok(),
        name: name.clone(),
    };
    record.part(part).iter().map(file).collect()
}

/// `count` of `files` drawn by `seed`, or all if there are not so many.
pub fn drawn(mut files: Vec<PictureFile>, count: usize, seed: u64) -> Vec<PictureFile> {
    files.shuffle(&mut generator(seed, Purpose::Pictures));
    files.truncate(count);
    files
}

/// `files` in runs that are read together: of `most` at most, and of no more pixels than 100 million unless a picture has
/// more by itself.
pub fn batches(files: &[PictureFile], most: usize) -> Vec<&[PictureFile]> {
    let pixels: Vec<u64> = files
        .iter()
        .map(|file| claimed_pixels(&file.path))
        .collect();
    let mut batches = Vec::new();
    let mut rest = files;
    for count in batch_lengths(&pixels, most) {
        let (batch, others) = rest.split_at(count);
        batches.push(batch);
        rest = others;
    }
    batches
}

/// Lengths of the batches of pictures of so many pixels.
fn batch_lengths(pixels: &[u64], most: usize) -> Vec<usize> {
    let mut lengths: Vec<usize> = Vec::new();
    let mut sum = 0;
    for pixels in pixels {
        match lengths.last_mut() {
            Some(length) if *length < most && sum + pixels <= BATCH_PIXELS => {
                *length += 1;
                sum += pixels;
            }
            _ => {
                lengths.push(1);
                sum = *pixels;
            }
        }
    }
    lengths
}

/// A sentence about a picture whose ends `view` does not show.
pub fn cut_off(name: &str, view: View, crop: &CropMap) -> Option<String> {
    let [width, height] = crop.picture_size;
    view.cuts_off_ends(width, height).then(|| {
        format!(
            "{name}: {width} x {height} pixels are too long to be seen whole; its ends are not seen"
        )
    })
}

/// The frames of a batch as the network takes them, normalised, one picture after the other.
pub fn normalised<'a>(
    pictures: impl IntoIterator<Item = &'a Picture>,
    normalisation: &Normalisation,
) -> Vec<f32> {
    let mut values = Vec::new();
    for picture in pictures {
        let begin = values.len();
        values.extend(&picture.frame);
        normalisation.apply(&mut values[begin..]);
    }
    values
}

fn pictures_below(folder: &Path) -> Result<Found, PicturesError> {
    find_pictures(folder).map_err(|error| match error {
        FolderError::Empty { folder, left_out } => PicturesError::Empty { folder, left_out },
        error => PicturesError::Unreadable(error),
    })
}

/// `; left out: 9 .heic`, or nothing.
fn beside(left_out: &LeftOut) -> String {
    let lines = left_out.remarks().into_iter();
    lines.map(|(_, line)| format!("; {line}")).collect()
}

/// `path` with the folders that really are above it.
fn place(path: &Path) -> PathBuf {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let folder = fs::canonicalize(parent.unwrap_or(Path::new("."))).unwrap_or_default();
    folder.join(path.file_name().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use pictures::folder::FolderLayout;

    fn classes() -> Vec<String> {
        ["beagle", "Maine_Coon", "pug"].map(str::to_owned).to_vec()
    }

    fn file(name: &str, path: PathBuf) -> PictureFile {
        PictureFile {
            name: name.to_owned(),
            path,
            true_class: None,
        }
    }

    proptest::proptest! {
        #[test]
        fn batches_hold_every_picture_in_order_and_no_more_than_they_may(
            pixels in proptest::collection::vec(0..2 * BATCH_PIXELS, 0..30), most in 1usize..9
        ) {
            let lengths = batch_lengths(&pixels, most);
            proptest::prop_assert_eq!(lengths.iter().sum::<usize>(), pixels.len());
            let mut rest = &pixels[..];
            for length in lengths {
                let (batch, others) = rest.split_at(length);
                proptest::prop_assert!(length <= most);
                proptest::prop_assert!(length == 1 || batch.iter().sum::<u64>() <= BATCH_PIXELS);
                rest = others;
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_nowhere_is_told_with_its_target() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("rex.jpg");
        std::os::unix::fs::symlink("gone.jpg", &link).unwrap();
        let classes = classes();
        let truths = Truths::new(&classes, FolderLayout::Folders, None);
        let said = named(&[link], &truths).unwrap_err().to_string();
        assert!(
            said.ends_with("rex.jpg is a link to gone.jpg, where nothing is"),
            "{said}"
        );
    }

    #[test]
    fn a_folder_gives_the_pictures_in_and_below_it_in_order_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("pug/below")).unwrap();
        let names = [
            "b.png",
            "a.JPG",
            "pug/b.png",
            "pug/below/1.jpg",
            "notes.txt",
            ".hidden.png",
        ];
        for name in names {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let classes = classes();
        let truths = Truths::new(&classes, FolderLayout::Folders, None);
        let all = named(&[folder.path().to_owned()], &truths).unwrap();
        let names: Vec<&str> = all.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names[0], "a.JPG");
        assert!(names[1].ends_with("/b.png") && names[2] == "pug/b.png");
        assert_eq!(names[3..], ["1.jpg"]);
        let true_classes: Vec<_> = all.files.iter().map(|file| file.true_class).collect();
        assert_eq!(true_classes, [None, None, Some(2), None]);
        assert_eq!(all.unknown.values().sum::<usize>(), 3);
    }

    #[test]
    fn what_a_folder_has_beside_its_pictures_is_told_and_runs_are_not_explained() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        };
        write("photos/phone.heic");
        let classes = classes();
        let truths = Truths::new(&classes, FolderLayout::Folders, None);
        let photos = folder.path().join("photos");
        let said = named(&[photos], &truths).unwrap_err().to_string();
        assert!(said.contains("left out: 1 .heic; convert"), "{said}");
        write("photos/pug/1.jpg");
        write("photos/@eaDir/1.jpg");
        write("runs/mine-1/config.toml");
        write("runs/mine-1/checkpoints/64/manifest.json");
        write("runs/mine-1/explanations/grad-cam/1.png");
        let all = named(&[folder.path().to_owned()], &truths).unwrap();
        let names: Vec<&str> = all.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["1.jpg"]);
        let (place, left_out) = &all.left_out[0];
        assert_eq!(place, folder.path());
        let said = left_out.to_string();
        for part in ["1 .heic", "(photos/@eaDir/)", "1 folder of runs (runs/)"] {
            assert!(said.contains(part), "{said}");
        }
    }

    #[test]
    fn a_picture_that_is_named_twice_is_explained_once() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("pug_1.jpg"), "").unwrap();
        let typed = [folder.path().to_owned(), folder.path().join("./pug_1.jpg")];
        let classes = classes();
        let truths = Truths::new(&classes, FolderLayout::FileNames, None);
        let all = named(&typed, &truths).unwrap();
        assert_eq!((all.files.len(), all.repeated), (1, 1));
        assert_eq!(all.files[0].true_class, Some(2));
    }

    #[test]
    fn a_picture_is_found_in_whichever_form_of_unicode_its_name_is_typed() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("Caf\u{e9}_1.jpg"), "").unwrap();
        let classes = ["Cafe\u{301}".to_owned()];
        let truths = Truths::new(&classes, FolderLayout::FileNames, None);
        let all = named(&[folder.path().join("Cafe\u{301}_1.jpg")], &truths).unwrap();
        assert_eq!(all.files[0].true_class, Some(0));
    }

    #[test]
    fn a_folder_without_pictures_and_a_path_to_nothing_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let classes = classes();
        let truths = Truths::new(&classes, FolderLayout::FileNames, None);
        let said = |path: PathBuf| named(&[path], &truths).unwrap_err().to_string();
        assert!(said(folder.path().to_owned()).contains("no picture in"));
        assert!(said(folder.path().join("none.jpg")).contains("none.jpg"));
    }

    #[test]
    fn the_seed_alone_decides_which_pictures_are_drawn() {
        let files: Vec<PictureFile> = (0..50)
            .map(|number| file(&format!("pug_{number}.jpg"), PathBuf::new()))
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
        let read = |orientation| {
            file.read(32, View::Square, Padding::Zeros, orientation)
                .unwrap()
        };
        let (exif, ignore) = (read(Orientation::Exif), read(Orientation::Ignore));
        assert_eq!((exif.turned.tag(), exif.upright.tag()), (6, 1));
        assert_eq!((ignore.turned.tag(), ignore.upright.tag()), (1, 6));
        assert_eq!(ignore.upright.apply(ignore.pixels.clone()), exif.pixels);
        assert_ne!(ignore.frame, exif.frame);
    }

    #[test]
    fn a_square_of_a_size_that_does_not_fit_is_padded_as_the_network_was_trained() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pug_1.png");
        RgbImage::from_pixel(60, 60, image::Rgb([200; 3]))
            .save(&path)
            .unwrap();
        let file = file("pug_1.png", path);
        // 40 is rounded to 32: four pixels on each side lie outside of the picture.
        let corner = |padding| {
            let picture = file.read(40, View::Square, padding, Orientation::Exif);
            picture.unwrap().frame[0]
        };
        assert_eq!(corner(Padding::Zeros), 0.0);
        assert!(corner(Padding::Reflection) > 0.7);
    }
}
