use super::shared::{
    check_precision, checkpoint_of, config_as_it_is_now, first_network, open_run, resolve,
    tell_precision,
};
use crate::{
    cli::LrFindArgs,
    config::{Config, StageConfig},
    data,
    feed::Feed,
    interrupt::Interrupt,
    lr_curve::{CurveFiles, in_letters},
    lr_find::{End, STEPS, Search, search},
    lr_suggestion::{Suggestion, suggest},
    resumed, shell,
    store::State,
};
use anyhow::{Result, anyhow, bail};
use burn::tensor::Device;
use checkpoint::Checkpoint;
use network::{Network, Trainable};
use std::{path::Path, process::ExitCode};
use terminal::{Terminal, usage};
use words::{Match, find, slashes};

/// What is searched with, and for.
struct Subject {
    feed: Feed,
    network: Network,
    /// Index in the config.
    stage: usize,
    /// Origin of the weights, in words.
    weights: String,
    /// Arguments that name the config again.
    typed: String,
}

/// Tries learning rates on a copy of a network and suggests some.
pub fn lr_find(args: &LrFindArgs, terminal: &Terminal) -> Result<ExitCode> {
    let files = CurveFiles::of(&args.out).map_err(usage)?;
    let interrupt = Interrupt::listen(terminal)?;
    let (device, sentence) = args.device.open().map_err(usage)?;
    let subject = match &args.run {
        Some(run) => of_run(run, args, &device, terminal, &interrupt)?,
        None => of_config(args, &device, terminal, &interrupt)?,
    };
    let Subject {
        feed,
        network,
        stage,
        weights,
        typed,
    } = subject;
    terminal.message(&sentence);
    tell_precision(&feed.config, &device, terminal);
    let what = in_words(&feed.config, stage);
    terminal.message(&format!("{what}, {weights}"));
    let bar = terminal.steps("trying rates", STEPS);
    let searched = interrupt.leaving("lr-find has written nothing", || {
        search(&feed, stage, network, &device, |step| {
            bar.advance(1);
            let (rate, loss) = (step.learning_rate, step.smoothed_loss);
            bar.say(format!("rate {rate:.1e}, loss {loss:.4}"));
        })
    })?;
    drop(bar);
    tell(&searched, (stage, &feed, &typed), &files, &what, terminal)
}

/// The first weights of a config.
fn of_config(
    args: &LrFindArgs,
    device: &Device,
    terminal: &Terminal,
    interrupt: &Interrupt,
) -> Result<Subject> {
    let (source, config) = resolve(&args.config)?;
    check_precision(config.precision, device)?;
    let stage = match &args.stage {
        Some(typed) => stage_called(typed, &config)?,
        None => 0,
    };
    data::prepare(&config.data, terminal, interrupt)?;
    let feed = Feed::open(config, terminal)?;
    if stage > 0 {
        terminal.warning(&format!(
            "the stages before have taught the network nothing yet: `--run RUN --after {}` begins with what a run has learnt \
             in them",
            feed.config.stages[stage - 1].checkpoint_name(stage)
        ));
    }
    Ok(Subject {
        network: first_network(&feed, device, terminal, interrupt)?,
        feed,
        stage,
        weights: "with the first weights".to_owned(),
        typed: args.config.typed(&source.name),
    })
}

/// The weights of a checkpoint.
fn of_run(
    run: &Path,
    args: &LrFindArgs,
    device: &Device,
    terminal: &Terminal,
    interrupt: &Interrupt,
) -> Result<Subject> {
    let run = open_run(run)?;
    let checkpoint = match &args.after {
        Some(name) => Checkpoint::load(&run.checkpoint(name).map_err(usage)?)?,
        None => checkpoint_of(run.latest()?, terminal),
    };
    let (config, folder) = config_as_it_is_now(&run, args.data.as_deref(), terminal, interrupt)?;
    check_precision(config.precision, device)?;
    let State {
        network, position, ..
    } = State::restore(&checkpoint, &config, device)?;
    let last = config.stages.len() - 1;
    let stage = match &args.stage {
        Some(typed) => stage_called(typed, &config)?,
        None => position.stage.min(last),
    };
    if args.stage.is_none() && position.stage > last {
        terminal.message(&format!(
            "no stage is behind this checkpoint: taking size, batches and layers of the last one, stage {}; --stage takes \
             another",
            last + 1
        ));
    }
    let data = resumed::open(&config, folder, &run, terminal)?;
    Ok(Subject {
        feed: Feed::of(config, data, terminal),
        network,
        stage,
        weights: format!("with the weights of {}", checkpoint.folder.display()),
        typed: shell::word(&slashes(&run.config_file())),
    })
}

/// Index of the stage that `typed` is the name or the number of.
fn stage_called(typed: &str, config: &Config) -> Result<usize> {
    let stages = config.stages.iter().enumerate();
    let names: Vec<String> = stages
        .map(|(index, stage)| stage.checkpoint_name(index + 1))
        .collect();
    match find(typed, names.iter().map(String::as_str)) {
        Match::One(index) => return Ok(index),
        Match::Several(_) | Match::None => {}
    }
    match typed.parse() {
        Ok(number) if (1..=names.len()).contains(&number) => Ok(number - 1),
        _ => Err(usage(anyhow!(
            "--stage {typed}: there is no such stage; the config has {} (or type its number, from 1)",
            names.join(", ")
        ))
        .into()),
    }
}

/// `stage 1 of 2 (all layers at 64 px, batches of 32)`.
fn in_words(config: &Config, stage: usize) -> String {
    let config_of_stage = &config.stages[stage];
    let StageConfig { size, train, .. } = config_of_stage;
    let layers = match train {
        Trainable::Head => "head and batch norms",
        Trainable::All => "all layers",
    };
    let (number, all) = (stage + 1, config.stages.len());
    let batches = config_of_stage.batches_in_words();
    format!("stage {number} of {all} ({layers} at {size} px, {batches})")
}

/// Writes the curve, and says what it suggests and what to type next for a stage of a feed whose config was typed so.
fn tell(
    searched: &Search,
    (stage, feed, typed): (usize, &Feed, &str),
    files: &CurveFiles,
    what: &str,
    terminal: &Terminal,
) -> Result<ExitCode> {
    let Search { tried, end } = searched;
    if let (End::NotFinite { loss, .. }, true) = (end, tried.is_empty()) {
        bail!("the loss is {loss} before the first step: check data, normalisation and weights");
    }
    let suggestion = suggest(tried);
    files.write(what, tried, suggestion.as_ref().ok())?;
    let curve = in_letters(tried, suggestion.as_ref().ok());
    curve.iter().for_each(|line| terminal.result(line));
    terminal.result(&format!("\n{}", why_it_ended(searched)));
    let (svg, csv) = (files.svg.display(), files.csv.display());
    match suggestion {
        Ok(suggestion) => {
            let config = &feed.config.stages[stage];
            let next = suggested(&suggestion, stage, config, terminal);
            terminal.result(&format!("curve: {svg}, numbers: {csv}"));
            let look = if suggestion.is_doubtful() {
                terminal.warning(
                    "the suggestions are more than a factor of 100 apart: the curve is noisy or flat, and one of them is \
                     chance; larger batches make it smoother",
                );
                "look at the curve, then "
            } else {
                ""
            };
            terminal.result(&format!("next: {look}cargo run -p train -- {typed} {next}"));
        }
        Err(reason) => {
            terminal.warning(&reason.to_string());
            terminal.result(&format!("curve: {svg}, numbers: {csv}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn why_it_ended(Search { tried, end }: &Search) -> String {
    let steps = tried.len();
    match end {
        End::AllTried => format!("all {steps} rates were tried, the loss did not explode"),
        End::Exploded => format!(
            "ended after {steps} of {STEPS} steps, at the rate {:.2e}: the smoothed loss was more than 4 times the best",
            tried.last().map_or(f64::NAN, |step| step.learning_rate)
        ),
        End::NotFinite {
            learning_rate,
            loss,
        } => format!(
            "ended after {steps} of {STEPS} steps, at the rate {learning_rate:.2e}: the loss was {loss}"
        ),
    }
}

/// Prints both suggestions, each as the `--set` that takes it, and returns the one of the steepest descent.
fn suggested(
    suggestion: &Suggestion,
    stage: usize,
    config: &StageConfig,
    terminal: &Terminal,
) -> String {
    let set = |rate: f64| {
        let rate = config.max_learning_rate.with_head(rate);
        let set = format!("stage.{stage}.max_learning_rate={rate}");
        format!("--set {}", shell::word(&set))
    };
    let steepest = set(suggestion.steepest.learning_rate);
    terminal.result(&format!(
        "S  where the loss falls steepest              {steepest}"
    ));
    terminal.result(&format!(
        "M  a tenth of the rate where it is least      {}",
        set(suggestion.tenth_of_minimum())
    ));
    steepest
}
