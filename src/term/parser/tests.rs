//! The parser against the vte crate: the same calls for every input without APC.

mod referee;

use proptest::prelude::*;

use referee::{Call, compare, may_differ, ours, theirs};

/// Pieces that make up most of what matters; `_` and `k` after ESC are left out: vte drops APC,
/// and prints the title that follows ESC k.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "[ -~]{0,40}".prop_map(String::into_bytes),
        "\\PC{0,8}".prop_map(String::into_bytes),
        "\x1b\\[[0-9:;<=>?]{0,12}[ -/]{0,3}[@-~]".prop_map(String::into_bytes),
        "\x1b\\][0-9]{0,3}[ -~]{0,20}(\x07|\x1b\\\\|\x18)?".prop_map(String::into_bytes),
        "\x1bP[0-9:;<=>?]{0,6}[ -/]{0,3}[@-~][ -~\n]{0,20}(\x1b\\\\|\x18|\x1a)?"
            .prop_map(String::into_bytes),
        "\x1b[ -/]{0,3}[0-\\^`-jl-~]".prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..6),
        proptest::sample::select(vec![
            0x1b_u8, b'[', b';', b':', 0x9b, 0x9c, 0x7f, 0x18, 0xc2, 0xe2, 0x82, 0xac, 0xf0
        ])
        .prop_map(|byte| vec![byte]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000, failure_persistence: None, ..ProptestConfig::default()
    })]
    #[test]
    fn calls_are_those_of_vte(
        pieces in proptest::collection::vec(piece(), 0..12),
        chunk in 1_usize..40,
    ) {
        let mut bytes = pieces.concat();
        // An open string is closed at the end, so that no call is still to come.
        bytes.extend_from_slice(b"\x1b\\.");
        prop_assume!(!may_differ(&bytes));
        let expected = theirs(&bytes);
        prop_assert_eq!(ours(&bytes, bytes.len()), expected.clone());
        prop_assert_eq!(ours(&bytes, chunk), expected);
    }
}

#[test]
fn a_string_at_its_bound_is_kept_and_one_beyond_is_dropped() {
    for (len, kept) in [
        (super::STRING_BYTES_MAX - 1, true),
        (super::STRING_BYTES_MAX, true),
        (super::STRING_BYTES_MAX + 1, false),
    ] {
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
            assert_eq!(
                ours(with_c1.as_bytes(), chunk),
                expected,
                "{with_c1:?} in pieces of {chunk}"
            );
        }
    }
}

#[test]
fn half_a_character_and_a_control_make_no_terminator() {
    for chunk in [1, 2, 3, 100] {
        let calls = ours(b"\x1b]2;a\xc2\0\x9cb\x07.", chunk);
        assert_eq!(
            calls,
            [
                Call::Osc(vec![b"2".to_vec(), b"a\xef\xbf\xbd\x9cb".to_vec()], true),
                Call::Print('.')
            ]
        );
    }
}

#[test]
fn a_character_with_the_byte_of_st_ends_no_string() {
    // U+5B5C is E5 AD 9C, U+6F1C is E6 BC 9C.
    for text in ["\u{5b5c}", "a\u{6f1c}b", "\u{1f71c}", "\u{49c}"] {
        for start in ["\x1bPq", "\x1b]2;", "\x1bX", "\x1b^", "\x1b_G"] {
            for end in ["\x1b\\", "\u{9c}"] {
                let bytes = format!("{start}{text}{end}.");
                for chunk in [1, 2, 3, 100] {
                    let printed: Vec<_> = ours(bytes.as_bytes(), chunk)
                        .into_iter()
                        .filter(|call| matches!(call, Call::Print(_)))
                        .collect();
                    assert_eq!(printed, [Call::Print('.')], "{bytes:?} in pieces of {chunk}");
                }
            }
        }
    }
}

/// The seeds of the fuzz target `vt_parser`, which is this property without a generator.
#[test]
fn seeds_make_the_calls_of_vte() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/vt_parser");
    let seeds: Vec<_> = std::fs::read_dir(folder)
        .expect("there are seeds")
        .map(|entry| entry.expect("readable").path())
        .collect();
    assert!(seeds.len() > 3, "{} seeds", seeds.len());
    for seed in seeds {
        let bytes = std::fs::read(&seed).expect("readable");
        (0..=bytes.len()).for_each(|cut| compare(&bytes[..cut]));
    }
}
