//! Reading a config: a file or an embedded one, then `--set key=value`, each error in one sentence.

use super::values::Config;
use serde::Deserialize;
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use toml::{Table, Value};

/// The configs that are part of the program, by name; the first is the default.
pub const EMBEDDED: [(&str, &str); 2] = [
    ("sample", include_str!("../../../../configs/sample.toml")),
    (
        "pets-resnet34",
        include_str!("../../../../configs/pets-resnet34.toml"),
    ),
];

/// A config as text, with the name that its runs carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigSource {
    /// File name without its extension.
    pub name: String,
    /// For messages.
    origin: String,
    text: String,
}

/// What is wrong with a config.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read config {}: {error}; embedded configs are: {}", path.display(), embedded_names())]
    Read {
        /// As typed.
        path: PathBuf,
        /// From the system.
        error: io::Error,
    },
    /// It is not TOML, or a key or value is not known.
    #[error("{place}: {message}")]
    Invalid {
        /// File and line, or the `--set` that did it.
        place: String,
        /// One sentence.
        message: String,
    },
    /// A `--set` that is not `key=value`, or whose key leads nowhere.
    #[error("--set {set}: {message}")]
    Set {
        /// As typed.
        set: String,
        /// One sentence.
        message: String,
    },
}

impl ConfigSource {
    /// The config of `argument`: a file, the name of an embedded one, or (absent) the default.
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
    pub fn resolve(&self, sets: &[String]) -> Result<Config, ConfigError> {
        let config = self.parse()?;
        if sets.is_empty() {
            return validated(config, &self.origin);
        }
        // The file is whole and its errors have been told with their lines; now the table may be changed.
        let mut table: Value = Value::try_from(&config).map_err(|error| self.invalid(&error))?;
        for set in sets {
            apply(&mut table, set)?;
        }
        let place = format!("--set {}", sets.join(" --set "));
        let config = Config::deserialize(table).map_err(|error| ConfigError::Invalid {
            place: place.clone(),
            message: one_sentence(error.message()),
        })?;
        validated(config, &place)
    }

    fn embedded(name: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            origin: format!("embedded config {name}"),
            text: text.to_owned(),
        }
    }

    fn parse(&self) -> Result<Config, ConfigError> {
        toml::from_str(&self.text).map_err(|error| {
            let line = error
                .span()
                .map_or(1, |span| self.text[..span.start].matches('\n').count() + 1);
            ConfigError::Invalid {
                place: format!("{}, line {line}", self.origin),
                message: one_sentence(error.message()),
            }
        })
    }

    fn invalid(&self, error: &impl ToString) -> ConfigError {
        ConfigError::Invalid {
            place: self.origin.clone(),
            message: error.to_string(),
        }
    }
}

/// `config` if a run can use every value of it.
fn validated(config: Config, place: &str) -> Result<Config, ConfigError> {
    match config.problem() {
        None => Ok(config),
        Some(message) => Err(ConfigError::Invalid {
            place: place.to_owned(),
            message,
        }),
    }
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

/// A TOML value; what is none is taken as a string, so that `model.weights=a.pth` needs no quotes.
fn parse_value(text: &str) -> Value {
    toml::from_str::<Table>(&format!("value = {text}"))
        .ok()
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| Value::String(text.to_owned()))
}

/// serde's message, with the nearest known name for an unknown one.
fn one_sentence(message: &str) -> String {
    let message = message.trim().replace('\n', " ");
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = message.starts_with("unknown ");
    let Some(typed) = quoted.next().filter(|_| unknown) else {
        return message;
    };
    let nearest = quoted.max_by(|a, b| {
        let near = |name: &str| strsim::jaro_winkler(typed, name);
        near(a).total_cmp(&near(b))
    });
    match nearest {
        Some(name) => format!("unknown key or value `{typed}`: did you mean `{name}`?"),
        None => message,
    }
}

fn embedded_names() -> String {
    EMBEDDED.map(|(name, _)| name).join(", ")
}
