//! Text as cells: widths and clusters; text from outside made harmless; the nearest name; bytes as
//! base64. It never decides a layout.

use std::fmt;

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, STANDARD};
use unicode_segmentation::UnicodeSegmentation;

use crate::base::grapheme::{CharClass, Join};

/// Columns that one scalar takes on its own: 0, 1 or 2, as `wcwidth(3)` says.
#[must_use]
pub fn char_width(c: char) -> usize {
    usize::from(CharClass::of(c).cols(false))
}

/// Columns that `text` takes, cell by cell.
#[must_use]
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    cells(text).map(|(_, cols)| cols).sum()
}

/// The text of each cell with its columns: 0 for what is not shown (controls, and marks that have
/// no cell to go into).
pub fn cells(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut cell = Join::of(&rest[..rest.chars().next()?.len_utf8()]);
        let mut end = rest.len();
        for (at, c) in rest.char_indices().skip(1) {
            if !cell.joins(CharClass::of(c).class()) {
                end = at;
                break;
            }
            cell = cell.with(c);
        }
        let (text, next) = rest.split_at(end);
        rest = next;
        Some((text, usize::from(cell.cols())))
    })
}

/// True if a terminal may take `next` for a part of the cluster that ends with `last` (UAX 29);
/// also for some that it may not.
#[must_use]
pub fn may_join(last: char, next: char) -> bool {
    let is_cluster = |text: &[char]| text.iter().collect::<String>().graphemes(true).count() == 1;
    let are_one = |next: char| is_cluster(&[last, next]);
    // A number sign of Arabic and the like takes in whatever comes next.
    let is_open = matches!(last, '\u{600}'..'\u{2010}' | '\u{a4d0}'..) && are_one('a');
    is_open
        || match next {
            // Nothing that has a column of its own joins in alphabets, and no ideograph does.
            ..'\u{900}' | '\u{3000}'..'\u{a4d0}' => false,
            // Symbols join only what was opened for them (ZWJ).
            '\u{2010}'..'\u{3000}' => last == '\u{200d}',
            _ => {
                last == '\u{200d}'
                    || are_one(next)
                    // A sign before it may be the one that makes conjuncts.
                    || (char_width(last) == 0 && is_cluster(&['\u{915}', '\u{94d}', next]))
            }
        }
}

/// The start of `text` that fits into `cols` columns, never half a cluster.
#[must_use]
pub fn fitting(text: &str, cols: usize) -> &str {
    let mut used = 0;
    for (at, cluster) in text.grapheme_indices(true) {
        used += width(cluster);
        if used > cols {
            return &text[..at];
        }
    }
    text
}

/// `text` with everything a terminal could obey or a reader could be misled by taken out: C0, C1,
/// DEL, bidirectional controls and invisible characters; at most `bytes_max` bytes.
#[must_use]
pub fn sanitize(text: &str, bytes_max: usize) -> String {
    let mut clean = String::with_capacity(text.len().min(bytes_max));
    for c in text.chars().filter(|c| !is_harmful(*c)) {
        if clean.len() + c.len_utf8() > bytes_max {
            break;
        }
        clean.push(c);
    }
    clean
}

/// True if [`sanitize`] takes the character out. Zero-width joiner stays: emoji need it.
#[must_use]
pub fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// An address as the escape sequence for links takes it (OSC 8: printable ASCII): other characters
/// are escaped as RFC 3987 says, which is the same address. None if it has a control, which no
/// address has.
#[must_use]
pub fn link_address(address: &str) -> Option<String> {
    let mut written = String::with_capacity(address.len());
    for c in address.chars() {
        if c.is_control() {
            return None;
        }
        if c.is_ascii() {
            written.push(c);
        } else {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                append(&mut written, format_args!("%{byte:02X}"));
            }
        }
    }
    Some(written)
}

/// Appends to a text, which never fails as writing elsewhere may.
pub fn append(text: &mut String, what: fmt::Arguments<'_>) {
    fmt::Write::write_fmt(text, what).expect("values that can be shown");
}

/// The candidate nearest to `text` that is near enough to be what was meant.
pub fn nearest<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = text.to_lowercase();
    let limit = lower.chars().count() / 3 + 1;
    candidates
        .into_iter()
        .map(|candidate| (distance(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| {
            *distance <= limit || (lower.len() >= 2 && candidate.to_lowercase().starts_with(&lower))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// The distance in characters, a swap of neighbours counting as one; both cut at 64.
fn distance(a: &str, b: &str) -> usize {
    let cut = |text: &str| text.chars().take(64).collect::<String>();
    strsim::osa_distance(&cut(a), &cut(b))
}

/// Without padding, and with any bits behind the last byte.
const LOOSE_BASE64: GeneralPurpose =
    GeneralPurpose::new(&ALPHABET, NO_PAD.with_decode_allow_trailing_bits(true));

/// The text of these bytes.
#[must_use]
pub fn encode_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes of a text as [`encode_base64`] writes it; none if it is anything else.
#[must_use]
pub fn decode_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// The bytes of a text as programs send it: padding may be missing, line breaks are skipped, and
/// the letters for 62 and 63 may be those for addresses. None if the text is no base64 or stands
/// for more than `bytes_max`.
#[must_use]
pub fn decode_base64_loose(text: &[u8], bytes_max: usize) -> Option<Vec<u8>> {
    let mut letters = Vec::with_capacity(text.len().min(bytes_max / 3 * 4 + 4));
    let mut is_padded = false;
    for byte in text {
        match byte {
            b'\r' | b'\n' => {}
            b'=' => is_padded = true,
            _ if is_padded => return None,
            b'-' => letters.push(b'+'),
            b'_' => letters.push(b'/'),
            letter => letters.push(*letter),
        }
        if bytes_max < letters.len() / 4 * 3 {
            return None;
        }
    }
    LOOSE_BASE64.decode(letters).ok().filter(|bytes| bytes.len() <= bytes_max)
}

#[cfg(test)]
mod tests {
    use super::{
        decode_base64, decode_base64_loose, encode_base64, fitting, link_address, may_join,
        nearest, sanitize, width,
    };

    #[test]
    fn what_would_join_across_cells_is_told() {
        for (last, next, expected) in [
            ('a', 'b', false),
            ('д', 'ж', false),
            ('漢', '字', false),
            ('│', '─', false),
            ('\u{1f1e9}', '\u{1f1ea}', true),
            ('\u{1100}', '\u{1161}', true),
            ('\u{fffd}', '\u{119df}', true),
            ('\u{94d}', '\u{92f}', true),
            ('\u{e4d}', '\u{e14}', false),
            ('\u{200d}', '\u{1f467}', true),
            ('\u{200d}', '\u{2601}', true),
            ('\u{1f467}', '\u{1f467}', false),
            ('\u{600}', ')', true),
            ('\u{633}', ')', false),
        ] {
            assert_eq!(may_join(last, next), expected, "{last:?} {next:?}");
        }
    }

    #[test]
    fn an_address_is_written_whole_or_not_at_all() {
        for (address, written) in [
            ("https://example.org/a b?c=%20", Some("https://example.org/a b?c=%20")),
            ("https://de.example/wiki/Köln", Some("https://de.example/wiki/K%C3%B6ln")),
            ("file:///tmp/漢", Some("file:///tmp/%E6%BC%A2")),
            ("https://example.org/\u{1b}[2J", None),
            ("https://example.org/\u{9c}", None),
        ] {
            assert_eq!(link_address(address).as_deref(), written, "{address:?}");
        }
    }

    #[test]
    fn widths_go_by_cluster() {
        assert_eq!(width("abc"), 3);
        assert_eq!(width("漢字"), 4);
        assert_eq!(width("👨‍👩‍👧"), 2);
        assert_eq!(width("e\u{301}"), 1);
        assert_eq!(fitting("漢字", 3), "漢");
    }

    #[test]
    fn harmful_characters_are_taken_out() {
        assert_eq!(sanitize("a\u{1b}[31m\u{202e}b\u{9b}\u{7f}c\n", 64), "a[31mbc");
        assert_eq!(sanitize("ééé", 5), "éé");
    }

    #[test]
    fn the_nearest_name_is_found_or_none() {
        assert_eq!(nearest("bulid", ["build", "test"]), Some("build"));
        assert_eq!(nearest("zzz", ["build", "test"]), None);
    }

    #[test]
    fn every_length_comes_back_and_nonsense_does_not() {
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            assert_eq!(encode_base64(bytes.as_bytes()), text);
            assert_eq!(decode_base64(text).as_deref(), Some(bytes.as_bytes()));
        }
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decode_base64(&encode_base64(&all)), Some(all));
        for text in ["Z", "Zg=", "Z===", "Zg==Zg==", "Z-8=", "Zm 9"] {
            assert_eq!(decode_base64(text), None, "{text}");
        }
    }

    #[test]
    fn what_programs_send_is_read_loosely_and_up_to_a_bound() {
        assert_eq!(decode_base64_loose(b"aGVsbG8=", 5).as_deref(), Some(&b"hello"[..]));
        assert_eq!(decode_base64_loose(b"aGVs\r\nbG8", 5).as_deref(), Some(&b"hello"[..]));
        assert_eq!(decode_base64_loose(b"-_8", 5).as_deref(), Some(&[0xfb, 0xff][..]));
        assert_eq!(decode_base64_loose(b"", 0).as_deref(), Some(&b""[..]));
        for text in [&b"aGVsbG8="[..], b"a", b"a===b", b"aGV!"] {
            assert_eq!(decode_base64_loose(text, 4), None, "{text:?}");
        }
    }
}
