//! Faults of the machine: signals in storms, no file descriptor left. Those of the disk are in `e2e_disk`, those of processes that die in `e2e_survive` and `chaos`.

use std::io::{BufRead as _, BufReader};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use rustix::process::Signal;

use crate::e2e_survive::wait_until;
use crate::harness::{Abide, PATIENCE, World, signal, status_field};

const SIZE: (u16, u16) = (100, 24);

#[test]
fn f05_storms_of_signals_end_neither_server_nor_keeper() {
    let world = Arc::new(World::new());
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    let roles = [world.server_pid(), world.keeper_pid()];
    for _ in 0..300 {
        for pid in roles {
            for one in [Signal::HUP, Signal::INT, Signal::PIPE, Signal::WINCH, Signal::USR1, Signal::QUIT, Signal::ALARM] {
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
    let refused = (0..20).map(|_| world.cli(&["tab", "new", "-d", "-t", "work"])).find(|made| made.code != 0);
    refused.expect("64 are not enough for 20 tabs").refused(1, &["Too many open files", "a higher `ulimit -n`"]);
    let server = world.server_pid();
    let socket = world.path("state/abide/run/socket");
    let guests: Vec<UnixStream> = (0..70).map(|_| UnixStream::connect(&socket).expect("there is a backlog")).collect();
    world.cli(&["ls"]).refused(1, &["the server takes no more connections", "close panes or clients"]);
    let told = guests.iter().rev().find_map(|guest| {
        guest.set_read_timeout(Some(PATIENCE)).ok()?;
        let mut line = String::new();
        BufReader::new(guest).read_line(&mut line).ok().filter(|len| 0 < *len).map(|_| line)
    });
    assert!(told.expect("the last ones are sent away").contains("\"limit_reached\""));
    wait_until("it waits, and does not spin", || status_field(server, "State").is_some_and(|state| state.starts_with('S')));
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
        world
            .processes()
            .into_iter()
            .find(|pid| std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.starts_with(b"/bin/bash")))
    };
    let score = |pid: i32| -> i32 {
        let text = std::fs::read_to_string(format!("/proc/{pid}/oom_score_adj")).expect("it runs");
        text.trim().parse().expect("a number")
    };
    let own = score(i32::try_from(std::process::id()).expect("a pid fits"));
    let scores = || [world.server_pid(), world.keeper_pid(), shell().expect("it runs")].map(score);
    assert_eq!(scores(), [(own + 200).min(1000), own, own]);
    world.kill_keeper();
    assert_eq!(scores(), [(own + 200).min(1000), own, own], "with the keeper that the server has started");
}
