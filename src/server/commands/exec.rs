//! Running commands: in the session's shell with FIFOs of their own, or beside it through the
//! keeper. A task makes the files of a command first; then the shell or the keeper is told.

use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use crate::base::error::{Code, Refusal};
use crate::base::id::{CommandId, SessionId};
use crate::base::path_trace;
use crate::base::signal::{ExitStatus, INT, TERM};
use crate::core::CommandEvent;
use crate::platform::origin_mark::OriginMark;
use crate::server::commands::io::{
    CommandIo, FILES, Fifo, FilePlan, MadeFiles, OutputSource, PARTS, Writer, path, remove_files,
    stash_name,
};
use crate::server::commands::job::{Job, JobKind, command_tag, shell_tag};
use crate::server::commands::shell::{
    BesideStart, Files, NOT_RUN, NOTICED, Report, ShellKind, ShellMemory,
};
use crate::server::commands::stop::{StopRequest, kill_order};
use crate::server::commands::{CommandEnd, CommandTaskEvent, Commands, Cx, handoff};
use crate::state::command::{Captured, CommandInput, ExecRequest, script};
use crate::state::command_effect::ShellSpec;
use crate::wire::keeper::{ProgramEntry, Spawn, ToKeeper, Wiring};

/// The capacity of the keeper's rings for pipes: the log keeps the output.
const RING_BYTES: u32 = 256 << 10;

/// The end of a server waits so long for files that are being made.
const PREPARED_WITHIN: Duration = Duration::from_secs(2);

/// The shell of a session.
#[derive(Debug)]
pub(super) struct SessionShell {
    pub(super) kind: ShellKind,
    pub(super) program: String,
    /// The tag of the running shell; none if none runs.
    pub(super) tag: Option<u64>,
    /// The text for a new shell, before any command.
    pub(super) first: String,
    /// The command in it.
    pub(super) running: Option<Running>,
    pub(super) memory: Option<ShellMemory>,
    /// The environment of the session as this shell knows it; none before its first command.
    pub(super) known_env: Option<Vec<(String, String)>>,
    pub(super) interrupts: Interrupts,
    /// The shell is killed because it did not come back: its memory is for the next one.
    pub(super) is_replaced: bool,
    /// Shells it took the place of, whose children may live on.
    pub(super) former: Vec<u64>,
}

/// The interrupts of a shell. An INT that it has not noticed yet would hit the next command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Interrupts {
    /// The number of interrupts.
    pub(super) sent: u8,
    /// The last of these after which it has read something.
    pub(super) noticed: u8,
}

impl Interrupts {
    /// True if the shell has noticed all interrupts.
    pub(super) const fn is_settled(self) -> bool {
        self.sent == self.noticed
    }
}

/// A command in a shell.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) command: CommandId,
    order: ExecRequest,
    /// The status it reported.
    pub(super) status: Option<u8>,
    /// The text for the shell once it runs.
    pub(super) unsent: String,
    /// The shell was told the command, or will be as soon as it runs.
    pub(super) is_told: bool,
}

impl SessionShell {
    pub(super) const fn new(kind: ShellKind, program: String, tag: Option<u64>) -> Self {
        Self {
            kind,
            program,
            tag,
            first: String::new(),
            running: None,
            memory: None,
            known_env: None,
            interrupts: Interrupts { sent: 0, noticed: 0 },
            is_replaced: false,
            former: Vec::new(),
        }
    }

    /// Takes note that a command was running in it when the former server was killed.
    pub(super) fn resume(&mut self, command: CommandId, order: ExecRequest) {
        let unsent = String::new();
        self.running = Some(Running { command, order, status: None, unsent, is_told: true });
    }

    /// The text that gives a new shell of this session the state of the last one.
    fn recall(&self) -> Option<Vec<u8>> {
        let memory = self.memory.as_ref()?;
        Some(self.kind.recall(memory, true).into_bytes())
    }
}

/// A command whose files are being made.
#[derive(Debug)]
pub(super) struct Preparing {
    kind: PreparingKind,
    shell: ShellSpec,
    plan: Arc<FilePlan>,
    made: Receiver<std::io::Result<MadeFiles>>,
}

/// A program to be started on pipes: a shell, or a command beside it.
struct PipedProgram {
    tag: u64,
    argv: Vec<String>,
    env: Vec<(String, String)>,
    directory: String,
}

/// The next step for a command whose files were made.
#[derive(Debug)]
enum PreparingKind {
    /// The command goes to the session's shell, which is started first if it is a new one.
    InShell { is_new_shell: bool },
    /// The command is started beside the shell.
    Beside { start: BesideStart, env: Vec<(String, String)> },
}

impl Commands {
    /// Runs a command in its session's shell, which is started if there is none.
    pub(super) fn run_in_shell(
        &mut self,
        cx: &mut Cx<'_>,
        id: CommandId,
        mut order: ExecRequest,
        shell: ShellSpec,
    ) {
        self.check_told_jobs(cx);
        let (kind, argv) = ShellKind::of(&shell.program);
        let program = argv.into_iter().next().unwrap_or_default();
        let entry = self
            .shells
            .entry(shell.session)
            .or_insert_with(|| SessionShell::new(kind, program, None));
        // A shell that has ended is not told anything, even if its children are still looked for.
        let is_dead = |tag: &u64| self.jobs.get(tag).is_some_and(|job| job.exit.is_some());
        if let Some(tag) = entry.tag.take_if(|tag| is_dead(tag)) {
            entry.former.push(tag);
        }
        tracing::debug!(command = %id, session = %shell.session, "exec");
        let text = script(&order.words) + "\n";
        let text = entry.memory.as_ref().map_or_else(|| text.clone(), |known| known.traced(&text));
        let mut contents = vec![("sh", text.into_bytes())];
        if let CommandInput::Bytes(bytes) = &mut order.input {
            contents.push(("in", std::mem::take(bytes)));
        }
        let has_open_input = order.input == CommandInput::Open;
        let unsent = String::new();
        entry.running = Some(Running { command: id, order, status: None, unsent, is_told: false });
        let directories = self.directories(None, &shell);
        let dirs = self.dirs.clone();
        let plan = FilePlan { dirs, id, contents, has_output: true, has_open_input, directories };
        self.prepare_in_shell(shell, plan);
    }

    /// Has the files of a command made, and those of a new shell if there is none.
    fn prepare_in_shell(&mut self, shell: ShellSpec, mut plan: FilePlan) {
        let entry = self.shells.get(&shell.session);
        let is_new_shell = entry.is_none_or(|entry| entry.tag.is_none());
        if is_new_shell {
            let recall = entry.and_then(SessionShell::recall);
            plan.contents.extend(recall.map(|text| ("rc", text)));
        }
        self.prepare(PreparingKind::InShell { is_new_shell }, shell, plan);
    }

    /// Has a task make files; `Prepared` follows.
    fn prepare(&mut self, kind: PreparingKind, shell: ShellSpec, plan: FilePlan) {
        let (id, plan, events) = (plan.id, Arc::new(plan), self.events.clone());
        let (sender, made) = sync_channel(1);
        let task = Arc::clone(&plan);
        path_trace::note("exec");
        tokio::task::spawn_blocking(move || {
            if sender.send(task.make()).is_ok() {
                events.send_blocking(CommandTaskEvent::Prepared(id));
            }
        });
        self.preparing.insert(id, Preparing { kind, shell, plan, made });
    }

    /// True if a program is about to be started for a command beside the shell.
    pub(super) fn is_starting(&self, id: CommandId) -> bool {
        let is_beside =
            |preparing: &Preparing| matches!(preparing.kind, PreparingKind::Beside { .. });
        self.spawning.contains_key(&command_tag(id))
            || self.preparing.get(&id).is_some_and(is_beside)
    }

    /// True if a program of a session is about to be started beside its shell.
    pub(super) fn is_preparing_in(&self, session: SessionId) -> bool {
        let mut ids = self.preparing.iter().filter(|(_, it)| it.shell.session == session);
        ids.any(|(id, _)| self.is_starting(*id))
    }

    /// Waits for all files that are being made: the server leaves, and its successor knows only of
    /// commands that a shell or the keeper was told.
    pub(in crate::server) fn finish_preparing(&mut self, cx: &mut Cx<'_>) {
        let end = Instant::now() + PREPARED_WITHIN;
        while let Some((id, preparing)) = self.preparing.pop_first() {
            let left = end.saturating_duration_since(Instant::now());
            let made = preparing.made.recv_timeout(left);
            // A disk that hangs keeps no successor waiting.
            let made = made.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()));
            self.go_on(cx, id, preparing, made);
        }
    }

    /// The files of a command were made, or could not be.
    pub(super) fn prepared(&mut self, cx: &mut Cx<'_>, id: CommandId) {
        let made = self.preparing.get(&id).and_then(|preparing| preparing.made.try_recv().ok());
        if let Some(made) = made
            && let Some(preparing) = self.preparing.remove(&id)
        {
            self.go_on(cx, id, preparing, made);
        }
    }

    fn go_on(
        &mut self,
        cx: &mut Cx<'_>,
        id: CommandId,
        preparing: Preparing,
        made: std::io::Result<MadeFiles>,
    ) {
        let session = preparing.shell.session;
        let is_wanted = self.runs(cx, id)
            && match preparing.kind {
                PreparingKind::InShell { .. } => self.has_untold(session, id),
                PreparingKind::Beside { .. } => true,
            };
        if !is_wanted {
            // A stop was faster.
            return remove_files(&self.dirs, id, &FILES);
        }
        let outcome = made.and_then(|made| match preparing.kind {
            PreparingKind::InShell { is_new_shell } => {
                let is_gone = self.shells.get(&session).is_none_or(|shell| shell.tag.is_none());
                if is_gone && !is_new_shell {
                    // The shell has ended meanwhile.
                    let plan = Arc::unwrap_or_clone(preparing.plan);
                    self.prepare_in_shell(preparing.shell, plan);
                    return Ok(());
                }
                self.tell_shell(cx, preparing.shell, &preparing.plan, made)
            }
            PreparingKind::Beside { start, env } => {
                let argv = start.argv(&path(&made.dir, id, "rc"));
                let (tag, directory) = (command_tag(id), made.directory);
                self.spawn_on_pipes(cx, PipedProgram { tag, argv, env, directory });
                Ok(())
            }
        });
        if let Err(error) = outcome {
            remove_files(&self.dirs, id, &FILES);
            self.outputs.remove(&id);
            if let Some(shell) = self.shells.get_mut(&session) {
                shell.running.take_if(|running| running.command == id);
            }
            self.command_event(CommandEvent::NotStarted { command: id, refusal: no_room(&error) });
        }
    }

    /// True if a session's shell is to be told a command, and has not been.
    fn has_untold(&self, session: SessionId, id: CommandId) -> bool {
        let running = self.shells.get(&session).and_then(|shell| shell.running.as_ref());
        running.is_some_and(|running| {
            running.command == id && running.status.is_none() && !running.is_told
        })
    }

    /// Tells the shell a command whose files are there, or starts the shell.
    fn tell_shell(
        &mut self,
        cx: &mut Cx<'_>,
        shell: ShellSpec,
        plan: &FilePlan,
        mut made: MadeFiles,
    ) -> std::io::Result<()> {
        let id = plan.id;
        let directory = std::mem::take(&mut made.directory);
        let dir = std::mem::take(&mut made.dir);
        self.open_output(cx, id, made)?;
        let text = |part: &str| path(&dir, id, part).display().to_string();
        let has_input = plan.has_open_input || plan.contents.iter().any(|(part, _)| *part == "in");
        let files = Files {
            script: text("sh"),
            input: if has_input { text("in") } else { "/dev/null".to_owned() },
            output: text("out"),
            error: text("err"),
        };
        let Some(entry) = self.shells.get_mut(&shell.session) else { return Ok(()) };
        let Some(running) = &mut entry.running else { return Ok(()) };
        running.is_told = true;
        let former = entry.known_env.replace(shell.env.clone());
        let follow = entry.kind.follow(former.as_deref(), &shell.env);
        let text = follow + &entry.kind.run(id, &running.order, &files);
        match entry.tag {
            Some(tag) if self.jobs.contains_key(&tag) => {
                let pid = self.jobs[&tag].pid().unsigned_abs();
                let memory = entry.memory.as_ref();
                let cwd = memory.map(|memory| memory.cwd.clone()).unwrap_or_default();
                self.mark_shell(tag, id);
                self.say_to_shell(cx, tag, &text);
                self.command_event(CommandEvent::Started { command: id, pid, cwd });
            }
            Some(_) => running.unsent = text,
            None => {
                running.unsent = text;
                let rc = plan.contents.iter().any(|(part, _)| *part == "rc");
                let rc = rc.then(|| path(&dir, id, "rc"));
                self.spawn_shell(cx, shell, (id, rc), directory);
            }
        }
        Ok(())
    }

    /// Makes the log of a command in the shell, and keeps the other ends of its FIFOs.
    fn open_output(
        &mut self,
        cx: &mut Cx<'_>,
        id: CommandId,
        made: MadeFiles,
    ) -> std::io::Result<()> {
        let (input, hold) = made.input.map(|ends| (ends.writer, ends.hold)).unzip();
        let fifos = made.fifos.map_or([None, None], |fds| fds.map(|fd| Some(Fifo::new(fd))));
        for (part, fifo) in ["out", "err"].into_iter().zip(&fifos) {
            let fds = fifo.iter().map(|fifo| Arc::clone(&fifo.fd)).collect();
            cx.link.say(&ToKeeper::Stash { name: stash_name(id, part) }, fds);
        }
        let input = input.map(|fd| Writer::new(Arc::new(fd)));
        let io = CommandIo::create(id, OutputSource::Shell { fifos, input, hold })?;
        cx.link.say(&ToKeeper::Stash { name: stash_name(id, "log") }, vec![io.log.memory().fd()]);
        self.outputs.insert(id, io);
        self.watch_fifos(id);
        Ok(())
    }

    fn spawn_shell(
        &mut self,
        cx: &mut Cx<'_>,
        shell: ShellSpec,
        files: (CommandId, Option<PathBuf>),
        directory: String,
    ) {
        let (id, rc) = files;
        let tag = shell_tag(id);
        let Some(entry) = self.shells.get_mut(&shell.session) else { return };
        entry.tag = Some(tag);
        entry.is_replaced = false;
        entry.interrupts = Interrupts::default();
        entry.first = entry.kind.setup();
        if let Some(file) = rc {
            entry.first = format!(". '{}' 2>/dev/null\n{}", file.display(), entry.kind.setup());
        }
        let argv = entry.kind.argv(&entry.program);
        self.slots.version += 1;
        self.spawn_on_pipes(cx, PipedProgram { tag, argv, env: shell.env, directory });
    }

    /// The directories in which a program may start, the wanted one first: the one it asks for, the
    /// one its session's shell told last, the session's.
    fn directories(&self, asked: Option<&str>, shell: &ShellSpec) -> Vec<String> {
        let known = self.shells.get(&shell.session).and_then(|known| known.memory.as_ref());
        let asked = asked.filter(|asked| asked.starts_with('/'));
        let wanted = asked.into_iter().chain(known.map(|memory| memory.cwd.as_str()));
        wanted.chain([&*shell.cwd, &self.home]).map(str::to_owned).collect()
    }

    fn spawn_on_pipes(&mut self, cx: &mut Cx<'_>, program: PipedProgram) {
        let PipedProgram { tag, argv, env, directory } = program;
        let env = env.into_iter().map(|(name, value)| (name.into_bytes(), value.into_bytes()));
        let spawn = Spawn {
            tag,
            wiring: Wiring::Pipes,
            argv: argv.into_iter().map(String::into_bytes).collect(),
            env: env.collect(),
            cwd: directory.into_bytes(),
            ring_bytes: RING_BYTES,
        };
        // The slots are written first: a program that nobody knows could not be found again.
        handoff::write_slots(self, cx);
        cx.link.say(&ToKeeper::Spawn(spawn.clone()), Vec::new());
        self.spawning.insert(tag, spawn);
    }

    /// Marks a shell, which runs nothing now, so that all that comes of its next command is known
    /// by that. Without a mark it is known by what it says of itself.
    fn mark_shell(&self, tag: u64, command: CommandId) {
        let Some(job) = self.jobs.get(&tag) else { return };
        let mark = OriginMark::of(self.epoch, tag).part(command.0);
        if !mark.put_on(job.pid(), job.start_time()) {
            tracing::debug!(%command, "the shell cannot be marked");
        }
    }

    pub(super) fn say_to_shell(&mut self, cx: &mut Cx<'_>, tag: u64, text: &str) {
        if let Some(writer) = self.jobs.get_mut(&tag).and_then(|job| job.writer.as_mut())
            && !writer.put(text.as_bytes())
        {
            tracing::warn!("a shell does not read");
        }
        self.flush_job(cx, tag);
    }

    /// Says the end of what runs in a shell again, or asks whether it has noticed all: an INT may
    /// have cost it what it had read ahead.
    pub(super) fn ask_for_end(&mut self, cx: &mut Cx<'_>, session: SessionId) {
        let Some(shell) = self.shells.get(&session) else { return };
        if let (Some(tag), Some(running)) = (shell.tag, &shell.running) {
            let text = if running.status.is_some() || !running.is_told {
                shell.kind.notice(shell.interrupts.sent)
            } else {
                shell.kind.finish(running.command, &running.order)
            };
            self.say_to_shell(cx, tag, &text);
        }
    }

    /// A shell told the end of a command.
    pub(super) fn reported(&mut self, cx: &mut Cx<'_>, session: SessionId, report: Report) {
        let Some(shell) = self.shells.get_mut(&session) else { return };
        if report.command == NOTICED {
            let not_run = report.memory.cwd.strip_prefix(NOT_RUN);
            if let Some(id) = not_run.and_then(|id| id.parse().ok()) {
                return self.not_run(cx, session, id);
            }
            if let Ok(opened) = report.memory.cwd.parse() {
                return self.input_opened(cx, opened);
            }
            if report.status == shell.interrupts.sent {
                shell.interrupts.noticed = report.status;
            }
            return;
        }
        let Some(running) = shell
            .running
            .as_mut()
            .filter(|running| running.command == report.command && running.status.is_none())
        else {
            return;
        };
        running.status = Some(report.status);
        shell.memory = Some(report.memory);
        path_trace::note("exec");
        self.slots.version += 1;
        let id = report.command;
        self.finish_files(id);
        if self.is_stopping_command(id) {
            self.ask_for_end(cx, session);
        } else {
            let end = CommandEnd { exit: ExitStatus::Code(report.status), was_killed: false };
            self.end_in_shell(cx, id, end, Captured::default());
        }
    }

    /// A shell could not open the streams of a command, as after `ulimit -n 3`: it will run nothing
    /// any more, so the next command gets another.
    fn not_run(&mut self, cx: &mut Cx<'_>, session: SessionId, id: CommandId) {
        let is_stopping = self.is_stopping_command(id);
        let Some(shell) = self.shells.get_mut(&session) else { return };
        let is_meant = |running: &Running| running.command == id && running.status.is_none();
        if !shell.running.as_ref().is_some_and(is_meant) {
            return;
        }
        if is_stopping {
            // An interrupt took the command away before it began.
            let memory = shell.memory.clone().unwrap_or_default();
            let status = 128 + u8::try_from(INT).unwrap_or(0);
            return self.reported(cx, session, Report { command: id, status, memory });
        }
        shell.running = None;
        shell.is_replaced = true;
        if let Some(tag) = shell.tag.take() {
            shell.former.push(tag);
            self.kill_leader(cx, tag);
        }
        self.slots.version += 1;
        let message = format!(
            "the shell could not run command {id}: it opens no files any more, as after \
             `ulimit -n 3`"
        );
        let refusal = Refusal::new(Code::SpawnFailed, message)
            .hint("call again: there is a new shell, with directory and variables");
        self.command_event(CommandEvent::NotStarted { command: id, refusal });
    }

    /// A command in the shell has ended: what the FIFOs hold now is its last output.
    pub(super) fn end_in_shell(
        &mut self,
        cx: &mut Cx<'_>,
        id: CommandId,
        end: CommandEnd,
        mut output: Captured,
    ) {
        self.pull_now(cx, id);
        let is_streamed = self.follows_exec(cx, id);
        for shell in self.shells.values_mut() {
            shell.running.take_if(|running| running.command == id);
        }
        if !is_streamed {
            let Captured { stdout, stderr, is_cut, .. } = self.captured(id);
            output = Captured { stdout, stderr, is_cut, ..output };
        }
        self.finish_files(id);
        let CommandEnd { exit, was_killed } = end;
        let output = Box::new(output);
        self.command_event(CommandEvent::Ended { command: id, exit, was_killed, output });
        self.end_waits(cx, id);
        // From now on an end of a FIFO is its end.
        self.pull(cx, id);
    }

    /// The shell reads the standard input of a command: its writer may close it, and notices when
    /// nobody reads any more.
    fn input_opened(&mut self, cx: &mut Cx<'_>, id: CommandId) {
        if let Some(CommandIo { source: OutputSource::Shell { hold, .. }, .. }) =
            self.outputs.get_mut(&id)
        {
            *hold = None;
            self.flush_command(cx, id);
        }
    }

    fn finish_files(&mut self, id: CommandId) {
        remove_files(&self.dirs, id, &FILES);
        if let Some(CommandIo { source: OutputSource::Shell { input, hold, .. }, .. }) =
            self.outputs.get_mut(&id)
        {
            (*input, *hold) = (None, None);
        }
    }

    /// A session's shell has ended by itself, or was killed.
    pub(super) fn shell_ended(
        &mut self,
        cx: &mut Cx<'_>,
        session: SessionId,
        tag: u64,
        exit: ExitStatus,
    ) {
        let Some(shell) = self.shells.get_mut(&session).filter(|shell| shell.tag == Some(tag))
        else {
            return;
        };
        shell.tag = None;
        shell.former.push(tag);
        self.slots.version += 1;
        // A command that the shell was not told yet goes to the next one.
        let Some(running) = shell.running.as_ref().filter(|running| running.is_told) else {
            return self.forget_shell_memory(session);
        };
        let (id, is_reported) = (running.command, running.status.is_some());
        if !self.is_stopping_command(id) && !is_reported {
            self.forget_shell_memory(session);
            let output = Captured { shell_ended: true, ..Captured::default() };
            self.end_in_shell(cx, id, CommandEnd { exit, was_killed: false }, output);
        }
    }

    /// A shell that ended by itself, and was not replaced, is followed by a fresh one.
    fn forget_shell_memory(&mut self, session: SessionId) {
        if let Some(shell) = self.shells.get_mut(&session).filter(|shell| !shell.is_replaced) {
            shell.memory = None;
        }
    }

    /// Nothing is left of a shell.
    pub(super) fn shell_gone(&mut self, session: SessionId, tag: u64) {
        // Processes that are being stopped are found by the tag of the shell too.
        if !self.is_stopping_in(session)
            && let Some(shell) = self.shells.get_mut(&session)
        {
            shell.former.retain(|former| *former != tag);
            self.slots.version += 1;
        }
    }

    /// Starts a command beside the shell.
    pub(super) fn start_beside(
        &mut self,
        cx: &mut Cx<'_>,
        id: CommandId,
        order: &ExecRequest,
        shell: ShellSpec,
    ) {
        self.check_told_jobs(cx);
        let io = match CommandIo::create(id, OutputSource::Job) {
            Ok(io) => io,
            Err(error) => {
                let refusal = no_room(&error);
                return self.command_event(CommandEvent::NotStarted { command: id, refusal });
            }
        };
        cx.link.say(&ToKeeper::Stash { name: stash_name(id, "log") }, vec![io.log.memory().fd()]);
        self.outputs.insert(id, io);
        if order.input == CommandInput::Open {
            self.open_inputs.insert(id);
        }
        let mut plan = FilePlan {
            dirs: self.dirs.clone(),
            id,
            contents: Vec::new(),
            has_output: false,
            has_open_input: false,
            directories: self.directories(order.cwd.as_deref(), &shell),
        };
        let known = self.shells.get(&shell.session);
        let memory = known.and_then(|known| Some((known, known.memory.as_ref()?)));
        let (start, env) = if let Some((known, memory)) = memory {
            let kind = known.kind;
            let recall = kind.recall(memory, false);
            let follow = kind.follow(known.known_env.as_deref(), &shell.env);
            let own = kind.own(id, order);
            let text = format!("{{ {recall} }} 2>/dev/null\n{follow}\n{own}");
            plan.contents.push(("rc", text.into_bytes()));
            let (program, words) = (known.program.clone(), order.words.clone());
            (BesideStart::Knowing { kind, program, words }, shell.env.clone())
        } else {
            let argv = direct(&order.words, &shell.program);
            (BesideStart::Direct(argv), own_env(id, order, &shell.env))
        };
        self.prepare(PreparingKind::Beside { start, env }, shell, plan);
    }

    /// A program of ours runs.
    pub(super) fn job_spawned(&mut self, cx: &mut Cx<'_>, entry: ProgramEntry, fds: Vec<OwnedFd>) {
        let tag = entry.tag;
        let spawn = self.spawning.remove(&tag);
        let Some(what) = self.kind_of(cx, tag) else {
            return cx.link.say(&kill_order(tag), Vec::new());
        };
        let job = match Job::new(what, entry, fds) {
            Ok(job) => job,
            Err(error) => {
                cx.link.say(&kill_order(tag), Vec::new());
                cx.link.say(&ToKeeper::Forget { tag }, Vec::new());
                return self.job_not_spawned(cx, tag, &error.to_string());
            }
        };
        let pid = job.pid().unsigned_abs();
        self.jobs.insert(tag, job);
        tracing::info!(?what, pid, "spawned");
        let command = match what {
            JobKind::Shell(session) => {
                let Some(shell) = self.shells.get_mut(&session) else { return };
                let running = shell.running.as_mut();
                let unsent = running.map(|running| std::mem::take(&mut running.unsent));
                let first = std::mem::take(&mut shell.first) + &unsent.unwrap_or_default();
                let running = shell.running.as_ref().filter(|running| running.is_told);
                let command = running.map(|running| running.command);
                if let Some(command) = command {
                    self.mark_shell(tag, command);
                }
                self.say_to_shell(cx, tag, &first);
                command
            }
            JobKind::Command(_, command) => {
                let keeps_input = spawn.is_some()
                    && cx.state.commands.records.contains_key(&command)
                    && self.open_inputs.contains(&command);
                let writer = self.jobs.get_mut(&tag).and_then(|job| job.writer.as_mut());
                if let Some(writer) = writer.filter(|_| !keeps_input) {
                    writer.close();
                    self.flush_job(cx, tag);
                }
                Some(command)
            }
        };
        if let Some(command) = command {
            // The process itself may be on its way to another directory.
            let cwd = spawn.map(|spawn| String::from_utf8_lossy(&spawn.cwd).into_owned());
            let cwd = cwd.unwrap_or_default();
            self.command_event(CommandEvent::Started { command, pid, cwd });
        }
        self.stop_if_late(cx, tag, what);
    }

    /// A stop may have been asked for while the program was being started.
    fn stop_if_late(&mut self, cx: &mut Cx<'_>, tag: u64, what: JobKind) {
        let grace = if self.ending.contains(&what.session()) {
            cx.settings.pane.grace()
        } else if let Some(command) =
            what.command().and_then(|id| cx.state.commands.records.get(&id))
            && command.stop.is_some()
        {
            command.grace
        } else {
            return;
        };
        self.stop_job(cx, tag, StopRequest { signal: TERM, grace, call: None });
    }

    /// The kind of the program with a tag.
    pub(super) fn kind_of(&self, cx: &Cx<'_>, tag: u64) -> Option<JobKind> {
        let shell = self
            .shells
            .iter()
            .find(|(_, shell)| shell.tag == Some(tag) || shell.former.contains(&tag));
        if let Some((session, _)) = shell {
            return Some(JobKind::Shell(*session));
        }
        let mut records = cx.state.commands.records.values();
        records
            .find(|command| command_tag(command.id) == tag)
            .map(|command| JobKind::Command(command.session, command.id))
    }

    pub(super) fn job_not_spawned(&mut self, cx: &mut Cx<'_>, tag: u64, message: &str) {
        let spawn = self.spawning.remove(&tag);
        let refusal =
            Refusal::new(Code::SpawnFailed, format!("the program could not be started: {message}"))
                .hint("check that it exists and can be executed: `command -v NAME`");
        match self.kind_of(cx, tag) {
            Some(JobKind::Command(_, command)) => {
                self.command_event(CommandEvent::NotStarted { command, refusal });
            }
            Some(JobKind::Shell(session)) => {
                let Some(shell) = self.shells.get_mut(&session) else { return };
                if let Some(mut spawn) = spawn.filter(|_| shell.program != "/bin/sh") {
                    // The session is not without a shell because the user's is not there.
                    let setup = shell.kind.setup();
                    shell.kind = ShellKind::Sh;
                    shell.program = "/bin/sh".into();
                    shell.first = shell.first.replacen(&setup, &ShellKind::Sh.setup(), 1);
                    spawn.argv =
                        ShellKind::Sh.argv("/bin/sh").into_iter().map(String::into_bytes).collect();
                    cx.link.say(&ToKeeper::Spawn(spawn.clone()), Vec::new());
                    self.spawning.insert(tag, spawn);
                    return;
                }
                shell.tag = None;
                if let Some(running) = shell.running.take() {
                    self.command_event(CommandEvent::NotStarted {
                        command: running.command,
                        refusal,
                    });
                }
            }
            None => {}
        }
    }

    /// Drops what is held for a command whose record is gone.
    pub(super) fn drop_command(&mut self, cx: &mut Cx<'_>, id: CommandId) {
        self.outputs.remove(&id);
        self.open_inputs.remove(&id);
        remove_files(&self.dirs, id, &FILES);
        for part in PARTS {
            cx.link.say(&ToKeeper::Unstash { name: stash_name(id, part) }, Vec::new());
        }
    }
}

fn no_room(error: &std::io::Error) -> Refusal {
    Refusal::new(Code::SpawnFailed, format!("there is no room for another command: {error}"))
        .hint("abide doctor")
}

/// A script goes to the user's shell, program and arguments go as they are.
fn direct(words: &[String], shell: &str) -> Vec<String> {
    let (kind, argv) = ShellKind::of(shell);
    let program =
        if kind == ShellKind::Sh || shell == argv[0] { argv[0].clone() } else { "/bin/sh".into() };
    match words {
        [script] => vec![program, "-c".into(), script.clone()],
        words => words.to_vec(),
    }
}

fn own_env(id: CommandId, order: &ExecRequest, env: &[(String, String)]) -> Vec<(String, String)> {
    let mut env = env.to_vec();
    for (name, value) in &order.vars {
        env.retain(|(known, _)| known != name);
        env.extend(value.clone().map(|value| (name.clone(), value)));
    }
    env.push(("ABIDE_COMMAND".into(), id.to_string()));
    env
}
