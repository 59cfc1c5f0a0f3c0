//! Planned hand-overs while keeper or server are killed: at every instant two processes hold every
//! terminal, so one death costs no program.

use std::io::Read as _;
use std::process::Stdio;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::e2e_survive::{Dice, wait_until};
use crate::harness::{Abide, World, is_alive, missing_tool, signal};
use crate::procs_life::times;

/// The programs that are there in each round: on terminals and on pipes.
const SESSIONS: [&str; 3] = ["one", "two", "three"];

/// The process that is killed in the middle of a hand-over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Keeper,
    Server,
}

/// An environment with programs on terminals and one on pipes.
struct Stage {
    world: World,
    programs: Vec<i32>,
}

impl Stage {
    fn new() -> Self {
        let world = World::new();
        for session in SESSIONS {
            let script = format!("echo $$ > pid-{session}; exec cat");
            world.cli(&["new", "-d", session, "--", "sh", "-c", &script]).ok();
        }
        world.cli(&["start", "-t", "one", "--", "sh -c 'echo $$ > pid-job; exec sleep 1000'"]).ok();
        let read = |name: &str| {
            let text = std::fs::read_to_string(world.path(&format!("home/pid-{name}"))).ok()?;
            text.trim().parse::<i32>().ok()
        };
        let names = SESSIONS.into_iter().chain(["job"]);
        let programs = names
            .map(|name| {
                wait_until("the program has started", || read(name).is_some());
                read(name).expect("it was there")
            })
            .collect();
        Self { world, programs }
    }

    /// Calls for a hand-over and kills somebody so long after the call; all programs live, and each
    /// still is where it was and takes what is typed.
    #[track_caller]
    fn round(&self, call: &[&str], victim: Victim, after: Duration, number: usize) {
        let pid = match victim {
            Victim::Keeper => self.world.keeper_pid(),
            Victim::Server => self.world.server_pid(),
        };
        let mut caller = self
            .world
            .command(env!("CARGO_BIN_EXE_abide"), call)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let begun = Instant::now();
        // No pause for its own sake: the moment of the kill is what is tried.
        while begun.elapsed() < after {
            thread::yield_now();
        }
        // A server that is replaced by then has ended as it should.
        if let Some(pid) = Pid::from_raw(pid) {
            let _ended_before = kill_process(pid, Signal::KILL).is_err();
        }
        let told = format!("{call:?}, {victim:?} killed {after:?} after it, round {number}");
        let by = Instant::now() + Duration::from_secs(30);
        while caller.try_wait().expect("it is ours").is_none() {
            assert!(Instant::now() < by, "no answer: {told}\n{}", self.world.logs());
            thread::yield_now();
        }
        let mut words = String::new();
        let mut stderr = caller.stderr.take().expect("it is piped");
        stderr.read_to_string(&mut words).expect("it is text");
        for (session, pid) in SESSIONS.iter().zip(&self.programs) {
            let typed = format!("{session}-{number}");
            let sent = self.world.cli(&["send", "-t", session, &typed, "Enter"]);
            assert_eq!(sent.code, 0, "{}: {told}: {words}\n{}", sent.stderr, self.world.logs());
            wait_until(&format!("{session} answers: {told}: {words}"), || {
                assert!(is_alive(*pid), "{session} is lost: {told}\n{}", self.world.logs());
                self.world.cli(&["capture", "-t", session]).ok().stdout.contains(&typed)
            });
        }
        let job = *self.programs.last().expect("there is one");
        assert!(is_alive(job), "the program on pipes is lost: {told}\n{}", self.world.logs());
    }
}

fn rounds(call: &[&str], victim: Victim) {
    let stage = Stage::new();
    let count = times(8, 150);
    for number in 0..count {
        let after = Duration::from_micros((number * 100_000 / count) as u64);
        stage.round(call, victim, after, number);
    }
}

#[test]
fn a_keeper_killed_in_the_first_moments_of_a_restart_costs_no_program() {
    rounds(&["server", "restart"], Victim::Keeper);
}

#[test]
fn a_keeper_killed_in_the_first_moments_of_an_upgrade_costs_no_program() {
    rounds(&["server", "upgrade"], Victim::Keeper);
}

#[test]
fn a_server_killed_in_the_first_moments_of_an_upgrade_costs_no_program() {
    rounds(&["server", "upgrade"], Victim::Server);
}

#[test]
fn a_server_killed_in_the_first_moments_of_a_restart_costs_no_program() {
    rounds(&["server", "restart"], Victim::Server);
}

/// Tells these to end, and waits until keeper and server are gone; nobody takes their place.
#[track_caller]
fn end_by_term(stage: &Stage, told: &[i32]) {
    let roles = [stage.world.keeper_pid(), stage.world.server_pid()];
    for pid in told {
        signal(*pid, Signal::TERM);
    }
    for role in roles {
        wait_until("it ends when it is told to", || !is_alive(role));
    }
    wait_until("programs hear that their terminals are closed", || {
        stage.programs.iter().all(|pid| !is_alive(*pid))
    });
    assert_eq!(stage.world.processes(), [0; 0], "nobody takes their place");
}

#[test]
fn a_keeper_that_is_told_to_end_has_all_saved_and_nothing_is_started_in_its_place() {
    let stage = Stage::new();
    let world = &stage.world;
    world.cli(&["send", "-t", "one", "to be seen again", "Enter"]).ok();
    wait_until("it is shown", || {
        world.cli(&["capture", "-t", "one"]).ok().stdout.matches("to be seen again").count() == 2
    });
    end_by_term(&stage, &[world.keeper_pid()]);
    let sessions = world.cli(&["ls"]).ok().stdout;
    assert!(SESSIONS.iter().all(|session| sessions.contains(session)), "{sessions}");
    let shown = world.cli(&["capture", "-t", "one"]).ok().stdout;
    assert_eq!(shown.matches("to be seen again").count(), 2, "{shown}");
}

#[test]
fn keeper_and_server_that_are_told_to_end_together_end_and_start_nobody() {
    for servers_first in [true, false] {
        let stage = Stage::new();
        let mut roles = [stage.world.keeper_pid(), stage.world.server_pid()];
        if servers_first {
            roles.reverse();
        }
        end_by_term(&stage, &roles);
        let sessions = stage.world.cli(&["ls"]).ok().stdout;
        assert!(SESSIONS.iter().all(|session| sessions.contains(session)), "{sessions}");
    }
}

#[test]
fn a_server_alone_that_is_told_to_end_is_followed_by_another_and_costs_no_program() {
    let stage = Stage::new();
    let before = stage.world.server_pid();
    signal(before, Signal::TERM);
    wait_until("another has taken over", || stage.world.server_pid() != before);
    assert!(stage.programs.iter().all(|pid| is_alive(*pid)), "a program is lost");
}

#[test]
fn a_terminal_that_is_resized_while_the_server_is_away_has_its_size_at_once() {
    let client = Abide::start(&["new", "work"], (80, 24));
    client.expect("ready$");
    let world = client.world();
    let mut dice = Dice::new(7);
    for round in 0..times(15, 300) {
        let cols = 60 + u16::try_from(round % 50).expect("it is small");
        let server = world.server_pid();
        let away_after = Duration::from_micros(dice.below(40_000) as u64);
        let caller = (round % 3 != 0).then(|| {
            let verb = ["restart", "upgrade"][round % 2];
            let mut command = world.command(env!("CARGO_BIN_EXE_abide"), &["server", verb]);
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts")
        });
        if caller.is_none() {
            signal(server, Signal::KILL);
        }
        let begun = Instant::now();
        while begun.elapsed() < away_after {
            thread::yield_now();
        }
        client.resize((cols, 30));
        if let Some(mut caller) = caller {
            caller.wait().expect("it ends");
        }
        wait_until(&format!("round {round}: the pane has {cols} columns"), || {
            let panes = world.cli(&["pane", "ls", "--json"]).ok().json();
            panes[0]["size"]["cols"] == cols
        });
    }
}

#[test]
fn as_many_clients_as_type_into_one_pane_lose_and_double_nothing_under_kills() {
    let (count, kills) = (times(36, 45), times(2, 25));
    let world = Arc::new(World::new());
    world.cli(&["new", "-d", "work", "--", "sh", "-c", "stty -echo; cat > typed"]).ok();
    let clients: Vec<Abide> =
        (0..count).map(|_| Abide::start_in(&world, &["attach", "work"], (40, 10))).collect();
    for client in &clients {
        client.expect("work");
    }
    let mut expected = Vec::new();
    for kill in 0..kills {
        for (n, client) in clients.iter().enumerate() {
            let line = format!("k{kill}n{n}");
            client.type_line(&line);
            expected.push(line);
            if n == count / 2 {
                signal(world.server_pid(), Signal::KILL);
            }
        }
        let wanted: usize = expected.iter().map(|line| line.len() + 1).sum();
        let typed = || std::fs::read(world.path("home/typed")).unwrap_or_default();
        wait_until(&format!("all is there after kill {kill}"), || wanted <= typed().len());
        // Lines of several clients may mix within a line, so letters are compared.
        let sorted = |mut letters: Vec<u8>| {
            letters.retain(|letter| *letter != b'\n');
            letters.sort_unstable();
            letters
        };
        assert_eq!(sorted(typed()), sorted(expected.concat().into_bytes()), "after kill {kill}");
    }
}

#[test]
fn a_keeper_that_dies_while_no_descriptor_is_free_costs_no_program() {
    if missing_tool("prlimit") {
        return;
    }
    let stage = Stage::new();
    let server = stage.world.server_pid();
    let open = std::fs::read_dir(format!("/proc/{server}/fd")).expect("it runs");
    let highest = open.filter_map(|fd| fd.ok()?.file_name().to_str()?.parse::<u32>().ok()).max();
    let limit = format!("--nofile={}:", highest.expect("it has some") + 1);
    stage.world.run("prlimit", &["--pid", &server.to_string(), &limit], b"").ok();
    let keeper = stage.world.keeper_pid();
    signal(keeper, Signal::KILL);
    wait_until("another keeper holds all", || {
        let status = stage.world.cli(&["server", "status", "--json"]);
        assert_eq!(status.code, 0, "{}\n{}", status.stderr, stage.world.logs());
        status.json()["keeper_pid"] != keeper
    });
    assert_eq!(stage.world.server_pid(), server, "the server has gone on");
    assert!(stage.programs.iter().all(|pid| is_alive(*pid)), "a program is lost");
}
