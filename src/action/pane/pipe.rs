//! `pane.pipe`: what a pane prints goes to a file or to a command, too.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::PaneTarget;
use crate::action::dto::PaneItem;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::{Code, Refusal};
use crate::base::id::PaneId;
use crate::state::command::quoted;
use crate::state::effect::Effect;
use crate::state::pane::no_program;

/// Write what a pane prints to a file, or give it to a command
///
/// From now on, byte by byte as the program prints it, control sequences included; what is there
/// already is for `capture`. A file is appended to. A command reads it on its standard input; one
/// word is a line for the shell. Without either it ends. It goes on after a restart of the server.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PanePipe {
    /// The file
    #[arg(long = "file", value_name = "FILE", conflicts_with = "command")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_file: Option<String>,

    /// End it if there is one, instead of putting another in its place
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub toggle: bool,

    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<PaneTarget>,

    /// The command and its arguments
    #[arg(last = true, value_name = "CMD")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
}

impl Action for PanePipe {
    const NAME: &'static str = "pane.pipe";
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = PaneItem;
}

impl Apply for PanePipe {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        if !cx.state.pane(pane).life.is_live() {
            return Err(no_program(cx.state, pane).hint("abide pane respawn"));
        }
        let is_on = cx.state.pane(pane).pipe.is_some();
        let line = if self.toggle && is_on { None } else { self.line(cx, pane)? };
        cx.state.set_pipe(pane, line);
        cx.fx.push(Effect::Pipe { pane });
        Ok(Answer::Now(PaneItem::of(cx.state, pane)))
    }
}

impl PanePipe {
    /// The line for the shell; none to end what there is.
    fn line(&self, cx: &Cx<'_>, pane: PaneId) -> Result<Option<String>, Refusal> {
        if let Some(word) =
            self.command.iter().chain(&self.to_file).find(|word| word.contains('\0'))
        {
            return Err(Refusal::new(
                Code::InvalidParams,
                format!("pane.pipe: {word:?} has a NUL in it"),
            ));
        }
        match (&self.to_file, self.command.as_slice()) {
            (Some(file), _) if file.starts_with('/') => {
                Ok(Some(format!("exec cat >> {}", quoted(file))))
            }
            (Some(file), _) => {
                let pane = cx.state.pane(pane);
                let said = pane.screen.cwd().unwrap_or(&pane.cwd);
                let base = Some(said).filter(|cwd| cwd.starts_with('/')).ok_or_else(|| {
                    Refusal::new(Code::InvalidParams, format!("file: {file:?} is not absolute"))
                        .hint("begin it with /")
                })?;
                Ok(Some(format!(
                    "exec cat >> {}",
                    quoted(&format!("{}/{file}", base.trim_end_matches('/')))
                )))
            }
            (None, []) => Ok(None),
            (None, [line]) => Ok(Some(line.clone())),
            (None, words) => {
                Ok(Some(words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")))
            }
        }
    }
}
