use clap::Parser;

/// Exit code for what was typed wrongly.
const USAGE: i32 = 2;

/// The command line as a `T`. `--help` is printed; what was typed wrongly is told in one sentence on stderr, with exit
/// code 2. Either ends the program.
pub fn command_line<T: Parser>() -> T {
    command_line_of(true)
}

/// The same in one of several processes, of which one alone `speaks`: another that is to end does so without a word and
/// without an error, so that it ends none of the others before they have spoken.
pub fn command_line_of<T: Parser>(speaks: bool) -> T {
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
        sentence += line;
    }
    sentence + "; --help tells more"
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
        let unknown = said(&["--layuot", "fastai"]);
        assert!(
            unknown.starts_with("unexpected argument '--layuot' found; "),
            "{unknown}"
        );
        assert!(!unknown.contains('\n'), "{unknown}");
    }
}
