//! Actions on sessions, one per file.

pub mod attach;
pub mod close;
pub mod has;
pub mod kill;
pub mod last;
pub mod ls;
pub mod new;
pub mod next;
pub mod open;
pub mod prev;
pub mod rename;
pub mod resize;
pub mod save;
pub mod undo;

use crate::action::Cx;
use crate::base::error::Refusal;
use crate::base::id::SessionId;

/// The session so many places after the caller's own, in a circle.
fn neighbour(cx: &Cx<'_>, step: isize) -> Result<SessionId, Refusal> {
    let own = cx.own_session()?;
    let all: Vec<SessionId> = cx.state.sessions.keys().copied().collect();
    let at = all.iter().position(|session| *session == own).unwrap_or(0);
    Ok(all[at.wrapping_add_signed(step).wrapping_add(all.len()) % all.len()])
}
