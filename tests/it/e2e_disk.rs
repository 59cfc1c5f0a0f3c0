//! What the disk does to people's sessions: it is full or gone, what is on it is damaged, or the
//! place of the socket is cleaned away.

use std::fs;
use std::sync::Arc;

use crate::e2e_survive::{contains, database, pull_the_plug, wait_until};
use crate::harness::{Abide, World};

const SIZE: (u16, u16) = (140, 24);

/// What the screens on disk show, read eight times: a cell takes eight bytes, and they may begin at
/// any.
pub(crate) fn shown(world: &World) -> String {
    let read = || {
        let db = world.open_database()?;
        let mut rows = db.prepare("SELECT bytes FROM screen")?;
        rows.query_map([], |row| row.get::<_, Vec<u8>>(0))?.collect::<rusqlite::Result<Vec<_>>>()
    };
    // A checksum and two numbers come first. What cannot be read is not there yet.
    let screens = read()
        .unwrap_or_default()
        .into_iter()
        .filter_map(|sealed| zstd::decode_all(&sealed[20..]).ok());
    let reads = screens.flat_map(|screen| {
        (0..8).map(move |at| {
            screen.iter().skip(at).step_by(8).copied().map(char::from).collect::<String>()
        })
    });
    reads.collect()
}

/// A session with something on its screen, all of it on disk.
fn saved(world: &Arc<World>) -> Abide {
    let client = Abide::start_in(world, &["new", "work"], SIZE);
    client.expect("ready$");
    client.type_line("echo text$((1+1))");
    client.expect("text2");
    wait_until("what the pane shows is on disk", || shown(world).contains("text2"));
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
    client.expect("sessions cannot be saved to disk (a folder or a FIFO is in the place");
    client.type_line("echo mean$((1+1))while");
    client.expect("mean2while");
    let late = Abide::start_in(&world, &["attach", "work"], SIZE);
    late.expect("sessions cannot be saved to disk");
    fs::remove_dir(&path).expect("empty");
    client.expect("sessions are saved to disk again");
    wait_until("the first pane is on the new disk too", || shown(&world).contains("text2"));
    wait_until("so is the second", || shown(&world).contains("mean2while"));
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

#[test]
fn f26_a_socket_that_is_cleaned_away_is_there_again_for_the_same_server() {
    let world = Arc::new(World::new());
    let client = saved(&world);
    let (server, keeper) = (world.server_pid(), world.keeper_pid());
    let socket = world.path("state/abide/run/socket");
    for gone in ["run/socket", "run", ""] {
        let path = world.path("state/abide").join(gone);
        let remove =
            || if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        // The server may make a file in a folder that is just being emptied.
        wait_until("it is removed", || remove().is_ok());
        wait_until("the socket is there again", || {
            std::os::unix::net::UnixStream::connect(&socket).is_ok()
        });
        assert_eq!(world.server_pid(), server, "after {gone:?} was removed");
        client.type_line(&format!("echo still$(({}+1))", gone.len()));
        client.expect(&format!("still{}", gone.len() + 1));
        assert_eq!(
            world.cli(&["exec", "-t", "work", "--", "echo", "there"]).ok().stdout,
            "there\n"
        );
    }
    world.kill_server();
    assert_ne!(world.server_pid(), server);
    assert_eq!(world.keeper_pid(), keeper, "a new server has the new socket from the keeper");
    client.type_line("echo after$((1+1))");
    client.expect("after2");
    wait_until("the new disk has what is shown", || shown(&world).contains("text2"));
}

#[test]
fn what_a_server_had_no_time_to_write_its_successor_writes() {
    let world = Arc::new(World::new());
    let client = saved(&world);
    for (word, how) in [("first", 0), ("second", 1)] {
        client.type_line(&format!("echo {word}$((1+1))"));
        client.expect(&format!("{word}2"));
        if how == 0 {
            world.cli(&["server", "restart"]).ok();
        } else {
            world.kill_server();
        }
        wait_until("the successor has written it", || shown(&world).contains(&format!("{word}2")));
    }
}
