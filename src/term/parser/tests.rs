//! The parser against the vte crate: the same calls for every input without APC.

use proptest::prelude::*;

use super::params::Params;
use super::scan::scalar;
use super::{End, Header, Parser, Sink};

/// Calls as both parsers make them.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Call {
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

fn groups(params: &Params) -> Vec<Vec<u16>> {
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
        self.0.push(Call::Csi(groups(&header.params), header.marks().to_vec(), header.ignored, header.last));
    }
    fn osc(&mut self, payload: &[u8], end: End) {
        // vte looks at no more than 16 parts.
        self.0.push(Call::Osc(payload.split(|byte| *byte == b';').take(16).map(<[u8]>::to_vec).collect(), end == End::Bell));
    }
    fn dcs(&mut self, header: &Header, payload: &[u8], _: End) {
        self.0.push(Call::Hook(groups(&header.params), header.marks().to_vec(), header.ignored, header.last));
        self.0.extend(payload.iter().map(|byte| Call::Put(*byte)));
        self.0.push(Call::Unhook);
    }
    fn apc(&mut self, _: &[u8], _: End) {}
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
        self.0.push(Call::Hook(params.iter().map(<[u16]>::to_vec).collect(), marks.to_vec(), ignore, c as u8));
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
        self.0.push(Call::Csi(params.iter().map(<[u16]>::to_vec).collect(), marks.to_vec(), ignore, c as u8));
    }
    fn esc_dispatch(&mut self, marks: &[u8], ignore: bool, byte: u8) {
        self.0.push(Call::Esc(marks.to_vec(), ignore, byte));
    }
}

fn ours(bytes: &[u8], chunk: usize) -> Vec<Call> {
    let (mut parser, mut sink) = (Parser::default(), Ours::default());
    bytes.chunks(chunk).for_each(|chunk| parser.feed(&mut sink, chunk));
    sink.0
}

fn theirs(bytes: &[u8]) -> Vec<Call> {
    let (mut parser, mut sink) = (vte::Parser::new(), Theirs::default());
    parser.advance(&mut sink, bytes);
    sink.0
}

/// Pieces that make up most of what matters; `_` after ESC is left out, because vte drops APC.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "[ -~]{0,40}".prop_map(String::into_bytes),
        "\\PC{0,8}".prop_map(String::into_bytes),
        "\x1b\\[[0-9:;<=>?]{0,12}[ -/]{0,3}[@-~]".prop_map(String::into_bytes),
        "\x1b\\][0-9]{0,3}[ -~]{0,20}(\x07|\x1b\\\\|\x18)?".prop_map(String::into_bytes),
        "\x1bP[0-9:;<=>?]{0,6}[ -/]{0,3}[@-~][ -~\n]{0,20}(\x1b\\\\|\x18|\x1a)?".prop_map(String::into_bytes),
        "\x1b[ -/]{0,3}[0-\\^`-~]".prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..6),
        proptest::sample::select(vec![0x1b_u8, b'[', b';', b':', 0x9b, 0x9c, 0x7f, 0x18, 0xc2, 0xe2, 0x82, 0xac, 0xf0])
            .prop_map(|byte| vec![byte]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn calls_are_those_of_vte(pieces in proptest::collection::vec(piece(), 0..12), chunk in 1_usize..40) {
        let mut bytes = pieces.concat();
        // Whatever is open is closed at the end, so that no call is still to come.
        bytes.extend_from_slice(b"\x1b\\.");
        // vte drops APC, and starts no sequence at a C1 control.
        prop_assume!(!bytes.windows(2).any(|pair| pair == b"\x1b_" || matches!(pair, [0xc2, 0x80..=0x9f])));
        let expected = theirs(&bytes);
        prop_assert_eq!(ours(&bytes, bytes.len()), expected.clone());
        prop_assert_eq!(ours(&bytes, chunk), expected);
    }
}

#[test]
fn a_string_at_its_bound_is_kept_and_one_beyond_is_dropped() {
    for (len, kept) in [(super::STRING_BYTES_MAX - 1, true), (super::STRING_BYTES_MAX, true), (super::STRING_BYTES_MAX + 1, false)] {
        for start in [&b"\x1b]"[..], b"\x1bPq", b"\x1b_"] {
            for chunk in [4096, usize::MAX] {
                let bytes = [start, &vec![b'x'; len], b"\x1b\\."].concat();
                let calls = ours(&bytes, chunk.min(bytes.len()));
                let is_apc = start == b"\x1b_";
                assert_eq!(calls.len() > 2, kept && !is_apc, "{start:?} {len}");
                assert_eq!(calls.last(), Some(&Call::Print('.')));
            }
        }
    }
}

#[test]
fn c1_controls_as_characters_are_the_sequences_they_stand_for() {
    for (with_c1, with_esc) in [
        ("\u{9b}1;2Hx", "\x1b[1;2Hx"),
        ("\u{9d}2;a\u{9c}x", "\x1b]2;a\x1b\\x"),
        ("\u{9d}2;\u{5b5c}\u{9c}x", "\x1b]2;\u{5b5c}\x1b\\x"),
        ("\u{90}$qm\u{9c}x", "\x1bP$qm\x1b\\x"),
        ("\u{98}a\u{9c}x", "\x1bXa\x1b\\x"),
        ("\u{9e}a\u{9c}x", "\x1b^a\x1b\\x"),
        ("\u{9f}a\u{9c}x", "\x1b_a\x1b\\x"),
    ] {
        let mut expected = ours(with_esc.as_bytes(), usize::MAX);
        expected.retain(|call| *call != Call::Esc(Vec::new(), false, b'\\'));
        for chunk in [1, 2, 100] {
            assert_eq!(ours(with_c1.as_bytes(), chunk), expected, "{with_c1:?} in pieces of {chunk}");
        }
    }
}
