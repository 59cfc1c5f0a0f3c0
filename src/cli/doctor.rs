//! What could keep abide from working well here: the terminal, the locale, the configuration, the
//! places, the server. It starts nothing.

use std::env;
use std::io::IsTerminal;
use std::path::Path;

use serde_json::json;

use crate::base::error::Refusal;
use crate::cli::link::Link;
use crate::cli::{file, human, print};
use crate::config::diag::Diagnostic;
use crate::platform::Login;
use crate::platform::paths::Paths;

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
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
    verdict: Verdict,
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
    let verdict = |is_full| if is_full { Verdict::Good } else { Verdict::Less };
    findings.extend(
        told.into_iter().map(|(what, is_full, text)| finding(what, verdict(is_full), text)),
    );
    findings.extend([locale(), shell(), configuration(), places(), server(), nesting()]);
    let word = |verdict| match verdict {
        Verdict::Good => "good",
        Verdict::Less => "less",
        Verdict::Warning => "warning",
        Verdict::Bad => "bad",
    };
    if as_json {
        let list = findings.iter().map(|finding| json!({ "check": finding.what, "verdict": word(finding.verdict), "text": finding.text }));
        print::text(&human::json(&list.collect()))?;
    } else {
        let lines = findings.iter().map(|finding| {
            format!("{:7}  {:13}  {}\n", word(finding.verdict), finding.what, finding.text)
        });
        print::text(&lines.collect::<String>())?;
    }
    Ok(u8::from(findings.iter().any(|finding| finding.verdict == Verdict::Bad)))
}

fn finding(what: &'static str, verdict: Verdict, text: impl Into<String>) -> Finding {
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
            Verdict::Warning,
            "this is no terminal; attaching needs one, everything else does not",
        ),
        (true, "" | "dumb") => finding(
            "terminal",
            Verdict::Bad,
            format!("TERM is {term:?}; set it to what your terminal is, such as xterm-256color"),
        ),
        (true, _) => finding("terminal", Verdict::Good, term),
    }
}

fn colours() -> Finding {
    let (no_color, term) = (!variable("NO_COLOR").is_empty(), variable("TERM"));
    if no_color {
        return finding("colours", Verdict::Good, "NO_COLOR is set: none");
    }
    match variable("COLORTERM").as_str() {
        "truecolor" | "24bit" => finding("colours", Verdict::Good, "24 bits (COLORTERM)"),
        _ if term.contains("256color") => {
            finding("colours", Verdict::Good, "256 (TERM); with 24 bits, set COLORTERM=truecolor")
        }
        _ => finding(
            "colours",
            Verdict::Warning,
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
        return finding("locale", Verdict::Good, name);
    }
    finding(
        "locale",
        Verdict::Warning,
        format!("{name:?} is not UTF-8; panes get LC_CTYPE=C.UTF-8"),
    )
}

fn shell() -> Finding {
    let named = variable("SHELL");
    let shell = if named.is_empty() {
        Login::current().shell.to_string_lossy().into_owned()
    } else {
        named
    };
    if Path::new(&shell).is_file() {
        return finding("shell", Verdict::Good, shell);
    }
    finding("shell", Verdict::Bad, format!("{shell:?} is no file; set SHELL or shell.program"))
}

fn configuration() -> Finding {
    match file::settings() {
        Ok(_) => finding(
            "configuration",
            Verdict::Good,
            crate::platform::config_file::path().display().to_string(),
        ),
        Err(problems) => {
            let first = problems.first().map(Diagnostic::headline).unwrap_or_default();
            finding(
                "configuration",
                Verdict::Bad,
                format!("{} problems, the first: {first}", problems.len()),
            )
        }
    }
}

fn places() -> Finding {
    match Paths::current() {
        Ok(places) if !places.state().exists() => {
            finding("places", Verdict::Good, format!("{} will be made", places.state().display()))
        }
        Ok(places) => match places.prepare() {
            Ok(()) => finding("places", Verdict::Good, format!("{}", places.state().display())),
            Err(error) => finding("places", Verdict::Bad, error.to_string()),
        },
        Err(error) => finding("places", Verdict::Bad, error.to_string()),
    }
}

fn server() -> Finding {
    let Ok(places) = Paths::current() else {
        return finding("server", Verdict::Bad, "there is no place for its socket");
    };
    match Link::connect(&places, None) {
        Ok(Some(_)) => {
            finding("server", Verdict::Good, format!("listens on {}", places.socket().display()))
        }
        Ok(None) => finding("server", Verdict::Good, "none is running; abide new starts one"),
        Err(refusal) => finding("server", Verdict::Bad, refusal.message),
    }
}

fn nesting() -> Finding {
    let around = [("ABIDE", "abide"), ("TMUX", "tmux"), ("ZELLIJ", "zellij"), ("STY", "screen")];
    let outer = around.into_iter().find(|(name, _)| !variable(name).is_empty());
    match outer {
        Some((_, outer)) => finding(
            "nesting",
            Verdict::Warning,
            format!("this runs inside {outer}; keys go to the outer one first"),
        ),
        None => finding("nesting", Verdict::Good, "this runs inside no other multiplexer"),
    }
}
