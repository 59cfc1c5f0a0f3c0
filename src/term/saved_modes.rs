//! What a program puts aside and takes back: modes (XTSAVE), styles (XTPUSHSGR), colours
//! (XTPUSHCOLORS). How it is done is in `style_stack.rs`.

use std::collections::BTreeMap;

use crate::base::style::{Attrs, Rgb, Underline};
use crate::term::emulator::Emulator;
use crate::term::mode::Modeset;
use crate::term::parser::CsiParams;
use crate::term::report::Reply;
use crate::term::style_table::CellStyle;

/// StyleTable, and palettes, that can be put aside; more are not kept (xterm's bound).
pub(crate) const STACK_MAX: usize = 10;

/// Colours a program redefined, by [`crate::term::color::palette`]'s numbers.
pub(crate) type Colours = BTreeMap<u16, Rgb>;

/// Everything put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SavedModes {
    /// XTSAVE: values, and which were saved.
    pub(crate) modes: (Modeset, Modeset),
    /// XTPUSHSGR: styles, and a bit for each SGR number that was named; 0 if all is kept.
    pub(crate) styles: Vec<(CellStyle, u64)>,
    /// XTPUSHCOLORS.
    pub(crate) colours: Vec<Colours>,
}

impl Default for SavedModes {
    fn default() -> Self {
        Self { modes: (Modeset::NONE, Modeset::NONE), styles: Vec::new(), colours: Vec::new() }
    }
}

impl SavedModes {
    /// The stacks as words, for snapshots.
    pub(crate) fn words(&self) -> Vec<u64> {
        let mut words = vec![self.styles.len() as u64];
        for (cell_style, named) in &self.styles {
            words.extend(cell_style.words());
            words.push(*named);
        }
        words.push(self.colours.len() as u64);
        for colours in &self.colours {
            words.push(colours.len() as u64);
            words.extend(colours.iter().map(|(number, colour)| colour_word(*number, *colour)));
        }
        words
    }

    /// The stacks that [`SavedModes::words`] wrote; damage ends them early.
    pub(crate) fn set_words(&mut self, words: &[u64]) {
        let mut words = words.iter().copied();
        let mut next = || words.next().unwrap_or(0);
        for _ in 0..next().min(STACK_MAX as u64) {
            self.styles.push((CellStyle::from_words([next(), next()]), next()));
        }
        for _ in 0..next().min(STACK_MAX as u64) {
            let count = next().min(512);
            self.colours.push((0..count).map(|_| colour_of(next())).collect());
        }
    }
}

/// A number and its colour as a word.
pub(crate) fn colour_word(number: u16, (r, g, b): Rgb) -> u64 {
    u64::from(number) << 24 | u64::from(r) << 16 | u64::from(g) << 8 | u64::from(b)
}

/// What [`colour_word`] wrote.
pub(crate) fn colour_of(word: u64) -> (u16, Rgb) {
    let [b, g, r, low, high, ..] = word.to_le_bytes();
    (u16::from_le_bytes([low, high]), (r, g, b))
}

/// SGR numbers XTPUSHSGR knows, with the attributes they stand for.
const NAMED: [(u16, Attrs); 7] = [
    (1, Attrs::BOLD),
    (2, Attrs::DIM),
    (3, Attrs::ITALIC),
    (5, Attrs::BLINK),
    (7, Attrs::INVERSE),
    (8, Attrs::CONCEAL),
    (9, Attrs::STRIKE),
];

impl Emulator {
    /// XTPUSHSGR: what the numbers name, or all.
    pub(crate) fn push_style(&mut self, params: &CsiParams) {
        let named = params
            .all()
            .iter()
            .filter(|number| (1..64).contains(*number))
            .fold(0, |bits, number| bits | 1 << number);
        if self.saved_modes.styles.len() < STACK_MAX {
            self.saved_modes.styles.push((self.cursor.pen.style, named));
        }
    }

    /// XTPOPSGR.
    pub(crate) fn pop_style(&mut self) {
        let Some((kept, named)) = self.saved_modes.styles.pop() else { return };
        let has = |number: u16| named == 0 || named >> number & 1 == 1;
        let mut cell_style = if named == 0 { kept } else { self.cursor.pen.style };
        for (_, attrs) in NAMED.into_iter().filter(|(number, _)| has(*number)) {
            cell_style.unset(attrs);
            if kept.has(attrs) {
                cell_style.set(attrs);
            }
        }
        if has(4) || has(21) {
            cell_style.set_underline(kept.underline_kind());
        }
        if has(30) {
            cell_style.set_fg(kept.fg());
        }
        if has(31) {
            cell_style.set_bg(kept.bg());
        }
        cell_style.set_link(self.cursor.pen.style.link());
        self.cursor.pen.style = cell_style;
        self.cursor.pen.stale = true;
    }

    /// XTREPORTSGR: the attributes and colours that all cells of a rectangle have.
    pub(crate) fn report_styles(&mut self, numbers: &[u16]) {
        let Some(area) = self.area(numbers) else { return };
        let mut common: Option<CellStyle> = None;
        for y in area.rows {
            for cell in &self.grid.row(y)[area.cols.clone()] {
                let cell_style = self.tables.styles.get(cell.style());
                common = Some(common.map_or(cell_style, |common| common.shared_with(cell_style)));
            }
        }
        self.reply(Reply::CellStyles(common.unwrap_or_default()));
    }

    /// XTPUSHCOLORS: onto the stack, or to a place of it.
    pub(crate) fn push_colours(&mut self, place: u16) {
        let colours = self.palette.own();
        match usize::from(place) {
            0 if self.saved_modes.colours.len() < STACK_MAX => {
                self.saved_modes.colours.push(colours)
            }
            place if place <= self.saved_modes.colours.len() => {
                if let Some(kept) =
                    place.checked_sub(1).and_then(|at| self.saved_modes.colours.get_mut(at))
                {
                    *kept = colours;
                }
            }
            place if place <= STACK_MAX => {
                self.saved_modes.colours.resize(place - 1, Colours::new());
                self.saved_modes.colours.push(colours);
            }
            _ => {}
        }
    }

    /// XTPOPCOLORS: from the top of the stack, or a place of it, which stays.
    pub(crate) fn pop_colours(&mut self, place: u16) {
        let colours = match usize::from(place) {
            0 => self.saved_modes.colours.pop(),
            place => self.saved_modes.colours.get(place - 1).cloned(),
        };
        if let Some(colours) = colours {
            self.palette.set_own(&colours);
            self.recolour();
        }
    }
}

impl CellStyle {
    /// What this and another style have in common.
    fn shared_with(self, other: Self) -> Self {
        let mut common = Self::default();
        for (_, attrs) in NAMED.into_iter().chain([(53, Attrs::OVERLINE)]) {
            if self.has(attrs) && other.has(attrs) {
                common.set(attrs);
            }
        }
        common.set_underline(if self.underline_kind() == other.underline_kind() {
            self.underline_kind()
        } else {
            Underline::None
        });
        let same = |a: u32, b: u32| if a == b { a } else { 0 };
        common.set_fg(same(self.fg(), other.fg()));
        common.set_bg(same(self.bg(), other.bg()));
        common.set_underline_colour(same(self.underline(), other.underline()));
        common
    }
}
