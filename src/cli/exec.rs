//! `abide exec`, `logs` and `ps`: output that comes while the call waits, and processes as people
//! read them.

use std::io::Read;
use std::thread;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::action::exec::ExecRun;
use crate::action::process::run::{ProcessLogs, ProcessWrite};
use crate::action::table;
use crate::base::error::{Code, Refusal};
use crate::base::text::{decode_base64, encode_base64};
use crate::cli::call::Endpoints;
use crate::cli::connection::{self, ServerConnection};
use crate::cli::{print, table_output};

/// The most of standard input that is sent at once.
const PART_LEN: usize = 64 << 10;
/// The most times that a followed log is asked for again when the server goes away.
const RECONNECT_COUNT: usize = 5;

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

/// Runs a command in the session's shell; gives its exit status.
pub(super) fn exec(
    endpoints: Endpoints<'_>,
    mut link: ServerConnection,
    mut exec: ExecRun,
    as_json: bool,
) -> Result<u8, Refusal> {
    let entry = table::entry::<ExecRun>();
    let reads = exec.open_stdin;
    if as_json {
        if reads {
            exec.open_stdin = false;
            exec.stdin = Some(all_input()?);
        }
        let reply = link.call(entry, &table::arguments(&exec))?;
        print::text(&table_output::json(&reply))?;
        return Ok(ExecReply::of(&reply).status());
    }
    exec.stream = true;
    let mut command = String::new();
    let outcome = link.call_told(entry, &table::arguments(&exec), |event| {
        let event = OutputEvent::of(event);
        if event.r#type == "start" {
            command.clone_from(&event.command);
            if reads {
                feed(endpoints, &command);
            }
        }
        event.pass_on()
    });
    let reply = outcome.map_err(|refusal| match refusal.code {
        Code::Interrupted if !command.is_empty() => Refusal::new(
            Code::Interrupted,
            format!("the server went away; command {command} goes on"),
        )
        .hint(format!("abide logs -f {command}")),
        _ => refusal,
    })?;
    let reply = ExecReply::of(&reply);
    // Of a command in a pane all comes at the end.
    print::bytes(reply.stdout.as_bytes())?;
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
        print::note(&format!(
            "abide: timed out after {}ms; what it started is gone",
            reply.duration_ms
        ));
    }
    Ok(reply.status())
}

/// Sends our standard input to a command, on a connection of its own, until either ends.
fn feed(endpoints: Endpoints<'_>, command: &str) {
    let Ok(Some(mut link)) = ServerConnection::connect(endpoints.places, endpoints.pane) else {
        return;
    };
    let command = command.to_owned();
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
            let params = table::arguments(&write);
            if link.call(entry, &params).is_err() || count == 0 {
                return;
            }
        }
    });
}

fn all_input() -> Result<String, Refusal> {
    let mut text = String::new();
    let read = std::io::stdin().lock().take(8 << 20).read_to_string(&mut text);
    read.map_err(|error| {
        Refusal::new(Code::InvalidParams, format!("standard input: {error}"))
            .hint("without --json any bytes will do")
    })?;
    Ok(text)
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
    for _ in 0..=RECONNECT_COUNT {
        let mut cursor = None;
        let outcome = link.call_told(entry, &table::arguments(&logs), |event| {
            cursor = OutputEvent::of(event).cursor.or(cursor.take());
            show_event(event, as_json)
        });
        match outcome {
            Err(refusal) if logs.follow && refusal.code == Code::Interrupted => {
                logs.since = cursor.or(logs.since);
                link = ServerConnection::connect(endpoints.places, endpoints.pane)?
                    .ok_or_else(connection::no_server)?;
            }
            outcome => {
                let reply = LogsReply::deserialize(outcome?).unwrap_or_default();
                return reply.events.iter().try_for_each(|event| show_event(event, as_json));
            }
        }
    }
    Err(connection::no_server())
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
