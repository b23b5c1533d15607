//! A network that lies in a file and in no run.

use crate::{cli::WeightsArgs, truth::Truths};
use anyhow::{Context, Result, anyhow, bail};
use checkpoint::{Checkpoint, Manifest, RunPictures, SplitRecord, WEIGHTS_FILE};
use files::sha256_of;
use network::{Algorithm, Precision, Recognised, recognise, weights::StateDict};
use pictures::{
    decode::Orientation,
    folder::{self, FolderLayout},
    loader::Normalisation,
    transform::Padding,
};
use serde::de::DeserializeOwned;
use std::{
    collections::{BTreeMap, HashMap},
    fs::{self, File},
    path::Path,
};
use terminal::{Terminal, usage};
use words::counted;

/// Side of the squares that networks of ImageNet are shown, in pixels.
const SIZE: usize = 224;

/// Sides that this program takes.
const SIZES: std::ops::RangeInclusive<usize> = 32..=2048;

/// Opens the network of the file `path`, as somebody typed it. `size` is that of the pictures, if it was typed.
///
/// # Errors
/// A file that cannot be read or is of no known network; what is typed about it and does not fit it.
pub fn open(
    arguments: &WeightsArgs,
    path: &Path,
    size: Option<usize>,
    terminal: &Terminal,
) -> Result<Checkpoint> {
    let (state, texts) = StateDict::read_with_texts(path)?;
    let Recognised { spec, state } = recognise(state, arguments.architecture)
        .map_err(|error| anyhow!("{}: {error}", path.display()))?;
    if let Some(name) = state.first_not_finite() {
        bail!(
            "{}: `{name}` holds a number that is not finite: it was saved by a training that diverged, take another file",
            path.display()
        );
    }
    let about = About::read(&texts).with_context(|| format!("{}: its metadata", path.display()))?;
    let classes = classes(arguments, &about, spec.classes, path, terminal)?;
    let imagenet = Normalisation::IMAGENET;
    let manifest = Manifest {
        format: Manifest::FORMAT,
        network: spec,
        classes,
        normalisation: Normalisation {
            mean: arguments.mean.or(about.mean).unwrap_or(imagenet.mean),
            std: arguments.std.or(about.std).unwrap_or(imagenet.std),
        },
        size: about.size.or(size).unwrap_or(SIZE),
        padding: about.padding.unwrap_or_default(),
        orientation: about.orientation.unwrap_or_default(),
        kernels: Algorithm::Fast,
        precision: Precision::F32,
        config: String::new(),
        iterations: about.iterations.unwrap_or(0),
        error_rate: about.error_rate,
        answering_weights: None,
        best: false,
        processes: Vec::new(),
        files: BTreeMap::from([(WEIGHTS_FILE.to_owned(), digest(path)?)]),
    };
    Ok(Checkpoint::of_file(path, manifest, state))
}

/// Says what the network was taken for.
pub fn say(manifest: &Manifest, terminal: &Terminal) {
    let Manifest {
        network,
        normalisation: Normalisation { mean, std },
        classes,
        ..
    } = manifest;
    let width = match network.base_width {
        64 => String::new(),
        other => format!(" of base width {other}"),
    };
    terminal.message(&format!(
        "weights: {}{width} with {}; pictures are normalised with mean {} and std {}",
        network.architecture,
        counted(classes.len(), "class"),
        three(mean),
        three(std)
    ));
}

/// The folder of pictures that was typed, as a run's data folder: pictures in `images` if it has that, trimaps and head boxes
/// in `annotations`.
///
/// # Errors
/// None was typed, or it is not there.
pub fn find_pictures(data: Option<&Path>) -> Result<RunPictures> {
    let Some(data) = data else {
        return Err(usage(
            "--weights names a network without pictures of its own: name pictures or folders, or say with --data FOLDER where some are",
        )
        .into());
    };
    if !data.is_dir() {
        return Err(usage(format!(
            "--data {}: there is no such folder",
            data.display()
        ))
        .into());
    }
    let images = data.join("images");
    Ok(RunPictures {
        pictures: if images.is_dir() {
            images
        } else {
            data.to_owned()
        },
        annotations: data.join("annotations"),
        passed_over: Vec::new(),
        data: data.to_owned(),
    })
}

/// All pictures of the data folder, as if a network had been validated with them.
///
/// # Errors
/// Those of [`find_pictures`], and a folder without pictures.
pub fn split(data: Option<&Path>, classes: &[String]) -> Result<SplitRecord> {
    let found = find_pictures(data)?;
    let split = listed(&found.pictures, classes)?;
    Ok(SplitRecord {
        annotations: found.annotations,
        ..split
    })
}

/// The rule by which pictures have their classes: their folder's name; in a data folder that has pictures beside its folders,
/// the beginning of the file's name, as in the Oxford-IIIT Pets.
///
/// # Errors
/// A folder that cannot be listed.
pub fn truths<'a>(pictures: Option<&Path>, classes: &'a [String]) -> Result<Truths<'a>> {
    let Some(folder) = pictures else {
        return Ok(Truths::new(classes, FolderLayout::Folders, None));
    };
    let split = listed(folder, classes)?;
    let layout = match split.valid.iter().all(|name| name.contains('/')) {
        true => FolderLayout::Folders,
        false => FolderLayout::FileNames,
    };
    Ok(Truths::new(
        classes,
        layout,
        Some((split, folder.to_owned())),
    ))
}

/// The pictures in and below a folder, as those of a validation.
fn listed(folder: &Path, classes: &[String]) -> Result<SplitRecord> {
    let found = folder::find_pictures(folder).map_err(usage)?;
    Ok(SplitRecord {
        folder: folder.to_owned(),
        annotations: folder.to_owned(),
        classes: classes.to_vec(),
        train: Vec::new(),
        valid: found.pictures.into_iter().map(|(name, _)| name).collect(),
        test: Vec::new(),
        labels: BTreeMap::new(),
        pictures: BTreeMap::new(),
    })
}

fn three(numbers: &[f32; 3]) -> String {
    numbers.map(|number| number.to_string()).join(", ")
}

fn digest(path: &Path) -> Result<String> {
    let read = || format!("cannot read {}", path.display());
    sha256_of(File::open(path).with_context(read)?).with_context(read)
}

/// The names of its classes: those of the file that was typed, or its own.
fn classes(
    arguments: &WeightsArgs,
    about: &About,
    logits: usize,
    weights: &Path,
    terminal: &Terminal,
) -> Result<Vec<String>> {
    let (classes, place) = match (&arguments.classes, &about.classes) {
        (Some(path), _) => (read_classes(path, terminal)?, path.as_path()),
        (None, Some(classes)) => (classes.clone(), weights),
        (None, None) => {
            return Err(usage(format!(
                "{} does not say what its {logits} classes are called: add --classes FILE, one name a line in the order of the logits",
                weights.display()
            ))
            .into());
        }
    };
    if classes.len() != logits {
        let sentence = format!(
            "{} names {}, {} has {}: it takes one name a line for each of them, in their order",
            place.display(),
            counted(classes.len(), "class"),
            weights.display(),
            counted(logits, "logit")
        );
        return Err(usage(sentence).into());
    }
    Ok(classes)
}

/// The lines of a file. Of names that are there twice the later ones get a number, since results tell classes by their names.
fn read_classes(path: &Path, terminal: &Terminal) -> Result<Vec<String>> {
    let bytes = fs::read(path).map_err(|error| {
        usage(format!(
            "cannot read the classes of {}: {error}",
            path.display()
        ))
    })?;
    let text = String::from_utf8(bytes).map_err(|_| {
        usage(format!(
            "{} is no text in UTF-8: it takes one name of a class a line",
            path.display()
        ))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).trim_end();
    let mut classes: Vec<String> = text.lines().map(|line| line.trim().to_owned()).collect();
    if let Some(place) = classes.iter().position(String::is_empty) {
        let line = place + 1;
        return Err(usage(format!(
            "line {line} of {} is empty: it takes one name of a class a line",
            path.display()
        ))
        .into());
    }
    let repeated = number_repeated(&mut classes);
    if !repeated.is_empty() {
        terminal.message(&format!(
            "classes of one name, told apart by a number: {}",
            words::first_three(&repeated)
        ));
    }
    Ok(classes)
}

/// Puts `(2)`, `(3)`, … behind the second and later ones of equal names; returns what these are called then.
fn number_repeated(classes: &mut [String]) -> Vec<String> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    let all: Vec<String> = classes.to_vec();
    let mut renamed = Vec::new();
    for class in classes {
        let count = counts.entry(class.clone()).or_default();
        *count += 1;
        while *count > 1 {
            let numbered = format!("{class} ({count})");
            if !all.contains(&numbered) {
                *class = numbered;
                renamed.push(class.clone());
                break;
            }
            *count += 1;
        }
    }
    renamed
}

/// What an export of `train export` says beside its weights (docs/export.md).
#[derive(Debug, Default, PartialEq)]
struct About {
    classes: Option<Vec<String>>,
    mean: Option<[f32; 3]>,
    std: Option<[f32; 3]>,
    size: Option<usize>,
    padding: Option<Padding>,
    orientation: Option<Orientation>,
    iterations: Option<u64>,
    error_rate: Option<f64>,
}

impl About {
    fn read(texts: &BTreeMap<String, String>) -> Result<Self> {
        let about = Self {
            classes: json(texts, "classes")?,
            mean: json(texts, "mean")?,
            std: json(texts, "std")?,
            size: json(texts, "size")?,
            padding: word(texts, "padding")?,
            orientation: word(texts, "orientation")?,
            iterations: json(texts, "iterations")?,
            error_rate: json(texts, "error_rate")?,
        };
        if let Some(size) = about.size.filter(|size| !SIZES.contains(size)) {
            bail!("`size` is {size}, not {} to {}", SIZES.start(), SIZES.end());
        }
        let std = about.std.iter().flatten();
        if let Some(bad) = std
            .chain(about.mean.iter().flatten())
            .find(|value| !value.is_finite())
        {
            bail!("`mean` or `std` is {bad}");
        }
        if about.std.iter().flatten().any(|value| *value <= 0.0) {
            bail!("`std` is not above 0");
        }
        Ok(about)
    }
}

fn json<T: DeserializeOwned>(texts: &BTreeMap<String, String>, key: &str) -> Result<Option<T>> {
    let Some(text) = texts.get(key) else {
        return Ok(None);
    };
    let value = serde_json::from_str(text);
    value
        .map(Some)
        .with_context(|| format!("`{key}` cannot be read"))
}

fn word<T: DeserializeOwned>(texts: &BTreeMap<String, String>, key: &str) -> Result<Option<T>> {
    let Some(text) = texts.get(key) else {
        return Ok(None);
    };
    let value = serde_json::from_value(serde_json::Value::String(text.clone()));
    value
        .map(Some)
        .with_context(|| format!("`{key}` cannot be read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_are_told_apart_and_no_other_name_changes() {
        let mut classes = ["crane", "pug", "crane", "crane (2)", "crane"].map(str::to_owned);
        let renamed = number_repeated(&mut classes);
        assert_eq!(
            classes,
            ["crane", "pug", "crane (3)", "crane (2)", "crane (4)"]
        );
        assert_eq!(renamed, ["crane (3)", "crane (4)"]);
    }

    #[test]
    fn what_an_export_says_is_taken_and_what_makes_no_sense_is_refused() {
        let texts = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
            pairs.iter().map(owned).collect()
        };
        assert_eq!(
            About::read(&texts(&[("format", "pt")])).unwrap(),
            About::default()
        );
        let about = About::read(&texts(&[
            ("classes", r#"["a","b"]"#),
            ("std", "[0.25,0.5,1.0]"),
            ("size", "128"),
            ("orientation", "ignore"),
        ]));
        let about = about.unwrap();
        assert_eq!(about.classes.unwrap(), ["a", "b"]);
        assert_eq!(about.std, Some([0.25, 0.5, 1.0]));
        assert_eq!((about.size, about.mean), (Some(128), None));
        assert_eq!(about.orientation, Some(Orientation::Ignore));
        for (key, value) in [
            ("classes", "a, b"),
            ("mean", "[1.0,2.0]"),
            ("std", "[0.1,0.0,0.1]"),
            ("size", "0"),
            ("padding", "mirror"),
        ] {
            let error = About::read(&texts(&[(key, value)])).unwrap_err();
            assert!(error.to_string().contains(key), "{key}: {error}");
        }
    }
}
