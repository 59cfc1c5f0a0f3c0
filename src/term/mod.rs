//! The terminal engine: bytes in, rows and events out. Its own parser, its own grid; no I/O, no
//! clock, no panic on any input.
//!
//! `parser` turns bytes to calls; `emulator` takes them and reads sequences by name (`csi`, `esc`,
//! `osc`, `report`); `screen` does the work on cells, `history` holds the rows that left,
//! `graphics` places images. `rows`, `scroll`, `anchor` and `search` read it all as text;
//! [`InputEncoder`] writes keys. A new control sequence is a line in the table of `csi` and a
//! method of the screen. The layer imports `base`; `state`, `core` and `server` see [`Terminal`].
//!
//! Tests: beside the code, `tests/it/term_refs`, `tests/it/term_search.rs`,
//! `tests/it/recordings.rs`, `fuzz`, `benches`.

mod anchor;
mod cell;
mod charset;
mod check;
mod cluster;
mod color;
mod csi;
mod emulator;
mod esc;
mod event;
mod graphics;
mod history;
mod hyperlink;
mod image;
mod keys;
mod mode;
mod osc;
mod parser;
mod program_status;
mod report;
mod rows;
mod screen;
mod scroll;
mod search;
mod shell_integration;
mod snapshot;
mod style_table;
mod terminal;

pub use crate::base::style::Rgb;
pub use anchor::Anchor;
pub use color::OuterColours;
pub use event::{MarkKind, Notice, Progress, PromptMark, TermEvent};
pub use history::{HISTORY_SEGMENT_BYTES, HistoryBytes, HistoryEnd, fill_history, pack_segment};
pub use image::{Image, ImageFormat, ImagesSnapshot, Picture, StoredSnapshot};
pub use keys::InputEncoder;
pub use mode::{Modes, MouseEncoding};
pub use screen::Options;
pub use scroll::{Reach, ScrollRow};
pub use search::{
    Case, Direction, NearestMatch, Pattern, PatternError, ScreenSearch, SearchMatch, SearchStep,
    Syntax,
};
pub use shell_integration::HostName;
pub use snapshot::{
    ColourSnapshot, CursorSnapshot, KeyboardSnapshot, ParserSnapshot, RestoreError, SavedSnapshot,
    ScreenSnapshot, Snapshot,
};
pub use terminal::Terminal;
