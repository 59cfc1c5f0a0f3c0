//! The screen of a pane as text for other programs: ANSI, SVG and HTML. Nothing is written to a
//! file here.

use std::fmt;
use std::ops::Range;

use crate::base::error::{Code, Refusal};
use crate::base::row::{Row, Run};
use crate::base::style::{Attrs, Colour, Style, Underline};
use crate::base::text::{append, link_address};
use crate::state::pane::Pane;
use crate::term::{Reach, Terminal};

/// Attributes and the numbers that turn them on.
const ATTRS: [(Attrs, &str); 8] = [
    (Attrs::BOLD, "1"),
    (Attrs::DIM, "2"),
    (Attrs::ITALIC, "3"),
    (Attrs::BLINK, "5"),
    (Attrs::INVERSE, "7"),
    (Attrs::CONCEAL, "8"),
    (Attrs::STRIKE, "9"),
    (Attrs::OVERLINE, "53"),
];

/// Rows with their links (OSC 8), each with its line end unless the line goes on in the next one.
#[must_use]
pub fn ansi(rows: impl Iterator<Item = Row>, screen: &Terminal) -> String {
    let mut text = String::new();
    for row in rows {
        let mut style = Style::default();
        let mut link = 0;
        for run in &row.runs {
            if run.link != link {
                link = run.link;
                text.push_str(&link_sequence(link, screen));
            }
            if run.style != style {
                style = run.style;
                text.push_str(&sgr(style));
            }
            text.push_str(&run.text);
        }
        if link != 0 {
            text.push_str(&link_sequence(0, screen));
        }
        if style != Style::default() {
            text.push_str("\x1b[0m");
        }
        if !row.wrapped {
            text.push('\n');
        }
    }
    text
}

/// The sequence that starts a link, or ends one: the parts of one link have one id.
fn link_sequence(link: u32, screen: &Terminal) -> String {
    match screen.link(link).and_then(link_address) {
        Some(address) => format!("\x1b]8;id={link};{address}\x1b\\"),
        None => "\x1b]8;;\x1b\\".to_owned(),
    }
}

/// The last rows of a pane, scrollback included, at most so many rows and bytes. Empty rows at the
/// end are left out.
#[must_use]
pub fn ansi_tail(pane: &Pane, rows_max: usize, bytes_max: usize) -> String {
    let above = i64::try_from(rows_max).unwrap_or(i64::MAX);
    let upwards = pane
        .screen
        .rows(-above..i64::from(pane.size.rows))
        .into_iter()
        .rev()
        .map(|row| ansi(std::iter::once(row), &pane.screen));
    let mut room = bytes_max;
    let mut found: Vec<String> = upwards
        .skip_while(|row| row == "\n")
        .take(rows_max)
        .take_while(|row| {
            let fits = row.len() <= room;
            room = room.saturating_sub(row.len());
            fits
        })
        .collect();
    found.reverse();
    found.concat()
}

/// The sequence that sets a style, whatever was set before.
fn sgr(style: Style) -> String {
    let mut parts = vec![String::from("0")];
    parts.extend(
        ATTRS
            .iter()
            .filter(|(attr, _)| style.attrs.has(*attr))
            .map(|(_, number)| (*number).to_owned()),
    );
    parts.extend(underline(style.underline).map(str::to_owned));
    parts.extend(colour(style.fg, 30));
    parts.extend(colour(style.bg, 40));
    parts.extend(colour(style.underline_colour, 50));
    format!("\x1b[{}m", parts.join(";"))
}

const fn underline(kind: Underline) -> Option<&'static str> {
    match kind {
        Underline::None => None,
        Underline::Single => Some("4"),
        Underline::Double => Some("4:2"),
        Underline::Curly => Some("4:3"),
        Underline::Dotted => Some("4:4"),
        Underline::Dashed => Some("4:5"),
    }
}

/// A colour; `base` is 30 for the foreground, 40 for the background and 50 for underlines, which
/// have no short forms.
fn colour(colour: Colour, base: u8) -> Option<String> {
    match colour {
        Colour::Default => None,
        Colour::Indexed(number) if number < 8 && base < 50 => Some((base + number).to_string()),
        Colour::Indexed(number) if number < 16 && base < 50 => {
            Some((base + 52 + number).to_string())
        }
        Colour::Indexed(number) => Some(format!("{}:5:{number}", base + 8)),
        Colour::Rgb(red, green, blue) => Some(format!("{}:2::{red}:{green}:{blue}", base + 8)),
    }
}

/// A cell of the picture, in its units.
const CELL: (usize, usize) = (8, 17);
/// The margin around the rows.
const MARGIN: usize = 8;
/// The baseline of a row, from its top.
const BASELINE: usize = 13;

/// Text and background where the program chose none.
const FG: RgbTriple = (0xd0, 0xd0, 0xd0);
const BG: RgbTriple = (0x1c, 0x1c, 0x1c);

const FONT: &str = "ui-monospace,'Cascadia Mono','DejaVu Sans Mono',Menlo,Consolas,monospace";

type RgbTriple = (u8, u8, u8);

/// The sixteen named colours, a little softer than xterm's.
const NAMED: [RgbTriple; 16] = [
    (0x1c, 0x1c, 0x1c),
    (0xd7, 0x5f, 0x5f),
    (0x87, 0xaf, 0x5f),
    (0xd7, 0xaf, 0x5f),
    (0x5f, 0x87, 0xd7),
    (0xaf, 0x87, 0xd7),
    (0x5f, 0xaf, 0xaf),
    (0xd0, 0xd0, 0xd0),
    (0x6c, 0x6c, 0x6c),
    (0xff, 0x87, 0x87),
    (0xaf, 0xd7, 0x87),
    (0xff, 0xd7, 0x87),
    (0x87, 0xaf, 0xff),
    (0xd7, 0xaf, 0xff),
    (0x87, 0xd7, 0xd7),
    (0xff, 0xff, 0xff),
];

/// The part of a capture that some rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Rows of the capture before these.
    pub above: usize,
    /// Rows of the whole capture.
    pub rows: usize,
    /// True if nothing comes after these.
    pub is_last: bool,
}

/// The cells of one page: less than a millisecond of work, and in the longest form some MB.
const PAGE_CELLS: u64 = 16 << 10;

/// Rows of a capture by their addresses: all of them, and where it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaptureSpan {
    /// The width has to stay the same, since addresses hold as long as that does.
    epoch: u64,
    start: u64,
    at: u64,
    end: u64,
}

impl CaptureSpan {
    /// Rows relative to the screen.
    #[must_use]
    pub fn of(rows: Range<i64>, pane: &Pane) -> Self {
        let reach = pane.screen.reach();
        let address = |row: i64| reach.screen.saturating_add_signed(row);
        let (start, end) = (address(rows.start), address(rows.end));
        Self { epoch: reach.epoch, start, at: start, end }
    }

    /// The rest of a capture, as its answer named it.
    ///
    /// # Errors
    /// `invalid_cursor` if it is none, or its rows are not there any more.
    pub fn parse(text: &str, pane: &Pane) -> Result<Self, Refusal> {
        let reach = pane.screen.reach();
        let refuse = |what: &str| {
            Refusal::new(Code::InvalidCursor, format!("from: {text:?} {what}"))
                .hint("begin the capture anew, without `from`")
        };
        let numbers: Vec<u64> = text.split('-').filter_map(|part| part.parse().ok()).collect();
        let Ok([epoch, start, at, end]) = <[u64; 4]>::try_from(numbers) else {
            return Err(refuse("is no place that `next` named"));
        };
        if epoch != reach.epoch {
            return Err(refuse("is of before the pane got another width"));
        }
        let is_there = reach.first <= at && end <= reach.end;
        if !is_there || at < start || end < at {
            return Err(refuse("is not in the scrollback any more"));
        }
        Ok(Self { epoch, start, at, end })
    }

    /// The first row that is left, relative to the screen.
    #[must_use]
    pub fn first(&self, pane: &Pane) -> i64 {
        relative(self.at, pane.screen.reach())
    }

    /// True if nothing is left.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.at == self.end
    }

    /// Takes the next rows, up to a line end if there is one soon: a line is joined, and its blanks
    /// are left out, within a page alone.
    pub fn next_page(&mut self, pane: &Pane) -> (Range<i64>, Part) {
        let (screen, reach) = (&pane.screen, pane.screen.reach());
        let count = (PAGE_CELLS / u64::from(screen.size().cols.max(1))).max(1);
        let latest = self.at.saturating_add(2 * count).min(self.end);
        let mut end = self.at.saturating_add(count).min(self.end);
        let is_wrapped = |end: u64| {
            let last = relative(end, reach);
            screen.rows(last - 1..last).first().is_some_and(|row| row.wrapped)
        };
        while end < latest && is_wrapped(end) {
            end += 1;
        }
        let rows = relative(self.at, reach)..relative(end, reach);
        let count = |rows: u64| usize::try_from(rows).unwrap_or(usize::MAX);
        let part = Part {
            above: count(self.at - self.start),
            rows: count(self.end - self.start),
            is_last: end == self.end,
        };
        self.at = end;
        (rows, part)
    }
}

impl fmt::Display for CaptureSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}-{}", self.epoch, self.start, self.at, self.end)
    }
}

/// A row by its distance from the top of the screen.
fn relative(address: u64, reach: Reach) -> i64 {
    let row = |address: u64| i64::try_from(address).unwrap_or(i64::MAX);
    row(address) - row(reach.screen)
}

/// A picture of rows that are `cols` columns wide.
#[must_use]
pub fn svg(rows: impl Iterator<Item = Row>, cols: u16) -> String {
    let rows: Vec<Row> = rows.collect();
    let part = Part { above: 0, rows: rows.len(), is_last: true };
    svg_part(&rows, cols, part)
}

/// The same of a part of the rows; all parts together are the picture.
#[must_use]
pub fn svg_part(rows: &[Row], cols: u16, part: Part) -> String {
    let (width, height) =
        (2 * MARGIN + usize::from(cols) * CELL.0, 2 * MARGIN + part.rows * CELL.1);
    let mut out = String::new();
    if part.above == 0 {
        append(
            &mut out,
            format_args!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
                 viewBox=\"0 0 {width} {height}\" font-family=\"{FONT}\" font-size=\"13\">\n\
                 <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{}\"/>\n",
                hex(BG)
            ),
        );
    }
    for (row, y) in rows.iter().zip((MARGIN + part.above * CELL.1..).step_by(CELL.1)) {
        let mut x = MARGIN;
        for run in &row.runs {
            svg_run(&mut out, run, x, y);
            x += run.cols() * CELL.0;
        }
    }
    out + if part.is_last { "</svg>\n" } else { "" }
}

fn svg_run(out: &mut String, run: &Run, x: usize, y: usize) {
    let (fg, bg) = colours(run.style);
    let width = run.cols() * CELL.0;
    if bg != BG {
        append(
            out,
            format_args!(
                "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{}\" fill=\"{}\"/>\n",
                CELL.1,
                hex(bg)
            ),
        );
    }
    if run.text.trim().is_empty() && decoration(run.style).is_empty() {
        return;
    }
    let attrs = run.style.attrs;
    let mut looks = String::new();
    for (is_on, look) in [
        (attrs.has(Attrs::BOLD), " font-weight=\"bold\""),
        (attrs.has(Attrs::ITALIC), " font-style=\"italic\""),
        (attrs.has(Attrs::DIM), " opacity=\"0.6\""),
    ] {
        looks += if is_on { look } else { "" };
    }
    let decoration = decoration(run.style);
    if !decoration.is_empty() {
        append(&mut looks, format_args!(" text-decoration=\"{decoration}\""));
    }
    append(
        out,
        format_args!(
            "<text x=\"{x}\" y=\"{}\" fill=\"{}\" textLength=\"{width}\" \
         lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\"{looks}>{}</text>\n",
            y + BASELINE,
            hex(fg),
            escaped(&run.text)
        ),
    );
}

/// A page of rows with their links.
#[must_use]
pub fn html(rows: impl Iterator<Item = Row>, screen: &Terminal) -> String {
    html_part(rows, screen, Part { above: 0, rows: 0, is_last: true })
}

/// The same of a part of the rows; all parts together are the page.
#[must_use]
pub fn html_part(rows: impl Iterator<Item = Row>, screen: &Terminal, part: Part) -> String {
    let mut out = String::new();
    if part.above == 0 {
        append(
            &mut out,
            format_args!(
                "<!doctype html>\n<meta charset=\"utf-8\">\n<title>abide</title>\n\
                 <pre style=\"font-family:{FONT};line-height:1.25;padding:8px;color:{};\
                 background:{}\">\n",
                hex(FG),
                hex(BG)
            ),
        );
    }
    for row in rows {
        let mut link = None;
        for run in &row.runs {
            let address = screen.link(run.link);
            if link != address {
                out.push_str(if link.is_some() { "</a>" } else { "" });
                link = address;
                if let Some(address) = address {
                    append(&mut out, format_args!("<a href=\"{}\">", escaped(address)));
                }
            }
            html_run(&mut out, run);
        }
        out.push_str(if link.is_some() { "</a>" } else { "" });
        if !row.wrapped {
            out.push('\n');
        }
    }
    out + if part.is_last { "</pre>\n" } else { "" }
}

fn html_run(out: &mut String, run: &Run) {
    let text = escaped(&run.text);
    if run.style == Style::default() {
        out.push_str(&text);
        return;
    }
    let (fg, bg) = colours(run.style);
    let mut css = String::new();
    if fg != FG {
        append(&mut css, format_args!("color:{};", hex(fg)));
    }
    if bg != BG {
        append(&mut css, format_args!("background:{};", hex(bg)));
    }
    let attrs = run.style.attrs;
    for (is_on, look) in [
        (attrs.has(Attrs::BOLD), "font-weight:bold;"),
        (attrs.has(Attrs::ITALIC), "font-style:italic;"),
        (attrs.has(Attrs::DIM), "opacity:.6;"),
    ] {
        css += if is_on { look } else { "" };
    }
    let decoration = decoration(run.style);
    if !decoration.is_empty() {
        append(&mut css, format_args!("text-decoration:{decoration};"));
    }
    append(out, format_args!("<span style=\"{css}\">{text}</span>"));
}

/// Text and background with what inverse and conceal do to them.
fn colours(style: Style) -> (RgbTriple, RgbTriple) {
    let (fg, bg) = (rgb(style.fg, FG), rgb(style.bg, BG));
    let (fg, bg) = if style.attrs.has(Attrs::INVERSE) { (bg, fg) } else { (fg, bg) };
    if style.attrs.has(Attrs::CONCEAL) { (bg, bg) } else { (fg, bg) }
}

fn decoration(style: Style) -> String {
    let lines = [
        (style.underline != Underline::None, "underline"),
        (style.attrs.has(Attrs::STRIKE), "line-through"),
        (style.attrs.has(Attrs::OVERLINE), "overline"),
    ];
    lines
        .into_iter()
        .filter_map(|(is_on, line)| is_on.then_some(line))
        .collect::<Vec<_>>()
        .join(" ")
}

/// A colour of the 256-colour palette as xterm computes it, or the one of the program.
fn rgb(colour: Colour, default: RgbTriple) -> RgbTriple {
    match colour {
        Colour::Default => default,
        Colour::Rgb(red, green, blue) => (red, green, blue),
        Colour::Indexed(index @ 0..16) => NAMED[usize::from(index)],
        Colour::Indexed(index @ 16..232) => {
            let level = |n: u8| [0, 95, 135, 175, 215, 255][usize::from(n % 6)];
            let cube = index - 16;
            (level(cube / 36), level(cube / 6), level(cube))
        }
        Colour::Indexed(index) => {
            let grey = 8 + 10 * (index - 232);
            (grey, grey, grey)
        }
    }
}

fn hex(colour: RgbTriple) -> String {
    let (red, green, blue) = colour;
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::{ansi, ansi_tail, html, svg};
    use crate::base::geom::Size;
    use crate::base::id::PaneId;
    use crate::base::memory::HeapMemory;
    use crate::base::row::{Row, Run, RunKind};
    use crate::base::style::{Attrs, Colour, Style, Underline};
    use crate::state::State;
    use crate::term::{Options, Terminal};

    fn terminal(bytes: &str) -> Terminal {
        let mut screen =
            Terminal::new(Size::new(20, 2), Options::default(), Box::new(HeapMemory::default()));
        screen.feed(bytes.as_bytes(), &mut Vec::new());
        screen
    }

    #[test]
    fn links_have_their_addresses() {
        let screen = terminal(
            "a\x1b]8;;https://x.org/?a=1&b=\"ö\"\x1b\\\x1b[1mb\x1b[mc\x1b]8;;\x1b\\d\r\n\
             \x1b]8;;file:///e\x1b\\e",
        );
        assert_eq!(
            ansi(screen.rows(0..2).into_iter(), &screen),
            "a\x1b]8;id=1;https://x.org/?a=1&b=\"%C3%B6\"\x1b\\\x1b[0;1mb\x1b[0mc\
             \x1b]8;;\x1b\\d\n\x1b]8;id=2;file:///e\x1b\\e\x1b]8;;\x1b\\\n"
        );
        let page = html(screen.rows(0..2).into_iter(), &screen);
        assert!(
            page.contains(
                "\na<a href=\"https://x.org/?a=1&amp;b=&quot;ö&quot;\">\
                 <span style=\"font-weight:bold;\">b</span>c</a>d\n\
                 <a href=\"file:///e\">e</a>\n</pre>"
            ),
            "{page}"
        );
    }

    fn check(style: Style, written: &str) {
        let run =
            |style, text: &str| Run { style, link: 0, kind: RunKind::Narrow, text: text.into() };
        let row = Row { runs: vec![run(Style::default(), "a"), run(style, "b")], wrapped: false };
        assert_eq!(ansi([row].into_iter(), &terminal("")), format!("a{written}b\x1b[0m\n"));
    }

    #[test]
    fn styles_are_written_as_sgr() {
        let plain = Style::default();
        check(Style { fg: Colour::Indexed(1), ..plain }, "\x1b[0;31m");
        check(Style { bg: Colour::Indexed(9), ..plain }, "\x1b[0;101m");
        check(Style { fg: Colour::Indexed(99), ..plain }, "\x1b[0;38:5:99m");
        check(Style { bg: Colour::Rgb(1, 2, 3), ..plain }, "\x1b[0;48:2::1:2:3m");
        check(
            Style { underline: Underline::Curly, underline_colour: Colour::Indexed(1), ..plain },
            "\x1b[0;4:3;58:5:1m",
        );
        check(Style { attrs: Attrs::BOLD.with(Attrs::OVERLINE), ..plain }, "\x1b[0;1;53m");
    }

    #[test]
    fn a_wrapped_row_has_no_line_end() {
        let row = |wrapped| Row { runs: Vec::new(), wrapped };
        assert_eq!(ansi([row(true), row(false)].into_iter(), &terminal("")), "\n");
    }

    #[test]
    fn a_tail_has_the_last_rows_that_fit_and_no_empty_ones_below() {
        let mut screen =
            Terminal::new(Size::new(10, 4), Options::default(), Box::new(HeapMemory::default()));
        screen.feed(b"one\r\ntwo\r\n\r\nfour\r\nfive\r\nsix\r\n", &mut Vec::new());
        let mut state = State::default();
        state.adopt(PaneId(1), 1, screen, 0);
        let pane = state.pane(PaneId(1));
        assert_eq!(ansi_tail(pane, 99, 99), "one\ntwo\n\nfour\nfive\nsix\n");
        assert_eq!(ansi_tail(pane, 2, 99), "five\nsix\n");
        assert_eq!(ansi_tail(pane, 99, 10), "five\nsix\n");
    }

    fn rows() -> Vec<Row> {
        let run = |style, kind, text: &str| Run { style, link: 0, kind, text: text.into() };
        let red = Style {
            fg: Colour::Rgb(255, 0, 0),
            attrs: Attrs::BOLD,
            underline: Underline::Curly,
            ..Style::default()
        };
        let inverse = Style { bg: Colour::Indexed(16), attrs: Attrs::INVERSE, ..Style::default() };
        vec![
            Row {
                runs: vec![
                    run(Style::default(), RunKind::Narrow, "a<b> & "),
                    run(red, RunKind::Narrow, "red"),
                ],
                wrapped: false,
            },
            Row { runs: vec![run(inverse, RunKind::Wide, "漢")], wrapped: false },
        ]
    }

    #[test]
    fn a_page_has_the_text_and_the_looks() {
        let page = html(rows().into_iter(), &terminal(""));
        assert!(
            page.contains(
                "a&lt;b&gt; &amp; <span \
                style=\"color:#ff0000;font-weight:bold;text-decoration:underline;\">red</span>\n"
            ),
            "{page}"
        );
        assert!(
            page.contains("<span style=\"color:#000000;background:#d0d0d0;\">漢</span>"),
            "{page}"
        );
    }

    #[test]
    fn a_picture_has_every_run_in_its_cells() {
        let picture = svg(rows().into_iter(), 20);
        assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
        assert!(picture.contains("width=\"176\" height=\"50\""), "{picture}");
        assert!(
            picture.contains("<text x=\"64\" y=\"21\" fill=\"#ff0000\" textLength=\"24\""),
            "{picture}"
        );
        assert!(
            picture
                .contains("<rect x=\"8\" y=\"25\" width=\"16\" height=\"17\" fill=\"#d0d0d0\"/>"),
            "{picture}"
        );
        assert_eq!(picture.matches('<').count(), picture.matches('>').count());
    }
}
