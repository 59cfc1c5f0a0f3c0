//! Calls that are answered later: each is completed exactly once, by what it waits for, by its deadline, or because that can no longer come.

use std::collections::BTreeMap;

use serde_json::json;

use crate::action::table::Call;
use crate::action::{Outcome, Place};
use crate::base::code::{Code, Refusal};
use crate::base::exit::ExitStatus;
use crate::base::id::{CallId, ClientId, PaneId};
use crate::base::time::{Now, Tick};
use crate::core::Core;
use crate::state::call::{Caller, Open, Pending};
use crate::state::effect::{Effect, Effects, Fact, Question};

/// How far a wait for text has read: so many rows had left the screen.
pub(super) type TextMarks = BTreeMap<CallId, usize>;

/// The most rows above the screen that a wait for text looks at in one go.
const ROWS_BACK_MAX: usize = 10_000;

impl Core {
    /// Whether a call is carried out by a client, and by which; none if it is the core's.
    pub(super) fn forward_to(&self, action: &Call, caller: Caller) -> Option<Result<ClientId, Refusal>> {
        match action.place() {
            Place::Server => None,
            Place::Client => Some(caller.client.or_else(|| self.state.latest_client()).ok_or_else(|| {
                Refusal::new(Code::NoTerminal, format!("{} is done by an attached client, and there is none", action.name())).hint("abide attach")
            })),
            Place::Cli => {
                let message = format!("{} is done by the command line, not by the server", action.name());
                Some(Err(Refusal::new(Code::UnknownAction, message).hint("run it as a command of `abide`")))
            }
        }
    }

    pub(super) fn forward(&mut self, call: CallId, caller: Caller, client: ClientId, action: Call, fx: &mut Effects) {
        fx.push(Effect::Forward { client, call, name: action.name(), params: action.params() });
        self.state.calls.insert(call, Open { caller, deadline: None, pending: Pending::Forwarded { client } });
    }

    /// Notes that a call is answered later; what it waits for may be there already.
    pub(super) fn open_call(&mut self, now: Now, call: CallId, open: Open, fx: &mut Effects) {
        match &open.pending {
            Pending::Send { pane, .. } => fx.push(Effect::Ask { call, question: Question::LineMode(*pane) }),
            Pending::Text { pane, .. } => {
                let rows = self.state.panes.get(pane).map_or(0, |pane| pane.screen.history_rows());
                self.text_marks.insert(call, rows);
            }
            Pending::Idle { .. } | Pending::Exit { .. } | Pending::Stop { .. } | Pending::Prompt { .. } | Pending::Forwarded { .. } => {}
        }
        self.state.calls.insert(call, open);
        self.look_for_text(call, fx);
        self.look_for_rest(call, fx);
        self.pass_call_deadlines(now, fx);
    }

    pub(super) fn complete(&mut self, call: CallId, outcome: Outcome, fx: &mut Effects) {
        self.text_marks.remove(&call);
        if self.state.calls.remove(&call).is_some() {
            fx.push(Effect::Answer { call, outcome });
        }
    }

    /// The edge has found out how the line discipline of a pane works.
    pub(super) fn found(&mut self, call: CallId, fact: Fact, fx: &mut Effects) {
        let Some(Open { pending: Pending::Send { pane, bytes }, .. }) = self.state.calls.get(&call) else { return };
        let Fact::LineMode { canonical } = fact;
        if canonical {
            let message = format!("pane {pane} collects lines, and the kernel keeps at most 4095 bytes of one and drops the rest");
            let refusal = Refusal::new(Code::CanonicalLimit, message).hint("send shorter lines, or wait until its program reads keys itself");
            return self.complete(call, Err(refusal), fx);
        }
        fx.push(Effect::Write { pane: *pane, bytes: bytes.clone() });
        self.complete(call, Ok(json!({})), fx);
    }

    /// Completes the waits for text that the last output of a pane fulfilled.
    pub(super) fn look_for_texts(&mut self, id: PaneId, fx: &mut Effects) {
        let waits = |open: &Open| matches!(&open.pending, Pending::Text { pane, .. } | Pending::Prompt { pane } if *pane == id);
        let calls: Vec<CallId> = self.state.calls.iter().filter(|(_, open)| waits(open)).map(|(call, _)| *call).collect();
        for call in calls {
            self.look_for_text(call, fx);
        }
    }

    fn look_for_text(&mut self, call: CallId, fx: &mut Effects) {
        let found = match self.state.calls.get(&call).map(|open| &open.pending) {
            Some(Pending::Text { pane, pattern }) => {
                let Some(shown) = self.state.panes.get(pane) else { return };
                let above = shown.screen.history_rows();
                let before = self.text_marks.insert(call, above).unwrap_or(above);
                let back = above.saturating_sub(before).min(ROWS_BACK_MAX);
                let text = shown.screen.text(-i64::try_from(back).unwrap_or(0)..i64::from(shown.size.rows));
                pattern.find(&text).map(|found| json!({ "text": found.as_str() }))
            }
            Some(Pending::Prompt { pane }) => self.state.panes.get(pane).filter(|pane| pane.marks.prompt).map(|_| json!({})),
            _ => None,
        };
        if let Some(reply) = found {
            self.complete(call, Ok(reply), fx);
        }
    }

    /// Completes a stop that has nothing left to wait for.
    fn look_for_rest(&mut self, call: CallId, fx: &mut Effects) {
        if let Some(Open { pending: Pending::Stop { panes, left, .. }, .. }) = self.state.calls.get(&call)
            && panes.is_empty()
        {
            let outcome = if left.is_empty() {
                Ok(json!({}))
            } else {
                let pids: Vec<String> = left.iter().map(ToString::to_string).collect();
                let message = format!("processes {} could not be ended", pids.join(", "));
                Err(Refusal::new(Code::Busy, message).hint("they wait for the kernel; look at them with `ps -o pid,stat,wchan`"))
            };
            self.complete(call, outcome, fx);
        }
    }

    /// Completes what waited for a program that has ended.
    pub(super) fn pane_is_over(&mut self, id: PaneId, status: ExitStatus, left: &[u32], fx: &mut Effects) {
        let mut over = Vec::new();
        for (call, open) in &mut self.state.calls {
            match &mut open.pending {
                Pending::Exit { pane } if *pane == id => over.push((*call, Some(Ok(json!({ "status": status.shell(), "end": status }))))),
                Pending::Text { pane, .. } | Pending::Idle { pane, .. } | Pending::Prompt { pane } | Pending::Send { pane, .. } if *pane == id => {
                    let refusal = Refusal::new(Code::Ended, format!("the program of pane {id} ended first ({status})"));
                    over.push((*call, Some(Err(refusal))));
                }
                Pending::Stop { panes, left: remains } if panes.contains(&id) => {
                    panes.retain(|pane| *pane != id);
                    remains.extend(left);
                    over.push((*call, None));
                }
                _ => {}
            }
        }
        for (call, outcome) in over {
            match outcome {
                Some(outcome) => self.complete(call, outcome, fx),
                None => self.look_for_rest(call, fx),
            }
        }
    }

    /// A client that is gone carries nothing out any more.
    pub(super) fn drop_calls_to(&mut self, client: ClientId, fx: &mut Effects) {
        let waits = |open: &Open| matches!(open.pending, Pending::Forwarded { client: other } if other == client);
        let calls: Vec<CallId> = self.state.calls.iter().filter(|(_, open)| waits(open)).map(|(call, _)| *call).collect();
        for call in calls {
            self.complete(call, Err(Refusal::new(Code::NotRunning, format!("client {client} is gone"))), fx);
        }
    }

    /// When the next open call is due.
    pub(super) fn call_deadlines(&self) -> impl Iterator<Item = Tick> {
        self.state.calls.values().flat_map(|open| [open.deadline, self.quiet_at(open)]).flatten()
    }

    /// When the quiet that a call waits for will have lasted long enough.
    fn quiet_at(&self, open: &Open) -> Option<Tick> {
        let Pending::Idle { pane, quiet } = &open.pending else { return None };
        Some(self.state.panes.get(pane)?.marks.output + *quiet)
    }

    pub(super) fn pass_call_deadlines(&mut self, now: Now, fx: &mut Effects) {
        let is_due = |at: Option<Tick>| at.is_some_and(|at| at <= now.tick);
        let calls = self.state.calls.iter();
        let due: Vec<(CallId, bool)> = calls
            .map(|(call, open)| (*call, is_due(self.quiet_at(open)), is_due(open.deadline)))
            .filter(|(_, is_quiet, is_late)| *is_quiet || *is_late)
            .map(|(call, is_quiet, _)| (call, is_quiet))
            .collect();
        for (call, is_quiet) in due {
            let outcome = if is_quiet { Ok(json!({})) } else { Err(Refusal::new(Code::TimedOut, "the time ran out")) };
            self.complete(call, outcome, fx);
        }
    }
}
