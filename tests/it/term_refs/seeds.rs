//! The seeds of the fuzz targets, run as tests: what a fuzzer found once stays fixed.

use super::{targets, targets_client, targets_data};

type Target = fn(&[u8]);

const TARGETS: [(&str, Target); 20] = [
    ("vt_stream", targets::vt_stream),
    ("vt_reply", targets::vt_reply),
    ("reflow", targets::reflow),
    ("osc_dispatch", targets::osc_dispatch),
    ("image", targets::image),
    ("outer_render", targets_client::outer_render),
    ("keys_in", targets_client::keys_in),
    ("client_frames", targets_data::client_frames),
    ("server_frames", targets_data::server_frames),
    ("keeper_records", targets_data::keeper_records),
    ("handoff_table", targets_data::handoff_table),
    ("rpc_lines", targets_data::rpc_lines),
    ("config_file", targets_data::config_file),
    ("key_bindings", targets_data::key_bindings),
    ("tmux_import", targets_data::tmux_import),
    ("session_state", targets_data::session_state),
    ("stored_screen", targets_data::stored_screen),
    ("ring_recovery", targets_data::ring_recovery),
    ("input_recovery", targets_data::input_recovery),
    ("log_recovery", targets_data::log_recovery),
];

#[test]
fn every_seed_passes_its_target() {
    for (name, target) in TARGETS {
        let folder = format!("{}/fuzz/corpus/{name}", env!("CARGO_MANIFEST_DIR"));
        let mut count = 0;
        for entry in std::fs::read_dir(&folder).expect("every target has seeds") {
            let path = entry.expect("a readable folder").path();
            target(&std::fs::read(&path).expect("a readable seed"));
            count += 1;
        }
        assert!(count > 2, "{name} has {count} seeds");
    }
}

#[test]
fn seeds_survive_cuts_and_flips() {
    for (name, target) in TARGETS {
        let folder = format!("{}/fuzz/corpus/{name}", env!("CARGO_MANIFEST_DIR"));
        for entry in std::fs::read_dir(&folder).expect("every target has seeds") {
            let seed =
                std::fs::read(entry.expect("a readable folder").path()).expect("a readable seed");
            for at in 0..seed.len() {
                target(&seed[..at]);
                let mut flipped = seed.clone();
                flipped[at] ^= 1 << (at % 8);
                target(&flipped);
            }
        }
    }
}
