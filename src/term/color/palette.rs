//! Colours a program can redefine or ask for: the 256 entries, foreground, background, cursor.
//! Unset ones are the outer terminal's.

use std::collections::BTreeMap;

use crate::base::style::{self, Colour, Rgb, Style};

/// The colours of the outer terminal, as far as they are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OuterColours {
    /// Default foreground.
    pub fg: Option<Rgb>,
    /// Default background.
    pub bg: Option<Rgb>,
    /// Cursor.
    pub cursor: Option<Rgb>,
    /// The 16 named colours.
    pub named: Option<[Rgb; 16]>,
}

const FG: Rgb = (229, 229, 229);
const BG: Rgb = (0, 0, 0);

/// The colours in force.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Palette {
    pub(crate) outer: OuterColours,
    /// Entries a program redefined (OSC 4).
    pub(crate) entries: BTreeMap<u8, Rgb>,
    /// OSC 10, 11 and 12.
    pub(crate) fg: Option<Rgb>,
    pub(crate) bg: Option<Rgb>,
    pub(crate) cursor: Option<Rgb>,
    /// Colours that change nothing here and are only reported: OSC 13 to 19 by their numbers, OSC 5
    /// from [`ATTRIBUTE_COLOURS`] on.
    pub(crate) others: BTreeMap<u16, Rgb>,
}

/// The number of the first colour of OSC 5 (bold, underlined, blinking, inverse, italic text), as
/// OSC 4 counts them.
pub(crate) const ATTRIBUTE_COLOURS: u16 = 256;
/// The number of colours of OSC 5.
pub(crate) const ATTRIBUTE_COLOURS_COUNT: u16 = 5;
/// Numbers of dynamic colours, which in own colours stand above all others.
const DYNAMIC: u16 = 512;

impl Palette {
    /// Forgets what the program redefined.
    pub(crate) fn reset(&mut self) {
        *self = Self { outer: self.outer, ..Self::default() };
    }

    /// An entry as it looks now.
    pub(crate) fn entry(&self, n: u8) -> Rgb {
        if let Some(own) = self.entries.get(&n) {
            return *own;
        }
        let outer = self.outer.named.as_ref().and_then(|named| named.get(usize::from(n)));
        outer.copied().unwrap_or_else(|| style::palette(n))
    }

    /// Foreground (10), background (11) or cursor (12) as it looks now.
    pub(crate) fn special(&self, number: u16) -> Option<Rgb> {
        let fg = self.fg.or(self.outer.fg).unwrap_or(FG);
        match number {
            10 => Some(fg),
            11 => Some(self.bg.or(self.outer.bg).unwrap_or(BG)),
            12 => Some(self.cursor.or(self.outer.cursor).unwrap_or(fg)),
            // The pointer, the Tektronix screen and highlighted text look like text here.
            13 | 15 | 17 | 18 => Some(self.others.get(&number).copied().unwrap_or(fg)),
            14 | 16 | 19 => {
                Some(self.others.get(&number).copied().or(self.special(11)).unwrap_or(BG))
            }
            _ => None,
        }
    }

    /// A colour of the palette, or of OSC 5 from [`ATTRIBUTE_COLOURS`] on; `None` if there is none
    /// of that number.
    pub(crate) fn numbered(&self, number: u16) -> Option<Rgb> {
        match u8::try_from(number) {
            Ok(entry) => Some(self.entry(entry)),
            Err(_) if number < ATTRIBUTE_COLOURS + ATTRIBUTE_COLOURS_COUNT => {
                self.others.get(&number).copied().or_else(|| self.special(10))
            }
            Err(_) => None,
        }
    }

    /// Redefines what [`Palette::numbered`] gives, or takes that back.
    pub(crate) fn set_numbered(&mut self, number: u16, colour: Option<Rgb>) {
        if self.numbered(number).is_none() {
            return;
        }
        match (u8::try_from(number), colour) {
            (Ok(entry), Some(colour)) => self.entries.extend([(entry, colour)]),
            (Ok(entry), None) => {
                self.entries.remove(&entry);
            }
            (Err(_), Some(colour)) => self.others.extend([(number, colour)]),
            (Err(_), None) => {
                self.others.remove(&number);
            }
        }
    }

    /// Everything the program redefined.
    pub(crate) fn own(&self) -> BTreeMap<u16, Rgb> {
        let mut own = self.others.clone();
        own.extend(
            self.entries.iter().map(|(entry, colour)| (u16::from(*entry) + 2 * DYNAMIC, *colour)),
        );
        for (number, colour) in [(10, self.fg), (11, self.bg), (12, self.cursor)] {
            own.extend(colour.map(|colour| (number + DYNAMIC, colour)));
        }
        own
    }

    /// Puts what [`Palette::own`] gave in place of what is redefined now.
    pub(crate) fn set_own(&mut self, own: &BTreeMap<u16, Rgb>) {
        self.reset();
        for (number, colour) in own {
            match number.checked_sub(2 * DYNAMIC).map(u8::try_from) {
                Some(Ok(entry)) => {
                    self.entries.insert(entry, *colour);
                }
                Some(Err(_)) => {}
                None if *number >= DYNAMIC => self.set_special(number - DYNAMIC, Some(*colour)),
                None => {
                    self.others.insert(*number, *colour);
                }
            }
        }
    }

    pub(crate) fn set_special(&mut self, number: u16, colour: Option<Rgb>) {
        match number {
            10 => self.fg = colour,
            11 => self.bg = colour,
            12 => self.cursor = colour,
            13..=19 => match colour {
                Some(colour) => {
                    self.others.insert(number, colour);
                }
                None => {
                    self.others.remove(&number);
                }
            },
            _ => {}
        }
    }

    /// 1 if the background is dark, 2 if it is light (mode 2031).
    pub(crate) fn scheme(&self) -> u8 {
        let (r, g, b) = self.special(11).unwrap_or(BG);
        let luma = 299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b);
        if luma < 128_000 { 1 } else { 2 }
    }

    /// A style with redefined colours in place of their numbers.
    pub(crate) fn resolve(&self, style: Style) -> Style {
        if self.entries.is_empty() && self.fg.is_none() && self.bg.is_none() {
            return style;
        }
        let colour = |colour: Colour, default: Option<Rgb>| {
            let own = match colour {
                Colour::Default => default,
                Colour::Indexed(n) => self.entries.get(&n).copied(),
                Colour::Rgb(..) => None,
            };
            own.map_or(colour, |(r, g, b)| Colour::Rgb(r, g, b))
        };
        Style {
            fg: colour(style.fg, self.fg),
            bg: colour(style.bg, self.bg),
            underline_colour: colour(style.underline_colour, None),
            ..style
        }
    }
}
