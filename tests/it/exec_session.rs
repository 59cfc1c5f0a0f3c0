//! Commands in a session's shell: what is kept from one to the next, what is kept apart, whose turn
//! it is, and what a limit means.

use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Api, PATIENCE, World, gone_within, is_alive, missing_tool};
use crate::procs_life::printed;

/// A world with detached sessions of these names.
pub(crate) fn sessions(names: &[&str]) -> (Arc<World>, Api) {
    let world = Arc::new(World::new());
    for name in names {
        world.cli(&["new", "-d", name]).ok();
    }
    let api = Api::connect(&world);
    (world, api)
}

fn run(api: &mut Api, session: &str, script: &str, limit_ms: u64) -> Value {
    let params = json!({ "target": session, "command": [script], "timeout_ms": limit_ms });
    api.call("exec.run", &params).expect("it runs")
}

/// The number that a script printed.
fn number(text: &str) -> i32 {
    text.trim().parse().unwrap_or_else(|_| unreachable!("no number: {text:?}"))
}

#[test]
fn s1_variables_belong_to_one_session() {
    let world = World::new();
    for (name, env) in [
        ("a", ["NODE_ENV=production", "API_KEY=prod-key-123", "DB_HOST=prod.example.com"]),
        ("b", ["NODE_ENV=test", "API_KEY=test-key-456", "DB_HOST=test.example.com"]),
    ] {
        world.cli(&["new", "-d", name]).ok();
        for variable in env {
            world.cli(&["exec", "-t", name, "--", &format!("export {variable}")]).ok();
        }
    }
    let show = |name: &str| {
        world.cli(&["exec", "-t", name, "--", "echo \"$NODE_ENV|$API_KEY|$DB_HOST\""]).ok().stdout
    };
    assert_eq!(show("a"), "production|prod-key-123|prod.example.com\n");
    assert_eq!(show("b"), "test|test-key-456|test.example.com\n");
    world.cli(&["exec", "-t", "a", "--", "export NEW_VAR=session1-only"]).ok();
    let new = |name: &str| {
        world.cli(&["exec", "-t", name, "--", "echo \"VALUE:$NEW_VAR:END\""]).ok().stdout
    };
    assert_eq!((new("a"), new("b")), ("VALUE:session1-only:END\n".into(), "VALUE::END\n".into()));
    // What `new -e` says reaches no other session.
    for (name, value) in [("c", "first"), ("d", "second")] {
        let own = format!("OWN={value}");
        world.cli(&["new", "-d", name, "-e", &own, "--", "sh", "-c", "echo [$OWN]; cat"]).ok();
    }
    world.cli(&["new", "-d", "e", "--", "sh", "-c", "echo [$OWN]; cat"]).ok();
    for (name, shown) in [("c", r"^\[first\]"), ("d", r"^\[second\]"), ("e", r"^\[\]")] {
        world.cli(&["wait", "-t", name, "--text", shown, "--timeout", "20s"]).ok();
    }
}

#[test]
fn a_directory_that_is_not_there_is_refused_by_the_api_too() {
    let (_world, mut api) = sessions(&["a"]);
    for method in ["session.new", "tab.new"] {
        assert_eq!(api.refused(method, &json!({ "cwd": "/nowhere" })), "invalid_params");
    }
}

/// As tmux has it.
#[test]
fn issue_16_what_new_e_says_is_the_environment_of_the_session() {
    let world = World::new();
    world.cli(&["new", "-d", "w", "-e", "OWN=first"]).ok();
    assert_eq!(world.cli(&["exec", "-t", "w", "--", "echo [$OWN]"]).ok().stdout, "[first]\n");
    let starts = |expected: &str| {
        let made =
            world.cli(&["tab", "new", "-t", "w", "--json", "--", "sh", "-c", "echo [$OWN]; cat"]);
        let made: serde_json::Value = serde_json::from_str(&made.ok().stdout).expect("JSON");
        let pane = made["pane"].as_str().expect("a pane").to_owned();
        world.cli(&["wait", "-t", &pane, "--text", expected, "--timeout", "20s"]).ok();
    };
    starts(r"^\[first\]");
    let set = world.cli(&["session", "env", "-t", "w", "OWN=second", "MORE=a=b"]).ok().stdout;
    assert!(set.lines().any(|line| line == "OWN=second"), "{set}");
    assert!(set.lines().any(|line| line == "MORE=a=b"), "{set}");
    starts(r"^\[second\]");
    let unset = world.cli(&["session", "env", "-t", "w", "--unset", "OWN"]).ok().stdout;
    assert!(!unset.contains("OWN=") && unset.contains("MORE="), "{unset}");
    starts(r"^\[\]");
    world.cli(&["server", "restart"]).ok();
    let kept = world.cli(&["session", "env", "-t", "w"]).ok().stdout;
    assert!(!kept.contains("OWN=") && kept.contains("MORE=a=b"), "{kept}");
    world.cli(&["session", "env", "-t", "w", "=x"]).refused(2, &["NAME=VALUE"]);
    world.cli(&["session", "env", "-t", "w", "-u", "A=b"]).refused(2, &["unset"]);
}

#[test]
fn s2_s3_s5_directories_and_functions_stay_apart_and_files_do_not() {
    let (world, mut api) = sessions(&["a", "b"]);
    let home = world.home().display().to_string();
    api.exec("a", "mkdir -p app/src test/unit; cd app");
    api.exec("b", &format!("cd {home}/test"));
    api.exec("a", "cd src");
    api.exec("b", "cd unit");
    assert_eq!(api.text("a", "pwd"), format!("{home}/app/src"));
    assert_eq!(api.text("b", "pwd"), format!("{home}/test/unit"));
    api.exec("a", "greet() { echo \"Hello from Production\"; }");
    assert_eq!(api.text("a", "greet"), "Hello from Production");
    assert_eq!(api.exec("b", "greet")["exit_code"], 127);
    api.exec("b", "greet() { echo \"Hello from Test\"; }");
    assert_eq!(
        (api.text("b", "greet"), api.text("a", "greet")),
        ("Hello from Test".into(), "Hello from Production".into())
    );
    api.exec("a", &format!("echo 'Written by a' > {home}/shared"));
    assert_eq!(
        api.text("b", &format!("cat {home}/shared; echo 'Changed by b' > {home}/shared")),
        "Written by a"
    );
    assert_eq!(api.text("a", &format!("cat {home}/shared")), "Changed by b");
}

#[test]
fn s4_a_command_of_one_session_is_seen_and_stopped_from_another() {
    let (world, mut api) = sessions(&["a", "b"]);
    let (id, pid) = api.start("a", &["sleep", "120"]);
    let listed = api.call("process.ps", &json!({})).expect("it lists");
    let found = listed.as_array().into_iter().flatten().find(|item| item["pid"] == pid);
    assert_eq!(found.map(|item| item["command"].clone()), Some(json!(id)), "{listed}");
    let waiting = api.send("process.wait", &json!({ "id": id }));
    let mut other = Api::connect(&world);
    let report = other.call("process.stop", &json!({ "target": id })).expect("it stops");
    assert_eq!(
        (report["state"].as_str(), report["left"].as_array().map(Vec::len)),
        (Some("stopped"), Some(0))
    );
    let ready = api.answer(waiting).expect("it ended");
    assert_eq!((ready["by"].as_str(), ready["exit_code"].as_u64()), (Some("exit"), Some(143)));
    assert!(!is_alive(pid));
}

#[test]
fn s6_sessions_run_at_once_and_get_only_their_own_text() {
    let (world, mut api) = sessions(&["a", "b"]);
    for name in ["a", "b"] {
        api.exec(name, &format!("export NAME={name}"));
    }
    let mut other = Api::connect(&world);
    let began = Instant::now();
    let script = "sleep 1 && echo \"done in $NAME\"";
    let first = api.send("exec.run", &json!({ "target": "a", "command": [script] }));
    let second = other.send("exec.run", &json!({ "target": "b", "command": [script] }));
    assert_eq!(api.answer(first).expect("it runs")["stdout"], "done in a\n");
    assert_eq!(other.answer(second).expect("it runs")["stdout"], "done in b\n");
    assert!(
        began.elapsed() < Duration::from_millis(1900),
        "one after the other: {:?}",
        began.elapsed()
    );
}

#[test]
fn s7_one_session_runs_one_at_a_time_in_order() {
    let (world, mut api) = sessions(&["w"]);
    let mut other = Api::connect(&world);
    api.exec("w", "echo 0 > count; true");
    // The folder is there only while one of them runs: a second one cannot make it.
    let script = |name: &str| {
        json!({ "target": "w", "command": [format!("echo START-{name}; mkdir inside || echo \
            OVERLAP; n=$(cat count); sleep 0.1; echo $((n + 1)) > count; echo {name} >> order; \
            rmdir inside; echo END-{name}")] })
    };
    let began = Instant::now();
    let mut calls = Vec::new();
    for n in 0..3 {
        calls.push((format!("a{n}"), api.send("exec.run", &script(&format!("a{n}")))));
        calls.push((format!("b{n}"), other.send("exec.run", &script(&format!("b{n}")))));
    }
    for (name, call) in calls {
        let of = if name.starts_with('a') { &mut api } else { &mut other };
        let ran = of.answer(call).expect("it runs");
        assert_eq!(
            (ran["stdout"].as_str(), ran["exit_code"].as_u64()),
            (Some(format!("START-{name}\nEND-{name}\n").as_str()), Some(0))
        );
    }
    assert!(Duration::from_millis(600) <= began.elapsed(), "{:?}", began.elapsed());
    assert_eq!(api.text("w", "cat count"), "6", "an update of shared state was lost");
    let order = api.text("w", "cat order");
    let of = |caller: char| -> Vec<&str> {
        order.lines().filter(|name| name.starts_with(caller)).collect()
    };
    assert_eq!((of('a'), of('b')), (vec!["a0", "a1", "a2"], vec!["b0", "b1", "b2"]), "{order}");
}

#[test]
fn a_full_queue_refuses_at_once_and_a_wait_for_the_turn_has_a_limit() {
    let world = World::new();
    world.configure("[exec]\nwaiting = 2\nturn_ms = 300\n");
    world.cli(&["new", "-d", "w"]).ok();
    let mut api = Api::connect(&world);
    let holder = api.send("exec.run", &json!({ "target": "w", "command": ["sleep 30"] }));
    let waiting: Vec<u64> = (0..2)
        .map(|_| api.send("exec.run", &json!({ "target": "w", "command": ["true"] })))
        .collect();
    assert_eq!(
        api.refused("exec.run", &json!({ "target": "w", "command": ["true"] })),
        "queue_full"
    );
    for call in waiting {
        assert_eq!(api.answer(call).expect_err("busy")["data"]["code"], "busy");
    }
    let id = api.call("process.ps", &json!({})).expect("it lists");
    let id = id
        .as_array()
        .into_iter()
        .flatten()
        .find_map(|item| item["command"].as_str())
        .expect("sleep is part of it")
        .to_owned();
    Api::connect(&world).call("process.stop", &json!({ "target": id })).expect("it stops");
    assert_eq!(api.answer(holder).expect("it was stopped")["state"], "stopped");
}

#[test]
fn s8_s25_an_ended_session_takes_its_shell_and_commands_with_it() {
    let (world, mut api) = sessions(&["w", "other"]);
    api.exec("w", "export SESSION_VAR=1; sleep 300 &");
    let background = number(&api.text("w", "echo $!"));
    let (_, pid) = api.start("w", &["sleep", "300"]);
    let shell = number(&api.text("w", "echo $$"));
    world.cli(&["kill", "w"]).ok();
    for pid in [background, pid, shell] {
        assert!(gone_within(pid, PATIENCE), "{pid} lives on");
    }
    world.cli(&["new", "-d", "w"]).ok();
    assert_eq!(api.text("w", "echo \"[$SESSION_VAR]\""), "[]");
    assert_eq!(api.text("other", "echo fine"), "fine");
}

#[test]
fn s9_a_dead_shell_is_told_and_the_next_command_gets_a_fresh_one() {
    let (world, mut api) = sessions(&["w", "other"]);
    api.exec("w", "export MARKER=1");
    let error = api
        .call("exec.run", &json!({ "target": "w", "command": ["exit 7"] }))
        .expect_err("the shell ended");
    assert_eq!(error["data"]["code"], "session_terminated");
    assert!(error["message"].as_str().is_some_and(|message| message.contains("exit 7")), "{error}");
    assert_eq!(api.text("w", "echo \"marker=[$MARKER]\""), "marker=[]");
    assert_eq!(api.text("other", "echo fine"), "fine");
    world.cli(&["exec", "-t", "w", "--", "exit 3"]).refused(1, &["exit 3"]);
}

#[test]
fn s9b_trivial_commands_answer_while_all_processors_are_busy() {
    let (_world, mut api) = sessions(&["w", "load"]);
    let (id, _) =
        api.start("load", &["for i in 1 2 3 4; do while [ -e $LEASH ]; do :; done & done; wait"]);
    api.text("w", "true");
    let mut times: Vec<Duration> = (0..50)
        .map(|n| {
            let began = Instant::now();
            assert_eq!(api.text("w", &format!("echo {n}")), n.to_string());
            began.elapsed()
        })
        .collect();
    api.call("process.stop", &json!({ "target": id, "grace_ms": 100 })).expect("it stops");
    times.sort_unstable();
    // One may meet the moment in which the machine does something else altogether.
    assert!(times[48] < Duration::from_secs(1), "{times:?}");
}

#[test]
fn s10_s11_s39_statuses_and_nothing_to_read() {
    let (_world, mut api) = sessions(&["w"]);
    assert_eq!(api.exec("w", "false")["exit_code"], 1);
    let unknown = api.exec("w", "no-such-program");
    assert_eq!(unknown["exit_code"], 127);
    assert!(unknown["stderr"].as_str().is_some_and(|text| text.contains("not found")), "{unknown}");
    for script in ["cat", "grep x", "read -t 1 line; true", "wc -c"] {
        let ran = run(&mut api, "w", script, 20_000);
        assert_eq!(ran["timed_out"], false, "{script}: {ran}");
    }
}

#[test]
fn a_signal_shows_in_the_status() {
    let (world, mut api) = sessions(&["w"]);
    let ran = api.exec("w", "sh -c 'kill -TERM $$'");
    assert_eq!((ran["exit_code"].as_u64(), ran["signal"].as_u64()), (Some(143), Some(15)));
    assert_eq!(world.cli(&["exec", "-t", "w", "--", "sh", "-c", "kill -KILL $$"]).code, 137);
    assert_eq!(world.cli(&["exec", "-t", "w", "--", "(exit 42)"]).code, 42);
}

#[test]
fn s13_streams_come_apart_byte_by_byte() {
    let (world, mut api) = sessions(&["w"]);
    let ran = api.exec("w", "printf 'out\\n'; printf 'err\\n' >&2; printf '\\377\\000x'");
    assert_eq!(
        (ran["stderr"].as_str(), ran["stdout_base64"].as_str()),
        (Some("err\n"), Some("b3V0Cv8AeA=="))
    );
    let out = world.cli(&["exec", "-t", "w", "--", "echo one; echo two >&2; echo three"]).ok();
    assert_eq!((out.stdout.as_str(), out.stderr.as_str()), ("one\nthree\n", "two\n"));
}

#[test]
fn s12_output_comes_as_it_is_made() {
    let (_world, mut api) = sessions(&["w"]);
    let call = api.send(
        "exec.run",
        &json!({ "target": "w", "stream": true, "command": ["for i in 1 2 3; do \
            echo $i; sleep 0.3; done; echo DONE"] }),
    );
    let ran = api.answer(call).expect("it runs");
    let chunks: Vec<&Value> = api.events.iter().filter(|event| event["type"] == "stdout").collect();
    let at = |idx: usize| chunks[idx]["timestamp"].as_u64().expect("each has a time");
    assert_eq!(api.events[0]["type"], "start");
    assert!(3 <= chunks.len() && 400 <= at(chunks.len() - 1) - at(0), "{chunks:?}");
    assert_eq!((ran["exit_code"].as_u64(), ran["stdout"].as_str()), (Some(0), Some("")));
}

#[test]
fn s14_s17_silence_ends_nothing() {
    let (world, mut api) = sessions(&["w", "ticks"]);
    let began = Instant::now();
    let silent = api.send(
        "exec.run",
        &json!({ "target": "w", "stream": true, "command": ["sleep 5 && echo done"] }),
    );
    let mut other = Api::connect(&world);
    let ticking = other.send(
        "exec.run",
        &json!({ "target": "ticks", "stream": true, "command": ["for i in 1 2 3 4 5 6 7 8; do echo \
            tick $i; sleep 0.25; done; sleep 3; for i in $(seq 100); do echo line $i; sleep 0.01; \
            done"] }),
    );
    let ran = other.answer(ticking).expect("it runs");
    let lines = (1..=8).map(|n| format!("tick {n}\n"));
    let lines: String = lines.chain((1..=100).map(|n| format!("line {n}\n"))).collect();
    assert_eq!((printed(&other.events), ran["exit_code"].as_u64()), (lines, Some(0)));
    let chunks = other.events.iter().filter(|event| event["type"] == "stdout").count();
    assert!(50 <= chunks, "{chunks} pieces of 108 lines");
    let ran = api.answer(silent).expect("it runs");
    assert_eq!(
        (printed(&api.events).as_str(), ran["exit_code"].as_u64(), ran["timed_out"].as_bool()),
        ("done\n", Some(0), Some(false))
    );
    assert!(Duration::from_secs(5) <= began.elapsed());
}

#[test]
fn s18_a_caller_that_goes_away_takes_its_command_along_and_nothing_else() {
    let (world, mut api) = sessions(&["w"]);
    for _ in 0..5 {
        drop(Api::connect(&world));
    }
    let marker = world.path("marker").display().to_string();
    let mut gone = Api::connect(&world);
    gone.send(
        "exec.run",
        &json!({ "target": "w", "stream": true, "command": [format!("echo $$ > {marker}; sleep 2; \
            touch {marker}.late")] }),
    );
    let began = Instant::now();
    while !world.path("marker").exists() && began.elapsed() < PATIENCE {
        thread::yield_now();
    }
    let (gone_id, _) = api.start("w", &["sleep", "2.5"]);
    drop(gone);
    assert_eq!(api.text("w", "echo fine"), "fine");
    let ended = api.call("process.ps", &json!({ "all": true })).expect("it lists").to_string();
    assert!(ended.contains("stopped"), "{ended}");
    api.call("process.wait", &json!({ "id": gone_id })).expect("it ends");
    assert!(!world.path("marker.late").exists(), "the command went on without its caller");
}

#[test]
fn s18_a_caller_that_goes_at_the_moment_of_completion_harms_nobody() {
    let (world, mut api) = sessions(&["w"]);
    for n in 0..20 {
        let mut gone = Api::connect(&world);
        let params = json!({ "target": "w", "stream": true, "command": [format!("echo {n}")] });
        gone.send("exec.run", &params);
        // The text comes while the command ends; the answer is on its way.
        while let Some(line) = gone.line() {
            if line["params"]["event"]["type"] == "stdout" {
                break;
            }
        }
        drop(gone);
        assert_eq!(api.text("w", &format!("echo after {n}")), format!("after {n}"));
    }
    let listed = api.call("process.ps", &json!({})).expect("it lists");
    let running = |item: &&Value| item["state"] == "running" && item["command"].is_string();
    assert_eq!(listed.as_array().into_iter().flatten().filter(running).count(), 0, "{listed}");
}

#[test]
fn s36_v14_a_limit_stops_the_work_and_the_shell_is_usable_at_once() {
    let (world, mut api) = sessions(&["w"]);
    api.exec("w", "cd /tmp; export KEPT=1");
    let mut quickest = Duration::MAX;
    // A machine that runs all tests at once may be late, but not three times.
    for _ in 0..3 {
        let began = Instant::now();
        let ran = run(&mut api, "w", "sleep 30", 1000);
        let took = began.elapsed();
        assert_eq!(
            (ran["timed_out"].as_bool(), ran["exit_code"].as_u64(), ran.get("state_lost")),
            (Some(true), Some(124), None)
        );
        assert!(Duration::from_secs(1) <= took, "{took:?}");
        assert_eq!(api.text("w", "echo $KEPT; pwd; pgrep -P $$ sleep"), "1\n/tmp");
        quickest = quickest.min(took);
        if quickest < Duration::from_millis(1500) {
            break;
        }
    }
    assert!(quickest < Duration::from_millis(1500), "{quickest:?}");
    assert_eq!(world.cli(&["exec", "-t", "w", "--timeout", "200ms", "--", "sleep 30"]).code, 124);
}

#[test]
fn an_erring_command_in_dash_is_answered_and_so_is_the_next() {
    if missing_tool("dash") {
        return;
    }
    let world = World::new();
    let program = env!("CARGO_BIN_EXE_abide");
    world.run("/usr/bin/env", &["SHELL=/bin/dash", program, "new", "-d", "w"], b"").ok();
    let mut api = Api::connect(&world);
    for erring in [
        "if",
        "echo ${x:?}",
        "set -u; echo $unset",
        ". /missing",
        "shift 5",
        "export 1a=x",
        "x=$((1/0))",
        "eval ')'",
    ] {
        let ran = run(&mut api, "w", &format!("{erring}; echo never"), 10_000);
        assert_ne!(ran["timed_out"], true, "{erring}: {ran}");
        assert_eq!(ran["exit_code"], 2, "{erring}: {ran}");
        assert_eq!(api.text("w", "set +u; echo next"), "next", "after {erring}");
    }
}

#[test]
fn s37_what_comes_after_the_limit_never_happens() {
    for shell in ["/bin/bash", "/bin/dash"] {
        if missing_tool(shell.rsplit('/').next().unwrap_or(shell)) {
            continue;
        }
        let world = World::new();
        world
            .run(
                "/usr/bin/env",
                &[&format!("SHELL={shell}"), env!("CARGO_BIN_EXE_abide"), "new", "-d", "w"],
                b"",
            )
            .ok();
        let mut api = Api::connect(&world);
        let ran = run(&mut api, "w", "touch a && sleep 120 && touch b; touch c", 500);
        assert_eq!(ran["timed_out"], true);
        assert_eq!(api.text("w", "ls"), "a", "{shell}");
        let looped = run(&mut api, "w", "while [ -e $LEASH ]; do sleep 0.05; done; touch d", 300);
        assert_eq!(
            (looped["timed_out"].as_bool(), looped.get("state_lost")),
            (Some(true), None),
            "{shell}: {looped}"
        );
        assert_eq!(api.text("w", "ls"), "a", "{shell}");
    }
}

#[test]
fn a_shell_that_nothing_interrupts_is_replaced_with_what_it_had() {
    let (_world, mut api) = sessions(&["w"]);
    api.exec(
        "w",
        "cd /tmp; export KEPT='it is'; own=1; hello() { echo hello; }; alias hi='echo \
        hi'; sleep 300 &",
    );
    let background = number(&api.text("w", "echo $!"));
    let params = json!({ "target": "w", "command": ["trap '' INT TERM; while [ -e $LEASH ]; do :; \
        done"], "timeout_ms": 200, "grace_ms": 100 });
    let ran = api.call("exec.run", &params).expect("it runs");
    assert_eq!(
        (ran["timed_out"].as_bool(), ran["state"].as_str()),
        (Some(true), Some("timed_out"))
    );
    assert!(ran["state_lost"].is_string(), "{ran}");
    assert_eq!(api.text("w", "pwd; echo \"$KEPT[$own]\"; hello; hi"), "/tmp\nit is[]\nhello\nhi");
    assert!(is_alive(background), "what an earlier command left in the background is spared");
}

#[test]
fn s38_variables_and_directory_of_one_command_are_undone_after_it() {
    let (_world, mut api) = sessions(&["w"]);
    api.exec("w", "cd /tmp; export A=old GONE=there");
    let params = json!({
        "target": "w", "cwd": "/", "command": ["pwd; echo \
         \"$A|${GONE-unset}|${EMPTY+set}$EMPTY|$TEMP\""],
        "vars": { "A": "new", "GONE": null, "EMPTY": "", "TEMP": "once" },
    });
    assert_eq!(
        api.call("exec.run", &params).expect("it runs")["stdout"],
        "/\nnew|unset|set|once\n"
    );
    assert_eq!(
        api.text("w", "pwd; echo \"$A|$GONE|${EMPTY+set}|TEMP=$TEMP\""),
        "/tmp\nold|there||TEMP="
    );
    let ran = api
        .call("exec.run", &json!({ "target": "w", "cwd": "/nowhere", "command": ["echo never"] }))
        .expect("it runs");
    assert_eq!((ran["exit_code"].as_u64(), ran["stdout"].as_str()), (Some(1), Some("")));
    assert_eq!(api.text("w", "pwd"), "/tmp");
}

#[test]
fn s40_heredocs_large_output_and_directories_that_are_gone() {
    let (world, mut api) = sessions(&["w"]);
    assert_eq!(api.text("w", "cat <<'EOF'\n$one\n  two'\"\nEOF"), "$one\n  two'\"");
    let ran = api.exec("w", "head -c 3000000 /dev/zero | tr '\\0' x; echo; echo end");
    let out = ran["stdout"].as_str().unwrap_or_default();
    assert_eq!((ran["truncated"].as_bool(), out.ends_with("x\nend\n")), (Some(true), true));
    assert!(500_000 < out.len() && out.len() <= 1 << 20, "{}", out.len());
    let out = world.cli(&["exec", "-t", "w", "--", "head -c 3000000 /dev/zero | tr '\\0' x"]).ok();
    assert_eq!(out.stdout.len(), 3_000_000);
    api.exec("w", "mkdir gone link_to; cd gone; rmdir ../gone");
    assert_eq!(api.exec("w", "true")["exit_code"], 0);
    api.exec("w", "cd ~; ln -s link_to link; cd link");
    assert_eq!(api.text("w", "pwd"), format!("{}/link", world.home().display()));
    let ran = api.exec("w", "sleep 100 & echo started");
    assert_eq!(ran["stdout"], "started\n");
    assert_eq!(ran["stderr"], "");
}

#[test]
fn s40_a_line_that_is_no_shell_is_told_and_the_next_one_runs() {
    for shell in ["/bin/bash", "/bin/zsh"] {
        if missing_tool(shell.rsplit('/').next().unwrap_or(shell)) {
            continue;
        }
        let world = World::new();
        let (variable, abide) = (format!("SHELL={shell}"), env!("CARGO_BIN_EXE_abide"));
        world.run("/usr/bin/env", &[&variable, abide, "new", "-d", "w"], b"").ok();
        let mut api = Api::connect(&world);
        api.exec("w", "KEPT=1");
        for script in ["if", "eval ')'", "echo ${x:?}", ". /missing", "x=$((1/0))"] {
            let ran = run(&mut api, "w", script, 10_000);
            assert_eq!(ran["timed_out"], false, "{shell}: {script}: {ran}");
            assert_ne!(ran["exit_code"], 0, "{shell}: {script}: {ran}");
            assert_ne!(ran["stderr"], "", "{shell}: {script}: {ran}");
            assert_eq!(api.text("w", "echo \"[$KEPT]\""), "[1]", "{shell} after {script}");
        }
    }
}

#[test]
fn later_output_of_the_background_goes_to_the_record() {
    let (_world, mut api) = sessions(&["w"]);
    let id = api.exec("w", "(sleep 0.3; echo late) & echo early")["command_id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let began = Instant::now();
    let mut seen = String::new();
    while !seen.contains("late") && began.elapsed() < PATIENCE {
        seen = api.call("process.logs", &json!({ "id": id })).expect("it is kept").to_string();
    }
    assert!(seen.contains("early\\n") && seen.contains("late\\n"), "{seen}");
}

#[test]
fn s14_standard_input_is_read_to_its_end() {
    let (world, mut api) = sessions(&["w"]);
    let out =
        world.cli_with(&["exec", "-t", "w", "--stdin", "--", "cat; echo bye"], b"one\ntwo\n").ok();
    assert_eq!(out.stdout, "one\ntwo\nbye\n");
    let ran = api
        .call("exec.run", &json!({ "target": "w", "stdin": "abc", "command": ["wc -c"] }))
        .expect("it runs");
    assert_eq!(ran["stdout"].as_str().map(str::trim), Some("3"));
    let large = vec![b'x'; 300_000];
    assert_eq!(
        world.cli_with(&["exec", "-t", "w", "--stdin", "--", "wc -c"], &large).ok().stdout.trim(),
        "300000"
    );
    assert_eq!(
        world
            .cli_with(
                &["exec", "-t", "w", "--stdin", "--", "head -c 1 >/dev/null; echo enough"],
                &large
            )
            .ok()
            .stdout,
        "enough\n"
    );
}

#[test]
fn s52_words_are_literal_and_nothing_is_refused() {
    let (world, mut api) = sessions(&["w"]);
    let out =
        world.cli(&["exec", "-t", "w", "--", "printf", "[%s]", "$HOME", "a b", "", "it's"]).ok();
    assert_eq!(out.stdout, "[$HOME][a b][][it's]");
    assert_eq!(api.refused("exec.run", &json!({ "target": "w", "command": [] })), "invalid_params");
    assert_eq!(
        api.refused("exec.run", &json!({ "target": "w", "command": ["a\u{0}b"] })),
        "invalid_params"
    );
    assert_eq!(
        api.refused("exec.run", &json!({ "target": "nope", "command": ["true"] })),
        "not_found"
    );
    assert_eq!(
        api.refused("exec.run", &json!({ "target": "w", "set": ["1A=x"], "command": ["true"] })),
        "invalid_params"
    );
}

/// Whether a server listens that still answers.
fn answers(world: &World) -> bool {
    UnixStream::connect(world.path("state/abide/run/socket")).is_ok()
        && world.cli(&["server", "status"]).code == 0
}

#[test]
fn a_killed_server_interrupts_the_call_and_not_the_command() {
    let (world, mut api) = sessions(&["w"]);
    api.exec("w", "cd /tmp; export KEPT=1");
    let call = api.send(
        "exec.run",
        &json!({ "target": "w", "stream": true, "command": ["echo first; \
            sleep 1; echo second; cd /; (exit 5)"] }),
    );
    while !api.events.iter().any(|event| event["type"] == "stdout") {
        let line = api.line().expect("it prints");
        api.events.push(line["params"]["event"].clone());
    }
    let id = api.events[0]["command"].as_str().expect("it has begun").to_owned();
    world.kill_server();
    assert!(api.line().is_none(), "call {call} is not answered by a dead server");
    assert!(answers(&world));
    let mut api = Api::connect(&world);
    let ready = api.call("process.wait", &json!({ "id": id })).expect("it ends");
    assert_eq!((ready["by"].as_str(), ready["exit_code"].as_u64()), (Some("exit"), Some(5)));
    let logged = api.call("process.logs", &json!({ "id": id })).expect("it is kept").to_string();
    assert!(logged.contains("first\\n") && logged.contains("second\\n"), "{logged}");
    assert_eq!(api.text("w", "pwd; echo $KEPT"), "/\n1");
}

#[test]
fn a_limit_outlives_the_server() {
    let (world, mut api) = sessions(&["w"]);
    api.exec("w", "true");
    let command = ["echo $$; sleep 100"];
    let params = json!({ "target": "w", "stream": true, "timeout_ms": 2000, "command": command });
    let call = api.send("exec.run", &params);
    while api.events.len() < 2 {
        let line = api.line().expect("it prints");
        api.events.push(line["params"]["event"].clone());
    }
    let id = api.events[0]["command"].as_str().expect("it has begun").to_owned();
    world.kill_server();
    assert!(answers(&world), "{call}");
    let mut api = Api::connect(&world);
    api.call("process.wait", &json!({ "id": id })).expect("it ends");
    assert_eq!(api.state(&id), "timed_out");
    assert_eq!(api.text("w", "echo fine"), "fine");
}

#[test]
fn what_a_session_traces_are_the_lines_of_its_user_alone() {
    let trapped = "trap 'echo trapped >&2' DEBUG";
    for shell in ["/bin/bash", "/usr/bin/dash", "/bin/zsh"] {
        if missing_tool(shell) {
            continue;
        }
        let world = World::new();
        let shell_is = format!("SHELL={shell}");
        let abide = env!("CARGO_BIN_EXE_abide");
        world.run("/usr/bin/env", &[&shell_is, abide, "new", "-d", "w"], b"").ok();
        let errors = |script: &str| -> Vec<String> {
            let ran = world.cli(&["exec", "-t", "w", "--", script]).ok();
            assert_eq!(ran.stdout, if script.contains("echo one") { "one\n" } else { "" });
            ran.stderr.lines().map(str::to_owned).collect()
        };
        let shown = |lines: &[String]| lines.iter().all(|line| line.starts_with('+'));
        assert_eq!(errors("set -x"), [""; 0], "{shell}");
        for _ in 0..2 {
            let lines = errors("echo one");
            assert!(
                lines.len() == 1 && shown(&lines) && lines[0].ends_with("echo one"),
                "{lines:?}"
            );
        }
        let lines = errors("set +x");
        assert!(lines.len() == 1 && lines[0].ends_with("set +x"), "{shell}: {lines:?}");
        assert_eq!(errors("echo one"), [""; 0], "{shell}");
        if shell.ends_with("dash") {
            continue;
        }
        assert_eq!(errors(trapped).len(), 0, "{shell}");
        for _ in 0..2 {
            assert_eq!(errors("echo one"), ["trapped"], "{shell}");
        }
        assert_eq!(errors("trap - DEBUG"), ["trapped"], "{shell}");
        assert_eq!(errors("echo one"), [""; 0], "{shell}");
        let both = format!("{trapped}; set -x");
        errors(&both);
        let lines = errors("echo one");
        let own = |word: &str| lines.iter().filter(|line| line.contains(word)).count();
        assert_eq!((lines.len(), own("ABIDE") + own("__abide")), (3, 0), "{shell}: {lines:?}");
    }
}
