//! The work of a program as it reports it: the words of the Program Status Protocol (OSC 7501,
//! revision 0.3). Bytes are not known here.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The states that a program can report, the one that a person should see first being the greatest.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum WorkState {
    /// The program waits for the next instruction.
    Idle,
    /// The program works.
    Working,
    /// The program has finished, and the result was not looked at.
    Done,
    /// The program has failed and stopped.
    Error,
    /// The program cannot go on before a person does something.
    Blocked,
}

impl WorkState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Idle, Self::Working, Self::Done, Self::Error, Self::Blocked];

    /// The word of the protocol.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Working => "working",
            Self::Done => "done",
            Self::Error => "error",
            Self::Blocked => "blocked",
        }
    }

    /// The state of a word; none for other words.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// The status of a program, as it reported it last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProgramStatus {
    /// The state.
    pub state: WorkState,
    /// The thing it waits for while it is blocked: `permission`, `question` or `auth`; else empty.
    pub reason: String,
    /// The program's name of itself, at most 32 bytes; may be empty.
    pub app: String,
    /// A title of the work, at most 192 bytes, no controls; may be empty.
    pub title: String,
    /// A message for a person, at most 2048 bytes, no controls; may be empty.
    pub message: String,
    /// The part that is done, in percent.
    pub progress: Option<u8>,
}

impl ProgramStatus {
    /// In a line: the message, else the title, else the state in words.
    #[must_use]
    pub fn words(&self) -> String {
        let told = [&self.message, &self.title].into_iter().find(|text| !text.is_empty());
        if let Some(text) = told {
            return text.clone();
        }
        match (self.state, self.reason.as_str()) {
            (WorkState::Blocked, "permission") => "needs permission".into(),
            (WorkState::Blocked, "question") => "has a question".into(),
            (WorkState::Blocked, "auth") => "needs a login".into(),
            (state, _) => state.name().into(),
        }
    }
}

/// A report of a program. It takes the place of all that was said before for the same id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReport {
    /// The part of the program that it is about: a path such as `build/tests`; empty for all of it.
    pub id: String,
    /// The status; none takes it back, for its parts too.
    pub status: Option<ProgramStatus>,
}

/// The most parts of a program whose status is remembered.
const PARTS_MAX: usize = 32;

/// The reports of a program that are in force.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StatusBook(BTreeMap<String, ProgramStatus>);

impl StatusBook {
    /// Takes a report. One of a further part than are remembered is passed over.
    pub fn note(&mut self, report: StatusReport) {
        let StatusReport { id, status } = report;
        match status {
            None => {
                let parts = format!("{id}/");
                self.0.retain(|of, _| !(id.is_empty() || *of == id || of.starts_with(&parts)));
            }
            Some(status) if self.0.len() < PARTS_MAX || self.0.contains_key(&id) => {
                self.0.insert(id, status);
            }
            Some(_) => {}
        }
    }

    /// A shell shows its prompt: what worked or waited has gone.
    pub fn at_prompt(&mut self) {
        self.0.retain(|_, status| matches!(status.state, WorkState::Done | WorkState::Error));
    }

    /// Somebody has looked: results are no news any more.
    pub fn seen(&mut self) {
        self.0.retain(|_, status| !matches!(status.state, WorkState::Done | WorkState::Error));
    }

    /// Forgets everything: the program has ended, or has reset its terminal.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The status that a person should see first; a part without a name has that of what it is a
    /// part of.
    #[must_use]
    pub fn first(&self) -> Option<ProgramStatus> {
        let (id, status) = self.0.iter().rev().max_by_key(|(_, status)| status.state)?;
        let mut status = status.clone();
        let mut of = id.as_str();
        while status.app.is_empty() && !of.is_empty() {
            of = of.rsplit_once('/').map_or("", |(of, _)| of);
            status.app = self.0.get(of).map(|status| status.app.clone()).unwrap_or_default();
        }
        Some(status)
    }
}

#[cfg(test)]
mod tests {
    use super::{PARTS_MAX, ProgramStatus, StatusBook, StatusReport, WorkState};

    fn report(id: &str, state: Option<WorkState>) -> StatusReport {
        let status = state.map(|state| ProgramStatus {
            state,
            reason: String::new(),
            app: if id.is_empty() { "top".into() } else { String::new() },
            title: String::new(),
            message: String::new(),
            progress: None,
        });
        StatusReport { id: id.into(), status }
    }

    #[test]
    fn the_most_urgent_part_is_told_with_the_name_of_the_whole() {
        let mut book = StatusBook::default();
        book.note(report("", Some(WorkState::Working)));
        book.note(report("a/b", Some(WorkState::Blocked)));
        let first = book.first().expect("there is one");
        assert_eq!((first.state, first.app.as_str()), (WorkState::Blocked, "top"));
        book.note(report("a", None));
        assert_eq!(book.first().map(|status| status.state), Some(WorkState::Working));
        book.note(report("", None));
        assert_eq!(book.first(), None);
    }

    #[test]
    fn work_ends_at_the_prompt_and_results_when_they_are_seen() {
        let mut book = StatusBook::default();
        book.note(report("a", Some(WorkState::Working)));
        book.note(report("b", Some(WorkState::Done)));
        book.at_prompt();
        assert_eq!(book.first().map(|status| status.state), Some(WorkState::Done));
        book.seen();
        assert_eq!(book.first(), None);
    }

    #[test]
    fn parts_have_a_bound() {
        let mut book = StatusBook::default();
        for n in 0..100 {
            book.note(report(&n.to_string(), Some(WorkState::Idle)));
        }
        assert_eq!(book.0.len(), PARTS_MAX);
        book.note(report("0", Some(WorkState::Error)));
        assert_eq!(book.first().map(|status| status.state), Some(WorkState::Error));
    }
}
