//! What is said about a split that goes by the parts somebody else made, or does not.

use crate::{config::Config, shell};
use anyhow::{Result, bail};
use pictures::{
    folder::{FolderLayout, Listing, innermost},
    part::Part,
};
use split::{SplitMethod, groups};
use words::first_three;

/// Refuses to take the folders of a ready-made split in `listing` for classes.
///
/// # Errors
/// They would be classes.
pub fn refuse_as_classes(listing: &Listing, config: &Config) -> Result<()> {
    let parts = &listing.unused_parts;
    if parts.is_empty() || config.data.layout != FolderLayout::Folders {
        return Ok(());
    }
    let folder = config.data.pictures();
    let found = format!(
        "the folders {} in {} look like the parts of a ready-made split, not like classes",
        parts.join(", "),
        folder.display()
    );
    let is = |wanted| move |name: &&String| Part::from_word(name) == Some(wanted);
    let train = parts.iter().find(is(Part::Train));
    if let (Some(train), None) = (train, parts.iter().find(is(Part::Valid))) {
        bail!(
            "{found}, and none of them validates: hold some of the training pictures back with `--set data.folder={}`, or \
             rename the folder that is to validate to `valid` and write split.kind = \"folders\"",
            shell::word(
                &folder
                    .join(classes_of(train, listing))
                    .display()
                    .to_string()
            )
        );
    }
    bail!(
        "{found}: to train on it as it is, write split.kind = \"folders\" in the config, or type `--set split.kind=folders`; \
         for another split of all these pictures, move the class folders of the parts together"
    )
}

/// The folder below that of a part which holds its class folders: the part's own, but of `seg_train/seg_train/cat` the inner
/// one.
fn classes_of<'a>(part: &'a str, listing: &'a Listing) -> &'a str {
    let names = listing.files.iter().map(|file| file.name.as_str());
    let of_part = |name: &&str| name.split_once('/').is_some_and(|(first, _)| first == part);
    let names: Vec<&str> = names.filter(of_part).collect();
    let inner = innermost(names.iter().copied());
    // Where pictures lie in it, it is a class itself.
    let holds_folders = |name: &&str| name[inner.len() + 1..].contains('/');
    if names.iter().all(holds_folders) {
        inner
    } else {
        part
    }
}

/// What the split of `config` does with `listing` that may be a mistake, a line each.
pub fn remarks(listing: &Listing, config: &Config) -> Vec<String> {
    let kind = config.split.kind();
    let mut remarks = Vec::new();
    let goes_by_parts = matches!(config.split, SplitMethod::Csv {} | SplitMethod::Folders {});
    let is_list = config.data.layout == FolderLayout::Csv;
    if !goes_by_parts && !is_list && !listing.unused_parts.is_empty() {
        remarks.push(format!(
            "the folders {} in {} look like the parts of a ready-made split, which split.kind = \"{kind}\" does not go by: \
             `--set split.kind=folders` takes them",
            listing.unused_parts.join(", "),
            config.data.pictures().display()
        ));
    }
    if !goes_by_parts && !is_list && !listing.parts_in_classes.is_empty() {
        remarks.push(format!(
            "folders in those of the classes look like the parts of a ready-made split ({}), which split.kind = \"{kind}\" \
             does not go by: `--set split.kind=folders` takes them",
            first_three(&listing.parts_in_classes)
        ));
    }
    if !goes_by_parts && listing.files.iter().any(|file| file.part.is_some()) {
        remarks.push(format!(
            "the column `split` of the csv file is not used, since split.kind is \"{kind}\": `--set split.kind=csv` takes it"
        ));
    }
    if let SplitMethod::Grouped { pattern, .. } = &config.split
        && groups(&listing.files, pattern).is_ok_and(|groups| groups.len() == listing.files.len())
    {
        remarks.push(format!(
            "split.pattern '{pattern}' puts each picture into a group of its own: nothing is kept together"
        ));
    }
    remarks
}
