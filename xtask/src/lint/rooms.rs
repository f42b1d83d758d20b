//! No circles: of the modules that lie in one folder, none imports another that, over any way, imports it.
//!
//! A folder's modules then have an order, and imports point one way along it, at every level of a crate. What a parent's own file
//! declares counts as one more module among its children; what it only passes on (`pub use`) counts as the child that it comes from.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::Visit;
use syn::{Attribute, Item, ItemMod, ItemUse, UseTree, Visibility};

use crate::failure::{During, Failure, Outcome};

/// A module's way from the crate's root.
type Way = Vec<String>;

/// The crates that are looked at: the sources of the SDK, the host with its statistics, and every plugin.
fn crates(root: &Path) -> Outcome<Vec<PathBuf>> {
    let mut found = vec![root.join("sdk/src"), root.join("host/src"), root.join("host/statistics/src")];
    let plugins = root.join("plugins");
    let list = fs::read_dir(&plugins).during(|| format!("list {}", plugins.display()))?;
    found.extend(list.flatten().map(|entry| entry.path().join("src")).filter(|src| src.is_dir()));
    found.sort();
    Ok(found)
}

/// Every circle, one line each.
///
/// # Errors
/// When a source cannot be read.
pub fn violations(root: &Path) -> Outcome<Vec<String>> {
    let mut lines = Vec::new();
    for source in crates(root)? {
        let mut modules = Modules::default();
        modules.read(&source.join("lib.rs"), &source, Vec::new())?;
        let shown = source.strip_prefix(root).unwrap_or(&source).display().to_string();
        lines.extend(modules.circles().into_iter().map(|circle| format!("{shown}: {circle}")));
    }
    Ok(lines)
}

/// A module's own file.
#[derive(Default)]
struct Module {
    /// What it imports or names, as it stands there.
    paths: Vec<Way>,
    /// What it passes on, under which name: the path that is meant.
    passed_on: BTreeMap<String, Way>,
}

/// All modules of a crate, without tests.
#[derive(Default)]
struct Modules(BTreeMap<Way, Module>);

impl Modules {
    /// Reads a module and those below it; `folder` is where its children lie.
    fn read(&mut self, file: &Path, folder: &Path, way: Way) -> Outcome {
        let text = fs::read_to_string(file).during(|| format!("read {}", file.display()))?;
        let parsed = syn::parse_file(&text)
            .map_err(|error| Failure::new(format!("{}: cannot be parsed: {error}", file.display())))?;
        let children = self.add(&parsed.items, &way);
        for child in children {
            let below = folder.join(&child);
            let flat = folder.join(format!("{child}.rs"));
            let file = if flat.is_file() { flat } else { below.join("mod.rs") };
            self.read(&file, &below, [&way[..], &[child]].concat())?;
        }
        Ok(())
    }

    /// Adds the module of these items, and gives its children that have files of their own.
    fn add(&mut self, items: &[Item], way: &[String]) -> Vec<String> {
        let mut reader = Reader::default();
        items.iter().for_each(|item| reader.visit_item(item));
        self.0.insert(way.to_vec(), Module { paths: reader.paths, passed_on: reader.passed_on });
        reader.children
    }

    /// The module in which lies what `path` means where it stands in `from`; none outside of the crate.
    fn home(&self, from: &[String], path: &[String]) -> Option<Way> {
        let mut rest = path;
        let mut at: Way = match rest.first()?.as_str() {
            "crate" => {
                rest = &rest[1..];
                Vec::new()
            }
            "self" => {
                rest = &rest[1..];
                from.to_vec()
            }
            "super" => from.to_vec(),
            first => {
                self.0.get(&[from, &[first.to_owned()]].concat())?;
                from.to_vec()
            }
        };
        while rest.first().is_some_and(|word| word == "super") {
            at.pop()?;
            rest = &rest[1..];
        }
        while let Some(word) = rest.first() {
            let below = [&at[..], std::slice::from_ref(word)].concat();
            if self.0.contains_key(&below) {
                at = below;
                rest = &rest[1..];
                continue;
            }
            if let Some(meant) = self.0.get(&at).and_then(|module| module.passed_on.get(word)) {
                return self.home(&at, meant);
            }
            break;
        }
        Some(at)
    }

    /// Imports between modules: from, to.
    fn imports(&self) -> BTreeSet<(Way, Way)> {
        let of = |(way, module): (&Way, &Module)| -> Vec<(Way, Way)> {
            let homes = module.paths.iter().filter_map(|path| self.home(way, path));
            homes.filter(|home| home != way).map(|home| (way.clone(), home)).collect()
        };
        self.0.iter().flat_map(of).collect()
    }

    /// The circles at every level.
    fn circles(&self) -> Vec<String> {
        let imports = self.imports();
        let mut found = Vec::new();
        for parent in self.0.keys() {
            let mut arrows: BTreeMap<&str, BTreeMap<&str, (&Way, &Way)>> = BTreeMap::new();
            for (from, to) in &imports {
                let (Some(a), Some(b)) = (child_of(parent, from), child_of(parent, to)) else { continue };
                if a != b {
                    arrows.entry(a).or_default().entry(b).or_insert((from, to));
                }
            }
            found.extend(circle(&arrows).map(|names| {
                let arrow = |pair: &[&str]| {
                    let (from, to) = arrows[pair[0]][pair[1]];
                    format!("{} imports {}", shown(from), shown(to))
                };
                names.windows(2).map(arrow).collect::<Vec<_>>().join(", ")
            }));
        }
        found
    }
}

fn shown(way: &[String]) -> String {
    if way.is_empty() { "the crate's root".into() } else { way.join("::") }
}

/// The child of `parent` in which a module lies; an empty name for the parent itself; none elsewhere.
fn child_of<'a>(parent: &[String], way: &'a [String]) -> Option<&'a str> {
    let below = way.strip_prefix(parent)?;
    Some(below.first().map_or("", String::as_str))
}

/// A shortest way round, first and last name the same.
fn circle<'a, T>(arrows: &BTreeMap<&'a str, BTreeMap<&'a str, T>>) -> Option<Vec<&'a str>> {
    let round = |start: &'a str| -> Option<Vec<&'a str>> {
        let mut ways = VecDeque::from([vec![start]]);
        let mut seen = BTreeSet::new();
        while let Some(way) = ways.pop_front() {
            for next in arrows.get(way[way.len() - 1]).into_iter().flat_map(BTreeMap::keys) {
                let longer = [&way[..], &[*next]].concat();
                if *next == start {
                    return Some(longer);
                }
                if seen.insert(*next) {
                    ways.push_back(longer);
                }
            }
        }
        None
    };
    arrows.keys().filter_map(|start| round(start)).min_by_key(Vec::len)
}

/// What a module's file says of others.
#[derive(Default)]
struct Reader {
    paths: Vec<Way>,
    passed_on: BTreeMap<String, Way>,
    children: Vec<String>,
}

/// Whether it is there in tests only.
fn of_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|condition| condition == "test")
    })
}

impl<'a> Visit<'a> for Reader {
    fn visit_item(&mut self, item: &'a Item) {
        let attributes = match item {
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Struct(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => return syn::visit::visit_item(self, item),
        };
        if !of_tests(attributes) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'a ItemMod) {
        match &module.content {
            // A module inside of the file is a part of it.
            Some(_) => syn::visit::visit_item_mod(self, module),
            None => self.children.push(module.ident.to_string()),
        }
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        let passes_on = !matches!(item.vis, Visibility::Inherited);
        for (path, name) in flat(&item.tree, &mut Vec::new()) {
            if passes_on {
                self.passed_on.insert(name, path);
            } else {
                self.paths.push(path);
            }
        }
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        if path.leading_colon.is_none() && path.segments.len() > 1 {
            self.paths.push(path.segments.iter().map(|s| s.ident.to_string()).collect());
        }
        syn::visit::visit_path(self, path);
    }
}

/// The paths of a `use`, each with the name under which it is known.
fn flat(tree: &UseTree, before: &mut Way) -> Vec<(Way, String)> {
    let with = |before: &Way, name: String| {
        if name == "self" { before.clone() } else { [&before[..], &[name]].concat() }
    };
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            let found = flat(&path.tree, before);
            before.pop();
            found
        }
        UseTree::Name(name) => {
            let path = with(before, name.ident.to_string());
            let last = path.last().cloned().unwrap_or_default();
            vec![(path, last)]
        }
        UseTree::Rename(rename) => vec![(with(before, rename.ident.to_string()), rename.rename.to_string())],
        UseTree::Glob(_) => vec![(before.clone(), "*".into())],
        UseTree::Group(group) => group.items.iter().flat_map(|tree| flat(tree, before)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The circles of a crate with these files.
    fn circles(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let mut modules = Modules::default();
        modules.read(&folder.path().join("lib.rs"), folder.path(), Vec::new()).unwrap();
        modules.circles()
    }

    #[test]
    fn an_order_passes() {
        let files = [
            ("lib.rs", "mod a;\nmod b;\npub use b::B;\nfn f() { a::g() }"),
            ("a.rs", "use crate::b::B;\nuse std::fmt;\npub fn g() {}"),
            ("b/mod.rs", "mod c;\nmod d;\npub use d::B;"),
            ("b/c.rs", "pub struct C;"),
            ("b/d.rs", "use super::c::C;\npub struct B(C);"),
        ];
        assert_eq!(circles(&files), [""; 0]);
    }

    #[test]
    fn a_circle_of_siblings_is_named() {
        let files = [
            ("lib.rs", "mod a;\nmod b;\nmod c;"),
            ("a.rs", "use super::b::B;\npub struct A;"),
            ("b.rs", "use crate::c::C;\npub struct B;"),
            ("c.rs", "pub struct C;\nfn f() -> crate::a::A { todo() }"),
        ];
        assert_eq!(circles(&files), ["a imports b, b imports c, c imports a"]);
    }

    /// What a folder passes on is where it is declared, and a circle between folders is one.
    #[test]
    fn what_is_passed_on_is_followed() {
        let files = [
            ("lib.rs", "mod a;\nmod b;"),
            ("a/mod.rs", "mod x;\nmod y;\npub use x::X as Z;\npub use y::Y;"),
            ("a/x.rs", "use super::Y;\npub struct X;"),
            ("a/y.rs", "use super::Z;\npub struct Y;"),
            ("b.rs", "use crate::a::{Y, Z as W};"),
        ];
        assert_eq!(circles(&files), ["a::x imports a::y, a::y imports a::x"]);
    }

    /// What a parent declares itself may serve its children, or use them; not both for one of them.
    #[test]
    fn a_parent_is_one_more_module() {
        let lib = |code: &str| format!("mod a;\nmod b;\npub struct Base;\n{code}");
        let child = ("a.rs", "use super::Base;\npub fn g() {}");
        let files = |code: &str| circles(&[("lib.rs", &lib(code)), child, ("b.rs", "pub fn h() {}")]);
        assert_eq!(files("fn f() { b::h() }"), [""; 0]);
        assert_eq!(files("fn f() { a::g() }"), ["the crate's root imports a, a imports the crate's root"]);
    }

    #[test]
    fn tests_may_import_what_they_like() {
        let files = [
            ("lib.rs", "mod a;\nmod b;\n#[cfg(test)]\nmod testing;"),
            ("a.rs", "use crate::b::B;\npub struct A;"),
            (
                "b.rs",
                "pub struct B;\n#[cfg(test)]\nmod tests { use crate::a::A; }\n#[cfg(test)]\nuse crate::a::A;",
            ),
        ];
        assert_eq!(circles(&files), [""; 0]);
    }
}
