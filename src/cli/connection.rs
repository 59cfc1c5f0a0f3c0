//! Calls over the socket of the server: one line of JSON-RPC each way. Where there is no server, a
//! keeper is started, and it starts the server. Nothing is printed here.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::action::Access;
use crate::action::table::{ActionEntry, CallParams};
use crate::base::error::{Code, Refusal, ignore_failure};
use crate::base::id::PaneId;
use crate::base::path_trace;
use crate::base::time::Span;
use crate::cli::print;
use crate::platform::daemonize::{self, KeeperStart};
use crate::platform::paths::{Paths, PathsError};
use crate::platform::poll::{Ready, poll};
use crate::platform::socket::{self, RESET_MEANS_UNREAD};
use crate::platform::{self, last_words, own_program};
use crate::wire::packet::PACKET_MAX;
use crate::wire::rpc::{Request, Response};

/// The longest time until a new server listens.
const START_WITHIN: Duration = Duration::from_secs(15);
/// The same for another server that was started at the same time, once our keeper has ended.
const AFTER_KEEPER_WITHIN: Duration = Duration::from_secs(2);
/// An answer that takes longer is waited for, once it is known if the server answers at all.
const LOOK_AFTER: Span = Span::seconds(2);
/// The time in which a server that gets on answers a short call.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);
/// The time between two looks for it.
const LOOK_EVERY: Span = Span::millis(1);

/// A connection to the server.
#[derive(Debug)]
pub(super) struct ServerConnection {
    reader: BufReader<UnixStream>,
    next_id: u64,
    pane: Option<PaneId>,
    /// An answer that takes longer than a limit does not come.
    is_limited: bool,
    /// The server went away and left what it was sent last unread.
    pub(super) is_unread: bool,
    /// The server was asked if it answers at all.
    has_looked: bool,
}

/// The refusal where no server is there.
#[must_use]
pub(super) fn no_server() -> Refusal {
    Refusal::new(Code::NoServer, "no server is running").hint("abide new starts one")
}

impl ServerConnection {
    /// Connects to the server of these places; none if there is none. `pane` is the pane this
    /// process runs in, if any.
    ///
    /// # Errors
    /// If there is one that cannot be used.
    pub(super) fn connect(places: &Paths, pane: Option<PaneId>) -> Result<Option<Self>, Refusal> {
        match places.connect() {
            Ok(stream) => Ok(Some(Self::over(stream, pane))),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(Refusal::new(
                Code::NoServer,
                format!("cannot connect to {}: {error}", places.socket().display()),
            )),
        }
    }

    /// The same over a stream that is connected.
    #[must_use]
    pub(super) fn over(stream: UnixStream, pane: Option<PaneId>) -> Self {
        Self {
            reader: BufReader::new(stream),
            next_id: 1,
            pane,
            is_limited: false,
            is_unread: false,
            has_looked: false,
        }
    }

    /// From now on an answer that takes longer does not come.
    pub(super) fn give_up_after(&mut self, within: Duration) {
        let limit = Some(within.max(Duration::from_millis(1)));
        self.is_limited = true;
        let limited = self.reader.get_ref().set_read_timeout(limit);
        ignore_failure(limited, "the next call sees that the connection has gone");
    }

    /// Ends the connection, and with it the call that waits on it.
    fn close(&self) {
        let closed = self.reader.get_ref().shutdown(Shutdown::Both);
        ignore_failure(closed, "the other side has gone already");
    }

    /// Calls an action and waits for its answer, however long that takes.
    ///
    /// # Errors
    /// The server's refusal; `interrupted` if the server goes away before it answers.
    pub(super) fn call(
        &mut self,
        entry: &ActionEntry,
        params: &CallParams,
    ) -> Result<Value, Refusal> {
        self.call_told(entry, params, |_| Ok(()))
    }

    /// The same; `told` gets the events that come meanwhile. A refusal of its own ends the call:
    /// the connection is closed, by which the server gives it up.
    ///
    /// # Errors
    /// As [`ServerConnection::call`], and that of `told`; `reader_gone` if nobody reads standard
    /// output any more, which ends what only looks, and what has printed something.
    pub(super) fn call_told(
        &mut self,
        entry: &ActionEntry,
        params: &CallParams,
        mut told: impl FnMut(&Value) -> Result<(), Refusal>,
    ) -> Result<Value, Refusal> {
        let id = self.next_id;
        self.next_id += 1;
        let request = Request { pane: self.pane, ..Request::new(id, entry.name, params.clone()) };
        let mut line = serde_json::to_vec(&request).expect("plain data into memory");
        if line.len() >= PACKET_MAX {
            return Err(Refusal::new(
                Code::LimitReached,
                format!("the call has {} bytes; at most {PACKET_MAX} are allowed", line.len()),
            ));
        }
        line.push(b'\n');
        path_trace::note("exec");
        if let Err(error) = self.reader.get_mut().write_all(&line) {
            // A server that takes no more connections says so before it is asked.
            let response = self.response(entry, &mut told);
            self.is_unread = response.is_err();
            return response.map_err(|_| gone(entry, &error.to_string()))?.outcome();
        }
        loop {
            let response = self.response(entry, &mut told)?;
            if response.id == id || response.id.is_null() {
                return response.outcome();
            }
        }
    }

    /// Waits for something to read; true if nobody reads standard output any more. After a while
    /// without an answer it is looked, once, if the server answers at all.
    fn is_reader_gone(&mut self, is_look: bool) -> bool {
        let socket = self.reader.get_ref().as_fd();
        let first = (!self.has_looked).then_some(LOOK_AFTER);
        let is_gone = print::is_reader_gone(socket, is_look, first).unwrap_or(false);
        if is_gone || self.has_looked {
            return is_gone;
        }
        self.has_looked = true;
        let now = Some(Span::default());
        let has_come = poll([(socket, Ready::INPUT)], now).is_ok_and(|[ready]| ready.input);
        if has_come {
            return false;
        }
        if !answers(self.reader.get_ref()).unwrap_or(true) {
            print::note(
                "the server does not answer; if it does not get on within ten seconds it is \
                 replaced, and programs stay",
            );
        }
        let socket = self.reader.get_ref().as_fd();
        print::is_reader_gone(socket, is_look, None).unwrap_or(false)
    }

    /// The next response; events that come before it are told, other notifications passed over.
    fn response(
        &mut self,
        entry: &ActionEntry,
        told: &mut impl FnMut(&Value) -> Result<(), Refusal>,
    ) -> Result<Response, Refusal> {
        loop {
            let mut line = Vec::new();
            let limit = PACKET_MAX as u64 + 1;
            if self.reader.buffer().is_empty() && !self.is_limited {
                let is_look = entry.access == Access::Read;
                if self.is_reader_gone(is_look) {
                    self.close();
                    return Err(Refusal::new(Code::ReaderGone, "nobody reads standard output"));
                }
            }
            let read = self.reader.by_ref().take(limit).read_until(b'\n', &mut line);
            // A call is read in one piece or not at all.
            self.is_unread = RESET_MEANS_UNREAD
                && read.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::ConnectionReset);
            if read.map_err(|error| gone(entry, &error.to_string()))? == 0
                || line.last() != Some(&b'\n')
            {
                return Err(gone(entry, "the connection was closed"));
            }
            let value: Value = serde_json::from_slice(&line).map_err(|error| unreadable(&error))?;
            if value.get("method").is_none() {
                return serde_json::from_value(value).map_err(|error| unreadable(&error));
            }
            if let Some(event) = value.pointer("/params/event") {
                told(event).inspect_err(|_| self.close())?;
            }
        }
    }
}

/// True if the server at the other end answers to somebody else in time: then it is at work on what
/// it was called for.
fn answers(stream: &UnixStream) -> io::Result<bool> {
    let address = stream.peer_addr()?;
    let Some(path) = address.as_pathname() else { return Ok(true) };
    // A listener without room for one more does not answer either.
    let mut other = match socket::connect_at_once(path) {
        Ok(other) => other,
        Err(error) => return Ok(error.kind() != io::ErrorKind::WouldBlock),
    };
    other.set_nonblocking(false)?;
    let request = Request::new(1, "server.status", CallParams::new());
    let mut line = serde_json::to_vec(&request).expect("plain data into memory");
    line.push(b'\n');
    other.write_all(&line)?;
    other.set_read_timeout(Some(ANSWER_WITHIN))?;
    match other.read_exact(&mut [0]) {
        Ok(()) => Ok(true),
        Err(error) => Ok(error.kind() != io::ErrorKind::WouldBlock),
    }
}

/// A moment between two looks whether a server has gone; the next one is twice as long, up to half
/// a second.
pub(super) fn pause(span: &mut Duration) {
    const LONGEST: Duration = Duration::from_millis(500);
    let Ok((mut timer, _never_closed)) = UnixStream::pair() else { return };
    if timer.set_read_timeout(Some(*span)).is_ok() {
        ignore_failure(timer.read_exact(&mut [0]), "nothing is ever sent: its time is over");
    }
    *span = LONGEST.min(*span * 2);
}

/// A connection to the server of these places, which is started if there is none. One that comes
/// while another goes ends again, and is followed by the next.
///
/// # Errors
/// If it cannot be started, with the log to look into.
pub(super) fn start(places: &Paths, pane: Option<PaneId>) -> Result<ServerConnection, Refusal> {
    if let Some(link) = ServerConnection::connect(places, pane)? {
        return Ok(link);
    }
    let deadline = Instant::now() + START_WITHIN;
    loop {
        if let Some(link) = started(places, pane, deadline)? {
            return Ok(link);
        }
        if deadline < Instant::now() {
            return Err(failure(places, "the server was started and does not listen"));
        }
    }
}

/// Starts a keeper and waits for its server, or another's; none if the keeper ends before.
fn started(
    places: &Paths,
    pane: Option<PaneId>,
    deadline: Instant,
) -> Result<Option<ServerConnection>, Refusal> {
    let unusable = |error: PathsError| {
        Refusal::new(Code::SpawnFailed, error.to_string()).hint(places.advice(&error))
    };
    places.prepare().map_err(unusable)?;
    let failed =
        |error: io::Error| failure(places, &format!("the keeper cannot be started: {error}"));
    let exe = own_program();
    let (alive, theirs) = UnixStream::pair().map_err(failed)?;
    let errors = last_words::new().ok();
    let start = KeeperStart {
        exe: &exe,
        args: Vec::new(),
        env: Vec::new(),
        input: Some(OwnedFd::from(theirs)),
        errors: errors.as_ref().and_then(|errors| errors.try_clone().ok()),
    };
    daemonize::start_keeper(start).map_err(failed)?;
    let link = wait(places, pane, (&alive, deadline))?;
    // With a server that listens, they are for its log.
    let errors = errors.filter(|_| link.is_none());
    let words = errors.map(last_words::read).unwrap_or_default();
    let words = String::from_utf8_lossy(&words);
    // The keeper says that it gives up, the server before it says why.
    let why = words.lines().rev().find(|line| !line.starts_with("keeper: "));
    match why.or_else(|| words.lines().last()) {
        Some(why) => Err(failure(places, &format!("no server could be started: {why}"))),
        None => Ok(link),
    }
}

/// `alive` is closed at the other end when the keeper has gone.
fn wait(
    places: &Paths,
    pane: Option<PaneId>,
    keeper: (&UnixStream, Instant),
) -> Result<Option<ServerConnection>, Refusal> {
    let (alive, mut deadline) = keeper;
    let mut is_alive = true;
    loop {
        if let Some(link) = ServerConnection::connect(places, pane)? {
            return Ok(Some(link));
        }
        if deadline < Instant::now() {
            return Ok(None);
        }
        let looked = Ready { input: is_alive, room: false };
        let [ended] = platform::poll::poll([(alive.as_fd(), looked)], Some(LOOK_EVERY))
            .map_err(|error| failure(places, &error.to_string()))?;
        // The keeper of a server that came second ends too; then the first one is about to listen.
        if ended.input {
            is_alive = false;
            deadline = deadline.min(Instant::now() + AFTER_KEEPER_WITHIN);
        }
    }
}

fn failure(places: &Paths, message: &str) -> Refusal {
    Refusal::new(Code::SpawnFailed, message).hint(format!("the log is {}", places.log().display()))
}

fn gone(entry: &ActionEntry, reason: &str) -> Refusal {
    Refusal::new(Code::Interrupted, format!("the server went away during {}: {reason}", entry.name))
        .hint("abide server status")
}

fn unreadable(error: &serde_json::Error) -> Refusal {
    Refusal::new(Code::InvalidMessage, format!("the server's answer cannot be read: {error}"))
        .hint("abide server restart")
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::os::unix::net::UnixStream;
    use std::thread;

    use serde_json::json;

    use super::ServerConnection;
    use crate::action::table::{self, ActionEntry, CallParams};
    use crate::base::error::Code;
    use crate::base::id::PaneId;

    fn first() -> &'static ActionEntry {
        table::all().next().expect("there are actions")
    }

    /// A call to a server that answers with `answer`, and the request it got.
    fn call(
        answer: &'static str,
    ) -> (Result<serde_json::Value, crate::base::error::Refusal>, serde_json::Value) {
        let (ours, theirs) = UnixStream::pair().expect("there are fds");
        let server = thread::spawn(move || {
            let mut reader = BufReader::new(theirs);
            let mut line = String::new();
            reader.read_line(&mut line).expect("a request");
            reader.get_mut().write_all(answer.as_bytes()).expect("it is read");
            serde_json::from_str(&line).expect("JSON")
        });
        let outcome =
            ServerConnection::over(ours, Some(PaneId(4))).call(first(), &CallParams::new());
        (outcome, server.join().expect("it ended"))
    }

    #[test]
    fn the_answer_is_found_among_notifications() {
        let (outcome, request) = call(
            "{\"jsonrpc\":\"2.0\",\"method\":\"server.ready\"}\n\
             {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[7]}\n",
        );
        assert_eq!(outcome, Ok(json!([7])));
        assert_eq!(request["method"], first().name);
        assert_eq!(request["pane"], "p4");
    }

    #[test]
    fn what_a_server_left_unread_is_told_from_what_it_may_have_done() {
        for is_read in [false, true] {
            let (ours, theirs) = UnixStream::pair().expect("there are fds");
            let waits = theirs.try_clone().expect("there are fds");
            let server = thread::spawn(move || {
                let mut reader = BufReader::new(theirs);
                if is_read {
                    reader.read_line(&mut String::new()).expect("a request");
                } else {
                    waits.set_nonblocking(true).expect("a socket");
                    while rustix::net::recv(&waits, &mut [0], rustix::net::RecvFlags::PEEK).is_err()
                    {
                        thread::yield_now();
                    }
                }
            });
            let mut link = ServerConnection::over(ours, None);
            assert_eq!(
                link.call(first(), &CallParams::new()).expect_err("no answer").code,
                Code::Interrupted
            );
            assert_eq!(link.is_unread, !is_read);
            server.join().expect("it ended");
        }
    }

    #[test]
    fn a_server_that_goes_away_is_told_from_one_that_refuses() {
        let code = |answer| call(answer).0.expect_err("no answer").code;
        assert_eq!(code(""), Code::Interrupted);
        assert_eq!(code("{\"jsonrpc\":"), Code::Interrupted);
        assert_eq!(code("nonsense\n"), Code::InvalidMessage);
        let refused = "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32000,\"message\":\"no\",\
                       \"data\":{\"code\":\"not_found\"}}}\n";
        assert_eq!(code(refused), Code::NotFound);
    }
}
