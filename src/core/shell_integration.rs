//! Commands at the prompts of panes' shells: what the shells' marks tell of them is remembered, and
//! calls that typed one are answered.

use crate::action::exec::{Ran, begin_deadline, no_marks};
use crate::action::table::value;
use crate::base::error::{Code, Refusal};
use crate::base::id::{CallId, PaneId};
use crate::base::text::sanitize;
use crate::base::time::{Now, Span};
use crate::core::Core;
use crate::state::call::{OpenCall, Pending};
use crate::state::effect::{Effect, Effects};
use crate::state::shell_history::{self, Phase, ShellCommand};
use crate::term::{Anchor, MarkKind, PromptMark};

/// The most bytes of a line that is remembered.
const TEXT_MAX: usize = 4096;
/// The most bytes of output that are given.
const OUTPUT_MAX: usize = 1 << 20;
/// The bytes a terminal sends to interrupt, and to quit, where the program has not changed them
/// (termios(3): INTR, QUIT).
const SIGNALS: [&[u8]; 2] = [b"\x03", b"\x1c"];
/// The byte that takes back a line (termios(3): KILL); shells without one to take back ignore it.
const KILL_LINE: &[u8] = b"\x15";

/// The time after which a line is refused whose rest the shell asks for.
const REST_WITHIN: Span = Span::millis(100);

impl Core {
    /// A mark of the shell of a pane came.
    pub(super) fn prompt_mark(
        &mut self,
        now: Now,
        id: PaneId,
        mark: &PromptMark,
        fx: &mut Effects,
    ) {
        let shell = &mut self.state.pane_mut(id).marks.shell;
        shell.seen = true;
        match mark.kind {
            MarkKind::Prompt => {
                shell.spot = None;
                // A shell in that shell shows a prompt, or one that does not tell how commands end.
                if let Some(running) = shell.running.take() {
                    self.state.shell_history.end(running, now, None, mark.at);
                    self.refuse_untold(id, fx);
                }
            }
            MarkKind::Input => {
                let before = std::mem::replace(&mut shell.spot, mark.at);
                self.prompt_shown(now, id, before != mark.at, fx);
            }
            MarkKind::Output => self.command_began(now, id, mark),
            MarkKind::Done => self.command_done(now, id, mark, fx),
            MarkKind::Unfinished => self.asked_for_rest(now, id),
        }
    }

    /// A prompt was drawn: the line of a call that waits for it is typed. A line that was typed
    /// before and ran nothing became no command, such as one with an error that the shell finds
    /// before it runs anything.
    fn prompt_shown(&mut self, now: Now, id: PaneId, is_new: bool, fx: &mut Effects) {
        let Some(call) = self.in_pane(id) else { return };
        match self.phase(call) {
            Some(Phase::Prompt) => self.type_line(now, call, fx),
            Some(Phase::Typed) if is_new => {
                let message =
                    format!("the shell of pane {id} shows its prompt again and ran nothing");
                // fish leaves the line at its new prompt.
                fx.push(Effect::Write { pane: id, bytes: KILL_LINE.to_vec() });
                self.answer(call, Err(not_run(id, message)), fx);
            }
            Some(Phase::Running(_)) if is_new => self.refuse_untold(id, fx),
            _ => {}
        }
    }

    /// The shell asks for the rest of a line: a call that has typed that has none. A shell that has
    /// just drawn that prompt may not hear an interrupt yet, so it is given a moment.
    fn asked_for_rest(&mut self, now: Now, id: PaneId) {
        let asked = self.in_pane(id).filter(|call| self.phase(*call) == Some(Phase::Typed));
        if let Some(open) = asked.and_then(|call| self.state.calls.get_mut(&call)) {
            open.deadline = Some(now.tick + REST_WITHIN);
        }
    }

    /// Answers the call whose command runs in a pane when a prompt comes without a word about its
    /// end: of a shell in that shell, or of one whose hooks were replaced.
    fn refuse_untold(&mut self, id: PaneId, fx: &mut Effects) {
        let is_running = |phase: Phase| matches!(phase, Phase::Running(_));
        let asked = self.in_pane(id).filter(|call| self.phase(*call).is_some_and(is_running));
        if let Some(call) = asked {
            let message =
                format!("pane {id} shows a prompt, and no shell said how the command ended");
            let refusal = Refusal::new(Code::NoPromptMarks, message);
            let hint = format!("abide capture -t {id} shows it; another shell may run in that one");
            self.answer(call, Err(refusal.hint(hint)), fx);
        }
    }

    /// A line that is typed at a prompt ends it; only the next mark of a prompt's end brings it
    /// back. Output does not end it: shells print after the mark too (zsh clears the line's rest).
    pub(super) fn note_lines_typed(&mut self, fx: &[Effect]) {
        for effect in fx {
            if let Effect::Write { pane, bytes } = effect
                && bytes.iter().any(|byte| matches!(byte, b'\r' | b'\n'))
                && let Some(pane) = self.state.panes.get_mut(pane)
            {
                pane.marks.prompt = false;
            }
        }
    }

    fn command_began(&mut self, now: Now, id: PaneId, mark: &PromptMark) {
        let pane = self.state.pane(id);
        let shell = &pane.marks.shell;
        if let Some(running) = shell.running {
            // Two marks without anything between them are of one command: a shell's own and ours.
            if self.state.shell_history.get(running).is_some_and(|past| past.from == mark.at) {
                return;
            }
            self.state.shell_history.end(running, now, None, mark.at);
        }
        let pane = self.state.pane(id);
        let shell = &pane.marks.shell;
        let shown = shell
            .spot
            .zip(mark.at)
            .map(|(from, to)| pane.screen.text_between(from, to, TEXT_MAX).0)
            .unwrap_or_default();
        let asked = self.in_pane(id).filter(|call| self.phase(*call) == Some(Phase::Typed));
        let line = asked.and_then(|call| match &self.state.calls.get(&call)?.pending {
            Pending::InPane(wait) => Some(wait.line.clone()),
            _ => None,
        });
        // As shells have it: what begins with a blank is not to be remembered.
        let is_private = line.is_none() && shown.starts_with(' ');
        let text = line.or_else(|| mark.command.clone()).unwrap_or(shown);
        let text = if is_private { String::new() } else { sanitize(text.trim(), TEXT_MAX) };
        let cwd = if shell.cwd.is_empty() {
            pane.screen.cwd().unwrap_or_default().to_owned()
        } else {
            shell.cwd.clone()
        };
        let (command, session) = (self.state.commands.next_id(), self.state.pane(id).session);
        let (started_wall, started) = (now.wall, now.tick);
        self.state.shell_history.push(ShellCommand {
            id: command,
            pane: id,
            session,
            text,
            cwd,
            started_wall,
            started,
            from: mark.at,
            end: None,
        });
        self.state.pane_mut(id).marks.shell.running = Some(command);
        if let Some(OpenCall { pending: Pending::InPane(wait), .. }) =
            asked.and_then(|call| self.state.calls.get_mut(&call))
        {
            wait.phase = Phase::Running(command);
            let limit = wait.limit.map(|limit| wait.since + limit);
            if let Some(open) = asked.and_then(|call| self.state.calls.get_mut(&call)) {
                open.deadline = limit;
            }
        }
    }

    fn command_done(&mut self, now: Now, id: PaneId, mark: &PromptMark, fx: &mut Effects) {
        let exit_code = mark.exit_code.and_then(|code| u8::try_from(code.rem_euclid(256)).ok());
        let running = self.state.pane_mut(id).marks.shell.running.take();
        if let Some(running) = running {
            self.state.shell_history.end(running, now, exit_code, mark.at);
        }
        let asked = self.in_pane(id).filter(|call| self.phase(*call) != Some(Phase::Prompt));
        if let Some(call) = asked {
            self.answer_ran(now, call, Some((exit_code.unwrap_or(255), mark)), fx);
        }
    }

    /// Answers with what came of a command; without its end if it goes on.
    fn answer_ran(
        &mut self,
        now: Now,
        call: CallId,
        end: Option<(u8, &PromptMark)>,
        fx: &mut Effects,
    ) {
        let Some(OpenCall { pending: Pending::InPane(wait), .. }) = self.state.calls.get(&call)
        else {
            return;
        };
        let pane = self.state.pane(wait.pane);
        let command = match wait.phase {
            Phase::Running(command) => Some(command),
            Phase::Prompt | Phase::Typed => None,
        };
        let past = command.and_then(|command| self.state.shell_history.get(command));
        // A line that no command came of, such as one with an error in it: what is below it.
        let below = || pane.marks.shell.spot.map(|spot| Anchor { line: spot.line + 1, cell: 0 });
        let from = past.and_then(|past| past.from).or_else(below);
        let to = end.map_or_else(|| pane.screen.cursor_anchor(), |(_, mark)| mark.at);
        let (stdout, truncated) = from.zip(to).map_or((String::new(), true), |(from, to)| {
            pane.screen.text_between(from, to, OUTPUT_MAX)
        });
        let timed_out = wait.strikes != 0;
        let exit_code = end.filter(|_| !timed_out).map_or(124, |(code, _)| code);
        let state = match (end, timed_out, exit_code) {
            (None, ..) => "running",
            (_, true, _) => "timed_out",
            (.., 0) => "completed",
            _ => "failed",
        };
        let ran = Ran {
            command_id: command,
            exit_code,
            signal: exit_code.checked_sub(128).filter(|signal| (1..=64).contains(signal)),
            stdout,
            duration_ms: (now.tick - wait.since).as_millis(),
            timed_out,
            truncated,
            state: state.into(),
            ..Ran::default()
        };
        self.answer(call, Ok(value(&ran)), fx);
    }

    /// The call that runs something in the shell of a pane; there is one at most.
    fn in_pane(&self, id: PaneId) -> Option<CallId> {
        let own =
            |open: &OpenCall| matches!(&open.pending, Pending::InPane(wait) if wait.pane == id);
        self.state.calls.iter().find(|(_, open)| own(open)).map(|(call, _)| *call)
    }

    fn phase(&self, call: CallId) -> Option<Phase> {
        match &self.state.calls.get(&call)?.pending {
            Pending::InPane(wait) => Some(wait.phase),
            _ => None,
        }
    }

    fn type_line(&mut self, now: Now, call: CallId, fx: &mut Effects) {
        let Some(OpenCall { deadline, pending: Pending::InPane(wait), .. }) =
            self.state.calls.get_mut(&call)
        else {
            return;
        };
        wait.phase = Phase::Typed;
        wait.since = now.tick;
        *deadline = Some(begin_deadline(now.tick, wait.limit));
        let (pane, line) = (wait.pane, wait.line.clone());
        self.write(pane, fx, |screen, bytes| bytes.extend(shell_history::typed(screen, &line)));
    }

    /// Commands in shells of panes whose time is up are interrupted, then told to quit, then left
    /// to whoever sees that pane.
    pub(super) fn in_pane_overdue(&mut self, now: Now, fx: &mut Effects) {
        let is_due = |open: &OpenCall| {
            matches!(open.pending, Pending::InPane(_))
                && open.deadline.is_some_and(|at| at <= now.tick)
        };
        let due: Vec<CallId> = self
            .state
            .calls
            .iter()
            .filter(|(_, open)| is_due(open))
            .map(|(call, _)| *call)
            .collect();
        for call in due {
            let Some(OpenCall { deadline, pending: Pending::InPane(wait), .. }) =
                self.state.calls.get_mut(&call)
            else {
                continue;
            };
            let pane = wait.pane;
            if wait.phase == Phase::Prompt {
                if self.state.pane(pane).screen.is_at_prompt() {
                    // The marks of this shell tell the beginning of a prompt and not its end, so
                    // the line is typed now.
                    self.type_line(now, call, fx);
                } else {
                    let refusal = no_prompt(pane, self.state.pane(pane).marks.shell.seen);
                    self.answer(call, Err(refusal), fx);
                }
                continue;
            }
            if wait.phase == Phase::Typed {
                let message = format!(
                    "the shell of pane {pane} takes the line for the beginning of a command and \
                     waits for the rest"
                );
                fx.push(Effect::Write { pane, bytes: SIGNALS[0].to_vec() });
                self.answer(call, Err(not_run(pane, message)), fx);
                continue;
            }
            match SIGNALS.get(usize::from(wait.strikes)) {
                Some(bytes) => {
                    wait.strikes += 1;
                    *deadline = Some(now.tick + wait.grace);
                    fx.push(Effect::Write { pane, bytes: bytes.to_vec() });
                }
                None => self.answer_ran(now, call, None, fx),
            }
        }
    }

    /// Interrupts a command in the shell of a pane, because the caller that waited for it has gone.
    pub(super) fn interrupt(&self, wait: &shell_history::InPane, fx: &mut Effects) {
        if wait.phase != Phase::Prompt
            && self.settings.exec.cancel
            && self.state.panes.contains_key(&wait.pane)
        {
            fx.push(Effect::Write { pane: wait.pane, bytes: SIGNALS[0].to_vec() });
        }
    }
}

fn not_run(pane: PaneId, message: String) -> Refusal {
    let hint = format!(
        "abide capture -t {pane} shows what it says; a quote or a keyword may lack its end"
    );
    Refusal::new(Code::NotRun, message).hint(hint)
}

fn no_prompt(pane: PaneId, has_marks: bool) -> Refusal {
    if has_marks {
        return Refusal::new(
            Code::NotAtPrompt,
            format!("the shell of pane {pane} showed no prompt in time"),
        )
        .hint(format!("abide capture -t {pane}"));
    }
    no_marks(pane)
}
