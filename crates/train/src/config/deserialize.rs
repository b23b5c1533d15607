//! Deserialisation of TOML values whose errors are [`Problem`]s: the key, and what is wrong with it.

use super::problem::Problem;
use serde::{
    Deserializer,
    de::{DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor},
    forward_to_deserialize_any,
};
use toml::{Value, map, value::Array};

/// `value` as a `T`.
///
/// # Errors
/// The first key that `T` does not take.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    T::deserialize(Node(value))
}

/// A value, whose text goes into what is wrong with it.
struct Node(Value);

impl Node {
    /// Reads the value with `read`.
    fn with<T>(self, read: impl FnOnce(Value) -> Result<T, Problem>) -> Result<T, Problem> {
        let text = self.0.to_string();
        read(self.0).map_err(|problem| problem.about(|| text))
    }

    fn refuse<T>(self, allowed: &str) -> Result<T, Problem> {
        Err(Problem::new("", self.0, allowed))
    }
}

/// Refuses all but one kind of value, in words, before serde asks.
macro_rules! only {
    ($($method:ident => $pattern:pat, $allowed:literal;)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
            match &self.0 {
                $pattern => self.deserialize_any(visitor),
                _ => self.refuse($allowed),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Node {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.with(|value| match value {
            Value::String(text) => visitor.visit_string(text),
            Value::Integer(number) => visitor.visit_i64(number),
            Value::Float(number) => visitor.visit_f64(number),
            Value::Boolean(truth) => visitor.visit_bool(truth),
            Value::Datetime(time) => visitor.visit_string(time.to_string()),
            Value::Array(items) => visitor.visit_seq(Items::new(items)),
            Value::Table(table) => visitor.visit_map(Entries {
                entries: table.into_iter(),
                value: None,
            }),
        })
    }

    only! {
        deserialize_u32 => Value::Integer(0..), "a whole number that is not negative";
        deserialize_u64 => Value::Integer(0..), "a whole number that is not negative";
        deserialize_f32 => Value::Integer(_) | Value::Float(_), "a number";
        deserialize_f64 => Value::Integer(_) | Value::Float(_), "a number";
        deserialize_bool => Value::Boolean(_), "true or false";
        deserialize_str => Value::String(_), "a text in quotes";
        deserialize_string => Value::String(_), "a text in quotes";
        deserialize_seq => Value::Array(_), "a list in brackets";
        deserialize_map => Value::Table(_), "a table";
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        match &self.0 {
            Value::Array(items) if items.len() == length => self.deserialize_any(visitor),
            _ => self.refuse(&format!("a list of {length} in brackets")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        match self.0 {
            Value::String(word) => visitor.visit_enum(word.into_deserializer()),
            other => Node(other).refuse(&format!("one of {}", words.join(", "))),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u128 char bytes byte_buf unit unit_struct tuple_struct identifier ignored_any
    }
}

/// Items of an array, from the first.
struct Items {
    items: std::vec::IntoIter<Value>,
    next: usize,
}

impl Items {
    fn new(items: Array) -> Self {
        Self {
            items: items.into_iter(),
            next: 0,
        }
    }
}

impl<'de> SeqAccess<'de> for Items {
    type Error = Problem;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Problem> {
        let Some(item) = self.items.next() else {
            return Ok(None);
        };
        let index = self.next;
        self.next += 1;
        seed.deserialize(Node(item))
            .map(Some)
            .map_err(|problem| problem.below(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// Keys of a table with their values.
struct Entries {
    entries: map::IntoIter<String, Value>,
    value: Option<(String, Value)>,
}

impl<'de> MapAccess<'de> for Entries {
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Problem> {
        let Some((key, value)) = self.entries.next() else {
            return Ok(None);
        };
        self.value = Some((key.clone(), value));
        seed.deserialize(key.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Problem> {
        let (key, value) = self.value.take().expect("a key comes before its value");
        let whole = value.clone();
        seed.deserialize(Node(value)).map_err(|problem| {
            problem
                .within(&whole)
                .about(|| whole.to_string())
                .below(key)
        })
    }
}
