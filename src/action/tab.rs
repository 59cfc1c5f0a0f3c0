//! Tabs: make, close, list, rename, move, swap and find them, and go from one to another.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{Closing, SessionTarget, Start, TabTarget};
use crate::action::completion::Stopped;
use crate::action::context::ClosedPanes;
use crate::action::context::Made;
use crate::action::dto::{PaneItem, TabItem};
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey};
use crate::base::error::{Code, Refusal};
use crate::base::id::{PaneId, SessionId, TabId};
use crate::state::call::Caller;
use crate::state::tab::NewTab;
use crate::state::target;
use crate::state::target::check_label;

actions! {
    server TabNew;
    server TabClose;
    server TabRename;
    server TabMoveTo;
    server TabGo;
    server TabNext;
    server TabPrev;
    server TabLast;
    server TabFind;
    server TabSwap;
    server TabLs;
}

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

/// Make a tab
///
/// It is put after the last one and starts where the pane in focus is.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TabNew {
    /// The session it is made in; else the one you are in
    #[arg(short, long, visible_alias = "session", value_name = "SESSION")]
    pub target: Option<SessionTarget>,

    /// The tab's name; else it is called by its program
    #[arg(short, long)]
    pub name: Option<String>,

    /// Do not show it
    #[arg(short = 'd', long)]
    pub background: bool,

    /// The program that starts in it.
    #[command(flatten)]
    #[serde(flatten)]
    pub start: Start,
}

impl Action for TabNew {
    const NAME: &'static str = "tab.new";
    const KEYS: &'static [DefaultKey] = &[("prefix c", "")];
    const ACCESS: Access = Access::Admin;
    type Reply = Made;
}

impl Apply for TabNew {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let session = SessionTarget::or_own(self.target.as_ref(), cx)?;
        self.name.as_deref().map_or(Ok(()), check_label)?;
        let own = target::pane(cx.state, cx.caller, "")
            .ok()
            .filter(|pane| cx.state.pane(*pane).session == session);
        let from =
            own.map_or_else(|| target::pane(cx.state, cx.caller, &session.to_string()), Ok)?;
        let pane = cx.new_pane(&self.start, Some(from))?;
        let at = cx.state.session(session).tabs.len();
        let (tab, pane) =
            cx.state.new_tab(session, NewTab { name: self.name, at, pane }, cx.now.wall);
        if let Some(client) =
            cx.state.following_view(cx.caller, session).filter(|_| !self.background)
        {
            cx.state.show_tab(client, tab);
        }
        Ok(cx.made(pane))
    }
}

/// Close a tab; `undo` brings it back
///
/// It is hidden and its programs run on for a minute (`pane.undo_ms`), then they are told to end,
/// with their whole process trees, killed after the grace, and verified to be gone. With --now that
/// happens at once, and the answer comes when it is done. Programs that were detached on purpose
/// live on (`pane.spare_detached`). The last tab closes its session.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TabClose {
    /// The tab; else the one you are in
    #[arg(short, long, value_name = "TAB")]
    pub target: Option<TabTarget>,

    /// The way it is closed.
    #[command(flatten)]
    #[serde(flatten)]
    pub closing: Closing,
}

impl Action for TabClose {
    const NAME: &'static str = "tab.close";
    const KEYS: &'static [DefaultKey] = &[("prefix &", "")];
    const ACCESS: Access = Access::Admin;
    type Reply = Stopped;
}

impl Apply for TabClose {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let tab = TabTarget::or_own(self.target.as_ref(), cx)?;
        let what = format!("tab {} ({})", cx.state.tab_index(tab), cx.state.tab_label(tab));
        let closed = ClosedPanes { what: &what, panes: cx.state.tab(tab).panes(), session: None };
        Ok(cx.close(&self.closing, closed, |state, until| state.hide_tab_for_undo(tab, until)))
    }
}

/// List tabs
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TabLs {
    /// The session; else the one you are in
    #[arg(short, long, visible_alias = "session", value_name = "SESSION")]
    pub target: Option<SessionTarget>,

    /// Those of all sessions
    #[arg(short, long)]
    pub all: bool,
}

impl Action for TabLs {
    const NAME: &'static str = "tab.ls";
    const ACCESS: Access = Access::Read;
    type Reply = Vec<TabItem>;
}

impl Apply for TabLs {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        if self.all {
            return Ok(Answer::Now(
                cx.state.tabs.keys().map(|tab| TabItem::of(cx.state, *tab)).collect(),
            ));
        }
        let session = SessionTarget::or_own(self.target.as_ref(), cx)?;
        let tabs = &cx.state.session(session).tabs;
        Ok(Answer::Now(tabs.iter().map(|tab| TabItem::of(cx.state, *tab)).collect()))
    }
}

/// Name a tab
///
/// Without a name it is called by its program again.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TabRename {
    /// The new name
    #[arg(value_name = "NAME")]
    pub name: Option<String>,

    /// The tab; else the one you are in
    #[arg(short, long, value_name = "TAB")]
    pub target: Option<TabTarget>,
}

impl Action for TabRename {
    const NAME: &'static str = "tab.rename";
    const ACCESS: Access = Access::Admin;
    type Reply = TabItem;
}

impl Apply for TabRename {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let tab = TabTarget::or_own(self.target.as_ref(), cx)?;
        cx.state.rename_tab(tab, self.name)?;
        Ok(Answer::Now(TabItem::of(cx.state, tab)))
    }
}

/// Move a tab to another place in the tab bar
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct TabMoveTo {
    /// The number it gets; beyond the last it becomes the last
    pub to: usize,
    /// The tab; else the one you are in
    #[arg(short, long, value_name = "TAB")]
    pub target: Option<TabTarget>,
}

impl Action for TabMoveTo {
    const NAME: &'static str = "tab.move";
    const ACCESS: Access = Access::Admin;
    type Reply = TabItem;
}

impl Apply for TabMoveTo {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let tab = TabTarget::or_own(self.target.as_ref(), cx)?;
        let at = self
            .to
            .checked_sub(1)
            .ok_or_else(|| Refusal::new(Code::InvalidParams, "to: tabs are numbered from 1"))?;
        cx.state.move_tab(tab, at);
        Ok(Answer::Now(TabItem::of(cx.state, tab)))
    }
}

/// Exchange the places of two tabs in the tab bar
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct TabSwap {
    /// The other tab
    #[arg(value_name = "TAB")]
    pub with: TabTarget,
    /// The tab; else the one you are in
    #[arg(short, long, value_name = "TAB")]
    pub target: Option<TabTarget>,
}

impl Action for TabSwap {
    const NAME: &'static str = "tab.swap";
    const ACCESS: Access = Access::Admin;
    type Reply = TabItem;
}

impl Apply for TabSwap {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let tab = TabTarget::or_own(self.target.as_ref(), cx)?;
        let with = self.with.find(cx)?;
        if cx.state.tab(tab).session != cx.state.tab(with).session {
            let refusal = Refusal::new(
                Code::InvalidParams,
                format!("tabs {tab} and {with} are of two sessions"),
            );
            return Err(refusal.hint(
                "name two tabs of one session; abide pane join brings panes of another here",
            ));
        }
        let (at, to) = (cx.state.tab_index(tab) - 1, cx.state.tab_index(with) - 1);
        cx.state.move_tab(tab, to);
        cx.state.move_tab(with, at);
        Ok(Answer::Now(TabItem::of(cx.state, tab)))
    }
}

/// Show a tab
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct TabGo {
    /// The tab: its number or name, or work:2 in another session
    #[arg(value_name = "TAB")]
    pub target: TabTarget,
}

impl Action for TabGo {
    const NAME: &'static str = "tab.go";
    const KEYS: &'static [DefaultKey] = &[
        ("prefix 1", "1"),
        ("prefix 2", "2"),
        ("prefix 3", "3"),
        ("prefix 4", "4"),
        ("prefix 5", "5"),
        ("prefix 6", "6"),
        ("prefix 7", "7"),
        ("prefix 8", "8"),
        ("prefix 9", "9"),
        ("prefix 0", "10"),
    ];
    const ACCESS: Access = Access::Read;
    type Reply = TabItem;
}

impl Apply for TabGo {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let tab = self.target.find(cx)?;
        show(cx, tab)
    }
}

/// Show the next tab
///
/// After the last comes the first.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TabNext {
    /// The session; else the one you are in
    #[arg(short, long, value_name = "SESSION")]
    pub target: Option<SessionTarget>,

    /// Only one in which a bell rang or something was printed
    #[arg(long)]
    pub alert: bool,
}

impl Action for TabNext {
    const NAME: &'static str = "tab.next";
    const KEYS: &'static [DefaultKey] = &[("prefix n", ""), ("prefix M-n", "--alert")];
    const ACCESS: Access = Access::Read;
    type Reply = TabItem;
}

impl Apply for TabNext {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let session = SessionTarget::or_own(self.target.as_ref(), cx)?;
        let tab = step(cx, session, 1, self.alert)?;
        show(cx, tab)
    }
}

/// Show the tab before
///
/// Before the first comes the last.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TabPrev {
    /// The session; else the one you are in
    #[arg(short, long, value_name = "SESSION")]
    pub target: Option<SessionTarget>,

    /// Only one in which a bell rang or something was printed
    #[arg(long)]
    pub alert: bool,
}

impl Action for TabPrev {
    const NAME: &'static str = "tab.prev";
    const KEYS: &'static [DefaultKey] = &[("prefix p", ""), ("prefix M-p", "--alert")];
    const ACCESS: Access = Access::Read;
    type Reply = TabItem;
}

impl Apply for TabPrev {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let session = SessionTarget::or_own(self.target.as_ref(), cx)?;
        let tab = step(cx, session, -1, self.alert)?;
        show(cx, tab)
    }
}

/// Show the tab that was shown before
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TabLast {
    /// The session; else the one you are in
    #[arg(short, long, value_name = "SESSION")]
    pub target: Option<SessionTarget>,
}

impl Action for TabLast {
    const NAME: &'static str = "tab.last";
    const KEYS: &'static [DefaultKey] = &[("prefix l", "")];
    const ACCESS: Access = Access::Read;
    type Reply = TabItem;
}

impl Apply for TabLast {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let session = SessionTarget::or_own(self.target.as_ref(), cx)?;
        let caller = Caller { client: Some(cx.view_of(session)?), ..cx.caller };
        let tab = target::tab(cx.state, caller, &format!("{session}:@last"))?;
        show(cx, tab)
    }
}

/// Go to the next pane whose name, title or screen has a text
///
/// In all tabs of the session, after the one you are in, whatever its case. Called again it goes on
/// to the next one.
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct TabFind {
    /// The text
    #[arg(required = true, num_args = 1.., value_name = "TEXT")]
    pub text: Vec<String>,
}

impl Action for TabFind {
    const NAME: &'static str = "tab.find";
    const ACCESS: Access = Access::Read;
    type Reply = PaneItem;
}

impl Apply for TabFind {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let text = self.text.join(" ").to_lowercase();
        let session = cx.own_session()?;
        let client = cx.view_of(session)?;
        let entry = cx.state.session(session);
        let panes: Vec<PaneId> =
            entry.tabs.iter().flat_map(|tab| cx.state.tab(*tab).panes()).collect();
        let own = cx
            .state
            .view(client)
            .focus()
            .and_then(|focus| panes.iter().position(|pane| *pane == focus))
            .unwrap_or(0);
        let mut after = panes[own + 1..].iter().chain(&panes[..=own]).copied();
        let refusal = || {
            Refusal::new(
                Code::NotFound,
                format!("no pane of session {:?} shows {text:?}", entry.name),
            )
            .hint("abide tab ls")
        };
        let found = after.find(|pane| shows(cx, *pane, &text)).ok_or_else(refusal)?;
        cx.state.focus_pane(Some(client), found);
        Ok(Answer::Now(PaneItem::of(cx.state, found)))
    }
}

fn shows(cx: &Cx<'_>, id: PaneId, text: &str) -> bool {
    let pane = cx.state.pane(id);
    let tab = |tab: TabId| cx.state.tab_label(tab).to_lowercase().contains(text);
    let screen = || pane.screen.text(0..i64::from(pane.size.rows)).to_lowercase().contains(text);
    cx.state.pane_label(id).to_lowercase().contains(text) || pane.tab.is_some_and(tab) || screen()
}
