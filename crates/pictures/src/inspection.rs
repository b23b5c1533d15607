//! A look at every picture of a listing before anything is trained: can it be decoded, and which have the same bytes?

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use files::sha256_of;

use crate::decode::{DecodeError, read_picture};
use crate::folder::LabelledFile;

/// Reads and decodes every one of `files` on `threads` threads, and returns the SHA-256 of each, in hexadecimal digits,
/// or the reason why it cannot be decoded, in the order of `files`. `on_picture` is called after each, by any thread. No
/// more than one picture for each thread is in memory.
///
/// # Panics
/// If `on_picture` does.
pub fn inspect(
    files: &[LabelledFile],
    threads: usize,
    on_picture: &(dyn Fn() + Sync),
) -> Vec<Result<String, DecodeError>> {
    let next = AtomicUsize::new(0);
    let next_file = || {
        let index = next.fetch_add(1, Ordering::Relaxed);
        files.get(index).map(|file| (index, file))
    };
    let work = || {
        let mut found = Vec::new();
        while let Some((index, file)) = next_file() {
            found.push((index, look(&file.path)));
            on_picture();
        }
        found
    };
    let mut found: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        let found = workers.into_iter().map(|worker| worker.join());
        found
            .flat_map(|found| found.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    found.sort_unstable_by_key(|(index, _)| *index);
    found.into_iter().map(|(_, result)| result).collect()
}

/// Positions of equal digests, for each digest that is there more than once; all in ascending order.
pub fn repeated<'a>(digests: impl IntoIterator<Item = Option<&'a str>>) -> Vec<Vec<usize>> {
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, digest) in digests.into_iter().enumerate() {
        if let Some(digest) = digest {
            places.entry(digest).or_default().push(index);
        }
    }
    let mut repeated: Vec<Vec<usize>> = places.into_values().filter(|all| all.len() > 1).collect();
    repeated.sort_unstable();
    repeated
}

/// The file is read a second time for its digest, from the system's memory, so that the way of decoding is the one of
/// training.
fn look(path: &Path) -> Result<String, DecodeError> {
    read_picture(path)?;
    File::open(path)
        .and_then(sha256_of)
        .map_err(|error| DecodeError::Unreadable(error).in_file(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::RgbImage;
    use std::sync::Mutex;

    #[test]
    fn every_picture_is_looked_at_once_and_answered_in_its_place_by_any_number_of_threads() {
        let folder = tempfile::tempdir().unwrap();
        let files: Vec<LabelledFile> = (0..7).map(|number| drawn(folder.path(), number)).collect();
        std::fs::write(&files[3].path, "no picture").unwrap();
        std::fs::remove_file(&files[5].path).unwrap();
        std::fs::copy(&files[0].path, &files[6].path).unwrap();
        for threads in [0, 1, 3, 20] {
            let looked = Mutex::new(0);
            let found = inspect(&files, threads, &|| *looked.lock().unwrap() += 1);
            assert_eq!(*looked.lock().unwrap(), 7);
            let bad: Vec<usize> = (0..7).filter(|index| found[*index].is_err()).collect();
            assert_eq!(bad, [3, 5]);
            let named = found[3].as_ref().unwrap_err().to_string();
            assert!(named.contains("3.png"), "{named}");
            let digests = found.iter().map(|found| found.as_deref().ok());
            assert_eq!(repeated(digests), [vec![0, 6]]);
        }
    }

    #[test]
    fn what_has_no_digest_equals_nothing() {
        let digests = [
            None,
            Some("a"),
            None,
            Some("b"),
            Some("a"),
            Some("b"),
            Some("a"),
        ];
        assert_eq!(repeated(digests), [vec![1, 4, 6], vec![3, 5]]);
    }

    fn drawn(folder: &Path, number: u8) -> LabelledFile {
        let name = format!("{number}.png");
        let path = folder.join(&name);
        RgbImage::from_pixel(4, 4, image::Rgb([number; 3]))
            .save(&path)
            .unwrap();
        LabelledFile {
            name,
            path,
            label: "a".to_owned(),
            part: None,
        }
    }
}
