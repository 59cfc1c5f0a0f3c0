//! The keeper as a process of its own, against a stand-in for the server: what survives whom, and
//! that nothing is lost or left behind.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod bench;

use std::collections::BTreeSet;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use abide::base::geom::Size;
use abide::base::memory::SharedBytes;
use abide::platform::{pidfd, process, socket};
use abide::wire::keeper::{
    CONTROL_AWAITED, CONTROL_WAITING, Decoder, ExitStatus, FromKeeper, PART_PIDFD, PART_RING,
    PART_SOURCE, Target, ToKeeper, WAITING_FOR_AWAITED, Wiring, encode,
};

use bench::{Bench, Program, Server, is_alive, line, readable, receive, until};

const SIZE: Size = Size::new(80, 24);

/// Entered by `stand_in.sh`: passes the connection to the keeper on to the test, and ends with the
/// status the test sends.
#[test]
fn stands_in_for_the_server() {
    // Among the other tests it stands in for nobody.
    let Some(test) = std::env::var_os("ABIDE_TEST_SOCKET") else { return };
    let mut to_test = UnixStream::connect(test).unwrap();
    let line = format!("{} {}\n", std::process::id(), std::env::var("ABIDE_TEST_ARGS").unwrap());
    socket::send(&to_test, line.as_bytes(), &[rustix::stdio::stdin()]).unwrap();
    let mut status = [0];
    let len = to_test.read(&mut status).unwrap();
    assert!(len == 1 || status == [0], "without the test there is nothing to stand in for");
    std::process::exit(status[0].into());
}

#[test]
fn a_program_is_spawned_read_and_reaped() {
    let (_bench, mut server) = Bench::started();
    let pid = server.shell(1, "read line; echo got $line; tty; exit 7");
    server.programs[&1].type_in("hello\n");
    assert_eq!(server.exit(1), ExitStatus::Code(7));
    assert!(server.output(1).contains("got hello\r\n/dev/pts/"), "{:?}", server.output(1));
    assert!(process::read(pid).is_none(), "it is reaped");
    server.spawn(2, Wiring::Pty(SIZE), &["sh", "-c", "kill -9 $$"]);
    assert_eq!(server.exit(2), ExitStatus::Signal(9));
    server.say(&ToKeeper::Forget { tag: 1 }, &[]);
    server.programs.clear();
    server.list();
    assert_eq!(server.programs.keys().copied().collect::<Vec<_>>(), [2]);
    assert_eq!(
        server.programs[&2].entry.exit,
        Some(ExitStatus::Signal(9)),
        "the status is kept until it is forgotten"
    );
}

#[test]
fn what_was_printed_before_the_exit_is_never_missed() {
    let (_bench, mut server) = Bench::started();
    for tag in 0..40 {
        server.spawn(
            tag,
            Wiring::Pty(SIZE),
            &["sh", "-c", "yes 0123456789 | head -c 15000; exec head -c 11000 /dev/zero"],
        );
    }
    for tag in 0..40 {
        assert_eq!(server.exit(tag), ExitStatus::Code(0));
        let (zeros, text): (Vec<u8>, Vec<u8>) =
            server.programs[&tag].output[0].iter().partition(|byte| **byte == 0);
        assert_eq!(zeros.len(), 11000, "program {tag}");
        assert_eq!(text.iter().filter(|byte| **byte != b'\r').count(), 15000, "program {tag}");
    }
}

#[test]
fn a_full_ring_blocks_the_program_and_loses_nothing() {
    let (_bench, mut server) = Bench::started();
    server.spawn(1, Wiring::Pty(SIZE), &["seq", "1", "100000"]);
    let record = until("the spawn", || receive(&server.socket, &mut server.decoder));
    let FromKeeper::Spawned(entry) = record.message else { panic!("{record:?}") };
    let mut program = Program::new(entry, record.fds);
    until("a full ring", || {
        (program.rings[0].head().unwrap() == program.rings[0].capacity()).then_some(())
    });
    until("a blocked program", || process::read(entry.pid).filter(|process| process.state == b'S'));
    assert!(server.exits.is_empty());
    server.programs.insert(1, program);
    assert_eq!(server.exit(1), ExitStatus::Code(0));
    let expected =
        (1..=100_000).map(|number| number.to_string()).collect::<Vec<_>>().join("\r\n") + "\r\n";
    assert!(
        server.output(1) == expected,
        "{} of {} bytes, or other ones",
        server.output(1).len(),
        expected.len()
    );
}

#[test]
fn a_killed_server_is_followed_by_one_with_a_higher_lease_that_gets_everything_back() {
    let (mut bench, mut old) = Bench::started();
    let pid = old.shell(5, "echo before; read x; echo after; sleep 100");
    old.wait_for_output(5, "before");
    old.spawn(6, Wiring::Pipes, &["true"]);
    assert_eq!(old.exit(6), ExitStatus::Code(0));
    let (reader, writer) = std::io::pipe().unwrap();
    old.say(&ToKeeper::Stash { name: b"core".to_vec() }, &[&OwnedFd::from(writer)]);
    let (_, unstashed) = std::io::pipe().unwrap();
    old.say(&ToKeeper::Stash { name: b"gone".to_vec() }, &[&OwnedFd::from(unstashed)]);
    old.say(&ToKeeper::Unstash { name: b"gone".to_vec() }, &[]);
    old.list();
    bench.kill_stand_in();
    let (mut new, args) = bench.accept();
    assert_eq!((new.lease, args.as_str()), (2, "server run --lease 2"));
    assert_eq!((new.epoch, new.keeper_pid), (old.epoch, old.keeper_pid));
    // What the old one would still say is not heard: its socket is closed at the other end.
    assert!(
        socket::send(&old.socket, &encode(1, 0, &ToKeeper::Forget { tag: 5 }, 0), &[]).is_err()
    );
    // Nor is an old lease on the new connection.
    new.lease = 1;
    new.say(&ToKeeper::Forget { tag: 5 }, &[]);
    new.lease = 2;
    new.list();
    assert_eq!(new.programs[&5].entry.pid, pid);
    assert_eq!(new.programs[&5].entry.parts, PART_SOURCE | PART_RING | PART_PIDFD);
    assert_eq!(new.programs[&6].entry.exit, Some(ExitStatus::Code(0)));
    new.programs[&5].type_in("\n");
    new.wait_for_output(5, "after");
    assert_eq!(new.stash.keys().collect::<Vec<_>>(), [b"core"]);
    rustix::io::write(&new.stash[&b"core".to_vec()], b"x").unwrap();
    assert!(readable(&reader, Duration::from_millis(100)));
    new.kill(5);
}

#[test]
fn the_third_crash_in_a_row_starts_the_server_in_safe_mode() {
    let (mut bench, _server) = Bench::started();
    for lease in 2..=4 {
        bench.end_stand_in(rustix::process::Signal::ABORT.as_raw());
        let (server, args) = bench.accept();
        assert_eq!(server.lease, lease);
        assert_eq!(args.contains("--safe-mode"), lease == 4, "{args}");
    }
}

#[test]
fn kills_from_outside_are_no_crashes() {
    let (mut bench, _server) = Bench::started();
    for lease in 2..=6 {
        bench.kill_stand_in();
        let (server, args) = bench.accept();
        assert_eq!(server.lease, lease);
        assert!(!args.contains("--safe-mode"), "{args}");
    }
}

#[test]
fn a_killed_keeper_is_followed_by_one_that_takes_over_what_the_server_holds() {
    let (mut bench, mut server) = Bench::started();
    let pid = server.shell(3, "read x; echo answered; read x; exit 9");
    server.spawn(4, Wiring::Pipes, &["cat"]);
    server.until("cat", |server| server.programs.contains_key(&4).then_some(()));
    let keeper = pidfd::open(server.keeper_pid).unwrap();
    pidfd::signal(&keeper, 9).unwrap();
    until("the keeper's end", || readable(&keeper, Duration::ZERO).then_some(()));
    assert!(is_alive(pid), "the server still holds its terminal");
    let mut server = hand_over(&mut bench, server);
    server.programs[&3].type_in("\n");
    server.wait_for_output(3, "answered");
    rustix::io::write(&server.programs[&4].fds[5], b"through the pipes").unwrap();
    server.wait_for_output(4, "through the pipes");
    server.programs[&3].type_in("\n");
    assert_eq!(
        server.exit(3),
        ExitStatus::Code(9),
        "its parent is another one now, but it is known all the same"
    );
    let cat = server.programs[&4].entry.pid;
    assert_eq!(server.kill(4).survivors, []);
    assert!(!is_alive(cat));
    let programs = std::mem::take(&mut server.programs);
    drop((server, programs));
    bench.kill_stand_in();
    let (mut next, args) = bench.accept();
    assert_eq!(args, "server run --lease 3");
    next.list();
    assert_eq!(next.programs.len(), 2);
}

#[test]
fn keepers_killed_in_a_flood_lose_no_read_in_flight() {
    const KILL_COUNT: usize = 12;
    const LINE: &str = "0123456789abcde";
    let (mut bench, mut server) = Bench::started();
    server.spawn(1, Wiring::Pty(SIZE), &["sh", "-c", "yes 0123456789abcde | head -c 6400000"]);
    for kill in 1..=KILL_COUNT {
        server.until("more output", |server| {
            (server.programs.get(&1)?.read[0] >= (kill * 400_000) as u64).then_some(())
        });
        let keeper = pidfd::open(server.keeper_pid).unwrap();
        pidfd::signal(&keeper, 9).unwrap();
        until("the keeper's end", || readable(&keeper, Duration::ZERO).then_some(()));
        server = hand_over(&mut bench, server);
    }
    server.exit(1);
    let output = server.output(1);
    let expected = 6_400_000 / (LINE.len() + 1) * (LINE.len() + 2);
    // The last byte of a read that was cut off can be the one the pattern has there: one in 256 of
    // those.
    assert!(expected - output.len() <= KILL_COUNT, "{} of {expected} bytes", output.len());
    let whole = output.lines().filter(|line| *line == LINE).count();
    assert!(output.lines().count() - whole <= KILL_COUNT);
}

/// Gives a new keeper everything, as a server does whose keeper has died.
fn hand_over(bench: &mut Bench, mut server: Server) -> Server {
    let (ours, theirs) = socket::pair().unwrap();
    bench.start(Some(theirs), "");
    server.socket = ours;
    let server_pid = bench.stand_ins.last().unwrap().0;
    let fds = [
        pidfd::open(server_pid).unwrap(),
        server.control.try_clone_fd().unwrap(),
        server.data.try_clone_fd().unwrap(),
        server.room.try_clone_fd().unwrap(),
    ];
    server.say(&ToKeeper::AdoptBegin { epoch: server.epoch, server_pid }, &fds.each_ref());
    for program in server.programs.values() {
        server.say(&ToKeeper::Adopt(program.entry), &program.fds.iter().collect::<Vec<_>>());
    }
    server.say(&ToKeeper::AdoptEnd, &[]);
    let greeted = Server::greeted(server.socket);
    assert_eq!((greeted.lease, greeted.epoch), (server.lease + 1, server.epoch));
    assert_ne!(greeted.keeper_pid, server.keeper_pid);
    bench.keepers.insert(greeted.keeper_pid);
    Server { programs: server.programs, ..greeted }
}

/// Shapes of trees that do not want to end; each prints one of the processes it consists of. The
/// last never stays the same process.
const HOSTILE: [&str; 6] = [
    "trap '' TERM HUP INT; echo pid=$$; while [ -e $LEASH ]; do sleep 1; done",
    "sh -c 'trap \"\" TERM HUP; echo pid=$$; while [ -e $LEASH ]; do sleep 1; done' & wait",
    "setsid sh -c 'trap \"\" TERM HUP; echo pid=$$; exec sleep 1000' & wait",
    "setsid setsid --fork sh -c 'setsid --fork sh -c \"echo pid=\\$\\$; exec >/dev/null 2>&1 \
     </dev/null; exec sleep 1000\"'; sleep 1000",
    "sleep 1000 & echo pid=$!; kill -STOP $!; kill -STOP $$",
    "export H='trap \"\" TERM HUP; [ -e $LEASH ] || exit; setsid sh -c \"$H\" & '; sh -c \"$H\" \
     >/dev/null 2>&1 </dev/null; echo pid=$$; sleep 1000",
];

fn end_hostile_trees(cgroup: &str) {
    let (_bench, mut server) = Bench::started_with(cgroup);
    let mut pids = Vec::new();
    for (tag, script) in (1..).zip(HOSTILE) {
        pids.push(server.shell(tag, script));
        server.wait_for_output(tag, "pid=");
        let is_whole = |server: &mut Server| server.output(tag).contains('\n').then_some(());
        server.until("the line", is_whole);
        pids.push(line(&server.output(tag), "pid="));
    }
    let canary = server.shell(99, "sleep 1000");
    assert!(pids.iter().all(|pid| is_alive(*pid)));
    for (tag, script) in (1..).zip(HOSTILE) {
        let report = server.kill(tag);
        assert_eq!(report.survivors, [], "{script}");
        let cookie = format!("ABIDE_JOB={:016x}:{tag}", server.epoch).into_bytes();
        let left: Vec<_> = process::ids()
            .into_iter()
            .filter(|pid| process::environment(*pid).contains(&cookie))
            .collect();
        assert!(left.is_empty(), "{left:?} of {script}");
        assert!(server.exits.contains_key(&tag), "the exit is told before the kill");
    }
    assert!(pids.iter().all(|pid| !is_alive(*pid)), "{HOSTILE:?} {pids:?}");
    assert!(is_alive(canary), "nobody else was touched");
    assert_eq!(server.kill(99).survivors, []);
    let children = process::all()
        .into_iter()
        .filter(|process| process.parent == server.keeper_pid && process.state == b'Z');
    assert_eq!(children.count(), 0);
}

#[test]
fn hostile_trees_end_without_a_cgroup() {
    end_hostile_trees("off");
}

#[test]
fn hostile_trees_end_with_a_cgroup_where_one_can_be_had() {
    let (bench, server) = Bench::started();
    assert!(server.has_cgroup || !rustix::process::geteuid().is_root(), "root can always have one");
    drop(bench);
    end_hostile_trees("");
}

/// The directory of a process's cgroup, of version 2.
fn cgroup_directory(pid: i32) -> std::path::PathBuf {
    let read = |file: String| std::fs::read_to_string(file).unwrap();
    let mounts = read("/proc/self/mountinfo".into());
    let mount = mounts.lines().find(|line| line.contains(" - cgroup2 ")).unwrap();
    let own = read(format!("/proc/{pid}/cgroup"));
    let place = own.lines().find_map(|line| line.strip_prefix("0::")).unwrap();
    let fields: Vec<&str> = mount.split(' ').collect();
    std::path::Path::new(fields[4])
        .join(std::path::Path::new(place).strip_prefix(fields[3]).unwrap())
}

/// A cgroup that was killed once lets nobody be born in it, on some kernels.
#[test]
fn a_program_starts_where_its_cgroup_was_killed_before_it() {
    let (_bench, mut server) = Bench::started();
    if !server.has_cgroup {
        return;
    }
    let first = server.shell(1, "sleep 1000");
    let second = cgroup_directory(first).with_file_name("2");
    std::fs::create_dir(&second).unwrap();
    std::fs::write(second.join("cgroup.kill"), "1").unwrap();
    let pid = server.shell(2, "echo it runs; sleep 1000");
    server.wait_for_output(2, "it runs");
    assert_eq!(cgroup_directory(pid), second);
    assert_eq!((server.kill(1).survivors, server.kill(2).survivors), (vec![], vec![]));
}

#[test]
fn a_tree_is_asked_to_end_once_each_and_stopped_ones_hear_it() {
    let (_bench, mut server) = Bench::started();
    let pid = server.shell(
        1,
        "trap 'echo asked; exit 3' TERM; echo ready; kill -STOP $$; while [ \
        -e $LEASH ]; do :; done",
    );
    server.wait_for_output(1, "ready");
    until("the stop", || process::read(pid).filter(|process| process.state == b'T'));
    server.say(&ToKeeper::Signal { tag: 1, target: Target::Tree, signal: 15 }, &[]);
    assert_eq!(server.exit(1), ExitStatus::Code(3));
    assert_eq!(server.output(1).matches("asked").count(), 1);
    server.say(&ToKeeper::Signal { tag: 1, target: Target::Leader, signal: 15 }, &[]);
    server.until("the answer", |server| {
        server.other.contains(&FromKeeper::Signalled { tag: 1, count: 0 }).then_some(())
    });
}

#[test]
fn a_program_gets_three_fds_default_signals_the_old_limit_and_its_environment() {
    let (_bench, mut server) = Bench::started();
    for (tag, wiring) in [(1, Wiring::Pty(SIZE)), (2, Wiring::Pipes)] {
        server.spawn(tag, wiring, &["sleep", "1000"]);
        let pid = server
            .until("sleep", |server| server.programs.get(&tag).map(|program| program.entry.pid));
        until("the exec", || {
            (process::arguments(pid) == [b"sleep".to_vec(), b"1000".to_vec()]).then_some(())
        });
        let fds = || {
            std::fs::read_dir(format!("/proc/{pid}/fd"))
                .unwrap()
                .map(|fd| fd.unwrap().file_name())
                .collect::<BTreeSet<_>>()
        };
        // The loader has some open for a moment.
        until("three fds", || {
            (fds() == BTreeSet::from(["0".into(), "1".into(), "2".into()])).then_some(())
        });
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        for mask in ["SigBlk:", "SigIgn:", "SigPnd:"] {
            let mask = status.lines().find_map(|line| line.strip_prefix(mask)).unwrap().trim();
            assert_eq!(u64::from_str_radix(mask, 16), Ok(0), "{status}");
        }
        let limit = |pid: &str| {
            let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
            limits.lines().find(|line| line.starts_with("Max open files")).unwrap().to_owned()
        };
        assert_eq!(limit(&pid.to_string()), limit("self"));
        let mut environment: Vec<_> = process::environment(pid)
            .into_iter()
            .map(|line| String::from_utf8(line).unwrap())
            .collect();
        environment.sort();
        let cookie = format!("ABIDE_JOB={:016x}:{tag}", server.epoch);
        assert_eq!(
            environment,
            [&cookie, "HOME=/", "ONE=1=1", "PATH=/usr/bin:/bin", "SHELL=/bin/sh"]
        );
        let leader = process::read(pid).unwrap();
        assert_eq!((leader.session, leader.group, leader.tty != 0), (pid, pid, tag == 1));
        assert_eq!(server.kill(tag).survivors, []);
    }
}

#[test]
fn pipes_keep_output_and_errors_apart() {
    let (_bench, mut server) = Bench::started();
    server.spawn(
        1,
        Wiring::Pipes,
        &["sh", "-c", "read line; echo out $line; echo err >&2; exec >&- 2>&-; exit 4"],
    );
    server.until("the shell", |server| server.programs.contains_key(&1).then_some(()));
    rustix::io::write(&server.programs[&1].fds[5], b"in\n").unwrap();
    assert_eq!(server.exit(1), ExitStatus::Code(4));
    server.consume();
    assert_eq!(server.programs[&1].output, [b"out in\n".to_vec(), b"err\n".to_vec()]);
}

#[test]
fn what_cannot_be_started_is_refused_by_name_and_leaves_nothing() {
    let (_bench, mut server) = Bench::started();
    let fds = |server: &Server| {
        std::fs::read_dir(format!("/proc/{}/fd", server.keeper_pid)).unwrap().count()
    };
    let before = fds(&server);
    for (tag, argv, errno) in [
        (1, vec!["no-such-program"], 2),
        (2, vec!["/etc/passwd"], 13),
        (3, vec!["/"], 13),
        (4, vec![], 2),
    ] {
        for wiring in [Wiring::Pty(SIZE), Wiring::Pipes] {
            server.spawn(tag, wiring, &argv);
            let failure = server.until("the refusal", |server| server.other.pop());
            let FromKeeper::SpawnFailed { tag: failed, errno: found, message } = failure else {
                panic!("{failure:?}")
            };
            let message = String::from_utf8(message).unwrap();
            assert_eq!((failed, found), (tag, errno), "{message}");
            assert!(argv.is_empty() || message.contains(argv[0]), "{message}");
        }
    }
    server.spawn_with(5, Wiring::Pty(SIZE), &["true"], 1000);
    assert!(matches!(
        server.until("the refusal", |server| server.other.pop()),
        FromKeeper::SpawnFailed { tag: 5, .. }
    ));
    assert_eq!(fds(&server), before);
}

#[test]
fn a_terminal_that_was_closed_may_be_opened_again() {
    let (bench, mut server) = Bench::started();
    let go = bench.directory.path().join("go");
    let script = format!(
        "echo first; exec <&- >&- 2>&-; while test -e $LEASH -a ! -e {}; do :; done; exec \
         >/dev/tty; echo second",
        go.display()
    );
    server.shell(1, &script);
    server.wait_for_output(1, "first");
    let has_peer = || {
        let links = std::fs::read_dir(format!("/proc/{}/fd", server.keeper_pid)).unwrap();
        let mut targets = links.filter_map(|link| std::fs::read_link(link.ok()?.path()).ok());
        targets
            .any(|target: PathBuf| {
                target.starts_with("/dev/pts")
                    && target.file_name().is_some_and(|name| name != "ptmx")
            })
            .then_some(())
    };
    until("the keeper to hold the terminal open", has_peer);
    std::fs::write(&go, "").unwrap();
    assert_eq!(server.exit(1), ExitStatus::Code(0));
    assert!(server.output(1).ends_with("second\r\n"));
}

#[test]
fn many_short_programs_leave_no_zombie_and_every_status_is_right() {
    let (_bench, mut server) = Bench::started();
    for tag in 0..200 {
        server.spawn(
            tag,
            Wiring::Pty(SIZE),
            &["sh", "-c", &format!("(sleep 0.01 &) ; exit {}", tag % 50)],
        );
        if tag % 20 == 19 {
            (tag - 19..=tag).for_each(|tag| {
                assert_eq!(server.exit(tag), ExitStatus::Code(i32::try_from(tag % 50).unwrap()));
                server.say(&ToKeeper::Forget { tag }, &[]);
                server.programs.remove(&tag);
            });
        }
    }
    let keeper_pid = server.keeper_pid;
    until("no zombie", || {
        process::all()
            .iter()
            .all(|process| process.parent != keeper_pid || process.state != b'Z')
            .then_some(())
    });
}

#[test]
fn a_keeper_with_nothing_to_do_waits_for_ever() {
    let (_bench, mut server) = Bench::started();
    server.say(&ToKeeper::Ready, &[]);
    server.shell(1, "echo ready; read x");
    server.wait_for_output(1, "ready");
    server.control.publish(CONTROL_WAITING, 1);
    // The third argument of ppoll(2) is the timeout: none.
    until("a wait without end", || {
        let call = std::fs::read_to_string(format!("/proc/{}/syscall", server.keeper_pid)).unwrap();
        (call.split(' ').nth(3) == Some("0x0")).then_some(())
    });
    assert_eq!(server.kill(1).survivors, []);
}

#[test]
fn a_server_that_waits_for_an_echo_is_woken_for_nothing_else() {
    let (_bench, mut server) = Bench::started();
    for tag in [1, 2] {
        server.shell(tag, "echo ready; while read x; do echo got $x; done");
        server.wait_for_output(tag, "ready");
    }
    server.control.publish(CONTROL_AWAITED, 2);
    server.control.publish(CONTROL_WAITING, WAITING_FOR_AWAITED);
    server.programs[&1].type_in("one\n");
    until("the output of another", || {
        server.consume();
        server.output(1).contains("got one").then_some(())
    });
    assert_eq!(
        server.control.word(CONTROL_WAITING),
        WAITING_FOR_AWAITED,
        "it was woken for another"
    );
    server.programs[&2].type_in("two\n");
    until("a wake", || (server.control.word(CONTROL_WAITING) == 0).then_some(()));
    server.consume();
    assert!(server.output(2).contains("two"), "{:?}", server.output(2));
}

#[test]
fn a_server_that_owes_and_does_not_answer_is_replaced() {
    let (mut bench, server) = Bench::started();
    server.say(&ToKeeper::Expect { owed: true }, &[]);
    let end = Instant::now() + Duration::from_secs(15);
    let was_asked =
        until("the question", || match receive(&server.socket, &mut Decoder::default()) {
            Some(record) => Some(record.message == FromKeeper::Ping),
            None => None,
        });
    assert!(was_asked);
    while !readable(&bench.listener, Duration::from_millis(500)) {
        assert!(Instant::now() < end, "the server was not replaced");
    }
    bench.stand_ins.clear();
    let (next, _) = bench.accept();
    assert_eq!(next.lease, 2);
}
