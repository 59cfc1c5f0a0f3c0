//! Chaos: server, keeper and clients die at random moments while many panes flood, and the disk
//! fails under them. The programs' own counters, what was typed, and an undisturbed twin say what
//! was lost. A few rounds by default; `just chaos ROUNDS SEED` for as many as one likes, with the
//! counts printed.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::e2e_disk::shown;
use crate::e2e_survive::{Dice, Typist, wait_until};
use crate::harness::{Abide, World, is_alive, signal};

/// Where the watching client begins and ends.
const SIZE: (u16, u16) = (120, 30);
/// Other sizes it takes meanwhile; all are wide enough for a whole line.
const SIZES: [(u16, u16); 4] = [(120, 30), (100, 24), (140, 50), (110, 8)];
/// The most lines of one burst.
const BURST_MAX: usize = 1_000;
/// How many lines of scrollback are compared with the twin's.
const COMPARED: usize = 2_000;

/// What changes the layout of a session called `work`; what cannot be done just then is refused.
const LAYOUTS: [&str; 10] = [
    "pane split -t work --background",
    "pane split -t work --right --background",
    "pane close -t work.2 --now",
    "pane break work.2",
    "pane float -t work.2",
    "tab new -t work --background",
    "tab close -t work:2 --now",
    "layout apply -t work tiled",
    "layout rotate -t work",
    "undo",
];

/// Prints coloured, numbered lines with wide characters at full speed, as many as each line of its
/// pipe asks for.
const FLOOD: &str = r#"
exec 3<>"$1"
dots='............................................................'
echo armed
n=0
while read -r count <&3; do
    awk -v n="$n" -v c="$count" -v who="$1" -v dots="$dots" 'BEGIN {
        for (i = n + 1; i <= n + c; i++)
            printf "\033[3%dm%s\033[m %08d %s%s\n",
                i % 8, who, i, substr(dots, 1, i % 60), i % 5 ? "" : " 語終"
    }'
    n=$((n + count))
done
"#;

/// The line with this number of the program with this name, without its colours.
fn line(who: &str, number: usize) -> String {
    format!(
        "{who} {number:08} {}{}",
        ".".repeat(number % 60),
        if number.is_multiple_of(5) { " 語終" } else { "" }
    )
}

/// How much is done.
struct Plan {
    rounds: usize,
    panes: usize,
    seed: u64,
    is_full: bool,
}

impl Plan {
    fn new() -> Self {
        let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
        let rounds = number("ABIDE_CHAOS").and_then(|rounds| usize::try_from(rounds).ok());
        let seed = number("ABIDE_CHAOS_SEED").unwrap_or(20_261_121);
        Self {
            rounds: rounds.unwrap_or(6),
            panes: if rounds.is_some() { 20 } else { 4 },
            seed,
            is_full: rounds.is_some(),
        }
    }

    /// Says what was counted, where somebody asked for it.
    fn tell(&self, counts: &str) {
        if self.is_full {
            let said = writeln!(std::io::stderr(), "{counts}");
            assert!(said.is_ok(), "standard error can be written");
        }
    }
}

/// One program that floods, in a session of its own.
struct Flooder {
    name: String,
    go: File,
    /// How many lines were asked for.
    written: usize,
    /// How many of them were seen to be right.
    verified: usize,
}

/// A world with its flooding programs.
struct Stage {
    world: Arc<World>,
    flooders: Vec<Flooder>,
    watcher: Abide,
    /// Characters that were missing where a keeper had been killed.
    lost: usize,
    /// How often something happened to the database.
    disk_faults: usize,
}

impl Stage {
    #[track_caller]
    fn new(panes: usize) -> Self {
        let world = Arc::new(World::new());
        world.configure("[scrollback]\nlines = 60000\n");
        world.write("home/flood", FLOOD);
        let mut flooders = Vec::new();
        for number in 0..panes {
            let name = format!("f{number:02}");
            world.run("mkfifo", &[&name], b"").ok();
            world.cli(&["new", "-d", &name, "--", "sh", "flood", &name]).ok();
            world.cli(&["wait", "-t", &name, "--text", "armed", "--timeout", "20s"]).ok();
            let go = OpenOptions::new()
                .read(true)
                .write(true)
                .open(world.path("home").join(&name))
                .expect("the pipe was made");
            flooders.push(Flooder { name, go, written: 0, verified: 0 });
        }
        let watcher = Abide::start_in(&world, &["attach", "f00"], SIZE);
        watcher.expect("armed");
        Self { world, flooders, watcher, lost: 0, disk_faults: 0 }
    }

    /// Every program prints so many lines more.
    fn burst(&mut self, count: usize) {
        for flooder in &mut self.flooders {
            writeln!(flooder.go, "{count}").expect("the program reads the pipe");
            flooder.written += count;
        }
    }

    /// Waits until the watching client shows a line of the first program that is at least this one.
    #[track_caller]
    fn watch_until(&self, number: usize) {
        let newest = |rows: &[String]| {
            rows.iter()
                .filter_map(|row| row.strip_prefix("f00 ")?.get(..8)?.parse::<usize>().ok())
                .max()
        };
        self.watcher.expect_screen(&format!("line {number} or a later one"), |screen| {
            newest(&screen.rows()) >= Some(number)
        });
    }

    /// Looks at what is kept of a program since it was looked at last: every line once, in order,
    /// as it was printed. Says whether it is at its end.
    #[track_caller]
    fn verify(&mut self, at: usize, may_lose: bool) -> bool {
        let flooder = &mut self.flooders[at];
        let rows = flooder.written - flooder.verified + 200;
        let kept = self
            .world
            .cli(&["capture", "-t", &flooder.name, &format!("--scrollback={rows}")])
            .ok()
            .stdout;
        let number =
            |row: &str| row.strip_prefix(flooder.name.as_str())?.get(1..9)?.parse::<usize>().ok();
        let mut next = flooder.verified + 1;
        let (mut lost, mut left) = (0, 0);
        let rows: Vec<&str> =
            kept.lines().filter(|row| !row.is_empty() && *row != "armed").collect();
        let first = rows
            .iter()
            .position(|row| number(row).is_some_and(|number| flooder.verified < number))
            .unwrap_or(rows.len());
        for (place, row) in rows.iter().enumerate().skip(first) {
            if *row == line(&flooder.name, next) {
                next += 1;
                continue;
            }
            // The one that is being printed.
            let is_last = place + 1 == rows.len();
            if is_last && line(&flooder.name, next).starts_with(row) {
                break;
            }
            let found = number(row)
                .filter(|found| may_lose && *row == line(&flooder.name, *found) && next < *found);
            assert!(
                may_lose,
                "{} shows {row:?} where {:?} is due, {} before the end",
                flooder.name,
                line(&flooder.name, next),
                rows.len() - place
            );
            match found {
                Some(found) => {
                    lost += (next..found)
                        .map(|number| line(&flooder.name, number).chars().count() + 1)
                        .sum::<usize>();
                    next = found + 1;
                }
                // Of a line with a hole only the hole is lost.
                None => left += row.chars().count() + 1,
            }
        }
        self.lost += lost - left.min(lost);
        let flooder = &mut self.flooders[at];
        flooder.verified = next - 1;
        flooder.verified == flooder.written
    }

    /// Waits until every program has printed all and looks at all of it.
    #[track_caller]
    fn finish(&mut self, may_lose: bool) {
        for at in 0..self.flooders.len() {
            let (name, last) = (self.flooders[at].name.clone(), self.flooders[at].written);
            let text = format!("{name} {last:08}");
            self.world.cli(&["wait", "-t", &name, "--text", &text, "--timeout", "30s"]).ok();
            self.world.cli(&["wait", "-t", &name, "--idle", "50ms", "--timeout", "30s"]).ok();
            assert!(self.verify(at, may_lose), "{name} has more to print");
        }
    }

    /// Waits until what all programs printed last is on a disk that works again.
    #[track_caller]
    fn is_on_disk(&self) {
        mend_disk(&self.world);
        wait_until("what is shown is on disk", || {
            let shown = shown(&self.world);
            self.flooders
                .iter()
                .all(|flooder| shown.contains(&format!("{} {:08}", flooder.name, flooder.written)))
        });
    }
}

/// What happens to clients besides: one is killed and comes back, one stands still over the round,
/// one changes its size.
fn harass(stage: &mut Stage, dice: &mut Dice) -> bool {
    match dice.below(10) {
        0 => {
            stage.watcher.kill_client();
            stage.watcher = Abide::start_in(&stage.world, &["attach", "f00"], SIZE);
        }
        1 => {
            signal(stage.watcher.pid(), Signal::STOP);
            return true;
        }
        2 | 3 => stage.watcher.resize(SIZES[dice.below(SIZES.len())]),
        4 | 5 => {
            mend_disk(&stage.world);
            harm_disk(&stage.world, dice);
            stage.disk_faults += 1;
        }
        6 => mend_disk(&stage.world),
        _ => {}
    }
    false
}

/// What can happen to a database under a server that writes to it.
fn harm_disk(world: &World, dice: &mut Dice) {
    let path = world.path("state/abide/abide.db");
    let remove = || {
        for end in ["", "-wal", "-shm"] {
            // Any of them may not be there just now, as after the last fault.
            drop(fs::remove_file(world.path(&format!("state/abide/abide.db{end}"))));
        }
    };
    match dice.below(4) {
        0 => remove(),
        1 => {
            remove();
            // A folder of its name takes nothing.
            drop(fs::create_dir(&path));
        }
        2 => {
            let at = dice.below(4096) as u64;
            drop(
                OpenOptions::new()
                    .write(true)
                    .open(&path)
                    .and_then(|file| file.write_all_at(&[0x5a; 512], at)),
            );
        }
        _ => {
            let len = dice.below(16_384) as u64;
            drop(OpenOptions::new().write(true).open(&path).and_then(|file| file.set_len(len)));
        }
    }
}

fn mend_disk(world: &World) {
    drop(fs::remove_dir(world.path("state/abide/abide.db")));
}

/// The middle and the worst of some times, in milliseconds.
fn spread(times: &mut [Duration]) -> String {
    times.sort();
    let at = |share: usize| {
        times.get((times.len().max(1) - 1) * share / 100).copied().unwrap_or_default().as_millis()
    };
    format!("p50 {} ms, p99 {} ms, worst {} ms", at(50), at(99), at(100))
}

/// The longest that an echo took until something is over.
#[track_caller]
fn longest_echo(typist: &mut Typist, blow: &JoinHandle<()>) -> Duration {
    let mut longest = Duration::ZERO;
    loop {
        let is_last = blow.is_finished();
        let begun = Instant::now();
        typist.types_until_echoed();
        longest = longest.max(begun.elapsed());
        if is_last {
            return longest;
        }
    }
}

/// Calls abide beside the test: it returns once a new server was seen to work.
fn beside(world: &Arc<World>, args: &'static [&'static str]) -> JoinHandle<()> {
    let world = Arc::clone(world);
    thread::spawn(move || drop(world.cli(args).ok()))
}

/// Rounds of floods with a blow in the middle of each; how long the typist's echo was away. A blow
/// that goes on beside the test is waited for.
#[track_caller]
fn rounds(
    plan: &Plan,
    stage: &mut Stage,
    twin: Option<&mut Stage>,
    typist: &mut Typist,
    blow: impl Fn(&Arc<World>) -> Option<JoinHandle<()>>,
) -> Vec<Duration> {
    let mut dice = Dice::new(plan.seed);
    let mut twin = twin;
    let mut away = Vec::new();
    let may_lose = twin.is_none();
    for round in 0..plan.rounds {
        let from = stage.flooders[0].written;
        let count = 100 + dice.below(BURST_MAX - 100);
        stage.burst(count);
        if let Some(twin) = &mut twin {
            twin.burst(count);
        }
        stage.watch_until(from + 1 + dice.below(count));
        typist.types(1 + dice.below(5));
        let is_stalled = harass(stage, &mut dice);
        let blow = blow(&stage.world);
        let struck = Instant::now();
        typist.types(1 + dice.below(5));
        away.push(if let Some(blow) = blow {
            let longest = longest_echo(typist, &blow);
            assert!(blow.join().is_ok(), "the server was not replaced");
            longest
        } else {
            typist.types_until_echoed();
            struck.elapsed()
        });
        if is_stalled {
            signal(stage.watcher.pid(), Signal::CONT);
        }
        stage.verify(round % plan.panes, may_lose);
    }
    stage.watcher.resize(SIZE);
    stage.finish(may_lose);
    away
}

/// The programs of a stage, by pid: they have to be the same at the end.
fn programs(stage: &Stage) -> Vec<i32> {
    let roles = [stage.world.server_pid(), stage.world.keeper_pid(), stage.watcher.pid()];
    let is_program = |pid: &i32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        !roles.contains(pid) && line.windows(8).any(|part| part == b"sh\0flood")
    };
    stage.world.processes().into_iter().filter(is_program).collect()
}

#[test]
fn a_server_that_is_killed_and_replaced_again_and_again_loses_nothing() {
    let plan = Plan::new();
    let begun = Instant::now();
    let (mut stage, mut twin) = (Stage::new(plan.panes), Stage::new(plan.panes));
    let mut typist = Typist::start(&stage.world);
    let before = programs(&stage);
    assert_eq!(before.len(), plan.panes);
    let mut killed = rounds(&plan, &mut stage, Some(&mut twin), &mut typist, |world| {
        world.kill_server();
        None
    });
    let half = Plan { rounds: plan.rounds / 2, ..plan };
    let keeper = stage.world.keeper_pid();
    let mut restarted = rounds(&half, &mut stage, Some(&mut twin), &mut typist, |world| {
        Some(beside(world, &["server", "restart"]))
    });
    let mut replaced = rounds(&plan, &mut stage, Some(&mut twin), &mut typist, |world| {
        Some(beside(world, &["server", "upgrade"]))
    });
    assert_eq!(
        stage.world.keeper_pid(),
        keeper,
        "the keeper is the same process after all upgrades"
    );
    assert!(before.iter().all(|pid| is_alive(*pid)), "a program was lost");
    // Of the twin only what is compared counts; it may have more behind it than it keeps.
    twin.flooders
        .iter_mut()
        .for_each(|flooder| flooder.verified = flooder.written.saturating_sub(COMPARED));
    twin.finish(false);
    for flooder in &stage.flooders {
        let shown = |stage: &Stage| {
            let args = [
                "capture",
                "-t",
                &flooder.name,
                &format!("--scrollback={COMPARED}"),
                "--format",
                "ansi",
            ];
            stage.world.cli(&args).ok().stdout
        };
        assert_eq!(
            shown(&stage),
            shown(&twin),
            "{} is not as in the undisturbed twin",
            flooder.name
        );
    }
    stage.is_on_disk();
    let lines: usize = stage.flooders.iter().map(|flooder| flooder.verified).sum();
    let (typed, missing) =
        typist.lost_at_most_one_write_per_kill(killed.len() + restarted.len() + replaced.len());
    plan.tell(&format!(
        "seed {}, {} s: {} kills of the server, {} restarts and {} upgrades under {} floods and \
         {} disk faults; {lines} lines, none lost or doubled, screens and scrollback as the \
         twin's; {} programs, none lost; {typed} words typed, none twice, {missing} missing\n\
         away after a kill: {}; longest echo during a restart: {}; during an upgrade: {}",
        plan.seed,
        begun.elapsed().as_secs(),
        killed.len(),
        restarted.len(),
        replaced.len(),
        plan.panes,
        stage.disk_faults,
        before.len(),
        spread(&mut killed),
        spread(&mut restarted),
        spread(&mut replaced),
    ));
}

#[test]
fn a_layout_that_changes_while_the_server_is_killed_is_never_given_up() {
    let plan = Plan::new();
    let world = Arc::new(World::new());
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    wait_until("the session is there", || world.cli(&["ls"]).stdout.contains("work"));
    let mut dice = Dice::new(plan.seed);
    let (mut seen, kills) = (BTreeSet::new(), 3 * plan.rounds.min(100));
    for kill in 0..kills {
        let server = world.server_pid();
        let words: Vec<&str> = LAYOUTS[dice.below(LAYOUTS.len())].split(' ').collect();
        let at = Instant::now() + Duration::from_micros(dice.below(6_000) as u64);
        thread::scope(|scope| {
            let command = scope.spawn(|| world.cli(&words));
            while Instant::now() < at {
                thread::yield_now();
            }
            client.resize(SIZES[kill % SIZES.len()]);
            signal(server, Signal::KILL);
            let output = command.join().expect("it ends");
            seen.insert(output.code);
            let is_told = output.code == 0 || output.stderr.starts_with("abide: ");
            assert!(is_told && output.code < 70, "{words:?}: {output:?}");
        });
        let sessions = world.cli(&["ls", "--json"]).ok().json();
        let names: Vec<&str> = sessions
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|item| item["name"].as_str())
            .collect();
        assert_eq!(names, ["work"], "after kill {kill}, {words:?}: {}", world.logs());
    }
    assert!(seen.contains(&0), "no command was done in {kills} rounds");
    assert!(!world.logs().contains("given up"), "{}", world.logs());
}

#[test]
fn a_keeper_that_is_killed_again_and_again_loses_next_to_nothing() {
    let plan = Plan::new();
    let begun = Instant::now();
    let mut stage = Stage::new(plan.panes);
    let mut typist = Typist::start(&stage.world);
    let before = programs(&stage);
    let mut killed = rounds(&plan, &mut stage, None, &mut typist, |world| {
        world.kill_keeper();
        None
    });
    assert!(before.iter().all(|pid| is_alive(*pid)), "a program was lost");
    let lines: usize = stage.flooders.iter().map(|flooder| flooder.verified).sum();
    let lost = stage.lost;
    stage.is_on_disk();
    // One byte in 256 equals the pattern, and only where it is the last of the read in flight.
    assert!(
        lost <= 1 + killed.len() / 20,
        "{lost} characters are missing after {} kills",
        killed.len()
    );
    let (typed, missing) = typist.lost_at_most_one_write_per_kill(killed.len());
    plan.tell(&format!(
        "seed {}, {} s: {} kills of the keeper under {} floods and {} disk faults; {lines} lines, \
         {lost} characters lost; {} programs, none lost; {typed} words typed, none twice, \
         {missing} missing\naway after a kill: {}",
        plan.seed,
        begun.elapsed().as_secs(),
        killed.len(),
        plan.panes,
        stage.disk_faults,
        before.len(),
        spread(&mut killed),
    ));
}
