//! Faults of the machine: signals in storms, no file descriptor left. Those of the disk are in
//! `e2e_disk`, those of processes that die in `e2e_survive` and `chaos`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use rustix::process::Signal;

use crate::e2e_survive::{contains, database, wait_until};
use crate::harness::{Abide, Api, PATIENCE, Screen, World, is_alive, signal, status_field};

const SIZE: (u16, u16) = (100, 24);

#[test]
fn f05_storms_of_signals_end_neither_server_nor_keeper() {
    let world = Arc::new(World::new());
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    let roles = [world.server_pid(), world.keeper_pid()];
    for _ in 0..300 {
        for pid in roles {
            for one in [
                Signal::HUP,
                Signal::INT,
                Signal::PIPE,
                Signal::WINCH,
                Signal::USR1,
                Signal::QUIT,
                Signal::ALARM,
            ] {
                signal(pid, one);
            }
        }
        signal(client.pid(), Signal::WINCH);
    }
    client.type_line("echo still$((1+1))");
    client.expect("still2");
    assert_eq!([world.server_pid(), world.keeper_pid()], roles);
}

#[test]
fn f08_without_a_free_fd_what_comes_is_refused_with_the_reason_and_what_is_there_goes_on() {
    let world = Arc::new(World::new());
    let start = ["-c", "ulimit -n 64; exec \"$0\" new -d work", env!("CARGO_BIN_EXE_abide")];
    world.run("sh", &start, b"").ok();
    let refused =
        (0..20).map(|_| world.cli(&["tab", "new", "-d", "-t", "work"])).find(|made| made.code != 0);
    refused
        .expect("64 are not enough for 20 tabs")
        .refused(1, &["Too many open files", "a higher `ulimit -n`"]);
    let server = world.server_pid();
    let socket = world.path("state/abide/run/socket");
    let guests: Vec<UnixStream> =
        (0..70).map(|_| UnixStream::connect(&socket).expect("there is a backlog")).collect();
    world
        .cli(&["ls"])
        .refused(1, &["the server takes no more connections", "close panes or clients"]);
    let told = guests.iter().rev().find_map(|guest| {
        guest.set_read_timeout(Some(PATIENCE)).ok()?;
        let mut line = String::new();
        BufReader::new(guest).read_line(&mut line).ok().filter(|len| 0 < *len).map(|_| line)
    });
    assert!(told.expect("the last ones are sent away").contains("\"limit_reached\""));
    wait_until("it waits, and does not spin", || {
        status_field(server, "State").is_some_and(|state| state.starts_with('S'))
    });
    drop(guests);
    wait_until("there is room again", || world.cli(&["ls"]).code == 0);
    assert_eq!(world.server_pid(), server);
    let client = Abide::start_in(&world, &["attach", "work"], SIZE);
    client.expect("ready$");
    client.type_line("echo still$((1+1))");
    client.expect("still2");
}

#[test]
fn f10_where_memory_ends_the_server_goes_before_everybody_else() {
    let world = World::new();
    world.cli(&["new", "-d", "work"]).ok();
    let shell = || {
        world.processes().into_iter().find(|pid| {
            std::fs::read(format!("/proc/{pid}/cmdline"))
                .is_ok_and(|line| line.starts_with(b"/bin/bash"))
        })
    };
    let score = |pid: i32| -> i32 {
        let text = std::fs::read_to_string(format!("/proc/{pid}/oom_score_adj")).expect("it runs");
        text.trim().parse().expect("a number")
    };
    let own = score(i32::try_from(std::process::id()).expect("a pid fits"));
    let scores = || [world.server_pid(), world.keeper_pid(), shell().expect("it runs")].map(score);
    assert_eq!(scores(), [(own + 200).min(1000), own, own]);
    world.kill_keeper();
    assert_eq!(
        scores(),
        [(own + 200).min(1000), own, own],
        "with the keeper that the server has started"
    );
    // Whom the kernel would take of everybody here, it takes: only the server, and another comes.
    let (server, shell_pid) = (world.server_pid(), shell().expect("it runs"));
    let badness = |pid: &i32| -> i64 {
        let text = std::fs::read_to_string(format!("/proc/{pid}/oom_score")).unwrap_or_default();
        text.trim().parse().unwrap_or(i64::MIN)
    };
    assert_eq!(world.processes().into_iter().max_by_key(badness), Some(server));
    world.kill_server();
    world.cli(&["exec", "-t", "work", "--", "true"]).ok();
    assert!(world.server_pid() != server && shell() == Some(shell_pid));
}

fn fds(pid: i32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).expect("it runs").count()
}

#[test]
fn f09_failed_starts_are_told_and_leave_nothing() {
    let world = World::new();
    world.cli(&["new", "-d", "work"]).ok();
    let fail = || {
        world
            .cli(&["tab", "new", "-d", "-t", "work", "--", "/no/such/program"])
            .refused(1, &["/no/such/program", "command -v NAME"]);
    };
    fail();
    wait_until("the database is open", || contains(&database(&world), b"work"));
    let roles = [world.server_pid(), world.keeper_pid()];
    let before = roles.map(fds);
    let mut api = Api::connect(&world);
    let command = ["/no/such/program"];
    let params = serde_json::json!({"target": "work", "background": true, "command": command});
    for _ in 0..300 {
        api.refused("tab.new", &params);
    }
    drop(api);
    fail();
    // What was counted may have had a call in it that was just ending.
    wait_until("all fds are given back", || {
        roles.map(fds).iter().zip(before).all(|(now, before)| *now <= before)
    });
    assert_eq!(
        world.cli(&["pane", "ls", "--all", "--json"]).ok().json().as_array().map(Vec::len),
        Some(1)
    );
    assert_eq!([world.server_pid(), world.keeper_pid()], roles);
}

/// What a program has to be started with so that it has terminals of its own, at most so many; none
/// where that is not allowed.
fn own_terminals(world: &World, count: usize) -> Option<String> {
    let mounted = format!(
        "mount -t devpts -o newinstance,ptmxmode=666,max={count} devpts /dev/pts && mount --bind \
         /dev/pts/ptmx /dev/ptmx"
    );
    let is_allowed = world.run("unshare", &["-Urm", "sh", "-c", &mounted], b"").code == 0;
    if !is_allowed {
        let said = writeln!(
            std::io::stderr(),
            "NOT TESTED: this kernel allows no mounts of one's own, so there is one set of \
             terminals for all"
        );
        assert!(said.is_ok(), "standard error can be written");
    }
    is_allowed.then(|| format!("{mounted} && exec {} new -d work", env!("CARGO_BIN_EXE_abide")))
}

/// Process id of the first process of the last pane, and the number of its terminal.
fn last_pane(world: &World) -> (i32, String) {
    let panes = world.cli(&["pane", "ls", "--all", "--json"]).ok().json();
    let pid = panes.as_array().and_then(|panes| panes.last()?["pid"].as_i64()).expect("it runs");
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let tty = stat
        .rsplit(')')
        .next()
        .and_then(|rest| rest.split_whitespace().nth(4))
        .expect("the fifth word after the name");
    (i32::try_from(pid).expect("a pid"), tty.to_owned())
}

/// Where terminals are mounted more than once, as in containers, two have the same number: the end
/// of one was the end of the other.
#[test]
fn a_stop_never_reaches_who_has_a_terminal_of_the_same_number_elsewhere() {
    let (here, there) = (World::new(), World::new());
    let Some(start) = own_terminals(&there, 500) else { return };
    here.cli(&["new", "-d", "work"]).ok();
    let (shell, tty) = last_pane(&here);
    there.run("unshare", &["-Urm", "sh", "-c", &start], b"").ok();
    let found = (0..100).find(|_| {
        last_pane(&there).1 == tty || there.cli(&["tab", "new", "-d", "-t", "work"]).code != 0
    });
    found.expect("fewer than a hundred terminals were in use");
    let (other, same) = last_pane(&there);
    assert_eq!(same, tty);
    there.cli(&["kill", "work"]).ok();
    wait_until("the other one is ended", || !is_alive(other));
    assert!(is_alive(shell), "the wrong one was ended");
    assert_eq!(here.cli(&["exec", "-t", "work", "--", "echo", "there"]).ok().stdout, "there\n");
}

#[test]
fn f29_where_no_terminal_is_left_what_comes_is_refused_and_what_is_there_goes_on() {
    let world = Arc::new(World::new());
    let Some(start) = own_terminals(&world, 5) else { return };
    world.run("unshare", &["-Urm", "sh", "-c", &start], b"").ok();
    let refused =
        (0..10).map(|_| world.cli(&["tab", "new", "-d", "-t", "work"])).find(|made| made.code != 0);
    refused
        .expect("five are not enough for ten tabs")
        .refused(1, &["could not be started", "terminal"]);
    wait_until("the database is open", || contains(&database(&world), b"work"));
    let roles = [world.server_pid(), world.keeper_pid()];
    let before = roles.map(fds);
    for _ in 0..20 {
        assert_ne!(world.cli(&["tab", "new", "-d", "-t", "work"]).code, 0);
    }
    // What was counted may have had a call in it that was just ending.
    wait_until("all fds are given back", || {
        roles.map(fds).iter().zip(before).all(|(now, before)| *now <= before)
    });
    let panes = world.cli(&["pane", "ls", "--all", "--json"]).ok().json();
    let last = panes
        .as_array()
        .and_then(|panes| panes.last()?["id"].as_str().map(str::to_owned))
        .expect("there are some");
    world.cli(&["pane", "close", "--now", "-t", &last]).ok();
    world.cli(&["tab", "new", "-d", "-t", "work"]).ok();
    assert_eq!([world.server_pid(), world.keeper_pid()], roles);
    let client = Abide::start_in(&world, &["attach", "work"], SIZE);
    client.expect("ready$");
    client.type_line("echo still$((1+1))");
    client.expect("still2");
}

#[test]
fn f12_a_follower_of_a_log_that_stands_still_costs_little_and_slows_nobody() {
    let world = World::new();
    world.cli(&["new", "-d", "work"]).ok();
    let mut api = Api::connect(&world);
    let (id, _) = api.start(
        "work",
        &[
            "sh",
            "-c",
            "yes 'a line that is long enough to fill what is kept of it' | head -c \
            60000000; echo over; exec cat",
        ],
    );
    let memory = || -> u64 {
        let line = status_field(world.server_pid(), "RssAnon").expect("it runs");
        line.split_whitespace().next().and_then(|number| number.parse().ok()).expect("kB")
    };
    let before = memory();
    let mut stalled: Vec<Api> = (0..8).map(|_| Api::connect(&world)).collect();
    for follower in &mut stalled {
        follower.send("process.logs", &serde_json::json!({"id": id, "follow": true}));
    }
    wait_until("the command has said everything", || {
        world.cli(&["logs", &id]).ok().stdout.contains("over")
    });
    assert_eq!(api.text("work", "echo beside"), "beside");
    let grown = memory().saturating_sub(before);
    assert!(grown < 8 * 8 * 1024, "{grown} KiB for eight that do not read");
    drop(stalled);
}

#[test]
fn f21_after_a_stand_still_of_everything_all_goes_on() {
    let world = Arc::new(World::new());
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    let roles = [world.server_pid(), world.keeper_pid(), client.pid()];
    // Something is owed while nobody can give it.
    client.type_line(
        "for n in 1 2 3 4 5 6 7 8 9; do echo count$n; sleep 0.1; done; echo o$((1+1))ver",
    );
    client.expect("count1");
    for pid in roles {
        signal(pid, Signal::STOP);
    }
    let stopped = std::time::Instant::now();
    wait_until("it was longer than a server has to answer", || {
        stopped.elapsed() > std::time::Duration::from_secs(4)
    });
    for pid in roles {
        signal(pid, Signal::CONT);
    }
    client.expect("o2ver");
    client.type_line("echo still$((1+1))");
    client.expect("still2");
    assert_eq!([world.server_pid(), world.keeper_pid()], [roles[0], roles[1]]);
}

/// Counts as fast as it is read, with an end.
const COUNT: &str = "exec awk 'BEGIN { for (n = 1; n < 200000000; n++) printf \"count %09d \
    %s\\n\", n, \"........................................\" }'";

/// Types letters beside panes that flood. Gives how many bytes of the one in sight went by, at the
/// middle of all letters, from the key to its echo: what lies in front of a terminal that is always
/// full is a whole ring.
fn passed_by_while_typing(floods: usize) -> usize {
    let world = Arc::new(World::new());
    world.write("home/count", COUNT);
    world.cli(&["new", "-d", "work", "--", "cat"]).ok();
    let client = Abide::start_in(&world, &["attach", "work"], (160, 24));
    client.expect("work");
    world.cli(&["pane", "split", "-t", "p1", "--right", "--", "sh", "count"]).ok();
    for _ in 1..floods {
        world.cli(&["tab", "new", "-d", "-t", "work", "--", "sh", "count"]).ok();
    }
    client.press("C-b Left");
    let newest = |screen: &Screen| {
        let numbers = screen
            .rows()
            .into_iter()
            .filter_map(|row| row.split("count ").nth(1)?.get(..9)?.parse::<usize>().ok());
        numbers.max().unwrap_or(0)
    };
    client.expect_screen("a flood", |screen| newest(screen) > 100_000);
    let mut passed: Vec<usize> = Vec::new();
    let mut typed = String::new();
    for letter in ('a'..='z').chain('A'..='Z') {
        let before = newest(&client.screen());
        typed.push(letter);
        client.press(&letter.to_string());
        let screen = client.expect(&typed);
        passed.push((newest(&screen) - before) * ("count 000000000 \r\n".len() + 40));
    }
    passed.sort_unstable();
    passed[passed.len() / 2]
}

#[test]
fn f13_f14_keys_go_before_what_one_pane_or_eight_flood() {
    for floods in [1, 8] {
        let passed = passed_by_while_typing(floods);
        assert!(
            passed < 1 << 20,
            "beside {floods} floods {passed} bytes of one went by before a key was echoed"
        );
    }
}
