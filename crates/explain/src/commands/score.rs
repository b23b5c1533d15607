use super::{opened::OpenedNetwork, output};
use crate::{
    cli::{ScoreArgs, chosen_methods},
    explanation::{Asking, Classes, ExplainedMap, Explanation, explain},
    network::{SavedNetwork, batch_size},
    page,
    pictures::{self, Picture, PictureFile},
    random::{Purpose, generator},
};
use anyhow::{Context, Result};
use cam::Method;
use checkpoint::RunPictures;
use measure::{
    Baselines, Scores, Sides, Tally, Truth, TwoBreedPicture, TwoBreedsRow, csv, two_breed_pictures,
};
use std::path::{Path, PathBuf};
use terminal::Terminal;
use words::{counted, first_three};

/// Scores every method on the validation pictures and on pictures of two breeds.
pub fn score(arguments: &ScoreArgs, terminal: &Terminal) -> Result<()> {
    let opened = OpenedNetwork::open_for_maps(&arguments.network, &arguments.view, terminal)?;
    let found = find_pictures(arguments, &opened, terminal)?;
    let output = output::begin(arguments.out.as_deref(), &opened.run, "score")?;
    let methods = chosen_methods(&arguments.method);
    let asking = Asking {
        stages: opened.stages(&arguments.view.layer)?,
        ..Asking::of(&arguments.view)
    };
    let remarks_on_targets = asking.notes(opened.classes(), &arguments.view.layer);
    let mut scoring = Scoring::new(&opened, terminal, methods, asking, arguments.seed)?;
    let annotated = match &found {
        Some(found) => scoring.validation(found)?,
        None => 0,
    };
    let annotations = found.as_ref().map(|found| found.annotations.as_path());
    let two_breeds = TwoBreeds::find(
        arguments.two_breeds.as_deref(),
        annotations,
        &opened,
        terminal,
    )?;
    scoring.two_breeds(&two_breeds)?;
    let count = two_breeds.pictures.len();
    anyhow::ensure!(
        annotated > 0 || count > 0,
        "there is no trimap and no head box{}, and no picture of two breeds: nothing to measure with",
        annotations.map_or_else(String::new, |folder| format!(" in {}", folder.display()))
    );
    let (tallies, rows) = scoring.into_results();
    let scores = Scores::new(&tallies, &mut generator(arguments.seed, Purpose::Bootstrap));
    for line in scores.text() {
        terminal.result(&line);
    }
    let mut notes = opened.notes();
    notes.extend(remarks_on_targets);
    let measured = format!(
        "{} with annotations, {count} of two breeds",
        counted(annotated, "validation picture")
    );
    terminal.result(&format!("measured on {measured}"));
    notes.push(format!("{measured}."));
    output.write("score.csv", &scores.csv()?)?;
    if count > 0 {
        output.write("two-breeds.csv", &csv(rows)?)?;
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

/// The run's pictures. Without them there is still something to measure if pictures of two breeds were named.
fn find_pictures(
    arguments: &ScoreArgs,
    opened: &OpenedNetwork,
    terminal: &Terminal,
) -> Result<Option<RunPictures>> {
    if arguments.two_breeds.is_none() {
        return opened.find_pictures(terminal).map(Some);
    }
    let found = opened.find_pictures_if_there(terminal)?;
    if found.is_none() {
        terminal.warning(
            "the pictures of the run are not there, only those of two breeds are measured; --data FOLDER says where they are now",
        );
    }
    Ok(found)
}

/// Remarks on how to read the table.
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

/// The figures gathered so far.
struct Scoring<'a> {
    opened: &'a OpenedNetwork,
    terminal: &'a Terminal,
    /// What is asked, but for the classes.
    asking: Asking,
    shuffled: SavedNetwork,
    /// The methods, each with its figures.
    methods: Vec<(&'static Method, Tally)>,
    baselines: Baselines,
    /// The maps of pictures of two breeds.
    rows: Vec<TwoBreedsRow>,
}

impl<'a> Scoring<'a> {
    fn new(
        opened: &'a OpenedNetwork,
        terminal: &'a Terminal,
        methods: Vec<&'static Method>,
        asking: Asking,
        seed: u64,
    ) -> Result<Self> {
        let OpenedNetwork {
            checkpoint,
            device,
            options,
            ..
        } = opened;
        let methods = methods
            .into_iter()
            .map(|method| (method, Tally::new(method.title())));
        Ok(Self {
            opened,
            terminal,
            shuffled: SavedNetwork::load_with_shuffled_head(checkpoint, seed, device, *options)?,
            asking,
            methods: methods.collect(),
            baselines: Baselines::default(),
            rows: Vec::new(),
        })
    }

    /// Measures on the validation pictures that have a trimap or a head box; returns how many those are.
    fn validation(&mut self, found: &RunPictures) -> Result<usize> {
        let OpenedNetwork { network, size, .. } = self.opened;
        let methods: Vec<_> = self.methods.iter().map(|(method, _)| *method).collect();
        let class_specific: Vec<_> = methods
            .iter()
            .copied()
            .filter(|method| method.is_class_specific())
            .collect();
        let truths = self.opened.truths(Some(&found.pictures))?;
        let files = pictures::of_part(
            &self.opened.split()?,
            pictures::Part::Valid,
            &found.pictures,
            &truths,
        );
        let bar = self.terminal.pictures("scoring", files.len());
        let (mut annotated, mut misfits) = (0, Vec::new());
        for batch in files.chunks(batch_size(*size)) {
            let annotations = &found.annotations;
            let (pictures, truths) =
                read_annotated(batch, annotations, self.opened, self.terminal, &mut misfits)?;
            annotated += pictures.len();
            let asking = Asking {
                classes: Classes::True,
                ..self.asking.clone()
            };
            let shuffled = pictures.clone();
            let shuffled = explain(&self.shuffled, shuffled, &asking, &class_specific)?;
            let explanations = explain(network, pictures, &asking, &methods)?;
            for ((explanation, shuffled), truth) in explanations.iter().zip(&shuffled).zip(&truths)
            {
                self.add(explanation, shuffled, truth);
            }
            bar.advance(batch.len());
        }
        drop(bar);
        if !misfits.is_empty() {
            self.terminal.warning(&format!(
                "left out {} of another size than the picture: {}",
                counted(misfits.len(), "trimap"),
                first_three(&misfits)
            ));
        }
        Ok(annotated)
    }

    fn add(&mut self, explanation: &Explanation, shuffled: &Explanation, truth: &Truth) {
        for (method, tally) in &mut self.methods {
            for map in maps_of(explanation, method) {
                tally.add(&map.raw, truth);
                // Where the truth is not known, the shuffled network may have answered another class.
                for shuffled in maps_of(shuffled, method).filter(|other| other.class == map.class) {
                    tally.add_shuffled(&map.raw, &shuffled.raw);
                }
            }
        }
        self.baselines.add(truth);
    }

    /// Measures on pictures of two breeds.
    fn two_breeds(&mut self, two_breeds: &TwoBreeds) -> Result<()> {
        let network = &self.opened.network;
        let methods: Vec<_> = self.methods.iter().map(|(method, _)| *method).collect();
        let bar = self
            .terminal
            .pictures("two breeds", two_breeds.pictures.len());
        for listed in &two_breeds.pictures {
            let file = PictureFile::without_class(&two_breeds.folder, &listed.file);
            let picture = self.opened.read(&file)?;
            let sides = listed.sides(&picture.crop, picture.turned);
            let asking = Asking {
                classes: Classes::These(listed.classes.to_vec()),
                ..self.asking.clone()
            };
            for explanation in explain(network, vec![picture], &asking, &methods)? {
                self.add_two_breeds(&explanation, &sides);
            }
            bar.advance(1);
        }
        drop(bar);
        Ok(())
    }

    fn add_two_breeds(&mut self, explanation: &Explanation, sides: &Sides) {
        let classes = self.opened.classes();
        for (method, tally) in &mut self.methods {
            let maps = maps_of(explanation, method).map(|map| (&map.raw, map.class));
            let shares = tally.add_two_breeds(maps, sides);
            self.rows
                .extend(shares.into_iter().map(|(class, share)| TwoBreedsRow {
                    picture: explanation.picture.file.name.clone(),
                    method: method.name(),
                    class: classes[class].clone(),
                    share,
                }));
        }
        self.baselines.add_two_breeds(sides);
    }

    /// The figures of the methods and the baselines, and each map of two breeds.
    fn into_results(self) -> (Vec<Tally>, Vec<TwoBreedsRow>) {
        let of_methods = self.methods.into_iter().map(|(_, tally)| tally);
        let tallies = of_methods.chain(self.baselines.into_tallies()).collect();
        (tallies, self.rows)
    }
}

/// A picture's maps of one method.
fn maps_of<'a>(
    explanation: &'a Explanation,
    method: &'static Method,
) -> impl Iterator<Item = &'a ExplainedMap> {
    explanation
        .maps
        .iter()
        .filter(move |map| map.method == method)
}

/// The pictures of a batch that can be read and have annotations. A trimap that does not fit its picture is added to
/// `misfits`.
fn read_annotated(
    batch: &[PictureFile],
    annotations: &Path,
    opened: &OpenedNetwork,
    terminal: &Terminal,
    misfits: &mut Vec<String>,
) -> Result<(Vec<Picture>, Vec<Truth>)> {
    let (mut pictures, mut truths) = (Vec::new(), Vec::new());
    for picture in opened.read_all(batch, terminal) {
        let truth = Truth::read(
            annotations,
            picture.file.stem(),
            &picture.crop,
            picture.turned,
            picture.upright,
        )?;
        if let Some([trimap, stored]) = truth.misfit {
            misfits.push(misfit(&picture.file.name, trimap, stored));
        }
        if truth.animal.is_some() || truth.head.is_some() {
            pictures.push(picture);
            truths.push(truth);
        }
    }
    Ok((pictures, truths))
}

fn misfit(name: &str, trimap: [u32; 2], stored: [u32; 2]) -> String {
    let pixels = |[width, height]: [u32; 2]| format!("{width} x {height}");
    format!("{name} ({} for {})", pixels(trimap), pixels(stored))
}

/// The pictures of two breeds that the network knows.
#[derive(Default)]
struct TwoBreeds {
    folder: PathBuf,
    pictures: Vec<TwoBreedPicture>,
}

impl TwoBreeds {
    /// Those of the folder that was typed, or of the one beside the annotations if it is there.
    fn find(
        typed: Option<&Path>,
        annotations: Option<&Path>,
        opened: &OpenedNetwork,
        terminal: &Terminal,
    ) -> Result<Self> {
        let beside = || -> Option<PathBuf> {
            let folder = annotations?.parent()?.join("two_breeds");
            folder.is_dir().then_some(folder)
        };
        let Some(folder) = typed.map(Path::to_owned).or_else(beside) else {
            return Ok(Self::default());
        };
        let (pictures, others) =
            two_breed_pictures(&folder, opened.classes()).context("two breeds")?;
        if others > 0 {
            terminal.message(&format!(
                "{}: {others} pictures of breeds that this network does not know",
                folder.display()
            ));
        }
        Ok(Self { folder, pictures })
    }
}
