//! Fuzz target; its body is shared with the tests.

#![no_main]

#[path = "../../tests/it/term_refs/targets_data.rs"]
#[allow(dead_code, reason = "each target uses one body")]
mod targets_data;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets_data::input_recovery(data));
