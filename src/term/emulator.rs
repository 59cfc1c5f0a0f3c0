//! The state of a terminal, and the smallest steps on it. Sequences are decoded elsewhere and end
//! here.

use crate::base::geom::Size;
use crate::base::memory::Memory;
use crate::term::cell::{Cell, RowAttrs};
use crate::term::color::Palette;
use crate::term::event::{Notice, TermEvent};
use crate::term::graphics::Graphics;
use crate::term::keys::{InputEncoder, Keyboard};
use crate::term::mode::{Mode, Modeset, SavedModes};
use crate::term::osc::Titles;
use crate::term::report::Reply;
use crate::term::rows::TextView;
use crate::term::screen::cursor::Tabs;
use crate::term::screen::grid::Grid;
use crate::term::screen::{CursorState, Margins, Options, Printing, SavedCursor, Screen};
use crate::term::shell_integration::ShellIntegration;

/// Events for the owner, and a count of unknown sequences.
#[derive(Debug, Default)]
pub(crate) struct EmulatorOutput {
    pub(crate) events: Vec<TermEvent>,
    /// Reply bytes since the start of this feed.
    pub(crate) reply_bytes: usize,
    /// Sequences dropped because nobody knows them.
    pub(crate) dropped: u64,
    /// The server and the pane, reported to a client that runs in it (XTVERSION).
    pub(crate) identity: Option<(u64, u64)>,
}

/// A terminal without its parser: it obeys sequences, on its screen and in the state beside it.
pub(crate) struct Emulator {
    pub(crate) screen: Screen,
    pub(crate) saved_modes: SavedModes,
    pub(crate) titles: Titles,
    pub(crate) palette: Palette,
    pub(crate) keyboard: Keyboard,
    pub(crate) shell: ShellIntegration,
    /// A notice of which more is to come (OSC 99), and its id.
    pub(crate) notice: Option<(String, Notice)>,
    pub(crate) out: EmulatorOutput,
}

impl Emulator {
    pub(crate) fn new(size: Size, options: Options, memory: Box<dyn Memory>) -> Self {
        Self {
            screen: Screen::new(size, options, memory),
            saved_modes: SavedModes::default(),
            titles: Titles::default(),
            palette: Palette::default(),
            keyboard: Keyboard::default(),
            shell: ShellIntegration::default(),
            notice: None,
            out: EmulatorOutput::default(),
        }
    }

    /// The screen and its scrollback as text.
    pub(crate) fn text_view(&self) -> TextView<'_> {
        TextView { screen: &self.screen, palette: &self.palette }
    }

    /// The screen as the image protocols change it.
    pub(crate) fn graphics(&mut self) -> Graphics<'_> {
        Graphics { screen: &mut self.screen }
    }

    /// The keys, the mouse and pastes as the program asked for them.
    pub(crate) fn input(&self) -> InputEncoder<'_> {
        InputEncoder { screen: &self.screen, keyboard: &self.keyboard }
    }

    /// Changes the size, and reports that to the program if it asked for it (mode 2048).
    pub(crate) fn resize(&mut self, size: Size) {
        let size = size.clamped();
        if size == self.screen.size {
            return;
        }
        self.screen.resize(size, self.shell.at_prompt && self.shell.redraws);
        if self.screen.is_on(Mode::IN_BAND_SIZE) {
            self.reply(Reply::InBandSize);
        }
    }

    /// Shows the alternate screen with its own keyboard flags.
    pub(crate) fn show_alternate(&mut self) {
        self.screen.show_alternate();
        self.keyboard.switch(true);
    }

    /// Shows the main screen with its own keyboard flags.
    pub(crate) fn show_main(&mut self) {
        self.screen.show_main();
        self.keyboard.switch(false);
    }

    pub(crate) fn event(&mut self, event: TermEvent) {
        self.out.events.push(event);
    }

    /// Counts a sequence that means nothing here.
    pub(crate) fn drop_sequence(&mut self) {
        self.out.dropped += 1;
    }
}

impl Emulator {
    /// Back to the state of a new terminal, history, palette of the outer terminal and tick apart.
    pub(crate) fn reset(&mut self) {
        self.screen.tick += 1;
        self.show_main();
        self.screen.other = None;
        self.screen.grid = Grid::new(self.screen.size, self.screen.tick());
        self.screen.history.end_line();
        self.forget_program();
        self.screen.images.clear();
    }

    /// Everything but rows, images and the outer terminal is as in a new terminal.
    fn forget_program(&mut self) {
        self.screen.cursor = CursorState::default();
        self.screen.saved = [SavedCursor::default(); 2];
        self.screen.margins = Margins::full(self.screen.size);
        self.screen.modes = Modeset::default();
        self.saved_modes = SavedModes::default();
        self.screen.tabs = Tabs::default();
        self.titles.reset();
        self.palette.reset();
        self.keyboard = Keyboard::default();
        self.shell.reset();
        self.notice = None;
        self.screen.printing = Printing::default();
    }

    /// The main screen is shown with its rows, below them those of the alternate one if that was
    /// shown, and below all the cursor.
    pub(crate) fn reset_for_reuse(&mut self) {
        self.screen.tick += 1;
        let was_alternate = self.screen.alternate;
        self.show_main();
        let alternate = self.screen.other.take().filter(|_| was_alternate);
        self.forget_program();
        self.screen.images.hidden.clear();
        if let Some(y) = last_row(&self.screen.grid) {
            self.screen.cursor.y = y;
            self.begin_row();
        }
        let Some(alternate) = alternate else { return };
        for y in 0..last_row(&alternate).map_or(0, |last| last + 1) {
            let (tick, to) = (self.screen.tick(), self.screen.cursor.y);
            let (cells, line) =
                self.screen.grid.write(to, usize::from(self.screen.size.cols), tick);
            cells.copy_from_slice(alternate.row(y));
            *line = RowAttrs {
                flags: alternate.line(y).flags & !RowAttrs::WRAPPED,
                ..alternate.line(y)
            };
            self.begin_row();
        }
    }

    /// Begins a new row for the text that comes next.
    fn begin_row(&mut self) {
        let tick = self.screen.tick();
        self.screen.grid.unwrap(self.screen.cursor.y, tick);
        self.screen.index();
    }
}

/// The last row with anything on it.
fn last_row(grid: &Grid) -> Option<u16> {
    (0..grid.size().rows).rev().find(|y| grid.used(*y).iter().any(|cell| *cell != Cell::BLANK))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::base::geom::Size;
    use crate::base::memory::HeapMemory;
    use crate::base::row::{Row, RunKind};
    use crate::base::style::{Colour, Style};
    use crate::term::{Options, Terminal};

    fn fed(bytes: &[u8]) -> Terminal {
        let mut screen =
            Terminal::new(Size::new(20, 5), Options::default(), Box::new(HeapMemory::default()));
        screen.feed(bytes, &mut Vec::new());
        screen
    }

    fn text(screen: &Terminal) -> String {
        screen.text(-100..5).trim_end().to_owned()
    }

    /// The rows up to the last that shows something; whether they go on is another matter, and so
    /// are the blanks that a row which goes on is told with.
    fn rows(screen: &Terminal) -> Vec<Row> {
        let above = if screen.snapshot().alternate { 0 } else { -100 };
        let mut rows: Vec<Row> = screen.rows(above..5).into_iter().map(ended).collect();
        while rows.last().is_some_and(|row| {
            row.runs.iter().all(|run| run.text.trim().is_empty() && run.style.bg == Colour::Default)
        }) {
            rows.pop();
        }
        rows
    }

    fn ended(mut row: Row) -> Row {
        row.wrapped = false;
        if let Some(last) = row.runs.last_mut().filter(|run| {
            run.style == Style::default() && run.link == 0 && run.kind == RunKind::Narrow
        }) {
            last.text.truncate(last.text.trim_end_matches(' ').len());
        }
        row.runs.retain(|run| !run.text.is_empty());
        row
    }

    #[test]
    fn a_row_of_blanks_that_went_on_stays() {
        let mut screen = fed("some text that wraps\x1b[?1049h\x1b[K漢e\u{301} ".as_bytes());
        let before = rows(&screen);
        screen.reset_for_reuse();
        assert_eq!((rows(&screen)[1..].to_vec(), screen.check()), (before, Ok(())));
    }

    #[test]
    fn rows_stay_and_the_next_program_begins_below_them() {
        let mut screen = fed(b"one\r\ntwo\x1b[2;4r\x1b[?25l\x1b[?2004h\x1b[31m\x1b[1;1H");
        screen.reset_for_reuse();
        assert_eq!(
            (text(&screen).as_str(), screen.cursor().y, screen.cursor().visible),
            ("one\ntwo", 2, true)
        );
        screen.feed(b"ready$", &mut Vec::new());
        assert_eq!(text(&screen), "one\ntwo\nready$");
        assert!(!screen.modes().bracketed_paste);
    }

    #[test]
    fn a_full_screen_scrolls_and_what_the_alternate_one_showed_comes_below_the_main_one() {
        let mut screen =
            fed(b"1\r\n2\r\n3\r\n4\r\n$ vi\x1b[?1049h\x1b[Htext\x1b[5;1H\x1b[7m-- INSERT --");
        screen.reset_for_reuse();
        assert_eq!(text(&screen), "1\n2\n3\n4\n$ vi\ntext\n\n\n\n-- INSERT --");
        assert!(
            screen.row(3).runs[0].style.attrs.has(crate::base::style::Attrs::INVERSE),
            "{:?}",
            screen.row(3)
        );
    }

    #[test]
    fn a_line_that_went_on_ends() {
        let mut screen = fed("x".repeat(40).as_bytes());
        screen.reset_for_reuse();
        screen.feed(b"next", &mut Vec::new());
        assert_eq!(text(&screen), format!("{}\nnext", "x".repeat(40)));
    }

    #[test]
    fn nothing_stays_nothing() {
        let mut screen = fed(b"");
        screen.reset_for_reuse();
        assert_eq!((text(&screen).as_str(), screen.cursor().y), ("", 0));
    }

    proptest! {
        #[test]
        fn whatever_was_shown_stays_and_is_sound(
            bytes in prop::collection::vec(prop_oneof![
                Just(b"\x1b[?1049h".to_vec()),
                Just(b"\x1b[?1049l".to_vec()),
                Just("漢e\u{301} ".as_bytes().to_vec()),
                Just(b"\r\n".to_vec()),
                Just(b"\x1b[2;4r".to_vec()),
                Just(b"\x1b[44m".to_vec()),
                Just(b"\x1b[K".to_vec()),
                Just(b"some text that wraps".to_vec()),
                Just(b"\x1b[2J\x1b[H".to_vec()),
            ], 0..40)
        ) {
            let mut screen = fed(&bytes.concat());
            let (before, is_alternate) = (rows(&screen), screen.snapshot().alternate);
            screen.reset_for_reuse();
            prop_assert_eq!(screen.check(), Ok(()));
            let after = rows(&screen);
            let kept = if is_alternate {
                &after[after.len().saturating_sub(before.len())..]
            } else {
                &after[..before.len().min(after.len())]
            };
            prop_assert_eq!(kept, before);
        }
    }
}
