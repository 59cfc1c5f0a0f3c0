//! Fuzz target: our parser makes the calls of vte, however the bytes are cut. The parser is private
//! to abide, so its source is part of this crate.

#![no_main]
#![allow(dead_code, reason = "of the parser only what the referee needs is used")]

#[path = "../../src/term/parser/mod.rs"]
mod parser;
#[path = "../../src/term/parser/tests/referee.rs"]
mod referee;

/// The place the parser's source knows itself by.
mod term {
    pub(crate) use crate::parser;
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| referee::compare(data));
