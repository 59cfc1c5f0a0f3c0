//! Who may import whom: the matrix of ARCHITECTURE.md, the ban of cycles, and what the pure layers
//! may not name.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Source, words};

/// One row of the matrix of ARCHITECTURE.md: a top-level module, the modules it may import, the
/// dependencies it may name.
pub(crate) struct Row {
    module: String,
    imports: Vec<String>,
    crates: Vec<String>,
}

/// The rows of the table in ARCHITECTURE.md whose columns are module, what it is, what it may
/// import and which crates it may name.
pub(crate) fn matrix(architecture: &str) -> Vec<Row> {
    let words = |cell: &str| -> Vec<String> {
        cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    architecture
        .lines()
        .skip_while(|line| !line.starts_with(MATRIX_HEAD))
        .skip(2)
        .map_while(|line| line.strip_prefix('|'))
        .filter_map(|line| match line.split('|').collect::<Vec<_>>()[..] {
            [module, _, imports, crates, _] => Some(Row {
                module: words(module).first()?.clone(),
                imports: words(imports),
                crates: words(crates).iter().map(|name| name.replace('-', "_")).collect(),
            }),
            _ => None,
        })
        .collect()
}

/// The head of the table that [`matrix`] reads.
const MATRIX_HEAD: &str = "| module | what it is | may import | crates |";

/// The layers that do no I/O and know no clock, no randomness and no unordered map.
const PURE: &[&str] =
    &["base", "settings", "term", "layout", "state", "action", "config", "wire", "store", "core"];

/// What the pure layers may not name, as paths.
const PURE_PATHS: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "tokio",
    "rand",
    "getrandom",
];

/// What the pure layers may not name, as words.
const PURE_WORDS: &[&str] = &["Instant", "SystemTime", "HashMap", "HashSet"];

/// Every import that the matrix has no cell for.
pub(crate) fn outside_matrix(
    files: &[Source],
    matrix: &[Row],
    dependencies: &BTreeSet<String>,
) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files {
        let Some(layer) = file.layer().filter(|&layer| layer != "lib") else { continue };
        let Some(row) = matrix.iter().find(|row| row.module == layer) else {
            faults.push(format!(
                "{}: the module `{layer}` has no row in the import matrix",
                file.path
            ));
            continue;
        };
        for path in file.paths() {
            if let Some(fault) = refused(file, row, &path.segments, dependencies) {
                faults.push(format!("{}:{}: {fault}", file.path, path.line));
            }
        }
    }
    faults
}

/// Why `row` may not name this path; none when it may.
fn refused(
    file: &Source,
    row: &Row,
    path: &[String],
    dependencies: &BTreeSet<String>,
) -> Option<String> {
    let first = path.first()?.as_str();
    let shown = path.join("::");
    let supers = path.iter().take_while(|segment| *segment == "super").count();
    if supers > 0 && supers >= file.module().len() {
        return Some(format!("`{shown}` leaves its layer; say `use crate::…`"));
    }
    if first == "crate" || first == "abide" {
        let target = &path[1..];
        let own = target.first().is_none_or(|top| *top == row.module);
        let allowed = row.imports.iter().any(|cell| {
            cell.split("::")
                .enumerate()
                .all(|(idx, part)| target.get(idx).is_some_and(|seg| seg == part))
        });
        return (!own && !allowed).then(|| format!("`{}` may not import `{shown}`", row.module));
    }
    if dependencies.contains(first) && !allows_dependency(row, first) {
        return Some(format!("`{}` may not name the dependency `{first}` (`{shown}`)", row.module));
    }
    None
}

fn allows_dependency(row: &Row, name: &str) -> bool {
    let is_role =
        !PURE.contains(&row.module.as_str()) && row.module != "platform" && row.module != "keeper";
    name == "thiserror"
        || (name == "anyhow" && (is_role || row.module == "keeper" || row.module == "platform"))
        || row.crates.iter().any(|cell| cell == name || cell == "*")
}

/// Every use of the outside world, of a clock, of randomness or of an unordered map in a pure
/// layer.
pub(crate) fn impure(files: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files.iter().filter(|file| file.layer().is_some_and(|layer| PURE.contains(&layer)))
    {
        for path in file.paths() {
            let shown = path.segments.join("::");
            let banned = PURE_PATHS
                .iter()
                .find(|banned| shown == **banned || shown.starts_with(&format!("{banned}::")));
            if let Some(banned) = banned {
                faults.push(format!(
                    "{}:{}: a layer below the roles may not name `{banned}` (`{shown}`)",
                    file.path, path.line
                ));
            }
        }
        for word in PURE_WORDS {
            for at in words(&file.bare, word) {
                faults.push(format!(
                    "{}:{}: a layer below the roles may not name `{word}`",
                    file.path,
                    super::source::line_of(&file.bare, at)
                ));
            }
        }
    }
    faults
}

/// Per folder, the folders it imports, each with the place and the path that does so first.
type Graph<'a> = BTreeMap<&'a str, BTreeMap<&'a str, String>>;

/// The circles between folders, each as `a → b → a`. Files of one folder may know each other, and
/// so may a folder and those inside it: they are one subject at two depths.
pub(crate) fn folder_cycles(files: &[Source]) -> Vec<String> {
    let modules: BTreeMap<Vec<String>, &Source> = files
        .iter()
        .filter(|file| file.layer().is_some() && !file.module().is_empty())
        .map(|file| (file.module(), file))
        .collect();
    let mut graph = Graph::new();
    for (module, file) in &modules {
        let from = folder(&file.path);
        for path in file.paths() {
            let target = absolute(module, &path.segments, &modules)
                .and_then(|absolute| owner(&absolute, &modules, 0))
                .map(folder);
            let is_inside = |to: &str| to.starts_with(from) || from.starts_with(to);
            if let Some(to) = target.filter(|to| !is_inside(to)) {
                let place =
                    || format!("{}:{} ({})", file.path, path.line, path.segments.join("::"));
                graph.entry(from).or_default().entry(to).or_insert_with(place);
            }
        }
    }
    let starts: Vec<&str> = graph.keys().copied().collect();
    let (mut done, mut faults) = (BTreeSet::new(), BTreeSet::new());
    for start in starts {
        visit(&graph, start, &mut Vec::new(), &mut done, &mut faults);
    }
    faults.into_iter().collect()
}

/// The folder of a file with the slash at its end.
fn folder(path: &str) -> &str {
    &path[..=path.rfind('/').unwrap_or(0)]
}

/// The path from the crate root; none for what is not of this crate.
fn absolute(
    module: &[String],
    path: &[String],
    modules: &BTreeMap<Vec<String>, &Source>,
) -> Option<Vec<String>> {
    let supers = path.iter().take_while(|segment| *segment == "super").count();
    match path.first()?.as_str() {
        "crate" => Some(path[1..].to_vec()),
        "self" => Some([module, &path[1..]].concat()),
        "super" => Some([&module[..module.len().saturating_sub(supers)], &path[supers..]].concat()),
        child => modules
            .contains_key(&[module, &[child.to_owned()]].concat())
            .then(|| [module, path].concat()),
    }
}

/// The file that declares what `path` names; a name that a `mod.rs` re-exports belongs to the file
/// it comes from.
fn owner<'a>(
    path: &[String],
    modules: &BTreeMap<Vec<String>, &'a Source>,
    depth: usize,
) -> Option<&'a str> {
    let len = (1..=path.len()).rev().find(|&len| modules.contains_key(&path[..len]))?;
    let file = modules[&path[..len]];
    let Some(name) = path.get(len).filter(|_| file.path.ends_with("/mod.rs") && depth < 4) else {
        return Some(&file.path);
    };
    let reexport = file
        .paths()
        .into_iter()
        .find(|import| import.segments.len() > 1 && import.segments.last() == Some(name));
    reexport
        .and_then(|import| {
            owner(&absolute(&path[..len], &import.segments, modules)?, modules, depth + 1)
        })
        .or(Some(&file.path))
}

/// Depth first; whatever leads back to a folder on the way is a circle.
fn visit<'a>(
    graph: &Graph<'a>,
    at: &'a str,
    way: &mut Vec<&'a str>,
    done: &mut BTreeSet<&'a str>,
    faults: &mut BTreeSet<String>,
) {
    if let Some(from) = way.iter().position(|seen| *seen == at) {
        let steps = (from..way.len())
            .map(|step| graph[way[step]][way.get(step + 1).copied().unwrap_or(at)].as_str());
        faults.insert(format!("import circle: {} → {at}", steps.collect::<Vec<_>>().join(" → ")));
        return;
    }
    if !done.insert(at) {
        return;
    }
    way.push(at);
    for next in graph.get(at).into_iter().flat_map(BTreeMap::keys) {
        visit(graph, next, way, done, faults);
    }
    way.pop();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dependencies() -> BTreeSet<String> {
        ["tokio", "libc", "anyhow", "thiserror", "serde"].map(str::to_owned).into()
    }

    fn faults(path: &str, text: &str) -> usize {
        let rows = matrix(
            "| module | what it is | may import | crates |\n|---|---|---|---|\n\
             | `base` | ids | | `serde` |\n\
             | `layout` | trees | `base` | |\n\
             | `state` | nouns | `base`, `layout` | |\n\
             | `core` | one step | `state` | |\n\
             | `keeper` | PTYs | `base`, `wire::keeper` | |\n\
             | `server` | the edge | `core` | `tokio` |\n\
             | `client` | what is drawn | `action::table` | |\n\nno row",
        );
        assert_eq!(rows.len(), 7, "every line of the table is a row");
        outside_matrix(&[Source::new(path, text)], &rows, &dependencies()).len()
    }

    #[test]
    fn the_matrix_catches_upward_and_sideways_imports() {
        assert_eq!(faults("src/base/x.rs", "use crate::term::Row;"), 1);
        assert_eq!(faults("src/layout/x.rs", "use crate::{base::geom::Rect, state};"), 1);
        assert_eq!(faults("src/client/x.rs", "fn f() { crate::server::run() }"), 1);
        assert_eq!(faults("src/client/x.rs", "use crate::action::session::New;"), 1);
        assert_eq!(faults("src/keeper/x.rs", "use crate::wire::{frame, keeper};"), 1);
        assert_eq!(faults("src/base/x.rs", "use super::super::term;"), 1);
        assert_eq!(faults("src/base/mod.rs", "use super::term;"), 1);
        assert_eq!(faults("src/fresh/x.rs", ""), 1);
    }

    #[test]
    fn the_matrix_catches_dependencies() {
        assert_eq!(faults("src/core/x.rs", "use tokio::net;"), 1);
        assert_eq!(faults("src/keeper/x.rs", "fn f() { libc::fork(); }"), 1);
        assert_eq!(faults("src/core/x.rs", "use anyhow::Context as _;"), 1);
        assert_eq!(faults("src/layout/x.rs", "#[derive(serde::Serialize)] struct A;"), 1);
    }

    #[test]
    fn the_matrix_lets_through_what_it_lists() {
        assert_eq!(
            faults(
                "src/state/x.rs",
                "use crate::{base, layout::tree, state::tab}; use super::tab; use std::fmt;"
            ),
            0
        );
        assert_eq!(
            faults(
                "src/keeper/x.rs",
                "use crate::wire::keeper::KeeperRecord; use thiserror::Error;"
            ),
            0
        );
        assert_eq!(
            faults(
                "src/client/x.rs",
                "use crate::action::table; #[cfg(test)] mod tests { use crate::server; }"
            ),
            0
        );
        assert_eq!(faults("src/server/x.rs", "use tokio::net; use anyhow::Context as _;"), 0);
    }

    #[test]
    fn impure_words_and_paths_are_caught_below_the_roles_only() {
        for text in [
            "use std::{fmt, fs};",
            "fn f() { std::env::var(\"A\"); }",
            "use std::time::Instant;",
            "fn f(m: &HashMap<u8, u8>) {}",
            "use tokio::time;",
        ] {
            assert_eq!(impure(&[Source::new("src/term/x.rs", text)]).len(), 1, "{text}");
            assert_eq!(impure(&[Source::new("src/server/x.rs", text)]).len(), 0, "{text}");
        }
        assert!(
            impure(&[Source::new(
                "src/term/x.rs",
                "use std::time::Duration; // std::fs\nfn f() { env!(\"A\"); }"
            )])
            .is_empty()
        );
    }

    #[test]
    fn circles_of_folders_are_caught_through_imports_supers_and_reexports() {
        let check = |files: &[(&str, &str)], circles: usize| {
            let files: Vec<_> = files.iter().map(|(path, text)| Source::new(path, text)).collect();
            assert_eq!(folder_cycles(&files).len(), circles, "{:?}", folder_cycles(&files));
        };
        let a = ("src/server/a/x.rs", "use crate::server::b::y::Y;");
        check(&[a, ("src/server/b/y.rs", "use crate::server::a::x::X;")], 1);
        check(&[a, ("src/server/b/y.rs", "use super::super::a::x;")], 1);
        check(&[a, ("src/server/b/y.rs", "use crate::base::X;"), ("src/base/mod.rs", "")], 0);
        let far = ("src/server/b/y.rs", "use crate::server::c::Z;");
        let top = ("src/server/c/mod.rs", "mod z; pub use z::Z;");
        check(&[a, far, top, ("src/server/c/z.rs", "use crate::server::a::x::X;")], 1);
        check(&[("src/term/a.rs", "use super::b;"), ("src/term/b.rs", "use super::a;")], 0);
        let above = ("src/server/mod.rs", "mod a; fn f() { a::x::g() }");
        check(&[above, ("src/server/a/x.rs", "use crate::server::f;")], 0);
    }
}
