//! Trees of processes that do not want to end, many at a time, with a cgroup and without: nobody
//! lives on whom the answer does not name, and no stranger is hit.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Api, World, is_alive, marked, status_field};
use crate::procs_life::{eventually, times, zombies};

/// How many trees are ended at once.
const AT_ONCE: usize = 16;

/// What trees are made of. Each says `up` when it stands; the eighth never stays the same process.
const SHAPES: [&str; 10] = [
    "echo up; sleep 1000",
    "trap '' HUP TERM INT; echo up; while [ -e $LEASH ]; do sleep 0.02; done",
    "sh -c \"trap '' HUP TERM; echo up; while [ -e $LEASH ]; do sleep 0.02; done\" & wait",
    "sh -c 'echo up; kill -STOP $$' & sleep 1000",
    "echo up; kill -STOP $$; sleep 1000",
    "(setsid sh -c \"(sh -c 'trap \\\"\\\" TERM HUP; echo up; sleep 1000; true' &)\" &) ; sleep \
     1000",
    "setsid sh -c 'sleep 1000 & setsid sleep 1000 & echo up; wait' & wait",
    "export H='trap \"\" TERM HUP; [ -e $LEASH ] || exit; echo >> \"$HOPS\"; sleep 0.02; setsid \
     sh -c \"$H\" & '; sh -c \"$H\" >/dev/null 2>&1; echo up; sleep 1000",
    "i=0; while [ $i -lt 100 ]; do sleep 1000 & i=$((i + 1)); done; echo up; wait",
    "nest() { if [ $1 -gt 0 ]; then ( nest $(($1 - 1)); true ); else echo up; sleep 1000; fi; }; \
     nest 50",
];

/// What one tree's end was like.
struct End {
    tree: usize,
    /// What its hopper had counted when the answer came.
    hops: u64,
    took: Duration,
    /// Whom the answer named.
    left: usize,
}

/// The world, and who must not be touched in it.
struct Field {
    world: Arc<World>,
    /// What shells run in the background since before the trees.
    spared: Vec<i32>,
    bystander: Child,
    /// Who runs before there is a tree: keeper, server, shells, and who is spared.
    before: Vec<i32>,
}

impl Field {
    fn new(cgroup: &str) -> Self {
        let world = Arc::new(World::new());
        let switch = format!("ABIDE_CGROUP={cgroup}");
        world
            .run("/usr/bin/env", &[&switch, env!("CARGO_BIN_EXE_abide"), "new", "-d", "g0"], b"")
            .ok();
        let mut api = Api::connect(&world);
        let mut spared = Vec::new();
        for n in 0..AT_ONCE {
            if n > 0 {
                world.cli(&["new", "-d", &format!("g{n}")]).ok();
            }
            spared.push(
                api.text(&format!("g{n}"), "sleep 100000 >/dev/null & echo $!")
                    .parse()
                    .expect("it says which"),
            );
        }
        spared.push(api.start("g0", &["sleep", "100001"]).1);
        let bystander =
            Command::new("sleep").arg("100002").stdin(Stdio::null()).spawn().expect("it starts");
        let before = world.processes();
        let field = Self { world, spared, bystander, before };
        let of_cgroup =
            fs::read_to_string(format!("/proc/{}/cgroup", field.spared[0])).unwrap_or_default();
        assert!(cgroup != "off" || !of_cgroup.contains("/abide-"), "{of_cgroup}");
        if cgroup != "off" && !of_cgroup.contains("/abide-") {
            assert!(
                writeln!(
                    std::io::stderr(),
                    "NOT TESTED: here no cgroup can be had, so trees are ended without"
                )
                .is_ok()
            );
        }
        field
    }

    fn hops_file(&self, tree: usize) -> PathBuf {
        self.world.path(&format!("tmp/hops-{tree}"))
    }

    fn hops(&self, tree: usize) -> u64 {
        fs::metadata(self.hops_file(tree)).map_or(0, |about| about.len())
    }

    /// Ends one tree and looks who is left of it.
    fn end_tree(&self, api: &mut Api, (session, tree): (&str, usize)) -> End {
        let is_beside = (tree / SHAPES.len()).is_multiple_of(2);
        let shape = SHAPES[tree % SHAPES.len()];
        let mark = format!("HOPS={}\0", self.hops_file(tree).display());
        let vars = json!({ "HOPS": self.hops_file(tree) });
        let (began, answer) = if is_beside {
            let params = json!({ "target": session, "command": [shape], "vars": vars });
            let started = api.call("process.start", &params).expect("it starts");
            api.call("process.wait", &json!({ "id": started["id"], "log": "up" }))
                .expect("it stands");
            let began = Instant::now();
            (
                began,
                api.call("process.stop", &json!({ "target": started["id"], "grace_ms": 100 }))
                    .expect("it stops"),
            )
        } else {
            let limit = 30 + (tree * 37) % 400;
            let params = json!({
                "target": session, "command": [shape], "vars": vars,
                "timeout_ms": limit, "grace_ms": 100,
            });
            let ran = api.call("exec.run", &params).expect("it runs");
            assert_eq!(ran["timed_out"], true, "{shape}: {ran}");
            (Instant::now(), ran)
        };
        let named: Vec<i64> =
            answer["left"].as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
        let hops = self.hops(tree);
        let left: Vec<i32> =
            marked(&mark).into_iter().filter(|pid| !named.contains(&i64::from(*pid))).collect();
        let who: Vec<_> = left.iter().map(|pid| status_field(*pid, "Name")).collect();
        assert!(
            left.is_empty(),
            "{left:?} {who:?} of {shape:?} live on, beside: {is_beside}: {answer}"
        );
        End { tree, hops, took: began.elapsed(), left: named.len() }
    }
}

impl Drop for Field {
    fn drop(&mut self) {
        drop(self.bystander.kill());
        drop(self.bystander.wait());
    }
}

fn end_trees(cgroup: &str) {
    let mut field = Field::new(cgroup);
    let keeper = field.world.keeper_pid();
    let (count, next, began) = (times(60, 1000), AtomicUsize::new(0), Instant::now());
    let work = |n: usize| {
        let (session, mut api, mut ends) =
            (format!("g{n}"), Api::connect(&field.world), Vec::new());
        loop {
            let tree = next.fetch_add(1, Ordering::Relaxed);
            if count <= tree {
                return ends;
            }
            ends.push(field.end_tree(&mut api, (&session, tree)));
        }
    };
    let ends: Vec<End> = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|n| scope.spawn(move || work(n))).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("its trees end")).collect()
    });
    assert_eq!(ends.len(), count);
    let on: Vec<_> = ends
        .iter()
        .map(|end| (end.tree, end.hops, field.hops(end.tree)))
        .filter(|(_, then, now)| then != now)
        .collect();
    assert!(
        on.is_empty(),
        "hoppers went on after the answer (tree, hops then, hops now): {on:?}\n{}",
        field.world.logs()
    );
    assert!(field.spared.iter().all(|pid| is_alive(*pid)), "a stranger in a session was hit");
    assert!(matches!(field.bystander.try_wait(), Ok(None)), "a stranger was hit");
    let mut api = Api::connect(&field.world);
    let shells: Vec<i32> =
        (0..AT_ONCE).filter_map(|n| api.text(&format!("g{n}"), "echo $$").parse().ok()).collect();
    assert_eq!(shells.len(), AT_ONCE, "each session has a shell that works");
    eventually("nobody is there but who was and the shells", || {
        field
            .world
            .processes()
            .into_iter()
            .all(|pid| field.before.contains(&pid) || shells.contains(&pid))
    });
    eventually("all are reaped", || zombies(keeper) == 0);
    let mut took: Vec<Duration> = ends
        .iter()
        .filter(|end| (end.tree / SHAPES.len()).is_multiple_of(2))
        .map(|end| end.took)
        .collect();
    took.sort_unstable();
    let (median, worst, named) = (
        took[took.len() / 2],
        took[took.len() - 1],
        ends.iter().map(|end| end.left).sum::<usize>(),
    );
    let said = writeln!(
        std::io::stderr(),
        "{count} hostile trees, cgroup {cgroup:?}: {:?} in all, a stop takes {median:?} (median), \
         {worst:?} (worst), {named} named",
        began.elapsed()
    );
    assert!(said.is_ok());
}

#[test]
fn s24_hostile_trees_many_at_a_time_leave_nobody_without_a_cgroup() {
    end_trees("off");
}

#[test]
fn s24_hostile_trees_many_at_a_time_leave_nobody_with_a_cgroup() {
    end_trees("on");
}
