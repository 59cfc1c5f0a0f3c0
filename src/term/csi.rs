//! Control sequences by name: each row of the tables below hands the numbers to what does the work.
//! No screen is touched here.

use crate::term::cell::RowAttrs;
use crate::term::emulator::Emulator;
use crate::term::event::TermEvent;
use crate::term::mode::{self, Mode};
use crate::term::parser::{CsiParams, Header};
use crate::term::report::{Device, Reply};
use crate::term::screen::edit::Spare;
use crate::term::screen::{Margins, SavedCursor};

impl Emulator {
    /// Carries out a control sequence.
    pub(crate) fn control_sequence(&mut self, header: &Header) {
        if header.ignored {
            self.drop_sequence();
            return;
        }
        let (params, last) = (&header.params, header.last);
        if params.has_subs() && !matches!((header.marks(), last), ([] | [b'>'], b'm')) {
            // Only SGR has sub-parameters.
            self.drop_sequence();
            return;
        }
        let known = match header.marks() {
            [] => match last {
                b'm' => {
                    self.screen.cursor.pen.select_graphics(params);
                    true
                }
                b'@'..=b'Z' | b'`'..=b'f' => self.cursor_or_edit(params, last),
                _ => self.plain(params, last),
            },
            [b'?'] => self.private(params, last),
            [b'>'] => self.greater(params, last),
            [b'='] => self.equals(params, last),
            [b'<'] => self.less(params, last),
            [b'?', b'$'] if last == b'p' => self.report_mode(true, params.get(0)),
            [b'#'] => self.hash(params, last),
            [b'$'] => self.dollar(params, last),
            [mark] => self.with_intermediate(*mark, params, last),
            _ => false,
        };
        if !known {
            self.drop_sequence();
        }
    }

    fn cursor_or_edit(&mut self, params: &CsiParams, last: u8) -> bool {
        let n = params.count_at(0);
        match last {
            b'@' => self.screen.insert_blanks(n),
            b'A' => self.screen.move_up(n),
            b'B' => self.screen.move_down(n),
            b'C' => self.screen.move_right(n),
            b'D' => self.screen.move_left(n),
            b'E' => {
                self.screen.move_down(n);
                self.screen.carriage_return();
            }
            b'F' => {
                self.screen.move_up(n);
                self.screen.carriage_return();
            }
            b'G' | b'`' => self.screen.move_to_col(n),
            b'H' | b'f' => self.screen.move_to(n, params.count_at(1)),
            b'I' => self.screen.tab(n),
            b'J' => self.screen.erase_screen(params.get(0), Spare::Nothing),
            b'K' => self.screen.erase_line(params.get(0), Spare::Nothing),
            b'L' => self.screen.insert_lines(n),
            b'M' => self.screen.delete_lines(n),
            b'P' => self.screen.delete_chars(n),
            b'S' => self.screen.scroll_up(n),
            // With five numbers it would be xterm's highlight tracking.
            b'T' if params.all().len() <= 1 => self.screen.scroll_down(n),
            b'X' => self.screen.erase_chars(n),
            b'Z' => self.screen.tab_back(n),
            b'a' => self.screen.move_right_free(n),
            b'b' => self.screen.repeat(n),
            b'c' => self.reply(Reply::Device(Device::PrimaryAttributes)),
            b'd' => self.screen.move_to_row(n),
            b'e' => self.screen.move_down_free(n),
            _ => return false,
        }
        true
    }

    fn plain(&mut self, params: &CsiParams, last: u8) -> bool {
        match last {
            b'^' => self.screen.scroll_down(params.count_at(0)),
            b'g' => self.clear_tabs(params.get(0)),
            b'j' => self.screen.move_left_free(params.count_at(0)),
            b'k' => self.screen.move_up_free(params.count_at(0)),
            b'h' => params.all().iter().for_each(|number| self.set_mode(false, *number, true)),
            b'l' => params.all().iter().for_each(|number| self.set_mode(false, *number, false)),
            b'n' => return self.report_status(params.get(0)),
            b'r' => self.screen.set_rows(params.get(0), params.get(1)),
            b's' if self.screen.is_on(Mode::LEFT_RIGHT) => {
                self.screen.set_columns(params.get(0), params.get(1));
            }
            b's' => self.screen.save_cursor(),
            b't' => return self.window(params),
            b'u' => self.screen.restore_cursor(),
            b'x' => self.reply(Reply::Device(Device::Parameters(params.get(0)))),
            _ => return false,
        }
        true
    }

    fn private(&mut self, params: &CsiParams, last: u8) -> bool {
        match last {
            b'J' => self.screen.erase_screen(params.get(0), Spare::Protected),
            b'K' => self.screen.erase_line(params.get(0), Spare::Protected),
            b'h' => params.all().iter().for_each(|number| self.set_mode(true, *number, true)),
            b'l' => params.all().iter().for_each(|number| self.set_mode(true, *number, false)),
            b'n' => return self.report_private_status(params.get(0), params.get(1)),
            b'r' => params.all().iter().for_each(|number| self.restore_mode(*number)),
            b's' => params.all().iter().for_each(|number| self.save_mode(*number)),
            b'u' => self.reply(Reply::KittyFlags),
            b'm' => return self.report_key_modifier(params.get(0)),
            b'W' if params.get(0) == 5 => {
                self.screen.tabs = crate::term::screen::cursor::Tabs::default();
            }
            b'S' => self.report_graphics(params),
            _ => return false,
        }
        true
    }

    fn greater(&mut self, params: &CsiParams, last: u8) -> bool {
        match last {
            b'c' => self.reply(Reply::Device(Device::SecondaryAttributes)),
            b'q' => self.reply(Reply::Device(Device::Version)),
            b'm' => self.keyboard.set_modifier(params.all()),
            b'n' => self.keyboard.unset_modifier(params.get(0)),
            b'u' => self.keyboard.push(params.get(0)),
            b't' | b'T' => self.set_title_modes(params.all(), last == b't'),
            _ => return false,
        }
        true
    }

    fn equals(&mut self, params: &CsiParams, last: u8) -> bool {
        match last {
            b'c' => self.reply(Reply::Device(Device::TertiaryAttributes)),
            b'u' => self.keyboard.change(params.get(0), params.count_at(1)),
            _ => return false,
        }
        true
    }

    fn less(&mut self, params: &CsiParams, last: u8) -> bool {
        if last == b'u' {
            self.keyboard.pop(params.count_at(0));
        }
        last == b'u'
    }

    fn dollar(&mut self, params: &CsiParams, last: u8) -> bool {
        match last {
            b'p' => return self.report_mode(false, params.get(0)),
            b'z' => self.screen.erase_box(params.all()),
            b'{' => self.screen.clear_box(params.all()),
            b'x' => self.screen.fill_box(params.all()),
            b'v' => self.screen.copy_box(params.all()),
            b'r' => self.screen.change_box(params.all()),
            b't' => self.screen.reverse_box(params.all()),
            b'w' => return self.report_presentation(params.get(0)),
            // DECRQTSR, which would tell too much; DECSASD and DECSSDT: there is no status line;
            // DECSCPP: the width is the layout's.
            b'u' | b'}' | b'~' | b'|' => {}
            _ => return false,
        }
        true
    }

    /// XTPUSHSGR, XTPOPSGR, XTREPORTSGR, XTPUSHCOLORS, XTPOPCOLORS, XTREPORTCOLORS, XTCHECKSUM.
    fn hash(&mut self, params: &CsiParams, last: u8) -> bool {
        match last {
            b'{' | b'p' => self.saved_modes.push_style(self.screen.cursor.pen.style, params),
            b'}' | b'q' => self.pop_style(),
            b'|' => self.report_styles(params.all()),
            b'P' => self.saved_modes.push_colours(params.get(0), self.palette.own()),
            b'Q' => self.pop_colours(params.get(0)),
            b'R' => self.reply(Reply::ColourStack(
                u16::try_from(self.saved_modes.colours.len()).unwrap_or(0),
            )),
            b'y' => {
                for (bit, mode) in Mode::SUMS.into_iter().enumerate() {
                    self.screen.modes.set(mode, params.get(0) >> bit & 1 == 1);
                }
            }
            _ => return false,
        }
        true
    }

    fn with_intermediate(&mut self, mark: u8, params: &CsiParams, last: u8) -> bool {
        let n = i32::from(params.count_at(0));
        match (mark, last) {
            (b' ', b'@') if self.screen.in_rows() && self.screen.in_columns() => {
                self.screen.shift_columns(self.screen.margins.left, n);
            }
            (b' ', b'A') if self.screen.in_rows() && self.screen.in_columns() => {
                self.screen.shift_columns(self.screen.margins.left, -n);
            }
            (b'\'', b'}') if self.screen.in_rows() && self.screen.in_columns() => {
                self.screen.shift_columns(self.screen.cursor.x, -n);
            }
            (b'\'', b'~') if self.screen.in_rows() && self.screen.in_columns() => {
                self.screen.shift_columns(self.screen.cursor.x, n);
            }
            (b' ', b'q') => self.set_cursor_shape(params.get(0)),
            (b'"', b'q') => self.set_protected(params.get(0)),
            (b'!', b'p') => self.soft_reset(),
            (b'"', b'p') => self.set_level(params.get(0), params.get(1)),
            (b'"', b'v') => self.reply(Reply::Device(Device::Displayed)),
            (b'*', b'x') if params.get(0) <= 2 => {
                self.screen.modes.set(Mode::RECTANGLE, params.get(0) == 2);
            }
            (b'*', b'y') => return self.report_checksum(params),
            // DECSNLS: as with DECSLPP, the layout decides.
            (b'*', b'|') => self.event(TermEvent::SizeWanted { cols: 0, rows: params.get(0) }),
            (b'\'', b'|') => self.reply(Reply::Device(Device::NoLocator)),
            // Columns outside of the margins do not move. DECSWBV and DECSMBV: bells have the
            // volume the user gave them. DECELR, DECEFR and DECSLE: there is no locator.
            (b' ', b'@' | b'A' | b't' | b'u') | (b'\'', b'}' | b'~' | b'z' | b'w' | b'{') => {}
            _ => return false,
        }
        true
    }

    /// DECSCUSR: 0 to 6.
    fn set_cursor_shape(&mut self, number: u16) {
        if let Ok(number @ 0..=6) = u8::try_from(number) {
            self.screen.printing.cursor_shape = number;
            self.screen.modes.set(Mode::CURSOR_BLINK, number % 2 == 1);
        }
    }

    /// DECSCA.
    fn set_protected(&mut self, number: u16) {
        self.screen.cursor.pen.protected = match number {
            1 => true,
            0 | 2 => false,
            _ => return,
        };
        self.screen.modes.set(Mode::GUARDED, false);
        self.screen.modes.set(Mode::PROTECTING, true);
        self.screen.cursor.pen.stale = true;
    }

    /// DECSCL: the level is 61 to 65; 1 asks for 7-bit replies. It resets softly.
    fn set_level(&mut self, level: u16, bits: u16) {
        if (61..=65).contains(&level) {
            self.soft_reset();
            self.screen.modes.set_level(level - 60);
            self.screen.modes.set(Mode::EIGHT_BIT, level > 61 && bits != 1);
        }
    }

    /// TBC.
    fn clear_tabs(&mut self, what: u16) {
        match what {
            0 => self.screen.tabs.set(self.screen.cursor.x, false),
            3 => self.screen.tabs.clear(),
            _ => {}
        }
    }

    /// XTSMTITLE, XTRMTITLE: 0 to set titles by hexadecimal digits, 1 to tell them so; 2 and 3 are
    /// UTF-8, which titles always are.
    fn set_title_modes(&mut self, numbers: &[u16], on: bool) {
        for number in numbers {
            match number {
                0 => self.screen.modes.set(Mode::TITLE_SET_HEX, on),
                1 => self.screen.modes.set(Mode::TITLE_TELL_HEX, on),
                _ => {}
            }
        }
    }

    /// DECSTR (VT510 manual, table 5-9, with xterm's autowrap).
    pub(crate) fn soft_reset(&mut self) {
        for (mode, on) in [
            (Mode::CURSOR_VISIBLE, true),
            (Mode::INSERT, false),
            (Mode::ORIGIN, false),
            (Mode::AUTOWRAP, true),
            (Mode::REVERSE_WRAP, false),
            (Mode::REVERSE_WRAP_EXTENDED, false),
            (Mode::APP_CURSOR, false),
            (Mode::APP_KEYPAD, false),
            (Mode::KEYBOARD_LOCK, false),
            (Mode::LEFT_RIGHT, false),
            (Mode::NATIONAL, false),
            (Mode::GUARDED, false),
            (Mode::PROTECTING, false),
            (Mode::RECTANGLE, false),
        ] {
            self.screen.modes.set(mode, on);
        }
        self.screen.margins = Margins::full(self.screen.size);
        self.screen.cursor.charsets = crate::term::charset::Charsets::default();
        self.screen.cursor.pen = crate::term::screen::Pen {
            stale: true,
            zone: self.screen.cursor.pen.zone,
            ..Default::default()
        };
        self.screen.cursor.pending = false;
        self.screen.saved[usize::from(self.screen.alternate)] = SavedCursor::default();
        self.screen.printing.cursor_shape = 0;
    }

    /// DECSET, DECRST, SM, RM.
    pub(crate) fn set_mode(&mut self, private: bool, number: u16, on: bool) {
        let Some(mode) = mode::named(private, number) else {
            if mode::never(private, number) == 0 {
                self.drop_sequence();
            }
            return;
        };
        match mode {
            // The VT420 has left and right margins, the VT500 keeps the screen when the columns
            // change.
            Mode::LEFT_RIGHT if self.screen.modes.level() < 4 => {}
            Mode::COLUMNS_KEEP if self.screen.modes.level() < 5 => {}
            Mode::ORIGIN => {
                self.screen.modes.set(mode, on);
                self.screen.move_to(1, 1);
            }
            Mode::AUTOWRAP if !on => {
                self.screen.modes.set(mode, on);
                self.screen.cursor.pending = false;
            }
            Mode::LEFT_RIGHT => {
                self.screen.modes.set(mode, on);
                if on {
                    // Rows of double width and these margins exclude each other.
                    self.screen.grid.clear_flag(RowAttrs::DOUBLE);
                    self.screen.grid.touch_all(self.screen.tick);
                }
                (self.screen.margins.left, self.screen.margins.right) = (0, self.screen.last_col());
            }
            Mode::COLUMNS_132 => self.set_column_mode(on),
            Mode::MOUSE_PRESS | Mode::MOUSE_CLICK | Mode::MOUSE_DRAG | Mode::MOUSE_MOTION => {
                self.set_one_of(
                    &[Mode::MOUSE_PRESS, Mode::MOUSE_CLICK, Mode::MOUSE_DRAG, Mode::MOUSE_MOTION],
                    mode,
                    on,
                );
            }
            Mode::MOUSE_UTF8 | Mode::MOUSE_SGR | Mode::MOUSE_URXVT | Mode::MOUSE_PIXELS => {
                self.set_one_of(
                    &[Mode::MOUSE_UTF8, Mode::MOUSE_SGR, Mode::MOUSE_URXVT, Mode::MOUSE_PIXELS],
                    mode,
                    on,
                );
            }
            Mode::ALT_47 | Mode::ALT_1047 | Mode::ALT_1049 => self.switch_screen(mode, on),
            Mode::SAVE_CURSOR if on => self.screen.save_cursor(),
            Mode::SAVE_CURSOR => self.screen.restore_cursor(),
            Mode::REVERSE_VIDEO => {
                if self.screen.is_on(mode) != on {
                    self.screen.modes.set(mode, on);
                    self.screen.grid.touch_all(self.screen.tick);
                }
            }
            Mode::IN_BAND_SIZE => {
                self.screen.modes.set(mode, on);
                if on {
                    self.reply(Reply::InBandSize);
                }
            }
            _ => self.screen.modes.set(mode, on),
        }
    }

    /// At most one of `group` is on; turning off one that is not on changes nothing but itself.
    fn set_one_of(&mut self, group: &[Mode], mode: Mode, on: bool) {
        if on {
            for other in group {
                self.screen.modes.set(*other, false);
            }
        }
        self.screen.modes.set(mode, on);
    }

    /// DECCOLM, if mode 40 allows it: all it does but the width, which belongs to the layout.
    fn set_column_mode(&mut self, on: bool) {
        if !self.screen.is_on(Mode::ALLOW_COLUMNS) {
            return;
        }
        self.screen.modes.set(Mode::COLUMNS_132, on);
        self.screen.modes.set(Mode::LEFT_RIGHT, false);
        self.screen.margins = Margins::full(self.screen.size);
        if !self.screen.is_on(Mode::COLUMNS_KEEP) {
            self.screen.clear_screen();
        }
        self.screen.modes.set(Mode::ORIGIN, false);
        self.screen.place(0, 0);
        self.event(TermEvent::SizeWanted { cols: if on { 132 } else { 80 }, rows: 0 });
    }

    fn switch_screen(&mut self, mode: Mode, on: bool) {
        if mode == Mode::ALT_1049 && on && !self.screen.alternate {
            self.screen.save_cursor();
        }
        if !on && mode == Mode::ALT_1047 && self.screen.alternate {
            self.screen.clear_screen();
        }
        let was = self.screen.alternate;
        if on {
            self.show_alternate();
            if mode == Mode::ALT_1049 && !was {
                self.screen.clear_screen();
            }
        } else {
            self.show_main();
            if mode != Mode::ALT_47 {
                self.screen.other = None;
            }
            if mode == Mode::ALT_1049 {
                self.screen.restore_cursor();
            }
        }
        for other in [Mode::ALT_47, Mode::ALT_1047, Mode::ALT_1049] {
            self.screen.modes.set(other, on && other == mode);
        }
    }

    /// XTSAVE.
    fn save_mode(&mut self, number: u16) {
        if let Some(mode) = mode::named(true, number) {
            self.saved_modes.save_mode(mode, self.screen.is_on(mode));
        }
    }

    /// XTRESTORE.
    fn restore_mode(&mut self, number: u16) {
        let saved = mode::named(true, number).and_then(|mode| self.saved_modes.saved_mode(mode));
        if let Some(on) = saved {
            self.set_mode(true, number, on);
        }
    }

    /// XTPOPSGR.
    fn pop_style(&mut self) {
        let pen = &mut self.screen.cursor.pen;
        if let Some(style) = self.saved_modes.pop_style(pen.style) {
            pen.style = style;
            pen.stale = true;
        }
    }

    /// XTPOPCOLORS.
    fn pop_colours(&mut self, slot: u16) {
        if let Some(colours) = self.saved_modes.pop_colours(slot) {
            self.palette.set_own(&colours);
            self.recolour();
        }
    }
}
