//! The command line: reads words, calls the server or acts itself, prints what came of it. It shows
//! no session: that is the client's, and `main` goes there.
//!
//! `clap_tree` is made from the table of actions; `call` and `connection` reach the server, `local`
//! has what needs none; `print` alone writes to standard output and error.
//!
//! Only `main` uses it. Tests: beside the code, `tests/it/cli.rs`, `tests/it/e2e_cli.rs`,
//! `tests/it/exec_calls.rs`.

mod call;
mod clap_tree;
mod config;
mod connection;
pub mod docs;
mod doctor;
mod exec;
mod files;
mod local;
mod print;
mod table_output;
mod upgrade;

use std::ffi::OsString;

use clap::ArgMatches;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::action::table::{self, ActionEntry, CallParams};
use crate::action::tmux;
use crate::base::error::{Code, Refusal, ignore_failure};
use crate::base::text::nearest;
use crate::base::time::Span;
use crate::platform::paths::Paths;
use crate::settings::{ColourDepth, Settings};

/// The step after the command line was read.
#[derive(Debug)]
pub enum Next {
    /// Nothing: end with this status.
    Exit(u8),
    /// Show a session in this terminal.
    Attach(Box<Attach>),
    /// Ask this terminal what it can, and say so with [`diagnose`].
    Examine {
        /// As JSON.
        as_json: bool,
        /// The number of colours it has, as the user says.
        colours: ColourDepth,
    },
}

/// A session to be shown. The server runs.
#[derive(Debug)]
pub struct Attach {
    /// The paths of the server.
    pub places: Paths,
    /// The options in force: those of the file, or the defaults if it has problems.
    pub settings: Settings,
    /// The first problem of the configuration, which the user should know first.
    pub notice: Option<String>,
    /// For how long a server that cannot be reached is tried: the keeper restarts one well within.
    pub give_up: Span,
    /// True if the client only watches.
    pub read_only: bool,
    /// True if it shows lines and draws nothing.
    pub is_plain: bool,
    /// The action to call first, which gives the client's view a session.
    pub action: &'static str,
    /// The arguments of that action.
    pub params: CallParams,
}

/// Reads the command line, without the name of the program, and does what it says.
#[must_use]
pub fn run(args: Vec<OsString>) -> Next {
    let words = translated(args);
    let parsed = clap_tree::command_for(&words).no_binary_name(true).try_get_matches_from(&words);
    let (done, as_json) = match parsed {
        Ok(matches) => {
            let chosen = clap_tree::chosen(&matches);
            let as_json = chosen.map_or(&matches, |(_, inner)| inner).get_flag(clap_tree::JSON);
            let done = match chosen {
                Some((entry, inner)) => carry_out(entry, inner, as_json),
                None => call::alone(),
            };
            (done, as_json)
        }
        Err(error) => return Next::Exit(help(&error, &words)),
    };
    done.unwrap_or_else(|refusal| {
        print::refusal(&refusal, as_json);
        Next::Exit(refusal.code.exit_status())
    })
}

fn carry_out(
    entry: &'static ActionEntry,
    matches: &ArgMatches,
    as_json: bool,
) -> Result<Next, Refusal> {
    let params = entry.read(matches).map_err(|error| usage(&error))?;
    call::run(&entry.call(&params)?, as_json)
}

/// The fault of these words as a command line; none if they could be run. Nothing is run.
#[must_use]
pub fn fault(words: &[String]) -> Option<String> {
    clap_tree::command()
        .no_binary_name(true)
        .try_get_matches_from(words)
        .err()
        .map(|error| usage(&error).message)
}

/// A reply as text for people, as the commands print it.
#[must_use]
pub fn reply_text(reply: &serde_json::Value) -> String {
    table_output::text(reply, crate::platform::now().wall)
}

/// Says what the doctor finds, with what the outer terminal told: what of it, whether it lacks
/// nothing, in words. Gives the exit status.
#[must_use]
pub fn diagnose(as_json: bool, told: Vec<(&'static str, bool, String)>) -> u8 {
    doctor::run(as_json, told).unwrap_or_else(|refusal| {
        print::refusal(&refusal, as_json);
        refusal.code.exit_status()
    })
}

/// Says a line on standard error, harmless: for `main`, once the client has given the terminal
/// back.
pub fn say(line: &str) {
    print::note(line);
}

/// Says a line on standard output, harmless: for the client that shows lines.
pub fn tell(line: &str) {
    let shown = print::text(&(crate::base::text::sanitize(line, usize::MAX) + "\n"));
    ignore_failure(shown, "a reader that has gone ends the client in another way");
}

/// tmux's commands in our words. Words that are no text are left to clap, which refuses them where
/// they are no path.
fn translated(args: Vec<OsString>) -> Vec<OsString> {
    let words: Option<Vec<String>> =
        args.iter().map(|word| word.to_str().map(str::to_owned)).collect();
    words.map_or(args, |words| tmux::translate(words).into_iter().map(OsString::from).collect())
}

/// Shows the text that clap gives instead of matches: help and version are answers, the rest is a
/// wrong use.
fn help(error: &clap::Error, words: &[OsString]) -> u8 {
    let as_json = clap_tree::asks_for_json(words);
    let text = error.render().to_string();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => match print::text(&text) {
            Ok(()) => 0,
            Err(refusal) => {
                print::refusal(&refusal, as_json);
                refusal.code.exit_status()
            }
        },
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            print::note(&text);
            Code::InvalidParams.exit_status()
        }
        _ => {
            let refusal = usage(error);
            let refusal = match aimed(error, words) {
                Some(line) => Refusal { hint: format!("{line}; {}", refusal.hint), ..refusal },
                None => refusal,
            };
            print::refusal(&refusal, as_json);
            refusal.code.exit_status()
        }
    }
}

/// The line that was meant where the first of too many words is the target, as in `rename OLD NEW`.
fn aimed(error: &clap::Error, words: &[OsString]) -> Option<String> {
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    let is_word = error.get(ContextKind::InvalidArg).is_some_and(
        |found| matches!(found, ContextValue::String(found) if !found.starts_with('-')),
    );
    if error.kind() != ErrorKind::UnknownArgument
        || !is_word
        || words.iter().any(|word| word.starts_with('-') || word.contains([' ', '\'', '"', '$']))
    {
        return None;
    }
    let verb = table::all().filter(|entry| entry.takes("target")).flat_map(ActionEntry::words);
    let verb = verb.filter(|verb| words.starts_with(verb)).max_by_key(|verb| verb.len())?;
    let [target, rest @ ..] = &words[verb.len()..] else { return None };
    Some(format!("abide {} -t {target} {}", verb.join(" "), rest.join(" ")))
}

/// The verb that an unknown one is nearest to. clap sorts its own guesses by how they sound.
fn nearest_verb(error: &clap::Error) -> Option<&str> {
    let ContextValue::String(word) = error.get(ContextKind::InvalidSubcommand)? else {
        return None;
    };
    let ContextValue::Strings(guesses) = error.get(ContextKind::SuggestedSubcommand)? else {
        return None;
    };
    nearest(word, guesses.iter().map(String::as_str))
}

/// A wrong use as a refusal: clap's message, with its tips and the usage as the hint.
fn usage(error: &clap::Error) -> Refusal {
    let text = error.render().to_string();
    let mut parts = text
        .trim_end()
        .split("\n\n")
        .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    let message = parts.next().unwrap_or_default();
    let hints = parts.filter(|part| !part.starts_with("For more information"));
    let mut hints: Vec<_> =
        hints.map(|part| part.strip_prefix("tip: ").unwrap_or(&part).to_owned()).collect();
    if let Some(near) = nearest_verb(error) {
        hints[0] = format!("did you mean '{near}'?");
    }
    Refusal::new(Code::InvalidParams, message.strip_prefix("error: ").unwrap_or(&message))
        .hint(hints.join("; "))
}
