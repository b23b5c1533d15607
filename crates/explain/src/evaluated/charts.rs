//! Drawings of an evaluation, as SVG: inside the page, and as files of their own.

use evaluation::{Calibration, ConfusionMatrix};
use maud::{Markup, PreEscaped, html};

/// Classes that a confusion matrix can show so that they can be read.
const MOST_CLASSES: usize = 60;
/// Side of a matrix in pixels, without its names, and the range of its cells' sides.
const MATRIX: usize = 760;
const CELLS: [usize; 2] = [14, 64];
/// Pixels for names beside a matrix.
const NAMES: usize = 150;
/// Letters of a name that have room there.
const LETTERS: usize = 22;

/// Blue for what is right and orange for what is wrong, which colour-blind readers can tell apart (Okabe and Ito).
const RIGHT: [u8; 3] = [0, 114, 178];
const WRONG: [u8; 3] = [213, 94, 0];

/// Side of the reliability diagram in pixels, and its margin.
const DIAGRAM: f64 = 320.0;
const MARGIN: f64 = 56.0;
/// Height of the bars with the numbers of pictures.
const COUNTS: f64 = 70.0;

/// The classes that a drawn matrix shows, in their order: all, or those with the most errors.
pub fn shown_classes(matrix: &ConfusionMatrix) -> Vec<usize> {
    let classes = matrix.classes();
    let mut errors = vec![0; classes];
    for (truth, row) in matrix.rows().enumerate() {
        for (said, count) in row.iter().enumerate().filter(|(said, _)| *said != truth) {
            errors[truth] += count;
            errors[said] += count;
        }
    }
    let mut shown: Vec<usize> = (0..classes).collect();
    shown.sort_by_key(|class| std::cmp::Reverse(errors[*class]));
    shown.truncate(MOST_CLASSES);
    shown.sort_unstable();
    shown
}

/// The confusion matrix of the classes of [`shown_classes`]: rows are true, columns said; the darker, the larger the share
/// of the row.
pub fn confusion(matrix: &ConfusionMatrix, names: &[String]) -> Markup {
    let shown = shown_classes(matrix);
    let count = shown.len();
    let cell = (MATRIX / count.max(1)).clamp(CELLS[0], CELLS[1]);
    let side = NAMES + cell * count;
    let font = (cell * 3 / 5).clamp(9, 14);
    let middle = |place: usize| NAMES + place * cell + cell / 2;
    html! {
        svg viewBox=(format!("0 0 {} {}", side + 4, side + 4)) width=(side + 4) height=(side + 4) role="img"
            aria-label="confusion matrix: a row for each true class, a column for each class that was said"
            font-family="system-ui, sans-serif" font-size=(font) {
            rect width="100%" height="100%" fill="#fff" {}
            text x=(NAMES - 8) y=(NAMES - 8) text-anchor="end" fill="#555" { "true ↓  said →" }
            @for (place, class) in shown.iter().enumerate() {
                text x=(NAMES - 6) y=(middle(place) + font / 3) text-anchor="end" fill="#222" { (short(&names[*class])) }
                text transform=(format!("translate({},{}) rotate(-90)", middle(place) + font / 3, NAMES - 6)) fill="#222" { (short(&names[*class])) }
            }
            @for (row, truth) in shown.iter().enumerate() {
                @let all: usize = matrix.rows().nth(*truth).map_or(0, |row| row.iter().sum());
                @for (column, said) in shown.iter().enumerate() {
                    @let found = matrix.count(*truth, *said);
                    @if found > 0 {
                        (confusion_cell(found, all, truth == said, [NAMES + column * cell, NAMES + row * cell], cell,
                            &format!("{found} of {all} {} said to be {}", names[*truth], names[*said])))
                    }
                }
            }
            @for line in 0..=count {
                @let at = NAMES + line * cell;
                path d=(format!("M{NAMES} {at}H{side}M{at} {NAMES}V{side}")) stroke="#ddd" fill="none" {}
            }
        }
    }
}

fn confusion_cell(
    found: usize,
    all: usize,
    is_right: bool,
    [x, y]: [usize; 2],
    cell: usize,
    title: &str,
) -> Markup {
    let share = found as f64 / all.max(1) as f64;
    let colour = if is_right { RIGHT } else { WRONG };
    let font = (cell * 3 / 5).clamp(9, 14);
    html! {
        g {
            title { (title) }
            rect x=(x) y=(y) width=(cell) height=(cell) fill=(tint(colour, share)) {}
            text x=(x + cell / 2) y=(y + cell / 2 + font / 3) text-anchor="middle" fill=(if share > 0.55 { "#fff" } else { "#222" }) { (found) }
        }
    }
}

/// White to `colour`; what is more than nothing can be seen.
fn tint(colour: [u8; 3], share: f64) -> String {
    let strength = 0.12 + 0.88 * share;
    let [red, green, blue] =
        colour.map(|value| (255.0 - strength * (255.0 - f64::from(value))).round() as u8);
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// The reliability diagram (Guo et al. 2017, figure 1): how often the network was right against how sure it was, with the
/// numbers of pictures below.
pub fn reliability(calibration: &Calibration) -> Markup {
    let place = |share: f64| MARGIN + share * DIAGRAM;
    let height = |share: f64| MARGIN + (1.0 - share) * DIAGRAM;
    let most = calibration
        .bins
        .iter()
        .map(|bin| bin.pictures)
        .max()
        .unwrap_or(1)
        .max(1);
    let foot = MARGIN + DIAGRAM + 44.0;
    let size = [2.0 * MARGIN + DIAGRAM, foot + COUNTS + 40.0];
    html! {
        svg viewBox=(format!("0 0 {} {}", size[0], size[1])) width=(size[0]) height=(size[1]) role="img"
            aria-label="reliability diagram: share that was right, by the confidence of the network"
            font-family="system-ui, sans-serif" font-size="12" {
            rect width="100%" height="100%" fill="#fff" {}
            @for bin in &calibration.bins {
                @let width = (bin.up_to - bin.above) * DIAGRAM - 2.0;
                @if let (Some(accuracy), Some(confidence)) = (bin.accuracy(), bin.confidence) {
                    g {
                        title { (format!("{} pictures, mean confidence {}, {} right", bin.pictures, words::percent(confidence), words::percent(accuracy))) }
                        rect x=(place(bin.above) + 1.0) y=(height(accuracy.max(confidence))) width=(width)
                            height=((accuracy - confidence).abs() * DIAGRAM) fill=(tint(WRONG, 0.35)) {}
                        rect x=(place(bin.above) + 1.0) y=(height(accuracy)) width=(width) height=(accuracy * DIAGRAM)
                            fill=(tint(RIGHT, 0.75)) fill-opacity="0.85" {}
                        path d=(format!("M{} {}h{width}", place(bin.above) + 1.0, height(confidence))) stroke=(tint(WRONG, 1.0)) stroke-width="2" {}
                    }
                }
                @let bar = bin.pictures as f64 / most as f64 * COUNTS;
                rect x=(place(bin.above) + 1.0) y=(foot + COUNTS - bar) width=(width) height=(bar) fill="#777" {}
            }
            path d=(format!("M{} {}L{} {}", place(0.0), height(0.0), place(1.0), height(1.0))) stroke="#555" stroke-dasharray="4 4" fill="none" {}
            rect x=(MARGIN) y=(MARGIN) width=(DIAGRAM) height=(DIAGRAM) stroke="#555" fill="none" {}
            @for tick in 0..=5 {
                @let share = f64::from(tick) / 5.0;
                text x=(place(share)) y=(MARGIN + DIAGRAM + 16.0) text-anchor="middle" fill="#333" { (format!("{:.0} %", 100.0 * share)) }
                text x=(MARGIN - 6.0) y=(height(share) + 4.0) text-anchor="end" fill="#333" { (format!("{:.0} %", 100.0 * share)) }
            }
            text x=(MARGIN) y=(MARGIN - 34.0) fill="#222" { "blue: share that was right; orange line: how sure" }
            text x=(MARGIN) y=(MARGIN - 18.0) fill="#222" { "it was; between them the error of calibration" }
            text x=(place(0.5)) y=(foot - 10.0) text-anchor="middle" fill="#333" { "confidence" }
            text x=(MARGIN) y=(foot + COUNTS + 18.0) fill="#333" { (format!("numbers of pictures, the largest {most}")) }
        }
    }
}

/// A drawing as a file of its own.
pub fn file(drawing: &Markup) -> Vec<u8> {
    let named = "<svg xmlns=\"http://www.w3.org/2000/svg\" ";
    drawing.0.replacen("<svg ", named, 1).into_bytes()
}

/// The first letters of a name.
fn short(name: &str) -> PreEscaped<String> {
    let text = match name.chars().count() > LETTERS {
        true => name.chars().take(LETTERS - 1).chain(['…']).collect(),
        false => name.to_owned(),
    };
    html! { (text) }
}
