use super::{chosen, opened::OpenedNetwork, output, score};
use crate::{
    classes,
    cli::{ExplainArgs, chosen_methods},
    explanation::{Asking, Classes, explain as explain_batch},
    look::{Look, ScaleChoice},
    network::batch_size,
    pictures::{self, PictureFile},
    record::Origin,
    report::Report,
};
use anyhow::Result;
use cam::Against;
use terminal::{Terminal, usage};

/// Pictures drawn when none are named: the notebook's grid.
const DRAWN: usize = 8;

/// Explains pictures and writes everything about them.
pub fn explain(arguments: &ExplainArgs, terminal: &Terminal) -> Result<()> {
    let methods = chosen_methods(&arguments.method);
    let opened =
        OpenedNetwork::open_for_maps(&arguments.network, &arguments.view, &methods, terminal)?;
    let asking = asking(arguments, &opened)?;
    let files = files(arguments, &opened, terminal)?;
    let output = output::begin(arguments.out.as_deref(), opened.results("explanations"))?;
    if arguments.out.is_none() && output.replaces() {
        terminal.message(
            "the explanations of before are replaced; --out FOLDER puts the new ones elsewhere",
        );
    }
    let cautions = asking.cautions(&methods);
    cautions.iter().for_each(|line| terminal.message(line));
    let origin = Origin::new(&opened.checkpoint, opened.size, opened.view);
    let classes = opened.classes().to_vec();
    let looks = &arguments.looks;
    let look = Look::new(!looks.no_relu, looks.colour_map, looks.scale, looks.alpha);
    if look.scale == ScaleChoice::Shared && methods.len() > 1 {
        terminal.message(
            "--scale shared: methods have no unit in common, and maps of small values look blank; --scale method compares classes",
        );
    }
    let mut report = Report::new(output, origin, classes, look)
        .about(&asking, &arguments.view.layer)
        .with_plain(arguments.looks.plain);
    let bar = terminal.pictures("explaining", files.len());
    let mut unread = 0;
    for batch in pictures::batches(&files, batch_size(opened.size)) {
        let read = opened.read_all(batch, terminal);
        unread += batch.len() - read.len();
        let explanations = explain_batch(&opened.network, read, &asking, &methods)?;
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
    let mut notes = notes(&opened, arguments, &asking, &look);
    notes.extend(cautions.into_iter().map(|line| format!("{line}.")));
    match score::failing(
        &opened.results("score"),
        &opened.checkpoint.folder,
        &methods,
    ) {
        Ok(failing) => notes.extend(failing),
        Err(error) => terminal.warning(&format!("{error:#}")),
    }
    let page = report.finish("Where did it look?", notes)?;
    terminal.result(&format!("page: {}", page.display()));
    terminal.result(&format!(
        "next: cargo run -p explain -- score {}{}",
        opened.typed(),
        if opened.is_outside() {
            " --data FOLDER"
        } else {
            ""
        }
    ));
    anyhow::ensure!(
        unread == 0,
        "{unread} of {} pictures could not be read (see above)",
        files.len()
    );
    Ok(())
}

/// What was typed about classes, targets and layers.
fn asking(arguments: &ExplainArgs, opened: &OpenedNetwork) -> Result<Asking> {
    let stages = opened.stages(&arguments.view)?;
    if arguments.looks.no_relu && stages.len() > 1 {
        return Err(usage(
            "--no-relu draws evidence against a class, which one map of several layers does not have: name one --layer",
        )
        .into());
    }
    let classes = chosen_classes(&arguments.class, opened.classes())?;
    let mut asking = Asking {
        classes,
        stages,
        ..Asking::of(&arguments.view)
    };
    if let Some(name) = &arguments.against {
        let against = classes::find(name, opened.classes()).map_err(usage)?;
        if matches!(&asking.classes, Classes::These(these) if these.contains(&against)) {
            return Err(usage(format!(
                "--class and --against both name `{name}`: a class is not ahead of itself"
            ))
            .into());
        }
        asking.against = Against::Class(against);
    }
    Ok(asking)
}

fn chosen_classes(names: &[String], classes: &[String]) -> Result<Classes> {
    if names.is_empty() {
        return Ok(Classes::PredictedAndTrue);
    }
    let mut found = Vec::new();
    for name in names {
        let class = classes::find(name, classes).map_err(usage)?;
        if !found.contains(&class) {
            found.push(class);
        }
    }
    Ok(Classes::These(found))
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
        let all = pictures::of_part(&opened.split()?, pictures::Part::Valid, &folder, &truths);
        return Ok(pictures::drawn(all, DRAWN, arguments.seed));
    }
    chosen::named(&arguments.pictures, opened, terminal)
}

fn notes(
    opened: &OpenedNetwork,
    arguments: &ExplainArgs,
    asking: &Asking,
    look: &Look,
) -> Vec<String> {
    let mut notes = opened.notes();
    notes.extend(asking.notes(opened.classes(), &arguments.view.layer));
    notes.extend(look.notes());
    notes
}
