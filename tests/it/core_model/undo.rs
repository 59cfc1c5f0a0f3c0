//! What is closed and comes back, what runs again, and what is typed into several panes at once.

use abide::base::error::Code;
use abide::base::geom::{Rect, Size};
use abide::base::id::{ClientId, PaneId};
use abide::base::signal::ExitStatus;
use abide::base::time::Span;
use abide::core::{ClientEvent, Input};
use abide::settings::{Remain, Settings};
use abide::state::call::Caller;
use abide::state::effect::{ClientMessage, Effect};
use abide::state::pane::ProgramState;
use serde_json::{Value, json};

use crate::core_model::check_refusal;
use crate::core_model::world::World;

/// A client in a session `a`, after these calls.
fn world(words: &[&str]) -> (World, ClientId) {
    let mut world = World::new();
    let client = world.connect(1, Size::new(81, 25));
    world.did(World::by(client), "new a");
    for words in words {
        world.did(World::by(client), words);
    }
    world.told(client);
    (world, client)
}

fn rects(world: &World, client: ClientId) -> Vec<(u64, Rect)> {
    world
        .core
        .scene(client)
        .expect("it is there")
        .panes
        .iter()
        .map(|pane| (pane.id.0, pane.rect))
        .collect()
}

#[test]
fn a_closed_pane_runs_on_hidden_and_comes_back_exactly_where_it_was() {
    let (mut world, client) = world(&[
        "pane split --right",
        "pane split",
        "pane resize --up 4",
        "pane split --right -l 9",
        "pane focus p3",
    ]);
    let before = rects(&world, client);
    assert_eq!(
        world.did(World::by(client), "pane close"),
        json!({"panes": ["p3"], "left": [], "undo_ms": 60_000})
    );
    assert_eq!(
        world.told(client),
        [ClientMessage::Closed { what: "pane 3 (zsh)".into(), undo_ms: 60_000 }]
    );
    assert_eq!(
        (world.stopped.len(), world.core.state().pane(PaneId(3)).life),
        (0, ProgramState::Running { pid: 100 })
    );
    assert_eq!(rects(&world, client).len(), 3);
    world.print(PaneId(3), "still here");
    check_refusal(
        &mut world,
        "pane focus p3",
        Code::NotRunning,
        "pane p3 is closed",
        "abide undo brings back what was closed last",
    );
    let listed = world.did(Caller::default(), "pane ls --all");
    let state = |pane: usize| listed.as_array().expect("a list")[pane]["state"].clone();
    assert_eq!((state(1), state(2)), (json!("running"), json!("closed")));
    assert_eq!(
        world.did(World::by(client), "undo"),
        json!({"what": "pane", "session": "s1", "name": "a", "tab": "t1", "pane": "p3"})
    );
    assert_eq!(rects(&world, client), before);
    assert_eq!(world.core.scene(client).expect("it is there").focus, Some(PaneId(3)));
    assert!(world.core.state().pane(PaneId(3)).screen.text(0..1).starts_with("still here"));
    assert_eq!(world.outcome(World::by(client), "undo").expect_err("nothing").code, Code::NotFound);
}

#[test]
fn what_nobody_wants_back_is_ended_after_a_minute() {
    let (mut world, client) =
        world(&["pane split", "tab new", "pane close -t p2", "tab close --undo 2s"]);
    world.wait(Span::millis(1999));
    assert_eq!(world.stopped, []);
    world.wait(Span::millis(1));
    assert_eq!(world.stopped, [(PaneId(3), Span::seconds(5))]);
    world.wait(Span::seconds(58));
    assert_eq!(world.stopped.len(), 2);
    assert_eq!(world.core.state().panes.len(), 1);
    assert_eq!(world.core.scene(client).expect("it is there").tabs.len(), 1);
}

#[test]
fn what_was_ended_is_made_anew_at_its_place_the_latest_first() {
    let (mut world, client) = world(&[
        "pane split --right -- edit x",
        "pane split",
        "pane resize --up 4",
        "tab new -n two -- top",
    ]);
    world.did(World::by(client), "tab go 1");
    let before = rects(&world, client);
    world.did(World::by(client), "tab close -t two");
    world.did(World::by(client), "pane close -t p2");
    world.wait(Span::seconds(61));
    assert_eq!((world.core.state().panes.len(), world.core.state().closed_items.len()), (2, 0));
    assert_eq!(
        world.did(World::by(client), "undo"),
        json!({"what": "pane", "session": "s1", "name": "a", "tab": "t1", "pane": "p5"})
    );
    let places = |rects: &[(u64, Rect)]| {
        rects.iter().map(|(_, rect)| *rect).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(places(&rects(&world, client)), places(&before));
    assert_eq!(
        world.did(World::by(client), "undo"),
        json!({"what": "tab", "session": "s1", "name": "a", "tab": "t2", "pane": "p6"})
    );
    assert_eq!(world.core.state().session(abide::base::id::SessionId(1)).tabs.len(), 2);
    assert_eq!(world.outcome(World::by(client), "undo").expect_err("nothing").code, Code::NotFound);
}

#[test]
fn what_ended_by_itself_is_made_anew_with_the_session_it_was_of() {
    let (mut world, client) = world(&["pane split", "tab new", "pane close -t p1 --now"]);
    for (pane, status) in [(2, ExitStatus::Code(1)), (3, ExitStatus::Signal(9))] {
        world.end(PaneId(pane), status);
    }
    assert!(world.core.state().sessions.is_empty());
    let back = world.did(Caller::default(), "undo");
    assert_eq!(
        (&back["what"], &back["name"], &back["session"], &back["tab"]),
        (&json!("session"), &json!("a"), &json!("s2"), &json!("t2"))
    );
    let back = world.did(Caller::default(), "undo");
    assert_eq!(
        (&back["what"], &back["session"], &back["tab"]),
        (&json!("tab"), &json!("s2"), &json!("t1")),
        "its session is the same again"
    );
    assert_eq!(
        world.outcome(World::by(client), "undo").expect_err("p1 was ended on purpose").code,
        Code::NotFound
    );
}

#[test]
fn what_goes_with_the_machine_is_no_closing() {
    for status in
        [ExitStatus::Signal(1), ExitStatus::Signal(15), ExitStatus::Code(143), ExitStatus::Lost]
    {
        let (mut world, _) = world(&["pane split"]);
        world.end(PaneId(2), status);
        assert_eq!(
            world.outcome(Caller::default(), "undo").expect_err("nothing").code,
            Code::NotFound,
            "{status:?}"
        );
    }
}

#[test]
fn with_now_or_no_time_it_ends_at_once() {
    for words in [
        "pane close --now",
        "pane close --grace 5s",
        "tab close --now",
        "pane close --undo 0ms",
        "session close --now",
    ] {
        let (mut world, client) = world(&["pane split", "pane close -t p1 --now"]);
        world.ask(World::by(client), words);
        assert_eq!(world.stopped.len(), 2, "{words}");
        assert!(
            world.core.state().closed_items.is_empty() && world.core.state().panes.is_empty(),
            "{words}"
        );
    }
}

#[test]
fn tabs_and_sessions_come_back_with_their_names_and_places() {
    let (mut world, client) = world(&[
        "tab rename one",
        "tab new -n two",
        "pane split",
        "pane zoom",
        "tab new -n three",
        "tab go two",
        "tab close",
    ]);
    let tabs = |world: &World| -> Vec<String> {
        world
            .core
            .scene(client)
            .expect("it is there")
            .tabs
            .into_iter()
            .map(|tab| tab.name)
            .collect()
    };
    assert_eq!(tabs(&world), ["one", "three"]);
    assert_eq!(world.did(World::by(client), "undo")["what"], "tab");
    assert_eq!(tabs(&world), ["one", "two", "three"]);
    assert_eq!(rects(&world, client).len(), 2);
    world.did(World::by(client), "session close");
    assert!(world.core.state().sessions.is_empty());
    assert!(
        matches!(world.told(client).as_slice(), [.., ClientMessage::Shut(name)] if name == "a"),
        "the client leaves"
    );
    let other = world.connect(2, Size::new(81, 25));
    world.did(World::by(other), "new a");
    let back = world.did(World::by(other), "undo");
    assert_eq!(
        (&back["what"], &back["name"], &back["session"]),
        (&json!("session"), &json!("a-2"), &json!("s1"))
    );
    assert_eq!(world.core.scene(other).expect("it is there").tabs.len(), 3);
    assert_eq!(world.core.scene(other).expect("it is there").focus, Some(PaneId(3)));
}

#[test]
fn the_last_pane_takes_tab_and_session_along_and_all_come_back_together() {
    let (mut world, client) = world(&["pane rename keep", "pane close"]);
    assert!(world.core.state().sessions.is_empty());
    world.gone(client);
    world.connections(0);
    world.wait(Span::seconds(30));
    assert_eq!(world.exits, 0, "a server with something in the graveyard stays");
    assert_eq!(world.did(Caller::default(), "undo")["what"], "session");
    let client = world.connect(2, Size::new(81, 25));
    world.did(World::by(client), "attach a");
    assert_eq!(world.core.scene(client).expect("it is there").panes[0].title, "keep");
}

#[test]
fn a_pane_whose_tab_or_session_went_away_gets_new_ones() {
    let (mut world, client) = world(&["tab new", "pane split", "pane close -t p3"]);
    world.end(PaneId(2), ExitStatus::Code(0));
    let back = world.did(World::by(client), "undo");
    assert_eq!((&back["tab"], &back["session"]), (&json!("t3"), &json!("s1")));
    world.did(World::by(client), "pane close");
    world.end(PaneId(1), ExitStatus::Code(0));
    assert!(world.core.state().sessions.is_empty());
    let back = world.did(Caller::default(), "undo");
    assert_eq!(
        (&back["name"], &back["session"], &back["pane"]),
        (&json!("a"), &json!("s1"), &json!("p3"))
    );
}

#[test]
fn what_ended_in_the_graveyard_stays_away_and_a_changed_layout_gets_it_back_beside() {
    let (mut world, client) = world(&[
        "pane split --right",
        "pane split",
        "pane close -t p3",
        "pane split -t p1",
        "pane close -t p2",
    ]);
    world.end(PaneId(2), ExitStatus::Code(0));
    assert_eq!(world.did(World::by(client), "undo")["pane"], "p3");
    assert_eq!(rects(&world, client).len(), 3);
    let (mut world, client) = self::world(&["tab new", "tab close"]);
    world.end(PaneId(2), ExitStatus::Code(0));
    assert!(world.core.state().closed_items.is_empty());
    assert_eq!(
        world.did(World::by(client), "undo")["pane"],
        "p3",
        "another program is started for the one that ended"
    );
}

#[test]
fn killing_a_session_takes_what_was_closed_in_it_along() {
    let (mut world, _) = world(&["pane split", "pane close"]);
    assert_eq!(world.did(Caller::default(), "kill a"), json!({"panes": ["p1", "p2"], "left": []}));
    assert!(world.core.state().panes.is_empty() && world.core.state().closed_items.is_empty());
}

#[test]
fn graves_are_bounded() {
    let (mut world, client) = world(&[]);
    for _ in 0..=abide::state::undo::CLOSED_MAX {
        world.did(World::by(client), "tab new");
        world.did(World::by(client), "tab close");
    }
    assert_eq!(world.core.state().closed_items.len(), abide::state::undo::CLOSED_MAX);
    assert_eq!(
        world.stopped.iter().map(|(pane, _)| pane.0).collect::<Vec<_>>(),
        [2],
        "the oldest is ended"
    );
}

#[test]
fn a_pane_runs_its_program_again_in_its_place() {
    let (mut world, client) = world(&["pane split -- prog -x"]);
    check_refusal(
        &mut world,
        "pane respawn -t p2",
        Code::InvalidParams,
        "the program of pane p2 runs",
        "--kill ends it first",
    );
    world.print(PaneId(2), "old\x1b]7;file:///srv\x07");
    world.stops = false;
    world.did(World::by(client), "pane respawn --kill");
    assert_eq!(world.core.state().pane(PaneId(2)).life, ProgramState::Ending);
    assert_eq!(rects(&world, client).len(), 2, "it keeps its place");
    world.ended(PaneId(2), ExitStatus::Signal(1), &[]);
    assert_eq!(world.core.state().pane(PaneId(2)).life, ProgramState::Running { pid: 100 });
    assert_eq!(world.core.state().pane(PaneId(2)).screen.text(0..1).trim(), "");
    let program = &world.programs[&PaneId(2)];
    assert_eq!(
        (program.argv.join(" "), &program.cwd[0]),
        ("prog -x".into(), &abide::state::effect::StartDir::Directory("/srv".into()))
    );
    world.stops = true;
    world.did(World::by(client), "pane respawn -k -c /etc -e A=b -- other");
    assert_eq!(world.programs[&PaneId(2)].argv, ["other"]);
    assert!(world.programs[&PaneId(2)].env.contains(&("A".into(), "b".into())));
}

#[test]
fn what_a_pane_that_stays_says_scrolls_nothing_away_where_there_is_room() {
    let mut settings = Settings::default();
    settings.pane.remain_on_exit = Remain::On;
    let mut world = World::with(settings);
    world.connect(1, Size::new(80, 24));
    world.did(Caller::default(), "new a");
    world.print(PaneId(1), "first\r\nsecond\r\n");
    world.end(PaneId(1), ExitStatus::Code(3));
    let screen = &world.core.state().pane(PaneId(1)).screen;
    let rows = i64::from(screen.size().rows);
    assert_eq!(screen.text(0..1).trim(), "first");
    assert!(screen.text(rows - 1..rows).contains("exit 3: Enter or R runs it again"));
}

#[test]
fn a_pane_that_stays_says_how_it_ended_and_enter_runs_it_again() {
    let mut settings = Settings::default();
    settings.pane.remain_on_exit = Remain::On;
    let mut world = World::with(settings);
    let client = world.connect(1, Size::new(80, 24));
    world.did(World::by(client), "new a");
    world.print(PaneId(1), "\x1b[?1049h\x1b[?1000hfull screen");
    world.end(PaneId(1), ExitStatus::Code(3));
    let last =
        |world: &World| world.core.state().pane(PaneId(1)).screen.text(0..22).trim().to_owned();
    assert_eq!(last(&world), "exit 3: Enter or R runs it again");
    world.end(PaneId(1), ExitStatus::Code(3));
    assert_eq!(last(&world).lines().count(), 1, "a new server tells it again");
    assert_eq!(world.type_keys(client, "a"), []);
    assert_eq!(
        world.core.state().pane(PaneId(1)).life,
        ProgramState::Ended { status: ExitStatus::Code(3) }
    );
    world.type_keys(client, "Enter");
    assert_eq!(
        (world.core.state().pane(PaneId(1)).life, last(&world)),
        (ProgramState::Running { pid: 100 }, String::new())
    );
    world.did(World::by(client), "pane close");
    world.end(PaneId(1), ExitStatus::Code(0));
    assert_eq!(world.did(Caller::default(), "undo")["pane"], "p1", "one that stays comes back too");
}

#[test]
fn synchronized_panes_are_typed_into_together() {
    let (mut world, client) = world(&["pane split", "pane split --right", "pane sync"]);
    let typed = |world: &mut World, keys: &str| {
        world.type_keys(client, keys).into_iter().map(|(pane, _)| pane.0).collect::<Vec<_>>()
    };
    assert_eq!(typed(&mut world, "x"), [1, 2, 3]);
    assert_eq!(world.paste(client, "y").len(), 3);
    assert_eq!(world.core.scene(client).expect("it is there").panes[0].title, "zsh [synced]");
    assert_eq!(world.did(World::by(client), "pane sync"), json!([]));
    assert_eq!(typed(&mut world, "x"), [3]);
    let refusal =
        world.outcome(World::by(client), "pane sync --marked").expect_err("none is marked");
    assert_eq!(refusal.message, "pane.sync: fewer than two panes of the tab are marked");
    for words in ["pane mark -t p1", "pane mark", "pane sync --marked"] {
        world.did(World::by(client), words);
    }
    assert_eq!(typed(&mut world, "x"), [1, 3]);
    world.did(World::by(client), "pane focus p2");
    assert_eq!(typed(&mut world, "x"), [2]);
    assert_eq!(world.did(World::by(client), "pane mark --clear"), json!([]));
    assert_eq!(world.did(World::by(client), "pane sync --off"), json!([]));
}

#[test]
fn a_session_can_have_a_size_of_its_own() {
    let (mut world, client) = world(&["session resize 30x9"]);
    let size = |world: &World| world.core.state().pane(PaneId(1)).size;
    assert_eq!(size(&world), Size::new(30, 9));
    world.resize(client, Size::new(100, 40));
    assert_eq!(size(&world), Size::new(30, 9));
    world.did(World::by(client), "session resize --auto");
    assert_eq!(size(&world), Size::new(100, 38));
    let refusal = world.call(World::by(client), "session.resize", &json!({})).expect_err("no size");
    assert_eq!(refusal.message, "session.resize: say the size");
}

#[test]
fn a_client_without_bars_gives_all_its_rows_to_panes() {
    let (mut world, client) = world(&[]);
    world.step(Input::Client { client, event: ClientEvent::Bars(0) });
    assert_eq!(rects(&world, client), [(1, Rect::new(0, 0, Size::new(81, 25)))]);
}

#[test]
fn a_restart_of_a_buried_pane_is_no_way_out() {
    let (mut world, client) = world(&["pane split"]);
    world.stops = false;
    world.did(World::by(client), "pane respawn --kill");
    world.did(World::by(client), "pane close");
    world.ended(PaneId(2), ExitStatus::Signal(1), &[]);
    assert!(!world.core.state().panes.contains_key(&PaneId(2)), "its program was told to end");
    let fx = world.effects(World::by(client), "pane close");
    assert!(
        fx.iter()
            .any(|effect| matches!(effect, Effect::Tell { message: ClientMessage::Shut(_), .. }))
    );
    assert_eq!(world.did(Caller::default(), "undo")["what"], Value::from("session"));
}

#[test]
fn a_saved_layout_is_applied_again_with_what_runs_and_with_what_is_missing() {
    let (mut world, client) =
        world(&["pane split --right -l 20 -- edit x", "pane split -- top", "pane rename watch"]);
    let saved = world.did(World::by(client), "layout save");
    assert_eq!(saved["split"], "columns");
    assert_eq!(
        saved["parts"][1]["parts"][1],
        json!({"size": 11, "command": ["top"], "name": "watch", "focus": true, "cwd": null})
            .as_object()
            .map(|part| {
                Value::Object(
                    part.iter()
                        .filter(|(_, value)| !value.is_null())
                        .map(|(name, value)| (name.clone(), value.clone()))
                        .collect(),
                )
            })
            .expect("an object")
    );
    let before = rects(&world, client);
    world.did(World::by(client), "layout apply even-vertical");
    world
        .call(World::by(client), "layout.apply", &json!({"preset": "f", "layout": saved}))
        .expect("it is applied");
    assert_eq!(rects(&world, client), before, "what runs takes its place again");
    world.did(World::by(client), "tab new");
    world
        .call(World::by(client), "layout.apply", &json!({"preset": "f", "layout": saved}))
        .expect("it is applied");
    assert_eq!(rects(&world, client).iter().map(|(id, _)| *id).collect::<Vec<_>>(), [4, 5, 6]);
    assert_eq!(
        (
            world.programs[&PaneId(6)].argv.as_slice(),
            world.core.scene(client).expect("it is there").focus
        ),
        (["top".to_owned()].as_slice(), Some(PaneId(6)))
    );
    world
        .call(
            World::by(client),
            "layout.apply",
            &json!({
                "preset": "f",
                "layout": {"split": "stack", "parts": [{"command": ["top"]}, {"command": ["new"]}]},
            }),
        )
        .expect("it is applied");
    assert_eq!(rects(&world, client).len(), 4, "what it does not name stays below");
    for (layout, why) in [
        (json!({"split": "rows"}), "layout: a split has no parts"),
        (json!({"parts": [{}]}), "layout: parts need a split: columns, rows or stack"),
    ] {
        let refusal = world
            .call(World::by(client), "layout.apply", &json!({"preset": "f", "layout": layout}))
            .expect_err(why);
        assert_eq!(refusal.message, why);
    }
    check_refusal(
        &mut world,
        "layout apply tild",
        Code::InvalidParams,
        "no preset \"tild\", and no file of that name was read",
        "did you mean \"tiled\"?",
    );
}

#[test]
fn while_the_last_pane_waits_for_undo_its_memory_is_listed_and_its_editor_refused() {
    let (mut world, client) = world(&["pane close"]);
    assert!(world.core.state().sessions.is_empty() && world.core.state().panes.len() == 1);
    let listed = world.did(Caller::default(), "ls --memory");
    assert_eq!(
        (listed[0]["pane"].as_str(), listed[0]["session"].as_str()),
        (Some("p1"), Some("a"))
    );
    let hint = "abide undo brings back what was closed last";
    check_refusal(&mut world, "pane edit -t p1", Code::NotRunning, "pane p1 is closed", hint);
    world.did(World::by(client), "undo");
    world.did(World::by(client), "pane edit -t p1");
}
