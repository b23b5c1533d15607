//! How numbers and names read in messages and become names of files, the same in every room.

mod count;
mod file_name;
mod name;
mod number;
mod readable;
mod shell;

pub use count::{counted, first_three};
pub use file_name::{file_key, file_name, slashes};
pub use name::{Match, abbreviated, find, forms, nearest, same_text};
pub use number::{number, percent};
pub use readable::{hides_letters, readable};
pub use shell::quoted;
