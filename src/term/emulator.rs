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
use crate::term::grid::Grid;
use crate::term::history::History;
use crate::term::hyperlink::Hyperlinks;
use crate::term::image::Images;
use crate::term::keyboard::Keyboard;
use crate::term::mode::{Mode, Modeset};
use crate::term::saved_modes::SavedModes;
use crate::term::shell_integration::ShellIntegration;
use crate::term::style_table::{CellStyle, StyleTable};
use crate::term::tabs::Tabs;
use crate::term::title::Titles;

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
