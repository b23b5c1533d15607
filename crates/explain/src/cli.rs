//! The command line.

use crate::{
    colour::ColourMap,
    look::{ALPHA, ScaleChoice},
};
use cam::{Fusion, METHODS, Method, method};
use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use kernels::{DeviceChoice, Precision};
use network::Architecture;
use pictures::part::Part;
use std::path::PathBuf;
use terminal::VolumeArgs;

/// The word for every method but those that only a name asks for.
const ALL: &str = "all";

/// Show where a trained network looked: heat-maps over pictures, as pictures, numbers and one page.
///
/// Without arguments it takes the newest run in `runs/` and 8 of its validation pictures.
#[derive(Debug, Parser)]
#[command(name = "explain", version, args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub struct Cli {
    /// Another thing to do than to explain pictures.
    #[command(subcommand)]
    pub verb: Option<Verb>,
    /// Volume.
    #[command(flatten)]
    pub volume: VolumeArgs,
    /// Threads instead of processes that divide the pictures, for tests.
    #[arg(long, value_name = "COUNT", hide = true, global = true, value_parser = clap::value_parser!(u8).range(1..))]
    pub processes_in_one: Option<u8>,
    /// Arguments of an explanation.
    #[command(flatten)]
    pub explain: ExplainArgs,
}

const EXAMPLES: &str = "\
Examples:
  explain                                      8 validation pictures of the newest run
  explain holiday/rex.jpg --run pets-resnet34-2
  explain two.jpg --class pug --class maine_coon    where it saw the one, where the other
  explain kit.jpg --class ragdoll --against birman  what tells the one from the other
  explain kit.jpg --class ragdoll --no-relu    what speaks for it, in red, and against it, in blue
  explain two.jpg --view square                only the square in its middle, as in training
  explain --method all --seed 3
  explain rex.jpg --weights resnet50.pth --classes imagenet.txt    a network of torchvision or timm
  explain predict holiday --to predictions.csv     what it says of many pictures
  explain evaluate                             what it gets wrong, and how sure it is
  explain score                                how much of the maps lies on the animal, in numbers";

/// Arguments of an explanation.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Picture files, or folders with pictures in or below them (default: 8 validation pictures of the run).
    #[arg(value_name = "PICTURE or FOLDER")]
    pub pictures: Vec<PathBuf>,
    /// Which network.
    #[command(flatten)]
    pub network: NetworkArgs,
    /// How the pictures are seen.
    #[command(flatten)]
    pub view: ViewArgs,
    /// Explain this class; may be given more than once (default: the predicted one, and the true one if it is another).
    #[arg(long, value_name = "NAME")]
    pub class: Vec<String>,
    /// Explain how far the class is ahead of this one, instead of its logit: what speaks for the one and not for the other.
    #[arg(
        long,
        value_name = "NAME",
        requires = "class",
        conflicts_with = "finer"
    )]
    pub against: Option<String>,
    /// How to make the maps; docs/methods.md says what each can show. `all` leaves out score-cam, occlusion, rise and
    /// integrated-gradients, which ask the whole network dozens or hundreds of times for a map, grad-cam-elementwise, which is
    /// layer-cam here, and guided-backprop and guided-grad-cam, whose fine lines hardly depend on what was learnt.
    #[arg(long, value_delimiter = ',', default_value = "activation,grad-cam", value_parser = methods())]
    pub method: Vec<MethodChoice>,
    /// How the maps are drawn.
    #[command(flatten)]
    pub looks: LooksArgs,
    /// Which validation pictures are taken: another number takes others.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Where the results go (default: `explanations` in the run's folder).
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
}

/// Choice of the network, and how it is asked.
#[derive(Debug, Clone, Args)]
pub struct NetworkArgs {
    /// A run's folder, its name in `runs/`, or the folder of one checkpoint (default: the newest run).
    #[arg(long, value_name = "RUN")]
    pub run: Option<PathBuf>,
    /// A network that lies in a file.
    #[command(flatten)]
    pub weights: WeightsArgs,
    /// Name of one of the run's checkpoints: a stage's, or `best` of a run that keeps it (default: the newest).
    #[arg(long, value_name = "NAME")]
    pub checkpoint: Option<String>,
    /// The data folder of the run, if it was moved. With --weights, a folder of pictures, in `images` if it has that, and of
    /// trimaps and head boxes in `annotations`.
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// Side of the square that the network sees, in pixels (default: that of the training, 224 for weights that do not say
    /// it); the short side of a whole picture. A larger one gives maps with more cells, of a network that is less often right.
    #[arg(long, value_name = "PX", value_parser = clap::value_parser!(u16).range(32..=2048))]
    pub size: Option<u16>,
    /// Where to compute.
    #[arg(long, default_value = "auto", help = DeviceChoice::help())]
    pub device: DeviceChoice,
    /// Trust a GPU without comparing its numbers with the CPU's first.
    #[arg(long)]
    pub skip_device_check: bool,
    /// Numbers that the convolutions multiply (default: those of the training on a CPU, else f32). bf16 is faster on processors
    /// with AVX512-BF16; its answers differ a little.
    #[arg(long, value_parser = precision())]
    pub precision: Option<Precision>,
}

/// How maps are drawn.
#[derive(Debug, Args)]
pub struct LooksArgs {
    /// Draw evidence against a class too, instead of cutting it off; in red-blue, unless --colour-map says otherwise.
    #[arg(long)]
    pub no_relu: bool,
    /// Colours of the maps (default: magma, red-blue with --no-relu).
    #[arg(long, value_enum, value_name = "NAME", alias = "color-map")]
    pub colour_map: Option<ColourMap>,
    /// What the ends of the colours stand for.
    #[arg(long, value_enum, value_name = "WHOSE", default_value_t)]
    pub scale: ScaleChoice,
    /// Share of the map's colour, from 0 to 1; the rest is the picture's.
    #[arg(long, value_name = "SHARE", default_value_t = ALPHA, value_parser = share)]
    pub alpha: f64,
    /// Also write plain.png, for a paper or slides: the pictures and their maps as one figure, without any text.
    #[arg(long)]
    pub plain: bool,
}

/// A network that lies in a file, in place of a run.
#[derive(Debug, Clone, Args)]
pub struct WeightsArgs {
    /// Ask the network of this file instead of a run's: a state dict (.pth, .safetensors) of a ResNet of torchvision or timm, or
    /// what `train export` wrote. Results go to the current folder unless --out says where.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["run", "checkpoint"])]
    pub weights: Option<PathBuf>,
    /// A text file with the names of its classes, one a line, in the order of the logits. Exports of `train` have them inside.
    #[arg(long, value_name = "FILE", requires = "weights")]
    pub classes: Option<PathBuf>,
    /// Its architecture (default: told by the names of its tensors).
    #[arg(long, value_name = "NAME", requires = "weights", value_parser = architecture())]
    pub architecture: Option<Architecture>,
    /// Mean of red, green and blue that is taken off pixels of 0 to 1 (default: ImageNet's, or what the file says).
    #[arg(long, value_name = "R,G,B", requires = "weights", value_parser = mean)]
    pub mean: Option<[f32; 3]>,
    /// Standard deviation that they are then divided by (default: ImageNet's, or what the file says).
    #[arg(long, value_name = "R,G,B", requires = "weights", value_parser = deviation)]
    pub std: Option<[f32; 3]>,
}

/// How much of a picture the network is shown, and how it is asked.
#[derive(Debug, Args)]
pub struct ViewArgs {
    /// How much of a picture the network sees: the whole picture at the scale of training, or the square in its middle, as in
    /// training. Answers and maps are those of what it saw.
    #[arg(long, value_enum, default_value_t = ViewChoice::Whole)]
    pub view: ViewChoice,
    /// Layer whose output is mapped (default: the last one of the body, layer4 of a ResNet). Earlier ones give finer maps that
    /// say less about the class. Of several, as in `--layer layer2,layer4`, one map is made as --fuse says.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub layer: Vec<String>,
    /// How maps of several layers become one (default: maximum).
    #[arg(long, value_enum, requires = "layer")]
    pub fuse: Option<FuseChoice>,
    /// Draw the mean of the maps of eight forms of each picture (as it is, mirrored, shifted four ways, 10 % darker and brighter),
    /// and keep how much they differ: less chance, eight times the work.
    #[arg(long)]
    pub smooth: bool,
    /// Explain the class's probability instead of its logit.
    #[arg(long, conflicts_with = "finer")]
    pub softmax: bool,
    /// Explain how far the class is ahead of the three with the nearest logits (Finer-CAM) instead of its logit: what tells
    /// it from the classes most like it.
    #[arg(long)]
    pub finer: bool,
}

/// See [`ViewArgs::view`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ViewChoice {
    /// The square in the middle.
    #[default]
    Square,
    /// The whole picture, filled up to a multiple of the network's stride.
    Whole,
}

/// See [`ViewArgs::fuse`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FuseChoice {
    /// The strongest at each place, each layer scaled to its largest value (LayerCAM).
    Maximum,
    /// The product at each place, each layer scaled from 0 to 1: what every layer marks (RefineCAM).
    Product,
}

impl From<FuseChoice> for Fusion {
    fn from(choice: FuseChoice) -> Self {
        match choice {
            FuseChoice::Maximum => Self::Maximum,
            FuseChoice::Product => Self::Product,
        }
    }
}

/// Other things that the program does.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Say what pictures show, without maps: a table, or a csv file with --to.
    Predict(PredictArgs),
    /// Say what the network gets wrong: error rate, confused classes, largest losses, calibration, suspicious labels; a page
    /// and csv files.
    Evaluate(EvaluateArgs),
    /// Measure which methods' maps can be trusted: how much of them lies on the animal, and whether the network needs it.
    Score(ScoreArgs),
}

/// Arguments of predictions.
#[derive(Debug, Args)]
#[command(after_help = PREDICT_EXAMPLES)]
pub struct PredictArgs {
    /// Picture files, or folders with pictures in or below them; any number.
    #[arg(value_name = "PICTURE or FOLDER", required = true)]
    pub pictures: Vec<PathBuf>,
    /// Which network.
    #[command(flatten)]
    pub network: NetworkArgs,
    /// How much of a picture the network sees: the square in its middle, as in training, or the whole picture at the same
    /// scale.
    #[arg(long, value_enum, default_value_t)]
    pub view: ViewChoice,
    /// How many of the most probable classes are given for each picture.
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    pub top: u16,
    /// Write everything to this csv file instead of a table: path, true class where it is known, classes with
    /// probabilities. It appears when all pictures are through.
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

const PREDICT_EXAMPLES: &str = "\
Examples:
  explain predict holiday/rex.jpg
  explain predict holiday --top 1
  explain predict holiday --view whole         all of wide pictures, not the squares in their middle
  explain predict photographs --run pets-resnet34-2 --to predictions.csv";

/// Arguments of an evaluation.
#[derive(Debug, Args)]
#[command(after_help = EVALUATE_EXAMPLES)]
pub struct EvaluateArgs {
    /// Picture files, or folders with pictures in or below them, whose class their folder or name says (default: those of
    /// the run's validation part).
    #[arg(value_name = "PICTURE or FOLDER", conflicts_with_all = ["part", "suspects"])]
    pub pictures: Vec<PathBuf>,
    /// Which network.
    #[command(flatten)]
    pub network: NetworkArgs,
    /// How much of a picture the network sees: the square in its middle, as in training, or the whole picture at the same
    /// scale.
    #[arg(long, value_enum, default_value_t)]
    pub view: ViewChoice,
    /// Which part of the run's pictures. The test part is for a last look: who chooses by it spoils it.
    #[arg(long, value_enum, default_value_t = EvaluatedPart::Valid, conflicts_with = "weights")]
    pub part: EvaluatedPart,
    /// Look for wrong labels and near-duplicates among the training pictures too, and across the parts.
    #[arg(long, conflicts_with = "weights")]
    pub suspects: bool,
    /// Other runs of the same pictures whose validation parts are other folds (`split.kind = "k-fold"`): those pictures are
    /// evaluated too, each by the network that has not learnt it. The best way to find wrong labels. Near-duplicates are
    /// looked for across all folds, for which the first network is asked about every picture.
    #[arg(long, value_name = "RUN", value_delimiter = ',', conflicts_with_all = ["pictures", "part", "suspects", "weights"])]
    pub folds: Vec<PathBuf>,
    /// Test time augmentation, as fastai 1: average over eight more views of each picture, which takes nine times as long.
    /// They are squares.
    #[arg(long, conflicts_with = "view")]
    pub tta: bool,
    /// Where the results go (default: `evaluations/` and the part's name in the run's folder).
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
}

const EVALUATE_EXAMPLES: &str = "\
Examples:
  explain evaluate                             the newest run on its validation pictures
  explain evaluate --suspects                  and which pictures of all should be looked at
  explain evaluate --run f-1 --folds f-2,f-3,f-4,f-5    all pictures, each by a network that has not learnt it
  explain evaluate --tta                       the answers averaged over nine views of each picture
  explain evaluate --run pets-resnet34-2 --part test
  explain evaluate labelled/                   other pictures, in class folders";

/// A part that can be evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EvaluatedPart {
    /// The pictures that were validated with.
    Valid,
    /// The pictures that were kept for a last test.
    Test,
}

impl From<EvaluatedPart> for Part {
    fn from(part: EvaluatedPart) -> Self {
        match part {
            EvaluatedPart::Valid => Self::Valid,
            EvaluatedPart::Test => Self::Test,
        }
    }
}

/// Arguments of a measurement.
#[derive(Debug, Args)]
pub struct ScoreArgs {
    /// Picture files, or folders with pictures in or below them (default: the run's validation pictures).
    #[arg(value_name = "PICTURE or FOLDER")]
    pub pictures: Vec<PathBuf>,
    /// Which network.
    #[command(flatten)]
    pub network: NetworkArgs,
    /// How the pictures are seen.
    #[command(flatten)]
    pub view: ViewArgs,
    /// Which methods; `all` leaves out score-cam, occlusion, rise and integrated-gradients, which take hours here,
    /// grad-cam-elementwise, which is layer-cam, and guided-backprop and guided-grad-cam.
    #[arg(long, value_delimiter = ',', default_value = ALL, value_parser = methods())]
    pub method: Vec<MethodChoice>,
    /// Maps of another tool, scored in a row of their own: .npy files of two sides, one for each picture and named after it
    /// (pug_1.npy, or pug_1.beagle.npy for one class). A map covers what the network saw, or the whole picture, by its shape.
    #[arg(long, value_name = "FOLDER")]
    pub maps: Option<PathBuf>,
    /// Pictures with two breeds and their truth.json (default: `two_breeds` beside the run's annotations, if it is there).
    #[arg(long, value_name = "FOLDER")]
    pub two_breeds: Option<PathBuf>,
    /// On how many pictures the pixels that maps mark are taken away and put back (28 forward passes for each map and each of
    /// three baselines), maps are compared with those of a hardly changed picture, and the network forgets part by part. 0
    /// leaves all of it out.
    #[arg(long, value_name = "COUNT", default_value_t = 32)]
    pub curves: u16,
    /// Only a tenth of the pictures, drawn by the seed, but at least 8; intervals are about three times as wide.
    #[arg(long)]
    pub quick: bool,
    /// Seed of the bootstrap, of the shuffled weights, of the random map and of what is drawn.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Where the results go (default: `score` in the run's folder).
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
}

/// A method as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MethodChoice {
    /// Every method but those that only a name asks for.
    All,
    /// This one.
    One(&'static Method),
}

/// The methods of `choices`, each once, in the order of [`METHODS`].
pub fn chosen_methods(choices: &[MethodChoice]) -> Vec<&'static Method> {
    let is_chosen = |method: &&'static Method| {
        let is_of_all = choices.contains(&MethodChoice::All) && !method.is_by_name_only();
        is_of_all || choices.contains(&MethodChoice::One(method))
    };
    METHODS.iter().copied().filter(is_chosen).collect()
}

/// The parser of one method's name; another name is an error that lists all names.
fn methods() -> impl TypedValueParser<Value = MethodChoice> {
    let names = METHODS.iter().map(|method| method.name()).chain([ALL]);
    PossibleValuesParser::new(names).try_map(|name| match method(&name) {
        Some(method) => Ok(MethodChoice::One(method)),
        None if name == ALL => Ok(MethodChoice::All),
        None => Err(format!("there is no method `{name}`")),
    })
}

/// The parser of `--architecture`.
fn architecture() -> impl TypedValueParser<Value = Architecture> {
    let names = Architecture::ALL.iter().map(|one| one.name());
    PossibleValuesParser::new(names).try_map(|name| {
        let found = Architecture::ALL.iter().find(|one| one.name() == name);
        found
            .copied()
            .ok_or_else(|| format!("there is no architecture `{name}`"))
    })
}

/// The parser of `--alpha`.
fn share(typed: &str) -> Result<f64, String> {
    let share = typed.parse().ok();
    let share = share.filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| {
        "it takes a number from 0 (the picture alone) to 1 (the map alone)".to_owned()
    })
}

/// The parser of `--mean`: what is not from 0 to 1 was meant for pixels of 0 to 255.
fn mean(typed: &str) -> Result<[f32; 3], String> {
    let mean = three(typed)?;
    match mean.iter().find(|value| !(0.0..=1.0).contains(*value)) {
        Some(value) => Err(format!(
            "{value} is not from 0 to 1, as pixels are here; divide what is for 0 to 255 by 255"
        )),
        None => Ok(mean),
    }
}

/// The parser of `--std`.
fn deviation(typed: &str) -> Result<[f32; 3], String> {
    let deviation = three(typed)?;
    match deviation
        .iter()
        .find(|value| !(value.is_finite() && **value > 0.0))
    {
        Some(value) => Err(format!("{value} is not above 0: pixels are divided by it")),
        None => Ok(deviation),
    }
}

/// Three numbers with commas between them.
fn three(typed: &str) -> Result<[f32; 3], String> {
    let numbers: Result<Vec<f32>, _> = typed.split(',').map(|part| part.trim().parse()).collect();
    let numbers = numbers.ok().and_then(|numbers| numbers.try_into().ok());
    numbers.ok_or_else(|| {
        "it takes three numbers, of red, green and blue: 0.485,0.456,0.406".to_owned()
    })
}

/// The parser of `--precision`.
fn precision() -> impl TypedValueParser<Value = Precision> {
    PossibleValuesParser::new(["f32", "bf16"]).map(|name| match name.as_str() {
        "bf16" => Precision::Bf16,
        _ => Precision::F32,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_normalisation_is_three_numbers_that_make_sense() {
        assert_eq!(mean("0.5, 0.25,0"), Ok([0.5, 0.25, 0.0]));
        assert_eq!(deviation("0.5,0.25,2"), Ok([0.5, 0.25, 2.0]));
        for wrong in [
            "0.5",
            "a,b,c",
            "0.1,0.2,0.3,0.4",
            "123.7,116.3,103.5",
            "NaN,0,0",
        ] {
            assert!(mean(wrong).is_err(), "{wrong}");
        }
        for wrong in ["0,1,1", "-1,1,1", "inf,1,1", "1,1"] {
            assert!(deviation(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn methods_are_chosen_once_each_in_their_own_order() {
        let chosen = |typed: &str| -> Vec<&str> {
            let cli = Cli::try_parse_from(["explain", "--method", typed]).unwrap();
            let methods = chosen_methods(&cli.explain.method);
            methods.iter().map(|method| method.name()).collect()
        };
        assert_eq!(
            chosen("eigen-cam,grad-cam,eigen-cam"),
            ["grad-cam", "eigen-cam"]
        );
        let all = chosen("grad-cam,all");
        assert_eq!(all, chosen("all"));
        assert!(
            all.contains(&"ablation-cam") && !all.contains(&"rise"),
            "{all:?}"
        );
        assert_eq!(chosen("all,rise").len(), all.len() + 1);
        let error = Cli::try_parse_from(["explain", "--method", "grad-cm"]).unwrap_err();
        assert!(error.to_string().contains("'grad-cam'"), "{error}");
    }
}
