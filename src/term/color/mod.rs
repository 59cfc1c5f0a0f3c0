//! Colours of a terminal: the palette a program can redefine and ask for, and the texts that name
//! a colour. Nothing is drawn here.

pub(crate) mod palette;
pub(crate) mod spec;
