//! How good the maps of a run are: a file for each group of figures.

mod chart;
mod gathered;
mod given;
mod grid;
mod likeness;
mod parts;
mod places;
mod randomisation;
mod removal;
mod single;
mod two_breeds;
mod verdict_file;

pub use verdict_file::failing;

use self::{
    gathered::{Gathered, Scored},
    parts::PartRow,
    randomisation::Likeness,
    two_breeds::TwoBreeds,
};
use super::{chosen, opened::OpenedNetwork, output};
use crate::{
    cli::{ScoreArgs, chosen_methods},
    evaluated::charts,
    explanation::Asking,
    page,
    pictures::{self, Part, PictureFile},
    random::{Purpose, generator_for},
    together::Together,
};
use anyhow::Result;
use checkpoint::RunPictures;
use measure::{Scores, Verdict, csv, pictures_csv, text};
use std::{fs, path::PathBuf};
use terminal::Terminal;
use words::counted;

/// Scores every method on the validation pictures and on pictures of two breeds.
///
/// All processes gather all figures; they divide what the network is asked.
pub fn score(arguments: &ScoreArgs, together: &Together) -> Result<()> {
    let terminal = together.terminal();
    let methods = chosen_methods(&arguments.method);
    let opened =
        OpenedNetwork::open_for_maps(&arguments.network, &arguments.view, &methods, terminal);
    let opened = together.agreed(opened)?;
    let found = together.agreed(find_pictures(arguments, &opened, terminal))?;
    let begin = || output::begin(arguments.out.as_deref(), opened.results("score"));
    let output = together.agreed(together.is_first().then(begin).transpose())?;
    let asking = Asking {
        stages: together.agreed(opened.stages(&arguments.view))?,
        ..Asking::of(&arguments.view)
    };
    let mut notes = opened.notes();
    notes.extend(asking.notes(opened.classes(), &arguments.view.layer));
    let unsmoothed = asking.smooth.then(|| UNSMOOTHED.to_owned());
    for line in asking.cautions(&methods).into_iter().chain(unsmoothed) {
        terminal.message(&line);
        notes.push(format!("{line}."));
    }
    let files = files(arguments, found.as_ref(), &opened, terminal);
    let (files, annotations) = together.agreed(files)?;
    chosen::check_same(&opened, &files, together)?;
    let scored = Scored {
        opened: &opened,
        terminal,
        together,
        methods,
        asking,
        seed: arguments.seed,
        quick: arguments.quick,
        files,
        annotations,
    };
    let mut gathered = Gathered::new(&scored.methods);
    let (measured, beside) = measure(arguments, &scored, &mut gathered)?;
    // The first alone goes on.
    let Some(output) = output else { return Ok(()) };
    let tallies = gathered.tallies();
    let scores = Scores::new(&tallies, |row, measure| {
        generator_for(arguments.seed, Purpose::Bootstrap, &[row, measure])
    });
    let verdict = Verdict::of(&scores);
    let tables = scores.tables();
    say(&tables, &scores, &verdict, terminal);
    terminal.result(&format!("measured on {measured}"));
    notes.push(format!("Measured on {measured}."));
    notes.extend(scores.not_available());
    output.write("score.csv", &scores.csv()?)?;
    output.write("pictures.csv", &pictures_csv(&tallies)?)?;
    verdict_file::write(&output, &opened.checkpoint, &verdict)?;
    if !gathered.two_breeds.is_empty() {
        output.write("two-breeds.csv", &csv(gathered.two_breeds)?)?;
    }
    if !beside.parts.is_empty() {
        output.write("parts.csv", &csv(beside.parts)?)?;
    }
    let means = randomisation::means(&beside.randomisation, arguments.seed);
    let chart = (!means.is_empty()).then(|| chart::chart(&means));
    if let Some(chart) = &chart {
        output.write("randomisation.csv", &csv(means)?)?;
        output.write("randomisation-pictures.csv", &csv(beside.randomisation)?)?;
        output.write("randomisation.svg", &charts::file(chart))?;
    }
    let mut remarks = REMARKS.map(str::to_owned).to_vec();
    remarks.extend(scores.remarks());
    if gathered.given.is_some() {
        remarks.push(OF_GIVEN_MAPS.to_owned());
    }
    let title = "Which maps can be trusted?";
    let page = page::tables(
        title,
        &notes,
        &verdict.sentences,
        &tables,
        chart.as_ref(),
        &remarks,
    );
    terminal.result(&format!("page: {}", output.finish(&page)?.display()));
    Ok(())
}

/// Says everything but the remarks.
fn say(
    tables: &[(&str, Vec<Vec<String>>)],
    scores: &Scores,
    verdict: &Verdict,
    terminal: &Terminal,
) {
    for (title, cells) in tables {
        terminal.result(title);
        text(cells).iter().for_each(|line| terminal.result(line));
        terminal.result("");
    }
    if let Some(line) = scores.not_available() {
        terminal.result(&line);
        terminal.result("");
    }
    verdict
        .sentences
        .iter()
        .for_each(|line| terminal.result(line));
}

/// Measures everything there is to measure with, and says on what.
///
/// # Errors
/// There is nothing.
fn measure(
    arguments: &ScoreArgs,
    scored: &Scored,
    gathered: &mut Gathered,
) -> Result<(String, Beside)> {
    let typed = arguments.two_breeds.as_deref();
    let two_breeds = TwoBreeds::find(typed, scored.annotations.as_deref(), scored);
    let two_breeds = scored.together.agreed(two_breeds)?;
    let count = two_breeds.pictures.len();
    anyhow::ensure!(
        !scored.files.is_empty() || count > 0,
        "there is no picture to measure on: the run has no validation pictures, and none of two breeds were named"
    );
    if let Some(folder) = &arguments.maps {
        let count = arguments.curves.into();
        let given = given::measure(scored, folder, &two_breeds, count, gathered);
        scored.together.agreed(given)?;
    }
    two_breeds::measure(scored, &two_breeds, gathered)?;
    let places = places::measure(scored, gathered)?;
    let curves = single::measure(scored, arguments.curves.into(), gathered)?;
    let randomisation = randomisation::measure(scored, arguments.curves.into(), gathered)?;
    let parts = parts::measure(scored, gathered)?;
    let grids = grid::measure(scored, gathered)?;
    let mut measured = format!(
        "{}, {} of them with annotations, {count} of two breeds; {} for what asks the network often, {}",
        counted(places.pictures, "picture"),
        places.annotated,
        counted(curves, "picture"),
        counted(grids, "grid")
    );
    if scored.quick {
        measured += "; only a tenth of all, at least 8 (--quick), so that intervals are wide";
    }
    let beside = Beside {
        randomisation,
        parts,
    };
    Ok((measured, beside))
}

/// What is written beside the tables.
struct Beside {
    /// What is left of maps when the network forgets.
    randomisation: Vec<Likeness>,
    /// What scores lose without parts of pictures.
    parts: Vec<PartRow>,
}

/// The pictures that were named, or the run's validation pictures; and the folder of their annotations.
fn files(
    arguments: &ScoreArgs,
    found: Option<&RunPictures>,
    opened: &OpenedNetwork,
    terminal: &Terminal,
) -> Result<(Vec<PictureFile>, Option<PathBuf>)> {
    if !arguments.pictures.is_empty() {
        // Annotations belong to the run's own pictures: others of the same name are other pictures.
        let is_of_run = |file: &PictureFile| {
            let folder = found.and_then(|found| fs::canonicalize(&found.pictures).ok());
            let path = fs::canonicalize(&file.path).ok();
            folder.is_some_and(|folder| path.is_some_and(|path| path.starts_with(folder)))
        };
        let files = chosen::named(&arguments.pictures, opened, terminal)?;
        let annotations = found.filter(|_| files.iter().all(is_of_run));
        return Ok((files, annotations.map(|found| found.annotations.clone())));
    }
    let Some(found) = found else {
        return Ok((Vec::new(), None));
    };
    let truths = opened.truths(Some(&found.pictures))?;
    let files = pictures::of_part(&opened.split()?, Part::Valid, &found.pictures, &truths);
    Ok((files, Some(found.annotations.clone())))
}

/// The run's pictures. Without them there is still something to measure if pictures of two breeds or others were named.
fn find_pictures(
    arguments: &ScoreArgs,
    opened: &OpenedNetwork,
    terminal: &Terminal,
) -> Result<Option<RunPictures>> {
    if arguments.two_breeds.is_none() && arguments.pictures.is_empty() {
        return opened.find_pictures(terminal).map(Some);
    }
    let found = opened.find_pictures_if_there(terminal)?;
    if found.is_none() && arguments.pictures.is_empty() {
        terminal.warning(
            "the pictures of the run are not there, only those of two breeds are measured; --data FOLDER says where they are now",
        );
    }
    Ok(found)
}

/// Of what `--smooth` is not about.
const UNSMOOTHED: &str =
    "grids of separate pictures (\"grid, separate\") are asked as they are, without --smooth";

/// Remark on the maps of another tool.
const OF_GIVEN_MAPS: &str = "Maps of a folder were made by another tool. One in the proportions of what the network saw covers that; one in \
     those of the whole picture covers the picture, and the part that the network saw is measured. What takes gradients or \
     maps of other pictures is not known of them (-).";

/// Remarks on how to read the tables.
const REMARKS: [&str; 2] = [
    "Intervals are 95 % bootstrap intervals over pictures, 1000 samples. The sentences at the top follow the rules of \
     docs/verdict.md.",
    "Baselines know nothing of the network: the same everywhere, a Gaussian around the middle, cells drawn at random, and \
     how steeply the picture's brightness changes.",
];
