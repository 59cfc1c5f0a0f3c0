//! Checks of what could keep abide from working well here: terminal, locale, configuration,
//! paths, server. It starts nothing.

use std::env;
use std::io::IsTerminal;
use std::path::Path;

use serde_json::json;

use crate::action::server::ServerStatus;
use crate::action::table::{self, CallParams};
use crate::base::error::Refusal;
use crate::cli::connection::ServerConnection;
use crate::cli::{config, print, table_output};
use crate::config::diag::Diagnostic;
use crate::platform::Login;
use crate::platform::paths::Paths;

/// The outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    Good,
    /// Something the terminal lacks: it is done otherwise.
    Less,
    Warning,
    Bad,
}

/// A check and what it found.
#[derive(Debug)]
struct Finding {
    what: &'static str,
    verdict: Health,
    text: String,
}

/// Looks at everything and says what it found; gives the exit status.
///
/// # Errors
/// If standard output cannot be written.
pub(super) fn run(as_json: bool, told: Vec<(&'static str, bool, String)>) -> Result<u8, Refusal> {
    let mut findings = vec![terminal()];
    // Without a terminal nobody could be asked.
    findings.extend(told.is_empty().then(colours));
    let verdict = |is_full| if is_full { Health::Good } else { Health::Less };
    findings.extend(
        told.into_iter().map(|(what, is_full, text)| finding(what, verdict(is_full), text)),
    );
    findings.extend([locale(), shell(), configuration(), places(), server(), nesting()]);
    let word = |verdict| match verdict {
        Health::Good => "good",
        Health::Less => "less",
        Health::Warning => "warning",
        Health::Bad => "bad",
    };
    if as_json {
        let list = findings.iter().map(|finding| {
            let verdict = word(finding.verdict);
            json!({ "check": finding.what, "verdict": verdict, "text": finding.text })
        });
        print::text(&table_output::json(&list.collect()))?;
    } else {
        let lines = findings.iter().map(|finding| {
            format!("{:7}  {:13}  {}\n", word(finding.verdict), finding.what, finding.text)
        });
        print::text(&lines.collect::<String>())?;
    }
    Ok(u8::from(findings.iter().any(|finding| finding.verdict == Health::Bad)))
}

fn finding(what: &'static str, verdict: Health, text: impl Into<String>) -> Finding {
    Finding { what, verdict, text: text.into() }
}

fn variable(name: &str) -> String {
    env::var_os(name).unwrap_or_default().to_string_lossy().into_owned()
}

fn terminal() -> Finding {
    let term = variable("TERM");
    let is_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    match (is_terminal, term.as_str()) {
        (false, _) => finding(
            "terminal",
            Health::Warning,
            "this is no terminal; attaching needs one, everything else does not",
        ),
        (true, "" | "dumb") => finding(
            "terminal",
            Health::Bad,
            format!("TERM is {term:?}; set it to what your terminal is, such as xterm-256color"),
        ),
        (true, _) => finding("terminal", Health::Good, term),
    }
}

fn colours() -> Finding {
    let (no_color, term) = (!variable("NO_COLOR").is_empty(), variable("TERM"));
    if no_color {
        return finding("colours", Health::Good, "NO_COLOR is set: none");
    }
    match variable("COLORTERM").as_str() {
        "truecolor" | "24bit" => finding("colours", Health::Good, "24 bits (COLORTERM)"),
        _ if term.contains("256color") => {
            finding("colours", Health::Good, "256 (TERM); with 24 bits, set COLORTERM=truecolor")
        }
        _ => finding(
            "colours",
            Health::Warning,
            "16; set COLORTERM=truecolor or outer.colours if the terminal has more",
        ),
    }
}

/// The locale as setlocale(3) finds it: `LC_ALL`, else `LC_CTYPE`, else `LANG`.
fn locale() -> Finding {
    let name = ["LC_ALL", "LC_CTYPE", "LANG"]
        .map(variable)
        .into_iter()
        .find(|value| !value.is_empty())
        .unwrap_or_default();
    let lower = name.to_lowercase();
    if lower.contains("utf-8") || lower.contains("utf8") {
        return finding("locale", Health::Good, name);
    }
    finding("locale", Health::Warning, format!("{name:?} is not UTF-8; panes get LC_CTYPE=C.UTF-8"))
}

fn shell() -> Finding {
    let named = variable("SHELL");
    let shell = if named.is_empty() {
        Login::current().shell.to_string_lossy().into_owned()
    } else {
        named
    };
    if Path::new(&shell).is_file() {
        return finding("shell", Health::Good, shell);
    }
    finding("shell", Health::Bad, format!("{shell:?} is no file; set SHELL or shell.program"))
}

fn configuration() -> Finding {
    match config::settings() {
        Ok(_) => finding(
            "configuration",
            Health::Good,
            crate::platform::config_file::path().display().to_string(),
        ),
        Err(problems) => {
            let first = problems.first().map(Diagnostic::headline).unwrap_or_default();
            finding(
                "configuration",
                Health::Bad,
                format!("{} problems, the first: {first}", problems.len()),
            )
        }
    }
}

fn places() -> Finding {
    let places = match Paths::current() {
        Ok(places) => places,
        Err(error) => return finding("places", Health::Bad, error.to_string()),
    };
    let is_there = places.state().exists();
    let checked = places.check_room();
    match checked.and_then(|()| if is_there { places.prepare() } else { Ok(()) }) {
        Ok(()) => {
            let future = if is_there { "" } else { " will be made" };
            finding("places", Health::Good, format!("{}{future}", places.state().display()))
        }
        Err(error) => {
            let advice = places.advice(&error);
            let then = if advice.is_empty() { "" } else { "; " };
            finding("places", Health::Bad, format!("{error}{then}{advice}"))
        }
    }
}

fn server() -> Finding {
    let Ok(places) = Paths::current() else {
        return finding("server", Health::Bad, "there is no place for its socket");
    };
    match ServerConnection::connect(&places, None) {
        Ok(Some(mut link)) => match disk_faults(&mut link) {
            None => {
                finding("server", Health::Good, format!("listens on {}", places.socket().display()))
            }
            Some(faults) => finding("server", Health::Bad, faults),
        },
        Ok(None) => finding("server", Health::Good, "none is running; abide new starts one"),
        Err(refusal) => finding("server", Health::Bad, refusal.message),
    }
}

/// Files that the server cannot write at the moment, and why; none if all is well.
fn disk_faults(link: &mut ServerConnection) -> Option<String> {
    let status = link.call(table::entry::<ServerStatus>(), &CallParams::new()).ok()?;
    let faults = status.get("disk_faults")?.as_object()?.iter();
    let told = faults.map(|(files, why)| {
        format!("{files} cannot be written: {}", why.as_str().unwrap_or_default())
    });
    Some(told.collect::<Vec<_>>().join("; "))
}

fn nesting() -> Finding {
    let around = [("ABIDE", "abide"), ("TMUX", "tmux"), ("ZELLIJ", "zellij"), ("STY", "screen")];
    let outer = around.into_iter().find(|(name, _)| !variable(name).is_empty());
    match outer {
        Some((_, outer)) => finding(
            "nesting",
            Health::Warning,
            format!("this runs inside {outer}; keys go to the outer one first"),
        ),
        None => finding("nesting", Health::Good, "this runs inside no other multiplexer"),
    }
}
