//! Everything abide can be told to do, each declared once. Keys, CLI, palette, JSON-RPC and docs
//! are derived from [`table`].
//!
//! An action is a type in the file of its noun and a line of that noun's list; `apply` changes the
//! state and asks for effects, and does nothing else. The nouns with many actions are folders.
//!
//! `core` carries actions out; `cli`, `config` and `server` use the types, `client` only the table.
//! Tests: beside the code, `tests/it/core_model`, `tests/it/cli.rs`, `tests/it/docs.rs`.

/// The actions of a noun as lines of the table: the role that carries it out, and its type.
macro_rules! actions {
    ($($role:ident $($action:ident)::+;)*) => {
        pub(super) static ACTIONS: [crate::action::table::ActionEntry;
            [$(stringify!($role)),*].len()] =
            [$(crate::action::table::ActionEntry::$role::<$($action)::+>()),*];
    };
}

/// Actions that the server does not carry out: the role that does, then a row each with help, type,
/// name, access, words and keys where it has them, arguments. The rows are lines of the table too.
macro_rules! rows {
    ($role:ident; $(
        $(#[$help:meta])*
        $type:ident $name:literal $access:ident
        $(verbs [$($verb:literal),*])? $(keys [$($key:expr),* $(,)?])?
        { $($arguments:tt)* }
    )*) => {
        pub(super) static ROWS: [crate::action::table::ActionEntry; [$($name),*].len()] =
            [$(crate::action::table::ActionEntry::$role::<$type>()),*];

        $(
        $(#[$help])*
        #[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
        pub struct $type {
            $($arguments)*
        }

        impl Action for $type {
            const NAME: &'static str = $name;
            $(const VERBS: &'static [&'static str] = &[$($verb),*];)?
            $(const KEYS: &'static [DefaultKey] = &[$($key),*];)?
            const ACCESS: Access = Access::$access;
            type Reply = ();
        }
        )*
    };
}

pub mod args;
pub mod completion;
mod context;
pub mod dto;
pub mod table;
pub mod tmux;

pub mod buffer;
pub mod cli;
pub mod client;
pub mod exec;
pub mod layout;
pub mod pane;
pub mod process;
pub mod server;
pub mod session;
pub mod shell;
pub mod snapshot;
pub mod tab;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::base::error::Refusal;
use crate::base::id::CallId;
use crate::base::time::{Now, Tick};
use crate::settings::Settings;
use crate::state::State;
use crate::state::call::{Caller, Pending};
use crate::state::effect::Effects;
use crate::state::host::Host;

/// The reply of an action, as it is sent to callers.
pub type Json = serde_json::Value;

/// An outcome as it is sent to callers.
pub type Outcome = Result<Json, Refusal>;

/// The effect of a call on the world, for tokens and read-only views. Ordered from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Looks.
    Read,
    /// Moves a view, or types.
    Interact,
    /// Makes, changes and ends things.
    Admin,
}

/// The role that carries an action out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The core, in the server.
    Server,
    /// The caller's client.
    Client,
    /// The process that reads the command line.
    Cli,
}

/// A key an action has by default: the key in the action language (`prefix %`) and the arguments it
/// is called with (`--right`).
pub type DefaultKey = (&'static str, &'static str);

/// A declared action. The doc comment of the type is its help; those of its fields are the help of
/// its arguments.
pub trait Action: Args + Serialize + DeserializeOwned + JsonSchema + Send + 'static {
    /// The name on the wire: `noun.verb`.
    const NAME: &'static str;
    /// The words on the command line where they are not noun and verb; several are synonyms, the
    /// first is shown.
    const VERBS: &'static [&'static str] = &[];
    /// The default keys.
    const KEYS: &'static [DefaultKey] = &[];
    /// True if those of the keys that are no characters act again without the prefix, when they
    /// follow at once.
    const REPEATS: bool = false;
    /// The effect on the world.
    const ACCESS: Access;
    /// The reply.
    type Reply: Serialize + JsonSchema;
}

/// An action the core carries out.
pub trait Apply: Action {
    /// Does it, or says why not. A refusal has changed nothing.
    ///
    /// # Errors
    /// The refusal.
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal>;
}

/// The answer of an action.
#[derive(Debug)]
pub enum Answer<R> {
    /// At once.
    Now(R),
    /// Once something has happened; the core completes it exactly once.
    Later {
        /// The event that completes it.
        pending: Pending,
        /// The moment at which the answer is `timed_out` instead; none to wait for ever.
        deadline: Option<Tick>,
    },
}

impl<R> Answer<R> {
    /// An answer once something has happened, however long that takes.
    #[must_use]
    pub const fn later(pending: Pending) -> Self {
        Self::Later { pending, deadline: None }
    }
}

/// The world as an action sees it while it is carried out.
#[derive(Debug)]
pub struct Cx<'a> {
    /// The nouns.
    pub state: &'a mut State,
    /// The options in force.
    pub settings: &'a Settings,
    /// The server and its surroundings.
    pub host: &'a Host,
    /// The present.
    pub now: Now,
    /// The caller.
    pub caller: Caller,
    /// The call.
    pub call: CallId,
    /// The effects that are to happen outside.
    pub fx: &'a mut Effects,
}
