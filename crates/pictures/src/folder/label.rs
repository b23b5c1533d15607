//! The label in a file name.

/// Class in a name like `Maine_Coon_12.jpg`: the first group of fastai's pattern `([^/]+)_\d+.jpg$`, or `None` if it
/// does not match. Folders in front of the name are ignored; the last number is the picture's, so `a_1_2.jpg` is
/// `a_1`.
///
/// As in the pattern the dot stands for any one character, and `.jpg` is in lower case. Digits are 0 to 9 only
/// (Python's `\d` also takes those of other scripts).
pub fn label_of_file_name(name: &str) -> Option<&str> {
    let file_name = name
        .rsplit_once('/')
        .map_or(name, |(_, file_name)| file_name);
    let numbered = strip_any_character(file_name.strip_suffix("jpg")?)?;
    let label = numbered.trim_end_matches(|digit: char| digit.is_ascii_digit());
    if label.len() == numbered.len() {
        return None;
    }
    label.strip_suffix('_').filter(|label| !label.is_empty())
}

fn strip_any_character(text: &str) -> Option<&str> {
    let mut characters = text.chars();
    characters.next_back().filter(|&last| last != '\n')?;
    Some(characters.as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::label_of_file_name;

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
            ("pug_12-jpg", Some("pug")),
            ("pug_123jpg", Some("pug")),
            ("_12.jpg", None),
            ("folder/_12.jpg", None),
            ("pug_1jpg", None),
            ("pug.jpg", None),
            ("pug_.jpg", None),
            ("pug12.jpg", None),
            ("pug_12.JPG", None),
            ("pug_12.jpeg", None),
            ("pug_12.jpg.png", None),
            ("pug_12\njpg", None),
            ("jpg", None),
            ("", None),
        ] {
            assert_eq!(label_of_file_name(name), label, "{name:?}");
        }
    }

    /// The pattern spelt out: of all ways to cut the last part of the path, the one with the longest label.
    fn label_by_trying_everything(path: &str) -> Option<String> {
        let characters: Vec<char> = path.rsplit('/').next()?.chars().collect();
        let jpg = characters
            .len()
            .checked_sub(3)
            .filter(|&at| characters[at..] == ['j', 'p', 'g'])?;
        let any = jpg.checked_sub(1).filter(|&at| characters[at] != '\n')?;
        (1..any)
            .rev()
            .find(|&underscore| {
                let digits = &characters[underscore + 1..any];
                characters[underscore] == '_'
                    && !digits.is_empty()
                    && digits.iter().all(char::is_ascii_digit)
            })
            .map(|underscore| characters[..underscore].iter().collect())
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_pattern_tried_at_every_place(name in "[a_1/é\n]{0,8}[a_1.]{0,3}(jpg)?") {
            prop_assert_eq!(label_of_file_name(&name).map(str::to_owned), label_by_trying_everything(&name));
        }

        #[test]
        fn any_text_is_answered(name in any::<String>()) {
            prop_assert_eq!(label_of_file_name(&name).map(str::to_owned), label_by_trying_everything(&name));
        }

        #[test]
        fn a_breed_and_a_number_give_the_breed_back(breed in "[A-Za-z_]{1,20}", number in 0u32..100_000) {
            let name = format!("{breed}_{number}.jpg");
            prop_assert_eq!(label_of_file_name(&name), Some(breed.as_str()));
        }
    }
}
