//! A row of the outer terminal as compact cells, put together from panes and chrome. Wide
//! characters are never cut in half.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::rc::Rc;

use ratatui::buffer::{Cell as ChromeCell, CellDiffOption};
use ratatui::style::{Color, Modifier};

use crate::base::grapheme::{BreakClass, CharClass, Join};
use crate::base::id::PaneId;
use crate::base::row::{Run, RunKind};
use crate::base::style::{Attrs, Colour, Style, Underline};
use crate::base::text::{char_width, may_join, width};
use crate::client::model::Model;
use crate::client::width_probe::{GlyphKind, WidthProbe};
use crate::wire::frame::PaneItem;

/// Clusters and links that are remembered; beyond it everything is painted anew.
const GLYPHS_MAX: usize = 16_384;

/// Bits of a glyph.
const CLUSTER: u32 = 1 << 30;
const WIDE: u32 = 1 << 31;
const TAIL: u32 = u32::MAX;
/// A blank that an image shows through.
const UNDER: u32 = 1 << 29;

/// A cell of the outer terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PaintCell {
    /// A character, or the number of a cluster with [`CLUSTER`] set; [`WIDE`] set if it takes two
    /// cells; [`TAIL`] for the second of them.
    glyph: u32,
    /// The number of the link, 0 for none.
    pub(super) link: u32,
    pub(super) style: Style,
}

/// Clusters and links by number.
#[derive(Debug, Default)]
pub(super) struct Glyphs {
    clusters: Vec<Box<str>>,
    cluster_ids: HashMap<Box<str>, u32>,
    links: Vec<Box<str>>,
    link_ids: HashMap<(PaneId, u32), (u32, Box<str>)>,
}

/// The text that a cell writes.
pub(super) enum CellGlyph<'a> {
    Char(char),
    Cluster(&'a str),
}

impl CellGlyph<'_> {
    /// The first and the last character.
    pub(super) fn ends(&self) -> (char, char) {
        match self {
            Self::Char(c) => (*c, *c),
            Self::Cluster(text) => {
                (text.chars().next().unwrap_or(' '), text.chars().next_back().unwrap_or(' '))
            }
        }
    }
}

impl PaintCell {
    const DEFAULT: Style = Style {
        fg: Colour::Default,
        bg: Colour::Default,
        underline_colour: Colour::Default,
        underline: Underline::None,
        attrs: Attrs(0),
    };
    /// A space of the default style.
    pub(super) const BLANK: Self = Self { glyph: ' ' as u32, link: 0, style: Self::DEFAULT };

    pub(super) const fn is_tail(self) -> bool {
        self.glyph == TAIL
    }

    pub(super) const fn is_under(self) -> bool {
        self.glyph == UNDER
    }

    pub(super) const fn is_wide(self) -> bool {
        self.glyph != TAIL && self.glyph & WIDE != 0
    }

    /// A narrow character.
    pub(super) fn narrow(c: char, style: Style) -> Self {
        Self { glyph: u32::from(c), link: 0, style }
    }

    /// A space that looks like it.
    pub(super) const fn emptied(self) -> Self {
        Self { glyph: ' ' as u32, link: 0, style: self.style }
    }
}

impl Glyphs {
    /// True if so much is remembered that it is time to forget everything.
    pub(super) fn are_full(&self) -> bool {
        GLYPHS_MAX < self.clusters.len().max(self.links.len())
    }

    /// The text that a cell writes.
    pub(super) fn of(&self, cell: PaintCell) -> CellGlyph<'_> {
        let number = cell.glyph & !WIDE;
        if number & CLUSTER == 0 {
            return CellGlyph::Char(char::from_u32(number).unwrap_or(' '));
        }
        CellGlyph::Cluster(
            self.clusters.get((number & !CLUSTER) as usize).map_or(" ", |cluster| cluster),
        )
    }

    /// The start of a run to be written at `x`, moved before whatever the terminal may take that
    /// cell for a part of: there it is a part of what is on the screen, and written twice.
    pub(super) fn start(&self, row: &[PaintCell], x: usize) -> usize {
        let mut start = head(row, x);
        while 0 < start && (self.is_bound(row, start) || self.may_join(row, start)) {
            start = head(row, start - 1);
        }
        start
    }

    /// True if the cell that begins at `x` is an emoji or half a flag that would go into the cell
    /// before it, in terminals that look at what is there.
    pub(super) fn is_bound(&self, row: &[PaintCell], x: usize) -> bool {
        let (first, _) = self.of(row[x]).ends();
        let class = CharClass::of(first).class();
        let may_join = !first.is_ascii() && BreakClass::Zwj < class;
        if !may_join || x == 0 {
            return false;
        }
        let before = match self.of(row[head(row, x - 1)]) {
            CellGlyph::Char(c) => Join::NONE.with(c),
            CellGlyph::Cluster(text) => Join::of(text),
        };
        // Some terminals put a skin tone onto anything.
        class == BreakClass::Modifier || before.joins(class)
    }

    /// True if some terminals take the cell that begins at `x` for a part of the one before it.
    pub(super) fn may_join(&self, row: &[PaintCell], x: usize) -> bool {
        0 < x && {
            let (_, last) = self.of(row[head(row, x - 1)]).ends();
            may_join(last, self.of(row[x]).ends().0)
        }
    }

    /// The end of a run to be written, moved behind what a terminal may take doubtful glyphs in it
    /// for.
    pub(super) fn reach(&self, row: &[PaintCell], run: Range<usize>, widths: WidthProbe) -> usize {
        let (mut x, mut end) = (run.start, run.end);
        while x < end {
            if !row[x].is_tail()
                && let Some(cols) = doubtful_cols(&self.of(row[x]), widths)
            {
                end = end.max(x + cols).min(row.len());
            }
            x += 1;
        }
        while row.get(end).is_some_and(|cell| cell.is_tail()) {
            end += 1;
        }
        end
    }

    /// The target of a link.
    pub(super) fn link(&self, number: u32) -> Option<&str> {
        self.links.get((number as usize).checked_sub(1)?).map(|link| &**link)
    }

    fn cluster(&mut self, text: &str) -> u32 {
        if let Some(id) = self.cluster_ids.get(text) {
            return *id;
        }
        let id = CLUSTER | u32::try_from(self.clusters.len()).unwrap_or(0);
        self.clusters.push(text.into());
        self.cluster_ids.insert(text.into(), id);
        id
    }

    /// The number of a pane's link; 0 if its target is not known.
    fn link_of(&mut self, pane: PaneId, number: u32, target: Option<&str>) -> u32 {
        let Some(target) = target else { return 0 };
        if let Some((id, known)) = self.link_ids.get(&(pane, number))
            && **known == *target
        {
            return *id;
        }
        self.links.push(target.into());
        let id = u32::try_from(self.links.len()).unwrap_or(0);
        self.link_ids.insert((pane, number), (id, target.into()));
        id
    }

    /// A cell of one column with a cluster.
    pub(super) fn cell(&mut self, text: &str, style: Style) -> PaintCell {
        PaintCell { glyph: self.glyph(text, 1), link: 0, style }
    }

    /// The glyph of a text that is one cluster.
    fn glyph(&mut self, text: &str, cols: usize) -> u32 {
        let mut chars = text.chars();
        let wide = if cols == 2 { WIDE } else { 0 };
        match (chars.next(), chars.next()) {
            (Some(c), None) => u32::from(c) | wide,
            (None, _) => u32::from(' '),
            _ => self.cluster(text) | wide,
        }
    }
}

/// Puts row `y` of the area as far as a pane covers it. The area begins in the terminal's first
/// column.
pub(super) fn put_pane(
    model: &Model,
    pane: &PaneItem,
    y: u16,
    glyphs: &mut Glyphs,
    row: &mut [PaintCell],
) {
    let Some(inside) = y.checked_sub(pane.rect.y).filter(|inside| *inside < pane.rect.rows) else {
        return;
    };
    let left = usize::from(pane.rect.x).min(row.len());
    let right = (left + usize::from(pane.rect.cols)).min(row.len());
    let cells = &mut row[left..right];
    // Lower panes do not shine through.
    cells.fill(PaintCell::BLANK);
    if let Some(copy) = model.copy_modes.open(pane.id) {
        let runs = copy.row_shown(inside, &model.config.theme).unwrap_or_default();
        let origin = RunOrigin { pane: pane.id, left: copy.left, links: &copy.rows.links };
        return put_runs(&origin, &runs, glyphs, cells);
    }
    let Some(screen) = model.scene.panes.get(&pane.id) else { return };
    let Some(runs) = screen.rows.get(usize::from(inside.saturating_add(pane.origin.y))) else {
        return;
    };
    let origin = RunOrigin { pane: pane.id, left: pane.origin.x, links: &screen.links };
    put_runs(&origin, runs, glyphs, cells);
}

/// The pane that runs come from, its first column shown, and the targets of its links.
struct RunOrigin<'a> {
    pane: PaneId,
    left: u16,
    links: &'a BTreeMap<u32, Rc<str>>,
}

fn put_runs(origin: &RunOrigin<'_>, runs: &[Run], glyphs: &mut Glyphs, cells: &mut [PaintCell]) {
    let mut x = -i64::from(origin.left);
    for run in runs {
        let link = match run.link {
            0 => 0,
            number => {
                let target = origin.links.get(&number).map(|target| &**target);
                glyphs.link_of(origin.pane, number, target)
            }
        };
        x = put_run(run, link, x, glyphs, cells);
    }
}

/// Puts a run at column `x`, which may be left of the cells; gives the column after it.
fn put_run(run: &Run, link: u32, mut x: i64, glyphs: &mut Glyphs, cells: &mut [PaintCell]) -> i64 {
    let cell = |glyph: u32| PaintCell { glyph, link, style: run.style };
    let mut put = |x: i64, cell: PaintCell| {
        if let Some(place) = usize::try_from(x).ok().and_then(|x| cells.get_mut(x)) {
            *place = cell;
        }
    };
    match run.kind {
        RunKind::Under => {
            for _ in run.text.chars() {
                put(x, cell(UNDER));
                x += 1;
            }
        }
        RunKind::Narrow => {
            for c in run.text.chars() {
                // A soft hyphen is a hyphen here, and nothing at all in some outer terminals.
                let c = if c == '\u{ad}' { '-' } else { c };
                put(x, cell(u32::from(c)));
                x += 1;
            }
        }
        RunKind::Wide => {
            for c in run.text.chars() {
                put(x, cell(u32::from(c) | WIDE));
                put(x + 1, cell(TAIL));
                x += 2;
            }
        }
        RunKind::Cluster(cols) => {
            let text = of_width(&run.text, usize::from(cols));
            put(x, cell(glyphs.glyph(&text, usize::from(cols))));
            if cols == 2 {
                put(x + 1, cell(TAIL));
            }
            x += i64::from(cols.clamp(1, 2));
        }
    }
    x
}

/// A cluster that outer terminals give as many columns: a program that wants widths without
/// clusters has emoji by variation in one column, and there they are shown as text.
fn of_width(text: &str, cols: usize) -> Cow<'_, str> {
    if width(text) == cols {
        return text.into();
    }
    text.chars().filter(|c| !matches!(c, '\u{fe0e}' | '\u{fe0f}')).collect()
}

/// Puts bars, borders and overlays over what is there.
pub(super) fn put_chrome(chrome: &[ChromeCell], glyphs: &mut Glyphs, row: &mut [PaintCell]) {
    let mut tail = false;
    for (cell, place) in chrome.iter().zip(row) {
        if cell.diff_option == CellDiffOption::Skip {
            tail = false;
            continue;
        }
        let style = style_of(cell);
        if std::mem::take(&mut tail) {
            *place = PaintCell { glyph: TAIL, link: 0, style };
            continue;
        }
        let symbol = cell.symbol();
        let cols = if symbol.len() == 1 { 1 } else { width(symbol) };
        *place = PaintCell { glyph: glyphs.glyph(symbol, cols), link: 0, style };
        tail = cols == 2;
    }
}

/// Half of a wide character is a blank: where something else lies over the other half, and at the
/// margin.
pub(super) fn mend(row: &mut [PaintCell]) {
    for x in 0..row.len() {
        let is_headless = row[x].is_tail() && !(0 < x && row[x - 1].is_wide());
        let is_tailless = row[x].is_wide() && !row.get(x + 1).is_some_and(|next| next.is_tail());
        if is_headless || is_tailless {
            row[x] = row[x].emptied();
        }
    }
}

/// The first cell of the character that covers `x`.
pub(super) fn head(row: &[PaintCell], x: usize) -> usize {
    if row[x].is_tail() { x.saturating_sub(1) } else { x }
}

fn style_of(cell: &ChromeCell) -> Style {
    let all = [
        (Modifier::BOLD, Attrs::BOLD),
        (Modifier::DIM, Attrs::DIM),
        (Modifier::ITALIC, Attrs::ITALIC),
        (Modifier::REVERSED, Attrs::INVERSE),
        (Modifier::CROSSED_OUT, Attrs::STRIKE),
    ];
    let attrs = all
        .into_iter()
        .filter(|(modifier, _)| cell.modifier.contains(*modifier))
        .fold(Attrs(0), |set, (_, attr)| set.with(attr));
    let underline = if cell.modifier.contains(Modifier::UNDERLINED) {
        Underline::Single
    } else {
        Underline::None
    };
    Style { fg: colour_of(cell.fg), bg: colour_of(cell.bg), attrs, underline, ..Style::default() }
}

fn colour_of(colour: Color) -> Colour {
    let named = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    match colour {
        Color::Reset => Colour::Default,
        Color::Indexed(index) => Colour::Indexed(index),
        Color::Rgb(r, g, b) => Colour::Rgb(r, g, b),
        other => (0..)
            .zip(named)
            .find(|(_, known)| *known == other)
            .map_or(Colour::Default, |(index, _)| Colour::Indexed(index)),
    }
}

/// Columns that the outer terminal may use for a glyph; none if it is known to use ours. What
/// follows a doubtful one is placed and written anew.
pub(super) fn doubtful_cols(glyph: &CellGlyph<'_>, widths: WidthProbe) -> Option<usize> {
    match glyph {
        CellGlyph::Char(c) if c.is_ascii() => None,
        CellGlyph::Char(c) => GlyphKind::of_char(*c).filter(|kind| !widths.agree(*kind)).map(|_| 2),
        CellGlyph::Cluster(text) if widths.agree(GlyphKind::of_cluster(text)) => None,
        CellGlyph::Cluster(text) => Some(text.chars().map(char_width).sum::<usize>().max(2)),
    }
}
