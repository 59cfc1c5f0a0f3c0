//! Rows as a browser shows them: an SVG picture or an HTML page, whole and without anything from
//! elsewhere. It writes no file.

use std::fmt::Write as _;

use crate::base::row::{Row, Run};
use crate::base::style::{Attrs, Colour, Style, Underline};

/// A cell of the picture, in its units.
const CELL: (usize, usize) = (8, 17);
/// The margin around the rows.
const MARGIN: usize = 8;
/// The baseline of a row, from its top.
const BASELINE: usize = 13;

/// Text and background where the program chose none.
const FG: RgbTriple = (0xd0, 0xd0, 0xd0);
const BG: RgbTriple = (0x1c, 0x1c, 0x1c);

const FONT: &str = "ui-monospace,'Cascadia Mono','DejaVu Sans Mono',Menlo,Consolas,monospace";

type RgbTriple = (u8, u8, u8);

/// The sixteen named colours, a little softer than xterm's.
const NAMED: [RgbTriple; 16] = [
    (0x1c, 0x1c, 0x1c),
    (0xd7, 0x5f, 0x5f),
    (0x87, 0xaf, 0x5f),
    (0xd7, 0xaf, 0x5f),
    (0x5f, 0x87, 0xd7),
    (0xaf, 0x87, 0xd7),
    (0x5f, 0xaf, 0xaf),
    (0xd0, 0xd0, 0xd0),
    (0x6c, 0x6c, 0x6c),
    (0xff, 0x87, 0x87),
    (0xaf, 0xd7, 0x87),
    (0xff, 0xd7, 0x87),
    (0x87, 0xaf, 0xff),
    (0xd7, 0xaf, 0xff),
    (0x87, 0xd7, 0xd7),
    (0xff, 0xff, 0xff),
];

/// A picture of rows that are `cols` columns wide.
#[must_use]
pub fn svg(rows: impl Iterator<Item = Row>, cols: u16) -> String {
    let rows: Vec<Row> = rows.collect();
    let (width, height) =
        (2 * MARGIN + usize::from(cols) * CELL.0, 2 * MARGIN + rows.len() * CELL.1);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"{FONT}\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{}\"/>\n",
        hex(BG)
    );
    for (row, y) in rows.iter().zip((MARGIN..).step_by(CELL.1)) {
        let mut x = MARGIN;
        for run in &row.runs {
            svg_run(&mut out, run, (x, y));
            x += run.cols() * CELL.0;
        }
    }
    out + "</svg>\n"
}

fn svg_run(out: &mut String, run: &Run, (x, y): (usize, usize)) {
    let (fg, bg) = colours(run.style);
    let width = run.cols() * CELL.0;
    if bg != BG {
        writeln!(
            out,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{}\" fill=\"{}\"/>",
            CELL.1,
            hex(bg)
        )
        .ok();
    }
    if run.text.trim().is_empty() && decoration(run.style).is_empty() {
        return;
    }
    let attrs = run.style.attrs;
    let mut looks = String::new();
    for (is_on, look) in [
        (attrs.has(Attrs::BOLD), " font-weight=\"bold\""),
        (attrs.has(Attrs::ITALIC), " font-style=\"italic\""),
        (attrs.has(Attrs::DIM), " opacity=\"0.6\""),
    ] {
        looks += if is_on { look } else { "" };
    }
    let decoration = decoration(run.style);
    if !decoration.is_empty() {
        write!(looks, " text-decoration=\"{decoration}\"").ok();
    }
    writeln!(
        out,
        "<text x=\"{x}\" y=\"{}\" fill=\"{}\" textLength=\"{width}\" \
         lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\"{looks}>{}</text>",
        y + BASELINE,
        hex(fg),
        escaped(&run.text)
    )
    .ok();
}

/// A page of rows.
#[must_use]
pub fn html(rows: impl Iterator<Item = Row>) -> String {
    let mut out = format!(
        "<!doctype html>\n<meta charset=\"utf-8\">\n<title>abide</title>\n<pre \
         style=\"font-family:{FONT};line-height:1.25;padding:8px;color:{};background:{}\">\n",
        hex(FG),
        hex(BG)
    );
    for row in rows {
        for run in &row.runs {
            html_run(&mut out, run);
        }
        if !row.wrapped {
            out.push('\n');
        }
    }
    out + "</pre>\n"
}

fn html_run(out: &mut String, run: &Run) {
    let text = escaped(&run.text);
    if run.style == Style::default() {
        out.push_str(&text);
        return;
    }
    let (fg, bg) = colours(run.style);
    let mut css = String::new();
    if fg != FG {
        write!(css, "color:{};", hex(fg)).ok();
    }
    if bg != BG {
        write!(css, "background:{};", hex(bg)).ok();
    }
    let attrs = run.style.attrs;
    for (is_on, look) in [
        (attrs.has(Attrs::BOLD), "font-weight:bold;"),
        (attrs.has(Attrs::ITALIC), "font-style:italic;"),
        (attrs.has(Attrs::DIM), "opacity:.6;"),
    ] {
        css += if is_on { look } else { "" };
    }
    let decoration = decoration(run.style);
    if !decoration.is_empty() {
        write!(css, "text-decoration:{decoration};").ok();
    }
    write!(out, "<span style=\"{css}\">{text}</span>").ok();
}

/// Text and background with what inverse and conceal do to them.
fn colours(style: Style) -> (RgbTriple, RgbTriple) {
    let (fg, bg) = (rgb(style.fg, FG), rgb(style.bg, BG));
    let (fg, bg) = if style.attrs.has(Attrs::INVERSE) { (bg, fg) } else { (fg, bg) };
    if style.attrs.has(Attrs::CONCEAL) { (bg, bg) } else { (fg, bg) }
}

fn decoration(style: Style) -> String {
    let lines = [
        (style.underline != Underline::None, "underline"),
        (style.attrs.has(Attrs::STRIKE), "line-through"),
        (style.attrs.has(Attrs::OVERLINE), "overline"),
    ];
    lines
        .into_iter()
        .filter_map(|(is_on, line)| is_on.then_some(line))
        .collect::<Vec<_>>()
        .join(" ")
}

/// A colour of the 256-colour palette as xterm computes it, or the one of the program.
fn rgb(colour: Colour, default: RgbTriple) -> RgbTriple {
    match colour {
        Colour::Default => default,
        Colour::Rgb(red, green, blue) => (red, green, blue),
        Colour::Indexed(index @ 0..16) => NAMED[usize::from(index)],
        Colour::Indexed(index @ 16..232) => {
            let level = |n: u8| [0, 95, 135, 175, 215, 255][usize::from(n % 6)];
            let cube = index - 16;
            (level(cube / 36), level(cube / 6), level(cube))
        }
        Colour::Indexed(index) => {
            let grey = 8 + 10 * (index - 232);
            (grey, grey, grey)
        }
    }
}

fn hex((red, green, blue): RgbTriple) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::{html, svg};
    use crate::base::row::{Row, Run, RunKind};
    use crate::base::style::{Attrs, Colour, Style, Underline};

    fn rows() -> Vec<Row> {
        let run = |style, kind, text: &str| Run { style, link: 0, kind, text: text.into() };
        let red = Style {
            fg: Colour::Rgb(255, 0, 0),
            attrs: Attrs::BOLD,
            underline: Underline::Curly,
            ..Style::default()
        };
        let inverse = Style { bg: Colour::Indexed(16), attrs: Attrs::INVERSE, ..Style::default() };
        vec![
            Row {
                runs: vec![
                    run(Style::default(), RunKind::Narrow, "a<b> & "),
                    run(red, RunKind::Narrow, "red"),
                ],
                wrapped: false,
            },
            Row { runs: vec![run(inverse, RunKind::Wide, "漢")], wrapped: false },
        ]
    }

    #[test]
    fn a_page_has_the_text_and_the_looks() {
        let page = html(rows().into_iter());
        assert!(
            page.contains(
                "a&lt;b&gt; &amp; <span \
                style=\"color:#ff0000;font-weight:bold;text-decoration:underline;\">red</span>\n"
            ),
            "{page}"
        );
        assert!(
            page.contains("<span style=\"color:#000000;background:#d0d0d0;\">漢</span>"),
            "{page}"
        );
    }

    #[test]
    fn a_picture_has_every_run_in_its_cells() {
        let picture = svg(rows().into_iter(), 20);
        assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
        assert!(picture.contains("width=\"176\" height=\"50\""), "{picture}");
        assert!(
            picture.contains("<text x=\"64\" y=\"21\" fill=\"#ff0000\" textLength=\"24\""),
            "{picture}"
        );
        assert!(
            picture
                .contains("<rect x=\"8\" y=\"25\" width=\"16\" height=\"17\" fill=\"#d0d0d0\"/>"),
            "{picture}"
        );
        assert_eq!(picture.matches('<').count(), picture.matches('>').count());
    }
}
