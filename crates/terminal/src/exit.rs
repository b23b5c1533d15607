use anyhow::Result;
use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

/// Exit code for what was typed wrongly, as clap has it.
const USAGE: u8 = 2;
/// Exit code for everything else that failed.
const FAILURE: u8 = 1;

/// Marks an error as a mistake in what was typed; it reads as the error that it holds.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct UsageError(Box<dyn Error + Send + Sync>);

/// Marks `error` as a mistake in what was typed: `.map_err(terminal::usage)?`.
pub fn usage(error: impl Into<Box<dyn Error + Send + Sync>>) -> UsageError {
    UsageError(error.into())
}

/// Exit code of a program that ended with `result`: the program's own, 2 if a [`UsageError`] is among the causes of its
/// error, else 1. An error is printed on stderr, with its causes, in one line.
///
/// Of several processes one alone `speaks`, and its exit code counts: another ends without a word and without an error.
pub fn exit_code(speaks: bool, result: Result<ExitCode>) -> ExitCode {
    if !speaks {
        return ExitCode::SUCCESS;
    }
    result.unwrap_or_else(|error| {
        let _ = writeln!(io::stderr(), "error: {error:#}");
        ExitCode::from(code_of(&error))
    })
}

fn code_of(error: &anyhow::Error) -> u8 {
    if error.is::<UsageError>() {
        USAGE
    } else {
        FAILURE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn a_mistake_in_what_was_typed_exits_with_2_and_all_else_with_1() {
        let typed = || -> Result<()> { Err(usage("there is no class `pugg`").into()) };
        assert_eq!(code_of(&typed().unwrap_err()), 2);
        assert_eq!(code_of(&typed().context("classes").unwrap_err()), 2);
        assert_eq!(code_of(&anyhow::anyhow!("the disk is full")), 1);
    }

    #[test]
    fn the_mark_does_not_change_what_is_said() {
        let error = anyhow::Error::from(usage("there is no class `pugg`")).context("classes");
        assert_eq!(format!("{error:#}"), "classes: there is no class `pugg`");
    }
}
