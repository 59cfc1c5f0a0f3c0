//! The terminal engine: bytes in, rows and events out. Its own parser, its own grid; no I/O, no
//! clock, no panic on any input.

mod area;
mod aside;
mod cell;
mod charset;
mod check;
mod cluster;
mod csi;
mod dcs;
mod edit;
mod emulator;
mod esc;
mod event;
mod grapheme;
mod grid;
mod history;
mod image;
mod kept;
mod keyboard;
mod keys;
mod link;
mod look;
mod marks;
mod mode;
mod mouse;
mod movement;
mod osc;
mod palette;
mod parser;
mod place;
mod position;
mod presentation;
mod print;
mod report;
mod resize;
mod retire;
mod rows;
mod scroll;
mod search;
mod sgr;
mod shell;
mod snapshot;
mod spec;
mod tabs;
mod terminal;
mod title;
mod xcms;

pub use crate::base::style::Rgb;
pub use emulator::Options;
pub use event::{MarkKind, Notice, Progress, PromptMark, TermEvent};
pub use history::{HISTORY_SEGMENT_BYTES, HistoryBytes, HistoryEnd, fill_history, pack_segment};
pub use image::{Image, ImageFormat, ImagesSnapshot, Picture, StoredSnapshot};
pub use mode::{Modes, MouseEncoding};
pub use palette::OuterColours;
pub use position::Position;
pub use scroll::{Reach, ScrollRow};
pub use search::{Case, Direction, Found, Hit, Pattern, PatternError, Syntax};
pub use snapshot::{
    ColourSnapshot, CursorSnapshot, KeyboardSnapshot, ParserSnapshot, RestoreError, SavedSnapshot,
    ScreenSnapshot, Snapshot,
};
pub use terminal::Terminal;
