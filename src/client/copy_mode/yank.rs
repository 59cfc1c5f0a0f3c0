//! Copying: the text of a selection, gathered row by row. Rows that were seen are taken as they
//! were seen; the others are fetched.

use crate::client::copy_mode::select::{SelectedCells, SelectionKind};
use crate::client::copy_mode::{CopyEffect, CopyMode, Where};
use crate::wire::scroll::{ROWS_MAX, ScrollQuery};

/// The most that is copied, in bytes: what a buffer holds.
pub(super) const COPY_BYTES_MAX: usize = 4 << 20;

/// A selection that is being copied.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Yank {
    span: SelectedCells,
    to: Where,
    next: u64,
    text: String,
}

impl CopyMode {
    /// Copies what is selected, and leaves.
    pub(super) fn yank(&mut self, mut span: SelectedCells, to: Where) {
        if span.shape == SelectionKind::Line {
            // Whole lines, as far as their rows are known.
            span.start.row = self.rows.line_start(span.start.row).unwrap_or(span.start.row);
            span.end.row = self.rows.line_end(span.end.row).unwrap_or(span.end.row);
        }
        self.yank =
            Some(Yank { span, to, next: span.start.row.max(self.rows.first), text: String::new() });
    }

    /// Goes on with a copy as far as rows are there.
    pub(super) fn yank_on(&mut self, effects: &mut Vec<CopyEffect>) {
        let Some(mut yank) = self.yank.take() else { return };
        while yank.next <= yank.span.end.row && yank.next < self.rows.end {
            let Some(row) = self.rows.get(yank.next) else {
                let left = yank.span.end.row + 1 - yank.next;
                let count = u16::try_from(left).unwrap_or(ROWS_MAX).min(ROWS_MAX);
                self.ask(ScrollQuery::Rows { from: yank.next, count }, true, effects);
                yank.next = yank.next.max(self.rows.first);
                self.yank = Some(yank);
                return;
            };
            yank.span.push(yank.next, row, &mut yank.text);
            yank.next += 1;
            if COPY_BYTES_MAX < yank.text.len() {
                self.queue.clear();
                let text = format!(
                    "more than {} MiB are selected: nothing was copied; abide capture \
                     --scrollback writes it all",
                    COPY_BYTES_MAX >> 20
                );
                return effects.push(CopyEffect::Say(text));
            }
        }
        if !yank.text.is_empty() {
            effects.push(CopyEffect::Copied(yank.text, yank.to));
        }
        effects.push(CopyEffect::Leave);
    }
}
