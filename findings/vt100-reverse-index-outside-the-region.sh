#!/usr/bin/env bash
# vt100 0.18.1: RI (ESC M) in the first row scrolls a scrolling region that begins further down.
#
# With DECSTBM 2;3 and the cursor in row 1, above the region, RI has nothing to do: the cursor is not
# at the top margin and there is no row above (VT510 manual, RI; xterm and alacritty_terminal 0.26.0
# leave the screen alone). vt100 inserts a blank row at the top of the region, so its last row is lost.
# A pager or an editor that keeps a fixed head line and moves up within it loses text.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cat > "$folder/Cargo.toml" <<'TOML'
[package]
name = "seen"
version = "0.0.0"
edition = "2021"
[dependencies]
vt100 = "=0.18.1"
TOML
cat > "$folder/src/main.rs" <<'RUST'
fn main() {
    for (name, output) in [
        ("RI at the top of the region", "one\r\ntwo\r\nthree\x1b[2;3r\x1b[2;1H\x1bM"),
        ("RI above the region", "one\r\ntwo\r\nthree\x1b[2;3r\x1b[1;1H\x1bM"),
    ] {
        let (rows, columns) = (3.try_into().unwrap(), 8.try_into().unwrap());
        let mut parser = vt100::Parser::new(rows, columns, 0);
        parser.process(output.as_bytes());
        println!("{name}: {:?}", parser.screen().rows(0, 8).collect::<Vec<_>>());
    }
}
RUST
seen=$(cd "$folder" && CARGO_TARGET_DIR="$folder/target" cargo run --quiet)
# Right would be ["one", "two", "three"] in the second line.
expected='RI at the top of the region: ["one", "", "two"]
RI above the region: ["one", "", "two"]'
printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
    echo "this is no longer what vt100 0.18.1 was seen to do" >&2
    exit 1
fi
