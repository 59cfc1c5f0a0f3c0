//! A long day in short: panes of mixed loads, clients that look at them, and calls without an end
//! over one socket. Memory and descriptors of server and keeper stay as they are.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::e2e_survive::Dice;
use crate::harness::{Abide, Api, World, status_field};

/// Loads of a pane: what people leave running.
const LOADS: [&str; 5] = [
    "while [ -e $LEASH ]; do date; sleep 0.3; done",
    "while [ -e $LEASH ]; do seq 2000; sleep 1; done",
    "while [ -e $LEASH ]; do printf '\\033[H\\033[2J'; ls --color=always -la /usr/bin | head -40; \
     sleep 1; done",
    "while [ -e $LEASH ]; do printf '\\033]2;%s\\007\\a' $RANDOM; sleep 2; done",
    "exec cat",
];
/// The part of the time after which memory is to be flat.
const WARM: f64 = 0.4;
/// The most that the server's memory may grow after that, in KiB. A short run sees allocators
/// settle, so it is given more.
const GROWTH_KIB: [u64; 2] = [24 << 10, 2 << 10];

/// Resident KiB and open descriptors of a process.
fn costs(pid: i32) -> (u64, usize) {
    let rss = status_field(pid, "VmRSS").expect("it runs");
    let rss = rss.trim_end_matches(" kB").trim().parse().expect("a number");
    let fds = std::fs::read_dir(format!("/proc/{pid}/fd")).expect("it runs").count();
    (rss, fds)
}

/// The length of the run: so many minutes (`just soak`), else a few seconds.
fn span() -> (Duration, bool) {
    let named = std::env::var("ABIDE_SOAK").ok().and_then(|minutes| minutes.parse::<u64>().ok());
    match named {
        Some(minutes) => (Duration::from_secs(60 * minutes), true),
        None => (Duration::from_secs(8), false),
    }
}

#[test]
fn hours_of_panes_clients_and_calls_cost_no_memory_and_no_descriptors() {
    let (span, is_long) = span();
    let world = Arc::new(World::new());
    world.configure("[scrollback]\nlines = 2000\n");
    let panes = if is_long { 20 } else { 5 };
    for n in 0..panes {
        let session = format!("w{}", n % 4);
        let load = LOADS[n % LOADS.len()];
        let args = if n < 4 {
            vec!["new", "-d", &session, "--", "bash", "-c", load]
        } else {
            vec!["tab", "new", "-t", &session, "--", "bash", "-c", load]
        };
        world.cli(&args).ok();
    }
    let clients: Vec<Abide> =
        (0..3).map(|n| Abide::start_in(&world, &["attach", &format!("w{n}")], (100, 30))).collect();
    let (server, keeper) = (world.server_pid(), world.keeper_pid());
    let mut api = Api::connect(&world);
    let mut dice = Dice::new(17);
    let (begun, mut calls, mut told) = (Instant::now(), 0_u64, 0);
    let mut warm = None;
    while begun.elapsed() < span {
        let number = dice.below(1000);
        let params =
            json!({ "target": "w0", "command": [format!("echo {number}; (exit {})", number % 7)] });
        let ran = api.call("exec.run", &params).expect("it runs");
        assert_eq!(
            (&ran["stdout"], &ran["exit_code"]),
            (&format!("{number}\n").into(), &(number % 7).into())
        );
        calls += 1;
        if calls % 64 == 0 {
            let at = usize::try_from(calls / 64).expect("it is small") % clients.len();
            clients[at].type_text("x");
            clients[at].press("C-b n");
        }
        if warm.is_none() && span.mul_f64(WARM) < begun.elapsed() {
            warm = Some((costs(server), costs(keeper)));
        }
        if is_long && told < begun.elapsed().as_secs() / 60 {
            told = begun.elapsed().as_secs() / 60;
            let line = format!(
                "minute {told}: {calls} calls, server {:?}, keeper {:?}\n",
                costs(server),
                costs(keeper)
            );
            assert!(std::io::stderr().write_all(line.as_bytes()).is_ok());
        }
    }
    let (warm_server, warm_keeper) = warm.expect("it was warm");
    let growth = GROWTH_KIB[usize::from(is_long)];
    for (role, before, after) in
        [("server", warm_server, costs(server)), ("keeper", warm_keeper, costs(keeper))]
    {
        assert!(after.0 <= before.0 + growth, "{role}: {before:?} to {after:?} in {calls} calls");
        // A command that is just running has its pipes.
        assert!(after.1 <= before.1 + 8, "{role}: {before:?} to {after:?} in {calls} calls");
    }
    assert_eq!(world.server_pid(), server);
}
