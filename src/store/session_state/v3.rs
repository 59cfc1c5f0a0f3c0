//! Structures as former versions of abide wrote them.

use serde::{Deserialize, Serialize};

use super::{self as now, SessionState, StoredRestore};
use crate::base::geom::Size;
use crate::base::id::{PaneId, SessionId, TabId};

/// Version 3: panes know nothing of how they come back, and all values of variables are kept or
/// forgotten.
#[derive(Debug, Serialize, Deserialize)]
struct V3 {
    next_ids: [u64; 6],
    sessions: Vec<now::StoredSession>,
    tabs: Vec<now::StoredTab>,
    panes: Vec<V3Pane>,
    graves: Vec<now::StoredClosedItem>,
    views: Vec<now::StoredView>,
    taken: Vec<(u64, u64)>,
}

/// A pane of version 3.
#[derive(Debug, Serialize, Deserialize)]
struct V3Pane {
    id: PaneId,
    session: SessionId,
    tab: Option<TabId>,
    name: Option<String>,
    argv: Vec<String>,
    env: Vec<(String, String)>,
    cwd: String,
    created_wall: u64,
    size: Size,
    life: now::StoredLife,
    is_synced: bool,
    again: bool,
    pipe: Option<String>,
}

impl From<V3Pane> for now::StoredPane {
    fn from(pane: V3Pane) -> Self {
        let V3Pane {
            id,
            session,
            tab,
            name,
            argv,
            env,
            cwd,
            created_wall,
            size,
            life,
            is_synced,
            again,
            pipe,
        } = pane;
        let revival = StoredRestore::default();
        Self {
            id,
            session,
            tab,
            name,
            argv,
            env,
            cwd,
            created_wall,
            size,
            life,
            is_synced,
            again,
            pipe,
            revival,
        }
    }
}

/// Reads what version 3 wrote after its number.
///
/// # Errors
/// What is damaged.
pub(super) fn read(body: &[u8]) -> Result<SessionState, postcard::Error> {
    let V3 { next_ids, sessions, tabs, panes, graves, views, taken } = postcard::from_bytes(body)?;
    let panes = panes.into_iter().map(now::StoredPane::from).collect();
    Ok(SessionState {
        next_ids,
        sessions,
        tabs,
        panes,
        graves,
        views,
        taken,
        wanting: Vec::new(),
        doubt: None,
    })
}

#[cfg(test)]
mod tests {
    use super::{V3, V3Pane};
    use crate::base::geom::Size;
    use crate::base::id::{PaneId, SessionId, TabId};
    use crate::store::session_state::{SessionState, SessionStateError, StoredLife, StoredRestore};

    #[test]
    fn what_version_3_wrote_is_read() {
        let pane = V3Pane {
            id: PaneId(7),
            session: SessionId(1),
            tab: Some(TabId(2)),
            name: None,
            argv: vec!["top".into()],
            env: Vec::new(),
            cwd: "/".into(),
            created_wall: 5,
            size: Size::new(80, 24),
            life: StoredLife::Running(9),
            is_synced: true,
            again: false,
            pipe: Some("cat".into()),
        };
        let (sessions, tabs, graves, views) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let third = V3 {
            next_ids: [1, 2, 3, 4, 5, 6],
            sessions,
            tabs,
            panes: vec![pane],
            graves,
            views,
            taken: vec![(7, 8)],
        };
        let bytes = postcard::to_extend(&third, 3_u32.to_le_bytes().to_vec()).expect("plain data");
        let read = SessionState::decode(&bytes).expect("it is whole");
        assert_eq!(
            (read.next_ids, read.taken, read.wanting.len()),
            ([1, 2, 3, 4, 5, 6], vec![(7, 8)], 0)
        );
        let pane = &read.panes[0];
        assert_eq!(
            (pane.id, pane.argv.len(), pane.pipe.as_deref(), &pane.revival),
            (PaneId(7), 1, Some("cat"), &StoredRestore::default())
        );
        assert!(matches!(
            SessionState::decode(&bytes[..bytes.len() - 1]),
            Err(SessionStateError::Damaged(_))
        ));
    }
}
