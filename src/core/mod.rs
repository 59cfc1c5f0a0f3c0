//! The pure centre: a step takes the present and one input, changes the state and says what is to happen outside. It cannot fail and cannot wait.

mod arrange;
mod calls;
mod output;
pub mod scene;
mod spawn;

use crate::action::table::Call;
use crate::action::{Answer, Cx};
use crate::base::code::Refusal;
use crate::base::exit::ExitStatus;
use crate::base::geom::Size;
use crate::base::id::{CallId, ClientId, PaneId};
use crate::base::key::{KeyInput, MouseInput};
use crate::base::memory::Memory;
use crate::base::time::{Now, Span, Tick};
use crate::settings::Settings;
use crate::state::State;
use crate::state::call::{Caller, Open};
use crate::state::effect::{Effect, Effects, Fact, Message};
use crate::state::host::Host;
use crate::state::view::Viewer;
use crate::term::{Options, TermEvent};

/// How long a server without sessions and connections stays.
const EXIT_AFTER: Span = Span::seconds(5);

/// The nouns, the options, and what follows from them.
#[derive(Debug)]
pub struct Core {
    /// The nouns.
    pub state: State,
    /// The options in force.
    pub settings: Settings,
    connections: usize,
    text_marks: calls::TextMarks,
    /// When the server leaves, if nothing happens until then.
    exit_at: Option<Tick>,
    /// What the terminal of a step had to say; kept for its memory.
    events: Vec<TermEvent>,
}

impl Core {
    /// A core that goes on with `state`.
    #[must_use]
    pub fn new(settings: Settings, state: State) -> Self {
        Self { state, settings, connections: 0, text_marks: calls::TextMarks::new(), exit_at: None, events: Vec::new() }
    }

    /// Takes one input; what is to happen outside is appended to `fx`.
    pub fn step(&mut self, now: Now, input: Input<'_>, fx: &mut Effects) {
        self.take(now, input, fx);
        self.settle(now, fx);
    }

    /// When [`Input::Wake`] is wanted, if nothing else happens before.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Tick> {
        let settled = self.state.todo.arrange.iter().filter_map(|tab| self.state.tabs.get(tab)).map(|tab| tab.settled);
        settled.chain(self.call_deadlines()).chain(self.exit_at).min()
    }

    /// Notes how many connections there are: a server without sessions and connections leaves after a while.
    pub fn set_connections(&mut self, now: Now, count: usize) {
        self.connections = count;
        self.note_idle(now);
    }

    /// The pane in the focus of a client's view.
    #[must_use]
    pub fn focus(&self, client: ClientId) -> Option<PaneId> {
        self.state.focus(client)
    }

    /// A synchronized update took too long: what is parsed is shown.
    pub fn end_hold(&mut self, pane: PaneId) {
        if let Some(pane) = self.state.panes.get_mut(&pane) {
            pane.screen.end_synchronized();
        }
    }

    fn take(&mut self, now: Now, input: Input<'_>, fx: &mut Effects) {
        match input {
            Input::Connected { client, viewer } => self.connected(now, client, viewer),
            Input::Gone { client } => self.gone(client, fx),
            Input::Keys { client, keys } => self.keys(now, client, keys, fx),
            Input::Paste { client, text } => self.paste(now, client, text, fx),
            Input::Mouse { client, pane, mouse } => self.mouse(now, client, (pane, mouse), fx),
            Input::Resized { client, size, cell_pixels } => self.state.resize_view(client, size, cell_pixels),
            Input::Focused { client, focused } => self.focused(client, focused, fx),
            Input::Call { call, caller, action } => self.call(now, (call, caller), action, fx),
            Input::Cancelled { call } => self.cancelled(call),
            Input::Answered { call, outcome } => self.complete(call, outcome, fx),
            Input::Found { call, fact } => self.found(call, fact, fx),
            Input::Started { pane, outcome, memory } => self.started(pane, outcome, memory, fx),
            Input::Output { pane, bytes } => self.output(now, pane, bytes, fx),
            Input::Ended { pane, status, left } => self.ended(pane, status, left, fx),
            Input::Configured(settings) => self.settings = *settings,
            Input::Wake => self.pass_deadlines(now, fx),
        }
    }

    /// What a step leaves to its end.
    fn settle(&mut self, now: Now, fx: &mut Effects) {
        self.arrange(now, fx);
        self.start_programs(fx);
        for stranded in std::mem::take(&mut self.state.todo.stranded) {
            let status = stranded.status.map_or(0, ExitStatus::shell);
            fx.push(Effect::Tell { client: stranded.client, message: Message::Ended { session: stranded.session, status } });
        }
        self.note_idle(now);
    }

    fn note_idle(&mut self, now: Now) {
        let is_idle = self.state.sessions.is_empty() && self.state.panes.is_empty() && self.connections == 0;
        self.exit_at = if is_idle { self.exit_at.or(Some(now.tick + EXIT_AFTER)) } else { None };
    }

    fn pass_deadlines(&mut self, now: Now, fx: &mut Effects) {
        self.pass_call_deadlines(now, fx);
        if self.exit_at.is_some_and(|at| at <= now.tick) {
            self.exit_at = None;
            fx.push(Effect::Exit);
        }
    }

    fn connected(&mut self, now: Now, client: ClientId, viewer: Viewer) {
        self.state.connect(client, viewer, now);
    }

    fn gone(&mut self, client: ClientId, fx: &mut Effects) {
        self.state.disconnect(client);
        self.drop_calls_to(client, fx);
    }

    fn call(&mut self, now: Now, (call, caller): (CallId, Caller), action: Call, fx: &mut Effects) {
        if let Some(client) = caller.client {
            self.state.use_view(client, now);
        }
        let place = self.forward_to(&action, caller);
        if let Some(outcome) = place {
            return match outcome {
                Ok(client) => self.forward(call, caller, client, action, fx),
                Err(refusal) => fx.push(Effect::Answer { call, outcome: Err(refusal) }),
            };
        }
        let Self { state, settings, .. } = self;
        let mut cx = Cx { state, settings, now, caller, call, fx };
        match action.apply(&mut cx) {
            Ok(Answer::Now(reply)) => fx.push(Effect::Answer { call, outcome: Ok(reply) }),
            Ok(Answer::Later(pending, deadline)) => self.open_call(now, call, Open { caller, deadline, pending }, fx),
            Err(refusal) => fx.push(Effect::Answer { call, outcome: Err(refusal) }),
        }
    }

    fn cancelled(&mut self, call: CallId) {
        self.state.calls.remove(&call);
        self.text_marks.remove(&call);
    }

    fn options(&self) -> Options {
        Options {
            scrollback_lines_max: self.settings.scrollback.lines as usize,
            scrollback_bytes_max: usize::try_from(self.settings.scrollback.bytes).unwrap_or(usize::MAX),
            ..Options::default()
        }
    }
}

/// Something that happened outside.
pub enum Input<'a> {
    /// A client with a terminal said hello. Its view shows nothing until it attaches.
    Connected {
        /// Its id, chosen by the edge with `State::next_client`.
        client: ClientId,
        /// What it is.
        viewer: Viewer,
    },
    /// A client is gone.
    Gone {
        /// The client.
        client: ClientId,
    },
    /// Keys for the program in the focus of a client's view.
    Keys {
        /// The client.
        client: ClientId,
        /// The keys.
        keys: &'a [KeyInput],
    },
    /// Pasted text for the program in the focus of a client's view.
    Paste {
        /// The client.
        client: ClientId,
        /// The text.
        text: &'a str,
    },
    /// A mouse event for the program of a pane.
    Mouse {
        /// The client.
        client: ClientId,
        /// The pane.
        pane: PaneId,
        /// The event, relative to the pane's screen.
        mouse: MouseInput,
    },
    /// A client's terminal has another size.
    Resized {
        /// The client.
        client: ClientId,
        /// The size.
        size: Size,
        /// A cell in pixels, 0 where unknown.
        cell_pixels: (u16, u16),
    },
    /// A client's terminal got or lost the focus.
    Focused {
        /// The client.
        client: ClientId,
        /// Whether it has it now.
        focused: bool,
    },
    /// An action is called. Exactly one `Effect::Answer` with this id follows, now or later.
    Call {
        /// The call.
        call: CallId,
        /// Who calls.
        caller: Caller,
        /// What.
        action: Call,
    },
    /// The caller of an open call has gone.
    Cancelled {
        /// The call.
        call: CallId,
    },
    /// A client answered a forwarded call.
    Answered {
        /// The call.
        call: CallId,
        /// The outcome.
        outcome: Result<serde_json::Value, Refusal>,
    },
    /// The answer to `Effect::Ask`.
    Found {
        /// The call that needs it.
        call: CallId,
        /// What was found out.
        fact: Fact,
    },
    /// The program of a pane runs.
    Started {
        /// The pane.
        pane: PaneId,
        /// Its first process; none if it could not be started, with the reason in `outcome`.
        outcome: Result<u32, Refusal>,
        /// Memory for the pane's scrollback.
        memory: Box<dyn Memory>,
    },
    /// The program of a pane printed.
    Output {
        /// The pane.
        pane: PaneId,
        /// The bytes.
        bytes: &'a [u8],
    },
    /// The program of a pane has ended, all its output was given, and (after `Effect::Stop`) what it started is gone.
    Ended {
        /// The pane.
        pane: PaneId,
        /// How.
        status: ExitStatus,
        /// Processes that could not be ended, by pid.
        left: Vec<u32>,
    },
    /// The configuration was read anew.
    Configured(Box<Settings>),
    /// The deadline of `next_deadline` has passed.
    Wake,
}
