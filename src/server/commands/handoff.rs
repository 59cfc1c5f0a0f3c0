//! Commands and shells over a restart of the server: written to slots that the keeper stashes, and
//! put together again from there.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;

use crate::base::exit::ExitStatus;
use crate::base::id::{CommandId, SessionId};
use crate::core::exec::CommandEvent;
use crate::platform::memory::SharedMemory;
use crate::platform::{now, process};
use crate::server::commands::io::{self, CommandIo, Fifo, OutputSource};
use crate::server::commands::job::{Job, JobKind, command_tag, is_job, shell_tag};
use crate::server::commands::shell::{ShellKind, ShellMemory};
use crate::server::commands::{CommandSlots, Commands, ProcessScan, Running, SessionShell};
use crate::server::edge::Server;
use crate::server::persist::convert::commands;
use crate::server::startup::keeper_link::KeeperLink;
use crate::state::State;
use crate::state::command::{Captured, Command, ExecRequest};
use crate::store::commands as stored;
use crate::store::double_buffer::DoubleBuffer;
use crate::store::log::{Log, LogStream};
use crate::wire::keeper::{ProgramEntry, ToKeeper};

/// The name the slots are stashed under.
pub(super) const COMMANDS: &[u8] = b"commands";
/// How many bytes are read from a FIFO at once.
const BUFFER_LEN: usize = 64 << 10;

/// JobKind a former server left of commands, as the keeper gave it back.
#[derive(Debug)]
pub(in crate::server) struct Restored {
    kept: CommandSlots,
    stored: stored::StoredCommands,
    programs: Vec<(ProgramEntry, Vec<OwnedFd>)>,
    stash: BTreeMap<(CommandId, &'static str), OwnedFd>,
}

impl Restored {
    /// Takes out of what the keeper holds what belongs to commands.
    pub(in crate::server) fn take(
        programs: &mut Vec<(ProgramEntry, Vec<OwnedFd>)>,
        stash: &mut BTreeMap<Vec<u8>, OwnedFd>,
        link: &mut KeeperLink,
    ) -> anyhow::Result<Self> {
        let (ours, others) =
            std::mem::take(programs).into_iter().partition(|(entry, _)| is_job(entry.tag));
        *programs = others;
        let names: Vec<Vec<u8>> =
            stash.keys().filter(|name| io::stashed(name).is_some()).cloned().collect();
        let parts = names
            .iter()
            .filter_map(|name| Some((io::stashed(name)?, stash.remove(name)?)))
            .collect();
        let former = stash.remove(COMMANDS).and_then(|fd| SharedMemory::from_fd(fd).ok());
        let former =
            former.and_then(|memory| Some((memory.fd(), DoubleBuffer::open(Box::new(memory))?)));
        let (fd, slots) = if let Some(both) = former {
            both
        } else {
            let memory = SharedMemory::growable("abide-commands", 4096)?;
            let fd = memory.fd();
            link.say(&ToKeeper::Stash { name: COMMANDS.to_vec() }, vec![Arc::clone(&fd)]);
            (fd, DoubleBuffer::create(Box::new(memory))?)
        };
        let stored = slots.read().and_then(stored::StoredCommands::decode).unwrap_or_default();
        let kept = CommandSlots { slots, fd, version: 1, written: (u64::MAX, 0) };
        Ok(Self { kept, stored, programs: ours, stash: parts })
    }

    /// JobKind is known of commands.
    pub(in crate::server) fn records(&self) -> crate::state::command::Commands {
        commands::restored(&self.stored)
    }

    /// Puts handles together for the records in the state. JobKind nobody knows any more is ended.
    pub(in crate::server) fn resume(
        self,
        state: &mut State,
        (epoch, dir): (u64, PathBuf),
        link: &mut KeeperLink,
    ) -> Commands {
        let Self { kept, stored, programs, mut stash } = self;
        let mut commands = Commands {
            epoch,
            dir,
            kept,
            shells: stored.shells.into_iter().map(restored_shell).collect(),
            jobs: BTreeMap::new(),
            spawning: BTreeMap::new(),
            outputs: BTreeMap::new(),
            followers: Vec::new(),
            watched: Vec::new(),
            writes: Vec::new(),
            stops: Vec::new(),
            scan: ProcessScan::default(),
            inputs: BTreeSet::new(),
            ending: Vec::new(),
            listed: Arc::default(),
            texts: BTreeMap::new(),
            buffer: vec![0; BUFFER_LEN],
        };
        for (entry, fds) in programs {
            commands.resume_job(entry, fds, state, link);
        }
        for command in state.commands.records.values() {
            commands.resume_command(command, &mut stash);
        }
        for ((id, part), _) in stash {
            link.say(&ToKeeper::Unstash { name: io::stash_name(id, part) }, Vec::new());
        }
        io::remove_stale(&commands.dir, |id| {
            state.commands.records.get(&id).is_some_and(|command| command.end.is_none())
        });
        commands
    }
}

impl Commands {
    fn resume_job(
        &mut self,
        entry: ProgramEntry,
        fds: Vec<OwnedFd>,
        state: &State,
        link: &mut KeeperLink,
    ) {
        let tag = entry.tag;
        let command = state
            .commands
            .records
            .values()
            .find(|command| tag == command_tag(command.id) || tag == shell_tag(command.id));
        let shell = self
            .shells
            .iter()
            .find(|(_, shell)| shell.tag == Some(tag) || shell.former.contains(&tag));
        let what = match (shell, command) {
            (Some((session, _)), _) => Some(JobKind::Shell(*session)),
            (None, Some(command)) if tag == command_tag(command.id) => {
                Some(JobKind::Command(command.session, command.id))
            }
            // The shell was started and the server killed before it could note that.
            (None, Some(command)) => self.adopt_shell(command.session, tag, entry.pid),
            (None, None) => None,
        };
        let job = what.and_then(|what| Job::new(what, entry, fds).ok());
        let Some(job) = job else {
            link.say(&ToKeeper::Kill { tag, limit_ms: 5000 }, Vec::new());
            return;
        };
        self.jobs.insert(tag, job);
    }

    fn adopt_shell(&mut self, session: SessionId, tag: u64, pid: i32) -> Option<JobKind> {
        let words = process::arguments(pid);
        let program = String::from_utf8_lossy(words.first()?).into_owned();
        let (kind, _) = ShellKind::of(&program);
        let shell = SessionShell {
            kind,
            program,
            tag: Some(tag),
            first: String::new(),
            running: None,
            memory: None,
            interrupts: (0, 0),
            is_replaced: false,
            former: Vec::new(),
        };
        self.shells.insert(session, shell);
        Some(JobKind::Shell(session))
    }

    fn resume_command(
        &mut self,
        command: &Command,
        stash: &mut BTreeMap<(CommandId, &'static str), OwnedFd>,
    ) {
        let id = command.id;
        let mut part = |part| stash.remove(&(id, part));
        let fifos = ["out", "err"].map(|name| {
            part(name).map(|fd| Fifo { fd: Arc::new(fd), waiter: None, was_open: false })
        });
        let tag = command_tag(id);
        let source = match (command.in_shell, self.jobs.contains_key(&tag)) {
            (true, _) if fifos.iter().any(Option::is_some) => {
                OutputSource::Shell { fifos, input: None, hold: None }
            }
            (false, true) => OutputSource::Job,
            _ => OutputSource::Over,
        };
        let log = part("log").and_then(|fd| Log::open(SharedMemory::from_fd(fd).ok()?));
        let io = match log {
            Some(log) => Some(CommandIo { log, source, has_spoken: true }),
            None => CommandIo::create(id, source).ok(),
        };
        let Some(io) = io else { return };
        if let Some(job) = self.jobs.get_mut(&tag) {
            // A kill may have come between keeping output and saying so.
            for stream in LogStream::ALL {
                job.skip_to(stream, io.log.end(stream));
            }
        }
        self.outputs.insert(id, io);
        if command.in_shell && command.end.is_none() {
            let order = ExecRequest {
                words: command.words.clone(),
                grace: command.grace,
                ..ExecRequest::default()
            };
            if let Some(shell) = self.shells.get_mut(&command.session) {
                shell.running =
                    Some(Running { command: id, order, status: None, unsent: String::new() });
            }
        }
    }
}

impl Server {
    /// Keeps commands and shells if they changed. Called before the effects of a step leave.
    pub(in crate::server) fn write_command_slots(&mut self) {
        let versions = (self.core.state.commands.version, self.commands.kept.version);
        if self.commands.kept.written == versions {
            return;
        }
        let shells =
            self.commands.shells.iter().map(|(session, shell)| stored_shell(*session, shell));
        let stored = commands::stored(&self.core.state.commands, shells.collect());
        self.commands.kept.written = versions;
        self.disk.commands_changed(now().tick);
        if let Err(error) = self.commands.kept.slots.write(&stored.encode()) {
            tracing::error!(%error, "commands are not kept");
        }
    }

    /// Goes on where a former server was killed: commands whose program is gone have ended, stops
    /// are asked again, and shells told what they may have missed.
    pub(in crate::server) fn resume_commands(&mut self) {
        let open =
            self.core.state.commands.records.values().filter(|command| command.end.is_none());
        let open: Vec<Command> = open.cloned().collect();
        for command in open {
            let id = command.id;
            self.watch_fifos(id);
            let tag = if command.in_shell {
                self.commands.shells.get(&command.session).and_then(|shell| shell.tag)
            } else {
                Some(command_tag(id))
            };
            let is_held = tag.is_some_and(|tag| self.commands.jobs.contains_key(&tag));
            if !is_held {
                self.lose_command(&command);
                continue;
            }
            if command.in_shell {
                self.ask_for_end(command.session);
            }
            if command.stop.is_some() {
                self.stop_command(id, command.grace);
            }
        }
        let tags: Vec<u64> = self
            .commands
            .jobs
            .iter()
            .filter(|(_, job)| job.exit.is_some())
            .map(|(tag, _)| *tag)
            .collect();
        for tag in tags {
            self.look_again(tag);
        }
        let gone: BTreeSet<SessionId> =
            self.commands.jobs.values().map(|job| job.what.session()).collect();
        for session in gone
            .into_iter()
            .filter(|session| !self.core.state.sessions.contains_key(session))
            .collect::<Vec<_>>()
        {
            self.core.state.commands.ending.insert(session);
            self.end_session(session, self.core.settings.pane.grace());
        }
    }

    fn lose_command(&mut self, command: &Command) {
        if command.in_shell {
            return self.end_in_shell(
                (command.session, command.id),
                (ExitStatus::Lost, false),
                Captured::default(),
            );
        }
        let output = Box::default();
        self.command_event(CommandEvent::Ended {
            command: command.id,
            exit: ExitStatus::Lost,
            was_killed: false,
            output,
        });
    }
}

fn stored_shell(session: SessionId, shell: &SessionShell) -> stored::StoredShell {
    stored::StoredShell {
        session,
        tag: shell.tag.unwrap_or(0),
        kind: shell.program.clone(),
        memory: shell.memory.as_ref().map(ShellMemory::texts).unwrap_or_default(),
        former: shell.former.clone(),
    }
}

fn restored_shell(stored: stored::StoredShell) -> (SessionId, SessionShell) {
    let (kind, _) = ShellKind::of(&stored.kind);
    let shell = SessionShell {
        kind,
        program: stored.kind,
        tag: Some(stored.tag).filter(|tag| *tag != 0),
        first: String::new(),
        running: None,
        memory: ShellMemory::from_texts(stored.memory),
        interrupts: (0, 0),
        is_replaced: false,
        former: stored.former,
    };
    (stored.session, shell)
}
