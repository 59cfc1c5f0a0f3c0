//! What is killed and what lives on: server, keeper and client die at any moment, programs and
//! their output do not.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::e2e_disk::shown;
use crate::harness::{
    Abide, Api, PATIENCE, Screen, World, gone_within, is_alive, missing_tool, signal,
};
use crate::procs_life::eventually;

const SIZE: (u16, u16) = (120, 30);

/// How often the server is killed under load.
const KILLS: usize = 50;

/// Lines of one burst: 0.8 MB, so that a kill falls into the middle of it.
const BURST: usize = 8_000;

/// How long a client may be without its server, half of the times; the machine may be busy the
/// other times.
const BACK_WITHIN: Duration = Duration::from_secs(1);

/// How long it may be in the worst case of a machine that runs all tests at once.
const BACK_AT_WORST: Duration = Duration::from_secs(8);

/// Writes bursts of numbered lines at full speed, one per line that arrives in `go`.
const FLOOD: &str = r#"
exec 3<>go
dots='................................................................................'
echo armed
n=0
while read -r count <&3; do
    seq -f "line %08.0f $dots" $((n + 1)) $((n + count))
    n=$((n + count))
done
"#;

/// A program that floods on demand, and a client that watches it.
pub(crate) struct Flood {
    client: Abide,
    go: File,
    written: usize,
}

impl Flood {
    #[track_caller]
    pub(crate) fn start(world: &Arc<World>) -> Self {
        world.write("home/flood", FLOOD);
        world.run("mkfifo", &["go"], b"").ok();
        let client = Abide::start_in(world, &["new", "flood", "--", "sh", "flood"], SIZE);
        client.expect("armed");
        let go = OpenOptions::new()
            .read(true)
            .write(true)
            .open(world.path("home/go"))
            .expect("the pipe was made");
        Self { client, go, written: 0 }
    }

    /// Asks for the next burst.
    pub(crate) fn burst(&mut self, lines: usize) {
        self.written += lines;
        writeln!(self.go, "{lines}").expect("the program reads the pipe");
    }

    /// Waits until the client shows a line with at least this number.
    #[track_caller]
    pub(crate) fn shows_at_least(&self, number: usize) {
        self.client.expect_screen(&format!("line {number} or a later one"), |screen| {
            newest(screen) >= number
        });
    }

    /// Waits for the last line and reads the whole history: it must be without gap and without
    /// repeat, but for `lost` bytes.
    #[track_caller]
    pub(crate) fn is_whole(&self, scrollback: &str) {
        self.shows_at_least(self.written);
        let kept = self.client.cli(&["capture", "-t", "flood", scrollback]).ok().stdout;
        let numbers = numbers(&kept);
        let gap = numbers.windows(2).find(|pair| pair[1] != pair[0] + 1);
        assert_eq!(gap, None, "a line is missing or doubled in the scrollback");
        assert_eq!(numbers.last(), Some(&self.written));
        assert!(numbers.len() >= self.written.min(BURST), "only {} lines are kept", numbers.len());
    }
}

fn numbers(text: &str) -> Vec<usize> {
    text.lines().filter_map(|line| line.strip_prefix("line ")?.get(..8)?.parse().ok()).collect()
}

/// The highest line number on a screen; 0 when there is none.
fn newest(screen: &Screen) -> usize {
    let digits = |row: &str| row.split("line ").nth(1).and_then(|rest| rest.get(..8)?.parse().ok());
    screen.rows().iter().filter_map(|row| digits(row)).max().unwrap_or(0)
}

/// Numbers without visible order, the same in each run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit
    }
}

/// A person who types numbered words, one per line, into a program that files them.
pub(crate) struct Typist {
    client: Abide,
    typed: usize,
}

impl Typist {
    #[track_caller]
    pub(crate) fn start(world: &Arc<World>) -> Self {
        let client = Abide::start_in(
            world,
            &["new", "words", "--", "sh", "-c", "echo armed; cat >> words"],
            SIZE,
        );
        client.expect("armed");
        Self { client, typed: 0 }
    }

    #[track_caller]
    pub(crate) fn types(&mut self, count: usize) {
        for _ in 0..count {
            self.typed += 1;
            self.client.type_line(&format!("w{:06}", self.typed));
        }
    }

    /// Types on until a word that was typed now is echoed.
    #[track_caller]
    pub(crate) fn types_until_echoed(&mut self) {
        let first = self.typed + 1;
        let end = Instant::now() + crate::harness::PATIENCE;
        while !(first..=self.typed).any(|word| self.client.screen().shows(&format!("w{word:06}"))) {
            assert!(
                Instant::now() < end,
                "no word is echoed any more\n{}\n{}",
                self.client.screen().text(),
                self.client.world().logs()
            );
            self.types(1);
            self.client.writes_within(Duration::from_millis(20));
        }
    }

    /// Fails if a word arrived twice or out of order, or if more than one run of words is missing
    /// per kill. Gives how many were typed, and how many did not arrive.
    #[track_caller]
    pub(crate) fn lost_at_most_one_write_per_kill(mut self, kills: usize) -> (usize, usize) {
        self.types_until_echoed();
        let path = self.client.world().path("home/words");
        self.client.press("Enter C-d");
        self.client.expect_exit();
        let filed = std::fs::read_to_string(path).expect("the words were filed");
        let lines: Vec<&str> = filed.lines().filter(|line| !line.is_empty()).collect();
        let words: Vec<usize> = lines
            .iter()
            .filter_map(|line| line.strip_prefix('w').filter(|rest| rest.len() == 6)?.parse().ok())
            .collect();
        assert!(lines.len() - words.len() <= kills, "more cut words than kills: {lines:?}");
        let disorder = words.windows(2).find(|pair| pair[1] <= pair[0]);
        assert_eq!(disorder, None, "a word arrived twice or late");
        let gaps = words.windows(2).filter(|pair| pair[1] != pair[0] + 1).count();
        assert!(gaps <= kills, "{gaps} runs of words are missing after {kills} kills");
        assert!(
            words.len() + 30 * kills >= self.typed,
            "{} of {} words arrived",
            words.len(),
            self.typed
        );
        (self.typed, self.typed - words.len())
    }
}

#[test]
fn fifty_kills_of_the_server_lose_no_line_and_type_no_word_twice() {
    let world = Arc::new(World::new());
    let mut flood = Flood::start(&world);
    let mut typist = Typist::start(&world);
    let mut dice = Dice::new(20_261_121);
    let mut back = Vec::new();
    for _ in 0..KILLS {
        let from = flood.written;
        flood.burst(BURST);
        flood.shows_at_least(from + 1 + dice.below(BURST - 1));
        typist.types(10);
        world.kill_server();
        let killed = Instant::now();
        typist.types(10);
        typist.types_until_echoed();
        back.push(killed.elapsed());
        flood.is_whole(&format!("--scrollback={}", BURST + 200));
    }
    flood.is_whole("--scrollback");
    typist.lost_at_most_one_write_per_kill(KILLS);
    back.sort();
    assert!(
        back[KILLS / 2] <= BACK_WITHIN,
        "clients were back after {:?} in the median",
        back[KILLS / 2]
    );
    assert!(
        back[KILLS - 1] <= BACK_AT_WORST,
        "clients were back after {:?} at worst",
        back[KILLS - 1]
    );
}

#[test]
fn a_killed_server_leaves_vim_as_it_was() {
    if missing_tool("vim") {
        return;
    }
    let edit = || {
        let world = Arc::new(World::new());
        world.write("home/x.c", "int a; /* 語 */\n".repeat(50));
        let client = Abide::start_in(
            &world,
            &[
                "new",
                "vim",
                "--",
                "vim",
                "-u",
                "NONE",
                "-n",
                "+syntax on",
                "+set nocompatible ruler showmode",
                "x.c",
            ],
            SIZE,
        );
        client.expect("x.c");
        client.type_text("10Gofresh line");
        client.expect("fresh line");
        client.expect("11,11");
        client
    };
    let (struck, twin) = (edit(), edit());
    let same =
        |client: &Abide| client.cli(&["capture", "-t", "vim", "--format", "ansi"]).ok().stdout;
    assert_eq!(same(&struck), same(&twin), "two untouched sessions differ");
    let vims: Vec<i32> = struck.world().processes();
    let server = struck.world().kill_server();
    assert_eq!(
        same(&struck),
        same(&twin),
        "the screen of the struck session differs from its twin's"
    );
    for client in [&struck, &twin] {
        client.type_text(" typed on");
        client.expect("fresh line typed on");
    }
    let rows = |client: &Abide| {
        client
            .screen()
            .rows()
            .into_iter()
            .filter(|row| row.contains("int a") || row.contains("fresh"))
            .collect::<Vec<_>>()
    };
    assert_eq!(rows(&struck), rows(&twin), "what the attached clients show differs");
    assert_eq!(same(&struck), same(&twin));
    assert!(
        vims.into_iter().filter(|&pid| pid != server).all(is_alive),
        "something died with the server"
    );
    struck.press("Esc");
    struck.expect_without("INSERT");
    struck.type_text(":wq\r");
    assert_eq!(struck.expect_exit(), 0);
    let saved = std::fs::read_to_string(struck.world().path("home/x.c")).expect("vim has saved it");
    assert!(saved.contains("fresh line typed on\n"));
}

#[test]
fn a_killed_keeper_ends_no_program_and_is_replaced() {
    let world = Arc::new(World::new());
    let mut flood = Flood::start(&world);
    let typist = Typist::start(&world);
    let programs: Vec<i32> = world.processes();
    let keeper = world.kill_keeper();
    flood.burst(1_000);
    flood.is_whole("--scrollback");
    let fresh = world.keeper_pid();
    assert_ne!(fresh, keeper);
    assert!(
        programs.into_iter().filter(|&pid| pid != keeper).all(is_alive),
        "something died with the keeper"
    );
    world.kill_server();
    flood.burst(1_000);
    flood.is_whole("--scrollback");
    assert_eq!(world.keeper_pid(), fresh, "the new keeper restarts the server and stays");
    world.cli(&["new", "-d", "later", "--", "sh", "-c", "echo born; cat"]).ok();
    world.cli(&["wait", "-t", "later", "--text", "born", "--timeout", "20s"]).ok();
    typist.lost_at_most_one_write_per_kill(2);
}

/// README: with keeper and server programs end. Those without a terminal are hung up by nobody.
#[test]
fn what_outlives_keeper_and_server_is_ended_by_the_next_server() {
    let world = World::new();
    world.cli(&["new", "-d", "work"]).ok();
    let mut api = Api::connect(&world);
    let (_, started) = api.start("work", &["sleep", "1000"]);
    let background = api.text("work", "sleep 1000 >/dev/null & echo $!").parse().expect("an id");
    let roll = world.path("tmp/roll");
    let shed = "env -i PATH=/usr/bin:/bin setsid -f sh -c";
    api.text("work", &format!("{shed} 'echo $$ > {}; exec sleep 1000'", roll.display()));
    let nameless = || std::fs::read_to_string(&roll).ok()?.trim().parse::<i32>().ok();
    eventually("it says its id", || nameless().is_some());
    let left = [started, background, nameless().expect("it said so")];
    let mut stranger = std::process::Command::new("sleep").arg("1000").spawn().expect("it starts");
    wait_until("the session is on disk", || contains(&database(&world), b"work"));
    let (server, keeper) = (world.server_pid(), world.keeper_pid());
    // A server that stands still starts no other keeper.
    signal(server, Signal::STOP);
    for pid in [keeper, server] {
        signal(pid, Signal::KILL);
        assert!(gone_within(pid, PATIENCE));
    }
    assert!(left.iter().all(|pid| is_alive(*pid)), "nothing ended with them: {left:?}");
    world.cli(&["new", "-d", "later"]).ok();
    eventually("the next server has ended them", || left.iter().all(|pid| !is_alive(*pid)));
    assert!(matches!(stranger.try_wait(), Ok(None)), "a stranger was hit");
    drop(stranger.kill());
    drop(stranger.wait());
    let list = world.cli(&["ls"]).ok().stdout;
    assert!(list.contains("work") && list.contains("later"), "{list}{}", world.logs());
    world.cli(&["server", "stop"]).ok();
}

/// New programs can be started, and all can be stopped.
#[track_caller]
fn is_obeyed(world: &World) {
    world.cli(&["new", "-d", "later", "--", "sh", "-c", "echo born; cat"]).ok();
    world.cli(&["wait", "-t", "later", "--text", "born", "--timeout", "20s"]).ok();
    world.cli(&["server", "stop"]).ok();
}

/// The processes of a world with these words in their command line.
fn called(world: &World, words: &str) -> Vec<i32> {
    let line = |pid: &i32| {
        String::from_utf8_lossy(&std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default())
            .replace('\0', " ")
    };
    world.processes().into_iter().filter(|pid| line(pid).contains(words)).collect()
}

#[test]
fn a_keeper_that_dies_together_with_a_program_is_replaced_by_one_that_obeys() {
    let world = Arc::new(World::new());
    for name in ["first", "second", "third", "fourth", "fifth", "sixth"] {
        world
            .cli(&[
                "new",
                "-d",
                name,
                "--",
                "sh",
                "-c",
                &format!("echo {name}; exec sleep 1000.{}", name.len()),
            ])
            .ok();
        world.cli(&["wait", "-t", name, "--text", name, "--timeout", "20s"]).ok();
    }
    let (server, keeper) = (world.server_pid(), world.keeper_pid());
    let first = called(&world, "sleep 1000.5");
    assert!(!first.is_empty());
    signal(server, Signal::STOP);
    for pid in first.iter().chain([&keeper]) {
        signal(*pid, Signal::KILL);
    }
    wait_until("they are gone", || first.iter().chain([&keeper]).all(|pid| !is_alive(*pid)));
    signal(server, Signal::CONT);
    wait_until("its end is told", || !world.cli(&["ls"]).ok().stdout.contains("first"));
    is_obeyed(&world);
}

#[test]
fn what_a_keeper_was_asked_and_did_not_answer_the_next_one_does() {
    let world = Arc::new(World::new());
    world.cli(&["new", "-d", "idle", "--", "sleep", "1000.1"]).ok();
    world
        .cli(&[
            "new",
            "-d",
            "work",
            "--",
            "sh",
            "-c",
            "trap '' HUP; echo born; while :; do sleep 1000.2; done",
        ])
        .ok();
    world.cli(&["wait", "-t", "work", "--text", "born", "--timeout", "20s"]).ok();
    let keeper = world.keeper_pid();
    signal(keeper, Signal::STOP);
    std::thread::scope(|scope| {
        let stopped = scope.spawn(|| world.cli(&["stop", "work", "--grace", "0s"]));
        wait_until("it was asked", || world.logs().contains("kill pane="));
        signal(keeper, Signal::KILL);
        stopped.join().expect("it ends").ok();
    });
    assert_eq!(called(&world, "sleep 1000.2"), Vec::<i32>::new());
    is_obeyed(&world);
}

#[test]
fn keepers_that_are_killed_as_soon_as_they_are_there_take_nothing_along() {
    let world = Arc::new(World::new());
    let typist = Typist::start(&world);
    world.cli(&["new", "-d", "idle", "--", "sleep", "1000.1"]).ok();
    let (server, program) = (world.server_pid(), called(&world, "sleep 1000.1"));
    let mut killed = BTreeSet::new();
    wait_until("the deaths of 30 keepers", || {
        let keepers = called(&world, " keeper ");
        for pid in &keepers {
            signal(*pid, Signal::KILL);
        }
        killed.extend(keepers);
        30 <= killed.len()
    });
    assert!(
        is_alive(server) && program.iter().all(|pid| is_alive(*pid)),
        "something died with a keeper: {}",
        world.logs()
    );
    typist.lost_at_most_one_write_per_kill(30);
    is_obeyed(&world);
}

#[test]
fn a_keeper_killed_in_a_flood_loses_at_most_one_read() {
    const READ_BYTES_MAX: usize = 4_095;
    let world = Arc::new(World::new());
    let mut flood = Flood::start(&world);
    let mut dice = Dice::new(7);
    for kill in 1..=5 {
        let from = flood.written;
        flood.burst(BURST);
        flood.shows_at_least(from + 1 + dice.below(BURST / 2));
        world.kill_keeper();
        flood.burst(1_000);
        flood.shows_at_least(flood.written);
        let kept = world
            .cli(&["capture", "-t", "flood", &format!("--scrollback={}", BURST + 1_200)])
            .ok()
            .stdout;
        let numbers = numbers(&kept);
        let doubled = numbers.windows(2).find(|pair| pair[1] <= pair[0]);
        assert_eq!(doubled, None, "a line is doubled after kill {kill}");
        let first = numbers.first().copied().unwrap_or_default();
        let missing = flood.written + 1 - first - numbers.len();
        assert!(
            missing * 95 <= READ_BYTES_MAX + 2 * 95,
            "{missing} lines are missing after kill {kill}"
        );
    }
}

#[test]
fn a_client_killed_in_a_flood_harms_nothing() {
    let world = Arc::new(World::new());
    let mut flood = Flood::start(&world);
    for _ in 0..5 {
        let from = flood.written;
        flood.burst(BURST);
        flood.shows_at_least(from + 1_000);
        flood.client.kill_client();
        flood.client = Abide::start_in(&world, &["attach", "flood"], SIZE);
        flood.is_whole(&format!("--scrollback={}", BURST + 200));
    }
}

#[test]
fn a_server_killed_again_and_again_while_idle_comes_back() {
    let world = Arc::new(World::new());
    let client = Abide::start_in(&world, &["new", "w"], SIZE);
    client.expect("ready$");
    let mut seen = vec![];
    for round in 0..8 {
        let server = world.kill_server();
        assert!(!seen.contains(&server), "a pid that was killed is named again");
        seen.push(server);
        client.type_line(&format!("echo round$(({round}+100))"));
        client.expect(&format!("round{}", round + 100));
    }
}

#[test]
fn tabs_panes_and_their_names_outlive_the_server() {
    let world = Arc::new(World::new());
    let client = Abide::start_in(&world, &["new", "w"], SIZE);
    client.expect("ready$");
    client.press("C-b %");
    client.press("C-b c");
    world.cli(&["new", "-d", "other", "--", "cat"]).ok();
    client.type_line("echo tab$((1+1))");
    client.expect("tab2");
    let lists = || {
        ["ls", "tab ls", "pane ls"].map(|verb| {
            world.cli(&verb.split(' ').chain(["--json"]).collect::<Vec<_>>()).ok().stdout
        })
    };
    let names = |listed: &[String; 3]| listed.iter().flat_map(|text| ids(text)).collect::<Vec<_>>();
    let before = lists();
    world.kill_server();
    assert_eq!(names(&lists()), names(&before), "the structure differs after the kill");
    client.expect("tab2");
    client.press("C-b p");
    client.expect_without("tab2");
    client.press("C-b n");
    client.expect("tab2");
}

/// Kills keeper and server, as a loss of power does; the programs end with their terminals.
#[track_caller]
pub(crate) fn pull_the_plug(world: &World) {
    let (keeper, server) = (world.keeper_pid(), world.server_pid());
    let all = world.processes();
    for pid in [keeper, server] {
        signal(pid, Signal::STOP);
    }
    for pid in [keeper, server] {
        signal(pid, Signal::KILL);
    }
    for pid in all {
        assert!(gone_within(pid, PATIENCE), "{pid} outlives its terminal");
    }
}

/// What is on disk of sessions.
pub(crate) fn database(world: &World) -> Vec<u8> {
    ["abide.db", "abide.db-wal"]
        .map(|name| std::fs::read(world.path("state/abide").join(name)).unwrap_or_default())
        .concat()
}

#[test]
fn after_keeper_and_server_were_killed_sessions_come_back_with_shells_and_their_text() {
    let world = Arc::new(World::new());
    world.write("home/deep/file", "");
    let client = Abide::start_in(&world, &["new", "work", "-e", "API_TOKEN=hush1234"], SIZE);
    client.expect("ready$");
    client.type_line("cd deep; echo text$((1+1))");
    client.expect("text2");
    client.press("C-b c");
    client.expect("ready$");
    world.cli(&["tab", "rename", "side"]).ok();
    world.cli(&["new", "-d", "other", "--", "sh", "-c", "echo born; exec cat"]).ok();
    world.cli(&["wait", "-t", "other", "--text", "born", "--timeout", "20s"]).ok();
    let lists = || {
        ["ls", "tab ls --all", "pane ls --all"].map(|verb| {
            world.cli(&verb.split(' ').chain(["--json"]).collect::<Vec<_>>()).ok().stdout
        })
    };
    let names = |listed: &[String; 3]| listed.iter().flat_map(|text| ids(text)).collect::<Vec<_>>();
    let before = lists();
    wait_until("the new directory is on disk", || contains(&database(&world), b"/deep"));
    wait_until("the last pane is on disk", || contains(&database(&world), b"other"));
    wait_until("what the first pane shows is on disk", || shown(&world).contains("text2"));
    assert!(!contains(&database(&world), b"hush1234"), "a secret is on disk");
    client.kill_client();
    drop(client);
    pull_the_plug(&world);

    let client = Abide::start_in(&world, &["attach", "work"], SIZE);
    client.expect("ready$");
    assert_eq!(names(&lists()), names(&before), "the structure differs");
    client.expect("side");
    client.press("C-b p");
    client.expect("text2");
    client.expect("restored after a restart");
    client.type_line("pwd; echo fresh$((1+1))");
    client.expect("fresh2");
    client.expect("/deep");
    world
        .cli(&[
            "wait",
            "-t",
            "other",
            "--text",
            "it ran: sh -c echo born; exec cat",
            "--timeout",
            "20s",
        ])
        .ok();
    world.cli(&["pane", "rerun", "--shell", "-t", "other"]).ok();
    world.cli(&["wait", "-t", "other", "--text", "ready.", "--timeout", "20s"]).ok();
    // What was recalled outlives a kill of the server like everything else.
    world.kill_server();
    let kept = world.cli(&["capture", "-t", "work:1"]).ok().stdout;
    assert_eq!(kept.matches("restored after a restart").count(), 1, "{kept}");
    let fresh = world.cli(&["new", "-d", "fresh", "--json"]).ok().stdout;
    assert!(ids(&fresh).iter().all(|id| id.len() > 4), "an id may be given out twice: {fresh}");
}

/// A killed server takes connections until its last thread is gone; a client that came just then
/// waited for it in vain, with an empty screen.
#[test]
fn who_attaches_to_a_server_that_is_just_going_gets_another() {
    let world = Arc::new(World::new());
    world.cli(&["new", "-d", "work"]).ok();
    wait_until("the session is on disk", || contains(&database(&world), b"work"));
    pull_the_plug(&world);
    let socket = world.path("state/abide/run/socket");
    std::fs::remove_file(&socket).expect("it is still there");
    let going = UnixListener::bind(&socket).expect("nobody listens");
    let client = Abide::start_in(&world, &["attach", "work"], SIZE);
    drop(going.accept().expect("somebody came"));
    drop(going);
    client.expect("ready$");
    client.expect(" work ");
}

/// A killed server has its lock until its last thread is gone; one that was started just then took
/// itself for the second and ended.
#[test]
fn a_server_that_is_started_while_a_dead_one_still_has_the_lock_waits_for_it() {
    let world = Arc::new(World::new());
    world.cli(&["new", "-d", "work"]).ok();
    pull_the_plug(&world);
    let lock = File::open(world.path("state/abide/run/socket.lock")).expect("it is still there");
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive)
        .expect("the dead one has gone");
    let starter = {
        let world = Arc::clone(&world);
        std::thread::spawn(move || world.cli(&["new", "-d", "later"]))
    };
    let is_server = |pid: &i32| {
        std::fs::read(format!("/proc/{pid}/cmdline"))
            .is_ok_and(|line| contains(&line, b"server\0run"))
    };
    wait_until("a server wants the lock", || world.processes().iter().any(is_server));
    drop(lock);
    starter.join().expect("it ends").ok();
}

#[test]
fn a_stopped_server_and_an_ended_session_leave_nothing_to_restore() {
    let world = Arc::new(World::new());
    world.cli(&["new", "-d", "one", "--", "cat"]).ok();
    world.cli(&["new", "-d", "two", "--", "cat"]).ok();
    let all = world.processes();
    world.cli(&["server", "stop"]).ok();
    for pid in all {
        assert!(gone_within(pid, PATIENCE), "{pid} outlives the stop");
    }
    world.cli(&["new", "-d", "three", "--", "sh", "-c", "read line"]).ok();
    world.cli(&["new", "-d", "four", "--", "cat"]).ok();
    let listed = world.cli(&["ls"]).ok().stdout;
    assert!(!listed.contains("one") && !listed.contains("two"), "{listed}");
    world.cli(&["send", "-t", "three", "--key", "Enter"]).ok();
    wait_until("the session ends", || !world.cli(&["ls"]).ok().stdout.contains("three"));
    world.cli(&["kill", "four"]).ok();
    let all = world.processes();
    for pid in all {
        assert!(gone_within(pid, PATIENCE), "{pid} outlives the last session");
    }
    world.cli(&["new", "-d", "five", "--", "cat"]).ok();
    let listed = world.cli(&["ls"]).ok().stdout;
    assert!(
        !listed.contains("three") && !listed.contains("four") && listed.contains("five"),
        "{listed}"
    );
}

/// Waits for something that is seen from outside only.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut predicate: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !predicate() {
        assert!(Instant::now() < end, "{what}: not within {PATIENCE:?}");
        std::thread::yield_now();
    }
}

pub(crate) fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// The ids (`s1`, `t2`, `p3`) in a JSON text, in order.
fn ids(json: &str) -> Vec<String> {
    let is_id = |word: &&str| {
        word.len() >= 2
            && word.starts_with(['s', 't', 'p'])
            && word[1..].bytes().all(|byte| byte.is_ascii_digit())
    };
    json.split('"').filter(is_id).map(str::to_owned).collect()
}
