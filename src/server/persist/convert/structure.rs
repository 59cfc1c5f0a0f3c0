//! The one place where the nouns of the core become what the store keeps, and the other way round.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::id::{PaneId, SessionId};
use crate::base::time::Tick;
use crate::layout::float::Float;
use crate::layout::preset::Preset;
use crate::layout::tree::{Axis, Node, Split, SplitPart, Stack, Tree};
use crate::settings::{RerunPolicy, Restore};
use crate::state::pane::{Marks, Pane, ProgramState, RestoreState};
use crate::state::session::Session;
use crate::state::tab::Tab;
use crate::state::undo::{ClosedContent, ClosedItem, ClosedPane};
use crate::state::view::{DETACHED_MAX, DetachedView, PaneChoice, TabChoice, ViewState};
use crate::state::{NextIds, State};
use crate::store::session_state as kept;
use crate::store::session_state::SessionState;
use crate::term::Terminal;

/// What the store keeps of the state.
pub(in crate::server) fn structure(state: &State, taken: Vec<(u64, u64)>) -> SessionState {
    let ids = state.next_ids;
    let gone = state.detached_views.iter().map(|parted| view(parted.token, &parted.at));
    let here = state.views.values().map(|seen| view(seen.token, &seen.at));
    SessionState {
        next_ids: [ids.session, ids.tab, ids.pane, ids.client, ids.call, ids.used],
        sessions: state.sessions.values().map(session).collect(),
        tabs: state.tabs.values().map(tab).collect(),
        panes: state.panes.values().map(pane).collect(),
        graves: state.closed_items.iter().map(grave).collect(),
        views: gone.chain(here).collect(),
        taken,
        wanting: state
            .sessions
            .values()
            .filter(|session| !session.missing_env.is_empty())
            .map(|session| (session.id, session.missing_env.clone()))
            .collect(),
        doubt: state.shutdown_suspected_until,
    }
}

/// Variables whose values may go to disk, besides those that begin with one of
/// [`DURABLE_PREFIXES`].
const DURABLE: [&str; 7] = ["HOME", "USER", "LOGNAME", "SHELL", "PATH", "LANG", "TZ"];
/// How the names of other variables begin whose values may go to disk.
const DURABLE_PREFIXES: [&str; 2] = ["LC_", "XDG_"];
/// How far ids jump when a structure comes from disk: more than can have been given out after it
/// was written.
pub(in crate::server) const IDS_JUMP: u64 = 1000;

/// What of a structure goes to disk: nothing that only clients that are there now need, and of
/// environments no secrets but their names.
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

/// What a structure from disk becomes when all its programs are gone: what of them is run again,
/// `restore` says. Sessions whose programs had all ended before are left out.
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
        revive(pane, restore);
    }
    kept.next_ids = kept.next_ids.map(|next| next + IDS_JUMP);
    kept
}

/// What goes to disk of something that was closed.
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
    let mut grave = grave(closed);
    grave.session.env = durable.sessions.pop().map(|session| session.env).unwrap_or_default();
    SessionState { graves: vec![grave], ..durable }
}

/// What that becomes when it is made anew.
pub(in crate::server) fn reopened(mut kept: SessionState, restore: &Restore) -> SessionState {
    for pane in &mut kept.panes {
        revive(pane, restore);
        // Where it went there may be others now.
        pane.pipe = None;
    }
    kept
}

/// A pane whose program is gone: it is started again, a shell is, or a person is asked.
fn revive(pane: &mut kept::StoredPane, restore: &Restore) {
    let had_ended = matches!(pane.life, kept::StoredLife::Ended(_));
    let revival = &mut pane.revival;
    if !revival.runs.is_empty() {
        revival.ran = std::mem::take(&mut revival.runs);
    }
    (revival.retried, pane.again) = (true, false);
    let rerun = match restore.of(&pane.argv) {
        RerunPolicy::Always if had_ended => RerunPolicy::Ask,
        rerun => rerun,
    };
    pane.life = match rerun {
        RerunPolicy::Ask if !pane.argv.is_empty() && !revival.instead => kept::StoredLife::Held,
        _ => kept::StoredLife::Starting,
    };
    revival.instead |= rerun == RerunPolicy::Never && !pane.argv.is_empty();
}

/// Leaves nothing of a structure but one session.
pub(in crate::server) fn retain(kept: &mut SessionState, session: SessionId) {
    kept.sessions.retain(|kept| kept.id == session);
    kept.tabs.retain(|tab| tab.session == session);
    kept.panes.retain(|pane| pane.session == session);
    kept.wanting.retain(|(id, _)| *id == session);
}

fn session(session: &Session) -> kept::StoredSession {
    kept::StoredSession {
        id: session.id,
        name: session.name.clone(),
        tabs: session.tabs.clone(),
        current: session.current,
        cwd: session.cwd.clone(),
        env: session.env.clone(),
        created_wall: session.created_wall,
        used: session.used,
        size: session.size,
        fixed: session.fixed,
        version: session.version,
        last_status: session.last_status,
    }
}

fn tab(tab: &Tab) -> kept::StoredTab {
    kept::StoredTab {
        id: tab.id,
        session: tab.session,
        name: tab.name.clone(),
        layout: node(&tab.layout.root),
        floats: tab.floats.iter().map(|float| (float.pane, float.rect)).collect(),
        hides_floats: tab.hides_floats,
        modal: tab.modal,
        preset: tab.preset.map(|preset| preset.name().to_owned()),
        focus: tab.focus,
        area: tab.area,
    }
}

fn node(node: &Node<PaneId>) -> kept::StoredLayout {
    match node {
        Node::Pane(pane) => kept::StoredLayout::Pane(*pane),
        Node::Stack(stack) => kept::StoredLayout::Stack(stack.panes.clone(), narrow(stack.open)),
        Node::Split(split) => kept::StoredLayout::Split {
            columns: split.axis == Axis::Columns,
            parts: split.parts.iter().map(|part| (part.weight, self::node(&part.node))).collect(),
        },
    }
}

fn grave(grave: &ClosedItem) -> kept::StoredGrave {
    let what = match &grave.what {
        ClosedContent::Pane(buried) => kept::StoredBuried::Pane {
            pane: buried.pane,
            tab: buried.tab,
            before: node(&buried.before.root),
            after: node(&buried.after.root),
            float: buried.float,
        },
        ClosedContent::Tab(buried, at) => kept::StoredBuried::Tab(tab(buried), narrow(*at)),
        ClosedContent::Session(tabs) => kept::StoredBuried::Session(tabs.iter().map(tab).collect()),
    };
    kept::StoredGrave { until: grave.until, session: session(&grave.session), what }
}

fn narrow(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

fn pane(pane: &Pane) -> kept::StoredPane {
    kept::StoredPane {
        id: pane.id,
        session: pane.session,
        tab: pane.tab,
        name: pane.name.clone(),
        argv: pane.argv.clone(),
        env: pane.env.clone(),
        cwd: pane.cwd.clone(),
        created_wall: pane.created_wall,
        size: pane.size,
        life: match pane.life {
            ProgramState::Starting => kept::StoredLife::Starting,
            ProgramState::Running { pid } => kept::StoredLife::Running(pid),
            ProgramState::Ending => kept::StoredLife::Ending,
            ProgramState::Ended { status } => kept::StoredLife::Ended(status),
            ProgramState::Held => kept::StoredLife::Held,
        },
        is_synced: pane.is_synced,
        again: pane.again,
        pipe: pane.pipe.clone(),
        revival: revival(&pane.restore),
    }
}

fn revival(revival: &RestoreState) -> kept::StoredRevival {
    let RestoreState { retried, instead, runs, ran } = revival.clone();
    kept::StoredRevival { retried, instead, runs, ran }
}

fn view(token: u64, at: &ViewState) -> kept::StoredView {
    kept::StoredView {
        token,
        session: at.session,
        history: at.history.clone(),
        tabs: at
            .tabs
            .iter()
            .map(|(session, choice)| (*session, choice.current, choice.last))
            .collect(),
        panes: at
            .panes
            .iter()
            .map(|(tab, choice)| (*tab, choice.focus, choice.last, choice.zoomed))
            .collect(),
    }
}

/// The state that was kept. `screen` gives the screen of a pane.
pub(in crate::server) fn state(
    kept: SessionState,
    mut screen: impl FnMut(&kept::StoredPane) -> Terminal,
) -> State {
    let [session, tab, pane, client, call, used] = kept.next_ids;
    let next_ids = NextIds { session, tab, pane, client, call, used };
    let mut state = State { next_ids, shutdown_suspected_until: kept.doubt, ..State::default() };
    for kept in kept.panes {
        let screen = screen(&kept);
        state.panes.insert(kept.id, restored_pane(kept, screen));
    }
    state.tabs = kept.tabs.into_iter().map(|tab| (tab.id, restored_tab(tab))).collect();
    state.sessions =
        kept.sessions.into_iter().map(|session| (session.id, restored_session(session))).collect();
    for (session, names) in kept.wanting {
        if let Some(session) = state.sessions.get_mut(&session) {
            session.missing_env = names;
        }
    }
    state.closed_items = kept.graves.into_iter().map(restored_grave).collect();
    // Who was attached is the latest; with them there may be more than are kept.
    let excess = kept.views.len().saturating_sub(DETACHED_MAX);
    state.detached_views = kept.views.into_iter().skip(excess).map(restored_view).collect();
    state
}

fn restored_session(kept: kept::StoredSession) -> Session {
    Session {
        id: kept.id,
        name: kept.name,
        tabs: kept.tabs,
        current: kept.current,
        cwd: kept.cwd,
        env: kept.env,
        missing_env: Vec::new(),
        created_wall: kept.created_wall,
        used: kept.used,
        size: kept.size,
        fixed: kept.fixed,
        version: kept.version,
        last_status: kept.last_status,
    }
}

fn restored_pane(kept: kept::StoredPane, screen: Terminal) -> Pane {
    Pane {
        id: kept.id,
        session: kept.session,
        tab: kept.tab,
        name: kept.name,
        argv: kept.argv,
        env: kept.env,
        cwd: kept.cwd,
        created_wall: kept.created_wall,
        size: kept.size,
        life: match kept.life {
            kept::StoredLife::Starting => ProgramState::Starting,
            kept::StoredLife::Running(pid) => ProgramState::Running { pid },
            kept::StoredLife::Ending => ProgramState::Ending,
            kept::StoredLife::Ended(status) => ProgramState::Ended { status },
            kept::StoredLife::Held => ProgramState::Held,
        },
        screen,
        is_synced: kept.is_synced,
        again: kept.again,
        pipe: kept.pipe,
        restore: restored_revival(kept.revival),
        marks: Marks::default(),
    }
}

fn restored_revival(kept: kept::StoredRevival) -> RestoreState {
    let kept::StoredRevival { retried, instead, runs, ran } = kept;
    RestoreState { retried, instead, runs, ran }
}

fn restored_tab(kept: kept::StoredTab) -> Tab {
    Tab {
        id: kept.id,
        session: kept.session,
        name: kept.name,
        layout: Tree { root: restored_node(kept.layout) },
        floats: kept.floats.into_iter().map(|(pane, rect)| Float { pane, rect }).collect(),
        hides_floats: kept.hides_floats,
        modal: kept.modal,
        preset: kept.preset.and_then(|name| Preset::named(&name)),
        focus: kept.focus,
        area: kept.area,
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

fn restored_grave(kept: kept::StoredGrave) -> ClosedItem {
    let tree = |node| Tree { root: restored_node(node) };
    let what = match kept.what {
        kept::StoredBuried::Pane { pane, tab, before, after, float } => {
            ClosedContent::Pane(ClosedPane {
                pane,
                tab,
                before: tree(before),
                after: tree(after),
                float,
            })
        }
        kept::StoredBuried::Tab(tab, at) => ClosedContent::Tab(restored_tab(tab), at as usize),
        kept::StoredBuried::Session(tabs) => {
            ClosedContent::Session(tabs.into_iter().map(restored_tab).collect())
        }
    };
    ClosedItem { until: kept.until, session: restored_session(kept.session), what }
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
    use crate::base::exit::ExitStatus;
    use crate::base::geom::Size;
    use crate::base::id::{PaneId, SessionId, TabId};
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
            revival: kept::StoredRevival::default(),
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

    /// What becomes of this pane: its life, whether a shell runs instead, and what ran in its
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
            revival: kept::StoredRevival { instead: true, ..kept::StoredRevival::default() },
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
            let revival = kept::StoredRevival {
                runs: words(runs),
                ran: words(ran),
                ..kept::StoredRevival::default()
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

    /// What clients looked at that are gone, as many as are kept, and what those looked at that
    /// were attached when the server was killed: the structure was given up.
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
