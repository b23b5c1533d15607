//! Pictures of known class with a network's answers.

use crate::{answers::Answers, network::SavedNetwork, pictures::PictureFile};
use anyhow::Result;
use evaluation::Predictions;
use pictures::part::Part;
use terminal::Terminal;

/// Pictures of known class, each with the network's answer.
#[derive(Debug)]
pub struct Answered {
    /// The part of the run's pictures that these are; `None` if they were named.
    pub part: Option<Part>,
    /// The pictures that could be read.
    pub files: Vec<PictureFile>,
    /// A row of logits and the true class for each of them.
    pub predictions: Predictions,
    /// For each of them a row: the mean of the network's last feature map over its positions.
    pub pooled: Vec<f32>,
    /// Number of pictures that could not be read.
    pub unread: usize,
}

impl Answered {
    /// Asks `network` about `files`, which all have a true class, in squares of `size`; names those that cannot be read.
    ///
    /// # Errors
    /// None can be read, or an answer is not a number.
    pub fn of(
        network: &SavedNetwork,
        part: Option<Part>,
        files: Vec<PictureFile>,
        size: usize,
        terminal: &Terminal,
    ) -> Result<Self> {
        let title = part.map_or_else(
            || "evaluating".to_owned(),
            |part| format!("evaluating {part}"),
        );
        let bar = terminal.pictures(&title, files.len());
        let (mut kept, mut logits, mut pooled, mut unread) =
            (Vec::new(), Vec::new(), Vec::new(), 0);
        for batch in Answers::new(network, &files, size)? {
            let batch = batch?;
            for reason in &batch.unread {
                terminal.warning(&format!("left out: {reason}"));
            }
            unread += batch.unread.len();
            bar.advance(batch.answers.len() + batch.unread.len());
            for answer in batch.answers {
                kept.push(files[answer.index].clone());
                logits.extend(answer.logits);
                pooled.extend(answer.pooled);
            }
        }
        drop(bar);
        anyhow::ensure!(
            !kept.is_empty(),
            "none of the {unread} pictures could be read"
        );
        let truth: Vec<usize> = kept.iter().filter_map(|file| file.true_class).collect();
        Ok(Self {
            part,
            predictions: Predictions::new(network.manifest.classes.len(), logits, truth)?,
            pooled,
            files: kept,
            unread,
        })
    }
}
