//! Scripts: the sessions driven without a terminal, and what each exit status means.

use std::sync::Arc;

use crate::harness::{Abide, Output, World, is_alive};

/// A world with a detached session `w` that runs a shell which is ready.
#[track_caller]
fn scripted() -> World {
    let world = World::new();
    world.cli(&["new", "-d", "w", "--", "bash"]).ok();
    world.cli(&["wait", "-t", "w", "--text", "ready", "--timeout", "20s"]).ok();
    world
}

#[track_caller]
fn wait(world: &World, text: &str) -> Output {
    world.cli(&["wait", "-t", "w", "--text", text, "--timeout", "20s"])
}

#[test]
fn a_script_starts_types_waits_and_reads() {
    let world = scripted();
    world.cli(&["send", "-t", "w", "--submit", "echo hi$((1+1))"]).ok();
    wait(&world, "hi2").ok();
    let shown = world.cli(&["capture", "-t", "w"]).ok().stdout;
    assert!(shown.lines().any(|line| line.trim_end() == "hi2"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "plain text has no escape sequences");
    world.cli(&["kill", "w"]).ok();
    world.cli(&["capture", "-t", "w"]).refused(4, &["w"]);
}

#[test]
fn lists_say_where_programs_are_now_also_of_the_first_pane() {
    let world = scripted();
    let cwd = |world: &World, verb: &[&str]| {
        let words: Vec<&str> = verb.iter().copied().chain(["--json"]).collect();
        world.cli(&words).ok().json()[0]["cwd"].as_str().unwrap_or_default().to_owned()
    };
    assert_ne!(cwd(&world, &["pane", "ls", "-t", "w"]), "");
    world.cli(&["send", "-t", "w", "--submit", "cd /usr/share; echo moved$((1+1))"]).ok();
    wait(&world, "moved2").ok();
    for verb in [&["pane", "ls", "-t", "w"][..], &["tab", "ls", "-t", "w"], &["ls"]] {
        assert_eq!(cwd(&world, verb), "/usr/share", "{verb:?}");
    }
    let table = world.cli(&["pane", "ls", "-t", "w"]).ok().stdout;
    assert!(table.contains("/usr/share"), "{table}");
}

#[test]
fn keys_and_pastes_reach_the_program() {
    let world = scripted();
    world.cli(&["send", "-t", "w", "--submit", "cat -v"]).ok();
    world.cli(&["send", "-t", "w", "--key", "C-a Up x Enter"]).ok();
    wait(&world, r"\^A\^\[\[Ax").ok();
    world.cli(&["send", "-t", "w", "--key", "C-c"]).ok();
    // An interrupt makes the terminal drop what was typed before it is handled.
    wait(&world, r"(?m)^ready\$ *$").ok();
    world
        .cli(&["send", "-t", "w", "--submit", "stty -echo; echo count$((1+1)); wc -c; stty echo"])
        .ok();
    wait(&world, "count2").ok();
    world.cli_with(&["send", "-t", "w", "--paste"], "0123456789\n".repeat(2_000).as_bytes()).ok();
    world.cli(&["send", "-t", "w", "--key", "C-d"]).ok();
    wait(&world, r"\b22000\b").ok();
    world.cli(&["send", "-t", "w", "--text", "echo not-"]).ok();
    world.cli(&["send", "-t", "w", "--submit", "yet"]).ok();
    wait(&world, "(?m)^not-yet").ok();
}

#[test]
fn captures_have_scrollback_lines_colours_and_json() {
    let world = scripted();
    world
        .cli(&[
            "send",
            "-t",
            "w",
            "--submit",
            "seq -f 'row-%g' 200; printf '\\033[31mred\\033[m\\n'; echo done$((1+1))",
        ])
        .ok();
    wait(&world, "done2").ok();
    let screen = world.cli(&["capture", "-t", "w"]).ok().stdout;
    assert!(!screen.contains("row-100\n") && screen.contains("row-200"));
    let all = world.cli(&["capture", "-t", "w", "--scrollback"]).ok().stdout;
    let rows: Vec<_> = all
        .lines()
        .filter_map(|line| line.trim_end().strip_prefix("row-")?.parse::<u32>().ok())
        .collect();
    assert_eq!(rows, (1..=200).collect::<Vec<_>>());
    let ansi = world.cli(&["capture", "-t", "w", "--format", "ansi"]).ok().stdout;
    assert!(ansi.contains("\u{1b}[") && ansi.contains("31"), "{ansi}");
    let json = world.cli(&["capture", "-t", "w", "--format", "json"]).ok().json();
    assert!(json.to_string().contains("row-200"));
}

#[test]
fn exit_statuses_tell_failures_apart() {
    let world = scripted();
    world.cli(&["attach-nothing"]).refused(2, &["attach-nothing"]);
    world.cli(&["send", "-t", "w"]).refused(2, &[]);
    world.cli(&["capture", "-t", "nobody"]).refused(4, &["nobody"]);
    world.cli(&["capture", "-t", "p999999"]).refused(4, &["p999999"]);
    world.cli(&["new", "-d", "x", "--size", "axb"]).refused(2, &["axb"]);
    world
        .cli(&["new", "-n", "x"])
        .refused(2, &["abide: unexpected argument '-n' found\nhint: to pass '-n' as a value"]);
    assert_eq!(
        world.cli(&["wait", "-t", "w", "--text", "never-shown", "--timeout", "200ms"]).code,
        124,
        "a wait that ran out of time"
    );
    world.cli(&["new", "-d", "brief", "--", "sh", "-c", "read line"]).ok();
    world.cli(&["send", "-t", "brief", "--key", "Enter"]).ok();
    let ended =
        world.cli(&["wait", "-t", "brief", "--text", "never-shown", "--timeout", "20s"]).code;
    assert!(matches!(ended, 4 | 5), "the program of the wait ended first, yet: {ended}");
    world.configure("[pane]\nno_such_option = 1\n");
    world.cli(&["config", "check"]).refused(3, &["config.toml:2:1", "no_such_option"]);
}

#[test]
fn a_wait_whose_program_ends_first_says_so() {
    let world = Arc::new(World::new());
    world.cli(&["new", "-d", "w", "--", "sh", "-c", "echo started; read line"]).ok();
    wait(&world, "started").ok();
    let waiting = Abide::start_in(
        &world,
        &["wait", "-t", "w", "--text", "never-shown", "--timeout", "20s"],
        (80, 24),
    );
    world.cli(&["send", "-t", "w", "--key", "Enter"]).ok();
    assert!(matches!(waiting.expect_exit(), 4 | 5), "the session is gone, so is the wait");
}

#[test]
fn waits_for_the_end_of_a_program_and_for_quiet() {
    let world = Arc::new(World::new());
    world.cli(&["new", "-d", "w", "--", "sh", "-c", "echo started; read line"]).ok();
    wait(&world, "started").ok();
    world.cli(&["wait", "-t", "w", "--idle", "100ms", "--timeout", "20s"]).ok();
    let waiting =
        Abide::start_in(&world, &["wait", "-t", "w", "--exit", "--timeout", "20s"], (80, 24));
    assert!(
        !waiting.writes_within(std::time::Duration::from_millis(200)) || is_alive(waiting.pid()),
        "it did not wait"
    );
    world.cli(&["send", "-t", "w", "--key", "Enter"]).ok();
    assert_eq!(waiting.expect_exit(), 0);
}

#[test]
fn without_a_server_there_is_nothing_to_act_on() {
    let world = World::new();
    world.cli(&["capture", "-t", "w"]).refused(4, &[]);
    world.cli(&["attach", "w"]).refused(4, &[]);
    assert!(world.processes().is_empty(), "asking has started something");
}

#[test]
fn lists_are_json_and_ids_stay() {
    let world = scripted();
    let id = world.cli(&["new", "-d", "other", "--", "bash"]).ok().stdout;
    assert!(id.trim().starts_with('s'), "creation prints the id of the session: {id:?}");
    let listed = world.cli(&["ls", "--json"]).ok().json().to_string();
    assert!(
        listed.contains("\"w\"")
            && listed.contains("\"other\"")
            && listed.contains(&format!("\"{}\"", id.trim())),
        "{listed}"
    );
    world.cli(&["rename", "-t", "other", "renamed"]).ok();
    world.cli(&["capture", "-t", id.trim()]).ok();
    world.cli(&["kill", "renamed"]).ok();
    let again = world.cli(&["new", "-d", "other", "--", "bash"]).ok().stdout;
    assert_ne!(again, id, "an id was used twice");
}

#[test]
fn making_a_session_twice_gives_the_same_one() {
    let world = scripted();
    let pids = |world: &World| world.processes().len();
    let before = pids(&world);
    world.cli(&["new", "-A", "-d", "w"]).ok();
    assert_eq!(pids(&world), before, "a second program was started");
}

#[test]
fn words_of_tmux_are_understood() {
    let world = World::new();
    world.cli(&["new-session", "-d", "-s", "w", "bash"]).ok();
    world.cli(&["has-session", "-t", "w"]).ok();
    assert_ne!(world.cli(&["has-session", "-t", "nobody"]).code, 0);
    wait(&world, "ready").ok();
    world.cli(&["send-keys", "-t", "w", "echo hi$((1+1))", "Enter"]).ok();
    wait(&world, "hi2").ok();
    assert!(world.cli(&["capture-pane", "-p", "-t", "w"]).ok().stdout.contains("hi2"));
    assert!(world.cli(&["list-sessions"]).ok().stdout.contains('w'));
    world.cli(&["split-window", "-h", "-t", "w"]).ok();
    world.cli(&["kill-session", "-t", "w"]).ok();
    assert_ne!(world.cli(&["has-session", "-t", "w"]).code, 0);
}

#[test]
fn a_restart_of_the_server_keeps_the_programs() {
    let world = scripted();
    world.cli(&["send", "-t", "w", "--submit", "echo pid=$$."]).ok();
    wait(&world, r"pid=\d+\.").ok();
    let shown = world.cli(&["capture", "-t", "w"]).ok().stdout;
    let (server, keeper) = (world.server_pid(), world.keeper_pid());
    world.cli(&["server", "restart"]).ok();
    assert_ne!(world.server_pid(), server, "it is the same server");
    assert_eq!(
        world.keeper_pid(),
        keeper,
        "the keeper has nothing to do with a restart of the server"
    );
    assert_eq!(world.cli(&["capture", "-t", "w"]).ok().stdout, shown);
    world.cli(&["send", "-t", "w", "--submit", "echo on$((1+1))"]).ok();
    wait(&world, "on2").ok();
}

#[test]
fn stopping_the_server_ends_what_it_kept() {
    let world = scripted();
    assert!(world.processes().len() >= 3, "server, keeper and shell");
    world.cli(&["server", "stop"]).ok();
    for pid in world.processes() {
        assert!(
            crate::harness::gone_within(pid, crate::harness::PATIENCE),
            "{pid} outlives `abide server stop`"
        );
    }
    world.cli(&["server", "status"]).refused(4, &[]);
}

#[test]
fn many_scripts_at_once_each_get_their_answer() {
    let world = scripted();
    let codes: Vec<_> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..12)
            .map(|number| {
                scope.spawn({
                    let world = &world;
                    move || world.cli(&["new", "-d", &format!("many{number}"), "--", "cat"]).code
                })
            })
            .collect();
        calls.into_iter().map(|call| call.join().expect("the call was made")).collect()
    });
    assert_eq!(codes, vec![0; 12]);
    let listed = world.cli(&["ls", "--json"]).ok().stdout;
    assert!((0..12).all(|number| listed.contains(&format!("many{number}"))), "{listed}");
}

#[test]
fn the_first_calls_race_to_one_server() {
    let world = World::new();
    let codes: Vec<_> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..6)
            .map(|number| {
                scope.spawn({
                    let world = &world;
                    move || world.cli(&["new", "-d", &format!("race{number}"), "--", "cat"]).code
                })
            })
            .collect();
        calls.into_iter().map(|call| call.join().expect("the call was made")).collect()
    });
    assert_eq!(codes, vec![0; 6]);
    let listed = world.cli(&["ls", "--json"]).ok().stdout;
    assert!(
        (0..6).all(|number| listed.contains(&format!("race{number}"))),
        "two servers were started: {listed}"
    );
}
