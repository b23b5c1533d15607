//! Names of classes as people type them.

/// How alike a name and a suggestion must be, from 0 to 1 (Jaro-Winkler).
const ALIKE: f64 = 0.7;

/// The class is not one of the network's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no class `{name}`{}; this network knows: {}", suggestion(.similar), .known.join(", "))]
pub struct UnknownClass {
    /// As typed.
    pub name: String,
    /// The class that it may have meant.
    pub similar: Option<String>,
    /// All classes.
    pub known: Vec<String>,
}

/// Index of the class called `name`: large and small letters are the same, and so are spaces, hyphens and underscores.
pub fn find(name: &str, classes: &[String]) -> Result<usize, UnknownClass> {
    let wanted = plain(name);
    if let Some(index) = classes.iter().position(|class| plain(class) == wanted) {
        return Ok(index);
    }
    let likeness = |class: &String| strsim::jaro_winkler(&plain(class), &wanted);
    let similar = classes
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
        .filter(|class| likeness(class) >= ALIKE);
    Err(UnknownClass {
        name: name.to_owned(),
        similar: similar.cloned(),
        known: classes.to_vec(),
    })
}

fn plain(name: &str) -> String {
    name.to_lowercase().replace([' ', '-'], "_")
}

fn suggestion(similar: &Option<String>) -> String {
    similar
        .as_ref()
        .map_or_else(String::new, |class| format!(", did you mean `{class}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes() -> Vec<String> {
        ["Abyssinian", "Maine_Coon", "pug"]
            .map(str::to_owned)
            .to_vec()
    }

    #[test]
    fn letters_may_be_large_or_small_and_words_apart() {
        for name in ["Maine_Coon", "maine_coon", "MAINE COON", "maine-coon"] {
            assert_eq!(find(name, &classes()), Ok(1), "{name}");
        }
    }

    #[test]
    fn a_slip_of_the_keyboard_gets_a_suggestion_and_the_list() {
        let error = find("main_con", &classes()).unwrap_err();
        assert_eq!(error.similar.as_deref(), Some("Maine_Coon"));
        let said = error.to_string();
        assert!(
            said.contains("did you mean `Maine_Coon`?") && said.contains("Abyssinian"),
            "{said}"
        );
        assert_eq!(find("zzz", &classes()).unwrap_err().similar, None);
    }
}
