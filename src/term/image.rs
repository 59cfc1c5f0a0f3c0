//! Images a program sent (sixel, kitty graphics, iTerm2 inline): kept as they came, within a
//! budget, with the cells they cover. Nothing is decoded to pixels here: a client that can draw
//! them does, another one draws a box.
//!
//! A sixel or inline image lies in the cells as text does: each cell under it holds [`UNDER`], and
//! what is written, erased or moved there cuts or moves the image. An image of kitty's protocol
//! lies over or under the text and is only moved and deleted.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// Bytes of image data a terminal keeps; the oldest images go first.
pub(crate) const IMAGE_BYTES_MAX: usize = 64 << 20;
/// Images a terminal shows, and images sent but not yet shown.
pub(crate) const IMAGES_MAX: usize = 1024;
/// Width and height of an image, in pixels; a larger one is dropped.
pub(crate) const PIXELS_MAX: u32 = 4096;
/// Rows above the screen after which an image is forgotten.
const ROWS_ABOVE_MAX: i64 = 200;
/// The character of a cell under an image that text can cut. Programs that print it themselves get
/// a blank.
pub(crate) const UNDER: char = '\u{10eeef}';

/// The format of the data of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ImageFormat {
    /// The payload of a sixel DCS, without its header.
    Sixel,
    /// 24 bits a pixel.
    Rgb,
    /// 32 bits a pixel.
    Rgba,
    /// A file: PNG, or whatever iTerm2's protocol carried.
    File,
}

/// The picture of an image, wherever it is placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The number within the terminal, never used again.
    pub serial: u32,
    /// The format of the data.
    pub format: ImageFormat,
    /// True if the data is compressed with zlib (kitty's `o=z`).
    pub compressed: bool,
    /// Width and height in pixels; 0 where only the file itself tells.
    pub pixels: (u32, u32),
    /// The name, sanitized; empty if it has none.
    pub name: String,
    /// The data, at most `IMAGE_BYTES_MAX` for all images together; snapshots share it.
    pub data: Arc<Vec<u8>>,
}

/// An image on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The program's number for it; 0 if it gave none.
    pub id: u32,
    /// The program's number for this placement; 0 if it gave none.
    pub placement: u32,
    /// The picture.
    pub picture: Arc<Picture>,
    /// The row of its first cell: 0 is the top of the screen, negative rows have scrolled off.
    pub row: i64,
    /// The column of its first cell.
    pub col: u16,
    /// Columns and rows it covers.
    pub cells: (u16, u16),
    /// The part of the picture that is shown: left, top, width, height in pixels. All of it if
    /// width or height is 0.
    pub source: [u32; 4],
    /// Pixels of the picture that would fill the cells; what the part lacks to that stays clear on
    /// the right and below. Scaled to the cells if 0.
    pub canvas: (u32, u32),
    /// Images of a negative depth lie under the text.
    pub z: i32,
    /// True if it lies in the cells, so that text cuts it.
    pub cut: bool,
    /// True if it is shown only where the program prints kitty's placeholder with its number.
    pub is_virtual: bool,
}

/// A picture sent by kitty's protocol, to be placed by number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) id: u32,
    pub(crate) number: u32,
    pub(crate) picture: Arc<Picture>,
}

/// An image that comes in pieces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Transfer {
    pub(crate) control: Option<Control>,
    pub(crate) data: Vec<u8>,
}

/// The images of a terminal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Images {
    /// Images on the screen shown, oldest first.
    pub(crate) shown: Vec<Image>,
    /// Images on the other screen.
    pub(crate) hidden: Vec<Image>,
    /// Sent by kitty's protocol, oldest first.
    pub(crate) stored: Vec<Stored>,
    pub(crate) transfer: Transfer,
    /// The serial given last.
    pub(crate) serial: u32,
}

impl Images {
    pub(crate) fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// The next serial.
    pub(crate) fn next_serial(&mut self) -> u32 {
        self.serial = self.serial.wrapping_add(1).max(1);
        self.serial
    }

    /// Bytes of data kept; pictures that are placed more than once count once.
    pub(crate) fn bytes(&self) -> usize {
        let mut seen = BTreeSet::new();
        let placed = self.shown.iter().chain(&self.hidden).map(|image| &image.picture);
        let all = placed.chain(self.stored.iter().map(|stored| &stored.picture));
        let pictures: usize = all
            .filter(|picture| seen.insert(picture.serial))
            .map(|picture| picture.data.len())
            .sum();
        pictures + self.transfer.data.len()
    }

    /// Makes room for one more image of `bytes`; false if it can never fit. Pictures that are not
    /// shown go first, then the oldest.
    pub(crate) fn make_room(&mut self, bytes: usize) -> bool {
        if bytes > IMAGE_BYTES_MAX {
            return false;
        }
        if self.stored.len() >= IMAGES_MAX {
            self.stored.remove(0);
        }
        for list in [&mut self.hidden, &mut self.shown] {
            if list.len() >= IMAGES_MAX {
                list.remove(0);
            }
        }
        while self.bytes() + bytes > IMAGE_BYTES_MAX {
            let placed: BTreeSet<u32> =
                self.shown.iter().chain(&self.hidden).map(|image| image.picture.serial).collect();
            let unplaced = self
                .stored
                .iter()
                .map(|stored| stored.picture.serial)
                .find(|serial| !placed.contains(serial));
            let Some(victim) = unplaced.or_else(|| placed.first().copied()) else { return false };
            self.stored.retain(|stored| stored.picture.serial != victim);
            self.shown.retain(|image| image.picture.serial != victim);
            self.hidden.retain(|image| image.picture.serial != victim);
        }
        true
    }

    /// The other screen is shown now.
    pub(crate) fn switch(&mut self) {
        std::mem::swap(&mut self.shown, &mut self.hidden);
    }

    /// Rows of a region moved by `by`; what leaves a region that is not at the top is gone.
    pub(crate) fn scroll(&mut self, region: (u16, u16), by: i64, keeps: bool) {
        let (top, bottom) = (i64::from(region.0), i64::from(region.1));
        self.shown.retain_mut(|image| {
            let inside = image.row <= bottom && (image.row >= top || (keeps && top == 0));
            if !inside || image.is_virtual {
                return true;
            }
            image.row += by;
            let end = image.row + i64::from(image.cells.1);
            if keeps && top == 0 { end > -ROWS_ABOVE_MAX } else { end > top && image.row <= bottom }
        });
    }

    /// Rows were erased: images that start in them are gone. Those in the cells are cut there.
    pub(crate) fn erase(&mut self, rows: Range<u16>) {
        let (start, end) = (i64::from(rows.start), i64::from(rows.end));
        self.shown.retain(|image| {
            let is_whole =
                start <= image.row && (!image.cut || image.row + i64::from(image.cells.1) <= end);
            image.is_virtual || !(is_whole && image.row < end)
        });
    }

    /// Forgets everything but which serials were given.
    pub(crate) fn clear(&mut self) {
        *self = Self { serial: self.serial, ..Self::default() };
    }
}

/// Bytes of image data a snapshot holds; what is more is lost with the server.
const KEPT_BYTES_MAX: usize = 4 << 20;

/// The images of a terminal as plain data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImagesSnapshot {
    /// On the screen shown and on the other one.
    pub placed: [Vec<Image>; 2],
    /// Sent and not placed.
    pub stored: Vec<StoredSnapshot>,
    /// The command of an image that comes in pieces, as words, and its data so far.
    pub transfer: (Vec<u32>, Vec<u8>),
    /// The serial given last.
    pub serial: u32,
}

/// A picture that was sent under a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSnapshot {
    /// The program's number for it, and the other number it gave it.
    pub numbers: (u32, u32),
    /// The picture.
    pub picture: Arc<Picture>,
}

impl Images {
    pub(crate) fn snapshot(&self) -> ImagesSnapshot {
        let mut left = KEPT_BYTES_MAX.saturating_sub(self.transfer.data.len());
        let mut kept = BTreeSet::new();
        let newest = |images: &[Image]| {
            images.iter().rev().map(|image| Arc::clone(&image.picture)).collect::<Vec<_>>()
        };
        let mut order = newest(&self.shown);
        order.extend(newest(&self.hidden));
        order.extend(self.stored.iter().rev().map(|stored| Arc::clone(&stored.picture)));
        for picture in order {
            if !kept.contains(&picture.serial) && picture.data.len() <= left {
                left -= picture.data.len();
                kept.insert(picture.serial);
            }
        }
        let placed = |images: &[Image]| {
            images.iter().filter(|image| kept.contains(&image.picture.serial)).cloned().collect()
        };
        let stored = self.stored.iter().filter(|stored| kept.contains(&stored.picture.serial));
        let fits = self.transfer.data.len() <= KEPT_BYTES_MAX;
        let command =
            self.transfer.control.filter(|_| fits).map(Control::words).unwrap_or_default();
        ImagesSnapshot {
            placed: [placed(&self.shown), placed(&self.hidden)],
            stored: stored
                .map(|stored| StoredSnapshot {
                    numbers: (stored.id, stored.number),
                    picture: Arc::clone(&stored.picture),
                })
                .collect(),
            transfer: (command, if fits { self.transfer.data.clone() } else { Vec::new() }),
            serial: self.serial,
        }
    }

    pub(crate) fn restore(snapshot: ImagesSnapshot) -> Self {
        let fits =
            |picture: &Picture| picture.pixels.0 <= PIXELS_MAX && picture.pixels.1 <= PIXELS_MAX;
        let placed = |mut images: Vec<Image>| {
            images.retain(|image| {
                fits(&image.picture)
                    && image.cells.0 != 0
                    && image.cells.1 != 0
                    && image.row.abs() < 1 << 20
            });
            images.truncate(IMAGES_MAX);
            images
        };
        let [shown, hidden] = snapshot.placed;
        let stored =
            snapshot.stored.into_iter().filter(|stored| fits(&stored.picture)).take(IMAGES_MAX);
        let mut images = Self {
            shown: placed(shown),
            hidden: placed(hidden),
            stored: stored
                .map(|StoredSnapshot { numbers: (id, number), picture }| Stored {
                    id,
                    number,
                    picture,
                })
                .collect(),
            transfer: Transfer {
                control: Control::from_words(&snapshot.transfer.0),
                data: snapshot.transfer.1,
            },
            serial: snapshot.serial,
        };
        if images.transfer.control.is_none() || IMAGE_BYTES_MAX < images.transfer.data.len() {
            images.transfer = Transfer::default();
        }
        images.make_room(0);
        images
    }
}

/// The keys of a command (kitty graphics protocol, "Control data reference").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Control {
    pub(crate) action: u8,
    pub(crate) medium: u8,
    pub(crate) format: u32,
    pub(crate) compressed: bool,
    pub(crate) more: bool,
    pub(crate) quiet: u32,
    pub(crate) id: u32,
    pub(crate) number: u32,
    pub(crate) placement: u32,
    /// Width and height of the data (`s`, `v`).
    pub(crate) size: (u32, u32),
    /// The part to show (`x`, `y`, `w`, `h`).
    pub(crate) source: [u32; 4],
    /// Columns and rows to fill (`c`, `r`), 0 where not said.
    pub(crate) cells: (u32, u32),
    pub(crate) z: i32,
    pub(crate) stay: bool,
    pub(crate) is_virtual: bool,
    pub(crate) delete: u8,
}

/// Words a command takes in a snapshot.
const WORDS: usize = 19;

impl Control {
    /// Reads `key=value` pairs; unknown ones mean nothing.
    pub(crate) fn read(text: &[u8]) -> Self {
        let mut control =
            Self { action: b't', medium: b'd', format: 32, delete: b'a', ..Self::default() };
        for pair in text.split(|byte| *byte == b',').take(64) {
            let [key, b'=', value @ ..] = pair else { continue };
            let letter = value.first().copied().unwrap_or(0);
            let digits = std::str::from_utf8(value).unwrap_or_default();
            control.set(*key, letter, digits);
        }
        control
    }

    fn set(&mut self, key: u8, letter: u8, digits: &str) {
        let number = digits.parse::<u32>().unwrap_or(0);
        match key {
            b'a' => self.action = letter,
            b't' => self.medium = letter,
            b'f' => self.format = number,
            b'o' => self.compressed = letter == b'z',
            b'm' => self.more = number == 1,
            b'q' => self.quiet = number,
            b'i' => self.id = number,
            b'I' => self.number = number,
            b'p' => self.placement = number,
            b's' => self.size.0 = number,
            b'v' => self.size.1 = number,
            b'x' => self.source[0] = number,
            b'y' => self.source[1] = number,
            b'w' => self.source[2] = number,
            b'h' => self.source[3] = number,
            b'c' => self.cells.0 = number,
            b'r' => self.cells.1 = number,
            b'z' => self.z = digits.parse().unwrap_or(0),
            b'C' => self.stay = number == 1,
            b'U' => self.is_virtual = number == 1,
            b'd' => self.delete = letter,
            _ => {}
        }
    }

    /// As words, for a snapshot.
    pub(crate) fn words(self) -> Vec<u32> {
        let flags = u32::from(self.compressed)
            | u32::from(self.more) << 1
            | u32::from(self.stay) << 2
            | u32::from(self.is_virtual) << 3;
        let letters = [self.action, self.medium, self.delete].map(u32::from);
        let z = self.z.cast_unsigned();
        let mut words =
            vec![flags, self.format, self.quiet, self.id, self.number, self.placement, z];
        words.extend(self.source);
        words.extend(letters);
        words.extend([self.size.0, self.size.1, self.cells.0, self.cells.1, 0]);
        words
    }

    /// From words; none if they are not those of a command.
    pub(crate) fn from_words(words: &[u32]) -> Option<Self> {
        let words: &[u32; WORDS] = words.try_into().ok()?;
        let flag = |bit: u32| words[0] >> bit & 1 == 1;
        let letter = |at: usize| u8::try_from(words[at]).unwrap_or(0);
        Some(Self {
            action: letter(11),
            medium: letter(12),
            delete: letter(13),
            format: words[1],
            compressed: flag(0),
            more: flag(1),
            stay: flag(2),
            is_virtual: flag(3),
            quiet: words[2],
            id: words[3],
            number: words[4],
            placement: words[5],
            z: words[6].cast_signed(),
            source: [words[7], words[8], words[9], words[10]],
            size: (words[14], words[15]),
            cells: (words[16], words[17]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Control;

    #[test]
    fn a_command_is_read_and_kept() {
        let control =
            Control::read(b"a=T,f=24,s=3,v=2,x=1,h=9,c=4,z=-7,U=1,q=2,m=1,o=z,I=5,unknown,k=1");
        assert_eq!(
            (control.action, control.size, control.source, control.z),
            (b'T', (3, 2), [1, 0, 0, 9], -7)
        );
        assert_eq!(Control::from_words(&control.words()), Some(control));
        assert_eq!(Control::from_words(&[1, 2]), None);
    }
}
