//! Spoils labels: `cargo run -p stories --bin spoil -- FOLDER SHARE SEED` writes FOLDER/labels.csv for a drawn sample, with a
//! share of its labels wrong.

use std::{path::Path, process::ExitCode};
use stories::spoilt::{SpoiltLine, spoil_labels};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, share, seed] = arguments.as_slice() else {
        eprintln!("error: say FOLDER SHARE SEED, as in `spoil data/sample 0.05 1`");
        return ExitCode::from(2);
    };
    let (Ok(share), Ok(seed)) = (share.parse(), seed.parse()) else {
        eprintln!("error: the share and the seed are numbers, as in `spoil data/sample 0.05 1`");
        return ExitCode::from(2);
    };
    match spoil_labels(Path::new(folder), share, seed) {
        Ok(lines) => {
            let spoilt = lines
                .iter()
                .filter(|line| SpoiltLine::is_spoilt(line))
                .count();
            println!(
                "{folder}/labels.csv: {} pictures, {spoilt} with a wrong label",
                lines.len()
            );
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {folder}: {error}");
            ExitCode::FAILURE
        }
    }
}
