//! A change of size: the main screen rewraps its lines and trades rows with the history, the
//! alternate screen is cut or padded.
//!
//! The cursor, saved cursors and prompt marks stay on their characters. A prompt that its shell
//! will draw again is cut instead of rewrapped: the shell moves up by the rows it had before, so it
//! must still have those.

use crate::base::geom::Size;
use crate::term::cell::{Cell, CellClass, RowAttrs};
use crate::term::event::MarkKind;
use crate::term::history::record::CellText;
use crate::term::image::{Image, UNDER};
use crate::term::screen::grid::Grid;
use crate::term::screen::{CursorState, Margins, Screen};
use crate::term::style_table::CellStyle;

const CONTENT: u8 = RowAttrs::STYLED | RowAttrs::TEXT | RowAttrs::WIDE;

/// Column and row of what stays on its character, and whether a wrap is pending there.
type Spot = (u16, u16, bool);

/// A row on its way from one screen to the next.
type LooseRow = (Vec<Cell>, RowAttrs);

/// A logical line on its way.
#[derive(Debug, Clone, Default)]
struct LooseLine {
    cells: Vec<Cell>,
    /// Content flags of its rows together.
    flags: u8,
    /// Prompt marks and the cells they are on.
    marks: Vec<(usize, u8)>,
    /// Cut to the width instead of wrapped.
    fixed: bool,
    /// The line goes on after these rows.
    open: bool,
}

/// A position that stays on its character: the line, the cell in it, and afterwards row and column.
#[derive(Debug, Clone, Copy, Default)]
struct TrackedCell {
    line: usize,
    offset: usize,
    row: usize,
    col: usize,
    pending: bool,
}

impl Screen {
    /// Changes the size.
    /// A shell that draws its prompt again (`redraws_prompt`) gets the prompt cut, not rewrapped.
    pub(crate) fn resize(&mut self, size: Size, redraws_prompt: bool) {
        let old = self.size;
        self.tick += 1;
        let alternate = self
            .alternate
            .then(|| std::mem::replace(&mut self.grid, Grid::new(Size::new(1, 1), 0)));
        let main = if alternate.is_some() {
            self.other.take()
        } else {
            Some(std::mem::replace(&mut self.grid, Grid::new(Size::new(1, 1), 0)))
        };
        if alternate.is_none() {
            self.other = None;
            self.images.hidden.clear();
        }
        let main =
            self.resize_main(main.unwrap_or_else(|| Grid::new(old, 0)), size, redraws_prompt);
        self.size = size;
        if let Some(alternate) = alternate {
            self.grid = self.resize_alternate(alternate, size);
            self.other = Some(main);
        } else {
            self.grid = main;
        }
        self.margins = Margins::full(size);
        self.cursor.x = self.cursor.x.min(size.cols - 1);
        self.cursor.y = self.cursor.y.min(size.rows - 1);
        // The cell before the cursor may be another one now, and what comes next is not part of it.
        self.printing.dropped = false;
    }

    fn resize_alternate(&mut self, mut grid: Grid, size: Size) -> Grid {
        let top = (self.cursor.y + 1).saturating_sub(size.rows);
        let rows = (top..grid.size().rows)
            .map(|y| {
                (
                    grid.used(y).to_vec(),
                    RowAttrs { flags: grid.line(y).flags & CONTENT, ..grid.line(y) },
                )
            })
            .collect();
        self.cursor.y -= top;
        self.cursor.pending = false;
        self.images.shown.retain_mut(|image| {
            image.row -= if image.is_virtual { 0 } else { i64::from(top) };
            let is_in_rows =
                image.row < i64::from(size.rows) && 0 < image.row + i64::from(image.cells.1);
            image.is_virtual || (is_in_rows && image.col < size.cols)
        });
        let saved = &mut self.saved[1].cursor;
        saved.y = saved.y.saturating_sub(top);
        saved.pending = false;
        grid.replace(size, rows, self.tick);
        grid
    }

    fn resize_main(&mut self, mut grid: Grid, size: Size, redraws_prompt: bool) -> Grid {
        let old = grid.size();
        let shown = !self.alternate;
        let mut images =
            std::mem::take(if shown { &mut self.images.shown } else { &mut self.images.hidden });
        images.retain(|image| {
            image.is_virtual || old.cols == size.cols || 0 < image.row + i64::from(image.cells.1)
        });
        let cursors =
            [if shown { self.cursor } else { self.saved[0].cursor }, self.saved[0].cursor];
        let mut spots: Vec<Spot> =
            cursors.iter().map(|cursor| (cursor.x, cursor.y, cursor.pending)).collect();
        spots.extend(
            images.iter().map(|image| (image.col, u16::try_from(image.row).unwrap_or(0), false)),
        );
        let lowest = spots.iter().enumerate().filter(|(at, _)| *at != 1).map(|(_, spot)| spot.1);
        let last = last_row(&grid, lowest.max().unwrap_or(0));
        let was_full = last + 1 == old.rows;
        let prompt = if redraws_prompt && shown && old.cols != size.cols {
            prompt_row(&grid, cursors[0].y)
        } else {
            None
        };
        let (mut lines, mut anchors) = Self::take_lines(&grid, last, prompt, &spots);
        if self.history.is_open() && !lines.is_empty() {
            self.join_history(&mut lines[0], &mut anchors);
        }
        self.history.set_cols(size.cols);
        let mut rows = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            rows.append(&mut wrap(line, at, usize::from(size.cols), rows.len(), &mut anchors));
        }
        let height = usize::from(size.rows);
        if was_full {
            self.pull_rows(&mut rows, &mut anchors, size);
        }
        // As little as possible leaves at the top: what has no place below comes back.
        let top = (anchors[0].row + 1).saturating_sub(height);
        let mut kept = rows.split_off(top);
        let mut below = kept.split_off(kept.len().min(height));
        below.truncate(usize::from(Size::MAX.rows));
        grid.replace(size, kept, self.tick);
        grid.below = below;
        for (cells, line) in rows {
            self.history.push(
                &padded(cells, usize::from(size.cols)),
                line,
                &self.tables.styles,
                &self.tables.clusters,
            );
        }
        self.history.commit();
        let place = |cursor: &mut CursorState, anchor: TrackedCell| {
            cursor.x = u16::try_from(anchor.col).unwrap_or(0).min(size.cols - 1);
            cursor.y =
                u16::try_from(anchor.row.saturating_sub(top)).unwrap_or(0).min(size.rows - 1);
            cursor.pending = anchor.pending;
        };
        place(&mut self.saved[0].cursor, anchors[1]);
        if shown {
            place(&mut self.cursor, anchors[0]);
        }
        for (image, anchor) in images.iter_mut().zip(&anchors[2..]) {
            move_image(image, *anchor, top, size);
        }
        // Images below the cursor may be below the screen now, and nothing there is kept.
        images.retain(|image| image.is_virtual || image.row < i64::from(size.rows));
        *(if shown { &mut self.images.shown } else { &mut self.images.hidden }) = images;
        grid
    }

    /// Joins rows 0 to `last` to lines, and finds the cursors in them.
    fn take_lines(
        grid: &Grid,
        last: u16,
        prompt: Option<u16>,
        spots: &[Spot],
    ) -> (Vec<LooseLine>, Vec<TrackedCell>) {
        let mut anchors = vec![TrackedCell::default(); spots.len()];
        let mut lines: Vec<LooseLine> = Vec::new();
        let mut goes_on = false;
        let on_screen = (0..=last).map(|y| (grid.row(y), grid.used(y), grid.line(y)));
        let below = grid.below.iter().map(|(cells, row)| (&cells[..], &cells[..], *row));
        for (y, (all, used, row)) in (0_u16..).zip(on_screen.chain(below)) {
            let fixed = prompt.is_some_and(|prompt| prompt <= y);
            if !goes_on || fixed {
                lines.push(LooseLine { fixed, ..LooseLine::default() });
            }
            let at = lines.len() - 1;
            let line = &mut lines[at];
            let start = line.cells.len();
            if row.mark != 0 {
                line.marks.push((start, row.mark));
            }
            line.flags |= row.flags & CONTENT;
            goes_on = row.has(RowAttrs::WRAPPED) && !fixed;
            line.open = goes_on;
            let cells = if goes_on { trim_spacer(all) } else { trim_blank(used) };
            line.cells.extend_from_slice(cells);
            // A picture is cut at the margin; only text goes on in the next row.
            line.fixed |= row.has(RowAttrs::TEXT)
                && line.cells[start..].iter().any(|cell| cell.char() == Some(UNDER));
            for (anchor, (x, own, pending)) in anchors.iter_mut().zip(spots) {
                if *own == y {
                    let offset = start + usize::from(*x) + usize::from(*pending);
                    *anchor = TrackedCell { line: at, offset, ..TrackedCell::default() };
                }
            }
        }
        (lines, anchors)
    }

    /// Puts the unfinished last line of the history in front of the first line.
    fn join_history(&mut self, first: &mut LooseLine, anchors: &mut [TrackedCell]) {
        let Some((mut line, _)) = self.pop_history() else { return };
        let before = line.cells.len();
        for anchor in anchors.iter_mut().filter(|anchor| anchor.line == 0) {
            anchor.offset += before;
        }
        first.marks.iter_mut().for_each(|(offset, _)| *offset += before);
        line.cells.append(&mut first.cells);
        line.marks.append(&mut first.marks);
        first.flags |= line.flags;
        first.cells = line.cells;
        first.marks = line.marks;
    }

    /// Takes the last line out of the history, as cells; tells whether it went on. Nothing is swept
    /// meanwhile: its cells are in no grid yet.
    fn pop_history(&mut self) -> Option<(LooseLine, bool)> {
        let mut glyphs: Vec<(Cell, String, CellStyle)> = Vec::new();
        let popped = self.history.pop(|glyph, cell_style| {
            let (cell, text) = match glyph {
                CellText::Blank => (Cell::BLANK, String::new()),
                CellText::Char(c, cols) => {
                    (Cell::BLANK.with_char(c).with_class(class_of(cols)), String::new())
                }
                CellText::Cluster(text, cols) => {
                    (Cell::BLANK.with_class(class_of(cols)), text.to_owned())
                }
            };
            glyphs.push((cell, text, cell_style));
        });
        let (open, mark) = popped?;
        let mut line = LooseLine::default();
        if mark != 0 {
            line.marks.push((0, mark));
        }
        for (cell, text, cell_style) in glyphs {
            let number = self.tables.styles.number(cell_style);
            let mut cell = cell.with_style(number);
            let mut scalars = text.chars();
            if let Some(first) = scalars.next() {
                cell = scalars.fold(cell.with_char_of_width(first), |cell, c| {
                    self.tables
                        .clusters
                        .joined(cell.code(), c)
                        .map_or(cell, |cluster| cell.with_cluster(cluster.number))
                });
            }
            line.cells.push(cell);
            if cell.class() == CellClass::Wide {
                line.cells.push(cell.emptied().with_class(CellClass::Tail));
            }
        }
        line.flags = CONTENT;
        Some((line, open))
    }

    /// Fills the screen from the history.
    fn pull_rows(&mut self, rows: &mut Vec<LooseRow>, anchors: &mut [TrackedCell], size: Size) {
        while rows.len() < usize::from(size.rows) {
            let Some((mut line, open)) = self.pop_history() else { return };
            line.open = open;
            let mut above = wrap(&line, usize::MAX, usize::from(size.cols), 0, anchors);
            for anchor in anchors.iter_mut() {
                anchor.row += above.len();
            }
            above.append(rows);
            *rows = above;
        }
    }
}

/// The last row that matters: with text, or at least `lowest`, or with more rows below it.
fn last_row(grid: &Grid, lowest: u16) -> u16 {
    let rows = grid.size().rows;
    if !grid.below.is_empty() {
        return rows - 1;
    }
    let has_text = |y: &u16| grid.used(*y).iter().any(|cell| !cell.is_plain_blank());
    (0..rows).rev().find(has_text).unwrap_or(0).max(lowest).min(rows - 1)
}

/// The row where the prompt starts that the cursor in row `y` is at.
fn prompt_row(grid: &Grid, y: u16) -> Option<u16> {
    (0..=y).rev().find(|y| grid.line(*y).mark == MarkKind::Prompt.number())
}

/// An image stays on the cell it starts at; one that began above the screen stays as far above it.
fn move_image(image: &mut Image, anchor: TrackedCell, top: usize, size: Size) {
    if image.is_virtual {
        return;
    }
    let signed = |row: usize| i64::try_from(row).unwrap_or(i64::MAX);
    image.row = image.row.min(0) + signed(anchor.row) - signed(top);
    image.col = u16::try_from(anchor.col).unwrap_or(0).min(size.cols - 1);
}

fn class_of(cols: u8) -> CellClass {
    if cols == 2 { CellClass::Wide } else { CellClass::Narrow }
}

fn trim_blank(cells: &[Cell]) -> &[Cell] {
    let end = cells.iter().rposition(|cell| !cell.is_plain_blank()).map_or(0, |last| last + 1);
    &cells[..end]
}

fn trim_spacer(cells: &[Cell]) -> &[Cell] {
    match cells.split_last() {
        Some((last, rest)) if last.class() == CellClass::Spacer => rest,
        _ => cells,
    }
}

fn padded(mut cells: Vec<Cell>, cols: usize) -> Vec<Cell> {
    cells.resize(cols, Cell::BLANK);
    cells
}

/// The rows of a line at `cols`, of which the first is row `first`; the anchors in the line are
/// placed.
fn wrap(
    line: &LooseLine,
    number: usize,
    cols: usize,
    first: usize,
    anchors: &mut [TrackedCell],
) -> Vec<LooseRow> {
    let mut rows: Vec<LooseRow> = Vec::new();
    let mut row: Vec<Cell> = Vec::with_capacity(cols);
    // The start of each row, in cells of the line.
    let mut starts = vec![0];
    let mut at = 0;
    while at < line.cells.len() {
        let cell = line.cells[at];
        let width = if cell.class() == CellClass::Wide { 2 } else { 1 };
        if row.len() + width > cols && !row.is_empty() {
            if line.fixed {
                break;
            }
            if row.len() < cols {
                row.push(Cell::BLANK.with_class(CellClass::Spacer));
            }
            rows.push((
                std::mem::replace(&mut row, Vec::with_capacity(cols)),
                new_line(line, true),
            ));
            starts.push(at);
        }
        if width > cols {
            row.push(cell.emptied());
        } else {
            row.extend_from_slice(&line.cells[at..(at + width).min(line.cells.len())]);
        }
        at += width;
    }
    rows.push((row, new_line(line, line.open)));
    for (offset, mark) in &line.marks {
        let at = starts.partition_point(|start| start <= offset) - 1;
        rows[at].1.mark = *mark;
    }
    for anchor in anchors.iter_mut().filter(|anchor| anchor.line == number) {
        let at = starts.partition_point(|start| *start <= anchor.offset) - 1;
        anchor.row = first + at;
        anchor.col = anchor.offset - starts[at];
        anchor.pending = anchor.col >= cols && anchor.offset == line.cells.len() && !line.fixed;
    }
    rows
}

fn new_line(line: &LooseLine, wrapped: bool) -> RowAttrs {
    let wrapped = if wrapped { RowAttrs::WRAPPED } else { 0 };
    let spacer = if wrapped != 0 && line.flags & RowAttrs::WIDE != 0 {
        RowAttrs::TEXT | RowAttrs::WIDE
    } else {
        0
    };
    RowAttrs { flags: line.flags | wrapped | spacer, mark: 0, used: u16::MAX }
}
