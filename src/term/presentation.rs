//! The state of presentation as a program asks for it and gives it back: cursor information and tab
//! stops (DECRQPSR, DECRSPS; VT420 manual).

use std::fmt::Write as _;

use crate::base::style::{Attrs, Underline};
use crate::term::charset::Charset;
use crate::term::emulator::Emulator;
use crate::term::mode::Mode;
use crate::term::report::{Device, Reply};

impl Emulator {
    /// DECRQPSR: 1 is cursor information, 2 are tab stops.
    pub(crate) fn report_presentation(&mut self, what: u16) -> bool {
        if !matches!(what, 1 | 2) {
            return false;
        }
        self.reply(if what == 1 {
            Reply::Device(Device::CursorInformation)
        } else {
            Reply::Device(Device::TabStops)
        });
        true
    }

    /// DECCIR: position, page, rendition, attributes, flags, sets in force, sizes of the sets, and
    /// the sets.
    pub(crate) fn write_cursor_information(&self, to: &mut String) -> std::fmt::Result {
        let cursor = &self.cursor;
        let bits = |bits: &[(bool, u8)]| {
            char::from(bits.iter().filter(|(on, _)| *on).fold(b'@', |byte, (_, bit)| byte | bit))
        };
        let cell_style = cursor.pen.style;
        let rendition = bits(&[
            (cell_style.has(Attrs::BOLD), 1),
            (cell_style.underline_kind() != Underline::None, 2),
            (cell_style.has(Attrs::BLINK), 4),
            (cell_style.has(Attrs::INVERSE), 8),
        ]);
        let protection = bits(&[(cursor.pen.protected, 1)]);
        let single = cursor.charsets.single;
        let flags = bits(&[
            (self.is_on(Mode::ORIGIN), 1),
            (single == 2, 2),
            (single == 3, 4),
            (cursor.pending, 8),
        ]);
        let (row, col) = (cursor.y + 1, cursor.x + 1);
        write!(
            to,
            "\x1bP1$u{row};{col};1;{rendition};{protection};{flags};{};{};@;",
            cursor.charsets.left, cursor.charsets.right
        )?;
        cursor.charsets.sets.iter().try_for_each(|set| to.write_str(set.name()))?;
        write!(to, "\x1b\\")
    }

    /// DECTABSR.
    pub(crate) fn write_tab_stops(&self, to: &mut String) -> std::fmt::Result {
        write!(to, "\x1bP2$u")?;
        let mut separator = "";
        for x in (0..self.size.cols).filter(|x| self.tabs.is_stop(*x)) {
            write!(to, "{separator}{}", x + 1)?;
            separator = "/";
        }
        write!(to, "\x1b\\")
    }

    /// DECRSPS: takes back what DECRQPSR told.
    pub(crate) fn restore_presentation(&mut self, what: u16, payload: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(payload) else { return false };
        match what {
            1 => self.restore_cursor_information(text).is_some(),
            2 => {
                self.tabs.clear();
                for stop in text
                    .split('/')
                    .filter_map(|stop| stop.parse::<u16>().ok())
                    .filter(|stop| *stop > 0)
                {
                    self.tabs.set(stop - 1, true);
                }
                true
            }
            _ => false,
        }
    }

    fn restore_cursor_information(&mut self, text: &str) -> Option<()> {
        let mut parts = text.split(';');
        let mut number = || parts.next().and_then(|part| part.parse::<u16>().ok());
        let (row, col, _page) = (number()?, number()?, number()?);
        let mut bits = || parts.next().and_then(|part| part.bytes().next());
        let (rendition, protection, flags) = (bits()?, bits()?, bits()?);
        let mut set_number =
            || parts.next().and_then(|part| part.parse::<u8>().ok()).filter(|set| *set < 4);
        let (left, right) = (set_number()?, set_number()?);
        let _sizes = parts.next()?;
        let names = parts.next().unwrap_or("");
        self.modes.set(Mode::ORIGIN, flags & 1 != 0);
        self.place(col.max(1) - 1, row.max(1) - 1);
        self.cursor.pending = flags & 8 != 0 && self.cursor.x == self.last_col_of(self.cursor.y);
        let pen = &mut self.cursor.pen;
        for (attrs, bit) in [(Attrs::BOLD, 1), (Attrs::BLINK, 4), (Attrs::INVERSE, 8)] {
            pen.style.unset(attrs);
            if rendition & bit != 0 {
                pen.style.set(attrs);
            }
        }
        pen.style.set_underline(if rendition & 2 != 0 {
            Underline::Single
        } else {
            Underline::None
        });
        pen.protected = protection & 1 != 0;
        pen.stale = true;
        let charsets = &mut self.cursor.charsets;
        charsets.left = left;
        charsets.right = right;
        charsets.single = match flags & 6 {
            2 => 2,
            4 => 3,
            _ => 0,
        };
        let mut names = names.bytes();
        for set in &mut charsets.sets {
            *set = match names.next() {
                Some(mark @ (b'%' | b'"' | b'&')) => {
                    Charset::named(mark, names.next().unwrap_or(0), false)
                }
                Some(last) => Charset::named(0, last, false),
                None => *set,
            };
        }
        Some(())
    }
}
