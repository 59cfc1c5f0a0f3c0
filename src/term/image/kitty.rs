//! The kitty graphics protocol as far as bytes in the stream go (direct transmission, placements, deletion, queries), and iTerm2's inline images.
//! Files and shared memory of the machine are never read for a program.

use crate::term::base64;
use crate::term::emulator::Emulator;
use crate::term::image::{Control, IMAGE_BYTES_MAX, Image, ImageFormat, PIXELS_MAX, Transfer};
use crate::term::report::Reply;

fn control(text: &[u8]) -> Control {
    let mut control = Control { action: b't', medium: b'd', format: 32, delete: b'a', ..Control::default() };
    for pair in text.split(|byte| *byte == b',').take(64) {
        let [key, b'=', value @ ..] = pair else { continue };
        let letter = value.first().copied().unwrap_or(0);
        let number = std::str::from_utf8(value).ok().and_then(|digits| digits.parse::<u32>().ok()).unwrap_or(0);
        match key {
            b'a' => control.action = letter,
            b't' => control.medium = letter,
            b'f' => control.format = number,
            b'o' => control.compressed = letter == b'z',
            b'm' => control.more = number == 1,
            b'q' => control.quiet = number,
            b'i' => control.id = number,
            b'I' => control.number = number,
            b'p' => control.placement = number,
            b's' => control.width = number,
            b'v' => control.height = number,
            b'c' => control.cols = number,
            b'r' => control.rows = number,
            b'C' => control.stay = number == 1,
            b'd' => control.delete = letter,
            _ => {}
        }
    }
    control
}

impl Emulator {
    /// `G` of an APC: control data, then base64.
    pub(crate) fn kitty_graphics(&mut self, command: &[u8]) {
        let split = command.iter().position(|byte| *byte == b';').unwrap_or(command.len());
        let (head, payload) = (&command[..split], command.get(split + 1..).unwrap_or(&[]));
        let mut control = control(head);
        if let Some(first) = self.images.transfer.control {
            // Only the first piece says what it is.
            control = Control { more: control.more, ..first };
        }
        match control.action {
            b'd' => self.delete_images(control),
            b'p' => {
                let done = self.place_stored(control);
                self.answer(control, done);
            }
            b't' | b'T' | b'q' => self.receive(control, payload),
            _ => self.answer(control, false),
        }
    }

    fn receive(&mut self, control: Control, payload: &[u8]) {
        let room = IMAGE_BYTES_MAX - self.images.transfer.data.len();
        let decoded = base64::decode(payload, room).filter(|_| control.medium == b'd');
        let Some(mut bytes) = decoded else {
            self.images.transfer = Transfer::default();
            self.answer(control, false);
            return;
        };
        self.images.transfer.data.append(&mut bytes);
        if control.more {
            self.images.transfer.control = Some(control);
            return;
        }
        let data = std::mem::take(&mut self.images.transfer).data;
        let done = self.received(control, data);
        self.answer(control, done);
    }

    /// A whole image is there: checked, stored, and placed if asked for.
    fn received(&mut self, control: Control, data: Vec<u8>) -> bool {
        let (format, bytes) = match control.format {
            24 => (ImageFormat::Rgb, 3),
            32 => (ImageFormat::Rgba, 4),
            100 => (ImageFormat::File, 0),
            _ => return false,
        };
        let (width, height) = (control.width, control.height);
        let fits = width <= PIXELS_MAX && height <= PIXELS_MAX;
        let expected = u64::from(width) * u64::from(height) * bytes;
        if !fits || (bytes > 0 && !control.compressed && expected != data.len() as u64) {
            return false;
        }
        if control.action == b'q' {
            return true;
        }
        let pixels = if bytes == 0 { png_size(&data).unwrap_or((0, 0)) } else { (width, height) };
        if pixels.0 > PIXELS_MAX || pixels.1 > PIXELS_MAX || !self.images.make_room(data.len()) {
            return false;
        }
        let image = Image {
            id: control.id,
            placement: control.placement,
            format,
            compressed: control.compressed,
            pixels,
            row: 0,
            col: 0,
            cells: (1, 1),
            data,
        };
        if control.id != 0 {
            self.images.stored.retain(|stored| stored.id != control.id);
        }
        self.images.stored.push(image);
        control.action == b't' || self.place_stored(control)
    }

    /// Places the stored image of that number at the cursor.
    fn place_stored(&mut self, control: Control) -> bool {
        let stored = self.images.stored.iter().rev().find(|stored| control.id == 0 || stored.id == control.id);
        let Some(mut image) = stored.cloned() else { return false };
        let natural = self.cells_of(image.pixels);
        let side = |asked: u32, natural: u16, max: u16| if asked == 0 { natural } else { u16::try_from(asked).unwrap_or(max).min(max) };
        image.cells = (side(control.cols, natural.0, self.size.cols), side(control.rows, natural.1, self.size.rows));
        image.placement = control.placement;
        image.row = i64::from(self.cursor.y);
        image.col = self.cursor.x;
        let cells = image.cells;
        self.images.shown.retain(|own| control.placement == 0 || own.id != control.id || own.placement != control.placement);
        self.place_image(image);
        if !control.stay {
            self.move_below(cells.1 - 1);
            self.move_right(cells.0);
        }
        true
    }

    /// `a=d`: by number, at the cursor, or all; capitals forget the data too.
    fn delete_images(&mut self, control: Control) {
        let (x, y) = (self.cursor.x, i64::from(self.cursor.y));
        let placement = control.placement;
        match control.delete.to_ascii_lowercase() {
            b'a' => self.images.shown.clear(),
            b'i' => {
                self.images.shown.retain(|image| image.id != control.id || (placement != 0 && image.placement != placement));
            }
            b'c' => self.images.shown.retain(|image| {
                let (cols, rows) = image.cells;
                let inside = image.col <= x && x - image.col < cols && image.row <= y && y - image.row < i64::from(rows);
                !inside
            }),
            _ => {}
        }
        if control.delete.is_ascii_uppercase() {
            let shown = &self.images.shown;
            let keep = |stored: &Image| shown.iter().any(|image| image.id == stored.id);
            let stored: Vec<Image> = self.images.stored.iter().filter(|stored| keep(stored)).cloned().collect();
            self.images.stored = stored;
        }
        let tick = self.tick();
        self.grid.touch_all(tick);
    }

    /// Answers where the program asked for it: it must have given a number, and `q` silences.
    fn answer(&mut self, control: Control, done: bool) {
        let silent = (control.quiet >= 1 && done) || control.quiet >= 2;
        if control.id != 0 && !silent {
            self.reply(Reply::Image(control.id, control.placement, done));
        }
    }

    /// OSC 1337 `File=`: options, colon, base64. Only inline images are kept; nothing is saved as a file.
    pub(crate) fn inline_image(&mut self, rest: &str) -> bool {
        let Some((options, payload)) = rest.split_once(':') else { return false };
        let option = |name: &str| options.split(';').find_map(|option| option.strip_prefix(name)?.strip_prefix('='));
        let Some(data) = base64::decode(payload.as_bytes(), IMAGE_BYTES_MAX).filter(|_| option("inline") == Some("1")) else {
            return false;
        };
        let pixels = png_size(&data).unwrap_or((0, 0));
        let natural = self.cells_of(pixels);
        let side =
            |name: &str, natural: u16, max: u16| option(name).and_then(|n| n.parse::<u16>().ok()).map_or(natural, |n| n.clamp(1, max));
        let cells = (side("width", natural.0, self.size.cols), side("height", natural.1, self.size.rows));
        if pixels.0 > PIXELS_MAX || pixels.1 > PIXELS_MAX {
            return false;
        }
        let (col, row) = (self.cursor.x, i64::from(self.cursor.y));
        self.place_image(Image { id: 0, placement: 0, format: ImageFormat::File, compressed: false, pixels, row, col, cells, data });
        self.move_below(cells.1 - 1);
        self.move_right(cells.0);
        true
    }
}

/// Width and height of a PNG file, from its header.
fn png_size(data: &[u8]) -> Option<(u32, u32)> {
    let header = data.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
    let side = |at: usize| header.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
    Some((side(8)?, side(12)?))
}
