//! The label in a file name.

use std::fmt::{self, Display, Formatter};

use regex::Regex;

use super::name;

/// The pattern of fastai's notebook on the Oxford-IIIT Pets, for [`LabelPattern`].
pub const NOTEBOOK_PATTERN: &str = r"([^/]+)_\d+.jpg$";

/// Class in a name like `Maine_Coon_12.jpg`: all before the last underscore, if nothing but a number (digits 0 to 9)
/// follows it up to the extension, which may be any. Folders in front of the name are ignored; the last number is the
/// picture's, so `a_1_2.jpg` is `a_1`.
///
/// For names in `.jpg` this is what [`NOTEBOOK_PATTERN`] finds.
pub fn label_of_file_name(name: &str) -> Option<&str> {
    let stem = name::stem(name);
    let (label, number) = stem.rsplit_once('_')?;
    let is_number = !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit());
    (is_number && !label.is_empty()).then_some(label)
}

/// A regular expression whose first group is the class. It is searched for in the name of a picture with its folders
/// (`cats/Maine_Coon_12.jpg`), as fastai's `from_name_re` searches in the path.
#[derive(Debug, Clone)]
pub struct LabelPattern(Regex);

impl LabelPattern {
    /// The pattern `text`.
    ///
    /// # Errors
    /// A sentence about a pattern that cannot be read, or that has no group.
    pub fn new(text: &str) -> Result<Self, String> {
        let regex = Regex::new(text).map_err(|error| pattern_fault(&error))?;
        if regex.captures_len() < 2 {
            return Err(format!(
                "it has no group: put the class in round brackets, as in {NOTEBOOK_PATTERN}"
            ));
        }
        Ok(Self(regex))
    }

    /// Text of the first group in `name`, if the pattern is in it and the group is not empty.
    pub fn label<'a>(&self, name: &'a str) -> Option<&'a str> {
        let label = self.0.captures(name)?.get(1)?.as_str();
        (!label.is_empty()).then_some(label)
    }
}

/// What is wrong with a regular expression, in one line. The parser draws the place on several; the last says the fault.
pub fn pattern_fault(error: &regex::Error) -> String {
    let message = error.to_string();
    let last = message.lines().last().unwrap_or_default().trim();
    let fault = last.trim_start_matches("error: ");
    fault.trim_end_matches('.').to_owned()
}

impl PartialEq for LabelPattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

/// The regular expression.
impl Display for LabelPattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_label_is_all_before_the_last_number() {
        for (name, label) in [
            ("Abyssinian_1.jpg", Some("Abyssinian")),
            (
                "american_pit_bull_terrier_100.jpg",
                Some("american_pit_bull_terrier"),
            ),
            ("images/pug_7.jpg", Some("pug")),
            ("a_1_2.jpg", Some("a_1")),
            ("__12.jpg", Some("_")),
            ("été_3.jpg", Some("été")),
            ("pug_2.JPG", Some("pug")),
            ("Bombay_1.jpeg", Some("Bombay")),
            ("pug_3.png", Some("pug")),
            ("v1.2_3.webp", Some("v1.2")),
            ("_12.jpg", None),
            ("folder/_12.jpg", None),
            ("folder_1/pug.jpg", None),
            ("pug_1.2.jpg", None),
            ("pug.jpg", None),
            ("pug_.jpg", None),
            ("pug12.jpg", None),
            ("pug_12.jpg.png", None),
            ("pug_١.jpg", None),
            ("", None),
        ] {
            assert_eq!(label_of_file_name(name), label, "{name:?}");
        }
    }

    #[test]
    fn the_notebooks_pattern_stays_available_to_the_letter() {
        let notebook = LabelPattern::new(NOTEBOOK_PATTERN).expect("a pattern");
        for (name, label) in [
            ("images/pug_7.jpg", Some("pug")),
            ("pug_12-jpg", Some("pug")),
            ("pug_12.JPG", None),
            ("pug_12.jpeg", None),
            ("pug_12.jpg.png", None),
            ("pug.jpg", None),
        ] {
            assert_eq!(notebook.label(name), label, "{name:?}");
        }
    }

    #[test]
    fn a_pattern_says_what_is_wrong_with_it() {
        let wrong = |text: &str| LabelPattern::new(text).expect_err(text);
        assert!(
            wrong("(pug").contains("unclosed group"),
            "{}",
            wrong("(pug")
        );
        assert!(!wrong("(pug").contains('\n'));
        assert!(wrong(r"\d+").contains("no group"), "{}", wrong(r"\d+"));
        assert!(wrong("(?:a)b").contains("no group"));
        assert!(wrong("(?=a)b").contains("look"), "{}", wrong("(?=a)b"));
        let optional = LabelPattern::new("(a)?b").expect("a pattern");
        assert_eq!(optional.label("b"), None);
        let empty = LabelPattern::new("(a*)b").expect("a pattern");
        assert_eq!(empty.label("b"), None);
    }

    proptest! {
        #[test]
        fn in_jpg_it_agrees_with_the_notebooks_pattern(name in "[a_1/é.]{0,8}[a_1.]{0,3}\\.jpg") {
            let notebook = LabelPattern::new(NOTEBOOK_PATTERN).expect("a pattern");
            prop_assert_eq!(label_of_file_name(&name), notebook.label(&name));
        }

        #[test]
        fn any_text_is_answered(name in any::<String>()) {
            if let Some(label) = label_of_file_name(&name) {
                let file_name = name.rsplit('/').next().expect("a last part");
                let rest = file_name.strip_prefix(label).expect("a beginning of the file name");
                prop_assert!(rest.starts_with('_'), "{:?}", rest);
            }
        }

        #[test]
        fn a_breed_and_a_number_give_the_breed_back(
            breed in "[A-Za-z_]{1,20}", number in 0u32..100_000, ending in "[A-Za-z]{1,5}",
        ) {
            let name = format!("{breed}_{number}.{ending}");
            prop_assert_eq!(label_of_file_name(&name), Some(breed.as_str()));
        }
    }
}
