//! A small data set of two classes, and a config that trains on it in a second.

use image::{Rgb, RgbImage};
use std::{fs, path::Path};

/// Ten dark and ten light pictures: sixteen train, four validate.
pub fn draw(folder: &Path) {
    for (class, light) in [("dark", 40), ("light", 200)] {
        let class = folder.join(class);
        fs::create_dir_all(&class).unwrap();
        for number in 0..10u8 {
            let picture = RgbImage::from_fn(40, 40, |x, y| Rgb([light, x as u8, y as u8 + number]));
            picture.save(class.join(format!("{number}.png"))).unwrap();
        }
    }
}

/// What is set of the config.
pub fn sets(pictures: &Path, batch_size: usize) -> Vec<String> {
    vec![
        "data.source=folder".to_owned(),
        "data.layout=folders".to_owned(),
        format!("data.folder={}", pictures.display()),
        "model.architecture=resnet18".to_owned(),
        "model.base_width=4".to_owned(),
        "stage.0.size=32".to_owned(),
        format!("stage.0.batch_size={batch_size}"),
    ]
}
