//! Input as the bytes a program asked for: keys (xterm's legacy table, modifyOtherKeys, the kitty
//! keyboard protocol), mouse events, changes of focus and pastes (xterm ctlseqs).

use std::fmt::Write as _;

use crate::base::geom::Point;
use crate::base::key::{
    Key, KeyCode, KeyInput, KeyKind, Mods, MouseButton, MouseInput, MouseKind, MouseWant,
};
use crate::base::path_trace;
use crate::term::mode::{Mode, Modes, MouseEncoding};
use crate::term::screen::Screen;

const DISAMBIGUATE: u8 = 1;
const EVENTS: u8 = 2;
const ALTERNATES: u8 = 4;
const ALL: u8 = 8;
const TEXT: u8 = 16;

/// The form of a functional key: CSI number ~ or CSI letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Tilde(u32),
    Letter(u8),
    Unicode(u32),
}

/// The state that decides which bytes a key, a mouse event or a paste becomes.
#[derive(Clone, Copy)]
pub struct InputEncoder<'a> {
    pub(crate) screen: &'a Screen,
    pub(crate) keyboard: &'a Keyboard,
}

impl InputEncoder<'_> {
    /// Appends the bytes of a key; nothing if it has none.
    pub fn encode_key(&self, input: &KeyInput, to: &mut Vec<u8>) {
        path_trace::note("key");
        if self.screen.is_on(Mode::KEYBOARD_LOCK) {
            return;
        }
        let flags = self.keyboard.flags();
        if flags != 0 {
            self.encode_kitty(input, flags, to);
        } else if input.kind != KeyKind::Release {
            if input.escaped {
                // An escaped key stays Escape and key: a program that asked for more would else
                // take a quick Escape for Alt.
                to.push(0x1b);
                let mods = input.key.mods.without(Mods::ALT);
                let key = Key { mods, ..input.key };
                return self.encode_legacy(&KeyInput { key, ..*input }, to);
            }
            self.encode_legacy(input, to);
        }
    }

    fn encode_legacy(&self, input: &KeyInput, to: &mut Vec<u8>) {
        let mods = input.key.mods.without(Mods(Mods::CAPS.0 | Mods::NUM.0));
        match input.key.code {
            KeyCode::Char(_) => self.legacy_char(input, mods, to),
            KeyCode::Enter if !self.other_key(13, mods, to) => {
                legacy_control(b'\r', mods, to);
                // LNM: RETURN is a new line (ECMA-48 F.8; VT510 manual).
                if self.screen.is_on(Mode::NEWLINE) {
                    to.push(b'\n');
                }
            }
            KeyCode::Tab
                if mods.without(Mods::ALT) == Mods::SHIFT
                    || mods.has(Mods::SHIFT) && self.keyboard.modify_other < 2 =>
            {
                escape_if(mods.has(Mods::ALT), to);
                to.extend_from_slice(b"\x1b[Z");
            }
            KeyCode::Tab if !self.other_key(9, mods, to) => legacy_control(b'\t', mods, to),
            KeyCode::Esc if !self.other_key(27, mods, to) => legacy_control(0x1b, mods, to),
            KeyCode::Backspace if !self.other_key(127, mods, to) => {
                // Control swaps BS and DEL, as does DECBKM.
                let del = mods.has(Mods::CTRL) == self.screen.is_on(Mode::BACKARROW);
                legacy_control(if del { 0x7f } else { 0x08 }, mods, to);
            }
            KeyCode::Enter | KeyCode::Tab | KeyCode::Esc | KeyCode::Backspace => {}
            KeyCode::Keypad(c) => self.legacy_keypad(c, mods, to),
            code => {
                if let Some(form) = legacy_form(code.doubled()) {
                    self.legacy_functional(form, mods, to);
                }
            }
        }
    }

    /// modifyOtherKeys: CSI 27 ; mods ; code ~, where the legacy bytes could not tell.
    fn other_key(&self, code: u32, mods: Mods, to: &mut Vec<u8>) -> bool {
        let level = self.keyboard.modify_other;
        // As xterm has it: level 1 leaves alone Escape, Backspace and what comes with Alt.
        let tells = match level {
            0 => false,
            1 => matches!(code, 9 | 13) && mods != Mods::NONE && !mods.has(Mods::ALT),
            _ => mods != Mods::NONE && (code, mods) != (127, Mods::CTRL),
        };
        if tells {
            let code = if code == 127 && mods.has(Mods::CTRL) { 8 } else { code };
            to.extend_from_slice(format!("\x1b[27;{};{code}~", modifier(mods)).as_bytes());
        }
        tells
    }

    fn legacy_char(&self, input: &KeyInput, mods: Mods, to: &mut Vec<u8>) {
        let typed = shifted(input);
        let held = mods.without(Mods::SHIFT);
        let control = control_byte(typed).or_else(|| input.layout.and_then(control_byte));
        let tells = match self.keyboard.modify_other {
            0 => false,
            1 => held.has(Mods::CTRL) && (control.is_none() || typed == '?'),
            _ => {
                // xterm tells Shift alone with a blank and with what Control could change.
                let is_told = typed == ' ' || ('@'..='~').contains(&typed);
                held != Mods::NONE || mods.has(Mods::SHIFT) && is_told
            }
        };
        if tells {
            // Level 1 tells no Alt.
            let hidden = if self.keyboard.modify_other == 1 { Mods::ALT } else { Mods::NONE };
            let modifier = modifier(mods.without(hidden));
            let text = format!("\x1b[27;{modifier};{}~", u32::from(typed));
            to.extend_from_slice(text.as_bytes());
            return;
        }
        escape_if(mods.has(Mods::ALT) || mods.has(Mods::META), to);
        if let Some(byte) = control.filter(|_| mods.has(Mods::CTRL)) {
            to.push(byte);
            return;
        }
        to.extend_from_slice(typed.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// The keypad: SS3 in application mode, else what is printed on the key.
    fn legacy_keypad(&self, c: char, mods: Mods, to: &mut Vec<u8>) {
        let letter = match c {
            '0'..='9' => b'p' + (c as u8 - b'0'),
            '*' => b'j',
            '+' => b'k',
            ',' => b'l',
            '-' => b'm',
            '.' => b'n',
            '/' => b'o',
            '=' => b'X',
            '\r' => b'M',
            _ => return,
        };
        if self.screen.is_on(Mode::APP_KEYPAD) {
            if mods == Mods::NONE {
                to.extend_from_slice(&[0x1b, b'O', letter]);
            } else {
                to.extend_from_slice(
                    format!("\x1bO{}{}", modifier(mods), char::from(letter)).as_bytes(),
                );
            }
            return;
        }
        escape_if(mods.has(Mods::ALT), to);
        to.push(c as u8);
    }

    fn legacy_functional(&self, form: Form, mods: Mods, to: &mut Vec<u8>) {
        let modifier = modifier(mods);
        let text = match form {
            Form::Letter(letter) if modifier > 1 => {
                format!("\x1b[1;{modifier}{}", char::from(letter))
            }
            Form::Letter(letter @ b'P'..=b'S') => format!("\x1bO{}", char::from(letter)),
            Form::Letter(letter) if self.screen.is_on(Mode::APP_CURSOR) => {
                format!("\x1bO{}", char::from(letter))
            }
            Form::Letter(letter) => format!("\x1b[{}", char::from(letter)),
            Form::Tilde(number) if modifier > 1 => format!("\x1b[{number};{modifier}~"),
            Form::Tilde(number) => format!("\x1b[{number}~"),
            Form::Unicode(_) => return,
        };
        to.extend_from_slice(text.as_bytes());
    }

    fn encode_kitty(&self, input: &KeyInput, flags: u8, to: &mut Vec<u8>) {
        let KeyInput { key, kind, .. } = *input;
        let all = flags & ALL != 0;
        let edits = matches!(key.code, KeyCode::Enter | KeyCode::Tab | KeyCode::Backspace);
        if kind == KeyKind::Release && (flags & EVENTS == 0 || (!all && edits)) {
            return;
        }
        let held = key.mods.without(Mods(Mods::CAPS.0 | Mods::NUM.0));
        let kind = if flags & EVENTS == 0 { KeyKind::Press } else { kind };
        // Events and alternates change nothing about a press that has a legacy form.
        if flags & (DISAMBIGUATE | ALL) == 0 && kind == KeyKind::Press {
            return self.encode_legacy(input, to);
        }
        if !all && kind != KeyKind::Release {
            match key.code {
                KeyCode::Char(_) if held.without(Mods::SHIFT) == Mods::NONE => {
                    let typed = shifted(input);
                    return to.extend_from_slice(typed.encode_utf8(&mut [0; 4]).as_bytes());
                }
                // So that a shell without the protocol stays usable.
                KeyCode::Enter | KeyCode::Tab | KeyCode::Backspace if held == Mods::NONE => {
                    return self.encode_legacy(&KeyInput::from(Key::plain(key.code)), to);
                }
                _ => {}
            }
        }
        let (form, implied) = kitty_form(key.code);
        let Some(form) = form else { return };
        if matches!(form, Form::Unicode(57_441..=57_454)) && !all {
            return;
        }
        // Locks are not told of keys that type text, unless every key is told.
        let is_text = matches!(key.code, KeyCode::Char(_));
        let told = if is_text && !all { held } else { key.mods };
        let mods = u16::from(told.with(implied).0) + 1;
        let event = match kind {
            KeyKind::Press => 1,
            KeyKind::Repeat => 2,
            KeyKind::Release => 3,
        };
        let text = if all && flags & TEXT != 0 && kind != KeyKind::Release {
            kitty_text(input)
        } else {
            None
        };
        let (number, last) = match form {
            Form::Tilde(number) => (number, '~'),
            Form::Letter(letter) => (1, char::from(letter)),
            Form::Unicode(number) => (number, 'u'),
        };
        let mut out = String::from("\x1b[");
        let alternates =
            if flags & ALTERNATES != 0 { kitty_alternates(input, implied) } else { String::new() };
        let second = mods != 1 || event != 1 || text.is_some();
        if last == '~' || last == 'u' || second {
            out.push_str(&number.to_string());
            out.push_str(&alternates);
        }
        if mods != 1 || event != 1 {
            add(&mut out, format_args!(";{mods}"));
            if event != 1 {
                add(&mut out, format_args!(":{event}"));
            }
        } else if text.is_some() {
            out.push(';');
        }
        if let Some(code) = text {
            add(&mut out, format_args!(";{code}"));
        }
        out.push(last);
        to.extend_from_slice(out.as_bytes());
    }
}

fn add(to: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _written = to.write_fmt(what);
}

/// The character that a key types; a blank for keys that type none.
fn shifted(input: &KeyInput) -> char {
    match input.key.code {
        KeyCode::Char(c) if input.key.mods.has(Mods::SHIFT) => {
            input.shifted.unwrap_or_else(|| c.to_uppercase().next().unwrap_or(c))
        }
        // AltGr and the like, which are no modifiers that a terminal tells.
        KeyCode::Char(c) => input.shifted.unwrap_or(c),
        KeyCode::Keypad(c) => c,
        _ => ' ',
    }
}

fn kitty_text(input: &KeyInput) -> Option<u32> {
    let strong = Mods::CTRL.0 | Mods::ALT.0 | Mods::SUPER.0 | Mods::HYPER.0 | Mods::META.0;
    let types = match input.key.code {
        KeyCode::Char(_) => true,
        KeyCode::Keypad(c) => !c.is_control(),
        _ => false,
    };
    (types && input.key.mods.0 & strong == 0).then(|| u32::from(shifted(input)))
}

fn kitty_alternates(input: &KeyInput, implied: Mods) -> String {
    let KeyCode::Char(c) = input.key.code else { return String::new() };
    let mut shifted = input.shifted;
    if shifted.is_none() && implied.has(Mods::SHIFT) {
        shifted = Some(c);
    }
    let shifted = shifted.filter(|_| input.key.mods.with(implied).has(Mods::SHIFT));
    match (shifted, input.layout) {
        (None, None) => String::new(),
        (Some(shifted), None) => format!(":{}", u32::from(shifted)),
        (None, Some(layout)) => format!("::{}", u32::from(layout)),
        (Some(shifted), Some(layout)) => format!(":{}:{}", u32::from(shifted), u32::from(layout)),
    }
}

/// xterm's modifier number: 1 + shift 1, alt 2, control 4, meta 8.
fn modifier(mods: Mods) -> u8 {
    let meta = mods.has(Mods::META) || mods.has(Mods::SUPER) || mods.has(Mods::HYPER);
    1 + (mods.0 & 7) + if meta { 8 } else { 0 }
}

fn escape_if(alt: bool, to: &mut Vec<u8>) {
    if alt {
        to.push(0x1b);
    }
}

fn legacy_control(byte: u8, mods: Mods, to: &mut Vec<u8>) {
    escape_if(mods.has(Mods::ALT) || mods.has(Mods::META), to);
    to.push(byte);
}

/// The byte that Control makes of a character (VT100 manual, table 3-5, and PC keyboards' digits).
fn control_byte(c: char) -> Option<u8> {
    Some(match c {
        'a'..='z' => c as u8 - b'a' + 1,
        'A'..='Z' => c as u8 - b'A' + 1,
        ' ' | '@' | '2' | '`' => 0,
        '[' | '3' | '{' => 0x1b,
        '\\' | '4' | '|' => 0x1c,
        ']' | '5' | '}' => 0x1d,
        '^' | '6' | '~' => 0x1e,
        '_' | '7' | '/' => 0x1f,
        '8' | '?' => 0x7f,
        _ => return None,
    })
}

fn legacy_form(code: KeyCode) -> Option<Form> {
    Some(match code {
        KeyCode::Up => Form::Letter(b'A'),
        KeyCode::Down => Form::Letter(b'B'),
        KeyCode::Right => Form::Letter(b'C'),
        KeyCode::Left => Form::Letter(b'D'),
        KeyCode::Begin => Form::Letter(b'E'),
        KeyCode::End => Form::Letter(b'F'),
        KeyCode::Home => Form::Letter(b'H'),
        KeyCode::Insert => Form::Tilde(2),
        KeyCode::Delete => Form::Tilde(3),
        KeyCode::PageUp => Form::Tilde(5),
        KeyCode::PageDown => Form::Tilde(6),
        KeyCode::Menu => Form::Tilde(29),
        KeyCode::F(n @ 1..=4) => Form::Letter(b'P' + n - 1),
        KeyCode::F(n @ 5..=20) => {
            const NUMBERS: [u32; 16] =
                [15, 17, 18, 19, 20, 21, 23, 24, 25, 26, 28, 29, 31, 32, 33, 34];
            Form::Tilde(NUMBERS[usize::from(n) - 5])
        }
        _ => return None,
    })
}

/// A key in kitty's protocol, and the modifiers its character implies.
fn kitty_form(code: KeyCode) -> (Option<Form>, Mods) {
    let form = match code {
        KeyCode::Char(c) => {
            let lower = c.to_lowercase().next().unwrap_or(c);
            let implied = if lower == c { Mods::NONE } else { Mods::SHIFT };
            return (Some(Form::Unicode(u32::from(lower))), implied);
        }
        KeyCode::Enter => Form::Unicode(13),
        KeyCode::Tab => Form::Unicode(9),
        KeyCode::Backspace => Form::Unicode(127),
        KeyCode::Esc => Form::Unicode(27),
        // F3 as a letter would look like a cursor report.
        KeyCode::F(3) => Form::Tilde(13),
        KeyCode::F(n @ 13..=35) => Form::Unicode(57_376 + u32::from(n) - 13),
        KeyCode::Menu => Form::Unicode(57_363),
        KeyCode::Functional(number) => Form::Unicode(number),
        KeyCode::Keypad(c) => match c {
            '0'..='9' => Form::Unicode(57_399 + u32::from(c) - u32::from('0')),
            '.' => Form::Unicode(57_409),
            '/' => Form::Unicode(57_410),
            '*' => Form::Unicode(57_411),
            '-' => Form::Unicode(57_412),
            '+' => Form::Unicode(57_413),
            '\r' => Form::Unicode(57_414),
            '=' => Form::Unicode(57_415),
            ',' => Form::Unicode(57_416),
            _ => return (None, Mods::NONE),
        },
        code => return (legacy_form(code), Mods::NONE),
    };
    (Some(form), Mods::NONE)
}

/// Entries of a stack of flags; the oldest goes when it is full (kitty keyboard protocol,
/// "progressive enhancement").
const STACK_MAX: usize = 8;
const FLAGS: u16 = 31;

/// Flags of one screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Flags {
    pub(crate) current: u8,
    pub(crate) stack: Vec<u8>,
}

/// The keyboard protocols that a program asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Keyboard {
    /// Of the screen shown, and of the other one.
    pub(crate) shown: Flags,
    pub(crate) hidden: Flags,
    pub(crate) alternate: bool,
    /// xterm's modifyOtherKeys: 0, 1, 2.
    pub(crate) modify_other: u8,
}

impl Keyboard {
    /// The flags in force.
    pub(crate) fn flags(&self) -> u8 {
        self.shown.current
    }

    /// Changes to the flags of the other screen.
    pub(crate) fn switch(&mut self, alternate: bool) {
        if self.alternate != alternate {
            self.alternate = alternate;
            std::mem::swap(&mut self.shown, &mut self.hidden);
        }
    }

    /// CSI > flags u.
    pub(crate) fn push(&mut self, flags: u16) {
        if self.shown.stack.len() == STACK_MAX {
            self.shown.stack.remove(0);
        }
        self.shown.stack.push(self.shown.current);
        self.shown.current = byte(flags);
    }

    /// CSI < number u.
    pub(crate) fn pop(&mut self, n: u16) {
        for _ in 0..usize::from(n).min(STACK_MAX) {
            self.shown.current = self.shown.stack.pop().unwrap_or(0);
        }
    }

    /// CSI = flags ; how u: 1 sets all, 2 adds, 3 takes away.
    pub(crate) fn change(&mut self, flags: u16, how: u16) {
        let flags = byte(flags);
        match how {
            1 => self.shown.current = flags,
            2 => self.shown.current |= flags,
            3 => self.shown.current &= !flags,
            _ => {}
        }
    }

    /// XTMODKEYS: resource 4 is modifyOtherKeys; without a value it is reset, without anything all
    /// are.
    pub(crate) fn set_modifier(&mut self, params: &[u16]) {
        match *params {
            [0 | 4] => self.modify_other = 0,
            [4, value, ..] => self.modify_other = u8::try_from(value.min(2)).unwrap_or(0),
            _ => {}
        }
    }

    /// XTMODKEYS off: CSI > resource n.
    pub(crate) fn unset_modifier(&mut self, resource: u16) {
        if resource == 4 {
            self.modify_other = 0;
        }
    }
}

fn byte(flags: u16) -> u8 {
    u8::try_from(flags & FLAGS).unwrap_or(0)
}

const RELEASE: u16 = 3;
const MOTION: u16 = 32;
/// Shift, Meta and Control.
const MODIFIERS: u16 = 4 | 8 | 16;

/// A mouse event as numbers.
#[derive(Debug, Clone, Copy)]
struct MouseReport {
    /// Button, modifiers and motion.
    code: u16,
    release: bool,
    at: Point,
}

impl InputEncoder<'_> {
    /// The modes as the program set them.
    pub(crate) fn modes(&self) -> Modes {
        let on = |mode| self.screen.is_on(mode);
        let mouse = [
            (Mode::MOUSE_MOTION, MouseWant::Motion),
            (Mode::MOUSE_DRAG, MouseWant::Drag),
            (Mode::MOUSE_CLICK, MouseWant::Click),
            (Mode::MOUSE_PRESS, MouseWant::Press),
        ]
        .into_iter()
        .find(|(mode, _)| on(*mode))
        .map_or(MouseWant::None, |(_, want)| want);
        let mouse_encoding = [
            (Mode::MOUSE_SGR, MouseEncoding::Sgr),
            (Mode::MOUSE_PIXELS, MouseEncoding::SgrPixels),
            (Mode::MOUSE_URXVT, MouseEncoding::Urxvt),
            (Mode::MOUSE_UTF8, MouseEncoding::Utf8),
        ]
        .into_iter()
        .find(|(mode, _)| on(*mode))
        .map_or(MouseEncoding::X10, |(_, encoding)| encoding);
        Modes {
            mouse,
            mouse_encoding,
            bracketed_paste: on(Mode::PASTE),
            focus_events: on(Mode::FOCUS),
            app_cursor: on(Mode::APP_CURSOR),
            app_keypad: on(Mode::APP_KEYPAD),
            alternate_screen: self.screen.alternate,
            alternate_scroll: on(Mode::ALT_SCROLL),
            kitty_flags: self.keyboard.flags(),
            modify_other_keys: self.keyboard.modify_other,
            reverse_video: on(Mode::REVERSE_VIDEO),
            synchronized: on(Mode::SYNCHRONIZED),
            colour_scheme_reports: on(Mode::COLOUR_SCHEME),
            in_band_size: on(Mode::IN_BAND_SIZE),
            keyboard_locked: on(Mode::KEYBOARD_LOCK),
        }
    }

    /// A mouse event, if the program wants it.
    pub fn encode_mouse(&self, mouse: MouseInput, to: &mut Vec<u8>) {
        let modes = self.modes();
        let wanted = match mouse.kind {
            MouseKind::Press(_) => MouseWant::Press,
            MouseKind::Release(_) => MouseWant::Click,
            MouseKind::Drag(_) => MouseWant::Drag,
            MouseKind::Move => MouseWant::Motion,
        };
        if modes.mouse < wanted {
            return;
        }
        // X10 knows three buttons, and a step of the wheel does not end.
        let is_unknown = match mouse.kind {
            MouseKind::Release(button) => button.is_wheel(),
            MouseKind::Press(button) => modes.mouse == MouseWant::Press && 2 < number(button),
            _ => false,
        };
        if is_unknown || mouse.at.x >= self.screen.size.cols || mouse.at.y >= self.screen.size.rows
        {
            return;
        }
        let release = matches!(mouse.kind, MouseKind::Release(_));
        let mut code = match mouse.kind {
            MouseKind::Press(button) | MouseKind::Release(button) => number(button),
            MouseKind::Drag(button) => number(button) + MOTION,
            MouseKind::Move => RELEASE + MOTION,
        };
        if modes.mouse != MouseWant::Press {
            code += u16::from(mouse.mods.has(Mods::SHIFT)) * 4
                + u16::from(mouse.mods.has(Mods::ALT)) * 8
                + u16::from(mouse.mods.has(Mods::CTRL)) * 16;
        }
        let report = MouseReport { code, release, at: mouse.at };
        self.write_mouse(modes.mouse_encoding, report, to);
    }

    fn write_mouse(&self, encoding: MouseEncoding, report: MouseReport, to: &mut Vec<u8>) {
        let MouseReport { code, release, at } = report;
        let (x, y) = (u32::from(at.x) + 1, u32::from(at.y) + 1);
        // The older forms do not tell which button went up.
        let legacy = if release { code & MODIFIERS | RELEASE } else { code };
        match encoding {
            MouseEncoding::Sgr | MouseEncoding::SgrPixels => {
                let cell = if encoding == MouseEncoding::Sgr {
                    (1, 1)
                } else {
                    self.screen.options.cell_pixels
                };
                // In pixels the middle of the cell is as near as it is known.
                let along = |n: u32, size: u16| {
                    (n - 1) * u32::from(size) + u32::from(size) / 2 + u32::from(size == 1)
                };
                let (x, y) = (along(x, cell.0), along(y, cell.1));
                to.extend_from_slice(
                    format!("\x1b[<{code};{x};{y}{}", if release { 'm' } else { 'M' }).as_bytes(),
                );
            }
            MouseEncoding::Urxvt => {
                to.extend_from_slice(format!("\x1b[{};{x};{y}M", legacy + 32).as_bytes());
            }
            MouseEncoding::Utf8 => {
                to.extend_from_slice(b"\x1b[M");
                for value in [u32::from(legacy), x.min(2015), y.min(2015)] {
                    let c = char::from_u32(value + 32).unwrap_or(' ');
                    to.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
            MouseEncoding::X10 => {
                // A position that does not fit is not told at all: a wrong one would be worse.
                let (Ok(x), Ok(y), Ok(code)) =
                    (u8::try_from(x + 32), u8::try_from(y + 32), u8::try_from(legacy + 32))
                else {
                    return;
                };
                to.extend_from_slice(&[0x1b, b'[', b'M', code, x, y]);
            }
        }
    }

    /// A change of focus, if the program wants to know.
    pub fn encode_focus(&self, focused: bool, to: &mut Vec<u8>) {
        if self.screen.is_on(Mode::FOCUS) {
            to.extend_from_slice(if focused { b"\x1b[I" } else { b"\x1b[O" });
        }
    }

    /// A paste: marked if the program asked for it, line ends as Return sends them, and nothing in
    /// it that could end the marks or act.
    pub fn encode_paste(&self, text: &str, to: &mut Vec<u8>) {
        let marked = self.screen.is_on(Mode::PASTE);
        if marked {
            to.extend_from_slice(b"\x1b[200~");
        }
        let mut last = ' ';
        for c in text.chars() {
            match c {
                '\n' if last == '\r' => {}
                '\n' | '\r' => to.push(b'\r'),
                '\t' => to.push(b'\t'),
                c if c.is_control() => {}
                c => to.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
            last = c;
        }
        if marked {
            to.extend_from_slice(b"\x1b[201~");
        }
    }
}

fn number(button: MouseButton) -> u16 {
    match button {
        MouseButton::Left => 0,
        MouseButton::Middle => 1,
        MouseButton::Right => 2,
        MouseButton::WheelUp => 64,
        MouseButton::WheelDown => 65,
        MouseButton::WheelLeft => 66,
        MouseButton::WheelRight => 67,
        MouseButton::Extra(n) => 128 + u16::from(n.clamp(8, 11) - 8),
    }
}
