//! The process view: rows as the server lists them, sorted, narrowed, tagged, and what keys ask
//! for. It neither draws itself nor sends anything.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::base::id::{CommandId, PaneId, SessionId};
use crate::base::key::{Key, KeyCode, Mods};
use crate::base::text::sanitize;
use crate::base::time::{Span, Tick};
use crate::client::text_input::TextInput;
use crate::wire::rpc::ProcessRow;

/// The pause between two requests for the table.
pub(super) const EVERY: Span = Span::seconds(1);
/// The longest command line that is asked for, in bytes.
pub const LINE_MAX: usize = 256;
/// Rows that a page has.
const PAGE: usize = 10;

/// A process, for certain: an id is used again, but not with the same start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProcessIdent {
    /// The process id.
    pub pid: i32,
    /// The time of its start, in clock ticks since boot.
    pub start_time: u64,
}

/// A process as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// The process.
    pub ident: ProcessIdent,
    /// The depth below the first process of its pane or command.
    pub depth: usize,
    /// The session.
    pub session: Option<SessionId>,
    /// The pane it runs in.
    pub pane: Option<PaneId>,
    /// The command it is part of.
    pub command: Option<CommandId>,
    /// `running`, `sleeping`, `waiting`, `stopped` or `zombie`.
    pub state: String,
    /// Tenths of hundredths of one processor.
    pub cpu_tenths: u64,
    /// Resident memory, in bytes.
    pub rss: u64,
    /// The time for which it has been running, in milliseconds.
    pub age_ms: u64,
    /// Program and arguments.
    pub line: String,
}

/// The order of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Sort {
    /// Each below the one that started it.
    #[default]
    Tree,
    /// The busiest first.
    Cpu,
    /// The largest first.
    Memory,
    /// The youngest first.
    Age,
}

impl Sort {
    const ALL: [Self; 4] = [Self::Tree, Self::Cpu, Self::Memory, Self::Age];

    fn step(self, by: usize) -> Self {
        let at = Self::ALL.iter().position(|sort| *sort == self).unwrap_or(0);
        Self::ALL[(at + by) % Self::ALL.len()]
    }
}

/// An action on processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProcessAction {
    /// Told to end, killed after the grace; with all it started or alone.
    Stop {
        /// True if what it started is meant too.
        tree: bool,
    },
    /// Sent this signal, and nothing else.
    Signal(&'static str),
}

/// The mode that decides what keys mean.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Mode {
    /// They move and act.
    #[default]
    List,
    /// They type the filter.
    Filter,
    /// The next one names a signal.
    Signal,
    /// True if this is meant, yes or no.
    Ask(ProcessAction, Vec<ProcessIdent>),
}

/// An effect of a key outside the view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ProcessEffect {
    /// Nothing.
    Nothing,
    /// The view closes.
    Close,
    /// The view closes and that pane gets the focus.
    Focus(PaneId),
    /// This is done to these.
    Do(ProcessAction, Vec<ProcessIdent>),
}

/// The signals of the menu, each with its key.
pub(super) const SIGNALS: [(char, &str); 10] = [
    ('h', "HUP"),
    ('i', "INT"),
    ('q', "QUIT"),
    ('t', "TERM"),
    ('k', "KILL"),
    ('s', "STOP"),
    ('c', "CONT"),
    ('1', "USR1"),
    ('2', "USR2"),
    ('w', "WINCH"),
];

/// The process view.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ProcessView {
    /// The mode.
    pub mode: Mode,
    /// The order.
    pub sort: Sort,
    /// The text that narrows the list.
    pub filter: TextInput,
    /// The time at which the table is asked for again.
    pub again: Tick,
    /// The call that asked for it and is not answered.
    pub asked: Option<u64>,
    /// True if the table came at all.
    pub is_filled: bool,
    /// Processes that are told to end, and when they are killed.
    pub stopping: BTreeMap<ProcessIdent, Tick>,
    rows: Vec<Row>,
    /// Indices of rows that are shown, in their order.
    found: Vec<usize>,
    at: usize,
    selected: Option<ProcessIdent>,
    /// The pane whose first process is selected once it is there.
    home: Option<PaneId>,
    tagged: BTreeSet<ProcessIdent>,
}

impl ProcessView {
    /// An empty view that will begin at the processes of `home`.
    #[must_use]
    pub(super) fn new(home: Option<PaneId>, now: Tick) -> Self {
        Self {
            mode: Mode::List,
            sort: Sort::Tree,
            filter: TextInput::default(),
            again: now,
            asked: None,
            is_filled: false,
            stopping: BTreeMap::new(),
            rows: Vec::new(),
            found: Vec::new(),
            at: 0,
            selected: None,
            home,
            tagged: BTreeSet::new(),
        }
    }

    /// Takes the table as the server gives it. What was selected and tagged stays so as long as it
    /// lives.
    pub(super) fn fill(&mut self, table: Vec<ProcessRow>) {
        self.rows = table.into_iter().filter(|listed| 0 < listed.pid).map(Row::from).collect();
        let living: BTreeSet<ProcessIdent> = self.rows.iter().map(|row| row.ident).collect();
        self.tagged.retain(|ident| living.contains(ident));
        self.stopping.retain(|ident, _| living.contains(ident));
        self.is_filled = true;
        if let Some(home) = self.home.take() {
            self.selected =
                self.rows.iter().find(|row| row.pane == Some(home)).map(|row| row.ident);
        }
        self.arrange();
    }

    /// The rows that are shown, in their order.
    #[must_use]
    pub(super) fn found(&self) -> impl ExactSizeIterator<Item = &Row> {
        self.found.iter().map(|idx| &self.rows[*idx])
    }

    /// The number of processes.
    #[must_use]
    pub(super) fn count(&self) -> usize {
        self.rows.len()
    }

    /// The number of tagged processes.
    #[must_use]
    pub(super) fn tagged_count(&self) -> usize {
        self.tagged.len()
    }

    /// True if it is tagged.
    #[must_use]
    pub(super) fn is_tagged(&self, ident: ProcessIdent) -> bool {
        self.tagged.contains(&ident)
    }

    /// The place of the selected row in [`Self::found`].
    #[must_use]
    pub(super) fn selected_idx(&self) -> usize {
        self.at
    }

    /// The selected row; none if none is shown.
    #[must_use]
    pub(super) fn selected(&self) -> Option<&Row> {
        self.found.get(self.at).map(|idx| &self.rows[*idx])
    }

    /// Selects one of [`Self::found`].
    pub(super) fn select(&mut self, idx: usize) {
        self.at = idx.min(self.found.len().saturating_sub(1));
        self.selected = self.selected().map(|row| row.ident);
    }

    /// Types text into the filter.
    pub(super) fn insert(&mut self, text: &str) {
        self.filter.insert(text);
        self.arrange();
    }

    /// These are told to end now and killed at `until`.
    pub(super) fn note_stop(&mut self, idents: &[ProcessIdent], until: Tick) {
        self.stopping.extend(idents.iter().map(|ident| (*ident, until)));
    }

    /// Takes a key.
    pub(super) fn press(&mut self, key: Key) -> ProcessEffect {
        match std::mem::take(&mut self.mode) {
            Mode::List => self.list_key(key),
            Mode::Filter => self.filter_key(key),
            Mode::Signal => {
                let KeyCode::Char(c) = key.code else { return ProcessEffect::Nothing };
                let signal = SIGNALS.iter().find(|(letter, _)| *letter == c).map(|(_, name)| *name);
                signal.map_or(ProcessEffect::Nothing, |signal| {
                    self.act(ProcessAction::Signal(signal))
                })
            }
            Mode::Ask(deed, idents) => match key.code {
                KeyCode::Char('y' | 'Y') | KeyCode::Enter => self.order(deed, idents),
                _ => ProcessEffect::Nothing,
            },
        }
    }

    fn list_key(&mut self, key: Key) -> ProcessEffect {
        let last = self.found.len().saturating_sub(1);
        match (key.code, key.mods) {
            (KeyCode::Esc, _) if !self.filter.text().is_empty() => {
                self.filter = TextInput::default();
                self.arrange();
            }
            (KeyCode::Esc | KeyCode::Char('q'), _) | (KeyCode::Char('c' | 'g'), Mods::CTRL) => {
                return ProcessEffect::Close;
            }
            (KeyCode::Up | KeyCode::Char('k'), Mods::NONE) | (KeyCode::Char('p'), Mods::CTRL) => {
                self.select(self.at.saturating_sub(1));
            }
            (KeyCode::Down | KeyCode::Char('j'), Mods::NONE) | (KeyCode::Char('n'), Mods::CTRL) => {
                self.select(self.at + 1);
            }
            (KeyCode::PageUp, _) | (KeyCode::Char('b'), Mods::CTRL) => {
                self.select(self.at.saturating_sub(PAGE));
            }
            (KeyCode::PageDown, _) | (KeyCode::Char('f'), Mods::CTRL) => {
                self.select(self.at + PAGE);
            }
            (KeyCode::Home | KeyCode::Char('g'), _) => self.select(0),
            (KeyCode::End | KeyCode::Char('G'), _) => self.select(last),
            (KeyCode::Char('/'), _) => self.mode = Mode::Filter,
            (KeyCode::Char('s' | '>'), _) => self.sort_by(self.sort.step(1)),
            (KeyCode::Char('<'), _) => self.sort_by(self.sort.step(Sort::ALL.len() - 1)),
            (KeyCode::Char(' '), _) => self.tag(),
            (KeyCode::Char('u'), _) => self.tagged.clear(),
            (KeyCode::Char('x') | KeyCode::Delete, _) => {
                return self.act(ProcessAction::Stop { tree: false });
            }
            (KeyCode::Char('X'), _) => return self.act(ProcessAction::Stop { tree: true }),
            (KeyCode::Char('K'), _) => return self.act(ProcessAction::Signal("KILL")),
            (KeyCode::Char('S'), _) => self.mode = Mode::Signal,
            (KeyCode::Enter | KeyCode::Keypad('\r'), _) => {
                return self
                    .selected()
                    .and_then(|row| row.pane)
                    .map_or(ProcessEffect::Nothing, ProcessEffect::Focus);
            }
            _ => {}
        }
        ProcessEffect::Nothing
    }

    fn filter_key(&mut self, key: Key) -> ProcessEffect {
        match (key.code, key.mods) {
            (KeyCode::Esc, _) | (KeyCode::Char('c' | 'g'), Mods::CTRL) => {
                self.filter = TextInput::default();
            }
            (KeyCode::Enter | KeyCode::Keypad('\r'), _) => return ProcessEffect::Nothing,
            (KeyCode::Up | KeyCode::Down, _) => return self.list_key(key),
            _ => {
                self.filter.key(key);
                self.mode = Mode::Filter;
            }
        }
        self.arrange();
        ProcessEffect::Nothing
    }

    fn tag(&mut self) {
        let Some(ident) = self.selected().map(|row| row.ident) else { return };
        if !self.tagged.remove(&ident) {
            self.tagged.insert(ident);
        }
        self.select(self.at + 1);
    }

    fn sort_by(&mut self, sort: Sort) {
        self.sort = sort;
        self.arrange();
    }

    /// Acts on the tagged processes, else the selected one. More than one, and what a pane or a
    /// command began with, is asked about.
    fn act(&mut self, deed: ProcessAction) -> ProcessEffect {
        let idents: Vec<ProcessIdent> = if self.tagged.is_empty() {
            self.selected().map(|row| row.ident).into_iter().collect()
        } else {
            self.tagged.iter().copied().collect()
        };
        let is_top = |ident: &ProcessIdent| {
            self.rows.iter().any(|row| row.ident == *ident && row.depth == 0)
        };
        if idents.is_empty() {
            return ProcessEffect::Nothing;
        }
        if 1 < idents.len() || idents.iter().any(is_top) {
            self.mode = Mode::Ask(deed, idents);
            return ProcessEffect::Nothing;
        }
        self.order(deed, idents)
    }

    /// Those that are still there; nothing stays tagged.
    fn order(&mut self, deed: ProcessAction, mut idents: Vec<ProcessIdent>) -> ProcessEffect {
        idents.retain(|ident| self.rows.iter().any(|row| row.ident == *ident));
        self.tagged.clear();
        if idents.is_empty() { ProcessEffect::Nothing } else { ProcessEffect::Do(deed, idents) }
    }

    /// Narrows and sorts; the selection stays with its process, else where it was.
    fn arrange(&mut self) {
        let wanted = self.filter.text().to_lowercase();
        let words: Vec<&str> = wanted.split_whitespace().collect();
        let rows = &self.rows;
        let mut found: Vec<usize> =
            (0..rows.len()).filter(|idx| words.iter().all(|word| rows[*idx].has(word))).collect();
        match self.sort {
            Sort::Tree => {}
            Sort::Cpu => found.sort_by_key(|idx| Reverse(rows[*idx].cpu_tenths)),
            Sort::Memory => found.sort_by_key(|idx| Reverse(rows[*idx].rss)),
            Sort::Age => found.sort_by_key(|idx| Reverse(rows[*idx].ident.start_time)),
        }
        let again =
            self.selected.and_then(|ident| found.iter().position(|idx| rows[*idx].ident == ident));
        self.found = found;
        self.select(again.unwrap_or(self.at));
    }
}

impl Row {
    /// True if the lower-case word is its id, or part of its command line or of what it belongs to.
    fn has(&self, word: &str) -> bool {
        let id = |id: Option<String>| id.is_some_and(|id| id == word);
        self.ident.pid.to_string() == word
            || id(self.pane.map(|pane| pane.to_string()))
            || id(self.command.map(|command| command.to_string()))
            || id(self.session.map(|session| session.to_string()))
            || self.state == word
            || self.line.to_lowercase().contains(word)
    }
}

impl From<ProcessRow> for Row {
    fn from(listed: ProcessRow) -> Self {
        let ProcessRow {
            pid,
            start_time,
            depth,
            session,
            pane,
            command,
            state,
            cpu,
            rss,
            age_ms,
            command_line,
        } = listed;
        let (ident, line) = (ProcessIdent { pid, start_time }, sanitize(&command_line, LINE_MAX));
        Self {
            ident,
            depth,
            session,
            pane,
            command,
            state,
            cpu_tenths: tenths(cpu),
            rss,
            age_ms,
            line,
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share is not negative and shown with one digit"
)]
fn tenths(share: f64) -> u64 {
    (share * 10.0).round().max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Mode, ProcessAction, ProcessEffect, ProcessRow, ProcessView, Sort};
    use crate::base::id::PaneId;
    use crate::base::time::Tick;

    fn process(pid: i32, depth: usize, cpu: f64, rss: u64, line: &str) -> Value {
        json!({
            "pid": pid, "start_time": pid * 10, "depth": depth, "session": "s1", "pane": "p2",
            "command": null, "state": "sleeping", "cpu": cpu, "rss": rss, "age_ms": 5000,
            "command_line": line,
        })
    }

    fn table() -> Value {
        json!([
            process(10, 0, 0.0, 500, "bash"),
            process(11, 1, 3.5, 100, "make all"),
            process(12, 1, 99.0, 50, "sleep 11"),
            process(13, 1, 0.0, 900, "SLEEP 13")
        ])
    }

    fn listed(table: Value) -> Vec<ProcessRow> {
        serde_json::from_value(table).expect("a table")
    }

    fn view() -> ProcessView {
        let mut view = ProcessView::new(Some(PaneId(2)), Tick(0));
        view.fill(listed(table()));
        view
    }

    fn press(view: &mut ProcessView, names: &str) -> ProcessEffect {
        names.split(' ').map(|name| view.press(name.parse().expect("a key"))).last().expect("a key")
    }

    fn pids(view: &ProcessView) -> Vec<i32> {
        view.found().map(|row| row.ident.pid).collect()
    }

    fn selected(view: &ProcessView) -> Option<i32> {
        view.selected().map(|row| row.ident.pid)
    }

    #[test]
    fn sorting_goes_round_and_the_selection_stays_with_its_process() {
        let mut view = view();
        press(&mut view, "j j");
        for (sort, expected) in [
            (Sort::Cpu, [12, 11, 10, 13]),
            (Sort::Memory, [13, 10, 11, 12]),
            (Sort::Age, [13, 12, 11, 10]),
            (Sort::Tree, [10, 11, 12, 13]),
        ] {
            press(&mut view, "s");
            assert_eq!(
                (view.sort, pids(&view), selected(&view)),
                (sort, expected.to_vec(), Some(12))
            );
        }
        press(&mut view, "<");
        assert_eq!(view.sort, Sort::Age);
    }

    #[test]
    fn a_filter_takes_an_id_or_words_of_the_line() {
        for (typed, expected) in [
            ("1 1", vec![11, 12]),
            ("s l e e p", vec![12, 13]),
            ("p 2", vec![10, 11, 12, 13]),
            ("z", vec![]),
        ] {
            let mut view = view();
            press(&mut view, "/");
            press(&mut view, typed);
            assert_eq!(pids(&view), expected, "{typed}");
            // Entered, the keys act again; Escape shows all, and then closes.
            assert_eq!(
                (press(&mut view, "Enter"), &view.mode),
                (ProcessEffect::Nothing, &Mode::List)
            );
            assert_eq!((press(&mut view, "Esc"), view.found().len()), (ProcessEffect::Nothing, 4));
            assert_eq!(press(&mut view, "Esc"), ProcessEffect::Close);
        }
    }

    #[test]
    fn a_process_that_took_an_id_over_is_another_one() {
        let mut view = view();
        press(&mut view, "j j Space k");
        assert_eq!((view.tagged_count(), selected(&view)), (1, Some(12)));
        let mut other = table();
        other[2]["start_time"] = json!(999);
        view.fill(listed(other));
        assert_eq!(view.tagged_count(), 0);
        // The process that had the selection is gone: the row stays.
        assert_eq!(
            (view.selected_idx(), view.selected().map(|row| row.ident.start_time)),
            (2, Some(999))
        );
    }

    #[test]
    fn one_child_is_stopped_at_once_and_more_are_asked_about() {
        let mut view = view();
        press(&mut view, "G");
        let ProcessEffect::Do(deed, idents) = press(&mut view, "x") else { panic!("it is done") };
        assert_eq!(
            (deed, idents.len(), idents[0].pid, idents[0].start_time),
            (ProcessAction::Stop { tree: false }, 1, 13, 130)
        );
        press(&mut view, "g j Space Space");
        assert_eq!(press(&mut view, "X"), ProcessEffect::Nothing);
        assert!(
            matches!(
                &view.mode,
                Mode::Ask(ProcessAction::Stop { tree: true }, idents) if idents.len() == 2
            ),
            "{:?}",
            view.mode
        );
        let ProcessEffect::Do(_, idents) = press(&mut view, "y") else { panic!("it is done") };
        assert_eq!(
            (idents.iter().map(|ident| ident.pid).collect::<Vec<_>>(), view.tagged_count()),
            (vec![11, 12], 0)
        );
        // The first process of a pane is not ended by a slip.
        assert_eq!(press(&mut view, "g K"), ProcessEffect::Nothing);
        assert_eq!((press(&mut view, "n"), &view.mode), (ProcessEffect::Nothing, &Mode::List));
    }

    #[test]
    fn a_signal_is_chosen_by_its_letter() {
        let mut view = view();
        assert_eq!(press(&mut view, "j S"), ProcessEffect::Nothing);
        assert!(matches!(
            press(&mut view, "s"),
            ProcessEffect::Do(ProcessAction::Signal("STOP"), idents) if idents[0].pid == 11
        ));
        assert_eq!((press(&mut view, "S z"), &view.mode), (ProcessEffect::Nothing, &Mode::List));
    }
}
