#!/usr/bin/env bash
# crossterm 0.29.0: keys of the keypad in application mode, and keys told by xterm's modifyOtherKeys,
# are dropped: no event and no error comes for them.
#
# After ESC = (DECKPAM, which terminfo's smkx sends for xterm, screen and tmux) keypad Enter arrives as
# ESC O M and keypad + as ESC O k (xterm ctlseqs, "VT220-style function keys"). With CSI > 4 ; 2 m xterm
# tells Ctrl-i as CSI 27 ; 5 ; 105 ~. A program that reads events waits as if nothing was pressed, so a
# person's keypad Enter does nothing. Keys before and after them arrive.
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
pressed=$(printf 'a\033OMb\033Okc\033[27;5;105~d\033[27;2;13~e')
seen=$(python3 "$folder/press.py" "$folder/target/debug/keys" "$pressed")
echo "a, keypad Enter, b, keypad +, c, Ctrl-i, d, Shift-Return, e are told as"
echo "$seen"
if [ "$seen" != "a b c d e" ]; then
    echo "this is no longer what crossterm 0.29.0 was seen to do" >&2
    exit 1
fi
