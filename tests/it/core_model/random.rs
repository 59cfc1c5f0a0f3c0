//! Every action with any arguments, through every door of the core, in whatever state that leads
//! to: nothing panics, all invariants hold, each call is answered once.

use std::collections::BTreeSet;

use abide::action::Outcome;
use abide::action::table::{self, ActionEntry};
use abide::base::error::{Code, Refusal};
use abide::base::geom::{Point, Size};
use abide::base::id::{CallId, ClientId, CommandId, PaneId, SessionId};
use abide::base::key::{KeyInput, Mods, MouseButton, MouseInput, MouseKind};
use abide::base::memory::HeapMemory;
use abide::base::signal::ExitStatus;
use abide::base::time::Span;
use abide::core::{ClientEvent, CommandEvent, Input, PaneEvent, RestoreInput, ServerEvent};
use abide::settings::{Remain, Settings};
use abide::state::State;
use abide::state::call::Caller;
use abide::state::command_effect::{CommandEffect, SnapshotRequest};
use abide::state::effect::{Fact, Question, Successor};
use abide::state::pane::ProgramState;
use abide::term::{Options, OuterColours, Terminal};
use serde_json::{Map, Value, json};

use crate::core_model::world::{World, viewer};

/// Words that arguments are made of: targets, names, keys, sizes, and what nobody expects.
const WORDS: [&str; 52] = [
    "a",
    "b",
    "main",
    "work",
    "@last",
    "@focused",
    "@marked",
    ":1",
    ":2",
    ".1",
    ".2",
    "a:1.1",
    "1",
    "2",
    "0",
    "-1",
    "s1",
    "s2",
    "s3",
    "t1",
    "t2",
    "t3",
    "t4",
    "p1",
    "p2",
    "p3",
    "p4",
    "p5",
    "p6",
    "p7",
    "v1",
    "v2",
    "c1",
    "c2",
    "c3",
    "",
    "x y",
    "\u{202e}",
    "é\u{301}",
    "Enter",
    "C-c Up",
    "tiled",
    "main-vertical",
    "stacked",
    "A=b",
    "/tmp",
    "zz",
    "(",
    "10x3",
    "-5..2",
    "INT",
    "buffer0",
];
const NUMBERS: [i64; 12] = [0, 1, 2, 3, 7, 80, 1000, 70_000, -1, -5, i64::MAX, i64::MIN];
const OUTPUT: [&str; 12] = [
    "hello\r\n",
    "zz",
    "\x07",
    "\x1b[?1049h",
    "\x1b]133;A\x07$ \x1b]133;B\x07",
    "\x1b]133;C\x07x\r\n\x1b]133;D;1\x07",
    "\x1b]2;title\x07\x1b[?1004h\x1b[?1000;1006h\x1b[?2004h",
    "\x1b]9;note\x07\x1b]52;c;aGk=\x07\x1b]9;4;1;40\x07",
    "\x1b]7;file:///tmp\x07\x1b]8;;http://a\x07l\x1b]8;;\x07",
    "\x1b[?2026h",
    "\x1b[2J\x1b[H\u{4e00}\u{1f469}\u{200d}\u{1f467}",
    "\x1b[?1049l\x1b[?2026l\x1bc",
];
/// Calls that make and close things, more often than others.
const OFTEN: [&str; 12] = [
    "new",
    "new -- prog",
    "tab new",
    "pane split",
    "pane split --right",
    "pane close",
    "tab close",
    "kill a",
    "undo",
    "attach",
    "exec -- true",
    "start -- true",
];

/// Dice that fall alike for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or(0) % sides.max(1)
    }

    fn of<T: Clone>(&mut self, among: &[T]) -> Option<T> {
        among.get(self.roll(among.len())).cloned()
    }

    fn word(&mut self) -> &'static str {
        WORDS[self.roll(WORDS.len())]
    }
}

/// A value that a schema allows, or nearly.
fn value(dice: &mut Dice, schema: &Value, whole: &Value, depth: usize) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        let at = name.rsplit('/').next().unwrap_or_default();
        return value(dice, &whole["$defs"][at], whole, depth + 1);
    }
    for choice in ["anyOf", "oneOf"] {
        if let Some(among) = schema[choice].as_array() {
            let of = dice.of(among).unwrap_or_default();
            return value(dice, &of, whole, depth + 1);
        }
    }
    if let Some(among) = schema["enum"].as_array() {
        return dice.of(among).unwrap_or_default();
    }
    if !schema["const"].is_null() {
        return schema["const"].clone();
    }
    let kinds: Vec<Value> = match &schema["type"] {
        Value::Array(kinds) => kinds.clone(),
        kind => vec![kind.clone()],
    };
    let kind = dice.of(&kinds).unwrap_or_default();
    match kind.as_str() {
        Some("boolean") => json!(dice.roll(2) == 0),
        Some("integer" | "number") => json!(NUMBERS[dice.roll(NUMBERS.len())]),
        Some("array") if depth < 6 => {
            let len = dice.roll(4);
            (0..len).map(|_| value(dice, &schema["items"], whole, depth + 1)).collect()
        }
        Some("object") if depth < 6 => Value::Object(object(dice, schema, whole, depth + 1)),
        Some("string") if dice.roll(4) == 0 => {
            let examples = schema["examples"].as_array().cloned().unwrap_or_default();
            dice.of(&examples).unwrap_or_else(|| dice.word().into())
        }
        Some("string") => dice.word().into(),
        _ => Value::Null,
    }
}

fn object(dice: &mut Dice, schema: &Value, whole: &Value, depth: usize) -> Map<String, Value> {
    let needed: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut made = Map::new();
    for (name, of) in schema["properties"].as_object().into_iter().flatten() {
        if needed.contains(&name.as_str()) || dice.roll(3) == 0 {
            made.insert(name.clone(), value(dice, of, whole, depth));
        }
    }
    if schema["additionalProperties"].is_object() {
        made.insert("X".into(), "y".into());
    }
    made
}

/// The core under everything that can come from outside.
struct Storm {
    world: World,
    dice: Dice,
    /// Every action with the schema of its arguments.
    actions: Vec<(&'static ActionEntry, Value)>,
    made: usize,
    /// The names of the actions that were carried out.
    seen: BTreeSet<&'static str>,
}

fn settings(dice: &mut Dice) -> Settings {
    let mut settings = Settings::default();
    (settings.limits.sessions, settings.limits.panes) = (5, 14);
    settings.pane.remain_on_exit = [Remain::Off, Remain::On, Remain::Failed][dice.roll(3)];
    settings.pane.undo_ms = [60_000, 0, 1][dice.roll(3)];
    settings
}

impl Storm {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let world = World::with(settings(&mut dice));
        let actions = table::all().map(|entry| (entry, entry.params().to_value())).collect();
        Self { world, dice, actions, made: 0, seen: BTreeSet::new() }
    }

    fn client(&mut self) -> Option<ClientId> {
        let all: Vec<ClientId> = self.world.core.state().views.keys().copied().collect();
        self.dice.of(&all)
    }

    /// A pane, mostly one that is there.
    fn pane(&mut self) -> PaneId {
        let all: Vec<PaneId> = self.world.core.state().panes.keys().copied().collect();
        match self.dice.roll(12) {
            0 => PaneId(99),
            _ => self.dice.of(&all).unwrap_or(PaneId(1)),
        }
    }

    fn live(&mut self) -> Option<PaneId> {
        let all: Vec<PaneId> = self.world.live.iter().copied().collect();
        self.dice.of(&all)
    }

    fn caller(&mut self) -> Caller {
        match self.dice.roll(3) {
            0 => Caller::default(),
            1 => Caller { client: None, pane: Some(self.pane()) },
            _ => Caller { client: self.client(), pane: None },
        }
    }

    /// A call of any action, or of one that makes or closes something.
    fn call(&mut self) {
        let caller = self.caller();
        if self.dice.roll(3) == 0 {
            let words = OFTEN[self.dice.roll(OFTEN.len())];
            self.made += 1;
            self.world.ask(caller, words);
            return;
        }
        let at = self.dice.roll(self.actions.len());
        let (entry, schema) = self.actions[at].clone();
        let is_end = matches!(entry.name, "server.stop" | "server.restart" | "server.upgrade");
        if is_end && self.dice.roll(40) != 0 {
            return;
        }
        let params = object(&mut self.dice, &schema, &schema, 0);
        self.made += 1;
        if let Ok(action) = entry.call(&params) {
            self.seen.insert(entry.name);
            self.world.invoke(caller, action);
        }
    }

    /// Something that a client does.
    fn by_client(&mut self) {
        let Some(client) = self.client() else {
            let token = self.dice.roll(4) as u64;
            let read_only = self.dice.roll(4) == 0;
            self.world.connect_as(viewer(token, Size::new(80, 24)), |viewer| {
                viewer.read_only = read_only;
            });
            return;
        };
        let size = [Size::new(80, 24), Size::new(1, 1), Size::new(300, 90), Size::new(9, 3)];
        let size = size[self.dice.roll(4)];
        match self.dice.roll(9) {
            0 => self.world.gone(client),
            1 => self.world.resize(client, size),
            2 => {
                let focused = self.dice.roll(2) == 0;
                self.world.step(Input::Focused { client, focused });
            }
            3 => {
                let pane = self.pane();
                let kinds = [
                    MouseKind::Press(MouseButton::Left),
                    MouseKind::Move,
                    MouseKind::Release(MouseButton::Left),
                ];
                let kind = kinds[self.dice.roll(3)];
                let at = Point::new(2, 3);
                let mouse = MouseInput { kind, at, mods: Mods::NONE };
                self.world.step(Input::Mouse { client, pane, mouse });
            }
            4 => drop(self.world.paste(client, "x\ny")),
            5 => {
                let rows = [0, 2, 90][self.dice.roll(3)];
                self.world.step(Input::Client { client, event: ClientEvent::Bars(rows) });
            }
            6 => {
                let event = ClientEvent::Colours(OuterColours::default());
                self.world.step(Input::Client { client, event });
            }
            _ => {
                let keys = ["a", "C-c", "Enter", "Up"][self.dice.roll(4)];
                let key = KeyInput::from(keys.parse::<abide::base::key::Key>().expect("a key"));
                self.world.step(Input::Keys { client, keys: &[key] });
            }
        }
    }

    /// Something that a program does, or that is found out about one.
    fn by_program(&mut self) {
        let pane = self.pane();
        match self.dice.roll(8) {
            0..=2 => {
                let text = OUTPUT[self.dice.roll(OUTPUT.len())];
                self.world.print(pane, text);
            }
            3 => {
                let Some(pane) = self.live() else { return };
                let status = [ExitStatus::Code(0), ExitStatus::Code(1), ExitStatus::Signal(9)];
                self.world.ended(pane, status[self.dice.roll(3)], &[77]);
            }
            4 => {
                let stopped = self.world.stopped.first().map(|(pane, _)| *pane);
                if let Some(pane) = stopped.filter(|pane| self.world.live.contains(pane)) {
                    self.world.ended(pane, ExitStatus::Signal(1), &[]);
                }
            }
            _ => {
                let text = self.dice.word().to_owned();
                let events = [
                    PaneEvent::SyncTimeout,
                    PaneEvent::ScreenLost,
                    PaneEvent::Foreground { name: Some(text.clone()), argv: vec![text.clone()] },
                    PaneEvent::Foreground { name: None, argv: Vec::new() },
                    PaneEvent::Cwd(text.clone()),
                    PaneEvent::PipeEnded,
                    PaneEvent::Warning(text),
                    PaneEvent::Pack,
                ];
                let at = self.dice.roll(events.len());
                let Some(event) = events.into_iter().nth(at) else { return };
                self.world.step(Input::Pane { pane, event });
            }
        }
    }

    /// Something about the server or the time.
    fn around(&mut self) {
        match self.dice.roll(9) {
            0 => {
                let count = 1 + self.dice.roll(3);
                self.world.connections(count);
            }
            1 => drop(self.world.step(Input::Server(ServerEvent::CapScrollback))),
            2 => drop(self.world.step(Input::Server(ServerEvent::Keeper(12)))),
            3 => {
                let settings = Box::new(settings(&mut self.dice));
                self.world.step(Input::Configured(settings));
            }
            4 => {
                let panes = vec![self.pane()];
                let panes = panes
                    .into_iter()
                    .filter(|pane| self.world.core.state().panes.contains_key(pane))
                    .collect();
                self.world.step(Input::Restore(RestoreInput::Prompts(panes)));
            }
            5 => {
                let awaits_env = self.dice.roll(2) == 0;
                self.world.step(Input::Restore(RestoreInput::Programs { awaits_env }));
            }
            6 => {
                let all: Vec<CallId> = self.world.open.iter().copied().collect();
                let Some(call) = self.dice.of(&all) else { return };
                self.world.cancel(call);
            }
            7 => {
                let (starts, stops) = (self.dice.roll(5), self.dice.roll(3));
                self.world.starts = if starts == 0 { Err("no such file") } else { Ok(()) };
                self.world.stops = stops != 0;
            }
            _ => {
                let span = [Span::millis(1), Span::seconds(1), Span::seconds(90)];
                let span = span[self.dice.roll(3)];
                self.world.wait(span);
            }
        }
    }

    fn some_outcome(&mut self) -> Outcome {
        match self.dice.roll(2) {
            0 => Ok(json!({})),
            _ => Err(Refusal::new(Code::Busy, "not now")),
        }
    }

    /// Something that was asked for outside is answered.
    fn outside(&mut self) {
        match self.dice.roll(5) {
            0 => {
                let Some((_, call, _)) = self.world.forwarded.pop() else { return };
                let outcome = self.some_outcome();
                self.world.step(Input::Answered { call, outcome });
            }
            1 => {
                let Some((call, question)) = self.world.questions.pop() else { return };
                let fact = match question {
                    Question::LineMode(_) => Fact::LineMode { canonical: self.dice.roll(2) == 0 },
                    Question::Successor(_) => Fact::Successor(Ok(Successor {
                        program: "/usr/bin/abide".into(),
                        version: "1".into(),
                    })),
                };
                self.world.step(Input::Found { call, fact });
            }
            2 => {
                let Some((call, request)) = self.world.snapshots.pop() else { return };
                let outcome = self.some_outcome();
                match request {
                    SnapshotRequest::Restore { .. } if outcome.is_ok() => self.restore(call),
                    _ => drop(self.world.step(Input::Answered { call, outcome })),
                }
            }
            _ => self.command(),
        }
    }

    /// Sessions of a snapshot come back.
    fn restore(&mut self, call: CallId) {
        let mut former = State::default();
        let screen =
            Terminal::new(Size::new(20, 5), Options::default(), Box::new(HeapMemory::default()));
        former.adopt(PaneId(1), 7, screen, 0);
        for pane in former.panes.values_mut() {
            (pane.life, pane.restore.retried) = (ProgramState::Starting, true);
        }
        let former = Box::new(former);
        let env = Vec::new();
        self.world.step(Input::Restore(RestoreInput::Snapshot { call, former, env }));
    }

    /// The outside does one of the things that commands asked for.
    fn command(&mut self) {
        if self.world.commands.is_empty() {
            return;
        }
        let at = self.dice.roll(self.world.commands.len());
        match self.world.commands.remove(at) {
            CommandEffect::Run { command, .. } | CommandEffect::Start { command, .. } => {
                let refusal = Refusal::new(Code::SpawnFailed, "no such file");
                let event = match self.dice.roll(4) {
                    0 => CommandEvent::NotStarted { command, refusal },
                    _ => CommandEvent::Started { command, pid: 9, cwd: "/tmp".into() },
                };
                self.world.step(Input::Command(event));
                if self.dice.roll(2) == 0 {
                    self.command_ends(command);
                } else {
                    let grace = Span::seconds(0);
                    self.world.commands.push(CommandEffect::Stop { command, grace });
                }
            }
            CommandEffect::Stop { command, .. } => self.command_ends(command),
            CommandEffect::EndSession { session, .. } => self.session_over(session),
            CommandEffect::Serve { call, .. } => {
                let outcome = self.some_outcome();
                self.world.step(Input::Answered { call, outcome });
            }
            CommandEffect::Drop { .. } => {}
        }
    }

    fn command_ends(&mut self, command: CommandId) {
        let is_over = self
            .world
            .core
            .state()
            .commands
            .records
            .get(&command)
            .is_none_or(|record| record.end.is_some());
        if is_over {
            return;
        }
        self.world.step(Input::Command(CommandEvent::Ended {
            command,
            exit: ExitStatus::Code(1),
            was_killed: false,
            output: Box::default(),
        }));
    }

    fn session_over(&mut self, session: SessionId) {
        let event = CommandEvent::SessionEnding { session };
        self.world.step(Input::Command(event));
        let records = self.world.core.state().commands.records.values();
        let own = records.filter(|record| record.session == session && record.end.is_none());
        for command in own.map(|record| record.id).collect::<Vec<_>>() {
            self.command_ends(command);
        }
        self.world.step(Input::Command(CommandEvent::SessionOver { session }));
    }

    fn step(&mut self) {
        match self.dice.roll(20) {
            0..=9 => self.call(),
            10..=12 => self.by_client(),
            13..=15 => self.by_program(),
            16..=17 => self.outside(),
            _ => self.around(),
        }
        let core = &self.world.core;
        for client in core.state().views.keys() {
            let scene = core.scene(*client);
            assert!(scene.is_some() && core.status(*client).is_some(), "a client sees nothing");
        }
    }

    /// Everything that is under way comes to its end; each call has its answer then.
    fn end(mut self) -> (usize, BTreeSet<&'static str>) {
        (self.world.stops, self.world.starts) = (true, Ok(()));
        let is_restart = self.world.restarts > 0;
        if !is_restart {
            self.world.ask(Caller::default(), "server stop");
        }
        for _ in 0..20 {
            while let Some((_, call, _)) = self.world.forwarded.pop() {
                self.world.step(Input::Answered { call, outcome: Ok(json!({})) });
            }
            while let Some((call, _)) = self.world.questions.pop() {
                let fact = Fact::LineMode { canonical: false };
                self.world.step(Input::Found { call, fact });
                let refusal = Refusal::new(Code::NotFound, "none");
                self.world.step(Input::Found { call, fact: Fact::Successor(Err(refusal)) });
            }
            while let Some((call, _)) = self.world.snapshots.pop() {
                self.world.step(Input::Answered { call, outcome: Ok(json!({})) });
            }
            while !self.world.commands.is_empty() {
                self.command();
            }
            for pane in self.world.live.clone() {
                self.world.ended(pane, ExitStatus::Signal(1), &[]);
            }
            for _ in 0..1000 {
                if self.world.core.is_searching() {
                    self.world.step(Input::Wake);
                }
            }
            self.world.wait(Span::seconds(100));
        }
        let state = self.world.core.state();
        let pending: Vec<_> = state.calls.iter().collect();
        assert!(
            is_restart || self.world.open.is_empty(),
            "calls {:?} have no answer; the core knows {pending:?}",
            self.world.open
        );
        (self.made, self.seen)
    }
}

/// Makes so many calls; gives the names of the actions that were carried out.
fn storm(seed: u64, calls: usize) -> BTreeSet<&'static str> {
    let (mut made, mut carried_out) = (0, BTreeSet::new());
    for round in 0.. {
        let mut storm = Storm::new(seed.wrapping_add(round * 7919));
        while storm.made < 400 && storm.world.exits + storm.world.restarts == 0 {
            storm.step();
        }
        let (done, names) = storm.end();
        made += done;
        carried_out.extend(names);
        if calls <= made {
            break;
        }
    }
    carried_out
}

/// Random calls of one seed: as many as the agreement says with `ABIDE_FULL` set, for its four
/// seeds.
#[test]
fn random_calls_of_every_action_in_every_state_are_answered_once_and_nothing_panics() {
    let is_full = std::env::var_os("ABIDE_FULL").is_some();
    let (calls, seeds) = if is_full { (100_000, 1..=4) } else { (3000, 1..=1) };
    for seed in seeds {
        let seen = storm(seed, calls);
        println!("seed {seed}: {calls} calls, {} actions", seen.len());
        let missing: Vec<&str> = table::all()
            .filter(|entry| !entry.is_command_line_only())
            .map(|entry| entry.name)
            .filter(|name| !seen.contains(name))
            .collect();
        assert!(missing.len() < 5, "never carried out: {missing:?}");
    }
}
