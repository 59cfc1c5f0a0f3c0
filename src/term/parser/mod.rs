//! Bytes to calls: the DEC state machine, with runs of text and whole strings found in bulk. It
//! knows no sequence by name and draws nothing.
//!
//! All state is plain, so a snapshot can keep it, and every string is bounded. Results do not
//! depend on how the bytes are split.
//!
//! Its referee is vte, in `tests`.

pub(crate) mod scan;
pub(crate) mod table;

use crate::term::parser::table::{Action, ParserState, TABLE};

/// Bytes an OSC, DCS or APC string may have; a longer one is dropped whole.
pub(crate) const STRING_BYTES_MAX: usize = 1 << 20;
/// Capacity of the string buffer that is kept from string to string.
const STRING_BYTES_KEPT: usize = 4096;
const INTERMEDIATES_MAX: usize = 2;
const ESC: u8 = 0x1b;
/// Bytes that are not UTF-8 show as U+FFFD, lone C1 bytes among it (xterm's UTF-8 mode).
const MALFORMED: &[u8] = "\u{fffd}".as_bytes();
/// U+009C (ST) in UTF-8.
const ST: [u8; 2] = [0xc2, 0x9c];

/// The end of a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// With BEL (xterm's way of ending an OSC).
    Bell,
    /// With ESC (of ST) or the C1 control ST.
    Terminator,
    /// With CAN or SUB: given up by its sender.
    Cancelled,
}

/// Everything of a control sequence or device control string but its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Header {
    /// The numbers.
    pub(crate) params: CsiParams,
    /// Private markers and intermediates in order; unused places are 0.
    pub(crate) intermediates: [u8; INTERMEDIATES_MAX],
    /// The number of intermediates.
    pub(crate) intermediate_count: u8,
    /// There were more numbers or intermediates than fit; such a sequence is ignored.
    pub(crate) ignored: bool,
    /// The final byte.
    pub(crate) last: u8,
}

impl Header {
    fn clear(&mut self) {
        self.params.clear();
        self.intermediates = [0; INTERMEDIATES_MAX];
        self.intermediate_count = 0;
        self.ignored = false;
    }

    fn collect(&mut self, byte: u8) {
        let at = usize::from(self.intermediate_count);
        if at >= INTERMEDIATES_MAX {
            self.ignored = true;
            return;
        }
        self.intermediates[at] = byte;
        self.intermediate_count += 1;
    }

    fn number(&mut self, action: Action, byte: u8) {
        if self.params.is_full() {
            self.ignored = true;
            return;
        }
        match action {
            Action::Digit => self.params.digit(byte & 0x0f),
            _ => self.params.end_value(action == Action::SubParam),
        }
    }

    fn finish(&mut self, last: u8) {
        if self.params.is_full() {
            self.ignored = true;
        } else {
            self.params.end_value(false);
        }
        self.last = last;
    }

    /// The intermediates as a slice.
    pub(crate) fn marks(&self) -> &[u8] {
        &self.intermediates[..usize::from(self.intermediate_count).min(INTERMEDIATES_MAX)]
    }
}

/// The calls of the parser.
pub(crate) trait Sink {
    /// A run of printable ASCII: the first `run` of `bytes`, never none. What follows is only there
    /// to be read with it.
    fn ascii(&mut self, bytes: &[u8], run: usize);
    /// Text from a byte above 0x7f on, as far as it is well formed and without controls; gives the
    /// bytes used, 0 if there is none such.
    fn text(&mut self, bytes: &[u8]) -> usize;
    /// A C0 or C1 control, or DEL.
    fn execute(&mut self, control: u8);
    /// An escape sequence.
    fn esc(&mut self, header: &Header);
    /// A control sequence.
    fn csi(&mut self, header: &Header);
    /// An operating system command.
    fn osc(&mut self, payload: &[u8], end: End);
    /// A device control string.
    fn dcs(&mut self, header: &Header, payload: &[u8], end: End);
    /// An application program command.
    fn apc(&mut self, payload: &[u8], end: End);
    /// The title that screen has programs put between ESC k and ST.
    fn title(&mut self, payload: &[u8], end: End);
}

/// The parser: everything that must be known between two bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Parser {
    pub(crate) state: ParserState,
    pub(crate) header: Header,
    pub(crate) string: Vec<u8>,
    /// The string outgrew its bound; the rest is skipped and nothing is dispatched.
    pub(crate) overflowed: bool,
    pub(crate) utf8: [u8; 4],
    pub(crate) utf8_count: u8,
}

impl Parser {
    /// Reads `bytes` and calls `sink` for what is complete.
    pub(crate) fn feed<S: Sink>(&mut self, sink: &mut S, bytes: &[u8]) {
        let mut at = 0;
        if self.utf8_count != 0 {
            at = self.resume_utf8(sink, bytes);
        }
        while at < bytes.len() {
            at += match self.state {
                ParserState::Ground => self.ground(sink, &bytes[at..]),
                ParserState::OscString => self.osc_string(sink, &bytes[at..]),
                ParserState::DcsString
                | ParserState::ApcString
                | ParserState::IgnoredString
                | ParserState::TitleString => self.plain_string(sink, &bytes[at..]),
                _ => self.sequence(sink, &bytes[at..]),
            };
        }
    }

    /// Text and controls up to the start of a sequence; gives the bytes used.
    fn ground<S: Sink>(&mut self, sink: &mut S, bytes: &[u8]) -> usize {
        let mut at = 0;
        while at < bytes.len() {
            let run = scan::ascii_run(&bytes[at..]);
            if run > 0 {
                sink.ascii(&bytes[at..], run);
                at += run;
            }
            match bytes.get(at) {
                None => break,
                Some(&ESC) => {
                    self.header.clear();
                    if let Some(used) = self.whole_csi(sink, &bytes[at + 1..]) {
                        at += 1 + used;
                        continue;
                    }
                    self.header.clear();
                    self.state = ParserState::Escape;
                    return at + 1 + self.sequence(sink, &bytes[at + 1..]);
                }
                Some(byte @ (..0x20 | 0x7f)) => {
                    sink.execute(*byte);
                    at += 1;
                }
                Some(_) => {
                    at += self.utf8_run(sink, &bytes[at..]);
                    if self.state != ParserState::Ground {
                        return at;
                    }
                }
            }
        }
        at
    }

    /// Reads a control sequence that is complete and ordinary, without the table; gives the bytes
    /// used, or `None` and a header to be cleared.
    #[inline]
    fn whole_csi<S: Sink>(&mut self, sink: &mut S, bytes: &[u8]) -> Option<usize> {
        let [b'[', rest @ ..] = bytes else { return None };
        let params = &mut self.header.params;
        let (mut value, mut count) = (0_u32, 0);
        for (at, &byte) in rest.iter().enumerate() {
            match byte {
                b'0'..=b'9' => {
                    value = (value * 10 + u32::from(byte & 0x0f)).min(u32::from(u16::MAX));
                }
                b';' if count + 1 < VALUES_MAX => {
                    params.values[count] = (value & 0xffff) as u16;
                    count += 1;
                    value = 0;
                }
                0x40..=0x7e => {
                    params.values[count] = (value & 0xffff) as u16;
                    params.count = u8::try_from(count + 1).unwrap_or(0);
                    self.header.last = byte;
                    sink.csi(&self.header);
                    return Some(at + 2);
                }
                0x3c..=0x3f if at == 0 => {
                    self.header.intermediates[0] = byte;
                    self.header.intermediate_count = 1;
                }
                _ => return None,
            }
        }
        None
    }

    /// Reads a sequence byte by byte until it is complete or a string starts.
    #[inline]
    fn sequence<S: Sink>(&mut self, sink: &mut S, bytes: &[u8]) -> usize {
        for (at, &byte) in bytes.iter().enumerate() {
            let (action, next) = TABLE[self.state as usize % TABLE.len()][usize::from(byte)];
            self.state = next;
            match action {
                Action::None => {}
                Action::Digit | Action::Param | Action::SubParam => {
                    self.header.number(action, byte);
                }
                Action::CsiDispatch => {
                    self.header.finish(byte);
                    sink.csi(&self.header);
                }
                Action::Execute => sink.execute(byte),
                Action::Clear => self.header.clear(),
                Action::Collect => self.header.collect(byte),
                Action::EscDispatch => {
                    self.header.last = byte;
                    sink.esc(&self.header);
                }
                Action::StringStart => self.start_string(),
                Action::DcsStart => {
                    self.header.finish(byte);
                    self.start_string();
                }
            }
            if !matches!(
                next,
                ParserState::Escape
                    | ParserState::CsiEntry
                    | ParserState::CsiParam
                    | ParserState::EscapeIntermediate
                    | ParserState::CsiIntermediate
            ) {
                return at + 1;
            }
        }
        bytes.len()
    }

    fn start_string(&mut self) {
        self.string.clear();
        self.string.shrink_to(STRING_BYTES_KEPT);
        self.overflowed = false;
    }

    fn append(&mut self, bytes: &[u8]) {
        if self.overflowed || self.string.len() + bytes.len() > STRING_BYTES_MAX {
            self.overflowed = true;
            self.string.clear();
            // The last byte may be the first half of ST.
            self.string.extend(bytes.last());
            return;
        }
        self.string.extend_from_slice(bytes);
    }

    /// True if the byte at `at`, 0x9c, ends a string: then the byte before it belongs to the
    /// terminator. Behind any other byte it is part of a character.
    fn is_st(&self, bytes: &[u8], at: usize) -> bool {
        let before = if at > 0 { bytes.get(at - 1) } else { self.string.last() };
        bytes[at] == ST[1] && before == Some(&ST[0])
    }

    /// Goes where the terminating byte of a string leads, and tells how the string ended.
    fn leave(&mut self, byte: u8) -> End {
        self.state = ParserState::Ground;
        match byte {
            0x07 => End::Bell,
            0x18 | 0x1a => End::Cancelled,
            ESC => {
                self.state = ParserState::Escape;
                End::Terminator
            }
            _ => End::Terminator,
        }
    }

    /// Reads an OSC; other C0 controls inside are dropped (ECMA-48 has none there).
    fn osc_string<S: Sink>(&mut self, sink: &mut S, bytes: &[u8]) -> usize {
        let run = scan_until(bytes, |byte| byte < 0x20 || byte == ST[1]);
        let Some(&byte) = bytes.get(run) else {
            self.append(bytes);
            return run;
        };
        let is_st = self.is_st(bytes, run);
        if !is_st && !matches!(byte, 0x07 | 0x18 | 0x1a | ESC) {
            self.append(&bytes[..run + usize::from(byte == ST[1])]);
            if byte != ST[1] && self.string.last() == Some(&ST[0]) {
                // Half a character before a control that is dropped: what follows the control must
                // not make a terminator of it.
                self.string.pop();
                self.append("\u{fffd}".as_bytes());
            }
            return run + 1;
        }
        let end = self.leave(byte);
        let payload = &bytes[..run - usize::from(is_st && run > 0)];
        if self.string.is_empty() && !self.overflowed && payload.len() <= STRING_BYTES_MAX {
            sink.osc(payload, end);
        } else {
            self.append(payload);
            if is_st && run == 0 {
                self.string.pop();
            }
            if !self.overflowed {
                sink.osc(&self.string, end);
            }
        }
        self.close(sink, byte);
        run + 1
    }

    /// Reads the payload of a DCS, an APC or screen's title, to which C0 controls belong (sixels
    /// need line breaks), or a SOS or PM, which are skipped.
    fn plain_string<S: Sink>(&mut self, sink: &mut S, bytes: &[u8]) -> usize {
        let run = scan_until(bytes, |byte| matches!(byte, 0x18 | 0x1a | ESC) || byte == ST[1]);
        let kind = self.state;
        if kind == ParserState::IgnoredString {
            // Nothing is kept of it but what may be the first half of ST.
            self.overflowed = true;
        }
        let Some(&byte) = bytes.get(run) else {
            self.append(bytes);
            return run;
        };
        let is_st = self.is_st(bytes, run);
        self.append(&bytes[..run + usize::from(byte == ST[1])]);
        if byte == ST[1] && !is_st {
            return run + 1;
        }
        let end = self.leave(byte);
        if !self.overflowed {
            self.string.truncate(self.string.len() - if is_st { ST.len() } else { 0 });
            match kind {
                ParserState::DcsString => sink.dcs(&self.header, &self.string, end),
                ParserState::TitleString => sink.title(&self.string, end),
                _ => sink.apc(&self.string, end),
            }
        }
        self.close(sink, byte);
        run + 1
    }

    /// Closes a string: its memory is given back and CAN or SUB does its own work.
    fn close<S: Sink>(&mut self, sink: &mut S, byte: u8) {
        self.start_string();
        if byte == ESC {
            self.header.clear();
        }
        if matches!(byte, 0x18 | 0x1a) {
            sink.execute(byte);
        }
    }

    /// Reads text that starts with a byte above 0x7f; gives the bytes used.
    fn utf8_run<S: Sink>(&mut self, sink: &mut S, bytes: &[u8]) -> usize {
        let used = sink.text(bytes);
        if used > 0 {
            return used;
        }
        let head = &bytes[..bytes.len().min(4)];
        match std::str::from_utf8(head).map_err(|error| (error.valid_up_to(), error.error_len())) {
            Err((0, None)) => {
                self.utf8[..head.len()].copy_from_slice(head);
                self.utf8_count = u8::try_from(head.len()).unwrap_or(0);
                head.len()
            }
            Err((0, Some(wrong))) => {
                sink.text(MALFORMED);
                wrong
            }
            // Well formed, and no text: a C1 control as a character.
            _ => {
                self.control(sink, head.get(1).copied().unwrap_or(0));
                2
            }
        }
    }

    /// A C1 control (ECMA-48 5.3): an introducer starts what ESC and its letter start, the others
    /// are carried out.
    fn control<S: Sink>(&mut self, sink: &mut S, control: u8) {
        if let 0x90 | 0x98 | 0x9b | 0x9d..=0x9f = control {
            self.header.clear();
            self.state = ParserState::Escape;
            self.sequence(sink, &[control - 0x40]);
            return;
        }
        sink.execute(control);
    }

    /// Completes a character that the last bytes cut; gives the bytes used.
    fn resume_utf8<S: Sink>(&mut self, sink: &mut S, bytes: &[u8]) -> usize {
        for (at, &byte) in bytes.iter().enumerate() {
            let have = usize::from(self.utf8_count).min(3);
            self.utf8[have] = byte;
            match std::str::from_utf8(&self.utf8[..=have]) {
                Ok(_) => {
                    self.utf8_count = 0;
                    if sink.text(&self.utf8[..=have]) == 0 {
                        self.control(sink, byte);
                    }
                    return at + 1;
                }
                Err(error) if error.error_len().is_some() => {
                    // The byte that broke it is read again, as the start of something else.
                    sink.text(MALFORMED);
                    self.utf8_count = 0;
                    return at;
                }
                Err(_) => self.utf8_count += 1,
            }
        }
        bytes.len()
    }
}

fn scan_until(bytes: &[u8], ends: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|byte| ends(*byte)).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests;

/// Values a sequence may have, sub-parameters included; a sequence with more is ignored.
pub(crate) const VALUES_MAX: usize = 32;

/// The numbers between introducer and final byte (ECMA-48 5.4.2). An omitted one is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct CsiParams {
    /// The values in order.
    pub(crate) values: [u16; VALUES_MAX],
    /// The number of complete values.
    pub(crate) count: u8,
    /// Bit n: value n is a sub-parameter of what precedes it.
    pub(crate) subs: u32,
    /// The value being read.
    pub(crate) current: u16,
    /// True if the value being read is a sub-parameter.
    pub(crate) current_is_sub: bool,
}

impl CsiParams {
    pub(crate) fn clear(&mut self) {
        self.count = 0;
        self.subs = 0;
        self.current = 0;
        self.current_is_sub = false;
    }

    pub(crate) fn is_full(&self) -> bool {
        usize::from(self.count) == VALUES_MAX
    }

    /// Appends a decimal digit to the value being read; values stop at 65 535.
    pub(crate) fn digit(&mut self, digit: u8) {
        self.current = self.current.saturating_mul(10).saturating_add(u16::from(digit));
    }

    /// Ends the value being read; the next one is a sub-parameter if `sub`. The caller has made
    /// sure there is room.
    pub(crate) fn end_value(&mut self, sub: bool) {
        let at = usize::from(self.count) % VALUES_MAX;
        self.values[at] = self.current;
        self.subs |= u32::from(self.current_is_sub) << at;
        self.count += 1;
        self.current = 0;
        self.current_is_sub = sub;
    }

    /// All values, without regard to grouping.
    pub(crate) fn all(&self) -> &[u16] {
        &self.values[..usize::from(self.count).min(VALUES_MAX)]
    }

    /// The value at `idx`, 0 if omitted.
    pub(crate) fn get(&self, idx: usize) -> u16 {
        self.all().get(idx).copied().unwrap_or(0)
    }

    /// The value at `idx` as a count: 1 if omitted or 0.
    pub(crate) fn count_at(&self, idx: usize) -> u16 {
        self.get(idx).max(1)
    }

    /// True if any value is a sub-parameter.
    pub(crate) fn has_subs(&self) -> bool {
        self.subs != 0
    }

    /// The parameters, each with its sub-parameters.
    pub(crate) fn groups(&self) -> Groups<'_> {
        Groups { params: self, at: 0 }
    }
}

/// Parameters from the left, each as its value followed by its sub-parameters.
pub(crate) struct Groups<'a> {
    params: &'a CsiParams,
    at: usize,
}

impl<'a> Iterator for Groups<'a> {
    type Item = &'a [u16];

    fn next(&mut self) -> Option<&'a [u16]> {
        let all = self.params.all();
        let start = self.at;
        if start >= all.len() {
            return None;
        }
        let mut end = start + 1;
        while end < all.len() && self.params.subs >> end & 1 == 1 {
            end += 1;
        }
        self.at = end;
        Some(&all[start..end])
    }
}
