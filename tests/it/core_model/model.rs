//! Any sequence of what people, programs and scripts do, against a model that knows only names and
//! which panes are where.

use std::collections::BTreeMap;

use abide::base::geom::Size;
use abide::base::id::{ClientId, PaneId};
use abide::base::signal::ExitStatus;
use abide::base::time::Span;
use abide::core::Input;
use abide::state::call::Caller;
use abide::state::pane::ProgramState;
use proptest::prelude::*;
use serde_json::Value;

use crate::core_model::world::World;

/// Something that happens. Numbers pick among what there is.
#[derive(Debug, Clone)]
enum Act {
    New(usize, Who),
    Tab(usize, Who),
    Split(usize, usize, Who),
    Close(usize, bool),
    CloseTab(usize, bool),
    CloseSession(usize),
    Undo(usize),
    BuriedEnds(usize),
    Float(usize),
    Kill(usize),
    Ends(usize, u8),
    StopEnds(usize),
    Attach(usize, usize),
    Connect(u64, Size, bool),
    Gone(usize),
    Resize(usize, Size),
    Keys(usize),
    Print(usize, usize),
    View(usize, usize),
    Arrange(usize, usize, usize),
    Wait(usize, usize),
    Sleep(u64),
    CanStart(bool),
}

/// Who calls: nobody in particular, somebody in a pane, or a client.
#[derive(Debug, Clone, Copy)]
enum Who {
    Nobody,
    Pane(usize),
    Client(usize),
}

const VIEW: [&str; 17] = [
    "tab next",
    "tab prev",
    "tab last",
    "tab go 2",
    "pane next",
    "pane focus --left",
    "pane focus --down",
    "pane focus --last",
    "pane zoom",
    "session next",
    "session prev",
    "last",
    "detach",
    "pane attention",
    "pane float hide",
    "pane float show",
    "pane mark",
];
const ARRANGE: [&str; 28] = [
    "pane swap --next",
    "pane swap --prev",
    "pane break",
    "pane break -d",
    "pane resize --right 3",
    "pane resize --up",
    "layout next",
    "layout equalise",
    "layout rotate",
    "layout apply tiled",
    "tab move 1",
    "pane rename x",
    "tab rename y",
    "pane respawn --kill",
    "pane respawn",
    "pane sync",
    "pane sync --marked",
    "pane mark",
    "pane float",
    "pane place top-left",
    "pane place --right=-3 --down 2",
    "pane stack",
    "pane stack --all",
    "pane stack --toggle",
    "pane stack --off",
    "layout apply stacked",
    "layout apply main-vertical-mirrored",
    "session resize 30x9",
];
const WAIT: [&str; 5] = [
    "wait --exit",
    "wait --idle 200ms",
    "wait --text zz --timeout 300ms",
    "wait --prompt --timeout 1s",
    "client.redraw",
];
const PRINT: [&str; 6] =
    ["hello\r\n", "zz", "\x07", "\x1b[?1049h", "\x1b]133;B\x07", "\x1b]2;title\x07\x1b[?1004h"];

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![
        Just(Who::Nobody),
        any::<usize>().prop_map(Who::Pane),
        any::<usize>().prop_map(Who::Client)
    ]
}

fn size() -> impl Strategy<Value = Size> {
    (1..120_u16, 1..50_u16).prop_map(|(cols, rows)| Size::new(cols, rows))
}

fn act() -> impl Strategy<Value = Act> {
    let many = prop_oneof![
        (0..6_usize, who()).prop_map(|(name, who)| Act::New(name, who)),
        (any::<usize>(), who()).prop_map(|(at, who)| Act::Tab(at, who)),
        (any::<usize>(), any::<usize>(), who())
            .prop_map(|(at, side, who)| Act::Split(at, side, who)),
        (any::<usize>(), 0..3_u8).prop_map(|(at, code)| Act::Ends(at, code)),
        any::<usize>().prop_map(Act::StopEnds),
        any::<(usize, usize)>().prop_map(|(client, at)| Act::Attach(client, at)),
        (0..5_u64, size(), any::<bool>())
            .prop_map(|(token, size, watches)| Act::Connect(token, size, watches)),
        any::<(usize, usize)>().prop_map(|(client, verb)| Act::View(client, verb)),
        any::<(usize, usize, usize)>().prop_map(|(at, verb, other)| Act::Arrange(at, verb, other)),
    ];
    let few = prop_oneof![
        any::<(usize, bool)>().prop_map(|(at, now)| Act::Close(at, now)),
        any::<(usize, bool)>().prop_map(|(at, now)| Act::CloseTab(at, now)),
        any::<usize>().prop_map(Act::CloseSession),
        any::<usize>().prop_map(Act::Undo),
        any::<usize>().prop_map(Act::Undo),
        any::<usize>().prop_map(Act::BuriedEnds),
        any::<usize>().prop_map(Act::Float),
        any::<usize>().prop_map(Act::Kill),
        any::<usize>().prop_map(Act::Gone),
        (any::<usize>(), size()).prop_map(|(client, size)| Act::Resize(client, size)),
        any::<usize>().prop_map(Act::Keys),
        any::<(usize, usize)>().prop_map(|(at, text)| Act::Print(at, text)),
        any::<(usize, usize)>().prop_map(|(at, verb)| Act::Wait(at, verb)),
        prop_oneof![4 => 0..400_u64, 1 => 30_000..70_000_u64].prop_map(Act::Sleep),
        prop::bool::weighted(0.9).prop_map(Act::CanStart),
    ];
    prop_oneof![2 => many, 1 => few]
}

/// What has to be so: the panes of each session by name.
#[derive(Debug, Default)]
struct Model {
    sessions: BTreeMap<String, Vec<PaneId>>,
}

impl Model {
    fn forget(&mut self, pane: PaneId) {
        self.sessions.values_mut().for_each(|panes| panes.retain(|other| *other != pane));
        self.sessions.retain(|_, panes| !panes.is_empty());
    }

    /// A pane whose program could not be started again is gone.
    fn look(&mut self, world: &World, pane: PaneId) {
        if !world.core.state().panes.contains_key(&pane) {
            self.forget(pane);
        }
    }

    fn made(&mut self, reply: &Value) {
        let pane: PaneId = reply["pane"].as_str().and_then(|id| id.parse().ok()).expect("a pane");
        let panes =
            self.sessions.entry(reply["name"].as_str().expect("a name").into()).or_default();
        if !panes.contains(&pane) {
            panes.push(pane);
        }
    }

    fn panes(&self) -> Vec<PaneId> {
        self.sessions.values().flatten().copied().collect()
    }

    #[track_caller]
    fn assert_is(&self, world: &World) {
        let state = &world.core.state();
        let mut there: BTreeMap<String, Vec<PaneId>> = BTreeMap::new();
        for session in state.sessions.values() {
            let mut panes: Vec<PaneId> =
                session.tabs.iter().flat_map(|tab| state.tab(*tab).panes()).collect();
            panes.sort_unstable();
            there.insert(session.name.clone(), panes);
        }
        let mut wanted = self.sessions.clone();
        for panes in wanted.values_mut() {
            panes.sort_unstable();
        }
        assert_eq!(there, wanted);
        for session in state.sessions.keys() {
            let showing = state.views.values().filter(|view| view.at.session == Some(*session));
            if let [only] = showing.collect::<Vec<_>>().as_slice()
                && !only.read_only
            {
                let current = state.session(*session).current;
                let target = (Some(current), Some(state.tab(current).focus));
                assert_eq!(target, (only.tab(), only.focus()), "what is named is what is seen");
            }
        }
        for client in state.views.keys() {
            let scene = world.core.scene(*client).expect("every view has a scene");
            assert_eq!(scene.session.is_some(), scene.focus.is_some());
            assert!(
                scene.focus.is_none_or(|focus| scene.panes.iter().any(|pane| pane.id == focus)),
                "the focus is seen"
            );
        }
    }
}

fn pick<T: Copy>(all: &[T], at: usize) -> Option<T> {
    (!all.is_empty()).then(|| all[at % all.len()])
}

fn clients(world: &World) -> Vec<ClientId> {
    world.core.state().views.keys().copied().collect()
}

fn caller(world: &World, model: &Model, who: Who) -> Caller {
    match who {
        Who::Nobody => Caller::default(),
        Who::Pane(at) => Caller { client: None, pane: pick(&model.panes(), at) },
        Who::Client(at) => Caller { client: pick(&clients(world), at), pane: None },
    }
}

/// Makes something; whether it works depends on limits, room and names, but what it says is true.
fn make(world: &mut World, model: &mut Model, caller: Caller, words: &str) {
    if let Ok(reply) = world.outcome(caller, words) {
        model.made(&reply);
    }
}

fn stop(world: &mut World, model: &mut Model, words: &str, panes: &[PaneId]) {
    world.ask(Caller::default(), words);
    for pane in panes {
        model.forget(*pane);
    }
}

fn panes_of(world: &World, pane: PaneId) -> Vec<PaneId> {
    let state = &world.core.state();
    state.tab(state.pane(pane).tab.expect("it is in one")).panes()
}

fn run(world: &mut World, model: &mut Model, act: &Act) {
    let panes = model.panes();
    match *act {
        Act::New(name, who) => {
            make(world, model, caller(world, model, who), &format!("new n{name}"));
        }
        Act::Tab(at, who) => {
            if let Some(pane) = pick(&panes, at) {
                make(
                    world,
                    model,
                    caller(world, model, who),
                    &format!("tab new -t {}", world.core.state().pane(pane).session),
                );
            }
        }
        Act::Split(at, side, who) => {
            if let Some(pane) = pick(&panes, at) {
                let side = ["--right", "--left", "--up", "--down"][side % 4];
                make(
                    world,
                    model,
                    caller(world, model, who),
                    &format!("pane split {side} -t {pane}"),
                );
            }
        }
        Act::Close(at, now) => {
            if let Some(pane) = pick(&panes, at) {
                stop(
                    world,
                    model,
                    &format!("pane close -t {pane}{}", if now { " --now" } else { "" }),
                    &[pane],
                );
            }
        }
        Act::CloseTab(at, now) => {
            if let Some(pane) = pick(&panes, at) {
                let all = panes_of(world, pane);
                stop(
                    world,
                    model,
                    &format!("tab close -t {pane}{}", if now { " --now" } else { "" }),
                    &all,
                );
            }
        }
        Act::Kill(at) => {
            let names: Vec<String> = model.sessions.keys().cloned().collect();
            if !names.is_empty() {
                let name = &names[at % names.len()];
                let all = model.sessions[name].clone();
                stop(world, model, &format!("kill {name}"), &all);
            }
        }
        Act::Ends(at, code) => {
            if let Some(pane) = pick(&panes, at) {
                // One that is to run again stays, unless it cannot be started.
                let stays = world.core.state().pane(pane).again && world.starts.is_ok();
                world.end(pane, ExitStatus::Code(code));
                if !stays {
                    model.forget(pane);
                }
            }
        }
        _ => run_graves(world, model, act, &panes),
    }
}

fn run_graves(world: &mut World, model: &mut Model, act: &Act, panes: &[PaneId]) {
    match *act {
        Act::CloseSession(at) => {
            if let Some(pane) = pick(panes, at) {
                let session = world.core.state().pane(pane).session;
                let all: Vec<PaneId> = panes
                    .iter()
                    .copied()
                    .filter(|pane| world.core.state().pane(*pane).session == session)
                    .collect();
                stop(world, model, &format!("session close -t {session}"), &all);
            }
        }
        Act::Undo(at) => undo(world, model, at),
        Act::BuriedEnds(at) => {
            let closed: Vec<PaneId> = world
                .core
                .state()
                .closed_items
                .iter()
                .flat_map(abide::state::undo::ClosedItem::panes)
                .collect();
            if let Some(pane) = pick(&closed, at) {
                world.end(pane, ExitStatus::Code(0));
            }
        }
        Act::Float(at) => {
            if let Some(pane) = pick(panes, at)
                && let Ok(reply) =
                    world.outcome(Caller { client: None, pane: Some(pane) }, "pane float new")
            {
                let new: PaneId =
                    reply["id"].as_str().and_then(|id| id.parse().ok()).expect("a pane");
                if let Some(made) =
                    world.core.state().panes.get(&new).filter(|new| new.tab.is_some())
                {
                    let name = world.core.state().session(made.session).name.clone();
                    model.sessions.entry(name).or_default().push(new);
                }
            }
        }
        Act::StopEnds(at) => {
            let ending: Vec<PaneId> = world
                .core
                .state()
                .panes
                .values()
                .filter(|pane| pane.life == ProgramState::Ending)
                .map(|pane| pane.id)
                .collect();
            if let Some(pane) = pick(&ending, at) {
                world.ended(pane, ExitStatus::Signal(15), &[]);
                model.look(world, pane);
            }
        }
        _ => run_views(world, model, act, panes),
    }
}

/// Undoes a close: the model has the panes again that the answer names.
fn undo(world: &mut World, model: &mut Model, at: usize) {
    let by = pick(&clients(world), at).map_or(Caller::default(), World::by);
    if let Ok(reply) = world.outcome(by, "undo") {
        let pane: PaneId = reply["pane"].as_str().and_then(|id| id.parse().ok()).expect("a pane");
        let session = world.core.state().pane(pane).session;
        let back = match reply["what"].as_str() {
            Some("pane") => vec![pane],
            Some("tab") => panes_of(world, pane),
            _ => world
                .core
                .state()
                .session(session)
                .tabs
                .iter()
                .flat_map(|tab| world.core.state().tab(*tab).panes())
                .collect(),
        };
        model
            .sessions
            .entry(reply["name"].as_str().expect("a name").into())
            .or_default()
            .extend(back);
    }
}

fn run_views(world: &mut World, model: &mut Model, act: &Act, panes: &[PaneId]) {
    let client = |world: &World, at: usize| pick(&clients(world), at);
    match *act {
        Act::Attach(at, pane) => {
            if let (Some(client), Some(pane)) = (client(world, at), pick(panes, pane)) {
                world.did(
                    World::by(client),
                    &format!("attach {}", world.core.state().pane(pane).session),
                );
            }
        }
        Act::Connect(token, size, watches) if clients(world).len() < 6 => {
            world
                .connect_as(super::world::viewer(token, size), |viewer| viewer.read_only = watches);
        }
        Act::Gone(at) => {
            if let Some(client) = client(world, at) {
                world.gone(client);
            }
        }
        Act::Resize(at, size) => {
            if let Some(client) = client(world, at) {
                world.resize(client, size);
            }
        }
        Act::Keys(at) => {
            if let Some(client) = client(world, at) {
                let together = world
                    .core
                    .state()
                    .view(client)
                    .focus()
                    .map_or_else(Vec::new, |focus| world.core.state().typed_together(focus));
                assert!(
                    world.type_keys(client, "a").iter().all(|(pane, _)| together.contains(pane))
                );
            }
        }
        Act::Print(at, text) => {
            if let Some(pane) = pick(panes, at) {
                world.print(pane, PRINT[text % PRINT.len()]);
            }
        }
        Act::View(at, verb) => {
            // Much of it is refused: there is no second tab, no client, no mark. A refusal changes
            // nothing, which the model sees.
            let by = client(world, at).map_or(Caller::default(), World::by);
            world.ask(by, VIEW[verb % VIEW.len()]);
        }
        Act::Arrange(at, verb, other) => {
            if let Some(pane) = pick(panes, at) {
                let verb = ARRANGE[verb % ARRANGE.len()];
                world.ask(Caller { client: None, pane: Some(pane) }, verb);
                model.look(world, pane);
                if world.core.state().panes.contains_key(&pane) {
                    join(world, model, pane, pick(panes, other));
                }
            }
        }
        Act::Wait(at, verb) => {
            let by =
                client(world, at).map_or(Caller { client: None, pane: pick(panes, at) }, World::by);
            world.ask(by, WAIT[verb % WAIT.len()]);
        }
        Act::Sleep(ms) => world.wait(Span::millis(ms)),
        Act::CanStart(can) => world.starts = if can { Ok(()) } else { Err("no such file") },
        _ => (),
    }
}

/// Moves a pane beside another, of whatever session.
fn join(world: &mut World, model: &mut Model, pane: PaneId, beside: Option<PaneId>) {
    let Some(beside) = beside else { return };
    if world.outcome(Caller::default(), &format!("pane join {beside} -t {pane}")).is_err() {
        return;
    }
    let goal = model
        .sessions
        .iter()
        .find(|(_, panes)| panes.contains(&beside))
        .map(|(name, _)| name.clone())
        .expect("it is in one");
    model.forget(pane);
    model.sessions.entry(goal).or_default().push(pane);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_core_is_what_the_model_says(
        acts in proptest::collection::vec(act(), 0..60), stops in any::<bool>()
    ) {
        let mut world = World::new();
        let mut model = Model::default();
        world.stops = stops;
        for act in &acts {
            run(&mut world, &mut model, act);
            model.assert_is(&world);
        }
        finish(&mut world);
    }
}

/// Everything is ended: then every call is answered but those whose clients still owe an answer,
/// and the server leaves.
fn finish(world: &mut World) {
    for client in clients(world) {
        world.gone(client);
    }
    for (_, call, _) in std::mem::take(&mut world.forwarded) {
        world.step(Input::Answered { call, outcome: Ok(Value::Null) });
    }
    world.stops = true;
    let ending: Vec<PaneId> = world
        .core
        .state()
        .panes
        .values()
        .filter(|pane| pane.life == ProgramState::Ending)
        .map(|pane| pane.id)
        .collect();
    let stop = world.ask(Caller::default(), "server stop");
    for pane in ending {
        world.ended(pane, ExitStatus::Signal(15), &[]);
    }
    assert!(world.answer(stop).is_some_and(|outcome| outcome.is_ok()));
    assert_eq!((world.open.len(), world.core.state().panes.len(), world.exits), (0, 0, 1));
}
