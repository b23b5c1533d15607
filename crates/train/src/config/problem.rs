//! Faults of a config, as values.

use serde::de::{self, Expected, Unexpected};
use std::fmt::{self, Display, Formatter};
use toml::Value;

/// One key of a config that no run can use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Dotted key, `stage.0.epochs`; empty for the whole config.
    pub key: String,
    /// Fault of the key.
    pub fault: Fault,
    /// The value that is not allowed, as TOML, where the key was not known when it was found.
    found: Option<Box<str>>,
}

/// Longest value, in characters, that a sentence repeats.
const LONGEST_VALUE: usize = 60;

/// Fault of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// No such key.
    UnknownKey {
        /// Keys beside it.
        known: &'static [&'static str],
    },
    /// A key without a default that is not there.
    MissingKey,
    /// A word that is none of those that the key takes.
    UnknownWord {
        /// As typed.
        typed: String,
        /// Words that it takes.
        known: Vec<&'static str>,
    },
    /// A value of the wrong type or out of range.
    NotAllowed {
        /// As TOML; unknown until the key is known.
        value: Option<String>,
        /// Values that it takes, in words: `a number within 0 and 1`.
        allowed: String,
    },
    /// Anything else, as a sentence.
    Other(String),
}

impl Problem {
    /// `key` has a value that is not `allowed`.
    pub fn new(key: impl Into<String>, value: impl Display, allowed: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            fault: Fault::NotAllowed {
                value: Some(value.to_string()),
                allowed: allowed.into(),
            },
            found: None,
        }
    }

    /// `key` is `typed`, which is none of the words `known`.
    pub fn unknown_word(
        key: &str,
        typed: &str,
        known: impl IntoIterator<Item = &'static str>,
    ) -> Self {
        Self {
            key: key.to_owned(),
            fault: Fault::UnknownWord {
                typed: typed.to_owned(),
                known: known.into_iter().collect(),
            },
            found: None,
        }
    }

    /// The problem of `key`, in words.
    pub fn sentence(key: &str, sentence: impl Display) -> Self {
        Self {
            key: key.to_owned(),
            fault: Fault::Other(sentence.to_string()),
            found: None,
        }
    }

    /// The same problem seen from a table or an array that holds it under `key`.
    pub fn below(mut self, key: impl Display) -> Self {
        self.key = if self.key.is_empty() {
            key.to_string()
        } else {
            format!("{key}.{}", self.key)
        };
        self
    }

    /// The same problem with its value, if it is about the value itself and does not have it yet.
    pub fn about(mut self, text: impl FnOnce() -> String) -> Self {
        if let Fault::NotAllowed { value, .. } = &mut self.fault
            && self.key.is_empty()
        {
            value.get_or_insert_with(text);
        }
        self
    }

    /// The same problem seen from `value`, if serde has found it in a copy of that table without its keys (as it does where
    /// a key, such as `kind`, says which others there are): the key is then the one that has the value which was found.
    pub fn within(self, value: &Value) -> Self {
        let (Some(found), Value::Table(table)) = (&self.found, value) else {
            return self;
        };
        let key = table
            .iter()
            .find_map(|(key, value)| (*value.to_string() == **found).then(|| key.clone()));
        match key {
            Some(key) if self.key.is_empty() => {
                let found = found.to_string();
                self.about(|| found).below(key)
            }
            _ => self,
        }
    }

    fn of(fault: Fault) -> Self {
        Self {
            key: String::new(),
            fault,
            found: None,
        }
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        match &self.fault {
            Fault::UnknownKey { known } => {
                let last = key.rsplit('.').next().unwrap_or_default();
                write!(f, "unknown key `{key}`: {}", alternatives(last, known))
            }
            Fault::MissingKey => write!(f, "`{key}` is missing: add it"),
            Fault::UnknownWord { typed, known } => {
                write!(f, "{key} is `{typed}`: {}", alternatives(typed, known))
            }
            Fault::NotAllowed { value, allowed } => {
                let value = shortened(value.as_deref().unwrap_or("something else"));
                write!(f, "{key} is {value}: it must be {allowed}")
            }
            Fault::Other(sentence) if key.is_empty() => f.write_str(sentence),
            Fault::Other(sentence) => write!(f, "{key}: {sentence}"),
        }
    }
}

impl std::error::Error for Problem {}

impl de::Error for Problem {
    fn custom<T: Display>(message: T) -> Self {
        Self::sentence("", message)
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        Self::of(Fault::UnknownKey { known }).below(field)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::of(Fault::MissingKey).below(field)
    }

    fn unknown_variant(typed: &str, known: &'static [&'static str]) -> Self {
        Self::unknown_word("", typed, known.iter().copied())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let mut problem = Self::of(Fault::NotAllowed {
            value: None,
            allowed: in_words(&expected.to_string()),
        });
        problem.found = as_toml(found);
        problem
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::of(Fault::NotAllowed {
            value: None,
            allowed: in_words(&expected.to_string()),
        })
    }
}

/// What serde expects, in words of a config.
fn in_words(expected: &str) -> String {
    match expected {
        "u32" => format!("a whole number within 0 and {}", u32::MAX),
        "u64" | "usize" => "a whole number that is not negative".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a string" | "variant identifier" => "a text in quotes".to_owned(),
        other if other.contains(" enum ") || other.starts_with("struct ") => "a table".to_owned(),
        other => other.to_owned(),
    }
}

/// A single value that serde has found, as TOML.
fn as_toml(found: Unexpected<'_>) -> Option<Box<str>> {
    let value = match found {
        Unexpected::Bool(truth) => Value::Boolean(truth),
        Unexpected::Unsigned(number) => Value::Integer(number.try_into().ok()?),
        Unexpected::Signed(number) => Value::Integer(number),
        Unexpected::Float(number) => Value::Float(number),
        Unexpected::Str(text) => Value::String(text.to_owned()),
        _ => return None,
    };
    Some(value.to_string().into())
}

/// `value` in one line, cut where it is too long for a sentence.
fn shortened(value: &str) -> String {
    let line = value.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST_VALUE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// The nearest of `known`, or all of them.
fn alternatives(typed: &str, known: &[&str]) -> String {
    if known.is_empty() {
        return "there is no key here, leave it out".to_owned();
    }
    match words::nearest(typed, known.iter().copied()) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("it may be {}", known.join(", ")),
    }
}
