//! What is asked, and the figures gathered so far.

use crate::{
    commands::opened::OpenedNetwork,
    explanation::{Asking, Classes, ExplainError, ExplainedMap, Explanation, explain},
    pictures::{self, Picture, PictureFile},
    random::{Purpose, generator},
    together::Together,
};
use anyhow::Result;
use cam::Method;
use checkpoint::RunPictures;
use measure::{BaselineMaps, Baselines, Kind, PictureRow, Tally, TwoBreedsRow};
use rand_chacha::ChaCha8Rng;
use terminal::Terminal;

/// One of so many pictures is measured if it is to be quick.
const QUICK: usize = 10;

/// So many are measured where there are so many, also if it is to be quick: of fewer nothing can be said.
const FEWEST: usize = 8;

/// Who is asked, about what.
pub struct Scored<'a> {
    /// The network.
    pub opened: &'a OpenedNetwork,
    /// Where to say things.
    pub terminal: &'a Terminal,
    /// Who divides what is asked.
    pub together: &'a Together,
    /// The methods.
    pub methods: Vec<&'static Method>,
    /// What is asked, but for the classes.
    pub asking: Asking,
    /// Seed of everything that is drawn.
    pub seed: u64,
    /// A part of the pictures is enough.
    pub quick: bool,
}

/// The figures gathered so far.
pub struct Gathered {
    /// The methods, each with its figures.
    pub methods: Vec<(&'static Method, Tally)>,
    /// Maps of another tool.
    pub given: Option<Tally>,
    /// Maps that know nothing.
    pub baselines: Baselines,
    /// Draws such maps, and the order of equally important pixels.
    pub random: ChaCha8Rng,
    /// The maps of pictures of two breeds.
    pub two_breeds: Vec<TwoBreedsRow>,
    /// Figures of single pictures.
    pub pictures: Vec<PictureRow>,
}

impl Scored<'_> {
    /// The maps of all methods for `classes` of a picture.
    ///
    /// # Errors
    /// See [`ExplainError`].
    pub fn explained(
        &self,
        picture: Picture,
        classes: Classes,
    ) -> Result<Explanation, ExplainError> {
        let asking = Asking {
            classes,
            ..self.asking.clone()
        };
        let explained = explain(&self.opened.network, vec![picture], &asking, &self.methods)?;
        let mut explained = explained.into_iter();
        Ok(explained
            .next()
            .unwrap_or_else(|| unreachable!("one picture has one explanation")))
    }

    /// # Errors
    /// The processes could not read the same pictures: their figures would not be of the same ones.
    pub fn check_read<'a>(&self, pictures: impl IntoIterator<Item = &'a Picture>) -> Result<()> {
        let names = pictures.into_iter().map(|picture| picture.digest.clone());
        let names: Vec<String> = names.collect();
        self.together
            .check_same("the pictures that could be read", &names)
    }

    /// The run's validation pictures, in their order; fewer where that is enough.
    ///
    /// # Errors
    /// The split cannot be read.
    pub fn validation(&self, found: &RunPictures) -> Result<Vec<PictureFile>> {
        let truths = self.opened.truths(Some(&found.pictures))?;
        let split = self.opened.split()?;
        let files = pictures::of_part(&split, pictures::Part::Valid, &found.pictures, &truths);
        Ok(self.enough(files))
    }

    /// As many of some as are enough, drawn by the seed.
    fn enough(&self, files: Vec<PictureFile>) -> Vec<PictureFile> {
        let count = self.enough_of(files.len());
        if count == files.len() {
            return files;
        }
        pictures::drawn(files, count, self.seed)
    }

    /// How many of `count` are enough: a tenth if it is to be quick, but at least eight.
    pub fn enough_of(&self, count: usize) -> usize {
        if self.quick {
            count.div_ceil(QUICK).max(FEWEST).min(count)
        } else {
            count
        }
    }
}

impl Gathered {
    /// Nothing yet.
    pub fn new(methods: &[&'static Method], seed: u64) -> Self {
        let tally = |method: &&'static Method| {
            let kind = if method.is_class_specific() {
                Kind::ClassSpecific
            } else {
                Kind::ClassBlind
            };
            (*method, Tally::new(method.title(), kind))
        };
        Self {
            methods: methods.iter().map(tally).collect(),
            given: None,
            baselines: Baselines::default(),
            random: generator(seed, Purpose::Baselines),
            two_breeds: Vec::new(),
            pictures: Vec::new(),
        }
    }

    /// The maps of a picture that know nothing.
    pub fn baseline_maps(&mut self, picture: &Picture) -> BaselineMaps {
        BaselineMaps::new(picture.crop.frame, &picture.frame, &mut self.random)
    }

    /// The figures of the methods, of what another tool made, and of the baselines.
    pub fn tallies(&self) -> Vec<Tally> {
        let of_methods = self.methods.iter().map(|(_, tally)| tally.clone());
        of_methods
            .chain(self.given.clone())
            .chain(self.baselines.tallies().iter().cloned())
            .collect()
    }
}

/// A picture's maps of one method.
pub fn maps_of<'a>(
    explanation: &'a Explanation,
    method: &'static Method,
) -> impl Iterator<Item = &'a ExplainedMap> {
    explanation
        .maps
        .iter()
        .filter(move |map| map.method == method)
}
