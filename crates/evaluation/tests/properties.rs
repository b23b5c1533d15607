//! What holds of the figures whatever the predictions.

use evaluation::{
    BINS, Calibration, ClassFigures, ConfusionMatrix, Predictions, Temperature, Variant,
    error_rate, label_issues, least_sure_right, mean_loss, mean_loss_at, most_confused,
    top_k_accuracy, top_losses,
};
use proptest::prelude::*;

const CLASSES: usize = 4;

/// Pictures, each a row of logits and a true class.
type Rows = Vec<([f32; CLASSES], usize)>;

fn rows() -> impl Strategy<Value = Rows> {
    let row = (prop::array::uniform4(-6f32..6.0), 0..CLASSES);
    prop::collection::vec(row, 1..60)
}

/// Rows, and the same in another order: the picture that comes `n`th was `order[n]`th.
fn shuffled() -> impl Strategy<Value = (Rows, Vec<usize>)> {
    rows().prop_flat_map(|rows| {
        let order: Vec<usize> = (0..rows.len()).collect();
        (Just(rows), Just(order).prop_shuffle())
    })
}

fn predictions(rows: &Rows) -> Predictions {
    let logits = rows.iter().flat_map(|(logits, _)| *logits).collect();
    let truth = rows.iter().map(|(_, class)| *class).collect();
    Predictions::new(CLASSES, logits, truth).unwrap()
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-12
}

proptest! {
    #[test]
    fn rows_of_the_confusion_matrix_sum_to_the_class_counts_and_columns_to_what_was_said(rows in rows()) {
        let predictions = predictions(&rows);
        let matrix = ConfusionMatrix::new(&predictions);
        let figures = ClassFigures::of(&matrix);
        for (class, row) in matrix.rows().enumerate() {
            let count = rows.iter().filter(|(_, truth)| *truth == class).count();
            prop_assert_eq!(row.iter().sum::<usize>(), count);
            prop_assert_eq!(figures[class].pictures, count);
            let said = (0..rows.len()).filter(|picture| predictions.said(*picture) == class).count();
            prop_assert_eq!(figures[class].said, said);
        }
        let right: usize = figures.iter().map(|class| class.right).sum();
        prop_assert_eq!(right + error_rate(&predictions).count, rows.len());
        let confused = most_confused(&predictions, 1);
        let wrong: usize = confused.iter().map(|pair| pair.pictures.len()).sum();
        prop_assert_eq!(wrong, error_rate(&predictions).count);
    }

    #[test]
    fn more_guesses_are_right_more_often(rows in rows()) {
        let predictions = predictions(&rows);
        let counts: Vec<usize> = (0..=CLASSES).map(|k| top_k_accuracy(&predictions, k).count).collect();
        prop_assert!(counts.is_sorted());
        prop_assert_eq!(counts[1], rows.len() - error_rate(&predictions).count);
        prop_assert_eq!(counts[CLASSES], rows.len());
    }

    #[test]
    fn calibration_errors_are_shares_and_bins_hold_all_pictures(rows in rows(), bins in 1usize..40) {
        let calibration = Calibration::new(&predictions(&rows), bins);
        prop_assert!(0.0 <= calibration.expected_error);
        prop_assert!(calibration.expected_error <= calibration.maximum_error + 1e-12);
        prop_assert!(calibration.maximum_error <= 1.0);
        prop_assert!((0.0..=2.0).contains(&calibration.brier));
        prop_assert_eq!(calibration.bins.iter().map(|bin| bin.pictures).sum::<usize>(), rows.len());
        for bin in &calibration.bins {
            if let Some(confidence) = bin.confidence {
                prop_assert!(bin.above - 1e-12 < confidence && confidence <= bin.up_to + 1e-12);
            }
        }
    }

    #[test]
    fn no_figure_depends_on_the_order_of_pictures((rows, order) in shuffled()) {
        let one = predictions(&rows);
        let other = predictions(&order.iter().map(|picture| rows[*picture]).collect());
        prop_assert_eq!(ConfusionMatrix::new(&one), ConfusionMatrix::new(&other));
        prop_assert_eq!(top_k_accuracy(&one, 2), top_k_accuracy(&other, 2));
        prop_assert!(close(mean_loss(&one), mean_loss(&other)));
        let calibrations = [&one, &other].map(|predictions| Calibration::new(predictions, BINS));
        prop_assert!(close(calibrations[0].expected_error, calibrations[1].expected_error));
        prop_assert!(close(calibrations[0].brier, calibrations[1].brier));
        match (Temperature::of(&one), Temperature::of(&other)) {
            // Where the loss is flat, rounding moves its minimum along.
            (Temperature::Minimum(t), Temperature::Minimum(u)) => {
                prop_assert!(close(mean_loss_at(&one, t), mean_loss_at(&one, u)));
            }
            (one, other) => prop_assert_eq!(one, other),
        }
    }

    #[test]
    fn lists_name_the_same_pictures_in_any_order((rows, order) in shuffled()) {
        let one = predictions(&rows);
        let other = predictions(&order.iter().map(|picture| rows[*picture]).collect());
        let losses = |predictions: &Predictions| -> Vec<usize> {
            top_losses(predictions).iter().map(|loss| loss.picture).collect()
        };
        let before = |pictures: Vec<usize>| -> Vec<usize> {
            pictures.into_iter().map(|picture| order[picture]).collect()
        };
        prop_assert_eq!(losses(&one), before(losses(&other)));
        for variant in [Variant::ConfidentJoint, Variant::PruneByNoiseRate] {
            let issues = |predictions: &Predictions| -> Vec<usize> {
                let issues = label_issues(predictions, variant);
                issues.iter().map(|issue| issue.picture).collect()
            };
            prop_assert_eq!(issues(&one), before(issues(&other)));
        }
    }

    #[test]
    fn no_picture_that_is_right_is_suspected_and_a_suspect_names_what_was_said(rows in rows()) {
        let predictions = predictions(&rows);
        for variant in [Variant::ConfidentJoint, Variant::PruneByNoiseRate] {
            for issue in label_issues(&predictions, variant) {
                prop_assert!(!predictions.is_right(issue.picture));
                prop_assert_eq!(issue.likely, predictions.said(issue.picture));
                prop_assert_eq!(issue.label, predictions.truth()[issue.picture]);
            }
        }
        for right in least_sure_right(&predictions) {
            prop_assert!(predictions.is_right(right.picture));
        }
    }
}
