//! `abide exec`, `logs` and `ps`: output that comes while the call waits, and processes as people
//! read them.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::action::exec::ExecRun;
use crate::action::process::run::{ProcessLogs, ProcessRejoin, ProcessWrite};
use crate::action::table;
use crate::base::error::{Code, Refusal};
use crate::base::text::{decode_base64, encode_base64};
use crate::cli::call::{self, Endpoints};
use crate::cli::connection::{self, ServerConnection};
use crate::cli::{print, table_output};

/// The most of standard input that is sent at once.
const PART_LEN: usize = 64 << 10;
/// The longest time until another server answers.
const AGAIN_WITHIN: Duration = Duration::from_mins(1);
/// There is no server any more if none is there for so long.
const GONE_FOR: Duration = Duration::from_secs(1);

/// The members of the reply of `exec` that are read here. The server may be of another version.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ExecReply {
    exit_code: Option<u8>,
    stdout: String,
    state: String,
    duration_ms: u64,
    timed_out: bool,
    state_lost: Option<String>,
    left: Vec<u32>,
}

impl ExecReply {
    fn of(reply: &Value) -> Self {
        Self::deserialize(reply).unwrap_or_default()
    }

    fn status(&self) -> u8 {
        self.exit_code.unwrap_or(255)
    }
}

/// An event in the life of a command, in the same way.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OutputEvent {
    r#type: String,
    command: String,
    cursor: Option<String>,
    bytes: String,
}

impl OutputEvent {
    fn of(event: &Value) -> Self {
        Self::deserialize(event).unwrap_or_default()
    }

    /// Writes output where it belongs.
    fn pass_on(&self) -> Result<(), Refusal> {
        let bytes = || decode_base64(&self.bytes).unwrap_or_default();
        match self.r#type.as_str() {
            "stdout" => print::bytes(&bytes()),
            "stderr" => print::error_bytes(&bytes()),
            "truncated" => {
                print::note("abide: output is missing here");
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// A command in the session's shell, as its caller follows it over restarts of the server.
#[derive(Debug, Default)]
struct Followed {
    /// The command id, once it has begun.
    command: String,
    /// The cursor after the last of its output that was passed on.
    cursor: Option<String>,
    /// The sender of its input, if it has one.
    input: Option<Arc<InputProgress>>,
}

impl Followed {
    /// Takes note of an event, and passes output on.
    fn hear(
        &mut self,
        endpoints: Endpoints<'_>,
        reads: bool,
        event: &Value,
    ) -> Result<(), Refusal> {
        let event = OutputEvent::of(event);
        if event.r#type == "start" && self.command.is_empty() {
            self.command.clone_from(&event.command);
            if reads {
                self.input = Some(feed(endpoints, &self.command)?);
            }
        }
        event.pass_on()?;
        self.cursor = event.cursor.or(self.cursor.take());
        Ok(())
    }

    /// The refusal where the command goes on and we do not.
    fn goes_on(&self, why: &str) -> Refusal {
        let command = &self.command;
        Refusal::new(Code::Interrupted, format!("{why}; command {command} goes on"))
            .hint(format!("abide logs -f {command}"))
    }
}

/// Runs a command in the session's shell, over restarts of the server; gives its exit status.
pub(super) fn exec(
    endpoints: Endpoints<'_>,
    mut link: ServerConnection,
    mut exec: ExecRun,
    as_json: bool,
) -> Result<u8, Refusal> {
    let entry = table::entry::<ExecRun>();
    let (reads, is_in_pane) = (exec.open_stdin, exec.in_pane.is_some());
    (exec.stream, exec.announce) = (!as_json, as_json);
    let mut followed = Followed::default();
    let mut tries = Tries::default();
    let reply = loop {
        let outcome = link.call_told(entry, &table::arguments(&exec), |event| {
            followed.hear(endpoints, reads, event)
        });
        let Err(refusal) = outcome else { break outcome? };
        let is_unbegun =
            refusal.code == Code::ShuttingDown || link.is_unread && followed.command.is_empty();
        if is_unbegun && !is_in_pane {
            link = tries.another(endpoints, refusal)?;
            continue;
        }
        if refusal.code != Code::Interrupted || followed.command.is_empty() {
            return Err(refusal);
        }
        break rejoin(endpoints, &mut followed, as_json, refusal)?;
    };
    if as_json {
        print::text(&table_output::json(&reply))?;
        return Ok(ExecReply::of(&reply).status());
    }
    end(&ExecReply::of(&reply), is_in_pane)
}

/// Tells what a reply says beside the output; gives the exit status.
fn end(reply: &ExecReply, is_in_pane: bool) -> Result<u8, Refusal> {
    if is_in_pane {
        // Of a command in a pane all comes at the end.
        print::bytes(reply.stdout.as_bytes())?;
    }
    if reply.state == "running" {
        print::note(&format!(
            "abide: timed out after {}ms; it does not end and runs on in its pane",
            reply.duration_ms
        ));
        return Ok(reply.status());
    }
    if let Some(lost) = &reply.state_lost {
        print::note(&format!("abide: {lost}"));
    }
    if reply.timed_out {
        let left: Vec<String> = reply.left.iter().map(ToString::to_string).collect();
        let rest = if left.is_empty() {
            "what it started is gone".to_owned()
        } else {
            format!("this may be left of it: {}", left.join(", "))
        };
        print::note(&format!("abide: timed out after {}ms; {rest}", reply.duration_ms));
    }
    Ok(reply.status())
}

/// Goes on with a command whose call was interrupted; gives the reply at its end.
fn rejoin(
    endpoints: Endpoints<'_>,
    followed: &mut Followed,
    as_json: bool,
    mut refusal: Refusal,
) -> Result<Value, Refusal> {
    let entry = table::entry::<ProcessRejoin>();
    let mut tries = Tries::default();
    loop {
        if followed.input.as_ref().is_some_and(|input| !input.is_over()) {
            return Err(followed.goes_on(
                "the server restarted before all of standard input was sent, and what was sent is \
                 the end of it",
            ));
        }
        let mut link = tries
            .another(endpoints, refusal)
            .map_err(|_| followed.goes_on("the server went away"))?;
        let rejoin = ProcessRejoin {
            id: followed.command.clone(),
            since: followed.cursor.clone(),
            stream: !as_json,
        };
        let outcome = link.call_told(entry, &table::arguments(&rejoin), |event| {
            tries = Tries::default();
            followed.hear(endpoints, false, event)
        });
        match outcome {
            Err(error) if matches!(error.code, Code::Interrupted | Code::ShuttingDown) => {
                refusal = error;
            }
            outcome => return outcome,
        }
    }
}

/// `abide process rejoin`: the rest of the output of a command, and its status.
pub(super) fn rejoined(
    endpoints: Endpoints<'_>,
    link: &mut ServerConnection,
    mut rejoin_call: ProcessRejoin,
    as_json: bool,
) -> Result<u8, Refusal> {
    rejoin_call.stream = !as_json;
    let mut followed = Followed { command: rejoin_call.id.clone(), ..Followed::default() };
    let entry = table::entry::<ProcessRejoin>();
    let outcome = link.call_told(entry, &table::arguments(&rejoin_call), |event| {
        followed.hear(endpoints, false, event)
    });
    followed.cursor = followed.cursor.or(rejoin_call.since);
    let reply = match outcome {
        Err(refusal) if matches!(refusal.code, Code::Interrupted | Code::ShuttingDown) => {
            rejoin(endpoints, &mut followed, as_json, refusal)?
        }
        outcome => outcome?,
    };
    if as_json {
        print::text(&table_output::json(&reply))?;
        return Ok(ExecReply::of(&reply).status());
    }
    end(&ExecReply::of(&reply), false)
}

/// The attempts to find a server again that went away. Whoever makes progress begins anew.
#[derive(Debug, Default)]
struct Tries {
    end: Option<Instant>,
    span: Duration,
}

impl Tries {
    /// A connection to the next server.
    ///
    /// # Errors
    /// `no_server` if there is none any more; `refusal` if none answers.
    fn another(
        &mut self,
        endpoints: Endpoints<'_>,
        refusal: Refusal,
    ) -> Result<ServerConnection, Refusal> {
        let end = *self.end.get_or_insert_with(|| Instant::now() + AGAIN_WITHIN);
        self.span = self.span.max(Duration::from_millis(5));
        let mut absence: Option<Instant> = None;
        while Instant::now() < end {
            connection::pause(&mut self.span);
            let entry = table::entry::<ExecRun>();
            if let Some(link) = call::present(endpoints.places, endpoints.pane, entry)? {
                return Ok(link);
            }
            if GONE_FOR < absence.get_or_insert_with(Instant::now).elapsed() {
                break;
            }
        }
        Err(if absence.is_some() { connection::no_server() } else { refusal })
    }
}

/// The progress of a command's standard input.
#[derive(Debug, Default)]
struct InputProgress(AtomicBool);

impl InputProgress {
    /// True if all was sent, or the command takes no more.
    fn is_over(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Sends our standard input to a command, on a connection of its own, until either ends.
fn feed(endpoints: Endpoints<'_>, command: &str) -> Result<Arc<InputProgress>, Refusal> {
    let mut link = ServerConnection::connect(endpoints.places, endpoints.pane)?
        .ok_or_else(connection::no_server)?;
    let command = command.to_owned();
    let progress = Arc::new(InputProgress::default());
    let told = Arc::clone(&progress);
    thread::spawn(move || {
        let entry = table::entry::<ProcessWrite>();
        let mut buffer = vec![0; PART_LEN];
        loop {
            let count = std::io::stdin().lock().read(&mut buffer).unwrap_or(0);
            let write = ProcessWrite {
                id: command.clone(),
                bytes: Some(encode_base64(&buffer[..count])),
                close: count == 0,
                ..ProcessWrite::default()
            };
            let refusal = link.call(entry, &table::arguments(&write)).err();
            let is_cut = refusal
                .as_ref()
                .is_some_and(|it| matches!(it.code, Code::Interrupted | Code::ShuttingDown));
            if refusal.is_some() || count == 0 {
                return progress.0.store(!is_cut, Ordering::Release);
            }
        }
    });
    Ok(told)
}

/// The reply of `logs`, in the same way.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LogsReply {
    events: Vec<Value>,
}

/// Shows the output of a command; with `follow` until it ends, over restarts of the server.
pub(super) fn logs(
    endpoints: Endpoints<'_>,
    mut link: ServerConnection,
    mut logs: ProcessLogs,
    as_json: bool,
) -> Result<(), Refusal> {
    let entry = table::entry::<ProcessLogs>();
    let mut tries = Tries::default();
    loop {
        let mut cursor = None;
        let outcome = link.call_told(entry, &table::arguments(&logs), |event| {
            tries = Tries::default();
            show_event(event, as_json)?;
            cursor = OutputEvent::of(event).cursor.or(cursor.take());
            Ok(())
        });
        match outcome {
            Err(refusal)
                if logs.follow
                    && matches!(refusal.code, Code::Interrupted | Code::ShuttingDown) =>
            {
                logs.since = cursor.or(logs.since);
                link = tries.another(endpoints, refusal)?;
            }
            outcome => {
                let reply = LogsReply::deserialize(outcome?).unwrap_or_default();
                return reply.events.iter().try_for_each(|event| show_event(event, as_json));
            }
        }
    }
}

fn show_event(event: &Value, as_json: bool) -> Result<(), Refusal> {
    if as_json { print::text(&event.to_string()) } else { OutputEvent::of(event).pass_on() }
}

/// Processes as a table.
pub(super) fn processes(reply: &Value, is_tree: bool, wall: u64) -> String {
    let rows: Vec<Value> =
        reply.as_array().into_iter().flatten().map(|item| row(item, is_tree)).collect();
    table_output::text(&Value::Array(rows), wall)
}

fn row(item: &Value, is_tree: bool) -> Value {
    let mut row = Map::new();
    let depth = usize::try_from(item["depth"].as_u64().unwrap_or(0)).unwrap_or(0);
    for (name, value) in item.as_object().into_iter().flatten() {
        let (name, value) = match name.as_str() {
            "pid" if value == 0 => (name.as_str(), "".into()),
            "depth" | "start_time" => continue,
            "rss" => ("memory", size(value.as_u64().unwrap_or(0)).into()),
            "cpu" => ("cpu%", format!("{:.1}", value.as_f64().unwrap_or(0.0)).into()),
            "command_line" if is_tree => {
                let line = value.as_str().unwrap_or_default();
                (name.as_str(), format!("{}{line}", "  ".repeat(depth)).into())
            }
            _ => (name.as_str(), value.clone()),
        };
        row.insert(name.to_owned(), value);
    }
    Value::Object(row)
}

fn size(bytes: u64) -> String {
    match bytes {
        0 => String::new(),
        bytes if bytes < 1 << 20 => format!("{}K", bytes >> 10),
        bytes if bytes < 10 << 30 => format!("{}M", bytes >> 20),
        bytes => format!("{}G", bytes >> 30),
    }
}
