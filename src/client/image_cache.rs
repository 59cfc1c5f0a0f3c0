//! Messages of the server beside frames: the images of panes with their data, and what the program
//! in focus wants to know of keys. Nothing is decoded here.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::base::id::PaneId;
use crate::wire::frame::Wants;
use crate::wire::image::{Head, PICTURE_BYTES_MAX, PictureChunk, Placed, Placement};

/// Bytes of pictures that are kept in all; beyond it a picture is not taken and a box stands for
/// it.
const BYTES_MAX: usize = 192 << 20;

/// A picture, as far as it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Arrival {
    head: Head,
    bytes: Rc<Vec<u8>>,
}

/// The images of a pane.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct PaneImages {
    placed: Vec<Placement>,
    pictures: BTreeMap<u32, Arrival>,
}

/// Images, and wanted keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageCache {
    /// The keys that the program in focus wants told apart.
    pub wants: Wants,
    pages: BTreeMap<PaneId, PaneImages>,
    /// In force with the next frame.
    coming: Vec<Placed>,
}

impl ImageCache {
    /// True if there is no image anywhere.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// The images of a pane, the lowest first.
    #[must_use]
    pub fn placed(&self, pane: PaneId) -> &[Placement] {
        self.pages.get(&pane).map_or(&[], |page| &page.placed)
    }

    /// A picture that has come whole.
    #[must_use]
    pub fn picture(&self, pane: PaneId, number: u32) -> Option<(&Head, &Rc<Vec<u8>>)> {
        let arrival = self.pages.get(&pane)?.pictures.get(&number)?;
        (arrival.bytes.len() == arrival.head.len as usize)
            .then_some((&arrival.head, &arrival.bytes))
    }

    /// Images of a pane, for the next frame.
    pub fn place(&mut self, placed: Placed) {
        // Pieces of new pictures come before the frame does.
        self.pages.entry(placed.pane).or_default();
        self.coming.push(placed);
    }

    /// A frame has come: what was told before it is in force. True if anything was.
    pub fn turn(&mut self, is_shown: impl Fn(PaneId) -> bool) -> bool {
        let before = self.pages.len();
        let turned = !self.coming.is_empty();
        for placed in std::mem::take(&mut self.coming) {
            let page = self.pages.entry(placed.pane).or_default();
            page.placed = placed.images;
            page.pictures
                .retain(|number, _| page.placed.iter().any(|image| image.picture == *number));
        }
        self.pages.retain(|pane, page| is_shown(*pane) && !page.placed.is_empty());
        turned || before != self.pages.len()
    }

    /// A piece of a picture; true if it is whole now.
    pub fn add(&mut self, piece: PictureChunk) -> bool {
        let kept: usize = self
            .pages
            .values()
            .flat_map(|page| page.pictures.values())
            .map(|picture| picture.bytes.len())
            .sum();
        let Some(page) = self.pages.get_mut(&piece.pane) else { return false };
        if let Some(head) = piece.head {
            let len = head.len as usize;
            if PICTURE_BYTES_MAX < len || BYTES_MAX < kept + len {
                page.pictures.remove(&piece.picture);
                return false;
            }
            page.pictures.insert(piece.picture, Arrival { head, bytes: Rc::default() });
        }
        let Some(arrival) = page.pictures.get_mut(&piece.picture) else { return false };
        let len = arrival.head.len as usize;
        if len < arrival.bytes.len() + piece.bytes.len() {
            page.pictures.remove(&piece.picture);
            return false;
        }
        Rc::make_mut(&mut arrival.bytes).extend_from_slice(&piece.bytes);
        arrival.bytes.len() == len
    }
}

#[cfg(test)]
mod tests {
    use super::{ImageCache, PICTURE_BYTES_MAX};
    use crate::base::id::PaneId;
    use crate::wire::image::{Format, Head, Layer, PictureChunk, Placed, Placement};

    const PANE: PaneId = PaneId(1);

    fn placement(picture: u32) -> Placement {
        Placement {
            picture,
            name: String::new(),
            pixels: (1, 1),
            row: 0,
            col: 0,
            cells: (1, 1),
            source: [0; 4],
            canvas: (0, 0),
            z: 0,
            layer: Layer::Over,
        }
    }

    fn piece(picture: u32, len: Option<usize>, bytes: &[u8]) -> PictureChunk {
        let head = len.map(|len| Head {
            format: Format::Rgb,
            compressed: false,
            pixels: (1, 1),
            len: u32::try_from(len).expect("small"),
        });
        PictureChunk { pane: PANE, picture, head, bytes: bytes.to_vec() }
    }

    #[test]
    fn pictures_come_in_pieces_and_go_with_their_placement() {
        let mut album = ImageCache::default();
        album.place(Placed { pane: PANE, images: vec![placement(4)] });
        assert!(!album.add(piece(4, Some(3), b"ab")));
        assert!(album.placed(PANE).is_empty(), "not before the frame");
        assert!(album.turn(|_| true));
        assert!(album.picture(PANE, 4).is_none());
        assert!(album.add(piece(4, None, b"c")));
        assert!(album.picture(PANE, 4).is_some_and(|(_, bytes)| ***bytes == *b"abc"));
        assert!(!album.turn(|_| true));
        album.place(Placed { pane: PANE, images: vec![placement(5)] });
        assert!(album.turn(|_| true));
        assert!(album.picture(PANE, 4).is_none());
        assert!(album.turn(|_| false));
        assert!(album.is_empty());
    }

    #[test]
    fn what_no_server_sends_is_not_kept() {
        let mut album = ImageCache::default();
        assert!(!album.add(piece(1, Some(1), b"a")), "of a pane that shows none");
        album.place(Placed { pane: PANE, images: vec![placement(1)] });
        assert!(!album.add(piece(1, Some(PICTURE_BYTES_MAX + 1), b"a")));
        assert!(!album.add(piece(1, None, b"a")), "without a beginning");
        assert!(!album.add(piece(1, Some(1), b"ab")), "more than was said");
        assert!(album.picture(PANE, 1).is_none());
    }
}
