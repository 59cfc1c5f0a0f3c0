//! Paste buffers: texts that were copied, newest first, bounded in number and size. They belong to
//! the server, not to a session.

use crate::base::error::{Code, Refusal};
use crate::state::target::check_label;

/// The most buffers; the oldest goes first.
pub const BUFFERS_MAX: usize = 50;
/// The largest buffer, in bytes.
pub const BUFFER_BYTES_MAX: usize = 4 << 20;
/// The most that all buffers take together, in bytes; the oldest goes first.
pub const ALL_BYTES_MAX: usize = 16 << 20;

/// A text that was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buffer {
    /// The buffer's name: given, or `buffer` and a number.
    pub name: String,
    /// The text.
    pub text: String,
    /// The time when it was made or changed, in milliseconds since 1970.
    pub changed_wall: u64,
}

/// All buffers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Buffers {
    /// The newest first.
    list: Vec<Buffer>,
    /// The number of the next one that is given no name.
    next: u64,
    /// Grows with every change.
    version: u64,
}

impl Buffers {
    /// Those that were kept, the newest first, and the number of the next one.
    #[must_use]
    pub fn kept(list: Vec<Buffer>, next: u64) -> Self {
        Self { list, next, version: 0 }
    }

    /// All of them, the newest first.
    #[must_use]
    pub fn list(&self) -> &[Buffer] {
        &self.list
    }

    /// The number of the next one that is given no name.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Grows with every change.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// A buffer by its name; without one the newest.
    ///
    /// # Errors
    /// `not_found`.
    pub fn get(&self, name: Option<&str>) -> Result<&Buffer, Refusal> {
        self.position(name).map(|at| &self.list[at])
    }

    fn position(&self, name: Option<&str>) -> Result<usize, Refusal> {
        let none = || {
            Refusal::new(Code::NotFound, "there are no buffers")
                .hint("what is copied is put into one; abide buffer set TEXT")
        };
        let Some(name) = name else {
            return if self.list.is_empty() { Err(none()) } else { Ok(0) };
        };
        let found = self.list.iter().position(|buffer| buffer.name == name);
        found.ok_or_else(|| {
            Refusal::new(Code::NotFound, format!("no buffer {name:?}")).hint("abide buffer ls")
        })
    }

    /// Puts text into a buffer: the named one, else a new one. It is the newest then; gives its
    /// name.
    ///
    /// # Errors
    /// `limit_reached` if the text is too long, `invalid_params` for a name that cannot be.
    pub fn set(&mut self, name: Option<&str>, text: String, wall: u64) -> Result<String, Refusal> {
        check_size(text.len())?;
        name.map_or(Ok(()), check_label)?;
        let name = name.map_or_else(|| self.new_name(), str::to_owned);
        self.list.retain(|buffer| buffer.name != name);
        self.put(Buffer { name: name.clone(), text, changed_wall: wall });
        Ok(name)
    }

    /// Puts text after that of a buffer: the named one, else the newest, else a new one. It is the
    /// newest then; gives its name.
    ///
    /// # Errors
    /// `limit_reached` if the text gets too long, `not_found`.
    pub fn append(&mut self, name: Option<&str>, text: &str, wall: u64) -> Result<String, Refusal> {
        if self.list.is_empty() && name.is_none() {
            return self.set(None, text.to_owned(), wall);
        }
        let at = self.position(name)?;
        check_size(self.list[at].text.len() + text.len())?;
        let mut buffer = self.list.remove(at);
        buffer.text.push_str(text);
        buffer.changed_wall = wall;
        let name = buffer.name.clone();
        self.put(buffer);
        Ok(name)
    }

    /// Deletes a buffer: the named one, else the newest. Gives its name.
    ///
    /// # Errors
    /// `not_found`.
    pub fn delete(&mut self, name: Option<&str>) -> Result<String, Refusal> {
        let at = self.position(name)?;
        self.version += 1;
        Ok(self.list.remove(at).name)
    }

    fn new_name(&mut self) -> String {
        loop {
            let name = format!("buffer{}", self.next);
            self.next += 1;
            if self.list.iter().all(|buffer| buffer.name != name) {
                return name;
            }
        }
    }

    fn put(&mut self, buffer: Buffer) {
        self.list.insert(0, buffer);
        self.version += 1;
        let mut bytes: usize = self.list.iter().map(|buffer| buffer.text.len()).sum();
        while BUFFERS_MAX < self.list.len() || ALL_BYTES_MAX < bytes {
            let Some(oldest) = self.list.pop() else { return };
            bytes -= oldest.text.len();
        }
    }
}

fn check_size(bytes: usize) -> Result<(), Refusal> {
    if bytes <= BUFFER_BYTES_MAX {
        return Ok(());
    }
    let refusal = Refusal::new(
        Code::LimitReached,
        format!("a buffer holds {BUFFER_BYTES_MAX} bytes; this would be {bytes}"),
    );
    Err(refusal.hint("write it to a file instead"))
}

#[cfg(test)]
mod tests {
    use super::{ALL_BYTES_MAX, BUFFER_BYTES_MAX, BUFFERS_MAX, Buffers};
    use crate::base::error::Code;

    fn names(buffers: &Buffers) -> Vec<&str> {
        buffers.list().iter().map(|buffer| buffer.name.as_str()).collect()
    }

    #[test]
    fn the_newest_is_first_and_names_are_as_in_tmux() {
        let mut buffers = Buffers::default();
        assert_eq!(buffers.get(None).map_err(|refusal| refusal.code), Err(Code::NotFound));
        for text in ["a", "b"] {
            buffers.set(None, text.into(), 1).expect("it fits");
        }
        buffers.set(Some("mine"), "c".into(), 2).expect("it fits");
        assert_eq!(names(&buffers), ["mine", "buffer1", "buffer0"]);
        buffers.append(Some("buffer0"), "+", 3).expect("it fits");
        assert_eq!((buffers.get(None).map(|buffer| buffer.text.as_str())), Ok("a+"));
        buffers.append(None, "+", 3).expect("it fits");
        assert_eq!(buffers.delete(None).as_deref(), Ok("buffer0"));
        assert_eq!(
            buffers.get(Some("x")).map_err(|refusal| refusal.message),
            Err("no buffer \"x\"".into())
        );
        assert_eq!(buffers.set(None, "d".into(), 4).as_deref(), Ok("buffer2"));
        assert_eq!(
            buffers.append(Some("new"), "", 4).map_err(|refusal| refusal.code),
            Err(Code::NotFound)
        );
    }

    #[test]
    fn number_and_size_are_bounded() {
        let mut buffers = Buffers::default();
        (0..BUFFERS_MAX + 5).for_each(|_| drop(buffers.set(None, "x".into(), 0)));
        assert_eq!(
            (buffers.list().len(), buffers.list()[BUFFERS_MAX - 1].name.as_str()),
            (BUFFERS_MAX, "buffer5")
        );
        let large = "x".repeat(BUFFER_BYTES_MAX);
        (0..20).for_each(|_| drop(buffers.set(None, large.clone(), 0)));
        assert!(
            buffers.list().iter().map(|buffer| buffer.text.len()).sum::<usize>() <= ALL_BYTES_MAX
        );
        assert_eq!(
            buffers.append(None, "x", 0).map_err(|refusal| refusal.code),
            Err(Code::LimitReached)
        );
        assert_eq!(
            buffers.set(None, large + "x", 0).map_err(|refusal| refusal.code),
            Err(Code::LimitReached)
        );
    }
}
