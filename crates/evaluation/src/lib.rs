//! What a network gets wrong: figures of predictions whose truth is known, on plain numbers. One file per figure, each with
//! its formula and source.
//!
//! [`Predictions`] are a row of logits and a true class for each picture. Probabilities, losses and sums are taken in f64. No
//! figure depends on the order of pictures beyond rounding; where pictures are listed, equal ones come in their order.
//!
//! ```
//! use evaluation::{Predictions, error_rate};
//!
//! let logits = vec![2.0, 0.5, -1.0, 0.1, 0.3, 0.2];
//! let predictions = Predictions::new(3, logits, vec![0, 2])?;
//! assert_eq!(error_rate(&predictions).value, 0.5);
//! # Ok::<(), evaluation::PredictionError>(())
//! ```

mod accuracy;
mod calibration;
mod class_figures;
mod confusion;
mod duplicates;
mod features;
mod label_issues;
mod losses;
mod nearest;
mod predictions;
mod proportion;
mod temperature;
mod tta;

pub use accuracy::{error_rate, top_k_accuracy};
pub use calibration::{BINS, Bin, Calibration};
pub use class_figures::{ClassFigures, MacroMeans};
pub use confusion::{Confused, ConfusionMatrix, most_confused, most_confused_pairs};
pub use duplicates::{NearDuplicates, SimilarPair, near_duplicates};
pub use features::{FeatureError, Features};
pub use label_issues::{LabelIssue, Variant, confident_joint, label_issues};
pub use losses::{PictureLoss, least_sure_right, mean_loss, top_losses};
pub use nearest::near_duplicate_threshold;
pub use predictions::{PredictionError, Predictions};
pub use proportion::Proportion;
pub use temperature::{Temperature, mean_loss_at};
pub use tta::{BETA, ViewError, average_views};
