//! Replies: a closed set of formats made of digits, separators and fixed text. Nothing a program
//! wrote is ever sent back to it.

use std::fmt::Write as _;

use crate::base::style::{Attrs, Underline};
use crate::term::cell::Cell;
use crate::term::charset::Charset;
use crate::term::color::Channels;
use crate::term::emulator::Emulator;
use crate::term::event::TermEvent;
use crate::term::mode::{self, Mode};
use crate::term::parser::CsiParams;
use crate::term::screen::rectangle::Area;
use crate::term::style_table::CellStyle;

/// Reply bytes one feed may cause; further replies are dropped.
pub(crate) const REPLY_BYTES_MAX: usize = 64 << 10;

/// A reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    /// The terminal itself.
    Device(Device),
    /// CPR.
    CursorPosition,
    /// DECXCPR.
    ExtendedCursorPosition,
    /// Other DSRs: number and state of what there is none of.
    Status(u16, Option<u16>),
    /// XTWINOPS 11: not iconified.
    WindowOpen,
    /// XTWINOPS 20 and 21: the letter of the icon name (L) or title (l), which is empty unless the
    /// options allow to tell it.
    Title(char),
    /// XTREPORTSGR.
    CellStyles(CellStyle),
    /// XTREPORTCOLORS: how many are put aside.
    ColourStack(u16),
    /// DECRPM: private, number, value.
    Mode(bool, u16, u8),
    /// kitty's flags in force.
    KittyFlags,
    /// XTQMODKEYS: resource, value.
    KeyModifier(u16, u16),
    /// XTWINOPS: kind, height, width.
    Window(u16, u16, u16),
    /// Mode 2048.
    InBandSize,
    /// Mode 2031 and DSR 996: 1 dark, 2 light.
    ColourScheme(u8),
    /// DECRQCRA: request, sum.
    Checksum(u16, u16),
    /// DECRQSS for SGR.
    Graphics(CellStyle),
    /// DECRQSS for settings that are numbers: 0 to 2 numbers and the final bytes.
    Setting(u16, Option<u16>, &'static str),
    /// DECRQSS for what is not known.
    NoSetting,
    /// A colour: OSC number, palette entry, channels, whether BEL ends it.
    Colour(u16, Option<u16>, Channels, bool),
    /// XTGETTCAP: name and value from the fixed table.
    Capability(&'static str, Option<&'static str>),
    /// OSC 7501: reports of programs are read; whether BEL ends it.
    ProgramStatus(bool),
    /// XTGETTCAP for what is not in the table.
    NoCapability,
    /// kitty graphics: the image by its number and by the program's other number, placement,
    /// whether it went well.
    Image((u32, u32), u32, bool),
    /// XTSMGRAPHICS: item, status, value.
    GraphicsLimit(u16, u16, Option<(u32, u32)>),
}

/// A reply about the terminal itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Device {
    /// DA1, as xterm answers at the conformance level in force, with sixels.
    PrimaryAttributes,
    /// DA2.
    SecondaryAttributes,
    /// DA3: no serial number.
    TertiaryAttributes,
    /// XTVERSION.
    Version,
    /// DECREPTPARM for DECREQTPARM 0 or 1.
    Parameters(u16),
    /// DSR 5.
    Ready,
    /// DSR 26: a North American keyboard, ready.
    Keyboard,
    /// DSR 62: no space for macros.
    MacroSpace,
    /// DECRQPSR 1 and 2.
    CursorInformation,
    TabStops,
    /// DECRQDE: the size of the page and where the screen is on it.
    Displayed,
    /// DECRQLP: there is no locator.
    NoLocator,
}

impl Emulator {
    /// XTREPORTSGR: the attributes and colours that all cells of a rectangle have.
    pub(crate) fn report_styles(&mut self, numbers: &[u16]) {
        let Some(area) = self.screen.area(numbers) else { return };
        let mut common: Option<CellStyle> = None;
        for y in area.rows {
            for cell in &self.screen.grid.row(y)[area.cols.clone()] {
                let style = self.screen.tables.styles.get(cell.style());
                common = Some(common.map_or(style, |common| common.shared_with(style)));
            }
        }
        self.reply(Reply::CellStyles(common.unwrap_or_default()));
    }

    /// Queues a reply.
    pub(crate) fn reply(&mut self, reply: Reply) {
        let mut text = String::new();
        let written = match reply {
            Reply::Graphics(cell_style) => {
                write!(text, "\x1bP1$r{}m\x1b\\", crate::term::style_table::describe(cell_style))
            }
            Reply::CellStyles(cell_style) => {
                write!(text, "\x1b[{}m", crate::term::style_table::describe(cell_style))
            }
            Reply::Device(device) => self.write_device(&mut text, device),
            Reply::Setting(..) | Reply::NoSetting | Reply::Capability(..) | Reply::NoCapability => {
                write_string(&mut text, reply)
            }
            Reply::Colour(..) | Reply::Image(..) | Reply::GraphicsLimit(..) => {
                write_graphic(&mut text, reply)
            }
            _ => self.write_report(&mut text, reply),
        };
        if written.is_err() || self.out.reply_bytes + text.len() > REPLY_BYTES_MAX {
            return;
        }
        self.out.reply_bytes += text.len();
        let text = if self.screen.is_on(Mode::EIGHT_BIT) {
            with_c1(text.as_bytes())
        } else {
            text.into_bytes()
        };
        if let Some(TermEvent::Reply(bytes)) = self.out.events.last_mut() {
            bytes.extend_from_slice(&text);
            return;
        }
        self.event(TermEvent::Reply(text));
    }

    fn write_device(&self, to: &mut String, device: Device) -> std::fmt::Result {
        match device {
            Device::PrimaryAttributes => write_primary(to, self.screen.modes.level()),
            Device::SecondaryAttributes => write_secondary(to, self.screen.modes.level()),
            Device::CursorInformation => self.write_cursor_information(to),
            Device::TabStops => self.write_tab_stops(to),
            Device::TertiaryAttributes => write!(to, "\x1bP!|00000000\x1b\\"),
            Device::Version => self.write_version(to),
            Device::Parameters(0) => write!(to, "\x1b[2;1;1;128;128;1;0x"),
            Device::Parameters(1) => write!(to, "\x1b[3;1;1;128;128;1;0x"),
            Device::Ready => write!(to, "\x1b[0n"),
            Device::Keyboard if self.screen.modes.level() < 3 => write!(to, "\x1b[?27;1n"),
            Device::Keyboard if self.screen.modes.level() == 3 => write!(to, "\x1b[?27;1;0n"),
            Device::Keyboard => write!(to, "\x1b[?27;1;0;0n"),
            Device::MacroSpace => write!(to, "\x1b[0000*{{"),
            Device::Displayed => {
                write!(to, "\x1b[{};{};1;1;1\"w", self.screen.size.rows, self.screen.size.cols)
            }
            Device::NoLocator => write!(to, "\x1b[0&w"),
            Device::Parameters(_) => Ok(()),
        }
    }

    /// XTVERSION: the name, and for a client that runs here whose terminal this is.
    fn write_version(&self, to: &mut String) -> std::fmt::Result {
        write!(to, "\x1bP>|abide({})", env!("CARGO_PKG_VERSION"))?;
        if let Some((server, pane)) = self.out.identity {
            write!(to, " {server:016x}.{pane}")?;
        }
        write!(to, "\x1b\\")
    }

    fn write_report(&self, to: &mut String, reply: Reply) -> std::fmt::Result {
        let (row, col) = self.reported_position();
        match reply {
            Reply::CursorPosition => write!(to, "\x1b[{row};{col}R"),
            Reply::ExtendedCursorPosition if self.screen.modes.level() < 4 => {
                write!(to, "\x1b[?{row};{col}R")
            }
            Reply::ExtendedCursorPosition => write!(to, "\x1b[?{row};{col};1R"),
            Reply::Status(number, None) => write!(to, "\x1b[?{number}n"),
            Reply::Status(number, Some(state)) => write!(to, "\x1b[?{number};{state}n"),
            Reply::WindowOpen => write!(to, "\x1b[1t"),
            Reply::Title(letter) => self.write_title(to, letter),
            Reply::ColourStack(depth) => write!(to, "\x1b[?{depth};{depth}#Q"),
            Reply::Mode(private, number, value) => {
                write!(to, "\x1b[{}{number};{value}$y", if private { "?" } else { "" })
            }
            Reply::KittyFlags => write!(to, "\x1b[?{}u", self.keyboard.flags()),
            Reply::KeyModifier(resource, value) => write!(to, "\x1b[>{resource};{value}m"),
            Reply::Window(kind, height, width) => write!(to, "\x1b[{kind};{height};{width}t"),
            Reply::InBandSize => {
                let (width, height) = self.pixels();
                write!(
                    to,
                    "\x1b[48;{};{};{height};{width}t",
                    self.screen.size.rows, self.screen.size.cols
                )
            }
            Reply::ColourScheme(scheme) => write!(to, "\x1b[?997;{scheme}n"),
            Reply::ProgramStatus(true) => write!(to, "\x1b]7501;?\x07"),
            Reply::ProgramStatus(false) => write!(to, "\x1b]7501;?\x1b\\"),
            Reply::Checksum(request, sum) => write!(to, "\x1bP{request}!~{sum:04X}\x1b\\"),
            _ => Ok(()),
        }
    }

    fn write_title(&self, to: &mut String, letter: char) -> std::fmt::Result {
        let title = if letter == 'L' { &self.titles.icon } else { &self.titles.title };
        write!(to, "\x1b]{letter}")?;
        match (self.screen.options.title_reports, self.screen.is_on(Mode::TITLE_TELL_HEX)) {
            (false, _) => {}
            (true, true) => write_hex(to, title)?,
            (true, false) => to.write_str(title)?,
        }
        write!(to, "\x1b\\")
    }

    /// Row and column of the cursor from 1, counted from the margins in origin mode.
    fn reported_position(&self) -> (u16, u16) {
        let (x, y) = (self.screen.cursor.x, self.screen.cursor.y);
        if self.screen.is_on(Mode::ORIGIN) {
            return (
                y.saturating_sub(self.screen.margins.top) + 1,
                x.saturating_sub(self.screen.margins.left) + 1,
            );
        }
        (y + 1, x + 1)
    }

    /// Width and height of the screen in pixels.
    fn pixels(&self) -> (u32, u32) {
        let (width, height) = self.screen.options.cell_pixels;
        (
            u32::from(width) * u32::from(self.screen.size.cols),
            u32::from(height) * u32::from(self.screen.size.rows),
        )
    }

    /// DSR.
    pub(crate) fn report_status(&mut self, number: u16) -> bool {
        let reply = match number {
            5 => Reply::Device(Device::Ready),
            6 => Reply::CursorPosition,
            _ => return false,
        };
        self.reply(reply);
        true
    }

    /// DSR with a private marker; `request` is what DECCKSR names its answer with.
    pub(crate) fn report_private_status(&mut self, number: u16, request: u16) -> bool {
        let reply = match number {
            6 => Reply::ExtendedCursorPosition,
            // No printer, no keys to define, no locator, no macros, no errors, no session.
            15 => Reply::Status(13, None),
            25 => Reply::Status(20, None),
            26 => Reply::Device(Device::Keyboard),
            53 | 55 => Reply::Status(53, None),
            56 => Reply::Status(57, Some(0)),
            62 => Reply::Device(Device::MacroSpace),
            63 => Reply::Checksum(request, 0),
            75 => Reply::Status(70, None),
            85 => Reply::Status(83, None),
            996 => Reply::ColourScheme(self.palette.scheme()),
            _ => return false,
        };
        self.reply(reply);
        true
    }

    /// DECRQM.
    pub(crate) fn report_mode(&mut self, private: bool, number: u16) -> bool {
        if self.screen.modes.level() < 3 {
            return false;
        }
        let value = match mode::named(private, number) {
            Some(Mode::ALT_47 | Mode::ALT_1047 | Mode::ALT_1049) => {
                2 - u8::from(self.screen.alternate)
            }
            Some(Mode::SAVE_CURSOR) => {
                2 - u8::from(self.screen.saved[usize::from(self.screen.alternate)].is_set)
            }
            Some(mode) => 2 - u8::from(self.screen.is_on(mode)),
            None => mode::never(private, number),
        };
        self.reply(Reply::Mode(private, number, value));
        true
    }

    /// XTQMODKEYS.
    pub(crate) fn report_key_modifier(&mut self, resource: u16) -> bool {
        if resource > 4 {
            return false;
        }
        let value = if resource == 4 { u16::from(self.keyboard.modify_other) } else { 0 };
        self.reply(Reply::KeyModifier(resource, value));
        true
    }

    /// XTWINOPS: what can be told or kept; nothing moves a window.
    pub(crate) fn window(&mut self, params: &CsiParams) -> bool {
        let (width, height) = self.pixels();
        let pixels = |n: u32| u16::try_from(n).unwrap_or(u16::MAX);
        let cell = self.screen.options.cell_pixels;
        match params.get(0) {
            // Requests about a window: a pane has none.
            1..=7 | 9 | 10 => {}
            8 => self.event(TermEvent::SizeWanted { cols: params.get(2), rows: params.get(1) }),
            11 => self.reply(Reply::WindowOpen),
            13 => self.reply(Reply::Window(3, 0, 0)),
            20 => self.reply(Reply::Title('L')),
            21 => self.reply(Reply::Title('l')),
            14 => self.reply(Reply::Window(4, pixels(height), pixels(width))),
            15 => self.reply(Reply::Window(5, pixels(height), pixels(width))),
            16 => self.reply(Reply::Window(6, cell.1, cell.0)),
            18 => self.reply(Reply::Window(8, self.screen.size.rows, self.screen.size.cols)),
            19 => self.reply(Reply::Window(9, self.screen.size.rows, self.screen.size.cols)),
            22 => self.titles.push(params.get(1)),
            23 => {
                if let Some(title) = self.titles.pop(params.get(1)) {
                    self.event(TermEvent::Title(title));
                }
            }
            // DECSLPP.
            rows @ 24.. => self.event(TermEvent::SizeWanted { cols: 0, rows }),
            _ => return false,
        }
        true
    }

    /// XTSMGRAPHICS: registers and geometry of sixels can be read, not set.
    pub(crate) fn report_graphics(&mut self, params: &CsiParams) {
        let (item, action) = (params.get(0), params.get(1));
        let reply = match (item, action) {
            (1, 1 | 2 | 4) => Reply::GraphicsLimit(1, 0, Some((256, 0))),
            (2, 1 | 2 | 4) => Reply::GraphicsLimit(2, 0, Some(self.pixels())),
            (1 | 2, _) => Reply::GraphicsLimit(item, 2, None),
            _ => Reply::GraphicsLimit(item, 1, None),
        };
        self.reply(reply);
    }

    /// DECRQCRA, only where the options allow it: the sum tells what is on the screen.
    pub(crate) fn report_checksum(&mut self, params: &CsiParams) -> bool {
        if !self.screen.options.checksum_reports {
            return false;
        }
        let area = self.screen.area(params.all().get(2..).unwrap_or(&[]));
        let sum = area.map_or(0, |area| self.checksum(area));
        self.reply(Reply::Checksum(params.get(0), sum));
        true
    }

    /// The sum of the characters as XTCHECKSUM asks for it (xterm's `checksumExtension`): without
    /// any bit it is DEC's, of 8 bits of each character and its attributes, without cells that
    /// nothing was written in, negated.
    fn checksum(&self, area: Area) -> u16 {
        let [positive, plain, untrimmed, undrawn, whole] =
            Mode::SUMS.map(|mode| self.screen.is_on(mode));
        let (mut sum, mut blanks, mut is_first) = (0_u32, 0_u32, true);
        for y in area.rows {
            for cell in &self.screen.grid.row(y)[area.cols.clone()] {
                if cell.is_blank() && !untrimmed && !undrawn {
                    continue;
                }
                let mut value = self.code_point(*cell);
                if !whole {
                    value &= 0xff;
                }
                if !plain {
                    value += attribute_value(
                        self.screen.tables.styles.get(cell.style()),
                        cell.is_protected(),
                    );
                }
                if untrimmed || is_first || value != 0x20 || !cell.is_blank() {
                    sum = sum.wrapping_add(value).wrapping_add(std::mem::take(&mut blanks));
                } else {
                    blanks += value;
                }
                is_first = untrimmed;
            }
            blanks = 0;
        }
        let sum = u16::try_from(sum & 0xffff).unwrap_or(0);
        if positive { sum } else { sum.wrapping_neg() }
    }

    /// The first scalar of a cell; a blank is a space.
    fn code_point(&self, cell: Cell) -> u32 {
        match cell.cluster() {
            Some(number) => {
                self.screen.tables.clusters.get(number).chars().next().map_or(0x20, u32::from)
            }
            None => cell.char().map_or(0x20, u32::from),
        }
    }
}

/// The value that attributes add to a sum (xterm, after DEC's VT520).
fn attribute_value(cell_style: CellStyle, protected: bool) -> u32 {
    let on = [
        (protected, 0x04),
        (cell_style.has(Attrs::CONCEAL), 0x08),
        (cell_style.underline_kind() != Underline::None, 0x10),
        (cell_style.has(Attrs::INVERSE), 0x20),
        (cell_style.has(Attrs::BLINK), 0x40),
        (cell_style.has(Attrs::BOLD), 0x80),
    ];
    on.iter().filter(|(on, _)| *on).map(|(_, value)| value).sum()
}

/// A reply with C1 controls in place of ESC and a letter (S8C1T).
fn with_c1(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        bytes.push(first);
        if let (0x1b, [letter @ 0x40..=0x5f, tail @ ..]) = (first, tail) {
            rest = tail;
            bytes.pop();
            bytes.push(letter + 0x40);
        }
    }
    bytes
}

/// DA1 at a conformance level.
fn write_primary(to: &mut String, level: u16) -> std::fmt::Result {
    match level {
        1 => write!(to, "\x1b[?1;2c"),
        2 | 3 => write!(to, "\x1b[?6{level};1;2;4;6;9;15;22;29c"),
        _ => write!(to, "\x1b[?6{level};1;2;4;6;9;15;16;17;18;21;22;28;29c"),
    }
}

/// DA2 at a conformance level. The version is the patch level of xterm that programs may take this
/// for: they look up features by it.
fn write_secondary(to: &mut String, level: u16) -> std::fmt::Result {
    const XTERM_PATCH: u16 = 400;
    let model = match level {
        1 => 0,
        2 => 1,
        3 => 24,
        5 => 64,
        _ => 41,
    };
    write!(to, "\x1b[>{model};{XTERM_PATCH};0c")
}

fn write_string(to: &mut String, reply: Reply) -> std::fmt::Result {
    match reply {
        Reply::Setting(first, None, last) => write!(to, "\x1bP1$r{first}{last}\x1b\\"),
        Reply::Setting(first, Some(second), last) => {
            write!(to, "\x1bP1$r{first};{second}{last}\x1b\\")
        }
        Reply::NoSetting => write!(to, "\x1bP0$r\x1b\\"),
        Reply::Capability(name, value) => {
            write!(to, "\x1bP1+r")?;
            write_hex(to, name)?;
            if let Some(value) = value {
                write!(to, "=")?;
                write_hex(to, value)?;
            }
            write!(to, "\x1b\\")
        }
        _ => write!(to, "\x1bP0+r\x1b\\"),
    }
}

fn write_graphic(to: &mut String, reply: Reply) -> std::fmt::Result {
    match reply {
        Reply::Colour(number, entry, [r, g, b], bell) => {
            write!(to, "\x1b]{number};")?;
            if let Some(entry) = entry {
                write!(to, "{entry};")?;
            }
            let end = if bell { "\x07" } else { "\x1b\\" };
            write!(to, "rgb:{r:04x}/{g:04x}/{b:04x}{end}")
        }
        Reply::Image((image, number), placement, done) => {
            write!(to, "\x1b_Gi={image}")?;
            if number != 0 {
                write!(to, ",I={number}")?;
            }
            if placement != 0 {
                write!(to, ",p={placement}")?;
            }
            write!(to, ";{}\x1b\\", if done { "OK" } else { "EINVAL" })
        }
        Reply::GraphicsLimit(item, status, Some((a, 0))) => {
            write!(to, "\x1b[?{item};{status};{a}S")
        }
        Reply::GraphicsLimit(item, status, Some((a, b))) => {
            write!(to, "\x1b[?{item};{status};{a};{b}S")
        }
        Reply::GraphicsLimit(item, status, None) => write!(to, "\x1b[?{item};{status}S"),
        _ => Ok(()),
    }
}

fn write_hex(to: &mut String, text: &str) -> std::fmt::Result {
    text.bytes().try_for_each(|byte| write!(to, "{byte:02X}"))
}

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
        let cursor = &self.screen.cursor;
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
            (self.screen.is_on(Mode::ORIGIN), 1),
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
        for x in (0..self.screen.size.cols).filter(|x| self.screen.tabs.is_stop(*x)) {
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
                self.screen.tabs.clear();
                for stop in text
                    .split('/')
                    .filter_map(|stop| stop.parse::<u16>().ok())
                    .filter(|stop| *stop > 0)
                {
                    self.screen.tabs.set(stop - 1, true);
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
        self.screen.modes.set(Mode::ORIGIN, flags & 1 != 0);
        self.screen.place(col.max(1) - 1, row.max(1) - 1);
        self.screen.cursor.pending =
            flags & 8 != 0 && self.screen.cursor.x == self.screen.last_col_of(self.screen.cursor.y);
        let pen = &mut self.screen.cursor.pen;
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
        let charsets = &mut self.screen.cursor.charsets;
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
