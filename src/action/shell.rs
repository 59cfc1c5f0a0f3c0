//! Shells in panes: shell integration that is typed into them, and the last command run again.

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::PaneTarget;
use crate::action::completion::Sent;
use crate::action::exec::{clean_prompt, ready};
use crate::action::{Access, Action, Answer, Apply, Cx};
use crate::base::error::{Code, Refusal};
use crate::base::id::CommandId;
use crate::state::command::{no_command, script};
use crate::state::effect::Effect;
use crate::state::shell_history;

actions! {
    server ShellIntegrate;
    server ShellRerun;
}

/// Type into a pane, once and visibly, what makes its shell mark prompts and commands
///
/// For shells that abide did not start itself, such as one inside ssh or a container. The shell has
/// to wait at its prompt, and forgets it when it ends.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ShellIntegrate {
    /// The shell that reads the lines
    #[arg(long, value_enum, default_value_t = ShellSyntax::Sh)]
    pub shell: ShellSyntax,

    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    pub target: Option<PaneTarget>,
}

/// The shell in whose words the lines are written.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Kind")]
pub enum ShellSyntax {
    /// bash or zsh.
    #[default]
    Sh,
    /// fish.
    Fish,
}

impl Action for ShellIntegrate {
    const NAME: &'static str = "shell.integrate";
    const ACCESS: Access = Access::Interact;
    type Reply = Sent;
}

impl Apply for ShellIntegrate {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        if cx.state.pane(pane).screen.modes().alternate_screen {
            let refusal = Refusal::new(
                Code::InvalidParams,
                format!("pane {pane} shows a program on the whole screen, no shell"),
            );
            return Err(refusal.hint("leave that program first"));
        }
        let entry = cx.state.pane(pane);
        if entry.marks.shell.running.is_none() && entry.screen.is_at_prompt() {
            clean_prompt(entry, pane)?;
        }
        let line = match self.shell {
            ShellSyntax::Sh => include_str!("../../assets/shell/typed.sh"),
            ShellSyntax::Fish => include_str!("../../assets/shell/typed.fish"),
        };
        cx.type_into(pane, format!(" {}\r", line.trim()).into_bytes())
    }
}

/// Run a former command again in the shell of a pane
///
/// One that `abide commands` lists; it is typed at the prompt, where it then is in the shell's own
/// history too.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ShellRerun {
    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    pub target: Option<PaneTarget>,

    /// The command
    #[arg(value_name = "ID")]
    pub id: String,
}

impl Action for ShellRerun {
    const NAME: &'static str = "shell.rerun";
    const ACCESS: Access = Access::Interact;
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

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_typed_is_one_line() {
        for text in [
            include_str!("../../assets/shell/typed.sh"),
            include_str!("../../assets/shell/typed.fish"),
        ] {
            assert_eq!(text.trim().lines().count(), 1);
            assert!(text.len() < 4000 && text.is_ascii());
        }
    }
}
