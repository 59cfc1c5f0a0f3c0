//! The actions that this process carries out itself: the configuration, lists of keys and actions,
//! the manual. It calls no server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::action::buffer::BufferSave;
use crate::action::cli::{
    CliActions, CliCompletions, CliDoctor, CliKeys, CliMan, CliThemes, CliVersion, CompletionShell,
    ConfigCheck, ConfigEdit, ConfigExplain, ConfigImport, ConfigPath, ConfigPrintDefault,
    ConfigShow,
};
use crate::action::table::{self, ActionEntry, Call};
use crate::base::error::{Code, Refusal, ignore_failure};
use crate::cli::{Next, call, clap_tree, config, docs, files, print, table_output};
use crate::config::diag::{Diagnostic, listing};
use crate::config::keymap::{Keymap, ListedKey};
use crate::config::{load, reference};
use crate::platform::config_file;
use crate::settings::Settings;
use crate::wire::{hello, keeper};

/// Carries out an action of this place; the doctor wants the terminal examined first, which is the
/// client's.
///
/// # Errors
/// The refusal to show.
pub(super) fn run(call: &Call, as_json: bool) -> Result<Next, Refusal> {
    if call.arguments::<CliDoctor>().is_some() {
        return Ok(Next::Examine {
            as_json,
            colours: config::settings().unwrap_or_default().outer.colours,
        });
    }
    carry_out(call, as_json).map(Next::Exit)
}

fn carry_out(call: &Call, as_json: bool) -> Result<u8, Refusal> {
    if let Some(save) = call.arguments::<BufferSave>() {
        return files::save_buffer(&save, &call::places()?).map(|()| 0);
    }
    if let Some(check) = call.arguments::<ConfigCheck>() {
        return config_check(check.file.as_deref(), as_json);
    }
    if let Some(show) = call.arguments::<ConfigShow>() {
        return config_show(show.section.as_deref(), as_json);
    }
    if let Some(explain) = call.arguments::<ConfigExplain>() {
        return config::explain(&explain.option, as_json);
    }
    if let Some(import) = call.arguments::<ConfigImport>() {
        return config::config_import(import.file.as_deref(), import.write, as_json);
    }
    if call.arguments::<CliThemes>().is_some() {
        return config::themes(as_json);
    }
    if call.arguments::<ConfigPath>().is_some() {
        let path = config_file::path();
        return print::give(
            as_json,
            || json!({ "path": path, "exists": path.exists() }),
            || path.display().to_string(),
        );
    }
    if call.arguments::<ConfigPrintDefault>().is_some() {
        return print::give(as_json, || json!(Settings::default()), || load::DEFAULT.into());
    }
    if call.arguments::<ConfigEdit>().is_some() {
        return config_edit();
    }
    if let Some(keys) = call.arguments::<CliKeys>() {
        return list_keys(keys.word.as_deref(), as_json);
    }
    if let Some(actions) = call.arguments::<CliActions>() {
        return list_actions(actions.name.as_deref(), as_json);
    }
    if let Some(completions) = call.arguments::<CliCompletions>() {
        return complete(completions.shell);
    }
    if call.arguments::<CliMan>().is_some() {
        return print::bytes(&docs::manual_page()).map(|()| 0);
    }
    if let Some(CliVersion { verbose }) = call.arguments::<CliVersion>() {
        return version(verbose, as_json);
    }
    Err(Refusal::new(
        Code::Internal,
        format!("{} is not carried out by the command line", call.name()),
    ))
}

/// The version, the protocols of this program and what `build.rs` has told of its making.
fn version(is_verbose: bool, as_json: bool) -> Result<u8, Refusal> {
    let version = env!("CARGO_PKG_VERSION");
    let (compiler, target) = (env!("ABIDE_COMPILER"), env!("ABIDE_TARGET"));
    let profile = env!("ABIDE_PROFILE");
    let (newest, oldest, kept) = (hello::VERSION, hello::VERSION_MIN, keeper::VERSION);
    let all = || {
        json!({
            "version": version, "protocol": newest, "protocol_min": oldest, "keeper": kept,
            "compiler": compiler, "target": target, "profile": profile,
        })
    };
    print::give(as_json, all, || {
        let short = format!("abide {version}");
        if !is_verbose {
            return short;
        }
        format!(
            "{short}\ncompiler  {compiler}\ntarget    {target}\nprofile   {profile}\n\
             protocol  {oldest} to {newest}, with the keeper {kept}"
        )
    })
}

fn config_check(file: Option<&str>, as_json: bool) -> Result<u8, Refusal> {
    let path = file.map_or_else(config_file::path, PathBuf::from);
    let shown = path.display();
    match config::read(&path) {
        Ok(None) if file.is_some() => Err(Refusal::new(Code::NotFound, format!("no file {shown}"))),
        Ok(None) => print::give(
            as_json,
            || json!([]),
            || format!("{shown}: no file; the defaults are in force"),
        ),
        Ok(Some(settings)) => match config::theme_problem(&settings) {
            None => print::give(as_json, || json!([]), || format!("{shown}: no problems")),
            Some(problem) => {
                print::note(&format!("{shown}: {problem}"));
                Ok(Code::InvalidConfig.exit_status())
            }
        },
        Err(problems) => {
            if as_json {
                print::text(&table_output::json(&Value::Array(
                    problems.iter().map(problem_json).collect(),
                )))?;
            } else {
                print::note(&listing(&problems));
            }
            Ok(Code::InvalidConfig.exit_status())
        }
    }
}

fn problem_json(problem: &Diagnostic) -> Value {
    json!({
        "path": problem.path, "line": problem.line, "col": problem.col,
        "option": problem.option, "value": problem.value, "message": problem.message,
    })
}

fn config_show(section: Option<&str>, as_json: bool) -> Result<u8, Refusal> {
    let settings = config::valid_settings()?;
    let whole = json!(settings);
    let Some(name) = section else {
        return print::give(as_json, || whole.clone(), || reference::toml(&settings, None));
    };
    let Some(part) = whole.get(name) else {
        let names =
            whole.as_object().into_iter().flat_map(|sections| sections.keys().map(String::as_str));
        let names: Vec<_> = names.collect();
        return Err(Refusal::new(
            Code::NotFound,
            format!("no section {name:?}; the sections are {}", names.join(", ")),
        ));
    };
    print::give(as_json, || part.clone(), || reference::toml(&settings, Some(name)))
}

/// A first configuration: every option with its text and its default, as comments below their
/// sections.
fn template() -> String {
    let line = |line: &str| {
        if line.is_empty() || line.starts_with(['#', '[']) {
            format!("{line}\n")
        } else {
            format!("#{line}\n")
        }
    };
    load::DEFAULT.lines().map(line).collect()
}

/// Makes a file with this text, as a whole or not at all.
fn begin_file(path: &Path, text: &str) -> std::io::Result<()> {
    let new = path.with_extension("toml.new");
    let made = fs::write(&new, text).and_then(|()| fs::rename(&new, path));
    if made.is_err() {
        ignore_failure(fs::remove_file(&new), "there is nothing where nothing could be made");
    }
    made
}

fn config_edit() -> Result<u8, Refusal> {
    let path = config_file::path();
    let failed = |error: &dyn std::fmt::Display| {
        Refusal::new(Code::Internal, format!("cannot edit {}: {error}", path.display()))
    };
    if !path.exists() {
        let folder = path.parent().unwrap_or(Path::new("/"));
        let unwritten = |error: std::io::Error| {
            Refusal::new(Code::DiskFailed, format!("cannot write {}: {error}", path.display()))
                .hint("make room, or set XDG_CONFIG_HOME to a folder that can be written")
        };
        fs::create_dir_all(folder).map_err(unwritten)?;
        begin_file(&path, &template()).map_err(unwritten)?;
    }
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let editor = set("VISUAL").or_else(|| set("EDITOR")).unwrap_or_else(|| "vi".into());
    // The variables hold a command line, as for git and crontab, so a shell splits it.
    let mut script = editor.clone();
    script.push(" \"$1\"");
    let status = Command::new("/bin/sh")
        .arg("-c")
        .arg(script)
        .arg("abide")
        .arg(&path)
        .status()
        .map_err(|error| failed(&error))?;
    if !status.success() {
        let editor = editor.to_string_lossy();
        return Err(Refusal::new(
            Code::SpawnFailed,
            format!("the editor {editor:?} ended with {status}"),
        )
        .hint("set EDITOR"));
    }
    config_check(None, false)
}

fn list_keys(word: Option<&str>, as_json: bool) -> Result<u8, Refusal> {
    let lower = word.unwrap_or_default().to_lowercase();
    let has = |listed: &ListedKey| {
        let texts = [&listed.keys, &listed.chord, &listed.words, &listed.summary];
        texts.iter().any(|text| text.to_lowercase().contains(&lower))
    };
    let shown: Vec<ListedKey> =
        Keymap::new(&config::valid_settings()?.keys).listing().into_iter().filter(has).collect();
    if let (Some(word), true) = (word, shown.is_empty()) {
        return Err(Refusal::new(Code::NotFound, format!("no key, action or help with {word:?}"))
            .hint("abide keys"));
    }
    let as_value = |listed: &ListedKey| {
        json!({
            "keys": listed.keys, "chord": listed.chord, "action": listed.words,
            "name": listed.name, "help": listed.summary,
        })
    };
    let column = |head: &str, of: fn(&ListedKey) -> &String| {
        (head.to_owned(), shown.iter().map(|listed| of(listed).clone()).collect())
    };
    let columns = || {
        [
            column("KEYS", |listed| &listed.keys),
            column("ACTION", |listed| &listed.words),
            column("", |listed| &listed.summary),
        ]
    };
    print::give(as_json, || shown.iter().map(as_value).collect(), || table_output::rows(&columns()))
}

fn list_actions(name: Option<&str>, as_json: bool) -> Result<u8, Refusal> {
    let Some(name) = name else {
        let column = |head: &str, of: fn(&ActionEntry) -> String| {
            (head.to_owned(), table::all().map(of).collect::<Vec<_>>())
        };
        let columns = || {
            [
                column("ACTION", |entry| entry.name.into()),
                column("COMMAND", command_words),
                column("", ActionEntry::summary),
            ]
        };
        return print::give(
            as_json,
            || table::all().map(docs::entry_json).collect(),
            || table_output::rows(&columns()),
        );
    };
    let words: Vec<String> = name.split_whitespace().map(str::to_owned).collect();
    let Some((entry, _)) = table::find_words(&words) else {
        let near = crate::base::text::nearest(name, table::all().map(|entry| entry.name));
        let refusal = Refusal::new(Code::UnknownAction, format!("no action {name:?}"));
        return Err(refusal.hint(
            near.map_or_else(|| "abide actions".into(), |near| format!("did you mean {near}?")),
        ));
    };
    print::give(as_json, || docs::entry_json(entry), || docs::action_section(entry))
}

fn command_words(entry: &ActionEntry) -> String {
    entry.words()[0].join(" ")
}

fn complete(shell: CompletionShell) -> Result<u8, Refusal> {
    let mut out = Vec::new();
    let shell = match shell {
        CompletionShell::Bash => clap_complete::Shell::Bash,
        CompletionShell::Zsh => clap_complete::Shell::Zsh,
        CompletionShell::Fish => clap_complete::Shell::Fish,
    };
    clap_complete::generate(shell, &mut clap_tree::command(), "abide", &mut out);
    print::bytes(&out).map(|()| 0)
}
