//! The loop of a client: it waits for the terminal, the server, signals and deadlines, and carries
//! out what `update` says. It decides nothing.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value;

use crate::base::time::{Span, Tick};
use crate::client::calls::ClientCall;
use crate::client::caps::Caps;
use crate::client::client_config::ClientConfig;
use crate::client::exit_reason::ExitReason;
use crate::client::host_events::{HostEvents, Signal, Signals};
use crate::client::input::{Decoder, TtyEvent};
use crate::client::link::Outbox;
use crate::client::model::{ClientEffect, ClientInput, Event, Model};
use crate::client::paint::Painter;
use crate::client::screen_guard::ScreenGuard;
use crate::client::update::update;
use crate::client::{caps, client_config, commands, terminal};
use crate::platform::host_terminal::{HostTerminal, stop_self};
use crate::platform::poll::{Ready, poll};
use crate::platform::{self, paths};
use crate::wire::frame::{self, ToClient, ToServer};
use crate::wire::hello::Hello;
use crate::wire::packet::Packets;

/// The first and the longest pause between attempts to connect.
const RETRY: (Span, Span) = (Span::millis(10), Span::millis(500));
/// Bytes read at a time.
const READ_MAX: usize = 64 * 1024;
/// A frame that is on the screen is acknowledged with what is typed next, or after so long: before
/// that, whoever looks at the terminal has the processor.
const ACKNOWLEDGE_AFTER: Span = Span::millis(1);
/// Notes for the terminal (bells, clipboard) that may wait while it does not read, in bytes; more
/// are dropped.
const NOTES_MAX: usize = 2 << 20;

/// The arguments of a client.
pub struct Options {
    /// Keys, colours, actions.
    pub config: ClientConfig,
    /// The identity of the client; the size is filled in. See [`crate::client::hello`].
    pub hello: Hello,
    /// The call it came with, such as attaching to a session: its refusal ends the client.
    pub entry: Option<ClientCall>,
    /// For how long a server that cannot be reached is tried.
    pub give_up: Span,
    /// Gives a reply of the server as text, as the command line prints it.
    pub reply_text: fn(&Value) -> String,
    /// Problems of the configuration, which are shown.
    pub problems: Vec<String>,
    /// The text of the configuration that `config` was made of.
    pub known: Option<String>,
    /// True if the card of the first run is shown.
    pub is_first_run: bool,
}

/// Runs a client until it leaves. `connect` gives a connection to the server that does not block;
/// it is called again whenever one was lost, and must not wait.
///
/// The terminal is as it was when this returns.
pub fn run(options: Options, connect: impl FnMut() -> io::Result<UnixStream>) -> ExitReason {
    match Client::new(options, connect) {
        Ok(mut client) => client.run(),
        Err(error) => ExitReason::NoTerminal(format!("the terminal cannot be used: {error}")),
    }
}

/// The state of the connection.
enum Conn {
    Waiting(Tick),
    Up(UnixStream),
}

/// The reasons why the loop woke, besides deadlines and room.
struct Woke {
    signalled: bool,
    told: bool,
    typed: bool,
    printed: bool,
    saved: bool,
}

struct Client<C> {
    tty: Arc<HostTerminal>,
    guard: ScreenGuard,
    signals: Signals,
    connect: C,
    conn: Conn,
    hello: Hello,
    retry: Span,
    /// Since when there is no connection.
    down_since: Option<Tick>,
    give_up: Span,
    model: Model,
    decoder: Decoder,
    /// The time at which the bytes that the decoder holds are a key.
    settle_at: Option<Tick>,
    packets: Packets,
    /// Bytes that are read from the server go here first.
    buffer: Vec<u8>,
    outbox: Outbox,
    painter: Painter,
    /// Bytes for the terminal: a frame at a time, and notes.
    screen: TtyQueue,
    /// Events of this machine besides the terminal.
    host_events: HostEvents,
    outcome: Option<ExitReason>,
}

/// Bytes on their way to the terminal.
#[derive(Default)]
struct TtyQueue {
    bytes: Vec<u8>,
    written: usize,
    /// Bytes that follow.
    notes: Vec<u8>,
    /// The frame that is on the screen once all is written.
    frame: Option<u64>,
    /// The last frame that was acknowledged.
    shown: Option<u64>,
    /// A frame that is on the screen, and when the server is told so at the latest.
    unsaid: Option<(u64, Tick)>,
}

impl<C: FnMut() -> io::Result<UnixStream>> Client<C> {
    fn new(options: Options, connect: C) -> io::Result<Self> {
        let terminal = Arc::new(HostTerminal::open()?);
        let signals = Signals::new()?;
        let (size, cell_pixels) = terminal.size()?;
        let config = Rc::new(options.config);
        let info = caps::look_up(&std::env::var("TERM").unwrap_or_default());
        let mut caps = Caps::new(&info, |name| std::env::var(name).ok(), config.outer.colours);
        caps.cell_pixels = cell_pixels;
        let guard = ScreenGuard::enter(Arc::clone(&terminal), caps.modern)?;
        let mut model = Model::new(Rc::clone(&config), size, caps, platform::now());
        let mut outbox = Outbox::default();
        if let Some(entry) = &options.entry {
            let call = ClientInput::Call(entry.request(model.calls.next));
            outbox.input(call).map_err(std::io::Error::other)?;
            model.calls.entry = Some(model.calls.next);
            model.calls.next += 1;
        }
        let mut bytes = guard.greeting(config.outer.mouse);
        let mut decoder = Decoder::default();
        if caps.modern {
            bytes.extend(terminal::queries(size.rows));
            decoder.await_answers();
        }
        let now = model.now.tick;
        let host_events = HostEvents::new(now, options.known)?;
        if options.is_first_run {
            model.shows_card = true;
        }
        for problem in &options.problems {
            model.notify(problem.clone(), true);
        }
        Ok(Self {
            tty: terminal,
            guard,
            signals,
            conn: Conn::Waiting(now),
            connect,
            hello: Hello { size, cell_pixels, ..options.hello },
            retry: RETRY.0,
            down_since: Some(now),
            give_up: options.give_up,
            model,
            decoder,
            settle_at: None,
            packets: Packets::default(),
            buffer: vec![0; READ_MAX],
            outbox,
            painter: Painter::default(),
            screen: TtyQueue { bytes, ..TtyQueue::default() },
            host_events,
            outcome: None,
        })
    }

    fn run(&mut self) -> ExitReason {
        loop {
            let now = platform::now().tick;
            self.tick(now);
            self.write_socket(now);
            self.draw();
            self.write_socket(now);
            if let Some(outcome) = self.outcome.take() {
                return outcome;
            }
            match self.wait(now) {
                Ok(woke) => self.woke(&woke),
                Err(error) => {
                    return ExitReason::NoTerminal(format!("nothing can be waited for: {error}"));
                }
            }
        }
    }

    /// Waits for whatever comes first. Nothing is read or written here.
    fn wait(&self, now: Tick) -> io::Result<Woke> {
        let none = Ready::default();
        let tty = Ready { input: !self.outbox.is_full(), room: self.is_drawing() };
        let socket = match &self.conn {
            Conn::Waiting(_) => (self.tty.as_fd(), none),
            Conn::Up(stream) => {
                (stream.as_fd(), Ready { input: true, room: !self.outbox.unwritten().is_empty() })
            }
        };
        let saved = self
            .host_events
            .changes()
            .map_or((self.tty.as_fd(), none), |changes| (changes, Ready::INPUT));
        let fds = [
            (self.signals.as_fd(), Ready::INPUT),
            socket,
            (self.tty.as_fd(), tty),
            (self.host_events.has_line(), Ready::INPUT),
            saved,
        ];
        let [signalled, told, typed, printed, saved] =
            poll(fds, self.next_deadline().map(|at| at - now))?.map(|ready| ready.input);
        Ok(Woke { signalled, told, typed, printed, saved })
    }

    fn next_deadline(&self) -> Option<Tick> {
        let server = match self.conn {
            Conn::Waiting(retry) => Some(retry),
            Conn::Up(_) => self.screen.unsaid.map(|(_, at)| at),
        };
        [server, self.settle_at, self.host_events.deadline(), self.model.next_deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Takes what came.
    fn woke(&mut self, woke: &Woke) {
        if woke.signalled {
            for signal in self.signals.take() {
                self.signal(signal);
            }
        }
        if woke.told {
            self.read_socket();
        }
        if woke.typed {
            self.read_terminal();
        }
        if woke.printed
            && let Some(line) = self.host_events.line()
        {
            self.update(Event::Command(line));
        }
        if woke.saved && self.host_events.is_saved() {
            self.saved();
        }
    }

    /// Hands an event to the model and carries out what it says.
    fn update(&mut self, event: Event) {
        let now = platform::now();
        // A deadline that passed before the event is seen before it.
        let is_due = self.model.next_deadline_passed(now.tick);
        self.model.now = now;
        let before = if is_due { update(&mut self.model, Event::Wake) } else { Vec::new() };
        for message in before.into_iter().chain(update(&mut self.model, event)) {
            self.carry_out(message);
        }
    }

    fn carry_out(&mut self, message: ClientEffect) {
        match message {
            ClientEffect::Input(input) => {
                if let Err(error) = self.outbox.input(input) {
                    self.model.notify(format!("too much to be sent at once: {error}"), true);
                }
            }
            ClientEffect::Send(message) => self.outbox.send(&message),
            ClientEffect::Taken(number) => self.outbox.taken(number),
            ClientEffect::Welcomed(number) => {
                self.retry = RETRY.0;
                self.down_since = None;
                self.screen.shown = None;
                self.outbox.welcomed(number);
            }
            ClientEffect::Write(bytes) if self.screen.notes.len() + bytes.len() <= NOTES_MAX => {
                self.screen.notes.extend(bytes);
            }
            ClientEffect::Write(_) => {}
            ClientEffect::Reconnect => self.lost("the server restarts"),
            ClientEffect::Suspend => self.suspend(),
            ClientEffect::CardSeen => paths::forget_first_run(),
            ClientEffect::Leave(outcome) => self.outcome = Some(outcome),
            ClientEffect::Run(command) => {
                if let Err(error) = commands::run(command) {
                    self.model.notify(format!("the command was not run: {error}"), true);
                }
            }
        }
    }

    /// Does everything that is due by the clock.
    fn tick(&mut self, now: Tick) {
        let is_due = |at: Option<Tick>| at.is_some_and(|at| at <= now);
        if let Conn::Waiting(at) = self.conn
            && at <= now
        {
            let result = (self.connect)();
            self.connected(result);
        }
        if is_due(self.settle_at) {
            self.settle_at = None;
            let mut events = Vec::new();
            self.decoder.settle(&mut events);
            self.update(Event::Tty(events));
        }
        if let Some(clock) = self.host_events.clock(
            now,
            &self.model.config.bars,
            self.model.overlay.as_ref().is_some_and(|overlay| overlay.shows_clock()),
        ) {
            self.update(Event::Clock(clock));
        }
        self.host_events.run_command(now, &self.model.config.bars);
        if self.model.next_deadline_passed(now) {
            self.update(Event::Wake);
        }
    }

    /// The configuration or a theme was written.
    fn saved(&mut self) {
        match client_config::again(&self.model.config.host, self.host_events.known()) {
            Ok(None) => {}
            Ok(Some(config)) => {
                self.host_events.restart(self.model.now.tick);
                self.update(Event::Configured(Box::new(config)));
            }
            Err(problem) => self.update(Event::Misconfigured(problem)),
        }
    }

    /// Draws and writes until all is shown or the terminal takes no more.
    fn draw(&mut self) {
        self.write_screen();
        while !self.is_drawing()
            && self.outcome.is_none()
            && (self.model.damage.any() || !self.screen.notes.is_empty())
        {
            self.paint();
            self.write_screen();
        }
        if !self.is_drawing() && !self.model.damage.any() {
            // A frame that changed nothing is on the screen as well, and the server waits to hear
            // of it.
            self.screen.frame = self.model.scene.number;
        }
        self.acknowledge();
    }

    fn is_drawing(&self) -> bool {
        self.screen.written < self.screen.bytes.len()
    }

    /// Draws what was damaged; what was drawn before is out.
    fn paint(&mut self) {
        self.screen.bytes.clear();
        self.screen.written = 0;
        self.screen.bytes.append(&mut self.screen.notes);
        if self.model.damage.any() {
            let damage = std::mem::take(&mut self.model.damage);
            self.painter.paint(&self.model, &damage, &mut self.screen.bytes);
        }
        self.screen.frame = self.model.scene.number;
    }

    /// Writes what the terminal takes.
    fn write_screen(&mut self) {
        while self.screen.written < self.screen.bytes.len() {
            let rest = &self.screen.bytes[self.screen.written..];
            match self.tty.write(rest) {
                Ok(written) => self.screen.written += written,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return self.outcome = Some(ExitReason::Hangup),
            }
        }
    }

    /// Notes once a frame is out, so that the server is told: the next may come.
    fn acknowledge(&mut self) {
        if !self.is_drawing()
            && let Some(frame) = self.screen.frame.filter(|frame| Some(*frame) != self.screen.shown)
        {
            self.screen.shown = Some(frame);
            self.screen.unsaid = Some((frame, self.model.now.tick + ACKNOWLEDGE_AFTER));
        }
    }

    /// Writes what the server takes.
    fn write_socket(&mut self, now: Tick) {
        let Conn::Up(stream) = &mut self.conn else { return };
        if let Some((frame, at)) = self.screen.unsaid
            && (at <= now || !self.outbox.unwritten().is_empty())
        {
            self.screen.unsaid = None;
            self.outbox.send(&ToServer::Shown(frame));
        }
        while !self.outbox.unwritten().is_empty() {
            match stream.write(self.outbox.unwritten()) {
                Ok(written) => self.outbox.wrote(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return self.lost(&error.to_string()),
            }
        }
    }

    fn read_socket(&mut self) {
        let Conn::Up(stream) = &mut self.conn else { return };
        match stream.read(&mut self.buffer) {
            Ok(0) => return self.lost("the server closed it"),
            // The rest is read in the next turn, after this is on the screen.
            Ok(len) => self.packets.push(&self.buffer[..len]),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                ) =>
            {
                return;
            }
            Err(error) => return self.lost(&error.to_string()),
        }
        if let Err(reason) = self.take_packets() {
            self.outcome = Some(ExitReason::Lost { reason });
        }
    }

    /// Hands whole packets to the model.
    fn take_packets(&mut self) -> Result<(), String> {
        while matches!(self.conn, Conn::Up(_)) {
            let Some((kind, body)) = self.packets.take().map_err(|error| error.to_string())? else {
                break;
            };
            let message: ToClient = frame::get(kind, body).map_err(|error| {
                format!(
                    "{error}; a server of another version is made this one (abide {}) by \
                    `abide server upgrade`",
                    self.hello.build
                )
            })?;
            self.update(Event::Server(message));
        }
        Ok(())
    }

    fn read_terminal(&mut self) {
        let mut buffer = [0; 4096];
        let mut events = Vec::new();
        if self.guard.is_past_answers() {
            self.decoder.stop_awaiting();
        }
        match self.tty.read(&mut buffer) {
            Ok(len @ 1..) => self.decoder.feed(&buffer[..len], &mut events),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                ) =>
            {
                return;
            }
            Ok(0) | Err(_) => return self.outcome = Some(ExitReason::Hangup),
        }
        if events.iter().any(|event| matches!(event, TtyEvent::Reply(_))) {
            self.guard.note_answer();
        }
        if !events.is_empty() {
            self.update(Event::Tty(events));
        }
        let wait = Span::millis(u64::from(self.model.config.keys.escape_time_ms));
        self.settle_at = self.decoder.is_ambiguous().then(|| platform::now().tick + wait);
    }

    fn connected(&mut self, result: io::Result<UnixStream>) {
        match result {
            Ok(stream) => {
                self.conn = Conn::Up(stream);
                // The text that was not said yet is about another server.
                self.screen.unsaid = None;
                self.packets = Packets::default();
                self.outbox.connected();
                self.hello.size = self.model.size;
                self.hello.cell_pixels = self.model.caps.cell_pixels;
                self.outbox.send(&ToServer::Hello(self.hello.clone()));
                // A server that takes over has the environment already.
                self.hello.env.clear();
                self.hello.resume = true;
                self.update(Event::Connected);
            }
            Err(error) => self.lost(&error.to_string()),
        }
    }

    /// There is no connection: try again after a pause, but not for ever.
    fn lost(&mut self, reason: &str) {
        let now = platform::now().tick;
        let since = *self.down_since.get_or_insert(now);
        if self.give_up <= now - since {
            self.outcome.get_or_insert(ExitReason::Lost { reason: reason.into() });
            return;
        }
        self.conn = Conn::Waiting(now + self.retry);
        self.retry = Span((self.retry.0 * 2).min(RETRY.1.0));
        self.update(Event::Lost);
    }

    fn signal(&mut self, signal: Signal) {
        match signal {
            Signal::Resized => match self.tty.size() {
                Ok((size, pixels)) => self.update(Event::Resized(size, pixels)),
                Err(_) => self.outcome = Some(ExitReason::Hangup),
            },
            Signal::Stop => self.suspend(),
            Signal::Continued => self.go_on(),
            Signal::Hangup => self.outcome = Some(ExitReason::Hangup),
            Signal::End(number) => self.outcome = Some(ExitReason::Signalled(number)),
        }
    }

    /// Gives the terminal back and stops, until somebody says `fg`.
    fn suspend(&mut self) {
        self.guard.leave();
        if stop_self().is_ok() {
            self.go_on();
        }
    }

    /// Takes the terminal again and draws everything; its size may be another one.
    fn go_on(&mut self) {
        if self.guard.enter_again().is_err() {
            return self.outcome = Some(ExitReason::Hangup);
        }
        self.screen.bytes = self.guard.greeting(self.model.config.outer.mouse);
        self.screen.written = 0;
        self.screen.frame = None;
        self.update(Event::Continued);
        self.signal(Signal::Resized);
    }
}
