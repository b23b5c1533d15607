//! What a network gets wrong on pictures whose class is known.
//!
//! `answered` asks it about them, `figures` and `suspects` say what the answers come to, `drawings` are the pictures to look
//! at; `text`, `tables`, `charts` and `page` tell it.

pub mod answered;
pub mod charts;
pub mod drawings;
pub mod figures;
pub mod page;
pub mod suspects;
pub mod tables;
pub mod text;
