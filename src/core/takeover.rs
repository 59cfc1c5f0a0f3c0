//! What the edge tells the core beside inputs: that a program it found running is that of a pane,
//! and how the outer terminal looks.

use crate::base::id::{ClientId, PaneId};
use crate::base::memory::HeapMemory;
use crate::base::text::sanitize;
use crate::core::alerts::NOTICE_MAX;
use crate::core::{Core, PaneEvent};
use crate::state::effect::{ClientMessage, Effects};
use crate::term::{Options, OuterColours, Terminal};

/// What a screen shows that took the place of another.
const REPLACED: &str =
    "[abide could not draw this pane's output; the program runs on, and this is a new screen]\r\n";

impl Core {
    /// Something happened to a pane that is no output.
    pub(super) fn pane_event(&mut self, id: PaneId, event: PaneEvent, fx: &mut Effects) {
        if !self.state.panes.contains_key(&id) {
            return;
        }
        match event {
            PaneEvent::SyncTimeout => self.state.pane_mut(id).screen.end_synchronized(),
            PaneEvent::ScreenLost => self.replace_screen(id),
            PaneEvent::Foreground { name, argv } => {
                self.state.set_program(id, name.as_deref());
                self.state.set_foreground(id, argv);
            }
            PaneEvent::PipeEnded => self.state.set_pipe(id, None),
            PaneEvent::Warning(text) => {
                let text = sanitize(&text, NOTICE_MAX);
                self.tell(id, &ClientMessage::Notice { text, warning: true }, fx);
            }
            PaneEvent::Pack => {
                if !self.state.pane_mut(id).screen.pack_history() {
                    self.cap_history();
                }
            }
        }
    }

    /// The screen of a pane is of no use any more: an empty one takes its place, without scrollback
    /// of its own, and says so.
    fn replace_screen(&mut self, id: PaneId) {
        let Some(pane) = self.state.panes.get_mut(&id) else { return };
        let mut screen =
            Terminal::new(pane.size, Options::default(), Box::new(HeapMemory::default()));
        screen.identify(self.host.lineage, id.0);
        screen.succeed(&pane.screen);
        screen.feed(REPLACED.as_bytes(), &mut Vec::new());
        pane.screen = screen;
    }

    /// Programs that the client drives are told these colours when they ask for the terminal's.
    pub(super) fn set_colours(
        &mut self,
        client: ClientId,
        colours: OuterColours,
        fx: &mut Effects,
    ) {
        self.colours.insert(client, colours);
        for pane in self.state.panes.keys().copied().collect::<Vec<_>>() {
            self.apply_palette(pane, fx);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::base::geom::Size;
    use crate::base::id::PaneId;
    use crate::base::memory::HeapMemory;
    use crate::core::Core;
    use crate::settings::Settings;
    use crate::state::host::Host;
    use crate::term::{Options, Terminal};

    #[test]
    fn a_replaced_screen_says_so_and_every_row_of_it_is_news() {
        let mut core = Core::new(Settings::default(), Host::default());
        let mut screen =
            Terminal::new(Size::new(100, 4), Options::default(), Box::new(HeapMemory::default()));
        screen.feed(b"one\r\ntwo", &mut Vec::new());
        let drawn = screen.tick();
        core.state.adopt(PaneId(1), 7, screen, 0);
        core.replace_screen(PaneId(1));
        let screen = &core.state.pane(PaneId(1)).screen;
        assert!(screen.text(0..4).starts_with("[abide could not draw"), "{}", screen.text(0..4));
        assert!((0..4).all(|y| drawn < screen.row_tick(y)));
    }
}
