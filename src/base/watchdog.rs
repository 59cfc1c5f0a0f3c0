//! True if somebody answers, looked at only while he owes something: asked after a while, given up
//! after a longer one. No clock is read here.

use crate::base::time::{Span, Tick};

/// An answer that is waited for, and until when.
#[derive(Debug)]
pub struct Watchdog {
    ask_after: Span,
    answer_within: Span,
    is_owed: bool,
    next: Option<Tick>,
    is_asked: bool,
}

/// The step that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchdogAction {
    /// Nothing.
    Fine,
    /// Ask for an answer.
    Ask,
    /// None came in time.
    Late,
}

impl Watchdog {
    /// Nothing is owed yet. Who owes something is asked after `ask_after`, and has `answer_within`
    /// then.
    #[must_use]
    pub const fn new(ask_after: Span, answer_within: Span) -> Self {
        Self { ask_after, answer_within, is_owed: false, next: None, is_asked: false }
    }

    /// Notes if something is owed, as the one who owes says.
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

    /// The moment when something is due; never, if nothing is owed.
    #[must_use]
    pub const fn deadline(&self) -> Option<Tick> {
        self.next
    }

    /// True if an answer is overdue.
    #[must_use]
    pub fn is_late(&self, now: Tick) -> bool {
        self.is_asked && self.next.is_some_and(|next| next <= now)
    }

    /// The step that is due now. `is_excused`: the one cannot answer, and that is no fault.
    pub fn due(&mut self, is_waiting: bool, is_excused: bool, now: Tick) -> WatchdogAction {
        if self.next.is_none_or(|next| now < next) {
            return WatchdogAction::Fine;
        }
        if self.is_asked && !is_excused {
            *self = Self::new(self.ask_after, self.answer_within);
            return WatchdogAction::Late;
        }
        if !self.is_owed && is_waiting {
            *self = Self::new(self.ask_after, self.answer_within);
            return WatchdogAction::Fine;
        }
        self.next = Some(now + self.answer_within);
        if std::mem::replace(&mut self.is_asked, true) {
            WatchdogAction::Fine
        } else {
            WatchdogAction::Ask
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Watchdog, WatchdogAction};
    use crate::base::time::{Span, Tick};

    const ASK_AFTER: Span = Span::seconds(2);
    const ANSWER_WITHIN: Span = Span::seconds(10);

    fn watchdog() -> Watchdog {
        Watchdog::new(ASK_AFTER, ANSWER_WITHIN)
    }

    #[test]
    fn one_who_waits_and_owes_nothing_is_left_in_silence() {
        let mut watchdog = watchdog();
        assert_eq!(watchdog.deadline(), None);
        watchdog.woken(Tick(0));
        let later = watchdog.deadline().unwrap();
        assert_eq!(later, Tick(0) + ASK_AFTER);
        assert_eq!(watchdog.due(true, false, later), WatchdogAction::Fine);
        assert_eq!(watchdog.deadline(), None);
    }

    #[test]
    fn one_who_owes_is_asked_and_answers_until_nothing_is_owed() {
        let mut watchdog = watchdog();
        watchdog.expect(true, Tick(0));
        let asked = watchdog.deadline().unwrap();
        assert_eq!(watchdog.due(true, false, asked), WatchdogAction::Ask);
        assert_eq!(watchdog.deadline(), Some(asked + ANSWER_WITHIN));
        watchdog.answered(true, asked);
        assert_eq!(watchdog.deadline(), Some(asked + ASK_AFTER));
        watchdog.expect(false, asked);
        assert_eq!(watchdog.deadline(), None);
    }

    #[test]
    fn one_who_does_not_answer_is_late_but_for_an_excuse() {
        let mut watchdog = watchdog();
        watchdog.expect(true, Tick(0));
        let asked = watchdog.deadline().unwrap();
        watchdog.due(true, false, asked);
        let late = watchdog.deadline().unwrap();
        assert!(watchdog.is_late(late));
        assert_eq!(watchdog.due(true, true, late), WatchdogAction::Fine);
        let later = watchdog.deadline().unwrap();
        assert_eq!(
            (later, watchdog.due(true, false, later)),
            (late + ANSWER_WITHIN, WatchdogAction::Late)
        );
    }
}
