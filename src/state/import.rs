//! Sessions from elsewhere, such as a snapshot, become sessions here: with ids of their own, and
//! names that are free.

use std::collections::BTreeMap;

use crate::base::id::{PaneId, SessionId, TabId};
use crate::layout::float::Float;
use crate::state::name::NAME_MAX;
use crate::state::pane::Pane;
use crate::state::session::Session;
use crate::state::tab::Tab;
use crate::state::{State, take};

/// What became of what was taken in.
#[derive(Debug, Default)]
pub struct Imported {
    /// The new sessions, in the order of the former.
    pub sessions: Vec<SessionId>,
    /// Former panes and what they are now.
    pub panes: BTreeMap<PaneId, PaneId>,
}

impl State {
    /// Takes sessions in, with their tabs and panes. `former` holds nothing that contradicts
    /// itself, and no view shows anything of it.
    pub fn import(&mut self, former: Self, wall: u64) -> Imported {
        let mut imported = Imported::default();
        for id in former.panes.keys() {
            imported.panes.insert(*id, PaneId(take(&mut self.next_ids.pane)));
        }
        let mut homes: BTreeMap<TabId, (TabId, SessionId)> = BTreeMap::new();
        for session in former.sessions.into_values() {
            let id = SessionId(take(&mut self.next_ids.session));
            let tabs: Vec<TabId> =
                session.tabs.iter().map(|_| TabId(take(&mut self.next_ids.tab))).collect();
            let pairs = session.tabs.iter().copied().zip(tabs.iter().copied());
            homes.extend(pairs.clone().map(|(former, tab)| (former, (tab, id))));
            let current = pairs
                .clone()
                .find(|(former, _)| *former == session.current)
                .map_or(tabs[0], |(_, tab)| tab);
            let (name, used) = (self.free_name_like(&session.name), take(&mut self.next_ids.used));
            self.sessions.insert(
                id,
                Session {
                    id,
                    name,
                    tabs,
                    current,
                    used,
                    created_wall: wall,
                    version: 0,
                    ..session
                },
            );
            imported.sessions.push(id);
        }
        let pane = |id: PaneId| imported.panes[&id];
        for tab in former.tabs.into_values() {
            let (id, session) = homes[&tab.id];
            let layout = tab.layout.map(&pane);
            let floats = tab
                .floats
                .iter()
                .map(|float| Float { pane: pane(float.pane), rect: float.rect })
                .collect();
            let (modal, focus) = (tab.modal.map(pane), pane(tab.focus));
            self.tabs
                .insert(id, Tab { id, session, layout, floats, modal, focus, driver: None, ..tab });
            self.pending_work.resize.insert(id);
        }
        for former in former.panes.into_values() {
            let Some((tab, session)) = former.tab.map(|tab| homes[&tab]) else { continue };
            let id = imported.panes[&former.id];
            self.panes
                .insert(id, Pane { id, session, tab: Some(tab), created_wall: wall, ..former });
        }
        self.version += 1;
        imported
    }

    /// A name that is free: this one, else with the smallest number after it from 2.
    fn free_name_like(&self, name: &str) -> String {
        if self.session_named(name).is_none() {
            return name.to_owned();
        }
        let numbered = |number: usize| {
            let end = format!("-{number}");
            let mut stem = name;
            while NAME_MAX < stem.len() + end.len() {
                stem = &stem[..stem.char_indices().next_back().map_or(0, |(at, _)| at)];
            }
            format!("{stem}{end}")
        };
        let numbers = 2..=self.sessions.len() + 2;
        numbers
            .map(numbered)
            .find(|name| self.session_named(name).is_none())
            .expect("fewer are taken than were tried")
    }
}

#[cfg(test)]
mod tests {
    use crate::base::geom::Size;
    use crate::state::State;
    use crate::state::pane::{Beside, NewPane};
    use crate::state::session::NewSession;
    use crate::state::tab::NewTab;
    use crate::state::{Direction, Share};

    /// A session of two tabs, the first of which is split.
    fn two_tabs(name: &str) -> State {
        let mut state = State::default();
        let new = NewSession {
            name: name.to_owned(),
            cwd: "/".into(),
            env: Vec::new(),
            size: Size::new(80, 24),
            pane: NewPane::default(),
        };
        let (session, _, pane) = state.new_session(new, 1);
        let beside = Beside { pane, side: Direction::Right, share: Share::default() };
        state.split_pane(beside, NewPane::default(), 1).expect("there is room");
        state.new_tab(
            session,
            NewTab { name: Some("second".into()), at: 9, pane: NewPane::default() },
            1,
        );
        state.pending_work = crate::state::PendingWork::default();
        state
    }

    #[test]
    fn what_is_taken_in_has_ids_and_a_name_of_its_own() {
        let mut state = two_tabs("work");
        for number in 2..5 {
            let imported = state.import(two_tabs("work"), 7);
            assert_eq!(imported.panes.len(), 3);
            let session = state.session(imported.sessions[0]);
            assert_eq!(
                (session.name.clone(), session.tabs.len(), session.created_wall),
                (format!("work-{number}"), 2, 7)
            );
            assert_eq!(state.tab(session.tabs[1]).name.as_deref(), Some("second"));
            assert_eq!(state.tab(session.tabs[0]).panes().len(), 2);
            state.pending_work = crate::state::PendingWork::default();
            assert_eq!(state.check(), Ok(()));
        }
        assert_eq!((state.sessions.len(), state.tabs.len(), state.panes.len()), (4, 8, 12));
    }

    #[test]
    fn a_long_name_is_cut_between_characters_to_make_room_for_its_number() {
        let name = "ä".repeat(32);
        let mut state = two_tabs(&name);
        let imported = state.import(two_tabs(&name), 7);
        assert_eq!(state.session(imported.sessions[0]).name, format!("{}-2", "ä".repeat(31)));
    }
}
