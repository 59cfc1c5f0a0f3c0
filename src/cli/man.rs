//! The manual page, made from the same tables as the help. It is one page with all commands.

use std::io::{self, Write};

use clap_mangen::Man;

use crate::action::table::{self, ActionEntry};
use crate::base::error::Code;
use crate::cli::clap_tree;
use crate::config::keymap::Keymap;
use crate::settings::KeyOptions;

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
pub(super) fn page() -> Vec<u8> {
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
    use super::{escape, page};
    use crate::action::table;

    #[test]
    fn every_command_is_in_the_manual() {
        let page = String::from_utf8(page()).expect("it is UTF-8");
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
