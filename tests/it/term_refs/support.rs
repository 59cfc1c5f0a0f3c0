//! The features of the terminal, as data: each row is a test, and the rows are the reference page
//! `docs/reference/terminal.md`.

use std::fmt::Write as _;

use abide::base::geom::Size;
use abide::base::memory::HeapMemory;
use abide::term::{Options, TermEvent, Terminal};

/// The expectation of a row after its input, on a screen of 20 columns and 5 rows.
enum Expect {
    /// The rows of the screen, joined by `|`, without blank ones at the end.
    Screen(&'static str),
    /// The bytes sent back.
    Reply(&'static str),
    /// Column and row of the cursor, from 0.
    Cursor(u16, u16),
    /// Events, as Rust writes them.
    Event(&'static str),
    /// The style of the first run of the screen, as Rust writes the fields that are not default.
    Style(&'static str),
}

use Expect::{Cursor, Event, Reply, Screen, Style};

/// Group, name, form, input, what it does.
type Support = (&'static str, &'static str, &'static str, &'static str, Expect);

const FILL: &str = "aaa\r\nbbb\r\nccc\r\nddd\r\neee";

const SUPPORT: &[Support] = &[
    ("cursor", "CUU", "CSI n A", "\x1b[4;4H\x1b[2A", Cursor(3, 1)),
    ("cursor", "CUD", "CSI n B", "\x1b[2;3r\x1b[2;4H\x1b[9B", Cursor(3, 2)),
    ("cursor", "CUF", "CSI n C", "\x1b[99C", Cursor(19, 0)),
    ("cursor", "CUB", "CSI n D", "abc\x1b[2D", Cursor(1, 0)),
    ("cursor", "CNL", "CSI n E", "abc\x1b[2E", Cursor(0, 2)),
    ("cursor", "CPL", "CSI n F", "\x1b[4;4H\x1b[2F", Cursor(0, 1)),
    ("cursor", "CHA", "CSI n G", "\x1b[2;2H\x1b[7G", Cursor(6, 1)),
    ("cursor", "CUP", "CSI r ; c H", "\x1b[3;5H", Cursor(4, 2)),
    ("cursor", "HVP", "CSI r ; c f", "\x1b[99;99f", Cursor(19, 4)),
    ("cursor", "HPA", "CSI n `", "\x1b[2;2H\x1b[7`", Cursor(6, 1)),
    ("cursor", "HPR", "CSI n a", "ab\x1b[3a", Cursor(5, 0)),
    ("cursor", "VPA", "CSI n d", "ab\x1b[3d", Cursor(2, 2)),
    ("cursor", "VPR", "CSI n e", "\x1b[1;2r\x1b[1;3H\x1b[3e", Cursor(2, 3)),
    ("cursor", "HPB", "CSI n j", "abc\x1b[2jx", Screen("axc")),
    ("cursor", "VPB", "CSI n k", "\x1b[4;2H\x1b[2k", Cursor(1, 1)),
    ("cursor", "U+009B is CSI", "U+009B", "\u{9b}3;5H", Cursor(4, 2)),
    ("cursor", "U+0085 is NEL", "U+0085", "ab\u{85}c", Screen("ab|c")),
    ("cursor", "DECSC, DECRC", "ESC 7, ESC 8", "ab\x1b7\x1b[4;4Hx\x1b8c", Screen("abc|||   x")),
    (
        "cursor",
        "DECSC keeps a pending wrap",
        "ESC 7, ESC 8",
        "\x1b[20Gx\x1b7\x1b[4;4H\x1b8y",
        Screen("                   x|y"),
    ),
    (
        "cursor",
        "DECRC leaves DECAWM",
        "ESC 8",
        "\x1b7\x1b[?7l\x1b8\x1b[19Gabc",
        Screen("                  ac"),
    ),
    ("cursor", "SCOSC, SCORC", "CSI s, CSI u", "ab\x1b[s\x1b[4;4H\x1b[uc", Screen("abc")),
    ("cursor", "IND", "ESC D", "ab\x1bDc", Screen("ab|  c")),
    ("cursor", "NEL", "ESC E", "ab\x1bEc", Screen("ab|c")),
    ("cursor", "RI", "ESC M", "ab\x1bMc", Screen("  c|ab")),
    ("cursor", "DECBI", "ESC 6", "ab\r\x1b6", Screen(" ab")),
    ("cursor", "DECFI", "ESC 9", "abc\x1b[20G\x1b9", Screen("bc")),
    (
        "cursor",
        "DECBI outside of the rows",
        "ESC 6",
        "\x1b[?69h\x1b[3;5s\x1b[2;3r\x1b[5;3H\x1b6",
        Cursor(2, 4),
    ),
    (
        "cursor",
        "DECFI outside of the rows",
        "ESC 9",
        "\x1b[?69h\x1b[3;5s\x1b[2;3r\x1b[5;5H\x1b9",
        Cursor(4, 4),
    ),
    (
        "cursor",
        "memory lock",
        "ESC l, ESC m",
        "a\r\n\x1bl\x1b[5;1H\n\x1b[2;1H\x1bMb\x1bm\x1b[5;1H\n",
        Screen("b"),
    ),
    ("cursor", "BS", "0x08", "ab\x08c", Screen("ac")),
    ("cursor", "DECAWM", "CSI ? 7 l", "\x1b[?7l\x1b[19Gabcd", Screen("                  ad")),
    ("cursor", "reverse wrap", "CSI ? 45 h", "\x1b[?45h\x1b[20Gab\x1b[3D", Cursor(18, 0)),
    (
        "cursor",
        "reverse wrap stays in the line",
        "CSI ? 45 h",
        "a\r\n\x1b[?45h\x1b[3D",
        Cursor(0, 1),
    ),
    ("cursor", "extended reverse wrap", "CSI ? 1045 h", "\x1b[?1045h\x08", Cursor(19, 4)),
    ("cursor", "DECOM", "CSI ? 6 h", "\x1b[2;4r\x1b[?6h\x1b[1;1Hx", Screen("|x")),
    (
        "cursor",
        "DECSTBM",
        "CSI t ; b r",
        "aaa\r\nbbb\r\nccc\x1b[2;3r\x1b[3;1H\n",
        Screen("aaa|ccc"),
    ),
    ("cursor", "DECSLRM", "CSI l ; r s", "\x1b[?69h\x1b[3;5s\x1b[1;3Habcd", Screen("  abc|  d")),
    (
        "cursor",
        "text right of the margins wraps between them",
        "CSI l ; r s",
        "\x1b[?69h\x1b[3;5s\x1b[1;20Hab",
        Screen("                   a|  b"),
    ),
    ("erase", "ED 0", "CSI J", "aaa\r\nbbb\r\nccc\x1b[2;2H\x1b[J", Screen("aaa|b")),
    ("erase", "ED 1", "CSI 1 J", "aaa\r\nbbb\r\nccc\x1b[2;2H\x1b[1J", Screen("|  b|ccc")),
    ("erase", "ED 2", "CSI 2 J", "aaa\r\nbbb\x1b[2J", Screen("")),
    ("erase", "ED 3", "CSI 3 J", "1\n2\n3\n4\n5\n6\n7\x1b[3J\x1b[H\x1b[18t", Reply("\x1b[8;5;20t")),
    ("erase", "EL 0", "CSI K", "abcdef\x1b[3G\x1b[K", Screen("ab")),
    ("erase", "EL 1", "CSI 1 K", "abcdef\x1b[3G\x1b[1K", Screen("   def")),
    ("erase", "EL 2", "CSI 2 K", "abcdef\x1b[2K", Screen("")),
    ("erase", "ECH", "CSI n X", "abcdef\x1b[3G\x1b[2X", Screen("ab  ef")),
    ("erase", "back colour erase", "SGR 48, EL", "\x1b[44m\x1b[K", Style("bg: Indexed(4)")),
    (
        "erase",
        "DECSCA, DECSEL",
        "CSI 1 \" q, CSI ? K",
        "\x1b[1\"qab\x1b[0\"qcd\x1b[?2K",
        Screen("ab"),
    ),
    ("erase", "DECSED", "CSI ? J", "\x1b[1\"qab\x1b[0\"qcd\x1b[?2J", Screen("ab")),
    ("erase", "DECERA", "CSI t ; l ; b ; r $ z", "aaaa\r\nbbbb\x1b[1;2;2;3$z", Screen("a  a|b  b")),
    (
        "erase",
        "DECSERA",
        "CSI t ; l ; b ; r $ {",
        "a\x1b[1\"qb\x1b[0\"qc\x1b[1;1;1;3${",
        Screen(" b"),
    ),
    (
        "erase",
        "DECSERA leaves looks",
        "CSI t ; l ; b ; r $ {",
        "\x1b[44mab\x1b[m\x1b[1;1;1;2${",
        Style("bg: Indexed(4)"),
    ),
    ("erase", "DECSTR ends protection", "CSI ! p", "\x1b[1\"qab\x1b[!p\x1b[?2K", Screen("")),
    (
        "erase",
        "SPA, EPA withstand DECSEL, not DECSERA",
        "ESC V, CSI $ {",
        "\x1bVab\x1bW\x1b[?2K\x1b[1;1;1;1${",
        Screen(" b"),
    ),
    ("erase", "DECFRA", "CSI c ; t ; l ; b ; r $ x", "\x1b[120;2;2;3;3$x", Screen("| xx| xx")),
    ("erase", "DECCRA", "CSI … $ v", "ab\r\ncd\x1b[1;1;2;2;1;3;4;1$v", Screen("ab|cd|   ab|   cd")),
    (
        "erase",
        "DECCRA in origin mode",
        "CSI … $ v",
        "abc\r\ndef\x1b[2;4r\x1b[?6h\x1b[1;1;1;2;1;2;2;1$v",
        Screen("abc|def| de"),
    ),
    (
        "erase",
        "DECCARA",
        "CSI t ; l ; b ; r ; n $ r",
        "\x1b[31mab\x1b[1;1;1;2;1;4$r",
        Style("fg: Indexed(1), underline: Single"),
    ),
    (
        "erase",
        "DECRARA",
        "CSI t ; l ; b ; r ; n $ t",
        "\x1b[1mab\x1b[1;1;1;2;7$t",
        Style("attrs: Attrs(17)"),
    ),
    ("erase", "DECSACE", "CSI 2 * x", "\x1b[2*xa\x1b[1;2;1;2;1$r", Style("attrs: Attrs(0)")),
    ("erase", "SPA, EPA withstand EL", "ESC V, ESC W", "a\x1bVb\x1bWc\x1b[2K", Screen(" b")),
    (
        "erase",
        "DECSCA does not withstand EL",
        "CSI 1 \" q, CSI 2 K",
        "a\x1b[1\"qb\x1b[2K",
        Screen(""),
    ),
    ("erase", "DECALN", "ESC # 8", "\x1b#8\x1b[2;1H\x1b[J", Screen("EEEEEEEEEEEEEEEEEEEE")),
    (
        "erase",
        "DECALN ends attributes, not colours",
        "ESC # 8",
        "\x1b[1;4;31m\x1b#8\x1b[2Kx",
        Style(
            "fg: Indexed(1), bg: Default, underline_colour: Default, underline: None, attrs: \
             Attrs(0)",
        ),
    ),
    ("edit", "ICH", "CSI n @", "abc\x1b[2G\x1b[2@", Screen("a  bc")),
    ("edit", "DCH", "CSI n P", "abcdef\x1b[2G\x1b[2P", Screen("adef")),
    ("edit", "IL homes the column", "CSI n L", "aaa\r\nbbb\x1b[1;3H\x1b[Lx", Screen("x|aaa|bbb")),
    ("edit", "DL homes the column", "CSI n M", "aaa\r\nbbb\x1b[1;3H\x1b[Mx", Screen("xbb")),
    ("edit", "SU", "CSI n S", "aaa\r\nbbb\r\nccc\x1b[S", Screen("bbb|ccc")),
    ("edit", "SD", "CSI n T", "aaa\r\nbbb\x1b[T", Screen("|aaa|bbb")),
    ("edit", "SL", "CSI n SP @", "abc\r\ndef\x1b[2 @", Screen("c|f")),
    ("edit", "SR", "CSI n SP A", "abc\r\ndef\x1b[2 A", Screen("  abc|  def")),
    (
        "edit",
        "SL outside of the margins",
        "CSI SP @",
        "abc\x1b[2;4r\x1b[1;1H\x1b[ @\x1b[r\x1b[?69h\x1b[2;3s\x1b[1;1H\x1b[ @",
        Screen("abc"),
    ),
    ("edit", "DECIC", "CSI n ' }", "abc\r\ndef\x1b[1;2H\x1b[2'}", Screen("a  bc|d  ef")),
    ("edit", "DECDC", "CSI n ' ~", "abc\r\ndef\x1b[1;2H\x1b['~", Screen("ac|df")),
    ("edit", "REP", "CSI n b", "ab\x1b[3b", Screen("abbbb")),
    ("edit", "REP after a control", "CSI n b", "ab\r\n\x1b[3b", Screen("ab")),
    ("edit", "IRM", "CSI 4 h", "abc\r\x1b[4hx", Screen("xabc")),
    ("edit", "LNM", "CSI 20 h", "\x1b[20hab\nc", Screen("ab|c")),
    ("tabs", "HT", "0x09", "a\tb", Screen("a       b")),
    ("tabs", "HTS, TBC", "ESC H, CSI g", "\x1b[3g\x1b[4G\x1bH\r\tx", Screen("   x")),
    ("tabs", "CHT", "CSI n I", "\x1b[2Ix", Screen("                x")),
    ("tabs", "DECST8C", "CSI ? 5 W", "\x1b[3g\x1b[?5W\tx", Screen("        x")),
    (
        "tabs",
        "a tab at a pending wrap",
        "CSI ? 41 h",
        "\x1b[20Gx\x1b[?41h\ty",
        Screen("                   x|        y"),
    ),
    ("tabs", "CBT", "CSI n Z", "\x1b[18G\x1b[2Zx", Screen("        x")),
    ("character sets", "DEC graphics", "ESC ( 0", "\x1b(0lqk\x1b(Blqk", Screen("┌─┐lqk")),
    ("character sets", "SO, SI", "0x0e, 0x0f", "\x1b)0\x0eq\x0fq", Screen("─q")),
    ("character sets", "SS2, SS3", "ESC N, ESC O", "\x1b*0\x1bNqq", Screen("─q")),
    ("character sets", "LS2, LS3", "ESC n, ESC o", "\x1b+0\x1boq\x0fq", Screen("─q")),
    (
        "character sets",
        "LS1R, LS2R, LS3R are kept and told",
        "ESC ~, ESC }, ESC |",
        "\x1b~\x1b7\x1b|\x1b8\x1b[1$w",
        Reply("\x1bP1$u1;1;1;@;@;@;0;1;@;BBBB\x1b\\"),
    ),
    ("character sets", "British", "ESC ( A", "\x1b(A#\x1b(B#", Screen("£#")),
    (
        "character sets",
        "national sets need DECNRCM",
        "CSI ? 42 h, ESC ( K",
        "\x1b(K[\x1b[?42h\x1b(K[\x1b(B[",
        Screen("[Ä["),
    ),
    ("character sets", "DEC technical", "ESC ( >", "\x1b(>ab\x1b(B", Screen("αβ")),
    ("character sets", "Latin 1", "ESC - A", "\x1b-A\x0e#i\x7f\x0f#", Screen("£éÿ#")),
    ("character sets", "malformed UTF-8", "", "\u{fffd}", Screen("\u{fffd}")),
    ("screens", "47", "CSI ? 47 h", "a\x1b[?47hb\x1b[?47l", Screen("a")),
    ("screens", "1047", "CSI ? 1047 h", "a\x1b[?1047hb\x1b[?1047l\x1b[?1047h", Screen("")),
    ("screens", "1048", "CSI ? 1048 h", "a\x1b[?1048h\x1b[4;4H\x1b[?1048lb", Screen("ab")),
    ("screens", "1049", "CSI ? 1049 h", "ab\x1b[?1049h\x1b[Hxyz\x1b[?1049lc", Screen("abc")),
    ("screens", "DECSCNM", "CSI ? 5 h", "\x1b[?5hx", Style("attrs: Attrs(16)")),
    ("screens", "RIS", "ESC c", "abc\x1b[31m\x1bcd", Screen("d")),
    (
        "screens",
        "RIS gives DECCOLM's width back",
        "ESC c",
        "\x1b[?40h\x1b[?3h\x1bc",
        Event("[SizeWanted { cols: 132, rows: 0 }, Reset, SizeWanted { cols: 80, rows: 0 }]"),
    ),
    ("screens", "DECSTR", "CSI ! p", "\x1b[2;4r\x1b[?6h\x1b[!p\x1b[1;1Ha", Screen("a")),
    (
        "screens",
        "DECCOLM when allowed",
        "CSI ? 40 h, CSI ? 3 h",
        "abc\x1b[?40h\x1b[?3h",
        Screen(""),
    ),
    ("screens", "DECCOLM when not", "CSI ? 3 h", "abc\x1b[?3h", Screen("abc")),
    ("screens", "double width", "ESC # 6", "\x1b#6abcdefghijk", Screen("a b c d e f g h i j|k")),
    ("screens", "the cursor in double width", "ESC # 6", "\x1b[1;19H\x1b#6", Cursor(18, 0)),
    ("screens", "double height", "ESC # 3, ESC # 4", "\x1b#3ab\r\n\x1b#4ab", Screen("a b|a b")),
    ("screens", "single width", "ESC # 5", "\x1b#6ab\x1b#5", Screen("ab")),
    (
        "screens",
        "XTSAVE, XTRESTORE",
        "CSI ? n s, CSI ? n r",
        "\x1b[?7s\x1b[?7l\x1b[?7r\x1b[?7$p",
        Reply("\x1b[?7;1$y"),
    ),
    (
        "screens",
        "resizing is asked of the layout",
        "CSI 8 ; r ; c t, CSI n t, CSI n * |",
        "\x1b[8;30;90t\x1b[36t\x1b[24*|",
        Event(
            "[SizeWanted { cols: 90, rows: 30 }, SizeWanted { cols: 0, rows: 36 }, SizeWanted { \
             cols: 0, rows: 24 }]",
        ),
    ),
    (
        "SGR",
        "XTPUSHSGR, XTPOPSGR",
        "CSI # {, CSI # }",
        "\x1b[1;31m\x1b[#{\x1b[0;4m\x1b[#}x",
        Style("attrs: Attrs(1)"),
    ),
    (
        "SGR",
        "attributes",
        "CSI 1 ; 2 ; 3 ; 5 ; 7 ; 8 ; 9 ; 53 m",
        "\x1b[1;2;3;5;7;8;9;53mx",
        Style("attrs: Attrs(255)"),
    ),
    (
        "SGR",
        "16 colours",
        "CSI 31 ; 102 m",
        "\x1b[31;102mx",
        Style("fg: Indexed(1), bg: Indexed(10)"),
    ),
    ("SGR", "256 colours", "CSI 38 ; 5 ; n m", "\x1b[38;5;200mx", Style("fg: Indexed(200)")),
    (
        "SGR",
        "RGB with semicolons",
        "CSI 38 ; 2 ; r ; g ; b m",
        "\x1b[38;2;1;2;3mx",
        Style("fg: Rgb(1, 2, 3)"),
    ),
    (
        "SGR",
        "RGB with colons",
        "CSI 48 : 2 : : r : g : b m",
        "\x1b[48:2::1:2:3mx",
        Style("bg: Rgb(1, 2, 3)"),
    ),
    (
        "SGR",
        "curly underline with colour",
        "CSI 4 : 3 ; 58 : 5 : n m",
        "\x1b[4:3;58:5:9mx",
        Style("underline_colour: Indexed(9), underline: Curly"),
    ),
    ("SGR", "double underline", "CSI 21 m", "\x1b[21mx", Style("underline: Double")),
    ("reports", "DA1", "CSI c", "\x1b[c", Reply("\x1b[?64;1;2;4;6;9;15;16;17;18;21;22;28;29c")),
    (
        "reports",
        "DA1 after DECSCL",
        "CSI 62 ; 1 \" p, CSI c",
        "\x1b[62;1\"p\x1b[c",
        Reply("\x1b[?62;1;2;4;6;9;15;22;29c"),
    ),
    ("reports", "DA2", "CSI > c", "\x1b[>c", Reply("\x1b[>41;400;0c")),
    ("reports", "DA3", "CSI = c", "\x1b[=c", Reply("\x1bP!|00000000\x1b\\")),
    ("reports", "DSR", "CSI 5 n", "\x1b[5n", Reply("\x1b[0n")),
    ("reports", "CPR", "CSI 6 n", "\x1b[2;3H\x1b[6n", Reply("\x1b[2;3R")),
    ("reports", "DECXCPR", "CSI ? 6 n", "\x1b[2;3H\x1b[?6n", Reply("\x1b[?2;3;1R")),
    (
        "reports",
        "DECRQM, DEC modes",
        "CSI ? n $ p",
        "\x1b[?7$p\x1b[?2004$p",
        Reply("\x1b[?7;1$y\x1b[?2004;2$y"),
    ),
    (
        "reports",
        "DECRQM, ANSI modes",
        "CSI n $ p",
        "\x1b[4$p\x1b[3$p",
        Reply("\x1b[4;2$y\x1b[3;4$y"),
    ),
    (
        "reports",
        "DECRQSS SGR",
        "DCS $ q m ST",
        "\x1b[1;4:3;38;5;9m\x1bP$qm\x1b\\",
        Reply("\x1bP1$r0;1;4:3;91m\x1b\\"),
    ),
    (
        "reports",
        "DECRQSS DECSTBM",
        "DCS $ q r ST",
        "\x1b[2;4r\x1bP$qr\x1b\\",
        Reply("\x1bP1$r2;4r\x1b\\"),
    ),
    (
        "reports",
        "DECRQSS DECSCUSR",
        "DCS $ q SP q ST",
        "\x1b[5 q\x1bP$q q\x1b\\",
        Reply("\x1bP1$r5 q\x1b\\"),
    ),
    (
        "reports",
        "DECRQSS of the unknown",
        "DCS $ q x ST",
        "\x1bP$qx\x1b\\",
        Reply("\x1bP0$r\x1b\\"),
    ),
    (
        "reports",
        "XTGETTCAP",
        "DCS + q hex ST",
        "\x1bP+q436f\x1b\\",
        Reply("\x1bP1+r436F=323536\x1b\\"),
    ),
    ("reports", "window size in cells", "CSI 18 t", "\x1b[18t", Reply("\x1b[8;5;20t")),
    ("reports", "window size in pixels", "CSI 14 t", "\x1b[14t", Reply("\x1b[4;100;200t")),
    ("reports", "cell size", "CSI 16 t", "\x1b[16t", Reply("\x1b[6;20;10t")),
    (
        "reports",
        "titles are told as empty",
        "CSI 20 t, CSI 21 t",
        "\x1b]2;evil\x07\x1b[20t\x1b[21t",
        Reply("\x1b]L\x1b\\\x1b]l\x1b\\"),
    ),
    (
        "reports",
        "window state and place",
        "CSI 11 t, CSI 13 t",
        "\x1b[11t\x1b[13t",
        Reply("\x1b[1t\x1b[3;0;0t"),
    ),
    (
        "reports",
        "printer, keys, locator",
        "CSI ? 15 n, 25, 55",
        "\x1b[?15n\x1b[?25n\x1b[?55n",
        Reply("\x1b[?13n\x1b[?20n\x1b[?53n"),
    ),
    ("reports", "keyboard", "CSI ? 26 n", "\x1b[?26n", Reply("\x1b[?27;1;0;0n")),
    (
        "reports",
        "DECMSR, DECCKSR",
        "CSI ? 62 n, CSI ? 63 ; n n",
        "\x1b[?62n\x1b[?63;9n",
        Reply("\x1b[0000*{\x1bP9!~0000\x1b\\"),
    ),
    (
        "reports",
        "data integrity, sessions",
        "CSI ? 75 n, CSI ? 85 n",
        "\x1b[?75n\x1b[?85n",
        Reply("\x1b[?70n\x1b[?83n"),
    ),
    (
        "reports",
        "DECCIR",
        "CSI 1 $ w",
        "\x1b[2;3H\x1b[1m\x1b[1$w",
        Reply("\x1bP1$u2;3;1;A;@;@;0;2;@;BBBB\x1b\\"),
    ),
    ("reports", "DECTABSR", "CSI 2 $ w", "\x1b[2$w", Reply("\x1bP2$u9/17\x1b\\")),
    (
        "reports",
        "DECRSPS of the cursor",
        "DCS 1 $ t … ST",
        "\x1bP1$t2;3;1;@;@;@;0;2;@;0BBB\x1b\\q",
        Screen("|  ─"),
    ),
    (
        "reports",
        "DECRSPS of tab stops",
        "DCS 2 $ t … ST",
        "\x1bP2$t5/12\x1b\\\tx\ty",
        Screen("    x      y"),
    ),
    ("reports", "DECRQDE", "CSI \" v", "\x1b[\"v", Reply("\x1b[5;20;1;1;1\"w")),
    ("reports", "no locator", "CSI ' |", "\x1b['|", Reply("\x1b[0&w")),
    ("reports", "DECRQTSR is not answered", "CSI 1 $ u", "\x1b[1$u", Reply("")),
    ("reports", "S8C1T, S7C1T", "ESC SP G, ESC SP F", "\x1b G\x1b F\x1b[5n", Reply("\x1b[0n")),
    (
        "reports",
        "DECSCL",
        "CSI 6n ; n \" p",
        "\x1b[65;1\"p\x1bP$q\"p\x1b\\",
        Reply("\x1bP1$r65;1\"p\x1b\\"),
    ),
    ("reports", "DECRQM needs level 3", "CSI 62 \" p", "\x1b[62;1\"p\x1b[4$p", Reply("")),
    (
        "reports",
        "DECRQSS DECSACE",
        "DCS $ q * x ST",
        "\x1b[2*x\x1bP$q*x\x1b\\",
        Reply("\x1bP1$r2*x\x1b\\"),
    ),
    (
        "reports",
        "XTREPORTSGR",
        "CSI t ; l ; b ; r # |",
        "\x1b[1;31ma\x1b[4mb\x1b[1;1;1;2#|",
        Reply("\x1b[0;1;31m"),
    ),
    ("reports", "XTREPORTCOLORS", "CSI # R", "\x1b[#P\x1b[#R", Reply("\x1b[?1;1#Q")),
    ("reports", "XTSMGRAPHICS", "CSI ? 2 ; 1 S", "\x1b[?2;1S", Reply("\x1b[?2;0;200;100S")),
    ("reports", "in-band size", "CSI ? 2048 h", "\x1b[?2048h", Reply("\x1b[48;5;20;100;200t")),
    ("reports", "colour scheme", "CSI ? 996 n", "\x1b[?996n", Reply("\x1b[?997;1n")),
    (
        "reports",
        "kitty keyboard flags",
        "CSI ? u",
        "\x1b[>5u\x1b[?u\x1b[<u\x1b[?u",
        Reply("\x1b[?5u\x1b[?0u"),
    ),
    (
        "reports",
        "foreground",
        "OSC 10 ; ? BEL",
        "\x1b]10;rgb:12/34/56\x07\x1b]10;?\x07",
        Reply("\x1b]10;rgb:1212/3434/5656\x07"),
    ),
    (
        "reports",
        "colours by name",
        "OSC 10 ; name ST",
        "\x1b]10;Dark Slate Grey\x07\x1b]10;?\x07",
        Reply("\x1b]10;rgb:2f2f/4f4f/4f4f\x07"),
    ),
    (
        "reports",
        "XTPUSHCOLORS, XTPOPCOLORS",
        "CSI # P, CSI # Q",
        "\x1b]4;1;#010203\x07\x1b[#P\x1b]4;1;#ffffff\x07\x1b[#Q\x1b]4;1;?\x07",
        Reply("\x1b]4;1;rgb:0101/0202/0303\x07"),
    ),
    (
        "reports",
        "colours of attributes",
        "OSC 5 ; n ; ? ST, OSC 105",
        "\x1b]5;0;#112233\x07\x1b]5;0;?\x07\x1b]4;256;?\x07\x1b]105;0\x07\x1b]5;0;?\x07",
        Reply(
            "\x1b]5;0;rgb:1111/2222/3333\x07\x1b]4;256;rgb:1111/2222/3333\x07\
             \x1b]5;0;rgb:e5e5/e5e5/e5e5\x07",
        ),
    ),
    (
        "reports",
        "further dynamic colours",
        "OSC 13 to 19, OSC 113 to 119",
        "\x1b]17;#112233\x07\x1b]17;?\x07\x1b]117\x07\x1b]17;?\x07",
        Reply("\x1b]17;rgb:1111/2222/3333\x07\x1b]17;rgb:e5e5/e5e5/e5e5\x07"),
    ),
    (
        "reports",
        "palette",
        "OSC 4 ; n ; ? ST",
        "\x1b]4;1;#ff0000\x1b\\\x1b]4;1;?\x1b\\",
        Reply("\x1b]4;1;rgb:ffff/0000/0000\x1b\\"),
    ),
    ("OSC", "screen's title", "ESC k title ST", "\x1bkname\x1b\\x", Screen("x")),
    ("OSC", "title", "OSC 2 ; text BEL", "\x1b]2;a\u{202e}b\x07", Event("[Title(\"ab\")]")),
    (
        "OSC",
        "title stack",
        "CSI 22 t, CSI 23 t",
        "\x1b]0;a\x07\x1b[22t\x1b]0;b\x07\x1b[23t",
        Event("[Title(\"a\"), Title(\"b\"), Title(\"a\")]"),
    ),
    (
        "OSC",
        "titles in hexadecimal",
        "CSI > 0 t",
        "\x1b[>0t\x1b]2;6162\x07\x1b]2;6z\x07",
        Event("[Title(\"ab\")]"),
    ),
    (
        "OSC",
        "an icon name leaves the title",
        "CSI 22 ; 1 t, CSI 23 ; 1 t",
        "\x1b]0;a\x07\x1b[22;1t\x1b]1;b\x07\x1b[23;1t",
        Event("[Title(\"a\")]"),
    ),
    (
        "OSC",
        "working directory",
        "OSC 7 ; url ST",
        "\x1b]7;file://h/a%20b\x1b\\",
        Event("[Cwd(\"/a b\")]"),
    ),
    (
        "OSC",
        "clipboard",
        "OSC 52 ; c ; base64 ST",
        "\x1b]52;c;aGk=\x1b\\",
        Event("[Clipboard { selection: 'c', text: \"hi\" }]"),
    ),
    ("OSC", "clipboard is never read", "OSC 52 ; c ; ? ST", "\x1b]52;c;?\x1b\\", Event("[]")),
    (
        "OSC",
        "prompt",
        "OSC 133 ; A ST",
        "\x1b]133;A\x07",
        Event(
            "[PromptMark(PromptMark { kind: Prompt, exit_code: None, command: None, row: 0, at: \
             Some(Anchor { line: 0, cell: 0 }) })]",
        ),
    ),
    (
        "OSC",
        "command ended",
        "OSC 133 ; D ; n ST",
        "\x1b]133;D;3\x07",
        Event(
            "[PromptMark(PromptMark { kind: Done, exit_code: Some(3), command: None, row: 0, at: \
             Some(Anchor { line: 0, cell: 0 }) })]",
        ),
    ),
    (
        "OSC",
        "notice",
        "OSC 9 ; text ST",
        "\x1b]9;done\x07",
        Event("[Notify(Notice { title: \"\", body: \"done\", urgent: false })]"),
    ),
    (
        "OSC",
        "notice with title",
        "OSC 777 ; notify ; title ; text ST",
        "\x1b]777;notify;a;b\x07",
        Event("[Notify(Notice { title: \"a\", body: \"b\", urgent: false })]"),
    ),
    (
        "OSC",
        "program status is heard",
        "OSC 7501 ; ? ST",
        "\x1b]7501;?\x1b\\",
        Reply("\x1b]7501;?\x1b\\"),
    ),
    (
        "OSC",
        "program status",
        "OSC 7501 ; state=... : app=... : msg=base64 ... ST",
        "\x1b]7501;state=clear:id=a\x07",
        Event("[Status(StatusReport { id: \"a\", status: None })]"),
    ),
    (
        "OSC",
        "kitty notice",
        "OSC 99 ; options ; text ST",
        "\x1b]99;i=1:u=2;hi\x07",
        Event("[Notify(Notice { title: \"hi\", body: \"\", urgent: true })]"),
    ),
    (
        "OSC",
        "progress",
        "OSC 9 ; 4 ; 1 ; n ST",
        "\x1b]9;4;1;40\x07",
        Event("[Progress(Percent(40))]"),
    ),
    ("OSC", "pointer", "OSC 22 ; name ST", "\x1b]22;text\x07", Event("[Pointer(\"text\")]")),
    (
        "OSC",
        "iTerm2's directory",
        "OSC 1337 ; CurrentDir= ST",
        "\x1b]1337;CurrentDir=/tmp\x07",
        Event("[Cwd(\"/tmp\")]"),
    ),
    ("OSC", "bell", "0x07", "\x07\x07", Event("[Bell]")),
    ("width", "wide", "", "漢字x", Cursor(5, 0)),
    ("width", "soft hyphen", "", "a\u{ad}b", Cursor(3, 0)),
    (
        "width",
        "combining mark in the last column",
        "CSI ? 7 l",
        "\x1b[?7l\x1b[20Ge\u{301}",
        Screen("                   e\u{301}"),
    ),
    ("width", "combining mark", "", "e\u{301}x", Cursor(2, 0)),
    ("width", "emoji joined by ZWJ", "", "👨‍👩‍👧x", Cursor(3, 0)),
    ("width", "VS16 widens", "", "❤\u{fe0f}x", Cursor(3, 0)),
    ("width", "flag", "", "🇩🇪x", Cursor(3, 0)),
    ("width", "keycap", "", "1\u{fe0f}\u{20e3}x", Cursor(3, 0)),
    ("width", "Hangul from jamo", "", "\u{1112}\u{1161}\u{11ab}x", Cursor(3, 0)),
    ("width", "Hindi conjunct: as wide as its parts", "", "क्याx", Cursor(4, 0)),
    ("width", "skin tone after a style", "", "👍\x1b[1m🏽x", Cursor(3, 0)),
    ("width", "without clusters", "CSI ? 2027 l", "\x1b[?2027l👨\u{200d}👩x", Cursor(5, 0)),
    ("width", "wide at the margin wraps", "", "\x1b[20G漢", Screen("|漢")),
    ("width", "half overwritten", "", "漢\x1b[2Gx", Screen(" x")),
    (
        "images",
        "kitty query",
        "APC G a=q ST",
        "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\",
        Reply("\x1b_Gi=31;OK\x1b\\"),
    ),
    ("images", "sixel moves below", "DCS q … ST", "\x1bPq!20~-!20~\x1b\\x", Cursor(1, 1)),
];

fn fresh() -> Terminal {
    Terminal::new(Size::new(20, 5), Options::default(), Box::new(HeapMemory::default()))
}

#[test]
fn every_row_of_the_table_is_true() {
    let mut wrong = Vec::new();
    for (_, name, _, input, expect) in SUPPORT {
        let mut terminal = fresh();
        let mut events = Vec::new();
        terminal.feed(input.as_bytes(), &mut events);
        let (found, expected) = match expect {
            Screen(expected) => {
                let rows: Vec<String> = (0..5).map(|y| terminal.row(y).text()).collect();
                (rows.join("|").trim_end_matches('|').to_owned(), (*expected).to_owned())
            }
            Cursor(x, y) => (
                format!("{:?}", (terminal.cursor().x, terminal.cursor().y)),
                format!("{:?}", (x, y)),
            ),
            Reply(expected) => {
                let replies = events.iter().filter_map(|event| {
                    if let TermEvent::Reply(bytes) = event { Some(&bytes[..]) } else { None }
                });
                (
                    String::from_utf8_lossy(&replies.collect::<Vec<_>>().concat()).into_owned(),
                    (*expected).to_owned(),
                )
            }
            Event(expected) => (format!("{events:?}"), (*expected).to_owned()),
            Style(expected) => {
                let style = terminal.row(0).runs.first().map(|run| run.style).unwrap_or_default();
                let found = format!("{style:?}");
                let complete = expected.split(", u").all(|part| found.contains(part));
                (if complete { (*expected).to_owned() } else { found }, (*expected).to_owned())
            }
        };
        if found != expected {
            wrong.push(format!("{name}: {found:?} instead of {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn delete_line_scrolls_only_below_the_cursor() {
    let mut terminal = fresh();
    terminal.feed(FILL.as_bytes(), &mut Vec::new());
    terminal.feed(b"\x1b[2;4r\x1b[3;1H\x1b[M", &mut Vec::new());
    let rows: Vec<String> = (0..5).map(|y| terminal.row(y).text()).collect();
    assert_eq!(rows, ["aaa", "bbb", "ddd", "", "eee"]);
}

/// The page as it should be; rewritten with `ABIDE_BLESS=1`.
#[test]
fn the_reference_page_is_the_table() {
    let mut page = String::from(
        "# What the terminal understands\n\nGenerated from `tests/it/term_refs/support.rs`; do \
         not edit. Each row is a case of the test \
         `every_row_of_the_table_is_true`, which names the rows that fail. Forms leave out \
         the spaces of xterm's control sequence document.\n\n\
         Besides, vttest 2.7 drives the engine (`tests/it/vttest.rs`): at each stop of its \
         menus 1, 2, 3, 6, 8 and 11 text, colours and attributes are those of \
         `tests/refs/vttest`. Their text was compared with xterm's; their attributes were read \
         against what vttest says on the screen \
         itself: of menus 2 and 11.6 each word names its own rendition, in 11.3.6 the frames of \
         rectangles blink in reverse and what is filled has the rendition named above it, in 3 \
         and 6 headings stand out, and in 1, 8 and the rest of 11 there are none.\n\n\
         Suites that look at the screen by checksums (esctest2) need `reports = true` in the \
         table `[pane]`. Sums are then negated and of characters alone, a blank being a space, \
         which is what esctest2 takes xterm's for without further options; `CSI 31 # y` gives \
         positive ones, and reverse wrap is \
         xterm's since patch 383 (`--xterm-reverse-wrap=383`).\n",
    );
    let mut last = "";
    for (group, name, form, ..) in SUPPORT {
        if *group != last {
            writeln!(page, "\n## {group}\n\n| what | form |\n|---|---|").expect("a string");
            last = group;
        }
        let form =
            if form.is_empty() { String::new() } else { format!("`{}`", form.replace('|', "\\|")) };
        writeln!(page, "| {name} | {form} |").expect("a string");
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/terminal.md");
    if std::env::var_os("ABIDE_BLESS").is_some() {
        std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference"))
            .expect("the source tree is writable");
        std::fs::write(path, &page).expect("the source tree is writable");
    }
    let found = std::fs::read_to_string(path)
        .expect("the page is checked in; run this test with ABIDE_BLESS=1");
    assert!(found == page, "run this test with ABIDE_BLESS=1 and look at the diff");
}
