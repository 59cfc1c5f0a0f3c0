//! Names that sessions, tabs and panes can have.

use crate::base::error::{Code, Refusal};
use crate::base::id::{PaneId, SessionId, TabId};
use crate::base::text::{is_harmful, sanitize};

/// The longest name of a session, in bytes.
pub const NAME_MAX: usize = 64;
/// The longest name of a tab or a pane, in bytes.
pub const LABEL_MAX: usize = 128;

/// True if a session can be called so: what a target could take for something else cannot be a
/// name.
///
/// # Errors
/// `invalid_params` with what is wrong.
pub fn check_name(name: &str) -> Result<(), Refusal> {
    let refuse = |why: &str| {
        Err(Refusal::new(Code::InvalidParams, format!("name: {name:?} {why}"))
            .hint("letters, digits, - and _ always do"))
    };
    if name.is_empty() || NAME_MAX < name.len() {
        return refuse("has to have 1 to 64 bytes");
    }
    if name.chars().any(is_harmful) {
        return refuse("has characters that do not show");
    }
    if name.contains([':', '.', '/']) || name.starts_with(['@', '=', '$', '%', '-', '+', '!', '{'])
    {
        return refuse("would read as another target");
    }
    if name.parse::<SessionId>().is_ok()
        || name.parse::<TabId>().is_ok()
        || name.parse::<PaneId>().is_ok()
    {
        return refuse("would read as an id");
    }
    Ok(())
}

/// True if a tab or a pane can be called so.
///
/// # Errors
/// `invalid_params` with what is wrong.
pub fn check_label(name: &str) -> Result<(), Refusal> {
    let refuse =
        |why: &str| Err(Refusal::new(Code::InvalidParams, format!("name: {name:?} {why}")));
    if name.is_empty() || LABEL_MAX < name.len() {
        return refuse("has to have 1 to 128 bytes");
    }
    if sanitize(name, LABEL_MAX) != name {
        return refuse("has characters that do not show");
    }
    Ok(())
}
