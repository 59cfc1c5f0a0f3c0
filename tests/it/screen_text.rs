//! A screen of the engine as text, to be read by people and compared with files: rows, looks,
//! cursor.

use std::fmt::Write as _;
use std::path::Path;

use abide::base::style::{Attrs, Colour, CursorShape, Style, Underline};
use abide::term::Terminal;

/// What a style is, in words; empty for the default.
fn look(style: Style) -> String {
    const NAMES: [(Attrs, &str); 8] = [
        (Attrs::BOLD, "bold"),
        (Attrs::DIM, "dim"),
        (Attrs::ITALIC, "italic"),
        (Attrs::BLINK, "blink"),
        (Attrs::INVERSE, "inverse"),
        (Attrs::CONCEAL, "conceal"),
        (Attrs::STRIKE, "strike"),
        (Attrs::OVERLINE, "overline"),
    ];
    let mut words: Vec<String> = NAMES
        .iter()
        .filter(|(attr, _)| style.attrs.has(*attr))
        .map(|(_, name)| (*name).to_owned())
        .collect();
    if style.underline != Underline::None {
        words.push(format!("underline={:?}", style.underline).to_lowercase());
    }
    for (name, colour) in [("fg", style.fg), ("bg", style.bg), ("line", style.underline_colour)] {
        match colour {
            Colour::Default => {}
            Colour::Indexed(index) => words.push(format!("{name}={index}")),
            Colour::Rgb(r, g, b) => words.push(format!("{name}=#{r:02x}{g:02x}{b:02x}")),
        }
    }
    words.join(" ")
}

/// The screen: a line for each row, then a line for each row with looks, `row: first-last look, …`
/// counted from 1, then the cursor.
pub(crate) fn describe(terminal: &Terminal) -> String {
    let rows = terminal.size().rows;
    let mut text = String::new();
    for y in 0..rows {
        // Writing to a string cannot fail.
        writeln!(text, "│{}", terminal.row(y).text()).expect("a string takes all");
    }
    for y in 0..rows {
        let looks = looks(terminal, y);
        if !looks.is_empty() {
            writeln!(text, "{}: {}", y + 1, looks.join(", ")).expect("a string takes all");
        }
    }
    let cursor = terminal.cursor();
    let hidden = if cursor.visible { "" } else { ", hidden" };
    let shape = match (cursor.shape, cursor.blink) {
        (CursorShape::Default, _) => String::new(),
        (shape, blink) => format!(
            ", {}{}",
            if blink { "blinking " } else { "" },
            format!("{shape:?}").to_lowercase()
        ),
    };
    writeln!(text, "cursor {};{}{hidden}{shape}", cursor.y + 1, cursor.x + 1)
        .expect("a string takes all");
    text
}

/// The looks of a row, neighbours of one look put together.
fn looks(terminal: &Terminal, y: u16) -> Vec<String> {
    let mut looks: Vec<(usize, usize, String)> = Vec::new();
    let mut col = 1;
    for run in terminal.row(y).runs {
        let end = col + run.cols();
        let mut look = look(run.style);
        if let Some(link) = terminal.link(run.link) {
            look.push_str(if look.is_empty() { "link=" } else { " link=" });
            look.push_str(link);
        }
        match looks.last_mut() {
            Some((_, until, last)) if *until == col && *last == look => *until = end,
            _ if look.is_empty() => {}
            _ => looks.push((col, end, look)),
        }
        col = end;
    }
    looks.into_iter().map(|(first, end, look)| format!("{first}-{} {look}", end - 1)).collect()
}

/// Compares with the file, or writes it under `ABIDE_BLESS=1`; gives what differs.
pub(crate) fn compare(path: &Path, found: &str) -> Result<(), String> {
    if std::env::var_os("ABIDE_BLESS").is_some() {
        std::fs::write(path, found).expect("the tree can be written");
        return Ok(());
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    if expected == found {
        return Ok(());
    }
    let at = expected
        .lines()
        .zip(found.lines())
        .position(|(a, b)| a != b)
        .unwrap_or(expected.lines().count().min(found.lines().count()));
    let near =
        |text: &str| text.lines().skip(at.saturating_sub(3)).take(8).collect::<Vec<_>>().join("\n");
    let name = path.file_name().unwrap_or_default().display();
    Err(format!(
        "{name}, line {}: expected\n{}\nfound\n{}\n(ABIDE_BLESS=1 rewrites it)",
        at + 1,
        near(&expected),
        near(found)
    ))
}
