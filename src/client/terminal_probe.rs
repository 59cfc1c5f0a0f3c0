//! Reports of the outer terminal about itself, for `abide doctor`: it is asked as at attach, and
//! given back at once. Nothing is drawn.

use std::io;

use crate::base::time::Span;
use crate::client::caps::{Caps, Depth, Features, ImageProtocol, Info};
use crate::client::input::{ColourSlot, Decoder, Reply, TtyEvent};
use crate::client::width_probe::GlyphKind;
use crate::client::{caps, terminal};
use crate::platform;
use crate::platform::host_terminal::HostTerminal;
use crate::settings::ColourDepth;

/// The time for which a terminal is waited for that does not answer.
const WAIT: Span = Span::seconds(1);
/// Bytes of answers that are read.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// The finding about one feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerminalReport {
    /// The feature.
    pub what: &'static str,
    /// True if nothing has to be left out or drawn otherwise for it.
    pub is_full: bool,
    /// The ability of the terminal, and the replacement for a missing one.
    pub text: String,
}

/// Asks the terminal of this process; nothing if it has none.
#[must_use]
pub fn examine(wanted: ColourDepth) -> Vec<TerminalReport> {
    let Ok(terminal) = HostTerminal::open() else { return Vec::new() };
    let info = caps::look_up(&std::env::var("TERM").unwrap_or_default());
    let mut caps = Caps::new(&info, |name| std::env::var(name).ok(), wanted);
    let replies = if info.modern { ask(&terminal).unwrap_or_default() } else { Vec::new() };
    if let Ok((_, pixels)) = terminal.size() {
        caps.cell_pixels = pixels;
    }
    for reply in &replies {
        caps.learn(reply);
    }
    told(&info, caps, &replies)
}

/// Asks in raw mode and reads answers up to the device attributes, which come last.
fn ask(terminal: &HostTerminal) -> io::Result<Vec<Reply>> {
    let (size, _) = terminal.size()?;
    terminal.raw()?;
    let replies = answers(terminal, size.rows);
    terminal.restore()?;
    replies
}

fn answers(host: &HostTerminal, rows: u16) -> io::Result<Vec<Reply>> {
    // On the alternate screen, so that what is written to learn widths leaves nothing behind.
    host.write_last(&terminal::probe(rows), 200)?;
    let end = platform::now().tick + WAIT;
    let mut decoder = Decoder::default();
    decoder.await_answers();
    let mut replies = Vec::new();
    let mut read = 0;
    while read < ANSWER_BYTES_MAX {
        let mut buffer = [0; 4096];
        let left = end - platform::now().tick;
        let len = host.read_within(&mut buffer, u32::try_from(left.0 / 1_000_000).unwrap_or(0))?;
        if len == 0 {
            break;
        }
        read += len;
        let mut events = Vec::new();
        decoder.feed(&buffer[..len], &mut events);
        replies.extend(events.into_iter().filter_map(|event| {
            if let TtyEvent::Reply(reply) = event { Some(reply) } else { None }
        }));
        if replies.iter().any(|reply| matches!(reply, Reply::Attributes(_))) {
            break;
        }
    }
    Ok(replies)
}

/// All that was told, a line each.
#[must_use]
pub(super) fn told(info: &Info, caps: Caps, replies: &[Reply]) -> Vec<TerminalReport> {
    let line =
        |what: &'static str, is_full: bool, text: String| TerminalReport { what, is_full, text };
    let either = |what: &'static str, has: bool, with: &str, without: &str| {
        line(what, has, (if has { with } else { without }).to_owned())
    };
    let mut lines = vec![identity(info, caps, replies)];
    if !info.modern {
        lines.push(line(
            "drawing",
            false,
            "no alternate screen: no titles, links, mouse or pastes; plain drawing".into(),
        ));
    }
    lines.push(depth(caps));
    lines.push(reported_colours(replies));
    lines.push(either(
        "underlines",
        caps.underlines,
        "styled and coloured",
        "plain only: other kinds and colours are drawn as one line",
    ));
    lines.push(either("overline", caps.has(Features::OVERLINE), "yes", "left out"));
    lines.push(either(
        "updates",
        caps.sync,
        "in one piece (2026)",
        "not in one piece: the cursor is hidden while a frame is drawn",
    ));
    lines.push(keyboard(caps));
    let pixels = caps.has(Features::MOUSE_PIXELS);
    lines.push(either(
        "mouse",
        true,
        if pixels { "cells; it could tell pixels" } else { "cells" },
        "",
    ));
    lines.push(either(
        "focus",
        caps.has(Features::FOCUS),
        "told (1004)",
        "not said whether it is told",
    ));
    lines.push(either(
        "pastes",
        caps.has(Features::PASTE),
        "marked (2004)",
        "not said whether they are marked",
    ));
    lines.push(either(
        "theme",
        caps.has(Features::THEME),
        "changes are told (2031)",
        "changes are not told: programs hear of the first one only",
    ));
    lines.push(either(
        "size",
        caps.has(Features::IN_BAND_SIZE),
        "told in band (2048)",
        "told by the signal alone",
    ));
    lines.push(images(caps));
    lines.push(widths(caps));
    lines
}

fn identity(info: &Info, caps: Caps, replies: &[Reply]) -> TerminalReport {
    let version = replies.iter().find_map(|reply| {
        if let Reply::Version(name) = reply { Some(name.as_str()) } else { None }
    });
    let entry =
        if info.is_known { "in terminfo" } else { "not in terminfo: only what it answers is used" };
    let answered = match (version, replies.is_empty()) {
        (Some(version), _) => format!("; it says {version}"),
        (None, false) => "; it answers, without a name".into(),
        (None, true) if caps.modern => "; it answers nothing".into(),
        (None, true) => "; it is not asked".into(),
    };
    TerminalReport {
        what: "outer",
        is_full: info.is_known || !replies.is_empty(),
        text: format!("{:?} {entry}{answered}", info.name),
    }
}

fn depth(caps: Caps) -> TerminalReport {
    let text = match caps.depth {
        Depth::True => "24 bits",
        Depth::Palette => "256: others are drawn as the nearest of them",
        Depth::Named => "16: others are drawn as the nearest of them",
        Depth::None => "none: backgrounds are drawn by inversion",
    };
    let is_full = caps.depth == Depth::True || caps.depth_fixed;
    let by = if caps.depth_fixed { " (as you said)" } else { "" };
    TerminalReport { what: "colours", is_full, text: format!("{text}{by}") }
}

fn reported_colours(replies: &[Reply]) -> TerminalReport {
    let colour = |slot: ColourSlot| {
        replies.iter().find_map(|reply| match reply {
            Reply::Colour(own, (r, g, b)) if *own == slot => {
                Some(format!("#{r:02x}{g:02x}{b:02x}"))
            }
            _ => None,
        })
    };
    let named = replies
        .iter()
        .filter(|reply| matches!(reply, Reply::Colour(ColourSlot::Palette(_), _)))
        .count();
    match (colour(ColourSlot::Foreground), colour(ColourSlot::Background)) {
        (Some(fg), Some(bg)) => TerminalReport {
            what: "told colours",
            is_full: true,
            text: format!("text {fg} on {bg}, {named} of the palette"),
        },
        _ => TerminalReport {
            what: "told colours",
            is_full: false,
            text: "none: programs that ask are told xterm's".into(),
        },
    }
}

fn keyboard(caps: Caps) -> TerminalReport {
    let (is_full, text) = match () {
        () if caps.kitty => (true, "kitty's protocol"),
        () if caps.has(Features::OTHER_KEYS) => {
            (false, "modifyOtherKeys: no releases, and Escape is told from Alt by time")
        }
        () => (
            false,
            "as on a VT: Ctrl-I is Tab, Ctrl-M is Enter, Shift-Enter is Enter; Escape is told \
             from Alt by time",
        ),
    };
    TerminalReport { what: "keyboard", is_full, text: text.into() }
}

fn images(caps: Caps) -> TerminalReport {
    let (width, height) = caps.cell_pixels;
    let (is_full, text) = match caps.pictures() {
        ImageProtocol::Kitty => (true, format!("kitty graphics, cells of {width}×{height} pixels")),
        ImageProtocol::Sixel => (
            true,
            format!("sixels with {} colours, cells of {width}×{height} pixels", caps.sixel_colours),
        ),
        ImageProtocol::Box
            if caps.features.0 & (Features::SIXEL.0 | Features::KITTY_IMAGES.0) != 0 =>
        {
            (false, "a box stands for them: the size of a cell in pixels is not told".into())
        }
        ImageProtocol::Box => (false, "a box stands for them".into()),
    };
    TerminalReport { what: "images", is_full, text }
}

fn widths(caps: Caps) -> TerminalReport {
    if !caps.widths.are_known() {
        let text =
            "not told: text behind emoji and combining marks is placed anew each time".into();
        return TerminalReport { what: "widths", is_full: false, text };
    }
    let other: Vec<&str> = GlyphKind::ALL
        .iter()
        .filter(|(kind, ..)| !caps.widths.agree(*kind))
        .map(|(.., name)| *name)
        .collect();
    match other.as_slice() {
        [] => TerminalReport { what: "widths", is_full: true, text: "as abide has them".into() },
        other => TerminalReport {
            what: "widths",
            is_full: false,
            text: format!("other than abide's for {}: drawn around", other.join(", ")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::told;
    use crate::client::caps::{Caps, Info};
    use crate::client::input::Reply;
    use crate::settings::ColourDepth;

    /// The features that are lacking after these answers, by name.
    fn lacking(info: &Info, replies: &[Reply]) -> Vec<&'static str> {
        let mut caps = Caps::new(info, |_| None, ColourDepth::Auto);
        for reply in replies {
            caps.learn(reply);
        }
        told(info, caps, replies)
            .iter()
            .filter(|told| !told.is_full)
            .map(|told| told.what)
            .collect()
    }

    #[test]
    fn every_answer_leaves_less_to_complain_of() {
        let info = Info::unknown("nobody-256color");
        let all = lacking(&info, &[]);
        for what in ["outer", "colours", "underlines", "keyboard", "images", "widths", "updates"] {
            assert!(all.contains(&what), "{what}");
        }
        let some = lacking(
            &info,
            &[
                Reply::Kitty(5),
                Reply::Mode(2026, 2),
                Reply::Graphics("0;4:3;53;48:2::1:2:3".into()),
            ],
        );
        for what in ["outer", "colours", "underlines", "overline", "keyboard", "updates"] {
            assert!(!some.contains(&what), "{what}");
        }
        assert!(lacking(&Info::unknown("dumb"), &[]).len() >= all.len());
    }
}
