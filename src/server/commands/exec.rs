//! Running commands: in the session's shell with FIFOs of their own, or beside it through the
//! keeper.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use tokio::io::Interest;

use crate::base::error::{Code, Refusal};
use crate::base::exit::ExitStatus;
use crate::base::id::{CallId, CommandId, SessionId};
use crate::base::signal::TERM;
use crate::core::exec::CommandEvent;
use crate::platform::{now, process};
use crate::server::commands::event::CommandTaskEvent;
use crate::server::commands::io::{
    CommandIo, Fifo, OutputSource, PARTS, Pulled, Writer, make_fifo, open_writer, path,
    remove_files, stash_name, when_ready, write_file,
};
use crate::server::commands::job::{Job, JobKind, command_tag, shell_tag};
use crate::server::commands::shell::{Files, NOTICED, Report, ShellKind};
use crate::server::commands::{Running, SessionShell};
use crate::server::edge::Server;
use crate::state::command::{Captured, CommandInput, ExecRequest, script};
use crate::state::command_effect::ShellSpec;
use crate::store::log::LogStream;
use crate::wire::keeper::{ProgramEntry, Spawn, ToKeeper, Wiring};

/// The capacity of the keeper's rings for pipes: the log keeps the output.
const RING_BYTES: u32 = 256 << 10;
/// The most bytes of one stream in an answer.
const ANSWER_BYTES_MAX: usize = 1 << 20;

impl Server {
    /// Runs a command in its session's shell, which is started if there is none.
    pub(super) fn run_in_shell(
        &mut self,
        id: CommandId,
        call: CallId,
        order: ExecRequest,
        shell: &ShellSpec,
    ) {
        self.look_at_told_jobs();
        let prepared = self.prepare(id, &order);
        let files = match prepared {
            Ok(files) => files,
            Err(error) => {
                remove_files(&self.commands.dir, id, &["sh", "in", "out", "err"]);
                self.commands.outputs.remove(&id);
                return self.command_event(CommandEvent::NotStarted {
                    command: id,
                    refusal: no_room(&error),
                });
            }
        };
        if order.stream {
            self.follow_exec(call, id);
        }
        let (kind, argv) = ShellKind::of(&shell.program);
        let entry = self.commands.shells.entry(shell.session).or_insert_with(|| SessionShell {
            kind,
            program: argv[0].clone(),
            tag: None,
            first: String::new(),
            running: None,
            memory: None,
            interrupts: (0, 0),
            is_replaced: false,
            former: Vec::new(),
        });
        // One that has ended is not told anything, even if what it left behind is still looked for.
        let is_dead = |tag: &u64| self.commands.jobs.get(tag).is_some_and(|job| job.exit.is_some());
        if let Some(tag) = entry.tag.take_if(|tag| is_dead(tag)) {
            entry.former.push(tag);
        }
        let text = entry.kind.run(id, &order, &files);
        tracing::info!(command = %id, session = %shell.session, "exec");
        entry.running = Some(Running { command: id, order, status: None, unsent: String::new() });
        match entry.tag {
            Some(tag) if self.commands.jobs.contains_key(&tag) => {
                let pid = self.commands.jobs[&tag].pid().unsigned_abs();
                let cwd =
                    entry.memory.as_ref().map(|memory| memory.cwd.clone()).unwrap_or_default();
                self.say_to_shell(tag, &text);
                self.command_event(CommandEvent::Started { command: id, pid, cwd });
            }
            Some(_) => entry.keep_unsent(text),
            None => {
                entry.keep_unsent(text);
                self.spawn_shell(id, shell);
            }
        }
    }

    fn spawn_shell(&mut self, id: CommandId, shell: &ShellSpec) {
        let tag = shell_tag(id);
        let Some(entry) = self.commands.shells.get_mut(&shell.session) else { return };
        entry.tag = Some(tag);
        entry.is_replaced = false;
        entry.interrupts = (0, 0);
        entry.first = entry.kind.setup();
        if let Some(memory) = &entry.memory {
            let file = path(&self.commands.dir, id, "rc");
            if write_file(&file, entry.kind.recall(memory, true).as_bytes()).is_ok() {
                entry.first = format!(". '{}' 2>/dev/null\n{}", file.display(), entry.kind.setup());
            }
        }
        let argv = entry.kind.argv(&entry.program);
        self.commands.kept.version += 1;
        self.spawn_on_pipes(tag, argv, shell.env.clone(), &shell.cwd);
    }

    fn spawn_on_pipes(
        &mut self,
        tag: u64,
        argv: Vec<String>,
        env: Vec<(String, String)>,
        cwd: &str,
    ) {
        let cwd = [cwd, &self.home, "/"]
            .into_iter()
            .find(|cwd| Path::new(cwd).is_dir())
            .unwrap_or("/")
            .to_owned();
        let spawn = Spawn {
            tag,
            wiring: Wiring::Pipes,
            argv: argv.into_iter().map(String::into_bytes).collect(),
            env: env
                .into_iter()
                .map(|(name, value)| (name.into_bytes(), value.into_bytes()))
                .collect(),
            cwd: cwd.into_bytes(),
            ring_bytes: RING_BYTES,
        };
        self.write_slots();
        self.link.say(&ToKeeper::Spawn(spawn.clone()), Vec::new());
        self.commands.spawning.insert(tag, spawn);
    }

    /// The files of a command in the shell, and the handles of the other ends.
    fn prepare(&mut self, id: CommandId, order: &ExecRequest) -> std::io::Result<Files> {
        let dir = self.commands.dir.clone();
        let text = |part: &str| path(&dir, id, part).display().to_string();
        write_file(&path(&dir, id, "sh"), (script(&order.words) + "\n").as_bytes())?;
        let (mut input, mut writer, mut hold) = ("/dev/null".to_owned(), None, None);
        match &order.input {
            CommandInput::Nothing => {}
            CommandInput::Bytes(bytes) => {
                input = text("in");
                write_file(Path::new(&input), bytes)?;
            }
            CommandInput::Open => {
                input = text("in");
                hold = Some(make_fifo(Path::new(&input))?);
                writer = Some(Writer::new(Arc::new(open_writer(Path::new(&input))?)));
            }
        }
        let [output, error] =
            ["out", "err"].map(|part| make_fifo(&path(&dir, id, part)).map(Arc::new));
        let fifos = [output?, error?];
        for (part, fd) in ["out", "err"].into_iter().zip(&fifos) {
            self.link.say(&ToKeeper::Stash { name: stash_name(id, part) }, vec![Arc::clone(fd)]);
        }
        let fifos = fifos.map(|fd| Some(Fifo { fd, waiter: None, was_open: false }));
        let io = CommandIo::create(id, OutputSource::Shell { fifos, input: writer, hold })?;
        self.link.say(&ToKeeper::Stash { name: stash_name(id, "log") }, vec![io.log.memory().fd()]);
        self.commands.outputs.insert(id, io);
        self.watch_fifos(id);
        Ok(Files { script: text("sh"), input, output: text("out"), error: text("err") })
    }

    /// Waits for output on every FIFO of a command that nobody waits for.
    pub(super) fn watch_fifos(&mut self, id: CommandId) {
        let Some(CommandIo { source: OutputSource::Shell { fifos, .. }, .. }) =
            self.commands.outputs.get_mut(&id)
        else {
            return;
        };
        for (stream, fifo) in LogStream::ALL.into_iter().zip(fifos) {
            if let Some(fifo) = fifo.as_mut().filter(|fifo| fifo.waiter.is_none()) {
                fifo.waiter = when_ready(
                    &fifo.fd,
                    Interest::READABLE,
                    CommandTaskEvent::Readable(id, stream),
                    &self.events,
                );
            }
        }
    }

    pub(super) fn fifo(&mut self, id: CommandId, stream: LogStream) -> Option<&mut Fifo> {
        let Some(CommandIo { source: OutputSource::Shell { fifos, .. }, .. }) =
            self.commands.outputs.get_mut(&id)
        else {
            return None;
        };
        fifos[usize::from(stream == LogStream::Error)].as_mut()
    }

    /// Reads what a command in the shell has written, unless whoever follows it cannot keep up.
    /// Fifos that ended are let go.
    pub(super) fn pull(&mut self, id: CommandId) {
        if !self.is_paced(id) {
            self.pull_now(id);
        }
    }

    fn pull_now(&mut self, id: CommandId) {
        let is_running =
            self.core.state.commands.records.get(&id).is_some_and(|command| command.end.is_none());
        let wall = now().wall;
        let Some(CommandIo { source: OutputSource::Shell { fifos, .. }, log, .. }) =
            self.commands.outputs.get_mut(&id)
        else {
            return;
        };
        let before = log.head();
        let mut ended = Vec::new();
        for (stream, slot) in LogStream::ALL.into_iter().zip(fifos) {
            let Some(fifo) = slot else { continue };
            // Before the shell has opened it, a FIFO looks as if it had ended.
            if fifo.pull(stream, wall, log, &mut self.commands.buffer) == Pulled::End
                && (fifo.was_open || !is_running)
            {
                *slot = None;
                ended.push(if stream == LogStream::Output { "out" } else { "err" });
            }
        }
        for part in ended {
            self.link.say(&ToKeeper::Unstash { name: stash_name(id, part) }, Vec::new());
        }
        self.output_kept(id, before);
        self.watch_fifos(id);
        let over =
            |io: &CommandIo| matches!(&io.source, OutputSource::Shell { fifos: [None, None], .. });
        if self.commands.outputs.get(&id).is_some_and(over) {
            self.source_over(id);
        }
    }

    /// Keeps output of a command beside the shell.
    pub(super) fn keep_output(&mut self, id: CommandId, stream: LogStream, bytes: &[u8]) {
        let Some(io) = self.commands.outputs.get_mut(&id) else { return };
        let before = io.log.head();
        io.log.append(stream, now().wall, bytes);
        self.output_kept(id, before);
    }

    fn output_kept(&mut self, id: CommandId, before: u64) {
        let Some(io) = self.commands.outputs.get_mut(&id).filter(|io| before < io.log.head())
        else {
            return;
        };
        if !std::mem::replace(&mut io.has_spoken, true) {
            tracing::info!(command = %id, "first output");
        }
        self.look_for_lines(id, before);
    }

    /// Nothing comes from a command any more.
    pub(super) fn source_over(&mut self, id: CommandId) {
        remove_files(&self.commands.dir, id, &["rc"]);
        if let Some(io) = self.commands.outputs.get_mut(&id) {
            io.source = OutputSource::Over;
        }
    }

    pub(super) fn say_to_shell(&mut self, tag: u64, text: &str) {
        if let Some(writer) = self.commands.jobs.get_mut(&tag).and_then(|job| job.writer.as_mut())
            && !writer.put(text.as_bytes())
        {
            tracing::warn!("a shell does not read");
        }
        self.flush_job(tag);
    }

    /// Says the end of what runs in a shell again, or asks whether it has noticed all: an INT may
    /// have cost it what it had read ahead.
    pub(super) fn ask_for_end(&mut self, session: SessionId) {
        let Some(shell) = self.commands.shells.get(&session) else { return };
        if let (Some(tag), Some(running)) = (shell.tag, &shell.running) {
            let has_ended = running.status.is_some();
            let text = if has_ended {
                shell.kind.notice(shell.interrupts.0)
            } else {
                shell.kind.finish(running.command, &running.order)
            };
            self.say_to_shell(tag, &text);
        }
    }

    /// A shell told the end of a command.
    pub(super) fn reported(&mut self, session: SessionId, report: Report) {
        let Some(shell) = self.commands.shells.get_mut(&session) else { return };
        if report.command == NOTICED {
            if let Ok(opened) = report.memory.cwd.parse() {
                return self.input_opened(opened);
            }
            if report.status == shell.interrupts.0 {
                shell.interrupts.1 = report.status;
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
        self.commands.kept.version += 1;
        let id = report.command;
        self.finish_files(id);
        if self.is_stopping_command(id) {
            self.ask_for_end(session);
        } else {
            self.end_in_shell(
                (session, id),
                (ExitStatus::Code(report.status), false),
                Captured::default(),
            );
        }
    }

    /// A command in the shell has ended: what the FIFOs hold now is its last output.
    pub(super) fn end_in_shell(
        &mut self,
        (session, id): (SessionId, CommandId),
        (exit, was_killed): (ExitStatus, bool),
        mut output: Captured,
    ) {
        self.pull_now(id);
        let is_streamed = self.follows_exec(id);
        if let Some(shell) = self
            .commands
            .shells
            .get_mut(&session)
            .filter(|shell| shell.running.as_ref().is_some_and(|run| run.command == id))
        {
            shell.running = None;
        }
        if let Some(io) = self.commands.outputs.get(&id).filter(|_| !is_streamed) {
            let (stdout, is_cut) = io.log.text(LogStream::Output, ANSWER_BYTES_MAX);
            let (stderr, is_error_cut) = io.log.text(LogStream::Error, ANSWER_BYTES_MAX);
            (output.stdout, output.stderr, output.is_cut) =
                (stdout, stderr, is_cut || is_error_cut);
        }
        self.finish_files(id);
        self.command_event(CommandEvent::Ended {
            command: id,
            exit,
            was_killed,
            output: Box::new(output),
        });
        self.end_watches(id);
        // From now on an end of a FIFO is its end.
        self.pull(id);
    }

    /// The shell reads the standard input of a command: who writes to it may close it, and notices
    /// when nobody reads any more.
    fn input_opened(&mut self, id: CommandId) {
        if let Some(CommandIo { source: OutputSource::Shell { hold, .. }, .. }) =
            self.commands.outputs.get_mut(&id)
        {
            *hold = None;
            self.flush_command(id);
        }
    }

    fn finish_files(&mut self, id: CommandId) {
        remove_files(&self.commands.dir, id, &["sh", "in", "out", "err", "rc"]);
        if let Some(CommandIo { source: OutputSource::Shell { input, hold, .. }, .. }) =
            self.commands.outputs.get_mut(&id)
        {
            (*input, *hold) = (None, None);
        }
    }

    /// A session's shell has ended by itself, or was killed.
    pub(super) fn shell_ended(&mut self, session: SessionId, tag: u64, exit: ExitStatus) {
        let Some(shell) =
            self.commands.shells.get_mut(&session).filter(|shell| shell.tag == Some(tag))
        else {
            return;
        };
        shell.tag = None;
        shell.former.push(tag);
        self.commands.kept.version += 1;
        let Some(running) = &shell.running else {
            return self.forget_shell_memory(session);
        };
        let (id, is_reported) = (running.command, running.status.is_some());
        if !self.is_stopping_command(id) && !is_reported {
            self.forget_shell_memory(session);
            self.end_in_shell(
                (session, id),
                (exit, false),
                Captured { shell_ended: true, ..Captured::default() },
            );
        }
    }

    /// A shell that ended by itself, and was not replaced, is followed by a fresh one.
    fn forget_shell_memory(&mut self, session: SessionId) {
        if let Some(shell) =
            self.commands.shells.get_mut(&session).filter(|shell| !shell.is_replaced)
        {
            shell.memory = None;
        }
    }

    /// Nothing is left of a shell.
    pub(super) fn shell_gone(&mut self, session: SessionId, tag: u64) {
        // Who is being looked for is known by the tag of the shell too.
        if !self.is_stopping_in(session)
            && let Some(shell) = self.commands.shells.get_mut(&session)
        {
            shell.former.retain(|former| *former != tag);
            self.commands.kept.version += 1;
        }
    }

    /// Starts a command beside the shell.
    pub(super) fn start_beside(&mut self, id: CommandId, order: &ExecRequest, shell: &ShellSpec) {
        self.look_at_told_jobs();
        let io = match CommandIo::create(id, OutputSource::Job) {
            Ok(io) => io,
            Err(error) => {
                return self.command_event(CommandEvent::NotStarted {
                    command: id,
                    refusal: no_room(&error),
                });
            }
        };
        self.link.say(&ToKeeper::Stash { name: stash_name(id, "log") }, vec![io.log.memory().fd()]);
        self.commands.outputs.insert(id, io);
        if order.input == CommandInput::Open {
            self.commands.inputs.insert(id);
        }
        let known = self.commands.shells.get(&shell.session);
        let memory = known
            .and_then(|known| Some((known.kind, known.program.clone(), known.memory.clone()?)));
        let (argv, env) = match memory {
            Some((kind, program, memory)) => {
                let file = path(&self.commands.dir, id, "rc");
                let text = format!(
                    "{{ {} }} 2>/dev/null\n{}",
                    kind.recall(&memory, false),
                    kind.own(id, order)
                );
                if let Err(error) = write_file(&file, text.as_bytes()) {
                    return self.command_event(CommandEvent::NotStarted {
                        command: id,
                        refusal: no_room(&error),
                    });
                }
                (
                    kind.starter(&program, &file.display().to_string(), &order.words),
                    shell.env.clone(),
                )
            }
            None => (direct(&order.words, &shell.program), own_env(id, order, &shell.env)),
        };
        let cwd = order
            .cwd
            .as_deref()
            .filter(|cwd| cwd.starts_with('/'))
            .unwrap_or(&shell.cwd)
            .to_owned();
        self.spawn_on_pipes(command_tag(id), argv, env, &cwd);
    }

    /// A program of ours runs.
    pub(super) fn job_spawned(&mut self, entry: ProgramEntry, fds: Vec<OwnedFd>) {
        let tag = entry.tag;
        let spawn = self.commands.spawning.remove(&tag);
        let Some(what) = self.what(tag) else {
            self.link.say(&ToKeeper::Kill { tag, limit_ms: 5000 }, Vec::new());
            return;
        };
        let job = match Job::new(what, entry, fds) {
            Ok(job) => job,
            Err(error) => {
                self.link.say(&ToKeeper::Kill { tag, limit_ms: 5000 }, Vec::new());
                self.link.say(&ToKeeper::Forget { tag }, Vec::new());
                return self.job_not_spawned(tag, &error.to_string());
            }
        };
        let pid = job.pid().unsigned_abs();
        self.commands.jobs.insert(tag, job);
        tracing::info!(?what, pid, "spawned");
        match what {
            JobKind::Shell(session) => {
                let Some(shell) = self.commands.shells.get_mut(&session) else { return };
                let unsent = shell
                    .running
                    .as_mut()
                    .map(|running| std::mem::take(&mut running.unsent))
                    .unwrap_or_default();
                let first = std::mem::take(&mut shell.first) + &unsent;
                let running = shell.running.as_ref().map(|running| running.command);
                self.say_to_shell(tag, &first);
                if let Some(command) = running {
                    let cwd = process::working_directory(entry.pid)
                        .map(|cwd| cwd.display().to_string())
                        .unwrap_or_default();
                    self.command_event(CommandEvent::Started { command, pid, cwd });
                }
            }
            JobKind::Command(_, command) => {
                let keeps_input = spawn.is_some()
                    && self.core.state.commands.records.contains_key(&command)
                    && self.commands.inputs.contains(&command);
                if !keeps_input
                    && let Some(writer) =
                        self.commands.jobs.get_mut(&tag).and_then(|job| job.writer.as_mut())
                {
                    writer.close();
                    self.flush_job(tag);
                }
                let cwd = process::working_directory(entry.pid)
                    .map(|cwd| cwd.display().to_string())
                    .unwrap_or_default();
                self.command_event(CommandEvent::Started { command, pid, cwd });
            }
        }
        self.stop_if_late(tag, what);
    }

    /// A stop may have been asked for while the program was being started.
    fn stop_if_late(&mut self, tag: u64, what: JobKind) {
        if self.commands.ending.contains(&what.session()) {
            return self.stop_job(tag, (TERM, self.core.settings.pane.grace()), None);
        }
        let JobKind::Command(_, id) = what else { return };
        if let Some(command) =
            self.core.state.commands.records.get(&id).filter(|command| command.stop.is_some())
        {
            let grace = command.grace;
            self.stop_job(tag, (TERM, grace), None);
        }
    }

    /// Whose program a tag means.
    pub(super) fn what(&self, tag: u64) -> Option<JobKind> {
        let shell = self
            .commands
            .shells
            .iter()
            .find(|(_, shell)| shell.tag == Some(tag) || shell.former.contains(&tag));
        if let Some((session, _)) = shell {
            return Some(JobKind::Shell(*session));
        }
        let mut records = self.core.state.commands.records.values();
        records
            .find(|command| command_tag(command.id) == tag)
            .map(|command| JobKind::Command(command.session, command.id))
    }

    pub(super) fn job_not_spawned(&mut self, tag: u64, message: &str) {
        let spawn = self.commands.spawning.remove(&tag);
        let refusal =
            Refusal::new(Code::SpawnFailed, format!("the program could not be started: {message}"))
                .hint("check that it exists and can be executed: `command -v NAME`");
        match self.what(tag) {
            Some(JobKind::Command(_, command)) => {
                self.command_event(CommandEvent::NotStarted { command, refusal })
            }
            Some(JobKind::Shell(session)) => {
                let Some(shell) = self.commands.shells.get_mut(&session) else { return };
                if let Some(mut spawn) = spawn.filter(|_| shell.program != "/bin/sh") {
                    // The session is not without a shell because the user's is not there.
                    let setup = shell.kind.setup();
                    shell.kind = ShellKind::Sh;
                    shell.program = "/bin/sh".into();
                    shell.first = shell.first.replacen(&setup, &ShellKind::Sh.setup(), 1);
                    spawn.argv =
                        ShellKind::Sh.argv("/bin/sh").into_iter().map(String::into_bytes).collect();
                    self.link.say(&ToKeeper::Spawn(spawn.clone()), Vec::new());
                    self.commands.spawning.insert(tag, spawn);
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
    pub(super) fn drop_command(&mut self, id: CommandId) {
        self.commands.outputs.remove(&id);
        self.commands.inputs.remove(&id);
        remove_files(&self.commands.dir, id, &["sh", "in", "out", "err", "rc"]);
        for part in PARTS {
            self.link.say(&ToKeeper::Unstash { name: stash_name(id, part) }, Vec::new());
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
