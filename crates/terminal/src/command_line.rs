use clap::Parser;

/// Exit code for what was typed wrongly.
const USAGE: i32 = 2;

/// The command line as a `T`. `--help` is printed; what was typed wrongly is told in one sentence on stderr, with exit
/// code 2. Either ends the program.
///
/// Of several processes one alone `speaks`: another that is to end does so without a word and without an error, so that it
/// ends none of the others before they have spoken.
pub fn command_line<T: Parser>(speaks: bool) -> T {
    T::try_parse().unwrap_or_else(|error| {
        if !speaks {
            std::process::exit(0);
        }
        if !error.use_stderr() {
            error.exit();
        }
        eprintln!("error: {}", sentence(&error.to_string()));
        std::process::exit(USAGE)
    })
}

/// The paragraphs of clap's `message` in one line, without the usage.
fn sentence(message: &str) -> String {
    let lines = message.lines().map(str::trim);
    let said = lines.take_while(|line| {
        !line.starts_with("Usage:") && !line.starts_with("For more information")
    });
    let mut sentence = String::new();
    for line in said.filter(|line| !line.is_empty()) {
        let line = line.trim_start_matches("error: ");
        let line = line.trim_start_matches("tip: ");
        let line = line.trim_matches(['[', ']']);
        match sentence.chars().last() {
            None => {}
            Some(':') => sentence.push(' '),
            Some(_) => sentence += "; ",
        }
        sentence += &in_words(line);
    }
    sentence + "; --help tells more"
}

/// `line` without the words that Rust's numbers are refused in.
fn in_words(line: &str) -> String {
    const WORDS: [(&str, &str); 6] = [
        ("invalid digit found in string", "it must be a whole number"),
        (
            "cannot parse integer from empty string",
            "it must be a whole number",
        ),
        (
            "number too large to fit in target type",
            "the number is too large",
        ),
        (
            "number too small to fit in target type",
            "the number is too small",
        ),
        ("invalid float literal", "it must be a number"),
        (
            "cannot parse float from empty string",
            "it must be a number",
        ),
    ];
    if let Some((start, range)) = line.rsplit_once(" is not in ")
        && let Some((least, most)) = range.split_once("..=")
    {
        return format!("{start} is not within {least} and {most}");
    }
    let known = WORDS.iter().find(|(theirs, _)| line.contains(theirs));
    known.map_or_else(
        || line.to_owned(),
        |(theirs, ours)| line.replace(theirs, ours),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[derive(Debug, Clone, ValueEnum)]
    enum Layout {
        Fastai,
        Torchvision,
    }

    #[derive(Debug, Parser)]
    struct Typed {
        #[arg(long)]
        layout: Option<Layout>,
        #[arg(long, requires = "layout")]
        to: Option<String>,
        #[arg(long, value_parser = clap::value_parser!(u16).range(32..=2048))]
        size: Option<u16>,
    }

    fn said(arguments: &[&str]) -> String {
        let typed = [&["program"], arguments].concat();
        sentence(&Typed::try_parse_from(typed).unwrap_err().to_string())
    }

    #[test]
    fn mistakes_are_one_sentence_with_what_may_be_typed() {
        assert_eq!(
            said(&["--layout", "torchvison"]),
            "invalid value 'torchvison' for '--layout <LAYOUT>'; possible values: fastai, torchvision; a similar value \
             exists: 'torchvision'; --help tells more"
        );
        assert_eq!(
            said(&["--to", "a"]),
            "the following required arguments were not provided: --layout <LAYOUT>; --help tells more"
        );
        for (size, fault) in [
            ("x", "it must be a whole number"),
            ("", "it must be a whole number"),
            ("1.5", "it must be a whole number"),
            ("99999999999999999999", "the number is too large"),
            ("7", "7 is not within 32 and 2048"),
        ] {
            let said = said(&["--size", size]);
            assert!(said.contains(fault) && !said.contains(".."), "{said}");
        }
        let unknown = said(&["--layuot", "fastai"]);
        assert!(
            unknown.starts_with("unexpected argument '--layuot' found; "),
            "{unknown}"
        );
        assert!(!unknown.contains('\n'), "{unknown}");
    }
}
