//! Names by which people tell pictures from different folders apart.

use std::{
    collections::HashMap,
    path::{Component, Path},
};
use words::readable;

/// For each of `paths`, which differ, the shortest end that no other has: the file name, or as many folders in front of it
/// as it takes, with `/` between the parts.
pub fn shown_names<P: AsRef<Path>>(paths: &[P]) -> Vec<String> {
    let parts: Vec<Vec<String>> = paths.iter().map(|path| parts(path.as_ref())).collect();
    let longest = parts.iter().map(Vec::len).max().unwrap_or(0);
    let mut names: Vec<Option<String>> = vec![None; parts.len()];
    for count in 1..=longest {
        let mut ends: HashMap<&[String], usize> = HashMap::new();
        for parts in &parts {
            *ends.entry(end(parts, count)).or_default() += 1;
        }
        for (name, parts) in names.iter_mut().zip(&parts) {
            let end = end(parts, count);
            let is_whole = count >= parts.len();
            if name.is_none() && (ends[end] == 1 || is_whole) {
                *name = Some(readable(&end.join("/")));
            }
        }
    }
    names.into_iter().map(Option::unwrap_or_default).collect()
}

fn parts(path: &Path) -> Vec<String> {
    let named = path.components().filter_map(|part| match part {
        Component::RootDir | Component::CurDir => None,
        part => Some(part.as_os_str().to_string_lossy().into_owned()),
    });
    named.collect()
}

fn end(parts: &[String], count: usize) -> &[String] {
    &parts[parts.len().saturating_sub(count)..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_called_by_its_file_name_or_by_as_many_folders_as_it_takes() {
        let shown = shown_names(&[
            "/w/a/1.jpg",
            "/w/b/1.jpg",
            "/w/b/2.jpg",
            "/v/b/1.jpg",
            "/1.jpg",
        ]);
        assert_eq!(
            shown,
            ["a/1.jpg", "w/b/1.jpg", "2.jpg", "v/b/1.jpg", "1.jpg"]
        );
        assert_eq!(shown_names(&["x/pug_1.jpg"]), ["pug_1.jpg"]);
        assert_eq!(shown_names(&["a\nb\u{202e}.jpg"]), ["a\\nb\\u{202e}.jpg"]);
        assert!(shown_names::<&str>(&[]).is_empty());
    }
}
