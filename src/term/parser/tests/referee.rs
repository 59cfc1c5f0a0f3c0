//! The parser's calls and those of the vte crate for the same bytes, to be compared: by tests, and
//! by the fuzz target `vt_parser`.

use crate::term::parser::scan::scalar;
use crate::term::parser::{CsiParams, End, Header, Parser, Sink};

/// Calls as both parsers make them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    Print(char),
    Execute(u8),
    Esc(Vec<u8>, bool, u8),
    Csi(Vec<Vec<u16>>, Vec<u8>, bool, u8),
    Osc(Vec<Vec<u8>>, bool),
    Hook(Vec<Vec<u16>>, Vec<u8>, bool, u8),
    Put(u8),
    Unhook,
}

#[derive(Default)]
struct Ours(Vec<Call>);

fn groups(params: &CsiParams) -> Vec<Vec<u16>> {
    params.groups().map(<[u16]>::to_vec).collect()
}

impl Sink for Ours {
    fn ascii(&mut self, bytes: &[u8], run: usize) {
        assert!(run > 0);
        self.0.extend(bytes[..run].iter().map(|byte| Call::Print(char::from(*byte))));
    }
    fn text(&mut self, bytes: &[u8]) -> usize {
        let mut used = 0;
        while let Some((c, len)) = scalar(&bytes[used..]) {
            self.0.push(Call::Print(c));
            used += len;
        }
        used
    }
    fn execute(&mut self, control: u8) {
        // vte prints DEL, which no terminal does.
        self.0.push(if control == 0x7f { Call::Print('\x7f') } else { Call::Execute(control) });
    }
    fn esc(&mut self, header: &Header) {
        self.0.push(Call::Esc(header.marks().to_vec(), header.ignored, header.last));
    }
    fn csi(&mut self, header: &Header) {
        self.0.push(Call::Csi(
            groups(&header.params),
            header.marks().to_vec(),
            header.ignored,
            header.last,
        ));
    }
    fn osc(&mut self, payload: &[u8], end: End) {
        // vte looks at no more than 16 parts.
        self.0.push(Call::Osc(
            payload.split(|byte| *byte == b';').take(16).map(<[u8]>::to_vec).collect(),
            end == End::Bell,
        ));
    }
    fn dcs(&mut self, header: &Header, payload: &[u8], _: End) {
        self.0.push(Call::Hook(
            groups(&header.params),
            header.marks().to_vec(),
            header.ignored,
            header.last,
        ));
        // vte drops what is not ASCII.
        self.0.extend(payload.iter().filter(|byte| **byte < 0x7f).map(|byte| Call::Put(*byte)));
        self.0.push(Call::Unhook);
    }
    fn apc(&mut self, _: &[u8], _: End) {}
    fn title(&mut self, _: &[u8], _: End) {}
}

#[derive(Default)]
struct Theirs(Vec<Call>);

impl vte::Perform for Theirs {
    fn print(&mut self, c: char) {
        self.0.push(Call::Print(c));
    }
    fn execute(&mut self, byte: u8) {
        // vte carries out lone C1 bytes, which are no UTF-8.
        self.0.push(if byte < 0x80 { Call::Execute(byte) } else { Call::Print('\u{fffd}') });
    }
    fn hook(&mut self, params: &vte::Params, marks: &[u8], ignore: bool, c: char) {
        self.0.push(Call::Hook(
            params.iter().map(<[u16]>::to_vec).collect(),
            marks.to_vec(),
            ignore,
            c as u8,
        ));
    }
    fn put(&mut self, byte: u8) {
        self.0.push(Call::Put(byte));
    }
    fn unhook(&mut self) {
        self.0.push(Call::Unhook);
    }
    fn osc_dispatch(&mut self, params: &[&[u8]], bell: bool) {
        self.0.push(Call::Osc(params.iter().map(|part| part.to_vec()).collect(), bell));
    }
    fn csi_dispatch(&mut self, params: &vte::Params, marks: &[u8], ignore: bool, c: char) {
        self.0.push(Call::Csi(
            params.iter().map(<[u16]>::to_vec).collect(),
            marks.to_vec(),
            ignore,
            c as u8,
        ));
    }
    fn esc_dispatch(&mut self, marks: &[u8], ignore: bool, byte: u8) {
        self.0.push(Call::Esc(marks.to_vec(), ignore, byte));
    }
}

/// The calls of our parser when it is fed in chunks.
pub(crate) fn ours(bytes: &[u8], chunk: usize) -> Vec<Call> {
    let (mut parser, mut sink) = (Parser::default(), Ours::default());
    bytes.chunks(chunk).for_each(|chunk| parser.feed(&mut sink, chunk));
    sink.0
}

/// The calls of vte.
pub(crate) fn theirs(bytes: &[u8]) -> Vec<Call> {
    let (mut parser, mut sink) = (vte::Parser::new(), Theirs::default());
    parser.advance(&mut sink, bytes);
    sink.0
}

/// True if the two may differ: vte drops APC, prints the title of ESC k, starts no sequence at a C1
/// control, keeps half a character before a control, and ends a DCS at the byte 0x9c even inside of
/// a character.
pub(crate) fn may_differ(bytes: &[u8]) -> bool {
    // Between an ESC and its final byte these are carried out or dropped.
    let plain: Vec<u8> =
        bytes.iter().copied().filter(|byte| matches!(byte, 0x1b | 0x20..=0x7e)).collect();
    let has_start = |start: &[u8]| plain.windows(2).any(|pair| pair == start);
    let has_control = bytes.windows(2).any(|pair| matches!(pair, [0xc2, 0x80..=0x9f | ..0x20]));
    has_control
        || has_start(b"\x1b_")
        || has_start(b"\x1bk")
        || (has_start(b"\x1bP") && bytes.contains(&0x9c))
}

/// Both make the same calls for `bytes`, however they are cut.
pub(crate) fn compare(bytes: &[u8]) {
    // An open string is closed at the end, so that no call is still to come.
    let bytes = [bytes, b"\x1b\\."].concat();
    if may_differ(&bytes) {
        return;
    }
    let expected = theirs(&bytes);
    assert_eq!(ours(&bytes, bytes.len()), expected);
    let chunk = usize::from(bytes[0] % 32) + 1;
    assert_eq!(ours(&bytes, chunk), expected, "in chunks of {chunk}");
}
