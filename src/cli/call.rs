//! A call of the server's actions: what only this process knows is filled in, the server is found
//! or started, and the reply is shown. Words were read before.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::action::buffer::BufferSet;
use crate::action::exec::ExecRun;
use crate::action::layout::{ApplyLayout, LayoutSave};
use crate::action::pane::read::{Format, PaneCapture};
use crate::action::pane::send::{PanePipe, PaneSend};
use crate::action::process::list::ProcessPs;
use crate::action::process::run::{ProcessLogs, ProcessRejoin};
use crate::action::process::stop::{ProcessSignal, ProcessStop};
use crate::action::server::{ServerRestart, ServerStatus, ServerStop, ServerUpgrade};
use crate::action::session::close::SessionUndo;
use crate::action::session::open::{SessionAttach, SessionNew, SessionOpen};
use crate::action::table::{self, ActionEntry, Call, CallParams};
use crate::action::{Access, Role};
use crate::base::error::{Code, Refusal};
use crate::base::id::PaneId;
use crate::base::time::Span;
use crate::cli::connection::{self, ServerConnection};
use crate::cli::{Attach, Next, config, exec, files, local, print, table_output, upgrade};
use crate::config::diag::Diagnostic;
use crate::platform;
use crate::platform::paths::{Paths, PathsEnv, PathsError};
use crate::settings::{Keep, Settings};

/// The longest time until nobody listens any more, for a server that ends.
const GONE_WITHIN: Duration = Duration::from_secs(3);
/// The same for who wants the next server: the programs of one that stops may have a long grace.
const STOPPED_WITHIN: Duration = Duration::from_mins(1);
const GIVE_UP: Span = Span::seconds(30);

macro_rules! specials {
    ($($variant:ident($action:ty),)*) => {
        /// An action for which the command line does more than call it and print the reply, with
        /// its arguments; `Plain` for all others.
        enum Special {
            $($variant(Box<$action>),)*
            Plain(CallParams),
        }

        impl Special {
            fn of(call: &Call) -> Self {
                $(if let Some(action) = call.arguments() {
                    return Self::$variant(Box::new(action));
                })*
                Self::Plain(table::object(call.params()))
            }

            fn params(&self) -> CallParams {
                match self {
                    $(Self::$variant(action) => table::arguments::<$action>(action),)*
                    Self::Plain(params) => params.clone(),
                }
            }
        }
    };
}

specials! {
    New(SessionNew),
    Attach(SessionAttach),
    Open(SessionOpen),
    Undo(SessionUndo),
    Exec(ExecRun),
    Rejoin(ProcessRejoin),
    Logs(ProcessLogs),
    Ps(ProcessPs),
    StopCommand(ProcessStop),
    Signal(ProcessSignal),
    SaveLayout(LayoutSave),
    ApplyLayout(ApplyLayout),
    SetBuffer(BufferSet),
    Send(PaneSend),
    Pipe(PanePipe),
    Capture(PaneCapture),
    Stop(ServerStop),
    Restart(ServerRestart),
    Upgrade(ServerUpgrade),
}

impl Special {
    /// A call that needs a view has to be made by a client.
    fn needs_view(&self, places: &Paths) -> bool {
        match self {
            // In a pane, the client that shows it goes there.
            Self::Attach(attach) => !(attach.moves_a_client() && own_pane(places).is_some()),
            Self::Open(open) => !open.background && !is_inside(),
            Self::New(new) => !new.background,
            _ => false,
        }
    }

    /// True if it shows lines and draws nothing.
    const fn is_plain(&self) -> bool {
        match self {
            Self::Attach(attach) => attach.plain,
            Self::New(new) => new.plain,
            _ => false,
        }
    }

    const fn makes_session(&self) -> bool {
        matches!(self, Self::New(_) | Self::Open(_))
    }

    /// Fills in what its arguments name on this machine: files, standard input, this program.
    fn read_files(&mut self) -> Result<(), Refusal> {
        match self {
            Self::Upgrade(upgrade) => upgrade.exe = upgrade::program(upgrade.exe.take()),
            Self::ApplyLayout(apply) => files::read_layout(apply)?,
            Self::Pipe(pipe) => {
                let own = std::env::current_dir().ok();
                let path = pipe.to_file.as_ref().zip(own).map(|(path, own)| own.join(path));
                if let Some(path) = path.as_deref().and_then(Path::to_str) {
                    pipe.to_file = Some(path.to_owned());
                }
            }
            Self::SetBuffer(set) => {
                if std::mem::take(&mut set.load)
                    && let Some(path) = &set.text
                {
                    set.text = Some(text_of(path)?);
                }
            }
            Self::Send(send) if send.paste.as_deref() == Some("") => {
                send.paste = Some(standard_input()?);
            }
            _ => {}
        }
        Ok(())
    }
}

/// The server that calls go to, and the pane that this process runs in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Endpoints<'a> {
    pub(super) places: &'a Paths,
    pub(super) pane: Option<PaneId>,
}

/// `abide` without a command: the session used last, or a first one, which attaching makes.
pub(super) fn alone() -> Result<Next, Refusal> {
    attachable()?;
    let special = Special::Plain(CallParams::new());
    drawable(&special)?;
    let places = places()?;
    answers(|| connection::start(&places, None).map(Some))?;
    attach(places, table::entry::<SessionAttach>(), &special)
}

/// Carries a call out and shows what came of it.
pub(super) fn run(call: &Call, as_json: bool) -> Result<Next, Refusal> {
    if call.role() == Role::Cli {
        return local::run(call, as_json);
    }
    let entry = call.entry();
    let mut special = Special::of(call);
    if let Special::Open(open) = &mut special {
        files::read_project(open)?;
    }
    let places = places()?;
    if special.needs_view(&places) {
        drawable(&special)?;
        if special.makes_session() {
            attachable()?;
            answers(|| connection::start(&places, None).map(Some))?;
        } else if !answers(|| present(&places, None, entry))? {
            return Err(connection::no_server());
        }
        attachable()?;
        return attach(places, entry, &special);
    }
    special.read_files()?;
    let mut params = special.params();
    fill_in(entry, &mut params)?;
    let special = Special::of(&entry.call(&params)?);
    let pane = own_pane(&places);
    let link = if special.makes_session() {
        Some(connection::start(&places, pane)?)
    } else {
        present(&places, pane, entry)?
    };
    let endpoints = Endpoints { places: &places, pane };
    let reply = match (link, &special) {
        (Some(link), Special::Exec(exec)) => {
            return exec::exec(endpoints, link, ExecRun::clone(exec), as_json).map(Next::Exit);
        }
        (Some(mut link), Special::Rejoin(rejoin)) => {
            let rejoin = ProcessRejoin::clone(rejoin);
            return exec::rejoined(endpoints, &mut link, rejoin, as_json).map(Next::Exit);
        }
        (Some(link), Special::Logs(logs)) => {
            return exec::logs(endpoints, link, ProcessLogs::clone(logs), as_json)
                .map(|()| Next::Exit(0));
        }
        (Some(link), Special::Capture(_)) => {
            return captured(link, endpoints, &special, params, as_json).map(|()| Next::Exit(0));
        }
        (Some(link), _) => asked(link, endpoints, &special, entry, &params)?,
        (None, _) => without_server(entry, &special, &params)?,
    };
    show(entry, &special, &reply, as_json).map(|()| Next::Exit(0))
}

/// Captures page by page, so that neither the server nor a message is ever full of it, and shows
/// each; JSON is one value, whatever its length.
fn captured(
    link: ServerConnection,
    endpoints: Endpoints<'_>,
    special: &Special,
    mut params: CallParams,
    as_json: bool,
) -> Result<(), Refusal> {
    let entry = table::entry::<PaneCapture>();
    let is_json =
        as_json || matches!(special, Special::Capture(capture) if capture.format == Format::Json);
    params.insert("page".into(), true.into());
    let (mut link, mut whole) = (Some(link), Value::Null);
    while let Some(connected) = link {
        let mut reply = asked(connected, endpoints, special, entry, &params)?;
        let next = reply.as_object_mut().and_then(|reply| reply.shift_remove("next"));
        if is_json {
            join_page(&mut whole, reply);
        } else {
            let text = table_output::text(&reply, platform::now().wall);
            // A line that goes on in the next page has no end here.
            if next.is_some() { print::bytes(text.as_bytes()) } else { print::text(&text) }?;
        }
        let Some(next) = next else { break };
        params.insert("from".into(), next);
        link = present(endpoints.places, endpoints.pane, entry)?;
        if link.is_none() {
            return Err(connection::no_server());
        }
    }
    if is_json { print::text(&table_output::json(&whole)) } else { Ok(()) }
}

/// Adds a page to those before it.
fn join_page(whole: &mut Value, page: Value) {
    let (Value::Object(whole), Value::Object(page)) = (&mut *whole, &page) else {
        return *whole = page;
    };
    for (name, more) in page {
        match (whole.get_mut(name), more) {
            (Some(Value::String(text)), Value::String(more)) if name == "text" => {
                text.push_str(more);
            }
            (Some(Value::Array(rows)), Value::Array(more)) => rows.extend_from_slice(more),
            (Some(Value::Object(links)), Value::Object(more)) if name == "links" => {
                links.extend(more.clone());
            }
            (None, more) => drop(whole.insert(name.clone(), more.clone())),
            _ => {}
        }
    }
}

/// Calls an action. What only looks, or what nobody has begun, is asked again where the server ends
/// just then: as if it came now, of the next one or of none. After a stop this returns once nobody
/// listens any more, so that what is called next meets no server that is about to go.
fn asked(
    mut link: ServerConnection,
    endpoints: Endpoints<'_>,
    special: &Special,
    entry: &'static ActionEntry,
    params: &CallParams,
) -> Result<Value, Refusal> {
    let end = Instant::now() + GONE_WITHIN;
    let wants_next = special.makes_session() || entry.access > Access::Read;
    let next_end = if wants_next { Instant::now() + STOPPED_WITHIN } else { end };
    let mut span = Duration::from_millis(5);
    loop {
        let outcome = link.call(entry, params);
        let has_gone = outcome
            .as_ref()
            .is_err_and(|refusal| matches!(refusal.code, Code::Interrupted | Code::ShuttingDown));
        let is_refused = outcome.as_ref().is_err_and(|refusal| refusal.code == Code::ShuttingDown);
        if has_gone
            && (entry.access == Access::Read || link.is_unread || is_refused)
            && Instant::now() < next_end
        {
            connection::pause(&mut span);
            let next = if special.makes_session() {
                connection::start(endpoints.places, endpoints.pane).map(Some)
            } else {
                present(endpoints.places, endpoints.pane, entry)
            };
            match next? {
                Some(next) => link = next,
                None => return without_server(entry, special, params),
            }
            continue;
        }
        let begun = outcome?;
        drop(link);
        return match special {
            Special::Restart(_) => upgrade::restarted(endpoints.places, &begun),
            Special::Upgrade(_) => upgrade::upgraded(endpoints.places, &begun),
            Special::Stop(_) => {
                while Instant::now() < end
                    && ServerConnection::connect(endpoints.places, None)
                        .is_ok_and(|it| it.is_some())
                {
                    connection::pause(&mut span);
                }
                Ok(begun)
            }
            _ => Ok(begun),
        };
    }
}

fn attach(places: Paths, entry: &'static ActionEntry, special: &Special) -> Result<Next, Refusal> {
    let (settings, notice) = match config::settings() {
        Ok(settings) => (settings, None),
        Err(problems) => (Settings::default(), problems.first().map(Diagnostic::headline)),
    };
    let params = special.params();
    entry.call(&params)?;
    let read_only = matches!(special, Special::Attach(attach) if attach.read_only);
    let is_plain = special.is_plain();
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

/// True if this process runs in a pane.
fn is_inside() -> bool {
    std::env::var_os("ABIDE").is_some_and(|value| !value.is_empty())
}

/// Refuses where the terminal says that nothing can be drawn on it.
fn drawable(special: &Special) -> Result<(), Refusal> {
    if special.is_plain() {
        return Ok(());
    }
    let term = std::env::var("TERM").unwrap_or_default();
    let problem = match term.as_str() {
        "" => "TERM is not set, so it is not known how to draw here",
        "dumb" => "TERM is \"dumb\": nothing can be drawn here",
        _ => return Ok(()),
    };
    Err(Refusal::new(Code::NoTerminal, problem)
        .hint("--plain shows lines and draws nothing; TERM=xterm-256color is what most can"))
}

/// Refuses unless this process has a terminal to show a session in, and is not shown in one itself.
fn attachable() -> Result<(), Refusal> {
    if is_inside() {
        let refusal = Refusal::new(
            Code::Nested,
            "this runs inside abide already; a session is not shown inside itself",
        );
        return Err(refusal.hint(
            "abide attach NAME shows another session in this client; abide new -d makes one \
                without showing it; unset ABIDE to nest all the same",
        ));
    }
    if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        return Ok(());
    }
    Err(Refusal::new(Code::NoTerminal, "standard input and output are no terminal")
        .hint("abide new -d makes a session without showing it"))
}

/// The server's place: the one `ABIDE_SOCKET` names, else in a pane the one the pane belongs to,
/// else the usual one.
pub(super) fn places() -> Result<Paths, Refusal> {
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
pub(super) fn present(
    places: &Paths,
    pane: Option<PaneId>,
    entry: &ActionEntry,
) -> Result<Option<ServerConnection>, Refusal> {
    let link = ServerConnection::connect(places, pane)?;
    let is_on_disk = || {
        places.database().exists()
            && config::settings().unwrap_or_default().persist.keep != Keep::Nothing
    };
    let is_kept = || {
        entry.is::<SessionUndo>() && places.closed().exists()
            || entry.noun() == "snapshot" && places.snapshots().exists()
    };
    let is_wanted = || is_kept() || entry.noun() != "server" && is_on_disk();
    if link.is_none() && is_wanted() { connection::start(places, pane).map(Some) } else { Ok(link) }
}

/// True if there is a server that answers, before the terminal is a client's: one that was killed
/// just now takes connections until its last thread is gone.
fn answers(find: impl Fn() -> Result<Option<ServerConnection>, Refusal>) -> Result<bool, Refusal> {
    let status = table::entry::<ServerStatus>();
    let begun = Instant::now();
    let mut span = Duration::from_millis(5);
    while let Some(mut link) = find()? {
        match link.call(status, &CallParams::new()) {
            Err(refusal) if refusal.code == Code::LimitReached => return Err(refusal),
            Err(refusal)
                if refusal.code == Code::Interrupted && begun.elapsed() < GONE_WITHIN
                    || refusal.code == Code::ShuttingDown && begun.elapsed() < STOPPED_WITHIN => {}
            _ => return Ok(true),
        }
        connection::pause(&mut span);
    }
    Ok(false)
}

/// Without a server there is nothing: a list of everything is empty, what should stop has stopped,
/// and everything else has nothing to act on.
fn without_server(
    entry: &ActionEntry,
    special: &Special,
    params: &CallParams,
) -> Result<Value, Refusal> {
    if matches!(special, Special::Stop(_)) {
        return Ok(Value::Null);
    }
    let gives_list = entry.reply().as_value().get("type").is_some_and(|kind| kind == "array");
    if entry.access == Access::Read && gives_list && params.is_empty() {
        return Ok(Value::Array(Vec::new()));
    }
    Err(connection::no_server())
}

/// Fills in the environment and the directory of this process.
fn fill_in(entry: &ActionEntry, params: &mut CallParams) -> Result<(), Refusal> {
    if entry.takes("env") {
        params.entry("env").or_insert_with(|| {
            let variables = std::env::vars_os().filter_map(|(name, value)| {
                Some((name.into_string().ok()?, value.into_string().ok()?))
            });
            variables.map(|(name, value)| (name, Value::from(value))).collect()
        });
    }
    if entry.takes("cwd") { directory(entry, params) } else { Ok(()) }
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
    let takes_own = entry.is::<SessionNew>();
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
const INPUT_BYTES_MAX: u64 = 8 << 20;

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

/// Shows a reply: lists, texts and states, the id of what was made, and nothing of what was merely
/// done.
fn show(
    entry: &ActionEntry,
    special: &Special,
    reply: &Value,
    as_json: bool,
) -> Result<(), Refusal> {
    let wall = platform::now().wall;
    let is_looked_at = match special {
        _ if as_json => return print::text(&table_output::json(reply)),
        Special::Ps(ps) => return print::text(&exec::processes(reply, ps.tree, wall)),
        Special::Upgrade(_) => return print::text(&upgrade::told(reply)),
        Special::SaveLayout(save) => return files::save_layout(save, reply),
        Special::StopCommand(_) | Special::Signal(_) => true,
        _ => false,
    };
    let verb = entry.words()[0].last().copied().unwrap_or_default();
    let is_shown_whole = ["text", "hits"].iter().any(|name| reply.get(name).is_some());
    let is_whole = reply.is_array() || is_shown_whole || matches!(verb, "status" | "undo");
    if is_looked_at || is_whole {
        return print::text(&table_output::text(reply, wall));
    }
    let is_creation = matches!(verb, "new" | "split" | "break" | "float" | "start" | "save");
    match reply
        .get(entry.noun())
        .or(reply.get("id"))
        .and_then(Value::as_str)
        .filter(|_| is_creation)
    {
        Some(id) => print::text(id),
        None => Ok(()),
    }
}
