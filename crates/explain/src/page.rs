//! The page: one file with everything in it, for a browser without a network and for paper.

use crate::{colour::magma, drawn::DrawnMap};
use base64::{Engine, prelude::BASE64_STANDARD};
use image::{ImageFormat, RgbImage, codecs::jpeg::JpegEncoder, imageops};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use std::io::Cursor;
use words::{number, percent};

/// Longer side of the pictures in the page, in pixels; the files beside the page have them in their own size.
const LONGER_SIDE: u32 = 640;
const JPEG_QUALITY: u8 = 88;
/// Classes listed beside a picture.
const LISTED: usize = 3;

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
.right { color: #0060a0; } .wrong { color: #b34700; }
@media print { body { margin: 0; max-width: none; font-size: 11pt; } figure { width: 5.2cm; } }
";

/// One picture with its maps, as the page shows it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Name of the picture.
    pub name: String,
    /// The picture, unseen parts marked.
    pub picture: RgbImage,
    /// Classes with their probabilities, the most probable first.
    pub probabilities: Vec<(String, f64)>,
    /// The class that the picture's name says.
    pub true_class: Option<String>,
    /// Its maps.
    pub maps: Vec<DrawnMap>,
}

impl Entry {
    /// Whether the network was right, if that is known.
    pub fn is_right(&self) -> Option<bool> {
        let predicted = self.probabilities.first().map(|(class, _)| class);
        self.true_class
            .as_ref()
            .map(|truth| Some(truth) == predicted)
    }

    /// The answer in words: `Bengal 61.0 %, Abyssinian 35.2 %, …`.
    pub fn answer(&self) -> String {
        let listed = self.probabilities.iter().take(LISTED);
        let listed: Vec<String> = listed
            .map(|(class, share)| format!("{class} {}", percent(*share)))
            .collect();
        listed.join(", ")
    }

    /// Whether that is right, in words, where it is known.
    pub fn verdict(&self) -> Option<String> {
        let (predicted, _) = self.probabilities.first()?;
        let truth = self.true_class.as_ref()?;
        Some(match self.is_right()? {
            true => format!("right: it is {truth}"),
            false => format!("wrong: it is {truth}, not {predicted}"),
        })
    }
}

/// Makes a picture small enough for pages and sheets.
pub fn reduced(picture: &RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let factor = f64::from(LONGER_SIDE) / f64::from(width.max(height));
    if factor >= 1.0 {
        return picture.clone();
    }
    let side = |length: u32| ((f64::from(length) * factor).round() as u32).max(1);
    imageops::thumbnail(picture, side(width), side(height))
}

/// The page of a set of explanations. `notes` are the sentences below the title.
pub fn explanations(title: &str, notes: &[String], entries: &[Entry]) -> String {
    document(
        title,
        notes,
        html! {
            @for entry in entries {
                article {
                    h2 { (entry.name) }
                    p { (entry.answer()) }
                    @if let (Some(verdict), Some(right)) = (entry.verdict(), entry.is_right()) {
                        p class=(if right { "right" } else { "wrong" }) { (if right { "✓ " } else { "✗ " }) (verdict) }
                    }
                    div.pictures {
                        figure {
                            (picture(&entry.picture, &format!("{} as it is; grey and striped where the network did not look", entry.name)))
                            figcaption { "Picture" }
                        }
                        @for map in &entry.maps { (figure(map)) }
                    }
                }
            }
        },
    )
}

/// A page with a table; the first row is the heading.
pub fn table(title: &str, notes: &[String], rows: &[Vec<String>], remarks: &[String]) -> String {
    let Some((heading, rows)) = rows.split_first() else {
        return document(title, notes, html! {});
    };
    document(
        title,
        notes,
        html! {
            table {
                thead { tr { @for cell in heading { th scope="col" { (cell) } } } }
                tbody { @for row in rows { tr { @for cell in row { td { (cell) } } } } }
            }
            @for remark in remarks { p.quiet { (remark) } }
        },
    )
}

fn document(title: &str, notes: &[String], body: Markup) -> String {
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

fn figure(map: &DrawnMap) -> Markup {
    html! {
        figure {
            (picture(&map.picture, &map.alternative))
            @if let Some([low, high]) = map.scale {
                div.scale {
                    span { (number(low.into())) }
                    img src=(strip()) alt="scale from black over violet and orange to pale yellow";
                    span { (number(high.into())) }
                }
            }
            figcaption {
                (map.title())
                @if map.scale.is_none() { ": " (map.sentence()) }
            }
        }
    }
}

fn picture(pixels: &RgbImage, alternative: &str) -> Markup {
    html! { img.picture src=(jpeg(pixels)) alt=(alternative) width=(pixels.width()) height=(pixels.height()); }
}

/// A picture as a `data:` address. Writing to memory cannot fail; a picture that no JPEG can hold is left empty.
fn jpeg(pixels: &RgbImage) -> String {
    let mut bytes = Vec::new();
    let _ = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY).encode_image(pixels);
    format!("data:image/jpeg;base64,{}", BASE64_STANDARD.encode(bytes))
}

/// The colours of a map from its lowest to its highest value.
fn strip() -> String {
    let strip = RgbImage::from_fn(256, 1, |column, _| {
        image::Rgb(magma((f64::from(column) + 0.5) / 256.0))
    });
    let mut bytes = Cursor::new(Vec::new());
    let _ = strip.write_to(&mut bytes, ImageFormat::Png);
    format!(
        "data:image/png;base64,{}",
        BASE64_STANDARD.encode(bytes.get_ref())
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cam::GradCam;

    fn entry(name: &str) -> Entry {
        let map = DrawnMap {
            method: &GradCam,
            class: Some(("pug".to_owned(), 0.9)),
            picture: RgbImage::new(4, 3),
            scale: Some([0.0, 0.5]),
            range: "0 to 0.500".to_owned(),
            alternative: format!("{name} under the heat-map"),
        };
        Entry {
            name: name.to_owned(),
            picture: RgbImage::new(4, 3),
            probabilities: vec![("pug".to_owned(), 0.9), ("beagle".to_owned(), 0.1)],
            true_class: Some("beagle".to_owned()),
            maps: vec![map],
        }
    }

    #[test]
    fn the_page_needs_nothing_from_elsewhere_and_describes_every_picture() {
        let page = explanations("Title", &[], &[entry("pug_1.jpg")]);
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
            &[entry("\"><script>alert(1)</script>.jpg")],
        );
        assert!(!page.contains("<script") && !page.contains("<b>") && !page.contains("<i>"));
        assert!(page.contains("&lt;script&gt;"));
    }

    #[test]
    fn large_pictures_are_reduced_and_thin_ones_stay_visible() {
        assert_eq!(reduced(&RgbImage::new(1280, 320)).dimensions(), (640, 160));
        assert_eq!(reduced(&RgbImage::new(6400, 2)).dimensions(), (640, 1));
        assert_eq!(reduced(&RgbImage::new(20, 10)).dimensions(), (20, 10));
    }
}
