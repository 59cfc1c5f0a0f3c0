//! Waits until a command is ready: for lines of its output, ports, addresses and its end.

use std::collections::BTreeMap;
use std::time::Duration;

use regex::bytes::Regex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{interval, timeout};

use crate::action::process::run::Ready;
use crate::action::table::value;
use crate::base::error::{Code, Refusal};
use crate::base::id::{CallId, CommandId};
use crate::platform::memory::SharedMemory;
use crate::server::commands::CommandTaskEvent;
use crate::server::commands::io::{Task, TaskSender};
use crate::state::command::Command;
use crate::state::command_effect::{LinePattern, Until};
use crate::store::log::{Log, LogStream};

/// The time between two tries of a port.
const PORT_EVERY: Duration = Duration::from_millis(100);
/// The time between two requests to an address, and the most that one answer may take.
const HTTP_EVERY: Duration = Duration::from_millis(500);
const HTTP_WITHIN: Duration = Duration::from_secs(2);
/// The longest part of a line that is looked at.
const LINE_MAX: usize = 64 << 10;

/// The waits of all calls.
#[derive(Debug, Default)]
pub(super) struct Waits {
    by_call: BTreeMap<CallId, Wait>,
}

/// The answer to a call whose wait is over.
pub(super) type WaitAnswer = (CallId, Result<serde_json::Value, Refusal>);

/// A wait.
#[derive(Debug)]
struct Wait {
    command: CommandId,
    pattern: Option<Regex>,
    /// The last line of each stream, as far as it came.
    partial: [Vec<u8>; 2],
    is_for_exit: bool,
    /// The task that tries a port or an address.
    task: Option<Task>,
}

impl Waits {
    /// Begins a wait.
    pub(super) fn begin(
        &mut self,
        call: CallId,
        command: CommandId,
        until: Until,
        events: TaskSender,
    ) {
        let mut wait = Wait {
            command,
            pattern: None,
            partial: [Vec::new(), Vec::new()],
            is_for_exit: false,
            task: None,
        };
        match until {
            Until::Log(LinePattern(pattern)) => wait.pattern = Some(pattern),
            Until::Exit => wait.is_for_exit = true,
            Until::Port(port) => {
                wait.task = Some(Task::spawn(async move {
                    let mut due = interval(PORT_EVERY);
                    while !listens(port).await {
                        due.tick().await;
                    }
                    events.send(CommandTaskEvent::Ready(call, "port")).await;
                }));
            }
            Until::Http(url) => {
                wait.task = Some(Task::spawn(async move {
                    let mut due = interval(HTTP_EVERY);
                    loop {
                        due.tick().await;
                        if timeout(HTTP_WITHIN, answers(&url)).await.unwrap_or(false) {
                            break;
                        }
                    }
                    events.send(CommandTaskEvent::Ready(call, "http")).await;
                }));
            }
        }
        self.by_call.insert(call, wait);
    }

    /// Forgets the waits of callers that have gone.
    pub(super) fn keep_only(&mut self, is_open: impl Fn(CallId) -> bool) {
        self.by_call.retain(|call, _| is_open(*call));
    }

    /// Looks for the lines that are waited for in the log of a command, from a position on.
    pub(super) fn match_lines(
        &mut self,
        command: &Command,
        log: &Log<SharedMemory>,
        from: u64,
    ) -> Vec<WaitAnswer> {
        let mut answers = Vec::new();
        let of_command = |wait: &Wait| wait.command == command.id && wait.pattern.is_some();
        for (call, wait) in self.by_call.iter_mut().filter(|(_, wait)| of_command(wait)) {
            let mut at = from.max(log.tail());
            while let Some(frame) = log.frame(at) {
                at = frame.next;
                if let Some(line) = wait.matching(frame.stream, &frame.bytes) {
                    let ready = Ready {
                        by: "log",
                        line: Some(line),
                        stream: Some(frame.stream.name()),
                        state: command.state(),
                        ..Ready::default()
                    };
                    answers.push((*call, Ok(value(&ready))));
                    break;
                }
            }
        }
        for (call, _) in &answers {
            self.by_call.remove(call);
        }
        answers
    }

    /// The command that a call waits for; the wait is over.
    pub(super) fn finish(&mut self, call: CallId) -> Option<CommandId> {
        self.by_call.remove(&call).map(|wait| wait.command)
    }

    /// A command has ended: nothing more comes.
    pub(super) fn end(&mut self, id: CommandId, command: Option<&Command>) -> Vec<WaitAnswer> {
        let exit_code = command.and_then(Command::exit_code);
        let state = command.map_or("", Command::state);
        let ended = self.by_call.extract_if(.., |_, wait| wait.command == id);
        let answer = |wait: &Wait| {
            if wait.is_for_exit {
                return Ok(value(&Ready { by: "exit", state, exit_code, ..Ready::default() }));
            }
            let code = exit_code.unwrap_or(255);
            let message = format!("command {id} ended with {code} before it was ready");
            Err(Refusal::new(Code::ExitedBeforeReady, message).hint(format!("abide logs {id}")))
        };
        ended.map(|(call, wait)| (call, answer(&wait))).collect()
    }
}

/// The answer to a call that waited for a port or an address.
pub(super) fn ready(by: &'static str, command: Option<&Command>) -> serde_json::Value {
    value(&Ready { by, state: command.map_or("", Command::state), ..Ready::default() })
}

impl Wait {
    /// The first line that matches, with these bytes of a stream. The end of a line that is not
    /// whole yet is kept.
    fn matching(&mut self, stream: LogStream, bytes: &[u8]) -> Option<String> {
        let pattern = self.pattern.as_ref()?;
        let partial = &mut self.partial[usize::from(stream == LogStream::Error)];
        partial.extend_from_slice(bytes);
        let found = partial.split(|byte| *byte == b'\n').find(|line| pattern.is_match(line));
        if let Some(line) = found {
            return Some(String::from_utf8_lossy(line).trim_end_matches('\r').to_owned());
        }
        let rest = partial.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        partial.drain(..rest.max(partial.len().saturating_sub(LINE_MAX)));
        None
    }
}

/// True if something listens on a port of this machine.
async fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).await.is_ok()
        || TcpStream::connect(("::1", port)).await.is_ok()
}

/// True if an address is answered with a status from 200 to 399 (RFC 9112).
async fn answers(url: &str) -> bool {
    let rest = url.strip_prefix("http://").unwrap_or(url);
    let (host, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let address = if host.rsplit(']').next().unwrap_or(host).contains(':') {
        host.to_owned()
    } else {
        format!("{host}:80")
    };
    let Ok(mut stream) = TcpStream::connect(&address).await else { return false };
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nUser-Agent: abide\r\n\r\n"
    );
    if stream.write_all(request.as_bytes()).await.is_err() {
        return false;
    }
    let mut head = Vec::new();
    let mut buffer = [0; 512];
    while head.len() < 16 {
        match stream.read(&mut buffer).await {
            Ok(count) if 0 < count => head.extend_from_slice(&buffer[..count]),
            _ => break,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse::<u16>().ok());
    head.starts_with("HTTP/1.") && status.is_some_and(|status| (200..400).contains(&status))
}
