//! Lines of a TOML text.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// Number of the line, from 1, that holds the byte at `offset`.
pub fn number(text: &str, offset: usize) -> usize {
    1 + text[..offset].matches('\n').count()
}

/// Number of the line, from 1, that sets the dotted `key`, or of the innermost table around it; nothing if the text has
/// neither.
pub fn of_key(text: &str, key: &str) -> Option<usize> {
    let table = DeTable::parse(text).ok()?;
    let mut value = DeValue::Table(table.into_inner());
    let mut offset = None;
    for part in key.split('.') {
        let found = step(value, part);
        let Some((start, inner)) = found else {
            break;
        };
        offset = Some(start);
        value = inner;
    }
    Some(number(text, offset?))
}

/// Start of `part` of `value`, and its content.
fn step<'a>(value: DeValue<'a>, part: &str) -> Option<(usize, DeValue<'a>)> {
    match value {
        DeValue::Table(table) => {
            let mut entries = table.into_iter();
            let (key, value) = entries.find(|(key, _)| key.get_ref() == part)?;
            Some((key.span().start, value.into_inner()))
        }
        DeValue::Array(items) => {
            let item: Spanned<DeValue<'a>> = items.into_iter().nth(part.parse().ok()?)?;
            Some((item.span().start, item.into_inner()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "seed = 1\n\n[model]\narchitecture = \"a\"\n\n[[stage]]\nsize = 1\n\n[[stage]]\nsize = 2\n";

    #[test]
    fn a_key_has_the_line_that_sets_it_and_a_missing_one_that_of_its_table() {
        for (key, line) in [
            ("seed", 1),
            ("model.architecture", 4),
            ("model.weights", 3),
            ("stage.0.size", 7),
            ("stage.1.size", 10),
            ("stage.1.epochs", 9),
        ] {
            assert_eq!(of_key(TEXT, key), Some(line), "{key}");
        }
        assert_eq!(of_key(TEXT, "data.folder"), None);
    }
}
