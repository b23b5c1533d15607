//! A picture of a run: loss, learning rates, momentum and error rate over its iterations.

use crate::record::{EPOCHS_FILE, ITERATIONS_FILE};
use checkpoint::Run;
use files::write_atomically;
use plotters::{coord::Shift, prelude::*};
use std::{fs, io};

/// Name of the picture in the run's folder.
pub const CURVES_FILE: &str = "curves.svg";

// Okabe and Ito's colours, which colour-blind readers can tell apart.
const BLUE: RGBColor = RGBColor(0, 114, 178);
const ORANGE: RGBColor = RGBColor(213, 94, 0);
const GREEN: RGBColor = RGBColor(0, 158, 115);
const GREY: RGBColor = RGBColor(190, 190, 190);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Points = Vec<(f64, f64)>;

/// One line of a chart.
struct Line {
    name: &'static str,
    points: Points,
    colour: RGBColor,
    marked: bool,
}

/// Draws `curves.svg` from the run's csv files.
pub fn draw(run: &Run) -> io::Result<()> {
    let iterations = columns(&fs::read_to_string(run.file(ITERATIONS_FILE))?);
    let epochs = columns(&fs::read_to_string(run.file(EPOCHS_FILE))?);
    if iterations.first().is_none_or(Vec::is_empty) {
        return Ok(());
    }
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (1000, 760)).into_drawing_area();
        draw_charts(&area, &iterations, &epochs).map_err(io::Error::other)?;
    }
    write_atomically(&run.file(CURVES_FILE), svg.as_bytes())
}

fn draw_charts(area: &Area, iterations: &[Vec<f64>], epochs: &[Vec<f64>]) -> Result<(), String> {
    area.fill(&WHITE).map_err(|error| error.to_string())?;
    let over = |column: usize| -> Points {
        let values = iterations.get(column).into_iter().flatten();
        values
            .enumerate()
            .map(|(i, value)| (i as f64 + 1.0, *value))
            .collect()
    };
    let ends = epoch_ends(iterations);
    let at_ends = |column: usize| -> Points {
        let values = epochs.get(column).into_iter().flatten();
        ends.iter().copied().zip(values.copied()).collect()
    };
    let line = |name, points, colour| Line {
        name,
        points,
        colour,
        marked: false,
    };
    let marked = |name, points, colour| Line {
        marked: true,
        ..line(name, points, colour)
    };
    let per_cent = at_ends(5)
        .into_iter()
        .map(|(x, y)| (x, 100.0 * y))
        .collect();
    let charts = [
        (
            "loss",
            vec![
                line("batch", over(3), GREY),
                line("training, smoothed", over(4), BLUE),
                marked("validation", at_ends(4), ORANGE),
            ],
        ),
        (
            "error rate, %",
            vec![marked("validation", per_cent, ORANGE)],
        ),
        (
            "learning rate",
            vec![
                line("head", over(7), BLUE),
                line("layer3, layer4", over(6), GREEN),
                line("conv1 to layer2", over(5), ORANGE),
            ],
        ),
        ("momentum (beta1)", vec![line("beta1", over(8), BLUE)]),
    ];
    for (part, (title, lines)) in area.split_evenly((2, 2)).iter().zip(charts) {
        chart(part, title, &lines).map_err(|error| error.to_string())?;
    }
    area.present().map_err(|error| error.to_string())
}

fn chart(area: &Area, title: &str, lines: &[Line]) -> Result<(), Box<dyn std::error::Error>> {
    let points = || lines.iter().flat_map(|line| &line.points);
    let right = points().map(|p| p.0).fold(1.0, f64::max);
    let top = points().map(|p| p.1).fold(0.0, f64::max);
    let bottom = points().map(|p| p.1).fold(top, f64::min);
    let low = if bottom > 0.5 * top {
        bottom - 0.1 * (top - bottom).max(1e-9)
    } else {
        0.0
    };
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..right, low..(top + 0.05 * (top - low).max(1e-9)))?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc("iteration")
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| tick(*y))
        .draw()?;
    for line in lines {
        let style = line
            .colour
            .stroke_width(if line.colour == GREY { 1 } else { 2 });
        chart
            .draw_series(LineSeries::new(line.points.iter().copied(), style))?
            .label(line.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], style));
        if line.marked {
            let dots = line
                .points
                .iter()
                .map(|p| Circle::new(*p, 4, line.colour.filled()));
            chart.draw_series(dots)?;
        }
    }
    if lines.len() > 1 {
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .background_style(WHITE.mix(0.8))
            .draw()?;
    }
    Ok(())
}

fn tick(y: f64) -> String {
    if y != 0.0 && y.abs() < 0.01 {
        format!("{y:.0e}")
    } else {
        let text = format!("{y:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

/// Numbers of the iterations (from 1, over all stages) that end an epoch.
fn epoch_ends(iterations: &[Vec<f64>]) -> Vec<f64> {
    let epoch = |row: usize| (iterations[0][row], iterations[1][row]);
    let count = iterations[0].len();
    (0..count)
        .filter(|row| row + 1 == count || epoch(*row) != epoch(row + 1))
        .map(|row| row as f64 + 1.0)
        .collect()
}

/// The columns of a csv file of numbers with a header.
fn columns(csv: &str) -> Vec<Vec<f64>> {
    let mut columns = Vec::new();
    for line in csv.lines().skip(1) {
        for (column, cell) in line.split(',').enumerate() {
            if columns.len() == column {
                columns.push(Vec::new());
            }
            columns[column].push(cell.parse().unwrap_or(f64::NAN));
        }
    }
    columns
}
