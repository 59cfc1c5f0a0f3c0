//! The panes of this client in copy mode, and its other memory of copying. Plain
//! data.

use std::collections::BTreeMap;

use crate::base::geom::Point;
use crate::base::id::PaneId;
use crate::base::time::{Span, Tick};
use crate::client::copy_mode::CopyMode;

/// Panes in copy mode at the same time; the oldest pane leaves it first.
const PANES_MAX: usize = 32;
/// Clicks on one cell within this time belong together.
const CLICK_WITHIN: Span = Span::millis(400);

/// The memory of this client about copying.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CopyModes {
    /// Copy mode, by pane.
    pub panes: BTreeMap<PaneId, CopyMode>,
    /// The match to go to as soon as its pane is in view.
    pub visit: Option<PaneMatch>,
    clicks: Option<(Tick, PaneId, Point, u8)>,
}

/// A match of a search in every pane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaneMatch {
    /// The pane.
    pub pane: PaneId,
    /// The number of the line.
    pub line: u64,
    /// The cell of the line.
    pub cell: u32,
    /// The pattern that was searched.
    pub pattern: String,
}

impl CopyModes {
    /// A pane enters copy mode.
    pub fn insert(&mut self, mode: CopyMode) {
        while PANES_MAX <= self.panes.len() {
            self.panes.pop_first();
        }
        self.panes.insert(mode.pane, mode);
    }

    /// Copy mode of a pane, if there is something to show.
    #[must_use]
    pub fn open(&self, pane: PaneId) -> Option<&CopyMode> {
        self.panes.get(&pane).filter(|mode| mode.is_open())
    }

    /// The number of clicks on that cell that follow each other, this one included: 1 to 3.
    pub fn click(&mut self, now: Tick, pane: PaneId, at: Point) -> u8 {
        let count = match self.clicks {
            Some((before, of, where_, count))
                if (of, where_) == (pane, at) && now - before <= CLICK_WITHIN && count < 3 =>
            {
                count + 1
            }
            _ => 1,
        };
        self.clicks = Some((now, pane, at, count));
        count
    }
}
