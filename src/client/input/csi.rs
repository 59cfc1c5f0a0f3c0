//! The meaning of a whole control sequence of the outer terminal (xterm ctlseqs, kitty keyboard
//! protocol).

use super::keys;
use super::{Reply, TtyEvent};
use crate::base::geom::Point;
use crate::base::key::{Key, KeyCode, KeyInput, KeyKind, Mods, MouseButton, MouseInput, MouseKind};
use crate::settings::Appearance;

/// A control sequence that means something.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Csi {
    Key(KeyInput),
    PasteBegin,
    Event(TtyEvent),
}

const GROUPS_MAX: usize = 8;
const PARTS_MAX: usize = 3;

/// Parameters: groups apart by `;`, parts of a group by `:`; what is missing is 0.
#[derive(Debug, Default)]
struct CsiParams {
    groups: [[u32; PARTS_MAX]; GROUPS_MAX],
    count: usize,
}

impl CsiParams {
    fn read(bytes: &[u8]) -> Self {
        let mut params = Self::default();
        for (group, text) in params.groups.iter_mut().zip(bytes.split(|byte| *byte == b';')) {
            params.count += 1;
            for (part, digits) in group.iter_mut().zip(text.split(|byte| *byte == b':')) {
                *part = digits.iter().filter(|byte| byte.is_ascii_digit()).fold(
                    0,
                    |number: u32, byte| {
                        number.saturating_mul(10).saturating_add(u32::from(byte - b'0'))
                    },
                );
            }
        }
        params
    }

    fn first(&self, group: usize) -> u32 {
        self.groups[group][0]
    }
}

/// Reads parameters and final byte.
pub(super) fn read(bytes: &[u8], end: u8) -> Option<Csi> {
    match (bytes.first(), end) {
        (Some(b'<'), b'M' | b'm') => {
            let params = CsiParams::read(&bytes[1..]);
            let numbers = [params.first(0), params.first(1), params.first(2)];
            mouse(numbers, end == b'm').map(|mouse| Csi::Event(TtyEvent::Mouse(mouse)))
        }
        (Some(b'?'), _) => reply(&bytes[1..], end).map(|reply| Csi::Event(TtyEvent::Reply(reply))),
        (Some(b'>'), b'm') => {
            let params = CsiParams::read(&bytes[1..]);
            let value = u16::try_from(params.first(1)).ok().filter(|_| params.first(0) == 4)?;
            Some(Csi::Event(TtyEvent::Reply(Reply::OtherKeys(value))))
        }
        (Some(b'<' | b'=' | b'>' | b' '..=b'/'), _) => None,
        (Some(b'0'..=b'9'), b't' | b'R') => match plain_reply(&CsiParams::read(bytes), end) {
            Some(reply) => Some(Csi::Event(TtyEvent::Reply(reply))),
            None => key(&CsiParams::read(bytes), end).map(Csi::Key),
        },
        (None, b'I') => Some(Csi::Event(TtyEvent::Focus(true))),
        (None, b'O') => Some(Csi::Event(TtyEvent::Focus(false))),
        (Some(b'2'), b'~') if bytes == b"200" => Some(Csi::PasteBegin),
        _ => key(&CsiParams::read(bytes), end).map(Csi::Key),
    }
}

/// The cursor's place, whatever else it could be (CPR); of a torn one row 0.
pub(super) fn place(bytes: &[u8], end: u8) -> Option<Csi> {
    let is_plain = bytes.iter().all(|byte| matches!(byte, b'0'..=b'9' | b';'));
    let params = CsiParams::read(bytes);
    if end != b'R' || bytes.is_empty() || !is_plain || params.count > 2 {
        return None;
    }
    let number = |group: usize| u16::try_from(params.first(group)).ok();
    let (row, column) = if params.count == 2 { (number(0)?, number(1)?) } else { (0, number(0)?) };
    Some(Csi::Event(TtyEvent::Reply(Reply::Position(row, column))))
}

/// Answers without a private mark: sizes in pixels (4, 6), the size in band (48), the cursor's
/// place unless it looks like F3.
fn plain_reply(params: &CsiParams, end: u8) -> Option<Reply> {
    let number = |group: usize| u16::try_from(params.first(group)).ok();
    let pair = |first: usize| Some((number(first)?, number(first + 1)?));
    let turned = |(height, width): (u16, u16)| (width, height);
    match (end, params.first(0)) {
        (b'R', 2..) if params.count == 2 => Some(Reply::Position(number(0)?, number(1)?)),
        // F3 with no modifier comes without numbers; this is the answer of a terminal that does not
        // know where its cursor is.
        (b'R', 1) if params.count == 2 && params.first(1) == 1 => Some(Reply::Position(1, 1)),
        (b't', 4) if params.count == 3 => Some(Reply::AreaPixels(turned(pair(1)?))),
        (b't', 6) if params.count == 3 => Some(Reply::CellPixels(turned(pair(1)?))),
        (b't', 48) if params.count == 5 => Some(Reply::Size(pair(1)?, pair(3)?)),
        _ => None,
    }
}

fn reply(bytes: &[u8], end: u8) -> Option<Reply> {
    let params = CsiParams::read(bytes);
    match end {
        b'c' => {
            let numbers = params.groups[..params.count]
                .iter()
                .map(|group| u16::try_from(group[0]).unwrap_or(u16::MAX));
            Some(Reply::Attributes(numbers.collect()))
        }
        b'n' if params.first(0) == 997 => match params.first(1) {
            1 => Some(Reply::Appearance(Appearance::Dark)),
            2 => Some(Reply::Appearance(Appearance::Light)),
            _ => None,
        },
        b'u' => Some(Reply::Kitty(u8::try_from(params.first(0)).ok()?)),
        b'S' if (params.first(0), params.first(1)) == (1, 0) => {
            Some(Reply::SixelColours(u16::try_from(params.first(2)).unwrap_or(u16::MAX)))
        }
        b'y' if bytes.ends_with(b"$") => Some(Reply::Mode(
            u16::try_from(params.first(0)).ok()?,
            u8::try_from(params.first(1)).ok()?,
        )),
        _ => None,
    }
}

fn key(params: &CsiParams, end: u8) -> Option<KeyInput> {
    let [mods, event, _] = params.groups[1];
    let kind = match event {
        2 => KeyKind::Repeat,
        3 => KeyKind::Release,
        _ => KeyKind::Press,
    };
    let mods = keys::mods(mods);
    let plain = |code: KeyCode, mods: Mods| KeyInput { kind, ..KeyInput::from(Key { code, mods }) };
    match end {
        b'Z' => Some(plain(KeyCode::Tab, mods.with(Mods::SHIFT))),
        b'u' => code_point(params, mods, kind),
        b'~' if params.first(0) == 27 && 3 <= params.count => other_key(params.first(2), mods),
        b'~' => Some(plain(keys::of_number(params.first(0))?, mods)),
        b'^' => Some(plain(keys::of_number(params.first(0))?, Mods::CTRL)),
        b'@' => Some(plain(keys::of_number(params.first(0))?, Mods::CTRL.with(Mods::SHIFT))),
        b'a'..=b'd' => Some(plain(keys::of_letter(end.to_ascii_uppercase())?, Mods::SHIFT)),
        _ => Some(plain(keys::of_letter(end)?, mods)),
    }
}

/// `CSI code:shifted:layout;mods:event;text u`.
fn code_point(params: &CsiParams, mods: Mods, kind: KeyKind) -> Option<KeyInput> {
    let [code, shifted, layout] = params.groups[0];
    let told = |code: u32| char::from_u32(code).filter(|c| *c != '\0' && !c.is_control());
    let key = Key { code: keys::of_code_point(code)?, mods };
    // The text is told for what no modifier but AltGr makes; with Shift the character before says
    // it.
    let text = told(params.groups[2][0])
        .filter(|text| !mods.has(Mods::SHIFT) && key.code != KeyCode::Char(*text))
        .filter(|_| matches!(key.code, KeyCode::Char(_)));
    let shifted = told(shifted).or(text);
    Some(KeyInput { key, kind, shifted, layout: told(layout), escaped: false })
}

/// `CSI 27;mods;code~` of modifyOtherKeys, which tells the character that Shift made.
fn other_key(code: u32, mods: Mods) -> Option<KeyInput> {
    let mut key = Key { code: keys::of_code_point(code)?, mods };
    let mut shifted = None;
    if let KeyCode::Char(c) = key.code
        && mods.has(Mods::SHIFT)
        && c.is_ascii_uppercase()
    {
        shifted = Some(c);
        key.code = KeyCode::Char(c.to_ascii_lowercase());
    }
    Some(KeyInput { shifted, ..KeyInput::from(key) })
}

/// A mouse report: button bits, column and row from 1 (mode 1006; the older form with 32 taken
/// off).
pub(super) fn mouse([bits, x, y]: [u32; 3], is_release: bool) -> Option<MouseInput> {
    let cell = |number: u32| u16::try_from(number.saturating_sub(1)).unwrap_or(u16::MAX);
    let at = Point::new(cell(x), cell(y));
    let mods = [(4, Mods::SHIFT), (8, Mods::ALT), (16, Mods::CTRL)]
        .into_iter()
        .filter(|(bit, _)| bits & bit != 0)
        .fold(Mods::NONE, |mods, (_, held)| mods.with(held));
    let button = match bits & 0b1100_0011 {
        0 => Some(MouseButton::Left),
        1 => Some(MouseButton::Middle),
        2 => Some(MouseButton::Right),
        3 => None,
        64 => Some(MouseButton::WheelUp),
        65 => Some(MouseButton::WheelDown),
        66 => Some(MouseButton::WheelLeft),
        67 => Some(MouseButton::WheelRight),
        extra @ 128..=131 => {
            Some(MouseButton::Extra(u8::try_from(extra - 128 + 8).expect("8 to 11")))
        }
        _ => return None,
    };
    let kind = match (button, bits & 32 != 0, is_release) {
        (None, true, _) => MouseKind::Move,
        (Some(button), true, _) => MouseKind::Drag(button),
        (Some(button), false, true) => MouseKind::Release(button),
        (Some(button), false, false) => MouseKind::Press(button),
        // The older form does not tell which button went up.
        (None, false, _) => MouseKind::Release(MouseButton::Left),
    };
    Some(MouseInput { kind, at, mods })
}
