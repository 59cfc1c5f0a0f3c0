//! The process view, drawn over the panes: a head, a row for each process, and a line that says
//! what the keys do.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect as Area;

use super::table::{Mode, ProcessAction, ProcessView, Row, SIGNALS, Sort};
use crate::base::geom::Point;
use crate::base::style::Attrs;
use crate::base::text::{fitting, width};
use crate::client::model::Model;
use crate::client::overlay::picker::ListHit;
use crate::client::view::boxes::{base, column, draw_box, inside, line_style};
use crate::client::view::{cell_style, whole};

/// The deepest level that is indented further, and the columns of one level.
const DEPTH_MAX: usize = 12;
const INDENT: usize = 2;

/// The columns there is room for, besides id and command line.
#[derive(Debug, Clone, Copy)]
struct Columns {
    figures: bool,
    age: bool,
    place: usize,
}

impl Columns {
    fn of(cols: u16) -> Self {
        Self {
            figures: 34 <= cols,
            age: 46 <= cols,
            place: if 110 <= cols {
                18
            } else if 64 <= cols {
                12
            } else {
                0
            },
        }
    }

    /// The head, or a row: everything before the command line.
    fn line(self, [mark, pid, cpu, memory, age, state, place]: [&str; 7]) -> String {
        let figures = if self.figures { format!("{cpu:>6} {memory:>7} ") } else { String::new() };
        let age = if self.age { format!("{age:>7} {state:<2}") } else { String::new() };
        let place = fitting(place, self.place.saturating_sub(1));
        format!(
            "{mark:1}{pid:>8} {figures}{age}{place}{}",
            " ".repeat(self.place.saturating_sub(width(place)))
        )
    }
}

/// The areas of the parts of the view.
struct TableLayout {
    outer: Area,
    inner: Area,
    /// The first row of processes.
    rows_y: u16,
    /// Rows for processes.
    row_count: u16,
    /// The first process that is shown.
    first: usize,
}

fn shape(model: &Model, view: &ProcessView) -> TableLayout {
    let whole = whole(model);
    let margin = u16::from(8 <= whole.height);
    let outer = Area { y: margin, height: whole.height - 2 * margin, ..whole };
    let inner = inside(outer);
    let row_count = inner.height.saturating_sub(2).max(inner.height.min(1));
    let rows_y = inner.y + u16::from(1 < inner.height);
    let shown = usize::from(row_count.max(1));
    // The selected row stands in the middle, except near the ends.
    let first =
        view.selected_idx().saturating_sub(shown / 2).min(view.found().len().saturating_sub(shown));
    TableLayout { outer, inner, rows_y, row_count, first }
}

/// The part of the view at a cell of the outer terminal.
pub(super) fn hit(model: &Model, view: &ProcessView, at: Point) -> ListHit {
    let shape = shape(model, view);
    if !shape.outer.contains((at.x, at.y).into()) {
        return ListHit::Outside;
    }
    let row = at.y.checked_sub(shape.rows_y).filter(|row| *row < shape.row_count);
    row.map(|row| shape.first + usize::from(row))
        .filter(|idx| *idx < view.found().len())
        .map_or(ListHit::Inside, ListHit::Item)
}

/// The cursor of the typed filter; none while none is typed.
pub(super) fn cursor(model: &Model, view: &ProcessView) -> Option<(u16, u16)> {
    let inner = shape(model, view).inner;
    let x = inner.x.saturating_add(column(1 + view.filter.cursor_cols()));
    (view.mode == Mode::Filter && 0 < inner.height)
        .then_some((x.min(inner.right().saturating_sub(1)), inner.bottom().saturating_sub(1)))
}

pub(super) fn draw(model: &Model, view: &ProcessView, buf: &mut Buffer) {
    let shape = shape(model, view);
    let inner = draw_box(model, &title(view), shape.outer, buf);
    let columns = Columns::of(inner.width);
    let cols = usize::from(inner.width);
    let base = base(model);
    if 1 < inner.height {
        let sorted = |sort: Sort, name: &str| {
            if view.sort == sort { format!("↓{name}") } else { name.to_owned() }
        };
        let (cpu, memory, age) =
            (sorted(Sort::Cpu, "cpu%"), sorted(Sort::Memory, "memory"), sorted(Sort::Age, "age"));
        let head = columns.line(["", "pid", &cpu, &memory, &age, "", "where"])
            + &sorted(Sort::Tree, "command");
        cell_style::put(buf, (inner.x, inner.y), cols, &head, cell_style::with(base, Attrs::BOLD));
    }
    if view.found().len() == 0 && 0 < shape.row_count {
        let text = if view.is_filled { "nothing matches" } else { "asking the server" };
        cell_style::put(
            buf,
            (inner.x, shape.rows_y),
            cols,
            text,
            cell_style::with(base, Attrs::DIM),
        );
    }
    let shown = view.found().skip(shape.first).take(usize::from(shape.row_count));
    for (row, y) in shown.zip(shape.rows_y..) {
        draw_row(model, view, row, Area { y, height: 1, ..inner }, buf);
    }
    if 2 < inner.height {
        let is_question = matches!(view.mode, Mode::Ask(..));
        let style = cell_style::with(base, if is_question { Attrs::BOLD } else { Attrs::DIM });
        cell_style::put(buf, (inner.x, inner.bottom() - 1), cols, &foot(view, cols), style);
    }
}

fn draw_row(model: &Model, view: &ProcessView, row: &Row, area: Area, buf: &mut Buffer) {
    let theme = &model.config.theme;
    let is_selected = view.selected().is_some_and(|selected| selected.ident == row.ident);
    let style = line_style(model, is_selected);
    cell_style::fill(buf, area.y, area.x, area.right(), style);
    let columns = Columns::of(area.width);
    let (pid, cpu) =
        (row.ident.pid.to_string(), format!("{}.{}", row.cpu_tenths / 10, row.cpu_tenths % 10));
    let mark = if view.is_tagged(row.ident) { "*" } else { " " };
    let fields = [
        mark,
        &pid,
        &cpu,
        &size(row.rss),
        &age(row.age_ms),
        letter(&row.state),
        &place(model, row),
    ];
    let indent = if view.sort == Sort::Tree { INDENT * row.depth.min(DEPTH_MAX) } else { 0 };
    let text = format!("{}{}{}", columns.line(fields), " ".repeat(indent), row.line);
    let mut cols = usize::from(area.width);
    if let Some(until) = view.stopping.get(&row.ident) {
        let left_ms = (*until - model.now.tick).as_millis();
        let said = if left_ms == 0 {
            " KILL now".to_owned()
        } else {
            format!(" KILL in {} s", left_ms.div_ceil(1000))
        };
        let warning = if is_selected {
            cell_style::with(style, Attrs::BOLD)
        } else {
            cell_style::style(theme.warning, theme.overlay_bg)
        };
        let room = width(&said).min(cols);
        cols -= room;
        cell_style::put(buf, (area.x.saturating_add(column(cols)), area.y), room, &said, warning);
    }
    cell_style::put(buf, (area.x, area.y), cols, &text, style);
}

fn title(view: &ProcessView) -> String {
    let (shown, all) = (view.found().len(), view.count());
    let count = if shown == all { all.to_string() } else { format!("{shown} of {all}") };
    let tagged = if view.tagged_count() == 0 {
        String::new()
    } else {
        format!(" · {} tagged", view.tagged_count())
    };
    format!("processes · {count}{tagged}")
}

/// The line that is typed or asked, else a list of the keys: as many of them as there is room for.
fn foot(view: &ProcessView, cols: usize) -> String {
    match &view.mode {
        Mode::Filter => format!("/{}", view.filter.text()),
        Mode::Signal => {
            let signals = SIGNALS.map(|(key, name)| format!("{key} {name}"));
            format!("which signal?  {}", signals.join("  "))
        }
        Mode::Ask(deed, idents) => {
            let whom = if let [ident] = idents.as_slice() {
                format!("process {}", ident.pid)
            } else {
                format!("{} processes", idents.len())
            };
            let what = match deed {
                ProcessAction::Stop { tree: false } => format!("stop {whom}"),
                ProcessAction::Stop { tree: true } => format!("stop {whom} and all below"),
                ProcessAction::Signal(signal) => format!("send {signal} to {whom}"),
            };
            format!("{what}? y / n")
        }
        Mode::List => {
            let filter = if view.filter.text().is_empty() {
                "/ filter".to_owned()
            } else {
                format!("/{}", view.filter.text())
            };
            let keys = [
                &filter,
                "x stop",
                "X with its tree",
                "K kill",
                "S signal",
                "s sort",
                "Space tag",
                "u untag",
                "Enter go there",
                "q close",
            ];
            let mut line = String::new();
            for key in keys {
                if cols < width(&line) + 2 + width(key) {
                    break;
                }
                line += if line.is_empty() { "" } else { "  " };
                line += key;
            }
            line
        }
    }
}

/// The session, and the pane or command, that a process belongs to.
fn place(model: &Model, row: &Row) -> String {
    let name = |id| {
        model
            .scene
            .chrome
            .sessions
            .iter()
            .find(|session| session.id == id)
            .map(|session| session.name.clone())
    };
    let session = row.session.map(|id| name(id).unwrap_or_else(|| id.to_string()));
    let within = row.command.map(|id| id.to_string()).or_else(|| row.pane.map(|id| id.to_string()));
    match (session, within) {
        // The id is the part that tells them apart.
        (Some(session), Some(within)) => format!("{within} {session}"),
        (session, within) => session.or(within).unwrap_or_default(),
    }
}

/// A state as ps(1) has it.
fn letter(state: &str) -> &'static str {
    match state {
        "running" => "R",
        "sleeping" => "S",
        "waiting" => "D",
        "stopped" => "T",
        "zombie" => "Z",
        _ => "?",
    }
}

/// Bytes in at most six columns.
fn size(bytes: u64) -> String {
    let mut tenths = bytes.saturating_mul(10) / 1024;
    for unit in ["K", "M", "G"] {
        if tenths < 10_000 {
            return if tenths < 1000 && unit != "K" {
                format!("{}.{}{unit}", tenths / 10, tenths % 10)
            } else {
                format!("{}{unit}", tenths / 10)
            };
        }
        tenths /= 1024;
    }
    format!("{}T", tenths / 10)
}

/// A length of time in at most seven columns.
fn age(millis: u64) -> String {
    let seconds = millis / 1000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3600..86400 => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d{:02}h", seconds / 86400, seconds / 3600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::{age, size};

    #[test]
    fn figures_are_short() {
        for (bytes, expected) in [
            (0, "0K"),
            (4096, "4K"),
            (1_023_000, "999K"),
            (1 << 20, "1.0M"),
            (150 << 20, "150M"),
            (3 << 30, "3.0G"),
            (5 << 40, "5T"),
        ] {
            assert_eq!(size(bytes), expected, "{bytes}");
        }
        for (millis, expected) in
            [(999, "0s"), (61_000, "1m01s"), (3_600_000, "1h00m"), (90_000_000, "1d01h")]
        {
            assert_eq!(age(millis), expected, "{millis}");
        }
    }
}
