//! What is wrong with a file in JSON, in words of ours.

use serde_json::error::Category;

/// The fault as a clause. What a custom message says of a value is passed over, since serde's words say nothing to a reader.
pub(crate) fn fault(error: &serde_json::Error) -> String {
    let line = error.line();
    match error.classify() {
        Category::Eof => "it ends too early, as a copy does that was cut short".to_owned(),
        Category::Syntax => format!("line {line} breaks the rules of JSON"),
        Category::Data if line > 0 => {
            format!(
                "a value that ends in line {line} is missing or of another kind than it should be"
            )
        }
        Category::Data => {
            "a value in it is missing or of another kind than it should be".to_owned()
        }
        Category::Io => "it cannot be read".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_file_is_told_in_words_with_its_line() {
        let said = |text: &str| fault(&serde_json::from_str::<Vec<u32>>(text).unwrap_err());
        assert!(said("[1,\n").contains("ends too early"));
        assert_eq!(said("[1,\n!"), "line 2 breaks the rules of JSON");
        assert!(said("[1,\n\"a\"]").contains("line 2"));
    }
}
