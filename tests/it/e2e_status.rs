//! What programs say of their work (OSC 7501): from the program to the tab, the list of alerts,
//! `pane ls` and `wait`.

use std::sync::Arc;

use crate::harness::{Abide, World};

const SIZE: (u16, u16) = (100, 24);

/// A program that asks whether it is heard, says `state` of itself when a line comes, and waits.
fn script(reports: &[&str]) -> String {
    let reports: Vec<String> = reports
        .iter()
        .map(|report| format!("read l; printf '\\033]7501;{report}\\033\\\\'; "))
        .collect();
    let reports = reports.concat();
    format!(
        "stty raw -echo; printf '\\033]7501;?\\033\\\\'; head -c 10 > answer; stty sane -echo; \
         echo armed; {reports} exec sleep 1000"
    )
}

#[test]
fn a_program_that_asks_is_answered_and_its_status_is_listed_and_waited_for() {
    let world = Arc::new(World::new());
    let message = "Q29udGludWU/";
    let reports = [
        "state=working:app=agent:progress=40",
        &format!("state=blocked:app=agent:kind=permission:msg={message}"),
        "state=done:app=agent",
    ];
    world.cli(&["new", "-d", "work", "--", "sh", "-c", &script(&reports)]).ok();
    world.cli(&["wait", "-t", "work", "--text", "armed", "--timeout", "20s"]).ok();
    let answer = std::fs::read(world.path("home/answer")).expect("it was answered");
    assert_eq!(answer, b"\x1b]7501;?\x1b\\");
    let reported =
        || world.cli(&["pane", "ls", "--all", "--json"]).ok().json()[0]["reported"].clone();
    assert!(reported().is_null());
    let next = |state: &str| {
        world.cli(&["send", "-t", "work", "Enter"]).ok();
        world.cli(&["wait", "-t", "work", "--status", state, "--timeout", "20s"]).ok();
        reported()
    };
    let working = next("working");
    assert_eq!((&working["state"], &working["progress"]), (&"working".into(), &40.into()));
    let blocked = next("blocked");
    assert_eq!(
        (&blocked["reason"], &blocked["message"], &blocked["app"]),
        (&"permission".into(), &"Continue?".into(), &"agent".into())
    );
    assert_eq!(next("done")["state"], "done");
    world
        .cli(&["wait", "-t", "work", "--status", "working", "--timeout", "50ms"])
        .refused(124, &["did not report working", "OSC 7501"]);
    world.cli(&["wait", "-t", "work", "--status", "dancing"]).refused(2, &["idle, working"]);
}

#[test]
fn a_question_in_a_tab_that_nobody_looks_at_is_on_its_label_and_in_the_list_of_alerts() {
    let client = Abide::start(&["new", "work"], SIZE);
    client.expect("ready$");
    let world = client.world();
    let reports = ["state=working:app=agent:progress=40", "state=blocked:app=agent:kind=question"];
    let args = ["tab", "new", "-d", "-t", "work", "--", "sh", "-c", &script(&reports)];
    let made = world.cli(&["--json"].iter().chain(&args).copied().collect::<Vec<_>>()).ok().json();
    let pane = made["pane"].as_str().expect("it says which").to_owned();
    world.cli(&["wait", "-t", &pane, "--text", "armed", "--timeout", "20s"]).ok();
    world.cli(&["send", "-t", &pane, "Enter"]).ok();
    client.expect("40%");
    world.cli(&["send", "-t", &pane, "Enter"]).ok();
    client.press("C-b A");
    client.expect("agent: has a question");
}

#[test]
fn what_worked_ends_with_its_prompt_with_its_program_and_with_a_reset() {
    let world = World::new();
    world.cli(&["new", "-d", "work", "--", "cat"]).ok();
    let reported =
        || world.cli(&["pane", "ls", "--all", "--json"]).ok().json()[0]["reported"].clone();
    let report = "printf '\\033]7501;state=working\\033\\\\'";
    for end in ["\\033]133;A\\033\\\\", "\\033c", "\\033]7501;state=clear\\033\\\\"] {
        let script =
            format!("{report}; echo told; read l; printf '{end}'; echo over; exec sleep 1000");
        let made = world.cli(&["--json", "tab", "new", "-t", "work", "--", "sh", "-c", &script]);
        let pane = made.ok().json()["pane"].as_str().expect("it says which").to_owned();
        world.cli(&["wait", "-t", &pane, "--status", "working", "--timeout", "20s"]).ok();
        world.cli(&["send", "-t", &pane, "Enter"]).ok();
        world.cli(&["wait", "-t", &pane, "--text", "over", "--timeout", "20s"]).ok();
        let panes = world.cli(&["pane", "ls", "--all", "--json"]).ok().json();
        let of = |item: &serde_json::Value| item["id"] == pane.as_str();
        let item =
            panes.as_array().expect("a list").iter().find(|item| of(item)).expect("it is there");
        assert!(item["reported"].is_null(), "{end}: {item}");
    }
    assert!(reported().is_null());
}
