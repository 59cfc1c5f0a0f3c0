//! `session.ls`: the sessions there are.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::dto::SessionItem;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::Refusal;
use crate::base::id::PaneId;
use crate::state::pane::MemoryUsage;

/// List sessions
///
/// In order of creation, with their tabs, panes and clients; or how much memory each pane takes.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SessionLs {
    /// The panes instead, with the memory they take; the last line is for all together
    #[arg(short, long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub memory: bool,
}

impl Action for SessionLs {
    const NAME: &'static str = "session.ls";
    const VERBS: &'static [&'static str] = &["ls"];
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
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
                cx.state.session(entry.session).name.clone(),
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
    /// What the compressed part would take otherwise.
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
