//! What a shell told of itself: its directory, and whether it waits at a prompt. The sequences are
//! read elsewhere.

use crate::base::text::sanitize;
use crate::term::emulator::Emulator;
use crate::term::event::{MarkKind, PromptMark, TermEvent};

/// Bytes of a path.
pub(crate) const PATH_BYTES_MAX: usize = 4096;

/// What the shell told last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ShellIntegration {
    pub(crate) cwd: String,
    /// The shell is waiting for a command line: A or B came, and no C since.
    pub(crate) at_prompt: bool,
    /// The shell draws its prompt again after a change of size (kitty's `redraw`).
    pub(crate) redraws: bool,
}

impl ShellIntegration {
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
        }
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        [Self::Prompt, Self::Input, Self::Output, Self::Done]
            .into_iter()
            .find(|kind| kind.number() == number)
    }
}

/// Bytes of a command line.
const COMMAND_BYTES_MAX: usize = 4096;

/// Events of one piece of output among which marks are given their place.
const PLACED_MAX: usize = 64;

impl Emulator {
    /// OSC 133: letter and options.
    pub(crate) fn shell_mark(&mut self, payload: &str) -> bool {
        let mut parts = payload.split(';');
        let letter = parts.next().unwrap_or("");
        let options: Vec<&str> = parts.collect();
        let kind = match letter {
            "A" | "N" => MarkKind::Prompt,
            // P marks a further prompt of the same command line: no start of its own.
            "P" | "L" => return true,
            "B" | "I" => MarkKind::Input,
            "C" => MarkKind::Output,
            "D" => MarkKind::Done,
            _ => return false,
        };
        let option = |name: &str| {
            options.iter().find_map(|option| option.strip_prefix(name)?.strip_prefix('='))
        };
        match kind {
            MarkKind::Prompt => {
                self.shell.at_prompt = true;
                self.shell.redraws = option("redraw") != Some("0");
            }
            MarkKind::Output | MarkKind::Done => self.shell.at_prompt = false,
            MarkKind::Input => {}
        }
        self.cursor.pen.zone = match kind {
            MarkKind::Prompt => 1,
            MarkKind::Input => 2,
            MarkKind::Output => 3,
            MarkKind::Done => 0,
        };
        self.cursor.pen.stale = true;
        let (y, tick) = (self.cursor.y, self.tick());
        if matches!(kind, MarkKind::Prompt | MarkKind::Output) {
            // A prompt's mark is not lost to the output of an empty command on the same row.
            let line = self.grid.line_mut(y);
            if line.mark != MarkKind::Prompt.number() {
                line.mark = kind.number();
            }
            self.grid.touch(y, tick);
        }
        // Finding the place takes a look at the whole screen, which a flood of marks is not worth.
        let at = if self.out.events.len() < PLACED_MAX {
            self.anchor(i64::from(y), self.cursor.x)
        } else {
            None
        };
        let exit_code = if kind == MarkKind::Done {
            options.first().and_then(|code| code.parse().ok())
        } else {
            None
        };
        let command = option("cmdline_url")
            .map(percent_decoded)
            .or_else(|| option("cmdline").map(str::to_owned));
        let command = command
            .filter(|_| kind == MarkKind::Output)
            .map(|text| sanitize(&text, COMMAND_BYTES_MAX));
        self.event(TermEvent::PromptMark(PromptMark { kind, exit_code, command, row: y, at }));
        true
    }

    /// OSC 7: `file://host/path`, or a bare path.
    pub(crate) fn set_cwd_url(&mut self, url: &str) -> bool {
        let path = match url.strip_prefix("file://") {
            Some(rest) => rest.find('/').map(|at| percent_decoded(&rest[at..])),
            None => Some(url.to_owned()),
        };
        path.is_some_and(|path| self.set_cwd(&path))
    }

    /// A working directory, if it can be one.
    pub(crate) fn set_cwd(&mut self, path: &str) -> bool {
        if !path.starts_with('/') || path.len() > PATH_BYTES_MAX || path.contains(char::is_control)
        {
            return false;
        }
        if self.shell.cwd != path {
            path.clone_into(&mut self.shell.cwd);
            self.event(TermEvent::Cwd(path.to_owned()));
        }
        true
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
