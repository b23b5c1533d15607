//! The page: one file with everything in it, for a browser without a network and for paper.

use crate::{
    colour::ColourMap,
    drawn::{DrawnMap, DrawnPicture},
    look::Look,
    packed::{PackError, jpeg_address, png_address},
    viewer,
};
use image::{Rgb, RgbImage};
use maud::{Markup, html};
use words::number;

/// Everything inside, nothing fetched; on paper a picture and its maps stay together.
const STYLE: &str = "
:root { color-scheme: light; }
body { font: 16px/1.45 system-ui, sans-serif; color: #222; background: #fff; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin: 0 0 .3rem; overflow-wrap: anywhere; }
p { margin: .3rem 0; } .quiet { color: #555; font-size: .9rem; overflow-wrap: anywhere; }
article { border-top: 1px solid #bbb; padding: 1rem 0; break-inside: avoid; }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem; margin-top: .6rem; } .maps { display: contents; }
figure { margin: 0; width: 17rem; max-width: 100%; break-inside: avoid; } figure img.picture { width: 100%; height: auto; display: block; }
figcaption { font-size: .9rem; margin-top: .3rem; overflow-wrap: anywhere; }
.scale { display: flex; align-items: center; gap: .4rem; font-size: .8rem; margin-top: .2rem; }
.scale img { flex: 1; height: .6rem; min-width: 0; }
table { border-collapse: collapse; margin: 1rem 0; } th, td { padding: .25rem .7rem; text-align: right; border-bottom: 1px solid #ccc; }
td { white-space: nowrap; } th:first-child, td:first-child { text-align: left; }
section { border-top: 2px solid #888; margin-top: 2rem; padding-top: .5rem; } h3 { font-size: 1rem; margin: 1rem 0 0; overflow-wrap: anywhere; }
.small { width: 9.5rem; } .pairs { display: flex; flex-wrap: wrap; gap: 0 2rem; } .wide { overflow-x: auto; } .wide svg { max-width: 100%; height: auto; min-width: 34rem; }
.words td { text-align: left; white-space: normal; } .right { color: #0060a0; } .wrong { color: #b34700; }
@media print { body { margin: 0; max-width: none; font-size: 11pt; } figure { width: 5.2cm; } .small { width: 3.4cm; } .wide svg { min-width: 0; } }
";

/// The page of a set of explanations, which are drawn as `look` says. `notes` are the sentences below the title. Its maps can be
/// laid over the picture, where scripts run.
///
/// # Errors
/// A picture that no JPEG can hold.
pub fn explanations(
    title: &str,
    notes: &[String],
    pictures: &[DrawnPicture],
    look: &Look,
) -> Result<String, PackError> {
    let legend = Legend::new(look.colours)?;
    let articles = pictures.iter().map(|picture| {
        let whole = self::picture(&picture.picture, &as_it_is(picture))?;
        let figure = viewer::figure(picture, whole, look.alpha)?;
        article_with(picture, figure, &legend)
    });
    let articles = articles.collect::<Result<Vec<Markup>, _>>()?;
    let body = html! { @for article in articles { (article) } };
    Ok(page(title, notes, body, Some(viewer::SCRIPT)))
}

/// A page that begins with the sentences `verdict`, with tables below them, each with its title, the first row of each its
/// heading, and the chart of the randomisation.
pub fn tables(
    title: &str,
    notes: &[String],
    verdict: &[String],
    tables: &[(&str, Vec<Vec<String>>)],
    chart: Option<&Markup>,
    remarks: &[String],
) -> String {
    document(
        title,
        &[],
        html! {
            @for sentence in verdict { p { (sentence) } }
            @for (title, rows) in tables { h2 { (title) } @if let Some((heading, rows)) = rows.split_first() { div.wide { table {
                thead { tr { @for cell in heading { th scope="col" { (cell) } } } }
                tbody { @for row in rows { tr { @for cell in row { td { (cell) } } } } }
            } } } }
            @if let Some(chart) = chart { h2 { "What is left of the maps when the network forgets what it has learnt?" } div.wide { (chart) } }
            @for note in notes { p.quiet { (note) } }
            @for remark in remarks { p.quiet { (remark) } }
        },
    )
}

/// A whole page with `body` below the title and the sentences `notes`.
pub fn document(title: &str, notes: &[String], body: Markup) -> String {
    page(title, notes, body, None)
}

fn page(title: &str, notes: &[String], body: Markup, script: Option<&str>) -> String {
    let viewer = script.map_or("", |_| viewer::STYLE);
    let body = html! {
        @for note in notes { p.quiet { (note) } }
        (body)
    };
    sheet::page(title, &format!("{STYLE}{viewer}"), script, &body)
}

/// A picture with its answer and its maps, whose colours are those of `legend`.
///
/// # Errors
/// A picture that no JPEG can hold.
pub fn article(shown: &DrawnPicture, legend: &Legend) -> Result<Markup, PackError> {
    let whole = picture(&shown.picture, &as_it_is(shown))?;
    let figure = html! { figure { (whole) figcaption { "Picture" } } };
    article_with(shown, figure, legend)
}

/// Words for who cannot see the picture without a map.
fn as_it_is(shown: &DrawnPicture) -> String {
    format!(
        "{} as it is; grey and striped where the network did not look",
        shown.name
    )
}

/// The same, with another figure before those of the maps.
fn article_with(shown: &DrawnPicture, first: Markup, legend: &Legend) -> Result<Markup, PackError> {
    let figures = shown.maps.iter().map(|map| figure(map, legend));
    let figures = figures.collect::<Result<Vec<Markup>, _>>()?;
    Ok(html! {
        article {
            h2 { (shown.name) }
            @if shown.path != shown.name { p.quiet { (shown.path) } }
            p { (shown.answer()) }
            @if let (Some(verdict), Some(right)) = (shown.verdict(), shown.is_right()) {
                p class=(if right { "right" } else { "wrong" }) { (if right { "✓ " } else { "✗ " }) (verdict) }
            }
            div.pictures {
                (first)
                div.maps { @for figure in figures { (figure) } }
            }
        }
    })
}

/// A map with its scale.
fn figure(map: &DrawnMap, legend: &Legend) -> Result<Markup, PackError> {
    let drawn = picture(&map.picture, &map.alternative)?;
    Ok(html! {
        figure {
            (drawn)
            @if let Some([low, high]) = map.scale {
                div.scale {
                    span { (number(low.into())) }
                    img src=(legend.strip) alt=(format!("scale {}", legend.colours.in_words()));
                    span { (number(high.into())) }
                }
            }
            figcaption {
                (map.title())
                @if map.scale.is_none() { ": " (map.sentence()) }
                @else if legend.colours.is_diverging() {
                    @let [against, for_it] = legend.colours.ends();
                    ": " (for_it) " for it, " (against) " against it, white is 0"
                }
                @else if let Some(remark) = &map.remark { ": " (remark) }
            }
        }
    })
}

/// The colours of maps from the lowest to the highest value.
pub struct Legend {
    colours: ColourMap,
    /// A picture of them, as a `data:` address.
    strip: String,
}

impl Legend {
    /// That of `colours`.
    ///
    /// # Errors
    /// None is known.
    pub fn new(colours: ColourMap) -> Result<Self, PackError> {
        let strip = RgbImage::from_fn(256, 1, |column, _| {
            Rgb(colours.at((f64::from(column) + 0.5) / 256.0))
        });
        Ok(Self {
            colours,
            strip: png_address(&strip)?,
        })
    }
}

/// A picture inside the page.
///
/// # Errors
/// A picture that no JPEG can hold.
pub fn picture(pixels: &RgbImage, alternative: &str) -> Result<Markup, PackError> {
    let address = jpeg_address(pixels)?;
    Ok(html! {
        img.picture src=(address) alt=(alternative) width=(pixels.width()) height=(pixels.height());
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlay::Layer;
    use cam::method;

    fn shown(name: &str) -> DrawnPicture {
        let map = DrawnMap {
            method: method("grad-cam").unwrap(),
            class: Some(("pug".to_owned(), 0.9)),
            picture: RgbImage::new(4, 3),
            layer: Some(Layer {
                pixels: RgbImage::new(4, 3),
                place: [0.125, 0.0, 0.75, 1.0],
            }),
            scale: Some([0.0, 0.5]),
            range: "0 to 0.500".to_owned(),
            remark: None,
            alternative: format!("{name} under the heat-map"),
        };
        DrawnPicture {
            path: format!("below/{name}"),
            name: name.to_owned(),
            picture: RgbImage::new(4, 3),
            probabilities: vec![("pug".to_owned(), 0.9), ("beagle".to_owned(), 0.1)],
            true_class: Some("beagle".to_owned()),
            maps: vec![map],
        }
    }

    fn explained(title: &str, notes: &[String], shown: DrawnPicture) -> Result<String, PackError> {
        explanations(title, notes, &[shown], &Look::default())
    }

    #[test]
    fn a_page_runs_its_own_script_and_no_other_and_one_without_maps_runs_none() {
        let page = explained("Title", &[], shown("pug_1.jpg")).unwrap();
        // By an independent way: `printf %s "$SCRIPT" | openssl dgst -sha256 -binary | base64`.
        let policy = page.split("script-src '").nth(1).unwrap();
        let digest = policy.split('\'').next().unwrap();
        assert!(
            digest.starts_with("sha256-") && digest.len() == 7 + 44,
            "{digest}"
        );
        assert!(page.contains(viewer::SCRIPT) && !page.contains("unsafe-eval"));
        let quiet = document("Title", &[], html! {});
        assert!(!quiet.contains("<script") && !quiet.contains("script-src"));
    }

    #[test]
    fn where_0_is_in_the_middle_of_the_colours_the_caption_says_so() {
        let look = Look {
            colours: ColourMap::RedBlue,
            ..Look::default()
        };
        let page = explanations("Title", &[], &[shown("pug_1.jpg")], &look).unwrap();
        assert!(page.contains("red for it, blue against it, white is 0"));
        let usual = explained("Title", &[], shown("pug_1.jpg")).unwrap();
        assert!(!usual.contains("white is 0"));
    }

    #[test]
    fn the_page_needs_nothing_from_elsewhere_and_describes_every_picture() {
        let page = explained("Title", &[], shown("pug_1.jpg")).unwrap();
        let images = page.matches("<img").count();
        assert_eq!(images, 4);
        assert_eq!(page.matches("src=\"data:").count(), images);
        assert_eq!(page.matches("alt=\"").count(), images);
        assert!(!page.contains("http:") && !page.contains("https:"));
        assert!(page.contains("wrong: it is beagle, not pug"));
    }

    #[test]
    fn a_name_cannot_become_markup() {
        let notes = ["<i>".to_owned()];
        let page = explained("<b>", &notes, shown("\"><script>alert(1)</script>.jpg")).unwrap();
        assert!(!page.contains("<b>") && !page.contains("<i>"));
        assert_eq!(page.matches("<script").count(), 1, "its own");
        assert!(page.contains("&lt;script&gt;"));
    }

    #[test]
    fn a_picture_that_cannot_be_packed_is_an_error_and_not_an_empty_picture() {
        let broken = DrawnPicture {
            picture: RgbImage::new(0, 3),
            ..shown("pug_1.jpg")
        };
        assert!(explained("Title", &[], broken).is_err());
    }

    #[test]
    fn a_page_of_tables_begins_with_its_verdict() {
        let table = [["method", "figure"], ["Grad-CAM", "1 %"]];
        let table = table.map(|row| row.map(str::to_owned).to_vec()).to_vec();
        let [note, verdict] = ["a note".to_owned(), "Use it.".to_owned()];
        let two = [("Where?", table.clone()), ("What?", table)];
        let page = tables("Title", &[note], &[verdict], &two, None, &[]);
        let place = |text: &str| page.find(text).unwrap();
        assert!(place("</h1>") < place("Use it.") && place("Use it.") < place("<table"));
        assert!(place("<table") < place("a note"));
        assert_eq!(page.matches("<td>Grad-CAM</td>").count(), 2);
    }
}
