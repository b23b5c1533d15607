//! Pictures with captions in a grid, as one picture: what `train preview` and `explain` show.
//!
//! A [`Sheet`] takes [`Cell`]s row by row. Every picture is scaled into the same square, its captions are broken to the
//! width of its column, and rows and columns take the room they need. What is right and what is wrong is told by a sign
//! and by two colours that colour-blind readers can tell apart.
//!
//! [`page()`] makes the frame of every page that is one file for a browser.

mod cell;
mod draw;
mod grid;
mod layout;
mod page;
mod save;
mod sheet;
mod text;
mod words;
mod wrap;

pub use cell::{Cell, Verdict};
pub use draw::beside;
pub use page::page;
pub use save::{SaveError, save_png};
pub use sheet::Sheet;
