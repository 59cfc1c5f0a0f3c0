//! Programs that take the whole screen, started from a shell in a pane beside another: they draw
//! right, take the mouse, follow a new size, and the shell's screen is as it was when they end. And
//! what the outer terminal is sent for all of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::harness::{Abide, PATIENCE, Screen, World, missing_tool};

const SIZE: (u16, u16) = (120, 30);
const WHEEL_UP: u8 = 64;
const WHEEL_DOWN: u8 = 65;

/// As many numbered lines.
fn rows(count: usize) -> String {
    (1..=count).flat_map(|number| [format!("row-{number:03}"), "\n".to_owned()]).collect()
}

/// A client with two panes side by side; a shell on the left has printed a mark.
#[track_caller]
fn beside(prepare: impl Fn(&World)) -> Abide {
    let world = Arc::new(World::new());
    prepare(&world);
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    client
        .cli(&[
            "pane",
            "split",
            "--right",
            "-d",
            "-l",
            "30",
            "--",
            "sh",
            "-c",
            "echo neighbour; exec cat",
        ])
        .ok();
    client.expect("neighbour");
    client.type_line("echo mark-$((40+2))");
    client.expect("mark-42");
    client
}

/// The shell is back, with what it showed before, and takes the keys; the pane beside was left
/// alone.
#[track_caller]
fn is_back(client: &Abide) {
    client.expect_screen("the shell as it was", |screen| {
        screen.shows("mark-42")
            && screen.shows("neighbour")
            && screen.rows().iter().any(|row| row.starts_with("ready$ "))
    });
    client.type_line("echo again-$((1+1))");
    let screen = client.expect("again-2");
    assert!(
        screen.0.mouse_protocol_mode() != vt100::MouseProtocolMode::AnyMotion,
        "mouse motion is still asked for"
    );
}

/// Turns the wheel over a cell until the screen is as wanted: programs drop what comes too early.
#[track_caller]
fn wheel(
    client: &Abide,
    (button, at): (u8, (u16, u16)),
    what: &str,
    holds: impl Fn(&Screen) -> bool,
) {
    let end = Instant::now() + PATIENCE;
    while !holds(&client.screen()) && Instant::now() < end {
        client.mouse(button, at, 'M');
        client.writes_within(Duration::from_millis(100));
    }
    client.expect_screen(what, holds);
}

/// The text of a row of the left pane.
fn left(screen: &Screen, y: usize) -> String {
    screen
        .rows()
        .get(y)
        .map(|row| row.split('│').next().unwrap_or_default().trim_end().to_owned())
        .unwrap_or_default()
}

#[test]
fn midnight_commander_draws_takes_the_mouse_and_leaves_the_shell_as_it_was() {
    if missing_tool("mc") {
        return;
    }
    let client = beside(|world| {
        for number in 0..60 {
            world.write(&format!("home/files/f{number:02}.txt"), "text");
        }
    });
    client.type_line("cd files; mc --nosubshell --nocolor . ..");
    let screen = client.expect_screen("its keys and files", |screen| {
        screen.shows("10Quit") && screen.shows("f03.txt")
    });
    assert!(screen.shows("neighbour"), "it drew over its neighbour");
    let at = screen.position("f03.txt").expect("it is shown");
    client.expect_screen("mouse reports asked for", |screen| {
        screen.0.mouse_protocol_mode() != vt100::MouseProtocolMode::None
    });
    client.click(at);
    client.expect_screen("the file that was clicked in the mini status", |screen| {
        screen.text().matches("f03.txt").count() >= 2
    });
    wheel(&client, (WHEEL_DOWN, at), "a later file", |screen| screen.shows("f40.txt"));
    client.resize((100, 24));
    client.expect_screen("its keys in the new last row", |screen| {
        left(screen, 22).contains("10Quit")
    });
    client.resize(SIZE);
    let screen = client.expect_screen("its keys in the old last row", |screen| {
        left(screen, 28).contains("10Quit")
    });
    client.click(screen.position("Quit").expect("it is shown"));
    client.expect_without("10Quit");
    is_back(&client);
}

#[test]
fn fzf_filters_is_clicked_and_leaves_its_choice() {
    if missing_tool("fzf") {
        return;
    }
    let client = beside(|_| ());
    client.type_line("seq -f 'item-%g.' 1000 | fzf --exact > picked; echo picked: $(cat picked)");
    client.expect("1000/1000");
    client.type_text("77");
    client.expect_screen("what fits", |screen| screen.shows("19/1000") && !screen.shows("item-1."));
    let screen = client.expect("item-177.");
    let at = screen.position("item-177.").expect("it is shown");
    client.click(at);
    client.expect_screen("the item that was clicked", |screen| {
        screen.rows().iter().any(|row| row.starts_with("> item-177."))
    });
    wheel(&client, (WHEEL_UP, at), "a later item", |screen| {
        screen.rows().iter().any(|row| row.starts_with("> item-577."))
    });
    client.resize((90, 20));
    client.expect_screen("its line in the new last row", |screen| {
        left(screen, 18).starts_with("> 77")
    });
    client.press("Enter");
    let screen = client.expect_screen("its choice", |screen| screen.shows("picked: item-"));
    assert!(!screen.shows("/1000"), "what it drew is left:\n{}", screen.text());
    client.resize(SIZE);
    is_back(&client);
}

/// Uses a multiplexer within that shows two panes side by side: `bar` stands at the left of its
/// status line.
fn tour(client: &Abide, bar: &str, is_scrolled: impl Fn(&Screen) -> bool) {
    client.type_line("echo right-$((1+1))");
    client.expect_screen("the right one", |screen| {
        screen.position("right-2").is_some_and(|(x, _)| (40..85).contains(&x))
    });
    client.click((5, 5));
    client.type_line("echo left-$((1+1))");
    client.expect_screen("the left one", |screen| {
        screen.position("left-2").is_some_and(|(x, _)| x < 10)
    });
    client.type_line("clear; seq 200; echo end-$((1+1))");
    client.expect("end-2");
    wheel(client, (WHEEL_UP, (5, 10)), "its own scrollback", is_scrolled);
    client.type_text("q");
    client.resize((100, 22));
    client.expect_screen("its status line in the new last row", |screen| {
        left(screen, 20).contains(bar)
    });
    client.resize(SIZE);
    client.expect_screen("its status line in the old last row", |screen| {
        left(screen, 28).contains(bar)
    });
}

#[test]
fn tmux_inside_splits_is_clicked_resized_and_left() {
    if missing_tool("tmux") {
        return;
    }
    let client = beside(|world| {
        world.write(
            "home/tmux.conf",
            "set -g mouse on\nset -g status-right ''\nset -sg escape-time 0\n",
        );
    });
    client.type_line("TMUX_TMPDIR=$HOME tmux -L inner -f tmux.conf new -s deep");
    client.expect("[deep] 0:");
    client.press("C-b C-b %");
    client.expect_screen("two panes of it", |screen| {
        screen.rows()[3].matches('│').count() >= 2 || screen.rows()[3].matches('x').count() >= 2
    });
    tour(&client, "[deep]", |screen| screen.shows("[") && screen.shows("150"));
    client.type_line("TMUX_TMPDIR=$HOME tmux -L inner kill-server");
    client.expect_without("[deep]");
    is_back(&client);
}

#[test]
fn abide_inside_splits_is_clicked_resized_and_left() {
    let client = beside(|_| ());
    client.type_line(&format!(
        "env -u ABIDE -u ABIDE_PANE -u ABIDE_SESSION {} new inner",
        env!("CARGO_BIN_EXE_abide")
    ));
    client.expect_screen("the inner client", |screen| left(screen, 28).contains(" inner "));
    client.press("C-b C-b %");
    client.expect_screen("two panes of it", |screen| screen.rows()[5].matches('│').count() == 2);
    tour(&client, " inner ", |screen| screen.shows("150") && !screen.shows("end-2"));
    client.press("C-b C-b d");
    client.expect("[detached from inner]");
    is_back(&client);
}

#[test]
fn vim_less_and_htop_scroll_by_wheel_and_leave_the_shell_as_it_was() {
    if missing_tool("vim") || missing_tool("less") || missing_tool("htop") {
        return;
    }
    let client = beside(|world| {
        world.write("home/rows", rows(500));
        world.write("home/vimrc", "set mouse=a ttymouse=sgr nocompatible\n");
    });
    client.type_line("vim -u vimrc -n rows");
    client.expect("row-001");
    wheel(&client, (WHEEL_DOWN, (5, 5)), "later rows in vim", |screen| {
        screen.shows("row-080") && !screen.shows("row-001")
    });
    client.resize((90, 18));
    client
        .insist(":echo 'lines' &lines\r", "the new size in vim", |screen| screen.shows("lines 16"));
    client.resize(SIZE);
    client.type_text(":q\r");
    is_back(&client);
    // It asks for no mouse: the wheel is arrow keys for it.
    client.type_line("less rows");
    client.expect("row-001");
    wheel(&client, (WHEEL_DOWN, (5, 5)), "later rows in less", |screen| {
        screen.shows("row-080") && !screen.shows("row-001")
    });
    client.type_text("q");
    is_back(&client);
    client.type_line("htop -d 20");
    let screen = client.expect("F10Quit");
    assert!(screen.shows("neighbour"), "it drew over its neighbour");
    client.expect_screen("mouse reports asked for", |screen| {
        screen.0.mouse_protocol_mode() != vt100::MouseProtocolMode::None
    });
    client.click(screen.position("Quit").expect("it is shown"));
    is_back(&client);
}

/// What a screen shows but for the line with the clock.
fn still(screen: &Screen) -> Vec<String> {
    let mut rows = screen.rows();
    rows.pop();
    rows
}

#[test]
fn a_storm_of_200_resizes_in_two_seconds_leaves_a_right_screen() {
    if missing_tool("vim") {
        return;
    }
    let client = beside(|world| world.write("home/rows", rows(90)));
    client.type_line("vim -u NONE -n rows");
    client.expect_screen("vim in its pane", |screen| {
        screen.shows("row-027") && left(screen, 28).contains("rows")
    });
    client.press("C-b *");
    client.expect_screen("a floating pane", |screen| {
        screen.shows("╭─ 3 ") && screen.text().contains("ready$")
    });
    let before = still(&client.screen());
    let begin = Instant::now();
    for step in 0..200_u16 {
        client.resize((20 + (step * 7) % 150, 4 + (step * 3) % 50));
        // The program takes part: it draws in sizes that are over before it has drawn.
        client.writes_within(Duration::from_millis(5));
    }
    let took = begin.elapsed();
    client.resize(SIZE);
    // vim writes its file's name at the start only, so its last row is left out.
    let rows = |rows: &[String]| rows[..rows.len() - 1].to_vec();
    client.expect_screen("the screen from before", |screen| rows(&still(screen)) == rows(&before));
    assert!(took < Duration::from_secs(4), "200 resizes took {took:?}");
    // Who comes now and is sent everything sees the same.
    let fresh = client.another(&["attach", "work"], SIZE);
    fresh.expect_screen("the same", |screen| rows(&still(screen)) == rows(&before));
    assert_eq!(still(&client.screen()), still(&fresh.screen()));
}

/// What a recording (asciicast, version 2) says was written.
fn written(cast: &str) -> String {
    let output = |line: &str| {
        let event: serde_json::Value = serde_json::from_str(line).ok()?;
        (event[1] == "o").then(|| event[2].as_str().map(str::to_owned))?
    };
    cast.lines().skip(1).filter_map(output).collect()
}

#[test]
fn everything_that_is_drawn_is_inside_synchronized_updates() {
    let world = Arc::new(World::new());
    let abide = env!("CARGO_BIN_EXE_abide");
    let outer = Abide::spawn(
        &world,
        abide,
        &["capture", "--record", "run.cast", "--", abide, "new", "work"],
        SIZE,
    );
    outer.expect("ready$");
    outer.type_line("seq 3000; printf '\\033[?1049h\\033[5;5Hfull'; read x; printf '\\033[?1049l'");
    outer.expect("full");
    outer.press("C-b % C-b :");
    outer.expect(" commands ─");
    outer.press("Esc");
    outer.resize((90, 20));
    outer.press("C-b Left Enter");
    outer.expect("3000");
    outer.press("C-b d");
    outer.expect("[detached from work]");
    assert_eq!(outer.expect_exit(), 0);
    let cast = std::fs::read_to_string(world.path("home/run.cast")).expect("it was recorded");
    let text = written(&cast);
    let frames = text.split("\x1b[?2026h").skip(1).collect::<Vec<_>>();
    assert!(5 < frames.len(), "{} frames", frames.len());
    for (at, frame) in frames.iter().enumerate() {
        let (_, after) = frame
            .split_once("\x1b[?2026l")
            .unwrap_or_else(|| unreachable!("frame {at} does not end: {frame:?}"));
        // Nothing that moves the cursor, erases or prints comes between frames; the last is
        // followed by the farewell.
        let is_last = at + 1 == frames.len();
        let draws = after.contains('H') || after.contains('K') || after.contains("ready$");
        assert!(is_last || !draws, "between frames {at} and {}: {after:?}", at + 1);
    }
}
