//! The client that draws nothing: what the pane in focus prints comes as lines, and a line that is
//! typed goes to its program. For screen readers and terminals that can do nothing else.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use crate::base::key::{Key, KeyCode, KeyInput};
use crate::base::signal;
use crate::base::time::{Span, Tick};
use crate::client::Options;
use crate::client::calls::{self, ClientCall};
use crate::client::exit_reason::ExitReason;
use crate::client::link::Outbox;
use crate::client::model::ClientInput;
use crate::client::scene::Scene;
use crate::config::keymap::Bound;
use crate::platform;
use crate::platform::host_terminal::HostTerminal;
use crate::platform::poll::{Ready, poll};
use crate::platform::signals::Signals;
use crate::wire::frame::{self, HostCommand, ToClient, ToServer};
use crate::wire::packet::Packets;
use crate::wire::rpc::Response;

/// The time for which a program has to be quiet before what it printed is told: lines come whole.
const SETTLE: Span = Span::millis(60);
/// The longest that lines are held back while a program prints on.
const HELD_MAX: Span = Span::millis(500);
/// The longest line that is typed, in bytes.
const LINE_MAX: usize = 64 << 10;
/// The meaning of a line that begins with `~`.
const HELP: &str =
    "~. leaves; ~: and a command, such as ~: tab next; ~~ types a ~; Ctrl-C is for the program";

/// Shows a session line by line until the client leaves, over this connection if there is one;
/// `tell` says a line.
pub fn run(options: Options, stream: io::Result<UnixStream>, tell: impl FnMut(&str)) -> ExitReason {
    let stream = match stream {
        Ok(stream) => stream,
        Err(error) => return ExitReason::Lost { reason: error.to_string() },
    };
    match Plain::new(options, stream, tell) {
        Ok(mut plain) => {
            plain.run().unwrap_or_else(|error| ExitReason::Lost { reason: error.to_string() })
        }
        Err(error) => ExitReason::NoTerminal(format!("standard input cannot be used: {error}")),
    }
}

struct Plain<T> {
    options: Options,
    stream: UnixStream,
    typed: File,
    tell: T,
    packets: Packets,
    outbox: Outbox,
    scene: Scene,
    /// The text that was told of the pane in focus, and which it was.
    told: PrintedPane,
    line: Vec<u8>,
    settle_at: Option<Tick>,
    held_until: Tick,
    next_call: u64,
}

/// The text that was told last.
#[derive(Default)]
struct PrintedPane {
    place: String,
    rows: Vec<String>,
}

impl<T: FnMut(&str)> Plain<T> {
    fn new(mut options: Options, stream: UnixStream, tell: T) -> io::Result<Self> {
        let typed = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        if let Ok((size, _)) = HostTerminal::open().and_then(|terminal| terminal.size()) {
            options.hello.size = size;
        }
        let mut outbox = Outbox::default();
        outbox.connected();
        outbox.send(&ToServer::Hello(options.hello.clone()));
        outbox.send(&ToServer::Bars(0));
        if let Some(entry) = &options.entry {
            outbox.input(ClientInput::Call(entry.request(1))).map_err(std::io::Error::other)?;
        }
        let now = platform::now().tick;
        Ok(Self {
            options,
            stream,
            typed,
            tell,
            packets: Packets::default(),
            outbox,
            scene: Scene::default(),
            told: PrintedPane::default(),
            line: Vec::new(),
            settle_at: None,
            held_until: now,
            next_call: 2,
        })
    }

    fn run(&mut self) -> io::Result<ExitReason> {
        let mut interrupt = Signals::new(&[signal::INT])?;
        let mut buffer = vec![0; 64 << 10];
        loop {
            self.write()?;
            let limit = self.settle_at.map(|at| at - platform::now().tick);
            let socket = Ready { input: true, room: !self.outbox.unwritten().is_empty() };
            let fds = [
                (interrupt.as_fd(), Ready::INPUT),
                (self.stream.as_fd(), socket),
                (self.typed.as_fd(), Ready::INPUT),
            ];
            let [interrupted, told, typed] = poll(fds, limit)?.map(|ready| ready.input);
            if interrupted && !interrupt.take().is_empty() {
                self.input(ClientInput::Keys(vec![Key::ctrl('c').into()]));
            }
            if told {
                match self.stream.read(&mut buffer) {
                    Ok(0) => return Ok(ExitReason::Lost { reason: "the server closed it".into() }),
                    Ok(len) => self.packets.push(&buffer[..len]),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
                if let Some(outcome) = self.take()? {
                    self.say_news();
                    return Ok(outcome);
                }
            }
            if typed {
                let len = self.typed.read(&mut buffer)?;
                self.typed(&buffer[..len]);
            }
            if self.settle_at.is_some_and(|at| at <= platform::now().tick) {
                self.say_news();
            }
        }
    }

    /// Writes what the server takes.
    fn write(&mut self) -> io::Result<()> {
        while !self.outbox.unwritten().is_empty() {
            match self.stream.write(self.outbox.unwritten()) {
                Ok(len) => self.outbox.wrote(len),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Takes what the server says; gives how it ends.
    fn take(&mut self) -> io::Result<Option<ExitReason>> {
        let broken = |error: &dyn std::fmt::Display| io::Error::other(error.to_string());
        while let Some((kind, body)) = self.packets.take().map_err(|error| broken(&error))? {
            match frame::get(kind, body).map_err(|error| broken(&error))? {
                ToClient::Welcome(welcome) => {
                    self.outbox.welcomed(welcome.input_taken);
                    (self.tell)(HELP);
                }
                ToClient::Frame(frame) => {
                    let now = platform::now().tick;
                    self.outbox.send(&ToServer::Shown(frame.number));
                    self.scene.apply(*frame);
                    if self.settle_at.is_none() {
                        self.held_until = now + HELD_MAX;
                    }
                    self.settle_at = Some((now + SETTLE).min(self.held_until));
                }
                ToClient::Answer(json) => {
                    let response: Response =
                        serde_json::from_str(&json).map_err(|error| broken(&error))?;
                    let is_entry = response.id == 1;
                    match response.outcome() {
                        Err(refusal) if is_entry => return Ok(Some(ExitReason::Refused(refusal))),
                        Err(refusal) => (self.tell)(&format!("refused: {}", refusal.message)),
                        Ok(_) if is_entry => {}
                        Ok(reply) => {
                            let text = (self.options.reply_text)(&reply);
                            text.lines().for_each(|line| (self.tell)(line));
                        }
                    }
                }
                ToClient::Notice(notice) => (self.tell)(&format!("notice: {}", notice.text)),
                ToClient::Outer(HostCommand::Bell) => (self.tell)("bell"),
                ToClient::Outer(HostCommand::Notify { title, body }) => {
                    (self.tell)(&format!("notification: {title} {body}"));
                }
                ToClient::InputAck(number) => self.outbox.taken(number),
                ToClient::Bye(bye) => {
                    let restarts =
                        || ExitReason::Lost { reason: "the server restarts; attach again".into() };
                    return Ok(Some(ExitReason::of(bye).unwrap_or_else(restarts)));
                }
                ToClient::Call { call, .. } => {
                    let response: Response = Response::new(
                        0.into(),
                        Err(calls::unknown("what this client was asked for")),
                    );
                    let json = serde_json::to_string(&response).map_err(|error| broken(&error))?;
                    self.outbox.send(&ToServer::Answer { call, json });
                }
                ToClient::Closed { what, undo_ms } => {
                    (self.tell)(&format!(
                        "closed: {what}; abide undo brings it back for {} seconds",
                        undo_ms / 1000
                    ));
                }
                ToClient::Outer(HostCommand::Clipboard(_))
                | ToClient::Status(_)
                | ToClient::ScrollReply(_)
                | ToClient::Wants(_)
                | ToClient::PictureChunk(_)
                | ToClient::Placed(_) => {}
            }
        }
        Ok(None)
    }

    /// Tells what is on the screen in focus that was not there before.
    fn say_news(&mut self) {
        self.settle_at = None;
        let Some(pane) = self.scene.focused() else { return };
        let tab = self.scene.chrome.tabs.iter().find(|tab| tab.current);
        let place = format!(
            "[tab {}, pane {}: {}]",
            tab.map_or(0, |tab| tab.index),
            pane.index,
            tab.map_or("", |tab| tab.name.as_str())
        );
        let rows =
            self.scene.panes.get(&pane.id).map(|screen| &screen.rows[..]).unwrap_or_default();
        let rows: Vec<String> = rows
            .iter()
            .map(|row| {
                row.iter().map(|run| run.text.as_str()).collect::<String>().trim_end().to_owned()
            })
            .collect();
        if place != self.told.place {
            (self.tell)(&place);
            self.told = PrintedPane { place, rows: Vec::new() };
        }
        for line in news(&self.told.rows, &rows) {
            (self.tell)(line);
        }
        self.told.rows = rows;
    }

    fn typed(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            // The end of the input: as with Ctrl-D, what that means is the program's affair; the
            // client goes.
            return self.call(&calls::leave());
        }
        self.line.extend_from_slice(bytes);
        while let Some(end) = self.line.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.line.drain(..=end).collect();
            self.entered(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
        }
        self.line.truncate(LINE_MAX);
    }

    /// A line was typed.
    fn entered(&mut self, line: &str) {
        let line =
            match line.strip_prefix('~').map(|rest| rest.split_at_checked(1).unwrap_or((rest, "")))
            {
                None => line.to_owned(),
                Some(("~", rest)) => format!("~{rest}"),
                Some((".", _)) => return self.call(&calls::leave()),
                Some((":", command)) => {
                    match (self.options.config.parse)(command.trim()) {
                        Ok(bound) => self.bound(&bound),
                        Err(error) => (self.tell)(&format!(
                            "refused: {}",
                            error.lines().next().unwrap_or_default()
                        )),
                    }
                    return;
                }
                Some(_) => return (self.tell)(HELP),
            };
        let typed = line.chars().map(Key::char).chain([Key::plain(KeyCode::Enter)]);
        self.input(ClientInput::Keys(typed.map(KeyInput::from).collect()));
    }

    fn bound(&mut self, bound: &Bound) {
        let wanted = ClientCall::from(bound);
        match wanted.name {
            // Lists that other clients draw are said.
            "client.keys" => return self.say_keys(),
            "client.sessions" => return self.call(&calls::sessions()),
            "client.tabs" => return self.call(&calls::all_tabs()),
            "client.clients" => return self.call(&calls::clients()),
            "client.buffers" => return self.call(&calls::buffers()),
            _ => {}
        }
        if calls::client_action(wanted.name, &wanted.params).is_some() {
            return (self.tell)(&format!("refused: {} draws something", bound.words));
        }
        self.call(&wanted);
    }

    /// Tells what can be typed after `~:`, and the keys that do the same elsewhere.
    fn say_keys(&mut self) {
        for listed in self.options.config.keymap.listing() {
            (self.tell)(&format!("{}: {} ({})", listed.keys, listed.words, listed.summary));
        }
    }

    fn call(&mut self, wanted: &ClientCall) {
        let id = self.next_call;
        self.next_call += 1;
        self.input(ClientInput::Call(wanted.request(id)));
    }

    fn input(&mut self, input: ClientInput) {
        if let Err(error) = self.outbox.input(input) {
            (self.tell)(&format!("too much to be sent at once: {error}"));
        }
    }
}

/// The lines of a screen that are not those of before, moved up as a screen scrolls; empty ones are
/// left out.
fn news<'a>(before: &[String], now: &'a [String]) -> Vec<&'a str> {
    let used = before.iter().rposition(|row| !row.is_empty()).map_or(0, |last| last + 1);
    // As many of the lines of before as possible are still there, further up.
    let by = (0..used)
        .find(|by| {
            before[*by..used]
                .iter()
                .zip(now)
                .take(used.saturating_sub(*by + 1))
                .all(|(a, b)| a == b)
        })
        .unwrap_or(used);
    let is_known =
        |(at, row): &(usize, &'a String)| before.get(at + by).is_some_and(|old| old == *row);
    now.iter()
        .enumerate()
        .filter(|item| !item.1.is_empty() && !is_known(item))
        .map(|(_, row)| row.as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::news;

    fn check(before: &str, now: &str, expected: &[&str]) {
        let rows = |text: &str| text.split('/').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(news(&rows(before), &rows(now)), expected, "{before} → {now}");
    }

    #[test]
    fn only_what_is_new_is_told() {
        check("", "$", &["$"]);
        check("$", "$ ls/a/b/$", &["$ ls", "a", "b", "$"]);
        check("$ ls/a/$", "$ ls/a/$ pwd/x/$", &["$ pwd", "x", "$"]);
        check("a/b/c/$", "c/$ x/d/$", &["$ x", "d", "$"]);
        check("a/b", "a/b", &[]);
        check("a/b/c", "", &[]);
        check("a/b/c", "x/y/z", &["x", "y", "z"]);
    }
}
