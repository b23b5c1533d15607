//! A run finds its pictures from wherever it is opened, and names are found as people type them.

use checkpoint::{PlaceError, Run, RunError, SplitRecord};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// A project with `runs/story-1`, begun in it, whose data folder is `data` and whose pictures are `pictures` below that.
fn project(data: &str, pictures: &str) -> (tempfile::TempDir, Run) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("ann");
    let config = format!("[data]\nfolder = \"{data}\"\nsource = \"folder\"\n");
    let run = Run::create(&root.join("runs"), "story", &config).unwrap();
    begin_in(&run, &root);
    let record = SplitRecord {
        folder: Path::new(data).join(pictures),
        annotations: Path::new(data).join("annotations"),
        classes: vec!["cat".to_owned()],
        train: vec!["cat/gone.jpg".to_owned(), "cat/1.jpg".to_owned()],
        valid: vec!["cat/2.jpg".to_owned()],
        test: Vec::new(),
        labels: BTreeMap::new(),
        pictures: BTreeMap::new(),
    };
    record.write(&run.split_file()).unwrap();
    (folder, run)
}

#[test]
fn the_config_of_a_run_says_whether_its_first_folders_are_parts() {
    for (split, are_parts) in [
        ("", false),
        ("[split]\nkind = \"folders\"\n", true),
        (
            "[split]\nkind = \"random\"\nfraction = 0.2\nseed = 2\n",
            false,
        ),
    ] {
        let (_folder, run) = project("mine", "");
        let config = fs::read_to_string(run.config_file()).unwrap();
        fs::write(run.config_file(), config + split).unwrap();
        assert_eq!(
            run.saved_data().unwrap().folders_are_parts,
            are_parts,
            "{split}"
        );
    }
}

fn begin_in(run: &Run, folder: &Path) {
    let began = format!("{{\"folder\": \"{}\"}}", folder.display());
    fs::write(run.file("began.json"), began).unwrap();
}

fn picture(path: PathBuf) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, "").unwrap();
}

fn found(run: &Run) -> PathBuf {
    run.find_pictures(None).unwrap().pictures
}

#[test]
fn a_run_and_its_pictures_that_moved_together_are_found_before_what_stayed() {
    let (folder, run) = project("mine", "");
    picture(folder.path().join("ann/mine/cat/1.jpg"));
    assert_eq!(found(&run), folder.path().join("ann/mine"));
    // The run was copied: what stayed is where it began.
    fs::create_dir_all(folder.path().join("bob/runs")).unwrap();
    let moved = folder.path().join("bob/runs/story-1");
    fs::rename(run.folder(), &moved).unwrap();
    let run = Run::open(Path::new("runs"), &moved).unwrap();
    assert_eq!(found(&run), folder.path().join("ann/mine"));
    // An empty folder of the name is not the one.
    fs::create_dir_all(folder.path().join("bob/mine")).unwrap();
    assert_eq!(found(&run), folder.path().join("ann/mine"));
    picture(folder.path().join("bob/mine/cat/2.jpg"));
    let both = run.find_pictures(None).unwrap();
    assert_eq!(both.data, folder.path().join("bob/mine"));
    assert_eq!(both.passed_over, [folder.path().join("ann/mine")]);
    let said: Vec<String> = both.warnings().collect();
    let place = |folder: PathBuf| folder.display().to_string();
    assert!(
        said.len() == 1 && said[0].contains(&place(both.passed_over[0].clone())),
        "{said:?}"
    );
    assert!(said[0].contains(&place(both.data)), "{said:?}");
}

#[test]
fn a_run_that_was_unpacked_with_its_pictures_beside_it_or_in_it_finds_them() {
    for beside in ["mine/cat/1.jpg", "story-1/mine/cat/1.jpg"] {
        let (folder, run) = project("mine", "");
        let mail = folder.path().join("mail");
        fs::create_dir(&mail).unwrap();
        fs::rename(run.folder(), mail.join("story-1")).unwrap();
        picture(mail.join(beside));
        let run = Run::open(Path::new("runs"), &mail.join("story-1")).unwrap();
        assert!(found(&run).join("cat/1.jpg").is_file(), "{beside}");
    }
}

#[test]
fn an_absolute_data_folder_that_moved_with_the_run_is_found() {
    let (folder, run) = project("/nowhere/ann/photos/mine", "images");
    begin_in(&run, Path::new("/nowhere/ann"));
    picture(folder.path().join("ann/photos/mine/images/cat/1.jpg"));
    let found = run.find_pictures(None).unwrap();
    let data = folder.path().join("ann/photos/mine");
    assert_eq!(found.pictures, data.join("images"));
    assert_eq!(found.annotations, data.join("annotations"));
}

#[test]
fn a_run_from_windows_finds_pictures_that_came_with_it() {
    let (folder, run) = project("C:/Users/ann/my photos", "");
    begin_in(&run, Path::new("C:/Users/ann"));
    picture(folder.path().join("ann/my photos/cat/1.jpg"));
    assert_eq!(found(&run), folder.path().join("ann/my photos"));
}

#[test]
fn pictures_that_are_nowhere_are_an_error_that_names_the_places_and_the_option() {
    let (folder, run) = project("mine", "images");
    let error = run.find_pictures(None).unwrap_err();
    let said = error.to_string();
    let place = folder.path().join("ann/mine").display().to_string();
    assert!(
        said.contains(&place) && said.contains("--data FOLDER"),
        "{said}"
    );
    assert_eq!(said.matches(&place).count(), 1, "{said}");
    let typed = folder.path().join("other");
    fs::create_dir(&typed).unwrap();
    let error = run.find_pictures(Some(&typed)).unwrap_err();
    assert!(matches!(error, PlaceError::NotInTyped { .. }));
    let said = error.to_string();
    assert!(said.contains("other/images/cat/gone.jpg"), "{said}");
}

#[test]
fn the_data_folder_or_its_folder_of_pictures_may_be_named() {
    let (folder, run) = project("mine", "images");
    let data = folder.path().canonicalize().unwrap().join("usb/pets");
    picture(data.join("images/cat/1.jpg"));
    for typed in [data.clone(), data.join("images")] {
        let found = run.find_pictures(Some(&typed)).unwrap();
        assert_eq!(
            (found.data, found.pictures),
            (data.clone(), data.join("images"))
        );
    }
}

#[test]
fn a_name_in_another_form_of_unicode_is_the_same_picture() {
    let folder = tempfile::tempdir().unwrap();
    picture(folder.path().join("Cafe\u{301}/1.jpg"));
    let file = checkpoint::picture_file(folder.path(), "Caf\u{e9}/1.jpg");
    assert!(file.is_file());
}

#[test]
fn a_run_remembers_where_it_began() {
    let folder = tempfile::tempdir().unwrap();
    let run = Run::create(folder.path(), "story", "").unwrap();
    assert_eq!(run.began_in(), std::env::current_dir().ok());
}

#[test]
fn a_runs_name_is_one_for_every_file_system_and_differs_by_more_than_case() {
    let folder = tempfile::tempdir().unwrap();
    let name = |config: &str| Run::create(folder.path(), config, "").unwrap().name();
    assert_eq!(name("12:30"), "12_30-1");
    assert_eq!(name("Cafe\u{301}"), "Caf\u{e9}-1");
    assert_eq!(name("story"), "story-1");
    assert_eq!(name("Story"), "Story-2");
    assert!(name(&"x".repeat(255)).len() < 255);
}

#[test]
fn a_run_is_found_as_it_is_typed_and_several_readings_are_an_error_that_lists_them() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("runs");
    let make = |name: &str| {
        fs::create_dir_all(root.join(name)).unwrap();
        fs::write(root.join(name).join("config.toml"), "").unwrap();
    };
    make("My Pets-1");
    let open = |typed: &str| Run::open(&root, Path::new(typed)).map(|run| run.name());
    assert_eq!(open("my_pets-1").unwrap(), "My Pets-1");
    let by_path = root.join("MY-PETS-1").display().to_string();
    assert_eq!(open(&by_path).unwrap(), "My Pets-1");
    make("my-pets-1");
    assert_eq!(open("my-pets-1").unwrap(), "my-pets-1");
    let error = open("MY-PETS-1").unwrap_err();
    assert!(matches!(&error, RunError::Ambiguous { candidates, .. } if candidates.len() == 2));
    let said = error.to_string();
    assert!(
        said.contains("My Pets-1") && said.contains("my-pets-1"),
        "{said}"
    );
    let said = open("my-pests-1").unwrap_err().to_string();
    assert!(said.contains("did you mean `my-pets-1`?"), "{said}");
}

#[test]
fn a_checkpoint_is_found_as_it_is_typed_and_several_readings_are_an_error_that_lists_them() {
    let folder = tempfile::tempdir().unwrap();
    let run = Run::create(folder.path(), "story", "").unwrap();
    for name in ["last_stage", "Last-Stage", "352"] {
        fs::create_dir(run.checkpoints_folder().join(name)).unwrap();
    }
    let name = |typed: &str| {
        let folder = run.checkpoint(typed).map_err(|error| error.to_string())?;
        Ok(folder.file_name().unwrap().to_string_lossy().into_owned())
    };
    assert_eq!(name("last_stage"), Ok("last_stage".to_owned()));
    assert_eq!(name(" 352"), Ok("352".to_owned()));
    let said: String = name("LAST STAGE").unwrap_err();
    assert!(
        said.contains("`last_stage`") && said.contains("`Last-Stage`"),
        "{said}"
    );
}
