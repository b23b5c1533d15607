//! The page: one file with everything in it, for a browser without a network and for paper.

use crate::{
    colour::magma,
    drawn::{DrawnMap, DrawnPicture},
    packed::{PackError, jpeg, png},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use image::{Rgb, RgbImage};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use words::number;

/// Everything inside, nothing fetched; on paper a picture and its maps stay together.
const STYLE: &str = "
:root { color-scheme: light; }
body { font: 16px/1.45 system-ui, sans-serif; color: #222; background: #fff; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin: 0 0 .3rem; overflow-wrap: anywhere; }
p { margin: .3rem 0; } .quiet { color: #555; font-size: .9rem; overflow-wrap: anywhere; }
article { border-top: 1px solid #bbb; padding: 1rem 0; break-inside: avoid; }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem; margin-top: .6rem; }
figure { margin: 0; width: 17rem; break-inside: avoid; } figure img.picture { width: 100%; height: auto; display: block; }
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

/// The page of a set of explanations. `notes` are the sentences below the title.
///
/// # Errors
/// A picture that no JPEG can hold.
pub fn explanations(
    title: &str,
    notes: &[String],
    pictures: &[DrawnPicture],
) -> Result<String, PackError> {
    let strip = strip()?;
    let articles = pictures.iter().map(|picture| article(picture, &strip));
    let articles = articles.collect::<Result<Vec<Markup>, _>>()?;
    let body = html! { @for article in articles { (article) } };
    Ok(document(title, notes, body))
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
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                // Nothing from elsewhere is wanted, and a browser is told so.
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (title) }
                @for note in notes { p.quiet { (note) } }
                (body)
            }
        }
    }
    .into_string()
}

/// A picture with its answer and its maps, whose scale is `strip`.
///
/// # Errors
/// A picture that no JPEG can hold.
pub fn article(shown: &DrawnPicture, strip: &str) -> Result<Markup, PackError> {
    let described = format!(
        "{} as it is; grey and striped where the network did not look",
        shown.name
    );
    let whole = picture(&shown.picture, &described)?;
    let figures = shown.maps.iter().map(|map| figure(map, strip));
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
                figure {
                    (whole)
                    figcaption { "Picture" }
                }
                @for figure in figures { (figure) }
            }
        }
    })
}

/// A map with its scale, whose colours are `strip`.
fn figure(map: &DrawnMap, strip: &str) -> Result<Markup, PackError> {
    let drawn = picture(&map.picture, &map.alternative)?;
    Ok(html! {
        figure {
            (drawn)
            @if let Some([low, high]) = map.scale {
                div.scale {
                    span { (number(low.into())) }
                    img src=(strip) alt="scale from black over violet and orange to pale yellow";
                    span { (number(high.into())) }
                }
            }
            figcaption {
                (map.title())
                @if map.scale.is_none() { ": " (map.sentence()) }
            }
        }
    })
}

/// A picture inside the page.
///
/// # Errors
/// A picture that no JPEG can hold.
pub fn picture(pixels: &RgbImage, alternative: &str) -> Result<Markup, PackError> {
    let address = data_address("jpeg", &jpeg(pixels)?);
    Ok(html! {
        img.picture src=(address) alt=(alternative) width=(pixels.width()) height=(pixels.height());
    })
}

/// The colours of a map from its lowest to its highest value, as a `data:` address.
///
/// # Errors
/// None is known.
pub fn strip() -> Result<String, PackError> {
    let strip = RgbImage::from_fn(256, 1, |column, _| {
        Rgb(magma((f64::from(column) + 0.5) / 256.0))
    });
    Ok(data_address("png", &png(&strip)?))
}

fn data_address(format: &str, bytes: &[u8]) -> String {
    format!(
        "data:image/{format};base64,{}",
        BASE64_STANDARD.encode(bytes)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use cam::method;

    fn shown(name: &str) -> DrawnPicture {
        let map = DrawnMap {
            method: method("grad-cam").unwrap(),
            class: Some(("pug".to_owned(), 0.9)),
            picture: RgbImage::new(4, 3),
            scale: Some([0.0, 0.5]),
            range: "0 to 0.500".to_owned(),
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

    #[test]
    fn the_page_needs_nothing_from_elsewhere_and_describes_every_picture() {
        let page = explanations("Title", &[], &[shown("pug_1.jpg")]).unwrap();
        let images = page.matches("<img").count();
        assert_eq!(images, 3);
        assert_eq!(page.matches("src=\"data:").count(), images);
        assert_eq!(page.matches("alt=\"").count(), images);
        assert!(!page.contains("http:") && !page.contains("https:"));
        assert!(page.contains("wrong: it is beagle, not pug"));
    }

    #[test]
    fn a_name_cannot_become_markup() {
        let page = explanations(
            "<b>",
            &["<i>".to_owned()],
            &[shown("\"><script>alert(1)</script>.jpg")],
        )
        .unwrap();
        assert!(!page.contains("<script") && !page.contains("<b>") && !page.contains("<i>"));
        assert!(page.contains("&lt;script&gt;"));
    }

    #[test]
    fn a_picture_that_cannot_be_packed_is_an_error_and_not_an_empty_picture() {
        let broken = DrawnPicture {
            picture: RgbImage::new(0, 3),
            ..shown("pug_1.jpg")
        };
        assert!(explanations("Title", &[], &[broken]).is_err());
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
