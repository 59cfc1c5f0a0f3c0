//! Which panes want attention, and why. Nobody is told here.

use crate::base::id::PaneId;
use crate::state::State;
use crate::state::pane::Pane;

/// Why a pane wants attention, the most urgent first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlertReason {
    /// A bell rang.
    Bell,
    /// Its program sent this notification.
    Notice(String),
    /// Its program or a long command ended with this status.
    Ended(u8),
    /// It fell silent.
    Silence,
    /// It printed something.
    Activity,
}

impl AlertReason {
    /// In some words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Bell => "a bell rang".into(),
            Self::Notice(text) => text.clone(),
            Self::Ended(status) => format!("ended, status {status}"),
            Self::Silence => "fell silent".into(),
            Self::Activity => "new output".into(),
        }
    }
}

/// Why a pane wants attention; none if it does not.
fn why(pane: &Pane) -> Option<AlertReason> {
    let news = &pane.marks.news;
    pane.tab?;
    let bell = pane.marks.bell.then_some(AlertReason::Bell);
    let notice = || news.notice.clone().map(AlertReason::Notice);
    let ended = || news.ended.map(AlertReason::Ended);
    let silence = || news.silence.then_some(AlertReason::Silence);
    let activity = || pane.marks.activity.then_some(AlertReason::Activity);
    bell.or_else(notice).or_else(ended).or_else(silence).or_else(activity)
}

impl State {
    /// Every pane that wants attention, the most urgent first; of equals the oldest pane.
    #[must_use]
    pub fn alerts(&self) -> Vec<(PaneId, AlertReason)> {
        let mut all: Vec<(PaneId, AlertReason)> =
            self.panes.values().filter_map(|pane| Some((pane.id, why(pane)?))).collect();
        let rank = |why: &AlertReason| match why {
            AlertReason::Bell => 0,
            AlertReason::Notice(_) => 1,
            AlertReason::Ended(_) => 2,
            AlertReason::Silence => 3,
            AlertReason::Activity => 4,
        };
        all.sort_by_key(|(_, why)| rank(why));
        all
    }

    /// Where a pane is, as a target: `work:2.1`.
    #[must_use]
    pub fn place_of(&self, id: PaneId) -> String {
        let pane = self.pane(id);
        let session = self.session(pane.session);
        let tab = session.tabs.iter().position(|tab| Some(*tab) == pane.tab).map_or(0, |at| at + 1);
        format!("{}:{tab}.{}", session.name, self.pane_index(id))
    }
}
