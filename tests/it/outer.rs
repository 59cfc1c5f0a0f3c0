//! Outer terminals as sets of features: each answers the client's questions as its kind does, and
//! what the client then writes is looked at.

use std::rc::Rc;

use abide::base::geom::{Point, Rect, Size};
use abide::base::id::PaneId;
use abide::base::key::MouseWant;
use abide::base::row::RunKind;
use abide::base::style::{Attrs, Colour, Style, Underline};
use abide::base::time::{Now, Tick};
use abide::client::ClientConfig;
use abide::client::caps::{Caps, Depth, Features, ImageProtocol, Info};
use abide::client::input::Decoder;
use abide::client::model::{ClientEffect, Damage, Event, Model, ServerLink};
use abide::client::paint::Painter;
use abide::client::terminal;
use abide::client::update::update;
use abide::settings::{ColourDepth, Edge, Settings};
use abide::wire::frame::{Chrome, Frame, PaneItem, PaneRows, ToClient, ToServer, Wants};
use abide::wire::image::{Format, Head, Layer, PictureChunk, Placed, Placement};
use abide::wire::span::StyledSpan;

const SIZE: Size = Size::new(40, 12);
const PANE: PaneId = PaneId(1);

/// What a kind of terminal has.
#[derive(Clone, Copy)]
struct Kind {
    /// What terminfo says.
    depth: Depth,
    modern: bool,
    /// Questions it answers: how they begin, and the answer.
    answers: &'static [(&'static str, &'static str)],
    /// The columns it gives to each character whose width is asked.
    widths: &'static [u16],
}

const OURS: &[u16] = &[2, 2, 2, 2, 1, 2, 1];

const KITTY: Kind = Kind {
    depth: Depth::Palette,
    modern: true,
    answers: &[
        ("\x1b[?u", "\x1b[?5u"),
        ("\x1b[>q", "\x1bP>|kitty(0.40.0)\x1b\\"),
        ("\x1b]10;?", "\x1b]10;rgb:dddd/dddd/dddd\x1b\\"),
        ("\x1b]11;?", "\x1b]11;rgb:0000/0000/0000\x1b\\"),
        ("\x1b[?2026$p", "\x1b[?2026;2$y"),
        ("\x1b[?2031$p", "\x1b[?2031;2$y"),
        ("\x1b[?2048$p", "\x1b[?2048;2$y"),
        ("\x1b[16t", "\x1b[6;20;10t"),
        ("\x1bP$qm", "\x1bP1$r0;4:3;48:2:1:2:3m\x1b\\"),
        ("\x1b_Gi=31", "\x1b_Gi=31;OK\x1b\\"),
        ("\x1b[c", "\x1b[?62;52c"),
    ],
    widths: OURS,
};

const FOOT: Kind = Kind {
    depth: Depth::Palette,
    modern: true,
    answers: &[
        ("\x1b[?u", "\x1b[?5u"),
        ("\x1b[?2026$p", "\x1b[?2026;2$y"),
        ("\x1b[?2027$p", "\x1b[?2027;2$y"),
        ("\x1b[16t", "\x1b[6;20;10t"),
        ("\x1b[?1;1;0S", "\x1b[?1;0;256S"),
        ("\x1bP$qm", "\x1bP1$r0;4:3;53;48:2::1:2:3m\x1b\\"),
        ("\x1b[c", "\x1b[?62;4;22;28c"),
    ],
    widths: OURS,
};

const XTERM: Kind = Kind {
    depth: Depth::Palette,
    modern: true,
    answers: &[
        ("\x1b[>q", "\x1bP>|XTerm(390)\x1b\\"),
        ("\x1b[?4m", "\x1b[>4;0m"),
        ("\x1b[?1016$p", "\x1b[?1016;2$y"),
        ("\x1b[14t", "\x1b[4;240;400t"),
        ("\x1bP+q636F6C6F7273", "\x1bP1+r636F6C6F7273=323536\x1b\\"),
        ("\x1bP$qm", "\x1bP1$r0;48:2::1:2:3m\x1b\\"),
        ("\x1b[c", "\x1b[?64;1;2;6;9;15;16;17;18;21;22;28c"),
    ],
    // It knows no clusters.
    widths: &[4, 1, 2, 4, 1, 2, 1],
};

const TMUX: Kind = Kind {
    depth: Depth::Palette,
    modern: true,
    answers: &[
        ("\x1b[>q", "\x1bP>|tmux 3.5a\x1b\\"),
        ("\x1b[16t", "\x1b[6;20;10t"),
        ("\x1b[c", "\x1b[?1;2c"),
    ],
    widths: &[2, 2, 2, 2, 1, 2, 1],
};

const SCREEN: Kind = Kind {
    depth: Depth::Named,
    modern: true,
    answers: &[("\x1b[c", "\x1b[?1;2c")],
    widths: &[4, 1, 4, 4, 1, 2, 1],
};
const CONSOLE: Kind = Kind { depth: Depth::Named, modern: false, answers: &[], widths: &[] };
const DUMB: Kind = Kind { depth: Depth::None, modern: false, answers: &[], widths: &[] };

/// The client in front of such a terminal.
struct Client {
    model: Model,
    painter: Painter,
    frame: u64,
}

impl Client {
    fn new(kind: Kind) -> Self {
        let info = Info { depth: kind.depth, modern: kind.modern, ..Info::unknown("fake") };
        let mut settings = Settings::default();
        (settings.bars.position, settings.bars.tabs) = (Edge::Off, Edge::Off);
        let caps = Caps::new(&info, |_| None, ColourDepth::Auto);
        let mut model =
            Model::new(Rc::new(ClientConfig::new(&settings, "box")), SIZE, caps, Now::default());
        model.link = ServerLink::Up(Tick(0));
        Self { model, painter: Painter::default(), frame: 0 }
    }

    /// Asks, and takes the answers; gives what it then says to the server.
    fn ask(&mut self, kind: Kind) -> Vec<ToServer> {
        if !kind.modern {
            return Vec::new();
        }
        let questions = String::from_utf8(terminal::queries(SIZE.rows)).expect("text");
        let mut found: Vec<(usize, String)> = kind
            .answers
            .iter()
            .map(|(question, answer)| {
                (
                    questions
                        .rfind(question)
                        .unwrap_or_else(|| unreachable!("{question:?} is not asked")),
                    (*answer).to_owned(),
                )
            })
            .collect();
        let places = questions.match_indices("\x1b[6n");
        found.extend(
            places.zip(kind.widths).map(|((at, _), cols)| (at, format!("\x1b[2;{}R", cols + 1))),
        );
        found.sort();
        let mut events = Vec::new();
        Decoder::default().feed(
            found.into_iter().map(|(_, answer)| answer).collect::<String>().as_bytes(),
            &mut events,
        );
        let said = update(&mut self.model, Event::Tty(events));
        said.into_iter()
            .filter_map(|message| {
                if let ClientEffect::Send(message) = message { Some(message) } else { None }
            })
            .collect()
    }

    /// Applies a message of the server, and, if it is a frame, gives what is painted.
    fn hear(&mut self, message: ToClient) -> String {
        let is_frame = matches!(message, ToClient::Frame(_) | ToClient::PictureChunk(_));
        update(&mut self.model, Event::Server(message));
        if is_frame { self.paint() } else { String::new() }
    }

    fn paint(&mut self) -> String {
        let damage: Damage = std::mem::take(&mut self.model.damage);
        let mut bytes = Vec::new();
        self.painter.paint(&self.model, &damage, &mut bytes);
        String::from_utf8(bytes).expect("text")
    }

    /// A frame with these panes, the last one on top, and rows of the first.
    fn show(
        &mut self,
        panes: Option<&[Rect]>,
        style: Style,
        rows: Vec<(u16, Vec<StyledSpan>)>,
    ) -> String {
        self.frame += 1;
        let chrome = panes.map(|rects| Chrome {
            panes: (1..).zip(rects).map(|(id, rect)| pane(id, *rect)).collect(),
            focus: Some(PANE),
            area: SIZE,
            ..Chrome::default()
        });
        let panes = vec![PaneRows { pane: PANE, rows, links: Vec::new() }];
        self.hear(ToClient::Frame(Box::new(Frame {
            number: self.frame,
            chrome,
            styles: vec![Style::default(), style],
            panes,
            cursor: None,
        })))
    }

    /// Places a picture of 20×40 pixels (2×2 cells of 10×20).
    fn place(&mut self, images: Vec<Placement>) {
        self.hear(ToClient::Placed(Placed { pane: PANE, images }));
    }

    fn send_picture(&mut self, number: u32) -> String {
        let bytes: Vec<u8> = (0..20 * 40).flat_map(|_| [255, 0, 0]).collect();
        let head = Head {
            format: Format::Rgb,
            compressed: false,
            pixels: (20, 40),
            len: u32::try_from(bytes.len()).expect("small"),
        };
        self.hear(ToClient::PictureChunk(PictureChunk {
            pane: PANE,
            picture: number,
            head: Some(head),
            bytes,
        }))
    }
}

fn pane(id: u64, rect: Rect) -> PaneItem {
    PaneItem {
        id: PaneId(id),
        index: u16::try_from(id).expect("small"),
        rect,
        size: rect.size(),
        origin: Point::default(),
        title: String::new(),
        mouse: MouseWant::None,
        ended: None,
        alternate: false,
        bracketed_paste: false,
    }
}

fn whole() -> Rect {
    Rect::new(0, 0, SIZE)
}

fn span(style: u16, kind: RunKind, text: &str) -> StyledSpan {
    StyledSpan { style, link: 0, kind, text: text.into() }
}

fn placement(picture: u32, row: i32, col: u16, layer: Layer) -> Placement {
    Placement {
        picture,
        name: String::new(),
        pixels: (20, 40),
        row,
        col,
        cells: (2, 2),
        source: [0; 4],
        canvas: (20, 40),
        z: 0,
        layer,
    }
}

#[test]
fn colours_and_underlines_are_told_as_far_as_the_terminal_has_them() {
    let style = Style {
        fg: Colour::Rgb(255, 0, 10),
        underline: Underline::Curly,
        underline_colour: Colour::Rgb(9, 9, 9),
        attrs: Attrs::OVERLINE,
        ..Style::default()
    };
    let check = |kind: Kind, sgr: &str| {
        let mut client = Client::new(kind);
        client.ask(kind);
        let painted =
            client.show(Some(&[whole()]), style, vec![(0, vec![span(1, RunKind::Narrow, "x")])]);
        assert!(painted.contains(&format!("\x1b[{sgr}mx")), "{painted:?} without {sgr:?}");
    };
    check(FOOT, "53;4:3;38;2;255;0;10;58:2::9:9:9");
    check(KITTY, "4:3;38;2;255;0;10;58:2::9:9:9");
    check(XTERM, "4;38;2;255;0;10");
    check(TMUX, "4;38;5;196");
    check(SCREEN, "4;91");
    check(CONSOLE, "4;91");
    check(DUMB, "4");
}

#[test]
fn drawing_starts_before_the_answers_and_is_better_after_them() {
    let style = Style { fg: Colour::Rgb(1, 2, 3), ..Style::default() };
    let mut client = Client::new(FOOT);
    let first =
        client.show(Some(&[whole()]), style, vec![(0, vec![span(1, RunKind::Narrow, "x")])]);
    assert!(first.contains("38;5;"), "{first:?}");
    let said = client.ask(FOOT);
    assert!(
        said.contains(&ToServer::Pictures(true))
            && said.iter().any(|message| matches!(message, ToServer::Colours(_))),
        "{said:?}"
    );
    let second = client.paint();
    assert!(second.contains("38;2;1;2;3") && second.starts_with("\x1b[?2026h"), "{second:?}");
    assert_eq!(client.paint(), "");
}

#[test]
fn modes_are_set_where_they_are_known_and_plain_terminals_get_no_private_ones() {
    let written = |kind: Kind| {
        let mut client = Client::new(kind);
        client.ask(kind);
        client.show(
            Some(&[whole()]),
            Style::default(),
            vec![(0, vec![span(0, RunKind::Narrow, "x")])],
        )
    };
    let kitty = written(KITTY);
    assert!(kitty.contains("\x1b[?2031h") && kitty.contains("\x1b[?2048h"), "{kitty:?}");
    let foot = written(FOOT);
    assert!(!foot.contains("\x1b[?2031h") && !foot.contains("\x1b[?2048h"), "{foot:?}");
    for plain in [written(CONSOLE), written(DUMB)] {
        for private in ["\x1b[?20", "\x1b[?10", "\x1b]", "\x1bP", "\x1b_", " q"] {
            assert!(!plain.contains(private), "{plain:?} has {private:?}");
        }
    }
}

#[test]
fn keys_are_asked_for_as_the_program_wants_and_the_terminal_can() {
    let check = |kind: Kind, wants: &[(u8, u8)], modes: &[&str]| {
        let mut client = Client::new(kind);
        client.ask(kind);
        client.show(Some(&[whole()]), Style::default(), Vec::new());
        for ((kitty, other_keys), mode) in wants.iter().zip(modes) {
            client.hear(ToClient::Wants(Wants { kitty: *kitty, other_keys: *other_keys }));
            let painted = client.paint();
            assert!(painted.contains(mode), "{painted:?} without {mode:?}");
            assert!(
                !mode.is_empty() || !painted.contains('u') && !painted.contains("\x1b[>4"),
                "{painted:?}"
            );
        }
    };
    check(KITTY, &[(1, 0), (31, 0), (0, 0)], &["", "\x1b[=31;1u", "\x1b[=5;1u"]);
    check(XTERM, &[(0, 1), (1, 0), (0, 0)], &["\x1b[>4;1m", "\x1b[>4;2m", "\x1b[>4;0m"]);
    check(SCREEN, &[(31, 2)], &[""]);
}

#[test]
fn what_follows_a_character_of_another_width_is_placed_anew() {
    let family = "\u{1f469}\u{200d}\u{1f467}";
    let painted = |kind: Kind| {
        let mut client = Client::new(kind);
        client.ask(kind);
        let row = vec![span(0, RunKind::Cluster(2), family), span(0, RunKind::Narrow, "abc")];
        client.show(Some(&[whole()]), Style::default(), vec![(0, row)])
    };
    assert!(painted(FOOT).contains(&format!("{family}abc")), "both agree");
    for kind in [XTERM, SCREEN] {
        assert!(painted(kind).contains(&format!("{family}\x1b[1;3Habc")), "{:?}", painted(kind));
    }
    let flag = "\u{1f1e9}\u{1f1ea}";
    let mut xterm = Client::new(XTERM);
    xterm.ask(XTERM);
    let row = vec![span(0, RunKind::Cluster(2), flag), span(0, RunKind::Narrow, "abc")];
    assert!(
        xterm
            .show(Some(&[whole()]), Style::default(), vec![(0, row)])
            .contains(&format!("{flag}abc")),
        "here it agrees"
    );
}

#[test]
fn themes_and_sizes_in_band_are_passed_on() {
    let mut client = Client::new(KITTY);
    client.ask(KITTY);
    let mut hear = |bytes: &[u8]| {
        let mut events = Vec::new();
        Decoder::default().feed(bytes, &mut events);
        update(&mut client.model, Event::Tty(events))
    };
    let messages = hear(b"\x1b[?997;2n");
    let [ClientEffect::Write(asked)] = messages.as_slice() else { panic!("{messages:?}") };
    assert!(asked.starts_with(b"\x1b]10;?") && asked.ends_with(b"\x1b[c"), "{asked:?}");
    let resized = hear(b"\x1b[48;30;100;600;1000t");
    assert_eq!(
        resized,
        [ClientEffect::Send(ToServer::Resize { size: Size::new(100, 30), cell_pixels: (10, 20) })]
    );
    assert!(hear(b"\x1b[48;30;100;600;1000t").is_empty(), "it is known");
    assert!(hear(b"\x1b[48;0;0;0;0t").is_empty());
}

#[test]
fn images_are_shown_as_the_terminal_can() {
    let check = |kind: Kind, how: ImageProtocol, marks: &[&str]| {
        let mut client = Client::new(kind);
        client.ask(kind);
        assert_eq!(client.model.caps.pictures(), how);
        client.place(vec![placement(4, 1, 3, Layer::Cells)]);
        let under = |row| {
            (
                row,
                vec![
                    span(0, RunKind::Narrow, "abc"),
                    span(0, RunKind::Under, "  "),
                    span(0, RunKind::Narrow, "d"),
                ],
            )
        };
        let mut painted = client.show(Some(&[whole()]), Style::default(), vec![under(1), under(2)]);
        if how != ImageProtocol::Box {
            painted = client.send_picture(4);
        }
        for mark in marks {
            assert!(painted.contains(mark), "{painted:?} without {mark:?}");
        }
        assert_eq!(client.paint(), "");
    };
    check(
        KITTY,
        ImageProtocol::Kitty,
        &[
            "\x1b_Ga=t,i=",
            ",f=100,q=2,m=0;",
            "\x1b[2;4H\x1b_Ga=p,i=",
            ",x=0,y=0,w=20,h=40,c=2,r=2,z=0,C=1,q=2\x1b\\",
        ],
    );
    check(FOOT, ImageProtocol::Sixel, &["\x1b[2;4H\x1bP0;1;0q\"1;1;20;40#0;2;100;0;0#0!20~-"]);
    check(XTERM, ImageProtocol::Box, &["\x1b[2m┌┐", "└┘"]);
    check(SCREEN, ImageProtocol::Box, &["┌┐"]);
}

/// The parts of images a kitty-like terminal is told to show: place, crop, cells.
fn puts(painted: &str) -> Vec<String> {
    let commands = painted.split("\x1b_G").skip(1).filter(|command| command.starts_with("a=p"));
    let keep = |key: &&str| "xywhcr".contains(&key[..1]);
    let of = |command: &str| {
        command
            .split('\x1b')
            .next()
            .unwrap_or_default()
            .split(',')
            .filter(keep)
            .collect::<Vec<_>>()
            .join(" ")
    };
    commands.map(of).collect()
}

#[test]
fn an_image_is_cut_by_panes_overlays_edges_and_text() {
    let rows = || {
        (0..4).map(|row| (row, vec![span(0, RunKind::Under, &" ".repeat(6))])).collect::<Vec<_>>()
    };
    let check =
        |panes: &[Rect], image: Placement, rows: Vec<(u16, Vec<StyledSpan>)>, wanted: &[&str]| {
            let mut client = Client::new(KITTY);
            client.ask(KITTY);
            client.place(vec![image]);
            client.show(Some(panes), Style::default(), rows);
            assert_eq!(puts(&client.send_picture(4)), wanted);
        };
    let over = |row, col| placement(4, row, col, Layer::Over);
    check(&[whole()], over(0, 0), Vec::new(), &["x=0 y=0 w=20 h=40 c=2 r=2"]);
    check(&[whole()], over(-1, 0), Vec::new(), &["x=0 y=20 w=20 h=20 c=2 r=1"]);
    check(&[whole()], over(0, 39), Vec::new(), &["x=0 y=0 w=10 h=40 c=1 r=2"]);
    let small = Rect::new(0, 0, Size::new(5, 5));
    check(&[small], over(4, 4), Vec::new(), &["x=0 y=0 w=10 h=20 c=1 r=1"]);
    // Its frame is around it.
    let floating = Rect::new(2, 2, Size::new(6, 3));
    check(
        &[whole(), floating],
        over(0, 0),
        Vec::new(),
        &["x=0 y=0 w=20 h=20 c=2 r=1", "x=0 y=20 w=10 h=20 c=1 r=1"],
    );
    check(&[whole()], placement(4, 0, 0, Layer::Cells), Vec::new(), &[]);
    check(&[whole()], placement(4, 0, 0, Layer::Cells), rows(), &["x=0 y=0 w=20 h=40 c=2 r=2"]);
    let mut cut = rows();
    cut[1].1 = vec![span(0, RunKind::Under, " "), span(0, RunKind::Narrow, "x")];
    check(
        &[whole()],
        placement(4, 0, 0, Layer::Cells),
        cut,
        &["x=0 y=0 w=20 h=20 c=2 r=1", "x=0 y=20 w=10 h=20 c=1 r=1"],
    );
}

#[test]
fn an_image_moves_and_goes_and_its_data_is_sent_once() {
    let mut client = Client::new(KITTY);
    client.ask(KITTY);
    client.place(vec![placement(4, 3, 0, Layer::Over)]);
    client.show(Some(&[whole()]), Style::default(), Vec::new());
    assert!(client.send_picture(4).contains("a=t,"));
    client.place(vec![placement(4, 2, 0, Layer::Over)]);
    let moved = client.show(None, Style::default(), Vec::new());
    assert!(
        moved.contains("a=d,d=i,i=")
            && moved.contains("\x1b[3;1H\x1b_Ga=p,")
            && !moved.contains("a=t,"),
        "{moved:?}"
    );
    client.place(Vec::new());
    let gone = client.show(None, Style::default(), Vec::new());
    assert!(gone.contains("a=d,d=i,i=") && gone.contains("a=d,d=I,i="), "{gone:?}");
}

#[test]
fn a_sixel_is_written_again_only_where_something_was_written_over_it() {
    let mut client = Client::new(FOOT);
    client.ask(FOOT);
    let row = |text: &str| vec![span(0, RunKind::Under, "  "), span(0, RunKind::Narrow, text)];
    client.place(vec![placement(4, 0, 0, Layer::Cells)]);
    client.show(Some(&[whole()]), Style::default(), vec![(0, row("one")), (1, row("two"))]);
    assert!(client.send_picture(4).contains("\x1bP"));
    let beside = client.show(None, Style::default(), vec![(0, row("three"))]);
    assert!(beside.contains("three") && !beside.contains("\x1bP"), "{beside:?}");
    let cut = client.show(None, Style::default(), vec![(0, vec![span(0, RunKind::Narrow, "xy")])]);
    assert!(cut.contains("\x1b[2;1H\x1bP0;1;0q\"1;1;20;20"), "{cut:?}");
    client.place(Vec::new());
    let gone = client.show(None, Style::default(), Vec::new());
    assert!(
        !gone.contains("\x1bP") && gone.contains("\x1b[2;1H"),
        "the cells are written again: {gone:?}"
    );
}

#[test]
fn a_placeholder_has_the_number_the_terminal_knows() {
    let mut client = Client::new(KITTY);
    client.ask(KITTY);
    client.place(vec![placement(4, 0, 0, Layer::Placeholder(42))]);
    let style = Style { fg: Colour::Indexed(42), ..Style::default() };
    let holder = span(1, RunKind::Cluster(1), "\u{10eeee}\u{305}\u{305}");
    let shown = client.show(Some(&[whole()]), style, vec![(0, vec![holder])]);
    assert!(shown.contains("38;2;171;0;1m\u{10eeee}\u{305}\u{305}"), "{shown:?}");
    let sent = client.send_picture(4);
    assert!(sent.contains(&format!("a=p,U=1,i={},c=2,r=2,q=2", 0x00ab_0001)), "{sent:?}");
}

#[test]
fn a_picture_that_nobody_can_read_is_a_box() {
    let mut client = Client::new(KITTY);
    client.ask(KITTY);
    let named = Placement {
        name: "cat.jpeg".into(),
        cells: (12, 3),
        pixels: (0, 0),
        ..placement(4, 0, 0, Layer::Over)
    };
    client.place(vec![named]);
    client.show(Some(&[whole()]), Style::default(), Vec::new());
    let head = Head { format: Format::File, compressed: false, pixels: (0, 0), len: 4 };
    let boxed = client.hear(ToClient::PictureChunk(PictureChunk {
        pane: PANE,
        picture: 4,
        head: Some(head),
        bytes: b"JFIF".to_vec(),
    }));
    assert!(boxed.contains("│cat.jpeg") && !boxed.contains("a=t,"), "{boxed:?}");
    assert!(!Caps::default().has(Features::SIXEL));
}
