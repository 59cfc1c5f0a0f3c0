//! Calls of commands whose other side goes away or lasts: readers that stop, servers that end, long
//! input, late output.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::exec_session::sessions;
use crate::harness::{Output, World};
use crate::procs_life::eventually;

/// Runs a line of bash in which `a` is the program under test; its status is that of the first part
/// of a pipeline that failed.
#[track_caller]
fn line(world: &World, text: &str) -> Output {
    let script = format!("set -o pipefail; a() {{ {} \"$@\"; }}; {text}", exe());
    world.run("/bin/bash", &["-c", &script], b"")
}

fn exe() -> &'static str {
    env!("CARGO_BIN_EXE_abide")
}

/// Longer than any end that comes at once, shorter than what the commands here would run.
const AT_ONCE: Duration = Duration::from_secs(15);

#[test]
fn a_reader_that_has_enough_ends_the_call_and_the_command() {
    let (world, mut api) = sessions(&["w"]);
    let (id, _) = api.start("w", &["seq 1 30000; exec sleep 1000"]);
    api.call("process.wait", &json!({ "id": id, "log": "^30000$" })).expect("it prints");
    for (text, first) in [
        ("a exec -t w -- yes | head -1", "y"),
        ("a exec -t w -- 'yes no >&2' 2>&1 >/dev/null | head -1", "no"),
        ("a exec -t w --timeout 60s -- 'echo y; sleep 1000' | head -1", "y"),
        ("a exec -t w --stdin -- yes </dev/zero | head -1", "y"),
        (&format!("a logs -f {id} | head -1"), "1"),
        (&format!("a logs -f {id} | grep -m1 '^2999$'"), "2999"),
        (&format!("a logs {id} | head -1"), "1"),
        (
            &format!("a --json logs -f {id} | head -1 | grep -o '\"type\":\"start\"'"),
            "\"type\":\"start\"",
        ),
    ] {
        let began = Instant::now();
        let out = line(&world, text);
        assert_eq!((out.stdout.trim(), out.code, out.stderr.as_str()), (first, 141, ""), "{text}");
        assert!(began.elapsed() < AT_ONCE, "{text} lasted {:?}", began.elapsed());
    }
    assert_eq!(api.text("w", "echo next"), "next", "no command has the turn any more");
    assert_eq!(api.state(&id), "running", "following never ends what is followed");
}

#[test]
fn a_reader_that_goes_in_silence_ends_who_only_looks() {
    let (world, mut api) = sessions(&["w"]);
    let (id, _) = api.start("w", &["exec sleep 1000"]);
    for text in [
        format!("a logs -f {id} | true"),
        format!("a process wait {id} | true"),
        "a wait -t w --text never | true".to_owned(),
    ] {
        let began = Instant::now();
        assert_eq!(line(&world, &text).code, 141, "{text}");
        assert!(began.elapsed() < AT_ONCE, "{text} lasted {:?}", began.elapsed());
    }
    // A command that prints nothing needs no reader.
    let out = line(&world, "a exec -t w -- 'sleep 0.3; touch done; (exit 3)' | true");
    assert_eq!(out.code, 3);
    eventually("it did its work", || world.path("home/done").exists());
}

#[test]
fn output_that_cannot_be_written_is_told_and_ends_the_call() {
    let (world, mut api) = sessions(&["w"]);
    let (id, _) = api.start("w", &["echo one; exec sleep 1000"]);
    api.call("process.wait", &json!({ "id": id, "log": "one" })).expect("it prints");
    for text in [
        "a exec -t w -- yes >/dev/full",
        "a ls >/dev/full",
        "a --help >/dev/full",
        "a exec --json -t w -- echo one >/dev/full",
        &format!("a logs -f {id} >/dev/full"),
    ] {
        line(&world, text).refused(1, &["standard output", "No space left"]);
    }
    assert_eq!(api.text("w", "echo next"), "next");
}
