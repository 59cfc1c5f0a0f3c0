//! `pane.output`: what the last command of a pane printed.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::PaneTarget;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::{Code, Refusal};
use crate::base::id::{CommandId, PaneId};
use crate::state::command::no_command;

/// The most bytes of output that are given.
const OUTPUT_MAX: usize = 1 << 20;

/// Show what the last command of a pane printed
///
/// The shell has to tell where output begins and ends (OSC 133).
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneOutput {
    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<PaneTarget>,

    /// That of this command instead, one that was typed at a prompt and that `abide commands` lists
    #[arg(long, value_name = "ID", conflicts_with = "target")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
}

impl Action for PaneOutput {
    const NAME: &'static str = "pane.output";
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
    type Reply = Printed;
}

/// What a command printed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Printed {
    /// The pane.
    pub pane: PaneId,
    /// The text.
    pub text: String,
}

impl Apply for PaneOutput {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        if let Some(id) = &self.of {
            return of(cx, id).map(Answer::Now);
        }
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let screen = &cx.state.pane(pane).screen;
        let rows = screen.last_output().ok_or_else(|| {
            Refusal::new(Code::NotFound, format!("the shell of pane {pane} marks no output"))
                .hint("its prompt has to send OSC 133; see docs/guide/copy-mode.md")
        })?;
        Ok(Answer::Now(Printed { pane, text: screen.text_at(rows) }))
    }
}

/// What is there of the output of a command that was typed at a prompt.
fn of(cx: &Cx<'_>, text: &str) -> Result<Printed, Refusal> {
    let id: CommandId = text.parse().map_err(|_| no_command(text))?;
    let Some(past) = cx.state.shell_history.get(id) else {
        cx.state.commands.get(id)?;
        return Err(Refusal::new(Code::NotFound, format!("command {id} was not typed in a pane"))
            .hint(format!("abide logs {id}")));
    };
    let gone = || {
        Refusal::new(Code::NotFound, format!("the output of command {id} is not there any more"))
            .hint("abide commands")
    };
    let screen = &cx.state.panes.get(&past.pane).ok_or_else(gone)?.screen;
    let to = past.end.map_or_else(|| screen.cursor_anchor(), |end| end.to);
    let (from, to) = past.from.zip(to).ok_or_else(gone)?;
    Ok(Printed { pane: past.pane, text: screen.text_between(from, to, OUTPUT_MAX).0 })
}
