//! Reports of a terminal about its screen and its titles: where its owner allows it, and nothing
//! where
//! not.

use abide::base::geom::Size;
use abide::base::memory::HeapMemory;
use abide::term::{Options, TermEvent, Terminal};

/// The replies to `bytes` by a terminal that may tell everything.
fn told(bytes: &str) -> String {
    let options = Options { checksum_reports: true, title_reports: true, ..Options::default() };
    replies(options, bytes)
}

fn replies(options: Options, bytes: &str) -> String {
    let mut terminal = Terminal::new(Size::new(20, 5), options, Box::new(HeapMemory::default()));
    let mut events = Vec::new();
    terminal.feed(bytes.as_bytes(), &mut events);
    let replies = events.iter().filter_map(|event| {
        if let TermEvent::Reply(bytes) = event { Some(&bytes[..]) } else { None }
    });
    String::from_utf8_lossy(&replies.collect::<Vec<_>>().concat()).into_owned()
}

fn sum(value: u16) -> String {
    format!("\x1bP1!~{value:04X}\x1b\\")
}

#[test]
fn nothing_is_told_unless_it_is_allowed() {
    assert_eq!(
        replies(Options::default(), "a\x1b[1;1;1;1;1;1*y\x1b]0;b\x07\x1b[20t\x1b[21t"),
        "\x1b]L\x1b\\\x1b]l\x1b\\"
    );
}

#[test]
fn sums_are_negated_characters_unless_xtchecksum_says_otherwise() {
    for (input, area, expected) in [
        ("a", "1;1;1;1", 0x61_u16.wrapping_neg()),
        // Two cells, blanks among them, whether written or not.
        ("a ", "1;1;1;2", 0x81_u16.wrapping_neg()),
        ("a", "1;1;1;2", 0x81_u16.wrapping_neg()),
        ("", "1;1;1;1", 0x20_u16.wrapping_neg()),
        // Neither attributes nor protection count.
        ("\x1b[1;4;5;7;8m\x1b[1\"qa", "1;1;1;1", 0x61_u16.wrapping_neg()),
        ("\u{20ac}", "1;1;1;1", 0x20ac_u16.wrapping_neg()),
        ("e\u{301}", "1;1;1;1", 0x65_u16.wrapping_neg()),
        // 31: everything but the sign.
        ("\x1b[31#ya", "1;1;1;2", 0x81),
        ("\x1b[1#ya", "1;1;1;1", 0x61),
        // 0: DEC's, with attributes, without what was never written, and of eight bits.
        ("\x1b[#ya", "1;1;1;1", 0x61_u16.wrapping_neg()),
        ("\x1b[#ya", "1;1;1;4", 0x61_u16.wrapping_neg()),
        ("\x1b[#y", "1;1;2;2", 0),
        ("\x1b[1#y\x1b[1;4;5;7;8m\x1b[1\"qa", "1;1;1;1", 0x61 + 0xfc),
        ("\x1b[1#y\u{20ac}", "1;1;1;1", 0xac),
        ("\x1b[1#ya  b ", "1;1;1;9", 0x61 + 3 * 0x20 + 0x62),
        // 8: never written cells count, but not at the end of a row.
        ("\x1b[9#ya\x1b[4Gb", "1;1;1;9", 0x61 + 2 * 0x20 + 0x62),
        // 4: and at the end.
        ("\x1b[5#ya", "1;1;1;4", 0x61 + 3 * 0x20),
        // A reset brings the first kind back.
        ("\x1b[1#y\x1bca", "1;1;1;1", 0x61_u16.wrapping_neg()),
        // Within the margins in origin mode.
        ("\x1b[2;2Hx\x1b[2;4r\x1b[?69h\x1b[2;4s\x1b[?6h", "1;1;1;1", 0x78_u16.wrapping_neg()),
    ] {
        assert_eq!(told(&format!("{input}\x1b[1;1;{area}*y")), sum(expected), "{input:?} {area}");
    }
}

#[test]
fn titles_and_icon_names_are_told_set_and_stacked_as_xterm_does() {
    let (icon, title) = ("\x1b[20t", "\x1b[21t");
    let both = |icon: &str, title: &str| format!("\x1b]L{icon}\x1b\\\x1b]l{title}\x1b\\");
    for (input, expected) in [
        ("\x1b]0;a\x07", both("a", "a")),
        ("\x1b]1;a\x07\x1b]2;b\x07", both("a", "b")),
        ("\x1b[>0;1t\x1b]2;6162\x07\x1b]1;63\x07", both("63", "6162")),
        ("\x1b[>0t\x1b]0;c3a4\x07", both("ä", "ä")),
        ("\x1b[>1t\x1b]0;ab\x07", both("6162", "6162")),
        ("\x1b[>0;1t\x1b[>0;1T\x1b]0;61\x07", both("61", "61")),
        ("\x1b[>0;1t\x1bc\x1b]0;61\x07", both("61", "61")),
        ("\x1b]0;a\x07\x1b[22t\x1b]0;x\x07\x1b[23t", both("a", "a")),
        // Taking one back takes the entry away.
        ("\x1b]0;a\x07\x1b[22t\x1b]0;x\x07\x1b[23;1t\x1b[23;2t", both("a", "x")),
        ("\x1b]0;a\x07\x1b[22t\x1b]0;x\x07\x1b[23;2t\x1b[23;1t", both("x", "a")),
        // The part not named is taken from the entry below.
        ("\x1b]2;t\x07\x1b]1;i\x07\x1b[22;1t\x1b[22;2t\x1b]0;x\x07\x1b[23t", both("i", "t")),
        (
            "\x1b]1;a\x07\x1b[22;1t\x1b]1;b\x07\x1b[22;1t\x1b]1;z\x07\x1b[23;1t\x1b[23;1t",
            both("a", ""),
        ),
        ("\x1b[23t", both("", "")),
    ] {
        assert_eq!(told(&format!("{input}{icon}{title}")), expected, "{input:?}");
    }
}
