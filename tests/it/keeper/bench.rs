//! A stand-in for the server, and a keeper of one test alone that starts it. The tests are in the
//! file above.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::{Duration, Instant};

use abide::base::memory::SharedBytes;
use abide::base::signal;
use abide::platform::daemonize::{KeeperStart, start_keeper};
use abide::platform::memory::SharedMemory;
use abide::platform::{EventFd, pidfd, process, socket};
use abide::store::ring::Consumer;
use abide::wire::keeper::{
    CONTROL_WAITING, Decoder, ExitStatus, FromKeeper, KeeperRecord, ProgramEntry, Spawn, ToKeeper,
    Wiring, encode,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::SIZE;

pub(super) const DEADLINE: Duration = Duration::from_secs(20);

/// Waits until `found` gives something.
pub(super) fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
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

pub(super) fn readable(fd: impl AsFd, within: Duration) -> bool {
    let timeout = Timespec { tv_sec: 0, tv_nsec: within.as_nanos().try_into().unwrap() };
    poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&timeout)).unwrap() > 0
}

/// What the server holds of a program.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) entry: ProgramEntry,
    pub(super) fds: Vec<OwnedFd>,
    pub(super) rings: Vec<Consumer<SharedMemory>>,
    pub(super) read: Vec<u64>,
    pub(super) output: Vec<Vec<u8>>,
}

impl Program {
    pub(super) fn new(entry: ProgramEntry, fds: Vec<OwnedFd>) -> Self {
        let ring = |fd: &OwnedFd| {
            Consumer::attach(SharedMemory::from_fd(fd.try_clone().unwrap()).unwrap()).unwrap()
        };
        let rings: Vec<_> = [1, 4].iter().filter_map(|idx| fds.get(*idx)).map(ring).collect();
        let read = rings.iter().map(Consumer::tail).collect();
        let output = rings.iter().map(|_| Vec::new()).collect();
        Self { entry, fds, rings, read, output }
    }

    pub(super) fn type_in(&self, text: &str) {
        assert_eq!(rustix::io::write(&self.fds[0], text.as_bytes()).unwrap(), text.len());
    }
}

/// A server as the keeper sees it.
pub(super) struct Server {
    pub(super) socket: OwnedFd,
    pub(super) decoder: Decoder<OwnedFd>,
    pub(super) lease: u64,
    pub(super) epoch: u64,
    pub(super) keeper_pid: i32,
    pub(super) has_cgroup: bool,
    pub(super) control: SharedMemory,
    pub(super) data: EventFd,
    pub(super) room: EventFd,
    pub(super) programs: BTreeMap<u64, Program>,
    pub(super) exits: BTreeMap<u64, (ExitStatus, u64)>,
    pub(super) other: Vec<FromKeeper>,
    pub(super) stash: BTreeMap<Vec<u8>, OwnedFd>,
    pub(super) leash: tempfile::TempDir,
}

impl Server {
    pub(super) fn greeted(socket: OwnedFd) -> Self {
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

    pub(super) fn say(&self, message: &ToKeeper, fds: &[&OwnedFd]) {
        let fds: Vec<_> = fds.iter().map(|fd| fd.as_fd()).collect();
        let bytes = encode(self.lease, 7, message, fds.len());
        assert_eq!(socket::send(&self.socket, &bytes, &fds).unwrap(), bytes.len());
    }

    /// Takes records and output for a moment, as a server that waits properly.
    pub(super) fn turn(&mut self) {
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

    pub(super) fn take(&mut self, record: KeeperRecord<FromKeeper, OwnedFd>) {
        assert_eq!(record.lease, self.lease);
        match record.message {
            FromKeeper::Spawned(entry) | FromKeeper::Entry(entry) => {
                assert_eq!(record.fds.len(), entry.parts.count_ones() as usize);
                self.programs.insert(entry.tag, Program::new(entry, record.fds));
            }
            FromKeeper::Ping => self.say(&ToKeeper::Pong, &[]),
            FromKeeper::StashEntry { name } => {
                drop(self.stash.insert(name, record.fds.into_iter().next().unwrap()));
            }
            FromKeeper::Exited { tag, status, end } => drop(self.exits.insert(tag, (status, end))),
            message => self.other.push(message),
        }
    }

    pub(super) fn consume(&mut self) {
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

    pub(super) fn until<T>(
        &mut self,
        what: &str,
        mut found: impl FnMut(&mut Self) -> Option<T>,
    ) -> T {
        until(what, || {
            self.turn();
            found(self)
        })
    }

    pub(super) fn spawn(&mut self, tag: u64, wiring: Wiring, argv: &[&str]) {
        self.spawn_with(tag, wiring, argv, 1 << 16);
    }

    pub(super) fn spawn_with(&mut self, tag: u64, wiring: Wiring, argv: &[&str], ring_bytes: u32) {
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
    pub(super) fn shell(&mut self, tag: u64, script: &str) -> i32 {
        let leash = self.leash.path().join("leash");
        self.spawn(
            tag,
            Wiring::Pty(SIZE),
            &["sh", "-c", &format!("export LEASH={}; {script}", leash.display())],
        );
        self.until("the shell", |server| server.programs.get(&tag).map(|program| program.entry.pid))
    }

    pub(super) fn exit(&mut self, tag: u64) -> ExitStatus {
        let (status, end) = self.until("the exit", |server| server.exits.get(&tag).copied());
        self.consume();
        assert_eq!(self.programs[&tag].read[0], end, "the last output comes before the exit");
        status
    }

    pub(super) fn output(&self, tag: u64) -> String {
        String::from_utf8_lossy(&self.programs[&tag].output[0]).into_owned()
    }

    pub(super) fn wait_for_output(&mut self, tag: u64, text: &str) {
        self.until(text, |server| server.output(tag).contains(text).then_some(()));
    }

    pub(super) fn list(&mut self) {
        self.say(&ToKeeper::List, &[]);
        self.until("the list", |server| server.other.contains(&FromKeeper::Listed).then_some(()));
    }

    pub(super) fn kill(&mut self, tag: u64) -> abide::wire::keeper::KillReport {
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

pub(super) fn receive(
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
pub(super) struct Bench {
    pub(super) listener: UnixListener,
    pub(super) directory: tempfile::TempDir,
    pub(super) stand_ins: Vec<(i32, UnixStream)>,
    pub(super) keepers: BTreeSet<i32>,
}

impl Bench {
    pub(super) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(directory.path().join("test")).unwrap();
        Self { listener, directory, stand_ins: Vec::new(), keepers: BTreeSet::new() }
    }

    pub(super) fn start(&self, adopt: Option<OwnedFd>, cgroup: &str) {
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
            errors: None,
        })
        .unwrap();
    }

    /// The next server the keeper starts.
    pub(super) fn accept(&mut self) -> (Server, String) {
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

    pub(super) fn started() -> (Self, Server) {
        Self::started_with("")
    }

    pub(super) fn started_with(cgroup: &str) -> (Self, Server) {
        let mut bench = Self::new();
        bench.start(None, cgroup);
        let (server, args) = bench.accept();
        assert_eq!((server.lease, args.as_str()), (1, "server run --lease 1"));
        (bench, server)
    }

    pub(super) fn kill_stand_in(&mut self) {
        self.end_stand_in(signal::KILL);
    }

    pub(super) fn end_stand_in(&mut self, signal: i32) {
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

pub(super) fn is_alive(pid: i32) -> bool {
    process::read(pid).is_some_and(|process| process.state != b'Z')
}

pub(super) fn line(output: &str, prefix: &str) -> i32 {
    output.lines().find_map(|line| line.trim().strip_prefix(prefix)).unwrap().parse().unwrap()
}
