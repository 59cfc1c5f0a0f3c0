//! The one place where the images of the engine's snapshot become what the store keeps of them, and
//! the other way round.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::store::screen::{self as kept, Bytes, Shared};
use crate::term::{Image, ImageFormat, ImagesSnapshot, Picture, StoredSnapshot};

const FORMATS: [ImageFormat; 4] =
    [ImageFormat::Sixel, ImageFormat::Rgb, ImageFormat::Rgba, ImageFormat::File];

/// What is kept of the images; a picture that is placed twice is kept once.
pub(in crate::server) fn kept(images: ImagesSnapshot) -> kept::Images {
    let mut pictures: Vec<kept::StoredPicture> = Vec::new();
    let mut index: BTreeMap<u32, u32> = BTreeMap::new();
    let mut number = |picture: &Arc<Picture>| {
        *index.entry(picture.serial).or_insert_with(|| {
            let format = FORMATS
                .iter()
                .position(|format| *format == picture.format)
                .and_then(|at| u8::try_from(at).ok())
                .unwrap_or(3);
            let data = Shared(Arc::clone(&picture.data));
            pictures.push((
                picture.serial,
                format,
                picture.compressed,
                picture.pixels,
                picture.name.clone(),
                data,
            ));
            u32::try_from(pictures.len() - 1).unwrap_or(u32::MAX)
        })
    };
    let mut placement = |image: Image| {
        let Image { id, placement, picture, row, col, cells, source, canvas, z, cut, is_virtual } =
            image;
        ((id, placement), number(&picture), (row, col), cells, source, canvas, z, (cut, is_virtual))
    };
    let placed = images.placed.map(|images| images.into_iter().map(&mut placement).collect());
    let stored = images
        .stored
        .iter()
        .map(|stored| (stored.numbers.0, stored.numbers.1, number(&stored.picture)))
        .collect();
    let (command, data) = images.transfer;
    kept::Images {
        placed,
        stored,
        transfer: (command, Bytes(data)),
        serial: images.serial,
        pictures,
    }
}

/// The images that were kept; what names no picture is left out.
pub(in crate::server) fn restored(kept: kept::Images) -> ImagesSnapshot {
    let picture =
        |(serial, format, compressed, pixels, name, Shared(data)): kept::StoredPicture| {
            let format = FORMATS.get(usize::from(format)).copied().unwrap_or(ImageFormat::File);
            Arc::new(Picture { serial, format, compressed, pixels, name, data })
        };
    let pictures: Vec<Arc<Picture>> = kept.pictures.into_iter().map(picture).collect();
    let named = |number: u32| pictures.get(usize::try_from(number).ok()?).cloned();
    let placed = |placements: Vec<kept::Placement>| {
        let image = |placement: kept::Placement| {
            let ((id, placement), number, (row, col), cells, source, canvas, z, (cut, is_virtual)) =
                placement;
            Some(Image {
                id,
                placement,
                picture: named(number)?,
                row,
                col,
                cells,
                source,
                canvas,
                z,
                cut,
                is_virtual,
            })
        };
        placements.into_iter().filter_map(image).collect::<Vec<_>>()
    };
    let stored = kept.stored.into_iter();
    ImagesSnapshot {
        placed: kept.placed.map(placed),
        stored: stored
            .filter_map(|(id, number, at)| {
                Some(StoredSnapshot { numbers: (id, number), picture: named(at)? })
            })
            .collect(),
        transfer: (kept.transfer.0, kept.transfer.1.0),
        serial: kept.serial,
    }
}
