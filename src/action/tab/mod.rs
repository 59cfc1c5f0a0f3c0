//! Actions on tabs, one per file.

pub mod close;
pub mod find;
pub mod go;
pub mod last;
pub mod ls;
pub mod move_to;
pub mod new;
pub mod next;
pub mod prev;
pub mod rename;
pub mod swap;

use crate::action::dto::TabItem;
use crate::action::{Answer, Cx};
use crate::base::error::{Code, Refusal};
use crate::base::id::{SessionId, TabId};

/// Shows a tab in the view that the caller moves; without any view it becomes the one its session
/// is shown with next.
fn show(cx: &mut Cx<'_>, tab: TabId) -> Result<Answer<TabItem>, Refusal> {
    let session = cx.state.tab(tab).session;
    match cx.state.acting_view(cx.caller, session) {
        Some(client) => {
            if cx.state.view(client).at.session != Some(session) {
                cx.show(client, session)?;
            }
            cx.state.show_tab(client, tab);
        }
        None => cx.state.prefer_tab(tab),
    }
    Ok(Answer::Now(TabItem::of(cx.state, tab)))
}

/// The tab so many places after the one the caller's view shows, in a circle; with `alert` the
/// first one with a mark.
fn step(cx: &Cx<'_>, session: SessionId, step: isize, alert: bool) -> Result<TabId, Refusal> {
    let entry = cx.state.session(session);
    let shown = cx
        .state
        .acting_view(cx.caller, session)
        .and_then(|client| cx.state.view(client).at.tabs.get(&session));
    let current = shown.map_or(entry.current, |choice| choice.current);
    let at = entry.tabs.iter().position(|tab| *tab == current).unwrap_or(0);
    let len = entry.tabs.len();
    let nth = |distance: usize| {
        entry.tabs[(if step < 0 { at + len - distance } else { at + distance }) % len]
    };
    let has_alert = |tab: &TabId| {
        let item = TabItem::of(cx.state, *tab);
        item.bell || item.activity
    };
    let refusal = || {
        Refusal::new(Code::NotFound, format!("no tab of session {:?} wants attention", entry.name))
            .hint("abide tab next")
    };
    if alert { (1..=len).map(nth).find(has_alert).ok_or_else(refusal) } else { Ok(nth(1)) }
}
