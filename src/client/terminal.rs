//! Control sequences for the outer terminal that are no cells: entering, leaving, asking,
//! clipboard, notes. Bytes only, no file.

use crate::base::style::Colour;
use crate::base::text::sanitize;
use crate::client::caps::{PROBE, PROBE_IMAGE};
use crate::client::width_probe;

/// The longest text for the clipboard, in bytes; terminals drop much less than this.
const CLIPBOARD_MAX: usize = 1 << 20;

/// Puts the terminal's state away and takes the alternate screen: title saved (22), cursor and
/// screen (1049), no wrapping at the margin, pastes bracketed (2004), focus told (1004), keypad and
/// cursor keys as usual.
pub const ENTER: &str =
    "\x1b[22;0t\x1b[?1049h\x1b[?7l\x1b[?2004h\x1b[?1004h\x1b[?1l\x1b>\x1b[m\x1b[r\x1b[2J\x1b[H";
/// The mouse with movement while a button is down (1002), as decimals (1006).
pub const MOUSE_ON: &str = "\x1b[?1002h\x1b[?1006h";
/// No mouse any more.
pub const MOUSE_OFF: &str = "\x1b[?1003l\x1b[?1002l\x1b[?1006l";
/// kitty keyboard protocol, pushed: keys told apart (1), alternates told (4). Other terminals
/// ignore it.
pub const KEYS_ON: &str = "\x1b[>5u";
/// The flags of it that are always on, as a number.
pub const KITTY_OWN: u8 = 5;
/// Flags that are on while the program in focus wants them: what happens to a key (2), all keys as
/// sequences (8). Text (16) follows from the key.
pub const KITTY_PASSED: u8 = 2 | 8;
/// Undoes everything that [`ENTER`], [`MOUSE_ON`], [`KEYS_ON`] and painting did. A cut sequence
/// before it is cancelled (CAN), a cut string ended.
pub const LEAVE: &str = "\x18\x1b\\\x1b[?2026l\x1b_Ga=d,d=A,q=2\x1b\\\x1b[<u\x1b[>4m\x1b[?2031l\x1b[?2048l\x1b[?1003l\x1b[?1002l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b]8;;\x1b\\\x1b[m\x1b[0 q\x1b[?7h\x1b[?25h\x1b[2J\x1b[?1049l\x1b[23;0t";
/// The same for terminals that print what they do not know.
pub const LEAVE_PLAIN: &str = "\x18\x1b[m\x1b[2J\x1b[H";
/// What a plain terminal gets instead of [`ENTER`].
pub const ENTER_PLAIN: &str = "\x1b[m\x1b[2J\x1b[H";

/// The modes whose state is asked (DECRQM): focus, mouse in pixels, pastes, synchronized output,
/// clusters, theme, size in band.
const MODES: [u16; 7] = [1004, 1016, 2004, 2026, 2027, 2031, 2048];
/// The capabilities that are asked (XTGETTCAP), one question each: some terminals stop at the first
/// they do not know.
const CAPABILITIES: [&str; 6] = ["RGB", "Tc", "Smulx", "Su", "Smol", "colors"];

/// DA1, which everyone answers: what was asked before it is answered then.
pub const ATTRIBUTES_QUERY: &str = "\x1b[c";

/// DSR 5, which everyone answers with `CSI 0 n` and which is asked at the end only.
pub const STATUS_QUERY: &str = "\x1b[5n";
/// The answer to [`STATUS_QUERY`].
const STATUS: &[u8] = b"\x1b[0n";

/// Whether the answer to [`STATUS_QUERY`] is among these bytes.
#[must_use]
pub fn has_status(bytes: &[u8]) -> bool {
    bytes.windows(STATUS.len()).any(|part| part == STATUS)
}

/// Asks for the colours in force (OSC 10, 11, 12, 4).
#[must_use]
pub fn colour_queries() -> String {
    let named = (0..16).map(|index| format!("\x1b]4;{index};?\x1b\\"));
    (10..13).map(|slot| format!("\x1b]{slot};?\x1b\\")).chain(named).collect()
}

/// Asks what a terminal of that many rows is and can: kitty flags, name (XTVERSION), colours, modes
/// (DECRQM), the size of text area and cell in pixels (14, 16 t), modifyOtherKeys (XTQMODKEYS),
/// capabilities (XTGETTCAP), a look set and asked back (DECRQSS), images (kitty's query,
/// XTSMGRAPHICS), widths, and last DA1, which everyone answers. Nothing waits for the answers: what
/// is known is drawn at once, and better when they come.
#[must_use]
pub fn queries(rows: u16) -> Vec<u8> {
    let Colour::Rgb(r, g, b) = PROBE else { unreachable!("a constant") };
    let mut text = String::from("\x1b[?u\x1b[>q");
    text.push_str(&colour_queries());
    text.extend(MODES.iter().map(|mode| format!("\x1b[?{mode}$p")));
    text.push_str("\x1b[14t\x1b[16t\x1b[?4m\x1b[?1;1;0S");
    for name in CAPABILITIES {
        text.push_str("\x1bP+q");
        text.extend(name.bytes().map(|byte| format!("{byte:02X}")));
        text.push_str("\x1b\\");
    }
    text.extend([
        format!("\x1b[4:3m\x1b[53m\x1b[48:2::{r}:{g}:{b}m\x1bP$qm\x1b\\\x1b[m"),
        format!("\x1b_Gi={PROBE_IMAGE},s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"),
    ]);
    if 1 < rows {
        text.push_str(&width_probe::questions());
    }
    text.push_str(ATTRIBUTES_QUERY);
    text.into_bytes()
}

/// Sets the clipboard (OSC 52).
#[must_use]
pub fn clipboard(text: &str) -> Vec<u8> {
    let mut end = text.len().min(CLIPBOARD_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("\x1b]52;c;{}\x1b\\", base64(&text.as_bytes()[..end])).into_bytes()
}

/// Shows a desktop notification (OSC 777, which most terminals that have any understand).
#[must_use]
pub fn notify(title: &str, body: &str) -> Vec<u8> {
    let title = sanitize(title, 256).replace(';', ",");
    format!("\x1b]777;notify;{title};{}\x1b\\", sanitize(body, 1024)).into_bytes()
}

/// Sets the title (OSC 2).
#[must_use]
pub fn title(text: &str) -> Vec<u8> {
    format!("\x1b]2;{}\x1b\\", sanitize(text, 256)).into_bytes()
}

/// Base64 with padding (RFC 4648).
#[must_use]
pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let number = group.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte))
            << (8 * (3 - group.len()));
        for place in 0..4 {
            let digit = (number >> (18 - 6 * place)) & 63;
            text.push(if place <= group.len() { char::from(DIGITS[digit as usize]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{base64, notify};

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (text, code) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(text.as_bytes()), code);
        }
    }

    #[test]
    fn a_note_cannot_smuggle_a_sequence() {
        assert_eq!(notify("a;b\x1b", "c\x07\n"), b"\x1b]777;notify;a,b;c\x1b\\");
    }
}
