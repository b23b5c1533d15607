//! Reading a config: a file or an embedded one, then `--set key=value`, each error in one sentence.

use super::{deserialize::from_value, lines, problem::Problem, validate, values::Config};
use split::SplitMethod;
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use toml::{Table, Value};

/// Configs that are part of the program, by name; the first is the default.
pub const EMBEDDED: [(&str, &str); 4] = [
    ("sample", include_str!("../../../../configs/sample.toml")),
    (
        "pets-resnet34",
        include_str!("../../../../configs/pets-resnet34.toml"),
    ),
    (
        "pets-resnet50",
        include_str!("../../../../configs/pets-resnet50.toml"),
    ),
    (
        "pets-resnet50-best",
        include_str!("../../../../configs/pets-resnet50-best.toml"),
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
    /// It is no text.
    #[error("{} is not valid UTF-8: save it as UTF-8", path.display())]
    NoText {
        /// Path as typed.
        path: PathBuf,
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
                .ok_or_else(|| unread(path.to_owned(), error)),
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
        drop_other_kinds_keys(&mut value, config.split.kind(), sets);
        let refuse = |problem| ConfigError::Invalid {
            place: self.place(&problem, sets),
            problem,
        };
        let config = config_of(value).map_err(refuse)?;
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
                message: syntax(error.message()),
            }
        })
    }

    fn typed(&self, table: Table) -> Result<Config, ConfigError> {
        config_of(Value::Table(table)).map_err(|problem| ConfigError::Invalid {
            place: self.place(&problem, &[]),
            problem,
        })
    }

    /// The last `--set` of the key, or the line of the file.
    fn place(&self, problem: &Problem, sets: &[String]) -> String {
        let is_about = |set: &&String| {
            set.split_once('=').is_some_and(|(key, _)| {
                let (key, inner) = (key.trim(), &problem.key);
                // A whole table may be at fault because of one key in it.
                holds(key, inner) || holds(inner, key)
            })
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

fn unread(path: PathBuf, error: io::Error) -> ConfigError {
    match error.kind() {
        io::ErrorKind::InvalidData => ConfigError::NoText { path },
        _ => ConfigError::Read { path, error },
    }
}

/// Takes the keys of the split that the file asks for, called `kind`, out of the config if `sets` have chosen another that
/// does not have them: what was typed with `--set` stays, to be judged.
fn drop_other_kinds_keys(config: &mut Value, kind: &str, sets: &[String]) {
    let Some(split) = config.get_mut("split").and_then(Value::as_table_mut) else {
        return;
    };
    let chosen = split.get("kind").and_then(Value::as_str);
    let known = chosen
        .filter(|chosen| *chosen != kind)
        .and_then(SplitMethod::keys);
    let Some(known) = known else {
        return;
    };
    let typed: Vec<&str> = sets
        .iter()
        .filter_map(|set| Some(set.split_once('=')?.0.trim()))
        .collect();
    split.retain(|key, _| {
        key == "kind" || known.contains(&key) || typed.contains(&format!("split.{key}").as_str())
    });
}

/// What TOML's parser says, in one line. It passes on a number that is too large in serde's words.
fn syntax(message: &str) -> String {
    if message.starts_with("invalid type: integer") {
        return format!(
            "a number is too large: the largest whole number is {}",
            i64::MAX
        );
    }
    message.trim().replace('\n', " ")
}

/// `value` as a config.
fn config_of(value: Value) -> Result<Config, Problem> {
    if value.get("stage").is_some_and(Value::is_table) {
        let sentence = "it is a table: write [[stage]], in two brackets, over each stage";
        return Err(Problem::sentence("stage", sentence));
    }
    from_value(value)
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
    let (key, text) = (key.trim(), text.trim());
    let mut place = table;
    for part in key.split('.') {
        if part.is_empty() {
            return Err(refuse(format!(
                "a part of the key `{key}` is empty: write it like stage.0.epochs"
            )));
        }
        place = step_into(place, part).map_err(&refuse)?;
    }
    *place = parse_value(text).map_err(refuse)?;
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
                    "`{part}` leads into a list, whose positions are 0 to {}",
                    count.max(1) - 1
                )
            };
            let position: usize = part.parse().map_err(|_| missing())?;
            items.get_mut(position).ok_or_else(missing)
        }
        other => Err(format!(
            "`{part}` leads into the value {other}, which has no parts: give the whole value"
        )),
    }
}

/// A single TOML value. Anything else is a text, so that `model.weights=a.pth` needs no quotes.
fn parse_value(text: &str) -> Result<Value, String> {
    let is_digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let table = toml::from_str::<Table>(&format!("value = {text}")).ok();
    let value = table.map(|mut table| (table.remove("value"), table.is_empty()));
    match value.and_then(|(value, is_alone)| Some((value?, is_alone))) {
        Some((value, true)) => Ok(value),
        Some(_) => Err(
            "there are more lines behind the value: give one value, and each other key a --set of its own"
                .to_owned(),
        ),
        None if is_digits(text) && text.parse::<i64>().is_err() => Err(format!(
            "{text} is too large: the largest whole number is {}",
            i64::MAX
        )),
        None => Ok(Value::String(text.to_owned())),
    }
}

fn embedded_names() -> String {
    EMBEDDED.map(|(name, _)| name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use split::SplitMethod;

    /// The split of the first embedded config after `sets`, or what is wrong with them.
    fn split_of(sets: &[&str]) -> Result<SplitMethod, String> {
        let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
        let source = ConfigSource::open(None).unwrap();
        let config = source.resolve(&sets).map_err(|error| error.to_string())?;
        Ok(config.split)
    }

    #[test]
    fn one_set_gives_one_value_and_drops_nothing() {
        for (text, value) in [
            ("1", Value::Integer(1)),
            ("[1,\n2]", Value::from(vec![1, 2])),
            ("a.pth", Value::from("a.pth")),
            ("two\nlines", Value::from("two\nlines")),
            ("\"a\\nb\"", Value::from("a\nb")),
        ] {
            assert_eq!(parse_value(text), Ok(value), "{text:?}");
        }
        for text in ["1\nseed = 2", "1\n[other]", "'a'\n\n[other]\nc = 1"] {
            let said = parse_value(text).unwrap_err();
            assert!(said.contains("more lines"), "{said}");
        }
    }

    #[test]
    fn another_kind_of_split_is_chosen_by_its_name_alone_and_keeps_the_keys_that_it_shares() {
        assert_eq!(
            split_of(&["split.kind=folders"]),
            Ok(SplitMethod::Folders {})
        );
        assert_eq!(split_of(&["split.kind=csv"]), Ok(SplitMethod::Csv {}));
        assert_eq!(
            split_of(&["split.kind=official"]),
            Ok(SplitMethod::Official {})
        );
        let shares = |fraction| SplitMethod::Stratified {
            fraction,
            test_fraction: 0.0,
            seed: 2,
        };
        assert_eq!(split_of(&["split.kind=stratified"]), Ok(shares(0.2)));
        assert_eq!(
            split_of(&["split.fraction=0.4", "split.kind=stratified"]),
            Ok(shares(0.4))
        );
        assert_eq!(
            split_of(&["split.kind=k-fold", "split.fold=3"]),
            Ok(SplitMethod::KFold {
                folds: 5,
                fold: 3,
                seed: 2
            })
        );
    }

    #[test]
    fn a_value_of_the_split_that_no_run_can_use_is_one_sentence() {
        let cases: [(&[&str], &str); 17] = [
            (
                &["split.fraction=1.5"],
                "split.fraction is 1.5: it must be a number between 0 and 1, both excluded",
            ),
            (
                &["split.fraction=nan"],
                "split.fraction is NaN: it must be a number between 0 and 1",
            ),
            (
                &["split.test_fraction=-0.1"],
                "split.test_fraction is -0.1: it must be a number from 0",
            ),
            (
                &["split.test_fraction=0.8"],
                "split.test_fraction is 0.8: it must be below 0.8",
            ),
            (
                &["split.kind=k-fold", "split.folds=1"],
                "split.folds is 1: it must be at least 2",
            ),
            (
                &["split.kind=k-fold", "split.fold=5"],
                "split.fold is 5: it must be within 0 and 4",
            ),
            (
                &["split.kind=k-fold", "split.fraction=0.2"],
                "unknown key `split.fraction`",
            ),
            (
                &["split.kind=folders", "split.seed=3"],
                "unknown key `split.seed`: there is no key here, leave it out",
            ),
            (
                &["split.kind=grouped"],
                "`split.pattern` is missing: add it",
            ),
            (
                &["split.kind=grouped", "split.pattern='(rex'"],
                "split.pattern is '(rex': it must be a regular expression",
            ),
            (
                &["split.kind=grouped", "split.pattern='(rex'"],
                "(unclosed group)",
            ),
            (
                &["split.kind=grouped", "split.pattern=rex"],
                "this one has no capture",
            ),
            (
                &["split.kind=grouped", "split.pattern='(a)(b)'"],
                "this one has 2",
            ),
            (
                &["split.kind=kfold"],
                "split.kind is `kfold`: did you mean `k-fold`?",
            ),
            (
                &["split.kind=folder"],
                "split.kind is `folder`: did you mean `folders`?",
            ),
            (
                &["split.kind=group"],
                "split.kind is `group`: did you mean `grouped`?",
            ),
            (&["split.method=folders"], "unknown key `split.method`"),
        ];
        for (sets, expected) in cases {
            let said = split_of(sets).expect_err("no split");
            assert!(
                said.contains(expected) && !said.contains('\n'),
                "{sets:?}: {said}"
            );
        }
    }
}
