//! (model, event) → (model, messages), one behaviour a test.

mod overlays;

use std::rc::Rc;

use serde_json::{Value, json};

use super::update;
use crate::base::geom::{Point, Rect, Size};
use crate::base::id::{CallId, ClientId, PaneId, SessionId, TabId};
use crate::base::key::{
    Key, KeyCode, KeyInput, KeyKind, Mods, MouseButton, MouseInput, MouseKind, MouseWant,
};
use crate::base::row::RunKind;
use crate::base::time::{Now, Span};
use crate::client::caps::Caps;
use crate::client::client_config::ClientConfig;
use crate::client::exit_reason::ExitReason;
use crate::client::input::{Reply, TtyEvent};
use crate::client::model::{ClientEffect, ClientInput, Event, Model, NOTICES_MAX, ServerLink};
use crate::client::overlay::picker::Picker;
use crate::client::overlay::prompt::ConfirmPaste;
use crate::settings::Settings;
use crate::wire::frame::{
    Bye, Chrome, Frame, HostCommand, Notice, PaneItem, SessionItem, TabItem, ToClient, ToServer,
};
use crate::wire::hello::Welcome;
use crate::wire::scroll::{Answer, Rows, ScrollPoint, ScrollReply, ScrolledRow};
use crate::wire::span::StyledSpan as FrameSpan;

fn model() -> Model {
    let mut settings = Settings::default();
    settings.keys.bind.insert("prefix b".into(), "session rename here".into());
    settings.keys.bind.insert("prefix B".into(), "session kill play".into());
    let mut model = Model::new(
        Rc::new(ClientConfig::new(&settings, "host")),
        Size::new(80, 24),
        Caps::default(),
        Now::default(),
    );
    let pane = |id: u64, x: u16, cols: u16| PaneItem {
        id: PaneId(id),
        index: u16::try_from(id).expect("small"),
        rect: Rect { x, y: 0, cols, rows: 22 },
        size: Size::new(cols, 22),
        origin: Point::default(),
        title: format!("title {id}"),
        mouse: MouseWant::None,
        ended: None,
        alternate: false,
        bracketed_paste: false,
    };
    let session = |id: u64, name: &str| SessionItem { id: SessionId(id), name: name.into() };
    let tab = |id: u64, name: &str| TabItem {
        id: TabId(id),
        index: u16::try_from(id).expect("small"),
        name: name.into(),
        current: id == 1,
        last: false,
        bell: false,
        activity: false,
    };
    let chrome = Chrome {
        session: Some(session(1, "work")),
        sessions: vec![session(1, "work"), session(2, "play")],
        tabs: vec![tab(1, "bash"), tab(2, "vim")],
        panes: vec![pane(1, 0, 40), pane(2, 41, 39)],
        focus: Some(PaneId(1)),
        area: Size::new(80, 22),
        ..Chrome::default()
    };
    model.link = ServerLink::Up(model.now.tick);
    model.scene.apply(Frame { number: 1, chrome: Some(chrome), ..Frame::default() });
    model.damage = crate::client::model::Damage::default();
    model
}

fn keys(names: &str) -> Vec<TtyEvent> {
    names
        .split(' ')
        .map(|name| TtyEvent::Key(KeyInput::from(name.parse::<Key>().expect("a key"))))
        .collect()
}

/// Types keys in one read and writes the messages down: `a b` for keys, `session.ls {…}` for calls.
fn press(model: &mut Model, names: &str) -> Vec<String> {
    tty(model, keys(names))
}

fn tty(model: &mut Model, events: Vec<TtyEvent>) -> Vec<String> {
    update(model, Event::Tty(events)).iter().map(shown).collect()
}

fn shown(message: &ClientEffect) -> String {
    match message {
        ClientEffect::Input(ClientInput::Keys(keys)) => {
            keys.iter().map(|input| input.key.to_string()).collect::<Vec<_>>().join(" ")
        }
        ClientEffect::Input(ClientInput::Call(json)) => {
            let request: Value = serde_json::from_str(json).expect("JSON");
            format!(
                "{} {}",
                request["method"].as_str().expect("a name"),
                request.get("params").unwrap_or(&json!({}))
            )
        }
        ClientEffect::Input(ClientInput::Mouse(pane, mouse)) => {
            format!("{pane} {:?} {},{}", mouse.kind, mouse.at.x, mouse.at.y)
        }
        other => format!("{other:?}"),
    }
}

fn check(typed: &str, expected: &[&str]) {
    assert_eq!(press(&mut model(), typed), expected, "{typed}");
}

#[test]
fn keys_are_for_the_program_unless_bound() {
    check("a b Enter", &["a b Enter"]);
    check("C-b b", &["session.rename {\"name\":\"here\"}"]);
    check("a C-b b c", &["a", "session.rename {\"name\":\"here\"}", "c"]);
    check("C-b", &[]);
    check("C-b C-F35 a", &["a"]);
    check("C-b r", &[]);
}

#[test]
fn a_chord_may_come_in_several_reads_and_its_hint_comes_late() {
    let mut model = model();
    assert!(press(&mut model, "C-b").is_empty());
    assert!(!model.shows_hint());
    let at = model.next_deadline().expect("the hint");
    assert_eq!(at - model.now.tick, Span::millis(500));
    model.now.tick = at;
    update(&mut model, Event::Wake);
    assert!(model.shows_hint() && model.damage.chrome);
    assert_eq!(press(&mut model, "b"), ["session.rename {\"name\":\"here\"}"]);
    assert!(!model.shows_hint());
}

#[test]
fn a_release_is_passed_on_and_acts_on_nothing() {
    let mut model = model();
    let release =
        |key: Key| TtyEvent::Key(KeyInput { kind: KeyKind::Release, ..KeyInput::from(key) });
    assert_eq!(tty(&mut model, vec![release(Key::ctrl('b')), release(Key::char('x'))]), ["C-b x"]);
    assert!(model.chord.keys.is_empty());
}

#[test]
fn a_key_right_after_escape_is_for_what_is_below_the_overlay() {
    let mut model = model();
    press(&mut model, "C-b :");
    let quick = KeyInput { escaped: true, ..KeyInput::from("M-x".parse::<Key>().expect("a key")) };
    assert_eq!(tty(&mut model, vec![TtyEvent::Key(quick)]), ["x"]);
    assert!(model.overlay.is_none());
    assert_eq!(
        tty(&mut model, vec![TtyEvent::Key(quick)]),
        ["M-x"],
        "without an overlay the program decides"
    );
}

#[test]
fn sessions_and_tabs_are_chosen_from_lists() {
    let mut model = model();
    let preview = |id: &str| format!("pane.capture {{\"target\":\"{id}\",\"format\":\"json\"}}");
    let attach = "session.attach {\"target\":\"s2\"}".to_owned();
    assert_eq!(press(&mut model, "C-b s Down Enter"), [preview("s1"), preview("s2"), attach]);
    let asked = press(&mut model, "C-b w");
    assert_eq!(asked, ["tab.ls {\"all\":true}".to_owned(), preview("t1")]);
    let id = model.calls.next - 2;
    let tab = |id: &str, session: &str, name: &str| {
        json!({
            "id": id, "index": 1, "name": name, "session": session,
            "bell": false, "activity": false,
        })
    };
    let tabs = [tab("t1", "s1", "bash"), tab("t2", "s1", "vim"), tab("t7", "s2", "far")];
    let answer = json!({"jsonrpc": "2.0", "id": id, "result": tabs});
    update(&mut model, Event::Server(ToClient::Answer(answer.to_string())));
    assert_eq!(press(&mut model, "f a r Enter").pop(), Some("tab.go {\"target\":\"t7\"}".into()));
    assert_eq!(
        press(&mut model, "C-b w v i m Enter").pop(),
        Some("tab.go {\"target\":\"t2\"}".into()),
        "fast fingers do not wait for the server"
    );
}

#[test]
fn arrows_after_the_prefix_act_again_without_it_and_letters_do_not() {
    let mut model = model();
    let left = "pane.resize {\"cells\":1,\"left\":true}";
    assert_eq!(press(&mut model, "C-b C-Left C-Left C-Left"), [left; 3]);
    model.now.tick = model.now.tick + Span::millis(500);
    assert_eq!(press(&mut model, "C-Left"), ["C-Left"]);
    assert_eq!(press(&mut model, "C-b C-Left x C-Left"), [left, "x C-Left"], "another key ends it");
    assert_eq!(press(&mut model, "C-b h h"), ["pane.focus {\"left\":true}", "h"]);
    assert_eq!(press(&mut model, "C-b g Left Left")[1], "pane.place {\"part\":\"left\"}");
}

#[test]
fn what_was_closed_is_said_with_the_key_that_brings_it_back_for_ten_seconds() {
    let mut model = model();
    update(
        &mut model,
        Event::Server(ToClient::Closed { what: "pane 2 (vim)".into(), undo_ms: 60_000 }),
    );
    assert_eq!(
        model.notices.shown.back().map(|(_, notice)| notice.text.as_str()),
        Some("closed pane 2 (vim); undo: C-b u")
    );
    assert_eq!(model.next_deadline().map(|at| at - model.now.tick), Some(Span::seconds(10)));
    let closed =
        update(&mut model, Event::Server(ToClient::Bye(Bye::Closed { session: "work".into() })));
    assert_eq!(closed, [ClientEffect::Leave(ExitReason::Closed("work".into()))]);
}

#[test]
fn floating_panes_are_dragged_by_their_frames_and_stacked_ones_opened_by_their_titles() {
    let mut model = model();
    let mut float = model.scene.chrome.panes[0].clone();
    (float.id, float.index, float.rect) = (PaneId(9), 3, Rect { x: 10, y: 5, cols: 20, rows: 8 });
    model.scene.chrome.panes.push(float);
    assert_eq!(
        mouse(&mut model, PRESS, 12, 5),
        ["pane.focus {\"target\":\"p9\"}"],
        "the frame's upper row"
    );
    let moved = |x: u16, y: u16, cols: u16, rows: u16| {
        format!(
            "pane.place \
             {{\"target\":\"p9\",\"x\":{x},\"y\":{y},\"size\":{{\"cols\":{cols},\"rows\":{rows}}}}}"
        )
    };
    assert_eq!(mouse(&mut model, DRAG, 15, 8), [moved(13, 8, 20, 8)]);
    mouse(&mut model, RELEASE, 15, 8);
    mouse(&mut model, PRESS, 30, 14);
    assert_eq!(mouse(&mut model, DRAG, 33, 16), [moved(10, 5, 23, 10)], "its lower right corner");
    mouse(&mut model, RELEASE, 33, 16);
    mouse(&mut model, PRESS, 9, 8);
    assert_eq!(mouse(&mut model, DRAG, 7, 8), [moved(8, 5, 22, 8)], "its left edge");
    mouse(&mut model, RELEASE, 7, 8);
    model.scene.chrome.panes[0].rect = Rect { x: 0, y: 21, cols: 40, rows: 0 };
    assert_eq!(mouse(&mut model, PRESS, 3, 21), ["pane.focus {\"target\":\"p1\"}"]);
}

fn mouse(model: &mut Model, kind: MouseKind, x: u16, y: u16) -> Vec<String> {
    tty(model, vec![TtyEvent::Mouse(MouseInput { kind, at: Point::new(x, y), mods: Mods::NONE })])
}

const PRESS: MouseKind = MouseKind::Press(MouseButton::Left);
const DRAG: MouseKind = MouseKind::Drag(MouseButton::Left);
const RELEASE: MouseKind = MouseKind::Release(MouseButton::Left);

#[test]
fn a_click_focuses_and_is_passed_to_programs_that_want_it() {
    let mut model = model();
    assert_eq!(mouse(&mut model, PRESS, 50, 3), ["pane.focus {\"target\":\"p2\"}"]);
    mouse(&mut model, RELEASE, 50, 3);
    assert!(mouse(&mut model, PRESS, 5, 3).is_empty(), "it has the focus and wants no mouse");
    mouse(&mut model, RELEASE, 5, 3);
    model.scene.chrome.panes[0].mouse = MouseWant::Drag;
    assert_eq!(mouse(&mut model, PRESS, 5, 3), ["p1 Press(Left) 5,2"]);
    assert_eq!(
        mouse(&mut model, DRAG, 70, 23),
        ["p1 Drag(Left) 39,21"],
        "the drag stays with its pane"
    );
    assert!(mouse(&mut model, DRAG, 71, 23).is_empty(), "the same cell");
    assert_eq!(mouse(&mut model, RELEASE, 70, 23), ["p1 Release(Left) 39,21"]);
    assert!(mouse(&mut model, MouseKind::Move, 6, 3).is_empty());
    model.scene.chrome.panes[0].mouse = MouseWant::Motion;
    assert_eq!(mouse(&mut model, MouseKind::Move, 6, 3), ["p1 Move 6,2"]);
}

/// Bytes of the outer terminal, decoded and taken.
fn bytes(model: &mut Model, bytes: &str) -> Vec<String> {
    let mut events = Vec::new();
    crate::client::input::Decoder::default().feed(bytes.as_bytes(), &mut events);
    tty(model, events)
}

#[test]
fn every_step_of_a_wheel_and_every_button_reaches_a_program_that_wants_the_mouse() {
    let mut model = model();
    for want in [MouseWant::Click, MouseWant::Drag, MouseWant::Motion] {
        model.scene.chrome.panes[0].mouse = want;
        let steps = bytes(&mut model, "\x1b[<66;5;5M\x1b[<66;5;5M\x1b[<67;5;5M");
        let sideways =
            ["p1 Press(WheelLeft) 4,3", "p1 Press(WheelLeft) 4,3", "p1 Press(WheelRight) 4,3"];
        assert_eq!(steps, sideways);
        for (code, name) in
            [(0, "Left"), (1, "Middle"), (2, "Right"), (128, "Extra(8)"), (131, "Extra(11)")]
        {
            let click = bytes(&mut model, &format!("\x1b[<{code};7;7M\x1b[<{code};7;7m"));
            let both = [format!("p1 Press({name}) 6,5"), format!("p1 Release({name}) 6,5")];
            assert_eq!(click, both, "{want:?}");
        }
        assert_eq!(model.grab, None);
    }
    // The same drag twice, a wheel and a second button within one.
    for _ in 0..2 {
        let drag = bytes(&mut model, "\x1b[<0;3;3M\x1b[<32;4;3M\x1b[<0;4;3m");
        assert_eq!(drag, ["p1 Press(Left) 2,1", "p1 Drag(Left) 3,1", "p1 Release(Left) 3,1"]);
    }
    let mixed = "\x1b[<0;3;3M\x1b[<64;3;3M\x1b[<2;3;3M\x1b[<0;3;3m\x1b[<34;4;3M\x1b[<2;4;3m";
    let told = bytes(&mut model, mixed);
    assert_eq!(told.len(), 6, "{told:?}");
    // X10's form does not tell which button was let go.
    let old = bytes(&mut model, "\x1b[M\x22##\x1b[M###");
    assert_eq!(old, ["p1 Press(Right) 2,1", "p1 Release(Right) 2,1"]);
}

#[test]
fn the_wheel_stays_ours_where_a_program_asks_for_presses_alone() {
    let mut model = model();
    model.scene.chrome.panes[0].mouse = MouseWant::Press;
    let asked = mouse(&mut model, MouseKind::Press(MouseButton::WheelUp), 5, 3);
    assert!(asked.len() == 1 && asked[0].contains("Screen"), "{asked:?}");
}

#[test]
fn a_press_on_a_bar_ends_there_and_a_lost_end_costs_no_click() {
    let mut model = model();
    model.scene.chrome.panes[0].mouse = MouseWant::Drag;
    assert_eq!(mouse(&mut model, PRESS, 10, 0), ["tab.go {\"target\":\"t2\"}"]);
    assert!(mouse(&mut model, DRAG, 5, 3).is_empty(), "its drag is not for the pane below");
    assert!(mouse(&mut model, RELEASE, 5, 3).is_empty());
    // The end of a press on a bar was not told: the next press counts.
    mouse(&mut model, PRESS, 70, 0);
    assert_eq!(mouse(&mut model, PRESS, 5, 3), ["p1 Press(Left) 5,2"]);
}

#[test]
fn bindings_are_found_on_keyboards_of_other_scripts_and_on_the_keypad() {
    let mut model = model();
    // Ctrl-b and then b of a Russian keyboard, with the standard layout told (kitty).
    assert!(bytes(&mut model, "\x1b[1080::98;5u").is_empty());
    // While a chord is pending every key is told, modifiers too.
    assert!(bytes(&mut model, "\x1b[57441;2u").is_empty());
    let call = ["session.rename {\"name\":\"here\"}"];
    assert_eq!(bytes(&mut model, "\x1b[1080::98u"), call);
    assert!(bytes(&mut model, "\x02").is_empty());
    let float = bytes(&mut model, "\x1bOj");
    assert!(float.len() == 1 && float[0].starts_with("pane.float"), "C-b *: {float:?}");
    // Without a binding the key is the program's, as it came.
    let [ClientEffect::Input(ClientInput::Keys(sent))] =
        &update(&mut model, Event::Tty(vec![cyrillic_c()]))[..]
    else {
        panic!("one key is sent")
    };
    assert_eq!(sent[0].layout, Some('c'));
}

/// Ctrl-C of a Russian keyboard.
fn cyrillic_c() -> TtyEvent {
    let key = Key { code: KeyCode::Char('с'), mods: Mods::CTRL };
    TtyEvent::Key(KeyInput { layout: Some('c'), ..KeyInput::from(key) })
}

#[test]
fn the_wheel_becomes_arrows_on_the_alternate_screen() {
    let mut model = model();
    let wheel = MouseKind::Press(MouseButton::WheelUp);
    model.scene.chrome.panes[0].alternate = true;
    assert_eq!(mouse(&mut model, wheel, 5, 3), ["Up Up Up"]);
    model.scene.chrome.panes[0].mouse = MouseWant::Click;
    assert_eq!(mouse(&mut model, wheel, 5, 3), ["p1 Press(WheelUp) 5,2"]);
}

#[test]
fn a_pane_scrolls_and_is_in_copy_mode_for_this_client_alone() {
    let mut model = model();
    let asked = mouse(&mut model, MouseKind::Press(MouseButton::WheelUp), 5, 3);
    assert!(asked.len() == 1 && asked[0].contains("Screen { above: 66 }"), "{asked:?}");
    assert!(
        model.copy_modes.panes.contains_key(&PaneId(1))
            && model.copy_modes.open(PaneId(1)).is_none(),
        "nothing to show yet"
    );
    assert!(press(&mut model, "j").is_empty(), "keys wait for the rows");
    assert_eq!(
        press(&mut model, "C-b b"),
        ["session.rename {\"name\":\"here\"}"],
        "the prefix works as everywhere"
    );
    assert!(press(&mut model, "q").is_empty());
    assert!(model.copy_modes.panes.is_empty());
    assert_eq!(press(&mut model, "j"), ["j"]);
}

#[test]
fn the_rows_of_copy_mode_are_shown_and_what_is_copied_goes_everywhere() {
    let mut model = model();
    model.caps.modern = true;
    press(&mut model, "C-b [");
    let row = |text: &str| ScrolledRow {
        spans: vec![FrameSpan { style: 0, link: 0, kind: RunKind::Narrow, text: text.into() }],
        ..ScrolledRow::default()
    };
    let cursor = ScrollPoint { row: 31, col: 0 };
    let rows = Rows {
        cols: 40,
        screen: 10,
        end: 32,
        cursor,
        rows: (0..32).map(|n| row(&format!("row {n}"))).collect(),
        ..Rows::default()
    };
    let told = ScrollReply { number: 1, pane: PaneId(1), answer: Answer::Rows(Box::new(rows)) };
    update(&mut model, Event::Server(ToClient::ScrollReply(told)));
    let mode = model.copy_modes.open(PaneId(1)).expect("it is shown");
    assert_eq!((mode.top, mode.position()), (10, (0, 10)));
    assert!(model.damage.rows.contains(&1) && model.damage.chrome);
    let sent = press(&mut model, "M-< C-Space C-e M-w");
    assert!(
        sent.iter().any(|message| message == "buffer.set {\"text\":\"row 0\",\"append\":false}"),
        "{sent:?}"
    );
    assert!(sent.iter().any(|message| message.starts_with("Write(")), "the clipboard");
    assert!(model.copy_modes.panes.is_empty(), "it leaves");
}

#[test]
fn a_prefix_pressed_twice_is_for_copy_mode_there() {
    let mut model = model();
    press(&mut model, "C-b [");
    assert!(press(&mut model, "C-b C-b").is_empty());
    press(&mut model, "q");
    assert_eq!(press(&mut model, "C-b C-b"), ["pane.send {\"key\":\"C-b\"}"]);
}

#[test]
fn bars_and_borders_take_the_mouse() {
    let mut model = model();
    assert_eq!(mouse(&mut model, PRESS, 10, 0), ["tab.go {\"target\":\"t2\"}"]);
    assert!(mouse(&mut model, PRESS, 40, 5).is_empty());
    assert_eq!(
        mouse(&mut model, DRAG, 30, 9),
        ["pane.resize {\"target\":\"p2\",\"cells\":10,\"left\":true}"]
    );
    assert!(mouse(&mut model, DRAG, 30, 10).is_empty());
    assert_eq!(
        mouse(&mut model, DRAG, 31, 9),
        ["pane.resize {\"target\":\"p1\",\"cells\":1,\"right\":true}"]
    );
    mouse(&mut model, RELEASE, 30, 9);
    assert_eq!(model.grab, None);
    mouse(&mut model, PRESS, 2, 23);
    assert!(model.opened::<Picker>().is_some(), "the session's name opens the sessions");
    mouse(&mut model, PRESS, 0, 0);
    assert!(model.overlay.is_none());
}

#[test]
fn nothing_the_mouse_does_panics() {
    for size in [Size::new(1, 1), Size::new(3, 2), Size::new(80, 24)] {
        let mut model = model();
        update(&mut model, Event::Resized(size, (0, 0)));
        for opened in ["x", "C-b :", "C-b ,"] {
            model.overlay = None;
            press(&mut model, opened);
            for kind in
                [PRESS, DRAG, RELEASE, MouseKind::Move, MouseKind::Press(MouseButton::WheelDown)]
            {
                for (x, y) in [(0, 0), (40, 3), (79, 23), (u16::MAX, u16::MAX)] {
                    mouse(&mut model, kind, x, y);
                }
            }
        }
    }
}

fn server(model: &mut Model, message: ToClient) -> Vec<String> {
    update(model, Event::Server(message)).iter().map(shown).collect()
}

fn welcome(resumed: bool, in_doubt: bool) -> ToClient {
    ToClient::Welcome(Welcome {
        version: 1,
        build: "0".into(),
        client: ClientId(1),
        lease: 2,
        input_taken: 7,
        input_in_doubt: in_doubt,
        resumed,
    })
}

#[test]
fn a_restart_of_the_server_is_survived() {
    let mut model = model();
    update(&mut model, Event::Lost);
    update(&mut model, Event::Connected);
    assert!(model.awaited().is_none());
    assert_eq!(server(&mut model, welcome(true, true))[0], "Welcomed(7)");
    assert_eq!(model.notices.log.back().map(|notice| notice.warning), Some(true));
    assert_eq!(model.scene.number, None);
    assert_eq!(model.scene.chrome.tabs.len(), 2, "what is shown stays until the next frame");
    let again = server(&mut model, welcome(false, false));
    assert_eq!(again, ["Welcomed(7)"], "nothing was shown in between");
    server(
        &mut model,
        ToClient::Frame(Box::new(Frame {
            number: 5,
            chrome: Some(Chrome::default()),
            ..Frame::default()
        })),
    );
    assert!(model.scene.chrome.tabs.is_empty());
}

/// The answer of the terminal was lost where it came before the connection, and not said to the
/// next server.
#[test]
fn every_server_is_told_of_the_pane_around_before_what_the_client_came_for() {
    let mut model = model();
    update(&mut model, Event::Lost);
    let version = TtyEvent::Reply(Reply::Version("abide(0.1.0) 5f.7".into()));
    assert!(update(&mut model, Event::Tty(vec![version.clone()])).is_empty(), "nobody is there");
    update(&mut model, Event::Connected);
    for _ in 0..2 {
        assert_eq!(
            server(&mut model, welcome(false, true))[..2],
            ["Send(Inside(\"5f.7\"))", "Welcomed(7)"]
        );
    }
    let messages = update(&mut model, Event::Tty(vec![version]));
    assert!(
        matches!(messages.as_slice(), [ClientEffect::Send(ToServer::Inside(_))]),
        "{messages:?}"
    );
}

#[test]
fn a_server_that_forgot_the_view_is_told_the_session() {
    let mut model = model();
    update(&mut model, Event::Lost);
    let messages = server(&mut model, welcome(false, false));
    assert_eq!(messages[1], "session.attach {\"target\":\"s1\"}");
}

#[test]
fn silence_is_explained_after_two_seconds() {
    let mut model = Model::new(
        Rc::new(ClientConfig::new(&Settings::default(), "")),
        Size::new(80, 24),
        Caps::default(),
        Now::default(),
    );
    assert_eq!(model.awaited(), None);
    let at = model.next_deadline().expect("the explanation");
    assert_eq!(at - model.now.tick, Span::seconds(2));
    model.now.tick = at;
    update(&mut model, Event::Wake);
    assert!(model.awaited().is_some());
    assert_eq!(model.next_deadline(), None, "nothing wakes the process again");
}

#[test]
fn notices_go_after_a_while_and_are_bounded() {
    let mut model = model();
    for idx in 0..200 {
        server(&mut model, ToClient::Notice(Notice { text: format!("n{idx}"), warning: false }));
    }
    assert_eq!(model.notices.shown.len(), NOTICES_MAX);
    assert_eq!(model.notices.log.len(), crate::client::model::LOG_MAX);
    model.now.tick = model.next_deadline().expect("their end");
    model.damage.chrome = false;
    update(&mut model, Event::Wake);
    assert!(model.notices.shown.is_empty() && model.damage.chrome);
    assert_eq!(model.next_deadline(), None);
}

#[test]
fn refusals_are_shown_and_that_of_the_entry_ends_the_client() {
    let mut model = model();
    let refused = |id: u64| {
        let data = json!({"code": "not_found", "hint": "abide ls"});
        let error = json!({"code": -32000, "message": "no session \"x\"", "data": data});
        json!({"jsonrpc": "2.0", "id": id, "error": error})
    };
    assert!(server(&mut model, ToClient::Answer(refused(3).to_string())).is_empty());
    assert_eq!(
        model.notices.log.back().map(|notice| notice.text.as_str()),
        Some("no session \"x\" (abide ls)")
    );
    model.calls.entry = Some(4);
    let messages = update(&mut model, Event::Server(ToClient::Answer(refused(4).to_string())));
    let [ClientEffect::Leave(outcome)] = messages.as_slice() else { panic!("it leaves") };
    assert_eq!(outcome.status(), 4);
    assert!(server(&mut model, ToClient::Answer("garbage".into())).is_empty());
}

#[test]
fn calls_of_others_are_carried_out_and_answered() {
    let mut model = model();
    let call = |method: &str| ToClient::Call {
        call: CallId(9),
        json: json!({"jsonrpc": "2.0", "id": 1, "method": method}).to_string(),
    };
    let answer =
        |model: &mut Model, method: &str| match update(model, Event::Server(call(method))).pop() {
            Some(ClientEffect::Send(ToServer::Answer { call: CallId(9), json })) => json,
            other => panic!("{other:?}"),
        };
    assert!(answer(&mut model, "client.keys").contains("result"));
    assert!(model.overlay.is_some());
    assert!(answer(&mut model, "pane.split").contains("unknown_action"));
}

#[test]
fn farewells_end_the_client_or_bring_it_back() {
    let check = |bye: Bye, status: Option<u8>| {
        let messages = update(&mut model(), Event::Server(ToClient::Bye(bye)));
        let found = match messages.as_slice() {
            [ClientEffect::Leave(outcome)] => Some(outcome.status()),
            [ClientEffect::Reconnect] => None,
            other => panic!("{other:?}"),
        };
        assert_eq!(found, status);
    };
    check(Bye::Restart, None);
    check(Bye::Detached { session: "work".into() }, Some(0));
    check(Bye::Ended { session: "work".into(), status: 3 }, Some(3));
    check(Bye::Stopped, Some(0));
    check(Bye::Refused { message: "no".into() }, Some(1));
    assert_eq!(
        ExitReason::Detached("work".into()).message().as_deref(),
        Some("[detached from work]")
    );
}

#[test]
fn what_is_for_the_outer_terminal_is_written_if_it_may() {
    let mut model = model();
    assert_eq!(
        update(&mut model, Event::Server(ToClient::Outer(HostCommand::Bell))),
        [ClientEffect::Write(b"\x07".to_vec())]
    );
    let clipboard =
        update(&mut model, Event::Server(ToClient::Outer(HostCommand::Clipboard("hi".into()))));
    assert_eq!(clipboard, [ClientEffect::Write(b"\x1b]52;c;aGk=\x1b\\".to_vec())]);
    model.caps.modern = false;
    assert!(
        update(&mut model, Event::Server(ToClient::Outer(HostCommand::Clipboard("hi".into()))))
            .is_empty()
    );
}

#[test]
fn colours_are_told_once_they_are_complete() {
    let mut model = model();
    let colour = Reply::Colour(crate::client::input::ColourSlot::Background, (1, 2, 3));
    assert!(update(&mut model, Event::Tty(vec![TtyEvent::Reply(colour)])).is_empty());
    let messages =
        update(&mut model, Event::Tty(vec![TtyEvent::Reply(Reply::Attributes(vec![62]))]));
    let [ClientEffect::Send(ToServer::Colours(colours))] = messages.as_slice() else {
        panic!("the colours")
    };
    assert_eq!(colours.bg, Some((1, 2, 3)));
}

#[test]
fn a_paste_that_is_too_large_is_explained() {
    let mut model = model();
    assert_eq!(tty(&mut model, vec![TtyEvent::Paste("a".into())]), ["Input(Paste(\"a\"))"]);
    assert!(tty(&mut model, vec![TtyEvent::PasteTooLarge(5_000_000)]).is_empty());
    assert!(model.notices.log.back().is_some_and(|notice| notice.warning));
}

#[test]
fn several_lines_are_pasted_at_once_only_where_the_program_tells_pastes_from_typing() {
    let mut model = model();
    let pasted = ["Input(Paste(\"a\\nb\"))"];
    let paste = || vec![TtyEvent::Paste("a\nb".into())];
    assert!(tty(&mut model, paste()).is_empty());
    assert!(model.opened::<ConfirmPaste>().is_some());
    assert_eq!(press(&mut model, "y"), pasted);
    tty(&mut model, paste());
    assert!(press(&mut model, "n").is_empty() && model.overlay.is_none());
    assert_eq!(
        tty(&mut model, vec![TtyEvent::Paste("a\n".into())]),
        ["Input(Paste(\"a\\n\"))"],
        "one line"
    );
    model.scene.chrome.panes[0].bracketed_paste = true;
    assert_eq!(tty(&mut model, paste()), pasted);
    model.scene.chrome.panes[0].bracketed_paste = false;
    let mut settings = Settings::default();
    settings.outer.ask_paste = false;
    model.config = Rc::new(ClientConfig::new(&settings, "host"));
    assert_eq!(tty(&mut model, paste()), pasted);
}

#[test]
fn locked_keys_all_go_to_the_program_but_the_one_that_unlocks() {
    let mut model = model();
    assert!(press(&mut model, "C-b F12").is_empty());
    assert_eq!(press(&mut model, "C-b b C-b"), ["C-b b C-b"]);
    assert!(press(&mut model, "F12").is_empty());
    assert_eq!(press(&mut model, "C-b b"), ["session.rename {\"name\":\"here\"}"]);
}

#[test]
fn the_locked_preset_is_locked_from_the_start_and_locks_again() {
    let mut settings = Settings::default();
    settings.keys.preset = crate::settings::Preset::Locked;
    let mut model = Model::new(
        Rc::new(ClientConfig::new(&settings, "")),
        Size::new(80, 24),
        Caps::default(),
        Now::default(),
    );
    assert_eq!(press(&mut model, "C-b d"), ["C-b d"]);
    assert!(press(&mut model, "F12").is_empty());
    assert_eq!(press(&mut model, "C-b d"), ["client.detach {}"]);
    assert!(press(&mut model, "F12").is_empty());
    assert_eq!(press(&mut model, "C-b"), ["C-b"]);
}

#[test]
fn keys_that_resize_repeat_without_the_prefix_for_a_while() {
    let mut model = model();
    let right = "pane.resize {\"cells\":1,\"right\":true}";
    assert_eq!(press(&mut model, "C-b C-Right C-Right"), [right, right]);
    assert_eq!(press(&mut model, "x C-Right"), ["x C-Right"], "another key ends it");
    press(&mut model, "C-b C-Right");
    model.now.tick = model.now.tick + Span::millis(501);
    assert_eq!(press(&mut model, "C-Right"), ["C-Right"]);
}

#[test]
fn a_saved_configuration_is_in_force_at_once_and_a_broken_one_changes_nothing() {
    let mut model = model();
    let before = Rc::clone(&model.config);
    assert!(update(&mut model, Event::Misconfigured("config.toml:1:1: no".into())).is_empty());
    assert!(Rc::ptr_eq(&before, &model.config));
    assert!(
        model
            .notices
            .log
            .back()
            .is_some_and(|notice| notice.warning && notice.text.contains("config.toml:1:1"))
    );
    let mut settings = Settings::default();
    settings.bars.tabs = crate::settings::Edge::Off;
    settings.outer.mouse = false;
    settings.keys.bind.insert("prefix b".into(), "session rename there".into());
    let messages =
        update(&mut model, Event::Configured(Box::new(ClientConfig::new(&settings, "host"))));
    assert!(
        matches!(
            messages.as_slice(),
            [ClientEffect::Write(_), ClientEffect::Send(ToServer::Bars(1))]
        ),
        "{messages:?}"
    );
    assert_eq!(press(&mut model, "C-b b"), ["session.rename {\"name\":\"there\"}"]);
}

#[test]
fn the_colours_follow_the_terminal_when_it_turns_light() {
    let mut model = model();
    let dark = model.config.theme;
    update(
        &mut model,
        Event::Tty(vec![TtyEvent::Reply(Reply::Appearance(crate::settings::Appearance::Light))]),
    );
    assert_eq!(model.config.theme, model.config.themes.light);
    assert_ne!(model.config.theme, dark);
    let background = Reply::Colour(crate::client::input::ColourSlot::Background, (0, 0, 0));
    update(&mut model, Event::Tty(vec![TtyEvent::Reply(background)]));
    assert_eq!(model.config.theme, dark);
}

#[test]
fn the_card_of_the_first_run_goes_with_the_first_key_which_is_typed() {
    let mut model = model();
    model.shows_card = true;
    assert_eq!(press(&mut model, "x"), ["CardSeen", "x"]);
    assert_eq!(press(&mut model, "x"), ["x"]);
}
