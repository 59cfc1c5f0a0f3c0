//! Commands in the background and the processes of all sessions: run, list, stop. This file has the
//! list of the actions and the targets that they share.
//!
//! `apply` only records and asks: the work is that of `server/commands`. `table` takes the list;
//! `core` and `server` use the reports. Tests: `tests/it/procs_life.rs`, `tests/it/exec_calls.rs`.

pub mod list;
pub mod run;
pub mod stop;

use crate::action::args::PaneTarget;
use crate::action::{Answer, Cx};
use crate::base::error::{Code, Refusal};
use crate::base::id::{CommandId, PaneId};
use crate::base::signal as signals;
use crate::state::call::{CommandWait, Pending};
use crate::state::command::no_command;
use crate::state::command_effect::{CommandEffect, Request, Target};
use crate::state::effect::Effect;

actions! {
    server run::ProcessStart;
    server list::ProcessPs;
    server list::ProcessCommands;
    server run::ProcessLogs;
    server list::ProcessStatus;
    server run::ProcessRejoin;
    server run::ProcessWait;
    server run::ProcessWrite;
    server stop::ProcessStop;
    server stop::ProcessSignal;
}

/// The command a text names.
fn command(cx: &Cx<'_>, text: &str) -> Result<CommandId, Refusal> {
    let id: CommandId = text.parse().map_err(|_| no_command(text))?;
    cx.state.commands.get(id).map(|command| command.id)
}

/// The signal a text names.
fn signal_number(what: &str, text: &str) -> Result<i32, Refusal> {
    signals::number(text).ok_or_else(|| {
        let names: Vec<&str> = signals::names().collect();
        Refusal::new(Code::InvalidParams, format!("{what}: {text:?} is no signal"))
            .hint(format!("a number from 1 to 64, or {}", names.join(", ")))
    })
}

/// The target of `stop` and `signal`.
enum Aim {
    Target(Target),
    Pane(PaneId),
}

/// A command id, a process id, or a pane.
fn aim(cx: &Cx<'_>, text: &str, tree: bool) -> Result<Aim, Refusal> {
    if text.parse::<CommandId>().is_ok() {
        return command(cx, text).map(|command| Aim::Target(Target::Command(command)));
    }
    if let Ok(pid) = text.parse::<i32>() {
        if pid <= 1 {
            return Err(Refusal::new(Code::NotFound, format!("{pid} is no process of a session"))
                .hint("abide ps"));
        }
        return Ok(Aim::Target(Target::Process { pid, start_time: None, tree }));
    }
    PaneTarget(text.to_owned()).find(cx).map(Aim::Pane)
}

/// Lets the edge answer the call.
fn served<R>(cx: &mut Cx<'_>, command: Option<CommandId>, request: Request) -> Answer<R> {
    cx.fx.push(Effect::Command(CommandEffect::Serve { call: cx.call, request }));
    Answer::later(Pending::Command(CommandWait::Served { command }))
}
