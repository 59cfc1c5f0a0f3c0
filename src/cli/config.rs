//! The configuration file of the user: its settings, the source of each value, the themes there
//! are, and what a configuration of tmux gives.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::base::error::{Code, Refusal};
use crate::base::text::{append, nearest};
use crate::cli::{print, table_output};
use crate::config::diag::Diagnostic;
use crate::config::load::{self, line_of};
use crate::config::theme::{Themes, gather};
use crate::config::tmux::{ImportVerdict, Imported, import};
use crate::platform::config_file;
use crate::settings::Settings;
use crate::settings::shape::{OptionNode, OptionShape, tree};

/// Options that look at the environment while they have this value, and the variables.
const FROM_ENVIRONMENT: &[(&str, &str, &[&str])] = &[
    ("outer.colours", "\"auto\"", &["NO_COLOR", "COLORTERM", "TERM"]),
    ("shell.program", "\"\"", &["SHELL"]),
];

/// The settings of the user's file; the defaults if there is none.
///
/// # Errors
/// Every problem of the file.
pub(super) fn settings() -> Result<Settings, Vec<Diagnostic>> {
    read(&config_file::path()).map(Option::unwrap_or_default)
}

/// The settings of a file; none if there is no file.
///
/// # Errors
/// Every problem of the file.
pub(super) fn read(path: &Path) -> Result<Option<Settings>, Vec<Diagnostic>> {
    let name = path.display().to_string();
    match config_file::read(path) {
        Ok(None) => Ok(None),
        Ok(Some(text)) => load::load(&name, &text).map(Some),
        Err(error) => Err(vec![Diagnostic::unreadable(&name, &error.to_string())]),
    }
}

/// The settings of the user's file, or a refusal that names the first problem.
///
/// # Errors
/// That refusal.
pub(super) fn valid_settings() -> Result<Settings, Refusal> {
    settings().map_err(|problems| {
        let first = problems.first().map(Diagnostic::headline).unwrap_or_default();
        Refusal::new(Code::InvalidConfig, first).hint("abide config check shows all problems")
    })
}

/// Tells of an option, or of all of a section, what it is and where its value comes from.
///
/// # Errors
/// If there is no such option, or the file has problems.
pub(super) fn explain(wanted: &str, as_json: bool) -> Result<u8, Refusal> {
    let settings = valid_settings()?;
    let text = config_file::read(&config_file::path()).ok().flatten().unwrap_or_default();
    let mut all = Vec::new();
    leaves(&tree(), &mut Vec::new(), &mut all);
    let wanted = wanted.trim_matches(['[', ']']).replace("].", ".");
    let is_wanted = |name: &str| {
        name == wanted || name.strip_prefix(&wanted).is_some_and(|rest| rest.starts_with('.'))
    };
    let names: Vec<String> = all.iter().map(|(path, _)| path.join(".")).collect();
    let found: Vec<Value> = all
        .iter()
        .zip(&names)
        .filter(|(_, name)| is_wanted(name))
        .map(|((option, node), _)| explained(option, node, &settings, &text))
        .collect();
    if found.is_empty() {
        let near = nearest(&wanted, names.iter().map(String::as_str));
        let near = near.or_else(|| {
            names
                .iter()
                .map(String::as_str)
                .find(|name| name.rsplit('.').next() == Some(wanted.as_str()))
        });
        let hint = near.map_or_else(
            || "abide config show lists all".to_owned(),
            |near| format!("did you mean {near}?"),
        );
        return Err(Refusal::new(Code::NotFound, format!("no option {wanted:?}")).hint(hint));
    }
    print::give(
        as_json,
        || Value::Array(found.clone()),
        || found.iter().map(as_text).collect::<Vec<_>>().join("\n"),
    )
}

/// An option as JSON; `text` is that of the configuration file.
fn explained(option: &[String], node: &OptionNode, settings: &Settings, text: &str) -> Value {
    let name = option.join(".");
    let of = |settings: &Settings| {
        option
            .iter()
            .try_fold(json!(settings), |value, part| value.get(part).cloned())
            .unwrap_or(Value::Null)
    };
    let (value, default) = (of(settings), of(&Settings::default()));
    let parts: Vec<&str> = option.iter().map(String::as_str).collect();
    let line = line_of(text, &parts);
    let shown = value.to_string();
    let variable = FROM_ENVIRONMENT
        .iter()
        .find(|(known, is, _)| *known == name && *is == shown)
        .and_then(|(_, _, variables)| {
            variables
                .iter()
                .find(|variable| env::var_os(variable).is_some_and(|value| !value.is_empty()))
        });
    let from = match (line, variable) {
        (_, Some(variable)) => {
            format!("the environment: {variable}={}", env::var(variable).unwrap_or_default())
        }
        (Some(line), None) => format!("{}:{line}", config_file::path().display()),
        (None, None) => "default".into(),
    };
    json!({
        "option": name, "value": value, "from": from, "line": line, "default": default,
        "values": values(&node.shape), "help": node.doc,
    })
}

fn as_text(explained: &Value) -> String {
    let part = |name: &str| match &explained[name] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut out = format!("{} = {}\n", part("option"), explained["value"]);
    append(&mut out, format_args!("  from     {}\n", part("from")));
    if explained["default"] != explained["value"] {
        append(&mut out, format_args!("  default  {}\n", explained["default"]));
    }
    append(&mut out, format_args!("  values   {}\n", part("values")));
    append(&mut out, format_args!("  {}\n", part("help")));
    out
}

fn values(shape: &OptionShape) -> String {
    match shape {
        OptionShape::Switch => "true, false".into(),
        OptionShape::Whole { min, max } => format!("{min} to {max}"),
        OptionShape::Word(words) => {
            words.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(", ")
        }
        OptionShape::List { of, .. } => format!("a list of: {}", values(of)),
        OptionShape::Form(form) => format!("a {form}"),
        OptionShape::Text { .. } => "a text".into(),
        OptionShape::Map => "keys and actions".into(),
        OptionShape::Table(_) => "a section".into(),
        OptionShape::Either(shapes) => shapes.iter().map(values).collect::<Vec<_>>().join(", or "),
    }
}

/// Every option with its path.
fn leaves(node: &OptionNode, path: &mut Vec<String>, out: &mut Vec<(Vec<String>, OptionNode)>) {
    let OptionShape::Table(members) = &node.shape else {
        return out.push((path.clone(), node.clone()));
    };
    for (name, member) in members {
        path.push(name.clone());
        leaves(member, path, out);
        path.pop();
    }
}

/// The themes there are, and what is wrong with the user's.
pub(super) fn gathered() -> (Themes, Vec<Diagnostic>) {
    let files = config_file::themes(&config_file::path());
    gather(
        files.into_iter().map(|(path, text)| {
            (path.display().to_string(), text.map_err(|error| error.to_string()))
        }),
    )
}

/// The problem of the chosen theme, as a line.
pub(super) fn theme_problem(settings: &Settings) -> Option<String> {
    gathered().0.choose(&settings.theme).err().map(|problem| format!("[theme]: {problem}"))
}

/// Lists the themes.
///
/// # Errors
/// If standard output cannot be written.
pub(super) fn themes(as_json: bool) -> Result<u8, Refusal> {
    let (themes, problems) = gathered();
    let settings = valid_settings().unwrap_or_default();
    let in_use = |name: &str| match settings.theme.name.as_str() {
        "auto" if settings.theme.dark == name => "where the terminal is dark",
        "auto" if settings.theme.light == name => "where the terminal is light",
        chosen if chosen == name => "in use",
        _ => "",
    };
    let is_own =
        |name: &str| !crate::config::theme::BUILT_IN.iter().any(|(known, _)| *known == name);
    for problem in &problems {
        print::note(&problem.to_string());
    }
    let as_value = |(name, file): (&str, &crate::settings::ThemeFile)| {
        let colours: serde_json::Map<String, Value> = themes.palette(name).map_or_else(
            |_| serde_json::Map::new(),
            |palette| {
                palette
                    .named()
                    .into_iter()
                    .map(|(name, colour)| (name.to_owned(), colour.to_string().into()))
                    .collect()
            },
        );
        let appearance = file.appearance.word();
        json!({
            "name": name, "appearance": appearance, "own": is_own(name), "use": in_use(name),
            "colours": colours,
        })
    };
    let list: Vec<(&str, &crate::settings::ThemeFile)> = themes.iter().collect();
    let column = |head: &str, of: &dyn Fn(&str, &crate::settings::ThemeFile) -> String| {
        (head.to_owned(), list.iter().map(|(name, file)| of(name, file)).collect::<Vec<_>>())
    };
    let columns = || {
        [
            column("THEME", &|name, _| name.to_owned()),
            column("FOR", &|_, file| file.appearance.word().to_owned()),
            column("", &|name, _| {
                if is_own(name) {
                    format!("yours {}", in_use(name))
                } else {
                    in_use(name).to_owned()
                }
            }),
        ]
    };
    print::give(
        as_json,
        || list.iter().copied().map(as_value).collect(),
        || table_output::rows(&columns()),
    )
}

/// Makes a configuration of one of tmux.
///
/// # Errors
/// If there is none, or ours is there already and would be written.
pub(super) fn config_import(
    file: Option<&str>,
    is_written: bool,
    as_json: bool,
) -> Result<u8, Refusal> {
    let path = file.map_or_else(tmux_file, |file| Some(PathBuf::from(file)));
    let path = path.ok_or_else(|| {
        Refusal::new(Code::NotFound, "no ~/.tmux.conf and no ~/.config/tmux/tmux.conf")
            .hint("name the file")
    })?;
    let shown = path.display().to_string();
    let text = match config_file::read(&path) {
        Ok(Some(text)) => text,
        Ok(None) => return Err(Refusal::new(Code::NotFound, format!("no file {shown}"))),
        Err(error) => {
            return Err(Refusal::new(
                Code::InvalidParams,
                format!("{shown} cannot be read: {error}"),
            ));
        }
    };
    let imported = import(&shown, &text, &source_file);
    if as_json {
        let lines: Vec<Value> = imported.lines.iter().map(line_json).collect();
        return print::give(
            true,
            || json!({ "config": imported.toml(), "lines": lines }),
            String::new,
        );
    }
    report(&imported);
    if !is_written {
        return print::text(&imported.toml()).map(|()| 0);
    }
    let ours = config_file::path();
    let failed = |error: std::io::Error| {
        Refusal::new(Code::Internal, format!("cannot write {}: {error}", ours.display()))
    };
    if ours.exists() {
        let refusal =
            Refusal::new(Code::AlreadyExists, format!("{} is there already", ours.display()));
        return Err(refusal.hint("without --write it is printed, to be put in by hand"));
    }
    fs::create_dir_all(ours.parent().unwrap_or(&ours)).map_err(failed)?;
    fs::write(&ours, imported.toml()).map_err(failed)?;
    print::note(&format!("written to {}", ours.display()));
    Ok(0)
}

fn tmux_file() -> Option<PathBuf> {
    let home = env::var_os("HOME").map(PathBuf::from)?;
    let config = env::var_os("XDG_CONFIG_HOME").map_or_else(|| home.join(".config"), PathBuf::from);
    [home.join(".tmux.conf"), config.join("tmux/tmux.conf")].into_iter().find(|path| path.is_file())
}

/// The file that the configuration of tmux in `from` names.
fn source_file(from: &str, name: &str) -> Result<(String, String), String> {
    let at_home =
        ["~/", "$HOME/", "${HOME}/"].into_iter().find_map(|start| name.strip_prefix(start));
    let path = match (at_home, env::var_os("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => Path::new(from).parent().unwrap_or(Path::new("")).join(name),
    };
    let shown = path.display().to_string();
    match config_file::read(&path) {
        Ok(Some(text)) => Ok((shown, text)),
        Ok(None) if name.contains(['*', '?', '[']) => {
            Err(format!("{name} is a pattern; name the files"))
        }
        Ok(None) => Err(format!("no file {shown}")),
        Err(error) => Err(format!("{shown} cannot be read: {error}")),
    }
}

fn line_json(line: &crate::config::tmux::ImportedLine) -> Value {
    let (verdict, text) = told(&line.verdict);
    let (file, number) = (&line.file, line.number);
    json!({
        "file": file, "line": number, "command": line.text, "verdict": verdict, "text": text
    })
}

fn told(verdict: &ImportVerdict) -> (&'static str, &str) {
    match verdict {
        ImportVerdict::Taken(text) => ("taken", text),
        ImportVerdict::Already(why) => ("already", why),
        ImportVerdict::Left(why) => ("left", why),
    }
}

fn report(imported: &Imported) {
    for line in &imported.lines {
        let (verdict, text) = told(&line.verdict);
        let shown = line.text.replace('\n', " ");
        print::note(&format!("{}:{}: {verdict:7} {shown}  →  {text}", line.file, line.number));
    }
    let [taken, already, left] = imported.counts();
    print::note(&format!("{taken} taken, {already} so already, {left} left"));
}
