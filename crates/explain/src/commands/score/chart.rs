//! The chart of what is left of the maps when the network forgets.

use super::randomisation::{MeanLikeness, NOISE, Order};
use maud::{Markup, html};

/// Size of a panel's plot in pixels, the room around it, and below all for the names of the lines.
const PLOT: [f64; 2] = [330.0, 190.0];
const LEFT: f64 = 44.0;
const ABOVE: f64 = 30.0;
const BELOW: f64 = 26.0;
const LINE: f64 = 17.0;

/// The range of the ordinate.
const LOW: f64 = -0.5;

/// Colours that colour-blind readers can tell apart (Okabe and Ito); when they are used up, dashed.
const COLOURS: [&str; 7] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000",
];
const DASHES: [&str; 3] = ["none", "6 3", "2 3"];

/// Spearman's correlation over the parts of the network, a line for each method, noise as a grey band: with sign and without,
/// from the head down and part by part.
pub fn chart(means: &[MeanLikeness]) -> Markup {
    let mut methods: Vec<&str> = Vec::new();
    for one in means.iter().filter(|one| one.method != NOISE) {
        if !methods.contains(&one.method.as_str()) {
            methods.push(&one.method);
        }
    }
    let panel = [LEFT + PLOT[0] + 10.0, ABOVE + PLOT[1] + BELOW];
    let rows = methods.len().div_ceil(4) + 1;
    let size = [2.0 * panel[0], 2.0 * panel[1] + LINE * (rows as f64 + 1.0)];
    let panels = [
        (
            Order::Cascade,
            "spearman",
            "everything from the head down to",
        ),
        (Order::Alone, "spearman", "this part alone"),
        (
            Order::Cascade,
            "spearman unsigned",
            "from the head down, without sign",
        ),
        (
            Order::Alone,
            "spearman unsigned",
            "this part alone, without sign",
        ),
    ];
    html! {
        svg viewBox=(format!("0 0 {} {}", size[0], size[1])) width=(size[0]) height=(size[1]) role="img"
            aria-label="likeness of each method's maps with those of the network when parts of it are as before training"
            font-family="system-ui, sans-serif" font-size="12" {
            rect width="100%" height="100%" fill="#fff" {}
            @for (place, (order, measure, title)) in panels.into_iter().enumerate() {
                g transform=(format!("translate({} {})", (place % 2) as f64 * panel[0] + LEFT, (place / 2) as f64 * panel[1] + ABOVE)) {
                    (panel_of(means, &methods, order, measure, title))
                }
            }
            g transform=(format!("translate({LEFT} {})", 2.0 * panel[1] + LINE)) {
                (legend(&methods, size[0] - LEFT))
            }
        }
    }
}

fn panel_of(
    means: &[MeanLikeness],
    methods: &[&str],
    order: Order,
    measure: &str,
    title: &str,
) -> Markup {
    let of = |method: &str| -> Vec<&MeanLikeness> {
        let is_shown = |one: &&MeanLikeness| {
            one.order == order && one.measure == measure && one.method == method
        };
        means.iter().filter(is_shown).collect()
    };
    let noise = of(NOISE);
    let parts: Vec<&str> = noise.iter().map(|one| one.part.as_str()).collect();
    let step = PLOT[0] / parts.len() as f64;
    let x = |part: &str| {
        let place = parts.iter().position(|one| *one == part).unwrap_or(0);
        (place as f64 + 0.5) * step
    };
    let y = |value: f64| (1.0 - value.max(LOW)) / (1.0 - LOW) * PLOT[1];
    let band = noise.first().map(|one| (y(one.high), y(one.low)));
    html! {
        text x="0" y="-10" fill="#222" { (title) }
        @if let Some((top, bottom)) = band {
            rect x="0" y=(top) width=(PLOT[0]) height=(bottom - top) fill="#ccc" {}
        }
        @for tick in [LOW, 0.0, 0.5, 1.0] {
            path d=(format!("M0 {}H{}", y(tick), PLOT[0])) stroke=(if tick == 0.5 { "#888" } else { "#ddd" })
                stroke-dasharray=(if tick == 0.5 { "4 4" } else { "none" }) fill="none" {}
            text x="-6" y=(y(tick) + 4.0) text-anchor="end" fill="#333" { (format!("{tick:.1}")) }
        }
        @for part in &parts {
            text x=(x(part)) y=(PLOT[1] + 16.0) text-anchor="middle" fill="#333" { (part) }
        }
        @for (place, method) in methods.iter().enumerate() {
            @let points = line(&parts, &of(method), &x, &y);
            polyline points=(points) fill="none" stroke=(COLOURS[place % COLOURS.len()]) stroke-width="2"
                stroke-dasharray=(DASHES[place / COLOURS.len() % DASHES.len()]) { title { (method) } }
        }
        rect x="0" y="0" width=(PLOT[0]) height=(PLOT[1]) fill="none" stroke="#555" {}
    }
}

/// The points of a line, in the order of the parts.
fn line(
    parts: &[&str],
    means: &[&MeanLikeness],
    x: &dyn Fn(&str) -> f64,
    y: &dyn Fn(f64) -> f64,
) -> String {
    let point = |part: &&str| {
        let found = means.iter().find(|one| one.part == *part)?;
        Some(format!("{:.1},{:.1}", x(part), y(found.mean)))
    };
    let points: Vec<String> = parts.iter().filter_map(point).collect();
    points.join(" ")
}

fn legend(methods: &[&str], width: f64) -> Markup {
    let column = width / 4.0;
    html! {
        @for (place, method) in methods.iter().enumerate() {
            g transform=(format!("translate({:.1} {:.1})", (place % 4) as f64 * column, (place / 4) as f64 * LINE)) {
                path d="M0 -4H24" stroke=(COLOURS[place % COLOURS.len()]) stroke-width="2"
                    stroke-dasharray=(DASHES[place / COLOURS.len() % DASHES.len()]) {}
                text x="30" y="0" fill="#222" { (method) }
            }
        }
        g transform=(format!("translate(0 {:.1})", methods.len().div_ceil(4) as f64 * LINE)) {
            rect x="0" y="-9" width="24" height="10" fill="#ccc" {}
            text x="30" y="0" fill="#222" { "noise: two maps that have nothing to do with each other (95 % interval of their mean)" }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_method_has_a_line_in_each_panel_and_a_name_that_cannot_become_markup() {
        let mean = |order, part, method: &str, measure, mean| MeanLikeness {
            order,
            part,
            method: method.to_owned(),
            measure,
            mean,
            low: mean - 0.1,
            high: mean + 0.1,
            count: 9,
        };
        let mut means = Vec::new();
        for order in [Order::Cascade, Order::Alone] {
            for part in ["head", "stem"] {
                for measure in ["spearman", "spearman unsigned"] {
                    means.push(mean(order, part.to_owned(), "<b>", measure, 0.5));
                    means.push(mean(order, part.to_owned(), NOISE, measure, 0.0));
                }
            }
        }
        let drawn = chart(&means).into_string();
        assert_eq!(drawn.matches("<polyline").count(), 4, "{drawn}");
        assert!(!drawn.contains("<b>"));
        // A half is a third of the way down from 1 to -0.5, the head in the first half of the width.
        assert!(drawn.contains("points=\"82.5,63.3 247.5,63.3\""), "{drawn}");
    }
}
