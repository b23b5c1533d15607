use crate::output::{OutputError, OutputFolder};
use anyhow::Result;
use std::path::{Path, PathBuf};
use terminal::usage;

/// The folder for results: the one that was typed, or else `usual`.
///
/// # Errors
/// A folder that cannot be written, or one that holds something else, which was typed wrongly.
pub fn begin(typed: Option<&Path>, usual: PathBuf) -> Result<OutputFolder> {
    let target = typed.map_or(usual, PathBuf::from);
    OutputFolder::begin(&target).map_err(|error| match error {
        OutputError::Occupied(_) | OutputError::Foreign { .. } => usage(error).into(),
        error => error.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_something_else_in_it_was_typed_wrongly() {
        let folder = tempfile::tempdir().unwrap();
        let usual = folder.path().join("story/score");
        let occupied = folder.path().join("occupied");
        std::fs::create_dir(&occupied).unwrap();
        std::fs::write(occupied.join("thesis.tex"), "").unwrap();
        let refused = begin(Some(&occupied), usual.clone()).unwrap_err();
        assert!(refused.is::<terminal::UsageError>(), "{refused}");
        begin(None, usual.clone()).unwrap().finish("page").unwrap();
        assert!(usual.join("index.html").is_file());
    }
}
