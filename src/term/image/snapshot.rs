//! Images in a snapshot: what is shown first, as much as a snapshot may hold. Anything may be in
//! one that is restored: it is checked, never trusted.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Control, IMAGE_BYTES_MAX, IMAGES_MAX, Image, Images, PIXELS_MAX, Stored, Transfer};
use crate::term::image::Picture;

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
