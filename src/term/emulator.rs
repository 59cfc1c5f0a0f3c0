//! The state of a terminal, and the smallest steps on it. Sequences are decoded elsewhere and end
//! here.

use crate::base::geom::Size;
use crate::base::memory::Memory;
use crate::term::cell::{Cell, STYLE_MAX};
use crate::term::charset::Charsets;
use crate::term::cluster::{Cluster, Clusters};
use crate::term::color::palette::Palette;
use crate::term::event::TermEvent;
use crate::term::grapheme::Join;
use crate::term::history::History;
use crate::term::hyperlink::Hyperlinks;
use crate::term::image::Images;
use crate::term::keys::Keyboard;
use crate::term::mode::{Mode, Modeset};
use crate::term::osc::Titles;
use crate::term::saved_modes::SavedModes;
use crate::term::screen::grid::{Grid, RowAttrs};
use crate::term::screen::tabs::Tabs;
use crate::term::shell_integration::ShellIntegration;
use crate::term::style_table::{CellStyle, StyleTable};

/// How a terminal is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Lines of scrollback kept; 0 keeps none.
    pub scrollback_lines_max: usize,
    /// Bytes of scrollback kept, in segments of 64 KiB, at least two.
    pub scrollback_bytes_max: usize,
    /// Characters of ambiguous width (UAX 11) take two columns.
    pub ambiguous_wide: bool,
    /// Width and height of a cell in pixels, as reports and images need it.
    pub cell_pixels: (u16, u16),
    /// DECRQCRA is answered: a program can then find out what other programs left on its screen.
    pub checksum_reports: bool,
    /// Titles are told (XTWINOPS 20 and 21): what a program printed can then come back as if
    /// somebody had typed it.
    pub title_reports: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            scrollback_lines_max: 100_000,
            scrollback_bytes_max: 64 << 20,
            ambiguous_wide: false,
            cell_pixels: (10, 20),
            checksum_reports: false,
            title_reports: false,
        }
    }
}

/// What the next character looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Pen {
    pub(crate) style: CellStyle,
    /// DECSCA.
    pub(crate) protected: bool,
    /// The zone of shell integration.
    pub(crate) zone: u8,
    /// The cell below is not yet that of this style.
    pub(crate) stale: bool,
    pub(crate) template: Cell,
}

/// The cursor and what is saved with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct CursorState {
    pub(crate) x: u16,
    pub(crate) y: u16,
    /// The last column was written; the next character wraps first.
    pub(crate) pending: bool,
    pub(crate) pen: Pen,
    pub(crate) charsets: Charsets,
}

/// What DECSC keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct SavedCursor {
    pub(crate) cursor: CursorState,
    pub(crate) origin: bool,
    pub(crate) is_set: bool,
}

/// The scrolling region: first and last row, first and last column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Margins {
    pub(crate) top: u16,
    pub(crate) bottom: u16,
    pub(crate) left: u16,
    pub(crate) right: u16,
}

impl Margins {
    pub(crate) fn full(size: Size) -> Self {
        Self { top: 0, bottom: size.rows - 1, left: 0, right: size.cols - 1 }
    }
}

/// Everything cells refer to by number.
pub(crate) struct Tables {
    pub(crate) styles: StyleTable,
    pub(crate) clusters: Clusters,
    pub(crate) links: Hyperlinks,
}

/// What goes out to the owner, and what was not understood.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pub(crate) events: Vec<TermEvent>,
    /// Reply bytes since the start of this feed.
    pub(crate) reply_bytes: usize,
    /// Sequences dropped because nobody knows them.
    pub(crate) dropped: u64,
    /// Whose terminal it is, for a client that runs in it (XTVERSION).
    pub(crate) identity: Option<(u64, u64)>,
}

/// What printing remembers between two characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Printing {
    /// Whether the next scalar may join the last cluster.
    pub(crate) join: Join,
    /// The character that REP repeats.
    pub(crate) last: Option<char>,
    /// DECSCUSR's number.
    pub(crate) cursor_shape: u8,
    /// Some row may be one of double width.
    pub(crate) doubled: bool,
}

/// A terminal without its parser.
pub(crate) struct Emulator {
    pub(crate) size: Size,
    /// The screen shown.
    pub(crate) grid: Grid,
    /// The main screen while the alternate one is shown; otherwise the alternate one, if it has
    /// content to keep.
    pub(crate) other: Option<Grid>,
    pub(crate) alternate: bool,
    pub(crate) cursor: CursorState,
    /// DECSC of the main and of the alternate screen.
    pub(crate) saved: [SavedCursor; 2],
    pub(crate) margins: Margins,
    pub(crate) modes: Modeset,
    pub(crate) saved_modes: SavedModes,
    pub(crate) tabs: Tabs,
    pub(crate) tables: Tables,
    pub(crate) history: History,
    pub(crate) titles: Titles,
    pub(crate) palette: Palette,
    pub(crate) keyboard: Keyboard,
    pub(crate) shell: ShellIntegration,
    pub(crate) printing: Printing,
    pub(crate) images: Images,
    pub(crate) out: Outbox,
    pub(crate) shared: Shared,
}

/// Options and the tick of the change being made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) tick: u64,
}

impl Emulator {
    pub(crate) fn new(size: Size, options: Options, memory: Box<dyn Memory>) -> Self {
        let size = size.clamped();
        Self {
            size,
            grid: Grid::new(size, 1),
            other: None,
            alternate: false,
            cursor: CursorState::default(),
            saved: [SavedCursor::default(); 2],
            margins: Margins::full(size),
            modes: Modeset::default(),
            saved_modes: SavedModes::default(),
            tabs: Tabs::default(),
            tables: Tables {
                styles: StyleTable::new(),
                clusters: Clusters::new(),
                links: Hyperlinks::default(),
            },
            history: History::new(
                memory,
                options.scrollback_lines_max,
                options.scrollback_bytes_max,
                size.cols,
            ),
            titles: Titles::default(),
            palette: Palette::default(),
            keyboard: Keyboard::default(),
            shell: ShellIntegration::default(),
            printing: Printing::default(),
            images: Images::default(),
            out: Outbox::default(),
            shared: Shared { options, tick: 1 },
        }
    }

    #[inline]
    pub(crate) fn tick(&self) -> u64 {
        self.shared.tick
    }

    #[inline]
    pub(crate) fn is_on(&self, mode: Mode) -> bool {
        self.modes.has(mode)
    }

    pub(crate) fn event(&mut self, event: TermEvent) {
        self.out.events.push(event);
    }

    /// Counts a sequence that means nothing here.
    pub(crate) fn drop_sequence(&mut self) {
        self.out.dropped += 1;
    }

    /// What a printed cell has besides its text.
    #[inline]
    pub(crate) fn template(&mut self) -> Cell {
        if self.cursor.pen.stale {
            self.refresh_pen();
        }
        self.cursor.pen.template
    }

    /// What an erased cell is.
    #[inline]
    pub(crate) fn blank(&mut self) -> Cell {
        if self.cursor.pen.style.bg() == 0 {
            return Cell::BLANK;
        }
        // Numbers are swept only while no template is in anybody's hands.
        if self.cursor.pen.stale {
            self.refresh_pen();
        }
        let erased = self.cursor.pen.style.erased();
        Cell::blank(self.tables.styles.number(erased))
    }

    fn refresh_pen(&mut self) {
        if self.tables.styles.wants_sweep() {
            self.sweep_styles();
        }
        let pen = &mut self.cursor.pen;
        let style = self.tables.styles.number(pen.style);
        pen.template = Cell::template(style, pen.protected, pen.zone);
        pen.stale = false;
    }

    fn sweep_styles(&mut self) {
        let grids = [Some(&self.grid), self.other.as_ref()];
        self.tables.styles.sweep(|live| {
            for cell in grids.iter().flatten().flat_map(|grid| grid.cells()) {
                live[(cell.style() & STYLE_MAX) as usize] = true;
            }
        });
        self.forget_styles();
    }

    /// Style numbers kept outside of cells are void.
    pub(crate) fn forget_styles(&mut self) {
        self.cursor.pen.stale = true;
        self.saved.iter_mut().for_each(|saved| saved.cursor.pen.stale = true);
    }

    /// The cluster that a cell's text and one more scalar make, after making room in the table if
    /// it is full of old ones.
    pub(crate) fn joined(&mut self, code: u32, c: char) -> Option<Cluster> {
        if self.tables.clusters.wants_sweep() {
            let grids = [Some(&self.grid), self.other.as_ref()];
            self.tables.clusters.sweep(|live| {
                for number in grids
                    .iter()
                    .flatten()
                    .flat_map(|grid| grid.cells())
                    .filter_map(|cell| cell.cluster())
                {
                    if let Some(live) = live.get_mut(number as usize) {
                        *live = true;
                    }
                }
            });
        }
        self.tables.clusters.joined(code, c)
    }
}

impl Emulator {
    /// Back to the state of a new terminal, history, palette of the outer terminal and tick apart.
    pub(crate) fn reset(&mut self) {
        self.shared.tick += 1;
        self.show_main();
        self.other = None;
        self.grid = Grid::new(self.size, self.tick());
        self.history.end_line();
        self.forget_program();
        self.images.clear();
    }

    /// Everything but rows, images and the outer terminal is as in a new terminal.
    fn forget_program(&mut self) {
        self.cursor = CursorState::default();
        self.saved = [SavedCursor::default(); 2];
        self.margins = Margins::full(self.size);
        self.modes = Modeset::default();
        self.saved_modes = SavedModes::default();
        self.tabs = Tabs::default();
        self.titles.reset();
        self.palette.reset();
        self.keyboard = Keyboard::default();
        self.shell.reset();
        self.printing = Printing::default();
    }

    /// The main screen is shown with its rows, below them those of the alternate one if that was
    /// shown, and below all the cursor.
    pub(crate) fn reset_for_reuse(&mut self) {
        self.shared.tick += 1;
        let was_alternate = self.alternate;
        self.show_main();
        let alternate = self.other.take().filter(|_| was_alternate);
        self.forget_program();
        self.images.hidden.clear();
        if let Some(y) = last_row(&self.grid) {
            self.cursor.y = y;
            self.begin_row();
        }
        let Some(alternate) = alternate else { return };
        for y in 0..last_row(&alternate).map_or(0, |last| last + 1) {
            let (tick, to) = (self.tick(), self.cursor.y);
            let (cells, line) = self.grid.write(to, usize::from(self.size.cols), tick);
            cells.copy_from_slice(alternate.row(y));
            *line = RowAttrs {
                flags: alternate.line(y).flags & !RowAttrs::WRAPPED,
                ..alternate.line(y)
            };
            self.begin_row();
        }
    }

    /// What comes next begins a row of its own.
    fn begin_row(&mut self) {
        let tick = self.tick();
        self.grid.unwrap(self.cursor.y, tick);
        self.index();
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
        fn whatever_was_shown_stays_and_is_sound(bytes in prop::collection::vec(prop_oneof![
            Just(b"\x1b[?1049h".to_vec()), Just(b"\x1b[?1049l".to_vec()), Just("漢e\u{301} \
                ".as_bytes().to_vec()), Just(b"\r\n".to_vec()),
            Just(b"\x1b[2;4r".to_vec()), Just(b"\x1b[44m".to_vec()), Just(b"\x1b[K".to_vec()), Just(b"some text that wraps".to_vec()), Just(b"\x1b[2J\x1b[H".to_vec()),
        ], 0..40)) {
            let mut screen = fed(&bytes.concat());
            let (before, is_alternate) = (rows(&screen), screen.snapshot().alternate);
            screen.reset_for_reuse();
            prop_assert_eq!(screen.check(), Ok(()));
            let after = rows(&screen);
            let kept = if is_alternate { &after[after.len().saturating_sub(before.len())..] } else { &after[..before.len().min(after.len())] };
            prop_assert_eq!(kept, before);
        }
    }
}
