//! Control sequences for the outer terminal that are no cells: entering, leaving, asking,
//! clipboard, notes. Bytes only, no file.
//!
//! crossterm's commands write what it has a command for. Sequences that it does not know stand here
//! beside them: titles and their stack, application modes, mouse without every movement,
//! modifyOtherKeys, questions, OSC 52. Input is decoded by `client/input`, not by crossterm, whose
//! events hide the raw bytes: replies to our questions, and whether Alt was sent as Escape before
//! the key.

use crossterm::cursor::{Hide, MoveTo, SetCursorStyle, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste,
    EnableFocusChange, KeyboardEnhancementFlags, PopKeyboardEnhancementFlags,
    PushKeyboardEnhancementFlags,
};
use crossterm::style::ResetColor;
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, DisableLineWrap, EnableLineWrap,
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
};
use crossterm::{Command, QueueableCommand};

use crate::base::style::{Colour, Cursor, CursorShape};
use crate::base::text::{encode_base64, sanitize};
use crate::client::caps::{PROBE, PROBE_IMAGE};
use crate::client::width_probe;

/// The longest text for the clipboard, in bytes; terminals drop much less than this.
const CLIPBOARD_MAX: usize = 1 << 20;

/// The mouse with movement while a button is down (1002), as decimals (1006). crossterm's command
/// would ask for every movement (1003), which wakes the client for nothing.
const MOUSE_ON: &[u8] = b"\x1b[?1002h\x1b[?1006h";
/// The flags of kitty's keyboard protocol that are always on, as a number: keys told apart (1),
/// alternates told (4). Other terminals ignore it.
pub const KITTY_OWN: u8 = 5;
/// Flags that are on while the program in focus wants them: what happens to a key (2), all keys as
/// sequences (8), and with them the text that `AltGr` and the like make (16).
pub const KITTY_PASSED: u8 = 2 | KITTY_ALL | 16;

/// Every key as a sequence (8).
pub const KITTY_ALL: u8 = 8;

/// Appends what a command writes.
fn put(out: &mut Vec<u8>, command: impl Command) {
    out.queue(command).expect("a buffer in memory takes every byte");
}

/// Takes the screen of a terminal: its state is put away, and the alternate screen is blank,
/// without wrapping at the margin, with pastes bracketed, focus told, cursor keys as usual and the
/// keypad as an application's. A plain terminal, which prints what it does not know, is cleared.
#[must_use]
pub fn enter(is_modern: bool, wants_mouse: bool) -> Vec<u8> {
    let mut out = Vec::new();
    if is_modern {
        // The title is put on the terminal's stack (XTWINOPS 22).
        out.extend_from_slice(b"\x1b[22;0t");
        put(&mut out, EnterAlternateScreen);
        put(&mut out, DisableLineWrap);
        put(&mut out, EnableBracketedPaste);
        put(&mut out, EnableFocusChange);
        // Cursor keys as usual, the keypad told apart from the main keys (DECKPAM), scrolling over
        // all rows.
        out.extend_from_slice(b"\x1b[?1l\x1b=\x1b[r");
    }
    put(&mut out, ResetColor);
    put(&mut out, Clear(ClearType::All));
    put(&mut out, MoveTo(0, 0));
    if is_modern {
        if wants_mouse {
            out.extend_from_slice(MOUSE_ON);
        }
        let flags = KeyboardEnhancementFlags::from_bits_truncate(KITTY_OWN);
        put(&mut out, PushKeyboardEnhancementFlags(flags));
    }
    out
}

/// Undoes everything that [`enter`] and painting did. A cut sequence before it is cancelled (CAN),
/// a cut string ended.
#[must_use]
pub fn leave(is_modern: bool) -> Vec<u8> {
    let mut out = b"\x18".to_vec();
    if is_modern {
        out.extend_from_slice(b"\x1b\\");
        put(&mut out, EndSynchronizedUpdate);
        // Images of kitty's protocol, its keyboard flags, modifyOtherKeys, reports of theme and
        // size, the keypad.
        out.extend_from_slice(b"\x1b_Ga=d,d=A,q=2\x1b\\");
        put(&mut out, PopKeyboardEnhancementFlags);
        out.extend_from_slice(b"\x1b[>4m\x1b[?2031l\x1b[?2048l\x1b>");
        put(&mut out, DisableMouseCapture);
        put(&mut out, DisableFocusChange);
        put(&mut out, DisableBracketedPaste);
        // The link that is open ends.
        out.extend_from_slice(b"\x1b]8;;\x1b\\");
    }
    put(&mut out, ResetColor);
    if is_modern {
        put(&mut out, SetCursorStyle::DefaultUserShape);
        put(&mut out, EnableLineWrap);
        put(&mut out, Show);
    }
    put(&mut out, Clear(ClearType::All));
    if is_modern {
        put(&mut out, LeaveAlternateScreen);
        out.extend_from_slice(b"\x1b[23;0t");
    } else {
        put(&mut out, MoveTo(0, 0));
    }
    out
}

/// Turns the mouse on or off.
#[must_use]
pub fn mouse(is_on: bool) -> Vec<u8> {
    if is_on {
        return MOUSE_ON.to_vec();
    }
    let mut out = Vec::new();
    put(&mut out, DisableMouseCapture);
    out
}

/// Has every movement of the mouse told (1003), or those while a button is down only.
pub fn mouse_motion(is_on: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if is_on { b"\x1b[?1003h" } else { b"\x1b[?1003l\x1b[?1002h" });
}

/// Begins a frame that is shown as a whole (2026).
pub fn begin_frame(out: &mut Vec<u8>) {
    put(out, BeginSynchronizedUpdate);
}

/// Ends such a frame.
pub fn end_frame(out: &mut Vec<u8>) {
    put(out, EndSynchronizedUpdate);
}

/// Hides the cursor.
pub fn hide_cursor(out: &mut Vec<u8>) {
    put(out, Hide);
}

/// Shows the cursor at its cell. Its shape is set if `sets_shape`.
pub fn show_cursor(cursor: Cursor, sets_shape: bool, out: &mut Vec<u8>) {
    put(out, MoveTo(cursor.x, cursor.y));
    if sets_shape {
        put(out, cursor_style(cursor));
        if (cursor.shape, cursor.blink) == (CursorShape::Default, true) {
            // The terminal's own shape blinks by a mode of its own (DECSET 12).
            out.extend_from_slice(b"\x1b[?12h");
        }
    }
    put(out, Show);
}

fn cursor_style(cursor: Cursor) -> SetCursorStyle {
    match (cursor.shape, cursor.blink) {
        (CursorShape::Default, _) => SetCursorStyle::DefaultUserShape,
        (CursorShape::Block, true) => SetCursorStyle::BlinkingBlock,
        (CursorShape::Block, false) => SetCursorStyle::SteadyBlock,
        (CursorShape::Underline, true) => SetCursorStyle::BlinkingUnderScore,
        (CursorShape::Underline, false) => SetCursorStyle::SteadyUnderScore,
        (CursorShape::Bar, true) => SetCursorStyle::BlinkingBar,
        (CursorShape::Bar, false) => SetCursorStyle::SteadyBar,
    }
}

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

/// True if the answer to [`STATUS_QUERY`] is among these bytes.
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

/// [`queries`] on an alternate screen, so that widths are measured where nothing is lost.
#[must_use]
pub fn probe(rows: u16) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, EnterAlternateScreen);
    let flags = KeyboardEnhancementFlags::from_bits_truncate(KITTY_OWN);
    put(&mut out, PushKeyboardEnhancementFlags(flags));
    out.extend(queries(rows));
    put(&mut out, PopKeyboardEnhancementFlags);
    put(&mut out, LeaveAlternateScreen);
    out
}

/// Sets the clipboard (OSC 52).
#[must_use]
pub fn clipboard(text: &str) -> Vec<u8> {
    let mut end = text.len().min(CLIPBOARD_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("\x1b]52;c;{}\x1b\\", encode_base64(&text.as_bytes()[..end])).into_bytes()
}

/// Shows a desktop notification (OSC 777, which most terminals that have any understand).
#[must_use]
pub fn notify(title: &str, body: &str) -> Vec<u8> {
    let title = sanitize(title, 256).replace(';', ",");
    format!("\x1b]777;notify;{title};{}\x1b\\", sanitize(body, 1024)).into_bytes()
}

/// Sets the title (OSC 2). crossterm's command ends with BEL, which a terminal that knows no titles
/// rings.
pub fn title(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("\x1b]2;{}\x1b\\", sanitize(text, 256)).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::notify;

    #[test]
    fn a_note_cannot_smuggle_a_sequence() {
        assert_eq!(notify("a;b\x1b", "c\x07\n"), b"\x1b]777;notify;a,b;c\x1b\\");
    }
}
