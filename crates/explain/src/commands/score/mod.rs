//! How good the maps of a run are: a file for each group of figures.

mod annotated;
mod curves;
mod gathered;
mod given;
mod grid;
mod two_breeds;
mod verdict_file;

pub use verdict_file::failing;

use self::{
    gathered::{Gathered, Scored},
    two_breeds::TwoBreeds,
};
use super::{opened::OpenedNetwork, output};
use crate::{
    cli::{ScoreArgs, chosen_methods},
    explanation::Asking,
    page,
    random::{Purpose, generator},
    together::Together,
};
use anyhow::Result;
use checkpoint::RunPictures;
use measure::{Scores, Verdict, csv, text};
use terminal::Terminal;
use words::counted;

/// Scores every method on the validation pictures and on pictures of two breeds.
///
/// All processes gather all figures, so that they draw the same at random; they divide what the network is asked.
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
    for line in asking.cautions(&methods) {
        terminal.message(&line);
        notes.push(format!("{line}."));
    }
    let scored = Scored {
        opened: &opened,
        terminal,
        together,
        methods,
        asking,
        seed: arguments.seed,
        quick: arguments.quick,
    };
    let mut gathered = Gathered::new(&scored.methods, arguments.seed);
    let measured = measure(arguments, &scored, found.as_ref(), &mut gathered)?;
    // The first alone goes on.
    let Some(output) = output else { return Ok(()) };
    let mut random = generator(arguments.seed, Purpose::Bootstrap);
    let scores = Scores::new(&gathered.tallies(), &mut random);
    let verdict = Verdict::of(&scores);
    let tables = [scores.places(), scores.faithfulness()];
    for table in &tables {
        text(table).iter().for_each(|line| terminal.result(line));
        terminal.result("");
    }
    verdict
        .sentences
        .iter()
        .for_each(|line| terminal.result(line));
    terminal.result(&format!("measured on {measured}"));
    notes.push(format!("Measured on {measured}."));
    output.write("score.csv", &scores.csv()?)?;
    verdict_file::write(&output, &opened.checkpoint, &verdict)?;
    if !gathered.two_breeds.is_empty() {
        output.write("two-breeds.csv", &csv(gathered.two_breeds)?)?;
    }
    if !gathered.pictures.is_empty() {
        output.write("pictures.csv", &csv(gathered.pictures)?)?;
    }
    let mut remarks = REMARKS.map(str::to_owned).to_vec();
    if gathered.given.is_some() {
        remarks.push(OF_GIVEN_MAPS.to_owned());
    }
    let title = "Which maps can be trusted?";
    let page = page::tables(title, &notes, &verdict.sentences, &tables, &remarks);
    terminal.result(&format!("page: {}", output.finish(&page)?.display()));
    Ok(())
}

/// Measures everything there is to measure with, and says on what.
///
/// # Errors
/// There is nothing.
fn measure(
    arguments: &ScoreArgs,
    scored: &Scored,
    found: Option<&RunPictures>,
    gathered: &mut Gathered,
) -> Result<String> {
    let annotations = found.map(|found| found.annotations.as_path());
    let two_breeds = TwoBreeds::find(arguments.two_breeds.as_deref(), annotations, scored);
    let two_breeds = scored.together.agreed(two_breeds)?;
    if let Some(folder) = &arguments.maps {
        let curves = arguments.curves.into();
        let given = given::measure(scored, folder, found, &two_breeds, curves, gathered);
        scored.together.agreed(given)?;
    }
    let annotated = match found {
        Some(found) => annotated::measure(scored, found, gathered)?,
        None => 0,
    };
    two_breeds::measure(scored, &two_breeds, gathered)?;
    let count = two_breeds.pictures.len();
    anyhow::ensure!(
        annotated > 0 || count > 0,
        "there is no trimap and no head box{}, and no picture of two breeds: nothing to measure with",
        annotations.map_or_else(String::new, |folder| format!(" in {}", folder.display()))
    );
    let mut measured = format!(
        "{} with annotations, {count} of two breeds",
        counted(
            annotated,
            if scored.opened.is_outside() {
                "picture"
            } else {
                "validation picture"
            }
        )
    );
    if let Some(found) = found {
        let curves = curves::measure(scored, found, arguments.curves.into(), gathered)?;
        let grids = grid::measure(scored, found, gathered)?;
        measured += &format!(
            "; {} for deletion, insertion and likeness, {}",
            counted(curves, "picture"),
            counted(grids, "grid")
        );
    }
    if scored.quick {
        measured += "; only a tenth of all, at least 8 (--quick), so that intervals are wide";
    }
    Ok(measured)
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

/// Remark on the maps of another tool.
const OF_GIVEN_MAPS: &str = "Maps of a folder were made by another tool. One in the proportions of what the network saw covers that; one in \
     those of the whole picture covers the picture, and the part that the network saw is measured. What takes gradients or \
     maps of other pictures is not known of them (-).";

/// Remarks on how to read the tables.
const REMARKS: [&str; 9] = [
    "Intervals are 95 % bootstrap intervals over pictures, 1000 samples. The sentences at the top follow the rules of \
     docs/verdict.md.",
    "Baselines know nothing of the network: the same everywhere, a Gaussian around the middle, cells drawn at random, and \
     how steeply the picture's brightness changes.",
    "Energy in the pet: the share of what is positive in the map that lies inside the trimap's pet, its border left out. \
     The uniform map has the pet's share of the frame.",
    "Points at the head: whether the strongest point lies in the head box; a map without evidence points nowhere. For the \
     uniform map the head's share of the frame.",
    "On the right animal: in pictures of two breeds the share of the map for a breed on that breed's side of the seam, \
     mean over both breeds.",
    "Grid pointing game: four right and confident (90 % or more) validation pictures of different classes side by side; the \
     share of the map for a class in its own quarter, 0 without evidence, mean over the four. Chance is 25 %.",
    "Same after shuffling: correlation of the raw map with that of the same network whose head has its weights in random \
     order, of values and in ranks. Class-blind maps do not look at the head. The random map is compared with another one: \
     noise has 0 too, so that 0 alone is no praise.",
    "Deletion: area under the curve of the class's probability while pixels are replaced by the mean colour in ten steps, the \
     most important ones first; small is good. Insertion: the same while they come back to the blurred picture; large is good. \
     Both depend on how sure the network is: compare with the baselines, not between runs. The uniform map has no order.",
    "Same for the runner-up: correlation of the map for the class said with that for the second most probable one. Same when \
     mirrored or shifted: with the map of the mirrored picture, mirrored back, and of the picture shifted right by a pixel.",
];
