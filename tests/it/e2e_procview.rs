//! The process view: one of fifty children of a shell is ended from it, and nothing else.

use crate::harness::Abide;
use crate::procs_life::eventually;

/// The process ids of the shell's jobs, in their order.
#[track_caller]
fn jobs(client: &Abide) -> Vec<i32> {
    let shell = |item: &serde_json::Value| {
        item["command_line"].as_str().is_some_and(|line| line == "sleep 4321")
    };
    let table = client.cli(&["ps", "--json"]).ok().json();
    let sleeping = table
        .as_array()
        .expect("a list")
        .iter()
        .filter(|item| shell(item) && item["state"] != "zombie");
    sleeping.filter_map(|item| i32::try_from(item["pid"].as_i64()?).ok()).collect()
}

#[test]
fn one_of_fifty_jobs_of_a_shell_is_ended_and_the_shell_knows() {
    let client = Abide::start(&["new", "w"], (120, 40));
    client.expect("ready$");
    client.type_line("for i in $(seq 50); do sleep 4321 & done; echo all-$((40+10))");
    client.expect("all-50");
    let mut before = Vec::new();
    // The shell has forked them, but the last may not have become what they are to be.
    eventually("fifty run", || {
        before = jobs(&client);
        before.len() == 50
    });
    let victim = before[17];
    client.press("C-b P");
    client.expect("sleep 4321");
    client.type_text(&format!("/{victim}"));
    client.expect("1 of ");
    client.press("Enter x");
    client.expect_screen("the process is gone from the view", |screen| screen.shows("0 of "));
    client.press("Esc q");
    client.expect_without("processes ·");
    client.type_line(
        "clear; echo left-$(jobs -r | wc -l); jobs | grep -c Terminated; jobs | grep -v Running",
    );
    client.expect("left-49");
    let after = jobs(&client);
    assert_eq!(after, before.into_iter().filter(|pid| *pid != victim).collect::<Vec<_>>());
}
