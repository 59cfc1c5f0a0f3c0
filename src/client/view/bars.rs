//! The tab bar and the status line. Where both do not fit, tabs are a part of the status line.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::cell_style;
use crate::base::geom::Point;
use crate::base::id::TabId;
use crate::base::style::Attrs;
use crate::base::text::{fitting, sanitize, width};
use crate::client::calls;
use crate::client::model::{Model, ServerLink};
use crate::settings::Segment;
use crate::wire::frame::{Progress, TabItem, TabMarks};

/// The longest directory that is shown, in bytes.
const CWD_MAX: usize = 256;
/// The widest name of a tab, in columns.
const TAB_COLS_MAX: usize = 24;
/// The narrowest terminal in which the status line has room for a reminder of the keys.
const REMINDER_COLS_MIN: u16 = 60;

/// The target of a click on a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BarHit {
    /// A tab.
    Tab(TabId),
    /// The session's name.
    Session,
    /// The number of panes that want attention.
    Attention,
}

/// A text on a bar.
#[derive(Debug, Clone)]
struct BarText {
    text: String,
    style: Style,
    hit: Option<BarHit>,
    /// The importance of the text: the least goes first if there is no room.
    weight: Weight,
}

/// The importance of a text on a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Reminder,
    Company,
    Usual,
    Warning,
}

impl BarText {
    fn cols(&self) -> usize {
        width(&self.text)
    }
}

pub(super) fn draw(model: &Model, buf: &mut Buffer) {
    let layout = model.layout();
    for y in [layout.tabs, layout.status].into_iter().flatten() {
        cell_style::fill(buf, y, 0, model.size.cols, base(model));
        for (x, piece) in laid_out(model, y) {
            cell_style::put(buf, (x, y), piece.cols(), &piece.text, piece.style);
        }
    }
}

/// The target of a click at a cell of the outer terminal.
#[must_use]
pub fn hit(model: &Model, at: Point) -> Option<BarHit> {
    let covers = |(x, piece): &(u16, BarText)| {
        *x <= at.x && usize::from(at.x) < usize::from(*x) + piece.cols()
    };
    laid_out(model, at.y).iter().find(|placed| covers(placed)).and_then(|(_, piece)| piece.hit)
}

fn base(model: &Model) -> Style {
    cell_style::style(model.config.theme.bar_fg, model.config.theme.bar_bg)
}

/// The texts of the bar in row `y` with their columns; none if there is no bar.
fn laid_out(model: &Model, y: u16) -> Vec<(u16, BarText)> {
    let layout = model.layout();
    let cols = usize::from(model.size.cols);
    if layout.tabs == Some(y) {
        return placed([tabs(model, cols), Vec::new(), Vec::new()], cols);
    }
    if layout.status != Some(y) {
        return Vec::new();
    }
    let mut right: Vec<BarText> = model
        .config
        .bars
        .right
        .iter()
        .flat_map(|segment| segment_pieces(model, *segment))
        .collect();
    if layout.tabs.is_some() && model.config.bars.reminder && REMINDER_COLS_MIN <= model.size.cols {
        right.splice(0..0, reminder(model));
    }
    let taken = |pieces: &[BarText]| pieces.iter().map(BarText::cols).sum::<usize>();
    while cols / 2 < taken(&right)
        && let Some((least, _)) = right.iter().enumerate().min_by_key(|(_, piece)| piece.weight)
    {
        right.remove(least);
    }
    let mut left = Vec::new();
    for segment in &model.config.bars.left {
        if *segment != Segment::Tabs {
            left.extend(segment_pieces(model, *segment));
        } else if layout.tabs.is_none() {
            let room = cols.saturating_sub(taken(&left) + taken(&right));
            left.extend(tabs(model, room));
        }
    }
    let names_title = [&model.config.bars.center, &model.config.bars.right]
        .into_iter()
        .any(|part| part.contains(&Segment::Title));
    if layout.tabs.is_some() && !names_title && !model.config.bars.left.contains(&Segment::Title) {
        left.extend(title(model));
    }
    let center = model
        .config
        .bars
        .center
        .iter()
        .flat_map(|segment| segment_pieces(model, *segment))
        .collect();
    placed([left, center, right], cols)
}

/// From the left what fits, flush right the last part, and the middle one in the middle if there is
/// room between them.
fn placed([left, center, right]: [Vec<BarText>; 3], cols: usize) -> Vec<(u16, BarText)> {
    let width_of = |pieces: &[BarText]| pieces.iter().map(BarText::cols).sum::<usize>();
    let right_cols = width_of(&right);
    let (center_cols, left_cols) = (width_of(&center), width_of(&left));
    let start = (cols.saturating_sub(center_cols) / 2).max(left_cols);
    let has_center = start + center_cols + right_cols <= cols;
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
    for (from, pieces) in [
        (start, if has_center { center } else { Vec::new() }),
        (cols.saturating_sub(right_cols), right),
    ] {
        x = from;
        for piece in pieces {
            let piece_cols = piece.cols();
            all.push((column(x), piece));
            x += piece_cols;
        }
    }
    all
}

fn column(x: usize) -> u16 {
    u16::try_from(x).unwrap_or(u16::MAX)
}

fn piece(text: impl Into<String>, style: Style) -> BarText {
    BarText { text: text.into(), style, hit: None, weight: Weight::Usual }
}

fn segment_pieces(model: &Model, segment: Segment) -> Vec<BarText> {
    let base = base(model);
    match segment {
        Segment::Session => {
            let Some(session) = &model.scene.chrome.session else { return Vec::new() };
            let style = cell_style::with(base, Attrs::BOLD);
            vec![BarText {
                text: format!(" {} ", session.name),
                style,
                hit: Some(BarHit::Session),
                weight: Weight::Usual,
            }]
        }
        Segment::Tabs => Vec::new(),
        Segment::Mode => modes(model),
        Segment::Host if model.config.host.is_empty() => Vec::new(),
        Segment::Host => vec![piece(format!(" {} ", model.config.host), base)],
        Segment::Clock if model.bar.clock.is_empty() => Vec::new(),
        Segment::Clock => vec![piece(format!(" {} ", model.bar.clock), base)],
        Segment::Title => title(model).into_iter().collect(),
        Segment::Prefix => prefix(model).into_iter().collect(),
        Segment::Zoom => marked(model, model.scene.chrome.zoomed.then_some("zoomed")),
        Segment::Progress => marked(
            model,
            current_marks(model).and_then(|marks| marks.progress).map(progress).as_deref(),
        ),
        Segment::Attention => attention(model).into_iter().collect(),
        Segment::Cwd if model.bar.status.cwd.is_empty() => Vec::new(),
        Segment::Cwd => {
            vec![piece(format!(" {} ", sanitize(&model.bar.status.cwd, CWD_MAX)), base)]
        }
        Segment::Command if model.bar.command.is_empty() => Vec::new(),
        Segment::Command => vec![piece(format!(" {} ", model.bar.command), base)],
    }
}

/// A text in the colour of marks.
fn marked(model: &Model, text: Option<&str>) -> Vec<BarText> {
    let style = cell_style::with(
        cell_style::style(model.config.theme.accent, model.config.theme.bar_bg),
        Attrs::BOLD,
    );
    text.map(|text| piece(format!(" {text} "), style)).into_iter().collect()
}

fn prefix(model: &Model) -> Option<BarText> {
    let chord = model.chord.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    marked(model, (!chord.is_empty()).then_some(chord.as_str())).pop()
}

fn attention(model: &Model) -> Option<BarText> {
    let count = model.bar.status.attention.len();
    let text = match count {
        0 => return None,
        1 => "1 pane wants you".to_owned(),
        _ => format!("{count} panes want you"),
    };
    let piece = marked(model, Some(&text)).pop()?;
    Some(BarText { hit: Some(BarHit::Attention), weight: Weight::Company, ..piece })
}

/// The marks of the tab that is shown.
fn current_marks(model: &Model) -> Option<&TabMarks> {
    let current = model.scene.chrome.tabs.iter().find(|tab| tab.current)?.id;
    model.bar.status.tabs.iter().find(|marks| marks.tab == current)
}

/// Progress in a few columns.
fn progress(progress: Progress) -> String {
    match progress {
        Progress::Percent(percent) => format!("{percent}%"),
        Progress::Failed(percent) => format!("{percent}% failed"),
        Progress::Running => "…".into(),
        Progress::Paused(percent) => format!("{percent}% paused"),
    }
}

fn title(model: &Model) -> Option<BarText> {
    let pane = model.scene.focused()?;
    let text = match pane.ended {
        Some(status) => format!(" {} (ended, status {status})", pane.title),
        None => format!(" {}", pane.title),
    };
    Some(piece(text, base(model)))
}

/// The unusual states: a pending chord, zoom, read-only, no connection, company.
fn modes(model: &Model) -> Vec<BarText> {
    let theme = &model.config.theme;
    let chrome = &model.scene.chrome;
    let chord = model.chord.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let company = format!("{} clients", chrome.clients);
    let is_down = !matches!(model.link, ServerLink::Up(_))
        && (model.scene.number.is_some() || chrome.session.is_some());
    let marks = [
        (!chord.is_empty(), chord.as_str(), theme.accent, Weight::Warning),
        (model.is_locked, "locked", theme.accent, Weight::Warning),
        (model.outer.is_nested, "nested", theme.bar_fg, Weight::Company),
        (is_down, "reconnecting", theme.warning, Weight::Warning),
        (chrome.read_only, "read-only", theme.accent, Weight::Warning),
        (chrome.zoomed, "zoomed", theme.accent, Weight::Warning),
        (1 < chrome.clients, company.as_str(), theme.bar_fg, Weight::Company),
    ];
    let shown = marks.into_iter().filter(|(is_on, ..)| *is_on);
    shown
        .map(|(_, text, fg, weight)| {
            let style = cell_style::with(cell_style::style(fg, theme.bar_bg), Attrs::BOLD);
            BarText { weight, ..piece(format!(" {text} "), style) }
        })
        .collect()
}

/// The key that lists the keys.
fn reminder(model: &Model) -> Option<BarText> {
    let text = if model.is_locked {
        format!(" {} unlocks ", model.unlock_key())
    } else {
        format!(" {} for keys ", model.config.keymap.keys_of(calls::HELP)?)
    };
    let style = cell_style::with(base(model), Attrs::DIM);
    Some(BarText { weight: Weight::Reminder, ..piece(text, style) })
}

/// The tabs that fit into `cols` columns, the current one always among them.
fn tabs(model: &Model, cols: usize) -> Vec<BarText> {
    let tabs = &model.scene.chrome.tabs;
    let pieces: Vec<BarText> = tabs.iter().map(|tab| tab_piece(model, tab)).collect();
    let current = tabs.iter().position(|tab| tab.current).unwrap_or(0);
    let total = |from: usize, to: usize| pieces[from..to].iter().map(BarText::cols).sum::<usize>();
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
    let mark = |is_cut: bool, text: &str| {
        is_cut.then(|| piece(text, cell_style::with(base(model), Attrs::DIM)))
    };
    let mut shown: Vec<BarText> = mark(0 < from, "‹").into_iter().collect();
    shown.extend_from_slice(&pieces[from..to]);
    shown.extend(mark(to < pieces.len(), "›"));
    shown
}

/// A tab as tmux marks it: `!` bell, `#` activity, `~` silence, `-` last, `Z` zoomed; besides these
/// `*` for a notification, `+` and `x` for what ended well or not, and how far its work has come.
/// The current one is marked by its colours.
fn tab_piece(model: &Model, tab: &TabItem) -> BarText {
    let theme = &model.config.theme;
    let zoomed = tab.current && model.scene.chrome.zoomed;
    let more = model.bar.status.tabs.iter().find(|marks| marks.tab == tab.id);
    let ended = more.and_then(|marks| marks.ended);
    let wants =
        tab.bell || more.is_some_and(|marks| marks.notified || marks.silence) || ended.is_some();
    let all = [
        (zoomed, 'Z'),
        (tab.bell, '!'),
        (more.is_some_and(|marks| marks.notified), '*'),
        (ended.is_some_and(|status| status != 0), 'x'),
        (ended == Some(0), '+'),
        (tab.activity && !wants, '#'),
        (more.is_some_and(|marks| marks.silence), '~'),
        (tab.last && !tab.current, '-'),
    ];
    let marks: String = all.into_iter().filter_map(|(is_on, mark)| is_on.then_some(mark)).collect();
    let style = match (tab.current, wants || tab.activity) {
        (true, _) => {
            let colours = (theme.tab_fg, theme.tab_bg);
            cell_style::with(
                cell_style::picked(model.caps.depth, colours, theme.bar_bg),
                Attrs::BOLD,
            )
        }
        (false, true) => cell_style::style(theme.accent, theme.bar_bg),
        (false, false) => base(model),
    };
    let done = more
        .and_then(|marks| marks.progress)
        .map(|done| format!(" {}", progress(done)))
        .unwrap_or_default();
    let text = format!(" {} {}{marks}{done} ", tab.index, fitting(&tab.name, TAB_COLS_MAX));
    BarText { text, style, hit: Some(BarHit::Tab(tab.id)), weight: Weight::Usual }
}
