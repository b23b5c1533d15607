//! Files that exist for some pictures only.

use std::io::ErrorKind;
use std::path::Path;

use super::error::AnnotationError;

/// Content of a file, or `None` if it does not exist.
pub(super) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, AnnotationError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(AnnotationError::Unreadable {
            path: path.to_path_buf(),
            error,
        }),
    }
}
