//! Escape sequences and single controls by name. No screen is touched here.

use crate::term::charset::Charset;
use crate::term::emulator::Emulator;
use crate::term::event::TermEvent;
use crate::term::grapheme::Join;
use crate::term::mode::Mode;
use crate::term::parser::{End, Header, Sink};

impl Sink for Emulator {
    #[inline]
    fn ascii(&mut self, run: &[u8]) {
        self.print_ascii(run);
    }

    fn text(&mut self, run: &str) {
        self.print_text(run);
    }

    #[inline]
    fn execute(&mut self, control: u8) {
        self.forget_text();
        match control {
            b'\n' | 0x0b | 0x0c => self.line_feed(),
            b'\r' => self.carriage_return(),
            // A place of its own in a set of 96 characters, and nothing in one of 94.
            0x7f if self.cursor.charsets.means_latin1() => {
                self.cursor.charsets.single = 0;
                self.text("ÿ");
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
        // By far the most are SGR.
        if header.last == b'm' && header.intermediate_count == 0 && !header.ignored {
            self.select_graphics(&header.params);
        } else {
            self.control_sequence(header);
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

    fn apc(&mut self, payload: &[u8], end: End) {
        if end != End::Cancelled {
            self.program_command(payload);
        }
    }
}

impl Emulator {
    /// What comes next neither joins nor repeats what was printed.
    #[inline]
    fn forget_text(&mut self) {
        self.printing.join = Join::NONE;
        self.printing.last = None;
    }

    fn control(&mut self, control: u8) {
        match control {
            // Several in a row are one.
            0x07 if self.out.events.last() == Some(&TermEvent::Bell) => {}
            0x07 => self.event(TermEvent::Bell),
            0x08 => self.move_left(1),
            b'\t' => self.tab(1),
            0x0e => self.cursor.charsets.left = 1,
            0x0f => self.cursor.charsets.left = 0,
            0x84 => self.index(),
            0x85 => self.next_line(),
            0x88 => self.tabs.set(self.cursor.x, true),
            0x8d => self.reverse_index(),
            0x8e => self.cursor.charsets.single = 2,
            0x8f => self.cursor.charsets.single = 3,
            _ => {}
        }
    }

    /// NEL.
    fn next_line(&mut self) {
        self.index();
        self.carriage_return();
    }

    fn escape_sequence(&mut self, header: &Header) {
        if header.ignored {
            self.drop_sequence();
            return;
        }
        match header.marks() {
            [] => self.plain_escape(header.last),
            [b'#'] => self.line_escape(header.last),
            [slot @ b'('..=b'+'] => self.designate(usize::from(slot - b'('), Charset::from_final(header.last)),
            [slot @ b'-'..=b'/'] => self.designate(usize::from(slot - b'-') + 1, Charset::from_final_of_96(header.last)),
            // S7C1T, S8C1T and the choice of UTF-8: replies are 7 bit and text is UTF-8, always.
            [b' '] if matches!(header.last, b'F' | b'G') => {}
            [b'%'] if matches!(header.last, b'G' | b'@') => {}
            [slot @ b'('..=b'+', b'%' | b'"' | b'&'] => self.designate(usize::from(slot - b'('), Charset::Ascii),
            _ => self.drop_sequence(),
        }
    }

    fn designate(&mut self, slot: usize, set: Charset) {
        self.cursor.charsets.sets[slot & 3] = set;
    }

    fn plain_escape(&mut self, last: u8) {
        match last {
            b'6' => self.back_index(),
            b'7' => self.save_cursor(),
            b'8' => self.restore_cursor(),
            b'9' => self.forward_index(),
            b'=' => self.modes.set(Mode::APP_KEYPAD, true),
            b'>' => self.modes.set(Mode::APP_KEYPAD, false),
            b'D' => self.index(),
            b'E' => self.next_line(),
            b'H' => self.tabs.set(self.cursor.x, true),
            b'M' => self.reverse_index(),
            b'N' => self.cursor.charsets.single = 2,
            b'O' => self.cursor.charsets.single = 3,
            b'V' => self.set_guarded(true),
            b'W' => self.set_guarded(false),
            b'Z' => self.reply(crate::term::report::Reply::PrimaryAttributes),
            b'c' => {
                self.reset();
                self.event(TermEvent::Reset);
            }
            b'n' => self.cursor.charsets.left = 2,
            b'o' => self.cursor.charsets.left = 3,
            // ST, and LS1R to LS3R, which concern a half of the code table that UTF-8 does not have.
            b'\\' | b'|' | b'}' | b'~' => {}
            _ => self.drop_sequence(),
        }
    }

    /// SPA and EPA (ECMA-48 8.3.130): guarded like DECSCA.
    fn set_guarded(&mut self, on: bool) {
        self.cursor.pen.protected = on;
        self.cursor.pen.stale = true;
    }

    fn line_escape(&mut self, last: u8) {
        match last {
            b'8' => self.fill_with_e(),
            // Double width and height (DECDHL, DECDWL, DECSWL): told apart, drawn as single.
            b'3'..=b'6' => {}
            _ => self.drop_sequence(),
        }
    }

    /// DECBI: left, or the columns move right at the left margin.
    fn back_index(&mut self) {
        if self.cursor.x == self.margins.left && self.in_rows() {
            self.shift_columns(self.margins.left, -1);
        } else {
            self.place(self.cursor.x.saturating_sub(1), self.cursor.y);
        }
    }

    /// DECFI: right, or the columns move left at the right margin.
    fn forward_index(&mut self) {
        if self.cursor.x == self.margins.right && self.in_rows() {
            self.shift_columns(self.margins.left, 1);
        } else {
            self.place(self.cursor.x.saturating_add(1), self.cursor.y);
        }
    }
}
