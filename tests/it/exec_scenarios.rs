//! Scenarios of other tools' users that the tests of commands and processes leave open: files as
//! streams, limits of waits, terminals, calls without a session, old handles.

use std::thread;
use std::time::{Duration, Instant};

use abide::base::text::decode_base64;
use serde_json::json;

use crate::exec_session::sessions;
use crate::harness::{Abide, Api, PATIENCE, World, gone_within, is_alive};
use crate::procs_life::{eventually, logs, wait};

#[test]
fn s16_a_file_comes_as_a_stream_whole_and_in_order() {
    let (world, mut api) = sessions(&["w"]);
    let text: String = (0..300_000).map(|n| ["line ", &n.to_string(), "\n"].concat()).collect();
    world.write("home/file", &text);
    let call =
        api.send("exec.run", &json!({ "target": "w", "stream": true, "command": ["cat file"] }));
    assert_eq!(api.answer(call).expect("it runs")["exit_code"], 0);
    assert_eq!(api.events[0]["type"], "start");
    let chunks = api.events.iter().filter(|event| event["type"] == "stdout");
    let chunks: Vec<Vec<u8>> =
        chunks.filter_map(|event| decode_base64(event["bytes"].as_str()?)).collect();
    assert!(
        1 < chunks.len() && chunks.concat() == text.as_bytes(),
        "{} chunks, {} bytes",
        chunks.len(),
        chunks.concat().len()
    );
}

#[test]
fn s18_five_callers_that_come_and_go_harm_nobody() {
    let (world, mut api) = sessions(&["w"]);
    let (id, pid) = api.start("w", &["while [ -e $LEASH ]; do echo tick; sleep 0.02; done"]);
    for _ in 0..5 {
        let mut gone = Api::connect(&world);
        gone.send("process.logs", &json!({ "id": id, "follow": true }));
        gone.line().expect("it prints");
    }
    let mut followers: Vec<Api> = (0..3)
        .map(|_| {
            let mut follower = Api::connect(&world);
            follower.send("process.logs", &json!({ "id": id, "follow": true }));
            follower
        })
        .collect();
    assert!(followers.iter_mut().all(|follower| follower.line().is_some()));
    assert!(is_alive(pid));
    api.call("process.stop", &json!({ "target": id, "grace_ms": 500 })).expect("it stops");
    assert_eq!(api.text("w", "echo fine"), "fine");
}

#[test]
fn s33_s34_a_wait_ends_with_its_limit_or_with_the_command() {
    let (world, mut api) = sessions(&["w"]);
    let (id, pid) = api.start("w", &["echo here; sleep 60"]);
    let began = Instant::now();
    let error = api
        .call("process.wait", &json!({ "id": id, "log": "never", "timeout_ms": 700 }))
        .expect_err("it never comes");
    assert_eq!(error["data"]["code"], "ready_timeout");
    assert!(Duration::from_millis(700) <= began.elapsed());
    assert!(is_alive(pid), "the end of a wait ends nothing");
    assert_eq!(
        world.cli(&["process", "wait", &id, "--log", "never", "--timeout", "100ms"]).code,
        124
    );
    let began = Instant::now();
    let (short, _) = api.start("w", &["echo not this; sleep 0.2; exit 3"]);
    let error = api
        .call("process.wait", &json!({ "id": short, "log": "never", "timeout_ms": 600_000 }))
        .expect_err("it ends first");
    assert_eq!(error["data"]["code"], "exited_before_ready");
    assert!(error["message"].as_str().is_some_and(|message| message.contains('3')), "{error}");
    assert!(began.elapsed() < 2 * PATIENCE, "the limit was waited out");
    assert_eq!(world.cli(&["process", "wait", &short, "--log", "never"]).code, 5);
    api.call("process.stop", &json!({ "target": id, "grace_ms": 100 })).expect("it stops");
}

#[test]
fn s41_s51_a_terminal_has_its_size_and_is_the_same_for_all_who_look() {
    let world = std::sync::Arc::new(World::new());
    let first = Abide::start_in(&world, &["new", "w"], (100, 30));
    first.expect("ready$");
    first.type_line("echo mark$((40 + 1))");
    first.expect("mark41");
    world.cli(&["session", "resize", "-t", "w", "120x40"]).ok();
    world.cli(&["send", "-t", "w", "--submit", "stty size"]).ok();
    world.cli(&["wait", "-t", "w", "--text", "^40 120", "--timeout", "20s"]).ok();
    world.cli(&["session", "resize", "-t", "w", "100x30"]).ok();
    let second = Abide::start_in(&world, &["attach", "w"], (100, 34));
    second.expect("mark41");
    second.type_line("stty size");
    second.expect("30 100");
    world.cli(&["new", "-d", "other"]).ok();
    assert!(!world.cli(&["capture", "-t", "other"]).ok().stdout.contains("mark41"));
    drop(first);
    drop(second);
    let third = Abide::start_in(&world, &["attach", "w"], (100, 34));
    third.expect("30 100");
    third.expect("mark41");
}

#[test]
fn s42_one_call_leaves_a_shell_of_its_own_nothing_and_a_session_keeps_what_it_is_told() {
    let (world, mut api) = sessions(&["w"]);
    api.exec("w", "export KEPT=1");
    api.exec("w", "(export LOST=1; cd /)");
    assert_eq!(
        api.text("w", "echo \"$KEPT[$LOST]\"; pwd"),
        format!("1[]\n{}", world.home().display())
    );
    // A command beside the shell has a shell of its own that takes what it was told along.
    let (first, _) = api.start("w", &["export LOST=1 KEPT=2; cd /; echo \"$KEPT[$LOST]\"; pwd"]);
    wait(&mut api, &first);
    assert_eq!(logs(&mut api, &first), "2[1]\n/\n");
    let (second, _) = api.start("w", &["echo \"$KEPT[$LOST]\"; pwd"]);
    wait(&mut api, &second);
    let own = format!("1[]\n{}", world.home().display());
    assert_eq!(logs(&mut api, &second).trim_end(), own);
    assert_eq!(api.text("w", "echo \"$KEPT[$LOST]\"; pwd"), own);
    let out = world.cli(&["exec", "-t", "w", "--timeout", "50ms", "--", "sleep 30"]);
    assert_eq!(out.code, 124, "{out:?}");
    assert_eq!(api.text("w", "echo $KEPT"), "1");
    let alone = World::new();
    alone.cli(&["exec", "--", "true"]).refused(4, &["no server"]);
    assert!(alone.processes().is_empty(), "a call that is refused starts nothing");
}

#[test]
fn s43_a_large_binary_goes_in_and_comes_out_unchanged() {
    let (world, mut api) = sessions(&["w"]);
    let abide = env!("CARGO_BIN_EXE_abide");
    world.run("/bin/sh", &["-c", "head -c 10485760 /dev/urandom > in"], b"").ok();
    world
        .run(
            "/bin/sh",
            &["-c", &format!("{abide} exec -t w --stdin -- 'cat > out; chmod +x out' < in")],
            b"",
        )
        .ok();
    world.run("/bin/sh", &["-c", &format!("{abide} exec -t w -- cat out > back")], b"").ok();
    assert_eq!(
        api.text("w", "cmp in out && cmp in back && test -x out && wc -c < back"),
        "10485760"
    );
}

#[test]
fn s45_a_program_with_a_child_is_told_to_end_and_its_last_event_is_its_end() {
    let (_world, mut api) = sessions(&["w"]);
    let script = "echo to out; echo to err >&2; sleep 60 & echo child: $!; wait";
    let (id, pid) = api.start("w", &["sh", "-c", script]);
    let ready =
        api.call("process.wait", &json!({ "id": id, "log": "child: [0-9]+" })).expect("it says so");
    let child: i32 = ready["line"]
        .as_str()
        .and_then(|line| line.rsplit(' ').next()?.parse().ok())
        .expect("a number");
    api.call("process.stop", &json!({ "target": id, "signal": "TERM" })).expect("it stops");
    assert!(!is_alive(pid) && !is_alive(child));
    assert_ne!(wait(&mut api, &id)["exit_code"], 0);
    let reply = api.call("process.logs", &json!({ "id": id })).expect("it is kept");
    let text = logs(&mut api, &id);
    assert!(text.contains("to out\n") && text.contains("to err\n"), "{text}");
    assert_eq!(
        reply["events"]
            .as_array()
            .and_then(|events| events.last())
            .map(|event| event["type"].clone()),
        Some(json!("exit"))
    );
}

#[test]
fn s49_commands_beside_each_other_append_to_one_file() {
    let (world, mut api) = sessions(&["w"]);
    let mut other = Api::connect(&world);
    let first = api.start("w", &["for i in 1 2 3 4 5; do printf a >> both; sleep 0.05; done"]).0;
    let second = other.start("w", &["for i in 1 2 3 4 5; do printf b >> both; sleep 0.05; done"]).0;
    wait(&mut api, &first);
    wait(&mut api, &second);
    let both = api.text("w", "cat both");
    assert_eq!((both.matches('a').count(), both.matches('b').count()), (5, 5), "{both}");
}

#[test]
fn s50_a_handle_of_a_server_that_was_stopped_is_none_and_asking_starts_nothing() {
    let (world, mut api) = sessions(&["w"]);
    api.exec("w", "true");
    let (id, pid) = api.start("w", &["sleep", "60"]);
    drop(api);
    world.cli(&["server", "stop"]).ok();
    assert!(gone_within(pid, PATIENCE));
    eventually("all have ended", || world.processes().is_empty());
    for asked in [&["process", "status", &id][..], &["logs", &id], &["stop", &id]] {
        world.cli(asked).refused(4, &["no server"]);
    }
    assert_eq!(
        (world.cli(&["ls"]).ok().stdout, world.cli(&["ps"]).ok().stdout),
        (String::new(), String::new())
    );
    assert!(world.processes().is_empty(), "asking starts nothing");
    world.cli(&["new", "-d", "w"]).ok();
    let mut api = Api::connect(&world);
    for method in ["process.status", "process.logs", "process.wait"] {
        assert_eq!(api.refused(method, &json!({ "id": id })), "not_found", "{method}");
    }
    assert_eq!(api.refused("process.stop", &json!({ "target": pid.to_string() })), "not_found");
}

#[test]
fn s52_a_limit_and_the_end_of_the_server_reach_what_a_leader_holds() {
    let (world, mut api) = sessions(&["w"]);
    let command = ["sleep 120 & echo child: $!; wait"];
    let params = json!({ "target": "w", "timeout_ms": 500, "grace_ms": 200, "command": command });
    let id = api.call("process.start", &params).expect("it starts")["id"]
        .as_str()
        .expect("it has an id")
        .to_owned();
    let ready =
        api.call("process.wait", &json!({ "id": id, "log": "child: [0-9]+" })).expect("it says so");
    let child: i32 = ready["line"]
        .as_str()
        .and_then(|line| line.rsplit(' ').next()?.parse().ok())
        .expect("a number");
    wait(&mut api, &id);
    assert_eq!(api.state(&id), "timed_out");
    assert!(gone_within(child, PATIENCE));
    assert_eq!(wait(&mut api, &id), wait(&mut api, &id), "a wait that is repeated says the same");
    let (left, _) = api.start("w", &["setsid sleep 120 >/dev/null 2>&1 & echo child: $!"]);
    wait(&mut api, &left);
    let child: i32 = logs(&mut api, &left)
        .trim()
        .rsplit(' ')
        .next()
        .and_then(|pid| pid.parse().ok())
        .expect("a number");
    assert!(is_alive(child));
    world.cli(&["server", "stop"]).ok();
    assert!(gone_within(child, PATIENCE), "what a leader left behind outlives the server");
}

#[test]
fn v8_v9_what_has_ended_is_remembered_up_to_the_limit() {
    let world = World::new();
    world.configure("[exec]\nrecords = 10\n");
    world.cli(&["new", "-d", "w"]).ok();
    let mut api = Api::connect(&world);
    let mut ids = Vec::new();
    for n in 0..20 {
        let (id, _) = api.start("w", &["echo", &n.to_string()]);
        wait(&mut api, &id);
        ids.push(id);
    }
    let newest = ids.last().expect("there are 20").clone();
    assert_eq!(
        (api.state(&newest).as_str(), logs(&mut api, &newest).as_str()),
        ("completed", "19\n")
    );
    let mut listed = |all: bool| -> Vec<String> {
        let items = api.call("process.ps", &json!({ "all": all })).expect("it lists");
        items
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|item| item["command"].as_str().map(str::to_owned))
            .collect()
    };
    assert!(!listed(false).contains(&newest), "what has ended does not run");
    let kept = listed(true);
    assert!(
        kept.contains(&newest) && ids.iter().filter(|id| kept.contains(id)).count() <= 10,
        "{kept:?}"
    );
    assert_eq!(api.refused("process.status", &json!({ "id": ids[0] })), "not_found");
}

#[test]
fn a_followed_log_a_start_and_a_running_call_outlive_one_kill_of_the_server() {
    let (world, mut api) = sessions(&["w"]);
    api.exec("w", "true");
    let params = json!({ "target": "w", "timeout_ms": 60_000, "command": ["for i in 1 2 3 4 5 6; \
        do echo line $i; sleep 0.3; done; exit 4"] });
    let id = api.call("process.start", &params).expect("it starts")["id"]
        .as_str()
        .expect("it has an id")
        .to_owned();
    let (watcher, of_id) = (std::sync::Arc::clone(&world), id.clone());
    let following = thread::spawn(move || watcher.cli(&["logs", "-f", &of_id]));
    let caller = std::sync::Arc::clone(&world);
    let calling = thread::spawn(move || {
        caller.cli(&["exec", "-t", "w", "--", "touch begun; sleep 1; touch over; (exit 3)"])
    });
    eventually("the call has begun", || world.path("home/begun").exists());
    api.call("process.wait", &json!({ "id": id, "log": "line 2" })).expect("it prints");
    world.kill_server();
    let lines: Vec<String> = (1..=6).map(|n| format!("line {n}")).collect();
    assert_eq!(following.join().expect("it ended").stdout.lines().collect::<Vec<_>>(), lines);
    let out = calling.join().expect("it ended");
    assert_eq!((out.code, out.stderr.as_str()), (3, ""));
    assert!(world.path("home/over").exists(), "the call ended with its command");
    let mut api = Api::connect(&world);
    assert_eq!(wait(&mut api, &id)["exit_code"], 4);
    let status = api.call("process.status", &json!({ "id": id })).expect("its record is kept");
    assert_eq!(
        (status["state"].as_str(), status["timed_out"].as_bool()),
        (Some("failed"), Some(false))
    );
}
