//! Reading a config: a file or an embedded one, then `--set key=value`, each error in one sentence.

use super::{deserialize::from_value, lines, problem::Problem, validate, values::Config};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use toml::{Table, Value};

/// Configs that are part of the program, by name; the first is the default.
pub const EMBEDDED: [(&str, &str); 3] = [
    ("sample", include_str!("../../../../configs/sample.toml")),
    (
        "pets-resnet34",
        include_str!("../../../../configs/pets-resnet34.toml"),
    ),
    (
        "pets-resnet50",
        include_str!("../../../../configs/pets-resnet50.toml"),
    ),
];

/// A config as text, with the name that its runs carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigSource {
    /// File name without its extension.
    pub name: String,
    /// File, or embedded config, for messages.
    origin: String,
    text: String,
}

/// Fault of a config.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read config {}: {error}; embedded configs are: {}", path.display(), embedded_names())]
    Read {
        /// Path as typed.
        path: PathBuf,
        /// Error of the system.
        error: io::Error,
    },
    /// It is no TOML.
    #[error("{place}: {message}")]
    Syntax {
        /// File and line.
        place: String,
        /// Message of the parser.
        message: String,
    },
    /// A key or a value that no run can use.
    #[error("{place}: {problem}")]
    Invalid {
        /// File and line, or the `--set` that did it.
        place: String,
        /// Key and what is wrong with it.
        problem: Problem,
    },
    /// A `--set` that is not `key=value`, or whose key leads nowhere.
    #[error("--set {set}: {message}")]
    Set {
        /// Text as typed.
        set: String,
        /// One sentence.
        message: String,
    },
}

impl ConfigSource {
    /// The config of `argument`: a file, the name of an embedded one, or (absent) the default.
    ///
    /// # Errors
    /// There is no such file, and no embedded config of this name.
    pub fn open(argument: Option<&Path>) -> Result<Self, ConfigError> {
        let Some(path) = argument else {
            let (name, text) = EMBEDDED[0];
            return Ok(Self::embedded(name, text));
        };
        let typed = path.to_string_lossy();
        match fs::read_to_string(path) {
            Ok(text) => Ok(Self {
                name: path
                    .file_stem()
                    .map(|stem| stem.to_string_lossy().into_owned())
                    .unwrap_or_default(),
                origin: typed.into_owned(),
                text,
            }),
            Err(error) => EMBEDDED
                .into_iter()
                .find(|(name, _)| typed == *name || typed == format!("configs/{name}.toml"))
                .map(|(name, text)| Self::embedded(name, text))
                .ok_or_else(|| ConfigError::Read {
                    path: path.to_owned(),
                    error,
                }),
        }
    }

    /// The resolved config, after every `KEY=VALUE` of `sets`.
    ///
    /// # Errors
    /// A key or a value that no run can use.
    pub fn resolve(&self, sets: &[String]) -> Result<Config, ConfigError> {
        let table = self.parse()?;
        let config = self.typed(table)?;
        // What is wrong with the file is told with its line before `--set` may hide it or be blamed for it.
        let mut value = resolved(&config);
        for set in sets {
            apply(&mut value, set)?;
        }
        let refuse = |problem| ConfigError::Invalid {
            place: self.place(&problem, sets),
            problem,
        };
        let config = from_value(value).map_err(refuse)?;
        validate::check(&config).map_err(refuse)?;
        Ok(config)
    }

    /// The resolved config that a run saved. One of before pictures were turned upright goes on without.
    ///
    /// # Errors
    /// A key or a value that no run can use.
    pub fn resolve_saved(&self) -> Result<Config, ConfigError> {
        let table = self.parse()?;
        let says = table
            .get("data")
            .is_some_and(|data| data.get("orientation").is_some());
        let before = "data.orientation=ignore".to_owned();
        self.resolve(if says {
            &[]
        } else {
            std::slice::from_ref(&before)
        })
    }

    fn embedded(name: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            origin: format!("embedded config {name}"),
            text: text.to_owned(),
        }
    }

    fn parse(&self) -> Result<Table, ConfigError> {
        toml::from_str(&self.text).map_err(|error| {
            let line = error
                .span()
                .map_or(1, |span| lines::number(&self.text, span.start));
            ConfigError::Syntax {
                place: format!("{}, line {line}", self.origin),
                message: error.message().trim().replace('\n', " "),
            }
        })
    }

    fn typed(&self, table: Table) -> Result<Config, ConfigError> {
        from_value(Value::Table(table)).map_err(|problem| ConfigError::Invalid {
            place: self.place(&problem, &[]),
            problem,
        })
    }

    /// The last `--set` of the key, or the line of the file.
    fn place(&self, problem: &Problem, sets: &[String]) -> String {
        let is_about = |set: &&String| {
            set.split_once('=')
                .is_some_and(|(key, _)| holds(key.trim(), &problem.key))
        };
        match sets.iter().rfind(is_about) {
            Some(set) => format!("--set {set}"),
            None => match lines::of_key(&self.text, &problem.key) {
                Some(line) => format!("{}, line {line}", self.origin),
                None => self.origin.clone(),
            },
        }
    }
}

/// True if `inner` is `outer` or lies in it, as dotted keys.
fn holds(outer: &str, inner: &str) -> bool {
    inner
        .strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// `config` as TOML, every default filled in.
fn resolved(config: &Config) -> Value {
    Value::try_from(config).expect("a config has tables with text keys only")
}

/// Changes one value of `table`: `stage.0.epochs=1`.
fn apply(table: &mut Value, set: &str) -> Result<(), ConfigError> {
    let refuse = |message: String| ConfigError::Set {
        set: set.to_owned(),
        message,
    };
    let (key, text) = set
        .split_once('=')
        .ok_or_else(|| refuse("write it as key=value, for example stage.0.epochs=1".to_owned()))?;
    let mut place = table;
    for part in key.trim().split('.') {
        place = step_into(place, part).map_err(&refuse)?;
    }
    *place = parse_value(text.trim());
    Ok(())
}

/// One part of a dotted key: a key of a table (made if it is not there) or a position in an array.
fn step_into<'a>(place: &'a mut Value, part: &str) -> Result<&'a mut Value, String> {
    match place {
        Value::Table(table) => Ok(table
            .entry(part.to_owned())
            .or_insert_with(|| Value::Table(Table::new()))),
        Value::Array(items) => {
            let count = items.len();
            let missing = || {
                format!(
                    "there is no {part} here: the positions are 0 to {}",
                    count.max(1) - 1
                )
            };
            let position: usize = part.parse().map_err(|_| missing())?;
            items.get_mut(position).ok_or_else(missing)
        }
        other => Err(format!("`{part}` leads into a {}", other.type_str())),
    }
}

/// A TOML value. Anything else is a text, so that `model.weights=a.pth` needs no quotes.
fn parse_value(text: &str) -> Value {
    toml::from_str::<Table>(&format!("value = {text}"))
        .ok()
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| Value::String(text.to_owned()))
}

fn embedded_names() -> String {
    EMBEDDED.map(|(name, _)| name).join(", ")
}
