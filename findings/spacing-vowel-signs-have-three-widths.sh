#!/usr/bin/env bash
# Spacing vowel signs (general category Mc) have other widths in wcwidth 0.2.13 (Python), unicode-width
# 0.2.3 (Rust) and the C library: the same word takes other columns in the same terminal.
#
# U+09BE (Bengali), U+0D3E (Malayalam) and U+17B6 (Khmer) advance. glibc's wcwidth(3) says 1 for all,
# and so do bash and vim, which ask it; Python's wcwidth says 0 for all (prompt_toolkit, IPython);
# unicode-width says 0, 0 and 1, so that even one library disagrees between scripts. A line editor of
# one kind in a terminal of another kind puts its cursor a column off for each sign.
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
unicode-width = "=0.2.3"
TOML
cat > "$folder/src/main.rs" <<'RUST'
use unicode_width::UnicodeWidthChar;

fn main() {
    let widths = ['\u{9be}', '\u{d3e}', '\u{17b6}'].map(|c| c.width().unwrap().to_string());
    println!("unicode-width {}", widths.join(" "));
}
RUST
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
    --target "$folder/python" wcwidth==0.2.13
cat > "$folder/widths.py" <<'PYTHON'
import ctypes, locale, wcwidth
locale.setlocale(locale.LC_ALL, "C.UTF-8")
library = ctypes.CDLL(None)
library.wcwidth.argtypes = [ctypes.c_wchar]
signs = "\u09be\u0d3e\u17b6"
print("wcwidth", *(wcwidth.wcwidth(sign) for sign in signs))
print("libc", *(library.wcwidth(sign) for sign in signs))
PYTHON
seen=$(
    cd "$folder" && CARGO_TARGET_DIR="$folder/target" cargo run --quiet
    PYTHONPATH="$folder/python" python3 "$folder/widths.py"
)
ldd --version 2>/dev/null | head -n 1 || true
printf '%s\n' "$seen"
expected='unicode-width 0 0 1
wcwidth 0 0 0
libc 1 1 1'
if [ "$seen" != "$expected" ]; then
    echo "these are no longer the widths that were seen (glibc 2.36)" >&2
    exit 1
fi
