//! The pictures that were named on the command line.

use super::opened::OpenedNetwork;
use crate::{
    cli::Cli,
    pictures::{self, PictureFile, PicturesError},
    together::Together,
    truth::Unknown,
};
use anyhow::Result;
use clap::CommandFactory;
use std::{collections::BTreeMap, path::PathBuf};
use terminal::{Terminal, usage};
use words::counted;

/// Reasons for unknown classes that are told one by one.
const REASONS: usize = 3;

/// The pictures at `paths`, each once, with their classes as far as the run knows them. What is left out, and of which the
/// class is not known, is said.
///
/// # Errors
/// There is no picture at one of them.
pub fn named(
    paths: &[PathBuf],
    opened: &OpenedNetwork,
    terminal: &Terminal,
) -> Result<Vec<PictureFile>> {
    let found = opened.find_pictures_if_there(terminal)?;
    let truths = opened.truths(found.as_ref().map(|found| found.pictures.as_path()))?;
    let named = pictures::named(paths, &truths).map_err(|error| match verb_among(&error) {
        Some(verb) => usage(format!(
            "{error}; if the verb is meant, write it first: `explain {verb}`, and the rest behind it"
        )),
        None => usage(error),
    })?;
    if named.repeated > 0 {
        terminal.message(&format!(
            "named more than once, taken once: {}",
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
    let is_elsewhere =
        |reason: &Unknown| matches!(reason, Unknown::NoClassFolder(_) | Unknown::Unlisted);
    if found.is_none() && !opened.is_outside() && named.unknown.keys().any(is_elsewhere) {
        terminal.message("the pictures of the run are not where they were; if these are some of them, --data FOLDER says so");
    }
    Ok(named.files)
}

/// The verb of the program that was typed where pictures are expected, if that is the mistake.
fn verb_among(error: &PicturesError) -> Option<&str> {
    let PicturesError::Missing(typed) = error else {
        return None;
    };
    let typed = typed.to_str()?;
    Cli::command().find_subcommand(typed).map(|_| typed)
}

/// # Errors
/// The processes have other networks or other pictures.
pub fn check_same(
    opened: &OpenedNetwork,
    files: &[PictureFile],
    together: &Together,
) -> Result<()> {
    let weights = &opened.checkpoint.manifest.files;
    let weights = weights
        .iter()
        .map(|(name, digest)| format!("{name} {digest}"));
    together.check_same("the weights", &weights.collect::<Vec<_>>())?;
    let line = |file: &PictureFile| {
        let class = file
            .true_class
            .map(|class| opened.classes()[class].as_str());
        format!("{} ({})", file.name, class.unwrap_or("of unknown class"))
    };
    together.check_same("the pictures", &files.iter().map(line).collect::<Vec<_>>())
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
            Unknown::NoClassFolder(_) | Unknown::Unlisted => terminal.message(&line),
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
