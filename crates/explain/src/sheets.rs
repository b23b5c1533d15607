//! Explanations as pictures: a row for each, or the notebook's grid.

use crate::{
    colour::ColourMap,
    drawn::{DrawnMap, DrawnPicture},
};
use cam::{METHODS, Method};
use image::RgbImage;
use sheet::{Cell, Sheet, Verdict};
use words::percent;

/// Columns of maps that a sheet still shows well; the page has the others.
const LARGEST_COLUMNS: usize = 8;
/// Side of the pictures of a sheet that shows only one, and of the others, in pixels.
const SINGLE_SIZE: u32 = 400;
/// The same of one picture without text: as large as pictures are drawn.
const PLAIN_SIZE: u32 = 640;
const ROW_SIZE: u32 = 224;
/// Pictures in a row of a grid: the notebook's 2 × 4.
const GRID_COLUMNS: usize = 4;

/// A row for each picture: the picture, its maps, the scale in its `colours`.
pub fn rows(title: &str, pictures: &[DrawnPicture], colours: ColourMap) -> RgbImage {
    let columns = columns(pictures);
    let maps = columns
        .iter()
        .map(|(method, rank)| heading(pictures, method, *rank));
    let headings = ["Picture".to_owned()]
        .into_iter()
        .chain(maps)
        .chain(["Scale".to_owned()]);
    let mut sheet = Sheet::new(columns.len() + 2)
        .title(title)
        .picture_size(if pictures.len() == 1 {
            SINGLE_SIZE
        } else {
            ROW_SIZE
        })
        .column_headings(headings);
    for shown in pictures {
        sheet.push(with_answer(&shown.picture, shown));
        for (method, rank) in &columns {
            sheet.push(
                maps_of(shown, method)
                    .nth(*rank)
                    .map_or_else(Cell::empty, map_cell),
            );
        }
        let [low, high] = match colours.is_diverging() {
            true => ["against, 0 is white", "for"],
            false => ["lowest", "highest"],
        };
        sheet.push(Cell::scale_bar(|value| colours.at(value.into()), low, high));
    }
    sheet.render()
}

/// The same without a word: a row for each picture, with its maps beside it.
pub fn plain(pictures: &[DrawnPicture]) -> RgbImage {
    let columns = columns(pictures);
    let mut sheet = Sheet::new(columns.len() + 1).picture_size(if pictures.len() == 1 {
        PLAIN_SIZE
    } else {
        SINGLE_SIZE
    });
    for shown in pictures {
        sheet.push(Cell::picture(shown.picture.clone()));
        for (method, rank) in &columns {
            let map = maps_of(shown, method).nth(*rank);
            sheet.push(map.map_or_else(Cell::empty, |map| Cell::picture(map.picture.clone())));
        }
    }
    sheet.render()
}

/// The columns of maps, each a method and a position among the maps that a picture has of it: as many for a method
/// as any picture has, or one where that would be too many.
fn columns(pictures: &[DrawnPicture]) -> Vec<(&'static Method, usize)> {
    let most = |method| {
        pictures
            .iter()
            .map(|shown| maps_of(shown, method).count())
            .max()
            .unwrap_or(0)
    };
    let columns = |limit: usize| -> Vec<_> {
        let ranks = |method| (0..most(method).min(limit)).map(move |rank| (method, rank));
        METHODS.iter().copied().flat_map(ranks).collect()
    };
    let all = columns(usize::MAX);
    if all.len() > LARGEST_COLUMNS {
        columns(1)
    } else {
        all
    }
}

/// The method, and which class: the one that all pictures are asked about, or what it is to each of them.
fn heading(pictures: &[DrawnPicture], method: &'static Method, rank: usize) -> String {
    let maps: Vec<&DrawnMap> = pictures
        .iter()
        .filter_map(|shown| maps_of(shown, method).nth(rank))
        .collect();
    let class = |map: &DrawnMap| map.class.as_ref().map(|(class, _)| class.clone());
    let first = maps.first().and_then(|map| class(map));
    let is_every = |first| {
        maps.len() == pictures.len() && maps.iter().all(|map| class(map).as_ref() == Some(first))
    };
    match first {
        None => method.title().to_owned(),
        Some(first) if is_every(&first) => format!("{}: {first}", method.title()),
        Some(_) if rank == 0 => format!("{}: predicted", method.title()),
        Some(_) => format!("{}: true class", method.title()),
    }
}

/// For each method the notebook's grid: one map per picture, that of the first class. `remark` goes behind the titles.
pub fn grids(pictures: &[DrawnPicture], remark: &str) -> Vec<(&'static str, RgbImage)> {
    let columns = columns(pictures).into_iter().filter(|(_, rank)| *rank == 0);
    columns
        .map(|(method, _)| (method.name(), grid(pictures, method, remark)))
        .collect()
}

fn grid(pictures: &[DrawnPicture], method: &'static Method, remark: &str) -> RgbImage {
    let mut grid =
        Sheet::new(GRID_COLUMNS.min(pictures.len())).title(format!("{}{remark}", method.title()));
    for shown in pictures {
        let map = maps_of(shown, method).next();
        grid.push(map.map_or_else(Cell::empty, |map| with_answer(&map.picture, shown)));
    }
    grid.render()
}

/// A picture's maps of one method.
fn maps_of<'a>(
    shown: &'a DrawnPicture,
    method: &'static Method,
) -> impl Iterator<Item = &'a DrawnMap> {
    shown.maps.iter().filter(move |map| map.method == method)
}

/// `picture` with the answer below it, the truth where it is another, and the name.
fn with_answer(picture: &RgbImage, shown: &DrawnPicture) -> Cell {
    let cell = Cell::picture(picture.clone());
    let Some((class, share)) = shown.probabilities.first() else {
        return cell;
    };
    let cell = cell.caption(format!("{class} {}", percent(*share)));
    let cell = match (&shown.true_class, shown.is_right()) {
        (_, Some(true)) => cell.verdict(Verdict::Right),
        (Some(truth), Some(false)) => cell.verdict(Verdict::Wrong).caption(format!("is {truth}")),
        _ => cell,
    };
    cell.caption(shown.name.clone())
}

/// A map with its class and values below; the method is in the heading above.
fn map_cell(map: &DrawnMap) -> Cell {
    let mut cell = Cell::picture(map.picture.clone());
    if let Some((class, share)) = &map.class {
        cell = cell.caption(format!("{class} {}", percent(*share)));
    }
    if map.scale.is_none() {
        cell = cell.caption("no positive evidence");
    }
    cell.caption(map.range.clone())
}
