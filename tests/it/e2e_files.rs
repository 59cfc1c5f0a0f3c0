//! All other files of ours on disks that are full, read-only, frozen, or hold something else in
//! their place: sessions and commands go on, it is told once, and all is saved when there is room.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::fs::{FileType, Mode, mknodat};

use crate::e2e_disk::shown;
use crate::e2e_survive::{contains, database, pull_the_plug, wait_until};
use crate::harness::{Abide, World};

const SIZE: (u16, u16) = (140, 24);

fn make_fifo(path: &Path) {
    let mode = Mode::RUSR | Mode::WUSR;
    mknodat(rustix::fs::CWD, path, FileType::Fifo, mode, 0).expect("it can be made");
}

#[test]
fn r01_a_fifo_in_place_of_any_file_of_ours_hangs_no_start() {
    let world = Arc::new(World::new());
    for folder in ["shell/zsh", "snapshots", "closed"] {
        fs::create_dir_all(world.path(&format!("state/abide/{folder}"))).expect("made");
    }
    fs::create_dir_all(world.path("config/abide")).expect("made");
    let names = [
        "state/abide/shell/bash",
        "state/abide/shell/zsh/.zshenv",
        "state/abide/snapshots/one.snapshot",
        "state/abide/snapshots/unfinished",
        "state/abide/closed/00000001-t1.snapshot",
        "state/abide/abide.db",
        "state/abide/abide.db-journal",
        "state/abide/abide.db-wal",
        "state/abide/server.log",
        "config/abide/config.toml",
    ];
    for name in names {
        make_fifo(&world.path(name));
    }
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    let listed = world.cli(&["snapshots"]).ok().stdout;
    assert!(listed.contains("one"), "{listed}");
    world.cli(&["restore", "one"]).refused(1, &["one"]);
    world.cli(&["save", "two"]).ok();
    assert_eq!(world.cli(&["exec", "-t", "work", "--", "echo", "there"]).ok().stdout, "there\n");
    client.type_line("echo still$((1+1))");
    client.expect("still2");
    world.kill_server();
    client.type_line("echo again$((1+1))");
    client.expect("again2");
}

/// A frozen file system, which goes on at the end: whoever writes to it could not even be killed.
struct Frozen<'a>(&'a World);

impl<'a> Frozen<'a> {
    fn new(world: &'a World) -> Self {
        world.freeze_disk(true);
        Self(world)
    }
}

impl Drop for Frozen<'_> {
    fn drop(&mut self) {
        self.0.freeze_disk(false);
    }
}

#[test]
fn r01_on_a_frozen_disk_keys_and_calls_go_on_and_it_is_told() {
    let Some(world) = World::with_ext4().map(Arc::new) else { return };
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    let server = world.server_pid();
    {
        let _frozen = Frozen::new(&world);
        let mut number = 0;
        wait_until("doctor says it", || {
            number += 1;
            let began = Instant::now();
            client.type_line(&format!("echo key$(({number}+1))"));
            client.expect(&format!("key{}", number + 1));
            world.cli(&["tab", "new", "-d", "-t", "work", "--", "true"]).ok();
            assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
            world.cli(&["doctor"]).stdout.contains("cannot be written: the disk does not answer")
        });
    }
    wait_until("doctor has nothing to say any more", || {
        !world.cli(&["doctor"]).stdout.contains("cannot be written")
    });
    assert_eq!(world.server_pid(), server);
}

#[test]
fn r13_commands_run_on_a_full_disk_and_leave_nothing_behind() {
    let Some(world) = World::with_disk(2048).map(Arc::new) else { return };
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    world.cli(&["exec", "-t", "work", "--", "export KNOWN=yes"]).ok();
    world.fill_disk();
    let echo = |words: &[&str], input: &[u8]| {
        let args = [&["exec", "-t", "work"], words].concat();
        world.cli_with(&args, input).ok().stdout
    };
    assert_eq!(echo(&["--", "echo one$((1+1))$KNOWN"], b""), "one2yes\n");
    assert_eq!(echo(&["--stdin", "--", "cat"], &vec![b'x'; 70_000]).len(), 70_000);
    let flood = echo(&["--", "seq 1 50000"], b"");
    assert_eq!(flood.lines().count(), 50_000);
    let started = world.cli(&["start", "-t", "work", "--", "echo started$KNOWN"]).ok().stdout;
    let id = started.split_whitespace().next().expect("it has an id").to_owned();
    wait_until("its output is there", || world.cli(&["logs", &id]).stdout.contains("startedyes"));
    // A shell of a session that has none yet is started there too.
    world.cli(&["new", "-d", "late"]).ok();
    let got = world.cli(&["exec", "-t", "late", "--", "echo late$((1+1))"]).ok();
    assert_eq!(got.stdout, "late2\n");
    let spare = || {
        let folders = fs::read_dir(world.path("run")).expect("it is there");
        folders.map(|entry| entry.expect("it can be read").path()).collect::<Vec<_>>()
    };
    wait_until("nothing is left in the spare directory", || spare().is_empty());
    world.empty_disk();
    assert_eq!(echo(&["--", "echo", "room"], b""), "room\n");
}

#[test]
fn r13_commands_run_on_a_read_only_disk() {
    let Some(world) = World::with_disk(2048).map(Arc::new) else { return };
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    world.make_disk_read_only();
    let got = world.cli(&["exec", "-t", "work", "--", "echo one$((1+1))"]).ok();
    assert_eq!(got.stdout, "one2\n");
    world.make_disk_writable();
}

#[test]
fn f06_what_happens_on_a_full_disk_is_saved_when_there_is_room() {
    let Some(world) = World::with_disk(4096).map(Arc::new) else { return };
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    client.type_line("echo before$((1+1))");
    client.expect("before2");
    wait_until("it is on disk", || shown(&world).contains("before2"));
    world.fill_disk();
    client.press("C-b c");
    client.expect("sessions cannot be saved to disk");
    client.type_line("echo mean$((1+1))while");
    client.expect("mean2while");
    world.kill_server();
    client.type_line("echo killed$((1+1))");
    client.expect("killed2");
    wait_until("doctor says it", || {
        world.cli(&["doctor"]).stdout.contains("sessions cannot be written")
    });
    world.empty_disk();
    wait_until("all is saved", || shown(&world).contains("killed2"));
    wait_until("doctor has nothing to say any more", || {
        !world.cli(&["doctor"]).stdout.contains("cannot be written")
    });
}

#[test]
fn r13_sessions_come_back_after_a_reboot_on_a_full_disk() {
    let Some(world) = World::with_disk(4096).map(Arc::new) else { return };
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    client.type_line("echo before$((1+1))");
    client.expect("before2");
    wait_until("it is on disk", || shown(&world).contains("before2"));
    client.kill_client();
    pull_the_plug(&world);
    // SQLite makes this anew at each start, which takes room.
    fs::remove_file(world.path("state/abide/abide.db-shm")).expect("it is there");
    world.fill_disk();
    let client = Abide::start_in(&world, &["attach", "work"], SIZE);
    client.expect("before2");
    assert!(!world.path("state/abide/abide.db.damaged").exists());
    world.empty_disk();
    client.press("C-b c");
    client.type_line("echo after$((1+1))");
    client.expect("after2");
    wait_until("it is saved", || {
        let shown = shown(&world);
        shown.contains("after2") && shown.contains("before2")
    });
}

#[test]
fn r13_a_first_start_on_a_disk_without_any_room_is_told_as_such() {
    let Some(world) = World::with_disk(128) else { return };
    world.fill_disk();
    for number in 0.. {
        if fs::create_dir(world.path(&format!("state/{number}"))).is_err() {
            break;
        }
    }
    let began = Instant::now();
    let got = world.cli(&["new", "-d", "work"]);
    got.refused(1, &["No space left on device", "XDG_STATE_HOME"]);
    assert!(began.elapsed() < Duration::from_secs(20), "{got:?}");
    assert!(!got.stderr.contains("no server is running"), "{got:?}");
}

#[test]
fn r14_files_are_the_users_alone_whatever_the_umask_is() {
    let world = Arc::new(World::new());
    let args = ["-c", "umask 000; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_abide"), "new", "work"];
    let client = Abide::spawn(&world, "sh", &args, SIZE);
    client.expect("ready$");
    world.cli(&["exec", "-t", "work", "--", "true"]).ok();
    world.cli(&["save", "one"]).ok();
    client.press("C-b x");
    let database = world.path("state/abide/abide.db");
    wait_until("there is a database", || database.exists());
    let mut folders = vec![world.path("state/abide")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("it can be read") {
            let path = entry.expect("it can be read").path();
            let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
            // The tests made this one.
            if path.ends_with("welcomed") || metadata.is_symlink() {
                continue;
            }
            assert_eq!(metadata.permissions().mode() & 0o077, 0, "{}", path.display());
            if metadata.is_dir() {
                folders.push(path);
            }
        }
    }
}

#[test]
fn r14_commands_of_an_ended_session_leave_the_database() {
    let world = Arc::new(World::new());
    world.cli(&["new", "-d", "stays"]).ok();
    world.cli(&["new", "-d", "work"]).ok();
    let secret = "a-word-of-a-command-of-an-ended-session";
    world.cli(&["exec", "-t", "work", "--", "true", secret]).ok();
    wait_until("it is on disk", || contains(&database(&world), secret.as_bytes()));
    world.cli(&["kill", "work"]).ok();
    wait_until("it is gone from all of it", || !contains(&database(&world), secret.as_bytes()));
    assert!(contains(&database(&world), b"stays"));
}

#[test]
fn r14_no_core_is_left_of_who_holds_what_was_typed_and_programs_have_the_users_limit() {
    let world = Arc::new(World::new());
    let args = ["-c", "ulimit -c 4096; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_abide")];
    let args: Vec<&str> = args.into_iter().chain(["new", "work"]).collect();
    let client = Abide::spawn(&world, "bash", &args, SIZE);
    client.expect("ready$");
    client.type_line("echo core-$(ulimit -S -c)-");
    client.expect("core-4096-");
    assert_eq!(world.cli(&["exec", "-t", "work", "--", "ulimit -S -c"]).ok().stdout, "4096\n");
    for pid in [world.server_pid(), world.keeper_pid(), client.pid()] {
        let limits = fs::read_to_string(format!("/proc/{pid}/limits")).expect("it lives");
        let core = limits.lines().find(|line| line.starts_with("Max core file size"));
        let soft = core.and_then(|core| core.split_whitespace().nth(4)).expect("it is listed");
        assert_eq!(soft, "1", "of {pid}");
    }
}
