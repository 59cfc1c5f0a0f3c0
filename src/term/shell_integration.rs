//! What a shell told of itself: its directory, and whether it waits at a prompt. The sequences are
//! read elsewhere.

use crate::term::event::MarkKind;

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
