//! Makes the pictures and the recording of the docs: it drives abide in a place of its own, as a
//! person would, and draws what its terminal shows.
//!
//! `just screens` writes docs/assets/*.svg, `just tour` writes docs/assets/tour.cast. Time in the
//! recording is that of an imagined typist.

mod place;
mod stage;

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use place::Place;
use stage::Stage;

/// Where it all goes.
const ASSETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/assets");
/// The largest file that is kept in the repository, in bytes.
const FILE_BYTES_MAX: usize = 200_000;

fn main() -> anyhow::Result<()> {
    fs::create_dir_all(ASSETS)?;
    match std::env::args().nth(1).as_deref() {
        Some("screens") => screens(),
        Some("tour") => tour(),
        _ => bail!("say `screens` or `tour`"),
    }
}

/// Writes a file of the docs, unless it tells of the machine it was made on.
fn keep(place: &Place, name: &str, text: &str) -> anyhow::Result<()> {
    for word in place.private_words() {
        ensure!(!text.contains(&word), "{name} would tell {word:?}");
    }
    ensure!(text.len() <= FILE_BYTES_MAX, "{name} would have {} bytes", text.len());
    fs::write(Path::new(ASSETS).join(name), text)
        .with_context(|| format!("{name} cannot be written"))
}

/// The pictures.
fn screens() -> anyhow::Result<()> {
    let place = Place::new()?;
    let mut stage = Stage::open(&place, (110, 30), &["open", "shop"])?;
    stage.until("the project", |text| {
        text.contains("def total") && text.contains("orders served")
    })?;
    stage.type_line("python3 shop.py")?;
    stage.until("its output", |text| text.contains("sum"))?;
    keep(&place, "main.svg", &stage.picture())?;
    stage.press("\x02")?;
    stage.until("the panel of keys", |text| text.contains("P "))?;
    keep(&place, "keys.svg", &stage.picture())?;
    stage.press("\x1b")?;
    stage.press("\x02:")?;
    stage.press("layout")?;
    stage.until("the palette", |text| text.contains("layout equalise"))?;
    keep(&place, "palette.svg", &stage.picture())?;
    stage.press("\x1b")?;
    stage.press("\x02P")?;
    stage.until("the processes", |text| text.contains("worker.sh"))?;
    keep(&place, "processes.svg", &stage.picture())?;
    stage.press("\x1b")?;
    stage.press("\x02z")?;
    stage.type_line("clear; seq -f 'GET /orders/%g 200 ok' 4 40")?;
    stage.until("a listing", |text| text.contains("/orders/40"))?;
    stage.press("\x02[")?;
    stage.press("?orders/.5\r")?;
    stage.until("the matches", |text| text.contains("orders/35"))?;
    keep(&place, "search.svg", &stage.picture())?;
    stage.press("q")?;
    stage.press("\x02z")?;
    place.abide(&["new", "notes", "-d"])?;
    place.abide(&["new", "deploy", "-d"])?;
    stage.press("\x02s")?;
    stage.until("the sessions", |text| text.contains("deploy") && text.contains("notes"))?;
    keep(&place, "sessions.svg", &stage.picture())?;
    stage.press("\x1b")?;
    place.abide(&["server", "stop"])
}

/// The recording.
fn tour() -> anyhow::Result<()> {
    let place = Place::new()?;
    let mut stage = Stage::open(&place, (100, 28), &["new", "work"])?;
    stage.until("a prompt", |text| text.contains("~ $"))?;
    stage.type_line("cd shop; ls")?;
    stage.until("the files", |text| text.contains("shop.py"))?;
    stage.press("\x02%")?;
    stage.until("a second pane", |text| text.matches("shop $").count() >= 2)?;
    stage.type_line("vim shop.py")?;
    stage.until("vim", |text| text.contains("def total"))?;
    stage.press("\x02h")?;
    stage.press("\x02\"")?;
    stage.type_line("sh worker.sh")?;
    stage.until("the worker", |text| text.contains("orders served"))?;
    // Half a second after the prefix the panel shows what can follow.
    stage.press("\x02")?;
    stage.until("the panel of keys", |text| text.contains("P "))?;
    stage.pause(2500);
    stage.press("P")?;
    stage.until("the processes", |text| text.contains("worker.sh"))?;
    stage.pause(2500);
    stage.press("\x1b")?;
    stage.press("\x02x")?;
    stage.until("the hint", |text| text.contains("undo"))?;
    stage.pause(1500);
    stage.press("\x02u")?;
    stage.until("the pane again", |text| text.matches("orders served").count() >= 1)?;
    stage.press("\x02:")?;
    stage.press("main-v")?;
    stage.pause(800);
    stage.press("\x1b")?;
    stage.press("\x02 ")?;
    stage.pause(1200);
    stage.press("\x02 ")?;
    stage.pause(1200);
    stage.press("\x02d")?;
    stage.until("the end", |text| text.contains("[detached from work]"))?;
    keep(&place, "tour.cast", &stage.cast())?;
    place.abide(&["server", "stop"])
}
