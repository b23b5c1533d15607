//! Charts of series of points, as SVG.

use plotters::{coord::Shift, prelude::*};

// Okabe and Ito's colours, which colour-blind readers can tell apart.
/// Blue.
pub const BLUE: RGBColor = RGBColor(0, 114, 178);
/// Orange.
pub const ORANGE: RGBColor = RGBColor(213, 94, 0);
/// Green.
pub const GREEN: RGBColor = RGBColor(0, 158, 115);
/// Grey, drawn thin: for what is noisy. Its contrast with white is 3.4 to 1 (WCAG 2.2, 1.4.11, asks for 3).
pub const GREY: RGBColor = RGBColor(140, 140, 140);

/// Width and height of a chart in pixels.
const CHART_SIZE: (u32, u32) = (500, 380);

/// The same of a chart for a narrow page.
const NARROW_SIZE: (u32, u32) = (400, 300);
/// Points of a line on a narrow page that are all drawn.
const MOST_POINTS: usize = 1000;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Some series over the same axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// Title.
    pub title: String,
    /// Name of the horizontal axis.
    pub x_label: String,
    /// True if x is the logarithm, to base 10, of what the axis shows; else the axis begins at 0.
    pub logarithmic: bool,
    /// Series; a legend names them if there are two or more.
    pub series: Vec<Series>,
}

/// A line through points.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Name in the legend.
    pub name: String,
    /// Points from left to right.
    pub points: Vec<(f64, f64)>,
    /// Colour.
    pub colour: RGBColor,
    /// Draws a dot at each point.
    pub marked: bool,
}

impl Series {
    /// A line.
    pub fn line(name: &str, points: Vec<(f64, f64)>, colour: RGBColor) -> Self {
        Self {
            name: name.to_owned(),
            points,
            colour,
            marked: false,
        }
    }

    /// A line with a dot at each point.
    pub fn marked(name: &str, points: Vec<(f64, f64)>, colour: RGBColor) -> Self {
        Self {
            marked: true,
            ..Self::line(name, points, colour)
        }
    }

    /// The same line; of many points only the lowest and the highest of those that lie together, so that no peak is lost.
    fn thinned(&self) -> Self {
        let together = (2 * self.points.len()).div_ceil(MOST_POINTS);
        if together <= 2 {
            return self.clone();
        }
        let points = self.points.chunks(together).flat_map(|near| {
            let by_height = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
            let ends = [near.iter().min_by(by_height), near.iter().max_by(by_height)];
            let mut ends = ends.map(|end| *end.expect("chunks are not empty"));
            ends.sort_by(|a, b| a.0.total_cmp(&b.0));
            ends
        });
        Self {
            points: points.collect(),
            ..self.clone()
        }
    }
}

/// SVG of `charts`, two in a row; one alone has a row for itself.
///
/// # Errors
/// A text cannot be set.
pub fn chart(charts: &[Chart]) -> Result<String, String> {
    let (rows, columns) = (charts.len().div_ceil(2), charts.len().min(2));
    let size = (columns as u32 * CHART_SIZE.0, rows as u32 * CHART_SIZE.1);
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        area.fill(&WHITE).map_err(|error| error.to_string())?;
        for (part, chart) in area.split_evenly((rows, columns)).iter().zip(charts) {
            draw_chart(part, chart).map_err(|error| error.to_string())?;
        }
        area.present().map_err(|error| error.to_string())?;
    }
    Ok(svg)
}

/// SVG of one chart, of as many points as its width can show, for a page that may be narrow.
///
/// # Errors
/// A text cannot be set.
pub fn narrow_chart(chart: &Chart) -> Result<String, String> {
    let thinned = Chart {
        series: chart.series.iter().map(Series::thinned).collect(),
        ..chart.clone()
    };
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, NARROW_SIZE).into_drawing_area();
        area.fill(&WHITE).map_err(|error| error.to_string())?;
        draw_chart(&area, &thinned).map_err(|error| error.to_string())?;
        area.present().map_err(|error| error.to_string())?;
    }
    Ok(svg)
}

fn draw_chart(area: &Area<'_>, chart: &Chart) -> Result<(), Box<dyn std::error::Error>> {
    let series = &chart.series;
    let points = || series.iter().flat_map(|one| &one.points);
    let (left, right) = horizontal_range(chart);
    let top = points().map(|p| p.1).fold(0.0, f64::max);
    let bottom = points().map(|p| p.1).fold(top, f64::min);
    let low = if bottom > 0.5 * top {
        bottom - 0.1 * (top - bottom).max(1e-9)
    } else {
        0.0
    };
    let mut frame = ChartBuilder::on(area)
        .caption(&chart.title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(64)
        .build_cartesian_2d(left..right, low..(top + 0.05 * (top - low).max(1e-9)))?;
    frame
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc(&chart.x_label)
        .x_label_formatter(&|x| x_tick(*x, chart.logarithmic))
        .y_label_formatter(&|y| tick(*y))
        .draw()?;
    for one in series {
        let style = one
            .colour
            .stroke_width(if one.colour == GREY { 1 } else { 2 });
        frame
            .draw_series(LineSeries::new(one.points.iter().copied(), style))?
            .label(one.name.clone())
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], style));
        if one.marked {
            let dots = one
                .points
                .iter()
                .map(|p| Circle::new(*p, 4, one.colour.filled()));
            frame.draw_series(dots)?;
        }
    }
    if series.len() > 1 {
        frame
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .background_style(WHITE.mix(0.8))
            .draw()?;
    }
    Ok(())
}

/// Ends of the horizontal axis.
fn horizontal_range(chart: &Chart) -> (f64, f64) {
    let xs = || chart.series.iter().flat_map(|one| &one.points).map(|p| p.0);
    if chart.logarithmic {
        let right = xs().fold(f64::NEG_INFINITY, f64::max);
        (xs().fold(right, f64::min), right)
    } else {
        (0.0, xs().fold(1.0, f64::max))
    }
}

fn x_tick(x: f64, logarithmic: bool) -> String {
    if !logarithmic {
        format!("{x:.0}")
    } else if x.fract() == 0.0 {
        format!("1e{x:.0}")
    } else {
        // Within a decade a power of ten would read as the decade's end.
        format!("{:.0e}", 10f64.powf(x))
    }
}

fn tick(y: f64) -> String {
    if y != 0.0 && y.abs() < 0.01 {
        format!("{y:.0e}")
    } else {
        let text = format!("{y:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_drawn_with_few_points_and_all_its_peaks() {
        let heights = (0..100_000).map(|x| {
            if x == 54_321 {
                9.0
            } else {
                f64::from(x % 7) / 7.0
            }
        });
        let points: Vec<_> = heights.enumerate().map(|(x, y)| (x as f64, y)).collect();
        let thinned = Series::line("loss", points, BLUE).thinned().points;
        assert!(thinned.len() <= MOST_POINTS, "{}", thinned.len());
        assert!(thinned.contains(&(54_321.0, 9.0)));
        assert!(thinned.is_sorted_by_key(|point| point.0));
    }

    #[test]
    fn a_line_that_the_width_can_show_is_drawn_whole() {
        let points: Vec<_> = (0..1000).map(|x| (f64::from(x), 1.0)).collect();
        assert_eq!(
            Series::line("loss", points.clone(), BLUE).thinned().points,
            points
        );
    }
}
