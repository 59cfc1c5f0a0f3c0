//! Waits until a command is ready, and its standard input: lines of output, ports, addresses, its
//! end, and room for what is written.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{interval, timeout};

use crate::action::process::run::Ready;
use crate::action::process::run::Written;
use crate::action::table::value;
use crate::base::error::{Code, Refusal};
use crate::base::id::{CallId, CommandId};
use crate::server::commands::Watched;
use crate::server::commands::event::CommandTaskEvent;
use crate::server::commands::io::{CommandIo, OutputSource, Task, Writer};
use crate::server::commands::job::command_tag;
use crate::server::edge::Server;
use crate::server::event::Event;
use crate::state::command_effect::Until;
use crate::store::log::LogStream;

/// How often a port is tried.
const PORT_EVERY: Duration = Duration::from_millis(100);
/// How often an address is asked, and how long one answer may take.
const HTTP_EVERY: Duration = Duration::from_millis(500);
const HTTP_WITHIN: Duration = Duration::from_secs(2);
/// The longest part of a line that is looked at.
const LINE_MAX: usize = 64 << 10;

impl Server {
    /// Begins a wait, or answers it.
    pub(super) fn await_ready(&mut self, call: CallId, command: CommandId, until: Until) {
        let mut watched = Watched {
            call,
            command,
            pattern: None,
            partial: [Vec::new(), Vec::new()],
            is_for_exit: false,
            task: None,
        };
        let events = self.events.clone();
        match until {
            Until::Log(pattern) => watched.pattern = Some(pattern),
            Until::Exit => watched.is_for_exit = true,
            Until::Port(port) => {
                watched.task = Some(Task::new(tokio::spawn(async move {
                    let mut due = interval(PORT_EVERY);
                    while !listens(port).await {
                        due.tick().await;
                    }
                    // A loop that is gone needs no events.
                    drop(events.send(Event::Commands(CommandTaskEvent::Ready(call, "port"))).await);
                })));
            }
            Until::Http(url) => {
                watched.task = Some(Task::new(tokio::spawn(async move {
                    let mut due = interval(HTTP_EVERY);
                    loop {
                        due.tick().await;
                        if timeout(HTTP_WITHIN, answers(&url)).await.unwrap_or(false) {
                            break;
                        }
                    }
                    drop(events.send(Event::Commands(CommandTaskEvent::Ready(call, "http"))).await);
                })));
            }
        }
        self.pull(command);
        self.commands.watched.push(watched);
        self.look_for_lines(command, 0);
        let has_ended = self
            .core
            .state
            .commands
            .records
            .get(&command)
            .is_some_and(|command| command.end.is_some());
        if has_ended {
            self.end_watches(command);
        }
    }

    /// Looks at output from a position on for the lines that are waited for.
    pub(super) fn look_for_lines(&mut self, id: CommandId, from: u64) {
        let calls = &self.core.state.calls;
        self.commands.watched.retain(|watched| calls.contains_key(&watched.call));
        if !self
            .commands
            .watched
            .iter()
            .any(|watched| watched.command == id && watched.pattern.is_some())
        {
            return;
        }
        let Some(CommandIo { log, .. }) = self.commands.outputs.get(&id) else { return };
        let mut found = Vec::new();
        for watched in self.commands.watched.iter_mut().filter(|watched| watched.command == id) {
            let mut at = from.max(log.tail());
            while let Some(frame) = log.frame(at) {
                at = frame.next;
                if let Some(line) = watched.matching(frame.stream, &frame.bytes) {
                    found.push((watched.call, line, frame.stream));
                    break;
                }
            }
        }
        for (call, line, stream) in found {
            let ready = Ready {
                by: "log",
                line: Some(line),
                stream: Some(stream.name()),
                state: self.state_of(id),
                ..Ready::default()
            };
            self.answer_watched(call, Ok(value(&ready)));
        }
    }

    /// A port listens, or an address answers.
    pub(super) fn is_ready(&mut self, call: CallId, by: &'static str) {
        let Some(command) = self
            .commands
            .watched
            .iter()
            .find(|watched| watched.call == call)
            .map(|watched| watched.command)
        else {
            return;
        };
        let ready = Ready { by, state: self.state_of(command), ..Ready::default() };
        self.answer_watched(call, Ok(value(&ready)));
    }

    /// A command has ended: nothing more comes.
    pub(super) fn end_watches(&mut self, id: CommandId) {
        let (state, exit_code) = (
            self.state_of(id),
            self.core
                .state
                .commands
                .records
                .get(&id)
                .and_then(crate::state::command::Command::exit_code),
        );
        let ended: Vec<(CallId, bool)> = self
            .commands
            .watched
            .iter()
            .filter(|watched| watched.command == id)
            .map(|watched| (watched.call, watched.is_for_exit))
            .collect();
        for (call, is_for_exit) in ended {
            let outcome = if is_for_exit {
                Ok(value(&Ready { by: "exit", state, exit_code, ..Ready::default() }))
            } else {
                let code = exit_code.unwrap_or(255);
                let message = format!("command {id} ended with {code} before it was ready");
                Err(Refusal::new(Code::ExitedBeforeReady, message).hint(format!("abide logs {id}")))
            };
            self.answer_watched(call, outcome);
        }
    }

    fn answer_watched(&mut self, call: CallId, outcome: Result<serde_json::Value, Refusal>) {
        self.commands.watched.retain(|watched| watched.call != call);
        self.served(call, outcome);
    }

    fn state_of(&self, id: CommandId) -> &'static str {
        self.core.state.commands.records.get(&id).map_or("", crate::state::command::Command::state)
    }

    /// Writes to the standard input of a command; the call is answered once that is on its way.
    pub(super) fn write_to_command(
        &mut self,
        call: CallId,
        id: CommandId,
        bytes: &[u8],
        close: bool,
    ) {
        let outcome = match self.writer(id).filter(|writer| !writer.is_closing()) {
            None => {
                let has_ended = self
                    .core
                    .state
                    .commands
                    .records
                    .get(&id)
                    .is_none_or(|command| command.end.is_some());
                let refusal = if has_ended {
                    Refusal::new(Code::NotRunning, format!("command {id} has ended"))
                } else {
                    Refusal::new(
                        Code::NotRunning,
                        format!("the standard input of command {id} is closed"),
                    )
                };
                Err(refusal.hint("--stdin keeps it open"))
            }
            Some(writer) => {
                let is_taken = writer.put(bytes);
                if is_taken && close {
                    writer.close();
                }
                let full = || {
                    Refusal::new(
                        Code::InputFull,
                        format!("command {id} does not read: 1 MiB waits for it"),
                    )
                    .hint("write again later")
                };
                if is_taken { Ok(()) } else { Err(full()) }
            }
        };
        if let Err(refusal) = outcome {
            return self.served(call, Err(refusal));
        }
        self.commands.writes.push((call, id, bytes.len()));
        self.flush_command(id);
    }

    fn writer(&mut self, id: CommandId) -> Option<&mut Writer> {
        if let Some(job) = self.commands.jobs.get_mut(&command_tag(id)) {
            return job.writer.as_mut();
        }
        match self.commands.outputs.get_mut(&id) {
            Some(CommandIo { source: OutputSource::Shell { input, .. }, .. }) => input.as_mut(),
            _ => None,
        }
    }

    /// Hands waiting input to a command.
    pub(super) fn flush_command(&mut self, id: CommandId) {
        let tag = command_tag(id);
        if self.commands.jobs.contains_key(&tag) {
            return self.flush_job(tag);
        }
        if let Some(CommandIo { source: OutputSource::Shell { input, hold, .. }, .. }) =
            self.commands.outputs.get_mut(&id)
            && input
                .as_mut()
                .is_some_and(|writer| !writer.flush(CommandTaskEvent::Writable(id), &self.events))
            && hold.is_none()
        {
            *input = None;
        }
        self.answer_writes();
    }

    /// Answers calls whose input is on its way, or will never be read.
    pub(super) fn answer_writes(&mut self) {
        let writes = std::mem::take(&mut self.commands.writes);
        for (call, id, bytes) in writes {
            if self.writer(id).is_some_and(|writer| writer.has_pending()) {
                self.commands.writes.push((call, id, bytes));
            } else {
                self.served(call, Ok(value(&Written { bytes })));
            }
        }
    }
}

impl Watched {
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

/// Whether something listens on a port of this machine.
async fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).await.is_ok()
        || TcpStream::connect(("::1", port)).await.is_ok()
}

/// Whether an address is answered with a status from 200 to 399 (RFC 9112).
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
