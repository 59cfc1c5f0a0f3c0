//! Screens and their images as the store keeps them, and back. Both directions name every field, so
//! a new field that is forgotten here does not compile.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::geom::Size;
use crate::store::screen::{self as kept, Bytes, ScreenError, Shared, StoredScreen};
use crate::term::{
    ColourSnapshot, CursorSnapshot, HistoryEnd, Image, ImageFormat, ImagesSnapshot,
    KeyboardSnapshot, OuterColours, ParserSnapshot, Picture, SavedSnapshot, ScreenSnapshot,
    Snapshot, StoredSnapshot,
};

/// The bytes of a snapshot slot: the screen as it is at `position` of the ring.
pub(in crate::server) fn encode(position: u64, snapshot: Snapshot) -> Vec<u8> {
    let Snapshot {
        size,
        screen,
        other,
        alternate,
        cursor,
        saved,
        stops: (margins, tabs),
        modes,
        styles,
        clusters,
        links: (links, link_next),
        history,
        titles,
        colours,
        keyboard,
        shell,
        printing,
        parser,
        images,
        tick,
    } = snapshot;
    let KeyboardSnapshot { shown, hidden, modify_other } = keyboard;
    let screen = StoredScreen {
        position,
        size: (size.cols, size.rows),
        shown: cells(screen),
        other: other.map(cells),
        alternate,
        cursor: self::cursor(cursor),
        saved: saved.map(self::saved),
        shape: (margins, modes, tabs),
        tables: (styles, clusters, links, link_next),
        history: history_end(history),
        titles,
        colours: self::colours(colours),
        keyboard: (shown, hidden, modify_other),
        shell,
        printing,
        parser: self::parser(parser),
        tick,
        images: kept_images(images),
    };
    screen.encode()
}

/// The position and the snapshot that a slot holds.
pub(in crate::server) fn decode(bytes: &[u8]) -> Result<(u64, Snapshot), ScreenError> {
    let StoredScreen {
        position,
        size: (cols, rows),
        shown,
        other,
        alternate,
        cursor,
        saved,
        shape: (margins, modes, tabs),
        tables: (styles, clusters, links, link_next),
        history,
        titles,
        colours,
        keyboard,
        shell,
        printing,
        parser,
        tick,
        images,
    } = StoredScreen::decode(bytes)?;
    let (keys_shown, hidden, modify_other) = keyboard;
    let snapshot = Snapshot {
        size: Size::new(cols, rows),
        screen: restored_cells(shown),
        other: other.map(restored_cells),
        alternate,
        cursor: restored_cursor(cursor),
        saved: saved.map(restored_saved),
        stops: (margins, tabs),
        modes,
        styles,
        clusters,
        links: (links, link_next),
        history: restored_history_end(history),
        titles,
        colours: restored_colours(colours),
        keyboard: KeyboardSnapshot { shown: keys_shown, hidden, modify_other },
        shell,
        printing,
        parser: restored_parser(parser),
        images: restored_images(images),
        tick,
    };
    Ok((position, snapshot))
}

fn history_end(end: HistoryEnd) -> kept::HistoryEnd {
    let HistoryEnd { line, segment, offset, styles, open_cells, open_segment, open_gap } = end;
    (line, segment, offset, styles, open_cells, open_gap, open_segment)
}

fn restored_history_end(kept: kept::HistoryEnd) -> HistoryEnd {
    let (line, segment, offset, styles, open_cells, open_gap, open_segment) = kept;
    HistoryEnd { line, segment, offset, styles, open_cells, open_segment, open_gap }
}

fn colours(colours: ColourSnapshot) -> kept::Colours {
    let ColourSnapshot { entries, special, outer, others } = colours;
    let OuterColours { fg, bg, cursor, named } = outer;
    (entries, special, (fg, bg, cursor, named), others)
}

fn restored_colours(kept: kept::Colours) -> ColourSnapshot {
    let (entries, special, (fg, bg, cursor, named), others) = kept;
    ColourSnapshot { entries, special, outer: OuterColours { fg, bg, cursor, named }, others }
}

fn cells(ScreenSnapshot { cells, lines }: ScreenSnapshot) -> kept::Cells {
    let words = cells.iter().flat_map(|word| word.to_le_bytes()).collect();
    kept::Cells { words: Bytes(words), lines }
}

fn restored_cells(kept::Cells { words: Bytes(words), lines }: kept::Cells) -> ScreenSnapshot {
    let (words, _) = words.as_chunks::<8>();
    ScreenSnapshot { cells: words.iter().map(|word| u64::from_le_bytes(*word)).collect(), lines }
}

fn cursor(cursor: CursorSnapshot) -> kept::StoredCursor {
    let CursorSnapshot { at, pending, style, protected, zone, sets, shifts } = cursor;
    (at, pending, style, protected, zone, sets, shifts)
}

fn restored_cursor(kept: kept::StoredCursor) -> CursorSnapshot {
    let (at, pending, style, protected, zone, sets, shifts) = kept;
    CursorSnapshot { at, pending, style, protected, zone, sets, shifts }
}

fn saved(SavedSnapshot { cursor, origin, is_set }: SavedSnapshot) -> kept::StoredSavedCursor {
    (self::cursor(cursor), origin, is_set)
}

fn restored_saved(kept: kept::StoredSavedCursor) -> SavedSnapshot {
    let (cursor, origin, is_set) = kept;
    SavedSnapshot { cursor: restored_cursor(cursor), origin, is_set }
}

fn parser(parser: ParserSnapshot) -> kept::Parser {
    let ParserSnapshot { state, values, subs, current, marks, ignored, string, utf8 } = parser;
    let (params, rest) = ((values, subs, current), (Bytes(string), Bytes(utf8)));
    kept::Parser { state, params, marks, ignored, rest }
}

fn restored_parser(kept: kept::Parser) -> ParserSnapshot {
    let kept::Parser { state, params, marks, ignored, rest } = kept;
    let (values, subs, current) = params;
    let (Bytes(string), Bytes(utf8)) = rest;
    ParserSnapshot { state, values, subs, current, marks, ignored, string, utf8 }
}

const FORMATS: [ImageFormat; 4] =
    [ImageFormat::Sixel, ImageFormat::Rgb, ImageFormat::Rgba, ImageFormat::File];

/// The stored form of images. A picture that is placed twice is stored once.
fn kept_images(images: ImagesSnapshot) -> kept::Images {
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
fn restored_images(kept: kept::Images) -> ImagesSnapshot {
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

#[cfg(test)]
mod tests {
    use super::{decode, encode};
    use crate::base::geom::Size;
    use crate::base::memory::HeapMemory;
    use crate::term::{Options, Terminal};

    #[test]
    fn a_snapshot_is_read_as_it_was_written_and_damage_is_an_error() {
        let mut screen =
            Terminal::new(Size::new(20, 4), Options::default(), Box::new(HeapMemory::default()));
        let text = "one\r\n\u{1b}[31;4:3mtwo\u{1b}]8;;http://a.b\u{1b}\\link\u{1b}[?1049h漢\
            e\u{301}\u{1b}[38;2";
        screen.feed(text.as_bytes(), &mut Vec::new());
        screen.feed(
            b"\x1b\\\x1bPq!20~-!20~\x1b\\\x1b_Ga=T,i=3,I=9,s=1,v=1,f=24,z=-2;AAAA\
              \x1b\\\x1b_Ga=t,i=4,s=2,v=1,f=24,m=1;AAAA\x1b\\",
            &mut Vec::new(),
        );
        assert_eq!((screen.images().len(), screen.snapshot().images.stored.len()), (2, 1));
        let kept = encode(77, screen.snapshot());
        assert_eq!(decode(&kept), Ok((77, screen.snapshot())));
        assert!(decode(&kept[..kept.len() / 2]).is_err());
        assert!(decode(&[]).is_err());
    }
}
