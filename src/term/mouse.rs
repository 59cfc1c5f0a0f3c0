//! Mouse events, focus changes and pastes as the bytes a program asked for (xterm ctlseqs, "Mouse
//! Tracking"). Keys are elsewhere.

use crate::base::geom::Point;
use crate::base::key::{Mods, MouseButton, MouseInput, MouseKind, MouseWant};
use crate::term::keys::InputEncoder;
use crate::term::mode::{Mode, Modes, MouseEncoding};

const RELEASE: u16 = 3;
const MOTION: u16 = 32;

/// A mouse event as numbers.
#[derive(Debug, Clone, Copy)]
struct MouseReport {
    /// Button, modifiers and motion.
    code: u16,
    release: bool,
    at: Point,
}

impl InputEncoder<'_> {
    /// The modes as the program set them.
    pub(crate) fn modes(&self) -> Modes {
        let on = |mode| self.screen.is_on(mode);
        let mouse = [
            (Mode::MOUSE_MOTION, MouseWant::Motion),
            (Mode::MOUSE_DRAG, MouseWant::Drag),
            (Mode::MOUSE_CLICK, MouseWant::Click),
            (Mode::MOUSE_PRESS, MouseWant::Press),
        ]
        .into_iter()
        .find(|(mode, _)| on(*mode))
        .map_or(MouseWant::None, |(_, want)| want);
        let mouse_encoding = [
            (Mode::MOUSE_SGR, MouseEncoding::Sgr),
            (Mode::MOUSE_PIXELS, MouseEncoding::SgrPixels),
            (Mode::MOUSE_URXVT, MouseEncoding::Urxvt),
            (Mode::MOUSE_UTF8, MouseEncoding::Utf8),
        ]
        .into_iter()
        .find(|(mode, _)| on(*mode))
        .map_or(MouseEncoding::X10, |(_, encoding)| encoding);
        Modes {
            mouse,
            mouse_encoding,
            bracketed_paste: on(Mode::PASTE),
            focus_events: on(Mode::FOCUS),
            app_cursor: on(Mode::APP_CURSOR),
            app_keypad: on(Mode::APP_KEYPAD),
            alternate_screen: self.screen.alternate,
            alternate_scroll: on(Mode::ALT_SCROLL),
            kitty_flags: self.keyboard.flags(),
            modify_other_keys: self.keyboard.modify_other,
            reverse_video: on(Mode::REVERSE_VIDEO),
            synchronized: on(Mode::SYNCHRONIZED),
            colour_scheme_reports: on(Mode::COLOUR_SCHEME),
            in_band_size: on(Mode::IN_BAND_SIZE),
            keyboard_locked: on(Mode::KEYBOARD_LOCK),
        }
    }

    /// A mouse event, if the program wants it.
    pub(crate) fn encode_mouse(&self, mouse: MouseInput, to: &mut Vec<u8>) {
        let modes = self.modes();
        let wanted = match mouse.kind {
            MouseKind::Press(_) => MouseWant::Press,
            MouseKind::Release(_) => MouseWant::Click,
            MouseKind::Drag(_) => MouseWant::Drag,
            MouseKind::Move => MouseWant::Motion,
        };
        if modes.mouse < wanted {
            return;
        }
        let is_wheel = matches!(mouse.kind, MouseKind::Release(button) if wheel(button));
        if is_wheel || mouse.at.x >= self.screen.size.cols || mouse.at.y >= self.screen.size.rows {
            return;
        }
        let release = matches!(mouse.kind, MouseKind::Release(_));
        let mut code = match mouse.kind {
            MouseKind::Press(button) | MouseKind::Release(button) => number(button),
            MouseKind::Drag(button) => number(button) + MOTION,
            MouseKind::Move => RELEASE + MOTION,
        };
        if modes.mouse != MouseWant::Press {
            code += u16::from(mouse.mods.has(Mods::SHIFT)) * 4
                + u16::from(mouse.mods.has(Mods::ALT)) * 8
                + u16::from(mouse.mods.has(Mods::CTRL)) * 16;
        }
        let report = MouseReport { code, release, at: mouse.at };
        self.write_mouse(modes.mouse_encoding, report, to);
    }

    fn write_mouse(&self, encoding: MouseEncoding, report: MouseReport, to: &mut Vec<u8>) {
        let MouseReport { code, release, at } = report;
        let (x, y) = (u32::from(at.x) + 1, u32::from(at.y) + 1);
        let legacy = if release { code & !3 | RELEASE } else { code };
        match encoding {
            MouseEncoding::Sgr | MouseEncoding::SgrPixels => {
                let cell = if encoding == MouseEncoding::Sgr {
                    (1, 1)
                } else {
                    self.screen.options.cell_pixels
                };
                // In pixels the middle of the cell is as near as it is known.
                let along = |n: u32, size: u16| {
                    (n - 1) * u32::from(size) + u32::from(size) / 2 + u32::from(size == 1)
                };
                let (x, y) = (along(x, cell.0), along(y, cell.1));
                to.extend_from_slice(
                    format!("\x1b[<{code};{x};{y}{}", if release { 'm' } else { 'M' }).as_bytes(),
                );
            }
            MouseEncoding::Urxvt => {
                to.extend_from_slice(format!("\x1b[{};{x};{y}M", legacy + 32).as_bytes())
            }
            MouseEncoding::Utf8 => {
                to.extend_from_slice(b"\x1b[M");
                for value in [u32::from(legacy), x.min(2015), y.min(2015)] {
                    let c = char::from_u32(value + 32).unwrap_or(' ');
                    to.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
            MouseEncoding::X10 => {
                // A position that does not fit is not told at all: a wrong one would be worse.
                let (Ok(x), Ok(y), Ok(code)) =
                    (u8::try_from(x + 32), u8::try_from(y + 32), u8::try_from(legacy + 32))
                else {
                    return;
                };
                to.extend_from_slice(&[0x1b, b'[', b'M', code, x, y]);
            }
        }
    }

    /// A change of focus, if the program wants to know.
    pub(crate) fn encode_focus(&self, focused: bool, to: &mut Vec<u8>) {
        if self.screen.is_on(Mode::FOCUS) {
            to.extend_from_slice(if focused { b"\x1b[I" } else { b"\x1b[O" });
        }
    }

    /// A paste: marked if the program asked for it, line ends as Return sends them, and nothing in
    /// it that could end the marks or act.
    pub(crate) fn encode_paste(&self, text: &str, to: &mut Vec<u8>) {
        let marked = self.screen.is_on(Mode::PASTE);
        if marked {
            to.extend_from_slice(b"\x1b[200~");
        }
        let mut last = ' ';
        for c in text.chars() {
            match c {
                '\n' if last == '\r' => {}
                '\n' | '\r' => to.push(b'\r'),
                '\t' => to.push(b'\t'),
                c if c.is_control() => {}
                c => to.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
            last = c;
        }
        if marked {
            to.extend_from_slice(b"\x1b[201~");
        }
    }
}

fn wheel(button: MouseButton) -> bool {
    matches!(
        button,
        MouseButton::WheelUp
            | MouseButton::WheelDown
            | MouseButton::WheelLeft
            | MouseButton::WheelRight
    )
}

fn number(button: MouseButton) -> u16 {
    match button {
        MouseButton::Left => 0,
        MouseButton::Middle => 1,
        MouseButton::Right => 2,
        MouseButton::WheelUp => 64,
        MouseButton::WheelDown => 65,
        MouseButton::WheelLeft => 66,
        MouseButton::WheelRight => 67,
        MouseButton::Extra(n) => 128 + u16::from(n.clamp(8, 11) - 8),
    }
}
