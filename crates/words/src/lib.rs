//! How numbers and names read in messages, the same in every room.

mod count;
mod name;
mod number;
mod shell;

pub use count::{counted, first_three};
pub use name::{abbreviated, nearest, position};
pub use number::{number, percent};
pub use shell::quoted;
