//! Standard error of keeper and server: a memfd of fixed length, so that a panic can be told on a
//! disk that is full or hangs. Whoever writes the log moves it there.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use rustix::fs::fcntl_get_seals;

use super::memory::SharedMemory;
use super::plain_file;
use crate::base::error::ignore_failure;

/// The room, in bytes; what does not fit is not kept.
const ROOM: usize = 64 << 10;

/// A new standard error for keeper and servers; all that inherit it have one place in it.
///
/// # Errors
/// If there is no fd or no memory left.
pub fn new() -> io::Result<OwnedFd> {
    SharedMemory::fixed("abide-last-words", ROOM)?.try_clone_fd()
}

/// Says a line on standard error. It may be something else than this memory.
pub fn say(line: &str) {
    let said = rustix::io::write(rustix::stdio::stderr(), format!("{line}\n").as_bytes());
    ignore_failure(said, "where even that takes nothing, nobody can be told");
}

/// Everything that was said; empty where standard error is something else.
#[must_use]
pub fn read(fd: impl AsFd) -> Vec<u8> {
    said(fd).map(|(bytes, _)| bytes).unwrap_or_default()
}

/// Forgets everything that was said.
pub fn forget(fd: impl AsFd) {
    let forgotten = said(fd).and_then(|(_, mut file)| file.seek(SeekFrom::Start(0)));
    ignore_failure(forgotten, "another standard error keeps what was said");
}

fn said(fd: impl AsFd) -> io::Result<(Vec<u8>, File)> {
    let fd = fd.as_fd().try_clone_to_owned()?;
    // Only memfds have seals.
    fcntl_get_seals(&fd)?;
    let mut file = File::from(fd);
    let len = usize::try_from(file.stream_position()?).unwrap_or(0).min(ROOM);
    let mut bytes = vec![0; len];
    file.read_exact_at(&mut bytes, 0)?;
    Ok((bytes, file))
}

/// Writes everything that was said into the log. For a process that ends: it waits for the disk.
///
/// # Errors
/// If the log cannot be written.
pub fn save(log: &Path) -> io::Result<()> {
    let words = read(rustix::stdio::stderr());
    if words.is_empty() { Ok(()) } else { plain_file::append(log)?.write_all(&words) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_stays_until_it_is_forgotten_and_what_is_too_much_is_refused() {
        let fd = new().expect("there is memory");
        let mut file = File::from(fd.try_clone().expect("an fd is left"));
        file.write_all(b"one\ntwo\n").expect("there is room");
        assert_eq!(read(&fd), b"one\ntwo\n");
        assert_eq!(read(&fd), b"one\ntwo\n");
        forget(&fd);
        assert_eq!(read(&fd), b"");
        file.write_all(&vec![b'x'; ROOM]).expect("there is room");
        assert!(file.write_all(b"y").is_err());
        assert_eq!(read(&fd).len(), ROOM);
        forget(&fd);
        file.write_all(b"more").expect("there is room again");
        assert_eq!(read(&fd), b"more");
    }

    #[test]
    fn another_standard_error_is_left_alone() {
        let mut file = tempfile::tempfile().expect("there is room");
        file.write_all(b"text").expect("there is room");
        forget(&file);
        assert_eq!(read(&file), b"");
        assert_eq!(file.stream_position().expect("it is a file"), 4);
    }
}
