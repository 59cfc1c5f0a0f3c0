//! Sessions, tabs and panes as the store keeps them, and back. Both directions name every field, so
//! a new field that is forgotten here does not compile.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::id::{PaneId, SessionId, TabId};
use crate::base::time::Tick;
use crate::layout::preset::Preset;
use crate::layout::solve::Float;
use crate::layout::tree::{Axis, Node, Split, SplitPart, Stack, Tree};
use crate::settings::{RerunPolicy, Restore};
use crate::state::pane::{Marks, Pane, ProgramState, RestoreState};
use crate::state::session::Session;
use crate::state::tab::Tab;
use crate::state::undo::{ClosedContent, ClosedItem, ClosedPane};
use crate::state::view::{DetachedView, PaneChoice, RESUMABLE_MAX, TabChoice, ViewState};
use crate::state::{NextIds, State};
use crate::store::session_state as kept;
use crate::store::session_state::SessionState;
use crate::term::Terminal;

/// The stored form of the state, with the inputs of clients that were `taken`.
pub(in crate::server) fn structure(state: &State, taken: Vec<(u64, u64)>) -> SessionState {
    // Commands, buffers and restored screens have stores of their own. Shell history, calls and the
    // work of a step end with the server, and `version` counts for one server only.
    let State {
        version: _,
        next_ids:
            NextIds { session: next_session, tab: next_tab, pane: next_pane, client, call, used },
        sessions,
        tabs,
        panes,
        views,
        detached_views,
        commands: _,
        shell_history: _,
        closed_items,
        shutdown_suspected_until,
        restored_panes: _,
        buffers: _,
        calls: _,
        leaving: _,
        pending_work: _,
    } = state;
    let gone = detached_views.iter().map(|DetachedView { token, at }| view(*token, at));
    let here = views.values().map(|seen| view(seen.token, &seen.at));
    SessionState {
        next_ids: [*next_session, *next_tab, *next_pane, *client, *call, *used],
        sessions: sessions.values().map(session).collect(),
        tabs: tabs.values().map(tab).collect(),
        panes: panes.values().map(pane).collect(),
        graves: closed_items.iter().map(closed_item).collect(),
        views: gone.chain(here).collect(),
        taken,
        wanting: sessions
            .values()
            .filter(|session| !session.missing_env.is_empty())
            .map(|session| (session.id, session.missing_env.clone()))
            .collect(),
        doubt: *shutdown_suspected_until,
    }
}

/// Variables whose values may go to disk, besides those that begin with one of
/// [`DURABLE_PREFIXES`].
const DURABLE: [&str; 7] = ["HOME", "USER", "LOGNAME", "SHELL", "PATH", "LANG", "TZ"];
/// Beginnings of the names of other variables whose values may go to disk.
const DURABLE_PREFIXES: [&str; 2] = ["LC_", "XDG_"];
/// Ids jump so far when a structure comes from disk: more than can have been given out after it was
/// written.
pub(in crate::server) const IDS_JUMP: u64 = 1000;

/// The part of a structure that goes to disk. Left out is what only attached clients need, and the
/// values of variables that may be secrets; their names stay.
pub(in crate::server) fn durable(kept: SessionState) -> SessionState {
    let is_durable = |name: &str| {
        DURABLE.contains(&name) || DURABLE_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    };
    let mut kept = SessionState {
        views: Vec::new(),
        taken: Vec::new(),
        graves: Vec::new(),
        doubt: None,
        ..kept
    };
    let mut wanting: BTreeMap<SessionId, Vec<String>> = kept.wanting.into_iter().collect();
    for session in &mut kept.sessions {
        let secrets =
            session.env.extract_if(.., |(name, _)| !is_durable(name)).map(|(name, _)| name);
        wanting.entry(session.id).or_default().extend(secrets);
    }
    kept.panes.iter_mut().for_each(|pane| pane.env.retain(|(name, _)| is_durable(name)));
    kept.wanting = wanting.into_iter().filter(|(_, names)| !names.is_empty()).collect();
    kept
}

/// A structure from disk whose programs are all gone, ready to be started: `restore` says which
/// programs run again. Sessions whose programs had all ended before are left out.
pub(in crate::server) fn revived(mut kept: SessionState, restore: &Restore) -> SessionState {
    let live: BTreeSet<SessionId> = kept
        .panes
        .iter()
        .filter(|pane| !matches!(pane.life, kept::StoredLife::Ended(_)))
        .map(|pane| pane.session)
        .collect();
    kept.sessions.retain(|session| live.contains(&session.id));
    kept.tabs.retain(|tab| live.contains(&tab.session));
    kept.panes.retain(|pane| pane.tab.is_some() && live.contains(&pane.session));
    for pane in &mut kept.panes {
        prepare_restart(pane, restore);
    }
    kept.next_ids = kept.next_ids.map(|next| next + IDS_JUMP);
    kept
}

/// The stored form of a closed item.
pub(in crate::server) fn closed<'a>(
    closed: &ClosedItem,
    panes: impl Iterator<Item = &'a Pane>,
) -> SessionState {
    let whole = SessionState {
        sessions: vec![session(&closed.session)],
        panes: panes.map(pane).collect(),
        wanting: vec![(closed.session.id, closed.session.missing_env.clone())],
        ..SessionState::default()
    };
    let mut durable = durable(whole);
    let mut item = closed_item(closed);
    item.session.env = durable.sessions.pop().map(|session| session.env).unwrap_or_default();
    SessionState { graves: vec![item], ..durable }
}

/// A stored closed item, ready to be made anew.
pub(in crate::server) fn reopened(mut kept: SessionState, restore: &Restore) -> SessionState {
    for pane in &mut kept.panes {
        prepare_restart(pane, restore);
        // Another pane may write to the same file by now.
        pane.pipe = None;
    }
    kept
}

/// A pane whose program is gone: it is started again, a shell is, or a person is asked.
fn prepare_restart(pane: &mut kept::StoredPane, restore: &Restore) {
    let had_ended = matches!(pane.life, kept::StoredLife::Ended(_));
    let again = &mut pane.revival;
    if !again.runs.is_empty() {
        again.ran = std::mem::take(&mut again.runs);
    }
    (again.retried, pane.again) = (true, false);
    let rerun = match restore.of(&pane.argv) {
        RerunPolicy::Always if had_ended => RerunPolicy::Ask,
        rerun => rerun,
    };
    pane.life = match rerun {
        RerunPolicy::Ask if !pane.argv.is_empty() && !again.instead => kept::StoredLife::Held,
        _ => kept::StoredLife::Starting,
    };
    again.instead |= rerun == RerunPolicy::Never && !pane.argv.is_empty();
}

/// Leaves nothing of a structure but one session.
pub(in crate::server) fn retain(kept: &mut SessionState, session: SessionId) {
    kept.sessions.retain(|kept| kept.id == session);
    kept.tabs.retain(|tab| tab.session == session);
    kept.panes.retain(|pane| pane.session == session);
    kept.wanting.retain(|(id, _)| *id == session);
}

fn session(session: &Session) -> kept::StoredSession {
    let Session {
        id,
        name,
        tabs,
        current,
        shown_before: _, // views remember it too
        cwd,
        env,
        missing_env: _, // in `SessionState::wanting`
        created_wall,
        used,
        size,
        fixed,
        version,
        last_status,
    } = session.clone();
    kept::StoredSession {
        id,
        name,
        tabs,
        current,
        cwd,
        env,
        created_wall,
        used,
        size,
        fixed,
        version,
        last_status,
    }
}

fn tab(tab: &Tab) -> kept::StoredTab {
    let Tab {
        id,
        session,
        name,
        layout,
        floats,
        hides_floats,
        modal,
        preset,
        focus,
        focused_before: _, // views remember it too
        area,
        driver: _,  // a client, which is gone after a restart
        settled: _, // a moment of this server
    } = tab;
    kept::StoredTab {
        id: *id,
        session: *session,
        name: name.clone(),
        layout: node(&layout.root),
        floats: floats.iter().map(|Float { pane, rect }| (*pane, *rect)).collect(),
        hides_floats: *hides_floats,
        modal: *modal,
        preset: preset.map(|preset| preset.name().to_owned()),
        focus: *focus,
        area: *area,
    }
}

fn node(node: &Node<PaneId>) -> kept::StoredLayout {
    match node {
        Node::Pane(pane) => kept::StoredLayout::Pane(*pane),
        Node::Stack(Stack { panes, open }) => {
            kept::StoredLayout::Stack(panes.clone(), narrow(*open))
        }
        Node::Split(Split { axis, parts }) => kept::StoredLayout::Split {
            columns: *axis == Axis::Columns,
            parts: parts
                .iter()
                .map(|SplitPart { weight, node }| (*weight, self::node(node)))
                .collect(),
        },
    }
}

fn closed_item(ClosedItem { until, session: of, what }: &ClosedItem) -> kept::StoredClosedItem {
    let what = match what {
        ClosedContent::Pane(ClosedPane { pane, tab, before, after, float }) => {
            kept::StoredClosedContent::Pane {
                pane: *pane,
                tab: *tab,
                before: node(&before.root),
                after: node(&after.root),
                float: *float,
            }
        }
        ClosedContent::Tab(closed, at) => kept::StoredClosedContent::Tab(tab(closed), narrow(*at)),
        ClosedContent::Session(tabs) => {
            kept::StoredClosedContent::Session(tabs.iter().map(tab).collect())
        }
    };
    kept::StoredClosedItem { until: *until, session: session(of), what }
}

fn narrow(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

fn pane(pane: &Pane) -> kept::StoredPane {
    let Pane {
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
        screen: _, // in snapshot slots of its own
        is_synced,
        again,
        pipe,
        restore,
        marks: _, // news for the clients of this server
    } = pane;
    kept::StoredPane {
        id: *id,
        session: *session,
        tab: *tab,
        name: name.clone(),
        argv: argv.clone(),
        env: env.clone(),
        cwd: cwd.clone(),
        created_wall: *created_wall,
        size: *size,
        life: match *life {
            ProgramState::Starting => kept::StoredLife::Starting,
            ProgramState::Running { pid } => kept::StoredLife::Running(pid),
            ProgramState::Ending => kept::StoredLife::Ending,
            ProgramState::Ended { status } => kept::StoredLife::Ended(status),
            ProgramState::Held => kept::StoredLife::Held,
        },
        is_synced: *is_synced,
        again: *again,
        pipe: pipe.clone(),
        revival: restore_state(restore),
    }
}

fn restore_state(restore: &RestoreState) -> kept::StoredRestore {
    let RestoreState { retried, instead, runs, ran } = restore.clone();
    kept::StoredRestore { retried, instead, runs, ran }
}

fn view(token: u64, at: &ViewState) -> kept::StoredView {
    let ViewState { session, history, tabs, panes } = at;
    let tab_choice = |(session, choice): (&SessionId, &TabChoice)| {
        let TabChoice { current, last } = *choice;
        (*session, current, last)
    };
    let pane_choice = |(tab, choice): (&TabId, &PaneChoice)| {
        let PaneChoice { focus, last, zoomed } = *choice;
        (*tab, focus, last, zoomed)
    };
    kept::StoredView {
        token,
        session: *session,
        history: history.clone(),
        tabs: tabs.iter().map(tab_choice).collect(),
        panes: panes.iter().map(pane_choice).collect(),
    }
}

/// The state of a stored structure. `screen` gives the screen of a pane.
pub(in crate::server) fn state(
    kept: SessionState,
    mut screen: impl FnMut(&kept::StoredPane) -> Terminal,
) -> State {
    // Inputs that were taken are known to the slots.
    let SessionState { next_ids, sessions, tabs, panes, graves, views, taken: _, wanting, doubt } =
        kept;
    let [session, tab, pane, client, call, used] = next_ids;
    let next_ids = NextIds { session, tab, pane, client, call, used };
    let mut state = State { next_ids, shutdown_suspected_until: doubt, ..State::default() };
    for kept in panes {
        let screen = screen(&kept);
        state.panes.insert(kept.id, restored_pane(kept, screen));
    }
    state.tabs = tabs.into_iter().map(|tab| (tab.id, restored_tab(tab))).collect();
    state.sessions =
        sessions.into_iter().map(|session| (session.id, restored_session(session))).collect();
    for (session, names) in wanting {
        if let Some(session) = state.sessions.get_mut(&session) {
            session.missing_env = names;
        }
    }
    state.closed_items = graves.into_iter().map(restored_item).collect();
    // Attached clients come last, so the oldest detached views are left out where the sum of both
    // is over the limit.
    let excess = views.len().saturating_sub(RESUMABLE_MAX);
    state.detached_views = views.into_iter().skip(excess).map(restored_view).collect();
    state
}

fn restored_session(kept: kept::StoredSession) -> Session {
    let kept::StoredSession {
        id,
        name,
        tabs,
        current,
        cwd,
        env,
        created_wall,
        used,
        size,
        fixed,
        version,
        last_status,
    } = kept;
    Session {
        id,
        name,
        tabs,
        current,
        shown_before: Vec::new(),
        cwd,
        env,
        missing_env: Vec::new(),
        created_wall,
        used,
        size,
        fixed,
        version,
        last_status,
    }
}

fn restored_pane(kept: kept::StoredPane, screen: Terminal) -> Pane {
    let kept::StoredPane {
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
    } = kept;
    Pane {
        id,
        session,
        tab,
        name,
        argv,
        env,
        cwd,
        created_wall,
        size,
        life: match life {
            kept::StoredLife::Starting => ProgramState::Starting,
            kept::StoredLife::Running(pid) => ProgramState::Running { pid },
            kept::StoredLife::Ending => ProgramState::Ending,
            kept::StoredLife::Ended(status) => ProgramState::Ended { status },
            kept::StoredLife::Held => ProgramState::Held,
        },
        screen,
        is_synced,
        again,
        pipe,
        restore: restored_restore_state(revival),
        marks: Marks::default(),
    }
}

fn restored_restore_state(kept: kept::StoredRestore) -> RestoreState {
    let kept::StoredRestore { retried, instead, runs, ran } = kept;
    RestoreState { retried, instead, runs, ran }
}

fn restored_tab(kept: kept::StoredTab) -> Tab {
    let kept::StoredTab {
        id,
        session,
        name,
        layout,
        floats,
        hides_floats,
        modal,
        preset,
        focus,
        area,
    } = kept;
    Tab {
        id,
        session,
        name,
        layout: Tree { root: restored_node(layout) },
        floats: floats.into_iter().map(|(pane, rect)| Float { pane, rect }).collect(),
        hides_floats,
        modal,
        preset: preset.and_then(|name| Preset::named(&name)),
        focus,
        focused_before: Vec::new(),
        area,
        driver: None,
        settled: Tick::default(),
    }
}

fn restored_node(kept: kept::StoredLayout) -> Node<PaneId> {
    match kept {
        kept::StoredLayout::Pane(pane) => Node::Pane(pane),
        kept::StoredLayout::Stack(panes, open) => Node::Stack(Stack { panes, open: open as usize }),
        kept::StoredLayout::Split { columns, parts } => Node::Split(Split {
            axis: if columns { Axis::Columns } else { Axis::Rows },
            parts: parts
                .into_iter()
                .map(|(weight, node)| SplitPart { weight, node: restored_node(node) })
                .collect(),
        }),
    }
}

fn restored_item(kept: kept::StoredClosedItem) -> ClosedItem {
    let kept::StoredClosedItem { until, session, what } = kept;
    let tree = |node| Tree { root: restored_node(node) };
    let what = match what {
        kept::StoredClosedContent::Pane { pane, tab, before, after, float } => {
            let (before, after) = (tree(before), tree(after));
            ClosedContent::Pane(ClosedPane { pane, tab, before, after, float })
        }
        kept::StoredClosedContent::Tab(tab, at) => {
            ClosedContent::Tab(restored_tab(tab), at as usize)
        }
        kept::StoredClosedContent::Session(tabs) => {
            ClosedContent::Session(tabs.into_iter().map(restored_tab).collect())
        }
    };
    ClosedItem { until, session: restored_session(session), what }
}

fn restored_view(kept: kept::StoredView) -> DetachedView {
    let tab_choice =
        |(session, current, last): (SessionId, _, _)| (session, TabChoice { current, last });
    let pane_choice = |(tab, focus, last, zoomed)| (tab, PaneChoice { focus, last, zoomed });
    DetachedView {
        token: kept.token,
        at: ViewState {
            session: kept.session,
            history: kept.history,
            tabs: kept.tabs.into_iter().map(tab_choice).collect(),
            panes: kept.panes.into_iter().map(pane_choice).collect(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{RerunPolicy, Restore, durable, kept, revived};
    use crate::base::geom::Size;
    use crate::base::id::{PaneId, SessionId, TabId};
    use crate::base::signal::ExitStatus;
    use crate::store::session_state::SessionState;

    fn session(id: u64, env: &[(&str, &str)]) -> kept::StoredSession {
        kept::StoredSession {
            id: SessionId(id),
            name: format!("n{id}"),
            tabs: vec![TabId(id)],
            current: TabId(id),
            cwd: "/".into(),
            env: env
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            created_wall: 0,
            used: 0,
            size: Size::new(80, 24),
            fixed: None,
            version: 0,
            last_status: None,
        }
    }

    fn pane(session: u64, life: kept::StoredLife) -> kept::StoredPane {
        kept::StoredPane {
            id: PaneId(session),
            session: SessionId(session),
            tab: (life != kept::StoredLife::Ending).then_some(TabId(session)),
            name: None,
            argv: vec!["top".into()],
            env: vec![("TOKEN".into(), "secret".into())],
            cwd: "/".into(),
            created_wall: 0,
            size: Size::new(80, 24),
            life,
            is_synced: false,
            again: false,
            pipe: None,
            revival: kept::StoredRestore::default(),
        }
    }

    #[test]
    fn secrets_do_not_go_to_disk() {
        let env = [
            ("API_KEY", "secret"),
            ("HOME", "/h"),
            ("LC_ALL", "C"),
            ("SSH_AUTH_SOCK", "secret"),
            ("XDG_DATA_HOME", "/d"),
        ];
        let structure = SessionState {
            sessions: vec![session(1, &env)],
            panes: vec![pane(1, kept::StoredLife::Running(9))],
            ..SessionState::default()
        };
        let durable = durable(structure);
        let names: Vec<&str> =
            durable.sessions[0].env.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["HOME", "LC_ALL", "XDG_DATA_HOME"]);
        assert_eq!(
            durable.wanting,
            [(SessionId(1), vec!["API_KEY".to_owned(), "SSH_AUTH_SOCK".to_owned()])]
        );
        assert!(!durable.encode().windows(6).any(|bytes| bytes == b"secret"));
    }

    /// The pane's life after the restart, whether a shell runs instead, and what ran in its
    /// shell.
    fn comes_back(
        pane: kept::StoredPane,
        restore: &Restore,
    ) -> (kept::StoredLife, bool, Vec<String>) {
        let others =
            kept::StoredPane { id: PaneId(9), ..self::pane(1, kept::StoredLife::Running(9)) };
        let structure = SessionState {
            sessions: vec![session(1, &[])],
            panes: vec![pane, others],
            ..SessionState::default()
        };
        let pane = revived(structure, restore).panes.swap_remove(0);
        assert!(pane.revival.retried && pane.revival.runs.is_empty());
        (pane.life, pane.revival.instead, pane.revival.ran)
    }

    #[test]
    fn what_had_ended_stays_away_and_ids_are_not_given_out_again() {
        let ended = kept::StoredLife::Ended(ExitStatus::Code(1));
        let structure = SessionState {
            next_ids: [4; 6],
            sessions: [1, 2].map(|id| session(id, &[])).into(),
            panes: vec![
                pane(1, kept::StoredLife::Running(9)),
                pane(2, ended),
                pane(3, kept::StoredLife::Ending),
            ],
            ..SessionState::default()
        };
        let revived = revived(structure, &Restore::default());
        assert_eq!(revived.sessions.iter().map(|session| session.id.0).collect::<Vec<_>>(), [1]);
        assert_eq!(
            revived.panes.iter().map(|pane| (pane.id.0, pane.argv.len())).collect::<Vec<_>>(),
            [(1, 1)]
        );
        assert_eq!(revived.next_ids, [1004; 6]);
    }

    #[test]
    fn a_command_is_run_again_only_with_consent_and_is_never_forgotten() {
        use kept::StoredLife::{Ended, Held, Running, Starting};
        let programs = |names: &[&str]| {
            Restore::Programs(names.iter().map(|name| (*name).to_owned()).collect())
        };
        let with = |life| pane(1, life);
        for (restore, life, expected) in [
            (Restore::All(RerunPolicy::Ask), Running(9), (Held, false)),
            (Restore::All(RerunPolicy::Ask), Held, (Held, false)),
            (Restore::All(RerunPolicy::Always), Running(9), (Starting, false)),
            (Restore::All(RerunPolicy::Always), Starting, (Starting, false)),
            (Restore::All(RerunPolicy::Always), Ended(ExitStatus::Code(0)), (Held, false)),
            (Restore::All(RerunPolicy::Never), Running(9), (Starting, true)),
            (programs(&["top"]), Running(9), (Starting, false)),
            (programs(&["htop"]), Running(9), (Held, false)),
        ] {
            let (life_now, instead, _) = comes_back(with(life), &restore);
            assert_eq!((life_now, instead), expected, "{restore:?}, {life:?}");
        }
        // A person chose a shell before: that is not asked again, and nothing is run.
        let shell = kept::StoredPane {
            revival: kept::StoredRestore { instead: true, ..kept::StoredRestore::default() },
            ..with(Running(9))
        };
        for restore in [Restore::All(RerunPolicy::Ask), Restore::All(RerunPolicy::Always)] {
            assert_eq!(comes_back(shell.clone(), &restore), (Starting, true, Vec::new()));
        }
    }

    #[test]
    fn what_ran_in_a_shell_is_told_and_stays_known_until_something_else_runs() {
        let shell = |runs: &[&str], ran: &[&str]| {
            let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
            let revival = kept::StoredRestore {
                runs: words(runs),
                ran: words(ran),
                ..kept::StoredRestore::default()
            };
            kept::StoredPane { argv: Vec::new(), revival, ..pane(1, kept::StoredLife::Running(9)) }
        };
        for (runs, ran, told) in [
            (&["vi", "a"][..], &["top"][..], vec!["vi", "a"]),
            (&[], &["top"], vec!["top"]),
            (&[], &[], vec![]),
        ] {
            let (life, instead, ran) =
                comes_back(shell(runs, ran), &Restore::All(RerunPolicy::Always));
            assert_eq!(
                (life, instead, ran.iter().map(String::as_str).collect::<Vec<_>>()),
                (kept::StoredLife::Starting, false, told)
            );
        }
    }

    /// The views of clients that are gone, as many as are kept, and of those that were attached
    /// when the server was killed: with both the structure was once given up.
    #[test]
    fn former_views_and_those_that_were_attached_are_not_too_many() {
        let view = |token| kept::StoredView {
            token,
            session: None,
            history: Vec::new(),
            tabs: Vec::new(),
            panes: Vec::new(),
        };
        let kept = SessionState { views: (1..=40).map(view).collect(), ..SessionState::default() };
        let state = super::state(kept, |_| unreachable!("there are no panes"));
        assert_eq!(state.check(), Ok(()));
        assert_eq!(
            state.detached_views.last().map(|parted| parted.token),
            Some(40),
            "the latest stay"
        );
    }
}
