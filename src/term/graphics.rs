//! Images of a terminal: their placement over the cells they cover, or in them, with the cursor
//! left or moved below, and the protocols that ask for it: sixels and iTerm2's, whose images lie in
//! the cells, and kitty's. The pictures themselves are in [`crate::term::image`].
//!
//! Data is kept as it came: no pixel is painted, and nothing is saved as a file. Tests:
//! `tests/it/term_refs`.

use std::sync::Arc;

use crate::base::text::{decode_base64_loose, sanitize};
use crate::term::cell::{Cell, RowAttrs};
use crate::term::image::{
    Control, IMAGE_BYTES_MAX, Image, ImageFormat, Images, PIXELS_MAX, Picture, Stored, Transfer,
    UNDER,
};
use crate::term::mode::Mode;
use crate::term::report::Reply;
use crate::term::screen::Screen;

/// The most rows or columns an image covers.
pub(super) const SIDE_MAX: u16 = 4096;

/// The screen as the image protocols change it.
pub(crate) struct Graphics<'a> {
    pub(crate) screen: &'a mut Screen,
}

impl Graphics<'_> {
    /// All of a picture in one cell at the cursor: the start of every placement.
    pub(crate) fn image_here(&self, picture: Picture) -> Image {
        Image {
            id: 0,
            placement: 0,
            picture: Arc::new(picture),
            row: i64::from(self.screen.cursor.y),
            col: self.screen.cursor.x,
            cells: (1, 1),
            source: [0; 4],
            canvas: (0, 0),
            z: 0,
            cut: false,
            is_virtual: false,
        }
    }

    /// Puts an image over the cells and leaves the cursor where it is.
    pub(crate) fn place_image(&mut self, image: Image) -> bool {
        if !self.screen.images.make_room(image.picture.data.len()) {
            return false;
        }
        self.screen.images.shown.push(image);
        let tick = self.screen.tick();
        self.screen.grid.touch(self.screen.cursor.y, tick);
        true
    }

    /// Puts an image into the cells from where it is, scrolling where needed. The cursor ends
    /// behind its last row, or in the line `below` it.
    pub(crate) fn draw_in_cells(&mut self, image: Image, below: bool) {
        let (col, cells) = (image.col, image.cells);
        // A picture in the place of another hides it: films are such.
        let covers = |old: &Image| {
            let end = |image: &Image| {
                (
                    image.row + i64::from(image.cells.1),
                    u32::from(image.col) + u32::from(image.cells.0),
                )
            };
            old.cut
                && image.row <= old.row
                && col <= old.col
                && end(old).0 <= end(&image).0
                && end(old).1 <= end(&image).1
        };
        self.screen.images.shown.retain(|old| !covers(old));
        if !self.place_image(Image { cut: true, ..image }) {
            return;
        }
        for row in 0..cells.1 {
            self.mark_under(self.screen.cursor.y, col, cells.0);
            if row + 1 < cells.1 || below {
                self.screen.index();
            }
        }
        if !below {
            self.screen.move_right(cells.0);
        }
    }

    /// Puts an image into the cells from the top left corner; what is below the screen is cut, and
    /// the cursor stays.
    pub(crate) fn draw_at_home(&mut self, image: Image) {
        let cells = image.cells;
        self.screen.images.shown.retain(|old| !old.cut);
        if self.place_image(Image { row: 0, col: 0, cut: true, ..image }) {
            for y in 0..cells.1.min(self.screen.size.rows) {
                self.mark_under(y, 0, cells.0);
            }
        }
    }

    fn mark_under(&mut self, y: u16, col: u16, cols: u16) {
        let tick = self.screen.tick();
        let (start, end) = (
            usize::from(col),
            (usize::from(col) + usize::from(cols)).min(usize::from(self.screen.size.cols)),
        );
        self.screen.grid.split_wide(y, start);
        self.screen.grid.split_wide(y, end);
        let (cells, line) = self.screen.grid.write(y, end, tick);
        cells[start..end].fill(Cell::BLANK.with_char(UNDER));
        line.flags |= RowAttrs::TEXT;
    }

    /// Columns and rows that so many pixels cover.
    pub(crate) fn cells_of(&self, pixels: (u32, u32)) -> (u16, u16) {
        let cell = self.screen.options.cell_pixels;
        let cover = |pixels: u32, cell: u16| {
            u16::try_from(pixels.div_ceil(u32::from(cell.max(1))))
                .unwrap_or(SIDE_MAX)
                .clamp(1, SIDE_MAX)
        };
        (cover(pixels.0, cell.0), cover(pixels.1, cell.1))
    }

    /// Cells and canvas of so many pixels where columns, rows, both or none of them are given: a
    /// side that is not follows from the other.
    pub(crate) fn fit(
        &self,
        pixels: (u32, u32),
        wanted: (Option<u16>, Option<u16>),
    ) -> ((u16, u16), (u32, u32)) {
        let cell = (
            u64::from(self.screen.options.cell_pixels.0.max(1)),
            u64::from(self.screen.options.cell_pixels.1.max(1)),
        );
        let (width, height) = (u64::from(pixels.0.max(1)), u64::from(pixels.1.max(1)));
        let count = |cells: u64| u16::try_from(cells).unwrap_or(SIDE_MAX).clamp(1, SIDE_MAX);
        let side = |pixels: u64| u32::try_from(pixels).unwrap_or(u32::MAX);
        match wanted {
            (Some(cols), Some(rows)) => ((cols, rows), (0, 0)),
            (Some(cols), None) => {
                let rows = count((u64::from(cols) * cell.0 * height).div_ceil(width * cell.1));
                // The rows end where the picture does, at its own proportions.
                (
                    (cols, rows),
                    (
                        pixels.0,
                        side(u64::from(rows) * cell.1 * width / (u64::from(cols) * cell.0))
                            .max(pixels.1),
                    ),
                )
            }
            (None, Some(rows)) => {
                let cols = count((u64::from(rows) * cell.1 * width).div_ceil(height * cell.0));
                (
                    (cols, rows),
                    (
                        side(u64::from(cols) * cell.0 * height / (u64::from(rows) * cell.1))
                            .max(pixels.0),
                        pixels.1,
                    ),
                )
            }
            (None, None) => {
                let cells = self.cells_of(pixels);
                (cells, (side(u64::from(cells.0) * cell.0), side(u64::from(cells.1) * cell.1)))
            }
        }
    }

    /// Goes below an image of `rows` rows, scrolling where needed.
    pub(crate) fn move_below(&mut self, rows: u16) {
        for _ in 0..rows.min(SIDE_MAX) {
            self.screen.index();
        }
    }
}

/// Width and height in pixels of sixel data; `None` if it is larger than an image may be, or empty.
pub(crate) fn measure(data: &[u8]) -> Option<(u32, u32)> {
    let (mut x, mut width, mut bands) = (0_u32, 0_u32, 0_u32);
    let (mut at, mut drawn) = (0, false);
    let mut raster = (0, 0);
    while let Some(&byte) = data.get(at) {
        at += 1;
        match byte {
            b'"' => {
                let (numbers, used) = numbers(&data[at..]);
                at += used;
                raster = (numbers[2], numbers[3]);
            }
            b'#' => at += numbers(&data[at..]).1,
            b'!' => {
                let (count, used) = numbers(&data[at..]);
                at += used + 1;
                x = x.saturating_add(count[0].max(1));
                drawn = true;
            }
            b'$' => x = 0,
            b'-' => {
                x = 0;
                bands += 1;
            }
            b'?'..=b'~' => {
                x += 1;
                drawn = true;
            }
            _ => {}
        }
        width = width.max(x);
        if width > PIXELS_MAX || bands * 6 > PIXELS_MAX {
            return None;
        }
    }
    let size = (width.max(raster.0), ((bands + u32::from(x > 0)) * 6).max(raster.1));
    (drawn && size.0 <= PIXELS_MAX && size.1 <= PIXELS_MAX && size.1 > 0).then_some(size)
}

/// Up to five numbers separated by semicolons, and the bytes they take.
fn numbers(data: &[u8]) -> ([u32; 5], usize) {
    let mut numbers = [0_u32; 5];
    let mut idx = 0;
    for (at, byte) in data.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                let number = &mut numbers[idx.min(4)];
                *number = number.saturating_mul(10).saturating_add(u32::from(byte - b'0'));
            }
            b';' => idx += 1,
            _ => return (numbers, at),
        }
    }
    (numbers, data.len())
}

impl Graphics<'_> {
    /// A sixel DCS: the image goes into the cells at the cursor, or home with DECSDM; the cursor
    /// goes below it.
    pub(crate) fn sixel(&mut self, data: &[u8]) -> bool {
        let Some(pixels) = measure(data) else { return false };
        let serial = self.screen.images.next_serial();
        let picture = Picture {
            serial,
            format: ImageFormat::Sixel,
            compressed: false,
            pixels,
            name: String::new(),
            data: Arc::new(data.to_vec()),
        };
        let (cells, canvas) = self.fit(pixels, (None, None));
        let image = Image { cells, canvas, ..self.image_here(picture) };
        if self.screen.is_on(Mode::SIXEL_DISPLAY) {
            self.draw_at_home(image);
        } else {
            self.draw_in_cells(image, !self.screen.is_on(Mode::SIXEL_RIGHT));
        }
        true
    }
}

/// The longest name of an image, in bytes.
const NAME_BYTES_MAX: usize = 128;
/// Cells of a picture that does not tell its size.
const UNKNOWN_CELLS: (u16, u16) = (24, 4);

impl Graphics<'_> {
    /// OSC 1337 `File=`: options, colon, base64. Only inline images are kept.
    pub(crate) fn inline_image(&mut self, rest: &str) -> bool {
        let Some((options, payload)) = rest.split_once(':') else { return false };
        let option = |name: &str| {
            options.split(';').find_map(|option| option.strip_prefix(name)?.strip_prefix('='))
        };
        let Some(data) = decode_base64_loose(payload.as_bytes(), IMAGE_BYTES_MAX)
            .filter(|_| option("inline") == Some("1"))
        else {
            return false;
        };
        let pixels = pixels(&data).unwrap_or((0, 0));
        if pixels.0 > PIXELS_MAX || pixels.1 > PIXELS_MAX {
            return false;
        }
        let name = option("name")
            .and_then(|name| decode_base64_loose(name.as_bytes(), 4 * NAME_BYTES_MAX))
            .unwrap_or_default();
        let cell = self.screen.options.cell_pixels;
        let wanted = (
            option("width").and_then(|text| side(text, cell.0, self.screen.size.cols)),
            option("height").and_then(|text| side(text, cell.1, self.screen.size.rows)),
        );
        let (cells, canvas) = if pixels.0 == 0 || pixels.1 == 0 {
            ((wanted.0.unwrap_or(UNKNOWN_CELLS.0), wanted.1.unwrap_or(UNKNOWN_CELLS.1)), (0, 0))
        } else if option("preserveAspectRatio") == Some("0") {
            let natural = self.cells_of(pixels);
            ((wanted.0.unwrap_or(natural.0), wanted.1.unwrap_or(natural.1)), (0, 0))
        } else {
            self.fit(pixels, wanted)
        };
        let picture = Picture {
            serial: self.screen.images.next_serial(),
            format: ImageFormat::File,
            compressed: false,
            pixels,
            name: sanitize(&String::from_utf8_lossy(&name), NAME_BYTES_MAX),
            data: Arc::new(data),
        };
        let image = Image { cells, canvas, ..self.image_here(picture) };
        self.draw_in_cells(image, false);
        true
    }
}

/// A side in cells: `N` cells, `Npx` pixels, `N%` of the screen; none for `auto`.
fn side(text: &str, cell: u16, all: u16) -> Option<u16> {
    let cells = if let Some(pixels) = text.strip_suffix("px") {
        pixels.parse::<u32>().ok()?.div_ceil(u32::from(cell.max(1)))
    } else if let Some(percent) = text.strip_suffix('%') {
        percent.parse::<u32>().ok()?.min(100) * u32::from(all) / 100
    } else {
        text.parse().ok()?
    };
    Some(u16::try_from(cells).unwrap_or(all).clamp(1, all))
}

/// Width and height of a PNG or GIF file, from its header.
pub(crate) fn pixels(data: &[u8]) -> Option<(u32, u32)> {
    if let Some(header) = data.strip_prefix(b"\x89PNG\r\n\x1a\n") {
        let side =
            |at: usize| header.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
        return Some((side(8)?, side(12)?));
    }
    let header = data.strip_prefix(b"GIF89a").or_else(|| data.strip_prefix(b"GIF87a"))?;
    let side = |at: usize| {
        header.get(at..)?.first_chunk().map(|bytes| u32::from(u16::from_le_bytes(*bytes)))
    };
    Some((side(0)?, side(2)?))
}

/// Numbers given to images that a program names by a number of its own (`I`) start here.
const OWN_IDS: u32 = 0x8000_0000;

impl Graphics<'_> {
    /// `G` of an APC: control data, then base64.
    /// The reply, if the program asked for one.
    pub(crate) fn kitty_graphics(&mut self, command: &[u8]) -> Option<Reply> {
        let split = command.iter().position(|byte| *byte == b';').unwrap_or(command.len());
        let (head, payload) = (&command[..split], command.get(split + 1..).unwrap_or(&[]));
        let mut control = Control::read(head);
        if let Some(first) = self.screen.images.transfer.control {
            if control.action == b'd' {
                // A transfer that was begun is given up.
                self.screen.images.transfer = Transfer::default();
            } else {
                // Only the first piece says what it is.
                control =
                    Control { more: control.more, quiet: control.quiet.max(first.quiet), ..first };
            }
        }
        match control.action {
            b'd' => {
                self.delete_images(control);
                None
            }
            b'p' => {
                let placed = self.place_stored(control);
                answer(placed.unwrap_or(control), placed.is_some())
            }
            b't' | b'T' | b'q' => self.receive(control, payload),
            _ => answer(control, false),
        }
    }

    fn receive(&mut self, control: Control, payload: &[u8]) -> Option<Reply> {
        let room = IMAGE_BYTES_MAX - self.screen.images.transfer.data.len();
        let decoded = decode_base64_loose(payload, room).filter(|_| control.medium == b'd');
        let Some(mut bytes) = decoded else {
            self.screen.images.transfer = Transfer::default();
            return answer(control, false);
        };
        self.screen.images.transfer.data.append(&mut bytes);
        if control.more {
            self.screen.images.transfer.control = Some(control);
            return None;
        }
        let data = std::mem::take(&mut self.screen.images.transfer).data;
        let done = self.received(control, data);
        answer(done.unwrap_or(control), done.is_some())
    }

    /// A whole image is there: checked, stored, and placed if asked for. Gives the command with the
    /// number it has now.
    fn received(&mut self, mut control: Control, data: Vec<u8>) -> Option<Control> {
        let (format, bytes) = match control.format {
            24 => (ImageFormat::Rgb, 3),
            32 => (ImageFormat::Rgba, 4),
            100 => (ImageFormat::File, 0),
            _ => return None,
        };
        let pixels = if bytes == 0 { pixels(&data)? } else { control.size };
        let fits = |side: u32| (1..=PIXELS_MAX).contains(&side);
        let expected = u64::from(pixels.0) * u64::from(pixels.1) * bytes;
        if !fits(pixels.0)
            || !fits(pixels.1)
            || (bytes > 0 && !control.compressed && expected != data.len() as u64)
        {
            return None;
        }
        if control.action == b'q' {
            return Some(control);
        }
        if control.id == 0 && control.number != 0 {
            control.id = OWN_IDS | self.screen.images.serial;
        }
        if control.id != 0 {
            // Sent anew, it is another picture, and its placements are gone.
            self.screen.images.stored.retain(|stored| stored.id != control.id);
            self.screen.images.shown.retain(|image| image.cut || image.id != control.id);
        }
        if !self.screen.images.make_room(data.len()) {
            return None;
        }
        let serial = self.screen.images.next_serial();
        let picture = Picture {
            serial,
            format,
            compressed: control.compressed,
            pixels,
            name: String::new(),
            data: Arc::new(data),
        };
        self.screen.images.stored.push(Stored {
            id: control.id,
            number: control.number,
            picture: picture.into(),
        });
        if control.action == b't' {
            return Some(control);
        }
        let placed = self.place_stored(control);
        if control.id == 0 {
            // Nobody can ask for it again.
            self.screen.images.stored.pop();
        }
        placed
    }

    /// Places the stored image of that number at the cursor.
    fn place_stored(&mut self, mut control: Control) -> Option<Control> {
        let is_it = |stored: &&Stored| match (control.id, control.number) {
            (0, 0) => true,
            (0, number) => stored.number == number,
            (id, _) => stored.id == id,
        };
        let stored = self.screen.images.stored.iter().rev().find(is_it)?;
        control.id = stored.id;
        let picture = stored.picture.clone();
        let source = part(control.source, picture.pixels)?;
        let wanted = |cells: u32| {
            (cells != 0).then(|| u16::try_from(cells).unwrap_or(SIDE_MAX).min(SIDE_MAX))
        };
        let (cells, canvas) =
            self.fit((source[2], source[3]), (wanted(control.cells.0), wanted(control.cells.1)));
        let image = Image {
            id: control.id,
            placement: control.placement,
            picture,
            // A virtual one is where its placeholders are.
            row: if control.is_virtual { 0 } else { i64::from(self.screen.cursor.y) },
            col: if control.is_virtual { 0 } else { self.screen.cursor.x },
            cells,
            source,
            canvas,
            z: control.z,
            cut: false,
            is_virtual: control.is_virtual,
        };
        self.screen.images.shown.retain(|own| {
            own.cut
                || control.placement == 0
                || own.id != control.id
                || own.placement != control.placement
        });
        if !self.place_image(image) {
            return None;
        }
        if !control.stay && !control.is_virtual {
            self.move_below(cells.1 - 1);
            self.screen.move_right(cells.0);
        }
        Some(control)
    }

    /// `a=d`: by number, place or depth, or all; capitals forget the data too.
    fn delete_images(&mut self, control: Control) {
        let at = match control.delete.to_ascii_lowercase() {
            b'c' => (u32::from(self.screen.cursor.x), i64::from(self.screen.cursor.y)),
            _ => (control.source[0].saturating_sub(1), i64::from(control.source[1]) - 1),
        };
        let newest = self
            .screen
            .images
            .stored
            .iter()
            .rev()
            .find(|stored| stored.number == control.number)
            .map(|stored| stored.id);
        let goes = |image: &Image| !image.cut && is_deleted(image, control, at, newest);
        let ids: Vec<u32> = self
            .screen
            .images
            .shown
            .iter()
            .filter(|image| goes(image))
            .map(|image| image.id)
            .collect();
        self.screen.images.shown.retain(|image| !goes(image));
        if control.delete.is_ascii_uppercase() {
            forget(&mut self.screen.images, control, &ids);
        }
        let tick = self.screen.tick();
        self.screen.grid.touch_all(tick);
    }
}

/// The reply to a command. A program asks for one by a number, and silences it by `q`.
fn answer(control: Control, done: bool) -> Option<Reply> {
    let silent = (control.quiet >= 1 && done) || control.quiet >= 2;
    let is_named = control.id != 0 || control.number != 0;
    let numbers = (control.id, control.number);
    (is_named && !silent).then_some(Reply::Image(numbers, control.placement, done))
}

/// The part of a picture that is asked for: width and height 0 mean up to its end. None if there is
/// nothing of it.
fn part([x, y, w, h]: [u32; 4], pixels: (u32, u32)) -> Option<[u32; 4]> {
    let (width, height) = pixels;
    let (left, below) = (width.checked_sub(x)?, height.checked_sub(y)?);
    let side = |asked: u32, left: u32| if asked == 0 { left } else { asked.min(left) };
    let (w, h) = (side(w, left), side(h, below));
    (w != 0 && h != 0).then_some([x, y, w, h])
}

/// True if a placement is one that a command deletes.
fn is_deleted(image: &Image, control: Control, at: (u32, i64), newest: Option<u32>) -> bool {
    let (x, y) = at;
    let in_cols = u32::from(image.col) <= x && x - u32::from(image.col) < u32::from(image.cells.0);
    let in_rows = image.row <= y && y - image.row < i64::from(image.cells.1);
    let placement = control.placement == 0 || image.placement == control.placement;
    match control.delete.to_ascii_lowercase() {
        b'a' => !image.is_virtual,
        b'i' => image.id == control.id && placement,
        b'n' => newest == Some(image.id) && placement,
        b'r' => (control.source[0]..=control.source[1]).contains(&image.id),
        _ if image.is_virtual => false,
        b'c' | b'p' => in_cols && in_rows,
        b'q' => in_cols && in_rows && image.z == control.z,
        b'x' => in_cols,
        b'y' => in_rows,
        b'z' => image.z == control.z,
        _ => false,
    }
}

/// Forgets the data of images that a command named or deleted and that are not placed any more.
fn forget(images: &mut Images, control: Control, deleted: &[u32]) {
    let placed: Vec<u32> =
        images.shown.iter().chain(&images.hidden).map(|image| image.picture.serial).collect();
    images.stored.retain(|stored| {
        let named = match control.delete {
            b'A' => true,
            b'I' => stored.id == control.id,
            b'N' => stored.number == control.number,
            b'R' => (control.source[0]..=control.source[1]).contains(&stored.id),
            _ => deleted.contains(&stored.id),
        };
        !named || placed.contains(&stored.picture.serial)
    });
}
