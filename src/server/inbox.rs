//! The one queue of inputs, first in, first out. Carrying out an effect only adds inputs, so all
//! effects of one input leave before the next input is stepped. Tests are below.

use std::collections::VecDeque;

use crate::core::Input;
use crate::server::event::Origin;
use crate::state::effect::{Effect, Effects};

/// The most inputs that wait at once. Each effect adds a few at most, so more mean a circle of
/// causes, which would never end.
const WAITING_MAX: usize = 1 << 20;

/// The queue of what the core is still to be told.
#[derive(Default)]
pub(super) struct Inbox {
    waiting: VecDeque<(Input<'static>, Origin)>,
    /// The origin of the input whose effects are leaving; none between inputs.
    current: Option<Origin>,
}

impl Inbox {
    /// Adds an input. An input that a hook's action causes is a hook's as well.
    pub(super) fn push(&mut self, input: Input<'static>, origin: Origin) {
        assert!(self.waiting.len() < WAITING_MAX, "inputs cause each other without an end");
        let origin = match (self.current, origin) {
            (Some(Origin::Hook), Origin::None) => Origin::Hook,
            _ => origin,
        };
        self.waiting.push_back((input, origin));
    }

    /// True if the effects of an input are leaving.
    pub(super) const fn is_busy(&self) -> bool {
        self.current.is_some()
    }
}

/// A core with an outside: the server, or a model of it in tests.
pub(super) trait Stepper {
    /// The queue.
    fn inbox(&mut self) -> &mut Inbox;

    /// Steps the core, and makes sure that what the effects rest on is stored.
    fn take(&mut self, input: Input<'static>, origin: Origin) -> Effects;

    /// Carries one effect out. Whatever it learns at once is pushed, never stepped.
    fn perform(&mut self, effect: Effect, origin: Origin);

    /// Adds an input, and works the queue off unless that is under way already.
    fn post(&mut self, input: Input<'static>, origin: Origin) {
        self.inbox().push(input, origin);
        if !self.inbox().is_busy() {
            self.drain();
        }
    }

    /// Carries out the effects of an input that was just taken, then works the queue off.
    fn settle(&mut self, effects: Effects, origin: Origin) {
        assert!(!self.inbox().is_busy(), "an input is stepped while effects of another leave");
        self.leave(effects, origin);
        self.drain();
    }

    /// Carries effects out, in order.
    fn leave(&mut self, effects: Effects, origin: Origin) {
        self.inbox().current = Some(origin);
        for effect in effects {
            self.perform(effect, origin);
        }
        self.inbox().current = None;
    }

    /// Works the queue off: takes an input, lets all its effects leave, and takes the next.
    fn drain(&mut self) {
        while let Some((input, origin)) = self.inbox().waiting.pop_front() {
            let effects = self.take(input, origin);
            self.leave(effects, origin);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::{Inbox, Stepper};
    use crate::action::table;
    use crate::base::id::CallId;
    use crate::base::memory::HeapMemory;
    use crate::base::signal::ExitStatus;
    use crate::base::time::{Now, Tick};
    use crate::core::CommandEvent;
    use crate::core::{Core, Input};
    use crate::server::event::Origin;
    use crate::settings::Settings;
    use crate::state::call::Caller;
    use crate::state::command_effect::CommandEffect;
    use crate::state::effect::{Effect, Effects, Fact};
    use crate::state::host::Host;

    #[derive(Debug, Clone, PartialEq)]
    enum Seen {
        Pushed(String),
        Taken(String),
        Promised(Vec<String>),
        Left(String),
    }

    /// The core with an outside that answers everything at once: whatever is started runs, whatever
    /// is stopped ends, all while effects leave.
    struct World {
        core: Core,
        inbox: Inbox,
        seen: Vec<Seen>,
        clock: u64,
        next_call: u64,
        most_waiting: usize,
    }

    fn name(input: &Input<'_>) -> String {
        match input {
            Input::Started { pane, .. } => format!("{pane} started"),
            Input::Ended { pane, .. } => format!("{pane} ended"),
            Input::Found { call, .. } => format!("fact for {call}"),
            Input::Call { call, .. } => format!("call {call}"),
            Input::Answered { call, .. } => format!("answer to {call}"),
            Input::Command(event) => format!("{event:?}"),
            _ => "input".into(),
        }
    }

    impl Stepper for World {
        fn inbox(&mut self) -> &mut Inbox {
            &mut self.inbox
        }

        fn take(&mut self, input: Input<'static>, _: Origin) -> Effects {
            self.seen.push(Seen::Taken(name(&input)));
            self.clock += 1_000_000;
            let now = Now { tick: Tick(self.clock), wall: 0 };
            let mut effects = Effects::new();
            self.core.step(now, input, &mut effects);
            let promised = effects.iter().map(|effect| format!("{effect:?}")).collect();
            self.seen.push(Seen::Promised(promised));
            effects
        }

        fn perform(&mut self, effect: Effect, origin: Origin) {
            self.seen.push(Seen::Left(format!("{effect:?}")));
            match effect {
                Effect::Spawn { pane, .. } => self.tell(Input::Started {
                    pane,
                    outcome: Ok(7),
                    memory: Box::new(HeapMemory::default()),
                }),
                Effect::Stop { pane, .. } => self.tell(Input::Ended {
                    pane,
                    status: ExitStatus::Signal(1),
                    left: Vec::new(),
                }),
                Effect::Ask { call, .. } => {
                    let fact = Fact::LineMode { canonical: true };
                    self.tell(Input::Found { call, fact });
                }
                Effect::Command(CommandEffect::Start { command, .. }) => {
                    let started = CommandEvent::Started { command, pid: 8, cwd: String::new() };
                    self.tell(Input::Command(started));
                }
                Effect::Command(CommandEffect::Stop { command, .. }) => {
                    self.tell(Input::Command(CommandEvent::Ended {
                        command,
                        exit: ExitStatus::Signal(15),
                        was_killed: false,
                        output: Box::default(),
                    }));
                }
                Effect::Command(CommandEffect::EndSession { session, .. }) => {
                    self.tell(Input::Command(CommandEvent::SessionOver { session }));
                }
                Effect::Resize { .. } => self.tell(Input::Wake),
                _ => {}
            }
            assert!(self.inbox.is_busy(), "effects of {origin:?} still leave");
        }
    }

    impl World {
        fn new() -> Self {
            Self {
                core: Core::new(Settings::default(), Host::default()),
                inbox: Inbox::default(),
                seen: Vec::new(),
                clock: 0,
                next_call: 0,
                most_waiting: 0,
            }
        }

        fn tell(&mut self, input: Input<'static>) {
            self.seen.push(Seen::Pushed(name(&input)));
            self.post(input, Origin::None);
            self.most_waiting = self.most_waiting.max(self.inbox.waiting.len());
        }

        fn call(&mut self, method: &str, params: serde_json::Value) {
            let params = serde_json::from_value(params).expect("the parameters are an object");
            let Ok(action) = table::parse(method, &params) else { panic!("{method} is no action") };
            self.next_call += 1;
            let call = CallId(self.next_call);
            self.tell(Input::Call { call, caller: Caller::default(), action });
        }
    }

    fn check_order(seen: &[Seen]) {
        let names = |wanted: fn(&Seen) -> Option<&String>| seen.iter().filter_map(wanted);
        let pushed = names(|seen| if let Seen::Pushed(name) = seen { Some(name) } else { None });
        let taken = names(|seen| if let Seen::Taken(name) = seen { Some(name) } else { None });
        assert!(pushed.eq(taken), "inputs are taken in the order in which they were pushed");
        let mut due = Vec::new().into_iter();
        for event in seen {
            match event {
                Seen::Taken(name) => assert_eq!(due.len(), 0, "{name} overtakes effects"),
                Seen::Promised(effects) => due = effects.clone().into_iter(),
                Seen::Left(effect) => assert_eq!(Some(effect), due.next().as_ref()),
                Seen::Pushed(_) => {}
            }
        }
        assert_eq!(due.len(), 0, "all effects have left");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// A program's end inside a stop inside a change of the layout, and whatever else brings
        /// inputs about while effects leave.
        #[test]
        fn effects_of_one_input_leave_before_the_next_is_stepped(
            steps in prop::collection::vec((0..9u8, 1..5u64), 1..40)
        ) {
            let mut world = World::new();
            world.call("session.new", json!({"command": ["a"]}));
            for (step, at) in steps {
                let pane = format!("p{at}");
                match step {
                    0 => world.call("session.new", json!({"command": ["b"]})),
                    1 => world.call("tab.new", json!({"command": ["c"]})),
                    2 | 3 => world.call("pane.split", json!({"command": ["d"]})),
                    4 => world.call("pane.close", json!({"target": pane})),
                    5 => world.call("tab.close", json!({"target": format!("t{at}")})),
                    6 => world.call("session.close", json!({"target": format!("s{at}")})),
                    7 => world.call("process.start", json!({"command": ["e"]})),
                    _ => world.call("server.stop", json!({})),
                }
            }
            check_order(&world.seen);
        }
    }

    #[test]
    fn a_closed_session_shows_one_order_of_stops_ends_and_commands() {
        let mut world = World::new();
        world.call("session.new", json!({"command": ["a"]}));
        world.call("pane.split", json!({"command": ["b"]}));
        world.call("process.start", json!({"command": ["c"]}));
        world.call("session.new", json!({"command": ["d"]}));
        world.seen.clear();
        world.call("server.stop", json!({}));
        check_order(&world.seen);
        assert!(2 < world.most_waiting, "several inputs wait while effects leave");
    }
}
