//! What comes back after a reboot is run again only if a person agreed: by key, by command, by a
//! list of programs, or once and for all.

use std::fs;
use std::sync::Arc;

use serde_json::Value;

use crate::e2e_disk::shown;
use crate::e2e_survive::{contains, database, pull_the_plug, wait_until};
use crate::harness::{Abide, World};

const SIZE: (u16, u16) = (120, 24);

/// What a pane that waits offers.
const OFFER: &str = "Enter or R runs it again, Esc or N starts a shell";

/// A world with this configuration and a program of its own, which counts its runs in a file.
fn world(configuration: &str) -> Arc<World> {
    let world = Arc::new(World::new());
    world.configure(configuration);
    world.write(
        "home/dev.sh",
        "echo run >> runs\necho run number $(wc -l < runs) token=$TOKEN\ncat\n",
    );
    world
}

/// Starts the program in a session, which is on disk when this returns, and kills everything.
#[track_caller]
fn lost(world: &Arc<World>) {
    world.cli(&["new", "-d", "work", "--", "sh", "dev.sh"]).ok();
    world.cli(&["wait", "-t", "work", "--text", "run number 1", "--timeout", "20s"]).ok();
    wait_until("what runs is on disk", || {
        contains(&database(world), b"dev.sh") && shown(world).contains("run number 1")
    });
    pull_the_plug(world);
}

fn runs(world: &World) -> usize {
    fs::read_to_string(world.path("home/runs")).unwrap_or_default().lines().count()
}

/// The only pane, as `pane ls` has it.
#[track_caller]
fn pane(world: &World) -> Value {
    let panes = world.cli(&["pane", "ls", "--all", "--json"]).ok().json();
    assert_eq!(panes.as_array().map(Vec::len), Some(1), "{panes}");
    panes[0].clone()
}

#[track_caller]
fn shows(world: &World, text: &str) {
    let waited = world.cli(&["wait", "-t", "work", "--text", text, "--timeout", "20s"]);
    assert_eq!(
        waited.code,
        0,
        "{waited:?}\n{}\n{}",
        world.cli(&["capture", "-t", "work"]).stdout,
        world.logs()
    );
}

#[test]
fn a_command_waits_for_enter_and_is_run_again_below_what_it_showed() {
    let world = world("");
    lost(&world);
    let client = Abide::start_in(&world, &["attach", "work"], SIZE);
    client.expect(OFFER);
    client.expect("run number 1");
    client.expect("it ran: sh dev.sh");
    let held = pane(&world);
    assert_eq!(
        (held["state"].as_str(), &held["offered"], &held["command"]),
        (Some("held"), &held["command"], &serde_json::json!(["sh", "dev.sh"]))
    );
    world
        .cli(&["send", "-t", "work", "--text", "x"])
        .refused(1, &["waits to be run again", "abide pane rerun -t"]);
    client.type_text("xyz");
    client.press("Enter");
    client.expect("run number 2");
    client.expect("run number 1");
    client.expect_without(OFFER);
    assert_eq!((pane(&world)["state"].as_str(), runs(&world)), (Some("running"), 2));
    client.type_line("echoed");
    client.expect("echoed");
}

#[test]
fn escape_starts_a_shell_and_the_command_stays_known_to_a_restart() {
    let world = world("");
    lost(&world);
    let client = Abide::start_in(&world, &["attach", "work"], SIZE);
    client.expect(OFFER);
    client.press("Esc");
    client.expect("ready$");
    client.expect("run number 1");
    let shell = pane(&world);
    assert_eq!(
        (&shell["command"], &shell["offered"]),
        (&serde_json::json!([]), &serde_json::json!(["sh", "dev.sh"]))
    );
    world
        .cli(&["pane", "rerun", "-t", "work"])
        .refused(2, &["a shell runs", "pane respawn --kill"]);
    client.type_line("echo mean$((1+1))while");
    client.expect("mean2while");
    wait_until("the shell is on disk", || shown(&world).contains("mean2while"));
    client.kill_client();
    drop(client);
    pull_the_plug(&world);
    // Who chose a shell gets a shell.
    let client = Abide::start_in(&world, &["attach", "work"], SIZE);
    client.expect("its command: sh dev.sh (pane respawn runs it)");
    client.expect("ready$");
    assert_eq!(runs(&world), 1);
    client.press("C-b R");
    client.expect("run number 2");
}

#[test]
fn before_a_choice_was_made_server_and_machine_may_go_down_again() {
    let world = world("");
    lost(&world);
    shows(&world, OFFER);
    pull_the_plug(&world);
    shows(&world, OFFER);
    world.kill_server();
    shows(&world, OFFER);
    let shown = world.cli(&["capture", "-t", "work"]).ok().stdout;
    assert!(shown.contains("run number 1") && shown.contains("it ran: sh dev.sh"), "{shown}");
    assert_eq!(shown.matches(OFFER).count(), 1, "{shown}");
    let rerun = world.cli(&["pane", "rerun", "--all", "--json"]).ok().json();
    assert_eq!(rerun["panes"][0], pane(&world)["id"]);
    shows(&world, "run number 2");
    shows(&world, "run number 1");
    world.cli(&["pane", "rerun", "--all"]).refused(4, &["no pane waits"]);
}

#[test]
fn with_consent_given_before_commands_are_run_again_at_once() {
    for configuration in
        ["[persist]\nrestore = \"always\"\n", "[persist]\nrestore = [\"less\", \"sh\"]\n"]
    {
        let world = world(configuration);
        lost(&world);
        shows(&world, "run number 2");
        shows(&world, "it ran: sh dev.sh");
        assert_eq!(pane(&world)["state"], "running");
    }
}

#[test]
fn programs_that_are_not_listed_wait_and_with_never_there_is_a_shell() {
    let listed = world("[persist]\nrestore = [\"less\", \"vim\"]\n");
    lost(&listed);
    shows(&listed, OFFER);
    let never = world("[persist]\nrestore = \"never\"\n");
    lost(&never);
    shows(&never, "ready.");
    shows(&never, "its command: sh dev.sh");
    assert_eq!((runs(&listed), runs(&never)), (1, 1));
}

#[test]
fn a_failed_start_keeps_the_command_and_says_why() {
    let world = world("[persist]\nrestore = \"always\"\n");
    world.write(
        "home/tool",
        "#!/bin/sh\necho tool $(cat state)\ntest -s state && exit 3\nexec cat\n",
    );
    world.run("chmod", &["+x", "tool"], b"").ok();
    let tool = world.path("home/tool").display().to_string();
    world.cli(&["new", "-d", "work", "--", &tool]).ok();
    shows(&world, "tool");
    wait_until("what runs is on disk", || contains(&database(&world), b"home/tool"));
    pull_the_plug(&world);
    fs::rename(world.path("home/tool"), world.path("home/away")).expect("it is there");
    shows(&world, "could not be started");
    shows(&world, OFFER);
    assert_eq!(
        (pane(&world)["state"].as_str(), &pane(&world)["offered"]),
        (Some("held"), &serde_json::json!([tool]))
    );
    // It can be started, and fails.
    fs::rename(world.path("home/away"), world.path("home/tool")).expect("it is there");
    world.write("home/state", "bad\n");
    world.cli(&["pane", "rerun", "-t", "work"]).ok();
    shows(&world, "tool bad");
    shows(&world, "exit 3: Enter or R runs it again, Esc starts a shell");
    assert_eq!(pane(&world)["state"], "ended");
    world.write("home/state", "");
    world.cli(&["pane", "rerun", "-t", "work"]).ok();
    wait_until("it runs", || pane(&world)["state"] == "running");
}

#[test]
fn what_ran_in_a_shell_is_told_and_typed_again_on_demand() {
    let world = world("[persist]\nrestore = \"always\"\n");
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    client.type_line("sh dev.sh");
    client.expect("run number 1");
    wait_until("what runs in the shell is on disk", || {
        contains(&database(&world), b"\x02sh\x06dev.sh")
    });
    client.kill_client();
    drop(client);
    pull_the_plug(&world);
    let client = Abide::start_in(&world, &["attach", "work"], SIZE);
    client.expect("it ran: sh dev.sh (pane rerun types it again)");
    client.expect("ready$");
    assert_eq!(runs(&world), 1, "nothing is typed into a shell by itself");
    wait_until("its prompt is known", || world.cli(&["pane", "rerun", "-t", "work"]).code == 0);
    client.expect("run number 2");
    wait_until("it is offered once", || pane(&world)["offered"] == serde_json::json!([]));
    client.type_line("bye");
    client.press("C-d");
    client.expect("bye");
    world.cli(&["pane", "rerun", "-t", "work"]).refused(4, &["nothing is known that ran in pane"]);
}

/// Values of variables do not go to disk; the first client brings them, and what it starts with has
/// them.
#[test]
fn the_first_client_brings_the_environment_of_what_is_run_again() {
    let world = world("[persist]\nrestore = \"always\"\n");
    let start = |words: &str| {
        let (verb, abide) =
            (words.split(' ').next().unwrap_or_default(), env!("CARGO_BIN_EXE_abide"));
        let command = format!("export TOKEN=t{verb}; exec {abide} {words}");
        Abide::spawn(&world, "/bin/sh", &["-c", &command], SIZE)
    };
    let client = start("new work -- sh dev.sh");
    client.expect("token=tnew");
    wait_until("what runs is on disk", || {
        contains(&database(&world), b"dev.sh") && contains(&database(&world), b"TOKEN")
    });
    assert!(!contains(&database(&world), b"tnew work"), "a value is on disk");
    client.kill_client();
    drop(client);
    pull_the_plug(&world);
    let client = start("attach work");
    client.expect("run number 2 token=tattach");
    client.press("C-b c");
    client.expect("ready$");
    client.type_line("echo other-$TOKEN");
    client.expect("other-tattach");
}
