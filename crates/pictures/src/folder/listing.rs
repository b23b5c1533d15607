//! A listing.

use super::labelled_file::LabelledFile;
use super::left_out::LeftOut;

/// The labelled pictures below a folder, and what there is to say about the folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The pictures, in byte order of their names.
    pub files: Vec<LabelledFile>,
    /// What lies beside them.
    pub left_out: LeftOut,
    /// Class folders without a picture, in byte order; with the layout of folders only.
    pub empty_classes: Vec<String>,
    /// Names of the folders, if they are those of a ready-made split (`train` and `valid` or `test`) and nothing else, and
    /// the listing did not take them for its parts.
    pub unused_parts: Vec<String>,
    /// Folders of parts in the class folders (`cat/train`), if the listing did not take them for its parts.
    pub parts_in_classes: Vec<String>,
    /// What may be a mistake, in a line each: classes of similar names, pictures whose names are one elsewhere.
    pub suspicions: Vec<String>,
}

impl Listing {
    /// Lines to say: each with `true` if it must not be missed.
    pub fn remarks(&self) -> Vec<(bool, String)> {
        let suspicions = self.suspicions.iter().map(|line| (true, line.clone()));
        self.left_out
            .remarks()
            .into_iter()
            .chain(suspicions)
            .collect()
    }
}
