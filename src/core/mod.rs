//! The pure centre: a step takes the present and one input, changes the state and says what is to happen outside. It cannot fail and cannot wait.

use crate::action::table::Call;
use crate::base::code::Refusal;
use crate::base::exit::ExitStatus;
use crate::base::geom::Size;
use crate::base::id::{CallId, ClientId, PaneId};
use crate::base::key::{KeyInput, MouseInput};
use crate::base::memory::Memory;
use crate::settings::Settings;
use crate::state::call::Caller;
use crate::state::effect::Fact;

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

/// A client with a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// Who it is, over reconnects.
    pub token: u64,
    /// The size of its terminal.
    pub size: Size,
    /// A cell in pixels, 0 where unknown.
    pub cell_pixels: (u16, u16),
    /// Its working directory; empty where unknown.
    pub cwd: String,
    /// Its environment.
    pub env: Vec<(String, String)>,
    /// Whether it only watches.
    pub read_only: bool,
}
