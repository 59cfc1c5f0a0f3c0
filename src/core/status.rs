//! What a client shows besides panes and tabs, as plain data: marks, progress, what wants
//! attention.

use crate::base::id::{ClientId, PaneId, TabId};
use crate::base::text::sanitize;
use crate::core::Core;
use crate::state::alerts::AlertReason;
use crate::term::Progress;

/// Panes that want attention and are told of, at most.
const ALERTS_MAX: usize = 100;
/// The longest reason, in bytes.
const WHY_MAX: usize = 200;

/// What a client shows besides panes and tabs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SceneStatus {
    /// Marks of the tabs that have any.
    pub tabs: Vec<SceneMarks>,
    /// Panes that want attention, the most urgent first; those that merely printed are not among
    /// them.
    pub attention: Vec<SceneAlert>,
    /// The directory of the pane in focus; empty where unknown.
    pub cwd: String,
}

/// Marks of a tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SceneMarks {
    /// The tab.
    pub tab: TabId,
    /// A pane of it fell silent.
    pub silence: bool,
    /// A program or long command of it ended, with this status; a failure wins.
    pub ended: Option<u8>,
    /// A program of it sent a notification.
    pub notified: bool,
    /// How far the work in it has come.
    pub progress: Option<Progress>,
}

/// A pane that wants attention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SceneAlert {
    /// The pane.
    pub pane: PaneId,
    /// Where it is, as a target.
    pub place: String,
    /// What its border calls it.
    pub label: String,
    /// Why, in some words.
    pub why: String,
}

impl Core {
    /// What a client shows besides panes and tabs; none if there is no such client.
    #[must_use]
    pub fn status(&self, client: ClientId) -> Option<SceneStatus> {
        let view = self.state.views.get(&client)?;
        let tabs = view.at.session.map_or(&[][..], |session| &self.state.session(session).tabs);
        let wanting = self
            .state
            .alerts()
            .into_iter()
            .filter(|(_, why)| *why != AlertReason::Activity)
            .take(ALERTS_MAX);
        let cwd =
            view.focus().and_then(|pane| self.state.pane(pane).screen.cwd()).unwrap_or_default();
        Some(SceneStatus {
            tabs: tabs.iter().filter_map(|tab| self.marks_of(*tab)).collect(),
            attention: wanting.map(|(pane, why)| self.alert_of(pane, &why)).collect(),
            cwd: cwd.to_owned(),
        })
    }

    fn marks_of(&self, tab: TabId) -> Option<SceneMarks> {
        let mut marks =
            SceneMarks { tab, silence: false, ended: None, notified: false, progress: None };
        let empty = marks.clone();
        for pane in self.state.tab(tab).layout.panes() {
            let news = &self.state.pane(pane).marks.news;
            marks.silence |= news.silence;
            marks.notified |= news.notice.is_some();
            marks.ended = marks.ended.max(news.ended);
            marks.progress = marks.progress.or(news.progress);
        }
        (marks != empty).then_some(marks)
    }

    fn alert_of(&self, pane: PaneId, why: &AlertReason) -> SceneAlert {
        SceneAlert {
            pane,
            place: self.state.place_of(pane),
            label: self.state.pane_label(pane),
            why: sanitize(&why.words(), WHY_MAX),
        }
    }
}
