//! Training: from a config file to a run on disk. See [`session::Session::train`] for the loop.

pub mod batch;
pub mod cli;
pub mod commands;
pub mod config;
pub mod curves;
pub mod data;
pub mod epoch_table;
pub mod feed;
pub mod fit;
pub mod interrupt;
pub mod learner;
pub mod optimizer;
pub mod position;
pub mod pretrained;
pub mod record;
pub mod rows;
pub mod run_curves;
pub mod run_writer;
pub mod schedule;
pub mod session;
pub mod shell;
pub mod smoothing;
pub mod store;
pub mod transfer;
