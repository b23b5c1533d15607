use crate::confusion::ConfusionMatrix;

/// How one class fares. Figures are `None` where they would divide nothing by nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassFigures {
    /// Pictures of this class.
    pub pictures: usize,
    /// Pictures said to be of this class.
    pub said: usize,
    /// Pictures of this class that were said to be.
    pub right: usize,
}

/// Means over the classes that have pictures, each class counting the same.
///
/// There a class that was never said has the precision 0, so that a network does not gain by never saying it; scikit-learn's
/// `average="macro", zero_division=0` over the labels that occur as true ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MacroMeans {
    /// Number of classes that have pictures; at least one.
    pub classes: usize,
    /// Mean precision.
    pub precision: f64,
    /// Mean recall, also called balanced accuracy.
    pub recall: f64,
    /// Mean F1.
    pub f1: f64,
}

impl ClassFigures {
    /// Figures of each class.
    pub fn of(matrix: &ConfusionMatrix) -> Vec<Self> {
        let mut said = vec![0; matrix.classes()];
        for row in matrix.rows() {
            for (said, count) in said.iter_mut().zip(row) {
                *said += count;
            }
        }
        let rows = matrix.rows().zip(said).enumerate();
        rows.map(|(class, (row, said))| Self {
            pictures: row.iter().sum(),
            said,
            right: row[class],
        })
        .collect()
    }

    /// Of the pictures said to be of this class, the share that are; `None` if it was never said.
    pub fn precision(&self) -> Option<f64> {
        share(self.right, self.said)
    }

    /// Of the pictures of this class, the share said to be; `None` if there are none.
    pub fn recall(&self) -> Option<f64> {
        share(self.right, self.pictures)
    }

    /// The harmonic mean of precision and recall, `2 right / (said + pictures)`: 0 for a class that was never said although it
    /// has pictures, or the other way round; `None` if it neither has pictures nor was said.
    pub fn f1(&self) -> Option<f64> {
        share(2 * self.right, self.said + self.pictures)
    }
}

impl MacroMeans {
    /// Means of [`ClassFigures::of`] a matrix; `None` if no class has pictures.
    pub fn of(figures: &[ClassFigures]) -> Option<Self> {
        let present: Vec<&ClassFigures> = figures
            .iter()
            .filter(|figures| figures.pictures > 0)
            .collect();
        if present.is_empty() {
            return None;
        }
        let mean = |figure: fn(&ClassFigures) -> Option<f64>| {
            let values = present.iter().map(|class| figure(class).unwrap_or(0.0));
            values.sum::<f64>() / present.len() as f64
        };
        Some(Self {
            classes: present.len(),
            precision: mean(ClassFigures::precision),
            recall: mean(ClassFigures::recall),
            f1: mean(ClassFigures::f1),
        })
    }
}

fn share(count: usize, of: usize) -> Option<f64> {
    (of > 0).then(|| count as f64 / of as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predictions::Predictions;

    /// Classes: 0 has pictures and was said, 1 was never said, 2 has no pictures, 3 neither.
    fn figures() -> Vec<ClassFigures> {
        let logits = [
            [1.0, 0.0, 0.0, 0.0],
            [1.0, 0.0, 0.0, 0.0],
            [0.0, 0.0, 1.0, 0.0],
        ];
        let predictions = Predictions::new(4, logits.concat(), vec![0, 1, 0]).unwrap();
        ClassFigures::of(&ConfusionMatrix::new(&predictions))
    }

    #[test]
    fn what_would_divide_nothing_by_nothing_is_left_open() {
        let figures = figures();
        let precision: Vec<_> = figures.iter().map(ClassFigures::precision).collect();
        let recall: Vec<_> = figures.iter().map(ClassFigures::recall).collect();
        let f1: Vec<_> = figures.iter().map(ClassFigures::f1).collect();
        assert_eq!(precision, [Some(0.5), None, Some(0.0), None]);
        assert_eq!(recall, [Some(0.5), Some(0.0), None, None]);
        assert_eq!(f1, [Some(0.5), Some(0.0), Some(0.0), None]);
    }

    #[test]
    fn a_class_that_is_never_said_lowers_the_mean_precision_and_one_without_pictures_does_not() {
        let means = MacroMeans::of(&figures()).unwrap();
        assert_eq!((means.classes, means.precision), (2, 0.25));
        assert_eq!((means.recall, means.f1), (0.25, 0.25));
        assert_eq!(MacroMeans::of(&[]), None);
    }
}
