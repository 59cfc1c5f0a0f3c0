//! Snapshots of sessions: saved by key and by command, several side by side, restored beside the
//! originals or when everything is gone, and refused if damaged.

use std::fs;
use std::sync::Arc;

use crate::e2e_survive::wait_until;
use crate::harness::{Abide, World};

const SIZE: (u16, u16) = (120, 24);

#[track_caller]
fn shows(world: &World, target: &str, text: &str) {
    let waited = world.cli(&["wait", "-t", target, "--text", text, "--timeout", "20s"]);
    assert_eq!(
        waited.code,
        0,
        "{waited:?}\n{}\n{}",
        world.cli(&["capture", "-t", target]).stdout,
        world.logs()
    );
}

/// The names of all snapshots, the latest first.
#[track_caller]
fn snapshots(world: &World) -> Vec<String> {
    let list = world.cli(&["snapshots", "--json"]).ok().json();
    list.as_array()
        .expect("a list")
        .iter()
        .map(|item| item["snapshot"].as_str().expect("a name").to_owned())
        .collect()
}

#[track_caller]
fn sessions(world: &World) -> Vec<String> {
    let list = world.cli(&["ls", "--json"]).ok().json();
    list.as_array()
        .expect("a list")
        .iter()
        .map(|item| item["name"].as_str().expect("a name").to_owned())
        .collect()
}

/// A session of two tabs, in the first of which two shells are, and in the second a command that
/// counts its runs.
#[track_caller]
fn work(world: &Arc<World>) -> Abide {
    world.write("home/dev.sh", "echo run >> runs\necho run number $(wc -l < runs)\nexec cat\n");
    let client = Abide::start_in(world, &["new", "work"], SIZE);
    client.expect("ready$");
    client.type_line("mkdir deep; cd deep; echo text$((1+1))");
    client.expect("text2");
    world.cli(&["pane", "split", "-t", "work:1.1", "--down"]).ok();
    let home = world.home().display().to_string();
    world
        .cli(&["tab", "new", "-t", "work", "-c", &home, "--name", "server", "--", "sh", "dev.sh"])
        .ok();
    shows(world, "work:2", "run number 1");
    client
}

#[test]
fn a_snapshot_is_restored_beside_the_originals_with_consent_for_its_commands() {
    let world = Arc::new(World::new());
    let client = work(&world);
    assert_eq!(world.cli(&["save", "first"]).ok().stdout, "first\n");
    world
        .cli(&["save", "first"])
        .refused(1, &["there is a snapshot \"first\" already", "--replace"]);
    let restored = world.cli(&["restore", "first", "--json"]).ok().json();
    assert_eq!(
        (restored[0]["name"].as_str(), restored[0]["panes"].as_u64(), restored[0]["held"].as_u64()),
        (Some("work-2"), Some(3), Some(1))
    );
    assert_eq!(sessions(&world), ["work", "work-2"]);
    shows(&world, "work-2:1.1", "text2");
    shows(&world, "work-2:1.1", "restored from snapshot first");
    shows(&world, "work-2:1.1", "ready.");
    shows(&world, "work-2:server", "run number 1");
    shows(&world, "work-2:server", "it ran: sh dev.sh");
    shows(&world, "work-2:server", "Enter or R runs it again, Esc or N starts a shell");
    let runs = || fs::read_to_string(world.path("home/runs")).unwrap_or_default().lines().count();
    assert_eq!(runs(), 1);
    world.cli(&["pane", "rerun", "-t", "work-2:server"]).ok();
    shows(&world, "work-2:server", "run number 2");
    // What is restored is kept like everything else, and the originals are as they were.
    world.kill_server();
    shows(&world, "work-2:1.1", "text2");
    client.type_line("still here");
    shows(&world, "work:server", "still here");
    let restored = world.cli(&["restore", "first", "--run", "--json"]).ok().json();
    assert_eq!(
        (restored[0]["name"].as_str(), restored[0]["held"].as_u64()),
        (Some("work-3"), Some(0))
    );
    wait_until("it runs without a question", || runs() == 3);
    let cwd = |target: &str| {
        world.cli(&["pane", "ls", "-t", target, "--json"]).ok().json()[0]["cwd"]
            .as_str()
            .map(str::to_owned)
    };
    wait_until("the shell starts where the former was", || {
        cwd("work-3:1").is_some_and(|cwd| cwd.ends_with("/deep"))
    });
}

#[test]
fn a_snapshot_outlives_the_server_and_brings_one_session_or_all_back() {
    let world = Arc::new(World::new());
    drop(work(&world));
    world.cli(&["new", "-d", "other"]).ok();
    shows(&world, "other", "ready.");
    shows(&world, "work:1.1", "text2");
    world.cli(&["save", "all"]).ok();
    world.cli(&["save", "one", "-t", "other"]).ok();
    world.cli(&["server", "stop"]).ok();
    // Nothing comes back by itself.
    assert_eq!(snapshots(&world), ["one", "all"]);
    let list = world.cli(&["snapshots"]).ok().stdout;
    assert!(list.contains("SNAPSHOT") && list.contains("work other"), "{list}");
    assert_eq!(sessions(&world), Vec::<String>::new());
    world.cli(&["restore", "one"]).ok();
    assert_eq!(sessions(&world), ["other"]);
    let table = world.cli(&["restore", "all"]).ok().stdout;
    assert!(table.contains("other-2") && table.contains("work"), "{table}");
    assert_eq!(sessions(&world), ["other", "work", "other-2"]);
    shows(&world, "work:1.1", "text2");
    world.cli(&["restore", "al"]).refused(4, &["no snapshot \"al\"", "did you mean \"all\"?"]);
    world.cli(&["restore", "../all"]).refused(2, &["would read as another target"]);
    world.cli(&["save", "a.b"]).refused(2, &["would read as another target"]);
    world.cli(&["snapshot", "remove", "one"]).ok();
    assert_eq!(snapshots(&world), ["all"]);
    world.cli(&["snapshot", "remove", "one"]).refused(4, &["no snapshot \"one\""]);
}

#[test]
fn the_key_saves_one_of_several_and_the_oldest_make_room() {
    let world = Arc::new(World::new());
    world.configure("[persist]\nsnapshots = 2\n");
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    for number in 1..=3 {
        client.press("C-b S");
        client.expect(&format!("snapshot quick-{number}: 1 session, 1 pane"));
    }
    assert_eq!(snapshots(&world), ["quick-3", "quick-2"]);
    world.cli(&["save", "mine"]).ok();
    world.cli(&["save"]).ok();
    let mut names = snapshots(&world);
    names.sort();
    assert_eq!(names, ["mine", "quick-3", "quick-4"]);
    // Who restores in a client sees it.
    client.press("C-b :");
    client.type_text("restore mine");
    client.press("Enter");
    client.expect("work-2");
    client.expect("restored from snapshot mine");
}

/// A call that changed nothing of the sessions was forgotten with the server, and made again by the
/// next one.
#[test]
fn a_key_means_one_snapshot_however_often_the_server_is_replaced() {
    let world = Arc::new(World::new());
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    client.press("C-b S");
    client.expect("snapshot quick-1");
    for word in ["first", "second"] {
        world.kill_server();
        client.expect_without("reconnecting");
        world.cli(&["server", "restart"]).ok();
        // What is typed comes after whatever the client sends again.
        client.type_line(&format!("echo {word}$((1+1))"));
        client.expect(&format!("{word}2"));
    }
    assert_eq!(snapshots(&world), ["quick-1"]);
}

#[test]
fn a_damaged_snapshot_is_refused_by_name_and_the_others_are_not() {
    let world = Arc::new(World::new());
    world.cli(&["new", "-d", "work", "-e", "SECRET=hush1234"]).ok();
    shows(&world, "work", "ready.");
    for name in ["good", "bad", "cut", "no"] {
        world.cli(&["save", name]).ok();
    }
    let path = |name: &str| world.path("state/abide/snapshots").join(format!("{name}.snapshot"));
    let whole = fs::read(path("bad")).expect("it is there");
    assert!(!whole.windows(8).any(|part| part == b"hush1234"), "a secret is on disk");
    let mut bytes = whole.clone();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    fs::write(path("bad"), bytes).expect("written");
    fs::write(path("cut"), &whole[..middle]).expect("written");
    fs::write(path("no"), "#!/bin/sh\n").expect("written");
    world.cli(&["restore", "bad"]).refused(
        1,
        &["snapshot \"bad\" cannot be restored: it is damaged", "abide snapshot remove bad"],
    );
    world
        .cli(&["restore", "cut"])
        .refused(1, &["snapshot \"cut\" cannot be restored: it is damaged"]);
    world
        .cli(&["restore", "no"])
        .refused(1, &["snapshot \"no\" cannot be restored: it is no snapshot"]);
    let list = world.cli(&["snapshots"]).ok().stdout;
    assert_eq!(
        (list.matches("it is damaged").count(), list.matches("it is no snapshot").count()),
        (2, 1),
        "{list}"
    );
    world.cli(&["restore", "good"]).ok();
    assert_eq!(sessions(&world), ["work", "work-2"]);
    fs::remove_dir_all(world.path("state/abide/snapshots")).expect("removed");
    world.write("state/abide/snapshots", "in the way");
    world.cli(&["save", "more"]).refused(1, &["snapshots", "cannot be"]);
    fs::remove_file(world.path("state/abide/snapshots")).expect("removed");
    world.cli(&["save", "more"]).ok();
}

#[test]
fn there_has_to_be_room_for_what_is_restored() {
    let world = Arc::new(World::new());
    world.configure("[limits]\nsessions = 1\n");
    world.cli(&["new", "-d", "work"]).ok();
    world.cli(&["save", "it"]).ok();
    world.cli(&["restore", "it"]).refused(
        1,
        &["snapshot \"it\" has 1 session; there is room for 0 more", "limits.sessions"],
    );
    assert_eq!(sessions(&world), ["work"]);
}
