use super::{chosen, opened::OpenedNetwork, output};
use crate::{
    cli::{EvaluateArgs, NetworkArgs},
    evaluated::{
        answered::{Answered, Asking},
        charts,
        drawings::Drawer,
        figures::Figures,
        page::Page,
        suspects::Suspects,
        tables::{self, Summary},
        text,
    },
    network::SavedNetwork,
    output::OutputFolder,
    pictures::{self, Part, PictureFile},
    record::Origin,
    together::Together,
};
use ::pictures::transform::{TtaView, View};
use anyhow::{Context, Result};
use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};
use terminal::{Terminal, usage};
use words::{counted, quoted};

/// Method of the heat-maps beside the largest losses.
const METHOD: &str = "grad-cam";

/// Says what the network gets wrong.
pub fn evaluate(arguments: &EvaluateArgs, together: &Together) -> Result<()> {
    let terminal = together.terminal();
    let opened = OpenedNetwork::open(&arguments.network, arguments.view, terminal);
    let opened = together.agreed(opened)?;
    let part = arguments
        .pictures
        .is_empty()
        .then_some(arguments.part.into());
    let files = together.agreed(files(arguments, part, &opened, terminal))?;
    let folds = together.agreed(folds(arguments, &opened, terminal))?;
    let name = if folds.is_empty() {
        folder(part)
    } else {
        "evaluations/folds".to_owned()
    };
    let begin = || output::begin(arguments.out.as_deref(), opened.results(&name));
    let output = together.agreed(together.is_first().then(begin).transpose())?;
    let tta = arguments.tta;
    let ask_part = |opened, part| {
        let files = together.agreed(of_part(part, opened, terminal))?;
        chosen::check_same(opened, &files, together)?;
        asking(opened, tta, together).ask(Some(part), files)
    };
    let asking_first = asking(&opened, tta, together);
    chosen::check_same(&opened, &files, together)?;
    let mut answered = asking_first.ask(part, files)?;
    if !folds.is_empty() {
        let of_folds = folds.iter().map(|fold| ask_part(fold, Part::Valid));
        let all: Result<Vec<Answered>> = [Ok(answered)].into_iter().chain(of_folds).collect();
        answered = joined(all?, &asking_first)?;
    }
    let others = others(arguments, part);
    let others = others.into_iter().map(|part| ask_part(&opened, part));
    let others = others.collect::<Result<Vec<Answered>>>()?;
    // The first alone goes on.
    let Some(output) = output else { return Ok(()) };
    let validation = others.iter().find(|other| other.part == Some(Part::Valid));
    let figures = Figures::new(
        &answered.predictions,
        validation.map(|other| &other.predictions),
    );
    let parts: Vec<&Answered> = match arguments.suspects {
        true => [&answered].into_iter().chain(&others).collect(),
        false => vec![&answered],
    };
    let evaluation = Evaluation {
        opened: &opened,
        folds: &folds,
        suspects: Suspects::new(&parts)?,
        parts,
        is_averaged: arguments.tta,
        figures,
    };
    evaluation.say(terminal);
    let page = evaluation.write(output, terminal)?;
    terminal.result(&format!("page: {}", page.display()));
    evaluation.say_next(&page, terminal);
    let unread = answered.unread;
    anyhow::ensure!(
        unread == 0,
        "{} could not be read (see above)",
        counted(unread, "picture")
    );
    Ok(())
}

/// How a network is asked.
fn asking<'a>(opened: &'a OpenedNetwork, tta: bool, together: &'a Together) -> Asking<'a> {
    Asking {
        network: &opened.network,
        size: opened.size,
        view: opened.view,
        views: if tta { &TtaView::ALL } else { &[] },
        together,
    }
}

/// All folds together. So that the pictures of all can be compared, the network of the first is shown those of the others.
///
/// # Errors
/// A picture is in two folds.
fn joined(folds: Vec<Answered>, first: &Asking<'_>) -> Result<Answered> {
    let mut joined = Answered::joined(folds)?;
    check_folds(&joined)?;
    let others = joined.asked.partition_point(|network| *network == 0);
    let pooled = first.pooled(&joined.files[others..])?;
    joined.pooled.extend(pooled);
    Ok(joined)
}

/// An evaluation on its way to terminal and disk.
struct Evaluation<'a> {
    opened: &'a OpenedNetwork,
    /// Networks of other folds.
    folds: &'a [OpenedNetwork],
    /// The evaluated pictures, and others among which suspects are looked for.
    parts: Vec<&'a Answered>,
    figures: Figures,
    suspects: Suspects,
    /// True if answers are averages over views.
    is_averaged: bool,
}

impl Evaluation<'_> {
    fn answered(&self) -> &Answered {
        self.parts[0]
    }

    fn say(&self, terminal: &Terminal) {
        terminal.result(&format!("evaluated    {}", self.which()));
        for line in text::lines(&self.figures, self.opened.classes()) {
            terminal.result(&line);
        }
        if let Some(line) = text::suspects(&self.suspects) {
            terminal.result(&format!("suspects     {line}"));
        }
    }

    /// The pictures that were evaluated and how, in words.
    fn which(&self) -> String {
        let answered = self.answered();
        let count = counted(answered.files.len(), "picture");
        let which = match answered.part {
            None => format!("{count} that were named"),
            Some(Part::Test) => format!("{count} of the test part, which was asked for by name"),
            Some(Part::Valid) if !self.folds.is_empty() => format!(
                "{count} of the validation parts of {} runs",
                1 + self.folds.len()
            ),
            Some(Part::Valid) => format!("{count} of the validation part"),
            Some(Part::Train) => format!("{count} of the training part"),
        };
        let how = match self.opened.view {
            _ if self.is_averaged => ", with test time augmentation",
            View::Square => "",
            View::Whole { .. } => ", seen whole",
        };
        format!("{which}{how}")
    }

    /// Writes everything; returns the path of the page.
    fn write(&self, output: OutputFolder, terminal: &Terminal) -> Result<PathBuf> {
        let (opened, figures) = (self.opened, &self.figures);
        let classes = opened.classes();
        let asked: Vec<&OpenedNetwork> = [opened].into_iter().chain(self.folds).collect();
        let networks: Vec<&SavedNetwork> = asked.iter().map(|opened| &opened.network).collect();
        let drawer = Drawer {
            networks: &networks,
            size: opened.size,
            parts: &self.parts,
            method: cam::method(METHOD).context("the method of the maps")?,
            read: &|network, files| asked[network].read_all(files, terminal),
        };
        let drawings = drawer.draw(figures, &self.suspects)?;
        let mut notes = opened.notes();
        notes.push(format!("Evaluated: {}.", self.which()));
        notes.extend(self.folds.iter().flat_map(OpenedNetwork::notes));
        let page = Page {
            classes,
            notes,
            figures,
            suspects: &self.suspects,
            drawings: &drawings,
        };
        let origin = Origin::new(&opened.checkpoint, opened.size, opened.view);
        let summary = Summary::new(origin, self.asked(), self.answered(), figures, classes);
        let files = [
            (
                "predictions.csv",
                tables::predictions(self.answered(), classes)?,
            ),
            ("classes.csv", tables::classes(figures, classes)?),
            ("confusion.csv", tables::confusion(figures, classes)?),
            ("calibration.csv", tables::calibration(figures)?),
            (
                "suspects.csv",
                tables::suspects(&self.suspects, &self.parts, classes)?,
            ),
            (
                "confusion.svg",
                charts::file(&charts::confusion(&figures.matrix, classes)),
            ),
            (
                "reliability.svg",
                charts::file(&charts::reliability(&figures.calibration)),
            ),
            ("evaluation.json", serde_json::to_vec_pretty(&summary)?),
        ];
        for (name, bytes) in files {
            output.write(name, &bytes)?;
        }
        Ok(output.finish(&page.html()?)?)
    }

    /// How the network was asked, in a word.
    fn asked(&self) -> &'static str {
        if self.is_averaged { "tta" } else { "plain" }
    }

    fn say_next(&self, page: &Path, terminal: &Terminal) {
        if text::suspects(&self.suspects).is_some() {
            let list = page.with_file_name("suspects.csv").display().to_string();
            terminal.result(
                "next: look at the suspects on the page; write keep, delete or a class into the column action of",
            );
            terminal.result(&format!("      {list} and train again:"));
            let list = quoted(&list);
            terminal.result(&format!(
                "      cargo run -p train -- CONFIG --set data.corrections={list}"
            ));
        }
    }
}

/// Name of the folder for results in the run's folder.
fn folder(part: Option<Part>) -> String {
    format!(
        "evaluations/{}",
        part.map_or_else(|| "named".to_owned(), |part| part.to_string())
    )
}

/// The networks of other folds, which know the same classes.
///
/// # Errors
/// One cannot be opened, or knows other classes.
fn folds(
    arguments: &EvaluateArgs,
    opened: &OpenedNetwork,
    terminal: &Terminal,
) -> Result<Vec<OpenedNetwork>> {
    let open = |run: &PathBuf| {
        let network = NetworkArgs {
            run: Some(run.clone()),
            ..arguments.network.clone()
        };
        let fold = OpenedNetwork::open(&network, arguments.view, terminal)?;
        if fold.classes() != opened.classes() || fold.size != opened.size {
            return Err(usage(format!(
                "{} has other classes or another size than {}: folds are runs of one config with another split.fold",
                fold.typed(),
                opened.typed()
            ))
            .into());
        }
        Ok(fold)
    };
    arguments.folds.iter().map(open).collect()
}

/// # Errors
/// A picture is in two folds.
fn check_folds(answered: &Answered) -> Result<()> {
    let mut seen = HashSet::new();
    match answered.files.iter().find(|file| !seen.insert(&file.path)) {
        None => Ok(()),
        Some(file) => Err(usage(format!(
            "{} is a validation picture of two of the runs: folds have none in common, name each once",
            file.path.display()
        ))
        .into()),
    }
}

/// The other parts that must be asked about: the validation part for the temperature of a test, and all that have been seen
/// if suspects are looked for everywhere.
fn others(arguments: &EvaluateArgs, part: Option<Part>) -> Vec<Part> {
    match (part, arguments.suspects) {
        (Some(Part::Test), true) => vec![Part::Valid, Part::Train],
        (Some(Part::Test), false) => vec![Part::Valid],
        (Some(Part::Valid), true) => vec![Part::Train],
        _ => Vec::new(),
    }
}

/// The pictures to evaluate, all of known class.
fn files(
    arguments: &EvaluateArgs,
    part: Option<Part>,
    opened: &OpenedNetwork,
    terminal: &Terminal,
) -> Result<Vec<PictureFile>> {
    if let Some(part) = part {
        return of_part(part, opened, terminal);
    }
    let named = chosen::named(&arguments.pictures, opened, terminal)?;
    let all = counted(named.len(), "picture");
    let unknown = || {
        usage(format!(
            "no class is known of {all}, so that nobody can say what is wrong: `explain predict` does without"
        ))
    };
    Ok(known(named, terminal).ok_or_else(unknown)?)
}

/// The run's pictures of `part`.
fn of_part(part: Part, opened: &OpenedNetwork, terminal: &Terminal) -> Result<Vec<PictureFile>> {
    if opened.is_outside() {
        return Err(usage(
            "--weights names a network without pictures of its own: name folders of pictures, called like the classes, that it \
             is to be evaluated on",
        )
        .into());
    }
    let split = opened.split()?;
    if split.part(part).is_empty() {
        return Err(usage(format!(
            "the run has no {part} pictures; `test_fraction` or a test part of the data gives a run some"
        ))
        .into());
    }
    let folder = opened.find_pictures(terminal)?.pictures;
    let truths = opened.truths(Some(&folder))?;
    let files = pictures::of_part(&split, part, &folder, &truths);
    known(files, terminal)
        .with_context(|| format!("no class is known of the run's {part} pictures"))
}

/// Those of `files` whose class is known; `None` if it is known of none.
fn known(mut files: Vec<PictureFile>, terminal: &Terminal) -> Option<Vec<PictureFile>> {
    let all = files.len();
    files.retain(|file| file.true_class.is_some());
    let unknown = all - files.len();
    if unknown > 0 && !files.is_empty() {
        terminal.warning(&format!(
            "left out {} of unknown class",
            counted(unknown, "picture")
        ));
    }
    (!files.is_empty()).then_some(files)
}
