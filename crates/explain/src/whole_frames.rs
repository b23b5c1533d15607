//! Whole pictures on their way to a network: frames of different sizes, some files at a time.

use crate::{
    network::batch_size,
    pictures::{PictureFile, cut_off},
    together::Together,
};
use checkpoint::Manifest;
use pictures::{loader::ValidationPicture, transform::View};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Files to be read, in their order.
#[derive(Debug)]
pub struct WholeFrames {
    size: usize,
    view: View,
    /// The first file that was not read yet.
    next: usize,
    /// Files from the beginning of one batch of this process to that of the next.
    step: usize,
}

/// Width and height of a picture's frame, its values, and what there is to say of it.
type Frame = ([usize; 2], Vec<f32>, Option<String>);

/// What came of reading some files.
#[derive(Debug, Default)]
pub struct ReadFrames {
    /// By width and height: the index of each file, and its frame, normalised planes red, green, blue.
    pub frames: BTreeMap<[usize; 2], Vec<(usize, Vec<f32>)>>,
    /// For each picture that could not be read a sentence that names it.
    pub unread: Vec<String>,
    /// Sentences about pictures whose ends are not seen.
    pub remarks: Vec<String>,
}

impl WholeFrames {
    /// Frames of whole pictures, resized as for squares of `size`, in `view`: of every batch of files in its turn among several
    /// processes.
    pub fn new(size: usize, view: View, together: &Together) -> Self {
        let batch = batch_size(size);
        Self {
            size,
            view,
            next: together.rank() * batch,
            step: together.count() * batch,
        }
    }

    /// Reads the next of `files` on all threads; `None` behind the last. Decoded pictures are given up one by one: what is
    /// kept are their frames.
    pub fn read(&mut self, files: &[PictureFile], manifest: &Manifest) -> Option<ReadFrames> {
        let first = self.next;
        let some = files.get(first..files.len().min(first + batch_size(self.size)));
        let some = some.filter(|some| !some.is_empty())?;
        self.next += self.step;
        let results: Vec<_> = some
            .par_iter()
            .map(|file| self.frame(file, manifest))
            .collect();
        let mut read = ReadFrames::default();
        for (index, result) in (first..).zip(results) {
            match result {
                Ok((size, frame, remark)) => {
                    read.frames.entry(size).or_default().push((index, frame));
                    read.remarks.extend(remark);
                }
                Err(reason) => read.unread.push(reason),
            }
        }
        Some(read)
    }

    fn frame(&self, file: &PictureFile, manifest: &Manifest) -> Result<Frame, String> {
        let (padding, orientation) = (manifest.padding, manifest.orientation);
        let read = ValidationPicture::read(&file.path, self.size, self.view, padding, orientation);
        let mut picture = read.map_err(|error| error.to_string())?;
        manifest.normalisation.apply(&mut picture.frame);
        let remark = cut_off(&file.name, self.view, &picture.crop);
        Ok((picture.crop.frame, picture.frame, remark))
    }
}
