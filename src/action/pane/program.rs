//! The program of a pane: start it again, run its command again, close the pane.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{Closing, PaneTarget, Start};
use crate::action::completion::{LINE_MAX, Stopped};
use crate::action::context::ClosedPanes;
use crate::action::dto::PaneItem;
use crate::action::exec::ready;
use crate::action::pane::tab_of;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey};
use crate::base::error::{Code, Refusal};
use crate::base::id::PaneId;
use crate::state::command::{quoted, script};
use crate::state::effect::Effect;
use crate::state::pane::ProgramState;
use crate::state::shell_history;

/// Run the program of a pane again, in the same place
///
/// It starts where the former one was, on an empty screen. One that runs is ended first, if --kill
/// says so.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneRespawn {
    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    pub target: Option<PaneTarget>,

    /// End it if it runs
    #[arg(short, long)]
    pub kill: bool,

    /// The program that starts instead.
    #[command(flatten)]
    #[serde(flatten)]
    pub start: Start,
}

impl Action for PaneRespawn {
    const NAME: &'static str = "pane.respawn";
    const KEYS: &'static [DefaultKey] = &[("prefix R", "--kill")];
    const ACCESS: Access = Access::Admin;
    type Reply = PaneItem;
}

impl Apply for PaneRespawn {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        tab_of(cx, pane)?;
        if cx.state.pane(pane).life.has_program() && !self.kill {
            return Err(Refusal::new(
                Code::InvalidParams,
                format!("the program of pane {pane} runs"),
            )
            .hint("--kill ends it first"));
        }
        let new = cx.new_pane(&self.start, None)?;
        let cwd = cx.directory(self.start.cwd.as_deref())?;
        let entry = cx.state.pane_mut(pane);
        if !new.argv.is_empty() {
            entry.argv = new.argv;
        }
        for variable in new.env {
            entry.env.retain(|(name, _)| *name != variable.0);
            entry.env.push(variable);
        }
        if let Some(cwd) = cwd {
            entry.cwd = cwd;
        }
        let end = cx.pane_end(None);
        cx.state.restart_pane(pane, end, cx.fx);
        Ok(Answer::Now(PaneItem::of(cx.state, pane)))
    }
}

/// Run again what ran in a pane before a reboot
///
/// A pane that came back and waits runs its command; in one whose shell ran something, that is
/// typed at the prompt. `pane ls --json` says what is offered.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneRerun {
    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    pub target: Option<PaneTarget>,

    /// In all panes of the session that wait
    #[arg(short, long, conflicts_with = "all")]
    pub session: bool,

    /// In all panes of all sessions that wait
    #[arg(short, long, conflicts_with = "target")]
    pub all: bool,

    /// Start a shell instead
    #[arg(long)]
    pub shell: bool,
}

/// The panes in which something was run again.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Rerunning {
    /// The panes.
    pub panes: Vec<PaneId>,
}

impl Action for PaneRerun {
    const NAME: &'static str = "pane.rerun";
    const ACCESS: Access = Access::Admin;
    type Reply = Rerunning;
}

impl Apply for PaneRerun {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        if !self.all && !self.session {
            let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
            tab_of(cx, pane)?;
            self.run(cx, pane)?;
            return Ok(Answer::Now(Rerunning { panes: vec![pane] }));
        }
        let session = if self.all {
            None
        } else {
            Some(cx.state.pane(PaneTarget::or_own(self.target.as_ref(), cx)?).session)
        };
        let waits = cx
            .state
            .panes
            .values()
            .filter(|pane| pane.life == ProgramState::Held && pane.tab.is_some());
        let panes: Vec<PaneId> = waits
            .filter(|pane| session.is_none_or(|session| pane.session == session))
            .map(|pane| pane.id)
            .collect();
        if panes.is_empty() {
            return Err(Refusal::new(
                Code::NotFound,
                "no pane waits to be told whether its command is to run",
            )
            .hint("abide pane ls --all"));
        }
        for pane in &panes {
            self.run(cx, *pane)?;
        }
        Ok(Answer::Now(Rerunning { panes }))
    }
}

impl PaneRerun {
    fn run(&self, cx: &mut Cx<'_>, id: PaneId) -> Result<(), Refusal> {
        let pane = cx.state.pane(id);
        match pane.life {
            ProgramState::Held | ProgramState::Ended { .. } if self.shell => {
                cx.state.start_shell_instead(id, cx.fx);
            }
            ProgramState::Held | ProgramState::Ended { .. } => {
                let end = cx.pane_end(None);
                cx.state.restart_pane(id, end, cx.fx);
            }
            _ if self.shell => {
                let refusal =
                    Refusal::new(Code::InvalidParams, format!("something runs in pane {id}"));
                return Err(refusal.hint(
                    "only a pane that waits, or whose program has ended, starts a shell instead",
                ));
            }
            _ if pane.restore.instead => {
                let refusal = Refusal::new(
                    Code::InvalidParams,
                    format!("a shell runs in pane {id}, in place of its command"),
                );
                return Err(refusal.hint(format!("abide pane respawn --kill -t {id}")));
            }
            _ if pane.restore.ran.is_empty() => {
                let refusal = Refusal::new(
                    Code::NotFound,
                    format!("nothing is known that ran in pane {id} before"),
                );
                return Err(refusal.hint("abide pane respawn runs its program again"));
            }
            _ => type_again(cx, id)?,
        }
        Ok(())
    }
}

/// Types what ran in the shell of a pane at its prompt.
fn type_again(cx: &mut Cx<'_>, id: PaneId) -> Result<(), Refusal> {
    if !ready(cx, id)? {
        let refusal =
            Refusal::new(Code::NotAtPrompt, format!("the shell of pane {id} shows no prompt yet"));
        return Err(refusal.hint(format!("abide wait -t {id} --prompt")));
    }
    let pane = cx.state.pane(id);
    let words = &pane.restore.ran;
    // A single word is no script here, unlike with `exec`.
    let line = if let [word] = words.as_slice() { quoted(word) } else { script(words) };
    if line.contains(char::is_control) || LINE_MAX < line.len() {
        let refusal = Refusal::new(
            Code::InvalidParams,
            format!("what ran in pane {id} cannot be typed: it is no short line of plain text"),
        );
        return Err(refusal.hint("the line below what the pane showed tells it"));
    }
    let bytes = shell_history::typed(&pane.screen, &line);
    cx.fx.push(Effect::Write { pane: id, bytes });
    cx.state.forget_former(id);
    Ok(())
}

/// Close a pane; `undo` brings it back
///
/// It is hidden and its programs run on for a minute (`pane.undo_ms`), then they are told to end,
/// with their whole process trees, killed after the grace, and verified to be gone. With --now that
/// happens at once, and the answer comes when it is done. Programs that were detached on purpose
/// live on (`pane.spare_detached`). The last pane closes its tab, and the last tab its session.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneClose {
    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    pub target: Option<PaneTarget>,

    /// The way it is closed.
    #[command(flatten)]
    #[serde(flatten)]
    pub closing: Closing,
}

impl Action for PaneClose {
    const NAME: &'static str = "pane.close";
    const KEYS: &'static [DefaultKey] = &[("prefix x", "")];
    const ACCESS: Access = Access::Admin;
    type Reply = Stopped;
}

impl Apply for PaneClose {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let what = format!("pane {} ({})", cx.state.pane_index(pane), cx.state.pane_label(pane));
        let closed = ClosedPanes { what: &what, panes: vec![pane], session: None };
        Ok(cx.close(&self.closing, closed, |state, until| {
            state.hide_pane_for_undo(pane, until);
        }))
    }
}
