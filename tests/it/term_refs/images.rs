//! Images in the engine: they follow the text, go with it, are answered for, survive a snapshot,
//! and stay within their budget.

use abide::base::geom::Size;
use abide::base::memory::HeapMemory;
use abide::base::row::RunKind;
use abide::term::{Options, TermEvent, Terminal};

/// A terminal of 20×6 cells of 10×20 pixels.
fn terminal(bytes: &[u8]) -> Terminal {
    let mut terminal =
        Terminal::new(Size::new(20, 6), Options::default(), Box::new(HeapMemory::default()));
    terminal.feed(bytes, &mut Vec::new());
    terminal
}

/// A sixel of 30×42 pixels: 3×3 cells.
const SIXEL: &str = "\x1bPq\"1;1;30;42#1~\x1b\\";

fn kitty(control: &str) -> String {
    format!("\x1b_G{control};AAAA\x1b\\")
}

/// A pixel over 3×2 cells.
fn placed(control: &str) -> String {
    kitty(&format!("a=T,s=1,v=1,f=24,c=3,r=2,{control}"))
}

/// Row, column, columns and rows of each image.
fn places(terminal: &Terminal) -> Vec<(i64, u16, u16, u16)> {
    terminal
        .images()
        .iter()
        .map(|image| (image.row, image.col, image.cells.0, image.cells.1))
        .collect()
}

/// Cells that images show through, row by row.
fn under(terminal: &Terminal) -> Vec<usize> {
    let count = |y| {
        terminal
            .row(y)
            .runs
            .iter()
            .filter(|run| run.kind == RunKind::Under)
            .map(abide::base::row::Run::cols)
            .sum()
    };
    (0..terminal.size().rows).map(count).collect()
}

fn replies(terminal: &mut Terminal, bytes: &str) -> String {
    let mut events = Vec::new();
    terminal.feed(bytes.as_bytes(), &mut events);
    events
        .into_iter()
        .filter_map(|event| {
            if let TermEvent::Reply(bytes) = event { String::from_utf8(bytes).ok() } else { None }
        })
        .collect()
}

#[test]
fn a_sixel_lies_in_the_cells() {
    let mut terminal = terminal(format!("ab{SIXEL}x").as_bytes());
    assert_eq!((places(&terminal), under(&terminal)), (vec![(0, 2, 3, 3)], vec![3, 3, 3, 0, 0, 0]));
    assert_eq!((terminal.cursor().x, terminal.cursor().y), (3, 3));
    terminal.feed(b"\x1b[2;4Hyy", &mut Vec::new());
    assert_eq!(under(&terminal), [3, 1, 3, 0, 0, 0]);
    assert_eq!(terminal.text(0..6), "ab\n   yy\n\n  x\n\n\n");
    terminal.feed(b"\x1b[1;1H\x1b[K\x1b[6;1H\n", &mut Vec::new());
    assert_eq!(
        (places(&terminal), under(&terminal)),
        (vec![(-1, 2, 3, 3)], vec![1, 3, 0, 0, 0, 0])
    );
    terminal.feed(b"\x1b[2J", &mut Vec::new());
    assert_eq!(under(&terminal), [0; 6]);
}

#[test]
fn images_scroll_with_the_text_and_leave_with_a_clear() {
    for image in [SIXEL.to_owned(), placed("i=1")] {
        let mut terminal = terminal(b"\x1b[4;1H");
        terminal.feed(image.as_bytes(), &mut Vec::new());
        terminal.feed(b"\x1b[6;1H\n\n", &mut Vec::new());
        assert!(places(&terminal)[0].0 < 3, "{:?}", places(&terminal));
        terminal.feed(b"\x1b[2J", &mut Vec::new());
        let near = places(&terminal).iter().filter(|place| 0 <= place.0).count();
        assert_eq!(near, 0);
        terminal.feed(b"\n".repeat(2000).as_slice(), &mut Vec::new());
        assert!(terminal.images().is_empty(), "far above it is forgotten");
    }
}

#[test]
fn each_screen_has_its_own_and_the_main_one_gets_its_back() {
    let mut terminal = terminal(placed("i=1").as_bytes());
    terminal.feed(format!("\x1b[?1049h{}{}", placed("i=2"), SIXEL).as_bytes(), &mut Vec::new());
    assert_eq!(terminal.images().len(), 2);
    terminal.feed(b"\x1b[?1049l", &mut Vec::new());
    assert_eq!(terminal.images().iter().map(|image| image.id).collect::<Vec<_>>(), [1]);
}

#[test]
fn a_change_of_size_moves_an_image_with_its_text() {
    let mut terminal = terminal(format!("{}\r\n{}", "x".repeat(20), placed("i=1,C=1")).as_bytes());
    assert_eq!(places(&terminal), [(1, 0, 3, 2)]);
    let mut resize = |cols, rows| {
        terminal.resize(Size::new(cols, rows), &mut Vec::new());
        places(&terminal)
    };
    assert_eq!(resize(10, 6), [(2, 0, 3, 2)]);
    assert_eq!(resize(5, 6), [(4, 0, 3, 2)]);
    assert_eq!(resize(20, 6), [(1, 0, 3, 2)]);
    assert_eq!(resize(20, 3), [(1, 0, 3, 2)]);
    let mut cells = self::terminal(format!("top\r\n{SIXEL}").as_bytes());
    cells.resize(Size::new(9, 6), &mut Vec::new());
    assert_eq!((places(&cells), under(&cells)), (vec![(1, 0, 3, 3)], vec![0, 3, 3, 3, 0, 0]));
    cells.resize(Size::new(2, 6), &mut Vec::new());
    assert_eq!(under(&cells), [0, 0, 2, 2, 2, 0], "it is cut and not wrapped");
}

#[test]
fn delete_commands_delete_what_they_name() {
    let check = |delete: &str, left: &[u32]| {
        let mut terminal = terminal(b"");
        let images =
            [("i=1,p=5,z=3,C=1", (1, 1)), ("i=2,z=-1,C=1", (3, 10)), ("i=3,I=9,C=1", (5, 15))];
        for (control, (row, col)) in images {
            terminal
                .feed(format!("\x1b[{row};{col}H{}", placed(control)).as_bytes(), &mut Vec::new());
        }
        terminal.feed(kitty(&format!("a=d,{delete}")).as_bytes(), &mut Vec::new());
        assert_eq!(
            terminal.images().iter().map(|image| image.id).collect::<Vec<_>>(),
            left,
            "{delete}"
        );
    };
    check("d=a", &[]);
    check("d=i,i=2", &[1, 3]);
    check("d=i,i=1,p=6", &[1, 2, 3]);
    check("d=i,i=1,p=5", &[2, 3]);
    check("d=n,I=9", &[1, 2]);
    check("d=c", &[1, 2]);
    check("d=p,x=11,y=4", &[1, 3]);
    check("d=x,x=2", &[2, 3]);
    check("d=y,y=3", &[1, 3]);
    check("d=z,z=-1", &[1, 3]);
    check("d=r,x=1,y=2", &[3]);
    check("d=q,x=1,y=1,z=3", &[2, 3]);
    check("d=f", &[1, 2, 3]);
}

#[test]
fn commands_are_answered_and_quiet_ones_are_not() {
    let mut terminal = terminal(b"");
    let mut check = |command: &str, reply: &str| {
        assert_eq!(replies(&mut terminal, command), reply, "{command:?}");
    };
    check(&kitty("a=q,i=31,s=1,v=1,f=24"), "\x1b_Gi=31;OK\x1b\\");
    check(&kitty("a=T,i=5,p=2,s=1,v=1,f=24"), "\x1b_Gi=5,p=2;OK\x1b\\");
    check(&kitty("a=T,i=5,q=1,s=1,v=1,f=24"), "");
    check(&kitty("a=t,i=5,q=1,s=9,v=9,f=24"), "\x1b_Gi=5;EINVAL\x1b\\");
    check(&kitty("a=t,i=5,q=2,s=9,v=9,f=24"), "");
    check(&kitty("a=p,i=77"), "\x1b_Gi=77;EINVAL\x1b\\");
    check(&kitty("a=t,t=f,i=6"), "\x1b_Gi=6;EINVAL\x1b\\");
    check(&kitty("a=f,i=6"), "\x1b_Gi=6;EINVAL\x1b\\");
    check(&kitty("a=T,s=1,v=1,f=24"), "");
    let named = replies(&mut terminal, &kitty("a=t,I=8,s=1,v=1,f=24"));
    assert!(named.starts_with("\x1b_Gi=") && named.ends_with(",I=8;OK\x1b\\"), "{named:?}");
    assert!(replies(&mut terminal, &kitty("a=p,I=8")).ends_with(",I=8;OK\x1b\\"));
}

#[test]
fn a_transmission_in_pieces_is_one_image() {
    let mut terminal = terminal(b"");
    let pieces = ["a=T,i=4,s=2,v=1,f=24,m=1", "m=0"];
    assert_eq!(replies(&mut terminal, &kitty(pieces[0])), "");
    assert_eq!(replies(&mut terminal, &kitty(pieces[1])), "\x1b_Gi=4;OK\x1b\\");
    assert_eq!(terminal.images()[0].picture.data.len(), 6);
    // A transfer that is given up does not spoil the next.
    terminal.feed(
        format!("{}{}{}", kitty(pieces[0]), kitty("a=d"), placed("i=9")).as_bytes(),
        &mut Vec::new(),
    );
    assert_eq!(terminal.images().iter().map(|image| image.id).collect::<Vec<_>>(), [9]);
}

#[test]
fn an_inline_file_has_the_size_that_was_asked_for() {
    // A GIF of 40×20 pixels.
    let gif = "R0lGODlhKAAUAA==";
    let check = |options: &str, cells: (u16, u16)| {
        let terminal =
            terminal(format!("\x1b]1337;File=inline=1;name=Y2F0{options}:{gif}\x07").as_bytes());
        let image = &terminal.images()[0];
        assert_eq!((image.cells, image.picture.name.as_str()), (cells, "cat"), "{options}");
    };
    check("", (4, 1));
    check(";width=8", (8, 2));
    check(";height=2", (8, 2));
    check(";width=80px", (8, 2));
    check(";width=50%", (10, 3));
    check(";width=3;height=3", (3, 3));
    check(";width=8;preserveAspectRatio=0", (8, 1));
}

#[test]
fn a_snapshot_has_the_images() {
    let bytes = format!(
        "{SIXEL}{}\x1b[?1049h{}{}",
        placed("i=1"),
        placed("i=2,U=1"),
        kitty("a=t,i=3,s=2,v=1,f=24,m=1")
    );
    let mut before = terminal(bytes.as_bytes());
    let mut after =
        Terminal::restore(before.snapshot(), Options::default(), Box::new(HeapMemory::default()))
            .expect("it is whole");
    assert_eq!(after.images(), before.images());
    for terminal in [&mut before, &mut after] {
        assert_eq!(replies(terminal, &kitty("m=0")), "\x1b_Gi=3;OK\x1b\\");
        assert_eq!(replies(terminal, &kitty("a=p,i=1")), "\x1b_Gi=1;OK\x1b\\");
        terminal.feed(b"\x1b[?1049l", &mut Vec::new());
    }
    assert_eq!((after.images(), under(&after)), (before.images(), under(&before)));
    assert_eq!(after.images().len(), 2);
}

#[test]
fn an_image_that_a_resize_puts_below_the_screen_is_gone_and_a_virtual_one_stays() {
    let mut terminal = terminal(format!("{}\x1b[5;1H{SIXEL}\x1b[H", placed("i=2,U=1")).as_bytes());
    let count = |terminal: &Terminal| {
        (terminal.images().len(), terminal.images().iter().filter(|image| image.is_virtual).count())
    };
    assert_eq!(count(&terminal), (2, 1));
    terminal.resize(Size::new(20, 2), &mut Vec::new());
    assert_eq!(count(&terminal), (1, 1), "{:?}", places(&terminal));
    terminal.feed(format!("\x1b[?1049h{}\x1b[2;1H", placed("i=3,U=1")).as_bytes(), &mut Vec::new());
    terminal.resize(Size::new(20, 1), &mut Vec::new());
    assert_eq!(count(&terminal), (1, 1), "{:?}", places(&terminal));
}

#[test]
fn an_image_of_the_alternate_screen_that_a_resize_puts_beside_it_is_gone() {
    let mut terminal =
        terminal(format!("\x1b[?1049h{}\x1b[1;16H{SIXEL}", placed("i=2,U=1")).as_bytes());
    assert_eq!(terminal.images().len(), 2);
    terminal.resize(Size::new(10, 6), &mut Vec::new());
    assert_eq!(places(&terminal), [(0, 0, 3, 2)]);
}

#[test]
fn hostile_images_stay_within_their_budget() {
    let mut terminal = terminal(b"");
    // Many images, many placements of one, one that never ends, and one that says it is huge.
    let piece = "A".repeat(1_000_000);
    for id in 1..200 {
        let command = format!("\x1b_Ga=T,i={id},s=500,v=500,f=24;{piece}\x1b\\");
        terminal.feed(command.as_bytes(), &mut Vec::new());
    }
    assert!(terminal.memory_used() < 80 << 20, "{}", terminal.memory_used());
    let one = placed("i=1");
    for _ in 0..3000 {
        terminal.feed(one.as_bytes(), &mut Vec::new());
        terminal.feed(b"\x1b[H", &mut Vec::new());
    }
    assert!(terminal.images().len() <= 1024);
    terminal.feed(kitty("a=t,i=900,s=4000,v=4000,f=32,m=1").as_bytes(), &mut Vec::new());
    for _ in 0..120 {
        terminal.feed(format!("\x1b_Gm=1;{piece}\x1b\\").as_bytes(), &mut Vec::new());
    }
    assert!(terminal.memory_used() < 160 << 20, "{}", terminal.memory_used());
    terminal.feed(b"\x1bPq\"1;1;4294967295;4294967295!4294967295~\x1b\\", &mut Vec::new());
    terminal.feed(kitty("a=T,i=901,s=99999,v=99999,f=24").as_bytes(), &mut Vec::new());
    assert!(
        terminal
            .images()
            .iter()
            .all(|image| image.picture.pixels.0 <= 4096 && image.picture.pixels.1 <= 4096)
    );
}
