//! Training: from a config file to a run on disk. See `Session::train` in `session` for the loop.

mod advice;
pub mod batch;
pub mod cli;
pub mod commands;
pub mod config;
mod curves;
mod data;
mod epoch_table;
pub mod feed;
pub mod fit;
mod inspection;
mod interrupt;
pub mod learner;
pub mod optimizer;
pub mod position;
mod pretrained;
mod record;
mod resumed;
mod rows;
mod run_curves;
mod run_writer;
pub mod schedule;
mod session;
mod shell;
pub mod smoothing;
mod store;
mod transfer;
