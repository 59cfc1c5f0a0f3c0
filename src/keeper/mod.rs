//! The keeper: opens PTYs, spawns, reads output into rings, reaps, keeps the server alive. It
//! parses nothing and has one thread with one `poll`, which waits for ever when nothing is owed.
//! Only `main` uses it. Tests: `tests/it/keeper.rs` against a stand-in for the server,
//! `tests/it/chaos.rs`, `tests/it/e2e_upgrade.rs`.

mod calls;
mod job;
mod kill;
mod link;
mod server;
mod spawn;
mod stream;
mod upgrade;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::rc::Rc;

use anyhow::Context;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{WaitOptions, set_child_subreaper, wait};

use crate::base::error::ignore_failure;
use crate::base::memory::SharedBytes;
use crate::base::signal;
use crate::base::time::{Span, Tick};
use crate::keeper::job::{Program, ProgramLife};
use crate::keeper::kill::{Kill, Scope};
use crate::keeper::server::{HUSH, Server};
use crate::keeper::stream::{Flow, READ_COUNT_MAX};
use crate::platform::cgroup::Cgroups;
use crate::platform::memory::SharedMemory;
use crate::platform::paths::Paths;
use crate::platform::pidfd::{self, Ended};
use crate::platform::poll::timespec;
use crate::platform::process_snapshot::SnapshotCache;
use crate::platform::{
    EventFd, ProgramLimits, SignalFd, close_fds_from, daemonize, last_words, now, process,
    random_u64, restore_default_signals,
};
use crate::wire::keeper::{
    CONTROL_AWAITED, CONTROL_REAPS, CONTROL_SUCCEEDS, CONTROL_WAITING, ExitStatus, FromKeeper,
    Target, VERSION, WAITING_FOR_ANY, WAITING_FOR_AWAITED,
};

/// The number of reads one round takes of all streams together, at least one of each: a flood of
/// many must not keep the server waiting for an answer.
const ROUND_READ_COUNT: usize = 64;
/// The time the last output of an ended leader is waited for, when others still hold its terminal.
const LAST_OUTPUT_WITHIN: Span = Span::millis(250);
/// The time the status of an adopted leader is waited for: its new parent has to reap it first.
const STATUS_WITHIN: Span = Span::millis(100);
/// The pause before the next try when the kernel lets no more fds be on the way.
const STUCK_RETRY: Span = Span::millis(10);
/// Without any program to keep, that many crashes in a row end the keeper.
const HOPELESS_CRASH_COUNT: u32 = 6;

/// Runs the keeper until its server ends as it was meant to; gives its exit status. `args` is what
/// follows `keeper` on the command line: `--server-exe PATH` (else this program), `--adopt`
/// (standard input is the socket of a server that hands over).
#[must_use]
pub fn run(args: &[OsString]) -> u8 {
    let prepared = upgrade::inherited(args).unwrap_or_else(|| Keeper::prepare(args));
    match prepared.and_then(Keeper::serve) {
        Ok(()) => 0,
        Err(error) => {
            log(&format!("{error:#}"));
            // Everything it held is let go by now, so a disk that hangs holds up nothing.
            let saved = Paths::current().map(|places| last_words::save(&places.log()));
            ignore_failure(saved, "if even the log is gone, nobody can be told");
            1
        }
    }
}

/// Says a line for the log on standard error, whence the server moves it there.
fn log(line: &str) {
    last_words::say(&format!("keeper: {line}"));
}

/// All it holds.
#[derive(Debug)]
struct Keeper {
    epoch: u64,
    limit: ProgramLimits,
    signals: SignalFd,
    wake: Wake,
    cgroups: Option<Cgroups>,
    server: Server,
    jobs: BTreeMap<u64, Program>,
    /// The rests of programs that are forgotten, by the tags of whom they are left to.
    rests: BTreeMap<u64, Program>,
    stash: BTreeMap<Vec<u8>, Rc<OwnedFd>>,
    kills: Vec<Kill>,
    snapshots: SnapshotCache,
    /// The program this process becomes as soon as nothing is on its way.
    next: Option<PathBuf>,
    is_adopting: bool,
    /// The keeper was told to end, and waits until the server has saved all.
    is_going: bool,
    is_over: bool,
}

/// The fds by which server and keeper wake each other.
#[derive(Debug)]
struct Wake {
    control: SharedMemory,
    data: EventFd,
    room: EventFd,
}

/// A source of events that became ready.
#[derive(Debug, Clone, Copy)]
enum PollSource {
    Signals,
    Room,
    Link,
    Server,
    Stream(u64, usize),
    Leader(u64),
}

impl Wake {
    fn fds(&self) -> io::Result<[OwnedFd; 3]> {
        Ok([self.control.try_clone_fd()?, self.data.try_clone_fd()?, self.room.try_clone_fd()?])
    }

    fn from_fds([control, data, room]: [OwnedFd; 3]) -> io::Result<Self> {
        Ok(Self {
            control: SharedMemory::from_fd(control)?,
            data: EventFd::from_fd(data),
            room: EventFd::from_fd(room),
        })
    }
}

impl Keeper {
    fn prepare(args: &[OsString]) -> anyhow::Result<Self> {
        close_fds_from(3);
        restore_default_signals();
        let (server_exe, is_adopting) =
            daemonize::keeper_options(args).map_err(anyhow::Error::msg)?;
        rustix::process::chdir("/").context("cannot change to /")?;
        // Orphans of our programs come to us, so that they can be ended and reaped.
        set_child_subreaper(rustix::process::Pid::from_raw(1))
            .context("cannot become the parent of orphans")?;
        let at = now().tick;
        let server = if is_adopting {
            let socket = rustix::io::dup(rustix::stdio::stdin())
                .context("there is no server on standard input")?;
            rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
            Server::adopting(server_exe, socket, at)?
        } else {
            Server::due_at(server_exe, at)
        };
        let epoch = random_u64()?;
        let wake = Wake {
            control: SharedMemory::fixed("abide-control", 4096).context("cannot share memory")?,
            data: EventFd::new()?,
            room: EventFd::new()?,
        };
        let cgroups = if is_adopting { None } else { Cgroups::probe(epoch) };
        Ok(Self { is_adopting, ..Self::new(epoch, ProgramLimits::raise(), wake, cgroups, server)? })
    }

    fn new(
        epoch: u64,
        limit: ProgramLimits,
        wake: Wake,
        cgroups: Option<Cgroups>,
        server: Server,
    ) -> anyhow::Result<Self> {
        let mut wake = wake;
        wake.control.publish(CONTROL_SUCCEEDS, 1);
        Ok(Self {
            epoch,
            limit,
            signals: SignalFd::new().context("cannot read signals")?,
            wake,
            cgroups,
            server,
            jobs: BTreeMap::new(),
            rests: BTreeMap::new(),
            stash: BTreeMap::new(),
            kills: Vec::new(),
            snapshots: SnapshotCache::default(),
            next: None,
            is_adopting: false,
            is_going: false,
            is_over: false,
        })
    }

    fn serve(mut self) -> anyhow::Result<()> {
        while !self.is_over {
            let ready = self.wait()?;
            let share = (ROUND_READ_COUNT / ready.len().max(1)).clamp(1, READ_COUNT_MAX);
            for (source, flags) in ready {
                self.handle(source, flags, share);
            }
            self.turn()?;
        }
        if let Some(cgroups) = &self.cgroups {
            cgroups.close();
        }
        Ok(())
    }

    /// Waits until something is ready or due.
    fn wait(&self) -> io::Result<Vec<(PollSource, PollFlags)>> {
        let at = now().tick;
        let timeout = self.deadline().map(|deadline| timespec(deadline - at));
        let is_hushed = self.server.is_hushed(at);
        let mut sources = vec![PollSource::Signals, PollSource::Room];
        let mut fds = vec![
            PollFd::new(&self.signals, PollFlags::IN),
            PollFd::new(&self.wake.room, PollFlags::IN),
        ];
        if let Some(link) = &self.server.link {
            let mut flags = PollFlags::empty();
            flags.set(PollFlags::IN, link.wants_to_read());
            flags.set(PollFlags::OUT, link.wants_to_write());
            sources.push(PollSource::Link);
            fds.push(PollFd::new(link, flags));
        }
        if let Some(pidfd) = self.server.pidfd() {
            sources.push(PollSource::Server);
            fds.push(PollFd::new(pidfd, awaited(self.server.status_by)));
        }
        for job in self.jobs.values() {
            for (idx, stream) in job
                .streams
                .iter()
                .enumerate()
                .filter(|(_, stream)| stream.flow == Flow::Open && !is_hushed)
            {
                sources.push(PollSource::Stream(job.tag, idx));
                fds.push(PollFd::new(&*stream.source, PollFlags::IN));
            }
            if let Some(pidfd) = job.pidfd.as_deref().filter(|_| job.is_adopted && job.is_running())
            {
                sources.push(PollSource::Leader(job.tag));
                fds.push(PollFd::new(pidfd, awaited(job.status_by)));
            }
        }
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(sources
            .into_iter()
            .zip(fds.iter().map(PollFd::revents))
            .filter(|(_, flags)| !flags.is_empty())
            .collect())
    }

    /// Sees to what became ready; a stream is read `share` times at most.
    fn handle(&mut self, source: PollSource, flags: PollFlags, share: usize) {
        match source {
            PollSource::Signals => self.take_signals(),
            PollSource::Room => {
                self.wake.room.drain();
                self.jobs
                    .values_mut()
                    .flat_map(|job| &mut job.streams)
                    .for_each(stream::OutputStream::has_room);
            }
            PollSource::Link => self.talk(flags),
            PollSource::Server => self.adopted_server_ended(flags.contains(PollFlags::HUP)),
            PollSource::Stream(tag, idx) => self.pump_in_turn(tag, idx, share),
            PollSource::Leader(tag) => {
                self.adopted_leader_ended(tag, flags.contains(PollFlags::HUP));
            }
        }
    }

    /// Does the work that time and the events of this turn have made due.
    fn turn(&mut self) -> io::Result<()> {
        let at = now().tick;
        self.look_for_statuses(at);
        self.settle(at);
        self.go_on_killing(at);
        self.snapshots.forget(!self.kills.is_empty());
        if let Some(link) = self.server.link.as_mut().filter(|link| link.is_stuck) {
            link.flush();
        }
        if self.server.restart_at.is_some_and(|due| due <= at) {
            self.start_server(at);
        } else if self.server.watch(self.wake.control.word(CONTROL_WAITING) != 0, at) {
            self.send(0, &FromKeeper::Ping, Vec::new());
        }
        self.become_next();
        if self.jobs.is_empty() && self.server.crash_count >= HOPELESS_CRASH_COUNT {
            return Err(io::Error::other(
                "the server ends again and again right after its start, and there is no program \
                 to keep",
            ));
        }
        Ok(())
    }

    /// The moment when the next thing is due, if any.
    fn deadline(&self) -> Option<Tick> {
        let endings = self.jobs.values().filter_map(|job| match job.life {
            // A full ring is waited for without an end: nothing that was written may be missed.
            ProgramLife::Ending(_, by) if !job.is_blocked() => Some(by),
            ProgramLife::Running => job.status_by,
            ProgramLife::Ending(..) | ProgramLife::Ended(_) => None,
        });
        let at = now().tick;
        let stuck =
            self.server.link.as_ref().is_some_and(|link| link.is_stuck).then(|| at + STUCK_RETRY);
        let hush = self.server.is_hushed(at).then(|| at + HUSH);
        let kills = self.kills.iter().map(|kill| kill.next);
        endings.chain(kills).chain(self.server.deadline()).chain(stuck).chain(hush).min()
    }

    /// Reads one stream for a turn; whoever has typed waits for one read of it at most.
    fn pump_in_turn(&mut self, tag: u64, idx: usize, count: usize) {
        let awaited = self.wake.control.word(CONTROL_AWAITED);
        (0..count).all(|_| {
            if awaited != tag {
                self.pump(awaited, 0, 1);
            }
            self.pump(tag, idx, 1)
        });
    }

    /// Reads one stream so often, and wakes the server if it waits. True if there may be more.
    fn pump(&mut self, tag: u64, idx: usize, count: usize) -> bool {
        let Some(job) = self.jobs.get_mut(&tag) else { return false };
        let is_leader_alive = job.is_running();
        let Some(stream) = job.streams.get_mut(idx).filter(|stream| stream.flow == Flow::Open)
        else {
            return false;
        };
        let (Wake { control, data, .. }, server) = (&mut self.wake, &mut self.server);
        stream.pump(is_leader_alive, count, || {
            let waiting = control.word(CONTROL_WAITING);
            if waiting == WAITING_FOR_ANY
                || waiting == WAITING_FOR_AWAITED && control.word(CONTROL_AWAITED) == tag
            {
                // First the word, then the wake: the other way round would take back a wish the
                // server uttered between the two.
                control.publish(CONTROL_WAITING, 0);
                data.notify();
                server.watchdog.woken(now().tick);
            }
        })
    }

    fn take_signals(&mut self) {
        while let Some(signal) = self.signals.next() {
            match signal {
                signal::CHLD => self.reap(),
                signal::TERM => self.go(),
                _ => {}
            }
        }
    }

    /// Told to end: the login, the machine or somebody means all of it. The server saves, and
    /// nothing is started any more.
    fn go(&mut self) {
        self.is_going = true;
        self.is_over |= self.server.go(now().tick);
    }

    /// The end of all that was told to go: programs hear it as from a terminal that is closed.
    fn gone(&mut self) {
        self.is_over = true;
        self.snapshots.take();
        let Some(scope) = self.scope() else { return };
        for job in self.jobs.values() {
            kill::signal(job, scope, Target::Tree, signal::HUP);
        }
    }

    /// Reaps whoever has ended. Only this reaps, so until then the number of a child means that
    /// child.
    fn reap(&mut self) {
        // Odd while somebody may vanish, and another number after that.
        let reaps = self.wake.control.word(CONTROL_REAPS) | 1;
        self.wake.control.publish(CONTROL_REAPS, reaps);
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            let pid = pid.as_raw_pid();
            let status = from_ended(Ended::from_wait_status(status.as_raw()));
            let leader = self.jobs.values_mut().find(|job| job.pid == pid && job.is_own_child());
            if self.server.is_child(pid) {
                self.server_ended(status);
            } else if let Some(job) = leader {
                job.leader_ended(status, now().tick + LAST_OUTPUT_WITHIN);
            }
        }
        self.wake.control.publish(CONTROL_REAPS, reaps.wrapping_add(1));
    }

    fn server_ended(&mut self, status: ExitStatus) {
        // The server's last words may be unread: no more than the socket holds.
        (0..8).for_each(|_| self.talk(PollFlags::IN));
        if self.is_going {
            return self.gone();
        }
        if status == ExitStatus::Code(0) {
            self.is_over = true;
            if self.jobs.is_empty() {
                self.end_rests();
                // All that is known was ended: who is left has shed all that tells whose it is.
                process::end_children();
            }
            return;
        }
        self.server.crashed(status, now().tick);
    }

    fn start_server(&mut self, at: Tick) {
        self.wake.control.publish(CONTROL_WAITING, 0);
        self.wake.control.publish(CONTROL_AWAITED, 0);
        if self.server.start(at).is_err() {
            self.server.crashed(ExitStatus::Lost, at);
            return;
        }
        self.greet();
    }

    fn greet(&mut self) {
        let Ok(fds) = self.wake.fds() else { return };
        let fds = fds.into_iter().map(Rc::new).collect();
        let hello = FromKeeper::Hello {
            version: VERSION,
            epoch: self.epoch,
            has_cgroup: self.cgroups.is_some(),
            crash_count: self.server.crash_count,
            keeper_pid: rustix::process::getpid().as_raw_pid(),
            upgrade: self.server.upgrade,
        };
        self.send(0, &hello, fds);
    }

    fn send(&mut self, call: u64, message: &FromKeeper, fds: Vec<Rc<OwnedFd>>) {
        if let Some(link) = &mut self.server.link {
            link.send(call, message, fds);
        }
    }

    /// Without a status it counts as a crash, which loses nothing.
    fn adopted_server_ended(&mut self, is_reaped: bool) {
        match self.server.pidfd().and_then(|pidfd| pidfd::ended(pidfd, self.server.pid())) {
            Some(ended) => self.server_ended(from_ended(ended)),
            None if is_reaped => self.server_ended(ExitStatus::Lost),
            None => {
                self.server.status_by = self.server.status_by.or(Some(now().tick + STATUS_WITHIN));
            }
        }
    }

    fn adopted_leader_ended(&mut self, tag: u64, is_reaped: bool) {
        let at = now().tick;
        let Some(job) = self.jobs.get_mut(&tag) else { return };
        match job.pidfd.as_deref().and_then(|pidfd| pidfd::ended(pidfd, job.pid)) {
            Some(ended) => job.leader_ended(from_ended(ended), at + LAST_OUTPUT_WITHIN),
            None if is_reaped => job.leader_ended(ExitStatus::Lost, at + LAST_OUTPUT_WITHIN),
            None => job.status_by = job.status_by.or(Some(at + STATUS_WITHIN)),
        }
    }

    /// Adopted processes whose status does not come.
    fn look_for_statuses(&mut self, at: Tick) {
        if self.server.status_by.is_some_and(|by| by <= at) {
            self.adopted_server_ended(true);
        }
        for job in self.jobs.values_mut().filter(|job| job.status_by.is_some_and(|by| by <= at)) {
            let ended = job.pidfd.as_deref().and_then(|pidfd| pidfd::ended(pidfd, job.pid));
            job.leader_ended(ended.map_or(ExitStatus::Lost, from_ended), at + LAST_OUTPUT_WITHIN);
        }
    }

    /// Tells of ended leaders whose last output is in their rings.
    fn settle(&mut self, at: Tick) {
        let ending = |job: &Program| matches!(job.life, ProgramLife::Ending(..));
        let tags: Vec<u64> =
            self.jobs.values().filter(|job| ending(job)).map(|job| job.tag).collect();
        for tag in tags {
            let open = self.jobs.get(&tag).map_or(0, |job| job.streams.len());
            for idx in 0..open {
                self.pump(tag, idx, READ_COUNT_MAX);
            }
            let Some(job) = self.jobs.get_mut(&tag) else { continue };
            let ProgramLife::Ending(status, by) = job.life else { continue };
            if job.is_drained() || (by <= at && !job.is_blocked()) {
                job.life = ProgramLife::Ended(status);
                let end = job.end();
                self.send(0, &FromKeeper::Exited { tag, status, end }, Vec::new());
            }
        }
    }

    /// The passes of kills that are due, all with one look at the process table.
    fn go_on_killing(&mut self, at: Tick) {
        if self.kills.iter().all(|kill| at < kill.next) {
            return;
        }
        self.reap();
        self.snapshots.snapshot = None;
        self.snapshots.take();
        let mut kills = std::mem::take(&mut self.kills);
        kills.retain_mut(|kill| {
            let Some(job) = self.program(kill.tag) else { return false };
            let Some(scope) = self.scope() else { return true };
            let Some(report) = kill.pass(job, scope) else { return true };
            self.send(kill.call, &FromKeeper::Killed { tag: kill.tag, report }, Vec::new());
            false
        });
        self.kills.extend(kills);
    }

    fn scope(&self) -> Option<Scope<'_>> {
        let SnapshotCache { snapshot, markers } = &self.snapshots;
        Some(Scope {
            epoch: self.epoch,
            cgroups: self.cgroups.as_ref(),
            server_pids: self.server.pids(),
            snapshot: snapshot.as_ref()?,
            markers,
        })
    }
}

/// The events a pidfd is polled for: a zombie keeps it readable, and that it was reaped comes as
/// HUP, which is always told.
const fn awaited(status_by: Option<Tick>) -> PollFlags {
    if status_by.is_none() { PollFlags::IN } else { PollFlags::empty() }
}

const fn from_ended(ended: Ended) -> ExitStatus {
    match ended {
        Ended::Code(code) => ExitStatus::Code(code),
        Ended::Signal(signal) => ExitStatus::Signal(signal),
    }
}
