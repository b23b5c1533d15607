//! Fails where the workspace is not built as ARCHITECTURE.md says: an arrow between crates that it does not draw, two
//! files of a crate that import each other, or a crate that holds more than a fifth of all lines.

mod crates;
mod files;
mod modules;

use std::{error::Error, path::Path, process::ExitCode};

/// Largest share of the lines below `src/` folders, unit tests included, that one crate may hold.
const LARGEST_SHARE: f64 = 0.2;

fn main() -> ExitCode {
    match problems() {
        Ok(problems) => {
            for problem in &problems {
                eprintln!("error: {problem}");
            }
            ExitCode::from(u8::from(!problems.is_empty()))
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn problems() -> Result<Vec<String>, Box<dyn Error>> {
    let packages = crates::packages()?;
    let (arrows, mut problems) = crates::undrawn(&packages);
    println!("{arrows} arrows between crates");
    let mut lines = Vec::new();
    for package in &packages {
        let source = Path::new(&package.folder).join("src");
        lines.push((package.name.as_str(), files::lines(&source)?));
        if source.join("lib.rs").is_file() {
            problems.extend(files::circles(&package.name, &source)?);
        }
    }
    problems.extend(too_large(&mut lines));
    Ok(problems)
}

/// Prints the lines of each crate, the largest first, and names the ones that hold too many.
fn too_large(lines: &mut [(&str, usize)]) -> Vec<String> {
    lines.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let total: usize = lines.iter().map(|(_, count)| count).sum();
    let share = |count: usize| count as f64 / total as f64;
    for (name, count) in lines.iter() {
        println!("{count:>6} lines, {:>4.1} %  {name}", 100.0 * share(*count));
    }
    lines
        .iter()
        .filter(|(_, count)| share(*count) > LARGEST_SHARE)
        .map(|(name, _)| format!("{name} holds more than a fifth of all lines: divide it"))
        .collect()
}
