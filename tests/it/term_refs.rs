//! The terminal engine from outside: bytes in, screens and replies out.

mod bounds;
mod differ;
mod endless;
mod images;
mod input;
pub(crate) mod props;
mod seeds;
mod soup;
mod support;
mod targets;
mod targets_client;
mod targets_data;
mod told;

use abide::base::geom::Size;
use abide::base::memory::HeapMemory;
use abide::base::row::Run;
use abide::base::style::Attrs;
use abide::term::{Options, TermEvent, Terminal};

fn terminal(cols: u16, rows: u16) -> Terminal {
    Terminal::new(Size::new(cols, rows), Options::default(), Box::new(HeapMemory::default()))
}

fn feed(terminal: &mut Terminal, bytes: impl AsRef<[u8]>) -> Vec<TermEvent> {
    let mut events = Vec::new();
    terminal.feed(bytes.as_ref(), &mut events);
    events
}

/// The screen after `bytes`, rows joined by `|`, blank rows at the end left out.
fn check(cols: u16, rows: u16, bytes: &str, expected: &str) {
    let mut terminal = terminal(cols, rows);
    feed(&mut terminal, bytes);
    let text: Vec<String> = (0..rows).map(|y| terminal.row(y).text()).collect();
    assert_eq!(text.join("|").trim_end_matches('|'), expected, "after {bytes:?}");
}

fn replies(cols: u16, rows: u16, bytes: &str) -> String {
    let mut terminal = terminal(cols, rows);
    let events = feed(&mut terminal, bytes);
    let bytes = events
        .into_iter()
        .filter_map(|event| if let TermEvent::Reply(bytes) = event { Some(bytes) } else { None });
    String::from_utf8(bytes.flatten().collect()).expect("replies are text")
}

#[test]
fn text_wraps_and_scrolls() {
    check(5, 3, "hello world", "hello| worl|d");
    check(5, 2, "one\r\ntwo\r\nthree", "two|three");
    check(4, 2, "abcd\r\nef", "abcd|ef");
    check(6, 2, "漢字漢字", "漢字漢|字");
    check(5, 2, "漢字漢", "漢字|漢");
    check(8, 1, "e\u{301}👨‍👩‍👧x", "e\u{301}👨‍👩‍👧x");
}

/// The column after a text, from 0.
fn columns(text: &str) -> u16 {
    let mut terminal = terminal(80, 1);
    feed(&mut terminal, text);
    terminal.cursor().x
}

/// Readline and vim add up wcwidth(3): a script in which they are not believed puts the cursor
/// where no text is.
#[test]
fn a_text_takes_the_columns_that_its_characters_add_up_to() {
    for (text, cols) in [
        ("কা", 2),
        ("क्या", 3),
        ("हिन्दी", 5),
        ("বাংলাদেশ", 8),
        ("മലയാളം", 6),
        ("ខ្មែរ", 4),
        ("தமிழ்", 4),
        ("සිංහල", 4),
        ("క్షత్రియ", 5),
        ("\u{605}1\u{70f}\u{890}\u{8e2}\u{17a4}\u{17d8}", 7),
        ("한글\u{1112}\u{1161}\u{11ab}", 6),
        ("กำนี้", 3),
        ("لا", 2),
        ("👍🏽👩‍👩‍👧🇩🇪❤\u{fe0f}1\u{fe0f}\u{20e3}", 10),
        ("🍕🏽a🏽🇩", 8),
    ] {
        assert_eq!((columns(text), abide::base::text::width(text)), (cols, cols.into()), "{text}");
    }
}

/// Each of these leaves cursor and cells as they are.
const IDLE: [&str; 7] = [
    "\x1b[1m",
    "\x1b7\x1b[H\x1b8",
    "\x1b]2;title\x07",
    "\x1b[3D\x1b[3C",
    "\x1b[?25l",
    "\x1b[6n",
    "\x07",
];

/// vim 9 writes an emoji and its skin tone in two pieces, with a move of the cursor between.
#[test]
fn what_joins_the_cell_before_the_cursor_joins_it_whatever_came_between() {
    let texts = [
        "👍🏽|",
        "🇩🇪🇫🇷|",
        "👩‍👩‍👧|",
        "e\u{301}\u{323}|",
        "❤\u{fe0f}|",
        "1\u{fe0f}\u{20e3}|",
        "ក្ខ|",
        "각|",
    ];
    for text in texts {
        for idle in IDLE {
            let mut split = terminal(20, 2);
            feed(&mut split, format!("    {}", text.replace('|', "")));
            let mut pieces = terminal(20, 2);
            feed(&mut pieces, "    ");
            for c in text.chars().filter(|c| *c != '|') {
                feed(&mut pieces, format!("{c}{idle}"));
            }
            feed(&mut split, "|");
            feed(&mut pieces, "\x1b[m|");
            let look = |terminal: &Terminal| {
                let row = terminal.row(0);
                (row.text(), row.runs.iter().map(Run::cols).sum::<usize>(), terminal.cursor().x)
            };
            assert_eq!(look(&pieces), look(&split), "{text} with {idle:?} between");
        }
    }
    check(8, 1, "🇩\x1b[1;5Hx\x1b[1;2H🇪y", "🇩🇪y x");
    check(4, 2, "abc👍\x1b[m🏽\x1b[2;1H", "abc|👍🏽");
}

/// screen and tmux take ESC k for a title, and programs written for them send it.
#[test]
fn a_title_for_screen_is_no_text() {
    for (bytes, title) in
        [("\x1bkname\x1b\\X", "name"), ("\x1bk~/a b\u{9c}X", "~/a b"), ("\x1bk\x1b\\X", "")]
    {
        for chunk in [1, 2, 100] {
            let mut terminal = terminal(20, 1);
            let events: Vec<_> =
                bytes.as_bytes().chunks(chunk).flat_map(|part| feed(&mut terminal, part)).collect();
            assert_eq!(terminal.row(0).text(), "X", "{bytes:?}");
            assert_eq!(events, [TermEvent::Title(title.to_owned())], "{bytes:?}");
        }
    }
    check(20, 1, "a\x1bkname\x18b", "ab");
}

#[test]
fn a_saved_cursor_comes_back_where_it_was_also_within_other_margins() {
    let at = |bytes: &str| {
        let mut terminal = terminal(20, 8);
        feed(&mut terminal, bytes);
        (terminal.cursor().x, terminal.cursor().y)
    };
    for (bytes, place) in [
        ("\x1b[?6h\x1b7\x1b[2;5r\x1b[?69h\x1b[3;9s\x1b8", (0, 0)),
        ("\x1b7\x1b[?6h\x1b[2;5r\x1b8", (0, 0)),
        ("\x1b[2;5r\x1b[?6h\x1b[2;2H\x1b7\x1b[r\x1b8", (1, 2)),
        ("\x1b[?6h\x1b[7;3H\x1b7\x1b[2;5r\x1b8", (2, 4)),
        ("\x1b[7;3H\x1b7\x1b[2;5r\x1b[?6h\x1b8", (2, 6)),
    ] {
        assert_eq!(at(bytes), place, "{bytes:?}");
    }
    assert_eq!(replies(20, 8, "\x1b[?6h\x1b7\x1b[?6l\x1b8\x1b[?6$p"), "\x1b[?6;1$y");
}

#[test]
fn colours_are_told_as_they_were_given() {
    for (given, told) in [
        ("rgb:1000/4E00/8B00", "rgb:1000/4e00/8b00"),
        ("rgb:12/34/56", "rgb:1212/3434/5656"),
        ("#123456789abc", "rgb:1234/5678/9abc"),
        ("#123456", "rgb:1212/3434/5656"),
    ] {
        for number in ["10", "11", "12", "13", "4;7", "5;1"] {
            assert_eq!(
                replies(20, 2, &format!("\x1b]{number};{given}\x07\x1b]{number};?\x07")),
                format!("\x1b]{number};{told}\x07"),
            );
        }
    }
    // A later colour has no byte of an earlier one, and pushed colours come back whole.
    let exact = "\x1b]11;rgb:1000/4E00/8B00\x07";
    assert_eq!(
        replies(20, 2, &format!("{exact}\x1b]11;rgb:10/4E/8B\x07\x1b]11;?\x07")),
        "\x1b]11;rgb:1010/4e4e/8b8b\x07"
    );
    assert_eq!(
        replies(20, 2, &format!("{exact}\x1b[#P\x1b]111\x07\x1b[#Q\x1b]11;?\x07")),
        "\x1b]11;rgb:1000/4e00/8b00\x07"
    );
}

#[test]
fn text_below_the_cursor_is_there_again_when_a_lower_screen_grows() {
    let rows = |terminal: &Terminal| -> Vec<String> {
        (0..terminal.size().rows).map(|y| terminal.row(y).text()).collect()
    };
    let filled = |place: &str| {
        let mut terminal = terminal(10, 8);
        let text: Vec<String> = (0..12).map(|n| format!("line {n}")).collect();
        feed(&mut terminal, text.join("\r\n") + place);
        terminal
    };
    let resize = |terminal: &mut Terminal, cols: u16, rows: u16| {
        terminal.resize(Size::new(cols, rows), &mut Vec::new());
    };
    for place in ["", "\x1b[H", "\x1b[5;3H", "\x1b[8;1H"] {
        let mut terminal = filled(place);
        let (before, cursor) = (rows(&terminal), terminal.cursor());
        for steps in [&[(10, 3), (10, 8)][..], &[(10, 5), (10, 1), (10, 4), (10, 8)]] {
            for (cols, rows) in steps {
                resize(&mut terminal, *cols, *rows);
            }
            assert_eq!((rows(&terminal), terminal.cursor()), (before.clone(), cursor), "{place:?}");
        }
        resize(&mut terminal, 4, 2);
        resize(&mut terminal, 10, 8);
        let all = terminal.text(-100..8);
        assert!((0..12).all(|n| all.contains(&format!("line {n}"))), "{place:?}: {all}");
    }
    // What a program erases or scrolls meanwhile is gone.
    for (bytes, last) in [("\x1b[J", "line 4"), ("\x1b[2J", ""), ("\x1b[3;1H\r\nnew", "new")] {
        let mut terminal = filled("\x1b[1;7H");
        resize(&mut terminal, 10, 3);
        feed(&mut terminal, bytes);
        resize(&mut terminal, 10, 8);
        let shown = rows(&terminal).into_iter().rfind(|row| !row.is_empty()).unwrap_or_default();
        assert_eq!(shown, last, "{bytes:?}");
    }
}

#[test]
fn the_parts_of_a_notice_are_one() {
    let notices = |bytes: &str| -> Vec<(String, String, bool)> {
        let told = feed(&mut terminal(20, 2), bytes).into_iter();
        told.filter_map(|event| match event {
            TermEvent::Notify(notice) => Some((notice.title, notice.body, notice.urgent)),
            _ => None,
        })
        .collect()
    };
    let notice =
        |title: &str, body: &str, urgent| vec![(title.to_owned(), body.to_owned(), urgent)];
    for (bytes, expected) in [
        (
            "\x1b]99;i=1:d=0;Hello\x1b\\\x1b]99;i=1:p=body;World\x1b\\",
            notice("Hello", "World", false),
        ),
        (
            "\x1b]99;i=1:d=0:u=2;He\x07\x1b]99;i=1:d=0;llo\x07x\
             \x1b]99;i=1:d=1:p=body:e=1;V29ybGQ=\x07",
            notice("Hello", "World", true),
        ),
        ("\x1b]99;i=1:d=0;a\x07\x1b]99;i=1:p=icon;x\x07", notice("a", "", false)),
        ("\x1b]99;i=1:d=0;a\x07\x1b]99;i=2;b\x07", notice("b", "", false)),
        ("\x1b]99;;alone\x07", notice("alone", "", false)),
        ("\x1b]99;i=1:d=0;a\x07", Vec::new()),
        ("\x1b]99;i=1:p=?;\x07", Vec::new()),
    ] {
        assert_eq!(notices(bytes), expected, "{bytes:?}");
    }
}

/// The second half of a family was joined to the flag before it when its first half had no room.
#[test]
fn what_goes_on_with_a_character_without_room_is_no_part_of_the_one_before() {
    check(3, 2, "\x1b[?2027h\x1b[?7l🇩🇪\u{1161}각", "🇩🇪\u{1161}");
    check(3, 2, "\x1b[?2027h\x1b[?7l🇩🇪👩\u{200d}👧", "🇩🇪");
    check(5, 2, "\x1b[?2027h\x1b[?7l🇩🇪👩\u{200d}👧", "🇩🇪👩\u{200d}👧");
}

#[test]
fn erasing_and_editing() {
    check(6, 1, "abcdef\x1b[3G\x1b[2P", "abef");
    check(6, 1, "abcdef\x1b[3G\x1b[2@", "ab  cd");
    check(6, 1, "abcdef\x1b[3G\x1b[K", "ab");
    check(6, 1, "abcdef\x1b[3G\x1b[1K", "   def");
    check(6, 3, "a\r\nb\r\nc\x1b[2;3H\x1b[LX", "a|X|b");
    check(6, 3, "a\r\nb\r\nc\x1b[1;1H\x1b[M", "b|c");
    check(6, 3, "a\r\nb\r\nc\x1b[2;3r\x1b[2;1H\x1bM", "a||b");
    check(6, 1, "x\x1b[4b", "xxxxx");
    check(6, 1, "漢字\x1b[2Gx", " x字");
}

#[test]
fn replies_are_those_of_xterm() {
    assert_eq!(replies(80, 24, "\x1b[5n\x1b[3;4H\x1b[6n"), "\x1b[0n\x1b[3;4R");
    assert_eq!(
        replies(80, 24, "\x1b[18t\x1b[?2004$p\x1b[?9999$p"),
        "\x1b[8;24;80t\x1b[?2004;2$y\x1b[?9999;0$y"
    );
    assert_eq!(replies(80, 24, "\x1b[1;31m\x1bP$qm\x1b\\"), "\x1bP1$r0;1;31m\x1b\\");
    assert_eq!(replies(80, 24, "\x1b]11;?\x07"), "\x1b]11;rgb:0000/0000/0000\x07");
    assert_eq!(replies(80, 24, "\x1b]2;touch me\x07\x1b[21t"), "\x1b]l\x1b\\");
}

#[test]
fn history_keeps_rows_and_gives_them_back() {
    let mut terminal = terminal(10, 3);
    for i in 0..1000 {
        feed(&mut terminal, format!("line \x1b[3{}m{i}\x1b[m\r\n", i % 8));
    }
    assert_eq!(terminal.history_rows(), 998);
    assert_eq!(terminal.history_row(0).text(), "line 997");
    assert_eq!(terminal.history_row(997).text(), "line 0");
    assert_eq!(terminal.text(-2..1), "line 996\nline 997\nline 998\n");
    terminal.resize(Size::new(10, 8), &mut Vec::new());
    assert_eq!(terminal.row(0).text(), "line 993");
    assert_eq!(terminal.history_rows(), 993);
}

#[test]
fn a_line_rewraps_and_comes_back() {
    let mut terminal = terminal(10, 4);
    feed(&mut terminal, "abcdefghijklmnopqrstuvwxyz\r\n漢字漢字漢字\r\n$ ");
    let before: Vec<_> = (0..4).map(|y| terminal.row(y)).collect();
    let cursor = terminal.cursor();
    let whole = |t: &Terminal| t.text(-100..100).trim_end().to_owned();
    let text = whole(&terminal);
    for cols in [3, 7, 25, 40, 10] {
        terminal.resize(Size::new(cols, 4), &mut Vec::new());
        assert_eq!(whole(&terminal), text, "at {cols}");
    }
    assert_eq!((0..4).map(|y| terminal.row(y)).collect::<Vec<_>>(), before);
    assert_eq!(terminal.cursor(), cursor);
}

/// DECSCNM was kept and reported, and shown nowhere.
#[test]
fn reverse_video_is_shown() {
    let mut terminal = terminal(8, 2);
    feed(&mut terminal, "a\x1b[7mb\x1b[m\x1b[31mc\x1b[m\x1b[?5h");
    let inverse: Vec<(String, bool)> = terminal
        .row(0)
        .runs
        .iter()
        .map(|run| (run.text.clone(), run.style.attrs.has(Attrs::INVERSE)))
        .collect();
    assert_eq!(
        inverse,
        [("a".into(), true), ("b".into(), false), ("c".into(), false), ("     ".into(), true)]
    );
    assert_eq!(
        terminal.row(1).runs.iter().map(Run::cols).sum::<usize>(),
        8,
        "a blank row is light too"
    );
    assert_eq!(terminal.text(0..2), "abc\n\n");
    feed(&mut terminal, "\x1b[?5l");
    assert!(terminal.row(1).runs.is_empty());
}

#[test]
fn a_terminal_can_change_threads() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let mut terminal = is_send(terminal(5, 1));
    feed(&mut terminal, "ok");
    assert_eq!(terminal.text(0..1), "ok\n");
}
