//! SGR: the look of what is printed next (ECMA-48 8.3.117, xterm ctlseqs, kitty's underlines).
//! Nothing is printed here.

use std::fmt::Write as _;

use crate::base::style::{Attrs, Colour, Underline};
use crate::term::emulator::Emulator;
use crate::term::look::{self, Look};
use crate::term::parser::params::Params;

impl Emulator {
    /// SGR with its parameters.
    pub(crate) fn select_graphics(&mut self, params: &Params) {
        let mut look = self.cursor.pen.look;
        if params.has_subs() {
            select_grouped(&mut look, params);
        } else {
            let all = params.all();
            let mut at = 0;
            while at < all.len() {
                at += 1;
                match all[at - 1] {
                    target @ (38 | 48 | 58) => at += colour_after(&mut look, target, &all[at..]),
                    one => apply(&mut look, one),
                }
            }
        }
        self.cursor.pen.look = look;
        self.cursor.pen.stale = true;
    }
}

/// SGR with sub-parameters.
fn select_grouped(look: &mut Look, params: &Params) {
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
                at += colour_after(look, *target, &flat);
            }
            [one] => apply(look, *one),
            [4, kind, ..] => look.set_underline(underline(*kind)),
            [target @ (38 | 48 | 58), rest @ ..] => {
                if let Some(colour) = colour_of_subs(rest) {
                    set_colour(look, *target, colour);
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

fn set_colour(look: &mut Look, target: u16, colour: Colour) {
    let packed = look::pack(colour);
    match target {
        38 => look.set_fg(packed),
        48 => look.set_bg(packed),
        _ => look.set_underline_colour(packed),
    }
}

/// A channel or an index; what does not fit a byte is no colour.
fn byte(value: u16) -> Option<u8> {
    u8::try_from(value).ok()
}

/// `5;n` or `2;r;g;b` after the target; gives how many numbers it used.
fn colour_after(look: &mut Look, target: u16, rest: &[u16]) -> usize {
    let (colour, used) = match *rest {
        [5, n, ..] => (byte(n).map(Colour::Indexed), 2),
        [2, r, g, b, ..] => (rgb(r, g, b), 4),
        // A cut colour takes what is left with it: nothing of it may be read as attributes.
        [5 | 2, ..] => (None, rest.len()),
        [_, ..] => (None, 1),
        [] => (None, 0),
    };
    if let Some(colour) = colour {
        set_colour(look, target, colour);
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
fn apply(look: &mut Look, number: u16) {
    match number {
        0 => *look = look.plain(),
        1 => look.set(Attrs::BOLD),
        2 => look.set(Attrs::DIM),
        3 => look.set(Attrs::ITALIC),
        4 => look.set_underline(Underline::Single),
        5 | 6 => look.set(Attrs::BLINK),
        7 => look.set(Attrs::INVERSE),
        8 => look.set(Attrs::CONCEAL),
        9 => look.set(Attrs::STRIKE),
        21 => look.set_underline(Underline::Double),
        22 => look.unset(Attrs::BOLD.with(Attrs::DIM)),
        23 => look.unset(Attrs::ITALIC),
        24 => look.set_underline(Underline::None),
        25 => look.unset(Attrs::BLINK),
        27 => look.unset(Attrs::INVERSE),
        28 => look.unset(Attrs::CONCEAL),
        29 => look.unset(Attrs::STRIKE),
        53 => look.set(Attrs::OVERLINE),
        55 => look.unset(Attrs::OVERLINE),
        59 => look.set_underline_colour(0),
        _ => apply_colour(look, number),
    }
}

fn apply_colour(look: &mut Look, number: u16) {
    match number {
        30..=37 => look.set_fg(look::pack(indexed(number - 30))),
        39 => look.set_fg(0),
        40..=47 => look.set_bg(look::pack(indexed(number - 40))),
        49 => look.set_bg(0),
        90..=97 => look.set_fg(look::pack(indexed(number - 90 + 8))),
        100..=107 => look.set_bg(look::pack(indexed(number - 100 + 8))),
        _ => {}
    }
}

/// The look as SGR parameters, as DECRQSS reports them.
pub(crate) fn describe(look: Look) -> String {
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
        if look.has(attr) {
            text.push_str(number);
        }
    }
    text.push_str(match look.underline_kind() {
        Underline::None => "",
        Underline::Single => ";4",
        Underline::Double => ";21",
        Underline::Curly => ";4:3",
        Underline::Dotted => ";4:4",
        Underline::Dashed => ";4:5",
    });
    for (colour, base) in [(look.fg(), 30_u8), (look.bg(), 40), (look.underline(), 50)] {
        match look::unpack(colour) {
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
