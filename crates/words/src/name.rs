/// Similarity below which no name is suggested, from 0 to 1 (Jaro-Winkler).
const SIMILAR: f64 = 0.7;

/// The name in `known` that `typed` most likely stands for, if any is similar enough (Jaro-Winkler similarity of at
/// least 0.7 in lower case, a hyphen, a space and an underscore being the same); the first of equally similar ones.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = folded(typed);
    let mut best = None;
    for name in known {
        let similarity = strsim::jaro_winkler(&typed, &folded(name));
        if similarity >= SIMILAR && best.is_none_or(|(highest, _)| similarity > highest) {
            best = Some((similarity, name));
        }
    }
    best.map(|(_, name)| name)
}

/// Index of the name in `known` that `typed` is: large and small letters are the same, and so are a hyphen, a space and an
/// underscore.
pub fn position<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<usize> {
    let typed = folded(typed);
    known.into_iter().position(|name| folded(name) == typed)
}

/// `names` separated by commas; of more than two, the first and the number of the others.
pub fn abbreviated(names: &[String]) -> String {
    match names {
        [first, _, _, ..] => format!("{first} and {} others", names.len() - 1),
        few => few.join(", "),
    }
}

fn folded(name: &str) -> String {
    name.to_lowercase().replace([' ', '-'], "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_the_name_and_anything_else_finds_none() {
        let known = ["Abyssinian", "Maine_Coon", "pug"];
        assert_eq!(nearest("main-con", known), Some("Maine_Coon"));
        assert_eq!(nearest("zzz", known), None);
        assert_eq!(nearest("pug", [] as [&str; 0]), None);
    }

    #[test]
    fn letters_may_be_large_or_small_and_words_apart() {
        for typed in ["Maine_Coon", "maine_coon", "MAINE COON", "maine-coon"] {
            assert_eq!(position(typed, ["pug", "Maine_Coon"]), Some(1), "{typed}");
        }
        assert_eq!(position("pugg", ["pug", "Maine_Coon"]), None);
    }

    #[test]
    fn many_names_become_the_first_and_a_number() {
        let names = |count: usize| -> Vec<String> { (1..=count).map(|n| n.to_string()).collect() };
        assert_eq!(abbreviated(&names(2)), "1, 2");
        assert_eq!(abbreviated(&names(3)), "1 and 2 others");
    }
}
