//! A row of a screen as runs of equally styled cells: what the engine gives, a frame carries and
//! the client paints. No cells, no interning.

use serde::{Deserialize, Serialize};

use crate::base::style::Style;

/// The way the text of a run maps to cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RunKind {
    /// Each character is one cell.
    Narrow,
    /// Each character is two cells.
    Wide,
    /// The whole text is one grapheme cluster of this many columns (1 or 2).
    Cluster(u8),
    /// Each character is one cell, blank, and under an image that shows through it.
    Under,
}

/// Neighbouring cells of one style, one link and one kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Run {
    /// The look, with colours the program redefined already resolved.
    pub style: Style,
    /// The hyperlink, by its number within the pane; 0 is none.
    pub link: u32,
    /// The way text maps to cells.
    pub kind: RunKind,
    /// The text; never empty, no control characters; blank cells are spaces.
    pub text: String,
}

impl Run {
    /// Columns it takes.
    #[must_use]
    pub fn cols(&self) -> usize {
        match self.kind {
            RunKind::Narrow | RunKind::Under => self.text.chars().count(),
            RunKind::Wide => 2 * self.text.chars().count(),
            RunKind::Cluster(cols) => usize::from(cols),
        }
    }
}

/// A row: its runs from the left. Blank cells after the last run have the default style.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Row {
    /// The runs.
    pub runs: Vec<Run>,
    /// True if the line goes on in the next row without a line break.
    pub wrapped: bool,
}

impl Row {
    /// The text without trailing blanks.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text: String = self.runs.iter().map(|run| run.text.as_str()).collect();
        text.truncate(text.trim_end_matches(' ').len());
        text
    }
}
