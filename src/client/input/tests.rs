//! The meaning of the bytes of all kinds of terminals, however they are cut.

use proptest::prelude::*;

use super::{ColourSlot, Decoder, PASTE_MAX, Reply, TtyEvent};
use crate::base::geom::Point;
use crate::base::key::{Key, KeyCode, KeyInput, KeyKind, Mods, MouseButton, MouseInput, MouseKind};
use crate::base::style::Colour;

fn decode(bytes: &[u8]) -> Vec<TtyEvent> {
    let mut decoder = Decoder::default();
    let mut events = Vec::new();
    decoder.feed(bytes, &mut events);
    decoder.settle(&mut events);
    events
}

/// Keys as they are written: `C-a Up`.
fn keys(bytes: &[u8]) -> String {
    let names = decode(bytes).into_iter().map(|event| match event {
        TtyEvent::Key(input) => input.bound().to_string(),
        other => format!("{other:?}"),
    });
    names.collect::<Vec<_>>().join(" ")
}

/// The bytes that terminals send for a key, in all the forms we know.
const TABLE: &[(&str, &[&[u8]])] = &[
    ("a", &[b"a"]),
    ("A", &[b"A", b"\x1b[97:65;2u", b"\x1b[27;2;65~"]),
    ("%", &[b"%", b"\x1b[53:37;2u", b"\x1b[27;2;37~"]),
    ("é", &["é".as_bytes(), b"\x1b[233u"]),
    ("漢", &["漢".as_bytes()]),
    ("😀", &["😀".as_bytes()]),
    ("C-a", &[b"\x01", b"\x1b[97;5u", b"\x1b[27;5;97~"]),
    ("C-Space", &[b"\0", b"\x1b[32;5u"]),
    ("C-\\", &[b"\x1c", b"\x1b[92;5u"]),
    ("C-_", &[b"\x1f"]),
    ("M-a", &[b"\x1ba", b"\x1b[97;3u"]),
    ("M-é", &["\x1bé".as_bytes()]),
    ("M-A", &[b"\x1bA", b"\x1b[97:65;4u"]),
    ("M-[", &[b"\x1b["]),
    ("M-O", &[b"\x1bO"]),
    ("M-]", &[b"\x1b]"]),
    ("M-P", &[b"\x1bP"]),
    ("C-M-a", &[b"\x1b\x01", b"\x1b[97;7u"]),
    ("C-S-a", &[b"\x1b[97;6u", b"\x1b[97:65;6u", b"\x1b[27;6;65~"]),
    ("Enter", &[b"\r", b"\x1b[13u"]),
    ("S-Enter", &[b"\x1b[13;2u", b"\x1b[27;2;13~"]),
    ("Tab", &[b"\t"]),
    ("S-Tab", &[b"\x1b[Z", b"\x1b[9;2u"]),
    ("Backspace", &[b"\x7f", b"\x1b[127u"]),
    ("M-Backspace", &[b"\x1b\x7f"]),
    ("Esc", &[b"\x1b", b"\x1b[27u"]),
    ("M-Esc", &[b"\x1b\x1b"]),
    ("Up", &[b"\x1b[A", b"\x1bOA", b"\x1b[57419u"]),
    ("M-Up", &[b"\x1b[1;3A", b"\x1b\x1b[A"]),
    ("S-Up", &[b"\x1b[1;2A", b"\x1b[a"]),
    ("C-Right", &[b"\x1b[1;5C", b"\x1bOc"]),
    ("D-Left", &[b"\x1b[1;9D"]),
    ("Home", &[b"\x1b[H", b"\x1bOH", b"\x1b[1~", b"\x1b[7~"]),
    ("End", &[b"\x1b[F", b"\x1b[4~", b"\x1b[8~"]),
    ("Begin", &[b"\x1b[E"]),
    ("Insert", &[b"\x1b[2~"]),
    ("C-Delete", &[b"\x1b[3;5~", b"\x1b[3^"]),
    ("PageUp", &[b"\x1b[5~"]),
    ("F1", &[b"\x1b[P", b"\x1bOP", b"\x1b[11~", b"\x1b[[A"]),
    ("S-F3", &[b"\x1b[1;2R", b"\x1bO2R", b"\x1bO1;2R"]),
    ("F5", &[b"\x1b[15~", b"\x1b[[E", b"\x1b[15;129~"]),
    ("F12", &[b"\x1b[24~"]),
    ("F35", &[b"\x1b[57398u"]),
    ("KP5", &[b"\x1b[57404u", b"\x1bOu"]),
    ("KPEnter", &[b"\x1b[57414u", b"\x1bOM"]),
];

#[test]
fn every_form_of_a_key_is_that_key() {
    for (name, forms) in TABLE {
        for form in *forms {
            assert_eq!(keys(form), *name, "{:?}", String::from_utf8_lossy(form));
        }
    }
}

#[test]
fn keys_that_follow_each_other_are_told_apart() {
    assert_eq!(keys(b"\x1b\x1b\x1b"), "Esc M-Esc");
    assert_eq!(keys(b"\x1b\x1ba"), "Esc M-a");
    let esc = TtyEvent::Key(Key::plain(KeyCode::Esc).into());
    for after in [
        b"\x1b[<0;5;1M".as_slice(),
        b"\x1b[M %!",
        b"\x1b[I",
        b"\x1b[200~x\x1b[201~",
        b"\x1b]11;rgb:1/2/3\x07",
    ] {
        let both = [vec![esc.clone()], decode(after)].concat();
        assert_eq!(
            decode(&[b"\x1b", after].concat()),
            both,
            "what is no key does not swallow an Esc before it"
        );
    }
    assert_eq!(keys(b"\x1b[\r"), "M-[ Enter");
    assert_eq!(keys(b"\x1bOz"), "M-O z");
    assert_eq!(keys(b"\x1b]x"), "M-] x");
    assert_eq!(keys(b"\x1bPx\x1b[A"), "M-P x Up");
    assert_eq!(keys(b"\x1b[1;\x1b[A"), "Up");
    assert_eq!(keys(b"a\xffb\xc3c"), "a b c");
}

#[test]
fn what_newer_terminals_tell_of_a_key_is_kept() {
    let input = |bytes| decode(bytes);
    let expected = KeyInput {
        key: Key { code: KeyCode::Char('ц'), mods: Mods::CTRL },
        kind: KeyKind::Repeat,
        shifted: None,
        layout: Some('w'),
        escaped: false,
    };
    assert_eq!(input(b"\x1b[1094::119;5:2u"), [TtyEvent::Key(expected)]);
    let [TtyEvent::Key(up)] = input(b"\x1b[1;1:3A")[..] else { panic!("a key") };
    assert_eq!(up.kind, KeyKind::Release);
}

#[test]
fn the_mouse_is_read_in_both_forms() {
    let event =
        |kind, x, y, mods| vec![TtyEvent::Mouse(MouseInput { kind, at: Point::new(x, y), mods })];
    assert_eq!(
        decode(b"\x1b[<0;3;5M"),
        event(MouseKind::Press(MouseButton::Left), 2, 4, Mods::NONE)
    );
    assert_eq!(
        decode(b"\x1b[<0;3;5m"),
        event(MouseKind::Release(MouseButton::Left), 2, 4, Mods::NONE)
    );
    assert_eq!(
        decode(b"\x1b[<50;3;5M"),
        event(MouseKind::Drag(MouseButton::Right), 2, 4, Mods::CTRL)
    );
    assert_eq!(decode(b"\x1b[<35;3;5M"), event(MouseKind::Move, 2, 4, Mods::NONE));
    assert_eq!(
        decode(b"\x1b[<64;1000;5M"),
        event(MouseKind::Press(MouseButton::WheelUp), 999, 4, Mods::NONE)
    );
    assert_eq!(
        decode(b"\x1b[<129;1;1M"),
        event(MouseKind::Press(MouseButton::Extra(9)), 0, 0, Mods::NONE)
    );
    assert_eq!(decode(b"\x1b[M #%"), event(MouseKind::Press(MouseButton::Left), 2, 4, Mods::NONE));
    assert_eq!(decode(b"\x1b[<99999999999;0;99999M"), []);
}

#[test]
fn pastes_come_whole_and_focus_is_told() {
    assert_eq!(decode(b"\x1b[200~a\x1b[201\rb\x1b[201~"), [TtyEvent::Paste("a\x1b[201\rb".into())]);
    assert_eq!(
        decode(b"\x1b[200~\x1b[201~\x1b[I\x1b[O"),
        [TtyEvent::Paste(String::new()), TtyEvent::Focus(true), TtyEvent::Focus(false)]
    );
    assert_eq!(decode(b"\x1b[200~\xff\x1b[201~"), [TtyEvent::Paste("\u{fffd}".into())]);
}

#[test]
fn a_paste_beyond_the_bound_is_told_and_not_kept() {
    for (size, fits) in [(PASTE_MAX, true), (PASTE_MAX + 1, false), (3 * PASTE_MAX + 7, false)] {
        let bytes = [b"\x1b[200~".as_slice(), &vec![b'x'; size], b"\x1b[201~a"].concat();
        let mut decoder = Decoder::default();
        let mut events = Vec::new();
        decoder.feed(&bytes, &mut events);
        let [paste, TtyEvent::Key(_)] = events.as_slice() else { panic!("a paste and a key") };
        assert_eq!(*paste == TtyEvent::PasteTooLarge(size), !fits);
        assert!(decoder.bytes.capacity() <= 4 * PASTE_MAX);
    }
}

#[test]
fn replies_are_read() {
    let reply = |bytes: &[u8]| match decode(bytes).as_slice() {
        [TtyEvent::Reply(reply)] => reply.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(reply(b"\x1b[?62;4;22c"), Reply::Attributes(vec![62, 4, 22]));
    assert_eq!(reply(b"\x1b[2;3R"), Reply::Position(2, 3));
    // No terminal sends F3 so, and one that does not know its cursor answers so: it must not be
    // typed into a program.
    assert_eq!(reply(b"\x1b[1;1R"), Reply::Position(1, 1));
    assert_eq!(reply(b"\x1b[?5u"), Reply::Kitty(5));
    assert_eq!(reply(b"\x1b[?2026;2$y"), Reply::Mode(2026, 2));
    assert_eq!(reply(b"\x1bP>|WezTerm 2024\x1b\\"), Reply::Version("WezTerm 2024".into()));
    assert_eq!(
        reply(b"\x1b]11;rgb:ffff/8080/0000\x07"),
        Reply::Colour(ColourSlot::Background, (255, 128, 0))
    );
    assert_eq!(
        reply(b"\x1b]4;7;rgb:f/0/8\x1b\\"),
        Reply::Colour(ColourSlot::Palette(7), (255, 0, 136))
    );
    assert_eq!(reply(b"\x1b]10;#102030\x07"), Reply::Colour(ColourSlot::Foreground, (16, 32, 48)));
    let graphics = reply(b"\x1bP1$r0;48:2::1:2:3m\x1b\\");
    assert!(graphics.proves_true_colour(Colour::Rgb(1, 2, 3)));
    assert!(!graphics.proves_true_colour(Colour::Rgb(1, 2, 4)));
    assert!(reply(b"\x1bP1$r48;2;1;2;3m\x1b\\").proves_true_colour(Colour::Rgb(1, 2, 3)));
}

/// dvtm counts the cursor's places from 0, and a key would be typed into the program.
#[test]
fn while_the_terminal_is_asked_every_place_of_the_cursor_is_an_answer() {
    let mut decoder = Decoder::default();
    let mut events = Vec::new();
    decoder.await_answers();
    decoder.feed(b"\x1b[1;5R\x1b[1;2R\x1b[0;0R\x1b[?6c\x1b[1;5R", &mut events);
    let expected = [
        Reply::Position(1, 5),
        Reply::Position(1, 2),
        Reply::Position(0, 0),
        Reply::Attributes(vec![6]),
    ];
    assert_eq!(events[..4], expected.map(TtyEvent::Reply));
    assert!(matches!(events[4..], [TtyEvent::Key(_)]), "all is answered: {events:?}");
}

/// vim's terminal loses what does not fit into 200 bytes.
#[test]
fn a_torn_answer_is_no_key_and_the_next_key_is_whole() {
    for (torn, rest, expected) in [
        ("\x1b", "a", "a"),
        ("\x1b", "5Ra", "a"),
        ("\x1b", "[2;5Ra", "a"),
        ("\x1b[", "2;5Ra", "a"),
        ("\x1b[", "a", "a"),
        ("\x1b[2;", "5Ra", "a"),
        ("\x1b", "\x1b[Aa", "Up a"),
    ] {
        let mut decoder = Decoder::default();
        let mut events = Vec::new();
        decoder.await_answers();
        decoder.feed(format!("\x1b[2;3R{torn}").as_bytes(), &mut events);
        decoder.settle(&mut events);
        decoder.feed(rest.as_bytes(), &mut events);
        let typed: Vec<String> = events
            .into_iter()
            .filter_map(|event| match event {
                TtyEvent::Key(input) => Some(input.key.to_string()),
                _ => None,
            })
            .collect();
        assert_eq!(typed.join(" "), expected, "{torn:?} {rest:?}");
    }
    assert_eq!(keys(b"\x1b"), "Esc");
    let mut decoder = Decoder::default();
    let mut events = Vec::new();
    decoder.await_answers();
    decoder.feed(b"\x1b", &mut events);
    decoder.settle(&mut events);
    assert_eq!(events.len(), 1, "Escape by itself is a key while answers are awaited");
}

#[test]
fn endless_strings_and_sequences_are_dropped_at_their_bound() {
    let mut decoder = Decoder::default();
    let mut events = Vec::new();
    for start in [b"\x1b]11;".as_slice(), b"\x1bP>|", b"\x1b["] {
        decoder.feed(start, &mut events);
        decoder.feed(&vec![b'1'; 100_000], &mut events);
        assert!(decoder.bytes.capacity() <= 2 * super::STRING_MAX);
        decoder.feed(b"\x1b\\", &mut events);
        events.clear();
        decoder.feed(b"a", &mut events);
        assert_eq!(events, [TtyEvent::Key(Key::char('a').into())]);
        events.clear();
    }
}

/// Pieces that make interesting input: whole sequences, starts of them and noise.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let forms: Vec<Vec<u8>> =
        TABLE.iter().flat_map(|(_, forms)| forms.iter().map(|form| form.to_vec())).collect();
    let others: [&[u8]; 9] = [
        b"\x1b[<0;3;5M",
        b"\x1b[200~x\x1b[201~",
        b"\x1b[200~",
        b"\x1b[201~",
        b"\x1b]11;rgb:1/2/3\x07",
        b"\x1bP>|a\x1b\\",
        b"\x1b[",
        b"\x1b",
        b"\xe6\xbc",
    ];
    prop_oneof![
        proptest::sample::select(forms),
        proptest::sample::select(others.map(<[u8]>::to_vec).to_vec()),
        proptest::collection::vec(any::<u8>(), 0..6),
    ]
}

proptest! {
    #[test]
    fn however_the_bytes_are_cut_the_events_are_the_same(
        pieces in proptest::collection::vec(piece(), 0..12),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let bytes = pieces.concat();
        let cuts = cuts.iter().map(|cut| cut.index(bytes.len() + 1));
        let mut at: Vec<usize> = cuts.chain([0, bytes.len()]).collect();
        at.sort_unstable();
        let mut decoder = Decoder::default();
        let mut events = Vec::new();
        for part in at.windows(2) {
            decoder.feed(&bytes[part[0]..part[1]], &mut events);
        }
        decoder.settle(&mut events);
        prop_assert_eq!(events, decode(&bytes));
    }
}
