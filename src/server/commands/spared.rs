//! The end of what a user detached on purpose, and that outlived its pane so: it ends with the kill
//! of its session. The keeper holds it by the tag of that session.

use crate::base::id::SessionId;
use crate::base::signal::TERM;
use crate::base::time::{Span, Tick};
use crate::platform::now;
use crate::server::commands::stop::{StopEvidence, StopProgress, StopStep, kill_order};
use crate::server::commands::{Commands, Cx};
use crate::wire::keeper::{HEIR_BITS, Target, ToKeeper};

/// The tag by which the keeper holds what is left to a session.
const fn heir_tag(session: SessionId) -> u64 {
    HEIR_BITS | session.0
}

/// True if a tag means what is left to a session.
pub(super) const fn is_heir(tag: u64) -> bool {
    tag & HEIR_BITS == HEIR_BITS
}

/// The message that leaves what was detached from a program to a session, or that has nobody be
/// spared any more.
pub(in crate::server) fn spare_order(tag: u64, heir: Option<SessionId>) -> ToKeeper {
    ToKeeper::Spare { tag, heir: heir.map_or(0, heir_tag) }
}

impl Commands {
    /// Begins to end all that outlived the panes of a session.
    pub(super) fn end_spared(&mut self, cx: &mut Cx<'_>, session: SessionId, grace: Span) {
        let stop = self.spared.entry(session).or_default();
        if stop.begin(now().tick, grace) {
            tell(cx, session, TERM);
        }
    }

    /// The keeper told how far the end of it has come.
    pub(super) fn spared_evidence(&mut self, cx: &mut Cx<'_>, tag: u64, told: StopEvidence<'_>) {
        self.advance_spared(cx, SessionId(tag & !HEIR_BITS), now().tick, told);
        self.check_ending(cx);
    }

    /// The grace is over, or it is time to look whether somebody is left.
    pub(super) fn pass_spared_deadlines(&mut self, cx: &mut Cx<'_>, now: Tick) {
        let is_due = |stop: &StopProgress| stop.deadline().is_some_and(|at| at <= now);
        let due = self.spared.iter().filter(|(_, stop)| is_due(stop)).map(|(session, _)| *session);
        for session in due.collect::<Vec<_>>() {
            self.advance_spared(cx, session, now, StopEvidence::Clock);
        }
    }

    fn advance_spared(
        &mut self,
        cx: &mut Cx<'_>,
        session: SessionId,
        now: Tick,
        told: StopEvidence<'_>,
    ) {
        let Some(stop) = self.spared.get_mut(&session) else { return };
        match stop.advance(now, told) {
            StopStep::Wait | StopStep::Signal => {}
            StopStep::Check => tell(cx, session, 0),
            StopStep::Kill => cx.link.say(&kill_order(heir_tag(session)), Vec::new()),
            StopStep::Over => {
                let (outcome, left) = (stop.outcome(), stop.left());
                tracing::info!(%session, ?outcome, ?left, "what outlived its panes was ended");
                self.spared.remove(&session);
            }
        }
    }
}

fn tell(cx: &mut Cx<'_>, session: SessionId, signal: i32) {
    let message = ToKeeper::Signal { tag: heir_tag(session), target: Target::Tree, signal };
    cx.link.say(&message, Vec::new());
}
