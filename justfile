# The recipes are one line each; `.ci/run` is what decides.

# List the recipes.
default:
    @just --list

# The tests, as the README says.
test *ARGS:
    cargo test {{ARGS}}

# The tests of commands and processes as often as the agreement says; takes long.
test-full:
    ABIDE_FULL=1 cargo test --release --test it -- exec_scenarios exec_session hostile_trees procs_life --test-threads 1 --nocapture

# Kills of server, keeper and clients at random under floods, as many as named, with the counts printed; the same seed throws the same dice.
chaos ROUNDS="1000" SEED="20261121":
    ABIDE_CHAOS={{ROUNDS}} ABIDE_CHAOS_SEED={{SEED}} cargo test --release --test it -- chaos --nocapture --test-threads 1

# 100,000 random calls of every action over each of four seeds.
calls:
    ABIDE_FULL=1 cargo test --release --test it -- core_model::random --nocapture

# Trees of processes that shed all by which they could be known, so many of them with and without control groups, ended in every way.
trees COUNT="1000":
    ABIDE_TREES={{COUNT}} cargo test --release --test it -- nameless_trees --nocapture --test-threads 1

# Pastes and typed bursts of any length into programs that read, read slowly and are stopped, so many in all.
pastes COUNT="10000":
    ABIDE_PASTES={{COUNT}} cargo test --release --test it -- e2e_pastes::bursts --nocapture --test-threads 1

# Panes of mixed loads, clients and calls without an end, for so many minutes; memory and descriptors are told each minute and have to stay.
soak MINUTES="30":
    ABIDE_SOAK={{MINUTES}} cargo test --release --test it -- soak --nocapture

# The property tests with dice of their own, as many cases as named: `just props 20000 $RANDOM`.
props CASES="20000" SEED="1":
    PROPTEST_CASES={{CASES}} PROPTEST_RNG_SEED={{SEED}} cargo test --release --no-fail-fast

# Everything that must hold before a change is taken.
ci:
    .ci/run

# abide beside the multiplexers of this machine, from outside.
compare *ARGS:
    cargo build --release
    cargo run --release --example compare -- {{ARGS}}

# The benchmarks of engine, diff and frames.
bench *ARGS:
    cargo bench {{ARGS}}

# Every fuzz target for ten minutes (or so many seconds), two at a time; the figures go to docs/reference/fuzz.md.
fuzz SECONDS="600":
    fuzz/run {{SECONDS}}

# One fuzz target for a while: `just fuzz-one vt_stream 60`.
fuzz-one TARGET SECONDS="60":
    cargo +nightly fuzz run {{TARGET}} -- -max_total_time={{SECONDS}}

# The API documentation.
docs:
    cargo doc --no-deps --open

# The pictures of the docs, made by abide itself.
screens:
    cargo build
    cargo run --example screens -- screens

# The recording of the docs.
tour:
    cargo build
    cargo run --example screens -- tour
