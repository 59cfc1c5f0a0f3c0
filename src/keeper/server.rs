//! The server as the keeper sees it: started, watched while it owes something, started again when
//! it dies. What it does is not known here.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::base::error::ignore_failure;
use crate::base::signal::{KILL, TERM};
use crate::base::time::{Span, Tick, backoff};
use crate::base::watchdog::{Watchdog, WatchdogAction};
use crate::keeper::link::ServerLink;
use crate::platform::{ProgramLimits, RUNNING, clear_signal_mask, pidfd, process, socket};
use crate::wire::keeper::{ExitStatus, FromKeeper, RESTART_STATUS, Upgrade};

/// A server that worked this long was no crash loop: what killed it came from outside.
const LONG_LIFE: Span = Span::millis(100);
/// The first pause before a restart that is not at once.
const PAUSE_FIRST: Span = Span::millis(100);
/// The longest pause before a restart.
const PAUSE_MAX: Span = Span::seconds(30);
/// After that many crashes in a row the server starts with its built-in defaults (F32), but for the
/// first try after a roll-back.
const SAFE_MODE_CRASH_COUNT: u32 = 3;
/// After so many failures in a row, or one that does not take over in time, it is not the one in
/// its place that is started, which may be an upgrade that does not work here.
const ROLL_BACK_FAULT_COUNT: u32 = 4;
/// The time a server has to take over.
const READY_WITHIN: Span = Span::seconds(15);
/// So long one that takes over has the processors to itself: what programs print waits in their
/// terminals, and is read into the rings only then.
pub(super) const HUSH: Span = Span::millis(250);
/// The time a server may owe something before it is asked for an answer.
const ASK_AFTER: Span = Span::seconds(2);
/// The time it has to answer (F31).
const ANSWER_WITHIN: Span = Span::seconds(10);
/// The time a server without connection has to end by itself.
const END_WITHIN: Span = Span::seconds(5);

/// The process of the server.
#[derive(Debug)]
enum Running {
    /// None.
    No,
    /// Our child: its end comes with the other children's.
    Child(i32),
    /// The server was there before this keeper, which it has started.
    Adopted(i32, OwnedFd),
}

/// A server that holds all until its successor works.
#[derive(Debug)]
struct Former {
    pid: i32,
    pidfd: Option<OwnedFd>,
    /// None once it was told that it is no longer needed.
    link: Option<ServerLink>,
    /// The moment when it has to be gone.
    end_by: Option<Tick>,
}

/// The one server.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) exe: PathBuf,
    /// The program that is to take over from the one that works: of the next server, and once that
    /// runs, of this one until it is proven.
    candidate: Option<PathBuf>,
    /// The state of an upgrade. It is proven once it says that it works, and answers.
    pub(super) upgrade: Upgrade,
    running: Running,
    /// The connection; none while there is no server, or one that has closed it.
    pub(super) link: Option<ServerLink>,
    /// The one before it, while that one stays for safety.
    former: Option<Former>,
    /// The last lease that was given.
    pub(super) lease: u64,
    /// The number of servers in a row that ended soon after their start.
    pub(super) crash_count: u32,
    /// The number of those servers that ended by themselves: a KILL from outside says nothing about
    /// the configuration.
    fault_count: u32,
    /// The moment when it said that it works.
    pub(super) ready: Option<Tick>,
    /// The server has ended, but how is not known before its new parent has reaped it: until then
    /// that is asked for.
    pub(super) status_by: Option<Tick>,
    pub(super) restart_at: Option<Tick>,
    /// The moment when it has to work.
    ready_by: Option<Tick>,
    end_by: Option<Tick>,
    pub(super) watchdog: Watchdog,
}

impl Server {
    /// None yet; one is due at once.
    pub(super) const fn due_at(exe: PathBuf, now: Tick) -> Self {
        Self {
            exe,
            candidate: None,
            upgrade: Upgrade::None,
            running: Running::No,
            link: None,
            former: None,
            lease: 0,
            crash_count: 0,
            fault_count: 0,
            ready: None,
            status_by: None,
            restart_at: Some(now),
            ready_by: None,
            end_by: None,
            watchdog: Watchdog::new(ASK_AFTER, ANSWER_WITHIN),
        }
    }

    /// The one that has started this keeper and is about to say who it is.
    pub(super) fn adopting(exe: PathBuf, socket: OwnedFd, now: Tick) -> io::Result<Self> {
        Ok(Self {
            link: Some(ServerLink::new(socket, 0)?),
            restart_at: None,
            ..Self::due_at(exe, now)
        })
    }

    /// The one that ran when this process became another program.
    pub(super) fn inherited(exe: PathBuf, pid: i32, link: ServerLink, now: Tick) -> Self {
        let (lease, running) = (link.lease, Running::Child(pid));
        Self {
            running,
            lease,
            link: Some(link),
            ready: Some(now),
            restart_at: None,
            ..Self::due_at(exe, now)
        }
    }

    /// The server has said who it is.
    pub(super) fn adopt(&mut self, pid: i32, pidfd: OwnedFd, lease: u64) {
        self.running = Running::Adopted(pid, pidfd);
        self.lease = lease;
    }

    /// Starts one with the next lease; it inherits our environment and standard error.
    ///
    /// # Errors
    /// If it cannot be started.
    pub(super) fn start(&mut self, now: Tick) -> io::Result<()> {
        self.restart_at = None;
        self.ready_by = Some(now + READY_WITHIN);
        self.ready = None;
        self.lease += 1;
        self.watchdog = Watchdog::new(ASK_AFTER, ANSWER_WITHIN);
        if self.candidate.is_some() {
            self.upgrade = Upgrade::Successor;
        }
        let (ours, theirs) = socket::pair()?;
        let mut command = Command::new(self.program());
        command.args(["server", "run", "--lease", &self.lease.to_string()]);
        if self.fault_count >= SAFE_MODE_CRASH_COUNT && self.fault_count != ROLL_BACK_FAULT_COUNT {
            command.arg("--safe-mode");
        }
        command.stdin(Stdio::from(theirs)).stdout(Stdio::null());
        clear_signal_mask(&mut command);
        ProgramLimits::give_to_server(&mut command);
        let child = command.spawn()?;
        self.running = Running::Child(i32::try_from(child.id()).unwrap_or(0));
        self.link = Some(ServerLink::new(ours, self.lease)?);
        Ok(())
    }

    /// The program that is started: the program in its place; the one that this keeper is of if
    /// there is none, or a new one in that place does not work.
    fn program(&self) -> &Path {
        let in_place =
            Some(&self.exe).filter(|exe| self.fault_count < ROLL_BACK_FAULT_COUNT && exe.exists());
        self.candidate.as_ref().or(in_place).map_or(Path::new(RUNNING), PathBuf::as_path)
    }

    /// The next one is to be of this program, and this one is about to end.
    pub(super) fn upgrade(&mut self, program: PathBuf, now: Tick) {
        (self.candidate, self.end_by) = (Some(program), Some(now + END_WITHIN));
    }

    /// The next one is to be started while this one stays and holds all.
    pub(super) fn succeed(&mut self, now: Tick) {
        let pid = self.pid();
        let pidfd = match std::mem::replace(&mut self.running, Running::No) {
            Running::No => None,
            Running::Child(pid) => pidfd::open(pid).ok(),
            Running::Adopted(_, pidfd) => Some(pidfd),
        };
        let former = Former { pid, pidfd, link: self.link.take(), end_by: None };
        self.crashed(ExitStatus::Code(RESTART_STATUS.into()), now);
        self.former = Some(former);
    }

    /// The one that stays is no longer needed.
    fn release(&mut self, now: Tick) {
        if let Some(former) = &mut self.former
            && let Some(mut link) = former.link.take()
        {
            link.send(0, &FromKeeper::Released, Vec::new());
            former.end_by = Some(now + END_WITHIN);
        }
    }

    /// No server is to be started any more, and this one is to end. True if there is none.
    pub(super) fn go(&mut self, now: Tick) -> bool {
        self.release(now);
        if let Some(link) = &mut self.link {
            link.send(0, &FromKeeper::Go, Vec::new());
        }
        self.end_by = Some(now + END_WITHIN);
        // An older server does not know the record.
        self.signal(TERM);
        matches!(self.running, Running::No)
    }

    /// The server says that it works. True if that is to be proven by an answer.
    pub(super) fn works(&mut self, now: Tick) -> bool {
        self.ready = Some(now);
        self.release(now);
        let is_tried = self.upgrade == Upgrade::Successor;
        self.ready_by = self.ready_by.filter(|_| is_tried);
        is_tried
    }

    /// The process id of the server; 0 if there is none.
    pub(super) const fn pid(&self) -> i32 {
        match self.running {
            Running::No => 0,
            Running::Child(pid) | Running::Adopted(pid, _) => pid,
        }
    }

    /// The process ids of this server and of one that stays for it; 0 where there is none.
    pub(super) fn pids(&self) -> [i32; 2] {
        [self.pid(), self.former.as_ref().map_or(0, |former| former.pid)]
    }

    /// True if the server was this process id, which was just reaped.
    pub(super) const fn is_child(&self, pid: i32) -> bool {
        matches!(self.running, Running::Child(child) if child == pid)
    }

    /// The fd that becomes readable when it ends, if it is not our child.
    pub(super) const fn pidfd(&self) -> Option<&OwnedFd> {
        match &self.running {
            Running::Adopted(_, pidfd) => Some(pidfd),
            Running::No | Running::Child(_) => None,
        }
    }

    /// The server has ended: if it was killed or asked for another, the next is started at once, or
    /// soon; if by itself, after a pause that doubles.
    pub(super) fn crashed(&mut self, status: ExitStatus, now: Tick) {
        let by_itself = status == ExitStatus::Code(RESTART_STATUS.into());
        let by_hand = by_itself || status == ExitStatus::Signal(KILL);
        (self.running, self.link, self.ready_by, self.end_by, self.status_by) =
            (Running::No, None, None, None, None);
        let has_worked = self.ready.is_some_and(|since| by_itself || LONG_LIFE <= now - since);
        self.crash_count = if has_worked { 1 } else { self.crash_count.saturating_add(1) };
        self.fault_count = if has_worked { 0 } else { self.fault_count } + u32::from(!by_hand);
        if self.upgrade == Upgrade::Successor {
            (self.candidate, self.upgrade, self.fault_count) =
                (None, Upgrade::RolledBack(status), ROLL_BACK_FAULT_COUNT);
        } else if has_worked {
            self.upgrade = Upgrade::None;
        }
        let pause_max = if by_hand { PAUSE_FIRST } else { PAUSE_MAX };
        self.restart_at = Some(now + backoff(self.crash_count, PAUSE_FIRST, pause_max));
    }

    /// The server has closed its connection, or said what means nothing: it has to end.
    pub(super) fn disconnected(&mut self, now: Tick) {
        self.link = None;
        self.end_by = Some(now + END_WITHIN);
        if matches!(self.running, Running::No) && self.restart_at.is_none() {
            self.restart_at = Some(now);
        }
    }

    /// The server has answered. `is_waiting`: it has nothing to do. True if that proves an upgrade.
    pub(super) fn answered(&mut self, is_waiting: bool, now: Tick) -> bool {
        self.watchdog.answered(is_waiting, now);
        let is_proven = self.ready.is_some() && self.upgrade == Upgrade::Successor;
        if is_proven && let Some(program) = self.candidate.take() {
            (self.exe, self.ready_by, self.upgrade) = (program, None, Upgrade::None);
        }
        is_proven
    }

    /// True if output is left where it is for the moment, since a server is about to end or has
    /// just been started.
    pub(super) fn is_hushed(&self, now: Tick) -> bool {
        let just = |by: Option<Tick>, within: Span| by.is_some_and(|by| within < by + HUSH - now);
        just(self.end_by, END_WITHIN) || self.ready.is_none() && just(self.ready_by, READY_WITHIN)
    }

    /// The moment when something is due; never, if nothing is owed.
    pub(super) fn deadline(&self) -> Option<Tick> {
        let former = self.former.as_ref().and_then(|former| former.end_by);
        let own = [self.status_by, self.restart_at, self.ready_by, self.end_by, former];
        own.into_iter().flatten().chain(self.watchdog.deadline()).min()
    }

    /// The work that is due now; true if it is to be asked for an answer. One that does not answer
    /// or end is killed; its end then comes like any other.
    pub(super) fn watch(&mut self, is_waiting: bool, now: Tick) -> bool {
        let is_past = |at: Option<Tick>| at.is_some_and(|at| at <= now);
        if is_past(self.ready_by) {
            self.ready_by = self.is_stopped().then(|| now + READY_WITHIN);
            if self.ready_by.is_none() {
                self.fault_count = ROLL_BACK_FAULT_COUNT - 1;
                self.kill();
            }
        }
        if is_past(self.end_by) {
            self.end_by = None;
            self.kill();
        }
        if let Some(former) = self.former.take_if(|former| is_past(former.end_by)) {
            let sent = former.pidfd.map(|pidfd| pidfd::signal(pidfd, KILL)).transpose();
            ignore_failure(sent, "one that has ended needs no signal");
        }
        let is_stopped = self.watchdog.is_late(now) && self.is_stopped();
        let verdict = self.watchdog.due(is_waiting, is_stopped, now);
        if verdict == WatchdogAction::Late {
            self.kill();
        }
        verdict == WatchdogAction::Ask
    }

    /// Passes a signal on to it.
    pub(super) fn signal(&self, signal: i32) {
        let sent = match &self.running {
            Running::No => return,
            // Our child and not reaped: the number is certain.
            Running::Child(pid) => pidfd::open(*pid).and_then(|fd| pidfd::signal(fd, signal)),
            Running::Adopted(_, pidfd) => pidfd::signal(pidfd, signal),
        };
        ignore_failure(sent, "a server that is ending already needs no signal");
    }

    fn kill(&mut self) {
        self.fault_count += 1;
        self.signal(KILL);
    }

    /// Somebody has stopped it on purpose, with a debugger perhaps: that is not a hang.
    fn is_stopped(&self) -> bool {
        process::read(self.pid()).is_some_and(|process| matches!(process.state, b'T' | b't'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAULT: ExitStatus = ExitStatus::Code(70);
    const BY_HAND: ExitStatus = ExitStatus::Signal(KILL);
    const BY_ITSELF: ExitStatus = ExitStatus::Code(RESTART_STATUS as i32);

    fn server(now: Tick) -> Server {
        Server {
            running: Running::Child(i32::MAX),
            restart_at: None,
            ..Server::due_at(PathBuf::new(), now)
        }
    }

    #[test]
    fn restarts_come_at_once_then_slower_then_never_slower_than_half_a_minute() {
        let pause = |count| backoff(count, PAUSE_FIRST, PAUSE_MAX).as_millis();
        let millis: Vec<u64> = (1..13).map(pause).collect();
        assert_eq!(millis, [0, 100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000]);
        assert_eq!(pause(u32::MAX), PAUSE_MAX.as_millis());
    }

    #[test]
    fn a_long_life_starts_the_count_anew() {
        let mut server = server(Tick(0));
        server.crashed(FAULT, Tick(1));
        server.ready = Some(Tick(2));
        server.crashed(FAULT, Tick(2));
        assert_eq!((server.crash_count, server.deadline()), (2, Some(Tick(2) + PAUSE_FIRST)));
        server.ready = Some(Tick(3));
        let later = Tick(3) + LONG_LIFE;
        server.crashed(FAULT, later);
        assert_eq!((server.crash_count, server.deadline()), (1, Some(later)));
    }

    #[test]
    fn who_worked_and_asks_for_another_is_replaced_at_once_however_short_it_lived() {
        let mut server = server(Tick(0));
        for _ in 0..20 {
            server.works(Tick(1));
            server.crashed(BY_ITSELF, Tick(1));
            assert_eq!((server.crash_count, server.deadline()), (1, Some(Tick(1))));
            server.ready = None;
        }
        server.crashed(BY_ITSELF, Tick(1));
        assert_eq!(server.deadline(), Some(Tick(1) + PAUSE_FIRST), "one that never worked is not");
    }

    #[test]
    fn who_is_killed_from_outside_again_and_again_comes_back_soon_and_with_the_configuration() {
        let mut server = server(Tick(0));
        for _ in 0..20 {
            server.crashed(BY_HAND, Tick(0));
        }
        assert_eq!((server.fault_count, server.deadline()), (0, Some(Tick(0) + PAUSE_FIRST)));
    }

    #[test]
    fn one_that_does_not_take_over_in_time_is_killed_and_the_one_that_worked_is_started() {
        let mut server =
            Server { ready_by: Some(Tick(9)), exe: "/bin/sh".into(), ..server(Tick(0)) };
        assert_eq!((server.deadline(), server.program()), (Some(Tick(9)), Path::new("/bin/sh")));
        assert!(!server.watch(true, Tick(9)));
        assert_eq!(server.deadline(), None);
        server.crashed(BY_HAND, Tick(10));
        assert_eq!(server.program(), Path::new(RUNNING));
        server.works(Tick(12));
        server.crashed(BY_HAND, Tick(12) + LONG_LIFE);
        assert_eq!(server.program(), Path::new("/bin/sh"), "the next one has its chance");
    }

    fn tried() -> Server {
        let candidate = Some("/bin/new".into());
        Server {
            exe: "/bin/sh".into(),
            candidate,
            upgrade: Upgrade::Successor,
            ready_by: Some(Tick(9)),
            ..server(Tick(0))
        }
    }

    #[test]
    fn a_successor_is_proven_by_its_word_and_its_answer() {
        let mut server = tried();
        assert_eq!(server.program(), Path::new("/bin/new"));
        assert!(!server.answered(true, Tick(1)), "an answer before its word proves nothing");
        assert!(server.works(Tick(2)));
        assert_eq!(server.deadline(), Some(Tick(9)));
        assert!(server.answered(true, Tick(3)));
        assert_eq!(
            (server.deadline(), server.exe.as_path(), server.upgrade),
            (None, Path::new("/bin/new"), Upgrade::None)
        );
        assert!(!server.answered(true, Tick(4)), "it is proven once");
    }

    #[test]
    fn output_waits_while_a_server_ends_or_takes_over_but_not_for_one_that_takes_long() {
        let at = |millis| Tick(1) + Span::millis(millis);
        let mut server = Server { ready_by: Some(at(0) + READY_WITHIN), ..server(Tick(1)) };
        assert_eq!((server.is_hushed(at(249)), server.is_hushed(at(250))), (true, false));
        server.works(at(9));
        assert!(!server.is_hushed(at(9)));
        server.upgrade("/bin/new".into(), at(500));
        assert_eq!((server.is_hushed(at(749)), server.is_hushed(at(750))), (true, false));
        server.disconnected(at(1000));
        assert_eq!((server.is_hushed(at(1249)), server.is_hushed(at(1250))), (true, false));
    }

    #[test]
    fn an_answer_of_the_one_that_is_to_be_replaced_proves_nothing() {
        let mut server = Server { ready: Some(Tick(0)), ..server(Tick(0)) };
        server.upgrade("/bin/new".into(), Tick(0));
        assert_eq!((server.answered(true, Tick(1)), server.upgrade), (false, Upgrade::None));
    }

    #[test]
    fn a_successor_that_ends_before_it_is_proven_gives_way_to_the_one_that_worked() {
        for status in [FAULT, BY_HAND, ExitStatus::Code(RESTART_STATUS.into())] {
            let mut server = tried();
            server.works(Tick(1));
            server.crashed(status, Tick(2));
            assert_eq!(
                (server.upgrade, server.program()),
                (Upgrade::RolledBack(status), Path::new(RUNNING))
            );
            server.works(Tick(3));
            server.crashed(BY_HAND, Tick(3) + LONG_LIFE);
            assert_eq!((server.upgrade, server.program()), (Upgrade::None, Path::new("/bin/sh")));
        }
    }
}
