//! Titles and their stack (OSC 0, 1, 2; CSI 22 t and 23 t). They are never reported back.

/// Bytes of a title.
pub(crate) const TITLE_BYTES_MAX: usize = 1024;
/// Titles on the stack; the oldest goes when one more comes.
pub(crate) const STACK_MAX: usize = 16;

/// The title now, and those kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Titles {
    pub(crate) title: String,
    pub(crate) stack: Vec<String>,
}

impl Titles {
    /// CSI 22 ; what t: 0 both, 2 the window's; 1, the icon's, is not kept.
    pub(crate) fn push(&mut self, what: u16) {
        if what == 1 {
            return;
        }
        if self.stack.len() == STACK_MAX {
            self.stack.remove(0);
        }
        self.stack.push(self.title.clone());
    }

    /// CSI 23 ; what t: the title it brought back.
    pub(crate) fn pop(&mut self, what: u16) -> Option<String> {
        if what == 1 {
            return None;
        }
        self.title = self.stack.pop()?;
        Some(self.title.clone())
    }

    pub(crate) fn reset(&mut self) {
        self.stack.clear();
    }
}
