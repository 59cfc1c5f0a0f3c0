//! What the client draws: snapshots of views, and painted bytes as an independent terminal sees
//! them.

use std::num::NonZeroU16;
use std::rc::Rc;

use abide::base::geom::{Point, Rect, Size};
use abide::base::id::{PaneId, SessionId, TabId};
use abide::base::key::{Key, KeyInput, MouseWant};
use abide::base::row::RunKind;
use abide::base::style::{Attrs, Colour, Cursor, CursorShape, Style, Underline};
use abide::base::time::{Now, Tick};
use abide::client::ClientConfig;
use abide::client::caps::{Caps, Depth};
use abide::client::input::TtyEvent;
use abide::client::model::{Damage, Event, Model, ServerLink};
use abide::client::paint::Painter;
use abide::client::update::update;
use abide::client::view;
use abide::settings::Settings;
use abide::wire::frame::{Chrome, Frame, PaneItem, PaneRows, SessionItem, TabItem, ToClient};
use abide::wire::span::StyledSpan;
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

fn model(size: Size) -> Model {
    let caps = Caps { depth: Depth::True, underlines: true, ..Caps::default() };
    let mut config = ClientConfig::new(&Settings::default(), "box");
    // A view of these few does not change with every new action.
    config.actions.retain(|action| action.name.starts_with("client."));
    let mut model = Model::new(Rc::new(config), size, caps, Now::default());
    model.link = ServerLink::Up(Tick(0));
    model.bar.clock = "12:34".into();
    model
}

fn pane(id: u64, rect: Rect, title: &str) -> PaneItem {
    PaneItem {
        id: PaneId(id),
        index: u16::try_from(id).expect("small"),
        rect,
        size: rect.size(),
        origin: Point::default(),
        title: title.into(),
        mouse: MouseWant::None,
        ended: None,
        alternate: false,
        bracketed_paste: false,
    }
}

/// A tab with a pane on the left and two on the right.
fn chrome(size: Size) -> Chrome {
    let area = Size::new(size.cols, size.rows.saturating_sub(2).max(1));
    let (half, middle) = (area.cols / 2, area.rows / 2);
    let (right, lower) = (area.cols.saturating_sub(half + 1), area.rows.saturating_sub(middle + 1));
    let session = |id: u64, name: &str| SessionItem { id: SessionId(id), name: name.into() };
    let tab = |id: u64, name: &str| TabItem {
        id: TabId(id),
        index: u16::try_from(id).expect("small"),
        name: name.into(),
        current: id == 2,
        last: id == 1,
        bell: id == 3,
        activity: id == 4,
    };
    Chrome {
        session: Some(session(1, "work")),
        sessions: vec![session(1, "work"), session(2, "play")],
        tabs: vec![tab(1, "bash"), tab(2, "vim"), tab(3, "make"), tab(4, "log")],
        panes: vec![
            pane(1, Rect::new(0, 0, Size::new(half, area.rows)), "src/main.rs"),
            pane(2, Rect::new(half + 1, 0, Size::new(right, middle)), "top"),
            pane(3, Rect::new(half + 1, middle + 1, Size::new(right, lower)), "cargo test"),
        ],
        focus: Some(PaneId(3)),
        area,
        ..Chrome::default()
    }
}

fn text(row: u16, text: &str) -> (u16, Vec<StyledSpan>) {
    (row, vec![StyledSpan { style: 0, link: 0, kind: RunKind::Narrow, text: text.into() }])
}

fn frame(number: u64, chrome: Option<Chrome>, panes: Vec<PaneRows>) -> Event {
    let cursor =
        Some(Cursor { x: 1, y: 0, visible: true, shape: CursorShape::Default, blink: false });
    Event::Server(ToClient::Frame(Box::new(Frame {
        number,
        chrome,
        styles: vec![Style::default()],
        panes,
        cursor,
    })))
}

fn press(model: &mut Model, names: &str) {
    let key = |name: &str| TtyEvent::Key(KeyInput::from(name.parse::<Key>().expect("a key")));
    update(model, Event::Tty(names.split(' ').map(key).collect()));
}

/// The view as text, and, below it, the painted screen as vt100 sees it.
fn shown(model: &Model) -> String {
    let mut terminal =
        Terminal::new(TestBackend::new(model.size.cols, model.size.rows)).expect("a test");
    terminal.draw(|frame| view::draw(model, frame.buffer_mut())).expect("a test");
    let screen = painted(model);
    let rows: Vec<String> =
        screen.screen().rows(0, model.size.cols).map(|row| format!("{row}│")).collect();
    format!("{}\npainted:\n{}\n", terminal.backend(), rows.join("\n"))
}

fn cells_of(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("at least one")
}

fn terminal(size: Size) -> vt100::Parser {
    vt100::Parser::new(cells_of(size.rows), cells_of(size.cols), 0)
}

/// A fresh terminal after everything was painted once.
fn painted(model: &Model) -> vt100::Parser {
    let mut screen = terminal(model.size);
    let mut bytes = Vec::new();
    Painter::default().paint(model, &Damage { all: true, ..Damage::default() }, &mut bytes);
    screen.process(&bytes);
    screen
}

fn session(size: Size) -> Model {
    let mut model = model(size);
    let rows = |pane: u64, rows: Vec<(u16, Vec<StyledSpan>)>| PaneRows {
        pane: PaneId(pane),
        rows,
        links: Vec::new(),
    };
    let panes = vec![
        rows(1, vec![text(0, "fn main() {"), text(1, "}")]),
        rows(3, vec![text(0, "$ cargo test"), text(1, "ok")]),
    ];
    update(&mut model, frame(1, Some(chrome(size)), panes));
    model
}

const SIZES: [(u16, u16); 3] = [(80, 24), (200, 50), (20, 5)];

/// The process view as it is once the server has answered.
fn processes(size: Size) -> Model {
    let mut model = session(size);
    let calls = update(
        &mut model,
        Event::Tty(
            ["C-b", "P"]
                .map(|name| TtyEvent::Key(name.parse::<Key>().expect("a key").into()))
                .into(),
        ),
    );
    assert_eq!(calls.len(), 1, "the table is asked for once: {calls:?}");
    let process = |pid: u64, depth: u64, (pane, state): (u64, &str), cpu: f64, line: &str| {
        serde_json::json!({
            "pid": pid, "start_time": pid, "depth": depth, "session": "s1",
            "pane": format!("p{pane}"), "command": null, "state": state, "cpu": cpu,
            "rss": pid * 100_000, "age_ms": pid * 1000, "command_line": line,
        })
    };
    let table = [
        process(100, 0, (1, "sleeping"), 0.0, "bash"),
        process(120, 1, (1, "sleeping"), 1.5, "vim src/main.rs"),
        process(200, 0, (3, "sleeping"), 0.0, "bash"),
        process(4321, 1, (3, "running"), 99.9, "cargo test --workspace"),
        process(70_000, 2, (3, "stopped"), 180.0, "rustc --crate-name abide"),
    ];
    let answer =
        serde_json::json!({ "jsonrpc": "2.0", "id": model.calls.next - 1, "result": table });
    update(&mut model, Event::Server(ToClient::Answer(answer.to_string())));
    model
}

#[test]
fn the_process_view_at_three_sizes() {
    for (cols, rows) in SIZES {
        let size = Size::new(cols, rows);
        insta::assert_snapshot!(format!("processes_{size}"), shown(&processes(size)));
    }
    let size = Size::new(80, 24);
    // One is told to end, others are tagged, and it is asked about them.
    let mut model = processes(size);
    press(&mut model, "j x s / s t Enter g Space Space X");
    insta::assert_snapshot!("processes_asked", shown(&model));
    // Closed, nothing is asked for any more.
    press(&mut model, "n Esc q");
    assert!(model.overlay.is_none() && model.next_deadline().is_none());
}

#[test]
fn views_at_three_sizes() {
    for (cols, rows) in SIZES {
        let size = Size::new(cols, rows);
        insta::assert_snapshot!(format!("session_{size}"), shown(&session(size)));
        for (name, keys) in [
            ("palette", "C-b : k e y s"),
            ("keys", "C-b ? z o o m"),
            ("sessions", "C-b s"),
            ("rename", "C-b ,"),
        ] {
            let mut model = session(size);
            press(&mut model, keys);
            insta::assert_snapshot!(format!("{name}_{size}"), shown(&model));
        }
    }
}

/// The rows in which every cell has attribute inverse, or none has, as a terminal without colours
/// shows them.
fn inverted_rows(model: &Model) -> Vec<Option<bool>> {
    let screen = painted(model);
    let Size { cols, rows } = model.size;
    let row = |y: u16| {
        let middle = (cols / 4..cols / 4 * 3)
            .map(|x| screen.screen().cell(y, x).is_some_and(vt100::Cell::inverse))
            .collect::<std::collections::BTreeSet<bool>>();
        (middle.len() == 1).then(|| middle.contains(&true))
    };
    (0..rows).map(row).collect()
}

#[test]
fn a_terminal_without_colours_shows_what_is_selected() {
    let size = Size::new(80, 24);
    let answer = |model: &mut Model, result: serde_json::Value| {
        let id = model.calls.next - 1;
        let answer = serde_json::json!({ "jsonrpc": "2.0", "id": id, "result": result });
        update(model, Event::Server(ToClient::Answer(answer.to_string())));
    };
    let buffers = serde_json::json!([
        { "name": "b1", "bytes": 4, "sample": "text" },
        { "name": "b0", "bytes": 4, "sample": "old" }
    ]);
    let commands = serde_json::json!([
        { "id": "c2", "command": "make", "exit_code": 0 },
        { "id": "c1", "command": "ls", "exit_code": 0 }
    ]);
    let nothing = serde_json::Value::Null;
    for (keys, result) in [
        ("C-b :", nothing.clone()),
        ("C-b ?", nothing.clone()),
        ("C-b s", nothing.clone()),
        ("C-b w", nothing.clone()),
        ("C-b <", nothing.clone()),
        ("C-b =", buffers),
        ("C-b H", commands),
        ("C-b P", nothing),
    ] {
        let mut model = if keys == "C-b P" { processes(size) } else { session(size) };
        model.caps.depth = Depth::None;
        if keys != "C-b P" {
            press(&mut model, keys);
        }
        if !result.is_null() {
            answer(&mut model, result);
        }
        let first = inverted_rows(&model);
        press(&mut model, "Down");
        let second = inverted_rows(&model);
        let plain_in_list = |rows: &[Option<bool>]| {
            let first = rows.iter().position(|row| *row == Some(true)).expect("an inverted row");
            let end = rows.iter().rposition(|row| *row == Some(true)).expect("an inverted row");
            (first..end).filter(|y| rows[*y] == Some(false)).collect::<Vec<usize>>()
        };
        let (first, second) = (plain_in_list(&first), plain_in_list(&second));
        assert_ne!(first, second, "{keys}: another row is selected: {}", shown(&model));
    }
    let screen = painted(&{
        let mut model = session(size);
        model.caps.depth = Depth::None;
        model
    });
    let is_inverted = |text: &str| {
        let row = screen.screen().rows(0, 80).next().expect("the tab bar");
        let at = row.find(text).expect("the tab is there");
        let at = u16::try_from(at).expect("small");
        screen.screen().cell(0, at).is_some_and(vt100::Cell::inverse)
    };
    assert_ne!(is_inverted("vim"), is_inverted("bash"), "the tab that is shown is told apart");
}

#[test]
fn what_comes_by_itself() {
    let size = Size::new(80, 24);
    let mut hint = session(size);
    press(&mut hint, "C-b");
    hint.now.tick = hint.next_deadline().expect("the hint");
    let text = shown(&hint);
    assert!(text.contains(" z     pane zoom ") && text.contains("client rename "), "{text}");

    let mut marks = session(size);
    marks.scene.chrome.zoomed = true;
    marks.scene.chrome.read_only = true;
    marks.scene.chrome.clients = 3;
    marks.scene.chrome.panes.truncate(1);
    marks.scene.chrome.panes[0].rect = Rect::new(0, 0, marks.scene.chrome.area);
    marks.scene.chrome.panes[0].size = Size::new(60, 10);
    marks.scene.chrome.panes[0].ended = Some(3);
    marks.scene.chrome.focus = Some(PaneId(1));
    marks.notify("split: no room for another pane", true);
    marks.notify("saved", false);
    insta::assert_snapshot!("marks", shown(&marks));

    let mut floating = session(size);
    floating.scene.chrome.panes.push(pane(4, Rect::new(20, 5, Size::new(30, 8)), "float"));
    floating.scene.chrome.focus = Some(PaneId(4));
    insta::assert_snapshot!("floating", shown(&floating));

    let mut silent = model(size);
    silent.link = ServerLink::Greeting(Tick(0));
    silent.now.tick = Tick(3_000_000_000);
    insta::assert_snapshot!("silent", shown(&silent));
}

/// A screen full of the sign for "no pane is here" came before each first frame.
#[test]
fn before_the_first_pane_is_known_the_screen_is_blank() {
    let size = Size::new(60, 16);
    let mut model = model(size);
    assert!(!shown(&model).contains('·'), "{}", shown(&model));
    update(&mut model, frame(1, Some(Chrome { panes: Vec::new(), ..chrome(size) }), Vec::new()));
    assert!(!shown(&model).contains('·'), "{}", shown(&model));
    let one = vec![pane(1, Rect::new(0, 0, Size::new(20, 5)), "sh")];
    update(&mut model, frame(2, Some(Chrome { panes: one, ..chrome(size) }), Vec::new()));
    assert!(shown(&model).contains('·'), "{}", shown(&model));
}

#[test]
fn tiny_terminals_never_panic() {
    for cols in 1..8 {
        for rows in 1..6 {
            let size = Size::new(cols, rows);
            for keys in ["x", "C-b", "C-b :", "C-b ? z", "C-b ,", "C-b s"] {
                for mut model in [session(size), session(Size::new(80, 24)), self::model(size)] {
                    update(&mut model, Event::Resized(size, (0, 0)));
                    press(&mut model, keys);
                    model.now.tick = Tick(9_000_000_000);
                    model.notify("something to say", true);
                    painted(&model);
                }
            }
        }
    }
}

/// A span as a program might print it.
fn span() -> impl Strategy<Value = StyledSpan> {
    let kinds = prop_oneof![
        4 => "[ -~é]{1,12}".prop_map(|text| (RunKind::Narrow, text)),
        1 => "[漢字仮名😀]{1,4}".prop_map(|text| (RunKind::Wide, text)),
        1 => Just((RunKind::Cluster(1), "e\u{301}".to_owned())),
        1 => Just((RunKind::Cluster(2), "字\u{301}".to_owned())),
    ];
    (0..6_u16, 0..3_u32, kinds).prop_map(|(style, link, (kind, text))| StyledSpan {
        style,
        link,
        kind,
        text,
    })
}

fn styles() -> Vec<Style> {
    let plain = Style::default();
    vec![
        plain,
        Style { fg: Colour::Indexed(1), attrs: Attrs::BOLD, ..plain },
        Style {
            fg: Colour::Rgb(1, 2, 3),
            bg: Colour::Indexed(200),
            attrs: Attrs::DIM.with(Attrs::BOLD),
            ..plain
        },
        Style {
            bg: Colour::Indexed(12),
            underline: Underline::Single,
            attrs: Attrs::ITALIC,
            ..plain
        },
        Style { attrs: Attrs::INVERSE.with(Attrs::DIM), ..plain },
    ]
}

/// What happens to a client.
#[derive(Debug, Clone)]
enum Step {
    Rows(Vec<(u64, u16, Vec<StyledSpan>)>),
    Layout(u8),
    Keys(&'static str),
    Resize(u16, u16),
    Notice,
}

fn step() -> impl Strategy<Value = Step> {
    let row = (1..5_u64, 0..12_u16, proptest::collection::vec(span(), 0..5));
    let keys = vec!["C-b ?", "C-b :", "a", "Esc", "C-b", "Down", "C-b r"];
    prop_oneof![
        6 => proptest::collection::vec(row, 1..4).prop_map(Step::Rows),
        1 => (0..4_u8).prop_map(Step::Layout),
        2 => proptest::sample::select(keys).prop_map(Step::Keys),
        1 => (1..60_u16, 1..16_u16).prop_map(|(cols, rows)| Step::Resize(cols, rows)),
        1 => Just(Step::Notice),
    ]
}

fn apply(model: &mut Model, step: Step, number: u64) {
    match step {
        Step::Rows(rows) => {
            let links = vec![(1, "https://a.example/".to_owned()), (2, "file:///x".to_owned())];
            let panes = rows.into_iter().map(|(pane, row, spans)| PaneRows {
                pane: PaneId(pane),
                rows: vec![(row, spans)],
                links: links.clone(),
            });
            let cursor = Some(Cursor {
                x: 3,
                y: 1,
                visible: !number.is_multiple_of(3),
                shape: CursorShape::Bar,
                blink: false,
            });
            let frame =
                Frame { number, chrome: None, styles: styles(), panes: panes.collect(), cursor };
            update(model, Event::Server(ToClient::Frame(Box::new(frame))));
        }
        Step::Layout(kind) => {
            let mut chrome = chrome(model.size);
            match kind {
                0 => chrome.panes.truncate(1),
                1 => chrome.panes.push(pane(4, Rect::new(3, 1, Size::new(9, 4)), "over")),
                2 => chrome.panes[0].origin = Point::new(1, 1),
                _ => chrome.panes[0].size = Size::new(5, 3),
            }
            update(model, frame(number, Some(chrome), Vec::new()));
        }
        Step::Keys(keys) => press(model, keys),
        Step::Resize(cols, rows) => {
            drop(update(model, Event::Resized(Size::new(cols, rows), (0, 0))));
        }
        Step::Notice => model.notify("漢字 as a notice", false),
    }
}

/// What a terminal shows, cell by cell.
fn cells(parser: &vt100::Parser, size: Size) -> Vec<String> {
    let screen = parser.screen();
    let cell = |row: u16, col: u16| {
        let cell = screen.cell(row, col)?;
        let text = if cell.has_contents() { cell.contents().to_owned() } else { " ".to_owned() };
        let attrs = [cell.bold(), cell.dim(), cell.italic(), cell.underline(), cell.inverse()];
        Some(format!("{row},{col} {text:?} {:?} {:?} {attrs:?}", cell.fgcolor(), cell.bgcolor()))
    };
    let mut all: Vec<String> = (0..size.rows)
        .flat_map(|row| (0..size.cols).filter_map(move |col| cell(row, col)))
        .collect();
    all.push(format!(
        "cursor {:?} hidden {}",
        (!screen.hide_cursor()).then(|| screen.cursor_position()),
        screen.hide_cursor()
    ));
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn frames_painted_one_by_one_look_like_the_last_painted_from_scratch(
        steps in proptest::collection::vec(step(), 1..20)
    ) {
        let mut model = model(Size::new(50, 14));
        update(&mut model, frame(1, Some(chrome(Size::new(50, 14))), Vec::new()));
        let mut painter = Painter::default();
        let mut screen = terminal(model.size);
        for (step, number) in steps.into_iter().zip(2..) {
            let before = model.size;
            apply(&mut model, step, number);
            if model.size != before {
                screen.screen_mut().set_size(cells_of(model.size.rows), cells_of(model.size.cols));
            }
            let mut bytes = Vec::new();
            let damage = std::mem::take(&mut model.damage);
            painter.paint(&model, &damage, &mut bytes);
            screen.process(&bytes);
            let incremental = cells(&screen, model.size);
            let scratch = cells(&painted(&model), model.size);
            for (a, b) in incremental.iter().zip(&scratch) {
                prop_assert_eq!(a, b, "{}", String::from_utf8_lossy(&bytes));
            }
            bytes.clear();
            painter.paint(&model, &Damage { chrome: true, ..Damage::default() }, &mut bytes);
            prop_assert!(bytes.is_empty(), "nothing changed, but {:?} was \
                written", String::from_utf8_lossy(&bytes));
        }
    }
}

#[test]
fn pane_rows_arrive_as_they_are() {
    let size = Size::new(40, 8);
    let mut model = model(size);
    let mut whole = chrome(size);
    whole.panes = vec![pane(1, Rect::new(0, 0, whole.area), "")];
    let spans = vec![
        StyledSpan { style: 0, link: 0, kind: RunKind::Narrow, text: "ab".into() },
        StyledSpan { style: 1, link: 0, kind: RunKind::Wide, text: "漢字".into() },
        StyledSpan { style: 2, link: 0, kind: RunKind::Narrow, text: "c".into() },
    ];
    let rows = vec![PaneRows { pane: PaneId(1), rows: vec![(2, spans)], links: Vec::new() }];
    let first =
        Frame { number: 1, chrome: Some(whole), styles: styles(), panes: rows, cursor: None };
    update(&mut model, Event::Server(ToClient::Frame(Box::new(first))));
    let screen = painted(&model);
    let row: String = screen.screen().contents_between(3, 0, 3, 40);
    assert_eq!(row.trim_end(), "ab漢字c");
    let cell = |col: u16| screen.screen().cell(3, col).expect("a cell").clone();
    assert_eq!(
        (cell(2).fgcolor(), cell(2).bold(), cell(2).is_wide()),
        (vt100::Color::Idx(1), true, true)
    );
    assert_eq!(
        (cell(6).fgcolor(), cell(6).bgcolor()),
        (vt100::Color::Rgb(1, 2, 3), vt100::Color::Idx(200))
    );
    assert!(screen.screen().hide_cursor());
}

#[test]
fn what_follows_a_cluster_survives_a_terminal_that_takes_it_for_wider() {
    let size = Size::new(40, 8);
    let mut model = session(size);
    let mut painter = Painter::default();
    let mut screen = terminal(size);
    let span =
        |kind: RunKind, text: &str| StyledSpan { style: 0, link: 0, kind, text: text.into() };
    let rows = [
        vec![span(RunKind::Narrow, "a--defg")],
        // The vt100 crate knows no emoji modifiers: it takes this for two wide characters.
        vec![
            span(RunKind::Narrow, "a"),
            span(RunKind::Cluster(2), "👍🏽"),
            span(RunKind::Narrow, "defg"),
        ],
    ];
    for (row, number) in rows.into_iter().zip(2..) {
        update(
            &mut model,
            frame(
                number,
                None,
                vec![PaneRows { pane: PaneId(1), rows: vec![(0, row)], links: Vec::new() }],
            ),
        );
        let mut bytes = Vec::new();
        let damage = std::mem::take(&mut model.damage);
        painter.paint(&model, &damage, &mut bytes);
        screen.process(&bytes);
    }
    assert_eq!(screen.screen().contents_between(1, 0, 1, 10).trim_end(), "a👍defg");
}

#[test]
fn one_changed_row_costs_at_most_twice_its_bytes() {
    let size = Size::new(200, 50);
    let mut model = session(size);
    let mut painter = Painter::default();
    painter.paint(&model, &Damage { all: true, ..Damage::default() }, &mut Vec::new());
    model.damage = Damage::default();
    let line = "x".repeat(99);
    let changed = vec![PaneRows { pane: PaneId(1), rows: vec![text(7, &line)], links: Vec::new() }];
    update(&mut model, frame(2, None, changed));
    let mut bytes = Vec::new();
    painter.paint(&model, &model.damage, &mut bytes);
    assert!(bytes.len() <= 2 * line.len(), "{} bytes", bytes.len());
}

#[test]
fn nothing_a_server_sends_is_obeyed_by_the_terminal() {
    let size = Size::new(30, 6);
    let mut model = session(size);
    let spans = vec![StyledSpan {
        style: 0,
        link: 1,
        kind: RunKind::Narrow,
        text: "a\u{1b}[31m\u{9b}1mb\u{7}".into(),
    }];
    let links = vec![(1, "http://x/\u{1b}\\\u{7}é".to_owned())];
    let rows = vec![PaneRows { pane: PaneId(1), rows: vec![(0, spans)], links }];
    update(&mut model, frame(2, None, rows));
    let mut bytes = Vec::new();
    Painter::default().paint(&model, &Damage { all: true, ..Damage::default() }, &mut bytes);
    let text = String::from_utf8(bytes).expect("UTF-8");
    assert!(
        !text.contains("\u{1b}[31m\u{9b}") && !text.contains('\u{9b}') && !text.contains('\u{7}'),
        "{text:?}"
    );
    assert!(!text.contains("http://x/"), "an address without its end is another one: {text:?}");
}
