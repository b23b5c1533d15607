//! The picture files below a folder.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::error::FolderError;
use super::name::{is_hidden, is_picture_name};

/// Name (relative, with `/`) and path of each picture below `folder`, in byte order of the names.
pub(super) fn find_pictures(folder: &Path) -> Result<Vec<(String, PathBuf)>, FolderError> {
    let mut found = Vec::new();
    collect(folder, "", &mut found)?;
    if found.is_empty() {
        return Err(FolderError::Empty(folder.to_path_buf()));
    }
    found.sort();
    Ok(found)
}

fn collect(
    folder: &Path,
    prefix: &str,
    found: &mut Vec<(String, PathBuf)>,
) -> Result<(), FolderError> {
    let entries = std::fs::read_dir(folder).map_err(|source| match source.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            FolderError::Missing(folder.to_path_buf())
        }
        _ => FolderError::Unreadable {
            path: folder.to_path_buf(),
            source,
        },
    })?;
    for entry in entries {
        let entry = entry.map_err(|source| FolderError::Unreadable {
            path: folder.to_path_buf(),
            source,
        })?;
        let path = entry.path();
        let unreadable = |source| FolderError::Unreadable {
            path: path.clone(),
            source,
        };
        let is_folder = entry.file_type().map_err(unreadable)?.is_dir();
        let file_name = entry.file_name();
        if is_hidden(&file_name) || !(is_folder || is_picture_name(&path)) {
            continue;
        }
        let file_name = file_name
            .to_str()
            .ok_or_else(|| FolderError::NotUnicode(path.clone()))?;
        let name = format!("{prefix}{file_name}");
        if is_folder {
            collect(&path, &format!("{name}/"), found)?;
        } else if !path.is_dir() {
            found.push((name, path));
        }
    }
    Ok(())
}
