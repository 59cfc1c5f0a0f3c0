//! Calls: who may, who carries them out, and that each is answered exactly once.

use crate::action::server::Upgraded;
use crate::action::table::{self, Call};
use crate::action::{Access, Answer, Cx, Json, Outcome, Role, completion};
use crate::base::error::{Code, Refusal};
use crate::base::id::{CallId, ClientId};
use crate::base::time::Now;
use crate::core::Core;
use crate::state::call::{Caller, OpenCall, Pending};
use crate::state::effect::{Effect, Effects, Fact};
use crate::state::{Leaving, target};

impl Core {
    pub(super) fn call(
        &mut self,
        now: Now,
        call: CallId,
        (caller, action): (Caller, Call),
        fx: &mut Effects,
    ) {
        let caller = Caller {
            client: caller.client.filter(|client| self.state.views.contains_key(client)),
            ..caller
        };
        if let Err(refusal) = self.may(caller, &action) {
            return fx.push(Effect::Answer { call, outcome: Err(refusal) });
        }
        if let Some(client) = caller.client {
            self.state.used(client, now);
        }
        let answer = match action.role() {
            Role::Server => {
                let (state, settings, host) = (&mut self.state, &self.settings, &self.host);
                action.apply(&mut Cx { state, settings, host, now, caller, call, fx })
            }
            Role::Client => self.forward(call, caller, &action, fx),
            Role::Cli => {
                let refusal = Refusal::new(
                    Code::UnknownAction,
                    format!("{} is carried out by the command line only", action.name()),
                );
                Err(refusal.hint(format!("run abide {}", action.words())))
            }
        };
        match answer {
            Ok(Answer::Now(value)) => fx.push(Effect::Answer { call, outcome: Ok(value) }),
            Ok(Answer::Later { pending, deadline }) => {
                drop(self.state.calls.insert(call, OpenCall { caller, deadline, pending }))
            }
            Err(refusal) => fx.push(Effect::Answer { call, outcome: Err(refusal) }),
        }
    }

    fn may(&self, caller: Caller, action: &Call) -> Result<(), Refusal> {
        if self.state.leaving.is_some() {
            return Err(Refusal::new(Code::ShuttingDown, "the server is stopping")
                .hint("try again in a moment"));
        }
        let read_only = caller.client.is_some_and(|client| self.state.view(client).read_only);
        // What a client does to itself changes nothing of the world, so one that only watches may.
        if read_only && action.access() > Access::Read && action.role() != Role::Client {
            let refusal = Refusal::new(
                Code::ReadOnly,
                format!("this client only watches, so it cannot {}", action.name()),
            );
            return Err(refusal.hint("abide attach without --read-only"));
        }
        Ok(())
    }

    /// Hands a call to the client it names, else to the caller's, else to the one used last of
    /// those that show the caller's session.
    fn forward(
        &self,
        call: CallId,
        caller: Caller,
        action: &Call,
        fx: &mut Effects,
    ) -> Result<Answer<Json>, Refusal> {
        let params = action.params();
        let named = params
            .get("client")
            .and_then(|client| client.as_str())
            .and_then(|client| client.parse::<ClientId>().ok());
        let own = || {
            target::session(&self.state, caller, "")
                .ok()
                .and_then(|session| self.state.acting_view(caller, session))
        };
        let client = named
            .or_else(own)
            .or(caller.client)
            .filter(|client| self.state.views.contains_key(client))
            .ok_or_else(|| {
                Refusal::new(Code::NotFound, format!("no client to carry {} out", action.name()))
                    .hint("abide client ls; abide attach")
            })?;
        fx.push(Effect::Forward { client, call, name: action.name(), params });
        Ok(Answer::Later { pending: Pending::Forwarded { client }, deadline: None })
    }

    /// Answers a call that is open; one that is not was answered before, or its caller is gone.
    pub(super) fn answer(&mut self, call: CallId, outcome: Outcome, fx: &mut Effects) {
        if self.state.calls.remove(&call).is_some() {
            fx.push(Effect::Answer { call, outcome });
        }
    }

    pub(super) fn complete(&mut self, done: Vec<(CallId, Outcome)>, fx: &mut Effects) {
        for (call, outcome) in done {
            self.answer(call, outcome, fx);
        }
    }

    pub(super) fn found(&mut self, call: CallId, fact: Fact, fx: &mut Effects) {
        match (self.state.calls.get_mut(&call).map(|open| &mut open.pending), fact) {
            (Some(Pending::Send { pane, bytes }), Fact::LineMode { canonical }) => {
                let (pane, bytes) = (*pane, std::mem::take(bytes));
                let outcome = completion::on_line_mode(pane, &bytes, canonical);
                if outcome.is_ok() {
                    fx.push(Effect::Write { pane, bytes });
                }
                self.answer(call, outcome, fx);
            }
            (Some(Pending::Upgrade), Fact::Successor(found)) => {
                let outcome = found.map(|successor| {
                    let reply = Upgraded::begun(&self.host, &successor);
                    self.state.leaving = Some(Leaving::Upgrade(successor.program));
                    table::value(&reply)
                });
                self.answer(call, outcome, fx);
            }
            _ => {}
        }
    }
}
