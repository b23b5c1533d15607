//! Breaks words into lines of a given width.

/// The sign that stands for words that were left out.
const ELLIPSIS: char = '…';

/// Breaks `text` into at most `most_lines` lines that `measure` finds no wider than `width`. A line ends after a space,
/// or inside a name after one of `_ - /`, or, if a single piece is wider than a line, anywhere. What does not fit is
/// left out and the last line ends in "…". White space of any kind counts as one space. Where not even "…" fits, the
/// text is left out.
pub(crate) fn wrap(
    text: &str,
    width: f32,
    most_lines: usize,
    measure: impl Fn(&str) -> f32,
) -> Vec<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits = |line: &str| measure(line) <= width;
    let mut rest = text.as_str();
    let mut lines = Vec::new();
    while !rest.is_empty() && lines.len() < most_lines {
        if fits(rest) {
            lines.push(rest.to_string());
            return lines;
        }
        if lines.len() + 1 == most_lines {
            lines.extend(elide(rest, fits));
            return lines;
        }
        match first_line(rest, fits) {
            0 => return lines,
            end => {
                lines.push(rest[..end].trim_end().to_string());
                rest = rest[end..].trim_start();
            }
        }
    }
    lines
}

/// The longest beginning of `text` that fits together with an ellipsis.
fn elide(text: &str, fits: impl Fn(&str) -> bool) -> Option<String> {
    let ends = text.char_indices().map(|(end, _)| end);
    ends.map(|end| format!("{}{ELLIPSIS}", text[..end].trim_end()))
        .filter(|line| fits(line))
        .last()
}

/// The end of the first line of `text` in bytes: after the last piece that fits, else after the last letter that does.
fn first_line(text: &str, fits: impl Fn(&str) -> bool) -> usize {
    let breaks = text
        .match_indices([' ', '_', '-', '/'])
        .map(|(at, sign)| at + sign.len());
    let letters = text
        .char_indices()
        .map(|(at, letter)| at + letter.len_utf8());
    let longest = |ends: &mut dyn Iterator<Item = usize>| {
        ends.filter(|end| fits(text[..*end].trim_end())).last()
    };
    longest(&mut breaks.into_iter())
        .or_else(|| longest(&mut letters.into_iter()))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every letter is one wide.
    fn letters(text: &str) -> f32 {
        text.chars().count() as f32
    }

    fn lines(text: &str, width: u16, most_lines: usize) -> Vec<String> {
        wrap(text, f32::from(width), most_lines, letters)
    }

    #[test]
    fn a_short_text_is_one_line() {
        assert_eq!(lines("a pug", 10, 2), ["a pug"]);
        assert_eq!(lines(" a\n\tpug ", 10, 2), ["a pug"]);
        assert_eq!(lines("", 10, 2), [""; 0]);
        assert_eq!(lines(" \n ", 10, 2), [""; 0]);
    }

    #[test]
    fn a_line_breaks_between_words_and_inside_names() {
        assert_eq!(lines("two pugs asleep", 10, 2), ["two pugs", "asleep"]);
        assert_eq!(
            lines("american_pit_bull_terrier", 20, 2),
            ["american_pit_bull_", "terrier"]
        );
        assert_eq!(lines("abcdefghijklm", 10, 2), ["abcdefghij", "klm"]);
    }

    #[test]
    fn what_does_not_fit_ends_in_an_ellipsis() {
        assert_eq!(
            lines("two pugs asleep on a mat", 10, 2),
            ["two pugs", "asleep on…"]
        );
        assert_eq!(lines("Maine_Coon", 6, 1), ["Maine…"]);
        assert_eq!(lines("aaa bbb", 5, 1), ["aaa…"]);
        assert_eq!(lines("Müßiggänger", 5, 1), ["Müßi…"]);
    }

    #[test]
    fn no_room_is_no_text() {
        assert_eq!(lines("a pug", 0, 2), [""; 0]);
        assert_eq!(lines("a pug", 10, 0), [""; 0]);
    }

    proptest! {
        #[test]
        fn lines_fit_and_lose_nothing_without_an_ellipsis(
            text in "[a-zäöß_/ \n-]{0,60}", width in 0u16..20, most_lines in 0usize..4,
        ) {
            let lines = lines(&text, width, most_lines);
            prop_assert!(lines.len() <= most_lines);
            for line in &lines {
                prop_assert!(letters(line) <= f32::from(width), "{line:?}");
                prop_assert!(!line.is_empty() && line.trim() == line, "{line:?}");
            }
            let without_spaces = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
            let (shown, whole) = (without_spaces(&lines.concat()), without_spaces(&text));
            match shown.strip_suffix(ELLIPSIS) {
                Some(beginning) => prop_assert!(whole.starts_with(beginning) && beginning.len() < whole.len()),
                None if most_lines == 0 || width == 0 => prop_assert!(shown.is_empty()),
                None => prop_assert_eq!(shown, whole),
            }
        }
    }
}
