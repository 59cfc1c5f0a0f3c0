//! Commands and shells over a restart of the server: written to slots that the keeper stashes, and
//! put together again from there.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;

use crate::base::id::{CommandId, SessionId};
use crate::base::signal::ExitStatus;
use crate::base::time::Tick;
use crate::core::CommandEvent;
use crate::platform::memory::SharedMemory;
use crate::platform::process;
use crate::server::commands::exec::SessionShell;
use crate::server::commands::io::{self, CommandIo, Fifo, OutputSource, TaskSender};
use crate::server::commands::job::{Job, JobKind, command_tag, is_job, shell_tag};
use crate::server::commands::ps::ProcessTables;
use crate::server::commands::scan::ProcessScan;
use crate::server::commands::shell::{ShellKind, ShellMemory};
use crate::server::commands::stop::kill_order;
use crate::server::commands::wait::Waits;
use crate::server::commands::{CommandEnd, CommandResults, Commands, Cx};
use crate::server::keeper_link::KeeperLink;
use crate::server::persist::convert::commands as convert;
use crate::state::State;
use crate::state::command::{Captured, Command, ExecRequest};
use crate::store::commands as stored;
use crate::store::double_buffer::DoubleBuffer;
use crate::store::log::{Log, LogStream};
use crate::wire::keeper::{ProgramEntry, Spawn, ToKeeper};

/// The name the slots are stashed under.
const COMMANDS: &[u8] = b"commands";
/// The bytes that are read from a FIFO at once.
const BUFFER_LEN: usize = 64 << 10;

/// The slots of commands and shells.
#[derive(Debug)]
pub(super) struct CommandSlots {
    slots: DoubleBuffer,
    fd: Arc<OwnedFd>,
    /// Grows by one with every change of the shells.
    pub(super) version: u64,
    written: (u64, u64),
}

/// The commands of a former server, as the keeper gave them back.
#[derive(Debug)]
pub(in crate::server) struct Restored {
    slots: CommandSlots,
    stored: stored::StoredCommands,
    programs: Vec<(ProgramEntry, Vec<OwnedFd>)>,
    stash: BTreeMap<(CommandId, &'static str), OwnedFd>,
}

/// The surroundings of commands at the start of a server.
#[derive(Debug)]
pub(in crate::server) struct Setup {
    /// The keeper's lineage.
    pub(in crate::server) epoch: u64,
    /// The runtime directory, and those that take its place where it has no room.
    pub(in crate::server) dirs: Vec<PathBuf>,
    /// The user's home directory.
    pub(in crate::server) home: String,
    /// The way to the event loop.
    pub(in crate::server) events: TaskSender,
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
        let stored = slots
            .read()
            .and_then(|bytes| stored::StoredCommands::decode(&bytes))
            .unwrap_or_default();
        let slots = CommandSlots { slots, fd, version: 1, written: (u64::MAX, 0) };
        Ok(Self { slots, stored, programs: ours, stash: parts })
    }

    /// The records of commands.
    pub(in crate::server) fn records(&self) -> crate::state::command::Commands {
        convert::restored(&self.stored)
    }

    /// Puts handles together for the records in the state. Programs that no record names are ended.
    pub(in crate::server) fn resume(
        self,
        state: &State,
        setup: Setup,
        link: &mut KeeperLink,
    ) -> Commands {
        let Self { slots, stored, programs, mut stash } = self;
        let Setup { epoch, dirs, home, events } = setup;
        let mut commands = Commands {
            epoch,
            dirs,
            slots,
            shells: stored.shells.into_iter().map(restored_shell).collect(),
            jobs: BTreeMap::new(),
            spawning: BTreeMap::new(),
            outputs: BTreeMap::new(),
            followers: Vec::new(),
            held: BTreeMap::new(),
            late_at: Tick::default(),
            waits: Waits::default(),
            preparing: BTreeMap::new(),
            writes: Vec::new(),
            stops: Vec::new(),
            scan: ProcessScan::default(),
            open_inputs: BTreeSet::new(),
            ending: Vec::new(),
            spared: BTreeMap::new(),
            tables: ProcessTables::default(),
            buffer: vec![0; BUFFER_LEN],
            events,
            home,
            outbox: CommandResults::default(),
        };
        for (entry, fds) in programs {
            resume_job(&mut commands, entry, fds, state, link);
        }
        for command in state.commands.records.values() {
            resume_command(&mut commands, command, &mut stash);
        }
        for ((id, part), _) in stash {
            link.say(&ToKeeper::Unstash { name: io::stash_name(id, part) }, Vec::new());
        }
        io::remove_stale(&commands.dirs, |id| {
            state.commands.records.get(&id).is_some_and(|command| command.end.is_none())
        });
        commands
    }
}

/// Everything that a new keeper is to hold for commands.
#[derive(Debug)]
pub(in crate::server) struct Adoptable {
    pub(in crate::server) jobs: Vec<(ProgramEntry, Vec<Arc<OwnedFd>>)>,
    pub(in crate::server) stash: Vec<(Vec<u8>, Arc<OwnedFd>)>,
    pub(in crate::server) spawning: Vec<Spawn>,
}

/// Everything that a new keeper is to hold.
pub(in crate::server) fn adoptable(commands: &Commands) -> Adoptable {
    let jobs = commands.jobs.values().map(Job::adoption).collect();
    let mut stash = vec![(COMMANDS.to_vec(), Arc::clone(&commands.slots.fd))];
    for (id, io) in &commands.outputs {
        stash.push((io::stash_name(*id, "log"), io.log.memory().fd()));
        if let OutputSource::Shell { fifos, .. } = &io.source {
            for (part, fifo) in ["out", "err"].into_iter().zip(fifos) {
                let fd = fifo.as_ref().map(|fifo| Arc::clone(&fifo.fd));
                stash.extend(fd.map(|fd| (io::stash_name(*id, part), fd)));
            }
        }
    }
    Adoptable { jobs, stash, spawning: commands.spawning.values().cloned().collect() }
}

fn resume_job(
    commands: &mut Commands,
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
    let shell = commands
        .shells
        .iter()
        .find(|(_, shell)| shell.tag == Some(tag) || shell.former.contains(&tag));
    let what = match (shell, command) {
        (Some((session, _)), _) => Some(JobKind::Shell(*session)),
        (None, Some(command)) if tag == command_tag(command.id) => {
            Some(JobKind::Command(command.session, command.id))
        }
        // The shell was started and the server killed before it could note that.
        (None, Some(command)) => adopt_shell(commands, command.session, tag, entry.pid),
        (None, None) => None,
    };
    let job = what.and_then(|what| Job::new(what, entry, fds).ok());
    let Some(job) = job else {
        return link.say(&kill_order(tag), Vec::new());
    };
    commands.jobs.insert(tag, job);
}

fn adopt_shell(commands: &mut Commands, session: SessionId, tag: u64, pid: i32) -> Option<JobKind> {
    let words = process::arguments(pid);
    let program = String::from_utf8_lossy(words.first()?).into_owned();
    let (kind, _) = ShellKind::of(&program);
    commands.shells.insert(session, SessionShell::new(kind, program, Some(tag)));
    Some(JobKind::Shell(session))
}

fn resume_command(
    commands: &mut Commands,
    command: &Command,
    stash: &mut BTreeMap<(CommandId, &'static str), OwnedFd>,
) {
    let id = command.id;
    let mut part = |part| stash.remove(&(id, part));
    let fifos = ["out", "err"].map(|name| part(name).map(Fifo::new));
    let tag = command_tag(id);
    let source = match (command.in_shell, commands.jobs.contains_key(&tag)) {
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
    if let Some(job) = commands.jobs.get_mut(&tag) {
        // A kill may have come between keeping output and saying so.
        for stream in LogStream::ALL {
            job.skip_to(stream, io.log.end(stream));
        }
    }
    commands.outputs.insert(id, io);
    if command.in_shell && command.end.is_none() {
        let order = ExecRequest {
            words: command.words.clone(),
            grace: command.grace,
            ..ExecRequest::default()
        };
        if let Some(shell) = commands.shells.get_mut(&command.session) {
            shell.resume(id, order);
        }
    }
}

/// Keeps commands and shells if they changed. Called before the effects of a step leave.
pub(in crate::server) fn write_slots(commands: &mut Commands, cx: &mut Cx<'_>) {
    let versions = (cx.state.commands.version, commands.slots.version);
    if commands.slots.written == versions {
        return;
    }
    let shells = commands.shells.iter().map(|(session, shell)| stored_shell(*session, shell));
    let stored = convert::stored(&cx.state.commands, shells.collect());
    commands.slots.written = versions;
    commands.outbox.is_disk_stale = true;
    if let Err(error) = commands.slots.slots.write(&stored.encode()) {
        tracing::error!(%error, "commands are not kept");
    }
}

/// Goes on where a former server was killed: commands whose program is gone have ended, stops
/// are asked again, and shells told what they may have missed.
pub(in crate::server) fn resume(commands: &mut Commands, cx: &mut Cx<'_>) {
    let open = cx.state.commands.records.values().filter(|command| command.end.is_none());
    let open: Vec<Command> = open.cloned().collect();
    for command in open {
        let id = command.id;
        commands.watch_fifos(id);
        let tag = if command.in_shell {
            commands.shells.get(&command.session).and_then(|shell| shell.tag)
        } else {
            Some(command_tag(id))
        };
        let is_held = tag.is_some_and(|tag| commands.jobs.contains_key(&tag));
        if !is_held {
            lose_command(commands, cx, &command);
            continue;
        }
        if command.in_shell {
            commands.hold(id);
            commands.ask_for_end(cx, command.session);
        }
        if command.stop.is_some() {
            commands.stop_command(cx, id, command.grace);
        }
    }
    let tags: Vec<u64> =
        commands.jobs.iter().filter(|(_, job)| job.exit.is_some()).map(|(tag, _)| *tag).collect();
    for tag in tags {
        commands.check_job(cx, tag);
    }
    let sessions: BTreeSet<SessionId> =
        commands.jobs.values().map(|job| job.what.session()).collect();
    for session in sessions {
        if !cx.state.sessions.contains_key(&session) {
            commands.command_event(CommandEvent::SessionEnding { session });
            commands.end_session(cx, session, cx.settings.pane.grace());
        }
    }
}

fn lose_command(commands: &mut Commands, cx: &mut Cx<'_>, command: &Command) {
    if command.in_shell {
        let end = CommandEnd { exit: ExitStatus::Lost, was_killed: false };
        return commands.end_in_shell(cx, command.id, end, Captured::default());
    }
    let output = Box::default();
    commands.command_event(CommandEvent::Ended {
        command: command.id,
        exit: ExitStatus::Lost,
        was_killed: false,
        output,
    });
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
    let tag = Some(stored.tag).filter(|tag| *tag != 0);
    let shell = SessionShell {
        memory: ShellMemory::from_texts(stored.memory),
        former: stored.former,
        ..SessionShell::new(kind, stored.kind, tag)
    };
    (stored.session, shell)
}
