//! What `--check` finds when it decodes every picture: those that cannot be, and those that are there twice.

use crate::{data::Data, feed::Feed};
use anyhow::{Result, ensure};
use pictures::{
    decode::DecodeError,
    inspection::{inspect, repeated},
    loader::OnBadImage,
    part::Part,
};
use std::collections::BTreeSet;
use terminal::Terminal;
use words::{counted, first_three};

/// How to go on without bad pictures.
const SKIP: &str =
    "--set data.on_bad_image=skip (in the config: on_bad_image = \"skip\" under [data])";

/// Every picture of an experiment, looked at.
#[derive(Debug)]
pub struct Inspection {
    /// SHA-256, or the reason why there is no picture, of each file of the listing.
    found: Vec<Result<String, DecodeError>>,
    /// Part of each file.
    parts: Vec<Option<Part>>,
}

impl Inspection {
    /// Decodes all pictures of `feed` on all of its threads, behind a progress bar.
    pub fn of(feed: &Feed, terminal: &Terminal) -> Self {
        let files = &feed.data.files;
        terminal.message(&format!("decoding {}", counted(files.len(), "picture")));
        let bar = terminal.pictures("decoding", files.len());
        let threads = feed.config.data.threads();
        Self {
            found: inspect(files, threads, &|| bar.advance(1)),
            parts: parts(&feed.data),
        }
    }

    /// Names every bad picture, and the first of those that are there twice where it does harm.
    pub fn tell(&self, feed: &Feed, terminal: &Terminal) {
        let all = self.found.len();
        let bad: Vec<_> = self.bad().collect();
        if bad.is_empty() {
            terminal.result(&format!("{} decoded", counted(all, "picture")));
        } else {
            let can = counted(all - bad.len(), "picture");
            let cannot = bad.len();
            terminal.result(&format!("{can} decoded, {cannot} cannot be:"));
        }
        for (index, error) in bad {
            terminal.result(&format!("  {}: {error}", self.use_of(index)));
        }
        self.warn_of_repeated(feed, terminal);
    }

    /// Says whether training would get through.
    ///
    /// # Errors
    /// It would stop at a bad picture, or a part has no others.
    pub fn verdict(&self, feed: &Feed) -> Result<()> {
        // Nothing but this check decodes the pictures that are kept for a last test.
        let is_used = |(index, _): &(usize, _)| self.parts[*index] != Some(Part::Test);
        let bad = self.bad().filter(is_used).count();
        let all = self.found.len();
        let needed = [
            (Part::Train, "training picture"),
            (Part::Valid, "validation picture"),
        ];
        for (part, noun) in needed {
            let pictures = self.count(part, |_| true);
            ensure!(
                self.count(part, Result::is_ok) > 0,
                "none of the {} can be decoded: repair them, each is named above",
                counted(pictures, noun)
            );
        }
        let lost = self.classes_without_a_picture(feed);
        ensure!(
            lost.is_empty(),
            "no training picture of {} can be decoded, and a network cannot learn what it is never shown: repair them, or \
             take the class out",
            first_three(&lost)
        );
        ensure!(
            bad == 0 || feed.config.data.on_bad_image == OnBadImage::Skip,
            "{bad} of {} cannot be decoded, so training would stop: repair or remove what is named above, or leave it \
             out with {SKIP}",
            counted(all, "picture")
        );
        Ok(())
    }

    fn classes_without_a_picture(&self, feed: &Feed) -> Vec<String> {
        let data = &feed.data;
        let of_training = data.split.train.iter();
        let shown: BTreeSet<&String> = of_training
            .filter(|index| self.found[**index].is_ok())
            .map(|index| &data.files[*index].label)
            .collect();
        let lost = data.classes.iter().filter(|class| !shown.contains(class));
        lost.cloned().collect()
    }

    fn bad(&self) -> impl Iterator<Item = (usize, &DecodeError)> {
        let found = self.found.iter().enumerate();
        found.filter_map(|(index, found)| Some((index, found.as_ref().err()?)))
    }

    fn count(&self, part: Part, is_wanted: impl Fn(&Result<String, DecodeError>) -> bool) -> usize {
        let of_part = self.found.iter().zip(&self.parts);
        of_part
            .filter(|(found, other)| **other == Some(part) && is_wanted(found))
            .count()
    }

    fn use_of(&self, index: usize) -> &'static str {
        match self.parts[index] {
            Some(Part::Train) => "to train on",
            Some(Part::Valid) => "to validate with",
            Some(Part::Test) => "kept for a last test",
            None => "in no part",
        }
    }

    /// Warns of the same bytes with two labels, which no network can learn, and in two parts, which flatters it.
    fn warn_of_repeated(&self, feed: &Feed, terminal: &Terminal) {
        let files = &feed.data.files;
        let digests = self.found.iter().map(|found| found.as_deref().ok());
        let (mut labels, mut parts) = (Vec::new(), Vec::new());
        for same in repeated(digests) {
            let differs = |differ: &dyn Fn(usize, usize) -> bool| {
                same.iter().any(|index| differ(same[0], *index))
            };
            let named = |details: &dyn Fn(usize) -> String| {
                let named = same
                    .iter()
                    .map(|index| format!("{} ({})", files[*index].name, details(*index)));
                named.collect::<Vec<_>>().join(" = ")
            };
            if differs(&|a, b| files[a].label != files[b].label) {
                labels.push(named(&|index| files[index].label.clone()));
            }
            if differs(&|a, b| self.parts[a] != self.parts[b]) {
                parts.push(named(&|index| self.use_of(index).to_owned()));
            }
        }
        warn(&labels, "with two labels", "keep the right one", terminal);
        let harm = "keep one, or the error rate is better than it would be on new pictures";
        warn(&parts, "in different parts", harm, terminal);
    }
}

fn warn(named: &[String], fault: &str, advice: &str, terminal: &Terminal) {
    if named.is_empty() {
        return;
    }
    terminal.warning(&format!(
        "{} there more than once {fault}, by the same bytes: {}; {advice}",
        match named.len() {
            1 => "1 picture is".to_owned(),
            many => format!("{many} pictures are"),
        },
        first_three(named)
    ));
}

/// Part of each file of the listing.
fn parts(data: &Data) -> Vec<Option<Part>> {
    let mut parts = vec![None; data.files.len()];
    for (part, indices) in [
        (Part::Train, &data.split.train),
        (Part::Valid, &data.split.valid),
        (Part::Test, &data.split.test),
    ] {
        for index in indices {
            parts[*index] = Some(part);
        }
    }
    parts
}
