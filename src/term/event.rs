//! Events: requests and reports of a program besides text, as values. Nobody acts on them here.

use crate::base::program_status::StatusReport;
use crate::term::anchor::Anchor;

/// A fact for whoever owns the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TermEvent {
    /// The title is now this (OSC 0, 2, or taken from the stack); at most 1024 bytes, no controls.
    Title(String),
    /// BEL; several in a row are one.
    Bell,
    /// Bytes to write to the program. They follow a closed grammar and hold no text of the program.
    Reply(Vec<u8>),
    /// The program's working directory (OSC 7 or OSC 1337 `CurrentDir`), as an absolute path.
    Cwd(String),
    /// The program wants this on the clipboard (OSC 52); at most 1 MiB. Reading the clipboard is
    /// never possible.
    Clipboard {
        /// `c` clipboard, `p` primary, and the other letters of xterm; `c` if none was named.
        selection: char,
        /// The decoded text.
        text: String,
    },
    /// A mark of shell integration (OSC 133).
    PromptMark(PromptMark),
    /// The program wants the user's attention (OSC 9, 99, 777).
    Notify(Notice),
    /// The progress of some work (OSC 9;4).
    Progress(Progress),
    /// The program says what its work is at (OSC 7501).
    Status(StatusReport),
    /// The shape of the mouse pointer, a CSS cursor name of at most 32 letters and hyphens (OSC
    /// 22).
    Pointer(String),
    /// The program wants another size (DECCOLM when allowed, CSI 8 t); the terminal kept its own.
    SizeWanted {
        /// Columns, 0 if it does not matter.
        cols: u16,
        /// Rows, 0 if it does not matter.
        rows: u16,
    },
    /// The terminal was reset by the program (RIS).
    Reset,
}

/// The kind of a mark of shell integration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MarkKind {
    /// A: a prompt starts.
    Prompt,
    /// B: the prompt ended, the command line starts.
    Input,
    /// C: the command runs, its output starts.
    Output,
    /// D: the command ended.
    Done,
    /// A or P with `k=s`: the shell waits for the rest of the command line.
    Unfinished,
}

/// A mark of shell integration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptMark {
    /// The kind of the mark.
    pub kind: MarkKind,
    /// The exit status, where D says it.
    pub exit_code: Option<i32>,
    /// The command line, where C says it (kitty's `cmdline` and `cmdline_url`); at most 4096 bytes,
    /// no controls but newline.
    pub command: Option<String>,
    /// Screen row of the cursor, from 0.
    pub row: u16,
    /// The anchor of the cursor; none where too many marks came at once.
    pub at: Option<Anchor>,
}

/// A notification.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Notice {
    /// The title; may be empty. At most 256 bytes, no controls.
    pub title: String,
    /// The text; may be empty. At most 1024 bytes, no controls.
    pub body: String,
    /// True if the program says it is urgent (OSC 99 `u=2`).
    pub urgent: bool,
}

/// Progress of some work (OSC 9;4 of `ConEmu`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// There is none, or no more.
    None,
    /// Done to this many percent.
    Percent(u8),
    /// Failed at this many percent.
    Failed(u8),
    /// Running without a measure.
    Running,
    /// Paused at this many percent.
    Paused(u8),
}
