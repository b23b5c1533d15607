use crate::numbers::softmax;

/// Comparison strength of Finer-CAM, the γ of its paper.
const GAMMA: f64 = 0.6;
/// Classes that Finer-CAM compares with.
const NEAREST: usize = 3;

/// The number T that a map explains: one class's score, or how far it is ahead of others. Every method takes any target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Index of the class.
    pub class: usize,
    /// The classes whose scores are taken off.
    pub against: Against,
    /// The score of a class.
    pub score: Score,
}

/// The classes that a class is compared with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Against {
    /// None: T = S_c.
    #[default]
    Nothing,
    /// This one: T = S_c − S_d.
    Class(usize),
    /// The three whose scores are nearest to the class's own: `T = S_c − γ mean_d S_d` with γ = 0.6.
    ///
    /// Zhang, Gu, Chowdhury, Mai, Carlyn, Berger-Wolf, Su, Chao: *Finer-CAM: Spotting the Difference Reveals Finer Details
    /// for Visual Explanation*, 2025, arXiv:2501.11309.
    Nearest,
    /// Those that [`Against::Nearest`] stands for in one answer ([`Target::settled`]).
    Settled([Option<usize>; NEAREST]),
}

/// The score of a class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Score {
    /// The logit: what the network adds up for this class alone.
    #[default]
    Logit,
    /// The probability (softmax): other classes count too, and near 0 and 1 hardly anything does.
    Probability,
}

impl Target {
    /// The logit of `class`.
    pub fn logit(class: usize) -> Self {
        Self {
            class,
            against: Against::Nothing,
            score: Score::Logit,
        }
    }

    /// The same target with the classes that are nearest in this answer: so altered forms of a picture are asked about the same
    /// number, also where they bring other classes nearer.
    pub fn settled(self, logits: &[f32]) -> Self {
        let Against::Nearest = self.against else {
            return self;
        };
        let mut classes = [None; NEAREST];
        let nearest = self.nearest(&self.score.of(logits)).into_iter();
        for (place, class) in classes.iter_mut().zip(nearest) {
            *place = Some(class);
        }
        Self {
            against: Against::Settled(classes),
            ..self
        }
    }

    /// T of a network's answer.
    pub fn value(&self, logits: &[f32]) -> f64 {
        let scores = self.score.of(logits);
        let terms = self.terms(&scores).into_iter();
        terms.map(|(class, weight)| weight * scores[class]).sum()
    }

    /// ∂T/∂S for the logit S of each class.
    pub fn slope(&self, logits: &[f32]) -> Vec<f64> {
        let scores = self.score.of(logits);
        let mut slope = vec![0.0; logits.len()];
        for (class, weight) in self.terms(&scores) {
            match self.score {
                Score::Logit => slope[class] += weight,
                Score::Probability => {
                    for (other, slope) in slope.iter_mut().enumerate() {
                        let own = if other == class { 1.0 } else { 0.0 };
                        *slope += weight * scores[class] * (own - scores[other]);
                    }
                }
            }
        }
        slope
    }

    /// The classes of T with their factors.
    fn terms(&self, scores: &[f64]) -> Vec<(usize, f64)> {
        let own = (self.class, 1.0);
        match self.against {
            Against::Nothing => vec![own],
            Against::Class(other) => vec![own, (other, -1.0)],
            Against::Nearest => self.ahead_of(self.nearest(scores)),
            Against::Settled(others) => self.ahead_of(others.into_iter().flatten().collect()),
        }
    }

    /// The class and the mean of `others`, with their factors.
    fn ahead_of(&self, others: Vec<usize>) -> Vec<(usize, f64)> {
        let weight = -GAMMA / others.len() as f64;
        let others = others.into_iter().map(|other| (other, weight));
        [(self.class, 1.0)].into_iter().chain(others).collect()
    }

    /// The three classes whose scores are nearest to the class's own, the nearest first.
    fn nearest(&self, scores: &[f64]) -> Vec<usize> {
        let distance = |class: &usize| (scores[*class] - scores[self.class]).abs();
        let others = (0..scores.len()).filter(|class| *class != self.class);
        let mut others: Vec<usize> = others.collect();
        others.sort_by(|a, b| distance(a).total_cmp(&distance(b)));
        others.truncate(NEAREST);
        others
    }
}

impl Score {
    fn of(self, logits: &[f32]) -> Vec<f64> {
        match self {
            Self::Logit => logits.iter().map(|logit| f64::from(*logit)).collect(),
            Self::Probability => softmax(logits),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LOGITS: [f32; 5] = [1.0, 4.0, 3.5, -2.0, 3.0];

    fn target(class: usize, against: Against) -> Target {
        Target {
            against,
            ..Target::logit(class)
        }
    }

    #[test]
    fn a_target_is_the_class_less_what_it_is_compared_with() {
        let value = |target: Target| target.value(&LOGITS);
        assert_eq!(value(Target::logit(1)), 4.0);
        assert_eq!(value(target(1, Against::Class(3))), 6.0);
        // The nearest to 3 are 3.5, 4 and 1, on whichever side.
        let finer = value(target(4, Against::Nearest));
        assert!((finer - (3.0 - 0.6 * 8.5 / 3.0)).abs() < 1e-12, "{finer}");
        assert_eq!(
            target(1, Against::Class(3)).slope(&LOGITS),
            [0.0, 1.0, 0.0, -1.0, 0.0]
        );
    }

    #[test]
    fn a_settled_target_keeps_its_classes_in_other_answers() {
        let finer = target(4, Against::Nearest);
        let settled = finer.settled(&LOGITS);
        assert_eq!(settled.value(&LOGITS), finer.value(&LOGITS));
        assert_eq!(settled.slope(&LOGITS), finer.slope(&LOGITS));
        let moved = [1.0, 9.0, 3.5, 2.9, 3.0];
        let expected = 3.0 - 0.6 * (1.0 + 9.0 + 3.5) / 3.0;
        assert!((settled.value(&moved) - expected).abs() < 1e-12);
        assert_ne!(settled.value(&moved), finer.value(&moved));
        let plain = target(1, Against::Class(3));
        assert_eq!(plain.settled(&LOGITS), plain);
    }

    #[test]
    fn of_few_classes_all_others_are_the_nearest() {
        assert_eq!(
            target(0, Against::Nearest).slope(&[2.0, 1.0]),
            [1.0, -GAMMA]
        );
        assert_eq!(target(0, Against::Nearest).slope(&[2.0]), [1.0]);
    }

    proptest! {
        #[test]
        fn the_slope_is_the_derivative_of_the_value(
            logits in prop::collection::vec(-4.0f32..4.0, 5), class in 0usize..5, other in 0usize..5,
            kind in 0usize..3, probability in any::<bool>(), moved in 0usize..5,
        ) {
            let against = [Against::Nothing, Against::Class(other), Against::Nearest][kind];
            let score = if probability { Score::Probability } else { Score::Logit };
            let target = Target { class, against, score };
            let step = 1.0 / 1024.0;
            let value = |by: f32| {
                let mut logits = logits.clone();
                logits[moved] += by;
                // The same classes are the nearest all the way.
                let terms = target.terms(&target.score.of(&logits));
                (target.value(&logits), terms)
            };
            let ((up, above), (down, below)) = (value(step), value(-step));
            prop_assume!(above == below);
            let measured = (up - down) / (2.0 * f64::from(step));
            let slope = target.slope(&logits)[moved];
            // The third derivative of a softmax is below 1, and the logits are f32.
            prop_assert!((measured - slope).abs() < 1e-3, "{measured} and {slope}");
        }
    }
}
