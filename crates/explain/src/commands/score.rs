use crate::cli::ScoreArgs;
use anyhow::Result;

/// Scores
pub fn score(_arguments: &ScoreArgs) -> Result<()> {
    Ok(())
}
