//! Titles and their stack (OSC 0, 1, 2; CSI 22 t and 23 t). They are told to programs only where
//! the options allow it.

use crate::base::text::sanitize;

/// Bytes of a title.
pub(crate) const TITLE_BYTES_MAX: usize = 1024;
/// Titles on the stack; the oldest goes when one more comes.
pub(crate) const STACK_MAX: usize = 16;

/// Title and icon name now, and those kept, title first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Titles {
    pub(crate) title: String,
    pub(crate) icon: String,
    pub(crate) stack: Vec<(String, String)>,
}

impl Titles {
    /// Title and icon name.
    pub(crate) fn now(&self) -> (String, String) {
        (self.title.clone(), self.icon.clone())
    }

    /// From a snapshot.
    pub(crate) fn restore(
        (title, icon): (String, String),
        mut stack: Vec<(String, String)>,
    ) -> Self {
        let short = |text: &str| sanitize(text, TITLE_BYTES_MAX);
        stack.truncate(STACK_MAX);
        let stack = stack.iter().map(|(title, icon)| (short(title), short(icon))).collect();
        Self { title: short(&title), icon: short(&icon), stack }
    }

    /// CSI 22 ; what t: 0 both, 1 the icon's name, 2 the title. What is not meant is kept as the
    /// entry below has it (xterm).
    pub(crate) fn push(&mut self, what: u16) {
        let below = self.stack.last().cloned().unwrap_or_else(|| self.now());
        let title = if matches!(what, 0 | 2) { self.title.clone() } else { below.0 };
        let icon = if matches!(what, 0 | 1) { self.icon.clone() } else { below.1 };
        if self.stack.len() == STACK_MAX {
            self.stack.remove(0);
        }
        self.stack.push((title, icon));
    }

    /// CSI 23 ; what t: the title, if it brought one back. The entry is gone whatever was meant.
    pub(crate) fn pop(&mut self, what: u16) -> Option<String> {
        let (title, icon) = self.stack.pop()?;
        if matches!(what, 0 | 1) {
            self.icon = icon;
        }
        if !matches!(what, 0 | 2) {
            return None;
        }
        self.title.clone_from(&title);
        Some(title)
    }

    pub(crate) fn reset(&mut self) {
        self.stack.clear();
    }
}
