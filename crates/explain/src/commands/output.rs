use crate::output::{OutputError, OutputFolder};
use anyhow::Result;
use checkpoint::Run;
use std::path::{Path, PathBuf};
use terminal::usage;

/// The folder for results: the one that was typed, or `name` in the run's folder.
///
/// # Errors
/// A folder that cannot be written, or one that holds something else, which was typed wrongly.
pub fn begin(typed: Option<&Path>, run: &Run, name: &str) -> Result<OutputFolder> {
    let target = typed.map_or_else(|| run.file(name), PathBuf::from);
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
        let run = Run::create(folder.path(), "story", "").unwrap();
        let occupied = begin(Some(folder.path()), &run, "score").unwrap_err();
        assert!(occupied.is::<terminal::UsageError>(), "{occupied}");
        begin(None, &run, "score").unwrap().finish("page").unwrap();
        assert!(run.file("score/index.html").is_file());
    }
}
