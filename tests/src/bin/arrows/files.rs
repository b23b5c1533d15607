//! Arrows between the files of a crate.

use crate::modules::{ModuleTree, is_test};
use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fs,
    path::{Path, PathBuf},
};
use syn::visit::{self, Visit};

/// Arrows of a crate: each file with the files that it imports.
type Arrows = BTreeMap<PathBuf, BTreeSet<PathBuf>>;

/// A sentence for each import below `source` that is part of a circle. What a file re-exports (`pub use`) is no import, and
/// neither is what its tests use.
pub fn circles(package: &str, source: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let tree = ModuleTree::read(source)?;
    let mut arrows = Arrows::new();
    for module in tree.names() {
        let mut imports = Imports {
            tree: &tree,
            module: module.clone(),
            found: BTreeSet::new(),
        };
        tree.items(module)
            .iter()
            .for_each(|item| imports.visit_item(item));
        let file = tree.file(module).to_owned();
        imports.found.remove(&file);
        arrows.entry(file).or_default().extend(imports.found);
    }
    let name = |path: &Path| {
        path.strip_prefix(source)
            .unwrap_or(path)
            .display()
            .to_string()
    };
    let mut problems = Vec::new();
    for (one, imported) in &arrows {
        for other in imported {
            let is_told = other < one && arrows.get(other).is_some_and(|back| back.contains(one));
            if reaches(&arrows, other, one) && !is_told {
                problems.push(format!(
                    "{package}: {} imports {}, which leads back to it",
                    name(one),
                    name(other)
                ));
            }
        }
    }
    Ok(problems)
}

/// Number of lines in the Rust files below `folder`.
pub fn lines(folder: &Path) -> Result<usize, Box<dyn Error>> {
    let mut count = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            count += lines(&path)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            count += fs::read_to_string(&path)?.lines().count();
        }
    }
    Ok(count)
}

fn reaches(arrows: &Arrows, from: &Path, to: &Path) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(file) = open.pop() {
        for next in arrows.get(file).into_iter().flatten() {
            if next == to {
                return true;
            }
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    false
}

/// Gathers the files that the items of one module name.
struct Imports<'a> {
    tree: &'a ModuleTree,
    module: Vec<String>,
    found: BTreeSet<PathBuf>,
}

impl Imports<'_> {
    fn add(&mut self, path: &[String]) {
        if let Some(module) = self.tree.resolve(&self.module, path) {
            self.found.insert(self.tree.file(&module).to_owned());
        }
    }
}

impl<'ast> Visit<'ast> for Imports<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        // A module of its own is visited on its own.
        if !is_test(item) && !matches!(item, syn::Item::Mod(_)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if matches!(item.vis, syn::Visibility::Inherited) {
            for path in crate::modules::paths_of_use(&item.tree) {
                self.add(&path);
            }
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        if names.len() > 1 {
            self.add(&names);
        }
        visit::visit_path(self, path);
    }
}
