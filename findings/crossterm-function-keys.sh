#!/usr/bin/env bash
# crossterm 0.29.0: the function keys F15 to F20 of a VT220 are told as others, two of them twice.
#
# The VT220's numbers leave gaps: 25, 26, 28, 29, 31 to 34 stand for F13 to F20 (terminfo's vt220:
# kf17=\E[31~ … kf20=\E[34~; rxvt, PuTTY and the Linux console send the same). crossterm reads 28 and
# 29 as F13 and F14 and counts on from F14 at 31, so that F13, F14 mean three keys and F18 to F20
# cannot be pressed. A binding to F13 acts on F15 as well.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cat > "$folder/Cargo.toml" <<'TOML'
[package]
name = "keys"
version = "0.0.0"
edition = "2021"
[dependencies]
crossterm = "=0.29.0"
TOML
cat > "$folder/src/main.rs" <<'RUST'
use crossterm::event::{Event, KeyCode, read};

fn main() {
    crossterm::terminal::enable_raw_mode().unwrap();
    print!("ready\r\n");
    let mut told = Vec::new();
    loop {
        match read().unwrap() {
            Event::Key(key) if key.code == KeyCode::Char('q') => break,
            Event::Key(key) => told.push(key.code.to_string()),
            _ => {}
        }
    }
    crossterm::terminal::disable_raw_mode().unwrap();
    println!("{}", told.join(" "));
}
RUST
(cd "$folder" && CARGO_TARGET_DIR="$folder/target" cargo build --quiet)
cat > "$folder/press.py" <<'PYTHON'
import os, pty, sys
program, pressed = sys.argv[1:]
child, terminal = pty.fork()
if child == 0:
    os.execv(program, [program])
said = b""
while b"ready" not in said:
    said += os.read(terminal, 1000)
os.write(terminal, pressed.encode() + b"q")
said = b""
try:
    while part := os.read(terminal, 1000):
        said += part
except OSError:
    pass
os.waitpid(child, 0)
print(said.decode().split("\n")[-2].strip())
PYTHON
pressed=$(for number in 25 26 28 29 31 32 33 34; do printf '\033[%s~' "$number"; done)
seen=$(python3 "$folder/press.py" "$folder/target/debug/keys" "$pressed")
echo "F13 F14 F15 F16 F17 F18 F19 F20 are told as"
echo "$seen"
if [ "$seen" != "F13 F14 F13 F14 F14 F15 F16 F17" ]; then
    echo "this is no longer what crossterm 0.29.0 was seen to do" >&2
    exit 1
fi
