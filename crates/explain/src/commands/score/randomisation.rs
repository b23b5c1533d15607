//! What is left of the maps when the network forgets what it has learnt, one part after the other (Adebayo et al. 2018,
//! arXiv:1810.03292).

use super::gathered::{Gathered, Scored, maps_of};
use crate::{
    explanation::{Asking, Classes, ExplainError, Explanation, explain},
    network::SavedNetwork,
    pictures::Picture,
    random::{Purpose, generator_for},
};
use anyhow::{Error, Result};
use cam::HeatMap;
use measure::{
    About, Interval, RANDOM, RANDOM_UNSIGNED, Tally, imputation::gaussian, rank_correlation,
};
use rand::Rng;
use serde::{Deserialize, Serialize};

/// Name of the row of maps that have nothing to do with each other.
pub const NOISE: &str = "noise";

/// Pictures that go through the network at once.
const AT_ONCE: usize = 8;

/// Which parts forget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// The head, then the part below it too, and so on.
    Cascade,
    /// One part at a time.
    Alone,
}

/// The likeness of one picture's maps of the network as it is and with a part that has forgotten; a line of
/// `randomisation-pictures.csv`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Likeness {
    /// Which parts have forgotten: this one alone, or everything from the head to it.
    pub order: Order,
    /// The part.
    pub part: String,
    /// The method, as printed.
    pub method: String,
    /// Name of the picture.
    pub picture: String,
    /// Name of the class.
    pub class: String,
    /// Spearman's correlation.
    pub spearman: f64,
    /// That of the absolute values.
    pub spearman_unsigned: f64,
}

/// A mean of them; a line of `randomisation.csv`.
#[derive(Debug, Clone, Serialize)]
pub struct MeanLikeness {
    /// See [`Likeness`].
    pub order: Order,
    /// See [`Likeness`].
    pub part: String,
    /// See [`Likeness`].
    pub method: String,
    /// `spearman` or `spearman unsigned`.
    pub measure: &'static str,
    /// The mean.
    pub mean: f64,
    /// Lower end of its 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Number of pictures.
    pub count: usize,
}

/// Measures on `count` of the pictures, drawn by the seed. Each part that forgets gets the weights that it had before any
/// training.
///
/// # Errors
/// Pictures that are not found, a network that gives no numbers.
pub fn measure(scored: &Scored, count: usize, gathered: &mut Gathered) -> Result<Vec<Likeness>> {
    // Every process looks at them: all need the same.
    let pictures = scored.together.agreed(classified(scored, count))?;
    if pictures.is_empty() {
        return Ok(Vec::new());
    }
    let parts = scored.opened.network.parts();
    let known = maps(scored, &scored.opened.network, &pictures).map_err(Error::from);
    let known = scored.together.agreed(known)?;
    let steps = 2 * parts.len() - 1;
    let bar = scored.terminal.steps("forgetting", steps);
    let mut all = Vec::new();
    scored.together.divided(
        &plan(&parts),
        |(order, which, part)| {
            let likeness = of_step(scored, &pictures, &known, which)?;
            let likeness = likeness.into_iter().map(|one| Likeness {
                order: *order,
                part: (*part).to_owned(),
                ..one
            });
            Ok(likeness.collect())
        },
        |_, likeness: Vec<Likeness>| {
            all.extend(likeness);
            bar.advance(1);
            Ok(())
        },
    )?;
    // A head that forgets alone is the first step of the cascade.
    let of_head = all.iter().filter(|one| one.part == parts[0]).cloned();
    let alone: Vec<Likeness> = of_head.collect();
    all.extend(alone.into_iter().map(|one| Likeness {
        order: Order::Alone,
        ..one
    }));
    all.extend(noise(scored, &pictures, &known, &parts));
    tell(&all, parts[parts.len() - 1], gathered);
    Ok(all)
}

/// The steps: which parts forget, and the one that gives the step its name.
fn plan<'a>(parts: &'a [&'static str]) -> Vec<(Order, &'a [&'static str], &'static str)> {
    let cascade = (0..parts.len()).map(|last| (Order::Cascade, &parts[..=last], parts[last]));
    let alone = (1..parts.len()).map(|part| (Order::Alone, &parts[part..=part], parts[part]));
    cascade.chain(alone).collect()
}

/// The pictures with a class each: the true one, or the one that the network says.
fn classified(scored: &Scored, count: usize) -> Result<Vec<Picture>> {
    let mut pictures = Vec::new();
    for files in scored.drawn(count).chunks(AT_ONCE) {
        let read = scored.opened.read_all(files, scored.terminal);
        let asking = Asking::default();
        for explained in explain(&scored.opened.network, read, &asking, &[])? {
            let mut picture = explained.picture;
            picture.file.true_class.get_or_insert(explained.predicted);
            pictures.push(picture);
        }
    }
    Ok(pictures)
}

fn maps(
    scored: &Scored,
    network: &SavedNetwork,
    pictures: &[Picture],
) -> Result<Vec<Explanation>, ExplainError> {
    let asking = Asking {
        classes: Classes::True,
        ..scored.asking.clone()
    };
    let mut explained = Vec::new();
    for pictures in pictures.chunks(AT_ONCE) {
        explained.extend(explain(
            network,
            pictures.to_vec(),
            &asking,
            &scored.methods,
        )?);
    }
    Ok(explained)
}

/// The likeness of all maps when the parts `which` have forgotten; of nothing where the network gives no numbers then.
fn of_step(
    scored: &Scored,
    pictures: &[Picture],
    known: &[Explanation],
    which: &[&'static str],
) -> Result<Vec<Likeness>> {
    let opened = scored.opened;
    let (seed, device) = (scored.seed, &opened.device);
    let network =
        SavedNetwork::load_with_random(&opened.checkpoint, which, seed, device, opened.options)?;
    let forgotten = match maps(scored, &network, pictures) {
        Err(ExplainError::NotANumber(_)) => {
            scored.terminal.warning(&format!(
                "left out of the randomisation: with {} as before training the network gives no numbers",
                which.join(", ")
            ));
            return Ok(Vec::new());
        }
        found => found?,
    };
    let mut all = Vec::new();
    for (known, forgotten) in known.iter().zip(&forgotten) {
        for method in &scored.methods {
            for (map, other) in maps_of(known, method).zip(maps_of(forgotten, method)) {
                let class = map.class.or(known.picture.file.true_class);
                let about = scored.about(&known.picture, class.unwrap_or(known.predicted));
                all.extend(likeness(method.title(), &about, &map.raw, &other.raw));
            }
        }
    }
    Ok(all)
}

/// `None` of a level map. Order and part are the caller's.
fn likeness(method: &str, about: &About, map: &HeatMap, other: &HeatMap) -> Option<Likeness> {
    let absolute = |map: &HeatMap| {
        map.values
            .iter()
            .map(|value| value.abs())
            .collect::<Vec<_>>()
    };
    Some(Likeness {
        order: Order::Cascade,
        part: String::new(),
        method: method.to_owned(),
        picture: about.picture.clone(),
        class: about.class.clone(),
        spearman: rank_correlation(&map.values, &other.values)?,
        spearman_unsigned: rank_correlation(&absolute(map), &absolute(other))?,
    })
}

/// What two maps that have nothing to do with each other come to, of as many cells as the first map of each picture.
fn noise(
    scored: &Scored,
    pictures: &[Picture],
    known: &[Explanation],
    parts: &[&'static str],
) -> Vec<Likeness> {
    let mut all = Vec::new();
    for (picture, known) in pictures.iter().zip(known) {
        let Some(map) = known.maps.first() else {
            continue;
        };
        let names = [picture.file.name.as_str()];
        let mut random = generator_for(scored.seed, Purpose::RandomLayers, &names);
        let about = scored.about(picture, picture.file.true_class.unwrap_or(known.predicted));
        let [one, other] = [0; 2].map(|_| drawn(&map.raw, &mut random));
        let Some(found) = likeness(NOISE, &about, &one, &other) else {
            continue;
        };
        for order in [Order::Cascade, Order::Alone] {
            all.extend(parts.iter().map(|part| Likeness {
                order,
                part: (*part).to_owned(),
                ..found.clone()
            }));
        }
    }
    all
}

/// A map of the shape of another, each cell drawn from the normal distribution.
fn drawn(like: &HeatMap, random: &mut impl Rng) -> HeatMap {
    HeatMap {
        values: like.values.iter().map(|_| gaussian(random)).collect(),
        ..*like
    }
}

/// Puts the end of the cascade, where nothing is left of what was learnt, into the tables.
fn tell(all: &[Likeness], last: &str, gathered: &mut Gathered) {
    let is_end = |one: &&Likeness| one.order == Order::Cascade && one.part == last;
    for one in all.iter().filter(is_end) {
        let mut of_methods = gathered.methods.iter_mut().map(|(_, tally)| tally);
        let tally: Option<&mut Tally> = match one.method == NOISE {
            true => Some(gathered.baselines.random_map()),
            false => of_methods.find(|tally| tally.title == one.method),
        };
        if let Some(tally) = tally {
            let about = About::new(&one.picture, &one.class);
            tally.add(&RANDOM, &about, Some(one.spearman));
            tally.add(&RANDOM_UNSIGNED, &about, Some(one.spearman_unsigned));
        }
    }
}

/// Means over pictures with their intervals: orders, parts and methods as they come.
pub fn means(all: &[Likeness], seed: u64) -> Vec<MeanLikeness> {
    let mut keys: Vec<(Order, &str, &str)> = Vec::new();
    for one in all {
        let key = (one.order, one.part.as_str(), one.method.as_str());
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let mut means = Vec::new();
    for (order, part, method) in keys {
        let alike = all.iter().filter(|one| {
            (one.order, one.part.as_str(), one.method.as_str()) == (order, part, method)
        });
        let (signed, unsigned): (Vec<f64>, Vec<f64>) = alike
            .map(|one| (one.spearman, one.spearman_unsigned))
            .unzip();
        let measures = [("spearman", signed), ("spearman unsigned", unsigned)];
        for (measure, values) in measures {
            let names = [
                "randomisation",
                &format!("{order:?}"),
                part,
                method,
                measure,
            ];
            let mut random = generator_for(seed, Purpose::Bootstrap, &names);
            let found = Interval::of(&values, &mut random);
            means.extend(found.map(|found| MeanLikeness {
                order,
                part: part.to_owned(),
                method: method.to_owned(),
                measure,
                mean: found.mean,
                low: found.low,
                high: found.high,
                count: found.count,
            }));
        }
    }
    means
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cascade_goes_from_the_head_down_and_each_part_below_it_forgets_alone_too() {
        let parts = ["head", "layer4", "stem"];
        let steps = plan(&parts);
        let cascade = steps.iter().filter(|step| step.0 == Order::Cascade);
        let which: Vec<&[&str]> = cascade.map(|step| step.1).collect();
        assert_eq!(which, [&parts[..1], &parts[..2], &parts[..3]]);
        let alone = steps.iter().filter(|step| step.0 == Order::Alone);
        let which: Vec<&[&str]> = alone.map(|step| step.1).collect();
        assert_eq!(which, [&parts[1..2], &parts[2..3]]);
    }

    #[test]
    fn a_map_turned_around_is_the_same_without_sign_and_a_level_one_has_no_likeness() {
        let map = |values: [f32; 4]| HeatMap {
            height: 2,
            width: 2,
            values: values.to_vec(),
        };
        let about = About::new("a.jpg", "pug");
        let one = map([1.0, -2.0, 3.0, -4.0]);
        let turned = map([-1.0, 2.0, -3.0, 4.0]);
        let found = likeness("A", &about, &one, &turned).unwrap();
        assert!((found.spearman + 1.0).abs() < 1e-6, "{found:?}");
        assert!((found.spearman_unsigned - 1.0).abs() < 1e-6, "{found:?}");
        assert!(likeness("A", &about, &one, &map([1.0; 4])).is_none());
    }
}
