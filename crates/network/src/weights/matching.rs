use super::{Misshapen, Report, StateDict, TensorValues, WeightsError};
use words::first_three;

impl StateDict {
    /// Compares names and shapes with those of a network.
    ///
    /// Tensors for which `is_optional` holds (the head, when a pretrained body is loaded) may be missing or have
    /// another shape. They are one whole: if one of them does not fit, none is in [`Report::loaded`].
    ///
    /// # Errors
    /// A tensor that is not optional is missing or misshapen, or nothing fits at all.
    pub fn check(
        &self,
        expected: &[(String, Vec<usize>)],
        is_optional: impl Fn(&str) -> bool,
    ) -> Result<Report, WeightsError> {
        let mut report = self.compare(expected);
        if report.loaded.is_empty() && report.misshapen.is_empty() {
            return Err(WeightsError::NothingMatches {
                found: first_three(self.names()),
                expected: first_three(expected.iter().map(|(name, _)| name.as_str())),
            });
        }
        let unfit = || {
            report
                .missing
                .iter()
                .chain(report.misshapen.iter().map(|tensor| &tensor.name))
        };
        if unfit().any(|name| !is_optional(name)) {
            return Err(WeightsError::DoesNotFit(Box::new(report)));
        }
        if unfit().next().is_some() {
            report.loaded.retain(|name| !is_optional(name));
        }
        Ok(report)
    }

    fn compare(&self, expected: &[(String, Vec<usize>)]) -> Report {
        let mut report = Report::default();
        for (name, shape) in expected {
            let Some(tensor) = self.get(name) else {
                report.missing.push(name.clone());
                continue;
            };
            let is_integer = matches!(tensor.values, TensorValues::I64(_));
            if tensor.shape == *shape && !is_integer {
                report.loaded.push(name.clone());
            } else {
                let (name, found, expected) = (name.clone(), tensor.shape.clone(), shape.clone());
                report.misshapen.push(Misshapen {
                    name,
                    found,
                    is_integer,
                    expected,
                });
            }
        }
        let is_expected = |name: &str| expected.iter().any(|(expected, _)| expected == name);
        report.unexpected = self
            .names()
            .filter(|name| !is_expected(name))
            .map(str::to_owned)
            .collect();
        report
    }
}
