//! fastai's epoch table, one line at a time.

use std::time::Duration;

/// Column names.
pub fn header() -> String {
    "epoch  train_loss  valid_loss  error_rate  time".to_owned()
}

/// One epoch; `epoch` from 1.
pub fn row(
    epoch: usize,
    train_loss: f32,
    valid_loss: f64,
    error_rate: f64,
    time: Duration,
) -> String {
    let seconds = time.as_secs();
    let time = format!("{:02}:{:02}", seconds / 60, seconds % 60);
    format!("{epoch:<5}  {train_loss:<10.6}  {valid_loss:<10.6}  {error_rate:<10.6}  {time}")
}
