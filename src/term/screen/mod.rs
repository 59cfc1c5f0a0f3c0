//! The screen: two grids of cells, the cursor, margins, modes, tab stops, and the scrollback of the
//! main grid. It knows no sequence and answers nothing; [`crate::term::emulator`] reads sequences
//! and calls it. Each file is one subject: moves of the cursor and tabs, printing, erasing,
//! rectangles, a change of size. Its tests are in `tests/it/term_refs`.

pub(crate) mod cursor;
pub(crate) mod edit;
pub(crate) mod grid;
pub(crate) mod print;
pub(crate) mod rectangle;
pub(crate) mod resize;

use crate::base::geom::Size;
use crate::base::memory::Memory;
use crate::term::cell::{Cell, STYLE_MAX};
use crate::term::charset::Charsets;
use crate::term::cluster::{Cluster, Clusters};
use crate::term::history::History;
use crate::term::hyperlink::Hyperlinks;
use crate::term::image::Images;
use crate::term::mode::{Mode, Modeset};
use crate::term::parser::CsiParams;
use crate::term::screen::cursor::Tabs;
use crate::term::screen::grid::Grid;
use crate::term::shell_integration::HostName;
use crate::term::style_table::{CellStyle, StyleTable};

/// The options of a terminal.
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
    /// The host of its programs: a directory that is told of another one is not theirs.
    pub host: HostName,
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
            host: HostName::default(),
        }
    }
}

/// The pen: style and attributes of the next character.
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

impl Pen {
    /// SGR.
    #[inline]
    pub(crate) fn select_graphics(&mut self, params: &CsiParams) {
        self.style.select_graphics(params);
        self.stale = true;
    }
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

/// A cursor that DECSC saved.
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

/// The memory of printing between two characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Printing {
    /// The last character had no room: what would join it is dropped too.
    pub(crate) dropped: bool,
    /// The character that REP repeats.
    pub(crate) last: Option<char>,
    /// DECSCUSR's number.
    pub(crate) cursor_shape: u8,
    /// Some row may be one of double width.
    pub(crate) doubled: bool,
}

/// The screen of a terminal.
pub(crate) struct Screen {
    pub(crate) size: Size,
    /// The grid shown.
    pub(crate) grid: Grid,
    /// The main grid while the alternate one is shown; otherwise the alternate one, if it has
    /// content to keep.
    pub(crate) other: Option<Grid>,
    pub(crate) alternate: bool,
    pub(crate) cursor: CursorState,
    /// DECSC of the main and of the alternate screen.
    pub(crate) saved: [SavedCursor; 2],
    pub(crate) margins: Margins,
    pub(crate) modes: Modeset,
    pub(crate) tabs: Tabs,
    pub(crate) tables: Tables,
    pub(crate) history: History,
    pub(crate) images: Images,
    pub(crate) printing: Printing,
    pub(crate) options: Options,
    /// The tick of the change being made.
    pub(crate) tick: u64,
}

impl Screen {
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
            images: Images::default(),
            printing: Printing::default(),
            options,
            tick: 1,
        }
    }

    #[inline]
    pub(crate) fn tick(&self) -> u64 {
        self.tick
    }

    #[inline]
    pub(crate) fn is_on(&self, mode: Mode) -> bool {
        self.modes.has(mode)
    }

    /// A printed cell without its text.
    #[inline]
    pub(crate) fn template(&mut self) -> Cell {
        if self.cursor.pen.stale {
            self.refresh_pen();
        }
        self.cursor.pen.template
    }

    /// An erased cell.
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
