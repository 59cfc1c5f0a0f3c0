//! Images on the outer terminal: which parts of them are to be seen, what of that is there already,
//! and the bytes that make up the difference.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use ratatui::buffer::{Cell as ChromeCell, CellDiffOption};

use super::cells::PaintCell;
use super::sgr;
use crate::base::geom::Rect;
use crate::base::id::PaneId;
use crate::base::style::{Attrs, Colour, Style, Underline};
use crate::base::text::{char_width, encode_base64};
use crate::client::caps::{Caps, ImageProtocol};
use crate::client::model::Model;
use crate::client::picture::{Cut, PIXELS_MAX, Pixels, decode, encode_sixel};
use crate::wire::frame::PaneItem;
use crate::wire::image::{Layer, Placement};

/// Parts that are shown at once; what overlays cut into more is not shown whole.
const PARTS_MAX: usize = 512;
/// Bytes of sixels that are kept for when they have to be written again.
const ENCODED_BYTES_MAX: usize = 16 << 20;
/// Bytes of decoded pictures that are kept.
const PIXELS_BYTES_MAX: usize = 128 << 20;
/// The first of our numbers of images, so that those of other programs are left alone; placeholders
/// carry them as a colour of 24 bits.
const FIRST_ID: u32 = 0x00ab_0000;
/// Base64 in one command (kitty graphics protocol, "The transmission medium").
const CHUNK_MAX: usize = 4096;

/// A picture as it is handed to the outer terminal.
type Sheet = (PaneId, u32, Cut);

/// A rectangle of an image that is to be seen; in the order in which they are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct ImagePart {
    z: i32,
    sheet: Sheet,
    /// Columns and rows of the whole image.
    cells: (u16, u16),
    /// First column and row of the part, and its columns and rows.
    within: [u16; 4],
    /// Column and row of the terminal.
    at: (u16, u16),
}

/// The columns that were written in a row: from the first column to behind the last.
pub(super) type Touched = Option<(usize, usize)>;

/// Images, and what the outer terminal has of them.
#[derive(Debug, Default)]
pub(super) struct ImagePainter {
    /// Parts that are shown, with our number of the placement.
    shown: BTreeMap<ImagePart, u32>,
    /// Pictures decoded; none where that failed.
    pixels: BTreeMap<(PaneId, u32), Option<Rc<Pixels>>>,
    /// kitty: the numbers under which the terminal has pictures.
    sent: BTreeMap<Sheet, u32>,
    /// kitty: the numbers of images for placeholders, by the program's, and whether the terminal
    /// has them.
    holders: BTreeMap<(PaneId, u32), (u32, bool)>,
    /// The number given last.
    last: u32,
    /// Sixels of parts.
    encoded: BTreeMap<ImagePart, Rc<Vec<u8>>>,
    /// True if images that nobody knows of may be on the terminal.
    is_unknown: bool,
}

impl ImagePainter {
    /// Takes the pictures on the terminal as unknown, so that the next frame draws them anew.
    pub(super) fn forget(&mut self) {
        let (pixels, last) = (std::mem::take(&mut self.pixels), self.last);
        *self = Self { pixels, last, is_unknown: true, ..Self::default() };
    }

    /// True if neither the model nor the terminal has any.
    pub(super) fn are_idle(&self, model: &Model) -> bool {
        model.images.is_empty()
            && self.shown.is_empty()
            && self.sent.is_empty()
            && self.holders.is_empty()
            && self.pixels.is_empty()
    }

    /// Before rows are put together: forgets what is gone, decodes what has come, numbers what
    /// placeholders show.
    pub(super) fn prepare(&mut self, model: &Model) {
        let placed = |pane: PaneId, number: u32| {
            model.images.placed(pane).iter().any(|image| image.picture == number)
        };
        self.pixels.retain(|(pane, number), _| placed(*pane, *number));
        if model.caps.pictures() == ImageProtocol::Box {
            return;
        }
        for pane in &model.scene.chrome.panes {
            for image in model.images.placed(pane.id) {
                self.decode(model, pane.id, image.picture);
                if let (Layer::Placeholder(id), ImageProtocol::Kitty) =
                    (image.layer, model.caps.pictures())
                    && !self.holders.contains_key(&(pane.id, id))
                {
                    let number = self.next_number();
                    self.holders.insert((pane.id, id), (number, false));
                }
            }
        }
    }

    fn decode(&mut self, model: &Model, pane: PaneId, number: u32) {
        if self.pixels.contains_key(&(pane, number)) {
            return;
        }
        let Some((head, bytes)) = model.images.picture(pane, number) else { return };
        let pixels = decode(head, bytes).map(Rc::new);
        let kept: usize = self.pixels.values().flatten().map(|pixels| pixels.bytes.len()).sum();
        if PIXELS_BYTES_MAX < kept + pixels.as_ref().map_or(0, |pixels| pixels.bytes.len()) {
            self.pixels.retain(|_, pixels| pixels.is_none());
        }
        self.pixels.insert((pane, number), pixels);
    }

    fn next_number(&mut self) -> u32 {
        self.last = (self.last + 1) & 0xffff;
        FIRST_ID + self.last
    }

    /// True if a box stands for an image.
    pub(super) fn is_boxed(&self, caps: Caps, pane: PaneId, image: &Placement) -> bool {
        let is_broken = || matches!(self.pixels.get(&(pane, image.picture)), Some(None));
        let has_place = image.layer == Layer::Cells || (image.layer == Layer::Over && 0 <= image.z);
        has_place && (caps.pictures() == ImageProtocol::Box || is_broken())
    }

    /// The outer terminal's number of the image that a pane's placeholder of that number shows.
    pub(super) fn holder(&self, pane: PaneId, id: u32) -> Option<u32> {
        self.holders.get(&(pane, id)).map(|(number, _)| *number)
    }

    /// The parts to be seen, once the rows are as they are to be.
    fn seen(
        &self,
        model: &Model,
        chrome: &[ChromeCell],
        cells: &[PaintCell],
    ) -> BTreeSet<ImagePart> {
        let mut seen = BTreeSet::new();
        if model.caps.pictures() == ImageProtocol::Box {
            return seen;
        }
        let panes = &model.scene.chrome.panes;
        for (at, pane) in panes.iter().enumerate() {
            for image in placed(model, pane.id) {
                let is_there = matches!(self.pixels.get(&(pane.id, image.picture)), Some(Some(_)));
                if is_there && !matches!(image.layer, Layer::Placeholder(_)) {
                    let view = PaneView { model, above: &panes[at + 1..], chrome, cells, pane };
                    view.parts(image, &mut seen);
                }
            }
        }
        seen
    }

    /// Rows that have to be painted anew because something that is drawn over their cells is to go,
    /// and the parts to be seen.
    pub(super) fn stale_rows(
        &self,
        model: &Model,
        chrome: &[ChromeCell],
        cells: &[PaintCell],
    ) -> BTreeSet<u16> {
        if model.caps.pictures() != ImageProtocol::Sixel {
            return BTreeSet::new();
        }
        let seen = self.seen(model, chrome, cells);
        let gone = self.shown.keys().filter(|part| !seen.contains(part));
        gone.flat_map(|part| part.at.1..part.at.1 + part.within[3]).collect()
    }

    /// Appends what makes the terminal show the images. `touched` is what was written over them.
    pub(super) fn write(
        &mut self,
        model: &Model,
        screen: (&[ChromeCell], &[PaintCell]),
        touched: &[Touched],
        out: &mut Vec<u8>,
    ) {
        let seen = self.seen(model, screen.0, screen.1);
        match model.caps.pictures() {
            ImageProtocol::Kitty => self.write_kitty(model, seen, out),
            ImageProtocol::Sixel => self.write_sixel(model.caps, seen, touched, out),
            ImageProtocol::Box => self.shown.clear(),
        }
        self.is_unknown = false;
    }

    fn write_sixel(
        &mut self,
        caps: Caps,
        seen: BTreeSet<ImagePart>,
        touched: &[Touched],
        out: &mut Vec<u8>,
    ) {
        let is_hit = |part: &ImagePart| {
            let (start, end) =
                (usize::from(part.at.0), usize::from(part.at.0) + usize::from(part.within[2]));
            let mut rows =
                usize::from(part.at.1)..usize::from(part.at.1) + usize::from(part.within[3]);
            rows.any(|y| {
                touched
                    .get(y)
                    .copied()
                    .flatten()
                    .is_some_and(|(first, last)| first < end && start < last)
            })
        };
        self.encoded.retain(|part, _| seen.contains(part));
        for part in &seen {
            if self.shown.contains_key(part) && !is_hit(part) {
                continue;
            }
            let Some(bytes) = self.sixels(caps, part) else { continue };
            sgr::go(out, usize::from(part.at.1), usize::from(part.at.0));
            out.extend_from_slice(&bytes);
        }
        self.shown = seen.into_iter().map(|part| (part, 0)).collect();
    }

    fn sixels(&mut self, caps: Caps, part: &ImagePart) -> Option<Rc<Vec<u8>>> {
        if let Some(bytes) = self.encoded.get(part) {
            return Some(Rc::clone(bytes));
        }
        let (pane, number, cut) = part.sheet;
        let pixels = self.pixels.get(&(pane, number))?.as_ref()?;
        let window = window(pixels.canvas(cut), part.cells, part.within);
        let size = (
            u32::from(part.within[2]) * u32::from(caps.cell_pixels.0),
            u32::from(part.within[3]) * u32::from(caps.cell_pixels.1),
        );
        let bytes = Rc::new(encode_sixel(&pixels.scaled(cut, window, size), caps.sixel_colours));
        let kept: usize = self.encoded.values().map(|bytes| bytes.len()).sum();
        if kept + bytes.len() <= ENCODED_BYTES_MAX {
            self.encoded.insert(*part, Rc::clone(&bytes));
        }
        Some(bytes)
    }

    fn write_kitty(&mut self, model: &Model, seen: BTreeSet<ImagePart>, out: &mut Vec<u8>) {
        if self.is_unknown {
            out.extend_from_slice(b"\x1b_Ga=d,d=A,q=2\x1b\\");
        }
        for (part, number) in std::mem::take(&mut self.shown) {
            if seen.contains(&part) {
                self.shown.insert(part, number);
            } else if let Some(id) = self.sent.get(&part.sheet) {
                out.extend_from_slice(
                    format!("\x1b_Ga=d,d=i,i={id},p={number},q=2\x1b\\").as_bytes(),
                );
            }
        }
        for part in seen {
            if self.shown.contains_key(&part) {
                continue;
            }
            let Some((id, size)) = self.upload(model.caps, part.sheet, part.cells, out) else {
                continue;
            };
            let number = self.next_number();
            let [x, y, w, h] = window(size, part.cells, part.within);
            let [_, _, cols, rows] = part.within;
            sgr::go(out, usize::from(part.at.1), usize::from(part.at.0));
            let put = format!(
                "\x1b_Ga=p,i={id},p={number},x={x},y={y},w={w},h={h},\
                 c={cols},r={rows},z={},C=1,q=2\x1b\\",
                part.z
            );
            out.extend_from_slice(put.as_bytes());
            self.shown.insert(part, number);
        }
        self.write_holders(model, out);
        let used: BTreeSet<Sheet> = self.shown.keys().map(|part| part.sheet).collect();
        self.sent.retain(|sheet, id| {
            let is_kept = used.contains(sheet)
                || model.images.placed(sheet.0).iter().any(|image| image.picture == sheet.1);
            if !is_kept {
                out.extend_from_slice(format!("\x1b_Ga=d,d=I,i={id},q=2\x1b\\").as_bytes());
            }
            is_kept
        });
    }

    /// Sends a picture unless the terminal has it; gives its number and its size there.
    fn upload(
        &mut self,
        caps: Caps,
        sheet: Sheet,
        cells: (u16, u16),
        out: &mut Vec<u8>,
    ) -> Option<(u32, (u32, u32))> {
        let (pane, number, cut) = sheet;
        let pixels = Rc::clone(self.pixels.get(&(pane, number))?.as_ref()?);
        let canvas = pixels.canvas(cut);
        let size = sent_size(canvas, cells, caps);
        if let Some(id) = self.sent.get(&sheet) {
            return Some((*id, size));
        }
        let id = self.next_number();
        send(&pixels.scaled(cut, [0, 0, canvas.0, canvas.1], size), id, out)?;
        self.sent.insert(sheet, id);
        Some((id, size))
    }

    /// Images that are shown where their placeholders stand.
    fn write_holders(&mut self, model: &Model, out: &mut Vec<u8>) {
        let caps = model.caps;
        for ((pane, id), (number, is_sent)) in &mut self.holders {
            let image = model
                .images
                .placed(*pane)
                .iter()
                .find(|image| image.layer == Layer::Placeholder(*id));
            let Some(image) = image.filter(|_| !*is_sent) else { continue };
            let Some(Some(pixels)) = self.pixels.get(&(*pane, image.picture)) else { continue };
            let cut = Cut { source: image.source, canvas: (0, 0) };
            let canvas = pixels.canvas(cut);
            let (cols, rows) = image.cells;
            let sheet = pixels.scaled(
                cut,
                [0, 0, canvas.0, canvas.1],
                sent_size(canvas, image.cells, caps),
            );
            if send(&sheet, *number, out).is_some() {
                out.extend_from_slice(
                    format!("\x1b_Ga=p,U=1,i={number},c={cols},r={rows},q=2\x1b\\").as_bytes(),
                );
                *is_sent = true;
            }
        }
        let is_placed = |pane: PaneId, id: u32| {
            model.images.placed(pane).iter().any(|image| image.layer == Layer::Placeholder(id))
        };
        self.holders.retain(|(pane, id), (number, is_sent)| {
            let is_kept = is_placed(*pane, *id);
            if !is_kept && *is_sent {
                out.extend_from_slice(format!("\x1b_Ga=d,d=I,i={number},q=2\x1b\\").as_bytes());
            }
            is_kept
        });
    }
}

/// The size at which a picture is sent: more pixels than its cells have on the screen are of no
/// use.
fn sent_size(canvas: (u32, u32), cells: (u16, u16), caps: Caps) -> (u32, u32) {
    let least = |canvas: u32, cells: u16, cell: u16| {
        canvas.min(u32::from(cells) * u32::from(cell)).clamp(1, PIXELS_MAX)
    };
    (least(canvas.0, cells.0, caps.cell_pixels.0), least(canvas.1, cells.1, caps.cell_pixels.1))
}

/// Sends a picture under a number (kitty graphics protocol, "Remote client").
fn send(pixels: &Pixels, id: u32, out: &mut Vec<u8>) -> Option<()> {
    let text = encode_base64(&pixels.png().ok()?);
    let mut rest = text.as_bytes();
    let mut head = format!("a=t,i={id},f=100,q=2,");
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(rest.len().min(CHUNK_MAX));
        out.extend_from_slice(format!("\x1b_G{head}m={};", u8::from(!after.is_empty())).as_bytes());
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\x1b\\");
        head.clear();
        rest = after;
    }
    Some(())
}

/// The images of a pane; none while it shows something else than its screen.
pub(super) fn placed(model: &Model, pane: PaneId) -> &[Placement] {
    if model.copy_modes.open(pane).is_some() { &[] } else { model.images.placed(pane) }
}

/// The pixels under a part of an image's cells: left, top, width, height.
fn window(canvas: (u32, u32), cells: (u16, u16), [col, row, cols, rows]: [u16; 4]) -> [u32; 4] {
    let edge = |n: u16, canvas: u32, cells: u16| {
        let pixels = u64::from(n) * u64::from(canvas) / u64::from(cells.max(1));
        u32::try_from(pixels).unwrap_or(canvas)
    };
    let (left, top) = (edge(col, canvas.0, cells.0), edge(row, canvas.1, cells.1));
    let (right, bottom) = (
        edge(col.saturating_add(cols), canvas.0, cells.0),
        edge(row.saturating_add(rows), canvas.1, cells.1),
    );
    [left, top, (right - left).max(1), (bottom - top).max(1)]
}

/// Rows of an image, one below the other, that are uncovered in the same columns.
#[derive(Default)]
struct OpenBand {
    spans: Vec<(u16, u16)>,
    row: u16,
    rows: u16,
}

/// A pane, and what may lie over it.
struct PaneView<'a> {
    model: &'a Model,
    pane: &'a PaneItem,
    above: &'a [PaneItem],
    chrome: &'a [ChromeCell],
    cells: &'a [PaintCell],
}

impl PaneView<'_> {
    /// The rectangles of an image that nothing covers.
    fn parts(&self, image: &Placement, seen: &mut BTreeSet<ImagePart>) {
        let mut open = OpenBand::default();
        for row in 0..image.cells.1 {
            let Some(y) = self.screen_row(i64::from(image.row) + i64::from(row)) else { continue };
            let spans = self.spans(image, y);
            if spans == open.spans && open.row + open.rows == row {
                open.rows += 1;
            } else {
                self.close(image, &open, seen);
                open = OpenBand { spans, row, rows: 1 };
            }
        }
        self.close(image, &open, seen);
    }

    /// The row of the outer terminal that shows a row of the pane's screen.
    fn screen_row(&self, row: i64) -> Option<u16> {
        let inside = u16::try_from(row - i64::from(self.pane.origin.y))
            .ok()
            .filter(|inside| *inside < self.pane.rect.rows)?;
        let y = self.model.layout().area.y.checked_add(self.pane.rect.y)?.checked_add(inside)?;
        // Below the last row a terminal scrolls, and some do as soon as a sixel reaches it.
        let end = self.model.size.rows
            - u16::from(
                self.model.caps.pictures() == ImageProtocol::Sixel && 1 < self.model.size.rows,
            );
        (y < end).then_some(y)
    }

    /// Columns of the image, from the first to behind the last, that are to be seen in a row of the
    /// terminal.
    fn spans(&self, image: &Placement, y: u16) -> Vec<(u16, u16)> {
        let cols = self.model.size.cols;
        let shift = i64::from(image.col) - i64::from(self.pane.origin.x);
        let Rect { x: left, cols: width, .. } = self.pane.rect;
        let area_y = y - self.model.layout().area.y;
        let mut spans: Vec<(u16, u16)> = Vec::new();
        for col in 0..image.cells.0 {
            let Some(x) = u16::try_from(i64::from(col) + shift)
                .ok()
                .filter(|x| *x < width)
                .and_then(|x| left.checked_add(x))
            else {
                continue;
            };
            let at = usize::from(y) * usize::from(cols) + usize::from(x);
            let is_covered = x >= cols
                || self.chrome.get(at).is_none_or(|cell| cell.diff_option != CellDiffOption::Skip)
                || self.above.iter().any(|pane| contains(pane.rect, x, area_y))
                || (image.layer == Layer::Cells
                    && !self.cells.get(at).is_some_and(|cell| cell.is_under()));
            match spans.last_mut() {
                _ if is_covered => {}
                Some((_, end)) if *end == col => *end += 1,
                _ => spans.push((col, col + 1)),
            }
        }
        spans
    }

    fn close(&self, image: &Placement, band: &OpenBand, seen: &mut BTreeSet<ImagePart>) {
        for (start, end) in &band.spans {
            let shown = self.screen_row(i64::from(image.row) + i64::from(band.row));
            let x = i64::from(self.pane.rect.x) + i64::from(image.col)
                - i64::from(self.pane.origin.x)
                + i64::from(*start);
            let (Some(y), Ok(x)) = (shown, u16::try_from(x)) else { continue };
            if seen.len() < PARTS_MAX {
                seen.insert(ImagePart {
                    z: image.z,
                    sheet: (
                        self.pane.id,
                        image.picture,
                        Cut { source: image.source, canvas: image.canvas },
                    ),
                    cells: image.cells,
                    within: [*start, band.row, end - start, band.rows],
                    at: (x, y),
                });
            }
        }
    }
}

fn contains(rect: Rect, x: u16, y: u16) -> bool {
    rect.x <= x && x - rect.x < rect.cols && rect.y <= y && y - rect.y < rect.rows
}

/// The style of the box.
pub(super) const PLACEHOLDER: Style = Style {
    fg: Colour::Default,
    bg: Colour::Default,
    underline_colour: Colour::Default,
    underline: Underline::None,
    attrs: Attrs::DIM,
};

/// The characters of a row of the box, one a cell.
pub(super) fn placeholder(image: &Placement, at: u16) -> Vec<char> {
    let (cols, rows) = (usize::from(image.cells.0), image.cells.1);
    let is_framed = 2 <= cols && 2 <= rows;
    let (left, fill, right) = match at {
        _ if !is_framed => (' ', ' ', ' '),
        0 => ('┌', '─', '┐'),
        _ if at + 1 == rows => ('└', '─', '┘'),
        _ => ('│', ' ', '│'),
    };
    let mut row = vec![fill; cols];
    if let [first, .., last] = row.as_mut_slice() {
        (*first, *last) = (left, right);
    }
    if at == u16::from(3 <= rows) {
        let from = usize::from(is_framed);
        let room = cols.saturating_sub(2 * from);
        let label: Vec<char> =
            label(image).chars().filter(|c| char_width(*c) == 1).take(room).collect();
        row[from..from + label.len()].copy_from_slice(&label);
    }
    row
}

fn label(image: &Placement) -> String {
    let (width, height) = image.pixels;
    match (image.name.is_empty(), width) {
        (false, 0) => image.name.clone(),
        (false, _) => format!("{} {width}×{height}", image.name),
        (true, 0) => "image".into(),
        (true, _) => format!("image {width}×{height}"),
    }
}
