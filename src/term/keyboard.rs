//! Which keyboard protocol a program asked for: kitty's flags with their stacks, and xterm's
//! modifyOtherKeys. Keys are encoded elsewhere.

/// Entries of a stack of flags; the oldest goes when it is full (kitty keyboard protocol,
/// "progressive enhancement").
const STACK_MAX: usize = 8;
const FLAGS: u16 = 31;

/// Flags of one screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Flags {
    pub(crate) current: u8,
    pub(crate) stack: Vec<u8>,
}

/// What was asked of the keyboard.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Keyboard {
    /// Of the screen shown, and of the other one.
    pub(crate) shown: Flags,
    pub(crate) hidden: Flags,
    pub(crate) alternate: bool,
    /// xterm's modifyOtherKeys: 0, 1, 2.
    pub(crate) modify_other: u8,
}

impl Keyboard {
    /// The flags in force.
    pub(crate) fn flags(&self) -> u8 {
        self.shown.current
    }

    /// Changes to the flags of the other screen.
    pub(crate) fn switch(&mut self, alternate: bool) {
        if self.alternate != alternate {
            self.alternate = alternate;
            std::mem::swap(&mut self.shown, &mut self.hidden);
        }
    }

    /// CSI > flags u.
    pub(crate) fn push(&mut self, flags: u16) {
        if self.shown.stack.len() == STACK_MAX {
            self.shown.stack.remove(0);
        }
        self.shown.stack.push(self.shown.current);
        self.shown.current = byte(flags);
    }

    /// CSI < number u.
    pub(crate) fn pop(&mut self, n: u16) {
        for _ in 0..usize::from(n).min(STACK_MAX) {
            self.shown.current = self.shown.stack.pop().unwrap_or(0);
        }
    }

    /// CSI = flags ; how u: 1 sets all, 2 adds, 3 takes away.
    pub(crate) fn change(&mut self, flags: u16, how: u16) {
        let flags = byte(flags);
        match how {
            1 => self.shown.current = flags,
            2 => self.shown.current |= flags,
            3 => self.shown.current &= !flags,
            _ => {}
        }
    }

    /// XTMODKEYS: resource 4 is modifyOtherKeys; without a value it is reset, without anything all
    /// are.
    pub(crate) fn set_modifier(&mut self, params: &[u16]) {
        match *params {
            [0 | 4] => self.modify_other = 0,
            [4, value, ..] => self.modify_other = u8::try_from(value.min(2)).unwrap_or(0),
            _ => {}
        }
    }

    /// XTMODKEYS off: CSI > resource n.
    pub(crate) fn unset_modifier(&mut self, resource: u16) {
        if resource == 4 {
            self.modify_other = 0;
        }
    }
}

fn byte(flags: u16) -> u8 {
    u8::try_from(flags & FLAGS).unwrap_or(0)
}
