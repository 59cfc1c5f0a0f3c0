//! A line that is being typed, with its cursor. It neither draws itself nor knows what it is for.

use unicode_segmentation::UnicodeSegmentation;

use crate::base::key::{Key, KeyCode, Mods};
use crate::base::text::{is_harmful, width};

/// The longest line, in bytes.
const LINE_MAX: usize = 4096;

/// A line of text and a cursor between two of its clusters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextInput {
    text: String,
    /// Byte offset, at a cluster's border.
    at: usize,
}

impl TextInput {
    /// A line with `text`, the cursor behind it.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { at: text.len(), text }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Columns before the cursor.
    #[must_use]
    pub fn cursor_cols(&self) -> usize {
        width(&self.text[..self.at])
    }

    /// Types `text` at the cursor, without what is harmful, up to the bound.
    pub fn insert(&mut self, text: &str) {
        for c in text.chars().filter(|c| !is_harmful(*c)) {
            if LINE_MAX < self.text.len() + c.len_utf8() {
                return;
            }
            self.text.insert(self.at, c);
            self.at += c.len_utf8();
        }
    }

    /// Edits the line as a shell's would (arrows, Home, End, Ctrl-A E B F H D K U W); whether the
    /// key meant something.
    pub fn key(&mut self, key: Key) -> bool {
        match (key.code, key.mods) {
            (KeyCode::Char(c), Mods::NONE | Mods::SHIFT) => self.insert(c.encode_utf8(&mut [0; 4])),
            (KeyCode::Left, Mods::NONE) | (KeyCode::Char('b'), Mods::CTRL) => {
                self.at = self.before();
            }
            (KeyCode::Right, Mods::NONE) | (KeyCode::Char('f'), Mods::CTRL) => {
                self.at = self.after();
            }
            (KeyCode::Home, Mods::NONE) | (KeyCode::Char('a'), Mods::CTRL) => self.at = 0,
            (KeyCode::End, Mods::NONE) | (KeyCode::Char('e'), Mods::CTRL) => {
                self.at = self.text.len();
            }
            (KeyCode::Backspace, _) | (KeyCode::Char('h'), Mods::CTRL) => {
                self.cut(self.before(), self.at);
            }
            (KeyCode::Delete, _) | (KeyCode::Char('d'), Mods::CTRL) => {
                self.cut(self.at, self.after());
            }
            (KeyCode::Char('k'), Mods::CTRL) => self.text.truncate(self.at),
            (KeyCode::Char('u'), Mods::CTRL) => self.cut(0, self.at),
            (KeyCode::Char('w'), Mods::CTRL) => {
                let kept = self.text[..self.at].trim_end().rfind(' ').map_or(0, |space| space + 1);
                self.cut(kept, self.at);
            }
            _ => return false,
        }
        true
    }

    fn cut(&mut self, from: usize, to: usize) {
        self.text.drain(from..to);
        self.at = from;
    }

    fn before(&self) -> usize {
        self.text[..self.at].grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn after(&self) -> usize {
        self.text[self.at..]
            .graphemes(true)
            .next()
            .map_or(self.at, |cluster| self.at + cluster.len())
    }
}

#[cfg(test)]
mod tests {
    use super::TextInput;

    fn check(text: &str, keys: &str, expected: &str) {
        let mut line = TextInput::new(text);
        for key in keys.split_whitespace() {
            assert!(line.key(key.parse().expect("a key")), "{key}");
        }
        let mut shown = line.text.clone();
        shown.insert(line.at, '|');
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_line_is_edited_as_in_a_shell() {
        check("ab", "C-a x Right y", "xay|b");
        check("a👨‍👩‍👧e\u{301}", "Backspace Left Delete", "a|");
        check("one two  ", "C-w", "one |");
        check("one two", "Home C-f C-k", "o|");
        check("one", "Left C-u", "|e");
        check("", "Backspace Delete Left Right C-w Space", " |");
    }

    #[test]
    fn nothing_harmful_gets_in_and_the_bound_holds() {
        let mut line = TextInput::default();
        line.insert("a\u{1b}\n\u{202e}b");
        assert_eq!(line.text(), "ab");
        line.insert(&"é".repeat(5000));
        assert_eq!(line.text().len(), super::LINE_MAX);
    }
}
