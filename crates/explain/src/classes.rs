//! Names of classes as people type them.

use words::{nearest, position};

/// The class is not one of the network's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no class `{name}`{}; this network knows: {}", suggestion(.similar), .known.join(", "))]
pub struct UnknownClass {
    /// The name as typed.
    pub name: String,
    /// The class that it may have meant.
    pub similar: Option<String>,
    /// All classes.
    pub known: Vec<String>,
}

/// Index of the class called `name`, see [`words::position`].
///
/// # Errors
/// There is no such class.
pub fn find(name: &str, classes: &[String]) -> Result<usize, UnknownClass> {
    let known = || classes.iter().map(String::as_str);
    position(name, known()).ok_or_else(|| UnknownClass {
        name: name.to_owned(),
        similar: nearest(name, known()).map(str::to_owned),
        known: classes.to_vec(),
    })
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
        let error = find("main_con", &classes).unwrap_err();
        assert_eq!(error.similar.as_deref(), Some("Maine_Coon"));
        let said = error.to_string();
        assert!(
            said.contains("did you mean `Maine_Coon`?") && said.contains("Abyssinian"),
            "{said}"
        );
        assert_eq!(find("zzz", &classes).unwrap_err().similar, None);
    }
}
