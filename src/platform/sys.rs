//! The few system calls that have no safe form elsewhere, each behind a safe function.
#![allow(
    unsafe_code,
    reason = "one of the three files that may: fork between setsid and exec, signalfd, passwd, \
        the pidfd ioctl"
)]

use std::ffi::{CStr, CString, OsString};
use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use rustix::process::{Resource, Rlimit, setrlimit};

use crate::base::error::ignore_failure;

/// Makes `command` start a process that is nobody's child and leads a session of its own: setsid
/// and a second fork, before the one exec.
pub(super) fn detach(command: &mut Command) {
    let in_child = || {
        // SAFETY: setsid, fork and _exit are async-signal-safe enough here: the forked child has
        // one thread and touches no heap.
        unsafe {
            if libc::setsid() < 0 {
                return Err(io::Error::last_os_error());
            }
            match libc::fork() {
                0 => Ok(()),
                -1 => Err(io::Error::last_os_error()),
                _ => libc::_exit(0),
            }
        }
    };
    // SAFETY: the closure runs between fork and exec and does only what is allowed there, see
    // above.
    unsafe { command.pre_exec(in_child) };
}

/// Makes `command` start a process with no signal blocked: the standard library passes our mask on.
pub fn clear_signal_mask(command: &mut Command) {
    let in_child = || {
        let mut empty = MaybeUninit::uninit();
        // SAFETY: sigemptyset initialises the set; both calls are async-signal-safe.
        let status = unsafe {
            libc::sigemptyset(empty.as_mut_ptr());
            libc::sigprocmask(libc::SIG_SETMASK, empty.as_ptr(), std::ptr::null_mut())
        };
        if status == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    };
    // SAFETY: the closure runs between fork and exec and does only what is allowed there, see
    // above.
    unsafe { command.pre_exec(in_child) };
}

/// Makes `command` start a process with these limits (setrlimit(2)).
pub(super) fn limit<const N: usize>(command: &mut Command, limits: [(Resource, Rlimit); N]) {
    let in_child = move || {
        for (resource, limit) in limits {
            ignore_failure(setrlimit(resource, limit), "a limit that stays as it was is safe");
        }
        Ok(())
    };
    // SAFETY: setrlimit is one system call, which is async-signal-safe and allocates nothing.
    unsafe { command.pre_exec(in_child) };
}

/// Makes `command` start a process that leads a session of its own (setsid(2)).
pub(super) fn lead_session(command: &mut Command) {
    // SAFETY: setsid is async-signal-safe and allocates nothing.
    unsafe { command.pre_exec(|| rustix::process::setsid().map(drop).map_err(io::Error::from)) };
}

/// Makes `command` start a process that leads a session of its own, whose terminal is its standard
/// input (setsid(2), `TIOCSCTTY`).
pub fn lead_terminal(command: &mut Command) {
    let in_child = || {
        rustix::process::setsid()?;
        Ok(rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?)
    };
    // SAFETY: the closure runs between fork and exec; both calls are async-signal-safe and allocate
    // nothing.
    unsafe { command.pre_exec(in_child) };
}

/// Runs `in_child` in a forked child that is born in the cgroup behind `cgroup`, waits for its end
/// and gives what it told. Moving it there later would stop this process for some ten milliseconds.
/// (clone3(2) with `CLONE_INTO_CGROUP`, Linux 5.7.) For the single-threaded keeper alone. Empty if
/// the child ended without a word.
///
/// # Errors
/// As pipe2(2) and clone3(2), `ENOENT` and `ENODEV` among them if the cgroup was removed: then
/// nothing ran.
pub fn told_by_child_in(
    cgroup: BorrowedFd<'_>,
    in_child: impl FnOnce() -> String,
) -> io::Result<String> {
    let (mut answer, mut answering) = io::pipe()?;
    let child = fork_into(cgroup, || {
        let told = answering.write_all(in_child().as_bytes());
        ignore_failure(told, "a parent that is gone reads nothing");
    })?;
    drop(answering);
    let mut text = String::new();
    let read = answer.read_to_string(&mut text);
    ignore_failure(read, "an answer that cannot be read was not told");
    // SAFETY: a plain call; the child is ours and nobody else waits for it.
    unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) };
    Ok(text)
}

/// Forks a child that is born in the cgroup behind `cgroup`, and runs `in_child` in it; gives its
/// process id. It ends with its parent (`PR_SET_PDEATHSIG` in prctl(2)). For the single-threaded
/// keeper alone.
///
/// # Errors
/// As clone3(2).
pub(super) fn fork_into(cgroup: BorrowedFd<'_>, in_child: impl FnOnce()) -> io::Result<i32> {
    const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;
    // struct clone_args: flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls,
    // set_tid, set_tid_size, cgroup.
    let mut args = [0u64; 11];
    args[0] = CLONE_INTO_CGROUP;
    args[4] = u64::try_from(libc::SIGCHLD).unwrap_or(0);
    args[10] = u64::try_from(cgroup.as_raw_fd()).unwrap_or(0);
    let parent = rustix::process::getpid();
    // SAFETY: like fork: without CLONE_VM the child has a copy of everything, and with one thread
    // no lock is held in it by another.
    let pid = unsafe { libc::syscall(libc::SYS_clone3, args.as_mut_ptr(), size_of_val(&args)) };
    match pid {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            // The child holds whatever its parent holds: if it lived on, nobody would see that the
            // parent is gone.
            let is_bound = rustix::process::set_parent_process_death_signal(Some(
                rustix::process::Signal::KILL,
            ))
            .is_ok();
            if is_bound && rustix::process::getppid() == Some(parent) {
                in_child();
            }
            // SAFETY: ends the child without running what the parent has registered for its own
            // end.
            unsafe { libc::_exit(0) }
        }
        pid => i32::try_from(pid).map_err(io::Error::other),
    }
}

/// The amount of processor time a process has taken, in nanoseconds, user and system together; none
/// if there is no such process.
pub(super) fn cpu_time(pid: i32) -> Option<u64> {
    // As clock_getcpuclockid(3) does, which asks the kernel once more whether the process is
    // there.
    let clock = (!pid << 3) | 2;
    let mut time = MaybeUninit::<libc::timespec>::uninit();
    // SAFETY: the kernel fills the struct, or says that it did not.
    let status = unsafe { libc::clock_gettime(clock, time.as_mut_ptr()) };
    // SAFETY: as above.
    let time = (status == 0).then(|| unsafe { time.assume_init() })?;
    Some(u64::try_from(time.tv_sec).ok()? * 1_000_000_000 + u64::try_from(time.tv_nsec).ok()?)
}

/// Does nothing until a signal ends this process.
pub(super) fn pause_for_ever() -> ! {
    loop {
        // SAFETY: pause only waits.
        unsafe { libc::pause() };
    }
}

/// Closes every fd from `first` on that was inherited. To be called before anything is opened.
pub fn close_fds_from(first: RawFd) {
    // SAFETY: nothing in this process owns one of these fds yet; a kernel without the call (before
    // 5.9) answers ENOSYS.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, first, RawFd::MAX, 0) == 0 };
    if !closed {
        // SAFETY: as above; closing an fd that is not open is an error without effect.
        (first..1024).for_each(|fd| unsafe {
            libc::close(fd);
        });
    }
}

/// Becomes another program, in this process (execve(2)): process id, children, signal mask and the
/// fds `kept` stay. Returns only if it cannot; then nothing has changed.
pub fn become_program(program: &Path, args: &[&str], kept: &[RawFd]) -> io::Error {
    let words = std::iter::once(program.as_os_str().as_bytes())
        .chain(args.iter().map(|arg| arg.as_bytes()));
    let Ok(words) = words.map(CString::new).collect::<Result<Vec<_>, _>>() else {
        return io::ErrorKind::InvalidInput.into();
    };
    let pointers: Vec<*const libc::c_char> =
        words.iter().map(|word| word.as_ptr()).chain([std::ptr::null()]).collect();
    // SAFETY: F_SETFD reads no memory; of a number that is not open it is an error without effect.
    let on_exec = |flags: libc::c_int| {
        kept.iter().all(|fd| unsafe { libc::fcntl(*fd, libc::F_SETFD, flags) } >= 0)
    };
    if !on_exec(0) {
        return io::Error::last_os_error();
    }
    // SAFETY: the array and the texts it points to live until the call returns, and the array ends
    // with a null pointer.
    unsafe { libc::execv(words[0].as_ptr(), pointers.as_ptr()) };
    let error = io::Error::last_os_error();
    on_exec(libc::FD_CLOEXEC);
    error
}

/// Takes an fd over that this process had before it became this program; it is closed on exec from
/// now on.
///
/// # Errors
/// If it is not open. To be called once for each, before anything else is opened.
pub fn inherited_fd(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: F_SETFD reads no memory; it fails for a number that is not open.
    if number < 3 || unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) } < 0 {
        return Err(io::Error::other(format!("fd {number} was not inherited")));
    }
    // SAFETY: it is open, and nothing in this process owns it yet.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Lets every signal in, whatever the launcher has blocked: the mask is inherited over exec
/// (sigprocmask(2)).
pub(super) fn unblock_signals() {
    let mut set = MaybeUninit::uninit();
    // SAFETY: sigemptyset initialises the set, the other call only reads it.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, set.as_ptr(), std::ptr::null_mut());
    }
}

/// Gives every signal its default effect, whatever the launcher had set.
pub fn restore_default_signals() {
    for signal in 1..=64 {
        // The C library refuses to touch the two signals it keeps for itself, but an ignored one is
        // inherited all the same.
        // SAFETY: a struct sigaction of 0s, at most 32 bytes long, is SIG_DFL with no flags; KILL
        // and STOP answer EINVAL without effect.
        unsafe {
            libc::syscall(
                libc::SYS_rt_sigaction,
                signal,
                [0u64; 4].as_ptr(),
                std::ptr::null::<u64>(),
                size_of::<u64>(),
            );
        }
    }
}

/// Signals that are read from an fd instead of interrupting (signalfd(2)). They are blocked in this
/// process; whoever spawns clears the mask.
#[derive(Debug)]
pub struct SignalFd(OwnedFd);

impl SignalFd {
    /// Blocks all catchable signals but the faults, and takes them on an fd: what nobody acts on
    /// has no effect, and no program inherits it.
    ///
    /// # Errors
    /// If there is no fd left.
    pub fn new() -> io::Result<Self> {
        let mut set = MaybeUninit::uninit();
        // SAFETY: sigfillset initialises the set, the other calls only read it; the fd that
        // signalfd gives is new and ours.
        unsafe {
            libc::sigfillset(set.as_mut_ptr());
            for fault in [
                libc::SIGSEGV,
                libc::SIGBUS,
                libc::SIGILL,
                libc::SIGFPE,
                libc::SIGABRT,
                libc::SIGTRAP,
                libc::SIGSYS,
            ] {
                libc::sigdelset(set.as_mut_ptr(), fault);
            }
            if libc::sigprocmask(libc::SIG_SETMASK, set.as_ptr(), std::ptr::null_mut()) != 0 {
                return Err(io::Error::last_os_error());
            }
            let fd = libc::signalfd(-1, set.as_ptr(), libc::SFD_CLOEXEC | libc::SFD_NONBLOCK);
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            Ok(Self(OwnedFd::from_raw_fd(fd)))
        }
    }

    /// The next signal that came, if any.
    #[must_use]
    pub fn next(&self) -> Option<i32> {
        let mut info = [0; size_of::<libc::signalfd_siginfo>()];
        let len = rustix::io::read(&self.0, &mut info).ok()?;
        // `ssi_signo` is the first field.
        (len == info.len()).then(|| i32::from_ne_bytes([info[0], info[1], info[2], info[3]]))
    }
}

impl AsFd for SignalFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The user's fields of passwd(5).
pub(super) struct Passwd {
    pub(super) name: OsString,
    pub(super) home: OsString,
    pub(super) shell: OsString,
}

/// The passwd entry of a user, if there is one.
pub(super) fn passwd(uid: u32) -> Option<Passwd> {
    let mut entry = MaybeUninit::<libc::passwd>::uninit();
    let mut buffer = vec![0; 16 * 1024];
    let mut found = std::ptr::null_mut();
    // SAFETY: the buffer and its length belong together, and both outlive the strings that are
    // copied out below.
    let status = unsafe {
        libc::getpwuid_r(uid, entry.as_mut_ptr(), buffer.as_mut_ptr(), buffer.len(), &raw mut found)
    };
    if status != 0 || found.is_null() {
        return None;
    }
    // SAFETY: found points to the entry that getpwuid_r filled, with strings in the buffer that end
    // in NUL.
    let text = |field: *const libc::c_char| {
        OsString::from_vec(unsafe { CStr::from_ptr(field) }.to_bytes().to_vec())
    };
    // SAFETY: as above.
    let entry = unsafe { &*found };
    Some(Passwd {
        name: text(entry.pw_name),
        home: text(entry.pw_dir),
        shell: text(entry.pw_shell),
    })
}

/// The first 64 bytes of `struct pidfd_info` (linux/pidfd.h).
#[repr(C)]
#[derive(Default)]
struct PidfdInfo {
    mask: u64,
    cgroup_id: u64,
    ids: [u32; 11],
    exit_code: i32,
}

/// The wait status of an ended and reaped process, if the kernel still knows it (`PIDFD_GET_INFO`,
/// Linux 6.15).
pub(super) fn pidfd_wait_status(pidfd: BorrowedFd<'_>) -> Option<i32> {
    const PIDFD_INFO_EXIT: u64 = 1 << 3;
    // _IOWR(0xFF, 11, struct pidfd_info of 64 bytes)
    const PIDFD_GET_INFO: libc::Ioctl = (3 << 30) | (64 << 16) | (0xff << 8) | 0x0b;
    let mut info = PidfdInfo { mask: PIDFD_INFO_EXIT, ..PidfdInfo::default() };
    // SAFETY: the kernel writes at most the 64 bytes that the request number announces.
    let status = unsafe { libc::ioctl(pidfd.as_raw_fd(), PIDFD_GET_INFO, &raw mut info) };
    (status == 0 && info.mask & PIDFD_INFO_EXIT != 0).then_some(info.exit_code)
}
