//! The true class of a picture: what the layout of the run says of it, wherever it is named from.

use checkpoint::{SplitRecord, picture_file};
use pictures::{
    folder::{FolderLayout, Rules},
    part::Part,
};
use std::{
    cell::OnceCell,
    collections::{BTreeSet, HashMap},
    fmt::{self, Display, Formatter},
    fs,
    path::{Path, PathBuf},
};
use words::{forms, same_text, slashes};

/// The rule by which a run's pictures have their classes.
#[derive(Debug)]
pub struct Truths<'a> {
    classes: &'a [String],
    rules: Rules,
    run: Option<RunFolder>,
}

/// The reason why the class of a picture is not known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unknown {
    /// Neither folder nor name says a class.
    Unsaid,
    /// The list of the run, which alone says classes, does not name it.
    Unlisted,
    /// It is one of the run's folder, and in no class folder there.
    InNoFolder,
    /// The layout says a class that the network does not have.
    NoClass(String),
    /// The picture is not one of the run's, and the folder it lies in is not called like a class.
    NoClassFolder(String),
    /// Several classes are said.
    Several(Vec<String>),
}

/// The run's own pictures.
#[derive(Debug)]
struct RunFolder {
    split: SplitRecord,
    /// Folder of the pictures as it is now, and the same without links.
    folder: PathBuf,
    real: PathBuf,
    /// Names of pictures and of folders that have some, by their places without links.
    places: OnceCell<HashMap<PathBuf, BTreeSet<String>>>,
}

impl<'a> Truths<'a> {
    /// The rules `rules` for a network that knows `classes`. `run` has the run's split and the folder in which its pictures
    /// are now, if that is known.
    pub fn new(
        classes: &'a [String],
        rules: impl Into<Rules>,
        run: Option<(SplitRecord, PathBuf)>,
    ) -> Self {
        let run = run.map(|(split, folder)| RunFolder {
            real: real(&folder),
            split,
            folder,
            places: OnceCell::new(),
        });
        Self {
            classes,
            rules: rules.into(),
            run,
        }
    }

    /// Index of the class of the picture at `path`. It depends on the picture alone, and not on the way to it: folder, link,
    /// relative or absolute.
    ///
    /// # Errors
    /// The class is not known, or not one of the network's.
    pub fn class_at(&self, path: &Path) -> Result<usize, Unknown> {
        let names = self.run.as_ref().map(|run| run.names(path));
        let names = names.unwrap_or_default();
        if names.is_empty() {
            return self.class_elsewhere(&real(path));
        }
        let found: BTreeSet<_> = names.iter().map(|name| self.class_in_run(name)).collect();
        let mut classes = found.into_iter();
        match (classes.next(), classes.next()) {
            (Some(class), None) => class,
            _ => Err(Unknown::Several(names.into_iter().collect())),
        }
    }

    /// Index of the class of the picture that the run calls `name`.
    ///
    /// # Errors
    /// The class is not known, or not one of the network's.
    pub fn class_in_run(&self, name: &str) -> Result<usize, Unknown> {
        let split = self.run.as_ref().map(|run| &run.split);
        self.class_in_split(name, split)
    }

    /// As [`Truths::class_in_run`], with the `split` of a run whose pictures need not be there.
    fn class_in_split(&self, name: &str, split: Option<&SplitRecord>) -> Result<usize, Unknown> {
        let kept =
            split.and_then(|split| forms(name).iter().find_map(|form| split.labels.get(form)));
        let label = kept.map(String::as_str).or(self.rules.label_in_name(name));
        self.class(label.ok_or(match self.rules.layout {
            FolderLayout::Folders => Unknown::InNoFolder,
            FolderLayout::Csv => Unknown::Unlisted,
            _ => Unknown::Unsaid,
        })?)
    }

    /// The class of a picture that is not the run's. Where the run has class folders, it is the folder that the picture lies
    /// in, unless one above is called like another class.
    fn class_elsewhere(&self, path: &Path) -> Result<usize, Unknown> {
        if self.rules.layout != FolderLayout::Folders {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            return self.class_in_split(&name, None);
        }
        let parent = self.class_folder_around(path);
        let called = parent.iter().map(|part| part.to_string_lossy());
        let classes: BTreeSet<usize> = called.filter_map(|name| self.class(&name).ok()).collect();
        let own = parent.file_name().unwrap_or_default().to_string_lossy();
        match self.class(&own) {
            Ok(class) if classes.len() == 1 => Ok(class),
            Ok(_) => Err(Unknown::Several(
                classes
                    .iter()
                    .map(|class| self.classes[*class].clone())
                    .collect(),
            )),
            Err(_) => Err(Unknown::NoClassFolder(own.into_owned())),
        }
    }

    /// The folder around a picture; where parts may lie in class folders (`cat/train/1.jpg`), the one around its part.
    fn class_folder_around<'p>(&self, path: &'p Path) -> &'p Path {
        let mut folders = path.ancestors().skip(1);
        let is_part = |folder: &&Path| {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            self.rules.folders_are_parts
                && self.class(&name).is_err()
                && Part::from_word(&name).is_some()
        };
        let around = folders.find(|folder| !is_part(folder));
        around.unwrap_or(Path::new(""))
    }

    /// The class called `label` to the letter, or the only one that has the same letters in another form of Unicode.
    fn class(&self, label: &str) -> Result<usize, Unknown> {
        if let Some(exact) = self.classes.iter().position(|class| class == label) {
            return Ok(exact);
        }
        let alike = self.classes.iter().enumerate();
        let mut alike = alike.filter(|(_, class)| same_text(class, label));
        match (alike.next(), alike.next()) {
            (Some((index, _)), None) => Ok(index),
            _ => Err(Unknown::NoClass(label.to_owned())),
        }
    }
}

impl RunFolder {
    /// The names by which the run knows the picture at `path`: none, if it is not one of its folder.
    fn names(&self, path: &Path) -> BTreeSet<String> {
        let below = |folder: &Path, path: &Path| Some(slashes(path.strip_prefix(folder).ok()?));
        let is_straight = !path
            .components()
            .any(|part| part == std::path::Component::ParentDir);
        let typed = std::path::absolute(&self.folder)
            .ok()
            .zip(std::path::absolute(path).ok());
        let typed = typed.filter(|_| is_straight);
        if let Some(name) = typed.and_then(|(folder, path)| below(&folder, &path)) {
            return BTreeSet::from([name]);
        }
        let path = real(path);
        if let Some(name) = below(&self.real, &path) {
            return BTreeSet::from([name]);
        }
        self.linked_names(&path)
    }

    /// The names of a picture that lies outside of the run's folder, to which a link leads from there.
    fn linked_names(&self, path: &Path) -> BTreeSet<String> {
        let places = self.places.get_or_init(|| self.places());
        if let Some(names) = places.get(path) {
            return names.clone();
        }
        let mut folders = path.ancestors().skip(1);
        let known = folders.find_map(|folder| Some((folder, places.get(folder)?)));
        let Some((folder, names)) = known else {
            return BTreeSet::new();
        };
        let rest = slashes(path.strip_prefix(folder).unwrap_or(path));
        names.iter().map(|name| format!("{name}/{rest}")).collect()
    }

    fn places(&self) -> HashMap<PathBuf, BTreeSet<String>> {
        let mut places: HashMap<PathBuf, BTreeSet<String>> = HashMap::new();
        let mut folders: HashMap<&str, PathBuf> = HashMap::new();
        for name in self.split.names() {
            let above = name.match_indices('/').map(|(end, _)| &name[..end]);
            for folder in above {
                let place = || real(&picture_file(&self.folder, folder));
                folders.entry(folder).or_insert_with(place);
            }
            let file = picture_file(&self.folder, name);
            let folder = name
                .rsplit_once('/')
                .and_then(|(folder, _)| folders.get(folder));
            let place = match folder {
                Some(folder) if !file.is_symlink() => {
                    folder.join(file.file_name().unwrap_or_default())
                }
                _ => real(&file),
            };
            places.entry(place).or_default().insert(name.clone());
        }
        for (folder, place) in folders {
            places.entry(place).or_default().insert(folder.to_owned());
        }
        places
    }
}

impl Display for Unknown {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlisted => f.write_str("the list of the run does not name it"),
            Self::Unsaid => f.write_str("neither name nor folder says one"),
            Self::InNoFolder => f.write_str("not in a class folder of the run"),
            Self::NoClass(label) => write!(f, "`{label}` is not a class of this network"),
            Self::NoClassFolder(folder) => {
                write!(
                    f,
                    "the folder `{folder}` is not called like a class of this network"
                )
            }
            Self::Several(said) => write!(f, "it may be `{}`", said.join("` or `")),
        }
    }
}

/// `path` without links, as far as it is there.
fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// `mine/cat/1.jpg`, `mine/cat/below/2.jpg`, `mine/dog/1.jpg` and `mine/bird/1.jpg`, of which no class was trained.
    fn mine() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in ["cat/1.jpg", "cat/below/2.jpg", "dog/1.jpg", "bird/1.jpg"] {
            picture(&folder.path().join("mine").join(name));
        }
        folder
    }

    fn picture(path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }

    fn classes() -> Vec<String> {
        ["Caf\u{e9}", "cat", "dog"].map(str::to_owned).to_vec()
    }

    fn split(folder: &Path, names: &[&str]) -> SplitRecord {
        SplitRecord {
            folder: folder.to_owned(),
            annotations: folder.join("annotations"),
            classes: classes(),
            train: names.iter().map(|name| (*name).to_owned()).collect(),
            valid: Vec::new(),
            test: Vec::new(),
            labels: BTreeMap::new(),
            pictures: BTreeMap::new(),
        }
    }

    fn of_run<'a>(classes: &'a [String], mine: &Path) -> Truths<'a> {
        let split = split(mine, &["cat/1.jpg", "dog/1.jpg"]);
        Truths::new(
            classes,
            FolderLayout::Folders,
            Some((split, mine.to_owned())),
        )
    }

    #[test]
    fn the_first_folder_below_the_runs_is_the_class_and_one_that_was_not_trained_is_said() {
        let folder = mine();
        let (classes, mine) = (classes(), folder.path().join("mine"));
        let truths = of_run(&classes, &mine);
        assert_eq!(truths.class_at(&mine.join("cat/1.jpg")), Ok(1));
        assert_eq!(truths.class_at(&mine.join("cat/below/2.jpg")), Ok(1));
        assert_eq!(truths.class_at(&mine.join("dog/../dog/1.jpg")), Ok(2));
        let unknown = truths.class_at(&mine.join("bird/1.jpg")).unwrap_err();
        assert_eq!(unknown, Unknown::NoClass("bird".to_owned()));
    }

    #[cfg(unix)]
    #[test]
    fn a_picture_has_one_class_through_any_link_into_the_runs_folder_or_out_of_it() {
        use std::os::unix::fs::symlink;
        let folder = mine();
        let (classes, mine) = (classes(), folder.path().join("mine"));
        let link = |to: &str, from: &str| {
            symlink(folder.path().join(to), folder.path().join(from)).unwrap()
        };
        link("mine/cat", "dog");
        link("mine/dog/1.jpg", "cat.jpg");
        // The class folder itself is a link, and so is one picture.
        picture(&folder.path().join("pool/Caf\u{e9}s/1.jpg"));
        picture(&folder.path().join("pool/Caf\u{e9}s/new/3.jpg"));
        picture(&folder.path().join("pool/77.jpg"));
        link("pool/Caf\u{e9}s", "mine/Caf\u{e9}");
        link("pool/77.jpg", "mine/dog/linked.jpg");
        let names = [
            "cat/1.jpg",
            "dog/1.jpg",
            "dog/linked.jpg",
            "Caf\u{e9}/1.jpg",
        ];
        let split = split(&mine, &names);
        let truths = Truths::new(&classes, FolderLayout::Folders, Some((split, mine.clone())));
        for (path, class) in [
            ("dog/1.jpg", 1),
            ("cat.jpg", 2),
            ("mine/Caf\u{e9}/1.jpg", 0),
            ("pool/Caf\u{e9}s/1.jpg", 0),
            ("pool/Caf\u{e9}s/new/3.jpg", 0),
            ("pool/77.jpg", 2),
            ("mine/dog/linked.jpg", 2),
        ] {
            assert_eq!(
                truths.class_at(&folder.path().join(path)),
                Ok(class),
                "{path}"
            );
        }
        // Two links with two classes lead to one picture.
        link("pool/77.jpg", "mine/cat/linked.jpg");
        let names = [&names[..], &["cat/linked.jpg"]].concat();
        let split = self::split(&mine, &names);
        let truths = Truths::new(&classes, FolderLayout::Folders, Some((split, mine.clone())));
        let several = truths
            .class_at(&folder.path().join("pool/77.jpg"))
            .unwrap_err();
        assert!(matches!(several, Unknown::Several(_)), "{several:?}");
    }

    /// The class of the picture `name` in a folder that is not the run's.
    fn class_elsewhere(layout: FolderLayout, name: &str) -> Result<usize, Unknown> {
        let folder = tempfile::tempdir().unwrap();
        picture(&folder.path().join(name));
        Truths::new(&classes(), layout, None).class_at(&folder.path().join(name))
    }

    #[test]
    fn elsewhere_the_folder_is_the_class_unless_one_above_is_called_like_another() {
        let class = |name| class_elsewhere(FolderLayout::Folders, name);
        assert_eq!(class("other/cat/1.jpg"), Ok(1));
        assert_eq!(class("cat/cat/1.jpg"), Ok(1));
        // The form of the letters is not the folder's fault; their case is another name.
        assert_eq!(class("other/Cafe\u{301}/1.jpg"), Ok(0));
        assert_eq!(
            class("other/Cat/1.jpg"),
            Err(Unknown::NoClassFolder("Cat".to_owned()))
        );
        assert_eq!(
            class("cat/holiday/1.jpg"),
            Err(Unknown::NoClassFolder("holiday".to_owned()))
        );
        assert!(matches!(class("dog/cat/2.jpg"), Err(Unknown::Several(_))));
    }

    #[test]
    fn a_file_name_says_the_class_where_the_runs_file_names_do() {
        let class = |name| class_elsewhere(FolderLayout::FileNames, name);
        assert_eq!(class("dog/cat_12.jpg"), Ok(1));
        assert_eq!(class("dog/picture.jpg"), Err(Unknown::Unsaid));
        assert_eq!(
            class("bird_1.jpg"),
            Err(Unknown::NoClass("bird".to_owned()))
        );
    }

    #[test]
    fn a_class_that_was_kept_beside_the_name_is_taken() {
        let folder = mine();
        let (classes, mine) = (classes(), folder.path().join("mine"));
        let mut split = split(&mine, &["cat/1.jpg"]);
        split
            .labels
            .insert("cat/1.jpg".to_owned(), "dog".to_owned());
        let truths = Truths::new(&classes, FolderLayout::Folders, Some((split, mine.clone())));
        assert_eq!(truths.class_at(&mine.join("cat/1.jpg")), Ok(2));
        assert_eq!(truths.class_in_run("cat/1.jpg"), Ok(2));
        // It says nothing of other pictures.
        assert_eq!(truths.class_in_run("cat/new.jpg"), Ok(1));
    }

    #[test]
    fn in_a_ready_made_split_the_folder_below_the_part_is_the_class_and_a_stray_picture_has_none() {
        let folder = tempfile::tempdir().unwrap();
        let (classes, mine) = (classes(), folder.path().join("mine"));
        let names = ["train/cat/1.jpg", "train/dog/1.jpg", "valid/cat/1.jpg"];
        let split = split(&mine, &names);
        let rules = Rules {
            folders_are_parts: true,
            ..Rules::of(FolderLayout::Folders)
        };
        // Runs of earlier versions keep the class of each picture beside its name.
        let mut kept = split.clone();
        let label = |name: &str| (name.to_owned(), name.split('/').nth(1).unwrap().to_owned());
        kept.labels = names.into_iter().map(label).collect();
        for split in [split, kept] {
            let truths = Truths::new(&classes, rules.clone(), Some((split, mine.clone())));
            for (name, class) in [
                ("train/cat/1.jpg", Ok(1)),
                ("valid/dog/new.jpg", Ok(2)),
                ("test/Caf\u{e9}/below/new.jpg", Ok(0)),
                ("train/stray.jpg", Err(Unknown::InNoFolder)),
                ("valid/stray.jpg", Err(Unknown::InNoFolder)),
                ("stray.jpg", Err(Unknown::InNoFolder)),
                ("valid/bird/1.jpg", Err(Unknown::NoClass("bird".to_owned()))),
            ] {
                picture(&mine.join(name));
                assert_eq!(truths.class_at(&mine.join(name)), class, "{name}");
            }
        }
    }

    #[test]
    fn a_part_below_a_class_folder_is_no_class_also_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let (classes, mine) = (classes(), folder.path().join("mine"));
        let split = split(&mine, &["cat/train/1.jpg"]);
        let rules = Rules {
            folders_are_parts: true,
            ..Rules::of(FolderLayout::Folders)
        };
        let truths = Truths::new(&classes, rules, Some((split, mine.clone())));
        for name in [
            "mine/cat/train/1.jpg",
            "mine/cat/val/new.jpg",
            "elsewhere/cat/test/7.jpg",
        ] {
            picture(&folder.path().join(name));
            assert_eq!(truths.class_at(&folder.path().join(name)), Ok(1), "{name}");
        }
    }
}
