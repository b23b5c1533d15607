//! What methods found out about their maps, in words, as a table and as a drawing.

use cam::Check;
use maud::{Markup, html};
use words::{number, percent};

/// Width and height of the drawing's field in pixels, and the margin around it.
const FIELD: [f64; 2] = [420.0, 240.0];
const MARGIN: f64 = 56.0;

/// The check in a sentence without its full stop.
pub fn sentence(check: &Check) -> String {
    match check {
        Check::Completeness { steps, sum, gain } => {
            let gap = check.gap();
            let share = if *gain == 0.0 {
                String::new()
            } else {
                format!(" ({} of it)", percent(gap / gain.abs()))
            };
            format!(
                "adds up to {} of the {} gained from the mean colour, completeness gap {}{share}, {steps} steps",
                number(*sum),
                number(*gain),
                number(gap)
            )
        }
        Check::Convergence {
            correlations,
            halves,
            seed,
        } => {
            let (all, _) = correlations.last().copied().unwrap_or_default();
            let of_half = correlations.iter().find(|(count, _)| 2 * count >= all);
            let of_half = of_half.map_or(0.0, |(_, correlation)| *correlation);
            format!(
                "{all} masks, seed {seed}: the first half of them correlates {of_half:.2} with all, and two halves {halves:.2} with each \
                 other"
            )
        }
    }
}

/// The files beside a map that show the check: ending and content.
pub fn files(check: &Check) -> Vec<(&'static str, Vec<u8>)> {
    match check {
        Check::Completeness { .. } => Vec::new(),
        Check::Convergence { correlations, .. } => vec![
            ("masks.csv", table(correlations).into_bytes()),
            ("masks.svg", drawing(correlations)),
        ],
    }
}

fn table(correlations: &[(usize, f64)]) -> String {
    let lines = correlations
        .iter()
        .map(|(count, correlation)| format!("{count},{correlation}\n"));
    ["masks,correlation\n".to_owned()]
        .into_iter()
        .chain(lines)
        .collect()
}

/// Correlation with the map of all masks by the number of masks. What is below 0 is drawn at 0.
fn drawing(correlations: &[(usize, f64)]) -> Vec<u8> {
    let most = correlations.last().map_or(1, |(count, _)| *count) as f64;
    let across = |count: f64| MARGIN + FIELD[0] * count / most;
    let down = |correlation: f64| MARGIN + FIELD[1] * (1.0 - correlation.clamp(0.0, 1.0));
    let points = correlations.iter().map(|(count, correlation)| {
        format!("{:.1},{:.1}", across(*count as f64), down(*correlation))
    });
    let points = points.collect::<Vec<_>>().join(" ");
    let size = FIELD.map(|side| side + 2.0 * MARGIN);
    let drawing: Markup = html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {} {}", size[0], size[1])) width=(size[0]) height=(size[1])
            role="img" aria-label="correlation of the map of the first masks with that of all, by the number of masks"
            font-family="system-ui, sans-serif" font-size="12" {
            rect width="100%" height="100%" fill="#fff" {}
            rect x=(MARGIN) y=(MARGIN) width=(FIELD[0]) height=(FIELD[1]) stroke="#555" fill="none" {}
            @for tick in 0..=5 {
                @let share = f64::from(tick) / 5.0;
                text x=(across(share * most)) y=(MARGIN + FIELD[1] + 16.0) text-anchor="middle" fill="#333" { (format!("{:.0}", share * most)) }
                text x=(MARGIN - 6.0) y=(down(share) + 4.0) text-anchor="end" fill="#333" { (format!("{share:.1}")) }
            }
            polyline points=(points) stroke="#0072b2" stroke-width="2" fill="none" {}
            text x=(MARGIN) y=(MARGIN - 16.0) fill="#222" { "correlation of the map of the first masks with that of all" }
            text x=(across(most / 2.0)) y=(MARGIN + FIELD[1] + 36.0) text-anchor="middle" fill="#333" { "masks" }
        }
    };
    drawing.into_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gap_is_said_with_its_share_of_what_there_was_to_explain() {
        let said = |sum: f64, gain: f64| {
            let steps = 50;
            sentence(&Check::Completeness { steps, sum, gain })
        };
        assert_eq!(
            said(3.9, 4.0),
            "adds up to 3.90 of the 4.00 gained from the mean colour, completeness gap 0.100 (2.5 % of it), 50 steps"
        );
        assert!(
            said(0.0, 0.0).ends_with("completeness gap 0, 50 steps"),
            "{}",
            said(0.0, 0.0)
        );
    }

    #[test]
    fn convergence_is_a_table_and_a_drawing_that_is_well_formed() {
        let check = Check::Convergence {
            seed: 1,
            correlations: vec![(50, -0.1), (100, 0.8), (150, 0.9), (200, 1.0)],
            halves: 0.6,
        };
        assert!(
            sentence(&check).contains("correlates 0.80 with all, and two halves 0.60"),
            "{}",
            sentence(&check)
        );
        let files = files(&check);
        assert_eq!(String::from_utf8_lossy(&files[0].1).lines().count(), 5);
        let drawing = String::from_utf8_lossy(&files[1].1).into_owned();
        assert!(
            drawing.contains("56.0,296.0") || drawing.contains(",296.0"),
            "{drawing}"
        );
        assert!(drawing.starts_with("<svg xmlns") && drawing.ends_with("</svg>"));
    }
}
