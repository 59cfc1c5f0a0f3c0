//! The reference pages, listings and the manual page, made from the tables of actions, keys and
//! codes. It writes no file.

use std::io::{self, Write};

use clap::Command;
use clap_mangen::Man;
use serde_json::{Value, json};

use crate::action::table::{self, ActionEntry};
use crate::action::{Access, Role, tmux};
use crate::base::error::Code;
use crate::base::text::append;
use crate::cli::{clap_tree, table_output};
use crate::config::keymap::{Keymap, ListedKey};
use crate::settings::{KeyOptions, Preset};

/// A generated page: its path in the repository and its text.
pub type DocPage = (&'static str, String);

/// Every generated page of the reference.
#[must_use]
pub fn pages() -> Vec<DocPage> {
    vec![
        ("docs/reference/cli.md", commands()),
        ("docs/reference/keys.md", keys()),
        ("docs/reference/actions.md", actions()),
        ("docs/reference/config.md", crate::config::reference::markdown()),
        ("docs/reference/errors.md", errors()),
    ]
}

/// An action as JSON: names, words, keys, help and schemas.
#[must_use]
pub fn entry_json(entry: &ActionEntry) -> Value {
    let keys = entry.keys.iter();
    let keys = keys.map(|(chord, arguments)| json!({ "chord": chord, "arguments": arguments }));
    json!({
        "name": entry.name,
        "words": entry.words().iter().map(|words| words.join(" ")).collect::<Vec<_>>(),
        "keys": keys.collect::<Vec<_>>(),
        "access": access(entry.access),
        "place": place(entry.role),
        "help": entry.summary(),
        "params": entry.params().as_value(),
        "reply": entry.reply().as_value(),
    })
}

/// The section of an action in the reference.
#[must_use]
pub fn action_section(entry: &ActionEntry) -> String {
    let mut out = format!("## `{}`\n\n{}\n\n", entry.name, help(entry));
    append(&mut out, format_args!("- command: `abide {}`\n", entry.words()[0].join(" ")));
    if !entry.keys.is_empty() {
        let keys = entry.keys.iter().map(|(chord, arguments)| match *arguments {
            "" => format!("`{chord}`"),
            arguments => format!("`{chord}` ({arguments})"),
        });
        append(&mut out, format_args!("- keys: {}\n", keys.collect::<Vec<_>>().join(", ")));
    }
    append(
        &mut out,
        format_args!("- access: {}; carried out by {}\n", access(entry.access), place(entry.role)),
    );
    for (title, schema) in [("params", entry.params()), ("result", entry.reply())] {
        append(
            &mut out,
            format_args!(
                "\n{title}:\n\n```json\n{}\n```\n",
                table_output::json(&bare(schema.as_value()))
            ),
        );
    }
    out
}

fn commands() -> String {
    let mut out = String::from(
        "# Commands\n\nEvery command of `abide`, made from the table of actions. `--json`, \
         allowed everywhere, prints JSON; a refusal is then one line of \
         JSON on standard error.\n\n```text\n",
    );
    let mut root = clap_tree::command();
    root.build();
    out += &plain(&root.render_long_help().to_string());
    out += "```\n";
    for entry in table::all() {
        let words = entry.words();
        append(&mut out, format_args!("\n## `abide {}`\n\n", words[0].join(" ")));
        if let Some(rest) = words.get(1..).filter(|rest| !rest.is_empty()) {
            append(
                &mut out,
                format_args!(
                    "Also: {}.\n\n",
                    rest.iter()
                        .map(|words| format!("`abide {}`", words.join(" ")))
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
            );
        }
        let help = leaf(&mut root, &words[0]).map(|command| command.render_long_help().to_string());
        append(&mut out, format_args!("```text\n{}```\n", plain(&help.unwrap_or_default())));
    }
    out += "\n## tmux's commands\n\nThey are understood where they mean the same, with their \
        short names.\n\n| tmux | abide |\n|---|---|\n";
    for (name, ours) in tmux::names() {
        append(&mut out, format_args!("| `{name}` | `abide {ours}` |\n"));
    }
    out
}

fn keys() -> String {
    let of = |preset| Keymap::new(&KeyOptions { preset, ..KeyOptions::default() }).listing();
    let mut out = String::from(
        "# Keys\n\nThe default keys, made from the table of actions. `abide keys` lists those in \
         force; `[keys.bind]` in the configuration changes them.\n\n\
         ## Preset `tmux`\n\n",
    );
    let tmux = of(Preset::Tmux);
    key_table(&mut out, tmux.iter());
    let same = |listed: &&ListedKey| {
        tmux.iter().any(|other| other.chord == listed.chord && other.words == listed.words)
    };
    let others = [
        (Preset::Screen, "screen", "What differs from `tmux`, apart from the prefix `C-a`."),
        (
            Preset::Zellij,
            "zellij",
            "What there is besides the keys of `tmux`: zellij's modes as chords.",
        ),
        (
            Preset::Alt,
            "alt",
            "What there is besides the keys of `tmux`, whose prefix is `C-M-b` here.",
        ),
        (
            Preset::Locked,
            "locked",
            "Nothing is taken until F12 is pressed; then it is `tmux`, and F12 locks again.",
        ),
    ];
    for (preset, name, text) in others {
        append(&mut out, format_args!("\n## Preset `{name}`\n\n{text}\n\n"));
        key_table(&mut out, of(preset).iter().filter(|listed| !same(listed)));
    }
    out
}

fn key_table<'a>(out: &mut String, listing: impl Iterator<Item = &'a ListedKey>) {
    *out += "| keys | action | |\n|---|---|---|\n";
    for listed in listing {
        let pipe = |text: &str| text.replace('|', "\\|");
        append(
            out,
            format_args!(
                "| `{}` | `{}` | {} |\n",
                pipe(&listed.keys),
                pipe(&listed.words),
                pipe(&listed.summary)
            ),
        );
    }
}

fn actions() -> String {
    let mut out = String::from(
        "# Actions\n\nEvery action is a method of JSON-RPC 2.0 over the server's Unix socket: one \
         request a line, one answer a line. Params are given by name. A failure has our code in \
         `error.data.code` ([errors](errors.md)) and what to do next in `error.data.hint`. Actions \
         that the command line carries out are listed for completeness; they are no methods.\n",
    );
    for entry in table::all() {
        out.push('\n');
        out += &action_section(entry);
    }
    out
}

fn errors() -> String {
    let mut out = String::from(
        "# Errors\n\nEvery refusal has one of these codes, a message that names the object, and a \
         hint. Codes and exit statuses never change their meaning.\n\n\
         | code | exit status | |\n|---|---|---|\n",
    );
    for code in Code::ALL {
        append(
            &mut out,
            format_args!("| `{}` | {} | {} |\n", code.name(), code.exit_status(), code.help()),
        );
    }
    out
}

/// The command at the end of these words.
fn leaf<'a>(root: &'a mut Command, words: &[&str]) -> Option<&'a mut Command> {
    words.iter().try_fold(root, |command, word| command.find_subcommand_mut(word))
}

/// The long help of an action: what its doc comment says.
fn help(entry: &ActionEntry) -> String {
    let command = entry.command();
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string);
    about.unwrap_or_default()
}

/// Without trailing blanks, which help output has.
fn plain(text: &str) -> String {
    text.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// A schema without what every one of them has.
fn bare(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(members) = schema.as_object_mut() {
        for name in ["$schema", "title", "description"] {
            members.shift_remove(name);
        }
    }
    schema
}

const fn access(access: Access) -> &'static str {
    match access {
        Access::Read => "read",
        Access::Interact => "interact",
        Access::Admin => "admin",
    }
}

const fn place(place: Role) -> &'static str {
    match place {
        Role::Server => "server",
        Role::Client => "client",
        Role::Cli => "command line",
    }
}

/// The variables that are looked at, and set in panes.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("ABIDE_SOCKET", "The socket of another server than the usual one."),
    (
        "ABIDE, ABIDE_SESSION, ABIDE_PANE",
        "Set in panes: where a program runs. A command in a pane means that pane where it names \
         no target.",
    ),
    (
        "XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_RUNTIME_DIR",
        "Where the configuration, the state and, if need be, the socket are.",
    ),
    ("SHELL", "What runs in a pane that is given no program."),
    ("VISUAL, EDITOR", "The editor of abide config edit."),
    ("NO_COLOR, COLORTERM, TERM", "How many colours the terminal has."),
];

const FILES: &[(&str, &str)] = &[
    ("~/.config/abide/config.toml", "The configuration; abide config path tells where it is."),
    ("~/.local/state/abide/", "Sessions that outlive a reboot, and the log server.log."),
    ("~/.local/state/abide/run/socket", "The socket of the server."),
];

/// The page in roff.
#[must_use]
pub(super) fn manual_page() -> Vec<u8> {
    let mut out = Vec::new();
    render(&mut out).expect("writing into memory");
    out
}

fn render(out: &mut Vec<u8>) -> io::Result<()> {
    let man = Man::new(clap_tree::command()).manual("abide").section("1");
    man.render_title(out)?;
    for (title, part) in [
        ("NAME", part(|out| man.render_name_section(out))?),
        ("SYNOPSIS", part(|out| man.render_synopsis_section(out))?),
    ] {
        write!(out, ".SH {title}\n{part}")?;
    }
    write!(out, ".SH DESCRIPTION\n{}\n", escape(clap_tree::AFTER_HELP).replace('\n', "\n.br\n"))?;
    write!(out, ".SH OPTIONS\n{}", part(|out| man.render_options_section(out))?)?;
    writeln!(out, ".SH COMMANDS")?;
    for entry in table::all() {
        command(out, entry)?;
    }
    writeln!(out, ".SH KEYS\nThese are the defaults; abide keys lists those in force.")?;
    for listed in Keymap::new(&KeyOptions::default()).listing() {
        item(out, &listed.keys, &format!("{}: {}", listed.words, listed.summary))?;
    }
    writeln!(out, ".SH EXIT STATUS")?;
    item(out, "0", "Done.")?;
    for status in [1, 2, 3, 4, 5, 70, 124] {
        let names: Vec<_> = Code::ALL
            .iter()
            .filter(|code| code.exit_status() == status)
            .map(|code| code.name())
            .collect();
        item(out, &status.to_string(), &names.join(", "))?;
    }
    writeln!(out, ".SH ENVIRONMENT")?;
    ENVIRONMENT.iter().try_for_each(|(name, text)| item(out, name, text))?;
    writeln!(out, ".SH FILES")?;
    FILES.iter().try_for_each(|(name, text)| item(out, name, text))
}

fn command(out: &mut Vec<u8>, entry: &ActionEntry) -> io::Result<()> {
    let words = entry.words()[0].join(" ");
    let man = Man::new(entry.command().disable_help_flag(true).name(format!("abide {words}")));
    writeln!(out, ".SS {}", escape(&words))?;
    write!(
        out,
        "{}.PP\n{}",
        part(|out| man.render_synopsis_section(out))?,
        part(|out| man.render_description_section(out))?
    )?;
    write!(out, "{}", part(|out| man.render_options_section(out))?)
}

/// A section of its own, without its heading and without the definitions that the
/// title has already.
fn part(render: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> io::Result<String> {
    let mut section = Vec::new();
    render(&mut section)?;
    let text = String::from_utf8_lossy(&section);
    let kept = text.lines().filter(|line| {
        ![".SH", ".ie \\n(.g", ".el .ds Aq"].iter().any(|start| line.starts_with(start))
    });
    Ok(kept.fold(String::new(), |text, line| text + line + "\n"))
}

fn item(out: &mut Vec<u8>, term: &str, text: &str) -> io::Result<()> {
    writeln!(out, ".TP\n\\fB{}\\fR\n{}", escape(term), escape(text))
}

/// Text that roff takes as text: backslashes, hyphens, and a dot or quote at the start of a line
/// (groff(7)).
fn escape(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::{escape, manual_page};
    use crate::action::table;

    #[test]
    fn every_command_is_in_the_manual() {
        let page = String::from_utf8(manual_page()).expect("it is UTF-8");
        for entry in table::all() {
            assert!(
                page.contains(&format!(".SS {}\n", escape(&entry.words()[0].join(" ")))),
                "{}",
                entry.name
            );
        }
        for section in
            ["NAME", "SYNOPSIS", "COMMANDS", "KEYS", "EXIT STATUS", "ENVIRONMENT", "FILES"]
        {
            assert!(
                page.contains(&format!(".SH {section}"))
                    || page.contains(&format!(".SH \"{section}\"")),
                "{section}"
            );
        }
    }

    #[test]
    fn a_key_that_roff_would_obey_is_text() {
        assert_eq!(escape(".x"), "\\&.x");
        assert_eq!(escape("'"), "\\&'");
        assert_eq!(escape("C-\\"), "C\\-\\e");
    }
}
