//! The terminal as its owner sees it: bytes in, rows and events out. No I/O, no clock, and no panic
//! on any input.

use std::ops::Range;

use crate::base::geom::Size;
use crate::base::memory::Memory;
use crate::base::row::Row;
use crate::base::style::{Cursor, CursorShape};
use crate::term::anchor::Anchor;
use crate::term::check::check;
use crate::term::color::OuterColours;
use crate::term::emulator::Emulator;
use crate::term::event::{MarkKind, TermEvent};
use crate::term::history::HistoryBytes;
use crate::term::image::Image;
use crate::term::keys::InputEncoder;
use crate::term::mode::{Mode, Modes};
use crate::term::parser::Parser;
use crate::term::screen::Options;
use crate::term::screen::grid::Grid;
use crate::term::search::{Direction, Pattern, SearchStep};
use crate::term::snapshot::{RestoreError, Snapshot};

/// A terminal: a parser, two screens, and the scrollback of the main one.
pub struct Terminal {
    parser: Parser,
    emulator: Emulator,
}

impl Terminal {
    /// From now on it tells programs that ask for its version (XTVERSION) whose terminal it is: the
    /// lineage of the server, and the pane. A client that runs in it, however far away, knows by
    /// that where it is shown.
    pub fn identify(&mut self, server: u64, pane: u64) {
        self.emulator.out.identity = Some((server, pane));
    }

    /// A fresh terminal. `memory` will hold the scrollback; what is in it is forgotten. Sizes
    /// beyond 1×1 to 2000×1000 are clamped.
    #[must_use]
    pub fn new(size: Size, options: Options, memory: Box<dyn Memory>) -> Self {
        Self { parser: Parser::default(), emulator: Emulator::new(size, options, memory) }
    }

    pub(super) fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    /// Takes the place of another terminal in the same view: every row counts as changed after
    /// whatever was changed there.
    pub fn succeed(&mut self, former: &Self) {
        self.emulator.screen.tick = self.tick().max(former.tick() + 1);
        self.emulator.screen.grid.touch_all(self.emulator.screen.tick);
    }

    /// Obeys what a program wrote. Results do not depend on how its output is split into calls.
    pub fn feed(&mut self, bytes: &[u8], events: &mut Vec<TermEvent>) {
        if bytes.is_empty() {
            return;
        }
        self.emulator.screen.tick += 1;
        self.emulator.out.reply_bytes = 0;
        self.parser.feed(&mut self.emulator, bytes);
        self.emulator.screen.history.commit();
        events.append(&mut self.emulator.out.events);
    }

    /// Changes the size: the main screen rewraps, the alternate one is cut or padded.
    pub fn resize(&mut self, size: Size, events: &mut Vec<TermEvent>) {
        self.emulator.out.reply_bytes = 0;
        self.emulator.resize(size);
        events.append(&mut self.emulator.out.events);
    }

    /// The size.
    #[must_use]
    pub fn size(&self) -> Size {
        self.emulator.screen.size
    }

    /// The cursor as it is to be shown.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        let number = self.emulator.screen.printing.cursor_shape;
        let shape = match number {
            1 | 2 => CursorShape::Block,
            3 | 4 => CursorShape::Underline,
            5 | 6 => CursorShape::Bar,
            _ => CursorShape::Default,
        };
        // A row of double width may have come to where the cursor is further right than its end.
        let x = self
            .emulator
            .screen
            .cursor
            .x
            .saturating_mul(self.emulator.screen.drawn_columns())
            .min(self.size().cols - 1);
        Cursor {
            x,
            y: self.emulator.screen.cursor.y,
            visible: self.emulator.screen.is_on(Mode::CURSOR_VISIBLE),
            shape,
            blink: self.emulator.screen.is_on(Mode::CURSOR_BLINK),
        }
    }

    /// The modes that the program set.
    #[must_use]
    pub fn modes(&self) -> Modes {
        self.emulator.input().modes()
    }

    /// Grows with every change.
    #[must_use]
    pub fn tick(&self) -> u64 {
        self.emulator.screen.tick()
    }

    /// The tick of the last change of row `y` of the screen; 0 if there is no such row.
    #[must_use]
    pub fn row_tick(&self, y: u16) -> u64 {
        if y < self.emulator.screen.size.rows { self.emulator.screen.grid.tick(y) } else { 0 }
    }

    /// Row `y` of the screen, from the top; empty if there is none.
    #[must_use]
    pub fn row(&self, y: u16) -> Row {
        self.emulator.text_view().screen_row(y)
    }

    /// Rows of scrollback at the current width.
    #[must_use]
    pub fn history_rows(&self) -> usize {
        self.emulator.screen.history.rows()
    }

    /// Row `back` of the scrollback: 0 is the one just above the screen; empty if there is none.
    #[must_use]
    pub fn history_row(&self, back: usize) -> Row {
        self.emulator.text_view().history_row(back)
    }

    /// Rows from top to bottom; negative ones are scrollback, −1 being just above the screen. What
    /// there is not is left out. For many rows this is much less work than
    /// [`Terminal::history_row`] for each.
    #[must_use]
    pub fn rows(&self, rows: Range<i64>) -> Vec<Row> {
        let mut found = Vec::new();
        self.emulator.text_view().each_row(rows, |row| found.push(row));
        found
    }

    /// Lines of scrollback, whatever the width.
    #[must_use]
    pub fn history_lines(&self) -> usize {
        self.emulator.screen.history.lines()
    }

    /// Forgets the scrollback.
    pub fn clear_history(&mut self) {
        self.emulator.screen.tick += 1;
        self.emulator.screen.history.clear();
    }

    /// Packs one cold segment of the scrollback, 64 KiB: a fraction of a millisecond. False if
    /// there is none left.
    pub fn pack_history(&mut self) -> bool {
        self.emulator.screen.history.pack()
    }

    /// True if [`Self::pack_history`] would compress a segment.
    #[must_use]
    pub fn can_pack_history(&self) -> bool {
        self.emulator.screen.history.cold().is_some()
    }

    /// Drops the oldest segment of the scrollback, but none of the newest. False if nothing was
    /// dropped.
    pub fn drop_oldest_history(&mut self) -> bool {
        self.emulator.screen.history.drop_oldest()
    }

    /// The sequence numbers of the segments of the scrollback.
    #[must_use]
    pub fn history_segments(&self) -> Range<u64> {
        self.emulator.screen.history.sequences()
    }

    /// From which segment of the scrollback on bytes may be other than when this was asked last.
    pub fn take_changed_history(&self) -> u64 {
        self.emulator.screen.history.take_changed()
    }

    /// The bytes of a segment of the scrollback, at most [`crate::term::HISTORY_SEGMENT_BYTES`],
    /// for [`crate::term::fill_history`]; `None` if it was dropped.
    #[must_use]
    pub fn history_segment(&self, sequence: u64) -> Option<Vec<u8>> {
        self.emulator.screen.history.carried(sequence)
    }

    /// Memory of the scrollback.
    #[must_use]
    pub fn history_bytes(&self) -> HistoryBytes {
        self.emulator.screen.history.bytes()
    }

    /// Bytes that images take.
    #[must_use]
    pub fn image_bytes(&self) -> usize {
        self.emulator.screen.images.bytes()
    }

    /// Bytes of memory in use, scrollback included.
    #[must_use]
    pub fn memory_used(&self) -> usize {
        let emulator = &self.emulator;
        let tables = &emulator.screen.tables;
        emulator.screen.grid.memory_used()
            + emulator.screen.other.as_ref().map_or(0, Grid::memory_used)
            + emulator.screen.history.memory_used()
            + tables.styles.memory_used()
            + tables.clusters.memory_used()
            + tables.links.memory_used()
            + emulator.screen.images.bytes()
            + self.parser.string.capacity()
    }

    /// Text of rows, a line each; negative rows are scrollback, −1 being just above the screen.
    /// Rows of one line are joined, trailing blanks left out.
    #[must_use]
    pub fn text(&self, rows: Range<i64>) -> String {
        self.emulator.text_view().text(rows)
    }

    /// Takes one step of a search: at most a segment of 64 KiB or the screen is looked at, so that
    /// nobody waits for it. `from` is where to go on, as [`SearchStep::next`] says it; at first it
    /// is a position, or none for the end the search starts at. Going to older lines finds what
    /// starts before `from`, going to newer ones what starts there or later. At most `limit` hits
    /// are given; lines that go over several rows are looked at as one.
    #[must_use]
    pub fn search(
        &self,
        pattern: &Pattern,
        from: Option<Anchor>,
        direction: Direction,
        limit: usize,
    ) -> SearchStep {
        self.emulator.text_view().search(pattern, from, direction, limit)
    }

    /// The position that a column of a row shows, rows as for [`Terminal::text`]. Past the end of a
    /// line it is the place after its last character.
    #[must_use]
    pub fn anchor(&self, row: i64, col: u16) -> Option<Anchor> {
        self.emulator.text_view().anchor(row, col)
    }

    /// Row and column where a position is at the present width, rows as for [`Terminal::text`];
    /// `None` if its line was dropped.
    #[must_use]
    pub fn locate(&self, anchor: Anchor) -> Option<(i64, u16)> {
        self.emulator.text_view().locate(anchor)
    }

    /// The text of the line with that number, however many rows it takes; `None` if it was dropped.
    #[must_use]
    pub fn line_text(&self, line: u64) -> Option<String> {
        self.emulator.text_view().line_text(line)
    }

    /// The mark of shell integration on a row, as for [`Terminal::text`]: where a prompt or an
    /// output starts.
    #[must_use]
    pub fn mark(&self, row: i64) -> Option<MarkKind> {
        self.emulator.text_view().mark(row)
    }

    /// Images on the screen and just above it, oldest first. Those that text can cut are seen only
    /// in cells of [`crate::base::row::RunKind::Under`].
    #[must_use]
    pub fn images(&self) -> &[Image] {
        &self.emulator.screen.images.shown
    }

    /// The title; empty if none was set.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.emulator.titles.title
    }

    /// The address of a link of a row; at most 2048 bytes, of the schemes http, https, file and
    /// mailto.
    #[must_use]
    pub fn link(&self, id: u32) -> Option<&str> {
        self.emulator.screen.tables.links.get(id)
    }

    /// The program's working directory, as it told it.
    #[must_use]
    pub fn cwd(&self) -> Option<&str> {
        Some(self.emulator.shell.cwd.as_str()).filter(|cwd| !cwd.is_empty())
    }

    /// True if its shell told that it waits for a command line, and none runs (OSC 133).
    #[must_use]
    pub fn is_at_prompt(&self) -> bool {
        self.emulator.shell.at_prompt
    }

    /// The anchor of the cursor.
    #[must_use]
    pub fn cursor_anchor(&self) -> Option<Anchor> {
        let cursor = &self.emulator.screen.cursor;
        self.emulator.text_view().anchor(i64::from(cursor.y), cursor.x)
    }

    /// The text from one position to another, lines ended by a line feed, without blanks at their
    /// ends; of more than `bytes_max` bytes the end, and whether anything is missing. Rows that the
    /// program has erased or moved since are as they are now.
    #[must_use]
    pub fn text_between(&self, from: Anchor, to: Anchor, bytes_max: usize) -> (String, bool) {
        self.emulator.text_view().text_between(from, to, bytes_max)
    }

    /// True if the program is in the middle of one update (mode 2026). Whoever draws waits for its
    /// end, but not for long.
    #[must_use]
    pub fn is_synchronized(&self) -> bool {
        self.emulator.screen.is_on(Mode::SYNCHRONIZED)
    }

    /// Ends an update that took too long.
    pub fn end_synchronized(&mut self) {
        if self.is_synchronized() {
            self.emulator.screen.tick += 1;
            self.emulator.screen.modes.set(Mode::SYNCHRONIZED, false);
        }
    }

    /// Sequences dropped because nobody knows them.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.emulator.out.dropped
    }

    /// Cells cleared and moved since the start: a measure of the work that output caused, the same
    /// on every machine.
    #[must_use]
    pub fn work(&self) -> u64 {
        self.emulator.screen.grid.work
            + self.emulator.screen.other.as_ref().map_or(0, |grid| grid.work)
    }

    /// `StyleTable` for something that must not be, whatever a program wrote.
    ///
    /// # Errors
    /// What is wrong, in a sentence: a mistake of the engine.
    pub fn check(&self) -> Result<(), String> {
        check(&self.emulator.screen)
    }

    /// The encoder of input: keys, mouse events, pastes and changes of focus as the bytes that the
    /// program asked for.
    #[must_use]
    pub fn input(&self) -> InputEncoder<'_> {
        self.emulator.input()
    }

    /// Tells the outer terminal's colours, for answers to queries; a change between dark and light
    /// is reported where asked for.
    pub fn set_palette(&mut self, colours: OuterColours, events: &mut Vec<TermEvent>) {
        let before = self.emulator.palette.scheme();
        self.emulator.palette.outer = colours;
        let scheme = self.emulator.palette.scheme();
        if scheme != before && self.emulator.screen.is_on(Mode::COLOUR_SCHEME) {
            self.emulator.out.reply_bytes = 0;
            self.emulator.reply(crate::term::report::Reply::ColourScheme(scheme));
        }
        events.append(&mut self.emulator.out.events);
    }

    /// Width and height of a cell of the outer terminal in pixels, for images to come, reports and
    /// the mouse.
    pub fn set_cell_pixels(&mut self, pixels: (u16, u16)) {
        if pixels.0 != 0 && pixels.1 != 0 {
            self.emulator.screen.options.cell_pixels = pixels;
        }
    }

    /// Back to a fresh terminal, scrollback kept: what the user does when a program left a mess.
    pub fn reset(&mut self) {
        self.parser = Parser::default();
        self.emulator.reset();
    }

    /// The program is gone and another follows: what it showed stays as rows, the alternate
    /// screen's below the main one's, and everything else is as in a fresh terminal. The cursor is
    /// on the row below.
    pub fn reset_for_reuse(&mut self) {
        self.parser = Parser::default();
        self.emulator.reset_for_reuse();
    }

    /// Everything but the bytes of the scrollback, as plain data.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.emulator, &self.parser)
    }

    /// The terminal of a snapshot, with the scrollback in `memory` cut back to where it was then.
    ///
    /// # Errors
    /// [`RestoreError`] if the snapshot does not fit itself. Damage in `memory` costs scrollback
    /// only.
    pub fn restore(
        snapshot: Snapshot,
        options: Options,
        memory: Box<dyn Memory>,
    ) -> Result<Self, RestoreError> {
        let parser = snapshot.parser.clone().parser();
        Ok(Self { parser, emulator: snapshot.emulator(options, memory)? })
    }
}

#[cfg(test)]
mod tests {
    use super::Terminal;
    use crate::base::geom::Size;
    use crate::base::memory::HeapMemory;
    use crate::term::Options;

    fn fresh() -> Terminal {
        Terminal::new(Size::new(20, 3), Options::default(), Box::new(HeapMemory::default()))
    }

    #[test]
    fn what_takes_the_place_of_a_drawn_terminal_is_drawn() {
        let mut placeholder = fresh();
        placeholder.resize(Size::new(30, 3), &mut Vec::new());
        let drawn = placeholder.tick();
        let mut started = fresh();
        started.succeed(&placeholder);
        assert!(
            (0..3).all(|y| drawn < started.row_tick(y)),
            "what the former screen showed would stay"
        );
        let before = started.tick();
        started.feed(b"ready$ ", &mut Vec::new());
        assert!(before < started.row_tick(0));
    }
}
