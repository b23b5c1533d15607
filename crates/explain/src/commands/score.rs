use super::source::Source;
use crate::{
    cam::Method,
    cli::{ScoreArgs, chosen_methods},
    explanation::{Explanation, Targets, batch_size, explain},
    network::SavedNetwork,
    output::OutputFolder,
    page,
    pictures::{self, Picture, PictureFile},
    random::{Purpose, generator},
    score::{
        Pair, Scores, Tally, Truth, correlation, energy_share, gaussian, pairs, sides, strongest,
        uniform,
    },
};
use anyhow::{Context, Result};
use checkpoint::SplitRecord;
use std::path::{Path, PathBuf};
use terminal::Terminal;

/// Scores every method on the validation pictures and on pictures of two breeds.
pub fn score(arguments: &ScoreArgs, terminal: &Terminal) -> Result<()> {
    let source = Source::open(&arguments.network, terminal)?;
    let split = source.split()?;
    let out = arguments
        .out
        .clone()
        .unwrap_or_else(|| source.run.file("score"));
    let output = OutputFolder::begin(&out)?;
    let mut scoring = Scoring::new(
        &source,
        terminal,
        chosen_methods(&arguments.method),
        arguments.seed,
    )?;
    let annotated = scoring.validation(&split)?;
    let two_breeds = two_breeds(
        arguments.two_breeds.as_deref(),
        &split,
        source.classes(),
        terminal,
    )?;
    scoring.two_breeds(&two_breeds)?;
    anyhow::ensure!(
        annotated > 0 || !two_breeds.is_empty(),
        "there is no trimap and no head box in {}, and no picture of two breeds: nothing to measure with",
        split.annotations.display()
    );
    let scores = Scores::new(
        &scoring.tallies(),
        &mut generator(arguments.seed, Purpose::Bootstrap),
    );
    for line in scores.text() {
        terminal.result(&line);
    }
    let mut notes = source.notes();
    notes.push(format!(
        "{annotated} validation pictures with annotations, {} of two breeds.",
        two_breeds.len()
    ));
    output.write("score.csv", scores.csv().as_bytes())?;
    if !two_breeds.is_empty() {
        let lines = scoring.pair_lines.join("\n") + "\n";
        output.write("two-breeds.csv", lines.as_bytes())?;
    }
    let remarks = REMARKS.map(str::to_owned);
    let page = output.finish(&page::table(
        "How much lies on the animal?",
        &notes,
        &scores.cells(),
        &remarks,
    ))?;
    terminal.result(&format!("page: {}", page.display()));
    Ok(())
}

/// How to read the table.
const REMARKS: [&str; 5] = [
    "Intervals are 95 % bootstrap intervals over pictures, 1000 samples.",
    "Energy in the pet: the share of what is positive in the map that lies inside the trimap's pet, its border left out. \
     The uniform map has the pet's share of the frame.",
    "Points at the head: whether the strongest point lies in the head box; a map without evidence points nowhere. For the \
     uniform map the head's share of the frame.",
    "On the right animal: in pictures of two breeds the share of the map for a breed on that breed's side of the seam, \
     mean over both breeds.",
    "Same after shuffling: correlation of the raw map with that of the same network whose head has its weights in random \
     order. Class-blind maps do not look at the head.",
];

/// What is gathered on the way.
struct Scoring<'a> {
    source: &'a Source,
    terminal: &'a Terminal,
    shuffled: SavedNetwork,
    methods: Vec<&'static dyn Method>,
    of_methods: Vec<Tally>,
    /// Of pictures of two breeds, map by map.
    pair_lines: Vec<String>,
    /// Uniform and Gaussian, each with its map.
    baselines: [(Tally, Vec<f64>); 2],
}

impl<'a> Scoring<'a> {
    fn new(
        source: &'a Source,
        terminal: &'a Terminal,
        methods: Vec<&'static dyn Method>,
        seed: u64,
    ) -> Result<Self> {
        let titled = |title: &str| Tally {
            title: title.to_owned(),
            ..Tally::default()
        };
        Ok(Self {
            source,
            terminal,
            shuffled: SavedNetwork::load_with_shuffled_head(
                &source.checkpoint,
                seed,
                &source.device,
            )?,
            of_methods: methods
                .iter()
                .map(|method| titled(method.title()))
                .collect(),
            methods,
            pair_lines: vec!["picture,method,class,share on the right animal".to_owned()],
            baselines: [
                (titled("uniform"), uniform(source.size)),
                (titled("centred Gaussian"), gaussian(source.size)),
            ],
        })
    }

    /// Measures on the validation pictures that have a trimap or a head box; returns how many those are.
    fn validation(&mut self, split: &SplitRecord) -> Result<usize> {
        let size = self.source.size;
        let files = pictures::validation(split, self.source.classes());
        let bar = self.terminal.pictures("scoring", files.len());
        let mut annotated = 0;
        for batch in files.chunks(batch_size(size)) {
            let (pictures, truths) =
                read_annotated(batch, &split.annotations, size, self.terminal)?;
            annotated += pictures.len();
            let of_shuffled: Vec<_> = self
                .methods
                .iter()
                .copied()
                .filter(|method| method.is_class_specific())
                .collect();
            let shuffled = explain(
                &self.shuffled,
                pictures.clone(),
                size,
                &Targets::True,
                &of_shuffled,
            )?;
            let explanations = explain(
                &self.source.network,
                pictures,
                size,
                &Targets::True,
                &self.methods,
            )?;
            for ((explanation, shuffled), truth) in explanations.iter().zip(&shuffled).zip(&truths)
            {
                self.add(explanation, shuffled, truth);
            }
            bar.advance(batch.len());
        }
        drop(bar);
        Ok(annotated)
    }

    fn add(&mut self, explanation: &Explanation, shuffled: &Explanation, truth: &Truth) {
        let size = self.source.size;
        for (tally, map) in self.of_methods.iter_mut().zip(&explanation.maps) {
            let energy = map.raw.rectified().spread(size);
            let has_evidence = map.raw.has_positive();
            let inside = truth.animal.as_ref();
            tally
                .energy
                .extend(inside.and_then(|inside| energy_share(&energy, inside)));
            let on_head = truth.is_on_head(strongest(&energy, size), size);
            tally
                .pointing
                .extend(on_head.map(|hit| f64::from(hit && has_evidence)));
            tally.maps[0] += 1;
            tally.maps[1] += usize::from(!has_evidence);
            let other = shuffled
                .maps
                .iter()
                .find(|other| other.method.name() == map.method.name());
            let likeness = other.and_then(|other| correlation(&map.raw.values, &other.raw.values));
            tally.shuffled.extend(likeness);
        }
        let [(uniform, level), (gaussian, centred)] = &mut self.baselines;
        if let Some(inside) = &truth.animal {
            uniform.energy.extend(energy_share(level, inside));
            gaussian.energy.extend(energy_share(centred, inside));
        }
        uniform.pointing.extend(truth.head_share(size));
        gaussian.pointing.extend(
            truth
                .is_on_head(strongest(centred, size), size)
                .map(f64::from),
        );
    }

    /// Measures on pictures of two breeds.
    fn two_breeds(&mut self, pairs: &[Pair]) -> Result<()> {
        let size = self.source.size;
        let bar = self.terminal.pictures("two breeds", pairs.len());
        for pair in pairs {
            let picture = pair.file.read(size)?;
            let sides = sides(pair, &picture.crop);
            let targets = Targets::Classes(pair.classes.to_vec());
            let explanations = explain(
                &self.source.network,
                vec![picture],
                size,
                &targets,
                &self.methods,
            )?;
            for explanation in &explanations {
                self.add_pair(explanation, pair, &sides);
            }
            bar.advance(1);
        }
        drop(bar);
        Ok(())
    }

    fn add_pair(&mut self, explanation: &Explanation, pair: &Pair, sides: &[Vec<Option<bool>>; 2]) {
        let size = self.source.size;
        for (method, tally) in self.methods.iter().zip(&mut self.of_methods) {
            let maps = explanation
                .maps
                .iter()
                .filter(|map| map.method.name() == method.name());
            let mut shares = Vec::new();
            for map in maps {
                let energy = map.raw.rectified().spread(size);
                for (class, side) in pair.classes.iter().zip(sides) {
                    // A class-blind map stands for both classes.
                    if map.class.is_some_and(|of| of != *class) {
                        continue;
                    }
                    tally.maps[0] += 1;
                    tally.maps[1] += usize::from(!map.raw.has_positive());
                    if let Some(share) = energy_share(&energy, side) {
                        shares.push(share);
                        let class = &self.source.classes()[*class];
                        let picture = quoted(&pair.file.name);
                        self.pair_lines
                            .push(format!("{picture},{},{class},{share}", method.name()));
                    }
                }
            }
            keep(tally, &shares);
        }
        for (tally, map) in &mut self.baselines {
            let shares: Vec<f64> = sides
                .iter()
                .filter_map(|side| energy_share(map, side))
                .collect();
            keep(tally, &shares);
        }
    }

    fn tallies(&self) -> Vec<Tally> {
        let baselines = self.baselines.iter().map(|(tally, _)| tally.clone());
        self.of_methods.iter().cloned().chain(baselines).collect()
    }
}

/// A name as a field of a csv file.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Keeps the shares of one picture's maps, and their mean.
fn keep(tally: &mut Tally, shares: &[f64]) {
    tally.right_animal_maps.extend(shares);
    if !shares.is_empty() {
        tally
            .right_animal
            .push(shares.iter().sum::<f64>() / shares.len() as f64);
    }
}

/// The pictures of a batch that can be read and have annotations.
fn read_annotated(
    batch: &[PictureFile],
    annotations: &Path,
    size: usize,
    terminal: &Terminal,
) -> Result<(Vec<Picture>, Vec<Truth>)> {
    let (mut pictures, mut truths) = (Vec::new(), Vec::new());
    for file in batch {
        let picture = match file.read(size) {
            Ok(picture) => picture,
            Err(error) => {
                terminal.warning(&format!("left out: {error}"));
                continue;
            }
        };
        let truth = Truth::read(annotations, &file.stem(), &picture.crop)?;
        if truth.animal.is_some() || truth.head.is_some() {
            pictures.push(picture);
            truths.push(truth);
        }
    }
    Ok((pictures, truths))
}

/// The pictures of two breeds: in the folder that was named, or beside the annotations if there are any.
fn two_breeds(
    typed: Option<&Path>,
    split: &SplitRecord,
    classes: &[String],
    terminal: &Terminal,
) -> Result<Vec<Pair>> {
    let beside = || -> Option<PathBuf> {
        let folder = split.annotations.parent()?.join("two_breeds");
        folder.is_dir().then_some(folder)
    };
    let Some(folder) = typed.map(Path::to_owned).or_else(beside) else {
        return Ok(Vec::new());
    };
    let (pairs, others) = pairs(&folder, classes).context("two breeds")?;
    if others > 0 {
        terminal.message(&format!(
            "{}: {others} pictures of breeds that this network does not know",
            folder.display()
        ));
    }
    Ok(pairs)
}
