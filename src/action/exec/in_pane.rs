//! `exec.run` in the live shell of a pane: when its prompt takes a command, and the typing of one.

use crate::action::{Answer, Cx, completion};
use crate::base::error::{Code, Refusal};
use crate::base::id::PaneId;
use crate::base::time::Span;
use crate::state::call::Pending;
use crate::state::command::{ExecRequest, script};
use crate::state::effect::Effect;
use crate::state::pane::no_program;
use crate::state::shell_history::{self, InPane, Phase};

/// The longest time after its start in which a shell shows its first prompt.
const FIRST_PROMPT_WITHIN: Span = Span::seconds(10);

/// Types a command at the prompt of a pane's shell; the call is answered when the shell says that
/// it has ended.
pub(super) fn run<R>(
    cx: &mut Cx<'_>,
    pane: PaneId,
    order: &ExecRequest,
) -> Result<Answer<R>, Refusal> {
    let line = script(&order.words);
    if line.contains(char::is_control)
        || completion::LINE_MAX < line.len()
        || line.trim().is_empty()
    {
        let refusal = Refusal::new(
            Code::InvalidParams,
            format!(
                "exec.run: what is typed into a pane is one line of up to {} bytes",
                completion::LINE_MAX
            ),
        );
        return Err(refusal.hint("join lines with ; or put them into a script"));
    }
    let is_ready = ready(cx, pane)?;
    let now = cx.now.tick;
    let (phase, deadline) = if is_ready {
        cx.fx.push(Effect::Write {
            pane,
            bytes: shell_history::typed(&cx.state.pane(pane).screen, &line),
        });
        (Phase::Typed, order.limit.map(|limit| now + limit))
    } else {
        (Phase::Prompt, Some(now + Span::millis(cx.settings.exec.turn_ms)))
    };
    let wait = InPane {
        pane,
        line,
        limit: order.limit,
        grace: order.grace,
        phase,
        since: now,
        strikes: 0,
    };
    Ok(Answer::Later { pending: Pending::InPane(Box::new(wait)), deadline })
}

/// True if the shell of a pane waits at its prompt with nothing typed; false if its prompt is about
/// to come.
///
/// # Errors
/// `no_prompt_marks`, `not_at_prompt`, `busy` if another call runs something there, `not_running`.
pub(in crate::action) fn ready(cx: &Cx<'_>, pane: PaneId) -> Result<bool, Refusal> {
    let entry = cx.state.pane(pane);
    let (screen, shell) = (&entry.screen, &entry.marks.shell);
    if !entry.life.is_live() {
        return Err(no_program(cx.state, pane));
    }
    if cx
        .state
        .calls
        .values()
        .any(|open| matches!(&open.pending, Pending::InPane(wait) if wait.pane == pane))
    {
        return Err(Refusal::new(
            Code::Busy,
            format!("another call runs a command in pane {pane}"),
        )
        .hint("try again when it has ended"));
    }
    if let Some(running) = shell.running {
        let what = cx
            .state
            .shell_history
            .get(running)
            .map(|past| past.text.as_str())
            .filter(|text| !text.is_empty())
            .unwrap_or("a command");
        return Err(Refusal::new(
            Code::NotAtPrompt,
            format!(
                "the shell of pane {pane} runs \
            {what:?}"
            ),
        )
        .hint(format!(
            "abide wait -t {pane} --prompt; if that is a shell itself, as in ssh: \
                abide shell integrate -t {pane}"
        )));
    }
    if shell.seen || screen.is_at_prompt() {
        // Without a place to compare, as after a start of the server, the shell's word counts.
        let is_clean = shell.spot.is_none_or(|spot| screen.cursor_anchor() == Some(spot));
        if screen.is_at_prompt() && !is_clean {
            return Err(Refusal::new(
                Code::NotAtPrompt,
                format!("something is typed at the prompt of pane {pane} already"),
            )
            .hint(format!("abide send -t {pane} --key C-u takes it away in most shells")));
        }
        return Ok(screen.is_at_prompt() && (shell.spot.is_some() || !shell.seen));
    }
    if shell_history::has_prompts(screen) {
        return Err(Refusal::new(
            Code::NotAtPrompt,
            format!("the shell of pane {pane} runs a command"),
        )
        .hint(format!("abide wait -t {pane} --prompt")));
    }
    let is_new =
        entry.marks.started.is_none_or(|started| cx.now.tick - started < FIRST_PROMPT_WITHIN);
    let is_young = entry.program().is_empty() && cx.settings.shell.integration && is_new;
    if is_young { Ok(false) } else { Err(no_marks(pane)) }
}

/// The refusal of what needs marks of a shell that sends none.
#[must_use]
pub fn no_marks(pane: PaneId) -> Refusal {
    Refusal::new(Code::NoPromptMarks, format!("the shell of pane {pane} does not mark its prompts"))
        .hint(format!("abide shell integrate -t {pane}"))
}
