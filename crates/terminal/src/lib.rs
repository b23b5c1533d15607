//! How the programs speak: results on stdout, messages and progress on stderr, errors with an exit code.

mod bar;
mod command_line;
mod exit;
mod printer;
mod volume;

pub use bar::Bar;
pub use command_line::command_line;
pub use exit::{UsageError, exit_code, usage};
pub use printer::{Said, Terminal};
pub use volume::{Volume, VolumeArgs};
