//! Bad input of every kind: it is refused with a reason, or drawn around; nothing else suffers.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::harness::{Abide, PATIENCE, World, is_alive, status_field};

const SIZE: (u16, u16) = (100, 30);

/// A client in a session `work` with a shell that is ready.
#[track_caller]
fn working() -> Abide {
    let client = Abide::start(&["new", "work"], SIZE);
    client.expect("ready$");
    client
}

/// Fails unless typing into the session still works.
#[track_caller]
fn still_works(client: &Abide, mark: &str) {
    client.type_line(&format!("echo {mark}$((40+2))"));
    client.expect(&format!("{mark}42"));
}

/// The socket of the server.
fn socket(world: &World) -> PathBuf {
    let found = ["state", "run"].iter().flat_map(|name| sockets_below(&world.path(name))).next();
    found.expect("the server listens on a socket in the state or the runtime directory")
}

fn sockets_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_socket() {
            found.push(entry.path());
        } else if kind.is_dir() {
            found.extend(sockets_below(&entry.path()));
        }
    }
    found
}

#[test]
fn an_unknown_target_is_refused_with_the_nearest_name() {
    let world = World::new();
    world.cli(&["new", "-d", "build", "--", "cat"]).ok();
    for target in ["biuld", "build:9", "build:0.9", "p999", "@nonsense", ""] {
        let refused = world.cli(&["capture", "-t", target]);
        assert!(matches!(refused.code, 2 | 4), "{target:?}: {refused:?}");
        assert!(
            !refused.stderr.trim().is_empty() && refused.stdout.is_empty(),
            "{target:?}: {refused:?}"
        );
    }
    world.cli(&["capture", "-t", "biuld"]).refused(4, &["biuld", "build"]);
    world.cli(&["capture", "-t", "build"]).ok();
}

#[test]
fn an_unknown_verb_or_option_is_refused_with_the_nearest_word() {
    let world = World::new();
    world.cli(&["atach"]).refused(2, &["atach", "attach"]);
    world.cli(&["ls", "--jsno"]).refused(2, &["--jsno", "--json"]);
    world.cli(&["capture", "--format", "colour"]).refused(2, &["colour"]);
    assert!(world.processes().is_empty(), "a refused call has started something");
}

#[test]
fn an_unknown_key_is_refused_and_nothing_is_typed() {
    let world = World::new();
    world.cli(&["new", "-d", "w", "--", "cat"]).ok();
    let refused = world.cli(&["send", "-t", "w", "--key", "x Entre"]);
    assert!(matches!(refused.code, 1 | 2), "{refused:?}");
    assert!(refused.stderr.contains("Entre"), "{refused:?}");
    assert!(
        !world.cli(&["capture", "-t", "w"]).ok().stdout.contains('x'),
        "half of a refused call was carried out"
    );
}

#[test]
fn an_unknown_option_in_the_configuration_is_shown_with_its_place_and_does_no_harm() {
    let world = Arc::new(World::new());
    world.configure("[session]\nhistroy = 5\n\n[no_section]\na = 1\n");
    let refused = world.cli(&["config", "check"]);
    refused.refused(3, &["config.toml:2:1", "histroy", "config.toml:4", "no_section"]);
    assert!(refused.stderr.contains('^'), "no caret under the word: {}", refused.stderr);
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    still_works(&client, "mark");
}

#[test]
fn a_configuration_that_is_no_toml_does_no_harm() {
    let world = Arc::new(World::new());
    world.configure("[[[\u{0}\n= =\n");
    assert_eq!(world.cli(&["config", "check"]).code, 3);
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    still_works(&client, "mark");
}

#[test]
fn a_terminal_of_one_cell_is_survived() {
    let client = working();
    let tiny = client.another(&["attach", "work"], (1, 1));
    // What a shell leaves on a screen of one cell is its own affair: what counts is that keys
    // arrive and that all goes on.
    tiny.type_line("echo tiny$((1+1)) > tiny");
    client
        .world()
        .run("sh", &["-c", "until grep -q tiny2 tiny || ! [ -e $LEASH ]; do sleep 0.1; done"], b"")
        .ok();
    still_works(&client, "first");
    tiny.resize((2, 1));
    tiny.resize((1, 2));
    tiny.resize((300, 100));
    still_works(&tiny, "second");
    tiny.resize((1, 1));
    tiny.press("C-b % C-b c C-b d");
    assert_eq!(tiny.expect_exit(), 0);
    client.type_line("");
    still_works(&client, "mark");
}

#[test]
fn resizing_as_fast_as_one_can_is_survived() {
    let client = working();
    for step in 0..200_u16 {
        client.resize((20 + step % 120, 3 + step % 50));
    }
    client.resize(SIZE);
    still_works(&client, "mark");
}

#[test]
fn garbage_from_a_program_stays_in_its_pane() {
    let client = working();
    let mut garbage: Vec<u8> = (0..2_000_000_u32)
        .map(|number| (number.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()[0])
        .collect();
    garbage.extend(b"\x1b]0;".iter().chain(&vec![b'A'; 100_000]));
    garbage.extend(b"\x1bP\x1b_\x1b^\x1b[999999999;999999999H\x1b[2147483647@\x1b[65535L");
    garbage.extend(b"\x1b[?1049h\x1b[5000000b\x1b[3J");
    client.world().write("home/garbage", &garbage);
    client
        .type_line("cat garbage; printf '\\033\\\\\\030\\033c'; stty sane; echo sur$((1+1))vived");
    client.expect("sur2vived");
    still_works(&client, "mark");
    let other = client.another(&["new", "other"], SIZE);
    other.expect("ready$");
    still_works(&other, "clean");
}

#[test]
fn what_a_program_writes_runs_nothing_and_is_not_echoed_back() {
    let client = working();
    client.type_line("cat -v");
    client.type_text("queries");
    client.expect("queries");
    let asked = client.another(
        &[
            "new",
            "asker",
            "--",
            "sh",
            "-c",
            "printf '\\033]2;;echo gotcha\\007\\033[21t\\033P$qtouch \
             gotcha\\033\\\\\\033]52;c;?\\007'; exec sh -c 'stty -echo; cat -v'",
        ],
        SIZE,
    );
    asked.type_line("end$((1+1))");
    asked.expect("end$((1+1))");
    assert!(
        !asked
            .screen()
            .text()
            .lines()
            .skip(1)
            .any(|line| line.contains("gotcha") && !line.contains("asker")),
        "{}",
        asked.screen().text()
    );
    client.press("C-c");
    client.expect_screen("the prompt again", |screen| {
        screen.text().lines().any(|row| row.trim_end() == "ready$")
    });
    still_works(&client, "q");
}

#[test]
fn garbage_on_the_socket_is_answered_or_closed_and_harms_nobody() {
    let client = working();
    let server = client.world().server_pid();
    let path = socket(client.world());
    // What can be judged as it is: an answer or the end comes though nobody closes the other half.
    let payloads: [&[u8]; 9] = [
        b"\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\0\0\0\x04\x7fabc",
        b"\0\0\0\x00",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": 7}\n",
        b"{{{{{{{{\n[[[[[[\n\x00\n",
        b"not json\n",
        b"[1, 2]\n",
        b"\n{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"session.ls\"}\n",
    ];
    for payload in payloads {
        let mut stream = UnixStream::connect(&path).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket has a timeout");
        stream.write_all(payload).expect("the server reads");
        let read = stream.read(&mut [0; 1 << 10]);
        assert!(read.is_ok(), "{payload:?} was neither answered nor closed: {read:?}");
    }
    // What may go on is waited for, and ends with the half that is closed.
    for payload in [&b""[..], b"\0", b"\x00\x98\x96\x7f\x01"] {
        let mut stream = UnixStream::connect(&path).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket has a timeout");
        stream.write_all(payload).expect("the server reads");
        stream.shutdown(Shutdown::Write).expect("it is connected");
        let ended = stream.read_to_end(&mut Vec::new());
        assert!(ended.is_ok(), "{payload:?} was not closed: {ended:?}");
    }
    let half_open: Vec<_> =
        (0..100).map(|_| UnixStream::connect(&path).expect("the server listens")).collect();
    still_works(&client, "amid");
    drop(half_open);
    let noise: Vec<u8> = (0..300_000_u32)
        .map(|number| (number.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0])
        .collect();
    drop(UnixStream::connect(&path).expect("the server listens").write_all(&noise));
    still_works(&client, "after");
    assert_eq!(client.world().server_pid(), server, "garbage has ended the server");
}

#[test]
fn a_stalled_client_slows_nobody_and_costs_little() {
    let stalled = working();
    let lively = stalled.another(&["attach", "work"], SIZE);
    lively.expect("ready$");
    let server = stalled.world().server_pid();
    stalled.stall();
    let before = resident_kib(server);
    lively.type_line("seq -f 'number-%g' 400000; echo all$((1+1))out");
    lively.expect("all2out");
    still_works(&lively, "lively");
    let grown = resident_kib(server).saturating_sub(before);
    assert!(grown < 64 * 1024, "the server has grown by {grown} KiB beside a stalled client");
    stalled.resume();
    stalled.expect("lively42");
}

fn resident_kib(pid: i32) -> u64 {
    let shown = status_field(pid, "VmRSS").unwrap_or_default();
    shown.split_whitespace().next().and_then(|kib| kib.parse().ok()).unwrap_or_default()
}

#[test]
fn names_and_arguments_that_make_no_sense_are_refused() {
    let world = World::new();
    world.cli(&["new", "-d", "ok", "--", "cat"]).ok();
    let server = world.server_pid();
    let long = "x".repeat(100_000);
    for args in [
        vec!["new", "-d", ""],
        vec!["new", "-d", "a\u{1b}[2J"],
        vec!["new", "-d", "a\nb"],
        vec!["new", "-d", long.as_str()],
        vec!["new", "-d", "n", "-c", "/does/not/exist"],
        vec!["new", "-d", "n", "-e", "=x"],
        vec!["new", "-d", "n", "--size", "0x0"],
        vec!["new", "-d", "n", "--", "/does/not/exist"],
        vec!["wait", "-t", "ok", "--text", "(unclosed"],
        vec!["wait", "-t", "ok", "--text", "a", "--timeout", "soon"],
    ] {
        let refused = world.cli(&args);
        assert!(
            matches!(refused.code, 1 | 2 | 4),
            "{:?}: {refused:?}",
            args.iter().map(|arg| &arg[..arg.len().min(40)]).collect::<Vec<_>>()
        );
        assert!(
            !refused.stderr.trim().is_empty() && !refused.stderr.contains('\u{1b}'),
            "{refused:?}"
        );
    }
    assert!(is_alive(server));
    let listed = world.cli(&["ls", "--json"]).ok().json().to_string();
    assert!(
        !listed.contains("\"n\"") && listed.contains("\"ok\""),
        "a refused session exists: {listed}"
    );
}

#[test]
fn output_into_a_closed_pipe_ends_quietly() {
    let world = World::new();
    world.cli(&["new", "-d", "w", "--", "sh", "-c", "seq 50000; cat"]).ok();
    let line = format!(
        "{} capture -t w --scrollback | head -1; echo ${{PIPESTATUS[0]}}",
        env!("CARGO_BIN_EXE_abide")
    );
    let output = world.run("/bin/bash", &["-c", &line], b"").ok();
    assert!(!output.stderr.contains("panic"), "{output:?}");
}
