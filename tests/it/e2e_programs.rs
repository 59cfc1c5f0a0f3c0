//! Real programs inside a pane: what is typed, coloured, resized, clicked and wide arrives as in a
//! terminal of their own.

use crate::harness::{Abide, Screen, missing_tool};

const SIZE: (u16, u16) = (100, 30);

/// A client in a new session that runs `command` in a shell's place.
#[track_caller]
fn running(command: &[&str], prepare: impl Fn(&crate::harness::World)) -> Abide {
    let world = std::sync::Arc::new(crate::harness::World::new());
    prepare(&world);
    Abide::start_in(&world, &[&["new", "p", "--"], command].concat(), SIZE)
}

/// Whether `text` is drawn in another colour than the default one.
fn is_coloured(screen: &Screen, text: &str) -> bool {
    screen.shows(text) && screen.cell_of(text).fgcolor() != vt100::Color::Default
}

/// One line for each number from 1.
fn numbered(count: u32, line: impl Fn(u32) -> String) -> String {
    (1..=count).map(line).collect::<Vec<_>>().concat()
}

#[test]
fn vim_takes_typing_colours_wide_characters_mouse_and_resize() {
    if missing_tool("vim") {
        return;
    }
    let setup = "syntax on\nset mouse=a ttymouse=sgr nocompatible ruler showcmd laststatus=2 \
        encoding=utf-8\n";
    let client =
        running(&["vim", "-u", "vimrc", "-n", "x.c"], |world| world.write("home/vimrc", setup));
    client.expect("x.c");
    client.press("i");
    client.expect("INSERT");
    client.type_text("int main(void) { return 42; } /* 語é */\rsecond");
    escape(&client);
    let screen = client.expect_screen("a coloured \"int\"", |screen| is_coloured(screen, "int"));
    let (wide, _) = screen.position("語").expect("the wide character is shown");
    let (after, _) = screen.position("é").expect("the accent is shown");
    assert_eq!(after - wide, 2, "a wide character takes two columns");
    let (x, y) = screen.position("main").expect("it is shown");
    client.expect_screen("mouse reports asked for", |screen| {
        screen.0.mouse_protocol_mode() != vt100::MouseProtocolMode::None
    });
    client.click((x, y));
    client.expect("1,5");
    client.type_text("cwMAIN");
    client.expect("INSERT");
    escape(&client);
    client.expect("int MAIN(void)");
    client.resize((70, 20));
    client.insist(
        ":echo 'lines' &lines 'columns' &columns\r",
        "the new size inside vim",
        |screen| ["columns 70", "columns 69", "columns 68"].iter().any(|size| screen.shows(size)),
    );
    client.type_text(":w\r");
    client.expect("written");
    let saved = std::fs::read_to_string(client.world().path("home/x.c")).expect("vim has saved it");
    assert_eq!(saved, "int MAIN(void) { return 42; } /* 語é */\nsecond\n");
    client.type_text(":q\r");
    assert_eq!(client.expect_exit(), 0);
}

/// Leaves vim's insert mode.
#[track_caller]
fn escape(client: &Abide) {
    client.press("Esc");
    client.expect_without("INSERT");
}

#[test]
fn escape_and_a_key_right_after_it_are_two_keys() {
    if missing_tool("vim") {
        return;
    }
    let client = running(&["vim", "-u", "NONE", "-n", "fast.txt"], |_| ());
    client.expect("fast.txt");
    client.type_text("ihello\x1b:wq\r");
    assert_eq!(client.expect_exit(), 0, "a quick Escape became Alt");
    let saved =
        std::fs::read_to_string(client.world().path("home/fast.txt")).expect("vim has saved it");
    assert_eq!(saved, "hello\n");
}

#[test]
fn less_pages_searches_colours_and_resizes() {
    if missing_tool("less") {
        return;
    }
    let text =
        numbered(500, |number| format!("\x1b[3{}mrow {number:04}\x1b[m 語 end\n", number % 6 + 1));
    let client = running(&["less", "-R", "long.txt"], |world| world.write("home/long.txt", &text));
    client.expect("row 0001");
    let screen = client.expect("row 0002");
    assert_eq!(screen.cell_of("row 0002").fgcolor(), vt100::Color::Idx(3));
    assert_eq!(screen.position("end").map(|(x, _)| x), screen.position("語").map(|(x, _)| x + 3));
    client.press("Space");
    client.expect_without("row 0001");
    client.press("G");
    client.expect("row 0500");
    client.type_text("?row 0123\r");
    client.expect("row 0123");
    client.resize((60, 12));
    client.expect_screen("the prompt in the new last row", |screen| {
        screen.rows().iter().rposition(|row| row.starts_with(':')) >= Some(8)
    });
    client.insist("g", "the first row", |screen| screen.shows("row 0001"));
    client.expect_without("row 0020");
    client.press("q");
    assert_eq!(client.expect_exit(), 0);
}

#[test]
fn htop_draws_takes_clicks_and_ends() {
    if missing_tool("htop") {
        return;
    }
    let client = running(&["htop", "-d", "20"], |_| ());
    client.expect("PID");
    let screen = client.expect("Quit");
    assert_ne!(
        screen.cell_of("PID").bgcolor(),
        vt100::Color::Default,
        "the header has a background colour"
    );
    client.resize((80, 24));
    client.insist("t", "the tree in the new size", |screen| {
        screen.shows("F5List") && is_last(screen, "Quit")
    });
    client.expect_screen("mouse reports asked for", |screen| {
        screen.0.mouse_protocol_mode() != vt100::MouseProtocolMode::None
    });
    assert_eq!(client.expect_exit_by_click("Quit"), 0);
}

/// Whether `text` stands in one of the last rows of a screen of 24.
fn is_last(screen: &Screen, text: &str) -> bool {
    screen.position(text).is_some_and(|(_, y)| (20..24).contains(&y))
}

#[test]
fn python_takes_lines_history_and_prints_wide_and_coloured_text() {
    if missing_tool("python3") {
        return;
    }
    let client = running(&["python3", "-q"], |_| ());
    client.expect(">>>");
    client.type_line("6 * 7 + 100");
    client.expect("142");
    client.press("Up");
    client.type_line("0");
    client.expect("1042");
    client.type_line("print('\\x1b[38;2;10;200;30mgre' + 'en\\x1b[m', '\\u8a9ee\\u0301' + 'z')");
    let screen = client.expect("green");
    assert_eq!(screen.cell_of("green").fgcolor(), vt100::Color::Rgb(10, 200, 30));
    let screen = client.expect_screen("the wide character", |screen| {
        screen.shows("語e\u{301}z") || screen.shows("語éz")
    });
    let (x, y) = screen.position("語").expect("it is shown");
    assert_eq!(
        screen.0.cell(y, x + 3).map(vt100::Cell::contents),
        Some("z"),
        "a wide and a combined character take three columns"
    );
    client.press("C-d");
    assert_eq!(client.expect_exit(), 0);
}

#[test]
fn a_paste_arrives_whole_and_unindented() {
    let client =
        Abide::start(&["new", "p", "--", "sh", "-c", "stty -echo; echo armed; cat > pasted"], SIZE);
    client.expect("armed");
    let text = numbered(2_000, |number| format!("pasted line {number} 語\r"));
    client.paste(&text);
    client.expect("paste?");
    client.press("y C-d");
    client.expect_exit();
    let saved =
        std::fs::read_to_string(client.world().path("home/pasted")).expect("cat has written it");
    assert_eq!(saved, text.replace('\r', "\n"));
}

#[test]
fn attributes_and_titles_reach_the_outer_terminal() {
    let script = "printf '\\033[1mbold\\033[m \\033[3mitalic\\033[m \\033[4munder\\033[m \
        \\033[7minverse\\033[m \\033[48;5;200mpink\\033[m\\007'; read line";
    let client = Abide::start(&["new", "p", "--", "sh", "-c", script], SIZE);
    let screen = client.expect("pink");
    assert!(screen.cell_of("bold").bold() && !screen.cell_of("italic").bold());
    assert!(
        screen.cell_of("italic").italic()
            && screen.cell_of("under").underline()
            && screen.cell_of("inverse").inverse()
    );
    assert_eq!(screen.cell_of("pink").bgcolor(), vt100::Color::Idx(200));
}
