/// `name` with what moves the cursor, turns the direction of writing or is not seen at all spelt out, `cat\\u{200b}`.
pub fn readable(name: &str) -> String {
    let mut readable = String::new();
    for letter in name.chars() {
        if letter.is_control() || is_unseen(letter) || is_joiner(letter) {
            readable.extend(letter.escape_default());
        } else {
            readable.push(letter);
        }
    }
    readable
}

/// Tells whether two names may look the same though they differ, because `name` has a letter that nobody sees, or a space
/// at an end. Joiners, by which some scripts are written, do not count.
pub fn hides_letters(name: &str) -> bool {
    name.trim() != name || name.chars().any(is_unseen)
}

/// Signs without width and those that turn the direction of writing.
fn is_unseen(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
    ) || matches!(letter, '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Signs without width that join letters of Persian or Hindi, or parts of an emoji, or keep them apart.
fn is_joiner(letter: char) -> bool {
    matches!(letter, '\u{200c}' | '\u{200d}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_spelt_out() {
        for (name, shown) in [
            ("cat", "cat"),
            ("a\nb\u{202e}.jpg", "a\\nb\\u{202e}.jpg"),
            ("cat\u{200b}", "cat\\u{200b}"),
            ("\u{feff}cat", "\\u{feff}cat"),
            ("猫 é", "猫 é"),
        ] {
            assert_eq!(readable(name), shown);
        }
        for name in [" cat", "cat ", "cat\u{200b}", "c\u{ad}at", "cat\u{a0}"] {
            assert!(hides_letters(name), "{name:?}");
        }
        for name in ["cat", "big cat", "می\u{200c}خواهم", "👩\u{200d}🔬"] {
            assert!(!hides_letters(name), "{name:?}");
        }
    }
}
