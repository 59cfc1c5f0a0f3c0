//! What is worth a mark or a notice: bells, output, silence, ends, notifications, long commands,
//! progress.

use crate::base::id::PaneId;
use crate::base::text::sanitize;
use crate::base::time::{Now, Span, Tick};
use crate::core::Core;
use crate::settings::NotifyPolicy;
use crate::state::effect::{ClientMessage, Effects};
use crate::term::{MarkKind, Notice, Progress, PromptMark};

/// The longest title or body of a notification, in bytes.
pub(super) const NOTICE_MAX: usize = 1024;

impl Core {
    /// Whether some view shows the tab of a pane.
    fn is_seen(&self, id: PaneId) -> bool {
        self.state.pane(id).tab.is_some_and(|tab| self.state.is_shown(tab))
    }

    pub(super) fn note_output(&mut self, id: PaneId) {
        let is_seen = self.is_seen(id);
        let marks_activity = self.settings.monitor.activity;
        let marks = &mut self.state.pane_mut(id).marks;
        marks.activity |= !is_seen && marks_activity;
        marks.news.silence = false;
    }

    pub(super) fn note_bell(&mut self, id: PaneId, fx: &mut Effects) {
        let is_news = self.settings.monitor.bell && !self.is_seen(id);
        self.state.pane_mut(id).marks.bell |= is_news;
        self.tell(id, &ClientMessage::Bell, fx);
        self.hook_pane(("bell", |hooks| &hooks.bell), id, String::new(), fx);
    }

    pub(super) fn note_notification(&mut self, id: PaneId, notice: &Notice, fx: &mut Effects) {
        let (title, body) =
            (sanitize(&notice.title, NOTICE_MAX), sanitize(&notice.body, NOTICE_MAX));
        let text = [title.as_str(), body.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(": ");
        if !self.is_seen(id) {
            self.state.pane_mut(id).marks.news.notice = Some(text.clone());
        }
        self.tell(id, &ClientMessage::Notify { title, body }, fx);
        self.hook_pane(("notified", |hooks| &hooks.notified), id, text, fx);
    }

    pub(super) fn note_progress(&mut self, id: PaneId, progress: Progress) {
        self.state.pane_mut(id).marks.news.progress =
            Some(progress).filter(|progress| *progress != Progress::None);
    }

    /// A mark of shell integration came: a command that took long and ends unseen is news.
    pub(super) fn note_mark(&mut self, id: PaneId, mark: &PromptMark, fx: &mut Effects) {
        let is_seen = self.is_seen(id);
        let limit = self.settings.monitor.command_s;
        let marks = &mut self.state.pane_mut(id).marks;
        marks.prompt = mark.kind == MarkKind::Input;
        let now = marks.output;
        if mark.kind == MarkKind::Output {
            marks.news.command = Some(now);
        }
        if mark.kind != MarkKind::Done {
            return;
        }
        marks.news.progress = None;
        let Some(since) = marks.news.command.take() else { return };
        if limit == 0 || is_seen || now - since < Span::seconds(u64::from(limit)) {
            return;
        }
        let status = u8::try_from(mark.exit_code.unwrap_or(0).rem_euclid(256)).unwrap_or(0);
        marks.news.ended = Some(status);
        let text = format!("{}: the command ended, status {status}", self.state.place_of(id));
        self.tell(id, &ClientMessage::Notice { text, warning: status != 0 }, fx);
        self.hook_pane(("command_done", |hooks| &hooks.command_done), id, status.to_string(), fx);
    }

    /// A program is about to be taken note of as ended with this status, as a shell shows it.
    pub(super) fn note_end(&mut self, id: PaneId, status: u8, fx: &mut Effects) {
        self.hook_pane(("pane_exited", |hooks| &hooks.pane_exited), id, status.to_string(), fx);
        let is_told = match self.settings.monitor.exit {
            NotifyPolicy::Off => false,
            NotifyPolicy::On => true,
            NotifyPolicy::Failed => status != 0,
        };
        let pane = self.state.pane(id);
        if !is_told || pane.tab.is_none() || self.is_seen(id) {
            return;
        }
        let text = format!(
            "{} {} ended, status {status}",
            self.state.place_of(id),
            self.state.pane_label(id)
        );
        self.state.pane_mut(id).marks.news.ended = Some(status);
        self.tell(id, &ClientMessage::Notice { text, warning: status != 0 }, fx);
    }

    /// When the next pane falls silent; none if none can, or if that is not monitored.
    pub(super) fn silence_at(&self) -> Option<Tick> {
        let limit = self.silence_limit()?;
        let can = self.state.panes.values().filter(|pane| self.can_fall_silent(pane.id));
        can.map(|pane| pane.marks.output + limit).min()
    }

    fn silence_limit(&self) -> Option<Span> {
        let seconds = self.settings.monitor.silence_s;
        (seconds != 0).then(|| Span::seconds(u64::from(seconds)))
    }

    fn can_fall_silent(&self, id: PaneId) -> bool {
        let pane = self.state.pane(id);
        let printed =
            pane.marks.output != Tick::default() && pane.life.is_live() && pane.tab.is_some();
        printed && !pane.marks.news.silence && !self.is_seen(id)
    }

    /// Panes that printed nothing for long enough fell silent.
    pub(super) fn note_silence(&mut self, now: Now, fx: &mut Effects) {
        let Some(limit) = self.silence_limit() else { return };
        let silent: Vec<PaneId> =
            self.state.panes.keys().copied().filter(|id| self.can_fall_silent(*id)).collect();
        for id in silent
            .into_iter()
            .filter(|id| self.state.pane(*id).marks.output + limit <= now.tick)
            .collect::<Vec<_>>()
        {
            self.state.pane_mut(id).marks.news.silence = true;
            self.hook_pane(("silence", |hooks| &hooks.silence), id, String::new(), fx);
        }
    }
}
