//! Random terminal output: valid sequences with random arguments, text of all scripts, and noise.

use proptest::prelude::*;

fn control() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["\r\n", "\n", "\r", "\t", "\x08", "\x0b"])
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (0_u16..30).prop_map(|n| n.to_string()),
        1 => Just(String::new()),
        1 => (0_u16..=u16::MAX).prop_map(|n| n.to_string()),
    ]
}

fn csi() -> impl Strategy<Value = String> {
    let finals = proptest::sample::select(
        "@ABCDEFGHIJKLMPSTXZ`abcdefghlmnrstux".chars().collect::<Vec<_>>(),
    );
    (proptest::collection::vec(number(), 0..4), finals)
        .prop_map(|(numbers, last)| format!("\x1b[{}{last}", numbers.join(";")))
}

fn mode() -> impl Strategy<Value = String> {
    let modes = vec![
        1_u16, 3, 5, 6, 7, 25, 40, 41, 45, 47, 69, 95, 1000, 1006, 1007, 1045, 1047, 1048, 1049,
        2004, 2026, 2027, 2048,
    ];
    (proptest::sample::select(modes), any::<bool>())
        .prop_map(|(mode, on)| format!("\x1b[?{mode}{}", if on { 'h' } else { 'l' }))
}

fn sgr() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::collection::vec(0_u16..110, 0..4).prop_map(|n| format!(
            "\x1b[{}m",
            n.iter().map(u16::to_string).collect::<Vec<_>>().join(";")
        )),
        any::<(u8, u8, u8)>().prop_map(|(r, g, b)| format!("\x1b[38;2;{r};{g};{b}m")),
        any::<u8>().prop_map(|n| format!("\x1b[48:5:{n};4:3m")),
        Just("\x1b[m".to_owned()),
    ]
}

fn text() -> impl Strategy<Value = String> {
    let glyphs = vec![
        "漢",
        "字",
        "é",
        "e\u{301}",
        "👩‍👩‍👧",
        "❤\u{fe0f}",
        "🇩🇪",
        "🇩",
        "한",
        "ᄒ",
        "ᅡ",
        "ᆫ",
        "\u{200d}",
        "\u{fe0f}",
        "क्षि",
        "বাংলা",
        "👍🏽",
        "\u{1f3fd}",
        "ไทย",
        "\u{600}",
        "│",
    ];
    let glyphs = proptest::collection::vec(proptest::sample::select(glyphs), 1..6);
    prop_oneof![
        4 => "[ -~]{1,30}",
        2 => glyphs.prop_map(|glyphs| glyphs.concat()),
        1 => "\\PC{1,4}",
    ]
}

/// Sequences of every family, one or two of each.
const OTHERS: &[&str] = &[
    "\x1b7",
    "\x1b8",
    "\x1bM",
    "\x1bD",
    "\x1bE",
    "\x1bH",
    "\x1bc",
    "\x1b#8",
    "\x1b(0",
    "\x1b(B",
    "\x0e",
    "\x0f",
    "\x1b6",
    "\x1b9",
    "\x1b[4h",
    "\x1b[4l",
    "\x1b[!p",
    "\x1b[1\"q",
    "\x1b[0\"q",
    "\x1b[?J",
    "\x1b[?K",
    "\x1b[2;3;5;9$z",
    "\x1b[88;1;1;4;6$x",
    "\x1b[1;1;4;8;1;2;3;1$v",
    "\x1b[2 @",
    "\x1b[2 A",
    "\x1b[2'}",
    "\x1b[2'~",
    "\x1b[3 q",
    "\x1b[c",
    "\x1b[>c",
    "\x1b[6n",
    "\x1b[?u",
    "\x1b[>5u",
    "\x1b[<u",
    "\x1bP$qm\x1b\\",
    "\x1bP+q544e\x1b\\",
    "\x1b]2;title\x07",
    "\x1b]8;;http://example.org/\x1b\\",
    "\x1b]8;;\x1b\\",
    "\x1b]133;A\x07",
    "\x1b]133;B\x07",
    "\x1b]133;C\x07",
    "\x1b]133;D;1\x07",
    "\x1b]4;1;?\x07",
    "\x1b]4;1;rgb:12/34/56\x07",
    "\x1b]11;?\x07",
    "\x1b[3J",
    "\x1b[?1049h",
    "\x1b[?1049l",
    "\x1b[18t",
    "\x1b[22t",
    "\x1b[23t",
    "\x1b_Gi=1;AAAA\x1b\\",
    "\x1b]52;c;aGVsbG8=\x07",
    "\x1b]7;file://h/tmp\x07",
    "\x1b]9;4;1;50\x07",
    "\x1b#3",
    "\x1b#5",
    "\x1b#6",
    "\x1b G",
    "\x1b F",
    "\x1bV",
    "\x1bW",
    "\x1b[?42h\x1b(K",
    "\x1b(>",
    "\u{9b}3;3H",
    "\u{9d}2;t\u{9c}",
    "\u{84}",
    "\x1b[1;1;3;5;1;4$r",
    "\x1b[2;2;3;5;7$t",
    "\x1b[2*x",
    "\x1b[1$w",
    "\x1b[2$w",
    "\x1bP2$t5/9/13\x1b\\",
    "\x1bP1$t2;3;1;A;A;H;0;2;@;BB0B\x1b\\",
    "\x1b[62;1\"p",
    "\x1b[65\"p",
    "\x1b[#{",
    "\x1b[1;30#{",
    "\x1b[#}",
    "\x1b[1;1;2;9#|",
    "\x1b[#P",
    "\x1b[#Q",
    "\x1b[#R",
    "\x1b]5;1;rgb:1/2/3\x07",
    "\x1b]5;1;?;0;?\x07",
    "\x1b]13;#123456;?\x07",
    "\x1b]105\x07",
    "\x1b[21t",
    "\x1b[13t",
    "\x1b[?62;7n",
    "\x1b[?63;7n",
];

fn other() -> impl Strategy<Value = String> {
    proptest::sample::select(OTHERS).prop_map(str::to_owned)
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => text().prop_map(String::into_bytes),
        4 => csi().prop_map(String::into_bytes),
        2 => mode().prop_map(String::into_bytes),
        3 => sgr().prop_map(String::into_bytes),
        3 => other().prop_map(String::into_bytes),
        3 => control().prop_map(|c| c.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 1..6),
    ]
}

/// Output of a program that does everything.
pub(crate) fn output(pieces_max: usize) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(piece(), 0..pieces_max).prop_map(|pieces| pieces.concat())
}
