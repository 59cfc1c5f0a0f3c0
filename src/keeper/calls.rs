//! The requests of the server, carried out. Only records of the present lease are obeyed.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::rc::Rc;

use rustix::event::PollFlags;
use rustix::io::Errno;

use crate::base::memory::SharedBytes;
use crate::keeper::job::{Program, new_ring};
use crate::keeper::kill::{self, Kill};
use crate::keeper::{Keeper, Wake, spawn};
use crate::platform::cgroup::Cgroups;
use crate::platform::now;
use crate::platform::spawn::{ENDED, NotStarted};
use crate::wire::keeper::{
    CONTROL_SUCCEEDS, CONTROL_WAITING, FromKeeper, KeeperRecord, KillReport, ProgramEntry, Spawn,
    ToKeeper, Wiring,
};

/// The longest name of a stashed fd.
const NAME_LEN_MAX: usize = 255;
/// The most fds that are stashed.
const STASH_COUNT_MAX: usize = 16 * 1024;

impl Keeper {
    /// The connection is ready.
    pub(super) fn talk(&mut self, flags: PollFlags) {
        let Some(link) = &mut self.server.link else { return };
        if flags.contains(PollFlags::OUT) {
            link.flush();
        }
        if !flags.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) {
            return;
        }
        let mut is_open = link.fill();
        while let Some(link) = &mut self.server.link {
            match link.next() {
                Ok(Some(record)) if record.lease == link.lease || self.is_adopting => {
                    self.obey(record);
                }
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => {
                    is_open = false;
                    break;
                }
            }
        }
        if !is_open {
            // Before it has said who it is, nothing was handed over.
            self.is_over |= self.is_adopting && self.server.pid() == 0;
            self.is_adopting = false;
            self.server.disconnected(now().tick);
        }
    }

    fn obey(&mut self, record: KeeperRecord<ToKeeper, OwnedFd>) {
        let KeeperRecord { lease, call, message, fds } = record;
        match message {
            ToKeeper::Spawn(spawn) => self.spawn(call, &spawn),
            ToKeeper::Signal { tag, target, signal } => {
                self.find_rest(tag);
                self.snapshots.take();
                let job = self.program(tag).zip(self.scope());
                let count = job.map_or(0, |(job, scope)| kill::signal(job, scope, target, signal));
                self.send(call, &FromKeeper::Signalled { tag, count }, Vec::new());
            }
            ToKeeper::Kill { tag, limit_ms } => self.kill(call, tag, limit_ms),
            ToKeeper::Forget { tag } => self.forget(tag),
            ToKeeper::Spare { tag, heir } => {
                if let Some(job) = self.jobs.get_mut(&tag) {
                    job.heir = Some(heir).filter(|heir| *heir != 0);
                }
            }
            ToKeeper::Stash { name } => self.put_in_stash(name, fds),
            ToKeeper::Unstash { name } => {
                self.stash.remove(&name);
            }
            ToKeeper::List => self.list(call),
            ToKeeper::AdoptBegin { epoch, server_pid } => {
                self.begin_adoption(epoch, server_pid, lease, fds);
            }
            ToKeeper::Adopt(entry) => self.adopt(&entry, fds),
            ToKeeper::AdoptEnd => self.end_adoption(lease),
            ToKeeper::Expect { owed } => self.server.watchdog.expect(owed, now().tick),
            ToKeeper::Pong => {
                let is_waiting = self.wake.control.word(CONTROL_WAITING) != 0;
                if self.server.answered(is_waiting, now().tick) {
                    self.next = Some(self.server.exe.clone());
                }
            }
            ToKeeper::Ready if self.server.works(now().tick) => {
                self.send(0, &FromKeeper::Ping, Vec::new());
            }
            ToKeeper::Ready => {}
            ToKeeper::Upgrade { program } => {
                self.server.upgrade(OsString::from_vec(program).into(), now().tick);
            }
            ToKeeper::CloseInput { tag } => {
                if let Some(job) = self.jobs.get_mut(&tag) {
                    job.input = None;
                }
            }
            ToKeeper::Succeed if self.is_going => {
                self.send(call, &FromKeeper::Released, Vec::new());
            }
            ToKeeper::Succeed => self.server.succeed(now().tick),
            ToKeeper::Quit => self.is_over = true,
        }
    }

    fn spawn(&mut self, call: u64, spawn: &Spawn) {
        let tag = spawn.tag;
        let started = if self.jobs.contains_key(&tag) {
            let message = format!("there is a program {tag} already");
            Err(NotStarted { errno: Errno::EXIST.raw_os_error(), message })
        } else {
            self.start(spawn)
        };
        match started {
            Ok(job) => {
                let (entry, fds) = job.entry();
                self.jobs.insert(tag, job);
                self.send(call, &FromKeeper::Spawned(entry), fds);
            }
            Err(NotStarted { errno, message }) => {
                let message = message.into_bytes();
                self.send(call, &FromKeeper::SpawnFailed { tag, errno, message }, Vec::new());
            }
        }
    }

    /// The rings come first: when they cannot be had, nothing runs.
    fn start(&mut self, spawn: &Spawn) -> Result<Program, NotStarted> {
        let from_io = |error: io::Error| NotStarted {
            errno: error.raw_os_error().unwrap_or(Errno::INVAL.raw_os_error()),
            message: format!("cannot make room for output: {error}"),
        };
        let count = if matches!(spawn.wiring, Wiring::Pty(_)) { 1 } else { 2 };
        let rings = (0..count)
            .map(|_| new_ring(spawn.ring_bytes))
            .collect::<io::Result<Vec<_>>>()
            .map_err(from_io)?;
        let cgroup = self.cgroups.as_ref().and_then(|cgroups| cgroups.open(spawn.tag).ok());
        let start = |cgroup| spawn::spawn(spawn, self.epoch, self.limit, cgroup);
        let started = start(cgroup.as_ref()).or_else(|error| {
            if let Some(cgroups) = &self.cgroups {
                cgroups.abandon(spawn.tag);
            }
            // A cgroup may let nobody be born. All that began there is ended, so once without it.
            let is_of_cgroup = cgroup.is_some() && error.errno == ENDED.raw_os_error();
            if is_of_cgroup { start(None) } else { Err(error) }
        })?;
        Program::started(spawn.tag, spawn.wiring, started, rings).map_err(from_io)
    }

    fn kill(&mut self, call: u64, tag: u64, limit_ms: u32) {
        self.find_rest(tag);
        if self.program(tag).is_some() {
            self.kills.push(Kill::new(tag, call, now().tick, limit_ms));
            return;
        }
        let report = KillReport::default();
        self.send(call, &FromKeeper::Killed { tag, report }, Vec::new());
    }

    fn forget(&mut self, tag: u64) {
        if let Some(job) = self.jobs.remove(&tag) {
            self.keep_rest(job);
        }
        self.kills.retain(|kill| kill.tag != tag);
        if let Some(cgroups) = &self.cgroups {
            cgroups.remove(tag);
        }
    }

    fn put_in_stash(&mut self, name: Vec<u8>, fds: Vec<OwnedFd>) {
        let has_room = self.stash.len() < STASH_COUNT_MAX || self.stash.contains_key(&name);
        if let Some(fd) = fds.into_iter().next()
            && name.len() <= NAME_LEN_MAX
            && has_room
        {
            self.stash.insert(name, Rc::new(fd));
        }
    }

    fn list(&mut self, call: u64) {
        let entries: Vec<_> = self.jobs.values().map(Program::entry).collect();
        for (entry, fds) in entries {
            self.send(call, &FromKeeper::Entry(entry), fds);
        }
        let stash: Vec<_> =
            self.stash.iter().map(|(name, fd)| (name.clone(), Rc::clone(fd))).collect();
        for (name, fd) in stash {
            self.send(call, &FromKeeper::StashEntry { name }, vec![fd]);
        }
        self.send(call, &FromKeeper::Listed, Vec::new());
    }

    /// A server hands over: what wakes it and what it waits for stay the same, so nothing changes
    /// on its side.
    fn begin_adoption(&mut self, epoch: u64, server_pid: i32, lease: u64, fds: Vec<OwnedFd>) {
        let Ok([pidfd, control, data, room]) = <[OwnedFd; 4]>::try_from(fds) else { return };
        let (Ok(wake), true) = (Wake::from_fds([control, data, room]), self.is_adopting) else {
            return;
        };
        self.wake = wake;
        self.wake.control.publish(CONTROL_SUCCEEDS, 1);
        self.epoch = epoch;
        self.cgroups = Cgroups::probe(epoch);
        self.server.adopt(server_pid, pidfd, lease);
    }

    fn adopt(&mut self, entry: &ProgramEntry, fds: Vec<OwnedFd>) {
        if self.is_adopting
            && let Some(job) = Program::adopted(entry, fds)
        {
            self.jobs.insert(entry.tag, job);
        }
    }

    fn end_adoption(&mut self, lease: u64) {
        if !self.is_adopting {
            return;
        }
        self.is_adopting = false;
        self.server.lease = self.server.lease.max(lease) + 1;
        if let Some(link) = &mut self.server.link {
            link.lease = self.server.lease;
        }
        self.greet();
    }
}
