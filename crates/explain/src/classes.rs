//! Names of classes as people type them.

use words::{Match, nearest};

/// A typed name that is not the name of one class.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClassError {
    /// The class is not one of the network's.
    #[error("there is no class `{name}`{}; this network knows: {}", suggestion(.similar), .known.join(", "))]
    Unknown {
        /// The name as typed.
        name: String,
        /// The class that it may have meant.
        similar: Option<String>,
        /// All classes.
        known: Vec<String>,
    },
    /// Several classes are called so, but for case, spacing or the form of letters.
    #[error("the class `{name}` may be `{}`: type one of them as it is written here", .candidates.join("` or `"))]
    Ambiguous {
        /// The name as typed.
        name: String,
        /// The classes that may be meant.
        candidates: Vec<String>,
    },
}

/// Index of the class called `name`, see [`words::find`].
///
/// # Errors
/// There is no such class, or there are several.
pub fn find(name: &str, classes: &[String]) -> Result<usize, ClassError> {
    let known = || classes.iter().map(String::as_str);
    match words::find(name, known()) {
        Match::One(index) => Ok(index),
        Match::Several(indices) => Err(ClassError::Ambiguous {
            name: name.to_owned(),
            candidates: indices
                .iter()
                .map(|index| classes[*index].clone())
                .collect(),
        }),
        Match::None => Err(ClassError::Unknown {
            name: name.to_owned(),
            similar: nearest(name, known()).map(str::to_owned),
            known: classes.to_vec(),
        }),
    }
}

fn suggestion(similar: &Option<String>) -> String {
    similar
        .as_ref()
        .map_or_else(String::new, |class| format!(", did you mean `{class}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_keyboard_gets_a_suggestion_and_the_list() {
        let classes = ["Abyssinian", "Maine_Coon", "pug"].map(str::to_owned);
        assert_eq!(find("maine coon", &classes), Ok(1));
        let said = find("main_con", &classes).unwrap_err().to_string();
        assert!(
            said.contains("did you mean `Maine_Coon`?") && said.contains("Abyssinian"),
            "{said}"
        );
        let said = find("zzz", &classes).unwrap_err().to_string();
        assert!(!said.contains("did you mean"), "{said}");
    }

    #[test]
    fn a_name_that_may_be_two_classes_is_an_error_that_lists_them_and_the_exact_one_is_taken() {
        let classes = ["maine_coon", "Maine Coon", "pug"].map(str::to_owned);
        assert_eq!(find("Maine Coon", &classes), Ok(1));
        let said = find("MAINE-COON", &classes).unwrap_err().to_string();
        assert!(said.contains("`maine_coon` or `Maine Coon`"), "{said}");
    }
}
