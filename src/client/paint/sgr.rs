//! Writes cells as bytes: cursor movement, styles as differences (ECMA-48 SGR, 4:n, 58), links (OSC
//! 8). It knows what the terminal was last told, and no more.

use super::cells::{CellGlyph, Glyphs, PaintCell, doubtful_cols, head};
use std::ops::Range;

use crate::base::style::{Attrs, Colour, Style, Underline};
use crate::base::text::link_address;
use crate::client::caps::{Caps, Depth, Features};

/// A terminal's cursor and style while a frame is written. A frame begins and ends with the default
/// style and no link.
#[derive(Debug)]
pub(super) struct Pen {
    caps: Caps,
    style: Style,
    link: u32,
    /// The cell of the cursor, if that is sure.
    at: Option<(usize, usize)>,
    /// The byte of the output at which this frame's cells begin.
    start: usize,
}

impl Pen {
    pub(super) fn new(caps: Caps, start: usize) -> Self {
        Self { caps, style: Style::default(), link: 0, at: None, start }
    }

    /// Writes a part of a row. Cells that would go into the one before them are written from the
    /// last to the first, over blanks: nothing joins what comes after it.
    pub(super) fn write(&mut self, line: &PaintRow<'_>, part: Range<usize>, out: &mut Vec<u8>) {
        let row = line.cells;
        let mut x = part.start;
        while x < part.end {
            if row[x].is_tail() {
                x += 1;
                continue;
            }
            let next = |x: usize| x + 1 + usize::from(row[x].is_wide());
            let mut end = next(x);
            while end < part.end && !row[end].is_tail() && line.glyphs.is_bound(row, end) {
                end = next(end);
            }
            if next(x) < end {
                self.go(line.y, x, out);
                erase(out, end - x);
            }
            let mut last = end;
            while x < last {
                last = head(row, last - 1);
                self.write_cell(line, last, out);
            }
            x = end;
        }
    }

    fn write_cell(&mut self, line: &PaintRow<'_>, x: usize, out: &mut Vec<u8>) {
        let cell = line.cells[x];
        let glyph = line.glyphs.of(cell);
        let may_join = line.glyphs.may_join(line.cells, x);
        if may_join {
            // They are in cells of their own because the cursor was moved between them.
            self.at = None;
        }
        self.go(line.y, x, out);
        if cell.link != self.link {
            self.set_link(cell.link, line.glyphs, out);
        }
        if cell.style != self.style {
            self.set_style(cell.style, out);
        }
        let is_sure = !may_join && doubtful_cols(&glyph, self.caps.widths).is_none();
        let cols = 1 + usize::from(cell.is_wide());
        if may_join || (!is_sure && cell.is_wide()) {
            // A terminal that takes it for narrow, or puts it into the cell before, would leave
            // what was there.
            erase(out, cols);
        }
        match glyph {
            CellGlyph::Char(c) => push(out, c),
            CellGlyph::Cluster(text) => out.extend_from_slice(text.as_bytes()),
        }
        self.at = is_sure.then_some((line.y, x + cols));
    }

    /// Erases row `y` from column `x` to the margin.
    pub(super) fn erase_from(&mut self, y: u16, x: usize, out: &mut Vec<u8>) {
        self.go(usize::from(y), x, out);
        self.set_link(0, &Glyphs::default(), out);
        if self.style != Style::default() {
            self.set_style(Style::default(), out);
        }
        out.extend_from_slice(b"\x1b[K");
    }

    /// Ends the frame: no style, no link.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        self.set_link(0, &Glyphs::default(), out);
        if self.style != Style::default() {
            self.set_style(Style::default(), out);
        }
    }

    /// Moves the cursor unless it is there.
    fn go(&mut self, y: usize, x: usize, out: &mut Vec<u8>) {
        match self.at {
            Some((row, column)) if row == y && column == x => return,
            Some((row, column)) if row == y && column < x => {
                out.extend_from_slice(b"\x1b[");
                number(out, x - column);
                out.push(b'C');
            }
            _ => {
                // Without synchronized output a cursor that runs about would be seen.
                if out.len() == self.start && !self.caps.sync {
                    out.extend_from_slice(b"\x1b[?25l");
                }
                go(out, y, x);
            }
        }
        self.at = Some((y, x));
    }

    fn set_link(&mut self, link: u32, glyphs: &Glyphs, out: &mut Vec<u8>) {
        if self.link == link || !self.caps.modern {
            return;
        }
        self.link = link;
        out.extend_from_slice(b"\x1b]8;");
        if let Some(target) = glyphs.link(link).and_then(link_address) {
            out.extend_from_slice(b"id=a");
            number(out, link as usize);
            out.push(b';');
            out.extend_from_slice(target.as_bytes());
        } else {
            out.push(b';');
        }
        out.extend_from_slice(b"\x1b\\");
    }

    fn set_style(&mut self, style: Style, out: &mut Vec<u8>) {
        let from = std::mem::replace(&mut self.style, style);
        if self.caps.depth == Depth::True
            && self.caps.underlines
            && self.caps.has(Features::OVERLINE)
        {
            return write_style(from, style, out);
        }
        let shown = |style: Style| as_shown(style, self.caps);
        write_style(shown(from), shown(style), out);
    }
}

/// A row as it is to be.
pub(super) struct PaintRow<'a> {
    pub(super) y: usize,
    pub(super) cells: &'a [PaintCell],
    pub(super) glyphs: &'a Glyphs,
}

/// Erases so many cells from the cursor on (ECH).
fn erase(out: &mut Vec<u8>, cols: usize) {
    out.extend_from_slice(b"\x1b[");
    number(out, cols);
    out.push(b'X');
}

/// Moves the cursor to row and column, from 0 (CUP).
pub(super) fn go(out: &mut Vec<u8>, y: usize, x: usize) {
    out.extend_from_slice(b"\x1b[");
    number(out, y + 1);
    out.push(b';');
    number(out, x + 1);
    out.push(b'H');
}

/// A style as far as the terminal can show it.
fn as_shown(style: Style, caps: Caps) -> Style {
    let nearest = |colour: Colour| caps.depth.nearest(colour).unwrap_or_default();
    let underline = match style.underline {
        Underline::None => Underline::None,
        kind if caps.underlines => kind,
        _ => Underline::Single,
    };
    let underline_colour =
        if caps.underlines { nearest(style.underline_colour) } else { Colour::Default };
    // Without colours what was told apart by its background is told apart by inversion.
    let lost_bg = caps.depth.nearest(style.bg).is_none() && style.bg != Colour::Default;
    let attrs = if lost_bg { style.attrs.with(Attrs::INVERSE) } else { style.attrs };
    let attrs = if caps.has(Features::OVERLINE) { attrs } else { attrs.without(Attrs::OVERLINE) };
    Style { fg: nearest(style.fg), bg: nearest(style.bg), underline_colour, underline, attrs }
}

/// Appends a number in decimal.
fn number(out: &mut Vec<u8>, number: usize) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = number;
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).expect("a remainder of ten is a digit");
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends a byte in decimal.
fn byte(out: &mut Vec<u8>, byte: u8) {
    let digits = [byte / 100, byte / 10 % 10, byte % 10].map(|digit| b'0' + digit);
    let blank = if byte < 10 { 2 } else { usize::from(byte < 100) };
    out.extend_from_slice(&digits[blank..]);
}

fn push(out: &mut Vec<u8>, c: char) {
    match u8::try_from(c) {
        // Nothing a terminal would obey gets through, whatever a server sends.
        Ok(0..=0x1f | 0x7f..=0x9f) => out.push(b' '),
        Ok(byte) if byte.is_ascii() => out.push(byte),
        _ => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

/// Parameters of one SGR sequence; it is opened with the first.
struct Sgr<'a> {
    out: &'a mut Vec<u8>,
    is_open: bool,
}

impl Sgr<'_> {
    fn push(&mut self, param: &str) {
        self.out.extend_from_slice(if std::mem::replace(&mut self.is_open, true) {
            b";"
        } else {
            b"\x1b["
        });
        self.out.extend_from_slice(param.as_bytes());
    }

    fn colour(&mut self, colour: Colour, base: usize) {
        let lead = |out: &mut Vec<u8>, is_open: bool| {
            out.extend_from_slice(if is_open { b";" } else { b"\x1b[" });
        };
        lead(self.out, self.is_open);
        self.is_open = true;
        match colour {
            Colour::Default => number(self.out, base + 9),
            Colour::Indexed(index @ 0..8) if base != 50 => {
                number(self.out, base + usize::from(index));
            }
            Colour::Indexed(index @ 8..16) if base != 50 => {
                number(self.out, base + 52 + usize::from(index));
            }
            // The underline's colour is known only to terminals that know sub-parameters.
            Colour::Indexed(index) => {
                number(self.out, base + 8);
                self.out.extend_from_slice(if base == 50 { b":5:" } else { b";5;" });
                byte(self.out, index);
            }
            Colour::Rgb(r, g, b) => {
                number(self.out, base + 8);
                self.out.extend_from_slice(if base == 50 { b":2::" } else { b";2;" });
                for (part, is_last) in [(r, false), (g, false), (b, true)] {
                    byte(self.out, part);
                    if !is_last {
                        self.out.push(if base == 50 { b':' } else { b';' });
                    }
                }
            }
        }
    }
}

/// Writes what turns one style into another.
fn write_style(from: Style, to: Style, out: &mut Vec<u8>) {
    if from == to {
        return;
    }
    if to == Style::default() {
        return out.extend_from_slice(b"\x1b[m");
    }
    let mut sgr = Sgr { out, is_open: false };
    write_attrs(from.attrs, to.attrs, &mut sgr);
    if from.underline != to.underline {
        sgr.push(match to.underline {
            Underline::None => "24",
            Underline::Single => "4",
            Underline::Double => "4:2",
            Underline::Curly => "4:3",
            Underline::Dotted => "4:4",
            Underline::Dashed => "4:5",
        });
    }
    if from.fg != to.fg {
        sgr.colour(to.fg, 30);
    }
    if from.bg != to.bg {
        sgr.colour(to.bg, 40);
    }
    if from.underline_colour != to.underline_colour {
        sgr.colour(to.underline_colour, 50);
    }
    if sgr.is_open {
        out.push(b'm');
    }
}

fn write_attrs(from: Attrs, to: Attrs, sgr: &mut Sgr<'_>) {
    const SWITCHES: [(Attrs, &str, &str); 6] = [
        (Attrs::ITALIC, "3", "23"),
        (Attrs::BLINK, "5", "25"),
        (Attrs::INVERSE, "7", "27"),
        (Attrs::CONCEAL, "8", "28"),
        (Attrs::STRIKE, "9", "29"),
        (Attrs::OVERLINE, "53", "55"),
    ];
    // Bold and dim are switched off together (22), and some terminals show only the last of them:
    // what they had must not matter.
    let weight = |attrs: Attrs| attrs.0 & Attrs::BOLD.with(Attrs::DIM).0;
    if weight(from) != weight(to) {
        if weight(from) != 0 {
            sgr.push("22");
        }
        for (attr, on) in [(Attrs::BOLD, "1"), (Attrs::DIM, "2")] {
            if to.has(attr) {
                sgr.push(on);
            }
        }
    }
    for (attr, on, off) in SWITCHES {
        if from.has(attr) != to.has(attr) {
            sgr.push(if to.has(attr) { on } else { off });
        }
    }
}
