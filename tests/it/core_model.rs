//! The core against a pretended outside: what calls answer, what effects come out, and that all invariants hold after every step.

mod model;
mod world;

use abide::action::tmux;
use abide::base::code::Code;
use abide::base::exit::ExitStatus;
use abide::base::geom::{Point, Rect, Size};
use abide::base::id::{ClientId, PaneId};
use abide::base::key::{Key, Mods, MouseButton, MouseInput, MouseKind};
use abide::base::time::Span;
use abide::core::Input;
use abide::settings::{Remain, Settings, Sizing};
use abide::state::call::Caller;
use abide::state::effect::{Effect, Fact, Message, Place, Question};
use abide::state::pane::Life;
use serde_json::{Value, json};
use world::{World, viewer};

fn refused(world: &mut World, caller: Caller, words: &str) -> (Code, String, String) {
    let refusal = world.outcome(caller, words).expect_err(words);
    (refusal.code, refusal.message, refusal.hint)
}

#[track_caller]
fn check_refusal(world: &mut World, words: &str, code: Code, message: &str, hint: &str) {
    let before = world.core.state.version;
    assert_eq!(refused(world, Caller::default(), words), (code, message.to_owned(), hint.to_owned()));
    assert_eq!(world.core.state.version, before, "a refusal has changed nothing");
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
    assert_eq!(program.cwd, [Place::Directory("/home/ann/src".into()), Place::Home]);
}

#[test]
fn the_environment_of_a_program_is_the_callers_without_other_multiplexers_and_with_ours() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(80, 24));
    world.did(World::by(client), "new work -e A=1 -- prog");
    let env = &world.programs[&PaneId(1)].env;
    let value = |name: &str| env.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
    assert_eq!((value("TMUX"), value("TMUX_PANE"), value("ZELLIJ_SESSION_NAME"), value("ABIDE_OLD")), (None, None, None, None));
    assert_eq!((value("ABIDE"), value("ABIDE_PANE"), value("ABIDE_SESSION")), (Some("/run/abide.sock"), Some("p1"), Some("s1")));
    assert_eq!((value("TERM"), value("COLORTERM"), value("TERM_PROGRAM")), (Some("xterm-256color"), Some("truecolor"), Some("abide")));
    assert_eq!((value("A"), value("EDITOR"), value("LC_CTYPE")), (Some("1"), Some("vi"), Some("C.UTF-8")));
    assert_eq!(world.programs[&PaneId(1)].argv, ["prog"]);
}

#[test]
fn a_caller_that_sends_no_environment_gets_that_of_a_login() {
    let mut world = World::new();
    world.did(Caller::default(), "new work");
    let program = &world.programs[&PaneId(1)];
    assert!(program.env.contains(&("HOME".into(), "/home/ann".into())));
    assert!(program.env.contains(&("LANG".into(), "en_US.UTF-8".into())) && !program.env.iter().any(|(name, _)| name == "LC_CTYPE"));
    assert_eq!((program.argv.as_slice(), &program.cwd), (["/bin/bash".to_owned()].as_slice(), &vec![Place::Home]));
    assert_eq!(program.size, Size::new(80, 24), "without a client there are no bars");
}

#[test]
fn a_given_environment_directory_and_size_are_taken() {
    let mut world = World::new();
    let params = json!({"name": "work", "env": {"X": "y", "TMUX": "no"}, "cwd": "/srv", "size": {"cols": 120, "rows": 40}, "command": ["a b", "$c"]});
    world.call(Caller::default(), "session.new", &params).expect("it is made");
    let program = &world.programs[&PaneId(1)];
    assert!(program.env.contains(&("X".into(), "y".into())) && !program.env.iter().any(|(name, _)| name == "TMUX" || name == "HOME"));
    assert_eq!((program.size, program.argv.len(), &program.cwd[0]), (Size::new(120, 40), 2, &Place::Directory("/srv".into())));
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
    let names: Vec<Value> = (0..3).map(|_| world.did(Caller::default(), "new")["name"].clone()).collect();
    assert_eq!(names, ["main", "1", "2"]);
    world.did(Caller::default(), "kill 1");
    assert_eq!(world.did(Caller::default(), "new")["name"], "1");
}

#[test]
fn a_name_that_is_taken_is_refused_unless_that_session_will_do() {
    let mut world = World::new();
    world.did(Caller::default(), "new work");
    check_refusal(&mut world, "new work", Code::AlreadyExists, "there is a session \"work\" already, s1", "abide attach work");
    assert_eq!(world.did(Caller::default(), "new work --attach")["session"], "s1");
    assert_eq!(world.did(Caller::default(), "new-session -A -d -s work")["session"], "s1");
    assert_eq!(world.core.state.sessions.len(), 1);
}

#[test]
fn names_that_would_read_as_something_else_are_refused() {
    let mut world = World::new();
    let hint = "letters, digits, - and _ always do";
    check_refusal(&mut world, "new a:b", Code::InvalidParams, "name: \"a:b\" would read as another target", hint);
    check_refusal(&mut world, "new s3", Code::InvalidParams, "name: \"s3\" would read as an id", hint);
    check_refusal(&mut world, "new a\u{202e}b", Code::InvalidParams, "name: \"a\\u{202e}b\" has characters that do not show", hint);
    let long = "x".repeat(65);
    check_refusal(&mut world, &format!("new {long}"), Code::InvalidParams, &format!("name: {long:?} has to have 1 to 64 bytes"), hint);
    world.did(Caller::default(), "new work");
    check_refusal(&mut world, "rename @x", Code::InvalidParams, "name: \"@x\" would read as another target", hint);
    let long = "x".repeat(129);
    check_refusal(
        &mut world,
        &format!("tab rename {long}"),
        Code::InvalidParams,
        &format!("name: {long:?} has to have 1 to 128 bytes"),
        "",
    );
    check_refusal(&mut world, "pane rename a\u{200b}", Code::InvalidParams, "name: \"a\\u{200b}\" has characters that do not show", "");
}

#[test]
fn what_cannot_be_in_a_new_pane_is_refused() {
    let mut world = World::new();
    check_refusal(&mut world, "new -c here", Code::InvalidParams, "cwd: \"here\" is not absolute", "begin it with /");
    let long = format!("/{}", "x".repeat(4096));
    check_refusal(&mut world, &format!("new -c {long}"), Code::InvalidParams, &format!("cwd: {long:?} is no path"), "");
    let params = json!({"command": ["a\0b"]});
    let refusal = world.call(Caller::default(), "session.new", &params).expect_err("a NUL");
    assert_eq!((refusal.code, refusal.message.as_str()), (Code::InvalidParams, "command: \"a\\0b\" has a NUL in it"));
    let params = json!({"size": {"cols": 0, "rows": 5}});
    let refusal = world.call(Caller::default(), "session.new", &params).expect_err("no columns");
    assert_eq!(refusal.message, "size: 0x5 is out of range; a pane has 1x1 to 2000x1000 cells");
    let client = world.connect(1, Size::new(80, 24));
    world.did(World::by(client), "new -c here");
    assert_eq!(world.programs[&PaneId(1)].cwd[0], Place::Directory("/home/ann/src/here".into()));
}

#[test]
fn limits_are_reached_and_said() {
    let mut settings = Settings::default();
    (settings.limits.sessions, settings.limits.panes) = (1, 2);
    let mut world = World::with(settings);
    world.did(Caller::default(), "new work");
    check_refusal(&mut world, "new more", Code::LimitReached, "there are 1 sessions already", "limits.sessions in config.toml");
    world.did(Caller::default(), "pane split");
    check_refusal(&mut world, "pane split", Code::LimitReached, "there are 2 panes already", "limits.panes in config.toml");
}

#[test]
fn a_program_that_cannot_be_started_refuses_the_call_and_leaves_nothing() {
    let mut world = World::new();
    world.starts = Err("no such file");
    let refusal = world.outcome(Caller::default(), "new work -- nope").expect_err("it cannot start");
    assert_eq!((refusal.code, refusal.message.as_str()), (Code::SpawnFailed, "no such file"));
    assert!(world.core.state.sessions.is_empty() && world.core.state.panes.is_empty());
    let client = world.connect(1, Size::new(80, 24));
    world.did(World::by(client), "attach");
    assert!(
        world.told(client).contains(&Message::Notice { text: "no such file".into(), warning: true }),
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
    let pane = |world: &mut World, target: &str| world.did(Caller::default(), &format!("capture -t {target}"))["pane"].clone();
    for (target, id) in
        [("work:1", "p1"), ("work:1.1", "p1"), ("work:build", "p3"), ("work:build.1", "p2"), ("work:2.2", "p3"), ("t2", "p3")]
    {
        assert_eq!(pane(&mut world, target), id, "{target}");
    }
    for (target, id) in [
        ("other", "p4"),
        ("oth", "p4"),
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
    let own = |world: &mut World, target: &str| world.did(within, &format!("capture -t {target}"))["pane"].clone();
    for (target, id) in [("@focused", "p2"), (".2", "p3"), (":1", "p1"), ("2", "p3"), ("build", "p3"), ("work:+", "p1"), ("work:-", "p1")] {
        assert_eq!(own(&mut world, target), id, "{target}");
    }
}

#[test]
fn unknown_targets_are_answered_with_what_there_is() {
    let mut world = World::new();
    check_refusal(&mut world, "rename x", Code::NotFound, "there is no session", "abide new makes one");
    check_refusal(&mut world, "session has work", Code::NotFound, "no session \"work\"; there is none", "abide ls");
    world.did(Caller::default(), "new work");
    check_refusal(&mut world, "session has wrok", Code::NotFound, "no session \"wrok\"; there are work", "did you mean \"work\"?");
    check_refusal(&mut world, "session has zzzzzzzz", Code::NotFound, "no session \"zzzzzzzz\"; there are work", "abide ls");
    check_refusal(&mut world, "session has s9", Code::NotFound, "no session \"s9\"; there are work", "abide ls");
    check_refusal(&mut world, "session has @last", Code::NotFound, "no session but \"work\"", "abide new makes one");
    world.did(Caller::default(), "tab rename build");
    check_refusal(
        &mut world,
        "tab go work:buidl",
        Code::NotFound,
        "no tab \"buidl\" in session \"work\"; tabs are 1 build",
        "did you mean \"build\"?",
    );
    check_refusal(&mut world, "tab go 7", Code::NotFound, "no tab \"7\" in session \"work\"; tabs are 1 build", "abide tab ls");
    check_refusal(&mut world, "tab go t9", Code::NotFound, "no tab t9", "abide tab ls --all");
    check_refusal(&mut world, "tab go p9", Code::NotFound, "no pane p9", "abide pane ls --all");
    check_refusal(&mut world, "tab go work:@last", Code::NotFound, "no tab of session \"work\" was shown before", "abide tab ls");
    check_refusal(&mut world, "capture -t work:1.3", Code::NotFound, "no pane \"3\" in tab \"build\"; panes are 1", "abide pane ls");
    check_refusal(&mut world, "capture -t @last", Code::NotFound, "no pane of tab \"build\" had the focus before", "abide pane ls");
    check_refusal(&mut world, "detach v9", Code::NotFound, "no client \"v9\"; there is none", "abide client ls");
    check_refusal(&mut world, "detach", Code::NotFound, "no client shows session \"work\"", "abide attach work");
    check_refusal(&mut world, "tab next --alert", Code::NotFound, "no tab of session \"work\" wants attention", "abide tab next");
    check_refusal(&mut world, "pane attention", Code::NotFound, "no pane wants attention", "");
    world.connect(1, Size::new(80, 24));
    check_refusal(&mut world, "detach v9", Code::NotFound, "no client \"v9\"; there are v1", "abide client ls");
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
    let mouse = MouseInput { kind: MouseKind::Press(MouseButton::Left), at: Point::new(2, 3), mods: Mods::NONE };
    let click = |world: &mut World, pane| world.writes(|core, now, fx| core.step(now, Input::Mouse { client, pane, mouse }, fx));
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
    assert_eq!(world.core.state.pane(PaneId(1)).size, Size::new(80, 22), "it does not drive");
    let refusal = world.outcome(World::by(watcher), "pane split").expect_err("it only watches");
    assert_eq!((refusal.code, refusal.message.as_str()), (Code::ReadOnly, "this client only watches, so it cannot pane.split"));
    assert_eq!(refusal.hint, "abide attach without --read-only");
    let refusal = world.outcome(World::by(watcher), "detach --others").expect_err("it only watches");
    assert_eq!(refusal.message, "a client that only watches cannot send others away");
    let refusal = world.outcome(World::by(watcher), "attach work --detach-others").expect_err("it only watches");
    assert_eq!(refusal.message, "a client that only watches cannot send others away");
    assert_eq!(world.did(World::by(watcher), "detach"), json!(["v2"]));
    world.did(Caller::default(), "kill work");
    let refusal = world.outcome(World::by(watcher), "attach").expect_err("nothing to watch");
    assert_eq!((refusal.code, refusal.message.as_str()), (Code::NotFound, "there is no session to watch"));
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
    assert_eq!(refusal.message, "this terminal is a pane of session \"work\", which cannot be shown inside itself");
    assert_eq!(refusal.hint, "prefix s goes to another session");
    world.did(inside, "attach other");
    let refusal = world.outcome(Caller::default(), "attach work").expect_err("no terminal");
    assert_eq!((refusal.code, refusal.message.as_str()), (Code::NoTerminal, "only a client with a terminal can show a session"));
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
    assert_eq!(world.core.scene(again).expect("it is there").session, None, "what it saw has ended meanwhile");
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
    assert_eq!(world.core.state.parted.len(), 32);
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
    assert_eq!([go("session next"), go("session prev"), go("last"), go("attach b"), go("last")], ["a", "c", "a", "b", "a"]);
}

#[test]
fn clients_of_a_session_that_ends_go_to_the_one_before_or_leave_with_its_status() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(80, 24));
    world.did(World::by(client), "new a");
    world.did(World::by(client), "new b");
    world.end(PaneId(2), ExitStatus::Code(3));
    assert_eq!(world.core.scene(client).and_then(|scene| scene.session).map(|session| session.name).as_deref(), Some("a"));
    assert_eq!(world.told(client), []);
    world.end(PaneId(1), ExitStatus::Signal(9));
    assert_eq!(world.told(client), [Message::Ended { session: "a".into(), status: 137 }]);
    assert_eq!(world.core.scene(client).expect("it is there").session, None);
}

#[test]
fn the_last_pane_ends_its_tab_and_the_last_tab_its_session() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(80, 24));
    world.did(World::by(client), "new a");
    world.did(World::by(client), "pane split");
    world.did(World::by(client), "tab new");
    assert_eq!(world.end(PaneId(3), ExitStatus::Code(0)), [PaneId(3)], "what is held for it is dropped");
    let scene = world.core.scene(client).expect("it is there");
    assert_eq!((scene.tabs.len(), scene.panes.len(), scene.focus), (1, 2, Some(PaneId(2))));
    world.end(PaneId(2), ExitStatus::Code(0));
    assert_eq!(world.core.scene(client).expect("it is there").focus, Some(PaneId(1)));
    assert_eq!(world.core.state.pane(PaneId(1)).size, Size::new(80, 22), "it has the room now");
    world.end(PaneId(1), ExitStatus::Code(0));
    assert!(world.core.state.sessions.is_empty());
}

#[test]
fn panes_can_stay_when_their_program_has_ended() {
    for (remain, code, stays) in [(Remain::On, 0, true), (Remain::Failed, 1, true), (Remain::Failed, 0, false), (Remain::Off, 1, false)] {
        let mut settings = Settings::default();
        settings.pane.remain_on_exit = remain;
        let mut world = World::with(settings);
        let client = world.connect(1, Size::new(80, 24));
        world.did(World::by(client), "new a");
        world.end(PaneId(1), ExitStatus::Code(code));
        assert_eq!(world.core.state.panes.contains_key(&PaneId(1)), stays, "{remain:?} {code}");
        if stays {
            assert_eq!(world.core.state.pane(PaneId(1)).life, Life::Ended { status: ExitStatus::Code(code) });
            assert_eq!(world.core.scene(client).expect("it is there").panes[0].ended, Some(code));
            assert_eq!(world.type_keys(client, "a"), []);
            check_refusal(&mut world, "send --text x -t p1", Code::NotRunning, "the program of pane p1 has ended", "abide pane ls");
            let refusal = format!("the program of pane p1 ended first: exit {code}");
            check_refusal(&mut world, "wait --idle 1s -t p1", Code::Ended, &refusal, "abide pane ls --all");
            assert_eq!(world.did(Caller::default(), "wait --exit -t p1"), json!({"by": "exit", "status": {"code": code}}));
            world.did(Caller::default(), "pane close -t p1");
            assert!(world.core.state.panes.is_empty());
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
    assert_eq!(world.core.state.pane(PaneId(1)).size, Size::new(80, 24));
    assert_eq!(world.core.state.pane(PaneId(2)).life, Life::Ending);
    check_refusal(&mut world, "pane focus p2", Code::NotRunning, "pane p2 is being ended", "abide pane ls");
    check_refusal(&mut world, "pane split -t p2", Code::NotRunning, "pane p2 is being ended", "abide pane ls");
    check_refusal(&mut world, "pane swap p1 -t p2", Code::NotRunning, "pane p2 or p1 is being ended", "abide pane ls");
    check_refusal(&mut world, "pane join p1 -t p2", Code::NotRunning, "pane p2 or p1 is being ended", "abide pane ls");
    check_refusal(&mut world, "pane break -t p2", Code::NotRunning, "pane p2 is being ended", "abide pane ls");
    check_refusal(&mut world, "pane resize --left -t p2", Code::NotRunning, "pane p2 is being ended", "abide pane ls");
    let again = world.ask(Caller::default(), "pane close -t p2");
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
    assert_eq!(world.did(Caller::default(), "kill a b"), json!({"panes": ["p1", "p2", "p3", "p4"], "left": []}));
    assert_eq!(world.stopped.iter().map(|(pane, _)| pane.0).collect::<Vec<_>>(), [4, 3, 2, 1]);
    let hint = "abide pane close -t p5";
    check_refusal(&mut world, "kill p5", Code::InvalidParams, "p5 is a pane and no session", hint);
    check_refusal(&mut world, "kill t4", Code::InvalidParams, "t4 is a tab and no session", "abide tab close -t t4");
    check_refusal(&mut world, "kill", Code::InvalidParams, "session.kill: name a session, or say --all", "abide ls");
    world.did(Caller::default(), "kill --all");
    assert!(world.core.state.sessions.is_empty());
    assert_eq!(world.did(Caller::default(), "kill --all"), json!({"panes": [], "left": []}), "with nothing to do it succeeds");
}

#[test]
fn the_size_is_that_of_the_client_that_typed_last_and_changes_at_most_ten_times_a_second() {
    let mut world = World::new();
    let large = world.connect(1, Size::new(120, 42));
    world.did(World::by(large), "new a");
    let small = world.connect(2, Size::new(40, 12));
    world.did(World::by(small), "attach a");
    let size = |world: &World| world.core.state.pane(PaneId(1)).size;
    world.wait(Span::millis(100));
    assert_eq!(size(&world), Size::new(40, 10));
    world.wait(Span::millis(100));
    world.type_keys(large, "a");
    assert_eq!(size(&world), Size::new(120, 40));
    world.type_keys(small, "a");
    assert_eq!(size(&world), Size::new(120, 40), "not that soon again");
    world.wait(Span::millis(99));
    assert_eq!(size(&world), Size::new(120, 40));
    world.wait(Span::millis(1));
    assert_eq!(size(&world), Size::new(40, 10));
    world.gone(small);
    assert_eq!(size(&world), Size::new(120, 40));
    world.resize(large, Size::new(10, 3));
    assert_eq!(size(&world), Size::new(10, 3), "no bars where there is no room for them");
    world.gone(large);
    assert_eq!(size(&world), Size::new(10, 3), "the last client leaving changes nothing");
}

#[test]
fn other_sizing_policies_look_at_all_clients() {
    for (sizing, size) in [(Sizing::Smallest, Size::new(40, 10)), (Sizing::Largest, Size::new(120, 40))] {
        let mut settings = Settings::default();
        settings.session.sizing = sizing;
        let mut world = World::with(settings);
        let large = world.connect(1, Size::new(120, 12));
        world.did(World::by(large), "new a");
        let small = world.connect(2, Size::new(40, 42));
        world.did(World::by(small), "attach a");
        world.wait(Span::millis(200));
        world.type_keys(large, "a");
        assert_eq!(world.core.state.pane(PaneId(1)).size, size, "{sizing:?}");
    }
}

#[test]
fn a_smaller_view_shows_the_part_with_the_cursor() {
    let mut world = World::new();
    let large = world.connect(1, Size::new(100, 42));
    world.did(World::by(large), "new a");
    let small = world.connect(2, Size::new(40, 12));
    world.did(World::by(small), "attach a");
    world.wait(Span::millis(200));
    world.type_keys(large, "a");
    world.print(PaneId(1), "\x1b[30;70H");
    let pane = world.core.scene(small).expect("it is there").panes[0].clone();
    assert_eq!((pane.rect, pane.size, pane.origin), (Rect::new(0, 0, Size::new(40, 10)), Size::new(100, 40), Point::new(30, 20)));
    world.print(PaneId(1), "\x1b[H");
    assert_eq!(world.core.scene(small).expect("it is there").panes[0].origin, Point::new(0, 0));
}

#[test]
fn zoom_is_the_views_and_ends_when_another_pane_gets_the_focus() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(81, 24));
    world.did(World::by(client), "new a");
    world.did(World::by(client), "pane split --right");
    world.did(World::by(client), "pane zoom");
    let scene = world.core.scene(client).expect("it is there");
    assert_eq!((scene.zoomed, scene.panes.len(), scene.panes[0].rect.size()), (true, 1, Size::new(81, 22)));
    assert_eq!(world.core.state.pane(PaneId(2)).size, Size::new(81, 22));
    assert_eq!(world.core.state.pane(PaneId(1)).size, Size::new(40, 22), "the hidden one keeps its size");
    world.did(World::by(client), "pane next");
    assert!(!world.core.scene(client).expect("it is there").zoomed);
    world.did(World::by(client), "pane zoom --on");
    world.did(World::by(client), "pane zoom --on");
    assert!(world.core.scene(client).expect("it is there").zoomed);
    world.did(World::by(client), "pane split");
    assert!(!world.core.scene(client).expect("it is there").zoomed, "a new pane has to be seen");
}

#[test]
fn a_terminal_too_small_for_the_layout_shows_the_focus() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(80, 24));
    world.did(World::by(client), "new a");
    world.did(World::by(client), "pane split --right");
    world.resize(client, Size::new(1, 1));
    let scene = world.core.scene(client).expect("it is there");
    assert_eq!(scene.panes.iter().map(|pane| (pane.id, pane.rect)).collect::<Vec<_>>(), [(PaneId(2), Rect::new(0, 0, Size::new(1, 1)))]);
    let refusal = world.outcome(World::by(client), "pane split").expect_err("no room");
    assert_eq!(
        (refusal.code, refusal.message.as_str()),
        (Code::TooSmall, "pane 2 is too small to be divided: it takes 3 cells and there are 0")
    );
    assert_eq!(refusal.hint, "abide pane resize, or abide tab new");
}

#[test]
fn panes_are_split_moved_swapped_broken_out_and_joined() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(81, 24));
    let by = World::by(client);
    world.did(by, "new a");
    world.did(by, "pane split --right --size 20");
    world.did(by, "split-window -b -l 30%");
    let rects = |world: &World| -> Vec<(u64, Rect)> {
        world.core.scene(client).expect("it is there").panes.iter().map(|pane| (pane.id.0, pane.rect)).collect()
    };
    let rect = |x, y, cols, rows| Rect { x, y, cols, rows };
    assert_eq!(rects(&world), [(1, rect(0, 0, 60, 22)), (3, rect(61, 0, 20, 6)), (2, rect(61, 7, 20, 15))]);
    world.did(by, "pane resize --left 10");
    assert_eq!(rects(&world)[0], (1, rect(0, 0, 50, 22)));
    world.did(by, "pane swap p1");
    assert_eq!(rects(&world)[0], (3, rect(0, 0, 50, 22)));
    world.did(by, "pane break -t p2");
    assert_eq!(world.core.scene(client).map(|scene| (scene.tabs.len(), scene.focus)), Some((2, Some(PaneId(2)))));
    let refusal = world.outcome(by, "pane break").expect_err("it is alone");
    assert_eq!(
        (refusal.code, refusal.message.as_str(), refusal.hint.as_str()),
        (Code::AlreadyExists, "pane p2 has a tab of its own", "abide tab move moves it")
    );
    world.did(by, "pane join p3 --left");
    assert_eq!(world.core.scene(client).map(|scene| (scene.tabs.len(), scene.focus)), Some((1, Some(PaneId(2)))));
    assert_eq!(rects(&world).iter().map(|(pane, _)| *pane).collect::<Vec<_>>(), [2, 3, 1]);
    let refusal = world.outcome(by, "pane join p2").expect_err("itself");
    assert_eq!(refusal.message, "pane p2 cannot be moved beside itself");
    world.did(by, "layout apply even-vertical");
    let refusal = world.outcome(by, "pane resize --left").expect_err("no such border");
    assert_eq!((refusal.code, refusal.message.as_str()), (Code::TooSmall, "pane p2 has no border that can move that way"));
    let refusal = world.outcome(by, "pane resize").expect_err("no direction");
    assert_eq!(
        (refusal.message.as_str(), refusal.hint.as_str()),
        ("pane.resize: say in which direction", "--left, --right, --up or --down")
    );
    let refusal = world.outcome(by, "pane swap").expect_err("no other");
    assert_eq!((refusal.message.as_str(), refusal.hint.as_str()), ("pane.swap: say with which pane", "name it, or --next or --prev"));
    let refusal = world.outcome(by, "pane split -l 0").expect_err("no size");
    assert_eq!(refusal.message, "size: \"0\" is neither a number of cells nor hundredths such as 30%");
    world.did(by, "layout rotate");
    world.did(by, "layout next");
    world.did(by, "layout equalise");
}

#[test]
fn panes_of_two_tabs_can_be_exchanged() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(80, 24));
    for words in ["new a", "pane split", "tab new", "pane swap p1"] {
        world.did(World::by(client), words);
    }
    let scene = world.core.scene(client).expect("it is there");
    assert_eq!((scene.panes.len(), scene.focus), (1, Some(PaneId(1))));
    world.did(World::by(client), "tab last");
    assert_eq!(world.core.scene(client).expect("it is there").panes[0].id, PaneId(3));
}

#[test]
fn tabs_are_made_named_moved_and_gone_through() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(80, 24));
    let by = World::by(client);
    for words in ["new a", "tab new --name two", "tab new -d --name three"] {
        world.did(by, words);
    }
    let shown = |world: &World| world.core.scene(client).expect("it is there").tabs.iter().find(|tab| tab.current).map(|tab| tab.index);
    assert_eq!(shown(&world), Some(2));
    let steps = [("tab next", 3), ("tab next", 1), ("tab prev", 3), ("tab last", 1), ("tab go two", 2), ("tab go 3", 3)];
    for (words, index) in steps {
        world.did(by, words);
        assert_eq!(shown(&world), Some(index), "{words}");
    }
    assert_eq!(world.did(by, "tab move 1")["index"], 1);
    let refusal = world.outcome(by, "tab move 0").expect_err("from 1");
    assert_eq!(refusal.message, "to: tabs are numbered from 1");
    world.did(by, "tab rename");
    let names: Vec<_> = world.did(by, "tab ls").as_array().expect("a list").iter().map(|tab| tab["name"].clone()).collect();
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
    let expected = [Place::Pane(PaneId(1)), Place::Directory("/home/ann/src".into()), Place::Home];
    assert_eq!(world.programs[&PaneId(2)].cwd, expected);
    world.print(PaneId(2), "\x1b]7;file:///tmp/x\x07");
    world.did(World::by(client), "tab new");
    assert_eq!(world.programs[&PaneId(3)].cwd[..2], [Place::Directory("/tmp/x".into()), Place::Pane(PaneId(2))]);
    world.did(World::by(client), "tab new -c /etc");
    assert_eq!(world.programs[&PaneId(4)].cwd[0], Place::Directory("/etc".into()));
}

#[test]
fn send_types_text_keys_pastes_and_tmuxs_words() {
    let mut world = World::new();
    world.did(Caller::default(), "new a");
    let mut sent = |params: Value| {
        let writes = world.writes_of(Caller::default(), "pane.send", &params);
        writes.into_iter().flat_map(|(_, bytes)| bytes).map(char::from).collect::<String>()
    };
    assert_eq!(sent(json!({"text": "ls\n"})), "ls\r");
    assert_eq!(sent(json!({"key": "C-c Up Enter"})), "\x03\x1b[A\r");
    assert_eq!(sent(json!({"submit": "a\nb"})), "a\rb\r");
    assert_eq!(sent(json!({"paste": "a"})), "a");
    assert_eq!(sent(json!({"words": ["ls -l", "Enter", "x"]})), "ls -l\rx");
    assert_eq!(sent(json!({"words": ["Enter"], "literal": true})), "Enter");
    world.print(PaneId(1), "\x1b[?2004h");
    let writes = world.writes_of(Caller::default(), "pane.send", &json!({"submit": "a\nb"}));
    assert_eq!(writes, [(PaneId(1), b"\x1b[200~a\rb\x1b[201~\r".to_vec())]);
    check_refusal(&mut world, "send", Code::InvalidParams, "pane.send: there is nothing to send", "--text, --submit, --key or --paste");
    let message = "key: \"C-Entr\" is not a key; write one as Enter";
    check_refusal(&mut world, "send --key C-Entr", Code::InvalidParams, message, "");
    assert_eq!(world.did(Caller::default(), "send-keys -t a ls Enter"), json!({"bytes": 3}));
}

#[test]
fn a_line_that_the_line_discipline_would_cut_is_asked_about_first() {
    let mut world = World::new();
    world.did(Caller::default(), "new a");
    let long = "x".repeat(5000);
    for (canonical, outcome) in [(false, Ok(json!({"bytes": 5000}))), (true, Err(Code::CanonicalLimit))] {
        let call = world.ask(Caller::default(), &format!("send --text {long}"));
        assert_eq!(world.questions.pop(), Some((call, Question::LineMode(PaneId(1)))));
        let writes = world.writes(|core, now, fx| core.step(now, Input::Found { call, fact: Fact::LineMode { canonical } }, fx));
        assert_eq!(writes.len(), usize::from(!canonical));
        assert_eq!(world.answer(call).expect("answered").map_err(|refusal| refusal.code), outcome);
    }
    let call = world.ask(Caller::default(), &format!("send --text {long}"));
    world.step(Input::Found { call, fact: Fact::LineMode { canonical: true } });
    let refusal = world.answer(call).expect("answered").expect_err("too long");
    assert_eq!(refusal.message, "a line of 5000 bytes is too long for the program of pane p1, which reads lines of up to 4000");
    assert_eq!(refusal.hint, "put line breaks in, or send it to a program that edits its own line, such as a shell");
    assert_eq!(world.did(Caller::default(), &format!("send --text {}", "x".repeat(4000))), json!({"bytes": 4000}));
}

#[test]
fn capture_gives_text_colours_and_runs() {
    let mut world = World::new();
    world.call(Caller::default(), "session.new", &json!({"size": {"cols": 10, "rows": 3}})).expect("it is made");
    world.print(PaneId(1), "one\r\ntwo\r\n\x1b[31mred\x1b[m\r\nfour");
    let text = |world: &mut World, words: &str| world.did(Caller::default(), words)["text"].clone();
    assert_eq!(text(&mut world, "capture"), "two\nred\nfour\n");
    assert_eq!(text(&mut world, "capture --scrollback"), "one\ntwo\nred\nfour\n");
    assert_eq!(text(&mut world, "capture-pane -p -S -"), "one\ntwo\nred\nfour\n");
    assert_eq!(text(&mut world, "capture --scrollback=0 --lines -1..1"), "one\ntwo\n");
    assert_eq!(text(&mut world, "capture --lines 1..2 --format ansi"), "\x1b[0;31mred\x1b[0m\n");
    let rows = world.did(Caller::default(), "capture --lines 2.. --format json")["rows"].clone();
    assert_eq!(rows[0]["runs"][0]["text"], "four");
    check_refusal(&mut world, "capture --lines x", Code::InvalidParams, "lines: \"x\" is no range of rows", "write A..B, such as -20..5");
}

#[test]
fn a_wait_for_text_sees_the_screen_and_what_rushes_by() {
    let mut world = World::new();
    world.call(Caller::default(), "session.new", &json!({"size": {"cols": 20, "rows": 3}})).expect("it is made");
    world.print(PaneId(1), "hello");
    assert_eq!(world.did(Caller::default(), "wait --text ^hel+o$"), json!({"by": "text", "line": "hello"}));
    let call = world.ask(Caller::default(), "wait --text need.e");
    world.print(PaneId(1), "\r\nhay\r\nhay");
    assert_eq!(world.answer(call), None);
    world.print(PaneId(1), &format!("\r\nneedle{}", "\r\nhay".repeat(500)));
    assert_eq!(world.answer(call), Some(Ok(json!({"by": "text", "line": "needle"}))));
    let refusal = world.outcome(Caller::default(), "wait --text (").expect_err("no regex");
    assert!(refusal.code == Code::InvalidParams && refusal.message.starts_with("text: "), "{refusal}");
    check_refusal(&mut world, "wait", Code::InvalidParams, "pane.wait: say for what", "--text, --idle, --prompt or --exit");
}

#[test]
fn waits_end_in_time_with_the_program_or_when_it_is_quiet() {
    let mut world = World::new();
    world.did(Caller::default(), "new a");
    let idle = world.ask(Caller::default(), "wait --idle 1s");
    world.wait(Span::millis(900));
    world.print(PaneId(1), "x");
    world.wait(Span::millis(999));
    assert_eq!(world.answer(idle), None);
    world.wait(Span::millis(1));
    assert_eq!(world.answer(idle), Some(Ok(json!({"by": "idle"}))));

    for (words, message, hint) in [
        ("wait --text x9 --timeout 1s", "pane p1 showed nothing like \"x9\" in time", "abide capture -t p1"),
        ("wait --idle 5s --timeout 1s", "pane p1 was never quiet for 5s", "abide capture -t p1"),
        ("wait --prompt --timeout 1s", "pane p1 showed no prompt in time", "its shell has to send prompt marks (OSC 133)"),
        ("wait --exit --timeout 1s", "the program of pane p1 did not end in time", "abide pane close -t p1 ends it"),
    ] {
        let call = world.ask(Caller::default(), words);
        world.wait(Span::seconds(1));
        let refusal = world.answer(call).expect("answered").expect_err("in vain");
        assert_eq!((refusal.code, refusal.message.as_str(), refusal.hint.as_str()), (Code::TimedOut, message, hint));
    }
    let prompt = world.ask(Caller::default(), "wait --prompt");
    world.print(PaneId(1), "\x1b]133;A\x07$ \x1b]133;B\x07");
    assert_eq!(world.answer(prompt), Some(Ok(json!({"by": "prompt"}))));
    assert_eq!(world.did(Caller::default(), "wait --prompt"), json!({"by": "prompt"}));

    let (exit, text) = (world.ask(Caller::default(), "wait --exit"), world.ask(Caller::default(), "wait --text x9"));
    world.end(PaneId(1), ExitStatus::Code(4));
    assert_eq!(world.answer(exit), Some(Ok(json!({"by": "exit", "status": {"code": 4}}))));
    let refusal = world.answer(text).expect("answered").expect_err("in vain");
    assert_eq!((refusal.code, refusal.message.as_str()), (Code::Ended, "the program of pane p1 ended first: exit 4"));
}

#[test]
fn a_call_whose_caller_is_gone_is_dropped() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(80, 24));
    world.did(World::by(client), "new a");
    let (mine, other) = (world.ask(World::by(client), "wait --exit"), world.ask(Caller::default(), "wait --exit"));
    world.gone(client);
    world.step(Input::Cancelled { call: other });
    assert!(world.core.state.calls.is_empty());
    world.end(PaneId(1), ExitStatus::Code(0));
    assert_eq!((world.answer(mine), world.answer(other)), (None, None));
}

#[test]
fn what_a_program_asks_of_its_terminal_reaches_clients_and_marks() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(80, 24));
    world.did(World::by(client), "new a");
    world.did(World::by(client), "tab new");
    world.print(PaneId(1), "x\x07\x1b]52;c;aGk=\x07\x1b]9;done\x07");
    assert_eq!(
        world.told(client),
        [Message::Bell, Message::Clipboard("hi".into()), Message::Notify { title: String::new(), body: "done".into() }]
    );
    let tab = world.core.scene(client).expect("it is there").tabs[0].clone();
    assert_eq!((tab.bell, tab.activity), (true, true));
    world.did(World::by(client), "pane attention");
    let scene = world.core.scene(client).expect("it is there");
    assert_eq!((scene.focus, scene.tabs[0].bell, scene.tabs[0].activity), (Some(PaneId(1)), false, false));
    let writes = world.writes(|core, now, fx| core.step(now, Input::Output { pane: PaneId(1), bytes: b"\x1b[5n" }, fx));
    assert_eq!(writes, [(PaneId(1), b"\x1b[0n".to_vec())]);
    world.print(PaneId(1), "\x1b]2;hello\x07");
    assert_eq!(world.core.scene(client).expect("it is there").panes[0].title, "hello");
    world.did(World::by(client), "pane rename mine");
    assert_eq!(world.core.scene(client).expect("it is there").panes[0].title, "mine");
}

#[test]
fn programs_that_ask_for_it_hear_of_the_focus() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(80, 24));
    world.did(World::by(client), "new a");
    world.did(World::by(client), "pane split");
    world.print(PaneId(1), "\x1b[?1004h");
    world.print(PaneId(2), "\x1b[?1004h");
    let writes = world.writes_of(World::by(client), "pane.next", &json!({}));
    assert_eq!(writes, [(PaneId(1), b"\x1b[I".to_vec()), (PaneId(2), b"\x1b[O".to_vec())]);
    let writes = world.writes(|core, now, fx| core.step(now, Input::Focused { client, focused: false }, fx));
    assert_eq!(writes, [(PaneId(1), b"\x1b[O".to_vec())]);
}

#[test]
fn clients_are_sent_away_and_their_sessions_stay() {
    let mut world = World::new();
    let clients: Vec<ClientId> = (1..=3).map(|token| world.connect(token, Size::new(80, 24))).collect();
    world.did(World::by(clients[0]), "new a");
    world.did(World::by(clients[1]), "attach a");
    assert_eq!(world.did(Caller::default(), "client ls")[1]["name"], "a");
    assert_eq!(world.did(World::by(clients[0]), "detach --others"), json!(["v2"]));
    assert_eq!(world.told(clients[1]), [Message::Detached("a".into())]);
    world.did(World::by(clients[1]), "attach a --detach-others");
    assert_eq!(world.told(clients[0]), [Message::Detached("a".into())]);
    assert_eq!(world.did(Caller { client: None, pane: Some(PaneId(1)) }, "detach"), json!(["v2"]), "from a pane: who shows it");
    assert_eq!(world.did(Caller::default(), "detach --all"), json!(["v1", "v2", "v3"]));
    assert_eq!(world.core.state.sessions.len(), 1);
    world.did(World::by(clients[2]), "attach");
}

#[test]
fn a_client_action_is_forwarded_and_its_answer_passed_on() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(80, 24));
    let call = world.ask(World::by(client), "client.redraw");
    assert_eq!(world.forwarded.pop(), Some((client, call, "client.redraw")));
    world.step(Input::Answered { call, outcome: Ok(json!(1)) });
    assert_eq!(world.answer(call), Some(Ok(json!(1))));
    let call = world.ask(World::by(client), "client.redraw");
    world.gone(client);
    assert_eq!(world.answer(call), None, "nobody is there to be answered");
    let message = "no client to carry client.redraw out";
    check_refusal(&mut world, "client.redraw", Code::NotFound, message, "abide client ls; abide attach");
    let message = "cli.version is carried out by the command line only";
    check_refusal(&mut world, "version", Code::UnknownAction, message, "run abide version");
}

#[test]
fn the_server_says_how_it_is() {
    let mut world = World::new();
    world.did(Caller::default(), "new a");
    world.wait(Span::seconds(2));
    let status = world.did(Caller::default(), "server status");
    let expected = json!({
        "server_pid": 11, "keeper_pid": 10, "version": "9.9.9", "lease": 3, "uptime_ms": 2000, "socket": "/run/abide.sock",
        "sessions": 1, "tabs": 1, "panes": 1, "clients": 0,
    });
    assert_eq!(status, expected);
}

#[test]
fn stopping_ends_everything_answers_and_then_leaves_once() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(80, 24));
    world.did(World::by(client), "new a");
    world.did(World::by(client), "pane split");
    world.stops = false;
    let wait = world.ask(Caller::default(), "wait --text never -t p1");
    let stop = world.ask(Caller::default(), "server stop --grace 1s");
    check_refusal(&mut world, "new b", Code::ShuttingDown, "the server is stopping", "try again in a moment");
    world.ended(PaneId(1), ExitStatus::Signal(1), &[]);
    assert!(world.answer(wait).expect("answered").is_err() && world.answer(stop).is_none() && world.exits == 0);
    world.ended(PaneId(2), ExitStatus::Signal(1), &[]);
    assert_eq!(world.answer(stop), Some(Ok(json!({"panes": ["p1", "p2"], "left": []}))));
    world.wait(Span::seconds(60));
    assert_eq!((world.exits, world.restarts), (1, 0));
    assert!(world.told(client).contains(&Message::Stopped));
}

#[test]
fn a_restart_interrupts_calls_and_ends_nothing() {
    let mut world = World::new();
    world.did(Caller::default(), "new a");
    let wait = world.ask(Caller::default(), "wait --exit");
    assert_eq!(world.did(Caller::default(), "server restart")["sessions"], 1);
    let refusal = world.answer(wait).expect("answered").expect_err("interrupted");
    assert_eq!((refusal.code, refusal.message.as_str()), (Code::Interrupted, "the server restarts"));
    assert_eq!((world.restarts, world.exits, world.stopped.len()), (1, 0, 0));
}

#[test]
fn a_server_with_nothing_to_do_leaves_after_five_seconds() {
    let mut world = World::new();
    world.connections(1);
    world.wait(Span::seconds(60));
    assert_eq!(world.exits, 0, "a connection keeps it");
    world.did(Caller::default(), "new a");
    world.connections(0);
    world.wait(Span::seconds(60));
    assert_eq!(world.exits, 0, "a session keeps it");
    world.end(PaneId(1), ExitStatus::Code(0));
    world.wait(Span::millis(4999));
    assert_eq!(world.exits, 0);
    world.wait(Span::millis(1));
    assert_eq!(world.exits, 1);
}

#[test]
fn tmuxs_commands_are_understood() {
    let translated = |text: &str| tmux::translate(text.split_whitespace().map(str::to_owned).collect()).join(" ");
    for (theirs, ours) in [
        ("new-session -d -s work", "new --background work"),
        ("new-session -ds work htop -d", "new --background work -- htop -d"),
        ("attach-session -d -t work", "attach --detach-others work"),
        ("kill-session -t work", "kill work"),
        ("split-window -hd -c /tmp top", "pane split --right --background --cwd=/tmp -- top"),
        ("capture-pane -pe -S -30", "capture --format=ansi --scrollback=30"),
        ("has-session -t=work", "session has =work"),
        ("resize-pane -L 5", "pane resize --left 5"),
        ("list-sessions", "ls"),
        ("pane split --right", "pane split --right"),
    ] {
        assert_eq!(translated(theirs), ours);
    }
    let line = tmux::translate(["new-window".to_owned(), "a | b".to_owned()].to_vec());
    assert_eq!(line, ["tab", "new", "--", "/bin/sh", "-c", "a | b"]);
    for (theirs, ours) in tmux::names() {
        let words: Vec<String> = ours.split(' ').map(str::to_owned).collect();
        assert!(abide::action::table::find_words(&words).is_some_and(|(_, rest)| rest.is_empty()), "{theirs}: {ours}");
    }
}

#[test]
fn effects_of_a_split_come_in_the_order_they_are_to_happen() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(81, 24));
    world.did(World::by(client), "new a");
    let fx = world.effects(World::by(client), "pane split --right");
    let kinds: Vec<&str> = fx
        .iter()
        .map(|effect| match effect {
            Effect::Resize { pane: PaneId(1), size } if *size == Size::new(40, 22) => "the old one is smaller",
            Effect::Snapshot { pane: PaneId(1) } => "and written down",
            Effect::Spawn { pane: PaneId(2), program } if program.size == Size::new(40, 22) => "the new one starts",
            _ => "something else",
        })
        .collect();
    assert_eq!(kinds, ["the old one is smaller", "and written down", "the new one starts"]);
    assert_eq!(Key::char('x').to_string(), "x");
}
