//! Labels of a list that are no longer those of a run.

use std::path::Path;

use pictures::folder::csv_labels;
use words::{counted, first_three, forms};

use crate::SplitRecord;

impl SplitRecord {
    /// A sentence on the pictures of which the csv file `list` says another class than when the run began; nothing if there are
    /// none, or the list cannot be read.
    pub fn other_labels(&self, list: &Path) -> Option<String> {
        let now = csv_labels(list).ok()?;
        let is_another = |name: &&String| {
            let [as_it_is, composed, _] = forms(name);
            let label = now.get(&as_it_is).or_else(|| now.get(&composed));
            let began = self.pictures.get(*name).map(|picture| &picture.class);
            matches!((label, began), (Some(label), Some(began)) if label != began)
        };
        let others: Vec<&String> = self.names().filter(is_another).collect();
        (!others.is_empty()).then(|| {
            format!(
                "{} has another class for {} than when the run began ({}): the run's own are taken, a new run takes those of the list",
                list.display(),
                counted(others.len(), "picture"),
                first_three(others)
            )
        })
    }
}
