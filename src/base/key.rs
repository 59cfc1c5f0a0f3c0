//! Keys, chords and mouse events as values, and how they are written (`C-b`, `M-Left`, `F5`).
//! Neither decodes nor encodes terminal bytes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::base::geom::Point;

/// A key apart from its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum KeyCode {
    /// A key that types a character. Letters are lower case unless Shift made the character another
    /// one (`A`, `%`).
    Char(char),
    /// Function keys 1 to 35.
    F(u8),
    /// Return.
    Enter,
    /// Tab; Shift-Tab is this with [`Mods::SHIFT`].
    Tab,
    /// The key that sends DEL.
    Backspace,
    /// Escape.
    Esc,
    /// Cursor up.
    Up,
    /// Cursor down.
    Down,
    /// Cursor left.
    Left,
    /// Cursor right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Insert.
    Insert,
    /// Forward delete.
    Delete,
    /// A key of the numeric pad that is told apart from the main one: digits and `+ - * / . , =`,
    /// Enter as `\r`.
    Keypad(char),
    /// Keypad 5 with Num Lock off.
    Begin,
    /// Menu.
    Menu,
    /// Caps Lock, Scroll Lock, Num Lock, Print Screen, Pause, media and modifier keys, by kitty's
    /// functional code point.
    Functional(u32),
}

/// Modifiers as a set of bits; bit n is kitty's modifier bit n.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Mods(pub u8);

impl Mods {
    /// None.
    pub const NONE: Self = Self(0);
    /// Shift.
    pub const SHIFT: Self = Self(1);
    /// Alt, also called Meta.
    pub const ALT: Self = Self(2);
    /// Control.
    pub const CTRL: Self = Self(4);
    /// Super.
    pub const SUPER: Self = Self(8);
    /// Hyper.
    pub const HYPER: Self = Self(16);
    /// Meta where it differs from Alt.
    pub const META: Self = Self(32);
    /// Caps Lock is on.
    pub const CAPS: Self = Self(64);
    /// Num Lock is on.
    pub const NUM: Self = Self(128);

    /// True if all of `other` are held.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// With `other` held too.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// With `other` not held.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// A key with its modifiers: what a binding names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// The key.
    pub code: KeyCode,
    /// The modifiers held. Shift is never set on a character that it already changed (`A`, `%`).
    pub mods: Mods,
}

impl Key {
    /// `code` with nothing held.
    #[must_use]
    pub const fn plain(code: KeyCode) -> Self {
        Self { code, mods: Mods::NONE }
    }

    /// The character `c` with nothing held.
    #[must_use]
    pub const fn char(c: char) -> Self {
        Self::plain(KeyCode::Char(c))
    }

    /// The character `c` with Control held.
    #[must_use]
    pub const fn ctrl(c: char) -> Self {
        Self { code: KeyCode::Char(c), mods: Mods::CTRL }
    }
}

/// Press, repetition or release of a key (kitty's event types).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum KeyKind {
    /// Pressed; all a legacy terminal can tell.
    #[default]
    Press,
    /// Held.
    Repeat,
    /// Let go.
    Release,
}

/// A key as it came from the outer terminal, with what only newer terminals tell. Its key is told
/// as it came: with Shift beside the unshifted character where the terminal tells both, with locks,
/// and a key of the keypad as that. [`KeyInput::bound`] is the spelling of bindings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct KeyInput {
    /// Key and modifiers.
    pub key: Key,
    /// Press, repeat or release.
    pub kind: KeyKind,
    /// The character Shift makes of it, where told; without Shift the text that another modifier
    /// such as `AltGr` makes of it.
    pub shifted: Option<char>,
    /// The character on the standard layout, where told.
    pub layout: Option<char>,
    /// True if the key came after ESC: Alt with it, or Escape and then the key, which nobody
    /// can tell apart.
    pub escaped: bool,
}

impl From<Key> for KeyInput {
    fn from(key: Key) -> Self {
        Self { key, kind: KeyKind::Press, shifted: None, layout: None, escaped: false }
    }
}

impl KeyInput {
    /// The key as bindings, lists and copy mode name it: without locks, with Shift folded into the
    /// character.
    #[must_use]
    pub fn bound(&self) -> Key {
        let mods = self.key.mods.without(Mods::CAPS.with(Mods::NUM));
        let code = self.key.code.doubled();
        let KeyCode::Char(c) = code else { return Key { code, mods } };
        let mut key = Key { code, mods };
        if mods.has(Mods::SHIFT) && !mods.has(Mods::CTRL) {
            let typed = self.shifted.unwrap_or_else(|| c.to_ascii_uppercase());
            if typed != c || !c.is_ascii_alphanumeric() {
                key = Key { code: KeyCode::Char(typed), mods: mods.without(Mods::SHIFT) };
            }
        } else if let Some(typed) = self.shifted.filter(|_| !mods.has(Mods::SHIFT)) {
            key.code = KeyCode::Char(typed);
        }
        if mods.has(Mods::CTRL)
            && let KeyCode::Char(c) = key.code
        {
            // Programs and bindings name Control-Shift-A by the letter without Shift.
            key.code = KeyCode::Char(c.to_ascii_lowercase());
        }
        key.normal()
    }

    /// Other spellings of the key, for a binding that names none of the first: the character of the
    /// standard layout, as Ctrl-C on a keyboard of another script, and the main key that a key of
    /// the keypad doubles.
    #[must_use]
    pub fn rebound(&self) -> Option<Key> {
        match (self.bound().code, self.layout) {
            (KeyCode::Keypad('\r'), _) => Some(Key { code: KeyCode::Enter, ..self.bound() }),
            (KeyCode::Keypad(c), _) => Some(Key { code: KeyCode::Char(c), ..self.bound() }),
            (KeyCode::Char(_), Some(c)) => {
                let key = Key { code: KeyCode::Char(c), ..self.key };
                Some(Self::from(key).bound())
            }
            _ => None,
        }
    }
}

impl KeyCode {
    /// The key that a moving key of the keypad doubles (kitty's functional code points 57417 to
    /// 57427); others are themselves.
    #[must_use]
    pub const fn doubled(self) -> Self {
        match self {
            Self::Functional(57_417) => Self::Left,
            Self::Functional(57_418) => Self::Right,
            Self::Functional(57_419) => Self::Up,
            Self::Functional(57_420) => Self::Down,
            Self::Functional(57_421) => Self::PageUp,
            Self::Functional(57_422) => Self::PageDown,
            Self::Functional(57_423) => Self::Home,
            Self::Functional(57_424) => Self::End,
            Self::Functional(57_425) => Self::Insert,
            Self::Functional(57_426) => Self::Delete,
            Self::Functional(57_427) => Self::Begin,
            other => other,
        }
    }
}

/// A button of the mouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum MouseButton {
    /// Left.
    Left,
    /// Middle.
    Middle,
    /// Right.
    Right,
    /// Wheel away from the user.
    WheelUp,
    /// Wheel towards the user.
    WheelDown,
    /// Wheel to the left.
    WheelLeft,
    /// Wheel to the right.
    WheelRight,
    /// Buttons 8 to 11.
    Extra(u8),
}

impl MouseButton {
    /// True for a step of the wheel, which is pressed and never held.
    #[must_use]
    pub const fn is_wheel(self) -> bool {
        matches!(self, Self::WheelUp | Self::WheelDown | Self::WheelLeft | Self::WheelRight)
    }
}

/// Press, release or move of the mouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum MouseKind {
    /// A button went down, or the wheel turned one step.
    Press(MouseButton),
    /// A button went up.
    Release(MouseButton),
    /// Moved with a button down.
    Drag(MouseButton),
    /// Moved with none down.
    Move,
}

/// A mouse event at a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MouseInput {
    /// The press, release or move.
    pub kind: MouseKind,
    /// The cell, relative to whatever the event is handed to.
    pub at: Point,
    /// The modifiers held.
    pub mods: Mods,
}

/// Mouse events that a program wants of its terminal, ordered from none to all (xterm modes 9,
/// 1000, 1002, 1003).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum MouseWant {
    /// None: the mouse is abide's.
    #[default]
    None,
    /// Presses only (mode 9).
    Press,
    /// Presses and releases (1000).
    Click,
    /// And movement with a button down (1002).
    Drag,
    /// And all movement (1003).
    Motion,
}

/// A text that is not a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a key; write one as {hint}")]
pub struct KeyError {
    /// The text that was given.
    pub text: String,
    /// The nearest name, or the general form.
    pub hint: String,
}

const NAMES: &[(&str, KeyCode)] = &[
    ("Enter", KeyCode::Enter),
    ("Tab", KeyCode::Tab),
    ("Backspace", KeyCode::Backspace),
    ("Esc", KeyCode::Esc),
    ("Space", KeyCode::Char(' ')),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PageUp", KeyCode::PageUp),
    ("PageDown", KeyCode::PageDown),
    ("Insert", KeyCode::Insert),
    ("Delete", KeyCode::Delete),
    ("Begin", KeyCode::Begin),
    ("Menu", KeyCode::Menu),
    // Spellings of tmux and of people, read but never written.
    ("Return", KeyCode::Enter),
    ("CR", KeyCode::Enter),
    ("BSpace", KeyCode::Backspace),
    ("Escape", KeyCode::Esc),
    ("PgUp", KeyCode::PageUp),
    ("PPage", KeyCode::PageUp),
    ("PgDn", KeyCode::PageDown),
    ("NPage", KeyCode::PageDown),
    ("IC", KeyCode::Insert),
    ("DC", KeyCode::Delete),
    ("Del", KeyCode::Delete),
];

const MODS: &[(&str, Mods)] =
    &[("C-", Mods::CTRL), ("M-", Mods::ALT), ("S-", Mods::SHIFT), ("D-", Mods::SUPER)];

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, bit) in MODS {
            if self.mods.has(*bit) {
                f.write_str(name)?;
            }
        }
        if let Some((name, _)) = NAMES.iter().find(|(_, code)| *code == self.code) {
            return f.write_str(name);
        }
        match self.code {
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::F(n) => write!(f, "F{n}"),
            KeyCode::Keypad('\r') => f.write_str("KPEnter"),
            KeyCode::Keypad(c) => write!(f, "KP{c}"),
            KeyCode::Functional(n) => write!(f, "U+{n:X}"),
            _ => unreachable!("every other key has a name"),
        }
    }
}

impl FromStr for Key {
    type Err = KeyError;

    /// Reads `C-b`, `M-Left`, `S-Tab`, `F5`, `KP5`, `%`, and tmux's `^b`.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut mods = Mods::NONE;
        let mut rest = text;
        while let Some((name, bit)) =
            MODS.iter().find(|(name, _)| rest.len() > name.len() && rest.starts_with(name))
        {
            mods = mods.with(*bit);
            rest = &rest[name.len()..];
        }
        if let Some(c) = rest.strip_prefix('^').filter(|c| !c.is_empty()) {
            mods = mods.with(Mods::CTRL);
            rest = c;
        }
        let code =
            code_named(rest).ok_or_else(|| KeyError { text: text.into(), hint: nearest(rest) })?;
        Ok(Self { code, mods }.normal())
    }
}

impl Key {
    /// The one spelling of equal keys: Shift folded into letters, Control-letter in lower case.
    #[must_use]
    pub fn normal(self) -> Self {
        let KeyCode::Char(c) = self.code else { return self };
        if self.mods.has(Mods::CTRL) && c.is_ascii_uppercase() && !self.mods.has(Mods::SHIFT) {
            return Self { code: KeyCode::Char(c.to_ascii_lowercase()), mods: self.mods };
        }
        if self.mods == Mods::SHIFT && c.is_ascii_alphabetic() {
            return Self::char(c.to_ascii_uppercase());
        }
        self
    }
}

fn code_named(text: &str) -> Option<KeyCode> {
    let mut chars = text.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return (!c.is_control()).then_some(KeyCode::Char(c));
    }
    if let Some((_, code)) = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
        return Some(*code);
    }
    if let Some(number) = text.strip_prefix(['F', 'f']) {
        return number.parse().ok().filter(|n| (1..=35).contains(n)).map(KeyCode::F);
    }
    if let Some(pad) = text.strip_prefix("KP") {
        let mut chars = pad.chars();
        return match (chars.next(), chars.next()) {
            (Some(c), None) if "0123456789+-*/.,=".contains(c) => Some(KeyCode::Keypad(c)),
            _ => (pad == "Enter").then_some(KeyCode::Keypad('\r')),
        };
    }
    let number = text.strip_prefix("U+")?;
    u32::from_str_radix(number, 16)
        .ok()
        .filter(|n| (57_344..=63_743).contains(n))
        .map(KeyCode::Functional)
}

fn nearest(text: &str) -> String {
    let names = NAMES.iter().map(|(name, _)| *name);
    crate::base::text::nearest(text, names)
        .map_or_else(|| "C-b, M-Left, S-Tab, F5 or a single character".into(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{Key, KeyCode, Mods};

    #[test]
    fn keys_read_what_they_write() {
        for text in [
            "C-b",
            "M-Left",
            "S-Tab",
            "F5",
            "%",
            "A",
            "C-M-Delete",
            "KP5",
            "KPEnter",
            "Space",
            "C-Space",
            "-",
            "C--",
            "D-k",
            "é",
        ] {
            assert_eq!(text.parse::<Key>().map(|key| key.to_string()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn other_spellings_are_the_same_key() {
        let same = |a: &str, b: &str| assert_eq!(a.parse::<Key>(), b.parse::<Key>());
        same("^b", "C-b");
        same("C-B", "C-b");
        same("S-a", "A");
        same("BSpace", "Backspace");
        assert_eq!("^".parse(), Ok(Key::char('^')));
        assert_eq!("C-Up".parse(), Ok(Key { code: KeyCode::Up, mods: Mods::CTRL }));
    }

    #[test]
    fn a_wrong_name_is_answered_with_the_nearest() {
        let error = "C-Entr".parse::<Key>().expect_err("no such key");
        assert_eq!(error.to_string(), "\"C-Entr\" is not a key; write one as Enter");
        assert!("".parse::<Key>().is_err());
        assert!("F36".parse::<Key>().is_err());
        assert!("\u{7}".parse::<Key>().is_err());
    }
}
