use super::{chosen, opened::OpenedNetwork};
use crate::{
    answers::Answers,
    cli::PredictArgs,
    pictures::PictureFile,
    predictions::{CsvFile, Prediction, Table},
    together::Together,
};
use anyhow::Result;
use files::write_atomically_with;
use std::{io, path::Path};
use words::{counted, percent};

/// Says what pictures show.
pub fn predict(arguments: &PredictArgs, together: &Together) -> Result<()> {
    let terminal = together.terminal();
    let opened = together.agreed(OpenedNetwork::open(&arguments.network, terminal))?;
    let files = together.agreed(chosen::named(&arguments.pictures, &opened, terminal))?;
    chosen::check_same(&opened, &files, together)?;
    let top = usize::from(arguments.top).min(opened.classes().len());
    let mut predicting = Predicting {
        opened: &opened,
        files: &files,
        top,
        together,
        tally: Tally::default(),
    };
    match &arguments.to {
        Some(path) if together.is_first() => predicting.write(path)?,
        Some(_) => predicting.each(|_, _| Ok(()))?,
        None => predicting.print()?,
    }
    if !together.is_first() {
        return Ok(());
    }
    let Tally {
        read,
        known,
        right,
        unread,
    } = predicting.tally;
    if known > 0 {
        let wrong = known - right;
        terminal.result(&format!(
            "{right} of {known} right, {} wrong",
            percent(wrong as f64 / known as f64)
        ));
    }
    if let Some(path) = &arguments.to {
        terminal.result(&format!("{}: {}", path.display(), counted(read, "picture")));
    }
    anyhow::ensure!(
        unread == 0,
        "{unread} of {} pictures could not be read (see above)",
        files.len()
    );
    Ok(())
}

/// Pictures on their way to a table.
struct Predicting<'a> {
    opened: &'a OpenedNetwork,
    files: &'a [PictureFile],
    /// Classes that are given for each picture.
    top: usize,
    together: &'a Together,
    tally: Tally,
}

/// Numbers of pictures.
#[derive(Debug, Default)]
struct Tally {
    read: usize,
    /// Of those that were read, those whose class is known, and those of them whose class was said.
    known: usize,
    right: usize,
    unread: usize,
}

impl Predicting<'_> {
    fn print(&mut self) -> Result<()> {
        let table = Table::new(self.opened.classes(), self.files);
        let terminal = self.together.terminal();
        terminal.result(&table.heading());
        self.each(|file, prediction| {
            terminal.result(&table.row(file, prediction));
            Ok(())
        })
    }

    fn write(&mut self, path: &Path) -> Result<()> {
        let (classes, top) = (self.opened.classes(), self.top);
        write_atomically_with(path, |to| {
            let mut csv = CsvFile::new(classes, top, to)?;
            self.each(|file, prediction| Ok(csv.add(file, prediction)?))?;
            csv.finish()?;
            anyhow::Ok(())
        })
        .map_err(
            |error| match error.is::<io::Error>() || error.is::<csv::Error>() {
                true => error.context(format!("cannot write {}", path.display())),
                false => error,
            },
        )
    }

    /// Calls `take` with every picture that can be read, in order; names the others.
    fn each(
        &mut self,
        mut take: impl FnMut(&PictureFile, &Prediction) -> Result<()>,
    ) -> Result<()> {
        let (together, terminal) = (self.together, self.together.terminal());
        let (network, size) = (&self.opened.network, self.opened.size);
        let bar = terminal.pictures("predicting", self.files.len());
        for batch in Answers::new(network, self.files, size, None, together)? {
            let batch = batch?;
            for reason in &batch.unread {
                terminal.warning(&format!("left out: {reason}"));
            }
            for answer in &batch.answers {
                let file = &self.files[answer.index];
                let prediction = Prediction::new(&answer.logits, self.top);
                self.tally.add(file, &prediction);
                take(file, &prediction)?;
            }
            self.tally.unread += batch.unread.len();
            bar.advance(batch.answers.len() + batch.unread.len());
        }
        Ok(())
    }
}

impl Tally {
    fn add(&mut self, file: &PictureFile, prediction: &Prediction) {
        self.read += 1;
        if let Some(truth) = file.true_class {
            self.known += 1;
            self.right += usize::from(truth == prediction.class());
        }
    }
}
