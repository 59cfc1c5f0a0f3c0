//! SGR: the style of what is printed next (ECMA-48 8.3.117, xterm ctlseqs, kitty's underlines).
//! Nothing is printed here.

use std::fmt::Write as _;

use crate::base::style::{Attrs, Colour, Underline};
use crate::term::emulator::Emulator;
use crate::term::parser::params::CsiParams;
use crate::term::style_table::{self, CellStyle};

impl Emulator {
    /// SGR with its parameters.
    pub(crate) fn select_graphics(&mut self, params: &CsiParams) {
        let mut cell_style = self.cursor.pen.style;
        if params.has_subs() {
            select_grouped(&mut cell_style, params);
        } else {
            let all = params.all();
            let mut at = 0;
            while at < all.len() {
                at += 1;
                match all[at - 1] {
                    target @ (38 | 48 | 58) => {
                        at += colour_after(&mut cell_style, target, &all[at..])
                    }
                    one => apply(&mut cell_style, one),
                }
            }
        }
        self.cursor.pen.style = cell_style;
        self.cursor.pen.stale = true;
    }
}

/// SGR with sub-parameters.
fn select_grouped(cell_style: &mut CellStyle, params: &CsiParams) {
    let groups: Vec<&[u16]> = params.groups().collect();
    let mut at = 0;
    while at < groups.len() {
        at += 1;
        match groups[at - 1] {
            [target @ (38 | 48 | 58)] => {
                let flat: Vec<u16> = groups[at..]
                    .iter()
                    .map_while(|group| (group.len() == 1).then(|| group[0]))
                    .collect();
                at += colour_after(cell_style, *target, &flat);
            }
            [one] => apply(cell_style, *one),
            [4, kind, ..] => cell_style.set_underline(underline(*kind)),
            [target @ (38 | 48 | 58), rest @ ..] => {
                if let Some(colour) = colour_of_subs(rest) {
                    set_colour(cell_style, *target, colour);
                }
            }
            _ => {}
        }
    }
}

fn underline(kind: u16) -> Underline {
    match kind {
        0 => Underline::None,
        2 => Underline::Double,
        3 => Underline::Curly,
        4 => Underline::Dotted,
        5 => Underline::Dashed,
        _ => Underline::Single,
    }
}

fn set_colour(cell_style: &mut CellStyle, target: u16, colour: Colour) {
    let packed = style_table::pack(colour);
    match target {
        38 => cell_style.set_fg(packed),
        48 => cell_style.set_bg(packed),
        _ => cell_style.set_underline_colour(packed),
    }
}

/// A channel or an index; what does not fit a byte is no colour.
fn byte(value: u16) -> Option<u8> {
    u8::try_from(value).ok()
}

/// `5;n` or `2;r;g;b` after the target; gives how many numbers it used.
fn colour_after(cell_style: &mut CellStyle, target: u16, rest: &[u16]) -> usize {
    let (colour, used) = match *rest {
        [5, n, ..] => (byte(n).map(Colour::Indexed), 2),
        [2, r, g, b, ..] => (rgb(r, g, b), 4),
        // A cut colour takes what is left with it: nothing of it may be read as attributes.
        [5 | 2, ..] => (None, rest.len()),
        [_, ..] => (None, 1),
        [] => (None, 0),
    };
    if let Some(colour) = colour {
        set_colour(cell_style, target, colour);
    }
    used
}

/// `5:n`, `2:r:g:b`, `2:space:r:g:b` and what may follow.
fn colour_of_subs(subs: &[u16]) -> Option<Colour> {
    match *subs {
        [5, n, ..] => byte(n).map(Colour::Indexed),
        [2, r, g, b] | [2, _, r, g, b, ..] => rgb(r, g, b),
        _ => None,
    }
}

fn rgb(r: u16, g: u16, b: u16) -> Option<Colour> {
    Some(Colour::Rgb(byte(r)?, byte(g)?, byte(b)?))
}

fn indexed(number: u16) -> Colour {
    Colour::Indexed(u8::try_from(number).unwrap_or(0))
}

#[inline]
fn apply(cell_style: &mut CellStyle, number: u16) {
    match number {
        0 => *cell_style = cell_style.plain(),
        1 => cell_style.set(Attrs::BOLD),
        2 => cell_style.set(Attrs::DIM),
        3 => cell_style.set(Attrs::ITALIC),
        4 => cell_style.set_underline(Underline::Single),
        5 | 6 => cell_style.set(Attrs::BLINK),
        7 => cell_style.set(Attrs::INVERSE),
        8 => cell_style.set(Attrs::CONCEAL),
        9 => cell_style.set(Attrs::STRIKE),
        21 => cell_style.set_underline(Underline::Double),
        22 => cell_style.unset(Attrs::BOLD.with(Attrs::DIM)),
        23 => cell_style.unset(Attrs::ITALIC),
        24 => cell_style.set_underline(Underline::None),
        25 => cell_style.unset(Attrs::BLINK),
        27 => cell_style.unset(Attrs::INVERSE),
        28 => cell_style.unset(Attrs::CONCEAL),
        29 => cell_style.unset(Attrs::STRIKE),
        53 => cell_style.set(Attrs::OVERLINE),
        55 => cell_style.unset(Attrs::OVERLINE),
        59 => cell_style.set_underline_colour(0),
        _ => apply_colour(cell_style, number),
    }
}

fn apply_colour(cell_style: &mut CellStyle, number: u16) {
    match number {
        30..=37 => cell_style.set_fg(style_table::pack(indexed(number - 30))),
        39 => cell_style.set_fg(0),
        40..=47 => cell_style.set_bg(style_table::pack(indexed(number - 40))),
        49 => cell_style.set_bg(0),
        90..=97 => cell_style.set_fg(style_table::pack(indexed(number - 90 + 8))),
        100..=107 => cell_style.set_bg(style_table::pack(indexed(number - 100 + 8))),
        _ => {}
    }
}

/// The style as SGR parameters, as DECRQSS reports them.
pub(crate) fn describe(cell_style: CellStyle) -> String {
    const ATTRS: [(Attrs, &str); 8] = [
        (Attrs::BOLD, ";1"),
        (Attrs::DIM, ";2"),
        (Attrs::ITALIC, ";3"),
        (Attrs::BLINK, ";5"),
        (Attrs::INVERSE, ";7"),
        (Attrs::CONCEAL, ";8"),
        (Attrs::STRIKE, ";9"),
        (Attrs::OVERLINE, ";53"),
    ];
    let mut text = String::from("0");
    for (attr, number) in ATTRS {
        if cell_style.has(attr) {
            text.push_str(number);
        }
    }
    text.push_str(match cell_style.underline_kind() {
        Underline::None => "",
        Underline::Single => ";4",
        Underline::Double => ";21",
        Underline::Curly => ";4:3",
        Underline::Dotted => ";4:4",
        Underline::Dashed => ";4:5",
    });
    for (colour, base) in
        [(cell_style.fg(), 30_u8), (cell_style.bg(), 40), (cell_style.underline(), 50)]
    {
        match style_table::unpack(colour) {
            Colour::Default => {}
            Colour::Indexed(n @ 0..=7) if base < 50 => {
                add(&mut text, format_args!(";{}", base + n))
            }
            Colour::Indexed(n @ 8..=15) if base < 50 => {
                add(&mut text, format_args!(";{}", base + 60 + n - 8))
            }
            Colour::Indexed(n) => add(&mut text, format_args!(";{}:5:{n}", base + 8)),
            Colour::Rgb(r, g, b) => add(&mut text, format_args!(";{}:2::{r}:{g}:{b}", base + 8)),
        }
    }
    text
}

fn add(to: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _written = to.write_fmt(what);
}
