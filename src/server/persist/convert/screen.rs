//! The one place where the engine's snapshot becomes what the store keeps of a screen, and the
//! other way round.

use crate::base::geom::Size;
use crate::server::persist::convert::images;
use crate::store::screen::{self as kept, Bytes, ScreenError, StoredScreen};
use crate::term::{
    ColourSnapshot, CursorSnapshot, HistoryEnd, KeyboardSnapshot, OuterColours, ParserSnapshot,
    SavedSnapshot, ScreenSnapshot, Snapshot,
};

/// The bytes of a snapshot slot: the screen as it is at `position` of the ring.
pub(in crate::server) fn encode(position: u64, snapshot: Snapshot) -> Vec<u8> {
    let end = snapshot.history;
    let colours = snapshot.colours;
    let outer = colours.outer;
    let keyboard = snapshot.keyboard;
    let (links, link_next) = snapshot.links;
    let screen = StoredScreen {
        position,
        size: (snapshot.size.cols, snapshot.size.rows),
        shown: cells(snapshot.screen),
        other: snapshot.other.map(cells),
        alternate: snapshot.alternate,
        cursor: cursor(snapshot.cursor),
        saved: snapshot.saved.map(saved),
        shape: (snapshot.stops.0, snapshot.modes, snapshot.stops.1),
        tables: (snapshot.styles, snapshot.clusters, links, link_next),
        history: (
            end.line,
            end.segment,
            end.offset,
            end.styles,
            end.open_cells,
            end.open_gap,
            end.open_segment,
        ),
        titles: snapshot.titles,
        colours: (
            colours.entries,
            colours.special,
            (outer.fg, outer.bg, outer.cursor, outer.named),
            colours.others,
        ),
        keyboard: (keyboard.shown, keyboard.hidden, keyboard.modify_other),
        shell: snapshot.shell,
        printing: snapshot.printing,
        parser: parser(snapshot.parser),
        tick: snapshot.tick,
        images: images::kept(snapshot.images),
    };
    screen.encode()
}

/// The position and the snapshot that a slot holds.
pub(in crate::server) fn decode(bytes: &[u8]) -> Result<(u64, Snapshot), ScreenError> {
    let kept = StoredScreen::decode(bytes)?;
    let (line, segment, offset, looks, open_cells, open_gap, open_segment) = kept.history;
    let (entries, special, (fg, bg, cursor, named), others) = kept.colours;
    let (shown, hidden, modify_other) = kept.keyboard;
    let (table, clusters, links, link_next) = kept.tables;
    let (margins, modes, tabs) = kept.shape;
    let snapshot = Snapshot {
        size: Size::new(kept.size.0, kept.size.1),
        screen: restored_cells(kept.shown),
        other: kept.other.map(restored_cells),
        alternate: kept.alternate,
        cursor: restored_cursor(kept.cursor),
        saved: kept.saved.map(restored_saved),
        stops: (margins, tabs),
        modes,
        styles: table,
        clusters,
        links: (links, link_next),
        history: HistoryEnd {
            line,
            segment,
            offset,
            styles: looks,
            open_cells,
            open_segment,
            open_gap,
        },
        titles: kept.titles,
        colours: ColourSnapshot {
            entries,
            special,
            outer: OuterColours { fg, bg, cursor, named },
            others,
        },
        keyboard: KeyboardSnapshot { shown, hidden, modify_other },
        shell: kept.shell,
        printing: kept.printing,
        parser: restored_parser(kept.parser),
        images: images::restored(kept.images),
        tick: kept.tick,
    };
    Ok((kept.position, snapshot))
}

fn cells(screen: ScreenSnapshot) -> kept::Cells {
    let words = screen.cells.iter().flat_map(|word| word.to_le_bytes()).collect();
    kept::Cells { words: Bytes(words), lines: screen.lines }
}

fn restored_cells(kept: kept::Cells) -> ScreenSnapshot {
    let (words, _) = kept.words.0.as_chunks::<8>();
    ScreenSnapshot {
        cells: words.iter().map(|word| u64::from_le_bytes(*word)).collect(),
        lines: kept.lines,
    }
}

fn cursor(cursor: CursorSnapshot) -> kept::StoredCursor {
    let CursorSnapshot { at, pending, style: look, protected, zone, sets, shifts } = cursor;
    (at, pending, look, protected, zone, sets, shifts)
}

fn restored_cursor(
    (at, pending, look, protected, zone, sets, shifts): kept::StoredCursor,
) -> CursorSnapshot {
    CursorSnapshot { at, pending, style: look, protected, zone, sets, shifts }
}

fn saved(saved: SavedSnapshot) -> kept::StoredSavedCursor {
    (cursor(saved.cursor), saved.origin, saved.is_set)
}

fn restored_saved((cursor, origin, is_set): kept::StoredSavedCursor) -> SavedSnapshot {
    SavedSnapshot { cursor: restored_cursor(cursor), origin, is_set }
}

fn parser(parser: ParserSnapshot) -> kept::Parser {
    kept::Parser {
        state: parser.state,
        params: (parser.values, parser.subs, parser.current),
        marks: parser.marks,
        ignored: parser.ignored,
        rest: (Bytes(parser.string), Bytes(parser.utf8)),
    }
}

fn restored_parser(kept: kept::Parser) -> ParserSnapshot {
    let (values, subs, current) = kept.params;
    let (Bytes(string), Bytes(utf8)) = kept.rest;
    ParserSnapshot {
        state: kept.state,
        values,
        subs,
        current,
        marks: kept.marks,
        ignored: kept.ignored,
        string,
        utf8,
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
        let bytes = "one\r\n\u{1b}[31;4:3mtwo\u{1b}]8;;http://a.b\u{1b}\\link\u{1b}[?1049h漢e\u{301}\u{1b}[38;2".as_bytes();
        screen.feed(bytes, &mut Vec::new());
        screen.feed(
            b"\x1b\\\x1bPq!20~-!20~\x1b\\\x1b_Ga=T,i=3,I=9,s=1,v=1,f=24,z=-2;AAAA\x1b\\\x1b_Ga=t,i=4,s=2,v=1,f=24,m=1;AAAA\x1b\\",
            &mut Vec::new(),
        );
        assert_eq!((screen.images().len(), screen.snapshot().images.stored.len()), (2, 1));
        let kept = encode(77, screen.snapshot());
        assert_eq!(decode(&kept), Ok((77, screen.snapshot())));
        assert!(decode(&kept[..kept.len() / 2]).is_err());
        assert!(decode(&[]).is_err());
    }
}
