//! Stories across the crates, told through the programs as a user types them: see `tests/`. Here is what they share.

pub mod browser;
pub mod folders;
pub mod lost_device;
pub mod moments;
pub mod mpirun;
pub mod program;
pub mod run_files;
pub mod spoilt;
pub mod two_machines;
