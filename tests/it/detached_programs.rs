//! Programs that a user detached on purpose outlive their pane (`pane.spare_detached`), and end
//! with their session, a stop, or the server. Each writes its process id into a file, so that
//! nobody is looked for by what it says of itself.

use std::fs;

use crate::harness::{World, is_alive};
use crate::procs_life::eventually;

/// The ways in which programs are detached, from a shell with and without job control. `ROLL` is
/// the file for the process id.
const WAYS: [&str; 5] = [
    "setsid -f sh -c 'echo $$ >> ROLL; exec sleep 1000'",
    "nohup setsid sh -c 'echo $$ >> ROLL; exec sleep 1000' >/dev/null 2>&1 &",
    "(setsid sh -c 'echo $$ >> ROLL; exec sleep 1000' </dev/null >/dev/null 2>&1 &)",
    "env -i PATH=/usr/bin:/bin setsid -f sh -c 'echo $$ >> ROLL; exec sleep 1000'",
    "setsid -f sh -c 'echo $$ >> ROLL; sleep 1000 & echo $! >> ROLL; wait'",
];

/// A world whose panes run bash, and where those are that it has detached.
struct Field {
    world: World,
}

impl Field {
    fn new(options: &str, cgroup: &str) -> Self {
        let world = World::new();
        world.configure(&format!("[pane]\ngrace_ms = 300\n{options}"));
        let switch = format!("ABIDE_CGROUP={cgroup}");
        let abide = env!("CARGO_BIN_EXE_abide");
        world.run("/usr/bin/env", &[&switch, abide, "new", "-d", "w"], b"").ok();
        Self { world }
    }

    /// Runs lines in a new pane of a session, waits until all wrote that they are there, and gives
    /// the pane and who they are.
    fn detach(&self, session: &str, ways: &[&str]) -> (String, Vec<i32>) {
        let roll = self.world.path("tmp/roll");
        drop(fs::remove_file(&roll));
        let made =
            self.world.cli(&["tab", "new", "-t", session, "--json", "--", "bash"]).ok().json();
        let pane = made["pane"].as_str().expect("it has one").to_owned();
        for way in ways {
            let line = way.replace("ROLL", &roll.display().to_string());
            self.world.cli(&["send", "-t", &pane, "--submit", &line]).ok();
        }
        let pids = || -> Vec<i32> {
            let text = fs::read_to_string(&roll).unwrap_or_default();
            text.lines().filter_map(|line| line.parse().ok()).collect()
        };
        let count: usize = ways.iter().map(|way| way.matches("ROLL").count()).sum();
        eventually("all are there", || pids().len() == count);
        (pane, pids())
    }

    #[track_caller]
    fn assert_alive(&self, pids: &[i32]) {
        assert!(pids.iter().all(|pid| is_alive(*pid)), "{pids:?}: {}", self.world.logs());
    }
}

fn gone(pids: &[i32]) -> impl Fn() -> bool {
    move || pids.iter().all(|pid| !is_alive(*pid))
}

#[test]
fn programs_with_a_session_of_their_own_outlive_their_pane_and_end_with_their_session() {
    for cgroup in ["", "off"] {
        let field = Field::new("", cgroup);
        let world = &field.world;
        world.cli(&["new", "-d", "own"]).ok();
        let mut all = Vec::new();
        for close in [&["pane", "close", "--now", "-t"][..], &["kill-pane", "-t"]] {
            let (pane, pids) = field.detach("own", &WAYS);
            world.cli(&[close, &[&pane]].concat()).ok();
            eventually("the pane is gone", || world.cli(&["capture", "-t", &pane]).code == 4);
            field.assert_alive(&pids);
            let listed = world.cli(&["ps", "-t", "own", "--json"]).ok().json();
            let mut listed = listed.as_array().expect("a list").iter();
            assert!(listed.any(|item| item["pid"] == pids[0]), "it is of the session");
            all.extend(pids);
        }
        let (pane, pids) = field.detach("own", &WAYS);
        world.cli(&["send", "-t", &pane, "--submit", "exit"]).ok();
        eventually("the shell has left", || world.cli(&["capture", "-t", &pane]).code == 4);
        all.extend(pids);
        field.assert_alive(&all);
        world.cli(&["kill", "own"]).ok();
        assert!(gone(&all)(), "the kill of a session is answered when they have ended");
    }
}

#[test]
fn who_outlives_a_pane_is_found_at_the_end_of_its_session_also_after_kills_of_server_and_keeper() {
    for is_keeper in [false, true] {
        let field = Field::new("", "off");
        field.world.cli(&["new", "-d", "own"]).ok();
        let (pane, pids) = field.detach("own", &WAYS[..3]);
        field.world.cli(&["pane", "close", "--now", "-t", &pane]).ok();
        let _ended = if is_keeper { field.world.kill_keeper() } else { field.world.kill_server() };
        field.assert_alive(&pids);
        eventually("the session is killed", || field.world.cli(&["kill", "own"]).code == 0);
        eventually("they have ended", gone(&pids));
    }
}

#[test]
fn who_outlives_a_pane_ends_with_the_server_with_a_stop_and_with_the_last_session_does_not() {
    let field = Field::new("", "off");
    let world = &field.world;
    world.cli(&["new", "-d", "own", "--", "sleep", "1000"]).ok();
    let (pane, pids) = field.detach("own", &WAYS);
    world.cli(&["pane", "close", "--now", "-t", &pane]).ok();
    world.cli(&["pane", "close", "--now", "-t", "own"]).ok();
    eventually("the session is gone", || world.cli(&["capture", "-t", "own"]).code == 4);
    field.assert_alive(&pids);
    world.cli(&["stop", &pids[0].to_string()]).ok();
    assert!(!is_alive(pids[0]));
    field.assert_alive(&pids[1..]);
    let (pane, stopped) = field.detach("w", &WAYS);
    world.cli(&["stop", &pane]).ok();
    assert!(gone(&stopped)(), "a stop ends all");
    world.cli(&["server", "stop"]).ok();
    eventually("they have ended with the server", gone(&pids));
}

#[test]
fn without_the_option_all_ends_with_the_pane_and_what_is_not_detached_always_does() {
    let field = Field::new("spare_detached = false\n", "off");
    let (pane, pids) = field.detach("w", &WAYS);
    field.world.cli(&["pane", "close", "--now", "-t", &pane]).ok();
    assert!(gone(&pids)(), "all have ended");
    let field = Field::new("", "off");
    let attached = [
        "nohup sh -c 'echo $$ >> ROLL; exec sleep 1000' >/dev/null 2>&1 & disown",
        "script -qc 'trap \"\" HUP TERM; echo $$ >> ROLL; while :; do sleep 0.1; done' /dev/null \
     </dev/null >/dev/null 2>&1 &",
    ];
    let (pane, pids) = field.detach("w", &attached);
    field.world.cli(&["pane", "close", "--now", "-t", &pane]).ok();
    assert!(gone(&pids)(), "a job in the background and what has a terminal of its own have ended");
}

#[test]
fn closing_by_key_spares_after_the_time_for_undo() {
    let field = Field::new("undo_ms = 50\n", "off");
    let (pane, pids) = field.detach("w", &WAYS[..2]);
    field.world.cli(&["pane", "close", "-t", &pane]).ok();
    eventually("the pane is gone", || field.world.cli(&["capture", "-t", &pane]).code == 4);
    eventually("its shell has ended", || {
        let ps = field.world.cli(&["ps", "--json"]).ok().json();
        !ps.as_array().expect("a list").iter().any(|item| item["pane"] == pane.as_str())
    });
    field.assert_alive(&pids);
}
