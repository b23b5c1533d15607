use super::{chosen, opened::OpenedNetwork, output};
use crate::{
    cli::EvaluateArgs,
    evaluated::{
        answered::Answered,
        charts,
        drawings::Drawer,
        figures::Figures,
        page::Page,
        suspects::Suspects,
        tables::{self, Summary},
        text,
    },
    output::OutputFolder,
    pictures::{self, Part, PictureFile},
    record::Origin,
};
use anyhow::{Context, Result};
use terminal::{Terminal, usage};
use words::counted;

/// Method of the heat-maps beside the largest losses.
const METHOD: &str = "grad-cam";

/// Says what the network gets wrong.
pub fn evaluate(arguments: &EvaluateArgs, terminal: &Terminal) -> Result<()> {
    let opened = OpenedNetwork::open(&arguments.network, terminal)?;
    let part = arguments
        .pictures
        .is_empty()
        .then_some(arguments.part.into());
    let files = files(arguments, part, &opened, terminal)?;
    let output = output::begin(arguments.out.as_deref(), &opened.run, &folder(part))?;
    let ask = |part, files| Answered::of(&opened.network, part, files, opened.size, terminal);
    let answered = ask(part, files)?;
    let others = others(arguments, part);
    let others = others
        .into_iter()
        .map(|part| ask(Some(part), of_part(part, &opened, terminal)?));
    let others = others.collect::<Result<Vec<Answered>>>()?;
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
        suspects: Suspects::new(&parts)?,
        parts,
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

/// An evaluation on its way to terminal and disk.
struct Evaluation<'a> {
    opened: &'a OpenedNetwork,
    /// The evaluated pictures, and others among which suspects are looked for.
    parts: Vec<&'a Answered>,
    figures: Figures,
    suspects: Suspects,
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

    /// The pictures that were evaluated, in words.
    fn which(&self) -> String {
        let answered = self.answered();
        let count = counted(answered.files.len(), "picture");
        match answered.part {
            None => format!("{count} that were named"),
            Some(Part::Test) => format!("{count} of the test part, which was asked for by name"),
            Some(Part::Valid) => format!("{count} of the validation part"),
            Some(Part::Train) => format!("{count} of the training part"),
        }
    }

    /// Writes everything; returns the path of the page.
    fn write(&self, output: OutputFolder, terminal: &Terminal) -> Result<std::path::PathBuf> {
        let (opened, figures) = (self.opened, &self.figures);
        let classes = opened.classes();
        let drawer = Drawer {
            network: &opened.network,
            size: opened.size,
            parts: &self.parts,
            method: cam::method(METHOD).context("the method of the maps")?,
            read: &|files| opened.read_all(files, terminal),
        };
        let drawings = drawer.draw(figures, &self.suspects)?;
        let mut notes = opened.notes();
        notes.push(format!("Evaluated: {}.", self.which()));
        let page = Page {
            classes,
            notes,
            figures,
            suspects: &self.suspects,
            drawings: &drawings,
        };
        let origin = Origin::new(&opened.checkpoint, opened.size);
        let summary = Summary::new(origin, "plain", self.answered(), figures, classes);
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

    fn say_next(&self, page: &std::path::Path, terminal: &Terminal) {
        if text::suspects(&self.suspects).is_some() {
            let list = page.with_file_name("suspects.csv");
            terminal.result(&format!(
                "next: look at the suspects on the page, write keep, delete or a class into the column action of {}, and train with \
                 --set data.corrections={}",
                list.display(),
                words::quoted(&list.display().to_string())
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
    let all = named.len();
    let files = known(named, terminal);
    if files.is_empty() {
        return Err(usage(format!(
            "the class of none of the {} is known, so that nobody can say what is wrong: `explain predict` does without",
            counted(all, "picture")
        ))
        .into());
    }
    Ok(files)
}

/// The run's pictures of `part`.
fn of_part(part: Part, opened: &OpenedNetwork, terminal: &Terminal) -> Result<Vec<PictureFile>> {
    let split = opened.split()?;
    if split.part(part).is_empty() {
        return Err(usage(format!(
            "the run has no {part} pictures; `test_fraction` or a test part of the data gives a run some"
        ))
        .into());
    }
    let folder = opened.find_pictures(terminal)?.pictures;
    let truths = opened.truths(Some(&folder))?;
    Ok(known(
        pictures::of_part(&split, part, &folder, &truths),
        terminal,
    ))
}

/// Those of `files` whose class is known.
fn known(mut files: Vec<PictureFile>, terminal: &Terminal) -> Vec<PictureFile> {
    let all = files.len();
    files.retain(|file| file.true_class.is_some());
    let unknown = all - files.len();
    if unknown > 0 {
        terminal.warning(&format!(
            "left out {} of unknown class",
            counted(unknown, "picture")
        ));
    }
    files
}
