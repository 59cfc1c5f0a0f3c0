//! A list to pick from, narrowed by what is typed, with an optional preview of the selected item.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Matcher, Utf32Str};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect as Area;
use ratatui::style::Style;
use serde_json::Value;

use super::{Next, Overlay};
use crate::base::geom::Point;
use crate::base::key::{Key, KeyCode, Mods, MouseButton, MouseInput, MouseKind};
use crate::base::row::Row;
use crate::base::style::Attrs;
use crate::base::text::width;
use crate::base::time::{Span, Tick};
use crate::client::calls::{self, ClientCall};
use crate::client::copy_mode::panes::PaneMatch;
use crate::client::model::{ClientEffect, Model, reply_of};
use crate::client::text_input::TextInput;
use crate::client::view::boxes::{
    COLS_MAX, base, column, draw_box, draw_line, inside, line_cursor, line_style, placed,
};
use crate::client::view::{cell_style, whole};

/// The age at which a preview is asked for again.
const PREVIEW_EVERY: Span = Span::millis(500);

/// A line of a list.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Item {
    /// The text that is matched and shown first.
    pub text: String,
    /// A text beside it, in faint letters.
    pub detail: String,
    /// The keys that do the same, or another text flush right.
    pub keys: String,
    /// The effect of picking it.
    pub choice: Choice,
    /// The target whose screen is the preview.
    pub preview: Option<String>,
}

impl Item {
    /// An item of that text, with nothing beside it.
    #[must_use]
    pub fn new(text: impl Into<String>, choice: Choice) -> Self {
        Self { text: text.into(), choice, ..Self::default() }
    }
}

/// The effect of picking an item.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Choice {
    /// The list closes.
    #[default]
    Close,
    /// This command runs; one that lacks arguments is put into the line instead.
    Command(String),
    /// This call goes to the server.
    Send(ClientCall),
    /// The view goes to that match.
    Visit(PaneMatch),
}

/// A list to pick from.
#[derive(Debug)]
pub struct Picker {
    /// The title of the box.
    pub title: &'static str,
    /// The line that narrows the list.
    pub line: TextInput,
    /// True if a typed line that is a command runs as it stands.
    pub takes_commands: bool,
    /// The reason why the last typed command was refused.
    pub refused: Option<String>,
    has_preview: bool,
    pub(in crate::client) preview: Option<Preview>,
    items: Vec<Item>,
    /// Indices of items that match, best first.
    found: Vec<usize>,
    selected: usize,
}

/// The screen of the target that is selected.
#[derive(Debug)]
pub(in crate::client) struct Preview {
    target: String,
    /// The rows; none before the first answer.
    pub(in crate::client) rows: Vec<Row>,
    /// The time at which it is asked for again.
    again: Tick,
}

/// The part of a list at a cell of the outer terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListHit {
    /// An item of the list, by its place among those that match.
    Item(usize),
    /// Another part of the overlay.
    Inside,
    /// A cell beside the overlay.
    Outside,
}

/// The areas of a list and its parts.
struct ListLayout {
    /// All of it.
    outer: Area,
    /// The area without the frame.
    inner: Area,
    /// The first row of items.
    items_y: u16,
    /// Rows of items.
    item_rows: u16,
    /// The first item that is shown.
    first: usize,
}

/// Sends a call whose answer fills the list of that title, if that is still open.
pub(super) fn fill_later(
    model: &mut Model,
    title: &'static str,
    call: &ClientCall,
    out: &mut Vec<ClientEffect>,
    items: fn(&Model, &Value) -> Vec<Item>,
) {
    model.ask(call, out, move |model, json, out| {
        let reply = match reply_of(json)? {
            Ok(reply) => reply,
            Err(refusal) => return Some(refusal),
        };
        model.damage.chrome = true;
        let items = items(model, &reply);
        if let Some(picker) = model.opened::<Picker>().filter(|picker| picker.title == title) {
            picker.refill(items);
        }
        if let Some(mut overlay) = model.overlay.take() {
            overlay.wake(model, out);
            model.overlay = Some(overlay);
        }
        None
    });
}

impl Picker {
    /// A list of `items`, nothing typed, the first selected.
    #[must_use]
    pub fn new(title: &'static str, items: Vec<Item>) -> Self {
        let found = (0..items.len()).collect();
        Self {
            title,
            line: TextInput::default(),
            takes_commands: false,
            refused: None,
            has_preview: false,
            preview: None,
            items,
            found,
            selected: 0,
        }
    }

    /// The same with `text` typed.
    #[must_use]
    pub fn typed(mut self, text: &str) -> Self {
        self.line = TextInput::new(text);
        self.narrow();
        self
    }

    /// The same with the item at `idx` selected.
    #[must_use]
    pub fn selecting(mut self, idx: usize) -> Self {
        self.select(idx);
        self
    }

    /// The same with a preview of the selected item below the list.
    #[must_use]
    pub fn with_preview(mut self) -> Self {
        self.has_preview = true;
        self
    }

    /// Opens the list and asks for the preview.
    pub(super) fn open_with_preview(mut self, model: &mut Model, out: &mut Vec<ClientEffect>) {
        self.look(model, out);
        model.open(self);
    }

    /// Puts other items into the list. The typed line stays, and so does the selection if that item
    /// is still there.
    pub fn refill(&mut self, items: Vec<Item>) {
        let choice = self.selected().map(|item| item.choice.clone());
        self.items = items;
        self.narrow();
        let again =
            self.found.iter().position(|idx| Some(&self.items[*idx].choice) == choice.as_ref());
        self.selected = again.unwrap_or(0);
    }

    /// The items that match, best first.
    #[must_use]
    pub fn found(&self) -> impl ExactSizeIterator<Item = &Item> {
        self.found.iter().map(|idx| &self.items[*idx])
    }

    /// The place of the selected item in [`Picker::found`].
    #[must_use]
    pub fn selected_idx(&self) -> usize {
        self.selected
    }

    /// The selected item; none if nothing matches.
    #[must_use]
    pub fn selected(&self) -> Option<&Item> {
        self.found.get(self.selected).map(|idx| &self.items[*idx])
    }

    fn select(&mut self, idx: usize) {
        self.selected = idx.min(self.found.len().saturating_sub(1));
    }

    /// Moves the selection one up, from the first to the last.
    fn up(&mut self) {
        self.selected = self.selected.checked_sub(1).unwrap_or(self.found.len().saturating_sub(1));
    }

    /// Moves the selection one down, from the last to the first.
    fn down(&mut self) {
        self.selected = if self.selected + 1 < self.found.len() { self.selected + 1 } else { 0 };
    }

    /// Moves the selection, or types.
    fn edit(&mut self, key: Key) {
        match (key.code, key.mods) {
            (KeyCode::Up, _) | (KeyCode::Char('p'), Mods::CTRL) => self.up(),
            (KeyCode::Down, _) | (KeyCode::Char('n'), Mods::CTRL) => self.down(),
            (KeyCode::PageUp, _) => self.selected = self.selected.saturating_sub(10),
            (KeyCode::PageDown, _) => self.select(self.selected + 10),
            _ if self.line.key(key) => self.narrow(),
            _ => {}
        }
    }

    /// Enter: a typed command line wins over the selection if it is one.
    fn enter(&mut self, model: &mut Model, out: &mut Vec<ClientEffect>) -> Next {
        let typed = self.line.text().trim().to_owned();
        if self.takes_commands
            && !typed.is_empty()
            && let Ok(bound) = (model.config.parse)(&typed)
        {
            return Next::Call(ClientCall::from(&bound));
        }
        match self.selected().map(|item| item.choice.clone()) {
            Some(choice) => self.choose(choice, model, out),
            None if self.takes_commands => {
                let error = (model.config.parse)(&typed).err().unwrap_or_default();
                self.refuse(&typed, &error)
            }
            None => Next::Stay,
        }
    }

    fn choose(&mut self, choice: Choice, model: &mut Model, out: &mut Vec<ClientEffect>) -> Next {
        let words = match choice {
            Choice::Close => return Next::Close,
            Choice::Send(call) => {
                model.send(&call, out);
                return Next::Close;
            }
            Choice::Visit(found) => return Next::Visit(found),
            Choice::Command(words) => words,
        };
        match (model.config.parse)(&words) {
            Ok(bound) => Next::Call(ClientCall::from(&bound)),
            Err(error) => {
                let typed = self.line.text().trim().to_owned();
                if typed.starts_with(&words) {
                    self.refuse(&typed, &error)
                } else {
                    self.takes_commands = true;
                    self.refuse(&format!("{words} "), &error)
                }
            }
        }
    }

    /// Keeps the list open with `text` to be completed, and says what was wrong.
    fn refuse(&mut self, text: &str, error: &str) -> Next {
        self.line = TextInput::new(text);
        self.narrow();
        self.refused = Some(error.lines().next().unwrap_or_default().to_owned());
        Next::Stay
    }

    fn narrow(&mut self) {
        self.refused = None;
        self.selected = 0;
        let wanted = Pattern::parse(self.line.text(), CaseMatching::Smart, Normalization::Smart);
        let mut matcher = Matcher::new(nucleo_matcher::Config::DEFAULT);
        let mut buffer = Vec::new();
        let mut score = |text: &str| wanted.score(Utf32Str::new(text, &mut buffer), &mut matcher);
        let mut scored: Vec<_> = self
            .items
            .iter()
            .enumerate()
            .filter_map(|(idx, item)| {
                // A match in the help alone comes after those in the words.
                let by_text = score(&item.text).map(|score| score.saturating_mul(4));
                by_text.or_else(|| score(&item.detail)).map(|score| (std::cmp::Reverse(score), idx))
            })
            .collect();
        scored.sort_unstable();
        self.found = scored.into_iter().map(|(_, idx)| idx).collect();
    }

    /// Asks for the preview of the selected item if that is another one than before or time has
    /// passed.
    fn look(&mut self, model: &mut Model, out: &mut Vec<ClientEffect>) {
        let target =
            self.selected().filter(|_| self.has_preview).and_then(|item| item.preview.clone());
        let Some(target) = target else { return self.preview = None };
        let now = model.now.tick;
        let same = self.preview.take().filter(|preview| preview.target == target);
        if let Some(preview) = same {
            if now < preview.again {
                return self.preview = Some(preview);
            }
            self.preview = Some(Preview { again: now + PREVIEW_EVERY, ..preview });
        } else {
            self.preview = Some(Preview {
                target: target.clone(),
                rows: Vec::new(),
                again: now + PREVIEW_EVERY,
            });
        }
        let call = calls::capture(&target);
        model.ask(&call, out, move |model, json, _| {
            // The target may have gone, so a refusal says nothing new.
            let Some(Ok(reply)) = reply_of(json) else { return None };
            model.damage.chrome = true;
            let rows = reply.get("rows").cloned();
            let rows = rows.and_then(|rows| serde_json::from_value::<Vec<Row>>(rows).ok());
            let preview = model.opened::<Self>().and_then(|picker| picker.preview.as_mut());
            if let (Some(preview), Some(rows)) =
                (preview.filter(|preview| preview.target == target), rows)
            {
                preview.rows = rows;
            }
            None
        });
    }

    fn hit(&self, model: &Model, at: Point) -> ListHit {
        let layout = self.layout(model);
        if !layout.outer.contains((at.x, at.y).into()) {
            return ListHit::Outside;
        }
        let row = at.y.checked_sub(layout.items_y).filter(|row| *row < layout.item_rows);
        row.map(|row| layout.first + usize::from(row))
            .filter(|idx| *idx < self.found.len())
            .map_or(ListHit::Inside, ListHit::Item)
    }

    fn layout(&self, model: &Model) -> ListLayout {
        let head = 1 + u16::from(self.refused.is_some());
        let rows = column(self.found.len().max(3)).saturating_add(head + 2);
        // The list does not jump while it is narrowed, so its height is that of the terminal, not
        // of what is found.
        let outer = if self.has_preview {
            above(model, rows)
        } else {
            let least = model.size.rows.saturating_sub(6).min(18);
            let most = model.size.rows.saturating_sub(2).max(3);
            placed(model, COLS_MAX, rows.max(least).min(most))
        };
        let inner = inside(outer);
        let item_rows = inner.height.saturating_sub(head);
        let shown = usize::from(item_rows.max(1));
        let first = self
            .selected
            .saturating_sub(shown - 1)
            .max((self.selected / shown) * shown)
            .min(self.selected);
        ListLayout { outer, inner, items_y: inner.y.saturating_add(head), item_rows, first }
    }

    fn draw_items(&self, model: &Model, layout: &ListLayout, buf: &mut Buffer) {
        let inner = layout.inner;
        let widest = |text: fn(&Item) -> &str, part: usize| {
            let widest = self.found().map(|item| width(text(item))).max().unwrap_or(0);
            widest.min(usize::from(inner.width) / part)
        };
        let keys_cols = widest(|item| &item.keys, 3);
        let text_cols = widest(|item| &item.text, 2);
        let rows = usize::from(layout.item_rows);
        let shown = self.found().enumerate().skip(layout.first).take(rows);
        for ((idx, item), y) in shown.zip(layout.items_y..) {
            let style = line_style(model, idx == self.selected);
            cell_style::fill(buf, y, inner.x, inner.right(), style);
            let keys_x = inner.right().saturating_sub(column(width(&item.keys).min(keys_cols)));
            let room = usize::from(keys_x.saturating_sub(inner.x)).saturating_sub(1);
            cell_style::put(buf, (inner.x, y), text_cols.min(room), &item.text, style);
            let x = inner.x.saturating_add(column(text_cols + 2));
            let detail_room = room.saturating_sub(text_cols + 2);
            if detail_room != 0 {
                let faint = cell_style::with(style, Attrs::DIM);
                cell_style::put(buf, (x, y), detail_room, &item.detail, faint);
            }
            cell_style::put(buf, (keys_x, y), keys_cols, &item.keys, style);
        }
    }
}

impl Overlay for Picker {
    fn key(&mut self, key: Key, model: &mut Model, out: &mut Vec<ClientEffect>) -> Next {
        match (key.code, key.mods) {
            (KeyCode::Esc, _) | (KeyCode::Char('c' | 'g'), Mods::CTRL) => Next::Close,
            (KeyCode::Enter | KeyCode::Keypad('\r'), _) => self.enter(model, out),
            _ => {
                self.edit(key);
                self.look(model, out);
                Next::Stay
            }
        }
    }

    /// The wheel moves the selection, a click picks, a click beside the list closes it.
    fn mouse(&mut self, mouse: MouseInput, model: &mut Model, out: &mut Vec<ClientEffect>) -> Next {
        model.damage.chrome = true;
        match mouse.kind {
            MouseKind::Press(MouseButton::WheelUp) => self.up(),
            MouseKind::Press(MouseButton::WheelDown) => self.down(),
            MouseKind::Press(MouseButton::Left) => match self.hit(model, mouse.at) {
                ListHit::Item(idx) => {
                    self.select(idx);
                    return self.enter(model, out);
                }
                ListHit::Inside => {}
                ListHit::Outside => return Next::Close,
            },
            _ => {}
        }
        Next::Stay
    }

    fn paste(&mut self, line: &str) -> bool {
        self.line.insert(line);
        self.narrow();
        true
    }

    fn draw(&self, model: &Model, buf: &mut Buffer) {
        let layout = self.layout(model);
        if self.has_preview {
            draw_preview(model, self.preview.as_ref(), layout.outer, buf);
        }
        let inner = draw_box(model, self.title, layout.outer, buf);
        draw_line(model, &self.line, inner, buf);
        let cols = usize::from(inner.width);
        if let Some(refused) = self.refused.as_ref().filter(|_| 1 < inner.height) {
            let style =
                cell_style::style(model.config.theme.warning, model.config.theme.overlay_bg);
            cell_style::put(buf, (inner.x, inner.y + 1), cols, refused, style);
        }
        if self.found.is_empty() && layout.item_rows != 0 {
            let style = cell_style::with(base(model), Attrs::DIM);
            cell_style::put(buf, (inner.x, layout.items_y), cols, "nothing matches", style);
        }
        self.draw_items(model, &layout, buf);
    }

    fn cursor(&self, model: &Model) -> Option<(u16, u16)> {
        line_cursor(&self.line, self.layout(model).inner)
    }

    fn deadline(&self) -> Option<Tick> {
        self.preview.as_ref().map(|preview| preview.again)
    }

    fn wake(&mut self, model: &mut Model, out: &mut Vec<ClientEffect>) -> Next {
        self.look(model, out);
        Next::Stay
    }
}

/// The part of a terminal above a preview, which gets more than half.
fn above(model: &Model, rows: u16) -> Area {
    let whole = whole(model);
    let height = rows.max(6).min(whole.height * 2 / 5).max(3).min(whole.height);
    Area { x: 0, y: 1.min(whole.height - height), width: whole.width, height }
}

/// Draws the screen of the selected target as it looks now, below the list.
fn draw_preview(model: &Model, preview: Option<&Preview>, list: Area, buf: &mut Buffer) {
    let whole = whole(model);
    let outer =
        Area { y: list.bottom(), height: whole.height.saturating_sub(list.bottom()), ..whole };
    let Some(preview) = preview.filter(|_| 2 < outer.height) else { return };
    let inner = draw_box(model, &preview.target, outer, buf);
    buf.set_style(inner, Style::reset());
    // A shell is in the last rows, so those are shown.
    let used = preview.rows.iter().rposition(|row| !row.runs.is_empty()).map_or(0, |last| last + 1);
    let first = used.saturating_sub(usize::from(inner.height));
    for (row, y) in preview.rows.iter().skip(first).zip(inner.y..inner.bottom()) {
        let mut x = inner.x;
        for run in &row.runs {
            let room = usize::from(inner.right().saturating_sub(x));
            if room == 0 {
                break;
            }
            let style = Style::new()
                .fg(cell_style::colour(run.style.fg))
                .bg(cell_style::colour(run.style.bg));
            x = cell_style::put(
                buf,
                (x, y),
                room,
                &run.text,
                cell_style::with(style, run.style.attrs),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Choice, Item, Picker};

    fn pick() -> Picker {
        let item = |text: &str, detail: &str| Item {
            detail: detail.into(),
            ..Item::new(text, Choice::Close)
        };
        let items = vec![
            item("session rename", "Give a session another name"),
            item("pane split", "Divide a pane"),
            item("pane resize", "Move a border"),
            item("tab rename", "Give a tab another name"),
        ];
        Picker::new("commands", items)
    }

    fn check(typed: &str, expected: &[&str]) {
        let found = pick().typed(typed);
        assert_eq!(
            found.found().map(|item| item.text.as_str()).collect::<Vec<_>>(),
            expected,
            "{typed}"
        );
    }

    #[test]
    fn what_is_typed_narrows_the_list() {
        check("split", &["pane split"]);
        check("tab ren", &["tab rename"]);
        check("psp", &["pane split"]);
        check("border", &["pane resize"]);
        check("ren", &["session rename", "tab rename"]);
        check("zzz", &[]);
    }

    #[test]
    fn the_selection_wraps_and_never_leaves_the_list() {
        let mut pick = pick();
        let key = |pick: &mut Picker, name: &str| pick.edit(name.parse().expect("a key"));
        key(&mut pick, "Up");
        assert_eq!(pick.selected().map(|item| item.text.as_str()), Some("tab rename"));
        key(&mut pick, "Down");
        assert_eq!(pick.selected_idx(), 0);
        for name in ["z", "z", "Up", "Down", "PageDown", "PageUp"] {
            key(&mut pick, name);
        }
        assert_eq!(pick.selected(), None);
    }
}
