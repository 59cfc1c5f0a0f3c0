//! Who may import whom: the matrix of ARCHITECTURE.md, the ban of cycles, and what the pure layers
//! may not name.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Source, words};

/// One row of the matrix: a top-level module, the modules it may import, the dependencies it may
/// name.
struct Row(&'static str, &'static [&'static str], &'static [&'static str]);

/// Any dependency of the package.
const ANY: &str = "*";

/// Reads like the table of ARCHITECTURE.md. `thiserror` is allowed everywhere, `anyhow` in roles
/// and `main`.
#[rustfmt::skip]
const MATRIX: &[Row] = &[
    Row("base",     &[],                                                      &["serde", "schemars", "unicode_width", "unicode_segmentation"]),
    Row("settings", &["base"],                                                &["serde", "schemars"]),
    Row("term",     &["base"],                                                &["memchr", "regex", "unicode_width", "unicode_segmentation", "zstd", "crc32fast"]),
    Row("layout",   &["base"],                                                &[]),
    Row("state",    &["base", "settings", "term", "layout"],                  &["regex", "serde_json"]),
    Row("action",   &["base", "settings", "state"],                           &["clap", "serde", "serde_json", "schemars"]),
    Row("config",   &["base", "settings", "action"],                          &["serde", "toml"]),
    Row("wire",     &["base"],                                                &["serde", "postcard", "serde_json"]),
    Row("store",    &["base"],                                                &["serde", "postcard", "serde_json", "crc32fast"]),
    Row("core",     &["base", "settings", "term", "layout", "state", "action"], &["tracing", "serde_json"]),
    Row("platform", &["base"],                                                &["rustix", "libc", "signal_hook", "tokio"]),
    Row("keeper",   &["base", "wire::keeper", "store::ring", "platform"],     &["portable_pty", "rustix"]),
    Row("server",   &["base", "settings", "term", "layout", "state", "action", "config", "wire", "store", "core", "platform"],
                    &["tokio", "tracing", "tracing_subscriber", "rusqlite", "zstd", "serde", "serde_json", "schemars", "postcard", "rustix", "regex", "memchr"]),
    Row("client",   &["base", "settings", "config", "wire", "platform", "action::table"],
                    &["ratatui", "jiff", "nucleo_matcher", "serde_json", "unicode_segmentation", "termini", "png", "miniz_oxide", "regex"]),
    Row("remote",   &["base", "settings", "config", "wire", "platform", "action"], &["clap", "tokio"]),
    Row("cli",      &["base", "settings", "config", "wire", "platform", "action"], &["clap", "clap_complete", "clap_mangen", "serde_json"]),
    Row("record",   &["base", "platform"],                                    &["rustix", "serde_json"]),
    Row("main",     &["platform", "keeper", "server", "client", "remote", "cli", "record"], &[ANY]),
];

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
pub(crate) fn outside_matrix(files: &[Source], dependencies: &BTreeSet<String>) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files {
        let Some(layer) = file.layer().filter(|&layer| layer != "lib") else { continue };
        let Some(row) = MATRIX.iter().find(|row| row.0 == layer) else {
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
        let own = target.first().is_none_or(|top| top == row.0);
        let allowed = row.1.iter().any(|cell| {
            cell.split("::")
                .enumerate()
                .all(|(idx, part)| target.get(idx).is_some_and(|seg| seg == part))
        });
        return (!own && !allowed).then(|| format!("`{}` may not import `{shown}`", row.0));
    }
    if dependencies.contains(first) && !allows_dependency(row, first) {
        return Some(format!("`{}` may not name the dependency `{first}` (`{shown}`)", row.0));
    }
    None
}

fn allows_dependency(row: &Row, name: &str) -> bool {
    let is_role = !PURE.contains(&row.0) && row.0 != "platform" && row.0 != "keeper";
    name == "thiserror"
        || (name == "anyhow" && (is_role || row.0 == "keeper" || row.0 == "platform"))
        || row.2.contains(&name)
        || row.2.contains(&ANY)
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

/// Per file, the files it imports, each with the line and the path that does so first.
type Graph<'a> = BTreeMap<&'a str, BTreeMap<&'a str, String>>;

/// The cycles between files, each as `a → b → a`. A file below another and that other are one
/// module in two files: what the lower one takes from the upper one counts for nothing.
pub(crate) fn cycles(files: &[Source]) -> Vec<String> {
    let modules: BTreeMap<Vec<String>, &Source> = files
        .iter()
        .filter(|file| file.layer().is_some() && !file.module().is_empty())
        .map(|file| (file.module(), file))
        .collect();
    let graph: Graph = modules
        .iter()
        .map(|(module, file)| (file.path.as_str(), targets(module, file, &modules)))
        .collect();
    let mut faults = BTreeSet::new();
    let mut done = BTreeSet::new();
    for start in graph.keys().copied() {
        visit(&graph, start, &mut Vec::new(), &mut done, &mut faults);
    }
    faults.into_iter().collect()
}

/// The files that one file imports.
fn targets<'a>(
    module: &[String],
    file: &Source,
    modules: &BTreeMap<Vec<String>, &'a Source>,
) -> BTreeMap<&'a str, String> {
    let mut found = BTreeMap::new();
    for path in file.paths() {
        let target = absolute(module, &path.segments, modules)
            .and_then(|absolute| owner(&absolute, modules, 0));
        let is_above = |target: &str| {
            modules.iter().any(|(other, owner)| owner.path == target && module.starts_with(other))
        };
        if let Some(target) = target.filter(|target| !is_above(target)) {
            found.entry(target).or_insert_with(|| {
                format!("{}:{} ({})", file.path, path.line, path.segments.join("::"))
            });
        }
    }
    found
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

/// Depth first; whatever leads back to a file on the way is a cycle.
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
        faults.insert(format!("import cycle: {} → {at}", steps.collect::<Vec<_>>().join(" → ")));
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

    fn matrix(path: &str, text: &str) -> usize {
        outside_matrix(&[Source::new(path, text)], &dependencies()).len()
    }

    #[test]
    fn the_matrix_catches_upward_and_sideways_imports() {
        assert_eq!(matrix("src/base/x.rs", "use crate::term::Row;"), 1);
        assert_eq!(matrix("src/layout/x.rs", "use crate::{base::geom::Rect, state};"), 1);
        assert_eq!(matrix("src/client/x.rs", "fn f() { crate::server::run() }"), 1);
        assert_eq!(matrix("src/client/x.rs", "use crate::action::session::New;"), 1);
        assert_eq!(matrix("src/keeper/x.rs", "use crate::wire::{frame, keeper};"), 1);
        assert_eq!(matrix("src/base/x.rs", "use super::super::term;"), 1);
        assert_eq!(matrix("src/base/mod.rs", "use super::term;"), 1);
        assert_eq!(matrix("src/fresh/x.rs", ""), 1);
    }

    #[test]
    fn the_matrix_catches_dependencies() {
        assert_eq!(matrix("src/core/x.rs", "use tokio::net;"), 1);
        assert_eq!(matrix("src/keeper/x.rs", "fn f() { libc::fork(); }"), 1);
        assert_eq!(matrix("src/core/x.rs", "use anyhow::Context as _;"), 1);
        assert_eq!(matrix("src/layout/x.rs", "#[derive(serde::Serialize)] struct A;"), 1);
    }

    #[test]
    fn the_matrix_lets_through_what_it_lists() {
        assert_eq!(
            matrix(
                "src/state/x.rs",
                "use crate::{base, layout::tree, state::tab}; use super::tab; use std::fmt;"
            ),
            0
        );
        assert_eq!(
            matrix("src/keeper/x.rs", "use crate::wire::keeper::Record; use thiserror::Error;"),
            0
        );
        assert_eq!(
            matrix(
                "src/client/x.rs",
                "use crate::action::table; #[cfg(test)] mod tests { use crate::server; }"
            ),
            0
        );
        assert_eq!(matrix("src/server/x.rs", "use tokio::net; use anyhow::Context as _;"), 0);
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
    fn cycles_are_caught_through_imports_supers_and_reexports() {
        let a = |text: &str| Source::new("src/term/a.rs", text);
        let b = Source::new("src/term/b.rs", "use super::a::A;");
        let top = |text: &str| Source::new("src/term/mod.rs", text);
        assert_eq!(cycles(&[a("use crate::term::b::B;"), b]).len(), 1);
        let b = Source::new("src/term/b.rs", "use super::A;");
        assert_eq!(cycles(&[top("mod a; pub use a::A;"), a("use crate::term::b;"), b]).len(), 1);
        let b = Source::new("src/term/b.rs", "use super::A;");
        assert_eq!(cycles(&[top("mod a; pub use a::A;"), a("use crate::base::X;"), b]).len(), 0);
        assert_eq!(
            cycles(&[top("mod a; fn f() { a::g() }"), a("use super::f;")]).len(),
            0,
            "one module in two files"
        );
    }
}
