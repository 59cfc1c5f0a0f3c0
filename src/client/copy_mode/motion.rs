//! The target of a motion: from a cell over the rows to another, as tmux's copy mode has it. A row
//! that is not there is asked for, nothing else.

use crate::client::copy_mode::scrollback_cache::{Missing, ScrollbackCache};
use crate::wire::scroll::ScrollPoint;

/// A way to move over the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    /// A cell to the left.
    Left,
    /// A cell to the right.
    Right,
    /// To the first cell of the line.
    LineStart,
    /// To the first cell of the line that is not blank.
    Indent,
    /// To the last cell of the line.
    LineEnd,
    /// Over words; big ones end at blanks only.
    Word(Word, Big),
    /// To the blank row before or after.
    Paragraph(Toward),
    /// To the bracket that belongs to this or the next one.
    Bracket,
    /// To a character in the line, or to the one before it.
    Char(char, Toward, Till),
}

/// A place in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// The start of the next.
    Next,
    /// The start of this or the one before.
    Back,
    /// The end of this or the next.
    End,
}

/// The kind of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Big {
    /// Separators are words of their own.
    No,
    /// Everything between blanks.
    Yes,
    /// Separators are blanks.
    Emacs,
}

/// A direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Toward {
    /// Towards older text.
    Back,
    /// Towards newer text.
    On,
}

/// The end of a motion to a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Till {
    /// To it.
    At,
    /// To the cell before it.
    Before,
}

impl Toward {
    /// The other one.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::Back => Self::On,
            Self::On => Self::Back,
        }
    }
}

/// The kind of a character, as far as words go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CharClass {
    Blank,
    Separator,
    Word,
}

/// The rows, and what separates words in them.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    /// The rows.
    pub rows: &'a ScrollbackCache,
    /// Characters that separate words.
    pub separators: &'a str,
    /// True if the cursor may stand after the last character of a row.
    pub beyond: bool,
}

/// Opening and closing brackets.
const BRACKETS: [(char, char); 3] = [('(', ')'), ('[', ']'), ('{', '}')];

impl Text<'_> {
    /// The cell to which a motion leads; the one at which it began if it leads nowhere.
    ///
    /// # Errors
    /// The row that is missing to say so.
    pub fn go(&self, from: ScrollPoint, motion: Motion) -> Result<ScrollPoint, Missing> {
        match motion {
            Motion::Left => Ok(self.prev(from)?.map_or(from, |(cell, _)| cell)),
            Motion::Right => self.right(from),
            Motion::LineStart => Ok(ScrollPoint { row: self.rows.line_start(from.row)?, col: 0 }),
            Motion::Indent => self.indent(from),
            Motion::LineEnd => {
                let row = self.rows.line_end(from.row)?;
                let text = self.rows.row(row)?;
                Ok(ScrollPoint { row, col: if self.beyond { text.len() } else { text.last() } })
            }
            Motion::Word(Word::Next, big) => self.word_next(from, big),
            Motion::Word(Word::Back, big) => self.word_back(from, big),
            Motion::Word(Word::End, big) => self.word_end(from, big),
            Motion::Paragraph(way) => self.paragraph(from, way),
            Motion::Bracket => self.bracket(from),
            Motion::Char(c, way, till) => self.char(from, c, way, till),
        }
    }

    /// The first and the last cell of the word at a cell.
    ///
    /// # Errors
    /// The row that is missing to say so.
    pub fn word_at(&self, at: ScrollPoint) -> Result<(ScrollPoint, ScrollPoint), Missing> {
        let class = self.class(at, Big::No)?;
        let (mut first, mut last) =
            (ScrollPoint { col: self.rows.row(at.row)?.head(at.col), ..at }, at);
        while let Some((cell, false)) = self.prev(first)?
            && self.class(cell, Big::No)? == class
        {
            first = cell;
        }
        while let Some((cell, false)) = self.next(last)?
            && self.class(cell, Big::No)? == class
        {
            last = cell;
        }
        Ok((first, last))
    }

    /// The cell after this one, and whether a line ended between them.
    fn next(&self, at: ScrollPoint) -> Result<Option<(ScrollPoint, bool)>, Missing> {
        let row = self.rows.row(at.row)?;
        let len = if row.wrapped {
            row.glyphs().last().map_or(0, |glyph| glyph.col + glyph.cols)
        } else {
            row.len()
        };
        let next = row
            .glyph_at(at.col)
            .map_or(at.col + 1, |idx| row.glyphs()[idx].col + row.glyphs()[idx].cols);
        if next < len {
            return Ok(Some((ScrollPoint { col: next, ..at }, false)));
        }
        if self.rows.end <= at.row + 1 {
            return Ok(None);
        }
        self.rows.row(at.row + 1)?;
        Ok(Some((ScrollPoint { row: at.row + 1, col: 0 }, !row.wrapped)))
    }

    /// The cell before this one, and whether a line ended between them.
    fn prev(&self, at: ScrollPoint) -> Result<Option<(ScrollPoint, bool)>, Missing> {
        if let Some(before) = self.rows.row(at.row)?.head(at.col).checked_sub(1) {
            return Ok(Some((
                ScrollPoint { col: self.rows.row(at.row)?.head(before), ..at },
                false,
            )));
        }
        if at.row <= self.rows.first {
            return Ok(None);
        }
        let row = self.rows.row(at.row - 1)?;
        let last =
            if row.wrapped { row.glyphs().last().map_or(0, |glyph| glyph.col) } else { row.last() };
        Ok(Some((ScrollPoint { row: at.row - 1, col: last }, !row.wrapped)))
    }

    fn right(&self, from: ScrollPoint) -> Result<ScrollPoint, Missing> {
        let row = self.rows.row(from.row)?;
        if self.beyond && from.col < row.len() && row.len() <= from.col + 1 && !row.wrapped {
            return Ok(ScrollPoint { col: row.len(), ..from });
        }
        Ok(self.next(from)?.map_or(from, |(cell, _)| cell))
    }

    fn indent(&self, from: ScrollPoint) -> Result<ScrollPoint, Missing> {
        let mut row = self.rows.line_start(from.row)?;
        loop {
            let text = self.rows.row(row)?;
            let found = text.glyphs().iter().enumerate().find(|(idx, _)| text.part(*idx) != " ");
            if let Some((_, glyph)) = found {
                return Ok(ScrollPoint { row, col: glyph.col });
            }
            if !text.wrapped || self.rows.end <= row + 1 {
                return Ok(ScrollPoint { row, col: 0 });
            }
            row += 1;
        }
    }

    fn class(&self, at: ScrollPoint, big: Big) -> Result<CharClass, Missing> {
        let c = self.rows.row(at.row)?.at(at.col).chars().next().unwrap_or(' ');
        Ok(match big {
            _ if c.is_whitespace() => CharClass::Blank,
            Big::No if self.separators.contains(c) => CharClass::Separator,
            Big::Emacs if self.separators.contains(c) => CharClass::Blank,
            _ => CharClass::Word,
        })
    }

    fn word_next(&self, from: ScrollPoint, big: Big) -> Result<ScrollPoint, Missing> {
        let class = self.class(from, big)?;
        let mut at = from;
        let mut is_new_line = false;
        while let Some((cell, ended)) = self.next(at)? {
            at = cell;
            is_new_line = ended;
            if ended || self.class(at, big)? != class || class == CharClass::Blank {
                break;
            }
        }
        while self.class(at, big)? == CharClass::Blank {
            // An empty line is a word of its own.
            if is_new_line && at.col == 0 && self.rows.row(at.row)?.is_empty() {
                break;
            }
            let Some((cell, ended)) = self.next(at)? else { break };
            (at, is_new_line) = (cell, ended);
        }
        Ok(at)
    }

    fn word_end(&self, from: ScrollPoint, big: Big) -> Result<ScrollPoint, Missing> {
        let Some((mut at, _)) = self.next(from)? else { return Ok(from) };
        while self.class(at, big)? == CharClass::Blank {
            let Some((cell, _)) = self.next(at)? else { return Ok(at) };
            at = cell;
        }
        let class = self.class(at, big)?;
        while let Some((cell, false)) = self.next(at)?
            && self.class(cell, big)? == class
        {
            at = cell;
        }
        Ok(if big == Big::Emacs { self.right(at)? } else { at })
    }

    fn word_back(&self, from: ScrollPoint, big: Big) -> Result<ScrollPoint, Missing> {
        let Some((mut at, mut is_new_line)) = self.prev(from)? else { return Ok(from) };
        while self.class(at, big)? == CharClass::Blank {
            if is_new_line && big != Big::Emacs && self.rows.row(at.row)?.is_empty() {
                return Ok(at);
            }
            let Some((cell, ended)) = self.prev(at)? else { return Ok(at) };
            (at, is_new_line) = (cell, ended);
        }
        let class = self.class(at, big)?;
        while let Some((cell, false)) = self.prev(at)?
            && self.class(cell, big)? == class
        {
            at = cell;
        }
        Ok(at)
    }

    fn paragraph(&self, from: ScrollPoint, way: Toward) -> Result<ScrollPoint, Missing> {
        let step = |row: u64| match way {
            Toward::Back => row.checked_sub(1).filter(|row| self.rows.first <= *row),
            Toward::On => Some(row + 1).filter(|row| *row < self.rows.end),
        };
        let mut row = from.row;
        let mut was_text = false;
        loop {
            let is_empty = self.rows.row(row)?.is_empty();
            if is_empty && was_text {
                return Ok(ScrollPoint { row, col: 0 });
            }
            was_text |= !is_empty;
            let Some(next) = step(row) else { break };
            row = next;
        }
        Ok(ScrollPoint { row, col: if way == Toward::On { self.rows.row(row)?.last() } else { 0 } })
    }

    fn bracket(&self, from: ScrollPoint) -> Result<ScrollPoint, Missing> {
        let char_at =
            |at: ScrollPoint| Ok(self.rows.row(at.row)?.at(at.col).chars().next().unwrap_or(' '));
        let mut at = from;
        let (open, close, way) = loop {
            let c = char_at(at)?;
            if let Some((open, close)) =
                BRACKETS.into_iter().find(|(open, close)| c == *open || c == *close)
            {
                break if c == open {
                    (open, close, Toward::On)
                } else {
                    (close, open, Toward::Back)
                };
            }
            match self.next(at)? {
                Some((cell, false)) => at = cell,
                _ => return Ok(from),
            }
        };
        let mut depth = 0_u32;
        loop {
            let c = char_at(at)?;
            depth = if c == open { depth + 1 } else { depth - u32::from(c == close) };
            if depth == 0 {
                return Ok(at);
            }
            let step = if way == Toward::On { self.next(at)? } else { self.prev(at)? };
            let Some((cell, _)) = step else { return Ok(from) };
            at = cell;
        }
    }

    fn char(
        &self,
        from: ScrollPoint,
        wanted: char,
        way: Toward,
        till: Till,
    ) -> Result<ScrollPoint, Missing> {
        let step = |at: ScrollPoint| if way == Toward::On { self.next(at) } else { self.prev(at) };
        let mut before = from;
        // A motion to the cell before a character begins after the character it came to last.
        if till == Till::Before
            && let Some((cell, false)) = step(before)?
        {
            before = cell;
        }
        while let Some((cell, false)) = step(before)? {
            if self.rows.row(cell.row)?.at(cell.col).starts_with(wanted) {
                return Ok(if till == Till::Before { before } else { cell });
            }
            before = cell;
        }
        Ok(from)
    }
}
