//! Device control strings and application program commands: requests for settings and capabilities.
//! Their payloads are compared, never sent back.

use crate::term::emulator::Emulator;
use crate::term::mode::Mode;
use crate::term::parser::Header;
use crate::term::report::Reply;

/// Names one XTGETTCAP may have.
const NAMES_MAX: usize = 64;

/// What XTGETTCAP tells, by terminfo or termcap name in upper-case hexadecimal digits' meaning:
/// name, value.
pub(crate) const CAPABILITIES: &[(&str, Option<&str>)] = &[
    ("TN", Some("xterm-256color")),
    ("name", Some("xterm-256color")),
    ("Co", Some("256")),
    ("colors", Some("256")),
    ("RGB", Some("8/8/8")),
    ("Tc", None),
    ("Su", None),
    ("Smulx", Some("\x1b[4:%p1%dm")),
    ("Setulc", Some("\x1b[58:2::%p1%{65536}%/%d:%p1%{256}%/%{255}%&%d:%p1%{255}%&%dm")),
    ("Ms", Some("\x1b]52;%p1%s;%p2%s\x07")),
    ("Sync", Some("\x1b[?2026%?%p1%{1}%-%tl%eh%;")),
    ("Ss", Some("\x1b[%p1%d q")),
    ("Se", Some("\x1b[2 q")),
    ("smxx", Some("\x1b[9m")),
    ("rmxx", Some("\x1b[29m")),
    ("Smol", Some("\x1b[53m")),
    ("Rmol", Some("\x1b[55m")),
    ("BE", Some("\x1b[?2004h")),
    ("BD", Some("\x1b[?2004l")),
    ("fe", Some("\x1b[?1004h")),
    ("fd", Some("\x1b[?1004l")),
];

impl Emulator {
    /// Carries out a device control string.
    pub(crate) fn device_string(&mut self, header: &Header, payload: &[u8]) {
        match (header.marks(), header.last) {
            _ if header.ignored => self.drop_sequence(),
            ([b'$'], b'q') => self.report_setting(payload),
            ([b'$'], b't') => {
                if !self.restore_presentation(header.params.get(0), payload) {
                    self.drop_sequence();
                }
            }
            ([b'+'], b'q') => self.report_capabilities(payload),
            ([], b'q') => self.sixel(payload),
            _ => self.drop_sequence(),
        }
    }

    /// Carries out an application program command.
    pub(crate) fn program_command(&mut self, payload: &[u8]) {
        match payload {
            [b'G', command @ ..] => self.kitty_graphics(command),
            _ => self.drop_sequence(),
        }
    }

    /// DECRQSS.
    fn report_setting(&mut self, payload: &[u8]) {
        let margins = self.margins;
        let reply = match payload {
            b"m" => Reply::Graphics(self.cursor.pen.style),
            b"r" => Reply::Setting(margins.top + 1, Some(margins.bottom + 1), "r"),
            b"s" => Reply::Setting(margins.left + 1, Some(margins.right + 1), "s"),
            b" q" => Reply::Setting(u16::from(self.printing.cursor_shape), None, " q"),
            b"\"q" => Reply::Setting(u16::from(self.cursor.pen.protected), None, "\"q"),
            b"\"p" => Reply::Setting(
                60 + self.modes.level(),
                Some(u16::from(!self.is_on(Mode::EIGHT_BIT))),
                "\"p",
            ),
            b"t" => Reply::Setting(self.size.rows, None, "t"),
            b"$|" => Reply::Setting(self.size.cols, None, "$|"),
            b"*|" => Reply::Setting(self.size.rows, None, "*|"),
            b"*x" => Reply::Setting(2 * u16::from(self.is_on(Mode::RECTANGLE)), None, "*x"),
            // There is no status line: output goes to the screen.
            b"$}" => Reply::Setting(0, None, "$}"),
            b"$~" => Reply::Setting(0, None, "$~"),
            _ => Reply::NoSetting,
        };
        self.reply(reply);
    }

    /// XTGETTCAP: names in hexadecimal digits, separated by semicolons; answered one by one.
    fn report_capabilities(&mut self, payload: &[u8]) {
        for digits in payload.split(|byte| *byte == b';').take(NAMES_MAX) {
            let named = CAPABILITIES.iter().find(|(name, _)| is_hex_of(digits, name));
            self.reply(
                named.map_or(Reply::NoCapability, |(name, value)| Reply::Capability(name, *value)),
            );
        }
    }
}

fn is_hex_of(digits: &[u8], name: &str) -> bool {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    digits.len() == 2 * name.len()
        && digits.chunks_exact(2).zip(name.bytes()).all(|(pair, byte)| {
            match (digit(pair[0]), digit(pair[1])) {
                (Some(high), Some(low)) => high << 4 | low == u32::from(byte),
                _ => false,
            }
        })
}
