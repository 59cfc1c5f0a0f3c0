//! One person's machine in a temporary directory: home, state, runtime directory and shell of its
//! own; nothing survives it.

use std::env;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use super::small_disk::SmallDisk;
use super::{PATIENCE, gone_within, procs};

/// Where the programs that tests drive are looked for; the caller's own search path may point
/// anywhere.
const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The prompt of the shell in every pane.
const SHELL_START: &str = "PS1='ready$ '\nPS2='more> '\nunset PROMPT_COMMAND HISTFILE\n";

/// The environment of one test.
pub(crate) struct World {
    folder: TempDir,
    /// The file system of its state, where that is one of its own.
    disk: Option<SmallDisk>,
}

/// What a call without a terminal gave.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i32,
}

impl Output {
    /// The output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|fault| unreachable!("no JSON ({fault}): {self:?}"))
    }

    /// The call itself, which must have succeeded.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, 0, "the call failed: {self:?}");
        self
    }

    /// Fails unless the call ended with `code` and said all of `words` on standard error.
    #[track_caller]
    pub(crate) fn refused(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        for word in words {
            assert!(self.stderr.contains(word), "standard error does not say {word:?}: {self:?}");
        }
    }
}

impl World {
    /// A fresh environment; nothing runs in it yet.
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("ab-")
            .tempdir_in("/tmp")
            .expect("there is room for a temporary directory");
        let world = Self { folder, disk: None };
        for name in ["home", "state", "run", "config", "data", "cache", "tmp"] {
            fs::create_dir(world.path(name)).expect("the temporary directory can be written");
        }
        fs::set_permissions(world.path("run"), fs::Permissions::from_mode(0o700))
            .expect("it is ours");
        world.write("home/.bashrc", SHELL_START);
        let own = format!("/proc/{}", std::process::id());
        std::os::unix::fs::symlink(own, world.path("leash"))
            .expect("the temporary directory can be written");
        // The card of the first run would lie over what tests look at.
        world.write("state/abide/welcomed", "");
        fs::set_permissions(world.path("state/abide"), fs::Permissions::from_mode(0o700))
            .expect("it is ours");
        world
    }

    /// The same with its state on a file system of `kib` KiB; none where none can be mounted.
    pub(crate) fn with_disk(kib: u32) -> Option<Self> {
        let mut world = Self::new();
        world.disk = Some(SmallDisk::mount(&world.path("state"), kib)?);
        Some(world)
    }

    /// The same with ext4, which can be frozen.
    pub(crate) fn with_ext4() -> Option<Self> {
        let mut world = Self::new();
        world.disk = Some(SmallDisk::mount_ext4(&world.path("state"))?);
        Some(world)
    }

    /// Holds up every write to the file system of the state, or lets them go on.
    pub(crate) fn freeze_disk(&self, is_frozen: bool) {
        let place = self.place("state").to_string_lossy().into_owned();
        self.run("fsfreeze", &[if is_frozen { "-f" } else { "-u" }, &place], b"").ok();
    }

    /// A path inside the environment, as the test gets at it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        let place = self.place(name);
        match &self.disk {
            Some(disk) if name.starts_with("state") => {
                PathBuf::from(format!("{}{}", disk.root(), place.display()))
            }
            _ => place,
        }
    }

    /// A path inside the environment, as its processes see it.
    fn place(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The database of the server, to be read.
    pub(crate) fn open_database(&self) -> rusqlite::Result<rusqlite::Connection> {
        if self.disk.is_none() {
            let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
            return rusqlite::Connection::open_with_flags(self.path("state/abide/abide.db"), flags);
        }
        // SQLite takes the way into another mount namespace for a link.
        for end in ["", "-wal"] {
            let copied = fs::copy(
                self.path(&format!("state/abide/abide.db{end}")),
                self.path(&format!("tmp/copy.db{end}")),
            );
            copied.map_err(|_| rusqlite::Error::InvalidQuery)?;
        }
        rusqlite::Connection::open(self.path("tmp/copy.db"))
    }

    /// Fills the file system of the state.
    pub(crate) fn fill_disk(&self) {
        let zeros = fs::File::create(self.path("state/filler")).expect("it can be made");
        let mut len = 64 << 10;
        while 0 < len {
            match (&zeros).write(&vec![0; len]) {
                Ok(0) | Err(_) => len /= 2,
                Ok(_) => {}
            }
        }
    }

    /// Gives back the room on the file system of the state.
    pub(crate) fn empty_disk(&self) {
        fs::remove_file(self.path("state/filler")).expect("it was filled");
    }

    /// Lets nobody write below the state any more who has not opened his file yet.
    pub(crate) fn make_disk_read_only(&self) {
        let place = self.place("state/abide").to_string_lossy().into_owned();
        self.run("mount", &["--bind", &place, &place], b"").ok();
        self.run("mount", &["-o", "remount,bind,ro", &place], b"").ok();
    }

    /// Takes that back.
    pub(crate) fn make_disk_writable(&self) {
        let place = self.place("state/abide").to_string_lossy().into_owned();
        self.run("umount", &["-l", &place], b"").ok();
    }

    /// Program and arguments as they are to be started here.
    pub(super) fn command_line(&self, program: &str, args: &[&str]) -> Vec<String> {
        let enter = self.disk.as_ref().map(|disk| disk.enter(&self.home())).unwrap_or_default();
        let words = [program].into_iter().chain(args.iter().copied()).map(str::to_owned);
        enter.into_iter().chain(words).collect()
    }

    /// The home directory.
    pub(crate) fn home(&self) -> PathBuf {
        self.path("home")
    }

    /// Writes a file inside the environment, its folders included.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it is below the environment"))
            .expect("the temporary directory can be written");
        fs::write(path, text).expect("the temporary directory can be written");
    }

    /// The configuration that every role of this environment reads.
    pub(crate) fn configure(&self, toml: &str) {
        self.write("config/abide/config.toml", toml);
    }

    /// The variables of everything that is started here.
    pub(super) fn variables(&self) -> Vec<(String, String)> {
        let place = |name: &str| self.place(name).to_string_lossy().into_owned();
        let fixed = [
            ("PATH", SEARCH_PATH.to_owned()),
            ("SHELL", "/bin/bash".to_owned()),
            ("TERM", "xterm-256color".to_owned()),
            ("COLORTERM", "truecolor".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            ("USER", "tester".to_owned()),
            ("HOME", place("home")),
            ("XDG_STATE_HOME", place("state")),
            ("XDG_RUNTIME_DIR", place("run")),
            ("XDG_CONFIG_HOME", place("config")),
            ("XDG_DATA_HOME", place("data")),
            ("XDG_CACHE_HOME", place("cache")),
            ("TMPDIR", place("tmp")),
            // There for as long as this environment and the process of its test are: what repeats
            // itself ends without.
            ("LEASH", place("leash")),
        ];
        fixed.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Runs `abide ARGS…` without a terminal and without input.
    #[track_caller]
    pub(crate) fn cli(&self, args: &[&str]) -> Output {
        self.cli_with(args, b"")
    }

    /// Runs `abide ARGS…` without a terminal, with `input` on its standard input.
    #[track_caller]
    pub(crate) fn cli_with(&self, args: &[&str], input: &[u8]) -> Output {
        self.run(env!("CARGO_BIN_EXE_abide"), args, input)
    }

    /// A program with its arguments, as everything is started here.
    pub(crate) fn command(&self, program: &str, args: &[&str]) -> Command {
        let words = self.command_line(program, args);
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).env_clear().envs(self.variables()).current_dir(self.home());
        command
    }

    /// Runs any program in this environment to its end.
    #[track_caller]
    pub(crate) fn run(&self, program: &str, args: &[&str], input: &[u8]) -> Output {
        let mut command = self.command(program, args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|fault| unreachable!("{program} cannot be started: {fault}"));
        let pid = i32::try_from(child.id()).expect("a pid fits");
        let mut pipe = child.stdin.take().expect("it is a pipe");
        let input = input.to_vec();
        let (sender, answer) = sync_channel(1);
        thread::spawn(move || {
            let feeder = thread::spawn(move || pipe.write_all(&input));
            let done = child.wait_with_output();
            drop(feeder.join());
            drop(sender.send(done));
        });
        let Ok(done) = answer.recv_timeout(2 * PATIENCE) else {
            procs::signal(pid, Signal::KILL);
            unreachable!("`{program} {}` did not end\n{}", args.join(" "), self.logs());
        };
        let done = done.expect("its output can be read");
        Output {
            stdout: String::from_utf8_lossy(&done.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&done.stderr).into_owned(),
            code: done.status.code().unwrap_or(-1),
        }
    }

    /// The pid of the server that runs in this environment.
    #[track_caller]
    pub(crate) fn server_pid(&self) -> i32 {
        self.role_pid("server_pid")
    }

    /// The pid of the keeper that runs in this environment.
    #[track_caller]
    pub(crate) fn keeper_pid(&self) -> i32 {
        self.role_pid("keeper_pid")
    }

    #[track_caller]
    fn role_pid(&self, field: &str) -> i32 {
        let status = self.cli(&["server", "status", "--json"]).ok().json();
        let pid = status[field].as_i64().and_then(|pid| i32::try_from(pid).ok());
        pid.unwrap_or_else(|| {
            unreachable!("`abide server status --json` has no number {field:?}: {status}")
        })
    }

    /// Kills the server with SIGKILL; its pid.
    #[track_caller]
    pub(crate) fn kill_server(&self) -> i32 {
        let pid = self.server_pid();
        kill(pid);
        pid
    }

    /// Kills the keeper with SIGKILL; its pid.
    #[track_caller]
    pub(crate) fn kill_keeper(&self) -> i32 {
        let pid = self.keeper_pid();
        kill(pid);
        pid
    }

    /// The processes of this environment that run.
    pub(crate) fn processes(&self) -> Vec<i32> {
        let holder = self.disk.as_ref().map(SmallDisk::pid);
        procs::marked(&self.mark()).into_iter().filter(|pid| Some(*pid) != holder).collect()
    }

    fn mark(&self) -> String {
        self.folder.path().to_string_lossy().into_owned()
    }

    /// The last lines of every log of this environment.
    pub(crate) fn logs(&self) -> String {
        let tail = |log: PathBuf| {
            let text = String::from_utf8_lossy(&fs::read(&log).unwrap_or_default()).into_owned();
            let lines: Vec<_> = text.lines().collect();
            format!(
                "── end of {} ──\n{}\n",
                log.display(),
                lines[lines.len().saturating_sub(30)..].join("\n")
            )
        };
        logs_below(&self.path("state")).into_iter().map(tail).collect()
    }
}

/// SIGKILL, and the process is gone when this returns.
#[track_caller]
pub(super) fn kill(pid: i32) {
    procs::signal(pid, Signal::KILL);
    assert!(gone_within(pid, PATIENCE), "{} survives SIGKILL", procs::describe(pid));
}

fn logs_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    let (folders, files): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| path.is_dir());
    let logs = files.into_iter().filter(|file| file.to_string_lossy().contains(".log"));
    logs.chain(folders.iter().flat_map(|inner| logs_below(inner))).collect()
}

impl Drop for World {
    /// Stops what runs here. What does not stop is killed, and the test fails: nothing may be left
    /// behind.
    fn drop(&mut self) {
        if self.processes().is_empty() {
            return;
        }
        if !thread::panicking() {
            let stopped = self.cli(&["server", "stop"]);
            let end = std::time::Instant::now() + PATIENCE;
            for pid in self.processes() {
                gone_within(
                    pid,
                    end.saturating_duration_since(std::time::Instant::now())
                        .min(Duration::from_secs(5)),
                );
            }
            if self.processes().is_empty() {
                return;
            }
            let left: Vec<_> = self.processes().into_iter().map(procs::describe).collect();
            let logs = self.logs();
            self.kill_all();
            assert!(
                left.is_empty(),
                "left behind after `abide server stop` ({stopped:?}): {}\n{logs}",
                left.join(", ")
            );
        }
        self.kill_all();
    }
}

impl World {
    /// Kills every process of this environment, as often as new ones appear.
    fn kill_all(&self) {
        for _ in 0..20 {
            let left = self.processes();
            if left.is_empty() {
                return;
            }
            for pid in left {
                procs::signal(pid, Signal::KILL);
                gone_within(pid, Duration::from_secs(1));
            }
        }
    }
}

/// Whether `tool` is installed.
fn found(tool: &str) -> bool {
    SEARCH_PATH.split(':').any(|folder| Path::new(folder).join(tool).is_file())
}

/// Whether a test must be left out because `tool` is not installed. Says so; under `CI` it is a
/// failure instead.
#[track_caller]
pub(crate) fn missing_tool(tool: &str) -> bool {
    let missing = !found(tool);
    assert!(
        !missing || env::var_os("CI").is_none(),
        "{tool} is not installed, and CI must not leave its test out"
    );
    if missing {
        let said = writeln!(
            std::io::stderr(),
            "NOT TESTED: {tool} is not installed, so what needs it was not checked"
        );
        assert!(said.is_ok(), "standard error can be written");
    }
    missing
}
