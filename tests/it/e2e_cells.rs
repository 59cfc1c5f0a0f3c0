//! What comes back after everything was gone: screens and scrollback cell by cell, never older than
//! what was on disk at that moment.

use std::fs;
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::e2e_disk::shown;
use crate::e2e_survive::{Dice, contains, database, pull_the_plug, wait_until};
use crate::harness::{Abide, PATIENCE, World, gone_within, signal};

const SIZE: (u16, u16) = (100, 30);
/// What a line says below what a pane showed.
const NOTE: &str = "restored after a restart";

/// Prints coloured, wide, long and marked lines, and says at last that it has.
const PAINT: &str = r#"
n=0
while [ $n -lt $2 ]; do
    n=$((n + 1))
    printf '\033[3%dm%s line %d \033[0;1mbold\033[0m 漢字 é ' $((n % 8)) "$1" $n
    printf '\033]8;;http://a.b/%d\033\\link\033]8;;\033\\ \033[44mblue\033[0m\n' $n
    [ $((n % 7)) = 0 ] && printf 'a long line %080d%080d\n' $n $n
done
printf 'done-%s' "$1"
exec cat
"#;

/// Rows of a pane with their looks, scrollback included, without those at the end that show
/// nothing.
fn rows(world: &World, pane: &str) -> Vec<String> {
    let text = world.cli(&["capture", "-t", pane, "--scrollback", "--format", "ansi"]).ok().stdout;
    text.trim_end().lines().map(str::to_owned).collect()
}

/// Ids of all panes.
fn panes(world: &World) -> Vec<String> {
    let listed = world.cli(&["pane", "ls", "--all", "--json"]).ok().json();
    listed
        .as_array()
        .expect("a list")
        .iter()
        .map(|pane| pane["id"].as_str().expect("an id").to_owned())
        .collect()
}

/// So many sessions of so many panes that show so many lines come back as they were. Gives how long
/// it took until all panes were listed and showed what they had.
fn comes_back(sessions: usize, panes_each: usize, lines: usize) -> Duration {
    let world = Arc::new(World::new());
    world.write("home/paint", PAINT);
    let count = lines.to_string();
    for session in 0..sessions {
        let name = format!("work{session}");
        world
            .cli(&[
                "new",
                "-d",
                &name,
                "--size",
                "100x40",
                "--",
                "sh",
                "paint",
                &format!("{session}a"),
                &count,
            ])
            .ok();
        for pane in 1..panes_each {
            let side = if pane % 2 == 0 { "--right" } else { "--down" };
            let mark = format!("{session}{}", char::from(b'a' + u8::try_from(pane).expect("few")));
            world
                .cli(&["pane", "split", "-t", &name, side, "--", "sh", "paint", &mark, &count])
                .ok();
        }
    }
    let all = panes(&world);
    assert_eq!(all.len(), sessions * panes_each);
    for pane in &all {
        world.cli(&["wait", "-t", pane, "--text", "done-", "--timeout", "60s"]).ok();
    }
    let before: Vec<Vec<String>> = all.iter().map(|pane| rows(&world, pane)).collect();
    assert!(before.iter().all(|rows| lines <= rows.len()), "the scrollback was not read");
    world.cli(&["save"]).ok();
    let words: Vec<String> = before.iter().map(|rows| rows.last().expect("rows").clone()).collect();
    wait_until("everything is on disk", || {
        let disk = shown(&world);
        words.iter().all(|word| disk.contains(word.as_str()))
    });
    pull_the_plug(&world);

    let start = Instant::now();
    assert_eq!(panes(&world), all);
    let first = rows(&world, &all[0]);
    let took = start.elapsed();
    assert_eq!(first.get(..before[0].len()), Some(&before[0][..]));
    for (pane, before) in all.iter().zip(&before) {
        let after = rows(&world, pane);
        let last = before.len() - 1;
        assert_eq!(after.get(..last), Some(&before[..last]), "{pane} differs");
        assert_eq!(after.get(last), before.last(), "{pane} differs in its last row");
        assert!(
            after.get(last + 1).is_some_and(|row| row.contains(NOTE)),
            "{pane} goes on with {:?}",
            after.get(last + 1)
        );
    }
    took
}

#[test]
fn after_a_loss_of_power_every_pane_shows_cell_by_cell_what_it_did() {
    let (sessions, panes, lines) =
        if std::env::var_os("ABIDE_FULL").is_some() { (20, 5, 2000) } else { (3, 3, 400) };
    let took = comes_back(sessions, panes, lines);
    let said = writeln!(
        std::io::stderr(),
        "{sessions} sessions of {panes} panes with {lines} lines each: listed, and the first pane \
         read, after {} ms",
        took.as_millis()
    );
    assert!(said.is_ok(), "standard error can be written");
}

#[test]
fn what_a_full_screen_program_showed_is_there_below_what_was_before_it() {
    let world = Arc::new(World::new());
    world.write(
        "home/full",
        "seq 1 200\nprintf '\\033[?1049h\\033[H\\033[2J\\033[?1000h\\033[?1hall of the \
         screen\\033[30;1Hlast row'\nexec cat\n",
    );
    let client = Abide::start_in(&world, &["new", "work", "--", "sh", "full"], SIZE);
    client.expect("last row");
    wait_until("it is on disk", || shown(&world).contains("last row"));
    client.kill_client();
    pull_the_plug(&world);
    let client = Abide::start_in(&world, &["attach", "work"], SIZE);
    client.expect("starts a shell");
    client.press("Esc");
    client.expect("ready$");
    let rows = rows(&world, "work");
    let at = |text: &str| {
        rows.iter()
            .position(|row| row.contains(text))
            .unwrap_or_else(|| panic!("no {text} in {rows:#?}"))
    };
    assert_eq!(rows.iter().filter(|row| row.trim().parse::<u32>().is_ok()).count(), 200);
    assert!(
        at("200") < at("all of the screen")
            && at("all of the screen") + 20 <= at("last row")
            && at("last row") < at(NOTE)
    );
    // Its modes are gone with it.
    client.type_line("echo typed$((1+1))");
    client.expect("typed2");
}

#[test]
fn only_the_layout_is_written_where_that_is_asked_for_and_what_was_there_is_dropped() {
    let world = Arc::new(World::new());
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    client.type_line("echo secret$((1+1))");
    wait_until("it is on disk", || shown(&world).contains("secret2"));
    world.configure("[persist]\nkeep = \"layout\"\n");
    world.cli(&["server", "restart"]).ok();
    wait_until("it is no longer on disk", || shown(&world).is_empty());
    client.type_line("echo other$((1+1))");
    client.expect("other2");
    client.press("C-b c");
    client.expect("ready$");
    world.cli(&["save"]).ok();
    world.cli(&["tab", "rename", "second"]).ok();
    wait_until("the layout is on disk", || contains(&database(&world), b"second"));
    assert!(shown(&world).is_empty());
    client.kill_client();
    pull_the_plug(&world);
    let client = Abide::start_in(&world, &["attach", "work"], SIZE);
    client.expect("second");
    client.expect(NOTE);
    client.press("C-b p");
    client.expect("ready$");
    client.expect_without("other2");
}

/// Two panes, one of whose programs cleans up and one that does not; both are ended as a machine
/// does that goes down.
fn goes_down(world: &Arc<World>) {
    world
        .cli(&[
            "new",
            "-d",
            "work",
            "--",
            "sh",
            "-c",
            "trap 'echo saved; exit 143' TERM; echo up1; while :; do sleep 0.05; done",
        ])
        .ok();
    world.cli(&["pane", "split", "-t", "work", "--", "sh", "-c", "echo up2; exec cat"]).ok();
    for (pane, word) in [("work:1.1", "up1"), ("work:1.2", "up2")] {
        world.cli(&["wait", "-t", pane, "--text", word, "--timeout", "20s"]).ok();
    }
    world.cli(&["rename", "-t", "work", "named-late"]).ok();
    for pane in world
        .cli(&["pane", "ls", "-t", "named-late", "--json"])
        .ok()
        .json()
        .as_array()
        .expect("a list")
    {
        signal(i32::try_from(pane["pid"].as_i64().expect("it runs")).expect("a pid"), Signal::TERM);
    }
}

/// What comes back of them.
#[track_caller]
fn is_back(world: &Arc<World>) {
    let client = Abide::start_in(world, &["attach", "named-late"], SIZE);
    client.expect("up1");
    client.expect("up2");
    assert_eq!(panes(world).len(), 2);
}

#[test]
fn a_machine_that_goes_down_closes_nothing_even_if_it_takes_its_time() {
    let world = Arc::new(World::new());
    goes_down(&world);
    let (server, keeper) = (world.server_pid(), world.keeper_pid());
    for pid in [server, keeper] {
        signal(pid, Signal::TERM);
    }
    // Nobody takes their place, so it may take as long as it likes.
    assert!(gone_within(server, PATIENCE) && gone_within(keeper, PATIENCE), "they stay");
    is_back(&world);
}

#[test]
fn what_was_ended_by_hand_is_closed_once_it_is_certain() {
    let world = Arc::new(World::new());
    world.cli(&["new", "-d", "other"]).ok();
    goes_down(&world);
    wait_until("both programs have ended", || panes(&world).len() == 1);
    wait_until("what was there before is written", || contains(&structure(&world), b"named-late"));
    world.cli(&["save"]).ok();
    wait_until("it is written", || {
        let structure = structure(&world);
        contains(&structure, b"other") && !contains(&structure, b"named-late")
    });
    pull_the_plug(&world);
    assert_eq!(panes(&world).len(), 1);
}

/// The structure on disk, as it is now: the file may still have pages of former ones.
pub(crate) fn structure(world: &World) -> Vec<u8> {
    let read = || {
        let path = world.path("state/abide/abide.db");
        let db = rusqlite::Connection::open_with_flags(
            path,
            rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY,
        )?;
        db.query_row("SELECT bytes FROM structure WHERE id = 1", [], |row| row.get::<_, Vec<u8>>(0))
    };
    read().unwrap_or_default()
}

/// Numbers in a pane that counts, oldest first.
fn counted(rows: &[String]) -> Vec<u64> {
    rows.iter().filter_map(|row| row.strip_prefix("count ")?.parse().ok()).collect()
}

/// Copies of the database files taken while much is written are what a loss of power leaves: each
/// brings back a state without a hole.
#[test]
fn f33_a_copy_of_the_database_at_any_moment_brings_back_a_whole_state_that_is_not_old() {
    let rounds = if std::env::var_os("ABIDE_FULL").is_some() { 40 } else { 3 };
    let world = Arc::new(World::new());
    // It counts as fast as it can be read, with an end.
    world.write(
        "home/count",
        "exec awk 'BEGIN { for (n = 1; n < 200000000; n++) print \"count \" n }'\n",
    );
    world.write(
        "home/slow",
        "n=0; while [ $n -lt 100000 ] && [ -e \"$LEASH\" ]; do n=$((n + 1)); \
        echo count $n; sleep 0.01; done\n",
    );
    world.cli(&["new", "-d", "fast", "--", "sh", "count"]).ok();
    world.cli(&["new", "-d", "slow", "--", "sh", "slow"]).ok();
    let newest = |name: &str| counted(&rows(&world, name)).last().copied().unwrap_or(0);
    wait_until("both are on disk", || {
        shown(&world).matches("count").count() > 40 && newest("slow") > 0
    });
    let mut dice = Dice::new(33);
    for round in 0..rounds {
        let seen = newest("slow");
        let late = Instant::now();
        // Then comes the moment: at least two seconds later, so that what was seen must be on disk.
        wait_until("the moment has come", || {
            Duration::from_millis(2000 + dice.below(500) as u64) < late.elapsed()
        });
        let again = World::new();
        fs::create_dir_all(again.path("state/abide")).expect("made");
        for end in ["", "-wal"] {
            let name = format!("state/abide/abide.db{end}");
            fs::copy(world.path(&name), again.path(&name)).expect("copied");
        }
        let (mut fast, slow) = (counted(&rows(&again, "fast")), counted(&rows(&again, "slow")));
        // It was in the middle of a line.
        fast.pop();
        for (name, numbers) in [("fast", &fast), ("slow", &slow)] {
            let gap = numbers.windows(2).find(|pair| pair[1] != pair[0] + 1);
            assert_eq!(gap, None, "round {round}: {name} has a hole");
            assert!(numbers.len() > 1, "round {round}: {name} is empty");
        }
        assert!(
            seen <= *slow.last().expect("numbers"),
            "round {round}: {seen} was seen two seconds before, {:?} came back",
            slow.last()
        );
    }
    world.cli(&["kill", "fast"]).ok();
}

#[test]
fn what_is_known_of_commands_is_known_after_a_loss_of_power() {
    let world = Arc::new(World::new());
    world.cli(&["new", "-d", "work"]).ok();
    world.cli(&["exec", "-t", "work", "--", "sh", "-c", "exit 3"]).refused(3, &[]);
    world.cli(&["start", "-t", "work", "--", "sleep", "1000"]).ok();
    let ran = || -> Vec<(String, Option<u64>)> {
        let commands = world.cli(&["commands", "--json"]).ok().json();
        let item = |command: &serde_json::Value| {
            Some((command["id"].as_str()?.to_owned(), command["exit_code"].as_u64()))
        };
        commands.as_array().into_iter().flatten().filter_map(item).collect()
    };
    let before = ran();
    assert_eq!(
        before.iter().map(|(_, status)| *status).collect::<Vec<_>>(),
        [None, Some(3)],
        "the newest first"
    );
    world.cli(&["save"]).ok();
    wait_until("the records are on disk", || contains(&records(&world), b"sleep"));
    assert!(contains(&records(&world), b"exit 3"));
    // Commands have no terminal that ends with the keeper.
    let all = world.processes();
    for pid in [world.keeper_pid(), world.server_pid()].into_iter().chain(all.iter().copied()) {
        signal(pid, Signal::STOP);
    }
    for pid in all {
        signal(pid, Signal::KILL);
        assert!(gone_within(pid, PATIENCE), "{pid} lives on");
    }
    let after = ran();
    assert_eq!(
        after.iter().map(|(_, status)| *status).collect::<Vec<_>>(),
        [Some(255), Some(3)],
        "what ran was lost"
    );
    assert!(after.iter().map(|(id, _)| id).eq(before.iter().map(|(id, _)| id)), "{after:?}");
    let next = world.cli(&["start", "-t", "work", "--", "true"]).ok().stdout;
    assert!(after.iter().all(|(id, _)| next.trim() != id), "{next} was given out before");
    assert_eq!(
        world.cli(&["exec", "-t", "work", "--", "echo", "goes on"]).ok().stdout,
        "goes on\n"
    );
}

/// The records of commands on disk.
fn records(world: &World) -> Vec<u8> {
    let read = || {
        let path = world.path("state/abide/abide.db");
        let db = rusqlite::Connection::open_with_flags(
            path,
            rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY,
        )?;
        db.query_row("SELECT bytes FROM structure WHERE id = 2", [], |row| row.get::<_, Vec<u8>>(0))
    };
    read().unwrap_or_default()
}
