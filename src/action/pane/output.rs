//! `pane.output`: what the last command of a pane printed.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::PaneTarget;
use crate::action::{Access, Action, Answer, Apply, Cx, Place};
use crate::base::code::{Code, Refusal};
use crate::base::id::PaneId;

/// Show what the last command of a pane printed
///
/// The shell has to tell where output begins and ends (OSC 133).
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Output {
    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<PaneTarget>,
}

impl Action for Output {
    const NAME: &'static str = "pane.output";
    const ACCESS: Access = Access::Read;
    const PLACE: Place = Place::Server;
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

impl Apply for Output {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let screen = &cx.state.pane(pane).screen;
        let rows = screen.last_output().ok_or_else(|| {
            Refusal::new(Code::NotFound, format!("the shell of pane {pane} marks no output"))
                .hint("its prompt has to send OSC 133; see docs/guide/copy-mode.md")
        })?;
        Ok(Answer::Now(Printed { pane, text: screen.text_at(rows) }))
    }
}
