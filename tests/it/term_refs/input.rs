//! Keys, mouse events and pastes as the bytes a program gets.

use abide::base::geom::{Point, Size};
use abide::base::key::{Key, KeyCode, KeyInput, KeyKind, Mods, MouseButton, MouseInput, MouseKind};
use abide::base::memory::HeapMemory;
use abide::term::{Options, Terminal};

fn after(bytes: &str) -> Terminal {
    let mut terminal =
        Terminal::new(Size::new(300, 300), Options::default(), Box::new(HeapMemory::default()));
    terminal.feed(bytes.as_bytes(), &mut Vec::new());
    terminal
}

/// The bytes each key sends after a program wrote `setup`.
fn check(setup: &str, keys: &[(&str, &str)]) {
    let terminal = after(setup);
    for (key, expected) in keys {
        let mut out = Vec::new();
        terminal.input().encode_key(&key.parse::<Key>().expect("a key").into(), &mut out);
        assert_eq!(String::from_utf8_lossy(&out), *expected, "{key} after {setup:?}");
    }
}

#[test]
fn legacy_keys_are_those_of_xterm() {
    check(
        "",
        &[
            ("a", "a"),
            ("A", "A"),
            ("C-a", "\x01"),
            ("C-Space", "\0"),
            ("M-x", "\x1bx"),
            ("C-M-c", "\x1b\x03"),
            ("C-[", "\x1b"),
            ("é", "é"),
        ],
    );
    check(
        "",
        &[
            ("Enter", "\r"),
            ("Tab", "\t"),
            ("S-Tab", "\x1b[Z"),
            ("Backspace", "\x7f"),
            ("C-Backspace", "\x08"),
            ("M-Backspace", "\x1b\x7f"),
            ("Esc", "\x1b"),
        ],
    );
    check(
        "",
        &[
            ("Up", "\x1b[A"),
            ("C-Right", "\x1b[1;5C"),
            ("S-M-Left", "\x1b[1;4D"),
            ("Home", "\x1b[H"),
            ("End", "\x1b[F"),
            ("PageUp", "\x1b[5~"),
            ("C-Delete", "\x1b[3;5~"),
        ],
    );
    check(
        "",
        &[
            ("F1", "\x1bOP"),
            ("S-F1", "\x1b[1;2P"),
            ("F5", "\x1b[15~"),
            ("C-F12", "\x1b[24;5~"),
            ("KP5", "5"),
            ("KPEnter", "\r"),
        ],
    );
    check(
        "\x1b[?1h\x1b=",
        &[
            ("Up", "\x1bOA"),
            ("C-Up", "\x1b[1;5A"),
            ("Home", "\x1bOH"),
            ("KP5", "\x1bOu"),
            ("KPEnter", "\x1bOM"),
            ("F1", "\x1bOP"),
        ],
    );
    check("\x1b[?67h", &[("Backspace", "\x08"), ("C-Backspace", "\x7f")]);
    check("\x1b[2h", &[("a", ""), ("Enter", "")]);
    // vttest 6.2: LNM went unheard by the keyboard.
    check("\x1b[20h", &[("Enter", "\r\n"), ("C-m", "\r")]);
    check("\x1b[20h\x1b[20l", &[("Enter", "\r")]);
}

#[test]
fn modify_other_keys_tell_what_bytes_cannot() {
    check(
        "\x1b[>4;1m",
        &[
            ("a", "a"),
            ("C-a", "\x01"),
            ("C-i", "\t"),
            ("C-Enter", "\x1b[27;5;13~"),
            ("Enter", "\r"),
            ("Tab", "\t"),
            ("C-;", "\x1b[27;5;59~"),
        ],
    );
    check(
        "\x1b[>4;2m",
        &[
            ("C-a", "\x1b[27;5;97~"),
            ("M-x", "\x1b[27;3;120~"),
            ("S-Enter", "\x1b[27;2;13~"),
            ("a", "a"),
            ("A", "A"),
        ],
    );
    check("\x1b[>4;2m\x1b[>4m", &[("C-a", "\x01")]);
}

#[test]
fn kitty_keys_follow_the_flags() {
    check(
        "\x1b[>1u",
        &[
            ("a", "a"),
            ("A", "A"),
            ("C-a", "\x1b[97;5u"),
            ("C-S-a", "\x1b[97;6u"),
            ("Esc", "\x1b[27u"),
            ("Enter", "\r"),
            ("S-Enter", "\x1b[13;2u"),
        ],
    );
    check(
        "\x1b[>1u",
        &[
            ("Up", "\x1b[A"),
            ("C-Up", "\x1b[1;5A"),
            ("F3", "\x1b[13~"),
            ("F5", "\x1b[15~"),
            ("KP5", "\x1b[57404u"),
            ("M-x", "\x1b[120;3u"),
        ],
    );
    check(
        "\x1b[>8u",
        &[
            ("a", "\x1b[97u"),
            ("A", "\x1b[97;2u"),
            ("Enter", "\x1b[13u"),
            ("Tab", "\x1b[9u"),
            ("C-a", "\x1b[97;5u"),
        ],
    );
    check("\x1b[>24u", &[("a", "\x1b[97;;97u"), ("A", "\x1b[97;2;65u"), ("C-a", "\x1b[97;5u")]);
    check("\x1b[>1u\x1b[<u", &[("C-a", "\x01")]);
    check("\x1b[>1u\x1b[?1049h", &[("C-a", "\x01")]);
    check("\x1b[>1u\x1b[?1049h\x1b[>8u\x1b[?1049l", &[("C-a", "\x1b[97;5u"), ("a", "a")]);
}

#[test]
fn kitty_events_tell_release_and_repeat() {
    let key = |kind| KeyInput { kind, ..Key::char('a').into() };
    let encode = |terminal: &Terminal, input: KeyInput| {
        let mut out = Vec::new();
        terminal.input().encode_key(&input, &mut out);
        String::from_utf8(out).expect("text")
    };
    let terminal = after("\x1b[>10u");
    assert_eq!(encode(&terminal, key(KeyKind::Repeat)), "\x1b[97;1:2u");
    assert_eq!(encode(&terminal, key(KeyKind::Release)), "\x1b[97;1:3u");
    assert_eq!(encode(&after(""), key(KeyKind::Release)), "");
    assert_eq!(encode(&after("\x1b[>2u"), key(KeyKind::Release)), "\x1b[97;1:3u");
    // Events and alternates alone leave a press as it is, and Return has no release.
    let control = |kind| KeyInput { kind, ..Key::ctrl('a').into() };
    assert_eq!(encode(&after("\x1b[>2u"), control(KeyKind::Press)), "\x01");
    assert_eq!(encode(&after("\x1b[>4u"), control(KeyKind::Press)), "\x01");
    assert_eq!(encode(&after("\x1b[>3u"), control(KeyKind::Release)), "\x1b[97;5:3u");
    let enter = KeyInput { kind: KeyKind::Release, ..Key::plain(KeyCode::Enter).into() };
    assert_eq!(encode(&after("\x1b[>3u"), enter), "");
    assert_eq!(encode(&after("\x1b[>11u"), enter), "\x1b[13;1:3u");
    let up = KeyInput { kind: KeyKind::Release, ..Key::plain(KeyCode::Up).into() };
    assert_eq!(encode(&after("\x1b[>3u"), up), "\x1b[1;1:3A");
    let shifted = KeyInput {
        shifted: Some('%'),
        layout: Some('5'),
        ..Key { code: KeyCode::Char('5'), mods: Mods::SHIFT.with(Mods::CTRL) }.into()
    };
    assert_eq!(encode(&after("\x1b[>5u"), shifted), "\x1b[53:37:53;6u");
}

/// Keys as kitty itself sends them to abide, and what it sends to a program with the same flags:
/// the same bytes.
#[test]
fn kitty_keys_pass_through_abide_as_they_came() {
    for (flags, bytes) in [
        (1, "\x1b[49:33;4u"),
        (5, "\x1b[97:65;6u"),
        (5, "\x1b[1089::99;5u"),
        (1, "\x1b[57419u"),
        (1, "\x1b[57404u"),
        (1, "\x1b[1;129A"),
        (3, "\x1b[97;5:3u"),
        (3, "\x1b[1;1:2B"),
        (13, "\x1b[32;2u"),
        (31, "\x1b[101;;8364u"),
        (31, "\x1b[57404;129;53u"),
        (31, "\x1b[97:65;2;65u"),
        (31, "\x1b[97;65;97u"),
        (31, "\x1b[57441;2u"),
        (31, "\x1b[13;1:3u"),
    ] {
        let mut events = Vec::new();
        abide::client::input::Decoder::default().feed(bytes.as_bytes(), &mut events);
        let [abide::client::input::TtyEvent::Key(input)] = events[..] else {
            panic!("{bytes:?} is one key: {events:?}")
        };
        let mut out = Vec::new();
        after(&format!("\x1b[>{flags}u")).input().encode_key(&input, &mut out);
        // Alternates are always asked for, and told only to programs that want them.
        let expected = if flags & 4 == 0 { bytes.replacen("49:33", "49", 1) } else { bytes.into() };
        assert_eq!(String::from_utf8_lossy(&out), expected, "with flags {flags}");
    }
}

#[test]
fn control_means_the_letter_of_the_standard_layout_on_other_keyboards() {
    let mut events = Vec::new();
    abide::client::input::Decoder::default().feed(b"\x1b[1089::99;5u", &mut events);
    let [abide::client::input::TtyEvent::Key(input)] = events[..] else { panic!("{events:?}") };
    let mut out = Vec::new();
    after("").input().encode_key(&input, &mut out);
    assert_eq!(out, b"\x03");
    assert_eq!(input.rebound(), Some(Key::ctrl('c')));
}

#[test]
fn mouse_events_go_out_as_asked() {
    let encode = |setup: &str, kind, x, y, mods| {
        let mut out = Vec::new();
        after(setup)
            .input()
            .encode_mouse(MouseInput { kind, at: Point::new(x, y), mods }, &mut out);
        out
    };
    let (press, release) =
        (MouseKind::Press(MouseButton::Left), MouseKind::Release(MouseButton::Left));
    assert_eq!(encode("", press, 0, 0, Mods::NONE), b"");
    assert_eq!(encode("\x1b[?9h", press, 0, 0, Mods::CTRL), b"\x1b[M !!");
    assert_eq!(encode("\x1b[?9h", release, 0, 0, Mods::NONE), b"");
    // A wheel and further buttons are no buttons of X10, and their release has the same form as
    // that of any other.
    let wheel = MouseKind::Press(MouseButton::WheelUp);
    assert_eq!(encode("\x1b[?9h", wheel, 0, 0, Mods::NONE), b"");
    let extra = MouseKind::Release(MouseButton::Extra(9));
    assert_eq!(encode("\x1b[?1000h", extra, 0, 0, Mods::CTRL), b"\x1b[M3!!");
    assert_eq!(encode("\x1b[?1000;1006h", extra, 0, 0, Mods::NONE), b"\x1b[<129;1;1m");
    assert_eq!(encode("\x1b[?1000h", release, 1, 2, Mods::NONE), b"\x1b[M#\"#");
    assert_eq!(encode("\x1b[?1000h", press, 250, 0, Mods::NONE), b"");
    assert_eq!(encode("\x1b[?1000h", MouseKind::Drag(MouseButton::Left), 0, 0, Mods::NONE), b"");
    assert_eq!(encode("\x1b[?1000;1006h", press, 250, 0, Mods::CTRL), b"\x1b[<16;251;1M");
    assert_eq!(encode("\x1b[?1000;1006h", release, 4, 5, Mods::NONE), b"\x1b[<0;5;6m");
    assert_eq!(
        encode("\x1b[?1002;1006h", MouseKind::Drag(MouseButton::Right), 4, 5, Mods::SHIFT),
        b"\x1b[<38;5;6M"
    );
    assert_eq!(encode("\x1b[?1003;1006h", MouseKind::Move, 4, 5, Mods::NONE), b"\x1b[<35;5;6M");
    assert_eq!(
        encode("\x1b[?1000;1006h", MouseKind::Press(MouseButton::WheelDown), 4, 5, Mods::NONE),
        b"\x1b[<65;5;6M"
    );
    assert_eq!(encode("\x1b[?1000;1015h", press, 4, 5, Mods::NONE), b"\x1b[32;5;6M");
    assert_eq!(encode("\x1b[?1000;1016h", press, 4, 5, Mods::NONE), b"\x1b[<0;45;110M");
    assert_eq!(encode("\x1b[?1000;1005h", press, 200, 5, Mods::NONE), "\x1b[M \u{e9}&".as_bytes());
}

#[test]
fn a_paste_cannot_end_itself_or_press_keys() {
    let paste = |setup: &str, text: &str| {
        let mut out = Vec::new();
        after(setup).input().encode_paste(text, &mut out);
        String::from_utf8(out).expect("text")
    };
    assert_eq!(paste("", "a\r\nb\nc\td"), "a\rb\rc\td");
    assert_eq!(paste("\x1b[?2004h", "x\x1b[201~; rm\n"), "\x1b[200~x[201~; rm\r\x1b[201~");
    assert_eq!(paste("\x1b[?2004h", "a\u{9b}201~b\x03\x7f"), "\x1b[200~a201~b\x1b[201~");
    let mut out = Vec::new();
    after("\x1b[?1004h").input().encode_focus(true, &mut out);
    after("").input().encode_focus(false, &mut out);
    assert_eq!(out, b"\x1b[I");
}

/// The key below a character on a US keyboard, and whether Shift is held for it.
fn us_key(c: char) -> (char, bool) {
    const SHIFTED: &str = "!@#$%^&*()_+{}|:\"<>?~";
    const PLAIN: &str = "1234567890-=[]\\;',./`";
    match SHIFTED.find(c) {
        Some(at) => (char::from(PLAIN.as_bytes()[at]), true),
        None => (c.to_ascii_lowercase(), c.is_ascii_uppercase()),
    }
}

/// A key of the recording as a terminal that tells keys apart sends it.
fn recorded_key(mods: &str, key: &str) -> KeyInput {
    let mut held = mods.split('+').fold(Mods::NONE, |held, name| match name {
        "shift" => held.with(Mods::SHIFT),
        "ctrl" => held.with(Mods::CTRL),
        "alt" => held.with(Mods::ALT),
        _ => held,
    });
    let code = match key {
        "space" => KeyCode::Char(' '),
        "Prior" => KeyCode::PageUp,
        "Next" => KeyCode::PageDown,
        "Return" => KeyCode::Enter,
        "BackSpace" => KeyCode::Backspace,
        "Escape" => KeyCode::Esc,
        "KP_Add" => KeyCode::Keypad('+'),
        "KP_Enter" => KeyCode::Keypad('\r'),
        name => match name.parse::<Key>().expect("a key has a name").code {
            KeyCode::Char(c) => {
                let (plain, is_shifted) = us_key(c);
                held = if is_shifted { held.with(Mods::SHIFT) } else { held };
                KeyCode::Char(plain)
            }
            code => code,
        },
    };
    let shifted = match code {
        KeyCode::Char(c) if held.has(Mods::SHIFT) => {
            let typed = (' '..='~').find(|typed| us_key(*typed) == (c, true));
            Some(typed.unwrap_or(c))
        }
        _ => None,
    };
    KeyInput { shifted, ..KeyInput::from(Key { code, mods: held }) }
}

/// Keys for which abide sends other bytes than xterm: the mode or all but the keypad's, the key,
/// and the reason.
const UNLIKE_XTERM: &[(&str, &str, &str)] = &[
    ("*", "alt KP_Add", KEYPAD),
    ("*", "alt KP_Enter", KEYPAD),
    ("*", "ctrl+alt KP_Enter", KEYPAD),
    ("other1", "ctrl+alt Escape", "level 1 tells nothing else of Escape"),
];
const KEYPAD: &str = "xterm loses Alt on the keypad, and the main key has it";

#[test]
fn keys_are_encoded_as_a_real_xterm_sends_them() {
    let modes = [
        ("legacy", ""),
        ("appcursor", "\x1b[?1h"),
        ("appkeypad", "\x1b="),
        ("other1", "\x1b[>4;1m"),
        ("other2", "\x1b[>4;2m"),
    ];
    let rows = include_str!("xterm_keys.txt").lines().filter(|line| !line.starts_with('#'));
    let (mut count, mut faults) = (0, Vec::new());
    for row in rows {
        let [mode, held, key, hex] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("a row has four parts: {row}")
        };
        let setup = modes.iter().find(|(name, _)| *name == mode).expect("the mode is known").1;
        let mut bytes = Vec::new();
        after(setup).input().encode_key(&recorded_key(held, key), &mut bytes);
        let sent = bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        let is_listed = UNLIKE_XTERM.iter().any(|(of, what, _)| {
            (*of == "*" && mode != "appkeypad" || *of == mode) && *what == format!("{held} {key}")
        });
        if (sent == hex) == is_listed {
            faults.push(format!("{mode} {held} {key}: xterm {hex}, abide {sent}"));
        }
        count += 1;
    }
    assert!(faults.is_empty(), "{} of {count}:\n{}", faults.len(), faults.join("\n"));
    assert!(1400 < count, "only {count} keys were compared");
}
