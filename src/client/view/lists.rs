//! Lists to pick from, prompts and questions, drawn over the panes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect as Area;
use ratatui::style::Style;
use ratatui::widgets::{Block, BorderType, Clear, Widget};

use super::{copy, look, whole};
use crate::base::geom::Point;
use crate::base::style::Attrs;
use crate::base::text::width;
use crate::client::calls::{self, Renamed};
use crate::client::model::{Model, Overlay};
use crate::client::picker::Picker;
use crate::client::text_input::TextInput;

/// The widest list, in columns.
const COLS_MAX: u16 = 96;
/// The mark before the typed line.
const MARK: &str = "› ";

/// What is under the mouse while an overlay is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListHit {
    /// An item of the list, by its place among those that match.
    Item(usize),
    /// Another part of the overlay.
    Inside,
    /// Something else.
    Outside,
}

/// Where a list and its parts are.
struct ListLayout {
    /// All of it.
    outer: Area,
    /// Without the frame.
    inner: Area,
    /// The first row of items.
    items_y: u16,
    /// Rows of items.
    item_rows: u16,
    /// The first item that is shown.
    first: usize,
}

pub(super) fn draw(model: &Model, buf: &mut Buffer) {
    match &model.overlay {
        None
        | Some(
            Overlay::Numbers(_) | Overlay::Clock | Overlay::Describe(_) | Overlay::Processes(_),
        ) => {}
        Some(Overlay::Picker(pick)) => draw_pick(model, pick, buf),
        Some(Overlay::Rename(what, line)) => {
            let title = match what {
                Renamed::Tab => "new name of the tab",
                Renamed::Session => "new name of the session",
                Renamed::Pane => "new name of the pane",
            };
            let inner = draw_box(model, title, prompt_area(model), buf);
            draw_line(model, line, inner, buf);
        }
        Some(Overlay::Search(line)) => {
            let inner = draw_box(model, "search every pane", prompt_area(model), buf);
            draw_line(model, line, inner, buf);
        }
        Some(Overlay::Hints(hints)) => copy::draw_hints(model, hints, buf),
        Some(Overlay::Confirm(wanted)) => {
            let own = model.scene.chrome.session.as_ref().map(|session| session.name.clone());
            let name = calls::targets_of(wanted).or(own).unwrap_or_else(|| "this session".into());
            let inner = draw_box(model, "really?", prompt_area(model), buf);
            let text = format!("end {name} and every program in it? y / n");
            look::put(buf, (inner.x, inner.y), usize::from(inner.width), &text, base(model));
        }
        Some(Overlay::Paste(text)) => {
            let inner = draw_box(model, "paste?", prompt_area(model), buf);
            let lines = text.lines().count();
            let question = format!("run {lines} lines one after the other? y / n");
            look::put(buf, (inner.x, inner.y), usize::from(inner.width), &question, base(model));
        }
    }
}

/// Where the typed line has its cursor.
#[must_use]
pub fn cursor(model: &Model) -> Option<(u16, u16)> {
    let (inner, line) = match model.overlay.as_ref()? {
        Overlay::Picker(pick) => (shape(model, pick).inner, &pick.line),
        Overlay::Rename(_, line) | Overlay::Search(line) => (inside(prompt_area(model)), line),
        Overlay::Confirm(_)
        | Overlay::Hints(_)
        | Overlay::Paste(_)
        | Overlay::Numbers(_)
        | Overlay::Clock
        | Overlay::Describe(_)
        | Overlay::Processes(_) => {
            return None;
        }
    };
    let (_, at) = window(line, line_cols(inner));
    let x = inner.x.saturating_add(column(width(MARK) + at));
    (inner.height != 0 && x < inner.right()).then_some((x, inner.y))
}

/// What is at a cell of the outer terminal.
#[must_use]
pub fn item_at(model: &Model, at: Point) -> ListHit {
    let Some(Overlay::Picker(pick)) = &model.overlay else { return ListHit::Inside };
    let shape = shape(model, pick);
    if !shape.outer.contains((at.x, at.y).into()) {
        return ListHit::Outside;
    }
    let row = at.y.checked_sub(shape.items_y).filter(|row| *row < shape.item_rows);
    row.map(|row| shape.first + usize::from(row))
        .filter(|idx| *idx < pick.found().len())
        .map_or(ListHit::Inside, ListHit::Item)
}

pub(super) fn column(x: usize) -> u16 {
    u16::try_from(x).unwrap_or(u16::MAX)
}

pub(super) fn base(model: &Model) -> Style {
    look::style(model.config.theme.overlay_fg, model.config.theme.overlay_bg)
}

/// A box of three rows, a third down.
fn prompt_area(model: &Model) -> Area {
    placed(model, COLS_MAX.min(64), 3)
}

/// The part of a terminal above a preview, which gets more than half.
fn above(model: &Model, rows: u16) -> Area {
    let whole = whole(model);
    let height = rows.max(6).min(whole.height * 2 / 5).max(3).min(whole.height);
    Area { x: 0, y: 1.min(whole.height - height), width: whole.width, height }
}

/// What is selected, as it looks now, below the list.
fn draw_preview(model: &Model, list: Area, buf: &mut Buffer) {
    let whole = whole(model);
    let outer =
        Area { y: list.bottom(), height: whole.height.saturating_sub(list.bottom()), ..whole };
    let Some(preview) = model.looking.preview.as_ref().filter(|_| 2 < outer.height) else { return };
    let inner = draw_box(model, &preview.target, outer, buf);
    buf.set_style(inner, Style::reset());
    // The last rows are where a shell is.
    let used = preview.rows.iter().rposition(|row| !row.runs.is_empty()).map_or(0, |last| last + 1);
    let first = used.saturating_sub(usize::from(inner.height));
    for (row, y) in preview.rows.iter().skip(first).zip(inner.y..inner.bottom()) {
        let mut x = inner.x;
        for run in &row.runs {
            let room = usize::from(inner.right().saturating_sub(x));
            if room == 0 {
                break;
            }
            let style = Style::new().fg(look::colour(run.style.fg)).bg(look::colour(run.style.bg));
            x = look::put(buf, (x, y), room, &run.text, look::with(style, run.style.attrs));
        }
    }
}

fn placed(model: &Model, cols: u16, rows: u16) -> Area {
    let whole = whole(model);
    let (width, height) = (cols.min(whole.width), rows.min(whole.height));
    Area { x: (whole.width - width) / 2, y: (whole.height - height) / 3, width, height }
}

/// The inside of a framed box; a box too small for a frame has none.
pub(super) fn inside(outer: Area) -> Area {
    if outer.width < 3 || outer.height < 3 {
        return outer;
    }
    Area { x: outer.x + 1, y: outer.y + 1, width: outer.width - 2, height: outer.height - 2 }
}

fn shape(model: &Model, pick: &Picker) -> ListLayout {
    let head = 1 + u16::from(pick.refused.is_some());
    let rows = column(pick.found().len().max(3)).saturating_add(head + 2);
    // The list does not jump while it is narrowed, so its height is that of the terminal, not of
    // what is found.
    let outer = if pick.has_preview {
        above(model, rows)
    } else {
        placed(
            model,
            COLS_MAX,
            rows.max(model.size.rows.saturating_sub(6).min(18))
                .min(model.size.rows.saturating_sub(2).max(3)),
        )
    };
    let inner = inside(outer);
    let item_rows = inner.height.saturating_sub(head);
    let shown = usize::from(item_rows.max(1));
    let first = pick
        .selected_idx()
        .saturating_sub(shown - 1)
        .max((pick.selected_idx() / shown) * shown)
        .min(pick.selected_idx());
    ListLayout { outer, inner, items_y: inner.y.saturating_add(head), item_rows, first }
}

/// Draws a framed box and gives its inside.
pub(super) fn draw_box(model: &Model, title: &str, outer: Area, buf: &mut Buffer) -> Area {
    Clear.render(outer, buf);
    let inner = inside(outer);
    if inner == outer {
        buf.set_style(outer, base(model));
        return inner;
    }
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .title(format!(" {title} "))
        .style(base(model));
    block.render(outer, buf);
    inner
}

fn draw_pick(model: &Model, pick: &Picker, buf: &mut Buffer) {
    let shape = shape(model, pick);
    if pick.has_preview {
        draw_preview(model, shape.outer, buf);
    }
    let inner = draw_box(model, pick.title, shape.outer, buf);
    draw_line(model, &pick.line, inner, buf);
    if let Some(refused) = pick.refused.as_ref().filter(|_| 1 < inner.height) {
        let style = look::style(model.config.theme.warning, model.config.theme.overlay_bg);
        look::put(buf, (inner.x, inner.y + 1), usize::from(inner.width), refused, style);
    }
    if pick.found().len() == 0 && shape.item_rows != 0 {
        look::put(
            buf,
            (inner.x, shape.items_y),
            usize::from(inner.width),
            "nothing matches",
            look::with(base(model), Attrs::DIM),
        );
    }
    let keys_cols = pick
        .found()
        .map(|item| width(&item.keys))
        .max()
        .unwrap_or(0)
        .min(usize::from(inner.width) / 3);
    let text_cols = pick
        .found()
        .map(|item| width(&item.text))
        .max()
        .unwrap_or(0)
        .min(usize::from(inner.width) / 2);
    let shown = pick.found().enumerate().skip(shape.first).take(usize::from(shape.item_rows));
    for ((idx, item), y) in shown.zip(shape.items_y..) {
        let is_selected = idx == pick.selected_idx();
        let theme = &model.config.theme;
        let style =
            if is_selected { look::style(theme.select_fg, theme.select_bg) } else { base(model) };
        look::fill(buf, y, inner.x, inner.right(), style);
        let keys_x = inner.right().saturating_sub(column(width(&item.keys).min(keys_cols)));
        let room = usize::from(keys_x.saturating_sub(inner.x)).saturating_sub(1);
        look::put(buf, (inner.x, y), text_cols.min(room), &item.text, style);
        let detail_x = inner.x.saturating_add(column(text_cols + 2));
        let detail_room = room.saturating_sub(text_cols + 2);
        if detail_room != 0 {
            look::put(buf, (detail_x, y), detail_room, &item.detail, look::with(style, Attrs::DIM));
        }
        look::put(buf, (keys_x, y), keys_cols, &item.keys, style);
    }
}

fn line_cols(inner: Area) -> usize {
    usize::from(inner.width).saturating_sub(width(MARK) + 1)
}

/// The part of a line that is shown in `cols` columns, and the cursor's column in it.
fn window(line: &TextInput, cols: usize) -> (&str, usize) {
    let mut text = line.text();
    let mut at = line.cursor_cols();
    while cols < at {
        let first = text.chars().next().map_or(0, char::len_utf8);
        text = &text[first..];
        let cut = width(line.text()) - width(text);
        at = line.cursor_cols().saturating_sub(cut);
        if first == 0 {
            break;
        }
    }
    (text, at)
}

fn draw_line(model: &Model, line: &TextInput, inner: Area, buf: &mut Buffer) {
    if inner.height == 0 {
        return;
    }
    let x = look::put(
        buf,
        (inner.x, inner.y),
        usize::from(inner.width),
        MARK,
        look::with(base(model), Attrs::BOLD),
    );
    let cols = line_cols(inner);
    look::put(buf, (x, inner.y), cols, window(line, cols).0, base(model));
}
