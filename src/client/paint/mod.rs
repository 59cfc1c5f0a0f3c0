//! The painter writes the difference between the screen there is to be and the one that the outer
//! terminal shows. It draws nothing by itself.
//!
//! `compose` lays panes, images and chrome together, `sgr` and `pictures` make bytes. `run` alone
//! calls it. Tests: `tests/it/client_view.rs`, `tests/it/outer.rs`, and the target `outer_render`
//! of `fuzz`.

mod cells;
mod compose;
mod pictures;
mod sgr;

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use ratatui::buffer::{Buffer, CellDiffOption};
use ratatui::style::Modifier;

use crate::base::geom::Size;
use crate::base::key::MouseWant;
use crate::base::style::Cursor;
use crate::client::caps::{Caps, Features};
use crate::client::model::{Damage, Model};
use crate::client::{terminal, view};
use cells::{Glyphs, PaintCell};
use pictures::{ImagePainter, Touched};
use sgr::{PaintRow, Pen};

/// Equal cells between two changed ones that are written again rather than jumped over.
const GAP_MAX: usize = 4;
/// Blank cells at the end of a row from which erasing is shorter than writing.
const ERASE_MIN: usize = 4;

/// Writes frames, and remembers what they left on the outer terminal.
#[derive(Debug)]
pub struct Painter {
    size: Size,
    /// Bars, borders, overlays.
    chrome: Buffer,
    /// A mark of each row of `chrome`, to know which changed.
    marks: Vec<u64>,
    /// The screen of the terminal, row by row.
    shown: Vec<PaintCell>,
    /// True if a row of `shown` is what the terminal shows.
    known: Vec<bool>,
    glyphs: Glyphs,
    pictures: ImagePainter,
    /// The row that is composed.
    row: Vec<PaintCell>,
    /// The state that was last told besides cells.
    told: TerminalState,
}

/// The state that the terminal was last told besides cells.
#[derive(Debug, Default, PartialEq, Eq)]
struct TerminalState {
    cursor: Option<Cursor>,
    title: String,
    mouse_motion: bool,
    keys: KeyProtocol,
    /// Themes and sizes in band are asked for.
    reports: Features,
    /// True if any of it is known.
    is_known: bool,
}

/// The keyboard protocol that is on.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum KeyProtocol {
    /// The protocol that the greeting left.
    #[default]
    Greeted,
    /// kitty's, with these flags.
    Kitty(u8),
    /// xterm's modifyOtherKeys.
    Other(u8),
}

impl Default for Painter {
    fn default() -> Self {
        Self {
            size: Size::new(0, 0),
            chrome: Buffer::default(),
            marks: Vec::new(),
            shown: Vec::new(),
            known: Vec::new(),
            glyphs: Glyphs::default(),
            pictures: ImagePainter::default(),
            row: Vec::new(),
            told: TerminalState::default(),
        }
    }
}

impl Painter {
    /// Appends to `out` what makes the outer terminal show the model; nothing if it does already.
    pub fn paint(&mut self, model: &Model, damage: &Damage, out: &mut Vec<u8>) {
        if self.size != model.size || damage.all || self.glyphs.are_full() {
            self.forget(model.size);
        }
        let mut rows = vec![damage.layout; usize::from(self.size.rows)];
        let everything = !self.known.iter().all(|known| *known);
        if everything || damage.chrome || damage.layout {
            self.draw_chrome(model, &mut rows);
        }
        for row in &damage.rows {
            if let Some(changed) = rows.get_mut(usize::from(*row)) {
                *changed = true;
            }
        }
        let start = out.len();
        if model.caps.modern {
            terminal::begin_frame(out);
        }
        let begun = out.len();
        let mut pen = Pen::new(model.caps, begun);
        let has_pictures = !self.pictures.are_idle(model);
        if has_pictures {
            self.pictures.prepare(model);
        }
        let mut touched = vec![None; usize::from(self.size.rows)];
        for y in 0..self.size.rows {
            if rows[usize::from(y)] || !self.known[usize::from(y)] {
                touched[usize::from(y)] = self.paint_row(model, y, &mut pen, out);
            }
        }
        if has_pictures {
            for y in self.pictures.stale_rows(model, &self.chrome.content, &self.shown) {
                if let Some(known) = self.known.get_mut(usize::from(y)) {
                    *known = false;
                    touched[usize::from(y)] = self.paint_row(model, y, &mut pen, out);
                }
            }
        }
        pen.finish(out);
        if has_pictures {
            self.pictures.write(model, (&self.chrome.content, &self.shown), &touched, out);
        }
        let drew = begun < out.len();
        self.tell(model, drew, out);
        if out.len() == begun {
            out.truncate(start);
        } else if model.caps.modern {
            terminal::end_frame(out);
        }
    }

    /// Takes everything on the terminal as unknown, so that the next frame paints all of it.
    fn forget(&mut self, size: Size) {
        self.size = size;
        self.chrome = Buffer::empty(ratatui::layout::Rect::new(0, 0, size.cols, size.rows));
        self.marks = vec![0; usize::from(size.rows)];
        self.shown = vec![PaintCell::BLANK; size.area()];
        self.known = vec![false; usize::from(size.rows)];
        self.glyphs = Glyphs::default();
        self.pictures.forget();
        self.told = TerminalState::default();
    }

    /// Draws bars, borders and overlays; rows where they changed are marked in `rows`.
    fn draw_chrome(&mut self, model: &Model, rows: &mut [bool]) {
        view::draw(model, &mut self.chrome);
        let cols = usize::from(self.size.cols);
        for ((row, cells), mark) in
            rows.iter_mut().zip(self.chrome.content.chunks(cols.max(1))).zip(&mut self.marks)
        {
            let new = mark_of(cells);
            *row |= *mark != new;
            *mark = new;
        }
    }

    /// Paints a row; says what of it was written.
    fn paint_row(&mut self, model: &Model, y: u16, pen: &mut Pen, out: &mut Vec<u8>) -> Touched {
        let cols = usize::from(self.size.cols);
        let at = usize::from(y) * cols;
        self.row.clear();
        self.row.resize(cols, PaintCell::BLANK);
        compose::compose(
            &compose::RowSource { model, pictures: &self.pictures },
            y,
            &self.chrome.content[at..at + cols],
            &mut self.glyphs,
            &mut self.row,
        );
        let shown = &mut self.shown[at..at + cols];
        let known = std::mem::replace(&mut self.known[usize::from(y)], true);
        if known && *shown == *self.row {
            return None;
        }
        let mut touched: Touched = None;
        let mut touch = |first: usize, end: usize| {
            touched =
                Some(touched.map_or((first, end), |(from, to)| (from.min(first), to.max(end))));
        };
        let blank_from =
            self.row.iter().rposition(|cell| *cell != PaintCell::BLANK).map_or(0, |last| last + 1);
        let line = PaintRow { y: usize::from(y), cells: &self.row, glyphs: &self.glyphs };
        let mut x = 0;
        while let Some(first) = (x..cols).find(|x| !known || shown[*x] != self.row[*x]) {
            let first = self.glyphs.start(&self.row, first);
            if blank_from <= first && (!known || ERASE_MIN <= cols - first) {
                pen.erase_from(y, first, out);
                touch(first, cols);
                break;
            }
            let end = span_end(&self.row, shown, known, first).min(if known {
                cols
            } else {
                blank_from.max(first + 1)
            });
            let end = self.glyphs.reach(&self.row, first..end, model.caps.widths);
            pen.write(&line, first..end, out);
            touch(first, end);
            x = end;
        }
        shown.copy_from_slice(&self.row);
        touched
    }

    /// Cursor, title and mouse.
    fn tell(&mut self, model: &Model, drew: bool, out: &mut Vec<u8>) {
        let wants_motion = model.config.outer.mouse
            && model.scene.focused().is_some_and(|pane| pane.mouse == MouseWant::Motion);
        if self.told.mouse_motion != wants_motion {
            terminal::mouse_motion(wants_motion, out);
        }
        let keys = wanted_keys(model);
        if self.told.keys != keys {
            put_keys(self.told.keys, keys, out);
        }
        let reports = put_reports(self.told.reports, model.caps, out);
        let title = if model.config.outer.title && model.caps.modern {
            title(model)
        } else {
            String::new()
        };
        if !title.is_empty() && self.told.title != title {
            terminal::title(&title, out);
        }
        let cursor = view::cursor(model);
        if drew || !self.told.is_known || self.told.cursor != cursor {
            let before = if self.told.is_known { self.told.cursor } else { None };
            put_cursor(cursor, before, model.caps, out);
        }
        self.told = TerminalState {
            cursor,
            title,
            mouse_motion: wants_motion,
            keys,
            reports,
            is_known: true,
        };
    }
}

/// kitty's protocol with what the program in focus wants beside our own, where there is that; else
/// modifyOtherKeys as far as it is wanted.
fn wanted_keys(model: &Model) -> KeyProtocol {
    let wants = model.images.wants;
    match () {
        () if model.caps.kitty => {
            // The end of a chord is told with its key of the standard layout.
            let chord = if model.chord.keys.is_empty() { 0 } else { terminal::KITTY_ALL };
            let passed = wants.kitty & terminal::KITTY_PASSED;
            KeyProtocol::Kitty(terminal::KITTY_OWN | passed | chord)
        }
        () if !model.caps.has(Features::OTHER_KEYS) => KeyProtocol::Greeted,
        // A program that knows kitty's protocol wants every key told apart.
        () if wants.kitty != 0 => KeyProtocol::Other(2),
        () => KeyProtocol::Other(wants.other_keys.min(2)),
    }
}

fn put_keys(before: KeyProtocol, keys: KeyProtocol, out: &mut Vec<u8>) {
    let text = match (before, keys) {
        (KeyProtocol::Greeted, KeyProtocol::Kitty(terminal::KITTY_OWN) | KeyProtocol::Other(0))
        | (_, KeyProtocol::Greeted) => {
            return;
        }
        (_, KeyProtocol::Kitty(flags)) => format!("\x1b[={flags};1u"),
        (_, KeyProtocol::Other(level)) => format!("\x1b[>4;{level}m"),
    };
    out.extend_from_slice(text.as_bytes());
}

/// Asks for reports of the theme (2031) and of the size in band (2048) where there are such; gives
/// what is asked for now.
fn put_reports(before: Features, caps: Caps, out: &mut Vec<u8>) -> Features {
    let mut asked = Features::NONE;
    for (feature, mode) in
        [(Features::THEME, "\x1b[?2031h"), (Features::IN_BAND_SIZE, "\x1b[?2048h")]
    {
        if caps.has(feature) {
            asked = asked.with(feature);
            if !before.has(feature) {
                out.extend_from_slice(mode.as_bytes());
            }
        }
    }
    asked
}

/// The end of a run of cells to be written from `first`: changed ones, and equal ones between them
/// that are not worth a jump.
fn span_end(row: &[PaintCell], shown: &[PaintCell], known: bool, first: usize) -> usize {
    let mut end = first + 1;
    let mut gap = 0;
    for x in first + 1..row.len() {
        if !known || shown[x] != row[x] {
            end = x + 1;
            gap = 0;
        } else {
            gap += 1;
            if GAP_MAX < gap || row[x].style != row[first].style {
                break;
            }
        }
    }
    while end < row.len() && row[end].is_tail() {
        end += 1;
    }
    end
}

/// Shows the cursor, or hides it. `before` is the one that the terminal has, if that is known.
fn put_cursor(cursor: Option<Cursor>, before: Option<Cursor>, caps: Caps, out: &mut Vec<u8>) {
    let Some(cursor) = cursor else { return terminal::hide_cursor(out) };
    let is_same = |before: Cursor| (before.shape, before.blink) == (cursor.shape, cursor.blink);
    terminal::show_cursor(cursor, caps.modern && !before.is_some_and(is_same), out);
}

fn title(model: &Model) -> String {
    let session = model.scene.chrome.session.as_ref().map(|session| session.name.as_str());
    let pane =
        model.scene.focused().map(|pane| pane.title.as_str()).filter(|title| !title.is_empty());
    [session, pane].into_iter().flatten().collect::<Vec<_>>().join(": ")
}

/// A mark of a row of chrome: equal rows have equal marks.
fn mark_of(cells: &[ratatui::buffer::Cell]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for cell in cells {
        if cell.diff_option == CellDiffOption::Skip {
            hasher.write_u8(1);
        } else {
            cell.symbol().hash(&mut hasher);
            (cell.fg, cell.bg, cell.modifier & Modifier::all()).hash(&mut hasher);
        }
    }
    hasher.finish() | 1
}
