//! Calls that look, type, wait and stop: what they answer, and when.

use abide::action::tmux;
use abide::base::error::Code;
use abide::base::geom::Size;
use abide::base::id::{ClientId, PaneId};
use abide::base::signal::ExitStatus;
use abide::base::time::Span;
use abide::core::Input;
use abide::settings::Settings;
use abide::state::call::Caller;
use abide::state::effect::{ClientMessage, Effect, Fact, Question};
use serde_json::{Value, json};

use crate::core_model::check_refusal;
use crate::core_model::world::{World, viewer};

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
    assert_eq!(sent(json!({"words": ["\\;", "a\\;", "b\\;c", "d;"]})), ";a;b\\;cd;");
    world.print(PaneId(1), "\x1b[?2004h");
    let writes = world.writes_of(Caller::default(), "pane.send", &json!({"submit": "a\nb"}));
    assert_eq!(writes, [(PaneId(1), b"\x1b[200~a\rb\x1b[201~\r".to_vec())]);
    check_refusal(
        &mut world,
        "send",
        Code::InvalidParams,
        "pane.send: there is nothing to send",
        "--text, --submit, --key or --paste",
    );
    let message = "key: \"C-Entr\" is not a key; write one as Enter";
    check_refusal(&mut world, "send --key C-Entr", Code::InvalidParams, message, "");
    assert_eq!(world.did(Caller::default(), "send-keys -t a ls Enter"), json!({"bytes": 3}));
    assert_eq!(world.did(Caller::default(), "send-keys -t a BTab"), json!({"bytes": 3}));
    assert_eq!(world.did(Caller::default(), "send-keys -t a -l BTab"), json!({"bytes": 4}));
    assert_eq!(world.did(Caller::default(), "send-keys -t a -H 1b 41"), json!({"bytes": 2}));
    assert_eq!(world.did(Caller::default(), "send-keys -t a -N 3 x"), json!({"bytes": 3}));
    for (words, named) in
        [("send-keys -X cancel", "-X"), ("send-keys -R", "-R"), ("send-keys -H zz", "zz")]
    {
        let refusal = world.outcome(Caller::default(), words).expect_err(words);
        assert!(refusal.message.contains(named), "{refusal:?}");
    }
}

#[test]
fn a_line_that_the_line_discipline_would_cut_is_asked_about_first() {
    let mut world = World::new();
    world.did(Caller::default(), "new a");
    let long = "x".repeat(5000);
    for (canonical, outcome) in
        [(false, Ok(json!({"bytes": 5000}))), (true, Err(Code::CanonicalLimit))]
    {
        let call = world.ask(Caller::default(), &format!("send --text {long}"));
        assert_eq!(world.questions.pop(), Some((call, Question::LineMode(PaneId(1)))));
        let writes = world.writes(|core, now, fx| {
            core.step(now, Input::Found { call, fact: Fact::LineMode { canonical } }, fx);
        });
        assert_eq!(writes.len(), usize::from(!canonical));
        assert_eq!(world.answer(call).expect("answered").map_err(|refusal| refusal.code), outcome);
    }
    let call = world.ask(Caller::default(), &format!("send --text {long}"));
    world.step(Input::Found { call, fact: Fact::LineMode { canonical: true } });
    let refusal = world.answer(call).expect("answered").expect_err("too long");
    assert_eq!(
        refusal.message,
        "a line of 5000 bytes is too long for the program of pane p1, which reads lines of up to \
         4000"
    );
    assert_eq!(
        refusal.hint,
        "put line breaks in, or send it to a program that edits its own line, such as a shell"
    );
    assert_eq!(
        world.did(Caller::default(), &format!("send --text {}", "x".repeat(4000))),
        json!({"bytes": 4000})
    );
}

#[test]
fn capture_gives_text_colours_and_runs() {
    let mut world = World::new();
    world
        .call(Caller::default(), "session.new", &json!({"size": {"cols": 10, "rows": 3}}))
        .expect("it is made");
    world.print(PaneId(1), "one\r\ntwo\r\n\x1b[31mred\x1b[m\r\nfour");
    let text = |world: &mut World, words: &str| world.did(Caller::default(), words)["text"].clone();
    assert_eq!(text(&mut world, "capture"), "two\nred\nfour\n");
    assert_eq!(text(&mut world, "capture --scrollback"), "one\ntwo\nred\nfour\n");
    assert_eq!(text(&mut world, "capture-pane -p -S -"), "one\ntwo\nred\nfour\n");
    assert_eq!(text(&mut world, "capture --scrollback=0 --lines -1..1"), "one\ntwo\n");
    assert_eq!(text(&mut world, "capture --lines 1..2 --format ansi"), "\x1b[0;31mred\x1b[0m\n");
    let rows = world.did(Caller::default(), "capture --lines 2.. --format json")["rows"].clone();
    assert_eq!(rows[0]["runs"][0]["text"], "four");
    check_refusal(
        &mut world,
        "capture --lines x",
        Code::InvalidParams,
        "lines: \"x\" is no range of rows",
        "write A..B, such as -20..5",
    );
}

#[test]
fn a_wait_for_text_sees_the_screen_and_what_rushes_by() {
    let mut world = World::new();
    world
        .call(Caller::default(), "session.new", &json!({"size": {"cols": 20, "rows": 3}}))
        .expect("it is made");
    world.print(PaneId(1), "hello");
    assert_eq!(
        world.did(Caller::default(), "wait --text ^hel+o$"),
        json!({"by": "text", "line": "hello"})
    );
    let call = world.ask(Caller::default(), "wait --text need.e");
    world.print(PaneId(1), "\r\nhay\r\nhay");
    assert_eq!(world.answer(call), None);
    world.print(PaneId(1), &format!("\r\nneedle{}", "\r\nhay".repeat(500)));
    assert_eq!(world.answer(call), Some(Ok(json!({"by": "text", "line": "needle"}))));
    let refusal = world.outcome(Caller::default(), "wait --text (").expect_err("no regex");
    assert!(
        refusal.code == Code::InvalidParams && refusal.message.starts_with("text: "),
        "{refusal}"
    );
    check_refusal(
        &mut world,
        "wait",
        Code::InvalidParams,
        "pane.wait: say for what",
        "--text, --idle, --prompt, --status or --exit",
    );
}

#[test]
fn b3_output_after_the_end_of_a_prompt_does_not_end_it_however_it_is_read() {
    let prompt = "\x1b]133;A\x07$ \x1b]133;B\x07\x1b[K\x1b[?2004h";
    for cut in 1..=prompt.len() {
        let mut world = World::new();
        world.did(Caller::default(), "new a");
        for part in [&prompt[..cut], &prompt[cut..]] {
            world.print(PaneId(1), part);
        }
        let waited = world.did(Caller::default(), "wait --prompt --timeout 1s");
        assert_eq!(waited, json!({"by": "prompt"}), "read up to {cut}");
        world.did(Caller::default(), "send --key Enter");
        world.print(PaneId(1), "\r\n");
        let call = world.ask(Caller::default(), "wait --prompt --timeout 1s");
        assert_eq!(world.answer(call), None, "a line was typed");
        world.print(PaneId(1), prompt);
        assert_eq!(world.answer(call), Some(Ok(json!({"by": "prompt"}))));
    }
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
        (
            "wait --text x9 --timeout 1s",
            "pane p1 showed nothing like \"x9\" in time",
            "abide capture -t p1",
        ),
        ("wait --idle 5s --timeout 1s", "pane p1 was never quiet for 5s", "abide capture -t p1"),
        (
            "wait --prompt --timeout 1s",
            "pane p1 showed no prompt in time",
            "its shell has to send prompt marks (OSC 133)",
        ),
        (
            "wait --exit --timeout 1s",
            "the program of pane p1 did not end in time",
            "abide pane close -t p1 ends it",
        ),
    ] {
        let call = world.ask(Caller::default(), words);
        world.wait(Span::seconds(1));
        let refusal = world.answer(call).expect("answered").expect_err("in vain");
        assert_eq!(
            (refusal.code, refusal.message.as_str(), refusal.hint.as_str()),
            (Code::TimedOut, message, hint)
        );
    }
    let prompt = world.ask(Caller::default(), "wait --prompt");
    world.print(PaneId(1), "\x1b]133;A\x07$ \x1b]133;B\x07");
    assert_eq!(world.answer(prompt), Some(Ok(json!({"by": "prompt"}))));
    assert_eq!(world.did(Caller::default(), "wait --prompt"), json!({"by": "prompt"}));

    let (exit, text) = (
        world.ask(Caller::default(), "wait --exit"),
        world.ask(Caller::default(), "wait --text x9"),
    );
    world.end(PaneId(1), ExitStatus::Code(4));
    assert_eq!(world.answer(exit), Some(Ok(json!({"by": "exit", "status": {"code": 4}}))));
    let refusal = world.answer(text).expect("answered").expect_err("in vain");
    assert_eq!(
        (refusal.code, refusal.message.as_str()),
        (Code::Ended, "the program of pane p1 ended first: exit 4")
    );
}

#[test]
fn a_call_whose_caller_is_gone_is_dropped() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(80, 24));
    world.did(World::by(client), "new a");
    let (mine, other) =
        (world.ask(World::by(client), "wait --exit"), world.ask(Caller::default(), "wait --exit"));
    world.gone(client);
    world.step(Input::Cancelled { call: other });
    assert!(world.core.state().calls.is_empty());
    world.end(PaneId(1), ExitStatus::Code(0));
    assert_eq!((world.answer(mine), world.answer(other)), (None, None));
}

#[test]
fn output_alone_marks_no_tab_unless_that_is_wanted() {
    for is_wanted in [false, true] {
        let mut settings = Settings::default();
        assert!(!settings.monitor.activity, "nobody asked for it");
        settings.monitor.activity = is_wanted;
        let mut world = World::with(settings);
        let client = world.connect(1, Size::new(80, 24));
        world.did(World::by(client), "new a");
        world.did(World::by(client), "tab new");
        world.print(PaneId(1), "a prompt$ ");
        let tab = world.core.scene(client).expect("it is there").tabs[0].clone();
        assert_eq!((tab.bell, tab.activity), (false, is_wanted));
    }
}

#[test]
fn what_a_program_asks_of_its_terminal_reaches_clients_and_marks() {
    let mut settings = Settings::default();
    settings.monitor.activity = true;
    let mut world = World::with(settings);
    let client = world.connect(1, Size::new(80, 24));
    world.did(World::by(client), "new a");
    world.did(World::by(client), "tab new");
    world.print(PaneId(1), "x\x07\x1b]52;c;aGk=\x07\x1b]9;done\x07");
    assert_eq!(
        world.told(client),
        [ClientMessage::Bell, ClientMessage::Notify { title: String::new(), body: "done".into() }],
        "the clipboard is for the pane in focus"
    );
    world.print(PaneId(2), "\x1b]52;p;b3RoZXI=\x07");
    assert_eq!(world.told(client), [], "the primary selection is not the clipboard");
    let tab = world.core.scene(client).expect("it is there").tabs[0].clone();
    assert_eq!((tab.bell, tab.activity), (true, true));
    world.did(World::by(client), "pane attention");
    let scene = world.core.scene(client).expect("it is there");
    assert_eq!(
        (scene.focus, scene.tabs[0].bell, scene.tabs[0].activity),
        (Some(PaneId(1)), false, false)
    );
    let writes = world.writes(|core, now, fx| {
        core.step(now, Input::Output { pane: PaneId(1), bytes: b"\x1b[5n" }, fx);
    });
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
    let writes =
        world.writes(|core, now, fx| core.step(now, Input::Focused { client, focused: false }, fx));
    assert_eq!(writes, [(PaneId(1), b"\x1b[O".to_vec())]);
}

#[test]
fn clients_are_sent_away_and_their_sessions_stay() {
    let mut world = World::new();
    let clients: Vec<ClientId> =
        (1..=3).map(|token| world.connect(token, Size::new(80, 24))).collect();
    world.did(World::by(clients[0]), "new a");
    world.did(World::by(clients[1]), "attach a");
    assert_eq!(world.did(Caller::default(), "client ls")[1]["name"], "a");
    assert_eq!(world.did(World::by(clients[0]), "detach --others"), json!(["v2"]));
    assert_eq!(world.told(clients[1]), [ClientMessage::Detached("a".into())]);
    world.did(World::by(clients[1]), "attach a --detach-others");
    assert_eq!(world.told(clients[0]), [ClientMessage::Detached("a".into())]);
    assert_eq!(
        world.did(Caller { client: None, pane: Some(PaneId(1)) }, "detach"),
        json!(["v2"]),
        "from a pane: who shows it"
    );
    assert_eq!(world.did(Caller::default(), "detach --all"), json!(["v1", "v2", "v3"]));
    assert_eq!(world.core.state().sessions.len(), 1);
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
    world.did(Caller::default(), "new a");
    let watcher = world.connect_as(viewer(2, Size::new(80, 24)), |viewer| viewer.read_only = true);
    world.ask(World::by(watcher), "client.redraw");
    assert_eq!(
        world.forwarded.pop().map(|(client, ..)| client),
        Some(watcher),
        "one that only watches may look anew"
    );
    let client = world.connect(3, Size::new(80, 24));
    world.did(World::by(client), "attach a");
    let call = world.ask(Caller { client: None, pane: Some(PaneId(1)) }, "client.redraw");
    assert_eq!(
        world.forwarded.pop(),
        Some((client, call, "client.redraw")),
        "from a pane: who shows it"
    );
    world.gone(client);
    let refusal = world.answer(call).expect("answered").expect_err("it left");
    assert_eq!(
        (refusal.code, refusal.message.as_str()),
        (Code::Cancelled, "client v3 left before it was done")
    );
    let message = "no client to carry client.redraw out";
    check_refusal(
        &mut world,
        "client.redraw",
        Code::NotFound,
        message,
        "abide client ls; abide attach",
    );
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
        "server_pid": 11, "keeper_pid": 10, "version": "9.9.9", "lease": 3,
        "uptime_ms": 2000, "socket": "/run/abide.sock",
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
    let redraw = world.ask(World::by(client), "client.redraw");
    let stop = world.ask(Caller::default(), "server stop --grace 1s");
    check_refusal(
        &mut world,
        "new b",
        Code::ShuttingDown,
        "the server is stopping",
        "try again in a moment",
    );
    let refusal = world.answer(redraw).expect("answered").expect_err("no client may hold it up");
    assert_eq!(
        (refusal.code, refusal.message.as_str()),
        (Code::ShuttingDown, "the server is stopping")
    );
    world.ended(PaneId(1), ExitStatus::Signal(1), &[]);
    assert!(
        world.answer(wait).expect("answered").is_err()
            && world.answer(stop).is_none()
            && world.exits == 0
    );
    world.ended(PaneId(2), ExitStatus::Signal(1), &[]);
    assert_eq!(world.answer(stop), Some(Ok(json!({"panes": ["p1", "p2"], "left": []}))));
    world.wait(Span::seconds(60));
    assert_eq!((world.exits, world.restarts), (1, 0));
    assert!(world.told(client).contains(&ClientMessage::Stopped));
}

#[test]
fn a_restart_interrupts_calls_and_ends_nothing() {
    let mut world = World::new();
    world.did(Caller::default(), "new a");
    let wait = world.ask(Caller::default(), "wait --exit");
    assert_eq!(world.did(Caller::default(), "server restart")["sessions"], 1);
    let refusal = world.answer(wait).expect("answered").expect_err("interrupted");
    assert_eq!(
        (refusal.code, refusal.message.as_str()),
        (Code::Interrupted, "the server restarts")
    );
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
    let translated = |text: &str| {
        tmux::translate(text.split_whitespace().map(str::to_owned).collect()).join(" ")
    };
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
        assert!(
            abide::action::table::find_words(&words)
                .is_some_and(|(_, rest)| rest.iter().all(|word| word.starts_with("--"))),
            "{theirs}: {ours}"
        );
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
            Effect::Resize { pane: PaneId(1), size } if *size == Size::new(40, 22) => {
                "the old one is smaller"
            }
            Effect::Snapshot { pane: PaneId(1) } => "and written down",
            Effect::Spawn { pane: PaneId(2), program } if program.size == Size::new(40, 22) => {
                "the new one starts"
            }
            _ => "something else",
        })
        .collect();
    assert_eq!(kinds, ["the old one is smaller", "and written down", "the new one starts"]);
}

#[test]
fn a_wait_for_a_pane_that_goes_after_its_program_is_answered() {
    let mut settings = Settings::default();
    settings.pane.remain_on_exit = abide::settings::Remain::On;
    let mut world = World::with(settings);
    world.did(Caller::default(), "new a");
    world.did(Caller::default(), "pane split");
    world.end(PaneId(2), ExitStatus::Code(0));
    let waits = ["wait --prompt -t p2", "wait --idle 1s -t p2", "wait --text zz -t p2"];
    let calls = waits.map(|words| world.ask(Caller::default(), words));
    world.did(Caller::default(), "pane close -t p2 --now");
    for (words, call) in waits.iter().zip(calls) {
        let refusal = world.answer(call).expect(words).expect_err("it cannot happen any more");
        assert_eq!(refusal.code, Code::Ended, "{words}");
    }
    world.wait(Span::seconds(5));
}

/// A pane of 100 columns with so many lines, in which every other cell is bold.
fn chequered(lines: usize) -> World {
    let mut world = World::new();
    world
        .call(Caller::default(), "session.new", &json!({"size": {"cols": 100, "rows": 10}}))
        .expect("it is made");
    let line = "\x1b[1mx\x1b[my".repeat(50);
    for number in 0..lines {
        world.print(PaneId(1), &format!("{line}\r\n{number:0250}\r\n"));
    }
    world
}

#[test]
fn pages_of_a_capture_are_together_what_one_answer_gives() {
    let mut world = chequered(500);
    for format in ["text", "ansi", "html", "svg"] {
        let ask = json!({"scrollback": 1_000_000, "format": format});
        let whole = world.call(Caller::default(), "pane.capture", &ask).expect("it fits");
        let (mut text, mut pages, mut next) = (String::new(), 0, Value::Null);
        loop {
            let mut ask = ask.clone();
            ask["page"] = json!(true);
            if !next.is_null() {
                ask["from"] = next.clone();
            }
            let page = world.call(Caller::default(), "pane.capture", &ask).expect("it is there");
            text += page["text"].as_str().expect("a text");
            pages += 1;
            next = page["next"].clone();
            if next.is_null() {
                break;
            }
            assert!(pages < 100, "it has no end");
        }
        assert!(2 < pages, "{format}: {pages} pages");
        assert_eq!(whole["text"].as_str(), Some(text.as_str()), "{format}");
    }
}

#[test]
fn a_capture_that_is_too_long_for_one_answer_says_how_to_ask_and_its_pages_are_small() {
    let mut world = chequered(1200);
    let ask = json!({"scrollback": 1_000_000, "format": "svg"});
    let refusal = world.call(Caller::default(), "pane.capture", &ask).expect_err("too long");
    assert_eq!(refusal.code, Code::LimitReached);
    assert!(refusal.hint.contains("page") && refusal.hint.contains("lines"), "{}", refusal.hint);
    let ask = json!({"scrollback": 1_000_000, "format": "svg", "page": true});
    let page = world.call(Caller::default(), "pane.capture", &ask).expect("it is there");
    assert!(page["text"].as_str().expect("a text").len() < 4 << 20);
    let mut after = ask;
    after["from"] = page["next"].clone();
    let client = world.connect(1, Size::new(80, 24));
    world.did(World::by(client), "attach");
    let refusal = world.call(Caller::default(), "pane.capture", &after).expect_err("another width");
    assert_eq!(refusal.code, Code::InvalidCursor);
    after["from"] = json!("1-2");
    let refusal = world.call(Caller::default(), "pane.capture", &after).expect_err("no place");
    assert_eq!(refusal.code, Code::InvalidCursor);
}

#[test]
fn the_clipboard_is_set_by_the_pane_in_focus_alone_cleaned_told_and_once_a_second() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(80, 24));
    world.did(World::by(client), "new a");
    world.did(World::by(client), "pane split");
    let watcher = world.connect_as(viewer(2, Size::new(80, 24)), |viewer| viewer.read_only = true);
    world.did(World::by(watcher), "attach a");
    let set = |world: &mut World, pane: u64, text: &str| {
        let data = abide::base::text::encode_base64(text.as_bytes());
        world.print(PaneId(pane), &format!("\x1b]52;c;{data}\x07"));
    };
    let clipboards = |world: &mut World, client: ClientId| -> Vec<String> {
        let told = world.told(client).into_iter();
        told.filter_map(|message| match message {
            ClientMessage::Clipboard(text) => Some(text),
            ClientMessage::Notice { text, .. } if text.contains("clipboard") => Some("told".into()),
            _ => None,
        })
        .collect()
    };
    clipboards(&mut world, client);
    set(&mut world, 1, "hidden");
    assert_eq!(clipboards(&mut world, client), [""; 0], "another pane has the focus");
    for count in 0..5000 {
        set(&mut world, 2, &format!("a\x1b[1m\0{count}\tb\n"));
    }
    assert_eq!(clipboards(&mut world, client), ["a[1m0\tb\n", "told"]);
    world.wait(Span::seconds(1));
    assert_eq!(clipboards(&mut world, client), ["a[1m4999\tb\n", "told"], "the last one counts");
    world.wait(Span::seconds(9));
    assert_eq!(clipboards(&mut world, client), [""; 0]);
    assert_eq!(clipboards(&mut world, watcher), [""; 0], "who watches has its own");
}

#[test]
fn a_pane_rings_four_times_and_notifies_once_a_second_at_most() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(80, 24));
    world.did(World::by(client), "new a");
    world.did(World::by(client), "tab new");
    world.told(client);
    for _ in 0..1000 {
        world.print(PaneId(1), "\x07\x1b]9;again\x07");
        world.wait(Span::millis(2));
    }
    let told = world.told(client);
    let bells = told.iter().filter(|message| **message == ClientMessage::Bell).count();
    let notices =
        told.iter().filter(|message| matches!(message, ClientMessage::Notify { .. })).count();
    assert_eq!((bells, notices), (8, 2), "in two seconds");
}
