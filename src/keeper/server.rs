//! The server as the keeper sees it: started, watched while it owes something, started again when it dies. What it does is not known here.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::base::signal::KILL;
use crate::base::time::{Span, Tick, backoff};
use crate::keeper::link::Link;
use crate::platform::{RUNNING, clear_signal_mask, pidfd, process, socket};

/// A server that worked this long was no crash loop: what killed it came from outside.
const LONG_LIFE: Span = Span::millis(100);
/// The first pause before a restart that is not at once.
const PAUSE_FIRST: Span = Span::millis(100);
/// The longest pause before a restart.
const PAUSE_MAX: Span = Span::seconds(30);
/// After that many crashes in a row the server starts with its built-in defaults (F32), but for the first try after a roll-back.
const SAFE_MODE_CRASH_COUNT: u32 = 3;
/// After so many failures in a row, or one that does not take over in time, it is not the one in its place that is started, which may be an upgrade that does not
/// work here.
const ROLL_BACK_FAULT_COUNT: u32 = 4;
/// How long a server has to take over.
const READY_WITHIN: Span = Span::seconds(15);
/// How long a server may owe something before it is asked for an answer.
const ASK_AFTER: Span = Span::seconds(2);
/// How long it has to answer (F31).
const ANSWER_WITHIN: Span = Span::seconds(10);
/// How long a server without connection has to end by itself.
const END_WITHIN: Span = Span::seconds(5);

/// What process it is.
#[derive(Debug)]
enum Running {
    /// None.
    No,
    /// Our child: its end comes with the other children's.
    Child(i32),
    /// It was there before this keeper, which it has started.
    Adopted(i32, OwnedFd),
}

/// The one server.
#[derive(Debug)]
pub(super) struct Server {
    exe: PathBuf,
    running: Running,
    /// The connection; none while there is no server, or one that has closed it.
    pub(super) link: Option<Link>,
    /// The last lease that was given.
    pub(super) lease: u64,
    /// How many in a row have ended soon after their start.
    pub(super) crash_count: u32,
    /// How many of these ended by themselves: somebody's KILL says nothing about the configuration.
    fault_count: u32,
    /// When it said that it works.
    pub(super) ready: Option<Tick>,
    /// It has ended, but how is not known before its new parent has reaped it: until then that is asked for.
    pub(super) status_by: Option<Tick>,
    restart_at: Option<Tick>,
    /// When it has to work.
    ready_by: Option<Tick>,
    end_by: Option<Tick>,
    watch: Watch,
}

/// Whether the server answers, looked at only while it owes something.
#[derive(Debug, Default)]
struct Watch {
    is_owed: bool,
    next: Option<Tick>,
    is_asked: bool,
}

/// What the passing of time asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing.
    Nothing,
    /// Start a server.
    Start,
    /// Ask it for an answer.
    Ask,
}

impl Server {
    /// None yet; one is due at once.
    pub(super) const fn due_at(exe: PathBuf, now: Tick) -> Self {
        Self {
            exe,
            running: Running::No,
            link: None,
            lease: 0,
            crash_count: 0,
            fault_count: 0,
            ready: None,
            status_by: None,
            restart_at: Some(now),
            ready_by: None,
            end_by: None,
            watch: Watch { is_owed: false, next: None, is_asked: false },
        }
    }

    /// The one that has started this keeper and is about to say who it is.
    pub(super) fn adopting(exe: PathBuf, socket: OwnedFd, now: Tick) -> io::Result<Self> {
        Ok(Self { link: Some(Link::new(socket, 0)?), restart_at: None, ..Self::due_at(exe, now) })
    }

    /// It has said who it is.
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
        self.watch = Watch::default();
        let (ours, theirs) = socket::pair()?;
        let mut command = Command::new(self.program());
        command.args(["server", "run", "--lease", &self.lease.to_string()]);
        if self.fault_count >= SAFE_MODE_CRASH_COUNT && self.fault_count != ROLL_BACK_FAULT_COUNT {
            command.arg("--safe-mode");
        }
        command.stdin(Stdio::from(theirs)).stdout(Stdio::null());
        clear_signal_mask(&mut command);
        let child = command.spawn()?;
        self.running = Running::Child(i32::try_from(child.id()).unwrap_or(0));
        self.link = Some(Link::new(ours, self.lease)?);
        Ok(())
    }

    /// What is started: the program in its place; the one that this keeper is of if there is none, or a new one in that place does not work.
    fn program(&self) -> &Path {
        if self.fault_count < ROLL_BACK_FAULT_COUNT && self.exe.exists() { &self.exe } else { Path::new(RUNNING) }
    }

    /// It says that it works.
    pub(super) fn works(&mut self, now: Tick) {
        (self.ready, self.ready_by) = (Some(now), None);
    }

    /// Its process id; 0 if there is none.
    pub(super) const fn pid(&self) -> i32 {
        match self.running {
            Running::No => 0,
            Running::Child(pid) | Running::Adopted(pid, _) => pid,
        }
    }

    /// Whether this process id, which was just reaped, was it.
    pub(super) const fn is_child(&self, pid: i32) -> bool {
        matches!(self.running, Running::Child(child) if child == pid)
    }

    /// What becomes readable when it ends, if it is not our child.
    pub(super) const fn pidfd(&self) -> Option<&OwnedFd> {
        match &self.running {
            Running::Adopted(_, pidfd) => Some(pidfd),
            Running::No | Running::Child(_) => None,
        }
    }

    /// It has ended, `by_hand` if it was killed or asked for another: the next is started at once, or soon; if by itself, after a pause that doubles.
    pub(super) fn crashed(&mut self, by_hand: bool, now: Tick) {
        (self.running, self.link, self.ready_by, self.end_by, self.status_by) = (Running::No, None, None, None, None);
        let has_worked = self.ready.is_some_and(|since| LONG_LIFE <= now - since);
        self.crash_count = if has_worked { 1 } else { self.crash_count.saturating_add(1) };
        self.fault_count = if has_worked { 0 } else { self.fault_count } + u32::from(!by_hand);
        let pause_max = if by_hand { PAUSE_FIRST } else { PAUSE_MAX };
        self.restart_at = Some(now + backoff(self.crash_count, PAUSE_FIRST, pause_max));
    }

    /// It has closed its connection, or said what means nothing: it has to end.
    pub(super) fn disconnected(&mut self, now: Tick) {
        self.link = None;
        self.end_by = Some(now + END_WITHIN);
        if matches!(self.running, Running::No) && self.restart_at.is_none() {
            self.restart_at = Some(now);
        }
    }

    /// Whether it owes something, as it says itself.
    pub(super) fn expect(&mut self, is_owed: bool, now: Tick) {
        self.watch.is_owed = is_owed;
        if is_owed {
            self.woken(now);
        } else if !self.watch.is_asked {
            self.watch.next = None;
        }
    }

    /// It was woken, so it will have to wait again some time.
    pub(super) fn woken(&mut self, now: Tick) {
        if self.watch.next.is_none() {
            self.watch.next = Some(now + ASK_AFTER);
        }
    }

    /// It has answered. `is_waiting`: it has nothing to do.
    pub(super) fn answered(&mut self, is_waiting: bool, now: Tick) {
        self.watch.is_asked = false;
        self.watch.next = (self.watch.is_owed || !is_waiting).then(|| now + ASK_AFTER);
    }

    /// When something is due; never, if nothing is owed.
    pub(super) fn deadline(&self) -> Option<Tick> {
        [self.status_by, self.restart_at, self.ready_by, self.end_by, self.watch.next].into_iter().flatten().min()
    }

    /// What is due now. One that does not answer or end is killed; its end then comes like any other.
    pub(super) fn due(&mut self, is_waiting: bool, now: Tick) -> Due {
        let is_past = |at: Option<Tick>| at.is_some_and(|at| at <= now);
        if is_past(self.restart_at) {
            return Due::Start;
        }
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
        if !is_past(self.watch.next) {
            return Due::Nothing;
        }
        if self.watch.is_asked && !self.is_stopped() {
            self.watch = Watch::default();
            self.kill();
            return Due::Nothing;
        }
        if !self.watch.is_owed && is_waiting {
            self.watch = Watch::default();
            return Due::Nothing;
        }
        self.watch.next = Some(now + ANSWER_WITHIN);
        if std::mem::replace(&mut self.watch.is_asked, true) { Due::Nothing } else { Due::Ask }
    }

    /// Passes a signal on to it.
    pub(super) fn signal(&self, signal: i32) {
        let sent = match &self.running {
            Running::No => return,
            // Our child and not reaped: the number is certain.
            Running::Child(pid) => pidfd::open(*pid).and_then(|fd| pidfd::signal(fd, signal)),
            Running::Adopted(_, pidfd) => pidfd::signal(pidfd, signal),
        };
        // It is ending already: then its end is on the way.
        sent.ok();
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

    fn server(now: Tick) -> Server {
        Server { running: Running::Child(i32::MAX), restart_at: None, ..Server::due_at(PathBuf::new(), now) }
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
        server.crashed(false, Tick(1));
        server.ready = Some(Tick(2));
        server.crashed(false, Tick(2));
        assert_eq!((server.crash_count, server.deadline()), (2, Some(Tick(2) + PAUSE_FIRST)));
        server.ready = Some(Tick(3));
        let later = Tick(3) + LONG_LIFE;
        server.crashed(false, later);
        assert_eq!((server.crash_count, server.deadline()), (1, Some(later)));
    }

    #[test]
    fn who_is_killed_from_outside_again_and_again_comes_back_soon_and_with_the_configuration() {
        let mut server = server(Tick(0));
        for _ in 0..20 {
            server.crashed(true, Tick(0));
        }
        assert_eq!((server.fault_count, server.deadline()), (0, Some(Tick(0) + PAUSE_FIRST)));
    }

    #[test]
    fn one_that_does_not_take_over_in_time_is_killed_and_the_one_that_worked_is_started() {
        let mut server = Server { ready_by: Some(Tick(9)), exe: "/bin/sh".into(), ..server(Tick(0)) };
        assert_eq!((server.deadline(), server.program()), (Some(Tick(9)), Path::new("/bin/sh")));
        server.due(true, Tick(9));
        assert_eq!(server.deadline(), None);
        server.crashed(true, Tick(10));
        assert_eq!(server.program(), Path::new(RUNNING));
        server.works(Tick(12));
        server.crashed(true, Tick(12) + LONG_LIFE);
        assert_eq!(server.program(), Path::new("/bin/sh"), "the next one has its chance");
    }

    #[test]
    fn a_server_that_waits_and_owes_nothing_is_left_in_silence() {
        let mut server = server(Tick(0));
        assert_eq!(server.deadline(), None);
        server.woken(Tick(0));
        let later = server.deadline().unwrap();
        assert_eq!(later, Tick(0) + ASK_AFTER);
        assert_eq!(server.due(true, later), Due::Nothing);
        assert_eq!(server.deadline(), None);
    }

    #[test]
    fn one_that_owes_is_asked_and_answers_until_it_owes_no_more() {
        let mut server = server(Tick(0));
        server.expect(true, Tick(0));
        let asked = server.deadline().unwrap();
        assert_eq!(server.due(true, asked), Due::Ask);
        assert_eq!(server.deadline(), Some(asked + ANSWER_WITHIN));
        server.answered(true, asked);
        assert_eq!(server.deadline(), Some(asked + ASK_AFTER));
        server.expect(false, asked);
        assert_eq!(server.deadline(), None);
    }
}
