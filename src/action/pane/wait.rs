//! `pane.wait`: waits for something in a pane.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{PaneTarget, millis};
use crate::action::completion::{self, Waited};
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::{Code, Refusal};
use crate::base::id::PaneId;
use crate::base::time::{Span, Tick};
use crate::state::call::{Pending, pattern};
use crate::state::pane::ProgramState;

/// Wait for something in a pane
///
/// For a text on its screen, for quiet, for a prompt, or for the end of its program. If the program
/// ends first, the exit status is 5; if the time is up, 124.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneWait {
    /// Until its screen shows, or its output passes, a line that this regular expression matches
    #[arg(long, value_name = "REGEX", group = "until")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,

    /// Until it has printed nothing for so long, such as 500ms
    #[arg(long = "idle", value_name = "DURATION", value_parser = millis, group = "until")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_ms: Option<u64>,

    /// Until its shell shows a prompt; it has to send prompt marks
    #[arg(long, group = "until")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub prompt: bool,

    /// Until its program ends
    #[arg(long, group = "until")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub exit: bool,

    /// At most so long
    #[arg(long = "timeout", value_name = "DURATION", value_parser = millis)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,

    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<PaneTarget>,
}

impl Action for PaneWait {
    const NAME: &'static str = "pane.wait";
    const VERBS: &'static [&'static str] = &["wait"];
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
    type Reply = Waited;
}

impl Apply for PaneWait {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let pending = self.pending(pane, cx.now.tick)?;
        if let Some(waited) = completion::seen(cx.state, &pending, 0) {
            return Ok(Answer::Now(waited));
        }
        match cx.state.pane(pane).life {
            ProgramState::Ended { status } if self.exit => {
                return Ok(Answer::Now(Waited::exit(status)));
            }
            ProgramState::Ended { status } => return Err(completion::ended_first(pane, status)),
            _ => (),
        }
        let deadline = self.timeout_ms.map(|timeout| cx.now.tick + Span::millis(timeout));
        Ok(Answer::Later { pending, deadline })
    }
}

impl PaneWait {
    fn pending(&self, pane: PaneId, since: Tick) -> Result<Pending, Refusal> {
        if let Some(text) = &self.text {
            return Ok(Pending::Text { pane, pattern: pattern(text)? });
        }
        if let Some(idle) = self.idle_ms {
            return Ok(Pending::Idle { pane, quiet: Span::millis(idle), since });
        }
        match (self.prompt, self.exit) {
            (true, _) => Ok(Pending::Prompt { pane }),
            (_, true) => Ok(Pending::Exit { pane }),
            _ => Err(Refusal::new(Code::InvalidParams, "pane.wait: say for what")
                .hint("--text, --idle, --prompt or --exit")),
        }
    }
}
