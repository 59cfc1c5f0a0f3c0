//! The answers of calls that wait: for everything that can happen, the calls that it completes,
//! and their replies.

use schemars::JsonSchema;
use serde::Serialize;

use crate::action::Outcome;
use crate::action::table::value;
use crate::base::error::{Code, Refusal};
use crate::base::id::{CallId, PaneId, SessionId};
use crate::base::signal::ExitStatus;
use crate::base::time::{Now, Tick};
use crate::state::call::{CommandWait, OpenCall, Pending};
use crate::state::search::{Match, Matches};
use crate::state::{Leaving, State};

/// The most bytes of one line that a line discipline in canonical mode is given: it keeps 4095 and
/// drops the rest (termios(3)).
pub const LINE_MAX: usize = 4000;

/// The event that answered a wait.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Waited {
    /// `text`, `idle`, `prompt` or `exit`.
    pub by: String,
    /// The line that matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// The end of the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<ExitStatus>,
}

impl Waited {
    /// A wait that ended with the program.
    #[must_use]
    pub fn exit(status: ExitStatus) -> Self {
        Self { by: "exit".into(), line: None, status: Some(status) }
    }
}

/// The amount of input that was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Sent {
    /// The number of bytes.
    pub bytes: usize,
}

/// Programs that were stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Stopped {
    /// The panes whose programs are gone.
    pub panes: Vec<PaneId>,
    /// Processes that could not be ended, by pid.
    pub left: Vec<u32>,
    /// For so long the programs run on, hidden, and `undo` brings them back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo_ms: Option<u64>,
}

/// Something that a search found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SearchHit {
    /// The pane.
    pub pane: PaneId,
    /// The number of its line: lines are counted from the pane's first one, and keep their number
    /// as long as they are there.
    pub line: u64,
    /// The first column of it, from the start of the line, however many rows that takes.
    pub start: u32,
    /// The column after the last.
    pub end: u32,
    /// The row it is in now; negative ones are scrollback.
    pub row: i64,
    /// The column of that row it starts in.
    pub col: u16,
    /// The line, or of a long one the part around the hit.
    pub text: String,
}

/// The hits of a search.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Searched {
    /// The hits: pane by pane, the newest first if it was not asked otherwise.
    pub hits: Vec<SearchHit>,
    /// True if there may be more.
    pub more: bool,
}

impl From<Matches> for Searched {
    fn from(found: Matches) -> Self {
        let hit = |Match { pane, hit, place: (row, col), text }| {
            let (start, end) = (hit.cells.start, hit.cells.end);
            SearchHit { pane, line: hit.line, start, end, row, col, text }
        };
        Self { hits: found.hits.into_iter().map(hit).collect(), more: found.more }
    }
}

/// The open calls whose wait is of a kind.
pub fn calls(state: &State, is: impl Fn(&Pending) -> bool) -> Vec<CallId> {
    state.calls.iter().filter(|(_, open)| is(&open.pending)).map(|(call, _)| *call).collect()
}

/// Lets every search take a step; gives those that are done.
#[must_use]
pub fn search(state: &mut State) -> Vec<(CallId, Outcome)> {
    let panes = &state.panes;
    let steps = state.calls.iter_mut().filter_map(|(call, open)| match &mut open.pending {
        Pending::Search(walk) => Some((*call, Ok(value(&Searched::from(walk.step(panes)?))))),
        _ => None,
    });
    steps.collect()
}

/// The moment at which an open call needs an answer even if nothing happens.
#[must_use]
pub fn due(state: &State, open: &OpenCall) -> Option<Tick> {
    open.deadline.into_iter().chain(idle_at(state, &open.pending)).min()
}

/// The moment at which a pane has been quiet for long enough.
fn idle_at(state: &State, pending: &Pending) -> Option<Tick> {
    let Pending::Idle { pane, quiet, since } = pending else { return None };
    Some(state.panes.get(pane)?.marks.output.max(*since) + *quiet)
}

/// Calls whose time has come: panes that were quiet, and limits that have passed.
#[must_use]
pub fn overdue(state: &State, now: Now) -> Vec<(CallId, Outcome)> {
    let mut done = Vec::new();
    for (call, open) in &state.calls {
        if idle_at(state, &open.pending).is_some_and(|at| at <= now.tick) {
            done.push((*call, Ok(value(&Waited { by: "idle".into(), ..Waited::default() }))));
        } else if open.deadline.is_some_and(|at| at <= now.tick) {
            done.push((*call, Err(timed_out(&open.pending))));
        }
    }
    done
}

fn timed_out(pending: &Pending) -> Refusal {
    let refuse = |message: String| Refusal::new(Code::TimedOut, message);
    match pending {
        Pending::Text { pane, pattern } => {
            refuse(format!("pane {pane} showed nothing like {:?} in time", pattern.as_str()))
                .hint(format!("abide capture -t {pane}"))
        }
        Pending::Idle { pane, quiet, .. } => {
            refuse(format!("pane {pane} was never quiet for {quiet}"))
                .hint(format!("abide capture -t {pane}"))
        }
        Pending::Prompt { pane } => refuse(format!("pane {pane} showed no prompt in time"))
            .hint("its shell has to send prompt marks (OSC 133)"),
        Pending::Status { pane, state } => {
            refuse(format!("the program of pane {pane} did not report {} in time", state.name()))
                .hint("abide pane ls shows what it reported; it has to speak OSC 7501")
        }
        Pending::Exit { pane } => refuse(format!("the program of pane {pane} did not end in time"))
            .hint(format!("abide pane close -t {pane} ends it")),
        Pending::Command(CommandWait::Turn { session }) => {
            Refusal::new(Code::Busy, format!("the shell of session {session} is busy"))
                .hint("abide ps shows what holds it; abide start runs beside it")
        }
        Pending::Command(_) => {
            Refusal::new(Code::ReadyTimeout, "it was not ready in time; it runs on")
                .hint("abide logs ID")
        }
        // The others wait for the edge, which always reports; they are given no limit.
        Pending::Start { .. }
        | Pending::Stop { .. }
        | Pending::Send { .. }
        | Pending::Upgrade
        | Pending::Forwarded { .. }
        | Pending::InPane(_)
        | Pending::Search(_) => refuse("it was not done in time".into()),
    }
}

/// Completed by the start of a pane's program.
#[must_use]
pub fn on_started(state: &State, pane: PaneId) -> Vec<(CallId, Outcome)> {
    let waits = state.calls.iter().filter_map(|(call, open)| match &open.pending {
        Pending::Start { pane: of, reply } if *of == pane => Some((*call, Ok(reply.clone()))),
        _ => None,
    });
    waits.collect()
}

/// Completed by a pane's program that could not be started.
#[must_use]
pub fn on_failed(state: &State, pane: PaneId, refusal: &Refusal) -> Vec<(CallId, Outcome)> {
    let asked =
        calls(state, |pending| matches!(pending, Pending::Start { pane: of, .. } if *of == pane));
    asked.into_iter().map(|call| (call, Err(refusal.clone()))).collect()
}

/// Completed by output of a pane, of which up to so many rows may have left the screen already.
#[must_use]
pub fn on_output(state: &State, pane: PaneId, rows_above: usize) -> Vec<(CallId, Outcome)> {
    let waits = state.calls.iter().filter(|(_, open)| open.pending.pane() == Some(pane));
    waits
        .filter_map(|(call, open)| {
            Some((*call, Ok(value(&seen(state, &open.pending, rows_above)?))))
        })
        .collect()
}

/// The answer to a wait whose condition is fulfilled by the pane's screen and so many rows above
/// it.
#[must_use]
pub fn seen(state: &State, pending: &Pending, rows_above: usize) -> Option<Waited> {
    match pending {
        Pending::Text { pane, pattern } => {
            let line = state
                .pane(*pane)
                .lines(rows_above)
                .into_iter()
                .find(|line| pattern.is_match(line))?;
            Some(Waited { by: "text".into(), line: Some(line), status: None })
        }
        Pending::Status { pane, state: wanted } => {
            let status = state.pane(*pane).marks.status.first()?;
            let is_it = status.state == *wanted;
            is_it.then(|| Waited { by: "status".into(), line: Some(status.words()), status: None })
        }
        Pending::Prompt { pane } if state.pane(*pane).marks.prompt => {
            Some(Waited { by: "prompt".into(), ..Waited::default() })
        }
        _ => None,
    }
}

/// Completed by what a program says of its work.
#[must_use]
pub fn on_status(state: &State, pane: PaneId) -> Vec<(CallId, Outcome)> {
    state
        .calls
        .iter()
        .filter(|(_, open)| matches!(open.pending, Pending::Status { pane: of, .. } if of == pane))
        .filter_map(|(call, open)| Some((*call, Ok(value(&seen(state, &open.pending, 0)?)))))
        .collect()
}

/// Completed by the end of a pane's program. Those that wait for the end of several panes wait for
/// one less.
pub fn on_ended(
    state: &mut State,
    pane: PaneId,
    status: ExitStatus,
    left: &[u32],
) -> Vec<(CallId, Outcome)> {
    let mut done = Vec::new();
    let ending = &state.commands.ending;
    for (call, open) in &mut state.calls {
        match &mut open.pending {
            Pending::Exit { pane: of } if *of == pane => {
                done.push((*call, Ok(value(&Waited::exit(status)))));
            }
            Pending::Stop { panes, all, left: remaining } if panes.contains(&pane) => {
                panes.retain(|other| *other != pane);
                remaining.extend(left);
                if panes.is_empty() {
                    let reply = value(&Stopped {
                        panes: std::mem::take(all),
                        left: std::mem::take(remaining),
                        undo_ms: None,
                    });
                    if ending.is_empty() {
                        done.push((*call, Ok(reply)));
                    } else {
                        // Other commands of these sessions have to be gone too.
                        let sessions = ending.iter().copied().collect();
                        open.pending = Pending::Command(CommandWait::Sessions { sessions, reply });
                    }
                }
            }
            other if other.pane() == Some(pane) => {
                done.push((*call, Err(ended_first(pane, status))));
            }
            _ => (),
        }
    }
    done
}

/// Completed by panes that went without an end of their program: one that had ended before, or
/// never ran.
pub fn on_gone(state: &mut State) -> Vec<(CallId, Outcome)> {
    let (mut done, panes) = (Vec::new(), &state.panes);
    for (call, open) in &mut state.calls {
        match &mut open.pending {
            Pending::Stop { panes: waited, all, left } => {
                waited.retain(|pane| panes.contains_key(pane));
                if waited.is_empty() {
                    let (panes, left) = (std::mem::take(all), std::mem::take(left));
                    done.push((*call, Ok(value(&Stopped { panes, left, undo_ms: None }))));
                }
            }
            other => {
                let gone = other.pane().filter(|pane| !panes.contains_key(pane));
                done.extend(gone.map(|pane| {
                    let message = format!("pane {pane} is gone");
                    let refusal = Refusal::new(Code::Ended, message).hint("abide pane ls");
                    (*call, Err(refusal))
                }));
            }
        }
    }
    done
}

/// Completed by the end of everything of a session: calls that ended it, and nothing else is left
/// of what they ended.
pub fn on_session_over(state: &mut State, session: SessionId) -> Vec<(CallId, Outcome)> {
    let mut done = Vec::new();
    for (call, open) in &mut state.calls {
        if let Pending::Command(CommandWait::Sessions { sessions, reply }) = &mut open.pending {
            sessions.retain(|other| *other != session);
            if sessions.is_empty() {
                done.push((*call, Ok(reply.clone())));
            }
        }
    }
    done
}

/// The refusal of a wait for something that the end of the program makes impossible.
#[must_use]
pub fn ended_first(pane: PaneId, status: ExitStatus) -> Refusal {
    Refusal::new(Code::Ended, format!("the program of pane {pane} ended first: {status}"))
        .hint("abide pane ls --all")
}

/// The answer to `send`, now that it is known whether the line discipline collects lines.
///
/// # Errors
/// `canonical_limit` if it does and would drop part of a line; nothing is sent then.
pub fn on_line_mode(pane: PaneId, bytes: &[u8], canonical: bool) -> Outcome {
    let longest = longest_line(bytes);
    if canonical && LINE_MAX < longest {
        let refusal = Refusal::new(
            Code::CanonicalLimit,
            format!(
                "a line of {longest} bytes is too long for the program of pane {pane}, which \
                 reads lines of up to {LINE_MAX}"
            ),
        );
        return Err(refusal.hint(
            "put line breaks in, or send it to a program that edits its own line, such as a shell",
        ));
    }
    Ok(value(&Sent { bytes: bytes.len() }))
}

/// The length of the longest line, in bytes; a line ends with CR or LF.
#[must_use]
pub fn longest_line(bytes: &[u8]) -> usize {
    bytes.split(|byte| matches!(byte, b'\r' | b'\n')).map(<[u8]>::len).max().unwrap_or(0)
}

/// Completed by the server leaving. A restart interrupts all; a stop those that no program's end
/// will complete.
#[must_use]
pub fn on_leaving(state: &State, leaving: &Leaving) -> Vec<(CallId, Outcome)> {
    let (code, message) = match leaving {
        Leaving::Restart | Leaving::Upgrade(_) => (Code::Interrupted, "the server restarts"),
        Leaving::Stop => (Code::ShuttingDown, "the server is stopping"),
    };
    let left_alone = |pending: &Pending| {
        *leaving == Leaving::Stop && !matches!(pending, Pending::Forwarded { .. })
    };
    let refusal = |call: &CallId| match state.calls.get(call).map(|open| &open.pending) {
        Some(Pending::Command(
            CommandWait::Exec { command } | CommandWait::Started { command },
        )) => Refusal::new(code, format!("{message}; command {command} goes on"))
            .hint(format!("abide logs -f {command}"))
            .about(*command),
        Some(Pending::Command(CommandWait::Turn { .. })) => {
            Refusal::new(Code::ShuttingDown, format!("{message}; the command has not begun"))
                .hint("try again in a moment")
        }
        _ => Refusal::new(code, message),
    };
    calls(state, |pending| !left_alone(pending))
        .into_iter()
        .map(|call| (call, Err(refusal(&call))))
        .collect()
}
