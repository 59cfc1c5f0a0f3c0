//! Sessions: list, find, rename, resize, save, go from one to another, and their environment.
//! `open` has the ways in, `close` the ways out, undo included.
//!
//! `table` takes the list; `core` and `cli` use the types. Tests: `tests/it/core_model`,
//! `tests/it/e2e_attach.rs`, `tests/it/e2e_undo.rs`.

pub mod close;
pub mod open;

use clap::{ArgAction, Args};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{SessionTarget, checked_size, variables};
use crate::action::dto::SessionItem;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey};
use crate::base::error::{Code, Refusal};
use crate::base::geom::Size;
use crate::base::id::{PaneId, SessionId};
use crate::settings::Keep;
use crate::state::effect::{ClientMessage, Effect};
use crate::state::pane::MemoryUsage;
use crate::state::target;

actions! {
    server open::SessionNew;
    server open::SessionAttach;
    server open::SessionOpen;
    server SessionLs;
    server SessionHas;
    server SessionRename;
    server close::SessionKill;
    server close::SessionClose;
    server close::SessionUndo;
    server SessionResize;
    server SessionEnv;
    server SessionSave;
    server SessionLast;
    server SessionNext;
    server SessionPrev;
}

/// The session so many places after the caller's own, in a circle.
fn neighbour(cx: &Cx<'_>, step: isize) -> Result<SessionId, Refusal> {
    let own = cx.own_session()?;
    let all: Vec<SessionId> = cx.state.sessions.keys().copied().collect();
    let at = all.iter().position(|session| *session == own).unwrap_or(0);
    Ok(all[at.wrapping_add_signed(step).wrapping_add(all.len()) % all.len()])
}

/// List sessions
///
/// In order of creation, with their tabs, panes and clients; or how much memory each pane takes.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SessionLs {
    /// The panes instead, with the memory they take; the last line is for all together
    #[arg(short, long)]
    pub memory: bool,
}

impl Action for SessionLs {
    const NAME: &'static str = "session.ls";
    const VERBS: &'static [&'static str] = &["ls"];
    const ACCESS: Access = Access::Read;
    type Reply = Vec<SessionLsItem>;
}

impl Apply for SessionLs {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        if !self.memory {
            return Ok(Answer::Now(
                cx.state
                    .sessions
                    .keys()
                    .map(|id| SessionLsItem::Session(SessionItem::of(cx.state, *id)))
                    .collect(),
            ));
        }
        let kept = &cx.settings.scrollback;
        let mut all = MemoryItem { limit: kept.server_bytes, ..MemoryItem::default() };
        let mut listed: Vec<SessionLsItem> = Vec::new();
        for (pane, entry) in &cx.state.panes {
            let item = MemoryItem::of(
                *pane,
                cx.state.session_name_of(entry).to_owned(),
                &entry.memory(),
                kept.bytes,
            );
            all.lines += item.lines;
            all.scrollback += item.scrollback;
            all.packed += item.packed;
            all.unpacked += item.unpacked;
            all.screen += item.screen;
            all.images += item.images;
            all.ring += item.ring;
            listed.push(SessionLsItem::Memory(item));
        }
        listed.push(SessionLsItem::Memory(all));
        Ok(Answer::Now(listed))
    }
}

/// A line of the list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Listed")]
pub enum SessionLsItem {
    /// A session.
    Session(SessionItem),
    /// The memory of a pane, or of all of them.
    Memory(MemoryItem),
}

/// The memory of a pane, in bytes.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct MemoryItem {
    /// The pane; none for all together.
    pub pane: Option<PaneId>,
    /// The name of its session.
    pub session: Option<String>,
    /// Lines of scrollback.
    pub lines: usize,
    /// Scrollback that is kept as it was written.
    pub scrollback: usize,
    /// Scrollback that is compressed.
    pub packed: usize,
    /// The bytes that the compressed part would take otherwise.
    pub unpacked: usize,
    /// Screens, and the tables of styles and links.
    pub screen: usize,
    /// Images.
    pub images: usize,
    /// The ring of the latest output, which keeper and server share.
    pub ring: usize,
    /// The most that scrollback may take.
    pub limit: u64,
}

impl MemoryItem {
    fn of(pane: PaneId, session: String, memory: &MemoryUsage, limit: u64) -> Self {
        let MemoryUsage { lines, scrollback, packed, unpacked, screen, images, ring } = *memory;
        Self {
            pane: Some(pane),
            session: Some(session),
            lines,
            scrollback,
            packed,
            unpacked,
            screen,
            images,
            ring,
            limit,
        }
    }
}

/// Tell whether a session is there
///
/// The exit status is 0 if it is and 4 if it is not, as scripts use `tmux has-session`.
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct SessionHas {
    /// The session
    #[arg(value_name = "SESSION")]
    pub target: SessionTarget,
}

/// A session that is there.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Found")]
pub struct SessionExists {
    /// The session's id.
    pub id: SessionId,
    /// The session's name.
    pub name: String,
}

impl Action for SessionHas {
    const NAME: &'static str = "session.has";
    const ACCESS: Access = Access::Read;
    type Reply = SessionExists;
}

impl Apply for SessionHas {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<SessionExists>, Refusal> {
        let id = self.target.find(cx)?;
        Ok(Answer::Now(SessionExists { id, name: cx.state.session(id).name.clone() }))
    }
}

/// Rename a session
///
/// No two sessions share a name. Without a target it is the session you are in.
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
pub struct SessionRename {
    /// The new name
    pub name: String,
    /// The session
    #[arg(short, long, value_name = "SESSION")]
    pub target: Option<SessionTarget>,
}

impl Action for SessionRename {
    const NAME: &'static str = "session.rename";
    const VERBS: &'static [&'static str] = &["rename"];
    const ACCESS: Access = Access::Admin;
    type Reply = SessionItem;
}

impl Apply for SessionRename {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<SessionItem>, Refusal> {
        let id = SessionTarget::or_own(self.target.as_ref(), cx)?;
        cx.state.rename_session(id, &self.name)?;
        Ok(Answer::Now(SessionItem::of(cx.state, id)))
    }
}

/// Give a session a size of its own
///
/// It stays so whatever clients show it: larger ones show dots around it, smaller ones the part
/// around the cursor. --auto goes back to the policy of the settings (`session.sizing`).
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SessionResize {
    /// The area that panes share, such as 120x40
    #[arg(value_name = "COLSxROWS", required_unless_present = "auto", conflicts_with = "auto")]
    pub size: Option<Size>,

    /// The sizes of its clients count again
    #[arg(long, action = ArgAction::SetTrue)]
    pub auto: bool,

    /// The session; else the one you are in
    #[arg(short, long, value_name = "SESSION")]
    pub target: Option<SessionTarget>,
}

impl Action for SessionResize {
    const NAME: &'static str = "session.resize";
    const ACCESS: Access = Access::Admin;
    type Reply = SessionItem;
}

impl Apply for SessionResize {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let session = SessionTarget::or_own(self.target.as_ref(), cx)?;
        let size = self.size.map(checked_size).transpose()?;
        if size.is_none() && !self.auto {
            return Err(Refusal::new(Code::InvalidParams, "session.resize: say the size")
                .hint("such as 120x40, or --auto"));
        }
        cx.state.fix_size(session, size);
        Ok(Answer::Now(SessionItem::of(cx.state, session)))
    }
}

/// Write what outlives a reboot to disk now
///
/// Tabs, layouts and what panes show go there by themselves, soon after they changed; this is for
/// the moment before the plug is pulled. `abide save` keeps a snapshot of its own.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SessionSave {}

impl Action for SessionSave {
    const NAME: &'static str = "session.save";
    const ACCESS: Access = Access::Admin;
    type Reply = ();
}

impl Apply for SessionSave {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        if cx.settings.persist.keep == Keep::Nothing {
            return Err(Refusal::new(Code::InvalidParams, "nothing is kept on disk")
                .hint("persist.keep in config.toml"));
        }
        cx.state.pending_work.save = true;
        if let Some(client) = cx.caller.client {
            let count = cx.state.sessions.len();
            let text = if count == 1 {
                "1 session goes to disk".to_owned()
            } else {
                format!("{count} sessions go to disk")
            };
            cx.fx.push(Effect::Tell {
                client,
                message: ClientMessage::Notice { text, warning: false },
            });
        }
        Ok(Answer::Now(()))
    }
}

/// Go to the next session
///
/// In the order they were made, the first one after the last.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct SessionNext {}

impl Action for SessionNext {
    const NAME: &'static str = "session.next";
    const KEYS: &'static [DefaultKey] = &[("prefix )", "")];
    const ACCESS: Access = Access::Read;
    type Reply = SessionItem;
}

impl Apply for SessionNext {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let session = neighbour(cx, 1)?;
        let client = {
            let own = cx.own_session()?;
            cx.view_of(own)?
        };
        cx.show(client, session)?;
        Ok(Answer::Now(SessionItem::of(cx.state, session)))
    }
}

/// Go to the session before
///
/// In the order they were made, the last one before the first.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct SessionPrev {}

impl Action for SessionPrev {
    const NAME: &'static str = "session.prev";
    const KEYS: &'static [DefaultKey] = &[("prefix (", "")];
    const ACCESS: Access = Access::Read;
    type Reply = SessionItem;
}

impl Apply for SessionPrev {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let session = neighbour(cx, -1)?;
        let client = {
            let own = cx.own_session()?;
            cx.view_of(own)?
        };
        cx.show(client, session)?;
        Ok(Answer::Now(SessionItem::of(cx.state, session)))
    }
}

/// Go to the session shown before
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct SessionLast {}

impl Action for SessionLast {
    const NAME: &'static str = "session.last";
    const VERBS: &'static [&'static str] = &["last"];
    const KEYS: &'static [DefaultKey] = &[("prefix L", "")];
    const ACCESS: Access = Access::Read;
    type Reply = SessionItem;
}

impl Apply for SessionLast {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let session = target::session(cx.state, cx.caller, "@last")?;
        let client = {
            let own = cx.own_session()?;
            cx.view_of(own)?
        };
        cx.show(client, session)?;
        Ok(Answer::Now(SessionItem::of(cx.state, session)))
    }
}

/// Show or change the environment of a session
///
/// Without variables it is listed, as NAME=VALUE. What is set or unset counts for what starts in it
/// from now on: tabs, splits, popups, commands, and the shell of `exec` once it is started anew.
/// Programs that run keep what they have.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SessionEnv {
    /// Set these variables, as NAME=VALUE
    #[arg(value_name = "NAME=VALUE", value_parser = crate::action::args::variable)]
    pub set: Vec<String>,

    /// Take this variable away
    #[arg(short, long, value_name = "NAME")]
    pub unset: Vec<String>,

    /// The session; else the one you are in
    #[arg(short, long, value_name = "SESSION")]
    pub target: Option<SessionTarget>,
}

impl Action for SessionEnv {
    const NAME: &'static str = "session.env";
    const ACCESS: Access = Access::Admin;
    type Reply = Vec<String>;
}

impl Apply for SessionEnv {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let session = SessionTarget::or_own(self.target.as_ref(), cx)?;
        let set = variables(&self.set)?;
        if let Some(name) = self.unset.iter().find(|name| name.is_empty() || name.contains('=')) {
            return Err(Refusal::new(
                Code::InvalidParams,
                format!("unset: {name:?} is not the name of a variable"),
            ));
        }
        if !set.is_empty() || !self.unset.is_empty() {
            cx.state.change_env(session, set, &self.unset);
        }
        let env = &cx.state.session(session).env;
        Ok(Answer::Now(env.iter().map(|(name, value)| format!("{name}={value}")).collect()))
    }
}
