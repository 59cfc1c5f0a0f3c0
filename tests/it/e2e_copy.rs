//! Copy mode end to end: scrolling, searching, selecting and pasting, each client for itself, while
//! output goes on.

use std::sync::Arc;
use std::time::Instant;

use crate::harness::{Abide, PATIENCE, World};

const SIZE: (u16, u16) = (80, 24);

/// A client in a new session with a shell that is ready, keys of vi.
#[track_caller]
fn working() -> Abide {
    let world = Arc::new(World::new());
    world.configure("[copy]\nkeys = \"vi\"\n");
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    client
}

/// Waits until something holds that no screen shows.
#[track_caller]
fn eventually(client: &Abide, what: &str, holds: impl Fn(&Abide) -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds(client) {
        assert!(Instant::now() < end, "{what} did not come\n{}", client.screen().text());
    }
}

/// The newest buffer.
#[track_caller]
fn buffer(client: &Abide) -> String {
    let shown = client.cli(&["buffer", "show", "--json"]);
    if shown.code == 0 {
        shown.json()["text"].as_str().expect("a text").to_owned()
    } else {
        String::new()
    }
}

#[test]
fn two_clients_scroll_and_search_each_for_itself() {
    let left = working();
    left.type_line("seq 1 2000; echo all$((1+1))done");
    left.expect("all2done");
    let right = left.another(&["attach", "work"], SIZE);
    right.expect("all2done");
    left.press("C-b [ C-b C-b");
    left.expect("[20/");
    left.press("g");
    left.expect_screen("the oldest row", |screen| {
        screen.rows().iter().any(|row| row.starts_with("ready$ seq 1 2000"))
    });
    assert!(right.screen().shows("all2done"), "the other client was taken along");
    right.press("C-b [ ? 1 2 3 4 Enter");
    right.expect("[1/1]");
    right.expect_screen("the match", |screen| screen.rows().iter().any(|row| row == "1234"));
    assert!(
        left.screen().shows("ready$ seq 1 2000"),
        "the first client was moved by the search of the second"
    );
    left.press("q");
    left.expect("all2done");
    assert!(right.screen().shows("1234"));
}

#[test]
fn what_is_looked_at_stays_while_output_flows() {
    let client = working();
    client.type_line(
        "seq 1 500; echo here$((1+1))now; read x; yes flood | head -n 300000; \
         echo flood$((1+1))over",
    );
    client.expect("here2now");
    client.press("C-b [ ? h e r e 2 n Enter C-y C-y C-y");
    let before = client.expect_screen("scrolled back", |screen| screen.shows("[3/")).rows();
    client.cli(&["send", "--key", "Enter"]).ok();
    client.cli(&["wait", "--text", "flood2over", "--timeout", "60s"]).ok();
    let after = client.screen().rows();
    let body = |rows: &[String]| rows[2..20].to_vec();
    assert_eq!(body(&before), body(&after), "output moved what was looked at");
    client.press("q");
    client.expect("flood2over");
}

#[test]
fn a_wrapped_line_is_copied_as_one_and_pasted_back() {
    let client = working();
    client.type_line("printf 'start-%s-end\\n' $(printf '%0.sx' $(seq 150))");
    client.expect_screen("the whole line", |screen| {
        screen.rows().iter().any(|row| row.ends_with("xx-end"))
    });
    client.press("C-b [ ? s t a r t - x Enter V y");
    client.expect("copied 1");
    let line = format!("start-{}-end\n", "x".repeat(150));
    eventually(&client, "the buffer", |client| buffer(client) == line);
    client.type_line("cat");
    client.press("C-b ]");
    client.expect_screen("the pasted line and its echo", |screen| {
        screen.text().matches("-end").count() >= 3
    });
}

#[test]
fn wide_characters_and_blocks_are_copied_right() {
    let client = working();
    client.type_line("printf 'one 漢字 two\\nabcd efgh\\nijkl mnop\\n'; echo ok$((1+1))ok");
    client.expect("ok2ok");
    client.press("C-b [ ? 漢 Enter v l l y");
    eventually(&client, "wide characters", |client| buffer(client) == "漢字 ");
    client.press("C-b [ ? e f g h Enter C-v l l j y");
    eventually(&client, "a block", |client| buffer(client) == "efg\nmno");
    let listed = client.cli(&["list-buffers"]).ok().stdout;
    assert!(listed.contains("buffer0") && listed.contains("buffer1"), "{listed}");
    client.cli(&["delete-buffer"]).ok();
    assert_eq!(buffer(&client), "漢字 ");
}

#[test]
fn the_mouse_selects_and_the_wheel_scrolls() {
    let client = working();
    client.type_line("seq 1 200; echo pick-this-word; echo end$((1+1))end");
    let screen = client.expect("end2end");
    let row = screen.rows().iter().position(|row| row == "pick-this-word").expect("it is shown");
    let row = u16::try_from(row).expect("small");
    client.mouse(0, (5, row), 'M');
    client.mouse(32, (8, row), 'M');
    client.mouse(0, (8, row), 'm');
    eventually(&client, "the dragged text", |client| buffer(client) == "this");
    client.mouse(64, (3, row), 'M');
    client.expect("[3/");
    client.mouse(65, (3, row), 'M');
    client.expect_without("[3/");
}

#[test]
fn hints_copy_what_their_label_says() {
    let client = working();
    client.type_line("clear; echo see https://example.org/a/b now");
    client.expect_screen("the address alone", |screen| {
        screen.rows().iter().any(|row| row == "see https://example.org/a/b now")
    });
    client.press("C-b v");
    client.expect_without("https://example.org/a/b");
    client.press("a");
    eventually(&client, "the address", |client| buffer(client) == "https://example.org/a/b");
}

#[test]
fn the_output_of_the_last_command_is_copied() {
    let client = working();
    client.type_line(r"PS1='\[\e]133;A\a\]mark$ \[\e]133;B\a\]'; PS0='\e]133;C\a'");
    client.expect("mark$");
    client.type_line("printf 'alpha\\nbeta\\n'");
    client.expect("beta");
    eventually(&client, "the shell is back", |client| {
        client.cli(&["pane", "output"]).stdout == "alpha\nbeta\n"
    });
    client.press("C-b y");
    eventually(&client, "the output", |client| buffer(client) == "alpha\nbeta\n");
    client.press("C-b [ [ o y");
    eventually(&client, "the same by hand", |client| {
        client.cli(&["buffer", "ls"]).stdout.contains("buffer1")
    });
}

#[test]
fn the_scrollback_opens_in_the_editor_and_leaves_no_file() {
    let world = Arc::new(World::new());
    world.write(
        "home/edit",
        "#!/bin/sh\necho edited: $(grep -c needle \"$1\") $(stat -c %a \"$1\") >\"$HOME/seen\"\n",
    );
    world.run("/bin/chmod", &["+x", &world.path("home/edit").to_string_lossy()], b"").ok();
    let client = Abide::start_in(
        &world,
        &["new", "work", "-e", &format!("EDITOR={}", world.path("home/edit").display())],
        SIZE,
    );
    client.expect("ready$");
    client.type_line("for n in $(seq 100); do echo needle$((n)); done");
    client.expect("needle100");
    client.press("C-b e");
    let seen = || std::fs::read_to_string(world.path("home/seen")).unwrap_or_default();
    eventually(&client, "the editor saw it", |_| {
        seen().starts_with("edited: 101 600") || seen().starts_with("edited: 100 600")
    });
    let left = || {
        let out = world.run(
            "/usr/bin/find",
            &[&world.path("").to_string_lossy(), "-name", "scrollback.*"],
            b"",
        );
        out.stdout
    };
    eventually(&client, "the file is removed", |_| left().is_empty());
}

#[test]
fn every_pane_is_searched_and_the_match_is_gone_to() {
    let client = working();
    client.type_line(
        "for n in $(seq 100); do echo hay$((n)); done; echo deep$((1+1))needle; seq 100",
    );
    client.expect_screen("the last line", |screen| screen.rows().iter().any(|row| row == "100"));
    client.press("C-b c");
    client.expect_without("hay");
    client.expect("ready$");
    client.press("C-b F");
    client.expect("search every pane");
    client.press("d e e p 2 n Enter");
    client.expect("deep2needle");
    client.press("Enter");
    client.expect("[1/1]");
    client.expect("hay100");
}

#[test]
fn buffers_are_saved_loaded_and_chosen() {
    let client = working();
    client.cli(&["set-buffer", "-b", "mine", "some text"]).ok();
    let path = client.world().path("tmp/text").to_string_lossy().into_owned();
    client.cli(&["save-buffer", "-b", "mine", &path]).ok();
    assert_eq!(std::fs::read_to_string(&path).expect("it was written"), "some text");
    client.cli(&["load-buffer", &path]).ok();
    client.cli(&["buffer", "set", "--append", " more"]).ok();
    assert_eq!(buffer(&client), "some text more");
    client.press("C-b =");
    client.expect("paste a buffer");
    client.press("m i n e Enter");
    client.expect("ready$ some text");
    client.press("C-b -");
    eventually(&client, "the newest is gone", |client| {
        !client.cli(&["buffer", "ls"]).stdout.contains("more")
    });
    client.cli(&["buffer", "show", "none"]).refused(4, &["no buffer \"none\"", "abide buffer ls"]);
}
