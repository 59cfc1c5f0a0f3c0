//! Files of our own, opened so that nothing in their place can hold a reader or writer up: a FIFO,
//! a device, a socket or a folder there is an error at once. What they hold is not known here.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags, fstat, openat};

/// The flags of every open(2) here: a FIFO or a device is not waited for, and becomes nobody's
/// terminal.
const ALWAYS: OFlags = OFlags::NONBLOCK.union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// The whole of a file. A link in its place is refused.
///
/// # Errors
/// `InvalidInput` if it is no file, `FileTooLarge` if it has more than `bytes_max`; else as open(2)
/// and read(2).
pub fn read(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    take(open(path, OFlags::RDONLY | OFlags::NOFOLLOW)?, bytes_max)
}

/// The same for a file of the user's, which may be behind links.
///
/// # Errors
/// As [`read`].
pub fn read_linked(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    take(open(path, OFlags::RDONLY)?, bytes_max)
}

/// True if something else than a file is there.
#[must_use]
pub fn is_taken(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.is_file())
}

/// A file to write at its end, made if there is none.
///
/// # Errors
/// `InvalidInput` if it is no file; else as open(2).
pub fn append(path: &Path) -> io::Result<File> {
    open(path, OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::NOFOLLOW)
}

/// A new file.
///
/// # Errors
/// As open(2), `AlreadyExists` among them.
pub fn create(path: &Path) -> io::Result<File> {
    open(path, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW)
}

/// Puts a small file in its place as a whole or not at all; one that has these bytes stays.
///
/// # Errors
/// As open(2), write(2) and rename(2); nothing is left behind.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if read(path, bytes.len() as u64).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let fresh = path.with_file_name(name);
    // A process that was killed may have left it.
    clear(&fresh)?;
    let written = create(&fresh).and_then(|mut file| file.write_all(bytes));
    written.and_then(|()| fs::rename(&fresh, path)).or_else(|error| {
        clear(&fresh)?;
        Err(error)
    })
}

/// Removes a file; none is as good.
fn clear(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn open(path: &Path, flags: OFlags) -> io::Result<File> {
    // A new file is this user's alone, whatever the umask is.
    let private = Mode::RUSR | Mode::WUSR;
    let opened = openat(rustix::fs::CWD, path, flags | ALWAYS, private);
    let fd: OwnedFd = opened.map_err(|errno| match errno {
        // A socket, or a FIFO that nobody reads.
        rustix::io::Errno::NXIO => no_file(),
        errno => errno.into(),
    })?;
    // By the opened one: what the path stands for may change in between.
    match FileType::from_raw_mode(fstat(&fd)?.st_mode) {
        FileType::RegularFile => Ok(File::from(fd)),
        _ => Err(no_file()),
    }
}

fn no_file() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "something else than a file is in its place")
}

fn take(file: File, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes_max < bytes.len() as u64 {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::os::unix::net::UnixListener;

    use rustix::fs::mknodat;

    use super::*;

    #[test]
    fn what_is_no_file_is_refused_at_once_by_reader_and_writer() {
        let folder = tempfile::tempdir().expect("there is room");
        let at = |name: &str| folder.path().join(name);
        mknodat(rustix::fs::CWD, at("fifo"), FileType::Fifo, Mode::RUSR, 0).expect("made");
        // With a reader the FIFO could be opened to write, and would hold the writer when full.
        let _reader = rustix::fs::open(at("fifo"), OFlags::RDWR, Mode::empty()).expect("opened");
        let _socket = UnixListener::bind(at("socket")).expect("bound");
        fs::create_dir(at("folder")).expect("made");
        symlink("/dev/zero", at("device")).expect("made");
        fs::write(at("real"), "text").expect("written");
        symlink(at("real"), at("link")).expect("made");
        for name in ["fifo", "socket", "folder", "device", "link"] {
            assert!(read(&at(name), 9).is_err(), "{name} is read");
            assert!(append(&at(name)).is_err(), "{name} is written");
            assert!(create(&at(name)).is_err(), "{name} is made");
        }
        assert!(read_linked(&at("device"), 9).is_err());
        assert_eq!(read_linked(&at("link"), 9).expect("a link to a file"), b"text");
        assert_eq!(
            read(&at("real"), 3).expect_err("it is longer").kind(),
            io::ErrorKind::FileTooLarge
        );
    }

    #[test]
    fn a_file_is_replaced_as_a_whole_and_for_its_user_alone() {
        let folder = tempfile::tempdir().expect("there is room");
        let path = folder.path().join("file");
        fs::write(folder.path().join("file.new"), "left by a process that was killed")
            .expect("written");
        for text in ["one", "two", "two"] {
            replace(&path, text.as_bytes()).expect("there is room");
            assert_eq!(fs::read_to_string(&path).expect("it is there"), text);
        }
        let mode = fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!folder.path().join("file.new").exists());
        fs::create_dir(folder.path().join("folder")).expect("made");
        assert!(replace(&folder.path().join("folder"), b"text").is_err());
        assert!(!folder.path().join("folder.new").exists());
    }
}
