//! What is measured, and how: each scenario starts a peer in a fresh place and takes one or more
//! figures from outside.

use std::time::Duration;

use anyhow::Context as _;

use crate::inner::{DONE, READY};
use crate::outer::Outer;
use crate::peers::Peer;
use crate::place::Place;

/// How much is asked of each measurement.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Effort {
    Quick,
    Full,
}

/// One number of the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Figure {
    Start,
    EchoMedian,
    EchoP99,
    BesideP99,
    Flood(Kind),
    Cpu,
    MemoryFresh,
    MemoryLines,
    Attach,
    Wakes,
}

impl Figure {
    /// What it is and its unit.
    pub(crate) fn label(self) -> String {
        match self {
            Self::Start => "start to first output of the program, ms".to_owned(),
            Self::EchoMedian => "key to echo p50, µs".to_owned(),
            Self::EchoP99 => "key to echo p99, µs".to_owned(),
            Self::BesideP99 => "key to echo p99 beside 8 flooding panes, µs".to_owned(),
            Self::Flood(kind) => format!("{}, MiB/s", kind.label()),
            Self::Cpu => "CPU seconds per GiB of plain text".to_owned(),
            Self::MemoryFresh => "memory fresh (PSS), MiB".to_owned(),
            Self::MemoryLines => "memory after 10 000 lines (PSS), MiB".to_owned(),
            Self::Attach => "attach to full screen, ms".to_owned(),
            Self::Wakes => "idle wake-ups per second".to_owned(),
        }
    }
}

/// What a program floods with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Plain,
    Sgr,
    Truecolor,
    Unicode,
    Fullscreen,
}

impl Kind {
    const ALL: [Self; 5] =
        [Self::Plain, Self::Sgr, Self::Truecolor, Self::Unicode, Self::Fullscreen];

    fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Sgr => "sgr",
            Self::Truecolor => "truecolor",
            Self::Unicode => "unicode",
            Self::Fullscreen => "fullscreen",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Plain => "plain text",
            Self::Sgr => "SGR-heavy text",
            Self::Truecolor => "24-bit colour per cell",
            Self::Unicode => "CJK, emoji, combining",
            Self::Fullscreen => "cursor-addressed full screen",
        }
    }
}

/// A set of figures that one start of a peer gives.
#[derive(Clone, Copy)]
pub(crate) enum Scenario {
    Echo,
    Flood(Kind),
    Beside,
    Memory,
    Attach,
    Idle,
}

type Values = Vec<(Figure, f64)>;

impl Scenario {
    pub(crate) const ALL: [Self; 10] = [
        Self::Echo,
        Self::Flood(Kind::Plain),
        Self::Flood(Kind::Sgr),
        Self::Flood(Kind::Truecolor),
        Self::Flood(Kind::Unicode),
        Self::Flood(Kind::Fullscreen),
        Self::Beside,
        Self::Memory,
        Self::Attach,
        Self::Idle,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Flood(kind) => kind.word(),
            Self::Beside => "beside",
            Self::Memory => "memory",
            Self::Attach => "attach",
            Self::Idle => "idle",
        }
    }

    pub(crate) fn named(name: &str) -> anyhow::Result<Self> {
        let known = || Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|scenario| scenario.name() == name)
            .with_context(|| format!("no figure {name:?}; there are {}", known()))
    }

    /// Starts the peer in a place of its own, measures, and ends what was started.
    pub(crate) fn measure(self, peer: &Peer, effort: Effort) -> anyhow::Result<Values> {
        let place = Place::new()?;
        match self {
            Self::Echo => echo(peer, &place, effort),
            Self::Flood(kind) => flood(peer, &place, kind, effort),
            Self::Beside => beside(peer, &place, effort),
            Self::Memory => memory(peer, &place),
            Self::Attach => attach(peer, &place, effort),
            Self::Idle => idle(peer, &place, effort),
        }
    }
}

/// The command line of a measured program.
fn program(words: &str) -> anyhow::Result<Vec<String>> {
    let own = std::env::current_exe()?.to_string_lossy().into_owned();
    Ok([own, "inner".to_owned()].into_iter().chain(words.split(' ').map(str::to_owned)).collect())
}

/// Starts `words` under the peer and waits until the program is ready and the screen quiet.
fn ready(peer: &Peer, place: &Place, words: &str) -> anyhow::Result<(Outer, Duration)> {
    let mut outer = Outer::start(place, &peer.start(place, &program(words)?)?)?;
    let seen = outer.until(READY)?;
    let took = seen - outer.started;
    outer.until_quiet(Duration::from_millis(150), Duration::from_secs(3))?;
    Ok((outer, took))
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}

fn micros(span: Duration) -> f64 {
    span.as_secs_f64() * 1e6
}

/// The value below which the given share of the spans lies.
fn quantile(spans: &mut [Duration], share: usize) -> Duration {
    spans.sort();
    spans
        .get((spans.len() * share / 100).min(spans.len().saturating_sub(1)))
        .copied()
        .unwrap_or_default()
}

fn echo(peer: &Peer, place: &Place, effort: Effort) -> anyhow::Result<Values> {
    let (mut outer, started) = ready(peer, place, "echo")?;
    let mut spans = keys(&mut outer, if effort == Effort::Quick { 60 } else { 400 })?;
    Ok(vec![
        (Figure::Start, millis(started)),
        (Figure::EchoMedian, micros(quantile(&mut spans, 50))),
        (Figure::EchoP99, micros(quantile(&mut spans, 99))),
    ])
}

/// Presses one key after the other, each when the former is on the screen and nothing more comes.
fn keys(outer: &mut Outer, count: usize) -> anyhow::Result<Vec<Duration>> {
    const LETTERS: &[u8] = b"QZXV";
    let mut spans = Vec::with_capacity(count);
    for letter in LETTERS.iter().copied().cycle().take(count) {
        outer.until_quiet(Duration::from_millis(3), Duration::from_millis(12))?;
        let pressed = std::time::Instant::now();
        outer.send(&[letter])?;
        spans.push(outer.until_letter(letter)? - pressed);
    }
    Ok(spans)
}

fn flood(peer: &Peer, place: &Place, kind: Kind, effort: Effort) -> anyhow::Result<Values> {
    let mib: u32 = if effort == Effort::Quick { 8 } else { 32 };
    let (mut outer, _) = ready(peer, place, &format!("flood {} {mib}", kind.word()))?;
    let cpu = place.cpu_seconds();
    let asked = std::time::Instant::now();
    outer.send(b"g")?;
    let took = outer.until(DONE)? - asked;
    let mut values = vec![(Figure::Flood(kind), f64::from(mib) / took.as_secs_f64())];
    if kind == Kind::Plain && !peer.is_bare() {
        values.push((Figure::Cpu, (place.cpu_seconds() - cpu) * 1024.0 / f64::from(mib)));
    }
    Ok(values)
}

fn beside(peer: &Peer, place: &Place, effort: Effort) -> anyhow::Result<Values> {
    let Some(commands) = peer.beside(&program("stream plain")?) else { return Ok(Vec::new()) };
    let (mut outer, _) = ready(peer, place, "echo")?;
    for _ in 0..8 {
        for command in &commands {
            std::thread::scope(|scope| {
                let done = scope.spawn(|| place.run(command));
                while !done.is_finished() {
                    outer.for_a_span(Duration::from_millis(5))?;
                }
                done.join().map_err(|_| anyhow::anyhow!("a helper thread failed"))?
            })?;
        }
    }
    outer.for_a_span(Duration::from_millis(500))?;
    let mut spans = keys(&mut outer, if effort == Effort::Quick { 30 } else { 150 })?;
    Ok(vec![(Figure::BesideP99, micros(quantile(&mut spans, 99)))])
}

fn memory(peer: &Peer, place: &Place) -> anyhow::Result<Values> {
    if peer.is_bare() {
        return Ok(Vec::new());
    }
    let (mut outer, _) = ready(peer, place, "lines 10000")?;
    outer.for_a_span(Duration::from_millis(1_500))?;
    let fresh = place.memory_mib();
    outer.send(b"g")?;
    outer.until(DONE)?;
    outer.for_a_span(Duration::from_millis(2_500))?;
    Ok(vec![(Figure::MemoryFresh, fresh), (Figure::MemoryLines, place.memory_mib())])
}

fn attach(peer: &Peer, place: &Place, effort: Effort) -> anyhow::Result<Values> {
    let Some(argv) = peer.attach() else { return Ok(Vec::new()) };
    let (first, _) = ready(peer, place, "full")?;
    first.leave(peer.detach_keys())?;
    let mut spans = Vec::new();
    for _ in 0..if effort == Effort::Quick { 3 } else { 10 } {
        let mut outer = Outer::start(place, &argv)?;
        spans.push(outer.until(DONE)? - outer.started);
        outer.until_quiet(Duration::from_millis(100), Duration::from_secs(1))?;
        outer.leave(peer.detach_keys())?;
    }
    Ok(vec![(Figure::Attach, millis(quantile(&mut spans, 50)))])
}

fn idle(peer: &Peer, place: &Place, effort: Effort) -> anyhow::Result<Values> {
    if peer.is_bare() {
        return Ok(Vec::new());
    }
    let seconds = if effort == Effort::Quick { 3 } else { 10 };
    let (mut outer, _) = ready(peer, place, "idle")?;
    outer.for_a_span(Duration::from_secs(3))?;
    let before = place.wakes();
    outer.for_a_span(Duration::from_secs(seconds))?;
    Ok(vec![(Figure::Wakes, (place.wakes() - before) / Duration::from_secs(seconds).as_secs_f64())])
}

/// Every figure in the order of the table.
pub(crate) fn all() -> Vec<Figure> {
    let mut all = vec![Figure::Start, Figure::EchoMedian, Figure::EchoP99, Figure::BesideP99];
    all.extend(Kind::ALL.map(Figure::Flood));
    all.extend([
        Figure::Cpu,
        Figure::MemoryFresh,
        Figure::MemoryLines,
        Figure::Attach,
        Figure::Wakes,
    ]);
    all
}
