//! What was closed comes back when its programs are gone: with what it showed, at its old place,
//! and with consent for its command.

use std::sync::Arc;

use serde_json::json;

use crate::e2e_cells::structure;
use crate::e2e_survive::{contains, pull_the_plug, wait_until};
use crate::harness::{Abide, Api, PATIENCE, World, gone_within};

const SIZE: (u16, u16) = (100, 30);
/// Closing is for good after a moment.
const SOON: &str = "[pane]\nundo_ms = 200\n";
/// Prints in colour, and waits for input.
const RED: [&str; 4] = ["--", "sh", "-c", "printf '\\033[31mred-%d\\033[0m\\n' 7; exec cat"];

fn pids(world: &World) -> Vec<i32> {
    let panes = world.cli(&["pane", "ls", "--all", "--json"]).ok().json();
    let pids = panes.as_array().into_iter().flatten().filter_map(|pane| pane["pid"].as_i64());
    pids.map(|pid| i32::try_from(pid).expect("a pid")).collect()
}

/// Ids and sizes of all panes, the newest last.
fn places(world: &World) -> Vec<(String, u64, u64)> {
    let panes = world.cli(&["pane", "ls", "--all", "--json"]).ok().json();
    let place = |pane: &serde_json::Value| {
        Some((pane["id"].as_str()?.to_owned(), pane["cols"].as_u64()?, pane["rows"].as_u64()?))
    };
    panes.as_array().into_iter().flatten().filter_map(place).collect()
}

/// Waits until something that is closed is on disk, and its programs are gone.
fn ends(world: &World, pids: &[i32], closed: usize) {
    for pid in pids {
        assert!(gone_within(*pid, PATIENCE), "{pid} lives on for ever");
    }
    wait_until("what was closed is kept", || kept(world).len() == closed);
    wait_until("its panes are gone", || {
        !world.cli(&["pane", "ls", "--all"]).ok().stdout.contains("ending")
    });
}

/// The files of what was closed.
fn kept(world: &World) -> Vec<String> {
    let entries =
        std::fs::read_dir(world.path("state/abide/closed")).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".snapshot"))
        .collect()
}

#[test]
fn a_pane_whose_time_is_over_comes_back_to_its_place_with_what_it_showed_and_asks() {
    let world = Arc::new(World::new());
    world.configure(SOON);
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    world.cli(&[&["pane", "split", "--right", "--size", "30"][..], &RED].concat()).ok();
    client.expect("red-7");
    world.cli(&["pane", "split", "-t", "p1", "--down"]).ok();
    let (before, programs) = (places(&world), pids(&world));
    client.press("C-b Right C-b x");
    client.expect_without("red-7");
    ends(&world, &programs[1..2], 1);
    client.press("C-b u");
    client.expect("red-7");
    client.expect("Enter or R runs it again");
    let after = places(&world);
    let size = |places: &[(String, u64, u64)], id: &str| {
        places.iter().find(|place| place.0 == id).map(|place| (place.1, place.2))
    };
    assert_eq!(size(&after, "p4"), size(&before, "p2"), "{after:?}");
    assert_eq!(
        (size(&after, "p1"), size(&after, "p3")),
        (size(&before, "p1"), size(&before, "p3"))
    );
    let shown = world.cli(&["capture", "-t", "p4", "--format", "ansi"]).ok().stdout;
    assert!(shown.contains("\x1b[31mred-7") || shown.contains("\x1b[0;31mred-7"), "{shown:?}");
    wait_until("its file is gone", || kept(&world).is_empty());
    // It has the focus: the key is for it.
    client.press("Enter");
    client.expect_screen("another run", |screen| screen.text().matches("red-7").count() == 2);
}

#[test]
fn a_tab_and_its_session_come_back_one_after_the_other_also_after_a_loss_of_power() {
    let world = Arc::new(World::new());
    world.configure(SOON);
    world.cli(&["new", "-d", "stays"]).ok();
    world.cli(&["new", "-d", "work"]).ok();
    world.cli(&["tab", "new", "-t", "work", "--name", "second"]).ok();
    world.cli(&[&["pane", "split", "-t", "p3"][..], &RED].concat()).ok();
    world.cli(&["wait", "-t", "p4", "--text", "red-7"]).ok();
    let programs = pids(&world);
    world.cli(&["tab", "close", "-t", "t3"]).ok();
    ends(&world, &programs[2..], 1);
    world.cli(&["session", "close", "-t", "work"]).ok();
    ends(&world, &programs[1..2], 2);
    world.cli(&["save"]).ok();
    wait_until("that it is closed is on disk", || !contains(&structure(&world), b"work"));
    pull_the_plug(&world);

    let back = world.cli(&["undo", "--json"]).ok().json();
    assert_eq!(
        (back["what"].as_str(), back["name"].as_str()),
        (Some("session"), Some("work")),
        "{back}"
    );
    let back = world.cli(&["undo", "--json"]).ok().json();
    assert_eq!(
        (back["what"].as_str(), back["name"].as_str()),
        (Some("tab"), Some("work")),
        "{back}"
    );
    let tabs = world.cli(&["tab", "ls", "-t", "work", "--json"]).ok().json();
    let tabs: Vec<(&str, usize)> = tabs
        .as_array()
        .into_iter()
        .flatten()
        .map(|tab| {
            (tab["name"].as_str().unwrap_or_default(), tab["panes"].as_array().map_or(0, Vec::len))
        })
        .collect();
    assert!(tabs.len() == 2 && tabs[1].0 == "second", "{tabs:?}");
    let panes = world.cli(&["pane", "ls", "--all", "--json"]).ok().json();
    let held = panes
        .as_array()
        .into_iter()
        .flatten()
        .find(|pane| pane["state"] == "held")
        .expect("the command waits");
    let held = held["id"].as_str().expect("an id").to_owned();
    assert!(world.cli(&["capture", "-t", &held]).ok().stdout.contains("red-7"));
    world.cli(&["undo"]).refused(4, &["nothing was closed that can be brought back"]);
}

#[test]
fn a_shell_that_was_left_comes_back_where_it_was_with_what_it_showed() {
    let world = Arc::new(World::new());
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    client.press("C-b %");
    client.expect_screen("a second prompt", |screen| screen.text().matches("ready$").count() == 2);
    client.type_line("mkdir -p deep/er; cd deep/er; echo was-$((3*5))");
    client.expect("was-15");
    client.type_line("exit");
    client.expect_without("was-15");
    wait_until("what is left is kept", || kept(&world).len() == 1);
    client.press("C-b u");
    client.expect("was-15");
    client.expect("closed before");
    client.expect_screen("another prompt", |screen| screen.text().matches("ready$").count() >= 3);
    client.type_line("echo in-$(basename $PWD)");
    client.expect("in-er");
}

#[test]
fn what_was_ended_on_purpose_stays_away_and_so_does_what_is_not_to_be_kept() {
    let world = Arc::new(World::new());
    world.configure(&format!("{SOON}[persist]\nclosed = 1\n"));
    world.cli(&["new", "-d", "work"]).ok();
    for _ in 0..3 {
        world.cli(&["pane", "split", "-t", "work"]).ok();
    }
    world.cli(&["pane", "close", "-t", "p2", "--grace", "1s"]).ok();
    world.cli(&["pane", "close", "-t", "p3", "--now"]).ok();
    world.cli(&["undo"]).refused(4, &["nothing was closed that can be brought back"]);
    let programs = pids(&world);
    world.cli(&["pane", "close", "-t", "p4"]).ok();
    ends(&world, &programs[1..2], 1);
    world.cli(&["pane", "split", "-t", "work", "--", "true"]).ok();
    wait_until(
        "it takes the place of what was there",
        || matches!(kept(&world).as_slice(), [name] if name.contains("-p5")),
    );
    world.configure(&format!("{SOON}[persist]\nclosed = 0\n"));
    world.cli(&["server", "restart"]).ok();
    world.cli(&["pane", "split", "-t", "work", "--", "true"]).ok();
    wait_until("its program ended", || pids(&world).len() == 1);
    assert_eq!(world.cli(&["undo", "--json"]).ok().json()["what"], "pane");
    world.cli(&["undo"]).refused(4, &["nothing was closed that can be brought back"]);
}

#[test]
fn nothing_that_was_printed_is_kept_where_only_the_layout_is_and_there_has_to_be_room() {
    let world = Arc::new(World::new());
    world.configure(&format!("{SOON}[persist]\nkeep = \"layout\"\n[limits]\npanes = 2\n"));
    world.cli(&["new", "-d", "work"]).ok();
    world.cli(&[&["pane", "split", "-t", "work"][..], &RED].concat()).ok();
    world.cli(&["wait", "-t", "p2", "--text", "red-7"]).ok();
    let programs = pids(&world);
    world.cli(&["pane", "close", "-t", "p2"]).ok();
    ends(&world, &programs[1..], 1);
    world.cli(&["pane", "split", "-t", "work"]).ok();
    world
        .cli(&["undo"])
        .refused(1, &["what was closed has 1 pane; there is room for 0 more", "limits.panes"]);
    world.cli(&["pane", "close", "-t", "p3", "--now"]).ok();
    world.cli(&["undo"]).ok();
    let shown = world.cli(&["capture", "-t", "p4"]).ok().stdout;
    assert!(shown.contains("closed before") && !shown.contains("red-7\n"), "{shown}");
}

#[test]
fn the_last_session_comes_back_when_even_the_server_has_gone() {
    let world = Arc::new(World::new());
    world.cli(&["new", "-d", "work", "--", "sh", "-c", "echo last-$((2*2)); read line"]).ok();
    world.cli(&["wait", "-t", "work", "--text", "last-4"]).ok();
    let all = world.processes();
    world.cli(&["send", "-t", "work", "--key", "Enter"]).ok();
    for pid in all {
        assert!(gone_within(pid, PATIENCE), "{pid} outlives the last session");
    }
    assert_eq!(world.cli(&["undo", "--json"]).ok().json()["name"], "work");
    let shown = world.cli(&["capture", "-t", "work"]).ok().stdout;
    assert!(shown.contains("last-4") && shown.contains("runs it again"), "{shown}");
}

#[test]
fn what_is_back_at_once_with_its_program_is_not_made_anew_later() {
    let world = Arc::new(World::new());
    world.cli(&["new", "-d", "work"]).ok();
    world.cli(&["pane", "split", "-t", "work", "--", "cat"]).ok();
    let programs = pids(&world);
    let mut api = Api::connect(&world);
    for _ in 0..8 {
        // Both are on their way before the first is answered.
        let close = api.send("pane.close", &json!({"target": "p2"}));
        let undo = api.send("session.undo", &json!({}));
        for call in [close, undo] {
            assert!(api.answer(call).is_ok());
        }
    }
    assert_eq!(pids(&world), programs);
    world.cli(&["undo"]).refused(4, &["nothing was closed that can be brought back"]);
    assert_eq!(kept(&world), Vec::<String>::new());
}
