//! What is wrong with a file in JSON, in words of ours.

use serde_json::error::Category;

/// The fault as a clause: of serde's words only the names, which say something to a reader.
pub(crate) fn fault(error: &serde_json::Error) -> String {
    let line = error.line();
    match error.classify() {
        Category::Eof => "it ends too early, as a copy does that was cut short".to_owned(),
        Category::Syntax => format!("line {line} breaks the rules of JSON"),
        Category::Data if line > 0 => {
            format!(
                "a value that ends in line {line} is missing or of another kind than it should be{}",
                names(error)
            )
        }
        Category::Data => {
            "a value in it is missing or of another kind than it should be".to_owned()
        }
        Category::Io => "it cannot be read".to_owned(),
    }
}

/// The keys and words that serde names, after a colon: the one that is at fault first, then those that there could be.
fn names(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let named: Vec<&str> = said.split('`').skip(1).step_by(2).collect();
    match named.split_first() {
        None => String::new(),
        Some((fault, [])) => format!(": `{fault}`"),
        Some((fault, others)) => format!(": `{fault}`, where there could be {}", others.join(", ")),
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
