//! The file a program's name stands for. Nothing is executed.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use rustix::io::Errno;

/// The program of whoever opens or executes this, also after it was removed.
pub const RUNNING: &str = "/proc/self/exe";

/// A name that stands for no file that can be executed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot start {name}: {}", if *errno == Errno::ACCESS { "it cannot be \
    executed" } else { "there is no such program" })]
pub struct NoExecutable {
    /// The name.
    pub name: String,
    /// The error execvp(3) would give: `NOENT` or `ACCESS`.
    pub errno: Errno,
}

/// The program this process is of, to be started again: what is in its place by now, or, where that
/// is gone, the very file that runs (`proc_pid_exe(5)`).
#[must_use]
pub fn own_program() -> PathBuf {
    let path = std::env::current_exe().unwrap_or_default();
    let name = path.as_os_str().as_bytes();
    // So the kernel says that the file was removed or replaced.
    let place = PathBuf::from(OsStr::from_bytes(name.strip_suffix(b" (deleted)").unwrap_or(name)));
    if place.is_file() { place } else { PathBuf::from(RUNNING) }
}

/// The file that execvp(3) would take for `name`, with `path` as `PATH`, in the directory `cwd`.
///
/// # Errors
/// [`NoExecutable`] if there is none.
pub fn which(name: &OsStr, path: &OsStr, cwd: &Path) -> Result<PathBuf, NoExecutable> {
    let mut errno = Errno::NOENT;
    let mut usable = |file: PathBuf| {
        if file.is_dir() {
            errno = Errno::ACCESS;
            return None;
        }
        match access(&file, Access::EXEC_OK) {
            Ok(()) => return Some(file),
            Err(Errno::NOENT | Errno::NOTDIR) => {}
            Err(_) => errno = Errno::ACCESS,
        }
        None
    };
    let found = if name.is_empty() {
        None
    } else if name.as_bytes().contains(&b'/') {
        usable(cwd.join(name))
    } else {
        std::env::split_paths(path).find_map(|directory| usable(cwd.join(directory).join(name)))
    };
    found.ok_or_else(|| NoExecutable { name: format!("{:?}", name.to_string_lossy()), errno })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::path::Path;

    use rustix::io::Errno;

    use super::which;

    #[test]
    fn a_name_is_looked_up_as_a_shell_would() {
        let find =
            |name: &str| which(OsStr::new(name), OsStr::new("/nowhere:/bin"), Path::new("/"));
        assert_eq!(find("sh"), Ok("/bin/sh".into()));
        assert_eq!(find("bin/sh"), Ok("/bin/sh".into()));
        assert_eq!(
            find("no-such-program").map_err(|error| error.to_string()),
            Err("cannot start \"no-such-program\": there is no such program".into())
        );
        assert_eq!(find("/bin").map_err(|error| error.errno), Err(Errno::ACCESS));
        assert_eq!(find("").map_err(|error| error.errno), Err(Errno::NOENT));
    }
}
