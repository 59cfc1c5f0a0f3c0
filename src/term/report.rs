//! Replies: a closed set of formats made of digits, separators and fixed text. Nothing a program wrote is ever sent back to it.

use std::fmt::Write as _;

use crate::term::area::Area;
use crate::term::emulator::Emulator;
use crate::term::event::TermEvent;
use crate::term::look::Look;
use crate::term::mode::{self, Mode};
use crate::term::parser::params::Params;

/// Reply bytes one feed may cause; further replies are dropped.
pub(crate) const REPLY_BYTES_MAX: usize = 64 << 10;

/// A reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    /// DA1: VT420 class with 132 columns, sixels, selective erase, windows, colours, rectangles.
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
    /// CPR.
    CursorPosition,
    /// DECXCPR.
    ExtendedCursorPosition,
    /// Other DSRs: number and state of what there is none of.
    Status(u16, Option<u16>),
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
    Graphics(Look),
    /// DECRQSS for settings that are numbers: 0 to 2 numbers and the final bytes.
    Setting(u16, Option<u16>, &'static str),
    /// DECRQSS for what is not known.
    NoSetting,
    /// A colour: OSC number, palette entry, channels, whether BEL ends it.
    Colour(u16, Option<u8>, (u8, u8, u8), bool),
    /// XTGETTCAP: name and value from the fixed table.
    Capability(&'static str, Option<&'static str>),
    /// XTGETTCAP for what is not in the table.
    NoCapability,
    /// kitty graphics: the image by its number and by the program's other number, placement, whether it went well.
    Image((u32, u32), u32, bool),
    /// XTSMGRAPHICS: item, status, value.
    GraphicsLimit(u16, u16, Option<(u32, u32)>),
}

impl Emulator {
    /// Queues a reply.
    pub(crate) fn reply(&mut self, reply: Reply) {
        let mut text = String::new();
        let written = match reply {
            Reply::Graphics(look) => write!(text, "\x1bP1$r{}m\x1b\\", crate::term::sgr::describe(look)),
            Reply::Setting(..) | Reply::NoSetting | Reply::Capability(..) | Reply::NoCapability => write_string(&mut text, reply),
            Reply::Colour(..) | Reply::Image(..) | Reply::GraphicsLimit(..) => write_graphic(&mut text, reply),
            _ => self.write_report(&mut text, reply),
        };
        if written.is_err() || self.out.reply_bytes + text.len() > REPLY_BYTES_MAX {
            return;
        }
        self.out.reply_bytes += text.len();
        if let Some(TermEvent::Reply(bytes)) = self.out.events.last_mut() {
            bytes.extend_from_slice(text.as_bytes());
            return;
        }
        self.event(TermEvent::Reply(text.into_bytes()));
    }

    fn write_report(&self, to: &mut String, reply: Reply) -> std::fmt::Result {
        let (row, col) = self.reported_position();
        match reply {
            Reply::PrimaryAttributes => write!(to, "\x1b[?64;1;4;6;21;22;28c"),
            Reply::SecondaryAttributes => write!(to, "\x1b[>41;{};0c", version_number()),
            Reply::TertiaryAttributes => write!(to, "\x1bP!|00000000\x1b\\"),
            Reply::Version => write!(to, "\x1bP>|abide({})\x1b\\", env!("CARGO_PKG_VERSION")),
            Reply::Parameters(0) => write!(to, "\x1b[2;1;1;128;128;1;0x"),
            Reply::Parameters(1) => write!(to, "\x1b[3;1;1;128;128;1;0x"),
            Reply::Ready => write!(to, "\x1b[0n"),
            Reply::CursorPosition => write!(to, "\x1b[{row};{col}R"),
            Reply::ExtendedCursorPosition => write!(to, "\x1b[?{row};{col};1R"),
            Reply::Status(number, None) => write!(to, "\x1b[?{number}n"),
            Reply::Status(number, Some(state)) => write!(to, "\x1b[?{number};{state}n"),
            Reply::Mode(private, number, value) => write!(to, "\x1b[{}{number};{value}$y", if private { "?" } else { "" }),
            Reply::KittyFlags => write!(to, "\x1b[?{}u", self.keyboard.flags()),
            Reply::KeyModifier(resource, value) => write!(to, "\x1b[>{resource};{value}m"),
            Reply::Window(kind, height, width) => write!(to, "\x1b[{kind};{height};{width}t"),
            Reply::InBandSize => {
                let (width, height) = self.pixels();
                write!(to, "\x1b[48;{};{};{height};{width}t", self.size.rows, self.size.cols)
            }
            Reply::ColourScheme(scheme) => write!(to, "\x1b[?997;{scheme}n"),
            Reply::Checksum(request, sum) => write!(to, "\x1bP{request}!~{sum:04X}\x1b\\"),
            _ => Ok(()),
        }
    }

    /// Row and column of the cursor from 1, counted from the margins in origin mode.
    fn reported_position(&self) -> (u16, u16) {
        let (x, y) = (self.cursor.x, self.cursor.y);
        if self.is_on(Mode::ORIGIN) {
            return (y.saturating_sub(self.margins.top) + 1, x.saturating_sub(self.margins.left) + 1);
        }
        (y + 1, x + 1)
    }

    /// Width and height of the screen in pixels.
    fn pixels(&self) -> (u32, u32) {
        let (width, height) = self.shared.options.cell_pixels;
        (u32::from(width) * u32::from(self.size.cols), u32::from(height) * u32::from(self.size.rows))
    }

    /// DSR.
    pub(crate) fn report_status(&mut self, private: bool, number: u16) -> bool {
        let reply = match (private, number) {
            (false, 5) => Reply::Ready,
            (false, 6) => Reply::CursorPosition,
            (true, 6) => Reply::ExtendedCursorPosition,
            // No printer, no keys to define, a North American keyboard, no locator, no macros, no checksum, no session.
            (true, 15) => Reply::Status(13, None),
            (true, 25) => Reply::Status(20, None),
            (true, 26) => Reply::Status(27, Some(1)),
            (true, 53 | 55) => Reply::Status(50, None),
            (true, 56) => Reply::Status(57, Some(0)),
            (true, 75) => Reply::Status(70, None),
            (true, 85) => Reply::Status(83, None),
            (true, 996) => Reply::ColourScheme(self.palette.scheme()),
            _ => return false,
        };
        self.reply(reply);
        true
    }

    /// DECRQM.
    pub(crate) fn report_mode(&mut self, private: bool, number: u16) -> bool {
        let value = match mode::named(private, number) {
            Some(Mode::ALT_47 | Mode::ALT_1047 | Mode::ALT_1049) => 2 - u8::from(self.alternate),
            Some(Mode::SAVE_CURSOR) => 2 - u8::from(self.saved[usize::from(self.alternate)].is_set),
            Some(mode) => 2 - u8::from(self.is_on(mode)),
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

    /// XTWINOPS: what can be told or kept; nothing moves a window, and no title is reported.
    pub(crate) fn window(&mut self, params: &Params) -> bool {
        let (width, height) = self.pixels();
        let pixels = |n: u32| u16::try_from(n).unwrap_or(u16::MAX);
        let cell = self.shared.options.cell_pixels;
        match params.get(0) {
            8 => self.event(TermEvent::SizeWanted { cols: params.get(2), rows: params.get(1) }),
            11 => self.reply(Reply::Window(1, 0, 0)),
            14 => self.reply(Reply::Window(4, pixels(height), pixels(width))),
            15 => self.reply(Reply::Window(5, pixels(height), pixels(width))),
            16 => self.reply(Reply::Window(6, cell.1, cell.0)),
            18 => self.reply(Reply::Window(8, self.size.rows, self.size.cols)),
            19 => self.reply(Reply::Window(9, self.size.rows, self.size.cols)),
            22 => self.titles.push(params.get(1)),
            23 => {
                if let Some(title) = self.titles.pop(params.get(1)) {
                    self.event(TermEvent::Title(title));
                }
            }
            _ => return false,
        }
        true
    }

    /// XTSMGRAPHICS: registers and geometry of sixels can be read, not set.
    pub(crate) fn report_graphics(&mut self, params: &Params) {
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
    pub(crate) fn report_checksum(&mut self, params: &Params) -> bool {
        if !self.shared.options.checksum_reports {
            return false;
        }
        let area = self.area(params.all().get(2..).unwrap_or(&[]));
        let sum = area.map_or(0, |area| self.checksum(area));
        self.reply(Reply::Checksum(params.get(0), sum));
        true
    }

    fn checksum(&self, area: Area) -> u16 {
        let mut sum = 0_u16;
        for y in area.rows {
            for cell in &self.grid.row(y)[area.cols.clone()] {
                let code = cell.char().map_or(0xfffd, u32::from);
                sum = sum.wrapping_sub(u16::try_from(code & 0xffff).unwrap_or(0));
                let look = self.tables.looks.get(cell.style());
                sum = sum.wrapping_sub(crate::term::area::checksum_of(look, cell.is_protected()));
            }
        }
        sum
    }
}

fn write_string(to: &mut String, reply: Reply) -> std::fmt::Result {
    match reply {
        Reply::Setting(first, None, last) => write!(to, "\x1bP1$r{first}{last}\x1b\\"),
        Reply::Setting(first, Some(second), last) => write!(to, "\x1bP1$r{first};{second}{last}\x1b\\"),
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
        Reply::Colour(number, entry, (r, g, b), bell) => {
            write!(to, "\x1b]{number};")?;
            if let Some(entry) = entry {
                write!(to, "{entry};")?;
            }
            let end = if bell { "\x07" } else { "\x1b\\" };
            write!(to, "rgb:{r:02x}{r:02x}/{g:02x}{g:02x}/{b:02x}{b:02x}{end}")
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
        Reply::GraphicsLimit(item, status, Some((a, 0))) => write!(to, "\x1b[?{item};{status};{a}S"),
        Reply::GraphicsLimit(item, status, Some((a, b))) => write!(to, "\x1b[?{item};{status};{a};{b}S"),
        Reply::GraphicsLimit(item, status, None) => write!(to, "\x1b[?{item};{status}S"),
        _ => Ok(()),
    }
}

fn write_hex(to: &mut String, text: &str) -> std::fmt::Result {
    text.bytes().try_for_each(|byte| write!(to, "{byte:02X}"))
}

/// The package version as one number: 1.2.3 is 10203.
fn version_number() -> u32 {
    env!("CARGO_PKG_VERSION").split('.').fold(0, |number, part| number * 100 + part.parse::<u32>().unwrap_or(0))
}
