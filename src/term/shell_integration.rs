//! The state that a shell reports: its directory, and its prompt. The sequences are
//! read elsewhere.

use crate::base::text::sanitize;
use crate::term::event::MarkKind;

/// Bytes of a path.
pub(crate) const PATH_BYTES_MAX: usize = 4096;

/// The last report of the shell. A directory of another host is no place here: it is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ShellIntegration {
    pub(crate) cwd: String,
    /// The shell is waiting for a command line: A or B came, and no C since.
    pub(crate) at_prompt: bool,
    /// The shell draws its prompt again after a change of size (kitty's `redraw`).
    pub(crate) redraws: bool,
}

/// The outcome of telling a working directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CwdChange {
    Changed,
    Same,
    /// The path is not absolute, too long, or has control characters.
    Refused,
}

impl ShellIntegration {
    /// A mark came.
    pub(crate) fn note(&mut self, mark: &ShellMark) {
        match mark.kind {
            MarkKind::Prompt => {
                self.at_prompt = true;
                self.redraws = mark.redraws;
            }
            MarkKind::Output | MarkKind::Done => self.at_prompt = false,
            MarkKind::Input | MarkKind::Unfinished => {}
        }
    }

    /// Takes a working directory, if it can be one.
    pub(crate) fn set_cwd(&mut self, path: &str) -> CwdChange {
        if !path.starts_with('/') || path.len() > PATH_BYTES_MAX || path.contains(char::is_control)
        {
            return CwdChange::Refused;
        }
        if self.cwd == path {
            return CwdChange::Same;
        }
        path.clone_into(&mut self.cwd);
        CwdChange::Changed
    }

    /// Forgets the working directory, because the shell is on another host now. Gives whether there
    /// was one.
    pub(crate) fn leave_host(&mut self) -> bool {
        !std::mem::take(&mut self.cwd).is_empty()
    }

    pub(crate) fn reset(&mut self) {
        self.at_prompt = false;
        self.redraws = false;
    }
}

impl MarkKind {
    /// As rows and snapshots keep it; 0 is no mark.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Prompt => 1,
            Self::Input => 2,
            Self::Output => 3,
            Self::Done => 4,
            Self::Unfinished => 5,
        }
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        [Self::Prompt, Self::Input, Self::Output, Self::Done, Self::Unfinished]
            .into_iter()
            .find(|kind| kind.number() == number)
    }
}

/// Bytes of a command line.
const COMMAND_BYTES_MAX: usize = 4096;

/// A mark as OSC 133 names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShellMark {
    pub(crate) kind: MarkKind,
    /// The shell draws its prompt again after a change of size (kitty's `redraw`).
    pub(crate) redraws: bool,
    /// With [`MarkKind::Done`].
    pub(crate) exit_code: Option<i32>,
    /// With [`MarkKind::Output`].
    pub(crate) command: Option<String>,
}

impl ShellMark {
    /// Letter and options; none if it is no mark.
    pub(crate) fn parse(payload: &str) -> Option<Self> {
        let mut parts = payload.split(';');
        let letter = parts.next().unwrap_or("");
        let options: Vec<&str> = parts.collect();
        let is_secondary = options.iter().any(|option| ["k=s", "k=c"].contains(option));
        let kind = match letter {
            "A" | "N" | "P" if is_secondary => MarkKind::Unfinished,
            "A" | "N" => MarkKind::Prompt,
            "B" | "I" => MarkKind::Input,
            "C" => MarkKind::Output,
            "D" => MarkKind::Done,
            _ => return None,
        };
        let option = |name: &str| {
            options.iter().find_map(|option| option.strip_prefix(name)?.strip_prefix('='))
        };
        let command = option("cmdline_url")
            .map(percent_decoded)
            .or_else(|| option("cmdline").map(str::to_owned))
            .filter(|_| kind == MarkKind::Output);
        Some(Self {
            kind,
            redraws: option("redraw") != Some("0"),
            exit_code: options
                .first()
                .filter(|_| kind == MarkKind::Done)
                .and_then(|code| code.parse().ok()),
            command: command.map(|text| sanitize(&text, COMMAND_BYTES_MAX)),
        })
    }

    /// The zone of the text after the mark, as cells hold it.
    pub(crate) fn zone(&self) -> u8 {
        match self.kind {
            MarkKind::Prompt => 1,
            MarkKind::Input | MarkKind::Unfinished => 2,
            MarkKind::Output => 3,
            MarkKind::Done => 0,
        }
    }
}

/// Bytes of a host's name (`HOST_NAME_MAX` of Linux).
const HOST_BYTES_MAX: usize = 64;

/// The name of the host on which the programs of a terminal run; empty where that is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostName {
    bytes: [u8; HOST_BYTES_MAX],
    len: usize,
}

impl Default for HostName {
    fn default() -> Self {
        Self { bytes: [0; HOST_BYTES_MAX], len: 0 }
    }
}

impl HostName {
    /// The first 64 bytes of a name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut own = Self { len: name.len().min(HOST_BYTES_MAX), ..Self::default() };
        own.bytes[..own.len].copy_from_slice(&name.as_bytes()[..own.len]);
        own
    }

    /// True if a program that tells this name runs here: no name, `localhost`, the name itself, or
    /// the same with its domain on one side alone.
    pub(crate) fn is_own(&self, told: &str) -> bool {
        let own = &self.bytes[..self.len];
        let first = |name: &[u8]| name.split(|byte| *byte == b'.').next().map(<[u8]>::to_vec);
        let has_domain = |name: &[u8]| name.contains(&b'.');
        let told = told.as_bytes();
        own.is_empty()
            || told.is_empty()
            || told.eq_ignore_ascii_case(b"localhost")
            || told.eq_ignore_ascii_case(own)
            || (has_domain(told) != has_domain(own)
                && first(told).zip(first(own)).is_some_and(|(a, b)| a.eq_ignore_ascii_case(&b)))
    }
}

/// The host and the path of OSC 7: `file://host/path`, or a bare path.
pub(crate) fn place_of_url(url: &str) -> Option<(&str, String)> {
    match url.strip_prefix("file://") {
        Some(rest) => rest.find('/').map(|at| (&rest[..at], percent_decoded(&rest[at..]))),
        None => Some(("", url.to_owned())),
    }
}

/// Text with `%41` for `A`; what is not UTF-8 afterwards is replaced.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let digits = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let decoded =
            digits.filter(|_| first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(decoded.unwrap_or(first));
        rest = if decoded.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
