//! What a frame costs a client from the message to the bytes for the terminal: one changed row,
//! everything, and everything with a colour per cell.

use std::hint::black_box;
use std::rc::Rc;

use abide::base::geom::{Point, Rect, Size};
use abide::base::id::PaneId;
use abide::base::key::{Key, KeyInput, MouseWant};
use abide::base::row::RunKind;
use abide::base::style::{Colour, Style};
use abide::base::time::Now;
use abide::client::ClientConfig;
use abide::client::caps::{Caps, Depth};
use abide::client::input::{Decoder, TtyEvent};
use abide::client::model::{ClientEffect, Event, Model};
use abide::client::paint::Painter;
use abide::client::update::update;
use abide::settings::Settings;
use abide::wire::frame::{self, Chrome, Frame, PaneItem, PaneRows, ToClient, ToServer};
use abide::wire::packet::Packets;
use abide::wire::scroll::{Answer, Rows, ScrollQuery, ScrollReply, ScrollRequest, ScrolledRow};
use abide::wire::span::StyledSpan;
use criterion::{Criterion, criterion_group, criterion_main};

const SIZE: Size = Size::new(200, 50);
const AREA: Size = Size::new(200, 48);

fn chrome() -> Chrome {
    let pane = PaneItem {
        id: PaneId(1),
        index: 1,
        rect: Rect::new(0, 0, AREA),
        size: AREA,
        origin: Point::default(),
        title: "bash".into(),
        mouse: MouseWant::None,
        ended: None,
        alternate: false,
        bracketed_paste: false,
    };
    Chrome { panes: vec![pane], focus: Some(PaneId(1)), area: AREA, ..Chrome::default() }
}

fn plain(n: u64) -> Vec<StyledSpan> {
    let text: String = ('a'..='z')
        .cycle()
        .skip(usize::try_from(n % 26).unwrap_or(0))
        .take(usize::from(AREA.cols))
        .collect();
    vec![StyledSpan { style: 0, link: 0, kind: RunKind::Narrow, text }]
}

fn coloured(n: u64, styles: &mut Vec<Style>) -> Vec<StyledSpan> {
    let span = |x: u16| {
        let [low, high, ..] = (n.wrapping_mul(31) + u64::from(x)).to_le_bytes();
        styles.push(Style { fg: Colour::Rgb(low, high, 7), ..Style::default() });
        StyledSpan {
            style: u16::try_from(styles.len() - 1).unwrap_or(0),
            link: 0,
            kind: RunKind::Narrow,
            text: "x".into(),
        }
    };
    (0..AREA.cols).map(span).collect()
}

/// The packet of a frame.
fn packet(
    number: u64,
    chrome: Option<Chrome>,
    styles: Vec<Style>,
    rows: Vec<(u16, Vec<StyledSpan>)>,
) -> Vec<u8> {
    let panes = vec![PaneRows { pane: PaneId(1), rows, links: Vec::new() }];
    let mut bytes = Vec::new();
    frame::put(
        &mut bytes,
        &ToClient::Frame(Box::new(Frame { number, chrome, styles, panes, cursor: None })),
    )
    .expect("it is short");
    bytes
}

struct Client {
    model: Model,
    painter: Painter,
    packets: Packets,
    out: Vec<u8>,
}

impl Client {
    fn new() -> Self {
        let caps = Caps { depth: Depth::True, ..Caps::default() };
        let model = Model::new(
            Rc::new(ClientConfig::new(&Settings::default(), "box")),
            SIZE,
            caps,
            Now::default(),
        );
        let mut client = Self {
            model,
            painter: Painter::default(),
            packets: Packets::default(),
            out: Vec::new(),
        };
        client.show(&packet(1, Some(chrome()), vec![Style::default()], Vec::new()));
        client
    }

    /// Everything between the socket and the terminal.
    fn show(&mut self, bytes: &[u8]) -> usize {
        self.packets.push(bytes);
        while let Some((kind, body)) = self.packets.take().expect("well formed") {
            let message = frame::get(kind, body).expect("a message");
            update(&mut self.model, Event::Server(message));
        }
        self.out.clear();
        let damage = std::mem::take(&mut self.model.damage);
        self.painter.paint(&self.model, &damage, &mut self.out);
        self.out.len()
    }
}

fn bench(c: &mut Criterion, name: &str, frames: &[Vec<u8>; 2]) {
    let mut client = Client::new();
    let mut turn = 0;
    c.bench_function(name, |b| {
        b.iter(|| {
            turn = 1 - turn;
            black_box(client.show(&frames[turn]))
        });
    });
}

fn frames(c: &mut Criterion) {
    let style = || vec![Style::default()];
    bench(c, "one changed row", &[1, 2].map(|n| packet(n, None, style(), vec![(20, plain(n))])));
    let echo =
        |n: u64| vec![StyledSpan { text: plain(n)[0].text[..20].to_owned(), ..plain(0).remove(0) }];
    bench(c, "one typed key", &[1, 2].map(|n| packet(n, None, style(), vec![(20, echo(n))])));
    let whole = |n: u64| (0..AREA.rows).map(|row| (row, plain(n + u64::from(row)))).collect();
    bench(c, "every row", &[1, 2].map(|n| packet(n, None, style(), whole(n))));
    let chromed = |n: u64| {
        let mut chrome = chrome();
        chrome.panes[0].title = format!("title {n}");
        chrome
    };
    bench(c, "another title", &[1, 2].map(|n| packet(n, Some(chromed(n)), style(), Vec::new())));
    let rainbow = |n: u64| {
        let mut styles = Vec::new();
        let rows =
            (0..AREA.rows).map(|row| (row, coloured(n + u64::from(row), &mut styles))).collect();
        packet(n, None, styles, rows)
    };
    bench(c, "every cell in its colour", &[1, 2].map(rainbow));
    let mut client = Client::new();
    client.show(&packet(2, None, style(), whole(1)));
    c.bench_function("everything, whatever was there", |b| {
        b.iter(|| {
            client.model.damage.all = true;
            black_box(client.show(&[]))
        });
    });
}

fn keys(c: &mut Criterion) {
    c.bench_function("a key is decoded", |b| {
        let mut decoder = Decoder::default();
        let mut events = Vec::new();
        b.iter(|| {
            decoder.feed(black_box(b"\x1b[1;5C"), &mut events);
            events.clear();
        });
    });
}

/// Rows of a scrollback of 100 000, as the server gives them.
fn scrolled(ask: &ScrollRequest) -> ScrollReply {
    let (first, count) = match ask.what {
        ScrollQuery::Rows { from, count } => (from, u64::from(count)),
        _ => (99_900, 148),
    };
    let row =
        |n: u64| ScrolledRow { spans: plain(n), wrapped: false, line: n, cell: 0, mark: None };
    let rows = Rows {
        epoch: 0,
        cols: AREA.cols,
        first: 0,
        screen: 100_000,
        end: 100_048,
        from: first,
        rows: (first..first + count).map(row).collect(),
        styles: vec![Style::default()],
        ..Rows::default()
    };
    ScrollReply { number: ask.number, pane: ask.pane, answer: Answer::Rows(Box::new(rows)) }
}

/// Presses a key, answers what is asked over the wire, and paints.
fn press(client: &mut Client, names: &str) -> usize {
    let keys = names
        .split(' ')
        .map(|name| TtyEvent::Key(KeyInput::from(name.parse::<Key>().expect("a key"))));
    let mut messages = update(&mut client.model, Event::Tty(keys.collect()));
    while let Some(message) = messages.pop() {
        if let ClientEffect::Send(ToServer::ScrollRequest(ask)) = message {
            let mut bytes = Vec::new();
            frame::put(&mut bytes, &ToClient::ScrollReply(scrolled(&ask))).expect("it is short");
            client.packets.push(&bytes);
            while let Some((kind, body)) = client.packets.take().expect("well formed") {
                let message = frame::get(kind, body).expect("a message");
                messages.extend(update(&mut client.model, Event::Server(message)));
            }
        }
    }
    client.show(&[])
}

fn copying(c: &mut Criterion) {
    let mut client = Client::new();
    press(&mut client, "C-b [");
    c.bench_function("a page of scrollback", |b| {
        b.iter(|| {
            if client.model.copy_modes.panes[&PaneId(1)].top < 100 {
                press(&mut client, "M->");
            }
            black_box(press(&mut client, "M-v"))
        });
    });
}

criterion_group!(benches, frames, keys, copying);
criterion_main!(benches);
