//! What programs do: they start, print, ask their terminal for something, and end.

use crate::action::completion;
use crate::base::error::Refusal;
use crate::base::exit::ExitStatus;
use crate::base::id::{ClientId, PaneId};
use crate::base::memory::Memory;
use crate::base::text::sanitize;
use crate::base::time::{Now, Span};
use crate::core::Core;
use crate::core::alerts::NOTICE_MAX;
use crate::core::restore::{ANSWERED, offers_shell};
use crate::settings::Remain;
use crate::state::effect::{ClientMessage, Effect, Effects};
use crate::state::pane::ProgramState;
use crate::term::{Options, TermEvent, Terminal};

/// So long after a program was ended from outside it may turn out that the machine goes down: what
/// was there before is not overwritten on disk.
const SHUTDOWN_SUSPECTED: Span = Span::seconds(10);

impl Core {
    pub(super) fn started(
        &mut self,
        now: Now,
        id: PaneId,
        (outcome, memory): (Result<u32, Refusal>, Box<dyn Memory>),
        fx: &mut Effects,
    ) {
        let options = self.terminal_options();
        let Some(pane) = self.state.panes.get_mut(&id) else { return };
        match outcome {
            Ok(pid) => {
                // One that was restored shows what it showed before, and has its memory.
                if self.state.restored_panes.remove(&id) {
                    pane.screen.feed(ANSWERED, &mut Vec::new());
                } else {
                    let mut screen = Terminal::new(pane.size, options, memory);
                    screen.succeed(&pane.screen);
                    pane.screen = screen;
                }
                pane.screen.identify(self.host.lineage, id.0);
                if pane.life == ProgramState::Starting {
                    pane.life = ProgramState::Running { pid };
                }
                pane.marks.started = Some(now.tick);
                self.state.version += 1;
                self.apply_palette(id, fx);
                self.complete(completion::on_started(&self.state, id), fx);
            }
            Err(refusal) => self.failed(now, id, &refusal, fx),
        }
    }

    /// A program could not be started: its pane goes, and whoever sees it hears why. One that was
    /// started before stays, says why, and can be tried again.
    fn failed(&mut self, now: Now, id: PaneId, refusal: &Refusal, fx: &mut Effects) {
        let asked = completion::on_failed(&self.state, id, refusal);
        let pane = self.state.pane(id);
        if pane.life == ProgramState::Starting && pane.restore.retried {
            self.complete(asked, fx);
            return self.hold_failed(id, refusal, fx);
        }
        if asked.is_empty() {
            let message = ClientMessage::Notice {
                text: sanitize(&refusal.message, NOTICE_MAX),
                warning: true,
            };
            self.tell(id, &message, fx);
        }
        self.complete(asked, fx);
        // The shell's status for a command that cannot be run (POSIX.1-2024 XCU 2.8.2).
        self.ended(now, id, (ExitStatus::Code(126), &[]), fx);
    }

    /// What the terminals of programs are like that start now.
    #[must_use]
    pub fn terminal_options(&self) -> Options {
        let kept = &self.settings.scrollback;
        let pixels = self
            .state
            .views
            .values()
            .max_by_key(|view| view.used)
            .map(|view| view.cell_pixels)
            .filter(|(x, y)| *x > 0 && *y > 0);
        let options = Options::default();
        Options {
            scrollback_lines_max: usize::try_from(kept.lines).unwrap_or(usize::MAX),
            scrollback_bytes_max: usize::try_from(kept.bytes).unwrap_or(usize::MAX),
            cell_pixels: pixels.unwrap_or(options.cell_pixels),
            checksum_reports: self.settings.pane.reports,
            title_reports: self.settings.pane.reports,
            ..options
        }
    }

    pub(super) fn output(&mut self, now: Now, id: PaneId, bytes: &[u8], fx: &mut Effects) {
        let Some(pane) = self.state.panes.get_mut(&id) else { return };
        let mut events = Vec::new();
        pane.screen.feed(bytes, &mut events);
        pane.marks.output = now.tick;
        pane.marks.prompt = false;
        let cols = pane.size.cols;
        self.note_output(id);
        for event in events {
            self.happened(now, id, event, fx);
        }
        if self.state.calls.values().any(|open| open.pending.pane() == Some(id)) {
            self.complete(completion::on_output(&self.state, id, rows_passed(bytes, cols)), fx);
        }
    }

    pub(super) fn happened(&mut self, now: Now, id: PaneId, event: TermEvent, fx: &mut Effects) {
        match event {
            TermEvent::Reply(bytes) => self.write(id, fx, |_, out| out.extend(bytes)),
            TermEvent::Bell => self.note_bell(id, fx),
            TermEvent::Clipboard { text, .. } => self.tell(id, &ClientMessage::Clipboard(text), fx),
            TermEvent::Notify(notice) => self.note_notification(id, &notice, fx),
            TermEvent::PromptMark(mark) => {
                self.note_mark(id, &mark, fx);
                self.prompt_mark(now, id, &mark, fx);
            }
            TermEvent::Cwd(path) => self.state.pane_mut(id).marks.shell.cwd = path,
            TermEvent::Progress(progress) => self.note_progress(id, progress),
            // Titles are read from the screen when they are needed; nothing follows from the others
            // yet.
            _ => (),
        }
    }

    /// Tells every client on the session of a pane.
    pub(super) fn tell(&self, pane: PaneId, message: &ClientMessage, fx: &mut Effects) {
        let clients: Vec<ClientId> = self.state.clients_of(self.state.pane(pane).session);
        fx.extend(
            clients.into_iter().map(|client| Effect::Tell { client, message: message.clone() }),
        );
    }

    pub(super) fn ended(
        &mut self,
        now: Now,
        id: PaneId,
        (status, left): (ExitStatus, &[u32]),
        fx: &mut Effects,
    ) {
        // The end of one that stays is told again by each new server.
        if self
            .state
            .panes
            .get(&id)
            .is_none_or(|pane| matches!(pane.life, ProgramState::Ended { .. }))
        {
            return;
        }
        let is_meant = self.state.pane(id).life == ProgramState::Ending;
        if !is_meant && status.is_from_outside() {
            self.state.shutdown_suspected_until = Some(now.tick + SHUTDOWN_SUSPECTED);
            self.state.version += 1;
        }
        let done = completion::on_ended(&mut self.state, id, status, left);
        self.complete(done, fx);
        self.note_end(id, status.shell(), fx);
        let stays = match self.settings.pane.remain_on_exit {
            Remain::Off => false,
            Remain::On => true,
            Remain::Failed => status != ExitStatus::Code(0),
        };
        let stays = stays || self.has_failed_again(now, id, status);
        self.state.pane_ended(id, status, stays, fx);
        let Some(pane) = self
            .state
            .panes
            .get_mut(&id)
            .filter(|pane| matches!(pane.life, ProgramState::Ended { .. }))
        else {
            return;
        };
        let offers_shell = offers_shell(pane);
        pane.screen.feed(exit_banner(status, offers_shell).as_bytes(), &mut Vec::new());
        fx.push(Effect::Snapshot { pane: id });
    }
}

/// What a pane shows at its end whose program has ended: the modes it set are off (DECSTR, the
/// alternate screen, the mouse), then a line that says so.
fn exit_banner(status: ExitStatus, offers_shell: bool) -> String {
    let or = if offers_shell { ", Esc starts a shell" } else { "" };
    format!(
        "\x1b[?1049l\x1b[!p\x1b[?1000;1002;1003;2004l\x1b[999;1H\r\n\x1b[7m {status}: Enter or R \
         runs it again{or} \x1b[m\x1b[?25l"
    )
}

/// How many rows `bytes` can have pushed off the screen at most: each takes a line end, or fills
/// its columns.
fn rows_passed(bytes: &[u8], cols: u16) -> usize {
    bytes.split(|byte| *byte == b'\n').count() + bytes.len() / usize::from(cols.max(1))
}
