//! Packed scrollback: nobody can tell it from unpacked, and a kill at any moment of the packing
//! loses nothing.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use abide::base::geom::Size;
use abide::base::memory::{HeapMemory, Memory, MemoryFull};
use abide::base::row::Row;
use abide::term::{Case, Direction, Options, Pattern, Syntax, Terminal};

/// The rest of memory whose owner is killed after so many changes of it.
#[derive(Clone, Default)]
struct Grave(Arc<Mutex<(Option<usize>, Vec<u8>)>>);

impl Grave {
    fn dig(&self, changes: usize) {
        self.0.lock().expect("one thread").0 = Some(changes);
    }

    fn left(&self) -> (bool, Vec<u8>) {
        let left = self.0.lock().expect("one thread");
        (left.0 == Some(0), left.1.clone())
    }
}

struct Mortal(HeapMemory, Grave);

impl Mortal {
    fn change(&self) {
        let mut left = self.1.0.lock().expect("one thread");
        if let Some(changes) = left.0.filter(|changes| 0 < *changes) {
            *left = (Some(changes - 1), self.0.0.clone());
        }
    }
}

impl Memory for Mortal {
    fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }
    fn bytes_mut(&mut self) -> &mut [u8] {
        self.change();
        self.0.bytes_mut()
    }
    fn grow(&mut self, len: usize) -> Result<(), MemoryFull> {
        self.change();
        self.0.grow(len)
    }
    fn punch(&mut self, range: Range<usize>) {
        self.change();
        self.0.punch(range);
    }
    fn word(&self, offset: usize) -> u64 {
        self.0.word(offset)
    }
    fn publish(&mut self, offset: usize, word: u64) {
        self.change();
        self.0.publish(offset, word);
    }
}

const SIZE: Size = Size { cols: 90, rows: 20 };

/// Output with styles, wide characters and lines over several rows: six segments of it.
fn output() -> Vec<u8> {
    let mut out = String::new();
    for n in 0..3400 {
        let word = ["alpha", "\u{1b}[31mbeta\u{1b}[m", "gamma", "漢字"][n % 4].repeat(1 + n % 23);
        out.extend(["line ", &n.to_string(), " ", &word, "\r\n"]);
    }
    out.into_bytes()
}

fn pack(terminal: &mut Terminal) {
    while terminal.pack_history() {}
}

fn rows(terminal: &Terminal) -> Vec<Row> {
    (0..terminal.history_rows()).step_by(61).map(|back| terminal.history_row(back)).collect()
}

fn hits(terminal: &Terminal) -> usize {
    let pattern = Pattern::new("line [0-9]+7 ", Syntax::Regex, Case::Smart).expect("a pattern");
    let (mut from, mut count) = (None, 0);
    loop {
        let found = terminal.search(&pattern, from, Direction::Older, 1000);
        count += found.hits.len();
        from = found.next;
        if from.is_none() {
            return count;
        }
    }
}

#[test]
fn packed_scrollback_is_what_it_was() {
    let fresh = || {
        let mut terminal = Terminal::new(SIZE, Options::default(), Box::new(HeapMemory::default()));
        terminal.feed(&output(), &mut Vec::new());
        terminal
    };
    let (mut plain, mut packed) = (fresh(), fresh());
    pack(&mut packed);
    let bytes = packed.history_bytes();
    assert!(0 < bytes.packed && bytes.packed * 3 < bytes.unpacked, "{bytes:?}");
    assert_eq!((rows(&plain), hits(&plain)), (rows(&packed), hits(&packed)));
    // A screen of a thousand rows takes lines back out of packed segments.
    for size in [Size::new(30, 20), Size::new(200, 1000), Size::new(90, 5)] {
        plain.resize(size, &mut Vec::new());
        packed.resize(size, &mut Vec::new());
        assert_eq!(
            (plain.history_rows(), rows(&plain), hits(&plain)),
            (packed.history_rows(), rows(&packed), hits(&packed)),
            "{size}"
        );
        pack(&mut packed);
    }
    for terminal in [&mut plain, &mut packed] {
        terminal.feed(&output(), &mut Vec::new());
    }
    assert_eq!((rows(&plain), hits(&plain)), (rows(&packed), hits(&packed)));
}

#[test]
fn a_kill_at_any_moment_of_the_packing_loses_nothing() {
    let grave = Grave::default();
    let mut terminal = Terminal::new(
        SIZE,
        Options::default(),
        Box::new(Mortal(HeapMemory::default(), grave.clone())),
    );
    terminal.feed(&output(), &mut Vec::new());
    let (snapshot, wanted) = (terminal.snapshot(), (rows(&terminal), hits(&terminal)));
    // The memory as it was before: a kill at the first change.
    grave.dig(1);
    pack(&mut terminal);
    let before = grave.left().1;
    let restored = |memory: Box<dyn Memory>| {
        Terminal::restore(snapshot.clone(), Options::default(), memory).expect("it fits")
    };
    let mut moments = 0;
    for changes in 1.. {
        let grave = Grave::default();
        let mut terminal = restored(Box::new(Mortal(HeapMemory(before.clone()), grave.clone())));
        grave.dig(changes);
        pack(&mut terminal);
        let (was_killed, left) = grave.left();
        if !was_killed {
            break;
        }
        let mut next = restored(Box::new(HeapMemory(left)));
        assert_eq!((rows(&next), hits(&next)), wanted, "killed before change {changes}");
        if changes % 7 == 0 {
            // The successor goes on packing.
            pack(&mut next);
            assert_eq!((rows(&next), hits(&next)), wanted, "killed before change {changes}");
        }
        moments = changes;
    }
    assert!(16 < moments, "only {moments} changes were made");
}

#[test]
fn a_snapshot_before_what_was_packed_since_is_gone_back_to() {
    let grave = Grave::default();
    let mut terminal = Terminal::new(
        SIZE,
        Options::default(),
        Box::new(Mortal(HeapMemory::default(), grave.clone())),
    );
    let output = output();
    terminal.feed(&output[..output.len() / 3], &mut Vec::new());
    let (snapshot, wanted) = (terminal.snapshot(), (rows(&terminal), hits(&terminal)));
    terminal.feed(&output[output.len() / 3..], &mut Vec::new());
    pack(&mut terminal);
    grave.dig(1);
    terminal.feed(b"\r\n\n\n\n", &mut Vec::new());
    let mut restored =
        Terminal::restore(snapshot, Options::default(), Box::new(HeapMemory(grave.left().1)))
            .expect("it fits");
    assert_eq!((rows(&restored), hits(&restored)), wanted);
    restored.feed(&output[output.len() / 3..], &mut Vec::new());
    assert_eq!(hits(&restored), 339);
}

#[test]
fn a_damaged_packed_segment_costs_what_is_in_it_and_before_it() {
    let grave = Grave::default();
    let mut terminal = Terminal::new(
        SIZE,
        Options::default(),
        Box::new(Mortal(HeapMemory::default(), grave.clone())),
    );
    terminal.feed(&output(), &mut Vec::new());
    pack(&mut terminal);
    let (snapshot, lines) = (terminal.snapshot(), terminal.history_lines());
    grave.dig(1);
    terminal.feed(b"\n", &mut Vec::new());
    let mut memory = grave.left().1;
    let magic =
        memory.windows(8).position(|bytes| bytes == b"abidehz1").expect("something is packed");
    memory[magic + 200] ^= 0x55;
    let restored = Terminal::restore(snapshot, Options::default(), Box::new(HeapMemory(memory)))
        .expect("it fits");
    assert!(restored.history_lines() < lines && 0 < restored.history_lines());
    assert!(0 < hits(&restored));
}

/// Width, lines, rows and hits, and some rows.
type Seen = ((u16, usize, usize, usize), Vec<Row>);

/// Lines of very different length: some fill several segments, and some are cut for their length.
fn long_lines() -> Vec<u8> {
    let mut out = Vec::new();
    for n in 0..90_usize {
        out.extend(format!("line {n}7 ").bytes());
        out.extend((b'a'..=b'z').cycle().take([20, 900, 70_000, 0, 12_000, 300][n % 6]));
        out.extend(b"\r\n");
    }
    out
}

#[test]
fn lines_that_went_on_after_a_snapshot_are_those_of_the_snapshot_again() {
    let grave = Grave::default();
    let output = long_lines();
    let fresh = |bytes: &[u8], memory: Box<dyn Memory>| {
        let mut terminal = Terminal::new(SIZE, Options::default(), memory);
        terminal.feed(bytes, &mut Vec::new());
        terminal
    };
    let all = |terminal: &mut Terminal| {
        [90, 37, 250].map(|width| {
            terminal.resize(Size::new(width, 20), &mut Vec::new());
            (
                (width, terminal.history_lines(), terminal.history_rows(), hits(terminal)),
                rows(terminal),
            )
        })
    };
    let same = |found: &[Seen; 3], wanted: &[Seen; 3], when: &str| {
        assert_eq!(
            found.each_ref().map(|found| found.0),
            wanted.each_ref().map(|wanted| wanted.0),
            "{when}"
        );
        for (at, (found, wanted)) in found.iter().zip(wanted).enumerate() {
            let differs = found.1.iter().zip(&wanted.1).position(|(found, wanted)| found != wanted);
            assert!(differs.is_none(), "{when}, size {at}, row {differs:?}");
        }
    };
    let mut whole = fresh(&output, Box::new(Mortal(HeapMemory::default(), grave.clone())));
    pack(&mut whole);
    assert!(whole.history_bytes().packed > 0);
    grave.dig(1);
    whole.feed(b"\n", &mut Vec::new());
    let memory = grave.left().1;
    let wanted = all(&mut fresh(&output, Box::<HeapMemory>::default()));
    for part in 1..24 {
        let at = output.len() * part / 24;
        let mut former = fresh(&output[..at], Box::<HeapMemory>::default());
        let restored = || {
            let memory = Box::new(HeapMemory(memory.clone()));
            Terminal::restore(former.snapshot(), Options::default(), memory).expect("it fits")
        };
        let (mut restored, mut goes_on) = (restored(), restored());
        assert_eq!(restored.check(), Ok(()), "at {at}");
        same(&all(&mut restored), &all(&mut former), &format!("at {at}"));
        goes_on.feed(&output[at..], &mut Vec::new());
        same(&all(&mut goes_on), &wanted, &format!("from {at} on"));
    }
}
