//! The command line: reads words, calls the server or acts itself, prints what came of it. It shows
//! no session: that is the client's, and `main` goes there.

mod buffer;
mod clap_tree;
mod config;
mod connection;
pub mod docs;
mod doctor;
mod exec;
mod file;
mod layouts;
mod local;
mod man;
mod print;
mod start;
mod table_output;
mod upgrade;

use std::ffi::OsString;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::error::ErrorKind;
use serde_json::Value;

use crate::action::buffer::BufferSave;
use crate::action::layout::LayoutSave;
use crate::action::server::ServerRestart;
use crate::action::server::ServerStatus;
use crate::action::server::ServerStop;
use crate::action::server::ServerUpgrade;
use crate::action::session::close::SessionUndo;
use crate::action::session::open::SessionNew;
use crate::action::session::open::SessionOpen;
use crate::action::table::{self, ActionEntry, CallParams};
use crate::action::{self, Access, Action, Role, tmux};
use crate::base::error::{Code, Refusal};
use crate::base::id::PaneId;
use crate::base::time::Span;
use crate::config::diag::Diagnostic;
use crate::platform;
use crate::platform::paths::{Paths, PathsEnv, PathsError};
use crate::settings::{ColourDepth, Keep, Settings};

use connection::ServerConnection;
use exec::Whence;

/// What is to happen after the command line was read.
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
        /// How many colours the user says it has.
        colours: ColourDepth,
    },
}

/// A session to be shown. The server runs.
#[derive(Debug)]
pub struct Attach {
    /// Where the server is.
    pub places: Paths,
    /// The options in force: those of the file, or the defaults if it has problems.
    pub settings: Settings,
    /// What the user should know first: the first problem of the configuration.
    pub notice: Option<String>,
    /// For how long a server that cannot be reached is tried: the keeper restarts one well within.
    pub give_up: Span,
    /// Whether the client only watches.
    pub read_only: bool,
    /// Whether it shows lines and draws nothing.
    pub is_plain: bool,
    /// The action to call first, which gives the client's view a session.
    pub action: &'static str,
    /// Its arguments.
    pub params: CallParams,
}

/// How long a server that ends is waited for.
const GONE_WITHIN: Duration = Duration::from_secs(3);
const GIVE_UP: Span = Span::seconds(30);

/// Reads the command line, without the name of the program, and does what it says.
#[must_use]
pub fn run(args: Vec<OsString>) -> Next {
    let as_json = args.iter().take_while(|word| *word != "--").any(|word| word == "--json");
    let words = translated(args);
    let done = match clap_tree::command_for(&words).no_binary_name(true).try_get_matches_from(words)
    {
        Ok(matches) => match clap_tree::chosen(&matches) {
            Some((entry, matches)) => entry
                .read(matches)
                .map_err(|error| usage(&error))
                .and_then(|params| carry_out(entry, params, as_json)),
            None => alone(),
        },
        Err(error) => return Next::Exit(help(&error, as_json)),
    };
    done.unwrap_or_else(|refusal| {
        print::refusal(&refusal, as_json);
        Next::Exit(refusal.code.exit_status())
    })
}

/// What is wrong with these words as a command line; none if they could be run. Nothing is run.
#[must_use]
pub fn fault(words: &[String]) -> Option<String> {
    clap_tree::command()
        .no_binary_name(true)
        .try_get_matches_from(words)
        .err()
        .map(|error| usage(&error).message)
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
    // A reader that has gone ends the client in another way.
    drop(print::text(&(crate::base::text::sanitize(line, usize::MAX) + "\n")));
}

/// tmux's commands in our words. Words that are no text are left to clap, which refuses them where
/// they are no path.
fn translated(args: Vec<OsString>) -> Vec<OsString> {
    let words: Option<Vec<String>> =
        args.iter().map(|word| word.to_str().map(str::to_owned)).collect();
    words.map_or(args, |words| tmux::translate(words).into_iter().map(OsString::from).collect())
}

/// `abide` without a command: the session used last, or a first one, which attaching makes.
fn alone() -> Result<Next, Refusal> {
    attachable()?;
    let places = places()?;
    answers(|| start::link(&places, None).map(Some))?;
    attach(
        places,
        table::find(action::session::open::SessionAttach::NAME).expect("it is in the table"),
        CallParams::new(),
    )
}

fn carry_out(
    entry: &'static ActionEntry,
    mut params: CallParams,
    as_json: bool,
) -> Result<Next, Refusal> {
    if let Some(save) = entry.call(&params).ok().and_then(|call| call.arguments::<BufferSave>()) {
        return buffer::save(&save, &places()?).map(|()| Next::Exit(0));
    }
    if entry.role == Role::Cli {
        return local::run(&entry.call(&params)?, as_json);
    }
    let is_open = entry.name == SessionOpen::NAME;
    let is_new = entry.name == SessionNew::NAME || is_open;
    if is_open {
        layouts::project(&mut params)?;
    }
    let places = places()?;
    if attaches(entry, &params) {
        if is_new {
            attachable()?;
            answers(|| start::link(&places, None).map(Some))?;
        } else if !answers(|| present(&places, None, entry))? {
            return Err(connection::no_server());
        }
        attachable()?;
        return attach(places, entry, params);
    }
    fill_in(entry, &mut params)?;
    let pane = own_pane(&places);
    let link =
        if is_new { Some(start::link(&places, pane)?) } else { present(&places, pane, entry)? };
    let is_tree = params.get("tree") == Some(&Value::Bool(true));
    let whence = Whence { places: &places, pane };
    let link = match link {
        Some(link) if exec::is_exec(entry) => {
            return exec::exec(whence, link, entry, params, as_json).map(Next::Exit);
        }
        Some(link) if exec::is_logs(entry) => {
            return exec::logs(whence, link, entry, params, as_json).map(|()| Next::Exit(0));
        }
        link => link,
    };
    let reply = match link {
        Some(link) => asked(link, Whence { places: &places, pane }, entry, &params)?,
        None => without_server(entry, &params)?,
    };
    if exec::is_ps(entry) && !as_json {
        return print::text(&exec::processes(&reply, is_tree, platform::now().wall))
            .map(|()| Next::Exit(0));
    }
    if entry.name == ServerUpgrade::NAME && !as_json {
        return print::text(&upgrade::told(&reply)).map(|()| Next::Exit(0));
    }
    if entry.name == LayoutSave::NAME && !as_json {
        return layouts::save(&params, &reply).map(|()| Next::Exit(0));
    }
    let wants_json = as_json || params.get("format").is_some_and(|format| format == "json");
    show(entry, &reply, wants_json).map(|()| Next::Exit(0))
}

/// Calls an action. What only looks, or what nobody has begun, is asked again where the server ends
/// just then: as if it came now, of the next one or of none. After a stop this returns once nobody
/// listens any more, so that what is called next meets no server that is about to go.
fn asked(
    mut link: ServerConnection,
    whence: Whence<'_>,
    entry: &'static ActionEntry,
    params: &CallParams,
) -> Result<Value, Refusal> {
    let end = Instant::now() + GONE_WITHIN;
    let mut span = Duration::from_millis(5);
    loop {
        let outcome = link.call(entry, params);
        let has_gone = outcome
            .as_ref()
            .is_err_and(|refusal| matches!(refusal.code, Code::Interrupted | Code::ShuttingDown));
        let is_refused = outcome.as_ref().is_err_and(|refusal| refusal.code == Code::ShuttingDown);
        if has_gone
            && (entry.access == Access::Read || link.is_unread || is_refused)
            && Instant::now() < end
        {
            connection::pause(&mut span);
            match present(whence.places, whence.pane, entry)? {
                Some(next) => link = next,
                None => return without_server(entry, params),
            }
            continue;
        }
        if let (Ok(begun), ServerRestart::NAME | ServerUpgrade::NAME) = (&outcome, entry.name) {
            drop(link);
            return upgrade::await_it(whence.places, entry, begun);
        }
        if entry.name == ServerStop::NAME && outcome.is_ok() {
            drop(link);
            while Instant::now() < end
                && ServerConnection::connect(whence.places, None).is_ok_and(|link| link.is_some())
            {
                connection::pause(&mut span);
            }
        }
        return outcome;
    }
}

/// Whether a call needs a view, so that a client has to make it.
fn attaches(entry: &ActionEntry, params: &CallParams) -> bool {
    match entry.name {
        action::session::open::SessionAttach::NAME => true,
        // In a pane, the client that shows it goes there.
        SessionOpen::NAME => params.get("background") != Some(&Value::Bool(true)) && !is_inside(),
        SessionNew::NAME => params.get("background") != Some(&Value::Bool(true)),
        _ => false,
    }
}

fn attach(places: Paths, entry: &'static ActionEntry, params: CallParams) -> Result<Next, Refusal> {
    let (settings, notice) = match file::settings() {
        Ok(settings) => (settings, None),
        Err(problems) => (Settings::default(), problems.first().map(Diagnostic::headline)),
    };
    entry.call(&params)?;
    let is_on = |name: &str| params.get(name) == Some(&Value::Bool(true));
    let (read_only, is_plain) = (is_on("read_only"), is_on("plain"));
    Ok(Next::Attach(Box::new(Attach {
        places,
        settings,
        notice,
        give_up: GIVE_UP,
        read_only,
        is_plain,
        action: entry.name,
        params,
    })))
}

/// Whether this process runs in a pane.
fn is_inside() -> bool {
    std::env::var_os("ABIDE").is_some_and(|value| !value.is_empty())
}

/// Whether this process has a terminal to show a session in, and is not shown in one itself.
fn attachable() -> Result<(), Refusal> {
    if is_inside() {
        let refusal = Refusal::new(
            Code::Nested,
            "this runs inside abide already; a session is not shown inside itself",
        );
        return Err(refusal.hint(
            "abide new -d makes a session without showing it; the prefix and s show \
                another; unset ABIDE to nest all the same",
        ));
    }
    if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        return Ok(());
    }
    Err(Refusal::new(Code::NoTerminal, "standard input and output are no terminal")
        .hint("abide new -d makes a session without showing it"))
}

/// Where the server is: the one `ABIDE_SOCKET` names, else in a pane the one the pane belongs to,
/// else the usual one.
fn places() -> Result<Paths, Refusal> {
    let refused = |error: PathsError| Refusal::new(Code::NoServer, error.to_string());
    let mut env = PathsEnv::current();
    let usual = Paths::find(&env);
    let outer = std::env::var_os("ABIDE").map(PathBuf::from).filter(|socket| socket.is_absolute());
    if env.socket.is_some()
        || outer.is_none()
        || usual.as_ref().is_ok_and(|usual| outer.as_deref() == Some(usual.socket()))
    {
        return usual.map_err(refused);
    }
    env.socket = outer;
    Paths::find(&env).map_err(refused)
}

/// The pane this process runs in, if that is one of the server of these places.
fn own_pane(places: &Paths) -> Option<PaneId> {
    let socket = std::env::var_os("ABIDE")?;
    let is_this_server = !Path::new(&socket).is_absolute() || socket == *places.socket();
    std::env::var("ABIDE_PANE").ok()?.parse().ok().filter(|_| is_this_server)
}

/// A connection to the server if there is one, or if sessions wait on disk for a server to bring
/// them back.
fn present(
    places: &Paths,
    pane: Option<PaneId>,
    entry: &ActionEntry,
) -> Result<Option<ServerConnection>, Refusal> {
    let link = ServerConnection::connect(places, pane)?;
    let is_on_disk = || {
        places.database().exists()
            && file::settings().unwrap_or_default().persist.keep != Keep::Nothing
    };
    let is_kept = || match entry.name {
        SessionUndo::NAME => places.closed().exists(),
        name => name.starts_with("snapshot.") && places.snapshots().exists(),
    };
    let is_wanted = || is_kept() || !entry.name.starts_with("server.") && is_on_disk();
    if link.is_none() && is_wanted() { start::link(places, pane).map(Some) } else { Ok(link) }
}

/// Whether there is a server that answers, before the terminal is a client's: one that was killed
/// just now takes connections until its last thread is gone.
fn answers(find: impl Fn() -> Result<Option<ServerConnection>, Refusal>) -> Result<bool, Refusal> {
    let status = table::find(ServerStatus::NAME).expect("it is in the table");
    let end = Instant::now() + GONE_WITHIN;
    let mut span = Duration::from_millis(5);
    while let Some(mut link) = find()? {
        match link.call(status, &CallParams::new()) {
            Err(refusal) if refusal.code == Code::LimitReached => return Err(refusal),
            Err(refusal)
                if matches!(refusal.code, Code::Interrupted | Code::ShuttingDown)
                    && Instant::now() < end => {}
            _ => return Ok(true),
        }
        connection::pause(&mut span);
    }
    Ok(false)
}

/// Without a server there is nothing: a list of everything is empty, what should stop has stopped,
/// and everything else has nothing to act on.
fn without_server(entry: &ActionEntry, params: &CallParams) -> Result<Value, Refusal> {
    if entry.name == ServerStop::NAME {
        return Ok(Value::Null);
    }
    let gives_list = entry.reply().as_value().get("type").is_some_and(|kind| kind == "array");
    if entry.access == Access::Read && gives_list && params.is_empty() {
        return Ok(Value::Array(Vec::new()));
    }
    Err(connection::no_server())
}

/// What only this process knows: its environment and directory, and the text on its standard input.
fn fill_in(entry: &ActionEntry, params: &mut CallParams) -> Result<(), Refusal> {
    let schema = entry.params();
    let kind = |name: &str| schema.as_value().pointer(&format!("/properties/{name}"));
    if kind("env").is_some() && !params.contains_key("env") {
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        params.insert(
            "env".into(),
            variables.map(|(name, value)| (name, Value::from(value))).collect(),
        );
    }
    if kind("cwd").is_some() {
        directory(entry, params)?;
    }
    if entry.name == ServerUpgrade::NAME {
        upgrade::fill_in(params);
    }
    if kind("layout").is_some() {
        layouts::fill_in(params)?;
    }
    if kind("to_file").is_some()
        && let (Some(path), Ok(own)) =
            (params.get("to_file").and_then(Value::as_str), std::env::current_dir())
        && let Some(path) = own.join(path).to_str()
    {
        params.insert("to_file".into(), path.into());
    }
    if kind("load").is_some()
        && params.shift_remove("load") == Some(Value::Bool(true))
        && let Some(path) = params.get("text").and_then(Value::as_str)
    {
        params.insert("text".into(), text_of(path)?.into());
    }
    if kind("paste").is_some() && params.get("paste").is_some_and(|text| text == "") {
        params.insert("paste".into(), standard_input()?.into());
    }
    Ok(())
}

/// The text of a file; `-` is our input.
fn text_of(path: &str) -> Result<String, Refusal> {
    if path == "-" {
        return standard_input();
    }
    std::fs::read_to_string(path).map_err(|error| {
        Refusal::new(Code::InvalidParams, format!("file: {path:?} cannot be read: {error}"))
    })
}

/// A directory is relative to ours, and a session starts in ours where none is given.
fn directory(entry: &ActionEntry, params: &mut CallParams) -> Result<(), Refusal> {
    let Ok(own) = std::env::current_dir() else { return Ok(()) };
    let given = params.get("cwd").and_then(Value::as_str);
    let takes_own = entry.name == SessionNew::NAME;
    let absolute = match given {
        Some(path) if !own.join(path).is_dir() => {
            return Err(Refusal::new(Code::InvalidParams, format!("{path:?} is no directory"))
                .hint("give one that exists, or make it first"));
        }
        Some(path) => own.join(path),
        None if takes_own => own,
        None => return Ok(()),
    };
    if let Some(path) = absolute.to_str() {
        params.insert("cwd".into(), path.into());
    }
    Ok(())
}

/// The most that is read from standard input.
const INPUT_BYTES_MAX: u64 = 1 << 20;

fn standard_input() -> Result<String, Refusal> {
    let mut text = Vec::new();
    let read = std::io::stdin().lock().take(INPUT_BYTES_MAX + 1).read_to_end(&mut text);
    read.map_err(|error| {
        Refusal::new(Code::Internal, format!("cannot read standard input: {error}"))
    })?;
    if text.len() as u64 > INPUT_BYTES_MAX {
        return Err(Refusal::new(
            Code::LimitReached,
            format!("standard input has more than {INPUT_BYTES_MAX} bytes"),
        )
        .hint("send it in parts"));
    }
    String::from_utf8(text)
        .map_err(|_| Refusal::new(Code::InvalidParams, "standard input is no UTF-8 text"))
}

/// What people see of a reply: lists, texts and states, the id of what was made, and nothing of
/// what was merely done.
fn show(entry: &ActionEntry, reply: &Value, as_json: bool) -> Result<(), Refusal> {
    if as_json {
        return print::text(&table_output::json(reply));
    }
    let verb = entry.words()[0].last().copied().unwrap_or_default();
    let noun = entry.name.split('.').next().unwrap_or_default();
    let is_shown_whole = ["text", "hits"].iter().any(|name| reply.get(name).is_some());
    let is_looked_at = reply.is_array()
        || is_shown_whole
        || matches!(verb, "status" | "undo")
        || exec::is_stop(entry);
    if is_looked_at {
        return print::text(&table_output::text(reply, platform::now().wall));
    }
    let is_creation = matches!(verb, "new" | "split" | "break" | "float" | "start" | "save");
    match reply.get(noun).or(reply.get("id")).and_then(Value::as_str).filter(|_| is_creation) {
        Some(id) => print::text(id),
        None => Ok(()),
    }
}

/// What clap has to say instead of matches: help and version are answers, everything else is a
/// wrong use.
fn help(error: &clap::Error, as_json: bool) -> u8 {
    let text = error.render().to_string();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => match print::text(&text) {
            Ok(()) => 0,
            Err(refusal) => refusal.code.exit_status(),
        },
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            print::note(&text);
            Code::InvalidParams.exit_status()
        }
        _ => {
            let refusal = usage(error);
            print::refusal(&refusal, as_json);
            refusal.code.exit_status()
        }
    }
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
    let hints: Vec<_> =
        hints.map(|part| part.strip_prefix("tip: ").unwrap_or(&part).to_owned()).collect();
    Refusal::new(Code::InvalidParams, message.strip_prefix("error: ").unwrap_or(&message))
        .hint(hints.join("; "))
}
