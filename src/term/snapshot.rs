//! The whole state of a terminal as plain data, and back. Anything may be in a snapshot that is
//! restored: it is checked, never trusted.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::geom::Size;
use crate::base::memory::Memory;
use crate::base::style::Rgb;
use crate::term::cell::{Cell, RowAttrs};
use crate::term::charset::{Charset, Charsets};
use crate::term::cluster::Clusters;
use crate::term::color::{OuterColours, Palette};
use crate::term::emulator::Emulator;
use crate::term::history::{History, HistoryEnd};
use crate::term::hyperlink::Hyperlinks;
use crate::term::image::{Images, ImagesSnapshot};
use crate::term::keys::{Flags, Keyboard};
use crate::term::mode::{Modeset, colour_of, colour_word};
use crate::term::osc::Titles;
use crate::term::parser::table::ParserState;
use crate::term::parser::{CsiParams, Header, Parser, STRING_BYTES_MAX};
use crate::term::screen::cursor::Tabs;
use crate::term::screen::grid::Grid;
use crate::term::screen::{CursorState, Margins, Options, Pen, Printing, SavedCursor, Tables};
use crate::term::shell_integration::{PATH_BYTES_MAX, ShellIntegration};
use crate::term::style_table::{CellStyle, StyleTable};

/// Colours beyond the palette that are taken from a snapshot.
const COLOURS_MAX: usize = 1024;

/// Said where an older server has a class of characters that it never has there.
const DROPPED: [u8; 2] = [0xff, 0];

/// Why a snapshot cannot be restored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// The size is not one a terminal can have.
    #[error("a snapshot of {0} cannot be restored; sizes are 1x1 to 2000x1000")]
    Size(Size),
    /// A screen has not as many cells or rows as its size says.
    #[error("a snapshot with a screen that is not {0} cannot be restored; it is damaged")]
    Screen(Size),
}

/// Everything a terminal is, apart from the bytes of its scrollback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Size of both screens.
    pub size: Size,
    /// The screen shown.
    pub screen: ScreenSnapshot,
    /// The other one, if it has content.
    pub other: Option<ScreenSnapshot>,
    /// True if the alternate screen is shown.
    pub alternate: bool,
    /// The cursor.
    pub cursor: CursorSnapshot,
    /// The cursors that DECSC saved on the main and on the alternate screen.
    pub saved: [SavedSnapshot; 2],
    /// Top, bottom, left and right margin; tab stops, a bit a column.
    pub stops: ([u16; 4], Vec<u64>),
    /// Modes that are on, saved by XTSAVE, and which of them were saved: a bit each, numbered in
    /// `mode.rs`.
    pub modes: [u64; 3],
    /// Styles by style number, two words each.
    pub styles: Vec<[u64; 2]>,
    /// Clusters by number; an empty one is unused.
    pub clusters: Vec<String>,
    /// Hyperlinks by number, from 1, those given up empty; and which place is taken next once there
    /// is no other.
    pub links: (Vec<String>, u32),
    /// The end of the scrollback.
    pub history: HistoryEnd,
    /// Title and icon name, and those on the stack.
    pub titles: ((String, String), Vec<(String, String)>),
    /// Colours.
    pub colours: ColourSnapshot,
    /// Keyboard protocols.
    pub keyboard: KeyboardSnapshot,
    /// Working directory; at a prompt; the prompt is drawn again by its shell.
    pub shell: (String, bool, bool),
    /// The memory of printing: two bytes of cluster state, the character REP repeats (0 is none),
    /// DECSCUSR's number.
    pub printing: ([u8; 2], u32, u8),
    /// The parser.
    pub parser: ParserSnapshot,
    /// Images.
    pub images: ImagesSnapshot,
    /// The tick of the last change.
    pub tick: u64,
}

/// A screen: cells row by row as 8-byte words, and what is known of each row (flags, mark, columns
/// used).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScreenSnapshot {
    /// Cells, as `cell.rs` lays them out.
    pub cells: Vec<u64>,
    /// Flags, mark and used columns of each row.
    pub lines: Vec<(u8, u8, u16)>,
}

/// A cursor with its pen and character sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CursorSnapshot {
    /// Column and row.
    pub at: (u16, u16),
    /// A wrap is pending.
    pub pending: bool,
    /// The style, as two words.
    pub style: [u64; 2],
    /// DECSCA.
    pub protected: bool,
    /// Zone of shell integration.
    pub zone: u8,
    /// Sets in G0 to G3.
    pub sets: [u8; 4],
    /// The sets in force, left in the lower two bits and right above them, and the single shift.
    pub shifts: [u8; 2],
}

/// A cursor that DECSC saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SavedSnapshot {
    /// The cursor.
    pub cursor: CursorSnapshot,
    /// Origin mode.
    pub origin: bool,
    /// True if anything was saved.
    pub is_set: bool,
}

/// Colours a program redefined, and those of the outer terminal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ColourSnapshot {
    /// Palette entries.
    pub entries: Vec<(u8, Rgb)>,
    /// Foreground, background, cursor.
    pub special: [Option<Rgb>; 3],
    /// The outer terminal's.
    pub outer: OuterColours,
    /// Colours that are only reported, and saved styles and colours, as words of
    /// `mode.rs`.
    pub others: (Vec<u64>, Vec<u64>),
}

/// Keyboard protocols: kitty's flags and stacks of the screen shown and the hidden one, and
/// modifyOtherKeys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyboardSnapshot {
    /// Flags and stack of the screen shown.
    pub shown: (u8, Vec<u8>),
    /// Flags and stack of the other one.
    pub hidden: (u8, Vec<u8>),
    /// 0, 1 or 2.
    pub modify_other: u8,
}

/// The parser between two bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ParserSnapshot {
    /// Number of the state.
    pub state: u8,
    /// Numbers read.
    pub values: Vec<u16>,
    /// A bit for each that is a sub-parameter.
    pub subs: u32,
    /// The number being read, and whether it is a sub-parameter.
    pub current: (u16, bool),
    /// Private markers and intermediates, how many there are, and the final byte.
    pub marks: ([u8; 2], u8, u8),
    /// True if the sequence is ignored, and whether the string is.
    pub ignored: (bool, bool),
    /// The string being read.
    pub string: Vec<u8>,
    /// Bytes of an unfinished character.
    pub utf8: Vec<u8>,
}

impl ParserSnapshot {
    pub(crate) fn of(parser: &Parser) -> Self {
        let header = &parser.header;
        Self {
            state: parser.state as u8,
            values: header.params.all().to_vec(),
            subs: header.params.subs,
            current: (header.params.current, header.params.current_is_sub),
            marks: (header.intermediates, header.intermediate_count, header.last),
            ignored: (header.ignored, parser.overflowed),
            string: parser.string.clone(),
            utf8: parser.utf8[..usize::from(parser.utf8_count)].to_vec(),
        }
    }

    pub(crate) fn parser(self) -> Parser {
        let mut params = CsiParams {
            subs: self.subs,
            current: self.current.0,
            current_is_sub: self.current.1,
            ..CsiParams::default()
        };
        for (own, value) in params.values.iter_mut().zip(&self.values) {
            *own = *value;
            params.count += 1;
        }
        let (intermediates, count, last) = self.marks;
        let header = Header {
            params,
            intermediates,
            intermediate_count: count.min(2),
            ignored: self.ignored.0,
            last,
        };
        let mut parser =
            Parser { header, string: self.string, overflowed: self.ignored.1, ..Parser::default() };
        parser.state = ParserState::ALL.get(usize::from(self.state)).copied().unwrap_or_default();
        parser.string.truncate(STRING_BYTES_MAX);
        // Only what can be the start of a character is one.
        let is_start = std::str::from_utf8(&self.utf8)
            .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none());
        if is_start && self.utf8.len() < 4 {
            parser.utf8[..self.utf8.len()].copy_from_slice(&self.utf8);
            parser.utf8_count = u8::try_from(self.utf8.len()).unwrap_or(0);
        }
        parser
    }
}

impl ScreenSnapshot {
    fn of(grid: &Grid) -> Self {
        let mut cells = Vec::with_capacity(grid.size().area());
        let mut lines = Vec::new();
        for y in 0..grid.size().rows {
            cells.extend(grid.row(y).iter().map(|cell| cell.0));
            let line = grid.line(y);
            lines.push((line.flags, line.mark, line.used));
        }
        Self { cells, lines }
    }

    fn grid(self, size: Size, tick: u64) -> Result<Grid, RestoreError> {
        if self.cells.len() != size.area() || self.lines.len() != usize::from(size.rows) {
            return Err(RestoreError::Screen(size));
        }
        let mut grid = Grid::new(size, tick);
        for ((y, words), (flags, mark, used)) in
            (0..size.rows).zip(self.cells.chunks(usize::from(size.cols))).zip(self.lines)
        {
            let (cells, line) = grid.write(y, usize::from(size.cols), tick);
            cells.iter_mut().zip(words).for_each(|(cell, word)| *cell = Cell(*word));
            heal(cells);
            *line = RowAttrs { flags, mark, used: used.min(size.cols) };
            if cells.iter().skip(usize::from(used)).any(|cell| *cell != Cell::BLANK) {
                line.used = size.cols;
            }
            if cells.iter().any(|cell| cell.is_wide_part()) {
                line.flags |= RowAttrs::WIDE | RowAttrs::TEXT;
            }
            if cells.iter().any(|cell| cell.style() != 0) {
                line.flags |= RowAttrs::STYLED;
            }
            if cells.iter().any(|cell| cell.char().is_none_or(|c| !c.is_ascii())) {
                line.flags |= RowAttrs::TEXT;
            }
        }
        Ok(grid)
    }
}

/// Makes sure that every half of a wide character has its other half, and that every code is a
/// character's.
fn heal(cells: &mut [Cell]) {
    use crate::term::cell::CellClass;
    for cell in cells.iter_mut().filter(|cell| cell.cluster().is_none()) {
        match char::from_u32(cell.code()) {
            Some('\0' | ' '..='~' | '\u{a0}'..) => {}
            _ => *cell = cell.with_char_of_width(char::REPLACEMENT_CHARACTER),
        }
    }
    for at in 0..cells.len() {
        let class = cells[at].class();
        let before = at.checked_sub(1).map(|before| cells[before].class());
        let after = cells.get(at + 1).map(|cell| cell.class());
        let orphan = (class == CellClass::Tail && before != Some(CellClass::Wide))
            || (class == CellClass::Wide && after != Some(CellClass::Tail));
        if orphan {
            cells[at] = cells[at].emptied();
        }
    }
}

impl CursorSnapshot {
    fn of(cursor: &CursorState) -> Self {
        Self {
            at: (cursor.x, cursor.y),
            pending: cursor.pending,
            style: cursor.pen.style.words(),
            protected: cursor.pen.protected,
            zone: cursor.pen.zone,
            sets: cursor.charsets.sets.map(|set| set as u8),
            shifts: [cursor.charsets.left | cursor.charsets.right << 2, cursor.charsets.single],
        }
    }

    fn cursor(self, size: Size) -> CursorState {
        let pen = Pen {
            style: CellStyle::from_words(self.style),
            protected: self.protected,
            zone: self.zone & 3,
            stale: true,
            ..Pen::default()
        };
        let [shifts, single] = self.shifts;
        let charsets = Charsets {
            sets: self.sets.map(Charset::from_number),
            left: shifts & 3,
            right: shifts >> 2 & 3,
            single: single & 3,
        };
        CursorState {
            x: self.at.0.min(size.cols - 1),
            y: self.at.1.min(size.rows - 1),
            pending: self.pending,
            pen,
            charsets,
        }
    }
}

impl SavedSnapshot {
    fn of(saved: &SavedCursor) -> Self {
        Self {
            cursor: CursorSnapshot::of(&saved.cursor),
            origin: saved.origin,
            is_set: saved.is_set,
        }
    }

    fn saved(self, size: Size) -> SavedCursor {
        SavedCursor { cursor: self.cursor.cursor(size), origin: self.origin, is_set: self.is_set }
    }
}

impl Snapshot {
    pub(crate) fn of(emulator: &Emulator, parser: &Parser) -> Self {
        let screen = &emulator.screen;
        let Margins { top, bottom, left, right } = screen.margins;
        Self {
            size: screen.size,
            screen: ScreenSnapshot::of(&screen.grid),
            other: screen.other.as_ref().map(ScreenSnapshot::of),
            alternate: screen.alternate,
            cursor: CursorSnapshot::of(&screen.cursor),
            saved: [SavedSnapshot::of(&screen.saved[0]), SavedSnapshot::of(&screen.saved[1])],
            stops: ([top, bottom, left, right], screen.tabs.0.to_vec()),
            modes: [screen.modes.0, emulator.saved_modes.modes.0.0, emulator.saved_modes.modes.1.0],
            styles: screen.tables.styles.all().iter().copied().map(CellStyle::words).collect(),
            clusters: screen.tables.clusters.all().map(str::to_owned).collect(),
            links: (
                screen.tables.links.keys.iter().map(ToString::to_string).collect(),
                u32::try_from(screen.tables.links.next).unwrap_or(0),
            ),
            history: screen.history.end(),
            titles: (emulator.titles.now(), emulator.titles.stack.clone()),
            colours: ColourSnapshot {
                entries: emulator
                    .palette
                    .entries
                    .iter()
                    .map(|(entry, colour)| (*entry, *colour))
                    .collect(),
                special: [emulator.palette.fg, emulator.palette.bg, emulator.palette.cursor],
                outer: emulator.palette.outer,
                others: (
                    emulator
                        .palette
                        .others
                        .iter()
                        .map(|(number, colour)| colour_word(*number, *colour))
                        .collect(),
                    emulator.saved_modes.words(),
                ),
            },
            keyboard: KeyboardSnapshot {
                shown: (emulator.keyboard.shown.current, emulator.keyboard.shown.stack.clone()),
                hidden: (emulator.keyboard.hidden.current, emulator.keyboard.hidden.stack.clone()),
                modify_other: emulator.keyboard.modify_other,
            },
            shell: (emulator.shell.cwd.clone(), emulator.shell.at_prompt, emulator.shell.redraws),
            printing: (
                if screen.printing.dropped { DROPPED } else { [0, 1] },
                screen.printing.last.map_or(0, u32::from),
                screen.printing.cursor_shape,
            ),
            parser: ParserSnapshot::of(parser),
            images: screen.images.snapshot(),
            tick: screen.tick,
        }
    }

    pub(crate) fn emulator(
        self,
        options: Options,
        memory: Box<dyn Memory>,
    ) -> Result<Emulator, RestoreError> {
        let size = self.size;
        if size != size.clamped() {
            return Err(RestoreError::Size(size));
        }
        let tick = self.tick.saturating_add(1).min(u64::MAX >> 1);
        let mut grid = self.screen.grid(size, tick)?;
        let mut other = self.other.map(|screen| screen.grid(size, tick)).transpose()?;
        let styles: Vec<CellStyle> = self.styles.into_iter().map(CellStyle::from_words).collect();
        for grid in std::iter::once(&mut grid).chain(other.as_mut()) {
            grid.bound_styles(styles.len());
        }
        let limits = (options.scrollback_lines_max, options.scrollback_bytes_max);
        let mut emulator =
            Emulator::new(size, options, Box::new(crate::base::memory::HeapMemory::default()));
        emulator.screen.history = History::restore(memory, limits, size.cols, self.history);
        emulator.screen.grid = grid;
        emulator.screen.alternate = self.alternate && other.is_some();
        emulator.screen.other = other;
        emulator.screen.cursor = self.cursor.cursor(size);
        emulator.screen.saved = self.saved.map(|saved| saved.saved(size));
        emulator.screen.margins = margins(self.stops.0, size);
        emulator.screen.modes = Modeset(self.modes[0]);
        emulator.saved_modes.modes = (Modeset(self.modes[1]), Modeset(self.modes[2]));
        emulator.saved_modes.set_words(&self.colours.others.1);
        emulator.screen.tabs = Tabs::from_words(&self.stops.1);
        emulator.screen.tables = Tables {
            styles: StyleTable::from_styles(styles),
            clusters: Clusters::from_texts(self.clusters),
            links: Hyperlinks::from_keys(
                self.links.0.into_iter().map(Arc::from).collect(),
                self.links.1 as usize,
            ),
        };
        emulator.titles = Titles::restore(self.titles.0, self.titles.1);
        emulator.palette = palette(self.colours);
        emulator.keyboard = keyboard(self.keyboard, emulator.screen.alternate);
        let (cwd, at_prompt, redraws) = self.shell;
        emulator.shell = ShellIntegration {
            cwd: Some(cwd).filter(|cwd| cwd.len() <= PATH_BYTES_MAX).unwrap_or_default(),
            at_prompt,
            redraws,
        };
        let (join, repeated, cursor_shape) = self.printing;
        let last = char::from_u32(repeated).filter(|c| !c.is_control());
        emulator.screen.printing = Printing {
            dropped: join == DROPPED,
            last,
            cursor_shape: cursor_shape.min(6),
            doubled: true,
        };
        emulator.screen.images = Images::restore(self.images);
        emulator.screen.tick = tick;
        Ok(emulator)
    }
}

fn margins([top, bottom, left, right]: [u16; 4], size: Size) -> Margins {
    let full = Margins::full(size);
    let (bottom, right) = (bottom.min(full.bottom), right.min(full.right));
    let rows =
        if top < bottom || size.rows == 1 { (top.min(bottom), bottom) } else { (0, full.bottom) };
    let cols =
        if left < right || size.cols == 1 { (left.min(right), right) } else { (0, full.right) };
    Margins { top: rows.0, bottom: rows.1, left: cols.0, right: cols.1 }
}

fn palette(colours: ColourSnapshot) -> Palette {
    let [fg, bg, cursor] = colours.special;
    let others = colours.others.0.into_iter().map(colour_of).take(COLOURS_MAX).collect();
    Palette {
        outer: colours.outer,
        entries: colours.entries.into_iter().collect::<BTreeMap<_, _>>(),
        fg,
        bg,
        cursor,
        others,
    }
}

fn keyboard(keyboard: KeyboardSnapshot, alternate: bool) -> Keyboard {
    let flags = |(current, mut stack): (u8, Vec<u8>)| {
        stack.truncate(8);
        Flags { current, stack }
    };
    Keyboard {
        shown: flags(keyboard.shown),
        hidden: flags(keyboard.hidden),
        alternate,
        modify_other: keyboard.modify_other.min(2),
    }
}
