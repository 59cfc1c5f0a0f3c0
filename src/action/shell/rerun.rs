//! `shell.rerun`: types a former command at the prompt of a pane's shell.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::PaneTarget;
use crate::action::completion::Sent;
use crate::action::exec::in_pane::ready;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::{Code, Refusal};
use crate::base::id::CommandId;
use crate::state::command::{no_command, script};
use crate::state::effect::Effect;
use crate::state::shell_history;

/// Run a former command again in the shell of a pane
///
/// One that `abide commands` lists; it is typed at the prompt, where it then is in the shell's own
/// history too.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ShellRerun {
    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<PaneTarget>,

    /// The command
    #[arg(value_name = "ID")]
    pub id: String,
}

impl Action for ShellRerun {
    const NAME: &'static str = "shell.rerun";
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Server;
    type Reply = Sent;
}

impl Apply for ShellRerun {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let id: CommandId = self.id.parse().map_err(|_| no_command(&self.id))?;
        let line = match cx.state.shell_history.get(id).filter(|past| !past.text.is_empty()) {
            Some(past) => past.text.clone(),
            None => script(&cx.state.commands.get(id)?.words),
        };
        if !ready(cx, pane)? {
            let refusal = Refusal::new(
                Code::NotAtPrompt,
                format!("the shell of pane {pane} shows no prompt yet"),
            );
            return Err(refusal.hint(format!("abide wait -t {pane} --prompt")));
        }
        let bytes = shell_history::typed(&cx.state.pane(pane).screen, &line);
        let count = bytes.len();
        cx.fx.push(Effect::Write { pane, bytes });
        Ok(Answer::Now(Sent { bytes: count }))
    }
}
