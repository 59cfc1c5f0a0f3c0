//! Recordings of real programs: the engine shows what they meant, however their bytes are cut and
//! wherever a server dies on the way.
//!
//! `tests/refs/README.md` says how each was made. The screens beside them were compared with what
//! tmux showed of the same bytes. vt100 sees the same text:
//!
//! | recording | where vt100 differs | why ours is right |
//! |---|---|---|

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use abide::base::geom::Size;
use abide::base::memory::HeapMemory;
use abide::term::{Options, Terminal};

use crate::screen_text::{compare, describe};
use crate::term_refs::props::{Shared, View};

/// Recordings whose text vt100 sees otherwise; the reasons stand above.
const NOT_AS_VT100: &[&str] = &[];

/// The event.
enum Step {
    Output(Vec<u8>),
    Resize(Size),
}

/// A recording: asciicast version 2 with the recorder's own `x` events (bytes that are no text, as
/// hexadecimal digits).
struct Recording {
    name: String,
    size: Size,
    steps: Vec<Step>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/refs")
}

impl Recording {
    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("the recording is there");
        let mut lines = text.lines().map(|line| {
            serde_json::from_str::<serde_json::Value>(line).expect("each line is JSON")
        });
        let head = lines.next().expect("a head");
        assert_eq!(head["version"], 2);
        let number =
            |name: &str| u16::try_from(head[name].as_u64().expect("a number")).expect("it fits");
        let size = Size::new(number("width"), number("height"));
        let steps = lines.map(|line| Self::step(&line)).collect();
        Self { name: path.file_stem().expect("a name").to_string_lossy().into_owned(), size, steps }
    }

    fn step(line: &serde_json::Value) -> Step {
        let text = line[2].as_str().expect("data");
        match line[1].as_str() {
            Some("o") => Step::Output(text.as_bytes().to_vec()),
            Some("r") => Step::Resize(text.parse().expect("a size")),
            Some("x") => Step::Output(
                text.as_bytes()
                    .chunks(2)
                    .map(|pair| {
                        u8::from_str_radix(std::str::from_utf8(pair).expect("digits"), 16)
                            .expect("digits")
                    })
                    .collect(),
            ),
            other => unreachable!("{other:?} in {line}"),
        }
    }

    fn all() -> Vec<Self> {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(folder())
            .expect("it is there")
            .map(|entry| entry.expect("readable").path())
            .collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "cast"));
        paths.sort();
        paths.iter().map(|path| Self::read(path)).collect()
    }

    /// The terminal after everything, each output cut into pieces of the sizes that `next` gives.
    fn play(&self, mut next: impl FnMut() -> usize) -> Terminal {
        let mut terminal = Terminal::new(self.size, options(), Box::new(HeapMemory::default()));
        for step in &self.steps {
            match step {
                Step::Output(bytes) => {
                    let mut rest = bytes.as_slice();
                    while !rest.is_empty() {
                        let (piece, after) = rest.split_at(next().clamp(1, rest.len()));
                        terminal.feed(piece, &mut Vec::new());
                        rest = after;
                    }
                }
                Step::Resize(size) => terminal.resize(*size, &mut Vec::new()),
            }
        }
        terminal
    }

    /// The terminal after everything, given from server to server after each `every`th step, in the
    /// middle of its bytes.
    fn play_with_restarts(&self, every: usize) -> Terminal {
        let shared = Shared::default();
        let mut terminal = Terminal::new(
            self.size,
            options(),
            Box::new(View(HeapMemory::default(), shared.clone())),
        );
        for (step, number) in self.steps.iter().zip(1..) {
            match step {
                Step::Output(bytes) => {
                    let (before, after) = bytes.split_at(bytes.len() / 2);
                    terminal.feed(before, &mut Vec::new());
                    if number % every == 0 {
                        let snapshot = terminal.snapshot();
                        drop(terminal);
                        let memory = Box::new(View(shared.copy(), shared.clone()));
                        terminal = Terminal::restore(snapshot, options(), memory)
                            .expect("its own snapshot");
                    }
                    terminal.feed(after, &mut Vec::new());
                }
                Step::Resize(size) => terminal.resize(*size, &mut Vec::new()),
            }
        }
        terminal
    }

    /// Rows as vt100 sees them at the end.
    fn seen_by_vt100(&self) -> Vec<String> {
        let count = |n| NonZeroU16::new(n).expect("not 0");
        let mut parser = vt100::Parser::new(count(self.size.rows), count(self.size.cols), 0);
        for step in &self.steps {
            match step {
                Step::Output(bytes) => parser.process(bytes),
                Step::Resize(size) => {
                    parser.screen_mut().set_size(count(size.rows), count(size.cols));
                }
            }
        }
        let (_, cols) = parser.screen().size();
        parser.screen().rows(0, cols.get()).map(|row| row.trim_end().to_owned()).collect()
    }
}

fn options() -> Options {
    Options { scrollback_lines_max: 5000, ..Options::default() }
}

/// The screen, and the text of the scrollback.
fn whole(terminal: &Terminal) -> String {
    format!(
        "{}title {}\nlines above {}\n{}",
        describe(terminal),
        terminal.title(),
        terminal.history_lines(),
        terminal.text(-100_000..0)
    )
}

#[test]
fn recorded_programs_look_as_they_did() {
    let all = Recording::all();
    assert!(all.len() >= 11, "only {} recordings", all.len());
    let mut faults = Vec::new();
    for recording in &all {
        let screen = whole(&recording.play(|| usize::MAX));
        faults.extend(compare(&folder().join(format!("{}.screen", recording.name)), &screen).err());
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn recorded_programs_look_the_same_however_they_are_cut() {
    for recording in Recording::all() {
        let expected = whole(&recording.play(|| usize::MAX));
        assert_eq!(whole(&recording.play(|| 1)), expected, "{} byte by byte", recording.name);
        assert_eq!(whole(&recording.play(|| 7)), expected, "{} in sevens", recording.name);
        // Marsaglia's xorshift: any pieces will do, the same ones each time.
        let mut seed = 0x9e37_79b9_u32;
        let mut next = || {
            seed ^= seed << 13;
            seed ^= seed >> 17;
            seed ^= seed << 5;
            (seed % 97) as usize + 1
        };
        assert_eq!(
            whole(&recording.play(&mut next)),
            expected,
            "{} in random pieces",
            recording.name
        );
    }
}

#[test]
fn recorded_programs_survive_restarts_in_the_middle() {
    for recording in Recording::all() {
        let expected = whole(&recording.play(|| usize::MAX));
        for every in [1, 3] {
            assert_eq!(
                whole(&recording.play_with_restarts(every)),
                expected,
                "{} with a restart every {every}",
                recording.name
            );
        }
    }
}

#[test]
fn vt100_sees_the_same_text_of_recorded_programs() {
    let mut faults = BTreeMap::new();
    for recording in Recording::all() {
        let terminal = recording.play(|| usize::MAX);
        let ours: Vec<String> = (0..terminal.size().rows).map(|y| terminal.row(y).text()).collect();
        let theirs = recording.seen_by_vt100();
        let is_listed = NOT_AS_VT100.contains(&recording.name.as_str());
        if (ours == theirs) == is_listed {
            let differing: Vec<_> =
                ours.iter().zip(&theirs).filter(|(a, b)| a != b).take(4).collect();
            faults.insert(
                recording.name.clone(),
                format!("listed: {is_listed}, differs: {differing:#?}"),
            );
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn recordings_tell_nothing_of_the_machine_and_are_small() {
    for recording in Recording::all() {
        let path = folder().join(format!("{}.cast", recording.name));
        let text = std::fs::read_to_string(&path).expect("it is there");
        assert!(text.len() < 64 << 10, "{} has {} bytes", recording.name, text.len());
        for word in ["/root", "/work", "/home/", "root@"] {
            assert!(!text.contains(word), "{} has {word:?} in it", recording.name);
        }
    }
}
