//! The style of cells, interned: a cell holds a number, the table holds 16 bytes for each different
//! style in use.

use std::fmt::Write as _;

use crate::base::style::{Attrs, Colour, Style, Underline};
use crate::term::cell::STYLE_MAX;
use crate::term::parser::CsiParams;

/// A style in two words: foreground and background, each as tag and 24 bits; then the underline's
/// colour, attributes with the underline in bits 8–10, and the hyperlink. Whole words, because what
/// is written in parts and read at once right after stalls a processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct CellStyle {
    colours: u64,
    others: u64,
}

const INDEXED: u32 = 1 << 24;
const RGB: u32 = 2 << 24;
const LOW: u64 = 0xffff_ffff;
const ATTRS_SHIFT: u32 = 32;
const LINK_SHIFT: u32 = 48;
const UNDERLINE_SHIFT: u16 = 8;
const UNDERLINE_BITS: u16 = 7 << UNDERLINE_SHIFT;

/// A colour as tag and 24 bits.
pub(crate) fn pack(colour: Colour) -> u32 {
    match colour {
        Colour::Default => 0,
        Colour::Indexed(n) => INDEXED | u32::from(n),
        Colour::Rgb(r, g, b) => RGB | u32::from(r) << 16 | u32::from(g) << 8 | u32::from(b),
    }
}

/// The colour that [`pack`] packed; anything else is the default one.
pub(crate) fn unpack(colour: u32) -> Colour {
    let [blue, green, red, tag] = colour.to_le_bytes();
    match tag {
        1 => Colour::Indexed(blue),
        2 => Colour::Rgb(red, green, blue),
        _ => Colour::Default,
    }
}

impl CellStyle {
    pub(crate) fn fg(self) -> u32 {
        (self.colours & LOW) as u32
    }

    pub(crate) fn bg(self) -> u32 {
        (self.colours >> 32) as u32
    }

    pub(crate) fn underline(self) -> u32 {
        (self.others & LOW) as u32
    }

    fn attrs(self) -> u16 {
        (self.others >> ATTRS_SHIFT & 0xffff) as u16
    }

    pub(crate) fn link(self) -> u16 {
        (self.others >> LINK_SHIFT) as u16
    }

    pub(crate) fn set_fg(&mut self, colour: u32) {
        self.colours = self.colours & !LOW | u64::from(colour);
    }

    pub(crate) fn set_bg(&mut self, colour: u32) {
        self.colours = self.colours & LOW | u64::from(colour) << 32;
    }

    pub(crate) fn set_underline_colour(&mut self, colour: u32) {
        self.others = self.others & !LOW | u64::from(colour);
    }

    pub(crate) fn set_link(&mut self, link: u16) {
        self.others = self.others & !(0xffff << LINK_SHIFT) | u64::from(link) << LINK_SHIFT;
    }

    pub(crate) fn has(self, attrs: Attrs) -> bool {
        self.attrs() & attrs.0 == attrs.0
    }

    pub(crate) fn set(&mut self, attrs: Attrs) {
        self.others |= u64::from(attrs.0) << ATTRS_SHIFT;
    }

    pub(crate) fn unset(&mut self, attrs: Attrs) {
        self.others &= !(u64::from(attrs.0) << ATTRS_SHIFT);
    }

    /// Takes every attribute and the underline away.
    pub(crate) fn clear_attributes(&mut self) {
        self.unset(Attrs(u16::MAX));
    }

    pub(crate) fn set_underline(&mut self, kind: Underline) {
        self.unset(Attrs(UNDERLINE_BITS));
        self.set(Attrs((kind as u16) << UNDERLINE_SHIFT));
    }

    pub(crate) fn underline_kind(self) -> Underline {
        match (self.attrs() & UNDERLINE_BITS) >> UNDERLINE_SHIFT {
            1 => Underline::Single,
            2 => Underline::Double,
            3 => Underline::Curly,
            4 => Underline::Dotted,
            5 => Underline::Dashed,
            _ => Underline::None,
        }
    }

    /// The part an erased cell keeps: the background (back colour erase).
    pub(crate) fn erased(self) -> Self {
        Self { colours: self.colours & !LOW, others: 0 }
    }

    pub(crate) fn style(self) -> Style {
        Style {
            fg: unpack(self.fg()),
            bg: unpack(self.bg()),
            underline_colour: unpack(self.underline()),
            underline: self.underline_kind(),
            attrs: Attrs(self.attrs() & !UNDERLINE_BITS),
        }
    }

    /// The part SGR 0 leaves: the link.
    pub(crate) fn plain(self) -> Self {
        Self { colours: 0, others: self.others & !0 << LINK_SHIFT }
    }

    /// As two words, for snapshots and history.
    pub(crate) fn words(self) -> [u64; 2] {
        [self.colours, self.others]
    }

    /// From any two words.
    pub(crate) fn from_words([colours, others]: [u64; 2]) -> Self {
        Self { colours, others }
    }

    fn hash(self) -> usize {
        let [a, b] = self.words();
        let mixed = (a ^ b.rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // Any bits will do.
        ((mixed ^ mixed >> 29) & 0xffff_ffff) as usize
    }
}

const EMPTY: u32 = u32::MAX;
/// Places of a new index: sparse, so that the first look at a place is mostly the last.
const INDEX_MIN: usize = 256;
/// Below this many styles nothing is ever swept.
const SWEEP_MIN: usize = 8192;

/// All styles in use, by number; 0 is the default style.
#[derive(Debug, Clone)]
pub(crate) struct StyleTable {
    entries: Vec<CellStyle>,
    free: Vec<u32>,
    index: Vec<u32>,
    used: usize,
    sweep_at: usize,
    /// Grows with each sweep: numbers kept elsewhere are void after it.
    pub(crate) sweeps: u32,
}

impl StyleTable {
    pub(crate) fn new() -> Self {
        let mut styles = Self {
            entries: vec![CellStyle::default()],
            free: Vec::new(),
            index: vec![EMPTY; INDEX_MIN],
            used: 1,
            sweep_at: SWEEP_MIN,
            sweeps: 0,
        };
        styles.insert(0);
        styles
    }

    /// The table with these styles as 0, 1, 2 and so on.
    pub(crate) fn from_styles(styles: Vec<CellStyle>) -> Self {
        let mut table = Self::new();
        table.entries = styles;
        table.entries.truncate(STYLE_MAX as usize);
        if table.entries.is_empty() {
            table.entries.push(CellStyle::default());
        }
        table.entries[0] = CellStyle::default();
        table.used = table.entries.len();
        table.sweep_at = SWEEP_MIN.max(2 * table.used);
        table.rebuild();
        table
    }

    pub(crate) fn get(&self, number: u32) -> CellStyle {
        self.entries.get(number as usize).copied().unwrap_or_default()
    }

    pub(crate) fn all(&self) -> &[CellStyle] {
        &self.entries
    }

    /// True if it is time for [`StyleTable::sweep`].
    pub(crate) fn wants_sweep(&self) -> bool {
        self.used >= self.sweep_at
    }

    /// The number of a style; a new one if there is none yet.
    #[inline]
    pub(crate) fn number(&mut self, cell_style: CellStyle) -> u32 {
        if cell_style == CellStyle::default() {
            return 0;
        }
        let mask = self.index.len() - 1;
        let mut at = cell_style.hash() & mask;
        while self.index[at] != EMPTY {
            if self.entries[self.index[at] as usize] == cell_style {
                return self.index[at];
            }
            at = (at + 1) & mask;
        }
        self.add(cell_style)
    }

    fn add(&mut self, cell_style: CellStyle) -> u32 {
        let number = if let Some(number) = self.free.pop() {
            self.entries[number as usize] = cell_style;
            number
        } else {
            let number = u32::try_from(self.entries.len()).unwrap_or(STYLE_MAX);
            if number >= STYLE_MAX {
                return 0;
            }
            self.entries.push(cell_style);
            number
        };
        self.used += 1;
        if self.used * 2 > self.index.len() {
            self.rebuild();
        } else {
            self.insert(number);
        }
        number
    }

    /// Makes a style findable, if its equal is not already (in a damaged snapshot there can be any
    /// number of those).
    fn insert(&mut self, number: u32) {
        let mask = self.index.len() - 1;
        let cell_style = self.entries[number as usize];
        let mut at = cell_style.hash() & mask;
        while self.index[at] != EMPTY {
            if self.entries[self.index[at] as usize] == cell_style {
                return;
            }
            at = (at + 1) & mask;
        }
        self.index[at] = number;
    }

    fn rebuild(&mut self) {
        self.index = vec![EMPTY; (self.used * 4).next_power_of_two().max(INDEX_MIN)];
        let mut is_free = vec![false; self.entries.len()];
        self.free.iter().for_each(|number| is_free[*number as usize] = true);
        for (number, free) in is_free.iter().enumerate() {
            if !free {
                self.insert(u32::try_from(number).unwrap_or(0));
            }
        }
    }

    /// Frees every style whose number `mark` does not set in the slice it is handed.
    pub(crate) fn sweep(&mut self, mark: impl FnOnce(&mut [bool])) {
        let mut live = vec![false; self.entries.len()];
        live[0] = true;
        mark(&mut live);
        self.free =
            (0..).zip(&live).filter(|(_, live)| !**live).map(|(number, _)| number).collect();
        self.used = live.len() - self.free.len();
        self.sweep_at = SWEEP_MIN.max(2 * self.used);
        self.sweeps = self.sweeps.wrapping_add(1);
        self.rebuild();
    }

    /// Bytes it takes.
    pub(crate) fn memory_used(&self) -> usize {
        self.entries.capacity() * size_of::<CellStyle>()
            + (self.index.capacity() + self.free.capacity()) * 4
    }
}

impl CellStyle {
    /// SGR with its parameters.
    #[inline]
    pub(crate) fn select_graphics(&mut self, params: &CsiParams) {
        if params.has_subs() {
            select_grouped(self, params);
            return;
        }
        let all = params.all();
        let mut at = 0;
        while at < all.len() {
            at += 1;
            match all[at - 1] {
                target @ (38 | 48 | 58) => at += colour_after(self, target, &all[at..]),
                one => apply(self, one),
            }
        }
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
    let packed = pack(colour);
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
        30..=37 => cell_style.set_fg(pack(indexed(number - 30))),
        39 => cell_style.set_fg(0),
        40..=47 => cell_style.set_bg(pack(indexed(number - 40))),
        49 => cell_style.set_bg(0),
        90..=97 => cell_style.set_fg(pack(indexed(number - 90 + 8))),
        100..=107 => cell_style.set_bg(pack(indexed(number - 100 + 8))),
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
        match unpack(colour) {
            Colour::Default => {}
            Colour::Indexed(n @ 0..=7) if base < 50 => {
                add(&mut text, format_args!(";{}", base + n));
            }
            Colour::Indexed(n @ 8..=15) if base < 50 => {
                add(&mut text, format_args!(";{}", base + 60 + n - 8));
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
