//! Fuzz target; its body is shared with the tests.

#![no_main]

#[path = "../../tests/it/term_refs/targets.rs"]
#[allow(dead_code, reason = "each target uses one body")]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::image(data));
