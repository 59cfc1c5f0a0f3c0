//! Bytes of the outer terminal become events: keys, mouse, pastes, focus and replies. Pure: it
//! knows no clock and no file.
//!
//! No library does this, for Alt with a key and Escape before a key are told apart by the raw bytes
//! alone, and replies are needed too. `run` feeds it, `update` takes the events. Tests: `tests`,
//! `tests/it/outer.rs`, and the target `keys_in` of `fuzz`.

mod csi;
mod keys;
mod reply;

use crate::base::key::{Key, KeyCode, KeyInput, Mods, MouseInput};
use crate::base::path_trace;
use crate::base::style::Colour;
use crate::settings::Appearance;

/// The largest paste that is taken, in bytes: one message to the server (`PACKET_MAX`), and half of
/// what may wait for a program.
pub const PASTE_MAX: usize = 8 << 20;
/// The longest parameter string of a control sequence, in bytes.
const PARAMS_MAX: usize = 64;
/// The longest reply string (OSC, DCS), in bytes.
const STRING_MAX: usize = 4096;

const ESC: u8 = 0x1b;
const PASTE_END: &[u8] = b"\x1b[201~";

/// Something the outer terminal sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TtyEvent {
    /// A key.
    Key(KeyInput),
    /// The mouse, at a cell of the whole terminal.
    Mouse(MouseInput),
    /// Pasted text (mode 2004).
    Paste(String),
    /// A paste beyond [`PASTE_MAX`], with its size in bytes. Nothing of it is kept.
    PasteTooLarge(usize),
    /// The focus came or went (mode 1004).
    Focus(bool),
    /// The answer to a query.
    Reply(Reply),
}

/// An answer of the outer terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// DA1: what kind of terminal it is. It comes last of the replies we ask for, and every
    /// terminal gives it.
    Attributes(Vec<u16>),
    /// XTVERSION: name and version.
    Version(String),
    /// DECRQM: a private mode and its state (0 unknown, 1 set, 2 reset, 3 and 4 for ever so).
    Mode(u16, u8),
    /// kitty keyboard: the flags in force.
    Kitty(u8),
    /// OSC 4, 10, 11, 12: a colour.
    Colour(ColourSlot, (u8, u8, u8)),
    /// The terminal is light or dark now (CSI ? 997 n): the answer to CSI ? 996 n, or unasked where
    /// mode 2031 is set.
    Appearance(Appearance),
    /// DECRQSS of SGR: the parameters in force, such as `0;48:2::1:2:3`.
    Graphics(String),
    /// XTGETTCAP: a capability it has, with its value.
    Capability(String, Option<String>),
    /// XTQMODKEYS: modifyOtherKeys and its level.
    OtherKeys(u16),
    /// kitty graphics: the image asked about, and whether it would have been shown.
    Image(u32, bool),
    /// XTSMGRAPHICS: registers for the colours of sixels.
    SixelColours(u16),
    /// XTWINOPS 16: width and height of a cell in pixels.
    CellPixels((u16, u16)),
    /// XTWINOPS 14: width and height of the text area in pixels.
    AreaPixels((u16, u16)),
    /// CPR: row and column of the cursor, from 1 (dvtm: from 0); of the first row only its first
    /// column if nothing was asked, since the others look like F3 with a modifier.
    Position(u16, u16),
    /// Mode 2048: rows and columns, and height and width in pixels.
    Size((u16, u16), (u16, u16)),
}

/// A colour that a terminal told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColourSlot {
    /// OSC 10.
    Foreground,
    /// OSC 11.
    Background,
    /// OSC 12.
    Cursor,
    /// OSC 4.
    Palette(u8),
}

/// The state of the decoder within a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum DecoderState {
    #[default]
    Ground,
    /// Within a character of this many bytes.
    Utf8(usize),
    /// After ESC.
    Escape,
    /// After ESC [.
    Csi,
    /// In a control sequence that is too long: up to its final byte.
    CsiIgnore,
    /// After ESC [ [, as the Linux console sends F1 to F5.
    Console,
    /// In the three bytes after ESC [ M.
    X10,
    /// After ESC O.
    Ss3,
    /// After ESC ], ESC P or ESC _.
    String(u8),
    /// ESC within a string.
    StringEscape(u8),
    /// Between ESC [200~ and ESC [201~.
    Paste,
}

/// The decoder: bytes in, events out; however the bytes are cut, the events are the same.
#[derive(Debug, Default)]
pub struct Decoder {
    state: DecoderState,
    /// Bytes of the sequence so far, without its introducer.
    bytes: Vec<u8>,
    /// True if one more ESC came before the sequence, as some terminals send Alt.
    meta: bool,
    /// Size of the paste so far, kept or not.
    pasted: usize,
    /// The terminal was asked and has not answered all: what could be an answer is one.
    awaits: bool,
    /// An answer was among the bytes of the last read.
    answered: bool,
    /// The start of an answer whose rest did not follow soon, or never will.
    torn: bool,
}

impl Decoder {
    /// Takes what was read and appends what it means to `events`.
    pub fn feed(&mut self, bytes: &[u8], events: &mut Vec<TtyEvent>) {
        self.answered = false;
        for &byte in bytes {
            self.byte(byte, events);
        }
    }

    /// The terminal was asked: until the last answer (DA1) or [`Decoder::stop_awaiting`] every
    /// place of the cursor is an answer, also one that looks like F3 with a modifier.
    pub fn await_answers(&mut self) {
        self.awaits = true;
    }

    /// No answer comes any more.
    pub fn stop_awaiting(&mut self) {
        self.awaits = false;
    }

    /// True if what came so far is a whole key if nothing follows soon: a lone ESC, Alt-[ and the
    /// like.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        match self.state {
            _ if self.torn => false,
            DecoderState::Escape => true,
            DecoderState::Csi | DecoderState::Ss3 | DecoderState::String(_) => {
                self.bytes.is_empty()
            }
            _ => false,
        }
    }

    /// Nothing followed soon: what is ambiguous is a key.
    pub fn settle(&mut self, events: &mut Vec<TtyEvent>) {
        if !self.is_ambiguous() {
            return;
        }
        // vim's terminal hands over 200 bytes of answers at most, and loses the rest.
        self.torn = self.awaits && self.answered;
        if !self.torn {
            self.give_introducer(events);
        }
    }

    /// True if the byte goes on with the answer that was torn; otherwise that is forgotten.
    fn goes_on(&mut self, byte: u8) -> bool {
        let is_param = matches!(byte, b'0'..=b'9' | b';' | b'?' | b'>');
        match self.state {
            DecoderState::Escape if is_param => self.state = DecoderState::Csi,
            DecoderState::Escape if matches!(byte, b'[' | b']' | b'P' | b'_') => (),
            DecoderState::Csi | DecoderState::String(_) if is_param => (),
            _ => self.reset(),
        }
        self.torn = false;
        self.state != DecoderState::Ground
    }

    fn byte(&mut self, byte: u8, events: &mut Vec<TtyEvent>) {
        if self.torn && !self.goes_on(byte) {
            return self.ground(byte, events);
        }
        match self.state {
            DecoderState::Ground => self.ground(byte, events),
            DecoderState::Utf8(len) => self.utf8(len, byte, events),
            DecoderState::Escape => self.escape(byte, events),
            DecoderState::Csi => self.csi_byte(byte, events),
            DecoderState::CsiIgnore if (0x40..=0x7e).contains(&byte) => self.reset(),
            DecoderState::CsiIgnore if byte == ESC => self.begin_escape(),
            DecoderState::CsiIgnore => (),
            DecoderState::Console => self.console(byte, events),
            DecoderState::X10 => self.x10(byte, events),
            DecoderState::Ss3 => self.ss3(byte, events),
            DecoderState::String(kind) => self.string(kind, byte, events),
            DecoderState::StringEscape(kind) => self.string_escape(kind, byte, events),
            DecoderState::Paste => self.paste(byte, events),
        }
    }

    fn reset(&mut self) {
        self.state = DecoderState::Ground;
        self.bytes.clear();
        self.meta = false;
        self.torn = false;
    }

    fn begin_escape(&mut self) {
        self.reset();
        self.state = DecoderState::Escape;
    }

    fn ground(&mut self, byte: u8, events: &mut Vec<TtyEvent>) {
        let len = match byte {
            ESC => return self.begin_escape(),
            0x00..=0x7f => return self.give(keys::of_byte(byte), events),
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            // No start of a character: 8-bit controls and broken text are dropped.
            _ => return self.reset(),
        };
        self.bytes.clear();
        self.bytes.push(byte);
        self.state = DecoderState::Utf8(len);
    }

    fn utf8(&mut self, len: usize, byte: u8, events: &mut Vec<TtyEvent>) {
        if !(0x80..=0xbf).contains(&byte) {
            self.reset();
            return self.byte(byte, events);
        }
        self.bytes.push(byte);
        if self.bytes.len() < len {
            return;
        }
        match std::str::from_utf8(&self.bytes).ok().and_then(|text| text.chars().next()) {
            Some(c) => self.give(Key::char(c), events),
            None => self.reset(),
        }
    }

    /// A key is complete.
    fn give(&mut self, key: Key, events: &mut Vec<TtyEvent>) {
        self.give_input(KeyInput::from(key), events);
    }

    fn give_input(&mut self, mut input: KeyInput, events: &mut Vec<TtyEvent>) {
        if self.meta {
            input.key.mods = input.key.mods.with(Mods::ALT);
            input.escaped = true;
        }
        self.reset();
        path_trace::note("key");
        events.push(TtyEvent::Key(input));
    }

    /// The start of a sequence turned out to be a key with Alt, or Escape itself.
    fn give_introducer(&mut self, events: &mut Vec<TtyEvent>) {
        let key = match self.state {
            DecoderState::Escape => Key::plain(KeyCode::Esc),
            DecoderState::Csi => Key { code: KeyCode::Char('['), mods: Mods::ALT },
            DecoderState::Ss3 => Key { code: KeyCode::Char('O'), mods: Mods::ALT },
            DecoderState::String(kind) => {
                Key { code: KeyCode::Char(char::from(kind)), mods: Mods::ALT }
            }
            _ => return self.reset(),
        };
        self.give(key, events);
    }

    /// An ESC before what is no key was a key of its own.
    fn give_escape(&mut self, events: &mut Vec<TtyEvent>) {
        if std::mem::take(&mut self.meta) {
            self.give(Key::plain(KeyCode::Esc), events);
        }
    }

    fn escape(&mut self, byte: u8, events: &mut Vec<TtyEvent>) {
        match byte {
            ESC if self.meta => {
                self.meta = false;
                self.give(Key::plain(KeyCode::Esc), events);
                self.state = DecoderState::Escape;
                self.meta = true;
            }
            ESC => self.meta = true,
            b'[' => self.state = DecoderState::Csi,
            b'O' => self.state = DecoderState::Ss3,
            b']' | b'P' | b'_' => self.state = DecoderState::String(byte),
            _ => {
                if self.meta {
                    self.meta = false;
                    self.give(Key::plain(KeyCode::Esc), events);
                }
                self.state = DecoderState::Ground;
                self.meta = true;
                self.ground(byte, events);
            }
        }
    }

    fn csi_byte(&mut self, byte: u8, events: &mut Vec<TtyEvent>) {
        match byte {
            b'[' if self.bytes.is_empty() => self.state = DecoderState::Console,
            b'M' if self.bytes.is_empty() => self.state = DecoderState::X10,
            0x20..=0x3f if self.bytes.len() < PARAMS_MAX => self.bytes.push(byte),
            0x20..=0x3f => self.state = DecoderState::CsiIgnore,
            0x40..=0x7e => self.csi_end(byte, events),
            _ if self.bytes.is_empty() => {
                self.give_introducer(events);
                self.byte(byte, events);
            }
            _ => {
                self.reset();
                self.byte(byte, events);
            }
        }
    }

    fn csi_end(&mut self, end: u8, events: &mut Vec<TtyEvent>) {
        let bytes = std::mem::take(&mut self.bytes);
        let place = if self.awaits { csi::place(&bytes, end) } else { None };
        match place.or_else(|| csi::read(&bytes, end)) {
            Some(csi::Csi::Key(input)) => self.give_input(input, events),
            Some(csi::Csi::PasteBegin) => {
                self.give_escape(events);
                self.reset();
                self.pasted = 0;
                self.state = DecoderState::Paste;
            }
            Some(csi::Csi::Event(event)) => {
                self.give_escape(events);
                self.reset();
                self.answered |= matches!(event, TtyEvent::Reply(_));
                self.awaits &= !matches!(event, TtyEvent::Reply(Reply::Attributes(_)));
                events.push(event);
            }
            None => self.reset(),
        }
    }

    fn console(&mut self, byte: u8, events: &mut Vec<TtyEvent>) {
        if byte.is_ascii_uppercase() && byte <= b'E' {
            return self.give(Key::plain(KeyCode::F(byte - b'A' + 1)), events);
        }
        self.reset();
        self.byte(byte, events);
    }

    fn x10(&mut self, byte: u8, events: &mut Vec<TtyEvent>) {
        self.bytes.push(byte);
        let &[button, x, y] = self.bytes.as_slice() else { return };
        self.give_escape(events);
        self.reset();
        let cell = |byte: u8| u32::from(byte.saturating_sub(32));
        events.extend(csi::mouse([cell(button), cell(x), cell(y)], false).map(TtyEvent::Mouse));
    }

    fn ss3(&mut self, byte: u8, events: &mut Vec<TtyEvent>) {
        if matches!(byte, b'0'..=b'9' | b';') && self.bytes.len() < 8 {
            return self.bytes.push(byte);
        }
        if let Some(key) = keys::of_ss3(&self.bytes, byte) {
            return self.give(key, events);
        }
        self.bytes.clear();
        self.give_introducer(events);
        self.byte(byte, events);
    }

    fn string(&mut self, kind: u8, byte: u8, events: &mut Vec<TtyEvent>) {
        match byte {
            ESC if self.bytes.is_empty() => {
                self.give_introducer(events);
                self.begin_escape();
            }
            ESC => self.state = DecoderState::StringEscape(kind),
            0x07 if !self.bytes.is_empty() => self.string_end(kind, events),
            0x20..
                if self.bytes.len() < STRING_MAX && reply::may_start(kind, &self.bytes, byte) =>
            {
                self.bytes.push(byte);
            }
            _ if self.bytes.is_empty() => {
                self.give_introducer(events);
                self.byte(byte, events);
            }
            _ => {
                self.reset();
                self.byte(byte, events);
            }
        }
    }

    fn string_escape(&mut self, kind: u8, byte: u8, events: &mut Vec<TtyEvent>) {
        if byte == b'\\' {
            return self.string_end(kind, events);
        }
        self.begin_escape();
        self.escape(byte, events);
    }

    fn string_end(&mut self, kind: u8, events: &mut Vec<TtyEvent>) {
        let reply =
            std::str::from_utf8(&self.bytes).ok().and_then(|text| reply::of_string(kind, text));
        self.give_escape(events);
        self.reset();
        events.extend(reply.map(TtyEvent::Reply));
    }

    fn paste(&mut self, byte: u8, events: &mut Vec<TtyEvent>) {
        self.pasted += 1;
        if self.bytes.len() == PASTE_MAX + PASTE_END.len() {
            // Too large: only the end marker is still looked for.
            self.bytes.drain(..PASTE_MAX);
        }
        self.bytes.push(byte);
        if !self.bytes.ends_with(PASTE_END) {
            return;
        }
        let size = self.pasted - PASTE_END.len();
        let mut bytes = std::mem::take(&mut self.bytes);
        self.reset();
        if size > PASTE_MAX {
            return events.push(TtyEvent::PasteTooLarge(size));
        }
        bytes.truncate(size);
        let text = String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        // A replacement character is longer than the byte that it stands for.
        events.push(if text.len() <= PASTE_MAX {
            TtyEvent::Paste(text)
        } else {
            TtyEvent::PasteTooLarge(text.len())
        });
    }
}

impl Reply {
    /// True if DECRQSS shows that a 24-bit background was understood: the colour asked for came
    /// back.
    #[must_use]
    pub fn proves_true_colour(&self, asked: Colour) -> bool {
        let (Self::Graphics(text), Colour::Rgb(r, g, b)) = (self, asked) else { return false };
        let wanted = format!("{r}:{g}:{b}");
        text.replace(';', ":").contains(&wanted)
    }
}

#[cfg(test)]
mod tests;
