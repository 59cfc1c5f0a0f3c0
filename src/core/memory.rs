//! How much memory the scrollback of all panes takes together, and who gives way when that is too
//! much.

use crate::base::id::PaneId;
use crate::core::Core;
use crate::term::HistoryBytes;

/// Memory of a pane's scrollback.
fn total(bytes: HistoryBytes) -> u64 {
    (bytes.raw + bytes.packed) as u64
}

impl Core {
    /// Keeps the scrollback of all panes within its limit: panes that take more than an equal share
    /// lose their oldest lines, the one that printed longest ago first.
    pub(super) fn cap_history(&mut self) {
        let max = self.settings.scrollback.server_bytes;
        let mut all: u64 =
            self.state.panes.values().map(|pane| total(pane.screen.history_bytes())).sum();
        if all <= max {
            return;
        }
        let share = max / (self.state.panes.len().max(1) as u64);
        let mut coldest: Vec<PaneId> = self.state.panes.keys().copied().collect();
        coldest.sort_by_key(|pane| self.state.pane(*pane).marks.output);
        for pane in coldest {
            let Some(pane) = self.state.panes.get_mut(&pane) else { continue };
            let mut own = total(pane.screen.history_bytes());
            while max < all && share < own && pane.screen.drop_oldest_history() {
                let left = total(pane.screen.history_bytes());
                all -= own - left;
                own = left;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::total;
    use crate::base::geom::Size;
    use crate::base::id::PaneId;
    use crate::base::memory::HeapMemory;
    use crate::base::time::Tick;
    use crate::core::Core;
    use crate::settings::Settings;
    use crate::state::host::Host;
    use crate::term::{Options, Terminal};

    fn filled(lines: usize) -> Terminal {
        let mut screen =
            Terminal::new(Size::new(80, 24), Options::default(), Box::new(HeapMemory::default()));
        let line = [vec![b'x'; 79], b"\r\n".to_vec()].concat();
        (0..lines).for_each(|_| screen.feed(&line, &mut Vec::new()));
        screen
    }

    #[test]
    fn the_panes_that_printed_longest_ago_give_way_down_to_their_share() {
        let mut core = Core::new(Settings::default(), Host::default());
        core.settings.scrollback.server_bytes = 2 << 20;
        // The smallest stays below its share; of the others the one that printed longest ago gives
        // way.
        let panes: Vec<_> = [(100, 1), (13_000, 2), (13_000, 3)]
            .into_iter()
            .map(|(lines, output)| {
                let pane = PaneId(output);
                core.state.adopt(pane, 1, filled(lines), 0);
                core.state.panes.get_mut(&pane).expect("it is new").marks.output = Tick(output);
                pane
            })
            .collect();
        let bytes = |core: &Core| -> Vec<u64> {
            panes.iter().map(|pane| total(core.state.pane(*pane).screen.history_bytes())).collect()
        };
        let before = bytes(&core);
        core.cap_history();
        let after = bytes(&core);
        assert!(after.iter().sum::<u64>() <= 2 << 20, "{after:?}");
        assert!(
            before[0] == after[0] && after[1] < before[1] && after[2] == before[2],
            "{before:?} {after:?}"
        );
        assert!(0 < core.state.pane(panes[1]).screen.history_lines());
    }
}
