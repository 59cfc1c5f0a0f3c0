//! The key that a legacy byte, a letter after ESC O or CSI, or a number before `~` stands for
//! (xterm ctlseqs, rxvt, Linux console).

use crate::base::key::{Key, KeyCode, Mods};

/// The key that sends one 7-bit byte.
pub(super) fn of_byte(byte: u8) -> Key {
    match byte {
        0x00 => Key::ctrl(' '),
        b'\t' => Key::plain(KeyCode::Tab),
        b'\r' => Key::plain(KeyCode::Enter),
        0x1b => Key::plain(KeyCode::Esc),
        0x7f => Key::plain(KeyCode::Backspace),
        0x01..=0x1a => Key::ctrl(char::from(byte + 0x60)),
        0x1c..=0x1f => Key::ctrl(char::from(byte + 0x40)),
        _ => Key::char(char::from(byte)),
    }
}

/// The key that ends a control sequence with a letter (`CSI A`, `CSI 1;5P`).
pub(super) fn of_letter(letter: u8) -> Option<KeyCode> {
    Some(match letter {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'E' => KeyCode::Begin,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'P'..=b'S' => KeyCode::F(letter - b'P' + 1),
        _ => return None,
    })
}

/// The key with that number before `~`.
pub(super) fn of_number(number: u32) -> Option<KeyCode> {
    let f = |from: u32, first: u32| {
        KeyCode::F(u8::try_from(number - from + first).expect("a small table"))
    };
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => f(11, 1),
        17..=21 => f(17, 6),
        23..=26 => f(23, 11),
        28 => KeyCode::F(15),
        29 => KeyCode::Menu,
        31..=34 => f(31, 17),
        57_427 => KeyCode::Functional(57_427),
        _ => return None,
    })
}

/// The key that sends ESC O, perhaps a number, and `letter`.
pub(super) fn of_ss3(params: &[u8], letter: u8) -> Option<Key> {
    let code = match letter {
        b'M' => KeyCode::Keypad('\r'),
        b'X' => KeyCode::Keypad('='),
        // The keypad in application mode: `j` is `*`, `k` is `+` and so on up to `y`, 9.
        b'j'..=b'y' => KeyCode::Keypad(char::from(letter - b'j' + b'*')),
        b'a'..=b'd' => {
            let code = of_letter(letter.to_ascii_uppercase())?;
            return Some(Key { code, mods: Mods::CTRL });
        }
        _ => of_letter(letter)?,
    };
    let last = params.split(|byte| *byte == b';').next_back().unwrap_or_default();
    let number = std::str::from_utf8(last).ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    Some(Key { code, mods: mods(number) })
}

/// Modifiers and locks from their parameter: one more than the bits (xterm, kitty).
pub(super) fn mods(param: u32) -> Mods {
    Mods(u8::try_from(param.saturating_sub(1) & 0xff).expect("it was masked to eight bits"))
}

/// The key of a Unicode or kitty functional code point (kitty's keyboard protocol, "Functional key
/// definitions").
pub(super) fn of_code_point(code: u32) -> Option<KeyCode> {
    const KEYPAD: &str = "0123456789./*-+\r=,";
    let at = |from: u32| usize::try_from(code - from).expect("a small table");
    Some(match code {
        9 => KeyCode::Tab,
        13 => KeyCode::Enter,
        27 => KeyCode::Esc,
        8 | 127 => KeyCode::Backspace,
        57_363 => KeyCode::Menu,
        57_376..=57_398 => KeyCode::F(u8::try_from(code - 57_376 + 13).expect("at most 35")),
        57_399..=57_416 => KeyCode::Keypad(char::from(*KEYPAD.as_bytes().get(at(57_399))?)),
        57_344..=63_743 => KeyCode::Functional(code),
        _ => KeyCode::Char(char::from_u32(code).filter(|c| !c.is_control())?),
    })
}
