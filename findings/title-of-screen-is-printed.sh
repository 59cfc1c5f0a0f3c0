#!/usr/bin/env bash
# vte 0.15.0, and with it vt100 0.18.1 and alacritty_terminal 0.26.0: the title that programs set with
# ESC k text ESC \ is printed as text.
#
# It is the title sequence of GNU screen and of tmux (both manuals, "window titles"), and many shell
# files send it at each prompt where TERM begins with "screen". Both take the text up to ST as a
# string. vte knows no such string, so the title stands in the line and what follows is moved.
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
vte = "=0.15.0"
TOML
cat > "$folder/src/main.rs" <<'RUST'
#[derive(Default)]
struct Printed(String);
impl vte::Perform for Printed {
    fn print(&mut self, c: char) {
        self.0.push(c);
    }
}

fn main() {
    let output = b"\x1bkname\x1b\\$ ";
    let mut printed = Printed::default();
    vte::Parser::new().advance(&mut printed, output);
    println!("vte prints {:?}", printed.0);
    let mut parser = vt100::Parser::new(2.try_into().unwrap(), 20.try_into().unwrap(), 0);
    parser.process(output);
    println!("vt100 shows {:?}", parser.screen().contents());
}
RUST
seen=$(cd "$folder" && CARGO_TARGET_DIR="$folder/target" cargo run --quiet)
# Right would be "$ " twice.
expected='vte prints "name$ "
vt100 shows "name$ "'
printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
    echo "this is no longer what vte 0.15.0 was seen to do" >&2
    exit 1
fi
