//! The inputs of the core: everything that can happen outside, as data.

use crate::action::Outcome;
use crate::action::table::Call;
use crate::base::error::Refusal;
use crate::base::geom::Size;
use crate::base::id::{CallId, ClientId, PaneId};
use crate::base::key::{KeyInput, MouseInput};
use crate::base::memory::Memory;
use crate::base::signal::ExitStatus;
use crate::core::CommandEvent;
use crate::settings::Settings;
use crate::state::State;
use crate::state::call::Caller;
use crate::state::effect::Fact;
use crate::state::view::Viewer;
use crate::term::{OuterColours, Terminal};

/// Something that happened outside.
pub enum Input<'a> {
    /// A client with a terminal said hello. Its view shows nothing until it attaches.
    Connected {
        /// A new id, one that no client had.
        client: ClientId,
        /// The person or program behind it, and what it shows.
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
        /// True if it has it now.
        focused: bool,
    },
    /// An action is called. Exactly one `Effect::Answer` with this id follows, now or later.
    Call {
        /// The call.
        call: CallId,
        /// The client or connection that calls.
        caller: Caller,
        /// The action with its arguments.
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
        outcome: Outcome,
    },
    /// The answer to `Effect::Ask`.
    Found {
        /// The call that needs it.
        call: CallId,
        /// The fact that was found out.
        fact: Fact,
    },
    /// The program of a pane runs.
    Started {
        /// The pane.
        pane: PaneId,
        /// The first process; none if it could not be started, with the reason in `outcome`.
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
    /// The program of a pane has ended, all its output was given, and (after `Effect::Stop`) what
    /// it started is gone.
    Ended {
        /// The pane.
        pane: PaneId,
        /// The way it ended.
        status: ExitStatus,
        /// Processes that could not be ended, by pid.
        left: Vec<u32>,
    },
    /// A client told something of its terminal.
    Client {
        /// The client.
        client: ClientId,
        /// The news of the terminal.
        event: ClientEvent,
    },
    /// Something happened to a pane that is no output.
    Pane {
        /// The pane.
        pane: PaneId,
        /// The thing that happened.
        event: PaneEvent,
    },
    /// Something happened to a command.
    Command(CommandEvent),
    /// Something comes back from a former time.
    Restore(RestoreInput),
    /// Something changed about the server as a whole.
    Server(ServerEvent),
    /// The configuration was read anew.
    Configured(Box<Settings>),
    /// A hook caused this input, so what it does calls no hook.
    OfHook(Box<Input<'a>>),
    /// The deadline of `next_deadline` has passed.
    Wake,
}

/// A terminal of a client was described.
#[derive(Debug)]
pub enum ClientEvent {
    /// The bars of the client take so many rows.
    Bars(u16),
    /// The outer terminal has these colours. Programs that the client drives are told them.
    Colours(OuterColours),
}

/// Something about a pane that is no byte of its output.
#[derive(Debug)]
pub enum PaneEvent {
    /// A synchronized update took too long: what is parsed is shown.
    SyncTimeout,
    /// The screen cannot draw the output: an empty one takes its place.
    ScreenLost,
    /// Another program runs in the foreground.
    Foreground {
        /// The program's name; none for what the pane was started with.
        name: Option<String>,
        /// The program's arguments; empty for nothing, or where they are unknown.
        argv: Vec<String>,
    },
    /// The directory of what runs in the foreground is news.
    Cwd(String),
    /// The command that read the output has ended.
    PipeEnded,
    /// Something went wrong: each client on the session is told in these words.
    Warning(String),
    /// There is time to compress a segment of the scrollback.
    Pack,
}

/// Something about the server as a whole.
#[derive(Debug)]
pub enum ServerEvent {
    /// So many connections of any kind are open.
    Connections(usize),
    /// Another keeper took over: its process.
    Keeper(u32),
    /// Scrollback has grown: its limit over all panes is enforced.
    CapScrollback,
    /// Files of that kind cannot be written, and why; or can be again.
    Disk(&'static str, Option<String>),
}

/// Something comes back from a former time.
pub enum RestoreInput {
    /// Panes of the state that the core was made with wait for their programs, which start now, or
    /// as soon as a client brings an environment.
    Programs {
        /// True if an environment is awaited.
        awaits_env: bool,
    },
    /// Panes that wait for a person say below what they showed what can be done.
    Prompts(Vec<PaneId>),
    /// A pane that came back shows this.
    Screen {
        /// The pane.
        pane: PaneId,
        /// The screen that the pane shows.
        screen: Box<Terminal>,
        /// True if that screen stays when the program starts; else a new one takes its place.
        stays: bool,
    },
    /// Sessions of a snapshot are made anew, and the call is answered.
    Snapshot {
        /// The call.
        call: CallId,
        /// The sessions, in ids of their own, without contradictions.
        former: Box<State>,
        /// Values for variables that were not kept.
        env: Vec<(String, String)>,
    },
    /// Something that was closed is made anew, and the call is answered.
    Closed {
        /// The call.
        call: CallId,
        /// The closed item and its panes.
        former: Box<State>,
        /// Values for variables that were not kept.
        env: Vec<(String, String)>,
    },
}
