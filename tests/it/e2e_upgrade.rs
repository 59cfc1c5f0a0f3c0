//! The program file is replaced or removed under a running server: by a package manager, by a
//! build, by accident.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;

use crate::e2e_survive::{Flood, wait_until};
use crate::harness::{Abide, Api, World, missing_tool};

/// The version that is built, and the one the tests make of it.
const OWN: &str = env!("CARGO_PKG_VERSION");
const OTHER: &str = "9.9.9";
const SIZE: (u16, u16) = (120, 30);

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
        self.put_as("abide", bytes);
    }

    /// A program file beside it; gives its path.
    fn put_as(&self, name: &str, bytes: &[u8]) -> String {
        let place = self.program.with_file_name(name);
        let fresh = place.with_extension("new");
        // By a process of its own: what other tests start meanwhile would hold it open for writing,
        // and a program that is written to cannot be executed (ETXTBSY in execve(2)).
        let script = format!("cat > {}", fresh.display());
        self.world.run("sh", &["-c", &script], bytes).ok();
        fs::set_permissions(&fresh, fs::Permissions::from_mode(0o755)).expect("it is ours");
        fs::rename(&fresh, &place).expect("it takes its place");
        place.to_string_lossy().into_owned()
    }

    /// This abide as another version of it: the same program with another number in it.
    fn put_other(&self) -> String {
        let mut bytes = fs::read(env!("CARGO_BIN_EXE_abide")).expect("it was built");
        let places: Vec<usize> = memchr::memmem::find_iter(&bytes, OWN).collect();
        for at in places {
            bytes[at..at + OTHER.len()].copy_from_slice(OTHER.as_bytes());
        }
        self.put_as("abide-other", &bytes)
    }

    /// A script that says it is that version, and does `script` for everything else; `$REAL` is
    /// this abide.
    fn put_script(&self, version: &str, script: &str) -> String {
        let real = self.program.display();
        let text = format!(
            "#!/bin/sh\nREAL={real}\n[ \"$1\" = version ] && {{ echo \
             '{{\"version\":\"{version}\",\"protocol\":1,\"protocol_min\":1,\"keeper\":1}}'; exit \
             0; }}\n{script}\n"
        );
        self.put_as("abide-script", text.as_bytes())
    }

    /// Calls the program that is installed.
    fn call(&self, args: &[&str]) -> crate::harness::Output {
        self.world.run(&self.program.to_string_lossy(), args, b"")
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
    assert_eq!(
        Installed::file_of(world.keeper_pid()),
        installed.program.to_string_lossy(),
        "the new keeper is of the new program"
    );
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
    assert!(
        Installed::file_of(world.server_pid()).ends_with(" (deleted)"),
        "it is the program that worked"
    );
    // One that works is taken the next time.
    installed.put(&fs::read(env!("CARGO_BIN_EXE_abide")).expect("it was built"));
    wait_until("the server has worked for long enough", || {
        world.cli(&["server", "restart"]).ok();
        Installed::file_of(world.server_pid()) == installed.program.to_string_lossy()
    });
    installed.is_whole("mended");
}

#[test]
fn an_upgrade_replaces_server_and_keeper_under_clients_and_programs() {
    let installed = Installed::new();
    let world = &installed.world;
    let client = Abide::start_in(world, &["attach", "work"], SIZE);
    client.expect("armed");
    let ends = Abide::start_in(
        world,
        &["new", "ends", "--", "sh", "-c", "echo armed; read x; exit 7"],
        SIZE,
    );
    ends.expect("armed");
    let (server, keeper) = (world.server_pid(), world.keeper_pid());
    let other = installed.put_other();
    let said = installed.call(&["server", "upgrade", "--exe", &other]).ok().stdout;
    let now = world.server_pid();
    assert_eq!(said, format!("upgraded from {OWN} (pid {server}) to {OTHER} (pid {now})\n"));
    assert_ne!(now, server);
    assert_eq!(Installed::file_of(now), other);
    client.expect(&format!("abide was upgraded to {OTHER}"));
    wait_until("the keeper is of the new program too", || Installed::file_of(keeper) == other);
    assert_eq!(world.keeper_pid(), keeper, "it is the same process");
    installed.is_whole("upgraded");
    client.expect("upgraded");
    // The keeper is still the parent of what it started, and starts the next server from there.
    ends.press("Enter");
    assert_eq!(ends.expect_exit(), 7);
    world.kill_server();
    installed.is_whole("killed");
    assert_eq!(Installed::file_of(world.server_pid()), other);
    // Back to the older one, which is the one that is called.
    let back = installed.call(&["server", "upgrade", "--json"]).ok().json();
    assert_eq!((back["from"].as_str(), back["to"].as_str()), (Some(OTHER), Some(OWN)));
    assert_eq!(back["pid"].as_i64(), Some(world.server_pid().into()));
    wait_until("the keeper is of the older program again", || {
        Installed::file_of(keeper) == installed.program.to_string_lossy()
    });
    installed.is_whole("older");
}

#[test]
fn what_is_no_abide_or_speaks_another_protocol_is_refused_by_name_and_changes_nothing() {
    let installed = Installed::new();
    let world = &installed.world;
    let server = world.server_pid();
    let plain = installed.put_as("plain", b"no program");
    fs::set_permissions(&plain, fs::Permissions::from_mode(0o644)).expect("it is ours");
    let liar = "#!/bin/sh\necho '{\"version\":\"9.9.9\",\"protocol\":99,\"protocol_min\":98}'\n";
    let liar = installed.put_as("abide-99", liar.as_bytes());
    let refused = |exe: &str, code, words: &[&str]| {
        let answer = installed.call(&["server", "upgrade", "--exe", exe]);
        answer.refused(code, words);
        answer.refused(code, &["the server stays as it is"]);
        assert_eq!(world.server_pid(), server, "{exe}");
    };
    refused("/nowhere/abide", 4, &["/nowhere/abide cannot be found"]);
    refused("/bin", 2, &["/bin is no file that can be executed"]);
    refused(&plain, 2, &["plain is no file that can be executed"]);
    refused("/bin/true", 2, &["/bin/true is no abide"]);
    refused(
        &liar,
        1,
        &[
            "is abide 9.9.9, which speaks protocol 98 to 99, and the clients of abide",
            "speak 1 to 1",
        ],
    );
    installed.is_whole("unchanged");
}

#[test]
fn an_upgrade_to_what_does_not_take_over_is_rolled_back_and_says_why() {
    let installed = Installed::new();
    let world = &installed.world;
    let client = Abide::start_in(world, &["attach", "work"], SIZE);
    client.expect("armed");
    let (server, keeper) = (world.server_pid(), world.keeper_pid());
    let broken = installed.put_script(OTHER, "exit 3");
    let answer = installed.call(&["server", "upgrade", "--exe", &broken]);
    let now = world.server_pid();
    let why = format!(
        "the upgrade to abide {OTHER} ({broken}) failed: it ended with status 3 before it had \
         taken over; abide {OWN} (pid {now}) goes on"
    );
    answer.refused(1, &[&why, "the log is "]);
    assert_ne!(now, server);
    assert_eq!(
        (world.keeper_pid(), Installed::file_of(now)),
        (keeper, installed.program.to_string_lossy().into_owned())
    );
    client.expect("the upgrade was rolled back: it ended with status 3");
    installed.is_whole("rolled-back");
    // And the next one may work.
    installed.call(&["server", "upgrade", "--exe", &installed.put_other()]).ok();
    assert!(world.cli(&["server", "status", "--json"]).ok().json()["upgrade_failed"].is_null());
    installed.is_whole("upgraded");
}

#[test]
fn a_keeper_that_cannot_become_the_new_program_stays_and_one_that_fails_at_it_is_replaced() {
    let installed = Installed::new();
    let world = &installed.world;
    let keeper = world.keeper_pid();
    // It is gone by the time the keeper is to become it.
    let gone = installed.put_script(OWN, "rm -- \"$0\"; exec \"$REAL\" \"$@\"");
    installed.call(&["server", "upgrade", "--exe", &gone]).ok();
    wait_until("the keeper says why it stays", || world.logs().contains("keeper: cannot become "));
    assert_eq!(world.keeper_pid(), keeper);
    installed.is_whole("stays");
    // It is there, and cannot go on with what the keeper held.
    let unable = installed.put_script(OWN, "[ \"$2\" = --table ] && exit 1; exec \"$REAL\" \"$@\"");
    installed.call(&["server", "upgrade", "--exe", &unable]).ok();
    wait_until("another keeper has taken over", || world.keeper_pid() != keeper);
    installed.is_whole("replaced");
}

/// An editor with unsaved text, a flood, and a client in copy mode with a selection: nobody notices
/// more than a line that says so.
#[test]
fn an_upgrade_in_the_middle_of_work_is_a_short_notice() {
    if missing_tool("vim") {
        return;
    }
    let installed = Installed::new();
    let world = &installed.world;
    world.configure("[copy]\nkeys = \"vi\"\n");
    let other = installed.put_other();
    let vim = Abide::start_in(
        world,
        &["new", "vim", "--", "vim", "-u", "NONE", "-n", "+set nocompatible showmode", "text"],
        SIZE,
    );
    vim.expect("\"text\"");
    vim.type_text("ihalf a sen");
    vim.expect("half a sen");
    world.cli(&["new", "-d", "lines", "--", "sh", "-c", "seq 1 500; echo armed; exec cat"]).ok();
    world.cli(&["wait", "-t", "lines", "--text", "armed", "--timeout", "20s"]).ok();
    let copier = Abide::start_in(world, &["attach", "lines"], SIZE);
    copier.expect("armed");
    copier.press("C-b [ ? 2 3 4 Enter");
    copier.expect_screen("the match", |screen| screen.rows().iter().any(|row| row == "234"));
    copier.press("V j");
    let mut flood = Flood::start(world);
    flood.burst(8_000);
    flood.shows_at_least(100);
    installed.call(&["server", "upgrade", "--exe", &other]).ok();
    for client in [&vim, &copier] {
        client.expect(&format!("abide was upgraded to {OTHER}"));
    }
    // The selection is still there, and is what is copied.
    copier.press("y");
    wait_until("the selection was copied", || {
        let shown = world.cli(&["buffer", "show", "--json"]);
        shown.code == 0
            && shown.json()["text"].as_str().is_some_and(|text| text.trim_end() == "234\n235")
    });
    // The editor is still inserting.
    vim.type_text("tence");
    vim.expect("half a sentence");
    vim.expect("-- INSERT --");
    vim.press("Esc");
    vim.type_line(":wq");
    wait_until("the text was saved", || {
        fs::read_to_string(world.path("home/text")).is_ok_and(|text| text == "half a sentence\n")
    });
    flood.is_whole("--scrollback");
}

#[test]
fn what_is_asked_of_a_server_that_is_being_replaced_the_next_one_does() {
    let world = Arc::new(World::new());
    let client = Abide::start_in(&world, &["new", "work"], (100, 30));
    client.expect("ready$");
    let stubborn = "trap '' HUP TERM; echo armed; while [ -e \"$LEASH\" ]; do sleep 0.1; done";
    world.cli(&["pane", "split", "-t", "work", "--", "sh", "-c", stubborn]).ok();
    client.expect("armed");
    let before = world.server_pid();
    let mut api = Api::connect(&world);
    api.send("pane.close", &json!({"target": "p2", "now": true, "grace_ms": 2000}));
    let restart = api.send("server.restart", &json!({}));
    assert!(api.answer(restart).is_ok());
    // It goes when what it ends has ended.
    client.press("C-b c");
    client.type_line("echo in-the-second-$((1+1))");
    world.cli(&["tab", "rename", "-t", "t1", "named-meanwhile"]).ok();
    let screen = client.expect("in-the-second-2");
    assert!(!screen.shows("stopping"), "{}", screen.text());
    client.expect("named-meanwhile");
    assert_ne!(world.server_pid(), before);
}
