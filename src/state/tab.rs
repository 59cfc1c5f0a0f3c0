//! Tabs: their panes in a layout, the panes that float above it, and layouts applied from a plan.

use crate::base::error::{Code, Refusal};
use crate::base::geom::{Rect, Size};
use crate::base::id::{ClientId, PaneId, SessionId, TabId};
use crate::base::time::Tick;
use crate::layout::change::Insert;
use crate::layout::preset::Preset;
use crate::layout::solve::{FLOAT_MIN, Float, fitted, fresh, near, solve};
use crate::layout::tree::{Axis, Direction, Node, Split as Parts, SplitPart, Stack, Tree};
use crate::state::pane::{NewPane, NewPanePlace, no_place};
use crate::state::target::check_label;
use crate::state::{Share, State, take};

/// A tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    /// The tab's id.
    pub id: TabId,
    /// The session it is of.
    pub session: SessionId,
    /// The name it was given; without one it is called by the title or the program of its focus.
    pub name: Option<String>,
    /// The layout by which its panes share the area; every pane of the tab that does not float is
    /// in it once.
    pub layout: Tree<PaneId>,
    /// Panes that float over the others, from the lowest to the highest.
    pub floats: Vec<Float<PaneId>>,
    /// True if those are out of sight.
    pub hides_floats: bool,
    /// The floating pane that alone has the focus as long as it is there.
    pub modal: Option<PaneId>,
    /// The preset that `layout next` applied last.
    pub preset: Option<Preset>,
    /// The pane a view gets that has not seen the tab: the one focused last.
    pub focus: PaneId,
    /// The panes that were focused before, the latest last, each once.
    pub focused_before: Vec<PaneId>,
    /// The area its panes' sizes come from: that of the driving view.
    pub area: Size,
    /// The view that gave it that area, if it is still there.
    pub driver: Option<ClientId>,
    /// The time when panes may be given another area, so that two views in turn do not resize
    /// programs at every key.
    pub settled: Tick,
}

/// The parts of which a tab is made.
#[derive(Debug)]
pub struct NewTab {
    /// The name; none to be called by its program.
    pub name: Option<String>,
    /// The place in the tab bar, from 0; beyond the end is the end.
    pub at: usize,
    /// The first pane.
    pub pane: NewPane,
}

impl Tab {
    pub(super) fn new(id: TabId, session: SessionId, pane: PaneId, area: Size) -> Self {
        let layout = Tree::new(pane);
        let (floats, hides_floats) = (Vec::new(), false);
        Self {
            id,
            session,
            name: None,
            layout,
            floats,
            hides_floats,
            modal: None,
            preset: None,
            focus: pane,
            focused_before: Vec::new(),
            area,
            driver: None,
            settled: Tick::default(),
        }
    }

    /// The panes in the order of their numbers: those of the layout in reading order, then those
    /// that float.
    #[must_use]
    pub fn panes(&self) -> Vec<PaneId> {
        let mut panes = self.layout.panes();
        panes.extend(self.floats.iter().map(|float| float.pane));
        panes
    }

    /// True if a pane is in it.
    #[must_use]
    pub fn contains(&self, pane: PaneId) -> bool {
        self.layout.contains(pane) || self.is_float(pane)
    }

    /// The places of its panes in an area, those that float last: for a view that focuses `focus`,
    /// which is the open one of its stack.
    #[must_use]
    pub fn rects(&self, area: Size, focus: PaneId) -> Vec<(PaneId, Rect)> {
        let mut rects = solve(&self.layout, Rect::new(0, 0, area), Some(focus));
        rects.extend(
            self.floats
                .iter()
                .filter(|_| !self.hides_floats)
                .map(|float| (float.pane, fitted(float.rect, area))),
        );
        rects
    }

    /// Focuses a pane and remembers the one before.
    pub(super) fn set_focus(&mut self, pane: PaneId) {
        note_former(&mut self.focused_before, self.focus, pane);
        self.focus = pane;
    }

    /// Takes a pane out; gives the one that inherits its focus, which is the one focused before, or
    /// none, with nothing changed, if it is the only one.
    pub(super) fn take(&mut self, pane: PaneId) -> Option<PaneId> {
        self.modal = self.modal.filter(|modal| *modal != pane);
        let panes = self.panes();
        let at = panes.iter().position(|other| *other == pane)?;
        let heir = *panes.get(if at > 0 { at - 1 } else { 1 })?;
        if self.is_float(pane) {
            self.floats.retain(|float| float.pane != pane);
        } else if !self.layout.remove(pane, self.area) {
            // The last one of the layout: the lowest of those that float takes its place.
            let lowest = self.floats.remove(0).pane;
            self.layout = Tree::new(lowest);
        }
        self.focused_before.retain(|other| *other != pane);
        let is_seen = |pane: &PaneId| !self.hides_floats || !self.is_float(*pane);
        let before = self.focused_before.iter().rev().copied().find(is_seen);
        let neighbour = if is_seen(&heir) { heir } else { self.layout.panes()[0] };
        if self.focus == pane {
            self.focus = before.unwrap_or(neighbour);
            let focus = self.focus;
            self.focused_before.retain(|other| *other != focus);
        }
        self.preset = None;
        Some(self.focus)
    }
}

impl State {
    /// Makes a tab with one pane. No view shows it yet.
    pub fn new_tab(&mut self, session: SessionId, new: NewTab, wall: u64) -> (TabId, PaneId) {
        let id = TabId(take(&mut self.next_ids.tab));
        let area = self.tab(self.session(session).current).area;
        let pane = self.make_pane(NewPanePlace { session, tab: id, size: area }, new.pane, wall);
        self.tabs.insert(id, Tab { name: new.name, ..Tab::new(id, session, pane, area) });
        let tabs = &mut self.session_mut(session).tabs;
        tabs.insert(new.at.min(tabs.len()), id);
        self.changed(session);
        self.pending_work.resize.insert(id);
        (id, pane)
    }

    /// Gives a tab a name, or takes it away.
    ///
    /// # Errors
    /// `invalid_params` for an empty or too long one, or one that does not show.
    pub fn rename_tab(&mut self, id: TabId, name: Option<String>) -> Result<(), Refusal> {
        name.as_deref().map_or(Ok(()), check_label)?;
        self.tab_mut(id).name = name;
        let session = self.tab(id).session;
        self.changed(session);
        Ok(())
    }

    /// Gives a tab another place in the tab bar, from 0; beyond the end is the end.
    pub fn move_tab(&mut self, id: TabId, to: usize) {
        let session = self.tab(id).session;
        let tabs = &mut self.session_mut(session).tabs;
        tabs.retain(|tab| *tab != id);
        tabs.insert(to.min(tabs.len()), id);
        self.changed(session);
    }

    /// Makes a tab the one that views get which have not seen its session.
    pub fn prefer_tab(&mut self, id: TabId) {
        let session = self.tab(id).session;
        self.session_mut(session).set_current(id);
        self.version += 1;
    }

    /// Changes how the panes of a tab share its area, all of them staying; every view shows all of
    /// them again.
    pub(super) fn change_layout(&mut self, id: TabId, change: impl FnOnce(&mut Tree<PaneId>)) {
        change(&mut self.tab_mut(id).layout);
        self.rearranged(id);
    }

    /// Gives all parts of every split of a tab the same share.
    pub fn equalise(&mut self, id: TabId) {
        self.change_layout(id, Tree::equalise);
    }

    /// Moves every pane of a tab to the place of the one after it, or before it.
    pub fn rotate(&mut self, id: TabId, forward: bool) {
        self.change_layout(id, |tree| tree.rotate(forward));
    }

    /// Moves a pane of a tab onto the stack that another of it is in.
    pub fn stack(&mut self, id: TabId, pane: PaneId, onto: PaneId) {
        let area = self.tab(id).area;
        self.change_layout(id, |tree| tree.stack(pane, onto, area));
        self.tab_mut(id).preset = None;
    }

    /// Makes a stack of all panes of a tab that do not float.
    pub fn stack_all(&mut self, id: TabId, open: PaneId) {
        self.change_layout(id, |tree| tree.stack_all(open));
        self.tab_mut(id).preset = Some(Preset::Stacked);
    }

    /// Puts the panes of a stack one below the other again.
    pub fn unstack(&mut self, id: TabId, pane: PaneId) {
        let area = self.tab(id).area;
        self.change_layout(id, |tree| tree.unstack(pane, area));
        self.tab_mut(id).preset = None;
    }

    /// The pane next to another of the same tab in a direction, `recent` where several are; none if
    /// there is none.
    #[must_use]
    pub fn neighbour(
        &self,
        pane: PaneId,
        direction: Direction,
        recent: Option<PaneId>,
    ) -> Option<PaneId> {
        let tab = self.tab(self.pane(pane).tab?);
        let mut rects = tab.rects(tab.area, pane);
        // Floating panes lie over the others: one goes about among them, or among the others.
        rects.retain(|(other, _)| tab.is_float(*other) == tab.is_float(pane));
        near(&rects, pane, direction, recent.as_slice())
    }

    /// Arranges the panes of a tab by a preset.
    pub fn apply_preset(&mut self, id: TabId, preset: Preset) {
        self.tab_mut(id).preset = Some(preset);
        self.change_layout(id, |tree| {
            if let Some(arranged) = preset.tree(&tree.panes()) {
                *tree = arranged;
            }
        });
    }

    /// Takes a tab without panes away: out of its session, which ends with its last one, and out of
    /// every view.
    pub(super) fn remove_tab(&mut self, id: TabId) {
        let Some(tab) = self.tabs.remove(&id) else { return };
        let session = self.session_mut(tab.session);
        let at = session.tabs.iter().position(|other| *other == id).unwrap_or(0);
        session.tabs.retain(|other| *other != id);
        session.shown_before.retain(|other| *other != id);
        let Some(neighbour) = session.tabs.get(at).or(session.tabs.last()).copied() else {
            for at in self.everywhere() {
                at.panes.remove(&id);
            }
            return self.remove_session(tab.session);
        };
        if session.current == id {
            session.current = session.shown_before.pop().unwrap_or(neighbour);
        }
        let heir = session.current;
        for at in self.everywhere() {
            at.forget_tab(tab.session, id, heir);
        }
        self.changed(tab.session);
        self.show_current_tabs(tab.session);
    }

    pub(super) fn tab_mut(&mut self, id: TabId) -> &mut Tab {
        self.tabs.get_mut(&id).expect("ids of tabs are looked up before they are used")
    }

    /// A tab that is there.
    #[must_use]
    pub fn tab(&self, id: TabId) -> &Tab {
        self.tabs.get(&id).expect("ids of tabs are looked up before they are used")
    }

    /// The number of a tab as people see and type it.
    #[must_use]
    pub fn tab_index(&self, id: TabId) -> usize {
        self.session(self.tab(id).session)
            .tabs
            .iter()
            .position(|tab| *tab == id)
            .map_or(0, |at| at + 1)
    }

    /// The label of a tab in the tab bar: its name, or the program in the pane focused last.
    #[must_use]
    pub fn tab_label(&self, id: TabId) -> String {
        let tab = self.tab(id);
        tab.name.clone().unwrap_or_else(|| self.program_label(tab.focus))
    }
}

/// Notes that `new` comes after `old` among things that were in front before, the latest last.
pub(super) fn note_former<T: Copy + PartialEq>(before: &mut Vec<T>, old: T, new: T) {
    if old != new {
        before.retain(|other| *other != old && *other != new);
        before.push(old);
    }
}

/// A layout as it is wanted, or as it is.
#[derive(Debug, Clone)]
pub enum Plan<L> {
    /// A pane.
    Pane(L),
    /// Parts with their shares.
    Parts(SplitKind, Vec<(u16, Plan<L>)>),
}

/// A pane of a plan.
#[derive(Debug, Clone)]
pub enum Leaf {
    /// A pane that is there.
    Old(PaneId),
    /// A pane that is made.
    New(NewPane),
}

impl Plan<Leaf> {
    /// The number of panes that are made.
    #[must_use]
    pub fn made_count(&self) -> usize {
        match self {
            Self::Pane(leaf) => usize::from(matches!(leaf, Leaf::New(_))),
            Self::Parts(_, parts) => parts.iter().map(|(_, plan)| plan.made_count()).sum(),
        }
    }
}

impl State {
    /// The layout of a tab, without the panes that float.
    #[must_use]
    pub fn plan(&self, tab: TabId) -> Plan<PaneId> {
        plan_of(&self.tab(tab).layout.root)
    }

    /// Arranges a tab as planned. Gives the panes in the order of the plan.
    pub fn arrange_tab(&mut self, tab: TabId, plan: Plan<Leaf>, wall: u64) -> Vec<PaneId> {
        let root = self.node_of(tab, plan, wall);
        let mut tree = Tree { root };
        let order = tree.panes();
        let rest: Vec<PaneId> =
            self.tab(tab).layout.panes().into_iter().filter(|pane| !order.contains(pane)).collect();
        if !rest.is_empty() {
            let below =
                rest.into_iter().map(|pane| SplitPart { weight: 1, node: Node::Pane(pane) });
            let parts =
                std::iter::once(SplitPart { weight: 3, node: tree.root }).chain(below).collect();
            tree = Tree { root: Node::Split(Parts { axis: Axis::Rows, parts }) };
        }
        let area = self.tab(tab).area;
        tree.normalise(area);
        let entry = self.tab_mut(tab);
        entry.layout = tree;
        entry.preset = None;
        self.rearranged(tab);
        order
    }

    fn node_of(&mut self, tab: TabId, plan: Plan<Leaf>, wall: u64) -> Node<PaneId> {
        match plan {
            Plan::Pane(Leaf::Old(pane)) => Node::Pane(pane),
            Plan::Pane(Leaf::New(new)) => {
                let (session, size) = (self.tab(tab).session, self.tab(tab).area);
                Node::Pane(self.make_pane(NewPanePlace { session, tab, size }, new, wall))
            }
            Plan::Parts(split, parts) => {
                let parts: Vec<SplitPart<PaneId>> = parts
                    .into_iter()
                    .map(|(weight, plan)| SplitPart { weight, node: self.node_of(tab, plan, wall) })
                    .collect();
                let axis = match split {
                    SplitKind::Columns => Axis::Columns,
                    SplitKind::Rows => Axis::Rows,
                    SplitKind::Stack => return stack_of(parts),
                };
                Node::Split(Parts { axis, parts })
            }
        }
    }
}

/// A stack of all panes of the parts.
fn stack_of(parts: Vec<SplitPart<PaneId>>) -> Node<PaneId> {
    let panes: Vec<PaneId> =
        parts.into_iter().flat_map(|part| Tree { root: part.node }.panes()).collect();
    if let [only] = panes.as_slice() {
        Node::Pane(*only)
    } else {
        Node::Stack(Stack { panes, open: 0 })
    }
}

fn plan_of(node: &Node<PaneId>) -> Plan<PaneId> {
    match node {
        Node::Pane(pane) => Plan::Pane(*pane),
        Node::Stack(stack) => Plan::Parts(
            SplitKind::Stack,
            stack.panes.iter().map(|pane| (1, Plan::Pane(*pane))).collect(),
        ),
        Node::Split(split) => {
            let way =
                if split.axis == Axis::Columns { SplitKind::Columns } else { SplitKind::Rows };
            Plan::Parts(
                way,
                split.parts.iter().map(|part| (part.weight, plan_of(&part.node))).collect(),
            )
        }
    }
}

impl Tab {
    /// True if a pane floats.
    #[must_use]
    pub fn is_float(&self, pane: PaneId) -> bool {
        self.floats.iter().any(|float| float.pane == pane)
    }

    /// The place where a floating pane is.
    #[must_use]
    pub fn float(&self, pane: PaneId) -> Option<Rect> {
        self.floats.iter().find(|float| float.pane == pane).map(|float| float.rect)
    }

    /// Exchanges the places of two of its panes.
    pub(super) fn swap(&mut self, a: PaneId, b: PaneId) {
        let other = |pane: PaneId| if pane == a { b } else { a };
        for float in self.floats.iter_mut().filter(|float| [a, b].contains(&float.pane)) {
            float.pane = other(float.pane);
        }
        self.layout.exchange(a, b);
    }

    /// Puts `new` where `old` is.
    pub(super) fn replace(&mut self, old: PaneId, new: PaneId) {
        for float in self.floats.iter_mut().filter(|float| float.pane == old) {
            float.pane = new;
        }
        for before in self.focused_before.iter_mut().filter(|before| **before == old) {
            *before = new;
        }
        self.modal = self.modal.filter(|modal| *modal != old);
        self.layout.replace(old, new);
    }

    /// Makes a floating pane the highest one.
    pub(super) fn raise(&mut self, pane: PaneId) {
        if let Some(at) = self.floats.iter().position(|float| float.pane == pane) {
            let float = self.floats.remove(at);
            self.floats.push(float);
        }
    }
}

impl State {
    /// Makes a pane that floats over the others of a tab.
    pub fn new_float(&mut self, tab: TabId, new: NewPane, wall: u64) -> PaneId {
        let entry = self.tab(tab);
        let (session, rect) = (entry.session, fresh(entry.area, entry.floats.len()));
        let pane = self.make_pane(NewPanePlace { session, tab, size: rect.size() }, new, wall);
        let entry = self.tab_mut(tab);
        entry.floats.push(Float { pane, rect });
        entry.hides_floats = false;
        self.rearranged(tab);
        pane
    }

    /// Makes a floating pane that alone has the focus of a tab as long as it is there: in the
    /// middle, of that size or four fifths of the tab's.
    pub fn new_popup(&mut self, tab: TabId, new: NewPane, size: Option<Size>, wall: u64) -> PaneId {
        let pane = self.new_float(tab, new, wall);
        let entry = self.tab_mut(tab);
        let area = entry.area;
        let size = size.unwrap_or(Size::new(area.cols * 4 / 5, area.rows * 4 / 5));
        let size = Size::new(size.cols.max(FLOAT_MIN.cols), size.rows.max(FLOAT_MIN.rows));
        let (x, y) =
            (area.cols.saturating_sub(size.cols) / 2, area.rows.saturating_sub(size.rows) / 2);
        if let Some(float) = entry.floats.iter_mut().find(|float| float.pane == pane) {
            float.rect = fitted(Rect::new(x, y, size), area);
        }
        entry.modal = Some(pane);
        pane
    }

    /// Lets a pane of the layout float, or puts a floating one into the layout, beside the one that
    /// is first there.
    ///
    /// # Errors
    /// `not_running` if it is being ended, `too_small` if the layout has no room for it or no other
    /// pane.
    pub fn set_floating(&mut self, pane: PaneId, floating: bool) -> Result<(), Refusal> {
        let id = self.pane(pane).tab.ok_or_else(|| no_place(self, pane))?;
        let tab = self.tab_mut(id);
        if tab.is_float(pane) == floating {
            return Ok(());
        }
        if floating {
            if !tab.layout.remove(pane, tab.area) {
                return Err(Refusal::new(
                    Code::TooSmall,
                    format!("pane {pane} is the only one of its tab that does not float"),
                )
                .hint("abide pane float new makes one"));
            }
            let rect = fresh(tab.area, tab.floats.len());
            tab.floats.push(Float { pane, rect });
            tab.hides_floats = false;
        } else {
            let beside = *tab.layout.panes().last().expect("a layout is never empty");
            let insert = Insert { new: pane, beside, side: Direction::Right, share: Share::Half };
            let below = Insert { side: Direction::Down, ..insert };
            let put =
                tab.layout.insert(insert, tab.area).or_else(|_| tab.layout.insert(below, tab.area));
            put.map_err(|error| {
                Refusal::new(Code::TooSmall, format!("pane {beside} is {error}"))
                    .hint("abide pane close, or a larger terminal")
            })?;
            tab.floats.retain(|float| float.pane != pane);
            tab.modal = tab.modal.filter(|modal| *modal != pane);
        }
        tab.preset = None;
        self.rearranged(id);
        Ok(())
    }

    /// Puts a floating pane elsewhere, within the area of its tab.
    ///
    /// # Errors
    /// `invalid_params` if it does not float.
    pub fn place_float(&mut self, pane: PaneId, rect: Rect) -> Result<(), Refusal> {
        let floats = || {
            Refusal::new(Code::InvalidParams, format!("pane {pane} does not float"))
                .hint("abide pane float")
        };
        let id = self.pane(pane).tab.ok_or_else(floats)?;
        let tab = self.tab_mut(id);
        let area = tab.area;
        let float = tab.floats.iter_mut().find(|float| float.pane == pane).ok_or_else(floats)?;
        let rect = Rect {
            cols: rect.cols.max(FLOAT_MIN.cols),
            rows: rect.rows.max(FLOAT_MIN.rows),
            ..rect
        };
        float.rect = fitted(rect, area);
        tab.raise(pane);
        self.rearranged(id);
        Ok(())
    }

    /// Puts the floating panes of a tab out of sight, or into it again. Views that focus one of
    /// them focus one of the layout then.
    pub fn hide_floats(&mut self, id: TabId, hide: bool) {
        let tab = self.tab_mut(id);
        if tab.modal.is_some() {
            return;
        }
        tab.hides_floats = hide;
        let (floats, first) = (tab.floats.clone(), tab.layout.panes()[0]);
        if hide {
            let floating = |pane: &PaneId| floats.iter().any(|float| float.pane == *pane);
            let before = tab.focused_before.iter().rev().copied().find(|pane| !floating(pane));
            let heir = before.unwrap_or(first);
            if floating(&tab.focus) {
                tab.set_focus(heir);
            }
            for float in &floats {
                for at in self.everywhere() {
                    at.forget_pane(id, float.pane, heir);
                }
            }
        }
        self.rearranged(id);
    }

    /// Makes every view show all panes of a tab again, because they share its area another way now.
    pub(super) fn rearranged(&mut self, id: TabId) {
        for at in self.everywhere() {
            at.unzoom(id);
        }
        self.pending_work.resize.insert(id);
        self.changed(self.tab(id).session);
    }
}

/// The way the parts of a layout stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SplitKind {
    /// Side by side.
    Columns,
    /// Parts one below the other.
    Rows,
    /// A stack: one part is open, of the others there is the title.
    Stack,
}
