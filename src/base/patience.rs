//! Whether somebody answers, looked at only while he owes something: asked after a while, given up
//! after a longer one. No clock is read here.

use crate::base::time::{Span, Tick};

/// What has been waited for, and until when.
#[derive(Debug)]
pub struct Patience {
    ask_after: Span,
    answer_within: Span,
    is_owed: bool,
    next: Option<Tick>,
    is_asked: bool,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Fine,
    /// Ask for an answer.
    Ask,
    /// None came in time.
    Late,
}

impl Patience {
    /// Nothing is owed yet. Who owes something is asked after `ask_after`, and has `answer_within`
    /// then.
    #[must_use]
    pub const fn new(ask_after: Span, answer_within: Span) -> Self {
        Self { ask_after, answer_within, is_owed: false, next: None, is_asked: false }
    }

    /// Whether something is owed, as the one who owes says.
    pub fn expect(&mut self, is_owed: bool, now: Tick) {
        self.is_owed = is_owed;
        if is_owed {
            self.woken(now);
        } else if !self.is_asked {
            self.next = None;
        }
    }

    /// The one was woken, and so will have to wait again some time.
    pub fn woken(&mut self, now: Tick) {
        self.next.get_or_insert(now + self.ask_after);
    }

    /// The one has answered. `is_waiting`: and has nothing to do.
    pub fn answered(&mut self, is_waiting: bool, now: Tick) {
        self.is_asked = false;
        self.next = (self.is_owed || !is_waiting).then(|| now + self.ask_after);
    }

    /// When something is due; never, if nothing is owed.
    #[must_use]
    pub const fn deadline(&self) -> Option<Tick> {
        self.next
    }

    /// Whether an answer is overdue.
    #[must_use]
    pub fn is_late(&self, now: Tick) -> bool {
        self.is_asked && self.next.is_some_and(|next| next <= now)
    }

    /// What is to be done now. `is_excused`: the one cannot answer, and that is no fault.
    pub fn due(&mut self, is_waiting: bool, is_excused: bool, now: Tick) -> Verdict {
        if self.next.is_none_or(|next| now < next) {
            return Verdict::Fine;
        }
        if self.is_asked && !is_excused {
            *self = Self::new(self.ask_after, self.answer_within);
            return Verdict::Late;
        }
        if !self.is_owed && is_waiting {
            *self = Self::new(self.ask_after, self.answer_within);
            return Verdict::Fine;
        }
        self.next = Some(now + self.answer_within);
        if std::mem::replace(&mut self.is_asked, true) { Verdict::Fine } else { Verdict::Ask }
    }
}

#[cfg(test)]
mod tests {
    use super::{Patience, Verdict};
    use crate::base::time::{Span, Tick};

    const ASK_AFTER: Span = Span::seconds(2);
    const ANSWER_WITHIN: Span = Span::seconds(10);

    fn patience() -> Patience {
        Patience::new(ASK_AFTER, ANSWER_WITHIN)
    }

    #[test]
    fn one_who_waits_and_owes_nothing_is_left_in_silence() {
        let mut patience = patience();
        assert_eq!(patience.deadline(), None);
        patience.woken(Tick(0));
        let later = patience.deadline().unwrap();
        assert_eq!(later, Tick(0) + ASK_AFTER);
        assert_eq!(patience.due(true, false, later), Verdict::Fine);
        assert_eq!(patience.deadline(), None);
    }

    #[test]
    fn one_who_owes_is_asked_and_answers_until_nothing_is_owed() {
        let mut patience = patience();
        patience.expect(true, Tick(0));
        let asked = patience.deadline().unwrap();
        assert_eq!(patience.due(true, false, asked), Verdict::Ask);
        assert_eq!(patience.deadline(), Some(asked + ANSWER_WITHIN));
        patience.answered(true, asked);
        assert_eq!(patience.deadline(), Some(asked + ASK_AFTER));
        patience.expect(false, asked);
        assert_eq!(patience.deadline(), None);
    }

    #[test]
    fn one_who_does_not_answer_is_late_but_for_an_excuse() {
        let mut patience = patience();
        patience.expect(true, Tick(0));
        let asked = patience.deadline().unwrap();
        patience.due(true, false, asked);
        let late = patience.deadline().unwrap();
        assert!(patience.is_late(late));
        assert_eq!(patience.due(true, true, late), Verdict::Fine);
        let later = patience.deadline().unwrap();
        assert_eq!(
            (later, patience.due(true, false, later)),
            (late + ANSWER_WITHIN, Verdict::Late)
        );
    }
}
