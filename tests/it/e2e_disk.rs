//! What the disk does to people's sessions: it is full or gone, what is on it is damaged, or the place of the socket is cleaned away.

use std::fs;
use std::sync::Arc;

use crate::e2e_survive::{contains, database, pull_the_plug, wait_until};
use crate::harness::{Abide, World};

const SIZE: (u16, u16) = (140, 24);

/// A session with something on its screen, all of it on disk.
fn saved(world: &Arc<World>) -> Abide {
    let client = Abide::start_in(world, &["new", "work"], SIZE);
    client.expect("ready$");
    client.type_line("echo text$((1+1))");
    client.expect("text2");
    wait_until("what the pane shows is on disk", || contains(&database(world), b"text2"));
    client
}

#[test]
fn f06_while_nothing_can_be_written_people_are_told_and_everything_is_written_afterwards() {
    let world = Arc::new(World::new());
    let client = saved(&world);
    let path = world.path("state/abide/abide.db");
    for end in ["", "-wal", "-shm"] {
        fs::remove_file(world.path(&format!("state/abide/abide.db{end}"))).expect("it is there");
    }
    // A folder of its name takes nothing.
    fs::create_dir(&path).expect("made");
    client.press("C-b c");
    client.expect("sessions cannot be saved to disk (unable to open database file");
    client.type_line("echo mean$((1+1))while");
    client.expect("mean2while");
    let late = Abide::start_in(&world, &["attach", "work"], SIZE);
    late.expect("sessions cannot be saved to disk");
    fs::remove_dir(&path).expect("empty");
    client.expect("sessions are saved to disk again");
    wait_until("the first pane is on the new disk too", || contains(&database(&world), b"text2"));
    wait_until("so is the second", || contains(&database(&world), b"mean2while"));
    for gone in [late, client] {
        gone.kill_client();
    }
    pull_the_plug(&world);
    let client = Abide::start_in(&world, &["attach", "work"], SIZE);
    client.expect("mean2while");
    client.press("C-b p");
    client.expect("text2");
}

#[test]
fn f07_a_damaged_database_is_put_aside_and_whoever_comes_first_is_told() {
    let world = Arc::new(World::new());
    saved(&world).kill_client();
    pull_the_plug(&world);
    for end in ["", "-wal"] {
        let path = world.path(&format!("state/abide/abide.db{end}"));
        let mut bytes = fs::read(&path).expect("it is there");
        bytes[..100].fill(0x5a);
        fs::write(&path, bytes).expect("written");
    }
    let client = Abide::start_in(&world, &["new", "fresh"], SIZE);
    client.expect("what was kept of sessions cannot be restored");
    client.expect("ready$");
    assert!(world.path("state/abide/abide.db.damaged").exists());
    let later = Abide::start_in(&world, &["attach", "fresh"], SIZE);
    later.expect("ready$");
    later.expect_without("cannot be restored");
    wait_until("the new session is on disk", || contains(&database(&world), b"fresh"));
}
