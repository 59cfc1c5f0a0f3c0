//! The paths of the socket, the lock and the state of a server, which nobody else can get
//! at them. What lies in the state is not known here.
//!
//! One user has one server, with and without `XDG_RUNTIME_DIR`: socket and lock are in the state
//! home, unless the path is too long for a socket or the state home is on a network file system;
//! then they are in a hashed place under `XDG_RUNTIME_DIR`, which a pointer file in the state home
//! names.

use std::ffi::OsString;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, FlockOperation, Mode, OFlags, access, flock, fstat, openat, statvfs};

use crate::platform::passwd::Login;
use crate::platform::{plain_file, socket};

/// The longest path a Unix socket can have (`sun_path` in unix(7), without its NUL).
pub const SOCKET_PATH_LEN_MAX: usize = 107;

/// The environment variables that decide the places. Empty ones count as unset.
#[derive(Debug, Clone, Default)]
pub struct PathsEnv {
    /// `ABIDE_SOCKET`: another server than the usual one.
    pub socket: Option<PathBuf>,
    /// `XDG_STATE_HOME`.
    pub state_home: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`.
    pub runtime_dir: Option<PathBuf>,
    /// `HOME`.
    pub home: Option<PathBuf>,
}

impl PathsEnv {
    /// As this process has them.
    #[must_use]
    pub fn current() -> Self {
        let get =
            |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        // The XDG base directory specification: relative paths are to be ignored.
        let absolute = |name| get(name).filter(|path: &PathBuf| path.is_absolute());
        Self {
            socket: get("ABIDE_SOCKET").map(|path| std::path::absolute(&path).unwrap_or(path)),
            state_home: absolute("XDG_STATE_HOME"),
            runtime_dir: absolute("XDG_RUNTIME_DIR"),
            home: absolute("HOME"),
        }
    }
}

/// The longest text of the file that names the socket, in bytes: a path (`PATH_MAX`).
const POINTER_BYTES_MAX: u64 = 4096;
/// The room on a disk below which it is called full, in bytes: a log and a database want it.
const ROOM_MIN: u64 = 256 << 10;
/// The way out where state cannot be written.
const STATE_ADVICE: &str = "set XDG_STATE_HOME to a folder that can be written and has room";

/// Why there is no place for a server.
#[derive(Debug, thiserror::Error)]
pub enum PathsError {
    /// The path of the socket is too long and there is no shorter one.
    #[error(
        "the socket path {0:?} is longer than {SOCKET_PATH_LEN_MAX} bytes; set ABIDE_SOCKET or \
         XDG_RUNTIME_DIR to a shorter path"
    )]
    TooLong(PathBuf),
    /// A directory could be used by somebody else.
    #[error("the directory {path:?} {problem}; make it yours alone: chmod 700 {path:?}")]
    Unsafe {
        /// The path that is refused.
        path: PathBuf,
        /// The problem with it.
        problem: &'static str,
    },
    /// A place could not be made or opened.
    #[error("cannot use {path:?}: {source}")]
    Io {
        /// The path that is refused.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The places of one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    state: PathBuf,
    run: PathBuf,
    socket: PathBuf,
    /// The file in the state home that names the socket, where that is elsewhere.
    pointer: Option<PathBuf>,
    /// A directory named by `ABIDE_SOCKET` is the user's and only checked.
    is_run_ours: bool,
}

/// The right to be the server of a place; ends with the process at the latest.
#[derive(Debug)]
pub struct Lock(OwnedFd);

impl Lock {
    /// The fd to pass on, for instance to the keeper's stash: the lock is held until the last copy
    /// is closed.
    #[must_use]
    pub fn into_fd(self) -> OwnedFd {
        self.0
    }
}

impl Paths {
    /// The places this process's environment names. Creates nothing.
    ///
    /// # Errors
    /// [`PathsError::TooLong`].
    pub fn current() -> Result<Self, PathsError> {
        Self::find(&PathsEnv::current())
    }

    /// The places that `env` names. Creates nothing.
    ///
    /// # Errors
    /// [`PathsError::TooLong`].
    pub fn find(env: &PathsEnv) -> Result<Self, PathsError> {
        let state = env.state_home.clone().unwrap_or_else(|| {
            let home = env.home.clone().unwrap_or_else(|| Login::current().home);
            home.join(".local/state")
        });
        let state = state.join("abide");
        if let Some(socket) = &env.socket {
            return Self::of_socket(&state, socket);
        }
        let run = state.join("run");
        let socket = run.join("socket");
        if fits(&socket) && !is_on_network(&state) {
            return Ok(Self { state, run, socket, pointer: None, is_run_ours: true });
        }
        let pointer = run.join("where");
        let named = plain_file::read(&pointer, POINTER_BYTES_MAX).ok();
        let named = named.map(|bytes| PathBuf::from(OsString::from_vec(bytes)));
        let usable = |path: &PathBuf| {
            path.is_absolute()
                && fits(path)
                && path.parent().and_then(Path::parent).is_some_and(Path::is_dir)
        };
        let hashed = || {
            env.runtime_dir
                .as_ref()
                .map(|runtime| runtime.join(format!("abide-{:016x}", hash(&state))).join("socket"))
        };
        let Some(socket) = named.filter(usable).or_else(hashed).filter(|path| fits(path)) else {
            return Err(PathsError::TooLong(socket));
        };
        let run = socket.parent().map_or_else(|| run.clone(), Path::to_path_buf);
        Ok(Self { state, run, socket, pointer: Some(pointer), is_run_ours: true })
    }

    /// A server at a socket of its own has a state of its own.
    fn of_socket(state: &Path, socket: &Path) -> Result<Self, PathsError> {
        if !fits(socket) {
            return Err(PathsError::TooLong(socket.into()));
        }
        let run = socket.parent().unwrap_or(Path::new("/")).to_path_buf();
        let state = state.join("servers").join(format!("{:016x}", hash(socket)));
        Ok(Self { state, run, socket: socket.into(), pointer: None, is_run_ours: false })
    }

    /// The socket clients connect to.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// The directory of database and logs, 0700.
    #[must_use]
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// The folder of snapshots of sessions.
    #[must_use]
    pub fn snapshots(&self) -> PathBuf {
        self.state().join("snapshots")
    }

    /// The folder of what was closed and can be made anew.
    #[must_use]
    pub fn closed(&self) -> PathBuf {
        self.state().join("closed")
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.state.join("abide.db")
    }

    /// The log of keeper and server.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.state.join("server.log")
    }

    /// Directories of this server alone on other file systems than the one for state, which may be
    /// full: in `XDG_RUNTIME_DIR`, in shared memory, in the place for temporary files. They are
    /// made by [`make_private`] when they are needed.
    #[must_use]
    pub fn spare_directories(&self) -> Vec<PathBuf> {
        let own =
            format!("abide-{}-{:016x}", rustix::process::geteuid().as_raw(), hash(&self.state));
        let runtime_dir = PathsEnv::current().runtime_dir;
        let roots = runtime_dir.into_iter().chain(["/dev/shm", "/tmp"].map(PathBuf::from));
        roots.filter(|root| root.is_dir()).map(|root| root.join(&own)).collect()
    }

    /// Makes the directories where they are missing, 0700, and checks that they are ours alone and
    /// no symbolic links.
    ///
    /// # Errors
    /// [`PathsError`] naming the directory.
    pub fn prepare(&self) -> Result<(), PathsError> {
        make_private(&self.state)?;
        if self.is_run_ours {
            make_private(&self.run)?;
        } else {
            check_private(&self.run, Mode::WGRP | Mode::WOTH)?;
        }
        if let Some(pointer) = &self.pointer {
            let directory = pointer.parent().unwrap_or(&self.state);
            make_private(directory)?;
            plain_file::replace(pointer, self.socket.as_os_str().as_bytes())
                .map_err(|source| PathsError::Io { path: pointer.clone(), source })?;
        }
        Ok(())
    }

    /// Looks whether state can be written, and makes nothing.
    ///
    /// # Errors
    /// [`PathsError`] naming the directory that cannot be written or has no room: the one for
    /// state, or the nearest above it that is there.
    pub fn check_room(&self) -> Result<(), PathsError> {
        let nearest = self.state.ancestors().find(|path| path.exists());
        let nearest = nearest.unwrap_or(Path::new("/"));
        let failed = |errno: rustix::io::Errno| PathsError::Io {
            path: nearest.to_owned(),
            source: errno.into(),
        };
        access(nearest, Access::WRITE_OK | Access::EXEC_OK).map_err(failed)?;
        let disk = statvfs(nearest).map_err(failed)?;
        if disk.f_bavail.saturating_mul(disk.f_frsize) < ROOM_MIN {
            return Err(failed(rustix::io::Errno::NOSPC));
        }
        Ok(())
    }

    /// The next thing to do about a place that cannot be used; empty where the error says it.
    #[must_use]
    pub fn advice(&self, error: &PathsError) -> &'static str {
        match error {
            PathsError::Io { path, .. } if self.state.starts_with(path) => STATE_ADVICE,
            PathsError::Io { path, .. } if path.starts_with(&self.state) => STATE_ADVICE,
            PathsError::Io { .. } => {
                "set XDG_RUNTIME_DIR, or ABIDE_SOCKET, to a place that can be written"
            }
            PathsError::TooLong(_) | PathsError::Unsafe { .. } => "",
        }
    }

    /// Takes the right to be the server here; none if another process has it. Needs
    /// [`Paths::prepare`].
    ///
    /// # Errors
    /// If the lock file cannot be opened.
    pub fn lock(&self) -> Result<Option<Lock>, PathsError> {
        let path = self.lock_path();
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fail =
            |error: rustix::io::Errno| PathsError::Io { path: path.clone(), source: error.into() };
        let fd = openat(rustix::fs::CWD, &path, flags, Mode::RUSR | Mode::WUSR).map_err(fail)?;
        match flock(&fd, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Lock(fd))),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(fail(error)),
        }
    }

    /// The same for who has had it: its lock, if that is still the one in this place, else a new
    /// one. None if another process has it by now.
    ///
    /// # Errors
    /// If the lock file cannot be opened.
    pub fn lock_again(&self, held: OwnedFd) -> Result<Option<Lock>, PathsError> {
        let present = identity(&self.lock_path());
        let ours = fstat(&held).ok().map(|stat| (stat.st_dev, stat.st_ino));
        if present.is_some() && present == ours { Ok(Some(Lock(held))) } else { self.lock() }
    }

    fn lock_path(&self) -> PathBuf {
        let mut path = self.socket.clone().into_os_string();
        path.push(".lock");
        PathBuf::from(path)
    }

    /// Listens on the socket, in place of a dead server's. Only with the lock.
    ///
    /// # Errors
    /// If it cannot be bound.
    pub fn listen(&self, _lock: &Lock) -> Result<UnixListener, PathsError> {
        // 0600 from creation; other threads must not create files meanwhile, so this comes before
        // there are any.
        let mask = rustix::process::umask(Mode::from_raw_mode(0o177));
        let listener = self.bind();
        rustix::process::umask(mask);
        listener.map_err(|source| PathsError::Io { path: self.socket.clone(), source })
    }

    /// The same while other threads run, which rules out a mask for a moment: until it is 0600, its
    /// folder keeps others out, or the look at each peer does.
    ///
    /// # Errors
    /// If it cannot be bound.
    pub fn listen_again(&self, _lock: &Lock) -> Result<UnixListener, PathsError> {
        let listener = self.bind().and_then(|listener| {
            fs::set_permissions(&self.socket, fs::Permissions::from_mode(0o600))?;
            Ok(listener)
        });
        listener.map_err(|source| PathsError::Io { path: self.socket.clone(), source })
    }

    /// Binds the socket, in place of whatever is there.
    fn bind(&self) -> io::Result<UnixListener> {
        match fs::remove_file(&self.socket) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => UnixListener::bind(&self.socket),
        }
    }

    /// Connects to the server.
    ///
    /// # Errors
    /// If nobody listens, or somebody else does.
    pub fn connect(&self) -> io::Result<UnixStream> {
        socket::connect(&self.socket)
    }
}

/// The file a path stands for, as device and inode (stat(2)); none if there is none. The path may
/// come to stand for another.
#[must_use]
pub fn identity(path: &Path) -> Option<(u64, u64)> {
    path.metadata().ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

fn fits(path: &Path) -> bool {
    path.as_os_str().len() <= SOCKET_PATH_LEN_MAX
}

/// FNV-1a: stable over versions and machines, which the standard library's is not.
fn hash(path: &Path) -> u64 {
    path.as_os_str().as_bytes().iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Makes a directory, 0700, and those above it; checks that it is ours alone and no symbolic link.
///
/// # Errors
/// [`PathsError`] naming the directory.
pub fn make_private(path: &Path) -> Result<(), PathsError> {
    // A disk that is frozen lets look, and holds up whoever tries to make even what is there.
    match check_private(path, Mode::RWXG | Mode::RWXO) {
        Err(PathsError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
        checked => return checked,
    }
    let parents = path
        .parent()
        .map_or(Ok(()), |parent| DirBuilder::new().recursive(true).mode(0o700).create(parent));
    let made = parents.and_then(|()| DirBuilder::new().mode(0o700).create(path));
    match made {
        Err(source) if source.kind() != io::ErrorKind::AlreadyExists => {
            Err(PathsError::Io { path: path.into(), source })
        }
        _ => check_private(path, Mode::RWXG | Mode::RWXO),
    }
}

/// Opens the directory once, without following a link at its end, and looks at what was opened: a
/// second look by the path could be led elsewhere.
fn check_private(path: &Path, forbidden: Mode) -> Result<(), PathsError> {
    let problem = |problem| PathsError::Unsafe { path: path.into(), problem };
    let fail =
        |error: rustix::io::Errno| PathsError::Io { path: path.into(), source: error.into() };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = match openat(rustix::fs::CWD, path, flags, Mode::empty()) {
        Ok(fd) => fd,
        Err(rustix::io::Errno::LOOP | rustix::io::Errno::NOTDIR) => {
            return Err(problem("is a symbolic link or no directory"));
        }
        Err(error) => return Err(fail(error)),
    };
    let stat = fstat(&fd).map_err(fail)?;
    if stat.st_uid != rustix::process::geteuid().as_raw() {
        return Err(problem("belongs to another user"));
    }
    if Mode::from_raw_mode(stat.st_mode).intersects(forbidden) {
        return Err(problem("is open to other users"));
    }
    Ok(())
}

/// True if a path, or the nearest parent that exists, is on a file system where locks and sockets
/// do not mean what they say.
fn is_on_network(path: &Path) -> bool {
    // NFS, SMB, CIFS, SMB2, AFS, 9P, Ceph (statfs(2)).
    const NETWORK: [u64; 7] =
        [0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42, 0x5346_414f, 0x0102_1997, 0x00c3_6400];
    let kind =
        path.ancestors().find_map(|path| rustix::fs::statfs(path).ok()).map(|statfs| statfs.f_type);
    // The type is a signed 32-bit word on some machines, so a negative one is extended.
    #[expect(clippy::cast_sign_loss, reason = "only the lower 32 bits are compared")]
    kind.is_some_and(|kind| NETWORK.contains(&(kind as u64 & 0xffff_ffff)))
}

/// The file whose being there says that the card of the first run was seen.
fn seen_card(paths: &Paths) -> PathBuf {
    paths.state().join("welcomed")
}

/// True if the user of these places sees abide for the first time.
#[must_use]
pub fn is_first_run(paths: &Paths) -> bool {
    !seen_card(paths).exists()
}

/// From now on it is not the first time any more. Where that cannot be noted, the card comes again.
pub fn forget_first_run() {
    if let Ok(paths) = Paths::current() {
        plain_file::append(&seen_card(&paths)).ok();
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn env(home: &Path) -> PathsEnv {
        PathsEnv { home: Some(home.into()), ..PathsEnv::default() }
    }

    #[test]
    fn the_usual_places_are_private_and_lockable_once() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::find(&env(home.path())).unwrap();
        paths.prepare().unwrap();
        assert_eq!(paths.socket(), home.path().join(".local/state/abide/run/socket"));
        let lock = paths.lock().unwrap().unwrap();
        assert!(paths.lock().unwrap().is_none());
        let listener = paths.listen(&lock).unwrap();
        let mode = fs::metadata(paths.socket()).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
        paths.connect().unwrap();
        drop(listener);
        drop(paths.listen(&lock).unwrap());
        drop(lock);
        assert!(paths.lock().unwrap().is_some());
    }

    #[test]
    fn directories_of_others_are_refused() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::find(&env(home.path())).unwrap();
        paths.prepare().unwrap();
        let run = home.path().join(".local/state/abide/run");
        fs::set_permissions(&run, fs::Permissions::from_mode(0o750)).unwrap();
        assert!(matches!(paths.prepare(), Err(PathsError::Unsafe { .. })));
        fs::remove_dir(&run).unwrap();
        symlink(home.path(), &run).unwrap();
        assert!(matches!(paths.prepare(), Err(PathsError::Unsafe { .. })));
    }

    #[test]
    fn a_long_path_gets_a_short_place_and_a_pointer_to_it() {
        let root = tempfile::tempdir().unwrap();
        let home = root.path().join("x".repeat(120));
        assert!(matches!(Paths::find(&env(&home)), Err(PathsError::TooLong(_))));
        let runtime_dir = Some(root.path().to_path_buf());
        let paths = Paths::find(&PathsEnv { runtime_dir, ..env(&home) }).unwrap();
        assert!(paths.socket().starts_with(root.path()) && fits(paths.socket()));
        paths.prepare().unwrap();
        let without_runtime_dir = Paths::find(&env(&home)).unwrap();
        assert_eq!(without_runtime_dir.socket(), paths.socket());
    }

    #[test]
    fn a_server_of_its_own_socket_shares_nothing() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| {
            Paths::find(&PathsEnv { socket: Some(root.path().join(name)), ..env(root.path()) })
                .unwrap()
        };
        let (a, b) = (at("a.sock"), at("b.sock"));
        a.prepare().unwrap();
        b.prepare().unwrap();
        let _lock = a.lock().unwrap().unwrap();
        assert!(b.lock().unwrap().is_some());
        assert_ne!(a.state(), b.state());
        assert!(a.state().starts_with(root.path().join(".local/state/abide")));
    }
}
