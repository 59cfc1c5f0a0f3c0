//! The bodies of the fuzz targets at the client's side: what it paints, and what it reads from its
//! terminal. Also run on the seeds by `cargo test`.

use std::rc::Rc;

use abide::base::geom::{Point, Rect, Size};
use abide::base::id::PaneId;
use abide::base::key::MouseWant;
use abide::base::memory::HeapMemory;
use abide::base::row::{Row, RunKind};
use abide::base::style::Style;
use abide::base::text::link_address;
use abide::base::time::{Now, Tick};
use abide::client::ClientConfig;
use abide::client::caps::{Caps, Depth, Features};
use abide::client::input::{Decoder, PASTE_MAX, TtyEvent};
use abide::client::model::{Event, Model, ServerLink};
use abide::client::paint::Painter;
use abide::client::update::update;
use abide::settings::Settings;
use abide::term::{Options, Terminal};
use abide::wire::frame::{Chrome, Frame, PaneItem, PaneRows, ToClient};
use abide::wire::span::StyledSpan;

fn terminal(size: Size) -> Terminal {
    let options = Options { scrollback_lines_max: 50, ..Options::default() };
    Terminal::new(size, options, Box::new(HeapMemory::default()))
}

thread_local! {
    /// Made once: it takes longer than all the rest.
    static SETUP: Rc<ClientConfig> = Rc::new(ClientConfig::new(&Settings::default(), "box"));
}

/// A client that shows one pane in all of its terminal, and that terminal.
struct Attached {
    model: Model,
    painter: Painter,
    outer: Terminal,
    number: u64,
    tick: u64,
}

impl Attached {
    fn new(size: Size) -> Self {
        let caps = Caps {
            depth: Depth::True,
            underlines: true,
            sync: true,
            features: Features::OVERLINE,
            ..Caps::default()
        };
        let mut model = Model::new(SETUP.with(Rc::clone), size, caps, Now::default());
        model.link = ServerLink::Up(Tick(0));
        Self { model, painter: Painter::default(), outer: terminal(size), number: 0, tick: 0 }
    }

    /// The steps of the server after the program wrote, those of the client, and the bytes its
    /// terminal makes of that.
    fn show(&mut self, program: &Terminal) {
        let size = program.size();
        let resized = self.outer.size() != size;
        if resized {
            self.outer.resize(size, &mut Vec::new());
            update(&mut self.model, Event::Resized(size, (0, 0)));
        }
        self.number += 1;
        let chrome = (resized || self.number == 1).then(|| chrome(size));
        let mut frame = Frame {
            number: self.number,
            chrome,
            cursor: Some(program.cursor()).filter(|cursor| cursor.visible),
            ..Frame::default()
        };
        let mut rows = PaneRows { pane: PaneId(1), rows: Vec::new(), links: Vec::new() };
        for y in (0..size.rows).filter(|y| self.tick <= program.row_tick(*y)) {
            rows.rows.push((y, spans(program, y, &mut frame.styles, &mut rows.links)));
        }
        self.tick = program.tick() + 1;
        frame.panes.push(rows);
        update(&mut self.model, Event::Server(ToClient::Frame(Box::new(frame))));
        let mut bytes = Vec::new();
        let damage = std::mem::take(&mut self.model.damage);
        self.painter.paint(&self.model, &damage, &mut bytes);
        self.outer.feed(&bytes, &mut Vec::new());
        for y in 0..size.rows {
            let (shown, wanted) =
                (cells(&self.outer, &self.outer.row(y)), cells(program, &program.row(y)));
            assert_eq!(shown, wanted, "row {y} after {:?}", String::from_utf8_lossy(&bytes));
        }
        let (shown, wanted) = (self.outer.cursor(), program.cursor());
        assert_eq!(shown.visible, wanted.visible);
        assert!(!wanted.visible || shown == wanted, "{shown:?} instead of {wanted:?}");
    }
}

/// A pane in all of the terminal.
fn chrome(size: Size) -> Chrome {
    let pane = PaneItem {
        id: PaneId(1),
        index: 1,
        rect: Rect::new(0, 0, size),
        size,
        origin: Point::default(),
        title: String::new(),
        mouse: MouseWant::None,
        ended: None,
        alternate: false,
        bracketed_paste: false,
    };
    Chrome { panes: vec![pane], focus: Some(PaneId(1)), area: size, ..Chrome::default() }
}

fn spans(
    program: &Terminal,
    y: u16,
    styles: &mut Vec<Style>,
    links: &mut Vec<(u32, String)>,
) -> Vec<StyledSpan> {
    let span = |run: abide::base::row::Run| {
        let style = styles.iter().position(|style| *style == run.style).unwrap_or_else(|| {
            styles.push(run.style);
            styles.len() - 1
        });
        links.extend(program.link(run.link).map(|target| (run.link, target.to_owned())));
        StyledSpan {
            style: u16::try_from(style).expect("fewer styles than cells"),
            link: run.link,
            kind: run.kind,
            text: run.text,
        }
    };
    program.row(y).runs.into_iter().map(span).collect()
}

/// A row cell by cell: text, columns, style and target of the link, without what is blank at its
/// end.
fn cells(terminal: &Terminal, row: &Row) -> Vec<(String, usize, Style, String)> {
    let mut cells = Vec::new();
    for run in &row.runs {
        let link = terminal.link(run.link).and_then(link_address).unwrap_or_default();
        match run.kind {
            RunKind::Cluster(cols) => {
                // Of emoji by variation in one column, which only a program without clusters has,
                // the client writes the text form.
                let has_width = |c: &char| !matches!((c, cols), ('\u{fe0f}', 1) | ('\u{fe0e}', 2));
                cells.push((
                    run.text.chars().filter(has_width).collect(),
                    usize::from(cols),
                    run.style,
                    link,
                ));
            }
            kind => {
                let cols = if kind == RunKind::Wide { 2 } else { 1 };
                // A soft hyphen is nothing at all in some outer terminals, so the client writes a
                // hyphen.
                let shown = run.text.chars().map(|c| if c == '\u{ad}' { '-' } else { c });
                cells.extend(shown.map(|c| (c.to_string(), cols, run.style, link.clone())));
            }
        }
    }
    while cells.last().is_some_and(|(text, _, style, link)| {
        text == " " && *style == Style::default() && link.is_empty()
    }) {
        cells.pop();
    }
    cells
}

/// The client paints the screen of a program so that its terminal shows the same: 0xff and
/// a byte stand between two frames.
pub(crate) fn outer_render(data: &[u8]) {
    let mut program = terminal(Size::new(30, 8));
    let mut client = Attached::new(program.size());
    let mut events = Vec::new();
    for part in data.split(|byte| *byte == 0xff).take(64) {
        let [what, rest @ ..] = part else { continue };
        if let 0xf0.. = *what {
            let cols = u16::from(rest.first().copied().unwrap_or(30) % 60) + 1;
            program.resize(Size::new(cols, u16::from(what & 0x0f) + 1), &mut events);
        }
        program.feed(rest, &mut events);
        events.clear();
        client.show(&program);
    }
}

/// The bytes of the outer terminal, however it is cut: 0xff stands for a pause. Keys go through
/// every
/// keyboard mode.
pub(crate) fn keys_in(data: &[u8]) {
    let (mut whole, mut split) = (Decoder::default(), Decoder::default());
    let (mut events, mut pieces) = (Vec::new(), Vec::new());
    for part in data.split(|byte| *byte == 0xff) {
        whole.feed(part, &mut events);
        part.chunks(1).for_each(|byte| split.feed(byte, &mut pieces));
        assert_eq!(whole.is_ambiguous(), split.is_ambiguous());
        whole.settle(&mut events);
        split.settle(&mut pieces);
    }
    assert_eq!(events, pieces);
    assert!(events.len() <= data.len());
    let terminals = [
        "",
        "\x1b[?1h\x1b=\x1b[?1003h",
        "\x1b[>4;2m\x1b[?1000;1006h",
        "\x1b[>1u\x1b[?2004h\x1b[?1002;1015h",
        "\x1b[>31u\x1b[?1003;1016h\x1b[?1004h",
    ];
    for setup in terminals {
        let mut terminal = terminal(Size::new(80, 24));
        terminal.feed(setup.as_bytes(), &mut Vec::new());
        for event in &events {
            typed(&terminal, event);
        }
    }
}

/// The bytes of an event are bounded, and a paste cannot end itself.
fn typed(terminal: &Terminal, event: &TtyEvent) {
    let mut bytes = Vec::new();
    match event {
        TtyEvent::Key(key) => {
            terminal.input().encode_key(key, &mut bytes);
            assert!(bytes.len() <= 64, "{key:?} sends {} bytes", bytes.len());
        }
        TtyEvent::Mouse(mouse) => {
            terminal.input().encode_mouse(*mouse, &mut bytes);
            assert!(bytes.len() <= 32, "{mouse:?} sends {} bytes", bytes.len());
        }
        TtyEvent::Paste(text) => {
            assert!(text.len() <= 3 * PASTE_MAX);
            terminal.input().encode_paste(text, &mut bytes);
            let inner = bytes
                .strip_prefix(b"\x1b[200~")
                .and_then(|rest| rest.strip_suffix(b"\x1b[201~"))
                .unwrap_or(&bytes);
            assert!(!inner.contains(&0x1b), "a paste of {text:?} sends an escape");
        }
        TtyEvent::Focus(focused) => terminal.input().encode_focus(*focused, &mut bytes),
        TtyEvent::PasteTooLarge(size) => assert!(PASTE_MAX < *size),
        TtyEvent::Reply(_) => {}
    }
}
