//! Questions of a client about a pane's scrollback, and the answers. Rows have addresses that
//! output does not move; see `term::Reach`.

use serde::{Deserialize, Serialize};

use crate::base::id::PaneId;
use crate::base::style::Style;
use crate::wire::span::StyledSpan;

/// The most rows a client is sent at once.
pub const ROWS_MAX: u16 = 1000;
/// The longest pattern, in bytes.
pub const PATTERN_MAX: usize = 4096;

/// A question about the rows of a pane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScrollRequest {
    /// Returned with the answer.
    pub number: u32,
    /// The pane.
    pub pane: PaneId,
    /// The question.
    pub what: ScrollQuery,
}

/// A question about the rows of a pane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScrollQuery {
    /// The screen and so many rows above it.
    Screen {
        /// Rows.
        above: u16,
    },
    /// Rows from an address on.
    Rows {
        /// The first.
        from: u64,
        /// The number of rows.
        count: u16,
    },
    /// Rows around a cell of a line, which has another address since the width changed.
    Around {
        /// The line.
        line: u64,
        /// The cell of it.
        cell: u32,
        /// The number of rows wanted above the line, and as many below.
        reach: u16,
    },
    /// The nearest row where something starts, as shell integration told.
    Mark {
        /// The mark that is looked for.
        mark: RowMark,
        /// From this row, which does not count itself.
        from: u64,
        /// True if newer rows are searched, else older ones.
        forward: bool,
    },
    /// The rows of what the command printed that a row belongs to, else of the newest output before
    /// it.
    Output {
        /// The row.
        at: u64,
    },
    /// The nearest match of a regular expression; also how many there are. A search before it is
    /// given up.
    Search {
        /// The regular expression, with its flags.
        pattern: String,
        /// From this cell, which does not count itself.
        from: ScrollPoint,
        /// True if newer rows are searched, else older ones.
        forward: bool,
    },
    /// A search before it is given up. It is not answered.
    Cancel,
}

/// A cell of a row by its address.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct ScrollPoint {
    /// The address of the row.
    pub row: u64,
    /// The column.
    pub col: u16,
}

/// The answer to an [`ScrollRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScrollReply {
    /// The number of the question.
    pub number: u32,
    /// The pane.
    pub pane: PaneId,
    /// The answer.
    pub answer: Answer,
}

/// An answer about the rows of a pane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// There is no such pane.
    Gone,
    /// Rows.
    Rows(Box<Rows>),
    /// A row, if there is one.
    Row(Option<u64>),
    /// Rows from one to before another, if there are such.
    Range(Option<(u64, u64)>),
    /// The progress of a search. The last one says so.
    Hits(ScrollMatches),
    /// The pattern is none.
    Wrong(String),
}

/// Rows of a pane.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rows {
    /// Counts the changes of the width: with another one, rows have other addresses.
    pub epoch: u64,
    /// The width.
    pub cols: u16,
    /// The oldest row there is.
    pub first: u64,
    /// The row at the top of the screen.
    pub screen: u64,
    /// The one after the last row of the screen.
    pub end: u64,
    /// The program's cursor.
    pub cursor: ScrollPoint,
    /// The row that was asked for, where it was asked for by its line.
    pub target: Option<u64>,
    /// The address of the first row of `rows`.
    pub from: u64,
    /// The rows.
    pub rows: Vec<ScrolledRow>,
    /// Styles that rows refer to by index.
    pub styles: Vec<Style>,
    /// Targets of link numbers that occur in the rows.
    pub links: Vec<(u32, String)>,
}

/// A row of scrollback or screen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ScrolledRow {
    /// The runs of the row.
    pub spans: Vec<StyledSpan>,
    /// True if the line goes on in the next row.
    pub wrapped: bool,
    /// The number of the line it is part of, which holds for every width.
    pub line: u64,
    /// Cells of that line before this row.
    pub cell: u32,
    /// The part of a command that starts in it.
    pub mark: Option<RowMark>,
}

/// The part of a command that starts in a row, as shell integration told (OSC 133).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RowMark {
    /// A prompt.
    Prompt,
    /// The output of a command.
    Output,
}

/// The progress of a search.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ScrollMatches {
    /// The nearest one, once it is known.
    pub nearest: Option<ScrollMatch>,
    /// True if the search went over the end to find the nearest.
    pub wrapped: bool,
    /// The number of matches found so far that are older than the nearest.
    pub before: u64,
    /// The number of matches found so far.
    pub total: u64,
    /// True if some matches were not counted.
    pub is_more: bool,
    /// True if all has been searched.
    pub done: bool,
}

/// A match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ScrollMatch {
    /// The first cell.
    pub start: ScrollPoint,
    /// The last cell.
    pub last: ScrollPoint,
}
