//! The log of keeper and server: whatever its file does, nobody waits for it and nothing ends.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use rustix::fs::{FileType, Mode, OFlags, mknodat};

use crate::e2e_survive::wait_until;
use crate::harness::{Abide, World};

const SIZE: (u16, u16) = (140, 24);

/// A program that starts and ends leaves lines for the log.
fn leave_lines(world: &World) {
    world.cli(&["tab", "new", "-d", "-t", "work", "--", "true"]).ok();
}

/// The session goes on: keys are echoed, calls answered, programs started.
fn goes_on(world: &World, client: &Abide, said: &str) {
    client.type_line(&format!("echo {said}$((1+1))"));
    client.expect(&format!("{said}2"));
    for _ in 0..5 {
        leave_lines(world);
    }
}

#[test]
fn r01_a_full_disk_ends_no_server_and_is_told_to_clients_and_doctor() {
    let Some(world) = World::with_disk(2048).map(Arc::new) else { return };
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    let (server, keeper) = (world.server_pid(), world.keeper_pid());
    world.fill_disk();
    goes_on(&world, &client, "full");
    client.expect("cannot be");
    wait_until("doctor says it", || {
        // The last page of the file may have room for some lines yet.
        leave_lines(&world);
        let told = world.cli(&["doctor"]).stdout;
        told.contains("log cannot be written: No space left on device")
    });
    assert_eq!((world.server_pid(), world.keeper_pid()), (server, keeper));
    // One that is started on the full disk lives too.
    world.kill_server();
    goes_on(&world, &client, "killed");
    world.empty_disk();
    wait_until("the lost lines are counted when there is room", || {
        leave_lines(&world);
        world.logs().contains("lines of the log were lost")
    });
    wait_until("doctor has nothing to say any more", || {
        !world.cli(&["doctor"]).stdout.contains("cannot be written")
    });
}

#[test]
fn r01_a_read_only_disk_ends_no_server() {
    let Some(world) = World::with_disk(2048).map(Arc::new) else { return };
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    world.make_disk_read_only();
    goes_on(&world, &client, "only");
    // The next server finds all of it read-only.
    world.kill_server();
    let server = world.server_pid();
    goes_on(&world, &client, "killed");
    wait_until("doctor says it", || {
        world.cli(&["doctor"]).stdout.contains("log cannot be written: Read-only file system")
    });
    assert_eq!(world.server_pid(), server);
    world.make_disk_writable();
    goes_on(&world, &client, "again");
}

#[test]
fn r01_a_log_that_is_a_fifo_a_folder_or_gone_holds_nobody_up() {
    let world = Arc::new(World::new());
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    let log = world.path("state/abide/server.log");
    wait_until("there is a log", || log.exists());
    fs::remove_file(&log).expect("it is there");
    let mode = Mode::RUSR | Mode::WUSR;
    mknodat(rustix::fs::CWD, &log, FileType::Fifo, mode, 0).expect("made");
    // Open on both sides and never read, so it takes 64 KiB and then nothing more.
    let _frozen = rustix::fs::open(&log, OFlags::RDWR, Mode::empty()).expect("opened");
    let server = world.server_pid();
    goes_on(&world, &client, "fifo");
    assert_eq!(world.server_pid(), server);
    world.kill_server();
    goes_on(&world, &client, "killed");
    fs::remove_file(&log).expect("it is there");
    fs::create_dir(&log).expect("made");
    goes_on(&world, &client, "folder");
    fs::remove_dir(&log).expect("it is empty");
    wait_until("the log is there again", || {
        leave_lines(&world);
        log.is_file()
    });
}

#[test]
fn r01_a_limit_on_the_length_of_files_ends_nobody() {
    let world = Arc::new(World::new());
    let limited = ["-c", "ulimit -S -f 40; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_abide")];
    let args: Vec<&str> = limited.into_iter().chain(["new", "work"]).collect();
    world.write("state/abide/server.log", vec![b'x'; 39 << 10]);
    let client = Abide::spawn(&world, "bash", &args, SIZE);
    client.expect("ready$");
    let (server, keeper) = (world.server_pid(), world.keeper_pid());
    goes_on(&world, &client, "limit");
    client.type_line("ulimit -S -f");
    client.expect("40");
    assert_eq!((world.server_pid(), world.keeper_pid()), (server, keeper));
}

#[test]
fn r01_the_log_has_a_bound_and_names_no_directory_where_nothing_is_kept() {
    let world = Arc::new(World::new());
    world.configure("[persist]\nkeep = \"nothing\"\n[log]\nbytes = 65536\nfiles = 2\n");
    fs::create_dir(world.path("home/secret")).expect("made");
    for number in 1..=3 {
        let name = format!("state/abide/server.log.{number}");
        world.write(&name, "old");
    }
    world.write("state/abide/server.log", vec![b'x'; 70_000]);
    let secret = world.path("home/secret").to_string_lossy().into_owned();
    let client = Abide::start_in(&world, &["new", "work", "-c", &secret], SIZE);
    client.expect("ready$");
    world.cli(&["tab", "new", "-d", "-t", "work", "-c", &secret, "--", "no-such-program"]);
    world.cli(&["tab", "new", "-d", "-t", "work", "-c", &secret, "--", "true"]).ok();
    let at = |number: usize| world.path(&format!("state/abide/server.log.{number}"));
    wait_until("the full one made room", || {
        at(1).metadata().is_ok_and(|metadata| metadata.len() == 70_000)
    });
    assert!(!at(2).exists() && !at(3).exists(), "two are kept");
    wait_until("the spawn is in the log", || world.logs().contains("spawned"));
    assert!(!world.logs().contains("secret"), "{}", world.logs());
    let mode = world.path("state/abide/server.log").metadata().expect("it is there");
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
}
