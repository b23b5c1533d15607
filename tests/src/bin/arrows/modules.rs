//! The modules of a crate, and what a path in one of them leads to.

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fs,
    path::{Path, PathBuf},
};
use syn::{Item, UseTree};

/// Re-exports that are followed for one path; more is a circle of them.
const FOLLOWED: usize = 16;

/// Module paths from the crate's root, which is the empty path.
type Name = Vec<String>;

/// The modules of a crate by their paths.
pub struct ModuleTree {
    modules: BTreeMap<Name, Module>,
}

struct Module {
    file: PathBuf,
    items: Vec<Item>,
    /// Names that are defined here.
    defined: BTreeSet<String>,
    /// Names that are imported here, with the path that each stands for.
    imported: Vec<(String, Vec<String>)>,
}

impl ModuleTree {
    /// Reads `lib.rs` in `source` and every module file that it declares, tests left out.
    pub fn read(source: &Path) -> Result<Self, Box<dyn Error>> {
        let mut tree = Self {
            modules: BTreeMap::new(),
        };
        let root = source.join("lib.rs");
        let items = parse(&root)?;
        tree.add(Vec::new(), root, source, items)?;
        Ok(tree)
    }

    /// Paths of all modules.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.modules.keys()
    }

    /// The items of a module.
    pub fn items(&self, module: &Name) -> &[Item] {
        &self.modules[module].items
    }

    /// The file of a module.
    pub fn file(&self, module: &Name) -> &Path {
        &self.modules[module].file
    }

    /// The module that defines what `path` in `module` leads to; `None` outside the crate.
    pub fn resolve(&self, module: &Name, path: &[String]) -> Option<Name> {
        self.follow(module, path, FOLLOWED)
    }

    fn follow(&self, module: &Name, path: &[String], depth: usize) -> Option<Name> {
        let (first, rest) = path.split_first()?;
        let depth = depth.checked_sub(1)?;
        match first.as_str() {
            "crate" => self.descend(Vec::new(), rest, depth),
            "self" => self.descend(module.clone(), rest, depth),
            "super" => {
                let parent = module[..module.len().checked_sub(1)?].to_vec();
                match rest.first().map(String::as_str) {
                    Some("super") => self.follow(&parent, rest, depth),
                    _ => self.descend(parent, rest, depth),
                }
            }
            _ if self.modules.contains_key(&child(module, first)) => {
                self.descend(module.clone(), path, depth)
            }
            _ => None,
        }
    }

    fn descend(&self, module: Name, path: &[String], depth: usize) -> Option<Name> {
        let Some((first, rest)) = path.split_first() else {
            return Some(module);
        };
        let below = child(&module, first);
        if self.modules.contains_key(&below) {
            return self.descend(below, rest, depth);
        }
        let here = &self.modules[&module];
        if here.defined.contains(first) {
            return Some(module);
        }
        let imported = here.imported.iter().find(|(name, _)| name == first);
        match imported {
            Some((_, path)) => self.follow(&module, &[path, rest].concat(), depth),
            None => Some(module),
        }
    }

    fn add(
        &mut self,
        name: Name,
        file: PathBuf,
        folder: &Path,
        items: Vec<Item>,
    ) -> Result<(), Box<dyn Error>> {
        let (mut defined, mut imported) = (BTreeSet::new(), Vec::new());
        for item in items.iter().filter(|item| !is_test(item)) {
            match item {
                Item::Use(import) => imported.extend(names_of_use(&import.tree)),
                Item::Mod(module) => {
                    let ident = module.ident.to_string();
                    let below = folder.join(&ident);
                    let (file, items) = match &module.content {
                        Some((_, items)) => (file.clone(), items.clone()),
                        None => {
                            let file = [below.with_extension("rs"), below.join("mod.rs")]
                                .into_iter()
                                .find(|file| file.is_file())
                                .ok_or_else(|| format!("{} has no file", below.display()))?;
                            let items = parse(&file)?;
                            (file, items)
                        }
                    };
                    self.add(child(&name, &ident), file, &below, items)?;
                }
                other => defined.extend(ident(other)),
            }
        }
        let module = Module {
            file,
            items,
            defined,
            imported,
        };
        self.modules.insert(name, module);
        Ok(())
    }
}

/// Whether an item is there only for tests.
pub fn is_test(item: &Item) -> bool {
    let attributes = match item {
        Item::Mod(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        _ => return false,
    };
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|path| path.is_ident("test"))
    })
}

/// The paths that a `use` names; one that ends in `*` is that of the module before.
pub fn paths_of_use(tree: &UseTree) -> Vec<Vec<String>> {
    names_of_use(tree)
        .into_iter()
        .map(|(_, path)| path)
        .collect()
}

/// Each name that a `use` brings in, with its path; the name of a glob is `*`.
fn names_of_use(tree: &UseTree) -> Vec<(String, Vec<String>)> {
    match tree {
        UseTree::Path(path) => names_of_use(&path.tree)
            .into_iter()
            .map(|(name, rest)| (name, [vec![path.ident.to_string()], rest].concat()))
            .collect(),
        UseTree::Name(name) if name.ident == "self" => vec![("self".to_owned(), Vec::new())],
        UseTree::Name(name) => vec![(name.ident.to_string(), vec![name.ident.to_string()])],
        UseTree::Rename(rename) => {
            vec![(rename.rename.to_string(), vec![rename.ident.to_string()])]
        }
        UseTree::Glob(_) => vec![("*".to_owned(), Vec::new())],
        UseTree::Group(group) => group.items.iter().flat_map(names_of_use).collect(),
    }
}

fn ident(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        _ => return None,
    };
    Some(ident.to_string())
}

fn child(module: &Name, ident: &str) -> Name {
    [module.as_slice(), &[ident.to_owned()]].concat()
}

fn parse(file: &Path) -> Result<Vec<Item>, Box<dyn Error>> {
    let text = fs::read_to_string(file)?;
    let parsed = syn::parse_file(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(parsed.items)
}
