//! The tab bar and the status line. Where both do not fit, tabs are a part of the status line.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::look;
use crate::base::geom::Point;
use crate::base::id::TabId;
use crate::base::style::Attrs;
use crate::base::text::{fitting, width};
use crate::client::calls;
use crate::client::model::{Link, Model};
use crate::settings::Segment;
use crate::wire::frame::TabItem;

/// The widest name of a tab, in columns.
const TAB_COLS_MAX: usize = 24;
/// The narrowest terminal in which the status line has room for a reminder of the keys.
const REMINDER_COLS_MIN: u16 = 60;

/// What a click on a bar means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hit {
    /// A tab.
    Tab(TabId),
    /// The session's name.
    Session,
}

/// A text on a bar.
#[derive(Debug, Clone)]
struct Piece {
    text: String,
    style: Style,
    hit: Option<Hit>,
}

impl Piece {
    fn cols(&self) -> usize {
        width(&self.text)
    }
}

pub(super) fn draw(model: &Model, buf: &mut Buffer) {
    let places = model.places();
    for y in [places.tabs, places.status].into_iter().flatten() {
        look::fill(buf, y, 0, model.size.cols, base(model));
        for (x, piece) in laid_out(model, y) {
            look::put(buf, (x, y), piece.cols(), &piece.text, piece.style);
        }
    }
}

/// What a click at a cell of the outer terminal means.
#[must_use]
pub fn hit(model: &Model, at: Point) -> Option<Hit> {
    let covers = |(x, piece): &(u16, Piece)| *x <= at.x && usize::from(at.x) < usize::from(*x) + piece.cols();
    laid_out(model, at.y).iter().find(|placed| covers(placed)).and_then(|(_, piece)| piece.hit)
}

fn base(model: &Model) -> Style {
    look::style(model.setup.theme.bar_fg, model.setup.theme.bar_bg)
}

/// The texts of the bar in row `y` with their columns; none if there is no bar.
fn laid_out(model: &Model, y: u16) -> Vec<(u16, Piece)> {
    let places = model.places();
    let cols = usize::from(model.size.cols);
    if places.tabs == Some(y) {
        return placed(tabs(model, cols), Vec::new(), cols);
    }
    if places.status != Some(y) {
        return Vec::new();
    }
    let mut right: Vec<Piece> = model.setup.bars.right.iter().flat_map(|segment| segment_pieces(model, *segment)).collect();
    if places.tabs.is_some() && REMINDER_COLS_MIN <= model.size.cols {
        right.splice(0..0, reminder(model));
    }
    let taken = |pieces: &[Piece]| pieces.iter().map(Piece::cols).sum::<usize>();
    // What matters least goes first where there is no room: the reminder, the host, then the rest.
    while !right.is_empty() && cols / 2 < taken(&right) {
        right.remove(0);
    }
    let mut left = Vec::new();
    for segment in &model.setup.bars.left {
        if *segment != Segment::Tabs {
            left.extend(segment_pieces(model, *segment));
        } else if places.tabs.is_none() {
            let room = cols.saturating_sub(taken(&left) + taken(&right));
            left.extend(tabs(model, room));
        }
    }
    if places.tabs.is_some() {
        left.extend(title(model));
    }
    placed(left, right, cols)
}

/// From the left what fits, flush right the rest.
fn placed(left: Vec<Piece>, right: Vec<Piece>, cols: usize) -> Vec<(u16, Piece)> {
    let right_cols: usize = right.iter().map(Piece::cols).sum();
    let mut all = Vec::new();
    let mut x = 0;
    for mut piece in left {
        let room = cols.saturating_sub(right_cols + x);
        if room < piece.cols() {
            let cut = fitting(&piece.text, room.saturating_sub(1)).to_owned();
            piece.text = if room == 0 { String::new() } else { cut + "…" };
        }
        let piece_cols = piece.cols();
        all.push((column(x), piece));
        x += piece_cols;
    }
    x = cols.saturating_sub(right_cols);
    for piece in right {
        let piece_cols = piece.cols();
        all.push((column(x), piece));
        x += piece_cols;
    }
    all
}

fn column(x: usize) -> u16 {
    u16::try_from(x).unwrap_or(u16::MAX)
}

fn piece(text: impl Into<String>, style: Style) -> Piece {
    Piece { text: text.into(), style, hit: None }
}

fn segment_pieces(model: &Model, segment: Segment) -> Vec<Piece> {
    let base = base(model);
    match segment {
        Segment::Session => {
            let Some(session) = &model.scene.chrome.session else { return Vec::new() };
            let style = look::with(base, Attrs::BOLD);
            vec![Piece { text: format!(" {} ", session.name), style, hit: Some(Hit::Session) }]
        }
        Segment::Tabs => Vec::new(),
        Segment::Mode => modes(model),
        Segment::Host if model.setup.host.is_empty() => Vec::new(),
        Segment::Host => vec![piece(format!(" {} ", model.setup.host), base)],
        Segment::Clock if model.clock.is_empty() => Vec::new(),
        Segment::Clock => vec![piece(format!(" {} ", model.clock), base)],
        Segment::Title => title(model).into_iter().collect(),
    }
}

fn title(model: &Model) -> Option<Piece> {
    let pane = model.scene.focused()?;
    let text = match pane.ended {
        Some(status) => format!(" {} (ended, status {status})", pane.title),
        None => format!(" {}", pane.title),
    };
    Some(piece(text, base(model)))
}

/// What is different from usual: a pending chord, zoom, read-only, no connection, company.
fn modes(model: &Model) -> Vec<Piece> {
    let theme = &model.setup.theme;
    let chrome = &model.scene.chrome;
    let chord = model.chord.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let company = format!("{} clients", chrome.clients);
    let is_down = !matches!(model.link, Link::Up(_)) && (model.scene.number.is_some() || chrome.session.is_some());
    let marks = [
        (!chord.is_empty(), chord.as_str(), theme.accent),
        (is_down, "reconnecting", theme.warning),
        (chrome.read_only, "read-only", theme.accent),
        (chrome.zoomed, "zoomed", theme.accent),
        (1 < chrome.clients, company.as_str(), theme.bar_fg),
    ];
    let shown = marks.into_iter().filter(|(is_on, ..)| *is_on);
    shown.map(|(_, text, fg)| piece(format!(" {text} "), look::with(look::style(fg, theme.bar_bg), Attrs::BOLD))).collect()
}

/// Which key lists the keys.
fn reminder(model: &Model) -> Option<Piece> {
    let keys = model.setup.keymap.keys_of(calls::HELP)?;
    Some(piece(format!(" {keys} for keys "), look::with(base(model), Attrs::DIM)))
}

/// The tabs that fit into `cols` columns, the current one always among them.
fn tabs(model: &Model, cols: usize) -> Vec<Piece> {
    let tabs = &model.scene.chrome.tabs;
    let pieces: Vec<Piece> = tabs.iter().map(|tab| tab_piece(model, tab)).collect();
    let current = tabs.iter().position(|tab| tab.current).unwrap_or(0);
    let total = |from: usize, to: usize| pieces[from..to].iter().map(Piece::cols).sum::<usize>();
    if total(0, pieces.len()) <= cols || pieces.is_empty() {
        return pieces;
    }
    let room = cols.saturating_sub(2);
    let (mut from, mut to) = (current, current + 1);
    loop {
        if to < pieces.len() && total(from, to + 1) <= room {
            to += 1;
        } else if 0 < from && total(from - 1, to) <= room {
            from -= 1;
        } else {
            break;
        }
    }
    let mark = |is_cut: bool, text: &str| is_cut.then(|| piece(text, look::with(base(model), Attrs::DIM)));
    let mut shown: Vec<Piece> = mark(0 < from, "‹").into_iter().collect();
    shown.extend_from_slice(&pieces[from..to]);
    shown.extend(mark(to < pieces.len(), "›"));
    shown
}

/// A tab as tmux marks it: `!` bell, `#` activity, `-` last, `Z` zoomed; the current one by its colours.
fn tab_piece(model: &Model, tab: &TabItem) -> Piece {
    let theme = &model.setup.theme;
    let zoomed = tab.current && model.scene.chrome.zoomed;
    let marks: String = [(zoomed, 'Z'), (tab.bell, '!'), (tab.activity, '#'), (tab.last && !tab.current, '-')]
        .into_iter()
        .filter_map(|(is_on, mark)| is_on.then_some(mark))
        .collect();
    let style = match (tab.current, tab.bell || tab.activity) {
        (true, _) => look::with(look::style(theme.tab_fg, theme.tab_bg), Attrs::BOLD),
        (false, true) => look::style(theme.accent, theme.bar_bg),
        (false, false) => base(model),
    };
    let text = format!(" {} {}{marks} ", tab.index, fitting(&tab.name, TAB_COLS_MAX));
    Piece { text, style, hit: Some(Hit::Tab(tab.id)) }
}
