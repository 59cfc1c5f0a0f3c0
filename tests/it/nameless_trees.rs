//! Trees that drop all by which a process says whose it is: environment, session, parents, name.
//! So nobody is looked for by what he says: each writes its process ids into a file of its own.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};

use crate::harness::{Api, World, is_alive, missing_tool, status_field};
use crate::procs_life::{eventually, times};

/// How many trees are ended at once.
const AT_ONCE: usize = 4;

/// What trees are made of: `SHED` drops environment and session, `ROLL` is the file for process
/// ids, `HOP` a script that follows itself in ever new processes. Each says `up` when it stands.
const SHAPES: [&str; 6] = [
    "SHED -f sh -c 'echo $$ >> ROLL; exec sleep 1000'",
    "SHED sh -c '(sh -c \"echo \\$\\$ >> ROLL; exec sleep 1000\" &) & exit'",
    "SHED bash -c '(echo $BASHPID >> ROLL; exec -a \"kworker/0:1\" sleep 1000) & exit'",
    "SHED sh -c 'trap \"\" TERM HUP INT; echo $$ >> ROLL; while [ -e LEASH ]; do sleep 0.05; done' \
     &",
    "SHED sh HOP >/dev/null 2>&1",
    "SHED sh -c '(SHED sh -c \"echo \\$\\$ >> ROLL; sleep 1000 & echo \\$! >> ROLL; wait\" &) & \
     exit'",
];

/// How a tree is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Stop,
    Limit,
    ExecLimit,
    SessionKill,
    Pane,
}

const WAYS: [By; 5] = [By::Stop, By::Limit, By::ExecLimit, By::SessionKill, By::Pane];

/// The world, and who must not be touched in it.
struct Field {
    world: World,
    spared: Vec<i32>,
    bystander: Child,
}

impl Field {
    fn new(cgroup: &str) -> Self {
        let world = World::new();
        world.configure("[pane]\ngrace_ms = 200\n");
        let switch = format!("ABIDE_CGROUP={cgroup}");
        let abide = env!("CARGO_BIN_EXE_abide");
        world.run("/usr/bin/env", &[&switch, abide, "new", "-d", "g0"], b"").ok();
        for n in 1..AT_ONCE {
            world.cli(&["new", "-d", &format!("g{n}")]).ok();
        }
        let bystander =
            Command::new("sleep").arg("100002").stdin(Stdio::null()).spawn().expect("it starts");
        let mut field = Self { world, spared: Vec::new(), bystander };
        let mut api = Api::connect(&field.world);
        for n in 0..AT_ONCE {
            // Strangers to every tree: of an earlier command, one of them as nameless as they are.
            let roll = field.roll(1_000_000 + n);
            let script = field.script(SHAPES[0], 1_000_000 + n);
            let session = format!("g{n}");
            api.text(
                &session,
                &format!("{script}\nsleep 100000 >/dev/null & echo $! >> {}", roll.display()),
            );
            eventually("the strangers are there", || field.pids(1_000_000 + n).len() == 2);
            field.spared.extend(field.pids(1_000_000 + n));
        }
        field
    }

    fn roll(&self, tree: usize) -> PathBuf {
        self.world.path(&format!("tmp/roll-{tree}"))
    }

    /// The processes that a tree has written down.
    fn pids(&self, tree: usize) -> Vec<i32> {
        let text = fs::read_to_string(self.roll(tree)).unwrap_or_default();
        text.lines().filter_map(|line| line.parse().ok()).collect()
    }

    fn script(&self, shape: &str, tree: usize) -> String {
        let leash = self.world.path("leash").display().to_string();
        let roll = self.roll(tree).display().to_string();
        let hop = self.world.path(&format!("tmp/hop-{tree}"));
        let text = format!(
            "trap '' TERM HUP; [ -e {leash} ] || exit; echo $$ >> {roll}; sleep 0.02; \
             setsid sh {} &\n",
            hop.display()
        );
        fs::write(&hop, text).expect("there is room");
        let shed = "env -i PATH=/usr/bin:/bin setsid";
        let script = shape.replace("SHED", shed).replace("ROLL", &roll).replace("LEASH", &leash);
        script.replace("HOP", &hop.display().to_string())
    }

    /// Lets a tree grow, ends it, and gives the answer.
    fn end_tree(&self, api: &mut Api, session: &str, tree: usize) -> Value {
        let way = WAYS[tree % WAYS.len()];
        let script = self.script(SHAPES[tree % SHAPES.len()], tree);
        let stays = format!("{script}\nsleep 1000");
        let stands = || eventually("it stands", || !self.pids(tree).is_empty());
        let limit = 200 + (tree * 37) % 400;
        let limited = json!({
            "target": session, "command": [stays], "timeout_ms": limit, "grace_ms": 100,
        });
        match way {
            By::Stop => {
                let (id, _) = api.start(session, &[&stays]);
                stands();
                let params = json!({ "target": id, "grace_ms": 100 });
                api.call("process.stop", &params).expect("it stops")
            }
            By::Limit => {
                let started = api.call("process.start", &limited).expect("it starts");
                let id = started["id"].as_str().expect("it has one").to_owned();
                eventually("its limit has ended it", || {
                    ["timed_out", "killed"].contains(&api.state(&id).as_str())
                });
                Value::Null
            }
            By::ExecLimit => {
                let ran = api.call("exec.run", &limited).expect("it runs");
                assert_eq!(ran["timed_out"], true, "{script}: {ran}");
                ran
            }
            By::SessionKill => {
                let own = format!("own-{tree}");
                self.world.cli(&["new", "-d", &own]).ok();
                api.text(&own, &script);
                stands();
                self.world.cli(&["kill", &own]).ok();
                Value::Null
            }
            By::Pane => {
                let own = format!("own-{tree}");
                self.world.cli(&["new", "-d", &own, "--", "sh", "-c", &stays]).ok();
                stands();
                self.world.cli(&["kill", &own]).ok();
                Value::Null
            }
        }
    }

    fn assert_gone(&self, tree: usize, answer: &Value) {
        let named: Vec<i64> =
            answer["left"].as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
        let left = || -> Vec<i32> {
            let pids = self.pids(tree).into_iter();
            pids.filter(|pid| is_alive(*pid) && !named.contains(&i64::from(*pid))).collect()
        };
        let way = WAYS[tree % WAYS.len()];
        if answer.is_null() {
            eventually("all is gone", || left().is_empty());
        }
        let left: Vec<_> = left().into_iter().map(|pid| (pid, status_field(pid, "Name"))).collect();
        let shape = SHAPES[tree % SHAPES.len()];
        assert!(left.is_empty(), "{left:?} of {shape:?} live on after {way:?}: {answer}");
    }
}

impl Drop for Field {
    fn drop(&mut self) {
        drop(self.bystander.kill());
        drop(self.bystander.wait());
    }
}

/// How many trees there are: as many as named (`just trees`), else few, or many with `ABIDE_FULL`.
fn tree_count(few: usize, full: usize) -> usize {
    let named = std::env::var("ABIDE_TREES").ok().and_then(|count| count.parse().ok());
    named.unwrap_or_else(|| times(few, full))
}

/// Trees of all shapes whose server or keeper is killed before they are ended.
fn end_trees_after_kills(cgroup: &str) {
    let mut field = Field::new(cgroup);
    let count = tree_count(8, 300) / 2;
    for tree in 0..count {
        let script = field.script(SHAPES[tree % SHAPES.len()], tree);
        let stays = format!("{script}\nsleep 1000");
        let own = format!("own-{tree}");
        let mut api = Api::connect(&field.world);
        let command = (tree % 3 == 0).then(|| api.start("g0", &[&stays]).0);
        if command.is_none() {
            field.world.cli(&["new", "-d", &own, "--", "sh", "-c", &stays]).ok();
        }
        eventually("it stands", || !field.pids(tree).is_empty());
        if tree % 2 == 0 {
            field.world.kill_server();
        } else {
            field.world.kill_keeper();
        }
        let answer = if let Some(id) = command {
            let params = json!({ "target": id, "grace_ms": 100 });
            Api::connect(&field.world).call("process.stop", &params).expect("it stops")
        } else {
            field.world.cli(&["kill", &own]).ok();
            Value::Null
        };
        field.assert_gone(tree, &answer);
    }
    assert!(field.spared.iter().all(|pid| is_alive(*pid)), "a stranger in a session was hit");
    assert!(matches!(field.bystander.try_wait(), Ok(None)), "a stranger was hit");
    field.world.cli(&["server", "stop"]).ok();
    (0..count).for_each(|tree| field.assert_gone(tree, &Value::Null));
    assert!(
        writeln!(std::io::stderr(), "{count} nameless trees after kills, cgroup {cgroup:?}")
            .is_ok()
    );
}

fn end_trees(cgroup: &str) {
    let mut field = Field::new(cgroup);
    let (count, next) = (tree_count(30, 600), AtomicUsize::new(0));
    let work = |n: usize| {
        let (session, mut api) = (format!("g{n}"), Api::connect(&field.world));
        loop {
            let tree = next.fetch_add(1, Ordering::Relaxed);
            if count <= tree {
                return;
            }
            let answer = field.end_tree(&mut api, &session, tree);
            field.assert_gone(tree, &answer);
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|n| scope.spawn(move || work(n))).collect();
        for worker in workers {
            worker.join().expect("its trees end");
        }
    });
    assert!(field.spared.iter().all(|pid| is_alive(*pid)), "a stranger in a session was hit");
    assert!(matches!(field.bystander.try_wait(), Ok(None)), "a stranger was hit");
    // The end of all, with one more tree of each kind.
    let mut api = Api::connect(&field.world);
    for tree in count..count + SHAPES.len() {
        api.text("g0", &field.script(SHAPES[tree % SHAPES.len()], tree));
        eventually("it stands", || !field.pids(tree).is_empty());
    }
    field.world.cli(&["server", "stop"]).ok();
    (0..count + SHAPES.len()).for_each(|tree| field.assert_gone(tree, &Value::Null));
    eventually("who was spared is gone with the server", || {
        !field.spared.iter().any(|pid| is_alive(*pid))
    });
    assert!(matches!(field.bystander.try_wait(), Ok(None)), "a stranger was hit");
    assert!(writeln!(std::io::stderr(), "{count} nameless trees, cgroup {cgroup:?}").is_ok());
}

/// A daemon that takes off the mark of its birth too belongs to nobody: no stop claims that it is
/// gone, and the end of the server is its end.
#[test]
fn an_orphan_without_any_sign_is_named_by_a_stop_and_ended_with_the_server() {
    if missing_tool("prlimit") {
        return;
    }
    let world = World::new();
    let abide = env!("CARGO_BIN_EXE_abide");
    world.run("/usr/bin/env", &["ABIDE_CGROUP=off", abide, "new", "-d", "w"], b"").ok();
    let roll = world.path("tmp/roll");
    let shed = "prlimit --rss=unlimited:unlimited env -i PATH=/usr/bin:/bin setsid -f";
    let script =
        format!("{shed} sh -c 'echo $$ > {}; exec sleep 1000'; sleep 1000", roll.display());
    let ended = world.cli(&["exec", "-t", "w", "--timeout", "1s", "--", &script]);
    let orphan = fs::read_to_string(&roll).expect("it is written").trim().to_owned();
    ended.refused(124, &[&format!("this may be left of it: {orphan}")]);
    let orphan = orphan.parse().expect("an id");
    assert!(is_alive(orphan), "nothing tells whose it is, so it was let be");
    world.cli(&["server", "stop"]).ok();
    eventually("it ends with the server", || !is_alive(orphan));
}

#[test]
fn trees_without_environment_session_and_parents_end_without_a_cgroup() {
    end_trees("off");
}

#[test]
fn trees_without_environment_session_and_parents_end_with_a_cgroup() {
    end_trees("on");
}

#[test]
fn trees_end_without_a_cgroup_after_a_kill_of_server_or_keeper() {
    end_trees_after_kills("off");
}

#[test]
fn trees_end_with_a_cgroup_after_a_kill_of_server_or_keeper() {
    end_trees_after_kills("on");
}
