//! The screen of a pane as text for other programs: ANSI, SVG and HTML. Nothing is written to a
//! file here.

pub mod ansi;
pub mod picture;
