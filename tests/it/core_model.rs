//! The core against a pretended outside: what calls answer, what effects come out, and that all
//! invariants hold after every step.

mod calls;
mod focus;
mod layouts;
mod lists;
mod model;
mod random;
mod targets;
mod undo;
mod world;

use abide::base::error::Code;
use abide::base::geom::{Point, Size};
use abide::base::id::PaneId;
use abide::base::key::{Mods, MouseButton, MouseInput, MouseKind};
use abide::base::signal::ExitStatus;
use abide::base::time::Span;
use abide::core::Input;
use abide::settings::{Remain, Settings};
use abide::state::call::Caller;
use abide::state::effect::{ClientMessage, StartDir};
use abide::state::pane::ProgramState;
use serde_json::{Value, json};
use world::{World, viewer};

pub(crate) fn refused(world: &mut World, caller: Caller, words: &str) -> (Code, String, String) {
    let refusal = world.outcome(caller, words).expect_err(words);
    (refusal.code, refusal.message, refusal.hint)
}

#[track_caller]
pub(crate) fn check_refusal(world: &mut World, words: &str, code: Code, message: &str, hint: &str) {
    let before = world.core.state().version;
    assert_eq!(
        refused(world, Caller::default(), words),
        (code, message.to_owned(), hint.to_owned())
    );
    assert_eq!(world.core.state().version, before, "a refusal has changed nothing");
}

#[test]
fn a_client_that_attaches_to_nothing_gets_a_session_called_main() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(100, 30));
    assert_eq!(world.core.scene(client).expect("it is there").session, None);
    let reply = world.did(World::by(client), "attach");
    assert_eq!(reply["name"], "main");
    let scene = world.core.scene(client).expect("it is there");
    assert_eq!(scene.session.map(|session| session.name).as_deref(), Some("main"));
    assert_eq!((scene.area, scene.panes.len(), scene.clients), (Size::new(100, 28), 1, 1));
    let program = world.programs[&PaneId(1)].clone();
    assert_eq!((program.size, program.argv), (Size::new(100, 28), vec!["/bin/zsh".to_owned()]));
    assert_eq!(program.cwd, [StartDir::Directory("/home/me/src".into()), StartDir::Home]);
}

#[test]
fn the_environment_of_a_program_is_the_callers_without_other_multiplexers_and_with_ours() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(80, 24));
    world.did(World::by(client), "new work -e A=1 -- prog");
    let env = &world.programs[&PaneId(1)].env;
    let value =
        |name: &str| env.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
    assert_eq!(
        (value("TMUX"), value("TMUX_PANE"), value("ZELLIJ_SESSION_NAME"), value("ABIDE_OLD")),
        (None, None, None, None)
    );
    assert_eq!(
        (value("ABIDE"), value("ABIDE_PANE"), value("ABIDE_SESSION")),
        (Some("/run/abide.sock"), Some("p1"), Some("s1"))
    );
    assert_eq!(
        (value("TERM"), value("COLORTERM"), value("TERM_PROGRAM")),
        (Some("xterm-256color"), Some("truecolor"), Some("abide"))
    );
    assert_eq!(
        (value("A"), value("EDITOR"), value("LC_CTYPE")),
        (Some("1"), Some("vi"), Some("C.UTF-8"))
    );
    assert_eq!(world.programs[&PaneId(1)].argv, ["prog"]);
}

#[test]
fn a_caller_that_sends_no_environment_gets_that_of_a_login() {
    let mut world = World::new();
    world.did(Caller::default(), "new work");
    let program = &world.programs[&PaneId(1)];
    assert!(program.env.contains(&("HOME".into(), "/home/me".into())));
    assert!(
        program.env.contains(&("LANG".into(), "en_US.UTF-8".into()))
            && !program.env.iter().any(|(name, _)| name == "LC_CTYPE")
    );
    assert_eq!(
        (program.argv.as_slice(), &program.cwd),
        (["/bin/bash".to_owned()].as_slice(), &vec![StartDir::Home])
    );
    assert_eq!(program.size, Size::new(80, 24), "without a client there are no bars");
}

#[test]
fn a_given_environment_directory_and_size_are_taken() {
    let mut world = World::new();
    let params = json!({
        "name": "work", "env": {"X": "y", "TMUX": "no"}, "cwd": "/srv",
        "size": {"cols": 120, "rows": 40}, "command": ["a b", "$c"],
    });
    world.call(Caller::default(), "session.new", &params).expect("it is made");
    let program = &world.programs[&PaneId(1)];
    assert!(
        program.env.contains(&("X".into(), "y".into()))
            && !program.env.iter().any(|(name, _)| name == "TMUX" || name == "HOME")
    );
    assert_eq!(
        (program.size, program.argv.len(), &program.cwd[0]),
        (Size::new(120, 40), 2, &StartDir::Directory("/srv".into()))
    );
}

#[test]
fn a_login_shell_is_told_so() {
    let mut settings = Settings::default();
    settings.shell.login = true;
    let mut world = World::with(settings);
    world.did(Caller::default(), "new");
    assert_eq!(world.programs[&PaneId(1)].argv, ["/bin/bash", "-l"]);
}

#[test]
fn sessions_without_a_name_are_called_main_and_then_numbered() {
    let mut world = World::new();
    let names: Vec<Value> =
        (0..3).map(|_| world.did(Caller::default(), "new")["name"].clone()).collect();
    assert_eq!(names, ["main", "1", "2"]);
    world.did(Caller::default(), "kill 1");
    assert_eq!(world.did(Caller::default(), "new")["name"], "1");
}

#[test]
fn a_name_that_is_taken_is_refused_unless_that_session_will_do() {
    let mut world = World::new();
    world.did(Caller::default(), "new work");
    check_refusal(
        &mut world,
        "new work",
        Code::AlreadyExists,
        "there is a session \"work\" already, s1",
        "abide attach work",
    );
    assert_eq!(world.did(Caller::default(), "new work --attach")["session"], "s1");
    assert_eq!(world.did(Caller::default(), "new-session -A -d -s work")["session"], "s1");
    assert_eq!(world.core.state().sessions.len(), 1);
}

#[test]
fn names_that_would_read_as_something_else_are_refused() {
    let mut world = World::new();
    let hint = "letters, digits, - and _ always do";
    check_refusal(
        &mut world,
        "new a:b",
        Code::InvalidParams,
        "name: \"a:b\" would read as another target",
        hint,
    );
    check_refusal(
        &mut world,
        "new s3",
        Code::InvalidParams,
        "name: \"s3\" would read as an id",
        hint,
    );
    check_refusal(
        &mut world,
        "new a\u{202e}b",
        Code::InvalidParams,
        "name: \"a\\u{202e}b\" has characters that do not show",
        hint,
    );
    let long = "x".repeat(65);
    check_refusal(
        &mut world,
        &format!("new {long}"),
        Code::InvalidParams,
        &format!("name: {long:?} has to have 1 to 64 bytes"),
        hint,
    );
    world.did(Caller::default(), "new work");
    check_refusal(
        &mut world,
        "rename @x",
        Code::InvalidParams,
        "name: \"@x\" would read as another target",
        hint,
    );
    let long = "x".repeat(129);
    check_refusal(
        &mut world,
        &format!("tab rename {long}"),
        Code::InvalidParams,
        &format!("name: {long:?} has to have 1 to 128 bytes"),
        "",
    );
    check_refusal(
        &mut world,
        "pane rename a\u{200b}",
        Code::InvalidParams,
        "name: \"a\\u{200b}\" has characters that do not show",
        "",
    );
}

#[test]
fn what_cannot_be_in_a_new_pane_is_refused() {
    let mut world = World::new();
    check_refusal(
        &mut world,
        "new -c here",
        Code::InvalidParams,
        "cwd: \"here\" is not absolute",
        "begin it with /",
    );
    let long = format!("/{}", "x".repeat(4096));
    check_refusal(
        &mut world,
        &format!("new -c {long}"),
        Code::InvalidParams,
        &format!("cwd: {long:?} is no path"),
        "",
    );
    let params = json!({"command": ["a\0b"]});
    let refusal = world.call(Caller::default(), "session.new", &params).expect_err("a NUL");
    assert_eq!(
        (refusal.code, refusal.message.as_str()),
        (Code::InvalidParams, "command: \"a\\0b\" has a NUL in it")
    );
    let params = json!({"size": {"cols": 0, "rows": 5}});
    let refusal = world.call(Caller::default(), "session.new", &params).expect_err("no columns");
    assert_eq!(refusal.message, "size: 0x5 is out of range; a pane has 1x1 to 2000x1000 cells");
    let client = world.connect(1, Size::new(80, 24));
    world.did(World::by(client), "new -c here");
    assert_eq!(world.programs[&PaneId(1)].cwd[0], StartDir::Directory("/home/me/src/here".into()));
}

#[test]
fn limits_are_reached_and_said() {
    let mut settings = Settings::default();
    (settings.limits.sessions, settings.limits.panes) = (1, 2);
    let mut world = World::with(settings);
    world.did(Caller::default(), "new work");
    check_refusal(
        &mut world,
        "new more",
        Code::LimitReached,
        "there are 1 sessions already",
        "limits.sessions in config.toml",
    );
    world.did(Caller::default(), "pane split");
    check_refusal(
        &mut world,
        "pane split",
        Code::LimitReached,
        "there are 2 panes already",
        "limits.panes in config.toml",
    );
}

#[test]
fn a_program_that_cannot_be_started_refuses_the_call_and_leaves_nothing() {
    let mut world = World::new();
    world.starts = Err("no such file");
    let refusal =
        world.outcome(Caller::default(), "new work -- nope").expect_err("it cannot start");
    assert_eq!((refusal.code, refusal.message.as_str()), (Code::SpawnFailed, "no such file"));
    assert!(world.core.state().sessions.is_empty() && world.core.state().panes.is_empty());
    let client = world.connect(1, Size::new(80, 24));
    world.did(World::by(client), "attach");
    assert!(
        world
            .told(client)
            .contains(&ClientMessage::Notice { text: "no such file".into(), warning: true }),
        "nobody asked, so the client is told"
    );
}

#[test]
fn targets_name_sessions_tabs_and_panes() {
    let mut world = World::new();
    world.did(Caller::default(), "new work");
    world.did(Caller::default(), "tab new --name build");
    world.did(Caller::default(), "pane split -t work:build");
    world.did(Caller::default(), "new other");
    let pane = |world: &mut World, target: &str| {
        world.did(Caller::default(), &format!("capture -t {target}"))["pane"].clone()
    };
    for (target, id) in [
        ("work:1", "p1"),
        ("work:1.1", "p1"),
        ("work:build", "p3"),
        ("work:build.1", "p2"),
        ("work:2.2", "p3"),
        ("t2", "p3"),
    ] {
        assert_eq!(pane(&mut world, target), id, "{target}");
    }
    for (target, id) in [
        ("other", "p4"),
        ("s1:2.1", "p2"),
        ("%2", "p2"),
        ("=work:1", "p1"),
        ("@1", "p1"),
        ("work:$", "p3"),
        ("work:^", "p1"),
    ] {
        assert_eq!(pane(&mut world, target), id, "{target}");
    }
    let within = Caller { client: None, pane: Some(PaneId(2)) };
    let own = |world: &mut World, target: &str| {
        world.did(within, &format!("capture -t {target}"))["pane"].clone()
    };
    for (target, id) in [
        ("@focused", "p2"),
        (".2", "p3"),
        (":1", "p1"),
        ("2", "p3"),
        ("build", "p3"),
        ("work:+", "p1"),
        ("work:-", "p1"),
    ] {
        assert_eq!(own(&mut world, target), id, "{target}");
    }
}

#[test]
fn keys_go_to_the_pane_in_focus_and_nowhere_else() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(80, 24));
    world.did(World::by(client), "new work");
    world.did(World::by(client), "pane split --right");
    assert_eq!(world.type_keys(client, "a C-c Up"), [(PaneId(2), b"a\x03\x1b[A".to_vec())]);
    world.did(World::by(client), "pane focus --left");
    assert_eq!(world.type_keys(client, "b"), [(PaneId(1), b"b".to_vec())]);
    world.did(World::by(client), "pane focus --last");
    assert_eq!(world.paste(client, "x\ny"), [(PaneId(2), b"x\ry".to_vec())]);
    world.print(PaneId(2), "\x1b[?2004h");
    assert_eq!(world.paste(client, "x"), [(PaneId(2), b"\x1b[200~x\x1b[201~".to_vec())]);
}

#[test]
fn the_mouse_goes_to_panes_that_are_shown_and_want_it() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(80, 24));
    world.did(World::by(client), "new work");
    world.did(World::by(client), "tab new");
    let mouse = MouseInput {
        kind: MouseKind::Press(MouseButton::Left),
        at: Point::new(2, 3),
        mods: Mods::NONE,
    };
    let click = |world: &mut World, pane| {
        world.writes(|core, now, fx| core.step(now, Input::Mouse { client, pane, mouse }, fx))
    };
    assert_eq!(click(&mut world, PaneId(2)), []);
    world.print(PaneId(2), "\x1b[?1000;1006h");
    world.print(PaneId(1), "\x1b[?1000;1006h");
    assert_eq!(click(&mut world, PaneId(2)), [(PaneId(2), b"\x1b[<0;3;4M".to_vec())]);
    assert_eq!(click(&mut world, PaneId(1)), [], "its tab is not shown");
    assert_eq!(click(&mut world, PaneId(9)), []);
}

#[test]
fn a_client_that_only_watches_types_nothing_and_changes_nothing() {
    let mut world = World::new();
    let writer = world.connect(1, Size::new(80, 24));
    world.did(World::by(writer), "new work");
    let watcher = world.connect_as(viewer(2, Size::new(40, 10)), |viewer| viewer.read_only = true);
    world.did(World::by(watcher), "attach work");
    assert_eq!(world.type_keys(watcher, "a"), []);
    assert_eq!(world.core.state().pane(PaneId(1)).size, Size::new(80, 22), "it does not drive");
    let refusal = world.outcome(World::by(watcher), "pane split").expect_err("it only watches");
    assert_eq!(
        (refusal.code, refusal.message.as_str()),
        (Code::ReadOnly, "this client only watches, so it cannot pane.split")
    );
    assert_eq!(refusal.hint, "abide attach without --read-only");
    let refusal =
        world.outcome(World::by(watcher), "detach --others").expect_err("it only watches");
    assert_eq!(refusal.message, "a client that only watches cannot send others away");
    let refusal = world
        .outcome(World::by(watcher), "attach work --detach-others")
        .expect_err("it only watches");
    assert_eq!(refusal.message, "a client that only watches cannot send others away");
    assert_eq!(world.did(World::by(watcher), "detach"), json!(["v2"]));
    world.did(Caller::default(), "kill work");
    let refusal = world.outcome(World::by(watcher), "attach").expect_err("nothing to watch");
    assert_eq!(
        (refusal.code, refusal.message.as_str()),
        (Code::NotFound, "there is no session to watch")
    );
}

#[test]
fn watching_can_begin_at_attach() {
    let mut world = World::new();
    world.did(Caller::default(), "new work");
    let client = world.connect(1, Size::new(80, 24));
    world.did(World::by(client), "attach work --read-only");
    assert_eq!(world.type_keys(client, "a"), []);
    assert!(world.core.scene(client).expect("it is there").read_only);
}

#[test]
fn a_session_is_never_shown_inside_itself() {
    let mut world = World::new();
    world.did(Caller::default(), "new work");
    world.did(Caller::default(), "new other");
    let client = world.connect(1, Size::new(80, 24));
    let inside = Caller { client: Some(client), pane: Some(PaneId(1)) };
    let refusal = world.outcome(inside, "attach work").expect_err("it is inside");
    assert_eq!(refusal.code, Code::Nested);
    assert_eq!(
        refusal.message,
        "this terminal is a pane of session \"work\", which cannot be shown inside itself"
    );
    assert_eq!(refusal.hint, "prefix s goes to another session");
    world.did(inside, "attach other");
    let refusal = world.outcome(Caller::default(), "attach work").expect_err("no terminal");
    assert_eq!(
        (refusal.code, refusal.message.as_str()),
        (Code::NoTerminal, "only a client with a terminal can show a session")
    );
}

#[test]
fn a_client_that_comes_back_sees_what_it_saw() {
    let mut world = World::new();
    let client = world.connect(7, Size::new(80, 24));
    world.did(World::by(client), "new work");
    world.did(World::by(client), "pane split --right");
    world.did(World::by(client), "tab new");
    world.did(World::by(client), "tab go 1");
    world.did(World::by(client), "pane zoom");
    let before = world.core.scene(client).expect("it is there");
    world.gone(client);
    let again = world.connect(7, Size::new(80, 24));
    assert_eq!(world.core.scene(again), Some(before));
    world.gone(again);
    world.did(Caller::default(), "kill work");
    let again = world.connect(7, Size::new(80, 24));
    assert_eq!(
        world.core.scene(again).expect("it is there").session,
        None,
        "what it saw has ended meanwhile"
    );
}

#[test]
fn only_so_many_clients_are_remembered() {
    let mut world = World::new();
    world.did(Caller::default(), "new work");
    for token in 0..40 {
        let client = world.connect(token, Size::new(80, 24));
        world.did(World::by(client), "attach");
        world.gone(client);
    }
    assert_eq!(world.core.state().detached_views.len(), 32);
    let client = world.connect(3, Size::new(80, 24));
    assert_eq!(world.core.scene(client).expect("it is there").session, None);
    let client = world.connect(39, Size::new(80, 24));
    assert!(world.core.scene(client).expect("it is there").session.is_some());
}

#[test]
fn sessions_are_gone_through_and_back() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(80, 24));
    for name in ["a", "b", "c"] {
        world.did(World::by(client), &format!("new {name}"));
    }
    let mut go = |words: &str| world.did(World::by(client), words)["name"].clone();
    assert_eq!(
        [go("session next"), go("session prev"), go("last"), go("attach b"), go("last")],
        ["a", "c", "a", "b", "a"]
    );
}

#[test]
fn clients_of_a_session_that_ends_go_to_the_one_before_or_leave_with_its_status() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(80, 24));
    world.did(World::by(client), "new a");
    world.did(World::by(client), "new b");
    world.end(PaneId(2), ExitStatus::Code(3));
    assert_eq!(
        world
            .core
            .scene(client)
            .and_then(|scene| scene.session)
            .map(|session| session.name)
            .as_deref(),
        Some("a")
    );
    assert_eq!(world.told(client), []);
    world.end(PaneId(1), ExitStatus::Signal(9));
    assert_eq!(world.told(client), [ClientMessage::Ended { session: "a".into(), status: 137 }]);
    assert_eq!(world.core.scene(client).expect("it is there").session, None);
}

#[test]
fn the_last_pane_ends_its_tab_and_the_last_tab_its_session() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(80, 24));
    world.did(World::by(client), "new a");
    world.did(World::by(client), "pane split");
    world.did(World::by(client), "tab new");
    assert_eq!(
        world.end(PaneId(3), ExitStatus::Code(0)),
        [PaneId(3)],
        "what is held for it is dropped"
    );
    let scene = world.core.scene(client).expect("it is there");
    assert_eq!((scene.tabs.len(), scene.panes.len(), scene.focus), (1, 2, Some(PaneId(2))));
    world.end(PaneId(2), ExitStatus::Code(0));
    assert_eq!(world.core.scene(client).expect("it is there").focus, Some(PaneId(1)));
    assert_eq!(world.core.state().pane(PaneId(1)).size, Size::new(80, 22), "it has the room now");
    world.end(PaneId(1), ExitStatus::Code(0));
    assert!(world.core.state().sessions.is_empty());
}

#[test]
fn panes_can_stay_when_their_program_has_ended() {
    for (remain, code, stays) in [
        (Remain::On, 0, true),
        (Remain::Failed, 1, true),
        (Remain::Failed, 0, false),
        (Remain::Off, 1, false),
    ] {
        let mut settings = Settings::default();
        settings.pane.remain_on_exit = remain;
        let mut world = World::with(settings);
        let client = world.connect(1, Size::new(80, 24));
        world.did(World::by(client), "new a");
        world.end(PaneId(1), ExitStatus::Code(code));
        assert_eq!(world.core.state().panes.contains_key(&PaneId(1)), stays, "{remain:?} {code}");
        if stays {
            assert_eq!(
                world.core.state().pane(PaneId(1)).life,
                ProgramState::Ended { status: ExitStatus::Code(code) }
            );
            assert_eq!(world.core.scene(client).expect("it is there").panes[0].ended, Some(code));
            assert_eq!(world.type_keys(client, "a"), []);
            check_refusal(
                &mut world,
                "send --text x -t p1",
                Code::NotRunning,
                "the program of pane p1 has ended",
                "abide pane ls",
            );
            let refusal = format!("the program of pane p1 ended first: exit {code}");
            check_refusal(
                &mut world,
                "wait --idle 1s -t p1",
                Code::Ended,
                &refusal,
                "abide pane ls --all",
            );
            assert_eq!(
                world.did(Caller::default(), "wait --exit -t p1"),
                json!({"by": "exit", "status": {"code": code}})
            );
            world.did(Caller::default(), "pane close -t p1 --now");
            assert!(world.core.state().panes.is_empty());
        }
    }
}

#[test]
fn closing_takes_the_pane_away_at_once_and_answers_when_everything_is_gone() {
    let mut world = World::new();
    world.did(Caller::default(), "new a");
    world.did(Caller::default(), "pane split");
    world.stops = false;
    let call = world.ask(Caller::default(), "pane close -t p2 --grace 2s");
    assert_eq!(world.stopped, [(PaneId(2), Span::seconds(2))]);
    assert_eq!(world.core.state().pane(PaneId(1)).size, Size::new(80, 24));
    assert_eq!(world.core.state().pane(PaneId(2)).life, ProgramState::Ending);
    check_refusal(
        &mut world,
        "pane focus p2",
        Code::NotRunning,
        "pane p2 is being ended",
        "abide pane ls",
    );
    check_refusal(
        &mut world,
        "pane split -t p2",
        Code::NotRunning,
        "pane p2 is being ended",
        "abide pane ls",
    );
    check_refusal(
        &mut world,
        "pane swap p1 -t p2",
        Code::NotRunning,
        "pane p2 is being ended",
        "abide pane ls",
    );
    check_refusal(
        &mut world,
        "pane join p1 -t p2",
        Code::NotRunning,
        "pane p2 is being ended",
        "abide pane ls",
    );
    check_refusal(
        &mut world,
        "pane break -t p2",
        Code::NotRunning,
        "pane p2 is being ended",
        "abide pane ls",
    );
    check_refusal(
        &mut world,
        "pane resize --left -t p2",
        Code::NotRunning,
        "pane p2 is being ended",
        "abide pane ls",
    );
    let again = world.ask(Caller::default(), "pane close -t p2 --now");
    assert_eq!(world.stopped.len(), 1, "it is stopped once");
    assert_eq!(world.answer(call), None);
    world.ended(PaneId(2), ExitStatus::Signal(1), &[77]);
    assert_eq!(world.answer(call), Some(Ok(json!({"panes": ["p2"], "left": [77]}))));
    assert_eq!(world.answer(again), Some(Ok(json!({"panes": ["p2"], "left": [77]}))));
}

#[test]
fn killing_sessions_ends_all_their_panes_the_newest_first() {
    let mut world = World::new();
    for words in ["new a", "pane split", "tab new", "new b", "new c"] {
        world.did(Caller::default(), words);
    }
    assert_eq!(
        world.did(Caller::default(), "kill a b"),
        json!({"panes": ["p1", "p2", "p3", "p4"], "left": []})
    );
    assert_eq!(world.stopped.iter().map(|(pane, _)| pane.0).collect::<Vec<_>>(), [4, 3, 2, 1]);
    let hint = "abide pane close -t p5";
    check_refusal(&mut world, "kill p5", Code::InvalidParams, "p5 is a pane and no session", hint);
    check_refusal(
        &mut world,
        "kill t4",
        Code::InvalidParams,
        "t4 is a tab and no session",
        "abide tab close -t t4",
    );
    check_refusal(
        &mut world,
        "kill",
        Code::InvalidParams,
        "session.kill: name a session, or say --all",
        "abide ls",
    );
    world.did(Caller::default(), "kill --all");
    assert!(world.core.state().sessions.is_empty());
    assert_eq!(
        world.did(Caller::default(), "kill --all"),
        json!({"panes": [], "left": []}),
        "with nothing to do it succeeds"
    );
}

#[test]
fn tabs_are_made_named_moved_and_gone_through() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(80, 24));
    let by = World::by(client);
    for words in ["new a", "tab new --name two", "tab new -d --name three"] {
        world.did(by, words);
    }
    let shown = |world: &World| {
        world
            .core
            .scene(client)
            .expect("it is there")
            .tabs
            .iter()
            .find(|tab| tab.current)
            .map(|tab| tab.index)
    };
    assert_eq!(shown(&world), Some(2));
    let steps = [
        ("tab next", 3),
        ("tab next", 1),
        ("tab prev", 3),
        ("tab last", 1),
        ("tab go two", 2),
        ("tab go 3", 3),
    ];
    for (words, index) in steps {
        world.did(by, words);
        assert_eq!(shown(&world), Some(index), "{words}");
    }
    assert_eq!(world.did(by, "tab move 1")["index"], 1);
    let refusal = world.outcome(by, "tab move 0").expect_err("from 1");
    assert_eq!(refusal.message, "to: tabs are numbered from 1");
    world.did(by, "tab rename");
    let names: Vec<_> = world
        .did(by, "tab ls")
        .as_array()
        .expect("a list")
        .iter()
        .map(|tab| tab["name"].clone())
        .collect();
    assert_eq!(names, ["zsh", "zsh", "two"]);
    world.did(by, "tab close");
    assert_eq!(shown(&world), Some(2), "the tab shown before");
    world.did(Caller { client: None, pane: Some(PaneId(1)) }, "tab next");
    assert_eq!(shown(&world), Some(1), "a call from a pane moves the client that shows it");
}

#[test]
fn a_new_pane_starts_where_the_focused_one_is() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(80, 24));
    world.did(World::by(client), "new a");
    world.did(World::by(client), "pane split");
    let expected =
        [StartDir::Pane(PaneId(1)), StartDir::Directory("/home/me/src".into()), StartDir::Home];
    assert_eq!(world.programs[&PaneId(2)].cwd, expected);
    // The shell's word counts at its prompt; what runs there may have gone elsewhere.
    let said = StartDir::Directory("/tmp/x".into());
    world.print(PaneId(2), "\x1b]7;file:///tmp/x\x07\x1b]133;A\x07$ \x1b]133;B\x07");
    world.did(World::by(client), "pane split -t p2");
    assert_eq!(world.programs[&PaneId(3)].cwd[..2], [said.clone(), StartDir::Pane(PaneId(2))]);
    world.print(PaneId(2), "\x1b]133;C\x07");
    world.did(World::by(client), "pane split -t p2");
    assert_eq!(world.programs[&PaneId(4)].cwd[..2], [StartDir::Pane(PaneId(2)), said]);
    world.did(World::by(client), "tab new -c /etc");
    assert_eq!(world.programs[&PaneId(5)].cwd[0], StartDir::Directory("/etc".into()));
}

#[test]
fn f20_a_clock_that_jumps_makes_nothing_late_or_early() {
    const DAY_MS: u64 = 24 * 3_600_000;
    let mut settings = Settings::default();
    settings.shell.integration = true;
    let mut world = World::with(settings);
    world.did(Caller::default(), "new work");
    world.did(Caller::default(), "pane split");
    let jumps = [world.now.wall + DAY_MS, world.now.wall - DAY_MS, 0, u64::MAX / 2];
    for (name, jumped) in ["one", "two", "three", "four"].into_iter().zip(jumps) {
        world.did(Caller::default(), &format!("new {name}"));
        let wait = world.ask(Caller::default(), "wait -t p1 --text never --timeout 2s");
        let typed = world.ask(Caller::default(), &format!("exec --in {name} --timeout 2s -- true"));
        world.wait(Span::seconds(1));
        world.now.wall = jumped;
        world.step(Input::Wake);
        assert_eq!(
            (world.answer(wait).is_none(), world.answer(typed).is_none()),
            (true, true),
            "at {jumped} it is not time yet"
        );
        world.wait(Span::seconds(1));
        assert!(
            world.answer(wait).is_some_and(|outcome| outcome.is_err()),
            "at {jumped} the time is over"
        );
        world.did(Caller::default(), "pane close -t p2");
        world.now.wall = jumped / 2;
        world.wait(Span::seconds(30));
        assert!(world.answer(typed).is_some(), "at {jumped} the time is over");
        world.did(Caller::default(), "undo");
    }
}
