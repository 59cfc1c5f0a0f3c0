//! Escape sequences and single controls by name. No screen is touched here.

use crate::term::cell::{Cell, RowAttrs};
use crate::term::charset::Charset;
use crate::term::emulator::Emulator;
use crate::term::event::TermEvent;
use crate::term::mode::Mode;
use crate::term::parser::{End, Header, Sink};
use crate::term::report::{Device, Reply};
use crate::term::screen::edit::Spare;

impl Sink for Emulator {
    #[inline]
    fn ascii(&mut self, bytes: &[u8], run: usize) {
        self.screen.print_ascii(bytes, run);
    }

    fn text(&mut self, bytes: &[u8]) -> usize {
        self.screen.print_text(bytes)
    }

    #[inline]
    fn execute(&mut self, control: u8) {
        self.forget_text();
        match control {
            b'\n' | 0x0b | 0x0c => self.screen.line_feed(),
            b'\r' => self.screen.carriage_return(),
            // A place of its own in a set of 96 characters, and nothing in one of 94.
            0x7f if self.screen.cursor.charsets.means_latin1() => {
                self.screen.cursor.charsets.single = 0;
                self.text("ÿ".as_bytes());
            }
            _ => self.control(control),
        }
    }

    fn esc(&mut self, header: &Header) {
        self.escape_sequence(header);
        self.forget_text();
    }

    #[inline]
    fn csi(&mut self, header: &Header) {
        // By far the most are SGR, then moves and erases.
        let is_plain = header.intermediate_count == 0 && !header.ignored;
        match header.last {
            b'm' if is_plain => self.screen.cursor.pen.select_graphics(&header.params),
            b'H' if is_plain && !header.params.has_subs() => {
                self.screen.move_to(header.params.count_at(0), header.params.count_at(1));
            }
            b'K' if is_plain && !header.params.has_subs() => {
                self.screen.erase_line(header.params.get(0), Spare::Nothing);
            }
            _ => self.control_sequence(header),
        }
        self.forget_text();
    }

    fn osc(&mut self, payload: &[u8], end: End) {
        if end != End::Cancelled {
            self.system_command(payload, end == End::Bell);
        }
    }

    fn dcs(&mut self, header: &Header, payload: &[u8], end: End) {
        if end != End::Cancelled {
            self.device_string(header, payload);
        }
    }

    fn title(&mut self, payload: &[u8], end: End) {
        if end != End::Cancelled && !self.set_titles(&String::from_utf8_lossy(payload), true, true)
        {
            self.drop_sequence();
        }
    }

    fn apc(&mut self, payload: &[u8], end: End) {
        if end != End::Cancelled {
            self.program_command(payload);
        }
    }
}

impl Emulator {
    /// Ends the text before: REP does not repeat it. What a mark joins is another matter, and
    /// decided by the cell before the cursor: programs write styles and moves between both.
    #[inline]
    fn forget_text(&mut self) {
        self.screen.printing.dropped = false;
        self.screen.printing.last = None;
    }

    fn control(&mut self, control: u8) {
        match control {
            // Several in a row are one.
            0x07 if self.out.events.last() == Some(&TermEvent::Bell) => {}
            0x07 => self.event(TermEvent::Bell),
            0x08 => self.screen.move_left(1),
            b'\t' => {
                if self.screen.cursor.pending
                    && self.screen.is_on(Mode::MORE_FIX)
                    && self.screen.is_on(Mode::AUTOWRAP)
                {
                    self.screen.wrap();
                }
                self.screen.tab(1);
            }
            0x0e => self.screen.cursor.charsets.left = 1,
            0x0f => self.screen.cursor.charsets.left = 0,
            0x84 => self.screen.index(),
            0x85 => self.next_line(),
            0x88 => self.screen.tabs.set(self.screen.cursor.x, true),
            0x8d => self.screen.reverse_index(),
            0x8e => self.screen.cursor.charsets.single = 2,
            0x8f => self.screen.cursor.charsets.single = 3,
            0x96 => self.set_guarded(true),
            0x97 => self.set_guarded(false),
            0x9a => self.reply(Reply::Device(Device::PrimaryAttributes)),
            _ => {}
        }
    }

    /// NEL.
    fn next_line(&mut self) {
        self.screen.index();
        self.screen.carriage_return();
    }

    fn escape_sequence(&mut self, header: &Header) {
        if header.ignored {
            self.drop_sequence();
            return;
        }
        match header.marks() {
            [] => self.plain_escape(header.last),
            [b'#'] => self.line_escape(header.last),
            [slot @ b'('..=b'+'] => {
                self.designate(usize::from(slot - b'('), Charset::named(0, header.last, false));
            }
            [slot @ b'-'..=b'/'] => {
                self.designate(usize::from(slot - b'-') + 1, Charset::named(0, header.last, true));
            }
            [slot @ b'('..=b'+', mark] => {
                self.designate(usize::from(slot - b'('), Charset::named(*mark, header.last, false));
            }
            // S7C1T, S8C1T.
            [b' '] if matches!(header.last, b'F' | b'G') => {
                self.screen.modes.set(Mode::EIGHT_BIT, header.last == b'G');
            }
            // ANSI conformance levels, and the choice of UTF-8: text is UTF-8, always.
            [b' '] if matches!(header.last, b'L'..=b'N') => {}
            [b'%'] if matches!(header.last, b'G' | b'@') => {}
            _ => self.drop_sequence(),
        }
    }

    fn designate(&mut self, slot: usize, set: Charset) {
        let is_there = !set.is_national() || self.screen.is_on(Mode::NATIONAL);
        self.screen.cursor.charsets.sets[slot & 3] = if is_there { set } else { Charset::Ascii };
    }

    fn plain_escape(&mut self, last: u8) {
        match last {
            b'6' => self.back_index(),
            b'7' => self.screen.save_cursor(),
            b'8' => self.screen.restore_cursor(),
            b'9' => self.forward_index(),
            b'=' => self.screen.modes.set(Mode::APP_KEYPAD, true),
            b'>' => self.screen.modes.set(Mode::APP_KEYPAD, false),
            b'D' => self.screen.index(),
            b'E' => self.next_line(),
            b'H' => self.screen.tabs.set(self.screen.cursor.x, true),
            b'M' => self.screen.reverse_index(),
            b'N' => self.screen.cursor.charsets.single = 2,
            b'O' => self.screen.cursor.charsets.single = 3,
            b'V' => self.set_guarded(true),
            b'W' => self.set_guarded(false),
            b'Z' => self.reply(Reply::Device(Device::PrimaryAttributes)),
            b'c' => self.full_reset(),
            b'n' => self.screen.cursor.charsets.left = 2,
            b'o' => self.screen.cursor.charsets.left = 3,
            // LS1R to LS3R. Of the upper half of the code table UTF-8 leaves nothing to map: what
            // is in force there is kept, restored and told.
            b'~' => self.screen.cursor.charsets.right = 1,
            b'}' => self.screen.cursor.charsets.right = 2,
            b'|' => self.screen.cursor.charsets.right = 3,
            // HP's memory lock: the rows above the cursor stay.
            b'l' => {
                self.screen.margins.top =
                    self.screen.cursor.y.min(self.screen.margins.bottom.saturating_sub(1));
            }
            b'm' => self.screen.margins.top = 0,
            // ST.
            b'\\' => {}
            _ => self.drop_sequence(),
        }
    }

    /// SPA and EPA (ECMA-48 8.3.130). What is guarded so withstands ED, EL and ECH, too.
    fn set_guarded(&mut self, on: bool) {
        if on {
            self.screen.modes.set(Mode::GUARDED, true);
            self.screen.modes.set(Mode::PROTECTING, false);
        }
        self.screen.cursor.pen.protected = on;
        self.screen.cursor.pen.stale = true;
    }

    /// DECALN; DECDHL, DECSWL, DECDWL.
    fn line_escape(&mut self, last: u8) {
        match last {
            b'8' => self.screen.fill_with_e(),
            // The halves of a line of double height look alike here: each is drawn with the width
            // doubled.
            b'3' | b'4' | b'6' => self.set_double(true),
            b'5' => self.set_double(false),
            _ => self.drop_sequence(),
        }
    }

    /// A row of double width has half the columns; what stood in the others is gone. There is none
    /// between left and right margins.
    fn set_double(&mut self, on: bool) {
        if self.screen.is_on(Mode::LEFT_RIGHT) {
            return;
        }
        let (y, tick) = (self.screen.cursor.y, self.screen.tick());
        let half = usize::from(self.screen.size.cols / 2);
        if on && half > 0 {
            self.screen.printing.doubled = true;
            self.screen.grid.clear_cells(
                y,
                half..usize::from(self.screen.size.cols),
                Cell::BLANK,
                tick,
            );
            self.screen.grid.unwrap(y, tick);
            self.screen.grid.line_mut(y).flags |= RowAttrs::DOUBLE;
            self.screen.place(self.screen.cursor.x, y);
        } else {
            self.screen.grid.line_mut(y).flags &= !RowAttrs::DOUBLE;
        }
        self.screen.grid.touch(y, tick);
    }

    /// RIS: all is as at the start, scrollback gone (as in xterm), and the width that DECCOLM asked
    /// for given back.
    fn full_reset(&mut self) {
        let was_wide =
            self.screen.is_on(Mode::ALLOW_COLUMNS) && self.screen.is_on(Mode::COLUMNS_132);
        self.reset();
        self.screen.history.clear();
        self.event(TermEvent::Reset);
        if was_wide {
            self.event(TermEvent::SizeWanted { cols: 80, rows: 0 });
        }
    }

    /// DECBI: left, or the columns move right at the left margin.
    fn back_index(&mut self) {
        if self.screen.cursor.x == self.screen.margins.left {
            if self.screen.in_rows() {
                self.screen.shift_columns(self.screen.margins.left, -1);
            }
        } else {
            self.screen.place(self.screen.cursor.x.saturating_sub(1), self.screen.cursor.y);
        }
    }

    /// DECFI: right, or the columns move left at the right margin.
    fn forward_index(&mut self) {
        if self.screen.cursor.x == self.screen.margins.right {
            if self.screen.in_rows() {
                self.screen.shift_columns(self.screen.margins.left, 1);
            }
        } else {
            self.screen.place(self.screen.cursor.x.saturating_add(1), self.screen.cursor.y);
        }
    }
}
