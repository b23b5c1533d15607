use super::{opened::OpenedNetwork, output};
use crate::{
    classes,
    cli::{ExplainArgs, chosen_methods},
    explanation::{Targets, explain as explain_batch},
    network::batch_size,
    pictures::{self, PictureFile},
    record::Origin,
    report::Report,
    truth::Unknown,
};
use anyhow::Result;
use std::collections::BTreeMap;
use terminal::{Terminal, usage};
use words::counted;

/// Reasons for unknown classes that are told one by one.
const REASONS: usize = 3;

/// Pictures drawn when none are named: the notebook's grid.
const DRAWN: usize = 8;

/// Explains pictures and writes everything about them.
pub fn explain(arguments: &ExplainArgs, terminal: &Terminal) -> Result<()> {
    let opened = OpenedNetwork::open(&arguments.network, terminal)?;
    let targets = targets(&arguments.class, opened.classes())?;
    let files = files(arguments, &opened, terminal)?;
    let methods = chosen_methods(&arguments.method);
    let output = output::begin(arguments.out.as_deref(), &opened.run, "explanations")?;
    let origin = Origin::new(&opened.checkpoint, opened.size);
    let classes = opened.classes().to_vec();
    let mut report = Report::new(output, origin, classes, !arguments.no_relu);
    let bar = terminal.pictures("explaining", files.len());
    let mut unread = 0;
    for batch in files.chunks(batch_size(opened.size)) {
        let read = opened.read_all(batch, terminal);
        unread += batch.len() - read.len();
        let explanations = explain_batch(&opened.network, read, opened.size, &targets, &methods)?;
        let lines = report.add(&explanations)?;
        lines.iter().for_each(|line| terminal.result(line));
        bar.advance(batch.len());
    }
    drop(bar);
    let (all, known, right) = report.tally();
    anyhow::ensure!(all > 0, "none of the {unread} pictures could be read");
    if known > 0 {
        terminal.result(&format!("{right} of {known} right"));
    }
    let page = report.finish("Where did it look?", notes(&opened, arguments.no_relu))?;
    terminal.result(&format!("page: {}", page.display()));
    terminal.result(&format!(
        "next: cargo run -p explain -- score --run {}",
        words::quoted(&opened.run.folder().display().to_string())
    ));
    anyhow::ensure!(
        unread == 0,
        "{unread} of {} pictures could not be read (see above)",
        files.len()
    );
    Ok(())
}

fn targets(names: &[String], classes: &[String]) -> Result<Targets> {
    if names.is_empty() {
        return Ok(Targets::PredictedAndTrue);
    }
    let mut found = Vec::new();
    for name in names {
        let class = classes::find(name, classes).map_err(usage)?;
        if !found.contains(&class) {
            found.push(class);
        }
    }
    Ok(Targets::Classes(found))
}

/// The pictures that were named, or some of the run's.
fn files(
    arguments: &ExplainArgs,
    opened: &OpenedNetwork,
    terminal: &Terminal,
) -> Result<Vec<PictureFile>> {
    if arguments.pictures.is_empty() {
        let folder = opened.find_pictures(terminal)?.pictures;
        let truths = opened.truths(Some(&folder))?;
        let all = pictures::validation(&opened.split()?, &folder, &truths);
        return Ok(pictures::drawn(all, DRAWN, arguments.seed));
    }
    let found = opened.find_pictures_if_there(terminal)?;
    let truths = opened.truths(found.as_ref().map(|found| found.pictures.as_path()))?;
    let named = pictures::named(&arguments.pictures, &truths).map_err(usage)?;
    if named.repeated > 0 {
        terminal.message(&format!(
            "named more than once, explained once: {}",
            counted(named.repeated, "picture")
        ));
    }
    for (folder, left_out) in &named.left_out {
        for (must_not_be_missed, line) in left_out.remarks() {
            let line = format!("{}: {line}", folder.display());
            match must_not_be_missed {
                true => terminal.warning(&line),
                false => terminal.message(&line),
            }
        }
    }
    say_unknown(&named.unknown, terminal);
    let is_elsewhere = |reason: &Unknown| matches!(reason, Unknown::NoClassFolder(_));
    if found.is_none() && named.unknown.keys().any(is_elsewhere) {
        terminal.message("the pictures of the run are not where they were; if these are some of them, --data FOLDER says so");
    }
    Ok(named.files)
}

/// Says of how many pictures the true class is not known. A name that says no class is no fault and needs no word.
fn say_unknown(unknown: &BTreeMap<Unknown, usize>, terminal: &Terminal) {
    let said = unknown
        .iter()
        .filter(|(reason, _)| **reason != Unknown::Unsaid);
    for (reason, count) in said.clone().take(REASONS) {
        let line = format!("no true class for {}: {reason}", counted(*count, "picture"));
        match reason {
            // Anybody's picture, lying anywhere.
            Unknown::NoClassFolder(_) => terminal.message(&line),
            _ => terminal.warning(&line),
        }
    }
    let others: usize = said.skip(REASONS).map(|(_, count)| count).sum();
    if others > 0 {
        let others = counted(others, "picture");
        terminal.warning(&format!(
            "no true class for {others} more, for reasons of this kind"
        ));
    }
}

fn notes(opened: &OpenedNetwork, no_relu: bool) -> Vec<String> {
    let mut notes = opened.notes();
    notes.push(if no_relu {
        "Maps are drawn whole, with evidence against a class at their dark end.".to_owned()
    } else {
        "Evidence against a class is left out of what is drawn; the .npy files have it.".to_owned()
    });
    notes.push(
        "Colours run from the lowest value of each map (dark) to its highest (pale yellow)."
            .to_owned(),
    );
    notes
}
