//! Pictures of known class with a network's answers.

use crate::{answers::Answers, network::SavedNetwork, pictures::PictureFile, together::Together};
use anyhow::{Result, ensure};
use evaluation::{PredictionError, Predictions, average_views};
use pictures::{part::Part, transform::TtaView};
use terminal::Bar;

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
    /// For each of them the index of the network that was asked: 0 unless there are several, as of folds.
    pub asked: Vec<usize>,
    /// Number of pictures that could not be read.
    pub unread: usize,
}

/// How pictures are asked about.
#[derive(Debug)]
pub struct Asking<'a> {
    /// The network.
    pub network: &'a SavedNetwork,
    /// Side of the squares it sees, in pixels.
    pub size: usize,
    /// Views that the answer is averaged over, beside the square of validation; none without test time augmentation.
    pub views: &'a [TtaView],
    /// Who asks it.
    pub together: &'a Together,
}

/// The answers of one pass over pictures.
#[derive(Debug, Default)]
struct Pass {
    /// Which pictures could be read.
    read: Vec<usize>,
    logits: Vec<f32>,
    pooled: Vec<f32>,
    unread: Vec<String>,
}

impl Answered {
    /// All of `folds`, each of which another network was asked about.
    ///
    /// # Errors
    /// There is none, or they have other numbers of classes.
    pub fn joined(folds: Vec<Self>) -> Result<Self, PredictionError> {
        let classes = folds.first().map_or(0, |fold| fold.predictions.classes());
        let (mut files, mut pooled, mut asked, mut unread) =
            (Vec::new(), Vec::new(), Vec::new(), 0);
        let (mut logits, mut truth) = (Vec::new(), Vec::new());
        let part = folds.first().and_then(|fold| fold.part);
        for (network, fold) in folds.into_iter().enumerate() {
            let pictures = 0..fold.files.len();
            logits.extend(pictures.flat_map(|picture| fold.predictions.logits(picture)));
            truth.extend(fold.predictions.truth());
            asked.extend(vec![network; fold.files.len()]);
            files.extend(fold.files);
            pooled.extend(fold.pooled);
            unread += fold.unread;
        }
        Ok(Self {
            part,
            files,
            predictions: Predictions::new(classes, logits, truth)?,
            pooled,
            asked,
            unread,
        })
    }
}

impl Asking<'_> {
    /// Asks about `files`, which all have a true class; names those that cannot be read.
    ///
    /// # Errors
    /// None can be read, or an answer is not a number.
    pub fn ask(&self, part: Option<Part>, files: Vec<PictureFile>) -> Result<Answered> {
        let part_name = part.map_or_else(String::new, |part| format!(" {part}"));
        let passes = 1 + self.views.len();
        let terminal = self.together.terminal();
        let bar = terminal.pictures(&format!("evaluating{part_name}"), passes * files.len());
        let plain = self.pass(&files, None, &bar)?;
        for reason in &plain.unread {
            terminal.warning(&format!("left out: {reason}"));
        }
        let unread = plain.unread.len();
        ensure!(
            !plain.read.is_empty(),
            "none of the {unread} pictures could be read"
        );
        let files: Vec<PictureFile> = plain
            .read
            .iter()
            .map(|index| files[*index].clone())
            .collect();
        let truth: Vec<usize> = files.iter().filter_map(|file| file.true_class).collect();
        let classes = self.network.manifest.classes.len();
        let mut predictions = Predictions::new(classes, plain.logits, truth.clone())?;
        if !self.views.is_empty() {
            let of_view = |view: &TtaView| -> Result<Predictions> {
                let pass = self.pass(&files, Some(*view), &bar)?;
                ensure!(
                    pass.unread.is_empty(),
                    "{}; it could be read before",
                    pass.unread.join("; ")
                );
                Ok(Predictions::new(classes, pass.logits, truth.clone())?)
            };
            let views = self.views.iter().map(of_view).collect::<Result<Vec<_>>>()?;
            predictions = average_views(&predictions, &views)?;
        }
        Ok(Answered {
            part,
            asked: vec![0; files.len()],
            files,
            predictions,
            pooled: plain.pooled,
            unread,
        })
    }

    fn pass(&self, files: &[PictureFile], view: Option<TtaView>, bar: &Bar) -> Result<Pass> {
        let mut pass = Pass::default();
        for batch in Answers::new(self.network, files, self.size, view, self.together)? {
            let batch = batch?;
            bar.advance(batch.answers.len() + batch.unread.len());
            pass.unread.extend(batch.unread);
            for answer in batch.answers {
                pass.read.push(answer.index);
                pass.logits.extend(answer.logits);
                pass.pooled.extend(answer.pooled);
            }
        }
        Ok(pass)
    }
}
