//! The keeper as a process of its own, against a stand-in for the server: what survives whom, and
//! that nothing is lost or left behind.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use abide::base::geom::Size;
use abide::base::memory::SharedBytes;
use abide::base::signal;
use abide::platform::daemonize::{KeeperStart, start_keeper};
use abide::platform::memory::SharedMemory;
use abide::platform::{EventFd, pidfd, process, socket};
use abide::store::ring::Consumer;
use abide::wire::keeper::{
    CONTROL_AWAITED, CONTROL_WAITING, Decoder, ExitStatus, FromKeeper, KeeperRecord, PART_PIDFD,
    PART_RING, PART_SOURCE, ProgramEntry, Spawn, Target, ToKeeper, WAITING_FOR_AWAITED, Wiring,
    encode,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

const DEADLINE: Duration = Duration::from_secs(20);
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

/// Waits until `found` gives something.
fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + DEADLINE;
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < end, "waited too long for {what}");
        // Gives the processor away; what is waited for happens in another process.
        poll(&mut [], Some(&Timespec { tv_sec: 0, tv_nsec: 1_000_000 })).unwrap();
    }
}

fn readable(fd: impl AsFd, within: Duration) -> bool {
    let timeout = Timespec { tv_sec: 0, tv_nsec: within.as_nanos().try_into().unwrap() };
    poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&timeout)).unwrap() > 0
}

/// What the server holds of a program.
#[derive(Debug)]
struct Program {
    entry: ProgramEntry,
    fds: Vec<OwnedFd>,
    rings: Vec<Consumer<SharedMemory>>,
    read: Vec<u64>,
    output: Vec<Vec<u8>>,
}

impl Program {
    fn new(entry: ProgramEntry, fds: Vec<OwnedFd>) -> Self {
        let ring = |fd: &OwnedFd| {
            Consumer::attach(SharedMemory::from_fd(fd.try_clone().unwrap()).unwrap()).unwrap()
        };
        let rings: Vec<_> = [1, 4].iter().filter_map(|idx| fds.get(*idx)).map(ring).collect();
        let read = rings.iter().map(Consumer::tail).collect();
        let output = rings.iter().map(|_| Vec::new()).collect();
        Self { entry, fds, rings, read, output }
    }

    fn type_in(&self, text: &str) {
        assert_eq!(rustix::io::write(&self.fds[0], text.as_bytes()).unwrap(), text.len());
    }
}

/// A server as the keeper sees it.
struct Server {
    socket: OwnedFd,
    decoder: Decoder<OwnedFd>,
    lease: u64,
    epoch: u64,
    keeper_pid: i32,
    has_cgroup: bool,
    control: SharedMemory,
    data: EventFd,
    room: EventFd,
    programs: BTreeMap<u64, Program>,
    exits: BTreeMap<u64, (ExitStatus, u64)>,
    other: Vec<FromKeeper>,
    stash: BTreeMap<Vec<u8>, OwnedFd>,
    leash: tempfile::TempDir,
}

impl Server {
    fn greeted(socket: OwnedFd) -> Self {
        let mut decoder = Decoder::default();
        let record = loop {
            if let Some(record) = receive(&socket, &mut decoder) {
                break record;
            }
        };
        let FromKeeper::Hello { version: 1, epoch, has_cgroup, keeper_pid, .. } = record.message
        else {
            panic!("no greeting but {record:?}")
        };
        let [control, data, room] = <[OwnedFd; 3]>::try_from(record.fds).unwrap();
        let leash = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(
            format!("/proc/{}", std::process::id()),
            leash.path().join("leash"),
        )
        .unwrap();
        Self {
            socket,
            decoder,
            lease: record.lease,
            epoch,
            keeper_pid,
            has_cgroup,
            control: SharedMemory::from_fd(control).unwrap(),
            data: EventFd::from_fd(data),
            room: EventFd::from_fd(room),
            programs: BTreeMap::new(),
            exits: BTreeMap::new(),
            other: Vec::new(),
            stash: BTreeMap::new(),
            leash,
        }
    }

    fn say(&self, message: &ToKeeper, fds: &[&OwnedFd]) {
        let fds: Vec<_> = fds.iter().map(|fd| fd.as_fd()).collect();
        let bytes = encode(self.lease, 7, message, fds.len());
        assert_eq!(socket::send(&self.socket, &bytes, &fds).unwrap(), bytes.len());
    }

    /// Takes records and output for a moment, as a server that waits properly.
    fn turn(&mut self) {
        self.control.publish(CONTROL_WAITING, 1);
        self.consume();
        let timeout = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
        let mut fds =
            [PollFd::new(&self.socket, PollFlags::IN), PollFd::new(&self.data, PollFlags::IN)];
        poll(&mut fds, Some(&timeout)).unwrap();
        let has_record = fds[0].revents().contains(PollFlags::IN);
        self.data.drain();
        self.consume();
        if has_record && let Some(record) = receive(&self.socket, &mut self.decoder) {
            self.take(record);
        }
        while let Some(record) = self.decoder.next().unwrap() {
            self.take(record);
        }
    }

    fn take(&mut self, record: KeeperRecord<FromKeeper, OwnedFd>) {
        assert_eq!(record.lease, self.lease);
        match record.message {
            FromKeeper::Spawned(entry) | FromKeeper::Entry(entry) => {
                assert_eq!(record.fds.len(), entry.parts.count_ones() as usize);
                self.programs.insert(entry.tag, Program::new(entry, record.fds));
            }
            FromKeeper::Ping => self.say(&ToKeeper::Pong, &[]),
            FromKeeper::StashEntry { name } => {
                drop(self.stash.insert(name, record.fds.into_iter().next().unwrap()))
            }
            FromKeeper::Exited { tag, status, end } => drop(self.exits.insert(tag, (status, end))),
            message => self.other.push(message),
        }
    }

    fn consume(&mut self) {
        for program in self.programs.values_mut() {
            for (idx, ring) in program.rings.iter_mut().enumerate() {
                let mut bytes = Vec::new();
                loop {
                    ring.read(program.read[idx], usize::MAX, &mut bytes).unwrap();
                    if bytes.is_empty() {
                        break;
                    }
                    program.output[idx].extend_from_slice(&bytes);
                    program.read[idx] += bytes.len() as u64;
                }
                ring.set_done(program.read[idx]);
                if ring.set_tail(program.read[idx]) {
                    self.room.notify();
                }
            }
        }
    }

    fn until<T>(&mut self, what: &str, mut found: impl FnMut(&mut Self) -> Option<T>) -> T {
        until(what, || {
            self.turn();
            found(self)
        })
    }

    fn spawn(&mut self, tag: u64, wiring: Wiring, argv: &[&str]) {
        self.spawn_with(tag, wiring, argv, 1 << 16);
    }

    fn spawn_with(&mut self, tag: u64, wiring: Wiring, argv: &[&str], ring_bytes: u32) {
        let argv = argv.iter().map(|word| word.as_bytes().to_vec()).collect();
        let env = [("PATH", "/usr/bin:/bin"), ("SHELL", "/bin/sh"), ("HOME", "/"), ("ONE", "1=1")];
        let env = env
            .iter()
            .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
            .collect();
        self.say(
            &ToKeeper::Spawn(Spawn { tag, wiring, argv, env, cwd: b"/".to_vec(), ring_bytes }),
            &[],
        );
    }

    /// Starts a shell on a PTY and waits until it runs. `$LEASH` is there for as long as its test:
    /// what repeats itself ends without.
    fn shell(&mut self, tag: u64, script: &str) -> i32 {
        let leash = self.leash.path().join("leash");
        self.spawn(
            tag,
            Wiring::Pty(SIZE),
            &["sh", "-c", &format!("export LEASH={}; {script}", leash.display())],
        );
        self.until("the shell", |server| server.programs.get(&tag).map(|program| program.entry.pid))
    }

    fn exit(&mut self, tag: u64) -> ExitStatus {
        let (status, end) = self.until("the exit", |server| server.exits.get(&tag).copied());
        self.consume();
        assert_eq!(self.programs[&tag].read[0], end, "the last output comes before the exit");
        status
    }

    fn output(&self, tag: u64) -> String {
        String::from_utf8_lossy(&self.programs[&tag].output[0]).into_owned()
    }

    fn wait_for_output(&mut self, tag: u64, text: &str) {
        self.until(text, |server| server.output(tag).contains(text).then_some(()));
    }

    fn list(&mut self) {
        self.say(&ToKeeper::List, &[]);
        self.until("the list", |server| server.other.contains(&FromKeeper::Listed).then_some(()));
    }

    fn kill(&mut self, tag: u64) -> abide::wire::keeper::KillReport {
        self.say(&ToKeeper::Kill { tag, limit_ms: 5000 }, &[]);
        self.until("the kill", |server| {
            server.other.iter().find_map(|message| match message {
                FromKeeper::Killed { tag: killed, report } if *killed == tag => {
                    Some(report.clone())
                }
                _ => None,
            })
        })
    }
}

fn receive(
    socket: &OwnedFd,
    decoder: &mut Decoder<OwnedFd>,
) -> Option<KeeperRecord<FromKeeper, OwnedFd>> {
    let (mut buffer, mut fds) = (vec![0; 4096], Vec::new());
    let len = socket::receive(socket, &mut buffer, &mut fds).unwrap();
    assert!(len > 0, "the keeper has closed the connection");
    for fd in fds {
        decoder.push_fd(fd);
    }
    decoder.push_bytes(&buffer[..len]);
    decoder.next().unwrap()
}

/// A keeper of this test alone, and the stand-ins it starts as servers.
struct Bench {
    listener: UnixListener,
    directory: tempfile::TempDir,
    stand_ins: Vec<(i32, UnixStream)>,
    keepers: BTreeSet<i32>,
}

impl Bench {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(directory.path().join("test")).unwrap();
        Self { listener, directory, stand_ins: Vec::new(), keepers: BTreeSet::new() }
    }

    fn start(&self, adopt: Option<OwnedFd>, cgroup: &str) {
        let stand_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/stand_in.sh");
        let mut args: Vec<OsString> = vec!["--server-exe".into(), stand_in.into()];
        args.extend(adopt.is_some().then(|| "--adopt".into()));
        let env = vec![
            ("ABIDE_TEST_SELF".into(), std::env::current_exe().unwrap().into()),
            ("ABIDE_TEST_SOCKET".into(), self.directory.path().join("test").into()),
            ("ABIDE_CGROUP".into(), cgroup.into()),
        ];
        start_keeper(KeeperStart {
            exe: Path::new(env!("CARGO_BIN_EXE_abide")),
            args,
            env,
            input: adopt,
            log: None,
        })
        .unwrap();
    }

    /// The next server the keeper starts.
    fn accept(&mut self) -> (Server, String) {
        assert!(
            readable(&self.listener, Duration::from_millis(999))
                || readable(&self.listener, Duration::from_millis(999))
        );
        let (stream, _) = self.listener.accept().unwrap();
        let (mut line, mut fds) = (vec![0; 256], Vec::new());
        let len = socket::receive(&stream, &mut line, &mut fds).unwrap();
        let line = String::from_utf8_lossy(&line[..len]).into_owned();
        let (pid, args) = line.trim().split_once(' ').unwrap();
        self.stand_ins.push((pid.parse().unwrap(), stream));
        let server = Server::greeted(fds.pop().unwrap());
        self.keepers.insert(server.keeper_pid);
        (server, args.into())
    }

    fn started() -> (Self, Server) {
        Self::started_with("")
    }

    fn started_with(cgroup: &str) -> (Self, Server) {
        let mut bench = Self::new();
        bench.start(None, cgroup);
        let (server, args) = bench.accept();
        assert_eq!((server.lease, args.as_str()), (1, "server run --lease 1"));
        (bench, server)
    }

    fn kill_stand_in(&mut self) {
        self.end_stand_in(signal::KILL);
    }

    fn end_stand_in(&mut self, signal: i32) {
        // The stream stays until then: a stand-in that finds itself without a test ends with 0.
        let (pid, _stream) = self.stand_ins.pop().unwrap();
        let stand_in = pidfd::open(pid).unwrap();
        pidfd::signal(&stand_in, signal).unwrap();
        until("the end of a stand-in", || readable(&stand_in, Duration::ZERO).then_some(()));
    }
}

impl Drop for Bench {
    /// The keeper ends when its server ends as it was meant to.
    fn drop(&mut self) {
        let keepers: Vec<_> =
            self.keepers.iter().filter_map(|pid| pidfd::open(*pid).ok()).collect();
        for (_, mut stream) in self.stand_ins.drain(..) {
            stream.write_all(&[0]).ok();
        }
        let have_ended = keepers.iter().all(|keeper| readable(keeper, Duration::from_millis(999)));
        if !have_ended {
            for keeper in &keepers {
                pidfd::signal(keeper, 9).ok();
            }
        }
        assert!(have_ended || std::thread::panicking(), "the keeper did not end with its server");
    }
}

fn is_alive(pid: i32) -> bool {
    process::read(pid).is_some_and(|process| process.state != b'Z')
}

fn line(output: &str, prefix: &str) -> i32 {
    output.lines().find_map(|line| line.trim().strip_prefix(prefix)).unwrap().parse().unwrap()
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
