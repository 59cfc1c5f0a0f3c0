//! Panes, by subject: arranged, floating, looked at, their programs, read, and written to. This
//! file has the list of the actions and the helpers that several subjects use.
//!
//! `table` takes the list; `core` and `cli` call by way of it. Tests: `tests/it/core_model`,
//! `tests/it/e2e_panes.rs`.

pub mod arrange;
pub mod float;
pub mod navigate;
pub mod program;
pub mod read;
pub mod send;

use crate::action::dto::PaneItem;
use crate::action::{Answer, Cx};
use crate::base::error::Refusal;
use crate::base::id::{PaneId, TabId};
use crate::state::Direction;
use crate::state::pane::no_place;

actions! {
    server arrange::PaneSplit;
    server program::PaneClose;
    server navigate::PaneFocus;
    server navigate::PaneNext;
    server arrange::PaneResize;
    server navigate::PaneZoom;
    server navigate::PaneSwap;
    server arrange::PaneRename;
    server arrange::PaneBreakOut;
    server arrange::PaneJoin;
    server program::PaneRespawn;
    server program::PaneRerun;
    server float::PaneFloat;
    server float::PanePlace;
    server float::PanePopup;
    server arrange::PaneStack;
    server navigate::PaneMark;
    server send::PaneSync;
    server navigate::PaneAttention;
    server arrange::PaneLs;
    server send::PaneSend;
    server read::PaneCapture;
    server send::PanePipe;
    server read::PaneSearch;
    server send::PaneWait;
    client read::PaneCopyMode;
    client read::PaneCopyOutput;
    server read::PaneOutput;
    server read::PaneEdit;
    server float::Customise;
}

/// Gives a pane the focus in the view that the caller moves, which shows it then.
fn focus(cx: &mut Cx<'_>, pane: PaneId) -> Result<Answer<PaneItem>, Refusal> {
    tab_of(cx, pane)?;
    let session = cx.state.pane(pane).session;
    let client = cx.state.acting_view(cx.caller, session);
    if let Some(client) = client.filter(|client| cx.state.view(*client).at.session != Some(session))
    {
        cx.show(client, session)?;
    }
    cx.state.focus_pane(client, pane);
    Ok(Answer::Now(PaneItem::of(cx.state, pane)))
}

/// The tab of a pane.
fn tab_of(cx: &Cx<'_>, pane: PaneId) -> Result<TabId, Refusal> {
    cx.state.pane(pane).tab.ok_or_else(|| no_place(cx.state, pane))
}

/// The panes that persons marked, in order of creation.
fn marked(cx: &Cx<'_>) -> Vec<PaneId> {
    cx.state
        .panes
        .values()
        .filter(|pane| pane.marks.chosen && pane.tab.is_some())
        .map(|pane| pane.id)
        .collect()
}

/// The pane next to another in a direction; itself if it is alone there.
fn beside(cx: &Cx<'_>, from: PaneId, direction: Direction) -> Result<PaneId, Refusal> {
    let tab = cx.state.tab(tab_of(cx, from)?);
    let view = cx.state.acting_view(cx.caller, tab.session).map(|client| cx.state.view(client));
    let last = view.and_then(|view| view.at.panes.get(&tab.id)?.last);
    Ok(cx.state.neighbour(from, direction, last).unwrap_or(from))
}

/// The pane after another in its tab, or before it, in a circle.
fn after(cx: &Cx<'_>, from: PaneId, back: bool) -> Result<PaneId, Refusal> {
    let panes = cx.state.tab(tab_of(cx, from)?).panes();
    let at = panes.iter().position(|pane| *pane == from).unwrap_or(0);
    Ok(panes[(at + if back { panes.len() - 1 } else { 1 }) % panes.len()])
}
