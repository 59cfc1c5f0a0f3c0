//! The command line against a server of its own making: what it sends, prints and ends with. No
//! session runs here.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use abide::base::error::Code;
use serde_json::{Value, json};

use crate::harness::{Abide, Output, World, status_field};

/// A server that answers every call with `answer` and passes on what it was asked.
fn serve(world: &World, answer: Value) -> Receiver<Value> {
    let folder = world.path("state/abide/run");
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .expect("the temporary directory can be written");
    let listener = UnixListener::bind(folder.join("socket")).expect("nobody listens there");
    let (sender, asked) = sync_channel(64);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.expect("a connection"));
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|len| len > 0) {
                let request: Value = serde_json::from_str(&line).expect("a request is JSON");
                let mut response = json!({ "jsonrpc": "2.0", "id": request["id"] });
                for (name, value) in answer.as_object().expect("a result or an error") {
                    response[name] = value.clone();
                }
                let sent = reader.get_mut().write_all(format!("{response}\n").as_bytes());
                if sent.is_err() || sender.send(request).is_err() {
                    return;
                }
                line.clear();
            }
        }
    });
    asked
}

fn answered(answer: Value, args: &[&str]) -> Output {
    let world = World::new();
    let _asked = serve(&world, answer);
    world.cli(args)
}

/// Runs a line of the shell with `abide` as `$A`.
fn shell(world: &World, line: &str) -> Output {
    let script = format!("A='{}'; {line}", env!("CARGO_BIN_EXE_abide"));
    world.run("/bin/sh", &["-c", &script], b"")
}

#[test]
fn every_code_has_its_exit_status_message_and_hint() {
    for code in Code::ALL {
        let data = json!({ "code": code.name(), "hint": "try another" });
        let error = json!({ "code": -32000, "message": "no such thing", "data": data });
        let output = answered(json!({ "error": error }), &["ls"]);
        assert_eq!(output.code, i32::from(code.exit_status()), "{code}");
        // Where nobody reads there is nothing to say.
        let is_silent = *code == Code::ReaderGone;
        let told = if is_silent { "" } else { "abide: no such thing\nhint: try another\n" };
        assert_eq!(output.stderr, told, "{code}");
        assert_eq!(output.stdout, "");
    }
}

#[test]
fn a_refusal_is_json_where_json_is_asked_for() {
    let error = json!({ "code": -32000, "message": "no \"x\"", "data": { "code": "not_found" } });
    let output = answered(json!({ "error": error }), &["ls", "--json"]);
    assert_eq!(output.code, 4);
    let shown: Value = serde_json::from_str(&output.stderr).expect("one line of JSON");
    assert_eq!(
        shown,
        json!({ "error": { "code": "not_found", "message": "no \"x\"", "hint": "" } })
    );
    let usage = World::new().cli(&["--json", "nonsense"]);
    assert_eq!(usage.code, 2);
    assert_eq!(
        serde_json::from_str::<Value>(&usage.stderr).expect("JSON")["error"]["code"],
        "invalid_params"
    );
}

#[test]
fn names_that_a_terminal_would_obey_are_harmless() {
    let hostile = "a\u{1b}]0;owned\u{7}\u{202e}b\nc";
    let listed = answered(json!({ "result": [{ "id": "s1", "name": hostile }] }), &["ls"]);
    assert_eq!(listed.stdout, "ID  NAME\ns1  a]0;ownedbc\n");
    let error = json!({ "code": -32000, "message": hostile, "data": { "code": "not_found" } });
    let refused = answered(json!({ "error": error }), &["ls"]);
    assert_eq!(refused.stderr, "abide: a]0;ownedb\nc\n");
}

#[test]
fn calls_carry_their_arguments_and_the_pane_they_come_from() {
    let world = World::new();
    let asked = serve(&world, json!({ "result": null }));
    world.cli(&["rename", "-t", "work", "build"]).ok();
    let request = asked.recv().expect("it was asked");
    assert_eq!(request["params"], json!({ "name": "build", "target": "work" }));
    assert_eq!(request.get("pane"), None);
    shell(&world, "ABIDE=1 ABIDE_PANE=p7 $A rename build").ok();
    assert_eq!(asked.recv().expect("it was asked")["pane"], "p7");
    shell(&world, "ABIDE=/elsewhere/socket ABIDE_PANE=p7 $A rename build")
        .refused(4, &["no server is running"]);
    let named = "ABIDE_SOCKET=$XDG_STATE_HOME/abide/run/socket $A rename build";
    shell(&world, &format!("ABIDE=/elsewhere/socket ABIDE_PANE=p7 {named}")).ok();
    assert_eq!(
        asked.recv().expect("it was asked").get("pane"),
        None,
        "the pane is one of another server"
    );
    shell(&world, &format!("ABIDE=$XDG_STATE_HOME/abide/run/socket ABIDE_PANE=p7 {named}")).ok();
    assert_eq!(asked.recv().expect("it was asked")["pane"], "p7");
    shell(&world, "ABIDE=1 ABIDE_PANE=nonsense $A rename build").ok();
    assert_eq!(asked.recv().expect("it was asked").get("pane"), None);
    world.cli(&["rename-session", "-t", "work", "build"]).ok();
    assert_eq!(
        asked.recv().expect("it was asked")["params"],
        json!({ "name": "build", "target": "work" })
    );
}

#[test]
fn a_reader_that_goes_away_ends_who_writes_in_silence_as_a_filter_ends() {
    let world = World::new();
    for args in [
        &["actions", "--json"][..],
        &["man"],
        &["completions", "bash"],
        &["--help"],
        &["config", "default"],
    ] {
        let (reader, writer) = std::io::pipe().expect("there are fds");
        drop(reader);
        let mut command = Command::new(env!("CARGO_BIN_EXE_abide"));
        command
            .args(args)
            .env_clear()
            .env("HOME", world.home())
            .env("XDG_CONFIG_HOME", world.path("config"));
        let done = command
            .stdin(Stdio::null())
            .stdout(writer)
            .stderr(Stdio::piped())
            .output()
            .expect("it runs");
        assert_eq!(done.status.code(), Some(141), "{args:?}: {done:?}");
        assert_eq!(String::from_utf8_lossy(&done.stderr), "", "{args:?}");
    }
}

#[test]
fn a_full_disk_is_an_error() {
    let done = shell(&World::new(), "$A version > /dev/full");
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("cannot write"), "{}", done.stderr);
}

#[test]
fn without_a_server_lists_are_empty_and_the_rest_is_refused() {
    let world = World::new();
    assert_eq!(world.cli(&["ls"]).ok().stdout, "");
    assert_eq!(world.cli(&["ls", "--json"]).ok().json(), json!([]));
    world.cli(&["rename", "x"]).refused(4, &["no server is running", "hint: "]);
    assert!(world.processes().is_empty(), "asking has started something");
    assert!(!world.path("state/abide/run").exists(), "asking has made something");
}

#[test]
fn wrong_use_is_told_with_the_usage() {
    let world = World::new();
    world
        .cli(&["renam"])
        .refused(2, &["unrecognized subcommand 'renam'", "'rename'", "Usage: abide"]);
    world.cli(&["rename"]).refused(2, &["<NAME>", "Usage: abide rename"]);
    world.cli(&["rename", "old", "new"]).refused(2, &["hint: abide rename -t old new"]);
    world.cli(&["pane", "rename", "p1", "new"]).refused(2, &["hint: abide pane rename -t p1 new"]);
    world.cli(&["ls", "--bogus"]).refused(2, &["--bogus", "Usage: abide ls"]);
    world.cli(&["config"]).refused(2, &["check", "show", "Usage: abide config"]);
    shell(&world, "$A \"$(printf 'a\\377')\"").refused(2, &[]);
    for args in [
        &["--help"][..],
        &["help"],
        &["rename", "--help"],
        &["config", "--help"],
        &["-V"],
        &["version"],
    ] {
        let output = world.cli(args).ok();
        assert!(!output.stdout.is_empty() && output.stderr.is_empty(), "{args:?}: {output:?}");
    }
}

#[test]
fn the_version_names_the_compiler_that_built_it() {
    let world = World::new();
    let told = world.cli(&["version", "--verbose"]).ok().stdout;
    let compiler = world.cli(&["version", "--json"]).ok().json()["compiler"].clone();
    let compiler = compiler.as_str().expect("it is text");
    assert!(compiler.starts_with("rustc 1.") && told.contains(compiler), "{told}");
    assert_eq!(world.cli(&["version"]).ok().stdout.lines().count(), 1);
}

#[test]
fn attaching_needs_a_terminal_and_is_not_nested() {
    let world = World::new();
    world.cli(&[]).refused(1, &["no terminal", "hint: abide new -d"]);
    shell(&world, "ABIDE=1 $A").refused(1, &["inside", "unset ABIDE"]);
    assert!(world.processes().is_empty(), "a refusal has started something");
}

#[test]
fn the_configuration_is_checked_shown_and_found() {
    let world = World::new();
    let path = world.path("config/abide/config.toml");
    assert_eq!(world.cli(&["config", "path"]).ok().stdout, format!("{}\n", path.display()));
    assert!(world.cli(&["config", "check"]).ok().stdout.contains("the defaults are in force"));
    assert_eq!(
        world.cli(&["config", "show", "--json"]).ok().json(),
        json!(abide::settings::Settings::default())
    );
    assert_eq!(
        world.cli(&["config", "default"]).ok().stdout,
        abide::config::reference::default_toml()
    );
    world.configure("[outer]\nmouse = false\n");
    assert!(world.cli(&["config", "check"]).ok().stdout.contains("no problems"));
    assert!(
        world.cli(&["config", "show", "outer"]).ok().stdout.starts_with("[outer]\nmouse = false\n")
    );
    world.cli(&["config", "show", "outher"]).refused(4, &["outher", "outer"]);
    world.configure("[outer]\nmouse = 1\nmous = 2\n");
    let checked = world.cli(&["config", "check"]);
    checked.refused(
        3,
        &[
            &format!("{}:2:9: [outer].mouse: 1: has to be true or false", path.display()),
            ":3:1: [outer].mous",
        ],
    );
    let listed = world.cli(&["config", "check", "--json"]);
    assert_eq!((listed.code, listed.json()[1]["option"].as_str()), (3, Some("[outer].mous")));
    world.cli(&["keys"]).refused(3, &["[outer].mouse", "abide config check"]);
    world.cli(&["config", "check", "nowhere.toml"]).refused(4, &["nowhere.toml"]);
    world.cli(&["config", "check", "."]).refused(3, &["cannot be read"]);
}

#[test]
fn an_edited_configuration_is_checked() {
    let world = World::new();
    let edit = |editor: &str| shell(&world, &format!("EDITOR='{editor}' $A config edit"));
    assert!(edit("true").ok().stdout.contains("no problems"));
    assert!(world.path("config/abide/config.toml").exists());
    world.write("home/ed.sh", "printf '[keys]\\nprefix = 1\\n' > \"$2\"\n");
    edit("sh ed.sh --flag").refused(3, &["[keys].prefix"]);
    edit("false").refused(1, &["the editor \"false\""]);
}

#[test]
fn completions_know_every_command() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = world.cli(&["completions", shell]).ok().stdout;
        for entry in abide::action::table::all() {
            let last = entry.words()[0].last().copied().expect("words are never empty");
            assert!(script.contains(last), "{shell} does not complete {last}");
        }
    }
    world.cli(&["completions", "csh"]).refused(2, &["csh", "bash"]);
}

#[test]
fn a_disk_that_is_full_or_read_only_is_told_with_the_way_out() {
    let world = World::new();
    let abide = env!("CARGO_BIN_EXE_abide");
    let disk = world.path("disk").display().to_string();
    std::fs::create_dir(world.path("disk")).expect("it can be made");
    let on_disk = |prepare: &str, words: &str| {
        let script = format!(
            "mount -t tmpfs -o size=8k none {disk} && {prepare} && \
             export XDG_STATE_HOME={disk}/state XDG_CONFIG_HOME={disk}/config EDITOR=true && \
             {abide} {words}"
        );
        world.run("unshare", &["-Urm", "sh", "-c", &script], b"")
    };
    if on_disk("true", "config path").code != 0 {
        let said = writeln!(std::io::stderr(), "NOT TESTED: this kernel allows no mounts");
        return assert!(said.is_ok(), "standard error can be written");
    }
    let (full, read_only) = (
        format!("! head -c 64k /dev/zero 2>&- >{disk}/all"),
        format!("mount -o remount,ro {disk}"),
    );
    for (prepare, why) in [(&full, "No space left"), (&read_only, "Read-only file system")] {
        let found = on_disk(prepare, "doctor");
        assert_eq!(found.code, 1, "{found:?}");
        let line = found.stdout.lines().find(|line| line.contains("places")).expect("a line");
        let is_told = ["bad", why, "XDG_STATE_HOME"].iter().all(|word| line.contains(word));
        assert!(is_told, "{line}");
        let edited = on_disk(prepare, "config edit");
        edited.refused(1, &["config.toml", why, "XDG_CONFIG_HOME"]);
        let left = on_disk(prepare, &format!("config edit 2>&-; ls {disk}/config"));
        assert!(!left.stdout.contains("config.toml"), "an empty file is left: {left:?}");
    }
    on_disk(&read_only, "new -d work").refused(1, &["Read-only file system", "XDG_STATE_HOME"]);
}

#[test]
fn the_doctor_finds_a_broken_configuration() {
    let world = World::new();
    world.cli(&["doctor"]).ok();
    world.configure("nonsense");
    let found = world.cli(&["doctor", "--json"]);
    assert_eq!(found.code, 1);
    let bad: Vec<_> = found
        .json()
        .as_array()
        .expect("a list")
        .iter()
        .filter(|finding| finding["verdict"] == "bad")
        .cloned()
        .collect();
    assert_eq!(bad.len(), 1, "{bad:?}");
    assert_eq!(bad[0]["check"], "configuration");
}

#[test]
fn actions_and_keys_can_be_searched() {
    let world = World::new();
    let all = world.cli(&["actions", "--json"]).ok().json();
    assert_eq!(all.as_array().map(Vec::len), Some(abide::action::table::all().count()));
    for name in ["session.rename", "rename", "session rename"] {
        assert!(
            world.cli(&["actions", name]).ok().stdout.starts_with("## `session.rename`"),
            "{name}"
        );
    }
    world.cli(&["actions", "session.renam"]).refused(2, &["session.rename"]);
    world.cli(&["keys", "no-such-word"]).refused(4, &["no-such-word"]);
}

#[test]
fn whoever_ignores_the_end_of_children_can_start_abide() {
    let world = World::new();
    let abide = env!("CARGO_BIN_EXE_abide");
    let ignoring = |args: &[&str]| {
        let args: Vec<&str> = ["--ignore-signal=CHLD", abide].iter().chain(args).copied().collect();
        world.run("/usr/bin/env", &args, b"").ok().stdout
    };
    ignoring(&["new", "-d", "work", "--", "cat"]);
    assert_eq!(ignoring(&["exec", "-t", "work", "--", "true; echo $?"]), "0\n");
    let ignored = ignoring(&["exec", "-t", "work", "--", "grep SigIgn /proc/self/status"]);
    let mask =
        ignored.split_whitespace().last().and_then(|mask| u64::from_str_radix(mask, 16).ok());
    assert_eq!(mask.expect("a mask") & 1 << 16, 0, "programs have the default: {ignored}");
}

#[test]
fn a_verb_with_letters_swapped_gets_the_one_that_was_meant() {
    let world = World::new();
    world.cli(&["atach", "work"]).refused(2, &["atach", "did you mean 'attach'?"]);
    world.cli(&["detahc"]).refused(2, &["did you mean 'detach'?"]);
    let told = world.cli(&["renmae", "x"]);
    assert!(told.stderr.contains("did you mean 'rename'?"), "{}", told.stderr);
}

#[test]
fn what_cannot_be_found_has_one_status_and_names_with_blanks_are_quoted_in_hints() {
    let world = World::new();
    world.cli(&["new", "-d", "my session", "--", "cat"]).ok();
    world.cli(&["stop", "1"]).refused(4, &["1 is no process of a session"]);
    world.cli(&["stop", "999999"]).refused(4, &["no process 999999"]);
    world.cli(&["new", "-d", "my session"]).refused(1, &["hint: abide attach 'my session'"]);
}

#[test]
fn a_semicolon_behind_a_backslash_is_typed_as_tmux_types_it() {
    let world = World::new();
    world.cli(&["new", "-d", "work", "--", "cat"]).ok();
    world.cli(&["send-keys", "-t", "work", "a\\;", "\\;", "b\\;c", "Enter"]).ok();
    world.cli(&["wait", "-t", "work", "--text", "^a;;b\\\\;c$", "--timeout", "20s"]).ok();
}

/// The masks of signals that a process blocks and ignores, from its line of `/proc/PID/status`.
fn signals(pid: i32, field: &str) -> u64 {
    let mask = status_field(pid, field).unwrap_or_default();
    u64::from_str_radix(&mask, 16).expect("it is in hexadecimal digits")
}

#[test]
fn a_client_hears_what_its_launcher_has_blocked_or_ignores() {
    let world = Arc::new(World::new());
    world.cli(&["new", "-d", "w", "--", "cat"]).ok();
    let abide = env!("CARGO_BIN_EXE_abide");
    let words = ["--block-signal", "--ignore-signal", abide, "attach", "w"];
    let client = Abide::spawn(&world, "/usr/bin/env", &words, (80, 24));
    client.expect("w");
    assert_eq!(signals(client.pid(), "SigBlk"), 0);
    client.resize((100, 30));
    client.expect_screen("it follows the new size", |screen| screen.rows().len() == 30);
    let pid = rustix::process::Pid::from_raw(client.pid()).expect("it runs");
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it runs");
    client.expect_exit();
    // Programs of the first server, started so, are as they always are.
    let other = World::new();
    let words = ["--block-signal", "--ignore-signal", abide, "new", "-d", "w", "--", "cat"];
    other.run("/usr/bin/env", &words, b"").ok();
    let pid = other.cli(&["pane", "ls", "--json"]).ok().json()[0]["pid"].as_i64();
    let pid = i32::try_from(pid.expect("it runs")).expect("it fits");
    assert_eq!((signals(pid, "SigBlk"), signals(pid, "SigIgn")), (0, 0));
}

#[test]
fn whatever_the_launcher_closed_and_masks_a_session_starts_and_is_its_own_alone() {
    for launch in ["exec <&- >&- 2>&-", "umask 000", "umask 777"] {
        let world = World::new();
        let script = format!("{launch}; exec {} new -d w -- cat", env!("CARGO_BIN_EXE_abide"));
        assert_eq!(world.run("/bin/sh", &["-c", &script], b"").code, 0, "{launch}");
        assert_eq!(
            world.cli(&["exec", "-t", "w", "--", "echo hi"]).ok().stdout,
            "hi\n",
            "{launch}"
        );
        let state = world.path("state/abide").display().to_string();
        let found = |what: &[&str]| world.run("/usr/bin/find", &[&[&*state], what].concat(), b"");
        let for_others = found(&["-perm", "/022", "-not", "-type", "l"]).stdout;
        let shut = found(&["-type", "d", "-not", "-perm", "-700"]).stdout;
        assert_eq!((&*for_others, &*shut), ("", ""), "{launch}");
    }
}
