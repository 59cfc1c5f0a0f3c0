//! The one loop: it gathers what happened, steps the core, carries effects out, draws, and waits.
//! Nothing in it blocks.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::fd::AsFd as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::io::Interest;
use tokio::net::{UnixListener, UnixStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{self, Receiver};

use crate::base::error::{Code, Refusal};
use crate::base::id::{ClientId, PaneId};
use crate::base::memory::SharedBytes;
use crate::base::signal::ExitStatus;
use crate::base::time::{Span, Tick};
use crate::core::{Input, PaneEvent, ServerEvent, StepFault};
use crate::platform::memory::SharedMemory;
use crate::platform::{
    FileChanges, ProgramLimits, Stream, async_fd, changed, config_file, last_words, now, process,
    signals,
};
use crate::server::clients::connection::{Attached, Conn};
use crate::server::clients::frame::ECHO_WITHIN;
use crate::server::commands::Commands;
use crate::server::edge::{Reload, Server};
use crate::server::event::{self, EVENTS_MAX, Event, Origin};
use crate::server::inbox::{Inbox, Stepper};
use crate::server::keeper_link::KeeperLink;
use crate::server::leaving::Successor;
use crate::server::loop_watchdog::LoopWatchdog;
use crate::server::panes::pane::{NAME_AFTER, PaneIo, QUIET, TURN_BYTES_MAX};
use crate::server::panes::pipe;
use crate::server::persist::writer::DiskWriter;
use crate::server::startup::socket::{ListeningSocket, listen};
use crate::server::startup::takeover;
use crate::server::{VICTIM, log, settings};
use crate::settings::Settings;
use crate::state::effect::{Effect, Effects};
use crate::state::pane::ProgramState;
use crate::state::view::View;
use crate::wire::frame::{Bye, ToClient};
use crate::wire::keeper::{
    CONTROL_AWAITED, CONTROL_WAITING, RESTART_STATUS, ToKeeper, WAITING_FOR_ANY,
    WAITING_FOR_AWAITED,
};

/// The exit status after an error; the keeper tries again, ever more slowly.
const FAILED_STATUS: u8 = 70;
/// After so many turns in a row that a bug cut short, the next server is to try.
const LOST_TURNS_MAX: u32 = 3;
/// The part of all panes' output is parsed in one turn, so that keys never wait long.
const TURN_BYTES_ALL: usize = 64 << 10;
/// The same while somebody types: an echo waits for no more than this.
const TURN_BYTES_TYPING: usize = 32 << 10;
/// A turn that took at least this much is part of a flood.
const BRISK_BYTES: usize = 4 << 10;
/// In a flood the keeper is not asked for a wake at every read of it: what came meanwhile is looked
/// at after so long.
const BRISK_SPAN: Span = Span::millis(1);

/// The way on after a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// There is output left to parse.
    Busy,
    /// Output comes in quick succession; only an echo that somebody waits for is worth a wake of
    /// its own.
    Brisk,
    /// There is nothing to do.
    Calm,
}

/// Runs the server until it is to leave; gives its exit status. Its standard input is the socket to
/// its keeper; `args` is what follows `server run`.
#[must_use]
pub fn run(args: &[OsString]) -> u8 {
    signals::outlive_file_limit();
    ProgramLimits::change();
    log::start();
    process::offer_as_victim(VICTIM);
    let is_safe = args.iter().any(|arg| arg == "--safe-mode");
    let watch = Arc::new(LoopWatchdog::default());
    let (waits, goes_on) = (Arc::clone(&watch), Arc::clone(&watch));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .on_thread_park(move || waits.waits())
        .on_thread_unpark(move || goes_on.goes_on())
        .build();
    let result = runtime.context("no runtime").and_then(|runtime| {
        // As a task: between one that brings something and the loop the runtime does not look at
        // its fds.
        let result = runtime.block_on(async { tokio::spawn(serve(is_safe, watch)).await? });
        // Commands of hooks are not waited for.
        runtime.shutdown_background();
        result
    });
    let status = result.unwrap_or_else(|error| {
        last_words::say(&format!("server: it ends: {error:#}"));
        FAILED_STATUS
    });
    log::finish();
    status
}

async fn serve(is_safe: bool, watch: Arc<LoopWatchdog>) -> anyhow::Result<u8> {
    if is_safe {
        tracing::warn!("safe mode: the configuration is not read");
    }
    let settings = if is_safe { None } else { settings() }.unwrap_or_default();
    log::configure(&settings);
    let socket = std::io::stdin().as_fd().try_clone_to_owned()?;
    let mut link = KeeperLink::new(socket)?;
    let mut held = takeover::take_over(&mut link).await?;
    let successor = Successor::of(&mut held);
    let Some((listener, sockets)) = listen(&mut held, &mut link).await? else {
        tracing::info!("another server is running here");
        return Ok(0);
    };
    let (events, receiver) = mpsc::channel(EVENTS_MAX);
    log::report_to(events.clone());
    let mut server = takeover::server(held, link, settings, sockets, events)?;
    if let Some(successor) = successor {
        successor.takes_all(&mut server.link);
    }
    server.link.say(&ToKeeper::Ready, Vec::new());
    watch.start(SharedMemory::from_fd(server.wake.control.try_clone_fd()?)?);
    server.watch = watch;
    Box::pin(server.run(listener, receiver)).await
}

impl Stepper for Server {
    fn inbox(&mut self) -> &mut Inbox {
        &mut self.inbox
    }

    fn take(&mut self, input: Input<'static>, origin: Origin) -> Effects {
        let mut effects = Effects::new();
        let call = match &input {
            Input::Call { call, .. } | Input::Found { call, .. } => Some(*call),
            _ => None,
        };
        self.stepped_call = (call, None);
        let input = match origin {
            Origin::Hook => Input::OfHook(Box::new(input)),
            _ => input,
        };
        self.step_core(input, &mut effects);
        effects
    }

    fn perform(&mut self, effect: Effect, origin: Origin) {
        let call = match &effect {
            Effect::Answer { .. } => None,
            _ => self.stepped_call.0,
        };
        if self.guard("an effect", |server| server.perform_effect(effect, origin)).is_some() {
            return;
        }
        if let Some(to) = call.and_then(|call| self.clients.calls.remove(&call)) {
            self.clients.answer(to, Err(bug("it could not be carried out")));
        }
    }
}

impl Server {
    /// Runs until it is to leave; gives the exit status.
    pub(super) async fn run(
        mut self,
        listener: UnixListener,
        mut events: Receiver<Event>,
    ) -> anyhow::Result<u8> {
        let mut hangup = signal(SignalKind::hangup())?;
        let mut term = signal(SignalKind::terminate())?;
        // Other signals mean nothing; one that was listened for once no longer ends this process.
        for kind in [
            SignalKind::interrupt(),
            SignalKind::quit(),
            SignalKind::alarm(),
            SignalKind::user_defined1(),
            SignalKind::user_defined2(),
        ] {
            signal(kind).map(drop)?;
        }
        // A configuration that cannot be watched is read at the start and on SIGHUP only.
        let mut changes = FileChanges::of(&config_file::path())
            .and_then(|changes| async_fd(changes, Interest::READABLE))
            .ok();
        let mut socket = ListeningSocket::new(listener);
        loop {
            self.watch.turn();
            socket.restore(&mut self.sockets, &mut self.link);
            let pace = self.guarded_turn(&mut events);
            if let Some(status) = self.leaving {
                return Ok(self.end(status).await);
            }
            if !self.may_wait(pace) {
                continue;
            }
            let busy = pace == Pace::Busy;
            let soon = (pace == Pace::Brisk).then(|| now().tick + BRISK_SPAN);
            let deadline =
                self.next_deadline().into_iter().chain(soon).chain(socket.deadline()).min();
            tokio::select! {
                biased;
                Some(event) = events.recv() => self.event(event),
                stream = socket.next() => match stream.map(accepted) {
                    Some(Ok(stream)) => self.event(Event::Opened(stream)),
                    Some(Err(error)) => tracing::warn!(%error, "connection refused"),
                    None => {}
                },
                record = self.link.next() => match record {
                    Ok(record) => {
                        self.guard("a record", |server| server.record(record));
                    }
                    Err(error) => self.hand_over(&error).await?,
                },
                _ = hangup.recv() => self.reload(),
                () = changed(changes.as_mut()) => self.reload(),
                _ = term.recv() => {
                    // The machine may be going down.
                    self.watch.over();
                    self.finish_disk();
                    self.leave(RESTART_STATUS);
                }
                Ok(mut guard) = self.wake.data.readable(), if !busy => {
                    guard.get_inner().drain();
                    guard.clear_ready();
                }
                () = tokio::task::yield_now(), if busy => {}
                () = pause(deadline), if !busy => {}
            }
            self.wake.control.publish(CONTROL_WAITING, 0);
        }
    }

    /// A turn; after some in a row that a bug cut short, the next server is to try.
    fn guarded_turn(&mut self, events: &mut Receiver<Event>) -> Pace {
        let pace = self.guard("a turn", |server| server.turn(events));
        self.lost_turns = if pace.is_some() { 0 } else { self.lost_turns + 1 };
        if LOST_TURNS_MAX <= self.lost_turns {
            self.leave(FAILED_STATUS);
        }
        pace.unwrap_or(Pace::Busy)
    }

    /// Everything that can be done now.
    fn turn(&mut self, events: &mut Receiver<Event>) -> Pace {
        while let Ok(event) = events.try_recv() {
            self.event(event);
        }
        self.requests();
        let has_command_output = self.with_commands(Commands::take_output);
        let pace = self.output();
        let pace = if has_command_output { Pace::Busy } else { pace };
        let is_searching = self.search()
            | self.clients.step_copy_searches(self.core.state())
            | self.with_disk(DiskWriter::gather);
        self.draw(pace == Pace::Busy);
        self.flush();
        // Only now: somebody may wait for what is drawn, and nobody for most of this.
        if self.pass_deadlines() {
            self.draw(pace == Pace::Busy);
            self.flush();
        }
        let has_requests = self.clients.has_requests();
        match pace {
            Pace::Calm if has_requests || is_searching || self.pack() => Pace::Busy,
            _ if is_searching || has_requests => Pace::Busy,
            _ => pace,
        }
    }

    /// Packs one cold segment of scrollback; this is only reached when there is nothing else to do.
    /// True if there may be more.
    fn pack(&mut self) -> bool {
        if !self.panes.io.values().any(|io| io.packing) || !self.awaited_panes().is_empty() {
            return false;
        }
        let Some((pane, io)) = self.panes.io.iter_mut().find(|(_, io)| io.packing) else {
            return false;
        };
        let pane = *pane;
        io.packing =
            self.core.state().panes.get(&pane).is_some_and(|state| state.screen.can_pack_history());
        self.step(Input::Pane { pane, event: PaneEvent::Pack }, Origin::None);
        true
    }

    /// Takes searches a step further, between everything else. True if they go on.
    fn search(&mut self) -> bool {
        let is_searching = self.core.is_searching();
        if is_searching {
            self.step(Input::Wake, Origin::None);
        }
        is_searching && self.core.is_searching()
    }

    /// Asks the keeper for a wake, and looks once more.
    fn may_wait(&mut self, pace: Pace) -> bool {
        let has_output = match pace {
            Pace::Busy => return true,
            Pace::Brisk => {
                let awaited = PaneId(self.wake.control.word(CONTROL_AWAITED));
                if awaited == PaneId(0) {
                    return true;
                }
                self.wake.control.publish(CONTROL_WAITING, WAITING_FOR_AWAITED);
                self.panes.io.get_mut(&awaited).is_some_and(PaneIo::has_output)
            }
            Pace::Calm => {
                self.wake.control.publish(CONTROL_WAITING, WAITING_FOR_ANY);
                self.panes.io.values_mut().any(PaneIo::has_output)
                    || self.with_commands(Commands::has_output)
            }
        };
        if has_output {
            self.wake.control.publish(CONTROL_WAITING, 0);
        }
        !has_output
    }

    /// Steps the core and carries out what it wants; then whatever that brought about.
    pub(super) fn step(&mut self, input: Input<'_>, origin: Origin) {
        let mut effects = Effects::new();
        self.step_core(input, &mut effects);
        self.settle(effects, origin);
    }

    /// Steps the core and stores what the effects rest on. A panic is logged; after one that left a
    /// contradiction, nothing is stored or done but to answer, and the next server begins with the
    /// state before the step.
    fn step_core(&mut self, input: Input<'_>, effects: &mut Effects) -> Option<StepFault> {
        let fault = self.core.guarded_step(now(), input, effects);
        if let Some(StepFault { kind, reference, message, damage }) = &fault {
            tracing::error!(kind, reference, message, damage, "a bug: a step failed");
            if damage.is_some() {
                effects
                    .retain(|effect| matches!(effect, Effect::Answer { .. } | Effect::Tell { .. }));
                self.is_damaged = true;
                self.leave(FAILED_STATUS);
            }
        }
        if !self.is_damaged {
            self.store();
        }
        fault
    }

    /// Does some work around the core; a panic in it is logged and costs no more than that work.
    pub(super) fn guard<R>(
        &mut self,
        what: &'static str,
        work: impl FnOnce(&mut Self) -> R,
    ) -> Option<R> {
        let result = catch_unwind(AssertUnwindSafe(|| work(self))).ok();
        if result.is_none() {
            tracing::error!(what, "a bug: some work failed");
        }
        result
    }

    /// Stores what the effects of a step rest on. Called before they leave.
    pub(super) fn store(&mut self) {
        self.write_slots();
    }

    /// Parses waiting output, pane by pane.
    fn output(&mut self) -> Pace {
        let awaited = self.awaited_panes();
        self.wake.control.publish(CONTROL_AWAITED, awaited.last().map_or(0, |pane| pane.0));
        let mut is_more = false;
        for pane in &awaited {
            is_more |= self.pane_output(*pane, TURN_BYTES_MAX) == TURN_BYTES_MAX;
        }
        let whole = if awaited.is_empty() { TURN_BYTES_ALL } else { TURN_BYTES_TYPING };
        let mut budget = whole;
        let mut panes: Vec<PaneId> =
            self.panes.io.keys().copied().filter(|pane| !awaited.contains(pane)).collect();
        let first = self
            .panes
            .first
            .and_then(|first| panes.iter().position(|pane| first <= *pane))
            .unwrap_or(0);
        panes.rotate_left(first);
        for pane in panes {
            if budget == 0 {
                self.panes.first = Some(pane);
                return Pace::Busy;
            }
            let taken = self.pane_output(pane, budget.min(TURN_BYTES_MAX));
            budget -= taken;
            is_more |= 0 < taken && self.panes.io.get_mut(&pane).is_some_and(PaneIo::has_output);
        }
        match whole - budget {
            _ if is_more => Pace::Busy,
            BRISK_BYTES.. => Pace::Brisk,
            _ => Pace::Calm,
        }
    }

    /// Panes somebody has just typed into: what they print is looked at first in every turn.
    fn awaited_panes(&mut self) -> Vec<PaneId> {
        let now = now().tick;
        let typing = self
            .clients
            .conns
            .values_mut()
            .filter_map(Conn::attached)
            .filter(|attached| now - attached.drawn.input_at <= ECHO_WITHIN);
        let clients: Vec<ClientId> = typing.map(|attached| attached.client).collect();
        let focused =
            clients.into_iter().filter_map(|client| self.core.state().views.get(&client)?.focus());
        focused.filter(|pane| self.panes.io.get(pane).is_some_and(PaneIo::may_echo)).collect()
    }

    /// Parses at most `budget` bytes of a pane's output; gives how many.
    fn pane_output(&mut self, pane: PaneId, budget: usize) -> usize {
        let (mut taken, mut bytes) = (0, Vec::new());
        while taken < budget {
            let Some(io) = self.panes.io.get_mut(&pane) else { break };
            let len = io.batch(budget - taken);
            let position = io.position;
            if let Err(error) = io.ring.read(position, len, &mut bytes) {
                tracing::error!(%pane, %error, "the ring is damaged");
                break;
            }
            if bytes.is_empty() {
                break;
            }
            let (count, end) = (bytes.len(), position + bytes.len() as u64);
            let lost = io.pipe.as_mut().and_then(|pipe| pipe.put(&bytes));
            let mut effects = Effects::new();
            io.position = end;
            // A bug that some bytes bring out costs the pane its screen, not everybody the server,
            // again and again.
            if self.step_core(Input::Output { pane, bytes: &bytes }, &mut effects).is_some() {
                tracing::error!(%pane, end, "its output could not be drawn: its screen begins \
                    anew");
                let lost = Input::Pane { pane, event: PaneEvent::ScreenLost };
                self.step_core(lost, &mut effects);
            }
            self.settle(effects, Origin::Output(end));
            if let Some(line) = lost {
                self.post(pipe::slow(pane, &line), Origin::None);
            }
            taken += count;
            let Some(io) = self.panes.io.get_mut(&pane) else { break };
            if io.done() {
                io.packing = true;
                self.write_snapshot(pane);
                self.step(Input::Server(ServerEvent::CapScrollback), Origin::None);
            }
        }
        if 0 < taken {
            self.after_output(pane);
        }
        self.end_if_drained(pane);
        taken
    }

    fn after_output(&mut self, pane: PaneId) {
        let now = now().tick;
        let (Some(io), Some(state)) =
            (self.panes.io.get_mut(&pane), self.core.state().panes.get(&pane))
        else {
            return;
        };
        io.note_hold(now, &state.screen);
        io.quiet_at = Some(now + QUIET);
        io.named_at.get_or_insert(now + NAME_AFTER);
        self.disk.printed(pane, now);
        self.mark(Some(pane));
    }

    /// Tells the core that a program has ended, once all it printed is parsed and a stop that was
    /// asked for is verified.
    pub(super) fn end_if_drained(&mut self, pane: PaneId) {
        let Some(io) = self.panes.io.get_mut(&pane) else { return };
        let Some((status, _)) = io.exit.filter(|_| io.is_drained() && !io.stop.is_under_way())
        else {
            return;
        };
        let left = std::mem::take(&mut io.stop).left();
        io.exit = None;
        tracing::info!(%pane, ?status, "ended");
        self.pane_ended(pane, status.into(), left);
        self.mark_stale();
    }

    /// The program of a pane has ended.
    pub(super) fn pane_ended(&mut self, pane: PaneId, status: ExitStatus, left: Vec<u32>) {
        let is_meant =
            self.core.state().panes.get(&pane).is_none_or(|pane| pane.life == ProgramState::Ending);
        if !is_meant && status.is_from_outside() {
            self.disk.suspect_shutdown(now().tick, self.core.state());
        }
        self.step(Input::Ended { pane, status, left }, Origin::None);
    }

    /// Something may look different now.
    pub(super) fn mark_stale(&mut self) {
        self.mark(None);
    }

    /// A pane may look different now; without one, anything.
    fn mark(&mut self, pane: Option<PaneId>) {
        for conn in self.clients.conns.values_mut() {
            let Some(attached) = conn.attached() else { continue };
            attached.drawn.stale = true;
            let focus = || self.core.state().views.get(&attached.client).and_then(View::focus);
            attached.drawn.focus_stale |= pane.is_none() || pane == focus();
        }
    }

    fn draw(&mut self, busy: bool) {
        let now = now().tick;
        let held: BTreeSet<PaneId> = self
            .panes
            .io
            .iter()
            .filter(|(_, io)| io.held_until.is_some())
            .map(|(pane, _)| *pane)
            .collect();
        for conn in self.clients.conns.values_mut().filter(|conn| !conn.closing) {
            let Some(attached) = conn.attached() else { continue };
            let focus = self
                .core
                .state()
                .views
                .get(&attached.client)
                .and_then(View::focus)
                .and_then(|pane| self.panes.io.get_mut(&pane));
            let is_echo = focus.is_none_or(|io| io.may_echo() && !(busy && io.has_output()));
            if attached.drawn.due(now, is_echo).is_none_or(|due| now < due) {
                continue;
            }
            let draw = AssertUnwindSafe(|| {
                attached.drawn.messages(now, &self.core, attached.client, &held)
            });
            let Ok(messages) = catch_unwind(draw) else {
                tracing::error!(client = %attached.client, "a bug: its view cannot be drawn");
                let message = "its view cannot be drawn, by a bug in abide".to_owned();
                let bye = ToClient::Bye(Bye::Refused { message });
                conn.tell(&bye);
                conn.closing = true;
                continue;
            };
            if messages.is_empty() {
                continue;
            }
            let taken = attached.untold();
            if let Some(number) = taken {
                conn.tell(&ToClient::InputAck(number));
            }
            for message in &messages {
                conn.tell(message);
            }
        }
    }

    pub(super) fn flush(&mut self) {
        let mut dropped = Vec::new();
        for (id, conn) in &mut self.clients.conns {
            if let Some(number) = conn.attached().and_then(Attached::overdue) {
                conn.tell(&ToClient::InputAck(number));
            }
            if (conn.has_unsent() || conn.closing || conn.is_done())
                && !conn.flush(*id, &self.events)
            {
                dropped.push(*id);
            }
        }
        for conn in dropped {
            self.close(conn);
        }
    }

    /// Lets a task read the configuration; a change during a read is read by one more, so that the
    /// latest is what stays.
    fn reload(&mut self) {
        if self.reload != Reload::Idle {
            self.reload = Reload::Again;
            return;
        }
        self.reload = Reload::UnderWay;
        let events = self.events.clone();
        tokio::task::spawn_blocking(move || {
            let settings = settings().map(Box::new);
            event::send_blocking(&events, Event::Configuration(settings));
        });
    }

    /// Takes a configuration that was read; one with problems changes nothing.
    pub(super) fn reloaded(&mut self, settings: Option<Box<Settings>>) {
        let is_again = std::mem::take(&mut self.reload) == Reload::Again;
        if let Some(settings) = settings.filter(|settings| **settings != *self.core.settings()) {
            log::configure(&settings);
            self.step(Input::Configured(settings), Origin::None);
            self.mark_stale();
        }
        if is_again {
            self.reload();
        }
    }

    fn next_deadline(&self) -> Option<Tick> {
        let panes = self
            .panes
            .io
            .values()
            .flat_map(|io| [io.quiet_at, io.named_at, io.held_until, io.stop.deadline()])
            .flatten();
        let draws = self.clients.conns.values().filter_map(Conn::draw_deadline);
        let half_open = self.clients.conns.values().filter(|conn| !conn.closing);
        let half_open = half_open.filter_map(|conn| conn.first_word_by);
        panes
            .chain(draws)
            .chain(half_open)
            .chain(self.core.next_deadline())
            .chain(self.commands.deadline())
            .chain(self.disk.deadline(self.core.state()))
            .min()
    }

    /// Does what is due. True if something may have to be drawn or sent.
    fn pass_deadlines(&mut self) -> bool {
        let now = now().tick;
        let is_due = |deadline: Option<Tick>| deadline.is_some_and(|deadline| deadline <= now);
        let mut was_due = self.clients.end_half_open(now);
        if self.core.next_deadline().is_some_and(|deadline| deadline <= now) {
            self.step(Input::Wake, Origin::None);
            self.mark_stale();
            was_due = true;
        }
        let due: Vec<PaneId> = self
            .panes
            .io
            .iter()
            .filter(|(_, io)| {
                is_due(io.quiet_at)
                    || is_due(io.named_at)
                    || is_due(io.held_until)
                    || is_due(io.stop.deadline())
            })
            .map(|(pane, _)| *pane)
            .collect();
        for pane in due {
            self.pass_pane_deadlines(pane, now);
            was_due = true;
        }
        if is_due(self.commands.deadline()) {
            self.with_commands(|commands, cx| commands.pass_deadlines(cx, now));
            was_due = true;
        }
        if is_due(self.disk.deadline(self.core.state())) {
            self.disk.write(now, self.core.state(), |pane| place(self.panes.io.get(&pane)?));
        }
        was_due
    }

    /// Tells the core what runs in the foreground of a pane, if it is time to look.
    fn name_program(&mut self, pane: PaneId, now: Tick) {
        let Some(state) = self.core.state().panes.get(&pane) else { return };
        let (is_shell, former) = (state.program().is_empty(), state.marks.program.clone());
        let io = self.panes.io.get_mut(&pane);
        let Some(event) = io.and_then(|io| io.foreground(is_shell, now)) else { return };
        self.tell_directory(pane);
        let is_news = !matches!(&event, PaneEvent::Foreground { name, .. } if *name == former);
        self.post(Input::Pane { pane, event }, Origin::None);
        if is_news {
            self.mark_stale();
        }
    }

    /// Tells the core in which directory the foreground of a pane is, if that is news.
    fn tell_directory(&mut self, pane: PaneId) {
        let Some(path) = self.panes.io.get(&pane).and_then(PaneIo::directory) else { return };
        let state = self.core.state().panes.get(&pane);
        if state.is_some_and(|state| state.marks.cwd != path) {
            self.post(Input::Pane { pane, event: PaneEvent::Cwd(path) }, Origin::None);
        }
    }

    /// Before a call that lists panes: the core is told what runs in them now. A program that is
    /// silent may have changed its directory since it was looked at.
    pub(super) fn look_at_panes(&mut self) {
        for pane in self.panes.io.keys().copied().collect::<Vec<_>>() {
            let is_waiting = |io: &mut PaneIo| {
                io.named_at.take().map(|_| io.named_at = Some(Tick::default())).is_some()
            };
            if self.panes.io.get_mut(&pane).is_some_and(is_waiting) {
                self.name_program(pane, now().tick);
            } else {
                self.tell_directory(pane);
            }
        }
    }

    fn pass_pane_deadlines(&mut self, pane: PaneId, now: Tick) {
        let Some(io) = self.panes.io.get_mut(&pane) else { return };
        if io.held_until.is_some_and(|until| until <= now) {
            io.held_until = None;
            self.step(Input::Pane { pane, event: PaneEvent::SyncTimeout }, Origin::None);
            self.mark_stale();
        }
        self.name_program(pane, now);
        let Some(io) = self.panes.io.get_mut(&pane) else { return };
        if io.quiet_at.is_some_and(|at| at <= now) {
            io.quiet_at = None;
            self.disk.is_quiet(pane, now);
            if !io.is_snapshot_fresh() {
                self.write_snapshot(pane);
            }
            if let Some(io) = self.panes.io.get_mut(&pane) {
                io.trim();
                io.packing = true;
                // The ring's free pages are the keeper's to give back.
                self.wake.room.notify();
            }
        }
        self.pass_stop_deadline(pane, now);
    }
}

/// The folder of a pane's program: a shell in its place starts there after a restart of the
/// machine.
pub(super) fn place(io: &PaneIo) -> Option<String> {
    process::working_directory(io.pid())?.to_str().map(str::to_owned)
}

/// Waits until the deadline, or for ever.
pub(super) async fn pause(deadline: Option<Tick>) {
    match deadline {
        None => std::future::pending().await,
        Some(deadline) => {
            let left = Duration::from_nanos((deadline - now().tick).0);
            // Nothing comes: the deadline is all that ends it.
            tokio::time::timeout(left, std::future::pending::<()>()).await.unwrap_or_default();
        }
    }
}

/// The refusal of a call that a bug around the core has cut short.
pub(super) fn bug(what: &str) -> Refusal {
    Refusal::new(Code::Internal, format!("{what}, by a bug in abide"))
        .hint("the server's log says more")
}

/// A connection that was accepted, as the stream that the loop works with.
fn accepted(stream: UnixStream) -> std::io::Result<Stream> {
    stream.into_std().and_then(Stream::new)
}
