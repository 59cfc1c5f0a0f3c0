//! The guard around every step: a panic, whichever door the input came through, ends that step and
//! nothing else. Whoever called is answered, and what panics again and again is refused.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::action::completion;
use crate::base::error::{Code, Refusal};
use crate::base::id::{CallId, ClientId, PaneId};
use crate::base::time::{Now, Span, Tick};
use crate::core::input::{ClientEvent, Input, RestoreInput};
use crate::core::{Core, PaneEvent};
use crate::state::call::Pending;
use crate::state::effect::{ClientMessage, Effect, Effects};
use crate::state::view::View;

/// After so many panics of a kind of input, that kind is refused.
const PANICS_MAX: u32 = 2;
/// A wake that panicked is not repeated before so long.
const WAKE_PAUSE: Span = Span::seconds(1);

/// The kind of an input, for counting its panics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct InputKind {
    /// The door it came through, or the action that was called.
    name: &'static str,
    /// The pane or client it is about, where others are not to suffer with it.
    of: u64,
    /// The call that is to be answered.
    call: Option<CallId>,
    /// The client to be told.
    client: Option<ClientId>,
    /// True if somebody chose to send it. What has happened can be no more refused than ignored.
    is_chosen: bool,
}

/// A step as it began.
#[derive(Debug, Clone, Copy)]
pub(super) struct GuardedStep {
    pub(super) now: Now,
    pub(super) kind: InputKind,
    /// The number of effects before it.
    pub(super) first: usize,
}

/// A step that panicked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepFault {
    /// The door or action, such as `keys` or `pane.split`.
    pub kind: &'static str,
    /// The number under which it is told to the caller and found in the log.
    pub reference: String,
    /// The words of the panic.
    pub message: String,
    /// The contradiction that it left in the state, if any: nothing is to be built on that.
    pub damage: Option<String>,
}

/// The panics so far.
#[derive(Debug, Default)]
pub(super) struct StepFaults {
    count: u32,
    kinds: BTreeMap<(&'static str, u64), u32>,
    /// No wake is due before.
    wakes_from: Tick,
}

impl StepFaults {
    /// The moment of a wake that is due then, or later where the last one panicked.
    pub(super) fn defer(&self, due: Tick) -> Tick {
        due.max(self.wakes_from)
    }
}

impl InputKind {
    /// Something that was called or typed.
    const fn chosen(name: &'static str) -> Self {
        Self { name, of: 0, call: None, client: None, is_chosen: true }
    }

    /// Something that has happened.
    const fn fact(name: &'static str) -> Self {
        Self { is_chosen: false, ..Self::chosen(name) }
    }

    const fn for_call(self, call: CallId) -> Self {
        Self { call: Some(call), ..self }
    }

    /// Something that a client typed into a pane.
    const fn typed(name: &'static str, client: ClientId, pane: Option<PaneId>) -> Self {
        let of = match pane {
            Some(pane) => pane.0,
            None => 0,
        };
        Self { of, client: Some(client), ..Self::chosen(name) }
    }

    /// Something that a client told of itself.
    const fn told(name: &'static str, client: ClientId) -> Self {
        Self { of: client.0, client: Some(client), ..Self::chosen(name) }
    }

    fn of_pane_event(event: &PaneEvent) -> Self {
        Self::fact(match event {
            PaneEvent::Pack => "pack",
            _ => "pane event",
        })
    }

    pub(super) fn of(core: &Core, input: &Input<'_>) -> Self {
        let focus = |client: &ClientId| core.state.views.get(client).and_then(View::focus);
        match input {
            Input::OfHook(input) => Self::of(core, input),
            Input::Call { call, action, .. } => Self::chosen(action.name()).for_call(*call),
            Input::Keys { client, .. } => Self::typed("keys", *client, focus(client)),
            Input::Paste { client, .. } => Self::typed("paste", *client, focus(client)),
            Input::Mouse { client, pane, .. } => Self::typed("mouse", *client, Some(*pane)),
            Input::Resized { client, .. } => Self::told("resize", *client),
            Input::Focused { client, .. } => Self::told("focus", *client),
            Input::Client { client, event: ClientEvent::Bars(_) } => Self::told("bars", *client),
            Input::Client { client, .. } => Self::told("colours", *client),
            Input::Answered { call, .. } => Self::fact("answer").for_call(*call),
            Input::Found { call, .. } => Self::fact("finding").for_call(*call),
            Input::Restore(
                RestoreInput::Snapshot { call, .. } | RestoreInput::Closed { call, .. },
            ) => Self::fact("restore").for_call(*call),
            Input::Connected { .. } => Self::fact("connect"),
            Input::Gone { .. } => Self::fact("leave"),
            Input::Cancelled { .. } => Self::fact("cancel"),
            Input::Started { .. } => Self::fact("start"),
            Input::Output { .. } => Self::fact("output"),
            Input::Ended { .. } => Self::fact("end"),
            Input::Pane { event, .. } => Self::of_pane_event(event),
            Input::Command(_) => Self::fact("command"),
            Input::Restore(_) => Self::fact("restore"),
            Input::Server(_) => Self::fact("server"),
            Input::Configured(_) => Self::fact("configuration"),
            Input::Wake => Self::fact("wake"),
        }
    }
}

/// True if an input of this kind is refused, as it panicked too often; who called is answered.
pub(super) fn is_refused(core: &Core, kind: InputKind, fx: &mut Effects) -> bool {
    let panics = core.faults.kinds.get(&(kind.name, kind.of)).copied().unwrap_or(0);
    let is_refused = kind.is_chosen && PANICS_MAX <= panics;
    if is_refused {
        refuse(kind, fx);
    }
    is_refused
}

/// Takes note of a panic in a step whose effects begin at `first`: the step is brought to an end,
/// and who called is answered.
pub(super) fn fault(
    core: &mut Core,
    step: GuardedStep,
    payload: &(dyn Any + Send),
    fx: &mut Effects,
) -> StepFault {
    let GuardedStep { now, kind, first } = step;
    let words = payload.downcast_ref::<&str>().copied();
    let words = words.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let message = words.unwrap_or("a panic without words").to_owned();
    core.faults.count += 1;
    *core.faults.kinds.entry((kind.name, kind.of)).or_insert(0) += 1;
    let reference = format!("{}-{}", core.host.server_pid, core.faults.count);
    let damage = mend(core, now, first, fx);
    tell_fault(core, now, kind, &reference, fx);
    StepFault { kind: kind.name, reference, message, damage }
}

/// Brings a step that panicked to its end; gives the contradiction that is left in the state.
fn mend(core: &mut Core, now: Now, first: usize, fx: &mut Effects) -> Option<String> {
    let end = AssertUnwindSafe(|| {
        core.finish(now, fx);
        core.save(first, fx);
    });
    if catch_unwind(end).is_err() {
        core.state.pending_work = crate::state::PendingWork::default();
    }
    core.hooked.is_muted = false;
    let check = catch_unwind(AssertUnwindSafe(|| core.state.check()));
    check.unwrap_or_else(|_| Err("the check itself panics".into())).err()
}

/// Answers whoever waits for the step that panicked.
fn tell_fault(core: &mut Core, now: Now, kind: InputKind, reference: &str, fx: &mut Effects) {
    let refusal = Refusal::new(
        Code::Internal,
        format!("{} failed by a bug in abide: reference {reference}", kind.name),
    )
    .hint("the server's log says more under this reference");
    let mut calls: Vec<CallId> = kind.call.into_iter().collect();
    if kind.name == "wake" {
        core.faults.wakes_from = now.tick + WAKE_PAUSE;
        // The one that panicked would do so at the next wake too.
        calls.extend(completion::calls(&core.state, |pending| {
            matches!(pending, Pending::Search(_) | Pending::Idle { .. })
        }));
    }
    for call in calls {
        let is_answer =
            |effect: &Effect| matches!(effect, Effect::Answer { call: of, .. } if *of == call);
        let is_open = core.state.calls.remove(&call).is_some();
        let is_own = kind.is_chosen && kind.call == Some(call);
        if (is_open || is_own) && !fx.iter().any(is_answer) {
            fx.push(Effect::Answer { call, outcome: Err(refusal.clone()) });
        }
    }
    if let Some(client) = kind.client {
        let text = refusal.message;
        fx.push(Effect::Tell { client, message: ClientMessage::Notice { text, warning: true } });
    }
}

/// Answers a call of a kind that has panicked too often. What a client types is dropped: the client
/// was told.
fn refuse(kind: InputKind, fx: &mut Effects) {
    let Some(call) = kind.call else { return };
    let refusal = Refusal::new(
        Code::Internal,
        format!("{} failed {PANICS_MAX} times by a bug in abide and is refused", kind.name),
    )
    .hint("abide server restart takes it again; the log says more");
    fx.push(Effect::Answer { call, outcome: Err(refusal) });
}

#[cfg(test)]
mod tests {
    use std::ops::Range;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use crate::action::table::from_words;
    use crate::base::error::Code;
    use crate::base::geom::Size;
    use crate::base::id::{CallId, ClientId, PaneId};
    use crate::base::key::{Key, KeyInput};
    use crate::base::memory::{HeapMemory, Memory, MemoryFull};
    use crate::base::time::{Now, Tick};
    use crate::core::{Core, Input, StepFault, Viewer};
    use crate::settings::Settings;
    use crate::state::State;
    use crate::state::call::Caller;
    use crate::state::effect::{ClientMessage, Effect, Effects};
    use crate::state::host::Host;
    use crate::term::{Options, Terminal};

    /// Memory that panics when it is read, once it is told to.
    struct Rotten(HeapMemory, Arc<AtomicBool>);

    impl Memory for Rotten {
        fn bytes(&self) -> &[u8] {
            assert!(!self.1.load(Ordering::Relaxed), "rotten memory");
            self.0.bytes()
        }
        fn bytes_mut(&mut self) -> &mut [u8] {
            self.0.bytes_mut()
        }
        fn grow(&mut self, len: usize) -> Result<(), MemoryFull> {
            Memory::grow(&mut self.0, len)
        }
        fn punch(&mut self, range: Range<usize>) {
            Memory::punch(&mut self.0, range);
        }
        fn word(&self, offset: usize) -> u64 {
            Memory::word(&self.0, offset)
        }
        fn publish(&mut self, offset: usize, word: u64) {
            Memory::publish(&mut self.0, offset, word);
        }
    }

    struct World {
        core: Core,
        is_rotten: Arc<AtomicBool>,
        calls: u64,
        fx: Effects,
    }

    impl World {
        /// A pane with scrollback, and a client that shows it.
        fn new() -> Self {
            let is_rotten = Arc::new(AtomicBool::new(false));
            let memory = Rotten(HeapMemory::default(), Arc::clone(&is_rotten));
            let mut screen = Terminal::new(Size::new(80, 24), Options::default(), Box::new(memory));
            screen.feed("line\r\n".repeat(40_000).as_bytes(), &mut Vec::new());
            let mut state = State::default();
            state.adopt(PaneId(1), 7, screen, 0);
            let core = Core::resume(Settings::default(), Host::default(), state);
            let mut world = Self { core, is_rotten, calls: 0, fx: Effects::new() };
            let viewer = Viewer {
                token: 1,
                size: Size::new(80, 24),
                cell_pixels: (0, 0),
                cwd: "/".into(),
                env: Vec::new(),
                read_only: false,
            };
            world.step(Input::Connected { client: ClientId(1), viewer });
            world.call("attach recovered");
            world
        }

        fn step(&mut self, input: Input<'_>) -> Option<StepFault> {
            self.fx.clear();
            let now = Now { tick: Tick(1_000_000_000), wall: 1 };
            self.core.guarded_step(now, input, &mut self.fx)
        }

        /// Calls; gives the fault and the code of the answer.
        fn call(&mut self, words: &str) -> (Option<StepFault>, Vec<Option<Code>>) {
            self.calls += 1;
            let call = CallId(self.calls);
            let caller = Caller { client: Some(ClientId(1)), pane: None };
            let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
            let action = from_words(&words).expect("they are right");
            let fault = self.step(Input::Call { call, caller, action });
            (fault, self.answers(call))
        }

        fn answers(&self, wanted: CallId) -> Vec<Option<Code>> {
            let answers = self.fx.iter().filter_map(|effect| match effect {
                Effect::Answer { call, outcome } if *call == wanted => Some(outcome),
                _ => None,
            });
            answers.map(|outcome| outcome.as_ref().err().map(|refusal| refusal.code)).collect()
        }
    }

    #[test]
    fn a_call_that_panics_is_answered_with_a_reference_and_refused_the_third_time() {
        let mut world = World::new();
        world.is_rotten.store(true, Ordering::Relaxed);
        for count in 1..=2 {
            let (fault, answers) = world.call("capture --scrollback");
            let fault = fault.expect("it panics");
            assert_eq!((fault.kind, fault.damage), ("pane.capture", None));
            assert_eq!(fault.message, "rotten memory");
            assert!(fault.reference.ends_with(&format!("-{count}")), "{}", fault.reference);
            assert_eq!(answers, [Some(Code::Internal)]);
        }
        let (fault, answers) = world.call("capture --scrollback");
        assert_eq!((fault, answers), (None, vec![Some(Code::Internal)]), "it is not tried again");
        assert_eq!(world.call("pane ls").1, [None], "everything else goes on");
        assert_eq!(world.core.state().check(), Ok(()));
    }

    #[test]
    fn a_search_that_panics_in_a_wake_is_answered_and_wakes_go_on_later() {
        let mut world = World::new();
        let (_, answers) = world.call("pane search zzz");
        assert_eq!(answers, [], "it takes a wake");
        world.is_rotten.store(true, Ordering::Relaxed);
        let fault = world.step(Input::Wake).expect("it panics");
        assert_eq!((fault.kind, fault.damage), ("wake", None));
        assert_eq!(world.answers(CallId(world.calls)), [Some(Code::Internal)]);
        assert!(!world.core.is_searching());
        world.call("wait --exit --timeout 1ms");
        assert!(world.core.next_deadline().is_some_and(|due| Tick(1_500_000_000) < due));
    }

    #[test]
    fn keys_that_panic_are_told_to_their_client_and_what_is_left_is_checked() {
        let mut world = World::new();
        world.core.state.panes.remove(&PaneId(1));
        let keys = [KeyInput::from("a".parse::<Key>().expect("a key"))];
        let client = ClientId(1);
        for _ in 0..2 {
            let fault = world.step(Input::Keys { client, keys: &keys }).expect("it panics");
            assert_eq!(fault.kind, "keys");
            assert!(fault.damage.is_some(), "the pane is not there any more");
            let is_told = |effect: &Effect| {
                matches!(effect, Effect::Tell { message: ClientMessage::Notice { .. }, .. })
            };
            assert!(world.fx.iter().any(is_told), "{:?}", world.fx);
        }
        assert_eq!(world.step(Input::Keys { client, keys: &keys }), None, "they are refused");
    }
}
