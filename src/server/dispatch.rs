//! Bytes that arrive on connections and from the keeper become inputs of the core here.

use std::io;
use std::os::fd::OwnedFd;

use rustix::io::Errno;

use crate::action::table;
use crate::base::error::{Code, Refusal, ignore_failure};
use crate::base::id::{CallId, ClientId, PaneId};
use crate::base::memory::{HeapMemory, Memory, SharedBytes as _};
use crate::base::path_trace;
use crate::base::time::Tick;
use crate::core::{ClientEvent, Input, RestoreInput, ServerEvent, Viewer};
use crate::platform::memory::{PrivateMemory, SharedMemory};
use crate::platform::{Stream, now, socket};
use crate::server::clients::Clients;
use crate::server::clients::connection::{Attached, Conn, Speech};
use crate::server::clients::frame::Drawn;
use crate::server::clients::requests::{CONNS_MAX, LINE_MAX, RequestLines, too_many};
use crate::server::commands::job::is_job;
use crate::server::commands::stop::{StopEvidence, StopStep, kill_order};
use crate::server::commands::{Commands, Cx, Surroundings};
use crate::server::edge::Server;
use crate::server::event::{ConnId, Event, Origin, Return};
use crate::server::event_loop::bug;
use crate::server::inbox::Stepper as _;
use crate::server::log;
use crate::server::panes::Panes;
use crate::server::panes::pane::{PaneIo, PaneMemory, ProgramHandles};
use crate::server::persist::database::News;
use crate::server::startup::upgrade;
use crate::state::Leaving;
use crate::state::call::Caller;
use crate::state::effect::{Effect, Fact};
use crate::term;
use crate::wire::frame::{self, Bye, Notice, OuterColours, ToClient, ToServer};
use crate::wire::hello::{Hello, Welcome, common_version};
use crate::wire::keeper::{
    self, CONTROL_GIVEN_UP, CONTROL_GIVEN_UP_NUMBER, FromKeeper, KeeperRecord, KillReport,
    ProgramEntry, Target, ToKeeper,
};
use crate::wire::packet::Packets;
use crate::wire::rpc::{self, Request, Response};

impl Server {
    /// Works on what a task brought. A connection whose bytes bring out a bug is closed.
    pub(super) fn event(&mut self, event: Event) {
        let conn = if let Event::Bytes(conn, _) = &event { Some(*conn) } else { None };
        if self.guard("an event", |server| server.take_event(event)).is_none()
            && let Some(conn) = conn
        {
            self.guard("a close", |server| server.close(conn));
        }
    }

    fn take_event(&mut self, event: Event) {
        match event {
            Event::Opened(stream) => self.open(stream),
            Event::Bytes(conn, bytes) => self.bytes(conn, &bytes),
            Event::InputEnded(conn) => self.input_ended(conn),
            Event::Closed(conn) => self.close(conn),
            Event::Writable(conn) => {
                if let Some(conn) = self.clients.conns.get_mut(&conn) {
                    conn.woken();
                }
            }
            Event::PipeEnded(pane, line, how) => {
                let inputs = self.panes.end_pipe(self.core.state(), pane, &line, &how);
                self.post_all(inputs);
            }
            Event::Commands(event) => {
                self.with_commands(|commands, cx| commands.task_event(cx, event));
            }
            Event::Snapshot(call, done) => {
                let message = self.with_disk(|disk, cx| disk.snapshot_done(cx, call, done));
                if let Some((client, message)) = message {
                    self.clients.tell(client, message);
                }
                self.mark_stale();
            }
            Event::Configuration(settings) => self.reloaded(settings),
            Event::Disk(news) => self.disk_news(news),
            Event::Log(why) => self.log_news(why),
            Event::Successor(call, found) => {
                self.step(Input::Found { call, fact: Fact::Successor(found) }, Origin::None);
            }
            Event::Drained(pane) => {
                if let Some(io) = self.panes.io.get_mut(&pane) {
                    io.waits_writable = false;
                }
                self.write_input(pane);
            }
        }
    }

    fn open(&mut self, stream: Stream) {
        if let Err(error) = socket::check_peer(&stream) {
            tracing::warn!(%error, "connection refused");
            return;
        }
        let count = self.clients.conns.len();
        if CONNS_MAX <= count {
            tracing::warn!("connection refused: {CONNS_MAX} are open");
            let told = stream.try_write(too_many().as_bytes());
            return ignore_failure(told, "a peer that has gone hears nothing");
        }
        self.next.conn += 1;
        let id = ConnId(self.next.conn);
        let mut conn = Conn::open(id, stream, &self.events);
        self.clients.give_place(&mut conn);
        self.clients.conns.insert(id, conn);
        self.count_connections();
    }

    /// The peer of a connection sends nothing more: what it asked is answered, then it is closed.
    fn input_ended(&mut self, id: ConnId) {
        let Some(conn) = self.clients.conns.get_mut(&id) else { return };
        conn.end_input();
        match conn.speech {
            Speech::Rpc(_) => drop(self.clients.asking.insert(id)),
            _ => self.close(id),
        }
    }

    fn count_connections(&mut self) {
        let count = ServerEvent::Connections(self.clients.conns.len());
        self.post(Input::Server(count), Origin::None);
    }

    /// Forgets a connection and what it waited for.
    pub(super) fn close(&mut self, id: ConnId) {
        let Some(mut conn) = self.clients.conns.remove(&id) else { return };
        conn.hang_up();
        self.clients.asking.remove(&id);
        if let Some(client) = conn.attached().map(|attached| attached.client) {
            self.clients.by_client.remove(&client);
            self.step(Input::Gone { client }, Origin::None);
        }
        let waits = |to: &Return| matches!(to, Return::Rpc { conn, .. } if *conn == id);
        let calls: Vec<CallId> =
            self.clients.calls.iter().filter(|(_, to)| waits(to)).map(|(call, _)| *call).collect();
        for call in calls {
            self.clients.calls.insert(call, Return::Nobody);
            self.step(Input::Cancelled { call }, Origin::None);
            self.clients.calls.remove(&call);
        }
        self.count_connections();
        self.mark_stale();
    }

    fn bytes(&mut self, id: ConnId, bytes: &[u8]) {
        let Some(conn) = self.clients.conns.get_mut(&id).filter(|conn| !conn.closing) else {
            return;
        };
        if matches!(conn.speech, Speech::Unknown) {
            conn.speech = match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
                None => return,
                // Text of whatever kind is answered as text.
                Some(b' '..=b'~') => Speech::Rpc(RequestLines::default()),
                Some(_) => Speech::Client { packets: Packets::default(), client: None },
            };
        }
        match &mut conn.speech {
            Speech::Rpc(lines) => {
                lines.push(bytes);
                if conn.has_request() {
                    self.clients.asking.insert(id);
                } else if LINE_MAX < conn.unread_len() {
                    let message = format!("a message of more than {LINE_MAX} bytes");
                    let refusal = Refusal::new(Code::InvalidMessage, message);
                    self.clients.refuse_connection(id, refusal);
                }
            }
            Speech::Client { packets, .. } => {
                packets.push(bytes);
                self.packets(id);
            }
            Speech::Unknown => {}
        }
        if let Some(most) = self.clients.bound_unread(id) {
            self.close(most);
        }
    }

    /// Works on one request of each connection that has one, and whose answers are read.
    pub(super) fn requests(&mut self) {
        for id in self.clients.asking.clone() {
            if let Some(line) = self.clients.next_line(id) {
                self.guarded_request(id, &line);
            }
            self.clients.asked(id);
        }
    }

    fn guarded_request(&mut self, id: ConnId, line: &[u8]) {
        if self.guard("a request", |server| server.request(id, line)).is_none() {
            self.clients.refuse_connection(id, bug("the request could not be taken"));
        }
    }

    fn request(&mut self, id: ConnId, line: &[u8]) {
        if let Some((request, to)) = self.clients.request(id, line) {
            let caller = Caller { client: None, pane: request.pane };
            self.call(&request, caller, to, Origin::None);
        }
    }

    fn close_after_sending(&mut self, id: ConnId) {
        if let Some(conn) = self.clients.conns.get_mut(&id) {
            conn.closing = true;
        }
    }

    pub(super) fn call(&mut self, request: &Request, caller: Caller, to: Return, origin: Origin) {
        path_trace::note("exec");
        let parsed = table::parse(&request.method, &request.params)
            .and_then(|action| check_directory(request).map(|()| action));
        match parsed {
            Ok(action) => {
                if LISTS_PANES.contains(&request.method.as_str()) {
                    self.look_at_panes();
                }
                self.next.call += 1;
                let call = CallId(self.next.call);
                self.clients.calls.insert(call, to);
                self.post(Input::Call { call, caller, action }, origin);
                self.mark_stale();
            }
            Err(refusal) => self.clients.answer(to, Err(refusal)),
        }
    }

    /// Works on the whole packets that a client has sent.
    fn packets(&mut self, id: ConnId) {
        loop {
            let Some(Conn { speech: Speech::Client { packets, .. }, closing: false, .. }) =
                self.clients.conns.get_mut(&id)
            else {
                return;
            };
            let message = match packets.take() {
                Ok(None) => return,
                Ok(Some((kind, body))) => frame::get::<ToServer>(kind, body)
                    .map(|message| (message, body.len()))
                    .map_err(|error| (error.to_string(), frame::longer_hello(body))),
                Err(error) => Err((error.to_string(), None)),
            };
            match message {
                Ok((message, len)) => {
                    if let Some(attached) = self.clients.conns.get_mut(&id).and_then(Conn::attached)
                    {
                        attached.untold_bytes += len;
                    }
                    self.message(id, message);
                }
                Err((error, hello)) => {
                    tracing::warn!(%error, "a connection is closed");
                    let is_stranger = self
                        .clients
                        .conns
                        .get_mut(&id)
                        .is_some_and(|conn| conn.attached().is_none());
                    if is_stranger {
                        self.send_away(
                            id,
                            hello.as_ref().map_or_else(upgrade::stranger, upgrade::refusal),
                        );
                    } else {
                        self.close(id);
                    }
                    return;
                }
            }
        }
    }

    fn message(&mut self, id: ConnId, message: ToServer) {
        path_trace::note("key");
        let Some(conn) = self.clients.conns.get_mut(&id) else { return };
        let Some(attached) = conn.attached() else {
            match message {
                ToServer::Hello(hello) => self.hello(id, hello),
                _ => self.close(id),
            }
            return;
        };
        let (client, token) = (attached.client, attached.token);
        let number = match &message {
            ToServer::Keys { number, .. }
            | ToServer::Paste { number, .. }
            | ToServer::Mouse { number, .. }
            | ToServer::Call { number, .. } => *number,
            _ => return self.side_message(id, client, message),
        };
        // The next server is sent again what this one does not take.
        let is_going =
            matches!(self.core.state().leaving, Some(Leaving::Restart | Leaving::Upgrade(_)));
        attached.is_deferred |= is_going && matches!(message, ToServer::Call { .. });
        if number <= attached.number || attached.is_deferred {
            return;
        }
        attached.number = number;
        attached.drawn.input_at = now().tick;
        let inside = attached.inside;
        self.slots.note_input(token, number);
        self.watch.begin(token, number);
        let origin = Origin::Client { client, token, number };
        match message {
            ToServer::Keys { keys, .. } => self.step(Input::Keys { client, keys: &keys }, origin),
            ToServer::Paste { text, .. } => self.step(Input::Paste { client, text: &text }, origin),
            ToServer::Mouse { pane, mouse, .. } => {
                self.step(Input::Mouse { client, pane, mouse }, origin);
            }
            ToServer::Call { json, .. } => {
                self.slots.note_call();
                let caller = Caller { client: Some(client), pane: inside };
                match rpc::read(&json) {
                    Ok(request) => {
                        let to = request
                            .id
                            .clone()
                            .map_or(Return::Nobody, |id| Return::Client { client, id });
                        self.call(&request, caller, to, origin);
                    }
                    Err(_) => self.close(id),
                }
            }
            _ => {}
        }
        self.watch.done();
    }

    /// A message that is no input.
    fn side_message(&mut self, id: ConnId, client: ClientId, message: ToServer) {
        match message {
            ToServer::Shown(number) => {
                if let Some(attached) = self.clients.conns.get_mut(&id).and_then(Conn::attached) {
                    attached.drawn.shown(number);
                }
            }
            ToServer::Resize { size, cell_pixels } => {
                self.step(Input::Resized { client, size, cell_pixels }, Origin::None);
                self.mark_stale();
            }
            ToServer::Bars(rows) => {
                let event = ClientEvent::Bars(rows);
                self.post(Input::Client { client, event }, Origin::None);
                self.mark_stale();
            }
            ToServer::Focus(focused) => self.step(Input::Focused { client, focused }, Origin::None),
            ToServer::Answer { call, json } => {
                let Ok(response) = serde_json::from_str::<Response>(&json) else {
                    return self.close(id);
                };
                self.post(Input::Answered { call, outcome: response.outcome() }, Origin::None);
            }
            ToServer::Colours(colours) => self.colours(client, &colours),
            ToServer::ScrollRequest(ask) => self.clients.scroll(self.core.state(), client, ask),
            ToServer::Inside(identity) => self.inside(id, client, &identity),
            ToServer::Pictures(can) => {
                if let Some(attached) = self.clients.conns.get_mut(&id).and_then(Conn::attached) {
                    attached.drawn.pictures.can(can);
                    attached.drawn.stale = true;
                }
            }
            _ => self.close(id),
        }
    }

    /// The terminal of a client told that it is a pane: if that is one of ours, its session cannot
    /// be shown in it.
    fn inside(&mut self, id: ConnId, client: ClientId, identity: &str) {
        let Some((server, pane)) = identity.split_once('.') else { return };
        let pane = pane
            .parse()
            .ok()
            .map(PaneId)
            .filter(|_| u64::from_str_radix(server, 16) == Ok(self.commands.epoch));
        let Some(pane) = pane.filter(|pane| self.core.state().panes.contains_key(pane)) else {
            return;
        };
        if let Some(attached) = self.clients.conns.get_mut(&id).and_then(Conn::attached) {
            attached.inside = Some(pane);
        }
        let session = self.core.state().pane(pane).session;
        if self.core.state().views.get(&client).is_some_and(|view| view.at.session == Some(session))
        {
            let name = &self.core.state().session(session).name;
            let message = format!(
                "this terminal is a pane of session {name:?}, which cannot be shown inside itself; \
                 abide new makes another"
            );
            self.clients.send(client, &ToClient::Bye(Bye::Refused { message }));
            self.close_after_sending(id);
        }
    }

    /// The outer terminal told its colours: programs that ask get them from now on.
    fn colours(&mut self, client: ClientId, colours: &OuterColours) {
        let named: Vec<(u8, u8, u8)> = (0..16)
            .filter_map(|n| {
                colours.palette.iter().find(|(index, _)| *index == n).map(|(_, rgb)| *rgb)
            })
            .collect();
        let outer = term::OuterColours {
            fg: colours.fg,
            bg: colours.bg,
            cursor: colours.cursor,
            named: named.try_into().ok(),
        };
        let event = ClientEvent::Colours(outer);
        self.post(Input::Client { client, event }, Origin::None);
    }

    /// Says why, and closes.
    fn send_away(&mut self, id: ConnId, message: String) {
        if let Some(conn) = self.clients.conns.get_mut(&id) {
            conn.tell(&ToClient::Bye(Bye::Refused { message }));
            conn.closing = true;
        }
    }

    fn hello(&mut self, id: ConnId, hello: Hello) {
        let Some(version) = common_version((hello.version_min, hello.version_max)) else {
            return self.send_away(id, upgrade::refusal(&hello));
        };
        let failed = self
            .core
            .host()
            .upgrade_failed
            .as_ref()
            .filter(|_| hello.resume)
            .map(|why| format!("the upgrade was rolled back: {why}"));
        let news = upgrade::news(&hello, self.core.host().upgraded);
        let client = ClientId(self.next.client);
        self.next.client += 1;
        let number = self.input_taken(hello.token);
        let in_doubt = self.given_up(hello.token) == Some(number)
            || self
                .panes
                .io
                .values()
                .any(|io| io.input.in_doubt() && io.input.number_of(hello.token).is_some());
        let resumed = hello.resume
            && self.core.state().detached_views.iter().any(|parted| parted.token == hello.token);
        let value = |wanted: &str| {
            hello.env.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
        };
        let is_ours = value("ABIDE") == Some(self.core.host().socket.as_str());
        let inside = value("ABIDE_PANE").filter(|_| is_ours).and_then(|pane| pane.parse().ok());
        let viewer = Viewer {
            token: hello.token,
            size: hello.size,
            cell_pixels: hello.cell_pixels,
            cwd: hello.cwd,
            env: hello.env,
            read_only: hello.read_only,
        };
        let welcome = Welcome {
            version,
            build: upgrade::OWN.into(),
            client,
            lease: self.link.lease,
            input_taken: number,
            input_in_doubt: in_doubt,
            resumed,
        };
        let Some(conn) = self.clients.conns.get_mut(&id) else { return };
        conn.first_word_by = None;
        let Speech::Client { client: slot, .. } = &mut conn.speech else { return };
        *slot = Some(Box::new(Attached {
            client,
            token: viewer.token,
            number,
            told: number,
            untold_bytes: 0,
            drawn: Drawn::default(),
            inside,
            search: None,
            is_deferred: false,
        }));
        self.clients.by_client.insert(client, id);
        self.clients.send(client, &ToClient::Welcome(welcome));
        self.step(Input::Connected { client, viewer }, Origin::None);
        if let Some(text) = news {
            self.clients.send(client, &ToClient::Notice(Notice { text, warning: false }));
        }
        for text in self.disk.warning().into_iter().chain(failed) {
            self.clients.send(client, &ToClient::Notice(Notice { text, warning: true }));
        }
        self.mark_stale();
    }

    /// The number of the last input of a client that took effect, in whatever it had its effect.
    /// Input of a client up to this number was given up, as the server before did not get on with
    /// it.
    fn given_up(&self, token: u64) -> Option<u64> {
        let control = &self.wake.control;
        let is_its = control.word(CONTROL_GIVEN_UP) == token;
        is_its.then(|| control.word(CONTROL_GIVEN_UP_NUMBER))
    }

    fn input_taken(&self, token: u64) -> u64 {
        self.panes
            .io
            .values()
            .filter_map(|io| io.input.number_of(token))
            .chain(self.slots.number_of(token))
            .chain(self.given_up(token))
            .max()
            .unwrap_or(0)
    }

    /// Works on a record of the keeper.
    pub(super) fn record(&mut self, record: KeeperRecord<FromKeeper, OwnedFd>) {
        if let Some(tag) = record.message.tag().filter(|tag| is_job(*tag)) {
            return self.with_commands(|commands, cx| commands.job_record(cx, tag, record));
        }
        match record.message {
            FromKeeper::Spawned(entry) => self.spawned(entry, record.fds),
            FromKeeper::SpawnFailed { tag, errno, message } => {
                let message = String::from_utf8_lossy(&message);
                tracing::warn!(pane = %PaneId(tag), errno, %message, "spawn failed");
                self.panes.spawning.remove(&PaneId(tag));
                // Keys that were typed meanwhile were meant for this program.
                self.panes.early.remove(&PaneId(tag));
                self.started(
                    PaneId(tag),
                    Err(spawn_refusal(errno, &message)),
                    Box::new(HeapMemory::default()),
                );
            }
            FromKeeper::Exited { tag, status, end } => {
                let pane = PaneId(tag);
                if let Some(io) = self.panes.io.get_mut(&pane) {
                    io.exit = Some((status, end));
                    if io.stop.is_in_grace() {
                        self.look_for_rest(pane);
                    }
                }
                self.end_if_drained(pane);
            }
            FromKeeper::Signalled { tag, count } => self.signalled(PaneId(tag), count),
            FromKeeper::Killed { tag, report } => self.killed(PaneId(tag), &report),
            FromKeeper::Ping => {
                self.link.say(&ToKeeper::Pong, Vec::new());
                log::move_last_words();
            }
            FromKeeper::Go => self.go(),
            // Answers to a list belong to the start, and who is released has left.
            FromKeeper::Hello { .. }
            | FromKeeper::Released
            | FromKeeper::Entry(_)
            | FromKeeper::StashEntry { .. }
            | FromKeeper::Listed => {}
        }
    }
}

/// Panes and connections, as commands see them.
struct Rest<'a> {
    panes: &'a Panes,
    clients: &'a mut Clients,
}

impl Surroundings for Rest<'_> {
    fn panes(&self) -> Vec<(PaneId, i32)> {
        self.panes.io.iter().map(|(pane, io)| (*pane, io.pid())).collect()
    }

    fn unsent_len(&self, call: CallId) -> usize {
        self.clients.unsent_len(call)
    }

    fn notify(&mut self, call: CallId, method: &str, event: serde_json::Value) {
        self.clients.notify(call, method, &event);
    }
}

impl Server {
    /// Lets commands work, then steps what they give back.
    pub(super) fn with_commands<R>(
        &mut self,
        work: impl FnOnce(&mut Commands, &mut Cx<'_>) -> R,
    ) -> R {
        let mut rest = Rest { panes: &self.panes, clients: &mut self.clients };
        let mut cx = Cx {
            state: self.core.state(),
            settings: self.core.settings(),
            host: self.core.host(),
            link: &mut self.link,
            wake: &self.wake,
            rest: &mut rest,
        };
        let result = work(&mut self.commands, &mut cx);
        let (inputs, is_disk_stale) = self.commands.take_results();
        if is_disk_stale {
            self.disk.commands_changed(now().tick);
        }
        let has_inputs = !inputs.is_empty();
        for input in inputs {
            self.inbox.push(input, Origin::None);
        }
        if has_inputs && !self.inbox.is_busy() {
            self.drain();
        }
        result
    }

    /// Starts the programs of restored panes soon, and lets those that wait for a person say so.
    pub(super) fn revive(&mut self) {
        let programs = RestoreInput::Programs { awaits_env: true };
        self.step(Input::Restore(programs), Origin::None);
        self.show_held();
    }

    /// Lets restored panes that wait for a person say what can be done.
    pub(super) fn show_held(&mut self) {
        let panes = self.disk.recalled.keys().copied().collect();
        self.step(Input::Restore(RestoreInput::Prompts(panes)), Origin::None);
    }

    /// Tells clients that the disk fails, or no longer does. A new database gets everything.
    pub(super) fn disk_news(&mut self, news: News) {
        let why = match news {
            News::Failing(why) => Some(why),
            News::Fine => None,
            News::Anew => {
                return self.disk.begin_anew(now().tick, self.core.state().panes.keys().copied());
            }
        };
        let text = match &why {
            Some(why) => {
                format!(
                    "sessions cannot be saved to disk ({why}); they go on, and it is tried again"
                )
            }
            None => "sessions are saved to disk again".to_owned(),
        };
        self.disk.fails(why.as_ref().map(|_| text.clone()));
        self.tell_of_disk("sessions", why, &text);
    }

    /// Tells clients that the log cannot be written, or is written again.
    pub(super) fn log_news(&mut self, why: Option<String>) {
        let text = match &why {
            Some(why) => format!("the log cannot be written ({why}); everything else goes on"),
            None => "the log is written again".to_owned(),
        };
        self.tell_of_disk("log", why, &text);
    }

    fn tell_of_disk(&mut self, files: &'static str, why: Option<String>, text: &str) {
        let warning = why.is_some();
        self.step(Input::Server(ServerEvent::Disk(files, why)), Origin::None);
        for client in self.clients.by_client.keys().copied().collect::<Vec<_>>() {
            self.clients.send(client, &ToClient::Notice(Notice { text: text.to_owned(), warning }));
        }
    }

    /// A restored pane has its new program below what it showed before: from now on it is a pane
    /// like any other.
    pub(super) fn recall(&mut self, pane: PaneId) {
        self.disk.printed(pane, now().tick);
        self.write_snapshot(pane);
    }

    /// A program runs: its handles are put together and the core is told.
    fn spawned(&mut self, entry: ProgramEntry, fds: Vec<OwnedFd>) {
        let pane = PaneId(entry.tag);
        self.panes.spawning.remove(&pane);
        let made = ProgramHandles::new(entry, fds)
            .and_then(|source| PaneIo::new(source, self.parts(pane)?));
        let (io, lines) = match made {
            Ok(made) => made,
            Err(error) => {
                tracing::error!(%pane, %error, "a program cannot be held");
                self.link.say(&kill_order(entry.tag), Vec::new());
                self.link.say(&ToKeeper::Forget { tag: entry.tag }, Vec::new());
                let errno = error.raw_os_error().unwrap_or(0);
                return self.started(
                    pane,
                    Err(spawn_refusal(errno, &error.to_string())),
                    Box::new(HeapMemory::default()),
                );
            }
        };
        for (part, fd) in io.stash() {
            self.link.say(&ToKeeper::Stash { name: part.name(pane) }, vec![fd]);
        }
        self.panes.io.insert(pane, io);
        tracing::info!(%pane, pid = entry.pid, "spawned");
        self.started(pane, Ok(entry.pid.unsigned_abs()), Box::new(PrivateMemory::new(lines)));
        self.recall(pane);
        self.pipe(pane);
        if let Some(early) = self.panes.early.remove(&pane) {
            self.settle(vec![Effect::Write { pane, bytes: early }], Origin::None);
        }
        if let Some(grace) = self.panes.unborn.remove(&pane) {
            self.settle(vec![Effect::Stop { pane, grace, heir: None }], Origin::None);
        }
    }

    /// The memory of a new program's pane; the scrollback of one that was restored is there
    /// already.
    fn parts(&mut self, pane: PaneId) -> io::Result<PaneMemory> {
        let mut parts = PaneMemory::create(pane)?;
        if let Some(lines) = self.disk.recalled.remove(&pane) {
            parts.lines = SharedMemory::from_fd(lines.try_clone()?)?;
        }
        Ok(parts)
    }

    fn started(&mut self, pane: PaneId, outcome: Result<u32, Refusal>, memory: Box<dyn Memory>) {
        self.step(Input::Started { pane, outcome, memory }, Origin::None);
        self.mark_stale();
    }

    /// Asks how much is left of what a program started.
    pub(super) fn look_for_rest(&mut self, pane: PaneId) {
        self.link
            .say(&ToKeeper::Signal { tag: pane.0, target: Target::Tree, signal: 0 }, Vec::new());
    }

    /// The keeper told how many processes a signal reached.
    fn signalled(&mut self, pane: PaneId, count: u32) {
        let Some(io) = self.panes.io.get_mut(&pane) else { return };
        let evidence = StopEvidence::reached(count, io.exit.is_some());
        let step = io.stop.advance(now().tick, evidence);
        self.take_stop_step(pane, step);
    }

    /// The grace is over, or it is time to check whether something is left.
    pub(super) fn pass_stop_deadline(&mut self, pane: PaneId, now: Tick) {
        let Some(io) = self.panes.io.get_mut(&pane) else { return };
        let step = io.stop.advance(now, StopEvidence::Clock);
        self.take_stop_step(pane, step);
    }

    fn take_stop_step(&mut self, pane: PaneId, step: StopStep) {
        match step {
            StopStep::Check => self.look_for_rest(pane),
            StopStep::Kill => {
                tracing::info!(%pane, "kill");
                self.link.say(&kill_order(pane.0), Vec::new());
            }
            StopStep::Wait | StopStep::Signal | StopStep::Over => {}
        }
    }

    /// The keeper has verified who is left after a kill.
    fn killed(&mut self, pane: PaneId, report: &KillReport) {
        let Some(io) = self.panes.io.get_mut(&pane) else { return };
        io.stop.advance(now().tick, StopEvidence::Killed(report));
        let left = io.stop.left();
        if io.exit.is_none() && !left.is_empty() {
            // A leader that cannot be ended is given up, and named.
            io.exit = Some((keeper::ExitStatus::Lost, io.position));
        }
        tracing::info!(%pane, killed = report.killed_count, ?left, "killed");
        self.end_if_drained(pane);
    }
}

/// A refusal for a program that could not be started.
fn spawn_refusal(errno: i32, message: &str) -> Refusal {
    let hint = match Errno::from_raw_os_error(errno) {
        Errno::MFILE | Errno::NFILE => {
            "close panes, or end the server and start it with a higher `ulimit -n`"
        }
        Errno::AGAIN | Errno::NOMEM => {
            "end processes: `ulimit -u`, or the pids or memory of its cgroup, allow no more"
        }
        _ => "check that it exists and can be executed: `command -v NAME`",
    };
    Refusal::new(Code::SpawnFailed, format!("the program could not be started: {message}"))
        .hint(hint)
}

/// Calls that start a program in the directory they name.
const STARTS_IN_CWD: [&str; 5] =
    ["session.new", "tab.new", "pane.split", "pane.popup", "pane.respawn"];

/// Calls whose answer says what runs in panes, and where.
const LISTS_PANES: [&str; 3] = ["pane.ls", "tab.ls", "session.ls"];

/// Refuses an absolute directory that is not there, as the command line does.
fn check_directory(request: &Request) -> Result<(), Refusal> {
    let given = request.params.get("cwd").and_then(serde_json::Value::as_str).unwrap_or_default();
    let is_checked = STARTS_IN_CWD.contains(&request.method.as_str()) && given.starts_with('/');
    if !is_checked || std::path::Path::new(given).is_dir() {
        return Ok(());
    }
    Err(Refusal::new(Code::InvalidParams, format!("{given:?} is no directory"))
        .hint("give one that exists, or make it first"))
}
