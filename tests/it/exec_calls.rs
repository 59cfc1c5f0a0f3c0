//! Calls of commands whose other side goes away or lasts: readers that stop, servers that end, long
//! input, late output.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::exec_session::sessions;
use crate::harness::{Api, Output, World, missing_tool};
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

#[test]
fn with_json_too_all_input_arrives_whatever_its_length_and_bytes() {
    let (world, _api) = sessions(&["w"]);
    let large: Vec<u8> = (0..13_000_000_u32).map(|n| n.to_le_bytes()[1] | 0x80).collect();
    for args in [&["exec", "--json", "-t", "w"][..], &["exec", "-t", "w"]] {
        let sum = |text: &str| {
            let words: &[&str] = &["--stdin", "--", "cksum"];
            let out = world.cli_with(&[args, words].concat(), text.as_bytes()).ok();
            out.stdout.contains("4294967295 0")
        };
        assert!(sum(""), "{args:?}");
        let out = world.cli_with(&[args, &["--stdin", "--", "cksum; wc -c"]].concat(), b"a").ok();
        assert!(out.stdout.contains('1'), "{out:?}");
        let got = world
            .cli_with(&[args, &["--stdin", "--", "cat > got; wc -c < got"]].concat(), &large)
            .ok();
        assert!(got.stdout.contains("13000000"), "{args:?}: {got:?}");
        assert!(std::fs::read(world.path("home/got")).expect("it is there") == large, "{args:?}");
    }
    let reply = world.cli_with(&["exec", "--json", "-t", "w", "--stdin", "--", "cat"], b"x\xff\n");
    assert_eq!(reply.ok().json()["stdout_base64"], "eP8K");
}

/// Calls the command line in a thread of its own.
fn calling(world: &Arc<World>, args: &[&str]) -> JoinHandle<Output> {
    let world = Arc::clone(world);
    let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    thread::spawn(move || world.cli(&args.iter().map(String::as_str).collect::<Vec<_>>()))
}

/// Prints numbers on both streams, slowly, and ends with 7.
const NUMBERS: &str = "touch begun; for i in $(seq 1 60); do echo out $i; echo err $i >&2; \
                       sleep 0.05; done; export DONE=1; (exit 7)";

fn numbers(name: &str) -> String {
    let lines: Vec<String> = (1..=60).map(|n| format!("{name} {n}\n")).collect();
    lines.concat()
}

/// Runs [`NUMBERS`] and takes the server away with `away` some times meanwhile.
#[track_caller]
fn followed(args: &[&str], away: impl Fn(&World)) -> (Arc<World>, Output) {
    let (world, mut api) = sessions(&["w"]);
    api.exec("w", "true");
    let call = calling(&world, &[&["exec", "-t", "w"], args, &["--", NUMBERS]].concat());
    eventually("it has begun", || world.path("home/begun").exists());
    for _ in 0..3 {
        away(&world);
        world.cli(&["server", "status"]).ok();
    }
    let out = call.join().expect("it ended");
    assert_eq!(Api::connect(&world).text("w", "echo $DONE"), "1", "the shell is the same");
    (world, out)
}

#[test]
fn an_exec_goes_on_over_kills_of_the_server() {
    let (_world, out) = followed(&[], |world| {
        world.kill_server();
    });
    assert_eq!((out.stdout, out.stderr), (numbers("out"), numbers("err")));
    assert_eq!(out.code, 7);
}

#[test]
fn an_exec_goes_on_over_restarts_of_the_server() {
    let (_world, out) = followed(&[], |world| drop(world.cli(&["server", "restart"]).ok()));
    assert_eq!((out.stdout, out.stderr), (numbers("out"), numbers("err")));
    assert_eq!(out.code, 7);
}

#[test]
fn an_exec_goes_on_over_upgrades() {
    let (_world, out) = followed(&[], |world| drop(world.cli(&["server", "upgrade"]).ok()));
    assert_eq!((out.stdout, out.stderr), (numbers("out"), numbers("err")));
    assert_eq!(out.code, 7);
}

#[test]
fn an_exec_with_json_goes_on_over_kills_and_gives_one_reply() {
    let (_world, out) = followed(&["--json"], |world| {
        world.kill_server();
    });
    let reply = out.json();
    assert_eq!((&reply["exit_code"], out.code), (&7.into(), 7), "{reply}");
    assert_eq!(reply["stdout"].as_str().map(str::to_owned), Some(numbers("out")));
    assert_eq!(reply["stderr"].as_str().map(str::to_owned), Some(numbers("err")));
}

#[test]
fn a_flood_is_whole_over_a_kill_and_a_limit_still_holds() {
    let (world, mut api) = sessions(&["w"]);
    api.exec("w", "true");
    let call = calling(&world, &["exec", "-t", "w", "--", "touch begun; seq 1 1500000"]);
    eventually("it has begun", || world.path("home/begun").exists());
    world.kill_server();
    let out = call.join().expect("it ended").ok();
    assert_eq!((out.stdout.lines().count(), out.stderr.as_str()), (1_500_000, ""));
    assert!(out.stdout.lines().zip(1..).all(|(line, n)| line == n.to_string()), "in order, once");
    let limited =
        ["exec", "-t", "w", "--timeout", "2s", "--", "touch limited; exec_ends=1; sleep 1000"];
    let call = calling(&world, &limited);
    eventually("it has begun", || world.path("home/limited").exists());
    world.kill_server();
    call.join().expect("it ended").refused(124, &["timed out"]);
}

#[test]
fn a_reader_that_goes_after_a_restart_takes_the_command_along_as_before_it() {
    let (world, mut api) = sessions(&["w"]);
    let reader = Arc::clone(&world);
    let call = thread::spawn(move || {
        let loops = "touch begun; while :; do echo y; sleep 0.05; done";
        let text =
            format!("a exec -t w -- '{loops}' | {{ until test -e go; do read y; echo $y; done; }}");
        line(&reader, &text)
    });
    eventually("it has begun", || world.path("home/begun").exists());
    api.call("server.restart", &json!({})).expect("it begins");
    world.cli(&["server", "status"]).ok();
    world.write("home/go", "");
    assert_eq!(call.join().expect("it ended").code, 141);
    assert_eq!(Api::connect(&world).text("w", "echo next"), "next");
}

#[test]
fn a_raw_call_that_a_restart_interrupts_says_where_to_go_on() {
    let (world, mut api) = sessions(&["w"]);
    let script = "echo one; while ! test -e go; do sleep 0.05; done; echo two; (exit 5)";
    let params = json!({ "target": "w", "stream": true, "command": [script] });
    let call = api.send("exec.run", &params);
    while !api.events.iter().any(|event| event["type"] == "stdout") {
        let line = api.line().expect("it prints");
        api.events.push(line["params"]["event"].clone());
    }
    api.send("server.restart", &json!({}));
    let error = api.answer(call).expect_err("it is interrupted");
    let data = &error["data"];
    assert_eq!((&data["code"], &data["command_id"]), (&"interrupted".into(), &"c1".into()));
    assert_eq!(data["cursor"], api.events.last().expect("it printed")["cursor"], "{error}");
    world.cli(&["server", "status"]).ok();
    let mut api = Api::connect(&world);
    let rejoin = json!({ "id": "c1", "since": data["cursor"], "stream": true });
    let call = api.send("process.rejoin", &rejoin);
    assert_eq!(Api::connect(&world).refused("process.rejoin", &rejoin), "busy");
    world.write("home/go", "");
    let reply = api.answer(call).expect("it ends");
    assert_eq!(reply["exit_code"], 5, "{reply}");
    let told: Vec<&Value> = api.events.iter().map(|event| &event["bytes"]).collect();
    assert_eq!(told, ["dHdvCg=="], "two, and nothing else");
    // Once it has ended it is answered at once.
    let again = api.call("process.rejoin", &json!({ "id": "c1" })).expect("it is kept");
    assert_eq!((&again["stdout"], &again["exit_code"]), (&"one\ntwo\n".into(), &5.into()));
    world.cli(&["process", "rejoin", "c1"]).refused(5, &[]);
    let (id, _) = api.start("w", &["true"]);
    assert_eq!(api.refused("process.rejoin", &json!({ "id": id })), "invalid_params");
}

#[test]
fn a_call_that_waits_for_its_turn_has_it_after_a_restart() {
    let (world, mut api) = sessions(&["w"]);
    let first = calling(
        &world,
        &["exec", "-t", "w", "--", "touch begun; while ! test -e go; do sleep 0.05; done"],
    );
    eventually("it has begun", || world.path("home/begun").exists());
    let second = calling(&world, &["exec", "-t", "w", "--", "echo second"]);
    let params = json!({ "target": "w", "command": ["true"] });
    let third = api.send("exec.run", &params);
    api.send("server.restart", &json!({}));
    let error = api.answer(third).expect_err("it waits for its turn");
    assert_eq!(error["data"]["code"], "shutting_down", "{error}");
    assert!(error.to_string().contains("has not begun"), "{error}");
    world.cli(&["server", "status"]).ok();
    world.write("home/go", "");
    assert_eq!(first.join().expect("it ended").code, 0);
    assert_eq!(second.join().expect("it ended").ok().stdout, "second\n");
}

#[test]
fn input_that_a_restart_cuts_is_refused_by_name_and_input_that_was_sent_is_not() {
    let (world, mut api) = sessions(&["w"]);
    let line = format!(
        "{} exec -t w --stdin -- cat < <(exec 2>&-; echo one; \
         while ! test -e go; do sleep 0.05; done)",
        exe()
    );
    let caller = Arc::clone(&world);
    let call = thread::spawn(move || caller.run("/bin/bash", &["-c", &line], b""));
    let is_there = |api: &mut Api| {
        api.call("process.logs", &json!({ "id": "c1" }))
            .is_ok_and(|it| it.to_string().contains("one"))
    };
    eventually("it reads", || is_there(&mut api));
    api.call("server.restart", &json!({})).expect("it begins");
    let out = call.join().expect("it ended");
    world.write("home/go", "");
    out.refused(1, &["c1", "before all of standard input was sent"]);
    // The end of the input has arrived once `cat` is over.
    let script = "cat; echo over; while ! test -e gone; do sleep 0.05; done; echo done";
    let caller = Arc::clone(&world);
    let call = thread::spawn(move || {
        caller.cli_with(&["exec", "-t", "w", "--stdin", "--", script], b"whole\n")
    });
    let mut api = Api::connect(&world);
    let has_read = |api: &mut Api| {
        api.call("process.logs", &json!({ "id": "c2" }))
            .is_ok_and(|it| it.to_string().contains("over"))
    };
    eventually("it reads", || has_read(&mut api));
    api.call("server.restart", &json!({})).expect("it begins");
    world.cli(&["server", "status"]).ok();
    world.write("home/gone", "");
    assert_eq!(call.join().expect("it ended").ok().stdout, "whole\nover\ndone\n");
}

#[test]
fn who_follows_a_command_gets_what_its_children_print_after_its_end() {
    let (world, mut api) = sessions(&["w"]);
    let late = "(while ! test -e go; do sleep 0.05; done; sleep 0.4; echo late; echo err >&2) &";
    let (id, _) = api.start("w", &[&format!("{late} echo early")]);
    let ran = api.exec("w", &format!("{late} echo early"))["command_id"].clone();
    let ran = ran.as_str().expect("it has an id");
    for id in [&*id, ran] {
        let ready = api.call("process.wait", &json!({ "id": id })).expect("its leader has ended");
        assert_eq!(ready["state"], "completed", "the end of a command is that of its leader");
        let logged = api.call("process.logs", &json!({ "id": id })).expect("it is kept");
        assert_eq!(
            (&logged["ended"], logged["events"].as_array().map(Vec::len)),
            (&false.into(), Some(2)),
            "{logged}"
        );
    }
    let calls = [&*id, ran].map(|id| {
        (calling(&world, &["logs", "-f", id]), calling(&world, &["--json", "logs", "-f", id]))
    });
    // A restart in between changes nothing.
    world.cli(&["server", "restart"]).ok();
    world.write("home/go", "");
    for (plain, as_json) in calls {
        let out = plain.join().expect("it ended").ok();
        assert_eq!((&*out.stdout, &*out.stderr), ("early\nlate\n", "err\n"));
        let out = as_json.join().expect("it ended").ok().stdout;
        let last = out.lines().last().expect("there are lines");
        assert!(last.contains("\"exit\"") && out.contains("late"), "{out}");
    }
    let mut api = Api::connect(&world);
    let logged = api.call("process.logs", &json!({ "id": id })).expect("it is kept");
    assert_eq!(
        (&logged["ended"], &logged["events"][4]["type"]),
        (&true.into(), &"exit".into()),
        "{logged}"
    );
}

/// The directories that the latest records say, the newest first.
#[track_caller]
fn directories(api: &mut Api, count: usize) -> Vec<String> {
    let listed = api.call("process.commands", &json!({ "target": "w" })).expect("it lists");
    let rows = listed.as_array().into_iter().flatten().take(count);
    rows.map(|row| row["cwd"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn records_say_the_directory_a_command_was_started_in() {
    let (world, mut api) = sessions(&["w"]);
    let home = world.home().display().to_string();
    api.exec("w", "cd /usr");
    assert_eq!(directories(&mut api, 1), [&*home]);
    for _ in 0..20 {
        api.start("w", &["true"]);
    }
    api.start("w", &["cd /; sleep 0.01"]);
    api.exec("w", "cd /; cd /usr");
    assert_eq!(directories(&mut api, 22), vec!["/usr"; 22]);
    let params = |cwd: &str| json!({ "target": "w", "cwd": cwd, "command": ["pwd"] });
    for cwd in ["/etc", "lib"] {
        api.call("exec.run", &params(cwd)).expect("it runs");
        api.call("process.start", &params(cwd)).expect("it starts");
    }
    assert_eq!(directories(&mut api, 4), ["/usr/lib", "/usr/lib", "/etc", "/etc"]);
    world.cli(&["exec", "-t", "w", "-c", "/etc", "--", "true"]).ok();
    // A shell that is replaced is where the one before it was.
    api.exec("w", "cd /usr/share");
    let deaf = "trap '' INT; while :; do :; done";
    let params = json!({ "target": "w", "timeout_ms": 200, "grace_ms": 100, "command": [deaf] });
    let reply = api.call("exec.run", &params).expect("its time is up");
    assert!(reply["state_lost"].is_string(), "{reply}");
    api.exec("w", "true");
    assert_eq!(directories(&mut api, 3), ["/usr/share", "/usr/share", "/usr"]);
    // A directory that is gone: where the command does run.
    api.exec("w", "mkdir -p ~/gone; cd ~/gone; rmdir ~/gone");
    let (id, _) = api.start("w", &["pwd"]);
    api.call("process.wait", &json!({ "id": id })).expect("it ends");
    let printed = world.cli(&["logs", &id]).ok().stdout;
    assert_eq!(directories(&mut api, 1), [printed.trim()]);
}

#[test]
fn a_session_is_made_while_a_server_stops() {
    let world = Arc::new(World::new());
    for round in 0..6 {
        let name = format!("first{round}");
        let stubborn = ["bash", "-c", "trap '' TERM HUP; touch trapped; sleep 0.3; sleep 0.3"];
        world.cli(&[&["new", "-d", &name, "--"][..], &stubborn].concat()).ok();
        eventually("it ignores what tells it to end", || world.path("home/trapped").exists());
        std::fs::remove_file(world.path("home/trapped")).expect("it is there");
        let mut api = Api::connect(&world);
        api.send("server.stop", &json!({}));
        let made: Vec<_> =
            (0..3).map(|n| calling(&world, &["new", "-d", &format!("n{n}")])).collect();
        for made in made {
            made.join().expect("it ended").ok();
        }
        let listed = world.cli(&["ls"]).ok().stdout;
        assert!((0..3).all(|n| listed.contains(&format!("n{n}"))) && !listed.contains(&name));
        world.cli(&["server", "stop"]).ok();
    }
}

#[test]
fn a_shell_that_opens_no_files_any_more_is_told_and_replaced() {
    for shell in ["/bin/bash", "/bin/sh", "/bin/zsh"] {
        if missing_tool(&shell[5..]) {
            continue;
        }
        let world = Arc::new(World::new());
        let variable = format!("SHELL={shell}");
        world.run("/usr/bin/env", &[&variable, exe(), "new", "-d", "w"], b"").ok();
        let mut api = Api::connect(&world);
        api.exec("w", "export KEPT=1; cd /usr");
        for _ in 0..2 {
            api.exec("w", "ulimit -n 3");
            let out = world.cli(&["exec", "-t", "w", "--", "echo lost"]);
            out.refused(1, &["could not run command", "opens no files", "a new shell"]);
            assert_eq!(out.stdout, "");
            assert_eq!(api.text("w", "echo $KEPT; pwd"), "1\n/usr", "{shell}");
            assert_eq!(world.cli(&["exec", "-t", "w", "--", "(exit 6)"]).code, 6);
        }
    }
}

#[test]
fn the_stop_of_an_exec_says_how_many_it_ended() {
    let (world, mut api) = sessions(&["w"]);
    for (id, script, count) in [
        ("c1", "touch begun; sleep 1000", 1),
        ("c2", "(sleep 1000 & sleep 1000 & touch begun; wait)", 3),
        ("c3", "touch begun; while :; do :; done", 1),
    ] {
        let call = api.send("exec.run", &json!({ "target": "w", "command": [script] }));
        eventually("it has begun", || world.path("home/begun").exists());
        std::fs::remove_file(world.path("home/begun")).expect("it is there");
        let mut other = Api::connect(&world);
        let report = other.call("process.stop", &json!({ "target": id })).expect("it is stopped");
        let signalled = report["signalled"].as_u64().expect("a number");
        assert!(count <= signalled, "{script}: {report}");
        assert_eq!((&report["killed"], &report["left"]), (&0.into(), &json!([])), "{report}");
        assert_eq!(api.answer(call).expect("it has ended")["state"], "stopped");
    }
}
