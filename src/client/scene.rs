//! The last frame of the server, and nothing else. It decides no place
//! on the outer terminal.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::base::geom::Size;
use crate::base::id::PaneId;
use crate::base::row::Run;
use crate::base::style::{Cursor, Style};
use crate::wire::frame::{Chrome, Frame, PaneItem, PaneRows};
use crate::wire::span::StyledSpan;

/// Links of a pane that are remembered; beyond it those out of sight are forgotten.
const LINKS_MAX: usize = 4096;

/// The cells of a pane.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PaneScreen {
    /// Rows from the top; what is missing is blank.
    pub rows: Vec<Vec<Run>>,
    /// Targets of link numbers.
    pub links: BTreeMap<u32, Rc<str>>,
}

/// The last frame.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scene {
    /// Everything but cells.
    pub chrome: Chrome,
    /// The cells of the panes in view.
    pub panes: BTreeMap<PaneId, PaneScreen>,
    /// The cursor of the pane in focus, relative to the area.
    pub cursor: Option<Cursor>,
    /// The number of the last frame; none before the first.
    pub number: Option<u64>,
}

/// The parts that a frame changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileChanges {
    /// True if anything but cells changed.
    pub chrome: bool,
    /// Rows of panes, by their number in the pane's screen.
    pub rows: Vec<(PaneId, u16)>,
}

impl Scene {
    /// Applies a frame; says what changed.
    pub fn apply(&mut self, frame: Frame) -> FileChanges {
        let mut changes = FileChanges { chrome: frame.chrome.is_some(), rows: Vec::new() };
        if let Some(chrome) = frame.chrome {
            self.chrome = chrome;
            let shown: BTreeSet<_> = self.chrome.panes.iter().map(|pane| pane.id).collect();
            self.panes.retain(|id, _| shown.contains(id));
            for pane in &self.chrome.panes {
                if let Some(screen) = self.panes.get_mut(&pane.id) {
                    screen.rows.truncate(usize::from(pane.size.rows));
                }
            }
        }
        for rows in frame.panes {
            let Some(size) = self.pane(rows.pane).map(|pane| pane.size) else { continue };
            let screen = self.panes.entry(rows.pane).or_default();
            changes.rows.extend(rows.rows.iter().map(|(row, _)| (rows.pane, *row)));
            screen.apply(rows, size, &frame.styles);
        }
        self.cursor = frame.cursor;
        self.number = Some(frame.number);
        changes
    }

    /// A pane in view.
    #[must_use]
    pub fn pane(&self, id: PaneId) -> Option<&PaneItem> {
        self.chrome.panes.iter().find(|pane| pane.id == id)
    }

    /// The pane in focus.
    #[must_use]
    pub fn focused(&self) -> Option<&PaneItem> {
        self.pane(self.chrome.focus?)
    }
}

impl PaneScreen {
    fn apply(&mut self, changed: PaneRows, size: Size, styles: &[Style]) {
        self.links
            .extend(changed.links.into_iter().map(|(number, target)| (number, target.into())));
        for (row, spans) in changed.rows {
            if size.rows <= row {
                continue;
            }
            let row = usize::from(row);
            if self.rows.len() <= row {
                self.rows.resize_with(row + 1, Vec::new);
            }
            self.rows[row] = spans.into_iter().map(|span| run(span, styles)).collect();
        }
        if LINKS_MAX < self.links.len() {
            let seen: BTreeSet<u32> = self.rows.iter().flatten().map(|run| run.link).collect();
            self.links.retain(|number, _| seen.contains(number));
        }
    }
}

/// A style that the table lacks is the default one.
pub(super) fn run(span: StyledSpan, styles: &[Style]) -> Run {
    let style = styles.get(usize::from(span.style)).copied().unwrap_or_default();
    Run { style, link: span.link, kind: span.kind, text: span.text }
}

#[cfg(test)]
mod tests {
    use super::Scene;
    use crate::base::geom::{Point, Rect, Size};
    use crate::base::id::PaneId;
    use crate::base::row::RunKind;
    use crate::base::style::Style;
    use crate::wire::frame::{Chrome, Frame, PaneItem, PaneRows};
    use crate::wire::span::StyledSpan;

    fn pane(id: u64, size: Size) -> PaneItem {
        PaneItem {
            id: PaneId(id),
            index: 1,
            rect: Rect::new(0, 0, size),
            size,
            origin: Point::default(),
            title: String::new(),
            mouse: crate::base::key::MouseWant::None,
            ended: None,
            alternate: false,
            bracketed_paste: false,
        }
    }

    fn rows(id: u64, rows: &[(u16, &str)]) -> PaneRows {
        let span = |text: &str| {
            vec![StyledSpan { style: 0, link: 0, kind: RunKind::Narrow, text: text.into() }]
        };
        PaneRows {
            pane: PaneId(id),
            rows: rows.iter().map(|(row, text)| (*row, span(text))).collect(),
            links: Vec::new(),
        }
    }

    fn frame(number: u64, panes: Option<Vec<PaneItem>>, changed: Vec<PaneRows>) -> Frame {
        let chrome = panes.map(|panes| Chrome { panes, ..Chrome::default() });
        Frame { number, chrome, styles: vec![Style::default()], panes: changed, cursor: None }
    }

    #[test]
    fn frames_change_what_they_name_and_keep_the_rest() {
        let mut scene = Scene::default();
        scene.apply(frame(
            1,
            Some(vec![pane(1, Size::new(4, 3))]),
            vec![rows(1, &[(0, "a"), (2, "c")])],
        ));
        let changes = scene.apply(frame(2, None, vec![rows(1, &[(1, "b")])]));
        assert_eq!(changes.rows, [(PaneId(1), 1)]);
        let text: Vec<String> = scene.panes[&PaneId(1)]
            .rows
            .iter()
            .map(|row| row.iter().map(|run| run.text.as_str()).collect())
            .collect();
        assert_eq!(text, ["a", "b", "c"]);
    }

    #[test]
    fn what_is_out_of_view_or_bounds_is_not_kept() {
        let mut scene = Scene::default();
        scene.apply(frame(
            1,
            Some(vec![pane(1, Size::new(4, 2))]),
            vec![rows(1, &[(0, "a"), (1, "b"), (900, "x")]), rows(7, &[(0, "?")])],
        ));
        assert_eq!(scene.panes[&PaneId(1)].rows.len(), 2);
        assert_eq!(scene.panes.len(), 1);
        scene.apply(frame(2, Some(vec![pane(1, Size::new(4, 1))]), vec![]));
        assert_eq!(scene.panes[&PaneId(1)].rows.len(), 1);
        scene.apply(frame(3, Some(vec![]), vec![]));
        assert!(scene.panes.is_empty());
    }
}
