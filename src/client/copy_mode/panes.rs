//! Which panes of this client are in copy mode, and what else it remembers about copying. Plain
//! data.

use std::collections::BTreeMap;

use crate::base::geom::Point;
use crate::base::id::PaneId;
use crate::base::time::{Span, Tick};
use crate::client::copy_mode::CopyMode;

/// Panes in copy mode at the same time; the oldest pane leaves it first.
const PANES_MAX: usize = 32;
/// Answers that are awaited at the same time.
const AWAITED_MAX: usize = 16;
/// Clicks on one cell within this time belong together.
const CLICK_WITHIN: Span = Span::millis(400);

/// What an answer is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Awaited {
    /// The list of buffers is shown.
    Buffers,
    /// The list of commands that ran is shown.
    Commands,
    /// What the last command printed is copied.
    Output,
    /// The matches of this pattern in every pane are listed.
    Found(String),
}

/// What this client remembers about copying.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CopyModes {
    /// Copy mode, by pane.
    pub panes: BTreeMap<PaneId, CopyMode>,
    /// Calls whose answer is used here.
    pub awaited: BTreeMap<u64, Awaited>,
    /// The line and cell of a pane to go to as soon as that is in view, and what was searched.
    pub visit: Option<(PaneId, (u64, u32), String)>,
    clicks: Option<(Tick, PaneId, Point, u8)>,
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

    /// The answer to that call is used here.
    pub fn await_answer(&mut self, call: u64, what: Awaited) {
        while AWAITED_MAX <= self.awaited.len() {
            self.awaited.pop_first();
        }
        self.awaited.insert(call, what);
    }

    /// How many clicks on that cell follow each other, this one included: 1 to 3.
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
