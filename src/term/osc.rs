//! Operating system commands by number (xterm ctlseqs, and what other terminals added). Unknown
//! ones are dropped and counted.

use crate::base::text::{decode_base64_loose, sanitize};
use crate::term::color;
use crate::term::emulator::Emulator;
use crate::term::event::{MarkKind, Notice, Progress, PromptMark, TermEvent};
use crate::term::mode::Mode;
use crate::term::parser::Header;
use crate::term::program_status;
use crate::term::report::Reply;
use crate::term::shell_integration::{CwdChange, ShellMark, place_of_url};

/// Bytes a program may put on the clipboard at once.
const CLIPBOARD_BYTES_MAX: usize = 1 << 20;
const NOTICE_TITLE_BYTES_MAX: usize = 256;
const NOTICE_BODY_BYTES_MAX: usize = 1024;
/// Events of one piece of output among which marks get an anchor.
const ANCHORED_MAX: usize = 64;
/// Pairs of number and colour that one OSC 4 may have.
const COLOURS_MAX: usize = 256;

impl Emulator {
    /// Carries out an operating system command.
    pub(crate) fn system_command(&mut self, payload: &[u8], bell: bool) {
        let text = String::from_utf8_lossy(payload);
        let (number, rest) = text.split_once(';').unwrap_or((&text, ""));
        let known = match number {
            "0" | "1" | "2" => self.set_titles(rest, number != "2", number != "1"),
            "4" => self.palette_command(rest, 4, bell),
            "5" => self.palette_command(rest, 5, bell),
            "7" => self.set_cwd_url(rest),
            "8" => self.set_link(rest),
            "9" => self.notice_9(rest),
            "10" | "11" | "12" | "13" | "14" | "15" | "16" | "17" | "18" | "19" => {
                self.special_colours(number, rest, bell)
            }
            "22" => self.set_pointer(rest),
            "52" => self.set_clipboard(rest),
            "99" => self.notice_99(rest),
            "104" => self.reset_colours(rest, 0),
            "105" => self.reset_colours(rest, color::ATTRIBUTE_COLOURS),
            "110" | "111" | "112" | "113" | "114" | "115" | "116" | "117" | "118" | "119" => {
                self.palette
                    .set_special(number.parse::<u16>().unwrap_or(0).saturating_sub(100), None);
                self.recolour();
                true
            }
            "133" => self.shell_mark(rest),
            "777" => self.notice_777(rest),
            "7501" => self.status_report(rest, bell),
            "1337" => self.iterm(rest),
            _ => false,
        };
        if !known {
            self.drop_sequence();
        }
    }

    /// OSC 7501: a question has the same bytes as its answer, which says that reports are read.
    fn status_report(&mut self, rest: &str, bell: bool) -> bool {
        if rest == "?" {
            self.reply(Reply::ProgramStatus(bell));
            return true;
        }
        let Some(report) = program_status::parse(rest) else { return false };
        self.event(TermEvent::Status(report));
        true
    }

    fn iterm(&mut self, rest: &str) -> bool {
        if let Some(file) = rest.strip_prefix("File=") {
            return self.graphics().inline_image(file);
        }
        rest.strip_prefix("CurrentDir=").is_some_and(|path| self.set_cwd(path))
    }

    /// OSC 133: the mark is put onto its row, and told.
    fn shell_mark(&mut self, payload: &str) -> bool {
        let Some(mark) = ShellMark::parse(payload) else {
            // P and L mark a further prompt of the same command line: no start of its own.
            return matches!(payload.split(';').next(), Some("P" | "L"));
        };
        self.shell.note(&mark);
        self.screen.cursor.pen.zone = mark.zone();
        self.screen.cursor.pen.stale = true;
        let (y, tick, kind) = (self.screen.cursor.y, self.screen.tick(), mark.kind);
        if matches!(kind, MarkKind::Prompt | MarkKind::Output) {
            // A prompt's mark is not lost to the output of an empty command on the same row.
            let line = self.screen.grid.line_mut(y);
            if line.mark != MarkKind::Prompt.number() {
                line.mark = kind.number();
            }
            self.screen.grid.touch(y, tick);
        }
        // An anchor costs a walk over the whole screen, which a flood of marks is not worth.
        let at = if self.out.events.len() < ANCHORED_MAX {
            self.text_view().anchor(i64::from(y), self.screen.cursor.x)
        } else {
            None
        };
        let ShellMark { exit_code, command, .. } = mark;
        self.event(TermEvent::PromptMark(PromptMark { kind, exit_code, command, row: y, at }));
        true
    }

    /// OSC 7.
    fn set_cwd_url(&mut self, url: &str) -> bool {
        let Some((host, path)) = place_of_url(url) else { return false };
        if self.screen.options.host.is_own(host) {
            return self.set_cwd(&path);
        }
        if self.shell.leave_host() {
            self.event(TermEvent::Cwd(String::new()));
        }
        true
    }

    /// A working directory, if it can be one.
    fn set_cwd(&mut self, path: &str) -> bool {
        let change = self.shell.set_cwd(path);
        if change == CwdChange::Changed {
            self.event(TermEvent::Cwd(path.to_owned()));
        }
        change != CwdChange::Refused
    }

    /// OSC 0, 1 and 2. An icon name is nothing a pane has: it is kept for the stack, and to be
    /// told.
    pub(crate) fn set_titles(&mut self, text: &str, is_icon: bool, is_title: bool) -> bool {
        let decoded = if self.screen.is_on(Mode::TITLE_SET_HEX) {
            from_hex(text)
        } else {
            Some(text.to_owned())
        };
        let Some(text) = decoded.map(|text| sanitize(&text, TITLE_BYTES_MAX)) else { return false };
        if is_icon {
            self.titles.icon.clone_from(&text);
        }
        if is_title {
            self.titles.title.clone_from(&text);
            self.event(TermEvent::Title(text));
        }
        true
    }

    pub(crate) fn recolour(&mut self) {
        let tick = self.screen.tick();
        self.screen.grid.touch_all(tick);
    }

    /// OSC 4 and 5: pairs of number and colour, or `?` for a question.
    fn palette_command(&mut self, rest: &str, command: u16, bell: bool) -> bool {
        let first = if command == 5 { color::ATTRIBUTE_COLOURS } else { 0 };
        let mut parts = rest.split(';');
        for _ in 0..COLOURS_MAX {
            let (Some(number), Some(text)) = (parts.next(), parts.next()) else { break };
            let Ok(number) = number.parse::<u16>() else { continue };
            let Some(now) =
                number.checked_add(first).and_then(|number| self.palette.numbered(number))
            else {
                continue;
            };
            if text == "?" {
                let exact = self.palette.exact(color::NUMBERED + number + first, now);
                self.reply(Reply::Colour(command, Some(number), exact, bell));
            } else if let Some(colour) = color::parse(text) {
                self.palette.set_numbered(number + first, Some(colour));
                self.recolour();
            }
        }
        true
    }

    /// OSC 10 to 19: further colours belong to the following numbers.
    fn special_colours(&mut self, number: &str, rest: &str, bell: bool) -> bool {
        let first: u16 = number.parse().unwrap_or(0);
        for (number, text) in (first..=19).zip(rest.split(';')) {
            if text == "?" {
                if let Some(colour) = self.palette.special(number) {
                    let exact = self.palette.exact(color::DYNAMIC + number, colour);
                    self.reply(Reply::Colour(number, None, exact, bell));
                }
            } else if let Some(colour) = color::parse(text) {
                self.palette.set_special(number, Some(colour));
                self.recolour();
            }
        }
        true
    }

    /// OSC 104 and 105: the numbers named, or all.
    fn reset_colours(&mut self, rest: &str, first: u16) -> bool {
        if rest.is_empty() {
            let count =
                if first == 0 { color::ATTRIBUTE_COLOURS } else { color::ATTRIBUTE_COLOURS_COUNT };
            (first..first + count).for_each(|number| self.palette.set_numbered(number, None));
        }
        for number in
            rest.split(';').filter_map(|number| number.parse::<u16>().ok()?.checked_add(first))
        {
            self.palette.set_numbered(number, None);
        }
        self.recolour();
        true
    }

    /// OSC 8: options, address; an empty address ends the link.
    fn set_link(&mut self, rest: &str) -> bool {
        let Some((options, address)) = rest.split_once(';') else { return false };
        let id = options.split(':').find_map(|option| option.strip_prefix("id=")).unwrap_or("");
        self.screen.cursor.pen.style.set_link(if address.is_empty() {
            0
        } else {
            self.screen.tables.links.number(id, address)
        });
        self.screen.cursor.pen.stale = true;
        true
    }

    /// OSC 9: the progress of `ConEmu` (9;4), its directory (9;9), or iTerm2's notice.
    fn notice_9(&mut self, rest: &str) -> bool {
        if let Some(progress) = rest.strip_prefix("4;").or_else(|| (rest == "4").then_some("")) {
            return self.set_progress(progress);
        }
        if let Some(path) = rest.strip_prefix("9;") {
            return self.set_cwd(path.trim_matches('"'));
        }
        let is_conemu = rest
            .split_once(';')
            .is_some_and(|(number, _)| number.parse::<u8>().is_ok_and(|number| number <= 12));
        if is_conemu || rest.is_empty() {
            return false;
        }
        self.notify("", rest, false);
        true
    }

    fn set_progress(&mut self, rest: &str) -> bool {
        let mut parts = rest.split(';');
        let state = parts.next().unwrap_or("");
        let percent = parts
            .next()
            .and_then(|percent| percent.parse::<u16>().ok())
            .map(|percent| percent.min(100));
        let percent = u8::try_from(percent.unwrap_or(0)).unwrap_or(100);
        let progress = match state {
            "" | "0" => Progress::None,
            "1" => Progress::Percent(percent),
            "2" => Progress::Failed(percent),
            "3" => Progress::Running,
            "4" => Progress::Paused(percent),
            _ => return false,
        };
        self.event(TermEvent::Progress(progress));
        true
    }

    /// OSC 99 (kitty): `key=value:…;payload`; the parts of one notice are told together.
    fn notice_99(&mut self, rest: &str) -> bool {
        let Some((options, payload)) = rest.split_once(';') else { return false };
        let option = |name: char| {
            options.split(':').find_map(|option| option.strip_prefix(name)?.strip_prefix('='))
        };
        let payload = if option('e') == Some("1") {
            let Some(bytes) = decode_base64_loose(payload.as_bytes(), NOTICE_BODY_BYTES_MAX) else {
                return false;
            };
            String::from_utf8_lossy(&bytes).into_owned()
        } else {
            payload.to_owned()
        };
        let id = option('i').unwrap_or("");
        let begun = self.notice.take().filter(|(of, _)| of == id).map(|(_, notice)| notice);
        let mut notice = begun.unwrap_or_default();
        notice.urgent |= option('u') == Some("2");
        match option('p').unwrap_or("title") {
            "title" => notice.title.push_str(&payload),
            "body" => notice.body.push_str(&payload),
            // Queries, icons and buttons have no place in a pane.
            _ => {}
        }
        let fits = notice.title.len() + notice.body.len() <= 4 * NOTICE_BODY_BYTES_MAX;
        if option('d') == Some("0") && fits && id.len() <= NOTICE_TITLE_BYTES_MAX {
            self.notice = Some((id.to_owned(), notice));
        } else {
            self.notify(&notice.title, &notice.body, notice.urgent);
        }
        true
    }

    /// OSC 777 (urxvt): `notify;title;body`.
    fn notice_777(&mut self, rest: &str) -> bool {
        let Some(rest) = rest.strip_prefix("notify;") else { return false };
        let (title, body) = rest.split_once(';').unwrap_or((rest, ""));
        self.notify(title, body, false);
        true
    }

    fn notify(&mut self, title: &str, body: &str, urgent: bool) {
        let notice = Notice {
            title: sanitize(title, NOTICE_TITLE_BYTES_MAX),
            body: sanitize(body, NOTICE_BODY_BYTES_MAX),
            urgent,
        };
        if !notice.title.is_empty() || !notice.body.is_empty() {
            self.event(TermEvent::Notify(notice));
        }
    }

    /// OSC 22: a CSS cursor name.
    fn set_pointer(&mut self, name: &str) -> bool {
        let fits =
            name.len() <= 32 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        if fits {
            self.event(TermEvent::Pointer(name.to_owned()));
        }
        fits
    }

    /// OSC 52: writing only; a question is dropped.
    fn set_clipboard(&mut self, rest: &str) -> bool {
        let Some((selections, payload)) = rest.split_once(';') else { return false };
        if payload == "?" {
            return false;
        }
        let Some(bytes) = decode_base64_loose(payload.as_bytes(), CLIPBOARD_BYTES_MAX) else {
            return false;
        };
        let Ok(text) = String::from_utf8(bytes) else { return false };
        let known = |letter: &char| "cpqs01234567".contains(*letter);
        let first = || selections.chars().next().filter(known).unwrap_or('c');
        let selection = selections.chars().find(|letter| *letter == 'c').unwrap_or_else(first);
        self.event(TermEvent::Clipboard { selection, text });
        true
    }
}

/// The text that hexadecimal digits stand for (XTSMTITLE).
fn from_hex(digits: &str) -> Option<String> {
    let digits: Vec<u8> = digits
        .chars()
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
    rest.is_empty().then(|| String::from_utf8_lossy(&bytes).into_owned())
}

/// Bytes of a title.
pub(crate) const TITLE_BYTES_MAX: usize = 1024;
/// Titles on the stack; the oldest goes when one more comes.
pub(crate) const STACK_MAX: usize = 16;

/// Title and icon name now, and those kept, title first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Titles {
    pub(crate) title: String,
    pub(crate) icon: String,
    pub(crate) stack: Vec<(String, String)>,
}

impl Titles {
    /// Title and icon name.
    pub(crate) fn now(&self) -> (String, String) {
        (self.title.clone(), self.icon.clone())
    }

    /// From a snapshot.
    pub(crate) fn restore(now: (String, String), mut stack: Vec<(String, String)>) -> Self {
        let (title, icon) = now;
        let short = |text: &str| sanitize(text, TITLE_BYTES_MAX);
        stack.truncate(STACK_MAX);
        let stack = stack.iter().map(|(title, icon)| (short(title), short(icon))).collect();
        Self { title: short(&title), icon: short(&icon), stack }
    }

    /// CSI 22 ; what t: 0 both, 1 the icon's name, 2 the title. What is not meant is kept as the
    /// entry below has it (xterm).
    pub(crate) fn push(&mut self, what: u16) {
        let below = self.stack.last().cloned().unwrap_or_else(|| self.now());
        let title = if matches!(what, 0 | 2) { self.title.clone() } else { below.0 };
        let icon = if matches!(what, 0 | 1) { self.icon.clone() } else { below.1 };
        if self.stack.len() == STACK_MAX {
            self.stack.remove(0);
        }
        self.stack.push((title, icon));
    }

    /// CSI 23 ; what t: the title, if it brought one back. The entry is gone whatever was meant.
    pub(crate) fn pop(&mut self, what: u16) -> Option<String> {
        let (title, icon) = self.stack.pop()?;
        if matches!(what, 0 | 1) {
            self.icon = icon;
        }
        if !matches!(what, 0 | 2) {
            return None;
        }
        self.title.clone_from(&title);
        Some(title)
    }

    pub(crate) fn reset(&mut self) {
        self.stack.clear();
    }
}

/// Names one XTGETTCAP may have.
const NAMES_MAX: usize = 64;

/// The answers of XTGETTCAP, by terminfo or termcap name in upper-case hexadecimal digits' meaning:
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
            ([], b'q') => {
                if !self.graphics().sixel(payload) {
                    self.drop_sequence();
                }
            }
            _ => self.drop_sequence(),
        }
    }

    /// Carries out an application program command.
    pub(crate) fn program_command(&mut self, payload: &[u8]) {
        match payload {
            [b'G', command @ ..] => {
                if let Some(reply) = self.graphics().kitty_graphics(command) {
                    self.reply(reply);
                }
            }
            _ => self.drop_sequence(),
        }
    }

    /// DECRQSS.
    fn report_setting(&mut self, payload: &[u8]) {
        let margins = self.screen.margins;
        let reply = match payload {
            b"m" => Reply::Graphics(self.screen.cursor.pen.style),
            b"r" => Reply::Setting(margins.top + 1, Some(margins.bottom + 1), "r"),
            b"s" => Reply::Setting(margins.left + 1, Some(margins.right + 1), "s"),
            b" q" => Reply::Setting(u16::from(self.screen.printing.cursor_shape), None, " q"),
            b"\"q" => Reply::Setting(u16::from(self.screen.cursor.pen.protected), None, "\"q"),
            b"\"p" => Reply::Setting(
                60 + self.screen.modes.level(),
                Some(u16::from(!self.screen.is_on(Mode::EIGHT_BIT))),
                "\"p",
            ),
            b"t" => Reply::Setting(self.screen.size.rows, None, "t"),
            b"$|" => Reply::Setting(self.screen.size.cols, None, "$|"),
            b"*|" => Reply::Setting(self.screen.size.rows, None, "*|"),
            b"*x" => Reply::Setting(2 * u16::from(self.screen.is_on(Mode::RECTANGLE)), None, "*x"),
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
