//! `abide exec`, `logs` and `ps`: output that comes while the call waits, and processes as people
//! read them.

use std::io::Read;
use std::thread;

use serde_json::{Map, Value, json};

use crate::action::process::run::ProcessWrite;
use crate::action::table::{self, ActionEntry, CallParams};
use crate::action::{self, Action};
use crate::base::base64;
use crate::base::error::{Code, Refusal};
use crate::base::id::PaneId;
use crate::cli::connection::{self, ServerConnection};
use crate::cli::{print, table_output};
use crate::platform::paths::Paths;

/// How much of standard input is sent at once.
const PART_LEN: usize = 64 << 10;
/// How often a followed log is asked for again when the server goes away.
const RECONNECT_COUNT: usize = 5;

/// Where calls go, and from where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whence<'a> {
    pub(super) places: &'a Paths,
    pub(super) pane: Option<PaneId>,
}

/// Runs a command in the session's shell; gives its exit status.
pub(super) fn exec(
    whence: Whence<'_>,
    mut link: ServerConnection,
    entry: &'static ActionEntry,
    mut params: CallParams,
    as_json: bool,
) -> Result<u8, Refusal> {
    let reads = params.get("open_stdin") == Some(&Value::Bool(true));
    if as_json {
        if reads {
            params.remove("open_stdin");
            params.insert("stdin".into(), all_input()?.into());
        }
        let reply = link.call(entry, &params)?;
        print::text(&table_output::json(&reply))?;
        return Ok(status(&reply));
    }
    params.insert("stream".into(), true.into());
    let mut command = String::new();
    let mut fault = Ok(());
    let outcome = link.call_told(entry, &params, |event| {
        if event["type"] == "start" {
            event["command"].as_str().unwrap_or_default().clone_into(&mut command);
            if reads {
                feed(whence, &command);
            }
        }
        if fault.is_ok() {
            fault = pass_on(event);
        }
    });
    fault?;
    let reply = outcome.map_err(|refusal| match refusal.code {
        Code::Interrupted if !command.is_empty() => Refusal::new(
            Code::Interrupted,
            format!("the server went away; command {command} goes on"),
        )
        .hint(format!("abide logs -f {command}")),
        _ => refusal,
    })?;
    // Of a command in a pane all comes at the end.
    print::bytes(reply["stdout"].as_str().unwrap_or_default().as_bytes())?;
    if reply["state"] == "running" {
        print::note(&format!(
            "abide: timed out after {}ms; it does not end and runs on in its pane",
            reply["duration_ms"]
        ));
        return Ok(status(&reply));
    }
    if let Some(lost) = reply["state_lost"].as_str() {
        print::note(&format!("abide: {lost}"));
    }
    if reply["timed_out"] == true {
        print::note(&format!(
            "abide: timed out after {}ms; what it started is gone",
            reply["duration_ms"]
        ));
    }
    Ok(status(&reply))
}

fn status(reply: &Value) -> u8 {
    reply["exit_code"].as_u64().and_then(|code| u8::try_from(code).ok()).unwrap_or(255)
}

/// Writes output where it belongs.
fn pass_on(event: &Value) -> Result<(), Refusal> {
    let bytes = || event["bytes"].as_str().and_then(base64::decode).unwrap_or_default();
    match event["type"].as_str() {
        Some("stdout") => print::bytes(&bytes()),
        Some("stderr") => print::error_bytes(&bytes()),
        Some("truncated") => {
            print::note("abide: output is missing here");
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Sends our standard input to a command, on a connection of its own, until either ends.
fn feed(whence: Whence<'_>, command: &str) {
    let Ok(Some(mut link)) = ServerConnection::connect(whence.places, whence.pane) else { return };
    let command = command.to_owned();
    thread::spawn(move || {
        let entry = table::find(ProcessWrite::NAME).expect("it is in the table");
        let mut buffer = vec![0; PART_LEN];
        loop {
            let count = std::io::stdin().lock().read(&mut buffer).unwrap_or(0);
            let params = object(
                json!({ "id": command, "bytes": base64::encode(&buffer[..count]), "close": count == 0 }),
            );
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

/// Shows the output of a command; with `follow` until it ends, over restarts of the server.
pub(super) fn logs(
    whence: Whence<'_>,
    mut link: ServerConnection,
    entry: &'static ActionEntry,
    mut params: CallParams,
    as_json: bool,
) -> Result<(), Refusal> {
    let follows = params.get("follow") == Some(&Value::Bool(true));
    let mut fault = Ok(());
    for _ in 0..=RECONNECT_COUNT {
        let mut cursor = None;
        let outcome = link.call_told(entry, &params, |event| {
            cursor = event["cursor"].as_str().map(str::to_owned).or(cursor.take());
            if fault.is_ok() {
                fault = show_event(event, as_json);
            }
        });
        std::mem::replace(&mut fault, Ok(()))?;
        match outcome {
            Err(refusal) if follows && refusal.code == Code::Interrupted => {
                if let Some(cursor) = cursor {
                    params.insert("since".into(), cursor.into());
                }
                link = ServerConnection::connect(whence.places, whence.pane)?
                    .ok_or_else(connection::no_server)?;
            }
            outcome => {
                let reply = outcome?;
                let events = reply["events"].as_array().cloned().unwrap_or_default();
                return events.iter().try_for_each(|event| show_event(event, as_json));
            }
        }
    }
    Err(connection::no_server())
}

fn show_event(event: &Value, as_json: bool) -> Result<(), Refusal> {
    if as_json { print::text(&event.to_string()) } else { pass_on(event) }
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
        match name.as_str() {
            "pid" if value == 0 => drop(row.insert(name.clone(), "".into())),
            "depth" | "start_time" => {}
            "rss" => drop(row.insert("memory".into(), size(value.as_u64().unwrap_or(0)).into())),
            "cpu" => drop(
                row.insert("cpu%".into(), format!("{:.1}", value.as_f64().unwrap_or(0.0)).into()),
            ),
            "command_line" if is_tree => {
                let line = format!("{}{}", "  ".repeat(depth), value.as_str().unwrap_or_default());
                row.insert(name.clone(), line.into());
            }
            _ => drop(row.insert(name.clone(), value.clone())),
        }
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

fn object(value: Value) -> CallParams {
    if let Value::Object(object) = value { object } else { CallParams::new() }
}

/// Whether an action's output comes while it waits.
pub(super) fn is_exec(entry: &ActionEntry) -> bool {
    entry.name == action::exec::ExecRun::NAME
}

/// The same for the logs of a command.
pub(super) fn is_logs(entry: &ActionEntry) -> bool {
    entry.name == action::process::run::ProcessLogs::NAME
}

/// Whether it lists processes.
pub(super) fn is_ps(entry: &ActionEntry) -> bool {
    entry.name == action::process::list::ProcessPs::NAME
}

/// Whether it says what was ended or sent a signal.
pub(super) fn is_stop(entry: &ActionEntry) -> bool {
    entry.name == action::process::stop::ProcessStop::NAME
        || entry.name == action::process::stop::ProcessSignal::NAME
}
