//! Pictures that somebody should look at: labels that are probably wrong, and pictures that are there twice.

use super::answered::Answered;
use evaluation::{
    FeatureError, Features, LabelIssue, Variant, label_issues, near_duplicate_threshold,
    near_duplicates,
};
use pictures::part::Part;
use std::collections::{BTreeMap, HashSet};

/// Pairs that are listed, the most similar first.
const MOST_PAIRS: usize = 1000;

/// Pictures to be looked at.
#[derive(Debug)]
pub struct Suspects {
    /// Pictures with a label that is probably wrong, the worst first.
    pub labels: Vec<LabelSuspect>,
    /// Pairs of pictures that are probably the same, the most similar first.
    pub duplicates: Vec<DuplicateSuspect>,
    /// Number of such pairs, also of those that are too many to be listed.
    pub found_duplicates: usize,
}

/// Which picture: the index of the part, and of the picture in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Index of the part.
    pub part: usize,
    /// Index of the picture in it.
    pub picture: usize,
}

/// A picture whose label is probably wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LabelSuspect {
    /// The picture.
    pub place: Place,
    /// What is said against its label.
    pub issue: LabelIssue,
}

/// Two pictures that are probably the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DuplicateSuspect {
    /// The pictures.
    pub places: [Place; 2],
    /// Cosine similarity of their pooled features.
    pub similarity: f32,
    /// True if their labels differ.
    pub labels_differ: bool,
    /// True if they are in different parts or folds.
    pub parts_differ: bool,
}

/// A line of `suspects.csv`; a picture has one line, whatever is said against it.
#[derive(Debug, Clone, PartialEq)]
pub struct SuspectRow {
    /// The picture.
    pub place: Place,
    /// What is said against its label, if something is.
    pub issue: Option<LabelIssue>,
    /// The picture that is most like it, if one is too much so, and the similarity.
    pub like: Option<(Place, f32)>,
}

impl Suspects {
    /// Suspects among the pictures of some parts. Labels are judged within each part, pictures are compared across all.
    ///
    /// # Errors
    /// The network's feature maps are not numbers.
    pub fn new(parts: &[&Answered]) -> Result<Self, FeatureError> {
        let mut labels: Vec<LabelSuspect> = Vec::new();
        for (part, answered) in parts.iter().enumerate() {
            let issues = label_issues(&answered.predictions, Variant::PruneByNoiseRate);
            labels.extend(issues.into_iter().map(|issue| LabelSuspect {
                place: Place {
                    part,
                    picture: issue.picture,
                },
                issue,
            }));
        }
        labels.sort_by(|one, other| one.issue.margin().total_cmp(&other.issue.margin()));
        let (duplicates, found_duplicates) = duplicates(parts)?;
        Ok(Self {
            labels,
            duplicates,
            found_duplicates,
        })
    }

    /// Every suspected picture once: labels first, the worst at the top, then pictures that are there twice, the most similar
    /// at the top and each pair together.
    pub fn rows(&self) -> Vec<SuspectRow> {
        let mut like: BTreeMap<Place, (Place, f32)> = BTreeMap::new();
        for pair in &self.duplicates {
            let [one, other] = pair.places;
            like.entry(one).or_insert((other, pair.similarity));
            like.entry(other).or_insert((one, pair.similarity));
        }
        let labels = self
            .labels
            .iter()
            .map(|suspect| (suspect.place, Some(suspect.issue)));
        let doubles = self.duplicates.iter().flat_map(|pair| pair.places);
        let mut seen = HashSet::new();
        labels
            .chain(doubles.map(|place| (place, None)))
            .filter(|(place, _)| seen.insert(*place))
            .map(|(place, issue)| SuspectRow {
                place,
                issue,
                like: like.get(&place).copied(),
            })
            .collect()
    }

    /// Pairs with two different labels or in two parts, which spoil more than a picture too many does.
    pub fn harmful(&self) -> impl Iterator<Item = &DuplicateSuspect> {
        self.duplicates
            .iter()
            .filter(|pair| pair.labels_differ || pair.parts_differ)
    }
}

/// Pairs of pictures that are probably the same, the most similar first, and their number.
fn duplicates(parts: &[&Answered]) -> Result<(Vec<DuplicateSuspect>, usize), FeatureError> {
    let (mut places, mut pooled) = (Vec::new(), Vec::new());
    for (part, answered) in parts.iter().enumerate() {
        let pictures = 0..answered.files.len();
        places.extend(pictures.map(|picture| Place { part, picture }));
        pooled.extend(&answered.pooled);
    }
    let features = Features::new(pooled.len() / places.len().max(1), pooled)?;
    let similar = near_duplicates(&features, near_duplicate_threshold(&features), MOST_PAIRS);
    let suspects = similar.pairs.into_iter().map(|pair| {
        let places = [places[pair.first], places[pair.second]];
        suspect(parts, places, pair.similarity)
    });
    Ok((suspects.collect(), similar.found))
}

fn suspect(parts: &[&Answered], places: [Place; 2], similarity: f32) -> DuplicateSuspect {
    let label = |place: Place| parts[place.part].predictions.truth()[place.picture];
    let fold = |place: Place| (place.part, parts[place.part].asked[place.picture]);
    let [one, other] = places;
    DuplicateSuspect {
        places,
        similarity,
        labels_differ: label(one) != label(other),
        parts_differ: fold(one) != fold(other),
    }
}

/// The name of a part in `suspects.csv`; empty for pictures that were named.
pub fn part_name(part: Option<Part>) -> String {
    part.map_or_else(String::new, |part| part.to_string())
}
