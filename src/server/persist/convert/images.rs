//! Images of a screen as the store keeps them, and back. Both directions name every field, so a new
//! field that is forgotten here does not compile.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::store::screen::{self as kept, Bytes, Shared};
use crate::term::{Image, ImageFormat, ImagesSnapshot, Picture, StoredSnapshot};

const FORMATS: [ImageFormat; 4] =
    [ImageFormat::Sixel, ImageFormat::Rgb, ImageFormat::Rgba, ImageFormat::File];

/// The stored form of images. A picture that is placed twice is stored once.
pub(in crate::server) fn kept(images: ImagesSnapshot) -> kept::Images {
    let ImagesSnapshot { placed, stored, transfer: (command, data), serial } = images;
    let mut pictures: Vec<kept::StoredPicture> = Vec::new();
    let mut index: BTreeMap<u32, u32> = BTreeMap::new();
    let mut number = |picture: &Arc<Picture>| {
        *index.entry(picture.serial).or_insert_with(|| {
            let Picture { serial, format, compressed, pixels, name, data } = picture.as_ref();
            let at = FORMATS.iter().position(|known| known == format);
            let format = at.and_then(|at| u8::try_from(at).ok()).unwrap_or(3);
            let data = Shared(Arc::clone(data));
            pictures.push((*serial, format, *compressed, *pixels, name.clone(), data));
            u32::try_from(pictures.len() - 1).unwrap_or(u32::MAX)
        })
    };
    let mut placement = |image: Image| {
        let Image { id, placement, picture, row, col, cells, source, canvas, z, cut, is_virtual } =
            image;
        ((id, placement), number(&picture), (row, col), cells, source, canvas, z, (cut, is_virtual))
    };
    let placed = placed.map(|images| images.into_iter().map(&mut placement).collect());
    let stored = stored
        .iter()
        .map(|StoredSnapshot { numbers: (id, number_of), picture }| {
            (*id, *number_of, number(picture))
        })
        .collect();
    kept::Images { placed, stored, transfer: (command, Bytes(data)), serial, pictures }
}

/// The images of a stored form. A placement that names no picture is left out.
pub(in crate::server) fn restored(kept: kept::Images) -> ImagesSnapshot {
    let kept::Images { placed, stored, transfer: (command, Bytes(data)), serial, pictures } = kept;
    let picture =
        |(serial, format, compressed, pixels, name, Shared(data)): kept::StoredPicture| {
            let format = FORMATS.get(usize::from(format)).copied().unwrap_or(ImageFormat::File);
            Arc::new(Picture { serial, format, compressed, pixels, name, data })
        };
    let pictures: Vec<Arc<Picture>> = pictures.into_iter().map(picture).collect();
    let named = |number: u32| pictures.get(usize::try_from(number).ok()?).cloned();
    let restored_placed = |placements: Vec<kept::Placement>| {
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
    ImagesSnapshot {
        placed: placed.map(restored_placed),
        stored: stored
            .into_iter()
            .filter_map(|(id, number, at)| {
                Some(StoredSnapshot { numbers: (id, number), picture: named(at)? })
            })
            .collect(),
        transfer: (command, data),
        serial,
    }
}
