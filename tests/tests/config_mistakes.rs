//! Every mistake in a config is one sentence in a person's words, by `--set` and in a file.

use std::{fs, path::Path};
use stories::program::{text, train};

/// Words of the libraries that read a config, which tell a person nothing.
const INTERNALS: &[&str] = &[
    "untagged",
    "variant",
    " enum",
    "struct ",
    "invalid type",
    "invalid value",
    "invalid length",
    "expected any",
    "i128",
    "i64",
    "u32",
    "u64",
    "usize",
    "f32",
    "f64",
    "something else",
    "deserializ",
    "panicked",
];

/// What is typed after `--set` | what the sentence must have in it | more of it.
const SETS: &str = r#"
seed                                           | key=value
=1                                             | key | empty
data..folder=x                                 | data..folder | empty
seed=1.5                                       | seed is 1.5 | a whole number
seed=-1                                        | seed is -1 | not negative
seed=x                                         | seed is "x" | a whole number
seed=[1]                                       | seed is [1] | a whole number
seed=99999999999999999999                      | too large | 9223372036854775807
seed=2024-01-01                                | seed is 2024-01-01 | a whole number
seed.x=1                                       | `x` leads into the value 0
Seed=1                                         | unknown key `Seed` | did you mean `seed`?
dta.folder=x                                   | --set dta.folder=x | did you mean `data`?
data=1                                         | data is 1 | a table
data={}                                        | `data.folder` is missing
data.folder=                                   | data.folder is ""
data.folder=[]                                 | data.folder is [] | a text
data.folder.x=1                                | `x` leads into the value
data.source=folders                            | data.source is `folders` | did you mean `folder`?
data.source=1                                  | data.source is 1 | oxford-iiit-pet | sample | folder
data.layout=zzz                                | data.layout is `zzz` | file-names | folders
data.layout={}                                 | data.layout is {} | file-names
data.on_bad_image=ignore                       | data.on_bad_image is `ignore` | error, skip
data.workers=-1                                | data.workers is -1 | not negative
data.workers=100000000                         | data.workers is 1e8 | within 0 and 1024
data.sample.breeds=1                           | data.sample.breeds is 1 | a list
data.sample.breeds=[1]                         | data.sample.breeds.0 is 1 | pug
data.sample.sed=1                              | `data.sample.sed` | did you mean `seed`?
regularisation.mixup=-0.4                      | regularisation.mixup is -0.4 | 0 (off)
regularisation.cutmix=inf                      | regularisation.cutmix is inf | 0 (off)
regularisation.label_smoothing=1               | regularisation.label_smoothing is 1 | below 1
regularisation.sampling=balance                | `balance` | did you mean `balanced`?
regularisation.class_weights=balance           | class_weights is "balance" | "balanced" or a table
regularisation.class_weights.pug=0             | regularisation.class_weights.pug is 0 | within 1e-6 and 1e6
regularisation.mixpu=1                         | `regularisation.mixpu` | did you mean `mixup`?
data.corrections=                              | data.corrections is "" | the path of a csv file
augmentation.random_erasing=1.5                | augmentation.random_erasing is 1.5 | a probability
augmentation.random_resized_crop=0.08          | augmentation.random_resized_crop is 0.08 | a list of 2
augmentation.random_resized_crop=[0.5, 0.1]    | random_resized_crop.1 is 0.1 | the smaller first
augmentation.random_resized_crop=[0, 1]        | random_resized_crop.0 is 0 | above 0
augmentation.rand_augment=[2, 31]              | augmentation.rand_augment.1 is 31 | 0 to 30
augmentation.rand_augment=[0, 9]               | augmentation.rand_augment.0 is 0 | 1 to 10 operations
augmentation.rand_augment=[2, 9.5]             | augmentation.rand_augment.1 is 9.5 | a whole number
split=1                                        | split is 1 | a table
split=random                                   | split is "random" | a table
split={}                                       | `split.kind` is missing
split.kind=1                                   | split.kind is 1 | a text in quotes
split.kind={a=1}                               | split.kind is { a = 1 } | a text in quotes
split.kind=zzz                                 | split.kind is `zzz` | random | stratified | official
split.fraction=x                               | --set split.fraction=x | split.fraction is "x" | a number
split.fraction=nan                             | --set split.fraction=nan | split.fraction is NaN | between 0 and 1
split.fraction=1                               | split.fraction is 1 | between 0 and 1
split.fraction=[0.2]                           | split | a number
split.seed=-1                                  | split.seed is -1 | within 0 and 4294967295
split.seed=5000000000                          | split.seed is 5000000000 | within 0 and 4294967295
split.seed=1.5                                 | split.seed is 1.5 | a whole number
split.sede=1                                   | `split.sede` | did you mean `seed`?
augmentation.max_rotate=nan                    | augmentation.max_rotate is NaN | 0 to 180
augmentation.max_zoom=inf                      | augmentation.max_zoom is inf | at least 1
augmentation.padding=1                         | augmentation.padding is 1 | reflection, zeros, border
augmentation.do_flip="true"                    | augmentation.do_flip is "true" | true or false
normalisation.mean=[1]                         | normalisation.mean is [1] | a list of 3
normalisation.mean=[1,2,"x"]                   | normalisation.mean.2 is "x" | a number
normalisation.std=[0,1,1]                      | normalisation.std is 0 | within 1e-6 and 1000000
model=resnet18                                 | model is "resnet18" | a table
model.architecture=resnet43                    | `resnet43` | did you mean `resnet34`?
model.architecture={resnet34=1}                | model.architecture is | resnet18
model.head=1                                   | model.head is 1 | fastai, plain
model.dropout=0.5                              | model.dropout is 0.5 | a list of 2
model.dropout.0=5                              | --set model.dropout.0=5 | model.dropout is 5 | below 1
model.weights=                                 | model.weights is "" | the path of a file
model.weights=true                             | model.weights is true | a text in quotes
model.kernels=quick                            | model.kernels is `quick` | exact, fast
optimizer.momentum=0.9                         | optimizer.momentum is 0.9 | a list of 2
optimizer.epsilon=0                            | optimizer.epsilon is 0 | within 1e-30 and 1
optimizer.weight_decay=1e300                   | optimizer.weight_decay is 1e300 | within 0 and 1000
optimizer.lr=1                                 | unknown key `optimizer.lr` | weight_decay
stage=1                                        | stage is 1 | a list
stage=[]                                       | stage | [[stage]]
stage={}                                       | stage | [[stage]]
stage=[{}]                                     | `stage.0.size` is missing
stage.epochs=1                                 | `epochs` leads into a list | 0 to 2
stage.9.epochs=1                               | `9` leads into a list | 0 to 2
stage.0.size=99999999999999                    | stage.0.size is 99999999999999 | within 32 and 2048
stage.0.epochs=inf                             | stage.0.epochs is inf | a whole number
stage.0.train=body                             | stage.0.train is `body` | head, all
stage.0.max_learning_rate=x                    | is "x" | one number | [lowest, highest]
stage.0.max_learning_rate=[1e-3]               | is [0.001] | one number | [lowest, highest]
stage.0.max_learning_rate=[1e-3,1e-2,1e-1]     | [0.001, 0.01, 0.1] | [lowest, highest]
stage.0.max_learning_rate=[1e-3,"x"]           | stage.0.max_learning_rate.1 is "x" | a number
stage.0.max_learning_rate=nan                  | is NaN | within 1e-30 and 1e30
stage.0.max_learning_rate=-1                   | stage.0.max_learning_rate is -1: | within 1e-30 and 1e30
stage.0.max_learning_rate=[1e-2,-1e-3]         | is -0.001 | within 1e-30
stage.0.max_learning_rate.0=1                  | `0` leads into the value 0.01
stage.0.pct_start=nan                          | stage.0.pct_start is NaN | within 0 and 1
stage.0.save=a/b                               | stage.0.save is "a/b" | letters
stage.0.lr=1                                   | `stage.0.lr` | did you mean `max_learning_rate`?
"#;

/// The text of a config file, and what the sentence must have in it.
const FILES: &[(&str, &[&str])] = &[
    ("", &["`data` is missing"]),
    ("[data]\n", &["line 1", "`data.folder` is missing"]),
    (
        "data = \"pictures\"\n",
        &["line 1", "data is \"pictures\"", "a table"],
    ),
    (
        "[[data]]\nfolder = \"x\"\n",
        &["line 1", "data is", "a table"],
    ),
    (
        "[data]\nfolder = \"x\"\n[stage]\nsize = 32\n",
        &["line 3", "[[stage]]"],
    ),
    (
        "[data]\nfolder = \"x\"\nfolder = \"y\"\n",
        &["line 3", "duplicate key"],
    ),
    ("[data]\nfolder = x\n", &["line 2", "quoted"]),
    ("seed = 99999999999999999999\n", &["line 1", "too large"]),
    (
        "[data]\nfolder = \"x\"\n[split]\nkind = \"random\"\nfraction = \"x\"\n",
        &["line 5", "split.fraction is \"x\""],
    ),
    (
        "[data]\nfolder = \"x\"\n[split]\nkind = 3\n",
        &["line 4", "split.kind is 3"],
    ),
    (
        "[augmentation]\nmax_rotate = [\n1,\n2,\n]\n[data]\nfolder = \"x\"\n",
        &["line 2", "augmentation.max_rotate is", "a number"],
    ),
];

#[test]
fn every_mistake_by_set_names_the_key_and_what_it_may_be() {
    let folder = tempfile::tempdir().unwrap();
    let faults = SETS.trim().lines().filter_map(|row| {
        let (set, parts) = row.split_once('|').expect(row);
        let typed = ["pets-resnet34", "--check", "--set", set.trim()];
        let parts: Vec<&str> = parts.split('|').map(str::trim).collect();
        let fault = fault(folder.path(), &typed, &parts)?;
        Some(format!("{}\n    {fault}", set.trim()))
    });
    none(faults.collect());
}

#[test]
fn every_mistake_in_a_file_names_the_line_and_what_it_may_be() {
    let folder = tempfile::tempdir().unwrap();
    let faults = FILES.iter().filter_map(|(content, parts)| {
        fs::write(folder.path().join("own.toml"), content).unwrap();
        let fault = fault(folder.path(), &["own.toml", "--check"], parts)?;
        Some(format!("{content:?}\n    {fault}"))
    });
    none(faults.collect());
}

#[test]
fn a_word_that_no_flag_takes_is_one_sentence_with_those_that_it_takes() {
    let folder = tempfile::tempdir().unwrap();
    let export = ["export", "runs/a-1", "--to", "x", "--layout", "torch"];
    let faults = [
        fault(folder.path(), &export, &["'torch'", "fastai, torchvision"]),
        fault(folder.path(), &["--device", "tpu"], &["'tpu'", "cpu"]),
        fault(folder.path(), &["--skip-bad-images"], &["--resume"]),
        fault(folder.path(), &["--chek"], &["'--chek'", "'--check'"]),
    ];
    none(faults.into_iter().flatten().collect());
}

/// What is wrong with the answer to `arguments`, which must be one sentence with all of `parts` and exit code 2.
fn fault(folder: &Path, arguments: &[&str], parts: &[&str]) -> Option<String> {
    let output = train(folder, arguments).output().unwrap();
    let said = text(&output.stderr);
    let missing = parts.iter().find(|part| !said.contains(**part));
    let internal = INTERNALS.iter().find(|word| {
        // clap's own sentences say so too, about flags.
        said.contains(**word) && !said.contains("for '--")
    });
    if output.status.code() != Some(2) {
        Some(format!("exit code {:?}: {said}", output.status.code()))
    } else if let Some(part) = missing {
        Some(format!("without {part:?}: {said}"))
    } else if let Some(word) = internal {
        Some(format!("with {word:?}: {said}"))
    } else if said.lines().count() != 1 {
        Some(format!("more than one line: {said}"))
    } else {
        None
    }
}

fn none(faults: Vec<String>) {
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}
