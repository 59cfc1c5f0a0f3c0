//! The program file is replaced or removed under a running server: by a package manager, by a build, by accident.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use crate::e2e_survive::wait_until;
use crate::harness::World;

/// A program file of its own, and a session that was started with it.
struct Installed {
    world: Arc<World>,
    program: PathBuf,
}

impl Installed {
    fn new() -> Self {
        let world = Arc::new(World::new());
        let program = world.path("data/abide");
        let installed = Self { world, program };
        installed.put(&fs::read(env!("CARGO_BIN_EXE_abide")).expect("it was built"));
        let new = ["new", "-d", "work", "--", "sh", "-c", "echo armed; exec cat"];
        installed.world.run(&installed.program.to_string_lossy(), &new, b"").ok();
        installed.is_whole("armed");
        installed
    }

    /// Another file in its place, as an installation does it.
    fn put(&self, bytes: &[u8]) {
        let fresh = self.program.with_extension("new");
        fs::write(&fresh, bytes).expect("written");
        fs::set_permissions(&fresh, fs::Permissions::from_mode(0o755)).expect("it is ours");
        fs::rename(&fresh, &self.program).expect("it takes its place");
    }

    /// The program in the pane lives and answers.
    #[track_caller]
    fn is_whole(&self, word: &str) {
        self.world.cli(&["wait", "-t", "work", "--text", "armed", "--timeout", "20s"]).ok();
        self.world.cli(&["send", "-t", "work", "--submit", word]).ok();
        self.world.cli(&["wait", "-t", "work", "--text", word, "--timeout", "20s"]).ok();
        let shown = self.world.cli(&["capture", "-t", "work"]).ok().stdout;
        assert!(!shown.contains("restored"), "it is the same program: {shown}");
    }

    fn file_of(pid: i32) -> String {
        fs::read_link(format!("/proc/{pid}/exe")).expect("it runs").to_string_lossy().into_owned()
    }
}

#[test]
fn a_keeper_that_dies_after_the_program_was_replaced_or_removed_ends_nothing() {
    let installed = Installed::new();
    let world = &installed.world;
    installed.put(&fs::read(env!("CARGO_BIN_EXE_abide")).expect("it was built"));
    assert!(Installed::file_of(world.server_pid()).ends_with(" (deleted)"));
    world.kill_keeper();
    installed.is_whole("replaced");
    assert_eq!(Installed::file_of(world.keeper_pid()), installed.program.to_string_lossy(), "the new keeper is of the new program");
    fs::remove_file(&installed.program).expect("it is there");
    world.kill_keeper();
    installed.is_whole("removed");
    world.kill_server();
    installed.is_whole("killed");
}

#[test]
fn a_successor_that_does_not_work_is_rolled_back() {
    let installed = Installed::new();
    let world = &installed.world;
    installed.put(b"#!/bin/sh\nexit 1\n");
    let former = world.server_pid();
    world.cli(&["server", "restart"]).ok();
    installed.is_whole("broken");
    assert_ne!(world.server_pid(), former);
    assert!(Installed::file_of(world.server_pid()).ends_with(" (deleted)"), "it is the program that worked");
    // One that works is taken the next time.
    installed.put(&fs::read(env!("CARGO_BIN_EXE_abide")).expect("it was built"));
    wait_until("the server has worked for long enough", || {
        world.cli(&["server", "restart"]).ok();
        Installed::file_of(world.server_pid()) == installed.program.to_string_lossy()
    });
    installed.is_whole("mended");
}
