//! A batch of pictures as methods ask about it.

use crate::{
    network::{Answer, Question, SavedNetwork, batch_of},
    pictures::{Picture, normalised},
};
use cam::{Asked, FeatureMap, ReluGradient, ShapeError, Target};
use std::cell::OnceCell;

/// Pictures that a network has answered, each asked about some targets at one stage of the network.
///
/// The gradients of all pictures and targets come from one backward pass to the stage, when the first is asked for.
#[derive(Debug)]
pub struct AskedBatch<'a> {
    network: &'a SavedNetwork,
    answer: &'a Answer<'a>,
    pictures: &'a [Picture],
    features: Vec<FeatureMap>,
    questions: Vec<Question>,
    gradients: OnceCell<Vec<FeatureMap>>,
    /// For each picture its logits without each channel, which all its targets share.
    without_channels: Vec<OnceCell<Vec<Vec<f32>>>>,
}

/// One picture of a batch, asked about one target.
#[derive(Debug)]
pub struct AskedPicture<'a> {
    batch: &'a AskedBatch<'a>,
    /// Position among the batch's questions.
    position: usize,
    frame: OnceCell<Vec<f32>>,
}

impl<'a> AskedBatch<'a> {
    /// The `answer` of `network` to `pictures`, whose frames are equally large, asked about `targets`, some for each picture.
    ///
    /// # Errors
    /// A feature map without positions.
    pub fn new(
        network: &'a SavedNetwork,
        answer: &'a Answer<'a>,
        pictures: &'a [Picture],
        targets: &[Vec<Target>],
    ) -> Result<Self, ShapeError> {
        let questions = targets.iter().enumerate().flat_map(|(picture, targets)| {
            targets.iter().map(move |target| Question {
                picture,
                target: *target,
            })
        });
        Ok(Self {
            network,
            answer,
            pictures,
            features: answer.features()?,
            questions: questions.collect(),
            gradients: OnceCell::new(),
            without_channels: vec![OnceCell::new(); pictures.len()],
        })
    }

    /// The same for each stage of the network that has answered.
    ///
    /// # Errors
    /// A feature map without positions.
    pub fn of_stages(
        network: &'a SavedNetwork,
        answers: &'a [Answer<'a>],
        pictures: &'a [Picture],
        targets: &[Vec<Target>],
    ) -> Result<Vec<Self>, ShapeError> {
        let of_stage = |answer| Self::new(network, answer, pictures, targets);
        answers.iter().map(of_stage).collect()
    }

    /// All pictures and targets, those of one picture one after the other.
    pub fn asked(&self) -> impl Iterator<Item = AskedPicture<'_>> {
        (0..self.questions.len()).map(|position| AskedPicture {
            batch: self,
            position,
            frame: OnceCell::new(),
        })
    }

    fn gradients(&self) -> &[FeatureMap] {
        self.gradients.get_or_init(|| {
            let gradients = self.answer.gradients(&self.questions);
            gradients.unwrap_or_else(|error| {
                unreachable!("a gradient has the shape of its features: {error}")
            })
        })
    }
}

impl AskedPicture<'_> {
    /// What it is asked about.
    pub fn target(&self) -> Target {
        self.question().target
    }

    /// The targets of some logits.
    fn values(&self, logits: &[Vec<f32>]) -> impl Iterator<Item = f32> {
        let target = self.target();
        logits.iter().map(move |logits| target.value(logits) as f32)
    }

    fn question(&self) -> Question {
        self.batch.questions[self.position]
    }
}

impl Asked for AskedPicture<'_> {
    fn features(&self) -> &FeatureMap {
        &self.batch.features[self.question().picture]
    }

    fn gradient(&self) -> &FeatureMap {
        &self.batch.gradients()[self.position]
    }

    fn score(&self) -> f32 {
        let logits = &self.batch.answer.logits[self.question().picture];
        self.target().value(logits) as f32
    }

    fn frame_size(&self) -> [usize; 2] {
        self.batch.pictures[self.question().picture].crop.frame
    }

    fn frame(&self) -> &[f32] {
        self.frame.get_or_init(|| {
            let picture = &self.batch.pictures[self.question().picture];
            normalised([picture], &self.batch.network.normalisation())
        })
    }

    fn scores(&self, frames: &mut dyn Iterator<Item = Vec<f32>>) -> Vec<f32> {
        let frame = self.frame_size();
        let mut scores = Vec::new();
        loop {
            let batch: Vec<f32> = frames.take(batch_of(frame)).flatten().collect();
            if batch.is_empty() {
                return scores;
            }
            let answer = self.batch.network.look(batch, frame);
            scores.extend(self.values(&answer.logits));
        }
    }

    fn scores_without_each_channel(&self) -> Vec<f32> {
        let picture = self.question().picture;
        let logits = self.batch.without_channels[picture]
            .get_or_init(|| self.batch.answer.logits_without_each_channel(picture));
        self.values(logits).collect()
    }

    fn pixel_gradients(
        &self,
        frames: &mut dyn Iterator<Item = Vec<f32>>,
        relu: ReluGradient,
        take: &mut dyn FnMut(&[f32]),
    ) {
        let (size, target) = (self.frame_size(), self.target());
        loop {
            let batch: Vec<f32> = frames.take(batch_of(size)).flatten().collect();
            if batch.is_empty() {
                return;
            }
            let gradients = self
                .batch
                .network
                .pixel_gradients(batch, size, target, relu);
            gradients.iter().for_each(|gradient| take(gradient));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{network::tests::untrained, pictures::PictureFile};
    use cam::{METHODS, Method};
    use image::RgbImage;
    use pictures::{decode::Turn, transform::CropMap};
    use std::path::Path;

    const SIZE: usize = 64;

    fn pictures() -> Vec<Picture> {
        let picture = |number: usize| Picture {
            file: PictureFile::without_class(Path::new(""), &format!("{number}.png")),
            digest: String::new(),
            pixels: RgbImage::new(64, 64),
            turned: Turn::NONE,
            upright: Turn::NONE,
            crop: CropMap::new(64, 64, SIZE),
            frame: (0..3 * SIZE * SIZE)
                .map(|index| ((index + number) % 97) as f32 / 97.0)
                .collect(),
        };
        (0..2).map(picture).collect()
    }

    /// Calls `test` with a batch of two pictures, the first asked about both classes, the second about one.
    fn with_batch(test: impl Fn(&AskedBatch, &Answer)) {
        let (network, pictures) = (untrained(), pictures());
        let values = normalised(&pictures, &network.normalisation());
        let answer = network.look(values, [SIZE; 2]);
        let classes = [vec![0, 1], vec![1]].map(|classes| {
            let targets = classes.into_iter().map(Target::logit);
            targets.collect::<Vec<_>>()
        });
        let batch = AskedBatch::new(&network, &answer, &pictures, &classes).unwrap();
        test(&batch, &answer);
    }

    #[test]
    fn gradients_are_worked_out_once_and_only_for_methods_that_ask() {
        with_batch(|batch, answer| {
            let asked: Vec<_> = batch.asked().collect();
            let pictures: Vec<_> = asked.iter().map(|asked| asked.question().picture).collect();
            assert_eq!(pictures, [0, 0, 1]);
            let (specific, blind): (Vec<&Method>, Vec<_>) = METHODS
                .iter()
                .partition(|method| method.is_class_specific());
            for method in blind {
                method.map(&asked[0]);
            }
            assert!(batch.gradients.get().is_none(), "a backward pass");
            specific[0].map(&asked[2]);
            let all = batch.gradients.get().unwrap().as_ptr();
            specific[1].map(&asked[0]);
            assert_eq!(batch.gradients.get().unwrap().as_ptr(), all);
            let alone = answer.gradients(&[Question {
                picture: 1,
                target: Target::logit(1),
            }]);
            assert_eq!(*asked[2].gradient(), alone.unwrap()[0]);
        });
    }

    #[test]
    fn scores_are_the_targets_in_the_order_of_the_frames() {
        with_batch(|batch, answer| {
            let asked: Vec<_> = batch.asked().collect();
            let (first, last) = (&asked[0], &asked[2]);
            let black = vec![0.0; 3 * SIZE * SIZE];
            // More than go through the network at once.
            let mut frames = vec![black; batch_of([SIZE; 2]) + 3];
            frames[1] = first.frame().to_vec();
            let end = frames.len() - 1;
            frames[end] = last.frame().to_vec();
            let found = first.scores(&mut frames.into_iter());
            assert_eq!(found.len(), end + 1);
            let expected = |picture: usize| answer.logits[picture][0];
            assert_eq!([found[1], found[end]], [expected(0), expected(1)]);
            assert_eq!(first.score(), expected(0));
        });
    }

    #[test]
    fn channels_are_left_out_once_for_all_targets_of_a_picture() {
        with_batch(|batch, answer| {
            let asked: Vec<_> = batch.asked().collect();
            let without = answer.logits_without_each_channel(0);
            for class in [0, 1] {
                let of_class: Vec<f32> = without.iter().map(|logits| logits[class]).collect();
                assert_eq!(asked[class].scores_without_each_channel(), of_class);
            }
            let kept = batch.without_channels.iter().map(|one| one.get().is_some());
            assert_eq!(kept.collect::<Vec<_>>(), [true, false]);
        });
    }
}
