//! Rows of docs/reference/p0.md that no test of another subject proves: sizes, clicks, colours,
//! links, the clipboard, queries, the environment of new panes, a logout.

use std::fs;
use std::sync::Arc;

use rustix::process::Signal;

use crate::e2e_survive::wait_until;
use crate::harness::{Abide, Screen, World, is_alive, signal};

const SIZE: (u16, u16) = (100, 30);

/// A client in a new session `work` with a shell that is ready.
#[track_caller]
fn working() -> Abide {
    let client = Abide::start(&["new", "work"], SIZE);
    client.expect("ready$");
    client
}

/// Two panes beside each other, `left2` in the left and `right2` in the right one, which has the
/// focus.
#[track_caller]
fn split() -> Abide {
    let client = working();
    client.type_line("echo left$((1+1))");
    client.expect("left2");
    client.press("C-b %");
    client.expect_screen("two prompts", |screen| screen.text().matches("ready$").count() >= 3);
    client.type_line("echo right$((1+1))");
    client.expect("right2");
    client
}

/// The newest paste buffer; empty if there is none.
fn buffer(client: &Abide) -> String {
    let shown = client.cli(&["buffer", "show", "--json"]);
    let text = (shown.code == 0).then(|| shown.json()["text"].as_str().map(str::to_owned));
    text.flatten().unwrap_or_default()
}

/// The column at which `text` stands.
#[track_caller]
fn column(screen: &Screen, text: &str) -> u16 {
    screen.position(text).unwrap_or_else(|| unreachable!("no {text:?}:\n{}", screen.text())).0
}

#[test]
fn every_client_is_drawn_in_its_own_size() {
    let large = working();
    let small = large.another(&["attach", "work"], (60, 15));
    small.expect("ready$");
    let ends_with_status = |screen: &Screen, rows: usize| {
        let shown = screen.rows();
        shown.len() == rows && shown[rows - 1].contains("work")
    };
    large.expect_screen("a status line in row 30", |screen| ends_with_status(screen, 30));
    small.expect_screen("a status line in row 15", |screen| ends_with_status(screen, 15));
    small.resize((80, 20));
    small.expect_screen("a status line in row 20", |screen| ends_with_status(screen, 20));
    large.expect_screen("a status line in row 30", |screen| ends_with_status(screen, 30));
}

#[test]
fn the_size_of_a_shared_pane_is_chosen_by_the_policy() {
    for (policy, from_large, from_small) in
        [("latest", "100", "60"), ("smallest", "60", "60"), ("largest", "100", "100")]
    {
        let world = Arc::new(World::new());
        world.configure(&format!("[session]\nsizing = \"{policy}\"\n"));
        let large = Abide::start_in(&world, &["new", "work"], SIZE);
        large.expect("ready$");
        let small = Abide::start_in(&world, &["attach", "work"], (60, 15));
        small.expect("ready$");
        for (client, cols, word) in [(&small, from_small, "small"), (&large, from_large, "large")] {
            // The size follows who types a moment later.
            client.type_line(&format!(
                "clear; until stty size | grep -q ' {cols}$'; do sleep 0.1; done; echo \
                 {word}$((1+1))"
            ));
            client.expect(&format!("{word}2"));
        }
        let sized = large.cli(&["pane", "ls", "--json"]).ok().stdout;
        assert!(sized.contains(from_large), "{policy}: {sized}");
    }
}

#[test]
fn whoever_attaches_alone_sends_the_others_away() {
    let first = working();
    let second = first.another(&["attach", "work"], SIZE);
    second.expect("ready$");
    let elsewhere = first.another(&["new", "other"], SIZE);
    elsewhere.expect("ready$");
    let third = first.another(&["attach", "work", "--detach-others"], SIZE);
    assert_eq!((first.expect_exit(), second.expect_exit()), (0, 0));
    third.expect("ready$");
    third.type_line("echo alone$((1+1))");
    third.expect("alone2");
    elsewhere.type_line("echo still$((1+1))");
    elsewhere.expect("still2");
    let clients = third.cli(&["client", "ls", "--json"]).ok().json();
    assert_eq!(clients.as_array().map(Vec::len), Some(2), "{clients}");
}

#[test]
fn one_pane_fills_the_tab_and_goes_back_to_its_place() {
    let client = split();
    let beside = column(&client.screen(), "right2");
    assert!(49 <= beside, "it is in column {beside}");
    client.press("C-b z");
    let zoomed = client.expect_screen("the right pane alone", |screen| {
        screen.position("right2").is_some_and(|(x, _)| x == 0) && !screen.shows("left2")
    });
    assert!(!zoomed.rows().iter().any(|row| row.contains('│')), "{}", zoomed.text());
    client.type_line("stty size");
    client.expect(" 100");
    client.press("C-b z");
    client.expect_screen("both panes", |screen| {
        screen.position("right2").is_some_and(|(x, _)| x == beside) && screen.shows("left2")
    });
}

#[test]
fn arrows_go_to_the_neighbour_and_a_key_goes_to_the_pane_before() {
    let client = split();
    client.press("C-b \"");
    client.expect_screen("three panes", |screen| screen.text().matches("ready$").count() >= 5);
    let typed_at = |keys: &str, word: &str| {
        client.press(keys);
        client.type_line(&format!("echo {word}$((1+1))"));
        let screen = client.expect(&format!("{word}2"));
        screen.position(&format!("{word}2")).expect("it was there")
    };
    let above = typed_at("C-b Up", "up");
    let below = typed_at("C-b Down", "down");
    assert!(49 <= below.0 && 49 <= above.0 && above.1 < below.1, "{below:?} {above:?}");
    let around = typed_at("C-b Down", "around");
    assert!(around.1 < below.1, "below the lowest pane is the highest: {around:?}");
    let left = typed_at("C-b Left", "west");
    assert!(left.0 < 49, "{left:?}");
    let last = typed_at("C-b ;", "back");
    assert!(49 <= last.0 && last.1 < below.1, "{last:?}");
    let again = typed_at("C-b ;", "forth");
    assert!(again.0 < 49, "{again:?}");
}

#[test]
fn two_clicks_select_a_word_and_three_a_line() {
    let client = working();
    client.type_line("echo one-word and another; echo end$((1+1))end");
    let screen = client.expect("end2end");
    let rows = screen.rows();
    let row = rows.iter().position(|row| row == "one-word and another").expect("it is shown");
    let row = u16::try_from(row).expect("a screen is small");
    client.click((15, row));
    client.click((15, row));
    wait_until("the word is copied", || buffer(&client) == "another");
    // A click elsewhere begins a new count.
    client.click((40, 0));
    for _ in 0..3 {
        client.click((3, row));
    }
    wait_until("the line is copied", || buffer(&client).trim_end() == "one-word and another");
}

#[test]
fn colours_of_24_bits_reach_the_outer_terminal_as_they_are() {
    let script = "printf '\\033[38;2;1;200;3mfore\\033[m \\033[48;2;250;128;7mback\\033[m \
                  \\033[38:2::9:8:7mcolons\\033[m'; read line";
    let client = Abide::start(&["new", "p", "--", "sh", "-c", script], SIZE);
    let screen = client.expect("colons");
    assert_eq!(screen.cell_of("fore").fgcolor(), vt100::Color::Rgb(1, 200, 3));
    assert_eq!(screen.cell_of("back").bgcolor(), vt100::Color::Rgb(250, 128, 7));
    assert_eq!(screen.cell_of("colons").fgcolor(), vt100::Color::Rgb(9, 8, 7));
}

#[test]
fn underlines_have_their_shape_and_colour() {
    let script = "printf '\\033[4:3mcurly\\033[m \\033[4:2mdouble\\033[m \
                  \\033[4;58;2;9;8;7mgreen\\033[m plain'; read line";
    let client = Abide::start(&["new", "p", "--", "sh", "-c", script], SIZE);
    let screen = client.expect("plain");
    for word in ["curly", "double", "green"] {
        assert!(screen.cell_of(word).underline(), "{word} has lost its line");
    }
    assert!(!screen.cell_of("plain").underline());
    let kept = client.cli(&["capture", "-t", "p", "--format", "ansi"]).ok().stdout;
    let before = |word: &str| {
        let at = kept.find(word).unwrap_or_else(|| unreachable!("no {word:?} in {kept:?}"));
        kept[..at].rsplit("\u{1b}[").next().unwrap_or_default().to_owned()
    };
    assert!(before("curly").contains("4:3"), "{kept:?}");
    assert!(before("double").contains("4:2") || before("double").contains("21"), "{kept:?}");
    let green = before("green").replace(':', ";").replace(";;", ";");
    assert!(green.contains("58;2;9;8;7"), "{kept:?}");
}

#[test]
fn a_link_a_title_and_a_copied_text_reach_the_outer_terminal() {
    let script = "printf '\\033]8;;https://example.org/a\\033\\\\linked\\033]8;;\\033\\\\ \
                  \\033]2;a title of its own\\007\\033]52;c;aGVsbG8=\\007shown'; read line";
    let client = Abide::start(&["new", "p", "--", "sh", "-c", script], SIZE);
    client.expect("linked shown");
    client.expect_bytes(";https://example.org/a\u{1b}\\");
    client.expect_bytes("\u{1b}]52;c;aGVsbG8=");
    client.expect_bytes("a title of its own");
}

#[test]
fn a_program_that_nobody_looks_at_gets_its_answers() {
    let world = World::new();
    let script = "stty -icanon -echo min 1; printf '\\033[c'; reply=; while c=$(dd bs=1 count=1 \
                  2>/dev/null) && [ \"$c\" != c ]; do reply=$reply$c; done; \
                  printf '\\033[2;5H\\033[6n'; place=; while c=$(dd bs=1 count=1 2>/dev/null) && \
                  [ \"$c\" != R ]; do place=$place$c; done; \
                  printf '%s at %s.\\n' \"$reply\" \"$place\" | tr '\\033' E; cat";
    world.cli(&["new", "-d", "w", "--", "sh", "-c", script]).ok();
    world
        .cli(&["wait", "-t", "w", "--text", r"E\[\?6[0-9;]+ at E\[2;5\.", "--timeout", "20s"])
        .ok();
    assert!(
        world.cli(&["client", "ls", "--json"]).ok().json().as_array().is_some_and(Vec::is_empty)
    );
}

#[test]
fn a_new_pane_has_the_environment_of_who_attached_last() {
    let world = Arc::new(World::new());
    let start = |display: &str, verb: &str| {
        let abide = env!("CARGO_BIN_EXE_abide");
        Abide::spawn(
            &world,
            "/bin/sh",
            &["-c", &format!("DISPLAY={display} exec {abide} {verb}")],
            SIZE,
        )
    };
    let client = start(":1", "new work");
    client.expect("ready$");
    client.press("C-b d");
    client.expect_exit();
    let again = start(":2", "attach work");
    again.expect("ready$");
    again.press("C-b c");
    again.expect("2 bash");
    again.type_line("echo shell on$DISPLAY.");
    again.expect("shell on:2.");
    // No shell and no prompt of ours between the environment of the pane and what is shown.
    again.cli(&["tab", "new", "--", "sh", "-c", "echo tab on$DISPLAY.; cat"]).ok();
    again.expect("tab on:2.");
    again.cli(&["pane", "split", "--down", "--", "sh", "-c", "echo pane on$DISPLAY.; cat"]).ok();
    again.expect("pane on:2.");
}

/// The processes whose session (field 6 of `proc_pid_stat(5)`) is that of `pid`.
fn of_login(pid: i32) -> Vec<i32> {
    let session = |pid: i32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit(')').next()?.split_whitespace().nth(3)?.parse::<i32>().ok()
    };
    let login = session(pid);
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| session(*pid) == login).collect()
}

/// What a logout sends, without the end of a whole scope, which is another row.
#[test]
fn the_end_of_everything_in_the_login_session_ends_nothing_of_abide() {
    let world = Arc::new(World::new());
    let login = Abide::spawn(&world, "/bin/bash", &["-l"], SIZE);
    login.type_line(&format!("{} new work", env!("CARGO_BIN_EXE_abide")));
    login.expect("ready$");
    login.type_line("echo pid=$$. in$((1+1))");
    login.expect("in2");
    let panes = login.cli(&["pane", "ls", "--json"]).ok().json();
    let shell = panes[0]["pid"].as_i64().and_then(|pid| i32::try_from(pid).ok());
    let shell = shell.unwrap_or_else(|| unreachable!("no pid: {panes}"));
    let (server, keeper) = (world.server_pid(), world.keeper_pid());
    let of_login = of_login(login.pid());
    assert!(2 <= of_login.len(), "the shell and the client: {of_login:?}");
    for kind in [Signal::HUP, Signal::TERM, Signal::KILL] {
        for pid in &of_login {
            signal(*pid, kind);
        }
    }
    login.expect_exit();
    wait_until("the login session is empty", || !of_login.iter().any(|pid| is_alive(*pid)));
    assert!([server, keeper, shell].into_iter().all(is_alive), "a logout has ended some of them");
    let back = Abide::start_in(&world, &["attach", "work"], SIZE);
    back.expect("in2");
}

#[test]
fn a_pane_keeps_a_hundred_thousand_lines_unless_told_otherwise() {
    assert_eq!(abide::settings::Settings::default().scrollback.lines, 100_000);
    let world = World::new();
    world.cli(&["new", "-d", "w", "--", "sh", "-c", "seq 100200; echo all; cat"]).ok();
    world.cli(&["wait", "-t", "w", "--text", "(?m)^all$", "--timeout", "40s"]).ok();
    let text = world.cli(&["capture", "-t", "w", "--scrollback"]).ok().stdout;
    let numbers: Vec<u32> = text.lines().filter_map(|line| line.trim().parse().ok()).collect();
    assert_eq!(numbers.last(), Some(&100_200));
    // The rows of the screen may or may not be part of the number.
    assert!((99_950..100_050).contains(&numbers.len()), "{} lines are kept", numbers.len());
}

#[test]
fn a_scrollback_stays_within_its_bytes_and_the_newest_lines_stay() {
    let kept = |config: &str| {
        let world = World::new();
        world.configure(config);
        let script = "awk 'BEGIN { srand(7); for (n = 1; n <= 6000; n++) { line = n; for (at = 0; \
                      at < 10; at++) line = line \" \" int(rand() * 1000000); print line } }'; \
                      echo all; cat";
        world.cli(&["new", "-d", "w", "--", "sh", "-c", script]).ok();
        world.cli(&["wait", "-t", "w", "--text", "(?m)^all$", "--timeout", "40s"]).ok();
        world.cli(&["capture", "-t", "w", "--scrollback"]).ok().stdout
    };
    let whole = kept("");
    let budget = 64 * 1024;
    let bounded = kept(&format!("[scrollback]\nbytes = {budget}\n"));
    assert!(400_000 < whole.len(), "{} bytes without a budget", whole.len());
    // Digits pack to less than half at best; the screen is not part of the budget.
    assert!(
        bounded.len() < 4 * budget && 10_000 < bounded.len(),
        "{} bytes with a budget of {budget}",
        bounded.len()
    );
    assert!(whole.ends_with(bounded.trim_start()), "what is kept is not the newest");
}

#[test]
fn a_new_pane_starts_where_the_program_in_the_foreground_is() {
    let world = World::new();
    world.cli(&["new", "-d", "p", "--", "bash"]).ok();
    let wait = |args: &[&str]| {
        world.cli(&[&["wait", "-t", "p:1.1", "--timeout", "20s"], args].concat()).ok();
    };
    wait(&["--prompt"]);
    world.write("home/real/note", "");
    let line = "cd real; echo $((40+2)); cat";
    world.cli(&["send", "-t", "p:1.1", "--submit", line]).ok();
    wait(&["--text", "^42"]);
    let split = || {
        let pane = world.cli(&["pane", "split", "-t", "p:1.1"]).ok().stdout.trim().to_owned();
        world.cli(&["wait", "-t", &pane, "--prompt", "--timeout", "20s"]).ok();
        world.cli(&["exec", "--in", &pane, "--", "pwd -P"]).ok().stdout.trim().to_owned()
    };
    let real = world.path("home/real").display().to_string();
    assert_eq!(split(), real, "while the line that went there still runs");
    world.cli(&["send", "-t", "p:1.1", "--key", "C-c"]).ok();
    wait(&["--prompt"]);
    assert_eq!(split(), real, "at the prompt after it");
}
