//! Numbers as people read them.

/// Three digits that count: `0.0312`, `12.4`, `3.10e-7`.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        "0".to_owned()
    } else if (1e-3..1e4).contains(&size) {
        let decimals = (2 - size.log10().floor() as i32).max(0) as usize;
        format!("{value:.decimals$}")
    } else {
        format!("{value:.2e}")
    }
}

/// A share of one in per cent, with one decimal.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_three_digits_that_count() {
        let cases = [
            (0.0, "0"),
            (0.031_24, "0.0312"),
            (-12.36, "-12.4"),
            (1234.5, "1234"),
            (3.1e-7, "3.10e-7"),
            (1.0, "1.00"),
        ];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
        assert_eq!(percent(0.9731), "97.3 %");
    }
}
