//! Rows as a terminal reads them: text with SGR sequences (ECMA-48 8.3.117). It writes nothing but
//! colours, attributes and line ends.

use crate::base::row::Row;
use crate::base::style::{Attrs, Colour, Style, Underline};
use crate::state::pane::Pane;

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

/// Rows, each with its line end unless the line goes on in the next one.
#[must_use]
pub fn rows(rows: impl Iterator<Item = Row>) -> String {
    let mut text = String::new();
    for row in rows {
        let mut style = Style::default();
        for run in &row.runs {
            if run.style != style {
                style = run.style;
                text.push_str(&sgr(style));
            }
            text.push_str(&run.text);
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

/// The last rows of a pane, scrollback included, at most so many rows and bytes. Empty rows at the
/// end are left out.
#[must_use]
pub fn tail(pane: &Pane, rows_max: usize, bytes_max: usize) -> String {
    let above = i64::try_from(rows_max).unwrap_or(i64::MAX);
    let upwards = pane
        .screen
        .rows(-above..i64::from(pane.size.rows))
        .into_iter()
        .rev()
        .map(|row| self::rows(std::iter::once(row)));
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

#[cfg(test)]
mod tests {
    use super::{rows, tail};
    use crate::base::geom::Size;
    use crate::base::id::PaneId;
    use crate::base::memory::HeapMemory;
    use crate::base::row::{Row, Run, RunKind};
    use crate::base::style::{Attrs, Colour, Style, Underline};
    use crate::state::State;
    use crate::term::{Options, Terminal};

    fn check(style: Style, written: &str) {
        let run =
            |style, text: &str| Run { style, link: 0, kind: RunKind::Narrow, text: text.into() };
        let row = Row { runs: vec![run(Style::default(), "a"), run(style, "b")], wrapped: false };
        assert_eq!(rows([row].into_iter()), format!("a{written}b\x1b[0m\n"));
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
        assert_eq!(rows([row(true), row(false)].into_iter()), "\n");
    }

    #[test]
    fn a_tail_has_the_last_rows_that_fit_and_no_empty_ones_below() {
        let mut screen =
            Terminal::new(Size::new(10, 4), Options::default(), Box::new(HeapMemory::default()));
        screen.feed(b"one\r\ntwo\r\n\r\nfour\r\nfive\r\nsix\r\n", &mut Vec::new());
        let mut state = State::default();
        state.adopt(PaneId(1), 1, screen, 0);
        let pane = state.pane(PaneId(1));
        assert_eq!(tail(pane, 99, 99), "one\ntwo\n\nfour\nfive\nsix\n");
        assert_eq!(tail(pane, 2, 99), "five\nsix\n");
        assert_eq!(tail(pane, 99, 10), "five\nsix\n");
    }
}
