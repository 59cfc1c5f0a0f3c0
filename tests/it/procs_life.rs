//! Commands beside the shell and processes: records, output with cursors, waits, input, stops, the
//! process table, and what many of them leave behind: nothing.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use abide::base::text::decode_base64;
use rustix::event::{Timespec, poll};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::exec_session::sessions;
use crate::harness::{
    Api, PATIENCE, World, gone_within, is_alive, missing_tool, signal, status_field,
};

/// How often something is repeated: little by default, as often as the agreement says with
/// `ABIDE_FULL` set.
pub(crate) fn times(few: usize, full: usize) -> usize {
    if std::env::var_os("ABIDE_FULL").is_some() { full } else { few }
}

#[track_caller]
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "never: {what}");
        // Gives the processor away; what is waited for happens in another process.
        let waited = poll(&mut [], Some(&Timespec { tv_sec: 0, tv_nsec: 2_000_000 }));
        assert!(waited.is_ok() || waited == Err(rustix::io::Errno::INTR));
    }
}

/// The children of a process that have ended and were not reaped.
pub(crate) fn zombies(parent: i32) -> usize {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let is_zombie =
        |pid: &i32| status_field(*pid, "State").is_some_and(|state| state.starts_with('Z'));
    pids.filter(|pid| status_field(*pid, "PPid") == Some(parent.to_string()))
        .filter(is_zombie)
        .count()
}

pub(crate) fn fd_count(pid: i32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

pub(crate) fn logs(api: &mut Api, id: &str) -> String {
    let reply = api.call("process.logs", &json!({ "id": id })).expect("it is kept");
    let texts =
        reply["events"].as_array().into_iter().flatten().filter_map(|event| event["text"].as_str());
    texts.collect()
}

/// What was printed to standard output, by the events of a call or of a followed log.
pub(crate) fn printed(events: &[Value]) -> String {
    let of_stdout = events.iter().filter(|event| event["type"] == "stdout");
    let bytes = of_stdout.flat_map(|event| match event["text"].as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => event["bytes"].as_str().and_then(decode_base64).unwrap_or_default(),
    });
    String::from_utf8_lossy(&bytes.collect::<Vec<u8>>()).into_owned()
}

pub(crate) fn wait(api: &mut Api, id: &str) -> Value {
    api.call("process.wait", &json!({ "id": id })).expect("it ends")
}

#[test]
fn v1_v2_v12_s20_a_start_answers_with_a_process_that_is_tracked() {
    let (_world, mut api) = sessions(&["w"]);
    let mut started = Vec::new();
    for _ in 0..5 {
        started.push(api.start("w", &["sleep", "60"]));
    }
    let mut pids: Vec<i32> = started.iter().map(|(_, pid)| *pid).collect();
    assert!(pids.iter().all(|pid| is_alive(*pid)));
    pids.sort_unstable();
    pids.dedup();
    assert_eq!(pids.len(), 5);
    let began = Instant::now();
    let (echo, pid) = api.start("w", &["echo at once; sleep 60"]);
    eventually("its text", || logs(&mut api, &echo) == "at once\n");
    assert!(is_alive(pid) && api.state(&echo) == "running", "it was not read while it ran");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let listed = api.call("process.ps", &json!({ "all": true })).expect("it lists").to_string();
    assert!(
        started.iter().all(|(id, _)| listed.contains(id)) && listed.contains(&echo),
        "{listed}"
    );
    let status = api.call("process.status", &json!({ "id": started[0].0 })).expect("it is known");
    assert_eq!(
        (status["state"].as_str(), status["command"].as_str()),
        (Some("running"), Some("sleep 60"))
    );
    assert!(
        status["started_wall"].as_u64() > Some(0)
            && status["pid"].as_i64() == Some(started[0].1.into())
    );
}

#[test]
fn v3_v6_s19_what_is_not_there_or_has_ended_is_told_apart() {
    let (_world, mut api) = sessions(&["w"]);
    assert_eq!(api.refused("process.stop", &json!({ "target": "c99" })), "not_found");
    assert_eq!(api.refused("process.logs", &json!({ "id": "c99" })), "not_found");
    assert_eq!(api.refused("process.stop", &json!({ "target": "1000000" })), "not_found");
    assert_eq!(
        api.refused("process.stop", &json!({ "target": std::process::id().to_string() })),
        "not_found"
    );
    let (id, _) = api.start("w", &["true"]);
    wait(&mut api, &id);
    eventually("what has ended is not running", || {
        api.refused("process.stop", &json!({ "target": id })) == "not_running"
    });
    assert!(api.call("process.stop", &json!({ "target": id, "if_running": true })).is_ok());
    assert_eq!(
        api.refused("process.signal", &json!({ "target": id, "signal": "NOPE" })),
        "invalid_params"
    );
    assert_eq!(
        api.refused("process.signal", &json!({ "target": id, "signal": "0" })),
        "invalid_params"
    );
}

/// Such a process looks like a zombie.
#[test]
fn a_process_whose_main_thread_has_ended_is_told_to_end() {
    if missing_tool("python3") {
        return;
    }
    let (world, mut api) = sessions(&["w"]);
    let script = "import ctypes, threading, time\n\
                  threading.Thread(target=time.sleep, args=(1000,)).start()\n\
                  ctypes.CDLL(None).pthread_exit(None)\n";
    world.write("home/threads.py", script);
    let (id, pid) = api.start("w", &["exec python3 ~/threads.py"]);
    eventually("its main thread has ended", || {
        let is_so =
            |field, value: &str| status_field(pid, field).is_some_and(|is| is.starts_with(value));
        is_so("State", "Z") && is_so("Threads", "2")
    });
    let params = json!({ "target": id, "grace_ms": 20_000 });
    let report = api.call("process.stop", &params).expect("it stops");
    assert_eq!((&report["signalled"], &report["killed"]), (&json!(1), &json!(0)), "{report}");
    assert_eq!(report["left"], json!([]), "{report}");
}

#[test]
fn v4_v5_s29_a_silent_command_is_stopped_at_once_and_later() {
    let (_world, mut api) = sessions(&["w"]);
    for signal in [None, Some("KILL")] {
        let (id, pid) = api.start("w", &["sleep", "120"]);
        let params = json!({ "target": id, "signal": signal.unwrap_or("TERM") });
        let report = api.call("process.stop", &params).expect("it stops");
        assert_eq!(
            (
                report["state"].as_str(),
                report["killed"].as_u64(),
                report["left"].as_array().map(Vec::len)
            ),
            (Some("stopped"), Some(0), Some(0))
        );
        assert!(!is_alive(pid));
        assert_eq!(api.state(&id), "stopped");
    }
    let (id, _) = api.start("w", &["while [ -e $LEASH ]; do echo tick; sleep 0.1; done"]);
    api.call("process.wait", &json!({ "id": id, "log": "tick" })).expect("it prints");
    assert_eq!(
        api.call("process.stop", &json!({ "target": id })).expect("it stops")["left"],
        json!([])
    );
}

#[test]
fn v11_s27_s47_everything_written_before_the_end_is_read_after_it() {
    let (world, mut api) = sessions(&["w"]);
    let (id, _) = api.start("w", &["echo one; sleep 0.2; echo two >&2; printf three; exit 3"]);
    let mut other = Api::connect(&world);
    assert_eq!(wait(&mut other, &id)["exit_code"], 3);
    let both = logs(&mut api, &id);
    assert!(
        both.starts_with("one\n") && both.contains("two\n") && both.contains("three"),
        "{both:?}"
    );
    let reply = other.call("process.logs", &json!({ "id": id })).expect("it is kept");
    let kinds: Vec<&str> = reply["events"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|event| event["type"].as_str())
        .collect();
    assert_eq!(
        (kinds.first(), kinds.last(), kinds.iter().filter(|kind| **kind == "exit").count()),
        (Some(&"start"), Some(&"exit"), 1)
    );
    let again = other
        .call("process.logs", &json!({ "id": id, "since": reply["cursor"] }))
        .expect("it is kept");
    assert_eq!(again["events"].as_array().map(Vec::len), Some(1), "{again}");
    assert_eq!(world.cli(&["logs", &id]).ok().stdout, "one\nthree");
}

#[test]
fn s48_cursors_give_only_what_is_later_and_say_what_is_gone() {
    let (_world, mut api) = sessions(&["w"]);
    let (id, _) =
        api.start("w", &["echo one; head -c 2000000 /dev/zero | tr '\\0' x; echo; echo end"]);
    api.call("process.wait", &json!({ "id": id, "log": "end" })).expect("it prints");
    wait(&mut api, &id);
    let reply = api
        .call("process.logs", &json!({ "id": id, "since": format!("{id}-0") }))
        .expect("it is kept");
    let events = reply["events"].as_array().cloned().unwrap_or_default();
    assert_eq!(events[0]["type"], "truncated", "{}", events[0]);
    let kept: usize = events.iter().filter_map(|event| event["text"].as_str()).map(str::len).sum();
    assert!((500_000..1 << 20).contains(&kept), "{kept}");
    for cursor in ["", "c1", "c999-0", "nonsense", &format!("{id}-ffffffffff"), &format!("{id}-zz")]
    {
        assert_eq!(
            api.refused("process.logs", &json!({ "id": id, "since": cursor })),
            "invalid_cursor",
            "{cursor}"
        );
    }
}

#[test]
fn s15_s46_followers_miss_nothing_repeat_nothing_and_end_nothing() {
    let (world, mut api) = sessions(&["w"]);
    let (id, pid) = api.start(
        "w",
        &["for i in 1 2 3 4 5 6 7 8; do echo line $i; sleep 0.1; done; sleep 0.5; echo last"],
    );
    let mut gone = Api::connect(&world);
    gone.send("process.logs", &json!({ "id": id, "follow": true }));
    gone.line();
    drop(gone);
    let mut gone = Api::connect(&world);
    gone.send("process.wait", &json!({ "id": id, "log": "line 3" }));
    gone.send("process.wait", &json!({ "id": id }));
    drop(gone);
    let mut followers: Vec<(Api, u64)> = (0..3)
        .map(|_| {
            let mut api = Api::connect(&world);
            let call = api.send("process.logs", &json!({ "id": id, "follow": true }));
            (api, call)
        })
        .collect();
    assert!(is_alive(pid));
    for (follower, call) in &mut followers {
        follower.answer(*call).expect("it ends");
        let text: String =
            follower.events.iter().filter_map(|event| event["text"].as_str()).collect();
        let expected: String =
            (1..=8).map(|n| format!("line {n}\n")).chain(["last\n".to_owned()]).collect();
        assert_eq!(text, expected);
        assert_eq!(follower.events.last().map(|event| event["type"].clone()), Some(json!("exit")));
    }
}

#[test]
fn s15_two_streams_at_once_do_not_mix() {
    let (world, mut api) = sessions(&["a", "b"]);
    let script = |name: &str| format!("for i in $(seq 200); do echo {name} $i; done");
    let text = |name: &str| -> String {
        (1..=200).map(|n| format!("{name} {n}")).collect::<Vec<_>>().join("\n") + "\n"
    };
    let mut other = Api::connect(&world);
    let (first, _) = api.start("a", &[&script("one")]);
    let (second, _) = api.start("a", &[&script("two")]);
    // Four streams: two of commands that were started, over one connection each, and two of calls.
    let mut followers = [(first, "one"), (second, "two")].map(|(id, name)| {
        let mut api = Api::connect(&world);
        let call = api.send("process.logs", &json!({ "id": id, "follow": true }));
        (api, call, name)
    });
    let run = |session: &str, name: &str| {
        let command = [script(name)];
        json!({ "target": session, "stream": true, "command": command })
    };
    let calls = [
        (api.send("exec.run", &run("a", "three")), "three"),
        (other.send("exec.run", &run("b", "four")), "four"),
    ];
    for ((call, name), api) in calls.into_iter().zip([&mut api, &mut other]) {
        api.answer(call).expect("it runs");
        assert_eq!(printed(&api.events), text(name));
    }
    for (api, call, name) in &mut followers {
        api.answer(*call).expect("it ends");
        assert_eq!(printed(&api.events), text(name));
    }
}

#[test]
fn s30_s35_ready_waits_see_past_and_future_on_both_streams() {
    let (_world, mut api) = sessions(&["w"]);
    let (id, _) = api.start(
        "w",
        &["printf 'is re'; sleep 0.2; echo 'ady \u{e4}'; sleep 0.2; echo late >&2; \
           printf 'cut \\303'; sleep 0.2; printf '\\244 through\\n'; sleep 60"],
    );
    for (pattern, stream) in [
        ("is ready", "stdout"),
        ("ady .$", "stdout"),
        ("late", "stderr"),
        ("cut \u{e4} through$", "stdout"),
        ("is ready", "stdout"),
    ] {
        let ready =
            api.call("process.wait", &json!({ "id": id, "log": pattern })).expect("it comes");
        assert_eq!(
            (ready["by"].as_str(), ready["stream"].as_str(), ready["state"].as_str()),
            (Some("log"), Some(stream), Some("running")),
            "{pattern}"
        );
    }
    assert_eq!(
        api.refused("process.wait", &json!({ "id": id, "log": "never", "timeout_ms": 200 })),
        "ready_timeout"
    );
    assert_eq!(api.state(&id), "running");
    assert_eq!(api.refused("process.wait", &json!({ "id": id, "log": "(" })), "invalid_params");
    let (short, _) = api.start("w", &["sleep 0.2; exit 9"]);
    let error = api
        .call("process.wait", &json!({ "id": short, "log": "never", "timeout_ms": 60_000 }))
        .expect_err("it ends first");
    assert_eq!(error["data"]["code"], "exited_before_ready");
    assert!(error["message"].as_str().is_some_and(|message| message.contains("with 9")), "{error}");
    api.call("process.stop", &json!({ "target": id, "grace_ms": 100 })).expect("it stops");
}

#[test]
fn s31_s32_ports_and_addresses_are_waited_for() {
    let (_world, mut api) = sessions(&["w"]);
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let port = listener.local_addr().expect("it is bound").port();
    let (id, _) = api.start("w", &["sleep", "60"]);
    let server = thread::spawn(move || {
        // The first connection is the port's trial, the second the question.
        for stream in listener.incoming().take(2).flatten() {
            let mut stream = stream;
            let mut head = [0; 16];
            if stream.read(&mut head).is_ok_and(|count| 0 < count) {
                drop(stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n"));
            }
        }
    });
    let ready = api
        .call("process.wait", &json!({ "id": id, "port": port, "timeout_ms": 20_000 }))
        .expect("it listens");
    assert_eq!(ready["by"], "port");
    let url = format!("http://127.0.0.1:{port}/health");
    assert_eq!(
        api.call("process.wait", &json!({ "id": id, "http": url, "timeout_ms": 20_000 }))
            .expect("it answers")["by"],
        "http"
    );
    server.join().expect("it ended");
    assert_eq!(
        api.refused("process.wait", &json!({ "id": id, "port": port, "timeout_ms": 300 })),
        "ready_timeout"
    );
    assert_eq!(
        api.refused("process.wait", &json!({ "id": id, "http": "ftp://x" })),
        "invalid_params"
    );
}

#[test]
fn standard_input_of_a_command_is_written_and_closed() {
    let (_world, mut api) = sessions(&["w"]);
    let reply = api
        .call(
            "process.start",
            &json!({ "target": "w", "open_stdin": true, "command": ["cat; echo bye"] }),
        )
        .expect("it starts");
    let id = reply["id"].as_str().expect("it has an id").to_owned();
    api.call("process.write", &json!({ "id": id, "text": "hello\n" })).expect("it reads");
    api.call("process.wait", &json!({ "id": id, "log": "hello" })).expect("it prints");
    api.call("process.write", &json!({ "id": id, "bytes": "eAo=", "close": true }))
        .expect("it reads");
    assert_eq!(wait(&mut api, &id)["exit_code"], 0);
    assert_eq!(logs(&mut api, &id), "hello\nx\nbye\n");
    assert_eq!(api.refused("process.write", &json!({ "id": id, "text": "more" })), "not_running");
    let (closed, _) = api.start("w", &["cat; echo nothing"]);
    wait(&mut api, &closed);
    assert_eq!(logs(&mut api, &closed), "nothing\n");
}

#[test]
fn s26_a_command_beside_the_shell_has_what_the_shell_has_and_not_its_turn() {
    let (_world, mut api) = sessions(&["w"]);
    api.exec("w", "cd /tmp; export A=1; hello() { echo hello $1; }");
    let (id, _) = api.start("w", &["pwd; echo $A; hello you; sleep 60"]);
    api.call("process.wait", &json!({ "id": id, "log": "hello you" })).expect("it prints");
    assert_eq!(logs(&mut api, &id), "/tmp\n1\nhello you\n");
    assert_eq!(api.text("w", "echo free"), "free");
    let (argv, _) = api.start("w", &["printf", "[%s]", "$A", "a b", ""]);
    wait(&mut api, &argv);
    assert_eq!(logs(&mut api, &argv), "[$A][a b][]");
    api.call("process.stop", &json!({ "target": id, "grace_ms": 100 })).expect("it stops");
}

#[test]
fn s21_s22_s45_a_stop_takes_the_whole_tree() {
    let (_world, mut api) = sessions(&["w"]);
    let deep = "sh -c 'sh -c \"sh -c \\\"sleep 120; true\\\"; true\"; true' & sleep 120 & setsid \
        sleep 120 & (setsid sh -c 'sleep 120; true' &) ; wait";
    let (id, leader) = api.start("w", &[deep]);
    let mut tree = Vec::new();
    eventually("all nine processes run", || {
        let listed = api.call("process.ps", &json!({})).expect("it lists");
        let items = listed.as_array().cloned().unwrap_or_default();
        tree = items
            .iter()
            .filter(|item| item["command"] == id.as_str())
            .filter_map(|item| i32::try_from(item["pid"].as_i64()?).ok())
            .collect();
        9 <= tree.len()
    });
    let report = api.call("process.stop", &json!({ "target": id })).expect("it stops");
    assert_eq!(
        (report["left"].as_array().map(Vec::len), report["state"].as_str()),
        (Some(0), Some("stopped")),
        "{report}"
    );
    assert!(tree.contains(&leader) && tree.iter().all(|pid| !is_alive(*pid)), "{tree:?}");
}

#[test]
fn s23_v10_many_are_stopped_at_once() {
    let (world, mut api) = sessions(&["w", "other"]);
    let mut start = |session: &str| -> Vec<i32> {
        (0..3).map(|_| api.start(session, &["sleep", "100"]).1).collect()
    };
    let (pids, others) = (start("w"), start("other"));
    let began = Instant::now();
    world.cli(&["kill", "w"]).ok();
    assert!(!pids.iter().any(|pid| is_alive(*pid)), "the answer came before they were gone");
    assert!(others.iter().all(|pid| is_alive(*pid)), "another session's were taken along");
    let listed = api.call("process.ps", &json!({})).expect("it lists");
    let listed: Vec<i64> =
        listed.as_array().into_iter().flatten().filter_map(|item| item["pid"].as_i64()).collect();
    assert!(others.iter().all(|pid| listed.contains(&i64::from(*pid))), "{listed:?}");
    assert!(!pids.iter().any(|pid| listed.contains(&i64::from(*pid))), "{listed:?}");
    world.cli(&["kill", "--all"]).ok();
    assert!(!others.iter().any(|pid| is_alive(*pid)), "the answer came before they were gone");
    assert!(began.elapsed() < Duration::from_secs(5), "after {:?}", began.elapsed());
    assert_eq!(world.cli(&["ps"]).ok().stdout, "", "something is listed as running");
}

#[test]
fn s24_what_ignores_term_is_killed_after_the_grace() {
    let (_world, mut api) = sessions(&["w"]);
    let (id, pid) =
        api.start("w", &["trap '' TERM; echo ready; while [ -e $LEASH ]; do sleep 0.05; done"]);
    api.call("process.wait", &json!({ "id": id, "log": "ready" })).expect("it is");
    let began = Instant::now();
    let report =
        api.call("process.stop", &json!({ "target": id, "grace_ms": 500 })).expect("it stops");
    assert!(Duration::from_millis(500) <= began.elapsed());
    assert_eq!(
        (report["state"].as_str(), report["exit_code"].as_u64()),
        (Some("killed"), Some(137))
    );
    assert!(0 < report["killed"].as_u64().unwrap_or(0) && !is_alive(pid));
}

#[test]
fn s52_what_a_leader_leaves_behind_is_stopped_too_and_a_signal_escalates_never() {
    let (_world, mut api) = sessions(&["w"]);
    let (id, _) = api.start("w", &["sleep 120 & echo pid $!"]);
    wait(&mut api, &id);
    let text = logs(&mut api, &id);
    let child: i32 =
        text.trim().rsplit(' ').next().and_then(|pid| pid.parse().ok()).expect("it said which");
    assert!(is_alive(child) && api.state(&id) == "completed");
    let report = api.call("process.stop", &json!({ "target": id })).expect("it stops");
    assert_eq!(report["left"], json!([]));
    assert!(gone_within(child, PATIENCE));
    let (stubborn, pid) = api.start(
        "w",
        &["trap 'echo got it' TERM; echo ready; while [ -e $LEASH ]; do sleep 0.05; done"],
    );
    api.call("process.wait", &json!({ "id": stubborn, "log": "ready" })).expect("it is");
    api.call("process.signal", &json!({ "target": pid.to_string(), "signal": "TERM" }))
        .expect("it is sent");
    api.call("process.wait", &json!({ "id": stubborn, "log": "got it" })).expect("it heard");
    assert!(is_alive(pid) && api.state(&stubborn) == "running");
    api.call("process.stop", &json!({ "target": stubborn, "grace_ms": 50 })).expect("it stops");
}

#[test]
fn a_process_of_a_pane_is_stopped_by_its_id_and_another_of_that_id_is_not() {
    let (world, mut api) = sessions(&["w"]);
    world.cli(&["send", "-t", "w", "--submit", "sleep 300 & sleep 301 &"]).ok();
    let mut found = Vec::new();
    eventually("both run", || {
        let listed = api.call("process.ps", &json!({})).expect("it lists");
        let items = listed.as_array().cloned().unwrap_or_default();
        found = items
            .into_iter()
            .filter(|item| {
                item["command_line"].as_str().is_some_and(|line| line.starts_with("sleep 30"))
            })
            .collect();
        found.len() == 2
    });
    let pid = |at: usize| i32::try_from(found[at]["pid"].as_i64().unwrap_or(0)).unwrap_or(0);
    let wrong = found[0]["start_time"].as_u64().unwrap_or(0) + 1;
    assert_eq!(
        api.refused("process.stop", &json!({ "target": pid(0).to_string(), "start_time": wrong })),
        "stale_handle"
    );
    let report = api
        .call(
            "process.stop",
            &json!({ "target": pid(0).to_string(), "start_time": found[0]["start_time"] }),
        )
        .expect("it stops");
    assert_eq!((report["signalled"].as_u64(), report["left"].clone()), (Some(1), json!([])));
    assert!(gone_within(pid(0), PATIENCE) && is_alive(pid(1)));
    assert_eq!(found[0]["pane"], "p1");
    assert!(world.cli(&["ps", "--tree"]).ok().stdout.contains("sleep 30"));
}

#[test]
fn v7_v18_short_commands_leave_no_zombie_and_no_fd() {
    let (world, mut api) = sessions(&["w"]);
    api.exec("w", "true");
    let (server, keeper) = (world.server_pid(), world.keeper_pid());
    for n in 0..times(20, 120) {
        let (id, _) = api.start("w", &["sh", "-c", &format!("echo {n}; exit {}", n % 7)]);
        assert_eq!(wait(&mut api, &id)["exit_code"], n % 7);
        assert_eq!(api.text("w", &format!("sh -c 'echo {n}'")), n.to_string());
    }
    for n in 0..times(5, 30) {
        let three: Vec<(String, String)> = (0..3)
            .map(|which| {
                let said = format!("{n}-{which}");
                let script = format!("echo out {said}; echo err {said} >&2; exit {which}");
                (api.start("w", &["sh", "-c", &script]).0, said)
            })
            .collect();
        for (which, (id, said)) in three.iter().enumerate() {
            assert_eq!(wait(&mut api, id)["exit_code"], which);
            let reply = api.call("process.logs", &json!({ "id": id })).expect("it is kept");
            let of = |stream: &str| -> String {
                let events = reply["events"].as_array().into_iter().flatten();
                let events = events.filter(|event| event["type"] == stream);
                events.filter_map(|event| event["text"].as_str()).collect()
            };
            assert_eq!(
                (of("stdout"), of("stderr")),
                (format!("out {said}\n"), format!("err {said}\n"))
            );
        }
    }
    let before = (fd_count(server), fd_count(keeper));
    world.configure("[exec]\nrecords = 5\n");
    signal(server, Signal::HUP);
    for _ in 0..3 {
        let (id, _) = api.start("w", &["true"]);
        wait(&mut api, &id);
    }
    eventually("fds of dropped records are closed", || {
        fd_count(server) < before.0 && fd_count(keeper) < before.1
    });
    eventually("all are reaped", || zombies(keeper) + zombies(server) == 0);
}

#[test]
fn s24_hostile_trees_leave_nobody() {
    let (world, mut api) = sessions(&["w"]);
    let shapes = [
        "sleep 1000",
        "trap '' HUP TERM INT; while [ -e $LEASH ]; do sleep 0.01; done",
        "sh -c 'kill -STOP $$' & sleep 1000",
        "(setsid sh -c \"trap '' TERM HUP; sleep 1000; true\" &) ; sleep 1000",
        "setsid sh -c 'sleep 1000 & setsid sleep 1000 & wait' & wait",
        "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sleep 1000 & done; wait",
        "nest() { if [ $1 -gt 0 ]; then ( nest $(($1 - 1)); true ); else sleep 1000; fi; }; nest \
         12",
    ];
    for round in 0..times(1, 143) {
        for (at, shape) in shapes.iter().enumerate() {
            if (round + at) % 2 == 0 {
                let (id, _) = api.start("w", &[shape]);
                let report = api
                    .call("process.stop", &json!({ "target": id, "grace_ms": 100 }))
                    .expect("it stops");
                assert_eq!(report["left"], json!([]), "{shape}");
            } else {
                let params =
                    json!({ "target": "w", "command": [shape], "timeout_ms": 60, "grace_ms": 100 });
                let ran = api.call("exec.run", &params).expect("it runs");
                assert_eq!(
                    (ran["timed_out"].as_bool(), ran.get("left")),
                    (Some(true), None),
                    "{shape}: {ran}"
                );
            }
        }
        let alive = world.processes().into_iter().filter(|pid| {
            fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.starts_with(b"sleep"))
        });
        assert_eq!(alive.count(), 0, "round {round}");
    }
    assert_eq!(api.text("w", "echo fine"), "fine");
}

#[test]
fn random_commands_with_random_limits_leave_nothing() {
    let (world, mut api) = sessions(&["w"]);
    api.exec("w", "true");
    let (server, keeper) = (world.server_pid(), world.keeper_pid());
    let before = (fd_count(server), fd_count(keeper));
    let scripts = [
        "sleep 5",
        "true",
        "sh -c 'sleep 3; true'",
        "while [ -e $LEASH ]; do :; done",
        "echo x | cat",
        "sleep 2 | sleep 2",
        "(sleep 3; echo a)",
        "while [ -e $LEASH ]; do echo y; done > /dev/null",
    ];
    let mut seed = 12_345_u64;
    for _ in 0..times(25, 1000) {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = usize::try_from(seed >> 33).unwrap_or(0);
        let (script, limit) = (scripts[at % scripts.len()], 1 + (at / 8) % 60);
        let params =
            json!({ "target": "w", "command": [script], "timeout_ms": limit, "grace_ms": 300 });
        let ran = api.call("exec.run", &params).expect("it runs");
        assert!(ran.get("left").is_none(), "{ran}");
    }
    let shell = api.text("w", "echo $$");
    let children = || {
        world
            .processes()
            .into_iter()
            .filter(|pid| status_field(*pid, "PPid") == Some(shell.clone()))
            .count()
    };
    eventually("nothing is left below the shell", || children() == 0);
    eventually("all are reaped", || zombies(keeper) + zombies(server) == 0);
    // Each of at most 100 records has its log.
    let after = (fd_count(server), fd_count(keeper));
    assert!(after.0 <= before.0 + 110 && after.1 <= before.1 + 110, "{before:?} {after:?}");
}

#[test]
fn ten_thousand_trivial_commands_are_quick_and_leak_nothing() {
    let (world, mut api) = sessions(&["w"]);
    api.exec("w", "true");
    let server = world.server_pid();
    let mut taken: Vec<Duration> = (0..times(100, 10_000))
        .map(|_| {
            let began = Instant::now();
            assert_eq!(api.exec("w", "true")["exit_code"], 0);
            began.elapsed()
        })
        .collect();
    taken.sort_unstable();
    let median = taken[taken.len() / 2];
    let said = writeln!(
        std::io::stderr(),
        "exec -- true: median {median:?}, p99 {:?}",
        taken[taken.len() * 99 / 100]
    );
    assert!(said.is_ok() && median < Duration::from_secs(1), "{median:?}");
    assert!(fd_count(server) < 400, "{}", fd_count(server));
}

#[test]
fn a_killed_server_ends_no_command_and_loses_none_of_its_output() {
    let (world, mut api) = sessions(&["w"]);
    let (id, pid) = api.start(
        "w",
        &["for i in $(seq 1 400); do echo line $i; sleep 0.005; done; \
        sleep 0.5; echo end >&2; exit 6"],
    );
    for _ in 0..3 {
        api.call("process.wait", &json!({ "id": id, "log": "line 1" })).expect("it prints");
        world.kill_server();
        world.cli(&["server", "status"]).ok();
        api = Api::connect(&world);
        assert!(is_alive(pid));
    }
    assert_eq!(wait(&mut api, &id)["exit_code"], 6);
    let expected: String =
        (1..=400).map(|n| format!("line {n}\n")).chain(["end\n".to_owned()]).collect();
    assert_eq!(logs(&mut api, &id), expected);
}

#[test]
fn a_followed_log_goes_on_over_a_kill_of_the_server() {
    let (world, mut api) = sessions(&["w"]);
    let (id, _) = api.start("w", &["for i in 1 2 3 4 5 6; do echo line $i; sleep 0.4; done"]);
    let follower = std::sync::Arc::clone(&world);
    let known_id = id.clone();
    let following = thread::spawn(move || follower.cli(&["logs", "-f", &known_id]));
    api.call("process.wait", &json!({ "id": id, "log": "line 2" })).expect("it prints");
    world.kill_server();
    let out = following.join().expect("it ended").ok();
    let lines: Vec<String> = (1..=6).map(|n| format!("line {n}")).collect();
    assert_eq!(out.stdout.lines().collect::<Vec<_>>(), lines);
}

#[test]
fn a_killed_keeper_ends_no_command() {
    let (world, mut api) = sessions(&["w"]);
    api.exec("w", "export KEPT=1");
    let (id, pid) = api.start("w", &["echo before; sleep 2; echo after; exit 4"]);
    api.call("process.wait", &json!({ "id": id, "log": "before" })).expect("it prints");
    world.kill_keeper();
    assert_eq!(api.text("w", "echo $KEPT"), "1");
    assert!(is_alive(pid));
    assert_eq!(wait(&mut api, &id)["exit_code"], 4);
    assert_eq!(logs(&mut api, &id), "before\nafter\n");
}

#[test]
fn the_table_costs_little_on_a_full_machine() {
    if missing_tool("bash") {
        return;
    }
    let (world, mut api) = sessions(&["w"]);
    let count = times(50, 2000);
    let (id, _) = api.start(
        "w",
        &[&format!("for i in $(seq 1 {count}); do sleep 1000 & done; echo started; wait")],
    );
    api.call("process.wait", &json!({ "id": id, "log": "started" })).expect("it has");
    let server = world.server_pid();
    let cpu = || -> u64 {
        let stat = fs::read_to_string(format!("/proc/{server}/stat")).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
        [11, 12].into_iter().filter_map(|at| fields.get(at)?.parse::<u64>().ok()).sum()
    };
    api.call("process.ps", &json!({})).expect("it lists");
    let before = cpu();
    for _ in 0..10 {
        let listed = api.call("process.ps", &json!({})).expect("it lists");
        assert!(count <= listed.as_array().map_or(0, Vec::len));
    }
    let each = cpu() - before;
    assert!(writeln!(std::io::stderr(), "ps of {count} processes: {each} ms of CPU each").is_ok());
    api.call("process.stop", &json!({ "target": id, "grace_ms": 2000 })).expect("it stops");
}

/// A stop of the leader alone is not enough: its child has left the session, has no environment by
/// which it could be told, ignores TERM, and loses its parent at the first signal.
#[test]
fn a_child_without_session_and_environment_is_remembered_until_it_is_gone() {
    let world = World::new();
    let program = env!("CARGO_BIN_EXE_abide");
    world.run("/usr/bin/env", &["ABIDE_CGROUP=off", program, "new", "-d", "w"], b"").ok();
    let mut api = Api::connect(&world);
    let hidden = "trap '' TERM INT HUP; echo $$ >&3; while :; do sleep 1; done";
    let script = format!("exec 3>&1; setsid env -i PATH=\"$PATH\" sh -c '{hidden}' & wait");
    let script = script.replace("'' TERM", "\"\" TERM");
    let (id, _) = api.start("w", &["sh", "-c", &script]);
    api.call("process.wait", &json!({ "id": id, "log": "^[0-9]+$" })).expect("the child runs");
    let child: i32 = logs(&mut api, &id).trim().parse().expect("it printed its id");
    let stop = json!({ "target": id, "grace_ms": 300 });
    let report = api.call("process.stop", &stop).expect("it stops");
    assert!(!is_alive(child) && report["left"] == json!([]), "{report}");
}
