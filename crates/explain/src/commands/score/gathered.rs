//! What is asked, and the figures gathered so far.

use crate::{
    commands::opened::OpenedNetwork,
    explanation::{Asking, Classes, ExplainError, ExplainedMap, Explanation, explain},
    pictures::{self, Picture, PictureFile},
    random::{Purpose, generator_for},
    together::Together,
};
use anyhow::Result;
use cam::Method;
use measure::{About, BaselineMaps, Baselines, Kind, Tally, Told, Truth, TwoBreedsRow};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::path::PathBuf;
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
    /// The processes that ask.
    pub together: &'a Together,
    /// The methods.
    pub methods: Vec<&'static Method>,
    /// What is asked, but for the classes.
    pub asking: Asking,
    /// Seed of everything that is drawn.
    pub seed: u64,
    /// A part of the pictures is enough.
    pub quick: bool,
    /// The pictures to measure on.
    pub files: Vec<PictureFile>,
    /// The folder of their trimaps and head boxes, where there may be some.
    pub annotations: Option<PathBuf>,
}

/// The figures gathered so far.
#[derive(Clone)]
pub struct Gathered {
    /// The methods, each with its figures.
    pub methods: Vec<(&'static Method, Tally)>,
    /// Maps of another tool.
    pub given: Option<Tally>,
    /// Maps that know nothing.
    pub baselines: Baselines,
    /// The maps of pictures of two breeds.
    pub two_breeds: Vec<TwoBreedsRow>,
}

/// Figures on their way to another process.
#[derive(Default, Serialize, Deserialize)]
struct GatheredByOne {
    methods: Vec<Told>,
    baselines: Vec<Told>,
    /// Picture, name of the method, class, share.
    two_breeds: Vec<(String, String, String, f64)>,
}

impl Scored<'_> {
    /// Measures each of `items`, which the processes take in turn, and hands what else there is to tell of it to `take`. Every
    /// process gathers all figures, in the order of the items.
    ///
    /// # Errors
    /// An error of `measure`, on any process.
    pub fn divided<I, T: Serialize + DeserializeOwned>(
        &self,
        items: &[I],
        gathered: &mut Gathered,
        mut measure: impl FnMut(&I, &mut Gathered) -> Result<T>,
        mut take: impl FnMut(T),
    ) -> Result<()> {
        let nothing = Gathered::new(&self.methods);
        self.together.divided(
            items,
            |item| {
                let mut of_item = nothing.clone();
                let told = measure(item, &mut of_item)?;
                Ok((of_item.told(), told))
            },
            |_, (of_item, told)| {
                gathered.append(of_item);
                take(told);
                Ok(())
            },
        )
    }

    /// The maps of all methods for `classes` of a picture.
    ///
    /// # Errors
    /// See [`ExplainError`].
    pub fn explained(
        &self,
        picture: Picture,
        classes: Classes,
    ) -> Result<Explanation, ExplainError> {
        let mut explained = self.explained_all(vec![picture], classes)?;
        Ok(explained
            .pop()
            .unwrap_or_else(|| unreachable!("one picture has one explanation")))
    }

    /// The same of several pictures.
    ///
    /// # Errors
    /// See [`ExplainError`].
    pub fn explained_all(
        &self,
        pictures: Vec<Picture>,
        classes: Classes,
    ) -> Result<Vec<Explanation>, ExplainError> {
        let asking = Asking {
            classes,
            ..self.asking.clone()
        };
        explain(&self.opened.network, pictures, &asking, &self.methods)
    }

    /// As many of the pictures as are enough: all in their order, or a tenth in one drawn by the seed, and more of those with
    /// annotations where there would be too few of them.
    pub fn enough(&self) -> Vec<PictureFile> {
        if !self.quick {
            return self.files.clone();
        }
        let count = self.enough_of(self.files.len());
        let mut drawn = self.drawn_all();
        let mut left = drawn.split_off(count);
        for kind in 0..2 {
            let has = |file: &PictureFile| {
                let annotations = self.annotations.as_deref();
                annotations.is_some_and(|folder| Truth::is_there(folder, file.stem())[kind])
            };
            let known = drawn.iter().filter(|file| has(file)).count();
            let (more, others) = left.into_iter().partition::<Vec<_>, _>(has);
            let mut more = more.into_iter();
            drawn.extend(more.by_ref().take(FEWEST.saturating_sub(known)));
            left = more.chain(others).collect();
        }
        drawn
    }

    /// `count` of all pictures, or as many as are enough of so many, drawn by the seed.
    pub fn drawn(&self, count: usize) -> Vec<PictureFile> {
        pictures::drawn(self.files.clone(), self.enough_of(count), self.seed)
    }

    /// All pictures, in an order drawn by the seed.
    pub fn drawn_all(&self) -> Vec<PictureFile> {
        pictures::drawn(self.files.clone(), self.files.len(), self.seed)
    }

    /// Maps of a picture that know nothing: the same whatever they are measured in.
    pub fn baseline_maps(&self, picture: &Picture) -> BaselineMaps {
        let mut random = generator_for(self.seed, Purpose::Baselines, &[&picture.file.name]);
        BaselineMaps::new(picture.crop.frame, &picture.frame, &mut random)
    }

    /// The picture's map for `class`, in words.
    pub fn about(&self, picture: &Picture, class: usize) -> About {
        About::new(&picture.file.name, &self.opened.classes()[class])
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
    pub fn new(methods: &[&'static Method]) -> Self {
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
            two_breeds: Vec::new(),
        }
    }

    fn told(self) -> GatheredByOne {
        let row = |row: TwoBreedsRow| (row.picture, row.method.to_owned(), row.class, row.share);
        let baselines = self.baselines.tallies().iter().cloned();
        GatheredByOne {
            methods: self
                .methods
                .into_iter()
                .map(|(_, tally)| tally.told())
                .collect(),
            baselines: baselines.map(Tally::told).collect(),
            two_breeds: self.two_breeds.into_iter().map(row).collect(),
        }
    }

    fn append(&mut self, more: GatheredByOne) {
        let of_methods = self.methods.iter_mut().map(|(_, tally)| tally);
        let of_baselines = self.baselines.tallies_mut().iter_mut();
        let more_of_all = more.methods.into_iter().chain(more.baselines);
        for (tally, told) in of_methods.chain(of_baselines).zip(more_of_all) {
            tally.append(told);
        }
        let rows = more.two_breeds.into_iter();
        self.two_breeds
            .extend(rows.filter_map(|(picture, method, class, share)| {
                Some(TwoBreedsRow {
                    picture,
                    method: cam::method(&method)?.name(),
                    class,
                    share,
                })
            }));
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
