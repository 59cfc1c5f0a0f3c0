//! Images on their way to a client: where they are with each change, their data once, a bounded
//! piece of it with each frame. It changes nothing in the core.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::id::PaneId;
use crate::term::{Image, ImageFormat, Picture, Terminal};
use crate::wire::frame::ToClient;
use crate::wire::image::{CHUNK_BYTES_MAX, Format, Head, Layer, PictureChunk, Placed, Placement};

/// Bytes of pictures that go with one frame.
const FRAME_BYTES_MAX: usize = 1 << 20;

/// The images that a client has been sent.
#[derive(Debug, Default)]
pub(in crate::server) struct SentImages {
    panes: BTreeMap<PaneId, PaneImages>,
    /// True if it can show pictures; else only their places are sent.
    can: bool,
    /// The picture that is on its way, and how much of it was sent.
    sending: Option<(PaneId, Arc<Picture>, usize)>,
    waiting: bool,
}

/// A pane's images that a client has been sent.
#[derive(Debug, Default)]
struct PaneImages {
    placed: Vec<Placement>,
    /// `SentImages` that were sent, or begun.
    sent: BTreeSet<u32>,
}

impl SentImages {
    /// True if the client can show pictures.
    pub(in crate::server) fn can(&mut self, can: bool) {
        self.can = can;
    }

    /// True if something is still to be sent.
    pub(in crate::server) fn are_waiting(&self) -> bool {
        self.waiting
    }

    /// Appends what changed of the images of these panes. Of those in the middle of an update (the
    /// third) nothing did.
    pub(in crate::server) fn update<'a>(
        &mut self,
        screens: impl Iterator<Item = (PaneId, &'a Terminal, bool)>,
        out: &mut Vec<ToClient>,
    ) {
        self.waiting = false;
        let screens: Vec<_> = screens.collect();
        if self.panes.is_empty() && screens.iter().all(|(_, screen, _)| screen.images().is_empty())
        {
            return;
        }
        self.panes.retain(|pane, _| screens.iter().any(|(id, ..)| id == pane));
        for &(id, screen, is_held) in &screens {
            if is_held || (screen.images().is_empty() && !self.panes.contains_key(&id)) {
                continue;
            }
            self.pane(id, screen, out);
        }
        let mut room = FRAME_BYTES_MAX;
        // Images on their way that are shown no more are not awaited either.
        let is_awaited = |id: &PaneId, serial: u32| {
            self.panes.get(id).is_some_and(|pane| pane.sent.contains(&serial))
        };
        if self.sending.as_ref().is_some_and(|(pane, picture, _)| !is_awaited(pane, picture.serial))
        {
            self.sending = None;
        }
        for (id, screen, is_held) in screens {
            if self.can && !is_held {
                self.data(id, screen, &mut room, out);
            }
        }
    }

    fn pane(&mut self, id: PaneId, screen: &Terminal, out: &mut Vec<ToClient>) {
        let rows = i64::from(screen.size().rows);
        let is_near = |image: &&Image| {
            image.is_virtual || (image.row < rows && 0 < image.row + i64::from(image.cells.1))
        };
        let mut seen: Vec<&Image> = screen.images().iter().filter(is_near).collect();
        seen.sort_by_key(|image| image.z);
        let placed: Vec<Placement> = seen.into_iter().map(placement).collect();
        let known = self.panes.entry(id).or_default();
        if known.placed != placed {
            // The client forgets what is not placed any more.
            known.sent.retain(|serial| placed.iter().any(|image| image.picture == *serial));
            known.placed.clone_from(&placed);
            out.push(ToClient::Placed(Placed { pane: id, images: placed }));
        }
        if known.placed.is_empty() {
            self.panes.remove(&id);
        }
    }

    /// Sends pictures of a pane as far as there is room.
    fn data(&mut self, id: PaneId, screen: &Terminal, room: &mut usize, out: &mut Vec<ToClient>) {
        let Some(known) = self.panes.get_mut(&id) else { return };
        let find = |serial: u32| {
            screen
                .images()
                .iter()
                .find(|image| image.picture.serial == serial)
                .map(|image| &image.picture)
        };
        let wanted: BTreeSet<u32> = known.placed.iter().map(|image| image.picture).collect();
        for serial in wanted {
            let resumed = self
                .sending
                .as_ref()
                .filter(|(pane, picture, _)| (*pane, picture.serial) == (id, serial))
                .map(|(.., sent)| *sent);
            if resumed.is_none() && known.sent.contains(&serial) {
                continue;
            }
            if *room == 0 || (resumed.is_none() && self.sending.is_some()) {
                self.waiting = true;
                return;
            }
            let Some(picture) = find(serial) else { continue };
            known.sent.insert(serial);
            let mut at = resumed.unwrap_or(0);
            while at < picture.data.len() && *room != 0 {
                let len = (picture.data.len() - at).min(CHUNK_BYTES_MAX).min(*room);
                let head = (at == 0).then(|| head(picture));
                out.push(ToClient::PictureChunk(PictureChunk {
                    pane: id,
                    picture: serial,
                    head,
                    bytes: picture.data[at..at + len].to_vec(),
                }));
                at += len;
                *room -= len;
            }
            self.sending = (at < picture.data.len()).then(|| (id, Arc::clone(picture), at));
            self.waiting |= self.sending.is_some();
        }
    }
}

fn head(picture: &Picture) -> Head {
    let format = match picture.format {
        ImageFormat::Sixel => Format::Sixel,
        ImageFormat::Rgb => Format::Rgb,
        ImageFormat::Rgba => Format::Rgba,
        ImageFormat::File => Format::File,
    };
    let len = u32::try_from(picture.data.len()).unwrap_or(u32::MAX);
    Head { format, compressed: picture.compressed, pixels: picture.pixels, len }
}

fn placement(image: &Image) -> Placement {
    Placement {
        picture: image.picture.serial,
        name: image.picture.name.clone(),
        pixels: image.picture.pixels,
        row: i32::try_from(image.row).unwrap_or(i32::MIN),
        col: image.col,
        cells: image.cells,
        source: image.source,
        canvas: image.canvas,
        z: image.z,
        layer: match () {
            () if image.is_virtual => Layer::Placeholder(image.id & 0x00ff_ffff),
            () if image.cut => Layer::Cells,
            () => Layer::Over,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{FRAME_BYTES_MAX, SentImages};
    use crate::base::geom::Size;
    use crate::base::id::PaneId;
    use crate::base::memory::HeapMemory;
    use crate::term::{Options, Terminal};
    use crate::wire::frame::ToClient;

    fn screen(bytes: &[u8]) -> Terminal {
        let mut screen =
            Terminal::new(Size::new(80, 24), Options::default(), Box::new(HeapMemory::default()));
        screen.feed(bytes, &mut Vec::new());
        screen
    }

    /// A picture of three times what goes with a frame.
    fn large(id: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let line = "AAAA".repeat(200_000);
        for piece in 0..6 {
            let head = if piece == 0 {
                format!("a=T,C=1,i={id},s=1200,v=1000,f=24,m=1")
            } else {
                format!("m={}", u8::from(piece < 5))
            };
            bytes.extend_from_slice(format!("\x1b_G{head};{line}\x1b\\").as_bytes());
        }
        bytes
    }

    fn update(pictures: &mut SentImages, screen: &Terminal) -> (usize, usize) {
        let mut out = Vec::new();
        pictures.update(std::iter::once((PaneId(1), screen, false)), &mut out);
        let bytes =
            out.iter()
                .map(|message| {
                    if let ToClient::PictureChunk(piece) = message { piece.bytes.len() } else { 0 }
                })
                .sum();
        (out.iter().filter(|message| matches!(message, ToClient::Placed(_))).count(), bytes)
    }

    #[test]
    fn data_is_sent_once_and_bounded_and_only_to_who_can_show_it() {
        let screen = screen(&[large(1), large(2)].concat());
        assert_eq!(screen.images().len(), 2);
        let mut blind = SentImages::default();
        assert_eq!(update(&mut blind, &screen), (1, 0));
        assert!(!blind.are_waiting());
        let mut pictures = SentImages::default();
        pictures.can(true);
        assert_eq!(update(&mut pictures, &screen), (1, FRAME_BYTES_MAX));
        let mut all = FRAME_BYTES_MAX;
        while pictures.are_waiting() {
            let (placed, bytes) = update(&mut pictures, &screen);
            assert!(placed == 0 && 0 < bytes && bytes <= FRAME_BYTES_MAX, "{bytes}");
            all += bytes;
        }
        assert_eq!(all, 2 * 3_600_000);
        assert_eq!(update(&mut pictures, &screen), (0, 0));
    }

    #[test]
    fn an_image_that_goes_is_told_and_one_that_returns_is_sent_again() {
        let image = "\x1b_Ga=T,C=1,i=7,s=1,v=1,f=24;AAAA\x1b\\";
        let mut shown = screen(image.as_bytes());
        let mut pictures = SentImages::default();
        pictures.can(true);
        assert_eq!(update(&mut pictures, &shown), (1, 3));
        shown.feed(b"\x1b_Ga=d\x1b\\", &mut Vec::new());
        assert_eq!(update(&mut pictures, &shown), (1, 0));
        assert_eq!(update(&mut pictures, &shown), (0, 0));
        shown.feed(b"\x1b_Ga=p,i=7\x1b\\", &mut Vec::new());
        assert_eq!(update(&mut pictures, &shown), (1, 3));
    }
}
