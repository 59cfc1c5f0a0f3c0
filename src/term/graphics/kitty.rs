//! The kitty graphics protocol as far as bytes in the stream go: direct transmission, whole or in
//! pieces, placements, virtual ones, deletion, queries. Files and shared memory of the machine are
//! never read for a program, and nothing is animated: such commands are answered with an error.

use std::sync::Arc;

use crate::base::text::decode_base64_loose;
use crate::term::graphics::{Graphics, SIDE_MAX, inline};
use crate::term::image::{
    Control, IMAGE_BYTES_MAX, Image, ImageFormat, Images, PIXELS_MAX, Picture, Stored, Transfer,
};
use crate::term::report::Reply;

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
        let pixels = if bytes == 0 { inline::pixels(&data)? } else { control.size };
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
